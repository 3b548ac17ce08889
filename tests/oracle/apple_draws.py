"""Draws profiles as administrators have them, with the mistakes they make."""

from __future__ import annotations

import copy
import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from oracle.apple_facts import ACCESS, ACCESS_NEW, APP_LOCK
from oracle.common import chosen

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

OTHERS = ["com.example.mail", "com.example.notes", "com.apple.webapp"]


def new_uuid(rng: random.Random) -> str:
    """Return a UUID drawn by `rng`."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4)).upper()


def payload(rng: random.Random, kind: str, identifier: str, **keys: Any) -> dict[str, Any]:
    """Return a payload with its envelope."""
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": new_uuid(rng),
        **keys,
    }


def profile(rng: random.Random, identifier: str, payloads: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a profile around `payloads`."""
    top = payload(rng, "Configuration", identifier, PayloadDisplayName="Banned apps", PayloadContent=payloads)
    if rng.random() < 0.3:
        top["PayloadOrganization"] = "Example Agency"
    if rng.random() < 0.3:
        top["PayloadRemovalDisallowed"] = rng.random() < 0.5
    if rng.random() < 0.3:
        top["PayloadScope"] = "System"
    return top


def some(rng: random.Random, identifiers: list[str], share: float = 0.75) -> list[str]:
    """Return some of the identifiers, in any order, sometimes among others."""
    kept = [one for one in identifiers if rng.random() < share]
    kept += [one for one in OTHERS if rng.random() < 0.25]
    rng.shuffle(kept)
    return kept


def access_keys(rng: random.Random, identifiers: list[str]) -> dict[str, Any]:
    """Return the keys of a Restrictions payload."""
    style = chosen(
        rng,
        {
            "blocked": 40,
            "old": 12,
            "both": 12,
            "allow": 10,
            "old allow": 4,
            "mixed": 4,
            "install": 6,
            "none": 6,
            "misspelt": 6,
        },
    )
    keys: dict[str, Any] = {}
    if style in {"blocked", "both", "mixed"}:
        keys["blockedAppBundleIDs"] = some(rng, identifiers, 0.85)
    if style in {"old", "both"}:
        keys["blacklistedAppBundleIDs"] = some(rng, identifiers, 0.85)
    if style in {"allow", "mixed"}:
        keys["allowListedAppBundleIDs"] = some(rng, identifiers, 0.3)
    if style == "old allow":
        keys["whitelistedAppBundleIDs"] = some(rng, identifiers, 0.3)
    if style == "install":
        keys["allowAppInstallation" if rng.random() < 0.5 else "allowUIAppInstallation"] = False
    if style == "misspelt":
        name = rng.choice(
            ["blockedAppBundleIds", "blockedAppBundleID", "allowedAppBundleIDs", "blacklistedAppBundleIds"]
        )
        keys[name] = some(rng, identifiers)
    if rng.random() < 0.3:
        keys["allowCamera"] = rng.random() < 0.5
    return keys


def near(rng: random.Random, identifier: str) -> str:
    """Return what somebody may write in place of an identifier, and no device takes for it."""
    return rng.choice(
        [
            identifier.upper(),
            identifier.title(),
            f"{identifier}.pro",
            identifier.rsplit(".", 1)[0] + ".*",
            identifier[:-1],
        ]
    )


def apple_payloads(rng: random.Random, identifier: str, apps: list[str], *, mac: bool) -> list[dict[str, Any]]:
    """Return the payloads of one profile."""
    found = [payload(rng, ACCESS, f"{identifier}.restrictions", **access_keys(rng, apps))]
    if rng.random() < 0.15:
        found.append(payload(rng, ACCESS, f"{identifier}.more", **access_keys(rng, apps)))
    if rng.random() < 0.06:
        found.append(
            payload(rng, APP_LOCK, f"{identifier}.lock", App={"Identifier": rng.choice([*apps, "com.example.kiosk"])})
        )
    if mac and rng.random() < 0.5:
        paths = {"pathDenyList": ["/Applications/One.app/"], "pathAllowList": ["/"]}
        found.append(payload(rng, ACCESS_NEW, f"{identifier}.paths", familyControlsEnabled=True, **paths))
    return found


