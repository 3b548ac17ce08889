"""Where the product is known to read Apple's profiles wrongly; an entry goes when the fault is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.apple_facts import ALLOW_LISTS, APP_LOCK, refused
from oracle.common import HELD, Settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.common import Disagreement


def _profiles(found: Disagreement) -> list[Any]:
    whole = [one.tree for one in found.scenario.documents if one.path.endswith((".mobileconfig", ".command"))]
    objects = [next(iter(one.tree.values())) for one in found.scenario.documents if one.path.endswith(".xml")]
    return whole + [one["general"]["payloads"] for one in objects if "payloads" in one.get("general", {})]


def _payloads(found: Disagreement) -> Iterator[dict[str, Any]]:
    for profile in _profiles(found):
        yield from (one for one in profile.get("PayloadContent", []) if isinstance(one, dict))


def _empty(found: Disagreement) -> bool:
    return found.said == HELD and any(one.get(key) == [] for one in _payloads(found) for key in ALLOW_LISTS)


def _refused(found: Disagreement) -> bool:
    return found.said == HELD and any(refused(one) for one in _profiles(found))


def _two_locks(found: Disagreement) -> bool:
    platform: str = found.scenario.device["platform"]
    return platform == "visionos" and sum(one.get("PayloadType") == APP_LOCK for one in _payloads(found)) > 1


def _two_allow_lists(found: Disagreement) -> bool:
    return sum(key in one for one in _payloads(found) for key in ALLOW_LISTS) > 1


def _other_form(found: Disagreement) -> bool:
    return any(one.path.endswith((".command", ".payload", ".answer")) for one in found.scenario.documents)


PROFILE_FAULTS = (
    Settled(
        "refused-whole",
        "A wrong type in another known payload of the same profile refuses the whole profile; so do a key or identifier that "
        "is missing, twice there, or of another version.",
        "Apple's MDM protocol reference, profile errors 1001, 1003, 1007, 1008 and payload errors 2001, 2003",
        _refused,
    ),
    Settled(
        "profile-forms-not-read",
        "An InstallProfile command carries a profile, a custom setting one payload, a Restrictions answer the list in force.",
        "apple/device-management@b6202ca mdm/commands/profile.install.yaml, device.restrictions.list.yaml",
        _other_form,
    ),
    Settled("empty-allow-list", "No source says that an empty allow list hides everything.", "none", _empty),
    Settled(
        "app-lock-on-visionos",
        "visionOS: introduced n/a; a lock that does not exist there contests nothing.",
        "apple/device-management@b6202ca com.apple.app.lock",
        _two_locks,
    ),
    Settled(
        "several-allow-lists",
        "Allow lists intersect, also inside one profile: an app runs when it stands on each of them, and only then.",
        "apple/device-management@97a11a8 com.apple.applicationaccess, ManagedConfiguration.framework",
        _two_allow_lists,
    ),
)
