"""Hold diff to verify: whatever the documents no longer prove is a weakening, and what it calls none is none.

Both sides are drawn from policies of every MDM, in several documents, with all that may weaken them. The verdicts are those
that `verify` gives on classes of devices; `diff` is asked without classes, and with them.
"""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any

import msgspec
from build_kit import DAY
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_documents import (
    DEFAULT_APPX,
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

from mdm_policy import catalogue
from mdm_policy.decide import Index, judge
from mdm_policy.diff import WEAKENING, Comparison, Question, Side, compare_policies
from mdm_policy.kinds import read_each
from mdm_policy.model import Resolution
from mdm_policy.verify import Rules, piece, verify
from mdm_policy.vocabulary import FAMILY_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.documents import Document
    from mdm_policy.model import BannedApp, DeviceClass

ZOOM = msgspec.structs.replace(
    app(("ios", "bundle_id", "us.zoom.videomeetings"), ("android", "package_name", "us.zoom.videomeetings")),
    key="zoom",
    name="Zoom",
)
APPS: tuple[BannedApp, ...] = (WECHAT, ZOOM)
CLASSES: tuple[DeviceClass, ...] = (
    device("ios", ">=15", "phones", supervised=True, enrollment="automated", groups=("g",)),
    device("ios", name="old phones", os=">=15,<17", supervised=True, enrollment="automated"),
    device("ios", name="own phones", supervised=False, enrollment="user"),
    device("macos", name="macs", supervised=True, enrollment="automated"),
    device("android", name="managed", mode="fully-managed"),
    device("android", name="half", mode="cope"),
    device("windows", name="computers", groups=("g",)),
)

_ORDERED = Resolution("Example Agency", "gov.example.agency", DAY, APPS, (), (), (), (), ())
_PLATFORMS = {cls.name: cls.platform for cls in CLASSES}
_IOS = st.lists(st.sampled_from(["com.tencent.xin", "us.zoom.videomeetings", "org.own", "com.tencent.Xin"]), max_size=3)
_ANDROID = st.lists(st.sampled_from(["com.tencent.mm", "us.zoom.videomeetings", "org.own"]), max_size=3, unique=True)
_PAST, _FUTURE = dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)  # noqa: DTZ001
_TOPS = st.sampled_from(
    [
        *({}, {}, {"PayloadIdentifier": "i"}, {"RemovalDate": _PAST}, {"RemovalDate": _FUTURE}),
        *({"DurationUntilRemoval": 60.0}, {"DurationUntilRemoval": 90.0, "RemovalDate": _FUTURE}),
        *({"TargetDeviceType": 1}, {"TargetDeviceType": 5}, {"PayloadIdentifier": "i", "RemovalDate": _FUTURE}),
    ]
)
_ALL, _GROUP, _OTHER = (
    target("allDevicesAssignmentTarget"),
    target("groupAssignmentTarget", groupId="g"),
    target("groupAssignmentTarget", groupId="h"),
)
_OUT = target("exclusionGroupAssignmentTarget", groupId="g")
_FILTER = {"deviceAndAppManagementAssignmentFilterId": "f", "deviceAndAppManagementAssignmentFilterType": "include"}
_SOME, _STRANGE = target("allDevicesAssignmentTarget", **_FILTER), target("fooTarget", groupId="g")
_ASSIGNED = st.sampled_from(
    [
        *(None, [], [_ALL], [_GROUP], [_OTHER], [_GROUP, _OTHER], [_ALL, _OUT], [_SOME], [_GROUP, _SOME]),
        *([_ALL, _STRANGE], [_GROUP, _STRANGE], [target("groupAssignmentTarget", groupName="g", groupId="1")]),
    ]
)


def _profile(name: str, blocked: list[str] | None, allowed: list[str] | None, top: dict[str, Any]) -> Document:
    keys = {"blockedAppBundleIDs": blocked, "allowListedAppBundleIDs": allowed}
    return plist(restrictions(**{k: v for k, v in keys.items() if v is not None}), name=name, **top)


def _hidden(name: str, bundles: list[str], word: str, assigned: list[Any] | None) -> Document:
    listed = [{"appId": bundle, "name": bundle} for bundle in bundles]
    more = {} if assigned is None else {"assignments": assigned}
    return graph("iosGeneralDeviceConfiguration", name, appsVisibilityListType=word, appsVisibilityList=listed, **more)


