"""Fleet: GitOps files that name profiles and declarations, and the labels that say which hosts get them.

Sources: fleetdm/fleet docs/Configuration/yaml-files.md (labels since 32073), server/fleet/android.go @001a506f (keys that are refused),
articles/custom-os-settings.md (a file that no entry names is not delivered).
"""

from __future__ import annotations

import fnmatch
import json
import posixpath
from typing import TYPE_CHECKING, Any

import yaml

from oracle.apple_draws import access_keys, mistaken, payload, profile, some
from oracle.apple_facts import ACCESS, State, restrictions, states, written
from oracle.common import (
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
from oracle.family_app_settings import ACTIVATION, SETTINGS, both, settings_answer
from oracle.santa_facts import DOMAIN, profiles_answer

if TYPE_CHECKING:
    import random


TEAM = "ABCDE12345"
IDS = ["org.example.one", "org.example.two", "org.example.three"]
LABELS = ["field", "lab", "staff", "Supervised"]
TOP = "fleets/mobile.yml"


def labels_reach(entry: dict[str, Any], groups: list[str]) -> frozenset[str]:
    """Say whether the labels of an entry hold every device of the class."""
    any_of, all_of = entry.get("labels_include_any"), entry.get("labels_include_all")
    if any_of is not None and all_of is not None:
        return NOT_HELD  # one or the other: Fleet takes no entry with both
    excluded = entry.get("labels_exclude_any", [])
    if excluded and groups and set(groups) & set(excluded):
        return NOT_HELD
    answer = BLOCKED
    if any_of is not None:
        answer = BLOCKED if groups and set(groups) <= set(any_of) else DOUBT
    elif all_of is not None:
        covered = groups and set(all_of) <= set(groups)
        answer = DOUBT if not covered else BLOCKED if len(groups) == len(all_of) == 1 else NOT_OPEN
    return DOUBT if excluded and not groups else answer


def listed(tree: Any, *, ours: str) -> list[dict[str, Any]]:
    """Return the entries under the key that Fleet reads for Apple's (or Android's) profiles, in its new and its old spelling."""
    controls = tree.get("controls") if isinstance(tree, dict) else None
    found: list[dict[str, Any]] = []
    spellings = (("apple_settings", "configuration_profiles"), ("macos_settings", "custom_settings"))
    for section, key in spellings if ours == "apple" else (("android_settings", "configuration_profiles"),):
        place = controls.get(section) if isinstance(controls, dict) else None
        entries = place.get(key) if isinstance(place, dict) else None
        found += [one for one in entries or [] if isinstance(one, dict)]
    return found


def named(entry: dict[str, Any], paths: list[str]) -> list[str]:
    """Return the files of the tree that an entry names, by a path or a pattern relative to the GitOps file."""
    below = posixpath.dirname(TOP)
    if "paths" in entry:
        pattern = posixpath.normpath(posixpath.join(below, entry["paths"]))
        return [one for one in paths if fnmatch.fnmatch(one, pattern)]
    path = posixpath.normpath(posixpath.join(below, entry.get("path", "")))
    return [one for one in paths if one == path]


def _labels(rng: random.Random) -> dict[str, Any]:
    style = chosen(rng, {"none": 50, "any": 28, "all": 10, "exclude": 8, "mixed": 6, "wrong": 2})
    entry: dict[str, Any] = {}
    if style in {"any", "mixed", "wrong"}:
        entry["labels_include_any"] = (
            ["field", *rng.sample(LABELS[1:], rng.choice([0, 1]))] if rng.random() < 0.8 else ["lab"]
        )
    if style in {"all", "wrong"}:
        entry["labels_include_all"] = ["field"] if rng.random() < 0.7 else ["field", "Supervised"]
    if style in {"exclude", "mixed"}:
        entry["labels_exclude_any"] = rng.sample(LABELS, 1)
    return entry


def _profile(rng: random.Random, number: int, *, mac: bool) -> Document:
    name = f"org.example.p{number}"
    if mac:
        rules = [
            {"identifier": f"{TEAM}:{one}", "policy": "BLOCKLIST", "rule_type": "SIGNINGID"}
            for one in IDS
            if rng.random() < 0.85
        ]
        top = profile(rng, name, [payload(rng, DOMAIN, f"{name}.santa", StaticRules=rules)])
        return Document(f"lib/macos/configuration-profiles/santa{number}.mobileconfig", top)
    keys: dict[str, Any] = (
        {"blockedAppBundleIDs": some(rng, IDS, 0.9)} if rng.random() < 0.75 else access_keys(rng, IDS)
    )
    top = profile(rng, name, [payload(rng, ACCESS, f"{name}.restrictions", **keys)])
    if rng.random() < 0.12:
        mistaken(rng, top)
    return Document(f"lib/ios/configuration-profiles/banned{number}.mobileconfig", top)


def _declaration(rng: random.Random, number: int, *, mac: bool) -> Document:
    key = "DeniedBinaries" if mac else "DeniedApps"
    members = [{"TeamID": TEAM, "SigningID": one} for one in IDS if rng.random() < 0.9] if mac else some(rng, IDS, 0.9)
    if rng.random() < 0.08:
        key = key.lower()
    tree = {"Type": SETTINGS, "Identifier": f"org.example.settings.{number}", "Payload": {"Allowed": {key: members}}}
    return Document(f"lib/{'macos' if mac else 'ios'}/declaration-profiles/banned{number}.json", tree)


def _android(rng: random.Random) -> Document:
    applications = [{"packageName": f"{one}", "installType": "BLOCKED"} for one in IDS]
    tree: dict[str, Any] = {"advancedSecurityOverrides": {"untrustedAppsPolicy": "DISALLOW_INSTALL"}}
    if rng.random() < 0.7:
        tree.update(playStoreMode="BLACKLIST", applications=applications)
    else:
        tree["personalUsagePolicies"] = {"personalPlayStoreMode": "BLOCKLIST", "personalApplications": applications}
    return Document("lib/android/configuration-profiles/banned.json", tree)


def _entry(rng: random.Random, document: Document) -> dict[str, Any] | None:
    style = chosen(rng, {"path": 88, "glob": 5, "missing": 4, "unnamed": 3})
    if style == "unnamed":
        return None
    path = f"../{document.path}"
    if style == "missing":
        path = path.replace("banned", "forbidden").replace("santa", "blocked")
    folder, _, file = path.rpartition("/")
    place = {"paths": f"{folder}/*.{file.rpartition('.')[2]}"} if style == "glob" else {"path": path}
    return {**place, **_labels(rng)}


def _spelling(rng: random.Random) -> tuple[str, str]:
    style = chosen(rng, {"new": 62, "old": 32, "wrong": 3, "wrong section": 3})
    return {
        "new": ("apple_settings", "configuration_profiles"),
        "old": ("macos_settings", "custom_settings"),
        "wrong": ("apple_settings", "profiles"),
        "wrong section": ("ios_settings", "configuration_profiles"),
    }[style]


class Fleet:
    """Repositories of Fleet GitOps."""

    name = "fleet"
    settled: tuple[Settled, ...] = ()
    faults: tuple[Settled, ...] = ()

    def generate(self, rng: random.Random) -> Scenario:
        """Draw a repository with one fleet's file."""
        kind = chosen(rng, {"ios": 45, "ios ddm": 18, "ios both": 7, "santa": 15, "mac ddm": 8, "android": 7})
        mac = kind in {"santa", "mac ddm"}
        documents = self._files(rng, kind, mac=mac)
        section, key = ("android_settings", "configuration_profiles") if kind == "android" else _spelling(rng)
        entries = [entry for one in documents if (entry := _entry(rng, one)) is not None]
        activation = self._activation(rng, documents, entries)
        tree = {"name": "Mobile", "controls": {section: {key: entries}}, "policies": [], "reports": []}
        return Scenario(
            (Document(TOP, tree), *documents, *activation),
            self._device(rng, kind, mac=mac),
            tuple(self._app(kind, one, mac=mac) for one in IDS),
        )

    @staticmethod
    def _files(rng: random.Random, kind: str, *, mac: bool) -> list[Document]:
        if kind == "android":
            return [_android(rng)]
        found = []
        if kind in {"ios", "ios both", "santa"}:
            found += [_profile(rng, number, mac=mac) for number in range(1 if mac or rng.random() < 0.7 else 2)]
        if kind in {"ios ddm", "ios both", "mac ddm"}:
            found += [_declaration(rng, number, mac=mac) for number in range(rng.choice([1, 1, 2]))]
        return found

    @staticmethod
    def _activation(rng: random.Random, documents: list[Document], entries: list[dict[str, Any]]) -> list[Document]:
        own = [one for one in documents if one.tree.get("Type") == SETTINGS]
        entry = next((one for one in entries if own and one.get("path") == f"../{own[0].path}"), None)
        if entry is None or rng.random() < 0.8:
            return []
        path = own[0].path.replace("banned", "activation")
        entry["activation"] = f"../{path}"
        found: dict[str, Any] = {"StandardConfigurations": [own[0].tree["Identifier"]]}
        if rng.random() < 0.5:
            found["Predicate"] = "@status(device.model.family) == 'iPhone'"
        return [Document(path, {"Type": ACTIVATION, "Identifier": "org.example.activation", "Payload": found})]

    @staticmethod
    def _device(rng: random.Random, kind: str, *, mac: bool) -> dict[str, Any]:
        device: dict[str, Any] = {"name": "class"}
        if kind == "android":
            device.update(platform="android", os=">=13", mode=rng.choice(["fully-managed", "cope"]), origins=["store"])
        else:
            platform = "macos" if mac else rng.choice(["ios", "ios", "ipados"])
            new = ">=27" if "ddm" in kind or mac or rng.random() < 0.4 else rng.choice([">=17", ">=16, <27"])
            device.update(platform=platform, os=new, supervised=rng.random() < 0.94, enrollment="automated")
        if rng.random() < 0.7:
            device["groups"] = ["field"] if rng.random() < 0.8 else ["field", "staff"]
        return device

    @staticmethod
    def _app(kind: str, one: str, *, mac: bool) -> dict[str, Any]:
        name = one.rpartition(".")[2]
        if kind == "android":
            return {"name": name, "android": {"package_name": [one]}}
        return (
            {"name": name, "macos": {"bundle_id": [one], "team_id": [TEAM]}}
            if mac
            else {"name": name, "ios": {"bundle_id": [one]}}
        )

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each app by the files that an entry names, for the hosts its labels hold."""
        if scenario.device["platform"] == "android":
            # Fleet refuses lists of apps for the work side, and nothing else it carries closes that side.
            return {app["name"]: NOT_HELD for app in scenario.apps}
        files = {one.path: one.tree for one in scenario.documents}
        paths = [one for one in files if one.startswith("lib/")]
        arriving: dict[str, frozenset[str]] = {}
        for entry in listed(files.get(TOP), ours="apple"):
            reach = labels_reach(entry, scenario.device.get("groups", []))
            own = files.get(posixpath.normpath(posixpath.join(posixpath.dirname(TOP), entry.get("activation", "-"))))
            if own is not None:
                reach = (reach - {HELD}) | DOUBT if "Predicate" in own["Payload"] else reach | DOUBT
            for path in named(entry, paths):
                # Fleet makes activations itself and takes none as a profile; what it does with a file named twice no page says.
                if files[path].get("Type") != ACTIVATION:
                    arriving[path] = reach if path not in arriving else arriving[path] | reach | DOUBT
        return {app["name"]: self._answer(scenario, app, files, arriving) for app in scenario.apps}

    def _answer(
        self, scenario: Scenario, app: dict[str, Any], files: dict[str, Any], arriving: dict[str, frozenset[str]]
    ) -> frozenset[str]:
        certain = [path for path, reach in arriving.items() if reach == BLOCKED]
        known = [path for path, reach in arriving.items() if HELD in reach]
        answers = []
        for state in states(scenario.device):
            least = _by_files([files[path] for path in certain], app, state)
            most = _by_files([files[path] for path in arriving], app, state)
            answer = least if least == most else either([least, most])
            if known != certain:
                answer |= most
            if least == OPEN and any(reach == NOT_HELD for reach in arriving.values()):
                answer |= NOT_HELD if answer != BLOCKED else frozenset()
            if answer == OPEN and any(_stops_installs(files[path]) for path in arriving if path not in certain):
                answer = NOT_HELD  # a copy that is there runs in any case; of the others nobody can tell
            answers.append(answer)
        # A file that no entry names, or names wrongly, is not delivered; the product may also say that nothing is proven by it.
        found = worst(answers)
        return NOT_HELD if found == OPEN and len(arriving) < len(files) - 1 else found

    def encode(self, document: Document) -> bytes:
        """Write YAML, JSON or a profile, as the file's name says."""
        if document.path.endswith(".mobileconfig"):
            return written(document.tree)
        if document.path.endswith(".json"):
            return json.dumps(document.tree, indent=2).encode()
        return yaml.safe_dump(document.tree, sort_keys=False).encode()


def _stops_installs(tree: dict[str, Any]) -> bool:
    payloads = [one for one in tree.get("PayloadContent", []) if isinstance(one, dict)]
    return any(one.get(key) is False for one in payloads for key in ("allowAppInstallation", "allowUIAppInstallation"))


def _by_files(trees: list[Any], app: dict[str, Any], state: State) -> frozenset[str]:
    declarations = [one for one in trees if isinstance(one, dict) and one.get("Type") == SETTINGS]
    profiles = [one for one in trees if not isinstance(one, dict) or "Type" not in one]
    answer = settings_answer(declarations, app, state)
    if not profiles:
        return answer
    if "macos" in app:
        return both(answer, profiles_answer(profiles, TEAM, app["macos"]["bundle_id"][0], state))
    return both(answer, restrictions(profiles, app["ios"]["bundle_id"][0], state))


FAMILY = Fleet()
