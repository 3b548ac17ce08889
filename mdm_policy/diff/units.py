"""Say what is compared: each build of an app that one of the sides names, under the name a person knows it by.

An identifier that the given lists or the catalogue know stands for its app's build, so that a bundle id on one side and
the same program's signing id on the other are one thing. Any other identifier is a thing of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mdm_policy.catalogue import folded_key
from mdm_policy.decide.builds import Key, compared, plan
from mdm_policy.decide.columns import KindOf
from mdm_policy.decide.web import above
from mdm_policy.derived import derive
from mdm_policy.errors import Origin
from mdm_policy.model import BannedApp, CatalogueApp, Frozen, Identifier
from mdm_policy.vocabulary import FAMILIES, FAMILY_OF, KINDS, PLATFORMS, Family, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.decide.builds import Build
    from mdm_policy.model import CatalogueVendor
    from mdm_policy.vocabulary import Platform

_NOWHERE = Origin("")
_FIRST: dict[str, Platform] = {
    family: next(p for p in PLATFORMS if FAMILY_OF[p] == family) for family in FAMILY_OF.values()
}
ANYTHING = "*"
"""The identifier of the app that no document names: what becomes of it shows what an allow list does to all others."""
_WIDE = frozenset({"team_id", "publisher"})
"""Kinds that name a vendor: what blocks one blocks more than the apps that are known."""
_MANIFOLD = _WIDE | {"signing_id", "process_name"}
"""Kinds of which another identifier may match the same build."""
_SIGNED: KindOf = ("macos", "signing_id")
_BUNDLE: KindOf = ("macos", "bundle_id")
_TEAM: KindOf = ("macos", "team_id")
_ANY_KINDS: dict[Family, tuple[Kind, ...]] = {
    "ios": ("bundle_id",),
    "macos": ("bundle_id",),
    "android": ("package_name",),
    "windows": ("appx_name", "executable"),
}

IsNamed = Callable[[KindOf, str], bool]
"""Tells whether any of the compared sides has a rule on an identifier."""


class Unit(Frozen, frozen=True):
    """Hold one build of an app, or a lone identifier: what is judged on both sides.

    `groups` are the sets of keys that match it, `keys` all of them; `app` has this one build. A `raw` unit is an
    identifier that makes no build (an address, a code hash): it is judged by the rules on it alone.

    A lone identifier may stand for others: `members` are all of them, itself the first. Nobody knows them and the same
    rules act on them, so what is judged of one is true of all.
    """

    key: str
    name: str
    family: Family
    shown: tuple[str, ...]
    app: BannedApp
    groups: tuple[tuple[Key, ...], ...]
    raw: bool = False
    part_of: tuple[str, ...] = ()
    """The builds of its app that the identifier helps to match, but does not match alone."""
    members: Sequence[str] = ()

    @property
    def keys(self) -> frozenset[Key]:
        """Return every key that has to do with the unit."""
        return frozenset(key for group in self.groups for key in group)


class Apps:
    """Find the apps that bear an identifier: those of the given lists first, then those of the catalogue."""

    def __init__(self, listed: Sequence[BannedApp], catalogue: Catalogue | None) -> None:
        """Index the lists' identifiers."""
        self.listed = {app.key: app for app in listed}
        self._catalogue = catalogue
        self._known: dict[str, BannedApp] = {}
        self._builds: dict[tuple[str, str], tuple[Build, ...]] = {}
        self._bearing: dict[Key, list[BannedApp]] = {}
        self._known_values: dict[KindOf, set[str]] = {}
        for app in listed:
            for key in dict.fromkeys(compared(i.key) for i in app.identifiers):
                self._bearing.setdefault(key, []).append(app)

    def bearing(self, key: Key) -> tuple[BannedApp, ...]:
        """Return the apps that bear an identifier, or nothing."""
        found = self._bearing.get(key)
        if found:
            return tuple(found)
        family, kind, value = key
        owner = self._owner(family, kind, value)
        if owner is None and kind == "signing_id":
            owner = self._owner(family, "bundle_id", value.partition(":")[2])
        if owner is None and kind == "process_name":
            owner = self._owner(family, kind, value.removesuffix(".app")) or self._owner(family, kind, f"{value}.app")
        return (self._banned(owner),) if isinstance(owner, CatalogueApp) else ()

    def builds(self, app: BannedApp, family: Family) -> tuple[Build, ...]:
        """Return an app's builds on a family, worked out once."""
        where = (app.key, family)
        if where not in self._builds:
            self._builds[where] = plan(app, _FIRST[family]).builds if family in _FIRST else ()
        return self._builds[where]

    def strangers(self, kind: KindOf, values: Iterable[str], named: IsNamed) -> list[str]:
        """Return those of some identifiers, each of which alone matches all it names, that nobody knows.

        A signing id matches alone where no side names its bundle id or its team, an executable where none names its
        original file name, a package where none names its name; `named` tells.
        """
        known = self._values(kind)
        if kind == _SIGNED:
            known_bundles = self._values(_BUNDLE)
            parts = [(value, *value.partition(":")[::2]) for value in values if value not in known]
            return [
                value
                for value, team, bundle in parts
                if bundle not in known_bundles and not named(_BUNDLE, bundle) and not named(_TEAM, team)
            ]
        if kind[1] in _MANIFOLD:
            return []
        if kind[0] == "windows":
            return [
                value
                for value in values
                if value.casefold() not in known and not any(named(*one) for one in _also(kind, value))
            ]
        if kind[0] == "web":
            return [
                value for value in values if value not in known and not any(named(*one) for one in _also(kind, value))
            ]
        return [value for value in values if value not in known]

    def _values(self, kind: KindOf) -> set[str]:
        """Return the identifiers of a kind that somebody bears, as a device finds them: it may know a few too many."""
        if kind not in self._known_values:
            known = [*self._bearing, *(self._catalogue.owners if self._catalogue is not None else ())]
            self._known_values[kind] = {folded_key(*key)[2] for key in known if key[:2] == kind}
        return self._known_values[kind]

    def _owner(self, family: str, kind: str, value: str) -> CatalogueApp | CatalogueVendor | None:
        return None if self._catalogue is None else self._catalogue.find(family, kind, value)

    def _banned(self, owner: CatalogueApp) -> BannedApp:
        if owner.key not in self._known:
            identifiers = (*owner.identifiers, *derive(owner.identifiers))
            states: dict[str, str] = {family: said.state for family, said in owner.platforms.items()}
            self._known[owner.key] = BannedApp(
                owner.key, owner.name, owner.vendor, identifiers, (), (), states, owner.preinstalled
            )
        return self._known[owner.key]

    def vendor(self, key: Key) -> Unit:
        """Return all the software that a team or publisher signs, of which the known apps are a part."""
        found = self._catalogue.owners.get(folded_key(*key), ()) if self._catalogue is not None else ()
        owner = next((one for one in found if not isinstance(one, CatalogueApp)), None)
        if owner is not None:
            return _lone(key, f"vendor:{owner.key}", f"{owner.name} (all software)")
        return _lone(key, key[2], key[2])


