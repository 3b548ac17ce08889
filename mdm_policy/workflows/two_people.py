"""Say which writes will need two people, and which wait for the second one; nothing is written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.errors import Origin, note, warning
from mdm_policy.push.answers import Failure
from mdm_policy.push.approvals import OPEN, approver

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mdm_policy.errors import Finding
    from mdm_policy.push.approvals import ApprovalPolicy, Approver
    from mdm_policy.push.model import Action
    from mdm_policy.push.protocol import Destination
    from mdm_policy.workflows.push import Ready

_SHOWN = 5
_PERMISSION = (
    "the application needs DeviceManagementRBAC.Read.All to read it; whether writes wait is then told by `apply`"
)


def foreseen(ready: Sequence[Ready]) -> Iterator[Finding]:
    """Yield for each plan that writes something where two people may have to agree, which of its writes need that."""
    for one in ready:
        asking, name = approver(one.destination), one.plan.destination
        if asking is None or not one.plan.changes:
            continue
        try:
            policies = asking.policies()
        except Failure as bad:
            said = f"whether a second administrator has to approve these writes is not known: {bad.said}"
            yield note("approval-not-known", said, Origin(name), _PERMISSION)
            continue
        yield from _needed(name, one.plan.changes, asking, policies)


def _needed(
    name: str, changes: Sequence[Action], asking: Approver, policies: Sequence[ApprovalPolicy]
) -> Iterator[Finding]:
    sure: list[Action] = []
    unsure: list[Action] = []
    named: dict[str, None] = {}
    for action in changes:
        found = {asking.covers(policy, action.kind): policy for policy in reversed(policies)}
        if "yes" not in found and "maybe" not in found:
            continue
        (sure if "yes" in found else unsure).append(action)
        policy = found["yes"] if "yes" in found else found["maybe"]
        named[f"{policy.name} ({', '.join(part for part in (policy.type, policy.platform) if part)})"] = None
    if not sure and not unsure:
        return
    parts = [f"{_listed(sure)} will wait"] if sure else []
    parts += [f"{_listed(unsure)} may wait, the vendor does not say"] if unsure else []
    said = f"a second administrator has to approve writes here, by {', '.join(named)}: {'; '.join(parts)}"
    rounds = max(_rounds(action) for action in (*sure, *unsure))
    after = (
        " what weakens a ban is asked for when the rest is done;"
        if any(a.held or a.op == "delete" for a in changes)
        else ""
    )
    hint = (
        f"`apply` ends with 12 and says whom to ask; run it again after each approval, {rounds} time{'s' * (rounds != 1)} or more"
        f" (an object, then its assignment);{after} keep the journal beside the plan"
    )
    yield warning("approval-needed", said, Origin(name), hint)


def _rounds(action: Action) -> int:
    """Count the requests of an action, which follow each other: one object has one open request at a time."""
    assigns = action.op in ("create", "update") and action.assignment is not None and "who it is for" in action.reasons
    creates = action.op == "create" and action.assignment is not None
    return 2 if creates or (assigns and len(action.reasons) > 1) else 1


def _listed(actions: Sequence[Action]) -> str:
    shown = ", ".join(f"{one.op} {one.kind} {one.name!r}" for one in actions[:_SHOWN])
    return f"{shown} and {len(actions) - _SHOWN} more" if len(actions) > _SHOWN else shown


def pending(destination: Destination, keys: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield the open requests that this program filed for objects, of these `keys` or of any.

    Where requests may not be read nothing is said: what waits is not there, and counts as that everywhere.
    """
    asking = approver(destination) if keys is None or keys else None
    try:
        requests = (asking.requests() if asking is not None else None) or ()
    except Failure:
        requests = ()
    for one in requests:
        if one.status not in OPEN or not one.key or (keys is not None and one.key not in keys):
            continue
        what = one.justification.rpartition(" [mdm-policy ")[0]
        until = f", to be carried out by {one.until}" if one.until else ""
        place = Origin(destination.name)
        if one.status == "approved":
            said = f"request {one.codes[0]} is approved and not carried out yet{until}: {what}"
            yield warning("approval-given", said, place, "run the `apply` that filed it again, with its journal")
        else:
            said = f"request {one.codes[0]} waits for a second administrator{until}: {what}"
            hint = "approve it under Multi Admin Approval > Received requests; then run the `apply` that filed it again"
            yield warning("approval-waiting", said, place, hint)
