"""Run the command as people do: every form, exit code and format."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import jsonschema
import pytest
from cli_kit import run
from diff_files import LIST, profile, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = ("--as-of", "2026-11-24")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return profile(tmp_path / "old.mobileconfig", "com.tencent.xin", "a.b"), profile(
        tmp_path / "new.mobileconfig", "a.b"
    )


def test_the_sentence_comes_first(pair: tuple[Path, Path]) -> None:
    done = run("diff", *pair, *DAY)
    assert done.code == 11
    assert done.out.startswith("Weaker than before: 1 LOOSENED.\n")
    assert "LOOSENED WeChat, iPhone, iPad: hidden -> allowed" in done.out
    assert "LOOSENED: the ban is gone, or without effect" in done.out
    assert done.err == ""


def test_exit_codes(pair: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = pair
    assert run("diff", old, old).code == 0
    assert run("diff", new, old).code == 10
    assert run("diff", new, old, "--allow-tightening").code == 0
    assert run("diff", old, new, "--allow-tightening").code == 11
    broken = text(tmp_path / "broken.json", '{"a": ')
    done = run("diff", old, broken)
    assert done.code == 1
    assert "broken.json" in done.err
    assert run("diff", old, tmp_path / "absent.json").code == 1
    assert run("diff", old).code == 2
    assert run("diff", old, new, new).code == 2


def test_harmless_changes_are_listed_on_demand(pair: tuple[Path, Path], tmp_path: Path) -> None:
    old, _ = pair
    again = profile(tmp_path / "again.mobileconfig", "a.b", "com.tencent.xin", PayloadUUID="x")
    done = run("diff", old, again)
    assert done.code == 0
    assert "No ban changed; 1 COSMETIC (--all lists them)." in done.out
    assert "COSMETIC: order" not in done.out
    listed = run("diff", old, again, "--all").out
    assert "No ban changed; 1 COSMETIC." in listed
    assert "COSMETIC: order" in listed


def test_json_holds_everything(pair: tuple[Path, Path]) -> None:
    done = run("diff", *pair, "--format", "json", "--list", "us-eo-13971", *DAY)
    made = json.loads(done.out)
    assert (made["format"], made["version"], made["exit_code"]) == ("mdm-policy-diff", 2, 11)
    assert made["counts"] == {
        "LOOSENED": 1,
        "INEFFECTIVE": 0,
        "NARROWED": 0,
        "TIGHTENED": 0,
        "EQUIVALENT": 0,
        "COSMETIC": 0,
        "UNJUDGED": 0,
    }
    [change] = made["changes"]
    assert (change["app"], change["platform"], change["identifiers"]) == ("wechat", "ios", ["com.tencent.xin"])
    assert change["old"]["line"] > 1
    assert change["new"] == {"file": "", "line": 0, "column": 0}
    assert "revoked" in change["banned_by"][0]
    assert made["lists"][0]["state"] == "revoked"


SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "required": ["tool", "results"],
                "properties": {"results": {"items": {"required": ["message", "ruleId", "level"]}}},
            },
        },
    },
}


def test_sarif_points_at_the_entry(pair: tuple[Path, Path]) -> None:
    made = json.loads(run("diff", *pair, "--format", "sarif").out)
    jsonschema.validate(made, SARIF)
    [result] = made["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("diff-loosened", "error")
    [rule] = made["runs"][0]["tool"]["driver"]["rules"]
    assert "\nDo: " in rule["help"]["text"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] > 1
    tightened = json.loads(run("diff", *pair[::-1], "--format", "sarif", "--list", "us-eo-13971").out)
    assert tightened["runs"][0]["results"][0]["level"] == "note"
    assert "banned by us-eo-13971" in tightened["runs"][0]["results"][0]["message"]["text"]
    cosmetic = json.loads(
        run(
            "diff",
            pair[0],
            profile(pair[0].with_name("x"), "a.b", "com.tencent.xin"),
            "--format",
            "sarif",
            "--all",
        ).out
    )
    assert cosmetic["runs"][0]["results"][0]["ruleId"] == "diff-cosmetic"


def test_markdown_and_html(pair: tuple[Path, Path]) -> None:
    options = ("--list", "us-eo-13971", *DAY)
    marked = run("diff", *pair, "--format", "markdown", *options).out
    assert marked.startswith("## Policy changes\n")
    assert "| **LOOSENED** | WeChat `com.tencent.xin` | iPhone, iPad | hidden | allowed |" in marked
    written = run("diff", *pair, "--format", "html", *options).out
    assert written.startswith('<section class="mdm-policy-diff">')
    assert '<tr class="mdm-policy-loosened"><th scope="row">LOOSENED</th><td><bdi>WeChat</bdi>' in written
    assert "<script" not in written
    assert "style" not in written


def wifi(path: Path, **keys: object) -> Path:
    path.write_text(json.dumps({"@odata.type": "#microsoft.graph.iosWiFiConfiguration", **keys}), encoding="utf-8")
    return path


def test_other_keys_are_told_in_every_format(tmp_path: Path) -> None:
    old = wifi(tmp_path / "old.json")
    new = wifi(tmp_path / "new.json", **{f"Key{number}": number for number in range(12)})
    done = run("diff", old, new)
    assert done.code == 10
    assert "No ban changed; 12 keys changed that concern no app." in done.out
    assert "and 2 more; --format json has them all" in done.out
    assert "Key7" in run("diff", old, new, "--format", "markdown").out
    told = "<li>intune-device-configuration /Key0: nothing -&gt; 0</li>"
    assert told in run("diff", old, new, "--format", "html").out
    assert len(json.loads(run("diff", old, new, "--format", "json").out)["other_keys"]) == 12


def test_what_nobody_judges_is_told_in_every_format_and_is_never_passed_over(tmp_path: Path) -> None:
    old = profile(tmp_path / "old.mobileconfig", "a.b")
    new = profile(tmp_path / "new.mobileconfig", "a.b", **{f"Key{number}": number for number in range(22)})
    done = run("diff", old, new, "--allow-tightening")
    assert done.code == 11
    assert done.out.startswith("22 changed, and this program cannot say in which direction.")
    assert "No ban changed" not in done.out
    assert "and 2 more; --format json has them all" in done.out
    assert "/Key0: nothing -&gt; 0</li>" in run("diff", old, new, "--format", "html").out
    assert (
        "Changed, and this program cannot say in which direction" in run("diff", old, new, "--format", "markdown").out
    )
    assert run("diff", old, new, "--format", "sarif").out.count('"diff-unjudged"') > 20
    told = json.loads(run("diff", old, new, "--format", "json").out)
    assert told["counts"]["UNJUDGED"] == 22
    assert {change["pointer"] for change in told["changes"]} == {f"/Key{number}" for number in range(22)}


@pytest.mark.parametrize(
    ("globs", "code"),
    [
        pytest.param(["*#/Key0"], 11, id="one of two is accepted"),
        pytest.param(["*#/Key0", "new.mobileconfig#/Key1"], 11, id="another file is named"),
        pytest.param(["*#/Key0", "old.mobileconfig#/Key1"], 0, id="both are accepted"),
        pytest.param(["*"], 0, id="everything is accepted"),
    ],
)
def test_what_nobody_judges_can_be_accepted_by_place(globs: list[str], code: int, tmp_path: Path) -> None:
    old = profile(tmp_path / "old.mobileconfig", "a.b")
    new = profile(tmp_path / "new.mobileconfig", "a.b", Key0=1, Key1=2)
    accepted = [word for glob in globs for word in ("--accept-unjudged", glob)]
    done = run("diff", old, new, "--allow-tightening", *accepted)
    assert done.code == code, done.out
    assert "accepted" in done.out


def test_device_classes_narrow_the_question(pair: tuple[Path, Path], tmp_path: Path) -> None:
    platforms = ("ios", "ipados", "tvos", "visionos")
    rows = "".join(f"  - {{name: own {one}, platform: {one}, supervised: false}}\n" for one in platforms)
    devices = text(tmp_path / "devices.yaml", f"devices:\n{rows}")
    assert run("diff", *pair, "--devices", devices).code == 0
    deployment = text(
        tmp_path / "deployment.yaml",
        f"organization: {{name: Example, identifier: gov.example}}\nlists: [us-eo-13971]\ndevices:\n{rows}",
    )
    assert run("diff", *pair, "--deployment", deployment).code == 0
    assert run("diff", *pair, "--devices", text(tmp_path / "bad.yaml", "devices: 3\n")).code == 1


def test_lists_are_compared(tmp_path: Path) -> None:
    old = text(tmp_path / "old.yaml", LIST + "  - app: qq\n")
    new = text(tmp_path / "new.yaml", "# a comment\n" + LIST)
    done = run("diff", old, new, *DAY)
    assert done.code == 11
    assert "LOOSENED QQ, Android: banned -> not banned" in done.out
    assert run("diff", old, old).code == 0
    assert run("diff", "us-eo-13971", "us-eo-13971").code == 0
    assert run("diff", new, text(tmp_path / "commented.yaml", LIST)).out.count("1 COSMETIC") == 1
    assert run("diff", old, text(tmp_path / "bad.yaml", LIST + "  - app: nobody-knows\n")).code == 1
    assert run("diff", old, "/dev/null").code == 11


def test_deployments_are_compared_by_their_lists(tmp_path: Path) -> None:
    head = "organization: {name: Example, identifier: gov.example}\nlists: "
    old = text(tmp_path / "old.yaml", f"{head}[us-eo-13971, us-omb-m-23-13]\n")
    new = text(tmp_path / "new.yaml", f"{head}[us-eo-13971]\n")
    done = run("diff", old, new, *DAY)
    assert done.code == 11
    assert "LOOSENED TikTok" in done.out


def test_a_list_and_a_policy_have_no_common_measure(pair: tuple[Path, Path], tmp_path: Path) -> None:
    ours = text(tmp_path / "ours.yaml", LIST)
    for sides in ((ours, pair[0]), (pair[0], ours)):
        done = run("diff", *sides)
        assert done.code == 1
        assert "diff-sides" in done.err


def test_a_folder_may_hold_lists_and_policies(tmp_path: Path) -> None:
    for name, bundles in (("old", ("a.b", "c.d")), ("new", ("a.b",))):
        profile(tmp_path / name / "policies" / "p.mobileconfig", *bundles)
        text(tmp_path / name / "lists" / "ours.yaml", LIST + ("  - app: qq\n" if name == "new" else ""))
        text(
            tmp_path / name / "deployment.yaml",
            "organization: {name: E, identifier: gov.example}\nlists: [lists/ours.yaml]\n",
        )
        text(tmp_path / name / ".hidden" / "ours.yaml", LIST)
    done = run("diff", tmp_path / "old", tmp_path / "new", *DAY)
    assert done.code == 11
    assert "LOOSENED c.d, iPhone, iPad" in done.out
    assert "TIGHTENED QQ, Android" in done.out


def test_nothing_to_compare_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert run("diff", tmp_path / "a", tmp_path / "b").code == 2


def test_a_build_is_compared_with_its_variants(tmp_path: Path, change: Callable[[Path], None]) -> None:
    ours = text(
        tmp_path / "ours.yaml",
        LIST + "  - app: qq\nexceptions:\n  - {app: wechat, category: security-research, approved_by: CISO (example), "
        "document: MEMO-1 (example), groups: [lab], until: 2027-01-01}\n",
    )
    build = tmp_path / "old"
    assert run("build", ours, "--target", "apple-ios-restrictions", "-o", build, *DAY).code == 0
    shutil.copytree(build, tmp_path / "new")
    assert run("diff", build, tmp_path / "new", *DAY).code == 0
    change(tmp_path / "new")
    done = run("diff", build, tmp_path / "new", *DAY)
    assert done.code == 11
    assert "for lab" in done.out


@pytest.fixture
def change() -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        [variant] = [path for path in folder.rglob("*.mobileconfig") if "lab" in str(path)]
        variant.write_bytes(variant.read_bytes().replace(b"com.tencent.mqq", b"com.tencent.MQQ"))

    return edit


def test_a_large_document_needs_leave(tmp_path: Path) -> None:
    large = text(tmp_path / "large.json", json.dumps({"applications": [], "x": "y" * (16 * 1024 * 1024)}))
    assert run("diff", large, large).code == 1
    assert run("diff", large, large, "--max-size", "64").code == 0


def test_between_builds_no_target_makes_up_for_another(tmp_path: Path) -> None:
    for side in ("old", "new"):
        built = run("build", "us-omb-m-23-13", *DAY, "-o", tmp_path / side)
        assert built.code == 0
    path = tmp_path / "new/apple-ios-restrictions/us-omb-m-23-13.mobileconfig"
    path.write_bytes(path.read_bytes().replace(b"com.zhiliaoapp.musically<", b"com.zhiliaoapp.Musically<"))
    done = run("diff", tmp_path / "old", tmp_path / "new", *DAY)
    assert done.code == 11
    assert "INEFFECTIVE TikTok, iPhone, iPad: hidden -> allowed" in done.out
    assert "from target apple-ios-restrictions" in " ".join(done.out.split())
