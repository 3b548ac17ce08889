"""Read the address lists that a policy hands to a browser as managed configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.kinds.android import rules
from mdm_policy.kinds.collector import Entries
from mdm_policy.kinds.web import browser_address

if TYPE_CHECKING:
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Rule

BROWSERS = frozenset({"com.android.chrome", "com.microsoft.emmx"})
"""The browsers whose lists are read: Chrome and Edge."""
_TRAILING_COMMA = re.compile(r",\s*\]\s*\Z")
_LIMIT = 1000


def read_browser(c: Collector, app: dict[str, Any], package: str, at: str) -> None:
    """Read URLBlocklist and URLAllowlist of Chrome and Edge: each a JSON array, encoded as a string."""
    if package not in BROWSERS or app.get("managedConfiguration") is None:
        return
    configuration = c.optional(app, "managedConfiguration", at)
    pointer = f"{at}/managedConfiguration"
    _addresses(c, configuration, "URLBlocklist", rules.CHROME_BLOCKED, pointer)
    _addresses(c, configuration, "URLAllowlist", rules.CHROME_ALLOWED, pointer)


def _addresses(c: Collector, configuration: dict[str, Any], key: str, base: Rule, at: str) -> None:
    value = configuration.get(key)
    pointer = f"{at}/{key}"
    if value in (None, ""):
        return
    rule = c.rule(base)
    if isinstance(value, str):
        entries: list[Any] = decoded(value)
    else:
        message = f"{key} must be a string that holds a JSON array; the browser ignores what it holds here"
        c.say("error", "url-blocklist-not-string", message, pointer, "encode the array as a string")
        rule = c.rule(
            base, sense="none", verdict="allowed", why="the browser reads a string, not an array", cause="no-effect"
        )
        entries = value if isinstance(value, list) else []
    if len(entries) > _LIMIT:
        c.say("warning", "url-blocklist-too-long", f"{key} holds {len(entries)} entries; {_LIMIT} count", pointer)
    for text in c.only_texts(Entries((pointer,) * len(entries), entries)).values:
        kind, clean = browser_address(text)
        c.add(rule, "web", kind, clean, pointer)


def decoded(text: str) -> list[Any]:
    """Decode the string as Chromium does: JSON, a trailing comma allowed, else split at commas."""
    try:
        value = msgspec.json.decode(_TRAILING_COMMA.sub("]", text))
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        value = None
    if isinstance(value, list):
        return value
    return [part for part in (part.strip() for part in text.split(",")) if part]
