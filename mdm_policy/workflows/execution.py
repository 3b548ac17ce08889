"""Carry plans out and say what became of them: what `apply` and `rollback` share."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mdm_policy import __version__
from mdm_policy.build.replacing import replace
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.push.answers import Failure
from mdm_policy.push.applying import Applying
from mdm_policy.push.journal import Journal, JournalError, waiting_of
from mdm_policy.push.observing import check_unmoved, observe
from mdm_policy.push.outcomes import Outcome, failures
from mdm_policy.push.planfile import Receipt, ReceiptFile, done_of, dump, load_receipt, receipt_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Literal

    from mdm_policy.errors import Finding
    from mdm_policy.push.planfile import PlanFile
    from mdm_policy.push.protocol import Destination
    from mdm_policy.workflows.push import Services

_PROGRAM = f"mdm-policy {__version__}"


class ApplyJob(NamedTuple):
    """Pair one destination with the journal of its plan, and whose marker its objects bear."""

    destination: Destination
    owner: str
    journal: Journal


def journal_path(beside: Path, digest: str, destination: str) -> Path:
    """Return where a plan's journal for a destination is: beside the plan, named by its digest."""
    safe = "".join(char if char.isalnum() or char in "-_." else "_" for char in destination)
    return beside.with_name(f"{beside.name}.{digest[:12]}.{safe}.journal")


def receipt_path(beside: Path, digest: str) -> Path:
    """Return where the receipt of a plan is: beside the plan, named by its digest."""
    return beside.with_name(f"{beside.name}.{digest[:12]}.receipt.json")


@contextlib.contextmanager
def journals(
    beside: Path, digest: str, names: Sequence[str], services: Services, key: bytes
) -> Iterator[list[Journal]]:
    """Hold the journals of a plan open and locked, one for each destination.

    Raises:
        PolicyError: `journal-locked`, `journal-damaged`, `journal-unwritable`; nothing was changed.

    """
    with contextlib.ExitStack() as stack:
        made = [Journal(journal_path(beside, digest, name), digest, services.now, key) for name in names]
        yield [stack.enter_context(one) for one in made]


class _Keeping:
    """Keep the receipt of a run: reserved before the first write, whole in the end."""

    def __init__(
        self, file: PlanFile, path: Path, jobs: Sequence[ApplyJob], reason: str, services: Services, key: bytes
    ) -> None:
        self._file, self.path, self._jobs, self._reason = file, path, jobs, reason
        self._services, self._key = services, key
        self._reserved = False

    def reserve(self) -> None:
        """Write a receipt that says the run is under way; called before each write, it is written before the first.

        Raises:
            JournalError: `receipt-unwritable`, and nothing was changed.

        """
        if not self._reserved:
            self._put("open", "nothing was changed")
            self._reserved = True

    def close(self) -> list[Finding]:
        """Write what was done, by all runs of the plan, where that differs from what is there; return what went wrong."""
        receipts = self._receipts()
        worth_it = any(one.done or one.waiting or one.left_to_others for one in receipts)
        if any(job.journal.broken for job in self._jobs):
            return []  # it stays open: only the journals' files themselves say how far they got
        if not worth_it and not _there(self.path):
            return []
        try:
            if self._reserved or self._differs():
                self._put(
                    "closed", "it still says that the run is under way: `rollback` then reads the journals beside it"
                )
        except PolicyError as bad:
            return list(bad.findings)
        return []

    def _put(self, state: Literal["open", "closed"], hint: str) -> None:
        made = receipt_file(
            self._receipts(), self._file, _PROGRAM, self._services.now(), self._reason, state=state, key=self._key
        )
        try:
            replace(self.path, dump(made))
        except PolicyError as bad:
            said = f"cannot write the receipt: {bad.findings[0].message.removeprefix('cannot write it: ')}"
            raise JournalError([error("receipt-unwritable", said, Origin(str(self.path)), hint)]) from None

    def _receipts(self) -> tuple[Receipt, ...]:
        return tuple(
            Receipt(
                plan.destination,
                plan.type,
                plan.where,
                done_of(job.journal.entries),
                waiting_of(job.journal.entries),
                left_to_others=plan.left_to_others,
            )
            for plan, job in zip(self._file.plans, self._jobs, strict=True)
        )

    def _differs(self) -> bool:
        """Tell whether the receipt that is there says something else, or cannot be read."""
        try:
            there: ReceiptFile = load_receipt(str(self.path), self.path.read_bytes(), self._key)
        except (OSError, PolicyError):
            return True
        return (there.state, there.receipts, there.plan) != ("closed", self._receipts(), self._file.digest)


