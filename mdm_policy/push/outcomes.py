"""Say what became of a plan at a destination: of each action, and of all together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mdm_policy.errors import Finding  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.model import Frozen
from mdm_policy.push.model import Action, Plan, Remote, Waiting  # noqa: TC001 - see above

if TYPE_CHECKING:
    from collections.abc import Sequence

State = Literal["done", "unchanged", "held", "waiting", "deferred", "failed", "not-tried"]
"""`waiting`: a second person has to approve it; `deferred`: it comes after what waits."""


class ActionResult(Frozen, frozen=True):
    """Say what became of one action; `id` and `after` are the object's id and fingerprint afterwards."""

    action: Action
    state: State
    id: str = ""
    after: str = ""
    finding: Finding | None = None
    wrote: bool = False


class Outcome(Frozen, frozen=True):
    """Hold what became of a plan at one destination, and the objects as they were read back.

    `writes` counts the objects that this run wrote or may have written, as the journal has it; `waiting` are the writes that
    wait for a second person.
    """

    plan: Plan
    results: tuple[ActionResult, ...]
    remotes: tuple[Remote, ...]
    findings: tuple[Finding, ...] = ()
    writes: int = 0
    waiting: tuple[Waiting, ...] = ()

    @property
    def complete(self) -> bool:
        """Tell whether everything that was planned is done."""
        return all(result.state in ("done", "unchanged") for result in self.results)


def failures(outcomes: Sequence[Outcome]) -> list[Finding]:
    """Return what went wrong, in the order of the plan."""
    found = [result.finding for one in outcomes for result in one.results if result.finding is not None]
    return [*found, *(finding for one in outcomes for finding in one.findings)]
