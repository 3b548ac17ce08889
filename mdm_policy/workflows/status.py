"""Gather the evidence that devices have what was pushed; what nobody can know stays unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.errors import PolicyError
from mdm_policy.model import Frozen
from mdm_policy.push.answers import Failure
from mdm_policy.workflows import push
from mdm_policy.workflows.two_people import pending

if TYPE_CHECKING:
    from mdm_policy.errors import Finding
    from mdm_policy.push.model import DeviceEvidence


class StatusResult(Frozen, frozen=True):
    """Hold the evidence of each destination that answered, under its name, what the others did wrong, and which writes wait."""

    evidence: tuple[tuple[str, tuple[DeviceEvidence, ...]], ...]
    problems: tuple[Finding, ...]
    waiting: tuple[Finding, ...] = ()

    def exit_code(self) -> int:
        """Return 1 when something cannot be read, 11 when a device is known not to have what was pushed, else 0."""
        if self.problems:
            return 1
        return 11 if any(one.state == "failed" for _, told in self.evidence for one in told) else 0


def status(request: push.PushRequest, services: push.Services) -> StatusResult:
    """Ask each destination what it knows of its devices.

    Raises:
        PolicyError: the deployment cannot be read.

    """
    read = push.read_for_push(request, services)
    told: list[tuple[str, tuple[DeviceEvidence, ...]]] = []
    problems: list[Finding] = []
    waiting: list[Finding] = []
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
            told.append((f"{spec.name} ({spec.type}, {destination.where})", evidence))
    return StatusResult(tuple(told), tuple(problems), tuple(waiting))
