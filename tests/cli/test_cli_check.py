"""The `check` command: what it takes, what it says, and with which exit code."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import yaml
from cli_kit import AS_OF, ROOT, a_deployment, a_list, ids, run, too_wide, write

from mdm_policy.cli import edge
from mdm_policy.sources import inputs

CLEAN = "- {name: Ours, ios: {bundle_id: org.example.app}, not_on: [macos, android, windows]}"


def test_a_clean_list(tmp_path: Path) -> None:
    path = write(tmp_path, "ours.yaml", a_list(bans=CLEAN))
    assert run("check", path) == (0, "1 file checked: no error\n", "")


def test_several_files_are_counted(tmp_path: Path) -> None:
    one, two = write(tmp_path, "one.yaml", a_list("one", bans=CLEAN)), write(tmp_path, "two.yaml", a_list(bans=CLEAN))
    assert run("check", one, two).out == "2 files checked: no error\n"


def test_the_findings_of_all_files_come_at_once_in_order_and_once(tmp_path: Path) -> None:
    bad = write(tmp_path, "b.yaml", a_list(bans="- app: wetchat"))
    worse = write(tmp_path, "a.yaml", "ban_list: A B\n")
    done = run("check", bad, worse, bad, *AS_OF)
    assert (done.code, done.out) == (1, "")
    assert ids(done.err) == ["error[missing-key]", "error[list-id]", "error[unknown-app]"]
    assert done.err.splitlines()[-1] == "3 errors"


def test_the_message_is_what_an_admin_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "ours.yaml", a_list(bans="- app: wetchat"))
    assert run("check", "ours.yaml").err == (
        "error[unknown-app]: the catalogue has no app 'wetchat'\n"
        "  --> ours.yaml:4:5\n"
        " 4 |   - app: wetchat\n"
        "   |     ^\n"
        "   = hint: did you mean 'wechat'?\n"
        "1 error\n"
    )


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        pytest.param("x.yaml", "", "error[empty-file]", id="empty"),
        pytest.param("x.yaml", "ban_list: [x\n", "error[yaml-syntax]", id="no-yaml"),
        pytest.param("x.yaml", "ban_list: x\nauthority:\n\tcitation: y\n", "error[yaml-tab]", id="tab"),
        pytest.param("x.yaml", "just a text\n", "error[wrong-type]", id="a-text"),
        pytest.param("x.yaml", a_list(bans="- vendor: tencnt"), "error[unknown-vendor]", id="vendor"),
        pytest.param("x.yaml", a_list(bans="- {feature: Pay}"), "error[key-needs-key]", id="feature"),
        pytest.param(
            "x.yaml", a_list(bans="- {feature: Pay, implemented_by: qqq}"), "error[unknown-app]", id="implemented-by"
        ),
        pytest.param("x.yaml", a_list(authority=", effective: 2026-02-30"), "error[date-impossible]", id="no-such-day"),
        pytest.param("x.yaml", a_list(authority=", effective: 1.2.2026"), "error[date-format]", id="german-day"),
        pytest.param(
            "x.yaml", a_list(bans="- {name: X, ios: {bundle_id: com.tencent.Xin}}"), "error[identifier-case]", id="case"
        ),
        pytest.param(
            "x.yaml",
            a_list(bans="- {name: X, ios: {bundle_id: com.apple.Preferences}}"),
            "error[never-block]",
            id="vital",
        ),
        pytest.param("x.yaml", a_list(bans="- {app: qq, vendor: tencent}"), "error[exclusive-keys]", id="two-subjects"),
        pytest.param("x.yaml", a_list(more="include: nothing.yaml\n"), "error[include-not-found]", id="include"),
        pytest.param("target.yaml", "target: Acme\n", "error[target-name]", id="target"),
        pytest.param("x.csv", "app;platform\n", "error[csv-header]", id="csv-header"),
        pytest.param(
            "x.csv",
            "app,platform,kind,identifier\nPrefs,ios,bundle_id,com.apple.Preferences\n",
            "error[never-block]",
            id="csv-vital",
        ),
        pytest.param("d.yaml", "devices: []\n", "error[empty-list]", id="no-devices"),
        pytest.param("d.yaml", a_deployment("nope"), "error[unknown-list]", id="unknown-list"),
        pytest.param("d.yaml", a_deployment("nope.yaml"), "error[file-unreadable]", id="missing-list"),
        pytest.param(
            "d.yaml", a_deployment("us-kaspersky", more="targets: [santa]\n"), "error[unknown-target]", id="target"
        ),
        pytest.param(
            "d.yaml",
            a_deployment("us-kaspersky", more="options: {macos-santa: {x: 1}}\n"),
            "error[unknown-option]",
            id="option",
        ),
        pytest.param(
            "d.yaml",
            a_deployment("us-kaspersky", more="options: {santa: {x: 1}}\n"),
            "error[unknown-target]",
            id="options",
        ),
    ],
)
def test_a_common_mistake_is_found(tmp_path: Path, name: str, text: str, found: str) -> None:
    done = run("check", write(tmp_path, name, text), *AS_OF)
    assert (done.code, done.out) == (1, "")
    assert found in ids(done.err)
    assert "   = hint: " in done.err or found == "error[file-unreadable]"
    assert too_wide(done.err, 80) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(a_list(authority=", effective: 2027-01-01"), "note[list-pending]", id="pending"),
        pytest.param(a_list(authority=", revoked: {on: 2026-06-01, by: Act}"), "note[list-revoked]", id="revoked"),
        pytest.param(a_list(authority=", duties: []"), "note[list-lapsed]", id="lapsed"),
    ],
)
def test_a_list_out_of_force_is_a_note(tmp_path: Path, text: str, found: str) -> None:
    done = run("check", write(tmp_path, "x.yaml", text), "--strict", *AS_OF)
    assert done.code == 0
    assert found in ids(done.err)
    assert "build refuses it unless it is adopted" in done.err


@pytest.mark.parametrize(
    ("bans", "strict", "code"),
    [
        pytest.param(CLEAN, True, 0, id="nothing"),
        pytest.param("- {feature: Pay, implemented_by: wechat}", False, 0, id="warning"),
        pytest.param("- {feature: Pay, implemented_by: wechat}", True, 11, id="warning-strict"),
        pytest.param("- app: wetchat", True, 1, id="error-outranks-strict"),
    ],
)
def test_strict(tmp_path: Path, bans: str, strict: bool, code: int) -> None:
    path = write(tmp_path, "x.yaml", a_list(bans=bans))
    assert run("check", path, *AS_OF, *["--strict"] * strict).code == code


@pytest.mark.parametrize(
    ("day", "found"),
    [
        pytest.param("2026-11-24", [], id="until"),
        pytest.param("2026-11-25", ["warning[exception-expired]"], id="the-day-after"),
    ],
)
def test_an_exception_holds_through_its_day(tmp_path: Path, day: str, found: list[str]) -> None:
    waiver = "exceptions:\n  - {app: wechat, category: other, approved_by: CISO, document: M, groups: [lab], until: 2026-11-24}\n"
    done = run("check", write(tmp_path, "x.yaml", a_list(more=waiver)), "--as-of", day)
    assert [one for one in ids(done.err) if one.startswith("warning[exception")] == found


def test_today_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "today", lambda: "2026-01-01")
    path = write(tmp_path, "x.yaml", a_list(authority=", effective: 2026-02-01"))
    assert "x: not in force before 2026-02-01" not in run("check", path).err
    assert "ours: pending: not in force before 2026-02-01" in run("check", path).err


def test_today_is_an_iso_day() -> None:
    assert len(edge.today()) == len("2026-11-24")


def test_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "x.yaml", a_list(bans="- app: wetchat"))
    done = run("check", "x.yaml", "--format", "json")
    assert (done.code, done.err) == (1, "")
    assert done.json == {
        "findings": [
            {
                "id": "unknown-app",
                "severity": "error",
                "message": "the catalogue has no app 'wetchat'",
                "hint": "did you mean 'wechat'?",
                "file": "x.yaml",
                "line": 4,
                "column": 5,
            }
        ]
    }


def test_json_of_a_clean_file(tmp_path: Path) -> None:
    done = run("check", write(tmp_path, "x.yaml", a_list(bans=CLEAN)), "--format", "json")
    assert (done.code, done.json, done.err) == (0, {"findings": []}, "")


@pytest.mark.parametrize(
    ("text", "code", "found"),
    [
        pytest.param(a_list(bans=CLEAN), 0, [], id="list"),
        pytest.param(a_list(bans="- app: wetchat"), 1, ["error[unknown-app]"], id="list-with-a-mistake"),
        pytest.param(a_deployment("us-kasperky"), 1, ["error[unknown-list]"], id="deployment-with-a-mistake"),
        pytest.param("devices:\n  - {name: Macs, platform: macos}\n", 0, [], id="devices"),
        pytest.param("app,platform,kind,identifier\nX,web,domain,example.org\n", 0, [], id="csv"),
        pytest.param("", 1, ["error[empty-file]"], id="nothing"),
    ],
)
def test_standard_input(text: str, code: int, found: list[str]) -> None:
    done = run("check", "-", stdin=text, env={"COLUMNS": "80"})
    assert done.code == code
    assert [one for one in ids(done.err) if one.startswith("error")] == found


def test_a_deployment_on_standard_input_is_read_once_with_lists_relative_to_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "ours.yaml", a_list(bans=CLEAN))
    text = a_deployment("ours.yaml", more="devices: [{name: phones, platform: ios}]\n")
    assert run("check", "-", stdin=text) == (0, "1 file checked: no error\n", "")


def test_a_list_on_standard_input_includes_what_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "other.yaml", a_list("other", bans="- {feature: Pay, implemented_by: wechat}"))
    done = run("check", "-", stdin=a_list(bans=CLEAN, more="include: [other.yaml, us-kaspersky]\n"), env=None)
    assert done.code == 0
    assert "--> other.yaml:4:5" in done.err
    assert "us-kaspersky.yaml:" in done.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("missing.yaml", "No such file or directory", id="missing"),
        pytest.param(".", "Is a directory", id="folder"),
        pytest.param("x" * 5000, "File name too long", id="too-long"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("check", name)
    assert (done.code, done.out) == (1, "")
    assert ids(done.err) == ["error[file-unreadable]"]
    assert said in done.err


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        os.truncate(file.fileno(), inputs._MAX_FILE + 1)
    done = run("check", path)
    assert (done.code, ids(done.err)) == (1, ["error[file-too-large]"])


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """`check <(make-deployment)`: what stands behind the path is gone after the first reading."""
    reading, writing = os.pipe()
    os.write(writing, a_deployment("us-kaspersky").encode())
    os.close(writing)
    try:
        done = run("check", f"/dev/fd/{reading}", *AS_OF)
    finally:
        os.close(reading)
    assert done.code == 0, done.err
    del tmp_path


def test_hostile_text_does_not_reach_the_terminal(tmp_path: Path) -> None:
    text = a_list(bans='- name: "a\u202eb"\n  - name: "\x1b[31mred"\n  - app: wet\u2066chat')
    name = "n\x1b]0;t\x07\u202e.yaml"
    done = run("check", write(tmp_path, name, text))
    assert done.code == 1
    assert not {"\u202e", "\u2066", "\x1b", "\x07"} & set(done.err)
    assert "a�b" in done.err
    assert "n�]0;t��.yaml:4:13" in done.err


def test_hostile_text_is_escaped_in_json(tmp_path: Path) -> None:
    name = "n\x1b\x9b\u202e.yaml"
    done = run("check", write(tmp_path, name, ""), "--format", "json")
    assert done.out.isascii()
    assert done.json["findings"][0]["file"].endswith(name)


def test_user_targets_are_known_with_templates(tmp_path: Path) -> None:
    path = write(tmp_path, "d.yaml", a_deployment("us-kaspersky", more="targets: [macos-santa]\n"))
    assert run("check", path, "--templates", tmp_path, *AS_OF).code == 0


def test_the_shipped_lists_and_the_example_check_without_an_error() -> None:
    done = run("check", *inputs.shipped().values(), ROOT / "examples/federal/deployment.yaml", *AS_OF)
    assert (done.code, [one for one in ids(done.err) if one.startswith("error")]) == (0, [])
    assert too_wide(done.err, 80) == []


def a_path_in_quotes(path: str) -> str:
    return f'organization: {{name: A, identifier: org.example.a}}\nlists: ["{path}"]\n'


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(r"C:\Users\lists\ours.yaml", id="number of a character"),
        pytest.param(r"C:\data\ours.yaml", id="unknown escape"),
        pytest.param(r"C:\new\ours.yaml", id="line end"),
        pytest.param(r"lists\banned.yaml", id="backspace"),
        pytest.param(r"\\server\share\ours.yaml", id="share"),
        pytest.param("lists\\", id="escaped quote"),
    ],
)
def test_a_backslash_in_double_quotes_gets_a_hint_that_helps(tmp_path: Path, path: str) -> None:
    done = run("check", write(tmp_path, "d.yaml", a_path_in_quotes(path)), *AS_OF)
    assert done.code == 1
    assert "write a path with / or in single quotes" in " ".join(done.err.split()).replace("- ", "")
    assert "indentation" not in done.err


def test_a_deployment_without_devices_is_a_warning(tmp_path: Path) -> None:
    bare = write(tmp_path, "d.yaml", "organization: {name: A, identifier: org.example.a}\nlists: [us-kaspersky]\n")
    assert "warning[no-devices]" in ids(run("check", bare, *AS_OF).err)
    assert run("check", bare, "--strict", *AS_OF).code == 11


def test_an_unknown_mdm_is_a_warning_that_names_other(tmp_path: Path) -> None:
    more = "devices: [{name: phones, platform: ios, managed_by: acmemdm}]\n"
    done = run("check", write(tmp_path, "d.yaml", a_deployment("us-kaspersky", more=more)), "--strict", *AS_OF)
    assert done.code == 11
    assert "warning[mdm-unknown]" in ids(done.err)
    assert "acmemdm" in done.err
    assert "`other`" in done.err


_HOOK = next(
    one
    for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    if one["id"] == "mdm-policy-check"
)


def test_the_hook_checks_every_file_of_ours_and_passes_over_others(tmp_path: Path) -> None:
    """What `init` and `new-target` write, tables, overlays, each with a fault; beside files of other programs."""
    assert run("init", str(tmp_path / "agency")).code == 0
    assert run("new-target", str(tmp_path / "acme-kiosk")).code == 0
    ours = [*sorted((tmp_path / "agency").iterdir()), *sorted((tmp_path / "acme-kiosk").rglob("*.yaml"))]
    overlay = (
        "catalogue_overlay: ours\napps: {our-chat: {name: Our Chat, sources: M, ios: {bundle_id: org.example.c}}}\n"
    )
    more = {
        "x/phones.yml": "devices: [{name: a, platform: ios, managed_by: jamf}]\n",
        "chat.yaml": overlay,
        "table.csv": "app,platform,kind,identifier\nA,ios,bundle_id,org.example.a\n",
        "lists/bare.csv": "app;platform\n",
    }
    for name, text in more.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        ours.append(Path(write(tmp_path, name, text)))
    foreign = [
        Path(write(tmp_path, name, text))
        for name, text in {
            ".gitlab-ci.yml": "include: [a.yml]\nstages: [x]\n",
            "compose.yaml": "services: {a: {image: b}}\n",
            "prometheus.yml": "targets: [a]\noptions: {}\n",
            "people.csv": "name,age\nA,1\n",
        }.items()
    ]
    wanted = re.compile(_HOOK["files"])
    assert [one for one in (*ours, *foreign) if not wanted.search(one.as_posix())] == []
    command = [*_HOOK["entry"].split()[1:], "--format", "json", *AS_OF]
    told = json.loads(run(*command, *map(str, (*ours, *foreign))).out)["findings"]
    assert [(one["id"], Path(one["file"]).name) for one in told if one["severity"] == "error"] == [
        ("csv-header", "bare.csv")
    ]
    broken = [path.write_bytes(path.read_bytes() + b"\n\tx: [") for path in ours]
    assert broken
    told = json.loads(run(*command, *map(str, (*ours, *foreign))).out)["findings"]
    assert {one["file"] for one in told if one["severity"] == "error"} >= {
        str(path) for path in ours if path.suffix != ".csv"
    }
    assert not {str(path) for path in foreign} & {one["file"] for one in told}


@pytest.mark.parametrize("where", ["list", "deployment", "both"])
def test_an_unknown_app_is_told_together_with_other_faults(tmp_path: Path, where: str) -> None:
    more = "" if where == "deployment" else ", foo: bar"
    bans = f"bans:\n  - {{app: wechatt}}\n  - {{vendor: tencant{more}}}\n"
    head = 'ban_list: order\nauthority: {citation: "Order 1 (example)", effective: 2026-01-01}\n'
    write(tmp_path, "l.yaml", head + bans)
    own = "organization: {name: A, identifier: gov.a}\nlists: [l.yaml]\n" + ("devises: []\n" if where != "list" else "")
    write(tmp_path, "d.yaml", own)
    ran = run("check", tmp_path / "d.yaml", "--format", "json", *AS_OF)
    found = [(one["id"], one["hint"]) for one in json.loads(ran.out)["findings"] if one["severity"] == "error"]
    assert ("unknown-app", "did you mean 'wechat'?") in found
    assert ("unknown-vendor", "did you mean 'tencent'?") in found
    assert [id_ for id_, _ in found].count("unknown-key") == (2 if where == "both" else 1)
    assert ran.code == 1


def test_an_exception_for_an_app_that_nobody_bans_says_which_was_meant(tmp_path: Path) -> None:
    waiver = (
        '{app: wechatt, groups: [a], category: other, approved_by: c, document: "M 1 (example)", until: 2027-01-01}'
    )
    path = write(tmp_path, "l.yaml", a_list(more=f"exceptions:\n  - {waiver}\n"))
    ran = run("check", path, "--format", "json", *AS_OF)
    assert "did you mean 'wechat'?" in {one["hint"] for one in json.loads(ran.out)["findings"]}
