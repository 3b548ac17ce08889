"""Where the product is known to read Intune's policies wrongly; an entry goes when the fault is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.common import GAP, HELD, UNKNOWN, Settled
from oracle.intune_android_facts import APP, INTENTS, OWNER
from oracle.intune_draws import policies_of

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _policies(found: Disagreement, kind: str) -> list[dict[str, Any]]:
    return [one for one in policies_of(found.scenario.documents)[0] if one["@odata.type"] == kind]


def _owners(found: Disagreement) -> list[dict[str, Any]]:
    return _policies(found, OWNER)


def _personal_copies(found: Disagreement) -> bool:
    cope = found.scenario.device["mode"] == "cope" and found.scenario.device.get("origins") != ["store"]
    return cope and found.said == GAP and "copy that is installed" in found.because


def _side_loading(found: Disagreement) -> bool:
    opened = any(one.get("appsAllowInstallFromUnknownSources") is True for one in _owners(found))
    return found.said == HELD and found.scenario.device.get("origins") != ["store"] and opened


def _required(found: Disagreement) -> bool:
    intents = {one["intent"] for app in _policies(found, APP) for one in app["assignments"]}
    return found.said == UNKNOWN and {"required", "uninstall"} <= intents


def _not_configured(found: Disagreement) -> bool:
    loose = [one for one in _owners(found) if one.get("playStoreMode") in {None, "notConfigured"}]
    return found.said == UNKNOWN and len(_owners(found)) > 1 and bool(loose)


def _unknown_intent(found: Disagreement) -> bool:
    words = {one["intent"] for app in _policies(found, APP) for one in app["assignments"]}
    return found.said == HELD and bool(words - INTENTS)


ANDROID_FAULTS: tuple[Settled, ...] = (
    Settled(
        "personal-list-and-copies-from-elsewhere",
        "Listed apps are prohibited and prevented from installing and running in the personal profile; apps assigned with uninstall "
        "cannot be used there.",
        "MicrosoftDocs/memdocs device-restrictions-android-for-work, manage-ai-android",
        _personal_copies,
        ("intune_android", 1, 17),
    ),
    Settled(
        "uninstall-beside-open-side-loading",
        "To side-load apps, unknown sources and access to all apps must both be Allow: where both are, a copy can come.",
        "MicrosoftDocs/memdocs device-restrictions-android-for-work",
        _side_loading,
        ("intune_android", 1, 51),
    ),
    Settled(
        "required-beats-uninstall",
        "Required always beats Uninstall.",
        "MicrosoftDocs/memdocs apps-deploy, how conflicts between app intents are resolved",
        _required,
        ("intune_android", 1, 27),
    ),
    Settled(
        "not-configured-beside-a-set-store-mode",
        "A setting that is left Not configured does not conflict with one that is set: the set value applies.",
        "maester365 discussion 2180 (2026); MicrosoftDocs/memdocs troubleshoot-device-profiles",
        _not_configured,
        ("intune_android", 1, 84),
    ),
    Settled(
        "intent-that-graph-does-not-know",
        "installIntent: available, required, uninstall, availableWithoutEnrollment.",
        "Graph beta, mobileAppAssignment",
        _unknown_intent,
        ("intune_android", 5, 340),
    ),
)
