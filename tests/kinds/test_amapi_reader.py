from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kind_documents import as_json, does, says

from mdm_policy.kinds import read

if TYPE_CHECKING:
    from mdm_policy.documents import Document

REPORTS = {"statusReportingSettings": {"applicationReportsEnabled": True}}
CLOSED = {"playStoreMode": "BLACKLIST", **REPORTS}
MM = "com.tencent.mm"


def entry(package: Any = MM, kind: str | None = "BLOCKED", **keys: Any) -> dict[str, Any]:
    return {"packageName": package, **({} if kind is None else {"installType": kind}), **keys}


def policy(*applications: Any, personal: list[Any] | None = None, mode: str | None = None, **top: Any) -> Document:
    usage: dict[str, Any] = {}
    if personal is not None:
        usage["personalApplications"] = personal
    if mode is not None:
        usage["personalPlayStoreMode"] = mode
    body = {**CLOSED, "applications": list(applications), **({"personalUsagePolicies": usage} if usage else {}), **top}
    return as_json({key: value for key, value in body.items() if value is not None})


def blocked(
    package: str = MM, rule: str = "amapi-application-blocked", sense: str = "block"
) -> tuple[str, str, str, str]:
    return (rule, sense, "package_name", package)


@pytest.mark.parametrize(
    ("document", "effects", "findings"),
    [
        pytest.param(
            policy(entry(), personal=[entry()], mode="BLOCKLIST"),
            [blocked(), blocked(rule="amapi-personal-blocked")],
            [],
            id="cope",
        ),
        pytest.param(policy(entry()), [blocked()], ["personal-side-open"], id="personal-side-forgotten"),
        pytest.param(
            policy(entry(), personal=[entry("com.x.y")]),
            [blocked(), blocked("com.x.y", "amapi-personal-blocked")],
            ["personal-side-open"],
            id="personal-list-shorter",
        ),
        pytest.param(
            policy(entry(), personal=[entry()], playStoreMode=None),
            [blocked(), blocked(rule="amapi-personal-blocked")],
            ["play-store-mode-missing"],
            id="mode-missing",
        ),
        pytest.param(
            policy(entry(), entry("com.ok.app", "AVAILABLE"), personal=[entry()], playStoreMode="WHITELIST"),
            [
                blocked(),
                blocked("com.ok.app", "amapi-play-store-whitelist", "allow-only"),
                blocked(rule="amapi-personal-blocked"),
            ],
            ["deny-list-in-allow-mode"],
            id="allow-mode",
        ),
        pytest.param(
            policy(entry(), personal=[entry()], playStoreMode="BLOCKLIST"),
            [blocked(sense="none"), blocked(rule="amapi-personal-blocked", sense="none")],
            ["no-effect", "play-store-mode-word"],
            id="wrong-word",
        ),
        pytest.param(
            policy(entry(), personal=[entry()], mode="WHITELIST"),
            [blocked(sense="none"), blocked(rule="amapi-personal-blocked", sense="none")],
            ["no-effect", "play-store-mode-word"],
            id="wrong-personal-word",
        ),
        pytest.param(
            policy(personal=[entry()], mode="BLACKLIST"),
            [blocked(rule="amapi-personal-blocked")],
            ["deny-list-empty", "key-deprecated"],
            id="old-personal-word",
        ),
        pytest.param(
            policy(entry(), personal=[entry("com.ok.app", None)], mode="ALLOWLIST"),
            [blocked(), blocked("com.ok.app", "amapi-personal-allowlist", "allow-only")],
            ["allow-list-sense"],
            id="personal-allow-list",
        ),
        pytest.param(
            policy(entry(), personal=[entry("com.ok.app", "AVAILABLE"), entry("com.x.y", "HIDDEN"), entry("")]),
            [blocked(sense="none"), blocked("com.ok.app", "amapi-personal-allowed", "none")],
            ["install-type-word", "no-effect", "personal-side-open", "wrong-type"],
            id="personal-words",
        ),
        pytest.param(
            policy(entry(), personalUsagePolicies={"personalApplicationPolicy": []}),
            [blocked(sense="none")],
            ["no-effect", "personal-side-open", "unknown-key"],
            id="googles-own-wrong-field",
        ),
        pytest.param(
            policy(entry(kind="AVAILABLE", disabled=True), personal=[entry()]),
            [blocked(rule="amapi-application-disabled"), blocked(rule="amapi-personal-blocked")],
            [],
            id="disabled",
        ),
        pytest.param(
            policy(entry(kind="AVAILABLE")),
            [blocked(rule="amapi-application-allowed", sense="allow")],
            ["deny-list-empty"],
            id="allowed",
        ),
        pytest.param(
            policy(entry(kind="blocked")),
            [],
            ["deny-list-empty", "install-type-word", "no-effect"],
            id="wrong-case-of-word",
        ),
        pytest.param(
            policy(entry("com.x.y"), entry(5), personal=[entry("com.x.y")]),
            [blocked("com.x.y", sense="none"), blocked("com.x.y", "amapi-personal-blocked", "none")],
            ["no-effect", "wrong-type"],
            id="package-of-a-wrong-type",
        ),
        pytest.param(
            policy(7, entry("")),
            [],
            ["deny-list-empty", "no-effect", "wrong-type", "wrong-type"],
            id="wrong-types",
        ),
        pytest.param(
            policy(entry(), entry(kind="AVAILABLE"), personal=[entry()]),
            [
                blocked(),
                blocked(rule="amapi-application-allowed", sense="allow"),
                blocked(rule="amapi-personal-blocked"),
            ],
            ["contradiction", "duplicate-package"],
            id="both",
        ),
        pytest.param(
            policy(entry(), personal=[entry()], permittedInputMethods={"packageNames": ["com.ok.keys", MM]}),
            [blocked(), blocked(rule="amapi-personal-blocked")],
            ["contradiction"],
            id="banned-keyboard",
        ),
        pytest.param(
            policy(entry(), personal=[entry()], persistentPreferredActivities=[{"receiverActivity": MM + "/.Main"}]),
            [blocked(), blocked(rule="amapi-personal-blocked")],
            ["contradiction"],
            id="banned-start-app",
        ),
        pytest.param(
            policy(entry("com.android.vending"), personal=[entry("com.android.vending")]),
            [blocked("com.android.vending"), blocked("com.android.vending", "amapi-personal-blocked")],
            ["blocks-management"],
            id="blocks-the-store",
        ),
        pytest.param(
            policy(entry(), personal=[entry()], uninstallAppsDisabled=True),
            [blocked(), blocked(rule="amapi-personal-blocked")],
            ["uninstall-disabled-fights-ban"],
            id="uninstall-disabled",
        ),
        pytest.param(
            policy(entry(), personal=[entry()], statusReportingSettings=None),
            [blocked(), blocked(rule="amapi-personal-blocked")],
            ["ban-not-provable"],
            id="no-reports",
        ),
        pytest.param(
            policy(entry(), personal=[entry()], choosePrivateKeyRules=[{"packageNames": [MM]}]),
            [blocked(), blocked(rule="amapi-personal-blocked")],
            ["contradiction"],
            id="banned-app-gets-a-key",
        ),
        pytest.param(policy(), [], ["deny-list-empty"], id="deny-list-without-entries"),
        pytest.param(
            policy(entry(), personal=[entry(), entry(), entry()]),
            [blocked(), *[blocked(rule="amapi-personal-blocked")] * 3],
            ["duplicate-package"],
            id="package-listed-again",
        ),
        pytest.param(
            policy(entry(), entry(), entry("a.b"), entry("a.b"), personal=[entry(), entry("a.b")]),
            [
                *[blocked()] * 2,
                *[blocked("a.b")] * 2,
                blocked(rule="amapi-personal-blocked"),
                blocked("a.b", "amapi-personal-blocked"),
            ],
            ["duplicate-package"],
            id="packages-listed-again",
        ),
        pytest.param(
            policy(entry(), personal=[entry()], untrustedAppsPolicy={}, blockApplicationsEnabled=True),
            [blocked(sense="none"), blocked(rule="amapi-personal-blocked", sense="none")],
            ["key-without-effect", "no-effect", "unknown-key"],
            id="traps",
        ),
    ],
)
def test_what_a_policy_does(document: Document, effects: list[tuple[str, str, str, str]], findings: list[str]) -> None:
    assert does(document) == effects
    assert says(document) == findings


