"""Ask a second person for writes, and go on with what was approved: what `Applying` does where a tenant wants two people.

What was asked for stands in the journal. A run reads what became of each request before it sends the write again, and sends
it with the code only if it is the very write that was asked for. Nothing is asked for twice after a person has said no, unless
somebody orders it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.errors import Origin, warning
from mdm_policy.push import approvals
from mdm_policy.push.answers import Failure, shown
from mdm_policy.push.approvals import OPEN, ApprovalDenied, Pass, runs_out
from mdm_policy.push.journal import waiting_of
from mdm_policy.push.model import Waiting

if TYPE_CHECKING:
    from mdm_policy.errors import Finding
    from mdm_policy.push.approvals import ApprovalRefusal, ApprovalRequest, Denial
    from mdm_policy.push.journal import Journal
    from mdm_policy.push.model import Action, Plan
    from mdm_policy.push.protocol import Destination

_WHERE = "in the Intune admin center, Tenant administration > Multi Admin Approval > Received requests"
_APPROVE = f"another administrator approves it {_WHERE}; then run the same command again"
_NO: dict[str, Denial] = {"rejected": "rejected", "cancelled": "cancelled"}
_ASK = "ask them; then run the same command with --ask-again to file a new request, or make another plan"
_ENDED = ("expired", "completed")


class WaitError(Exception):
    """Say that a write waits for a second person."""

    def __init__(self, finding: Finding) -> None:
        """Keep what is to be told."""
        super().__init__(finding.message)
        self.finding = finding


class Asking:
    """Ask for the writes of one plan at one destination; where nobody has to approve, it does nothing.

    `again` lets a request be filed anew that somebody rejected or cancelled.
    """

    def __init__(self, plan: Plan, destination: Destination, journal: Journal, *, again: bool) -> None:
        """Be asked by the destination before each write."""
        self._plan, self._journal, self._again = plan, journal, again
        self.reason = ""
        """Why what weakens a ban is carried out too; the second person is told."""
        self._approver = approvals.approver(destination)
        if self._approver is not None:
            self._approver.ask = self._pass
        self._now: tuple[Action, str] | None = None
        self._tag = self._request = ""
        self._listed: tuple[ApprovalRequest, ...] | None = None
        self._read = False
        self._ended = ("", "")

    @property
    def open(self) -> tuple[Waiting, ...]:
        """Return the writes of all runs of the plan that wait."""
        return waiting_of(self._journal.entries) if self._approver is not None else ()

    def turn_to(self, action: Action, step: str) -> None:
        """Know which write comes next."""
        self._now = (action, step)
        self._ended = ("", "")

    def has_asked(self, action: Action, step: str) -> bool:
        """Tell whether a write waits."""
        return self._former(action, step) is not None

    def settle(self, action: Action, step: str = "") -> None:
        """Record that what was asked for is there, whoever carried it out: one step of an action, or all of it."""
        for one in self.open:
            if one.key == action.key and step in ("", one.step):
                self._close(one, "it is as planned")

    def wait(self, refusal: ApprovalRefusal) -> WaitError:
        """Record a write that waits, and return what is to be raised.

        Raises:
            Failure: the requests cannot be read, so that nobody knows by what to ask again.

        """
        action, step = self._turn()
        former = self._former(action, step)
        mine = None if refusal.code else approvals.by_tag(self._requests(fresh=True) or (), self._tag)
        code, since, until = refusal.code, "", ""
        if mine is not None:
            code, since, until = mine.codes[0], mine.filed, mine.until
        elif former is not None and former.request == self._request and code in ("", former.code):
            code, since, until = former.code, former.since, former.until
        return self._waits(code, since, until)

    # --- what a write is sent with ---------------------------------------------------------------------------------

    def _pass(self, request: str) -> Pass:
        """Say what to send along with the next write, by what became of its request.

        Raises:
            WaitError: nobody has approved it yet.
            ApprovalDenied: somebody has said no, or it is for another write than this.
            Failure: the requests cannot be read.

        """
        action, step = self._turn()
        self._request = request
        self._tag = approvals.tag(self._journal.digest, action.key, step, request)
        asked = Pass(justification=approvals.justified(action, step, self.reason, self._tag))
        former = self._former(action, step)
        if former is None or not former.code:
            self._check_declined(action, step)
            return asked
        listed = self._requests()
        found = approvals.by_code(listed, former.code) if listed is not None else None
        status = found.status if found is not None else "unknown"
        if status in _ENDED:
            self._ended = (former.code, status)
            self._close(former, status)
            return asked
        if status in _NO:
            self._close(former, status, found.note if found is not None else "")
            self._check_declined(action, step)
            return asked
        if self._again and status != "approved":
            # It is asked anew, whatever is open: where approval is off by now, that writes; else the open one is found again.
            return asked
        if former.request != request or (found is not None and not self._fits(found)):
            raise _changed(former)
        if status == "needsApproval":
            raise self._waits(former.code, former.since, found.until if found is not None else former.until)
        # Of what may not be read, the tenant itself decides whether it was approved.
        return Pass(code=former.code)

    def _check_declined(self, action: Action, step: str) -> None:
        """Refuse a write to which a person has said no, unless it is ordered to ask again."""
        ours = [one for one in self._journal.entries if (one.get("key"), one.get("step")) == (action.key, step)]
        closed = next((one for one in reversed(ours) if one["at"] in ("waiting", "closed", "done")), {})
        how = closed.get("said", "") if closed.get("at") == "closed" else ""
        if how in _NO and not self._again:
            note = f": {shown(closed['note'].encode())}" if closed.get("note") else ""
            said = f"request {closed.get('code', '')} was {how}{note}"
            raise ApprovalDenied(_NO[how], said, _ASK)

    def _fits(self, found: ApprovalRequest) -> bool:
        """Tell whether a request was filed for this very write, as far as the tenant shows that."""
        return not found.justification or approvals.same_write(found, self._tag)

    def _turn(self) -> tuple[Action, str]:
        assert self._now is not None  # noqa: S101 - nothing is written without a turn
        return self._now

    def _former(self, action: Action, step: str) -> Waiting | None:
        return next((one for one in self.open if (one.key, one.step) == (action.key, step)), None)

    def _requests(self, *, fresh: bool = False) -> tuple[ApprovalRequest, ...] | None:
        if self._approver is not None and (fresh or not self._read):
            try:
                self._listed = self._approver.requests()
            except Failure as bad:
                # What failed is the reading: the write itself was not sent.
                raise Failure(bad.fault, bad.said, status=bad.status, call=bad.call) from None
            self._read = True
        return self._listed

    # --- what is recorded and told ---------------------------------------------------------------------------------

    def _waits(self, code: str, since: str, until: str) -> WaitError:
        action, step = self._turn()
        since = since or self._journal.now()
        until = until or (runs_out(since) if code else "")
        one = Waiting(action.op, action.kind, action.key, action.name, step, code, self._request, since, until)
        self._journal.write(at="waiting", id=action.id, **msgspec.structs.asdict(one))
        return WaitError(self._told(one))

    def _close(self, one: Waiting, said: str, note: str = "") -> None:
        kept = {name: getattr(one, name) for name in ("key", "op", "kind", "name", "step", "code")}
        self._journal.write(at="closed", **kept, said=said, note=note)

    def _told(self, one: Waiting) -> Finding:
        place = Origin(self._plan.destination)
        what = f"{named(one)} waits for a second administrator"
        if not one.code:
            ours = [other.codes[0] for other in self._listed or () if other.status in OPEN and other.key == one.key]
            whose = (
                f"{ours[-1]}, which another plan of ours filed for another change"
                if ours
                else "which this plan did not file"
            )
            said = f"{what}: another request for this object is open, {whose}"
            hint = (
                f"have that one approved and completed, rejected or cancelled {_WHERE}; then run the same command again"
            )
            return warning("approval-other-request", said, place, hint)
        found = approvals.by_code(self._listed or (), one.code)
        if found is not None and found.status == "approved":
            said = f"{named(one)}: request {one.code} is approved, and not carried out yet{_until(one.until)}"
            return warning("approval-given", said, place, "run the same command again")
        code, status = self._ended
        asked = f"{what}: request {one.code}{_until(one.until)}"
        if code and code != one.code:
            anew = f"it was asked for again, and {asked}"
            if status == "expired":
                said = (
                    f"request {code} ran out: it was not approved and carried out within {approvals.DAYS} days; {anew}"
                )
                return warning("approval-expired", said, place, _APPROVE)
            said = f"request {code} was carried out once, and what it wrote is not there; {anew}"
            return warning("approval-spent", said, place, _APPROVE)
        listed = self._read and self._listed is None
        unread = (
            " (the application may not read requests, so nobody here knows whether it is approved)" if listed else ""
        )
        return warning("approval-waiting", f"{asked}{unread}", place, _APPROVE)


def named(one: Waiting) -> str:
    """Name a write for people."""
    step = "" if one.step == one.op else f" ({one.step})"
    return f"{one.op} {one.kind} {one.name!r}{step}"


def _until(text: str) -> str:
    return f", to be approved and carried out by {text}" if text else ""


def _changed(former: Waiting) -> ApprovalDenied:
    said = f"request {former.code} was filed for another write than the one that is due now"
    hint = f"somebody changed the object, or the journal, since: cancel the request {_WHERE.replace('Received', 'My')}, then --ask-again"
    return ApprovalDenied("changed", said, hint)
