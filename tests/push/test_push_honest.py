"""What was written is never denied: exit codes, receipts and the server agree, whatever fails."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from emulators.faults import FAULTS

from mdm_policy.push import planfile
from push import forging, honest
from push.kits.fake import Destination
from push.matrix import http_kits
from push.stage import APPS, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BY_NAME = {fault.name: fault for fault in FAULTS}
_EVERY = {"fake": 29, "graph_approval": 1499}
"""Two people take three runs, so each of its runs is as long as three."""


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Stage]:
    with stage("fake", tmp_path) as made:
        yield made


@pytest.mark.parametrize("scenario", ["fresh", "update"])
@pytest.mark.parametrize("name", http_kits())
def test_no_fault_of_the_network_makes_it_deny_a_write(name: str, scenario: str, tmp_path: Path) -> None:
    step = _EVERY.get(name, 131)
    codes = set()
    for where, told in honest.over_the_network(name, scenario, tmp_path, step, len(name)):
        assert told.wrong == "", where
        codes.add(told.code)
    assert codes


@pytest.mark.skipif(sys.platform == "win32", reason="copies of a process are made by fork")
@pytest.mark.parametrize("scenario", ["fresh", "update"])
def test_no_fault_of_the_disk_makes_it_deny_a_write(scenario: str, tmp_path: Path) -> None:
    codes = []
    for where, told in honest.on_the_disk("fake", scenario, tmp_path, 9, 4):
        assert told.wrong == "", where
        codes.append(told.code)
    assert 1 in codes


_IN_THE_WAY = {
    "a folder": lambda path, _: path.mkdir(),
    "a link": lambda path, other: path.symlink_to(other),
}


@pytest.mark.parametrize("put", _IN_THE_WAY.values(), ids=_IN_THE_WAY)
@pytest.mark.parametrize("which", ["receipt.json", "there.journal"])
def test_what_stands_in_the_way_is_found_before_the_first_write(put: Any, which: str, one: Stage) -> None:
    other = one.folder / "precious"
    other.write_text("precious")
    one.plan()
    digest = json.loads(one.plan_file.read_bytes())["digest"]
    put(one.folder / f"plan.json.{digest[:12]}.{which}", other)
    ran = one.apply()
    assert (ran.code, one.bans()) == (1, frozenset()), ran.err
    assert "unwritable" in ran.err
    assert other.read_text() == "precious"


def test_a_journal_that_cannot_grow_ends_in_part(one: Stage) -> None:
    one.plan()
    written = os.fsync
    left = [5]

    def full(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        written(handle)

    with mock.patch.object(os, "fsync", full):
        ran = one.apply("--format", "json")
    assert ran.code in (1, 12)
    assert (ran.code == 12) == bool(one.emulator.made)
    if ran.code == 12:
        assert "No space left" in ran.err
    assert one.apply().code == 0


def test_a_malformed_answer_ends_in_part_and_with_a_receipt(one: Stage) -> None:
    one.plan()
    with mock.patch.object(Destination, "assign", side_effect=KeyError("canary")):
        ran = one.apply("--format", "json")
    assert ran.code == 12
    assert "push-broken-off" in ran.err
    assert "canary" not in ran.err
    assert [d["writes"] for d in ran.json["destinations"]] == [1]
    [receipt] = one.receipts()
    [half] = json.loads(receipt.read_bytes())["receipts"][0]["done"]
    assert (half["whole"], half["op"], bool(half["after"])) == (False, "create", True)


def test_a_half_made_object_is_undone_by_the_receipt(one: Stage) -> None:
    foreign = one.kit.foreign(one.emulator)
    one.plan()
    with mock.patch.object(Destination, "assign", side_effect=KeyError("x")):
        assert one.apply().code == 12
    ran = one.run("rollback", one.receipts()[-1], "--yes", "--allow-loosening", "a test")
    assert ran.code == 0, ran.err
    assert len(one.emulator.objects) == len(foreign)


def test_the_receipt_of_a_resumed_run_holds_both(one: Stage) -> None:
    foreign = one.kit.foreign(one.emulator)
    one.plan()
    one.emulator.arm(_10=BY_NAME["403"])
    assert one.apply().code == 12
    one.emulator.arm()
    [receipt] = one.receipts()
    first = len(json.loads(receipt.read_bytes())["receipts"][0]["done"])
    assert one.apply().code == 0
    [receipt] = one.receipts()
    done = json.loads(receipt.read_bytes())["receipts"][0]["done"]
    assert first <= len(done) == 2
    assert all(entry["whole"] for entry in done)
    assert one.run("rollback", receipt, "--yes", "--allow-loosening", "a test").code == 0
    assert len(one.emulator.objects) == len(foreign)


def test_a_receipt_is_rewritten_where_it_differs_and_only_there(one: Stage) -> None:
    one.plan()
    assert one.apply().code == 0
    [receipt] = one.receipts()
    data = receipt.read_bytes()
    assert one.apply().code == 0
    assert receipt.read_bytes() == data
    receipt.write_bytes(b"{}")
    assert one.apply().code == 0
    assert json.loads(receipt.read_bytes())["receipts"] == json.loads(data)["receipts"]
    receipt.unlink()
    assert one.apply().code == 0
    assert json.loads(receipt.read_bytes())["receipts"] == json.loads(data)["receipts"]


def test_an_open_receipt_is_undone_by_its_journal(one: Stage) -> None:
    one.order(APPS[:1])
    one.plan()
    assert one.apply().code == 0
    [receipt] = one.receipts()
    value = json.loads(receipt.read_bytes())
    opened = {**value, "state": "open", "receipts": [{**value["receipts"][0], "done": []}]}
    receipt.write_bytes(forging.resealed(opened, planfile.ReceiptFile))
    assert one.run("rollback", receipt, "--yes", "--allow-loosening", "a test").code == 0
    assert one.bans() == frozenset()
