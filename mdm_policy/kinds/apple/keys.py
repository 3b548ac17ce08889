"""Say of each key of Apple's profiles and declarations what it has to do with apps.

Apple's own tables (data/vendor/apple-*.json) name every payload type, declaration type and key; the short lists here name
those that act on apps, and of a payload or declaration of another type Apple's table shows that it does not.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds import browsers
from mdm_policy.kinds.apple import managed
from mdm_policy.kinds.apple.santa_keys import DOMAINS as SANTA_DOMAINS
from mdm_policy.kinds.apple.santa_keys import santa_roles
from mdm_policy.kinds.keys import Keys, roles, vendor_table

if TYPE_CHECKING:
    from mdm_policy.kinds.keys import Role

_LONGEST = 100
"""No payload type is longer; a text that is says nothing to a reader."""
_NAMES = ("PayloadUUID", "PayloadIdentifier", "PayloadDisplayName", "PayloadDescription", "PayloadOrganization")
_OF_PAYLOAD = {**roles("name", _NAMES), **roles("carried", ("PayloadType", "PayloadVersion", "PayloadEnabled"))}
ACTING = frozenset(
    {
        "com.apple.ManagedClient.preferences",
        "com.apple.TCC.configuration-profile-policy",
        "com.apple.app.lock",
        "com.apple.applicationaccess",
        "com.apple.applicationaccess.new",
        "com.apple.appstore",
        "com.apple.declarations",
        "com.apple.dnsProxy.managed",
        "com.apple.dnsSettings.managed",
        "com.apple.familycontrols.contentfilter",
        "com.apple.familycontrols.timelimits.v2",
        "com.apple.mdm",
        "com.apple.relay.managed",
        "com.apple.syspolicy.kernel-extension-policy",
        "com.apple.system-extension-policy",
        "com.apple.systempolicy.control",
        "com.apple.systempolicy.managed",
        "com.apple.systempolicy.rule",
        "com.apple.webcontent-filter",
    }
)
"""Payload types that say which apps may run, install or talk, or that let an agent (Santa, a filter) do its work."""
ACTING_RESTRICTIONS = frozenset(
    {
        "allowAppClips",
        "allowAppInstallation",
        "allowListedAppBundleIDs",
        "allowMarketplaceAppInstallation",
        "allowUIAppInstallation",
        "allowUIConfigurationProfileInstallation",
        "allowEnterpriseAppTrust",
        "allowWebDistributionAppInstallation",
        "autonomousSingleAppModePermittedAppIDs",
        "blacklistedAppBundleIDs",
        "blockedAppBundleIDs",
        "ratingApps",
        "whitelistedAppBundleIDs",
    }
)
"""Keys of com.apple.applicationaccess that act on apps."""
_READ: dict[str, tuple[str, ...]] = {
    "com.apple.app.lock": ("App",),
    "com.apple.applicationaccess": (
        *("allowAppInstallation", "allowUIAppInstallation", "blockedAppBundleIDs", "blacklistedAppBundleIDs"),
        *("allowListedAppBundleIDs", "whitelistedAppBundleIDs"),
    ),
    "com.apple.applicationaccess.new": (
        *("allowList", "whiteList", "familyControlsEnabled"),
        *("pathAllowList", "pathBlackList", "pathDenyList", "pathWhiteList"),
    ),
    "com.apple.webcontent-filter": ("BlacklistedURLs", "DenyListURLs", "FilterType", "PermittedURLs"),
}
"""Keys whose meaning the readers give in full, by payload type."""
_BESIDE = {"com.apple.webcontent-filter": ("AutoFilterEnabled",)}
"""Keys that refuse more, or nothing, by themselves; what they mean for a key that is read stands in that key's rule."""
_ACTING_DECLARATIONS = frozenset(
    {
        "com.apple.configuration.app.managed",
        "com.apple.configuration.app.settings",
        "com.apple.configuration.legacy",
        "com.apple.configuration.legacy.interactive",
        "com.apple.configuration.network.dns-proxy",
        "com.apple.configuration.network.dns-settings",
        "com.apple.configuration.network.relay",
        "com.apple.configuration.services.background-tasks",
        "com.apple.configuration.services.configuration-files",
        "com.apple.configuration.webcontent-filter.plugin",
    }
)


_HARMLESS_PAYLOAD = Keys(_OF_PAYLOAD, rest="harmless")


