"""The `apply` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import confirm, edge, options, output
from mdm_policy.push.proving import proof_sentence
from mdm_policy.report import outcomes as report
from mdm_policy.report import verification
from mdm_policy.report.text import fill
from mdm_policy.workflows.apply import ApplyRequest, ApplyResult, apply
from mdm_policy.workflows.execution import after_writes


@options.command("apply")
@click.argument("path", metavar="PLAN", type=click.Path(path_type=Path, dir_okay=False))
@options.deployment("The deployment; default: the one of the plan.")
@options.as_of("plan for")
@options.templates()
@options.YES
@options.LOOSEN
@options.ASK_AGAIN
@options.strict("Exit 11 when the proof leaves any gap that is not accepted.")
@options.SEAL
@options.grants()
@options.INSECURE
@options.format_("text", "json", "markdown", help="How to print; markdown is for an issue.")
def command(
    path: Path,
    deployment: Path | None,
    as_of: str,
    folders: tuple[Path, ...],
    yes: bool,
    reason: str,
    ask_again: bool,
    strict: bool,
    seal: Path | None,
    insecure: bool,
    format_: str,
) -> None:
    """Carry out a saved PLAN, read everything back, and prove it.

    Plans again, and refuses when the plan is not the same in all its parts: it was edited, or something has moved. What weakens a ban is left out without --allow-loosening.
    An interrupted run goes on where it stopped when it is run again, as does one that waits until a second administrator has
    approved its writes. Exit codes: 0 done, and what was read back is what was planned; 12 done in part, or waiting; 11 less is blocked than was planned, or with --strict than is ordered; 1 nothing was
    changed.
    """
    asked = ApplyRequest(path, as_of, deployment, folders, reason, insecure, seal, ask_again)
    result = apply(asked, edge.services(), lambda plan: confirm.ask(plan, yes))
    code = result.exit_code(strict=strict)
    again = output.command_line("apply", path, deployment, reason)
    with after_writes(result.writes):
        if format_ == "json":
            proof = report.applied_proof(result.proof, result.not_reached)
            output.data(report.outcome_json(result.outcomes, result.findings, code, again, proof))
        elif format_ == "markdown":
            said = proof_sentence(result.proof)
            output.data(report.outcome_markdown(result.outcomes, result.findings, said, again))
        else:
            _tell(result, again)
        output.findings(result.findings)
    if code:
        raise click.exceptions.Exit(code)


def _tell(result: ApplyResult, again: str) -> None:
    width = output.width()
    said = fill(proof_sentence(result.proof), width)
    parts = [said, report.outcome_text(result.outcomes, width)]
    if result.receipt.exists():
        parts.append(f"The receipt is {result.receipt}; undo it with: mdm-policy rollback {result.receipt}")
    if result.proof is not None:
        lists, *rest = verification.parts(result.proof, width)
        parts += [f"Proof, from what was read back\n\n{lists}", *rest]
    if result.not_reached:
        parts.append(fill(f"Nothing was pushed for: {', '.join(result.not_reached)}.", width))
    waiting = report.waiting_text(result.outcomes, again, width)
    output.result("\n\n".join([*parts, *([waiting] if waiting else []), said]))
