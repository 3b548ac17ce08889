"""Hold every destination to the laws of push: it settles, it refuses what moved, it never loosens by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from push import matrix
from push.stage import APPS, KITS, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=KITS)
def one(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with stage(request.param, tmp_path) as made:
        yield made


def settle(one: Stage) -> None:
    assert one.plan().code == 10
    assert one.apply().code == 0, one.printed[-2:]


def test_a_plan_settles(one: Stage) -> None:
    foreign = one.kit.foreign(one.emulator)
    assert one.bans() == frozenset()
    planned = one.plan("--format", "json")
    assert planned.code == 10
    assert one.bans() == frozenset(), "plan wrote"
    applied = one.apply("--format", "json")
    assert (applied.code, applied.json["exit_code"]) == (0, 0), applied.err
    assert applied.json["sentence"]
    assert (applied.json["proof"] is None) == getattr(one.kit, "unread", False)
    assert one.bans()
    again = one.plan("--format", "json")
    assert again.code == 0
    assert {a["op"] for d in again.json["destinations"] for a in d["actions"]} == {"noop"}
    assert one.kit.foreign(one.emulator) == foreign
    assert one.drift().code == 0
    assert one.secrets_seen() == []
    assert one.kit.twins(one.emulator) == []


def test_a_second_apply_writes_nothing(one: Stage) -> None:
    settle(one)
    before = one.emulator.snapshot()
    again = one.apply("--format", "json")
    assert again.code == 0
    assert [d["writes"] for d in again.json["destinations"]] == [0]
    assert one.emulator.snapshot() == before


def test_what_only_the_vendor_rewrites_is_no_drift(one: Stage) -> None:
    settle(one)
    one.kit.harmless(one.emulator)
    assert one.drift().code == 0, one.printed[-2:]
    assert one.plan().code == 0


def test_a_ban_dropped_in_the_console_is_drift(one: Stage) -> None:
    settle(one)
    whole = one.bans()
    one.kit.meddle(one.emulator)
    assert one.bans() < whole
    drift = one.drift()
    assert drift.code == 11
    assert "\n\nDRIFT: " in drift.out
    assert one.plan().code == 10
    assert one.apply().code == 0
    assert one.bans() == whole


def test_a_plan_is_refused_when_the_remote_has_moved(one: Stage) -> None:
    settle(one)
    one.order(APPS[:2])
    one.plan()
    one.kit.meddle(one.emulator)
    before = one.emulator.snapshot()
    refused = one.apply("--allow-loosening", "a test")
    assert refused.code == 1
    assert "remote-moved" in refused.err
    assert one.emulator.snapshot() == before


def test_a_loosening_waits_for_a_reason(one: Stage) -> None:
    settle(one)
    whole = one.bans()
    one.order(APPS[:1])
    if not getattr(one.kit, "unbans", True):
        # Nothing there tells whose a ban is, so none is ever lifted.
        assert one.plan("--prune").code == 0
        assert one.bans() == whole
        return
    assert one.plan("--prune").code == 11
    held = one.apply()
    assert held.code == 12
    assert "held back" in held.out
    assert one.bans() == whole
    assert one.apply("--allow-loosening", "MEMO-1 (example)").code == 0, one.printed[-2:]
    assert one.bans() < whole
    receipt = json.loads(one.receipts()[-1].read_text())
    assert receipt["reason"] == "MEMO-1 (example)"
    assert one.run("rollback", one.receipts()[-1], "--yes").code == 0, one.printed[-2:]
    assert one.bans() == whole


def test_a_rollback_that_loosens_needs_a_reason(one: Stage) -> None:
    foreign = one.kit.foreign(one.emulator)
    settle(one)
    whole = one.bans()
    receipt = one.receipts()[-1]
    assert one.run("rollback", receipt, "--yes").code == 12
    assert one.bans() == whole
    assert one.run("rollback", receipt, "--yes", "--allow-loosening", "a test").code == 0, one.printed[-2:]
    assert one.bans() == frozenset()
    assert one.kit.foreign(one.emulator) == foreign


def test_an_outdated_plan_is_refused(one: Stage) -> None:
    one.order(APPS[:2])
    one.plan()
    one.order(APPS)
    refused = one.apply()
    assert refused.code == 1
    assert "plan-outdated" in refused.err
    assert one.bans() == frozenset()


def test_nobody_is_asked_without_a_terminal(one: Stage) -> None:
    one.plan()
    refused = one.run("apply", one.plan_file)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert one.bans() == frozenset()


def test_evidence_is_reported(one: Stage) -> None:
    settle(one)
    told = one.run("status", "--deployment", one.deployment, "--format", "json")
    assert told.code in (0, 11)
    states = {e["state"] for d in told.json["destinations"] for e in d["evidence"]}
    assert states <= {"applied", "pending", "failed", "unknown"}
    assert one.run("status", "--deployment", one.deployment).out


@pytest.mark.parametrize("scenario", matrix.SCENARIOS)
@pytest.mark.parametrize("name", matrix.http_kits())
def test_no_fault_loses_anything(name: str, scenario: str, tmp_path: Path) -> None:
    calls, wanted = matrix.undisturbed(name, scenario, tmp_path / "plain")
    step = max(1, calls - 1)
    # Each destination meets a ninth of the faults, another one each; `make push-matrix` tries all of them at all calls.
    first = (matrix.SCENARIOS.index(scenario) + 2 * matrix.http_kits().index(name)) % 9
    chosen = list(matrix.cells(name, scenario, calls, step, len(name)))[first::9]
    for place, cell in enumerate(chosen):
        matrix.strike(cell, wanted, tmp_path / str(place))
    print(f"trust: push: {name} {scenario}: {len(chosen)} faults struck, 0 lost")


@pytest.mark.parametrize("scenario", matrix.SCENARIOS)
@pytest.mark.parametrize("name", matrix.http_kits())
def test_no_kill_loses_anything(name: str, scenario: str, tmp_path: Path) -> None:
    calls, wanted = matrix.undisturbed(name, scenario, tmp_path / "plain")
    hits: list[Any] = []
    for call in range(min(len(scenario) % 3, calls - 1), calls, max(3, calls // 5)):
        for when in ("before", "after"):
            killed = matrix.kill(name, scenario, call, when, wanted, tmp_path / f"{call}{when}")
            hits.append(killed)
    assert sum(hits) >= 2
    print(f"trust: push: {name} {scenario}: killed at {sum(hits)} points, 0 lost")
