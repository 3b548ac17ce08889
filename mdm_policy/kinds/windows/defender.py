"""Read indicators of Microsoft Defender for Endpoint: the sites that it blocks for every app of a device.

An indicator acts on whom its device groups name, on all devices where it names none, and until it expires. Of indicators
for one address Allowed goes before Warn and Warn before Block; a longer path goes before a shorter one
(MicrosoftDocs/defender-docs@0596477 indicators-overview.md). Files and certificates are named and not judged: no identifier
of a list tells them.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.collector import ANY, Entries, Why, fact, narrowed
from mdm_policy.kinds.web import address
from mdm_policy.reading import Condition, Expiry, Rule, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading

_SOURCE = "MicrosoftDocs/defender-docs@0596477 indicator-ip-domain.md, indicators-overview.md (2025-04)"
_WHERE: dict[str, tuple[int, ...]] = {"windows": (10, 0, 16299), "macos": ANY}
"""Network protection is there from Windows 10 1709 on, and on the Mac."""

BLOCKED = Rule(
    "defender-network-block",
    "defender-indicators",
    "block",
    "blocked",
    "partial",
    fact("an indicator with the action Block refuses a site to every app, where network protection blocks", _SOURCE),
    introduced=_WHERE,
    escapes="devices without network protection in block mode, and QUIC or encrypted hellos of other makers' browsers",
)
ALLOWED = Rule(
    "defender-network-allow",
    "defender-indicators",
    "allow",
    "allowed",
    "weak",
    fact("an indicator with the action Allowed goes before one that blocks the same address", _SOURCE),
    introduced=_WHERE,
)
WARNED = Rule(
    "defender-network-warn",
    "defender-indicators",
    "allow",
    "reported-only",
    "weak",
    fact("an indicator with the action Warn lets people go on, and goes before one that blocks", _SOURCE),
    introduced=_WHERE,
)
AUDITED = Rule(
    "defender-network-audit",
    "defender-indicators",
    "report",
    "reported-only",
    "weak",
    fact("an indicator with the action Audit only records", _SOURCE),
    introduced=_WHERE,
)
RULES = (BLOCKED, ALLOWED, WARNED, AUDITED)
_ACTIONS = {
    "block": BLOCKED,
    "alertandblock": BLOCKED,
    "allowed": ALLOWED,
    "allow": ALLOWED,
    "warn": WARNED,
    "audit": AUDITED,
    "alert": AUDITED,
}
"""`Alert` and `AlertAndBlock` are older words, which the API still answers (ti-indicator.md)."""
_SITES = frozenset({"domainname", "url"})
_OTHERS = frozenset({"filesha1", "filesha256", "filemd5", "certificatethumbprint", "ipaddress"})
_MARKS = frozenset({"indicatorType", "indicatorValue", "action"})
"""Keys that every indicator has."""
_LIST_KEYS = ("value", "Indicators")


def listed(value: Any) -> tuple[str, Sequence[Any]]:
    """Return where a document lists indicators, and the list; an indicator by itself is a list of one."""
    if isinstance(value, list):
        return "", value
    if isinstance(value, dict):
        for key in _LIST_KEYS:
            if isinstance(value.get(key), list):
                return f"/{key}", value[key]
    return "", ()


def is_indicators(value: Any) -> bool:
    """Recognise an answer of the API, the body of an import, an array, or one indicator, by the keys of an indicator."""
    if _is_indicator(value):
        return True
    return any(_is_indicator(one) for one in listed(value)[1])


def _is_indicator(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= _MARKS


def read_indicators(c: Collector) -> Reading:
    """Read every indicator; where all of them are for the same device groups, the document reaches these alone."""
    value = c.document.value
    base, rows = listed(value)
    if isinstance(value, dict) and value.get("@odata.nextLink"):
        said = "the answer goes on in another page, where an indicator may allow what one blocks here"
        c.uncertain_because = Why("elsewhere", said)
        c.say("error", "page-incomplete", said, "/@odata.nextLink", "fetch every page, and put them into one list")
    places = [("", value)] if _is_indicator(value) else [(f"{base}/{index}", row) for index, row in enumerate(rows)]
    sites: list[tuple[str, dict[str, Any], tuple[str, ...]]] = []
    for place, row in places:
        if not isinstance(row, dict):
            c.mapping(row, place)
            continue
        kind = c.text(row, "indicatorType", place)
        if kind.casefold() in _SITES:
            sites.append((place, row, _groups(c, row, place)))
        elif kind.casefold() in _OTHERS:
            message = f"an indicator of the type {kind} tells files, certificates or addresses that no list of identifiers holds"
            c.say("note", "no-identifier-kind", message, place)
        else:
            message = f"{kind[:80]!r} is not a type of an indicator, so it has no effect"
            c.say("error", "indicator-type", message, f"{place}/indicatorType", "write DomainName or Url")
    alike = {groups for _, _, groups in sites}
    common = next(iter(alike)) if len(alike) == 1 else ()
    for place, row, groups in sites:
        _site(c, place, row, groups if not common else ())
    return c.reading(Scope("groups", common) if common else Scope("everyone"))


def _groups(c: Collector, row: dict[str, Any], place: str) -> tuple[str, ...]:
    """Return the device groups of an indicator; none means all devices."""
    names = c.entries(row, "rbacGroupNames", place)
    return tuple(sorted(set(c.only_texts(names).values))) if len(names) else ()


def _site(c: Collector, place: str, row: dict[str, Any], groups: tuple[str, ...]) -> None:
    action = c.text(row, "action", place)
    base = _ACTIONS.get(action.casefold())
    if base is None:
        message = f"{action[:80]!r} is not an action of an indicator for sites, so it has no effect"
        c.say("error", "indicator-action", message, f"{place}/action", "write Block")
        return
    before = c.expires
    c.expires = _expiry(c, row, place)
    changes: dict[str, Any] = {}
    if groups:
        why = f"the indicator is for the device groups {', '.join(groups)} alone"
        changes = {"verdict": "unknown", "why": why, "cause": "condition"} if base is BLOCKED else {}
        changes["conditions"] = narrowed(*(Condition("users", name) for name in groups))
    rule = c.rule(base, **changes)
    c.expires = before
    values = c.only_texts(Entries((f"{place}/indicatorValue",), [row.get("indicatorValue")])).values
    for text in values:
        if "*" in text:
            message = f"{text[:80]!r} holds a wildcard, and indicators know none: a domain covers its subdomains"
            c.say("error", "url-entry-wildcard", message, f"{place}/indicatorValue", "write the domain alone")
            continue
        kind, clean = address(text)
        c.add(rule, "web", kind, clean, f"{place}/indicatorValue")


def _expiry(c: Collector, row: dict[str, Any], place: str) -> Expiry | None:
    """Return when an indicator is deleted; none is kept for ever."""
    text = c.text(row, "expirationTime", place).strip()
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text[:10])
    except ValueError:
        message = f"{text[:80]!r} is not a time that can be read, so nobody can tell when the indicator ends"
        c.say("error", "indicator-expiry", message, f"{place}/expirationTime", "write it as 2026-01-31T00:00:00Z")
        return Expiry(unreadable="date")
    return Expiry(day=day.isoformat())
