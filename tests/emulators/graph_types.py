"""State the types of Graph that the emulator keeps: which keys they have, what it fills in, and what it refuses.

Keys and values: microsoftgraph/msgraph-metadata@f54f11b6 v1.0-Prod.csdl, and npm @microsoft/microsoft-graph-types-beta
0.44.0-preview for beta.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DEFINITION = re.compile(r"[a-z0-9_.]+")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _optional_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _tags(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one.isdigit() for one in value)


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: value in words


def _apps(most: int) -> Callable[[Any], bool]:
    keys = {"@odata.type", "name", "publisher", "appStoreUrl", "appId"}

    def check(value: Any) -> bool:
        return (
            isinstance(value, list)
            and len(value) <= most
            and all(isinstance(one, dict) and set(one) <= keys and _text(one.get("name")) for one in value)
        )

    return check


def _payload(value: Any) -> bool:
    try:
        return bool(base64.b64decode(value, validate=True))
    except (ValueError, TypeError):
        return False


_OMA_VALUES: dict[str, Callable[[Any], bool]] = {
    "#microsoft.graph.omaSettingString": _text,
    "#microsoft.graph.omaSettingStringXml": _payload,
    "#microsoft.graph.omaSettingInteger": lambda value: type(value) is int,
    "#microsoft.graph.omaSettingBoolean": _flag,
}


def _oma(value: Any) -> bool:
    keys = {"@odata.type", "displayName", "description", "omaUri", "value", "fileName"}
    return isinstance(value, list) and all(
        isinstance(one, dict)
        and set(one) <= keys
        and one.get("@odata.type") in _OMA_VALUES
        and _OMA_VALUES[one["@odata.type"]](one.get("value"))
        and _name(one.get("displayName"))
        and str(one.get("omaUri")).startswith("./")
        for one in value
    )


_LIST = _one_of("none", "appsInListCompliant", "appsNotInListCompliant")
_COMMON: dict[str, Callable[[Any], bool]] = {
    "@odata.type": _text,
    "displayName": _name,
    "description": _optional_text,
}
TYPES: dict[str, dict[str, Callable[[Any], bool]]] = {
    "iosGeneralDeviceConfiguration": {
        "appsVisibilityListType": _LIST,
        "appsVisibilityList": _apps(10_000),
        "compliantAppListType": _LIST,
        "compliantAppsList": _apps(10_000),
        "cameraBlocked": _flag,
    },
    "iosCustomConfiguration": {"payloadName": _name, "payloadFileName": _optional_text, "payload": _payload},
    "windows10CustomConfiguration": {"omaSettings": _oma},
    "androidDeviceOwnerGeneralDeviceConfiguration": {
        "playStoreMode": _one_of("notConfigured", "allowList", "blockList"),
        "appsAllowInstallFromUnknownSources": _flag,
        "securityRequireVerifyApps": _flag,
        "personalProfilePlayStoreMode": _one_of("notConfigured", "blockedApps", "allowedApps"),
        "personalProfileAppsAllowInstallFromUnknownSources": _flag,
        "personalProfilePersonalApplications": _apps(500),
    },
}
_BETA_TYPES = frozenset({"androidDeviceOwnerGeneralDeviceConfiguration"})
_BETA_KEYS = frozenset({"roleScopeTagIds"})
DEFAULTS: dict[str, dict[str, Any]] = {
    "beta only": {"roleScopeTagIds": None, "supportsScopeTags": None, "airPrintBlocked": None},
    "iosGeneralDeviceConfiguration": {
        "description": None,
        "roleScopeTagIds": ["0"],
        "supportsScopeTags": True,
        "accountBlockModification": False,
        "airPrintBlocked": False,
        "appsSingleAppModeList": [],
        "appsVisibilityListType": "none",
        "appsVisibilityList": [],
        "cameraBlocked": False,
        "compliantAppListType": "none",
        "compliantAppsList": [],
        "kioskModeAppStoreUrl": None,
        "mediaContentRatingApps": "allAllowed",
        "passcodeMinimumLength": None,
        "passcodeRequiredType": "deviceDefault",
        "safariCookieSettings": "browserDefault",
    },
    "iosCustomConfiguration": {"description": None, "roleScopeTagIds": ["0"], "supportsScopeTags": True},
    "windows10CustomConfiguration": {"description": None, "roleScopeTagIds": ["0"], "supportsScopeTags": True},
    "androidDeviceOwnerGeneralDeviceConfiguration": {
        "description": None,
        "roleScopeTagIds": ["0"],
        "supportsScopeTags": True,
        "appsAllowInstallFromUnknownSources": False,
        "kioskModeApps": [],
        "passwordRequiredType": "deviceDefault",
        "personalProfilePlayStoreMode": "notConfigured",
        "personalProfilePersonalApplications": [],
        "playStoreMode": "notConfigured",
        "securityRequireVerifyApps": False,
    },
}


def check_config(body: dict[str, Any], api: str, *, new: bool) -> tuple[str, str] | None:
    """Say why the service refuses a device configuration, or nothing."""
    named = body.get("@odata.type")
    if named is None:
        return ("BadRequest", "Cannot create an abstract class.")
    kind = str(named).rpartition(".")[2]
    if kind not in TYPES or (api == "v1.0" and kind in _BETA_TYPES):
        return ("BadRequest", f"A type named '{str(named).lstrip('#')}' could not be resolved by the model.")
    known = {**_COMMON, **TYPES[kind], **({"roleScopeTagIds": _tags} if api == "beta" else {})}
    for key, value in body.items():
        if key not in known:
            return ("BadRequest", f"The property '{key}' does not exist on type '{str(named).lstrip('#')}'.")
        if not known[key](value):
            return ("BadRequest", f"Invalid value for property '{key}'.")
    if new and "displayName" not in body:
        return ("BadRequest", "The property 'displayName' is required.")
    return None


def check_policy(body: dict[str, Any]) -> tuple[str, str] | None:
    """Say why the service refuses a settings catalog policy, or nothing."""
    known: dict[str, Callable[[Any], bool]] = {
        "name": _name,
        "description": _optional_text,
        "platforms": _one_of("iOS", "macOS", "windows10", "android"),
        "technologies": _text,
        "roleScopeTagIds": _tags,
        "templateReference": lambda value: isinstance(value, dict) and _text(value.get("templateId")),
        "settings": lambda value: isinstance(value, list) and bool(value) and all(_is_setting(one) for one in value),
    }
    for key, value in body.items():
        if key not in known:
            return ("BadRequest", f"The property '{key}' does not exist on type 'deviceManagementConfigurationPolicy'.")
        if not known[key](value):
            return ("ModelValidationFailure", f"Invalid value for property '{key}'.")
    lacking = [key for key in ("name", "platforms", "technologies", "settings") if key not in body]
    return ("ModelValidationFailure", f"The property '{lacking[0]}' is required.") if lacking else None


def _is_setting(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) <= {"@odata.type", "settingInstance"}
        and value.get("@odata.type") == "#microsoft.graph.deviceManagementConfigurationSetting"
        and _is_instance(value.get("settingInstance"))
    )


_INSTANCE = "#microsoft.graph.deviceManagementConfiguration"
_VALUES = {
    f"{_INSTANCE}GroupSettingCollectionInstance": "groupSettingCollectionValue",
    f"{_INSTANCE}SimpleSettingCollectionInstance": "simpleSettingCollectionValue",
    f"{_INSTANCE}ChoiceSettingInstance": "choiceSettingValue",
}


def _is_instance(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("@odata.type") not in _VALUES:
        return False
    key = _VALUES[value["@odata.type"]]
    if set(value) - {"@odata.type", "settingDefinitionId", "settingInstanceTemplateReference", key}:
        return False
    if not _DEFINITION.fullmatch(str(value.get("settingDefinitionId"))):
        return False
    found = value.get(key)
    if key == "choiceSettingValue":
        return isinstance(found, dict) and _text(found.get("value"))
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        return False
    if key == "groupSettingCollectionValue":
        return all(all(_is_instance(child) for child in one.get("children", [None])) for one in found)
    return all(_text(one.get("value")) and one.get("@odata.type") == f"{_INSTANCE}StringSettingValue" for one in found)


def check_target(assignment: Any, api: str) -> str:
    """Say why the service refuses an assignment, or nothing."""
    target = assignment.get("target") if isinstance(assignment, dict) else None
    if not isinstance(target, dict):
        return "The property 'target' is required."
    kind = str(target.get("@odata.type")).rpartition(".")[2]
    fixed = kind in ("allDevicesAssignmentTarget", "allLicensedUsersAssignmentTarget")
    grouped = kind in ("groupAssignmentTarget", "exclusionGroupAssignmentTarget")
    if not (fixed or grouped or kind == "configurationManagerCollectionAssignmentTarget"):
        return f"A type named '{kind}' could not be resolved by the model."
    if grouped and not _GUID.fullmatch(str(target.get("groupId"))):
        return f"Invalid groupId '{target.get('groupId')}'."
    if api == "v1.0" and any("Filter" in key for key in target):
        return f"The property 'deviceAndAppManagementAssignmentFilterId' does not exist on type '{kind}'."
    return ""
