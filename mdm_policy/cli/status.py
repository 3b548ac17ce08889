"""The `status` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdm_policy.cli import options, output
from mdm_policy.errors import PolicyError
from mdm_policy.push.answers import Failure
from mdm_policy.report import pushing as report
from mdm_policy.workflows import push

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.errors import Finding
    from mdm_policy.push.model import Evidence


@click.command(name="status")
@options.DEPLOYMENT
@options.DESTINATION
@options.INSECURE
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
def command(deployment: Path, names: tuple[str, ...], insecure: bool, format_: str) -> None:
    """Report the evidence that devices have what was pushed; what nobody can know stays unknown.

    Exit codes: 0 reported, 11 a device is known not to have it, 1 something cannot be read.
    """
    read = push.read(deployment, names, options.today(), insecure=insecure)
    told: list[tuple[str, list[Evidence]]] = []
    problems: list[Finding] = []
    for spec, destination in push.connected(read):
        try:
            seen = push.look(destination, read.owner(spec))
            evidence = list(destination.evidence(seen.remotes))
        except Failure as bad:
            problems.append(bad.finding(spec.name, "reading the evidence"))
        except PolicyError as bad:
            problems += bad.findings
        else:
            told.append((f"{spec.name} ({spec.type}, {destination.where})", evidence))
    code = 11 if any(one.state == "failed" for _, evidence in told for one in evidence) else 0
    if format_ == "json":
        output.data(report.status_json(told, 1 if problems else code))
    elif told:
        output.result(report.status_text(told, output.width()))
    if problems:
        raise PolicyError(problems)
    if code:
        raise click.exceptions.Exit(code)