@pytest.mark.parametrize(
    ("overrides", "rule", "closed", "findings"),
    [
        pytest.param({}, "amapi-application-blocked", ((), "strong"), [], id="default-is-closed"),
        pytest.param(
            {"untrustedAppsPolicy": "ALLOW_INSTALL_IN_PERSONAL_PROFILE_ONLY"},
            "amapi-application-blocked",
            (("device", "work"), "strong"),
            ["sideload-open"],
            id="personal-side-open",
        ),
        pytest.param(
            {"untrustedAppsPolicy": "ALLOW_INSTALL_DEVICE_WIDE"},
            "amapi-application-blocked-open",
            None,
            ["sideload-open"],
            id="open",
        ),
        pytest.param(
            {"developerSettings": "DEVELOPER_SETTINGS_ALLOWED"},
            "amapi-application-blocked-open",
            None,
            ["adb-open"],
            id="adb",
        ),
        pytest.param(
            {"googlePlayProtectVerifyApps": "VERIFY_APPS_USER_CHOICE"},
            "amapi-application-blocked",
            ((), "strong"),
            ["play-protect-open"],
            id="play-protect",
        ),
        pytest.param(
            {"untrustedAppsPolicy": "ALLOW"},
            "amapi-application-blocked-open",
            None,
            ["no-effect", "sideload-open", "untrusted-apps-word"],
            id="wrong-word-is-refused",
        ),
    ],
)
def test_side_doors(
    overrides: dict[str, str], rule: str, closed: tuple[tuple[str, ...], str] | None, findings: list[str]
) -> None:
    document = policy(entry(), personal=[entry()], advancedSecurityOverrides=overrides)
    reading = read(document)
    assert reading.effects[0].rule.id == rule
    doors = [(one.sides, one.strength) for one in reading.rules if one.id == "amapi-untrusted-apps"]
    assert doors == ([] if closed is None else [closed])
    assert says(document) == findings


