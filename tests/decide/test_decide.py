from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from kind_documents import (
    DEFAULT_APPX,
    DEFAULT_EXE,
    WECHAT,
    app,
    as_json,
    blocking,
    graph,
    path_rule,
    plist,
    publisher_rule,
    readings,
    restrictions,
    rules_xml,
    target,
    xml,
)

from mdm_policy.decide import DeviceState, Index, decide, holds, rank
from mdm_policy.reading import Expiry

if TYPE_CHECKING:
    from mdm_policy.model import BannedApp
    from mdm_policy.reading import Reading
    from mdm_policy.vocabulary import Platform

DAY = "2026-11-24"
MM = "com.tencent.mm"
TEAM = "5A4RE8SF68"
SIGNED = f"{TEAM}:com.tencent.xinWeChat"


def apple(platform: Platform = "ios", os: tuple[int, ...] = (17,), **keys: Any) -> DeviceState:
    plain = DeviceState(platform, os, True, "automated", "", "device", "store", False)
    return msgspec.structs.replace(plain, **keys)


def android(mode: str = "fully-managed", side: str = "device", **keys: Any) -> DeviceState:
    return msgspec.structs.replace(DeviceState("android", (14,), False, "", mode, side, "store", False), **keys)


def windows(**keys: Any) -> DeviceState:
    return msgspec.structs.replace(DeviceState("windows", (10,), False, "", "", "device", "store", False), **keys)


def verdict(found: tuple[Reading, ...], state: DeviceState, banned: BannedApp = WECHAT) -> tuple[str, str | None]:
    decision = decide(found, state, banned, DAY)
    return decision.verdict, decision.strength


HELD = ("hidden", "strong")
OPEN = ("allowed", None)
NEVER = ("unenforceable", None)
XIN = readings(blocking("com.tencent.xin"))
OTHER = readings(blocking("com.other.app"))


@pytest.mark.parametrize(
    ("found", "state", "expected"),
    [
        pytest.param(XIN, apple(), HELD, id="supervised"),
        pytest.param(XIN, apple(installed=True), HELD, id="installed-already"),
        pytest.param(XIN, apple(supervised=False), NEVER, id="unsupervised"),
        pytest.param(XIN, apple(supervised=False, enrollment="user"), NEVER, id="user-enrollment"),
        pytest.param(XIN, apple(os=(14,)), OPEN, id="older-than-the-key"),
        pytest.param(XIN, apple(os=(9,)), NEVER, id="older-than-any-key"),
        pytest.param(XIN, apple("tvos", (10,)), NEVER, id="old-tv"),
        pytest.param(XIN, apple("visionos", (26,)), NEVER, id="visionos-26"),
        pytest.param(XIN, apple("visionos", (27,)), HELD, id="visionos-27"),
        pytest.param(XIN, apple("watchos", (27,)), NEVER, id="watch"),
        pytest.param(XIN, apple("macos", (27,)), OPEN, id="mac-does-not-know-the-key"),
        pytest.param(OTHER, apple(), OPEN, id="other-app"),
        pytest.param((), apple(), OPEN, id="nothing"),
        pytest.param(OTHER + XIN, apple(), HELD, id="deny-lists-add-up"),
        pytest.param(
            readings(plist(restrictions(allowListedAppBundleIDs=["com.ok.app"]))),
            apple(),
            HELD,
            id="not-on-the-allow-list",
        ),
        pytest.param(
            readings(plist(restrictions(allowListedAppBundleIDs=["com.tencent.xin"]))),
            apple(),
            OPEN,
            id="on-the-allow-list",
        ),
        pytest.param(
            readings(
                plist(restrictions(allowListedAppBundleIDs=["com.tencent.xin"])),
                plist(restrictions(allowListedAppBundleIDs=["com.ok.app"])),
            ),
            apple(),
            HELD,
            id="allow-lists-intersect",
        ),
        pytest.param(
            XIN + readings(plist(restrictions(allowListedAppBundleIDs=["com.tencent.xin"]))),
            apple(),
            HELD,
            id="deny-beats-allow",
        ),
        pytest.param(
            XIN
            + readings(
                as_json({"Type": "com.apple.configuration.app.managed", "Payload": {"BundleID": "com.tencent.xin"}})
            ),
            apple(),
            HELD,
            id="deny-beats-a-managed-app",
        ),
        pytest.param(
            readings(blocking("com.tencent.xin", DurationUntilRemoval=60)),
            apple(),
            ("unknown", "strong"),
            id="lifts-itself-some-time",
        ),
        pytest.param(
            readings(plist(restrictions(allowAppInstallation=False))),
            apple(),
            ("not-installable", "strong"),
            id="no-installs",
        ),
        pytest.param(
            readings(plist(restrictions(allowAppInstallation=False))),
            apple(installed=True),
            ("not-installable", "strong"),
            id="no-installs-too-late",
        ),
        pytest.param(
            readings(
                graph(
                    "iosGeneralDeviceConfiguration",
                    compliantAppListType="appsNotInListCompliant",
                    compliantAppsList=[{"appId": "com.tencent.xin"}],
                )
            ),
            apple(),
            ("reported-only", "weak"),
            id="reported-only",
        ),
        pytest.param(readings(plist(IsEncrypted=True)), apple(), ("unknown", "weak"), id="encrypted"),
    ],
)
def test_iphones_and_their_kin(
    found: tuple[Reading, ...], state: DeviceState, expected: tuple[str, str | None]
) -> None:
    assert verdict(found, state) == expected


