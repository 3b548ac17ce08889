"""Take what servers and tools rewrite for what it is: no change on any device."""

from __future__ import annotations

import base64
import html
import json
import plistlib
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from build_kit import DAY
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_documents import blocking, plist, restrictions
from policy_mutants import signed

from mdm_policy import catalogue, documents
from mdm_policy.diff import Comparison, Question, Side, compare_policies
from mdm_policy.diff.mentions import Mentions, fold, texts
from mdm_policy.kinds import open_document

if TYPE_CHECKING:
    from mdm_policy.diff import Direction
    from mdm_policy.documents import Document

APPS = ("com.tencent.xin", "org.example.own", "org.example.other")
BASE: dict[str, Any] = {
    "PayloadType": "Configuration",
    "PayloadIdentifier": "gov.example.profile",
    "PayloadUUID": "8D5C0D1E-0000-4000-8000-000000000001",
    "PayloadDisplayName": "Banned apps",
    "PayloadVersion": 1,
    "PayloadContent": [
        {
            "PayloadType": "com.apple.applicationaccess",
            "PayloadIdentifier": "gov.example.profile.apps",
            "PayloadUUID": "8D5C0D1E-0000-4000-8000-000000000002",
            "PayloadVersion": 1,
            "blockedAppBundleIDs": list(APPS),
        }
    ],
}


def compared(old: Document, new: Document) -> Comparison:
    return compare_policies(Side("old", (old,)), Side("new", (new,)), Question(DAY), catalogue.load())


def profile(value: Any = BASE, **how: Any) -> Document:
    return open_document("p.mobileconfig", plistlib.dumps(value, **how))


def jamf(value: Any, *, escapes: int = 1, name: str = "Banned apps", layout: str = "{}") -> Document:
    text = documents.dump(value, "plist", compact=True).decode()
    for _ in range(escapes):
        text = html.escape(text, quote=False)
    general = layout.format(f"<id>9</id><name>{name}</name><payloads>{text}</payloads>")
    scope = "<scope><all_mobile_devices>true</all_mobile_devices></scope>"
    return open_document(
        "j.xml", f"<configuration_profile><general>{general}</general>{scope}</configuration_profile>".encode()
    )


def rewritten() -> Any:
    """Rewrite a profile as Jamf does."""
    payload = {
        **BASE["PayloadContent"][0],
        "PayloadUUID": "F0F0F0F0-0000-4000-8000-000000000003",
        "PayloadIdentifier": "F0F0F0F0-0000-4000-8000-000000000003",
        "PayloadDisplayName": "Restrictions",
        "PayloadOrganization": "JAMF Software",
        "PayloadEnabled": True,
        "blockedAppBundleIDs": [*reversed(APPS)],
    }
    password = {
        "PayloadType": "com.apple.profileRemovalPassword",
        "PayloadIdentifier": "x",
        "PayloadUUID": "x",
        "PayloadVersion": 1,
        "RemovalPassword": "y",
    }
    return {
        **BASE,
        "PayloadUUID": "F0F0F0F0-0000-4000-8000-000000000004",
        "PayloadIdentifier": "F0F0F0F0-0000-4000-8000-000000000004",
        "PayloadDisplayName": "Another name",
        "PayloadDescription": "",
        "PayloadOrganization": "Example Agency",
        "PayloadRemovalDisallowed": True,
        "PayloadScope": "System",
        "PayloadContent": [payload, password],
    }


ROWS = [
    pytest.param(profile(), profile(rewritten()), id="a profile as Jamf gives it back"),
    pytest.param(profile(), profile(sort_keys=False), id="another order of keys"),
    pytest.param(profile(), profile(fmt=plistlib.FMT_BINARY), id="binary"),
    pytest.param(
        profile(), open_document("p", signed(plistlib.dumps(BASE, sort_keys=False))), id="signed and laid out anew"
    ),
    pytest.param(jamf(BASE), jamf(rewritten(), name="Another name"), id="Jamf's object, rewritten"),
    pytest.param(jamf(BASE), jamf(BASE, escapes=2), id="entities encoded twice"),
    pytest.param(jamf(BASE), jamf(BASE, layout="\n   {}\n"), id="white space around elements"),
]


