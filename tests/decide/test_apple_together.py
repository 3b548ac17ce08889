"""What Apple's documents and payloads do to one another: lists intersect, managed apps are let past, one lock holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kind_documents import app, as_json, plist, restrictions

from mdm_policy.decide import judge
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.errors import Origin
from mdm_policy.kinds import read
from mdm_policy.model import DeviceClass, OsBound

if TYPE_CHECKING:
    from mdm_policy.documents import Document

DAY = "2026-11-28"
CHAT = app(("ios", "bundle_id", "com.a.chat"), ("macos", "signing_id", "ABCDE12345:com.a.chat"))
MACS = DeviceClass("macs", "macos", Origin(""), os=(OsBound(">=", (27,)),), supervised=True, enrollment="automated")
OLD = (OsBound(">=", (17,)), OsBound("<", (27,)))
IPHONES = DeviceClass("phones", "ios", Origin(""), os=OLD, supervised=True, enrollment="automated")
SIGNED = {"TeamID": "ABCDE12345", "SigningID": "com.a.chat"}


def settings(name: str = "a", **allowed: Any) -> Document:
    value = {"Type": "com.apple.configuration.app.settings", "Identifier": name, "Payload": {"Allowed": allowed}}
    return as_json(value, f"{name}.json")


def lock(bundle: str, name: str) -> Document:
    payload = {"PayloadType": "com.apple.app.lock", "App": {"Identifier": bundle}}
    return plist(payload, name=name, PayloadIdentifier=name)


def allowing(*lists: list[str], **top: Any) -> Document:
    return plist(*(restrictions(allowListedAppBundleIDs=one) for one in lists), **top)


BLOCKS = plist(restrictions(blockedAppBundleIDs=["com.a.chat"]), PayloadIdentifier="z", TargetDeviceType=1)


@pytest.mark.parametrize(
    ("documents", "cls", "decided"),
    [
        pytest.param([allowing(["com.a.chat"], ["com.b"])], IPHONES, ("hidden", "strong"), id="one list of two has it"),
        pytest.param([allowing(["com.a.chat", "b"], ["com.a.chat"])], IPHONES, ("allowed", None), id="both have it"),
        pytest.param([allowing([])], IPHONES, ("unknown", "strong"), id="an empty list"),
        pytest.param([allowing(["com.b"], [])], IPHONES, ("unknown", "strong"), id="an empty list beside another"),
        pytest.param([lock("com.b", "one")], IPHONES, ("hidden", "strong"), id="a lock"),
        pytest.param([lock("com.b", "one"), lock("com.b", "two")], IPHONES, ("hidden", "strong"), id="two alike"),
        pytest.param([lock("com.b", "one"), lock("com.c", "two")], IPHONES, ("unknown", "strong"), id="two locks"),
        pytest.param(
            [BLOCKS, plist({"PayloadType": "x"}, PayloadIdentifier="z", TargetDeviceType=4, name="tv")],
            IPHONES,
            ("hidden", "strong"),
            id="one identifier for two sorts of devices",
        ),
        pytest.param(
            [BLOCKS, plist({"PayloadType": "x"}, PayloadIdentifier="z", name="other")],
            IPHONES,
            ("allowed", "strong"),
            id="one identifier for any device",
        ),
        pytest.param([settings(DeniedBinaries=[SIGNED])], MACS, ("blocked", "strong"), id="denied"),
        pytest.param(
            [settings(DeniedBinaries=[SIGNED]), settings("b", AlwaysAllowManagedApps=True)],
            MACS,
            ("blocked", "partial"),
            id="managed apps let past elsewhere",
        ),
        pytest.param(
            [settings(DeniedBinaries=[{**SIGNED, "PathPrefix": "/A"}])], MACS, ("unknown", "weak"), id="in a folder"
        ),
        pytest.param(
            [settings(DeniedBinaries=[{**SIGNED, "PathPrefix": "/A"}, SIGNED])],
            MACS,
            ("blocked", "strong"),
            id="anywhere too",
        ),
        pytest.param(
            [settings(AllowedBinaries=[{"TeamID": "ABCDE12345", "PathPrefix": "/A"}])],
            MACS,
            ("unknown", "weak"),
            id="let in in a folder",
        ),
        pytest.param(
            [settings(AllowedBinaries=[{"TeamID": "ABCDE12345", "PathPrefix": "/A"}], DeniedBinaries=[SIGNED])],
            MACS,
            ("blocked", "strong"),
            id="let in in a folder, and denied",
        ),
        pytest.param(
            [settings(AllowedBinaries=[{"TeamID": "*APPLE*"}])], MACS, ("blocked", "strong"), id="Apple's own"
        ),
        pytest.param([settings(AllowedBinaries=[])], MACS, ("unknown", "strong"), id="no binary at all"),
    ],
)
def test_what_becomes_of_an_app(documents: list[Document], cls: DeviceClass, decided: tuple[str, str | None]) -> None:
    worst = judge([read(one) for one in documents], cls, CHAT, DAY, "weak").worst
    assert (worst.verdict, worst.strength) == decided


def binaries(key: str, *items: dict[str, Any]) -> list[Document]:
    allowed: dict[str, Any] = {key: list(items)}
    return [settings("a", **allowed)]


def folder(path: str) -> dict[str, Any]:
    return {**SIGNED, "PathPrefix": path}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        pytest.param(
            binaries("DeniedBinaries", folder("/A")), binaries("DeniedBinaries", folder("/B")), 11, id="folder"
        ),
        pytest.param(
            binaries("DeniedBinaries", folder("/A"), folder("/B")),
            binaries("DeniedBinaries", folder("/A"), folder("/C")),
            11,
            id="one folder of two",
        ),
        pytest.param(
            binaries("AllowedBinaries", folder("/A")),
            binaries("AllowedBinaries", folder("/B")),
            11,
            id="let in elsewhere",
        ),
        pytest.param(
            binaries("AllowedBinaries", {**SIGNED, "CDHash": "a" * 40}),
            binaries("AllowedBinaries", {**SIGNED, "CDHash": "b" * 40}),
            11,
            id="another version let in",
        ),
        pytest.param(
            binaries("DeniedBinaries", {**SIGNED, "SigningState": "DeveloperID"}),
            binaries("DeniedBinaries", {**SIGNED, "SigningState": "AppStore"}),
            11,
            id="another source",
        ),
        pytest.param(
            [settings(DeniedBinaries=[SIGNED]), settings("b", DeniedApps=["x.y"])],
            [settings(DeniedBinaries=[SIGNED]), settings("b", DeniedApps=["x.y"], AlwaysAllowManagedApps=True)],
            11,
            id="managed apps let past since",
        ),
        pytest.param(
            binaries("AllowedBinaries", {**folder("/A"), "SigningState": "AppStore"}),
            binaries("AllowedBinaries", folder("/A")),
            11,
            id="let in from anywhere",
        ),
        pytest.param(
            binaries("DeniedBinaries", folder("/A")),
            binaries("DeniedBinaries", folder("/B"), folder("/A")),
            10,
            id="one folder more",
        ),
        pytest.param(
            binaries("DeniedBinaries", folder("/A"), folder("/B")),
            binaries("DeniedBinaries", folder("/B"), folder("/A")),
            0,
            id="another order",
        ),
    ],
)
def test_conditions_are_compared_as_sets(old: list[Document], new: list[Document], code: int) -> None:
    found = compare_policies(Side("old", tuple(old)), Side("new", tuple(new)), Question(DAY, apps=(CHAT,)), None)
    assert found.exit_code == code


def test_an_item_with_no_team_id_matches_nothing_and_names_the_word_for_apple() -> None:
    reading = read(settings(DeniedBinaries=[{"TeamID": "APPLE"}, {"TeamID": "abcde12345", "SigningID": "x"}]))
    told = [one for one in reading.findings if one.id == "binary-identity-shape"]
    assert [one.severity for one in told] == ["error", "error"]
    assert "*APPLE*" in told[0].hint
    assert not reading.effects
