"""Write and read plans and receipts: JSON that a person can review.

Both are claims of whoever had the file last. A digest finds damage, a seal finds forgery where there is a key; whatever is
done by them is worked out anew from the deployment and from what is there (`push/claims.py`, docs/adr).
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.push.journal import written
from mdm_policy.push.model import Action, Done, LeftToOthers, Plan, Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.push.journal import Entry

_PLAN = "mdm-policy-plan"
_RECEIPT = "mdm-policy-receipt"
_VERSION = 3


class PlanFile(Frozen, frozen=True):
    """Hold what a plan file holds: a plan for each destination, and the deployment they were made from.

    `deployment` is the deployment's path as seen from the plan's folder. `destinations` are those that were asked for by
    name (none: all), and `prune` whether deletions were: `apply` plans again with both. `digest` is the SHA-256 (hex) of
    the rest, against damage; `seal` an HMAC of the digest by a key that is kept elsewhere, against forgery.
    """

    format: str
    version: int
    program: str
    deployment: str
    plans: tuple[Plan, ...]
    destinations: tuple[str, ...] = ()
    prune: bool = False
    digest: str = ""
    seal: str = ""


class Receipt(Frozen, frozen=True):
    """Hold what all runs of one plan did at one destination, what waits there, and which bans rest on objects of others."""

    destination: str
    type: str
    where: str
    done: tuple[Done, ...]
    waiting: tuple[Waiting, ...] = ()
    left_to_others: tuple[LeftToOthers, ...] = ()


class ReceiptFile(Frozen, frozen=True):
    """Hold the receipts of one plan: what its runs did, when the last one ended, why it was allowed to loosen.

    It is written before the first write with the `state` open, and again in the end: one that is still open belongs to
    a run that was cut off, and the journals beside it say what that run did.
    """

    format: str
    version: int
    program: str
    deployment: str
    plan: str
    time: str
    reason: str
    receipts: tuple[Receipt, ...]
    state: Literal["open", "closed"] = "closed"
    digest: str = ""
    seal: str = ""


_File = TypeVar("_File", PlanFile, ReceiptFile)


def plan_file(
    plans: Sequence[Plan],
    deployment: str,
    program: str,
    *,
    destinations: tuple[str, ...] = (),
    prune: bool = False,
    key: bytes = b"",
) -> PlanFile:
    """Return a plan file with its digest, and its seal where there is a key."""
    file = PlanFile(_PLAN, _VERSION, program, deployment, tuple(plans), destinations, prune)
    return _sealed(file, key)


def receipt_file(
    receipts: Sequence[Receipt],
    plan: PlanFile,
    program: str,
    time: str,
    reason: str,
    *,
    state: Literal["open", "closed"],
    key: bytes = b"",
) -> ReceiptFile:
    """Return a receipt file with its digest, and its seal where there is a key."""
    file = ReceiptFile(_RECEIPT, _VERSION, program, plan.deployment, plan.digest, time, reason, tuple(receipts), state)
    return _sealed(file, key)


def done_of(entries: Sequence[Entry]) -> tuple[Done, ...]:
    """Return what a journal says was written, or may have been, in the order in which that was begun."""
    begun = {one["key"]: one for one in reversed(entries) if one.get("at") == "begin"}
    order = [one["key"] for one in entries if one.get("at") == "begin"]
    found = []
    for key in dict.fromkeys(order):
        if not written(list(entries), key):
            continue
        first, ended = begun[key], [one for one in entries if one.get("key") == key and one.get("at") == "end"]
        ids = [one["id"] for one in entries if one.get("key") == key and one.get("id")]
        last = ended[-1] if ended else {}
        told = {**first["did"], "id": ids[-1] if ids else "", "after": last.get("after", "")}
        found.append(msgspec.convert({**told, "whole": last.get("whole", False)}, Done))
    return tuple(found)


def dump(file: PlanFile | ReceiptFile) -> bytes:
    """Return the file's bytes: sorted keys, indented, a final line end."""
    return msgspec.json.format(msgspec.json.encode(file, order="sorted"), indent=2) + b"\n"


