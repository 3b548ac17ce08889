"""Show a plan and ask before it is carried out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mdm_policy.cli import output
from mdm_policy.report import pushing as report

if TYPE_CHECKING:
    from mdm_policy.push.planfile import PlanFile


def ask(plan: PlanFile, yes: bool) -> None:
    """Show what will be done and ask, where somebody can answer.

    Raises:
        click.UsageError: nobody can answer, and `--yes` is not given.

    """
    if yes or not any(one.changes for one in plan.plans):
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("nobody can be asked here: give --yes to apply the plan")
    output.message(report.plan_text(plan.plans, output.width()))
    if not click.confirm("Carry it out?", err=True):
        raise click.Abort
