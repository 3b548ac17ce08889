"""Apple: Restrictions profiles, their envelope, their lists, one app alone, and what a device keeps of two profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.apple_draws import apple_payloads, mistaken, profile
from oracle.apple_facts import app_answer, written
from oracle.apple_faults import PROFILE_FAULTS
from oracle.common import NOT_HELD, OPEN, Document, Scenario, Settled, chosen

if TYPE_CHECKING:
    import random

RANGES = {
    "ios": [">=17", ">=26", ">=15, <27", ">=27", ">=9, <18", ">=9.3, <15", ">=14, <16"],
    "ipados": [">=17", ">=15", ">=27, <28", ">=13"],
    "tvos": [">=15", ">=11, <15", ">=10, <12", ">=26", ">=14"],
    "visionos": [">=27", ">=26", ">=1, <3", ">=27, <28"],
    "watchos": [">=10", ">=26"],
    "macos": [">=14", ">=26", ">=27"],
}


def apple_device(rng: random.Random, platform: str) -> dict[str, Any]:
    """Draw a class of Apple devices."""
    device: dict[str, Any] = {"name": "class", "platform": platform, "os": rng.choice(RANGES[platform])}
    supervised = chosen(rng, {"yes": 84, "no": 8, "open": 8})
    if supervised == "yes":
        device.update(supervised=True, enrollment=rng.choice(["automated", "automated", "device"]))
    elif supervised == "no":
        device.update(supervised=False, enrollment=rng.choice(["device", "user"]))
    elif rng.random() < 0.5:
        device["enrollment"] = "device"
    return device


class Apple:
    """Restrictions profiles on every platform of Apple's."""

    name = "apple"
    settled: tuple[Settled, ...] = ()
    faults: tuple[Settled, ...] = PROFILE_FAULTS

    def generate(self, rng: random.Random) -> Scenario:
        """Draw one to three profiles."""
        platform = chosen(rng, {"ios": 50, "ipados": 15, "tvos": 14, "visionos": 9, "watchos": 4, "macos": 8})
        identifiers = {"one": ["org.example.one"], "two": ["org.example.two"], "three": ["org.example.three"]}
        if rng.random() < 0.3:
            identifiers["two"].append("org.example.two.lite")
        flat = [one for group in identifiers.values() for one in group]
        documents = []
        for number in range(int(chosen(rng, {"1": 6, "2": 3, "3": 1}))):
            name = f"org.example.p{0 if rng.random() < 0.1 else number}"
            top = profile(rng, name, apple_payloads(rng, name, flat, mac=platform == "macos"))
            if rng.random() < 0.3:
                mistaken(rng, top)
            documents.append(Document(f"{number}.mobileconfig", top))
        family = "macos" if platform == "macos" else "ios"
        apps = tuple({"name": name, family: {"bundle_id": group}} for name, group in identifiers.items())
        return Scenario(tuple(documents), apple_device(rng, platform), apps)

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each app by Apple's pages; Macs ignore the lists, and a path list is weak."""
        profiles = [one.tree for one in scenario.documents]
        if scenario.device["platform"] == "macos":
            sealed = any(isinstance(one, dict) and one.get("IsEncrypted") is True for one in profiles)
            return {app["name"]: NOT_HELD if sealed else OPEN for app in scenario.apps}
        return {app["name"]: app_answer(profiles, app["ios"]["bundle_id"], scenario.device) for app in scenario.apps}

    def encode(self, document: Document) -> bytes:
        """Write a profile."""
        return written(document.tree)


FAMILY = Apple()
