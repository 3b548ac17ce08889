"""Account for every value of a document: which of them no effect holds, and which of these may concern an app.

`verify` names what is unjudged, and `diff` gives a change of it no direction. What embedded documents hold is accounted
for under their own kinds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mdm_policy.documents import elements, split
from mdm_policy.kinds.keys import QUIET, Keys
from mdm_policy.kinds.registry import kind_named
from mdm_policy.reading import Run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mdm_policy.documents import Document
    from mdm_policy.kinds.keys import Role
    from mdm_policy.reading import Column

_INDEX = re.compile(r"/[0-9]+(?=/|\Z)")
_LAST_INDEX = re.compile(r".*/[0-9]+(?=/|\Z)", re.DOTALL)
_MOST_KNOWN = 10_000
"""Of how many places of an XML document the role is kept; one that has more has few alike."""


class Leaf(msgspec.Struct, frozen=True, order=True, gc=False):
    """Hold a value that no effect holds.

    `where` is its place with `*` for the index in a list. `unit` is the place of the topmost thing around it that is
    unjudged, with what that says it is in brackets, and empty where a whole document is, or where the value is `harmless`.
    """

    kind: str
    role: Role
    unit: str
    where: str
    value: str


class Unjudged(NamedTuple):
    """Name a part of a document that no reader judges: its exact place, the same with `*` for indexes, and its kind."""

    pointer: str
    unit: str
    kind: str


def leaves(document: Document, columns: Iterable[Column]) -> Iterator[tuple[Leaf, str]]:
    """Yield every value of a document, and of all that is inside it, that no effect holds, with its exact pointer.

    `columns` are the effects of the document, with pointers from its root. The order of lists does not count, and white
    space around texts does not.
    """
    yield from _of_document(document, "", _Served(columns))


def unjudged(document: Document, columns: Iterable[Column]) -> tuple[Unjudged, ...]:
    """Return the parts of a document that no reader judges, each once, in order of their places."""
    found: dict[tuple[str, str], Unjudged] = {}
    for leaf, pointer in leaves(document, columns):
        if leaf.role == "unjudged":
            found.setdefault((leaf.kind, leaf.unit), Unjudged(pointer, leaf.unit, leaf.kind))
    return tuple(sorted(found.values()))


class _Served:
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


def _item(pointer: str) -> str:
    """Return the entry of a list that an effect's pointer leads into."""
    found = _LAST_INDEX.search(pointer)
    return pointer[: found.end()] if found else pointer


def _of_document(document: Document, prefix: str, served: _Served) -> Iterator[tuple[Leaf, str]]:
    held = {prefix + pointer: inner for pointer, inner in document.inner}
    keys = kind_named(document.kind).keys
    if document.format == "xml":
        found = _xml(document, prefix, keys, served, held)
    else:
        found = _plain(document, prefix, keys, served, held)
    yield from found
    for pointer, inner in held.items():
        yield from _of_document(inner, pointer, served)


class _At(msgspec.Struct, frozen=True, gc=False):
    """Hold where a walk stands: the exact pointer, the place with `*`, the keys or role there, and the unit."""

    pointer: str
    where: str
    keys: Role | Keys
    unit: str | None
    served: bool


def _plain(
    document: Document, prefix: str, keys: Role | Keys, served: _Served, held: Collection[str]
) -> Iterator[tuple[Leaf, str]]:
    """Walk down plain data to the values that nobody has judged, the last of each dictionary and list first."""
    kind = document.kind
    top = _at(_At(prefix, "", keys, None, prefix in served.pointers), keys)
    waiting: list[Iterator[tuple[_At, Any]]] = [iter([(top, document.value)])]
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
            continue
        at, value = found
        if at.pointer in held and at.pointer != prefix:
            continue
        if isinstance(value, dict):
            waiting.append(_entries(at, value, served.pointers))
        elif isinstance(value, list):
            waiting.append(_items(at, value, served))
        else:
            text = value.strip() if isinstance(value, str) else "" if value is None else repr(value)
            if text and not at.served:
                role: Role = "harmless" if at.keys == "harmless" else "unjudged"
                yield Leaf(kind, role, (at.unit or "") if role == "unjudged" else "", at.where, text), at.pointer


def _at(at: _At, keys: Role | Keys, name: str = "") -> _At:
    """Go on with other keys; where they are unjudged as a whole, the unit begins here, with what it says it is."""
    if keys == "unjudged" and at.unit is None:
        return _At(at.pointer, at.where, keys, f"{at.where}{name}" if name else at.where, at.served)
    return _At(at.pointer, at.where, keys, at.unit, at.served)


