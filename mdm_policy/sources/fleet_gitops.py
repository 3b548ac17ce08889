"""Read what Fleet's GitOps files say of other files: which profiles are sent, and to whom.

fleetdm/fleet docs/Configuration/yaml-files.md; server/fleet/android.go @001a506f.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy import fleet
from mdm_policy.errors import Finding, Origin, warning
from mdm_policy.kinds import UNKNOWN
from mdm_policy.reading import Audience, Member, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    A key about labels that is none of those three may leave any host out.
    """
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
    plain = [scope for scope in scopes if scope.state == "not-stated" and not scope.excluded]
    if plain or len(scopes) == 1:
        return (plain or scopes)[0]
    groups = tuple(sorted({name for scope in scopes for name in scope.groups}, key=str))
    excluded = tuple(sorted({name for scope in scopes for name in scope.excluded}, key=str))
    return Scope("groups" if groups else "not-stated", groups, excluded, any(scope.filtered for scope in scopes))
