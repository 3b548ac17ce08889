"""Lay banned apps out in columns, so that 100,000 of them are sorted by a few passes over whole columns.

Apps whose identifiers are of the same kinds in the same order stand together; a column then holds one identifier of each.
"""

from __future__ import annotations

from functools import cached_property
from operator import contains, eq
from typing import TYPE_CHECKING

from mdm_policy.decide.builds import compared
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdm_policy.decide.builds import Key
    from mdm_policy.decide.columns import KindOf
    from mdm_policy.model import BannedApp

Codes = dict[str, int]
"""What acts on each identifier of one kind, as a number."""


class Layout(Frozen, frozen=True):
    """Hold the apps of one layout: the places they have among all apps, the kinds, and a column for each of these."""

    places: Sequence[int]
    kinds: tuple[KindOf, ...]
    columns: Sequence[Sequence[str]]

    def of(self, *kinds: KindOf) -> list[Sequence[str]]:
        """Return the columns of some kinds."""
        return [column for kind, column in zip(self.kinds, self.columns, strict=True) if kind in kinds]


class Table:
    """Hold all apps, and the identifiers that are banned."""

    def __init__(self, apps: Iterable[BannedApp]) -> None:
        """Sort the apps by layout."""
        self.apps = tuple(apps)
        every = [i for app in self.apps for i in app.identifiers]
        families, kinds, values = [i.family for i in every], [i.kind for i in every], [i.value for i in every]
        found: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[list[int], list[int]]] = {}
        start = 0
        for place, app in enumerate(self.apps):
            end = start + len(app.identifiers)
            key = (tuple(families[start:end]), tuple(kinds[start:end]))
            known = found.get(key)
            if known is None:
                known = found[key] = ([], [])
            known[0].append(place)
            known[1].append(start)
            start = end
        self.layouts = tuple(
            Layout(
                places,
                tuple(zip(*layout, strict=True)),
                [[values[begin + nth] for begin in starts] for nth in range(len(layout[0]))],
            )
            for layout, (places, starts) in found.items()
        )
        self._values: dict[KindOf, set[str]] = {}

    def values(self, kind: KindOf) -> set[str]:
        """Return all banned identifiers of a kind as devices compare them."""
        if kind not in self._values:
            known = self._values[kind] = set()
            for column in [column for layout in self.layouts for column in layout.of(kind)]:
                known.update(map(str.lower, column) if kind[1] == "executable" else column)
        return self._values[kind]

    @cached_property
    def owners(self) -> dict[Key, BannedApp]:
        """Map each banned identifier to its app, the last of them where several have it."""
        return {compared(i.key): app for app in self.apps for i in app.identifiers}


def marks(layout: Layout, acts: Mapping[KindOf, Codes]) -> list[Iterable[object]]:
    """Return columns that tell apart all apps of a layout whose builds are not made up, or acted on, alike.

    They may tell more apps apart than need be, never fewer. What matches a build, and which identifiers are builds of
    their own, is said in `builds`, of which this is the counterpart in columns; that a package is named twice makes no
    difference, since the worst build counts.
    """
    found: list[Iterable[object]] = []
    qualified: list[list[str]] = []
    for kind, column in zip(layout.kinds, layout.columns, strict=True):
        if kind == ("macos", "signing_id"):
            parts = [value.partition(":") for value in column]
            qualified.append([part[2] for part in parts])
            found += _acted(acts, ("macos", "team_id"), [part[0] for part in parts])
            found += _acted(acts, ("macos", "bundle_id"), qualified[-1])
        elif kind == ("macos", "process_name"):
            found += _acted(acts, kind, [v.removesuffix(".app") if v.endswith(".app") else f"{v}.app" for v in column])
        elif kind == ("windows", "package_family_name"):
            found += _acted(acts, ("windows", "appx_name"), [value.rpartition("_")[0] for value in column])
        elif kind == ("windows", "publisher"):
            found.append([value.startswith("CN=") for value in column])
        found += _acted(acts, kind, column)
    bare = layout.of(("macos", "bundle_id"))
    if len(qualified) == 1:
        found += [map(eq, column, qualified[0]) for column in bare]
    elif qualified:
        rows = list(map(frozenset, zip(*qualified, strict=True)))
        found += [map(contains, rows, column) for column in bare]
    return found


def _acted(acts: Mapping[KindOf, Codes], kind: KindOf, values: Sequence[str]) -> list[Iterable[object]]:
    """Return what acts on each of some identifiers; nothing, when nothing acts on any of the kind."""
    known = acts.get(kind)
    if not known:
        return []
    return [map(known.get, map(str.lower, values) if kind[1] == "executable" else values)]
