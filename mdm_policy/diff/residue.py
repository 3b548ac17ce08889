"""Compare what no reader judges: names and ids don't count, and any other key that changed is told, never dropped.

What MDMs rewrite on their own is left out: Jamf replaces PayloadUUID, PayloadIdentifier and PayloadDisplayName, injects
defaults and trims texts (github.com/deploymenthetheory/terraform-provider-jamfpro, docs/plist_payloads.md;
github.com/Jamf-Concepts/terraform-provider-jamfplatform #157); Graph adds ids, dates and versions. An empty text, null
and an absent key are one thing there. The order of a list counts for nothing: no list of identifiers has one.
"""

from __future__ import annotations

import heapq
import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from mdm_policy.diff.model import Other
from mdm_policy.documents import elements, split
from mdm_policy.reading import Run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mdm_policy.documents import Document
    from mdm_policy.reading import Column

_NAMES = frozenset(
    {
        *("PayloadUUID", "PayloadIdentifier", "PayloadDisplayName", "PayloadDescription", "PayloadOrganization"),
        *("PayloadVersion", "Identifier", "ServerToken", "StandardConfigurations"),
        *("id", "displayName", "description", "name", "version", "createdDateTime", "lastModifiedDateTime"),
        *("roleScopeTagIds", "settingCount", "isAssigned", "creationSource", "supportsScopeTags", "publisher"),
        *("appStoreUrl", "@odata.context", "@odata.count", "@odata.id", "@odata.etag", "@odata.nextLink"),
        *("@microsoft.graph.tips", "assignments@odata.context", "settings@odata.context", "priorityMetaData"),
        *("uuid", "site", "category", "display_message", "@Id", "@Name", "@Description"),
    }
)
_JUDGED = frozenset({"assignments", "scope", "RemovalDate", "DurationUntilRemoval"})
"""Keys whose meaning the readers give in full: a change of theirs shows in the bans."""
_PASSED = _NAMES | _JUDGED
_INJECTED = frozenset({"PayloadEnabled", "PayloadRemovalDisallowed", "AllowUserOverrides", "PayloadScope"})
"""Keys a server adds with their default: they count only where both sides have them."""
_ADDED = tuple(sorted(_INJECTED))
_IGNORED_PAYLOADS = frozenset({"com.apple.profileRemovalPassword"})
_LONGEST = 80
_MOST = 1_000
"""How many changed keys are told one by one."""
_LAST_INDEX = re.compile(r".*/[0-9]+(?=/|\Z)", re.DOTALL)

Leaf = tuple[str, str, str]
"""The kind of a document, the place in it, and the value; `*` stands for the index in a list."""


def leaves(documents: Iterable[Document], acting: Mapping[str, Iterable[Column]], kinds: Collection[str]) -> set[Leaf]:
    """Return every value that no reader judges in documents of some kinds; `acting` are the effects, by document."""
    found: set[Leaf] = set()
    for document in documents:
        _leaves(document, "", _Judged(acting.get(document.name, ())), kinds, found)
    return found


def others(old: set[Leaf], new: set[Leaf]) -> tuple[Other, ...]:
    """Return the keys that changed, as many as anybody reads; the rest are counted together."""
    gone, added = _counting(old - new, new), _counting(new - old, old)
    chosen = {leaf[:2] for leaf in heapq.nsmallest(_MOST, chain(gone, added))}
    before, after = (_by_place(leaf for leaf in leaves if leaf[:2] in chosen) for leaves in (gone, added))
    made = [Other(*place, _short(before.get(place, ())), _short(after.get(place, ()))) for place in sorted(chosen)]
    left = [len(leaves) - sum(map(len, told.values())) for leaves, told in ((gone, before), (added, after))]
    if any(left):
        made.append(Other("any other key", "*", *(f"{count:,} values" if count else "" for count in left)))
    return tuple(made)


def _counting(leaves: set[Leaf], other: Iterable[Leaf]) -> set[Leaf]:
    """Leave out the keys a server adds by itself, where the other side does not have them at all."""
    added = {leaf for leaf in leaves if leaf[1].endswith(_ADDED) and leaf[1].rpartition("/")[2] in _INJECTED}
    if not added:
        return leaves
    there = {leaf[:2] for leaf in other}
    return leaves - {leaf for leaf in added if leaf[:2] not in there}