@pytest.mark.parametrize(
    ("removal", "expected", "notes"),
    [
        pytest.param("2026-11-24", OPEN, 0, id="today"),
        pytest.param("2026-11-23", OPEN, 0, id="yesterday"),
        pytest.param("2026-11-25", HELD, 1, id="tomorrow"),
    ],
)
def test_a_removal_date(removal: str, expected: tuple[str, str | None], notes: int) -> None:
    (reading,) = XIN
    rule = msgspec.structs.replace(reading.rules[0], expires=Expiry(removal))
    (effect,) = reading.effects
    dated = msgspec.structs.replace(reading, rules=(rule,), effects=(msgspec.structs.replace(effect, rule=rule),))
    decision = decide([dated], apple(), WECHAT, DAY)
    assert (decision.verdict, decision.strength) == expected
    assert len([one for one in decision.notes if one.cause == "expires"]) == notes


def test_a_rule_that_a_version_removed() -> None:
    (reading,) = XIN
    rule = msgspec.structs.replace(reading.rules[0], removed={"ios": (28,)})
    gone = msgspec.structs.replace(
        reading, rules=(rule,), effects=(msgspec.structs.replace(reading.effects[0], rule=rule),)
    )
    assert decide([gone], apple(os=(27,)), WECHAT, DAY).verdict == "hidden"
    assert decide([gone], apple(os=(28,)), WECHAT, DAY).verdict == "allowed"


def test_what_decided_is_named() -> None:
    decision = decide(XIN, apple(os=(27,)), WECHAT, DAY)
    assert decision.rule is not None
    assert decision.rule.id == "apple-blocked-app-bundle-ids"
    assert (decision.path, decision.pointer) == ("p.mobileconfig", "/PayloadContent/0/blockedAppBundleIDs/0")
    assert decision.sentence.startswith("com.tencent.xin is hidden")
    assert "deprecated since ios 27" in " ".join(one.text for one in decision.notes)
    assert (decision.verdict, decision.build, decision.cause) == ("hidden", "com.tencent.xin", "")


def policy(*applications: tuple[str, str], personal: tuple[str, ...] = (), **top: Any) -> Reading:
    body: dict[str, Any] = {
        "playStoreMode": "BLACKLIST",
        "applications": [{"packageName": name, "installType": kind} for name, kind in applications],
        "personalUsagePolicies": {
            "personalApplications": [{"packageName": name, "installType": "BLOCKED"} for name in personal]
        },
        **top,
    }
    return readings(as_json(body))[0]


def home(*applications: tuple[str, str]) -> Reading:
    """Return a policy with an allow list in the personal profile."""
    listed = [{"packageName": name, "installType": kind} for name, kind in applications]
    usage = {"personalPlayStoreMode": "ALLOWLIST", "personalApplications": listed}
    return policy((MM, "BLOCKED"), personalUsagePolicies=usage)


def modified(*changes: dict[str, Any]) -> Reading:
    return readings(as_json({"changes": list(changes)}))[0]


