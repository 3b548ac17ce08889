"""Group the apps that fare alike, whatever the device: 100,000 apps then cost as much as a dozen.

Two apps fare alike when the same rules, of documents that no device can tell apart, act on identifiers that make up the
apps in the same way. Nothing is taken from what a build claims: the groups come from what the documents do.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import repeat
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.decide import preinstalled, reach, rivals
from mdm_policy.decide.builds import by_store_alone, keys, plans
from mdm_policy.decide.columns import Acts, by_kind, select
from mdm_policy.decide.gathering import signature
from mdm_policy.decide.web import above
from mdm_policy.kinds import kind_named
from mdm_policy.reading import Effects, written
from mdm_policy.verify.table import marks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mdm_policy.decide.columns import KindOf
    from mdm_policy.model import BannedApp
    from mdm_policy.reading import Reading, RuleSet
    from mdm_policy.verify.pieces import Piece
    from mdm_policy.verify.table import AppTable


_BY_KIND = ("macos", "windows")
"""Families whose allow lists may let in what is known by other kinds of identifiers than an app's."""


def alike(table: AppTable, pieces: Sequence[Piece], alone: Collection[str]) -> tuple[tuple[BannedApp, ...], ...]:
    """Return the groups, each in the order of the apps; the keys in `alone` stand by themselves."""
    acts = act_numbers(_tagged(pieces), {})
    apps = table.apps
    holes = any(
        column.family == "web" and column.rule.sense == "allow"
        for one in pieces
        for reading in one.readings
        for column in reading.columns
    )
    sets = tuple(one for piece in pieces for reading in piece.readings for one in reading.rule_sets)
    nearly: dict[object, list[int]] = defaultdict(list)
    for number, layout in enumerate(table.layouts):
        mine = [apps[place] for place in layout.places]
        every = [*_plain(mine, alone), *marks(layout, acts.codes), *_by_sets(mine, sets)]
        told = [column for column in map(list, every) if _varies(column)]
        if not told:
            nearly[number] = layout.places
            continue
        for place, row in zip(layout.places, zip(repeat(number), *told), strict=False):
            nearly[row].append(place)
    groups: dict[object, list[int]] = {}
    for places in nearly.values():
        first = apps[places[0]]
        shape = (_shape(first, acts, alone, holes=holes), *_by_sets([first], sets))
        groups.setdefault(shape, []).extend(places)
    ordered = sorted(sorted(places) for places in groups.values())
    return tuple(tuple([apps[place] for place in places]) for places in ordered)


def _varies(column: list[Any]) -> bool:
    """Tell whether a column tells any two apps apart."""
    return column.count(column[0]) != len(column)


def _plain(apps: Sequence[BannedApp], alone: Collection[str]) -> Iterator[Iterable[object]]:
    """Yield columns of what matters of apps beside their identifiers."""
    duties = [app.duties for app in apps]
    yield duties
    yield [app.preinstalled for app in apps]
    yield [app.web_app for app in apps]
    if any(app.signers for app in apps):
        yield [tuple([one.key for one in app.signers]) for app in apps]
    platforms = [app.platforms for app in apps]
    if len(set(map(id, platforms))) > 1 and (_varies(platforms) or _varies(list(map(tuple, platforms)))):
        yield [tuple(each.items()) for each in platforms]
    if alone:
        yield [app.key if app.key in alone else "" for app in apps]
    if any("no-traffic" in each for each in set(duties)) or any(app.web_app for app in apps):
        yield map(_domains, apps)


def _by_sets(apps: Sequence[BannedApp], sets: Sequence[RuleSet]) -> Iterator[tuple[object, ...]]:
    """Yield what rules for files make of apps, where there are such rules."""
    if sets:
        yield tuple([signature(sets, app) for app in apps])


def _domains(app: BannedApp) -> tuple[tuple[str, bool], ...]:
    """Return the app's addresses, each with whether others share it."""
    return tuple([(i.value, i.shared) for i in app.identifiers if i.kind == "domain"])


