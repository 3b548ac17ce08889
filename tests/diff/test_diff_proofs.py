"""Test that a comparison judges both sides as the verifier does, too: what is proven no more is told, whoever takes it away."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import msgspec
import pytest
from build_kit import DAY
from kind_documents import app, as_json, blocking, device, graph, plist, target, xml

from mdm_policy.diff import WEAKENING, Question, Side, compare_policies
from mdm_policy.errors import Origin
from mdm_policy.model import AcceptedGap
from mdm_policy.verify import Allowances, piece

if TYPE_CHECKING:
    from mdm_policy.diff import Comparison
    from mdm_policy.documents import Document
    from mdm_policy.model import DeviceClass

PHONES = device("ios", ">=15", "phones", supervised=True, enrollment="automated")
ANDROID = device("android", name="managed", mode="fully-managed")
APP = msgspec.structs.replace(
    app(("ios", "bundle_id", "com.tencent.xin"), ("android", "package_name", "com.tencent.mm")),
    key="wechat",
    name="WeChat",
)


def _side(documents: list[Document]) -> Side:
    return Side("side", tuple(documents), pieces=tuple(map(piece, documents)))


def _compared(old: list[Document], new: list[Document], *classes: DeviceClass) -> Comparison:
    return compare_policies(_side(old), _side(new), Question(DAY, (APP,), (), classes), None)


def _policy(name: str, *packages: str) -> Document:
    listed = [{"packageName": one, "installType": "BLOCKED"} for one in packages]
    closed = {"untrustedAppsPolicy": "DISALLOW_INSTALL"}
    whole = {
        "name": f"enterprises/e/policies/{name}",
        "playStoreMode": "BLACKLIST",
        "advancedSecurityOverrides": closed,
    }
    return as_json({**whole, "applications": listed}, f"{name}.json")


def _hidden(*bundles: str) -> Document:
    listed = [{"appId": one, "name": one} for one in bundles]
    assigned = [target("allDevicesAssignmentTarget")]
    keys = {"appsVisibilityListType": "appsNotInListCompliant", "appsVisibilityList": listed}
    return graph("iosGeneralDeviceConfiguration", "h.json", **keys, assignments=assigned)


def _jamf() -> Document:
    payloads = escape(blocking("org.own").data.decode(), quote=False)
    scope = "<scope><all_mobile_devices>true</all_mobile_devices></scope>"
    general = f"<general><id>3</id><name>n</name><payloads>{payloads}</payloads></general>"
    return xml(f"<configuration_profile>{general}{scope}</configuration_profile>", "j.xml")


BAN = blocking("com.tencent.xin")
HELD = _policy("p", "com.tencent.mm")
ROWS = [
    pytest.param([BAN], [BAN], (PHONES,), False, id="nothing changed"),
    pytest.param(
        [HELD], [HELD, _policy("q", "com.tencent.mm")], (ANDROID,), False, id="another policy that blocks as much"
    ),
    pytest.param([HELD], [HELD, _policy("q", "org.own")], (ANDROID,), True, id="another policy that does not"),
    pytest.param([HELD], [HELD, _policy("q", "org.own")], (), True, id="the same where no class is declared"),
    pytest.param(
        [BAN, _policy("q")], [BAN, HELD, _policy("q")], (ANDROID,), False, id="what was not proven before is no loss"
    ),
    pytest.param([BAN], [BAN, HELD], (), False, id="a platform more, and all of it held"),
    pytest.param(
        [BAN],
        [BAN, _policy("q", "org.own")],
        (),
        True,
        id="a platform more, and the ban does not hold there",
    ),
    pytest.param(
        [BAN],
        [BAN, plist({"PayloadType": "com.apple.wifi.managed"}, name="w")],
        (PHONES,),
        False,
        id="a Wi-Fi profile beside",
    ),
]


@pytest.mark.parametrize(("old", "new", "classes", "weakens"), ROWS)
def test_what_is_proven_no_more_is_a_weakening(
    old: list[Document], new: list[Document], classes: tuple[DeviceClass, ...], weakens: bool
) -> None:
    assert _compared(old, new, *classes).weakens is weakens


def test_a_loss_of_the_whole_names_who_takes_it_away() -> None:
    beside = _jamf()
    found = _compared([_hidden("com.tencent.xin")], [_hidden("com.tencent.xin"), beside], PHONES)
    (change,) = [one for one in found.changes if one.direction in WEAKENING]
    assert (change.app, change.platform, change.direction) == ("wechat", "ios", "LOOSENED")
    assert "the new side as a whole does not prove it any more" in change.why


def test_a_gap_that_is_accepted_is_no_loss() -> None:
    gap = AcceptedGap(
        "wechat", PHONES.name, "two MDMs", "the CISO", "letter 12", "2030-01-01", Origin("deployment.yaml")
    )
    old, new = [_hidden("com.tencent.xin")], [_hidden("com.tencent.xin"), _jamf()]
    question = Question(DAY, (APP,), (), (PHONES,), leave=Allowances((), (gap,)))
    assert not compare_policies(_side(old), _side(new), question, None).weakens