BOTH = policy((MM, "BLOCKED"), personal=(MM,))
OPEN_DOORS: dict[str, Any] = {"advancedSecurityOverrides": {"untrustedAppsPolicy": "ALLOW_INSTALL_DEVICE_WIDE"}}
MODIFY = readings(
    as_json({"changes": [{"application": {"packageName": MM, "installType": "BLOCKED"}, "updateMask": "installType"}]})
)[0]
PATCH = readings(
    as_json(
        {
            "method": "PATCH",
            "query": {"updateMask": "personalUsagePolicies"},
            "body": {
                "personalUsagePolicies": {"personalApplications": [{"packageName": MM, "installType": "BLOCKED"}]}
            },
        }
    )
)[0]
STORE_APP = graph(
    "androidManagedStoreApp",
    packageId=MM,
    assignments=[{"intent": "uninstall", **target("allDevicesAssignmentTarget")}],
)
OFFERED = graph(
    "androidManagedStoreApp", packageId=MM, assignments=[{"intent": "required", **target("allDevicesAssignmentTarget")}]
)
PERSONAL_LIST = graph(
    "androidDeviceOwnerGeneralDeviceConfiguration",
    playStoreMode="blockList",
    personalProfilePlayStoreMode="blockedApps",
    personalProfilePersonalApplications=[{"appId": MM}],
)
ALLOW_MODE = graph("androidDeviceOwnerGeneralDeviceConfiguration", playStoreMode="allowList")


@pytest.mark.parametrize(
    ("found", "state", "expected"),
    [
        pytest.param((BOTH,), android(), ("removed", "strong"), id="fully-managed"),
        pytest.param((BOTH,), android("dedicated", installed=True), ("removed", "strong"), id="dedicated"),
        pytest.param((BOTH,), android("cope", "work"), ("removed", "strong"), id="cope-work"),
        pytest.param((BOTH,), android("cope", "personal"), ("removed", "partial"), id="cope-personal"),
        pytest.param((BOTH,), android("cope", "personal", os=(10,)), OPEN, id="cope-before-11"),
        pytest.param(
            (BOTH,), android("cope", "personal", origin="preinstalled", installed=True), OPEN, id="cope-preinstalled"
        ),
        pytest.param(
            (BOTH,),
            android("cope", "personal", origin="sideloaded"),
            ("not-installable", "strong"),
            id="cope-sideloaded",
        ),
        pytest.param((BOTH,), android("byod", "work"), ("removed", "strong"), id="byod-work"),
        pytest.param((BOTH,), android("byod", "personal"), NEVER, id="byod-personal"),
        pytest.param(
            (BOTH,), android(origin="preinstalled", installed=True), ("hidden", "strong"), id="preinstalled-is-hidden"
        ),
        pytest.param(
            (policy((MM, "BLOCKED"), **OPEN_DOORS),),
            android(origin="sideloaded"),
            ("allowed", "weak"),
            id="sideloading-open",
        ),
        pytest.param(
            (policy((MM, "BLOCKED"), **OPEN_DOORS),), android(), ("removed", "partial"), id="store-app-with-open-doors"
        ),
        pytest.param((policy(playStoreMode="WHITELIST"),), android(), ("removed", "strong"), id="not-in-the-policy"),
        pytest.param((policy((MM, "AVAILABLE"), playStoreMode="WHITELIST"),), android(), OPEN, id="in-the-policy"),
        pytest.param(
            (policy(playStoreMode="WHITELIST"),),
            android(origin="preinstalled", installed=True),
            OPEN,
            id="preloaded-app-in-allow-mode",
        ),
        pytest.param((policy((MM, "AVAILABLE")),), android(), OPEN, id="allowed"),
        pytest.param((policy((MM, "BLOCKED"), (MM, "AVAILABLE")),), android(), ("unknown", "strong"), id="both"),
        pytest.param(
            (policy((MM, "BLOCKED"), playStoreMode="BLOCKLIST"),), android(), ("allowed", "strong"), id="wrong-word"
        ),
        pytest.param((BOTH, policy()), android(), OPEN, id="policies-are-alternatives"),
        pytest.param((MODIFY,), android(), ("removed", "partial"), id="a-change-alone"),
        pytest.param((MODIFY, PATCH), android("cope", "personal"), ("removed", "partial"), id="changes-together"),
        pytest.param((MODIFY, PATCH), android("cope", "work"), ("removed", "partial"), id="changes-together-work"),
        pytest.param((policy(), MODIFY), android(), OPEN, id="a-change-does-not-mend-a-policy"),
        pytest.param(readings(STORE_APP), android(), ("removed", "strong"), id="intune-uninstall"),
        pytest.param(
            readings(STORE_APP), android("cope", "personal"), ("hidden", "partial"), id="intune-uninstall-personal"
        ),
        pytest.param(readings(STORE_APP), android("byod", "work"), OPEN, id="intune-uninstall-byod"),
        pytest.param(
            readings(STORE_APP, OFFERED), android(), ("allowed", "strong"), id="intune-uninstall-and-required"
        ),
        pytest.param(
            readings(PERSONAL_LIST), android("cope", "personal"), ("blocked", "partial"), id="intune-personal"
        ),
        pytest.param(readings(PERSONAL_LIST), android("cope", "work"), OPEN, id="intune-personal-not-work"),
        pytest.param(readings(ALLOW_MODE), android(), ("unknown", "weak"), id="intune-allow-mode"),
        pytest.param((BOTH, *readings(PERSONAL_LIST)), android(), OPEN, id="one-device-has-one-mdm"),
        pytest.param((BOTH, *XIN), android(), ("removed", "strong"), id="other-platforms-do-not-count"),
        pytest.param(
            (home(),), android("cope", "personal"), ("not-installable", "partial"), id="not-on-the-personal-list"
        ),
        pytest.param(
            (home(("a.b", "AVAILABLE")),),
            android("cope", "personal", installed=True),
            ("not-installable", "partial"),
            id="not-on-it-and-there",
        ),
        pytest.param(
            (home((MM, "BLOCKED")),),
            android("cope", "personal", installed=True),
            ("removed", "partial"),
            id="blocked-beside-the-list",
        ),
        pytest.param((home((MM, "AVAILABLE")),), android("cope", "personal"), OPEN, id="on-the-personal-list"),
        pytest.param(
            (
                modified(
                    {"application": {"packageName": MM}, "updateMask": "installType"},
                    {"application": {"packageName": MM, "installType": "BLOCKED"}},
                ),
            ),
            android(),
            ("unknown", "partial"),
            id="blocked-and-reset-by-a-mask",
        ),
        pytest.param(
            (
                modified(
                    {"application": {"packageName": MM}, "updateMask": "defaultPermissionPolicy"},
                    {"application": {"packageName": MM, "installType": "BLOCKED"}},
                ),
            ),
            android(),
            ("removed", "partial"),
            id="blocked-and-another-field-by-a-mask",
        ),
    ],
)
def test_android(found: tuple[Reading, ...], state: DeviceState, expected: tuple[str, str | None]) -> None:
    assert verdict(found, state) == expected


