"""Apple: Restrictions profiles, their envelope, their lists, one app alone, and what a device keeps of two profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.apple_draws import apple_payloads, mistaken, profile, some
from oracle.apple_facts import ACCESS, app_answer, written
from oracle.common import DOUBT, NOT_HELD, OPEN, Document, Scenario, Settled, chosen

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


def _device_answer(held: list[str]) -> dict[str, Any]:
    return {
        "GlobalRestrictions": {"union": {"blockedAppBundleIDs": {"values": held}}},
        "Status": "Acknowledged",
        "UDID": "00008020-000A1B2C3D4E002E",
    }


class Apple:
    """Restrictions profiles on every platform of Apple's."""

    name = "apple"
    settled: tuple[Settled, ...] = ()
    faults: tuple[Settled, ...] = ()

    def generate(self, rng: random.Random) -> Scenario:
        """Draw one to three profiles."""
        platform = chosen(rng, {"ios": 53, "ipados": 16, "tvos": 13, "visionos": 9, "watchos": 3, "macos": 6})
        identifiers = {"one": ["org.example.one"], "two": ["org.example.two"], "three": ["org.example.three"]}
        if rng.random() < 0.3:
            identifiers["two"].append("org.example.two.lite")
        flat = [one for group in identifiers.values() for one in group]
        documents = []
        for number in range(int(chosen(rng, {"1": 6, "2": 3, "3": 1}))):
            name = f"org.example.p{0 if rng.random() < 0.1 else number}"
            top = profile(rng, name, apple_payloads(rng, name, flat, mac=platform == "macos"))
            if rng.random() < 0.27:
                mistaken(rng, top)
            documents.append(self._wrapped(rng, number, top))
        if rng.random() < 0.03 and platform not in {"macos", "watchos"}:
            documents = [Document("restrictions.answer", _device_answer(some(rng, flat)))]
        family = "macos" if platform == "macos" else "ios"
        apps = tuple({"name": name, family: {"bundle_id": group}} for name, group in identifiers.items())
        return Scenario(tuple(documents), apple_device(rng, platform), apps)

    @staticmethod
    def _wrapped(rng: random.Random, number: int, top: dict[str, Any]) -> Document:
        form = chosen(rng, {"mobileconfig": 92, "command": 5, "payload": 3})
        if form == "payload" and len(top.get("PayloadContent", [])) == 1:
            return Document(f"{number}.payload", top["PayloadContent"][0])
        return Document(f"{number}.{'mobileconfig' if form == 'payload' else form}", top)

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each app by Apple's pages; Macs ignore the lists, and a path list is weak."""
        answered = [one.tree for one in scenario.documents if one.path.endswith(".answer")]
        if answered:
            return {app["name"]: self._answered(answered[0], app, scenario.device) for app in scenario.apps}
        profiles = [self._whole(one) for one in scenario.documents]
        if scenario.device["platform"] == "macos":
            sealed = any(isinstance(one, dict) and one.get("IsEncrypted") is True for one in profiles)
            return {app["name"]: NOT_HELD if sealed else OPEN for app in scenario.apps}
        answers = {app["name"]: app_answer(profiles, app["ios"]["bundle_id"], scenario.device) for app in scenario.apps}
        if not any(one.path.endswith(".payload") for one in scenario.documents):
            return answers
        # The console wraps a bare payload in a profile of its own: what that adds is not in the file.
        return {name: answer | DOUBT for name, answer in answers.items()}

    @staticmethod
    def _whole(document: Document) -> Any:
        if not document.path.endswith(".payload"):
            return document.tree
        inner = {
            "PayloadIdentifier": f"inner.{document.path}",
            "PayloadUUID": document.path,
            "PayloadVersion": 1,
            **document.tree,
        }
        return {
            **inner,
            "PayloadType": "Configuration",
            "PayloadIdentifier": document.path,
            "PayloadContent": [inner],
            "PayloadVersion": 1,
        }

    @staticmethod
    def _answered(tree: dict[str, Any], app: dict[str, Any], device: dict[str, Any]) -> frozenset[str]:
        held = tree["GlobalRestrictions"]["union"]["blockedAppBundleIDs"]["values"]
        if not set(app["ios"]["bundle_id"]) <= set(held):
            return NOT_HELD
        # What a device of the class can hold at all is the same as by a profile.
        whole = {"PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": "p", "PayloadUUID": "u"}
        inner = {**whole, "PayloadType": ACCESS, "PayloadIdentifier": "i", "blockedAppBundleIDs": held}
        return app_answer([{**whole, "PayloadContent": [inner]}], app["ios"]["bundle_id"], device) | DOUBT

    def encode(self, document: Document) -> bytes:
        """Write a profile, the command that installs it, one payload, or a device's answer."""
        if not document.path.endswith(".command"):
            return written(document.tree)
        command = {"RequestType": "InstallProfile", "Payload": written(document.tree)}
        return written({"Command": command, "CommandUUID": "0001_InstallProfile"})


FAMILY = Apple()
