"""Make foreign mutants: what somebody else does to objects of theirs in a tenant where our bans are in place.

A step adds an object that is not ours, changes it, gives it to others, calls its group by another name, or deletes it. The
objects are the golden documents of every target, with the edits of `policy_mutants`, and the readers' own samples; what a
server would refuse is no step. The steps of a destination are the same in every run, and each has a name.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import policy_mutants
from build_kit import ALL_OPTIONS, TARGETS, built
from emulators.amapi import ENTERPRISE
from emulators.amapi_types import RefusedError, check, check_rules
from emulators.jamf import _Refusal
from lxml import etree
from push.kits import amapi, git, graph, jamf, kmfddm
from push.stage import DAY, DEVICES

from mdm_policy.errors import PolicyError
from mdm_policy.kinds import KINDS, open_document
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_PILOT, _LAB = "0f0f0f0f-1111-4222-8333-aaaaaaaaaaaa", "0f0f0f0f-1111-4222-8333-bbbbbbbbbbbb"
_PILOTS = {"name": "pilots", "platform": "ios", "os": ">=17, <27", "supervised": True, "groups": ["pilot"]}


class NotRealError(Exception):
    """Say that the server would refuse an object: nothing has changed."""


class Foreign(NamedTuple):
    """Hold an object of somebody else: its name, the file it was made as, its bytes, and what it needs beside it."""

    label: str
    file: str
    data: bytes
    beside: bytes = b""


class Step(NamedTuple):
    """Hold one mutation: its name, what kind it is, and how it is made."""

    name: str
    kind: str
    make: Callable[[], None]


class Place(Protocol):
    """Let somebody else work in a tenant."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return whom an object can be for there, everybody first."""
        ...

    def put(self, key: str, one: Foreign, data: bytes, who: str) -> None:
        """Make an object what it should be, or raise `NotRealError`."""

    def rename(self, key: str) -> None:
        """Call the object, or the group that it is for, by another name."""

    def drop(self, key: str) -> None:
        """Delete the object."""


class Graph:
    """Work in Intune."""

    scopes = ("everyone", "pilot", "lab", "without pilot", "filtered", "nobody")
    _target = "#microsoft.graph."

    def __init__(self, server: Any) -> None:
        self._server = server
        self._ids: dict[str, list[str]] = {}

    def put(self, key: str, one: Foreign, data: bytes, who: str) -> None:
        value, golden = _json(data), json.loads(one.data)
        if "settingInstance" in json.dumps(value) and not isinstance(value.get("settings"), list):
            raise NotRealError
        for number, each in enumerate(_each(value)):
            was = _each(golden)[number]
            self._store(key, number, each, _collection(was), self._assigned(each, was, who))

    def _store(self, key: str, number: int, each: Any, collection: str, to: list[Any]) -> None:
        if not isinstance(each, dict):
            raise NotRealError
        body = {"templateReference": {"templateId": ""}, **each} if collection == "configurationPolicies" else each
        ids = self._ids.setdefault(key, [])
        if number < len(ids):
            held = self._server.objects[ids[number]]
            kept = {name: held["data"][name] for name in ("createdDateTime", "lastModifiedDateTime", "version")}
            held["data"] = {**kept}
            self._server._put(ids[number], json.loads(json.dumps(body)))
        else:
            ids.append(self._server.seed(collection, json.loads(json.dumps(body))))
        self._server.objects[ids[number]]["assignments"] = to

    def _assigned(self, each: Any, was: Any, who: str) -> list[Any]:
        own = each.get("assignments") if isinstance(each, dict) else None
        if who == "everyone" and "assignments" in was:
            return own if isinstance(own, list) else []
        kinds: dict[str, list[tuple[str, dict[str, str]]]] = {
            "everyone": [("allDevicesAssignmentTarget", {})],
            "pilot": [("groupAssignmentTarget", {"groupId": _PILOT})],
            "lab": [("groupAssignmentTarget", {"groupId": _LAB})],
            "without pilot": [
                ("allDevicesAssignmentTarget", {}),
                ("exclusionGroupAssignmentTarget", {"groupId": _PILOT}),
            ],
            "filtered": [
                (
                    "allDevicesAssignmentTarget",
                    {
                        "deviceAndAppManagementAssignmentFilterId": _LAB,
                        "deviceAndAppManagementAssignmentFilterType": "include",
                    },
                )
            ],
            "nobody": [],
        }
        intent = next((one["intent"] for one in was.get("assignments", ()) if "intent" in one), "")
        more = {"intent": intent} if intent else {}
        return [{**more, "target": {"@odata.type": f"{self._target}{kind}", **keys}} for kind, keys in kinds[who]]

    def rename(self, key: str) -> None:
        for id_ in self._ids.get(key, ()):
            data = self._server.objects[id_]["data"]
            for name in ("displayName", "name"):
                if name in data:
                    data[name] = f"{data[name]} (renamed)"
            for one in self._server.objects[id_]["assignments"]:
                if one["target"].get("groupId"):
                    one["target"]["groupId"] = _PILOT if one["target"]["groupId"] == _LAB else _LAB

    def drop(self, key: str) -> None:
        for id_ in self._ids.pop(key, ()):
            del self._server.objects[id_]


