"""Carry out a plan: check that nothing has moved, write in the safe order, read back each object, and say what was done.

Every write goes through the journal first. What is done already, by an earlier run of the same plan that was cut off or
by whoever, is not done again: a second apply writes nothing. After the first failure nothing that weakens a ban is done.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

from mdm_policy.diff.model import WEAKENING
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.push.answers import Failure
from mdm_policy.push.model import Action, Assignment, Item, Remote, Summary
from mdm_policy.push.planning import Seen, same_assignment
from mdm_policy.push.protocol import finish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mdm_policy.push.journal import Journal
    from mdm_policy.push.model import Plan
    from mdm_policy.push.protocol import Destination

State = Literal["done", "unchanged", "held", "failed", "not-tried"]
_LOOKS = 6
"""How often an object is looked for or read back before that is given up: 0.25 s at first, each wait twice the last."""
_FIRST_WAIT = 0.25
_HOPELESS = frozenset({"unauthorized", "unreachable", "tls", "throttled"})
"""Failures after which no further call has a chance."""
_NOBODY = Assignment()


class ActionResult(Frozen, frozen=True):
    """Say what became of one action; `id` and `after` are the object's id and fingerprint afterwards."""

    action: Action
    state: State
    id: str = ""
    after: str = ""
    finding: Finding | None = None
    wrote: bool = False


