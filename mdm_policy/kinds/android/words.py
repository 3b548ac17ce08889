"""Hold the words and fields of a policy that decide about apps (androidmanagement v1, revision 20261104)."""

from __future__ import annotations

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
UNTRUSTED: dict[str, tuple[str, ...]] = {
    "": (),
    "UNTRUSTED_APPS_POLICY_UNSPECIFIED": (),
    "DISALLOW_INSTALL": (),
    "ALLOW_INSTALL_IN_PERSONAL_PROFILE_ONLY": ("personal",),
    "ALLOW_INSTALL_DEVICE_WIDE": ("device", "work", "personal"),
}
"""The sides on which an untrustedAppsPolicy lets sideloaded apps in."""
DEVELOPER = frozenset(
    {
        "",
        "DEVELOPER_SETTINGS_UNSPECIFIED",
        "DEVELOPER_SETTINGS_DISABLED",
        "DEVELOPER_SETTINGS_ALLOWED",
    }
)
TOP = frozenset(
    {
        "playStoreMode",
        "applications",
        "personalUsagePolicies",
        "advancedSecurityOverrides",
        "installAppsDisabled",
        "uninstallAppsDisabled",
    }
)
USAGE = frozenset({"personalPlayStoreMode", "personalApplications"})
OVERRIDES = frozenset({"untrustedAppsPolicy", "developerSettings"})
FOLDED = {key.casefold(): key for key in TOP | USAGE | OVERRIDES}
"""Each of these fields without regard to case."""
