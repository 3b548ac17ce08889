"""Carry plans out and say what became of them: what `apply` and `rollback` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy import __version__
from mdm_policy.build.replacing import replace
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.push.answers import Failure
from mdm_policy.push.applying import Applying, Outcome, check_unmoved, failures, observe
from mdm_policy.push.journal import Journal
from mdm_policy.push.planfile import dump, receipt_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mdm_policy.errors import Finding
    from mdm_policy.push.planfile import PlanFile
    from mdm_policy.push.protocol import Destination
    from mdm_policy.workflows.push import Services


def journal_path(beside: Path, digest: str, destination: str) -> Path:
    """Return where a plan's journal for a destination is: beside the plan, named by its digest."""
    safe = "".join(char if char.isalnum() or char in "-_." else "_" for char in destination)
    return beside.with_name(f"{beside.name}.{digest[:12]}.{safe}.journal")


def carry_out(
    file: PlanFile, beside: Path, destinations: Sequence[tuple[Destination, str]], reason: str, services: Services
) -> tuple[list[Outcome], Path]:
    """Check every destination first, then carry out each plan, and write the receipt.

    Raises:
        PolicyError: nothing was changed anywhere; or, with a receipt written, what the first destinations got.

    """
    paths = [journal_path(beside, file.digest, plan.destination) for plan in file.plans]
    outcomes: list[Outcome] = []
    receipt = beside.with_name(f"{beside.name}.{file.digest[:12]}.receipt.json")
    jobs = list(zip(file.plans, destinations, paths, strict=True))
    try:
        for plan, (destination, owner), path in jobs:
            with Journal(path, file.digest, services.now) as journal:
                check_unmoved(plan, destination, observe(destination, owner), journal)
        for plan, (destination, owner), path in jobs:
            with Journal(path, file.digest, services.now) as journal:
                outcomes.append(Applying(plan, destination, owner, journal, services.sleep).run(reason))
    except Failure as bad:
        where = file.plans[len(outcomes)].destination
        raise _stopped(outcomes, [bad.finding(where, "reading what is there")]) from None
    except PolicyError as bad:
        raise _stopped(outcomes, list(bad.findings)) from None
    finally:
        if any(one.writes for one in outcomes) or (outcomes and not receipt.exists()):
            made = receipt_file(outcomes, file, f"mdm-policy {__version__}", services.now(), reason)
            replace(receipt, dump(made))
    return outcomes, receipt


class PartlyError(PolicyError):
    """Stop a run that has changed something already."""

    exit_code = 12


def _stopped(outcomes: Sequence[Outcome], found: list[Finding]) -> PolicyError:
    return PartlyError(found) if any(one.writes for one in outcomes) else PolicyError(found)


def exit_code(outcomes: Sequence[Outcome], weaker: bool) -> int:
    """Return 0 for all done, 11 when less is blocked than is ordered, 12 for a part, 1 for nothing at all."""
    wrong = failures(outcomes)
    complete = all(one.complete for one in outcomes)
    if wrong and not any(one.writes for one in outcomes):
        return 1
    if wrong or not complete:
        return 12
    return 11 if weaker else 0


def check_where(plan: str, where: str, destination: Destination) -> None:
    """Refuse to carry a plan to another tenant than it was made for.

    Raises:
        PolicyError: `plan-elsewhere`.

    """
    if where != destination.where:
        said = f"the plan for {plan!r} was made for {where}, and the deployment now says {destination.where}"
        raise PolicyError([error("plan-elsewhere", said, Origin(plan), "make a new plan")])
