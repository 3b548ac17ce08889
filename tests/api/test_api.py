"""The public interface: what a program gets is what the commands print, and nothing is paid for what is not used."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cli_kit import AS_OF, DAY, ROOT, a_deployment, a_list, run, write
from kind_documents import blocking

import mdm_policy
from mdm_policy import api
from mdm_policy.workflows.prove import ProveRequest

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = sorted((ROOT / "examples" / "api").glob("*.py"))
PHONES = 'devices: [{name: phones, platform: ios, os: ">=17, <27", supervised: true, enrollment: automated}]\n'


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Write a profile that blocks one app of two, a list of both, and a class of devices."""
    write(tmp_path, "ours.yaml", a_list(bans="- app: wechat\n  - app: alipay"))
    write(tmp_path, "devices.yaml", PHONES)
    path = tmp_path / "export.mobileconfig"
    path.write_bytes(blocking("com.tencent.xin").data)
    return path


def held(report: msgspec.Struct) -> dict[str, Any]:
    """Return a report as JSON has it, without what is no text there."""
    made: dict[str, Any] = msgspec.to_builtins(report)
    return {key: value for key, value in made.items() if key not in ("findings", "failures", "manifest", "exit_code")}


def assert_within(part: Any, whole: Any) -> None:
    """Hold every value of a report against what the command printed."""
    if isinstance(part, dict):
        for key, value in part.items():
            assert_within(value, whole[key])
    elif isinstance(part, list | tuple):
        assert len(part) == len(whole)
        for one, other in zip(part, whole, strict=True):
            assert_within(one, other)
    else:
        assert part == whole


def test_verify_gives_what_the_command_prints(export: Path) -> None:
    folder = export.parent
    report = mdm_policy.verify_policies(
        [export], lists=[folder / "ours.yaml"], devices=folder / "devices.yaml", as_of=dt.date.fromisoformat(DAY)
    )
    asked = ("--list", folder / "ours.yaml", "--devices", folder / "devices.yaml", *AS_OF, "--format", "json")
    printed = run("verify", export, *asked)
    assert_within(held(report), printed.json)
    assert (report.exit_code, report.proven) == (printed.code, False) == (11, False)
    assert {(one.app, one.device_class, one.verdict, one.gap) for one in report.verdicts} == {
        ("wechat", "phones", "hidden", False),
        ("alipay", "phones", "allowed", True),
    }
    assert [gap.apps for gap in report.gaps] == [("alipay",)]


def test_what_cannot_be_read_is_a_finding_with_its_place(export: Path) -> None:
    folder = export.parent
    broken = write(folder, "broken.json", "{")
    report = mdm_policy.verify_policies([export, broken], lists=[folder / "ours.yaml"], as_of=DAY)
    first = report.findings[0]
    assert (report.exit_code, first.severity) == (1, "error")
    assert first.origin == mdm_policy.Origin(str(broken), 1, 2)


def test_assigned_paths_act_on_their_class_alone(export: Path) -> None:
    folder = export.parent
    write(
        folder,
        "devices.yaml",
        PHONES.replace(
            "]", ', {name: others, platform: ios, os: ">=17, <27", supervised: true, enrollment: automated}]'
        ),
    )
    report = mdm_policy.verify_policies(
        [], assigned={"phones": [export]}, lists=[folder / "ours.yaml"], devices=folder / "devices.yaml", as_of=DAY
    )
    found = {one.device_class: one.verdict for one in report.verdicts if one.app == "wechat"}
    assert found["phones"] == "hidden" != found["others"]


def test_everything_that_can_be_asked_arrives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def prove(request: ProveRequest) -> None:
        asked.append(request)
        raise mdm_policy.RequestError("enough")

    monkeypatch.setattr("mdm_policy.workflows.prove.prove", prove)
    with pytest.raises(mdm_policy.RequestError):
        mdm_policy.verify_policies(
            ["a"],
            as_of=DAY,
            lists=["l"],
            deployment="d",
            devices="c",
            assigned={"phones": ["b"]},
            min_strength="weak",
            require_scope=True,
            require_duty=True,
            templates=[tmp_path],
            trust_manifest=True,
        )
    assert asked == [
        ProveRequest(
            (Path("a"),), DAY, ("l",), Path("d"), Path("c"), (("phones", "b"),), "weak", True, True,
            templates=(tmp_path,), trust_manifest=True,
        )
    ]  # fmt: skip


