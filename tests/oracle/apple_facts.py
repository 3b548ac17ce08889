"""What Apple says of profiles and of the states of a device; shared by the families whose documents carry profiles.

Sources: apple/device-management@b6202ca (TopLevel, CommonPayloadKeys, com.apple.applicationaccess, com.apple.app.lock) and
@97a11a8 (com.apple.applicationaccess of OS 27); Apple's MDM protocol reference, profile errors 1001, 1003, 1007, 1008 and payload
errors 2001, 2003 (what is refused whole).
"""

from __future__ import annotations

import datetime as dt
import itertools
import plistlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oracle.common import BLOCKED, DOUBT, GAP, HELD, NOT_HELD, NOT_OPEN, OPEN, UNKNOWN, either, worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TODAY = dt.datetime(2026, 11, 28)  # noqa: DTZ001 - property lists hold dates without a zone

ACCESS = "com.apple.applicationaccess"
ACCESS_NEW = "com.apple.applicationaccess.new"
APP_LOCK = "com.apple.app.lock"

DENY_LISTS = {
    "blockedAppBundleIDs": {"ios": 15.0, "ipados": 15.0, "tvos": 15.0, "visionos": 27.0},
    "blacklistedAppBundleIDs": {"ios": 9.3, "ipados": 9.3, "tvos": 11.0},
}
ALLOW_LISTS = {
    "allowListedAppBundleIDs": {"ios": 15.0, "ipados": 15.0, "tvos": 15.0},
    "whitelistedAppBundleIDs": {"ios": 9.3, "ipados": 9.3, "tvos": 11.0},
}
LOCK_SINCE = {"ios": 6.0, "ipados": 6.0, "tvos": 10.2}
TARGET_TYPES = {"ios": 1, "ipados": 1, "watchos": 2, "tvos": 4, "macos": 5, "visionos": 6}
TARGET_TYPE_SINCE = {"ios": 12.2, "ipados": 12.2, "macos": 10.15, "tvos": 12.2, "visionos": 1.1, "watchos": 5.2}

TOP_TYPES: dict[str, type] = {
    "IsEncrypted": bool,
    "EncryptedPayloadContent": bytes,
    "PayloadDescription": str,
    "PayloadDisplayName": str,
    "HasRemovalPasscode": bool,
    "PayloadOrganization": str,
    "PayloadRemovalDisallowed": bool,
    "PayloadScope": str,
    "RemovalDate": dt.datetime,
    "PayloadExpirationDate": dt.datetime,
    "TargetDeviceType": int,
    "ConsentText": dict,
}
PAYLOAD_TYPES: dict[str, dict[str, type]] = {
    ACCESS: {
        **dict.fromkeys((*DENY_LISTS, *ALLOW_LISTS), list),
        **dict.fromkeys(
            ("allowAppInstallation", "allowUIAppInstallation", "allowCamera", "allowAppRemoval", "allowAppClips"), bool
        ),
        "ratingApps": int,
    },
    APP_LOCK: {"App": dict},
    ACCESS_NEW: {
        "familyControlsEnabled": bool,
        **dict.fromkeys(("pathDenyList", "pathBlackList", "pathAllowList", "pathWhiteList"), list),
    },
}
STRING_LISTS = {*DENY_LISTS, *ALLOW_LISTS, "pathDenyList", "pathBlackList", "pathAllowList", "pathWhiteList"}
MISSPELT = {
    "blockedAppBundleIds": "blockedAppBundleIDs",
    "blockedAppBundleID": "blockedAppBundleIDs",
    "allowedAppBundleIDs": "allowListedAppBundleIDs",
    "blacklistedAppBundleIds": "blacklistedAppBundleIDs",
}


@dataclass(frozen=True, slots=True)
class State:
    """One device: its platform, version, supervision and enrollment."""

    platform: str
    version: float
    supervised: bool
    enrollment: str


def states(device: dict[str, Any]) -> list[State]:
    """Return every device that a class may hold; what it leaves open is taken in all its values."""
    supervised = [device["supervised"]] if "supervised" in device else [True, False]
    enrollments = [device["enrollment"]] if "enrollment" in device else ["automated", "device", "user"]
    return [
        State(device["platform"], version, one, enrollment)
        for version in versions(device["os"])
        for one in supervised
        for enrollment in enrollments
    ]


BOUNDARIES = sorted(
    {
        *(float(major) for major in range(1, 31)),
        *(
            since
            for table in (*DENY_LISTS.values(), *ALLOW_LISTS.values(), LOCK_SINCE, TARGET_TYPE_SINCE)
            for since in table.values()
        ),
    }
)


def versions(wanted: str) -> list[float]:
    """Return the versions at which something changes, of those that `wanted` (">=17, <19") admits."""
    kept = BOUNDARIES
    for part in wanted.split(","):
        rule = part.strip()
        if rule.startswith(">="):
            kept = [one for one in kept if one >= float(rule[2:])]
        elif rule.startswith("<="):
            kept = [one for one in kept if one <= float(rule[2:])]
        elif rule.startswith("<"):
            kept = [one for one in kept if one < float(rule[1:])]
        else:
            kept = [one for one in kept if one == float(rule.lstrip("= "))]
    return kept


def _is(value: Any, wanted: type) -> bool:
    return isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))


def _envelope_faults(place: Any) -> bool:
    if not isinstance(place, dict):
        return True
    texts = ("PayloadIdentifier", "PayloadUUID", "PayloadType")
    if not all(_is(place.get(key), str) and place[key] for key in texts):
        return True
    return not _is(place.get("PayloadVersion"), int) or place["PayloadVersion"] != 1


