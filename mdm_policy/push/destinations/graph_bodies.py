"""Shape Intune's objects: what is sent, what of an object is ours, and what is only Intune's rewriting.

Ours are the keys that a document sets; in a settings catalog policy only the setting of blocked bundle ids, in a custom
Windows configuration only the AppLocker nodes. Whatever else a person has put into the object stays there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from mdm_policy.kinds.intune.policies import BLOCKED_APPS
from mdm_policy.push.listings import is_masked
from mdm_policy.push.model import Assignment
from mdm_policy.push.normal import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

CATALOG = "configurationPolicy"
"""The kind of settings catalog policies: they exist in beta only, and name themselves otherwise than the rest."""
MANAGEMENT = "deviceManagement"
"""The part of Graph that is Intune's."""
_GRAPH = "#microsoft.graph."
_SETTING = _GRAPH + "deviceManagementConfigurationSetting"
_DECLARED = frozenset({_SETTING, _GRAPH + "appListItem", _GRAPH + "deviceManagementConfigurationPolicy"})
"""Types that say no more than the place they stand in, so Intune may leave them out of its answers."""
_VOLATILE = frozenset(
    {
        *(
            "id",
            "createdDateTime",
            "lastModifiedDateTime",
            "version",
            "supportsScopeTags",
            "settingCount",
            "isAssigned",
        ),
        *("creationSource", "priorityMetaData", "assignments"),
    }
)
"""Read-only keys: npm @microsoft/microsoft-graph-types-beta 0.44.0-preview marks them so."""
_DEFAULTS = frozenset({"none", "notConfigured", "deviceDefault", "browserDefault", "allAllowed"})
"""Words that Intune fills in where nothing was set (msgraph-metadata@f54f11b6, the enumerations' first members)."""
_OURS = frozenset({BLOCKED_APPS})
_APP_CONTROL = "device_vendor_msft_policy_config_applicationcontrol_policies_{policyguid}_policiesoptions"
"""The setting of an App Control policy, which is wholly ours."""
_OUR_NODES = ("./vendor/msft/applocker/", "./device/vendor/msft/applocker/")
_COMMON = frozenset({"@odata.type", "displayName", "name", "description", "roleScopeTagIds"})
_CATALOG_KEYS = ("name", "description", "platforms", "technologies", "roleScopeTagIds", "templateReference", "settings")
_ANDROID_KEYS = (
    *("playStoreMode", "appsAllowInstallFromUnknownSources", "securityRequireVerifyApps"),
    *("personalProfilePlayStoreMode", "personalProfileAppsAllowInstallFromUnknownSources"),
    "personalProfilePersonalApplications",
)


class GraphObjectKind(NamedTuple):
    """Say where objects of a kind live, and which keys we set."""

    api: str
    collection: str
    keys: tuple[str, ...]


KINDS: dict[str, GraphObjectKind] = {
    CATALOG: GraphObjectKind("beta", "configurationPolicies", _CATALOG_KEYS),
    "iosGeneralDeviceConfiguration": GraphObjectKind(
        "v1.0", "deviceConfigurations", ("appsVisibilityListType", "appsVisibilityList")
    ),
    "iosCustomConfiguration": GraphObjectKind(
        "v1.0", "deviceConfigurations", ("payloadName", "payloadFileName", "payload")
    ),
    "macOSCustomConfiguration": GraphObjectKind(
        "v1.0", "deviceConfigurations", ("payloadName", "payloadFileName", "payload")
    ),
    "windows10CustomConfiguration": GraphObjectKind("v1.0", "deviceConfigurations", ("omaSettings",)),
    "androidDeviceOwnerGeneralDeviceConfiguration": GraphObjectKind("beta", "deviceConfigurations", _ANDROID_KEYS),
}
"""Every kind that is pushed; what v1.0 lacks is beta (msgraph-metadata@f54f11b6, v1.0-Prod.csdl)."""


