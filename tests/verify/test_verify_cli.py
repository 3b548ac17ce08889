"""Run the command: options, exit codes, formats, and builds with their manifests."""

from __future__ import annotations

import json
import plistlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cli_kit import AS_OF, ROOT, run
from kind_documents import REQUIRED
from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable

DEPLOYMENT = ROOT / "examples" / "federal" / "deployment.yaml"
OURS = """\
ban_list: ours
title: Ours
authority: {citation: "Order 1 (example)", issued: 2026-01-01, effective: 2026-01-01}
bans:
  - app: alipay
  - app: wechat
exceptions:
  - {app: alipay, category: security-research, approved_by: "CISO (example)", document: "MEMO-1 (example)", groups: [lab], until: 2027-01-01}
"""
INLINE = """\
ban_list: ours
title: Ours
authority: {citation: "Order 1 (example)", issued: 2026-01-01, effective: 2026-01-01}
bans:
  - name: Chat
    ios: {bundle_id: [com.chat.app]}
"""
SITE = """\
organization: {name: Example Agency, identifier: gov.example.agency}
lists: [ours.yaml]
devices:
  - {name: iPhones, platform: ios, os: ">=17", supervised: true, enrollment: automated, groups: [field]}
  - {name: lab, platform: ios, os: ">=17", supervised: true, enrollment: automated, groups: [lab]}
  - {name: kiosks, platform: android, os: ">=12", mode: fully-managed, managed_by: amapi, origins: [store]}
targets: [apple-ios-restrictions, amapi-fully-managed]
"""


@pytest.fixture(scope="module")
def federal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("federal") / "build"
    assert run("build", "--deployment", DEPLOYMENT, "-o", folder, *AS_OF).code == 0
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "ours.yaml").write_text(OURS, encoding="utf-8")
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    return tmp_path


def build(site: Path, *more: object) -> Path:
    done = run("build", "--deployment", site / "site.yaml", "-o", site / "build", *more, *AS_OF)
    assert done.code == 0, done.err
    return site / "build"


def verified(site: Path, *more: object, as_json: bool = True) -> Any:
    how = ("--format", "json") if as_json else ()
    return run("verify", site / "build", "--deployment", site / "site.yaml", *how, *more, *AS_OF)


_USAGE = [
    pytest.param([], id="nothing"),
    pytest.param(["--list", "us-eo-13971"], id="no path"),
    pytest.param(["x.json"], id="no list"),
    pytest.param(["x.json", "--deployment", "a", "--devices", "b"], id="devices twice"),
    pytest.param(["x.json", "--list", "us-eo-13971", "--for", "x"], id="for without a path"),
    pytest.param(["x.json", "--list", "us-eo-13971", "--min-strength", "none"], id="no strength"),
    pytest.param(["x.json", "--list", "us-eo-13971", "--as-of", "soon"], id="no date"),
    pytest.param(["x.json", "--list", "us-eo-13971", "--max-size", "0"], id="no size"),
]


@pytest.mark.parametrize("arguments", _USAGE)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    assert run("verify", *arguments).code == 2


def test_a_deployment_brings_its_lists_classes_and_accepted_gaps(federal: Path) -> None:
    done = run("verify", federal, "--deployment", DEPLOYMENT, "--format", "json", *AS_OF)
    assert done.code == 11
    found = done.json
    assert (found["format"], found["version"], found["declared"]) == ("mdm-policy-verification", 1, True)
    assert len(found["verdicts"]) == len(found["apps"]) * len(found["classes"])
    assert {gap["accepted"]["document"] for gap in found["accepted_gaps"]} == {"MEMO-18 (example)"}
    held = [v for v in found["verdicts"] if v["held"] and v["rule"]]
    assert held
    assert all(v["file"] and v["pointer"] and v["source"] and v["strength"] and v["because"] for v in held)
    assert all(v["line"] for v in held if not v["file"].endswith((".der",)))
    assert all(gap["hint"] and gap["counterexample"] and gap["because"] for gap in found["gaps"])
    assert all(v["source"] for v in found["verdicts"] if v["verdict"] == "not-applicable")


