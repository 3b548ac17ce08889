"""What Intune's policies and app assignments do on Android, from Microsoft's pages alone.

Sources: MicrosoftDocs/memdocs, manage-ai-android (2025-11: what is the default, uninstall as a block list),
device-restrictions-android-for-work (2025-06: store modes, personal profile, unknown sources), apps-deploy (which intent wins); Graph
beta androidDeviceOwnerGeneralDeviceConfiguration, androidManagedStoreApp.
"""

from __future__ import annotations

import itertools
from typing import Any

from oracle.common import ANY, BLOCKED, DOUBT, GAP, HELD, NOT_HELD, NOT_OPEN, OPEN, either, worst
from oracle.intune_facts import PREFIX, Reach, by_worlds, reach

OWNER = f"{PREFIX}androidDeviceOwnerGeneralDeviceConfiguration"
APP = f"{PREFIX}androidManagedStoreApp"
STORE_MODES = {"notConfigured", "allowList", "blockList", None}
PERSONAL_MODES = {"notConfigured", "blockedApps", "allowedApps", None}
OFFERS = {"required", "available", "availableWithoutEnrollment"}
RANK: dict[Reach, int] = {"no": 0, "elsewhere": 1, "outside": 1, "maybe": 1, "yes": 2}
INTENTS = OFFERS | {"uninstall"}


def odd(policy: dict[str, Any]) -> bool:
    """Tell whether a policy holds a word or a type that Graph does not know."""
    if policy["@odata.type"] == APP:
        return any(one["intent"] not in INTENTS for one in policy.get("assignments", []))
    if policy["@odata.type"] != OWNER:
        return False
    switches = ("appsAllowInstallFromUnknownSources", "personalProfileAppsAllowInstallFromUnknownSources")
    if any(not isinstance(policy.get(one), bool | None) for one in switches):
        return True
    listed = policy.get("personalProfilePersonalApplications")
    if listed is not None and any(not isinstance(one, dict) or "packageName" in one for one in listed):
        return True
    modes = policy.get("playStoreMode"), policy.get("personalProfilePlayStoreMode")
    return modes[0] not in STORE_MODES or modes[1] not in PERSONAL_MODES


def intents(apps: list[dict[str, Any]], package: str, device: dict[str, Any]) -> dict[str, Reach]:
    """Say which intents of the app reach the class."""
    found: dict[str, Reach] = {}
    for app in apps:
        if app.get("packageId") != package:
            continue
        for intent in sorted({one["intent"] for one in app.get("assignments", [])}):
            those = {"assignments": [one for one in app["assignments"] if one["intent"] == intent]}
            word = reach(those, device)
            if word == "no" and intent in OFFERS - {"required"} and device["mode"] == "dedicated":
                word = "elsewhere"  # an offer to users of devices without any: the product may take it for one
            if RANK[word] > RANK[found.get(intent, "no")] or intent not in found:
                found[intent] = word
    return found


def answer_of(policies: list[dict[str, Any]], package: str, device: dict[str, Any]) -> frozenset[str]:
    """Judge an app by all policies that may reach the class."""
    apps = [one for one in policies if one["@odata.type"] == APP]
    owners = [(one, reach(one, device)) for one in policies if one["@odata.type"] == OWNER]
    assigned = intents(apps, package, device) if device.get("managed_by", "intune") == "intune" else {}
    named = any(one.get("packageId") == package for one in apps)
    if device["mode"] == "byod":
        return OPEN if all(word in {"yes", "no"} for word in assigned.values()) else NOT_HELD
    answer = _by_choices(owners, assigned, package, device, named)
    near = {intent: word for intent, word in assigned.items() if word != "elsewhere" or intent == "uninstall"}
    # Required beats Uninstall on the devices that are assigned both; whether those of this class are in other groups too is left open.
    return answer | {HELD} if HELD in _by_choices(owners, near, package, device, named) else answer


def _by_choices(
    owners: list[tuple[dict[str, Any], Reach]],
    assigned: dict[str, Reach],
    package: str,
    device: dict[str, Any],
    named: bool,
) -> frozenset[str]:
    return either(
        by_worlds(owners, lambda acting, choice=choice: _world(acting, choice, package, device, named))
        for choice in _choices(assigned)
    )


def _choices(assigned: dict[str, Reach]) -> list[frozenset[str]]:
    certain = frozenset(intent for intent, word in assigned.items() if word == "yes")
    doubtful = [intent for intent, word in assigned.items() if word not in {"yes", "no"}]
    return [
        certain | frozenset(more)
        for count in range(len(doubtful) + 1)
        for more in itertools.combinations(doubtful, count)
    ]


