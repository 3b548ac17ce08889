"""Read the documents of two sides: what has not changed a byte is read once, under two names."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide import both
from mdm_policy.diff.parts import Named
from mdm_policy.kinds import read_each

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.diff.model import Side
    from mdm_policy.diff.pairing import Pair
    from mdm_policy.documents import Document
    from mdm_policy.errors import Finding
    from mdm_policy.reading import Reading, Scope

    Readings = tuple[Reading, ...]


def read_sides(old: Side, new: Side, pairs: Iterable[Pair]) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
    """Read the documents of both sides, but for those that the verifier has read already."""
    sides = (old, new)
    verified = [_verified(side) for side in sides]
    made: tuple[list[Named], list[Named]] = ([], [])
    for pair in pairs:
        read: Readings = ()
        for side, known, named, document in zip(sides, verified, made, (pair.old, pair.new), strict=True):
            if document is None:
                continue
            readings = known.get(id(document)) or known.get(document.name)
            if readings is None:
                read = _again(read, pair) or read_each(document)
                readings = _reaching(read, side.scopes.get(document.name))
            apart = side.apart.get(document.name, "")
            named += [Named(pair.name, one, apart, one.name) for one in readings]
    return tuple(made[0]), tuple(made[1])


def _verified(side: Side) -> dict[object, Readings]:
    """Return what the verifier has read, by the document's place in memory, and by its name where no other bears it."""
    counts = Counter(one.name for one in side.pieces)
    named: dict[object, Readings] = {one.name: one.readings for one in side.pieces if counts[one.name] == 1}
    return named | {id(one.document): one.readings for one in side.pieces}


def _reaching(readings: Readings, stated: Scope | None) -> Readings:
    """Return what a document does that reaches whom another file states; an activation's own predicate still decides."""
    if stated is None:
        return readings
    return tuple(
        msgspec.structs.replace(one, scope=both(one.scope, stated) if one.activates else stated) for one in readings
    )


def _again(read: Readings, pair: Pair) -> Readings | None:
    """Return what was read of the old document under the name of the new one; None where that has to be read itself."""
    if not read or pair.old is None or pair.new is None or not _is_unchanged(pair.old, pair.new):
        return None
    old, new = pair.old.name, pair.new.name
    if old == new:
        return read
    return None if any(_tells(one, old) for one in read) else tuple(_renamed(one, old, new) for one in read)


def _is_unchanged(old: Document, new: Document) -> bool:
    return (old.kind, old.format) == (new.kind, new.format) and old.data == new.data


def _tells(reading: Reading, name: str) -> bool:
    """Tell whether a setting is said to have a value that no other document gives: its name is what makes it its own."""
    return any(isinstance(value, str) and name in value for _, values in reading.sets for value in values)


def _renamed(reading: Reading, old: str, new: str) -> Reading:
    def moved(finding: Finding) -> Finding:
        origin = finding.origin
        if origin is None:
            return finding
        file = new + origin.file.removeprefix(old)
        return msgspec.structs.replace(finding, origin=msgspec.structs.replace(origin, file=file))

    findings = tuple(map(moved, reading.findings))
    return msgspec.structs.replace(reading, path=new + reading.path.removeprefix(old), findings=findings)
