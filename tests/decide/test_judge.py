from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kind_documents import WECHAT, app, as_json, blocking, device, graph, plist, readings, restrictions

from mdm_policy.decide import judge, preinstalled, reach
from mdm_policy.reading import Reading, Scope

if TYPE_CHECKING:
    from mdm_policy.model import DeviceClass
    from mdm_policy.vocabulary import Platform

DAY = "2026-11-24"
MM = "com.tencent.mm"
XIN = readings(blocking("com.tencent.xin"))[0]
FIELD = device("ios", ">=17", supervised=True, enrollment="automated", managed_by="intune", groups=("field",))


def scoped(
    state: Any, *groups: str, excluded: tuple[str, ...] = (), filtered: bool = False, mdm: str = "intune"
) -> Reading:
    return msgspec.structs.replace(XIN, scope=Scope(state, groups, excluded, filtered), mdm=mdm)


def test_a_proof() -> None:
    found = judge([XIN], FIELD, WECHAT, DAY)
    assert found.proven
    assert (found.app, found.subject, found.platform) == ("wechat", "class", "ios")
    assert found.worst.verdict == "hidden"
    assert found.states == 8
    assert any("does not state whom it reaches" in one.text for one in found.notes)
    assert any("deprecated since ios 27" in one.text for one in found.notes)


@pytest.mark.parametrize(
    ("reading", "cls", "verdict"),
    [
        pytest.param(scoped("everyone"), FIELD, "hidden", id="everyone"),
        pytest.param(scoped("nobody"), FIELD, "allowed", id="nobody"),
        pytest.param(scoped("not-stated"), FIELD, "hidden", id="not-stated"),
        pytest.param(scoped("groups", "field", "lab"), FIELD, "hidden", id="its-group"),
        pytest.param(scoped("groups", "lab"), FIELD, "unknown", id="another-group"),
        pytest.param(
            scoped("groups", "lab"),
            device("ios", ">=17", supervised=True, enrollment="automated"),
            "unknown",
            id="a-class-without-groups",
        ),
        pytest.param(scoped("groups"), FIELD, "unknown", id="no-group-named"),
        pytest.param(scoped("everyone", filtered=True), FIELD, "unknown", id="filter"),
        pytest.param(scoped("everyone", excluded=("field",)), FIELD, "unknown", id="its-group-excluded"),
        pytest.param(scoped("everyone", excluded=("lab",)), FIELD, "hidden", id="another-group-excluded"),
        pytest.param(
            scoped("everyone", excluded=("lab",)),
            device("ios", ">=17", supervised=True, enrollment="automated"),
            "unknown",
            id="excluded-from-a-class-without-groups",
        ),
        pytest.param(scoped("everyone", mdm="jamf"), FIELD, "allowed", id="another-mdm"),
        pytest.param(scoped("everyone", mdm=""), FIELD, "hidden", id="any-mdm"),
    ],
)
def test_scope_decides(reading: Reading, cls: DeviceClass, verdict: str) -> None:
    found = judge([reading], cls, WECHAT, DAY)
    assert found.worst.verdict == verdict
    assert found.proven == (verdict == "hidden")


def test_a_document_that_reaches_nobody_is_named_in_the_gap() -> None:
    (gap,) = judge([scoped("nobody")], FIELD, WECHAT, DAY).gaps
    assert "p.mobileconfig is assigned to nobody" in gap.reason
    assert gap.decision.path == "p.mobileconfig"


def test_scope_that_is_not_stated_can_be_required() -> None:
    found = judge([XIN], FIELD, WECHAT, DAY, require_scope=True)
    assert found.worst.verdict == "unknown"
    assert "does not state whom it reaches" in found.gaps[0].reason


@pytest.mark.parametrize(
    ("reading", "note"),
    [
        pytest.param(scoped("groups", "lab"), "reaches only lab", id="groups"),
        pytest.param(scoped("everyone", excluded=("lab",)), "excludes lab", id="exclusion"),
    ],
)
def test_without_classes_groups_are_a_note(reading: Reading, note: str) -> None:
    found = judge([reading], "ios", WECHAT, DAY)
    assert found.proven
    assert any(note in one.text for one in found.notes)


def configuration(identifier: str = "x.y") -> Reading:
    body = {
        "Type": "com.apple.configuration.app.settings",
        "Identifier": identifier,
        "Payload": {"Allowed": {"DeniedApps": ["com.tencent.xin"]}},
    }
    return readings(as_json(body, "c.json"))[0]


def activation(name: str, **payload: str) -> Reading:
    body = {
        "Type": "com.apple.activation.simple",
        "Identifier": "x.a",
        "Payload": {"StandardConfigurations": [name], **payload},
    }
    return readings(as_json(body, "a.json"))[0]


NEW = device("ios", ">=27", supervised=True, enrollment="automated")


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param([configuration()], "hidden", id="none-among-the-inputs"),
        pytest.param([configuration(), activation("x.y")], "hidden", id="named"),
        pytest.param([configuration(), activation("x.z")], "allowed", id="not-named"),
        pytest.param([configuration(), activation("x.y", Predicate="(a)")], "unknown", id="under-a-predicate"),
        pytest.param(
            [configuration(), activation("x.y", Predicate="(a)"), activation("x.y")], "hidden", id="also-without-one"
        ),
    ],
)
def test_activations_decide(found: list[Reading], verdict: str) -> None:
    assert judge(found, NEW, WECHAT, DAY).worst.verdict == verdict