def test_the_whole_build_with_no_classes_says_which_it_judged(federal: Path) -> None:
    done = run("verify", federal, "--list", "us-eo-13971", *AS_OF)
    first = " ".join(done.out.split("\n\n")[0].split())
    assert first.startswith("NOT PROVEN: 7 banned apps on the strongest devices of each platform addressed (")
    assert " ".join(done.out.split()).endswith(first)
    assert "not judged, for no device classes are declared" in " ".join(done.out.split())


def test_text_fits_its_width_and_explains_its_words(federal: Path) -> None:
    done = run("verify", federal, "--deployment", DEPLOYMENT, *AS_OF)
    assert all(len(line) <= 80 for line in done.out.split("\n") if " " in line.strip() and "/" not in line)
    for word in ("hidden:", "UNKNOWN:", "accepted:", "no such app:"):
        assert f"  {word}" in done.out
    assert "Accepted gaps\n" in done.out
    assert "to do:" in done.out


KNOWN_ON_IOS = """\
ban_list: known-on-ios
title: The apps of the order that are known on iOS
authority: {citation: Memo, issued: 2021-01-05, effective: 2021-02-19, revoked: {on: 2021-06-09, by: "E.O. 14034"}, duties: []}
bans: [{app: alipay}, {app: camscanner}, {app: qq}, {app: shareit}, {app: wechat}, {app: wps-office}]
"""


@pytest.fixture
def known(tmp_path: Path) -> Path:
    path = tmp_path / "known.yaml"
    path.write_text(KNOWN_ON_IOS, encoding="utf-8")
    return path


def test_the_profile_alone_is_proven(federal: Path, known: Path) -> None:
    profile = federal / "apple-ios-restrictions" / "banned-apps.mobileconfig"
    done = run("verify", profile, "--list", known, *AS_OF)
    assert done.code == 0
    assert done.out.startswith("PROVEN: 6 banned apps on the strongest devices of each platform addressed (")
    assert "blocked 24 (strong 20, partial 4)" in " ".join(done.out.split("\n\n")[0].split())  # WeChat is a web app too
    assert "known-on-ios, revoked" in done.out
    assert run("verify", profile, "--list", known, "--strict", *AS_OF).code in (0, 11)
    assert run("verify", profile, "--list", known, "--require-duty", *AS_OF).code == 0
    kaspersky = run("verify", profile, "--list", "us-omb-m-23-13", "--require-duty", *AS_OF)
    assert (kaspersky.code, "UNMET-DUTY" in kaspersky.out) == (11, True)


def test_strict_takes_a_warning_for_a_failure(tmp_path: Path) -> None:
    value = {
        "PayloadType": "Configuration",
        **REQUIRED,
        "PayloadContent": [
            {
                "PayloadType": "com.apple.applicationaccess",
                "blockedAppBundleIDs": ["com.chat.app", "com.Chat.app"],
                **REQUIRED,
            }
        ],
    }
    (tmp_path / "p").write_bytes(plistlib.dumps(value))
    (tmp_path / "l.yaml").write_text(INLINE, encoding="utf-8")
    for strict, code in (((), 0), (("--strict",), 11)):
        done = run("verify", tmp_path / "p", "--list", tmp_path / "l.yaml", *strict, *AS_OF)
        assert done.code == code
        assert "rule-wrong-case" in done.err


def test_an_app_of_which_nobody_knows_whether_it_exists_is_a_gap(federal: Path) -> None:
    profile = federal / "apple-ios-restrictions" / "banned-apps.mobileconfig"
    done = run("verify", profile, "--list", "us-eo-13971", *AS_OF)
    assert (done.code, "no identifier of VMate is known for ios" in " ".join(done.out.split())) == (11, True)


