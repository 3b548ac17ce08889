"""Test that an entry that can match no app is a finding, whatever the kind of document, in a proof and in a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY
from kind_documents import (
    DEFAULT_EXE,
    as_json,
    blocking,
    path_rule,
    plist,
    publisher_rule,
    restrictions,
    rules_xml,
    says,
    xml,
)

from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.kinds import MATCHING_NOTHING

if TYPE_CHECKING:
    from mdm_policy.documents import Document


def _declared(**item: str) -> Document:
    payload = {"Allowed": {"DeniedBinaries": [item]}}
    value = {"Type": "com.apple.configuration.app.settings", "Identifier": "c", "Payload": payload}
    return as_json(value, "c.json")


def _santa(kind: str, text: str) -> Document:
    listed = [{"identifier": text, "policy": "BLOCKLIST", "rule_type": kind}]
    return plist({"PayloadType": "com.northpolesec.santa", "StaticRules": listed})


def _android(package: str) -> Document:
    return as_json({"playStoreMode": "BLACKLIST", "applications": [{"packageName": package, "installType": "BLOCKED"}]})


def _hidden(bundle: str) -> Document:
    value = {
        "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
        "appsVisibilityListType": "appsNotInListCompliant",
        "appsVisibilityList": [{"appId": bundle, "name": "n"}],
    }
    return as_json(value)


def _paths(*paths: str) -> Document:
    keys: dict[str, Any] = {"familyControlsEnabled": True, "pathDenyList": list(paths), "pathAllowList": ["/"]}
    return plist({"PayloadType": "com.apple.applicationaccess.new", **keys})


def _exe(rule: str) -> Document:
    return xml(rules_xml(DEFAULT_EXE, rule))


def _appx(name: str) -> Document:
    return xml(rules_xml(publisher_rule("*", action="Allow"), publisher_rule("CN=T", name), kind="Appx"))


ROWS = [
    pytest.param(blocking("com.example.*"), blocking("com.example.app"), id="a wildcard in a bundle id"),
    pytest.param(blocking("com.example.app "), blocking("com.example.app"), id="a blank behind a bundle id"),
    pytest.param(blocking("com/example/app"), blocking("com.example_app"), id="a slash in a bundle id"),
    pytest.param(_hidden("com.exam\u0440le.app"), _hidden("com.example.app"), id="a letter that only looks Latin"),
    pytest.param(plist(restrictions(allowListedAppBundleIDs=["a:b"])), blocking("a.b"), id="an allow list"),
    pytest.param(_android("app:com.tencent.mm"), _android("com.tencent.mm"), id="a package of another API"),
    pytest.param(_declared(TeamID="5A4RE8SF6"), _declared(TeamID="5A4RE8SF68"), id="a team id of nine"),
    pytest.param(_declared(TeamID="5a4re8sf68"), _declared(TeamID="*APPLE*"), id="a team id in small letters"),
    pytest.param(_declared(CDHash="ab" * 19), _declared(CDHash="ab" * 20), id="a code hash that is too short"),
    pytest.param(_santa("TEAMID", "5A4RE8SF6"), _santa("TEAMID", "5A4RE8SF68"), id="a team id of Santa"),
    pytest.param(_santa("SIGNINGID", "com.tencent.xinWeChat"), _santa("SIGNINGID", "5A4RE8SF68:com.tencent.xinWeChat"), id="a signing id without its team"),
    pytest.param(_santa("BINARY", "ab" * 20), _santa("BINARY", "ab" * 32), id="the hash of a file"),
    pytest.param(_exe(publisher_rule("TENCENT")), _exe(publisher_rule("O=TENCENT")), id="a publisher that is no name"),
    pytest.param(_exe(publisher_rule("O=TENC*")), _exe(publisher_rule("*", "WECHAT")), id="a part of a publisher"),
    pytest.param(_exe(path_rule("%APPDATA%\\*")), _exe(path_rule("%OSDRIVE%\\Users\\*")), id="a variable of the environment"),
    pytest.param(_exe(path_rule("WeChat.exe")), _exe(path_rule("*\\WeChat.exe")), id="a path without a beginning"),
    pytest.param(_exe(path_rule("Apps\\WeChat.exe")), _exe(path_rule("\\\\server\\share\\*")), id="a path that is relative"),
    pytest.param(_appx("Tencent.WeChat_abc"), _appx("Tencent.WeChat"), id="the family name of a package for its name"),
    pytest.param(_paths("Applications/WeChat.app"), _paths("/Applications/WeChat.app"), id="a relative path of macOS"),
]  # fmt: skip


@pytest.mark.parametrize(("odd", "plain"), ROWS)
def test_an_entry_that_matches_nothing_is_told_in_a_proof_and_in_a_comparison(odd: Document, plain: Document) -> None:
    assert set(says(odd)) & set(MATCHING_NOTHING)
    assert not set(says(plain)) & set(MATCHING_NOTHING)
    found = compare_policies(Side("old", (plain,)), Side("new", (odd,)), Question(DAY), None).findings
    assert {one.id for one in found} & set(MATCHING_NOTHING)
    again = compare_policies(Side("old", (odd,)), Side("new", (odd,)), Question(DAY), None).findings
    assert not {one.id for one in again} & set(MATCHING_NOTHING)