def _list_of(payloads: list[dict[str, Any]], rng: random.Random) -> tuple[dict[str, Any], str] | None:
    places = [(one, key) for one in payloads for key in one if key.endswith("BundleIDs") and isinstance(one[key], list)]
    return rng.choice(places) if places else None


def _wrong_list(top: dict[str, Any], rng: random.Random) -> None:
    place = _list_of(top["PayloadContent"], rng)
    if place:
        one, key = place
        one[key] = rng.choice([",".join(one[key]), [*one[key], 5], {"0": one[key]}, True, [one[key]]])


def _near_member(top: dict[str, Any], rng: random.Random) -> None:
    place = _list_of(top["PayloadContent"], rng)
    if place:
        one, key = place
        one[key] = [near(rng, member) if rng.random() < 0.4 else member for member in one[key]]


def _empty_list(top: dict[str, Any], rng: random.Random) -> None:
    place = _list_of(top["PayloadContent"], rng)
    if place:
        place[0][place[1]] = []


def _other_payload(top: dict[str, Any], rng: random.Random) -> None:
    one = rng.choice(top["PayloadContent"])
    one["PayloadType"] = rng.choice([ACCESS.title(), f"{ACCESS}.old", "com.apple.mobiledevice.passwordpolicy"])


def _missing(top: dict[str, Any], rng: random.Random) -> None:
    place = rng.choice([top, *top["PayloadContent"]])
    place.pop(rng.choice(["PayloadIdentifier", "PayloadUUID", "PayloadVersion"]))


def _version(top: dict[str, Any], rng: random.Random) -> None:
    rng.choice([top, *top["PayloadContent"]])["PayloadVersion"] = rng.choice([2, 0, "1", 1.0, True])


def _twice(top: dict[str, Any], rng: random.Random) -> None:
    again = copy.deepcopy(rng.choice(top["PayloadContent"]))
    again[rng.choice(["PayloadIdentifier", "PayloadUUID"])] += "-2"
    top["PayloadContent"].append(again)


def _removal(top: dict[str, Any], rng: random.Random) -> None:
    day = dt.datetime(2026, 11, 28) + dt.timedelta(days=rng.choice([-400, -1, 0, 1, 200]))  # noqa: DTZ001
    top["RemovalDate"] = day.isoformat() if rng.random() < 0.15 else day


def _aimed(top: dict[str, Any], rng: random.Random) -> None:
    top["TargetDeviceType"] = rng.choice([0, 1, 1, 1, 2, 4, 4, 5, 6, 6, "1"])


def _encrypted(top: dict[str, Any], rng: random.Random) -> None:
    del top["PayloadContent"]
    top.update(IsEncrypted=True, EncryptedPayloadContent=rng.randbytes(24))


def _wrong_type(top: dict[str, Any], rng: random.Random) -> None:
    one = rng.choice(top["PayloadContent"])
    if one["PayloadType"] == ACCESS:
        one[rng.choice(["allowCamera", "allowAppRemoval", "allowAppClips"])] = rng.choice([1, "false", []])


MISTAKES: list[Callable[[dict[str, Any], random.Random], None]] = [
    _wrong_list,
    _near_member,
    _near_member,
    _empty_list,
    _other_payload,
    _missing,
    _version,
    _twice,
    _removal,
    _removal,
    _aimed,
    _aimed,
    _encrypted,
    _wrong_type,
]


ENVELOPE_MISTAKES = [_missing, _version, _twice, _removal, _removal, _aimed, _encrypted]


def misaddressed(rng: random.Random, top: dict[str, Any]) -> None:
    """Make one mistake in what is around the payloads' own keys."""
    rng.choice(ENVELOPE_MISTAKES)(top, rng)


def mistaken(rng: random.Random, top: dict[str, Any]) -> None:
    """Make one mistake in a profile."""
    rng.choice(MISTAKES)(top, rng)
