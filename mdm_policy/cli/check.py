"""The `check` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm_policy import catalogue, loading
from mdm_policy.cli import inputs, output
from mdm_policy.errors import Finding, PolicyError, finding_order, note
from mdm_policy.report import machine
from mdm_policy.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.model import BanList, Deployment


@click.command(name="check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@click.option("--as-of", "as_of", type=inputs.DateParam(), help="The day to judge dates for; today without it.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the findings.",
)
@click.option("--strict", is_flag=True, help="Exit 11 when there is any warning.")
def command(files: tuple[Path, ...], as_of: str | None, format_: str, strict: bool) -> None:
    """Check ban lists, deployments and CSV lists: all findings at once, with file, line and column.

    A deployment is checked together with the lists it names.
    """
    day = as_of or inputs.today()
    found: list[Finding] = []
    for path in files:
        try:
            found += _check(path, day)
        except PolicyError as bad:
            found += bad.findings
    found = sorted(dict.fromkeys(found), key=finding_order)
    errors = any(f.severity == "error" for f in found)
    if format_ == "json":
        output.result(machine.findings(found))
    else:
        output.findings(found)
        if not errors:
            output.result(f"{len(files)} file{'s' if len(files) != 1 else ''} checked: no error")
    if errors:
        raise click.exceptions.Exit(1)
    if strict and any(f.severity == "warning" for f in found):
        raise click.exceptions.Exit(11)


def _check(path: Path, day: str) -> Iterable[Finding]:
    source = inputs.read(path)
    kind = loading.detect(source)
    if kind == "deployment":
        read = inputs.gather(path, ())
        return [*read.findings, *_resolved(read.lists, read.deployment, day)]
    if kind == "devices":
        return loading.load_devices(source).findings
    if kind == "csv":
        return loading.load_bans_csv(source).findings
    reader = inputs.Reader()
    lists = reader.lists([(str(path), None)], None) if str(path) != "-" else _standard_input(reader, source)
    return [*reader.findings, *_resolved(lists, None, day)]


def _standard_input(reader: inputs.Reader, source: loading.Source) -> tuple[BanList, ...]:
    loaded = loading.load_ban_list(source)
    reader.findings += loaded.findings
    return (loaded.value,) if loaded.value else ()


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
        note(f"list-{s.state}", f"{s.list} is {s.sentence}", s.origin, "build refuses it unless it is adopted")
        for s in stale
    ]
    return [*resolution.findings, *notes]
