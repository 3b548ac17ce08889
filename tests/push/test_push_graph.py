"""The client of Microsoft Graph against its emulator: each call, what Intune rewrites, what it refuses, and secrets."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from emulators.base import Answer, reply
from emulators.faults import Fault
from emulators.graph import CLIENT, HOSTS, SECRET, TENANT, GraphServer

from mdm_policy.errors import Origin, PolicyError
from mdm_policy.kinds import open_document
from mdm_policy.model import DestinationSpec
from mdm_policy.push import listings
from mdm_policy.push.addresses import CLOUDS
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations import graph_bodies as bodies
from mdm_policy.push.destinations.graph import GraphDestination
from mdm_policy.push.marks import find_mark, mark
from mdm_policy.push.model import Assignment, Item, MadeDocument, Remote, Summary
from mdm_policy.push.protocol import Edge, connect, marker, remarks
from push.kits.graph import Kit, catalog
from push.stage import stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from push.stage import Stage

OWNER = "gov.example.agency"
GROUP = "0f0f0f0f-1111-4222-8333-444444444444"
OTHER = "0f0f0f0f-1111-4222-8333-555555555555"
FILTER = "0f0f0f0f-1111-4222-8333-666666666666"
IOS = "intune-ios-settings-catalog"
POLICY = catalog("Banned apps", "Built by mdm-policy.", "com.a", "com.b") | {"roleScopeTagIds": ["0"]}
RESTRICTIONS = {
    "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
    "displayName": "Banned apps",
    "description": "Built by mdm-policy.",
    "appsVisibilityListType": "appsNotInListCompliant",
    "appsVisibilityList": [
        {
            "@odata.type": "#microsoft.graph.appListItem",
            "name": "A",
            "publisher": None,
            "appStoreUrl": None,
            "appId": "com.a",
        },
        {
            "@odata.type": "#microsoft.graph.appListItem",
            "name": "B",
            "publisher": None,
            "appStoreUrl": None,
            "appId": "com.b",
        },
    ],
}
CUSTOM = {
    "@odata.type": "#microsoft.graph.iosCustomConfiguration",
    "displayName": "Banned apps",
    "description": "",
    "payloadName": "Banned apps",
    "payloadFileName": "banned-apps.mobileconfig",
    "payload": "PHBsaXN0Lz4=",
}
NODE = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/g/EXE/Policy"


def node(uri: str = NODE, value: str = "<RuleCollection/>") -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.omaSettingString",
        "displayName": "AppLocker",
        "description": "d",
        "omaUri": uri,
        "value": value,
    }


APPLOCKER = {
    "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
    "displayName": "Banned apps",
    "description": "d",
    "omaSettings": [node()],
}
ANDROID = {
    "@odata.type": "#microsoft.graph.androidDeviceOwnerGeneralDeviceConfiguration",
    "displayName": "Banned apps",
    "description": "d",
    "appsAllowInstallFromUnknownSources": False,
    "securityRequireVerifyApps": True,
    "personalProfilePlayStoreMode": "blockedApps",
    "personalProfileAppsAllowInstallFromUnknownSources": False,
    "personalProfilePersonalApplications": [],
}
DOCUMENTS: dict[tuple[str, str], dict[str, Any]] = {
    (IOS, "policy"): POLICY,
    ("intune-ios-device-restrictions", "configuration"): RESTRICTIONS,
    ("intune-ios-custom", "configuration"): CUSTOM,
    ("intune-windows-applocker", "configuration"): APPLOCKER,
    ("intune-android-corporate", "device-restrictions"): ANDROID,
}


def made(target: str, document: str, value: dict[str, Any], **known: Any) -> MadeDocument:
    path, data = f"{target}/x.json", json.dumps(value).encode()
    kind = open_document(path, data).kind
    return MadeDocument(path, target, document, known.pop("variant", ""), kind, data, **known)


ALL = [made(*key, value) for key, value in DOCUMENTS.items()]


class Rig:
    """Hold a client, its emulator, and how long it waited."""

    def __init__(self, server: GraphServer, **known: Any) -> None:
        self.server = server
        self.waited: list[float] = []
        settings = {
            "tenant": TENANT,
            "client_id": CLIENT,
            "client_secret": {"env": "S"},
            "login_url": server.url,
            "graph_url": server.url,
            **known.pop("settings", {}),
        }
        secret = known.pop("secret", SECRET)
        spec = DestinationSpec("there", "graph", settings, Origin("d.yaml", 3, 1), **known)
        edge = Edge(lambda _: secret, self.waited.append, timeout=0.5)
        self.there = connect(spec, OWNER, edge)

    def push(self, one: MadeDocument) -> tuple[Item, Remote]:
        (item,) = self.there.items([one])
        return item, self.read(self.there.create(item))

    def read(self, summary: Summary) -> Remote:
        found = self.there.get(summary)
        assert found is not None
        return found


@pytest.fixture
def server() -> Iterator[GraphServer]:
    with Kit().emulator() as running:
        yield running


@pytest.fixture
def rig(server: GraphServer) -> Rig:
    return Rig(server, assign="everyone", groups={"lab": GROUP, "field": OTHER})


def raw(server: GraphServer, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = server.objects[id_]["data"]
    return found


class Refused(NamedTuple):
    fault: str
    ambiguous: bool


def failing(call: Callable[[], Any]) -> Refused:
    with pytest.raises(Failure) as caught:
        call()
    assert SECRET not in caught.value.said
    return Refused(caught.value.fault, caught.value.ambiguous)


# --- the whole way of an object ------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.target)
def test_an_object_is_made_found_again_and_equal(rig: Rig, one: MadeDocument) -> None:
    item, remote = rig.push(one)
    assert item.key == marker(OWNER, one.target, one.document, "") == remote.key
    assert rig.there.differs(item, remote) == ()
    assert remote.extra == ()
    assert remote.assignment == Assignment()
    (found,) = [each for each in rig.there.list() if each.key == item.key]
    assert (found.owner, found.id, found.kind, found.name) == (OWNER, remote.id, item.kind, "Banned apps")
    assert json.loads(rig.there.merged(item, None))["assignments"][0]["target"]["@odata.type"].endswith(
        "allDevicesAssignmentTarget"
    )


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.target)
def test_an_object_is_updated_by_the_way_graph_takes(rig: Rig, server: GraphServer, one: MadeDocument) -> None:
    item, remote = rig.push(one)
    data = raw(server, remote.id)
    data["description"] = f"changed by hand {mark(OWNER, item.key)}"
    changed = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert rig.there.differs(item, changed) == ("its description",)
    assert changed.fingerprint != remote.fingerprint
    server.arm()
    rig.there.update(item, changed)
    (write,) = [call for call in server.calls if call.method != "GET"]
    assert write.method == ("PUT" if item.kind == bodies.CATALOG else "PATCH")
    api = "beta" if item.kind in (bodies.CATALOG, "androidDeviceOwnerGeneralDeviceConfiguration") else "v1.0"
    assert write.path.startswith(f"/{api}/")
    after = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert rig.there.differs(item, after) == ()
    assert after.fingerprint == remote.fingerprint


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.target)
def test_what_an_update_changed_is_brought_back(rig: Rig, one: MadeDocument) -> None:
    item, remote = rig.push(one)
    (other,) = rig.there.items([made(one.target, one.document, {**json.loads(one.data), "description": "before"})])
    rig.there.update(other, remote)
    before = rig.read(Summary(remote.kind, remote.id, remote.name))
    body = rig.there.restoring(item, before)
    rig.there.update(item, before)
    now = rig.read(Summary(remote.kind, remote.id, remote.name))
    undo = Item(item.key, item.kind, item.name, body, "")
    assert rig.there.differs(undo, now) == ("its description",)
    rig.there.update(undo, now)
    assert rig.read(Summary(remote.kind, remote.id, remote.name)).fingerprint == before.fingerprint


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.target)
def test_a_deleted_object_is_made_again_as_it_was(rig: Rig, server: GraphServer, one: MadeDocument) -> None:
    item, remote = rig.push(one)
    body = rig.there.restoring(Item(item.key, item.kind, item.name, b"", ""), remote)
    rig.there.delete(remote)
    rig.there.delete(remote)
    assert remote.id not in server.objects
    assert rig.there.get(Summary(remote.kind, remote.id, remote.name)) is None
    again = rig.read(rig.there.create(Item(item.key, item.kind, item.name, body, "")))
    assert again.fingerprint == remote.fingerprint


# --- normalization: what is drift, and what is only the service's rewriting -----------------------------------------


def _drop_app(data: dict[str, Any]) -> None:
    data["appsVisibilityList"].pop()


def _flip(data: dict[str, Any]) -> None:
    data["appsVisibilityListType"] = "appsInListCompliant"


def _times(data: dict[str, Any]) -> None:
    data |= {"version": 9, "lastModifiedDateTime": "2027-01-01T00:00:00Z", "supportsScopeTags": False}


def _nulls(data: dict[str, Any]) -> None:
    for item in data["appsVisibilityList"]:
        item |= {"publisher": "", "appStoreUrl": None}
        item.pop("@odata.type")


def _camera(data: dict[str, Any]) -> None:
    data["cameraBlocked"] = True


NORMALIZATION: list[tuple[str, Callable[[dict[str, Any]], Any], tuple[str, ...], bool]] = [
    ("times and versions", _times, (), False),
    ("order", lambda data: data["appsVisibilityList"].reverse(), (), False),
    ("an app twice", lambda data: data["appsVisibilityList"].append(data["appsVisibilityList"][0]), (), False),
    ("empty for null, and no declared types", _nulls, (), False),
    ("a new property at its default", lambda data: data.update(newThing="notConfigured", other=False), (), False),
    ("an annotation", lambda data: data.update({"appsVisibilityList@odata.type": "#Collection(x)"}), (), False),
    ("an app dropped", _drop_app, ("appsVisibilityList",), True),
    ("the list inverted", _flip, ("appsVisibilityListType",), True),
    ("the list emptied", lambda data: data["appsVisibilityList"].clear(), ("appsVisibilityList",), True),
    ("the list null", lambda data: data.update(appsVisibilityList=None), ("appsVisibilityList",), True),
    ("another name", lambda data: data.update(displayName="X"), ("its name",), True),
    ("another case", lambda data: data["appsVisibilityList"][0].update(appId="COM.A"), ("appsVisibilityList",), True),
    ("something of a person's own", _camera, (), True),
    ("a scope tag", lambda data: data.update(roleScopeTagIds=["0", "7"]), (), True),
]


@pytest.mark.parametrize(
    ("change", "reasons", "moved"), [row[1:] for row in NORMALIZATION], ids=[r[0] for r in NORMALIZATION]
)
def test_only_what_a_person_changed_is_a_difference(
    rig: Rig, server: GraphServer, change: Callable[[dict[str, Any]], Any], reasons: tuple[str, ...], moved: bool
) -> None:
    item, remote = rig.push(made("intune-ios-device-restrictions", "configuration", RESTRICTIONS))
    change(raw(server, remote.id))
    now = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert rig.there.differs(item, now) == reasons
    assert (now.fingerprint != remote.fingerprint) == moved
    if reasons:
        rig.there.update(item, now)
        assert rig.there.differs(item, rig.read(Summary(remote.kind, remote.id, remote.name))) == ()


def child(tail: str, value: str) -> dict[str, Any]:
    base = "#microsoft.graph.deviceManagementConfiguration"
    return {
        "@odata.type": f"{base}ChoiceSettingInstance",
        "settingDefinitionId": f"com.apple.applicationaccess_{tail}",
        "choiceSettingValue": {"value": value, "children": []},
    }


def group(definition: str, *children: dict[str, Any]) -> dict[str, Any]:
    base = "#microsoft.graph.deviceManagementConfiguration"
    instance = {
        "@odata.type": f"{base}GroupSettingCollectionInstance",
        "settingDefinitionId": definition,
        "groupSettingCollectionValue": [{"children": list(children)}],
    }
    return {"@odata.type": f"{base}Setting", "settingInstance": instance}


def test_settings_that_a_person_added_to_our_policy_stay_and_are_named(rig: Rig, server: GraphServer) -> None:
    item, remote = rig.push(made(IOS, "policy", POLICY))
    settings = raw(server, remote.id)["settings"]
    ours = settings[0]["settingInstance"]["groupSettingCollectionValue"][0]["children"]
    ours[0]["simpleSettingCollectionValue"].pop()
    ours.append(child("allowcamera", "allowcamera_false"))
    settings.append(group("com.apple.mobiledevice.passwordpolicy_x", child("x", "x_true")))
    settings.append(child_setting("com.apple.other_y"))
    now = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert rig.there.differs(item, now) == ("settings",)
    assert [one.rpartition(":")[2] for one in now.extra] == [
        "com.apple.applicationaccess_allowcamera",
        "com.apple.applicationaccess_x",
        "com.apple.other_y",
    ]
    rig.there.update(item, now)
    after = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert rig.there.differs(item, after) == ()
    text = json.dumps(raw(server, remote.id))
    assert all(word in text for word in ("allowcamera_false", "x_true", "com.apple.other_y", "com.a", "com.b"))


def child_setting(definition: str) -> dict[str, Any]:
    base = "#microsoft.graph.deviceManagementConfiguration"
    instance = {
        "@odata.type": f"{base}ChoiceSettingInstance",
        "settingDefinitionId": definition,
        "choiceSettingValue": {"value": "y", "children": []},
    }
    return {"@odata.type": f"{base}Setting", "settingInstance": instance}


def test_undoing_takes_our_setting_out_and_leaves_the_rest() -> None:
    ours = POLICY["settings"][0]
    camera = child("allowcamera", "allowcamera_false")
    other = group("com.apple.other_y", camera)
    mixed = group(ours["settingInstance"]["settingDefinitionId"], *bodies._children(ours), camera)
    found = {**POLICY, "settings": [mixed, other]}
    only = bodies.merged(bodies.CATALOG, {**POLICY, "settings": []}, found)["settings"]
    assert only == [group(ours["settingInstance"]["settingDefinitionId"], camera), other] or len(only) == 2
    assert [bodies._children(one) for one in only] == [[camera], [camera]]
    alone = bodies.merged(bodies.CATALOG, {**POLICY, "settings": []}, {**POLICY, "settings": [ours]})["settings"]
    assert alone == []


# --- custom Windows settings: masks --------------------------------------------------------------------------------


def test_a_masked_value_is_read_plain(rig: Rig) -> None:
    _, remote = rig.push(made("intune-windows-applocker", "configuration", APPLOCKER))
    (setting,) = json.loads(remote.body)["omaSettings"]
    assert setting["value"] == "<RuleCollection/>"
    assert not setting["isEncrypted"]


def test_a_masked_value_that_graph_does_not_show_is_unknown_and_never_written_back(
    rig: Rig, server: GraphServer
) -> None:
    item, remote = rig.push(made("intune-windows-applocker", "configuration", APPLOCKER))
    server.hidden.add(NODE)
    now = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert json.loads(now.body)["omaSettings"][0]["value"] == "****"
    assert rig.there.differs(item, now) == ("omaSettings",)
    undo = Item(item.key, item.kind, item.name, rig.there.restoring(item, now), "")
    assert failing(lambda: rig.there.update(undo, now)) == ("conflict", False)
    rig.there.update(item, now)
    assert raw(server, remote.id)["omaSettings"][0]["value"] == "<RuleCollection/>"


def test_a_foreign_secret_in_our_object_is_neither_read_nor_lost(rig: Rig, server: GraphServer) -> None:
    item, remote = rig.push(made("intune-windows-applocker", "configuration", APPLOCKER))
    secret = node("./Vendor/MSFT/WiFi/Profile/x", "canary-wifi") | {"secretReferenceValueId": "r"}
    raw(server, remote.id)["omaSettings"].append(secret)
    now = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert now.extra == ("/omaSettings/1:./Vendor/MSFT/WiFi/Profile/x",)
    assert b"canary-wifi" not in now.body + rig.there.restoring(item, now)
    assert rig.there.differs(item, now) == ()
    assert failing(lambda: rig.there.update(item, now)) == ("conflict", False)
    assert secret in raw(server, remote.id)["omaSettings"]


def test_a_foreign_setting_that_is_no_secret_stays(rig: Rig, server: GraphServer) -> None:
    item, remote = rig.push(made("intune-windows-applocker", "configuration", APPLOCKER))
    number = node("./Vendor/MSFT/Policy/Config/x") | {"@odata.type": "#microsoft.graph.omaSettingInteger", "value": 1}
    raw(server, remote.id)["omaSettings"].append(number)
    raw(server, remote.id)["omaSettings"].append({**node(NODE.replace("EXE", "MSI")), "secretReferenceValueId": "q"})
    now = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert rig.there.differs(item, now) == ("omaSettings",)
    rig.there.update(item, now)
    uris = [one["omaUri"] for one in raw(server, remote.id)["omaSettings"]]
    assert uris == [NODE, "./Vendor/MSFT/Policy/Config/x"]


# --- whom objects are for ------------------------------------------------------------------------------------------


ASSIGNMENTS: list[tuple[str, Assignment]] = [
    ("nobody", Assignment()),
    ("everyone", Assignment(everyone=True)),
    ("everyone but a group", Assignment(everyone=True, excluded=(GROUP,))),
    ("groups", Assignment(groups=(GROUP, OTHER))),
    ("all users", Assignment(groups=("all-users",))),
    ("a filter", Assignment(groups=(f"{GROUP}|include:{FILTER}",))),
    ("all devices under a filter", Assignment(groups=(f"all-devices|exclude:{FILTER}",))),
    ("a collection", Assignment(groups=("collection:7",))),
]


@pytest.mark.parametrize("wanted", [row[1] for row in ASSIGNMENTS], ids=[row[0] for row in ASSIGNMENTS])
@pytest.mark.parametrize("one", [ALL[0], ALL[1]], ids=["policy", "configuration"])
def test_an_assignment_reads_back_as_it_was_given(rig: Rig, one: MadeDocument, wanted: Assignment) -> None:
    item, remote = rig.push(one)
    rig.there.assign(Summary(remote.kind, remote.id, remote.name), wanted)
    now = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert now.assignment == wanted
    assert now.fingerprint == remote.fingerprint
    shown = json.loads(rig.there.merged(Item(item.key, item.kind, item.name, item.body, ""), now))
    assert bodies.assignment_of(shown["assignments"]) == wanted


class Assigned(NamedTuple):
    assign: Any
    known: dict[str, Any]
    wanted: Assignment | None


ASSIGN: dict[str, Assigned] = {
    "everyone": Assigned("everyone", {}, Assignment(everyone=True)),
    "everyone but a variant's groups": Assigned(
        "everyone", {"excluded": ("lab",)}, Assignment(everyone=True, excluded=(GROUP,))
    ),
    "groups": Assigned(("field",), {"excluded": ("lab",)}, Assignment(groups=(OTHER,), excluded=(GROUP,))),
    "a variant": Assigned("everyone", {"variant": "lab", "groups": ("lab",)}, Assignment(groups=(GROUP,))),
    "unchanged": Assigned("unchanged", {}, None),
    "a variant, unchanged": Assigned("unchanged", {"variant": "lab", "groups": ("lab",)}, None),
}


@pytest.mark.parametrize("row", ASSIGN.values(), ids=ASSIGN)
def test_whom_an_item_is_for(server: GraphServer, row: Assigned) -> None:
    rig = Rig(server, assign=row.assign, groups={"lab": GROUP, "field": OTHER})
    (item,) = rig.there.items([made(IOS, "policy", POLICY, **row.known)])
    assert item.assignment == row.wanted
    if row.wanted is None:
        assert json.loads(rig.there.merged(item, None))["assignments"] == []


def test_every_group_without_an_id_is_named(server: GraphServer) -> None:
    rig = Rig(server, assign=("field", "attic"), groups={"field": OTHER})
    with pytest.raises(PolicyError) as caught:
        rig.there.items(
            [made(IOS, "policy", POLICY, excluded=("lab",)), made(IOS, "policy", POLICY, excluded=("lab",))]
        )
    assert [(one.id, one.message) for one in caught.value.findings] == [
        ("destination-group-unknown", "group 'attic' has no id at there"),
        ("destination-group-unknown", "group 'lab' has no id at there"),
    ]


def test_only_documents_that_belong_there_are_taken(server: GraphServer) -> None:
    rig = Rig(server, targets=(IOS,))
    app = {"@odata.type": "#microsoft.graph.androidManagedStoreApp"}
    apps = made("intune-android-corporate", "managed-apps", {"value": [app]})
    known = [*ALL, made("apple-ios-restrictions", "profile", {}), apps]
    assert [item.path for item in rig.there.items(known)] == [f"{IOS}/x.json"]
    assert remarks(rig.there, known) == ()
    (said,) = remarks(Rig(server).there, known)
    assert (said.id, said.severity) == ("target-not-pushed", "warning")


# --- listings ------------------------------------------------------------------------------------------------------


def test_everything_is_listed_page_after_page(rig: Rig, server: GraphServer) -> None:
    for _ in range(5):
        server.seed("configurationPolicies", POLICY | {"name": "more"})
    server.page = 1
    assert len(list(rig.there.list())) == len(server.objects)
    foreign = {one.owner for one in rig.there.list()}
    assert foreign == {"", "org.other"}


def test_settings_are_read_page_after_page(rig: Rig, server: GraphServer) -> None:
    _, remote = rig.push(made(IOS, "policy", POLICY))
    raw(server, remote.id)["settings"] += [child_setting(f"com.apple.other_{n}") for n in range(5)]
    now = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert len(json.loads(now.body)["settings"]) == 6


BAD_PAGES: dict[str, Any] = {
    "no list": {"value": None},
    "a list of texts": {"value": ["x"]},
    "no value": {},
    "a link that is not text": {"value": [], "@odata.nextLink": 7},
    "a link without a host": {"value": [], "@odata.nextLink": "beta/x"},
    "a link to another host": {"value": [], "@odata.nextLink": "https://attacker.invalid/beta"},
    "an object without an id": {"value": [{"name": "x"}]},
    "an id that is a path": {"value": [{"id": "../x", "name": "x"}]},
}


@pytest.mark.parametrize("page", BAD_PAGES.values(), ids=BAD_PAGES)
def test_a_listing_that_cannot_be_trusted_is_none(rig: Rig, server: GraphServer, page: Any) -> None:
    list(rig.there.list())
    server.arm(_0=Fault("bad page", lambda handler, *_: handler.send(reply(page))))
    assert failing(lambda: list(rig.there.list())).fault == "answer"


def test_a_listing_that_leads_back_to_itself_ends(rig: Rig, server: GraphServer) -> None:
    list(rig.there.list())
    loop = {"value": [], "@odata.nextLink": f"{server.url}/beta/deviceManagement/configurationPolicies?$skiptoken=0"}
    fault = Fault("loop", lambda handler, *_: handler.send(reply(loop)))
    server.arm(_0=fault, _1=fault)
    assert failing(lambda: list(rig.there.list())).fault == "answer"


# --- answers that are none -----------------------------------------------------------------------------------------


def test_another_object_than_the_one_asked_for_is_no_answer(rig: Rig, server: GraphServer) -> None:
    _, remote = rig.push(ALL[1])
    server.arm(_0=Fault("other", lambda handler, *_: handler.send(reply({"id": "x"}))))
    assert failing(lambda: rig.read(Summary(remote.kind, remote.id, remote.name))).fault == "answer"


def test_a_creation_without_an_id_may_have_happened(rig: Rig, server: GraphServer) -> None:
    list(rig.there.list())
    (item,) = rig.there.items([ALL[1]])
    server.arm(_0=Fault("no id", lambda handler, *_: handler.send(reply({"id": ""}, 201))))
    assert failing(lambda: rig.there.create(item)) == ("answer", True)


def test_a_page_of_a_proxy_is_no_answer_to_a_write(rig: Rig, server: GraphServer) -> None:
    item, remote = rig.push(ALL[0])
    page = Fault("page", lambda handler, *_: handler.send(Answer(200, b"<html>", (), "text/html")))
    server.arm(_0=page, _1=page)
    assert failing(lambda: rig.there.update(item, remote)) == ("answer", True)
    assert failing(lambda: rig.there.assign(Summary(remote.kind, remote.id, ""), Assignment())) == ("answer", True)


def test_throttling_without_retry_after_is_waited_out(rig: Rig, server: GraphServer) -> None:
    list(rig.there.list())
    server.arm(_0=Fault("429", lambda handler, *_: handler.send(reply({"error": {"code": "TooManyRequests"}}, 429))))
    list(rig.there.list())
    assert len(rig.waited) == 1
    assert rig.waited[0] >= 5


def test_a_token_that_expires_in_the_middle_is_renewed(rig: Rig, server: GraphServer) -> None:
    list(rig.there.list())
    server.expire()
    assert len(list(rig.there.list())) == len(server.objects)
    assert len(server.tokens) == 1


def test_other_trouble_on_the_way_to_an_object_is_not_its_absence(rig: Rig, server: GraphServer) -> None:
    _, remote = rig.push(ALL[3])
    summary = Summary(remote.kind, remote.id, remote.name)
    forbidden = Fault("403", lambda handler, *_: handler.send(reply({"error": {"message": "no"}}, 403)))
    broken = Fault("500", lambda handler, *_: handler.send(reply({"error": {"message": "no"}}, 500)))
    server.arm(_0=forbidden)
    assert failing(lambda: rig.there.get(summary)).fault == "forbidden"
    server.arm(**{f"_{n}": broken for n in range(1, 6)})
    assert failing(lambda: rig.there.get(summary)).fault == "unavailable"


# --- who we are ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair() -> tuple[bytes, x509.Certificate]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mdm-policy")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"phrase")
    )
    return pem, certificate


def certified(url: str, folder: Path, pair: tuple[bytes, x509.Certificate], phrase: str = "phrase") -> GraphDestination:
    (folder / "c.pem").write_bytes(pair[1].public_bytes(serialization.Encoding.PEM))
    settings = {
        "tenant": TENANT,
        "client_id": CLIENT,
        "certificate": "c.pem",
        "key": {"env": "K"},
        "passphrase": {"env": "P"},
        "login_url": url,
        "graph_url": url,
    }
    said = {"K": pair[0].decode(), "P": phrase}
    edge = Edge(lambda where: said[where["env"]], lambda _: None, base=str(folder), timeout=0.5)
    return GraphDestination(DestinationSpec("there", "graph", settings, Origin("d.yaml")), OWNER, edge)


def test_a_certificate_proves_who_we_are(tmp_path: Path, pair: tuple[bytes, x509.Certificate]) -> None:
    with GraphServer(certificate=pair[1]) as server:
        there = certified(server.url, tmp_path, pair)
        assert list(there.list()) == []
        server.expire()
        assert list(there.list()) == []


def test_a_certificate_that_is_not_registered_is_refused(tmp_path: Path, pair: tuple[bytes, x509.Certificate]) -> None:
    with GraphServer() as server:
        assert failing(lambda: list(certified(server.url, tmp_path, pair).list())).fault == "unauthorized"


def test_a_key_or_certificate_that_cannot_be_read_is_said(tmp_path: Path, pair: tuple[bytes, x509.Certificate]) -> None:
    with pytest.raises(PolicyError, match="push-key: cannot read the private key"):
        certified("http://127.0.0.1:9", tmp_path, pair, "wrong")
    there = certified("http://127.0.0.1:9", tmp_path, pair)
    spec = DestinationSpec("x", "graph", there._spec.settings | {"certificate": "none.pem"}, Origin("d.yaml"))
    edge = Edge(lambda where: {"K": pair[0].decode(), "P": "phrase"}[where["env"]], lambda _: None, str(tmp_path))
    with pytest.raises(PolicyError, match="push-key: cannot read the certificate"):
        GraphDestination(spec, OWNER, edge)


def test_a_wrong_secret_is_refused_and_not_shown(server: GraphServer) -> None:
    rig = Rig(server, secret="canary-wrong-secret")  # noqa: S106 - a canary, it opens nothing
    with pytest.raises(Failure) as caught:
        list(rig.there.list())
    assert caught.value.fault == "unauthorized"
    assert "canary" not in caught.value.said
    assert "AADSTS7000215" in caught.value.said


REFUSED_LOGINS: dict[str, tuple[str, dict[str, Any]]] = {
    "another tenant": ("AADSTS90002", {"tenant": "other"}),
    "another application": ("AADSTS700016", {"client_id": "other"}),
    "another cloud's scope": ("AADSTS900382", {"scope": f"{HOSTS['gcc-high']}/.default"}),
    "a scope that is none": ("AADSTS70011", {"scope": "x"}),
}


@pytest.mark.parametrize(("code", "settings"), REFUSED_LOGINS.values(), ids=REFUSED_LOGINS)
def test_a_login_that_is_refused_says_why(server: GraphServer, code: str, settings: dict[str, Any]) -> None:
    with pytest.raises(Failure, match=code):
        list(Rig(server, settings=settings).there.list())


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_cloud_has_its_own_hosts(cloud: str) -> None:
    settings = {"tenant": TENANT, "client_id": CLIENT, "client_secret": {"env": "S"}, "cloud": cloud}
    there = GraphDestination(DestinationSpec("x", "graph", settings, Origin("d")), OWNER, Edge(lambda _: "s", print))
    assert there.where == f"{HOSTS[cloud]} tenant {TENANT}"
    with GraphServer(cloud=cloud) as server:
        scoped = Rig(server, settings={"scope": f"{HOSTS[cloud]}/.default"})
        assert list(scoped.there.list()) == []


def test_a_secret_is_not_sent_in_the_clear() -> None:
    settings = {"tenant": TENANT, "client_id": CLIENT, "client_secret": {"env": "S"}, "login_url": "http://example.org"}
    with pytest.raises(PolicyError, match="push-address"):
        GraphDestination(DestinationSpec("x", "graph", settings, Origin("d")), OWNER, Edge(lambda _: "s", print))


# --- evidence ------------------------------------------------------------------------------------------------------


def test_the_count_of_devices_is_reported(rig: Rig, server: GraphServer) -> None:
    _, remote = rig.push(ALL[1])
    counts = {"successCount": 5, "pendingCount": 2, "errorCount": 1, "notApplicableCount": 3}
    server.overviews[remote.id] = counts
    found = [(one.state, one.count) for one in rig.there.evidence([remote])]
    assert found == [("applied", 5), ("pending", 2), ("failed", 1), ("unknown", 3)]


def test_the_count_of_an_older_version_proves_nothing(rig: Rig, server: GraphServer) -> None:
    _, remote = rig.push(ALL[1])
    server.overviews[remote.id] = {"successCount": 5, "configurationVersion": 0}
    (one,) = rig.there.evidence([remote])
    assert (one.state, one.said) == ("unknown", "Intune's count is of version 0, the object is at version 1")


def test_a_settings_catalog_policy_is_counted_by_the_report(rig: Rig, server: GraphServer) -> None:
    _, remote = rig.push(ALL[0])
    (none,) = rig.there.evidence([remote])
    assert (none.state, none.said) == ("unknown", "Intune's report has no row for this policy")
    server.summaries[remote.id] = {"Compliant": 4, "Conflict": 1}
    assert [(one.state, one.count) for one in rig.there.evidence([remote])] == [("applied", 4), ("failed", 1)]
    server.summaries[remote.id] = {}
    (none,) = rig.there.evidence([remote])
    assert (none.state, none.said) == ("unknown", "no device has reported it yet")


@pytest.mark.parametrize("one", [ALL[0], ALL[1]], ids=["report", "overview"])
@pytest.mark.parametrize("bad", [reply({"error": {"message": "no"}}, 403), reply({"Schema": [], "Values": [[]]})])
def test_evidence_that_cannot_be_read_is_unknown(rig: Rig, server: GraphServer, one: MadeDocument, bad: Answer) -> None:
    _, remote = rig.push(one)
    server.arm(_0=Fault("bad", lambda handler, *_: handler.send(bad)))
    (found,) = rig.there.evidence([remote])
    assert found.state == "unknown"


@pytest.mark.parametrize("one", [ALL[0], ALL[1]], ids=["report", "overview"])
def test_trouble_while_reading_evidence_is_said(rig: Rig, server: GraphServer, one: MadeDocument) -> None:
    _, remote = rig.push(one)
    server.arm(_0=Fault("bad", lambda handler, *_: handler.send(reply([]))))
    assert failing(lambda: list(rig.there.evidence([remote]))).fault == "answer"


# --- marks ---------------------------------------------------------------------------------------------------------


KEY = "8c7d3f0e-5b1a-5e7f-9d5a-0d6f6d2f0001"
MARKS: dict[str, tuple[str, tuple[str, str]]] = {
    "ours": (f"text {mark('org.a', KEY)}", ("org.a", KEY)),
    "the last counts": (f"{mark('org.a', KEY)} copied {mark('org.b', KEY)} x", ("org.b", KEY)),
    "none": ("text", ("", "")),
    "an upper-case key": (mark("org.a", KEY.upper()), ("", "")),
    "an owner with a space": (mark("org a", KEY), ("", "")),
    "an owner that is too long": (mark("a" * 65, KEY), ("", "")),
    "a key that goes on": (f"[mdm-policy:a:{KEY}0]", ("", "")),
}


@pytest.mark.parametrize(("text", "found"), MARKS.values(), ids=MARKS)
def test_a_mark_is_found(text: str, found: tuple[str, str]) -> None:
    assert find_mark(text) == found


# --- shapes that a user's own template may have --------------------------------------------------------------------


def test_a_setting_that_has_no_children_is_replaced_whole() -> None:
    mine, theirs = child_setting("com.apple.other_y"), child_setting("com.apple.other_y")
    theirs["settingInstance"]["choiceSettingValue"]["value"] = "n"
    found = {"@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy", **POLICY, "settings": [theirs]}
    wanted = {**POLICY, "settings": [mine]}
    assert bodies.merged(bodies.CATALOG, wanted, found)["settings"] == [mine]
    assert bodies.differs(bodies.CATALOG, wanted, found) == ("settings",)
    assert bodies.differs(bodies.CATALOG, wanted, {**found, "settings": [mine]}) == ()


def test_a_plain_value_that_is_a_mask_again_is_unknown(rig: Rig, server: GraphServer) -> None:
    _, remote = rig.push(made("intune-windows-applocker", "configuration", APPLOCKER))
    raw(server, remote.id)["omaSettings"][0]["value"] = listings.MASK
    now = rig.read(Summary(remote.kind, remote.id, remote.name))
    assert json.loads(now.body)["omaSettings"][0]["isEncrypted"] is True


def test_a_body_without_scope_tags_or_settings_can_be_merged() -> None:
    wanted = {key: value for key, value in RESTRICTIONS.items() if key != "description"}
    assert bodies.merged("iosGeneralDeviceConfiguration", wanted, {"roleScopeTagIds": None})["roleScopeTagIds"] is None


# --- through the whole program -------------------------------------------------------------------------------------


def excepted(one: Stage) -> None:
    """Let a group be excepted from one ban, and name its id."""
    order = one.folder / "order.yaml"
    text = yaml.safe_load(order.read_text())
    text["exceptions"] = [
        {
            "app": "wechat",
            "category": "security-research",
            "approved_by": "CISO (example)",
            "document": "MEMO-17 (example)",
            "groups": ["lab"],
            "until": dt.date(2026, 12, 31),
        }
    ]
    order.write_text(yaml.safe_dump(text))
    deployment = yaml.safe_load(one.deployment.read_text())
    deployment["destinations"]["there"]["groups"] = {"lab": GROUP}
    one.deployment.write_text(yaml.safe_dump(deployment))


def test_an_exception_reaches_its_groups_and_nobody_else(tmp_path: Path) -> None:
    with stage("graph", tmp_path) as one:
        excepted(one)
        assert one.plan().code == 10, one.printed[-2:]
        assert one.apply().code == 0, one.printed[-2:]
        assert one.plan().code == 0
        found = {}
        for _, _, each in one.kit._ours(one.emulator):
            if each["collection"] == "configurationPolicies":
                apps = {value["value"] for value in values_of(each)}
                found["com.tencent.xin" in apps] = bodies.assignment_of(each["assignments"])
        assert found == {
            True: Assignment(everyone=True, excluded=(GROUP,)),
            False: Assignment(groups=(GROUP,)),
        }


def test_an_assignment_taken_away_in_the_console_is_drift(tmp_path: Path) -> None:
    with stage("graph", tmp_path) as one:
        assert (one.plan().code, one.apply().code) == (10, 0)
        whole = one.bans()
        for _, _, each in one.kit._ours(one.emulator):
            each["assignments"] = []
        assert one.bans() == frozenset()
        drift = one.drift()
        assert drift.code == 11
        assert "who it is for" in drift.out
        assert (one.plan().code, one.apply().code) == (10, 0)
        assert one.bans() == whole


@pytest.mark.parametrize("name", ["graph", "jamf"])
def test_what_is_left_assigned_to_nobody_is_drift(tmp_path: Path, name: str) -> None:
    with stage(name, tmp_path) as one:
        found = yaml.safe_load(one.deployment.read_text("utf-8"))
        found["destinations"]["there"]["assign"] = "unchanged"
        one.deployment.write_text(yaml.safe_dump(found), "utf-8")
        assert (one.plan().code, one.apply().code) == (10, 0)
        planned, drift = one.plan(), one.drift()
        assert planned.code == 0
        assert "remote-unassigned" in planned.err
        assert drift.code == 11
        assert "\n\nDRIFT: something that is ordered is blocked less there" in drift.out
        first, last = drift.out.strip().split("\n\n")[0], drift.out.strip().split("\n\n")[-1]
        assert first == last
        assert first.startswith("NOT PROVEN: ")
        assert "is assigned to nobody" in drift.out
        assert "as it should be" not in drift.out.partition("\n")[2]


def test_a_filter_put_on_an_assignment_is_a_difference_and_is_brought_back_by_a_rollback(tmp_path: Path) -> None:
    with stage("graph", tmp_path) as one:
        assert (one.plan().code, one.apply().code) == (10, 0)
        for _, _, each in one.kit._ours(one.emulator):
            for given in each["assignments"]:
                given["target"]["deviceAndAppManagementAssignmentFilterId"] = FILTER
                given["target"]["deviceAndAppManagementAssignmentFilterType"] = "include"
        before = [each["assignments"] for _, _, each in one.kit._ours(one.emulator)]
        assert one.plan().code == 10
        assert one.apply().code == 0, one.printed[-2:]
        assert "|include:" not in str(
            [bodies.assignment_of(e["assignments"]) for _, _, e in one.kit._ours(one.emulator)]
        )
        receipt = one.receipts()[-1]
        assert one.run("rollback", receipt, "--yes", "--allow-loosening", "a test").code == 0, one.printed[-2:]
        assert [each["assignments"] for _, _, each in one.kit._ours(one.emulator)] == before


def values_of(one: dict[str, Any]) -> list[dict[str, Any]]:
    (child_,) = bodies._children(one["data"]["settings"][0])
    found: list[dict[str, Any]] = child_["simpleSettingCollectionValue"]
    return found


def test_a_node_of_a_users_target_is_replaced_and_others_stay() -> None:
    uri = "./Device/Vendor/MSFT/Policy/Config/X"
    wanted = {"omaSettings": [node(uri, "new")]}
    found = {"omaSettings": [node(uri.upper(), "old"), node("./Device/Other", "theirs"), node(NODE, "<Old/>")]}
    made_ = bodies.merged("windows10CustomConfiguration", wanted, found)
    assert [(one["omaUri"], one["value"]) for one in made_["omaSettings"]] == [
        (uri, "new"),
        ("./Device/Other", "theirs"),
    ]
