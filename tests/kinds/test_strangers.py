"""Hold that files of known tools which are not read are called by their name, and that no kind takes them for its own."""

from __future__ import annotations

import json

import pytest
from kind_documents import as_json, xml

from mdm_policy.kinds import open_document, read
from mdm_policy.kinds.strangers import tool_of

_FILES = {
    "a Zebra MX file": '<wap-provisioningdoc><characteristic type="Profile"><parm name="ProfileName" value="a"/>'
    '<characteristic type="AppMgr" version="9.2"><parm name="Action" value="DisableApplication"/></characteristic>'
    "</characteristic></wap-provisioningdoc>",
    "a custom setting of Workspace ONE for Android": '<characteristic uuid="a" type="com.airwatch.android.androidwork.app:a.b"/>',
    "a configuration of Samsung's Knox Service Plugin": {
        "kind": "androidenterprise#managedConfiguration",
        "productId": "app:com.samsung.android.knox.kpu",
        "managedProperty": [{"key": "profileName", "valueString": "a"}],
    },
    "a configuration of Headwind MDM": {"name": "a", "applications": [{"pkg": "a.b", "action": 2}], "kioskMode": False},
    "an export of chrome://policy": {"chromeMetadata": {"version": "1"}, "chromePolicies": {"HomepageLocation": {}}},
}


@pytest.mark.parametrize("tool", _FILES)
def test_a_file_of_a_known_tool_is_called_by_its_name(tool: str) -> None:
    held = _FILES[tool]
    document = xml(held) if isinstance(held, str) else as_json(held)
    assert document.kind == "unknown"
    reading = read(document)
    assert not reading.effects
    assert any(f"{tool}; mdm-policy does not read it" in one.message for one in reading.findings)


@pytest.mark.parametrize(
    "value",
    [
        {"applications": [{"packageName": "a.b", "installType": "BLOCKED"}]},
        {"productId": "app:com.android.chrome", "managedProperty": []},
        {"chromePolicies": {}},
        {"profileName": "a"},
        [],
        "text",
    ],
    ids=str,
)
def test_nothing_else_is_taken_for_one(value: object) -> None:
    assert tool_of(value) == ""


def test_windows_own_provisioning_file_is_not_zebras() -> None:
    text = '<wap-provisioningdoc><characteristic type="BOOTSTRAP"><parm name="NAME" value="a"/></characteristic></wap-provisioningdoc>'
    assert tool_of(xml(text).value) == ""


def test_a_headwind_file_names_no_android_policy() -> None:
    held = json.dumps(_FILES["a configuration of Headwind MDM"]).encode()
    assert open_document("h.json", held).kind == "unknown"
