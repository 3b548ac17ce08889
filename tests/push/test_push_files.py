"""Plans, receipts and journals: bound by digests, locked, and readable after a crash."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mdm_policy.errors import PolicyError
from mdm_policy.push.journal import Journal
from mdm_policy.push.model import Action, ActionEffect, Assignment, Item, Plan
from mdm_policy.push.normal import differences, extras, fingerprint
from mdm_policy.push.planfile import dump, load_plan, load_receipt, plan_file, weakest_first
from mdm_policy.push.planning import same_assignment

if TYPE_CHECKING:
    from pathlib import Path

ACTION = Action("create", "policy", "", "key", "name", "TIGHTENED", body="{}", digest=hashlib.sha256(b"{}").hexdigest())
FILE = plan_file([Plan("there", "git", "folder", "2026-11-25", (ACTION,))], "deployment.yaml", "mdm-policy 0")


def test_a_plan_is_the_same_bytes_and_reads_back() -> None:
    assert dump(FILE) == dump(plan_file(FILE.plans, FILE.deployment, FILE.program))
    assert load_plan("plan.json", dump(FILE)) == FILE
    assert ACTION.item == Item("key", "policy", "name", b"{}", "", None)


def _edited(change: dict[str, Any]) -> bytes:
    return json.dumps({**json.loads(dump(FILE)), **change}).encode()


_DAMAGED = {
    "no JSON": b"{",
    "not UTF-8": b"\xff\xfe\x00",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "another format": _edited({"format": "mdm-policy-build"}),
    "another version": _edited({"version": 1}),
    "an action changed": dump(FILE).replace(b"TIGHTENED", b"NARROWED"),
    "a body changed": dump(FILE).replace(b'"body": "{}"', b'"body": "{ }"'),
    "the digest changed": _edited({"digest": "0" * 64}),
    "an action dropped": _edited({"plans": []}),
}


@pytest.mark.parametrize("data", _DAMAGED.values(), ids=_DAMAGED)
def test_a_plan_that_was_touched_is_refused(data: bytes) -> None:
    with pytest.raises(PolicyError) as refused:
        load_plan("plan.json", data)
    assert [one.id for one in refused.value.findings] == ["plan-damaged"]
    with pytest.raises(PolicyError) as refused:
        load_receipt("receipt.json", data)
    assert [one.id for one in refused.value.findings] == ["receipt-damaged"]


def _journal(path: Path, digest: str = "digest") -> Journal:
    return Journal(path, digest, lambda: "2026-11-25T10:00:00+00:00")


def test_a_journal_goes_on_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with _journal(path) as one:
        one.write(at="intent", key="a")
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"at": "inte')
    with _journal(path) as again:
        assert again.begun("a")
        assert not again.begun("b")
        again.write(at="intent", key="b")
    lines = path.read_bytes().splitlines()
    assert [json.loads(line).get("key") for line in lines] == [None, "a", "b"]


_JOURNALS = {
    "another plan": b'{"format":"mdm-policy-journal","plan":"other"}\n',
    "no JSON": b"{nothing}\n",
    "no journal": b'{"format":"x","plan":"digest"}\n',
    "a list": b"[1]\n",
}


@pytest.mark.parametrize("data", _JOURNALS.values(), ids=_JOURNALS)
def test_a_journal_of_something_else_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(data)
    with pytest.raises(PolicyError) as refused, _journal(path):
        pass
    assert refused.value.findings[0].id == "journal-damaged"
    assert path.read_bytes() == data


def test_a_journal_is_held_by_one_process(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    code = (
        "import sys; from pathlib import Path; from mdm_policy.push.journal import Journal\n"
        "with Journal(Path(sys.argv[1]), 'digest', str): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(PolicyError) as refused, _journal(path):
            pass
        assert refused.value.findings[0].id == "journal-locked"
        other.stdin.close()
        other.wait(10)
    with _journal(path) as again:
        assert again.entries


def test_what_cannot_be_recorded_is_not_done(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused, _journal(tmp_path / "none" / "journal"):
        pass
    assert refused.value.findings[0].id == "journal-unwritable"
    one = _journal(tmp_path / "journal")
    with one:
        pass
    with pytest.raises(PolicyError) as refused:
        one.write(at="intent")
    assert refused.value.findings[0].id == "journal-unwritable"


_COMPARED = {
    "equal": ({"a": [1, 2]}, {"a": [2, 1]}, ()),
    "a key more": ({"a": 1}, {"a": 1, "b": 2}, ()),
    "a key less": ({"a": 1, "b": 2}, {"a": 1}, ("/b",)),
    "null is missing": ({"a": None}, {}, ()),
    "another value": ({"a": {"b": "x"}}, {"a": {"b": "y"}}, ("/a/b",)),
    "true is not 1": ({"a": True}, {"a": 1}, ("/a",)),
    "a list entry less": ({"a": [{"v": 1}, {"v": 2}]}, {"a": [{"v": 1}]}, ("/a",)),
    "a list entry more": ({"a": [{"v": 1}]}, {"a": [{"v": 1}, {"v": 2}]}, ("/a",)),
    "entries grew keys": ({"a": [{"v": 1}]}, {"a": [{"v": 1, "id": 7}]}, ()),
    "inner entries grew keys": ({"a": [{"v": {"x": 1}}]}, {"a": [{"v": {"x": 1, "id": 7}}]}, ()),
    "repetition": ({"a": ["x"]}, {"a": ["x", "x"]}, ()),
    "a list for a text": ({"a": ["x"]}, {"a": "x"}, ("/a",)),
}


@pytest.mark.parametrize(("wanted", "found", "at"), _COMPARED.values(), ids=_COMPARED)
def test_what_is_there_is_compared_in_one_direction(wanted: Any, found: Any, at: tuple[str, ...]) -> None:
    assert differences(wanted, found) == at


def test_keys_beyond_are_named() -> None:
    assert extras({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3, "e": None, "f": ""}, {"d"}) == ("/a/c",)
    assert fingerprint({"a": 1, "b": [1]}) == fingerprint({"b": [1], "a": 1})
    assert fingerprint([1]) != fingerprint([2])


def test_assignments_are_compared_as_sets() -> None:
    assert same_assignment(Assignment(groups=("a", "b")), Assignment(groups=("b", "a")))
    assert not same_assignment(Assignment(groups=("a",)), Assignment(groups=("a",), excluded=("c",)))
    assert same_assignment(None, None)
    assert not same_assignment(None, Assignment())


def test_reviewers_read_what_weakens_first() -> None:
    effect = ActionEffect("LOOSENED", "x", "ios", "hidden", "allowed")
    actions = [
        Action("noop", "k", "1", "a", "a"),
        Action("create", "k", "2", "b", "b", "TIGHTENED"),
        Action("update", "k", "3", "c", "c", "LOOSENED", effects=(effect,)),
        Action("delete", "k", "4", "d", "d"),
    ]
    assert [one.id for one in weakest_first(actions)] == ["3", "4", "2", "1"]
