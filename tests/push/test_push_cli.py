"""What a person meets at the edge of push: refusals, secrets, questions, words."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import click
import pytest
import yaml
from cli_kit import too_wide
from emulators.faults import FAULTS

from mdm_policy.cli import confirm
from mdm_policy.errors import PolicyError, error
from mdm_policy.push import protocol
from mdm_policy.push.model import DeviceEvidence
from mdm_policy.push.planfile import load_plan
from mdm_policy.report import markdown, pushing
from mdm_policy.workflows import execution, push
from push.stage import APPS, DAY, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_NAME = {fault.name: fault for fault in FAULTS}


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Stage]:
    with stage("fake", tmp_path) as made:
        yield made


def edit(one: Stage, **changes: object) -> None:
    text = yaml.safe_load(one.deployment.read_text())
    text.update(changes)
    kept = {key: value for key, value in text.items() if value is not None}
    one.deployment.write_text(json.dumps(kept), "utf-8")


def test_a_deployment_without_a_destination(one: Stage) -> None:
    edit(one, destinations=None)
    ran = one.plan()
    assert (ran.code, ran.out) == (1, "")
    assert "no-destination" in ran.err


def test_a_destination_nobody_knows(one: Stage) -> None:
    ran = one.plan("--destination", "elsewhere")
    assert ran.code == 1
    assert "unknown-destination" in ran.err
    assert "destinations: there" in ran.err
    assert one.plan("--destination", "there").code == 10


def test_a_secret_that_is_not_there(one: Stage) -> None:
    with mock.patch.dict(one.kit.env, {"FAKE_SECRET": ""}):
        ran = one.plan()
    assert ran.code == 1
    assert "secret-missing" in ran.err
    assert one.emulator.calls == []


_FILES = {
    "readable by others": (b"secret\n", 0o644, "secret-exposed"),
    "empty": (b"\n", 0o600, "secret-missing"),
    "no text": (b"\xff\xfe", 0o600, "secret-missing"),
    "good": (b" a-secret \n", 0o600, ""),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize(("data", "mode", "id_"), _FILES.values(), ids=_FILES)
def test_files_with_secrets(data: bytes, mode: int, id_: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(data)
    path.chmod(mode)
    if not id_:
        assert push.secret({"file": "secret"}, tmp_path, {}) == "a-secret"
        return
    with pytest.raises(PolicyError) as refused:
        push.secret({"file": "secret"}, tmp_path, {})
    assert refused.value.findings[0].id == id_
    with pytest.raises(PolicyError) as refused:
        push.secret({"file": "none"}, tmp_path, {})
    assert refused.value.findings[0].id == "secret-missing"


def test_a_library_that_is_not_installed(one: Stage) -> None:
    with mock.patch.dict(protocol.TYPES, {"git": "no_such_library"}):
        ran = one.plan()
    assert ran.code == 1
    assert "extra-missing" in ran.err
    assert "pip install 'FILE.whl[push]'" in " ".join(ran.err.split())


def test_a_plan_for_another_place(one: Stage) -> None:
    one.plan()
    edit(one, destinations={"there": {"git": {"path": "http://127.0.0.1:9"}, "assign": "everyone"}})
    ran = one.apply()
    assert ran.code == 1
    assert "plan-elsewhere" in ran.err


def test_an_option_nobody_knows(one: Stage) -> None:
    edit(one, options={"intune-windows-applocker": {"nothing": "x"}})
    assert "unknown-option" in one.plan().err


def test_every_destination_is_asked_before_the_first_is_changed(one: Stage) -> None:
    where = {"git": {"path": one.emulator.url}, "assign": "everyone"}
    edit(one, destinations={"a": {**where, "owner": "one"}, "b": {**where, "owner": "two"}})
    assert one.plan().code == 10
    made = json.loads(one.plan_file.read_text())
    assert [plan["destination"] for plan in made["plans"]] == ["a", "b"]
    with mock.patch.object(execution, "check_unmoved", side_effect=[None, PolicyError([])]):
        assert one.apply().code == 1
    assert one.bans() == frozenset()
    assert one.apply().code == 0
    assert len(one.emulator.objects) == 2 + 4


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_is_asked(answer: bool, one: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    one.plan()
    file = load_plan("plan.json", one.plan_file.read_bytes())
    terminal = mock.Mock(stdin=mock.Mock(isatty=lambda: True), stderr=mock.Mock(isatty=lambda: True))
    refused = contextlib.nullcontext() if answer else pytest.raises(click.Abort)
    with (
        mock.patch("mdm_policy.cli.confirm.sys", terminal),
        mock.patch("click.confirm", return_value=answer) as asked,
        refused,
    ):
        confirm.ask(file, yes=False)
    assert asked.call_count == 1
    assert "create policy intune-ios-settings-catalog: TIGHTENED" in capsys.readouterr().err


def test_insecure_says_so(one: Stage) -> None:
    assert "tls-not-verified" in one.plan("--insecure-skip-tls-verification").err
    assert "tls-not-verified" not in one.plan().err


def test_nothing_is_changed_when_the_first_read_fails(one: Stage) -> None:
    one.plan()
    one.emulator.arm(_0=BY_NAME["403"])
    ran = one.apply()
    assert ran.code == 1
    assert "push-forbidden" in ran.err
    assert one.bans() == frozenset()


def test_a_failure_in_the_middle_is_partial_and_goes_on(one: Stage) -> None:
    one.plan()
    calls = len(one.emulator.calls)
    one.emulator.arm(_8=BY_NAME["403"])
    ran = one.apply("--format", "json")
    assert ran.code == 12, (calls, ran.err)
    states = sorted(r["state"] for d in ran.json["destinations"] for r in d["results"])
    assert "failed" in states
    assert "push-forbidden" in ran.err
    assert one.apply().code == 0


def test_a_listing_with_what_cannot_be_found_is_not_believed(one: Stage) -> None:
    one.plan()
    one.apply()
    one.emulator.arm(_1=BY_NAME["404"])
    assert one.plan().code == 0
    one.emulator.arm(_1=BY_NAME["404"], _4=BY_NAME["404"])
    ran = one.plan()
    assert ran.code == 1
    assert "is listed, and cannot be found" in " ".join(ran.err.split())


def test_strict_counts_gaps(one: Stage) -> None:
    one.plan()
    assert one.apply("--strict").code == 11
    assert one.apply().code == 0


def test_drift_says_the_same_in_every_format(one: Stage) -> None:
    one.plan()
    one.apply()
    for meddle, code, said in ((False, 0, "No drift: "), (True, 11, "DRIFT: ")):
        if meddle:
            one.kit.meddle(one.emulator)
        text, data, page = (
            one.run("drift", "--deployment", one.deployment, "--as-of", DAY, "--format", format_)
            for format_ in ("text", "json", "markdown")
        )
        assert text.code == data.code == page.code == data.json["exit_code"] == code
        assert " ".join(text.out.split()).startswith(data.json["summary"])
        assert data.json["drift"].startswith(said)
        assert data.json["drift"] in " ".join(text.out.split())
        heading, _, proof, _, drift, _, place = page.out.splitlines()[:7]
        assert (heading, markdown.escape(data.json["summary"])) == ("### mdm-policy drift", proof)
        assert drift == markdown.escape(data.json["drift"])
        assert place.startswith("**there** (fake, http")
        assert ("| Object | Drift | To mend it |" in page.out) == meddle
        assert ("as it should be\n" in page.out) == (not meddle)


def test_status_in_markdown_has_a_row_for_each_evidence(one: Stage) -> None:
    one.plan()
    one.apply()
    data = one.run("status", "--deployment", one.deployment, "--format", "json").json
    page = one.run("status", "--deployment", one.deployment, "--format", "markdown").out
    assert page.startswith(f"### mdm-policy status\n\n{data['sentence'].split(':')[0]}")
    assert "\n\n**there (" in page
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    told = [state for place in data["destinations"] for state in place["evidence"]]
    assert len(rows) == (len(told) + 1 if told else 0)
    assert ("unknown: nothing of ours is there" in page) == (not told)


def test_what_nobody_can_know_stays_unknown_in_markdown_and_no_markup_is_obeyed() -> None:
    rows = [
        DeviceEvidence("profile", "1", "a|b <i>", "failed", 2, "said *this*", "a source"),
        DeviceEvidence("profile", "2", "c", "unknown", 0, "nobody asked", "a source"),
        DeviceEvidence("profile", "3", "d", "applied", 1, "reported", "a source", "D-1"),
    ]
    problem = error("push-timeout", "no answer", None)
    page = pushing.status_markdown([("x (jamf, y)", rows), ("z", [])], [problem], None)
    assert r"| profile a\|b \<i\> | failed on 2 devices | said \*this\* | a source |" in page
    assert "| profile c | unknown | nobody asked |" in page
    assert "| profile d | applied on device D-1 |" in page
    assert "**z**\n\nunknown: nothing of ours is there" in page
    assert page.endswith("- error `push-timeout`: no answer\n")


@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_what_is_printed_fits_80_columns(one: Stage, format_: str) -> None:
    printed = [one.plan("--format", format_)]
    if format_ == "text":
        printed += [one.apply(), one.drift(), one.run("status", "--deployment", one.deployment)]
        assert [line for ran in printed for line in too_wide(ran.out, 80) if "plan.json" not in line] == []
    else:
        assert printed[0].out.startswith("### mdm")
        assert "| create |" in printed[0].out
        assert one.plan("--format", "markdown").out == printed[0].out


def test_what_is_ours_and_broken_is_said(one: Stage) -> None:
    one.plan()
    one.apply()
    for made in one.emulator.objects.values():
        if made["owner"] == "gov.example.agency":
            made["body"] = {"x": "y" * 10, "settings": 5}
    assert one.drift().code == 11


def test_orphans_stay_until_they_are_pruned(one: Stage) -> None:
    one.plan()
    one.apply()
    edit(one, targets=["intune-ios-settings-catalog"])
    ran = one.plan("--format", "json")
    assert ran.code == 0
    assert [f["id"] for f in ran.json["findings"] if f["id"].startswith("remote-")] == ["remote-orphan"]
    pruned = one.plan("--prune")
    assert pruned.code == 11
    assert one.apply().code == 12
    assert one.apply("--allow-loosening", "a test").code == 0
    assert one.run("rollback", one.receipts()[-1], "--yes").code == 0
    edit(one, targets=list(one.kit.targets))
    assert one.plan().code == 0


def test_twins_that_a_person_made_are_named(one: Stage) -> None:
    one.plan()
    one.apply()
    first = next(made for made in one.emulator.objects.values() if made["owner"] == "gov.example.agency")
    one.emulator.objects["zz"] = json.loads(json.dumps(first))
    ran = one.plan("--format", "json")
    assert "remote-twin" in [f["id"] for f in ran.json["findings"]]
    assert one.plan("--prune").code in (0, 10)
    assert one.apply().code == 0
    assert one.kit.twins(one.emulator) == []


def test_a_class_nothing_was_pushed_for_is_named(one: Stage) -> None:
    one.order(APPS[:1])
    one.plan()
    assert "Nothing was pushed for: androids, kiosks, Macs." in one.apply().out
    assert Path(one.receipts()[-1]).stat().st_size
