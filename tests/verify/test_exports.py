"""Hold how exports are read as people have them: backups with assignments beside, archives, templates, pages."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from kind_documents import as_json, target

from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.documents import place
from mdm_policy.kinds import read, read_each
from mdm_policy.reading import Scope
from mdm_policy.sources.files import read_policies
from mdm_policy.verify import piece
from mdm_policy.verify.pieces import Places
from mdm_policy.verify.queries import failures

if TYPE_CHECKING:
    from pathlib import Path

GRAPH = "#microsoft.graph."
HIDDEN: dict[str, Any] = {
    "@odata.type": f"{GRAPH}iosGeneralDeviceConfiguration",
    "id": "r1",
    "appsVisibilityListType": "appsNotInListCompliant",
    "appsVisibilityList": [{"appId": "com.a.b"}],
}
EVERYONE = target("allDevicesAssignmentTarget")
LEFT_OUT = target("exclusionGroupAssignmentTarget", groupId="g")
LAB = target("groupAssignmentTarget", groupId="lab")


def written(folder: Path, files: dict[str, Any]) -> Path:
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, indent=2))
    return folder


def scopes(folder: Path) -> dict[str, Scope]:
    found = read_policies([folder])
    return {one.name.rpartition("/")[2]: found.scopes.get(one.name, read(one).scope) for one in found.documents}


@pytest.mark.parametrize(
    ("name", "held", "expected"),
    [
        pytest.param("Assignments/p.json", [EVERYONE], Scope("everyone"), id="an-array"),
        pytest.param("Assignments/p.json", LAB, Scope("groups", ("lab",)), id="one-bare-object"),
        pytest.param("Assignments/p.json", {"value": [LAB]}, Scope("groups", ("lab",)), id="a-whole-answer"),
        pytest.param("Assignments/p.json", [LEFT_OUT], Scope("nobody", excluded=("g",)), id="exclusions-alone"),
        pytest.param("Assignments/r1 - other.json", [EVERYONE], Scope("everyone"), id="by-id"),
        pytest.param("Assignments/x - p.json", [EVERYONE], Scope("everyone"), id="by-the-name-behind-an-id"),
        pytest.param("Elsewhere/p.json", [EVERYONE], Scope(), id="in-another-folder"),
    ],
)
def test_assignments_beside_a_policy_are_its_own(tmp_path: Path, name: str, held: Any, expected: Scope) -> None:
    written(tmp_path, {"Device Configurations/p.json": HIDDEN, f"Device Configurations/{name}": held})
    found = scopes(tmp_path)
    assert found["p.json"] == expected


def test_a_policy_without_a_file_among_the_others_assignments_reaches_nobody_knows_whom(tmp_path: Path) -> None:
    other = {**HIDDEN, "id": "r2"}
    written(tmp_path, {"C/p.json": HIDDEN, "C/q.json": other, "C/Assignments/p.json": [EVERYONE]})
    found = scopes(tmp_path)
    assert found["p.json"] == Scope("everyone")
    assert (found["q.json"].state, found["q.json"].groups) == ("groups", ())
    assert "no file among the assignments" in found["q.json"].why


def test_the_assignments_of_an_app_keep_its_lines(tmp_path: Path) -> None:
    app = {"@odata.type": f"{GRAPH}androidManagedStoreApp", "id": "i", "packageId": "a.b"}
    assigned = [{"intent": "uninstall", **EVERYONE}]
    written(tmp_path, {"C/androidManagedStoreApp_App.json": app, "C/Assignments/i - App.json": assigned})
    found = read_policies([tmp_path])
    (document,) = found.documents
    assert [effect.rule.sense for effect in read(document).effects] == ["remove", "block"]
    assert document.data.count(b"\n") == json.dumps(app, indent=2).count("\n")


def packed(files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def test_an_archive_is_read_like_the_folder_in_it(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "Device Configurations/p.json": json.dumps(HIDDEN),
        "Device Configurations/Assignments/p.json": json.dumps([EVERYONE]),
        "readme.txt": "x",
        "__MACOSX/p.json": "{",
    }
    (tmp_path / "export.zip").write_bytes(packed(files))
    for given in (tmp_path / "export.zip", tmp_path):
        found = read_policies([given])
        assert [one.name for one in found.documents] == [f"{tmp_path}/export.zip/Device Configurations/p.json"]
        assert read(found.documents[0]).scope == Scope("everyone")
        assert not found.unreadable


@pytest.mark.parametrize(
    ("data", "id_"),
    [
        pytest.param(packed({"../p.json": "{}"}), "archive-unreadable", id="a-name-that-leads-out"),
        pytest.param(packed({"/p.json": "{}"}), "archive-unreadable", id="an-absolute-name"),
        pytest.param(packed({"a.json": "{}", "A.json": "{}"}), "archive-unreadable", id="one-name-twice-on-windows"),
        pytest.param(packed({"a.json": "{}"})[:-30], "archive-unreadable", id="cut-short"),
        pytest.param(packed({"_a": "{}"}).replace(b"_a", b"\0a"), "archive-unreadable", id="a-file-without-a-name"),
        pytest.param(packed({"[Content_Types].xml": "<a/>"}), "archive-unreadable", id="a-workbook"),
        pytest.param(packed({"a.json": "{}"}, zipfile.ZIP_BZIP2), "archive-unreadable", id="packed-in-a-rare-way"),
        pytest.param(packed({f"{n}.json": "" for n in range(10_001)}), "archive-too-large", id="too-many-files"),
        pytest.param(packed({"a.json": b" " * (9 << 20)}), "archive-too-large", id="too-many-bytes"),
        pytest.param(packed({"a.json": b" " * (2 << 20)}), "document-too-large", id="one-too-large"),
    ],
)
def test_an_archive_that_cannot_be_read_says_why(tmp_path: Path, data: bytes, id_: str) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    found = read_policies([tmp_path / "x.zip"], max_size=1 << 20)
    assert id_ in [one.id for one in found.findings]
    assert found.unreadable


def test_an_archive_inside_an_archive_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(packed({"y.zip": packed({"p.json": json.dumps(HIDDEN)})}))
    found = read_policies([tmp_path / "x.zip"])
    assert not found.documents
    assert [one.id for one in found.findings] == ["file-skipped"]


def sdk(value: Any) -> Any:
    """Write an object as the PowerShell SDK does."""
    own = {"id": "Id", "displayName": "DisplayName", "assignments": "Assignments"}
    made = {own[key]: held for key, held in value.items() if key in own}
    return {
        **made,
        "Version": None,
        "AdditionalProperties": {key: held for key, held in value.items() if key not in own},
    }


@pytest.mark.parametrize(
    "wrap", [lambda one: one, lambda one: [one], lambda one: {"value": [one]}], ids=["one", "array", "page"]
)
def test_an_object_of_the_powershell_sdk_is_the_object_of_graph(tmp_path: Path, wrap: Any) -> None:
    held = {**HIDDEN, "assignments": [sdk({"id": "a", "target": {"AdditionalProperties": EVERYONE["target"]}})]}
    (tmp_path / "p.json").write_text(json.dumps(wrap(sdk(held)), indent=2))
    (document,) = read_policies([tmp_path]).documents
    (reading,) = read_each(document)
    (effect,) = reading.effects
    assert (effect.value, reading.scope) == ("com.a.b", Scope("everyone"))
    line = place(document, effect.pointer).line
    assert "com.a.b" in (tmp_path / "p.json").read_text().splitlines()[line - 1]


@pytest.mark.parametrize(
    "assigned",
    [
        pytest.param({"Id": "a", "Target": {"AdditionalProperties": EVERYONE["target"]}}, id="no-derived-type"),
        pytest.param(
            {"Id": "a", "Target": {"AdditionalProperties": EVERYONE["target"]}, "AdditionalProperties": {}}, id="empty"
        ),
    ],
)
def test_a_type_without_derived_ones_may_lack_additional_properties(tmp_path: Path, assigned: Any) -> None:
    (tmp_path / "p.json").write_text(json.dumps({**sdk(HIDDEN), "Assignments": [assigned]}))
    (document,) = read_policies([tmp_path]).documents
    assert read(document).scope == Scope("everyone")
    assert document.handed_over == (tmp_path / "p.json").read_bytes()


def test_a_key_of_graph_stays_as_it_is_in_an_object_of_the_sdk(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps({"Id": "a", "AdditionalProperties": {"held": {"SSID": "b"}}}))
    (document,) = read_policies([tmp_path]).documents
    assert document.value == {"id": "a", "held": {"SSID": "b"}}


def test_a_template_keeps_the_rule_that_its_policy_brings() -> None:
    ruled = {**HIDDEN, "deviceManagementApplicabilityRuleOsVersion": {"minOSVersion": "18", "ruleType": "include"}}
    assert read(as_json(template(ruled, 2))).scope.filtered
    assert read(as_json(template({**ruled, "assignments": [EVERYONE]}))).scope == Scope()


def template(inner: Any, times: int = 1) -> dict[str, Any]:
    made = inner
    for _ in range(times):
        made = {"Displayname": "x", "Type": "Device", "GUID": "g", "RAWJson": json.dumps(made)}
    return dict(made)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(template(HIDDEN), id="once"),
        pytest.param(template(HIDDEN, 3), id="nested"),
        pytest.param(
            {"PartitionKey": "IntuneTemplate", "RowKey": "r", "JSON": json.dumps(template(HIDDEN))}, id="a-row"
        ),
        pytest.param([template(HIDDEN)], id="an-array"),
    ],
)
def test_a_template_does_what_its_policy_does(value: Any) -> None:
    assert [effect.value for effect in read(as_json(value)).effects] == ["com.a.b"]


def test_a_template_says_where_it_changed() -> None:
    less = {**HIDDEN, "appsVisibilityList": []}
    old, new = (Side("", (as_json(template(one)),)) for one in (HIDDEN, less))
    (change,) = compare_policies(old, new, Question("2026-11-24"), None).changes
    assert (change.direction, change.name) == ("LOOSENED", "com.a.b")


BESIDE = {
    "another type": ({"@odata.type": f"{GRAPH}iosWiFiConfiguration", "id": "w", "ssid": "a"}, 0),
    "settings that concern no app": (
        {
            "@odata.type": f"{GRAPH}deviceManagementConfigurationPolicy",
            "platforms": "iOS",
            "technologies": "mdm",
            "settings": [{"settingInstance": {"settingDefinitionId": "com.apple.wifi.managed_ssid_str"}}],
        },
        0,
    ),
    "an app list that is off": ({**HIDDEN, "id": "z", "appsVisibilityListType": "none"}, 1),
    "settings nobody knows": (
        {
            "@odata.type": f"{GRAPH}deviceManagementConfigurationPolicy",
            "platforms": "iOS",
            "settings": [{"settingInstance": {"settingDefinitionId": "com.example.agent_apps"}}],
        },
        1,
    ),
}


@pytest.mark.parametrize(("value", "failing"), BESIDE.values(), ids=BESIDE)
def test_what_concerns_no_app_is_no_failure_beside_the_ban(tmp_path: Path, value: Any, failing: int) -> None:
    folder = written(tmp_path, {"ban.json": {**HIDDEN, "assignments": [EVERYONE]}, "other.json": value})
    policies = read_policies([folder / "ban.json", folder / "other.json"])
    found = failures([piece(one, named=True) for one in policies.documents], Places({}))
    assert [one.id for one in found] == ["document-without-effect"] * failing


PAGES = {
    "everything": ({"@odata.count": 1}, []),
    "a link": ({"@odata.nextLink": "https://x"}, ["/@odata.nextLink"]),
    "an empty link": ({"@odata.nextLink": ""}, []),
    "more were counted": ({"@odata.count": 2}, ["/@odata.count"]),
    "a count that is none": ({"@odata.count": "2"}, []),
}


@pytest.mark.parametrize(("more", "expected"), PAGES.values(), ids=PAGES)
def test_a_page_says_that_there_is_more(more: dict[str, Any], expected: list[str]) -> None:
    document = as_json({**more, "value": [{**HIDDEN, "assignments": [EVERYONE]}]})
    lines = [place(document, pointer).line for pointer in expected]
    found = [one for reading in read_each(document) for one in reading.findings if one.id == "page-incomplete"]
    assert [one.origin.line for one in found if one.origin] == lines
