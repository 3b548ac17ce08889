"""The `verify` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from mdm_policy import __version__, catalogue, loading
from mdm_policy.cli import options, output, signers
from mdm_policy.documents import MAX_SIZE
from mdm_policy.errors import PolicyError, error
from mdm_policy.report import verification as report
from mdm_policy.report.sarif import sarif
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs, signatures
from mdm_policy.sources.files import Policies, read_policies
from mdm_policy.verify import Piece, Places, Rules, Verification, piece, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.model import DeviceClass, Identifier, Resolution, Strength
    from mdm_policy.sources.builds import Record

_MIB = 1024 * 1024


class ForParam(click.ParamType[tuple[str, str]]):
    """Take CLASS=PATH."""

    name = "CLASS=PATH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return the class and the path, or fail as usage."""
        name, equals, path = str(value).partition("=")
        if not (name and equals and path):
            self.fail(f"{value!r} is not CLASS=PATH", param, ctx)
        return (name, path)


@click.command(name="verify")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True), metavar="PATH...")
@click.option(
    "--list",
    "lists",
    multiple=True,
    metavar="LIST",
    help="A shipped list or a path. Repeatable; default: the deployment's.",
)
@click.option("--deployment", type=click.Path(path_type=Path), help="Judge this deployment's classes of devices.")
@click.option("--devices", type=click.Path(path_type=Path), help="Judge the classes of devices in this file.")
@click.option("--as-of", "as_of", type=options.DateParam(), help="The day to judge dates for; today without it.")
@click.option(
    "--for",
    "assigned",
    multiple=True,
    type=ForParam(),
    help="Say that PATH acts on CLASS, and on no other. Repeatable.",
)
@click.option(
    "--min-strength",
    type=click.Choice(["weak", "partial", "strong"]),
    default="partial",
    show_default=True,
    help="The weakest block that counts.",
)
@click.option("--require-scope", is_flag=True, help="Take a document that does not say whom it reaches for a gap.")
@click.option("--require-duty", is_flag=True, help="Take a duty that is not met for a gap.")
@click.option(
    "--max-size", type=click.IntRange(1, 1024), metavar="MIB", help="The largest file read; 16 MiB without it."
)
@click.option(
    "--ca",
    "roots",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Root certificates that signers' chains have to lead to. Repeatable.",
)
@click.option("--strict", is_flag=True, help="Exit 11 when there is any warning.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "markdown", "sarif", "junit"]),
    default="text",
    show_default=True,
    help="How to print the result.",
)
def command(
    paths: tuple[Path, ...],
    lists: tuple[str, ...],
    deployment: Path | None,
    devices: Path | None,
    as_of: str | None,
    assigned: tuple[tuple[str, str], ...],
    min_strength: Strength,
    require_scope: bool,
    require_duty: bool,
    max_size: int | None,
    roots: tuple[Path, ...],
    strict: bool,
    format_: str,
) -> None:
    """Prove, app by app and class by class, whether policies block what a list bans.

    PATH is a file or folder as you have it: a profile, a console's export, a backup, a build, or - for standard input.
    Exit code 0 when everything is proven, 11 when there is a gap, 1 when something cannot be read.
    """
    if not paths and not assigned:
        raise click.UsageError("name a PATH: a file or a folder with policies")
    if not lists and deployment is None:
        raise click.UsageError("name what is banned: --list LIST, or --deployment FILE")
    if deployment is not None and devices is not None:
        raise click.UsageError("--deployment has device classes already; give one of --deployment and --devices")
    day = as_of or options.today()
    resolution, protected = _resolve(lists, deployment, devices, day)
    _check_classes(assigned, resolution.devices)
    every = dict.fromkeys([*paths, *(Path(path) for _, path in assigned)])
    policies = read_policies(every, max_size=(max_size * _MIB) if max_size else MAX_SIZE)
    policies = signatures.judged(policies, day, signers.read_roots(roots))
    if not policies.documents:
        nothing = error("nothing-to-check", "there is no document in what was given", None, "name files with policies")
        raise PolicyError(policies.findings if policies.unreadable else [*policies.findings, nothing])
    pieces = pieces_of(policies, assigned)
    places = Places({one.name: one.document for one in pieces})
    rules = Rules(day, min_strength, require_scope, require_duty)
    found = verify(resolution, pieces, catalogue.load(), rules, protected, places)
    told = [f for f in resolution.findings if f.id.startswith(("exception-", "accepted-gap-"))]
    read = [f for f in policies.findings if f.severity != "error"]
    found = msgspec.structs.replace(found, findings=(*told, *read, *found.findings))
    _print(format_, found, places, policies)
    _exit(found, policies, strict)


