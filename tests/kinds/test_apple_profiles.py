from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from kind_documents import REQUIRED, blocking, does, loose, plist, restrictions, says

from mdm_policy.kinds import read

if TYPE_CHECKING:
    from mdm_policy.documents import Document

BLOCK = "apple-blocked-app-bundle-ids"
PARENTAL = "com.apple.applicationaccess.new"
WEB = "com.apple.webcontent-filter"
SANTA = "com.northpolesec.santa"


def santa(*rules: dict[str, Any]) -> Document:
    return plist({"PayloadType": SANTA, "StaticRules": list(rules)}, PayloadScope="System")


def static(identifier: str, rule_type: str = "SIGNINGID", policy: str = "BLOCKLIST") -> dict[str, Any]:
    return {"identifier": identifier, "rule_type": rule_type, "policy": policy}


@pytest.mark.parametrize(
    ("document", "effects", "findings"),
    [
        pytest.param(
            blocking("com.a.b", "com.c.d"),
            [(BLOCK, "block", "bundle_id", "com.a.b"), (BLOCK, "block", "bundle_id", "com.c.d")],
            ["key-deprecated"],
            id="blocked",
        ),
        pytest.param(
            plist(restrictions(blacklistedAppBundleIDs=["com.a.b"])),
            [("apple-blacklisted-app-bundle-ids", "block", "bundle_id", "com.a.b")],
            ["key-deprecated"],
            id="old-name",
        ),
        pytest.param(
            plist(restrictions(allowListedAppBundleIDs=["com.a.b"])),
            [("apple-allow-listed-app-bundle-ids", "allow-only", "bundle_id", "com.a.b")],
            ["allow-list-sense", "key-deprecated"],
            id="allow-list",
        ),
        pytest.param(
            plist(restrictions(whitelistedAppBundleIDs=[])),
            [],
            ["allow-list-empty", "key-deprecated"],
            id="empty-allow-list",
        ),
        pytest.param(
            plist(restrictions(blockedAppBundleIDs=["a.b"], allowListedAppBundleIDs=["a.b"])),
            [
                (BLOCK, "block", "bundle_id", "a.b"),
                ("apple-allow-listed-app-bundle-ids", "allow-only", "bundle_id", "a.b"),
            ],
            ["allow-list-sense", "contradiction", "key-deprecated", "key-deprecated"],
            id="both-lists",
        ),
        pytest.param(
            plist(restrictions(allowedAppBundleIDs=["com.a.b"])), [], ["no-effect", "unknown-key"], id="wrong-name"
        ),
        pytest.param(
            plist(restrictions(BlockedAppBundleIds=["com.a.b"])), [], ["no-effect", "unknown-key"], id="wrong-case"
        ),
        pytest.param(plist(restrictions(blockedAppBundleIDs="com.a.b")), [], ["no-effect", "wrong-type"], id="text"),
        pytest.param(
            plist(restrictions(blockedAppBundleIDs=["com.a.b", 5, "", True])),
            [(BLOCK, "none", "bundle_id", "com.a.b")],
            ["key-deprecated", "no-effect", "wrong-type"],
            id="wrong-entries",
        ),
        pytest.param(
            plist(restrictions(blockedAppBundleIDs=["com.*.*", " com.a.b", "com.${x}"])),
            [(BLOCK, "block", "bundle_id", value) for value in ("com.*.*", " com.a.b", "com.${x}")],
            ["identifier-space", "identifier-wildcard", "key-deprecated"],
            id="wildcard-space-variable",
        ),
        pytest.param(
            plist({"PayloadType": "com.apple.wifi.managed"}, restrictions(allowCamera=False)),
            [],
            ["no-effect"],
            id="no-ban",
        ),
        pytest.param(
            plist(restrictions(blockedAppBundleIDs=["a.b"], PayloadEnabled=False)),
            [],
            ["no-effect", "payload-disabled"],
            id="switched-off",
        ),
        pytest.param(plist(IsEncrypted=True), [], ["encrypted-payload"], id="encrypted"),
        pytest.param(
            plist({"PayloadType": "com.apple.app.lock", "App": {"Identifier": "com.a.b"}}),
            [("apple-app-lock", "allow-only", "bundle_id", "com.a.b")],
            [],
            id="one-app-only",
        ),
        pytest.param(
            plist({"PayloadType": "com.apple.app.lock", "App": {}}),
            [],
            ["no-effect", "required-key-missing"],
            id="app-lock-without-app",
        ),
        pytest.param(
            plist({"PayloadType": WEB, "DenyListURLs": ["https://qq.com/", "*.WeChat.com", "qq.com/pay", ".x.com"]}),
            [
                ("apple-web-deny-list", "block", "domain", "qq.com"),
                ("apple-web-deny-list", "block", "domain", "wechat.com"),
                ("apple-web-deny-list", "block", "url", "qq.com/pay"),
                ("apple-web-deny-list", "block", "url", ".x.com"),
            ],
            [],
            id="web",
        ),
        pytest.param(
            plist({"PayloadType": WEB, "FilterType": "Plugin", "DenyListURLs": ["qq.com"]}),
            [("apple-web-deny-list", "none", "domain", "qq.com")],
            ["no-effect", "web-filter-plugin"],
            id="web-plugin",
        ),
        pytest.param(
            plist({"PayloadType": WEB, "BlacklistedURLs": [f"{n}.com" for n in range(501)]}),
            [("apple-web-black-list", "block", "domain", f"{n}.com") for n in range(501)],
            ["key-deprecated", "web-filter-too-long"],
            id="web-too-long",
        ),
        pytest.param(
            plist(
                {
                    "PayloadType": PARENTAL,
                    "familyControlsEnabled": True,
                    "pathBlackList": ["/Applications/WeChat.app/", "/"],
                    "pathWhiteList": ["/"],
                }
            ),
            [("apple-path-black-list", "block", "process_name", "WeChat.app")],
            ["key-deprecated"],
            id="paths",
        ),
        pytest.param(
            plist(
                {
                    "PayloadType": PARENTAL,
                    "familyControlsEnabled": True,
                    "pathDenyList": ["/A/W.app"],
                    "allowList": [{"bundleID": "com.a.b"}, {"bundleID": "com.c.d", "disabled": True}],
                }
            ),
            [
                ("apple-path-deny-list", "block", "process_name", "W.app"),
                ("apple-parental-allow-list", "allow", "bundle_id", "com.a.b"),
                ("apple-parental-controls-default", "allow-only", "bundle_id", "com.a.b"),
            ],
            ["key-deprecated", "parental-controls-default-deny"],
            id="default-deny",
        ),
        pytest.param(
            plist({"PayloadType": PARENTAL, "familyControlsEnabled": True, "pathAllowList": ["/Applications"]}),
            [],
            ["key-deprecated", "parental-controls-default-deny"],
            id="some-paths-allowed",
        ),
        pytest.param(
            plist({"PayloadType": PARENTAL, "pathBlackList": ["/A/W.app"]}),
            [],
            ["no-effect", "parental-controls-off", "required-key-missing"],
            id="parental-controls-off",
        ),
        pytest.param(
            santa(
                static("5A4RE8SF68:com.a.b"),
                static("5A4RE8SF68", "TEAMID", "SILENT_BLOCKLIST"),
                static("a" * 40, "CDHASH"),
            ),
            [
                ("santa-signing-id", "block", "signing_id", "5A4RE8SF68:com.a.b"),
                ("santa-team-id", "block", "team_id", "5A4RE8SF68"),
                ("santa-cdhash", "block", "cdhash", "a" * 40),
            ],
            [],
            id="santa-blocks",
        ),
        pytest.param(
            santa({"Identifier": "5A4RE8SF68:com.a.b", "Rule_Type": "signingid", "POLICY": "allowlist"}),
            [("santa-allow", "allow", "signing_id", "5A4RE8SF68:com.a.b")],
            [],
            id="santa-allows-in-any-case",
        ),
        pytest.param(
            santa(
                static("A" * 64, "BINARY"),
                static("5a4re8sf68", "TEAMID"),
                static("PLATFORM:com.apple.Chess"),
                {"sha256": "b" * 64, "rule_type": "certificate", "policy": "whitelist"},
            ),
            [
                ("santa-binary", "block", "cdhash", "a" * 64),
                ("santa-team-id", "block", "team_id", "5A4RE8SF68"),
                ("santa-signing-id", "block", "signing_id", "platform:com.apple.Chess"),
                ("santa-allow", "allow", "certificate", "b" * 64),
            ],
            [],
            id="santa-writes-identifiers-its-own-way",
        ),
        pytest.param(
            santa(static("5A4RE8SF68", "TEAMID"), static("5A4RE8SF68", "TEAMID", "ALLOWLIST")),
            [("santa-team-id", "none", "team_id", "5A4RE8SF68"), ("santa-allow", "allow", "team_id", "5A4RE8SF68")],
            [],
            id="santa-last-of-equal-rules",
        ),
        pytest.param(
            plist({"PayloadType": SANTA, "ClientMode": 5}, PayloadScope="System"),
            [],
            ["no-effect", "santa-client-mode"],
            id="santa-mode",
        ),
        pytest.param(
            santa(
                static("5A4RE8SF68", "TEAMID", "REMOVE"),
                static("5A4RE8SF68", "TEAMID", "CEL") | {"cel_expr": "euid != 0"},
            ),
            [("santa-team-id", "none", "team_id", "5A4RE8SF68"), ("santa-team-id", "block", "team_id", "5A4RE8SF68")],
            ["santa-cel"],
            id="santa-remove-and-cel",
        ),
        pytest.param(
            santa(
                static("com.a.b"),
                static("x", "TEAMID"),
                static("a" * 63, "BINARY"),
                static("x", "NAME"),
                static("5A4RE8SF68", "TEAMID", "DENY"),
            ),
            [],
            [
                "no-effect",
                "santa-identifier",
                "santa-identifier",
                "santa-identifier",
                "santa-policy",
                "santa-rule-type",
            ],
            id="santa-mistakes",
        ),
    ],
)
def test_what_a_profile_does(document: Document, effects: list[tuple[str, str, str, str]], findings: list[str]) -> None:
    assert does(document) == effects
    assert says(document) == findings