def _settings(bundles: list[str], name: str, binaries: list[dict[str, str]]) -> Document:
    allowed = {"DeniedApps": bundles, "DeniedBinaries": binaries}
    value = {"Type": "com.apple.configuration.app.settings", "Identifier": name, "Payload": {"Allowed": allowed}}
    return as_json(value, f"{name} {len(bundles)}.json")


def _declared(
    bundles: list[str], others: list[tuple[str, list[str]]], binaries: list[dict[str, str]], activated: str
) -> list[Document]:
    made = [_settings(bundles, "c", binaries), *(_settings(more, name, []) for name, more in others)]
    if activated:
        payload = {"StandardConfigurations": ["c"], **({"Predicate": activated} if activated != "yes" else {})}
        made.append(as_json({"Type": "com.apple.activation.simple", "Identifier": "a", "Payload": payload}, "a.json"))
    return made


_BINARIES = st.lists(
    st.sampled_from(
        [
            {"TeamID": "5A4RE8SF68"},
            {"SigningID": "com.tencent.xinWeChat"},
            {"TeamID": "5A4RE8SF68", "PathPrefix": "/Applications"},
            {"TeamID": "5A4RE8SF68", "SigningID": "com.tencent.xinWeChat"},
            {"CDHash": "a" * 40},
        ]
    ),
    max_size=2,
)


def _catalog(bundles: list[str], parent: str, definition: str, assigned: list[Any] | None) -> Document:
    prefix = "com.apple.applicationaccess_"
    child = {
        "settingDefinitionId": prefix + definition,
        "simpleSettingCollectionValue": [{"value": bundle} for bundle in bundles],
    }
    group = {"settingDefinitionId": prefix + parent, "groupSettingCollectionValue": [{"children": [child]}]}
    more = {} if assigned is None else {"assignments": assigned}
    value = {"platforms": "iOS", "technologies": "mdm", "settings": [{"settingInstance": group}], **more}
    return as_json(value, "s.json")


def _owner(
    mode: str, store: str, packages: list[str], assigned: list[Any] | None, sideloading: bool | None
) -> Document:
    listed = [{"appId": package} for package in packages]
    more = {} if assigned is None else {"assignments": assigned}
    keys = {
        "personalProfilePlayStoreMode": mode,
        "playStoreMode": store,
        "appsAllowInstallFromUnknownSources": sideloading,
    }
    kept = {"personalProfilePersonalApplications": listed, **keys, **more}
    return graph("androidDeviceOwnerGeneralDeviceConfiguration", "o.json", **kept)


def _store(package: str, assigned: list[tuple[dict[str, Any], str]]) -> Document:
    listed = [{**one, "intent": intent} for one, intent in assigned]
    return graph("androidManagedStoreApp", f"{package}.json", packageId=package, assignments=listed)


def _change(packages: list[str], word: str, mask: str) -> Document:
    changes = [{"application": {"packageName": one, "installType": word}, "updateMask": mask} for one in packages]
    return as_json({"changes": changes}, "m.json")


def _jamf(bundles: list[str], method: str, scope: str) -> Document:
    payloads = escape(blocking(*bundles).data.decode(), quote=False)
    general = f"<id>3</id><name>n</name><deployment_method>{method}</deployment_method><payloads>{payloads}</payloads>"
    return xml(f"<configuration_profile><general>{general}</general>{scope}</configuration_profile>", "j.xml")


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


def _packages(publisher: str, binary: str) -> Document:
    inside = [DEFAULT_APPX, publisher_rule(publisher, "Tencent.WeChat", binary)]
    return xml(rules_xml(*inside, kind="Appx"), "appx.xml")


def _software(name: str, kill: bool, scope: str) -> Document:
    general = f"<process_name>{name}</process_name><match_exact_process_name>true</match_exact_process_name>"
    words = f"<kill_process>{str(kill).lower()}</kill_process>"
    return xml(f"<restricted_software><general>{general}{words}</general>{scope}</restricted_software>", "s.xml")


def _santa(name: str, rules: list[tuple[str, str]], top: dict[str, Any], mode: dict[str, Any]) -> Document:
    listed = [{"identifier": text, "policy": word, "rule_type": _rule_type(text)} for word, text in rules]
    return plist({"PayloadType": "com.northpolesec.santa", "StaticRules": listed, **mode}, name=name, **top)


def _rule_type(text: str) -> str:
    if len(text) in (40, 64):
        return "CDHASH" if len(text) == 40 else "BINARY"
    return "SIGNINGID" if ":" in text else "TEAMID"