class Jamf:
    """Work in Jamf Pro."""

    scopes = ("everyone", "group", "one device", "without group", "limited", "nobody")

    def __init__(self, server: Any) -> None:
        self._server = server
        self._ids: dict[str, tuple[str, int]] = {}

    def put(self, key: str, one: Foreign, data: bytes, who: str) -> None:
        try:
            root = etree.fromstring(data)
        except etree.XMLSyntaxError:
            raise NotRealError from None
        resource = _RESOURCES.get(root.tag)
        name = root.find("general/name")
        if resource is None or name is None or resource != _RESOURCES[etree.fromstring(one.data).tag]:
            raise NotRealError
        name.text = f"{key} by hand"
        for old in root.findall("scope"):
            root.remove(old)
        root.append(etree.fromstring(_scope(resource, who)))
        for section in list(root):
            if section.tag not in ("general", "scope"):
                root.remove(section)
        try:
            if key in self._ids:
                self._server._update(*self._ids[key], root)
            else:
                number = self._server._create(resource, root)
                self._server.foreign_ids[resource].add(number)
                self._ids[key] = resource, number
        except (_Refusal, KeyError, TypeError, AttributeError):
            raise NotRealError from None

    def rename(self, key: str) -> None:
        resource, number = self._ids[key]
        self._server.objects[resource][number]["general"]["name"] += " (renamed)"
        for kind in ("computer_groups", "mobile_device_groups"):
            for one in self._server.objects[resource][number]["scope"].get(kind, ()):
                one["name"] += " (renamed)"

    def drop(self, key: str) -> None:
        resource, number = self._ids.pop(key)
        del self._server.objects[resource][number]


_RESOURCES: dict[Any, str] = {
    "restricted_software": jamf.SOFTWARE,
    "configuration_profile": jamf.MOBILE,
    "os_x_configuration_profile": jamf.MACS,
}


def _scope(resource: str, who: str) -> str:
    mobile = resource == jamf.MOBILE
    device, group = ("mobile_device", "mobile_device_group") if mobile else ("computer", "computer_group")
    every = f"<all_{device}s>true</all_{device}s>"
    groups = f"<{group}s><{group}><id>12</id></{group}></{group}s>"
    limits = "<network_segments><network_segment><id>1</id></network_segment></network_segments>"
    inside = {
        "everyone": every,
        "group": groups,
        "one device": f"<{device}s><{device}><id>7</id></{device}></{device}s>",
        "without group": f"{every}<exclusions>{groups}</exclusions>",
        "limited": f"{every}<limitations>{limits}</limitations>"
        if resource != jamf.SOFTWARE
        else f"{every}<exclusions><users><user><name>root</name></user></users></exclusions>",
        "nobody": f"<all_{device}s>false</all_{device}s>",
    }
    return f"<scope>{inside[who]}</scope>"


