"""Apple: the declaration `com.apple.configuration.app.settings` of OS 27, its activations, and Restrictions profiles beside it.

Sources: apple/device-management declarative/declarations/configurations/app.settings.yaml (OS 27), declarationbase.yaml,
activations/simple.yaml; Apple's article "Allowing and denying apps and binaries" (deny beats allow).
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from oracle.apple_draws import apple_payloads, new_uuid, profile, some
from oracle.apple_facts import State, restrictions, states, written
from oracle.common import (
    ANY,
    BLOCKED,
    DOUBT,
    HELD,
    NOT_HELD,
    NOT_OPEN,
    OPEN,
    Document,
    Scenario,
    Settled,
    chosen,
    either,
    worst,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

SETTINGS = "com.apple.configuration.app.settings"
ACTIVATION = "com.apple.activation.simple"
APP_LISTS = ("AllowedApps", "DeniedApps")
BINARY_LISTS = ("AllowedBinaries", "DeniedBinaries")
ALLOWED_KEYS = {*APP_LISTS, *BINARY_LISTS, "AlwaysAllowManagedApps"}
ITEM_KEYS = {"CDHash", "SigningID", "TeamID", "PathPrefix", "SigningState"}
SIGNING_STATES = {"All", "TestFlight", "DeveloperID", "Enterprise", "AppStore", "Apple"}
TEAM, OTHER_TEAM = "ABCDE12345", "ZZZZZ99999"


def _item_faults(item: Any, *, allow: bool) -> bool:
    if (
        not isinstance(item, dict)
        or not set(item) <= ITEM_KEYS
        or not all(isinstance(one, str) for one in item.values())
    ):
        return True
    if item.get("SigningState", "All") not in SIGNING_STATES:
        return True
    return not set(item) & ({"CDHash", "TeamID"} if allow else {"CDHash", "TeamID", "SigningID"})


def configuration_refused(tree: dict[str, Any]) -> bool:
    """Tell whether a device refuses the configuration: an unknown key, a wrong type, a binary without what it must have."""
    payload = tree.get("Payload")
    if not isinstance(payload, dict) or not set(payload) <= {"Allowed", "Privacy"}:
        return True
    if not isinstance(tree.get("ServerToken", ""), str) or not isinstance(tree.get("Identifier"), str):
        return True
    allowed = payload.get("Allowed", {})
    if not isinstance(allowed, dict) or not set(allowed) <= ALLOWED_KEYS:
        return True
    if not isinstance(allowed.get("AlwaysAllowManagedApps", False), bool):
        return True
    if any(not isinstance(allowed.get(key, []), list) for key in (*APP_LISTS, *BINARY_LISTS)):
        return True
    if any(not isinstance(one, str) for key in APP_LISTS for one in allowed.get(key, [])):
        return True
    return any(
        _item_faults(one, allow=key == "AllowedBinaries") for key in BINARY_LISTS for one in allowed.get(key, [])
    )


def activation_refused(tree: dict[str, Any]) -> bool:
    """Tell whether a device refuses the activation."""
    payload = tree.get("Payload")
    if not isinstance(payload, dict) or not set(payload) <= {"StandardConfigurations", "Predicate"}:
        return True
    names = payload.get("StandardConfigurations")
    if not isinstance(names, list) or any(not isinstance(one, str) for one in names):
        return True
    return not isinstance(payload.get("Predicate", ""), str)


ON, OFF, EITHER_WAY, DOUBTED = "on", "off", "either", "doubted"


def switch(configuration: dict[str, Any], activations: list[dict[str, Any]], present: set[str]) -> str:
    """Say whether the activations turn a configuration on; `doubted` is on, unless what else they name makes them fail."""
    if not activations:
        return ON
    good = [one["Payload"] for one in activations if not activation_refused(one)]
    naming = [one for one in good if configuration["Identifier"] in one["StandardConfigurations"]]
    if any("Predicate" not in one and set(one["StandardConfigurations"]) <= present for one in naming):
        return ON
    if any("Predicate" not in one for one in naming):
        return DOUBTED
    return EITHER_WAY if naming or len(good) < len(activations) else OFF


def _apps(acting: list[dict[str, Any]], identifier: str) -> frozenset[str]:
    denied = [one["DeniedApps"] for one in acting if "DeniedApps" in one]
    allowed = [one["AllowedApps"] for one in acting if "AllowedApps" in one]
    if any(identifier in one for one in denied):
        answer = BLOCKED
    elif any(not one for one in allowed):
        answer = (
            NOT_OPEN if any(one and identifier not in one for one in allowed) else NOT_HELD if any(allowed) else DOUBT
        )
    elif any(identifier not in one for one in allowed):
        # That lists without a common member leave nothing is stated; what an empty list does is not.
        answer = BLOCKED if set.intersection(*(set(one) for one in allowed)) else NOT_OPEN
    else:
        answer = OPEN
    foreign = any(key in one for one in acting for key in (*BINARY_LISTS, "AlwaysAllowManagedApps"))
    return NOT_OPEN if foreign and answer == BLOCKED else answer


WHOLLY, PARTLY, NEVER = 2, 1, 0


def _matches(item: dict[str, str], team: str, signing_id: str) -> int:
    """Say how much of an app a binary's fields match; every field that is given must."""
    if item.get("TeamID", team) != team:
        return NEVER
    if "SigningID" in item and signing_id and item["SigningID"] != signing_id:
        return NEVER
    narrowed = "CDHash" in item or "PathPrefix" in item or item.get("SigningState", "All") != "All"
    return PARTLY if narrowed or ("SigningID" in item and not signing_id) else WHOLLY