def test_not_installable_is_no_help_to_an_installed_app() -> None:
    frozen = policy((MM, "BLOCKED"), uninstallAppsDisabled=True)
    decision = decide([frozen], android(installed=True), WECHAT, DAY)
    assert decision.verdict == "not-installable"
    assert "keeps running" in decision.sentence
    assert not holds(decision, installed=True)
    assert holds(decision, installed=False)


def test_a_sideloaded_copy_on_the_personal_side_is_removed_with_a_doubt() -> None:
    decision = decide([BOTH], android("cope", "personal", origin="sideloaded", installed=True), WECHAT, DAY)
    assert (decision.verdict, decision.strength) == ("removed", "partial")
    assert "not documented" in decision.escapes


@pytest.mark.parametrize(
    ("top", "pointer"),
    [
        ({"advancedSecurityOverrides": {"untrustedAppsPolicy": "ALLOW_INSTALL_DEVICE_WIDE"}}, "untrustedAppsPolicy"),
        ({"advancedSecurityOverrides": {"developerSettings": "DEVELOPER_SETTINGS_ALLOWED"}}, "developerSettings"),
        ({"debuggingFeaturesAllowed": True}, "debuggingFeaturesAllowed"),
    ],
    ids=["other-sources", "developer-settings", "the-old-field"],
)
def test_the_open_door_is_to_blame(top: dict[str, Any], pointer: str) -> None:
    decision = decide([policy((MM, "BLOCKED"), **top)], android(origin="sideloaded", installed=True), WECHAT, DAY)
    assert decision.verdict == "allowed"
    assert decision.pointer.endswith(pointer)
    assert "nothing in force" not in decision.sentence
    assert decision.rule is not None
    assert decision.rule.remedy


