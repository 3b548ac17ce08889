from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from kind_documents import (
    DEFAULT_APPX,
    DEFAULT_EXE,
    as_json,
    blocking,
    does,
    graph,
    plist,
    publisher_rule,
    readings,
    restrictions,
    rules_xml,
    says,
    target,
)

from mdm_policy.documents import Document
from mdm_policy.kinds import open_document, read, read_each
from mdm_policy.reading import Audience, Expiry, Scope

PREFIX = "com.apple.applicationaccess_"
MM = "com.tencent.mm"


def item(app_id: str | None = "com.a.b", **keys: Any) -> dict[str, Any]:
    return {"name": "A", "appId": app_id, **keys}


def catalog(definition: str, platforms: str = "iOS", **instance: Any) -> Document:
    child = {"settingDefinitionId": definition, **instance}
    group = {
        "settingDefinitionId": PREFIX + "com.apple.applicationaccess",
        "groupSettingCollectionValue": [{"children": [child]}],
    }
    return as_json({"platforms": platforms, "technologies": "mdm", "settings": [{"id": "0", "settingInstance": group}]})


def values(*texts: Any) -> dict[str, Any]:
    return {"simpleSettingCollectionValue": [{"value": text} for text in texts]}


def oma(
    xml: str, node: str = "EXE", uri: str = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/g/", **keys: Any
) -> Document:
    setting = {
        "@odata.type": "#microsoft.graph.omaSettingString",
        "omaUri": f"{uri}{node}/Policy",
        "value": xml,
        **keys,
    }
    return graph("windows10CustomConfiguration", omaSettings=[setting])


ENFORCED = rules_xml(DEFAULT_EXE, publisher_rule("O=T"))
HIDDEN = "intune-ios-hidden-apps"
CATALOG = "intune-catalog-blocked-app-bundle-ids"
PUBLISHER = "applocker-exe-publisher"


