"""Read Intune's Apple and Windows objects, and dispatch on the type of any Intune object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.apple.together import say_never_hidden
from mdm_policy.kinds.collector import Why
from mdm_policy.kinds.intune import android, rules
from mdm_policy.kinds.intune.compliance import read_compliance
from mdm_policy.kinds.intune.definitions import acts
from mdm_policy.kinds.intune.graph import app_list, assignments, emptied, listed, odata_type, only_these, scope
from mdm_policy.kinds.windows.catalog import read_app_control_setting, read_browser_setting, read_network_protection
from mdm_policy.kinds.windows.oma import read_oma_settings
from mdm_policy.reading import Switch

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading, Rule
    from mdm_policy.vocabulary import Family

_MOBILE = frozenset({"ios", "ipados"})
_PREFIX = "com.apple.applicationaccess_"
BLOCKED_APPS = _PREFIX + "blockedappbundleids"
"""The settings catalog's own name for the deny list of Apple's Restrictions."""
_DEFINITIONS: dict[str, Rule] = {
    BLOCKED_APPS: rules.CATALOG_BLOCKED,
    _PREFIX + "allowlistedappbundleids": rules.CATALOG_ALLOWED,
}
_GROUP = _PREFIX + "com.apple.applicationaccess"
"""The group in which the settings of Apple's Restrictions stand (IntunePMFiles/DeviceConfig, 2025-03-12)."""
_OTHER_DEFINITIONS = frozenset({_PREFIX + "autonomoussingleappmodepermittedappids"})
_LIST = "deviceManagementConfigurationSimpleSettingCollectionInstance"
_VALUE = "deviceManagementConfigurationStringSettingValue"
_WORDS = ("appbundle", "appid", "blockedapp", "blacklistedapp", "whitelistedapp", "allowedapp", "allowlistedapp")
_CATALOG_PLATFORMS = {"ios": _MOBILE, "macos": frozenset({"macos"}), "windows10": frozenset({"windows"})}
_OWN_KEYS = {
    "appsVisibilityList": "iosGeneralDeviceConfiguration",
    "personalProfilePersonalApplications": "androidDeviceOwnerGeneralDeviceConfiguration",
    "personalProfilePlayStoreMode": "androidDeviceOwnerGeneralDeviceConfiguration",
    "omaSettings": "windows10CustomConfiguration",
}
_WINDOWS = (read_app_control_setting, read_browser_setting, read_network_protection)
"""Readers of settings of Windows: each says whether a setting is its own."""
_IOS_KEYS = ("appsVisibilityListType", "appsVisibilityList", "compliantAppListType", "compliantAppsList")


def read_settings_catalog(c: Collector) -> Reading:
    """Read a settings catalog policy: the settings stand in a tree of instances."""
    top = c.mapping(c.document.value, "")
    words = _flags(c, top, "platforms")
    known = [_CATALOG_PLATFORMS[word] for word in words if word in _CATALOG_PLATFORMS]
    if words:
        c.platforms = frozenset().union(*known)
    channels = _flags(c, top, "technologies")
    if channels and "mdm" not in channels:
        sent = ", ".join(sorted(channels))
        said = f"the policy is sent by {sent}, and whether that carries its settings is not known"
        c.uncertain_because = Why("undocumented", said)
    c.concerns_apps = "settings" not in top
    for place, setting in c.mappings(top, "settings", ""):
        instance = c.optional(setting, "settingInstance", place)
        c.concerns_apps = c.concerns_apps or acts(instance)
        _instances(c, instance, f"{place}/settingInstance")
    if c.uncertain_because and c.rules:
        message = "technologies does not name mdm, by which Intune sends such settings"
        hint = 'write "mdm", and for Apple\'s devices "mdm,appleRemoteManagement"'
        c.say("error", "catalog-technologies", message, "/technologies", hint)
    return c.reading(scope(c, top), "intune")


def _flags(c: Collector, top: dict[str, Any], key: str) -> set[str]:
    """Return the words of a text that lists several."""
    return {word.strip().lower() for word in c.text(top, key, "").split(",")} - {""}