def _of_payload(payload: dict[str, Any]) -> Role | Keys:
    kind = payload.get("PayloadType")
    if not isinstance(kind, str):
        return "unjudged"
    if kind == "com.apple.profileRemovalPassword":
        return "name"
    if kind == "com.apple.applicationaccess":
        return _restrictions()
    if kind == managed.PAYLOAD:
        return _MANAGED
    if kind in browsers.DOMAINS:
        return _BROWSER
    if kind in SANTA_DOMAINS:
        return Keys({**_OF_PAYLOAD, **santa_roles(payload)})
    if kind in vendor_table("apple-profiles")["payloads"] and kind not in ACTING:
        return _HARMLESS_PAYLOAD
    return _of_type(kind) if kind in _READ else "unjudged"


def _of_domain(settings: dict[str, Any]) -> Role | Keys:
    """Return the role of each key that managed preferences set in a domain; most that act stand in payloads alone."""
    kind = settings["PayloadType"]
    return "unjudged" if kind in ACTING and kind not in managed.HANDED else _of_payload(settings)


_MANAGED = managed.keys(_of_domain, _OF_PAYLOAD)
_BROWSER = Keys({**_OF_PAYLOAD, **browsers.ROLES}, rest="harmless")


@functools.cache
def _of_type(kind: str) -> Keys:
    return Keys({**_OF_PAYLOAD, **roles("carried", _READ[kind]), **roles("harmless", _BESIDE.get(kind, ()))})


@functools.cache
def _restrictions() -> Keys:
    known = vendor_table("apple-profiles")["payloads"]["com.apple.applicationaccess"]
    harmless = roles("harmless", (key for key in known if key not in ACTING_RESTRICTIONS))
    return Keys({**harmless, **_OF_PAYLOAD, **roles("carried", _READ["com.apple.applicationaccess"])})


def _of_declaration(declaration: dict[str, Any]) -> Role | Keys:
    kind = declaration.get("Type")
    known = isinstance(kind, str) and kind in vendor_table("apple-declarations")["declarations"]
    harmless = known and kind not in _ACTING_DECLARATIONS
    return _HARMLESS_DECLARATION if harmless else _DECLARATION


PROFILE = Keys(
    {
        **_OF_PAYLOAD,
        **roles("carried", ("RemovalDate", "DurationUntilRemoval", "TargetDeviceType", "IsEncrypted", "PayloadScope")),
        **roles("carried", ("EncryptedPayloadContent",)),
        **roles("harmless", ("ConsentText", "HasRemovalPasscode", "PayloadExpirationDate")),
        "PayloadContent": Keys(
            choose=_of_payload, named=lambda payload: str(payload.get("PayloadType", ""))[:_LONGEST]
        ),
    }
)
PAYLOAD = Keys(choose=_of_payload)
INSTALL = Keys(
    {
        "CommandUUID": "name",
        "Command": Keys({**roles("carried", ("RequestType", "Payload")), "RequestRequiresNetworkTether": "harmless"}),
    }
)


def _of_switches(_switches: dict[str, Any]) -> Role | Keys:
    return _restrictions()


ANSWER = Keys(
    {
        **roles("name", ("CommandUUID", "UDID", "EnrollmentID", "UserID", "UserShortName", "UserLongName")),
        "Status": "harmless",
        "ProfileRestrictions": "harmless",
        "GlobalRestrictions": Keys(
            dict.fromkeys(("union", "intersection", "restrictedBool", "restrictedValue"), Keys(choose=_of_switches))
        ),
    }
)
_OF_DECLARATION = {**roles("name", ("Identifier", "ServerToken")), "Type": "carried"}
_ALLOWED = ("AllowedApps", "AllowedBinaries", "AlwaysAllowManagedApps", "DeniedApps", "DeniedBinaries")
_PAYLOAD = Keys(
    {"Allowed": Keys(roles("carried", _ALLOWED)), "Privacy": "harmless", **roles("carried", ("AppStoreID", "BundleID"))}
)
_DECLARATION = Keys({**_OF_DECLARATION, "Payload": _PAYLOAD})
_HARMLESS_DECLARATION = Keys({**_OF_DECLARATION, "Payload": "harmless"})
CONFIGURATION = Keys(choose=_of_declaration)
ACTIVATION = Keys({**_OF_DECLARATION, "Payload": Keys(roles("carried", ("StandardConfigurations", "Predicate")))})
