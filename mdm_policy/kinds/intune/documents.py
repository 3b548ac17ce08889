"""Describe the document kinds of Intune: objects of Microsoft Graph, pages of them, and a request."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from mdm_policy.documents import EmbeddedBase64, EmbeddedText, pointer
from mdm_policy.kinds.android import configuration
from mdm_policy.kinds.android import documents as android
from mdm_policy.kinds.collector import NOT_STATED
from mdm_policy.kinds.intune import definitions, keys, policies, rules
from mdm_policy.kinds.intune.android import read_app_configuration, read_mobile_app
from mdm_policy.kinds.intune.graph import odata_type
from mdm_policy.kinds.intune.unseen import unseen
from mdm_policy.kinds.kind import DocumentKind, Unread
from mdm_policy.kinds.page import listed_objects, read_page
from mdm_policy.kinds.windows import catalog
from mdm_policy.kinds.windows.oma import nodes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdm_policy.documents import Embedded
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading

_ADMX = re.compile(r"[\s\ufeff]*<(?:enabled|disabled)\s*/>", re.IGNORECASE)
_RAW = "RAWJson"
_ROW = "JSON"
"""The column of CIPP's table in which a whole template stands as one more text."""
_NOT_APPS = frozenset({"detectedApp", "managedApp"})
_CATALOG_COLLECTIONS = ("configurationPolicies",)
_CONFIGURATION_COLLECTIONS = ("deviceConfigurations", "deviceCompliancePolicies")
_APP_COLLECTIONS = ("mobileApps",)
_COLLECTIONS = (*_CATALOG_COLLECTIONS, *_CONFIGURATION_COLLECTIONS, *_APP_COLLECTIONS)
"""Words of an `@odata.context` that say which collection answered, in the order in which they are looked for."""
_CONFIGURATION_KEYS = frozenset(
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
_CUSTOM_PROFILES = frozenset({"iosCustomConfiguration", "macOSCustomConfiguration"})
_CATALOG_RULES = (rules.CATALOG_BLOCKED, rules.CATALOG_ALLOWED, rules.CATALOG_WRONG_ID)
_APP_RULES = (
    *(rules.IOS_ASSIGNED, rules.UNINSTALL, rules.UNINSTALL_PERSONAL),
    *(rules.ASSIGNED, rules.REQUIRED, rules.INTENT_UNREAD),
)


def _object(
    typed: Callable[[str], bool], collections: tuple[str, ...], keyed: Callable[[dict[str, Any]], bool]
) -> Callable[[Any], bool]:
    """Recognise a Graph object by its type; without one by the collection that answered; without that by its keys."""

    def recognise(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        if name := odata_type(value):
            return typed(name)
        if collection := _collection(value):
            return collection in collections
        return keyed(value)

    return recognise


def _collection(value: dict[str, Any]) -> str:
    """Return the collection that an `@odata.context` names, or nothing."""
    context = value.get("@odata.context")
    fragment = context.partition("#")[2] if isinstance(context, str) else ""
    return next((name for name in _COLLECTIONS if name in fragment), "") if fragment else ""


def _is_page(value: Any) -> bool:
    """Recognise a page of objects, and an array as an export holds it."""
    if isinstance(value, list):
        return any(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and not odata_type(value) and isinstance(value.get("value"), list)


def _is_catalog_type(name: str) -> bool:
    return name == "deviceManagementConfigurationPolicy"


def _is_configuration_type(name: str) -> bool:
    """Tell whether a type is a device configuration or a compliance policy.

    Nearly every type derived from deviceConfiguration ends in `Configuration`; so do those that configure an app, which block
    none, except macOSCustomAppConfiguration. Every type derived from deviceCompliancePolicy ends in `CompliancePolicy`
    (graph.microsoft.com/beta/$metadata). Certificates are of types that bear other names.
    """
    if keys.descends(name, "deviceConfiguration"):
        return True
    if name.endswith("AppConfiguration"):
        return name == "macOSCustomAppConfiguration"
    return name.endswith(("Configuration", "CompliancePolicy"))


def _is_app_type(name: str) -> bool:
    return (name.endswith("App") and name not in _NOT_APPS) or keys.descends(name, "mobileApp")


def _has_catalog_settings(value: dict[str, Any]) -> bool:
    settings = value.get("settings")
    return isinstance(settings, list) and (
        {"platforms", "technologies"} <= value.keys()
        or any(isinstance(item, dict) and "settingInstance" in item for item in settings)
    )


def _has_configuration_keys(value: dict[str, Any]) -> bool:
    return bool(value.keys() & _CONFIGURATION_KEYS)


def _has_app_keys(value: dict[str, Any]) -> bool:
    return {"packageId", "appIdentifier"} <= value.keys()


def _is_typed(value: Any) -> bool:
    return bool(odata_type(value))


def _is_approval(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("packageIds"), list)


def _items(value: Any) -> Iterator[Embedded]:
    yield from listed_objects(value) if isinstance(value, list) else listed_objects(value["value"], "value")


def _profile_and_rules(value: Any) -> Iterator[Embedded]:
    """Yield a custom profile's payload and the XML among OMA settings."""
    payload = value.get("payload")
    name = odata_type(value)
    if isinstance(payload, str) and payload and (name in _CUSTOM_PROFILES or (not name and "payloadFileName" in value)):
        yield EmbeddedBase64(pointer("payload"), payload)
    settings = value.get("omaSettings")
    for index, setting in enumerate(settings if isinstance(settings, list) else ()):
        if isinstance(setting, dict) and isinstance(setting.get("value"), str):
            yield from _of_oma_setting(setting, pointer("omaSettings", index, "value"))


def _of_oma_setting(setting: dict[str, Any], where: str) -> Iterator[Embedded]:
    """Yield the XML of an OMA setting, unless the server masked it.

    What an ADMX-backed policy takes (`<enabled/><data .../>`, learn.microsoft.com/windows/client-management/
    understanding-admx-backed-policies) is no document of its own, and what a node takes that concerns no app is none of
    ours. Secrets come back as asterisks, with `isEncrypted` set
    (learn.microsoft.com/graph/api/resources/intune-deviceconfig-omasetting): that is no document, and no empty one.
    """
    text = setting["value"]
    uri = setting.get("omaUri")
    if _ADMX.match(text) or (isinstance(uri, str) and definitions.of_uri(uri) == "harmless"):
        return
    if text.lstrip("\ufeff \t\r\n").startswith(("<", "&lt;")):
        yield EmbeddedText(where, text)
    elif odata_type(setting) == "omaSettingStringXml" and setting.get("isEncrypted") is not True and text.strip("* "):
        yield EmbeddedBase64(where, text)


def _is_app_configuration(value: Any) -> bool:
    return isinstance(value, dict) and odata_type(value) == "androidManagedStoreAppConfiguration"


def _payload_json(value: Any) -> Iterator[Embedded]:
    """Yield the configuration that an object holds, in base64."""
    payload = value.get("payloadJson")
    if isinstance(payload, str) and payload:
        yield EmbeddedBase64(pointer("payloadJson"), payload)


def _more_than_here(page: Any) -> str:
    """Return the pointer of what says that there are more objects than a page holds, or nothing."""
    if not isinstance(page, dict):
        return ""
    if page.get("@odata.nextLink"):
        return "/@odata.nextLink"
    count, held = page.get("@odata.count"), page.get("value")
    more = type(count) is int and isinstance(held, list) and count > len(held)
    return "/@odata.count" if more else ""


def _further_pages(c: Collector) -> Reading | None:
    """Stand for the objects on the pages that are not here.

    learn.microsoft.com/graph/paging: @odata.nextLink means that there are more items; the same, query-parameters: @odata.count is
    the number of all of them.
    """
    at = _more_than_here(c.document.value)
    if not at:
        return None
    hint = "fetch every page, and verify all of them"
    if c.document.inner and all(inner.kind == MOBILE_APP.name for _, inner in c.document.inner):
        said = "there are more apps than this page holds, and one of them may be the same app, assigned otherwise"
        c.say("error", "page-incomplete", said, at, hint)
        return unseen(c, MOBILE_APP.name, apps=True)
    said = "there are more policies than this page holds, and one of them may give a setting another value"
    c.say("error", "page-incomplete", said, at, hint)
    return unseen(c, DEVICE_CONFIGURATION.name, policies=True)


def _templates(value: Any) -> Iterator[Embedded]:
    """Yield the policy that a template holds as a text, or the template in a row; CIPP once nested templates in one another."""
    key = _RAW if isinstance(value.get(_RAW), str) else _ROW
    yield EmbeddedText(pointer(key), value[key])


def _is_template(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    row = isinstance(value.get(_ROW), str) and {"PartitionKey", "RowKey"} <= value.keys()
    return row or isinstance(value.get(_RAW), str)


def _read_template(c: Collector) -> Reading:
    """Read the policy inside: whom it will reach is decided when the template is deployed."""
    scope = NOT_STATED
    for at, inner in c.document.inner:
        held = c.lift(at, inner).scope
        # An applicability rule goes with the policy; assignments in it are of the tenant that it was taken from.
        scope = held if held.state == "not-stated" else scope
    return c.reading(scope, mdm="intune")


_GRAPH_READER = "Microsoft Graph"
"""OData/odata.net Microsoft.OData.Core: duplicate properties in a single resource are not allowed, and the request fails."""

PAGE = DocumentKind(
    name="graph-page",
    title="Page or array of Microsoft Graph objects",
    formats=("json",),
    recognise=_is_page,
    read=read_page,
    keys=keys.PAGE,
    embedded=_items,
    unseen=_further_pages,
    is_page=True,
    sample=b"""\
{
  "value": [
    {
      "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
      "appsVisibilityListType": "appsNotInListCompliant",
      "appsVisibilityList": [{"appId": "com.a.b"}]
    }
  ]
}
""",
)
SETTINGS_CATALOG = DocumentKind(
    name="intune-settings-catalog",
    repeats_refused_by=_GRAPH_READER,
    title="Intune settings catalog policy",
    formats=("json",),
    recognise=_object(_is_catalog_type, _CATALOG_COLLECTIONS, _has_catalog_settings),
    read=policies.read_settings_catalog,
    keys=keys.CATALOG,
    embedded=catalog.settings_xml,
    delivers_embedded=True,
    rules=(*_CATALOG_RULES, *catalog.RULES),
    schemas=("intune-app-control", "intune-ios-settings-catalog", "intune-windows-browsers"),
    sample=b"""\
{
  "@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy",
  "platforms": "iOS",
  "technologies": "mdm,appleRemoteManagement",
  "settings": [
    {
      "settingInstance": {
        "settingDefinitionId": "com.apple.applicationaccess_com.apple.applicationaccess",
        "groupSettingCollectionValue": [
          {
            "children": [
              {
                "settingDefinitionId": "com.apple.applicationaccess_blockedappbundleids",
                "simpleSettingCollectionValue": [{"value": "com.a.b"}]
              }
            ]
          }
        ]
      }
    }
  ]
}
""",
)
DEVICE_CONFIGURATION = DocumentKind(
    name="intune-device-configuration",
    repeats_refused_by=_GRAPH_READER,
    title="Intune device configuration or compliance policy",
    formats=("json",),
    recognise=_object(_is_configuration_type, _CONFIGURATION_COLLECTIONS, _has_configuration_keys),
    read=policies.read_configuration,
    keys=keys.CONFIGURATION,
    embedded=_profile_and_rules,
    identities=nodes_of,
    delivers_embedded=True,
    rules=tuple(rule for rule in rules.RULES if rule not in (*_CATALOG_RULES, *_APP_RULES)),
    schemas=(
        "intune-android-device-restrictions",
        "intune-ios-custom",
        "intune-ios-device-restrictions",
        "intune-windows-applocker",
    ),
    sample=b"""\
{
  "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
  "appsVisibilityListType": "appsNotInListCompliant",
  "appsVisibilityList": [{"appId": "com.a.b"}],
  "assignments": [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]
}
""",
)
MOBILE_APP = DocumentKind(
    name="intune-mobile-app",
    repeats_refused_by=_GRAPH_READER,
    title="Intune app and its assignments",
    formats=("json",),
    recognise=_object(_is_app_type, _APP_COLLECTIONS, _has_app_keys),
    read=read_mobile_app,
    keys=keys.APP,
    rules=_APP_RULES,
    schemas=("intune-android-managed-apps",),
    sample=b"""\
{
  "@odata.type": "#microsoft.graph.androidManagedStoreApp",
  "packageId": "app:a.b",
  "assignments": [
    {"intent": "uninstall", "target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
  ]
}
""",
)
TEMPLATE = DocumentKind(
    name="cipp-template",
    title="CIPP template of an Intune policy",
    formats=("json",),
    recognise=_is_template,
    read=_read_template,
    keys=keys.TEMPLATE,
    embedded=_templates,
    delivers_embedded=True,
    sample=b"""\
{
  "Displayname": "Example",
  "Type": "Device",
  "GUID": "a",
  "RAWJson": "{\\"@odata.type\\": \\"#microsoft.graph.iosGeneralDeviceConfiguration\\", \\"appsVisibilityListType\\": \\"appsNotInListCompliant\\", \\"appsVisibilityList\\": [{\\"appId\\": \\"com.a.b\\"}]}"
}
""",
)
"""KelvinTegelaar/CIPP-API@adf3242 (2026-08-08): the policy is a text in RAWJson, without assignments."""
APP_CONFIGURATION = DocumentKind(
    name="intune-app-configuration",
    title="Intune managed configuration of an Android app",
    formats=("json",),
    recognise=_is_app_configuration,
    read=read_app_configuration,
    keys=keys.APP_CONFIGURATION,
    embedded=_payload_json,
    rules=configuration.RULES,
    sample=b"""\
{
  "@odata.type": "#microsoft.graph.androidManagedStoreAppConfiguration",
  "packageId": "app:com.android.chrome",
  "profileApplicability": "default",
  "payloadJson": \""""
    + b64encode(android.CONFIGURATION.sample)
    + b"""\",
  "assignments": [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]
}
""",
)
OTHER_OBJECT = Unread(formats=("json",), recognise=_is_typed)
APPROVE_APPS = DocumentKind(
    name="intune-approve-apps",
    repeats_refused_by=_GRAPH_READER,
    title="Intune request: approveApps",
    formats=("json",),
    recognise=_is_approval,
    read=policies.read_approve_apps,
    keys=keys.APPROVAL,
    schemas=("intune-android-approve-apps",),
    sample=b"""\
{"packageIds": ["app:a.b"], "approveAllPermissions": false}
""",
)
