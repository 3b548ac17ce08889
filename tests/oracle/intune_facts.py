"""Whom Intune's assignments reach, and what its policies do on iPhones and iPads, from Microsoft's pages alone.

Sources: MicrosoftDocs/memdocs, device-profile-assign (exclusions, all users), troubleshoot-device-profiles (conflicts, custom
profiles), device-restrictions-apple (hidden and restricted apps), compliance-policy-create-ios, apps-deploy (intents); Graph types
iosGeneralDeviceConfiguration, deviceManagementConfigurationPolicy, iosCustomConfiguration; the settings catalog's export of 2025-03.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Literal

from oracle.apple_facts import restrictions
from oracle.common import ANY, BLOCKED, DOUBT, HELD, NOT_HELD, NOT_OPEN, OPEN, UNKNOWN, either

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.apple_facts import State

Reach = Literal["yes", "no", "maybe", "outside", "elsewhere"]
"""Whether a policy acts on every device of the class, on none, or on nobody knows which; `outside`: the class is excluded by name;
`elsewhere`: it is assigned to other groups than those of the class alone."""

PREFIX = "#microsoft.graph."
GENERAL, CUSTOM = f"{PREFIX}iosGeneralDeviceConfiguration", f"{PREFIX}iosCustomConfiguration"
COMPLIANCE, CATALOG = f"{PREFIX}iosCompliancePolicy", f"{PREFIX}deviceManagementConfigurationPolicy"
RESTRICTIONS = "com.apple.applicationaccess_com.apple.applicationaccess"
BLOCKED_IDS, ALLOWED_IDS = (
    f"com.apple.applicationaccess_{one}" for one in ("blockedappbundleids", "allowlistedappbundleids")
)
LIST_TYPES = {"none", "appsInListCompliant", "appsNotInListCompliant"}
SINCE = 15.0


def reach(policy: dict[str, Any], device: dict[str, Any]) -> Reach:
    """Say whom a policy's assignments reach; without any statement, everybody: a note, no gap."""
    if device.get("managed_by", "intune") != "intune":
        return "no"
    assignments = policy.get("assignments")
    if assignments is None:
        return "yes"
    targets = [one["target"] for one in assignments]
    excluded = [_group(one) for one in targets if one["@odata.type"] == f"{PREFIX}exclusionGroupAssignmentTarget"]
    included = [one for one in targets if one["@odata.type"] != f"{PREFIX}exclusionGroupAssignmentTarget"]
    words = [_target(one, included, device) for one in included]
    word = next((one for one in ("yes", "maybe", "elsewhere", "no") if one in words), "no")
    groups = device.get("groups", [])
    if word != "no" and excluded and (not groups or set(groups) & set(excluded)):
        # Exclusions count inside one type of group only; of which type a group is nothing says.
        return "outside" if groups else "maybe"
    return word  # type: ignore[return-value]


def _group(target: dict[str, Any]) -> str:
    return str(target.get("groupName", target.get("groupId", "")))


def _target(target: dict[str, Any], every: list[dict[str, Any]], device: dict[str, Any]) -> Reach:
    kind = target["@odata.type"].removeprefix(PREFIX)
    word: Reach = "maybe"
    if kind == "allDevicesAssignmentTarget":
        word = "yes"
    elif kind == "allLicensedUsersAssignmentTarget":
        word = {True: "yes", False: "no"}.get(device.get("user_affinity"), "maybe")  # type: ignore[arg-type,assignment]
    elif kind == "groupAssignmentTarget":
        groups, named = device.get("groups", []), [_group(one) for one in every if not _filtered(one)]
        ours = _group(target) in groups or not groups
        word = "yes" if groups and set(groups) <= set(named) else "maybe" if ours else "elsewhere"
    return "maybe" if _filtered(target) and word != "elsewhere" else word


def _filtered(target: dict[str, Any]) -> bool:
    return target.get("deviceAndAppManagementAssignmentFilterType", "none") not in {"none", None}


