"""Lay banned apps out in columns, so that 100,000 of them are sorted by a few passes over whole columns.

Apps whose identifiers are of the same kinds and roles in the same order stand together; a column then holds one identifier of each.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from operator import contains, eq
from typing import TYPE_CHECKING

from mdm_policy.decide.builds import compared, folded
from mdm_policy.joined import FOLDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdm_policy.decide.builds import Key
    from mdm_policy.decide.columns import KindOf
    from mdm_policy.model import BannedApp, Identifier
    from mdm_policy.vocabulary import Family, Kind, Role

_JOINED = ("product_name", "original_file_name", "publisher_cn", "certificate", "publisher")
"""Kinds of Windows that a rule may ask for at once: what acts on a combination stands in no column."""
NAMING = ("bundle_id", "package_name")
"""Kinds that name an app on one platform, and may be mistaken for those of another."""
Codes = dict[str, int]
"""What acts on each identifier of one kind, as a number."""


class TableLayout:
    """Hold the apps of one layout: the places they have among all apps, the kinds, and a column for each of these."""

    def __init__(self, kinds: tuple[KindOf, ...], every: Sequence[Identifier]) -> None:
        """Start without apps; `every` are the identifiers of all apps of all layouts."""
        self.kinds = kinds
        self.places: list[int] = []
        self._every = every
        self._stretches: list[slice] = []
        self._columns: dict[int, list[str]] = {}

    def take(self, places: range, start: int) -> None:
        """Take apps that follow one another, whose identifiers begin at `start`."""
        self.places += places
        self._stretches.append(slice(start, start + len(places) * len(self.kinds)))

    def column(self, nth: int) -> list[str]:
        """Return what the apps have at one place of the layout; made when somebody asks, which few kinds see."""
        found = self._columns.get(nth)
        if found is None:
            size = len(self.kinds)
            found = self._columns[nth] = [
                one.value for each in self._stretches for one in self._every[each.start + nth : each.stop : size]
            ]
        return found

    def of(self, *kinds: KindOf) -> list[list[str]]:
        """Return the columns of some kinds."""
        return [self.column(nth) for nth, kind in enumerate(self.kinds) if kind in kinds]


class AppTable:
    """Hold all apps, and the identifiers that are banned."""

    def __init__(self, apps: Iterable[BannedApp]) -> None:
        """Sort the apps by layout."""
        self.apps = tuple(apps)
        listed = [app.identifiers for app in self.apps]
        every = list(chain.from_iterable(listed))
        words = ([one.family for one in every], [one.kind for one in every], [one.role for one in every])
        found: dict[tuple[tuple[str, ...], ...], TableLayout] = {}
        start = 0
        for places, families, kinds, roles in _stretches(list(map(len, listed)), *words):
            key = (tuple(families), tuple(kinds), tuple(roles))
            known = found.get(key)
            if known is None:
                known = found[key] = TableLayout(tuple(zip(families, kinds, strict=True)), every)
            known.take(places, start)
            start += len(places) * len(kinds)
        self.layouts = tuple(found.values())
        self._values: dict[KindOf, set[str]] = {}
        self._folded: dict[KindOf, set[str]] = {}

    def values(self, kind: KindOf) -> set[str]:
        """Return all banned identifiers of a kind as devices compare them."""
        if kind not in self._values:
            known = self._values[kind] = set()
            for column in [column for layout in self.layouts for column in layout.of(kind)]:
                known.update(folded(kind[1], column))
        return self._values[kind]

    @cached_property
    def names(self) -> set[str]:
        """Return all banned bundle ids and packages, of whatever platform."""
        kinds = {kind for layout in self.layouts for kind in layout.kinds if kind[1] in NAMING}
        return set().union(*map(self.values, kinds))

    def folded(self, kind: KindOf) -> set[str]:
        """Return all banned identifiers of a kind without regard to case."""
        if kind not in self._folded:
            self._folded[kind] = set(map(str.casefold, self.values(kind)))
        return self._folded[kind]

    @cached_property
    def owners(self) -> dict[Key, BannedApp]:
        """Map each banned identifier to its app, the last of them where several have it."""
        return {compared(i.key): app for app in self.apps for i in app.identifiers}


def _stretches(
    sizes: Sequence[int], families: list[Family], kinds: list[Kind], roles: list[Role]
) -> Iterator[tuple[range, list[Family], list[Kind], list[Role]]]:
    """Yield the places of apps that follow one another and are of one layout, with that layout, in order.

    How far a stretch goes is found by comparing twice as many apps each time, and half as many from the first that
    differs on: lists are compared whole.
    """
    place = start = 0
    while place < len(sizes):
        size = sizes[place]
        layout = families[start : start + size], kinds[start : start + size], roles[start : start + size]
        end, step, growing = place + 1, 1, True
        start += size
        while step:
            stop = start + step * size
            alike = (
                sizes[end : end + step] == [size] * step
                and families[start:stop] == layout[0] * step
                and kinds[start:stop] == layout[1] * step
                and roles[start:stop] == layout[2] * step
            )
            if alike:
                end, start = end + step, stop
            growing = growing and alike
            step = 2 * step if growing else step // 2
        yield range(place, end), *layout
        place = end


def marks(layout: TableLayout, acts: Mapping[KindOf, Codes]) -> list[Iterable[object]]:
    """Return columns that tell apart all apps of a layout whose builds are not made up, or acted on, alike.

    They may tell more apps apart than need be, never fewer. What matches a build, and which identifiers are builds of
    their own, is said in `builds`, of which this is the counterpart in columns; that a package is named twice makes no
    difference, since the worst build counts.
    """
    found: list[Iterable[object]] = []
    qualified: list[Sequence[str]] = []
    for nth, kind in enumerate(layout.kinds):
        if kind == ("macos", "signing_id"):
            column = layout.column(nth)
            qualified.append([value.partition(":")[2] for value in column])
            found += _acted(acts, ("macos", "team_id"), (value.partition(":")[0] for value in column))
            found += _acted(acts, ("macos", "bundle_id"), qualified[-1])
        elif kind == ("macos", "process_name"):
            found += _acted(acts, kind, map(_other_form, layout.column(nth)))
        elif kind == ("windows", "package_family_name") and acts.get(("windows", "appx_name")):
            names = [value.rpartition("_")[0] for value in layout.column(nth)]
            found += _acted(acts, ("windows", "appx_name"), names)
        elif kind == ("windows", "publisher"):
            found.append([value.startswith("CN=") for value in layout.column(nth)])
        elif kind == ("windows", "executable"):
            found += _acted(acts, ("windows", "original_file_name"), layout.column(nth))
        if kind[0] == "windows" and kind[1] in _JOINED and any(acts.get(("windows", one)) for one in _JOINED[:3]):
            found.append(layout.column(nth))
        elif acts.get(kind):
            found += _acted(acts, kind, layout.column(nth))
    bare = layout.of(("macos", "bundle_id"))
    if len(qualified) == 1:
        found += [map(eq, column, qualified[0]) for column in bare]
    elif qualified:
        rows = list(map(frozenset, zip(*qualified, strict=True)))
        found += [map(contains, rows, column) for column in bare]
    return found


def _other_form(name: str) -> str:
    return name.removesuffix(".app") if name.endswith(".app") else f"{name}.app"


def _acted(acts: Mapping[KindOf, Codes], kind: KindOf, values: Iterable[str]) -> list[Iterable[object]]:
    """Return what acts on each of some identifiers; nothing, when nothing acts on any of the kind."""
    known = acts.get(kind)
    if not known:
        return []
    fold = FOLDED.get(kind[1])
    return [map(known.get, values if fold is None else map(fold, values))]