def _entries(at: _At, value: dict[str, Any], pointers: Collection[str]) -> Iterator[tuple[_At, Any]]:
    keys, name = at.keys, ""
    while isinstance(keys, Keys) and keys.choose is not None:
        name = keys.named(value) if keys.named is not None else name
        keys = keys.choose(value)
    if not isinstance(keys, Keys):
        if keys in QUIET or at.served:
            return
        whole = _at(at, keys, f"({name})" if name else "")
        for key, item in reversed(value.items()):
            yield _below(whole, key, keys, pointers), item
        return
    if at.served and (keys.rest == "served" or value.keys() <= keys.quiet):
        return
    for key, item in reversed(value.items()):
        role = keys.roles.get(key, keys.rest)
        if role in QUIET or (role == "served" and at.served):
            continue
        yield _below(at, key, "unjudged" if role == "served" else role, pointers), item


def _below(at: _At, key: str, role: Role | Keys, pointers: Collection[str]) -> _At:
    part = _escaped(key)
    pointer = f"{at.pointer}/{part}"
    if key.isdecimal():
        where = f"{at.where}/*"
    else:  # most often the two are the same text
        where = pointer if part is key and at.where == at.pointer else f"{at.where}/{key}"
    return _at(_At(pointer, where, role, at.unit, pointer in pointers), role)


def _items(at: _At, value: list[Any], served: _Served) -> Iterator[tuple[_At, Any]]:
    """Yield the entries of a list; a text that an effect holds says nothing more, a dictionary may."""
    places: Collection[int] = served.places.get(at.pointer, ())
    where = f"{at.where}/*"
    plain = not isinstance(at.keys, Keys)
    if plain and len(places) == len(value):
        return
    pointers = served.pointers
    for place in range(len(value) - 1, -1, -1):
        item, pointer = value[place], f"{at.pointer}/{place}"
        serving = at.served or place in places or pointer in pointers
        if serving and (plain or not isinstance(item, dict | list)):
            continue
        yield _At(pointer, where, at.keys, at.unit, serving), item


def _xml(
    document: Document, prefix: str, keys: Role | Keys, served: _Served, held: Mapping[str, Any]
) -> Iterator[tuple[Leaf, str]]:
    """Go through the texts and attributes of every element; what a place is in its kind is worked out once for all alike."""
    known: dict[tuple[str, str, bool], tuple[Role, int]] = {}
    pointers = served.pointers
    for at, element in elements(document.value):
        whole = prefix + at
        if held and (whole in held or _within(whole, held)):
            continue
        around = whole in pointers or _within(whole, pointers)
        text = (element.text or "").strip()
        alike = _INDEX.sub("/*", at)
        for name, value in _texts(text, element):
            pointer = f"{whole}/@{name}" if name else whole
            if name and pointer in held:
                continue
            serving = around or pointer in pointers
            mark = (alike, name, serving)
            found = known.get(mark)
            if found is None:
                parts = split(f"{at}/@{name}" if name else at)
                found = _role(keys, parts[1:], value, serving=serving)
                if len(known) < _MOST_KNOWN and not _asks_for_value(keys, parts[1:]):
                    known[mark] = found
            role, depth = found
            if role in QUIET or role == "served":
                continue
            parts = split(f"{at}/@{name}" if name else at)
            starred = _starred(parts)
            where = pointer if starred == pointer else starred  # most often the two are the same text
            unit = (where if depth + 1 >= len(parts) else _starred(parts[: depth + 1])) if role == "unjudged" else ""
            yield Leaf(document.kind, role, unit, where, value), pointer


def _texts(text: str, element: Any) -> Iterator[tuple[str, str]]:
    """Yield the text of an element, under no name, and its attributes."""
    if text:
        yield "", text
    for name, value in element.attrib.items():
        yield str(name), str(value)


def _asks_for_value(keys: Role | Keys, parts: Sequence[str]) -> bool:
    """Tell whether it depends on the text at a place what that place is."""
    for part in parts:
        if not isinstance(keys, Keys):
            return False
        if keys.empty:
            return True
        if not part.isdecimal():
            keys = keys.roles.get(part, keys.rest)
    return False


def _role(keys: Role | Keys, parts: Sequence[str], value: str, *, serving: bool) -> tuple[Role, int]:
    """Return the role of a text under some tags, and how many of them lead to where it is decided."""
    for depth, part in enumerate(parts, 1):
        if not isinstance(keys, Keys):
            return _decided(keys, serving=serving), depth - 1
        if value in keys.empty.get(part, ()):
            return "name", depth
        if not part.isdecimal():
            keys = keys.roles.get(part, keys.rest)
    return _decided("unjudged" if isinstance(keys, Keys) else keys, serving=serving), len(parts)


def _decided(role: Role, *, serving: bool) -> Role:
    if serving:
        return "served" if role in ("served", "unjudged") else role
    return "unjudged" if role == "served" else role


def _starred(parts: Iterable[str]) -> str:
    return "".join(f"/{'*' if part.isdecimal() else part}" for part in parts)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def _within(pointer: str, around: Collection[str]) -> bool:
    """Tell whether a pointer leads below one of some others."""
    cut = pointer.rfind("/")
    while cut > 0:
        if pointer[:cut] in around:
            return True
        cut = pointer.rfind("/", 0, cut)
    return False
