"""Give every kind of change its direction, say who is affected and why."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import DAY
from kind_documents import (
    DEFAULT_EXE,
    as_json,
    blocking,
    graph,
    identifier,
    path_rule,
    plist,
    publisher_rule,
    restrictions,
    rules_xml,
    target,
    xml,
)
from policy_mutants import signed

from mdm_policy import catalogue
from mdm_policy.diff import Comparison, Question, Side, compare_policies
from mdm_policy.errors import Origin
from mdm_policy.kinds import open_document
from mdm_policy.model import BannedApp, DeviceClass, ListStatus, OsBound, Reason
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from mdm_policy.documents import Document

WECHAT, QQ, OWN = "com.tencent.xin", "com.tencent.mqq", "org.example.own"
EVERYONE = target("allDevicesAssignmentTarget")


def compared(old: Any, new: Any, **question: Any) -> Comparison:
    sides = [Side(name, tuple(one) if isinstance(one, list) else (one,)) for name, one in (("old", old), ("new", new))]
    return compare_policies(sides[0], sides[1], Question(DAY, **question), catalogue.load())


def lines(comparison: Comparison) -> list[tuple[str, str, str]]:
    return [(one.direction, one.name, one.platform) for one in comparison.changes]


def hidden(*bundles: str, **keys: Any) -> Document:
    listed = [{"appId": bundle, "name": bundle} for bundle in bundles]
    kept = {"appsVisibilityListType": "appsNotInListCompliant", "appsVisibilityList": listed, **keys}
    return graph("iosGeneralDeviceConfiguration", **{key: value for key, value in kept.items() if value is not ...})


def policy(**keys: Any) -> Document:
    return as_json({"playStoreMode": "BLACKLIST", **keys})


def app(package: str, word: str = "BLOCKED", **more: Any) -> dict[str, Any]:
    return {"packageName": package, "installType": word, **more}


def applications(*packages: str, **keys: Any) -> Document:
    closed = {"untrustedAppsPolicy": "DISALLOW_INSTALL"}
    return policy(applications=[app(package) for package in packages], advancedSecurityOverrides=closed, **keys)


def restricted(name: str, *, kill: str = "true", delete: str = "false", scope: str = "", id_: str = "") -> Document:
    general = f"{id_}<name>n</name><process_name>{name}</process_name><match_exact_process_name>true</match_exact_process_name>"
    words = f"<kill_process>{kill}</kill_process><delete_executable>{delete}</delete_executable>"
    return xml(f"<restricted_software><general>{general}{words}</general><scope>{scope}</scope></restricted_software>")


def rules(*inside: str, mode: str = "Enabled") -> Document:
    return xml(rules_xml(*inside, mode=mode))


def santa(*rules: tuple[str, str], word: str = "BLOCKLIST") -> Document:
    listed = [{"identifier": text, "policy": word, "rule_type": kind} for kind, text in rules]
    return plist({"PayloadType": "com.northpolesec.santa", "StaticRules": listed})


def web(*addresses: str) -> Document:
    return plist(
        {"PayloadType": "com.apple.webcontent-filter", "FilterType": "BuiltIn", "DenyListURLs": list(addresses)}
    )


FUTURE, SOONER, PAST = dt.datetime(2030, 1, 1), dt.datetime(2028, 1, 1), dt.datetime(2020, 1, 1)  # noqa: DTZ001
KASPERSKY = "2Y8XE5CQ94"
_L, _I, _N, _T, _E = "LOOSENED", "INEFFECTIVE", "NARROWED", "TIGHTENED", "EQUIVALENT"

ROWS = [
    pytest.param(
        blocking(WECHAT, OWN), blocking(OWN), [(_L, "WeChat", "ios")], "nothing names it", id="an entry is gone"
    ),
    pytest.param(blocking(OWN), blocking(OWN, WECHAT), [(_T, "WeChat", "ios")], "hides", id="an entry is added"),
    pytest.param(blocking(OWN), [], [(_L, OWN, "ios")], "no document", id="the document is gone"),
    pytest.param(
        blocking(OWN),
        plist(restrictions(allowListedAppBundleIDs=[OWN])),
        [(_L, OWN, "ios"), (_T, "every app that is not named", "ios")],
        "now allowed",
        id="a deny list becomes an allow list",
    ),
    pytest.param(
        plist(restrictions(allowListedAppBundleIDs=[OWN])),
        plist(restrictions(allowListedAppBundleIDs=[OWN, WECHAT])),
        [(_L, "WeChat", "ios")],
        "now allowed",
        id="an allow list names one more",
    ),
    pytest.param(
        plist(restrictions(allowListedAppBundleIDs=[OWN])),
        plist(restrictions(blockedAppBundleIDs=[WECHAT])),
        [(_L, "every app that is not named", "ios"), (_T, "WeChat", "ios"), (_E, OWN, "ios")],
        "refuses by absence",
        id="an allow list becomes a deny list",
    ),
    pytest.param(
        policy(applications=[app("a.b", "FORCE_INSTALLED")]),
        policy(applications=[app("a.b")]),
        [(_T, "a.b", "android")],
        "BLOCKED",
        id="installed, then blocked",
    ),
    pytest.param(
        applications("a.b"),
        policy(applications=[app("a.b", "AVAILABLE")]),
        [(_L, "a.b", "android")],
        "allowed",
        id="blocked, then available",
    ),
    pytest.param(
        hidden(OWN), hidden(OWN, appsVisibilityListType=...), [(_I, OWN, "ios")], "no effect", id="no list type"
    ),
    pytest.param(
        blocking(OWN),
        plist(restrictions(blockedAppBundleIds=[OWN])),
        [(_I, OWN, "ios"), ("UNJUDGED", "p.mobileconfig", "")],
        "still stands",
        id="misspelt key",
    ),
    pytest.param(
        hidden(OWN),
        graph(
            "iosGeneralDeviceConfiguration",
            compliantAppListType="appsNotInListCompliant",
            compliantAppsList=[{"appId": OWN}],
        ),
        [(_I, OWN, "ios")],
        "does not prevent",
        id="only reported",
    ),
    pytest.param(
        hidden(OWN, assignments=[EVERYONE]),
        hidden(OWN, assignments=[]),
        [(_I, OWN, "ios")],
        "nobody",
        id="assigned to nobody",
    ),
    pytest.param(
        blocking("com.tencent.xin"),
        blocking("com.tencent.xIn"),
        [(_I, "WeChat", "ios"), (_T, "com.tencent.xIn", "ios")],
        "every character",
        id="another case",
    ),
    pytest.param(
        blocking(OWN),
        blocking("\u043erg.example.own"),
        [(_I, OWN, "ios"), (_T, "\u043erg.example.own", "ios")],
        "every character",
        id="a look-alike letter",
    ),
    pytest.param(
        blocking(OWN), blocking(OWN, RemovalDate=PAST), [(_I, OWN, "ios")], "no device obeys", id="it removed itself"
    ),
    pytest.param(
        rules(path_rule("*", action="Allow"), path_rule("*\\wechat.exe")),
        rules(path_rule("*", action="Allow"), path_rule("*\\wechat.exe"), mode="AuditOnly"),
        [(_I, "every app that is not named", "windows"), (_I, "WeChat", "windows")],  # packages had no rules, and stop
        "without effect",
        id="AppLocker only audits",
    ),
    pytest.param(
        restricted("Zoom"),
        restricted("Zoom", kill="false"),
        [(_I, "Zoom", "macos")],
        "only notifies",
        id="only a notice",
    ),
    pytest.param(
        blocking(OWN), blocking(OWN, RemovalDate=FUTURE), [(_N, OWN, "ios")], "2030-01-01", id="a removal date"
    ),
    pytest.param(
        blocking(OWN, RemovalDate=FUTURE),
        blocking(OWN, RemovalDate=SOONER),
        [(_N, OWN, "ios")],
        "2028-01-01",
        id="an earlier one",
    ),
    pytest.param(
        blocking(OWN), blocking(OWN, DurationUntilRemoval=60), [(_N, OWN, "ios")], "60 s", id="after a minute"
    ),
    pytest.param(
        plist(restrictions(blockedAppBundleIDs=[OWN], blacklistedAppBundleIDs=[OWN])),
        blocking(OWN),
        [(_N, OWN, "ios")],
        "no rule that holds there",
        id="old systems are left out",
    ),
    pytest.param(
        blocking(OWN),
        blocking(OWN, TargetDeviceType=4),
        [(_N, OWN, "ios")],
        "no rule that holds",
        id="sent to Apple TVs alone",
    ),
    pytest.param(
        hidden(OWN, assignments=[EVERYONE]),
        hidden(OWN, assignments=[target("groupAssignmentTarget", groupId="g")]),
        [(_N, OWN, "ios")],
        "assigned to g",
        id="a group alone",
    ),
    pytest.param(
        hidden(OWN, assignments=[EVERYONE]), hidden(OWN), [(_N, OWN, "ios")], "does not state", id="not stated any more"
    ),
    pytest.param(hidden(OWN), hidden(OWN, assignments=[EVERYONE]), [(_T, OWN, "ios")], "now state", id="now stated"),
    pytest.param(
        applications(
            "a.b", personalUsagePolicies={"personalPlayStoreMode": "BLOCKLIST", "personalApplications": [app("a.b")]}
        ),
        applications("a.b"),
        [(_N, "a.b", "android")],
        "",
        id="the personal side is left out",
    ),
    pytest.param(
        restricted("Zoom", delete="true"),
        restricted("Zoom"),
        [(_N, "Zoom", "macos")],
        "blocked where it was removed",
        id="no more deleted",
    ),
    pytest.param(
        restricted("Zoom"),
        restricted("Zoom", delete="true"),
        [(_T, "Zoom", "macos")],
        "removed where it was blocked",
        id="now deleted",
    ),
    pytest.param(
        rules(DEFAULT_EXE, publisher_rule("O=X")),
        rules(DEFAULT_EXE, publisher_rule("O=X", binary="X.EXE")),
        [(_N, "O=X", "windows"), ("EQUIVALENT", "x.exe; publisher=o=x", "windows")],
        "the file X.EXE alone",
        id="one binary of a publisher",
    ),
    pytest.param(
        rules(DEFAULT_EXE, path_rule("*\\x.exe")),
        rules(DEFAULT_EXE, path_rule("*\\x.exe", sid="S-1-5-32-544")),
        [(_N, "x.exe", "windows")],
        "S-1-5-32-544 alone",
        id="for administrators alone",
    ),
    pytest.param(
        rules(DEFAULT_EXE, path_rule("*\\x.exe", sid="S-1-5-32-544")),
        rules(DEFAULT_EXE, path_rule("*\\x.exe")),
        [(_T, "x.exe", "windows")],
        "a Deny path rule stops",
        id="for everyone again",
    ),
    pytest.param(
        santa(("TEAMID", KASPERSKY), ("SIGNINGID", f"{KASPERSKY}:com.kaspersky.kav.sysext")),
        santa(("SIGNINGID", f"{KASPERSKY}:com.kaspersky.kav.sysext")),
        [(_L, "Kaspersky (all software)", "macos"), (_L, "Kaspersky Internet Security", "macos")],
        "nothing names it",
        id="a vendor's team is gone",
    ),
    pytest.param(
        web("https://qq.com", "https://x.example"),
        web("https://x.example"),
        [(_L, "QQ", "web")],
        "nothing names",
        id="an address",
    ),
    pytest.param(
        web("https://x.example"),
        web("https://x.example", "https://y.example"),
        [(_T, "y.example", "web")],
        "",
        id="one more address",
    ),
    pytest.param(
        santa(("CDHASH", "a" * 40), ("TEAMID", "ABCDE12345")),
        santa(("TEAMID", "ABCDE12345")),
        [(_L, "a" * 40, "macos")],
        "",
        id="a code hash",
    ),
]


@pytest.mark.parametrize(("old", "new", "wanted", "why"), ROWS)
def test_a_change_has_its_direction(old: Any, new: Any, wanted: list[tuple[str, str, str]], why: str) -> None:
    found = compared(old, new)
    assert lines(found) == wanted
    if wanted:
        assert why in found.changes[0].why


_MIXED = (
    "an allow list becomes a deny list",
    "another case",
    "a look-alike letter",
    "a deny list becomes an allow list",
)
REVERSIBLE = [row for row in ROWS if row.id not in (*_MIXED, "one binary of a publisher")]


def _judged(found: Comparison) -> Comparison:
    """Return a comparison without what nobody can judge."""
    return msgspec.structs.replace(found, changes=tuple(c for c in found.changes if c.direction != "UNJUDGED"))


@pytest.mark.parametrize(("old", "new", "wanted", "why"), REVERSIBLE)
def test_the_way_back_is_the_other_direction(old: Any, new: Any, wanted: list[tuple[str, str, str]], why: str) -> None:
    del why
    there, back = (_judged(one) for one in (compared(old, new), compared(new, old)))
    assert (there.exit_code, back.exit_code) in ((11, 10), (10, 11))
    assert {line[1:] for line in lines(back)} == {line[1:] for line in wanted if line[0] != "UNJUDGED"}


def who(old: Any, new: Any, **question: Any) -> list[str]:
    return [change.who for change in compared(old, new, **question).changes]


_OLD_KEY = plist(restrictions(blockedAppBundleIDs=[OWN], blacklistedAppBundleIDs=[OWN]))
_PERSONAL = {"personalPlayStoreMode": "BLOCKLIST", "personalApplications": [app("a.b")]}
_CLASSES = [
    DeviceClass("ours", "ios", Origin("d"), supervised=True, enrollment="automated"),
    DeviceClass("own", "ios", Origin("d"), supervised=False, enrollment="user"),
]
WHO = [
    pytest.param(hidden(OWN), [], "ios, ipados 9.3 and later, supervised", id="a feature of some systems"),
    pytest.param(
        _OLD_KEY,
        blocking(OWN),
        "ios, ipados 9.3 to before 15, supervised; tvos 11 to before 15, supervised",
        id="a stretch of systems",
    ),
    pytest.param(
        applications("a.b", personalUsagePolicies=_PERSONAL),
        applications("a.b"),
        "android 11 and later, cope (personal side)",
        id="a side, and an origin",
    ),
    pytest.param(
        blocking(OWN),
        blocking(OWN, RemovalDate=FUTURE),
        "ios, ipados, tvos 15 and later, supervised; visionos 27 and later, supervised; from 2030-01-01 on",
        id="from a day on",
    ),
    pytest.param(
        hidden(OWN, assignments=[EVERYONE]),
        hidden(OWN, assignments=[EVERYONE, target("exclusionGroupAssignmentTarget", groupId="lab")]),
        "ios, ipados 9.3 and later, supervised; in lab",
        id="an excluded group",
    ),
    pytest.param(
        hidden(OWN, assignments=[EVERYONE]),
        hidden(OWN, assignments=[target("groupAssignmentTarget", groupId="pilot")]),
        "ios, ipados 9.3 and later, supervised; everyone else",
        id="all but a group",
    ),
    pytest.param(restricted("Zoom"), [], "macos", id="every Mac"),
    pytest.param(
        plist(
            {
                "PayloadType": "com.apple.applicationaccess.new",
                "familyControlsEnabled": True,
                "pathAllowList": ["/"],
                "pathDenyList": ["/Applications/Zoom.app"],
            }
        ),
        [],
        "macos 10.15 and later, automated or device enrollment",
        id="an enrollment",
    ),
]


@pytest.mark.parametrize(("old", "new", "words"), WHO)
def test_a_change_says_who_is_affected(old: Any, new: Any, words: str) -> None:
    assert who(old, new) == [words]


def test_declared_classes_alone_are_judged() -> None:
    pads = DeviceClass("pads", "ipados", Origin("d"), supervised=True, enrollment="device")
    assert who(hidden(OWN), [], classes=(*_CLASSES, pads)) == ["ios, ipados 9.3 and later; ours, pads"]


def test_a_change_on_no_declared_device_is_none() -> None:
    own = DeviceClass("own", "ios", Origin("d"), supervised=False, enrollment="user")
    pads = DeviceClass("pads", "ipados", Origin("d"), supervised=False)
    found = compared(hidden(OWN), [], classes=(own, pads))
    assert [(change.direction, change.why) for change in found.changes] == [(_E, "nothing was blocked, and nothing is")]


def test_devices_of_another_mdm_are_not_reached() -> None:
    cls = DeviceClass("ours", "ios", Origin("d"), supervised=True, managed_by="jamf")
    pads = DeviceClass("pads", "ipados", Origin("d"), supervised=True, managed_by="jamf")
    found = compared(hidden(OWN), [], classes=(cls, pads))
    assert lines(found) == [(_E, OWN, "ios")]


def test_a_line_names_the_authority() -> None:
    banned = BannedApp(
        "own", "Own", "", (identifier("ios", "bundle_id", OWN),), (Reason("l", "Act 1", Origin("l")),), ()
    )
    status = ListStatus("l", "List", "Act 1", "revoked", "revoked on 2021-06-09 by Act 2", Origin("l"))
    [change] = compared(blocking(OWN), [], apps=(banned,), statuses=(status,)).changes
    assert (change.app, change.name) == ("own", "Own")
    assert change.banned_by == ("l (Act 1): revoked on 2021-06-09 by Act 2",)


def test_an_app_of_the_list_loses_an_allow_list() -> None:
    """Nobody names the app: it was refused by absence, and it is not any more."""
    banned = BannedApp(
        "own", "Own", "", (identifier("ios", "bundle_id", OWN),), (Reason("l", "Act 1", Origin("l")),), ()
    )
    status = ListStatus("l", "List", "Act 1", "in-force", "in force", Origin("l"))
    allowed = plist(restrictions(allowListedAppBundleIDs=["com.example.mail"]))
    found = compared(allowed, plist(restrictions()), apps=(banned,), statuses=(status,))
    assert (_L, "Own", "ios") in lines(found)
    assert {change.why for change in found.changes if change.direction == _L} == {"no list refuses by absence any more"}


def test_places_are_lines() -> None:
    [change] = compared(blocking(OWN, WECHAT), blocking(OWN)).changes
    assert change.old is not None
    assert change.old.line > 1
    assert change.new is None


def test_documents_of_two_mdms_do_not_make_up_for_each_other() -> None:
    jamf = restricted("Zoom")
    intune = hidden(OWN)
    profile = blocking(OWN)
    before = [jamf, intune, profile]
    after = [jamf, hidden(), profile]
    [change] = compared(before, after).changes
    assert (change.direction, change.name) == (_L, OWN)
    assert change.who.endswith("managed by intune")


def test_every_android_policy_counts_for_itself() -> None:
    def named(name: str, *packages: str) -> Document:
        listed = [app(package) for package in packages]
        return open_document(name, json.dumps({"playStoreMode": "BLACKLIST", "applications": listed}).encode())

    old = Side("old", (named("old/a.json", "a.b"), named("old/b.json", "a.b")), "old")
    new = Side("new", (named("new/a.json", "a.b"), named("new/b.json", "x.y")), "new")
    found = compare_policies(old, new, Question(DAY), None)
    assert [(c.direction, c.name) for c in found.changes] == [(_L, "a.b"), (_T, "x.y")]
    assert all("under the Android policy b.json" in change.who for change in found.changes)


def stored(name: str, *packages: str) -> dict[str, Any]:
    return {
        "name": f"enterprises/x/policies/{name}",
        "version": "4",
        "playStoreMode": "BLACKLIST",
        "applications": [app(package) for package in packages],
    }


@pytest.mark.parametrize(
    ("added", "wanted"),
    [
        pytest.param(stored("lab", "a.b"), [(_L, "c.d", "android")], id="half-banned"),
        pytest.param(stored("lab"), [(_L, "a.b", "android"), (_L, "c.d", "android")], id="nothing-banned"),
        pytest.param(stored("lab", "a.b", "c.d"), [], id="all-banned"),
        pytest.param(stored("lab", "a.b", "c.d", "x.y"), [(_T, "x.y", "android")], id="more-banned"),
    ],
)
def test_a_policy_that_is_added_is_held_against_those_that_there_were(
    added: dict[str, Any], wanted: list[tuple[str, str, str]]
) -> None:
    corp = as_json(stored("corp", "a.b", "c.d"), "corp.json")
    assert lines(compared(corp, [corp, as_json(added, "lab.json")])) == wanted
    page = {"policies": [stored("corp", "a.b", "c.d")]}
    assert lines(compared(as_json(page), as_json({"policies": [*page["policies"], added]}))) == wanted


@pytest.mark.parametrize(
    "wrap",
    [
        lambda policy: {"policy": policy},
        lambda policy: {"status": 200, "data": policy},
        lambda policy: [policy],
        lambda policy: {"result": {"policies": [policy]}},
        lambda policy: {"policy": {key: policy[key] for key in ("applications", "playStoreMode")}},
    ],
    ids=["policy", "data", "list", "page", "without-a-name"],
)
def test_an_envelope_hides_no_policy(wrap: Any) -> None:
    before, after = wrap(stored("corp", "a.b", "c.d")), wrap(stored("corp", "a.b"))
    assert lines(compared(as_json(before), as_json(after))) == [(_L, "c.d", "android")]
    bare = compared(as_json(before), as_json(stored("corp", "a.b", "c.d"))).changes
    assert {one.direction for one in bare} <= {"COSMETIC", _E}


def test_a_page_in_an_envelope_may_be_cut_short_too() -> None:
    page = {"policies": [stored("corp", "a.b")]}
    cut = {"result": {**page, "nextPageToken": "x"}}
    assert {one.direction for one in compared(as_json({"result": page}), as_json(cut)).changes} & {_L, _I, _N}


def test_a_page_that_is_cut_short_may_hold_anything() -> None:
    page = {"policies": [stored("corp", "a.b")]}
    cut = {**page, "nextPageToken": "x"}
    assert {one.direction for one in compared(as_json(page), as_json(cut)).changes} & {_L, _I}
    assert lines(compared(as_json(cut), as_json(cut))) == []


def test_changes_to_android_policies_are_a_part_of_their_own() -> None:
    modify = as_json({"changes": [{"application": app("a.b"), "updateMask": "installType"}]}, "m.json")
    found = compared([applications("a.b"), modify], [applications("a.b")])
    assert lines(found) == [(_L, "a.b", "android")]
    assert "where the changes to Android policies are sent" in found.changes[0].who


def test_a_variant_is_for_its_groups() -> None:
    base, variant = blocking(OWN, name="base.mobileconfig"), blocking(OWN, name="lab.mobileconfig")
    old = Side("old", (base, variant), apart={"lab.mobileconfig": "for lab"})
    new = Side("new", (base,), apart={})
    [change] = compare_policies(old, new, Question(DAY), None).changes
    assert (change.direction, change.why) == (_L, "no document for these devices is left")
    assert change.who.endswith("for lab")


def test_another_file_may_say_whom_a_document_reaches() -> None:
    document = blocking(OWN)
    old = Side("old", (document,), scopes={document.name: Scope("everyone")})
    new = Side("new", (document,), scopes={document.name: Scope("nobody")})
    assert [c.direction for c in compare_policies(old, new, Question(DAY), None).changes] == [_I]


def test_what_neither_side_judges_is_told() -> None:
    one = blocking(OWN)
    other = plist(restrictions(blockedAppBundleIDs=[OWN], allowCamera=False))
    found = compared(one, other)
    assert found.changes == ()
    assert [(o.kind, o.pointer, o.before, o.after) for o in found.others] == [
        ("apple-profile", "/PayloadContent/*/allowCamera", "", "False")
    ]
    assert found.exit_code == 10


def test_a_document_without_effect_that_comes_is_told() -> None:
    wifi = as_json({"@odata.type": "#microsoft.graph.iosWiFiConfiguration", "ssid": "x"}, "wifi.json")
    found = compared([blocking(OWN)], [blocking(OWN), wifi])
    assert [(o.kind, o.pointer, o.after) for o in found.others] == [("intune-device-configuration", "", "wifi.json")]


def test_signed_and_unsigned_content_is_one() -> None:
    document = blocking(OWN)
    found = compared(document, open_document("p.mobileconfig", signed(document.data)))
    assert found.exit_code == 0
    assert found.changes == ()


def test_a_signed_file_of_another_layout_is_cosmetic() -> None:
    document = blocking(OWN)
    rewritten = document.data.replace(b"\n", b"\r\n")
    found = compared(document, open_document("p.mobileconfig", signed(rewritten)))
    assert [change.direction for change in found.changes] == ["COSMETIC"]


def test_a_bounded_class_has_its_systems() -> None:
    old = DeviceClass("old", "ios", Origin("d"), supervised=True, os=(OsBound("<", (15,)),))
    new = DeviceClass("new", "ios", Origin("d"), supervised=True, os=(OsBound(">=", (17,)),))
    pads = DeviceClass("pads", "ipados", Origin("d"), supervised=True, os=(OsBound(">=", (17,)),))
    tv = DeviceClass("tv", "tvos", Origin("d"), supervised=True, os=(OsBound(">=", (17,)),))
    found = compared(_OLD_KEY, blocking(OWN), classes=(old, new, pads, tv))
    assert [(c.direction, c.who) for c in found.changes] == [(_N, "ios 9.3 and later; old")]


def declared(**payload: Any) -> Document:
    kept = {"Type": "com.apple.configuration.app.settings", "Identifier": "c", "Payload": {"Allowed": payload}}
    return as_json(kept, "c.json")


def activation(*names: str, **payload: Any) -> Document:
    kept = {"StandardConfigurations": list(names), **payload}
    return as_json({"Type": "com.apple.activation.simple", "Identifier": "a", "Payload": kept}, "a.json")


ACTIVATIONS = [
    pytest.param([activation("c")], [], _N, id="no activation any more"),
    pytest.param([activation("c")], [activation("x")], _I, id="another is activated"),
    pytest.param([activation("c")], [activation("c", Predicate="(x)")], _N, id="under a predicate"),
    pytest.param([], [activation("c")], _T, id="now activated"),
]


@pytest.mark.parametrize(("old", "new", "direction"), ACTIVATIONS)
def test_an_activation_states_whom_a_declaration_reaches(
    old: list[Document], new: list[Document], direction: str
) -> None:
    configuration = declared(DeniedApps=[OWN])
    found = compared([configuration, *old], [configuration, *new])
    assert lines(found) == [(direction, OWN, "ios")]


MORE = [
    pytest.param(
        graph(
            "iosGeneralDeviceConfiguration",
            compliantAppListType="appsNotInListCompliant",
            compliantAppsList=[{"appId": OWN}],
        ),
        graph("iosGeneralDeviceConfiguration"),
        [(_L, OWN, "ios")],
        id="not even reported",
    ),
    pytest.param(
        hidden(OWN, assignments=[target("groupAssignmentTarget", groupId="g")]),
        hidden(
            OWN,
            assignments=[
                {**EVERYONE, "target": {**EVERYONE["target"], "deviceAndAppManagementAssignmentFilterId": "f"}}
            ],
        ),
        [(_N, OWN, "ios")],
        id="a filter in place of a group",
    ),
    pytest.param(
        plist(restrictions(allowListedAppBundleIDs=[OWN])),
        plist(restrictions(allowListedAppBundleIDs=[OWN]), TargetDeviceType=5),
        [(_I, "every app that is not named", "ios"), (_E, OWN, "ios")],
        id="an allow list sent elsewhere",
    ),
    pytest.param(
        santa(("SIGNINGID", "5A4RE8SF68:com.tencent.xinWeChat.unheard")),
        santa(),
        [(_L, "5A4RE8SF68:com.tencent.xinWeChat.unheard", "macos")],
        id="a signing id nobody knows",
    ),
    pytest.param(santa(("TEAMID", "ABCDE12345")), santa(), [(_L, "ABCDE12345", "macos")], id="a team nobody knows"),
    pytest.param(
        graph(
            "iosGeneralDeviceConfiguration",
            appsVisibilityListType="appsNotInListCompliant",
            appsVisibilityList=[{"appStoreUrl": "https://apps.apple.com/app/id123456789"}],
        ),
        graph("iosGeneralDeviceConfiguration"),
        [(_L, "123456789", "ios")],
        id="a store id nobody knows",
    ),
    pytest.param(
        declared(DeniedBinaries=[{"TeamID": "ABCDE12345"}]),
        declared(DeniedBinaries=[{"TeamID": "ABCDE12345"}], AlwaysAllowManagedApps=True),
        [(_N, "ABCDE12345", "macos")],
        id="managed apps escape",
    ),
    pytest.param(
        declared(DeniedBinaries=[{"TeamID": "ABCDE12345"}], AlwaysAllowManagedApps=True),
        declared(DeniedBinaries=[{"TeamID": "ABCDE12345"}]),
        [(_T, "ABCDE12345", "macos")],
        id="managed apps escape no more",
    ),
    pytest.param(restricted("WeChat.app"), [], [(_L, "WeChat", "macos")], id="a process under its other name"),
    pytest.param(
        policy(applications=[app("a.b", "FORCE_INSTALLED", disabled=True)]),
        policy(applications=[app("a.b")]),
        [(_T, "a.b", "android")],
        id="hidden, then blocked",
    ),
    pytest.param(
        web("https://x.example"), plist(restrictions()), [(_L, "x.example", "web")], id="no web filter any more"
    ),
    pytest.param(
        web("https://x.example"),
        plist(
            {
                "PayloadType": "com.apple.webcontent-filter",
                "FilterType": "BuiltIn",
                "DenyListURLs": ["https://x.example"],
            },
            DurationUntilRemoval=60,
        ),
        [(_N, "x.example", "web")],
        id="an address for a minute",
    ),
]


@pytest.mark.parametrize(("old", "new", "wanted"), MORE)
def test_more_directions(old: Any, new: Any, wanted: list[tuple[str, str, str]]) -> None:
    assert lines(compared(old, new)) == wanted


def test_a_contradiction_is_no_narrowing() -> None:
    twice = {"applications": [app("a.b"), app("a.b", "AVAILABLE")]}
    found = compared(
        applications("a.b"), policy(**twice, advancedSecurityOverrides={"untrustedAppsPolicy": "DISALLOW_INSTALL"})
    )
    assert found.weakens


def test_enrollments_are_words() -> None:
    phones = [
        DeviceClass(platform, platform, Origin("d"), supervised=True, enrollment="automated")
        for platform in ("ios", "ipados")
    ]
    found = compared(hidden(OWN), [], classes=tuple(phones))
    assert found.changes[0].who == "ios, ipados 9.3 and later; ios, ipados"
