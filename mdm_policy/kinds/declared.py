"""Read a document no reader knows the way a user's manifest says: by where its blocked identifiers stand.

What is found rests on the manifest's word, not on a vendor fact, so the reading says it is not modelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.documents import elements, pointer, split
from mdm_policy.reading import Effect, Reading, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.documents import Document
    from mdm_policy.reading import Rule
    from mdm_policy.vocabulary import Family, Kind


def declared(document: Document, places: Sequence[tuple[str, Family, Kind, Rule]]) -> Reading:
    """Read the identifiers at each pattern: a JSON pointer in which `*` stands for any key or index.

    Each place comes with the kind of identifier it holds and the rule its manifest claims. In XML a pattern's parts are
    element names, `*` any of them, and the place among siblings of one name does not matter: a list of one app has no
    index. The text of each element that matches is an identifier.
    """
    effects = tuple(
        Effect(rule, family, kind, value, where)
        for pattern, family, kind, rule in places
        for where, value in _matches(document, split(pattern))
    )
    rules = tuple(rule for *_, rule in places)
    return Reading(document.name, document.kind, effects, rules, Scope(), (), modelled=False)


def _matches(document: Document, pattern: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if document.format == "xml":
        for where, element in elements(document.value):
            parts = [part for part in split(where) if not part.isdecimal()]
            if len(parts) == len(pattern) and all(p in ("*", part) for p, part in zip(pattern, parts, strict=True)):
                yield where, (element.text or "").strip()
        return
    yield from _walk(document.value, pattern, ())


def _walk(value: Any, pattern: tuple[str, ...], path: tuple[str | int, ...]) -> Iterator[tuple[str, str]]:
    if not pattern:
        if isinstance(value, str):
            yield pointer(*path), value
        return
    first, rest = pattern[0], pattern[1:]
    if isinstance(value, dict):
        for key in value if first == "*" else [first] if first in value else []:
            yield from _walk(value[key], rest, (*path, key))
    elif isinstance(value, list) and first == "*":
        for index, item in enumerate(value):
            yield from _walk(item, rest, (*path, index))