def _binaries(acting: list[dict[str, Any]], team: str, signing_id: str) -> frozenset[str]:
    denials = [_matches(item, team, signing_id) for one in acting for item in one.get("DeniedBinaries", [])]
    lists = [one["AllowedBinaries"] for one in acting if "AllowedBinaries" in one]
    answer = NOT_HELD if PARTLY in denials else OPEN
    if WHOLLY in denials:
        answer = BLOCKED
    elif any(not one for one in lists):
        answer = NOT_OPEN if any(one and not _let_in(one, team, signing_id) for one in lists) else NOT_HELD
    elif lists:
        answer = _allow_lists(lists, team, signing_id, answer)
    soft = any(one.get("AlwaysAllowManagedApps") for one in acting) or any(
        key in one for one in acting for key in APP_LISTS
    )
    return NOT_OPEN if soft and answer == BLOCKED else answer


def _let_in(items: list[dict[str, str]], team: str, signing_id: str) -> int:
    return max(_matches(item, team, signing_id) for item in items)


def _allow_lists(
    lists: list[list[dict[str, str]]], team: str, signing_id: str, otherwise: frozenset[str]
) -> frozenset[str]:
    ways = [_let_in(one, team, signing_id) for one in lists]
    if NEVER in ways:
        return BLOCKED
    if PARTLY in ways:
        return NOT_HELD if len(lists) == 1 else ANY
    common = [
        item for item in lists[0] if all(item in one for one in lists) and _matches(item, team, signing_id) == WHOLLY
    ]
    return otherwise if common else ANY


def settings_answer(trees: Sequence[dict[str, Any]], app: dict[str, Any], state: State) -> frozenset[str]:
    """Say what the declarations do to an app on one device."""
    if state.platform == "watchos" or state.version < 27 or not state.supervised or state.enrollment == "user":
        return OPEN
    configurations = [one for one in trees if one.get("Type") == SETTINGS]
    activations = [one for one in trees if one.get("Type") == ACTIVATION]
    by_id: dict[Any, list[dict[str, Any]]] = {}
    for number, one in enumerate(configurations):
        by_id.setdefault(one.get("Identifier", number), []).append(one)
    return either(_world(list(world), activations, app, state) for world in itertools.product(*by_id.values()))


def _world(
    configurations: list[dict[str, Any]], activations: list[dict[str, Any]], app: dict[str, Any], state: State
) -> frozenset[str]:
    good = [one for one in configurations if not configuration_refused(one)]
    present = {one["Identifier"] for one in good}
    switches = [switch(one, activations, present) for one in good]
    choices = [{ON: [True], DOUBTED: [True], OFF: [False], EITHER_WAY: [True, False]}[one] for one in switches]
    answers = []
    for choice in itertools.product(*choices):
        acting = [one["Payload"].get("Allowed", {}) for one, on in zip(good, choice, strict=True) if on]
        answers.append(_on_device(acting, app, state))
    answer = either(answers)
    private = state.platform not in {"ios", "ipados"} and any("Privacy" in one["Payload"] for one in good)
    if (DOUBTED in switches or private) and HELD in answer:
        answer |= DOUBT
    # What was refused is known not to act; the product may also say that nothing is proven by it.
    return NOT_HELD if answer == OPEN and len(good) < len(configurations) else answer


