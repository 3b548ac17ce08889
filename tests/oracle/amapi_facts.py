"""What a device does with an Android Management API policy, from Google's discovery document and its documentation alone.

Sources: discovery document androidmanagement v1, revision 20261104 (Policy, ApplicationPolicy, PersonalUsagePolicies,
AdvancedSecurityOverrides); bayton.org, jasonbayton/11ty@239387e (the personal side of company-owned devices); fleetdm/fleet issues
35211, 40092, 53296 (a policy with one fault is refused whole); MicrosoftDocs/memdocs 256, 847 (side-loaded apps under the allow list).
"""

from __future__ import annotations

from typing import Any

from oracle.common import ANY, BLOCKED, DOUBT, GAP, HELD, NOT_HELD, NOT_OPEN, OPEN, UNKNOWN, either, worst

INSTALL_TYPES = {
    "INSTALL_TYPE_UNSPECIFIED",
    "PREINSTALLED",
    "FORCE_INSTALLED",
    "BLOCKED",
    "AVAILABLE",
    "REQUIRED_FOR_SETUP",
    "KIOSK",
    "CUSTOM",
}
STORE_MODES = {"PLAY_STORE_MODE_UNSPECIFIED", "WHITELIST", "BLACKLIST"}
PERSONAL_MODES = {"PLAY_STORE_MODE_UNSPECIFIED", "BLACKLIST", "BLOCKLIST", "ALLOWLIST"}
PERSONAL_TYPES = {"INSTALL_TYPE_UNSPECIFIED", "BLOCKED", "AVAILABLE"}
SWITCHES = {
    "addUserDisabled",
    "debuggingFeaturesAllowed",
    "installAppsDisabled",
    "installUnknownSourcesAllowed",
    "blockApplicationsEnabled",
    "modifyAccountsDisabled",
    "uninstallAppsDisabled",
    "bluetoothDisabled",
    "kioskCustomLauncherEnabled",
}
WORDS = {
    "playStoreMode": STORE_MODES,
    "appAutoUpdatePolicy": {"APP_AUTO_UPDATE_POLICY_UNSPECIFIED", "CHOICE_TO_THE_USER", "NEVER", "WIFI_ONLY", "ALWAYS"},
}
OVERRIDES = {
    "untrustedAppsPolicy": {
        "UNTRUSTED_APPS_POLICY_UNSPECIFIED",
        "DISALLOW_INSTALL",
        "ALLOW_INSTALL_IN_PERSONAL_PROFILE_ONLY",
        "ALLOW_INSTALL_DEVICE_WIDE",
    },
    "googlePlayProtectVerifyApps": {
        "GOOGLE_PLAY_PROTECT_VERIFY_APPS_UNSPECIFIED",
        "VERIFY_APPS_ENFORCED",
        "VERIFY_APPS_USER_CHOICE",
    },
    "developerSettings": {
        "DEVELOPER_SETTINGS_UNSPECIFIED",
        "DEVELOPER_SETTINGS_DISABLED",
        "DEVELOPER_SETTINGS_ALLOWED",
    },
}
PRIVATE_SPACE = {"PRIVATE_SPACE_POLICY_UNSPECIFIED", "PRIVATE_SPACE_ALLOWED", "PRIVATE_SPACE_DISALLOWED"}
PLAIN = {
    "advancedSecurityOverrides",
    "applications",
    "defaultApplicationSettings",
    "name",
    "openNetworkConfiguration",
    "permittedInputMethods",
    "personalUsagePolicies",
    "policyEnforcementRules",
    "shortSupportMessage",
    "statusReportingSettings",
    "version",
}
APP_KEYS = {
    "packageName": str,
    "installType": str,
    "disabled": bool,
    "minimumVersionCode": int,
    "signingKeyCerts": list,
    "installConstraint": list,
    "managedConfiguration": dict,
    "autoUpdateMode": str,
}
MOST_WITH_A_VERSION = 20


def _is(value: Any, wanted: type) -> bool:
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def unknown_keys(policy: dict[str, Any]) -> bool:
    """Tell whether a name stands in the policy that the API's messages lack."""
    apps = policy.get("applications", [])
    personal = policy.get("personalUsagePolicies", {})
    overrides = policy.get("advancedSecurityOverrides", {})
    return (
        bool(set(policy) - PLAIN - SWITCHES - set(WORDS))
        or (isinstance(apps, list) and any(isinstance(one, dict) and set(one) - set(APP_KEYS) for one in apps))
        or (
            isinstance(personal, dict)
            and bool(
                set(personal)
                - {"personalPlayStoreMode", "personalApplications", "privateSpacePolicy", "maxDaysWithWorkOff"}
            )
        )
        or (isinstance(overrides, dict) and bool(set(overrides) - set(OVERRIDES)))
    )


