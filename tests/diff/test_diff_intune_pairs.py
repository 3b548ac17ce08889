"""Rebuild the 17 one-change pairs on Intune documents that a backup tool's comparison was measured with.

Of the 12 that weaken a ban, IntuneCD 2.6.0 reports half as no difference (2026-05-29, PyPI): it ignores keys that come
or go, and the assignments. Each has its direction here; what is harmless is no alarm.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY
from policy_mutants import ALL_DEVICES

from mdm_policy import catalogue
from mdm_policy.diff import WEAKENING, Comparison, Question, Side, compare_policies
from mdm_policy.kinds import open_document

if TYPE_CHECKING:
    from collections.abc import Callable

_APPS = [("WeChat", "com.tencent.xin"), ("QQ", "com.tencent.mqq"), ("TikTok", "com.zhiliaoapp.musically")]
_RESTRICTIONS: dict[str, Any] = {
    "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
    "displayName": "Banned apps",
    "appsVisibilityListType": "appsNotInListCompliant",
    "appsVisibilityList": [
        {
            "@odata.type": "#microsoft.graph.appListItem",
            "name": name,
            "publisher": "x",
            "appStoreUrl": None,
            "appId": bundle,
        }
        for name, bundle in _APPS
    ],
    "assignments": [ALL_DEVICES],
}
_PREFIX = "com.apple.applicationaccess_"
_CATALOG: dict[str, Any] = {
    "name": "Banned apps",
    "platforms": "iOS",
    "technologies": "mdm,appleRemoteManagement",
    "assignments": [ALL_DEVICES],
    "settings": [
        {
            "id": "0",
            "settingInstance": {
                "settingDefinitionId": f"{_PREFIX}com.apple.applicationaccess",
                "groupSettingCollectionValue": [
                    {
                        "children": [
                            {
                                "settingDefinitionId": f"{_PREFIX}blockedappbundleids",
                                "simpleSettingCollectionValue": [{"value": bundle} for _, bundle in _APPS],
                            }
                        ]
                    }
                ],
            },
        }
    ],
}
_GROUP = _CATALOG["settings"][0]["settingInstance"]["groupSettingCollectionValue"][0]


def _edited(base: dict[str, Any], edit: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    made = copy.deepcopy(base)
    edit(made)
    return made


def _group(policy: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = policy["settings"][0]["settingInstance"]["groupSettingCollectionValue"][0]
    return found


def _report_only(policy: dict[str, Any]) -> None:
    policy["compliantAppsList"] = policy.pop("appsVisibilityList")
    policy["compliantAppListType"] = policy.pop("appsVisibilityListType")


def _compared(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Comparison:
    sides = [
        Side(
            name,
            tuple(open_document(f"{name}/{place}.json", json.dumps(one).encode()) for place, one in enumerate(each)),
            name,
        )
        for name, each in (("old", old), ("new", new))
    ]
    return compare_policies(sides[0], sides[1], Question(DAY), catalogue.load())


_WEAKENING = [
    pytest.param(_RESTRICTIONS, lambda p: p["appsVisibilityList"].pop(0), "LOOSENED", 1, id="01 one app removed"),
    pytest.param(
        _RESTRICTIONS,
        lambda p: p.update(appsVisibilityListType="appsInListCompliant"),
        "LOOSENED",
        3,
        id="02 an allow list",
    ),
    pytest.param(_RESTRICTIONS, lambda p: p.pop("appsVisibilityListType"), "INEFFECTIVE", 3, id="03 list type missing"),
    pytest.param(_RESTRICTIONS, lambda p: p.pop("appsVisibilityList"), "LOOSENED", 3, id="04 whole list missing"),
    pytest.param(_RESTRICTIONS, lambda p: p.update(appsVisibilityList=None), "LOOSENED", 3, id="05 list null"),
    pytest.param(_RESTRICTIONS, _report_only, "INEFFECTIVE", 3, id="06 moved to the list that reports"),
    pytest.param(_RESTRICTIONS, lambda p: p.pop("assignments"), "NARROWED", 3, id="07 assignments removed"),
    pytest.param(_RESTRICTIONS, lambda p: p.update(assignments=[]), "INEFFECTIVE", 3, id="07 assignments emptied"),
    pytest.param(
        _RESTRICTIONS, lambda p: p["appsVisibilityList"][1].pop("appId"), "LOOSENED", 1, id="08 appId missing"
    ),
    pytest.param(
        _RESTRICTIONS,
        lambda p: p["appsVisibilityList"][0].update(appId="com.tencent.Xin"),
        "INEFFECTIVE",
        1,
        id="09 another case",
    ),
    pytest.param(_CATALOG, lambda p: _group(p)["children"].pop(), "LOOSENED", 3, id="10 a catalog child removed"),
    pytest.param(_CATALOG, lambda p: _group(p).pop("children"), "LOOSENED", 3, id="11 the key children missing"),
    pytest.param(
        _RESTRICTIONS,
        lambda p: p["appsVisibilityList"].__delitem__(slice(0, 2)),
        "LOOSENED",
        2,
        id="13 two apps removed",
    ),
]


@pytest.mark.parametrize(("base", "edit", "direction", "count"), _WEAKENING)
def test_a_weakening_pair_has_its_direction(base: dict[str, Any], edit: Any, direction: str, count: int) -> None:
    found = _compared([base], [_edited(base, edit)])
    assert [change.direction for change in found.changes if change.direction in WEAKENING] == [direction] * count
    assert found.exit_code == 11


_HARMLESS = [
    pytest.param(lambda _: None, id="00 identical"),
    pytest.param(lambda p: p["appsVisibilityList"].reverse(), id="12 another order"),
    pytest.param(lambda p: p["appsVisibilityList"].append(p["appsVisibilityList"][0]), id="15 an app twice"),
]


@pytest.mark.parametrize("edit", _HARMLESS)
def test_a_harmless_pair_is_no_alarm(edit: Any) -> None:
    found = _compared([_RESTRICTIONS], [_edited(_RESTRICTIONS, edit)])
    assert found.exit_code == 0
    assert {change.direction for change in found.changes} <= {"COSMETIC"}


_EXTRA = [
    pytest.param(
        {"compliantAppListType": "appsInListCompliant", "compliantAppsList": [{"appId": "com.example.mail"}]},
        (0, {"EQUIVALENT"}),
        id="14 a list of compliant apps",
    ),
    pytest.param(
        {"appsSingleAppModeList": [{"appId": "com.example.mail"}]},
        (11, {"UNJUDGED"}),
        id="14 a list for single app mode",
    ),
]


@pytest.mark.parametrize(("extra", "expected"), _EXTRA)
def test_an_extra_key_is_reported(extra: dict[str, Any], expected: tuple[int, set[str]]) -> None:
    found = _compared([_RESTRICTIONS], [{**_RESTRICTIONS, **extra}])
    assert (found.exit_code, {change.direction for change in found.changes}) == expected


def test_an_extra_allow_list_is_reported() -> None:
    def edit(policy: dict[str, Any]) -> None:
        allow = {
            "settingDefinitionId": f"{_PREFIX}allowlistedappbundleids",
            "simpleSettingCollectionValue": [{"value": "com.example.mail"}],
        }
        _group(policy)["children"].append(allow)

    found = _compared([_CATALOG], [_edited(_CATALOG, edit)])
    assert [(c.direction, c.name) for c in found.changes if c.direction != "EQUIVALENT"] == [
        ("TIGHTENED", "every app that is not named")
    ]
    assert found.exit_code == 10


def test_16_an_item_moved_to_another_policy_is_equivalent() -> None:
    first = _edited(_RESTRICTIONS, lambda p: p["appsVisibilityList"].pop(0))
    second = {**_RESTRICTIONS, "displayName": "More", "appsVisibilityList": [{"appId": "org.example.own"}]}
    moved = {**second, "appsVisibilityList": [{"appId": "org.example.own"}, _RESTRICTIONS["appsVisibilityList"][0]]}
    found = _compared([_RESTRICTIONS, second], [first, moved])
    assert [(change.direction, change.name) for change in found.changes] == [("EQUIVALENT", "WeChat")]
    assert found.exit_code == 0


_OS = "deviceManagementApplicabilityRuleOsVersion"
_EDITION = "deviceManagementApplicabilityRuleOsEdition"
_VERSIONS = {"ruleType": "include", "minOSVersion": "15", "maxOSVersion": "17", "name": "phones"}
_EDITIONS = {"ruleType": "exclude", "osEditionTypes": ["windows10Home", "windows10Pro"], "name": "x"}
_RULED: list[Any] = [
    pytest.param({_OS: _VERSIONS}, {_OS: {**_VERSIONS, "minOSVersion": "16"}}, True, id="another first version"),
    pytest.param({_OS: _VERSIONS}, {_OS: {**_VERSIONS, "maxOSVersion": "16"}}, True, id="another last version"),
    pytest.param({_OS: _VERSIONS}, {_OS: {**_VERSIONS, "ruleType": "exclude"}}, True, id="the other way round"),
    pytest.param({_OS: _VERSIONS}, {_EDITION: _EDITIONS}, True, id="another rule"),
    pytest.param({_OS: _VERSIONS}, {_OS: _VERSIONS, _EDITION: _EDITIONS}, True, id="one rule more"),
    pytest.param({}, {_OS: _VERSIONS}, True, id="a rule where there was none"),
    pytest.param({_OS: _VERSIONS}, {_OS: {**_VERSIONS, "name": "renamed"}}, False, id="another name"),
    pytest.param(
        {_EDITION: _EDITIONS},
        {_EDITION: {**_EDITIONS, "osEditionTypes": ["windows10Pro", "windows10Home"]}},
        False,
        id="another order",
    ),
    pytest.param({_OS: _VERSIONS}, {}, False, id="the rule is gone"),
]


@pytest.mark.parametrize("assigned", [True, False], ids=["assigned", "not stated"])
@pytest.mark.parametrize(("before", "after", "weakens"), _RULED)
def test_an_applicability_rule_counts_with_its_parameters(
    before: dict[str, Any], after: dict[str, Any], weakens: bool, assigned: bool
) -> None:
    plain = {key: value for key, value in _RESTRICTIONS.items() if assigned or key != "assignments"}
    sides = [open_document("h.json", json.dumps({**plain, **rules}).encode()) for rules in (before, after)]
    found = compare_policies(Side("old", (sides[0],)), Side("new", (sides[1],)), Question(DAY), None)
    assert found.weakens is weakens
    assert not found.unjudged
