"""What a change begins to stop, open or remove beside the ban is said; what was so before is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY
from kind_documents import as_json, path_rule, rules_xml, xml

from mdm_policy.diff import Question, Side, compare_policies

if TYPE_CHECKING:
    from mdm_policy.documents import Document

_BAN = [{"packageName": "org.example.app", "installType": "BLOCKED"}]


def _policy(mode: str) -> Document:
    return as_json({"name": "enterprises/e/policies/p", "playStoreMode": mode, "applications": _BAN}, "p.json")


def _declared(**allowed: Any) -> Document:
    kind = "com.apple.configuration.app.settings"
    return as_json({"Type": kind, "Identifier": "a", "ServerToken": "1", "Payload": {"Allowed": allowed}}, "d.json")


_ITEM = [{"TeamID": "ABCDE12345", "SigningID": "org.example.app"}]
_EXE = xml(rules_xml(path_rule("*", action="Allow"), path_rule("*\\tool.exe")), "exe.xml")
_AUDIT = xml(rules_xml(path_rule("*", action="Allow"), path_rule("*\\tool.exe"), mode="AuditOnly"), "exe.xml")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(_policy("WHITELIST"), _policy("BLACKLIST"), ["store-opened"], id="a store is opened"),
        pytest.param(_policy("BLACKLIST"), _policy("BLACKLIST"), [], id="a store was open before"),
        pytest.param(
            _declared(), _declared(DeniedBinaries=_ITEM), ["app-settings-binaries", "running-apps-quit"], id="binaries"
        ),
        pytest.param(_AUDIT, _EXE, ["applocker-packaged-apps-stop"], id="rules for programs are enforced"),
        pytest.param(_EXE, _AUDIT, [], id="rules for programs are not enforced any more"),
    ],
)
def test_what_begins_beside_the_ban(old: Document, new: Document, told: list[str]) -> None:
    found = compare_policies(Side("old", (old,)), Side("new", (new,)), Question(DAY), None)
    assert sorted(one.id for one in found.findings) == told