def api_for(kind: str, body: Mapping[str, Any]) -> str:
    """Return the version that takes a body: v1.0 does not know the scope tags, nor all that was read in beta."""
    known = {*_COMMON, *KINDS[kind].keys} - {"roleScopeTagIds"}
    return KINDS[kind].api if known.issuperset(body) else "beta"


def kind_of(value: Mapping[str, Any]) -> str:
    """Return the kind of a device configuration by its type, or an empty text."""
    named = value.get("@odata.type")
    return named.rpartition(".")[2] if isinstance(named, str) else ""


def text_under(value: Mapping[str, Any]) -> bytes:
    """Return an object as text that a person can read in a plan."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "surrogatepass")


def sent(kind: str, made: Mapping[str, Any], described: str) -> dict[str, Any]:
    """Return the body that creates the object of a document, with `described` as its description."""
    body = {**made, "description": described}
    if kind != CATALOG:
        return body
    body = {key: body[key] for key in _CATALOG_KEYS if key in body}
    return {**body, **_catalog_parts(body)}


def _catalog_parts(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a policy that Graph tells otherwise than it takes them."""
    reference = value.get("templateReference")
    template = reference.get("templateId") if isinstance(reference, dict) else ""
    settings = [
        {"@odata.type": _SETTING, "settingInstance": _without_nulls(one.get("settingInstance"))}
        for one in mappings(value.get("settings"))
    ]
    return {"templateReference": {"templateId": template or ""}, "settings": settings}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None and not _annotation(key)}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _annotation(key: str) -> bool:
    return "@odata." in key and key != "@odata.type"