def test_a_policy_that_is_refused_says_so() -> None:
    refused = readings(as_json({"applications": [{"packageName": MM, "installType": "BLOCKED"}], "other": 1}))
    decision = decide(refused, android(), WECHAT, DAY)
    assert (decision.verdict, decision.cause, decision.path) == ("allowed", "refused", "d.json")
    assert "refuses" in decision.sentence


def test_where_the_two_fields_for_debugging_disagree_nobody_can_tell() -> None:
    closed = {"developerSettings": "DEVELOPER_SETTINGS_DISABLED"}
    one = policy((MM, "BLOCKED"), debuggingFeaturesAllowed=True, advancedSecurityOverrides=closed)
    assert decide([one], android(origin="sideloaded"), WECHAT, DAY).verdict == "unknown"
    assert decide([one], android(), WECHAT, DAY).verdict == "removed"


def test_an_allow_list_takes_sideloaded_apps_away_where_the_device_is_managed() -> None:
    opened = policy(playStoreMode="WHITELIST", **OPEN_DOORS)
    assert decide([opened], android(origin="sideloaded", installed=True), WECHAT, DAY).verdict == "removed"
    assert decide([opened], android("cope", "work", origin="sideloaded"), WECHAT, DAY).verdict == "allowed"
    listed = policy((MM, "AVAILABLE"), playStoreMode="WHITELIST", **OPEN_DOORS)
    assert decide([listed], android(origin="sideloaded"), WECHAT, DAY).verdict == "allowed"


def test_a_sentence_says_which_side_nobody_controls() -> None:
    assert "personal side" in decide([BOTH], android("byod", "personal"), WECHAT, DAY).sentence


def santa(*rules: tuple[str, str, str]) -> Reading:
    items = [{"identifier": name, "rule_type": kind, "policy": policy} for name, kind, policy in rules]
    return readings(plist({"PayloadType": "com.northpolesec.santa", "StaticRules": items}))[0]


def lockdown(*rules: tuple[str, str, str]) -> Reading:
    items = [{"identifier": name, "rule_type": kind, "policy": policy} for name, kind, policy in rules]
    payload = {"PayloadType": "com.northpolesec.santa", "ClientMode": 2, "StaticRules": items}
    return readings(plist(payload))[0]


def denied(*items: dict[str, str]) -> Reading:
    payload = {"Allowed": {"DeniedBinaries": list(items)}}
    return readings(as_json({"Type": "com.apple.configuration.app.settings", "Identifier": "x", "Payload": payload}))[0]


def killed(name: str) -> Reading:
    text = f"<restricted_software><general><name>n</name><process_name>{name}</process_name><kill_process>true</kill_process></general></restricted_software>"
    return readings(xml(text))[0]


MAC14, MAC27 = apple("macos", (14,)), apple("macos", (27,))
TWO_BUILDS = app(("macos", "bundle_id", "com.a.one"), ("macos", "bundle_id", "com.a.two"))
TEAM_ONLY = app(("macos", "team_id", TEAM))
NAME_ONLY = app(("macos", "process_name", "WeChat"), ("macos", "process_name", "Helper.app"))