def test_devices_can_stand_alone(federal: Path, known: Path, tmp_path: Path) -> None:
    devices = tmp_path / "devices.yaml"
    devices.write_text(
        "devices:\n  - {name: iPhones, platform: ios, os: '>=17', supervised: true, enrollment: automated}\n",
        encoding="utf-8",
    )
    assert run("verify", federal, "--list", known, "--devices", devices, *AS_OF).code == 0
    devices.write_text("devices: 3\n", encoding="utf-8")
    done = run("verify", federal, "--list", known, "--devices", devices, *AS_OF)
    assert (done.code, str(devices) in done.err) == (1, True)


def test_for_says_which_file_is_for_which_class(site: Path) -> None:
    folder = build(site)
    profile = folder / "apple-ios-restrictions" / "ours.mobileconfig"
    more = ("--list", site / "ours.yaml", "--deployment", site / "site.yaml", *AS_OF, "--format", "json")
    done = run("verify", *more, "--for", f"iPhones={profile}")
    classes = {cls["name"]: cls["documents"] for cls in done.json["classes"]}
    assert classes == {"iPhones": [str(profile)], "lab": [], "kiosks": []}
    strange = run("verify", *more, "--for", f"nobody={profile}")
    assert (strange.code, "unknown-class" in strange.err) == (1, True)
    assert "iPhones, lab, kiosks" in strange.err


def test_a_build_is_proven_variant_by_variant(site: Path) -> None:
    build(site)
    done = verified(site)
    assert done.code == 0, done.out
    words = {(v["class"], v["app"]): v["word"] for v in done.json["verdicts"]}
    assert words["lab", "alipay"] == "excepted"
    assert words["lab", "wechat"] == "hidden"
    assert words["iPhones", "alipay"] == "hidden"
    lab = next(cls for cls in done.json["classes"] if cls["name"] == "lab")
    assert [Path(name).parent.name + "/" + Path(name).name for name in lab["documents"]]
    assert all("lab" in name for name in lab["documents"] if "apple-ios" in name)


def _spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


_SPOILT: list[tuple[str, Callable[[Path], None], str]] = [
    (
        "the base",
        lambda b: _spoil(b / "apple-ios-restrictions" / "ours.mobileconfig", "com.tencent.xin", "com.tencent.xio"),
        "gaps",
    ),
    (
        "a narrow body",
        lambda b: _spoil(
            b / "amapi-fully-managed" / "ours.modify-applications.json", "com.tencent.mm", "com.tencent.mn"
        ),
        "failures",
    ),
    (
        "the policy",
        lambda b: _spoil(b / "amapi-fully-managed" / "ours.policy.json", "com.tencent.mm", "com.tencent.mn"),
        "gaps",
    ),
]


@pytest.mark.parametrize(("spoil", "where"), [pytest.param(spoil, where, id=name) for name, spoil, where in _SPOILT])
def test_a_spoilt_document_of_a_build_is_seen(spoil: Callable[[Path], None], where: str, site: Path) -> None:
    folder = build(site)
    spoil(folder)
    done = verified(site)
    assert done.code == 11
    assert done.json[where]


def test_a_variant_that_lacks_more_than_the_exception_is_seen(site: Path) -> None:
    folder = build(site)
    [variant] = [path for path in (folder / "apple-ios-restrictions").rglob("*lab*") if path.is_file()] or [
        path for path in (folder / "apple-ios-restrictions").rglob("*.mobileconfig") if "lab" in str(path)
    ]
    _spoil(variant, "com.tencent.xin", "com.tencent.xio")
    done = verified(site)
    assert done.code == 11
    assert [gap["class"] for gap in done.json["gaps"]] == ["lab"]


def test_a_narrow_body_acts_when_its_policy_is_gone(site: Path) -> None:
    folder = build(site)
    for policy in (folder / "amapi-fully-managed").rglob("*policy.json"):
        policy.unlink()
    done = verified(site)
    assert done.code == 0, done.out
    kiosks = next(cls for cls in done.json["classes"] if cls["name"] == "kiosks")
    assert [Path(name).name for name in kiosks["documents"]] == ["ours.modify-applications.json"]