def _instances(c: Collector, root: dict[str, Any], pointer: str) -> None:
    """Walk an instance and its children, without recursion: the depth of a document is not ours to trust."""
    waiting = [(pointer, root, "")]
    before = c.uncertain_because
    while waiting:
        at, instance, parent = waiting.pop()
        definition = c.text(instance, "settingDefinitionId", at)
        if definition.casefold().startswith(_PREFIX):
            if parent != _GROUP and definition in _DEFINITIONS:
                said = f"whether a server takes the setting outside of the group {_GROUP} is not documented"
                c.uncertain_because = Why("undocumented", said)
                c.say("error", "setting-parent", c.uncertain_because.text, at, "export the policy again")
            _restriction(c, definition, instance, at)
            c.uncertain_because = before
        elif any(read(c, instance, at) for read in _WINDOWS):
            continue
        below: list[tuple[str, dict[str, Any], str]] = []
        groups = c.mappings(instance, "groupSettingCollectionValue", at)
        for key in ("groupSettingValue", "choiceSettingValue"):
            if isinstance(instance.get(key), dict):
                groups.append((f"{at}/{key}", instance[key]))
        for place, group in groups:
            below += [(where, child, definition) for where, child in c.mappings(group, "children", place)]
        waiting.extend(reversed(below))


def _restriction(c: Collector, definition: str, instance: dict[str, Any], at: str) -> None:
    base = _DEFINITIONS.get(definition)
    tail = definition.casefold().removeprefix(_PREFIX)
    if base is None:
        if definition not in _OTHER_DEFINITIONS and any(word in tail for word in _WORDS):
            message = f"{definition!r} is not a definition of the settings catalog"
            hint = f"use {BLOCKED_APPS} or {_PREFIX}allowlistedappbundleids"
            c.say("error", "unknown-setting-definition", message, f"{at}/settingDefinitionId", hint)
        return
    records = c.records(instance, "simpleSettingCollectionValue", at)
    entries = c.identifiers(records.each("value"))
    rule = _of_list(c, base, instance.get("simpleSettingCollectionValue"), len(entries))
    kind = odata_type(instance)
    if kind not in ("", _LIST):
        message = f"the setting is a list, and {kind} is another type of instance, so the server refuses it"
        c.say("error", "setting-instance-type", message, f"{at}/@odata.type", f"write #microsoft.graph.{_LIST}")
        rule = c.rule(rules.CATALOG_WRONG_ID, why="the setting is of a type that the server refuses", cause="refused")
    elif base.introduced and rule.sense == "none" and base.sense != "none":
        message = "a restriction of iOS has no effect in a policy for another platform"
        c.say("error", "key-wrong-platform", message, at, "set platforms to iOS")
    types = set(map(str, filter(None, records.each("@odata.type").values)))
    if strange := sorted(named for named in types if named.rpartition(".")[2] not in ("", _VALUE)):
        message = f"the list holds values of the type {strange[0]}, and it takes texts, so the server refuses it"
        c.say("error", "setting-instance-type", message, at, f"write #microsoft.graph.{_VALUE}")
        rule = c.rule(
            rules.CATALOG_WRONG_ID, why="the list holds values of a type that the server refuses", cause="refused"
        )
    c.add_all(rule, "ios", "bundle_id", entries)
    if rule.sense == "block":
        say_never_hidden(c, entries)
    if "simpleSettingCollectionValue" not in instance:
        message = "the setting carries no simpleSettingCollectionValue, so its list is empty"
        c.say("error", "setting-value-missing", message, at)
    if base is rules.CATALOG_ALLOWED:
        c.allow_list(rule, len(entries), at)
    if base.deprecated:
        c.deprecated(tail, "27", "the declaration com.apple.configuration.app.settings on OS 27", at, "note")


def _of_list(c: Collector, base: Rule, value: object, read: int) -> Rule:
    """Return the rule of a list of texts: of an allow list that is empty, or not read whole, nobody knows what it lets in."""
    if base is not rules.CATALOG_ALLOWED:
        return c.rule(base)
    if not value:
        return emptied(c, base)
    return c.rule(base) if isinstance(value, list) and len(value) == read else c.part_read(base)


def _ios_general(c: Collector, top: dict[str, Any]) -> None:
    kind = listed(c, top, "appsVisibilityListType", "appsVisibilityList")
    if kind == "appsNotInListCompliant":
        app_list(c, c.rule(rules.IOS_HIDDEN), "ios", top, "appsVisibilityList")
    elif kind == "appsInListCompliant":
        only_these(c, rules.IOS_SHOWN, "ios", top, "appsVisibilityList")
    _report_list(c, top, rules.IOS_RESTRICTED)
    c.near_misses(top, _IOS_KEYS, "")


