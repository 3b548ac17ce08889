"""Make one line of all that was found for an app on a platform, with the entries that decide it."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - msgspec reads the fields' types at run time
from typing import TYPE_CHECKING

from mdm_policy.diff.directions import Verdicts, before_after
from mdm_policy.diff.model import DIRECTIONS, Change, standing
from mdm_policy.diff.remains import SUBJECT
from mdm_policy.diff.units import ANYTHING, Unit
from mdm_policy.diff.who import who
from mdm_policy.documents import places
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdm_policy.diff.model import Side
    from mdm_policy.diff.parts import Place
    from mdm_policy.errors import Origin
    from mdm_policy.model import BannedApp, ListStatus

Deciding = tuple[str, str] | dict[str, tuple[str, str]]
"""The entry that decides for a unit on one side (no name, no pointer: none does), or those of its members."""
_NOWHERE = ("", "")
_RANKS = {direction: place for place, direction in enumerate(DIRECTIONS)}


class Result(Frozen, frozen=True):
    """Hold the outcome for one unit in one part; for a unit with members, for those of them of whom it is true."""

    unit: Unit
    verdicts: Verdicts
    label: str
    old: Deciding
    new: Deciding
    members: Sequence[str] = ()


class _Said(Frozen, frozen=True):
    """Hold what a line says apart from the name: results of which `mine` are as bad as the worst, `first` decides."""

    first: Result
    mine: tuple[Result, ...]
    who: str
    before: str
    after: str


def lines(
    results: Iterable[Result],
    sides: tuple[Side, Side],
    apps: Iterable[BannedApp],
    statuses: Iterable[ListStatus],
    *,
    many: bool,
) -> list[Change]:
    """Return a change for each app on each platform; `many` says that there are several parts, so each is named."""
    grouped: dict[tuple[str, str], list[Result]] = {}
    for one in results:
        family = one.unit.family
        for name in one.members or (one.unit.key or one.unit.shown[0],):
            grouped.setdefault((name, family), []).append(one)
    known: dict[tuple[int, ...], _Said] = {}
    words: dict[int, str] = {}
    told: list[tuple[str, _Said]] = []
    for (name, _), alike in grouped.items():
        mark = tuple(map(id, alike))
        said = known.get(mark)
        if said is None:
            said = known[mark] = _say(alike, words, many=many)
        told.append((name, said))
    before, after = (_origins(told, side, old=not place) for place, side in enumerate(sides))
    authorities = _authorities(apps, statuses)
    return [_change(name, said, (before, after), authorities.get(name, ())) for name, said in told]


def _say(alike: Sequence[Result], words: dict[int, str], *, many: bool) -> _Said:
    worst = sorted(alike, key=lambda one: (_RANKS[one.verdicts.direction], one.unit.shown))
    first = worst[0]
    mine = tuple(one for one in worst if one.verdicts.direction == first.verdicts.direction)
    return _Said(first, mine, _who(mine, words, many=many), *before_after(first.verdicts.points[0]))


def _who(results: Sequence[Result], known: dict[int, str], *, many: bool) -> str:
    """Say which devices are affected, for all parts; an equivalent change affects none.

    `known` holds what has been worked out for the points that many apps share; the results keep them alive.
    """
    if results[0].verdicts.direction == "EQUIVALENT":
        return ""
    said: dict[str, None] = {}
    for one in results:
        place = id(one.verdicts.points)
        if place not in known:
            known[place] = who(one.verdicts.points, one.verdicts.every)
        words = known[place]
        said[f"{words}; {one.label}" if many and one.label else words] = None
    return " | ".join(said)


def _change(
    name: str, said: _Said, places_: tuple[Mapping[Place, Origin], Mapping[Place, Origin]], by: tuple[str, ...]
) -> Change:
    first = said.first
    shown = dict.fromkeys(value for one in said.mine for value in _shown(one, name) if value != ANYTHING)
    before, after = places_
    return Change(
        first.verdicts.direction,
        name,
        name if first.members else first.unit.name,
        first.unit.family,
        tuple(shown),
        said.who,
        said.before,
        said.after,
        first.verdicts.why.replace(SUBJECT, name) if first.members else first.verdicts.why,
        before.get(_deciding(first.old, name)),
        after.get(_deciding(first.new, name)),
        by,
    )


def _shown(one: Result, name: str) -> tuple[str, ...]:
    return (name,) if one.members else one.unit.shown


def _deciding(entry: Deciding, name: str) -> Place:
    return entry if isinstance(entry, tuple) else entry.get(name, _NOWHERE)


def _authorities(apps: Iterable[BannedApp], statuses: Iterable[ListStatus]) -> dict[str, tuple[str, ...]]:
    """Say by which authority each app is banned, and whether it is in force."""
    states = {status.list: status for status in statuses}
    return {app.key: tuple(dict.fromkeys(standing(states[reason.list]) for reason in app.reasons)) for app in apps}


def _origins(told: Iterable[tuple[str, _Said]], side: Side, *, old: bool) -> dict[Place, Origin]:
    """Look up the lines of all entries that decide on one side, reading each document once."""
    asked: dict[str, list[str]] = {}
    for name, said in told:
        first = said.first
        if first.verdicts.direction == "EQUIVALENT":
            continue
        path, pointer = _deciding(first.old if old else first.new, name)
        if path:
            asked.setdefault(path, []).append(pointer)
    found = {}
    for document in side.documents:
        if document.name in asked:
            for pointer, origin in places(document, asked[document.name]).items():
                found[document.name, pointer] = origin
    return found
