"""Make one line of all that was found for an app on a platform, with the entries that decide it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from mdm_policy.diff.audience import who
from mdm_policy.diff.directions import Verdicts, before_after
from mdm_policy.diff.leftovers import SUBJECT
from mdm_policy.diff.model import DIRECTIONS, Change, standing
from mdm_policy.diff.units import ANYTHING, Unit
from mdm_policy.documents import places
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdm_policy.diff.model import Side
    from mdm_policy.errors import Origin
    from mdm_policy.model import BannedApp, ListStatus

Entry = tuple[str, str] | Callable[[Collection[str]], dict[str, tuple[str, str]]]
"""The entry that decides for a unit on one side, by document and pointer, or what finds it for some of its members."""
_RANKS = {direction: place for place, direction in enumerate(DIRECTIONS)}
_MOST = 1_000
"""As many identifiers that nobody knows have a line each where they fare alike; more than that share one."""


class UnitResult(Frozen, frozen=True):
    """Hold the outcome for one unit in one part; for a unit with members, for those of them of whom it is true."""

    unit: Unit
    verdicts: Verdicts
    label: str
    old: Entry
    new: Entry
    members: Sequence[str] = ()


class _Said(Frozen, frozen=True):
    """Hold what is said of some names alike: results of which `mine` are as bad as the worst, `first` decides."""

    first: UnitResult
    mine: tuple[UnitResult, ...]
    who: str
    before: str
    after: str
    names: list[str]

    @property
    def shown(self) -> list[str]:
        """Return the names that have a line of their own, or the one that stands for all."""
        return self.names[:1] if self.first.members and len(self.names) > _MOST else self.names


def lines(
    results: Iterable[UnitResult],
    sides: tuple[Side, Side],
    apps: Iterable[BannedApp],
    statuses: Iterable[ListStatus],
    *,
    many: bool,
) -> list[Change]:
    """Return a change for each app on each platform; `many` says that there are several parts, so each is named."""
    known: dict[tuple[int, ...], _Said] = {}
    words: dict[int, str] = {}
    for alike, names in _together(results):
        mark = tuple(map(id, alike))
        said = known.get(mark)
        if said is None:
            said = known[mark] = _say(alike, words, many=many)
        said.names.extend(names)
    told = list(known.values())
    before, after = (_origins(told, side, old=not place) for place, side in enumerate(sides))
    by = _authorities(apps, statuses)
    return [
        _change(name, said, before.get((place, name)), after.get((place, name)), by.get(name, ()))
        for place, said in enumerate(told)
        for name in said.shown
    ]


def _together(results: Iterable[UnitResult]) -> Iterator[tuple[Sequence[UnitResult], Iterable[str]]]:
    """Yield the results of each name on a platform, with all names of which only one and the same result tells."""
    each = [(one, one.unit.family, one.members or (one.unit.key or one.unit.shown[0],)) for one in results]
    seen: dict[str, set[str]] = {}
    several: dict[str, set[str]] = {}
    for _, family, names in each:
        before = seen.setdefault(family, set())
        several.setdefault(family, set()).update(before.intersection(names))
        before.update(names)
    grouped: dict[tuple[str, str], list[UnitResult]] = {}
    for one, family, names in each:
        shared = several[family]
        if shared.isdisjoint(names):
            yield (one,), names
            continue
        yield (one,), [name for name in names if name not in shared]
        for name in names:
            if name in shared:
                grouped.setdefault((name, family), []).append(one)
    for (name, _), alike in grouped.items():
        yield alike, (name,)


def _say(alike: Sequence[UnitResult], words: dict[int, str], *, many: bool) -> _Said:
    worst = sorted(alike, key=lambda one: (_RANKS[one.verdicts.direction], one.unit.shown))
    first = worst[0]
    mine = tuple(one for one in worst if one.verdicts.direction == first.verdicts.direction)
    return _Said(first, mine, _who(mine, words, many=many), *before_after(first.verdicts.points[0]), [])


def _who(results: Sequence[UnitResult], known: dict[int, str], *, many: bool) -> str:
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


def _change(name: str, said: _Said, old: Origin | None, new: Origin | None, by: tuple[str, ...]) -> Change:
    first = said.first
    verdicts = first.verdicts
    count = len(said.names) if len(said.shown) < len(said.names) else 1
    shown = dict.fromkeys(value for one in said.mine for value in _values(one, name) if value != ANYTHING)
    title = f"{name} and {count - 1:,} more" if count > 1 else name if first.members else first.unit.name
    return Change(
        verdicts.direction,
        "" if count > 1 else name,
        title,
        first.unit.family,
        tuple(said.names) if count > 1 else tuple(shown),
        said.who,
        said.before,
        said.after,
        verdicts.why.replace(SUBJECT, title) if first.members else verdicts.why,
        old,
        new,
        by,
        count,
    )


def _values(one: UnitResult, name: str) -> tuple[str, ...]:
    return (name,) if one.members else one.unit.shown


def _authorities(apps: Iterable[BannedApp], statuses: Iterable[ListStatus]) -> dict[str, tuple[str, ...]]:
    """Say by which authority each app is banned, and whether it is in force."""
    states = {status.list: status for status in statuses}
    return {app.key: tuple(dict.fromkeys(standing(states[reason.list]) for reason in app.reasons)) for app in apps}


def _origins(told: Sequence[_Said], side: Side, *, old: bool) -> dict[tuple[int, str], Origin]:
    """Look up the lines of all entries that decide on one side, by place and name, reading each document once."""
    asked: dict[str, dict[str, list[tuple[int, str]]]] = {}
    for number, said in enumerate(told):
        entry = said.first.old if old else said.first.new
        if said.first.verdicts.direction == "EQUIVALENT":
            continue
        found = dict.fromkeys(said.shown, entry) if isinstance(entry, tuple) else entry(set(said.shown))
        for name, (path, pointer) in found.items():
            if path:
                asked.setdefault(path, {}).setdefault(pointer, []).append((number, name))
    origins = {}
    for document in side.documents:
        wanted = asked.get(document.name)
        if wanted:
            for pointer, origin in places(document, wanted).items():
                origins.update(dict.fromkeys(wanted[pointer], origin))
    return origins
