"""Hold changes an adversary would make: what is lost by a scope, a second document or a word that nobody defines."""

from __future__ import annotations

import datetime as dt
import plistlib
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY
from kind_documents import (
    DEFAULT_APPX,
    DEFAULT_EXE,
    as_json,
    blocking,
    graph,
    path_rule,
    plist,
    publisher_rule,
    restrictions,
    rules_xml,
    target,
    xml,
)

from mdm_policy.diff import WEAKENING, Comparison, Question, Side, compare_policies
from mdm_policy.kinds import open_document
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from mdm_policy.documents import Document

APP, MM, TEAM = "com.chat.app", "com.chat.android", "ABCDEFGHIJ"
EVERYONE, FIELD, OTHER = (
    target("allDevicesAssignmentTarget"),
    target("groupAssignmentTarget", groupId="field"),
    target("groupAssignmentTarget", groupId="other"),
)
NOT_FIELD, NOT_OTHER = (
    target("exclusionGroupAssignmentTarget", groupId="field"),
    target("exclusionGroupAssignmentTarget", groupId="other"),
)


def compared(old: Any, new: Any, scopes: tuple[dict[str, Scope], dict[str, Scope]] = ({}, {})) -> Comparison:
    sides = [
        Side(name, tuple(one) if isinstance(one, list) else (one,), scopes=scope)
        for name, one, scope in zip(("old", "new"), (old, new), scopes, strict=True)
    ]
    return compare_policies(sides[0], sides[1], Question(DAY), None)


def weaker(comparison: Comparison) -> bool:
    return any(change.direction in WEAKENING for change in comparison.changes)


def hidden(*assignments: dict[str, Any]) -> Document:
    keys: dict[str, Any] = {"appsVisibilityListType": "appsNotInListCompliant", "appsVisibilityList": [{"appId": APP}]}
    return graph("iosGeneralDeviceConfiguration", assignments=list(assignments), **keys)


def filtered(name: str, kind: str = "include", group: str = "") -> dict[str, Any]:
    word = "deviceAndAppManagementAssignmentFilter"
    keys = {f"{word}Id": name, f"{word}Type": kind}
    return (
        target("groupAssignmentTarget", groupId=group, **keys)
        if group
        else target("allDevicesAssignmentTarget", **keys)
    )


def named(name: str, id_: str, kind: str = "groupAssignmentTarget") -> dict[str, Any]:
    return target(kind, groupName=name, groupId=id_)


def software(scope: str) -> Document:
    general = "<general><id>1</id><process_name>Chat</process_name><kill_process>true</kill_process></general>"
    return xml(f"<restricted_software>{general}<scope>{scope}</scope></restricted_software>", "r.xml")


def limited(*users: str) -> Document:
    names = "".join(f"<user><name>{user}</name></user>" for user in users)
    return software(f"<all_computers>true</all_computers><limitations><users>{names}</users></limitations>")


CONFIGURATION = as_json(
    {"Type": "com.apple.configuration.app.settings", "Identifier": "c", "Payload": {"Allowed": {"DeniedApps": [APP]}}},
    "c.json",
)


def activated(predicate: str = "") -> list[Document]:
    payload = {"StandardConfigurations": ["c"], **({"Predicate": predicate} if predicate else {})}
    return [CONFIGURATION, as_json({"Type": "com.apple.activation.simple", "Payload": payload}, "a.json")]


def policy(*applications: dict[str, Any], **keys: Any) -> Document:
    return as_json(
        {"name": "enterprises/e/policies/p", "playStoreMode": "WHITELIST", "applications": applications, **keys}
    )


def statics(*rules: tuple[str, ...]) -> list[dict[str, str]]:
    words = ("policy", "rule_type", "identifier", "cel_expr")
    return [dict(zip(words, rule, strict=False)) for rule in rules]


def santa(*rules: tuple[str, ...], said: str = "", **settings: Any) -> Document:
    listed = [{**rule, "custom_msg": said} for rule in statics(*rules)]
    return plist({"PayloadType": "com.northpolesec.santa", "StaticRules": listed, **settings}, PayloadIdentifier="x.s")


def preferences(*rules: tuple[str, ...], **settings: Any) -> Document:
    return open_document("santa.plist", plistlib.dumps({"StaticRules": statics(*rules), **settings}))


def exported(*rules: tuple[str, ...]) -> Document:
    return as_json({"rules": statics(*rules)})


def exe(*paths: str) -> Document:
    return xml(rules_xml(DEFAULT_EXE, *map(path_rule, paths)))


def appx(*names: str) -> Document:
    return xml(rules_xml(DEFAULT_APPX, publisher_rule(*names), kind="Appx"))


