"""Hold the known traps: for each, a document that falls into it and is told so, and the same document done right.

Every row names the trap's number on the list of its vendor. A trap that no file can show is a row of the table "Not
visible in a document" in docs/findings.md; `HIDDEN` says which, so that no number is forgotten.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kind_documents import (
    DEFAULT_APPX,
    DEFAULT_EXE,
    WECHAT,
    app,
    as_json,
    blocking,
    device,
    graph,
    path_rule,
    plist,
    publisher_rule,
    readings,
    restrictions,
    rules_xml,
    says,
    target,
    xml,
)

from mdm_policy import catalogue
from mdm_policy.decide import judge
from mdm_policy.errors import Origin
from mdm_policy.guards import guard
from mdm_policy.model import DeviceClass, Identifier
from mdm_policy.validate import validate

if TYPE_CHECKING:
    from mdm_policy.documents import Document
    from mdm_policy.vocabulary import Family, Kind, Verdict

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "findings.md"
DAY = "2026-11-24"
MM = "com.tencent.mm"
XIN = "com.tencent.xin"
CATALOG = "com.apple.applicationaccess_"
NODE = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/{}/{}/Policy"


def entry(package: str = MM, kind: str = "BLOCKED", **keys: Any) -> dict[str, Any]:
    return {"packageName": package, "installType": kind, **keys}


BANNED = entry()
SOUND: dict[str, Any] = {
    "playStoreMode": "BLACKLIST",
    "applications": [BANNED],
    "personalUsagePolicies": {"personalPlayStoreMode": "BLOCKLIST", "personalApplications": [BANNED]},
    "statusReportingSettings": {"applicationReportsEnabled": True},
}


def policy(**top: Any) -> Document:
    """Change a sound policy; None takes a field away."""
    return as_json({key: value for key, value in {**SOUND, **top}.items() if value is not None})


def overrides(**keys: str) -> Document:
    return policy(advancedSecurityOverrides=keys)


def personal(word: str) -> Document:
    return policy(personalUsagePolicies={"personalPlayStoreMode": word, "personalApplications": [BANNED]})


def patch(**keys: Any) -> Document:
    return as_json({"method": "PATCH", "path": "v1/{policy}", "body": {"applications": [BANNED]}, **keys})


def chrome(value: object) -> Document:
    browser = entry("com.android.chrome", "AVAILABLE", managedConfiguration={"URLBlocklist": value})
    return policy(applications=[BANNED, browser])


def enforcing(**actions: Any) -> Document:
    return policy(policyEnforcementRules=[{"settingName": "applications", **actions}])


BLOCK, WIPE = {"blockAfterDays": 1}, {"wipeAfterDays": 7}

ANDROID = [
    ("1 BLOCKED beside the default mode", "play-store-mode-missing", policy(playStoreMode=None), policy()),
    ("1 BLOCKED beside WHITELIST", "deny-list-in-allow-mode", policy(playStoreMode="WHITELIST"), policy()),
    ("2 BLACKLIST without BLOCKED", "deny-list-empty", policy(applications=[]), policy()),
    ("3 a word of the other field", "play-store-mode-word", policy(playStoreMode="BLOCKLIST"), policy()),
    ("3 a word of the other field, personal", "play-store-mode-word", personal("WHITELIST"), personal("BLOCKLIST")),
    ("3 the deprecated word", "key-deprecated", personal("BLACKLIST"), personal("BLOCKLIST")),
    ("4 Google's own wrong field", "unknown-key", policy(personalApplicationPolicy=[]), policy()),
    *[
        (f"4 {key} is not a field", "unknown-key", policy(**{key: "X"}), policy())
        for key in (
            "untrustedAppsPolicy",
            "developerSettings",
            "workProfilePolicy",
            "ensureVerificationAgent",
            "policyEnforced",
            "backupDisabled",
            "privateDnsMode",
            "parentProfilePasswordRequirements",
            "credentialProviderPolicy",
        )
    ],
    ("4 looks like the switch", "key-without-effect", policy(blockApplicationsEnabled=True), policy()),
    ("5 the personal side forgotten", "personal-side-open", policy(personalUsagePolicies=None), policy()),
    (
        "6 sideloading open",
        "sideload-open",
        overrides(untrustedAppsPolicy="ALLOW_INSTALL_DEVICE_WIDE"),
        overrides(untrustedAppsPolicy="DISALLOW_INSTALL"),
    ),
    (
        "6 adb open",
        "adb-open",
        overrides(developerSettings="DEVELOPER_SETTINGS_ALLOWED"),
        overrides(developerSettings="DEVELOPER_SETTINGS_DISABLED"),
    ),
    (
        "6 Play Protect left to the user",
        "play-protect-open",
        overrides(googlePlayProtectVerifyApps="VERIFY_APPS_USER_CHOICE"),
        overrides(googlePlayProtectVerifyApps="VERIFY_APPS_ENFORCED"),
    ),
    ("7 uninstalls switched off", "uninstall-disabled-fights-ban", policy(uninstallAppsDisabled=True), policy()),
    ("7 installs switched off", "uninstall-disabled-fights-ban", policy(installAppsDisabled=True), policy()),
    (
        "8 half an enforcement rule",
        "enforcement-rule-incomplete",
        enforcing(blockAction=BLOCK),
        enforcing(blockAction=BLOCK, wipeAction=WIPE),
    ),
    ("9 a word in the wrong case", "install-type-word", policy(applications=[entry(kind="Blocked")]), policy()),
    (
        "9 a word nobody knows",
        "untrusted-apps-word",
        overrides(untrustedAppsPolicy="disallow_install"),
        overrides(untrustedAppsPolicy="DISALLOW_INSTALL"),
    ),
    (
        "9 a truth value in quotes",
        "wrong-type",
        policy(uninstallAppsDisabled="true"),
        policy(uninstallAppsDisabled=False),
    ),
    ("10 a package twice", "duplicate-package", policy(applications=[BANNED, BANNED]), policy()),
    ("10 both ways", "contradiction", policy(applications=[BANNED, entry(kind="AVAILABLE")]), policy()),
    *[
        (f"10 banned and used in {key}", "contradiction", policy(**{key: value}), policy(**{key: other}))
        for key, value, other in (
            (
                "defaultApplicationSettings",
                [{"defaultApplications": [{"packageName": MM}]}],
                [{"defaultApplications": [{"packageName": "com.ok.app"}]}],
            ),
            ("permittedInputMethods", {"packageNames": [MM]}, {"packageNames": ["com.ok.app"]}),
            ("permittedAccessibilityServices", {"packageNames": [MM]}, {"packageNames": ["com.ok.app"]}),
            ("alwaysOnVpnPackage", {"packageName": MM}, {"packageName": "com.ok.app"}),
            ("setupActions", [{"launchApp": {"packageName": MM}}], [{"launchApp": {"packageName": "com.ok.app"}}]),
            (
                "persistentPreferredActivities",
                [{"receiverActivity": f"{MM}/.A"}],
                [{"receiverActivity": "com.ok.app/.A"}],
            ),
            ("choosePrivateKeyRules", [{"packageNames": [MM]}], [{"packageNames": ["com.ok.app"]}]),
        )
    ],
    *[
        (f"11 blocks {package}", "blocks-management", policy(applications=[BANNED, entry(package)]), policy())
        for package in ("com.android.vending", "com.google.android.gms", "com.google.android.apps.work.clouddpc")
    ],
    ("12 no reports", "ban-not-provable", policy(statusReportingSettings=None), policy()),
    ("13 an array, not a string", "url-blocklist-not-string", chrome(["qq.com"]), chrome('["qq.com"]')),
    (
        "15 PATCH, empty mask",
        "patch-without-mask",
        patch(query={"updateMask": ""}),
        patch(query={"updateMask": "applications"}),
    ),
    ("15 PATCH, no mask", "patch-without-mask", patch(), patch(query={"updateMask": "applications"})),
    (
        "15 PATCH, field outside",
        "outside-update-mask",
        patch(query={"updateMask": "playStoreMode"}),
        patch(query={"updateMask": "applications"}),
    ),
]


def item(app_id: str = XIN) -> dict[str, Any]:
    return {"@odata.type": "#microsoft.graph.appListItem", "name": "WeChat", "appId": app_id}


def ios(word: str | None = "appsNotInListCompliant", count: int = 1, **keys: Any) -> Document:
    apps = [item(f"com.a.b{place}" if place else XIN) for place in range(count)]
    return graph("iosGeneralDeviceConfiguration", appsVisibilityListType=word, appsVisibilityList=apps, **keys)


def reporting(kind: str) -> Document:
    keys: dict[str, Any] = {"compliantAppListType": "appsNotInListCompliant", "compliantAppsList": [item()]}
    return graph("iosGeneralDeviceConfiguration", assignments=[target(kind, groupId="g")], **keys)


def compliance(hours: int | None = 0, count: int = 1, version: str = "beta") -> Document:
    action = {"actionType": "notification"} if hours is None else {"actionType": "block", "gracePeriodHours": hours}
    return graph(
        "iosCompliancePolicy",
        "c.json",
        restrictedApps=[item(f"com.a.b{place}") for place in range(count)],
        scheduledActionsForRule=[{"ruleName": "PasswordRequired", "scheduledActionConfigurations": [action]}],
        **{"@odata.context": f"https://graph.microsoft.com/{version}/$metadata#deviceManagement"},
    )


def catalog(definition: str = "blockedappbundleids", children: Any = None, values: Any = None) -> Document:
    child = {"settingDefinitionId": CATALOG + definition, "simpleSettingCollectionValue": values or [{"value": XIN}]}
    group = {
        "settingDefinitionId": CATALOG + "com.apple.applicationaccess",
        "groupSettingCollectionValue": [{"children": [child] if children is None else children}],
    }
    return as_json({"platforms": "iOS", "technologies": "mdm", "settings": [{"id": "0", "settingInstance": group}]})


ONE = {"settingDefinitionId": CATALOG + "blockedappbundleids", "simpleSettingCollectionValue": [{"value": XIN}]}


def owner(**keys: Any) -> Document:
    return graph("androidDeviceOwnerGeneralDeviceConfiguration", **keys)


PERSONAL_LIST = {"personalProfilePlayStoreMode": "blockedApps", "personalProfilePersonalApplications": [item(MM)]}


def store_app(*intents: tuple[str, str]) -> Document:
    assigned = [{"intent": intent, **target(kind, groupId="g")} for intent, kind in intents]
    return graph("androidManagedStoreApp", packageId=f"app:{MM}", appIdentifier=MM, assignments=assigned)


ALL = "allDevicesAssignmentTarget"


def oma(*rules: tuple[str, str], grouping: str = "g") -> Document:
    settings = [
        {"@odata.type": "#microsoft.graph.omaSettingString", "omaUri": NODE.format(grouping, node), "value": value}
        for node, value in rules
    ]
    return graph("windows10CustomConfiguration", omaSettings=settings)


PUBLISHER = publisher_rule("O=TENCENT, L=SHENZHEN, S=GUANGDONG, C=CN")
ENFORCED = rules_xml(DEFAULT_EXE, PUBLISHER)
RULES = oma(("EXE", ENFORCED))
APPX = rules_xml(DEFAULT_APPX, publisher_rule("*", "Tencent.WeChat"), kind="Appx")
EXCEPT = '<Exceptions><FilePathCondition Path="x.exe"/></Exceptions>'


def exe(*rules: str, mode: str = "Enabled") -> Document:
    return xml(rules_xml(DEFAULT_EXE, *rules, mode=mode))


INTUNE = [
    ("1 the list that reports", "report-only-list", reporting("groupAssignmentTarget"), ios()),
    ("1 compliance reports too", "report-only-list", compliance(), ios()),
    ("2 list type none", "list-not-active", ios("none"), ios()),
    ("2 list type lost", "list-not-active", ios(None), ios()),
    ("2 the inverted list", "allow-list-sense", ios("appsInListCompliant"), ios()),
    ("2 no such type", "list-type-word", ios("blockedApps"), ios()),
    (
        "2 the same on Android",
        "list-not-active",
        owner(**PERSONAL_LIST | {"personalProfilePlayStoreMode": "notConfigured"}),
        owner(**PERSONAL_LIST),
    ),
    ("4 a reporting list for devices", "report-list-on-devices", reporting(ALL), reporting("groupAssignmentTarget")),
    ("5 no assignment", "assigned-to-nobody", ios(assignments=[]), ios(assignments=[target(ALL)])),
    (
        "5 only an exclusion",
        "assigned-to-nobody",
        ios(assignments=[target("exclusionGroupAssignmentTarget", groupId="g")]),
        ios(assignments=[target(ALL)]),
    ),
    (
        "6 one key in two payloads",
        "key-in-several-payloads",
        plist(restrictions(blockedAppBundleIDs=["a.b"]), restrictions(blockedAppBundleIDs=["c.d"])),
        plist(restrictions(blockedAppBundleIDs=["a.b", "c.d"]), restrictions(allowCamera=False)),
    ),
    ("7 a definition nobody has", "unknown-setting-definition", catalog("allowedappbundleids"), catalog()),
    ("7 one child, not a list", "wrong-type", catalog(children=ONE), catalog(children=[ONE])),
    ("7 one value, not a list", "wrong-type", catalog(values={"value": XIN}), catalog()),
    (
        "8 blockList alone",
        "play-store-mode-alone",
        owner(playStoreMode="blockList", **PERSONAL_LIST),
        owner(**PERSONAL_LIST),
    ),
    (
        "8 required and uninstall",
        "contradiction",
        store_app(("uninstall", ALL), ("required", "groupAssignmentTarget")),
        store_app(("uninstall", ALL)),
    ),
    (
        "9 personally owned devices",
        "personal-side-open",
        graph("androidWorkProfileGeneralDeviceConfiguration"),
        owner(**PERSONAL_LIST),
    ),
    ("10 a long grace period", "compliance-grace-period", compliance(720), compliance(0)),
    ("10 no block action", "compliance-without-block", compliance(None), compliance(0)),
    (
        "11 the whole policy pasted",
        "applocker-full-policy",
        oma(("EXE", f'<AppLockerPolicy Version="1">{ENFORCED}</AppLockerPolicy>')),
        RULES,
    ),
    *[
        (f"11 mode {mode}", said, exe(PUBLISHER, mode=mode), exe(PUBLISHER))
        for mode, said in (
            ("Audit", "applocker-schema"),
            ("AuditOnly", "applocker-not-enforced"),
            ("NotConfigured", "applocker-mode-open"),
        )
    ],
    ("11 no default rules", "applocker-default-rules-missing", xml(rules_xml(PUBLISHER)), exe(PUBLISHER)),
    ("11 escaped", "payload-unreadable", oma(("EXE", ENFORCED.replace("<", "&lt;"))), RULES),
    ("11 mojibake", "mojibake", exe(publisher_rule("O=M", "MICROSOFT\u00c2\u00ae OFFICE")), exe(publisher_rule("O=M"))),
    (
        "11 one node twice",
        "oma-uri-duplicate",
        oma(("EXE", ENFORCED), ("EXE", ENFORCED)),
        oma(("EXE", ENFORCED), ("StoreApps", APPX)),
    ),
    ("11 the wrong node", "applocker-wrong-node", oma(("StoreApps", ENFORCED)), oma(("StoreApps", APPX))),
    ("11 no node", "oma-uri-unknown", oma(("EXE/x", ENFORCED)), RULES),
    ("11 publisher not in capitals", "applocker-publisher-case", exe(publisher_rule("O=Tencent")), exe(PUBLISHER)),
    (
        "11 for one user",
        "applocker-some-users",
        exe(path_rule("*\\WeChat.exe", sid="S-1-5-32-544")),
        exe(path_rule("*\\WeChat.exe")),
    ),
    (
        "11 deny by exception",
        "applocker-exceptions-only",
        exe(publisher_rule("*", action="Allow", extra=EXCEPT)),
        exe(PUBLISHER),
    ),
    ("13 sent to v1.0", "beta-only-property", compliance(version="v1.0"), compliance()),
    ("13 more than 100", "list-too-long", compliance(count=101), compliance(count=100)),
    (
        "14 deprecated in iOS 27",
        "key-deprecated",
        catalog(),
        as_json(
            {
                "Type": "com.apple.configuration.app.settings",
                "Identifier": "a",
                "Payload": {"Allowed": {"DeniedApps": [XIN]}},
            }
        ),
    ),
]


def inside(kind: str) -> Document:
    payload = base64.b64encode(blocking(XIN).data).decode()
    return graph(kind, payloadFileName="p.mobileconfig", payload=payload)


LOCK = {"PayloadType": "com.apple.app.lock", "App": {"Identifier": "com.ok.kiosk"}}

APPLE = [
    (
        "2 an iOS key for Macs",
        "key-wrong-platform",
        blocking(XIN, TargetDeviceType=5),
        blocking(XIN, TargetDeviceType=1),
    ),
    (
        "2 the same through Intune",
        "key-wrong-platform",
        inside("macOSCustomConfiguration"),
        inside("iosCustomConfiguration"),
    ),
    (
        "4 the wrong name",
        "unknown-key",
        plist(restrictions(allowedAppBundleIDs=[XIN])),
        plist(restrictions(allowListedAppBundleIDs=[XIN])),
    ),
    (
        "5 a command is a query",
        "document-unknown",
        as_json({"Command": {"RequestType": "Restrictions"}}),
        blocking(XIN),
    ),
    ("7 Phone", "never-hidden", blocking("com.apple.mobilephone"), blocking(XIN)),
    ("7 Settings", "never-hidden", blocking("com.apple.Preferences"), blocking(XIN)),
    (
        "9 App Lock beside it",
        "app-lock-with-restrictions",
        plist(restrictions(blockedAppBundleIDs=[XIN]), LOCK),
        blocking(XIN),
    ),
]


def software(
    general: str = "", exact: str = "true", kill: str = "true", identity: str = "", scope: str = ""
) -> Document:
    return xml(
        f"<restricted_software><general>{identity}<name>n</name><process_name>WeChat</process_name>"
        f"<match_exact_process_name>{exact}</match_exact_process_name><kill_process>{kill}</kill_process>{general}"
        f"</general>{scope}</restricted_software>"
    )


def jamf_profile(general: str) -> Document:
    inner = blocking(XIN).data.decode().replace("&", "&amp;").replace("<", "&lt;")
    return xml(
        f"<configuration_profile><general><id>7</id>{general}<payloads>{inner}</payloads></general>"
        "<scope><all_mobile_devices>true</all_mobile_devices></scope></configuration_profile>"
    )


NOBODY = "<scope><all_computers>false</all_computers></scope>"
EVERYBODY = "<scope><all_computers>true</all_computers></scope>"

JAMF = [
    ("1 the name in part", "process-name-inexact", software(exact="false"), software()),
    ("1 only a notice", "report-only-list", software(kill="false"), software()),
    (
        "3 a scope of nobody",
        "jamf-scope-nobody",
        software(identity="<id>3</id>", scope=NOBODY),
        software(identity="<id>3</id>", scope=EVERYBODY),
    ),
    (
        "4 the message became a truth value",
        "display-message-lost",
        software("<display_message>False</display_message>"),
        software("<display_message>Not allowed here.</display_message>"),
    ),
    (
        "7 only newly assigned devices",
        "redeploy-newly-assigned",
        jamf_profile("<redeploy_on_update>Newly Assigned</redeploy_on_update>"),
        jamf_profile("<redeploy_on_update>All</redeploy_on_update>"),
    ),
    (
        "7 offered in Self Service",
        "self-service-only",
        jamf_profile("<deployment_method>Make Available in Self Service</deployment_method>"),
        jamf_profile("<deployment_method>Install Automatically</deployment_method>"),
    ),
]

TABLE = {"Android": ANDROID, "Intune": INTUNE, "Apple": APPLE, "Jamf": JAMF}


@pytest.mark.parametrize(
    ("finding", "trapped", "sound"),
    [
        pytest.param(finding, trapped, sound, id=f"{vendor} {trap}")
        for vendor, rows in TABLE.items()
        for trap, finding, trapped, sound in rows
    ],
)
def test_a_trap_is_told(finding: str, trapped: Document, sound: Document) -> None:
    assert finding in says(trapped)
    assert finding not in says(sound)


SUPERVISED = device("ios", ">=17", supervised=True, enrollment="automated", origins=("store",))
UNSUPERVISED = device("ios", ">=17", supervised=False, enrollment="device", origins=("store",))
COPE = device("android", ">=12", mode="cope", origins=("store",))
BYOD = device("android", ">=12", mode="byod", origins=("store",))
MACS = device("macos", ">=14", supervised=True, enrollment="automated", origins=("store",))
LAPTOPS = device("windows", ">=10", origins=("store",))
PROCESS = app(("macos", "process_name", "WeChat"))
FILTER = {"deviceAndAppManagementAssignmentFilterId": "f", "deviceAndAppManagementAssignmentFilterType": "include"}
SANTA = {"identifier": "5A4RE8SF68:com.tencent.xinWeChat", "rule_type": "SIGNINGID", "policy": "BLOCKLIST"}
EXCLUDING = "<scope><all_computers>true</all_computers><exclusions><users><user><name>jo</name></user></users></exclusions></scope>"
CASE = app(("ios", "bundle_id", "com.tencent.Xin"))

VERDICTS: dict[str, list[tuple[str, Document, DeviceClass, Verdict, Document, DeviceClass, Any]]] = {
    "Android": [
        ("14 personal policies on a private phone", policy(), BYOD, "unenforceable", policy(), COPE, WECHAT),
    ],
    "Intune": [
        ("3 unsupervised devices", ios(), UNSUPERVISED, "unenforceable", ios(), SUPERVISED, WECHAT),
        (
            "5 a filter",
            ios(assignments=[target(ALL, **FILTER)]),
            SUPERVISED,
            "unknown",
            ios(assignments=[target(ALL)]),
            SUPERVISED,
            WECHAT,
        ),
        ("12 another case", ios(), SUPERVISED, "allowed", blocking("com.tencent.Xin"), SUPERVISED, CASE),
    ],
    "Apple": [
        ("1 unsupervised devices", blocking(XIN), UNSUPERVISED, "unenforceable", blocking(XIN), SUPERVISED, WECHAT),
        ("3 another case", blocking("com.tencent.Xin"), SUPERVISED, "allowed", blocking(XIN), SUPERVISED, WECHAT),
    ],
    "Jamf": [
        (
            "1 a renamed program escapes",
            software(),
            MACS,
            "blocked",
            plist({"PayloadType": "com.northpolesec.santa", "StaticRules": [SANTA]}),
            MACS,
            app(("macos", "signing_id", SANTA["identifier"]), ("macos", "process_name", "WeChat")),
        ),
        (
            "3 users excluded",
            software(identity="<id>3</id>", scope=EXCLUDING),
            MACS,
            "unknown",
            blocking(XIN),
            SUPERVISED,
            WECHAT,
        ),
    ],
}


@pytest.mark.parametrize(
    ("trapped", "on", "verdict", "sound", "there", "banned"),
    [pytest.param(*row[1:], id=f"{vendor} {row[0]}") for vendor, rows in VERDICTS.items() for row in rows],
)
def test_a_trap_is_a_gap(
    trapped: Document, on: DeviceClass, verdict: Verdict, sound: Document, there: DeviceClass, banned: Any
) -> None:
    """Here no finding tells: the document is right, and the devices are not those it works on."""
    caught = judge(readings(trapped), on, banned, DAY)
    assert not caught.proven
    assert verdict in {caught.worst.verdict, *(gap.decision.verdict for gap in caught.gaps)}
    assert judge(readings(sound), there, banned, DAY).proven


GUARDED: dict[str, list[tuple[str, str, str, tuple[Family, Kind, str], tuple[Family, Kind, str]]]] = {
    "Apple": [
        (
            "3 another case",
            "identifier-case",
            "WeChat",
            ("ios", "bundle_id", "com.tencent.Xin"),
            ("ios", "bundle_id", XIN),
        ),
        ("3 one letter off", "near-miss", "WeChat", ("ios", "bundle_id", "com.tencent.xim"), ("ios", "bundle_id", XIN)),
        ("7 Phone", "never-block", "Phone", ("ios", "bundle_id", "com.apple.mobilephone"), ("ios", "bundle_id", XIN)),
    ],
    "Intune": [
        (
            "12 another case",
            "identifier-case",
            "Alipay",
            ("android", "package_name", "com.eg.android.alipaygphone"),
            ("android", "package_name", "com.eg.android.AlipayGphone"),
        ),
        (
            "12 of another platform",
            "identifier-other-platform",
            "WeChat",
            ("ios", "bundle_id", MM),
            ("ios", "bundle_id", XIN),
        ),
    ],
    "Jamf": [
        (
            "5 a wrong id that circulates",
            "wrong-identifier",
            "DU Recorder",
            ("android", "package_name", "com.DUrecorder.screenrecorder.videorecorde"),
            ("android", "package_name", "com.duapps.recorder"),
        ),
        (
            "5 another case",
            "identifier-case",
            "WeChat",
            ("macos", "bundle_id", "com.tencent.xinwechat"),
            ("macos", "bundle_id", "com.tencent.xinWeChat"),
        ),
    ],
}


@pytest.mark.parametrize(
    ("finding", "name", "wrong", "right"),
    [pytest.param(*row[1:], id=f"{vendor} {row[0]}") for vendor, rows in GUARDED.items() for row in rows],
)
def test_a_trap_in_a_list_is_told(
    finding: str, name: str, wrong: tuple[Family, Kind, str], right: tuple[Family, Kind, str]
) -> None:
    """Here the wrong identifier stands in the ban list already, before any document is made."""

    def told(identifier: tuple[Family, Kind, str]) -> list[str]:
        one = Identifier(*identifier, Origin("list.yaml", 1, 1))
        return [found.id for found in guard(name, "", [one], (), catalogue.load(), frozenset())]

    assert finding in told(wrong)
    assert finding not in told(right)


@pytest.mark.parametrize(
    ("trapped", "sound"),
    [
        pytest.param(policy(workProfilePolicy={}), policy(), id="Android 4 a field nobody knows"),
        pytest.param(policy(applications=[entry(kind="blocked")]), policy(), id="Android 9 a word in the wrong case"),
        pytest.param(policy(uninstallAppsDisabled="true"), policy(), id="Android 9 a truth value in quotes"),
    ],
)
def test_a_trap_that_the_schema_refuses(trapped: Document, sound: Document) -> None:
    """The schema is closed, so it refuses the names and words that no reader lists one by one."""
    assert "schema-violation" in [found.id for found in validate(trapped, "amapi-policy")]
    assert validate(sound, "amapi-policy") == []


NUMBERS = {"Android": 15, "Intune": 15, "Apple": 10, "Jamf": 8}
HIDDEN = {
    ("Intune", 15): "Dynamic groups fill late; devices refresh about every 8 hours",
    ("Apple", 6): "A profile works on one Mac and not on its clone until it restarts",
    ("Apple", 8): "The app's web site stays reachable",
    ("Apple", 10): "An app that runs already goes on until it is launched again (agents on macOS)",
    ("Jamf", 2): "A Mac learns of restricted software at its next check-in; auxiliary processes have other names",
    ("Jamf", 6): "An iOS app on Apple silicon runs under its iOS executable name",
    ("Jamf", 8): "Jamf rewrites identifiers and adds keys, so a stored profile never equals the sent one",
}
"""Traps that no document shows, and the row of docs/findings.md that answers them."""


def test_no_trap_is_forgotten() -> None:
    tables: tuple[dict[str, Any], ...] = (TABLE, VERDICTS, GUARDED)
    met = {(vendor, int(row[0].split()[0])) for table in tables for vendor, rows in table.items() for row in rows}
    known = {(vendor, number) for vendor, last in NUMBERS.items() for number in range(1, last + 1)}
    assert sorted(known - met - HIDDEN.keys()) == []
    assert sorted(met - known) == []
    assert sorted(met & HIDDEN.keys()) == []


@pytest.mark.parametrize("row", HIDDEN.values())
def test_a_trap_that_no_document_shows_is_documented(row: str) -> None:
    assert f"| {row} |" in PAGE.read_text("utf-8").partition("# Not visible in a document")[2]
