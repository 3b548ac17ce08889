"""Turn approved exceptions and accepted gaps into variants and findings, by the day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

import msgspec

from mdm_policy.errors import Finding, note, warning
from mdm_policy.identifiers import slug
from mdm_policy.model import AcceptedGap, BannedApp, GrantedException, Variant
from mdm_policy.resolve.ordering import blockable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_Named = TypeVar("_Named", GrantedException, AcceptedGap)


ABOUT_LEAVE = frozenset(
    {
        "accepted-gap-expired",
        "accepted-gap-unused",
        "exception-ends-soon",
        "exception-expired",
        "exception-ineffective",
        "exception-unused",
    }
)
"""The findings about exceptions and accepted gaps, by which whoever verifies judges too."""


def keyed(named: Iterable[_Named], apps: Sequence[BannedApp]) -> tuple[_Named, ...]:
    """Let exceptions and accepted gaps name an app as a list does: by its key, or by a name or an identifier that is its alone.

    The letters' case of a name does not matter. The key of an app of the catalogue reaches the entry that names its
    identifiers, too. What names several banned apps names none of them.
    """
    asked = tuple(named)
    if not asked:
        return ()
    keys = {app.key for app in apps}
    wanted = {one.app.casefold() for one in asked if one.app not in keys}
    called: dict[str, set[str]] = defaultdict(set)
    bearing: dict[str, set[str]] = defaultdict(set)
    for app in apps if wanted else ():
        if app.name.casefold() in wanted:
            called[app.name.casefold()].add(app.key)
        if app.known_as in wanted:
            bearing[app.known_as].add(app.key)
        for identifier in app.identifiers:
            if identifier.value.casefold() in wanted:
                bearing[identifier.value if identifier.family != "windows" else identifier.value.casefold()].add(
                    app.key
                )
    return tuple(one if one.app in keys else _keyed(one, called, bearing) for one in asked)


def _keyed(one: _Named, called: dict[str, set[str]], bearing: dict[str, set[str]]) -> _Named:
    text = one.app
    found = called.get(text.casefold()) or bearing.get(text) or bearing.get(text.casefold()) or set()
    return msgspec.structs.replace(one, app=next(iter(found))) if len(found) == 1 else one


def variants(waivers: Sequence[GrantedException], as_of: str, banned: Collection[str]) -> tuple[Variant, ...]:
    """Return the base and one variant for each distinct set of live exceptions, in a stable order.

    An exception holds through its `until` day. The base always carries the whole ban.
    """
    by_group: dict[str, list[GrantedException]] = defaultdict(list)
    for waiver in waivers:
        if as_of <= waiver.until and waiver.app in banned:
            for group in waiver.groups:
                by_group[group].append(waiver)
    by_set: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for group in sorted(by_group):
        by_set[tuple(sorted({waiver.app for waiver in by_group[group]}))].append(group)
    made = [Variant("", (), ())]
    for excepted, groups in sorted(by_set.items(), key=lambda item: item[1]):
        live = tuple(dict.fromkeys(w for group in groups for w in by_group[group]))
        name = slug("-".join(groups))
        if any(other.name == name for other in made):
            # The group `a-b` and the groups `a` and `b`: a joint that no safe name holds sets them apart.
            name = slug("+".join((*groups, "")))
        made.append(Variant(name, tuple(groups), excepted, live))
    return tuple(made)


def ineffective(found: Iterable[Variant], apps: Sequence[BannedApp]) -> Iterable[Finding]:
    """Find exceptions that free nothing, because another ban still blocks the app's identifiers or all its vendor's."""
    by_key = {app.key: app for app in apps}
    for variant in found:
        kept = [app for app in apps if app.key not in variant.excepted] if variant.excepted else []
        still = {identifier.key: app.name for app in kept for identifier in blockable(app)}
        vendors = {app.vendor: app.name for app in kept if app.is_vendor}
        for waiver in variant.waivers:
            app = by_key[waiver.app]
            others = {still[i.key] for i in blockable(app) if i.key in still}
            others |= {vendors[app.vendor]} if app.vendor in vendors else set()
            if others:
                message = f"the exception for {waiver.app!r} leaves it blocked in part: {', '.join(sorted(others))} is banned too"
                hint = "except that as well, or ban the apps by themselves instead of the vendor"
                yield warning("exception-ineffective", message, waiver.origin, hint)


def waiver_findings(waivers: Iterable[GrantedException], apps: Sequence[BannedApp], as_of: str) -> Iterable[Finding]:
    """Find exceptions that name no banned app, have ended, or end soon."""
    keys = {app.key for app in apps}
    for waiver in waivers:
        if waiver.app not in keys:
            message = f"the exception names {waiver.app!r}, which no list bans"
            hint = _meant(
                waiver.app, keys, "name the app as the list does: by its catalogue key, or by the name of its entry"
            )
            yield warning("exception-unused", message, waiver.origin, hint)
        elif waiver.until < as_of:
            message = f"the exception for {waiver.app!r} ended on {waiver.until}: the ban applies to {', '.join(waiver.groups)} again"
            yield warning("exception-expired", message, waiver.origin, "renew it with a new document, or remove it")
        elif _days(as_of, waiver.until) <= _SOON:
            yield note("exception-ends-soon", f"the exception for {waiver.app!r} ends on {waiver.until}", waiver.origin)


def _meant(text: str, keys: Collection[str], otherwise: str) -> str:
    """Return which banned app a person most likely meant by a name that is none's."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistaken key needs it

    close = get_close_matches(text.casefold(), sorted(keys), 1, 0.75)
    return f"did you mean {close[0]!r}?" if close else otherwise


_SOON = 30


def _days(start: str, end: str) -> int:
    return (dt.date.fromisoformat(end) - dt.date.fromisoformat(start)).days


def gap_findings(gaps: Iterable[AcceptedGap], apps: Sequence[BannedApp], as_of: str) -> Iterable[Finding]:
    """Find accepted gaps that name no banned app, or have ended."""
    keys = {app.key for app in apps}
    for gap in gaps:
        if gap.app not in keys:
            said = f"the accepted gap names {gap.app!r}, which no list bans"
            yield warning("accepted-gap-unused", said, gap.origin, _meant(gap.app, keys, ""))
        elif gap.until < as_of:
            message = f"the accepted gap for {gap.app!r} on {gap.device!r} ended on {gap.until}: it is a gap again"
            yield warning("accepted-gap-expired", message, gap.origin)
