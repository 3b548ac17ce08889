"""Hold what the Android Management API's fields do, as data with source (discovery document, revision 20261104)."""

from __future__ import annotations

from typing import Any

from mdm_policy.kinds.collector import ANY, fact
from mdm_policy.reading import Rule, Setting

_API = "androidmanagement v1 discovery document, revision 20261104"
_PRACTICE = _API + "; jasonbayton/11ty@239387e"
_ANDROID = {"android": ANY}
_COPE: dict[str, tuple[int, ...]] = {"android": (11,)}
_MANAGED = ("device", "work")

BLOCKED = Rule(
    "amapi-application-blocked",
    "amapi-applications",
    "block",
    "removed",
    "strong",
    fact(
        "installType BLOCKED: the app can't be installed; if installed under a previous policy, it is uninstalled", _API
    ),
    introduced=_ANDROID,
    sides=_MANAGED,
)
BLOCKED_OPEN = Rule(
    "amapi-application-blocked-open",
    "amapi-applications",
    "block",
    "removed",
    "partial",
    fact("with sideloading open any block list can be bypassed", _PRACTICE),
    introduced=_ANDROID,
    sides=_MANAGED,
    origins=("store", "preinstalled"),
    escapes="sideloaded apps",
)
MODIFY_BLOCKED = Rule(
    "amapi-modify-blocked",
    "amapi-applications",
    "block",
    "removed",
    "partial",
    fact("modifyPolicyApplications changes single apps; the rest of the stored policy decides about sideloading", _API),
    introduced=_ANDROID,
    sides=_MANAGED,
    origins=("store", "preinstalled"),
    escapes="sideloaded apps, unless the stored policy refuses them",
)
DISABLED = Rule(
    "amapi-application-disabled",
    "amapi-applications",
    "block",
    "hidden",
    "strong",
    fact("disabled switches the app off and keeps its data", _API),
    introduced=_ANDROID,
    sides=_MANAGED,
)
ALLOWED = Rule(
    "amapi-application-allowed",
    "amapi-applications",
    "allow",
    "allowed",
    "strong",
    fact("any installType but BLOCKED makes the app available or installs it", _API),
    introduced=_ANDROID,
    sides=_MANAGED,
)
WHITELIST = Rule(
    "amapi-play-store-whitelist",
    "amapi-applications",
    "allow-only",
    "removed",
    "strong",
    fact("playStoreMode WHITELIST (the default): any app not in the policy is uninstalled", _PRACTICE),
    introduced=_ANDROID,
    sides=_MANAGED,
    origins=("store", "sideloaded"),
    escapes="preloaded system apps",
)
WHITELIST_AT_SYNC = Rule(
    "amapi-play-store-whitelist-at-sync",
    "amapi-applications",
    "allow-only",
    "removed",
    "partial",
    fact(
        "playStoreMode WHITELIST: on a fully managed device a sideloaded app goes at the next policy refresh, be unknown "
        "sources allowed",
        "MicrosoftDocs/memdocs issues 256 and 847",
    ),
    introduced=_ANDROID,
    modes=("fully-managed", "dedicated"),
    sides=_MANAGED,
    origins=("sideloaded",),
    escapes="a sideloaded app, until the next time the device asks for its policy",
)
WHITELIST_OPEN = Rule(
    "amapi-play-store-whitelist-open",
    "amapi-applications",
    "allow-only",
    "removed",
    "partial",
    fact("playStoreMode WHITELIST closes the store; sideloading is open beside it", _PRACTICE),
    introduced=_ANDROID,
    sides=_MANAGED,
    origins=("store",),
    escapes="sideloaded and preloaded apps",
)
PERSONAL_BLOCKED = Rule(
    "amapi-personal-blocked",
    "amapi-personal",
    "block",
    "removed",
    "partial",
    fact(
        "personalApplications BLOCKED: can't be installed in the personal profile, and is uninstalled; store apps only",
        _PRACTICE,
    ),
    introduced=_COPE,
    modes=("cope",),
    sides=("personal",),
    origins=("store",),
    escapes="preinstalled and sideloaded apps on the personal side",
)
PRESENT_COPY: dict[str, Any] = {
    "origins": ("store", "sideloaded"),
    "escapes": "preinstalled apps on the personal side, and perhaps copies that the store did not install (whether it "
    "takes them away is not documented)",
}
"""What PERSONAL_BLOCKED does where no app comes in but by the store: a previously installed app is uninstalled, with no
word of where it came from (discovery document, PersonalApplicationPolicy; bayton, manage personal apps)."""
PERSONAL_ALLOWED = Rule(
    "amapi-personal-allowed",
    "amapi-personal",
    "allow",
    "allowed",
    "strong",
    fact("personalApplications AVAILABLE lets the app be installed in the personal profile", _API),
    introduced=_COPE,
    modes=("cope",),
    sides=("personal",),
)
PERSONAL_ALLOWLIST = Rule(
    "amapi-personal-allowlist",
    "amapi-personal",
    "allow-only",
    "not-installable",
    "partial",
    fact(
        "personalPlayStoreMode ALLOWLIST: only listed apps may be installed in the personal profile; of copies that are there it "
        "says nothing",
        _API,
    ),
    introduced=_COPE,
    modes=("cope",),
    sides=("personal",),
    origins=("store",),
    escapes="preinstalled and sideloaded apps on the personal side",
)
NO_UNTRUSTED = Rule(
    "amapi-untrusted-apps",
    "amapi-untrusted-apps",
    "allow-only",
    "not-installable",
    "strong",
    fact(
        "untrustedAppsPolicy DISALLOW_INSTALL (the default) refuses apps from outside the store on the entire device",
        _API,
    ),
    introduced=_ANDROID,
    origins=("sideloaded",),
)
UNTRUSTED_OPEN = Rule(
    "amapi-untrusted-apps-open",
    "amapi-untrusted-apps",
    "allow-only",
    "allowed",
    "weak",
    fact("untrustedAppsPolicy ALLOW_INSTALL lets apps in from outside the store, past the lists", _PRACTICE),
    introduced=_ANDROID,
    origins=("sideloaded",),
    why="untrustedAppsPolicy lets apps in from outside the store, whatever the lists say",
    cause="side-door",
    remedy="write DISALLOW_INSTALL in advancedSecurityOverrides.untrustedAppsPolicy",
)
DEBUGGING_OPEN = Rule(
    "amapi-debugging-open",
    "amapi-untrusted-apps",
    "allow-only",
    "allowed",
    "weak",
    fact(
        "the user may open the debugging features: adb installs apps past the store and untrustedAppsPolicy",
        "digitalworkspace.one 2023-03-09; " + _API,
    ),
    introduced=_ANDROID,
    origins=("sideloaded",),
    why="with USB debugging apps can be installed past the store, whatever the lists say",
    cause="side-door",
    remedy="write DEVELOPER_SETTINGS_DISABLED in advancedSecurityOverrides.developerSettings, and remove "
    "debuggingFeaturesAllowed",
)
DEBUGGING_UNCLEAR = Rule(
    "amapi-debugging-unclear",
    "amapi-untrusted-apps",
    "allow-only",
    "unknown",
    "weak",
    fact("developerSettings replaces debuggingFeaturesAllowed; which counts where they disagree is not said", _API),
    introduced=_ANDROID,
    origins=("sideloaded",),
    why="debuggingFeaturesAllowed opens USB debugging, developerSettings closes it, and which counts is not documented",
    cause="undocumented",
    remedy="remove debuggingFeaturesAllowed, which is deprecated",
)
UNSEEN = Rule(
    "amapi-policy-unseen",
    "amapi-applications",
    "allow-only",
    "unknown",
    "weak",
    fact("ListPoliciesResponse.nextPageToken: there are more policies; a device has exactly one of all of them", _API),
    introduced=_ANDROID,
    why="the answer is one page of several (nextPageToken), and a device may be under a policy on another page",
    cause="unread",
    remedy="list the policies again to the last page, and verify all of them",
)
INSTALL_DISABLED = Rule(
    "amapi-install-apps-disabled",
    "amapi-install-apps",
    "allow-only",
    "not-installable",
    "partial",
    fact("installAppsDisabled refuses all installs by the user", _API),
    introduced=_ANDROID,
    sides=_MANAGED,
    escapes="apps the policy itself installs",
)
BROWSER_LISTS = "the lists of a managed browser"
"""What an app configuration of Intune says for a browser: one that was not read may say otherwise."""
CHROME_BLOCKED = Rule(
    "amapi-browser-url-blocklist",
    "managed-browser",
    "block",
    "blocked",
    "weak",
    fact(
        "URLBlocklist, a JSON array written as a string, refuses addresses in this browser",
        "chromium policy_converter.cc; learn.microsoft.com urlblocklist",
    ),
    introduced=_ANDROID,
    sides=_MANAGED,
    escapes="other browsers, apps, and the personal side",
    setting=Setting(BROWSER_LISTS, "shares"),
)
CHROME_ALLOWED = Rule(
    "amapi-browser-url-allowlist",
    "managed-browser",
    "allow",
    "allowed",
    "weak",
    fact(
        "URLAllowlist wins over an equally specific URLBlocklist entry",
        "chromium.org/administrators/url-blocklist-filter-format",
    ),
    introduced=_ANDROID,
    sides=_MANAGED,
)