def test_pointer_and_line_of_an_effect_and_a_finding() -> None:
    reading = read(blocking("com.a.b", ""))
    assert reading.effects[0].pointer == "/PayloadContent/0/blockedAppBundleIDs/0"
    (wrong,) = [finding for finding in reading.findings if finding.id == "wrong-type"]
    assert wrong.origin is not None
    assert wrong.origin.line > 1


@pytest.mark.parametrize("key", ["BlockedAppBundleIds", "allowedAppBundleIDs"])
def test_an_unknown_key_is_told_on_its_own_line(key: str) -> None:
    document = plist(restrictions(**{key: ["com.a.b"]}))
    (found,) = [finding for finding in read(document).findings if finding.id == "unknown-key"]
    assert found.origin is not None
    assert document.data.decode().splitlines()[found.origin.line - 1].strip() == f"<key>{key}</key>"


def test_one_rule_is_shared_by_all_effects() -> None:
    reading = read(blocking("com.a.b", "com.c.d"))
    assert reading.effects[0].rule is reading.effects[1].rule is reading.rules[0]


@pytest.mark.parametrize(
    ("top", "expires", "findings"),
    [
        pytest.param({"RemovalDate": dt.datetime(2027, 1, 2)}, "on 2027-01-02", ["removal-date"], id="date"),  # noqa: DTZ001
        pytest.param({"DurationUntilRemoval": 60.0}, "after 60 s", ["removal-date"], id="duration"),
        pytest.param({"RemovalDate": "soon"}, "on a date that cannot be read", ["wrong-type"], id="unreadable"),
        pytest.param(
            {"DurationUntilRemoval": "soon"}, "after a time that cannot be read", ["wrong-type"], id="no-number"
        ),
    ],
)
def test_a_profile_that_removes_itself(top: dict[str, Any], expires: str, findings: list[str]) -> None:
    reading = read(blocking("com.a.b", **top))
    assert str(reading.rules[0].expires) == expires
    assert [finding.id for finding in reading.findings if finding.id != "key-deprecated"] == findings


