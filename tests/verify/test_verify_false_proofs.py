"""Hold what once looked like a proof and is none: each row spoils one thing that no device or server forgives.

Beside each spoilt document stands the sound one, which is proven on the same class.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY, NOTHING_KNOWN, ban_list, deployment, identifier, inline
from kind_documents import (
    DEFAULT_EXE,
    GRAPH,
    as_json,
    blocking,
    device,
    graph,
    path_rule,
    plist,
    publisher_rule,
    restrictions,
    rules_xml,
    target,
    xml,
)

from mdm_policy.kinds import open_document
from mdm_policy.resolve import resolve
from mdm_policy.verify import Rules, Verification, piece, verify

if TYPE_CHECKING:
    from mdm_policy.documents import Document
    from mdm_policy.model import DeviceClass

APP, MM, TEAM = "com.chat.app", "com.chat.android", "ABCDEFGHIJ"
CHAT = inline(
    "Chat",
    identifier("ios", "bundle_id", APP),
    identifier("android", "package_name", MM),
    identifier("macos", "team_id", TEAM),
    identifier("macos", "bundle_id", "com.chat.mac"),
    identifier("macos", "process_name", "Chat"),
    identifier("windows", "executable", "chat.exe"),
)
IPHONES = device("ios", ">=27", "iPhones", supervised=True, enrollment="automated", groups=("field",))
MACS = device("macos", ">=14", "Macs", supervised=True, enrollment="automated")
PHONES = device("android", ">=12", "phones", mode="fully-managed", origins=("store",))
COPE = device("android", ">=12", "cope", mode="cope", origins=("store",))
PCS = device("windows", ">=10", "PCs")
BLOCKED = {"packageName": MM, "installType": "BLOCKED"}
OTHER = {"packageName": "com.ok.app", "installType": "AVAILABLE"}
WHITE = {"playStoreMode": "WHITELIST", "applications": [OTHER]}
BLACK = {"playStoreMode": "BLACKLIST", "applications": [BLOCKED]}
URI = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/{}/EXE/Policy"
VALUE = "deviceManagementConfigurationStringSettingValue"
LIST = "deviceManagementConfigurationSimpleSettingCollectionInstance"


def policy(base: dict[str, Any], **changes: Any) -> list[Document]:
    return [as_json({key: value for key, value in {**base, **changes}.items() if value is not None})]


def patch(mask: Any, **body: Any) -> list[Document]:
    return [as_json({"method": "PATCH", "query": {"updateMask": mask}, "body": body})]


def modify(mask: Any, *more: dict[str, Any]) -> list[Document]:
    changes = [{"application": one, "updateMask": mask} for one in (BLOCKED, *more)]
    return [as_json({"changes": changes})]


def settings(payload: dict[str, Any] | None = None, **allowed: Any) -> list[Document]:
    body = {"Allowed": {"DeniedApps": [APP], **allowed}, **(payload or {})}
    return [as_json({"Type": "com.apple.configuration.app.settings", "Identifier": "c", "Payload": body})]


def activated(name: str) -> list[Document]:
    payload = {"StandardConfigurations": [name]}
    return [*settings(), as_json({"Type": "com.apple.activation.simple", "Payload": payload}, "a.json")]


def catalog(
    kind: str | None, definition: str = "blockedappbundleids", value: str | None = None, **top: Any
) -> list[Document]:
    child = {
        "settingDefinitionId": f"com.apple.applicationaccess_{definition}",
        "simpleSettingCollectionValue": [{"value": APP, **({"@odata.type": GRAPH + value} if value else {})}],
        **({"@odata.type": GRAPH + kind} if kind else {}),
    }
    name = "com.apple.applicationaccess_com.apple.applicationaccess"
    group = {"settingDefinitionId": name, "groupSettingCollectionValue": [{"children": [child]}]}
    return [as_json({"platforms": "iOS", "technologies": "mdm", "settings": [{"settingInstance": group}], **top})]


def hidden(*assignments: dict[str, Any]) -> list[Document]:
    listed = [{"appId": APP}]
    keys: dict[str, Any] = {"appsVisibilityListType": "appsNotInListCompliant", "appsVisibilityList": listed}
    return [graph("iosGeneralDeviceConfiguration", assignments=list(assignments), **keys)]


EVERYONE, FIELD = target("allDevicesAssignmentTarget"), target("groupAssignmentTarget", groupId="field")


def oma(*uris: str) -> list[Document]:
    rules = [rules_xml(DEFAULT_EXE, path_rule("*\\chat.exe")), rules_xml(DEFAULT_EXE, path_rule("*\\x.exe"))]
    made = [{"omaUri": URI.format(uri), "value": value} for uri, value in zip(uris, rules, strict=False)]
    return [graph("windows10CustomConfiguration", omaSettings=made)]


def exe(rule: str) -> list[Document]:
    return [xml(rules_xml(DEFAULT_EXE, rule))]


def paths(**keys: Any) -> list[Document]:
    payload = {"PayloadType": "com.apple.applicationaccess.new", "familyControlsEnabled": True}
    lists = {"pathBlackList": ["/Applications/Chat.app/"], "pathWhiteList": ["/"]}
    return [plist({**payload, **lists, **keys})]


def jamf(exclusions: str) -> list[Document]:
    payload = blocking(APP).data.decode().replace("&", "&amp;").replace("<", "&lt;")
    text = (
        "<configuration_profile><general><id>3</id><name>Ban</name>"
        f"<payloads>{payload}</payloads></general><scope><all_mobile_devices>true</all_mobile_devices>"
        f"<exclusions>{exclusions}</exclusions></scope></configuration_profile>"
    )
    return [open_document("j.xml", text.encode())]


def found(documents: list[Document], cls: DeviceClass) -> Verification:
    resolution = resolve([ban_list(CHAT)], deployment(devices=(cls,)), NOTHING_KNOWN, DAY, enforce=False)
    return verify(resolution, [piece(one) for one in documents], NOTHING_KNOWN, Rules(DAY, "weak"))


ROWS = [
    ("a word of another case lets all in", PHONES, policy(WHITE, playStoreMode="whitelist"), policy(WHITE)),
    ("a mode by its number", PHONES, policy(WHITE, playStoreMode=2), policy(WHITE)),
    (
        "a field in proto's own spelling",
        PHONES,
        policy(WHITE, playStoreMode=None, play_store_mode="BLACKLIST"),
        policy(WHITE, playStoreMode=None),
    ),
    ("a part of a policy", PHONES, policy({"shortSupportMessage": {}}), policy({"shortSupportMessage": {}, **WHITE})),
    ("an allow list that removes nothing", PHONES, policy(WHITE, uninstallAppsDisabled=True), policy(WHITE)),
    ("a switch in quotes", PHONES, policy(BLACK, uninstallAppsDisabled="true"), policy(BLACK)),
    ("another app's word is refused", PHONES, policy(BLACK, applications=[BLOCKED, {**OTHER, "installType": "x"}]), policy(BLACK)),
    ("another app has no name", PHONES, policy(WHITE, applications=[{"package_name": MM}]), policy(WHITE)),
    ("another app is a text", PHONES, policy(BLACK, applications=[BLOCKED, MM]), policy(BLACK)),
    ("disabled is a text", PHONES, policy(BLACK, applications=[{**BLOCKED, "disabled": "no"}]), policy(BLACK)),
    ("the list is an object", COPE, policy(WHITE, personalUsagePolicies={"personalApplications": {}}), None),
    (
        "sideloading by an unknown word",
        PHONES,
        policy(BLACK, advancedSecurityOverrides={"untrustedAppsPolicy": "DISALLOW"}),
        policy(BLACK, advancedSecurityOverrides={"untrustedAppsPolicy": "DISALLOW_INSTALL"}),
    ),
    (
        "a patch that leaves the list",
        PHONES,
        patch("playStoreMode", playStoreMode="WHITELIST"),
        patch("playStoreMode,applications", **WHITE),
    ),
    ("a mask in a list", PHONES, patch(["applications"], applications=[BLOCKED]), patch("applications", applications=[BLOCKED])),
    ("a change with such a mask", PHONES, modify(["installType"]), modify("installType")),
    ("another change is refused", PHONES, modify("installType", {**OTHER, "installType": 3}), modify("installType", OTHER)),
    ("a key devices refuse", IPHONES, settings({"Comment": "x"}), settings()),
    ("a key devices refuse, in the list", IPHONES, settings(deniedApps=["com.x.y"]), settings()),
    ("a type devices refuse", IPHONES, settings(AllowedApps="all"), settings()),
    ("a word devices refuse", IPHONES, settings(DeniedBinaries=[{"TeamID": TEAM, "SigningState": "any"}]), settings()),
    ("an activation of another", IPHONES, activated("C"), activated("c")),
    ("devices by a word", IPHONES, [blocking(APP, TargetDeviceType="1")], [blocking(APP, TargetDeviceType=1)]),
    ("devices by a number nobody knows", IPHONES, [blocking(APP, TargetDeviceType=9)], [blocking(APP, TargetDeviceType=0)]),
    ("devices by yes", IPHONES, [blocking(APP, TargetDeviceType=True)], [blocking(APP)]),
    ("a number among the bundle ids", IPHONES, [plist(restrictions(blockedAppBundleIDs=[APP, 3]))], [blocking(APP)]),
    ("no version of the profile", IPHONES, [blocking(APP, PayloadVersion="1")], [blocking(APP, PayloadVersion=1)]),
    ("another kind of profile", IPHONES, [blocking(APP, PayloadType="configuration")], [blocking(APP)]),
    (
        "no identifier of a payload",
        IPHONES,
        [plist({**restrictions(blockedAppBundleIDs=[APP]), "PayloadUUID": 7})],
        [plist({**restrictions(blockedAppBundleIDs=[APP]), "PayloadUUID": "7"})],
    ),
    (
        "replaced by a profile of the same identifier",
        IPHONES,
        [blocking(APP, PayloadIdentifier="x"), blocking("com.x.y", PayloadIdentifier="x", name="q")],
        [blocking(APP, PayloadIdentifier="x"), blocking("com.x.y", APP, PayloadIdentifier="x", name="q")],
    ),
    (
        "replaced by a profile of the same identifier that is empty",
        IPHONES,
        [blocking(APP, PayloadIdentifier="x"), plist(PayloadIdentifier="x", name="q")],
        [blocking(APP, PayloadIdentifier="x"), plist(PayloadIdentifier="y", name="q")],
    ),
    (
        "replaced by a declaration of the same identifier",
        IPHONES,
        [*settings(), as_json(json.loads(settings(DeniedApps=["com.x.y"])[0].data), "e.json")],
        [*settings(), as_json({**json.loads(settings(DeniedApps=["com.x.y"])[0].data), "Identifier": "e"}, "e.json")],
    ),
    ("removed after a text", IPHONES, [blocking(APP, DurationUntilRemoval="60")], [blocking(APP)]),
    ("an instance of another type", IPHONES, catalog(LIST.replace("Collection", "")), catalog(LIST)),
    ("values of another type", IPHONES, catalog(LIST, value=VALUE.replace("String", "Secret")), catalog(LIST, value=VALUE)),
    ("sent by another channel", IPHONES, catalog(LIST, technologies="microsoftSense"), catalog(LIST, technologies="mdm,x")),
    ("not assigned, by its own word", IPHONES, catalog(LIST, isAssigned=False), catalog(LIST, isAssigned=True)),
    ("a definition in another case", IPHONES, catalog(LIST, "blockedAppBundleIDs"), catalog(None)),
    ("assigned to be removed", IPHONES, hidden({**EVERYONE, "intent": "remove"}), hidden({**EVERYONE, "intent": "apply"})),
    ("removed from the group again", IPHONES, hidden(EVERYONE, {**FIELD, "intent": "remove"}), hidden(EVERYONE)),
    ("removed from all again", IPHONES, hidden(EVERYONE, {**EVERYONE, "intent": "remove"}), hidden(EVERYONE)),
    ("a group, removed from all", IPHONES, hidden(FIELD, {**EVERYONE, "intent": "remove"}), hidden(FIELD)),
    ("two settings of one node", PCS, oma("g", "g"), oma("g")),
    ("two nodes for one sort of files", PCS, oma("g", "h"), oma("g")),
    ("for administrators alone", PCS, exe(path_rule("*\\chat.exe", sid="S-1-5-32-544")), exe(path_rule("*\\chat.exe"))),
    ("of another publisher", PCS, exe(publisher_rule("O=X", binary="CHAT.EXE")), None),
    ("by the name in its resource", PCS, exe(publisher_rule("*", binary="CHAT.EXE")), exe(path_rule("*chat.exe"))),
    (
        "an app let past the path lists",
        MACS,
        paths(whiteList=[{"bundleID": "com.chat.mac", "appID": b"requirement"}]),
        paths(whiteList=[{"bundleID": "com.chat.mac", "appID": b"requirement", "disabled": True}]),
    ),
    (
        "a single device is left out",
        IPHONES,
        jamf("<mobile_devices><mobile_device><name>one</name></mobile_device></mobile_devices>"),
        jamf("<mobile_device_groups/>"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "spoilt", "sound"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_only_looks_like_a_ban_is_a_gap(
    cls: DeviceClass, spoilt: list[Document], sound: list[Document] | None
) -> None:
    gaps = found(spoilt, cls).gaps
    assert [gap.verdict for gap in gaps] in (["allowed"], ["unknown"], ["not-installable"])
    assert sound is None or not found(sound, cls).gaps


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        pytest.param(
            [plist(restrictions(blockedAppBundleIDs=[APP], allowCamera=0))], "mend in the document", id="the document"
        ),
        pytest.param([blocking(APP, DurationUntilRemoval=60)], "lifts itself", id="its end"),
        pytest.param(
            hidden(target("groupAssignmentTarget", groupId="lab")), "a missing assignment", id="whom it reaches"
        ),
    ],
)
def test_what_to_do_about_a_doubt_is_about_that_doubt(documents: list[Document], said: str) -> None:
    assert [said in gap.hint for gap in found(documents, IPHONES).gaps] == [True]


def test_a_declaration_that_is_activated_states_whom_it_reaches() -> None:
    resolution = resolve([ban_list(CHAT)], deployment(devices=(IPHONES,)), NOTHING_KNOWN, DAY, enforce=False)
    strict = Rules(DAY, require_scope=True)
    assert not verify(resolution, [piece(one) for one in activated("c")], NOTHING_KNOWN, strict).gaps
    assert verify(resolution, [piece(one) for one in settings()], NOTHING_KNOWN, strict).gaps


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        pytest.param([blocking(APP, name="a"), blocking("com.x.y", name="b")], ["b"], id="two lists"),
        pytest.param([blocking(APP, name="a"), blocking(APP, name="b")], [], id="the same list twice"),
        pytest.param([blocking(APP, name="a"), plist(restrictions(allowCamera=False), name="b")], [], id="another key"),
        pytest.param(
            [*hidden(FIELD), graph("iosGeneralDeviceConfiguration", "h", **json.loads(hidden()[0].data) | {"appsVisibilityList": [{"appId": "com.x.y"}]})],
            [],
            id="one is assigned to nobody",
        ),
    ],
)  # fmt: skip
def test_a_list_in_several_documents_is_said(documents: list[Document], said: list[str]) -> None:
    told = [one for one in found(documents, IPHONES).findings if one.id == "list-in-several-documents"]
    assert [one.origin.file for one in told if one.origin] == said


def test_documents_that_replace_one_another_are_said() -> None:
    one, other = blocking(APP, PayloadIdentifier="x"), blocking(APP, "com.x.y", PayloadIdentifier="x", name="q")
    told = found([one, other], IPHONES).findings
    assert [str(f.origin) for f in told if f.id == "identifier-in-several-documents"] == ["q:4:1"]
    assert not [f for f in found([one, one], IPHONES).findings if f.id == "identifier-in-several-documents"]


def test_of_very_many_documents_of_one_identifier_nothing_is_proven() -> None:
    pairs = [blocking(APP if n % 2 else "x.y", PayloadIdentifier=f"x{n // 2}", name=f"{n}") for n in range(14)]
    assert [gap.verdict for gap in found(pairs, IPHONES).gaps] == ["allowed"]
    assert [gap.verdict for gap in found(pairs[:8], IPHONES).gaps] == ["allowed"]
    assert not found([blocking(APP, name="sure"), *pairs], IPHONES).gaps


def test_only_the_first_of_very_many_documents_that_set_a_list_are_named() -> None:
    documents = [blocking(f"com.x.y{number}", name=f"{number}") for number in range(25)]
    told = [one for one in found(documents, IPHONES).findings if one.id == "list-in-several-documents"]
    assert len(told) == 21
    assert any(
        one.message.startswith("4 more documents set blockedAppBundleIDs, to another list than 0;") for one in told
    )


def test_the_lists_of_a_variant_and_its_base_do_not_meet() -> None:
    resolution = resolve([ban_list(CHAT)], deployment(devices=(IPHONES,)), NOTHING_KNOWN, DAY, enforce=False)
    pieces = [piece(blocking(APP, name="a")), piece(blocking("com.x.y", name="b"), groups=("lab",))]
    told = verify(resolution, pieces, NOTHING_KNOWN, Rules(DAY)).findings
    assert "list-in-several-documents" not in {one.id for one in told}


def test_an_app_that_intune_installs_is_said_and_stays_hidden() -> None:
    assigned = [{"intent": "required", **EVERYONE}]
    store = graph("iosStoreApp", "store.json", bundleId=APP, assignments=assigned)
    result = found([*hidden(EVERYONE), store], IPHONES)
    assert [one.id for one in result.findings if one.severity == "warning"] == ["banned-app-allowed"]
    assert not result.gaps
    assert found([store], IPHONES).gaps
