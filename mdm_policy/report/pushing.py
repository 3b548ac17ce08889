"""Write plans, drift and evidence: for a terminal, for a pull request, for programs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.push.planfile import weakest_first
from mdm_policy.push.proving import proof_sentence
from mdm_policy.push.reach import words
from mdm_policy.report import holding, markdown
from mdm_policy.report.machine import dump, finding
from mdm_policy.report.text import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdm_policy.errors import Finding
    from mdm_policy.push.model import Action, ActionEffect, DeviceEvidence, Op, Plan, Remote
    from mdm_policy.verify import Verification

VERSION = 1
_NO_EVIDENCE = "unknown: nothing of ours is there, or it keeps no evidence"
_EVIDENCE = (
    "What devices are known to have of ours; that a device has an object does not prove that the ban holds there."
)
_MOST_APPS = 6
_WORDS: dict[Op, str] = {"create": "to create", "update": "to update", "delete": "to delete", "noop": "unchanged"}
_LACKS: dict[Op, str] = {"create": "is missing", "delete": "is there, and should not be", "update": "differs"}


def plan_sentence(plans: Sequence[Plan]) -> str:
    """Say in one sentence what carrying out the plans would mean."""
    counts = Counter(action.op for plan in plans for action in plan.actions)
    said = ", ".join(f"{counts[op]} {word}" for op, word in _WORDS.items())
    said += holding.counted([one for plan in plans for one in plan.left_to_others])
    worst = [plan.direction for plan in plans if any(action.held for action in plan.actions)]
    if worst:
        held = sum(action.held for plan in plans for action in plan.actions)
        return f"{said}. It would weaken a ban ({', '.join(sorted(set(worst)))}): {held} held back."
    changes = any(plan.changes for plan in plans)
    return f"{said}. {'No change weakens a ban.' if changes else 'Nothing to do.'}"


def plan_text(plans: Sequence[Plan], width: int) -> str:
    """Write plans for people: the sentence first, then what each action means, what weakens a ban before the rest."""
    lines = [fill(f"Plan: {plan_sentence(plans)}", width)]
    for plan in plans:
        lines += ["", fill(f"{plan.destination} ({plan.type}, {plan.where}), as of {plan.as_of}", width)]
        if not (plan.actions or plan.left_to_others):
            lines.append(fill("nothing is ours there, and no document goes there", width, "  ", "    "))
        for action in weakest_first(plan.actions):
            lines += _action(action, width)
        lines += holding.lines(plan.left_to_others, width)
    return "\n".join(lines)


def _action(action: Action, width: int) -> Iterator[str]:
    held = ", HELD BACK unless --allow-loosening REASON" if action.held else ""
    direction = f": {action.direction}" if action.direction else ""
    yield fill(f"{action.op} {action.kind} {action.name}{direction}{held}", width, "  ", "      ")
    if action.op == "noop":
        return
    if action.assignment is not None:
        yield fill(f"for {words(action.assignment)}", width, "      ", "        ")
    elif action.op == "create":
        yield fill("for whom is not said in the deployment: it reaches nobody yet", width, "      ", "        ")
    if action.reasons:
        yield fill(f"differs in: {', '.join(action.reasons[:8])}", width, "      ", "        ")
    for said in effects(action.effects):
        yield fill(said, width, "      ", "        ")


def effects(found: Sequence[ActionEffect]) -> Iterator[str]:
    """Put the apps that fare alike into one line each."""
    together: dict[tuple[str, str, str, str], list[str]] = {}
    for one in found:
        together.setdefault((one.direction, one.platform, one.before, one.after), []).append(one.app)
    for (direction, platform, before, after), apps in together.items():
        shown = ", ".join(apps[:_MOST_APPS])
        more = f" and {len(apps) - _MOST_APPS} more" if len(apps) > _MOST_APPS else ""
        where = f" on {platform}" if platform else ""
        yield f"{direction}{where}, {before or 'nothing'} -> {after or 'nothing'}: {shown}{more}"


def plan_markdown(plans: Sequence[Plan], findings: Iterable[Finding]) -> str:
    """Write plans for a pull request."""
    lines = [markdown.heading("mdm-policy plan", 3), "", markdown.escape(plan_sentence(plans)), ""]
    for plan in plans:
        lines += [f"**{markdown.escape(plan.destination)}** ({markdown.escape(f'{plan.type}, {plan.where}')})", ""]
        rows = [*(_row(action) for action in weakest_first(plan.actions)), *holding.rows(plan.left_to_others)]
        lines += [markdown.table(("Action", "Object", "Direction", "What it means"), rows), ""]
    return with_findings(lines, findings)


def with_findings(lines: list[str], findings: Iterable[Finding]) -> str:
    """End a page in Markdown with findings."""
    said = [f"{one.severity} {markdown.code(one.id)}: {markdown.escape(one.message)}" for one in findings]
    return "\n".join([*lines, markdown.items(said), ""]) if said else "\n".join(lines)


def _row(action: Action) -> tuple[str, ...]:
    held = " (held back)" if action.held else ""
    means = "; ".join(effects(action.effects)) or ", ".join(action.reasons)
    return tuple(map(markdown.escape, (action.op, f"{action.kind} {action.name}", f"{action.direction}{held}", means)))


def plan_json(
    plans: Sequence[Plan], findings: Iterable[Finding], exit_code: int, more: dict[str, Any] | None = None
) -> str:
    """Write plans for programs, with `more` keys or others in their place; docs/push.md has the keys."""
    return dump(
        {
            "format": "mdm-policy-plan-report",
            "version": VERSION,
            "exit_code": exit_code,
            "summary": plan_sentence(plans),
            "destinations": [_plain_plan(plan) for plan in plans],
            "findings": [finding(one) for one in findings],
            **(more or {}),
        }
    )


def proof_fields(proof: Verification | None) -> dict[str, Any]:
    """Return the verifier's sentence and counts; there are no counts where nothing was read."""
    return {"sentence": proof_sentence(proof), "counts": proof.counts.plain if proof is not None else None}