def test_a_date_without_time_is_a_removal_date() -> None:
    document = loose("apple-profile", {"PayloadType": "Configuration", **REQUIRED, "RemovalDate": dt.date(2027, 1, 2)})
    assert says(document) == ["no-effect", "removal-date"]


@pytest.mark.parametrize(
    ("device", "introduced", "sense"),
    [
        pytest.param(0, {"ios", "ipados", "tvos", "visionos"}, "block", id="any"),
        pytest.param(1, {"ios", "ipados"}, "block", id="phones"),
        pytest.param(5, {"ios", "ipados", "tvos", "visionos"}, "none", id="macs-do-not-know-the-key"),
    ],
)
def test_target_device_type(device: int, introduced: set[str], sense: str) -> None:
    (rule,) = read(blocking("com.a.b", TargetDeviceType=device)).rules
    assert (set(rule.introduced), rule.sense) == (introduced, sense)


def test_switches_that_close_the_store() -> None:
    reading = read(plist(restrictions(allowAppInstallation=False, allowUIAppInstallation=False)))
    assert [rule.id for rule in reading.rules] == ["apple-allow-app-installation", "apple-allow-ui-app-installation"]
    assert {rule.sense for rule in reading.rules} == {"allow-only"}
    assert not reading.findings


@pytest.mark.parametrize(
    ("value", "finding"),
    [
        pytest.param("com.*", "identifier-wildcard", id="wildcard"),
        pytest.param("com.a.b\u200b", "identifier-space", id="invisible"),
    ],
)
def test_one_fault_is_one_finding(value: str, finding: str) -> None:
    assert says(blocking(value)) == [finding, "key-deprecated"]


