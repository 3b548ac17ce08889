"""Read what of ours is at a destination, and say what of it has moved since a plan looked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.push.answers import Failure
from mdm_policy.push.planning import Seen, same_assignment

if TYPE_CHECKING:
    from mdm_policy.push.journal import Journal
    from mdm_policy.push.model import Action, Plan, Remote, Summary
    from mdm_policy.push.protocol import Destination


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
    found = [
        said
        for action in plan.actions
        if (said := moved(action, there.get(action.key), destination, journal.begun(action.key)))
    ]
    if found:
        hint = "nothing was changed; make a new plan and look at what it says"
        raise PolicyError([error("remote-moved", said, Origin(plan.destination), hint) for said in found])


def moved(action: Action, remote: Remote | None, destination: Destination, ours: bool) -> str:
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
