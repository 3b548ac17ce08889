"""Hold diff to verify: whatever the documents no longer prove is a weakening, and what it calls none is none.

Both sides are drawn from policies of every MDM, in several documents, with all that may weaken them. The verdicts are those
that `verify` gives on classes of devices; `diff` is asked without classes, and with them.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
from build_kit import DAY
from effect_documents import (
    WECHAT,
    app,
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
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mdm_policy.decide import Index, judge
from mdm_policy.diff import WEAKENING, Comparison, Question, Side, compare_policies
from mdm_policy.effects import read_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.documents import Document
    from mdm_policy.model import BannedApp, DeviceClass

ZOOM = msgspec.structs.replace(
    app(("ios", "bundle_id", "us.zoom.videomeetings"), ("android", "package_name", "us.zoom.videomeetings")),
    key="zoom",
    name="Zoom",
)
APPS: tuple[BannedApp, ...] = (WECHAT, ZOOM)
CLASSES: tuple[DeviceClass, ...] = (
    device("ios", name="phones", supervised=True, enrollment="automated", groups=("g",)),
    device("ios", name="old phones", os=">=15,<17", supervised=True, enrollment="automated"),
    device("ios", name="own phones", supervised=False, enrollment="user"),
    device("macos", name="macs", supervised=True, enrollment="automated"),
    device("android", name="managed", mode="fully-managed"),
    device("android", name="half", mode="cope"),
    device("windows", name="computers", groups=("g",)),
)

_IOS = st.lists(st.sampled_from(["com.tencent.xin", "us.zoom.videomeetings", "org.own", "com.tencent.Xin"]), max_size=3)
_ANDROID = st.lists(st.sampled_from(["com.tencent.mm", "us.zoom.videomeetings", "org.own"]), max_size=3, unique=True)
_DAYS = st.sampled_from([None, dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)])  # noqa: DTZ001
_ALL, _GROUP, _OTHER = (
    target("allDevicesAssignmentTarget"),
    target("groupAssignmentTarget", groupId="g"),
    target("groupAssignmentTarget", groupId="h"),
)
_OUT = target("exclusionGroupAssignmentTarget", groupId="g")
_ASSIGNED = st.sampled_from([None, [], [_ALL], [_GROUP], [_OTHER], [_GROUP, _OTHER], [_ALL, _OUT]])


def _profile(name: str, blocked: list[str] | None, allowed: list[str] | None, day: dt.datetime | None) -> Document:
    keys = {"blockedAppBundleIDs": blocked, "allowListedAppBundleIDs": allowed}
    top = {} if day is None else {"RemovalDate": day}
    return plist(restrictions(**{k: v for k, v in keys.items() if v is not None}), name=name, **top)


def _hidden(name: str, bundles: list[str], word: str, assigned: list[Any] | None) -> Document:
    listed = [{"appId": bundle, "name": bundle} for bundle in bundles]
    more = {} if assigned is None else {"assignments": assigned}
    return graph("iosGeneralDeviceConfiguration", name, appsVisibilityListType=word, appsVisibilityList=listed, **more)


def _declared(bundles: list[str], activated: bool, predicate: bool) -> list[Document]:
    made = [
        as_json(
            {
                "Type": "com.apple.configuration.app.settings",
                "Identifier": "c",
                "Payload": {"Allowed": {"DeniedApps": bundles}},
            },
            "c.json",
        )
    ]
    if activated:
        payload = {"StandardConfigurations": ["c"], **({"Predicate": "(1 == 1)"} if predicate else {})}
        made.append(as_json({"Type": "com.apple.activation.simple", "Identifier": "a", "Payload": payload}, "a.json"))
    return made


def _policy(name: str, packages: list[str], word: str, mode: str, sideloading: bool) -> dict[str, Any]:
    listed = [{"packageName": package, "installType": word} for package in packages]
    closed = {} if sideloading else {"advancedSecurityOverrides": {"untrustedAppsPolicy": "DISALLOW_INSTALL"}}
    return {"name": f"enterprises/e/policies/{name}", "playStoreMode": mode, "applications": listed, **closed}


_WORDS = st.sampled_from(["BLOCKED", "BLOCKED", "BLOCKED", "AVAILABLE", "FORCE_INSTALLED"])
_MODES = st.sampled_from(["BLACKLIST", "BLACKLIST", "WHITELIST"])
_ONE_POLICY = st.tuples(_ANDROID, _WORDS, _MODES, st.booleans())


def _android(one: tuple[Any, ...], other: tuple[Any, ...] | None) -> list[Document]:
    if other is None:
        return [as_json(_policy("p", *one), "p.json")]
    return [as_json({"policies": [_policy("p", *one), _policy("q", *other)]}, "p.json")]


def _rules(mode: str, deny: bool, allow: bool, binary: str) -> Document:
    inside = [path_rule("*", action="Allow")] if allow else []
    inside += [publisher_rule("O=TENCENT", binary=binary)] if deny else []
    return xml(rules_xml(*inside, mode=mode))


def _software(name: str, kill: bool, scope: str) -> Document:
    general = f"<process_name>{name}</process_name><match_exact_process_name>true</match_exact_process_name>"
    words = f"<kill_process>{str(kill).lower()}</kill_process>"
    return xml(f"<restricted_software><general>{general}{words}</general>{scope}</restricted_software>", "s.xml")


def _santa(word: str, kind: str, text: str) -> Document:
    listed = [{"identifier": text, "policy": word, "rule_type": kind}]
    return plist({"PayloadType": "com.northpolesec.santa", "StaticRules": listed}, name="santa.mobileconfig")


_WORD = st.sampled_from(["appsNotInListCompliant", "appsNotInListCompliant", "appsInListCompliant", "none"])
_SCOPES = st.sampled_from(
    [
        "<scope><all_computers>true</all_computers></scope>",
        "<scope><all_computers>false</all_computers></scope>",
        (
            "<scope><all_computers>true</all_computers><exclusions><computers><computer><id>1</id><name>m</name></computer>"
            "</computers></exclusions></scope>"
        ),
        "",
    ]
)
_SIDE = st.tuples(
    st.lists(st.builds(_profile, st.just("p.mobileconfig"), st.none() | _IOS, st.none() | _IOS, _DAYS), max_size=1),
    st.lists(st.builds(_profile, st.just("r.mobileconfig"), st.none() | _IOS, st.none(), _DAYS), max_size=1),
    st.lists(st.builds(_hidden, st.just("h.json"), _IOS, _WORD, _ASSIGNED), max_size=1),
    st.just([]) | st.builds(_declared, _IOS, st.booleans(), st.booleans()),
    st.just([]) | st.builds(_android, _ONE_POLICY, st.none() | _ONE_POLICY),
    st.lists(
        st.builds(
            _rules,
            st.sampled_from(["Enabled", "AuditOnly"]),
            st.booleans(),
            st.booleans(),
            st.sampled_from(["*", "WECHAT.EXE"]),
        ),
        max_size=1,
    ),
    st.lists(
        st.builds(_software, st.sampled_from(["WeChat", "WeChat.app", "Other"]), st.booleans(), _SCOPES), max_size=1
    ),
    st.lists(
        st.builds(
            _santa,
            st.sampled_from(["BLOCKLIST", "ALLOWLIST", "REMOVE"]),
            st.sampled_from(["TEAMID", "SIGNINGID"]),
            st.sampled_from(["5A4RE8SF68", "5A4RE8SF68:com.tencent.xinWeChat"]),
        ),
        max_size=1,
    ),
).map(lambda parts: [document for part in parts for document in part])


def _held(documents: Sequence[Document]) -> set[tuple[str, str]]:
    """Return what is proven: apps by class. No document proves nothing."""
    readings = tuple(reading for document in documents for reading in read_each(document))
    found = set()
    for cls in CLASSES:
        index = Index(readings, cls)
        found |= {(one.name, cls.name) for one in APPS if judge(index, cls, one, DAY).proven}
    return found


def _policies(documents: Sequence[Document]) -> int:
    """Count the Android policies: the first is always `p`, the second `q`."""
    return sum(reading.kind == "amapi-policy" for document in documents for reading in read_each(document))


def _compared(old: Sequence[Document], new: Sequence[Document], *classes: DeviceClass) -> Comparison:
    question = Question(DAY, APPS, (), classes)
    return compare_policies(Side("old", tuple(old)), Side("new", tuple(new)), question, None)


@settings(max_examples=150, deadline=None)
@given(_SIDE, _SIDE)
def test_what_is_no_longer_proven_is_weakened(old: list[Document], new: list[Document]) -> None:
    # A policy that is added takes nothing from devices under another; that it bans less is for verify to say.
    assume(_policies(new) <= _policies(old) or not _policies(old))
    lost = _held(old) - _held(new)
    for classes in ((), CLASSES):
        told = {change.name for change in _compared(old, new, *classes).changes if change.direction in WEAKENING}
        assert {name for name, _ in lost} <= told, (lost, classes)


@settings(max_examples=60, deadline=None)
@given(_SIDE)
def test_a_side_is_equal_to_itself(side: list[Document]) -> None:
    found = _compared(side, side)
    assert found.exit_code == 0
    assert not found.changes


@settings(max_examples=60, deadline=None)
@given(_SIDE, _SIDE)
def test_what_is_newly_proven_is_tightened_somewhere(old: list[Document], new: list[Document]) -> None:
    won = _held(new) - _held(old)
    directions = {(change.name, change.direction) for change in _compared(old, new).changes}
    for name in {name for name, _ in won}:
        mine = {direction for known, direction in directions if known == name}
        assert mine & {"TIGHTENED", *WEAKENING}, (name, directions)


def test_the_law_has_something_to_lose() -> None:
    documents = [
        blocking("com.tencent.xin"),
        as_json(_policy("p", ["com.tencent.mm"], "BLOCKED", "BLACKLIST", sideloading=False), "p.json"),
        _rules("Enabled", deny=True, allow=True, binary="*"),
        _santa("BLOCKLIST", "TEAMID", "5A4RE8SF68"),
    ]
    assert {cls for name, cls in _held(documents) if name == "WeChat"} >= {"old phones", "managed", "macs"}
