"""Find lists of one setting that stand in several documents: vendors do not say that they add up."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdm_policy.model import Reading, Scope
    from mdm_policy.verify.pieces import Piece

_SETTINGS = {
    "apple-blocked-app-bundle-ids": "blockedAppBundleIDs",
    "apple-blacklisted-app-bundle-ids": "blacklistedAppBundleIDs",
    "intune-catalog-blocked-app-bundle-ids": "blockedAppBundleIDs",
    "intune-ios-hidden-apps": "appsVisibilityList",
    "intune-android-personal-blocked": "personalProfilePersonalApplications",
}
"""Settings of which a device has one value.

Apple: "don't attempt to manage the same restriction in different payloads" (apple/device-management@97a11a8
com.apple.applicationaccess.yaml). Intune shows a conflict, and of two custom profiles Apple picks one
(MicrosoftDocs/memdocs device-profile-troubleshoot.md).
"""


def several(pieces: Iterable[Piece]) -> Iterator[tuple[Finding, str, str]]:
    """Yield each later document that sets a list another one sets differently for the same devices."""
    first: dict[tuple[str, str], tuple[Reading, frozenset[str]]] = {}
    for one in pieces:
        if not one.leads or one.groups:
            continue
        for reading in one.readings:
            lists: dict[str, set[str]] = defaultdict(set)
            places: dict[str, str] = {}
            for effect in reading.effects:
                if effect.rule.id in _SETTINGS and effect.rule.sense == "block":
                    lists[effect.rule.id].add(effect.value)
                    places.setdefault(effect.rule.id, effect.pointer)
            for id_, values in lists.items():
                other, held = first.setdefault((id_, reading.mdm), (reading, frozenset(values)))
                if other is not reading and held != values and _meet(other.scope, reading.scope):
                    said = f"{other.path} sets {_SETTINGS[id_]} too, to another list; whether the two add up is not documented"
                    hint = "put all apps into one list, in one document"
                    yield warning("list-in-several-documents", said, None, hint), reading.path, places[id_]


def _meet(one: Scope, other: Scope) -> bool:
    """Tell whether two documents may reach the same device."""
    if "nobody" in (one.state, other.state):
        return False
    return not (one.state == other.state == "groups" and not set(one.groups) & set(other.groups))
