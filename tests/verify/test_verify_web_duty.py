"""Say which route is closed on a class, by which documents, and what that means for the duty and for web apps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cli_kit import run

if TYPE_CHECKING:
    from pathlib import Path

LIST = """\
ban_list: ours
authority: {citation: Memo, effective: 2024-01-01, duties: [no-install, no-launch, no-traffic]}
bans:
  - {name: Tool, windows: {package_family_name: Example.Tool_8wekyb3d8bbwe}, domains: [tool.example], not_on: [ios, macos, android]}
"""
DEPLOYMENT = """\
organization: {name: Agency, identifier: org.example}
lists: [list.yaml]
devices:
  - {name: laptops, platform: windows, os: ">=10.0.18362", managed_by: intune}
  - {name: others, platform: windows, os: ">=10.0.18362", managed_by: intune}
"""
HEAD = "$TTL 300\n@ IN SOA localhost. hostmaster.localhost. 1 3600 600 604800 300\n"
ZONE = f"{HEAD}tool.example CNAME .\n*.tool.example CNAME .\n"
INDICATORS = {
    "Indicators": [{"indicatorType": "DomainName", "indicatorValue": "tool.example", "action": "Block", "title": "t"}]
}
_ID = "device_vendor_msft_policy_config_defender_enablenetworkprotection"


def protection(value: str, **more: Any) -> dict[str, Any]:
    instance = {"settingDefinitionId": _ID, "choiceSettingValue": {"value": f"{_ID}_{value}", "children": []}}
    kind = "#microsoft.graph.deviceManagementConfigurationPolicy"
    return {
        "@odata.type": kind,
        "platforms": "windows10",
        "technologies": "mdm",
        "settings": [{"settingInstance": instance}],
        **more,
    }


def custom(value: int) -> dict[str, Any]:
    uri = "./Device/Vendor/MSFT/Policy/Config/Defender/EnableNetworkProtection"
    setting = {"@odata.type": "#microsoft.graph.omaSettingInteger", "displayName": "n", "omaUri": uri, "value": value}
    return {"@odata.type": "#microsoft.graph.windows10CustomConfiguration", "omaSettings": [setting]}


def notes(folder: Path, *args: str, **files: Any) -> dict[str, list[str]]:
    """Return what is said of no-traffic, by class."""
    (folder / "list.yaml").write_text(LIST, "utf-8")
    (folder / "d.yaml").write_text(DEPLOYMENT, "utf-8")
    for name, held in files.items():
        text = held if isinstance(held, str) else json.dumps(held)
        (folder / f"{name}.{'zone' if isinstance(held, str) else 'json'}").write_text(text, "utf-8")
    paths = [str(folder / one.name) for one in folder.iterdir() if one.suffix in (".zone", ".json")]
    done = run(
        "verify", *paths, "--deployment", str(folder / "d.yaml"), "--as-of", "2026-01-01", "--format", "json", *args
    )
    found: dict[str, list[str]] = {"laptops": [], "others": []}
    for one in json.loads(done.out)["notes"]:
        text = one if isinstance(one, str) else json.dumps(one)
        for name, told in found.items():
            if name in text and "no-traffic" in text:
                told.append(text)
    return found


@pytest.mark.parametrize(
    ("files", "closed"),
    [
        pytest.param({"a": INDICATORS, "b": protection("1")}, True, id="blocks"),
        pytest.param({"a": INDICATORS, "b": custom(1)}, True, id="by-oma-uri"),
        pytest.param(
            {"a": INDICATORS, "b": {"@odata.type": "#microsoft.graph.windows10EndpointProtectionConfiguration", "defenderNetworkProtectionType": "enable"}},
            True,
            id="by-template",
        ),
        pytest.param({"a": INDICATORS}, False, id="alone"),
        pytest.param({"a": INDICATORS, "b": protection("2")}, False, id="audits"),
        pytest.param({"a": INDICATORS, "b": protection("0")}, False, id="off"),
        pytest.param({"a": INDICATORS, "b": custom(2)}, False, id="audits-by-oma-uri"),
        pytest.param({"a": INDICATORS, "b": protection("1"), "c": protection("2")}, False, id="both"),
        pytest.param({"a": INDICATORS, "b": protection("1", assignments=[])}, False, id="assigned-to-nobody"),
        pytest.param({"b": protection("1")}, False, id="no-indicator"),
    ],
)  # fmt: skip
def test_indicators_close_a_site_where_network_protection_blocks(
    tmp_path: Path, files: dict[str, Any], closed: bool
) -> None:
    told = notes(tmp_path, **files)
    assert any("closed in every app where network protection blocks" in one for one in told["laptops"]) is closed
    assert any("duty-unmet" in one for one in told["laptops"]) is not closed


def test_a_zone_counts_for_the_class_that_is_named(tmp_path: Path) -> None:
    told = notes(tmp_path, "--for", f"laptops={tmp_path / 'a.zone'}", a=ZONE)
    assert any("closed in every app that resolves through the zone" in one for one in told["laptops"])
    assert not any("duty-unmet" in one for one in told["laptops"])
    assert any("duty-unmet" in one for one in told["others"])


def test_a_zone_by_itself_counts_for_nobody(tmp_path: Path) -> None:
    told = notes(tmp_path, a=ZONE)
    assert all(any("duty-unmet" in one for one in each) for each in told.values())
    assert not any("closed in" in one for each in told.values() for one in each)
