"""Hold that a device which lost what was delivered gets it again, and that a device which changes groups never stands without a ban."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from push.stage import APPS, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Stage]:
    with stage("nanomdm", tmp_path) as made:
        yield made


def _settings(one: Stage, **more: object) -> None:
    value = yaml.safe_load(one.deployment.read_text("utf-8"))
    value["destinations"]["there"]["nanomdm"] |= more
    one.deployment.write_text(yaml.safe_dump(value), "utf-8")


def _heard(one: Stage) -> None:
    one.emulator.write_events(one.folder / "events.jsonl")


@pytest.fixture
def settled(one: Stage) -> Stage:
    _settings(one, events="events.jsonl")
    _heard(one)
    assert one.plan().code == 10
    assert one.apply().code == 0, one.printed[-2:]
    assert one.drift().code == 0
    return one


def test_a_device_that_enrolled_again_is_drift_and_gets_it_again(settled: Stage) -> None:
    one = settled
    whole = one.bans()
    one.emulator.enrol("E2")
    _heard(one)
    assert one.bans() < whole
    drift = one.drift()
    assert drift.code == 11
    assert "nanomdm-lost" in drift.err
    assert "E2 was sent" in " ".join(drift.err.split())
    planned = one.plan("--format", "json")
    assert planned.code == 10
    changes = [action for action in planned.json["destinations"][0]["actions"] if action["op"] != "noop"]
    assert {action["direction"] for action in changes} == {"TIGHTENED"}
    before = len(one.emulator.commands)
    assert one.apply().code == 0, one.printed[-2:]
    assert one.bans() == whole
    assert len(one.emulator.commands) == before + len(changes), "nobody else gets it again"
    assert (one.drift().code, one.plan().code) == (0, 0)
    told = one.run("rollback", one.receipts()[-1], "--yes")
    assert (told.code, one.bans()) == (12, whole), "a rollback takes no ban off a device without a reason"


def test_a_command_that_waited_is_delivered_again_with_all_it_held(settled: Stage) -> None:
    one = settled
    one.emulator.offline = {"E2"}
    one.order(APPS[:3])
    _settings(one, events="events.jsonl")
    assert one.plan().code == 11
    assert one.apply("--allow-loosening", "a test").code == 0
    one.emulator.enrol("E2")
    _heard(one)
    assert one.plan().code == 10
    assert one.apply().code == 0
    assert one.emulator.fetch("E2") == ["InstallProfile"] * len(
        one.emulator.profiles["E1"].keys() - {"com.example.wifi"}
    )
    first, second = ({app for who, app in one.bans() if who == name} for name in ("E1", "E2"))
    assert first == second != set()


def test_an_answer_that_lacks_the_ban_is_drift_too(settled: Stage) -> None:
    one = settled
    _settings(one, events="events.jsonl", answers={"E1": "e1.plist"})
    one.emulator.profiles["E1"].clear()
    (one.folder / "e1.plist").write_bytes(one.emulator.restrictions("E1"))
    assert one.drift().code == 11
    assert one.plan().code == 10
    assert one.apply().code == 0
    assert any(who == "E1" for who, _ in one.bans())
    assert one.plan().code == 0, "the same answer is not delivered to twice"


def test_events_that_cannot_be_read_end_every_run(settled: Stage) -> None:
    one = settled
    (one.folder / "events.jsonl").write_text("no event\n", "utf-8")
    for ran in (one.plan(), one.drift(), one.run("status", "--deployment", one.deployment)):
        assert ran.code == 1
        assert "events.jsonl:1 is no event" in " ".join(ran.err.split())
        assert "Traceback" not in ran.err


def test_a_device_that_changes_groups_gets_the_new_before_it_loses_the_old(settled: Stage) -> None:
    one = settled
    orders = one.folder / "order.yaml"
    exception = {
        "app": APPS[0],
        "category": "other",
        "approved_by": "B",
        "document": "D",
        "until": "2030-01-01",
        "groups": ["lab"],
    }
    orders.write_text(yaml.safe_dump({**yaml.safe_load(orders.read_text("utf-8")), "exceptions": [exception]}), "utf-8")
    value = yaml.safe_load(one.deployment.read_text("utf-8"))
    value["destinations"]["there"]["groups"] = {"lab": "E2"}
    one.deployment.write_text(yaml.safe_dump(value), "utf-8")
    kept = {app for who, app in one.bans() if who == "E1"}
    thin: list[set[str]] = []

    def look() -> None:
        thin.append({app for who, app in one.bans() if who == "E2"})

    one.emulator.watch = look
    assert one.plan().code == 11
    assert one.apply("--allow-loosening", "a decision").code == 0, one.printed[-2:]
    least = min(thin, key=len)
    assert thin
    assert 0 < len(least) < len(kept)
    assert json.dumps(sorted(least)) == json.dumps(sorted(thin[-1])), "at no time less than in the end"
