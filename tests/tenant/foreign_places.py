"""Let somebody else work in a tenant: put objects there, give them to others, rename and delete them, as consoles let people do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from emulators.amapi import ENTERPRISE
from emulators.amapi_types import RefusedError, check, check_rules
from emulators.jamf import _Refusal
from lxml import etree
from push.kits import jamf, kmfddm

if TYPE_CHECKING:
    from pathlib import Path

PILOT, LAB = "0f0f0f0f-1111-4222-8333-aaaaaaaaaaaa", "0f0f0f0f-1111-4222-8333-bbbbbbbbbbbb"
"""The groups of Entra that objects are given to: the deployment knows the first."""


class NotRealError(Exception):
    """Say that the server would refuse an object: nothing has changed."""


class Foreign(NamedTuple):
    """Hold an object of somebody else: its name, the file it was made as, its bytes, and what it needs beside it."""

    label: str
    file: str
    data: bytes
    beside: bytes = b""


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
            before = held["data"]
            held["data"] = {name: before[name] for name in ("createdDateTime", "lastModifiedDateTime", "version")}
            try:
                self._server._put(ids[number], json.loads(json.dumps(body)))
                self._server._shown(ids[number], "beta")
            except (KeyError, TypeError, AttributeError):  # an app without an id, a setting that is none
                held["data"] = before
                raise NotRealError from None
        else:
            ids.append(self._server.seed(collection, json.loads(json.dumps(body))))
        self._server.objects[ids[number]]["assignments"] = to

    def _assigned(self, each: Any, was: Any, who: str) -> list[Any]:
        own = each.get("assignments") if isinstance(each, dict) else None
        if who == "everyone" and "assignments" in was:
            return own if isinstance(own, list) else []
        kinds: dict[str, list[tuple[str, dict[str, str]]]] = {
            "everyone": [("allDevicesAssignmentTarget", {})],
            "pilot": [("groupAssignmentTarget", {"groupId": PILOT})],
            "lab": [("groupAssignmentTarget", {"groupId": LAB})],
            "without pilot": [
                ("allDevicesAssignmentTarget", {}),
                ("exclusionGroupAssignmentTarget", {"groupId": PILOT}),
            ],
            "filtered": [
                (
                    "allDevicesAssignmentTarget",
                    {
                        "deviceAndAppManagementAssignmentFilterId": LAB,
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
                    one["target"]["groupId"] = PILOT if one["target"]["groupId"] == LAB else LAB

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
