"""The `drift` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import edge, options, output
from mdm_policy.report import pushing as report
from mdm_policy.workflows.drift import drift
from mdm_policy.workflows.push import PushRequest


@options.command("drift")
@options.PUSHED
@options.DESTINATION
@options.as_of("plan for")
@options.templates()
@options.grants()
@options.INSECURE
@click.option(
    "--accept-unread",
    is_flag=True,
    help="Take the record of what was delivered where nothing can be read back (NanoMDM).",
)
@click.option(
    "--receipt",
    "receipts",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A receipt of `apply`, which says whose objects bans were left to; without it, those beside the deployment.",
)
@options.format_("text", "json", "markdown", help="How to print; markdown is for an issue.")
def command(
    deployment: Path,
    names: tuple[str, ...],
    as_of: str,
    folders: tuple[Path, ...],
    insecure: bool,
    accept_unread: bool,
    receipts: tuple[Path, ...],
    format_: str,
) -> None:
    """Compare what is at the destinations with what the lists order; nothing is written there.

    For a nightly job. Exit codes: 0 no drift, 10 differences, nothing is blocked less, 11 something ordered is blocked
    less or not at all, 1 something cannot be read.
    """
    request = PushRequest(deployment, as_of, names, folders, insecure)
    result = drift(request, edge.services(), accept_unread=accept_unread, receipts=receipts)
    code = result.exit_code()
    if format_ == "json":
        output.data(report.drift_json(result.plans, result.weaker, result.findings, code, result.proof))
    elif format_ == "markdown":
        grave = [one for one in result.findings if one.severity != "note"]
        output.data(report.drift_markdown(result.plans, result.weaker, result.idle, result.proof, grave))
    else:
        output.result(report.drift_text(result.plans, result.weaker, output.width(), result.idle, result.proof))
    output.findings(result.findings, brief="--format json")
    if code:
        raise click.exceptions.Exit(code)
