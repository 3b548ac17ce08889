"""Write and read plans and receipts: JSON that a person can review, bound by a digest to what was planned."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeVar

import msgspec

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.push.model import Action, Assignment, Item, Plan, Use

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.push.applying import Outcome

_PLAN = "mdm-policy-plan"
_RECEIPT = "mdm-policy-receipt"
_VERSION = 1


class PlanFile(Frozen, frozen=True):
    """Hold what a plan file holds: a plan for each destination, and the deployment they were made from.

    `deployment` is the deployment's path as seen from the plan's folder. `digest` is the SHA-256 (hex) of the rest.
    """

    format: str
    version: int
    program: str
    deployment: str
    plans: tuple[Plan, ...]
    digest: str = ""


class Done(Frozen, frozen=True):
    """Record what was done to one object, and what would undo it: `after` is its fingerprint afterwards."""

    op: str
    kind: str
    id: str
    key: str
    name: str
    use: Use
    before: str = ""
    assigned_before: Assignment | None = None
    after: str = ""
    assignment: Assignment | None = None

    @property
    def undone(self) -> Item:
        """Return the object as it was; for one that was created there is none, and the body is empty."""
        return Item(self.key, self.kind, self.name, self.before.encode(), "", self.assigned_before)


class Receipt(Frozen, frozen=True):
    """Hold what a run did at one destination."""

    destination: str
    type: str
    where: str
    done: tuple[Done, ...]


class ReceiptFile(Frozen, frozen=True):
    """Hold the receipts of one run: which plan it carried out, when it ended, why it was allowed to loosen."""

    format: str
    version: int
    program: str
    deployment: str
    plan: str
    time: str
    reason: str
    receipts: tuple[Receipt, ...]
    digest: str = ""


_File = TypeVar("_File", PlanFile, ReceiptFile)


def plan_file(plans: Sequence[Plan], deployment: str, program: str) -> PlanFile:
    """Return a plan file with its digest."""
    return _sealed(PlanFile(_PLAN, _VERSION, program, deployment, tuple(plans)))


def receipt_file(outcomes: Sequence[Outcome], plan: PlanFile, program: str, time: str, reason: str) -> ReceiptFile:
    """Return a receipt file with its digest, for all that is done, in this run or an earlier one of the same plan."""
    receipts = tuple(
        Receipt(
            one.plan.destination,
            one.plan.type,
            one.plan.where,
            tuple(
                Done(
                    result.action.op,
                    result.action.kind,
                    result.id,
                    result.action.key,
                    result.action.name,
                    result.action.use,
                    result.action.before,
                    result.action.assigned_before,
                    result.after,
                    result.action.assignment,
                )
                for result in one.results
                if result.state == "done" and result.action.op != "noop"
            ),
        )
        for one in outcomes
    )
    return _sealed(ReceiptFile(_RECEIPT, _VERSION, program, plan.deployment, plan.digest, time, reason, receipts))


def dump(file: PlanFile | ReceiptFile) -> bytes:
    """Return the file's bytes: sorted keys, indented, a final line end."""
    return msgspec.json.format(msgspec.json.encode(file, order="sorted"), indent=2) + b"\n"


def load_plan(name: str, data: bytes) -> PlanFile:
    """Read a plan.

    Raises:
        PolicyError: `plan-damaged` for what is no plan, or was changed since it was made.

    """
    return _load(name, data, PlanFile, _PLAN, "plan")


def load_receipt(name: str, data: bytes) -> ReceiptFile:
    """Read a receipt.

    Raises:
        PolicyError: `receipt-damaged`, as for a plan.

    """
    return _load(name, data, ReceiptFile, _RECEIPT, "receipt")


def _load(name: str, data: bytes, type_: type[_File], format_: str, noun: str) -> _File:
    hint = f"make a new one with `mdm-policy {'plan' if noun == 'plan' else 'apply'}`; it is not to be edited"
    try:
        file = msgspec.json.decode(data, type=type_)
    except (msgspec.MsgspecError, ValueError, RecursionError) as bad:
        said = f"this is not a valid {noun}: {str(bad)[:200]}"
        raise PolicyError([error(f"{noun}-damaged", said, Origin(name), hint)]) from None
    if (file.format, file.version) != (format_, _VERSION):
        said = f"this is {file.format[:40]!r}, version {file.version}, and no {noun} of this program"
        raise PolicyError([error(f"{noun}-damaged", said, Origin(name), hint)])
    if _sealed(file).digest != file.digest:
        said = f"the {noun} was changed after it was made: its digest does not fit"
        raise PolicyError([error(f"{noun}-damaged", said, Origin(name), hint)])
    return file


def _sealed(file: _File) -> _File:
    bare = msgspec.structs.replace(file, digest="")
    digest = hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()
    return msgspec.structs.replace(bare, digest=digest)


def weakest_first(actions: Sequence[Action]) -> list[Action]:
    """Return actions as a reviewer wants to read them: what weakens a ban first, what does nothing last."""
    ranks = {"LOOSENED": 0, "INEFFECTIVE": 1, "NARROWED": 2}
    ops = {"delete": 0, "update": 1, "create": 2, "noop": 3}
    return sorted(actions, key=lambda one: (ranks.get(one.direction, 3), ops[one.op], one.kind, one.name.casefold()))