def _on_device(acting: list[dict[str, Any]], app: dict[str, Any], state: State) -> frozenset[str]:
    if state.platform == "macos":
        facts = app["macos"]
        signing_id = (
            facts["signing_id"][0].partition(":")[2] if "signing_id" in facts else (facts.get("bundle_id") or [""])[0]
        )
        answer = _binaries(acting, TEAM, signing_id)
    else:
        answer = worst(_apps(acting, one) for one in app["ios"]["bundle_id"])
    # The deployment guide asks for Automated Device Enrollment, the schema for supervision.
    return answer | DOUBT if HELD in answer and state.enrollment == "device" else answer


def both(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Combine what two mechanisms do: either is enough to stop the app."""
    if BLOCKED in (one, other):
        return BLOCKED
    if one == OPEN:
        return other
    return one if other == OPEN else one | other


def _binary(rng: random.Random, sid: str) -> dict[str, Any]:
    style = chosen(
        rng, {"both": 6, "team": 2, "sid": 3, "other": 2, "path": 1, "state": 1, "hash": 1, "apple": 1, "all": 1}
    )
    return {
        "both": {"TeamID": TEAM, "SigningID": sid},
        "team": {"TeamID": TEAM},
        "sid": {"SigningID": sid},
        "other": {"TeamID": OTHER_TEAM, "SigningID": sid},
        "path": {"TeamID": TEAM, "SigningID": sid, "PathPrefix": "/Applications/"},
        "state": {
            "TeamID": TEAM,
            "SigningID": sid,
            "SigningState": rng.choice(["DeveloperID", "AppStore", "Enterprise"]),
        },
        "hash": {"TeamID": TEAM, "CDHash": rng.randbytes(20).hex()},
        "apple": {"TeamID": "*APPLE*", "SigningID": sid},
        "all": {"TeamID": TEAM, "SigningID": sid, "SigningState": "All"},
    }[style]


def _allowed(rng: random.Random, apps: list[str], *, mac: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if mac:
        style = chosen(rng, {"deny": 70, "allow": 20, "both": 10})
        if style != "allow":
            found["DeniedBinaries"] = [_binary(rng, one) for one in apps if rng.random() < 0.8]
        if style != "deny":
            kept = [{"TeamID": TEAM, "SigningID": one} for one in apps if rng.random() < 0.3]
            found["AllowedBinaries"] = [{"TeamID": "*APPLE*"}, {"TeamID": OTHER_TEAM}, *kept]
        if rng.random() < 0.08:
            found["AlwaysAllowManagedApps"] = rng.random() < 0.6
        return found
    style = chosen(rng, {"deny": 75, "allow": 17, "both": 8})
    if style != "allow":
        found["DeniedApps"] = some(rng, apps, 0.85)
    if style != "deny":
        found["AllowedApps"] = some(rng, apps, 0.3)
    return found


def _mistake(rng: random.Random, tree: dict[str, Any], *, mac: bool) -> None:
    payload = tree["Payload"]
    allowed = payload["Allowed"]
    first = next(iter(allowed), "DeniedApps")
    style = rng.choice(["key", "top", "type", "item", "empty", "foreign", "token", "near", "privacy", "blank"])
    if style == "key":
        allowed[rng.choice(["DeniedAppIDs", "deniedApps", "BlockedApps"])] = ["org.example.one"]
    elif style == "top":
        payload[rng.choice(["allowed", "Denied", "DeniedApps"])] = {}
    elif style == "type":
        allowed[first] = rng.choice(["org.example.one", {"0": "org.example.one"}, True, 3])
    elif style == "item" and isinstance(allowed.get(first), list):
        allowed[first] = [
            *allowed[first],
            rng.choice([5, {"PathPrefix": "/x"}, {"AppIdentifier": "org.example.one"}, ["x"]]),
        ]
    elif style == "empty":
        allowed[first] = []
    elif style == "foreign":
        allowed["DeniedApps" if mac else "DeniedBinaries"] = ["org.example.one"] if mac else [{"TeamID": TEAM}]
    elif style == "token":
        tree["ServerToken"] = 5
    elif style == "near" and not mac and isinstance(allowed.get(first), list):
        allowed[first] = [rng.choice([one.upper(), f"{one}.pro", "org.example.*"]) for one in allowed[first]]
    elif style == "privacy":
        payload["Privacy"] = {}
    elif style == "blank":
        del payload["Allowed"]


def _activation(rng: random.Random, names: list[str], number: int) -> dict[str, Any]:
    kept = [one for one in names if rng.random() < 0.85]
    if rng.random() < 0.08:
        kept.append("org.example.elsewhere")
    payload: dict[str, Any] = {"StandardConfigurations": kept}
    if rng.random() < 0.2:
        payload["Predicate"] = "@status(device.model.family) == 'iPhone'"
    if rng.random() < 0.06:
        payload["StandardConfigurations"] = rng.choice([names[0], [5], {"name": names[0]}])
    return {
        "Type": ACTIVATION,
        "Identifier": f"org.example.activation.{number}",
        "ServerToken": "1",
        "Payload": payload,
    }


RANGES = [">=27", ">=27", ">=27, <28", ">=27.1", ">=26", ">=25, <27"]


class AppSettings:
    """Declarations of OS 27."""

    name = "app_settings"
    settled: tuple[Settled, ...] = ()
    faults: tuple[Settled, ...] = ()

    def generate(self, rng: random.Random) -> Scenario:
        """Draw one to three configurations, sometimes with activations, sometimes with a profile."""
        platform = chosen(rng, {"ios": 42, "ipados": 10, "tvos": 8, "visionos": 6, "watchos": 2, "macos": 32})
        mac = platform == "macos"
        flat = ["org.example.one", "org.example.two", "org.example.three"]
        documents, names = [], []
        for number in range(int(chosen(rng, {"1": 6, "2": 3, "3": 1}))):
            name = f"org.example.settings.{0 if rng.random() < 0.07 else number}"
            names.append(name)
            tree = {
                "Type": SETTINGS,
                "Identifier": name,
                "ServerToken": new_uuid(rng),
                "Payload": {"Allowed": _allowed(rng, flat, mac=mac)},
            }
            if rng.random() < 0.25:
                _mistake(rng, tree, mac=mac)
            if rng.random() < 0.2:
                tree.pop("ServerToken")
            documents.append(Document(f"{number}.json", tree))
        if rng.random() < 0.35:
            drawn = [_activation(rng, names, number) for number in range(rng.choice([1, 1, 2]))]
            documents += [Document(f"activation{number}.json", one) for number, one in enumerate(drawn)]
        if rng.random() < 0.2 and not mac:
            payloads = apple_payloads(rng, "org.example.p", flat, mac=False)
            documents.append(Document("old.mobileconfig", profile(rng, "org.example.p", payloads)))
        return Scenario(tuple(documents), self._device(rng, platform), self._apps(flat, mac=mac))

    @staticmethod
    def _device(rng: random.Random, platform: str) -> dict[str, Any]:
        device: dict[str, Any] = {"name": "class", "platform": platform, "os": rng.choice(RANGES)}
        if rng.random() < 0.9:
            device.update(supervised=True, enrollment="automated" if rng.random() < 0.85 else "device")
        elif rng.random() < 0.6:
            device.update(supervised=False, enrollment=rng.choice(["device", "user"]))
        return device

    @staticmethod
    def _apps(flat: list[str], *, mac: bool) -> tuple[dict[str, Any], ...]:
        if not mac:
            return tuple({"name": one.rpartition(".")[2], "ios": {"bundle_id": [one]}} for one in flat)
        return (
            {"name": "one", "macos": {"bundle_id": [flat[0]], "team_id": [TEAM]}},
            {"name": "two", "macos": {"signing_id": [f"{TEAM}:{flat[1]}"]}},
            {"name": "three", "macos": {"team_id": [TEAM]}},
        )

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each app on each device of the class."""
        declarations = [one.tree for one in scenario.documents if one.path.endswith(".json")]
        profiles = [one.tree for one in scenario.documents if one.path.endswith(".mobileconfig")]
        found = {}
        for app in scenario.apps:
            answers = []
            for state in states(scenario.device):
                answer = settings_answer(declarations, app, state)
                if profiles and "ios" in app:
                    answer = both(answer, worst(restrictions(profiles, one, state) for one in app["ios"]["bundle_id"]))
                # With installs refused, a copy that is not there is a known gap and one that is there a doubt: either may be named.
                answers.append(NOT_HELD if profiles and answer == DOUBT else answer)
            found[app["name"]] = worst(answers)
        return found

    def encode(self, document: Document) -> bytes:
        """Write a declaration as JSON, a profile as XML."""
        if document.path.endswith(".mobileconfig"):
            return written(document.tree)
        return json.dumps(document.tree, indent=1).encode()


FAMILY = AppSettings()