def refused(policy: dict[str, Any]) -> bool:
    """Tell whether the API stores nothing of the policy: a wrong word or type anywhere, or a limit that it states."""
    if any(not isinstance(policy[key], bool) for key in SWITCHES & set(policy)):
        return True
    if any(policy[key] not in words for key, words in WORDS.items() if key in policy):
        return True
    parts: dict[str, dict[str, Any]] = {
        "openNetworkConfiguration": {},
        "advancedSecurityOverrides": {},
        "personalUsagePolicies": {},
    }
    if any(not isinstance(policy.get(key, empty), dict) for key, empty in parts.items()):
        return True
    overrides = policy.get("advancedSecurityOverrides", {})
    if any(overrides[key] not in words for key, words in OVERRIDES.items() if key in overrides):
        return True
    return _personal_refused(policy.get("personalUsagePolicies", {})) or _apps_refused(policy) or _rules_refused(policy)


def _personal_refused(personal: dict[str, Any]) -> bool:
    if personal.get("personalPlayStoreMode", "BLOCKLIST") not in PERSONAL_MODES:
        return True
    if personal.get("privateSpacePolicy", "PRIVATE_SPACE_ALLOWED") not in PRIVATE_SPACE:
        return True
    days = personal.get("maxDaysWithWorkOff", 0)
    if not _is(days, int) or days in {1, 2}:
        return True
    listed = personal.get("personalApplications", [])
    return not isinstance(listed, list) or any(
        not isinstance(one, dict)
        or one.get("installType", "AVAILABLE") not in PERSONAL_TYPES
        or not isinstance(one.get("packageName", ""), str)
        for one in listed
    )


def _apps_refused(policy: dict[str, Any]) -> bool:
    apps = policy.get("applications", [])
    if not isinstance(apps, list) or any(not isinstance(one, dict) for one in apps):
        return True
    if any(key in one and not _is(one[key], wanted) for one in apps for key, wanted in APP_KEYS.items()):
        return True
    types = [one.get("installType", "AVAILABLE") for one in apps]
    if any(one not in INSTALL_TYPES for one in types) or types.count("KIOSK") > 1:
        return True
    if any(one.get("installType") == "CUSTOM" and not one.get("signingKeyCerts") for one in apps):
        return True
    if sum("minimumVersionCode" in one for one in apps) > MOST_WITH_A_VERSION:
        return True
    return any(len(one.get("installConstraint", [])) > 1 for one in apps)


def _rules_refused(policy: dict[str, Any]) -> bool:
    for rule in policy.get("policyEnforcementRules", []):
        if "blockAction" not in rule or "wipeAction" not in rule:
            return True
        if rule["blockAction"].get("blockAfterDays", 0) >= rule["wipeAction"].get("wipeAfterDays", 0):
            return True
    return False


def policy_answer(policy: dict[str, Any], package: str, device: dict[str, Any]) -> frozenset[str]:
    """Say what one policy does to an app, on a device that has this policy and no other."""
    # What a server answered bears a name and a version: a field or a word there that the schema lacks can only be newer.
    answered = "name" in policy and "version" in policy
    newer = answered and policy.get("appAutoUpdatePolicy", "NEVER") not in WORDS["appAutoUpdatePolicy"]
    if newer:
        policy = {key: value for key, value in policy.items() if key != "appAutoUpdatePolicy"}
    if refused(policy) or (unknown_keys(policy) and not answered):
        return NOT_HELD
    mode = device["mode"]
    origins = device.get("origins", ["store", "sideloaded"])
    work = worst(_managed(policy, package, origin, mode) for origin in origins)
    if mode == "byod":
        return OPEN if UNKNOWN not in work else NOT_HELD  # no policy reaches the personal side
    answer = work
    if mode == "cope":
        answer = worst([work, *(_personal(policy, package, origin, device) for origin in origins)])
    return answer | DOUBT if newer or unknown_keys(policy) else answer


def _sideloading(policy: dict[str, Any], mode: str, *, personal: bool) -> frozenset[str]:
    """Say whether apps from elsewhere are refused: held, open, or in doubt."""
    overrides = policy.get("advancedSecurityOverrides", {})
    untrusted = overrides.get("untrustedAppsPolicy", "DISALLOW_INSTALL")
    settings = overrides.get("developerSettings", "DEVELOPER_SETTINGS_UNSPECIFIED")
    debugging = policy.get("debuggingFeaturesAllowed")
    closed = {True: "DEVELOPER_SETTINGS_DISABLED", False: "DEVELOPER_SETTINGS_ALLOWED"}
    # Deprecated, and described as working; which of the two wins is in no source.
    contested = debugging is not None and settings == closed[debugging]
    personal_only = untrusted == "ALLOW_INSTALL_IN_PERSONAL_PROFILE_ONLY"
    if untrusted == "ALLOW_INSTALL_DEVICE_WIDE" or (personal_only and personal):
        return NOT_HELD if contested else OPEN
    if personal_only and mode != "cope":
        return ANY  # said of devices with work profiles; on others no page says
    if contested:
        return NOT_HELD
    return OPEN if settings == "DEVELOPER_SETTINGS_ALLOWED" or debugging is True else BLOCKED