def by_worlds(policies: Sequence[tuple[dict[str, Any], Reach]], judge: Any) -> frozenset[str]:
    """Judge every choice of the policies that may or may not act."""
    answer = _by_worlds(policies, judge)
    near = [(one, word) for one, word in policies if word != "elsewhere"]
    if HELD in answer or len(near) == len(policies):
        return answer
    # Whether what other groups get may contest what this class gets is left open: its devices may be in those groups too.
    return answer | {HELD} if HELD in _by_worlds(near, judge) else answer


def _by_worlds(policies: Sequence[tuple[dict[str, Any], Reach]], judge: Any) -> frozenset[str]:
    certain = [one for one, word in policies if word == "yes"]
    open_ones = [one for one, word in policies if word not in {"yes", "no"}]
    worlds = [
        certain + list(choice)
        for count in range(len(open_ones) + 1)
        for choice in itertools.combinations(open_ones, count)
    ]
    answer = either(judge(one) for one in worlds)
    if any(word == "outside" for _, word in policies) and answer not in (BLOCKED, OPEN):
        return answer | NOT_HELD if UNKNOWN in answer else answer
    return answer


def instances(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the restrictions that a settings-catalog policy sets."""
    for setting in policy.get("settings", []):
        instance = setting["settingInstance"]
        if instance["settingDefinitionId"] == RESTRICTIONS:
            for group in instance.get("groupSettingCollectionValue", []):
                yield from group.get("children", [])


def _catalog_list(policy: dict[str, Any], wanted: str) -> list[str] | None:
    if policy.get("platforms") != "iOS":
        return None  # of another platform: never delivered here
    for one in instances(policy):
        if one["settingDefinitionId"] == wanted and isinstance(one.get("simpleSettingCollectionValue"), list):
            return [value["value"] for value in one["simpleSettingCollectionValue"]]
    return None


def odd(policy: dict[str, Any]) -> bool:
    """Tell whether a policy holds what no page of Microsoft's shows, so that nothing can be said of it."""
    kind = policy["@odata.type"]
    if kind == GENERAL:
        listed = policy.get("appsVisibilityList")
        if policy.get("appsVisibilityListType", "none") not in LIST_TYPES:
            return True
        return listed is not None and any(not isinstance(one, dict) or "bundleId" in one for one in listed)
    if kind == CATALOG:
        known = {BLOCKED_IDS, ALLOWED_IDS, "com.apple.applicationaccess_allowappinstallation"}
        found = list(instances(policy))
        wrong = any(one["settingDefinitionId"] not in known for one in found)
        single = any(isinstance(one.get("simpleSettingCollectionValue"), dict) for one in found)
        outside = any(
            one["settingInstance"]["settingDefinitionId"] != RESTRICTIONS for one in policy.get("settings", [])
        )
        return wrong or single or outside
    return False


def _named(item: dict[str, Any], app: dict[str, Any]) -> bool:
    if item.get("appId"):
        return item["appId"] in app["bundle_id"]
    found = re.search(r"/id(\d+)", item.get("appStoreUrl") or "")
    return found is not None and found[1] in app.get("app_store_id", [])


def _template_list(policy: dict[str, Any], wanted: str) -> list[dict[str, Any]] | None:
    """Return a template's list of hidden or of allowed apps; of type none it is not configured."""
    kinds = {BLOCKED_IDS: "appsNotInListCompliant", ALLOWED_IDS: "appsInListCompliant"}
    if policy["@odata.type"] != GENERAL or policy.get("appsVisibilityListType") != kinds[wanted]:
        return None
    return policy.get("appsVisibilityList") or []


def _values(
    policies: list[dict[str, Any]], wanted: str, app: dict[str, Any], state: State
) -> dict[frozenset[str], tuple[bool, bool]]:
    """Return each value that a setting is given, whether the app stands in it, and whether the system knows the setting."""
    found: dict[frozenset[str], tuple[bool, bool]] = {}
    for one in policies:
        entries = _template_list(one, wanted)
        if entries is not None:
            names = frozenset(str(entry.get("appId") or entry.get("appStoreUrl")) for entry in entries)
            found[names] = any(_named(entry, app) for entry in entries), True
        strings = _catalog_list(one, wanted) if one["@odata.type"] == CATALOG else None
        if strings is not None:
            found.setdefault(frozenset(strings), (bool(set(app["bundle_id"]) & set(strings)), state.version >= SINCE))
    return found


def ios_answer(policies: list[dict[str, Any]], app: dict[str, Any], state: State) -> frozenset[str]:
    """Say what the policies that act do to an app on one device."""
    if not state.supervised or state.enrollment == "user":
        return OPEN
    templates = [
        one
        for one in policies
        if _template_list(one, BLOCKED_IDS) is not None or _template_list(one, ALLOWED_IDS) is not None
    ]
    torn = len({one["appsVisibilityListType"] for one in templates}) > 1
    others = [one for one in policies if not torn or one not in templates]
    denied = _values(others, BLOCKED_IDS, app, state)
    allowed = _values(others, ALLOWED_IDS, app, state)
    kinds = [
        _of_setting([_in_template(one, app, state) for one in templates] if torn else []),
        _of_setting([_denied(value, *one) for value, one in denied.items()]),
        _of_setting([_allowed(value, *one) for value, one in allowed.items()]),
        _of_profiles([one["profile"] for one in policies if one["@odata.type"] == CUSTOM], app, state),
    ]
    answer = _together(kinds)
    mixed = torn or (any(one["@odata.type"] == CUSTOM for one in policies) and (denied or allowed))
    return NOT_OPEN if mixed and answer == BLOCKED else answer


def _in_template(policy: dict[str, Any], app: dict[str, Any], state: State) -> str:
    denied = _values([policy], BLOCKED_IDS, app, state)
    words = [_denied(value, *one) for value, one in denied.items()]
    words += [_allowed(value, *one) for value, one in _values([policy], ALLOWED_IDS, app, state).items()]
    return "runs" if words == ["nothing"] else words[0]


def _denied(value: frozenset[str], hit: bool, works: bool) -> str:
    return "blocks" if hit and works else "nothing" if not value or not works else "runs"


def _allowed(value: frozenset[str], hit: bool, works: bool) -> str:
    if not works or hit:
        return "runs"
    # An item needs appId or appStoreUrl (device-restrictions-apple): one without either may stand for any app.
    return "empty" if not value or "None" in value else "blocks"


def _of_setting(words: list[str]) -> frozenset[str]:
    """Combine the values that one setting is given: where they differ, which one a device keeps is in no page."""
    if not words:
        return OPEN
    answers = [{"blocks": BLOCKED, "empty": DOUBT}.get(one, OPEN) for one in words]
    if len(words) == 1:
        return answers[0]
    if set(words) == {"blocks"}:
        return NOT_OPEN
    if set(words) == {"blocks", "nothing"}:
        return ANY  # whether an empty list is a value of its own no page says
    return NOT_HELD


def _of_profiles(profiles: list[Any], app: dict[str, Any], state: State) -> frozenset[str]:
    return restrictions(profiles, app["bundle_id"][0], state) if profiles else OPEN


def _together(kinds: list[frozenset[str]]) -> frozenset[str]:
    """Combine settings of different kinds, each of which may hide the app."""
    said = [one for one in kinds if one != OPEN]
    if not said:
        return OPEN
    if BLOCKED in said:
        # A template, the catalog and a profile write one payload: whether Intune sees a conflict in them no page says.
        return BLOCKED if len(said) == 1 else NOT_OPEN
    return frozenset().union(*said) if len(said) == 1 else ANY


def widened(answer: frozenset[str]) -> frozenset[str]:
    """Return what may be said where one more policy may be there that nobody has read."""
    return answer | DOUBT if HELD in answer else answer | NOT_HELD
