"""The Android Management API as the laws of push see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from emulators.amapi import ENTERPRISE, Server, account

if TYPE_CHECKING:
    from pathlib import Path

WIFI = "canary-wifi-password"
COPE = {
    "playStoreMode": "BLACKLIST",
    "applications": [
        {"packageName": "com.google.android.gm", "installType": "FORCE_INSTALLED"},
        {
            "packageName": "com.example.vpn",
            "installType": "AVAILABLE",
            "managedConfiguration": {"psk": "canary-vpn-psk", "empty": "", "off": False},
        },
        {"packageName": "com.foreign.banned", "installType": "BLOCKED"},
        {"packageName": "com.tencent.mm", "installType": "AVAILABLE", "minimumVersionCode": 7},
    ],
    "personalUsagePolicies": {
        "cameraDisabled": True,
        "maxDaysWithWorkOff": 5,
        "personalApplications": [{"packageName": "com.foreign.banned", "installType": "BLOCKED"}],
    },
    "advancedSecurityOverrides": {"commonCriteriaMode": "COMMON_CRITERIA_MODE_ENABLED"},
    "statusReportingSettings": {"networkInfoEnabled": True},
    "openNetworkConfiguration": {"NetworkConfigurations": [{"WiFi": {"Passphrase": WIFI}}]},
    "passwordPolicies": [{"passwordMinimumLength": 8}],
    "policyEnforcementRules": [
        {"settingName": "applications", "blockAction": {"blockAfterDays": 1}, "wipeAction": {"wipeAfterDays": 9}}
    ],
}
"""A policy of a company-owned fleet, in which nearly everything is somebody else's."""
_SEEDED = frozenset({"com.google.android.gm", "com.example.vpn", "com.foreign.banned"})
_OURS = frozenset(
    {
        "playStoreMode",
        "personalPlayStoreMode",
        "untrustedAppsPolicy",
        "googlePlayProtectVerifyApps",
        "developerSettings",
        "addUserDisabled",
        "applicationReportsEnabled",
        "softwareInfoEnabled",
        "applicationReportingSettings",
        "version",
    }
)


class Kit:
    """Be the Android Management API as the laws see it."""

    name = "amapi"
    env = {
        "MDM_POLICY_SECRET_AMAPI": json.dumps(account()),
        "AMAPI_CANARY_KEY": account()["private_key"].splitlines()[5],
        "AMAPI_CANARY_WIFI": WIFI,
        "AMAPI_CANARY_VPN": "canary-vpn-psk",
    }
    targets = ("amapi-cope", "amapi-fully-managed")
    unbans = False
    """An app that falls off the list stays blocked: nothing in a policy tells whose an entry is."""

    def emulator(self) -> Server:
        """Return an enterprise with one policy that exists, one that does not, and two that are none of our business."""
        server = Server()
        server.seed("company", COPE)
        server.seed("default", {"playStoreMode": "WHITELIST"})
        server.seed("company-2", COPE)
        server.enroll("one", policyName=f"{ENTERPRISE}/policies/company")  # no device has the other two
        return server

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        """Return the settings; the service account's key is in the environment."""
        del folder
        settings = {
            "enterprise": ENTERPRISE,
            "policies": {"amapi-cope": "company", "amapi-fully-managed": "kiosks"},
            "service_account": {"env": "MDM_POLICY_SECRET_AMAPI"},
            "url": url,
            "token_url": f"{url}/token",
        }
        return {"amapi": settings}

    def bans(self, emulator: Server) -> frozenset[tuple[str, str, str]]:
        """Return the packages that our policies block now, each with its policy and side."""
        found = set()
        for name in ("company", "kiosks"):
            policy = emulator.policies.get(f"{ENTERPRISE}/policies/{name}", {})
            personal = policy.get("personalUsagePolicies", {}).get("personalApplications", [])
            for side, entries in (("work", policy.get("applications", [])), ("personal", personal)):
                banned = {one["packageName"] for one in entries if one.get("installType") == "BLOCKED"}
                found |= {(name, side, package) for package in banned - {"com.foreign.banned"}}
        return frozenset(found)

    def twins(self, emulator: Server) -> list[str]:
        """Return nothing: a policy is found by its name, and a name has one policy."""
        del emulator
        return []

    def foreign(self, emulator: Server) -> Any:
        """Return all that was there before us: other policies whole, ours without what we set."""
        return {
            name: _foreign(policy) if name.endswith("/company") else json.dumps(policy)
            for name, policy in emulator.policies.items()
            if not name.endswith("/kiosks")
        }

    def maskless(self, emulator: Server) -> list[str]:
        """Return the policies that a PATCH without a mask replaced: a law says none."""
        return emulator.maskless

    def meddle(self, emulator: Server) -> None:
        """Let a person allow one banned app on the work side."""
        for name in ("company", "kiosks"):
            policy = emulator.policies.get(f"{ENTERPRISE}/policies/{name}", {})
            for entry in policy.get("applications", []):
                if entry.get("installType") == "BLOCKED" and entry["packageName"] != "com.foreign.banned":
                    entry["installType"] = "AVAILABLE"
                    policy["version"] = str(int(policy["version"]) + 1)
                    return

    def harmless(self, emulator: Server) -> None:
        """Let the server answer in another order, at a later version."""
        name = f"{ENTERPRISE}/policies/company"
        policy = emulator.policies[name]
        theirs = [one for one in policy["applications"] if one["packageName"] in _SEEDED]
        ours = [one for one in policy["applications"] if one["packageName"] not in _SEEDED]
        policy["applications"] = [*reversed(ours), *theirs]
        emulator.policies[name] = dict(reversed(policy.items()))
        emulator.policies[name]["version"] = str(int(policy["version"]) + 1)


def _foreign(value: Any) -> Any:
    """Return the part of a seeded policy that is not ours: seeded entries in their order, other fields whole."""
    if isinstance(value, list):
        return [
            _foreign(one) for one in value if not isinstance(one, dict) or one.get("packageName", "") in {*_SEEDED, ""}
        ]
    if isinstance(value, dict):
        return {key: _foreign(one) for key, one in value.items() if key not in _OURS}
    return value