@pytest.mark.parametrize(
    ("document", "effects", "findings"),
    [
        pytest.param(
            catalog(PREFIX + "blockedappbundleids", **values("com.a.b")),
            [(CATALOG, "block", "bundle_id", "com.a.b")],
            ["key-deprecated"],
            id="catalog",
        ),
        pytest.param(
            catalog(PREFIX + "allowlistedappbundleids", **values("com.a.b")),
            [("intune-catalog-allow-listed-app-bundle-ids", "allow-only", "bundle_id", "com.a.b")],
            ["allow-list-sense", "key-deprecated"],
            id="catalog-allow-list",
        ),
        pytest.param(
            catalog(PREFIX + "allowedappbundleids", **values("com.a.b")),
            [],
            ["no-effect", "unknown-setting-definition"],
            id="catalog-wrong-definition",
        ),
        pytest.param(
            catalog(PREFIX + "blockedappbundleids", "macOS", **values("com.a.b")),
            [(CATALOG, "none", "bundle_id", "com.a.b")],
            ["key-deprecated", "key-wrong-platform", "no-effect"],
            id="catalog-for-macs",
        ),
        pytest.param(
            catalog(PREFIX + "blockedappbundleids"),
            [],
            ["key-deprecated", "no-effect", "setting-value-missing"],
            id="catalog-without-values",
        ),
        pytest.param(
            catalog(PREFIX + "blockedappbundleids", simpleSettingCollectionValue={"value": "com.a.b"}),
            [],
            ["key-deprecated", "no-effect", "wrong-type"],
            id="catalog-collapsed-list",
        ),
        pytest.param(catalog(PREFIX + "allowcamera_true"), [], ["no-effect"], id="catalog-other-setting"),
        pytest.param(
            catalog(
                "x",
                choiceSettingValue={
                    "children": [{"settingDefinitionId": PREFIX + "blockedappbundleids", **values("com.a.b")}]
                },
            ),
            [(CATALOG, "block", "bundle_id", "com.a.b")],
            ["key-deprecated", "setting-parent"],
            id="catalog-under-a-choice",
        ),
        pytest.param(
            graph(
                "iosGeneralDeviceConfiguration",
                appsVisibilityListType="appsNotInListCompliant",
                appsVisibilityList=[item()],
            ),
            [(HIDDEN, "block", "bundle_id", "com.a.b")],
            [],
            id="hidden",
        ),
        pytest.param(
            as_json({"appsVisibilityListType": "appsNotInListCompliant", "appsVisibilityList": [item()]}),
            [(HIDDEN, "block", "bundle_id", "com.a.b")],
            [],
            id="hidden-without-type",
        ),
        pytest.param(
            graph(
                "iosGeneralDeviceConfiguration",
                appsVisibilityListType="appsInListCompliant",
                appsVisibilityList=[item()],
            ),
            [("intune-ios-shown-apps", "allow-only", "bundle_id", "com.a.b")],
            ["allow-list-sense"],
            id="shown",
        ),
        pytest.param(
            graph("iosGeneralDeviceConfiguration", appsVisibilityListType="none", appsVisibilityList=[item()]),
            [],
            ["list-not-active", "no-effect"],
            id="list-type-none",
        ),
        pytest.param(
            graph("iosGeneralDeviceConfiguration", appsVisibilityList=[item()]),
            [],
            ["list-not-active", "no-effect"],
            id="list-type-missing",
        ),
        pytest.param(
            graph("iosGeneralDeviceConfiguration", appsVisibilityListType="blockedApps", appsVisibilityList=[item()]),
            [],
            ["list-type-word", "no-effect"],
            id="list-type-word",
        ),
        pytest.param(
            graph(
                "iosGeneralDeviceConfiguration",
                appsVisibilityListType="appsNotInListCompliant",
                appsVisibilityLst=[item()],
            ),
            [],
            ["no-effect", "unknown-key"],
            id="misspelt-list",
        ),
        pytest.param(
            graph(
                "iosGeneralDeviceConfiguration",
                appsVisibilityListType="appsNotInListCompliant",
                appsVisibilityList=[
                    item(None, appStoreUrl="https://apps.apple.com/us/app/wechat/id414478124"),
                    item(None),
                    "com.a.b",
                ],
            ),
            [(HIDDEN, "block", "app_store_id", "414478124")],
            ["app-item-without-id", "wrong-type"],
            id="items-without-app-id",
        ),
        pytest.param(
            graph(
                "iosGeneralDeviceConfiguration",
                compliantAppListType="appsNotInListCompliant",
                compliantAppsList=[item()],
            ),
            [("intune-ios-restricted-apps", "report", "bundle_id", "com.a.b")],
            ["report-only-list"],
            id="report-only",
        ),
        pytest.param(
            graph(
                "iosGeneralDeviceConfiguration", compliantAppListType="appsInListCompliant", compliantAppsList=[item()]
            ),
            [("intune-ios-restricted-apps", "none", "bundle_id", "com.a.b")],
            ["no-effect", "report-only-list"],
            id="report-the-others",
        ),
        pytest.param(
            graph(
                "macOSGeneralDeviceConfiguration",
                compliantAppListType="appsNotInListCompliant",
                compliantAppsList=[item()],
            ),
            [("intune-macos-restricted-apps", "report", "bundle_id", "com.a.b")],
            ["report-only-list"],
            id="report-only-macos",
        ),
        pytest.param(
            graph("androidWorkProfileGeneralDeviceConfiguration", workProfileBlockScreenCapture=True),
            [],
            ["no-effect", "personal-side-open"],
            id="byod",
        ),
        pytest.param(
            graph(
                "androidGeneralDeviceConfiguration",
                appsHideList=[item(MM)],
                appsLaunchBlockList=[item(MM)],
                appsInstallAllowList=[item("com.ok.app")],
                compliantAppListType="appsNotInListCompliant",
                compliantAppsList=[item(MM)],
            ),
            [
                ("intune-android-knox-hide", "block", "package_name", MM),
                ("intune-android-knox-launch-block", "block", "package_name", MM),
                ("intune-android-knox-install-allow", "allow-only", "package_name", "com.ok.app"),
                ("intune-android-compliance-restricted-apps", "report", "package_name", MM),
            ],
            ["allow-list-sense", "device-administrator", "report-only-list"],
            id="knox",
        ),
        pytest.param(
            graph("androidGeneralDeviceConfiguration"), [], ["no-effect"], id="device-administrator-without-lists"
        ),
        pytest.param(
            graph("iosGeneralDeviceConfiguration", compliantAppListType="appsNotInListCompliant", compliantAppsList=[]),
            [],
            ["no-effect"],
            id="empty-report-list",
        ),
        pytest.param(graph("sharedPCConfiguration"), [], ["no-effect"], id="other-configuration"),
        pytest.param(as_json({"packageIds": ["app:" + MM]}), [], ["approve-apps-no-ban"], id="approve-apps"),
        pytest.param(oma(ENFORCED), [(PUBLISHER, "block", "publisher", "O=T")], [], id="oma"),
        pytest.param(
            oma(f'<AppLockerPolicy Version="1">{ENFORCED}</AppLockerPolicy>'),
            [(PUBLISHER, "none", "publisher", "O=T")],
            ["applocker-full-policy", "no-effect"],
            id="oma-whole-policy",
        ),
        pytest.param(
            oma(ENFORCED, "StoreApps"),
            [(PUBLISHER, "none", "publisher", "O=T")],
            ["applocker-wrong-node", "no-effect"],
            id="oma-wrong-node",
        ),
        pytest.param(
            oma(ENFORCED, uri="./Vendor/MSFT/Policy/"),
            [(PUBLISHER, "none", "publisher", "O=T")],
            ["no-effect", "oma-uri-unknown"],
            id="oma-wrong-uri",
        ),
        pytest.param(oma("nothing"), [], ["no-effect", "payload-unreadable"], id="oma-unreadable"),
        pytest.param(oma("****", isEncrypted=True), [], ["masked-value"], id="oma-masked"),
        pytest.param(
            graph("windows10CustomConfiguration", omaSettings=[{"omaUri": "./x", "value": 1}]),
            [],
            ["no-effect"],
            id="oma-other",
        ),
    ],
)
def test_what_an_intune_object_does(
    document: Document, effects: list[tuple[str, str, str, str]], findings: list[str]
) -> None:
    assert does(document) == effects
    assert says(document) == findings


