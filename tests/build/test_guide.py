"""START-HERE.md and ANY-EMM.md: what goes where, what stays open, what to paste; and a build with nothing to write."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from cli_kit import AS_OF, run

if TYPE_CHECKING:
    from pathlib import Path

LIST = """\
ban_list: ours
authority: {citation: Memo 1, effective: 2024-01-01, duties: [no-install, no-launch, no-traffic]}
bans:
  - {name: "Clips | one", ios: {bundle_id: [org.example.clips]}, domains: [clips.example.org], not_on: [macos, windows]}
  - {name: Chat, android: {package_name: [org.example.chat]}, not_on: [ios, macos, windows]}
exceptions:
  - {app: Clips | one, category: other, approved_by: B, document: MEMO-2, groups: [lab], until: 2027-01-01}
"""
IPHONES = (
    '{name: field iPhones, platform: ios, os: ">=17, <27", supervised: true, enrollment: automated, managed_by: intune}'
)
PRIVATE = "{name: own iPhones, platform: ios, supervised: false, enrollment: user, managed_by: intune, groups: [own]}"
PHONES = "{name: staff phones, platform: android, mode: fully-managed, managed_by: other}"
GAP = "{app: %s, device: own iPhones, reason: x, approved_by: C, document: MEMO-3, until: 2030-01-01}"


def build(
    folder: Path, *devices: str, more: str = "", args: tuple[str, ...] = (), text: str = LIST
) -> tuple[int, Path]:
    (folder / "list.yaml").write_text(text, "utf-8")
    classes = "".join(f"  - {one}\n" for one in devices)
    head = "organization: {name: Agency, identifier: org.example}\nlists: [list.yaml]\n"
    (folder / "d.yaml").write_text(f"{head}devices:\n{classes}{more}", "utf-8")
    out = folder / "out"
    done = run("build", str(folder / "d.yaml"), "-o", str(out), *args, *AS_OF)
    assert done.code in (0, 11), done.err
    return done.code, out


def table(out: Path) -> list[list[str]]:
    rows = [line for line in (out / "START-HERE.md").read_text("utf-8").splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in rows]


def test_the_table_leads_each_class_to_its_console_files_and_people(tmp_path: Path) -> None:
    code, out = build(tmp_path, IPHONES, PRIVATE, PHONES)
    assert code == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "ANY-EMM.md",
        "START-HERE.md",
        "amapi-fully-managed",
        "apple-web-filter",
        "banned-android.csv",
        "banned-ios.csv",
        "banned-web.csv",
        "dns-response-policy-zone",
        "domain-list",
        "intune-ios-settings-catalog",
        "manifest.json",
    ]
    first, filtered, second, third, *networks = table(out)
    assert first[0] == "1"
    assert first[1:3] == ["field iPhones (ios)", "Microsoft Intune"]
    assert "[intune-ios-settings-catalog](intune-ios-settings-catalog/IMPORT.md): `ours.json`" in first[3]
    assert first[4:] == ["the devices of “field iPhones”; not lab, which get files of their own", "nothing"]
    assert filtered[4:] == [first[4], "as above"]
    assert "[apple-web-filter](apple-web-filter/IMPORT.md): `ours.mobileconfig`" in filtered[3]
    assert [row[1:3] for row in networks] == [
        ["every network", "Response policy zone for resolvers"],
        ["every network", "Plain list of domains"],
    ]
    assert second[1:] == [
        "own iPhones (ios)",
        "Microsoft Intune",
        "none; see [ANY-EMM.md](ANY-EMM.md)",
        "group own",
        "1 app cannot be enforced by anyone",
    ]
    assert third[1:3] == ["staff phones (android, fully-managed)", "your MDM"]
    assert third[5].endswith(
        "1 app open (these files are not counted: nothing says that this MDM keeps them as they are)"
    )


def test_every_link_and_file_of_the_page_is_there(tmp_path: Path) -> None:
    _, out = build(tmp_path, IPHONES, PRIVATE, PHONES)
    for page in ("START-HERE.md", "ANY-EMM.md"):
        text = (out / page).read_text("utf-8")
        links = re.findall(r"\]\(([^)]+)\)", text)
        assert links
        assert [link for link in links if not (out / link).is_file()] == []
    for row in table(out):
        for folder, files in re.findall(r"\[([a-z-]+)\]\([^)]+\): (.*)", row[3]):
            assert [one for one in re.findall(r"`([^`]+)`", files) if not (out / folder / one).is_file()] == []


def test_the_page_tells_gaps_unmet_duties_and_other_targets(tmp_path: Path) -> None:
    _, out = build(tmp_path, IPHONES, PRIVATE)
    text = (out / "START-HERE.md").read_text("utf-8")
    assert "- **own iPhones**, Clips \\| one: under user enrollment" in text
    assert "the duty `no-traffic`" not in text  # the filter closes the site in every browser, and the app is held
    assert "`intune-ios-custom`, `intune-ios-device-restrictions`" in text


def test_the_lists_to_paste_hold_what_is_ordered(tmp_path: Path) -> None:
    _, out = build(tmp_path, IPHONES, PHONES)
    text = (out / "ANY-EMM.md").read_text("utf-8")
    assert "```text\norg.example.clips\n```" in text
    assert "1 package:\n\n```text\norg.example.chat\n```" in text
    assert "Approved exceptions: lab may have Clips \\| one." in text
    with (out / "banned-ios.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["app", "kind", "identifier", "excepted_groups"],
            ["Clips | one", "bundle_id", "org.example.clips", "lab"],
        ]


def test_a_spreadsheet_takes_no_name_for_a_formula(tmp_path: Path) -> None:
    _, out = build(tmp_path, IPHONES, text=LIST.replace("Clips | one", "=Clips"))
    assert "'=Clips,bundle_id,org.example.clips,lab" in (out / "banned-ios.csv").read_text("utf-8-sig")


_EMPTY: list[Any] = [
    pytest.param((PRIVATE,), "", 11, "NOT PROVEN", id="left open"),
    pytest.param((PRIVATE,), "Clips | one", 0, "NOTHING TO BLOCK", id="all accepted"),
    pytest.param(
        ("{name: PCs, platform: windows, managed_by: fleet}",), "", 0, "NOTHING TO BLOCK", id="no such app there"
    ),
    pytest.param(("{name: watches, platform: watchos}",), "", 11, "NOT PROVEN", id="nothing serves the class"),
]


@pytest.mark.parametrize(("devices", "accepted", "code", "outcome"), _EMPTY)
def test_a_build_with_nothing_to_write_is_a_result(
    tmp_path: Path, devices: tuple[str, ...], accepted: str, code: int, outcome: str
) -> None:
    more = f"accepted_gaps: [{GAP % accepted}]\n" if accepted else ""
    ended, out = build(tmp_path, *devices, more=more, text=LIST.replace(", no-traffic", ""))
    assert ended == code
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert (manifest["documents"], manifest["outcome"]) == ([], outcome)
    assert "No file was written" in (out / "START-HERE.md").read_text("utf-8")
    assert run("verify-build", str(out), "--deployment", str(tmp_path / "d.yaml")).code == 0


def test_targets_that_can_block_nothing_leave_the_page(tmp_path: Path) -> None:
    code, out = build(tmp_path, IPHONES, args=("--target", "macos-santa"))
    assert code == 11
    assert "none; see" in table(out)[0][3]


def test_without_declared_devices_the_page_says_so(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text(LIST, "utf-8")
    out = tmp_path / "out"
    assert run("build", str(tmp_path / "list.yaml"), "-o", str(out), *AS_OF).code == 0
    text = (out / "START-HERE.md").read_text("utf-8")
    assert table(out) == []
    assert "declares no device classes" in text
    assert "- [apple-ios-restrictions](apple-ios-restrictions/IMPORT.md): Restrictions profile for" in text


def test_each_folder_of_a_build_is_named(tmp_path: Path) -> None:
    """Of every default target, whether a declared class needs it or not."""
    _, out = build(tmp_path, IPHONES, PHONES, more="targets: all\n")
    text = (out / "START-HERE.md").read_text("utf-8")
    folders = [path.name for path in out.iterdir() if path.is_dir()]
    assert len(folders) > 5
    assert [name for name in folders if f"[{name}]({name}/IMPORT.md)" not in text] == []
    assert "## Built, and for no declared class" in text
    assert "## Built, and not in the table" in text
