"""Hold the options that several commands share, each once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    _Param = click.ParamType[str]
else:
    _Param = click.ParamType  # the oldest click we run with has no type to fill in


class DateParam(_Param):
    """Take an ISO date, as text."""

    name = "DATE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the date as YYYY-MM-DD, or fail as usage."""
        try:
            return dt.date.fromisoformat(str(value)).isoformat()
        except ValueError:
            self.fail(f"{value!r} is not a date like 2026-11-24", param, ctx)


def today() -> str:
    """Read the clock, the only place that does: the day in local time, as an agency's calendar has it."""
    return dt.date.today().isoformat()  # noqa: DTZ011 - an order's day is a local day, not a UTC one


DEPLOYMENT = click.option(
    "--deployment",
    required=True,
    type=click.Path(path_type=Path),
    help="The deployment file, with its `destinations`.",
)
DESTINATION = click.option(
    "--destination", "names", multiple=True, metavar="NAME", help="Only this destination. Repeatable; default: all."
)
TEMPLATES = click.option(
    "--templates",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with targets of your own. Repeatable.",
)
INSECURE = click.option(
    "--insecure-skip-tls-verification",
    "insecure",
    is_flag=True,
    help="Trust any certificate: whoever is on the way can read the credential and change the answers.",
)
PLAN_DAY = click.option("--as-of", "as_of", type=DateParam(), help="The day to plan for; today without it.")
YES = click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can answer.")
LOOSEN = click.option(
    "--allow-loosening",
    "reason",
    metavar="REASON",
    default="",
    help="Carry out what weakens a ban too; the reason goes into the receipt.",
)
