"""Hold a saved plan against the one that is made again: what is carried out is always the one that was made just now.

A plan file is a claim: whoever had it last could have changed any part of it, and made its digest anew. So `apply` plans
again, from the deployment and from what is there, and requires the two to be equal in all their parts. What an earlier run
of the same plan has done already, or has begun, is the one thing that may differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.push.planning import in_order, same_assignment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.errors import Finding
    from mdm_policy.push.journal import Journal
    from mdm_policy.push.model import Action, LeftToOthers, Plan, Remote
    from mdm_policy.push.planning import Seen, Wanted
    from mdm_policy.push.protocol import Destination

_WANTED = ("kind", "name", "path", "use", "assignment", "digest")
"""What an action takes from the deployment and the build."""
_JUDGED = ("op", "id", "direction", "effects", "reasons", "body")
"""What planning makes of that and of what is there."""
_Slot = tuple[str, bool, str]
_AGAIN = "nothing was changed; make a new plan and look at what it says"


def rebuilt(claimed: Plan, fresh: Plan, wanted: Wanted, seen: Seen, destination: Destination, journal: Journal) -> Plan:
    """Return the plan to carry out: `fresh`, with the words of the claimed one for what is done already.

    Raises:
        PolicyError: `plan-outdated` when the deployment orders something else, `remote-moved` when something else is there,
            `plan-differs` when neither has changed, and the plan says something else all the same.

    """
    return _Checking(claimed, fresh, wanted, seen, destination, journal).result()


class _Checking:
    """Hold one plan against the one made again."""

    def __init__(
        self, claimed: Plan, fresh: Plan, wanted: Wanted, seen: Seen, destination: Destination, journal: Journal
    ) -> None:
        self._claimed, self._fresh, self._destination, self._journal = claimed, fresh, destination, journal
        self._items = {item.key: item for item in wanted.items}
        self._there = seen.by_key()
        self._ids = {remote.id for remote in seen.remotes}
        self._place = Origin(claimed.destination)
        self._problems: list[Finding] = []

    def result(self) -> Plan:
        now = {_slot(one): one for one in self._fresh.actions}
        then = {_slot(one): one for one in self._claimed.actions}
        if len(then) != len(self._claimed.actions):
            self._differs("an object stands in it twice")
        if not self._journal.resumed and self._claimed.direction != self._fresh.direction:
            self._differs(f"in all it is {_word(self._fresh.direction)}, and it says {_word(self._claimed.direction)}")
        moved = self._holders()
        made = [self._one(action, now.get(slot)) for slot, action in then.items() if action.key not in moved]
        for slot, action in now.items():
            if slot not in then and action.key not in moved:
                self._unclaimed(action)
        if self._problems:
            raise PolicyError(dict.fromkeys(self._problems))
        return msgspec.structs.replace(self._fresh, actions=in_order(made))

    def _holders(self) -> set[str]:
        """Require the bans that rest on objects of others to rest on the same ones, unchanged; return the keys of others."""
        then, now = ({one.key: one for one in plan.left_to_others} for plan in (self._claimed, self._fresh))
        moved = {key for key in (*then, *now) if then.get(key) != now.get(key)}
        for key in sorted(moved):
            was, is_ = then.get(key), now.get(key)
            if was is None or (is_ is not None and was.holders == is_.holders):
                self._appeared(key, is_)
            elif is_ is None and key not in self._items:
                self._outdated()
            else:
                said = f"{was.named}, which is not ours and was to hold what {was.kind} {was.name!r} would block, "
                said += "was changed since the plan was made" if is_ is not None else "does not hold it any more"
                self._problem("remote-moved", said, _AGAIN)
        return moved

    def _appeared(self, key: str, held: LeftToOthers | None) -> None:
        """Judge what is held by now, and was to be made."""
        planned = any(action.key == key for action in self._claimed.actions)
        if held is None or not planned:
            self._outdated()
        else:
            said = f"{held.named}, which is not ours, holds by now all that {held.kind} {held.name!r} would block"
            self._problem("remote-moved", said, _AGAIN)

    def _one(self, then: Action, now: Action | None) -> Action:
        """Return the action to carry out in the place of a claimed one, and note what is wrong with that."""
        if now is None:
            return self._gone(then)
        if then.op == "delete":
            return self._delete(then, now)
        if any(getattr(then, name) != getattr(now, name) for name in _WANTED):
            self._outdated()
        elif now.op == "noop" and then.op != "noop":
            # Only what was changed into just what is wanted, by an earlier run or by whoever, has nothing left to do.
            return msgspec.structs.replace(now, op=then.op, body=self._items[now.key].body.decode())
        elif said := self._moved(then, now):
            self._problem("remote-moved", said, _AGAIN)
        else:
            self._compare(then, now)
        return msgspec.structs.replace(now, held=now.held or then.held)

    def _compare(self, then: Action, now: Action) -> None:
        """Require an action to be equal in all its parts, but for what an earlier run, or a change to the wanted, explains."""
        explained = self._journal.begun(then.key) or then.based_on != now.based_on or then.op != now.op
        for said in () if explained else _differences(then, now):
            self._differs(said)
        stricter = then.held and (explained or self._journal.resumed)
        if now.held != then.held and not stricter:
            self._differs(f"{now.kind} {now.name!r} has another `held`")

    def _gone(self, then: Action) -> Action:
        """Judge a claim on what is not planned for any more."""
        if then.op != "delete":
            self._outdated()
        elif then.id in self._ids:
            self._differs(f"nothing asks for the deletion of {then.kind} {then.name!r}")
        return msgspec.structs.replace(then, body="", before="", held=False)

    def _delete(self, then: Action, now: Action) -> Action:
        same = then.based_on == now.based_on and same_assignment(then.assigned_before, now.assigned_before)
        if not same and not self._journal.begun(then.key):
            said = f"{now.kind} {now.name!r} was changed since the plan was made"
            self._problem("remote-moved", said, _AGAIN)
        else:
            self._compare(then, now)
        return msgspec.structs.replace(now, held=now.held or then.held)

    def _moved(self, then: Action, now: Action) -> str:
        """Say how an object has moved since the plan, or nothing."""
        named = f"{now.kind} {now.name!r}"
        remote = self._there.get(now.key)
        if remote is None:
            return f"{named} is gone" if then.based_on else ""
        same_body = then.based_on == remote.fingerprint
        if then.op == "noop":
            kept = same_body and same_assignment(then.assigned_before, remote.assignment)
            return "" if kept else f"{named} was changed since the plan was made"
        if self._journal.begun(now.key):
            return ""
        wanted = not self._destination.differs(self._items[now.key], remote)
        if not then.based_on:
            return "" if wanted else f"{named} exists by now, and is not as planned"
        if not (same_body or wanted):
            return f"{named} was changed since the plan was made"
        return "" if self._known(then, remote) else f"whom {named} is for was changed since the plan was made"

    @staticmethod
    def _known(then: Action, remote: Remote) -> bool:
        known = (then.assigned_before, then.assignment or then.assigned_before)
        return any(same_assignment(one, remote.assignment) for one in known)

    def _unclaimed(self, action: Action) -> None:
        """Judge what is planned now, and was not then."""
        if action.op != "delete":
            self._outdated()
        elif not self._journal.begun(action.key):
            said = f"{action.kind} {action.name!r} would be deleted by now, and the plan does not say so"
            self._problem("remote-moved", said, _AGAIN)

    def _outdated(self) -> None:
        said = f"what is ordered has changed since the plan for {self._claimed.destination!r} was made"
        self._problem(
            "plan-outdated", said, "the deployment, a list, the program or the day is another; make a new plan"
        )

    def _differs(self, said: str) -> None:
        said = f"the plan is not the one that is made again from the deployment and what is there: {said}"
        self._problem("plan-differs", said, "somebody edited it, or the program is another; make a new plan")

    def _problem(self, id_: str, said: str, hint: str) -> None:
        self._problems.append(error(id_, said, self._place, hint))


def _slot(action: Action) -> _Slot:
    gone = action.op == "delete"
    return (action.key, gone, action.id if gone else "")


def _differences(then: Action, now: Action) -> Iterator[str]:
    """Say in which parts two actions differ that should be one."""
    for name in (*_WANTED, *_JUDGED, "based_on"):
        if getattr(then, name) != getattr(now, name):
            yield f"{now.kind} {now.name!r} has another `{name}`"
    if not same_assignment(then.assigned_before, now.assigned_before):
        yield f"{now.kind} {now.name!r} has another `assigned_before`"


def _word(direction: str) -> str:
    return direction or "without direction"
