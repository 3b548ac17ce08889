"""The `rollback` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import confirm, edge, options, output
from mdm_policy.report import pushing as report
from mdm_policy.workflows.execution import after_writes
from mdm_policy.workflows.rollback import RollbackRequest, rollback


@options.command("rollback")
@click.argument("path", metavar="RECEIPT", type=click.Path(path_type=Path, dir_okay=False))
@options.deployment("The deployment; default: the one of the receipt.")
@options.YES
@options.LOOSEN
@options.templates()
@options.SEAL
@options.grants()
@options.INSECURE
@options.format_("text", "json", help="How to print.")
def command(
    path: Path,
    deployment: Path | None,
    yes: bool,
    reason: str,
    folders: tuple[Path, ...],
    seal: Path | None,
    insecure: bool,
    format_: str,
) -> None:
    """Undo what the run of a RECEIPT did: delete what it made, bring back what it changed or deleted.

    Refuses when anything has moved since, and to bring back what no document of ours sets. What weakens a ban needs --allow-loosening with a reason. Exit codes: 0 undone,
    12 in part, 1 nothing was changed.
    """
    asked = RollbackRequest(path, edge.today(), deployment, reason, insecure, folders, seal)
    result = rollback(asked, edge.services(), lambda plan: confirm.ask(plan, yes))
    code = result.exit_code()
    with after_writes(result.writes):
        if format_ == "json":
            output.data(report.outcome_json(result.outcomes, result.findings, code))
        else:
            output.result(report.outcome_text(result.outcomes, output.width()))
            output.result(f"\nThe receipt is {result.receipt}")
        output.findings(result.findings)
    if code:
        raise click.exceptions.Exit(code)
