"""Undo what the run of a receipt did: a plan from what is there back to what was there before."""

from __future__ import annotations

import hashlib
from pathlib import Path  # noqa: TC003 - msgspec reads the fields' types at run time
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import __version__
from mdm_policy.errors import Finding, Origin, PolicyError, error, warning
from mdm_policy.model import Frozen
from mdm_policy.push.asking import named
from mdm_policy.push.journal import read_journal, waiting_of
from mdm_policy.push.outcomes import failures
from mdm_policy.push.planfile import Receipt, beside, done_of, load_receipt, plan_file
from mdm_policy.push.planning import Seen, Wanted, make_plan
from mdm_policy.sources import inputs
from mdm_policy.workflows import push
from mdm_policy.workflows.execution import ApplyJob, carry_out, check_where, exit_code, journals
from mdm_policy.workflows.restoring import check_restored, own_documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.push.model import Done, MadeDocument, Plan, Remote
    from mdm_policy.push.outcomes import Outcome
    from mdm_policy.push.planfile import ReceiptFile
    from mdm_policy.push.protocol import Destination
    from mdm_policy.workflows.apply import Confirm


class RollbackRequest(Frozen, frozen=True):
    """Ask for a run to be undone; `deployment` is the receipt's own without one, the rest as for `apply`."""

    receipt: Path
    as_of: str
    deployment: Path | None = None
    reason: str = ""
    insecure: bool = False
    templates: tuple[Path, ...] = ()
    seal_key: Path | None = None
    ask_again: bool = False


class RollbackResult(Frozen, frozen=True):
    """Hold what became of each destination, and the path of the new receipt."""

    outcomes: tuple[Outcome, ...]
    receipt: Path
    findings: tuple[Finding, ...]

    @property
    def writes(self) -> int:
        """Count the objects that this run wrote, or may have written."""
        return sum(one.writes for one in self.outcomes)

    def exit_code(self) -> int:
        """Return 0 undone, 12 in part, 1 nothing was changed."""
        return exit_code(self.outcomes, weaker=False)


def rollback(request: RollbackRequest, services: push.Services, confirm: Confirm) -> RollbackResult:
    """Delete what a run made, and bring back what it changed or deleted, if nothing has moved since.

    Raises:
        PolicyError: `remote-moved`, `plan-elsewhere`, `rollback-foreign-content`, or what cannot be read; nothing was
            changed, unless its exit code is 12.

    """
    path, key = request.receipt, push.seal_key(request.seal_key)
    file = load_receipt(str(path), inputs.read_source(path).data, key)
    where = request.deployment or path.parent / beside(file, str(path))
    names = tuple(one.destination for one in file.receipts)
    asked = push.PushRequest(where, request.as_of, names, request.templates, request.insecure)
    read = push.read_for_push(asked, services)
    known = {spec.name: (destination, read.owner(spec)) for spec, destination in push.connected(read)}
    receipts = [_borne_out(one, file, path, key) for one in file.receipts]
    for receipt in receipts:
        check_where(receipt.destination, receipt.where, known[receipt.destination][0])
    own = own_documents(read, (done for one in receipts for done in one.done), request.templates)
    plans = [_plan(receipt, *known[receipt.destination], own, read, str(path)) for receipt in receipts]
    digest = hashlib.sha256(f"rollback {file.digest}".encode()).hexdigest()
    plan = msgspec.structs.replace(plan_file(plans, file.deployment, f"mdm-policy {__version__}"), digest=digest)
    confirm(plan)
    with journals(path, digest, names, services, key) as books:
        jobs = [ApplyJob(*known[name], book) for name, book in zip(names, books, strict=True)]
        outcomes, made = carry_out(plan, path, jobs, request.reason, services, key, ask_again=request.ask_again)
    return RollbackResult(tuple(outcomes), made, (*failures(outcomes), *_open(receipts)))


def _borne_out(receipt: Receipt, file: ReceiptFile, path: Path, key: bytes) -> Receipt:
    """Return what the journal beside a receipt says was done, which a receipt that was closed must say too.

    Raises:
        PolicyError: `receipt-damaged`, `journal-missing`, `journal-damaged`.

    """
    safe = "".join(char if char.isalnum() or char in "-_." else "_" for char in receipt.destination)
    place = path.with_name(f"{path.name.removesuffix('receipt.json')}{safe}.journal")
    entries = read_journal(place, file.plan, key)
    done, waiting = done_of(entries), waiting_of(entries)
    if file.state == "open" or (done, waiting) == (receipt.done, receipt.waiting):
        if file.state == "open" and not place.is_file():
            raise PolicyError(
                [_missing(place, "the run of this receipt was cut off, and its journal is not beside it")]
            )
        return msgspec.structs.replace(receipt, done=done, waiting=waiting)
    if not place.is_file():
        if key:  # the seal says that the receipt is as it was written
            return receipt
        raise PolicyError([_missing(place, "the journal that bears the receipt out is not beside it")])
    said = f"the receipt does not say what its journal says was done at {receipt.destination!r}"
    raise PolicyError(
        [error("receipt-damaged", said, Origin(str(path)), "somebody edited it, or it is of another run")]
    )


def _open(receipts: Sequence[Receipt]) -> Iterator[Finding]:
    """Yield what the run asked for and nobody has carried out: there is nothing to undo, but the request stays open."""
    for receipt in receipts:
        for one in receipt.waiting:
            if one.code:
                said = f"request {one.code} of the run that was undone is still open: {named(one)}"
                hint = "cancel it (Multi Admin Approval > My requests), or let it run out; nothing here carries it out any more"
                yield warning("approval-open", said, Origin(receipt.destination), hint)


def _missing(place: Path, said: str) -> Finding:
    return error("journal-missing", said, Origin(str(place)), "keep journals beside receipts, or seal them: --seal-key")


def _plan(
    receipt: Receipt,
    destination: Destination,
    owner: str,
    own: tuple[tuple[MadeDocument, ...], ...],
    read: push.Read,
    path: str,
) -> Plan:
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
    check_restored(receipt.done, destination, seen, own, read)
    keys = {done.key for done in receipt.done}
    wanted = Wanted(
        tuple(done.undone for done in receipt.done if done.before),
        {done.key: done.use for done in receipt.done},
        frozenset(done.key for done in receipt.done if done.op == "create"),
    )
    ours = Seen(tuple(remote for remote in seen.remotes if remote.key in keys))
    return make_plan(destination, wanted, ours, read.question, read.gathered.catalogue, read.files)


def _moved(done: Done, remote: Remote | None, destination: Destination) -> str:
    named = f"{done.kind} {done.name!r}"
    if remote is None:
        return "" if done.op in ("delete", "create") or not done.whole else f"{named} is gone"
    if remote.fingerprint == done.after or (done.before and not destination.differs(done.undone, remote)):
        return ""
    # Nobody could look after the write; what the plan wanted, or half of it, is what an interrupted run leaves.
    if not done.whole and not done.after:
        return ""
    return f"{named} was changed since the receipt was written"
