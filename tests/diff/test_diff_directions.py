"""Give every kind of change its direction, say who is affected and why."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from build_kit import DAY
from effect_documents import (
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
from mdm_policy.documents import Document, open_document
from mdm_policy.errors import Origin
from mdm_policy.model import BannedApp, DeviceClass, ListStatus, OsBound, Reason, Scope

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
    general = f"{id_}<process_name>{name}</process_name><match_exact_process_name>true</match_exact_process_name>"
    words = f"<kill_process>{kill}</kill_process><delete_executable>{delete}</delete_executable>"
    return xml(f"<restricted_software><general>{general}{words}</general><scope>{scope}</scope></restricted_software>")


def santa(*rules: tuple[str, str], word: str = "BLOCKLIST") -> Document:
    listed = [{"identifier": text, "policy": word, "rule_type": kind} for kind, text in rules]
    return plist({"PayloadType": "com.northpolesec.santa", "StaticRules": listed})


def web(*addresses: str) -> Document:
    return plist({"PayloadType": "com.apple.webcontent-filter", "FilterType": "BuiltIn", "DenyListURLs": list(addresses)})


FUTURE, SOONER, PAST = dt.datetime(2030, 1, 1), dt.datetime(2028, 1, 1), dt.datetime(2020, 1, 1)  # noqa: DTZ001
KASPERSKY = "2Y8XE5CQ94"
_L, _I, _N, _T, _E = "LOOSENED", "INEFFECTIVE", "NARROWED", "TIGHTENED", "EQUIVALENT"

ROWS = [
    pytest.param(blocking(WECHAT, OWN), blocking(OWN), [(_L, "WeChat", "ios")], "nothing names it", id="an entry is gone"),
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
        [(_L, "every app that is not named", "ios"), (_E, "WeChat", "ios")],
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
        [(_L, "a.b", "android"), (_L, "every app that is not named", "android")],
        "allowed",
        id="blocked, then available and open to sideloading",
    ),
    pytest.param(hidden(OWN), hidden(OWN, appsVisibilityListType=...), [(_I, OWN, "ios")], "no effect", id="no list type"),
    pytest.param(
        blocking(OWN), plist(restrictions(blockedAppBundleIds=[OWN])), [(_I, OWN, "ios")], "still stands", id="misspelt key"
    ),
    pytest.param(
        hidden(OWN),
        graph("iosGeneralDeviceConfiguration", compliantAppListType="appsNotInListCompliant", compliantAppsList=[{"appId": OWN}]),
        [(_I, OWN, "ios")],
        "does not prevent",
        id="only reported",
    ),
    pytest.param(
        hidden(OWN, assignments=[EVERYONE]), hidden(OWN, assignments=[]), [(_I, OWN, "ios")], "nobody", id="assigned to nobody"
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
    pytest.param(blocking(OWN), blocking(OWN, RemovalDate=PAST), [(_I, OWN, "ios")], "no device obeys", id="it removed itself"),
    pytest.param(
        rules_xml(DEFAULT_EXE, path_rule("*\\wechat.exe")),
        rules_xml(DEFAULT_EXE, path_rule("*\\wechat.exe"), mode="AuditOnly"),
        [(_I, "every app that is not named", "windows"), (_I, "WeChat", "windows")],
        "logs",
        id="AppLocker only audits",
    ),
    pytest.param(
        restricted("Zoom"), restricted("Zoom", kill="false"), [(_I, "Zoom", "macos")], "only notifies", id="only a notice"
    ),
    pytest.param(blocking(OWN), blocking(OWN, RemovalDate=FUTURE), [(_N, OWN, "ios")], "2030-01-01", id="a removal date"),
    pytest.param(
        blocking(OWN, RemovalDate=FUTURE), blocking(OWN, RemovalDate=SOONER), [(_N, OWN, "ios")], "2028-01-01", id="an earlier one"
    ),
    pytest.param(blocking(OWN), blocking(OWN, DurationUntilRemoval=60), [(_N, OWN, "ios")], "60 s", id="after a minute"),
    pytest.param(
        blocking(OWN, blacklisted=1) if False else plist(restrictions(blockedAppBundleIDs=[OWN], blacklistedAppBundleIDs=[OWN])),
        blocking(OWN),
        [(_N, OWN, "ios")],
        "no rule that holds there",
        id="old systems are left out",
    ),
    pytest.param(
        blocking(OWN), blocking(OWN, TargetDeviceType=4), [(_N, OWN, "ios")], "no rule that holds", id="sent to Apple TVs alone"
    ),
    pytest.param(
        hidden(OWN, assignments=[EVERYONE]),
        hidden(OWN, assignments=[target("groupAssignmentTarget", groupId="g")]),
        [(_N, OWN, "ios")],
        "assigned to g",
        id="a group alone",
    ),
    pytest.param(hidden(OWN, assignments=[EVERYONE]), hidden(OWN), [(_N, OWN, "ios")], "does not state", id="not stated any more"),
    pytest.param(hidden(OWN), hidden(OWN, assignments=[EVERYONE]), [(_T, OWN, "ios")], "now state", id="now stated"),
    pytest.param(
        applications("a.b", personalUsagePolicies={"personalPlayStoreMode": "BLOCKLIST", "personalApplications": [app("a.b")]}),
        applications("a.b"),
        [(_N, "a.b", "android")],
        "",
        id="the personal side is left out",
    ),
    pytest.param(
        restricted("Zoom", delete="true"), restricted("Zoom"), [(_N, "Zoom", "macos")], "blocked where it was removed", id="no more deleted"
    ),
    pytest.param(
        restricted("Zoom"), restricted("Zoom", delete="true"), [(_T, "Zoom", "macos")], "removed where it was blocked", id="now deleted"
    ),
    pytest.param(
        rules_xml(DEFAULT_EXE, publisher_rule("O=X")),
        rules_xml(DEFAULT_EXE, publisher_rule("O=X", binary="X.EXE")),
        [(_N, "O=X", "windows")],
        "weak where it was partial",
        id="one binary of a publisher",
    ),
    pytest.param(
        rules_xml(DEFAULT_EXE, path_rule("*\\x.exe")),
        rules_xml(DEFAULT_EXE, path_rule("*\\x.exe", sid="S-1-5-32-544")),
        [(_N, "x.exe", "windows")],
        "other users",
        id="for administrators alone",
    ),
    pytest.param(
        rules_xml(DEFAULT_EXE, path_rule("*\\x.exe", sid="S-1-5-32-544")),
        rules_xml(DEFAULT_EXE, path_rule("*\\x.exe")),
        [(_T, "x.exe", "windows")],
        "escape no more",
        id="for everyone again",
    ),
    pytest.param(
        santa(("TEAMID", KASPERSKY), ("SIGNINGID", f"{KASPERSKY}:com.kaspersky.kav.sysext")),
        santa(("SIGNINGID", f"{KASPERSKY}:com.kaspersky.kav.sysext")),
        [(_L, "Kaspersky Internet Security", "macos"), (_L, "Kaspersky Lab (all software)", "macos")],
        "nothing names it",
        id="a vendor's team is gone",
    ),
    pytest.param(web("https://qq.com", "https://x.example"), web("https://x.example"), [(_L, "QQ", "web")], "nothing names", id="an address"),
    pytest.param(web("https://x.example"), web("https://x.example", "https://y.example"), [(_T, "y.example", "web")], "", id="one more address"),
    pytest.param(
        santa(("CDHASH", "a" * 40), ("TEAMID", "ABCDE12345")), santa(("TEAMID", "ABCDE12345")), [], "", id="hashes are none of ours"
    ),
]


@pytest.mark.parametrize(("old", "new", "wanted", "why"), ROWS)
def test_a_change_has_its_direction(old: Any, new: Any, wanted: list[tuple[str, str, str]], why: str) -> None:
    found = compared(old, new)
    assert lines(found) == wanted
    if wanted:
        assert why in found.changes[0].why
