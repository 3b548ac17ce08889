"""Read what Fleet's GitOps files say of other files: which profiles are sent, and to whom.

fleetdm/fleet docs/Configuration/yaml-files.md; server/fleet/android.go @001a506f.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mdm_policy import fleet
from mdm_policy.errors import Finding, Origin, warning
from mdm_policy.kinds import UNKNOWN
from mdm_policy.reading import Audience, Member, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.documents import Document

_GITOPS = frozenset(
    {"agent_options", "org_settings", "policies", "queries", "reports", "settings", "software", "team_settings"}
)
"""Keys beside `controls` by which a GitOps file is known."""
_FORBIDDEN = frozenset(
    {
        *("statusReportingSettings", "applications", "appFunctions", "playStoreMode", "installAppsDisabled"),
        *("uninstallAppsDisabled", "blockApplicationsEnabled", "appAutoUpdatePolicy", "kioskCustomLauncherEnabled"),
        *("kioskCustomization", "persistentPreferredActivities", "setupActions", "encryptionPolicy"),
    }
)
"""Fields of an Android policy that Fleet keeps to itself: it refuses a profile that has one."""


_MOST_ORDERS = 16
"""In how many orders profiles that set the same fields may be delivered, for each to be judged."""


class Profile(NamedTuple):
    """Hold an Android profile that a GitOps file names: its document, as the file names it, its fields, and its hosts."""

    document: str
    name: str
    fields: dict[str, Any]
    scope: Scope


class Merged(NamedTuple):
    """Hold what a host makes of the Android profiles that reach it: one policy, or one of several.

    `parts` are the profiles in it. `last` names those that were delivered last, where several set one field.
    """

    fields: dict[str, Any]
    scope: Scope
    parts: tuple[str, ...]
    last: tuple[str, ...] = ()


def merge(profiles: Sequence[Profile]) -> Iterator[Merged]:
    """Yield the policies that hosts may have: Fleet merges all profiles that reach a host field by field.

    Of several that set one field the most recently delivered counts (fleetdm/fleet articles/custom-os-settings.md; issues
    25557 and 32032). The order is not in the repository, so each of them may be the one. Hosts without any of the labels
    have the profiles without labels alone, the others have these too.
    """
    plain = [one for one in profiles if one.scope == Scope()]
    for scope in dict.fromkeys(one.scope for one in profiles):
        mine = [one for one in profiles if one.scope == scope]
        yield from _orders(mine if scope == Scope() else [*plain, *mine], scope)


def _orders(profiles: Sequence[Profile], scope: Scope) -> Iterator[Merged]:
    """Yield one policy for each profile that may have been delivered last, for each field that several set otherwise."""
    setting: dict[str, list[Profile]] = {}
    for one in profiles:
        for key, value in one.fields.items():
            known = setting.setdefault(key, [])
            if not any(other.fields[key] == value for other in known):
                known.append(one)
    parts = tuple(one.name for one in profiles)
    if prod(map(len, setting.values())) > _MOST_ORDERS:
        nothing: dict[str, Any] = {key: {} for key in setting}
        yield Merged(nothing, scope, parts, ("nobody knows: there are too many orders to judge each",))
        return
    for chosen in product(*setting.values()):
        last = [one.name for one, several in zip(chosen, setting.values(), strict=True) if len(several) > 1]
        fields = {key: one.fields[key] for key, one in zip(setting, chosen, strict=True)}
        yield Merged(fields, scope, parts, tuple(dict.fromkeys(last)))


def delivered(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a policy as a host gets them: Fleet's updateMask names what no profile sets, so it is cleared.

    Of these only the policy for untrusted apps matters to a ban, which has its default then (fleetdm/fleet
    server/mdm/android; androidmanagement v1, enterprises.policies.patch).
    """
    overrides = fields.get("advancedSecurityOverrides", {})
    if not isinstance(overrides, dict):
        return fields
    default = {"untrustedAppsPolicy": "UNTRUSTED_APPS_POLICY_UNSPECIFIED"}
    return {**fields, "advancedSecurityOverrides": {**default, **overrides}}