@pytest.mark.parametrize(
    ("kind", "rule", "app_id"),
    [
        pytest.param("iosCompliancePolicy", "intune-ios-compliance-restricted-apps", "com.a.b", id="ios"),
        pytest.param("androidCompliancePolicy", "intune-android-compliance-restricted-apps", MM, id="android"),
    ],
)
def test_a_compliance_policy_only_reports(kind: str, rule: str, app_id: str) -> None:
    value = {"@odata.type": f"#microsoft.graph.{kind}", "restrictedApps": [item(app_id)]}
    document = Document("c.json", "intune-device-configuration", "json", value, json.dumps(value).encode())
    assert [one[:2] for one in does(document)] == [(rule, "report")]
    assert says(document) == ["report-only-list"]
    empty = Document("c.json", "intune-device-configuration", "json", {**value, "restrictedApps": None}, b"{}")
    assert says(empty) == ["no-effect"]


def custom(kind: str, inner: Document, **keys: Any) -> Document:
    return graph(kind, payloadFileName="p.mobileconfig", payload=base64.b64encode(inner.data).decode(), **keys)


def test_a_custom_profile_is_read_through() -> None:
    reading = read(
        custom("iosCustomConfiguration", blocking("com.a.b"), assignments=[target("allDevicesAssignmentTarget")])
    )
    (effect,) = reading.effects
    assert effect.pointer == "/payload/PayloadContent/0/blockedAppBundleIDs/0"
    assert effect.rule.introduced == {"ios": (15,), "ipados": (15,)}
    assert (reading.mdm, reading.scope, reading.kind) == ("intune", Scope("everyone"), "intune-device-configuration")


