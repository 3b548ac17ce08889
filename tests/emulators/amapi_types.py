"""State what the Android Management API takes in a policy: names of fields, and the words of the enums a ban touches.

Names and words are those of the discovery document, revision 20261104; what a ban does not touch is closed at the top
level only. Texts of errors are those that clients of the real server have recorded (fleetdm/fleet issues 35211, 53296).
"""

from __future__ import annotations

import re
from typing import Any

_TOP = """accountTypesWithManagementDisabled addUserDisabled adjustVolumeDisabled advancedSecurityOverrides
alwaysOnVpnPackage appAutoUpdatePolicy appFunctions applications assistContentPolicy autoDateAndTimeZone
bluetoothConfigDisabled bluetoothDisabled cameraAccess cameraDisabled crossProfilePolicies
defaultPermissionPolicy deviceConnectivityManagement deviceOwnerLockScreenInfo displaySettings encryptionPolicy
factoryResetDisabled frpAdminEmails funDisabled installAppsDisabled keyguardDisabled kioskCustomLauncherEnabled
kioskCustomization locationMode longSupportMessage maximumTimeToLock microphoneAccess minimumApiLevel
modifyAccountsDisabled name openNetworkConfiguration passwordPolicies permissionGrants permittedAccessibilityServices
permittedInputMethods persistentPreferredActivities personalUsagePolicies playStoreMode policyEnforcementRules
privateKeySelectionEnabled recommendedGlobalProxy removeUserDisabled screenCaptureDisabled setUserIconDisabled
shareLocationDisabled shortSupportMessage smsDisabled statusReportingSettings stayOnPluggedModes systemUpdate
uninstallAppsDisabled usageLog version vpnConfigDisabled workAccountSetupConfig"""
STORE = ("PLAY_STORE_MODE_UNSPECIFIED", "WHITELIST", "BLACKLIST")
_INSTALL = (
    "INSTALL_TYPE_UNSPECIFIED",
    "PREINSTALLED",
    "FORCE_INSTALLED",
    "BLOCKED",
    "AVAILABLE",
    "REQUIRED_FOR_SETUP",
    "KIOSK",
    "CUSTOM",
)
_APPLICATION: dict[str, Any] = {
    "packageName": str,
    "installType": ("ApplicationPolicy.InstallType", _INSTALL),
    "disabled": bool,
    "minimumVersionCode": int,
    "managedConfiguration": dict,
    "defaultPermissionPolicy": str,
    "permissionGrants": list,
    "delegatedScopes": list,
    "autoUpdateMode": str,
}
_PERSONAL: dict[str, Any] = {
    "packageName": str,
    "installType": (
        "PersonalApplicationPolicy.InstallType",
        ("INSTALL_TYPE_UNSPECIFIED", "BLOCKED", "AVAILABLE"),
    ),
}
TYPES: dict[str, Any] = {
    **dict.fromkeys(_TOP.split()),
    "playStoreMode": ("Policy.PlayStoreMode", STORE),
    "applications": [_APPLICATION],
    "personalUsagePolicies": {
        "cameraDisabled": bool,
        "screenCaptureDisabled": bool,
        "accountTypesWithManagementDisabled": list,
        "maxDaysWithWorkOff": int,
        "privateSpacePolicy": str,
        "bluetoothSharing": str,
        "personalPlayStoreMode": (
            "PersonalUsagePolicies.PlayStoreMode",
            ("PLAY_STORE_MODE_UNSPECIFIED", "BLACKLIST", "BLOCKLIST", "ALLOWLIST"),
        ),
        "personalApplications": [_PERSONAL],
    },
    "advancedSecurityOverrides": {
        "untrustedAppsPolicy": (
            "AdvancedSecurityOverrides.UntrustedAppsPolicy",
            (
                "UNTRUSTED_APPS_POLICY_UNSPECIFIED",
                "DISALLOW_INSTALL",
                "ALLOW_INSTALL_IN_PERSONAL_PROFILE_ONLY",
                "ALLOW_INSTALL_DEVICE_WIDE",
            ),
        ),
        "googlePlayProtectVerifyApps": (
            "AdvancedSecurityOverrides.GooglePlayProtectVerifyApps",
            ("GOOGLE_PLAY_PROTECT_VERIFY_APPS_UNSPECIFIED", "VERIFY_APPS_ENFORCED", "VERIFY_APPS_USER_CHOICE"),
        ),
        "developerSettings": (
            "AdvancedSecurityOverrides.DeveloperSettings",
            ("DEVELOPER_SETTINGS_UNSPECIFIED", "DEVELOPER_SETTINGS_DISABLED", "DEVELOPER_SETTINGS_ALLOWED"),
        ),
        "commonCriteriaMode": str,
        "mtePolicy": str,
        "personalAppsThatCanReadWorkNotifications": list,
    },
    "policyEnforcementRules": [{"settingName": str, "blockAction": dict, "wipeAction": dict}],
}


class RefusedError(Exception):
    """Carry the message of a 400."""


def check(value: Any, kinds: Any = TYPES, at: str = "policy") -> None:
    """Refuse what the server refuses: unknown names, words that an enum lacks, other types."""
    if kinds is None:
        return
    if isinstance(kinds, dict):
        _check_object(value, kinds, at)
    elif isinstance(kinds, list):
        if not isinstance(value, list):
            raise RefusedError(f"Invalid value at '{at}' (repeated), {value!r}")
        for index, one in enumerate(value):
            check(one, kinds[0], f"{at}[{index}]")
    elif isinstance(kinds, tuple):
        name, words = kinds
        if value not in words:
            kind = f"type.googleapis.com/google.android.devicemanagement.v1.{name}"
            raise RefusedError(f"Invalid value at '{at}' ({kind}), \"{value}\"")
    elif not isinstance(value, kinds) or (kinds is int and isinstance(value, bool)):
        raise RefusedError(f"Invalid value at '{at}' ({kinds.__name__}), {value!r}")


def _check_object(value: Any, kinds: dict[str, Any], at: str) -> None:
    if not isinstance(value, dict):
        raise RefusedError(f"Invalid value at '{at}', {value!r}")
    for key, one in value.items():
        if key not in kinds:
            said = "Invalid JSON payload received. Unknown name"
            raise RefusedError(f"{said} \"{key}\" at '{at}': Cannot find field.")
        check(one, kinds[key], f"{at}.{_snake(key)}")


def check_rules(policy: dict[str, Any]) -> None:
    """Refuse what no type says: half of an enforcement pair, an app without a name, too many apps."""
    for index, rule in enumerate(policy.get("policyEnforcementRules", ())):
        if "blockAction" not in rule or "wipeAction" not in rule:
            raise RefusedError(f"policyEnforcementRules[{index}] must have a block action and a wipe action.")
    applications = policy.get("applications", ())
    if any(not one.get("packageName") for one in applications):
        raise RefusedError("applications must have a package name.")
    if len(applications) > 3000:
        raise RefusedError("The number of applications exceeds the maximum of 3000.")


def without_defaults(value: Any) -> Any:
    """Return what proto3 JSON prints: false, 0, empty and unspecified values are left out; a free struct stays whole."""
    if isinstance(value, dict):
        inner = {
            key: one if key in ("managedConfiguration", "openNetworkConfiguration") else without_defaults(one)
            for key, one in value.items()
        }
        return {key: one for key, one in inner.items() if not _default(one)}
    if isinstance(value, list):
        return [without_defaults(one) for one in value]
    return value


def _default(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.endswith("_UNSPECIFIED")
    return value is None or value is False or (isinstance(value, int) and value == 0) or value == []


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