PAST, FUTURE, LATER = (dt.datetime(year, 1, 1) for year in (2020, 2030, 2040))  # noqa: DTZ001


def lasting(seconds: float, day: dt.datetime | None = None) -> Document:
    top: dict[str, Any] = {"DurationUntilRemoval": seconds, **({"RemovalDate": day} if day else {})}
    return blocking(APP, **top)


def called(*bundles: str, name: str = "a") -> Document:
    return plist(restrictions(blockedAppBundleIDs=list(bundles)), name=name, PayloadIdentifier="gov.example.ban")


def allowing() -> Document:
    return plist(restrictions(allowListedAppBundleIDs=["org.own"]), name="a", PayloadIdentifier="gov.example.ban")


def oma(publisher: str, name: str) -> Document:
    uri = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/g/EXE/Policy"
    kept = {"omaUri": uri, "value": rules_xml(DEFAULT_EXE, publisher_rule(publisher))}
    return graph("windows10CustomConfiguration", name, omaSettings=[kept], assignments=[EVERYONE])


def denied(**item: str) -> Document:
    binaries = {"DeniedBinaries": [{"TeamID": TEAM, "SigningID": "com.chat.mac", **item}]}
    top = {"Type": "com.apple.configuration.app.settings", "Identifier": "c", "Payload": {"Allowed": binaries}}
    return as_json(top, "c.json")