def _managed(policy: dict[str, Any], package: str, origin: str, mode: str) -> frozenset[str]:
    entries = [one for one in policy.get("applications", []) if one.get("packageName") == package]
    if not entries:
        return _managed_by(policy, None, origin, mode)
    # Of two entries for one package no page says which counts.
    answer = either(_managed_by(policy, one, origin, mode) for one in entries)
    # No user can install what is offered; a copy that is there runs.
    return NOT_HELD if answer == OPEN and policy.get("installAppsDisabled") is True else answer


def _managed_by(policy: dict[str, Any], entry: dict[str, Any] | None, origin: str, mode: str) -> frozenset[str]:
    allow_list = policy.get("playStoreMode", "WHITELIST") != "BLACKLIST"
    blocked = entry is not None and entry.get("installType") == "BLOCKED"
    if entry is not None and not blocked:
        if origin == "sideloaded" and not entry.get("disabled"):
            # The store offers it; a copy from elsewhere is refused where such copies are, and runs where it is there already.
            return OPEN if _sideloading(policy, mode, personal=False) == OPEN else NOT_HELD
        return OPEN if not entry.get("disabled") else BLOCKED if origin != "preinstalled" else NOT_OPEN
    if entry is None and not allow_list:
        return OPEN if not policy.get("kioskCustomLauncherEnabled") else ANY
    if origin == "preinstalled":
        # Live policies block makers' own apps so; that BLOCKED once had no effect is reported of work profiles alone.
        return NOT_OPEN if blocked and not _stuck(policy) else NOT_HELD
    if _stuck(policy):
        return BLOCKED | NOT_HELD if entry is not None and entry.get("disabled") else NOT_HELD
    gate = _sideloading(policy, mode, personal=False) if origin == "sideloaded" else BLOCKED
    if gate == BLOCKED:
        return BLOCKED
    if not allow_list:
        # Whether a copy from elsewhere that a policy blocks is also switched off by it no page says.
        return ANY if gate == ANY or (entry is not None and entry.get("disabled")) else NOT_HELD
    # Under the allow list such apps go at the next sync of a fully managed device.
    return ANY if blocked or mode in {"cope", "byod"} else BLOCKED


def _stuck(policy: dict[str, Any]) -> bool:
    """Tell whether a copy that is there stays: availability cannot be changed, or no app may be uninstalled."""
    return policy.get("installAppsDisabled") is True or policy.get("uninstallAppsDisabled") is True


def _personal(policy: dict[str, Any], package: str, origin: str, device: dict[str, Any]) -> frozenset[str]:
    if origin == "preinstalled":
        return OPEN  # personal usage policies do not affect them
    personal = policy.get("personalUsagePolicies", {})
    entries = [one for one in personal.get("personalApplications", []) if one.get("packageName") == package]
    types = [one.get("installType", "AVAILABLE") for one in entries]
    gate = _sideloading(policy, "cope", personal=True) if origin == "sideloaded" else BLOCKED
    elsewhere = origin == "sideloaded"
    answer = either(_by_type(one, personal, gate, elsewhere=elsewhere) for one in types or [""])
    # Before Android 11 a company's own device with a work profile was managed in another way.
    return NOT_HELD if device["os"].startswith(">=9") else answer


def _by_type(word: str, personal: dict[str, Any], gate: frozenset[str], *, elsewhere: bool) -> frozenset[str]:
    if word == "BLOCKED":
        return gate
    if personal.get("personalPlayStoreMode") == "ALLOWLIST" and word not in {"AVAILABLE", "INSTALL_TYPE_UNSPECIFIED"}:
        return NOT_HELD  # what is not listed cannot be installed; of a copy that is there nothing is said
    return OPEN if gate == OPEN or not elsewhere else NOT_HELD


def policies_answer(
    policies: list[dict[str, Any]], package: str, device: dict[str, Any], *, more: bool
) -> frozenset[str]:
    """Judge policies, of which a device has exactly one; with `more` a page with others was not seen."""
    answer = worst(policy_answer(one, package, device) for one in policies)
    if not more:
        return answer
    return (answer - {HELD}) | DOUBT if HELD in answer else answer | (NOT_HELD if GAP in answer else DOUBT)


def changes_answer(changes: list[dict[str, Any]], package: str, device: dict[str, Any]) -> frozenset[str]:
    """Judge the body of modifyPolicyApplications, which changes a policy of which the rest is not known."""
    words = {one.get("installType", "AVAILABLE") for one in changes if one.get("packageName") == package}
    if device["mode"] in {"cope", "byod"} or words != {"BLOCKED"} or _apps_refused({"applications": changes}):
        return NOT_HELD  # it never reaches the personal side
    # Whether copies from elsewhere are refused stands in the rest of the policy.
    return NOT_OPEN if device.get("origins") == ["store"] else ANY
