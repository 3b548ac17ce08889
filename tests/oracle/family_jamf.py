"""Jamf: restricted software records and configuration profile objects, with their scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from oracle.apple_draws import mistaken, payload, profile, some
from oracle.apple_facts import ACCESS, restrictions, states, written
from oracle.common import ANY, DOUBT, HELD, NOT_HELD, OPEN, Document, Scenario, Settled, chosen, either, worst
from oracle.jamf_facts import delivered, narrowed, reach, software_answer, with_scope
from oracle.santa_facts import profiles_answer

if TYPE_CHECKING:
    import random


TEAM = "ABCDE12345"
IDS = ["org.example.one", "org.example.two", "org.example.three"]
PROCESSES = {"one": "One", "two": "Two Helper", "three": "three"}


def _group_names(rng: random.Random) -> list[str]:
    return rng.sample(["field", "lab", "staff", "all macs"], rng.choice([1, 1, 2]))


def _listing(rng: random.Random, names: list[str], child: str) -> dict[str, Any]:
    return {child: [{"id": str(rng.randrange(1, 90)), "name": name} for name in names]}


def _scope(rng: random.Random, *, mac: bool) -> dict[str, Any]:
    everyone = "all_computers" if mac else "all_mobile_devices"
    group, child = ("computer_groups", "computer_group") if mac else ("mobile_device_groups", "mobile_device_group")
    style = chosen(rng, {"all": 60, "groups": 28, "nobody": 5, "building": 4, "devices": 3})
    scope: dict[str, Any] = {everyone: "true" if style == "all" else "false"}
    if style == "groups":
        scope[group] = _listing(rng, ["field", *_group_names(rng)] if rng.random() < 0.6 else _group_names(rng), child)
    elif style == "building":
        scope["buildings"] = _listing(rng, ["North"], "building")
    elif style == "devices":
        one, each = ("computers", "computer") if mac else ("mobile_devices", "mobile_device")
        scope[one] = _listing(rng, ["device-7"], each)
    if rng.random() < 0.14:
        exclusions: dict[str, Any] = {}
        if rng.random() < 0.7:
            exclusions[group] = _listing(rng, _group_names(rng), child)
        else:
            exclusions["departments"] = _listing(rng, ["Press"], "department")
        scope["exclusions"] = exclusions
    return scope


def _general(rng: random.Random, name: str) -> dict[str, Any]:
    general: dict[str, Any] = {"name": name}
    if rng.random() < 0.8:
        general = {"id": str(rng.randrange(1, 900)), **general}
    if rng.random() < 0.3:
        general["site"] = {"id": "-1", "name": "None"} if rng.random() < 0.75 else {"id": "3", "name": "Berlin"}
    return general


def _software(rng: random.Random, process: str) -> dict[str, Any]:
    general = _general(rng, f"Ban {process}")
    spelling = chosen(rng, {"same": 80, "app": 4, "case": 4, "part": 6, "other": 6})
    general["process_name"] = {
        "same": process,
        "app": f"{process}.app",
        "case": process.swapcase(),
        "part": process[:3],
        "other": "Calculator",
    }[spelling]
    exact = chosen(rng, {"true": 60, "false": 25, "none": 12, "yes": 3})
    if exact != "none":
        general["match_exact_process_name"] = exact
    general["send_notification"] = "true"
    general["kill_process"] = chosen(rng, {"true": 85, "false": 13, "yes": 2})
    general["delete_executable"] = chosen(rng, {"true": 10, "false": 90})
    tree: dict[str, Any] = {"general": general}
    if rng.random() < 0.85:
        tree["scope"] = _scope(rng, mac=True)
    return {"restricted_software": tree}


def _mobile_profile(rng: random.Random, number: int) -> dict[str, Any]:
    name = f"org.example.p{number}"
    keys: dict[str, Any] = {"blockedAppBundleIDs": some(rng, IDS, 0.9)}
    if rng.random() < 0.12:
        keys = {"allowListedAppBundleIDs": some(rng, IDS, 0.3)}
    top = profile(rng, name, [payload(rng, ACCESS, f"{name}.restrictions", **keys)])
    if rng.random() < 0.15:
        mistaken(rng, top)
    general = _general(rng, f"Restrictions {number}")
    general["level"] = chosen(rng, {"System": 60, "Device Level": 25, "User": 6, "User Level": 5, "computer": 0})
    general["deployment_method"] = "Install Automatically" if rng.random() < 0.92 else "Make Available in Self Service"
    general["redeploy_on_update"] = rng.choice(["Newly Assigned", "All"])
    general["payloads"] = top
    tree: dict[str, Any] = {"general": general}
    if rng.random() < 0.85:
        tree["scope"] = _scope(rng, mac=False)
        if rng.random() < 0.06:
            tree["scope"]["limitations"] = {"network_segments": _listing(rng, ["Office"], "network_segment")}
        if rng.random() < 0.05:
            tree["scope"]["all_jss_users"] = "true"
    return {"configuration_profile": tree}


def _mac_profile(rng: random.Random, number: int) -> dict[str, Any]:
    name = f"org.example.p{number}"
    rules = [
        {"identifier": f"{TEAM}:{one}", "policy": "BLOCKLIST", "rule_type": "SIGNINGID"}
        for one in IDS
        if rng.random() < 0.85
    ]
    top = profile(rng, name, [payload(rng, "com.northpolesec.santa", f"{name}.santa", StaticRules=rules)])
    general = _general(rng, f"Santa {number}")
    general["distribution_method"] = (
        "Install Automatically" if rng.random() < 0.92 else "Make Available in Self Service"
    )
    general["level"] = chosen(rng, {"System": 40, "computer": 40, "User": 5, "user": 5})
    general["payloads"] = top
    tree: dict[str, Any] = {"general": general}
    if rng.random() < 0.85:
        tree["scope"] = _scope(rng, mac=True)
    return {"os_x_configuration_profile": tree}


class Jamf:
    """Objects of Jamf Pro's Classic API."""

    name = "jamf"
    settled: tuple[Settled, ...] = ()
    faults: tuple[Settled, ...] = ()

    def generate(self, rng: random.Random) -> Scenario:
        """Draw records for a class of Macs, or profile objects for one of iPhones."""
        kind = chosen(rng, {"software": 45, "mobile": 35, "santa": 20})
        mac = kind != "mobile"
        trees: list[dict[str, Any]]
        if kind == "software":
            trees = [_software(rng, process) for process in PROCESSES.values() if rng.random() < 0.9]
            if rng.random() < 0.2 or not trees:
                trees.append(_software(rng, rng.choice(list(PROCESSES.values()))))
        else:
            draw = _mac_profile if mac else _mobile_profile
            trees = [draw(rng, number) for number in range(1 if mac or rng.random() < 0.75 else 2)]
        device: dict[str, Any] = {
            "name": "class",
            "platform": "macos" if mac else rng.choice(["ios", "ipados"]),
            "os": rng.choice([">=14", ">=26"] if mac else [">=17", ">=16, <27"]),
            "supervised": mac or rng.random() < 0.93,
            "enrollment": "automated",
        }
        managed = chosen(rng, {"jamf": 55, "none": 38, "intune": 7})
        if managed != "none":
            device["managed_by"] = managed
        if rng.random() < 0.75:
            device["groups"] = ["field"] if rng.random() < 0.8 else ["field", "staff"]
        return Scenario(
            tuple(Document(f"{number}.xml", tree) for number, tree in enumerate(trees)),
            device,
            tuple(self._app(kind, name, one) for (name, one) in zip(PROCESSES, IDS, strict=True)),
            "weak" if kind == "software" and rng.random() < 0.85 else "partial",
        )

    @staticmethod
    def _app(kind: str, name: str, bundle_id: str) -> dict[str, Any]:
        if kind == "software":
            return {"name": name, "macos": {"process_name": [PROCESSES[name]]}}
        if kind == "santa":
            return {"name": name, "macos": {"bundle_id": [bundle_id], "team_id": [TEAM]}}
        return {"name": name, "ios": {"bundle_id": [bundle_id]}}

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each app; objects of Jamf do not act on devices of another MDM."""
        if scenario.device.get("managed_by", "jamf") != "jamf":
            return {app["name"]: OPEN for app in scenario.apps}
        return {app["name"]: self._answer(scenario, app) for app in scenario.apps}

    def _answer(self, scenario: Scenario, app: dict[str, Any]) -> frozenset[str]:
        groups = scenario.device.get("groups", [])
        trees = [next(iter(one.tree.items())) for one in scenario.documents]
        process = app.get("macos", {}).get("process_name")
        if process:
            answers = [
                software_answer(tree, process[0], groups) for root, tree in trees if root == "restricted_software"
            ]
            answer = _any_of(answers)
            return NOT_HELD if answer != OPEN and scenario.min_strength != "weak" else answer
        return self._profiles(scenario, app, [tree for _, tree in trees], groups)

    @staticmethod
    def _profiles(
        scenario: Scenario, app: dict[str, Any], trees: list[dict[str, Any]], groups: list[str]
    ) -> frozenset[str]:
        mac = scenario.device["platform"] == "macos"
        answers = []
        for state in states(scenario.device):
            certain, doubted, offered, perhaps = [], [], False, False
            for tree in trees:
                general = tree["general"]
                arrives = with_scope(
                    delivered(general, mac=mac), reach(tree.get("scope"), stored="id" in general, groups=groups)
                )
                arrives = narrowed(general, arrives)
                if arrives == frozenset({HELD}):
                    certain.append(general["payloads"])
                elif arrives != OPEN:
                    doubted.append(general["payloads"])
                    offered = offered or arrives != DOUBT
                    perhaps = perhaps or HELD in arrives
            least = _by_profiles(certain, app, state, mac=mac)
            most = _by_profiles(certain + doubted, app, state, mac=mac)
            answer = least if not doubted or least == most == frozenset({HELD}) else either([least, most])
            if doubted and offered and HELD in most:
                answer |= least | (ANY - {HELD})
            answer |= most if perhaps else frozenset()
            answers.append(answer)
        return worst(answers)

    def encode(self, document: Document) -> bytes:
        """Write an object as XML, the profile escaped inside it."""
        return ('<?xml version="1.0" encoding="UTF-8"?>' + _xml(document.tree)).encode()


def _any_of(answers: list[frozenset[str]]) -> frozenset[str]:
    if frozenset({HELD}) in answers:
        return frozenset({HELD})
    acting = [one for one in answers if one != OPEN]
    return frozenset().union(*acting) if acting else OPEN


def _by_profiles(profiles: list[Any], app: dict[str, Any], state: Any, *, mac: bool) -> frozenset[str]:
    # Jamf gives each object's profile identifiers of its own.
    apart = [
        {**one, "PayloadIdentifier": f"{one['PayloadIdentifier']}.{number}"} if "PayloadIdentifier" in one else one
        for number, one in enumerate(profiles)
    ]
    if mac:
        return profiles_answer(apart, TEAM, app["macos"]["bundle_id"][0], state)
    return restrictions(apart, app["ios"]["bundle_id"][0], state)


def _xml(tree: dict[str, Any]) -> str:
    parts = []
    for tag, value in tree.items():
        if tag == "payloads":
            parts.append(f"<payloads>{escape(written(value).decode())}</payloads>")
        elif isinstance(value, list):
            parts += [f"<{tag}>{_xml(one)}</{tag}>" for one in value]
        elif isinstance(value, dict):
            parts.append(f"<{tag}>{_xml(value)}</{tag}>")
        else:
            parts.append(f"<{tag}>{escape(value)}</{tag}>")
    return "".join(parts)


FAMILY = Jamf()