class _Judged:
    """Hold which entries serve an effect: some of a list by their places, others by their pointers."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self.places: dict[str, set[int]] = {}
        self.pointers: set[str] = set()
        for column in columns:
            kept = column.pointers
            if isinstance(kept, Run):
                self.places.setdefault(kept.base, set()).update(kept.places)
            else:
                self.pointers.update(map(_item, kept))


def kinds_of(documents: Iterable[Document]) -> set[str]:
    """Return the kinds of documents and of all that is embedded in them."""
    found: set[str] = set()
    for document in documents:
        found.add(document.kind)
        found |= kinds_of(inner for _, inner in document.inner)
    return found


def _leaves(document: Document, prefix: str, judged: _Judged, kinds: Collection[str], found: set[Leaf]) -> None:
    """Gather from a document and from all that is inside it, each under its own kind and its own places."""
    held = {prefix + pointer: inner for pointer, inner in document.inner}
    if document.kind in kinds:
        skipped = {*judged.pointers, *held}
        walked = _xml(document.value, prefix, skipped) if document.format == "xml" else None
        for where, value in walked or _plain(document.value, prefix, skipped, judged.places):
            found.add((document.kind, where, value))
    for pointer, inner in held.items():
        _leaves(inner, pointer, judged, kinds, found)


def _plain(
    value: Any, prefix: str, skipped: Collection[str], places: Mapping[str, Collection[int]]
) -> Iterator[tuple[str, str]]:
    """Walk down to the values that nobody has judged; `where` is a place without the indexes that lead to it."""
    above = {pointer.rpartition("/")[0] for pointer in skipped}
    waiting: list[tuple[str, str, Any]] = []
    held: Iterable[tuple[Any, str, Any]] = [] if prefix in skipped else [(None, "", value)]
    at = prefix
    while True:
        for part, where, item in held:
            if at in above and _under_part(at, part) in skipped:
                continue
            if isinstance(item, str):
                text = item.strip()
                if text:
                    yield where, text
            elif isinstance(item, dict | list):
                waiting.append((_under_part(at, part), where, item))
            elif item is not None:
                yield where, repr(item)
        if not waiting:
            return
        at, where, item = waiting.pop()
        held = _below(where, item, places.get(at, ()))


def _below(where: str, value: dict[str, Any] | list[Any], gone: Collection[int]) -> Iterator[tuple[Any, str, Any]]:
    """Yield what is in a container, each with its part and its place; `gone` are the entries that serve an effect."""
    if isinstance(value, list):
        if len(gone) < len(value):
            there = f"{where}/*"
            yield from ((place, there, item) for place, item in enumerate(value) if place not in gone)
    elif value.get("PayloadType") not in _IGNORED_PAYLOADS:
        for key, item in value.items():
            if key not in _PASSED:
                yield key, f"{where}/{'*' if key.isdecimal() else key}", item


def _under_part(at: str, part: str | int | None) -> str:
    """Return the pointer of a part of a container; the whole document has no part."""
    return at if part is None else f"{at}/{part if isinstance(part, int) else _escaped(part)}"


def _xml(root: Any, prefix: str, skipped: Collection[str]) -> Iterator[tuple[str, str]]:
    for at, element in elements(root):
        text = (element.text or "").strip()
        named = [(at, text)] if text else []
        for local, value in (*named, *((f"{at}/@{name!s}", str(value)) for name, value in element.attrib.items())):
            pointer = prefix + local
            parts = split(local)
            if pointer in skipped or not _NAMES.isdisjoint(parts) or not _JUDGED.isdisjoint(parts):
                continue
            if not _under(pointer, skipped):
                yield "".join(f"/{'*' if part.isdecimal() else part}" for part in parts), value


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def _item(pointer: str) -> str:
    """Return the entry of a list that an effect's pointer leads into: all of it serves the effect."""
    found = _LAST_INDEX.search(pointer)
    return pointer[: found.end()] if found else pointer


def _under(pointer: str, skipped: Collection[str]) -> bool:
    cut = pointer.rfind("/")
    while cut > 0:
        if pointer[:cut] in skipped:
            return True
        cut = pointer.rfind("/", 0, cut)
    return False


def _by_place(found: Iterable[Leaf]) -> dict[tuple[str, str], list[str]]:
    made: dict[tuple[str, str], list[str]] = {}
    for kind, pointer, value in sorted(found):
        made.setdefault((kind, pointer), []).append(value)
    return made


def _short(values: Collection[str]) -> str:
    text = ", ".join(values)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