def test_an_ios_key_in_a_mac_profile_has_no_effect() -> None:
    document = custom("macOSCustomConfiguration", blocking("com.a.b"))
    assert [one[1] for one in does(document)] == ["none"]
    assert says(document) == ["key-deprecated", "key-wrong-platform", "no-effect"]
    assert read(document).effects[0].rule.why


def test_a_profile_inside_removes_itself_too() -> None:
    inner = plist(restrictions(blockedAppBundleIDs=["com.a.b"]), DurationUntilRemoval=5)
    assert read(custom("iosCustomConfiguration", inner)).rules[0].expires == Expiry(after=5)


def test_a_payload_that_is_no_profile() -> None:
    document = graph("iosCustomConfiguration", payload="!", payloadFileName="x")
    assert says(document) == ["no-effect", "payload-unreadable"]
    assert says(graph("macOSCustomConfiguration")) == ["no-effect", "payload-unreadable"]


def owner(**keys: Any) -> Document:
    return graph("androidDeviceOwnerGeneralDeviceConfiguration", **keys)


LIST = "personalProfilePersonalApplications"


@pytest.mark.parametrize(
    ("document", "rules", "findings"),
    [
        pytest.param(
            owner(personalProfilePlayStoreMode="blockedApps", **{LIST: [item(MM)]}),
            [("intune-android-personal-blocked", "block")],
            [],
            id="personal-block-list",
        ),
        pytest.param(
            owner(personalProfilePlayStoreMode="blockedApps", **{LIST: []}),
            [("intune-android-personal-blocked", "block")],
            ["no-effect", "personal-side-open"],
            id="empty-block-list",
        ),
        pytest.param(
            owner(personalProfilePlayStoreMode="allowedApps", **{LIST: [item(MM)]}),
            [("intune-android-personal-allowed", "allow-only")],
            ["allow-list-sense"],
            id="personal-allow-list",
        ),
        pytest.param(owner(**{LIST: [item(MM)]}), [], ["list-not-active", "no-effect"], id="mode-missing"),
        pytest.param(owner(), [], ["no-effect", "personal-side-open"], id="nothing"),
        pytest.param(
            owner(personalProfilePlayStoreMode="blockList", **{LIST: [item(MM)]}),
            [],
            ["no-effect", "play-store-mode-word"],
            id="wrong-personal-word",
        ),
        pytest.param(
            owner(playStoreMode="BLACKLIST", personalProfilePlayStoreMode="blockedApps", **{LIST: [item(MM)]}),
            [("intune-android-personal-blocked", "none")],
            ["no-effect", "play-store-mode-word"],
            id="amapi-word",
        ),
        pytest.param(
            owner(playStoreMode="blockList"),
            [],
            ["no-effect", "personal-side-open", "play-store-mode-alone"],
            id="block-mode",
        ),
        pytest.param(
            owner(playStoreMode="allowList"),
            [("intune-android-play-allow-list", "allow-only")],
            ["personal-side-open"],
            id="allow-mode",
        ),
        pytest.param(
            owner(appsAllowInstallFromUnknownSources=False, personalProfileAppsAllowInstallFromUnknownSources=False),
            [
                ("intune-android-unknown-sources", "allow-only"),
                ("intune-android-personal-unknown-sources", "allow-only"),
            ],
            ["personal-side-open"],
            id="sideloading-closed",
        ),
        pytest.param(
            owner(playStoreMode="blockList", appsAllowInstallFromUnknownSources=True),
            [("intune-android-unknown-sources-open", "allow-only")],
            ["personal-side-open", "play-store-mode-alone", "sideload-open"],
            id="sideloading-open",
        ),
        pytest.param(
            owner(
                playStoreMode="blockList",
                personalProfilePlayStoreMode="blockedApps",
                personalProfileAppsAllowInstallFromUnknownSources="no",
                **{LIST: [item(MM)]},
            ),
            [("intune-android-personal-blocked", "none")],
            ["no-effect", "play-store-mode-alone", "wrong-type"],
            id="a-text-for-a-switch",
        ),
        pytest.param(
            owner(
                personalProfilePlayStoreMode="blockedApps",
                **{LIST: [item(None, appStoreUrl=f"https://play.google.com/store/apps/details?id={MM}")]},
            ),
            [("intune-android-personal-blocked", "block")],
            [],
            id="by-store-address",
        ),
    ],
)
def test_corporate_android(document: Document, rules: list[tuple[str, str]], findings: list[str]) -> None:
    reading = read(document)
    default = ("intune-android-play-default", "none" if "play-store-mode-word" in findings else "allow-only")
    unset = document.value.get("playStoreMode") in (None, "notConfigured")
    assert [(rule.id, rule.sense) for rule in reading.rules] == [*([default] if unset else []), *rules]
    acting = unset and default[1] != "none"
    assert says(document) == [id_ for id_ in findings if not (acting and id_ == "no-effect")]
    assert {effect.value for effect in reading.effects} <= {MM}


