"""Lay banned apps out in columns, so that 100,000 of them are sorted by a few passes over whole columns.

Apps whose identifiers are of the same kinds in the same order stand together; a column then holds one identifier of each.
"""

from __future__ import annotations

from functools import cached_property
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
        places: dict[tuple[KindOf, ...], list[int]] = {}
        for place, app in enumerate(self.apps):
            places.setdefault(tuple([(i.family, i.kind) for i in app.identifiers]), []).append(place)
        self.layouts = tuple(self._layout(kinds, found) for kinds, found in places.items())

    def _layout(self, kinds: tuple[KindOf, ...], places: Sequence[int]) -> Layout:
        rows = [[i.value for i in self.apps[place].identifiers] for place in places]
        return Layout(places, kinds, list(zip(*rows, strict=True)))

    @cached_property
    def values(self) -> dict[KindOf, set[str]]:
        """Return all banned identifiers as devices compare them, by kind."""
        found: dict[KindOf, set[str]] = {}
        for layout in self.layouts:
            for kind, column in zip(layout.kinds, layout.columns, strict=True):
                known = found.setdefault(kind, set())
                known.update(map(str.lower, column) if kind[1] == "executable" else column)
        return found

    @cached_property
    def owners(self) -> dict[Key, BannedApp]:
        """Map each banned identifier to its app, the last of them where several have it."""
        return {compared(i.key): app for app in self.apps for i in app.identifiers}


def marks(layout: Layout, acts: Mapping[KindOf, Codes]) -> list[Iterable[object]]:
    """Return columns that tell apart all apps of a layout whose builds are not made up, or acted on, alike.

    They may tell more apps apart than need be, never fewer: what matches a build, and in which way builds share
    identifiers, is `builds.plans`, of which this is the counterpart in columns.
    """
    found: list[Iterable[object]] = []
    for kind, column in zip(layout.kinds, layout.columns, strict=True):
        for wanted, values in _compared(kind, column):
            known = acts.get(wanted)
            if known:
                found.append(map(known.get, values))
    return found + _shared(layout)


def _compared(kind: KindOf, column: Sequence[str]) -> list[tuple[KindOf, Iterable[str]]]:
    """Return the keys that an identifier of a kind gives to a build."""
    family, name = kind
    if name == "signing_id":
        parts = [value.partition(":") for value in column]
        teams, bundles = [part[0] for part in parts], [part[2] for part in parts]
        return [(kind, column), ((family, "team_id"), teams), ((family, "bundle_id"), bundles)]
    if name == "process_name":
        others = [value.removesuffix(".app") if value.endswith(".app") else f"{value}.app" for value in column]
        return [(kind, column), (kind, others)]
    if name == "package_family_name":
        return [((family, "appx_name"), [value.rpartition("_")[0] for value in column])]
    if name == "executable":
        return [(kind, map(str.lower, column))]
    return [(kind, column)]


def _shared(layout: Layout) -> list[Iterable[object]]:
    """Return what tells apart apps that have the same kinds of identifiers and yet other builds."""
    found: list[Iterable[object]] = []
    signed, bundles = layout.of(("macos", "signing_id")), layout.of(("macos", "bundle_id"))
    if signed and bundles:
        qualified = zip(*[[value.partition(":")[2] for value in column] for column in signed], strict=True)
        pairs = zip(zip(*bundles, strict=True), qualified, strict=True)
        found.append([tuple([name in known for name in names]) for names, known in pairs])
    packages = layout.of(("windows", "appx_name"))
    packages += [[v.rpartition("_")[0] for v in column] for column in layout.of(("windows", "package_family_name"))]
    if len(packages) > 1:
        found.append([tuple([names.index(name) for name in names]) for names in zip(*packages, strict=True)])
    found += [[value[:3] == "CN=" for value in column] for column in layout.of(("windows", "publisher"))]
    return found
