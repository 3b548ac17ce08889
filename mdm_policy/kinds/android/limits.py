"""Say what makes the Android Management API refuse a policy whole, and entries that stand twice.

One field it does not know, or one value of the wrong type or word, and nothing of the request is stored
(fleetdm/fleet issues 35211, 53296; jasonbayton/11ty@239387e).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.android import words
from mdm_policy.kinds.collector import Why

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mdm_policy.kinds.collector import Collector

MOST_APPLICATIONS = 3000
"""androidmanagement v1 discovery document, revision 20261104: `applications` can have at most 3,000 elements."""


def say_refused(c: Collector, top: Mapping[str, Any], base: str) -> None:
    """Say why the server would refuse the policy: one bad field, and nothing of it is stored."""
    for at, rule in c.mappings(top, "policyEnforcementRules", base):
        _enforcement(c, rule, at)
    applications = top.get("applications")
    if isinstance(applications, list) and len(applications) > MOST_APPLICATIONS:
        message = f"applications holds {len(applications)} entries; the API refuses more than {MOST_APPLICATIONS}"
        c.say("error", "list-too-long", message, f"{base}/applications", "keep the apps that are banned by law first")
        c.void = Why("refused", "the policy has more applications than the API takes")


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
    c.void = Why("refused", "the API refuses one of its enforcement rules")


def refuse_wrong(c: Collector, top: Mapping[str, Any], base: str) -> None:
    """Take back all that was read of a policy in which some field that decides about apps is one the API refuses."""
    overrides, usage = (_under(top, key) for key in ("advancedSecurityOverrides", "personalUsagePolicies"))
    near = [
        key
        for owner, known in ((top, words.TOP), (overrides, words.OVERRIDES), (usage, words.USAGE))
        for key in _near(owner, known)
    ]
    for key in near:
        message = f"{key!r} is written unlike the field it means; the API refuses it, or reads it all the same"
        c.say("error", "field-spelling", message, base, f"write {words.FOLDED[_fold(key)]!r}")
    why = next(iter(_faults(top, overrides, usage)), "")
    if near:
        why = f"nobody can tell what the API makes of {near[0]!r}"
    if why:
        c.refuse(why)


def refuse_entries(c: Collector, entries: list[Any], allowed: frozenset[str]) -> None:
    """Take back all that was read where an entry of a list of apps is one the API refuses."""
    why = next(_wrong_entries(entries, allowed), "")
    if why:
        c.refuse(why)


def _faults(top: Mapping[str, Any], overrides: Mapping[str, Any], usage: Mapping[str, Any]) -> Iterator[str]:
    for owner, key, known in (
        (top, "playStoreMode", words.STORE),
        (usage, "personalPlayStoreMode", words.PERSONAL),
        (overrides, "untrustedAppsPolicy", words.UNTRUSTED),
        (overrides, "developerSettings", words.DEVELOPER),
    ):
        value = owner.get(key)
        if value is not None and not (isinstance(value, str) and value in known):
            yield f"{key} has a value the API refuses"
    for key in ("installAppsDisabled", "uninstallAppsDisabled"):
        if not isinstance(top.get(key), bool | None):
            yield f"{key} has a value the API refuses"
    for owner, key, allowed in (
        (top, "applications", words.INSTALL),
        (usage, "personalApplications", words.PERSONAL_INSTALL),
    ):
        entries = owner.get(key)
        if isinstance(entries, list):
            yield from _wrong_entries(entries, allowed)
        elif entries is not None:
            yield f"{key} is no list, so the API refuses the policy"


def _are_plain(entries: list[Any], allowed: frozenset[str]) -> bool:
    """Tell at once of a whole list that no entry is wrong; few are."""
    if not set(map(type, entries)) <= {dict}:
        return False
    names, kinds, off = ([entry.get(key) for entry in entries] for key in ("packageName", "installType", "disabled"))
    texts = set(map(type, names)) <= {str} and set(map(type, kinds)) <= {str, type(None)}
    return texts and set(map(type, off)) <= {bool, type(None)} and set(kinds) - {None} <= allowed


def _wrong_entries(entries: list[Any], allowed: frozenset[str]) -> Iterator[str]:
    for entry in [] if _are_plain(entries, allowed) else entries:
        if not isinstance(entry, dict):
            yield "an application is no object, so the API refuses the whole policy"
        elif not isinstance(entry.get("packageName"), str):
            yield "an application has no packageName, so the API refuses the whole policy"
        elif (kind := entry.get("installType")) is not None and not (isinstance(kind, str) and kind in allowed):
            yield "an installType is one the API refuses, and with it the whole policy"
        elif not isinstance(entry.get("disabled"), bool | None):
            yield "disabled is neither true nor false, so the API refuses the whole policy"


def _under(top: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = top.get(key)
    return value if isinstance(value, dict) else {}


def _near(owner: Mapping[str, Any], known: frozenset[str]) -> list[str]:
    """Return the keys that are a known one but for case and underscores, as proto3 JSON writes them too."""
    keys = [key for key in owner if key not in known]
    folded = _fold("\n".join(keys)).split("\n")
    if len(folded) != len(keys):  # a key has a line feed in it
        folded = list(map(_fold, keys))
    return [key for key, bare in zip(keys, folded, strict=True) if words.FOLDED.get(bare) in known]


def _fold(key: str) -> str:
    return key.replace("_", "").casefold()


def say_repeated(c: Collector, owner: Mapping[str, Any], key: str, base: str) -> None:
    """Say which package stands twice in a list: no page of the vendor says which of the entries counts."""
    entries = owner.get(key)
    if not isinstance(entries, list):
        return
    names = Counter([entry.get("packageName") for entry in entries if _has_name(entry)])
    twice = [name for name, count in names.items() if count > 1]
    if not twice:
        return
    more = f" (and {len(twice) - 1} more packages)" if len(twice) > 1 else ""
    message = f"{twice[0]!r} stands twice in {key}; which entry counts is not documented{more}"
    c.say("warning", "duplicate-package", message, f"{base}/{key}", "keep one entry a package")


def _has_name(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("packageName"), str)