def store_app(*assignments: dict[str, Any], **keys: Any) -> Document:
    body = {"packageId": MM, "appIdentifier": MM, "assignments": list(assignments), **keys}
    return graph("androidManagedStoreApp", **{key: value for key, value in body.items() if value is not None})


def intent(word: str, kind: str = "allDevicesAssignmentTarget", **keys: Any) -> dict[str, Any]:
    return {"intent": word, **target(kind, **keys)}


@pytest.mark.parametrize("word", [["uninstall"], {"a": "required"}, 1, None], ids=str)
def test_nobody_knows_what_an_intent_wants_that_is_no_text(word: Any) -> None:
    assigned = {**intent("uninstall"), "intent": word}
    assert does(store_app(assigned)) == [("intune-android-intent-unread", "none", "package_name", MM)]
    assert does(graph("iosStoreApp", bundleId="com.x.y", assignments=[assigned])) == []


REMOVED = [("intune-android-uninstall", "remove"), ("intune-android-uninstall-personal", "block")]


@pytest.mark.parametrize(
    ("document", "rules", "scope", "findings"),
    [
        pytest.param(store_app(intent("uninstall")), REMOVED, Scope("everyone"), [], id="uninstall"),
        pytest.param(
            store_app(intent("required")), [("intune-android-required", "allow")], Scope("everyone"), [], id="required"
        ),
        pytest.param(
            store_app(intent("uninstall"), intent("available")),
            [*REMOVED, ("intune-android-assigned", "allow")],
            Scope("everyone"),
            ["contradiction"],
            id="uninstall-and-available",
        ),
        pytest.param(
            store_app(
                intent("uninstall"),
                intent("uninstall", "exclusionGroupAssignmentTarget", groupName="lab"),
                intent("available", "groupAssignmentTarget", groupName="lab"),
            ),
            REMOVED,
            Scope("everyone", (), ("lab",)),
            [],
            id="exception-for-an-excluded-group",
        ),
        pytest.param(
            store_app(intent("uninstall", "exclusionGroupAssignmentTarget", groupId="g")),
            [],
            Scope("nobody", (), ("g",)),
            ["assigned-to-nobody", "no-effect"],
            id="only-an-exclusion",
        ),
        pytest.param(store_app(), [], Scope("nobody"), ["no-effect"], id="assigned-to-nobody"),
        pytest.param(store_app(assignments=None), [], Scope(), ["assignments-missing"], id="without-assignments"),
        pytest.param(
            store_app(intent("uninstall"), packageId="app:" + MM), REMOVED, Scope("everyone"), [], id="prefixed-package"
        ),
        pytest.param(
            store_app(intent("uninstall"), packageId="com.x.y"),
            None,
            Scope("everyone"),
            ["contradiction"],
            id="two-packages",
        ),
        pytest.param(
            store_app(intent("uninstall"), packageId=None), REMOVED, Scope("everyone"), [], id="app-identifier-only"
        ),
        pytest.param(
            store_app(intent("uninstall"), packageId=None, appIdentifier=None),
            [],
            Scope("everyone"),
            ["app-item-without-id", "no-effect"],
            id="no-package",
        ),
        pytest.param(
            graph("iosStoreApp", assignments=[intent("uninstall")]),
            [],
            Scope("everyone"),
            ["managed-app-only"],
            id="ios-app",
        ),
        pytest.param(graph("iosStoreApp"), [], Scope(), ["managed-app-only"], id="ios-app-without-assignments"),
        pytest.param(
            graph("iosVppApp", bundleId="com.a.b", assignments=[intent("available")]),
            [("apple-intune-assigned-app", "allow")],
            Scope("everyone"),
            ["managed-app-only"],
            id="ios-app-offered",
        ),
        pytest.param(
            store_app(intent("Uninstall")),
            [("intune-android-intent-unread", "none")],
            Scope("everyone"),
            ["assignment-intent", "no-effect"],
            id="no-such-intent",
        ),
        pytest.param(
            store_app(intent("uninstall"), intent("required", "groupAssignmentTarget", groupName="lab")),
            [*REMOVED, ("intune-android-required", "allow")],
            Scope("everyone"),
            ["contradiction"],
            id="required-of-a-group",
        ),
        pytest.param(
            store_app(
                intent("uninstall", "groupAssignmentTarget", groupName="g"),
                intent("required", "groupAssignmentTarget", groupName="lab"),
            ),
            [*REMOVED, ("intune-android-required", "allow")],
            Scope("groups", ("g",)),
            [],
            id="required-of-another-group",
        ),
    ],
)
def test_assigned_store_apps(
    document: Document, rules: list[tuple[str, str]] | None, scope: Scope, findings: list[str]
) -> None:
    reading = read(document)
    if rules is not None:
        assert [(effect.rule.id, effect.rule.sense) for effect in reading.effects] == rules
    assert reading.scope == scope
    assert says(document) == findings