BLOCK_1 = {"blockAfterDays": 1}
WIPE_7 = {"wipeAfterDays": 7}


@pytest.mark.parametrize(
    ("rule", "findings"),
    [
        pytest.param({"blockAction": BLOCK_1, "wipeAction": WIPE_7}, [], id="both"),
        pytest.param({"blockAction": {}, "wipeAction": WIPE_7}, [], id="block-at-once"),
        pytest.param({"blockAction": BLOCK_1}, ["enforcement-rule-incomplete", "no-effect"], id="no-wipe"),
        pytest.param({"wipeAction": WIPE_7}, ["enforcement-rule-incomplete", "no-effect"], id="no-block"),
        pytest.param(
            {"blockAction": {"blockAfterDays": 7}, "wipeAction": WIPE_7},
            ["enforcement-rule-incomplete", "no-effect"],
            id="wipe-not-after-block",
        ),
    ],
)
def test_an_enforcement_rule_needs_both_actions(rule: dict[str, Any], findings: list[str]) -> None:
    document = policy(entry(), personal=[entry()], policyEnforcementRules=[{"settingName": "applications", **rule}])
    assert says(document) == findings
    assert {sense for _, sense, *_ in does(document)} == ({"none"} if findings else {"block"})


def test_more_applications_than_the_api_takes() -> None:
    entries = [entry(f"com.x.a{n}") for n in range(3001)]
    whole = policy(*entries, personal=entries)
    assert says(whole) == ["list-too-long", "no-effect"]
    assert {sense for _, sense, *_ in does(whole)} == {"none"}
    assert says(policy(*entries[:-1], personal=entries[:-1])) == []