def test_the_manifest_can_be_named_itself(site: Path) -> None:
    folder = build(site)
    more = ("--deployment", site / "site.yaml", *AS_OF)
    assert run("verify", folder / "manifest.json", *more).code == 0
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    done = run("verify", folder / "manifest.json", *more)
    assert (done.code, "document-without-effect" in done.out) == (11, True)
    (folder / "manifest.json").write_text('{"format": "x", "targets": [], "documents": []}', encoding="utf-8")
    assert run("verify", folder / "manifest.json", *more).code == 11


_DAMAGED = [
    pytest.param({"documents": "all"}, id="a wrong type"),
    pytest.param({"version": 2}, id="a later version"),
]


@pytest.mark.parametrize("change", _DAMAGED)
@pytest.mark.parametrize("path", ["build", "build/manifest.json"])
def test_a_build_whose_manifest_cannot_be_read_proves_nothing(change: dict[str, Any], path: str, site: Path) -> None:
    manifest = build(site) / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_bytes()) | change), encoding="utf-8")
    done = run("verify", site / path, "--deployment", site / "site.yaml", *AS_OF)
    assert (done.code, "build-manifest" in done.err) == (1, True)
    assert "NOT PROVEN" in done.out


def test_alternatives_of_a_build_must_each_block_as_much(site: Path) -> None:
    folder = build(site, "--target", "intune-ios-settings-catalog", "--target", "intune-ios-device-restrictions")
    assert verified(site, "--list", site / "ours.yaml").json["failures"] == []
    second = next((folder / "intune-ios-settings-catalog").glob("*.json"))
    _spoil(second, "com.tencent.xin", "com.tencent.xio")
    found = verified(site).json
    first = next((folder / "intune-ios-device-restrictions").glob("*.json"))
    assert [f["id"] for f in found["failures"]] == ["other-way-weaker"], first
    assert found["failures"][0]["file"] == str(second)


def test_a_users_own_format_is_read_as_its_manifest_says(site: Path) -> None:
    own = site / "own" / "kiosk"
    own.mkdir(parents=True)
    (own / "target.yaml").write_text(
        """\
target: acme-kiosk
title: Acme
vendor: acme
managed_by: amapi
summary: Acme's own format.
source: "Acme handbook 7"
blocks:
  - {family: android, kind: package_name, verdict: removed, strength: strong, platforms: {android: "0"}, source: "Acme handbook 7"}
documents:
  - {name: change, format: json, template: change.json.j2, output: "{slug}.acme.json", schema: any.json, carries: [ban], read_back: {ban: /deny/*}}
""",
        encoding="utf-8",
    )
    (own / "any.json").write_text("{}", encoding="utf-8")
    (own / "change.json.j2").write_text('{"deny": {{ ids.android.package_name }}}\n', encoding="utf-8")
    (own / "import.md.j2").write_text("# x\n", encoding="utf-8")
    folder = build(site, "--target", "acme-kiosk", "--templates", site / "own")
    devices = site / "devices.yaml"
    devices.write_text(
        "devices:\n  - {name: kiosks, platform: android, mode: fully-managed, origins: [store]}\n", encoding="utf-8"
    )
    more = ("--list", site / "ours.yaml", "--devices", devices, "--format", "json", *AS_OF)
    untrusted = run("verify", folder, *more)
    assert (untrusted.code, "manifest-not-trusted" in untrusted.out) == (11, True)
    for trust in (("--templates", site / "own"), ("--trust-manifest",)):
        done = run("verify", folder, *more, *trust)
        assert done.code == 0, done.out
        assert "declared, not modelled" in done.json["sentence"]
        assert {v["fact"] for v in done.json["verdicts"]} == {"declared by the target's manifest, not modelled"}
        assert {v["proof"] for v in done.json["verdicts"]} == {"declared"}
    _spoil(folder / "acme-kiosk" / "ours.acme.json", "com.tencent.mm", "com.tencent.mn")
    assert run("verify", folder, *more, "--trust-manifest").code == 11