class Outcome(Frozen, frozen=True):
    """Hold what became of a plan at one destination, and the objects as they were read back."""

    plan: Plan
    results: tuple[ActionResult, ...]
    remotes: tuple[Remote, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def writes(self) -> int:
        """Count the actions that changed something in this run."""
        return sum(result.wrote for result in self.results)

    @property
    def complete(self) -> bool:
        """Tell whether everything that was planned is done."""
        return all(result.state in ("done", "unchanged") for result in self.results)


def observe(destination: Destination, owner: str) -> Seen:
    """Read all our objects at a destination, several at once.

    Raises:
        Failure: what is not read cannot be planned with.

    """
    ours = _listed(destination, owner)
    with ThreadPoolExecutor(max_workers=max(1, destination.concurrency)) as pool:
        found = dict(zip(ours, pool.map(destination.get, ours), strict=True))
    lost = [one for one, remote in found.items() if remote is None]
    if lost:
        # Taken for gone, an object would be made a second time: it is gone when the listing says so too.
        still = set(_listed(destination, owner))
        for one in lost:
            found[one] = destination.get(one) if one in still else None
            if found[one] is None and one in still:
                raise Failure("answer", f"{one.kind} {one.name!r} ({one.id}) is listed, and cannot be found")
    remotes = [remote for remote in found.values() if remote is not None]
    return Seen(tuple(sorted(remotes, key=lambda one: (one.key, one.kind, one.id))))


def _listed(destination: Destination, owner: str) -> list[Summary]:
    return [one for one in destination.list() if one.key and one.owner in ("", owner)]


def check_unmoved(plan: Plan, destination: Destination, seen: Seen, journal: Journal) -> None:
    """Refuse a plan when what it was made from is not what is there.

    Raises:
        PolicyError: `remote-moved`, one for each object that is neither as the plan saw it nor as the plan wants it.

    """
    there = seen.by_key()
    moved = [
        said
        for action in plan.actions
        if (said := _moved(action, there.get(action.key), destination, journal.wrote(action.key)))
    ]
    if moved:
        hint = "nothing was changed; make a new plan and look at what it says"
        raise PolicyError([error("remote-moved", said, Origin(plan.destination), hint) for said in moved])


def _moved(action: Action, remote: Remote | None, destination: Destination, ours: bool) -> str:
    """Say how an object has moved since the plan, or nothing."""
    named = f"{action.kind} {action.name!r}"
    if remote is None:
        gone = action.op in ("update", "noop") and bool(action.based_on)
        return f"{named} is gone" if gone else ""
    if action.op == "create":
        strange = destination.differs(action.item, remote)
        return f"{named} exists by now, and is not as planned" if strange else ""
    as_seen = remote.fingerprint == action.based_on
    if action.op in ("noop", "delete"):
        good = as_seen and same_assignment(action.assigned_before, remote.assignment)
        return "" if good or (ours and action.op == "delete") else f"{named} was changed since the plan was made"
    if not as_seen and destination.differs(action.item, remote):
        return f"{named} was changed since the plan was made"
    known = (action.assigned_before, action.assignment or action.assigned_before)
    if not any(same_assignment(one, remote.assignment) for one in known):
        return f"whom {named} is for was changed since the plan was made"
    return ""


class Applying:
    """Carry out one plan at one destination."""

    def __init__(
        self, plan: Plan, destination: Destination, owner: str, journal: Journal, sleep: Callable[[float], None]
    ) -> None:
        """Know what to do and where; nothing is done yet."""
        self._plan = plan
        self._destination = destination
        self._owner = owner
        self._journal = journal
        self._sleep = sleep
        self._failed = False
        self._hopeless = False

    def run(self, loosening: str = "") -> Outcome:
        """Do what is planned; what weakens a ban only with a reason for it.

        Raises:
            PolicyError: `remote-moved`, and nothing was changed; `journal-unwritable`.
            Failure: nothing was changed, since what is there could not even be read.

        """
        before = observe(self._destination, self._owner)
        check_unmoved(self._plan, self._destination, before, self._journal)
        there = before.by_key()
        results = [self._action(action, there.get(action.key), loosening) for action in self._plan.actions]
        findings: list[Finding] = []
        remotes: tuple[Remote, ...] = ()
        if not self._hopeless:
            try:
                finish(self._destination)
            except Failure as bad:
                findings.append(bad.finding(self._plan.destination, "finishing"))
            try:
                remotes = self._without_twins(observe(self._destination, self._owner).remotes)
            except Failure as bad:
                findings.append(bad.finding(self._plan.destination, "reading everything back"))
        return Outcome(self._plan, tuple(results), remotes, tuple(findings))

    def _without_twins(self, remotes: tuple[Remote, ...]) -> tuple[Remote, ...]:
        """Delete what a create of ours made a second time, when its first delivery came later than anybody looked."""
        made = {one.key: one.item for one in self._plan.actions if one.op == "create" and self._journal.wrote(one.key)}
        kept: list[Remote] = []
        # The one that was assigned is the one that was read back; the other reaches nobody.
        for remote in sorted(remotes, key=lambda one: one.assignment in (None, _NOBODY)):
            again = remote.key in made and any(one.key == remote.key for one in kept)
            harmless = again and remote.assignment in (None, _NOBODY) and self._destination.finds_by_marker
            if harmless and not self._destination.differs(made[remote.key], remote):
                self._destination.delete(remote)
            else:
                kept.append(remote)
        return tuple(kept)

    def _action(self, action: Action, remote: Remote | None, loosening: str) -> ActionResult:
        if action.op == "noop":
            return ActionResult(action, "unchanged", action.id, action.based_on)
        if self._is_done(action, remote):
            after = remote.fingerprint if remote is not None else ""
            return ActionResult(action, "done", remote.id if remote is not None else action.id, after)
        if action.held and not loosening:
            return ActionResult(action, "held", action.id)
        weakens = action.direction in WEAKENING or action.op == "delete"
        if self._hopeless or (self._failed and weakens):
            return ActionResult(action, "not-tried", action.id)
        try:
            done = self._write(action, remote)
        except Failure as bad:
            self._failed = True
            self._hopeless = bad.fault in _HOPELESS
            doing = f"{action.op} {action.kind} {action.name!r}"
            self._note(action, "failed", said=bad.said)
            return ActionResult(action, "failed", action.id, finding=bad.finding(self._plan.destination, doing))
        except _UnsettledError as bad:
            self._failed = True
            self._note(action, "failed", said=str(bad))
            hint = "make a new plan and look at what it says"
            found = error("read-back-differs", str(bad), Origin(self._plan.destination), hint)
            return ActionResult(action, "failed", action.id, finding=found, wrote=True)
        return ActionResult(action, "done", done.id if done is not None else action.id, _print(done), wrote=True)

    def _is_done(self, action: Action, remote: Remote | None) -> bool:
        if action.op == "delete":
            return remote is None
        if remote is None:
            return False
        return self._settled(action, remote)

    def _settled(self, action: Action, remote: Remote) -> bool:
        right = action.assignment is None or same_assignment(action.assignment, remote.assignment)
        return right and not self._destination.differs(action.item, remote)

    def _write(self, action: Action, remote: Remote | None) -> Remote | None:
        """Make the writes of one action, each noted before and after, and read the object back."""
        if action.op == "delete":
            self._delete(action, remote)
            return None
        if remote is None:
            summary = self._create(action.item)
            remote = self._fresh(action, summary)
        else:
            summary = Summary(remote.kind, remote.id, remote.name, remote.key, self._owner)
            remote = self._unmoved(action, summary)
            if self._destination.differs(action.item, remote) or action.reasons == ("what it does",):
                self._step(action, "update", remote.id, lambda: self._destination.update(action.item, remote))
        wanted = action.assignment
        if wanted is not None and not same_assignment(wanted, remote.assignment):
            self._step(action, "assign", summary.id, lambda: self._destination.assign(summary, wanted))
        return self._read_back(action, summary)

    def _step(self, action: Action, step: str, id_: str, write: Callable[[], None]) -> None:
        """Make one write; where nobody knows whether it was carried out, reading back will tell."""
        self._note(action, "intent", step=step, id=id_)
        try:
            write()
        except Failure as bad:
            if not bad.ambiguous:
                raise
            self._note(action, "unknown", step=step, id=id_, said=bad.said)
        else:
            self._note(action, "done", step=step, id=id_)

    def _note(self, action: Action, at: str, **more: str) -> None:
        self._journal.write(at=at, key=action.key, op=action.op, kind=action.kind, name=action.name, **more)

    def _unmoved(self, action: Action, summary: Summary) -> Remote:
        """Read an object once more right before it is written, since somebody may have been quicker."""
        remote = self._destination.get(summary)
        said = _moved(action, remote, self._destination, self._journal.wrote(action.key))
        if remote is None or said:
            raise Failure("conflict", said or f"{action.kind} {action.name!r} is gone")
        return remote

    def _create(self, item: Item) -> Summary:
        """Create an object; one whose answer was lost is looked for before it is made again."""
        action = next(one for one in self._plan.actions if one.key == item.key)
        wait = _FIRST_WAIT
        for last in (False, False, True):
            self._note(action, "intent", step="create")
            try:
                made = self._destination.create(item)
            except Failure as bad:
                if not bad.ambiguous and bad.fault != "conflict":
                    raise
                found = self._find(item)
                if found is None and (last or not bad.ambiguous):
                    raise
                if found is None:
                    self._sleep(wait)
                    wait *= 2
                    continue
                made = found
            self._note(action, "done", step="create", id=made.id)
            return self._alone(item, made)
        raise AssertionError("the last attempt returns or raises")

    def _find(self, item: Item) -> Summary | None:
        """Look for an object that may have been made; a listing can be behind, so one look is not enough."""
        wait = _FIRST_WAIT
        for _ in range(_LOOKS // 2):
            found = self._ours(item)
            if found:
                return found[0]
            self._sleep(wait)
            wait *= 2
        return None

    def _ours(self, item: Item) -> list[Summary]:
        ours = [
            one
            for one in self._destination.list()
            if one.key == item.key and one.kind == item.kind and one.owner in ("", self._owner)
        ]
        return sorted(ours, key=lambda one: one.id)

    def _alone(self, item: Item, made: Summary) -> Summary:
        """Undo a twin that a proxy's second delivery made: both are ours, alike, and reach nobody yet."""
        if not self._destination.finds_by_marker:
            return made
        found = self._ours(item)
        for twin in found[1:]:
            remote = self._destination.get(twin)
            harmless = remote is not None and remote.assignment in (None, _NOBODY)
            if remote is not None and harmless and not self._destination.differs(item, remote):
                self._destination.delete(remote)
        return found[0] if found else made

    def _fresh(self, action: Action, summary: Summary) -> Remote:
        """Read what was just created."""
        wait = _FIRST_WAIT
        for _ in range(_LOOKS):
            remote = self._destination.get(summary)
            if remote is not None:
                return remote
            self._sleep(wait)
            wait *= 2
        raise _UnsettledError(f"{action.kind} {action.name!r} was created, and cannot be found")

    def _read_back(self, action: Action, summary: Summary) -> Remote:
        """Read an object until it is as planned; an MDM may answer from a copy that is behind."""
        wait = _FIRST_WAIT
        lacking: Iterable[str] = ()
        for turn in range(_LOOKS):
            if turn:
                self._sleep(wait)
                wait *= 2
            remote = self._destination.get(summary)
            if remote is not None and self._settled(action, remote):
                return remote
            lacking = self._destination.differs(action.item, remote) if remote is not None else ("it is gone",)
        what = ", ".join(lacking) or "who it is for"
        raise _UnsettledError(f"{action.kind} {action.name!r} was written, and does not read back as sent: {what}")

    def _delete(self, action: Action, remote: Remote | None) -> None:
        if remote is None:
            return
        summary = Summary(remote.kind, remote.id, remote.name, remote.key, self._owner)
        now = self._unmoved(action, summary)
        self._step(action, "delete", remote.id, lambda: self._destination.delete(now))
        wait = _FIRST_WAIT
        for _ in range(_LOOKS):
            if self._destination.get(summary) is None:
                return
            self._sleep(wait)
            wait *= 2
        raise _UnsettledError(f"{action.kind} {action.name!r} was deleted, and is still there")


class _UnsettledError(Exception):
    """Say that what was written does not read back."""


def _print(remote: Remote | None) -> str:
    return remote.fingerprint if remote is not None else ""


def failures(outcomes: Sequence[Outcome]) -> list[Finding]:
    """Return what went wrong, in the order of the plan."""
    found = [result.finding for one in outcomes for result in one.results if result.finding is not None]
    return [*found, *(finding for one in outcomes for finding in one.findings)]
