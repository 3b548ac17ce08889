"""The `rollback` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import confirm, edge, options, output
from mdm_policy.report import outcomes as report
from mdm_policy.workflows.execution import after_writes
from mdm_policy.workflows.rollback import RollbackRequest, rollback


@options.command("rollback")
@click.argument("path", metavar="RECEIPT", type=click.Path(path_type=Path, dir_okay=False))
@options.deployment("The deployment; default: the one of the receipt.")
@options.YES
@options.LOOSEN
@options.ASK_AGAIN
@options.templates()
@options.SEAL
@options.grants()
@options.INSECURE
@options.format_("text", "json", "markdown", help="How to print; markdown is for an issue.")
def command(
    path: Path,
    deployment: Path | None,
    yes: bool,
    reason: str,
    ask_again: bool,
    folders: tuple[Path, ...],
    seal: Path | None,
    insecure: bool,
    format_: str,
) -> None:
    """Undo what the run of a RECEIPT did: delete what it made, bring back what it changed or deleted.

    Refuses when anything has moved since, and to bring back what no document of ours sets. What weakens a ban needs --allow-loosening with a reason. Exit codes: 0 undone,
    12 in part, or waiting for a second administrator, 1 nothing was changed.
    """
    asked = RollbackRequest(path, edge.today(), deployment, reason, insecure, folders, seal, ask_again)
    result = rollback(asked, edge.services(), lambda plan: confirm.ask(plan, yes))
    code = result.exit_code()
    again = output.command_line("rollback", path, deployment, reason)
    with after_writes(result.writes):
        if format_ == "json":
            output.data(report.outcome_json(result.outcomes, result.findings, code, again))
        elif format_ == "markdown":
            output.data(report.outcome_markdown(result.outcomes, result.findings, "", again))
        else:
            waiting = report.waiting_text(result.outcomes, again, output.width())
            told = report.outcome_text(result.outcomes, output.width())
            output.result(f"{told}\n\n{waiting}" if waiting else told)
            output.result(f"\nThe receipt is {result.receipt}")
        output.findings(result.findings)
    if code:
        raise click.exceptions.Exit(code)
