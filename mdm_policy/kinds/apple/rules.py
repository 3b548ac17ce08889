"""Hold what Apple's keys do, where and since when, as data with source.

Versions come from Apple's own schema files (github.com/apple/device-management, MIT): release b6202ca (iOS 18.1, macOS
15.1) and the OS 27 files 97a11a8 / 61449b0. iPadOS follows iOS in them.
"""

from __future__ import annotations

from mdm_policy.kinds.collector import ANY, fact, same
from mdm_policy.reading import Condition, Rule, Setting

_RESTRICTIONS = "apple/device-management@97a11a8 mdm/profiles/com.apple.applicationaccess.yaml (OS 27)"
_SETTINGS = "apple/device-management@97a11a8 declarative/declarations/configurations/app.settings.yaml (OS 27)"
_PARENTAL = "apple/device-management@97a11a8 mdm/profiles/com.apple.applicationaccess.new.yaml (OS 27)"
_WEB = "apple/device-management@b6202ca mdm/profiles/com.apple.webcontent-filter.yaml (iOS 18.1)"
_MANAGED = ("automated", "device")
_IOS = ("ios", "ipados")
FIRST_LISTS: dict[str, tuple[int, ...]] = {"ios": (9, 3), "ipados": (9, 3), "tvos": (11,)}
"""The first version of each system with lists that hide apps."""
_LISTS_OS = same((15,), "ios", "ipados", "tvos")
_DDM_OS = same((27,), "ios", "ipados", "tvos", "visionos")

