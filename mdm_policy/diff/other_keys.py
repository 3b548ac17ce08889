"""Compare what no effect holds: a key that concerns no app is told apart from one that nobody can judge.

What MDMs rewrite on their own is left out: Jamf replaces PayloadUUID, PayloadIdentifier and PayloadDisplayName, injects
defaults and trims texts (github.com/deploymenthetheory/terraform-provider-jamfpro, docs/plist_payloads.md;
github.com/Jamf-Concepts/terraform-provider-jamfplatform #157); Graph adds ids, dates and versions. An empty text, null
and an absent key are one thing there. The order of a list counts for nothing: no list of identifiers has one.
"""

from __future__ import annotations

import heapq
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING

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

Leaves = dict[Leaf, tuple["Document", str]]
"""The values that no effect holds, each with a document that holds it and the place there."""


def leaves(documents: Iterable[Document], acting: Mapping[str, Iterable[Column]]) -> Leaves:
    """Return every value that no effect holds; `acting` are the effects, by document."""
    found: Leaves = {}
    for document in documents:
        for leaf, pointer in leaves_of(document, acting.get(document.name, ())):
            found.setdefault(leaf, (document, pointer))
    return found


def others(old: Leaves, new: Leaves, kinds: Collection[str]) -> tuple[Other, ...]:
    """Return the harmless keys that changed in documents of some kinds; beyond as many as anybody reads they are counted."""
    gone, added = ({leaf for leaf in one if leaf.role == "harmless"} for one in _changed(old, new))
    found = [[(leaf.kind, leaf.where, leaf.value) for leaf in one if leaf.kind in kinds] for one in (gone, added)]
    chosen = {one[:2] for one in heapq.nsmallest(_MOST, set(chain(*found)))}
    before, after = (_by_place(one for one in side if one[:2] in chosen) for side in found)
    made = [Other(*place, _short(before.get(place, ())), _short(after.get(place, ()))) for place in sorted(chosen)]
    left = [len(side) - sum(map(len, told.values())) for side, told in zip(found, (before, after), strict=True)]
    if any(left):
        made.append(Other("any other key", "*", *(f"{count:,} values" if count else "" for count in left)))
    return tuple(made)


def unjudged(old: Leaves, new: Leaves, names: Mapping[str, str], accepted: Sequence[str]) -> Iterator[Change]:
    """Yield a change for each part of a document that no reader judges and that is not as it was.

    `names` gives documents the name under which both sides know them; `accepted` are patterns of `name#pointer` of which
    somebody has said that they take them so.
    """
    parts: dict[tuple[str, str, str], tuple[list[Leaf], list[Leaf]]] = {}
    sides = (old, new)
    for side, changed in enumerate(_changed(old, new)):
        for leaf in changed:
            if leaf.role != "harmless":
                document, _ = sides[side][leaf]
                name = names.get(document.name, document.name)
                parts.setdefault((name, leaf.kind, leaf.unit), ([], []))[side].append(leaf)
    for (name, kind, unit), (gone, added) in sorted(parts.items()):
        was, is_ = (_place(side, sorted(found)) for side, found in ((old, gone), (new, added)))
        before, after = (_short(sorted(leaf.value for leaf in found)) for found in (gone, added))
        why = f"no reader judges {unit or 'a document of this kind'} ({kind})"
        taken = any(fnmatchcase(f"{name}#{unit}", pattern) for pattern in accepted)
        yield Change(
            "UNJUDGED",
            "",
            name,
            "",
            (),
            "",
            before,
            after,
            why,
            was,
            is_,
            pointer=unit,
            accepted=taken,
        )


def _place(side: Leaves, found: Sequence[Leaf]) -> Origin | None:
    if not found:
        return None
    document, pointer = side[found[0]]
    return places(document, [pointer])[pointer]


def _changed(old: Leaves, new: Leaves) -> tuple[set[Leaf], set[Leaf]]:
    gone, added = old.keys() - new.keys(), new.keys() - old.keys()
    return _counting(gone, new), _counting(added, old)


def _counting(leaves: set[Leaf], other: Iterable[Leaf]) -> set[Leaf]:
    """Leave out the keys a server adds by itself, where the other side does not have them at all."""
    added = {leaf for leaf in leaves if leaf.where.endswith(_ADDED) and leaf.where.rpartition("/")[2] in _INJECTED}
    if not added:
        return leaves
    there = {(leaf.kind, leaf.where) for leaf in other}
    return leaves - {leaf for leaf in added if (leaf.kind, leaf.where) not in there}


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
