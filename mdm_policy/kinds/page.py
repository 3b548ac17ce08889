"""Read a page of objects: each object has its own effects and its own scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.documents import EmbeddedPart, pointer
from mdm_policy.kinds.collector import NOT_STATED, Collector
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdm_policy.documents import Document, Embedded
    from mdm_policy.reading import Reading

_RANK = {"nobody": 0, "groups": 1, "not-stated": 2, "everyone": 3}


def listed_objects(listed: list[Any], *where: str) -> Iterator[Embedded]:
    """Yield the objects of a list that stands at a place: each is a document by itself."""
    for index, item in enumerate(listed):
        if isinstance(item, dict):
            yield EmbeddedPart(pointer(*where, index), item)


def read_each(
    document: Document, read: Callable[[Document], tuple[Reading, list[str]]]
) -> list[tuple[Reading, list[str]]]:
    """Return one reading per object, under the page's path and with pointers into the page."""
    made = []
    for at, inner in document.inner:
        collector = Collector(document, read)
        reading = collector.lift(at, inner)
        own = collector.reading(reading.scope, reading.mdm, silent=True, name=reading.name, place=at + reading.place)
        made.append((msgspec.structs.replace(own, kind=inner.kind, identities=reading.identities), collector.places))
    return made


def read_page(c: Collector) -> Reading:
    """Read a whole page as one: where the scopes of its objects differ, the narrowest of them is what it reaches.

    It is the safe answer to a question about the page as a whole; to judge each object, use `read_each`.
    """
    scopes: list[Scope] = []
    mdm: set[str] = set()
    for at, inner in c.document.inner:
        reading = c.lift(at, inner)
        mdm.add(reading.mdm)
        if reading.effects:
            scopes.append(reading.scope)
    if not c.document.inner:
        c.say("warning", "page-empty", "the page holds no object that can be read", "/value")
    return c.reading(_narrowest(scopes), mdm.pop() if len(mdm) == 1 else "")


def _narrowest(scopes: list[Scope]) -> Scope:
    different = list(dict.fromkeys(scopes))
    if len(different) < 2:
        return different[0] if different else NOT_STATED
    states = sorted({scope.state for scope in different}, key=_RANK.__getitem__)
    excluded = tuple(sorted({name for scope in different for name in scope.excluded}, key=str))
    filtered = any(scope.filtered for scope in different)
    named = [set(scope.groups) for scope in different if scope.state == "groups"]
    groups = tuple(sorted(set.intersection(*named), key=str)) if named else ()
    return Scope(states[0], groups, excluded, filtered)
