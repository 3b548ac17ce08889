"""Test that a gap blames what is true: a document that its vendor refuses names the app, and the fault is elsewhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from app_control_documents import deny
from app_control_documents import policy as app_control
from build_kit import DAY
from kind_documents import (
    DEFAULT_EXE,
    WECHAT,
    app,
    as_json,
    blocking,
    device,
    identifier,
    plist,
    publisher_rule,
    restrictions,
    rules_xml,
    xml,
)

from mdm_policy import catalogue
from mdm_policy.errors import Origin
from mdm_policy.model import Reason, Resolution
from mdm_policy.report import verification as report
from mdm_policy.verify import Places, Rules, piece, verify

if TYPE_CHECKING:
    from mdm_policy.documents import Document
    from mdm_policy.model import BannedApp, DeviceClass
    from mdm_policy.verify import Verification

PHONES = device("ios", ">=15,<27", "phones", supervised=True, enrollment="automated")
NEW_PHONES = device("ios", ">=27", "phones", supervised=True, enrollment="automated")
MACS = device("macos", ">=14", "macs", supervised=True, enrollment="automated")
ANDROID = device("android", name="managed", mode="fully-managed")
LAPTOPS = device("windows", ">=10", "laptops")


def _proof(document: Document, cls: DeviceClass, one: BannedApp = WECHAT) -> tuple[Verification, Places]:
    places = Places({document.name: document})
    ordered = Resolution("Example Agency", "gov.example.agency", DAY, (one,), (), (), (cls,), (), ())
    return verify(ordered, [piece(document)], catalogue.load(), Rules(DAY), (), places), places


def _declared(**allowed: Any) -> Document:
    payload = {"Allowed": {"DeniedApps": ["com.tencent.xin"], **allowed}}
    value = {"Type": "com.apple.configuration.app.settings", "Identifier": "c", "Payload": payload}
    return as_json(value, "c.json")


def _policy(**more: Any) -> Document:
    listed = [{"packageName": "com.tencent.mm", "installType": "BLOCKED"}]
    closed = {"untrustedAppsPolicy": "DISALLOW_INSTALL"}
    return as_json(
        {"playStoreMode": "BLACKLIST", "applications": listed, "advancedSecurityOverrides": closed, **more}, "p.json"
    )


def _jamf(method: str) -> Document:
    payloads = escape(blocking("com.tencent.xin").data.decode(), quote=False)
    scope = "<scope><all_mobile_devices>true</all_mobile_devices></scope>"
    general = f"<general><id>3</id><name>n</name><deployment_method>{method}</deployment_method><payloads>{payloads}</payloads></general>"
    return xml(f"<configuration_profile>{general}{scope}</configuration_profile>", "j.xml")


TWICE = [restrictions(blockedAppBundleIDs=["com.tencent.xin"]), restrictions(allowCamera=True)]
UUID = {"PayloadUUID": "00000000-0000-4000-8000-000000000001"}
ROWS = [
    pytest.param(
        plist({**TWICE[0], **UUID}, {**TWICE[1], **UUID}),
        PHONES,
        "refuse the whole profile",
        "/PayloadContent/1/PayloadUUID",
        "write what Apple's schema asks for",
        id="two payloads with one UUID",
    ),
    pytest.param(
        plist(restrictions(blockedAppBundleIDs=["com.tencent.xin"], allowCamera="no")),
        PHONES,
        "refuse the whole profile",
        "/PayloadContent/0/allowCamera",
        "write what Apple's schema asks for",
        id="a value of the wrong type elsewhere in the payload",
    ),
    pytest.param(
        plist(restrictions(blockedAppBundleIDs=["com.tencent.xin"]), PayloadVersion=2),
        PHONES,
        "there is no version but 1",
        "/PayloadVersion",
        "write what Apple's schema asks for",
        id="a version that does not exist",
    ),
    pytest.param(
        plist(restrictions(allowListedAppBundleIDs=["org.own"], allowCamera="no")),
        PHONES,
        "refuse the whole profile",
        "/PayloadContent/0/allowCamera",
        "write what Apple's schema asks for",
        id="an allow list that would refuse it by absence",
    ),
    pytest.param(
        _declared(Extra=True),
        NEW_PHONES,
        "refuse the whole declaration",
        "/Payload/Allowed",
        "write what Apple's schema asks for",
        id="a key that declarations do not have",
    ),
    pytest.param(
        xml(rules_xml(DEFAULT_EXE, publisher_rule("O=TENCENT").replace('Name="n" ', ""))),
        LAPTOPS,
        "Windows refuses the policy",
        "/RuleCollection/FilePublisherRule",
        "write",
        id="an AppLocker rule without a name",
    ),
    pytest.param(
        xml(rules_xml(DEFAULT_EXE, publisher_rule("O=TENCENT"), mode="Yes")),
        LAPTOPS,
        "Windows refuses the policy",
        "/RuleCollection",
        "write",
        id="an AppLocker mode that does not exist",
    ),
    pytest.param(
        xml(app_control(deny('FileName="WeChat.exe" MinimumFileVersion="x"')), "a.xml"),
        LAPTOPS,
        "no policy can be made of the document",
        "/SiPolicy/FileRules/Deny",
        "make the policy again",
        id="an App Control rule with a version that is none",
    ),
    pytest.param(
        _policy(strangeField=1), ANDROID, "the API refuses the whole of it", "/strangeField", "write what", id="a field that AMAPI lacks"
    ),
    pytest.param(
        _policy(maximumTimeToLock="soon"), ANDROID, "API", "/maximumTimeToLock", "write", id="a field of AMAPI with another type"
    ),
    pytest.param(
        _jamf("Make Available in Self Service"),
        PHONES,
        "users choose in Self Service",
        "/configuration_profile/general/deployment_method",
        "write Install Automatically",
        id="a profile of Jamf that users choose",
    ),
    pytest.param(
        plist({"PayloadType": "com.northpolesec.santa", "StaticRules": [
            {"identifier": "5A4RE8SF68", "policy": "BLOCKLIST", "rule_type": "TEAMID"}]}, restrictions(allowCamera="no")),
        MACS,
        "refuse the whole profile",
        "/PayloadContent/1/allowCamera",
        "write what Apple's schema asks for",
        id="rules of Santa beside a payload that is refused",
    ),
]  # fmt: skip
WINDOWS = app(("windows", "publisher", "O=TENCENT"), ("windows", "executable", "WeChat.exe"))


@pytest.mark.parametrize(("document", "cls", "why", "pointer", "hint"), ROWS)
def test_a_gap_blames_the_refusal(document: Document, cls: DeviceClass, why: str, pointer: str, hint: str) -> None:
    found, _ = _proof(document, cls, WINDOWS if cls is LAPTOPS else WECHAT)
    (gap,) = found.gaps
    assert why in gap.sentence
    assert "names" not in gap.sentence.partition("but")[0]
    assert gap.line is not None
    assert gap.line.document == document.name
    assert gap.line.pointer.startswith(pointer)
    assert gap.line.origin is not None
    assert gap.line.origin.line > 0
    assert gap.line.source
    assert hint in gap.hint
    assert "add" not in gap.hint.split()


def test_an_app_that_a_refused_document_does_not_name_is_still_unnamed() -> None:
    found, _ = _proof(plist(restrictions(blockedAppBundleIDs=["org.own"], allowCamera="no")), PHONES)
    assert "names com.tencent.xin" in found.gaps[0].sentence


def _listed(*identifiers: Any, of_list: str = "list.yaml") -> BannedApp:
    reason = Reason("x", "x", Origin(of_list, 3, 1))
    return msgspec.structs.replace(WECHAT, identifiers=tuple(identifiers), reasons=(reason,))


KNOWN = msgspec.structs.replace(
    identifier("ios", "bundle_id", "com.example.b"), confidence="single-source", origin=Origin("catalogue.json")
)
GIVEN = msgspec.structs.replace(identifier("ios", "bundle_id", "com.example.a"), origin=Origin("list.yaml", 4, 3))


def test_each_identifier_has_a_verdict_where_an_app_is_partly_held() -> None:
    found, places = _proof(blocking("com.example.a"), PHONES, _listed(GIVEN, KNOWN))
    (gap,) = found.gaps
    said = "com.example.b (catalogue, single source) allowed; com.example.a hidden"
    assert report.identifiers(gap) == said
    flat = " ".join(report.text(found).split())
    assert said in flat
    assert "phones: ALLOWED IN PART: WeChat" in flat
    assert "PARTLY ALLOWED" in flat
    assert "com.example.b" in report.for_pull_request(found)
    assert '"known_from": "catalogue, single source"' in report.data(found, places)
    assert any(said in one.message for one in report.as_findings(found))


@pytest.mark.parametrize(
    ("identifiers", "wanted"),
    [
        pytest.param((GIVEN,), "", id="the list gives its only identifier"),
        pytest.param(
            (KNOWN,), "com.example.b (catalogue, single source) allowed", id="the catalogue gives its only one"
        ),
        pytest.param(
            (GIVEN, KNOWN), "com.example.a allowed; com.example.b (catalogue, single source) allowed", id="both"
        ),
    ],
)
def test_a_gap_says_which_identifiers_the_list_does_not_give(identifiers: tuple[Any, ...], wanted: str) -> None:
    found, _ = _proof(blocking("org.own"), PHONES, _listed(*identifiers))
    assert "; ".join(map(str, found.gaps[0].identifiers)) == wanted