BLOCKED = Rule(
    "apple-blocked-app-bundle-ids",
    "apple-restrictions",
    "block",
    "hidden",
    "strong",
    fact("blockedAppBundleIDs hides the apps and stops them from launching; supervised devices only", _RESTRICTIONS),
    introduced=_LISTS_OS | {"visionos": (27,)},
    deprecated=same((27,), "ios", "ipados", "tvos", "visionos"),
    supervised=True,
    enrollments=_MANAGED,
    setting=Setting("blockedAppBundleIDs", "undocumented"),
)
BLACKLISTED = Rule(
    "apple-blacklisted-app-bundle-ids",
    "apple-restrictions",
    "block",
    "hidden",
    "strong",
    fact("blacklistedAppBundleIDs is the name blockedAppBundleIDs had before iOS 15", _RESTRICTIONS),
    introduced=FIRST_LISTS,
    deprecated=_LISTS_OS,
    supervised=True,
    enrollments=_MANAGED,
    setting=Setting("blacklistedAppBundleIDs", "undocumented"),
)
ALLOW_LISTED = Rule(
    "apple-allow-listed-app-bundle-ids",
    "apple-restrictions",
    "allow-only",
    "hidden",
    "strong",
    fact("allowListedAppBundleIDs hides every app that is not on it; supervised devices only", _RESTRICTIONS),
    introduced=_LISTS_OS,
    deprecated=same((27,), "ios", "ipados", "tvos"),
    supervised=True,
    enrollments=_MANAGED,
)
WHITELISTED = Rule(
    "apple-whitelisted-app-bundle-ids",
    "apple-restrictions",
    "allow-only",
    "hidden",
    "strong",
    fact("whitelistedAppBundleIDs is the name allowListedAppBundleIDs had before iOS 15", _RESTRICTIONS),
    introduced=FIRST_LISTS,
    deprecated=_LISTS_OS,
    supervised=True,
    enrollments=_MANAGED,
)
NO_INSTALLATION = Rule(
    "apple-allow-app-installation",
    "apple-restrictions",
    "allow-only",
    "not-installable",
    "strong",
    fact("allowAppInstallation false refuses installs and updates from any source but MDM", _RESTRICTIONS),
    introduced=same((4,), *_IOS) | {"visionos": (2,), "watchos": (10,)},
    supervised=True,
    enrollments=_MANAGED,
)
NO_STORE = Rule(
    "apple-allow-ui-app-installation",
    "apple-restrictions",
    "allow-only",
    "not-installable",
    "partial",
    fact(
        "allowUIAppInstallation false removes the App Store; Configurator and marketplaces still install", _RESTRICTIONS
    ),
    introduced=same((9,), *_IOS) | {"visionos": (2,), "watchos": (10,)},
    supervised=True,
    enrollments=_MANAGED,
    origins=("store",),
    escapes="apps from Configurator, Xcode or a marketplace",
)
APP_LOCK = Rule(
    "apple-app-lock",
    "apple-app-lock",
    "allow-only",
    "hidden",
    "strong",
    fact(
        "com.apple.app.lock holds the device in one app; supervised devices only",
        "apple/device-management@b6202ca mdm/profiles/com.apple.app.lock.yaml (iOS 18.1)",
    ),
    introduced=same((6,), *_IOS) | {"tvos": (10, 2)},
    supervised=True,
    enrollments=_MANAGED,
)
DENIED_APPS = Rule(
    "apple-ddm-denied-apps",
    "apple-app-settings",
    "block",
    "hidden",
    "strong",
    fact(
        "Allowed.DeniedApps denies apps by bundle id; several declarations add up (set-union); supervised only",
        _SETTINGS,
    ),
    introduced=_DDM_OS,
    supervised=True,
    enrollments=_MANAGED,
)
ALLOWED_APPS = Rule(
    "apple-ddm-allowed-apps",
    "apple-app-settings",
    "allow-only",
    "hidden",
    "strong",
    fact("Allowed.AllowedApps denies every app that is not on all such lists (set-intersection)", _SETTINGS),
    introduced=_DDM_OS,
    supervised=True,
    enrollments=_MANAGED,
)
DENIED_BINARIES = Rule(
    "apple-ddm-denied-binaries",
    "apple-app-settings",
    "block",
    "blocked",
    "strong",
    fact("Allowed.DeniedBinaries denies the launch of what matches every field of an item (set-union)", _SETTINGS),
    introduced={"macos": (27,)},
    supervised=True,
    enrollments=_MANAGED,
)
ALLOWED_BINARIES = Rule(
    "apple-ddm-allowed-binaries",
    "apple-app-settings",
    "allow-only",
    "blocked",
    "strong",
    fact("Allowed.AllowedBinaries denies the launch of what is not on all such lists (set-intersection)", _SETTINGS),
    introduced={"macos": (27,)},
    supervised=True,
    enrollments=_MANAGED,
)
PARTLY_ALLOWED_BINARIES = Rule(
    "apple-ddm-partly-allowed-binaries",
    "apple-app-settings",
    "none",
    "unknown",
    "weak",
    fact("an item of Allowed.AllowedBinaries lets in what matches every field of it", _SETTINGS),
    introduced={"macos": (27,)},
    supervised=True,
    enrollments=_MANAGED,
    why="an item of AllowedBinaries lets the app in where its folder, version and source match, which is not known here",
    cause="condition",
)
ONE_BINARY_ALLOWED = Rule(
    "apple-ddm-one-binary-allowed",
    "apple-app-settings",
    "allow",
    "unknown",
    "strong",
    fact("an item of Allowed.AllowedBinaries with TeamID and SigningID lets one program of the team launch", _SETTINGS),
    introduced={"macos": (27,)},
    supervised=True,
    enrollments=_MANAGED,
)
"""Acts on the team and on the bare id of a program that is allowed: of an app known by these alone nobody can tell."""
MANAGED_APPS_ALLOWED = Rule(
    "apple-ddm-managed-apps-allowed",
    "apple-app-settings",
    "allow",
    "allowed",
    "strong",
    fact("AlwaysAllowManagedApps lets managed apps launch; declarations are combined by boolean or", _SETTINGS),
    introduced={"macos": (27,)},
    supervised=True,
    enrollments=_MANAGED,
    conditions=(Condition("managed-apps"),),
)
MANAGED_APP = Rule(
    "apple-ddm-managed-app",
    "apple-managed-app",
    "allow",
    "allowed",
    "strong",
    fact(
        "com.apple.configuration.app.managed installs an app or offers it",
        "apple/device-management@b6202ca declarative/declarations/configurations/app.managed.yaml (iOS 18.1)",
    ),
    introduced=same(ANY, *_IOS),
)
PATH_DENY = Rule(
    "apple-path-deny-list",
    "apple-path-lists",
    "block",
    "blocked",
    "weak",
    fact("pathDenyList refuses what is launched below a path; an administrator can override it", _PARENTAL),
    introduced={"macos": (10, 15)},
    deprecated={"macos": (27,)},
    enrollments=_MANAGED,
    escapes="an app that is moved or copied, or that an administrator allows",
)
PATH_BLACK = Rule(
    "apple-path-black-list",
    "apple-path-lists",
    "block",
    "blocked",
    "weak",
    fact("pathBlackList is the name pathDenyList had before macOS 10.15", _PARENTAL),
    introduced={"macos": (10, 7)},
    deprecated={"macos": (10, 15)},
    enrollments=_MANAGED,
    escapes="an app that is moved or copied, or that an administrator allows",
)
PARENTAL_DEFAULT = Rule(
    "apple-parental-controls-default",
    "apple-path-lists",
    "allow-only",
    "blocked",
    "weak",
    fact(
        "com.apple.applicationaccess.new denies what no allow list names; an administrator can override it", _PARENTAL
    ),
    introduced={"macos": (10, 7)},
    deprecated={"macos": (27,)},
    enrollments=_MANAGED,
    escapes="an app that an administrator allows",
)
PARENTAL_ALLOWED = Rule(
    "apple-parental-allow-list",
    "apple-path-lists",
    "allow",
    "allowed",
    "weak",
    fact("allowList of com.apple.applicationaccess.new lets an app launch past every path list", _PARENTAL),
    introduced={"macos": (10, 7)},
    deprecated={"macos": (27,)},
    enrollments=_MANAGED,
)
WEB_DENY = Rule(
    "apple-web-deny-list",
    "apple-web-filter",
    "block",
    "blocked",
    "weak",
    fact("DenyListURLs of the built-in web filter refuses addresses in browsers", _WEB),
    introduced=same((14, 5), *_IOS) | {"visionos": (1, 1)},
    supervised=True,
    escapes="apps and tunnels that the filter does not see",
)
"""The built-in filter needs supervision on iOS; without it only filters of other makers act (the key ContentFilterUUID, same source)."""
WEB_BLACK = Rule(
    "apple-web-black-list",
    "apple-web-filter",
    "block",
    "blocked",
    "weak",
    fact("BlacklistedURLs is the name DenyListURLs had before iOS 14.5", _WEB),
    introduced=same((7,), *_IOS),
    deprecated=same((14, 5), *_IOS),
    supervised=True,
    escapes="apps and tunnels that the filter does not see",
)
WEB_PERMITTED = Rule(
    "apple-web-permitted-list",
    "apple-web-filter",
    "allow",
    "unknown",
    "weak",
    fact("PermittedURLs lets addresses past the automatic filter; no source says whether past DenyListURLs too", _WEB),
    introduced=same((7,), *_IOS) | {"visionos": (1, 1)},
    why="the filter also permits the address, and no source says whether that lifts the deny list",
    cause="undocumented",
)
"""Read only while AutoFilterEnabled is on; without it the key does nothing."""
ENCRYPTED = Rule(
    "apple-encrypted-profile",
    "apple-profile",
    "allow-only",
    "unknown",
    "weak",
    fact(
        "the payloads of an encrypted profile can be read by one device only",
        "apple/device-management@b6202ca mdm/profiles/TopLevel.yaml (iOS 18.1)",
    ),
    introduced=same(ANY, "ios", "ipados", "tvos", "visionos", "watchos", "macos"),
    cause="unread",
)
UNDOCUMENTED = Rule(
    "apple-undocumented-form",
    "apple-profile",
    "allow-only",
    "unknown",
    "weak",
    fact("no page of a vendor describes the form of the document", "none: forms of tools, as seen in public files"),
    introduced=same(ANY, "ios", "ipados", "tvos", "visionos", "watchos", "macos"),
    why="no page of a vendor describes the form of the document",
    cause="undocumented",
)

RULES = (
    BLOCKED,
    BLACKLISTED,
    ALLOW_LISTED,
    WHITELISTED,
    NO_INSTALLATION,
    NO_STORE,
    APP_LOCK,
    DENIED_APPS,
    ALLOWED_APPS,
    DENIED_BINARIES,
    ALLOWED_BINARIES,
    PARTLY_ALLOWED_BINARIES,
    ONE_BINARY_ALLOWED,
    MANAGED_APPS_ALLOWED,
    MANAGED_APP,
    PATH_DENY,
    PATH_BLACK,
    PARENTAL_DEFAULT,
    PARENTAL_ALLOWED,
    WEB_DENY,
    WEB_BLACK,
    WEB_PERMITTED,
    ENCRYPTED,
)
