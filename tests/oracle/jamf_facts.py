"""What Jamf does with the objects of its Classic API, from its published schema and its own provider alone.

Sources: Classic API 11.26 (OpenAPI): restricted_software, mobile_device_configuration_profile, os_x_configuration_profile;
Jamf-Concepts/terraform-provider-jamfplatform (probed on 11.31.1): `match_exact_process_name` defaults to true, `delete_executable` is
stored only with it. Documents are trees of (tag: text, tree, or list of trees).
"""

from __future__ import annotations

from typing import Any

from oracle.common import ANY, BLOCKED, DOUBT, HELD, NOT_HELD, NOT_OPEN, OPEN

EVERYONE = {"all_computers", "all_mobile_devices"}
GROUPS = {"computer_groups": "computer_group", "mobile_device_groups": "mobile_device_group"}


def members(scope: dict[str, Any], key: str) -> list[str]:
    """Return the names listed under one element of a scope."""
    listed = scope.get(key) or {}
    return [one.get("name", "") for group in listed.values() for one in (group if isinstance(group, list) else [group])]


def reach(scope: dict[str, Any] | None, *, stored: bool, groups: list[str]) -> frozenset[str]:
    """Say whether a scope holds the class: held (it does), known gap (nobody), or unknown; `stored` is a server's own answer."""
    if scope is None:
        return BLOCKED  # not stated: a note, no gap
    included = _included(scope, stored=stored, groups=groups)
    if included == OPEN:
        return OPEN
    if any(_listed(scope.get("limitations"))) or any(_doubtful(scope.get("exclusions"), groups)):
        return _excluded(scope.get("exclusions"), groups)
    return included


def _included(scope: dict[str, Any], *, stored: bool, groups: list[str]) -> frozenset[str]:
    if any(scope.get(key) == "true" for key in EVERYONE):
        return BLOCKED
    included = [name for key in GROUPS for name in members(scope, key)]
    if groups and set(groups) <= set(included):
        return BLOCKED
    if any(_listed(scope)) or scope.get("all_jss_users") == "true":
        return NOT_HELD if scope.get("all_jss_users") == "true" else DOUBT
    return OPEN if stored else ANY


def _listed(place: dict[str, Any] | None) -> list[str]:
    found = place or {}
    return [
        name
        for key in found
        if key not in {"limitations", "exclusions"} and isinstance(found[key], dict)
        for name in members(found, key)
    ]


def _doubtful(exclusions: dict[str, Any] | None, groups: list[str]) -> list[str]:
    found = exclusions or {}
    named = [name for key in GROUPS for name in members(found, key)]
    others = [name for key in found if key not in GROUPS for name in members(found, key)]
    return others + [name for name in named if not groups or name in groups]


def _excluded(exclusions: dict[str, Any] | None, groups: list[str]) -> frozenset[str]:
    named = [name for key in GROUPS for name in members(exclusions or {}, key)]
    return NOT_HELD if groups and set(groups) & set(named) else DOUBT


def narrowed(general: dict[str, Any], answer: frozenset[str]) -> frozenset[str]:
    """Take an object of one site for in doubt: which devices are there is not in it."""
    site = general.get("site") or {}
    apart = site.get("id", "-1") not in {"-1", ""} or site.get("name", "None") not in {"None", "NONE", ""}
    return (answer - {HELD}) | DOUBT if apart else answer


def with_scope(effect: frozenset[str], reached: frozenset[str]) -> frozenset[str]:
    """Combine what an object does with whom it reaches."""
    if OPEN in {effect, reached}:
        return OPEN if reached in {OPEN, BLOCKED} else NOT_HELD
    return effect if reached == BLOCKED else (effect | reached) - (set() if HELD in reached else {HELD})


def software_answer(tree: dict[str, Any], process: str, groups: list[str]) -> frozenset[str]:
    """Say what a restricted software record does to a program of this process name; weak at best."""
    general = tree.get("general")
    if not isinstance(general, dict):
        return NOT_HELD
    effect = _software_effect(general, process)
    reached = reach(tree.get("scope"), stored="id" in general, groups=groups)
    return narrowed(general, with_scope(effect, reached))


def _software_effect(general: dict[str, Any], process: str) -> frozenset[str]:
    name, exact = general.get("process_name"), general.get("match_exact_process_name", "true")
    if not name or not general.get("name"):
        return NOT_HELD
    if exact not in {"true", "false"}:
        return ANY if _alike(name, process) else OPEN
    if name == process:
        matched = BLOCKED
    elif exact == "true":
        # Whether ".app" and case count in an exact name is in no source.
        matched = ANY if _alike(name, process) else OPEN
    else:
        # That "not exact" means a part of the name is in no source either.
        matched = ANY if _alike(name, process) else OPEN
    kills, deletes = general.get("kill_process", "false"), general.get("delete_executable", "false")
    if kills == "true":
        return matched
    if deletes == "true":
        return ANY
    return OPEN if kills == "false" else NOT_HELD


def _alike(name: str, process: str) -> bool:
    one, other = name.lower().removesuffix(".app"), process.lower().removesuffix(".app")
    return one in other or other in one


def delivered(general: dict[str, Any], *, mac: bool) -> frozenset[str]:
    """Say whether a profile object puts its profile onto the device, for the system and by itself."""
    method = general.get("distribution_method" if mac else "deployment_method", "Install Automatically")
    level = general.get("level", "System")
    if method != "Install Automatically":
        return NOT_HELD  # offered: whether a user took it is not known
    if level in {"User", "User Level", "user"}:
        return DOUBT
    return BLOCKED if level in {"System", "Device Level", "computer", "device"} else NOT_OPEN
