"""Compare what no effect holds: a key that concerns no app is told apart from one that nobody can judge.

What MDMs rewrite on their own is left out: Jamf replaces PayloadUUID, PayloadIdentifier and PayloadDisplayName, injects
defaults and trims texts (github.com/deploymenthetheory/terraform-provider-jamfpro, docs/plist_payloads.md;
github.com/Jamf-Concepts/terraform-provider-jamfplatform #157); Graph adds ids, dates and versions. An empty text, null
and an absent key are one thing there. The order of a list counts for nothing: no list of identifiers has one.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.diff.model import Change, Other
from mdm_policy.documents import places
from mdm_policy.kinds.accounting import Leaf
from mdm_policy.kinds.accounting import leaves as leaves_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mdm_policy.documents import Document
    from mdm_policy.errors import Origin
    from mdm_policy.reading import Column

_INJECTED = frozenset({"PayloadEnabled", "PayloadRemovalDisallowed", "AllowUserOverrides", "PayloadScope"})
"""Keys a server adds with their default: they count only where both sides have them."""
_ADDED = tuple(sorted(_INJECTED))
_LONGEST = 80
_MOST = 1_000
"""How many changed keys are told one by one."""


class LeafPlace(msgspec.Struct, frozen=True, gc=False):
    """Say which document holds a value, and at which place in it."""

    document: Document
    pointer: str


Leaves = dict[Leaf, LeafPlace]
"""The values that no effect holds, each with where it stands first."""
Changed = tuple[Leaves, Leaves]
"""Those that are gone, and those that were added."""
_Part = tuple[str, str, str]
"""What no reader judges as a whole: the name of the document, its kind, and the place in it."""
_Leaves = tuple[list[Leaf], list[Leaf]]


def leaves(documents: Iterable[Document], acting: Mapping[str, Iterable[Column]]) -> Leaves:
    """Return every value that no effect holds; `acting` are the effects, by document."""
    found: Leaves = {}
    for document in documents:
        for leaf, pointer in leaves_of(document, acting.get(document.name, ())):
            found.setdefault(leaf, LeafPlace(document, pointer))
    return found


def others(changed: Changed, kinds: Collection[str]) -> tuple[Other, ...]:
    """Return the harmless keys that changed in documents of some kinds; beyond as many as anybody reads they are counted."""
    found = [
        [(leaf.kind, leaf.where, leaf.value) for leaf in one if leaf.role == "harmless" and leaf.kind in kinds]
        for one in changed
    ]
    chosen = {one[:2] for one in heapq.nsmallest(_MOST, set(chain(*found)))}
    before, after = (_by_place(one for one in side if one[:2] in chosen) for side in found)
    made = [Other(*place, _short(before.get(place, ())), _short(after.get(place, ()))) for place in sorted(chosen)]
    left = [len(side) - sum(map(len, told.values())) for side, told in zip(found, (before, after), strict=True)]
    if any(left):
        made.append(Other("any other key", "*", *(f"{count:,} values" if count else "" for count in left)))
    return tuple(made)


def unjudged(changed: Changed, names: Mapping[str, str], accepted: Sequence[str]) -> Iterator[Change]:
    """Yield a change for each part of a document that no reader judges and that is not as it was.

    `names` gives documents the name under which both sides know them; `accepted` are patterns of `name#pointer` of which
    somebody has said that they take them so. Beyond as many parts as anybody reads, those of a document share a change.
    """
    units = _units(changed, names)
    every = ((name, kind, unit) for (name, kind), found in units.items() for unit in found)
    parts: dict[_Part, _Leaves] = {part: ([], []) for part in heapq.nsmallest(_MOST, every)}
    for side, (part, leaf) in _strange(changed, names):
        if part in parts:
            parts[part][side].append(leaf)
    old, new = (_lines(leaves, [one[side] for one in parts.values()]) for side, leaves in enumerate(changed))
    for (part, (gone, added)), was, is_ in zip(parts.items(), old, new, strict=True):
        yield _unjudged(part, _shown(gone), _shown(added), (was, is_), taken=_taken(part[0], part[2], accepted))
    for (name, kind), every_unit in sorted(units.items()):
        left = [unit for unit in every_unit if (name, kind, unit) not in parts]
        if left:
            taken = all(_taken(name, unit, accepted) for unit in left)
            yield _unjudged((name, kind, "*"), "", f"{len(left):,} more parts", (None, None), taken=taken)


def _strange(changed: Changed, names: Mapping[str, str]) -> Iterator[tuple[int, tuple[_Part, Leaf]]]:
    """Yield the values that no reader judges, each with its side and the part that it belongs to."""
    for side, leaves in enumerate(changed):
        for leaf, where in leaves.items():
            if leaf.role != "harmless":
                name = where.document.name
                yield side, ((names.get(name, name), leaf.kind, leaf.unit), leaf)


def _units(changed: Changed, names: Mapping[str, str]) -> dict[tuple[str, str], set[str]]:
    """Return the parts that changed, by the name of their document and its kind."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for _, ((name, kind, unit), _) in _strange(changed, names):
        found[name, kind].add(unit)
    return found


