"""The `diff` command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from mdm_policy import __version__
from mdm_policy.cli import edge, options, output
from mdm_policy.errors import PolicyError
from mdm_policy.kinds import MATCHING_NOTHING
from mdm_policy.report import changes
from mdm_policy.report.sarif import sarif
from mdm_policy.sources.signatures import TOLD
from mdm_policy.workflows.compare import CompareRequest, CompareResult, compare
from mdm_policy.workflows.git_driver import GitCall, compare_for_git, git_call, is_unmerged
from mdm_policy.workflows.requests import RequestError

if TYPE_CHECKING:
    from pathlib import Path


@options.command("diff")
@click.argument("sides", nargs=-1, metavar="OLD NEW", type=click.Path(allow_dash=True))
@click.option(
    "--git", "revs", metavar="REV[..REV]", help="Compare git revisions (or REV and the working tree) of PATHs."
)
@options.lists("Say by which of these lists an app is banned. Repeatable.")
@options.deployment("A deployment: its lists and its device classes.")
@options.devices("A file of device classes: judge these alone.")
@options.as_of()
@options.roots()
@click.option("--all", "everything", is_flag=True, help="List EQUIVALENT and COSMETIC changes too.")
@click.option("--allow-tightening", is_flag=True, help="Exit 0 in place of 10, when nothing weakens a ban.")
@click.option(
    "--accept-unjudged",
    multiple=True,
    metavar="GLOB",
    help="Take changes that nobody can judge, by patterns of path#pointer. Repeatable.",
)
@options.MAX_SIZE
@options.format_("text", "json", "markdown", "html", "sarif", help="How to print the changes.")
def command(
    sides: tuple[str, ...],
    revs: str | None,
    lists: tuple[str, ...],
    deployment: Path | None,
    devices: Path | None,
    as_of: str,
    roots: tuple[Path, ...],
    everything: bool,
    allow_tightening: bool,
    accept_unjudged: tuple[str, ...],
    max_size: int,
    format_: str,
) -> None:
    """Say what changed between OLD and NEW in effect, and in which direction.

    OLD and NEW are ban lists, builds, exports or policies of any readable kind. With --git, name PATHs instead. Git can
    call it as an external diff. Exit codes: 0 no difference in effect, 10 differences, none weakens a ban, 11 a ban is
    weaker, or something changed that nobody can judge, 1 unreadable.
    """
    asked = CompareRequest(sides, as_of, revs, lists, deployment, devices, max_size, roots, accept_unjudged)
    if revs is None and is_unmerged(sides, os.environ):
        output.result(f"mdm-policy diff {sides[0]}: unmerged")
        return
    call = git_call(sides) if revs is None else None
    if call is not None:
        _answer_git(call, asked, format_, everything)
        return
    result = compare(asked, edge.standard_input)
    _print(result, asked, format_, everything)
    raise click.exceptions.Exit(result.exit_code(allow_tightening=allow_tightening))


def _answer_git(call: GitCall, asked: CompareRequest, format_: str, everything: bool) -> None:
    """Answer git: what cannot be read is said and passed over, since git stops at an exit code that is not 0."""
    output.result(f"mdm-policy diff {call.title}")
    try:
        result = compare_for_git(call, asked)
    except RequestError:
        raise
    except PolicyError as bad:
        output.findings(bad.findings)
    else:
        _print(result, asked, format_, everything)


def _print(result: CompareResult, asked: CompareRequest, format_: str, everything: bool) -> None:
    report = changes.ChangesReport(
        result.comparison, result.old_label, result.new_label, asked.as_of, everything, result.stamp
    )
    if format_ == "json":
        output.data(changes.as_json(report))
    elif format_ == "sarif":
        output.data(sarif(changes.as_findings(report), __version__, stamp=report.stamp, helps=output.explained()))
    elif format_ == "markdown":
        output.result(changes.as_markdown(report))
    elif format_ == "html":
        output.result(changes.as_html(report))
    else:
        output.result(changes.text(report, output.width()))
    output.findings(result.findings, brief="--format json", always=(*TOLD, *MATCHING_NOTHING))
