"""Intune on iPhones and iPads: templates, the settings catalog, custom profiles, compliance and apps, with their assignments."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from oracle.apple_draws import payload, profile
from oracle.apple_facts import ACCESS, states
from oracle.apple_facts import written as as_profile
from oracle.common import NOT_HELD, OPEN, Document, Scenario, Settled, chosen, worst
from oracle.intune_draws import PREFIX, assigned, device_keys, into_files, listed, names_of, policies_of, written
from oracle.intune_facts import (
    ALLOWED_IDS,
    BLOCKED_IDS,
    CATALOG,
    COMPLIANCE,
    CUSTOM,
    GENERAL,
    RESTRICTIONS,
    by_worlds,
    ios_answer,
    odd,
    reach,
    widened,
)

if TYPE_CHECKING:
    import random

IDS = ["org.example.one", "org.example.two", "org.example.three"]
STORE = {"org.example.three": "414478124"}
CONFIGURATION = f"{PREFIX}deviceManagementConfiguration"
APPS = (
    {"name": "one", "ios": {"bundle_id": [IDS[0]]}},
    {"name": "two", "ios": {"bundle_id": [IDS[1]]}},
    {"name": "three", "ios": {"bundle_id": [IDS[2]], "app_store_id": [STORE[IDS[2]]]}},
)


def _some(rng: random.Random, share: float) -> list[str]:
    return [one for one in IDS if rng.random() < share] + (["com.example.mail"] if rng.random() < 0.3 else [])


def _entry(rng: random.Random, name: str) -> dict[str, Any]:
    url = f"https://apps.apple.com/us/app/{name.rpartition('.')[2]}/id{STORE[name]}" if name in STORE else None
    return listed(name, None if url and rng.random() < 0.25 else name, url)


def _general(rng: random.Random, number: int) -> dict[str, Any]:
    kind = chosen(rng, {"appsNotInListCompliant": 74, "appsInListCompliant": 10, "none": 8, "missing": 4, "report": 4})
    share = 0.5 if kind == "appsInListCompliant" else 0.9
    entries = [_entry(rng, one) for one in _some(rng, share)]
    policy: dict[str, Any] = {"@odata.type": GENERAL, "id": f"g{number}", "displayName": f"Hidden {number}"}
    if kind == "report":
        return policy | {"compliantAppListType": "appsNotInListCompliant", "compliantAppsList": entries}
    if kind != "missing":
        policy["appsVisibilityListType"] = kind
    policy["appsVisibilityList"] = entries if rng.random() < 0.97 else None
    if rng.random() < 0.2:
        policy["compliantAppListType"] = "none"
        policy["compliantAppsList"] = []
    if rng.random() < 0.1:
        policy["cameraBlocked"] = True
    return policy


def _strings(values: list[str]) -> list[dict[str, Any]]:
    return [{"@odata.type": f"{CONFIGURATION}StringSettingValue", "value": one} for one in values]


def _collection(setting: str, values: list[str]) -> dict[str, Any]:
    return {
        "@odata.type": f"{CONFIGURATION}SimpleSettingCollectionInstance",
        "settingDefinitionId": setting,
        "simpleSettingCollectionValue": _strings(values),
    }


def _catalog(rng: random.Random, number: int) -> dict[str, Any]:
    children = []
    style = chosen(rng, {"block": 84, "allow": 9, "both": 4, "other": 3})
    if style in {"block", "both"}:
        children.append(_collection(BLOCKED_IDS, _some(rng, 0.9)))
    if style in {"allow", "both"}:
        children.append(_collection(ALLOWED_IDS, _some(rng, 0.4)))
    if style == "other" or rng.random() < 0.08:
        word = rng.choice(["true", "false"])
        children.append(
            {
                "@odata.type": f"{CONFIGURATION}ChoiceSettingInstance",
                "settingDefinitionId": "com.apple.applicationaccess_allowappinstallation",
                "choiceSettingValue": {
                    "@odata.type": f"{CONFIGURATION}ChoiceSettingValue",
                    "value": f"com.apple.applicationaccess_allowappinstallation_{word}",
                    "children": [],
                },
            }
        )
    instance = {
        "@odata.type": f"{CONFIGURATION}GroupSettingCollectionInstance",
        "settingDefinitionId": RESTRICTIONS,
        "groupSettingCollectionValue": [{"children": children}],
    }
    return {
        "@odata.type": CATALOG,
        "id": f"c{number}",
        "name": f"Blocked {number}",
        "platforms": "iOS" if rng.random() < 0.96 else "macOS",
        "technologies": "mdm,appleRemoteManagement",
        "templateReference": {"templateId": ""},
        "settings": [{"@odata.type": f"{CONFIGURATION}Setting", "settingInstance": instance}],
    }


def _custom(rng: random.Random, number: int) -> dict[str, Any]:
    keys = (
        {"blockedAppBundleIDs": _some(rng, 0.9)} if rng.random() < 0.9 else {"allowListedAppBundleIDs": _some(rng, 0.4)}
    )
    name = f"org.example.p{number}"
    return {
        "@odata.type": CUSTOM,
        "id": f"p{number}",
        "displayName": f"Profile {number}",
        "payloadName": name,
        "payloadFileName": "apps.mobileconfig",
        "profile": profile(rng, name, [payload(rng, ACCESS, f"{name}.access", **keys)]),
    }


def _other(rng: random.Random, number: int) -> dict[str, Any]:
    if rng.random() < 0.5:
        return {
            "@odata.type": COMPLIANCE,
            "id": f"o{number}",
            "displayName": "Compliance",
            "restrictedApps": [listed(one, one) for one in IDS],
            "scheduledActionsForRule": [
                {
                    "ruleName": "PasswordRequired",
                    "scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 0}],
                }
            ],
        }
    return {"@odata.type": f"{PREFIX}iosStoreApp", "id": f"a{number}", "displayName": "One", "bundleId": IDS[0]}


def _spoil(rng: random.Random, policy: dict[str, Any]) -> None:
    kind = policy["@odata.type"]
    if kind == GENERAL and policy.get("appsVisibilityList"):
        style = rng.choice(["type", "strings", "key", "name only"])
        if style == "type":
            policy["appsVisibilityListType"] = rng.choice(["blockedApps", "AppsNotInListCompliant"])
        elif style == "strings":
            policy["appsVisibilityList"] = [one["appId"] or "" for one in policy["appsVisibilityList"]]
        elif style == "key":
            policy["appsVisibilityList"] = [{"bundleId": one["appId"]} for one in policy["appsVisibilityList"]]
        else:
            policy["appsVisibilityList"][0]["appId"] = policy["appsVisibilityList"][0]["appStoreUrl"] = None
    elif kind == CATALOG:
        instance = policy["settings"][0]["settingInstance"]
        child = instance["groupSettingCollectionValue"][0]["children"][0]
        style = rng.choice(["id", "single", "group"])
        if style == "id":
            child["settingDefinitionId"] = "com.apple.applicationaccess_allowedappbundleids"
        elif style == "single" and child.get("simpleSettingCollectionValue"):
            child["simpleSettingCollectionValue"] = child["simpleSettingCollectionValue"][0]
        else:
            instance["settingDefinitionId"] = "com.apple.applicationaccess"


class IntuneIos:
    """Policies of Intune for iPhones and iPads."""

    name = "intune_ios"
    settled: tuple[Settled, ...] = ()
    faults: tuple[Settled, ...] = ()

    def generate(self, rng: random.Random) -> Scenario:
        """Draw one to three policies with their assignments, and a class of devices."""
        device: dict[str, Any] = {"name": "class", "platform": rng.choice(["ios", "ios", "ipados"])}
        device["os"] = rng.choice([">=17", ">=15", ">=26", ">=17, <27", ">=14, <16"])
        device |= {"supervised": True, "enrollment": "automated"}
        style = chosen(rng, {"automated": 88, "device": 6, "user": 6})
        if style != "automated":
            device |= {"supervised": False, "enrollment": style}
        device |= device_keys(rng)
        draws = {"general": _general, "catalog": _catalog, "custom": _custom, "other": _other}
        policies = []
        for number in range(int(chosen(rng, {"1": 62, "2": 28, "3": 10}))):
            kind = chosen(rng, {"general": 38, "catalog": 38, "custom": 16, "other": 8})
            policy = draws[kind](rng, number)
            if rng.random() < 0.08:
                _spoil(rng, policy)
            policies.append(assigned(rng, policy, ours=names_of(device)))
        if len(policies) > 1 and rng.random() < 0.15:
            policies[1] = {**policies[0], "id": "same"}
        return Scenario(into_files(rng, policies), device, APPS)

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Judge each app in each choice of policies that may reach the class."""
        policies, more = policies_of(scenario.documents)
        strange = [one for one in policies if odd(one)]
        found = {}
        for app in scenario.apps:
            answer = self._answer([one for one in policies if one not in strange], app["ios"], scenario.device)
            if any(reach(one, scenario.device) != "no" for one in strange):
                # What can be read of it may count, or nothing of it.
                readable = [one for one in policies if one not in strange or one["@odata.type"] == CATALOG]
                answer |= self._answer(readable, app["ios"], scenario.device)
                answer = NOT_HELD if answer == OPEN else widened(answer)
            found[app["name"]] = widened(answer) if more else answer
        return found

    @staticmethod
    def _answer(policies: list[dict[str, Any]], app: dict[str, Any], device: dict[str, Any]) -> frozenset[str]:
        reaching = [(one, reach(one, device)) for one in policies]
        return worst(
            by_worlds(reaching, lambda chosen, state=state: ios_answer(chosen, app, state)) for state in states(device)
        )

    def encode(self, document: Document) -> bytes:
        """Write the objects of Graph, each profile in base64."""
        tree = document.tree
        if "value" in tree:
            return written(document, {**tree, "value": [_as_stored(one) for one in tree["value"]]})
        return written(document, _as_stored(tree))


def _as_stored(policy: dict[str, Any]) -> dict[str, Any]:
    if "profile" not in policy:
        return policy
    stored = {key: value for key, value in policy.items() if key != "profile"}
    return {**stored, "payload": base64.b64encode(as_profile(policy["profile"])).decode()}


FAMILY = IntuneIos()
