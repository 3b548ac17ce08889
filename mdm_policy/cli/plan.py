"""The `plan` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import edge, options, output
from mdm_policy.report import pushing as report
from mdm_policy.workflows.plan import PlanRequest, plan
from mdm_policy.workflows.push import PushRequest


@options.command("plan")
@options.PUSHED
@options.DESTINATION
@options.as_of("plan for")
@options.templates()
@click.option(
    "--prune", is_flag=True, help="Plan the deletion of objects of ours that no document stands for any more."
)
@click.option(
    "-o", "--output", "path", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply`."
)
@click.option("--assess", is_flag=True, help="Read all objects there, and say which of others hold what ours hold.")
@options.SEAL
@options.grants()
@options.INSECURE
@options.format_("text", "json", "markdown", help="How to print the plan.")
def command(
    deployment: Path,
    names: tuple[str, ...],
    as_of: str,
    folders: tuple[Path, ...],
    prune: bool,
    path: Path | None,
    assess: bool,
    seal: Path | None,
    insecure: bool,
    format_: str,
) -> None:
    """Say what would change at the destinations, and in which direction; nothing is written there.

    Exit codes: 0 nothing to do, 10 changes, none weakens a ban, 11 a change weakens a ban, 1 something cannot be read.
    """
    asked = PlanRequest(PushRequest(deployment, as_of, names, folders, insecure), prune, path, seal, assess)
    result = plan(asked, edge.services())
    code = result.exit_code()
    if format_ == "json":
        output.data(report.plan_json(result.plans, result.findings, code))
    elif format_ == "markdown":
        output.data(report.plan_markdown(result.plans, [one for one in result.findings if one.severity != "note"]))
    else:
        output.result(report.plan_text(result.plans, output.width()))
        if path is not None:
            output.result(f"\nSaved in {path}; carry it out with: mdm-policy apply {path}")
    output.findings(result.findings, brief="--format json")
    if code:
        raise click.exceptions.Exit(code)
