"""Carry out a plan: check that nothing has moved, write in the safe order, read back each object, and say what was done.

Every write goes through the journal first. What is done already, by an earlier run of the same plan that was cut off or
by whoever, is not done again: a second apply writes nothing. After the first failure nothing that weakens a ban is done.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, TypeVar

import msgspec

from mdm_policy.diff.model import WEAKENING
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.push.answers import Failure
from mdm_policy.push.approvals import ApprovalRefusal
from mdm_policy.push.asking import Asking, WaitError
from mdm_policy.push.journal import JournalError
from mdm_policy.push.model import Action, Assignment, Done, Item, Remote, Summary
from mdm_policy.push.observing import check_unmoved, moved, observe
from mdm_policy.push.outcomes import ActionResult, Outcome
from mdm_policy.push.planning import restorable, same_assignment
from mdm_policy.push.protocol import finish, get_ready, sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mdm_policy.push.journal import Journal
    from mdm_policy.push.model import Plan
    from mdm_policy.push.protocol import Destination

_LOOKS = 6
"""How often an object is looked for or read back before that is given up: 0.25 s at first, each wait twice the last."""
_FIRST_WAIT = 0.25
_HOPELESS = frozenset({"unauthorized", "unreachable", "tls", "throttled"})
"""Failures after which no further call has a chance."""
_NOBODY = Assignment()
_Made = TypeVar("_Made")


class Applying:
    """Carry out one plan at one destination.

    `reserve` is called once, before the first write: it makes sure that there will be a receipt.
    """

    def __init__(
        self,
        plan: Plan,
        destination: Destination,
        owner: str,
        journal: Journal,
        sleep: Callable[[float], None],
        reserve: Callable[[], None] = lambda: None,
        *,
        ask_again: bool = False,
    ) -> None:
        """Know what to do and where; nothing is done yet."""
        self._plan = plan
        self._destination = destination
        self._owner = owner
        self._journal = journal
        self._sleep = sleep
        self._reserve = reserve
        self._asking = Asking(plan, destination, journal, again=ask_again)
        self._failed = False
        self._waiting = False
        self._hopeless = False
        self._stopped = False
        self._ready = False
        self._copies: list[Finding] = []

    def run(self, loosening: str = "") -> Outcome:
        """Do what is planned; what weakens a ban only with a reason for it.

        Raises:
            PolicyError: `remote-moved`, and nothing was changed.
            Failure: nothing was changed, since what is there could not even be read.

        """
        self._asking.reason = loosening
        before = observe(self._destination, self._owner)
        check_unmoved(self._plan, self._destination, before, self._journal)
        there = before.by_key()
        results = [self._action(action, there.get(action.key), loosening) for action in self._plan.actions]
        findings: list[Finding] = []
        remotes: tuple[Remote, ...] = ()
        if not self._hopeless:
            _, bad = self._tried("finishing", lambda: finish(self._destination))
            findings += bad
            read, bad = self._tried("reading everything back", self._remotes)
            findings += [*bad, *self._copies]
            remotes = read or ()
            _, bad = self._tried("recording what was left", lambda: self._leave(remotes))
            findings += bad
        return Outcome(self._plan, tuple(results), remotes, tuple(findings), self._journal.writes, self._asking.open)

    def _tried(self, doing: str, step: Callable[[], _Made]) -> tuple[_Made | None, list[Finding]]:
        """Do what comes after the writes: whatever goes wrong in it is told, and undoes no record of them."""
        try:
            return step(), []
        except Failure as bad:
            return None, [bad.finding(self._plan.destination, doing)]
        except PolicyError as bad:
            return None, list(bad.findings)
        except Exception as bad:  # noqa: BLE001 - what was written must be told, whatever broke after it
            return None, [_broken(self._plan.destination, doing, bad)]

    def _remotes(self) -> tuple[Remote, ...]:
        return self._without_twins(observe(self._destination, self._owner).remotes)

    def _leave(self, remotes: Sequence[Remote]) -> None:
        """Record how objects were left of which only a part is done."""
        ended = {one["key"] for one in self._journal.entries if one.get("at") == "end"}
        for action in self._plan.actions:
            if action.key in ended or not self._journal.begun(action.key):
                continue
            remote = next((one for one in remotes if one.key == action.key), None)
            if remote is not None:
                self._note(action, "end", id=remote.id, after=remote.fingerprint, whole=False)

    def _without_twins(self, remotes: tuple[Remote, ...]) -> tuple[Remote, ...]:
        """Delete what a create of ours made a second time, when its first delivery came later than anybody looked."""
        made = {one.key: one for one in self._plan.actions if one.op != "delete" and self._created(one.key)}
        kept: list[Remote] = []
        # The one that was assigned is the one that was read back; the other reaches nobody.
        for remote in sorted(remotes, key=lambda one: one.assignment in (None, _NOBODY)):
            again = remote.key in made and any(one.key == remote.key for one in kept)
            harmless = again and remote.assignment in (None, _NOBODY) and self._destination.finds_by_marker
            if not harmless or self._destination.differs(made[remote.key].item, remote):
                kept.append(remote)
                continue
            try:
                self._step(made[remote.key], "twin", "", functools.partial(self._destination.delete, remote))
            except WaitError as bad:
                kept.append(remote)
                self._copies.append(bad.finding)
        return tuple(kept)

    def _created(self, key: str) -> bool:
        return self._journal.begun(key) and any(
            one.get("key") == key and one.get("step") == "create" for one in self._journal.entries
        )

    def _action(self, action: Action, remote: Remote | None, loosening: str) -> ActionResult:
        if action.op == "noop":
            return ActionResult(action, "unchanged", action.id, action.based_on)
        if action.held and not loosening and not self._is_done(action, remote):
            return ActionResult(action, "held", action.id)
        weakens = action.direction in WEAKENING or action.op == "delete"
        if self._stopped or (self._failed and weakens):
            return ActionResult(action, "not-tried", action.id)
        if self._waiting and weakens and not self._is_done(action, remote):
            return ActionResult(action, "deferred", action.id)
        doing = f"{action.op} {action.kind} {action.name!r}"
        try:
            done = self._carried(action, remote)
        except WaitError as bad:
            # What may tighten a ban must be there before anything gives one up; what only weakens nothing waits for.
            self._waiting |= not weakens or any(one.direction == "TIGHTENED" for one in action.effects)
            wrote = self._journal.wrote_now(action.key)
            return ActionResult(action, "waiting", action.id, finding=bad.finding, wrote=wrote)
        except Failure as bad:
            self._hopeless = self._stopped = bad.fault in _HOPELESS
            found = bad.finding(self._plan.destination, doing)
        except _UnsettledError as bad:
            hint = "make a new plan and look at what it says"
            found = error("read-back-differs", str(bad), Origin(self._plan.destination), hint)
        except JournalError as bad:
            self._stopped = True
            found = bad.findings[0]
        except PolicyError as bad:
            found = bad.findings[0]
        except Exception as bad:  # noqa: BLE001 - an answer nobody foresaw must not hide what was written before it
            self._stopped = True
            found = _broken(self._plan.destination, doing, bad)
        else:
            wrote = self._journal.wrote_now(action.key)
            return ActionResult(action, "done", done.id if done is not None else action.id, _print(done), wrote=wrote)
        self._failed = True
        wrote = self._journal.wrote_now(action.key)
        return ActionResult(action, "failed", action.id, finding=found, wrote=wrote)

    def _carried(self, action: Action, remote: Remote | None) -> Remote | None:
        """Do an action, unless it is done already, and record how it ended."""
        is_done = self._is_done(action, remote)
        if not is_done and not self._ready:
            get_ready(self._destination)
            self._ready = True
        done = remote if is_done else self._write(action, remote)
        self._asking.settle(action)
        if self._journal.begun(action.key):
            last = next((one for one in reversed(self._journal.entries) if one.get("key") == action.key), {})
            after = _print(done)
            if (last.get("at"), last.get("after"), last.get("whole")) != ("end", after, True):
                self._note(action, "end", id=done.id if done is not None else action.id, after=after, whole=True)
        return done

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
        if remote is None or action.op == "delete":
            self._begin(action, remote)
        if action.op == "delete":
            self._delete(action, remote)
            return None
        if remote is None:
            summary = self._create(action)
            remote = self._fresh(action, summary)
        else:
            summary = Summary(remote.kind, remote.id, remote.name, remote.key, self._owner)
            remote = self._unmoved(action, summary)
            self._begin(action, remote)
            self._asking.settle(action, "create")
            if self._destination.differs(action.item, remote) or action.reasons == ("what it does",):
                self._step(action, "update", remote.id, lambda: self._destination.update(action.item, remote))
        wanted = action.assignment
        if wanted is not None and not same_assignment(wanted, remote.assignment):
            self._step(action, "assign", summary.id, lambda: self._destination.assign(summary, wanted))
        return self._read_back(action, summary)

    def _step(self, action: Action, step: str, id_: str, write: Callable[[], None]) -> None:
        """Make one write; where nobody knows whether it was carried out, reading back will tell."""
        self._reserve()
        self._note(action, "intent", step=step, id=id_)
        before = sent(self._destination)
        self._asking.turn_to(action, step)
        try:
            write()
        except ApprovalRefusal as bad:
            raise self._asking.wait(bad) from None
        except Failure as bad:
            nothing = not bad.ambiguous and sent(self._destination) == before
            self._note(action, "refused" if nothing else "unknown", step=step, id=id_, said=bad.said)
            if not bad.ambiguous:
                raise
        else:
            self._note(action, "done", step=step, id=id_)

    def _begin(self, action: Action, remote: Remote | None) -> None:
        """Record what an object is before its first write, so that a receipt can bring that back."""
        if any(one.get("at") == "begin" and one.get("key") == action.key for one in self._journal.entries):
            return
        item = Item(action.key, action.kind, action.name, b"", "") if action.op == "delete" else action.item
        did = Done(
            "delete" if action.op == "delete" else "create" if remote is None else "update",
            action.kind,
            action.id,
            action.key,
            action.name,
            action.use,
            restorable(self._destination, item, remote) if remote is not None else "",
            remote.assignment if remote is not None else None,
            "",
            action.assignment,
        )
        self._reserve()
        self._journal.write(at="begin", key=action.key, did=msgspec.to_builtins(did))

    def _note(self, action: Action, at: str, **more: str | bool) -> None:
        self._journal.write(at=at, key=action.key, op=action.op, kind=action.kind, name=action.name, **more)

    def _unmoved(self, action: Action, summary: Summary) -> Remote:
        """Read an object once more right before it is written, since somebody may have been quicker."""
        remote = self._destination.get(summary)
        said = moved(action, remote, self._destination, self._journal.begun(action.key))
        if remote is None or said:
            raise Failure("conflict", said or f"{action.kind} {action.name!r} is gone")
        return remote

    def _create(self, action: Action) -> Summary:
        """Create an object; one whose answer was lost is looked for before it is made again."""
        item = action.item
        self._reserve()
        wait = _FIRST_WAIT
        if self._asking.has_asked(action, "create") and (there := self._ours(item)):
            return there[0]
        for last in (False, False, True):
            self._note(action, "intent", step="create")
            before = sent(self._destination)
            self._asking.turn_to(action, "create")
            try:
                made = self._destination.create(item)
            except ApprovalRefusal as bad:
                raise self._asking.wait(bad) from None
            except Failure as bad:
                looked = bad.ambiguous or bad.fault == "conflict"
                found = self._find(item) if looked else None
                if found is None and not bad.ambiguous:
                    nothing = sent(self._destination) == before
                    self._note(action, "refused" if nothing else "unknown", step="create", said=bad.said)
                if found is None and (last or not bad.ambiguous):
                    raise
                if found is None:
                    self._sleep(wait)
                    wait *= 2
                    continue
                made = found
            self._note(action, "done", step="create", id=made.id)
            return self._alone(action, made)
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

    def _alone(self, action: Action, made: Summary) -> Summary:
        """Undo a twin that a proxy's second delivery made: both are ours, alike, and reach nobody yet."""
        if not self._destination.finds_by_marker:
            return made
        item = action.item
        found = self._ours(item)
        for twin in found[1:]:
            remote = self._destination.get(twin)
            harmless = remote is not None and remote.assignment in (None, _NOBODY)
            if remote is not None and harmless and not self._destination.differs(item, remote):
                with contextlib.suppress(WaitError):  # the end of the run comes back to it, and tells
                    self._step(action, "twin", "", functools.partial(self._destination.delete, remote))
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


def _broken(destination: str, doing: str, bad: Exception) -> Finding:
    """Tell of a failure nobody foresaw by its kind alone: its text may hold a part of an answer, or a secret."""
    said = f"{doing}: the program broke off on what came back ({type(bad).__name__})"
    hint = "the receipt says what was written; report it, with the kind of the server and its version"
    return error("push-broken-off", said, Origin(destination), hint)


def _print(remote: Remote | None) -> str:
    return remote.fingerprint if remote is not None else ""