def _shape(app: BannedApp, acts: Acts, alone: Collection[str], *, holes: bool) -> object:
    """Return all that an app's verdict rests on: two apps of one shape fare alike.

    What acts on each key of each build, family by family; what is said of families without a build; what is ordered,
    and of whom; and whether the app's addresses are closed, where that is ordered too.
    """
    known = [(family, builds) for family, builds in plans(app).items() if builds]
    built = {str(family) for family, _ in known}
    return (
        tuple(
            [frozenset(key[1] for key in one.keys) for family, builds in known if family in _BY_KIND for one in builds]
        ),
        *[
            (
                family,
                tuple([tuple([tuple([acts.on(key) for key in match]) for match in one.every]) for one in builds]),
                by_store_alone(builds[0].keys),
            )
            for family, builds in known
        ],
        *[(family, state) for family, state in app.platforms.items() if family not in built],
        app.duties,
        preinstalled(app, "ios"),
        preinstalled(app, "android"),
        app.key if app.key in alone else "",
        app.web_app,
        _covered(app, acts, holes) if app.web_app or "no-traffic" in app.duties else (),
    )


def _covered(app: BannedApp, acts: Acts, holes: bool) -> object:
    """Return what acts on an app's addresses; where a list allows some (`holes`), nobody knows which of them these have."""
    domains = _domains(app)
    if holes:
        return domains
    return frozenset(
        [(tuple(filter(None, map(acts.on, above(("web", "domain", one))))), shared) for one, shared in domains]
    )


def cut(pieces: Sequence[Piece], groups: Iterable[tuple[BannedApp, ...]]) -> tuple[Piece, ...]:
    """Return the documents with the effects on the first app of each group alone: all that its verdict rests on.

    Of each other way in which a document lets programs of a Mac in, one stays, for it may be the app's that nobody knows.
    """
    watched = by_kind(key for group in groups for key in keys(group[0]))
    return tuple(
        msgspec.structs.replace(one, readings=tuple([_cut(reading, watched) for reading in one.readings]))
        for one in pieces
    )


def _cut(reading: Reading, watched: Mapping[KindOf, set[str]]) -> Reading:
    ways = {
        (id(one.rule), one.kind): one.only([0])
        for one in reading.columns
        if one.family == "macos" and one.values and one.rule.sense in ("allow", "allow-only")
    }
    kept = select(reading, watched, ("web",))
    for one in kept.columns:
        ways.pop((id(one.rule), one.kind), None)
    return msgspec.structs.replace(kept, effects=Effects([*kept.columns, *ways.values()])) if ways else kept


def act_numbers(tagged: Iterable[tuple[object, Reading]], numbers: dict[object, int]) -> Acts:
    """Map each identifier to what acts on it, as numbers that are equal when no device can tell two acts apart.

    A tag stands for all of a document but its rules; `numbers` is shared by maps that are to be compared.
    """
    acts = Acts()
    for tag, reading in tagged:
        known: dict[int, int] = {}
        for column in reading.columns:
            rule = column.rule
            number = known.get(id(rule))
            if number is None:
                number = known[id(rule)] = numbers.setdefault((tag, written(rule)), len(numbers))
            acts.add(number, column)
    return acts


def _tagged(pieces: Sequence[Piece]) -> Iterator[tuple[object, Reading]]:
    """Pair each reading with what tells its document from others.

    Each AMAPI policy is an alternative by itself, and so is each of the documents of which a device keeps one.
    """
    every = [reading for one in pieces for reading in one.readings]
    apart = {id(one) for members in rivals(every) for one in members}
    count = 0
    for one in pieces:
        known = (one.classes, one.managed_by, one.modes, one.groups, one.slot if one.groups else "", one.leads)
        for reading in one.readings:
            count += 1
            itself = count if kind_named(reading.kind).is_alternative or id(reading) in apart else 0
            activated = msgspec.structs.astuple(reach(msgspec.structs.replace(reading, path="it"), None, every))
            yield (known, reading.kind, reading.mdm, reading.scope, activated, itself), reading
