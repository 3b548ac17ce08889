"""Hold every live verdict to `verify` of the exported snapshot, after each mutation of what is not ours.

Run by the test suite on a part of the steps, and whole by `make foreign`, which prints the counts.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent))

from push.stage import DAY, Stage, stage

from mdm_policy.cli import edge
from mdm_policy.report import verification as report
from mdm_policy.tenant.files import INDEX, files
from mdm_policy.workflows import apply, assess, drift, live, prove, push
from tenant import foreign
from tenant.foreign_places import NotRealError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.verify import Verification

_SHOWN = 30
_HELD = frozenset[tuple[str, str]]


class Verdict(NamedTuple):
    """Hold what `verify` says of the snapshot: its whole report, what is held, and whether something could not be read."""

    text: str
    table: str
    held: _HELD
    unread: bool
    code: int


class Wrong(NamedTuple):
    """Say what a live verdict has otherwise, and whether it is milder."""

    name: str
    said: str
    milder: bool


def held(proof: Verification | None) -> _HELD:
    """Return which app is held on which class."""
    if proof is None:
        return frozenset()
    return frozenset(
        (verdict.cls.name, app.key)
        for verdict in proof.classes
        for alike in verdict.groups
        if alike.cell.held
        for app in alike.apps
    )


def table(proof: Verification | None) -> str:
    """Return every verdict with the sentence it rests on, and the sentence of the whole."""
    if proof is None:
        return "nothing"
    rows = [
        f"{verdict.cls.name}|{app.key}|{alike.cell.word}|{alike.cell.row}|{alike.cell.held}|{alike.cell.decision.sentence}"
        for verdict in proof.classes
        for alike in verdict.groups
        for app in alike.apps
    ]
    return "\n".join([*sorted(rows), *(str(one) for one in proof.weaker), proof.outcome, str(proof.counts.plain)])


class Judge:
    """Ask every command about one tenant, again after each step."""

    def __init__(self, one: Stage, name: str) -> None:
        """Bring our objects into place, and read what they block by themselves."""
        self.name, self.one = name, one
        assert one.plan().code in (0, 10), one.printed[-2:]
        assert one.apply().code == 0, one.printed[-2:]
        assert one.plan().code == 0, one.printed[-2:]
        self.place = foreign.PLACES[name](one.emulator)
        self.services = msgspec.structs.replace(edge.services(), timeout=30.0)  # a slow machine is no fault here
        self.request = push.PushRequest(one.deployment, DAY)
        self.read = push.read_for_push(self.request, self.services)
        self.ready, _ = push.plans(self.read, ())
        assert not any(each.plan.changes for each in self.ready)
        self.ours = {each.plan.destination: each.seen.remotes for each in self.ready}
        self.uses = {key: use for each in self.ready for key, use in each.wanted.uses.items()}
        self.alone = self._alone()
        self.before = self.judged("before", commands=False)[1]

    def _alone(self) -> _HELD:
        """Return what our objects hold by themselves: `verify` of a snapshot from which all others are taken out."""
        ids = {id_ for remotes in self.ours.values() for one in remotes for id_ in (one.id, f"{one.kind}/{one.id}")}
        only = self.one.folder / "only"
        if self.name == "git":
            names = [one.id for remotes in self.ours.values() for one in remotes]
            mine = {name: (self.one.emulator.root / name).read_bytes() for name in names}
        else:
            snapshot = assess.taken(self.read.specs[0], self.read.edge, self.services.now)
            paths = {one.path for one in snapshot.objects if one.id in ids} | {INDEX}
            mine = {path: data for path, data in files(snapshot).items() if path in paths}
        for path, data in mine.items():
            (only / path).parent.mkdir(parents=True, exist_ok=True)
            (only / path).write_bytes(data)
        found = held(prove.prove(prove.ProveRequest((only,), DAY, deployment=self.one.deployment)).verification)
        assert found, sorted(mine)
        return found

    def judged(self, name: str, *, commands: bool) -> tuple[list[Wrong], _HELD]:
        """Return where a live verdict differs from `verify`, and what `verify` takes for held."""
        saved = self.one.folder / "saved"
        shutil.rmtree(saved, ignore_errors=True)
        asked = assess.AssessRequest((), DAY, deployment=self.one.deployment, save=saved)
        if self.name == "git":  # a folder is its own snapshot
            saved = self.one.emulator.root
            asked = assess.AssessRequest((), DAY, deployment=self.one.deployment)
        seen = assess.assess(asked, self.services)
        found = prove.prove(prove.ProveRequest((saved,), DAY, deployment=self.one.deployment))
        place = "" if self.name == "git" else f"{saved}/"
        verdict = Verdict(
            _without(place, report.data(found.verification, found.places, found.unread, stamp=found.stamp)),
            _without(place, table(found.verification)),
            held(found.verification),
            bool(found.unread),
            found.exit_code(),
        )
        wrong = [*self._assess(name, seen, verdict), *self._live(name, verdict)]
        if commands:
            wrong += [*self._drift(name, verdict), *self._apply(name, verdict)]
        return wrong, verdict.held

    def _differs(self, name: str, proof: Verification | None, verdict: Verdict) -> Iterator[Wrong]:
        more = held(proof) - verdict.held
        if more or table(proof) != verdict.table:
            yield Wrong(name, f"{sorted(more)} held\n{_told(table(proof), verdict.table)}", bool(more))

    def _lost(self, name: str, verdict: Verdict, *, less: bool) -> Iterator[Wrong]:
        lost = self.alone - verdict.held
        if bool(lost or verdict.unread) != less:
            yield Wrong(name, f"lost {sorted(lost)}, unread {verdict.unread}, and it says {less}", not less)

    def _live(self, name: str, verdict: Verdict) -> Iterator[Wrong]:
        found = live.live_proof(
            self.read, [each.destination for each in self.ready], self.ours, self.uses, self.services
        )
        yield from self._differs(f"live, {name}", found.proof, verdict)
        yield from self._lost(f"live, {name}", verdict, less=found.less)

    def _assess(self, name: str, seen: assess.AssessResult, verdict: Verdict) -> Iterator[Wrong]:
        proof = seen.proof
        text = report.data(proof.verification, proof.places, proof.unread, stamp=proof.stamp)
        yield from self._differs(f"assess, {name}", proof.verification, verdict)
        if text != verdict.text or seen.exit_code() != verdict.code:
            yield Wrong(f"assess, {name}", f"another report\n{_told(text, verdict.text)}", milder=False)

    def _drift(self, name: str, verdict: Verdict) -> Iterator[Wrong]:
        found = drift.drift(self.request, self.services)
        yield from self._differs(f"drift, {name}", found.proof, verdict)
        yield from self._lost(f"drift, {name}", verdict, less=found.exit_code() == 11)

    def _apply(self, name: str, verdict: Verdict) -> Iterator[Wrong]:
        found = apply.apply(apply.ApplyRequest(self.one.plan_file, DAY), self.services, lambda _: None)
        yield from self._differs(f"apply, {name}", found.proof, verdict)
        yield from self._lost(f"apply, {name}", verdict, less=found.exit_code() == 11)


def _without(place: str, text: str) -> str:
    return text.replace(place, "") if place else text


def _told(live_: str, offline: str) -> str:
    lines = difflib.unified_diff(live_.split("\n"), offline.split("\n"), "live", "verify", n=0, lineterm="")
    return "\n".join([*lines][:_SHOWN])


class Count:
    """Count what was mutated, what that did, and what was judged otherwise."""

    def __init__(self) -> None:
        """Have counted nothing."""
        self.kinds: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self.refused = 0
        self.commands = 0
        self.wrong: list[Wrong] = []

    @property
    def mutants(self) -> int:
        """Return how many mutations there were."""
        return sum(self.kinds.values())

    @property
    def effective(self) -> int:
        """Return how many of them lifted, narrowed or restored a block."""
        return sum(self.effects.values())

    def __str__(self) -> str:
        """Say it in a line."""
        milder = sum(one.milder for one in self.wrong)
        did = ", ".join(f"{self.effects[word]} {word}" for word in ("lifted", "narrowed", "restored"))
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        return (
            f"{self.mutants} mutants ({kinds}; {self.refused} the server would refuse); {did} a block;"
            f" {self.commands} also through drift and apply; {milder} milder, {len(self.wrong) - milder} otherwise"
        )


def run(name: str, folder: Path, rounds: int, edits: int, every: int, stride: int = 1, start: int = 0) -> Count:
    """Carry out the steps of a destination, or those of each so many objects, and judge after each of them.

    After each `every` steps the whole commands `drift` and `apply` are asked too.
    """
    count = Count()
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch("push.stage.kit", lambda known: foreign.KITS[known]()))
        one = stack.enter_context(stage(name, folder))
        stack.enter_context(mock.patch.dict(os.environ, one.kit.env))
        judge = Judge(one, name)
        given = foreign.documents(name, foreign.golden(one.deployment))
        lives = list(foreign.steps(name, judge.place, given, rounds, edits))
        for life in lives[start::stride]:
            _live(judge, life, count, every)
    return count


def _live(judge: Judge, life: Sequence[foreign.Step], count: Count, every: int) -> None:
    for step in life:
        try:
            step.make()
        except NotRealError:
            count.refused += 1
            continue
        count.kinds[step.kind] += 1
        commands = count.mutants % every == 0
        count.commands += commands
        found, now = judge.judged(step.name, commands=commands)
        count.wrong += found
        if judge.before - now:
            count.effects["narrowed" if step.kind == "assign" else "lifted"] += 1
        elif now - judge.before:
            count.effects["restored"] += 1
        judge.before = now


def _whole(name: str) -> tuple[str, Count]:
    with tempfile.TemporaryDirectory() as made:
        return name, run(name, Path(made), rounds=ROUNDS[name], edits=5, every=20)


ROUNDS = {"graph": 2, "jamf": 4, "amapi": 11, "kmfddm": 5, "git": 1}
"""How often each object of a destination comes and goes when all of them do."""


def main() -> int:
    """Carry out all steps of all destinations, or of those that are named, and print the counts."""
    names = sys.argv[1:] or [*foreign.KITS]
    mutants = effective = 0
    wrong: list[Wrong] = []
    with ProcessPoolExecutor(2) as pool:
        for name, count in pool.map(_whole, names):
            print(f"{name}: {count}", flush=True)
            for one in count.wrong[:5]:
                print(f"    {one.name}: {one.said}", flush=True)
            mutants, effective, wrong = mutants + count.mutants, effective + count.effective, [*wrong, *count.wrong]
    milder = sum(one.milder for one in wrong)
    print(
        f"{mutants} mutants, {effective} of them lifted, narrowed or restored a block: {milder} milder, {len(wrong)} differ"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
