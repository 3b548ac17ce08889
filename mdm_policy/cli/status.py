"""The `status` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdm_policy.cli import edge, options, output
from mdm_policy.errors import PolicyError
from mdm_policy.report import pushing as report
from mdm_policy.workflows.push import PushRequest
from mdm_policy.workflows.status import status

if TYPE_CHECKING:
    from pathlib import Path


@options.command("status")
@options.PUSHED
@options.DESTINATION
@options.grants()
@options.INSECURE
@options.format_("text", "json", "markdown", help="How to print; markdown is for an issue.")
def command(deployment: Path, names: tuple[str, ...], insecure: bool, format_: str) -> None:
    """Report the evidence that devices have what was pushed, and what all that is there blocks; what nobody can know stays unknown.

    Exit codes: 0 reported, 11 a device is known not to have it, or something there undoes it, 1 something cannot be read.
    """
    result = status(PushRequest(deployment, edge.today(), names, insecure=insecure), edge.services())
    code = result.exit_code()
    if format_ == "json":
        output.data(report.status_json(result.evidence, result.told, code, result.live.proof))
    elif format_ == "markdown":
        output.data(report.status_markdown(result.evidence, (*result.problems, *result.told), result.live.proof))
    elif result.evidence:
        output.result(report.status_text(result.evidence, output.width(), result.live.proof))
    output.findings(result.told)
    if result.problems:
        raise PolicyError(result.problems)
    if code:
        raise click.exceptions.Exit(code)
