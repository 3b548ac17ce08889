"""The `check` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm_policy import catalogue, loading, resources
from mdm_policy.cli import options, output
from mdm_policy.errors import Finding, Origin, PolicyError, finding_order, note
from mdm_policy.model import Authority, BanList
from mdm_policy.report import machine
from mdm_policy.report.reference import standing
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs
from mdm_policy.targets import discover, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.model import Ban, Deployment


@click.command(name="check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@click.option("--as-of", "as_of", type=options.DateParam(), help="The day to judge dates for; today without it.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the findings.",
)
@click.option("--strict", is_flag=True, help="Exit 11 when there is any warning.")
@click.option(
    "--templates",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with targets of your own, which a deployment may name. Repeatable.",
)
def command(files: tuple[Path, ...], as_of: str | None, format_: str, strict: bool, folders: tuple[Path, ...]) -> None:
    """Check ban lists, deployments and CSV lists: all findings at once, with file, line and column.

    A deployment is checked together with the lists, targets and options it names. FILE can be - for standard input.
    """
    day = as_of or options.today()
    found: list[Finding] = []
    for path in files:
        try:
            found += _check(path, day, folders)
        except PolicyError as bad:
            found += bad.findings
    found = sorted(dict.fromkeys(found), key=finding_order)
    errors = any(f.severity == "error" for f in found)
    if format_ == "json":
        output.data(machine.findings(found))
    else:
        output.findings(found)
        if not errors:
            output.result(f"{len(files)} file{'s' if len(files) != 1 else ''} checked: no error")
    if errors:
        raise click.exceptions.Exit(1)
    if strict and any(f.severity == "warning" for f in found):
        raise click.exceptions.Exit(11)


def _check(path: Path, day: str, folders: Sequence[Path]) -> Iterable[Finding]:
    source = inputs.read(path)
    kind = loading.detect(source)
    if kind == "deployment":
        read = inputs.gather(path, (), source)
        return [
            *read.findings,
            *_resolved(read.lists, read.deployment, day),
            *(_targets(read.deployment, folders) if read.deployment else ()),
        ]
    if kind == "devices":
        return loading.load_devices(source).findings
    if kind == "csv":
        table = loading.load_bans_csv(source)
        return [*table.findings, *_resolved(_as_list(source.name, table.value), None, day)]
    reader = inputs.Reader()
    found = reader.load(source)
    return [*reader.findings, *_resolved((found,) if found else (), None, day)]


def _as_list(name: str, bans: tuple[Ban, ...] | None) -> tuple[BanList, ...]:
    """Let the guards see a table's bans as they will when a list includes it."""
    place = Origin(name)
    return (BanList("table", "table", Authority("", place), bans, (), place, ""),) if bans else ()


def _targets(deployment: Deployment, folders: Sequence[Path]) -> list[Finding]:
    """Find targets and options that a build would refuse."""
    targets = discover(resources.templates(), folders)
    found: list[Finding] = []
    if deployment.options:
        from mdm_policy.build import check_options  # noqa: PLC0415 - it brings all of rendering, for options alone

        found += check_options(targets, deployment.options, deployment.origin)
    try:
        select(targets, (), deployment.targets)
    except PolicyError as bad:
        found += bad.findings
    return found


def _resolved(lists: tuple[BanList, ...], deployment: Deployment | None, day: str) -> list[Finding]:
    """Resolve what loaded, so that unknown apps, guards and dates are found too; a list out of force is a note here."""
    if not lists:
        return []
    try:
        resolution = resolve(lists, deployment, catalogue.load(), day, enforce=False)
    except PolicyError as bad:
        return list(bad.findings)
    stale = [s for s in resolution.statuses if s.state not in ("in-force", "adopted")]
    notes = [
        note(f"list-{s.state}", f"{s.list}: {standing(s)}", s.origin, "build refuses it unless it is adopted")
        for s in stale
    ]
    return [*resolution.findings, *notes]
