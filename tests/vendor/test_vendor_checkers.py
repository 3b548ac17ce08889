"""Hold the two checkers to account: they take what is right and refuse each kind of wrong word."""

from __future__ import annotations

import json
from typing import Any

import pytest
import vendor_amapi
import vendor_graph
from schema_examples import example, spoiled

TYPED = [
    "intune-ios-device-restrictions",
    "intune-ios-custom",
    "intune-android-device-restrictions",
    "intune-windows-applocker",
]
CHILD = "/settings/0/settingInstance/groupSettingCollectionValue/0/children/0"


def test_the_description_is_of_the_api_the_product_writes_for() -> None:
    assert vendor_amapi.discovery()["revision"] >= "20261104"


def test_the_typings_are_read_whole() -> None:
    assert len(vendor_graph.typings().interfaces) > 3000
    assert len(vendor_graph.typings().enums) > 1000


@pytest.mark.parametrize(
    ("schema", "message"),
    [("amapi-policy", "Policy"), ("amapi-modify-applications", "ModifyPolicyApplicationsRequest")],
)
def test_google_takes_the_examples(schema: str, message: str) -> None:
    assert vendor_amapi.check(message, example(schema).value) == []


def test_google_takes_the_patch() -> None:
    assert vendor_amapi.check_patch(example("amapi-patch-personal").value) == []


@pytest.mark.parametrize("schema", TYPED)
def test_microsoft_takes_the_examples(schema: str) -> None:
    assert vendor_graph.check_typed(example(schema).value) == []


def test_microsoft_takes_the_settings_catalog_and_the_apps() -> None:
    policy = example("intune-ios-settings-catalog").value
    assert vendor_graph.check("DeviceManagementConfigurationPolicy", policy) == []
    for app in example("intune-android-managed-apps").value["value"]:
        assert vendor_graph.check_typed(app) == []


@pytest.mark.parametrize(
    ("pointer", "value", "problem"),
    [
        pytest.param("/playStoremode", "BLACKLIST", "Policy has no such field", id="misspelt-key"),
        pytest.param("/untrustedAppsPolicy", "DISALLOW_INSTALL", "Policy has no such field", id="key-too-high"),
        pytest.param("/playStoreMode", "BLOCKLIST", "BLOCKLIST is not one of PLAY_", id="wrong-enum"),
        pytest.param("/playStoreMode", "PLAY_STORE_MODE_UNSPECIFIED", "says nothing", id="unspecified"),
        pytest.param("/personalUsagePolicies/personalPlayStoreMode", "BLACKLIST", "is deprecated", id="old-enum"),
        pytest.param("/personalUsagePolicies/personalPlayStoreMode", "WHITELIST", "is not one of", id="personal-enum"),
        pytest.param("/blockApplicationsEnabled", True, "the field is deprecated", id="deprecated-key"),
        pytest.param("/version", "7", "the field is read-only", id="read-only-key"),
        pytest.param("/minimumApiLevel", "8", "must be integer", id="integer-as-text"),
        pytest.param("/maximumTimeToLock", "soon", "must be a 64-bit integer as text", id="int64"),
        pytest.param("/applications", {}, "must be array", id="list"),
        pytest.param("/applications/0", "com.tencent.mm", "must be object", id="object"),
        pytest.param("/applications/0/installType", "blocked", "blocked is not one of", id="lower-case"),
        pytest.param("/statusReportingSettings/applicationReportsEnabled", "true", "must be boolean", id="boolean"),
    ],
)
def test_google_refuses(pointer: str, value: Any, problem: str) -> None:
    (found,) = vendor_amapi.check("Policy", spoiled("amapi-policy", pointer, value).value)
    assert found.startswith(f"{pointer}: ")
    assert problem in found


