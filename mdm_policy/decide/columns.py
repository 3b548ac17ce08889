"""Work through the effects of documents a column at a time, as devices compare them: no object for each of 100,000."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from itertools import compress, count, repeat
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide.builds import folded
from mdm_policy.reading import Effects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mdm_policy.decide.builds import Key
    from mdm_policy.reading import Column, Reading

KindOf = tuple[str, str]
"""A family and a kind of identifier."""


def values_of(column: Column) -> Sequence[str]:
    """Return a column's identifiers as devices compare them: `builds.compared`, for all of them."""
    return folded(column.kind, column.values)


def by_kind(keys: Iterable[Key]) -> dict[KindOf, set[str]]:
    """Sort keys into the values of each family and kind."""
    found: dict[KindOf, set[str]] = {}
    for family, kind, value in keys:
        found.setdefault((family, kind), set()).add(value)
    return found


def places_in(column: Column, wanted: Collection[str]) -> list[int]:
    """Return where a column holds any of some compared values."""
    values = values_of(column)
    if len(wanted) > 1:
        return list(compress(count(), map(wanted.__contains__, values)))
    return [place for value in wanted for place in _every(values, value)]


def _every(values: Sequence[str], value: str) -> Iterator[int]:
    """Yield where a value stands: looking for one by comparing takes a third of what asking a set for each entry does."""
    place = -1
    with suppress(ValueError):
        while True:
            place = values.index(value, place + 1)
            yield place


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


class Sets:
    """Number sets of numbers: equal sets have the same number, and the empty one has 0."""

    def __init__(self) -> None:
        """Start with the empty set."""
        self._sets: list[tuple[int, ...]] = [()]
        self._numbers: dict[tuple[int, ...], int] = {(): 0}

    def __getitem__(self, code: int) -> tuple[int, ...]:
        """Return the set of a number, sorted."""
        return self._sets[code]

    def number(self, members: Iterable[int]) -> int:
        """Return the number of a set."""
        wanted = tuple(sorted(set(members)))
        found = self._numbers.setdefault(wanted, len(self._sets))
        if found == len(self._sets):
            self._sets.append(wanted)
        return found

    def joined(self, code: int, *members: int) -> int:
        """Return the number of a set with more members."""
        return self.number((*self._sets[code], *members))


def _alike(added: Iterable[tuple[int, Column]]) -> Iterable[tuple[list[int], Column]]:
    """Put together what acts on equal columns: one ban list in seven documents is seven equal lists."""
    found: list[tuple[list[int], Column]] = []
    for number, column in added:
        same = next((numbers for numbers, other in found if other.values == column.values), None)
        if same is None:
            found.append(([number], column))
        else:
            same.append(number)
    return found


_FEW = 32
"""As many columns of a kind are passed over whole; more than that are so short that each identifier is looked at."""


class Acts:
    """Hold what acts on each identifier: acts are numbers, a set of them is one number, told in `codes` kind by kind."""

    def __init__(self, sets: Sets | None = None) -> None:
        """Start with none; maps that are to be compared share their sets."""
        self._added: dict[KindOf, list[tuple[int, Column]]] = {}
        self._codes: dict[KindOf, dict[str, int]] = {}
        self._sets = sets or Sets()

    @property
    def codes(self) -> dict[KindOf, dict[str, int]]:
        """Return the set that acts on each identifier, as a number."""
        for kind, added in self._added.items():
            known = self._codes.setdefault(kind, {})
            if len(added) > _FEW:
                self._one_by_one(known, added)
                continue
            for numbers, column in _alike(added):
                self._at_once(known, numbers, column)
        self._added = {}
        return self._codes

    def on(self, key: Key) -> tuple[int, ...]:
        """Return the acts on an identifier, sorted."""
        return self._sets[self.codes.get(key[:2], {}).get(key[2], 0)]

    def add(self, number: int, column: Column) -> None:
        """Let one more act on all identifiers of a column."""
        self._added.setdefault((column.family, column.kind), []).append((number, column))

    def _at_once(self, known: dict[str, int], numbers: Sequence[int], column: Column) -> None:
        values = values_of(column)
        if not known:
            known.update(dict.fromkeys(values, self._sets.joined(0, *numbers)))
            return
        before = list(map(known.get, values))
        after = {code: self._sets.joined(code or 0, *numbers) for code in set(before)}
        known.update(zip(values, map(after.__getitem__, before), strict=True))

    def _one_by_one(self, known: dict[str, int], added: Iterable[tuple[int, Column]]) -> None:
        acts: defaultdict[str, list[int]] = defaultdict(list)
        for number, column in added:
            for value in values_of(column):
                acts[value].append(number)
        for value, numbers in acts.items():
            known[value] = self._sets.joined(known.get(value, 0), *numbers)

    def beside(self, other: Acts, *, every: bool = False) -> dict[tuple[KindOf, int, int], list[str]]:
        """Sort identifiers by kind and by what acts on them here and there, as the numbers of two sets.

        Those on which the same acts on both sides are left out, unless `every` asks for them.
        """
        found: dict[tuple[KindOf, int, int], list[str]] = {}
        for kind in sorted(self.codes.keys() | other.codes.keys()):
            mine, theirs = self.codes.get(kind, {}), other.codes.get(kind, {})
            values = list(mine) if every else [value for value, code in mine.items() if theirs.get(value) != code]
            values += [value for value in theirs if value not in mine]
            values.sort()
            alike: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
            codes = zip(map(mine.get, values, repeat(0)), map(theirs.get, values, repeat(0)), strict=True)
            for value, both in zip(values, codes, strict=True):
                alike[both].append(value)
            found.update({(kind, *both): members for both, members in alike.items()})
        return found

    def keys(self) -> set[Key]:
        """Return the identifiers on which anything acts."""
        return {(*kind, value) for kind, known in self.codes.items() for value in known}
