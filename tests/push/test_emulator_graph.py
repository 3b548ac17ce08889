"""The Graph emulator refuses what Graph refuses, and tells objects as Graph tells them."""

from __future__ import annotations

import base64
import http.client
import json
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from emulators.graph import GraphServer
from emulators.graph_approval import CODE, STATUSES, WHY

from push.kits.graph import Kit, catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "0f0f0f0f-1111-4222-8333-444444444444"
IOS = {"@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration", "displayName": "x"}
ITEM = {"@odata.type": "#microsoft.graph.appListItem", "name": "A", "appId": "com.a"}
ANDROID = {"@odata.type": "#microsoft.graph.androidDeviceOwnerGeneralDeviceConfiguration", "displayName": "x"}
WINDOWS = {"@odata.type": "#microsoft.graph.windows10CustomConfiguration", "displayName": "x"}
POLICY = catalog("x", "", "com.a")
DEVICES = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}


@pytest.fixture
def server() -> Iterator[GraphServer]:
    with GraphServer() as running:
        running.tokens.add("t")
        yield running


def call(
    server: GraphServer, method: str, path: str, body: Any = None, who: str = "t", headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    host = server.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, {"Authorization": f"Bearer {who}", **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8-sig")
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


CONFIGS, POLICIES = "deviceConfigurations", "configurationPolicies"
REFUSED: dict[str, tuple[str, str, Any, int, str]] = {
    "the settings catalog in v1.0": ("POST", f"v1.0/{POLICIES}", POLICY, 400, "Resource not found for the segment"),
    "company-owned Android in v1.0": ("POST", f"v1.0/{CONFIGS}", ANDROID, 400, "could not be resolved by the model"),
    "a body that is not JSON": ("POST", f"beta/{CONFIGS}", b"{", 400, "Unable to read JSON"),
    "no type": ("POST", f"v1.0/{CONFIGS}", {"displayName": "x"}, 400, "Cannot create an abstract class."),
    "an unknown property": ("POST", f"v1.0/{CONFIGS}", {**IOS, "appsVisibilityLst": []}, 400, "does not exist on type"),
    "a beta property in v1.0": ("POST", f"v1.0/{CONFIGS}", {**IOS, "roleScopeTagIds": ["0"]}, 400, "does not exist"),
    "a wrong word": ("POST", f"v1.0/{CONFIGS}", {**IOS, "appsVisibilityListType": "blockedApps"}, 400, "Invalid value"),
    "bare bundle ids": ("POST", f"v1.0/{CONFIGS}", {**IOS, "appsVisibilityList": ["com.a"]}, 400, "Invalid value"),
    "a key no item has": (
        "POST", f"v1.0/{CONFIGS}", {**IOS, "appsVisibilityList": [{**ITEM, "bundleId": "x"}]}, 400, "Invalid value",
    ),
    "more apps than fit": (
        "POST", f"beta/{CONFIGS}", {**ANDROID, "personalProfilePersonalApplications": [ITEM] * 501}, 400, "Invalid value",
    ),
    "a new object without a name": ("POST", f"v1.0/{CONFIGS}", {"@odata.type": IOS["@odata.type"]}, 400, "is required"),
    "a mask for a value": (
        "POST", f"v1.0/{CONFIGS}", {**WINDOWS, "omaSettings": [{"isEncrypted": True}]}, 400, "Invalid value",
    ),
    "a policy without settings": (
        "POST", f"beta/{POLICIES}", {key: POLICY[key] for key in POLICY if key != "settings"}, 400, "is required",
    ),
    "a setting without its type": (
        "POST", f"beta/{POLICIES}", {**POLICY, "settings": [{"settingInstance": {}}]}, 400, "Invalid value",
    ),
    "a read-only key": ("POST", f"beta/{POLICIES}", {**POLICY, "settingCount": 1}, 400, "does not exist on type"),
    "no such object": ("GET", f"beta/{POLICIES}/nobody", None, 404, "does not exist"),
    "a listing that is deleted": ("DELETE", f"beta/{POLICIES}", None, 405, "not allowed"),
}  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status", "said"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(server: GraphServer, method: str, path: str, body: Any, status: int, said: str) -> None:
    got, answer = call(server, method, f"/{path.replace('/', '/deviceManagement/', 1)}", body)
    assert got == status
    assert said in answer["error"]["message"]
    assert not server.objects


ON_POLICY: dict[str, tuple[str, str, Any, int, str]] = {
    "settings by PATCH": ("PATCH", "", {"settings": []}, 400, "Cannot apply PATCH to navigation property 'settings'"),
    "a setting by itself": ("PATCH", "/settings/0", {}, 400, "No OData route exists"),
    "PUT without settings": ("PUT", "", {"name": "x"}, 400, "is required"),
    "a group that is none": (
        "POST", "/assign",
        {"assignments": [{"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": "lab"}}]},
        400, "Invalid groupId",
    ),
    "no assignments": ("POST", "/assign", {}, 400, "is missing"),
    "an assignment without a target": ("POST", "/assign", {"assignments": [{}]}, 400, "is required"),
    "a target of no type": ("POST", "/assign", {"assignments": [{"target": {}}]}, 400, "could not be resolved"),
}  # fmt: skip


@pytest.mark.parametrize(("method", "rest", "body", "status", "said"), ON_POLICY.values(), ids=ON_POLICY)
def test_it_refuses_on_a_policy(server: GraphServer, method: str, rest: str, body: Any, status: int, said: str) -> None:
    path = f"/beta/deviceManagement/{POLICIES}/{server.seed(POLICIES, POLICY)}"
    before = server.snapshot()
    got, answer = call(server, method, path + rest, body)
    assert got == status
    assert said in answer["error"]["message"]
    assert server.snapshot() == before


def test_it_refuses_to_change_a_type_to_put_and_filters_in_v1(server: GraphServer) -> None:
    path = f"/v1.0/deviceManagement/{CONFIGS}/{server.seed(CONFIGS, IOS)}"
    assert call(server, "PATCH", path, WINDOWS)[0] == 400
    assert call(server, "PUT", path, IOS)[0] == 405
    limit = {"target": {**DEVICES, "deviceAndAppManagementAssignmentFilterId": GROUP}}
    assert call(server, "POST", f"{path}/assign", {"assignments": [limit]})[0] == 400
    assert call(server, "POST", f"{path.replace('v1.0', 'beta')}/assign", {"assignments": [limit]})[0] == 200
    (shown,) = call(server, "GET", f"{path}/assignments")[1]["value"]
    assert "Filter" not in json.dumps(shown)


def test_it_asks_who_calls(server: GraphServer) -> None:
    status, answer = call(server, "GET", f"/beta/deviceManagement/{POLICIES}", who="other")
    assert (status, answer["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_it_tells_objects_as_graph_does(server: GraphServer) -> None:
    status, made = call(server, "POST", f"/beta/deviceManagement/{POLICIES}", POLICY)
    assert (status, made["settingCount"], made["isAssigned"], made["roleScopeTagIds"]) == (201, 1, False, ["0"])
    assert made["settings"][0]["id"] == "0"
    assert made["settings"][0]["settingInstance"]["settingInstanceTemplateReference"] is None
    path = f"/v1.0/deviceManagement/{CONFIGS}"
    _, first = call(server, "POST", path, IOS)
    assert (first["version"], first["compliantAppListType"], first["safariCookieSettings"]) == (
        1,
        "none",
        "browserDefault",
    )
    assert "airPrintBlocked" not in first
    assert call(server, "PATCH", f"{path}/{first['id']}", IOS)[1]["version"] == 2


def test_it_masks_custom_values(server: GraphServer) -> None:
    setting = {
        "@odata.type": "#microsoft.graph.omaSettingString",
        "displayName": "x",
        "omaUri": "./x",
        "value": "plain",
    }
    path = f"/beta/deviceManagement/{CONFIGS}/{server.seed(CONFIGS, {**WINDOWS, 'omaSettings': [setting]})}"
    (shown,) = call(server, "GET", path)[1]["omaSettings"]
    assert (shown["value"], shown["isEncrypted"]) == ("****", True)
    reading = f"{path}/getOmaSettingPlainTextValue(secretReferenceValueId='{shown['secretReferenceValueId']}')"
    assert call(server, "GET", reading)[1]["value"] == "plain"
    assert "isEncrypted" not in call(server, "GET", path.replace("beta", "v1.0"))[1]["omaSettings"][0]


def _why(text: str) -> dict[str, str]:
    return {WHY: base64.b64encode(text.encode()).decode()}


_ASKED: dict[str, tuple[dict[str, str], str]] = {
    "no reason": ({}, f"Header '{WHY}' is required to request approval"),
    "plain text": ({WHY: "because it is so"}, "is not valid Base64"),
    "a long reason": (_why("x" * 1025), "longer than 1024 characters"),
    "a code of nothing": ({CODE: str(uuid.UUID(int=1))}, f"Header '{WHY}' is required to request approval"),
}


@pytest.mark.parametrize(("headers", "said"), _ASKED.values(), ids=_ASKED)
def test_a_protected_write_is_refused(headers: dict[str, str], said: str, server: GraphServer) -> None:
    server.desk.turn_on()
    status, answer = call(server, "POST", f"/v1.0/deviceManagement/{CONFIGS}", IOS, headers=headers)
    assert (status, answer["error"]["code"]) == (400, "BadRequest")
    assert said in answer["error"]["message"]
    assert (server.objects, server.desk.requests) == ({}, [])


def test_an_approved_code_opens_once_and_for_that_write_alone(server: GraphServer) -> None:
    server.desk.turn_on()
    path = f"/v1.0/deviceManagement/{CONFIGS}"
    assert call(server, "POST", path, IOS, headers=_why("it is ordered"))[0] in STATUSES
    [request] = call(server, "GET", "/beta/deviceManagement/operationApprovalRequests")[1]["value"]
    assert (request["status"], request["requestJustification"]) == ("needsApproval", "it is ordered")
    said = call(server, "POST", path, IOS, headers=_why("again"))[1]["error"]["message"]
    assert "An active Approval Request already exists" in said
    code = {CODE: request["id"]}
    assert call(server, "POST", path, IOS, headers=code)[0] in STATUSES
    assert call(server, "POST", "/second-admin", {"do": "approved"})[1] == {"count": 1}
    assert call(server, "POST", path, {**IOS, "displayName": "y"}, headers=code)[0] == 400
    assert call(server, "POST", path, IOS, headers=code)[0] == 201
    assert call(server, "POST", path, IOS, headers=code)[0] == 400
    assert len(server.objects) == 1


def test_where_approval_is_off_its_headers_are_ignored(server: GraphServer) -> None:
    path = f"/v1.0/deviceManagement/{CONFIGS}"
    assert call(server, "POST", path, IOS, headers=_why("it is ordered"))[0] == 201
    assert call(server, "POST", path, IOS, headers={CODE: "x"})[0] == 201
    server.desk.turn_on(POLICIES)
    assert call(server, "POST", path, IOS)[0] == 201


def test_its_foreign_objects_are_those_of_others() -> None:
    with Kit().emulator() as server:
        assert len(server.foreign()) == len(server.objects) == 4


def test_it_runs_by_hand() -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.emulators.graph"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        said = running.stdout.readline()
        running.terminate()
    assert re.search(r"client [0-9a-f-]+, secret \S+\) at http://127\.0\.0\.1:[0-9]+; stop it with Ctrl-C", said)
