"""Work through the effects of documents a column at a time, as devices compare them: no object for each of 100,000."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.model import Effects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mdm_policy.decide.builds import Key
    from mdm_policy.model import Column, Reading

KindOf = tuple[str, str]
"""A family and a kind of identifier."""


def values_of(column: Column) -> Sequence[str]:
    """Return a column's identifiers as devices compare them: `builds.compared`, for all of them."""
    return [value.lower() for value in column.values] if column.kind == "executable" else column.values


def by_kind(keys: Iterable[Key]) -> dict[KindOf, set[str]]:
    """Sort keys into the values of each family and kind."""
    found: dict[KindOf, set[str]] = {}
    for family, kind, value in keys:
        found.setdefault((family, kind), set()).add(value)
    return found


def places_in(column: Column, wanted: Collection[str]) -> list[int]:
    """Return where a column holds any of some compared values."""
    return [place for place, value in enumerate(values_of(column)) if value in wanted]


def select(reading: Reading, wanted: Mapping[KindOf, set[str]], whole: Collection[str] = ()) -> Reading:
    """Return a reading with the effects on some identifiers alone, and with all on the families in `whole`."""
    kept: list[Column] = []
    for column in reading.columns:
        if column.family in whole:
            kept.append(column)
            continue
        places = places_in(column, wanted.get((column.family, column.kind), ()))
        if places:
            kept.append(column.only(places))
    return msgspec.structs.replace(reading, effects=Effects(kept))