def test_a_system_app_may_be_preinstalled() -> None:
    assert read(store_app(intent("uninstall"), isSystemApp=True)).rules[0].origins == ()
    assert read(store_app(intent("uninstall"))).rules[0].origins == ("store", "sideloaded")


@pytest.mark.parametrize(
    ("assignments", "scope"),
    [
        pytest.param(
            [target("allLicensedUsersAssignmentTarget")], Scope("groups", (Audience("users"),)), id="all-users"
        ),
        pytest.param(
            [target("allLicensedUsersAssignmentTarget"), target("allDevicesAssignmentTarget")],
            Scope("everyone"),
            id="all-users-and-all-devices",
        ),
        pytest.param([target("groupAssignmentTarget", groupId="g")], Scope("groups", ("g",)), id="group"),
        pytest.param(
            [target("configurationManagerCollectionAssignmentTarget", collectionId="c")],
            Scope("groups", (Audience("member", "c", "collection"),)),
            id="collection",
        ),
        pytest.param(
            [target("groupAssignmentTarget", groupId="g", deviceAndAppManagementAssignmentFilterType="include")],
            Scope("groups", (Audience("filter", "", "include", ("g",)),), (), filtered=True),
            id="filter",
        ),
        pytest.param(
            [target("allDevicesAssignmentTarget", deviceAndAppManagementAssignmentFilterId="f")],
            Scope(
                "groups",
                (Audience("filter", "f", "", (Audience("everyone", "allDevicesAssignmentTarget"),)),),
                (),
                filtered=True,
            ),
            id="all-devices-under-a-filter",
        ),
        pytest.param(
            [target("allDevicesAssignmentTarget", deviceAndAppManagementAssignmentFilterType="none")],
            Scope("everyone"),
            id="filter-none",
        ),
        pytest.param([], Scope("nobody"), id="nobody"),
        pytest.param(None, Scope(), id="not-stated"),
        pytest.param(
            [target("groupAssignmentTarget", groupName="Field", groupId="1")],
            Scope("groups", ("Field", "1")),
            id="two-groups-may-bear-one-name",
        ),
        pytest.param(
            [target("allDevicesAssignmentTarget"), target("ExclusionGroupAssignmentTarget", groupId="g")],
            Scope("everyone", filtered=True),
            id="a-target-nobody-knows",
        ),
        pytest.param(
            [{"target": {"groupId": "g"}}],
            Scope("groups", (Audience("unsure", of=("g",)),), (), filtered=True),
            id="a-target-without-a-type",
        ),
    ],
)
def test_scope_of_a_graph_object(assignments: list[Any] | None, scope: Scope) -> None:
    document = graph("iosGeneralDeviceConfiguration", assignments=assignments, appsVisibilityListType="none")
    assert read(document).scope == scope


