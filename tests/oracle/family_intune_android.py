"""Intune on Android: device restrictions of corporate devices, store modes, personal profiles, and apps with their assignments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from oracle.common import NOT_HELD, OPEN, Document, Scenario, Settled, chosen
from oracle.intune_android_facts import APP, OWNER, answer_of, odd
from oracle.intune_draws import (
    PREFIX,
    assigned,
    device_keys,
    into_files,
    listed,
    names_of,
    policies_of,
    targets,
    written,
)
from oracle.intune_facts import reach, widened

if TYPE_CHECKING:
    import random

IDS = ["org.example.one", "org.example.two", "org.example.three"]
APPS = tuple(
    {"name": name, "android": {"package_name": [package]}}
    for name, package in zip(("one", "two", "three"), IDS, strict=True)
)


def _owner(rng: random.Random, number: int, mode: str) -> dict[str, Any]:
    policy: dict[str, Any] = {"@odata.type": OWNER, "id": f"d{number}", "displayName": f"Restrictions {number}"}
    store = chosen(rng, {"absent": 8, "notConfigured": 8, "allowList": 16, "blockList": 60, "null": 4})
    if store != "absent":
        policy["playStoreMode"] = None if store == "null" else store
    gate = chosen(rng, {"absent": 20, "false": 68, "true": 12})
    if gate != "absent":
        policy["appsAllowInstallFromUnknownSources"] = gate == "true"
    if mode == "cope" or rng.random() < 0.2:
        personal = chosen(rng, {"absent": 6, "notConfigured": 4, "blockedApps": 82, "allowedApps": 8})
        if personal != "absent":
            policy["personalProfilePlayStoreMode"] = personal
        share = 0.4 if personal == "allowedApps" else 0.92
        names = [one for one in IDS if rng.random() < share]
        policy["personalProfilePersonalApplications"] = [listed(one, one) for one in names]
        gate = chosen(rng, {"absent": 15, "false": 77, "true": 8})
        if gate != "absent":
            policy["personalProfileAppsAllowInstallFromUnknownSources"] = gate == "true"
    if rng.random() < 0.2:
        policy["securityRequireVerifyApps"] = rng.random() < 0.8
    return policy


def _app(rng: random.Random, number: int, package: str, ours: list[str]) -> dict[str, Any]:
    app: dict[str, Any] = {
        "@odata.type": APP,
        "id": f"a{number}",
        "displayName": f"App {number}",
        "packageId": package,
        "isSystemApp": False,
        "assignments": [],
    }
    for _ in range(int(chosen(rng, {"0": 6, "1": 80, "2": 14}))):
        intent = chosen(rng, {"uninstall": 80, "available": 10, "required": 10})
        app["assignments"] += [
            {"@odata.type": f"{PREFIX}mobileAppAssignment", "intent": intent, "target": one, "settings": None}
            for one in _including(targets(rng, ours=ours))
        ]
    return app


def _including(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    excluding = f"{PREFIX}exclusionGroupAssignmentTarget"
    return [] if all(one["@odata.type"] == excluding for one in found) else found


def _other(rng: random.Random, number: int) -> dict[str, Any]:
    kind = rng.choice(["androidWorkProfileGeneralDeviceConfiguration", "androidGeneralDeviceConfiguration"])
    policy: dict[str, Any] = {"@odata.type": f"{PREFIX}{kind}", "id": f"o{number}", "displayName": "Other"}
    if kind == "androidGeneralDeviceConfiguration":
        policy["appsLaunchBlockList"] = [listed(one, one) for one in IDS]
    return policy


def _spoil(rng: random.Random, policy: dict[str, Any]) -> None:
    if policy["@odata.type"] == APP:
        for one in policy["assignments"][:1]:
            one["intent"] = rng.choice(["block", "Uninstall"])
    elif policy["@odata.type"] == OWNER:
        style = rng.choice(["mode", "personal", "gate", "key"])
        if style == "mode":
            policy["playStoreMode"] = rng.choice(["BLACKLIST", "blocklist"])
        elif style == "personal":
            policy["personalProfilePlayStoreMode"] = rng.choice(["blockList", "BLOCKLIST"])
        elif style == "gate":
            policy["appsAllowInstallFromUnknownSources"] = "false"
        else:
            policy["personalProfilePersonalApplications"] = [{"packageName": one} for one in IDS]


class IntuneAndroid:
    """Policies and apps of Intune for Android."""

    name = "intune_android"
    settled: tuple[Settled, ...] = ()
    faults: tuple[Settled, ...] = ()

    def generate(self, rng: random.Random) -> Scenario:
        """Draw restrictions and apps with their assignments, and a class of devices."""
        mode = chosen(rng, {"fully-managed": 46, "dedicated": 12, "cope": 37, "byod": 5})
        device: dict[str, Any] = {"name": "class", "platform": "android", "mode": mode, **device_keys(rng)}
        device["os"] = rng.choice([">=12", ">=13, <17", ">=14"])
        if mode == "dedicated" or not device.get("user_affinity", True):
            device.pop("user_affinity", None)
        origins = chosen(rng, {"none": 56, "store": 40, "side": 4})
        if origins != "none":
            device["origins"] = ["store"] if origins == "store" else ["sideloaded"]
        ours = names_of(device)
        policies = []
        for number in range(int(chosen(rng, {"0": 6, "1": 76, "2": 18}))):
            policy = _owner(rng, number, mode)
            if rng.random() < 0.06:
                _spoil(rng, policy)
            policies.append(assigned(rng, policy, ours=ours))
        packages = [one for one in [*IDS, "com.example.mail", rng.choice(IDS)] if rng.random() < 0.6]
        for number, package in enumerate(packages):
            app = _app(rng, number, package, ours)
            if rng.random() < 0.04:
                _spoil(rng, app)
            policies.append(app)
        if not policies or rng.random() < 0.1:
            policies.append(assigned(rng, _other(rng, 9), ours=ours))
        return Scenario(into_files(rng, policies), device, APPS)

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each app in each choice of what may reach the class."""
        policies, more = policies_of(scenario.documents)
        device = {**scenario.device}
        if device["mode"] == "dedicated":
            device["user_affinity"] = False  # nobody signs in on them
        elif "user_affinity" not in device:
            # Fully managed devices and those with a work profile have a user, though no sentence of Microsoft's was found.
            certain = replace(scenario, device={**device, "user_affinity": True})
            open_ones = replace(scenario, device={**device, "user_affinity": None})
            first, second = self.expect(certain), self.expect(open_ones)
            return {name: first[name] | second[name] for name in first}
        strange = [one for one in policies if odd(one)]
        found = {}
        for app in scenario.apps:
            package = app["android"]["package_name"][0]
            answer = answer_of([one for one in policies if one not in strange], package, device)
            if any(one.get("packageId", package) == package and reach(one, device) != "no" for one in strange):
                # It may be refused, or taken without what is strange in it: then it may open the store.
                opening = any(one["@odata.type"] == OWNER for one in strange)
                answer = NOT_HELD if answer == OPEN else widened(answer) | (NOT_HELD if opening else frozenset())
            found[app["name"]] = widened(answer) if more else answer
        return found

    def encode(self, document: Document) -> bytes:
        """Write the objects of Graph."""
        return written(document, document.tree)


FAMILY = IntuneAndroid()
