"""Read what all Graph objects share: the type, the assignments, and lists of apps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mdm_policy.effects.apple_together import say_never_hidden
from mdm_policy.effects.collect import NOT_STATED, Entries
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.effects.collect import Collector
    from mdm_policy.model import Family, Kind
    from mdm_policy.reading import Rule

_LIMITS = {
    "appsVisibilityList": 10_000,
    "compliantAppsList": 10_000,
    "restrictedApps": 100,
    "personalProfilePersonalApplications": 500,
    "appsHideList": 500,
    "appsLaunchBlockList": 500,
    "appsInstallAllowList": 500,
}
"""npm @microsoft/microsoft-graph-types-beta 0.44.0-preview: how many elements a collection can contain."""
_EVERYONE = frozenset({"allDevicesAssignmentTarget", "allLicensedUsersAssignmentTarget"})
_STORE_ID = re.compile(r"/id([0-9]{6,12})(?:[/?#]|\Z)", re.ASCII)
_PLAY_ID = re.compile(r"[?&]id=([A-Za-z0-9_.]+)", re.ASCII)


def odata_type(value: Any) -> str:
    """Return the short type name of a Graph object: `iosGeneralDeviceConfiguration`."""
    named = value.get("@odata.type") if isinstance(value, dict) else None
    return named.rpartition(".")[2] if isinstance(named, str) else ""


def assignments(c: Collector, top: dict[str, Any]) -> list[tuple[str, dict[str, Any]]] | None:
    """Return the assignments with their pointers, or None when the object does not carry them."""
    if top.get("assignments") is None:
        return None
    return c.mappings(top, "assignments", "")


def scope(c: Collector, top: dict[str, Any]) -> Scope:
    """Return whom an object reaches."""
    found = assignments(c, top)
    if found is None:
        return NOT_STATED
    reached = scope_of(c, found)
    if c.rules:
        say_nobody(c, reached)
    return reached


def say_nobody(c: Collector, reached: Scope) -> None:
    """Say that the assignments of an object reach no device."""
    if reached.state == "nobody":
        only = "the assignments only exclude groups" if reached.excluded else "the object is assigned to nobody"
        c.say("error", "assigned-to-nobody", f"{only}, so it reaches no device", "/assignments", "assign it to a group")


def scope_of(c: Collector, found: Iterable[tuple[str, dict[str, Any]]]) -> Scope:
    """Return whom a set of assignments reaches; what cannot be read reaches nobody for certain.

    An assignment of a configuration may take it away again: its intent is `apply` or `remove` (npm
    @microsoft/microsoft-graph-types-beta 0.44.0-preview, DeviceConfigurationAssignment).
    """
    groups: list[str] = []
    excluded: list[str] = []
    everyone = filtered = removed = False
    for place, assignment in found:
        target = c.optional(assignment, "target", place)
        at = f"{place}/target"
        kind = odata_type(target)
        group = c.text(target, "groupName", at) or c.text(target, "groupId", at) or c.text(target, "collectionId", at)
        takes_away = assignment.get("intent") == "remove"
        if takes_away and kind in _EVERYONE:
            removed = True
            continue
        if takes_away or kind == "exclusionGroupAssignmentTarget":
            excluded.append(group)
            continue
        limit = c.text(target, "deviceAndAppManagementAssignmentFilterType", at)
        narrowed = limit not in ("", "none") or bool(target.get("deviceAndAppManagementAssignmentFilterId"))
        filtered = filtered or narrowed
        if kind in _EVERYONE:
            everyone = everyone or not narrowed
            if narrowed:
                groups.append(f"{kind} under a filter")
        else:
            groups.append(group)
    if everyone:
        return Scope("everyone", excluded=tuple(excluded), filtered=removed)
    if groups:
        return Scope("groups", tuple(groups), tuple(excluded), filtered or removed)
    return Scope("nobody", excluded=tuple(excluded))


def app_list(c: Collector, rule: Rule, family: Family, top: dict[str, Any], key: str) -> int:
    """Record an effect for each appListItem under a key and return how many there are.

    An item needs `appId` (the bundle id or package) or, on iOS and Android, a store address that carries one.
    """
    count = 0
    kind: Kind = "package_name" if family == "android" else "bundle_id"
    entries: list[tuple[str, Any]] = []
    items = c.mappings(top, key, "")
    if len(items) > _LIMITS[key]:
        message = f"{key} holds {len(items)} apps; the server takes at most {_LIMITS[key]}"
        c.say("error", "list-too-long", message, f"/{key}", "split the list over several objects")
        if rule.sense != "allow-only":
            c.void = f"{key} holds more apps than the server takes"
            rule = c.rule(rule)
    for at, item in items:
        count += 1
        identifier = item.get("appId")
        if identifier not in (None, ""):
            entries.append((f"{at}/appId", identifier))
            continue
        url = c.text(item, "appStoreUrl", at)
        found = (_PLAY_ID if family == "android" else _STORE_ID).search(url)
        if found is None:
            message = "the item has no appId and no store address, so it names no app"
            c.say("error", "app-item-without-id", message, at, "add the appId")
        elif family == "android":
            entries.append((f"{at}/appStoreUrl", found[1]))
        else:
            c.add(rule, family, "app_store_id", found[1], f"{at}/appStoreUrl")
    kept = c.identifiers(Entries.of(entries))
    c.add_all(rule, family, kind, kept)
    if family == "ios" and rule.sense == "block":
        say_never_hidden(c, kept)
    return count


def listed(c: Collector, top: dict[str, Any], type_key: str, key: str) -> str:
    """Return the list type of an app list; a filled list whose type switches it off is a finding."""
    kind = c.text(top, type_key, "") or "none"
    filled = isinstance(top.get(key), list) and bool(top[key])
    if kind not in ("none", "appsInListCompliant", "appsNotInListCompliant"):
        c.say("error", "list-type-word", f"{kind!r} is no word of {type_key}; the server refuses it", f"/{type_key}")
        return "none"
    if filled and kind == "none":
        message = f"{key} holds apps, but {type_key} is none: the list has no effect"
        c.say("error", "list-not-active", message, f"/{key}", f"set {type_key} to appsNotInListCompliant")
    return kind