class Amapi:
    """Work in an enterprise of Android: a policy is for the devices that have it."""

    scopes = ("everyone", "nobody")

    def __init__(self, server: Any) -> None:
        self._server = server

    def put(self, key: str, one: Foreign, data: bytes, who: str) -> None:
        del one
        value = _json(data)
        try:
            check(value)
            check_rules(value)
        except (RefusedError, TypeError, KeyError, AttributeError):
            raise NotRealError from None
        name = self._server.seed(key, {k: v for k, v in value.items() if k not in ("name", "version")})
        if who == "everyone":
            self._server.enroll(key, policyName=name)
        else:
            self._server.devices.pop(f"{ENTERPRISE}/devices/{key}", None)

    def rename(self, key: str) -> None:
        """Move the device to the policy under another name: the old one stays, without a device."""
        old = f"{ENTERPRISE}/policies/{key}"
        new = self._server.seed(f"{key}-2", self._server.policies[old])
        if f"{ENTERPRISE}/devices/{key}" in self._server.devices:
            self._server.enroll(key, policyName=new)

    def drop(self, key: str) -> None:
        self._server.devices.pop(f"{ENTERPRISE}/devices/{key}", None)
        for name in (key, f"{key}-2"):
            self._server.policies.pop(f"{ENTERPRISE}/policies/{name}", None)


class Kmfddm:
    """Work in KMFDDM: a declaration is for those who are in its sets."""

    scopes = ("everyone", "pilot", "lab", "nobody")
    _sets = {"everyone": (kmfddm.SET,), "pilot": ("pilots",), "lab": ("lab",), "nobody": ()}

    def __init__(self, server: Any) -> None:
        self._server = server
        self._held: dict[str, list[str]] = {}

    def put(self, key: str, one: Foreign, data: bytes, who: str) -> None:
        value = _json(_own(key, data))
        golden = json.loads(_own(key, one.data))
        if not all(isinstance(value.get(name), str) and value[name] for name in ("Identifier", "Type")):
            raise NotRealError
        if not isinstance(value.get("Payload", {}), dict):
            raise NotRealError
        value["Identifier"] = golden["Identifier"]
        both = [value, *([json.loads(_own(key, one.beside))] if one.beside else [])]
        for each in both:
            self._leave(each["Identifier"])
            self._server.seed(each, *self._sets[who])
        self._held[key] = [each["Identifier"] for each in both]

    def _leave(self, identifier: str) -> None:
        for name, members in list(self._server.sets.items()):
            kept = [one for one in members if one != identifier]
            self._server.sets.pop(name)
            if kept:
                self._server.sets[name] = kept

    def rename(self, key: str) -> None:
        """Give the sets that it is in other names; everybody's keeps its own."""
        for name in ("pilots", "lab"):
            for identifier in self._held[key]:
                if identifier in self._server.sets.get(name, []):
                    self._leave(identifier)
                    self._server.sets.setdefault(f"{name}-2", []).append(identifier)

    def drop(self, key: str) -> None:
        for identifier in self._held.pop(key):
            self._leave(identifier)
            del self._server.declarations[identifier]


class Git:
    """Work in a folder: a file is there or not."""

    scopes = ("everyone", "nobody")

    def __init__(self, folder: Any) -> None:
        self._root: Path = folder.root

    def put(self, key: str, one: Foreign, data: bytes, who: str) -> None:
        path = self._path(key, one.file)
        if who == "nobody":
            self.drop(key)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def _path(self, key: str, file: str) -> Path:
        return self._root / "hand" / key / file.rpartition("/")[2]

    def rename(self, key: str) -> None:
        for path in (self._root / "hand" / key).glob("*"):
            path.rename(path.with_name(f"renamed-{path.name}"))

    def drop(self, key: str) -> None:
        for path in (self._root / "hand" / key).glob("*"):
            path.unlink()


def _own(key: str, data: bytes) -> bytes:
    """Give declarations identifiers that no other object's have."""
    return data.replace(b"mdm-policy.", f"{key}.".encode())


def _json(data: bytes) -> Any:
    try:
        value = json.loads(data)
    except ValueError:
        raise NotRealError from None
    if not isinstance(value, dict):
        raise NotRealError
    return value


def _each(value: Any) -> list[Any]:
    """Return the objects of a page, or the one object."""
    listed = value.get("value") if isinstance(value, dict) and "@odata.type" not in value else None
    return listed if isinstance(listed, list) else [value]


