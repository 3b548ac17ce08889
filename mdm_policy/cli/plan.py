"""The `plan` command."""

from __future__ import annotations

import os
from pathlib import Path

import click

from mdm_policy import __version__
from mdm_policy.build.replacing import replace
from mdm_policy.cli import options, output
from mdm_policy.diff.model import WEAKENING
from mdm_policy.push.planfile import dump, plan_file
from mdm_policy.report import pushing as report
from mdm_policy.workflows import push


@click.command(name="plan")
@options.DEPLOYMENT
@options.DESTINATION
@options.PLAN_DAY
@options.TEMPLATES
@click.option(
    "--prune", is_flag=True, help="Plan the deletion of objects of ours that no document stands for any more."
)
@click.option(
    "-o", "--output", "path", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply`."
)
@options.INSECURE
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to print the plan.",
)
def command(
    deployment: Path,
    names: tuple[str, ...],
    as_of: str | None,
    folders: tuple[Path, ...],
    prune: bool,
    path: Path | None,
    insecure: bool,
    format_: str,
) -> None:
    """Say what would change at the destinations, and in which direction; nothing is written there.

    Exit codes: 0 nothing to do, 10 changes, none weakens a ban, 11 a change weakens a ban, 1 something cannot be read.
    """
    read = push.read(deployment, names, as_of or options.today(), insecure=insecure)
    ready, found = push.plans(read, folders, prune=prune)
    plans = [one.plan for one in ready]
    weakens = any(plan.direction in WEAKENING for plan in plans)
    code = 11 if weakens else 10 if any(plan.changes for plan in plans) else 0
    if path is not None:
        beside = os.path.relpath(deployment.resolve(), path.resolve().parent)
        replace(path, dump(plan_file(plans, Path(beside).as_posix(), f"mdm-policy {__version__}")))
    shown = [one for one in (*read.findings, *found) if one.severity != "note"]
    if format_ == "json":
        output.data(report.plan_json(plans, (*read.findings, *found), code))
    elif format_ == "markdown":
        output.data(report.plan_markdown(plans, shown))
    else:
        output.result(report.plan_text(plans, output.width()))
        if path is not None:
            output.result(f"\nSaved in {path}; carry it out with: mdm-policy apply {path}")
    output.findings((*read.findings, *found), brief="--format json")
    if code:
        raise click.exceptions.Exit(code)
