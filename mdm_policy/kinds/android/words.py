"""Hold the words and fields of a policy that decide about apps (androidmanagement v1, revision 20261104)."""

from __future__ import annotations

from typing import Literal

STORE = {
    "": "WHITELIST",
    "PLAY_STORE_MODE_UNSPECIFIED": "WHITELIST",
    "WHITELIST": "WHITELIST",
    "BLACKLIST": "BLACKLIST",
}
"""What each word of playStoreMode means."""
PERSONAL = {
    "": "BLOCKLIST",
    "PLAY_STORE_MODE_UNSPECIFIED": "BLOCKLIST",
    "BLACKLIST": "BLOCKLIST",
    "BLOCKLIST": "BLOCKLIST",
    "ALLOWLIST": "ALLOWLIST",
}
"""What each word of personalPlayStoreMode means."""
PERSONAL_INSTALL = frozenset({"", "INSTALL_TYPE_UNSPECIFIED", "AVAILABLE", "BLOCKED"})
INSTALLABLE = frozenset(
    {
        "",
        "INSTALL_TYPE_UNSPECIFIED",
        "PREINSTALLED",
        "FORCE_INSTALLED",
        "AVAILABLE",
        "REQUIRED_FOR_SETUP",
        "KIOSK",
        "CUSTOM",
    }
)
INSTALL = INSTALLABLE | {"BLOCKED"}
SIDES = ("device", "work", "personal")
UNTRUSTED: dict[str, tuple[str, ...]] = {
    "": (),
    "UNTRUSTED_APPS_POLICY_UNSPECIFIED": (),
    "DISALLOW_INSTALL": (),
    "ALLOW_INSTALL_IN_PERSONAL_PROFILE_ONLY": ("personal",),
    "ALLOW_INSTALL_DEVICE_WIDE": ("device", "work", "personal"),
}
"""The sides on which an untrustedAppsPolicy lets sideloaded apps in."""
DECIDING = frozenset(
    {"playStoreMode", "personalPlayStoreMode", "installType", "untrustedAppsPolicy", "developerSettings"}
)
"""The fields whose words decide about apps: what a newer word of theirs does, nobody can tell."""
INSTEAD = {
    "untrustedAppsPolicy": "it belongs into advancedSecurityOverrides",
    "developerSettings": "it belongs into advancedSecurityOverrides",
    "personalApplicationPolicy": "the field is personalUsagePolicies.personalApplications",
    "personalApplications": "it belongs into personalUsagePolicies",
    "workProfilePolicy": "applications acts on the work profile by itself",
    "ensureVerificationAgent": "the field is advancedSecurityOverrides.googlePlayProtectVerifyApps",
    "policyEnforced": "the field is policyEnforcementRules",
    "credentialProviderPolicy": "it belongs to each application; here the field is credentialProviderPolicyDefault",
    "privateDnsMode": "the field is deviceConnectivityManagement.privateDnsSettings",
    "backupDisabled": "the field is backupService",
    "parentProfilePasswordRequirements": "the field is passwordPolicies",
}
"""What is meant by fields that people write and the API does not know."""
DEPRECATED: dict[tuple[str, str], Literal["works", "has no effect"]] = {
    ("ApplicationPolicy", "extensionConfig"): "works",
    ("ApplicationPolicy", "lockTaskAllowed"): "works",
    ("ExtensionConfig", "notificationReceiver"): "works",
    ("ExtensionConfig", "signingKeyFingerprintsSha256"): "works",
    ("Policy", "androidDevicePolicyTracks"): "has no effect",
    ("Policy", "autoTimeRequired"): "works",
    ("Policy", "blockApplicationsEnabled"): "has no effect",
    ("Policy", "cameraDisabled"): "works",
    ("Policy", "complianceRules"): "works",
    ("Policy", "debuggingFeaturesAllowed"): "works",
    ("Policy", "ensureVerifyAppsEnabled"): "works",
    ("Policy", "installUnknownSourcesAllowed"): "has no effect",
    ("Policy", "passwordRequirements"): "works",
    ("Policy", "safeBootDisabled"): "works",
    ("Policy", "statusBarDisabled"): "works",
    ("Policy", "tetheringConfigDisabled"): "works",
    ("Policy", "unmuteMicrophoneDisabled"): "works",
    ("Policy", "usbFileTransferDisabled"): "works",
    ("Policy", "usbMassStorageEnabled"): "works",
    ("Policy", "wifiConfigDisabled"): "works",
    ("Policy", "wifiConfigsLockdownEnabled"): "works",
}
"""What a deprecated field still does: one that does nothing any more says so in its description, outright."""
