"""Hold what diff says of many identifiers, documents and policies to what it says of each by itself."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_documents import as_json, blocking, graph, plist, publisher_rule, restrictions, rules_xml, target, xml

from mdm_policy import catalogue
from mdm_policy.diff import EFFORT, Comparison, Question, Side, compare_policies, other_keys
from mdm_policy.diff import lines as lines_module
from mdm_policy.diff.mentions import _tail, fold, fold_all
from mdm_policy.diff.units import Apps, _lone
from mdm_policy.errors import PolicyError
from mdm_policy.vocabulary import FAMILY_OF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.diff import Direction
    from mdm_policy.documents import Document

KNOWN = catalogue.load()
WECHAT = "com.tencent.mm"


def compared(old: Sequence[Document], new: Sequence[Document], **question: Any) -> Comparison:
    return compare_policies(Side("old", tuple(old)), Side("new", tuple(new)), Question(DAY, **question), KNOWN)


def told(comparison: Comparison) -> list[tuple[str, str]]:
    return [(change.direction, change.name) for change in comparison.changes]


def policies(*each: tuple[str, tuple[str, ...]], file: str = "list.json") -> Document:
    made = [
        {
            "name": name,
            "version": "1",
            "playStoreMode": "BLACKLIST",
            "applications": [{"packageName": package, "installType": "BLOCKED"} for package in packages],
        }
        for name, packages in each
    ]
    return as_json({"policies": made} if len(each) > 1 else made[0], file)


P0, P1, Q0 = "enterprises/e/policies/p0", "enterprises/e/policies/p1", "enterprises/f/policies/p0"
_L: Direction
_L, _T = "LOOSENED", "TIGHTENED"
_BOTH = policies((P0, (WECHAT, "a.b")), (P1, ("a.b",)))
_ROWS = [
    pytest.param(_BOTH, policies((P0, ("a.b",)), (P1, ("a.b",))), [(_L, "WeChat")], "policies/p0", id="lost in one"),
    pytest.param(_BOTH, policies((P1, ("a.b",)), (P0, ("a.b", WECHAT))), [], "", id="in another order"),
    pytest.param(
        _BOTH, policies((P0, ("a.b",)), (P1, ("a.b", WECHAT))), [(_L, "WeChat")], "policies/p0", id="moved to the other"
    ),
    pytest.param(
        _BOTH,
        policies((P0, ("a.b",))),
        [(_L, "a.b"), (_L, "every app that is not named"), (_L, "WeChat")],
        "policies/p1",
        id="list and one file",
    ),
    pytest.param(
        _BOTH, policies((Q0, ("a.b",)), (P1, ("a.b",))), [(_L, "WeChat")], "policies/p0", id="another enterprise"
    ),
    pytest.param(
        policies((P0, (WECHAT,)), file="x.json"),
        policies((P1, ("a.b",)), file="x.json"),
        [(_L, "WeChat"), (_T, "a.b")],
        "",
        id="the policy of a file has another name",
    ),
    pytest.param(
        policies((P0, (WECHAT,)), (P1, (WECHAT,))),
        policies(("enterprises/e/policies/new", (WECHAT,)), ("enterprises/e/policies/open", ())),
        [(_L, "WeChat")],
        "policies/p0",
        id="nobody knows which policy took their places",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected", "who"), _ROWS)
def test_each_policy_of_a_list_counts_for_itself(
    old: Document, new: Document, expected: list[tuple[str, str]], who: str
) -> None:
    found = [one for one in compared([old], [new]).changes if one.direction not in ("COSMETIC", "EQUIVALENT")]
    assert [(one.direction, one.name) for one in found] == expected
    assert who in "".join(change.who for change in found)


def test_a_document_beside_policies_is_one_of_the_places_where_devices_live() -> None:
    listed = [{"name": "x", "appId": "x.y"}]
    intune = graph(
        "androidDeviceOwnerGeneralDeviceConfiguration",
        playStoreMode="blockList",
        personalProfilePersonalApplications=listed,
        personalProfilePlayStoreMode="blockedApps",
    )
    one = policies((P0, (WECHAT,)), file="p.json")
    kept = policies(("enterprises/e/policies/other", (WECHAT,)), ("enterprises/e/policies/third", (WECHAT,)))
    alone, beside = compared([one], [kept]), compared([one], [kept, intune])
    assert [direction for direction, _ in told(alone)] == ["EQUIVALENT"]
    assert (_L, "WeChat") in told(beside)


_IDS = st.sets(st.sampled_from(["a.b", "a.B", "a.bc", "com.zoom.xin", "x", "com.tencent.xin", "org.e", "org.é"]))


def _documents(
    apple: set[str], spoilt: set[str], android: set[str], exe: set[str], vendors: set[str]
) -> list[Document]:
    inside = [publisher_rule(f"O={name}", binary=name.upper() + ".EXE") for name in sorted(exe)]
    inside += [publisher_rule(f"O={name}") for name in sorted(vendors)]
    blocked = [{"packageName": one, "installType": "BLOCKED"} for one in sorted(android)]
    return [
        plist(restrictions(blockedAppBundleIDs=sorted(apple), blockedAppBundleIds=sorted(spoilt))),
        as_json({"playStoreMode": "BLACKLIST", "applications": blocked}, "android.json"),
        xml(rules_xml(*inside)),
    ]


_SIDE = st.builds(_documents, _IDS, _IDS, _IDS, _IDS, _IDS)


@settings(deadline=None)
@given(_SIDE, _SIDE)
def test_identifiers_that_fare_alike_are_judged_as_each_by_itself(old: list[Document], new: list[Document]) -> None:
    together = compared(old, new)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Apps, "strangers", lambda *_: [])
        each = compared(old, new)
    assert together == each


_TEAMS = ("ABCDEFGHIJ", "KLMNOPQRST")
_SIGNED = st.sets(st.sampled_from([f"{team}:{one}" for team in _TEAMS for one in ("a.b", "a.c", "a.d", "a.e")]))


def _macs(signed: set[str], allowed: set[str], teams: set[str], named: set[str]) -> list[Document]:
    rules = [("SIGNINGID", "BLOCKLIST", one) for one in sorted(signed)]
    rules += [("SIGNINGID", "ALLOWLIST", one) for one in sorted(allowed - signed)]
    rules += [("TEAMID", "BLOCKLIST", one) for one in sorted(teams)]
    made = [{"rule_type": kind, "policy": policy, "identifier": one} for kind, policy, one in rules]
    santa = plist({"PayloadType": "com.northpolesec.santa", "StaticRules": made}, name="santa.mobileconfig")
    listed = [{"bundleID": one} for one in sorted(named)]
    parental = {"PayloadType": "com.apple.applicationaccess.new", "familyControlsEnabled": True, "whiteList": listed}
    return [santa, *([plist(parental, name="new.mobileconfig")] if named else [])]


_MACS = st.builds(
    _macs, _SIGNED, _SIGNED, st.sets(st.sampled_from(_TEAMS)), st.sets(st.sampled_from(["a.b", "a.c", "x.y"]))
)


@settings(deadline=None)
@given(_MACS, _MACS)
def test_signing_ids_that_fare_alike_are_judged_as_each_by_itself(old: list[Document], new: list[Document]) -> None:
    together = compared(old, new)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Apps, "strangers", lambda *_: [])
        each = compared(old, new)
    assert together == each


@pytest.mark.parametrize(
    ("family", "kind"),
    [
        ("ios", "bundle_id"),
        ("ios", "app_store_id"),
        ("macos", "bundle_id"),
        ("macos", "cdhash"),
        ("android", "package_name"),
        ("windows", "appx_name"),
        ("windows", "executable"),
        ("windows", "package_family_name"),
        ("windows", "product_code"),
        ("web", "domain"),
    ],
)
def test_what_stands_for_others_is_matched_by_its_own_key_alone(family: Any, kind: Any) -> None:
    key = (family, kind, "a.b")
    assert Apps((), None).strangers((family, kind), ["a.b", "c.d"], _named()) == ["a.b", "c.d"]
    assert key in {match[0] for match in _lone(key, "a.b", "a.b").groups}
    assert family in (*FAMILY_OF.values(), "web")


@pytest.mark.parametrize(
    ("kind", "value", "other"),
    [
        pytest.param("executable", "A.exe", ("original_file_name", "a.exe"), id="executable"),
        pytest.param("package_family_name", "A.B_x", ("appx_name", "A.B"), id="package"),
    ],
)
def test_what_a_side_names_in_another_way_stands_for_itself(kind: str, value: str, other: tuple[str, str]) -> None:
    names = _named((("windows", other[0]), other[1]))
    assert Apps((), None).strangers(("windows", kind), [value, "z.z"], names) == ["z.z"]


@pytest.mark.parametrize("kind", ["process_name", "team_id"])
def test_what_others_may_match_too_stands_for_itself(kind: str) -> None:
    assert Apps((), None).strangers(("macos", kind), ["a", "b"], _named()) == []


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        pytest.param((), ["T:a.b", "T:c.d"], id="nobody names its parts"),
        pytest.param(((("macos", "bundle_id"), "a.b"),), ["T:c.d"], id="a side names the bundle id"),
        pytest.param(((("macos", "team_id"), "T"),), [], id="a side names the team"),
        pytest.param(((("ios", "bundle_id"), "a.b"),), ["T:a.b", "T:c.d"], id="named on another platform"),
    ],
)
def test_a_signing_id_stands_for_others_where_no_side_names_its_parts(named: Any, expected: list[str]) -> None:
    assert Apps((), None).strangers(("macos", "signing_id"), ["T:a.b", "T:c.d"], _named(*named)) == expected


def test_a_signing_id_of_a_known_app_stands_for_itself() -> None:
    known = catalogue.load()
    macs = [i for app in known.apps.values() for i in app.identifiers if i.family == "macos"]
    bundle = next(i.value for i in macs if i.kind == "bundle_id")
    asked = [f"OTHERTEAM1:{bundle}", "T:c.d"]
    assert Apps((), known).strangers(("macos", "signing_id"), asked, _named()) == ["T:c.d"]


def _named(*keys: tuple[tuple[str, str], str]) -> Any:
    return lambda kind, value: (kind, value) in keys


@given(st.text(alphabet="a/\\.", min_size=1).filter(lambda text: "/" in text or "\\" in text))
def test_the_last_part_of_a_path(path: str) -> None:
    found = re.search(r"[\\/]([^\\/]+)[\\/]?\Z", path)
    assert _tail(path) == (found[1] if found else "")


@given(st.lists(st.text()))
def test_many_texts_look_like_what_each_looks_like(texts: list[str]) -> None:
    assert list(fold_all(texts)) == [fold(text) for text in texts]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(3, ["app.0", "app.1", "app.2"], id="a line each"),
        pytest.param(4, ["app.0 and 3 more"], id="one line"),
    ],
)
def test_very_many_unknown_apps_share_a_line(monkeypatch: pytest.MonkeyPatch, count: int, expected: list[str]) -> None:
    monkeypatch.setattr(lines_module, "_MOST", 3)
    names = [f"app.{number}" for number in range(count)]
    found = compared([blocking(*names, "com.tencent.xin")], [blocking("x.y")])
    mine = [change for change in found.changes if change.direction == _L and change.name != "WeChat"]
    assert [change.name for change in mine] == expected
    assert [value for change in mine for value in change.identifiers] == names
    assert sum(change.count for change in mine) == count
    assert found.counts[_L] == count + 1
    assert all(change.old is not None and change.old.line > 1 for change in mine)
    assert [change.app for change in mine] == (names if count == 3 else [""])


def test_what_still_stands_somewhere_is_told_apart_among_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "_MOST", 3)
    names = [f"app.{number}" for number in range(10)]
    new = plist(restrictions(blockedAppBundleIDs=["x.y"], blockedAppBundleIds=names[:5], other=["APP.7"]))
    found = compared([blocking(*names, "x.y")], [new])
    assert [(c.direction, c.name, c.count) for c in found.changes if c.direction != "UNJUDGED"] == [
        (_L, "app.5 and 3 more", 4),
        ("INEFFECTIVE", "app.0 and 4 more", 5),
        ("INEFFECTIVE", "app.7", 1),
    ]
    assert "'APP.7'" in found.changes[2].why
    assert "app.0 and 4 more" in found.changes[1].why


def _dated(count: int, prefix: str) -> list[Document]:
    first = dt.datetime(2030, 1, 1)  # noqa: DTZ001
    made = []
    for number in range(count):
        day = first + dt.timedelta(days=number)
        made.append(blocking(f"{prefix}.{number}", name=f"{number}.mobileconfig", RemovalDate=day))
    return made


def test_only_the_days_of_an_apps_own_documents_count() -> None:
    found = compared(_dated(40, "a"), _dated(40, "b"), effort=10_000)
    assert {change.direction for change in found.changes} == {_L, _T}
    assert len(found.changes) == 80


def test_a_comparison_that_would_take_minutes_is_refused() -> None:
    with pytest.raises(PolicyError) as refused:
        compared(_dated(40, "a"), _dated(40, "b"), effort=500)
    assert [finding.id for finding in refused.value.findings] == ["diff-too-many-cases"]
    assert EFFORT > 10_000


def test_only_the_first_of_many_groups_are_named() -> None:
    groups = [f"group {number:03}" for number in range(50)]

    everyone, left_out = (
        [target("allDevicesAssignmentTarget")],
        [target("exclusionGroupAssignmentTarget", groupId=group) for group in groups],
    )
    listed: dict[str, Any] = {
        "appsVisibilityListType": "appsNotInListCompliant",
        "appsVisibilityList": [{"name": "x", "appId": "a.b"}],
    }
    old, new = (
        graph("iosGeneralDeviceConfiguration", assignments=assigned, **listed)
        for assigned in (everyone, [*everyone, *left_out])
    )
    [change] = compared([old], [new]).changes
    assert change.direction == "NARROWED"
    assert change.who.endswith(f"; in {', '.join(groups[:20])} and 30 more")


def test_very_many_keys_that_concern_no_app_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_keys, "_MOST", 3)
    kind = "#microsoft.graph.iosWiFiConfiguration"
    old = as_json({"@odata.type": kind, "a": 1})
    new = as_json({"@odata.type": kind, **{f"key{number}": number for number in range(5)}})
    told = compared([old], [new]).others
    assert [(one.pointer, one.before, one.after) for one in told] == [
        ("/a", "1", ""),
        ("/key0", "", "0"),
        ("/key1", "", "1"),
        ("*", "", "3 values"),
    ]


@pytest.mark.parametrize(
    ("patterns", "accepted"),
    [((), [False] * 3), (("*#/key0", "*#/key3", "*#/key4"), [True, False, False]), (("*",), [True] * 3)],
)
def test_very_many_parts_that_no_reader_judges_are_counted(
    monkeypatch: pytest.MonkeyPatch, patterns: tuple[str, ...], accepted: list[bool]
) -> None:
    monkeypatch.setattr(other_keys, "_MOST", 2)
    kind = "#microsoft.graph.iosGeneralDeviceConfiguration"
    old = as_json({"@odata.type": kind})
    new = as_json({"@odata.type": kind, **{f"key{number}": number for number in range(5)}})
    told = compared([old], [new], accept_unjudged=patterns)
    assert [(one.pointer, one.before, one.after, one.accepted) for one in told.changes] == [
        ("*", "", "3 more parts", accepted[2]),
        ("/key0", "", "0", accepted[0]),
        ("/key1", "", "1", accepted[1]),
    ]
    assert told.exit_code == (10 if all(accepted) else 11)


def test_thousands_of_documents_for_as_many_groups_are_refused_at_once() -> None:
    kind = "#microsoft.graph.iosGeneralDeviceConfiguration"
    made = [
        {
            "@odata.type": kind,
            "appsVisibilityListType": "appsNotInListCompliant",
            "appsVisibilityList": [{"name": "x", "appId": f"com.a{place}"}],
            "assignments": [target("groupAssignmentTarget", groupId=f"g{place}")],
        }
        for place in range(1_500)
    ]
    with pytest.raises(PolicyError) as refused:
        compared([], [as_json({"value": made})])
    assert [finding.id for finding in refused.value.findings] == ["diff-too-many-cases"]
