"""The `build` command: what it writes, refuses, prints, and with which exit code it ends."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import copy_target, edit
from cli_kit import AS_OF, DAY, ROOT, Ran, a_deployment, a_list, ids, run, too_wide, write

from mdm_policy import __version__, documents
from mdm_policy.cli import edge

if TYPE_CHECKING:
    from collections.abc import Iterator

FEDERAL = ROOT / "examples/federal/deployment.yaml"
SANTA = ("--target", "macos-santa")
MACS = "devices:\n  - {name: Macs, platform: macos, os: '>=14', supervised: true, enrollment: automated}\n"
OWN = "devices:\n  - {name: own, platform: ios, supervised: false, enrollment: user}\n"
WAIVER = "exceptions:\n  - {app: wechat, category: other, approved_by: CISO, document: MEMO-1, groups: [lab], until: 2026-11-24}\n"
ONLY_MACS = "- {name: Ours, macos: {bundle_id: org.example.app, team_id: ABCDE12345}, not_on: [ios, android, windows]}"


@pytest.fixture(scope="module")
def federal(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    folder = tmp_path_factory.mktemp("federal") / "out"
    return run("build", "--deployment", FEDERAL, *AS_OF, "-o", folder), folder


def held(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_bytes())


def blocked_on_macs(path: Path) -> list[str]:
    profile = documents.parse(path.name, path.read_bytes(), "plist")
    (forced,) = profile["PayloadContent"][0]["PayloadContent"]["com.northpolesec.santa"]["Forced"]
    return [rule["identifier"] for rule in forced["mcx_preference_settings"]["StaticRules"]]


def test_the_example_builds(federal: tuple[Ran, Path]) -> None:
    done, folder = federal
    assert done.code == 0
    made = manifest(folder)
    assert {f["path"] for f in made["files"]} | {"manifest.json"} == held(folder)
    for file in made["files"]:
        assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    assert (made["as_of"], made["program"]) == (DAY, f"mdm-policy {__version__}")
    assert [one["state"] for one in made["lists"]] == ["in-force", "in-force", "in-force", "adopted"]
    assert made["inputs"][0]["name"] == "deployment.yaml"
    assert all(one["name"].startswith("mdm-policy/") for one in made["inputs"][1:])


def test_the_summary_says_what_was_built(federal: tuple[Ran, Path]) -> None:
    done, folder = federal
    made = manifest(folder)
    words = " ".join(done.out.split())
    assert words.startswith(made["sentence"])
    assert words.endswith(made["sentence"])
    assert f"Built {len(made['documents'])} documents for {len(made['targets'])} targets in {folder}" in words
    assert "us-eo-13971, adopted: E.O. 13971, 86 FR 1249 (Jan. 8, 2021) revoked on 2021-06-09 by E.O. 14034" in words
    assert "WeChat Pay (in WeChat) hidden" in words
    for row in made["coverage"]:
        assert set(row["classes"]) == {device["name"] for device in made["device_classes"]}
        assert set(row["classes"].values()) <= set(words.replace(":", "").split()) | {"no such app"}
    assert f"Next: open {folder}/START-HERE.md: which files" in words
    assert too_wide(done.out, 80) == []


def test_the_findings_are_summed_up_on_stderr(federal: tuple[Ran, Path]) -> None:
    done, folder = federal
    all_of_them = [one["id"] for one in manifest(folder)["findings"] if one["severity"] == "warning"]
    shown = ids(done.err)
    assert all(one.startswith("warning[") for one in shown)
    assert max(shown.count(one) for one in shown) <= 3 < len(all_of_them)
    assert "not shown, all in manifest.json: " in done.err
    assert done.err.splitlines()[-1].startswith(f"{len(all_of_them)} warnings, ")
    assert too_wide(done.err, 80) == []


def test_json_prints_the_manifest_itself(tmp_path: Path) -> None:
    done = run("build", "us-kaspersky", *SANTA, *AS_OF, "-o", tmp_path / "out", "--format", "json")
    assert done.code == 0
    assert done.out == (tmp_path / "out/manifest.json").read_text(encoding="utf-8")
    assert done.json["format"] == "mdm-policy-build"


def test_the_same_inputs_give_the_same_bytes_in_another_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, "ours.yaml", a_list())
        write(tmp_path / name, "d.yaml", a_deployment("ours.yaml", "us-kaspersky", more=MACS))
        assert (
            run("build", "--deployment", tmp_path / name / "d.yaml", *SANTA, *AS_OF, "-o", tmp_path / name / "out").code
            == 0
        )
    one, two = tmp_path / "a/out", tmp_path / "b/out"
    assert held(one) == held(two)
    assert all((one / path).read_bytes() == (two / path).read_bytes() for path in held(one))


def test_lists_on_the_command_line_replace_the_deployments(tmp_path: Path) -> None:
    deployment = write(tmp_path, "d.yaml", a_deployment("us-kaspersky"))
    assert run("build", "us-omb-m-23-13", "--deployment", deployment, *AS_OF, "-o", tmp_path / "out").code == 0
    assert [one["id"] for one in manifest(tmp_path / "out")["lists"]] == ["us-omb-m-23-13"]


def test_a_list_on_standard_input(tmp_path: Path) -> None:
    done = run("build", "-", *SANTA, *AS_OF, "-o", tmp_path / "out", stdin=a_list())
    assert done.code == 0
    assert [(one["role"], one["name"]) for one in manifest(tmp_path / "out")["inputs"]] == [("list", "-")]


def test_a_list_outside_of_the_deployments_folder_is_recorded_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write(tmp_path, "ours.yaml", a_list(more="include: [more.csv]\n"))
    write(tmp_path, "more.csv", "app,platform,kind,identifier\nX,macos,team_id,ABCDE12345\n")
    deployment = write(tmp_path / "in", "d.yaml", a_deployment("../ours.yaml"))
    assert run("build", "--deployment", deployment, *SANTA, *AS_OF, "-o", tmp_path / "out").code == 0
    names = [(one["role"], one["name"]) for one in manifest(tmp_path / "out")["inputs"]]
    assert names[0] == ("deployment", "d.yaml")
    assert names[1][0] == "included list"
    assert names[2] == ("list", "../ours.yaml")


# --- dates -------------------------------------------------------------------------------------------------------------


def test_a_revoked_list_is_refused_with_date_act_and_way_out(tmp_path: Path) -> None:
    done = run("build", "us-eo-13971", *AS_OF, "-o", tmp_path / "out")
    assert (done.code, done.out) == (1, "")
    words = " ".join(done.err.split())
    assert "error[list-revoked]: on 2026-11-24, us-eo-13971 (E.O. 13971, 86 FR 1249 (Jan. 8, 2021))" in words
    assert "is not in force: revoked on 2021-06-09 by E.O. 14034" in words
    assert "write it under `adopt:` in the deployment or pass --adopt us-eo-13971" in words
    assert not (tmp_path / "out").exists()


ADOPT = "adopt: {us-eo-13971: {by: CIO memo, since: 2026-05-01}}\n"
HELD = a_list("ours", authority=", effective: 2026-03-01, revoked: {on: 2026-09-01, by: Act 7}")


@pytest.mark.parametrize(
    ("lists", "more", "day", "code", "said"),
    [
        pytest.param(
            "us-eo-13971",
            ADOPT,
            "2026-04-30",
            1,
            "its adoption by CIO memo begins on 2026-05-01",
            id="adopted-too-early",
        ),
        pytest.param("us-eo-13971", ADOPT, "2026-05-01", 0, "us-eo-13971, adopted:", id="adopted-since-today"),
        pytest.param(
            "us-eo-13971", "", "2021-06-08", 1, "its authority orders nothing about devices", id="never-ordered"
        ),
        pytest.param("ours.yaml", "", "2026-02-28", 1, "is not in force before 2026-03-01", id="pending"),
        pytest.param("ours.yaml", "", "2026-03-01", 0, "ours, in-force:", id="first-day"),
        pytest.param("ours.yaml", "", "2026-08-31", 0, "ours, in-force:", id="last-day"),
        pytest.param("ours.yaml", "", "2026-09-01", 1, "is not in force: revoked on 2026-09-01 by Act 7", id="revoked"),
    ],
)
def test_the_days_on_which_a_list_is_in_force(
    tmp_path: Path, lists: str, more: str, day: str, code: int, said: str
) -> None:
    write(tmp_path, "ours.yaml", HELD)
    deployment = write(tmp_path, "d.yaml", a_deployment(lists, more=more))
    done = run("build", "--deployment", deployment, *SANTA, "--as-of", day, "-o", tmp_path / "out")
    assert done.code == code
    assert said in " ".join((done.out + done.err).split())


@pytest.mark.parametrize("day", ["2026-02-28", "2026-09-01"])
def test_the_adopt_option(tmp_path: Path, day: str) -> None:
    path = write(tmp_path, "ours.yaml", HELD)
    done = run("build", path, "--adopt", "ours", *SANTA, "--as-of", day, "-o", tmp_path / "out")
    assert done.code == 0
    assert f"adopted since {day} by the --adopt option" in " ".join(done.out.split())


def test_today_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "today", lambda: "2026-09-01")
    done = run("build", write(tmp_path, "ours.yaml", HELD), *SANTA, "-o", tmp_path / "out")
    assert ids(done.err)[0] == "error[list-revoked]"


@pytest.mark.parametrize(
    ("day", "excepted"),
    [pytest.param("2026-11-24", True, id="until"), pytest.param("2026-11-25", False, id="the-day-after")],
)
def test_an_exception_makes_a_variant_through_its_day(tmp_path: Path, day: str, excepted: bool) -> None:
    path = write(tmp_path, "ours.yaml", a_list(bans="- app: wechat\n  - app: qq", more=WAIVER))
    done = run("build", path, *SANTA, "--as-of", day, "-o", tmp_path / "out")
    assert done.code == 0
    base = blocked_on_macs(tmp_path / "out/macos-santa/ours.mobileconfig")
    assert any("xinWeChat" in one for one in base)
    variant = tmp_path / "out/macos-santa/ours--lab.mobileconfig"
    assert variant.exists() is excepted
    assert ("Exceptions\n  lab: WeChat (" in done.out) is excepted
    assert ("warning[exception-expired]" in done.err) is not excepted
    if excepted:
        assert blocked_on_macs(variant) == [one for one in base if "xinWeChat" not in one]


GAP = "accepted_gaps:\n  - {app: wechat, device: own, reason: private, approved_by: CISO, document: MEMO-18, until: 2026-11-24}\n"


@pytest.mark.parametrize(
    ("day", "gap", "code"),
    [
        pytest.param(
            "2026-11-24",
            "Accepted gaps\n  own: UNENFORCEABLE: WeChat\n    accepted until 2026-11-24 by CISO: MEMO-18",
            0,
            id="until",
        ),
        pytest.param("2026-11-25", "Gaps\n  own: UNENFORCEABLE: WeChat\n", 11, id="the-day-after"),
    ],
)
def test_an_accepted_gap_is_printed_and_passes_strict_through_its_day(
    tmp_path: Path, day: str, gap: str, code: int
) -> None:
    ours = "- {name: WeChat, ios: {bundle_id: org.example.chat}, not_on: [macos, android, windows]}"
    write(tmp_path, "ours.yaml", a_list(bans=ours))
    deployment = write(tmp_path, "d.yaml", a_deployment("ours.yaml", more=OWN + GAP))
    done = run(
        "build",
        "--deployment",
        deployment,
        "--strict",
        "--as-of",
        day,
        "-o",
        tmp_path / "out",
        "--target",
        "apple-ios-restrictions",
    )
    assert gap in done.out
    assert done.code == code
    assert (tmp_path / "out/manifest.json").exists()


@pytest.mark.parametrize(
    ("bans", "devices", "strict", "code"),
    [
        pytest.param(ONLY_MACS, MACS, True, 0, id="nothing-to-say"),
        pytest.param("- app: tiktok", MACS, False, 0, id="gap"),
        pytest.param("- app: tiktok", MACS, True, 11, id="gap-strict"),
        pytest.param(ONLY_MACS.replace("bundle_id: org.example.app, ", ""), "", False, 0, id="warning"),
        pytest.param(ONLY_MACS.replace("bundle_id: org.example.app, ", ""), "", True, 11, id="warning-strict"),
    ],
)
def test_strict(tmp_path: Path, bans: str, devices: str, strict: bool, code: int) -> None:
    write(tmp_path, "ours.yaml", a_list(bans=bans))
    deployment = write(tmp_path, "d.yaml", a_deployment("ours.yaml", more=devices))
    targets = [*SANTA, "--target", "apple-ios-restrictions"]
    done = run("build", "--deployment", deployment, *targets, *AS_OF, *["--strict"] * strict, "-o", tmp_path / "out")
    assert done.code == code, done.err


# --- what is refused ---------------------------------------------------------------------------------------------------


def refusals() -> Iterator[Any]:
    yield pytest.param(["nope"], "error[unknown-list]", "no list `nope` is shipped", id="unknown-list")
    yield pytest.param(["x" * 5000], "error[unknown-list]", "is shipped, and no file has that name", id="endless-name")
    yield pytest.param(["nope.yaml"], "error[file-unreadable]", "No such file", id="missing-list")
    yield pytest.param(["."], "error[file-unreadable]", "Is a directory", id="a-folder")
    yield pytest.param(["--deployment", "nope.yaml"], "error[file-unreadable]", "No such file", id="missing-deployment")
    yield pytest.param(["us-kaspersky", "--deployment", "."], "error[file-unreadable]", "Is a directory", id="folder")
    yield pytest.param(
        ["us-kaspersky", "--adopt", "us-eo-13971"],
        "error[adopt-unknown]",
        "lists of this build: us-kaspersky",
        id="adopt",
    )
    yield pytest.param(["us-kaspersky", "--target", "x"], "error[unknown-target]", "targets: amapi-byod, ", id="target")
    yield pytest.param(
        ["ours.yaml", "ours-too.yaml"], "error[duplicate-list]", "two different lists have the id 'ours'", id="same-id"
    )
    yield pytest.param(
        ["d.yaml", "--deployment", "d.yaml"],
        "error[file-kind]",
        "is a deployment, not a ban list",
        id="a-deployment-as-list",
    )
    yield pytest.param(
        ["--deployment", "ours.yaml"], "error[file-kind]", "is a ban list, not a deployment", id="a-list-as-deployment"
    )
    yield pytest.param(
        ["us-kaspersky", "--deployment", "d.yaml"], "error[unknown-option]", "has no option 'x'", id="option"
    )


@pytest.mark.parametrize(("args", "found", "said"), list(refusals()))
def test_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], found: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "ours.yaml", a_list())
    write(tmp_path, "ours-too.yaml", a_list(bans="- app: qq"))
    write(tmp_path, "d.yaml", a_deployment("us-kaspersky", more="options: {macos-santa: {x: 1}}\n"))
    done = run("build", *args, *AS_OF, "-o", "out")
    assert (done.code, done.out) == (1, "")
    assert found in ids(done.err)
    assert said in " ".join(done.err.split())
    assert not Path("out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_the_same_list_twice_is_one(tmp_path: Path) -> None:
    assert run("build", "us-kaspersky", "us-kaspersky", *SANTA, *AS_OF, "-o", tmp_path / "out").code == 0
    assert len(manifest(tmp_path / "out")["lists"]) == 1
    assert (tmp_path / "out/macos-santa/us-kaspersky.mobileconfig").exists()


def test_building_twice_into_one_folder_replaces_the_build(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("build", "us-kaspersky", *SANTA, "--target", "jamf-macos-profile", *AS_OF, "-o", out).code == 0
    before = held(out)
    assert run("build", "us-kaspersky", *SANTA, *AS_OF, "-o", out).code == 0
    assert held(out) == {path for path in before if not path.startswith("jamf")}
    assert held(tmp_path) == {f"out/{path}" for path in held(out)}


@pytest.mark.parametrize(
    ("prepare", "found"),
    [
        pytest.param(lambda out: out.mkdir(), "", id="empty"),
        pytest.param(lambda out: (out / "a").mkdir(parents=True), "", id="empty-folders"),
        pytest.param(lambda out: (out.mkdir(), (out / "mine.txt").touch()), "error[output-foreign]", id="foreign"),
        pytest.param(lambda out: out.touch(), "error[output-not-a-folder]", id="a-file"),
        pytest.param(lambda out: out.symlink_to(out.parent), "error[output-not-a-folder]", id="a-link"),
    ],
)
def test_where_a_build_may_go(tmp_path: Path, prepare: Any, found: str) -> None:
    out = tmp_path / "out"
    prepare(out)
    done = run("build", "us-kaspersky", *SANTA, *AS_OF, "-o", out)
    assert done.code == (1 if found else 0)
    assert not found or ids(done.err) == [found]
    assert not found or not list(out.glob("manifest.json"))


def test_a_foreign_file_in_a_former_build_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("build", "us-kaspersky", *SANTA, *AS_OF, "-o", out).code == 0
    write(out, "notes.txt", "mine")
    done = run("build", "us-kaspersky", *SANTA, *AS_OF, "-o", out)
    assert (done.code, ids(done.err)) == (1, ["error[output-foreign]"])
    assert "notes.txt" in done.err
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 300, "a/" * 3000])
def test_an_output_with_an_impossible_name_cannot_be_written(tmp_path: Path, name: str) -> None:
    done = run("build", "us-kaspersky", *SANTA, *AS_OF, "-o", tmp_path / name)
    assert (done.code, ids(done.err)) == (1, ["error[output-unwritable]"])


def test_an_output_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    write(tmp_path, "file", "")
    done = run("build", "us-kaspersky", *SANTA, *AS_OF, "-o", tmp_path / "file/out")
    assert (done.code, ids(done.err)) == (1, ["error[output-unwritable]"])


# --- the user's own targets --------------------------------------------------------------------------------------------


def test_a_user_target_that_breaks_the_ban_is_11_and_writes_nothing(tmp_path: Path) -> None:
    folder = copy_target("macos-santa", tmp_path / "mine")
    edit(folder / "profile.mobileconfig.j2", "ids.macos.signing_id | shape", "ids.macos.signing_id[1:] | shape")
    done = run("build", "us-kaspersky", *SANTA, "--templates", tmp_path / "mine", *AS_OF, "-o", tmp_path / "out")
    assert (done.code, done.out) == (11, "")
    assert ids(done.err)
    assert not (tmp_path / "out").exists()


def test_a_user_target_with_a_broken_manifest_is_1(tmp_path: Path) -> None:
    folder = copy_target("macos-santa", tmp_path / "mine")
    edit(folder / "target.yaml", "title:", "tittle:")
    done = run("build", "us-kaspersky", *SANTA, "--templates", tmp_path / "mine", *AS_OF, "-o", tmp_path / "out")
    assert (done.code, ids(done.err)) == (1, ["error[missing-key]", "error[unknown-key]"])
    assert "did you mean `title`?" in done.err


def test_a_user_target_is_built(tmp_path: Path) -> None:
    copy_target("macos-santa", tmp_path / "mine")
    done = run("build", "us-kaspersky", *SANTA, "--templates", tmp_path / "mine", *AS_OF, "-o", tmp_path / "out")
    assert done.code == 0
    shutil.rmtree(tmp_path / "out")