def test_diff_gives_what_the_command_prints(export: Path) -> None:
    other = export.with_name("new.mobileconfig")
    other.write_bytes(blocking("com.alipay.iphoneclient", name="new.mobileconfig").data)
    report = mdm_policy.diff_policies(export, other, lists=["us-eo-13971"], as_of=DAY)
    printed = run("diff", export, other, "--list", "us-eo-13971", *AS_OF, "--format", "json")
    assert_within(held(report), printed.json)
    assert report.exit_code == printed.code == 11
    assert {change.direction for change in report.changes} == {"LOOSENED", "TIGHTENED"}
    assert report.changes[0].old.file == str(export)


def test_build_gives_the_manifest(tmp_path: Path) -> None:
    ours = write(tmp_path, "ours.yaml", a_list())
    names = ["apple-ios-restrictions", "macos-santa"]
    report = mdm_policy.build_policies(tmp_path / "out", lists=[ours], targets=names, as_of=DAY)
    assert report.manifest == (tmp_path / "out" / "manifest.json").read_bytes()
    assert_within(held(report), json.loads(report.manifest))
    assert {one.target for one in report.documents} == set(names)
    assert report.exit_code == 0
    strict = mdm_policy.build_policies(
        tmp_path / "strict", lists=["us-eo-13971"], adopt=["us-eo-13971"], as_of=DAY, strict=True
    )
    assert strict.exit_code == 11


def test_plan_gives_what_the_command_prints(tmp_path: Path) -> None:
    write(tmp_path, "ours.yaml", a_list())
    more = "targets: [apple-ios-restrictions]\ndestinations: {repo: {git: {path: repo}}}\n"
    deployment = write(tmp_path, "deployment.yaml", a_deployment("ours.yaml", more=more))
    (tmp_path / "repo").mkdir()
    report = mdm_policy.plan_push(deployment, as_of=DAY, environment={}, output=tmp_path / "plan.json")
    printed = run("plan", "--deployment", deployment, *AS_OF, "--format", "json")
    assert_within(held(report), printed.json)
    assert report.exit_code == printed.code == 10
    assert [action.op for action in report.destinations[0].actions] == ["create"]
    assert (tmp_path / "plan.json").is_file()


def test_a_list_and_a_deployment_are_loaded(tmp_path: Path) -> None:
    shipped = mdm_policy.load_list("us-eo-13971")
    assert (shipped.id, shipped.authority.revoked is not None) == ("us-eo-13971", True)
    write(tmp_path, "ours.yaml", a_list())
    found = mdm_policy.load_deployment(write(tmp_path, "deployment.yaml", a_deployment("ours.yaml", more=PHONES)))
    assert [one.name for one in found.devices] == ["phones"]


def test_every_defect_is_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "ours.yaml", a_list(bans="- app: [x]\n  - what: y"))
    with pytest.raises(mdm_policy.PolicyError) as refused:
        mdm_policy.load_list(path)
    assert len(refused.value.findings) > 1
    assert all(one.origin is not None and one.origin.line for one in refused.value.findings)


REFUSED: dict[str, dict[str, Any]] = {
    "nothing to read": {"paths": [], "lists": ["us-eo-13971"], "as_of": DAY},
    "nothing banned": {"paths": ["x"], "as_of": DAY},
    "no day": {"paths": ["x"], "lists": ["us-eo-13971"], "as_of": "tomorrow"},
}


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED)
def test_a_request_that_lacks_something(asked: dict[str, Any]) -> None:
    with pytest.raises(mdm_policy.RequestError) as refused:
        mdm_policy.verify_policies(**asked)
    assert [one.id for one in refused.value.findings] == ["request-incomplete"]
    assert refused.value.exit_code == 2


