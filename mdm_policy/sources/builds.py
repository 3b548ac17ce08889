"""Read the manifest of a build: which of its documents is for which MDM, mode, variant, and which replaces which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy import filenames
from mdm_policy.build.record import (
    MANIFEST,
    MAX_MANIFEST,
    DocumentRecord,
    TargetRecord,
    VariantRecord,
    claims_format,
    decode,
)
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.kinds.declared import declared_rule
from mdm_policy.reading import Rule  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.sources.trees import DISK
from mdm_policy.vocabulary import Family, Kind  # noqa: TC001 - as above

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.build.record import BuildRecord
    from mdm_policy.sources.trees import FileTree


class RecordedDocument(msgspec.Struct, frozen=True):
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
    """For a document no reader knows: where its identifiers stand, and the rule claimed; whether to trust it is not said."""
    audit: bool = False
    """Whether it only logs what the document of `instead_of` blocks."""


class BuildFolder(msgspec.Struct, frozen=True):
    """Hold what a build's manifest says: its folder, and a record of each document by its name.

    `handed` are the names of the files that it hands over without a proof: they are no policies, whatever they look like.
    """

    folder: str
    records: dict[str, RecordedDocument]
    handed: frozenset[str] = frozenset()


def read_manifest(folder: Path, tree: FileTree = DISK) -> tuple[BuildRecord, bytes] | None:
    """Return what the manifest of a folder records, and its bytes; None when the folder holds no build.

    Raises:
        OSError, PolicyError: as `read_build`.

    """
    path = folder / MANIFEST
    try:
        data = tree.read(path, MAX_MANIFEST)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return None
    return (decode(str(path), data), data) if claims_format(data) else None


def read_build(folder: Path, tree: FileTree = DISK) -> BuildFolder | None:
    """Return the build in a folder, or None when it has no `manifest.json`, or one that is no build's.

    Raises:
        OSError: it is there and cannot be read, so that nobody knows whether the folder is a build.
        PolicyError: `build-manifest`, when it says that it is a build's, and is none that this program reads.

    """
    read = read_manifest(folder, tree)
    if read is None:
        return None
    build, _ = read
    targets = {target.name: target for target in build.targets}
    variants = {variant.name: variant for variant in build.variants}
    records = {}
    for one in build.documents:
        wrong = filenames.problem(one.path)
        if wrong:
            said = f"it is not the manifest of a build: it names {one.path[:80]!r}: {wrong}"
            hint = "name the folder that `mdm-policy build` wrote"
            raise PolicyError([error("build-manifest", said, Origin(str(folder / MANIFEST)), hint)])
        target = targets.get(one.target, TargetRecord(one.target))
        variant = variants.get(one.variant, VariantRecord(one.variant))
        records[str(folder / one.path)] = RecordedDocument(
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
            one.audit,
        )
    return BuildFolder(str(folder), records, frozenset(str(folder / one.path) for one in build.handed_over))


def _read_back(one: DocumentRecord) -> tuple[tuple[str, Family, Kind, Rule], ...]:
    return tuple(
        (one.read_back[block.claim], block.family, block.kind, declared_rule(block.claim, block))
        for block in one.blocks
        if block.claim in one.read_back
    )
