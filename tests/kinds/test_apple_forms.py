"""The other forms in which people have Apple's policies: a bare payload, a command, a device's answer, a listing."""

from __future__ import annotations

import json
import plistlib
from typing import TYPE_CHECKING, Any

import pytest
from kind_documents import blocking, does, says

from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.kinds import open_document, read

if TYPE_CHECKING:
    from mdm_policy.documents import Document

BLOCK = ("apple-blocked-app-bundle-ids", "block", "bundle_id", "com.a.b")
PAYLOAD = {"PayloadType": "com.apple.applicationaccess", "blockedAppBundleIDs": ["com.a.b"]}


def form(value: Any) -> Document:
    return open_document("f.plist", plistlib.dumps(value))


def fragment(value: Any) -> Document:
    text = plistlib.dumps(value, fmt=plistlib.FMT_XML).decode()
    return open_document("f.xml", text[text.index("<dict>") : text.rindex("</plist>")].encode())


def answer(**parts: Any) -> Document:
    return form({"Status": "Acknowledged", "GlobalRestrictions": parts, "ProfileRestrictions": {}})


def command(payload: bytes, request: str = "InstallProfile") -> Document:
    return form({"CommandUUID": "a", "Command": {"RequestType": request, "Payload": payload}})


@pytest.mark.parametrize(
    ("document", "kind", "effects"),
    [
        pytest.param(form(PAYLOAD), "apple-payload", [BLOCK], id="payload"),
        pytest.param(fragment(PAYLOAD), "apple-payload", [BLOCK], id="fragment"),
        pytest.param(
            form({"PayloadType": "com.apple.wifi.managed", "SSID_STR": "a"}), "unknown", [], id="another payload"
        ),
        pytest.param(command(blocking("com.a.b").data), "apple-install-profile", [BLOCK], id="command"),
        pytest.param(command(b"x"), "apple-install-profile", [], id="command with nothing to read"),
        pytest.param(command(b"", "RemoveProfile"), "unknown", [], id="another command"),
        pytest.param(
            answer(union={"blockedAppBundleIDs": {"values": ["com.a.b"]}}),
            "apple-restrictions-answer",
            [BLOCK],
            id="answer",
        ),
        pytest.param(
            answer(intersection={"allowListedAppBundleIDs": {"values": ["com.a.b"]}}),
            "apple-restrictions-answer",
            [("apple-allow-listed-app-bundle-ids", "allow-only", "bundle_id", "com.a.b")],
            id="allow list in an answer",
        ),
        pytest.param(answer(), "apple-restrictions-answer", [], id="answer of no restriction"),
    ],
)
def test_what_a_form_does(document: Document, kind: str, effects: list[tuple[str, str, str, str]]) -> None:
    assert document.kind == kind
    assert does(document) == effects


def test_a_switch_of_the_store_in_an_answer() -> None:
    closed = answer(
        restrictedBool={"allowAppInstallation": {"value": False}, "allowUIAppInstallation": {"value": True}}
    )
    assert [rule.id for rule in read(closed).rules] == ["apple-allow-app-installation"]


@pytest.mark.parametrize(
    ("changed", "sense"),
    [
        pytest.param({"PayloadVersion": 1, "PayloadUUID": "a"}, "block", id="with some of its keys"),
        pytest.param({"PayloadVersion": 2}, "none", id="another version"),
        pytest.param({"PayloadUUID": 5}, "none", id="a UUID of no text"),
        pytest.param({"allowCamera": "no"}, "none", id="a wrong type"),
    ],
)
def test_a_bare_payload_is_held_against_the_schema(changed: dict[str, Any], sense: str) -> None:
    assert {rule.sense for rule in read(form({**PAYLOAD, **changed})).rules} == {sense}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(form({"_computerlevel": [{"ProfileItems": [PAYLOAD]}]}), id="profiles show"),
        pytest.param(
            open_document("k.json", json.dumps({"name": "n", "profile": blocking("com.a.b").data.decode()}).encode()),
            id="Kandji",
        ),
        pytest.param(
            open_document(
                "b.json", json.dumps({"components": [{"identifier": "com.jamf.ddm-configuration-profile"}]}).encode()
            ),
            id="blueprint",
        ),
    ],
)
def test_a_tools_own_form_is_named_and_unknown(document: Document) -> None:
    assert document.kind == "apple-undocumented-form"
    assert {rule.verdict for rule in read(document).rules} == {"unknown"}
    assert "form-undocumented" in says(document)


def other(document: Document) -> Document:
    text = document.data.decode().replace("com.a.b", "com.x.y")
    return open_document(document.name, text.encode())


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(form(PAYLOAD), id="payload"),
        pytest.param(fragment(PAYLOAD), id="fragment"),
        pytest.param(answer(union={"blockedAppBundleIDs": {"values": ["com.a.b"]}}), id="answer"),
        pytest.param(form({"_computerlevel": [{"ProfileItems": [PAYLOAD]}]}), id="profiles show"),
    ],
)
def test_an_app_that_is_gone_is_seen(document: Document) -> None:
    sides = Side("old", (document,)), Side("new", (other(document),))
    assert compare_policies(*sides, Question("2026-11-28"), None).exit_code == 11
    same = Side("old", (document,)), Side("new", (document,))
    assert compare_policies(*same, Question("2026-11-28"), None).exit_code == 0
