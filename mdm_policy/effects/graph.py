"""Read what all Graph objects share: the type, the assignments, and lists of apps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mdm_policy.effects.collect import NOT_STATED
from mdm_policy.model import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.effects.collect import Collector
    from mdm_policy.model import Family, Kind, Rule

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
    return NOT_STATED if found is None else scope_of(c, found)


def scope_of(c: Collector, found: Iterable[tuple[str, dict[str, Any]]]) -> Scope:
    """Return whom a set of assignments reaches; what cannot be read reaches nobody for certain."""
    groups: list[str] = []
    excluded: list[str] = []
    everyone = filtered = False
    for place, assignment in found:
        target = c.optional(assignment, "target", place)
        at = f"{place}/target"
        kind = odata_type(target)
        group = c.text(target, "groupName", at) or c.text(target, "groupId", at) or c.text(target, "collectionId", at)
        if kind == "exclusionGroupAssignmentTarget":
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
        return Scope("everyone", excluded=tuple(excluded))
    if groups:
        return Scope("groups", tuple(groups), tuple(excluded), filtered)
    return Scope("nobody", excluded=tuple(excluded))


def app_list(c: Collector, rule: Rule, family: Family, top: dict[str, Any], key: str) -> int:
    """Record an effect for each appListItem under a key and return how many there are.

    An item needs `appId` (the bundle id or package) or, on iOS and Android, a store address that carries one.
    """
    count = 0
    kind: Kind = "package_name" if family == "android" else "bundle_id"
    entries: list[tuple[str, Any]] = []
    for at, item in c.mappings(top, key, ""):
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
    c.add_all(rule, family, kind, c.identifiers(entries))
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
