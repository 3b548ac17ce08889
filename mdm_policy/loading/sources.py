"""Say what loading takes and gives: bytes under a name in, a value or findings out. Reading files is the caller's."""

from __future__ import annotations

import gc
import re
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
FileKind = Literal["ban-list", "deployment", "devices", "target", "target-test", "csv", "overlay", "unknown"]


class Source(msgspec.Struct, frozen=True):
    """Hold a file's bytes under the name the user gave it."""

    name: str
    data: bytes


class Loaded(msgspec.Struct, Generic[T], frozen=True):
    """Hold what a file says, and all that is to be said about it; `value` is None exactly when a finding is an error.

    `draft` is then what could be read of it all the same: more can be found wrong with that, and nothing else is done with it.
    """

    value: T | None
    findings: tuple[Finding, ...]
    draft: T | None = None


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
            "accepted_findings",
            "targets",
            "options",
            "protected",
            "destinations",
            "overlays",
        ),
        "deployment",
    ),
    "blocks": "target",
    "as_of": "target-test",
    "catalogue_overlay": "overlay",
}
_WEAK: dict[str, FileKind] = {"devices": "devices", "target": "target", "documents": "target"}
"""Keys that tell what a file is where no other one does: `target` may be a deployment's misspelt `targets`."""
_OURS: dict[FileKind, tuple[frozenset[str], ...]] = {
    "ban-list": (frozenset({"ban_list"}), frozenset({"authority", "bans"})),
    "deployment": (frozenset({"organization", "lists"}), frozenset({"organization", "devices"})),
    "target": (frozenset({"target", "blocks"}), frozenset({"target", "documents"})),
    "target-test": (frozenset({"as_of", "documents"}),),
    "overlay": (frozenset({"catalogue_overlay"}),),
}
"""The keys that no file of another program has together; `include` or `targets` alone are in many."""
_NAMED = re.compile(r"(?:^|[/\\._-])(?:lists?|bans?|banned)(?:[/\\._-]|$)", re.IGNORECASE)
"""What a table is called that is meant as a list, be its header wrong."""

_NOUNS: dict[FileKind, str] = {
    "ban-list": "a ban list",
    "deployment": "a deployment",
    "devices": "a file of device classes",
    "target": "a target's manifest",
    "target-test": "a target's test",
    "csv": "a table of bans",
    "overlay": "an overlay of the catalogue",
}

_INSTEAD: dict[FileKind, str] = {
    "ban-list": "give a ban list as LIST or with --list, or name it under `lists` of a deployment;"
    " `mdm-policy init` writes a deployment to start from",
    "deployment": "give a deployment with --deployment, or alone to `mdm-policy build`; the lists it names come with it",
    "devices": "give device classes with --devices, or write them under `devices` of a deployment",
    "target": "give the folder above a target's with --templates; `mdm-policy check` reads the manifest alone",
    "target-test": "`mdm-policy targets --test` runs the tests of targets",
    "csv": "a table of bans is a list: give it as LIST or with --list, or `include` it in a list",
    "overlay": "name an overlay under `overlays` of a deployment",
}
"""Where a file that was given in the wrong place belongs."""


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


def is_ours(source: Source) -> bool:
    """Tell whether a file is surely one of this program's, for those who hand over every YAML and CSV file they have."""
    if is_workbook(source.data):
        return True
    text = lenient(source.data[:MAX_BYTES])
    if is_csv("", text):
        return True
    if is_csv(source.name, text):
        return _NAMED.search(source.name) is not None
    keys = set(top_level_keys(text))
    return keys == {"devices"} or any(wanted <= keys for wanted in _OURS.get(detect(source), ()))


def finish(value: T | None, findings: list[Finding]) -> Loaded[T]:
    """Order the findings and withhold a value that one of them makes untrustworthy."""
    failed = any(one.severity == "error" for one in findings)
    return Loaded(None if failed else value, tuple(sorted(findings, key=finding_order)), value if failed else None)


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
    said = wrong_kind(source, kind, wanted)
    return Loaded(None, (error("file-kind", said, Origin(source.name, 1, 1), _INSTEAD[kind]),))


def wrong_kind(source: Source, kind: FileKind, wanted: str) -> str:
    """Say that a file is of another kind than it should be."""
    return f"{quoted(source.name)} is {_NOUNS[kind]}, not {wanted}"
