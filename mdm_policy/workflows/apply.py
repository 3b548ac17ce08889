"""Carry out a saved plan, read everything back, and prove it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path  # noqa: TC003 - msgspec reads the fields' types at run time
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.push.claims import rebuilt
from mdm_policy.push.outcomes import failures
from mdm_policy.push.planfile import PlanFile, beside, load_plan
from mdm_policy.push.planning import Seen, make_plan
from mdm_policy.push.proving import weakened
from mdm_policy.report import pushing as report
from mdm_policy.sources import inputs
from mdm_policy.workflows import holding, push
from mdm_policy.workflows.execution import ApplyJob, after_writes, carry_out, check_where, exit_code, journals
from mdm_policy.workflows.holding import leant_on
from mdm_policy.workflows.live import live_proof

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.push.model import Use
    from mdm_policy.push.outcomes import Outcome
    from mdm_policy.push.planning import Wanted
    from mdm_policy.push.protocol import Destination
    from mdm_policy.verify import Verification

Confirm = Callable[[PlanFile], None]
"""Let somebody look at a plan before it is carried out; it refuses by raising."""


class ApplyRequest(Frozen, frozen=True):
    """Ask for a plan to be carried out; `deployment` is the plan's own without one.

    `reason` says why what weakens a ban is carried out too; without it, that is left out. `templates` are folders with a
    user's own targets, `insecure` trusts any certificate. `seal_key` is a file with the key that the plan must be sealed by.
    `ask_again` files requests for approval anew that somebody rejected or cancelled.
    """

    plan: Path
    as_of: str
    deployment: Path | None = None
    templates: tuple[Path, ...] = ()
    reason: str = ""
    insecure: bool = False
    seal_key: Path | None = None
    ask_again: bool = False


class ApplyResult(Frozen, frozen=True):
    """Hold what became of each destination's plan, the receipt's path, and the proof from what was read back.

    `proof` is by all that was read, whoever made it, and None when no object of ours was read back; `not_reached` names the device classes nothing was pushed to.
    `weaker` tells whether less is blocked than is ordered.
    """

    outcomes: tuple[Outcome, ...]
    receipt: Path
    proof: Verification | None
    not_reached: tuple[str, ...]
    findings: tuple[Finding, ...]
    weaker: bool

    @property
    def writes(self) -> int:
        """Count the objects that this run wrote, or may have written."""
        return sum(one.writes for one in self.outcomes)

    def exit_code(self, *, strict: bool = False) -> int:
        """Return 0 done, 12 in part, 11 for less than was planned (with `strict`: ordered), 1 nothing was changed."""
        gap = strict and (self.proof is None or not self.proof.passes)
        return exit_code(self.outcomes, self.weaker or gap)


def apply(request: ApplyRequest, services: push.Services, confirm: Confirm) -> ApplyResult:
    """Plan again, and carry that out if the saved plan is the same in all its parts and somebody confirms it.

    Raises:
        PolicyError: `plan-elsewhere`, `plan-outdated`, `plan-differs`, `remote-moved`, or what cannot be read; nothing was
            changed, unless its exit code is 12.

    """
    path, key = request.plan, push.seal_key(request.seal_key)
    file = load_plan(str(path), inputs.read_source(path).data, key)
    where = request.deployment or path.parent / beside(file, str(path))
    asked = push.PushRequest(where, request.as_of, file.destinations, request.templates, request.insecure)
    read = push.read_for_push(asked, services)
    clients = list(push.connected(read))
    names = tuple(spec.name for spec, _ in clients)
    if names != tuple(one.destination for one in file.plans):
        said = f"the plan is for {_listed(one.destination for one in file.plans)}, and the deployment now has {_listed(names)}"
        raise PolicyError([error("plan-outdated", said, Origin(str(path)), "make a new plan")])
    for claimed, (_, destination) in zip(file.plans, clients, strict=True):
        check_where(claimed.destination, claimed.where, destination)
    with journals(path, file.digest, names, services, key) as books:
        ready = holding.plans(read, request.templates, services, prune=file.prune, clients=clients).ready
        plans = []
        problems: list[Finding] = []
        for claimed, one, book in zip(file.plans, ready, books, strict=True):
            try:
                plans.append(rebuilt(claimed, one.plan, one.wanted, one.seen, one.destination, book))
            except PolicyError as bad:
                problems += bad.findings
        if problems:
            raise PolicyError(problems)
        again = msgspec.structs.replace(file, plans=tuple(plans))
        confirm(again)
        jobs = [ApplyJob(one.destination, one.owner, book) for one, book in zip(ready, books, strict=True)]
        outcomes, receipt = carry_out(again, path, jobs, request.reason, services, key, ask_again=request.ask_again)
    with after_writes(sum(one.writes for one in outcomes)):
        wanted = [msgspec.structs.replace(one.wanted, prune=False) for one in ready]
        weaker = _weaker(outcomes, [one.destination for one in ready], wanted, read)
        used: dict[str, Use] = {name: use for one in wanted for name, use in one.uses.items()}
        ours = {one.plan.destination: one.remotes for one in outcomes}
        live = live_proof(
            read, [one.destination for one in ready], ours, used, services, leant_on(one.plan for one in outcomes)
        )
    found = (*failures(outcomes), *weaker, *live.undone, *live.broken, *live.unread)
    less = bool(weaker) or live.less
    return ApplyResult(tuple(outcomes), receipt, live.proof, live.not_reached, found, less)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "no destination"


def _weaker(
    outcomes: Sequence[Outcome], destinations: Sequence[Destination], wanted: Sequence[Wanted], read: push.Read
) -> list[Finding]:
    """Plan once more with what was read back: what is left to tighten is not blocked."""
    found = []
    for outcome, destination, want in zip(outcomes, destinations, wanted, strict=True):
        again = make_plan(destination, want, Seen(outcome.remotes), read.question, read.gathered.catalogue)
        if weakened(again) and outcome.complete:
            said = "what was read back blocks less than is ordered"
            first = [said for action in again.changes for said in report.effects(action.effects)][:3]
            message = f"{said}: {'; '.join(first)}"
            found.append(error("read-back-weaker", message, Origin(destination.name), "make a new plan"))
    return found
