"""What Apple's documents and payloads do to one another: lists intersect, managed apps are let past, one lock holds."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from kind_documents import app, as_json, plist, restrictions

from mdm_policy.decide import judge
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.errors import Origin
from mdm_policy.kinds import read
from mdm_policy.model import DeviceClass, OsBound
from mdm_policy.verify import piece

if TYPE_CHECKING:
    from mdm_policy.documents import Document
    from mdm_policy.vocabulary import Family, Kind

DAY = "2026-11-28"
TEAM: tuple[Family, Kind, str] = ("macos", "team_id", "ABCDE12345")
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
        pytest.param(
            [lock("com.b", "one"), lock("com.c", "two")], IPHONES, ("hidden", "strong"), id="two locks, neither its own"
        ),
        pytest.param(
            [lock("com.b", "one"), lock("com.a.chat", "two")],
            IPHONES,
            ("unknown", "strong"),
            id="two locks, one its own",
        ),
        pytest.param(
            [lock("com.b", "one"), lock("com.a.chat", "two"), BLOCKS],
            IPHONES,
            ("hidden", "strong"),
            id="locks and a ban",
        ),
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


BARE: tuple[Family, Kind, str] = ("macos", "bundle_id", "com.a.chat")
OTHER = {"TeamID": "ZZZZZZZZZZ", "SigningID": "com.b"}


@pytest.mark.parametrize(
    ("items", "banned", "verdict"),
    [
        pytest.param([SIGNED], TEAM, "unknown", id="one program of the team"),
        pytest.param([SIGNED, OTHER], BARE, "unknown", id="the bare id of a program"),
        pytest.param([OTHER], TEAM, "blocked", id="another team's program"),
        pytest.param([OTHER], BARE, "blocked", id="another program"),
        pytest.param([{"TeamID": "ZZZZZZZZZZ"}], BARE, "unknown", id="a team that may be the app's"),
        pytest.param([{"TeamID": "ZZZZZZZZZZ"}], TEAM, "blocked", id="a team that is not"),
        pytest.param([{"CDHash": "a" * 40}], TEAM, "unknown", id="a hash that may be the app's"),
        pytest.param(
            [{"TeamID": "ABCDE12345", "SigningID": "com.a.chat", "PathPrefix": "/A"}], TEAM, "unknown", id="folder"
        ),
    ],
)
def test_an_allow_list_may_let_in_what_is_known_in_part(
    items: list[dict[str, Any]], banned: tuple[Family, Kind, str], verdict: str
) -> None:
    found = [
        read(one) for one in [settings(AllowedBinaries=[{"TeamID": "*APPLE*", "SigningID": "com.apple.x"}, *items])]
    ]
    assert judge(found, MACS, app(banned), DAY, "weak").worst.verdict == verdict


def santa(name: str, **keys: Any) -> Document:
    return plist({"PayloadType": "com.northpolesec.santa", **keys}, name=name, PayloadIdentifier=name)


def rule(
    policy: str, identifier: str = "ABCDE12345:com.a.chat", kind: str = "SIGNINGID", **more: str
) -> dict[str, str]:
    return {"identifier": identifier, "rule_type": kind, "policy": policy, **more}


BLOCKING = santa("one", StaticRules=[rule("BLOCKLIST")])


def letting(name: str = "two", **top: Any) -> Document:
    keys = {"PayloadType": "com.northpolesec.santa", "StaticRules": [rule("ALLOWLIST")]}
    return plist(keys, name=name, **{"PayloadIdentifier": name, **top})


PAST, TODAY, FUTURE = (dt.datetime(*day) for day in ((2026, 11, 1), (2026, 11, 28), (2030, 1, 1)))  # noqa: DTZ001
REFUSED = plist(
    {"PayloadType": "com.northpolesec.santa", "ClientMode": 1},
    {"PayloadType": "com.apple.applicationaccess", "allowCamera": "no"},
    name="refused",
    PayloadIdentifier="refused",
)


@pytest.mark.parametrize(
    ("documents", "verdict"),
    [
        pytest.param([BLOCKING], "blocked", id="alone"),
        pytest.param([BLOCKING, santa("two", StaticRules=[rule("BLOCKLIST")])], "blocked", id="two that do the same"),
        pytest.param([BLOCKING, santa("two", ClientMode=2)], "blocked", id="each would block it"),
        pytest.param([BLOCKING, santa("two", StaticRules=[])], "unknown", id="another list without a rule"),
        pytest.param([BLOCKING, santa("two", StaticRules=[rule("ALLOWLIST")])], "unknown", id="another list allows it"),
        pytest.param([BLOCKING, santa("two", ClientMode="2")], "unknown", id="a mode that is none"),
        pytest.param(
            [santa("one", ClientMode=2), santa("two", AllowedPathRegex="^/A")], "unknown", id="a path let past"
        ),
        pytest.param([BLOCKING, santa("two", EventLogType="file")], "blocked", id="a key that acts on nothing"),
        pytest.param([BLOCKING, REFUSED], "blocked", id="another profile that is refused whole"),
        pytest.param([BLOCKING, santa("one", ClientMode=2)], "blocked", id="one identifier, and each blocks it"),
        pytest.param([BLOCKING, santa("one", ClientMode=1)], "allowed", id="one identifier, and the other does not"),
        pytest.param([BLOCKING, letting(RemovalDate=PAST)], "blocked", id="another that has lapsed"),
        pytest.param([BLOCKING, letting(RemovalDate=TODAY)], "blocked", id="another that lapses today"),
        pytest.param([BLOCKING, letting(RemovalDate=FUTURE)], "unknown", id="another that lapses some day"),
        pytest.param(
            [BLOCKING, letting(RemovalDate=PAST, DurationUntilRemoval=60.0)], "unknown", id="another that may be new"
        ),
        pytest.param([BLOCKING, letting(TargetDeviceType=1)], "blocked", id="another for iPhones"),
        pytest.param([BLOCKING, letting(TargetDeviceType=5)], "unknown", id="another for Macs"),
        pytest.param(
            [BLOCKING, letting(RemovalDate=PAST, PayloadIdentifier="one")],
            "allowed",
            id="a lapsed one of its identifier",
        ),
        pytest.param(
            [BLOCKING, letting(RemovalDate=PAST), santa("three", ClientMode=1)],
            "unknown",
            id="a third beside a lapsed one",
        ),
        pytest.param(
            [santa("one", StaticRules=[rule("BLOCKLIST"), rule("BLOCKLIST"), rule("ALLOWLIST")])], "allowed", id="last"
        ),
        pytest.param(
            [santa("one", StaticRules=[rule("BLOCKLIST"), rule("BLOCKLIST"), rule("REMOVE")])], "unknown", id="removed"
        ),
    ],
)
def test_santa_s_keys_belong_in_one_profile(documents: list[Document], verdict: str) -> None:
    assert judge([read(one) for one in documents], MACS, CHAT, DAY, "weak").worst.verdict == verdict


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        pytest.param([BLOCKING], [BLOCKING, letting(RemovalDate=PAST)], 0, id="a lapsed one comes"),
        pytest.param([BLOCKING, letting(RemovalDate=PAST)], [BLOCKING], 0, id="a lapsed one goes"),
        pytest.param([BLOCKING], [BLOCKING, letting(RemovalDate=FUTURE)], 11, id="one that lapses some day comes"),
        pytest.param([BLOCKING, letting(RemovalDate=FUTURE)], [BLOCKING], 10, id="one that lapses some day goes"),
        pytest.param([BLOCKING, letting()], [BLOCKING, letting(RemovalDate=PAST)], 10, id="one lapses"),
        pytest.param(
            [letting(name="one", PayloadIdentifier="x"), BLOCKING], [BLOCKING], 10, id="one of the same file name goes"
        ),
    ],
)
def test_a_rival_that_comes_or_goes(old: list[Document], new: list[Document], code: int) -> None:
    was, now = (Side(label, tuple(one), pieces=tuple(map(piece, one))) for label, one in (("old", old), ("new", new)))
    assert compare_policies(was, now, Question(DAY, (CHAT,)), None).exit_code == code


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        pytest.param([rule("CEL", cel_expr="true")], "unknown", id="an expression for one program of the team"),
        pytest.param([rule("BLOCKLIST")], "blocked", id="a block of one more"),
        pytest.param([rule("CEL", "ZZZZZZZZZZ:com.b", cel_expr="true")], "blocked", id="another team's program"),
    ],
)
def test_a_ban_of_a_team_holds_all_its_programs(rules: list[dict[str, str]], verdict: str) -> None:
    document = santa("one", StaticRules=[rule("BLOCKLIST", "ABCDE12345", "TEAMID"), *rules])
    assert judge([read(document)], MACS, app(TEAM), DAY, "weak").worst.verdict == verdict


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
