"""Where the product is known to read Intune's policies wrongly; an entry goes when the fault is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.common import HELD, Settled
from oracle.intune_draws import policies_of
from oracle.intune_facts import ALLOWED_IDS, CATALOG, GENERAL, instances

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _policies(found: Disagreement, kind: str) -> list[dict[str, Any]]:
    return [one for one in policies_of(found.scenario.documents)[0] if one["@odata.type"] == kind]


def _collapsed(found: Disagreement) -> bool:
    children = [one for policy in _policies(found, CATALOG) for one in instances(policy)]
    return found.said == HELD and any(
        one["settingDefinitionId"] == ALLOWED_IDS and isinstance(one["simpleSettingCollectionValue"], dict)
        for one in children
    )


def _unreadable(found: Disagreement) -> bool:
    lists = [
        one.get("appsVisibilityList") or []
        for one in _policies(found, GENERAL)
        if one.get("appsVisibilityListType") == "appsInListCompliant"
    ]
    entries = [entry for one in lists for entry in one]
    return found.said == HELD and any(
        not isinstance(one, dict) or not (one.get("appId") or one.get("appStoreUrl")) for one in entries
    )


def _other_platform(found: Disagreement) -> bool:
    return found.said != HELD and any(one["platforms"] != "iOS" for one in _policies(found, CATALOG))


IOS_FAULTS: tuple[Settled, ...] = (
    Settled(
        "allow-list-collapsed-to-one-object",
        "simpleSettingCollectionValue: Collection(deviceManagementConfigurationSimpleSettingValue); of an empty allow list no page speaks.",
        "Graph beta, deviceManagementConfigurationSimpleSettingCollectionInstance",
        _collapsed,
    ),
    Settled(
        "allow-list-of-unreadable-entries",
        "An entry needs an appId (bundle id) or an appStoreUrl.",
        "Graph, appListItem; MicrosoftDocs/memdocs device-restrictions-apple",
        _unreadable,
    ),
    Settled(
        "catalog-of-another-platform",
        "platforms: the platforms for this policy; one for macOS is not delivered to iPhones.",
        "Graph beta, deviceManagementConfigurationPolicy",
        _other_platform,
    ),
)
ANDROID_FAULTS: tuple[Settled, ...] = ()