@pytest.mark.parametrize(("old", "new"), ROWS)
def test_a_rewriting_is_cosmetic(old: Document, new: Document) -> None:
    for found in (compared(old, new), compared(new, old)):
        assert found.exit_code == 0
        assert [change.direction for change in found.changes] == ["COSMETIC"]
        assert found.counts["COSMETIC"] == 1


def test_the_kind_of_rewriting_is_told() -> None:
    assert (
        compared(profile(), profile(sort_keys=False)).changes[0].why
        == "white space, the order of keys, or the encoding"
    )
    assert compared(profile(), profile(rewritten())).changes[0].why.startswith("names, ids")


def test_a_default_that_is_changed_is_no_default() -> None:
    old, new = ({**BASE, "PayloadRemovalDisallowed": value} for value in (True, False))
    [change] = compared(profile(old), profile(new)).changes
    assert (change.direction, change.pointer) == ("UNJUDGED", "/PayloadRemovalDisallowed")
    assert (change.before, change.after) == ("True", "False")


GRAPH: dict[str, Any] = {
    "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
    "id": "1",
    "displayName": "Banned apps",
    "version": 3,
    "lastModifiedDateTime": "2026-01-01T00:00:00Z",
    "cameraBlocked": False,
    "appsVisibilityListType": "appsNotInListCompliant",
    "appsVisibilityList": [{"appId": bundle, "name": bundle} for bundle in APPS],
}
LATER: dict[str, Any] = {
    **GRAPH,
    "id": "2",
    "displayName": "Renamed",
    "version": 9,
    "lastModifiedDateTime": "2026-11-11T00:00:00Z",
    "@odata.context": "https://graph.microsoft.com/beta/$metadata#deviceManagement/deviceConfigurations/$entity",
    "roleScopeTagIds": ["0"],
    "compliantAppsList": None,
    "description": "",
    "appsVisibilityList": [
        {"@odata.type": "#microsoft.graph.appListItem", **item} for item in reversed(GRAPH["appsVisibilityList"])
    ],
}


def graph(value: Any, encoding: str = "utf-8", **layout: Any) -> Document:
    return open_document("g.json", json.dumps(value, **layout).encode(encoding))


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(graph(LATER), id="exported again"),
        pytest.param(graph(GRAPH, indent=4), id="indented"),
        pytest.param(graph(GRAPH, "utf-8-sig"), id="with a byte order mark"),
        pytest.param(graph(GRAPH, "utf-16"), id="in UTF-16"),
        pytest.param(graph({"value": [LATER]}), id="in a page"),
    ],
)
def test_an_export_again_is_no_change(new: Document) -> None:
    found = compared(graph(GRAPH), new)
    assert found.exit_code == 0
    assert {change.direction for change in found.changes} <= {"COSMETIC", "EQUIVALENT"}


def test_a_page_in_another_order_is_cosmetic() -> None:
    items = [{**GRAPH, "id": str(place), "appsVisibilityList": [{"appId": one}]} for place, one in enumerate(APPS)]
    found = compared(graph({"value": items}), graph({"value": items[::-1]}))
    assert [change.direction for change in found.changes] == ["COSMETIC"]


def test_a_renamed_file_is_the_same_document() -> None:
    data = json.dumps(GRAPH).encode()
    old = Side("old", tuple(open_document(f"old/{name}", data) for name in ("a.json", "b.json")), "old")
    new = Side("new", tuple(open_document(f"new/{name}", data) for name in ("a.json", "c.json")), "new")
    found = compare_policies(old, new, Question(DAY), None)
    assert found.changes == ()
    assert found.exit_code == 0


def test_documents_of_one_name_are_told_apart() -> None:
    side = Side("old", (blocking(APPS[0]), blocking(APPS[1])))
    assert compare_policies(side, side, Question(DAY), None).changes == ()


