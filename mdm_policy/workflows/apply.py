"""Carry out a saved plan, read everything back, and prove it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path  # noqa: TC003 - msgspec reads the fields' types at run time
from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.push.applying import failures
from mdm_policy.push.planfile import PlanFile, load_plan
from mdm_policy.push.planning import Seen, Wanted, digest_of, make_plan
from mdm_policy.push.proving import pieces_of, prove, weakened
from mdm_policy.report import pushing as report
from mdm_policy.sources import inputs
from mdm_policy.workflows import push
from mdm_policy.workflows.execution import carry_out, check_where, exit_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.push.applying import Outcome
    from mdm_policy.push.model import Plan, Use
    from mdm_policy.push.protocol import Destination
    from mdm_policy.verify import Verification

Confirm = Callable[[PlanFile], None]
"""Let somebody look at a plan before it is carried out; it refuses by raising."""


class ApplyRequest(Frozen, frozen=True):
    """Ask for a plan to be carried out; `deployment` is the plan's own without one.

    `reason` says why what weakens a ban is carried out too; without it, that is left out. `templates` are folders with a
    user's own targets, `insecure` trusts any certificate.
    """

    plan: Path
    as_of: str
    deployment: Path | None = None
    templates: tuple[Path, ...] = ()
    reason: str = ""
    insecure: bool = False


class ApplyResult(Frozen, frozen=True):
    """Hold what became of each destination's plan, the receipt's path, and the proof from what was read back.

    `proof` is None when no object of ours was read back; `not_reached` names the device classes nothing was pushed to.
    `weaker` tells whether less is blocked than is ordered.
    """

    outcomes: tuple[Outcome, ...]
    receipt: Path
    proof: Verification | None
    not_reached: tuple[str, ...]
    findings: tuple[Finding, ...]
    weaker: bool

    def exit_code(self, *, strict: bool = False) -> int:
        """Return 0 done, 12 in part, 11 for less than was planned (with `strict`: ordered), 1 nothing was changed."""
        gap = strict and (self.proof is None or not self.proof.passes)
        return exit_code(self.outcomes, self.weaker or gap)


def apply(request: ApplyRequest, services: push.Services, confirm: Confirm) -> ApplyResult:
    """Carry out a plan, if it is still what is ordered and nothing has moved, and somebody confirms it.

    Raises:
        PolicyError: `plan-elsewhere`, `plan-outdated`, `remote-moved`, or what cannot be read; nothing was changed, unless
            its exit code is 12.

    """
    path = request.plan
    file = load_plan(str(path), inputs.read_source(path).data)
    where = request.deployment or path.parent / file.deployment
    names = tuple(plan.destination for plan in file.plans)
    asked = push.PushRequest(where, request.as_of, names, request.templates, request.insecure)
    read = push.read_for_push(asked, services)
    documents, uses, _ = push.made(read, request.templates)
    known = {spec.name: (destination, read.owner(spec)) for spec, destination in push.connected(read)}
    wanted: list[Wanted] = []
    for plan in file.plans:
        destination, _ = known[plan.destination]
        check_where(plan.destination, plan.where, destination)
        items = destination.items(tuple(documents.values()))
        wanted.append(Wanted(items, {item.key: uses[item.path] for item in items}))
        _check_current(plan, wanted[-1], str(path))
    confirm(file)
    outcomes, receipt = carry_out(file, path, [known[name] for name in names], request.reason, services)
    weaker = _weaker(outcomes, [known[name][0] for name in names], wanted, read)
    used: dict[str, Use] = {key: use for one in wanted for key, use in one.uses.items()}
    proof, others = _proof(outcomes, used, read)
    found = (*failures(outcomes), *weaker)
    return ApplyResult(tuple(outcomes), receipt, proof, others, found, bool(weaker))


def _check_current(plan: Plan, wanted: Wanted, path: str) -> None:
    """Refuse a plan that no longer is what the deployment, the lists and the day ask for."""
    now = {item.key: digest_of(item) for item in wanted.items}
    then = {action.key: action.digest for action in plan.actions if action.op != "delete"}
    if now != then:
        said = f"what is ordered has changed since the plan for {plan.destination!r} was made"
        hint = "the deployment, a list, the program or the day is another; make a new plan"
        raise PolicyError([error("plan-outdated", said, Origin(path), hint)])


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


def _proof(
    outcomes: Sequence[Outcome], uses: dict[str, Use], read: push.Read
) -> tuple[Verification | None, tuple[str, ...]]:
    pieces = [one for outcome in outcomes for one in pieces_of(outcome.remotes, outcome.plan.destination, uses)]
    return prove(read.resolution, pieces, read.gathered.catalogue, read.deployment.protected)
