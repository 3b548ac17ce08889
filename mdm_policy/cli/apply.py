"""The `apply` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mdm_policy import catalogue
from mdm_policy.cli import confirm, options, output
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.push.applying import failures
from mdm_policy.push.planfile import load_plan
from mdm_policy.push.planning import Seen, Wanted, digest_of, make_plan
from mdm_policy.push.proving import pieces_of, prove, weakened
from mdm_policy.report import pushing as report
from mdm_policy.report import verification
from mdm_policy.sources import inputs
from mdm_policy.workflows import apply, push

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.push.applying import Outcome
    from mdm_policy.push.model import Plan, Use
    from mdm_policy.push.protocol import Destination
    from mdm_policy.verify import Verification


@click.command(name="apply")
@click.argument("path", metavar="PLAN", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--deployment", type=click.Path(path_type=Path), help="The deployment; default: the one of the plan.")
@options.PLAN_DAY
@options.TEMPLATES
@options.YES
@options.LOOSEN
@click.option("--strict", is_flag=True, help="Exit 11 when the proof leaves any gap that is not accepted.")
@options.INSECURE
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
def command(
    path: Path,
    deployment: Path | None,
    as_of: str | None,
    folders: tuple[Path, ...],
    yes: bool,
    reason: str,
    strict: bool,
    insecure: bool,
    format_: str,
) -> None:
    """Carry out a saved PLAN, read everything back, and prove it.

    Refuses when anything has moved since the plan was made. What weakens a ban is left out without --allow-loosening.
    An interrupted run goes on where it stopped when it is run again. Exit codes: 0 done, and what was read back is what
    was planned; 12 done in part; 11 less is blocked than was planned, or with --strict than is ordered; 1 nothing was
    changed.
    """
    file = load_plan(str(path), inputs.read(path).data)
    where = deployment or path.parent / file.deployment
    names = [plan.destination for plan in file.plans]
    read = push.read(where, names, as_of or options.today(), insecure=insecure)
    documents, uses, _ = push.made(read, folders)
    known = {spec.name: (destination, read.owner(spec)) for spec, destination in push.connected(read)}
    wanted: list[Wanted] = []
    for plan in file.plans:
        destination, _ = known[plan.destination]
        apply.check_where(plan.destination, plan.where, destination)
        items = destination.items(tuple(documents.values()))
        wanted.append(Wanted(items, {item.key: uses[item.path] for item in items}))
        _check_current(plan, wanted[-1], str(path))
    confirm.ask(file, yes)
    outcomes, receipt = apply.carry_out(file, path, [known[name] for name in names], reason)
    destinations = [known[name][0] for name in names]
    weaker = _weaker(outcomes, destinations, wanted, read)
    used: dict[str, Use] = {key: use for one in wanted for key, use in one.uses.items()}
    found = [*failures(outcomes), *weaker]
    proof, others = _proof(outcomes, used, read)
    gap = strict and (proof is None or not proof.proven)
    code = apply.exit_code(outcomes, bool(weaker) or gap)
    if format_ == "json":
        output.data(report.outcome_json(outcomes, _plain(proof, others), found, code))
    else:
        _tell(outcomes, receipt, proof, others)
    output.findings(found)
    if code:
        raise click.exceptions.Exit(code)


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
        again = make_plan(destination, want, Seen(outcome.remotes), read.question, catalogue.load())
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
    if not pieces:
        return None, ()
    return prove(read.resolution, pieces, catalogue.load(), read.deployment.protected)


def _plain(proof: Verification | None, others: tuple[str, ...]) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {"proven": proof.proven, "sentence": verification.sentence(proof), "not_reached": list(others)}


def _tell(outcomes: Sequence[Outcome], receipt: Path, proof: Verification | None, others: tuple[str, ...]) -> None:
    width = output.width()
    output.result(report.outcome_text(outcomes, width))
    if receipt.exists():
        output.result(f"\nThe receipt is {receipt}; undo it with: mdm-policy rollback {receipt}")
    if proof is None:
        output.result("\nThere is nothing to prove: no object of ours was read back.")
        return
    output.result("\nProof, from what was read back\n" + verification.text(proof, width))
    if others:
        output.result(f"Nothing was pushed for: {', '.join(others)}.")
