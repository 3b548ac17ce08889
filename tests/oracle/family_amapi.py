"""Android Management API: policies, alone, as alternatives, in pages and envelopes, on each way of management."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oracle.amapi_facts import changes_answer, policies_answer
from oracle.common import Document, Scenario, Settled, chosen, worst

if TYPE_CHECKING:
    import random

IDS = ["org.example.one", "org.example.two", "org.example.six", "org.example.Seven"]
OTHERS = ["com.example.mail", "com.example.notes", "com.example.maps"]
RELEASED = ["AVAILABLE", "FORCE_INSTALLED", "PREINSTALLED", "INSTALL_TYPE_UNSPECIFIED", "REQUIRED_FOR_SETUP", "KIOSK"]

MISTAKES = [
    "unknown",
    "mode",
    "personal-mode",
    "type",
    "switch",
    "string",
    "days",
    "custom",
    "kiosk",
    "rule",
    "late",
    "app",
    "versions",
    "constraint",
    "network",
    "where",
    "personal-type",
    "personal-key",
    "overrides",
    "list",
]


def _app(rng: random.Random, package: str) -> dict[str, Any]:
    style = chosen(rng, {"blocked": 82, "released": 6, "none": 3, "disabled": 6, "custom": 3})
    app: dict[str, Any] = {"packageName": package}
    if style == "blocked":
        app["installType"] = "BLOCKED"
    elif style == "released":
        app["installType"] = rng.choice(RELEASED)
    elif style == "custom":
        app["installType"] = "CUSTOM"
        app["signingKeyCerts"] = [{"signingKeyCertFingerprintSha256": "A" * 43 + "="}]
    elif style == "disabled":
        app["disabled"] = rng.random() < 0.8
    if rng.random() < 0.05:
        app["managedConfiguration"] = {"Colour": "blue"}
    if rng.random() < 0.04:
        app["disabled"] = True
    return app


def _misspelt(rng: random.Random, package: str) -> str:
    return rng.choice([package.upper(), package.swapcase(), f"{package}.lite", package.replace("org", "com")])


def _applications(rng: random.Random, share: float) -> list[dict[str, Any]]:
    apps = [_app(rng, one) for one in IDS if rng.random() < share]
    apps += [{"packageName": one, "installType": "AVAILABLE"} for one in OTHERS if rng.random() < 0.3]
    if apps and rng.random() < 0.05:
        one = rng.choice(apps)
        one["packageName"] = _misspelt(rng, one["packageName"])
    if apps and rng.random() < 0.05:
        apps.append({**rng.choice(apps), "installType": rng.choice(["BLOCKED", "AVAILABLE"])})
    rng.shuffle(apps)
    return apps


def _personal(rng: random.Random) -> dict[str, Any]:
    personal: dict[str, Any] = {}
    mode = chosen(rng, {"none": 15, "BLOCKLIST": 65, "BLACKLIST": 6, "ALLOWLIST": 10, "PLAY_STORE_MODE_UNSPECIFIED": 4})
    if mode != "none":
        personal["personalPlayStoreMode"] = mode
    share = 0.9 if mode != "ALLOWLIST" else 0.5
    listed = [
        {"packageName": one, "installType": chosen(rng, {"BLOCKED": 92, "AVAILABLE": 6, "INSTALL_TYPE_UNSPECIFIED": 2})}
        for one in IDS
        if rng.random() < share
    ]
    if listed and rng.random() < 0.04:
        del rng.choice(listed)["installType"]
    if listed and rng.random() < 0.04:
        one = rng.choice(listed)
        one["packageName"] = _misspelt(rng, one["packageName"])
    if listed and rng.random() < 0.04:
        listed.append({**rng.choice(listed), "installType": rng.choice(["BLOCKED", "AVAILABLE"])})
    if rng.random() < 0.96:
        personal["personalApplications"] = listed
    if rng.random() < 0.3:
        personal["privateSpacePolicy"] = rng.choice(["PRIVATE_SPACE_ALLOWED", "PRIVATE_SPACE_DISALLOWED"])
    if rng.random() < 0.1:
        personal["maxDaysWithWorkOff"] = rng.choice([0, 3, 30])
    return personal


def _overrides(rng: random.Random) -> dict[str, Any]:
    overrides: dict[str, Any] = {}
    untrusted = chosen(rng, {"none": 30, "closed": 55, "unspecified": 3, "personal": 6, "wide": 6})
    if untrusted != "none":
        overrides["untrustedAppsPolicy"] = {
            "closed": "DISALLOW_INSTALL",
            "unspecified": "UNTRUSTED_APPS_POLICY_UNSPECIFIED",
            "personal": "ALLOW_INSTALL_IN_PERSONAL_PROFILE_ONLY",
            "wide": "ALLOW_INSTALL_DEVICE_WIDE",
        }[untrusted]
    settings = chosen(rng, {"none": 50, "DISABLED": 40, "ALLOWED": 7, "UNSPECIFIED": 3})
    if settings != "none":
        overrides["developerSettings"] = f"DEVELOPER_SETTINGS_{settings}"
    if rng.random() < 0.2:
        overrides["googlePlayProtectVerifyApps"] = rng.choice(["VERIFY_APPS_ENFORCED", "VERIFY_APPS_USER_CHOICE"])
    return overrides


def _rule(days: int) -> dict[str, Any]:
    return {
        "settingName": "applications",
        "blockAction": {"blockAfterDays": days},
        "wipeAction": {"wipeAfterDays": days + 9},
    }


def _policy(rng: random.Random, mode: str) -> dict[str, Any]:
    policy: dict[str, Any] = {}
    store = chosen(rng, {"none": 18, "WHITELIST": 27, "BLACKLIST": 52, "PLAY_STORE_MODE_UNSPECIFIED": 3})
    if store != "none":
        policy["playStoreMode"] = store
    policy["applications"] = _applications(rng, 0.92 if store == "BLACKLIST" else 0.5)
    if mode == "cope" or rng.random() < 0.15:
        policy["personalUsagePolicies"] = _personal(rng)
    if rng.random() < 0.75:
        policy["advancedSecurityOverrides"] = _overrides(rng)
    for key, share in {
        "addUserDisabled": 0.3,
        "modifyAccountsDisabled": 0.2,
        "installAppsDisabled": 0.04,
        "uninstallAppsDisabled": 0.05,
        "debuggingFeaturesAllowed": 0.06,
        "installUnknownSourcesAllowed": 0.04,
        "blockApplicationsEnabled": 0.04,
        "bluetoothDisabled": 0.1,
    }.items():
        if rng.random() < share:
            policy[key] = rng.random() < 0.6
    if rng.random() < 0.1:
        policy["policyEnforcementRules"] = [_rule(rng.randrange(1, 9))]
    if rng.random() < 0.1:
        policy["statusReportingSettings"] = {"applicationReportsEnabled": True}
    if rng.random() < 0.1:
        policy["appAutoUpdatePolicy"] = rng.choice(["WIFI_ONLY", "ALWAYS"])
    return policy


def _spoil(rng: random.Random, policy: dict[str, Any]) -> None:  # noqa: C901 - one branch a mistake
    style = rng.choice(MISTAKES)
    apps, personal = policy["applications"], policy.setdefault("personalUsagePolicies", {})
    if style == "unknown":
        policy[rng.choice(["untrustedAppsPolicy", "workProfilePolicy", "policyEnforced"])] = True
    elif style == "mode":
        policy["playStoreMode"] = rng.choice(["BLOCKLIST", "ALLOWLIST", "blacklist"])
    elif style == "personal-mode":
        personal["personalPlayStoreMode"] = rng.choice(["WHITELIST", "blocklist"])
    elif style == "type" and apps:
        rng.choice(apps)["installType"] = rng.choice(["blocked", "DISALLOWED", "REMOVED"])
    elif style == "switch":
        policy["bluetoothDisabled"] = rng.choice(["true", 1])
    elif style == "string":
        policy["appAutoUpdatePolicy"] = "Always"
    elif style == "days":
        personal["maxDaysWithWorkOff"] = rng.choice([1, 2])
    elif style == "custom":
        apps.append({"packageName": "com.example.own", "installType": "CUSTOM"})
    elif style == "kiosk":
        apps += [{"packageName": f"com.example.kiosk{number}", "installType": "KIOSK"} for number in (1, 2)]
    elif style == "rule":
        policy["policyEnforcementRules"] = [{"settingName": "applications", "blockAction": {"blockAfterDays": 1}}]
    elif style == "late":
        policy["policyEnforcementRules"] = [{**_rule(3), "wipeAction": {"wipeAfterDays": 3}}]
    elif style == "versions":
        apps += [
            {"packageName": f"com.example.app{number}", "installType": "AVAILABLE", "minimumVersionCode": 3}
            for number in range(21)
        ]
    elif style == "constraint":
        apps.append({"packageName": "com.example.big", "installConstraint": [{}, {}]})
    elif style == "network":
        policy["openNetworkConfiguration"] = "{}"
    elif style == "where":
        policy["developerSettings"] = "DEVELOPER_SETTINGS_DISABLED"
    elif style == "personal-type":
        personal.setdefault("personalApplications", []).append({"packageName": IDS[0], "installType": "DISALLOWED"})
    elif style == "personal-key":
        personal["personalApplicationPolicy"] = []
    elif style == "overrides":
        policy["advancedSecurityOverrides"] = rng.choice(["DISALLOW_INSTALL", {"untrustedAppsPolicy": "DISALLOW"}])
    elif style == "list":
        policy["applications"] = {"packageName": IDS[0], "installType": "BLOCKED"}
    elif apps:
        rng.choice(apps)[rng.choice(["policy", "blocked"])] = "BLOCKED"


class Amapi:
    """Policies of the Android Management API."""

    name = "amapi"
    settled: tuple[Settled, ...] = ()
    faults: tuple[Settled, ...] = ()

    def generate(self, rng: random.Random) -> Scenario:
        """Draw one to three policies, and devices of one way of management."""
        mode = chosen(rng, {"fully-managed": 42, "dedicated": 15, "cope": 38, "byod": 5})
        policies = [_policy(rng, mode) for _ in range(int(chosen(rng, {"1": 75, "2": 18, "3": 7})))]
        form = chosen(rng, {"alone": 67, "page": 15, "envelope": 14, "changes": 4})
        answered = form == "page" or rng.random() < 0.25
        for number, policy in enumerate(policies):
            if rng.random() < 0.1:
                _spoil(rng, policy)
            if answered:
                policy.update(name=f"enterprises/LC01/policies/p{number}", version=str(rng.randrange(1, 90)))
        documents = [Document(f"p{number}.json", policy) for number, policy in enumerate(policies)]
        if form == "page":
            page: dict[str, Any] = {"policies": policies}
            if rng.random() < 0.5:
                page["nextPageToken"] = "CAUQ"
            documents = [Document("policies.json", page)]
        elif form == "changes":
            changes = [{"application": one, "updateMask": "installType"} for one in _applications(rng, 0.9)]
            documents = [Document("changes.json", {"changes": changes})]
        elif form == "envelope":
            documents = [Document(one.path, {"policy": one.tree}) for one in documents]
        device: dict[str, Any] = {"name": "class", "platform": "android", "mode": mode}
        device["os"] = rng.choice([">=12", ">=11, <16", ">=14"]) if rng.random() < 0.97 else ">=9, <11"
        origins = chosen(rng, {"none": 60, "store": 20, "both": 10, "side": 5, "preinstalled": 5})
        if origins != "none":
            device["origins"] = {
                "store": ["store"],
                "both": ["store", "sideloaded"],
                "side": ["sideloaded"],
                "preinstalled": ["store", "preinstalled"],
            }[origins]
        apps = (
            {"name": "one", "android": {"package_name": [IDS[0]]}},
            {"name": "two", "android": {"package_name": [IDS[1], IDS[2]]}},
            {"name": "seven", "android": {"package_name": [IDS[3]]}},
        )
        return Scenario(tuple(documents), device, apps)

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each policy alone; the worst counts."""
        if "changes" in scenario.documents[0].tree:
            changes = [one["application"] for one in scenario.documents[0].tree["changes"]]
            return {
                app["name"]: worst(
                    changes_answer(changes, one, scenario.device) for one in app["android"]["package_name"]
                )
                for app in scenario.apps
            }
        policies: list[dict[str, Any]] = []
        for document in scenario.documents:
            tree = document.tree
            policies += tree["policies"] if "policies" in tree else [tree.get("policy", tree)]
        more = any("nextPageToken" in one.tree for one in scenario.documents)
        return {
            app["name"]: worst(
                policies_answer(policies, package, scenario.device, more=more)
                for package in app["android"]["package_name"]
            )
            for app in scenario.apps
        }

    def encode(self, document: Document) -> bytes:
        """Write JSON."""
        return json.dumps(document.tree, indent=1).encode()


FAMILY = Amapi()
