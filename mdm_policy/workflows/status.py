"""Gather the evidence that devices have what was pushed, and judge by all that is there what it blocks.

That a device has an object of ours says nothing of what another object makes of it; so the proof comes first, the same as that of
`drift`. What nobody can know stays unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.errors import PolicyError
from mdm_policy.model import Frozen
from mdm_policy.push.answers import Failure
from mdm_policy.push.model import Use
from mdm_policy.workflows import push
from mdm_policy.workflows.live import LiveProof, live_proof
from mdm_policy.workflows.two_people import pending

if TYPE_CHECKING:
    from mdm_policy.errors import Finding
    from mdm_policy.push.model import DeviceEvidence, Remote
    from mdm_policy.push.protocol import Destination


class StatusResult(Frozen, frozen=True):
    """Hold the evidence of each destination that answered, under its name, what the others did wrong, and which writes wait.

    `live` is the proof by all that is at the destinations that answered, and what there undoes bans of ours.
    """

    evidence: tuple[tuple[str, tuple[DeviceEvidence, ...]], ...]
    problems: tuple[Finding, ...]
    live: LiveProof
    waiting: tuple[Finding, ...] = ()

    @property
    def told(self) -> tuple[Finding, ...]:
        """Return what is to be said beside the evidence."""
        return (*self.live.undone, *self.live.broken, *self.live.unread, *self.waiting)

    def exit_code(self) -> int:
        """Return 1 when something cannot be read, 11 when a device is known not to have what was pushed or something undoes it, else 0."""
        if self.problems:
            return 1
        if self.live.less:
            return 11
        return 11 if any(one.state == "failed" for _, told in self.evidence for one in told) else 0


def status(request: push.PushRequest, services: push.Services) -> StatusResult:
    """Ask each destination what it knows of its devices, and read everything there.

    Raises:
        PolicyError: the deployment cannot be read, or a destination of which nothing can be asked.

    """
    read = push.read_for_push(request, services)
    told: list[tuple[str, tuple[DeviceEvidence, ...]]] = []
    problems: list[Finding] = []
    waiting: list[Finding] = []
    answered: list[Destination] = []
    ours: dict[str, tuple[Remote, ...]] = {}
    for spec, destination in push.connected(read):
        try:
            seen = push.look(destination, read.owner(spec))
            evidence = tuple(destination.evidence(seen.remotes))
        except Failure as bad:
            problems.append(bad.finding(spec.name, "reading the evidence"))
        except PolicyError as bad:
            problems += bad.findings
        else:
            waiting += pending(destination)
            answered.append(destination)
            ours[spec.name] = seen.remotes
            told.append((f"{spec.name} ({spec.type}, {destination.where})", evidence))
    uses = {one.key: Use() for remotes in ours.values() for one in remotes}  # no plan says whom they are for
    live = live_proof(read, answered, ours, uses, services)
    return StatusResult(tuple(told), tuple(problems), live, tuple(waiting))