_SANTA_RULES = st.lists(
    st.tuples(
        st.sampled_from(["BLOCKLIST", "BLOCKLIST", "BLOCKLIST", "ALLOWLIST", "REMOVE", "CEL"]),
        st.sampled_from(["5A4RE8SF68", "5A4RE8SF68:com.tencent.xinWeChat", "5A4RE8SF68:com.other", "a" * 40, "b" * 64]),
    ),
    max_size=3,
)
_SANTA_TOPS = st.sampled_from([{}, {"PayloadScope": "System"}, {"PayloadScope": "User"}, {"RemovalDate": _FUTURE}])
_SANTA_MODES = st.sampled_from(
    [
        *({}, {"ClientMode": 1}, {"ClientMode": 2}, {"ClientMode": 3}, {"ClientMode": 9}),
        *({"ClientMode": 2, "AllowedPathRegex": "/Applications/.*"}, {"BlockedPathRegex": "/Applications/We.*"}),
    ]
)
_INTENTS = st.lists(
    st.tuples(st.sampled_from([_ALL, _GROUP, _OTHER, _OUT]), st.sampled_from(["uninstall", "available"])), max_size=3
)
_MOBILE_SCOPES = st.sampled_from(
    [
        "",
        "<scope><all_mobile_devices>true</all_mobile_devices></scope>",
        "<scope/>",
        (
            "<scope><mobile_device_groups><mobile_device_group><name>g</name></mobile_device_group></mobile_device_groups>"
            "</scope>"
        ),
        (
            "<scope><all_mobile_devices>true</all_mobile_devices><limitations><users><user><name>u</name></user></users>"
            "</limitations></scope>"
        ),
        (
            "<scope><all_mobile_devices>true</all_mobile_devices><exclusions><mobile_device_groups><mobile_device_group>"
            "<name>g</name></mobile_device_group></mobile_device_groups></exclusions></scope>"
        ),
    ]
)


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
_PARTS = st.tuples(
    st.lists(st.builds(_profile, st.just("p.mobileconfig"), st.none() | _IOS, st.none() | _IOS, _TOPS), max_size=1),
    st.lists(st.builds(_profile, st.just("r.mobileconfig"), st.none() | _IOS, st.none(), _TOPS), max_size=1),
    st.lists(st.builds(_hidden, st.just("h.json"), _IOS, _WORD, _ASSIGNED), max_size=1),
    st.lists(
        st.builds(
            _catalog,
            _IOS,
            st.sampled_from(["com.apple.applicationaccess", "com.apple.applicationaccess", "x"]),
            st.sampled_from(["blockedappbundleids", "allowlistedappbundleids"]),
            _ASSIGNED,
        ),
        max_size=1,
    ),
    st.just([])
    | st.builds(
        _declared,
        _IOS,
        st.lists(st.tuples(st.sampled_from(["c", "d"]), _IOS), max_size=1),
        _BINARIES,
        st.sampled_from(["", "", "yes", "(1 == 1)", "(1 == 2)"]),
    ),
    st.lists(st.builds(_change, _ANDROID, _WORDS, st.sampled_from(["installType", "installType", ""])), max_size=1),
    st.lists(
        st.builds(
            _owner,
            st.sampled_from(["notConfigured", "blockedApps", "blockedApps", "allowedApps"]),
            st.sampled_from(["notConfigured", "allowList", "blockList"]),
            _ANDROID,
            _ASSIGNED,
            st.sampled_from([None, True, False]),
        ),
        max_size=1,
    ),
    st.lists(st.builds(_store, st.sampled_from(["com.tencent.mm", "us.zoom.videomeetings"]), _INTENTS), max_size=2),
    st.lists(
        st.builds(
            _jamf,
            _IOS,
            st.sampled_from(["Install Automatically", "Make Available in Self Service", "x"]),
            _MOBILE_SCOPES,
        ),
        max_size=1,
    ),
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
            _santa, st.sampled_from(["s.mobileconfig", "t.mobileconfig"]), _SANTA_RULES, _SANTA_TOPS, _SANTA_MODES
        ),
        max_size=2,
    ),
    st.lists(st.builds(_packages, st.sampled_from(["*", "CN=T"]), st.sampled_from(["*", "X.EXE"])), max_size=1),
)


def _all(parts: Iterable[Sequence[Document]]) -> list[Document]:
    return [document for part in parts for document in part]