def page(*apps: Document) -> Document:
    return open_document("apps.json", json.dumps({"value": [one.value for one in apps]}).encode())


def test_a_page_has_one_reading_per_object() -> None:
    document = page(
        store_app(intent("uninstall")),
        store_app(intent("uninstall", "groupAssignmentTarget", groupId="g"), packageId="com.x.y", appIdentifier=None),
    )
    first, second = read_each(document)
    assert (first.path, first.kind, first.mdm) == ("apps.json", "intune-mobile-app", "intune")
    assert first.effects[0].pointer == "/value/0/packageId"
    assert (first.scope.state, second.scope.state) == ("everyone", "groups")
    assert read(document).scope == Scope("groups", ("g",))
    assert len(read(document).effects) == 4
    assert read_each(store_app(intent("uninstall"))) == readings(store_app(intent("uninstall")))


def test_a_page_with_one_scope_and_an_empty_page() -> None:
    assert read(page(store_app(intent("uninstall")))).scope == Scope("everyone")
    assert says(as_json({"value": []})) == ["no-effect", "page-empty"]


def test_the_finding_of_an_inner_document_has_its_own_line() -> None:
    reading = read(custom("iosCustomConfiguration", blocking("com.a.b", "")))
    (wrong,) = [finding for finding in reading.findings if finding.id == "wrong-type"]
    assert wrong.origin is not None
    assert (wrong.origin.file, wrong.origin.line > 1) == ("g.json#/payload", True)


@pytest.mark.parametrize(
    ("actions", "findings"),
    [
        pytest.param(None, ["report-only-list"], id="not-exported"),
        pytest.param([{"actionType": "block", "gracePeriodHours": 0}], ["report-only-list"], id="at-once"),
        pytest.param([{"actionType": "block"}], ["report-only-list"], id="no-period"),
        pytest.param(
            [{"actionType": "notification"}, {"actionType": "block", "gracePeriodHours": 720}],
            ["compliance-grace-period", "report-only-list"],
            id="after-a-month",
        ),
        pytest.param([{"actionType": "notification"}], ["compliance-without-block", "report-only-list"], id="no-block"),
    ],
)
def test_what_follows_noncompliance(actions: list[Any] | None, findings: list[str]) -> None:
    rules = None if actions is None else [{"scheduledActionConfigurations": actions}]
    assert says(graph("iosCompliancePolicy", restrictedApps=[item()], scheduledActionsForRule=rules)) == findings