_ARC = "chromium policy_definitions/Arc/ArcPolicy.yaml, DeviceCrostiniArcAdbSideloadingAllowed.yaml"
_CHROME_APPS = "Chrome Policy API, schema chrome.users.apps.InstallType; chromepolicy v1, revision 20260726"
_CHROMEOS = {"chromeos": ANY}
ARC_BLOCKED = Rule(
    "chromeos-arc-blocked",
    "chromeos-arc",
    "block",
    "removed",
    "partial",
    fact(
        "installType BLOCKED: the app cannot be installed, and is uninstalled if an earlier policy installed it", _ARC
    ),
    introduced=_CHROMEOS,
    escapes="apps that adb brings, where another policy lets it; by default none does",
)
ARC_BLOCKED_OPEN = Rule(
    "chromeos-arc-blocked-open",
    "chromeos-arc",
    "block",
    "removed",
    "partial",
    fact(
        "installType BLOCKED: the app cannot be installed, and is uninstalled if an earlier policy installed it", _ARC
    ),
    introduced=_CHROMEOS,
    origins=("store", "preinstalled"),
    escapes="apps that adb brings",
)
ARC_ALLOWED = Rule(
    "chromeos-arc-allowed",
    "chromeos-arc",
    "allow",
    "allowed",
    "strong",
    fact("installType AVAILABLE, the default, lets the user install the app; FORCE_INSTALLED installs it", _ARC),
    introduced=_CHROMEOS,
)
ARC_SIDELOADING = Rule(
    "chromeos-arc-sideloading",
    "chromeos-arc",
    "allow-only",
    "allowed",
    "weak",
    fact("the policies for adb sideloading let Android apps in from outside the store; unset is disallowed", _ARC),
    introduced=_CHROMEOS,
    origins=("sideloaded",),
    why="adb sideloading is allowed, so apps get in past ArcPolicy",
    cause="side-door",
    remedy="remove CrostiniArcAdbSideloadingAllowed and DeviceCrostiniArcAdbSideloadingAllowed, or set them to 0",
)
CHROME_APP_BLOCKED = Rule(
    "chromeos-app-blocked",
    "chromeos-app-install",
    "block",
    "not-installable",
    "partial",
    fact("appInstallType BLOCKED blocks the installation of the app", _CHROME_APPS),
    introduced=_CHROMEOS,
    origins=("store",),
    escapes="a copy that is already installed, and apps that adb brings",
)
CHROME_APP_ALLOWED = Rule(
    "chromeos-app-allowed",
    "chromeos-app-install",
    "allow",
    "allowed",
    "strong",
    fact("appInstallType ALLOWED lets the user install the app; FORCED installs it", _CHROME_APPS),
    introduced=_CHROMEOS,
)

RULES = (
    BLOCKED,
    BLOCKED_OPEN,
    MODIFY_BLOCKED,
    DISABLED,
    ALLOWED,
    WHITELIST,
    WHITELIST_AT_SYNC,
    WHITELIST_OPEN,
    PERSONAL_BLOCKED,
    PERSONAL_ALLOWED,
    PERSONAL_ALLOWLIST,
    NO_UNTRUSTED,
    UNTRUSTED_OPEN,
    DEBUGGING_OPEN,
    DEBUGGING_UNCLEAR,
    UNSEEN,
    INSTALL_DISABLED,
    CHROME_BLOCKED,
    CHROME_ALLOWED,
)
