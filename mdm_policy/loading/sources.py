"""Say what loading takes and gives: bytes under a name in, a value or findings out. Reading files is the caller's."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Generic, Literal, TypeVar

import msgspec

from mdm_policy.errors import Finding, Origin, error, finding_order
from mdm_policy.identifiers import quoted
from mdm_policy.loading.reader import top_level_keys
from mdm_policy.loading.tables import is_csv
from mdm_policy.loading.text import MAX_BYTES, lenient
from mdm_policy.loading.workbooks import is_workbook

T = TypeVar("T")
FileKind = Literal["ban-list", "deployment", "devices", "target", "csv", "overlay", "unknown"]


class Source(msgspec.Struct, frozen=True):
    """Hold a file's bytes under the name the user gave it."""

    name: str
    data: bytes


class Loaded(msgspec.Struct, Generic[T], frozen=True):
    """Hold what a file says, and all that is to be said about it; `value` is None exactly when a finding is an error."""

    value: T | None
    findings: tuple[Finding, ...]


FindInclude = Callable[[str, Origin, str], Source | None]
"""Fetch an included file: the reference as it is written, where, and the name of the file that includes it."""

_KEYS: dict[str, FileKind] = {
    **dict.fromkeys(("ban_list", "bans", "authority", "include", "exceptions"), "ban-list"),
    **dict.fromkeys(
        (
            "organization",
            "lists",
            "adopt",
            "accepted_gaps",
            "targets",
            "options",
            "protected",
            "destinations",
            "overlays",
        ),
        "deployment",
    ),
    **dict.fromkeys(("blocks", "documents"), "target"),
    "catalogue_overlay": "overlay",
}
_WEAK: dict[str, FileKind] = {"devices": "devices", "target": "target"}
"""Keys that tell what a file is where no other one does: `target` may be a deployment's misspelt `targets`."""

_NOUNS: dict[FileKind, str] = {
    "ban-list": "a ban list",
    "deployment": "a deployment",
    "devices": "a file of device classes",
    "target": "a target's manifest",
    "csv": "a table of bans",
    "overlay": "an overlay of the catalogue",
}


@lru_cache(maxsize=4)
def detect(source: Source) -> FileKind:
    """Tell what a file is by its keys or its header, not by its name; a broken file by what can be read of it.

    Only a table without a known header is told by its name's ending, so that the finding is about the header. The last
    files asked about are remembered: commands ask before they load, and loading asks when it fails.
    """
    if is_workbook(source.data):
        return "csv"
    text = lenient(source.data[:MAX_BYTES])
    if is_csv(source.name, text):
        return "csv"
    kind: FileKind = "unknown"
    for key in top_level_keys(text):
        if key in _KEYS and (key, kind) != ("options", "target"):  # a target defines options, a deployment sets them
            return _KEYS[key]
        if kind == "unknown":
            kind = _WEAK.get(key, kind)
    return kind


def finish(value: T | None, findings: list[Finding]) -> Loaded[T]:
    """Order the findings and withhold a value that one of them makes untrustworthy."""
    failed = any(one.severity == "error" for one in findings)
    return Loaded(None if failed else value, tuple(sorted(findings, key=finding_order)))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cyclic garbage collector still while many objects without cycles are made; it costs a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def judged(source: Source, loaded: Loaded[T], wanted: str, others: tuple[FileKind, ...]) -> Loaded[T]:
    """Say of a file that is of quite another kind only that, instead of that each of its keys is unknown."""
    kind = "unknown" if loaded.value is not None else detect(source)
    if kind not in others:
        return loaded
    hint = "`mdm-policy check` takes files of every kind; a table of bans becomes a list by an `include`"
    return Loaded(None, (error("file-kind", wrong_kind(source, kind, wanted), Origin(source.name, 1, 1), hint),))


def wrong_kind(source: Source, kind: FileKind, wanted: str) -> str:
    """Say that a file is of another kind than it should be."""
    return f"{quoted(source.name)} is {_NOUNS[kind]}, not {wanted}"