def test_an_allow_list_nobody_obeys_refuses_nothing() -> None:
    document = plist(restrictions(allowListedAppBundleIDs=["com.a.b"]), TargetDeviceType=5)
    assert says(document) == ["key-deprecated", "key-wrong-platform", "no-effect"]


@pytest.mark.parametrize(
    ("document", "findings"),
    [
        pytest.param(blocking("com.apple.Preferences"), ["key-deprecated", "never-hidden"], id="settings-app"),
        pytest.param(
            plist(restrictions(blockedAppBundleIDs=["a.b"]), restrictions(blockedAppBundleIDs=["c.d"])),
            ["key-deprecated", "key-deprecated", "key-in-several-payloads"],
            id="key-twice",
        ),
        pytest.param(
            plist(
                restrictions(blockedAppBundleIDs=["a.b"], PayloadUUID="1"),
                restrictions(allowCamera=False, PayloadUUID="2"),
            ),
            ["key-deprecated"],
            id="different-keys",
        ),
        pytest.param(
            plist(
                restrictions(blockedAppBundleIDs=["a.b"]),
                {"PayloadType": "com.apple.app.lock", "App": {"Identifier": "c.d"}},
            ),
            ["app-lock-with-restrictions", "key-deprecated"],
            id="app-lock",
        ),
    ],
)
def test_payloads_that_disturb_one_another(document: Document, findings: list[str]) -> None:
    assert says(document) == findings


def test_a_value_of_a_wrong_type_is_shown() -> None:
    found = [one.message for one in read(plist(restrictions(blockedAppBundleIDs=["a.b", 5]))).findings]
    assert "expected an identifier, found int 5; ignored" in found