def test_a_profile_in_an_intune_object_is_compared_by_what_it_holds() -> None:
    def custom(data: bytes) -> Document:
        kept = {"@odata.type": "#microsoft.graph.iosCustomConfiguration", "payload": base64.b64encode(data).decode()}
        return graph(kept)

    found = compared(custom(plistlib.dumps(BASE)), custom(plistlib.dumps(rewritten())))
    assert [change.direction for change in found.changes] == ["COSMETIC"]


CROSSED: list[Any] = [
    pytest.param(profile(), jamf(BASE).inner[0][1], "COSMETIC", id="a profile against itself within Jamf"),
    pytest.param(
        profile(), graph({**GRAPH, "cameraBlocked": None}), "EQUIVALENT", id="a profile against Intune's list"
    ),
    pytest.param(graph(GRAPH), profile(), "EQUIVALENT", id="Intune's list against a profile"),
]


@pytest.mark.parametrize(("old", "new", "direction"), CROSSED)
def test_kinds_are_crossed(old: Document, new: Document, direction: Direction) -> None:
    if old.kind != new.kind:
        old = (
            plist(restrictions(blockedAppBundleIDs=list(APPS), blacklistedAppBundleIDs=list(APPS)))
            if old.format == "plist"
            else old
        )
        new = (
            plist(restrictions(blockedAppBundleIDs=list(APPS), blacklistedAppBundleIDs=list(APPS)))
            if new.format == "plist"
            else new
        )
    found = compared(old, new)
    assert found.exit_code == 0
    assert {change.direction for change in found.changes} == {direction}
    assert [one.id for one in found.findings] == (["platform-left-out"] if direction == "EQUIVALENT" else [])


_IDS = st.lists(st.sampled_from([*APPS, "com.tencent.mqq", "a.b", "x.y.z"]), unique=True, max_size=5)


@settings(max_examples=60, deadline=None)
@given(_IDS, _IDS)
def test_the_way_back_swaps_looser_and_tighter(old: list[str], new: list[str]) -> None:
    there, back = (compared(blocking(*one), blocking(*other)) for one, other in ((old, new), (new, old)))
    swapped = {"LOOSENED": "TIGHTENED", "TIGHTENED": "LOOSENED"}
    assert {(swapped.get(c.direction, c.direction), c.name) for c in there.changes} == {
        (c.direction, c.name) for c in back.changes
    }
    assert {c.name for c in there.changes if c.direction == "LOOSENED"} >= set()
    assert sum(map(len, (set(old) - set(new), set(new) - set(old)))) == sum(
        len(c.identifiers) for c in there.changes if c.identifiers
    )


@settings(max_examples=60, deadline=None)
@given(_IDS, st.randoms())
def test_a_shuffled_list_is_no_change(ids: list[str], dice: Any) -> None:
    shuffled = dice.sample(ids, len(ids))
    found = compared(blocking(*ids), blocking(*shuffled, *shuffled[:1]))
    assert found.exit_code == 0


def test_a_list_written_as_a_text_is_looked_into() -> None:
    written = {"URLBlocklist": '["a.example", ["b.example"]]', "note": "[unfinished"}
    mentions = Mentions([open_document("x.json", json.dumps(written).encode())])
    assert [mentions.count(one) for one in ("a.example", "b.example", "[unfinished", "c.example")] == [1, 1, 1, 0]


def test_texts_are_found_wherever_they_stand() -> None:
    found = (
        set(texts(jamf(BASE)))
        | set(texts(graph({"value": [GRAPH]})))
        | set(texts(graph(yaml.safe_load("a: [1, [b]]"))))
    )
    assert {*APPS, "Banned apps", "b"} <= found
    mentions = Mentions([open_document("x.json", b'{"a": "C:\\\\\\\\x\\\\\\\\y.exe", "b": "com.tencent.XIN"}')])
    assert mentions.count("com.tencent.XIN") == 1
    assert mentions.alike("com.tencent.xin", Mentions([])) == ("com.tencent.XIN",)
    assert mentions.count("nothing") == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("com.tencent.xin", "c\u043em.tencent.\u0445in"),
        ("com.App", "com.app"),
        ("a1b", "alb"),
        ("a.b", "a\u200b.b"),
        ("caf\u00e9", "cafe\u0301"),
    ],
)
def test_what_looks_alike_folds_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)
