"""Microsoft Graph as the laws of push see it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from emulators.graph import CLIENT, SECRET, TENANT, GraphServer

if TYPE_CHECKING:
    from pathlib import Path

OWNER = "gov.example.agency"
_MARK = re.compile(r"\[mdm-policy:([^:\]]+):([0-9a-f-]{36})\]")
_OTHER = "[mdm-policy:org.other:8c7d3f0e-5b1a-5e7f-9d5a-0d6f6d2f0001]"
_GROUP = "0f0f0f0f-1111-4222-8333-444444444444"


def catalog(name: str, described: str, *apps: str) -> dict[str, Any]:
    """Return a settings catalog policy of somebody else."""
    base = "#microsoft.graph.deviceManagementConfiguration"
    values = [{"@odata.type": f"{base}StringSettingValue", "value": app} for app in apps]
    child = {
        "@odata.type": f"{base}SimpleSettingCollectionInstance",
        "settingDefinitionId": "com.apple.applicationaccess_blockedappbundleids",
        "simpleSettingCollectionValue": values,
    }
    instance = {
        "@odata.type": f"{base}GroupSettingCollectionInstance",
        "settingDefinitionId": "com.apple.applicationaccess_com.apple.applicationaccess",
        "groupSettingCollectionValue": [{"children": [child]}],
    }
    return {
        "name": name,
        "description": described,
        "platforms": "iOS",
        "technologies": "mdm,appleRemoteManagement",
        "templateReference": {"templateId": ""},
        "settings": [{"@odata.type": f"{base}Setting", "settingInstance": instance}],
    }


class Kit:
    """Be Graph as the laws see it."""

    name = "graph"
    env = {"MDM_POLICY_SECRET_GRAPH": SECRET}
    targets = ("intune-ios-settings-catalog", "intune-windows-applocker")

    def emulator(self) -> GraphServer:
        """Return a tenant with other people's objects, some of which look like ours."""
        server = GraphServer()
        everyone = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
        group = {"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": _GROUP}}
        # Policies that reach nobody: with one value for these devices, and ours for all, Intune would show a conflict.
        server.seed("configurationPolicies", catalog("order for Example Agency", "by hand", "com.example.one"))
        server.seed("configurationPolicies", catalog("order", f"Built by mdm-policy {_OTHER}", "com.example.two"))
        ios = {
            "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
            "displayName": "Cameras",
            "cameraBlocked": True,
        }
        server.seed("deviceConfigurations", ios, [everyone, group])
        secret = {
            "@odata.type": "#microsoft.graph.omaSettingString",
            "displayName": "Wi-Fi",
            "omaUri": "./Vendor/MSFT/WiFi/Profile/x",
            "value": "secret of the tenant",
        }
        windows = {"@odata.type": "#microsoft.graph.windows10CustomConfiguration", "omaSettings": [secret]}
        server.seed("deviceConfigurations", {**windows, "displayName": "order", "description": "mdm-policy"})
        return server

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        """Return the settings; the secret is in the environment."""
        del folder
        settings = {"tenant": TENANT, "client_id": CLIENT, "client_secret": {"env": "MDM_POLICY_SECRET_GRAPH"}}
        return {"graph": {**settings, "login_url": url, "graph_url": url}, "assign": "everyone"}

    def _ours(self, server: GraphServer) -> list[tuple[str, str, dict[str, Any]]]:
        found = []
        for id_, one in server.objects.items():
            marks = _MARK.findall(str(one["data"].get("description")))
            if marks and marks[-1][0] == OWNER:
                found.append((id_, marks[-1][1], one))
        return found

    def bans(self, server: GraphServer) -> frozenset[tuple[str, str]]:
        """Return what our assigned objects block: the bundle ids, and the publishers and paths of AppLocker."""
        found: set[tuple[str, str]] = set()
        for _, _, one in self._ours(server):
            includes = [a for a in one["assignments"] if "exclusion" not in a["target"]["@odata.type"]]
            if includes and one["collection"] == "configurationPolicies":
                found |= {("ios", value["value"]) for value in _values(one)}
            elif includes:
                text = "".join(str(setting["value"]) for setting in one["data"].get("omaSettings", ()))
                rules = re.findall(r'Action="Deny".*?<Conditions>(.*?)</Conditions>', text, re.DOTALL)
                found |= {("windows", rule.strip()) for rule in rules}
        return frozenset(found)

    def twins(self, server: GraphServer) -> list[str]:
        """Return the keys that more than one object bears."""
        keys = [key for _, key, _ in self._ours(server)]
        return [key for key in keys if keys.count(key) > 1]

    def foreign(self, server: GraphServer) -> Any:
        """Return what is not ours."""
        return server.foreign()

    def meddle(self, server: GraphServer) -> None:
        """Drop one app from our settings catalog policy in the console."""
        for _, _, one in self._ours(server):
            if one["collection"] == "configurationPolicies":
                del _values(one)[-1:]
                one["data"]["lastModifiedDateTime"] = "2026-11-26T00:00:00Z"

    def harmless(self, server: GraphServer) -> None:
        """Let the service rewrite: order, times, versions, the references of masked values."""
        for id_, _, one in self._ours(server):
            one["data"]["lastModifiedDateTime"] = "2026-11-26T00:00:00Z"
            one["data"]["version"] += 7
            if one["collection"] == "configurationPolicies":
                _values(one).reverse()
            for setting in one["data"].get("omaSettings", ()):
                setting["secretReferenceValueId"] = f"{TENANT}_{id_}_new-{len(json.dumps(setting))}"


def _values(one: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the blocked bundle ids of a policy."""
    group = one["data"]["settings"][0]["settingInstance"]["groupSettingCollectionValue"][0]
    found: list[dict[str, Any]] = next(
        child["simpleSettingCollectionValue"]
        for child in group["children"]
        if child["settingDefinitionId"].endswith("blockedappbundleids")
    )
    return found
