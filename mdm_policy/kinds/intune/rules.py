"""Hold what Intune's objects do, where and since when, as data with source."""

from __future__ import annotations

from mdm_policy.kinds.apple.rules import FIRST_LISTS
from mdm_policy.kinds.collector import ANY, fact, same
from mdm_policy.reading import Rule, Setting

_APPLE = "MicrosoftDocs/memdocs device-restrictions-apple.md (2026-02)"
_CATALOG = "IntunePMFiles/DeviceConfig settings definitions export 2025-03-12; apple/device-management@97a11a8 (OS 27)"
_ANDROID = "MicrosoftDocs/memdocs device-restrictions-android-for-work.md (2025-06), manage-ai-android.md (2025-11)"
_COMPLIANCE = "MicrosoftDocs/memdocs compliance-policy-create-ios.md (2025-09)"
_INTENTS = "MicrosoftDocs/memdocs apps-deploy.md, how conflicts between app intents are resolved"
_TYPES = "npm @microsoft/microsoft-graph-types-beta 0.44.0-preview, MobileAppAssignment"
INTENT = "the intent of an app's assignments"
"""What an assignment of an app gives a value: each object that says uninstall says the same, and one that was not read may say otherwise."""
_MANAGED = ("automated", "device")
_CORPORATE = ("fully-managed", "dedicated", "cope")
_IOS = ("ios", "ipados")