def carry_out(
    file: PlanFile,
    beside: Path,
    jobs: Sequence[ApplyJob],
    reason: str,
    services: Services,
    key: bytes = b"",
    *,
    ask_again: bool = False,
) -> tuple[list[Outcome], Path]:
    """Check every destination first, then carry out each plan, and write the receipt.

    `ask_again` files requests for approval anew that somebody rejected or cancelled.

    Raises:
        PolicyError: nothing was changed anywhere.
        PartlyError: the run broke off after its first write; the receipt says what was done.

    """
    keeping = _Keeping(file, receipt_path(beside, file.digest), jobs, reason, services, key)
    outcomes: list[Outcome] = []
    try:
        for plan, job in zip(file.plans, jobs, strict=True):
            check_unmoved(plan, job.destination, observe(job.destination, job.owner), job.journal)
        for plan, job in zip(file.plans, jobs, strict=True):
            run = Applying(
                plan,
                job.destination,
                job.owner,
                job.journal,
                services.sleep,
                keeping.reserve,
                ask_again=ask_again,
            )
            outcomes.append(run.run(reason))
    except Failure as bad:
        where = file.plans[min(len(outcomes), len(file.plans) - 1)].destination
        raise _stopped(jobs, [bad.finding(where, "reading what is there"), *keeping.close()]) from None
    except PolicyError as bad:
        raise _stopped(jobs, [*bad.findings, *keeping.close()]) from None
    except (Exception, KeyboardInterrupt):
        keeping.close()
        with after_writes(sum(job.journal.writes for job in jobs)):
            raise
    lost = keeping.close()
    if lost:
        outcomes[-1] = msgspec.structs.replace(outcomes[-1], findings=(*outcomes[-1].findings, *lost))
    return outcomes, keeping.path


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True


@contextlib.contextmanager
def after_writes(writes: int) -> Iterator[None]:
    """Let whatever goes wrong after a run has written say that it has.

    Raises:
        PartlyError: in place of any other error, where there were writes.

    """
    try:
        yield
    except PolicyError as bad:
        if not writes:
            raise
        raise PartlyError(bad.findings) from None
    except (Exception, KeyboardInterrupt) as bad:
        if not writes:
            raise
        said = f"the run broke off after it had written ({type(bad).__name__})"
        hint = "the receipt says what was written; run it again"
        raise PartlyError([error("push-broken-off", said, None, hint)]) from bad


class PartlyError(PolicyError):
    """Stop a run that has changed something already."""

    exit_code = 12


def _wrote(jobs: Sequence[ApplyJob]) -> bool:
    return any(job.journal.writes for job in jobs)


def _stopped(jobs: Sequence[ApplyJob], found: list[Finding]) -> PolicyError:
    return PartlyError(found) if _wrote(jobs) else PolicyError(found)


def exit_code(outcomes: Sequence[Outcome], weaker: bool) -> int:
    """Return 0 for all done, 11 when less is blocked than is ordered, 12 for a part, 1 for nothing at all.

    What waits for a second person was asked for, so that is a part too.
    """
    wrong = failures(outcomes)
    complete = all(one.complete for one in outcomes)
    if wrong and not any(one.writes or one.waiting for one in outcomes):
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
