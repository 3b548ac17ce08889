"""Undo what the run of a receipt did: a plan from what is there back to what was there before."""

from __future__ import annotations

import hashlib
from pathlib import Path  # noqa: TC003 - msgspec reads the fields' types at run time
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import __version__
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.push.applying import failures
from mdm_policy.push.planfile import Receipt, load_receipt, plan_file
from mdm_policy.push.planning import Seen, Wanted, make_plan
from mdm_policy.sources import inputs
from mdm_policy.workflows import push
from mdm_policy.workflows.execution import carry_out, check_where, exit_code

if TYPE_CHECKING:
    from mdm_policy.push.applying import Outcome
    from mdm_policy.push.model import Plan, Remote
    from mdm_policy.push.planfile import Done
    from mdm_policy.push.protocol import Destination
    from mdm_policy.workflows.apply import Confirm


class RollbackRequest(Frozen, frozen=True):
    """Ask for a run to be undone; `deployment` is the receipt's own without one, `reason` as for `apply`."""

    receipt: Path
    as_of: str
    deployment: Path | None = None
    reason: str = ""
    insecure: bool = False


class RollbackResult(Frozen, frozen=True):
    """Hold what became of each destination, and the path of the new receipt."""

    outcomes: tuple[Outcome, ...]
    receipt: Path
    findings: tuple[Finding, ...]

    def exit_code(self) -> int:
        """Return 0 undone, 12 in part, 1 nothing was changed."""
        return exit_code(self.outcomes, weaker=False)


def rollback(request: RollbackRequest, services: push.Services, confirm: Confirm) -> RollbackResult:
    """Delete what a run made, and bring back what it changed or deleted, if nothing has moved since.

    Raises:
        PolicyError: `remote-moved`, `plan-elsewhere`, or what cannot be read; nothing was changed, unless its exit code is 12.

    """
    path = request.receipt
    file = load_receipt(str(path), inputs.read_source(path).data)
    where = request.deployment or path.parent / file.deployment
    names = tuple(one.destination for one in file.receipts)
    read = push.read_for_push(push.PushRequest(where, request.as_of, names, insecure=request.insecure), services)
    known = {spec.name: (destination, read.owner(spec)) for spec, destination in push.connected(read)}
    plans: list[Plan] = []
    for receipt in file.receipts:
        destination, owner = known[receipt.destination]
        check_where(receipt.destination, receipt.where, destination)
        plans.append(_plan(receipt, destination, owner, read, str(path)))
    digest = hashlib.sha256(f"rollback {file.digest}".encode()).hexdigest()
    plan = msgspec.structs.replace(plan_file(plans, file.deployment, f"mdm-policy {__version__}"), digest=digest)
    confirm(plan)
    outcomes, made = carry_out(plan, path, [known[name] for name in names], request.reason, services)
    return RollbackResult(tuple(outcomes), made, tuple(failures(outcomes)))


def _plan(receipt: Receipt, destination: Destination, owner: str, read: push.Read, path: str) -> Plan:
    """Plan the way back; what is neither as the receipt left it nor as it was before has moved."""
    seen = push.look(destination, owner)
    there = seen.by_key()
    moved: list[Finding] = []
    for done in receipt.done:
        said = _moved(done, there.get(done.key), destination)
        if said:
            hint = f"look at it; {path} cannot undo it any more"
            moved.append(error("remote-moved", said, Origin(destination.name), hint))
    if moved:
        raise PolicyError(moved)
    keys = {done.key for done in receipt.done}
    wanted = Wanted(
        tuple(done.undone for done in receipt.done if done.before),
        {done.key: done.use for done in receipt.done},
        frozenset(done.key for done in receipt.done if not done.before),
    )
    ours = Seen(tuple(remote for remote in seen.remotes if remote.key in keys))
    return make_plan(destination, wanted, ours, read.question, read.gathered.catalogue, read.files)


def _moved(done: Done, remote: Remote | None, destination: Destination) -> str:
    named = f"{done.kind} {done.name!r}"
    if remote is None:
        return "" if done.op in ("delete", "create") else f"{named} is gone"
    if remote.fingerprint == done.after or (done.before and not destination.differs(done.undone, remote)):
        return ""
    return f"{named} was changed since the receipt was written"
