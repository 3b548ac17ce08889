"""Narrowing whom a ban reaches is a weakening, at every destination that knows whom an object is for."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml

from mdm_policy.diff.model import WEAKENING
from mdm_policy.push.grants import Grants
from mdm_policy.push.model import Assignment
from mdm_policy.push.planning import Seen, make_plan
from mdm_policy.push.reach import narrows
from mdm_policy.workflows import push
from push.stage import DAY, KITS, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A, B, C = (f"{digit * 8}-1111-4111-8111-{digit * 12}" for digit in "abc")
EVERYONE = Assignment(everyone=True)
_ALL = {
    "everyone to nobody": (EVERYONE, Assignment()),
    "everyone to a group": (EVERYONE, Assignment(groups=(A,))),
    "a group less": (Assignment(groups=(A, B)), Assignment(groups=(A,))),
    "the only group gone": (Assignment(groups=(A,)), Assignment()),
    "another group": (Assignment(groups=(A,)), Assignment(groups=(B,))),
    "a group more and one less": (Assignment(groups=(A, B)), Assignment(groups=(A, C))),
    "an exclusion more": (EVERYONE, Assignment(everyone=True, excluded=(C,))),
    "an exclusion of a group's members": (Assignment(groups=(A,)), Assignment(groups=(A,), excluded=(B,))),
    "another exclusion": (Assignment(everyone=True, excluded=(A,)), Assignment(everyone=True, excluded=(B,))),
}
_WIDER = {
    "nobody to everyone": (Assignment(), EVERYONE),
    "a group to everyone": (Assignment(groups=(A,)), EVERYONE),
    "a group more": (Assignment(groups=(A,)), Assignment(groups=(A, B))),
    "an exclusion less": (Assignment(everyone=True, excluded=(C,)), EVERYONE),
    "the same in another order": (Assignment(groups=(A, B)), Assignment(groups=(B, A))),
}
_SETS_ONLY = frozenset({"kmfddm", "nanomdm"})
"""These know neither everyone nor exclusions: only which sets, or which enrollments."""
_NO_ASSIGNMENT = frozenset({"git", "amapi"})
"""A folder says nothing of devices, and which devices have an Android policy is decided elsewhere."""


def rows(known: dict[str, tuple[Assignment, Assignment]]) -> Iterator[Any]:
    for name in KITS:
        for what, pair in known.items():
            plain = not any(one.everyone or one.excluded for one in pair)
            if name not in _NO_ASSIGNMENT and (plain or name not in _SETS_ONLY):
                yield pytest.param(name, *pair, id=f"{name}, {what}")


def planned(one: Stage, before: Assignment, after: Assignment) -> Any:
    """Settle a destination, let every object of ours be for `before`, and plan with `after`."""
    services = push.Services(
        {**os.environ, **one.kit.env}, lambda _: None, lambda: "2026-11-25T12:00:00+00:00", 2.0, Grants(paths=("/",))
    )
    read = push.read_for_push(push.PushRequest(one.deployment, DAY), services)
    ready, _ = push.plans(read, ())
    [made] = ready
    destination = made.destination
    for remote in made.seen.remotes:
        summary = next(found for found in destination.list() if (found.kind, found.id) == (remote.kind, remote.id))
        destination.assign(summary, before)
    seen = push.look(destination, made.owner)
    items = tuple(msgspec.structs.replace(item, assignment=after) for item in made.wanted.items)
    wanted = msgspec.structs.replace(made.wanted, items=items)
    return make_plan(destination, wanted, Seen(seen.remotes), read.question, read.gathered.catalogue)


def _let_in(one: Stage) -> None:
    """Let a server know the groups, where it refuses others, and take what a person assigns in the console without asking."""
    if one.kit.name == "jamf":
        for known in one.emulator.groups.values():
            known |= {101: A, 102: B, 103: C}
    elif one.kit.name == "nanomdm":
        one.emulator.profiles |= {name: {} for name in (A, B, C)}
    elif one.kit.name == "graph_approval":
        one.emulator.desk.covered = ()


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    """Settle every destination once."""
    with contextlib.ExitStack() as stack:
        made = {}
        for name in KITS:
            if name not in _NO_ASSIGNMENT:
                one = stack.enter_context(stage(name, tmp_path_factory.mktemp(name)))
                assert one.plan().code == 10
                assert one.apply().code == 0, one.printed[-2:]
                _let_in(one)
                made[name] = one
        yield made


@pytest.mark.parametrize(("name", "before", "after"), [*rows(_ALL)])
def test_narrowing_is_held(name: str, before: Assignment, after: Assignment, settled: dict[str, Stage]) -> None:
    plan = planned(settled[name], before, after)
    assert plan.direction in WEAKENING
    assert plan.changes
    assert [one.name for one in plan.changes if not one.held] == []
    assert all(one.direction in WEAKENING for one in plan.changes)


@pytest.mark.parametrize(("name", "before", "after"), [*rows(_WIDER)])
def test_widening_is_not(name: str, before: Assignment, after: Assignment, settled: dict[str, Stage]) -> None:
    plan = planned(settled[name], before, after)
    assert plan.direction not in WEAKENING
    assert [one.name for one in plan.actions if one.held] == []
    if set(before.groups) != set(after.groups):
        assert plan.direction == "TIGHTENED"


@pytest.mark.parametrize(("before", "after"), _ALL.values(), ids=_ALL)
def test_the_words_of_an_assignment_alone_tell(before: Assignment, after: Assignment) -> None:
    assert narrows(before, after)
    assert not narrows(before, before)


@pytest.mark.parametrize(("before", "after"), _WIDER.values(), ids=_WIDER)
def test_nor_does_a_wider_one(before: Assignment, after: Assignment) -> None:
    assert not narrows(before, after)


def _settings(one: Stage, **changed: object) -> None:
    value = yaml.safe_load(one.deployment.read_text())
    place = value["destinations"]["there"]
    for key, new in changed.items():
        (place if key in ("assign", "groups") else place[one.kit.name])[key] = new
    one.deployment.write_text(yaml.safe_dump(value))


def _narrowed(name: str, folder: Path) -> Iterator[Stage]:
    with stage(name, folder) as one:
        if name == "kmfddm":
            _settings(one, assign=["a", "b"], groups={"a": "default", "b": "second"})
        assert (one.plan().code, one.apply().code) == (10, 0)
        yield one


@pytest.fixture(params=["kmfddm", "nanomdm", "fake"])
def one(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    yield from _narrowed(request.param, tmp_path)


def test_a_person_meets_it_as_a_weakening(one: Stage) -> None:
    less: dict[str, dict[str, object]] = {
        "kmfddm": {"assign": ["b"]},
        "nanomdm": {"enrollments": ["E1"]},
        "fake": {"assign": ["some"]},
    }
    if one.kit.name == "fake":
        value = yaml.safe_load(one.deployment.read_text())
        value["destinations"]["there"]["assign"] = ["some"]
        one.deployment.write_text(yaml.safe_dump(value))
    else:
        _settings(one, **less[one.kit.name])
    before = one.bans()
    ran = one.plan()
    assert ran.code == 11, ran.out
    assert "It would weaken a ban (" in " ".join(ran.out.split())
    assert one.apply().code == 12
    assert one.bans() == before
    assert one.apply("--allow-loosening", "a decision (example)").code in (0, 11), one.printed[-1]
    assert one.plan().code == 0


def test_whom_somebody_narrowed_is_drift(one: Stage) -> None:
    if one.kit.name == "kmfddm":
        one.emulator.sets["second"] = []
    elif one.kit.name == "nanomdm":
        record = one.folder / "there.delivered.json"
        value = yaml.safe_load(record.read_text())
        for entry in value["delivered"].values():
            entry["enrollments"] = ["E1"]
        record.write_text(json.dumps(value))
    else:
        for entry in one.emulator.objects.values():
            if entry["owner"] == "gov.example.agency":
                entry["assignment"] = {"everyone": False, "groups": ["x"], "excluded": []}
    ran = one.drift()
    assert ran.code == 11, ran.out
    assert one.plan().code == 10