CATALOG_BLOCKED = Rule(
    "intune-catalog-blocked-app-bundle-ids",
    "intune-settings-catalog",
    "block",
    "hidden",
    "strong",
    fact("the settings catalog delivers Apple's blockedAppBundleIDs: supervised devices only", _CATALOG),
    introduced=same((15,), *_IOS),
    deprecated=same((27,), *_IOS),
    supervised=True,
    enrollments=_MANAGED,
    setting=Setting("blockedAppBundleIDs", "conflicts"),
)
CATALOG_ALLOWED = Rule(
    "intune-catalog-allow-listed-app-bundle-ids",
    "intune-settings-catalog",
    "allow-only",
    "hidden",
    "strong",
    fact("the settings catalog delivers Apple's allowListedAppBundleIDs: supervised devices only", _CATALOG),
    introduced=same((15,), *_IOS),
    deprecated=same((27,), *_IOS),
    supervised=True,
    enrollments=_MANAGED,
    setting=Setting("allowListedAppBundleIDs", "conflicts"),
)
CATALOG_WRONG_ID = Rule(
    "intune-catalog-unknown-definition",
    "intune-settings-catalog",
    "none",
    "allowed",
    "weak",
    fact("a setting whose definition id the catalog does not have is refused or ignored", _CATALOG),
    introduced=same((15,), *_IOS),
    why="the settings catalog has no such definition",
    cause="no-effect",
)
IOS_HIDDEN = Rule(
    "intune-ios-hidden-apps",
    "intune-device-restrictions",
    "block",
    "hidden",
    "strong",
    fact("appsVisibilityList with appsNotInListCompliant: users can't view or open these apps; supervised", _APPLE),
    introduced=same(FIRST_LISTS["ios"], *_IOS),
    supervised=True,
    enrollments=_MANAGED,
    setting=Setting("appsVisibilityList", "conflicts", ("blockedAppBundleIDs",)),
)
IOS_SHOWN = Rule(
    "intune-ios-shown-apps",
    "intune-device-restrictions",
    "allow-only",
    "hidden",
    "strong",
    fact("appsVisibilityList with appsInListCompliant hides every other app; supervised", _APPLE),
    introduced=same(FIRST_LISTS["ios"], *_IOS),
    supervised=True,
    enrollments=_MANAGED,
    setting=Setting("appsVisibilityList", "conflicts", ("allowListedAppBundleIDs",)),
)
IOS_ASSIGNED = Rule(
    "apple-intune-assigned-app",
    "apple-managed-app",
    "allow",
    "allowed",
    "strong",
    fact(
        "an assignment with intent required or available installs or offers the app",
        _TYPES,
    ),
    introduced=same(ANY, *_IOS),
)
"""One of Apple's mechanisms, for on the device Apple's deny lists decide, whoever installed the app."""
IOS_RESTRICTED = Rule(
    "intune-ios-restricted-apps",
    "intune-device-restrictions",
    "report",
    "reported-only",
    "weak",
    fact("compliantAppsList does not prevent users from installing and opening the apps; it reports them", _APPLE),
    introduced=same(ANY, *_IOS),
)
MACOS_RESTRICTED = Rule(
    "intune-macos-restricted-apps",
    "intune-device-restrictions",
    "report",
    "reported-only",
    "weak",
    fact("compliantAppsList of macOS only reports", _APPLE),
    introduced={"macos": ANY},
)
IOS_COMPLIANCE = Rule(
    "intune-ios-compliance-restricted-apps",
    "intune-compliance",
    "report",
    "reported-only",
    "weak",
    fact(
        "restrictedApps marks a device noncompliant; only Conditional Access then closes company resources", _COMPLIANCE
    ),
    introduced=same(ANY, *_IOS),
)
ANDROID_COMPLIANCE = Rule(
    "intune-android-compliance-restricted-apps",
    "intune-compliance",
    "report",
    "reported-only",
    "weak",
    fact("restrictedApps of an Android compliance policy exists for device administrator only", _COMPLIANCE),
    introduced={"android": ANY},
    modes=("device-administrator",),
)
UNINSTALL = Rule(
    "intune-android-uninstall",
    "intune-app-assignment",
    "remove",
    "removed",
    "strong",
    fact("an assignment with intent uninstall removes the app and keeps it out of the managed store", _ANDROID),
    introduced={"android": ANY},
    modes=_CORPORATE,
    sides=("device", "work"),
    origins=("store", "sideloaded"),
    setting=Setting(INTENT, "shares"),
)
UNINSTALL_PERSONAL = Rule(
    "intune-android-uninstall-personal",
    "intune-app-assignment",
    "block",
    "hidden",
    "partial",
    fact("users can't use apps assigned with uninstall intent on the personal profile of a corporate device", _ANDROID),
    introduced={"android": (11,)},
    modes=("cope",),
    sides=("personal",),
    origins=("store",),
    escapes="preinstalled and sideloaded apps on the personal side",
    setting=Setting("personalProfilePersonalApplications", "shares", (INTENT,)),
)
ASSIGNED = Rule(
    "intune-android-assigned",
    "intune-app-assignment",
    "allow",
    "allowed",
    "strong",
    fact("an assignment with intent required or available offers or installs the app", _ANDROID),
    introduced={"android": ANY},
    sides=("device", "work"),
)
REQUIRED = Rule(
    "intune-android-required",
    "intune-required-app",
    "allow",
    "allowed",
    "strong",
    fact("an assignment with intent required installs the app, and always beats uninstall", _INTENTS),
    introduced={"android": ANY},
    sides=("device", "work"),
)
INTENT_UNREAD = Rule(
    "intune-android-intent-unread",
    "intune-app-assignment",
    "none",
    "unknown",
    "weak",
    fact("an assignment is available, required, uninstall or availableWithoutEnrollment", _TYPES),
    introduced={"android": ANY},
    why="an assignment has an intent that Graph does not know, and what it does with the app nobody can tell",
    cause="unread",
)
PERSONAL_BLOCKED = Rule(
    "intune-android-personal-blocked",
    "intune-device-restrictions",
    "block",
    "blocked",
    "partial",
    fact(
        "personalProfilePersonalApplications with blockedApps: prevented from installing and running in the personal profile",
        _ANDROID,
    ),
    introduced={"android": (11,)},
    modes=("cope",),
    sides=("personal",),
    origins=("store",),
    escapes="preinstalled and sideloaded apps on the personal side",
    setting=Setting("personalProfilePersonalApplications", "conflicts"),
)
PERSONAL_ALLOWED = Rule(
    "intune-android-personal-allowed",
    "intune-device-restrictions",
    "allow-only",
    "blocked",
    "partial",
    fact("personalProfilePersonalApplications with allowedApps: only these apps in the personal profile", _ANDROID),
    introduced={"android": (11,)},
    modes=("cope",),
    sides=("personal",),
    origins=("store",),
    escapes="preinstalled and sideloaded apps on the personal side",
    setting=Setting("personalProfilePersonalApplications", "conflicts"),
)
PLAY_ALLOW_LIST = Rule(
    "intune-android-play-allow-list",
    "intune-device-restrictions",
    "allow-only",
    "unknown",
    "weak",
    fact(
        "playStoreMode allowList removes every app that is not assigned; the assignments stand in other documents",
        _ANDROID,
    ),
    introduced={"android": ANY},
    modes=_CORPORATE,
    sides=("device", "work"),
    origins=("store", "sideloaded"),
    why="which apps are assigned is not in this document",
    cause="elsewhere",
)
PLAY_DEFAULT = Rule(
    "intune-android-play-default",
    "intune-device-restrictions",
    "allow-only",
    "unknown",
    "weak",
    fact("without playStoreMode a corporate device offers assigned apps alone, as with allowList", _ANDROID),
    introduced={"android": ANY},
    modes=_CORPORATE,
    sides=("device", "work"),
    origins=("store", "sideloaded"),
    why="by default the store offers assigned apps alone, and which apps are assigned is not in this document",
    cause="default",
)
NO_UNKNOWN_SOURCES = Rule(
    "intune-android-unknown-sources",
    "intune-device-restrictions",
    "allow-only",
    "not-installable",
    "partial",
    fact("appsAllowInstallFromUnknownSources false refuses apps from outside the store", _ANDROID),
    introduced={"android": ANY},
    modes=_CORPORATE,
    sides=("device", "work"),
    origins=("sideloaded",),
    escapes="adb, while USB debugging is open",
    setting=Setting("appsAllowInstallFromUnknownSources", "conflicts"),
)
UNKNOWN_SOURCES_OPEN = Rule(
    "intune-android-unknown-sources-open",
    "intune-device-restrictions",
    "allow-only",
    "allowed",
    "weak",
    fact(
        "appsAllowInstallFromUnknownSources true lets in apps from outside the store, where all apps are allowed",
        _ANDROID,
    ),
    introduced={"android": ANY},
    modes=_CORPORATE,
    sides=("device", "work"),
    origins=("sideloaded",),
    why="appsAllowInstallFromUnknownSources lets in apps from outside the store",
    cause="side-door",
    remedy="set appsAllowInstallFromUnknownSources to false",
)
NO_PERSONAL_UNKNOWN_SOURCES = Rule(
    "intune-android-personal-unknown-sources",
    "intune-device-restrictions",
    "allow-only",
    "not-installable",
    "partial",
    fact("personalProfileAppsAllowInstallFromUnknownSources false refuses apps from outside the store there", _ANDROID),
    introduced={"android": ANY},
    modes=("cope",),
    sides=("personal",),
    origins=("sideloaded",),
    escapes="adb, while USB debugging is open",
    setting=Setting("personalProfileAppsAllowInstallFromUnknownSources", "conflicts"),
)
KNOX_HIDE = Rule(
    "intune-android-knox-hide",
    "intune-device-administrator",
    "block",
    "hidden",
    "strong",
    fact("appsHideList holds on Samsung Knox devices under device administrator; support ended 2024-12-31", _ANDROID),
    introduced={"android": ANY},
    modes=("device-administrator",),
)
KNOX_LAUNCH = Rule(
    "intune-android-knox-launch-block",
    "intune-device-administrator",
    "block",
    "hidden",
    "strong",
    fact(
        "appsLaunchBlockList holds on Samsung Knox devices under device administrator; support ended 2024-12-31",
        _ANDROID,
    ),
    introduced={"android": ANY},
    modes=("device-administrator",),
)
KNOX_ALLOW = Rule(
    "intune-android-knox-install-allow",
    "intune-device-administrator",
    "allow-only",
    "not-installable",
    "strong",
    fact(
        "appsInstallAllowList holds on Samsung Knox devices under device administrator; support ended 2024-12-31",
        _ANDROID,
    ),
    introduced={"android": ANY},
    modes=("device-administrator",),
)
OMA_MASKED = Rule(
    "intune-oma-masked",
    "intune-custom-setting",
    "allow-only",
    "unknown",
    "weak",
    fact(
        "Graph returns secret omaSettings values masked; getOmaSettingPlainTextValue reads them",
        "learn.microsoft.com graph beta deviceConfiguration-getOmaSettingPlainTextValue (2026-08)",
    ),
    introduced={"windows": (10,)},
    why="the value is masked in this export",
    cause="unread",
)
OMA_APP_CONTROL = Rule(
    "intune-oma-app-control",
    "app-control",
    "allow-only",
    "unknown",
    "weak",
    fact(
        "./Vendor/MSFT/ApplicationControl/Policies/{id}/Policy takes an App Control policy in its binary form",
        "MicrosoftDocs/windows-itpro-docs@b3aebaf deploy-appcontrol-policies-using-intune.md (2023-08)",
    ),
    introduced={"windows": (10, 0, 18362)},
    why="the App Control policy is in its binary form, which is not read",
    cause="unread",
)

RULES = (
    CATALOG_BLOCKED,
    CATALOG_ALLOWED,
    CATALOG_WRONG_ID,
    IOS_HIDDEN,
    IOS_SHOWN,
    IOS_ASSIGNED,
    IOS_RESTRICTED,
    MACOS_RESTRICTED,
    IOS_COMPLIANCE,
    ANDROID_COMPLIANCE,
    UNINSTALL,
    UNINSTALL_PERSONAL,
    ASSIGNED,
    REQUIRED,
    INTENT_UNREAD,
    PERSONAL_BLOCKED,
    PERSONAL_ALLOWED,
    PLAY_ALLOW_LIST,
    PLAY_DEFAULT,
    NO_UNKNOWN_SOURCES,
    UNKNOWN_SOURCES_OPEN,
    NO_PERSONAL_UNKNOWN_SOURCES,
    KNOX_HIDE,
    KNOX_LAUNCH,
    KNOX_ALLOW,
    OMA_MASKED,
    OMA_APP_CONTROL,
)
