"""Say of each key of Intune's objects what it has to do with apps, by the types of Microsoft Graph.

The table (data/vendor/graph-types.json) names every type of configuration, compliance policy and app, and the properties
of those types that have one that acts on apps; the short lists here name these properties and types.
"""

from __future__ import annotations

import functools
from typing import Any

from mdm_policy.kinds.intune import definitions
from mdm_policy.kinds.intune.graph import odata_type
from mdm_policy.kinds.keys import Keys, Role, roles, vendor_table
from mdm_policy.kinds.windows import oma

_NAMES = (
    *(
        "id",
        "displayName",
        "description",
        "name",
        "version",
        "createdDateTime",
        "lastModifiedDateTime",
        "creationSource",
    ),
    *("roleScopeTagIds", "settingCount", "supportsScopeTags", "priorityMetaData", "@odata.context", "@odata.count"),
    *("@odata.id", "@odata.etag", "@microsoft.graph.tips", "assignments@odata.context", "settings@odata.context"),
    *("deviceManagementApplicabilityRuleOsEdition@odata.type", "scheduledActionsForRule@odata.context"),
)
_OBJECT: dict[str, Role | Keys] = {
    **roles("name", _NAMES),
    **roles("carried", ("assignments", "isAssigned", "@odata.type")),
}
_ACTING_TYPES = frozenset(
    {
        "androidCustomConfiguration",
        "androidWorkProfileCustomConfiguration",
        "iosCustomConfiguration",
        "iosDeviceFeaturesConfiguration",
        "macOSCustomAppConfiguration",
        "macOSCustomConfiguration",
        "macOSExtensionsConfiguration",
        "windows10CustomConfiguration",
        "windows81GeneralConfiguration",
        "windowsPhone81CustomConfiguration",
        "windowsPhone81GeneralConfiguration",
    }
)
"""Types of which more than a property may act on apps: custom settings, web filters, approvals of agents' extensions."""
_ACTING = frozenset(
    {
        *("appClipsBlocked", "appLockerApplicationControl", "appStoreBlockUIAppInstallation", "appStoreBlocked"),
        *(
            "appsAllowTrustedAppsSideloading",
            "appsBlockInstallFromUnknownSources",
        ),
        *("appsBlockWindowsStoreOriginatedApps", "appsHideList", "appsInstallAllowList", "appsLaunchBlockList"),
        *("appsSingleAppModeList", "developerUnlockSetting"),
        *("enterpriseAppBlockTrust", "gatekeeperAllowedAppSource", "gatekeeperBlockOverride", "googlePlayStoreBlocked"),
        *("kernelExtensionAllowedTeamIdentifiers", "kernelExtensionOverridesAllowed", "kernelExtensionsAllowed"),
        *("kioskModeAppStoreUrl", "kioskModeAppType", "kioskModeBuiltInAppId", "kioskModeManagedAppId"),
        *(
            "mediaContentRatingApps",
            "securityAllowDebuggingFeatures",
        ),
        *("securityDeveloperSettingsEnabled", "securityRequireVerifyApps"),
        *("securityDisableUsbDebugging", "securityPreventInstallAppsFromUnknownSources"),
        *("smartScreenAppInstallControl", "smartScreenEnableAppInstallControl", "systemExtensionTeamIdentifiers"),
        *("systemExtensionsAllowed", "systemExtensionsAllowedTypes", "systemExtensionsBlockOverride"),
        *("uninstallBuiltInApps", "usersBlockAdd", "windowsStoreBlocked", "windowsStoreEnablePrivateStoreOnly"),
        *("workProfileAllowAppInstallsFromUnknownSources", "workProfileBlockPersonalAppInstallsFromUnknownSources"),
    }
)
"""Properties that say which apps may be installed or run, or from where, and that no reader gives the meaning of."""
_CHECKS = ("securityRequireVerifyApps",)
"""Properties of these that check apps and, when they are on, stop nothing that the list is about and let nothing in (npm
@microsoft/microsoft-graph-types-beta 0.44.0-preview)."""
_OF_SETTING = roles(
    "name",
    ("@odata.type", "displayName", "description", "fileName", "isEncrypted", "secretReferenceValueId", "isReadOnly"),
)


def _of_oma(setting: dict[str, Any]) -> Keys:
    """Return the keys of an OMA setting: by its node, whether its value is read, concerns no app, or may be anything."""
    uri = setting.get("omaUri")
    if not isinstance(uri, str):
        return Keys(_OF_SETTING)
    if oma.takes_rules(uri):  # the value is a document of its own, or nobody can read it
        return Keys({**_OF_SETTING, "omaUri": "carried"})
    role: Role = "carried" if oma.is_read(uri) else definitions.of_uri(uri)
    return Keys({**_OF_SETTING, **roles(role, ("omaUri", "value"))})


