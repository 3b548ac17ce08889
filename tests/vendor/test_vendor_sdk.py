"""Hold the Graph emulator's answers, and what the client sends, against the models of Microsoft's own Python SDKs.

Run by `make vendor-check`, which fetches the wheels first.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import vendor_sdk
from emulators.graph import CLIENT, SECRET, TENANT, GraphServer
from push.test_emulator_graph import call
from push.test_push_graph import ALL

from mdm_policy.errors import Origin
from mdm_policy.model import DestinationSpec
from mdm_policy.push.destinations.graph import GraphDestination
from mdm_policy.push.model import Assignment, Summary
from mdm_policy.push.protocol import Edge

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(bool(vendor_sdk.missing()), reason="the SDKs' wheels are not fetched")
GROUP = "0f0f0f0f-1111-4222-8333-444444444444"
FILTERED = f"{GROUP}|include:0f0f0f0f-1111-4222-8333-666666666666"


class Used:
    """Hold an emulator on which the client has done everything it does, and the objects by kind."""

    def __init__(self, server: GraphServer) -> None:
        self.server = server
        settings = {"tenant": TENANT, "client_id": CLIENT, "client_secret": {"env": "S"}}
        settings |= {"login_url": server.url, "graph_url": server.url}
        spec = DestinationSpec("there", "graph", settings, Origin("d.yaml"))
        there = GraphDestination(spec, "org", Edge(lambda _: SECRET, lambda _: None))
        self.ids: dict[str, str] = {}
        for item in there.items(ALL):
            summary = there.create(item)
            self.ids[item.kind] = summary.id
            remote = there.get(summary)
            assert remote is not None
            there.update(item, remote)
            there.assign(Summary(item.kind, summary.id, ""), Assignment(everyone=True, excluded=(GROUP,)))
            there.assign(Summary(item.kind, summary.id, ""), Assignment(groups=(FILTERED,)))
        self.sent = [one for one in server.calls if one.method != "GET" and "oauth2" not in one.path]
        server.tokens.add("t")

    def get(self, path: str) -> Any:
        status, found = call(self.server, "GET", path)
        assert status == 200, found
        return found


@pytest.fixture(scope="module")
def used() -> Iterator[Used]:
    with GraphServer() as server:
        server.page = 50
        yield Used(server)


LISTINGS: dict[str, tuple[str, str, str]] = {
    "device configurations": ("v1.0", "deviceConfigurations", "device_configuration_collection_response"),
    "device configurations in beta": ("beta", "deviceConfigurations", "device_configuration_collection_response"),
    "settings catalog": (
        "beta", "configurationPolicies", "device_management_configuration_policy_collection_response",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("api", "collection", "model"), LISTINGS.values(), ids=LISTINGS)
def test_listings_parse(used: Used, api: str, collection: str, model: str) -> None:
    found = used.get(f"/{api}/deviceManagement/{collection}")
    android = "androidDeviceOwnerGeneralDeviceConfiguration"
    if api == "v1.0":
        # v1.0 has no model for it; what the service shows in its place is not known.
        found["value"] = [one for one in found["value"] if android not in one["@odata.type"]]
    assert found["value"]
    assert vendor_sdk.unknown(api, model, found) == []


OBJECTS: dict[str, tuple[str, str, str]] = {
    "iosGeneralDeviceConfiguration": ("v1.0", "deviceConfigurations", "device_configuration"),
    "iosCustomConfiguration": ("v1.0", "deviceConfigurations", "device_configuration"),
    "windows10CustomConfiguration": ("v1.0", "deviceConfigurations", "device_configuration"),
    "androidDeviceOwnerGeneralDeviceConfiguration": ("beta", "deviceConfigurations", "device_configuration"),
    "configurationPolicy": ("beta", "configurationPolicies", "device_management_configuration_policy"),
}
_ASSIGNMENTS = {
    "deviceConfigurations": "device_configuration_assignment_collection_response",
    "configurationPolicies": "device_management_configuration_policy_assignment_collection_response",
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_objects_and_their_parts_parse(used: Used, kind: str) -> None:
    api, collection, model = OBJECTS[kind]
    path = f"deviceManagement/{collection}/{used.ids[kind]}"
    for version in dict.fromkeys((api, "beta")):
        found = used.get(f"/{version}/{path}")
        assert vendor_sdk.unknown(version, model, found) == []
        if "@odata.type" in found:
            assert vendor_sdk.typed(version, model, found).lower() == kind.lower()
        assignments = used.get(f"/{version}/{path}/assignments")
        assert assignments["value"]
        assert vendor_sdk.unknown(version, _ASSIGNMENTS[collection], assignments) == []
    if collection == "configurationPolicies":
        settings = used.get(f"/beta/{path}/settings")
        model = "device_management_configuration_setting_collection_response"
        assert vendor_sdk.unknown("beta", model, settings) == []
    else:
        overview = used.get(f"/v1.0/{path}/deviceStatusOverview")
        assert vendor_sdk.unknown("v1.0", "device_configuration_device_overview", overview) == []


def test_errors_parse(used: Used) -> None:
    status, found = call(used.server, "GET", "/v1.0/deviceManagement/deviceConfigurations/nobody")
    assert status == 404
    # The client request id and the like are in the model's own fields; nothing of the error itself is lost.
    assert vendor_sdk.unknown("v1.0", "o_data_errors.o_data_error", found) == []


def test_every_body_that_the_client_sends_parses(used: Used) -> None:
    looked = 0
    for one in used.sent:
        api = one.path.split("/")[1]
        body = json.loads(one.body)
        if one.path.endswith("/assign"):
            kind = "configurationPolicies" if "configurationPolicies" in one.path else "deviceConfigurations"
            assert vendor_sdk.unknown(api, _ASSIGNMENTS[kind], {"value": body["assignments"]}) == []
        else:
            catalog = "configurationPolicies" in one.path
            model = "device_management_configuration_policy" if catalog else "device_configuration"
            assert vendor_sdk.unknown(api, model, body) == []
        looked += 1
    assert looked == 4 * len(ALL)


def test_a_key_that_graph_does_not_have_is_noticed() -> None:
    value = {"@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration", "appsVisibilityLst": []}
    assert vendor_sdk.unknown("v1.0", "device_configuration", value) == ["/appsVisibilityLst"]
    within = {"@odata.type": value["@odata.type"], "appsVisibilityList": [{"bundleId": "x"}]}
    assert vendor_sdk.unknown("v1.0", "device_configuration", within) == ["/apps_visibility_list/0/bundleId"]