def _payload_faults(payload: dict[str, Any]) -> bool:
    for key, wanted in PAYLOAD_TYPES.get(payload["PayloadType"], {}).items():
        if key in payload and not _is(payload[key], wanted):
            return True
        if key in STRING_LISTS and any(not _is(one, str) for one in payload.get(key, [])):
            return True
    if payload["PayloadType"] == APP_LOCK:
        return not _is(payload.get("App"), dict) or not _is(payload["App"].get("Identifier"), str)
    return payload["PayloadType"] == ACCESS_NEW and "familyControlsEnabled" not in payload


def refused(profile: Any) -> bool:
    """Tell whether a device refuses the profile whole: a key missing or of the wrong type, a version other than 1, an id twice."""
    if _envelope_faults(profile) or profile["PayloadType"] != "Configuration":
        return True
    if any(key in profile and not _is(profile[key], wanted) for key, wanted in TOP_TYPES.items()):
        return True
    if profile.get("PayloadScope", "System") not in {"System", "User"} or profile.get(
        "TargetDeviceType", 0
    ) not in range(7):
        return True
    if profile.get("IsEncrypted") is True:
        return "EncryptedPayloadContent" not in profile
    payloads = profile.get("PayloadContent")
    if not isinstance(payloads, list) or any(_envelope_faults(one) or _payload_faults(one) for one in payloads):
        return True
    return any(len({one[key] for one in payloads}) < len(payloads) for key in ("PayloadIdentifier", "PayloadUUID"))


def in_force(profile: dict[str, Any], state: State) -> bool:
    """Tell whether the profile is for this device and has not removed itself."""
    if "RemovalDate" in profile and profile["RemovalDate"] <= TODAY:
        return False
    kind = profile.get("TargetDeviceType", 0)
    aimed = state.version >= TARGET_TYPE_SINCE[state.platform] and kind != 0
    return not aimed or TARGET_TYPES[state.platform] == kind


def worlds(profiles: Sequence[Any]) -> list[list[dict[str, Any]]]:
    """Return the sets of profiles a device may end with: it keeps one of each PayloadIdentifier, and nobody knows which came last."""
    by_id: dict[Any, list[dict[str, Any]]] = {}
    for number, one in enumerate(profiles):
        name = one.get("PayloadIdentifier") if isinstance(one, dict) else number
        by_id.setdefault(name if isinstance(name, str) else number, []).append(one)
    return [list(choice) for choice in itertools.product(*by_id.values())]


def restrictions(profiles: Sequence[Any], identifier: str, state: State) -> frozenset[str]:
    """Say what these profiles do to one app on one device."""
    return either(_one_world(world, identifier, state) for world in worlds(profiles))


def _one_world(profiles: Iterable[dict[str, Any]], identifier: str, state: State) -> frozenset[str]:
    acting = [one for one in profiles if not refused(one) and in_force(one, state)]
    sealed = any(one.get("IsEncrypted") is True for one in acting)
    payloads = [payload for one in acting if one.get("IsEncrypted") is not True for payload in one["PayloadContent"]]
    if state.platform == "watchos" or not state.supervised or state.enrollment == "user":
        return NOT_HELD if sealed else OPEN
    answer = _lists([one for one in payloads if one["PayloadType"] == ACCESS], identifier, state)
    answer = _locked(answer, [one for one in payloads if one["PayloadType"] == APP_LOCK], identifier, state)
    if answer == OPEN and sealed:
        return NOT_HELD
    refusals = len(acting) < len(list(profiles))
    return NOT_HELD if answer == OPEN and refusals else answer


def _lists(payloads: list[dict[str, Any]], identifier: str, state: State) -> frozenset[str]:
    denied = [one[key] for one in payloads for key, since in DENY_LISTS.items() if key in one and _works(since, state)]
    allowed = [
        one[key] for one in payloads for key, since in ALLOW_LISTS.items() if key in one and _works(since, state)
    ]
    if any(identifier in one for one in denied):
        # A profile manifest calls the two kinds of list exclusive: with both, the ban may rest on either.
        return (
            BLOCKED if not allowed else NOT_OPEN if not any(identifier in one for one in allowed) else DOUBT | BLOCKED
        )
    if any(not one for one in allowed):
        outside = any(one and identifier not in one for one in allowed)
        return NOT_OPEN if outside else NOT_HELD if any(allowed) else DOUBT
    if any(identifier not in one for one in allowed):
        return NOT_OPEN if denied else BLOCKED
    return NOT_HELD if any(key in MISSPELT for one in payloads for key in one) else OPEN


def _works(since: dict[str, float], state: State) -> bool:
    return state.platform in since and state.version >= since[state.platform]


def _locked(answer: frozenset[str], locks: list[dict[str, Any]], identifier: str, state: State) -> frozenset[str]:
    if not locks or not _works(LOCK_SINCE, state):
        return answer
    if len(locks) > 1:
        return (
            NOT_OPEN
            if HELD in answer
            else NOT_HELD
            if any(one["App"]["Identifier"] == identifier for one in locks)
            else NOT_OPEN
        )
    if locks[0]["App"]["Identifier"] == identifier:
        # The one app that runs; a list that hides it too contradicts the lock.
        return answer if answer == OPEN else frozenset({HELD, UNKNOWN, GAP})
    return BLOCKED if answer == OPEN else NOT_OPEN


def app_answer(profiles: Sequence[Any], identifiers: Sequence[str], device: dict[str, Any]) -> frozenset[str]:
    """Say what becomes of an app, which is held when each of its identifiers is, on every device of the class."""
    return worst(restrictions(profiles, identifier, state) for state in states(device) for identifier in identifiers)


def written(profile: Any) -> bytes:
    """Write a profile as XML."""
    return plistlib.dumps(profile, sort_keys=False)