def test_a_frozen_device_keeps_what_it_has() -> None:
    reading = read(policy(entry(), installAppsDisabled=True))
    assert reading.effects[0].rule.verdict == "not-installable"
    assert [rule.id for rule in reading.rules if rule.sense == "allow-only"] == [
        "amapi-untrusted-apps",
        "amapi-install-apps-disabled",
    ]


def test_an_allow_list_with_sideloading_open_is_partial() -> None:
    overrides = {"untrustedAppsPolicy": "ALLOW_INSTALL_DEVICE_WIDE"}
    reading = read(policy(playStoreMode="WHITELIST", advancedSecurityOverrides=overrides))
    assert [(rule.id, rule.strength, rule.verdict) for rule in reading.rules] == [
        ("amapi-untrusted-apps-open", "weak", "allowed"),
        ("amapi-play-store-whitelist-open", "partial", "removed"),
        ("amapi-play-store-whitelist-at-sync", "partial", "removed"),
    ]


@pytest.mark.parametrize(
    ("change", "effects", "findings"),
    [
        pytest.param(
            {"application": entry(), "updateMask": "installType"},
            [blocked(rule="amapi-modify-blocked")],
            [],
            id="blocked",
        ),
        pytest.param({"application": entry()}, [blocked(rule="amapi-modify-blocked")], [], id="no-mask-sets-all"),
        pytest.param(
            {"application": entry(), "updateMask": "disabled"},
            [],
            ["no-effect", "outside-update-mask"],
            id="mask-leaves-the-ban-out",
        ),
        pytest.param(
            {"application": entry(kind=None, disabled=True), "updateMask": "disabled"},
            [blocked(rule="amapi-application-disabled")],
            [],
            id="disabled",
        ),
        pytest.param(
            {"application": entry(kind="AVAILABLE"), "updateMask": "installType"},
            [blocked(rule="amapi-application-allowed", sense="allow")],
            [],
            id="allowed",
        ),
        pytest.param(
            {"application": entry(kind=None), "updateMask": "defaultPermissionPolicy"},
            [],
            ["no-effect"],
            id="other-field",
        ),
        pytest.param(
            {"application": entry(kind=None)},
            [blocked(rule="amapi-application-allowed", sense="allow")],
            [],
            id="all-fields-to-their-default",
        ),
        pytest.param(
            {"application": entry(), "updateMask": 7},
            [blocked(rule="amapi-modify-blocked", sense="none")],
            ["no-effect", "wrong-type"],
            id="mask-of-a-wrong-type",
        ),
        pytest.param(
            {"application": entry(minimumVersionCode=3), "updateMask": "installType"},
            [blocked(rule="amapi-modify-blocked")],
            [],
            id="other-field-outside-mask",
        ),
    ],
)
def test_what_a_modify_body_does(
    change: dict[str, Any], effects: list[tuple[str, str, str, str]], findings: list[str]
) -> None:
    document = as_json({"changes": [change]})
    assert does(document) == effects
    assert says(document) == findings


def patch(mask: str, body: dict[str, Any]) -> Document:
    return as_json({"method": "PATCH", "path": "v1/{policy}", "query": {"updateMask": mask}, "body": body})


PERSONAL = {"personalUsagePolicies": {"personalApplications": [entry()]}}


@pytest.mark.parametrize(
    ("document", "effects", "findings"),
    [
        pytest.param(
            patch("personalUsagePolicies", PERSONAL), [blocked(rule="amapi-personal-blocked")], [], id="personal"
        ),
        pytest.param(
            patch("personalUsagePolicies.personalApplications", PERSONAL),
            [blocked(rule="amapi-personal-blocked")],
            ["update-mask-part"],
            id="subpath",
        ),
        pytest.param(
            patch("playStoreMode", {"playStoreMode": "BLACKLIST", **PERSONAL}),
            [],
            ["no-effect", "outside-update-mask"],
            id="field-outside-mask",
        ),
        pytest.param(
            patch("", PERSONAL),
            [blocked(rule="amapi-personal-blocked")],
            ["ban-not-provable", "patch-without-mask"],
            id="no-mask",
        ),
        pytest.param(
            as_json({"method": "PATCH", "path": "v1/{policy}", "body": PERSONAL}),
            [blocked(rule="amapi-personal-blocked")],
            ["ban-not-provable", "patch-without-mask"],
            id="no-query",
        ),
        pytest.param(
            patch("applications", {"applications": [entry()]}),
            [blocked(rule="amapi-modify-blocked")],
            [],
            id="applications",
        ),
        pytest.param(
            patch(
                "playStoreMode,applications",
                {"playStoreMode": "WHITELIST", "applications": [entry("com.ok.app", None)]},
            ),
            [blocked("com.ok.app", "amapi-play-store-whitelist", "allow-only")],
            [],
            id="allow-mode",
        ),
    ],
)
def test_what_a_patch_does(document: Document, effects: list[tuple[str, str, str, str]], findings: list[str]) -> None:
    assert does(document) == effects
    assert says(document) == findings
    assert all(effect.pointer.startswith("/body/") for effect in read(document).effects)


