"""Group the apps that fare alike, whatever the device: 100,000 apps then cost as much as a dozen.

Two apps fare alike when the same rules, of documents that no device can tell apart, act on identifiers that make up the
apps in the same way. Nothing is taken from what a build claims: the groups come from what the documents do.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide import preinstalled, reach
from mdm_policy.decide.builds import Key, compared, keys, plans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mdm_policy.model import BannedApp, Reading
    from mdm_policy.verify.pieces import Piece

_NONE: tuple[int, ...] = ()


def alike(
    apps: Iterable[BannedApp], pieces: Sequence[Piece], alone: Collection[str]
) -> tuple[tuple[BannedApp, ...], ...]:
    """Return the groups, each in the order of the apps; the keys in `alone` stand by themselves."""
    acts = act_numbers(_tagged(pieces), {})
    groups: dict[object, list[BannedApp]] = defaultdict(list)
    for app in apps:
        shape = (
            _shape(app, acts),
            app.duties,
            preinstalled(app, "ios"),
            preinstalled(app, "android"),
            app.key if app.key in alone else "",
        )
        groups[shape].append(app)
    return tuple(tuple(group) for group in groups.values())


def _shape(app: BannedApp, acts: dict[Key, tuple[int, ...]]) -> object:
    """Return what acts on each key of each build, family by family, and what is said of families without a build."""
    get = acts.get
    known = [(family, builds) for family, builds in plans(app).items() if builds]
    built = {str(family) for family, _ in known}
    return (
        *[
            (
                family,
                tuple([tuple([tuple([get(key, _NONE) for key in match]) for match in one.matches]) for one in builds]),
            )
            for family, builds in known
        ],
        *[(family, state) for family, state in app.platforms.items() if family not in built],
    )


def cut(pieces: Sequence[Piece], groups: Iterable[tuple[BannedApp, ...]]) -> tuple[Piece, ...]:
    """Return the documents with the effects on the first app of each group alone: all that its verdict rests on."""
    watched = frozenset(key for group in groups for key in keys(group[0]))
    values = frozenset(value for _, _, value in watched)
    return tuple(
        msgspec.structs.replace(one, readings=tuple([_part(reading, watched, values) for reading in one.readings]))
        for one in pieces
    )


def _part(reading: Reading, watched: frozenset[Key], values: frozenset[str]) -> Reading:
    near = [e for e in reading.effects if e.value in values or e.kind == "executable" or e.family == "web"]
    kept = tuple([e for e in near if e.family == "web" or compared((e.family, e.kind, e.value)) in watched])
    return msgspec.structs.replace(reading, effects=kept)


def act_numbers(tagged: Iterable[tuple[object, Reading]], numbers: dict[object, int]) -> dict[Key, tuple[int, ...]]:
    """Map each key to what acts on it, as numbers that are equal when no device can tell two acts apart.

    A tag stands for all of a document but its rules; `numbers` is shared by maps that are to be compared.
    """
    found: dict[Key, tuple[int, ...]] = {}
    joined: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}
    for tag, reading in tagged:
        known: dict[int, int] = {}
        for effect in reading.effects:
            rule = effect.rule
            number = known.get(id(rule))
            if number is None:
                number = known[id(rule)] = numbers.setdefault((tag, msgspec.msgpack.encode(rule)), len(numbers))
            key = compared((effect.family, effect.kind, effect.value))
            before = found.get(key, _NONE)
            after = joined.get((before, number))
            if after is None:
                after = joined[before, number] = tuple(sorted((*before, number)))
            found[key] = after
    return found


def _tagged(pieces: Sequence[Piece]) -> Iterator[tuple[object, Reading]]:
    """Pair each reading with what tells its document from others; each AMAPI policy is an alternative by itself."""
    every = [reading for one in pieces for reading in one.readings]
    count = 0
    for one in pieces:
        known = (one.classes, one.managed_by, one.modes, one.groups, one.slot if one.groups else "", one.leads)
        for reading in one.readings:
            count += 1
            itself = count if reading.kind == "amapi-policy" else 0
            activated = msgspec.structs.astuple(reach(msgspec.structs.replace(reading, path="it"), None, every))
            yield (known, reading.kind, reading.mdm, reading.scope, activated, itself), reading
