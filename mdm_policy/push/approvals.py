"""Hold the words of writes that a second person has to approve, as tenants with Multi Admin Approval want it.

Such a tenant answers a write with the code of a request. When somebody else has approved that, the same write is sent once
more with the code. The sentence that a request is filed with ends in a tag: the plan, the object, the step, and a hash of what
is sent. By the last three a request is found again whose code was lost, be it another plan's for the very same write, and one
that was filed for something else is told apart.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Literal, Protocol

from mdm_policy.errors import Origin, error
from mdm_policy.model import Frozen
from mdm_policy.push.answers import Failure
from mdm_policy.push.reach import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mdm_policy.errors import Finding
    from mdm_policy.push.model import Action
    from mdm_policy.push.protocol import Destination

Status = Literal["needsApproval", "approved", "rejected", "cancelled", "completed", "expired", "unknown"]
"""microsoft-graph-docs-contrib@022b186, operationApprovalRequestStatus; any other word is `unknown`."""
Denial = Literal["cancelled", "changed", "refused", "rejected"]
"""Why a write is not carried out: somebody took its request back, it is another write, its code is not taken, somebody said no."""
OPEN: frozenset[Status] = frozenset({"needsApproval", "approved"})
DAYS = 3
"""A request that is not processed further in this time is expired, an approved one too (memdocs@1048d86, multi-admin-approval)."""
_MOST = 768
"""Bytes of a justification. 1,024 characters are allowed (microsoft-graph-docs-contrib@022b186, requestJustification); so many
bytes make no more than that in Base64 either, and which of the two is counted is not said."""
_TAG = re.compile(r"\[mdm-policy ([0-9a-f]{64}) (\S+) ([a-z]+) ([0-9a-f]{16})\]\s*\Z")
_STEPS = {
    "create": "create the object (whom it is for is asked for next)",
    "update": "change what it holds",
    "assign": "change whom it is for",
    "delete": "delete the object",
    "twin": "delete a copy that nobody has",
}
_MOST_APPS = 12


class ApprovalRequest(Frozen, frozen=True):
    """Hold a request as the tenant lists it: its `codes`, who was told what, and when it runs out (ISO text, or empty).

    `note` is what the approver wrote.
    """

    codes: tuple[str, ...]
    status: Status
    justification: str = ""
    note: str = ""
    filed: str = ""
    until: str = ""

    @property
    def key(self) -> str:
        """Return the key of the object of ours that it is for, or nothing."""
        found = _TAG.search(self.justification)
        return found[2] if found else ""


class ApprovalPolicy(Frozen, frozen=True):
    """Hold an access policy: what a second person has to approve. An empty `platform` is every one."""

    name: str
    type: str
    platform: str = ""


class Pass(Frozen, frozen=True):
    """Say what a write is sent with: the reason why it is asked for, or the code of the request that was approved."""

    justification: str = ""
    code: str = ""


class ApprovalRefusal(Failure):
    """Say that a write waits: `code` names the request, and is empty where another request for the object is open."""

    def __init__(self, said: str, code: str, *, status: int, call: str) -> None:
        """Keep the parts; such a write was not carried out."""
        super().__init__("refused", said, status=status, call=call)
        self.code = code


class ApprovalDenied(Failure):
    """Say that a write is not carried out: `what` names why, `hint` says what to do."""

    def __init__(self, what: Denial, said: str, hint: str) -> None:
        """Keep the parts."""
        super().__init__("refused", said)
        self.what: Denial = what
        self.hint = hint

    def finding(self, destination: str, doing: str) -> Finding:
        """Return it as a person reads it."""
        return error(f"approval-{self.what}", f"{doing}: {self.said}", Origin(destination), self.hint)


class Approver(Protocol):
    """Offer what a destination has where a second person may have to approve."""

    ask: Callable[[str], Pass] | None
    """Called before each write with the hash of what is to be sent; it says what to send along, or raises."""

    def requests(self) -> tuple[ApprovalRequest, ...] | None:
        """Return every request that the tenant still shows, or None where that may not be read.

        Raises:
            Failure: the listing failed for another reason.

        """
        ...

    def policies(self) -> tuple[ApprovalPolicy, ...]:
        """Return the access policies.

        Raises:
            Failure: they cannot be read; `forbidden` without the permission.

        """
        ...

    def covers(self, policy: ApprovalPolicy, kind: str) -> Literal["yes", "maybe", "no"]:
        """Tell whether writes to objects of a kind wait by a policy, as far as the vendor says."""
        ...


def approver(destination: Destination) -> Approver | None:
    """Return a destination's `approval`, which only those have where a second person may have to approve."""
    found: Approver | None = getattr(destination, "approval", None)
    return found


def tag(digest: str, key: str, step: str, request: str) -> str:
    """Return what a justification ends in: the plan, the object, the step, and a hash of what is sent (hex)."""
    return f"[mdm-policy {digest} {key} {step} {request[:16]}]"


def same_write(found: ApprovalRequest, ending: str) -> bool:
    """Tell whether a request was filed for the write of a tag, by whatever plan."""
    _, _, write = ending.removeprefix("[mdm-policy ").partition(" ")
    return found.justification.rstrip().endswith(f" {write}")


def justified(action: Action, step: str, reason: str, ending: str) -> str:
    """Say to the second person what is asked for, what it does to which ban and why; `ending` is the tag."""
    who = f" to {words(action.assignment)}" if step == "assign" else ""
    parts = [f"{action.kind} '{action.name}': {_STEPS.get(step, step)}{who}."]
    by: dict[str, list[str]] = {}
    for one in action.effects:
        by.setdefault(one.direction, []).append(one.app)
    for direction, apps in by.items():
        named = list(dict.fromkeys(app for app in apps if app))
        more = f" and {len(named) - _MOST_APPS} more" if len(named) > _MOST_APPS else ""
        parts.append(f"{direction}: {', '.join(named[:_MOST_APPS]) or 'what it blocks'}{more}.")
    if reason:
        parts.insert(0, f"{reason.rstrip('.')}.")
    said = " ".join(parts).encode()[: _MOST - len(ending.encode()) - 1].decode("utf-8", "ignore")
    return f"{said} {ending}"


def by_code(found: Iterable[ApprovalRequest], code: str) -> ApprovalRequest | None:
    """Return the request of a code."""
    return next((one for one in found if code.casefold() in {known.casefold() for known in one.codes}), None)


def by_tag(found: Iterable[ApprovalRequest], ending: str) -> ApprovalRequest | None:
    """Return the open request for the write of a tag; of several, which one tenant cannot have, the last."""
    ours = [one for one in found if one.status in OPEN and same_write(one, ending)]
    return max(ours, key=lambda one: one.filed, default=None)


def runs_out(filed: str) -> str:
    """Return when a request that was filed at a time (ISO text) expires; nothing where the time cannot be read."""
    try:
        return (dt.datetime.fromisoformat(filed) + dt.timedelta(days=DAYS)).isoformat(timespec="minutes")
    except ValueError:
        return ""