@pytest.mark.parametrize(
    ("value", "effects", "findings"),
    [
        pytest.param(
            '["qq.com","https://wps.com"]',
            [("block", "domain", "qq.com"), ("block", "url", "https://wps.com")],
            [],
            id="string",
        ),
        pytest.param('["qq.com",]', [("block", "domain", "qq.com")], [], id="trailing-comma"),
        pytest.param(
            "qq.com, wps.com/x", [("block", "domain", "qq.com"), ("block", "url", "wps.com/x")], [], id="commas"
        ),
        pytest.param(["qq.com"], [("none", "domain", "qq.com")], ["url-blocklist-not-string"], id="array"),
        pytest.param({"a": 1}, [], ["url-blocklist-not-string"], id="object"),
        pytest.param('["qq.com", 7]', [("block", "domain", "qq.com")], ["wrong-type"], id="number-inside"),
        pytest.param("", [], [], id="empty-string-is-unset"),
        pytest.param("[" * 5000, [("block", "url", "[" * 5000)], [], id="bomb"),
    ],
)
def test_a_browser_block_list(value: object, effects: list[tuple[str, str, str]], findings: list[str]) -> None:
    chrome = entry("com.android.chrome", "FORCE_INSTALLED", managedConfiguration={"URLBlocklist": value})
    document = policy(chrome, playStoreMode="WHITELIST")
    assert [one[1:] for one in does(document) if one[2] != "package_name"] == effects
    assert says(document) == findings


def test_an_allowed_address_contradicts_a_blocked_one() -> None:
    lists = {"URLBlocklist": '["qq.com"]', "URLAllowlist": '["qq.com"]'}
    edge = entry("com.microsoft.emmx", "AVAILABLE", managedConfiguration=lists)
    assert says(policy(edge, playStoreMode="WHITELIST")) == ["contradiction"]


def test_a_long_browser_list_and_another_browser() -> None:
    long = ",".join(f"{n}.com" for n in range(1001))
    chrome = entry("com.android.chrome", "AVAILABLE", managedConfiguration={"URLBlocklist": long})
    assert says(policy(chrome, playStoreMode="WHITELIST")) == ["url-blocklist-too-long"]
    other = entry("org.mozilla.firefox", "AVAILABLE", managedConfiguration={"URLBlocklist": '["qq.com"]'})
    assert [kind for _, _, kind, _ in does(policy(other))] == ["package_name"]


def test_two_changes_under_one_mask() -> None:
    changes = [{"application": entry(name), "updateMask": "installType"} for name in (MM, "com.x.y")]
    assert [value for *_, value in does(as_json({"changes": changes}))] == [MM, "com.x.y"]


def test_a_use_that_names_nothing_banned() -> None:
    vpn = {"packageName": "com.ok.vpn", "lockdownEnabled": True}
    assert says(policy(entry(), personal=[entry()], alwaysOnVpnPackage=vpn)) == []


def test_many_contradictions_are_counted_not_listed() -> None:
    packages = [f"com.x.a{n}" for n in range(6)]
    document = policy(*(entry(one) for one in packages), *(entry(one, "AVAILABLE") for one in packages))
    assert says(document).count("contradiction") == 4
