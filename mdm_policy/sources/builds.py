"""Read the manifest of a build: which of its documents is for which MDM, mode, variant, and which replaces which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.model import Family, Kind, Strength, Verdict  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.reading import Fact, Rule

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "manifest.json"
_FORMAT = "mdm-policy-build"
_MOST_DIGITS = 9
"""Digits read of one part of a version; Python refuses to read thousands of them."""


class Record(msgspec.Struct, frozen=True):
    """Say what a build's manifest knows of one of its documents.

    `instead_of` names the document of the same target that this one is another way to send; `variant` is empty for the
    base, else the document is for `groups`, which may have the apps in `excepted`. `kinds` are the (family, kind) of
    the identifiers that the manifest says the document blocks.
    """

    target: str
    document: str
    variant: str
    instead_of: str
    managed_by: str
    modes: tuple[str, ...]
    alternative_group: str
    groups: tuple[str, ...]
    excepted: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    read_back: tuple[tuple[str, Family, Kind, Rule], ...] = ()
    """For a document no reader knows: where its identifiers stand, and the rule the target's manifest claims."""


class BuildFolder(msgspec.Struct, frozen=True):
    """Hold a build's manifest: its folder, the manifest as parsed, and a record of each document by its name."""

    folder: str
    manifest: dict[str, Any]
    records: dict[str, Record]


class _Target(msgspec.Struct):
    name: str
    managed_by: str = ""
    modes: tuple[str, ...] = ()
    alternative_group: str = ""


class _Block(msgspec.Struct):
    family: Family
    kind: Kind
    verdict: Verdict
    strength: Strength
    claim: str = ""
    platforms: dict[str, str] = {}
    supervised: bool | None = None
    enrollments: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    source: str = ""


class _Document(msgspec.Struct):
    path: str
    target: str
    document: str
    variant: str = ""
    instead_of: str = ""
    read_back: dict[str, str] = {}
    blocks: tuple[_Block, ...] = ()


class _Variant(msgspec.Struct):
    name: str
    groups: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()


class _Manifest(msgspec.Struct):
    format: str
    targets: tuple[_Target, ...]
    documents: tuple[_Document, ...]
    variants: tuple[_Variant, ...] = ()


def read_build(folder: Path) -> BuildFolder | None:
    """Return the build in a folder, or None when it has no `manifest.json`, or one that is no build's.

    Raises:
        OSError: it is there and cannot be read, so that nobody knows whether the folder is a build.

    """
    try:
        data = (folder / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return None
    try:
        raw = msgspec.json.decode(data)
        parsed = msgspec.convert(raw, _Manifest)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return None
    if parsed.format != _FORMAT:
        return None
    targets = {target.name: target for target in parsed.targets}
    variants = {variant.name: variant for variant in parsed.variants}
    records = {}
    for one in parsed.documents:
        target = targets.get(one.target, _Target(one.target))
        variant = variants.get(one.variant, _Variant(one.variant))
        records[str(folder / one.path)] = Record(
            one.target,
            one.document,
            one.variant,
            one.instead_of,
            target.managed_by,
            target.modes,
            target.alternative_group,
            variant.groups,
            variant.excepted,
            tuple(dict.fromkeys((block.family, block.kind) for block in one.blocks)),
            _read_back(one),
        )
    return BuildFolder(str(folder), raw, records)


def _read_back(one: _Document) -> tuple[tuple[str, Family, Kind, Rule], ...]:
    return tuple(
        (one.read_back[block.claim], block.family, block.kind, _rule(block))
        for block in one.blocks
        if block.claim in one.read_back
    )


def _rule(block: _Block) -> Rule:
    """Make the rule a manifest claims; it rests on that word alone, and its fact says so."""
    versions = {
        platform: tuple(int(part[:_MOST_DIGITS]) for part in version.split(".") if part.isdecimal())
        for platform, version in block.platforms.items()
    }
    return Rule(
        f"declared-{block.claim}",
        "block",
        block.verdict,
        block.strength,
        Fact("declared by the target's manifest, not modelled", block.source),
        introduced=versions,
        supervised=block.supervised,
        enrollments=block.enrollments,
        modes=block.modes,
        sides=block.sides,
        origins=block.origins,
    )