_SIDE = _PARTS.map(_all)


def _held(documents: Sequence[Document]) -> set[tuple[str, str]]:
    """Return what is proven: apps by class. No document proves nothing."""
    readings = tuple(reading for document in documents for reading in read_each(document))
    found = set()
    for cls in CLASSES:
        index = Index(readings, cls)
        found |= {(one.name, cls.name) for one in APPS if judge(index, cls, one, DAY).proven}
    return found


def _compared(old: Sequence[Document], new: Sequence[Document], *classes: DeviceClass) -> Comparison:
    question = Question(DAY, APPS, (), classes)
    return compare_policies(_side("old", old), _side("new", new), question, None)


def _side(label: str, documents: Sequence[Document]) -> Side:
    """Return a side as `diff` makes it where lists say what is banned."""
    return Side(label, tuple(documents), pieces=tuple(piece(document) for document in documents))


def _agree(old: Sequence[Document], new: Sequence[Document]) -> None:
    lost = {(name, FAMILY_OF[_PLATFORMS[cls]]) for name, cls in _held(old) - _held(new)}
    weaker = [change for change in _compared(old, new, *CLASSES).changes if change.direction in WEAKENING]
    assert lost <= {(change.name, change.platform) for change in weaker}
    # Without classes each side is judged on the strongest that it addresses.
    if _passes(old) and not _passes(new):
        assert _compared(old, new).exit_code == 11


def _passes(documents: Sequence[Document]) -> bool:
    """Tell whether `verify` ends with 0 where no classes are declared."""
    pieces = tuple(piece(document) for document in documents)
    return verify(_ORDERED, pieces, catalogue.load(), Rules(DAY)).passes


@settings(max_examples=60, deadline=None, derandomize=True)
@given(_SIDE, _SIDE)
def test_what_is_no_longer_proven_is_weakened(old: list[Document], new: list[Document]) -> None:
    _agree(old, new)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(_PARTS, _PARTS, st.integers(0, 13), st.sets(st.integers(0, 13), max_size=2))
def test_what_one_kind_of_document_loses_is_weakened(
    old: tuple[Any, ...], new: tuple[Any, ...], changed: int, beside: set[int]
) -> None:
    kept = [part if place in {changed, *beside} else [] for place, part in enumerate(old)]
    _agree(_all(kept), _all(new[place] if place == changed else part for place, part in enumerate(kept)))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(_SIDE)
def test_a_side_is_equal_to_itself(side: list[Document]) -> None:
    found = _compared(side, side)
    assert found.exit_code == 0
    assert not found.changes


@settings(max_examples=60, deadline=None, derandomize=True)
@given(_SIDE, _SIDE)
def test_what_is_newly_proven_is_tightened_somewhere(old: list[Document], new: list[Document]) -> None:
    won = _held(new) - _held(old)
    directions = {(change.name, change.direction) for change in _compared(old, new).changes}
    for name in {name for name, _ in won}:
        mine = {direction for known, direction in directions if known == name}
        assert mine & {"TIGHTENED", *WEAKENING}, (name, directions)


_BANS = (
    blocking("com.tencent.xin", "us.zoom.videomeetings"),
    as_json(
        _policy("p", ["com.tencent.mm", "us.zoom.videomeetings"], "BLOCKED", "BLACKLIST", sideloading=False), "b.json"
    ),
    _rules("Enabled", deny=True, allow=True, binary="*"),
    _santa("b.mobileconfig", [("BLOCKLIST", "5A4RE8SF68")], {}, {}),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(_BANS), _PARTS, _PARTS, st.integers(0, 13))
def test_weakening_what_stands_beside_a_ban_is_told(
    ban: Document, old: tuple[Any, ...], new: tuple[Any, ...], changed: int
) -> None:
    _agree([ban, *old[changed]], [ban, *new[changed]])
    _agree([ban], [ban, *new[changed]])


def test_the_law_has_something_to_lose() -> None:
    documents = [
        blocking("com.tencent.xin"),
        as_json(_policy("p", ["com.tencent.mm"], "BLOCKED", "BLACKLIST", sideloading=False), "p.json"),
        _rules("Enabled", deny=True, allow=True, binary="*"),
        _santa("s.mobileconfig", [("BLOCKLIST", "5A4RE8SF68")], {}, {}),
    ]
    assert {cls for name, cls in _held(documents) if name == "WeChat"} >= {"phones", "old phones", "managed", "macs"}