def _also(kind: KindOf, value: str) -> tuple[tuple[KindOf, str], ...]:
    """Return what else may match what an identifier of Windows names, or cover an address."""
    if kind == ("windows", "executable"):
        return ((("windows", "original_file_name"), value.lower()),)
    if kind == ("windows", "package_family_name"):
        return ((("windows", "appx_name"), value.rpartition("_")[0]),)
    if kind[0] == "web":
        return tuple((key[:2], key[2]) for key in above((*kind, value))[1:])
    return ()


def units(alike: Iterable[tuple[KindOf, Sequence[str]]], apps: Apps, named: IsNamed) -> tuple[Unit, ...]:
    """Return the units that identifiers stand for, each once; `alike` has those together on which the same rules act."""
    made: dict[tuple[str, str, tuple[tuple[Key, ...], ...]], Unit] = {}
    for kind, values in alike:
        rest: Iterable[str] = values
        strangers = apps.strangers(kind, values, named) if len(values) > 1 else []
        if len(strangers) > 1:
            unit = _lone((*kind, strangers[0]), strangers[0], strangers[0], members=strangers)
            made[unit.key, unit.family, unit.groups] = unit
            rest = sorted(set(values).difference(strangers))
        for value in rest:
            for unit in _of((*kind, value), apps):
                made.setdefault((unit.key, unit.family, unit.groups), unit)
    return tuple(made.values())


