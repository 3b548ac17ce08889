"""A key that stands twice: equal values cannot matter, others put in doubt what rests on that key, and no more."""

from __future__ import annotations

import json
import plistlib
from typing import Any

import pytest
from kind_documents import plist, restrictions

from mdm_policy.kinds import open_document, read_each

CATALOG = {
    "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
    "appsVisibilityListType": "appsNotInListCompliant",
    "appsVisibilityList": [{"@odata.type": "#microsoft.graph.appListItem", "appId": "com.a.b", "name": "A"}],
}


def profile(*replaced: tuple[str, str], binary: bool = False) -> bytes:
    text = plist(restrictions(blockedAppBundleIDs=["com.a.b"], allowCamera=False), PayloadScope="System").data.decode()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    return plistlib.dumps(plistlib.loads(text.encode()), fmt=plistlib.FMT_BINARY) if binary else text.encode()


_LIST = "<key>blockedAppBundleIDs</key>"
_CAMERA = "<key>allowCamera</key>"
_TYPE = "<key>PayloadType</key>\n\t\t\t<string>com.apple.applicationaccess</string>"


@pytest.mark.parametrize(
    ("data", "verdict", "severity"),
    [
        pytest.param(profile(), "hidden", None, id="no key twice"),
        pytest.param(profile((_CAMERA, f"{_CAMERA}<false/>{_CAMERA}")), "hidden", "note", id="another key, equal"),
        pytest.param(profile((_CAMERA, f"{_CAMERA}<true/>{_CAMERA}")), "hidden", "warning", id="another key, unequal"),
        pytest.param(
            profile((_LIST, f"{_LIST}<array><string>com.a.b</string></array>{_LIST}")),
            "hidden",
            "note",
            id="the list, equal",
        ),
        pytest.param(
            profile((_LIST, f"{_LIST}<array><string>com.x</string></array>{_LIST}")),
            "unknown",
            "warning",
            id="the list",
        ),
        pytest.param(profile((_LIST, f"{_LIST}<array/>{_LIST}")), "unknown", "warning", id="an empty list"),
        pytest.param(
            profile((_TYPE, f"<key>PayloadType</key><string>x</string>{_TYPE}")),
            "unknown",
            "warning",
            id="the payload's type",
        ),
        pytest.param(
            json.dumps(CATALOG).replace('"appsVis', '"appsVisibilityList": [], "appsVis', 1).encode(),
            "allowed",
            "warning",
            id="a list of Graph",
        ),
        pytest.param(
            json.dumps(CATALOG).replace('"@odata', '"displayName": "a", "displayName": "b", "@odata', 1).encode(),
            "allowed",
            "warning",
            id="a name of Graph, which refuses the whole object",
        ),
        pytest.param(
            json.dumps({"value": [CATALOG]}).replace('"appsVis', '"appsVisibilityList": [], "appsVis', 1).encode(),
            "allowed",
            "warning",
            id="within a page",
        ),
    ],
)
def test_what_a_key_that_stands_twice_does(data: bytes, verdict: str, severity: str | None) -> None:
    document = open_document("d", data)
    (reading,) = read_each(document)
    assert {rule.verdict for rule in reading.rules} == {verdict}
    assert [one.severity for one in document.findings if one.id == "key-stands-twice"] == (
        [severity] if severity else []
    )
    assert all(one.origin is not None and one.origin.line for one in document.findings)


def test_each_of_many_keys_is_looked_at_once() -> None:
    many: dict[str, Any] = {"Type": "com.apple.configuration.app.settings", "Identifier": "a"}
    text = json.dumps(many)[:-1] + "".join(f', "x{place}": {place}, "x{place}": 0' for place in range(50_000)) + "}"
    document = open_document("d.json", text.encode())
    assert len(document.doubts) == 49_999
    assert len(document.findings) == 20