def _collection(value: Any) -> str:
    """Return where Intune keeps an object, by its golden form."""
    kind = str(value.get("@odata.type", ""))
    if "settings" in value:
        return "configurationPolicies"
    if kind.endswith("AppConfiguration"):
        return "mobileAppConfigurations"
    if kind.endswith(("App", "Lob")):
        return "mobileApps"
    return "deviceCompliancePolicies" if kind.endswith("CompliancePolicy") else "deviceConfigurations"


class _GraphKit(graph.Kit):
    devices = [*DEVICES, _PILOTS, {"name": "pilot PCs", "platform": "windows", "os": ">=10", "groups": ["pilot"]}]

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        return {**super().deployment(url, folder), "assign": ["pilot"], "groups": {"pilot": _PILOT}}


class _JamfKit(jamf.Kit):
    targets: Any = ("jamf-mobile-profile", "jamf-macos-profile")
    devices = [
        *DEVICES,
        {**_PILOTS, "groups": ["Kiosks"]},
        {"name": "pilot Macs", "platform": "macos", "os": ">=14", "supervised": True, "groups": ["Kiosks"]},
    ]

    def emulator(self) -> Any:
        server = super().emulator()
        server.groups["computer_groups"][13] = "Kiosks"
        return server

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        return {**super().deployment(url, folder), "assign": ["Kiosks"]}


class _KmfddmKit(kmfddm.Kit):
    devices = [
        *kmfddm.Kit.devices,
        {"name": "Macs", "platform": "macos", "os": ">=27", "supervised": True, "enrollment": "automated"},
        {**_PILOTS, "os": ">=27", "enrollment": "automated"},
        {
            "name": "pilot Macs",
            "platform": "macos",
            "os": ">=27",
            "supervised": True,
            "enrollment": "automated",
            "groups": ["pilot"],
        },
    ]

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        return {**super().deployment(url, folder), "assign": ["pilot"], "groups": {"pilot": "pilots"}}


class _AmapiKit(amapi.Kit):
    devices = [*DEVICES, {"name": "work profiles", "platform": "android", "os": ">=13", "mode": "byod"}]


class _GitKit(git.Kit):
    targets: Any = ("amapi-fully-managed",)

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        made = super().deployment(url, folder)
        return {"git": {"path": made["git"]["path"]}}


KITS: dict[str, Callable[[], Any]] = {
    "graph": _GraphKit,
    "jamf": _JamfKit,
    "amapi": _AmapiKit,
    "kmfddm": _KmfddmKit,
    "git": _GitKit,
}
"""The destinations that can be read back, each with targets that leave some of its devices to others' objects."""
PLACES: dict[str, Callable[[Any], Place]] = {
    "graph": Graph,
    "jamf": Jamf,
    "amapi": Amapi,
    "kmfddm": Kmfddm,
    "git": Git,
}


def golden(deployment: Path) -> dict[str, bytes]:
    """Build every target for a deployment's order."""
    read = inputs.gather(deployment, ())
    resolution = resolve(read.lists, read.deployment, read.catalogue, DAY)
    return built(resolution, None, TARGETS, ALL_OPTIONS, "order")[1]


_TAKES = {
    "graph": re.compile(r"(intune-.*\.json)\Z"),
    "jamf": re.compile(r"(jamf-.*\.xml)\Z"),
    "amapi": re.compile(r"(amapi-.*\.policy\.json)\Z"),
    "kmfddm": re.compile(r"(apple-ddm-.*\.json)\Z"),
    "git": re.compile(r"(.*\.(?:json|xml|mobileconfig))\Z"),
}
_SAMPLES = {
    "graph": (
        "intune-settings-catalog",
        "intune-device-configuration",
        "intune-mobile-app",
        "intune-app-configuration",
    ),
    "jamf": ("jamf-restricted-software", "jamf-mobile-profile", "jamf-macos-profile"),
    "amapi": ("amapi-policy",),
    "kmfddm": ("apple-declaration-configuration", "apple-declaration-activation"),
    "git": (
        "apple-profile",
        "santa-rules",
        "applocker-rules",
        "intune-mobile-app",
        "jamf-macos-profile",
        "amapi-policy",
    ),
}