def test_standard_input_is_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(mdm_policy.PolicyError) as refused:
        mdm_policy.load_list("-")
    assert [one.id for one in refused.value.findings] == ["file-unreadable"]
    with pytest.raises(mdm_policy.PolicyError) as refused:
        mdm_policy.verify_policies(["-"], lists=["us-eo-13971"], as_of=DAY)
    assert [one.id for one in refused.value.findings] == ["file-unreadable"]


def test_the_page_names_everything_public() -> None:
    assert set(mdm_policy.__all__) == set(api.__all__)
    assert [name for name in mdm_policy.__all__ if f"`{name}" not in PAGE] == []
    assert set(mdm_policy.__all__) <= set(dir(mdm_policy))
    for name in mdm_policy.__all__:
        assert inspect.getdoc(getattr(mdm_policy, name)), name
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        mdm_policy.nonsense  # type: ignore[attr-defined]  # noqa: B018 - looked up on purpose


@pytest.mark.parametrize("name", [name for name in mdm_policy.__all__ if name.islower()])
def test_the_page_names_every_parameter(name: str) -> None:
    section = PAGE.partition(f"### `{name}(")[2].partition("\n### ")[0]
    parameters = inspect.signature(getattr(mdm_policy, name)).parameters
    assert [one for one in parameters if f"`{one}`" not in section] == []


GROWING = ("BanList", "Deployment")
"""What follows the language of lists and deployments; the page names the fields that stay."""
STRUCTS = [
    name
    for name in mdm_policy.__all__
    if hasattr(getattr(mdm_policy, name), "__struct_fields__") and name not in GROWING
]


@pytest.mark.parametrize("name", STRUCTS)
def test_the_page_names_every_field(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
    assert [one for one in getattr(mdm_policy, name).__struct_fields__ if f"`{one}`" not in row] == []


@pytest.mark.parametrize("name", GROWING)
def test_the_fields_that_stay_are_there(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
    named = re.findall(r"`([a-z_]+)`", row)
    assert named
    assert set(named) <= set(getattr(mdm_policy, name).__struct_fields__)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_page_shows_the_examples(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    assert f"```python\n{code}```\n" in PAGE
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert checked["strict"] is True
    assert "examples" in checked["files"], "make check types the examples"


def example(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    script = ROOT / "examples" / "api" / f"{name}.py"
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_example_verifies_an_export(export: Path) -> None:
    done = example("verify_export", export, export.with_name("devices.yaml"), DAY)
    assert (done.returncode, done.stderr) == (11, "")
    first, *gaps = done.stdout.splitlines()
    assert first.startswith("NOT PROVEN")
    assert any(line.startswith("phones: ") and "tiktok" in line for line in gaps)
    export.write_bytes(blocking(*_bundles()).data)
    assert example("verify_export", export, export.with_name("devices.yaml"), DAY).returncode == 0
    assert example("verify_export", export, export, DAY).returncode == 1


def _bundles() -> list[str]:
    """Return what the order of the example bans on phones."""
    from mdm_policy import catalogue  # noqa: PLC0415 - only here

    apps = catalogue.load().apps
    keys = {ban.app or ban.implemented_by for ban in mdm_policy.load_list("us-omb-m-23-13").bans}
    return [
        one.value
        for key in keys
        if key
        for one in apps[key].identifiers
        if one.kind == "bundle_id" and one.family == "ios"
    ]


def test_the_example_builds_and_compares(tmp_path: Path) -> None:
    write(tmp_path, "ours.yaml", a_list())
    more = "targets: [apple-ios-restrictions]\n"
    deployment = write(tmp_path, "deployment.yaml", a_deployment("ours.yaml", more=more))
    mdm_policy.build_policies(tmp_path / "former", deployment=deployment, as_of=DAY)
    write(tmp_path, "ours.yaml", a_list(bans="- app: wechat\n  - app: alipay"))
    done = example("build_and_compare", deployment, tmp_path / "former", tmp_path / "new", DAY)
    assert (done.returncode, done.stderr) == (10, "")
    assert "TIGHTENED Alipay on ios" in done.stdout


def test_importing_the_package_costs_nothing() -> None:
    code = "import sys; before = set(sys.modules); import mdm_policy; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = done.stdout.split()
    assert [name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names] == ["mdm_policy"]
