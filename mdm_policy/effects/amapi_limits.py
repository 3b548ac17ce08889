"""Say what makes the Android Management API refuse a policy whole, and entries that stand twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdm_policy.effects.collect import Collector

_MOST_APPLICATIONS = 3000
"""androidmanagement v1 discovery document, revision 20261104: `applications` can have at most 3,000 elements."""


def say_refused(c: Collector, top: Mapping[str, Any], base: str) -> None:
    """Say why the server would refuse the policy: one bad field, and nothing of it is stored."""
    for at, rule in c.mappings(top, "policyEnforcementRules", base):
        _enforcement(c, rule, at)
    applications = top.get("applications")
    if isinstance(applications, list) and len(applications) > _MOST_APPLICATIONS:
        message = f"applications holds {len(applications)} entries; the API refuses more than {_MOST_APPLICATIONS}"
        c.say("error", "list-too-long", message, f"{base}/applications", "keep the apps that are banned by law first")
        c.void = "the policy has more applications than the API takes"


def _enforcement(c: Collector, rule: Mapping[str, Any], at: str) -> None:
    """Check the pair of actions: `must have a block action and a wipe action` (fleetdm/fleet issue 53296)."""
    block, wipe = c.optional(rule, "blockAction", at), c.optional(rule, "wipeAction", at)
    days = (block.get("blockAfterDays", 0), wipe.get("wipeAfterDays", 0))
    if rule.get("blockAction") is None or rule.get("wipeAction") is None:
        message = "an enforcement rule needs a blockAction and a wipeAction; the API refuses the whole policy"
    elif all(isinstance(day, int) for day in days) and days[0] >= days[1]:
        message = "blockAfterDays must be less than wipeAfterDays; the API refuses the whole policy"
    else:
        return
    c.say("error", "enforcement-rule-incomplete", message, at, "give both actions, the block before the wipe")
    c.void = "the API refuses one of its enforcement rules"


def say_repeated(c: Collector, owner: Mapping[str, Any], key: str, base: str) -> None:
    """Say which package stands twice in a list: no page of the vendor says which of the entries counts."""
    entries = owner.get(key)
    if not isinstance(entries, list):
        return
    names = Counter(entry.get("packageName") for entry in entries if _has_name(entry))
    twice = [name for name, count in names.items() if count > 1]
    if not twice:
        return
    more = f" (and {len(twice) - 1} more packages)" if len(twice) > 1 else ""
    message = f"{twice[0]!r} stands twice in {key}; which entry counts is not documented{more}"
    c.say("warning", "duplicate-package", message, f"{base}/{key}", "keep one entry a package")


def _has_name(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("packageName"), str)
