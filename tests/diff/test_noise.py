"""Hold that the daily edits of an export do not cry wolf: of 30 realistic ones at most one ends with 11.

Each starts from documents that ban an app, and edits something beside the ban. A failure prints every edit with its code.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY
from kind_documents import GRAPH, as_json, plist, restrictions, target, xml

from mdm_policy import catalogue
from mdm_policy.diff import Question, Side, compare_policies

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdm_policy.documents import Document

EVERYONE = target("allDevicesAssignmentTarget")
_PREFIX = "com.apple.applicationaccess_"
_POLICY = "device_vendor_msft_policy_config_"

Value = dict[str, Any]
Edit = tuple[list["Document"], list["Document"]]


def _profile(*payloads: Value, **top: Any) -> Document:
    banned = restrictions(blockedAppBundleIDs=["com.a.b"], allowCamera=True, forceEncryptedBackup=True)
    return plist(banned, *payloads, PayloadIdentifier="x.y", PayloadDisplayName="Restrictions", **top)


def _apple(kind: str, old: Value, new: Value) -> Edit:
    made = ({"PayloadType": kind, **one} for one in (old, new))
    before, after = (_profile(one) for one in made)
    return [before], [after]


def _hidden(**keys: Any) -> Document:
    body = {
        "id": "r1",
        "appsVisibilityListType": "appsNotInListCompliant",
        "appsVisibilityList": [{"appId": "com.a.b"}],
        "passcodeMinimumLength": 6,
        "cameraBlocked": False,
        "assignments": [EVERYONE],
    }
    return as_json({"@odata.type": f"{GRAPH}iosGeneralDeviceConfiguration", **body, **keys}, "hidden.json")


def _object(kind: str, old: Value, new: Value) -> Edit:
    """Edit another object of the tenant beside the ban."""
    before, after = (
        as_json(
            {"@odata.type": GRAPH + kind, "id": "o", "displayName": "Other", "assignments": [EVERYONE], **one}, "o.json"
        )
        for one in (old, new)
    )
    return [_hidden(), before], [_hidden(), after]


def _choice(definition: str, value: str) -> Value:
    return {
        "@odata.type": f"{GRAPH}deviceManagementConfigurationChoiceSettingInstance",
        "settingDefinitionId": definition,
        "choiceSettingValue": {"value": f"{definition}_{value}", "children": []},
    }


def _simple(definition: str, value: Any) -> Value:
    return {
        "@odata.type": f"{GRAPH}deviceManagementConfigurationSimpleSettingInstance",
        "settingDefinitionId": definition,
        "simpleSettingValue": {"value": value},
    }


def _catalog(platforms: str, old: Value, new: Value) -> Edit:
    def policy(instance: Value) -> Document:
        settings = [{"id": "0", "settingInstance": instance}]
        body = {
            "id": "c",
            "platforms": platforms,
            "technologies": "mdm",
            "settings": settings,
            "assignments": [EVERYONE],
        }
        return as_json({"@odata.type": f"{GRAPH}deviceManagementConfigurationPolicy", **body}, "c.json")

    return [_hidden(), policy(old)], [_hidden(), policy(new)]


def _amapi(**keys: Any) -> Document:
    body = {
        "name": "enterprises/e/policies/p",
        "version": "3",
        "playStoreMode": "BLACKLIST",
        "applications": [{"packageName": "com.a.b", "installType": "BLOCKED"}],
        "advancedSecurityOverrides": {"untrustedAppsPolicy": "DISALLOW_INSTALL"},
        "statusReportingSettings": {"applicationReportsEnabled": True},
    }
    return as_json({**body, **keys}, "policy.json")


def _android(old: Value, new: Value) -> Edit:
    return [_amapi(**old)], [_amapi(**new)]


def _jamf(category: str, message: str = "no") -> Document:
    return xml(
        "<restricted_software><general><id>7</id><name>Ban</name><process_name>Example</process_name>"
        "<match_exact_process_name>true</match_exact_process_name><kill_process>true</kill_process>"
        f"<delete_executable>false</delete_executable><display_message>{message}</display_message>"
        f"<site><id>-1</id><name>None</name></site><category><id>3</id><name>{category}</name></category></general>"
        "<scope><all_computers>true</all_computers></scope></restricted_software>",
        "restricted.xml",
    )


def _edited(**keys: Any) -> Edit:
    return [_hidden()], [_hidden(**keys)]


_WIFI = "com.apple.wifi.managed"
EDITS: dict[str, Callable[[], Edit]] = {
    "Wi-Fi password in a profile": lambda: _apple(
        _WIFI, {"SSID_STR": "a", "Password": "1"}, {"SSID_STR": "a", "Password": "2"}
    ),
    "mail server in a profile": lambda: _apple("com.apple.mail.managed", {"EmailAddress": "a"}, {"EmailAddress": "b"}),
    "certificate renewed": lambda: _apple(
        "com.apple.security.root", {"PayloadContent": b"a"}, {"PayloadContent": b"b"}
    ),
    "passcode length in a profile": lambda: _apple(
        "com.apple.mobiledevice.passwordpolicy", {"minLength": 6}, {"minLength": 8}
    ),
    "VPN server in a profile": lambda: _apple(
        "com.apple.vpn.managed",
        {"UserDefinedName": "a", "IKEv2": {"RemoteAddress": "a"}},
        {"UserDefinedName": "b", "IKEv2": {}},
    ),
    "update deferral in a profile": lambda: _apple(
        "com.apple.SoftwareUpdate", {"AutomaticDownload": True}, {"AutomaticDownload": False}
    ),
    "dock in a profile": lambda: _apple("com.apple.dock", {"tilesize": 40}, {"tilesize": 48}),
    "name of a profile": lambda: ([_profile()], [_profile(PayloadOrganization="Other", PayloadDescription="x")]),
    "camera in the same payload": lambda: (
        [plist(restrictions(blockedAppBundleIDs=["com.a.b"], allowCamera=True), PayloadIdentifier="x.y")],
        [plist(restrictions(blockedAppBundleIDs=["com.a.b"], allowCamera=False), PayloadIdentifier="x.y")],
    ),
    "passcode length in the same Intune policy": lambda: _edited(passcodeMinimumLength=8),
    "wallpaper in Intune": lambda: _object(
        "iosDeviceFeaturesConfiguration",
        {"wallpaperDisplayLocation": "lockScreen", "wallpaperImage": {"value": "YQ=="}},
        {"wallpaperDisplayLocation": "lockScreen", "wallpaperImage": {"value": "Yg=="}},
    ),
    "Wi-Fi in Intune": lambda: _object("iosWiFiConfiguration", {"ssid": "a"}, {"ssid": "b"}),
    "VPN in Intune": lambda: _object("iosVpnConfiguration", {"connectionName": "a"}, {"connectionName": "b"}),
    "mail in Intune": lambda: _object(
        "iosEasEmailProfileConfiguration", {"hostName": "a"}, {"hostName": "b", "requireSmime": True}
    ),
    "certificate in Intune": lambda: _object(
        "iosScepCertificateProfile", {"subjectNameFormatString": "a"}, {"subjectNameFormatString": "b"}
    ),
    "update ring in Intune": lambda: _object(
        "windowsUpdateForBusinessConfiguration",
        {"qualityUpdatesDeferralPeriodInDays": 3},
        {"qualityUpdatesDeferralPeriodInDays": 7},
    ),
    "kiosk in Intune": lambda: _object(
        "windowsKioskConfiguration", {"kioskBrowserDefaultUrl": "https://a"}, {"kioskBrowserDefaultUrl": "https://b"}
    ),
    "compliance in Intune": lambda: _object(
        "iosCompliancePolicy", {"osMinimumVersion": "17.0"}, {"osMinimumVersion": "18.0", "passcodeRequired": True}
    ),
    "assignment of another policy": lambda: _object(
        "iosWiFiConfiguration",
        {"ssid": "a"},
        {"ssid": "a", "assignments": [target("groupAssignmentTarget", groupId="g")]},
    ),
    "console metadata": lambda: _edited(
        displayName="Banned", version=9, lastModifiedDateTime="2026-11-20T10:00:00Z", roleScopeTagIds=["0", "1"]
    ),
    "BitLocker in the catalog": lambda: _catalog(
        "windows10",
        _choice("device_vendor_msft_bitlocker_requiredeviceencryption", "0"),
        _choice("device_vendor_msft_bitlocker_requiredeviceencryption", "1"),
    ),
    "Defender in the catalog": lambda: _catalog(
        "windows10",
        _choice(f"{_POLICY}defender_allowcloudprotection", "0"),
        _choice(f"{_POLICY}defender_allowcloudprotection", "1"),
    ),
    "browser home page in the catalog": lambda: _catalog(
        "windows10",
        _simple(
            f"{_POLICY}microsoft_edge~policy~microsoft_edge~startup_homepagelocation_homepagelocation", "https://a"
        ),
        _simple(
            f"{_POLICY}microsoft_edge~policy~microsoft_edge~startup_homepagelocation_homepagelocation", "https://b"
        ),
    ),
    "update in the catalog": lambda: _catalog(
        "windows10", _choice(f"{_POLICY}update_allowautoupdate", "1"), _choice(f"{_POLICY}update_allowautoupdate", "4")
    ),
    "Wi-Fi of a Mac in the catalog": lambda: _catalog(
        "macOS", _simple(f"{_WIFI}_ssid_str", "a"), _simple(f"{_WIFI}_ssid_str", "b")
    ),
    "camera of an iPhone in the catalog": lambda: _catalog(
        "iOS", _choice(f"{_PREFIX}allowcamera", "true"), _choice(f"{_PREFIX}allowcamera", "false")
    ),
    "Wi-Fi of an Android policy": lambda: _android(
        {"openNetworkConfiguration": {"NetworkConfigurations": [{"GUID": "a"}]}},
        {"openNetworkConfiguration": {"NetworkConfigurations": [{"GUID": "b"}]}},
    ),
    "passcode and updates of an Android policy": lambda: _android(
        {"passwordPolicies": [{"passwordMinimumLength": 6}], "systemUpdate": {"type": "AUTOMATIC"}},
        {"passwordPolicies": [{"passwordMinimumLength": 8}], "systemUpdate": {"type": "POSTPONE"}},
    ),
    "version of an Android policy": lambda: _android({"version": "3"}, {"version": "4"}),
    "Jamf category": lambda: ([_jamf("Testing")], [_jamf("Production")]),
}


def _code(edit: Edit) -> int:
    old, new = edit
    return compare_policies(Side("old", tuple(old)), Side("new", tuple(new)), Question(DAY), catalogue.load()).exit_code


def test_of_30_daily_edits_at_most_one_cries_wolf() -> None:
    codes = {name: _code(edit()) for name, edit in EDITS.items()}
    assert len(codes) == 30
    assert set(codes.values()) <= {0, 10, 11}
    assert sum(code == 11 for code in codes.values()) <= 1, "\n".join(
        f"{code:2} {name}" for name, code in codes.items()
    )


@pytest.mark.parametrize(
    ("definition", "weakening"),
    [
        pytest.param(f"{_PREFIX}allowappinstallation", True, id="the-store-of-a-phone"),
        pytest.param(f"{_PREFIX}allowmarketplaceappinstallation", True, id="other-stores"),
        pytest.param("com.apple.systempolicy.control_enableassessment", True, id="gatekeeper"),
        pytest.param("com.apple.unheard.of_key", True, id="a-payload-that-apple-has-not"),
        pytest.param(f"{_PREFIX}unheardof", True, id="a-restriction-that-apple-has-not"),
        pytest.param(f"{_POLICY}applicationmanagement_allowalltrustedapps", True, id="side-loading-on-windows"),
        pytest.param(f"{_POLICY}smartscreen_enableappinstallcontrol", True, id="apps-from-the-store-alone"),
        pytest.param(f"{_POLICY}admx_shellcommandpromptregedittools_disallowapps", True, id="disallow-run"),
        pytest.param(f"{_POLICY}microsoft_edge~policy~microsoft_edge_proxymode", True, id="a-browser's-proxy"),
        pytest.param(
            "vendor_msft_firewall_mdmstore_firewallrules_{firewallrulename}_enabled", True, id="a-firewall-rule"
        ),
        pytest.param("vendor_msft_firewall_mdmstore_publicprofile_enablefirewall", False, id="the-firewall"),
        pytest.param("device_vendor_msft_laps_policies_passwordagedays", False, id="laps"),
        pytest.param("com.apple.mcx_com.apple.mcx-accounts_x", False, id="a-payload-of-apple"),
        pytest.param("unheard_of", True, id="an-id-of-nothing-known"),
    ],
)
def test_only_settings_that_a_table_names_are_harmless(definition: str, weakening: bool) -> None:
    edit = _catalog("iOS", _choice(definition, "0"), _choice(definition, "1"))
    assert (_code(edit) == 11) == weakening


def test_a_setting_inside_an_unknown_one_is_judged_by_itself() -> None:
    held = _choice(f"{_POLICY}update_allowautoupdate", "1")
    outer = _choice("unheard_of", "1")
    before, after = copy.deepcopy(outer), copy.deepcopy(outer)
    before["choiceSettingValue"]["children"] = [held]
    after["choiceSettingValue"]["children"] = [_choice(f"{_POLICY}update_allowautoupdate", "2")]
    assert _code(_catalog("windows10", before, after)) == 10
