"""Read the address lists that a policy hands to a browser as managed configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.kinds.android import rules
from mdm_policy.kinds.collector import Entries
from mdm_policy.kinds.web import address
from mdm_policy.reading import Condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Rule

_BROWSERS = frozenset({"com.android.chrome", "com.microsoft.emmx"})
_TRAILING_COMMA = re.compile(r",\s*\]\s*\Z")
_LIMIT = 1000
_SHOWN = 5
_MOST_LABELS = 128
"""A host has no more: RFC 1035 gives a name 255 octets."""


def read_browser(c: Collector, app: dict[str, Any], package: str, at: str) -> None:
    """Read URLBlocklist and URLAllowlist of Chrome and Edge: each a JSON array, encoded as a string.

    Of two entries the more specific counts, and of equal ones the allowed (chromium.org/administrators
    /url-blocklist-filter-format), so an allowed entry within a blocked site opens it, or a part of it.
    """
    if package not in _BROWSERS or app.get("managedConfiguration") is None:
        return
    configuration = c.optional(app, "managedConfiguration", at)
    pointer = f"{at}/managedConfiguration"
    blocked, stated = _addresses(c, configuration, "URLBlocklist", rules.CHROME_BLOCKED, pointer)
    allowed, _ = _addresses(c, configuration, "URLAllowlist", rules.CHROME_ALLOWED, pointer)
    opened = _opened(blocked, allowed)
    for text in blocked:
        kind, clean = address(text)
        c.add(
            _narrowed(c, stated, text, opened.get(_site(text), ()), pointer),
            "web",
            kind,
            clean,
            f"{pointer}/URLBlocklist",
        )
    rule = c.rule(rules.CHROME_ALLOWED) if allowed else None
    for text in allowed:
        kind, clean = address(text)
        if rule is not None:
            c.add(rule, "web", kind, clean, f"{pointer}/URLAllowlist")


def _narrowed(c: Collector, rule: Rule, text: str, within: Sequence[str], at: str) -> Rule:
    """Return the rule for a blocked entry, as far as allowed entries leave it."""
    if rule.sense == "none" or not within:
        return rule
    if any(_bare(one) == _bare(text) for one in within):
        message = f"{text!r} stands in both lists of the browser, so it is open"
        c.say("error", "contradiction", message, f"{at}/URLAllowlist", "remove one of the two")
        why = "URLAllowlist holds the same address, and wins over URLBlocklist"
        return c.rule(rules.CHROME_BLOCKED, sense="none", verdict="allowed", why=why, cause="no-effect")
    parts = tuple(sorted({_bare(one) for one in within}))
    why = f"URLAllowlist opens a part of it: {', '.join(parts[:_SHOWN])}"
    c.say("warning", "url-allowlist-opens", f"{text!r} is blocked; {why}", f"{at}/URLAllowlist", "remove the entry")
    conditions = tuple(Condition("exceptions", one) for one in parts)
    return c.rule(rules.CHROME_BLOCKED, verdict="unknown", why=why, cause="condition", conditions=conditions)


def _bare(text: str) -> str:
    return text.strip().removeprefix("https://").removeprefix("http://").removesuffix("/").lower()


def _site(text: str) -> str:
    """Return the host of an entry; a leading dot, which means this host alone, is no part of it."""
    return re.split(r"[:/?@]", _bare(text), maxsplit=1)[0].removeprefix("*.").lstrip(".")


def _opened(blocked: Sequence[str], allowed: Sequence[str]) -> dict[str, list[str]]:
    """Map the host of each blocked entry to the allowed ones of the same host, or of one below it."""
    hosts = {_site(text) for text in blocked}
    found: dict[str, list[str]] = {}
    for text in allowed:
        host = _site(text)
        labels = host.split(".")
        above = {".".join(labels[place:]) for place in range(len(labels))} if len(labels) < _MOST_LABELS else {host}
        for one in hosts & (above | {"*"}):
            found.setdefault(one, []).append(text)
    return found


def _addresses(
    c: Collector, configuration: dict[str, Any], key: str, base: Rule, at: str
) -> tuple[Sequence[str], Rule]:
    """Return the entries of a list, and the rule that they stand for."""
    value = configuration.get(key)
    pointer = f"{at}/{key}"
    if value in (None, ""):
        return (), base
    idle = not isinstance(value, str)
    if isinstance(value, str):
        entries: list[Any] = _decoded(value)
    else:
        message = f"{key} must be a string that holds a JSON array; the browser ignores what it holds here"
        c.say("error", "url-blocklist-not-string", message, pointer, "encode the array as a string")
        entries = value if isinstance(value, list) else []
    if len(entries) > _LIMIT:
        c.say("warning", "url-blocklist-too-long", f"{key} holds {len(entries)} entries; {_LIMIT} count", pointer)
    found = c.only_texts(Entries((pointer,) * len(entries), entries)).values
    if not idle:
        return found, c.rule(base) if base is rules.CHROME_BLOCKED and found else base
    if base is rules.CHROME_ALLOWED:
        return (), base
    why = "the browser reads a string, not an array"
    return found, c.rule(base, sense="none", verdict="allowed", why=why, cause="no-effect") if found else base


def _decoded(text: str) -> list[Any]:
    """Decode the string as Chromium does: JSON, a trailing comma allowed, else split at commas."""
    try:
        value = msgspec.json.decode(_TRAILING_COMMA.sub("]", text))
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        value = None
    if isinstance(value, list):
        return value
    return [part for part in (part.strip() for part in text.split(",")) if part]