def _plain_plan(plan: Plan) -> dict[str, Any]:
    return {
        "destination": plan.destination,
        "type": plan.type,
        "where": plan.where,
        "as_of": plan.as_of,
        "direction": plan.direction,
        "actions": [_plain_action(action) for action in plan.actions],
        "left_to_others": holding.plain(plan.left_to_others),
    }


def _plain_action(action: Action) -> dict[str, Any]:
    kept = ("op", "kind", "id", "key", "name", "direction", "path", "reasons", "held", "based_on")
    made: dict[str, Any] = {key: msgspec.to_builtins(getattr(action, key)) for key in kept}
    made["effects"] = msgspec.to_builtins(action.effects)
    made["assignment"] = msgspec.to_builtins(action.assignment)
    return made


def drift_sentence(plans: Sequence[Plan], weaker: bool) -> str:
    """Say in one sentence whether what is there is what should be."""
    if weaker:
        return "DRIFT: something that is ordered is blocked less there than it should be."
    if any(plan.changes for plan in plans):
        return "Drift: what is there differs, and blocks no less than it should."
    return "No drift: everything is there as it should be."


def drift_json(
    plans: Sequence[Plan], weaker: bool, findings: Iterable[Finding], exit_code: int, proof: Verification | None
) -> str:
    """Write drift for programs; the summary is the sentence that the text begins with."""
    more = {"summary": proof_sentence(proof), "drift": drift_sentence(plans, weaker), **proof_fields(proof)}
    return plan_json(plans, findings, exit_code, more)


def drift_text(
    plans: Sequence[Plan],
    weaker: bool,
    width: int,
    idle: Mapping[str, Sequence[Remote]],
    proof: Verification | None,
) -> str:
    """Write how what is there differs from what should be, between what is proven by it, said first and last.

    `idle` are objects that reach nobody, by destination.
    """
    said = fill(proof_sentence(proof), width)
    lines = [said, "", fill(drift_sentence(plans, weaker), width)]
    for plan in plans:
        lines += ["", fill(f"{plan.destination} ({plan.type}, {plan.where}), as of {plan.as_of}", width)]
        for action in weakest_first(plan.changes):
            lines.append(fill(f"{action.kind} {action.name} {_LACKS[action.op]}", width, "  ", "      "))
            if action.reasons:
                lines.append(fill(f"in: {', '.join(action.reasons[:8])}", width, "      ", "        "))
            lines += [fill(f"to mend it: {said}", width, "      ", "        ") for said in effects(action.effects)]
        nobody = idle.get(plan.destination, ())
        lines += [fill(f"{one.kind} {one.name} is assigned to nobody", width, "  ", "      ") for one in nobody]
        if not plan.changes and not nobody:
            lines.append("  as it should be")
        lines += holding.lines(plan.left_to_others, width)
    return "\n".join([*lines, "", said])