BLOCKED, LET_IN = {"packageName": MM, "installType": "BLOCKED"}, {"packageName": MM, "installType": "AVAILABLE"}
DENY, HASH = ("BLOCKLIST", "TEAMID", TEAM), "a" * 64
DENY_FILE, LET_FILE = ("BLOCKLIST", "BINARY", HASH), ("ALLOWLIST", "BINARY", HASH)
OUT = "exclusionGroupAssignmentTarget"
WEAKER = [
    ("another group of the same name", hidden(named("Field", "1")), hidden(named("Field", "2"))),
    ("another group of the same name is left out", hidden(EVERYONE, named("Lab", "1", OUT)), hidden(EVERYONE, named("Lab", "2", OUT))),
    ("an exclusion is added", hidden(EVERYONE), hidden(EVERYONE, NOT_OTHER)),
    ("an inclusion becomes an exclusion", hidden(EVERYONE, FIELD), hidden(EVERYONE, NOT_FIELD)),
    ("one group of two is left", hidden(FIELD, OTHER), hidden(FIELD)),
    ("a filter is added", hidden(EVERYONE), hidden(filtered("x"))),
    ("another filter", hidden(filtered("x")), hidden(filtered("y"))),
    ("a filter turned round", hidden(filtered("x")), hidden(filtered("x", "exclude"))),
    ("another filter on the group", hidden(filtered("x", group="g")), hidden(filtered("y", group="g"))),
    ("other users may be limited to", limited("a"), limited("b")),
    ("fewer users are limited to", limited("a", "b"), limited("a")),
    (
        "a second profile of the same identifier",
        [blocking(APP, PayloadIdentifier="x")],
        [blocking(APP, PayloadIdentifier="x"), blocking("com.x.y", PayloadIdentifier="x", name="q")],
    ),
    ("a predicate is added", activated(), activated("(1 == 2)")),
    ("another predicate", activated("(1 == 1)"), activated("(1 == 2)")),
    ("a second entry on an allow list", policy(BLOCKED), policy(BLOCKED, LET_IN)),
    ("a field that the API refuses", policy(BLOCKED), policy(BLOCKED, policyEnforced=True)),
    ("a rule for the same is removed", santa(DENY), santa(DENY, ("REMOVE", "TEAMID", TEAM))),
    ("a program in one folder", exe("*\\chat.exe"), exe("C:\\Tools\\chat.exe")),
    ("a program in another folder", exe("%WINDIR%\\chat.exe"), exe("C:\\Tools\\chat.exe")),
    ("one folder of two", exe("C:\\a\\chat.exe", "C:\\b\\chat.exe"), exe("C:\\a\\chat.exe")),
    ("the other folder of two", exe("C:\\a\\chat.exe", "C:\\b\\chat.exe"), exe("C:\\b\\chat.exe")),
    ("a folder beside the identity", denied(), denied(PathPrefix="/Applications")),
    ("another folder beside the identity", denied(PathPrefix="/Applications"), denied(PathPrefix="/opt")),
    ("another signing state", denied(SigningState="AppStore"), denied(SigningState="DeveloperID")),
    ("a signing state beside the folder", denied(PathPrefix="/a"), denied(PathPrefix="/a", SigningState="AppStore")),
    ("one program of a package", appx("*", "Chat.App"), appx("*", "Chat.App", "X.EXE")),
    ("a package of one publisher", appx("*", "Chat.App"), appx("CN=X", "Chat.App")),
    ("a package of another publisher", appx("CN=A", "Chat.App"), appx("CN=B", "Chat.App")),
    ("a shorter time", lasting(1e9), lasting(10)),
    ("a time that is a little shorter", lasting(1234567890.0), lasting(1234567889.0)),
    ("a day beside the time", lasting(1e9), lasting(1e9, PAST)),
    ("a sooner day beside the time", lasting(1e9, LATER), lasting(1e9, FUTURE)),
    ("a longer time and a sooner day", lasting(10, LATER), lasting(1e9, FUTURE)),
    ("a sooner day", blocking(APP, RemovalDate=LATER), blocking(APP, RemovalDate=FUTURE)),
    ("a profile of the same identifier", called(APP, "org.own"), [called(APP, "org.own"), called("org.own", name="b")]),
    ("an empty profile of the same identifier", called(APP), [called(APP), called(name="b")]),
    ("an allow list beside a profile of the same identifier", allowing(), [allowing(), called(name="b")]),
    ("a second set of Santa's rules", santa(DENY), [santa(DENY), santa(("BLOCKLIST", "TEAMID", "ZZZZZZZZZZ"))]),
    ("a second value of one node", oma("O=A", "a"), [oma("O=A", "a"), oma("O=B", "b")]),
    ("an expression for the same", santa(DENY), santa(DENY, ("CEL", "TEAMID", TEAM, "euid != 0"))),
    ("another expression", santa(("CEL", "TEAMID", TEAM, "ALLOWLIST")), santa(("CEL", "TEAMID", TEAM, "BLOCKLIST"))),
    ("an expression in place of a block", santa(DENY), santa(("CEL", "TEAMID", TEAM, "BLOCKLIST"))),
    ("a file's block is gone", santa(DENY_FILE), santa()),
    ("a file's block is turned", santa(DENY_FILE), santa(("ALLOWLIST", "BINARY", HASH))),
    ("a certificate's block is gone", santa(DENY, ("BLOCKLIST", "CERTIFICATE", HASH)), santa(DENY)),
    ("a build is let in", santa(DENY), santa(DENY, ("ALLOWLIST", "CDHASH", HASH[:40]))),
    ("a file is let in", santa(DENY), santa(DENY, ("ALLOWLIST", "BINARY", HASH))),
    ("a certificate is let in", santa(DENY), santa(DENY, ("ALLOWLIST", "CERTIFICATE", HASH))),
    ("a signing id is let in", santa(DENY), santa(DENY, ("ALLOWLIST", "SIGNINGID", f"{TEAM}:com.chat.b"))),
    ("a second file is let in", santa(DENY, LET_FILE), santa(DENY, LET_FILE, ("ALLOWLIST", "BINARY", "b" * 64))),
    ("another file is let in", santa(DENY, LET_FILE), santa(DENY, ("ALLOWLIST", "BINARY", "b" * 64))),
    ("the last rule lets it in", santa(DENY), santa(DENY, ("ALLOWLIST", "TEAMID", TEAM))),
    ("the order of two rules", santa(("ALLOWLIST", "TEAMID", TEAM), DENY), santa(DENY, ("ALLOWLIST", "TEAMID", TEAM))),
    ("no Lockdown any more", santa(ClientMode=2), santa()),
    ("Monitor in place of Lockdown", santa(ClientMode=2), santa(ClientMode=1)),
    ("Standalone in place of Lockdown", santa(ClientMode=2), santa(ClientMode=3)),
    ("a mode that is none", santa(ClientMode=2), santa(ClientMode="2")),
    ("a team is let in under Lockdown", santa(ClientMode=2), santa(("ALLOWLIST", "TEAMID", TEAM), ClientMode=2)),
    ("a file is let in under Lockdown", santa(ClientMode=2), santa(LET_FILE, ClientMode=2)),
    ("a path is let in under Lockdown", santa(ClientMode=2), santa(ClientMode=2, AllowedPathRegex="^/opt/")),
    ("another path is let in", santa(ClientMode=2, AllowedPathRegex="^/a/"), santa(ClientMode=2, AllowedPathRegex="^/b/")),
    ("a path is blocked no more", santa(DENY, BlockedPathRegex="^/opt/"), santa(DENY)),
    ("another path is blocked", santa(BlockedPathRegex="^/a/"), santa(BlockedPathRegex="^/b/")),
    ("a server may set another mode", santa(ClientMode=2), santa(ClientMode=2, SyncBaseURL="https://x.example")),
    ("a rule of the preference list is gone", preferences(DENY), preferences()),
    ("the mode of the preference list is gone", preferences(ClientMode=2), preferences()),
    ("a rule of santactl is gone", exported(DENY, DENY_FILE), exported(DENY_FILE)),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [row[1:] for row in WEAKER], ids=[row[0] for row in WEAKER])
