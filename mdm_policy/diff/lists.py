"""Compare two ban lists, or several on each side, by what they order: who is banned where, since when, with which exceptions."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mdm_policy.diff.model import Change, Comparison, Direction, ordered, standing
from mdm_policy.model import Frozen
from mdm_policy.resolve import blockable, keyed
from mdm_policy.vocabulary import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mdm_policy.errors import Origin
    from mdm_policy.model import BanList, BannedApp, GrantedException, Resolution

_IN_FORCE = ("in-force", "adopted")
_FAR = "9999-12-31"
_VERDICTS: dict[Direction, tuple[str, str]] = {
    "LOOSENED": ("banned", "not banned"),
    "TIGHTENED": ("not banned", "banned"),
    "EQUIVALENT": ("banned", "banned"),
}


class Held:
    """Know which apps of a side bear an identifier, and who may have each app until when."""

    def __init__(self, side: ListSide) -> None:
        """Look at every app of the side once."""
        self.waivers = _waivers(side)
        self._leave: dict[str, dict[str, str]] = defaultdict(dict)
        for (key, group), waiver in self.waivers.items():
            self._leave[key][group] = waiver.until
        self._bearers: dict[tuple[str, str], list[BannedApp]] = defaultdict(list)
        for app in side.resolution.apps:
            for one in blockable(app):
                self._bearers[one.family, one.value].append(app)

    def elsewhere(self, family: str, value: str, app: BannedApp, other: Held) -> BannedApp | None:
        """Return another app of this side that bans an identifier no less than `app` of the other side does, if any."""
        for one in self._bearers.get((family, value), ()):
            mine, theirs = self._leave[one.key], other.leave(app.key)
            no_less = set(one.duties) >= set(app.duties) and all(
                until <= theirs.get(group, "") for group, until in mine.items()
            )
            if one.key != app.key and no_less:
                return one
        return None

    def leave(self, key: str) -> dict[str, str]:
        """Return until when each group may have an app."""
        return self._leave[key]


class ListSide(Frozen, frozen=True):
    """Hold one side: the lists as written, and what they come to on the day (resolved without enforcing dates)."""

    label: str
    lists: tuple[BanList, ...]
    resolution: Resolution


def compare_lists(old: ListSide, new: ListSide) -> Comparison:
    """Compare what two sides order, app by app and platform by platform, then their authorities and exceptions."""
    before = {app.key: app for app in old.resolution.apps}
    after = {app.key: app for app in new.resolution.apps}
    changes: list[Change] = []
    held = (Held(old), Held(new))
    for key in sorted(before.keys() | after.keys()):
        app = after.get(key) or before[key]
        changes += _app(app, before.get(key), after.get(key), (old, new), held)
    changes += _authorities(old, new)
    changes += _exceptions(new, held, before.keys() & after.keys())
    if not changes and _digests(old) != _digests(new):
        why = "comments, order, titles, sources or spelling"
        changes.append(_change("COSMETIC", new.label, "", (), why, old.lists[0].origin, new.lists[0].origin))
    return Comparison(ordered(changes), (), new.resolution.statuses, ())


def _change(
    direction: Direction,
    name: str,
    platform: str,
    identifiers: tuple[str, ...],
    why: str,
    old: Origin | None,
    new: Origin | None,
    *,
    key: str = "",
    who: str = "",
    verdicts: tuple[str, str] = ("", ""),
    banned_by: tuple[str, ...] = (),
) -> Change:
    return Change(direction, key, name, platform, identifiers, who, *verdicts, why, old, new, banned_by)


def _app(
    app: BannedApp,
    before: BannedApp | None,
    after: BannedApp | None,
    sides: tuple[ListSide, ListSide],
    held: tuple[Held, Held],
) -> Iterator[Change]:
    told: set[str] = set()
    by = _banned_by(before, sides[0]) if after is None else _banned_by(app, sides[1])
    places = (_place(before), _place(after))
    for family in FAMILIES:
        mine, theirs = _values(before, family), _values(after, family)
        for direction, values, why in _moves(family, (mine, theirs), (before, after), held):
            told.add(family)
            verdicts = _VERDICTS[direction]
            yield _change(
                direction, app.name, family, values, why, *places, key=app.key, verdicts=verdicts, banned_by=by
            )
    if before is None or after is None:
        if not told:
            direction, why = (
                ("LOOSENED", "no list bans it any more") if after is None else ("TIGHTENED", "it is banned now")
            )
            yield _change(direction, app.name, "", (), why, *places, key=app.key, banned_by=by)
        return
    lost, gained = set(before.duties) - set(after.duties), set(after.duties) - set(before.duties)
    moved = list(_existence(before, after, told))
    for direction, platform, why in moved:
        yield _change(direction, app.name, platform, (), why, *places, key=app.key, banned_by=by)
    if lost or gained:
        why = f"{'no longer ordered' if lost else 'now ordered'}: {', '.join(sorted(lost or gained))}"
        yield _change("NARROWED" if lost else "TIGHTENED", app.name, "", (), why, *places, key=app.key, banned_by=by)
    elif not told and not moved and _through(before) != _through(after):
        yield _change("EQUIVALENT", app.name, "", (), "banned by another entry", *places, key=app.key, banned_by=by)


def _moves(
    family: str,
    values: tuple[tuple[str, ...], tuple[str, ...]],
    apps: tuple[BannedApp | None, BannedApp | None],
    held: tuple[Held, Held],
) -> Iterator[tuple[Direction, tuple[str, ...], str]]:
    """Say which identifiers of a platform are banned no more, which are newly, and which by another entry now."""
    (mine, theirs), (before, after) = values, apps
    gone = tuple(value for value in mine if value not in theirs)
    added = tuple(value for value in theirs if value not in mine)
    still = {value: held[1].elsewhere(family, value, before, held[0]) for value in gone} if before is not None else {}
    known = {value: held[0].elsewhere(family, value, after, held[1]) for value in added} if after is not None else {}
    for other in sorted({one.name for one in still.values() if one is not None}):
        moved = tuple(value for value in gone if (one := still[value]) is not None and one.name == other)
        yield "EQUIVALENT", moved, f"it is banned as {other} still"
    for other in sorted({one.name for one in known.values() if one is not None}):
        moved = tuple(value for value in added if (one := known[value]) is not None and one.name == other)
        yield "EQUIVALENT", moved, f"it was banned as {other} already"
    gone = tuple(value for value in gone if still.get(value) is None)
    added = tuple(value for value in added if known.get(value) is None)
    if gone:
        yield "LOOSENED", gone, _why_gone(gone, added, after)
    if added:
        yield "TIGHTENED", added, "it is banned now" if before is None else "the ban names it now"


def _why_gone(gone: tuple[str, ...], added: tuple[str, ...], after: BannedApp | None) -> str:
    alike = next((value for value in added if value.casefold() in {one.casefold() for one in gone}), "")
    if after is None:
        return "no list bans it any more"
    return f"it is now written {alike!r}: devices compare every character" if alike else "the ban no longer names it"


def _existence(before: BannedApp, after: BannedApp, told: Collection[str]) -> Iterator[tuple[Direction, str, str]]:
    """Say on which platforms an app is said not to exist now, or no longer: what is not there is not asked for."""
    for platform in dict.fromkeys((*before.platforms, *after.platforms)):
        was, now = (app.platforms.get(platform, "exists") == "none" for app in (before, after))
        if was != now and platform not in told:
            said = "the list says now that it does not exist there, so nothing is asked of devices"
            yield ("NARROWED", platform, said) if now else ("TIGHTENED", platform, "the list asks for it there again")


def _values(app: BannedApp | None, family: str) -> tuple[str, ...]:
    if app is None:
        return ()
    return tuple(dict.fromkeys(one.value for one in blockable(app) if one.family == family))


def _place(app: BannedApp | None) -> Origin | None:
    return app.reasons[0].origin if app is not None else None


def _through(app: BannedApp) -> set[tuple[str, str]]:
    return {(reason.list, reason.through) for reason in app.reasons}


def _banned_by(app: BannedApp | None, side: ListSide) -> tuple[str, ...]:
    states = {status.list: status for status in side.resolution.statuses}
    reasons = app.reasons if app is not None else ()
    return tuple(dict.fromkeys(standing(states[reason.list]) for reason in reasons))


def _authorities(old: ListSide, new: ListSide) -> Iterator[Change]:
    """Compare the lists that both sides have: whether each is in force, and how long."""
    before = {one.id: (one, status) for one, status in zip(old.lists, old.resolution.statuses, strict=True)}
    for ban_list, status in zip(new.lists, new.resolution.statuses, strict=True):
        if ban_list.id not in before:
            continue
        was, stood = before[ban_list.id]
        held, holds = stood.state in _IN_FORCE, status.state in _IN_FORCE
        places = (was.authority.origin, ban_list.authority.origin)
        name, by = f"every app of {ban_list.id}", (standing(status),)
        if held != holds:
            direction: Direction = "TIGHTENED" if holds else "INEFFECTIVE"
            verdicts = (stood.state, status.state)
            yield _change(direction, name, "", (), status.sentence, *places, verdicts=verdicts, banned_by=by)
            continue
        first, second = _span(was, old.resolution.as_of), _span(ban_list, new.resolution.as_of)
        if first != second:
            shorter = second[0] > first[0] or second[1] < first[1]
            why = f"it holds {_words(second)}, and held {_words(first)}"
            yield _change("NARROWED" if shorter else "TIGHTENED", name, "", (), why, *places, banned_by=by)
        elif (was.authority.effective, was.authority.revoked) != (
            ban_list.authority.effective,
            ban_list.authority.revoked,
        ):
            yield _change(
                "EQUIVALENT", name, "", (), "other dates, the same time from the day on", *places, banned_by=by
            )


def _span(ban_list: BanList, as_of: str) -> tuple[str, str]:
    """Return from when and until when an authority holds, as far as that is not past."""
    authority = ban_list.authority
    begun = authority.effective or authority.issued or ""
    ends = authority.revoked.on if authority.revoked else _FAR
    return (max(begun, as_of), max(ends, as_of))


def _words(span: tuple[str, str]) -> str:
    return f"from {span[0]}" + ("" if span[1] == _FAR else f" until {span[1]}")


def _exceptions(new: ListSide, held: tuple[Held, Held], both: Collection[str]) -> Iterator[Change]:
    """Compare until when each group may have each app that both sides ban."""
    before, after = held[0].waivers, held[1].waivers
    names = {app.key: app.name for app in new.resolution.apps}
    for key in sorted(before.keys() | after.keys()):
        app, group = key
        was, now = before.get(key), after.get(key)
        first, second = (one.until if one is not None else "" for one in (was, now))
        if app not in both or first == second:
            continue
        longer = second > first
        why = f"an exception until {second}" if longer else f"its exception ends {f'on {second}' if second else 'now'}"
        why = f"{why}, which was until {first}" if first else why
        verdicts = ("excepted" if first else "banned", "excepted" if second else "banned")
        places = (was.origin if was else None, now.origin if now else None)
        direction: Direction = "NARROWED" if longer else "TIGHTENED"
        yield _change(direction, names[app], "", (), why, *places, key=app, who=f"group {group}", verdicts=verdicts)


def _waivers(side: ListSide) -> dict[tuple[str, str], GrantedException]:
    """Return the live exceptions by app and group, the longest of each."""
    found: dict[tuple[str, str], GrantedException] = {}
    for ban_list in side.lists:
        for waiver in keyed(ban_list.exceptions, side.resolution.apps):
            if waiver.until < side.resolution.as_of:
                continue
            for group in waiver.groups:
                known = found.get((waiver.app, group))
                if known is None or known.until < waiver.until:
                    found[waiver.app, group] = waiver
    return found


def _digests(side: ListSide) -> Sequence[str]:
    return sorted(one.digest for one in side.lists)