def drift_markdown(
    plans: Sequence[Plan],
    weaker: bool,
    idle: Mapping[str, Sequence[Remote]],
    proof: Verification | None,
    findings: Iterable[Finding],
) -> str:
    """Write drift for an issue: what is proven and whether there is drift, then a table for each destination that drifted."""
    lines = [markdown.heading("mdm-policy drift", 3), ""]
    lines += [markdown.escape(proof_sentence(proof)), "", markdown.escape(drift_sentence(plans, weaker)), ""]
    for plan in plans:
        lines += [f"**{markdown.escape(plan.destination)}** ({markdown.escape(f'{plan.type}, {plan.where}')})", ""]
        rows = [(f"{one.kind} {one.name}", _LACKS[one.op], _mending(one)) for one in weakest_first(plan.changes)]
        nobody = idle.get(plan.destination, ())
        rows += [(f"{one.kind} {one.name}", "is assigned to nobody", "it blocks nothing") for one in nobody]
        if rows:
            lines.append(markdown.table(("Object", "Drift", "To mend it"), [map(markdown.escape, row) for row in rows]))
        else:
            lines.append("as it should be")
        for one in plan.left_to_others:
            lines += [
                "",
                f"not made: {markdown.escape(f'{one.kind} {one.name}')}, its bans are held by {markdown.code(one.named)} (not ours)",
            ]
        lines.append("")
    return with_findings(lines, findings)


def _mending(action: Action) -> str:
    return "; ".join(effects(action.effects)) or ", ".join(action.reasons)


def status_markdown(
    found: Sequence[tuple[str, Sequence[DeviceEvidence]]], findings: Iterable[Finding], proof: Verification | None
) -> str:
    """Write for an issue what is proven by all that is there, the evidence of each destination, and what could not be read."""
    lines = [markdown.heading("mdm-policy status", 3), ""]
    lines += [markdown.escape(proof_sentence(proof)), "", _EVIDENCE, ""]
    for named, evidence in found:
        lines += [f"**{markdown.escape(named)}**", ""]
        rows = [(f"{one.kind} {one.name}", _standing(one), one.said, one.source) for one in evidence]
        if rows:
            headings = ("Object", "Devices", "What is said", "By")
            lines.append(markdown.table(headings, [map(markdown.escape, row) for row in rows]))
        else:
            lines.append(_NO_EVIDENCE)
        lines.append("")
    return with_findings(lines, findings)


def _standing(one: DeviceEvidence) -> str:
    who = f"device {one.device}" if one.device else f"{one.count} device{'s' * (one.count != 1)}"
    return "unknown" if one.state == "unknown" and not one.count else f"{one.state} on {who}"


def status_text(found: Sequence[tuple[str, Sequence[DeviceEvidence]]], width: int, proof: Verification | None) -> str:
    """Write what is proven by all that is there, and the evidence of each destination."""
    lines = [fill(proof_sentence(proof), width), "", fill(_EVIDENCE, width)]
    for named, evidence in found:
        lines += ["", fill(named, width)]
        if not evidence:
            lines.append(fill(_NO_EVIDENCE, width, "  ", "    "))
        for one in evidence:
            lines.append(fill(f"{one.kind} {one.name}: {_standing(one)}: {one.said}", width, "  ", "      "))
    sources = sorted({one.source for _, evidence in found for one in evidence if one.source})
    if sources:
        lines += ["", *(fill(f"by: {source}", width, "", "    ") for source in sources)]
    return "\n".join(lines)


def status_json(
    found: Sequence[tuple[str, Sequence[DeviceEvidence]]],
    findings: Iterable[Finding],
    exit_code: int,
    proof: Verification | None,
) -> str:
    """Write the evidence for programs, what is proven by all that is there, what undoes it, and which writes wait."""
    return dump(
        {
            "format": "mdm-policy-status",
            "version": VERSION,
            "exit_code": exit_code,
            **proof_fields(proof),
            "destinations": [
                {"destination": named, "evidence": msgspec.to_builtins(tuple(evidence))} for named, evidence in found
            ],
            "findings": [finding(one) for one in findings],
        }
    )
