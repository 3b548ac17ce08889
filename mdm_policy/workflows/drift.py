"""Compare what is at the destinations with what the lists order; nothing is written there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.model import Frozen
from mdm_policy.push.planning import unassigned
from mdm_policy.push.protocol import unheard
from mdm_policy.push.proving import weakened
from mdm_policy.workflows import holding, push
from mdm_policy.workflows.live import live_proof
from mdm_policy.workflows.records import recorded
from mdm_policy.workflows.two_people import pending

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mdm_policy.errors import Finding
    from mdm_policy.push.model import Plan, Remote
    from mdm_policy.verify import Verification


class DriftResult(Frozen, frozen=True):
    """Hold the plan that would undo the drift at each destination.

    `idle` holds, by destination, the objects that reach nobody. `weaker` tells whether anything ordered is blocked less
    or not at all. `proof` is what the verifier says of all objects that are there, whoever made them, None when there is none of ours.
    """

    plans: tuple[Plan, ...]
    idle: dict[str, tuple[Remote, ...]]
    weaker: bool
    proof: Verification | None
    findings: tuple[Finding, ...]
    moved: bool = False
    """Whether an object of somebody else that a ban rests on has changed, and holds it still."""

    def exit_code(self) -> int:
        """Return 11 when something ordered is blocked less or not at all, 10 for other differences, else 0."""
        return 11 if self.weaker else 10 if self.moved or any(plan.changes for plan in self.plans) else 0


def drift(
    request: push.PushRequest,
    services: push.Services,
    *,
    accept_unread: bool = False,
    receipts: Sequence[Path] = (),
) -> DriftResult:
    """Plan for what is there: what a plan would tighten is blocked less than it should be.

    What cannot be read back counts as blocked less, unless `accept_unread` says that a record of deliveries will do; so does what
    devices have not been told of. `receipts` say which objects of others bans were left to; without any, those that lie beside
    the deployment do.

    Raises:
        PolicyError: something cannot be read.

    """
    read = push.read_for_push(request, services)
    planned = holding.plans(read, request.templates, services)
    ready = planned.ready
    plans = tuple(one.plan for one in ready)
    records, unreadable = recorded(receipts, request.deployment.parent)
    watch, lost = holding.watched(records, planned)
    idle = {one.plan.destination: unassigned(one.destination.name, one.wanted, one.seen) for one in ready}
    ours = {one.plan.destination: one.seen.remotes for one in ready}
    uses = {key: use for one in ready for key, use in one.wanted.uses.items()}
    live = live_proof(read, [one.destination for one in ready], ours, uses, services, holding.leant_on(plans))
    waiting = [said for one in ready for said in pending(one.destination, {action.key for action in one.plan.changes})]
    weaker = any(idle.values()) or any(weakened(plan) for plan in plans) or live.less or lost
    weaker = weaker or bool(live.unread and not accept_unread) or any(unheard(one.destination) for one in ready)
    told = (*planned.findings, *unreadable, *watch, *live.undone, *live.broken, *live.unread, *waiting)
    return DriftResult(plans, idle, weaker, live.proof, told, bool(watch))
