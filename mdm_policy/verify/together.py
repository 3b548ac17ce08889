"""Find lists of one setting that stand in several documents: vendors do not say that they add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.model import Column, Reading, Scope
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
    first: dict[tuple[str, str], tuple[Reading, list[Column]]] = {}
    for one in pieces:
        if not one.leads or one.groups:
            continue
        for reading in one.readings:
            for id_, columns in _lists(reading).items():
                other, held = first.setdefault((id_, reading.mdm), (reading, columns))
                if other is not reading and _meet(other.scope, reading.scope) and not _same(held, columns):
                    said = f"{other.path} sets {_SETTINGS[id_]} too, to another list; whether the two add up is not documented"
                    hint = "put all apps into one list, in one document"
                    found = warning("list-in-several-documents", said, None, hint)
                    yield found, reading.path, columns[0].pointers[0]


def _lists(reading: Reading) -> dict[str, list[Column]]:
    lists: dict[str, list[Column]] = {}
    for column in reading.columns:
        if column.rule.id in _SETTINGS and column.rule.sense == "block" and column.values:
            lists.setdefault(column.rule.id, []).append(column)
    return lists


def _same(one: Sequence[Column], other: Sequence[Column]) -> bool:
    """Tell whether two settings hold the same identifiers, in whatever order."""
    if [column.values for column in one] == [column.values for column in other]:
        return True
    values = [{value for column in columns for value in column.values} for columns in (one, other)]
    return values[0] == values[1]


def _meet(one: Scope, other: Scope) -> bool:
    """Tell whether two documents may reach the same device."""
    if "nobody" in (one.state, other.state):
        return False
    return not (one.state == other.state == "groups" and not set(one.groups) & set(other.groups))