def _world(
    owners: list[dict[str, Any]],
    assigned: frozenset[str],
    package: str,
    device: dict[str, Any],
    named: bool,
) -> frozenset[str]:
    """Judge one choice of what acts: each value a setting may keep, and each side of the device."""
    if not owners and not assigned:
        return (
            ANY if named else NOT_HELD
        )  # the default refuses what nobody assigned; that nothing else was set no document says
    origins = device.get("origins", ["store", "sideloaded"])
    known = None if device["mode"] == "dedicated" and assigned & OFFERS else bool(owners) and named
    modes = _given(owners, "playStoreMode", "notConfigured")
    gates = _given(owners, "appsAllowInstallFromUnknownSources", None)
    answers = [
        worst(_managed(assigned, mode, gate, origin, known) for origin in origins) for mode in modes for gate in gates
    ]
    contested = len(modes) * len(gates) > 1
    if device["mode"] == "cope":
        sides = _personal_values(owners)
        gates = _given(owners, "personalProfileAppsAllowInstallFromUnknownSources", None)
        personal = either(
            worst(_personal(assigned, mode, names, gate, origin, package) for origin in origins)
            for mode, names in sides
            for gate in gates
        )
        answers = [worst([one, personal]) for one in answers]
        contested = contested or len(sides) * len(gates) > 1
    answer = either(answers)
    return answer | DOUBT if contested else answer


def _given(owners: list[dict[str, Any]], key: str, absent: Any) -> list[Any]:
    """Return the values that a setting is given; what is not configured gives none."""
    values = [one[key] for one in owners if one.get(key) not in {None, absent}]
    return list(dict.fromkeys(values)) or [absent]


def _personal_values(owners: list[dict[str, Any]]) -> list[tuple[str, frozenset[str]]]:
    found: dict[tuple[str, frozenset[str]], None] = {}
    for one in owners:
        mode = one.get("personalProfilePlayStoreMode")
        if mode in {None, "notConfigured"}:
            continue
        listed = one.get("personalProfilePersonalApplications") or []
        found[str(mode), frozenset(str(entry.get("appId")) for entry in listed)] = None
    return list(found) or [("notConfigured", frozenset())]


def _managed(assigned: frozenset[str], mode: str, gate: bool | None, origin: str, known: bool | None) -> frozenset[str]:
    """Say what becomes of the app on a managed device, or in the work profile."""
    if "required" in assigned:
        # Required always beats uninstall; alone, under the default, the product may take the assignment for one it has not read.
        return OPEN if "uninstall" in assigned or (mode == "blockList" and origin == "store") else NOT_HELD
    offered = assigned & OFFERS
    if "uninstall" in assigned:
        if offered:
            if known is None:
                return ANY  # no user signs in on it, and an offer goes to users
            return NOT_HELD  # which of the two counts depends on the kind of group, which nothing says
        if origin == "store" or mode != "blockList" or gate is False:
            return BLOCKED
        return NOT_HELD if gate else NOT_OPEN
    if mode == "blockList" or offered:
        # From elsewhere an app that is only offered cannot come where unknown sources are closed.
        return OPEN if mode == "blockList" and (origin == "store" or gate) else NOT_HELD
    # By default, and under the allow list, only what is assigned can be got, from elsewhere nothing; without the app's own object
    # nobody has read whether it is.
    return NOT_OPEN if known else DOUBT


def _personal(
    assigned: frozenset[str],
    mode: str,
    names: frozenset[str],
    gate: bool | None,
    origin: str,
    package: str,
) -> frozenset[str]:
    """Say what becomes of the app in the personal profile of a company's own device."""
    # What an absent switch means no page says.
    closed = BLOCKED if origin == "store" or gate is False else NOT_HELD if gate else ANY
    if mode == "blockedApps" and package in names:
        return closed
    if "uninstall" in assigned and mode == "allowedApps" and package in names:
        return NOT_HELD if assigned & OFFERS or gate else ANY
    if "uninstall" in assigned and not assigned & OFFERS:
        return (
            ANY if origin != "store" and gate is not False else BLOCKED
        )  # it cannot be used on the personal side either
    if mode == "allowedApps" and package not in names:
        return ANY  # of copies that are there no page says
    if "uninstall" in assigned:
        return NOT_HELD
    return OPEN if origin == "store" or gate else NOT_HELD


def widened(answer: frozenset[str]) -> frozenset[str]:
    """Return what may be said beside a policy of which nothing can be said."""
    return answer | DOUBT if HELD in answer else answer | NOT_HELD


__all__ = ["APP", "GAP", "OWNER", "answer_of", "odd", "widened"]