@pytest.mark.parametrize(
    ("found", "state", "banned", "expected"),
    [
        pytest.param(
            [santa((SIGNED, "SIGNINGID", "BLOCKLIST"))], MAC14, WECHAT, ("blocked", "partial"), id="santa-signing-id"
        ),
        pytest.param([santa((TEAM, "TEAMID", "BLOCKLIST"))], MAC14, WECHAT, ("blocked", "partial"), id="santa-team"),
        pytest.param([santa(("a" * 40, "CDHASH", "BLOCKLIST"))], MAC14, WECHAT, OPEN, id="a-hash-is-one-version"),
        pytest.param(
            [santa((SIGNED, "SIGNINGID", "ALLOWLIST"), (TEAM, "TEAMID", "BLOCKLIST"))],
            MAC14,
            WECHAT,
            OPEN,
            id="santa-narrower-rule-wins",
        ),
        pytest.param(
            [santa((TEAM, "TEAMID", "BLOCKLIST"), (f"{TEAM}:com.a.b", "SIGNINGID", "ALLOWLIST"))],
            MAC14,
            TEAM_ONLY,
            ("unknown", "partial"),
            id="santa-one-program-of-a-team",
        ),
        pytest.param([lockdown()], MAC14, TEAM_ONLY, ("blocked", "partial"), id="santa-lockdown"),
        pytest.param([lockdown()], apple("macos", (14,), origin="preinstalled"), WECHAT, OPEN, id="santa-apple-s-own"),
        pytest.param(
            [lockdown((f"{TEAM}:com.a.b", "SIGNINGID", "ALLOWLIST"))],
            MAC14,
            TEAM_ONLY,
            ("unknown", "partial"),
            id="santa-lockdown-one-program-of-a-team",
        ),
        pytest.param(
            [lockdown(("ZZZZZZZZZZ:com.a.one", "SIGNINGID", "ALLOWLIST"))],
            MAC14,
            TWO_BUILDS,
            ("unknown", "partial"),
            id="santa-lockdown-a-bare-id",
        ),
        pytest.param(
            [lockdown(("ZZZZZZZZZZ:com.a.six", "SIGNINGID", "ALLOWLIST"))],
            MAC14,
            TWO_BUILDS,
            ("blocked", "partial"),
            id="santa-lockdown-another-id",
        ),
        pytest.param(
            [lockdown(("ZZZZZZZZZZ", "TEAMID", "ALLOWLIST"))],
            MAC14,
            TWO_BUILDS,
            ("unknown", "partial"),
            id="santa-lockdown-a-team-unknown",
        ),
        pytest.param(
            [lockdown(("ZZZZZZZZZZ:com.a.one", "SIGNINGID", "ALLOWLIST"))],
            MAC14,
            NAME_ONLY,
            ("unknown", "partial"),
            id="santa-lockdown-a-name-alone",
        ),
        pytest.param(
            [lockdown(("ZZZZZZZZZZ", "TEAMID", "ALLOWLIST")), killed("WeChat")],
            MAC14,
            WECHAT,
            ("blocked", "partial"),
            id="santa-lockdown-beside-jamf",
        ),
        pytest.param([denied({"TeamID": TEAM})], MAC14, WECHAT, OPEN, id="ddm-before-27"),
        pytest.param([denied({"TeamID": TEAM})], MAC27, WECHAT, ("blocked", "strong"), id="ddm-team"),
        pytest.param(
            [denied({"SigningID": "com.tencent.xinWeChat"})],
            MAC27,
            WECHAT,
            ("blocked", "strong"),
            id="ddm-bare-signing-id",
        ),
        pytest.param([killed("WeChat")], MAC14, WECHAT, ("blocked", "weak"), id="jamf-by-name"),
        pytest.param([killed("WeChat.app")], MAC14, WECHAT, ("blocked", "weak"), id="jamf-by-bundle-name"),
        pytest.param([killed("wechat")], MAC14, WECHAT, OPEN, id="jamf-wrong-case"),
        pytest.param(
            [killed("WeChat"), santa((SIGNED, "SIGNINGID", "BLOCKLIST"))],
            MAC14,
            WECHAT,
            ("blocked", "partial"),
            id="the-stronger-counts",
        ),
        pytest.param([denied({"SigningID": "com.a.one"})], MAC27, TWO_BUILDS, OPEN, id="one-build-missing"),
        pytest.param(
            [denied({"SigningID": "com.a.one"}, {"SigningID": "com.a.two", "PathPrefix": "/A"})],
            MAC27,
            TWO_BUILDS,
            ("unknown", "weak"),
            id="the-weakest-build-counts",
        ),
        pytest.param([denied({"TeamID": TEAM})], MAC27, TEAM_ONLY, ("blocked", "strong"), id="a-vendor"),
        pytest.param([killed("WeChat")], MAC14, NAME_ONLY, OPEN, id="one-name-missing"),
        pytest.param([killed("WeChat.app"), killed("Helper")], MAC14, NAME_ONLY, ("blocked", "weak"), id="all-names"),
    ],
)
def test_macs(found: list[Reading], state: DeviceState, banned: BannedApp, expected: tuple[str, str | None]) -> None:
    assert verdict(tuple(found), state, banned) == expected


def test_the_missing_build_is_named() -> None:
    decision = decide([denied({"SigningID": "com.a.one"})], MAC27, TWO_BUILDS, DAY)
    assert (decision.build, decision.verdict) == ("com.a.two", "allowed")
    assert "com.a.two" in decision.sentence