def _resolve(
    lists: Sequence[str], deployment: Path | None, devices: Path | None, day: str
) -> tuple[Resolution, tuple[Identifier, ...]]:
    read = inputs.gather(deployment, lists)
    resolution = resolve(read.lists, read.deployment, catalogue.load(), day, enforce=False)
    if devices is not None:
        loaded = loading.load_devices(inputs.read(devices))
        if loaded.value is None:
            raise PolicyError(loaded.findings)
        resolution = msgspec.structs.replace(resolution, devices=loaded.value)
    return resolution, read.deployment.protected if read.deployment else ()


def _check_classes(assigned: Sequence[tuple[str, str]], devices: Sequence[DeviceClass]) -> None:
    names = [cls.name for cls in devices]
    strange = [name for name, _ in assigned if name not in names]
    if strange:
        hint = f"declared classes: {', '.join(names) or 'none'}"
        raise PolicyError(
            [
                error("unknown-class", f"--for names {name!r}, which is no declared class", None, hint)
                for name in strange
            ]
        )


def pieces_of(policies: Policies, assigned: Sequence[tuple[str, str]] = ()) -> tuple[Piece, ...]:
    """Read every document, and put beside it what a manifest, a GitOps file and `--for` say of its use."""
    records = policies.records
    folders = {name: build.folder for build in policies.builds for name in build.records}
    first: dict[str, str] = {}
    made = []
    for document in policies.documents:
        source = policies.sources[document.name]
        known: dict[str, object] = {
            "named": document.name in policies.named,
            "classes": tuple(dict.fromkeys(cls for cls, path in assigned if str(Path(path)) in source)),
        }
        record = records.get(document.name)
        if record is not None:
            folder = folders[document.name]
            known |= {
                "managed_by": record.managed_by,
                "modes": record.modes,
                "groups": record.groups,
                "slot": f"{folder}|{record.target}|{record.document}",
                "kinds": record.kinds,
            }
            known |= _way(record, folder, first)
        read_back = record.read_back if record is not None else ()
        made.append(piece(document, scope=policies.scopes.get(document.name), read_back=read_back, **known))
    return _led(made)


def _way(record: Record, folder: str, first: dict[str, str]) -> dict[str, object]:
    """Say which documents of a build are ways to one effect: a device gets one, and the first is judged."""
    if record.alternative_group:
        way = f"{folder}|{record.alternative_group}|{record.variant}"
        return {"way": way, "leads": first.setdefault(way, record.target) == record.target}
    primary = record.instead_of or record.document
    return {"way": f"{folder}|{record.target}|{record.variant}|{primary}", "leads": not record.instead_of}


def _led(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Let every document of a way act when the one it stands for is not there."""
    led = {one.way for one in pieces if one.leads}
    return tuple(one if one.leads or one.way in led else msgspec.structs.replace(one, leads=True) for one in pieces)


def _print(format_: str, found: Verification, places: Places, policies: Policies) -> None:
    unread = [finding for finding in policies.findings if finding.severity == "error"]
    if format_ == "json":
        output.data(report.data(found, places, unread))
    elif format_ == "sarif":
        output.data(sarif(report.as_findings(found, unread), __version__))
    elif format_ == "junit":
        output.data(report.junit(found, places, unread))
    elif format_ == "markdown":
        output.data(report.for_pull_request(found, unread))
    else:
        output.result(report.text(found, output.width(), len(unread)))
        output.findings([*unread, *(f for f in found.findings if f.severity != "note")])


def _exit(found: Verification, policies: Policies, strict: bool) -> None:
    if policies.unreadable:
        raise click.exceptions.Exit(1)
    warned = strict and any(finding.severity != "note" for finding in found.findings)
    if warned or not found.proven:
        raise click.exceptions.Exit(11)
