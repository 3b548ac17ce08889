"""Compare what no reader judges: names and ids don't count, and any other key that changed is told, never dropped.

What MDMs rewrite on their own is left out: Jamf replaces PayloadUUID, PayloadIdentifier and PayloadDisplayName, injects
defaults and trims texts (github.com/deploymenthetheory/terraform-provider-jamfpro, docs/plist_payloads.md;
github.com/Jamf-Concepts/terraform-provider-jamfplatform #157); Graph adds ids, dates and versions. An empty text, null
and an absent key are one thing there. The order of a list counts for nothing: no list of identifiers has one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mdm_policy.diff.model import Other
from mdm_policy.documents import elements, split

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mdm_policy.documents import Document

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
_INJECTED = frozenset({"PayloadEnabled", "PayloadRemovalDisallowed", "AllowUserOverrides", "PayloadScope"})
"""Keys a server adds with their default: they count only where both sides have them."""
_IGNORED_PAYLOADS = frozenset({"com.apple.profileRemovalPassword"})
_LONGEST = 80
_LAST_INDEX = re.compile(r".*/[0-9]+(?=/|\Z)", re.DOTALL)

Leaf = tuple[str, str, str]
"""The kind of a document, the place in it, and the value; `*` stands for the index in a list."""


def leaves(documents: Iterable[Document], acting: Mapping[str, Collection[str]]) -> set[Leaf]:
    """Return every value that no reader judges; `acting` are the pointers of the effects, by document."""
    found: set[Leaf] = set()
    for document in documents:
        skipped = {_item(pointer) for pointer in acting.get(document.name, ())}
        _leaves(document, "", skipped, found)
    return found


def others(old: set[Leaf], new: set[Leaf], kinds: Collection[str]) -> tuple[Other, ...]:
    """Return the keys that changed in kinds of documents both sides have."""
    places = {leaf[:2] for leaf in old} & {leaf[:2] for leaf in new}
    gone, added = _by_place(old - new), _by_place(new - old)
    made = []
    for place in sorted(gone.keys() | added.keys()):
        kind, pointer = place
        if kind not in kinds or (pointer.rpartition("/")[2] in _INJECTED and place not in places):
            continue
        made.append(Other(kind, pointer, _short(gone.get(place, ())), _short(added.get(place, ()))))
    return tuple(made)


def kinds_of(documents: Iterable[Document]) -> set[str]:
    """Return the kinds of documents and of all that is embedded in them."""
    found: set[str] = set()
    for document in documents:
        found.add(document.kind)
        found |= kinds_of(inner for _, inner in document.inner)
    return found


def _leaves(document: Document, prefix: str, skipped: Collection[str], found: set[Leaf]) -> None:
    """Gather from a document and from all that is inside it, each under its own kind and its own places."""
    held = {prefix + pointer: inner for pointer, inner in document.inner}
    beside = {*skipped, *held}
    walked = _xml(document.value, prefix) if document.format == "xml" else _plain(document.value, prefix, beside)
    for pointer, value in walked:
        if pointer in beside:
            continue
        parts = split(pointer[len(prefix) :])
        if _NAMES.isdisjoint(parts) and _JUDGED.isdisjoint(parts) and not _under(pointer, skipped):
            where = "".join(f"/{'*' if part.isdecimal() else part}" for part in parts)
            found.add((document.kind, where, value))
    for pointer, inner in held.items():
        _leaves(inner, pointer, skipped, found)


def _plain(value: Any, prefix: str, skipped: Collection[str]) -> Iterator[tuple[str, str]]:
    waiting = [(prefix, value)]
    while waiting:
        at, one = waiting.pop()
        if at in skipped:
            continue
        if isinstance(one, dict):
            if one.get("PayloadType") not in _IGNORED_PAYLOADS:
                waiting.extend((f"{at}/{_escaped(key)}", item) for key, item in one.items())
        elif isinstance(one, list):
            waiting.extend((f"{at}/{place}", item) for place, item in enumerate(one))
        elif one is not None and (not isinstance(one, str) or one.strip()):
            yield at, one.strip() if isinstance(one, str) else repr(one)


def _xml(root: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for at, element in elements(root):
        text = (element.text or "").strip()
        if text:
            yield prefix + at, text
        for name, value in element.attrib.items():
            yield f"{prefix}{at}/@{name!s}", str(value)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


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