APPX = readings(xml(rules_xml(DEFAULT_APPX, publisher_rule("*", "Tencent.WeChat"), kind="Appx")))
EXE = readings(xml(rules_xml(DEFAULT_EXE, publisher_rule("O=TENCENT"))))
DESKTOP = app(("windows", "executable", "WeChat.exe"), ("windows", "executable", "Weixin.exe"))
PATHS = readings(xml(rules_xml(DEFAULT_EXE, path_rule("*\\WECHAT.EXE"), path_rule("*\\weixin.exe"))))
PACKAGED = app(
    ("windows", "package_family_name", "Tencent.WeChat_sdtnhv12zgd7a"), ("windows", "publisher", "CN=TENCENT")
)
CERTIFICATE = readings(xml(rules_xml(DEFAULT_APPX, publisher_rule("CN=TENCENT"), kind="Appx")))
MASKED = readings(
    graph("windows10CustomConfiguration", omaSettings=[{"omaUri": "./x", "value": "****", "isEncrypted": True}])
)


@pytest.mark.parametrize(
    ("found", "banned", "expected"),
    [
        pytest.param(APPX + EXE, WECHAT, ("blocked", "partial"), id="package-and-program"),
        pytest.param(APPX, WECHAT, OPEN, id="program-left"),
        pytest.param(EXE, WECHAT, ("blocked", "partial"), id="package-without-rules"),
        pytest.param(PATHS, DESKTOP, ("blocked", "weak"), id="file-names-in-any-case"),
        pytest.param(
            PATHS,
            app(("windows", "executable", "WeChat.exe"), ("windows", "executable", "x.exe")),
            OPEN,
            id="one-file-left",
        ),
        pytest.param(APPX, PACKAGED, ("blocked", "strong"), id="family-name"),
        pytest.param(CERTIFICATE, PACKAGED, ("blocked", "strong"), id="package-publisher"),
        pytest.param(
            CERTIFICATE, app(("windows", "publisher", "CN=TENCENT")), ("blocked", "strong"), id="a-vendors-packages"
        ),
        pytest.param(
            APPX,
            app(("windows", "appx_name", "Tencent.WeChat"), ("windows", "winget_id", "T.W")),
            ("unknown", None),
            id="a-program-nobody-can-name",
        ),
        pytest.param(APPX, app(("windows", "product_code", "WeChat")), ("unknown", None), id="only-a-product-code"),
        pytest.param(MASKED, WECHAT, ("unknown", "weak"), id="masked"),
    ],
)
def test_windows(found: tuple[Reading, ...], banned: BannedApp, expected: tuple[str, str | None]) -> None:
    assert verdict(found, windows(), banned) == expected


def with_roles(banned: BannedApp, *roles: Any) -> BannedApp:
    pairs = zip(banned.identifiers, roles, strict=True)
    kept = tuple(msgspec.structs.replace(identifier, role=role) for identifier, role in pairs)
    return msgspec.structs.replace(banned, identifiers=kept)


THREE: Any = (
    ("windows", "executable", "WeChat.exe"),
    ("windows", "executable", "Weixin.exe"),
    ("windows", "executable", "u.exe"),
)
PROGRAM: Any = ("macos", "bundle_id", "com.a.one")
PART: Any = ("macos", "bundle_id", "com.a.part")


@pytest.mark.parametrize(
    ("found", "state", "banned", "expected"),
    [
        pytest.param(
            PATHS,
            windows(),
            with_roles(app(*THREE), "main", "variant", "helper"),
            ("blocked", "weak"),
            id="helper-left",
        ),
        pytest.param(PATHS, windows(), with_roles(app(*THREE), "main", "main", "variant"), OPEN, id="edition-left"),
        pytest.param(PATHS, windows(), with_roles(app(*THREE), *["helper"] * 3), ("unknown", None), id="helpers-alone"),
        pytest.param(
            [denied({"SigningID": "com.a.part"})],
            MAC27,
            with_roles(app(PROGRAM, PART), "main", "helper"),
            OPEN,
            id="helper-blocked",
        ),
        pytest.param(
            [denied({"SigningID": "com.a.one"})],
            MAC27,
            with_roles(app(PROGRAM, PART), "main", "helper"),
            ("blocked", "strong"),
            id="program-blocked",
        ),
        pytest.param(
            [denied({"SigningID": "com.a.part"})],
            MAC27,
            with_roles(app(PART), "installer"),
            ("unknown", None),
            id="installer-blocked",
        ),
    ],
)
def test_a_part_of_an_app_is_not_the_app(
    found: Any, state: DeviceState, banned: BannedApp, expected: tuple[str, str | None]
) -> None:
    assert verdict(tuple(found), state, banned)[0] == expected[0]
    if expected[0] == "unknown":
        assert "is known here, not the app" in decide(found, state, banned, DAY).sentence