def mappings(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list; what is no list holds none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def merged(kind: str, wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the object as it is once a body is applied to what is there; what is not ours stays."""
    if found is None:
        return dict(wanted)
    made = {**found, **wanted}
    if found.get("roleScopeTagIds") is not None:
        # Who may see the object in the console is the tenant's own business, once the object exists.
        made["roleScopeTagIds"] = found["roleScopeTagIds"]
    if kind == CATALOG:
        made["settings"] = _merged_settings(mappings(wanted.get("settings")), mappings(found.get("settings")))
    if "omaSettings" in wanted:
        ours = mappings(wanted["omaSettings"])
        nodes = {str(one.get("omaUri")).lower() for one in ours}
        theirs = [
            one
            for one in mappings(found.get("omaSettings"))
            if not is_our_node(one) and str(one.get("omaUri")).lower() not in nodes
        ]
        made["omaSettings"] = [*ours, *theirs]
    return made


def is_our_node(setting: Mapping[str, Any]) -> bool:
    """Tell whether a custom setting writes an AppLocker node: those are wholly ours."""
    return str(setting.get("omaUri")).lower().startswith(_OUR_NODES)


def _definition(setting: Mapping[str, Any]) -> str:
    instance = setting.get("settingInstance")
    return str(instance.get("settingDefinitionId")) if isinstance(instance, dict) else ""


def _children(setting: Mapping[str, Any]) -> list[dict[str, Any]]:
    instance = setting.get("settingInstance")
    groups = instance.get("groupSettingCollectionValue") if isinstance(instance, dict) else None
    return [child for group in mappings(groups) for child in mappings(group.get("children"))]


def _merged_settings(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    waiting = {_definition(one): one for one in wanted}
    made: list[dict[str, Any]] = []
    for theirs in found:
        mine = waiting.pop(_definition(theirs), None)
        children = _children(theirs)
        foreign = [child for child in children if child.get("settingDefinitionId") not in _OURS]
        if mine is not None:
            ours = [*_children(mine)]
            known = {child.get("settingDefinitionId") for child in ours}
            kept = [child for child in foreign if child.get("settingDefinitionId") not in known]
            made.append(_with_children(mine, [*ours, *kept]))
        elif len(foreign) == len(children):
            made.append(theirs)
        elif foreign:
            made.append(_with_children(theirs, foreign))
    return [*made, *waiting.values()]


def _with_children(setting: dict[str, Any], children: list[dict[str, Any]]) -> dict[str, Any]:
    instance = setting["settingInstance"]
    if not isinstance(instance.get("groupSettingCollectionValue"), list):
        return setting
    return {**setting, "settingInstance": {**instance, "groupSettingCollectionValue": [{"children": children}]}}


def written(kind: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that updates an object: a policy whole (PUT), else the keys that we set (PATCH)."""
    made = merged(kind, wanted, found)
    if kind == CATALOG:
        body = {key: made[key] for key in _CATALOG_KEYS if key in made}
        return {**body, **_catalog_parts(made)}
    body = {key: made[key] for key in wanted if key != "roleScopeTagIds"}
    if "omaSettings" in body:
        body["omaSettings"] = [_plain_setting(one) for one in mappings(body["omaSettings"])]
    return body


def restoring(kind: str, body: Mapping[str, Any] | None, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that brings back what is there: the keys that `body` would change, or all that is set."""
    if kind == CATALOG:
        kept = {key: found[key] for key in _CATALOG_KEYS if found.get(key) is not None}
        return {**kept, **_catalog_parts(found)}
    keys = [*body] if body is not None else [key for key in found if key in normal(found) or key == "@odata.type"]
    made = {key: found.get(key) for key in keys}
    if isinstance(made.get("omaSettings"), list):
        made["omaSettings"] = [_plain_setting(one) for one in mappings(made["omaSettings"])]
    return {key: _without_nulls(value) if isinstance(value, dict | list) else value for key, value in made.items()}


def _plain_setting(setting: dict[str, Any]) -> dict[str, Any]:
    """Return a custom setting as it is sent; one whose value is unknown stays marked so."""
    if is_masked(setting):
        return setting
    return {key: one for key, one in setting.items() if key not in ("isEncrypted", "secretReferenceValueId")}


def unreadable(body: Mapping[str, Any]) -> list[str]:
    """Return the nodes of a body whose values are masked: to send them would replace them by asterisks."""
    return [str(one.get("omaUri")) for one in mappings(body.get("omaSettings")) if is_masked(one)]


def normal(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person can change of an object, Intune's rewriting, defaults and assignments left out."""
    made = {key: _normal(one) for key, one in value.items() if key not in _VOLATILE and not _annotation(key)}
    if made.get("@odata.type") in _DECLARED:
        del made["@odata.type"]
    if isinstance(made.get("settings"), list):
        made["settings"] = _set(
            [{key: one for key, one in setting.items() if key != "id"} for setting in mappings(made["settings"])]
        )
    if isinstance(made.get("omaSettings"), list):
        made["omaSettings"] = _set([_plain_setting(one) for one in mappings(made["omaSettings"])])
    return {key: one for key, one in made.items() if not _is_default(one)}


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        pairs = {key: _normal(one) for key, one in value.items() if not _annotation(key)}
        if pairs.get("@odata.type") in _DECLARED:
            del pairs["@odata.type"]
        return {key: one for key, one in pairs.items() if not _is_default(one)}
    return _set([_normal(one) for one in value]) if isinstance(value, list) else value


def _set(values: list[Any]) -> list[Any]:
    """Return a list as a set: of what we send and read, no list has an order that counts."""
    found = {fingerprint(one): one for one in values}
    return [found[key] for key in sorted(found)]


def _is_default(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {}) or (isinstance(value, str) and value in _DEFAULTS)


_WORDS = {"displayName": "its name", "name": "its name", "description": "its description"}


def differs(kind: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which keys of an object are not as a body says."""
    now, then = normal(found), normal(merged(kind, wanted, found))
    return tuple(_WORDS.get(key, key) for key in sorted({*now, *then}) if now.get(key) != then.get(key))


def extras(kind: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the pointers of what is set in an object of ours and that we never set."""
    known = {*_COMMON, *KINDS[kind].keys}
    made = [f"/{key}" for key in sorted(normal(found)) if key not in known]
    for at, setting in enumerate(mappings(found.get("settings"))):
        children = _children(setting)
        foreign = [child for child in children if child.get("settingDefinitionId") not in _OURS]
        made += [f"/settings/{at}:{child.get('settingDefinitionId')}" for child in foreign]
        made += [] if children or _definition(setting) == _APP_CONTROL else [f"/settings/{at}:{_definition(setting)}"]
    for at, setting in enumerate(mappings(found.get("omaSettings"))):
        made += [] if is_our_node(setting) else [f"/omaSettings/{at}:{setting.get('omaUri')}"]
    return tuple(made)


_DEVICES, _USERS = "all-devices", "all-users"
_FIXED = {"allDevicesAssignmentTarget": _DEVICES, "allLicensedUsersAssignmentTarget": _USERS}
_COLLECTION = "collection:"
_EXCLUDES = "exclusionGroupAssignmentTarget"


def assignment_of(found: list[dict[str, Any]]) -> Assignment:
    """Return whom assignments reach, so that `targets` gives them back: a filter stands behind its group.

    `GROUP|include:FILTER`, `all-users`, `all-devices|exclude:FILTER` and `collection:ID` are words of our own.
    """
    everyone, groups, excluded = False, [], []
    for one in found:
        target = one.get("target")
        kind = kind_of(target) if isinstance(target, dict) else ""
        name = _target_name(kind, target if isinstance(target, dict) else {})
        if name == _DEVICES:
            everyone = True
        elif kind == _EXCLUDES:
            excluded.append(name)
        else:
            groups.append(name)
    return Assignment(everyone, tuple(sorted(set(groups))), tuple(sorted(set(excluded))))


def _target_name(kind: str, target: Mapping[str, Any]) -> str:
    name = _FIXED.get(kind) or str(target.get("groupId"))
    if "collectionId" in target:
        name = f"{_COLLECTION}{target['collectionId']}"
    word = target.get("deviceAndAppManagementAssignmentFilterType")
    limit = target.get("deviceAndAppManagementAssignmentFilterId")
    return f"{name}|{word}:{limit}" if limit and word not in (None, "none") else name


def targets(kind: str, assignment: Assignment) -> list[dict[str, Any]]:
    """Return the assignments that `/assign` takes: they replace all that there are."""
    made = [_target(_DEVICES)] if assignment.everyone else []
    made += [_target(name) for name in assignment.groups]
    made += [_target(name, excludes=True) for name in assignment.excluded]
    of = "deviceManagementConfigurationPolicyAssignment" if kind == CATALOG else "deviceConfigurationAssignment"
    return [{"@odata.type": _GRAPH + of, "target": one} for one in made]


def _target(name: str, *, excludes: bool = False) -> dict[str, Any]:
    name, _, limit = name.partition("|")
    fixed = {word: of for of, word in _FIXED.items()}
    if name in fixed:
        made = {"@odata.type": _GRAPH + fixed[name]}
    elif name.startswith(_COLLECTION):
        collection = name.removeprefix(_COLLECTION)
        made = {"@odata.type": f"{_GRAPH}configurationManagerCollectionAssignmentTarget", "collectionId": collection}
    else:
        made = {"@odata.type": _GRAPH + (_EXCLUDES if excludes else "groupAssignmentTarget"), "groupId": name}
    if limit:
        word, _, of = limit.partition(":")
        made["deviceAndAppManagementAssignmentFilterId"] = of
        made["deviceAndAppManagementAssignmentFilterType"] = word
    return made


def path_of(kind: str, id_: str, api: str = "") -> str:
    """Return where an object is, in the API it is written through or another one."""
    known = KINDS[kind]
    return f"{api or known.api}/{MANAGEMENT}/{known.collection}/{quote(id_, safe='')}"
