"""Hold what is said of OMA settings by their node: read, of no concern to apps, or judged by nobody."""

from __future__ import annotations

from typing import Any

import pytest
from build_kit import DAY
from kind_documents import GRAPH, as_json, target

from mdm_policy import catalogue
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.kinds import read
from mdm_policy.verify import piece

DEVICE = "./Device/Vendor/MSFT"
APPLOCKER = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/Group/EXE/Policy"
RULES = "PFJ1bGVDb2xsZWN0aW9uLz4="


def configured(uri: str, value: Any, kind: str = "omaSettingString") -> Any:
    setting = {"@odata.type": GRAPH + kind, "displayName": "x", "omaUri": uri, "value": value}
    return as_json(
        {
            "@odata.type": f"{GRAPH}windows10CustomConfiguration",
            "id": "w",
            "omaSettings": [setting],
            "assignments": [target("allDevicesAssignmentTarget")],
        }
    )


NODES = {
    "camera": (f"{DEVICE}/Policy/Config/Camera/AllowCamera", 0, 1, False),
    "camera, in the short form": ("./Vendor/MSFT/Policy/Config/Camera/AllowCamera", 0, 1, False),
    "update": (f"{DEVICE}/Policy/Config/Update/AllowAutoUpdate", 1, 2, False),
    "BitLocker": (f"{DEVICE}/BitLocker/RequireDeviceEncryption", 0, 1, False),
    "the home page of Chrome": (
        f"{DEVICE}/Policy/Config/Chrome~Policy~googlechrome~Startup/HomepageLocation",
        '<enabled/><data id="HomepageLocation" value="https://a.example"/>',
        '<enabled/><data id="HomepageLocation" value="https://b.example"/>',
        False,
    ),
    "the block list of Chrome": (
        f"{DEVICE}/Policy/Config/Chrome~Policy~googlechrome/URLBlocklist",
        '<enabled/>\n<data id="URLBlocklistDesc" value="1&#xF000;a.example"/>',
        "<disabled/>",
        True,
    ),
    "the block list of Edge": (
        f"{DEVICE}/Policy/Config/Edge~Policy~microsoft_edge/URLBlocklist",
        '<enabled /><data id="URLBlocklistDesc" value="1&#xF000;a.example"/>',
        '<enabled /><data id="URLBlocklistDesc" value="1&#xF000;b.example"/>',
        True,
    ),
    "sideloading": (f"{DEVICE}/Policy/Config/ApplicationManagement/AllowAllTrustedApps", 0, 1, True),
    "an agent": ("./Vendor/MSFT/SomeAgent/Thing", 0, 1, True),
    "KNOX": ("./Vendor/MSFT/PolicyManager/My/ApplicationManagement/PreventStartPackages", "a.b;c.d;", "c.d;", True),
    "a firewall rule": (f"{DEVICE}/Firewall/MdmStore/FirewallRules/a/Enabled", True, False, True),
    "no node": ("", "a", "b", True),
    "AppLocker in base64": (APPLOCKER, RULES, RULES[::-1], True),
}


@pytest.mark.parametrize(("uri", "old", "new", "unjudged"), NODES.values(), ids=NODES)
def test_a_setting_is_judged_by_its_node(uri: str, old: Any, new: Any, unjudged: bool) -> None:
    sides = (Side("old", (configured(uri, old),)), Side("new", (configured(uri, new),)))
    found = compare_policies(*sides, Question(DAY), catalogue.load())
    assert {one.direction for one in found.changes} - {"COSMETIC"} == ({"UNJUDGED"} if unjudged else set())


@pytest.mark.parametrize("value", ["<enabled/><data/>", "<Enabled />", "\n<disabled/>", "\ufeff<enabled/> <data/>"])
def test_a_value_of_an_ingested_template_is_no_document(value: str) -> None:
    document = configured(f"{DEVICE}/Policy/Config/ADMX_Cpls/UseDefaultTile", value)
    assert (document.inner, document.findings) == ((), ())
    assert "payload-unreadable" not in [one.id for one in read(document).findings]


def test_a_node_that_takes_a_document_is_not_said_to_be_unjudged() -> None:
    rules = '<RuleCollection Type="Exe" EnforcementMode="Enabled"/>'
    assert piece(configured(APPLOCKER, rules)).unjudged == ()
    assert [one.unit for one in piece(configured(APPLOCKER, RULES, "omaSettingBase64")).unjudged] == [
        "/omaSettings/*/value"
    ]


@pytest.mark.parametrize(
    ("uri", "value"),
    [
        pytest.param("./Vendor/MSFT/WiFi/Profile/A/WlanXml", "<WLANProfile><name>A</name></WLANProfile>", id="wi-fi"),
        pytest.param(f"{DEVICE}/VPNv2/A/ProfileXML", "<VPNProfile>", id="vpn"),
        pytest.param(f"{DEVICE}/Policy/Config/Start/StartLayout", "<LayoutModificationTemplate/>", id="start"),
    ],
)
def test_what_a_node_takes_that_concerns_no_app_is_not_opened(uri: str, value: str) -> None:
    document = configured(uri, value)
    assert (document.inner, document.findings, piece(document).unjudged) == ((), (), ())
