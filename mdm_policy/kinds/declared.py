"""Read a document no reader knows the way a user's manifest says: by where its blocked identifiers stand.

What is found rests on the manifest's word, not on a vendor fact, so the reading says it is not modelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.documents import elements, pointer, split
from mdm_policy.reading import Effect, Fact, Reading, Rule, Scope
from mdm_policy.vocabulary import Family, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Protocol

    from mdm_policy.documents import Document
    from mdm_policy.vocabulary import Strength, Verdict

    class Claimed(Protocol):
        """Have what a manifest claims of the identifiers at one place; `platforms` are versions as text."""

        @property
        def verdict(self) -> Verdict: ...  # noqa: D102 - the fields of a rule
        @property
        def strength(self) -> Strength: ...  # noqa: D102
        @property
        def platforms(self) -> Mapping[str, str]: ...  # noqa: D102
        @property
        def supervised(self) -> bool | None: ...  # noqa: D102
        @property
        def enrollments(self) -> tuple[str, ...]: ...  # noqa: D102
        @property
        def modes(self) -> tuple[str, ...]: ...  # noqa: D102
        @property
        def sides(self) -> tuple[str, ...]: ...  # noqa: D102
        @property
        def origins(self) -> tuple[str, ...]: ...  # noqa: D102
        @property
        def source(self) -> str: ...  # noqa: D102


Place = tuple[str, Family, Kind, Rule]
"""A pattern, what stands there, and the rule that is claimed for it."""
_MOST_DIGITS = 9
"""Digits read of one part of a version; Python refuses to read thousands of them."""


def declared_rule(name: str, claim: Claimed) -> Rule:
    """Make the rule a manifest claims under a name; it rests on that word alone, and says so."""
    return Rule(
        f"declared-{name}",
        "declared",
        "block",
        claim.verdict,
        claim.strength,
        Fact("declared by the target's manifest, not modelled", claim.source),
        introduced={
            platform: tuple(int(part[:_MOST_DIGITS]) for part in version.split(".") if part.isdecimal())
            for platform, version in claim.platforms.items()
        },
        supervised=claim.supervised,
        enrollments=claim.enrollments,
        modes=claim.modes,
        sides=claim.sides,
        origins=claim.origins,
    )


def declared(document: Document, places: Sequence[Place]) -> Reading:
    """Read the identifiers at each pattern: a JSON pointer in which `*` stands for any key or index.

    Each place comes with the kind of identifier it holds and the rule its manifest claims. In XML a pattern's parts are
    element names, `*` any of them, and the place among siblings of one name does not matter: a list of one app has no
    index. The text of each element that matches is an identifier.
    """
    rules = tuple(msgspec.structs.replace(rule, mechanism="declared") for *_, rule in places)
    effects = tuple(
        Effect(rule, family, kind, value, where)
        for (pattern, family, kind, _), rule in zip(places, rules, strict=True)
        for where, value in _matches(document, split(pattern))
    )
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
