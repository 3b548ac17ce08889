"""What ChromeOS is told about Android apps: ArcPolicy, and the app policies of the Chrome Policy API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kind_documents import app, as_json, device, does, readings, says

from mdm_policy.decide import judge
from mdm_policy.kinds import read, read_each
from mdm_policy.kinds.accounting import leaves

DAY = "2026-11-28"


def arc(*apps: Any, **top: Any) -> Any:
    return as_json({"ArcPolicy": json.dumps({"applications": list(apps)}), **top})


def entry(package: str = "a.b", word: str | None = "BLOCKED", **keys: Any) -> dict[str, Any]:
    return {"packageName": package, **({} if word is None else {"installType": word}), **keys}


@pytest.mark.parametrize(
    ("document", "effects", "findings"),
    [
        (arc(entry()), [("chromeos-arc-blocked", "block", "package_name", "a.b")], []),
        (arc(entry(word=None)), [("chromeos-arc-allowed", "allow", "package_name", "a.b")], []),
        (
            arc(entry(), DeviceCrostiniArcAdbSideloadingAllowed=1),
            [("chromeos-arc-blocked-open", "block", "package_name", "a.b")],
            ["sideload-open"],
        ),
        (
            arc(entry(), DeviceCrostiniArcAdbSideloadingAllowed=0),
            [("chromeos-arc-blocked", "block", "package_name", "a.b")],
            [],
        ),
        (arc(entry(word="KIOSK")), [], ["install-type-word", "no-effect"]),
        (
            arc(entry("app:a.b")),
            [("chromeos-arc-blocked", "block", "package_name", "app:a.b")],
            ["entry-matches-nothing"],
        ),
        (as_json({"ArcPolicy": {"applications": [entry()]}}), [], ["arc-policy-not-json", "no-effect"]),
        (as_json({"ArcPolicy": "{,}"}), [], ["arc-policy-not-json", "no-effect"]),
        (as_json({"ArcPolicy": ""}), [], ["no-effect"]),
    ],
    ids=["blocked", "default", "sideloading", "closed", "word", "prefix", "object", "broken", "empty"],
)
def test_what_arc_policy_does(document: Any, effects: list[Any], findings: list[str]) -> None:
    assert does(document) == effects
    assert says(document) == findings


def test_it_acts_on_chromeos_alone() -> None:
    found = readings(arc(entry()))
    banned = app(("android", "package_name", "a.b"))
    assert judge(found, device("chromeos"), banned, DAY).proven
    assert not judge(found, device("android", ">=13", mode="fully-managed"), banned, DAY).proven
    opened = readings(arc(entry(), CrostiniArcAdbSideloadingAllowed=1))
    assert not judge(opened, device("chromeos"), banned, DAY).proven
    assert judge(opened, device("chromeos", origins=("store",)), banned, DAY).proven


def test_what_else_it_holds_is_unjudged() -> None:
    document = arc(entry(defaultPermissionPolicy="DENY", managedConfiguration={"x": 1}), ArcEnabled=True)
    found = {(leaf.role, leaf.where.rpartition("/")[2]) for leaf, _ in leaves(document, read(document).columns)}
    assert found == {("unjudged", "ArcEnabled"), ("unjudged", "x"), ("harmless", "defaultPermissionPolicy")}


def asked(word: str = "BLOCKED", app_id: str = "android:a.b", **keys: Any) -> dict[str, Any]:
    return {
        "policyTargetKey": {"targetResource": "orgunits/x", "additionalTargetKeys": {"app_id": app_id}},
        "policyValue": {"policySchema": "chrome.users.apps.InstallType", "value": {"appInstallType": word}},
        "updateMask": "appInstallType",
        **keys,
    }


def answered(word: str = "BLOCKED", unit: str = "orgunits/x") -> dict[str, Any]:
    key = {"targetResource": unit, "additionalTargetKeys": {"app_id": "android:a.b"}}
    value = {"policySchema": "chrome.users.apps.InstallType", "value": {"appInstallType": word}}
    return {"targetKey": key, "value": value, "sourceKey": {"targetResource": "orgunits/root"}}


BLOCKS = [("chromeos-app-blocked", "block", "package_name", "a.b")]


@pytest.mark.parametrize(
    ("document", "effects", "findings"),
    [
        ({"requests": [asked()]}, BLOCKS, []),
        ({"requests": [asked(updateMask={"paths": "appInstallType"})]}, BLOCKS, []),
        ({"resolvedPolicies": [answered()]}, BLOCKS, []),
        ({"resolvedPolicies": [answered("FORCED")]}, [("chromeos-app-allowed", "allow", "package_name", "a.b")], []),
        ({"requests": [asked(), asked(app_id="chrome:abc")]}, BLOCKS, []),
        ({"requests": [asked(updateMask="other")]}, [], ["no-effect", "outside-update-mask"]),
        ({"requests": [asked("REMOVE")]}, [], ["install-type-word", "no-effect"]),
        ({"resolvedPolicies": [answered()], "nextPageToken": "x"}, BLOCKS, ["page-incomplete"]),
    ],
    ids=["request", "mask-object", "answer", "forced", "extension", "mask", "word", "page"],
)
def test_what_the_chrome_policy_api_does(document: Any, effects: list[Any], findings: list[str]) -> None:
    opened = as_json(document)
    assert does(opened) == effects
    assert sorted(one.id for reading in read_each(opened) for one in reading.findings) == findings


def test_each_unit_is_a_group_of_its_own() -> None:
    page = as_json({"resolvedPolicies": [answered(), answered("ALLOWED", "orgunits/y")]})
    assert [reading.scope.groups for reading in read_each(page)] == [("orgunits/x",), ("orgunits/y",)]
    banned = app(("android", "package_name", "a.b"))
    mine = device("chromeos", groups=("orgunits/x",), origins=("store",))
    refused = judge(read_each(as_json({"resolvedPolicies": [answered()]})), mine, banned, DAY)
    assert [gap.decision.verdict for gap in refused.gaps] == ["not-installable"], "a copy that is there already stays"


def test_what_is_taken_back_blocks_nothing() -> None:
    inherit = {key: value for key, value in asked().items() if key == "policyTargetKey"}
    taken = as_json({"requests": [{**inherit, "policySchema": "chrome.users.apps.InstallType"}]})
    assert does(taken) == []