def test_google_refuses_a_mask_of_an_unknown_field() -> None:
    value = spoiled("amapi-modify-applications", "/changes/0/updateMask", "instalType").value
    (found,) = vendor_amapi.check("ModifyPolicyApplicationsRequest", value)
    assert found == "/changes/0/updateMask: instalType: instalType is not a field of ApplicationPolicy"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        pytest.param("/method", "PUT", id="method"),
        pytest.param("/path", "v2/{policy}", id="path"),
        pytest.param("/query/mask", "x", id="parameter"),
        pytest.param("/query/updateMask", "personalUsagePolicies.personalApps", id="mask"),
        pytest.param("/body/playStoreMode", "BLACKLIST", id="body-wider-than-mask"),
        pytest.param("/body/personalUsagePolicies/personalApplicationPolicy", [], id="name-of-googles-own-page"),
    ],
)
def test_google_refuses_a_patch(pointer: str, value: Any) -> None:
    found = vendor_amapi.check_patch(spoiled("amapi-patch-personal", pointer, value).value)
    assert [problem.partition(": ")[0] for problem in found] == [pointer]


@pytest.mark.parametrize(
    ("schema", "pointer", "value", "problem"),
    [
        pytest.param("intune-ios-device-restrictions", "/appsVisibilityLst", [], "has no such property", id="key"),
        pytest.param(
            "intune-ios-device-restrictions", "/appsVisibilityListType", "blockedApps", "is not one of", id="enum"
        ),
        pytest.param(
            "intune-ios-device-restrictions", "/appsVisibilityList/0", "x", "must be AppListItem", id="object"
        ),
        pytest.param("intune-ios-device-restrictions", "/appsVisibilityList", {}, "must be a list", id="list"),
        pytest.param(
            "intune-ios-device-restrictions", "/appsVisibilityList/0/bundleId", "x", "no such property", id="inner-key"
        ),
        pytest.param(
            "intune-android-device-restrictions", "/playStoreMode", "BLOCKLIST", "is not one of", id="amapi-word"
        ),
        pytest.param(
            "intune-android-device-restrictions", "/securityRequireVerifyApps", "true", "must be boolean", id="boolean"
        ),
        pytest.param("intune-android-device-restrictions", "/systemAppsEnabled", [], "no such property", id="invented"),
        pytest.param("intune-ios-custom", "/displayName", None, "must be string", id="null"),
        pytest.param(
            "intune-windows-applocker",
            "/omaSettings/0/@odata.type",
            "#microsoft.graph.appListItem",
            "is not a kind of",
            id="wrong-derived-type",
        ),
    ],
)
def test_microsoft_refuses(schema: str, pointer: str, value: Any, problem: str) -> None:
    (found,) = vendor_graph.check_typed(spoiled(schema, pointer, value).value)
    assert found.startswith(f"{pointer}: ")
    assert problem in found


def test_microsoft_refuses_a_type_that_does_not_exist() -> None:
    value = spoiled("intune-ios-custom", "/@odata.type", "#microsoft.graph.iosCustomConfig").value
    assert vendor_graph.check_typed(value) == ["/@odata.type: IosCustomConfig is not a type of Graph"]


def test_microsoft_refuses_an_unknown_platform_among_flags() -> None:
    value = spoiled("intune-ios-settings-catalog", "/platforms", "iOS,ipadOS").value
    (found,) = vendor_graph.check("DeviceManagementConfigurationPolicy", value)
    assert found.startswith("/platforms: ipadOS is not one of")


def test_microsoft_refuses_one_object_where_a_list_belongs() -> None:
    value = spoiled("intune-ios-settings-catalog", f"{CHILD}/simpleSettingCollectionValue", {}).value
    (found,) = vendor_graph.check("DeviceManagementConfigurationPolicy", value)
    assert found == f"{CHILD}/simpleSettingCollectionValue: must be a list"


def test_typings_in_a_form_nobody_reads_are_an_error() -> None:
    with pytest.raises(ValueError, match="not a property"):
        vendor_graph.parse("export interface A {\n    [key: string]: string;\n}\n")


def test_a_type_nobody_reads_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = vendor_graph.parse("export interface A {\n    a?: Map<string, string>;\n}\n")
    monkeypatch.setattr(vendor_graph, "typings", lambda: odd)
    assert vendor_graph.check("A", json.loads('{"a": {}}')) == [
        "/a: this check does not understand the type Map<string, string>"
    ]