def _taken(name: str, unit: str, accepted: Sequence[str]) -> bool:
    return any(fnmatchcase(f"{name}#{unit}", pattern) for pattern in accepted)


def _unjudged(
    part: _Part, before: str, after: str, where: tuple[Origin | None, Origin | None], *, taken: bool
) -> Change:
    name, kind, unit = part
    why = f"no reader judges {unit or 'a document of this kind'} ({kind})"
    return Change("UNJUDGED", "", name, "", (), "", before, after, why, *where, pointer=unit, accepted=taken)


def _lines(leaves: Leaves, parts: Sequence[Sequence[Leaf]]) -> list[Origin | None]:
    """Return the line of the first value of each part, None for a part without any; each document is read once."""
    firsts = [leaves[min(one)] if one else None for one in parts]
    asked: dict[str, tuple[Document, list[str]]] = {}
    for one in filter(None, firsts):
        asked.setdefault(one.document.name, (one.document, []))[1].append(one.pointer)
    found = {name: places(document, pointers) for name, (document, pointers) in asked.items()}
    return [None if one is None else found[one.document.name][one.pointer] for one in firsts]


def _shown(leaves: Sequence[Leaf]) -> str:
    """Write the values of a part, sorted: no more of them than there could be room for."""
    return _short(heapq.nsmallest(_LONGEST, [leaf.value for leaf in leaves]))


def changed_between(old: Leaves, new: Leaves) -> Changed:
    """Return the values that are gone, and those that were added."""
    return _counting(_without(old, new), new), _counting(_without(new, old), old)


def _without(leaves: Leaves, other: Leaves) -> Leaves:
    return {leaf: where for leaf, where in leaves.items() if leaf not in other} if other else leaves


def _counting(leaves: Leaves, other: Leaves) -> Leaves:
    """Leave out the keys a server adds by itself, where the other side does not have them at all."""
    added = [leaf for leaf in leaves if leaf.where.endswith(_ADDED) and leaf.where.rpartition("/")[2] in _INJECTED]
    if not added:
        return leaves
    there = {(leaf.kind, leaf.where) for leaf in other}
    alone = {leaf for leaf in added if (leaf.kind, leaf.where) not in there}
    return {leaf: where for leaf, where in leaves.items() if leaf not in alone}


def kinds_of(documents: Iterable[Document]) -> set[str]:
    """Return the kinds of documents and of all that is embedded in them."""
    found: set[str] = set()
    for document in documents:
        found.add(document.kind)
        found |= kinds_of(inner for _, inner in document.inner)
    return found


def _by_place(found: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    made: dict[tuple[str, str], list[str]] = {}
    for kind, pointer, value in sorted(found):
        made.setdefault((kind, pointer), []).append(value)
    return made


def _short(values: Collection[str]) -> str:
    text = ", ".join(values)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