def documents(name: str, files: dict[str, bytes]) -> list[Foreign]:
    """Return what somebody else may have at a destination."""
    taken = [Foreign(file, file, data) for file, data in files.items() if _TAKES[name].match(file)]
    taken = (
        [one for one in taken if not one.file.endswith(("approve-apps.json", "mobileconfig"))]
        if name != "git"
        else taken
    )
    if name == "kmfddm":
        taken = _declarations(files)
    suffixes = {"plist": "mobileconfig"}
    for kind in _SAMPLES[name]:
        form = KINDS[kind].formats[0]
        taken.append(Foreign(f"sample of {kind}", f"{kind}.{suffixes.get(form, form)}", KINDS[kind].sample))
    if name == "graph":
        profile = base64.b64encode(files["macos-santa/order.mobileconfig"]).decode()
        macs = {
            "@odata.type": "#microsoft.graph.macOSCustomConfiguration",
            "displayName": "Santa by hand",
            "payloadName": "Santa",
            "payloadFileName": "santa.mobileconfig",
            "deploymentChannel": "deviceChannel",
            "payload": profile,
        }
        taken.append(Foreign("Santa through Intune", "santa.json", json.dumps(macs).encode()))
    return taken


def _declarations(files: dict[str, bytes]) -> list[Foreign]:
    """Return configurations, each with the activation that turns it on, and an activation with its configuration."""
    made = []
    for target in ("apple-ddm-apps", "apple-ddm-binaries"):
        configuration, activation = (files[f"{target}/order.{kind}.json"] for kind in ("configuration", "activation"))
        made += [
            Foreign(target, "configuration.json", configuration, activation),
            Foreign(f"{target}, on", "activation.json", activation, configuration),
        ]
        let = json.loads(configuration)
        let["Payload"]["Allowed"]["AlwaysAllowManagedApps"] = True
        made.append(Foreign(f"{target}, managed apps let past", "let.json", json.dumps(let).encode(), activation))
    return made


def steps(name: str, place: Place, given: Sequence[Foreign], rounds: int, edits: int) -> Iterator[list[Step]]:
    """Yield the steps of each object, in their order: every round edits it in other ways, and ends with its deletion."""
    weak: dict[str, list[policy_mutants.Mutant]] = {}
    for number in range(rounds):
        for one in given:
            if one.label not in weak:
                weak[one.label] = _weakened(one)
            dice = random.Random(f"{name} {one.label} {number}")  # noqa: S311 - the same in each run
            drawn = dice.sample(weak[one.label], min(edits, len(weak[one.label])))
            yield list(_life(place, one, f"{_slug(one.label)}-{number}", drawn, dice))


def _weakened(one: Foreign) -> list[policy_mutants.Mutant]:
    """Return the edits of a document, as far as they are known for its kind."""
    made: list[policy_mutants.Mutant] = []
    with contextlib.suppress(PolicyError, TypeError, AttributeError, AssertionError, KeyError):
        made.extend(policy_mutants.weakening(open_document(one.file, one.data)))
    return made


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def _life(
    place: Place, one: Foreign, key: str, drawn: Sequence[policy_mutants.Mutant], dice: random.Random
) -> Iterator[Step]:
    """Yield what becomes of one object: it comes, goes to others and back, is edited and mended, renamed and deleted."""

    def put(data: bytes, who: str) -> Callable[[], None]:
        return lambda: place.put(key, one, data, who)

    everyone, *others = place.scopes
    yield Step(f"{key}: add, for nobody", "add", put(one.data, "nobody"))
    yield Step(f"{key}: assign to everyone", "assign", put(one.data, everyone))
    for who in dice.sample(others, len(others)):
        yield Step(f"{key}: assign to {who}", "assign", put(one.data, who))
        if dice.random() < 0.7:
            yield Step(f"{key}: back to everyone", "assign", put(one.data, everyone))
    yield Step(f"{key}: to everyone again", "assign", put(one.data, everyone))
    for edit in drawn:
        yield Step(f"{key}: change: {edit.label[:60]}", "change", put(edit.data, everyone))
        yield Step(f"{key}: mend: {edit.label[:60]}", "change", put(one.data, everyone))
    yield Step(f"{key}: assign to {others[0]} once more", "assign", put(one.data, others[0]))
    yield Step(f"{key}: rename", "rename", lambda: place.rename(key))
    yield Step(f"{key}: to everyone at last", "assign", put(one.data, everyone))
    yield Step(f"{key}: delete", "delete", lambda: place.drop(key))