def test_what_some_devices_lose_is_a_weakening(old: Any, new: Any) -> None:
    assert weaker(compared(old, new))


SAME = [
    ("the order of assignments", hidden(FIELD, OTHER), hidden(OTHER, FIELD)),
    ("an assignment that stands twice", hidden(FIELD), hidden(FIELD, FIELD)),
    ("the order of limitations", limited("a", "b"), limited("b", "a")),
    ("a folder in other letters of its separators", exe("C:/Tools/chat.exe"), exe("C:\\Tools\\chat.exe")),
    ("the order of two folders", exe("C:\\a\\chat.exe", "C:\\b\\chat.exe"), exe("C:\\b\\chat.exe", "C:\\a\\chat.exe")),
    ("a folder beside everywhere", exe("*\\chat.exe", "C:\\b\\chat.exe"), exe("*\\chat.exe")),
    ("the same profile twice", called(APP), [called(APP), called(APP, name="b")]),
    ("the same predicate", activated("(1 == 1)"), activated("(1 == 1)")),
    ("Santa's words in small letters", santa(DENY), santa(("blocklist", "teamid", TEAM.lower()))),
    ("the message of a rule", santa((*DENY,)), santa(DENY, said="Not here.")),
    ("a rule that a later one replaces", santa(DENY), santa(DENY, DENY)),
    ("the order of rules for different things", santa(DENY, DENY_FILE), santa(DENY_FILE, DENY)),
]


@pytest.mark.parametrize(("old", "new"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_what_no_device_notices_is_no_difference(old: Any, new: Any) -> None:
    assert compared(old, new).exit_code == 0


WIDER = [
    ("a second folder", exe("C:\\a\\chat.exe"), exe("C:\\a\\chat.exe", "C:\\b\\chat.exe")),
    ("no folder any more", denied(PathPrefix="/a"), denied()),
    ("one condition of two is gone", denied(PathPrefix="/a", SigningState="AppStore"), denied(PathPrefix="/a")),
    ("a package of any publisher", appx("CN=A", "Chat.App"), appx("*", "Chat.App")),
    ("a file is let in no more", santa(DENY, LET_FILE), santa(DENY)),
    (
        "one file of two is let in no more",
        santa(DENY, LET_FILE, ("ALLOWLIST", "BINARY", "b" * 64)),
        santa(DENY, LET_FILE),
    ),
]


@pytest.mark.parametrize(("old", "new"), [row[1:] for row in WIDER], ids=[row[0] for row in WIDER])
def test_fewer_conditions_block_more(old: Any, new: Any) -> None:
    assert {change.direction for change in compared(old, new).changes} - {"EQUIVALENT"} == {"TIGHTENED"}


LABEL, OTHER_LABEL = Scope("groups", ("field",)), Scope("groups", ("other",))
PROFILE = [blocking(APP)]
SENT = [
    ("a label is added", PROFILE, Scope(), LABEL),
    ("an excluded label is added", PROFILE, Scope(), Scope(excluded=("x",))),
    ("another label", PROFILE, LABEL, OTHER_LABEL),
    ("other labels at once", PROFILE, Scope("groups", ("a and b",), (), True), Scope("groups", ("c and d",), (), True)),
    ("a declaration for another label", activated(), LABEL, OTHER_LABEL),
    ("a declaration for fewer", activated(), Scope(), Scope(excluded=("x",))),
    ("a predicate for another label", activated("(1 == 1)"), LABEL, OTHER_LABEL),
]


@pytest.mark.parametrize(("documents", "old", "new"), [row[1:] for row in SENT], ids=[row[0] for row in SENT])
def test_whom_another_file_sends_a_document_to_counts(documents: list[Document], old: Scope, new: Scope) -> None:
    scopes = [{one.name: scope for one in documents} for scope in (old, new)]
    assert weaker(compared(documents, documents, (scopes[0], scopes[1])))
    assert compared(documents, documents, (scopes[0], scopes[0])).exit_code == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(lasting(10), lasting(1e9), id="a longer time"),
        pytest.param(lasting(10, FUTURE), lasting(10), id="no day beside the time"),
        pytest.param(lasting(10), blocking(APP), id="for ever"),
    ],
)
def test_a_ban_that_lasts_longer_is_tightened(old: Document, new: Document) -> None:
    assert {change.direction for change in compared(old, new).changes} - {"EQUIVALENT"} == {"TIGHTENED"}
