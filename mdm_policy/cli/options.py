"""Hold the options that several commands share, each once, and the command they belong to."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mdm_policy.cli import edge
from mdm_policy.vocabulary import STRENGTH_RANK
from mdm_policy.workflows.requests import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

    _Param = click.ParamType[str]
    Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
else:
    _Param = click.ParamType  # the oldest click we run with has no type to fill in

_MIB = 1024 * 1024
_PATH = click.Path(path_type=Path)


class Command(click.Command):
    """Run a command, and take a request that lacks something for what it is here: wrong usage."""

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command's function."""
        try:
            return super().invoke(ctx)
        except RequestError as bad:
            raise click.UsageError(bad.message, ctx) from None


class DateParam(_Param):
    """Take an ISO date, as text."""

    name = "DATE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the date as YYYY-MM-DD, or fail as usage."""
        try:
            return dt.date.fromisoformat(str(value)).isoformat()
        except ValueError:
            self.fail(f"{value!r} is not a date like 2026-11-24", param, ctx)


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command."""
    return click.command(name=name, cls=Command)


def format_(*formats: str, help: str = "How to print the result.") -> Decorator:  # noqa: A002 - as click names it
    """Let a person choose how the result is printed; the first format is the default."""
    return click.option(
        "--format", "format_", type=click.Choice(formats), default=formats[0], show_default=True, help=help
    )


def as_of(purpose: str = "judge dates for") -> Decorator:
    """Take the day everything is judged on; today without it."""
    return click.option(
        "--as-of",
        "as_of",
        type=DateParam(),
        default=lambda: edge.today(),  # noqa: PLW0108 - looked up when it is asked for
        help=f"The day to {purpose}; today without it.",
    )


def lists(text: str) -> Decorator:
    """Take ids of shipped lists, or paths."""
    return click.option("--list", "lists", multiple=True, metavar="LIST", help=text)


def deployment(text: str, *, required: bool = False) -> Decorator:
    """Take a deployment file."""
    return click.option("--deployment", type=_PATH, required=required, help=text)


def devices(text: str) -> Decorator:
    """Take a file of device classes."""
    return click.option("--devices", type=_PATH, help=text)


def templates(text: str = "A folder with targets of your own. Repeatable.") -> Decorator:
    """Take folders with a user's own targets."""
    return click.option(
        "--templates",
        "folders",
        multiple=True,
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help=text,
    )


def roots(text: str = "Root certificates that signers' chains have to lead to. Repeatable.") -> Decorator:
    """Take files with certificates one trusts."""
    return click.option("--ca", "roots", multiple=True, type=_PATH, help=text)


def strict(text: str = "Exit 11 when there is any warning.") -> Decorator:
    """Let warnings decide the exit code."""
    return click.option("--strict", is_flag=True, help=text)


def _bytes(ctx: click.Context, param: click.Parameter, value: int | None) -> int:
    del ctx, param
    from mdm_policy.documents import MAX_SIZE  # noqa: PLC0415 - few commands read documents

    return value * _MIB if value else MAX_SIZE


MAX_SIZE = click.option(
    "--max-size",
    type=click.IntRange(1, 4096),
    metavar="MIB",
    callback=_bytes,
    help="The largest file read; 16 MiB without it.",
)
"""Gives the command a number of bytes."""
MIN_STRENGTH = click.option(
    "--min-strength",
    type=click.Choice(tuple(STRENGTH_RANK)),
    default="partial",
    show_default=True,
    help="The weakest block that counts.",
)
REQUIRE_SCOPE = click.option(
    "--require-scope", is_flag=True, help="Treat a document with no stated assignment as a gap."
)
PUSHED = deployment("The deployment file, with its `destinations`.", required=True)
DESTINATION = click.option(
    "--destination", "names", multiple=True, metavar="NAME", help="Only this destination. Repeatable; default: all."
)
INSECURE = click.option(
    "--insecure-skip-tls-verification",
    "insecure",
    is_flag=True,
    help="Trust any certificate: whoever is on the way can read the credential and change the answers.",
)


def _granted(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> None:
    ctx.meta[edge.SECRETS if param.name == "secrets" else edge.PATHS] = value


def grants() -> Decorator:
    """Grant secrets to hosts, and folders, from outside of the deployment."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        named = "Let this secret (a variable or file that the deployment names) go to this host. Repeatable."
        folder = "Let the deployment use files in this folder outside of its own. Repeatable."
        more: dict[str, Any] = {"multiple": True, "expose_value": False, "callback": _granted}
        function = click.option("--allow-path", "paths", metavar="DIR", help=folder, **more)(function)
        return click.option("--secret", "secrets", metavar="NAME@HOST", help=named, **more)(function)

    return add


SEAL = click.option(
    "--seal-key",
    "seal",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="MDM_POLICY_SEAL_KEY",
    help="A file with a key: plans and receipts are sealed by it, and taken only with its seal.",
)
YES = click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can answer.")
ASK_AGAIN = click.option(
    "--ask-again",
    "ask_again",
    is_flag=True,
    help="Ask anew for what a second administrator rejected or somebody cancelled, or after approval was switched off.",
)
LOOSEN = click.option(
    "--allow-loosening",
    "reason",
    metavar="REASON",
    default="",
    help="Carry out what weakens a ban too; the reason goes into the receipt.",
)
