"""Plan what would change at the destinations, and in which direction; nothing is written there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mdm_policy import __version__
from mdm_policy.build.replacing import replace
from mdm_policy.diff.model import WEAKENING
from mdm_policy.model import Frozen
from mdm_policy.push.planfile import dump, plan_file
from mdm_policy.workflows import holding, push
from mdm_policy.workflows.two_people import foreseen

if TYPE_CHECKING:
    from mdm_policy.errors import Finding
    from mdm_policy.push.model import Plan


class PlanRequest(Frozen, frozen=True):
    """Ask for a plan, to be saved in `output` where that is given; `prune` plans deletions of what has no document.

    `seal_key` is a file whose key seals the plan. `assess` reads every object there also where nothing would be created, and
    says which of others hold what ours hold.
    """

    push: push.PushRequest
    prune: bool = False
    output: Path | None = None
    seal_key: Path | None = None
    assess: bool = False


class PlanResult(Frozen, frozen=True):
    """Hold a plan for each destination, and the findings of reading, building and planning."""

    plans: tuple[Plan, ...]
    findings: tuple[Finding, ...]

    def exit_code(self) -> int:
        """Return 11 when a change weakens a ban, 10 when there are others, else 0."""
        if any(plan.direction in WEAKENING for plan in self.plans):
            return 11
        return 10 if any(plan.changes for plan in self.plans) else 0


def plan(request: PlanRequest, services: push.Services) -> PlanResult:
    """Build in memory, read what is at each destination, and plan; a saved plan names its deployment from where it lies.

    Raises:
        PolicyError: what keeps a plan from being made.

    """
    asked, path = request.push, request.output
    key = push.seal_key(request.seal_key)
    read = push.read_for_push(asked, services)
    read.gathered.check_pin()
    planned = holding.plans(read, asked.templates, services, prune=request.prune, every=request.assess)
    plans = tuple(one.plan for one in planned.ready)
    if path is not None:
        beside = os.path.relpath(asked.deployment.resolve(), path.resolve().parent)
        place, program = Path(beside).as_posix(), f"mdm-policy {__version__}"
        file = plan_file(plans, place, program, destinations=asked.destinations, prune=request.prune, key=key)
        replace(path, dump(file))
    return PlanResult(plans, (*read.findings, *planned.findings, *foreseen(planned.ready)))
