"""Say what Apple's payloads do to one another, and which apps no list of theirs can hide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.guards import NEVER_HIDDEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.kinds.collector import Collector, Entries


def say_never_hidden(c: Collector, entries: Entries) -> None:
    """Say which entries of a deny list the device ignores."""
    if NEVER_HIDDEN.isdisjoint(entries.values):
        return
    for pointer, value in entries:
        if value in NEVER_HIDDEN:
            message = f"{value} is never hidden: the device ignores the entry"
            c.say("warning", "never-hidden", message, pointer, "remove the entry")


def say_together(c: Collector, top: Mapping[str, Any]) -> None:
    """Say which payloads of a profile get into each other's way.

    Apple's page on Restrictions: "don't attempt to manage the same restriction in different payloads"
    (apple/device-management@97a11a8). App Lock beside Restrictions can fail to install (openradar 34606794).
    """
    content = top.get("PayloadContent")
    payloads = [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []
    kinds = {one.get("PayloadType") for one in payloads if isinstance(one.get("PayloadType"), str)}
    if {"com.apple.app.lock", "com.apple.applicationaccess"} <= kinds:
        message = "App Lock and Restrictions in one profile can fail to install"
        c.say("warning", "app-lock-with-restrictions", message, "/PayloadContent", "send them as two profiles")
    seen: set[str] = set()
    twice: set[str] = set()
    for payload in payloads:
        if payload.get("PayloadType") == "com.apple.applicationaccess":
            keys = {str(key) for key in payload if not str(key).startswith("Payload")}
            twice |= keys & seen
            seen |= keys
    if twice:
        message = f"several Restrictions payloads set {', '.join(sorted(twice)[:3])}; which one counts is not defined"
        c.say("warning", "key-in-several-payloads", message, "/PayloadContent", "keep each key in one payload")