def _report_list(c: Collector, top: dict[str, Any], base: Rule) -> None:
    kind = listed(c, top, "compliantAppListType", "compliantAppsList")
    if kind == "none":
        return
    rule = c.rule(base)
    if kind == "appsInListCompliant":
        why = "the list names the apps that are compliant"
        rule = c.rule(base, sense="none", verdict="allowed", why=why, cause="no-effect")
    family: Family = "macos" if base is rules.MACOS_RESTRICTED else "android" if "android" in base.introduced else "ios"
    if app_list(c, rule, family, top, "compliantAppsList"):
        message = "compliantAppsList only reports: it stops nobody from installing or opening an app"
        c.say("warning", "report-only-list", message, "/compliantAppsList", "use a list that blocks")
        if any(odata_type(one.get("target")) == "allDevicesAssignmentTarget" for _, one in assignments(c, top) or ()):
            message = "a list that reports must be assigned to groups of users, not to devices"
            c.say("warning", "report-list-on-devices", message, "/assignments", "assign it to groups of users")


def _macos_general(c: Collector, top: dict[str, Any]) -> None:
    _report_list(c, top, rules.MACOS_RESTRICTED)


def _android_general(c: Collector, top: dict[str, Any]) -> None:
    android.read_device_administrator(c, top)
    _report_list(c, top, rules.ANDROID_COMPLIANCE)


def _custom_profile(platforms: frozenset[str]) -> Callable[[Collector, dict[str, Any]], None]:
    def read(c: Collector, top: dict[str, Any]) -> None:
        c.platforms = platforms
        if top.get("deploymentChannel") == "userChannel":
            said = (
                "the profile is sent to the channel of one user, and whether the whole Mac obeys it is not documented"
            )
            c.uncertain_because = Why("undocumented", said)
            c.say(
                "warning",
                "profile-of-a-user",
                c.uncertain_because.text,
                "/deploymentChannel",
                "send it to the device channel",
            )
        for pointer, inner in c.document.inner:
            c.lift(pointer, inner)
        if not c.document.inner:
            message = "the payload holds no profile that can be read"
            c.say("error", "payload-unreadable", message, "/payload" if "payload" in top else "")

    return read


def _work_profile(c: Collector, top: dict[str, Any]) -> None:
    del top
    message = "no setting for a personally owned device with a work profile blocks an app on its personal side"
    c.say("note", "personal-side-open", message)


def _endpoint_protection(c: Collector, top: dict[str, Any]) -> None:
    """Read whether Defender's network protection blocks (graph.microsoft.com/beta defenderProtectionType)."""
    word = c.text(top, "defenderNetworkProtectionType", "")
    if word not in ("", "userDefined", "notConfigured"):
        c.switches.append(Switch("defender-indicators", word == "enable", "/defenderNetworkProtectionType"))


_TYPES: dict[str, Callable[[Collector, dict[str, Any]], None]] = {
    "iosGeneralDeviceConfiguration": _ios_general,
    "macOSGeneralDeviceConfiguration": _macos_general,
    "iosCustomConfiguration": _custom_profile(_MOBILE),
    "macOSCustomConfiguration": _custom_profile(frozenset({"macos"})),
    "iosCompliancePolicy": read_compliance(rules.IOS_COMPLIANCE, "ios"),
    "androidCompliancePolicy": read_compliance(rules.ANDROID_COMPLIANCE, "android"),
    "androidDeviceOwnerGeneralDeviceConfiguration": android.read_device_owner,
    "androidWorkProfileGeneralDeviceConfiguration": _work_profile,
    "androidGeneralDeviceConfiguration": _android_general,
    "windows10CustomConfiguration": read_oma_settings,
    "windows10EndpointProtectionConfiguration": _endpoint_protection,
}


def read_configuration(c: Collector) -> Reading:
    """Read a device configuration or compliance policy by its `@odata.type`."""
    top = c.mapping(c.document.value, "")
    reader = _TYPES.get(odata_type(top) or _guessed(top))
    if reader is not None:
        reader(c, top)
    else:
        c.concerns_apps = not odata_type(top)
    return c.reading(scope(c, top), "intune")


def _guessed(top: dict[str, Any]) -> str:
    """Return the type of an object that a typed collection answered without `@odata.type`, by keys only it has."""
    return next((name for key, name in _OWN_KEYS.items() if key in top), "")


def read_approve_apps(c: Collector) -> Reading:
    """Read the body of approveApps: it brings apps into the managed store's list, and blocks or allows none."""
    c.mapping(c.document.value, "")
    message = "approving an app only lets it be assigned; the ban is the uninstall assignment"
    c.say("note", "approve-apps-no-ban", message, "/packageIds")
    return c.reading(mdm="intune", silent=True)
