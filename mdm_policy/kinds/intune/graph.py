"""Read what all Graph objects share: the type, the assignments, and lists of apps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mdm_policy.kinds.apple.together import say_never_hidden
from mdm_policy.kinds.collector import NOT_STATED, Entries
from mdm_policy.reading import Audience, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Member, Rule
    from mdm_policy.vocabulary import Family, Kind

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
_APPLICABILITY = "deviceManagementApplicabilityRule"
_ODATA_TYPE = "@odata.type"
_NOT_PARAMETERS = ("name", "ruleType", _ODATA_TYPE)
_DEVICES = "allDevicesAssignmentTarget"
_USERS = "allLicensedUsersAssignmentTarget"
_EVERYONE = frozenset({_DEVICES, _USERS})
_COLLECTION = "configurationManagerCollectionAssignmentTarget"
_GROUPS = frozenset({"groupAssignmentTarget", _COLLECTION})
_EXCLUSION = "exclusionGroupAssignmentTarget"
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
    """Return whom an object reaches.

    An applicability rule of an object leaves out versions or editions of the system (npm
    @microsoft/microsoft-graph-types-beta 0.44.0-preview, DeviceConfiguration). A settings catalog policy that comes
    without its assignments tells whether it has any (the same, DeviceManagementConfigurationPolicy.isAssigned).
    """
    found = assignments(c, top)
    ruled = [
        key for key in top if key.startswith(_APPLICABILITY) and top[key] is not None and not key.endswith(_ODATA_TYPE)
    ]
    if ruled:
        message = "an applicability rule may keep the object from devices that it is assigned to"
        c.say("warning", "applicability-rule", message, f"/{ruled[0]}", "remove the rule")
    if found is None and top.get("isAssigned") is False:
        message = "isAssigned is false: when it was exported, the object was assigned to nobody"
        c.say("error", "assigned-to-nobody", message, "/isAssigned", "assign it to a group")
        return Scope("nobody", why="says that it is not assigned (isAssigned false)")
    if found is None:
        return Scope(groups=_under(_rules_said(c, top, ruled)), filtered=True) if ruled else NOT_STATED
    reached = scope_of(c, found)
    if c.rules:
        say_nobody(c, reached)
    if not ruled or reached.state == "nobody":
        return reached
    return Scope("groups", _under(_rules_said(c, top, ruled), reached.groups), reached.excluded, True)


def _under(ruled: Iterable[tuple[str, str]], groups: tuple[Member, ...] = ()) -> tuple[Member, ...]:
    """Return what rules let through of some groups, or of all devices."""
    names: tuple[Member, ...] = groups or (Audience("everyone", "everyone"),)
    for name, mode in ruled:
        names = tuple(Audience("applicability-rule", name, mode, (one,)) for one in names)
    return names


def _rules_said(c: Collector, top: dict[str, Any], ruled: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the applicability rules of an object: what each names, and whether it includes or excludes that.

    Parameters by npm @microsoft/microsoft-graph-types-beta 0.44.0-preview, DeviceManagementApplicabilityRule*: editions, the least
    and the greatest version, or S mode.
    """
    found = []
    for key in sorted(ruled):
        rule = c.optional(top, key, "")
        said = [
            _parameter(name, value) for name, value in sorted(rule.items()) if name not in _NOT_PARAMETERS and value
        ]
        found.append(
            (f"{key.removeprefix(_APPLICABILITY)} {', '.join(said)}".rstrip(), str(rule.get("ruleType") or ""))
        )
    return tuple(found)


def _parameter(name: str, value: object) -> str:
    values = sorted(map(str, value)) if isinstance(value, list) else [str(value)]
    return f"{name} {' '.join(values)}"


def say_nobody(c: Collector, reached: Scope) -> None:
    """Say that the assignments of an object reach no device."""
    if reached.state == "nobody":
        only = "the assignments only exclude groups" if reached.excluded else "the object is assigned to nobody"
        c.say("error", "assigned-to-nobody", f"{only}, so it reaches no device", "/assignments", "assign it to a group")