def test_a_web_app_escapes_what_holds_its_package() -> None:
    also_a_site = msgspec.structs.replace(WECHAT, web_app=True)
    decision = decide(XIN, apple(), also_a_site, DAY)
    assert (decision.verdict, decision.strength) == ("hidden", "partial")
    assert decision.escapes == "its web app, in any browser"
    assert verdict(XIN, apple(), WECHAT) == HELD


@pytest.mark.parametrize(
    ("written", "known"),
    [
        pytest.param("O=TENCENT, INC., C=CN", "O=TENCENT, INC., C=CN", id="bare"),
        pytest.param('O="TENCENT, INC.", C=CN', "O=TENCENT, INC., C=CN", id="quoted-in-the-rule"),
        pytest.param("O=TENCENT, INC., C=CN", 'O="TENCENT, INC.", C=CN', id="quoted-in-the-list"),
    ],
)
def test_a_publisher_is_one_with_and_without_quotation_marks(written: str, known: str) -> None:
    rule = publisher_rule(written.replace('"', "&quot;"))
    found = readings(xml(rules_xml(DEFAULT_EXE, rule)))
    banned = app(("windows", "publisher", known))
    assert verdict(found, windows(), banned)[0] == "blocked"


@pytest.mark.parametrize(
    ("banned", "state", "expected"),
    [
        pytest.param(app(ios="none"), apple(), "not-applicable", id="does-not-exist"),
        pytest.param(app(ios="exists"), apple(), "unknown", id="exists-without-identifier"),
        pytest.param(app(), apple(), "unknown", id="nothing-known"),
        pytest.param(app(("ios", "app_store_id", "414478124")), apple(), "unknown", id="only-a-store-id"),
        pytest.param(app(("macos", "cdhash", "a" * 40)), MAC14, "unknown", id="only-a-hash"),
        pytest.param(app(("android", "package_name", MM)), apple("ios"), "unknown", id="other-platform"),
    ],
)
def test_apps_without_a_build(banned: BannedApp, state: DeviceState, expected: str) -> None:
    decision = decide(XIN, state, banned, DAY)
    assert decision.verdict == expected
    assert rank(decision, installed=False) == (200 if expected == "not-applicable" else 5)


def test_a_store_id_stands_for_the_only_bundle_id() -> None:
    by_address = {"appStoreUrl": "https://apps.apple.com/us/app/wechat/id414478124"}
    found = readings(
        graph(
            "iosGeneralDeviceConfiguration",
            appsVisibilityListType="appsNotInListCompliant",
            appsVisibilityList=[by_address],
        )
    )
    one = app(("ios", "bundle_id", "com.tencent.xin"), ("ios", "app_store_id", "414478124"))
    two = app(
        ("ios", "bundle_id", "com.tencent.xin"), ("ios", "bundle_id", "x.y"), ("ios", "app_store_id", "414478124")
    )
    assert verdict(found, apple(), one) == HELD
    assert verdict(found, apple(), two) == OPEN


def test_an_index_answers_as_the_readings_do() -> None:
    index = Index([BOTH, *XIN])
    for state in (apple(), android(), android("cope", "personal")):
        assert decide(index, state, WECHAT, DAY) == decide([BOTH, *XIN], state, WECHAT, DAY)
        assert decide(index, state, WECHAT, DAY) == decide(index, state, WECHAT, DAY)


def test_a_document_of_several_sets_counts_at_its_worst_and_an_excepted_app_at_its_best() -> None:
    decision = decide([BOTH, policy((MM, "BLOCKED"), **OPEN_DOORS)], android(), WECHAT, DAY)
    assert (decision.verdict, decision.strength) == ("removed", "partial")
    assert rank(msgspec.structs.replace(decision, verdict="excepted"), installed=True) == 200