def load_plan(name: str, data: bytes, key: bytes = b"") -> PlanFile:
    """Read a plan; with a key, only one that bears its seal.

    Raises:
        PolicyError: `plan-damaged` for what is no plan, was changed since it was made, or contradicts itself;
            `seal-wrong`.

    """
    file = _load(name, data, PlanFile, _PLAN, "plan", key)
    for plan in file.plans:
        for action in plan.actions:
            made = hashlib.sha256(action.body.encode()).hexdigest() if action.op in ("create", "update") else ""
            if (made and made != action.digest) or (action.op in ("noop", "delete") and action.body):
                said = f"the plan contradicts itself: {action.op} {action.kind} {action.name[:80]!r} has another body"
                raise PolicyError([error("plan-damaged", said, Origin(name), _again("plan"))])
    return file


def load_receipt(name: str, data: bytes, key: bytes = b"") -> ReceiptFile:
    """Read a receipt; with a key, only one that bears its seal.

    Raises:
        PolicyError: `receipt-damaged`, `seal-wrong`, as for a plan.

    """
    file = _load(name, data, ReceiptFile, _RECEIPT, "receipt", key)
    for one in file.receipts:
        for done in one.done:
            # What was created was not there before, and what was deleted is not there after.
            odd = done.op not in ("create", "update", "delete") or (done.op == "create" and bool(done.before))
            if odd or (done.op == "delete" and not done.before):
                said = f"the receipt contradicts itself: {done.op[:20]} {done.kind} {done.name[:80]!r}"
                raise PolicyError([error("receipt-damaged", said, Origin(name), _again("receipt"))])
    return file


def beside(file: PlanFile | ReceiptFile, path: str) -> str:
    """Return the path of a deployment that a plan or receipt names, which may lead to no other machine or disk.

    Raises:
        PolicyError: `plan-damaged`, `receipt-damaged`.

    """
    named = file.deployment
    if named and not PurePosixPath(named).is_absolute() and not {"\\", ":", "\0"} & set(named):
        return named
    noun = "plan" if isinstance(file, PlanFile) else "receipt"
    said = f"the {noun} names a deployment that is not beside it: {named[:200]!r}"
    raise PolicyError([error(f"{noun}-damaged", said, Origin(path), "give the deployment with --deployment")])


def _again(noun: str) -> str:
    return f"make a new one with `mdm-policy {'plan' if noun == 'plan' else 'apply'}`; it is not to be edited"


def _load(name: str, data: bytes, type_: type[_File], format_: str, noun: str, key: bytes) -> _File:
    hint = _again(noun)
    try:
        file = msgspec.json.decode(data, type=type_)
    except (msgspec.MsgspecError, ValueError, RecursionError) as bad:
        said = f"this is not a valid {noun}: {str(bad)[:200]}"
        raise PolicyError([error(f"{noun}-damaged", said, Origin(name), hint)]) from None
    if (file.format, file.version) != (format_, _VERSION):
        said = f"this is {file.format[:40]!r}, version {file.version}, and no {noun} of this program"
        raise PolicyError([error(f"{noun}-damaged", said, Origin(name), hint)])
    if _digested(file).digest != file.digest:
        said = f"the {noun} was changed after it was made: its digest does not fit"
        raise PolicyError([error(f"{noun}-damaged", said, Origin(name), hint)])
    if key and not hmac.compare_digest(file.seal, _seal(file.digest, key)):
        said = f"the {noun} bears no seal of this key" if file.seal else f"the {noun} is not sealed"
        raise PolicyError([error("seal-wrong", said, Origin(name), f"make the {noun} with the same --seal-key")])
    return file


def _sealed(file: _File, key: bytes) -> _File:
    made = _digested(file)
    return msgspec.structs.replace(made, seal=_seal(made.digest, key)) if key else made


def _digested(file: _File) -> _File:
    bare = msgspec.structs.replace(file, digest="", seal="")
    digest = hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()
    return msgspec.structs.replace(bare, digest=digest)


def _seal(digest: str, key: bytes) -> str:
    return hmac.new(key, f"mdm-policy {digest}".encode(), hashlib.sha256).hexdigest()


def weakest_first(actions: Sequence[Action]) -> list[Action]:
    """Return actions as a reviewer wants to read them: what weakens a ban first, what does nothing last."""
    ranks = {"LOOSENED": 0, "INEFFECTIVE": 1, "NARROWED": 2}
    ops = {"delete": 0, "update": 1, "create": 2, "noop": 3}
    return sorted(actions, key=lambda one: (ranks.get(one.direction, 3), ops[one.op], one.kind, one.name.casefold()))
