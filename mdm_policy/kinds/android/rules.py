"""Hold what the Android Management API's fields do, as data with source (discovery document, revision 20261104)."""

from __future__ import annotations

from mdm_policy.kinds.collector import ANY, fact
from mdm_policy.reading import Rule

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
    "removed",
    "partial",
    fact("personalPlayStoreMode ALLOWLIST: only listed apps in the personal profile", _PRACTICE),
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

RULES = (
    BLOCKED,
    BLOCKED_OPEN,
    MODIFY_BLOCKED,
    DISABLED,
    ALLOWED,
    WHITELIST,
    WHITELIST_OPEN,
    PERSONAL_BLOCKED,
    PERSONAL_ALLOWED,
    PERSONAL_ALLOWLIST,
    NO_UNTRUSTED,
    INSTALL_DISABLED,
    CHROME_BLOCKED,
    CHROME_ALLOWED,
)
