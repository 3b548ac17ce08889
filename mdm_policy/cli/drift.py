"""The `drift` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdm_policy.cli import options, output
from mdm_policy.push.planning import unassigned
from mdm_policy.push.proving import weakened
from mdm_policy.report import pushing as report
from mdm_policy.workflows import push

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="drift")
@options.DEPLOYMENT
@options.DESTINATION
@options.PLAN_DAY
@options.TEMPLATES
@options.INSECURE
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
def command(
    deployment: Path,
    names: tuple[str, ...],
    as_of: str | None,
    folders: tuple[Path, ...],
    insecure: bool,
    format_: str,
) -> None:
    """Compare what is at the destinations with what the lists order; nothing is written there.

    For a nightly job. Exit codes: 0 no drift, 10 differences, nothing is blocked less, 11 something ordered is blocked
    less or not at all, 1 something cannot be read.
    """
    read = push.read(deployment, names, as_of or options.today(), insecure=insecure)
    ready, found = push.plans(read, folders)
    plans = [one.plan for one in ready]
    idle = {one.plan.destination: unassigned(one.destination.name, one.wanted, one.seen) for one in ready}
    weaker = any(idle.values()) or any(weakened(plan) for plan in plans)
    code = 11 if weaker else 10 if any(plan.changes for plan in plans) else 0
    if format_ == "json":
        output.data(report.plan_json(plans, found, code))
    else:
        output.result(report.drift_text(plans, weaker, output.width(), idle))
    output.findings(found, brief="--format json")
    if code:
        raise click.exceptions.Exit(code)