def test_json_is_the_same_twice(federal: Path) -> None:
    first, second = (
        run("verify", federal, "--deployment", DEPLOYMENT, "--format", "json", *AS_OF).out for _ in range(2)
    )
    assert first == second


def test_sarif_has_a_result_for_each_gap(federal: Path) -> None:
    done = run("verify", federal, "--deployment", DEPLOYMENT, "--format", "sarif", *AS_OF)
    assert done.code == 11
    [made] = json.loads(done.out)["runs"]
    results = made["results"]
    rules = {rule["id"]: rule["help"] for rule in made["tool"]["driver"]["rules"]}
    assert rules.keys() == {one["ruleId"] for one in results}
    assert rules["ban-gap"]["text"].startswith("Error. ")
    assert all("\nDo: " in one["text"] and "\n\nDo: " in one["markdown"] for one in rules.values())
    gaps = [one for one in results if one["ruleId"] == "ban-gap"]
    assert len(gaps) == len(run("verify", federal, "--deployment", DEPLOYMENT, "--format", "json", *AS_OF).json["gaps"])
    assert [one["ruleId"] for one in results].count("gap-accepted") == 2


def test_junit_has_a_case_for_each_app_and_class(federal: Path) -> None:
    done = run("verify", federal, "--deployment", DEPLOYMENT, "--format", "junit", *AS_OF)
    suite = etree.fromstring(done.out.encode()).find("testsuite")
    assert suite is not None
    found = run("verify", federal, "--deployment", DEPLOYMENT, "--format", "json", *AS_OF).json
    assert int(suite.get("tests", "0")) == len(found["verdicts"]) == len(suite.findall("testcase"))
    assert (
        int(suite.get("failures", "0"))
        == sum(v["gap"] for v in found["verdicts"])
        == len(suite.findall("testcase/failure"))
    )
    assert len(suite.findall("testcase/skipped")) == sum(
        v["word"] in ("accepted", "no such app", "excepted") for v in found["verdicts"]
    )


def test_markdown_has_the_sentence_the_table_and_the_gaps(federal: Path) -> None:
    done = run("verify", federal, "--deployment", DEPLOYMENT, "--format", "markdown", *AS_OF)
    assert done.out.startswith("### NOT PROVEN: ")
    assert "| App | field iPhones |" in done.out
    assert "#### Gaps" in done.out
    assert "#### Accepted gaps" in done.out
    assert "<details>" in done.out


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "sarif", "junit"])
def test_every_format_tells_of_what_could_not_be_read_and_what_does_nothing(
    format_: str, federal: Path, tmp_path: Path
) -> None:
    shutil.copy(federal / "apple-ios-restrictions" / "banned-apps.mobileconfig", tmp_path / "good.mobileconfig")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    (tmp_path / "idle.json").write_text('{"hello": 1}', encoding="utf-8")
    files = [tmp_path / name for name in ("good.mobileconfig", "broken.json", "idle.json")]
    done = run("verify", *files, "--list", "us-eo-13971", "--format", format_, *AS_OF)
    assert done.code == 1
    for name in ("broken.json", "idle.json"):
        assert name in (done.out + done.err).replace("\\", "")
    if format_ == "json":
        assert done.json["proven"] is False
    only = run("verify", tmp_path / "idle.json", "--list", "us-eo-13971", "--format", format_, *AS_OF)
    assert only.code == 11


def test_an_exception_that_ended_is_said(site: Path) -> None:
    _spoil(site / "ours.yaml", "2027-01-01}", "2026-11-01}")
    build(site)
    done = verified(site, as_json=False)
    assert "exception-expired" in done.err


def test_help_lists_the_command() -> None:
    assert "verify" in run("--help").out
    assert "--min-strength" in run("verify", "--help").out
