"""Write what became of plans: for a terminal, for an issue, for programs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.report import markdown
from mdm_policy.report.machine import dump, finding
from mdm_policy.report.pushing import VERSION, proof_fields, with_findings
from mdm_policy.report.text import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.errors import Finding
    from mdm_policy.push.model import Waiting
    from mdm_policy.push.outcomes import ActionResult, Outcome, State
    from mdm_policy.verify import Verification

_STATES: dict[State, str] = {
    "done": "done",
    "unchanged": "unchanged",
    "held": "held back: it weakens a ban",
    "waiting": "waiting for a second administrator",
    "deferred": "not tried yet: it comes after what waits for a second administrator",
    "failed": "failed",
    "not-tried": "not tried, after a failure before it",
}
_HOW = (
    "Another administrator than the one whose application this is has to approve it in the Intune admin center: Tenant "
    "administration > Multi Admin Approval > Received requests. A request that is not carried out within 3 days has to be filed anew."
)
"""memdocs@1048d86, multi-admin-approval: "If a request isn't processed further within 3 days"."""


def outcome_sentence(outcomes: Sequence[Outcome]) -> str:
    """Say in one sentence what became of the plans."""
    counts = Counter(result.state for one in outcomes for result in one.results)
    parts = [f"{counts[state]} {word}" for state, word in _STATES.items() if counts[state]]
    writes = sum(one.writes for one in outcomes)
    return f"{'; '.join(parts) or 'nothing to do'}. {writes} object{'s' * (writes != 1)} written in this run."


def outcome_text(outcomes: Sequence[Outcome], width: int) -> str:
    """Write what became of plans for people."""
    lines = [fill(f"Applied: {outcome_sentence(outcomes)}", width)]
    for one in outcomes:
        lines += ["", fill(f"{one.plan.destination} ({one.plan.type}, {one.plan.where})", width)]
        for result in one.results:
            if result.state == "unchanged":
                continue
            again = "" if result.wrote or result.state != "done" else " (as it was)"
            said = f"{result.action.op} {result.action.kind} {result.action.name}: {_STATES[result.state]}{again}"
            lines.append(fill(said, width, "  ", "      "))
    return "\n".join(lines)


def outcome_json(
    outcomes: Sequence[Outcome],
    findings: Iterable[Finding],
    exit_code: int,
    again: str,
    proof: dict[str, Any] | None = None,
) -> str:
    """Write what became of plans for programs, and what is proven by what was read back, where that was asked.

    `again` is the command to run when what waits was approved.
    """
    return dump(
        {
            "format": "mdm-policy-apply-report",
            "version": VERSION,
            "exit_code": exit_code,
            "summary": outcome_sentence(outcomes),
            "destinations": [
                {
                    "destination": one.plan.destination,
                    "type": one.plan.type,
                    "where": one.plan.where,
                    "writes": one.writes,
                    "results": [_plain_result(result) for result in one.results],
                    "waiting": msgspec.to_builtins(one.waiting),
                }
                for one in outcomes
            ],
            "run_again": again if waiting_of(outcomes) else None,
            "proof": None,
            "findings": [finding(one) for one in findings],
            **(proof or {}),
        }
    )


def applied_proof(proof: Verification | None, not_reached: Sequence[str]) -> dict[str, Any]:
    """Return what is proven by what was read back, and which classes nothing was pushed to."""
    fields = proof_fields(proof)
    proven = None
    if proof is not None:
        proven = {"proven": proof.proven, "outcome": proof.outcome, "not_reached": list(not_reached), **fields}
    return {"proof": proven, **fields}


def _plain_result(result: ActionResult) -> dict[str, Any]:
    return {
        "op": result.action.op,
        "kind": result.action.kind,
        "name": result.action.name,
        "key": result.action.key,
        "id": result.id,
        "state": result.state,
        "wrote": result.wrote,
        "after": result.after,
    }


def waiting_of(outcomes: Sequence[Outcome]) -> tuple[Waiting, ...]:
    """Return every write that waits for a second administrator."""
    return tuple(one for outcome in outcomes for one in outcome.waiting)


def waiting_text(outcomes: Sequence[Outcome], again: str, width: int) -> str:
    """Say what waits, what a second administrator has to do, until when, and the command to run then; nothing where none does."""
    waiting = waiting_of(outcomes)
    if not waiting:
        return ""
    lines = [fill(f"Waiting for a second administrator: {len(waiting)}. {_HOW}", width)]
    lines += [fill(_request(one), width, "  ", "      ") for one in waiting]
    return "\n".join([*lines, fill("Then run again:", width), f"  {again}"])


def _request(one: Waiting) -> str:
    step = "" if one.step == one.op else f" ({one.step})"
    until = f", until {one.until}" if one.until else ""
    by = (
        f"request {one.code}{until}" if one.code else "behind a request for the same object that this plan did not file"
    )
    return f"{one.op} {one.kind} {one.name}{step}: {by}"


def outcome_markdown(outcomes: Sequence[Outcome], findings: Iterable[Finding], sentence: str, again: str) -> str:
    """Write what became of plans for an issue: what is proven first, in the end what waits, and `again`, the command to run then."""
    lines = [
        markdown.heading(" ".join(again.split()[:2]), 3),
        "",
        *([markdown.escape(sentence), ""] if sentence else []),
    ]
    lines += [markdown.escape(f"Applied: {outcome_sentence(outcomes)}"), ""]
    for one in outcomes:
        lines += [
            f"**{markdown.escape(one.plan.destination)}** ({markdown.escape(f'{one.plan.type}, {one.plan.where}')})",
            "",
        ]
        rows = [
            (result.action.op, f"{result.action.kind} {result.action.name}", _STATES[result.state])
            for result in one.results
            if result.state != "unchanged"
        ]
        lines += (
            [markdown.table(("Action", "Object", "State"), [map(markdown.escape, row) for row in rows]), ""]
            if rows
            else []
        )
    waiting = waiting_of(outcomes)
    if waiting:
        asked = [
            (one.kind, one.name, one.step, one.code or "another request for the object", one.until) for one in waiting
        ]
        headings = ("Kind", "Object", "Step", "Request", "Until")
        lines += [markdown.escape(_HOW), "", markdown.table(headings, [map(markdown.escape, row) for row in asked]), ""]
        lines += [f"Then run again: {markdown.code(again)}", ""]
    return with_findings(lines, findings)