_OMA: dict[str, Role | Keys] = {"omaSettings": Keys(choose=_of_oma)}
_CARRIED = frozenset(
    {
        "appsAllowInstallFromUnknownSources",
        "appsVisibilityList",
        "appsVisibilityListType",
        "compliantAppListType",
        "compliantAppsList",
        *("deviceManagementApplicabilityRuleDeviceMode", "deviceManagementApplicabilityRuleOsEdition"),
        "deviceManagementApplicabilityRuleOsVersion",
        "payload",
        "payloadFileName",
        "payloadName",
        "personalProfileAppsAllowInstallFromUnknownSources",
        "personalProfilePersonalApplications",
        "personalProfilePlayStoreMode",
        "playStoreMode",
        "restrictedApps",
    }
)
"""Properties whose meaning the reader gives in full."""


def descends(name: str, base: str) -> bool:
    """Tell whether a type is derived from another, by Graph's own table."""
    types = vendor_table("graph-types")["types"]
    while name in types and name != base:
        name = types[name]["base"]
    return name == base


def _of_configuration(value: dict[str, Any]) -> Role | Keys:
    name = odata_type(value)
    if name in _PARTLY_ACTING:
        return _PARTLY_ACTING[name]
    types = vendor_table("graph-types")["types"]
    if name in types and "properties" in types[name] and name not in _ACTING_TYPES:
        return _properties(name, frozenset(key for key in _CHECKS if value.get(key) is True))
    if name in types and types[name]["base"] != "mobileApp" and name not in _ACTING_TYPES:
        return _HARMLESS
    return _BY_DEVICE if value.get("deploymentChannel") == "deviceChannel" else _ANY


@functools.cache
def _properties(name: str, closed: frozenset[str]) -> Keys:
    """Return the roles of a type's properties; those `closed` by their value let nothing in."""
    types = vendor_table("graph-types")["types"]
    known: dict[str, Role | Keys] = {}
    above = name
    while above in types:
        for key in types[above].get("properties", {}):
            known.setdefault(
                key, "carried" if key in _CARRIED else "unjudged" if key in _ACTING - closed else "harmless"
            )
        above = types[above]["base"]
    return Keys({**known, **_OBJECT}, rest="unjudged")


_PARTLY_ACTING = {
    "iosDeviceFeaturesConfiguration": Keys(
        {
            **roles(
                "harmless",
                (
                    *(
                        "assetTagTemplate",
                        "lockScreenFootnote",
                        "homeScreenDockIcons",
                        "homeScreenPages",
                        "homeScreenGridWidth",
                    ),
                    *(
                        "homeScreenGridHeight",
                        "notificationSettings",
                        "singleSignOnSettings",
                        "wallpaperDisplayLocation",
                    ),
                    *("wallpaperImage", "singleSignOnExtension", "iosSingleSignOnExtension", "airPrintDestinations"),
                    *("identityCertificateForClientAuthentication", "singleSignOnExtensionPkinitCertificate"),
                ),
            ),
            **_OBJECT,
        }
    )
}
"""Types of which some properties act on sites: of these, contentFilterSettings (npm @microsoft/microsoft-graph-types-beta
0.44.0-preview)."""
_HARMLESS = Keys(_OBJECT, rest="harmless")
_ANY = Keys({**_OBJECT, **_OMA, **roles("carried", _CARRIED)})
_BY_DEVICE = Keys({**_OBJECT, **roles("carried", (*_CARRIED, "deploymentChannel"))})
"""A custom profile that is sent to the device, as it is meant to be: only the channel of a user puts it in doubt."""
CONFIGURATION = Keys(choose=_of_configuration)
CATALOG = Keys(
    {
        **_OBJECT,
        **roles("carried", ("platforms", "technologies", "templateReference")),
        "settings": definitions.SETTINGS,
    }
)
APP = Keys(
    {
        **_OBJECT,
        **roles("name", ("publisher", "appStoreUrl", "largeIcon", "publishingState", "isFeatured", "owner", "notes")),
        **roles("carried", ("packageId", "appIdentifier", "bundleId", "appAvailability")),
    },
    rest="harmless",
)
APP_CONFIGURATION = Keys(
    {
        **_OBJECT,
        **roles("carried", ("packageId", "payloadJson", "profileApplicability")),
        **roles(
            "harmless", ("targetedMobileApps", "permissionActions", "connectedAppsEnabled", "appSupportsOemConfig")
        ),
    }
)
"""Which apps it is for says packageId too; what else there is, is a permission of the app or a form of its maker's."""
TEMPLATE = Keys(
    {
        **roles(
            "name", ("Displayname", "Description", "Type", "GUID", "PartitionKey", "RowKey", "Timestamp", "ETag", "SHA")
        ),
        **roles("carried", ("RAWJson", "JSON")),
    }
)
PAGE = Keys(
    roles("name", ("@odata.context", "@odata.count", "@microsoft.graph.tips")) | roles("carried", ("@odata.nextLink",))
)
APPROVAL = Keys({**roles("carried", ("packageIds",)), "approveAllPermissions": "harmless"})