def scope_of(c: Collector, found: Iterable[tuple[str, dict[str, Any]]]) -> Scope:
    """Return whom a set of assignments reaches; what cannot be read reaches nobody for certain, and may take all away.

    An assignment of a configuration may take it away again: its intent is `apply` or `remove` (npm
    @microsoft/microsoft-graph-types-beta 0.44.0-preview, DeviceConfigurationAssignment). A group is known by its name
    and by its id, since two groups may bear one name; a group under a filter is another group than the whole of it. All
    users are not all devices, some of which belong to nobody (MicrosoftDocs/memdocs, planning policies by groups).
    """
    groups: list[Member] = []
    excluded: list[Member] = []
    everyone = filtered = unsure = False
    for place, assignment in found:
        target = c.optional(assignment, "target", place)
        at = f"{place}/target"
        kind = odata_type(target)
        named = (c.text(target, key, at) for key in ("groupName", "groupId", "collectionId"))
        known = kind in _EVERYONE or kind in _GROUPS or kind == _EXCLUSION
        names = list(dict.fromkeys(name for name in named if name)) or ["" if known else _own_words(target)]
        takes_away = assignment.get("intent") == "remove"
        if takes_away and kind in _EVERYONE:
            unsure = True
            continue
        if takes_away or kind == _EXCLUSION:
            excluded += names
            continue
        limit = c.text(target, "deviceAndAppManagementAssignmentFilterType", at)
        filter_ = target.get("deviceAndAppManagementAssignmentFilterId")
        narrowed = limit not in ("", "none") or bool(filter_)
        filtered = filtered or narrowed
        if kind == _DEVICES and not narrowed:
            everyone = True
            continue
        if not known:
            message = (
                f"{kind or 'an assignment without a type'} is not a target that is known: it may leave devices out"
            )
            c.say("warning", "assignment-target", message, at, "export the assignments again")
            unsure = True
        whose: list[Member] = list(names)
        if kind in _EVERYONE:
            whose = [Audience("users")] if kind == _USERS else [Audience("everyone", kind)]
        elif kind == _COLLECTION:  # of Configuration Manager: it holds devices of any group
            whose = [Audience("member", name, "collection") for name in names]
        if narrowed:
            whose = [Audience("filter", str(filter_ or ""), limit, (name,)) for name in whose]
        groups += whose
    if everyone:
        return Scope("everyone", excluded=tuple(excluded), filtered=unsure)
    if groups:
        kept = [Audience("unsure", of=(name,)) for name in groups] if unsure else groups
        return Scope("groups", tuple(kept), tuple(excluded), filtered or unsure)
    return Scope("nobody", excluded=tuple(excluded))


def _own_words(target: dict[str, Any]) -> str:
    """Return all that a target of an unknown type says, so that another one is told apart from it."""
    said = (f"{key} {value}" for key, value in sorted(target.items()) if isinstance(value, str) and value)
    return ", ".join(said)


class _Named(NamedTuple):
    """Hold what the items of a list name: how many items there are, and those that name an app by its id or its store page."""

    items: int
    ids: Entries
    pages: Entries


def _named(c: Collector, family: Family, top: dict[str, Any], key: str) -> _Named:
    """Read the items under a key: each needs `appId` (the bundle id or package) or a store address that carries an id."""
    ids: list[tuple[str, Any]] = []
    pages: list[tuple[str, Any]] = []
    items = c.mappings(top, key, "")
    for at, item in items:
        identifier = item.get("appId")
        if identifier not in (None, ""):
            ids.append((f"{at}/appId", identifier))
            continue
        url = c.text(item, "appStoreUrl", at)
        found = (_PLAY_ID if family == "android" else _STORE_ID).search(url)
        if found is None:
            message = "the item has no appId and no store address, so it names no app"
            c.say("error", "app-item-without-id", message, at, "add the appId")
        elif family == "android":
            ids.append((f"{at}/appStoreUrl", found[1]))
        else:
            pages.append((f"{at}/appStoreUrl", found[1]))
    if len(items) > _LIMITS[key]:
        message = f"{key} holds {len(items)} apps; the server takes at most {_LIMITS[key]}"
        c.say("error", "list-too-long", message, f"/{key}", "split the list over several objects")
        why = f"{key} holds more apps than the server takes"
        c.refuse(why, f"/{key}", "split the list over several objects")
    return _Named(len(items), c.identifiers(Entries.of(ids)), Entries.of(pages))


def _add(c: Collector, rule: Rule, family: Family, named: _Named) -> None:
    kind: Kind = "package_name" if family == "android" else "bundle_id"
    c.add_all(rule, family, "app_store_id", named.pages)
    c.add_all(rule, family, kind, named.ids)
    if family == "ios" and rule.sense == "block":
        say_never_hidden(c, named.ids)


def app_list(c: Collector, rule: Rule, family: Family, top: dict[str, Any], key: str) -> int:
    """Record an effect for each appListItem under a key and return how many there are."""
    named = _named(c, family, top, key)
    _add(c, c.rule(rule), family, named)
    return named.items


def only_these(c: Collector, base: Rule, family: Family, top: dict[str, Any], key: str) -> None:
    """Record a list of the apps that alone are let in; of one with an item that names none, nobody knows what it lets in."""
    named = _named(c, family, top, key)
    value = top.get(key)
    if not value:
        rule = emptied(c, base)
    elif isinstance(value, list) and len(named.ids) + len(named.pages) == len(value):
        rule = c.rule(base)
    else:
        rule = c.part_read(base)
    _add(c, rule, family, named)
    c.allow_list(rule, named.items, f"/{key}")


def emptied(c: Collector, base: Rule) -> Rule:
    """Return the rule of an allow list that names no app: what a device makes of it is not documented."""
    why = "whether an allow list without any app refuses all apps or none is not documented"
    return c.rule(base, verdict="unknown", why=why, cause="undocumented")


def listed(c: Collector, top: dict[str, Any], type_key: str, key: str) -> str:
    """Return the list type of an app list; a filled list whose type switches it off is a finding."""
    kind = c.text(top, type_key, "") or "none"
    filled = isinstance(top.get(key), list) and bool(top[key])
    if kind not in ("none", "appsInListCompliant", "appsNotInListCompliant"):
        c.say("error", "list-type-word", f"{kind!r} is not a word of {type_key}; the server refuses it", f"/{type_key}")
        return "none"
    if filled and kind == "none":
        message = f"{key} holds apps, but {type_key} is none: the list has no effect"
        c.say("error", "list-not-active", message, f"/{key}", f"set {type_key} to appsNotInListCompliant")
    return kind
