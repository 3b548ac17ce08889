"""Read what a command is given: files, shipped lists, includes; every problem with every file at once."""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from mdm_policy import loading, resources
from mdm_policy.build.manifest import Input
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.loading import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.model import BanList, Deployment

_MAX_FILE = 64 * 1024 * 1024


class Inputs(msgspec.Struct):
    """Hold what a command read: the deployment, the lists, every file's digest, and the findings so far.

    `names` maps a file name as findings show it to the name the manifest records.
    """

    deployment: Deployment | None
    lists: tuple[BanList, ...]
    files: tuple[Input, ...]
    names: dict[str, str]
    findings: tuple[Finding, ...]


class DateParam(click.ParamType[str]):
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


def read(path: Path, name: str | None = None) -> Source:
    """Read one file; `-` reads standard input.

    Raises:
        PolicyError: `file-unreadable` or `file-too-large`.

    """
    shown = name or str(path)
    if str(path) == "-":
        return Source("(standard input)", sys.stdin.buffer.read(_MAX_FILE + 1))
    try:
        if path.stat().st_size > _MAX_FILE:
            hint = f"files over {_MAX_FILE // (1024 * 1024)} MiB are refused"
            raise PolicyError([error("file-too-large", "the file is too large to be a list", Origin(shown), hint)])
        return Source(shown, path.read_bytes())
    except OSError as bad:
        raise PolicyError([error("file-unreadable", f"cannot read it: {bad.strerror or bad}", Origin(shown))]) from None


def shipped() -> dict[str, Path]:
    """Return the shipped lists by id, in order."""
    return {path.stem: path for path in sorted(resources.data("lists").glob("*.yaml"))}


class Reader:
    """Read lists and deployments once each, keeping digests and findings on the way."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self.findings: list[Finding] = []
        self.files: dict[tuple[str, str], Input] = {}
        self.names: dict[str, str] = {}
        self._base: Path | None = None

    def deployment(self, path: Path) -> Deployment | None:
        """Read a deployment; its folder is what recorded names are relative to."""
        source = self._read(path, "deployment", path.name)
        if source is None:
            return None
        self._base = path.resolve().parent
        loaded = loading.load_deployment(source)
        self.findings += loaded.findings
        return loaded.value

    def lists(self, references: Iterable[tuple[str, Origin | None]], folder: Path | None) -> tuple[BanList, ...]:
        """Read lists by shipped id or path; paths in a deployment are relative to its folder."""
        made: list[BanList] = []
        for reference, place in references:
            source = self._find(reference, place, folder)
            if source is None:
                continue
            loaded = loading.load_ban_list(source, self._include)
            self.findings += loaded.findings
            if loaded.value is None:
                continue
            twin = next((other for other in made if other.id == loaded.value.id), None)
            if twin is None:
                made.append(loaded.value)
            elif twin.digest != loaded.value.digest:
                message = f"two different lists have the id {twin.id!r}; the other is {twin.origin.file}"
                self.findings.append(error("duplicate-list", message, loaded.value.origin, "give each list its own id"))
        return tuple(made)

    def _find(self, reference: str, place: Origin | None, folder: Path | None) -> Source | None:
        known = shipped()
        if reference in known:
            return self._read(known[reference], "shipped list", f"mdm-policy/{reference}.yaml")
        path = Path(reference) if folder is None else folder / reference
        if not path.exists() and reference != "-" and not reference.endswith((".yaml", ".yml", ".csv")):
            hint = f"shipped lists: {', '.join(known)}; or give a path to a .yaml file"
            self.findings.append(
                error("unknown-list", f"no list {reference!r} is shipped, and no file has that name", place, hint)
            )
            return None
        return self._read(path, "list", self._recorded(path, reference))

    def _include(self, reference: str, _place: Origin, including: str) -> Source | None:
        known = shipped()
        if reference in known:
            return self._read(known[reference], "shipped list", f"mdm-policy/{reference}.yaml")
        path = Path(including).parent / reference
        if not path.exists():
            return None
        return self._read(path, "included list", self._recorded(path, str(path)))

    def _recorded(self, path: Path, fallback: str) -> str:
        if self._base is not None:
            try:
                return path.resolve().relative_to(self._base).as_posix()
            except ValueError:
                return Path(fallback).as_posix()
        return Path(fallback).as_posix()

    def _read(self, path: Path, role: str, recorded: str) -> Source | None:
        try:
            source = read(path)
        except PolicyError as bad:
            self.findings += bad.findings
            return None
        self.names[source.name] = recorded
        self.files[role, recorded] = Input(role, recorded, hashlib.sha256(source.data).hexdigest())
        return source


def gather(deployment: Path | None, lists: Sequence[str]) -> Inputs:
    """Read a deployment and lists; lists given by name or path replace the deployment's.

    Raises:
        PolicyError: with every error of every file.

    """
    reader = Reader()
    loaded = reader.deployment(deployment) if deployment else None
    if lists:
        found = reader.lists([(reference, None) for reference in lists], None)
    elif loaded is not None and deployment is not None:
        found = reader.lists(loaded.lists, deployment.parent)
    else:
        found = ()
    if any(f.severity == "error" for f in reader.findings):
        raise PolicyError(reader.findings)
    return Inputs(loaded, found, tuple(reader.files.values()), reader.names, tuple(reader.findings))
