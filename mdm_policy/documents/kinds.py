"""Recognise what a document is, from its content alone: names and extensions are whatever a person typed.

Recognition asks for the fewest marks that tell kinds apart, so that a document with a wrong value in it is still
recognised, and its reader can say what is wrong. What it does not know is `unknown`, never a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml import etree

    from mdm_policy.documents.locate import Format

KINDS = (
    "apple-profile",
    "apple-declaration-configuration",
    "apple-declaration-activation",
    "intune-settings-catalog",
    "intune-device-configuration",
    "intune-mobile-app",
    "intune-approve-apps",
    "graph-page",
    "applocker-rules",
    "jamf-restricted-software",
    "jamf-mobile-profile",
    "jamf-macos-profile",
    "amapi-page",
    "amapi-policy",
    "amapi-modify-applications",
    "amapi-patch",
    "unknown",
)

_DECLARATIONS = {
    "com.apple.configuration.": "apple-declaration-configuration",
    "com.apple.activation.": "apple-declaration-activation",
}
_JAMF = {
    "restricted_software": "jamf-restricted-software",
    "configuration_profile": "jamf-mobile-profile",
    "os_x_configuration_profile": "jamf-macos-profile",
}
_NOT_APPS = frozenset({"detectedApp", "managedApp"})
_GRAPH_COLLECTIONS = (
    ("configurationPolicies", "intune-settings-catalog"),
    ("deviceConfigurations", "intune-device-configuration"),
    ("deviceCompliancePolicies", "intune-device-configuration"),
    ("mobileApps", "intune-mobile-app"),
)
_DEVICE_CONFIGURATION_KEYS = frozenset(
    {
        "appsVisibilityListType",
        "appsVisibilityList",
        "compliantAppListType",
        "compliantAppsList",
        "omaSettings",
        "payloadFileName",
        "personalProfilePlayStoreMode",
        "personalProfilePersonalApplications",
    }
)
_POLICY_KEYS = frozenset(
    {
        "playStoreMode",
        "personalUsagePolicies",
        "advancedSecurityOverrides",
        "statusReportingSettings",
        "policyEnforcementRules",
        "permittedAccessibilityServices",
        "permittedInputMethods",
        "crossProfilePolicies",
        "deviceConnectivityManagement",
        "kioskCustomization",
        "persistentPreferredActivities",
        "shortSupportMessage",
        "workProfileWidgets",
    }
)
"""Top-level keys of an AMAPI Policy that no other kind has
(developers.google.com/android/management/reference/rest/v1/enterprises.policies)."""


def recognise(value: Any, format: Format) -> str:  # noqa: A002 - the word of the field
    """Return the kind of a parsed document, one of `KINDS`."""
    if format == "xml":
        return _recognise_xml(value)
    if format == "json" and isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "graph-page"
    if not isinstance(value, dict):
        return "unknown"
    declaration = value.get("Type")
    if isinstance(declaration, str):
        for prefix, kind in _DECLARATIONS.items():
            if declaration.startswith(prefix):
                return kind
    if format == "plist":
        return "apple-profile" if _is_profile(value) else "unknown"
    return _recognise_graph(value) or _recognise_request(value) or _recognise_policy(value)


def short_type(value: Any) -> str:
    """Return the last word of a Graph object's `@odata.type`, or nothing."""
    name = value.get("@odata.type") if isinstance(value, dict) else None
    return name.rpartition(".")[2].lstrip("#") if isinstance(name, str) else ""


def _is_profile(value: dict[str, Any]) -> bool:
    """Tell whether a dictionary is a configuration profile, or was meant to be one."""
    if value.get("PayloadType") == "Configuration":
        return True
    content = value.get("PayloadContent")
    return isinstance(content, list) and any(isinstance(item, dict) and "PayloadType" in item for item in content)


def _recognise_xml(root: etree._Element) -> str:
    """Recognise AppLocker rules and Jamf objects; Jamf's list of titles has the root of the object, but no `general`."""
    if root.tag in ("RuleCollection", "AppLockerPolicy"):
        return "applocker-rules"
    return _JAMF.get(str(root.tag), "unknown") if root.find("general") is not None else "unknown"


def _recognise_graph(value: dict[str, Any]) -> str:
    """Recognise a Microsoft Graph object by its type, where it came from, or its keys; nothing if it is none."""
    if name := short_type(value):
        return _kind_of_type(name)
    if isinstance(value.get("value"), list):
        return "graph-page"
    context = value.get("@odata.context")
    if isinstance(context, str):
        for collection, kind in _GRAPH_COLLECTIONS:
            if collection in context.partition("#")[2]:
                return kind
    settings = value.get("settings")
    if isinstance(settings, list) and (
        {"platforms", "technologies"} <= value.keys()
        or any(isinstance(item, dict) and "settingInstance" in item for item in settings)
    ):
        return "intune-settings-catalog"
    if value.keys() & _DEVICE_CONFIGURATION_KEYS:
        return "intune-device-configuration"
    return "intune-mobile-app" if {"packageId", "appIdentifier"} <= value.keys() else ""


def _kind_of_type(name: str) -> str:
    """Return the kind of a Graph type.

    Every type derived from deviceConfiguration ends in `Configuration`; so do those that configure an app, which block
    none, except macOSCustomAppConfiguration. Every type derived from deviceCompliancePolicy ends in `CompliancePolicy`
    (graph.microsoft.com/beta/$metadata).
    """
    if name == "deviceManagementConfigurationPolicy":
        return "intune-settings-catalog"
    if name.endswith("Configuration"):
        configures_app = name.endswith("AppConfiguration") and name != "macOSCustomAppConfiguration"
        return "unknown" if configures_app else "intune-device-configuration"
    if name.endswith("CompliancePolicy"):
        return "intune-device-configuration"
    return "intune-mobile-app" if name.endswith("App") and name not in _NOT_APPS else "unknown"


def _recognise_request(value: dict[str, Any]) -> str:
    """Recognise the body of a request; nothing if it is none."""
    body = value.get("body")
    if value.get("method") == "PATCH" and isinstance(body, dict):
        query = value.get("query")
        masked = isinstance(query, dict) and "updateMask" in query
        return "amapi-patch" if masked or _recognise_policy(body) == "amapi-policy" else "unknown"
    if isinstance(value.get("packageIds"), list):
        return "intune-approve-apps"
    changes = value.get("changes")
    if isinstance(changes, list) and all(isinstance(change, dict) and "application" in change for change in changes):
        return "amapi-modify-applications"
    return ""


def _recognise_policy(value: dict[str, Any]) -> str:
    """Recognise an AMAPI policy, or the answer that lists an enterprise's policies."""
    listed = value.get("policies")
    if isinstance(listed, list) and any(
        isinstance(item, dict) and _is_policy_name(item.get("name")) for item in listed
    ):
        return "amapi-page"
    if _is_policy_name(value.get("name")) or value.keys() & _POLICY_KEYS or isinstance(value.get("applications"), list):
        return "amapi-policy"
    return "unknown"


def _is_policy_name(name: Any) -> bool:
    """Tell whether a text is the name of a stored policy: `enterprises/ID/policies/NAME`."""
    return isinstance(name, str) and name.startswith("enterprises/") and "/policies/" in name