def test_an_unactivated_configuration_is_named() -> None:
    assert "named by no activation" in reach(configuration(), NEW, [activation("x.z")]).note


def test_the_smallest_counterexample_comes_first() -> None:
    found = judge([XIN], device("ios", ">=14", supervised=True, enrollment="automated"), WECHAT, DAY)
    (gap,) = found.gaps
    assert str(gap.state) == "ios 14.5, supervised, automated enrollment, store app, not installed yet"
    assert gap.states == 8
    assert found.worst.verdict == "allowed"


def test_each_way_to_fail_is_one_gap() -> None:
    found = judge([XIN], device("ios", ">=17"), WECHAT, DAY)
    assert [(gap.decision.verdict, "user enrollment" in gap.reason) for gap in found.gaps] == [
        ("unenforceable", False),
        ("unenforceable", True),
    ]


def test_a_class_that_contradicts_itself_proves_nothing() -> None:
    found = judge([XIN], device("ios", "<15,>=17"), WECHAT, DAY)
    assert not found.proven
    assert (found.worst.verdict, found.states, found.worst_state) == ("unknown", 0, None)


@pytest.mark.parametrize(("least", "proven"), [("weak", True), ("partial", False), ("strong", False)])
def test_strength_below_the_least_is_a_gap(least: Any, proven: bool) -> None:
    weak = {
        "PayloadType": "com.apple.applicationaccess.new",
        "familyControlsEnabled": True,
        "pathBlackList": ["/A/WeChat.app"],
        "pathWhiteList": ["/"],
    }
    found = judge(readings(plist(weak)), device("macos", ">=14", enrollment="automated"), WECHAT, DAY, least)
    assert found.proven == proven
    assert [gap.reason.startswith("weak only on") for gap in found.gaps] == ([] if proven else [True])


def test_a_strength_without_escapes() -> None:
    rule = msgspec.structs.replace(XIN.rules[0], strength="weak")
    weak = msgspec.structs.replace(XIN, rules=(rule,), effects=(msgspec.structs.replace(XIN.effects[0], rule=rule),))
    assert not judge([weak], FIELD, WECHAT, DAY).gaps[0].reason.endswith("escape")


POLICY = readings(
    as_json({"playStoreMode": "BLACKLIST", "applications": [{"packageName": MM, "installType": "BLOCKED"}]})
)
PERSONAL = readings(
    graph(
        "androidDeviceOwnerGeneralDeviceConfiguration",
        playStoreMode="allowList",
        personalProfilePlayStoreMode="blockedApps",
        personalProfilePersonalApplications=[{"appId": MM}],
    )
)
COPE_ONLY = readings(
    as_json(
        {
            "method": "PATCH",
            "query": {"updateMask": "personalUsagePolicies,applications"},
            "body": {
                "personalUsagePolicies": {"personalApplications": [{"packageName": MM, "installType": "BLOCKED"}]}
            },
        }
    )
)


def test_the_strongest_class_has_the_newest_system_only() -> None:
    assert (
        judge(readings(plist(restrictions(blacklistedAppBundleIDs=["com.tencent.xin"]))), "ios", WECHAT, DAY).states
        == 4
    )


@pytest.mark.parametrize(
    ("makers", "platform", "expected"),
    [
        pytest.param((), "android", False, id="nobody"),
        pytest.param(("Xiaomi",), "android", True, id="a-maker"),
        pytest.param(("Xiaomi",), "ios", False, id="not-on-apples-devices"),
        pytest.param(("Apple",), "ios", True, id="apple"),
        pytest.param(("Apple",), "android", False, id="apple-not-on-android"),
    ],
)
def test_who_preinstalls(makers: tuple[str, ...], platform: Platform, expected: bool) -> None:
    assert preinstalled(app(("ios", "bundle_id", "x.y"), makers=makers), platform) == expected


def test_a_preinstalled_app_survives_on_the_personal_side() -> None:
    lists = {
        "playStoreMode": "BLACKLIST",
        "applications": [{"packageName": MM, "installType": "BLOCKED"}],
        "personalUsagePolicies": {"personalApplications": [{"packageName": MM, "installType": "BLOCKED"}]},
    }
    cope = device("android", ">=12", mode="cope", origins=("store",))
    policy = readings(as_json(lists))
    assert judge(policy, cope, WECHAT, DAY).proven
    shipped = app(("android", "package_name", MM), makers=("Xiaomi",))
    found = judge(policy, device("android", ">=12", mode="cope"), shipped, DAY)
    reasons = {(gap.state.origin, gap.decision.verdict) for gap in found.gaps if gap.state}
    assert reasons == {("preinstalled", "allowed")}


IDS = st.lists(st.sampled_from(["com.tencent.xin", "a.b", "c.d"]), unique=True)


@given(blocked=IDS, more=IDS)
def test_adding_a_deny_list_never_opens_anything(blocked: list[str], more: list[str]) -> None:
    few = readings(blocking(*blocked))
    many = few + readings(blocking(*more))
    first, second = judge(few, FIELD, WECHAT, DAY), judge(many, FIELD, WECHAT, DAY)
    assert second.proven or not first.proven


@given(allowed=IDS, more=IDS)
def test_a_second_allow_list_never_opens_anything(allowed: list[str], more: list[str]) -> None:
    one = readings(plist(restrictions(allowListedAppBundleIDs=allowed)))
    two = one + readings(plist(restrictions(allowListedAppBundleIDs=more)))
    assert judge(two, FIELD, WECHAT, DAY).proven or not judge(one, FIELD, WECHAT, DAY).proven
