"""The `verify` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm_policy import __version__
from mdm_policy.cli import edge, options, output
from mdm_policy.report import verification as report
from mdm_policy.report.sarif import sarif
from mdm_policy.workflows.prove import ProveRequest, ProveResult, prove

if TYPE_CHECKING:
    from mdm_policy.vocabulary import Strength


class ForParam(click.ParamType[tuple[str, str]]):
    """Take CLASS=PATH."""

    name = "CLASS=PATH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return the class and the path, or fail as usage."""
        name, equals, path = str(value).partition("=")
        if not (name and equals and path):
            self.fail(f"{value!r} is not CLASS=PATH", param, ctx)
        return (name, path)


@options.command("verify")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True), metavar="PATH...")
@options.lists("A shipped list or a path. Repeatable; default: the deployment's.")
@options.deployment("Judge this deployment's classes of devices.")
@options.devices("Judge the classes of devices in this file.")
@options.as_of()
@click.option(
    "--for",
    "assigned",
    multiple=True,
    type=ForParam(),
    help="Say that PATH acts on CLASS, and on no other. Repeatable.",
)
@options.MIN_STRENGTH
@options.REQUIRE_SCOPE
@click.option("--require-duty", is_flag=True, help="Treat an unmet duty as a gap.")
@options.MAX_SIZE
@options.roots()
@options.templates(
    "A folder with targets of your own: they say where their documents hold what they block. Repeatable."
)
@click.option(
    "--trust-manifest", is_flag=True, help="Take a build's manifest.json at its word on documents no reader knows."
)
@options.strict()
@options.format_("text", "json", "markdown", "sarif", "junit")
def command(
    paths: tuple[Path, ...],
    lists: tuple[str, ...],
    deployment: Path | None,
    devices: Path | None,
    as_of: str,
    assigned: tuple[tuple[str, str], ...],
    min_strength: Strength,
    require_scope: bool,
    require_duty: bool,
    max_size: int,
    roots: tuple[Path, ...],
    folders: tuple[Path, ...],
    trust_manifest: bool,
    strict: bool,
    format_: str,
) -> None:
    """Prove, app by app and class by class, whether policies block what a list bans.

    PATH is a file or folder as you have it: a profile, a console's export, a backup, a build, or - for standard input.
    The first and the last line say it: PROVEN, NOT PROVEN, or NOTHING TO BLOCK. Exit code 0 when nothing is open or in
    doubt, 11 when there is a gap, 1 when something cannot be read.
    """
    asked = ProveRequest(
        paths,
        as_of,
        lists,
        deployment,
        devices,
        assigned,
        min_strength,
        require_scope,
        require_duty,
        max_size,
        roots,
        folders,
        trust_manifest,
    )
    result = prove(asked, edge.standard_input)
    _print(format_, result)
    if code := result.exit_code(strict=strict):
        raise click.exceptions.Exit(code)


def _print(format_: str, result: ProveResult) -> None:
    found, places, unread = result.verification, result.places, result.unread
    if format_ == "json":
        output.data(report.data(found, places, unread, stamp=result.stamp))
    elif format_ == "sarif":
        about = report.properties(found, len(unread))
        output.data(sarif(report.as_findings(found, unread), __version__, about, result.stamp, output.explained()))
    elif format_ == "junit":
        output.data(report.junit(found, places, unread, result.stamp))
    elif format_ == "markdown":
        output.data(report.for_pull_request(found, unread, result.stamp))
    else:
        output.result(report.text(found, output.width(), len(unread), result.stamp))
        output.findings([*unread, *(f for f in found.findings if f.severity != "note")])
