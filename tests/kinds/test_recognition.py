from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from mdm_policy.kinds import KINDS, UNKNOWN, recognise


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param({"PayloadType": "Configuration"}, "apple-profile", id="profile"),
        pytest.param(
            {"PayloadContent": [{"PayloadType": "com.apple.applicationaccess"}]}, "apple-profile", id="by content"
        ),
        pytest.param({"Type": "com.apple.configuration.legacy"}, "apple-declaration-configuration", id="declaration"),
        pytest.param({"PayloadContent": [1]}, "unknown", id="no payload"),
        pytest.param({"PayloadContent": {}}, "unknown", id="encrypted or odd"),
        pytest.param({"applications": []}, "unknown", id="json kinds are no plists"),
        pytest.param(["a"], "unknown", id="array"),
    ],
)
def test_recognises_plists(value: Any, kind: str) -> None:
    assert recognise(value, "plist") == kind


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param(
            {"Type": "com.apple.configuration.app.settings"}, "apple-declaration-configuration", id="configuration"
        ),
        pytest.param({"Type": "com.apple.activation.simple"}, "apple-declaration-activation", id="activation"),
        pytest.param({"Type": "com.apple.asset.data"}, "unknown", id="asset"),
        pytest.param({"Type": 1}, "unknown", id="type is a number"),
        pytest.param(
            {"@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy"},
            "intune-settings-catalog",
            id="catalog",
        ),
        pytest.param(
            {"settings": [], "platforms": "iOS", "technologies": "mdm"}, "intune-settings-catalog", id="export"
        ),
        pytest.param({"settings": [{"settingInstance": {}}]}, "intune-settings-catalog", id="settings alone"),
        pytest.param({"settings": [1, {}]}, "unknown", id="other settings"),
        pytest.param(
            {"@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration"}, "intune-device-configuration", id="ios"
        ),
        pytest.param(
            {"@odata.type": "microsoft.graph.macOSCustomAppConfiguration"}, "intune-device-configuration", id="mac app"
        ),
        pytest.param(
            {"@odata.type": "#microsoft.graph.androidManagedStoreAppConfiguration"},
            "intune-app-configuration",
            id="app configuration",
        ),
        *[
            pytest.param(
                {"@odata.type": f"#microsoft.graph.{name}CompliancePolicy"}, "intune-device-configuration", id=name
            )
            for name in ("ios", "androidDeviceOwner", "macOS", "windows10")
        ],
        pytest.param(
            {"@odata.context": "x#deviceManagement/deviceCompliancePolicies/$entity"},
            "intune-device-configuration",
            id="compliance by context",
        ),
        pytest.param({"@odata.type": "#microsoft.graph.androidManagedStoreApp"}, "intune-mobile-app", id="app"),
        pytest.param({"@odata.type": "#microsoft.graph.detectedApp"}, "unknown", id="detected app"),
        pytest.param({"appsVisibilityListType": "none"}, "intune-device-configuration", id="by key"),
        pytest.param({"packageId": "app:a.b", "appIdentifier": "a.b"}, "intune-mobile-app", id="app by keys"),
        pytest.param(
            {"@odata.context": "x#deviceManagement/configurationPolicies/$entity"},
            "intune-settings-catalog",
            id="context",
        ),
        pytest.param({"@odata.context": "x#users", "id": "1"}, "unknown", id="other context"),
        pytest.param(
            {"@odata.context": "x#deviceManagement/deviceConfigurations", "value": []}, "graph-page", id="page"
        ),
        pytest.param({"value": "x"}, "unknown", id="value is not a list"),
        pytest.param({"packageIds": ["app:a.b"], "approveAllPermissions": False}, "intune-approve-apps", id="approve"),
        pytest.param({"changes": [{"application": {}}]}, "amapi-modify-applications", id="modify"),
        pytest.param({"changes": []}, "amapi-modify-applications", id="modify nothing"),
        pytest.param({"changes": [1]}, "unknown", id="other changes"),
        pytest.param({"method": "PATCH", "query": {"updateMask": "a"}, "body": {}}, "amapi-patch", id="patch"),
        pytest.param({"method": "PATCH", "query": {}, "body": {}}, "unknown", id="patch without mask"),
        pytest.param(
            {"method": "PATCH", "body": {"applications": []}}, "amapi-patch", id="patch of a policy without a mask"
        ),
        pytest.param({"method": "PATCH", "query": {"updateMask": "a"}}, "unknown", id="patch without body"),
        pytest.param({"playStoreMode": "BLACKLIST"}, "amapi-policy", id="policy"),
        pytest.param({"personalUsagePolicies": {}}, "amapi-policy", id="personal policy"),
        pytest.param({"applications": []}, "amapi-policy", id="applications"),
        pytest.param({"applications": 3}, "unknown", id="applications is a number"),
        pytest.param({"packageNames": ["a.b"]}, "unknown", id="remove"),
        pytest.param({}, "unknown", id="empty"),
        pytest.param(None, "unknown", id="null"),
    ],
)
def test_recognises_json(value: Any, kind: str) -> None:
    assert recognise(value, "json") == kind
    assert kind in {*KINDS, UNKNOWN}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("<RuleCollection Type='Exe'/>", "applocker-rules", id="collection"),
        pytest.param("<AppLockerPolicy/>", "applocker-rules", id="whole policy"),
        pytest.param(
            "<restricted_software><general/></restricted_software>", "jamf-restricted-software", id="software"
        ),
        pytest.param("<restricted_software><size>1</size></restricted_software>", "unknown", id="list of software"),
        pytest.param("<configuration_profile><general/></configuration_profile>", "jamf-mobile-profile", id="mobile"),
        pytest.param(
            "<os_x_configuration_profile><general/></os_x_configuration_profile>", "jamf-macos-profile", id="macos"
        ),
        pytest.param("<computer><general/></computer>", "unknown", id="other"),
    ],
)
def test_recognises_xml(text: str, kind: str) -> None:
    assert recognise(etree.fromstring(text), "xml") == kind