def test_a_compliance_policy_without_restricted_apps_has_nothing_to_say() -> None:
    assert says(graph("iosCompliancePolicy", scheduledActionsForRule=[])) == ["no-effect"]


@pytest.mark.parametrize(
    ("version", "findings"),
    [
        pytest.param("v1.0", ["beta-only-property", "report-only-list"], id="v1.0"),
        pytest.param("beta", ["report-only-list"], id="beta"),
    ],
)
def test_restricted_apps_exist_in_beta_only(version: str, findings: list[str]) -> None:
    context = f"https://graph.microsoft.com/{version}/$metadata#deviceManagement/deviceCompliancePolicies/$entity"
    policy = graph("iosCompliancePolicy", restrictedApps=[item()], **{"@odata.context": context})
    assert says(policy) == findings


DENYING: dict[str, Any] = {"appsVisibilityListType": "appsNotInListCompliant"}
REPORTED: dict[str, Any] = {"compliantAppListType": "appsNotInListCompliant", "compliantAppsList": [item()]}


@pytest.mark.parametrize(
    ("document", "findings"),
    [
        pytest.param(
            graph("iosGeneralDeviceConfiguration", appsVisibilityList=[item()], assignments=[], **DENYING),
            ["assigned-to-nobody"],
            id="assigned-to-nobody",
        ),
        pytest.param(graph("sharedPCConfiguration", assignments=[]), ["no-effect"], id="bans-nothing"),
        pytest.param(
            graph("iosGeneralDeviceConfiguration", assignments=[target("allDevicesAssignmentTarget")], **REPORTED),
            ["report-list-on-devices", "report-only-list"],
            id="report-list-on-devices",
        ),
        pytest.param(
            graph(
                "iosGeneralDeviceConfiguration", assignments=[target("allLicensedUsersAssignmentTarget")], **REPORTED
            ),
            ["report-only-list"],
            id="report-list-on-users",
        ),
        pytest.param(
            graph("iosGeneralDeviceConfiguration", appsVisibilityList=[item("com.apple.Preferences")], **DENYING),
            ["never-hidden"],
            id="settings-app",
        ),
        pytest.param(
            catalog(PREFIX + "blockedappbundleids", **values("com.apple.mobilephone")),
            ["key-deprecated", "never-hidden"],
            id="catalog-phone-app",
        ),
    ],
)
def test_what_makes_a_ban_idle(document: Document, findings: list[str]) -> None:
    assert says(document) == findings


def test_more_apps_than_the_server_takes() -> None:
    many = [item(f"com.a.b{n}") for n in range(501)]
    blocking_list = owner(personalProfilePlayStoreMode="blockedApps", **{LIST: many})
    assert "list-too-long" in says(blocking_list)
    assert {sense for _, sense, *_ in does(blocking_list)} == {"none"}
    allowing = owner(personalProfilePlayStoreMode="allowedApps", **{LIST: many})
    assert "list-too-long" in says(allowing)
    assert "list-too-long" not in says(owner(personalProfilePlayStoreMode="blockedApps", **{LIST: many[:500]}))


def test_two_settings_for_one_applocker_node() -> None:
    uri = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/g/{}/Policy"
    exe = {"omaUri": uri.format("EXE"), "value": ENFORCED}
    appx = {"omaUri": uri.format("StoreApps"), "value": rules_xml(DEFAULT_APPX, publisher_rule("CN=T"), kind="Appx")}
    assert says(graph("windows10CustomConfiguration", omaSettings=[exe, appx])) == []
    assert says(graph("windows10CustomConfiguration", omaSettings=[exe, appx, exe])) == ["oma-uri-duplicate"]


def test_escaped_rules_are_refused_by_the_device() -> None:
    assert says(oma(ENFORCED.replace("<", "&lt;").replace(">", "&gt;"))) == ["no-effect", "payload-unreadable"]