def contested(profiles: Iterable[Profile]) -> dict[str, list[str]]:
    """Return the fields that several profiles set, and not alike, each with their names."""
    found: dict[str, list[Profile]] = {}
    for one in profiles:
        for key in one.fields:
            found.setdefault(key, []).append(one)
    return {
        key: [one.name for one in several]
        for key, several in found.items()
        if any(one.fields[key] != several[0].fields[key] for one in several)
    }


def refused(document: Document) -> Finding | None:
    """Return why Fleet takes nothing of an Android profile, or None when it takes it."""
    keys = sorted(_FORBIDDEN & document.value.keys()) if isinstance(document.value, dict) else []
    if not keys:
        return None
    said = f"Fleet refuses an Android profile with {', '.join(keys)}, so no device gets it"
    return warning("fleet-refuses-key", said, Origin(document.name), "Fleet has no block list for Android work apps")


def controls(document: Document) -> dict[str, Any] | None:
    """Return the controls of a Fleet GitOps file, or None when a document is none."""
    value = document.value
    if document.format != "json" or document.kind != UNKNOWN or not isinstance(value, dict):
        return None
    controls = value.get("controls")
    if isinstance(controls, dict):
        return controls
    return {} if len(_GITOPS & value.keys()) > 1 else None


def entries(controls: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each profile entry with the settings it stands under."""
    for platform in fleet.SETTINGS:
        settings = controls.get(platform)
        for key in fleet.PROFILE_LISTS:
            listed = settings.get(key) if isinstance(settings, dict) else None
            yield from (
                (platform, entry) for entry in (listed if isinstance(listed, list) else ()) if isinstance(entry, dict)
            )


def labels(entry: dict[str, Any]) -> Scope:
    """Return whom an entry reaches: a host needs any, or all, of the labels, and none of the excluded ones.

    A key about labels that is none of those three may leave any host out, and Fleet takes no entry with both of the first
    two. A declaration it turns on itself, unless the entry brings an activation of its own.
    """
    if contradictory(entry):
        return Scope("nobody", why="has labels_include_all and labels_include_any, and Fleet takes no such entry")
    return msgspec.structs.replace(_labels(entry), turned_on=not isinstance(entry.get("activation"), str))


def contradictory(entry: dict[str, Any]) -> bool:
    """Tell whether an entry includes labels in two ways, of which Fleet takes one (fleetdm/fleet docs, yaml-files.md)."""
    return bool(entry.get("labels_include_all")) and bool(entry.get("labels_include_any"))


def _labels(entry: dict[str, Any]) -> Scope:
    named = {
        key: tuple(map(str, value if isinstance(value, list) else [value]))
        for key, value in entry.items()
        if key.startswith("labels") and value
    }
    every, some = named.pop("labels_include_all", ()), named.pop("labels_include_any", ())
    excluded = named.pop("labels_exclude_any", ())
    if named:
        told = tuple(Audience("member", name, key) for key, names in named.items() for name in names)
        return Scope("groups", told, excluded, filtered=True)
    if every or some:
        both: tuple[Member, ...] = (Audience("all-of", of=tuple(sorted(every))),) if len(every) > 1 else every
        groups = both or some
        return Scope("groups", groups, excluded, filtered=len(every) > 1)
    return Scope("not-stated", excluded=excluded)


def together(scopes: list[Scope]) -> Scope:
    """Return whom several entries reach between them: without a label, whatever the file is for."""
    scopes = [scope for scope in scopes if scope.state != "nobody"] or scopes[:1]
    plain = [scope for scope in scopes if scope.state == "not-stated" and not scope.excluded]
    if plain or len(scopes) == 1:
        return (plain or scopes)[0]
    groups = tuple(sorted({name for scope in scopes for name in scope.groups}, key=str))
    excluded = tuple(sorted({name for scope in scopes for name in scope.excluded}, key=str))
    filtered, turned_on = any(scope.filtered for scope in scopes), any(scope.turned_on for scope in scopes)
    return Scope("groups" if groups else "not-stated", groups, excluded, filtered, turned_on=turned_on)