def _of(key: Key, apps: Apps) -> Iterable[Unit]:
    owners = apps.bearing(key)
    if not owners and key[1] not in _WIDE:
        yield _lone(key, key[2], key[2])
    for app in owners:
        mine = [b for b in apps.builds(app, _family(key)) if any(key in match for match in b.matches)]
        for build in mine:
            yield _build(app, build, _family(key))
        if key[1] not in _WIDE and not any(match == (key,) for build in mine for match in build.matches):
            yield _lone(key, app.key, app.name, tuple(build.name for build in mine))
    if key[1] in _WIDE:
        yield apps.vendor(key)


def anything(family: Family) -> tuple[Unit, ...]:
    """Return the app that nobody names."""
    name = "every app that is not named"
    return tuple(_lone((family, kind, ANYTHING), "", name) for kind in _ANY_KINDS.get(family, ()))


def stranger(unit: Unit) -> Unit:
    """Return the same unit under identifiers nobody names: what becomes of it is what happens by absence."""
    if unit.raw:
        return _lone((unit.family, unit.app.identifiers[0].kind, ANYTHING), unit.key, unit.name)
    identifiers = tuple(_strange(i) for i in unit.app.identifiers)
    app = BannedApp(unit.app.key, unit.app.name, "", identifiers, (), (), {}, unit.app.preinstalled)
    built = plan(app, _FIRST[unit.family]).builds
    return Unit(unit.key, unit.name, unit.family, unit.shown, app, built[0].matches if built else ())


def _strange(identifier: Identifier) -> Identifier:
    prefix = identifier.value[:2] if identifier.kind == "publisher" else ""
    value = f"{prefix}{ANYTHING}:{ANYTHING}" if identifier.kind == "signing_id" else f"{prefix}{ANYTHING}"
    return Identifier(identifier.family, identifier.kind, value, _NOWHERE)


def _build(app: BannedApp, build: Build, family: Family) -> Unit:
    keys = {key for match in build.matches for key in match}
    signed = any(i.kind == "signing_id" and i.value == build.name for i in app.identifiers)
    kept = tuple(
        i
        for i in app.identifiers
        if i.family == family
        and (compared(i.key) in keys or (i.kind == "package_family_name" and i.value.rpartition("_")[0] == build.name))
        and not (signed and i.kind in ("bundle_id", "team_id"))
    )
    one = BannedApp(app.key, app.name, app.vendor, kept, (), (), app.platforms, app.preinstalled)
    return Unit(app.key, app.name, family, (build.name,), one, build.matches)


def _lone(key: Key, app: str, name: str, part_of: tuple[str, ...] = (), members: Sequence[str] = ()) -> Unit:
    family, kind, value = _family(key), key[1], key[2]
    identifier = Identifier(family, _kind(kind), value, _NOWHERE)
    one = BannedApp(app, name, "", (identifier,), (), ())
    built = plan(one, _FIRST[family]).builds if family in _FIRST else ()
    mine = [build.matches for build in built if any(key in match for match in build.matches)]
    covering = tuple((one,) for one in above(key)) if family == "web" else ((key,),)
    return Unit(app, name, family, (value,), one, mine[0] if mine else covering, not mine, part_of, members)


def lone(key: Key) -> BannedApp:
    """Return an app that bears one identifier."""
    return BannedApp("", key[2], "", (Identifier(_family(key), _kind(key[1]), key[2], _NOWHERE),), (), ())


def _family(key: Key) -> Family:
    return _FAMILIES[key[0]]


def _kind(kind: str) -> Kind:
    return _KINDS[kind]


_FAMILIES: dict[str, Family] = {family: family for family in FAMILIES}
_KINDS: dict[str, Kind] = {kind: kind for kind in KINDS}
