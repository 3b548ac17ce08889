"""Write what a build made, and what the verifier says of it: its sentence stands first and last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.build import collateral
from mdm_policy.report import summary, verification
from mdm_policy.report.text import fill
from mdm_policy.verify import sentence
from mdm_policy.verify.counts import many

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.build import Built
    from mdm_policy.model import Resolution
    from mdm_policy.verify import Verification


def text(resolution: Resolution, built: Built, found: Verification, folder: Path, width: int) -> str:
    """Write the summary of a build in a folder for a person."""
    said = fill(sentence(found), width)
    counted = f"{many(len(built.documents), 'document')} for {many(len(built.targets), 'target')}"
    next_ = f"Next: open {folder / 'START-HERE.md'}: which files go into which console, for whom, and what stays open."
    parts = [
        said,
        fill(f"Built {counted} in {folder}, as of {resolution.as_of}. {_kept(built)}", width),
        f"Lists\n{summary.lists(resolution.statuses, width)}",
        summary.confidence(resolution, width),
        *_beside(built, width),
        *_accepted(built, width),
        *verification.body(found, width),
        fill(next_, width),
        said,
    ]
    return "\n\n".join(parts)


def _beside(built: Built, width: int) -> list[str]:
    """Say what the files do beside the ban, each with the targets whose files do it."""
    found: dict[str, list[str]] = {}
    for target in built.targets:
        written = [(one.document, one.path) for one in built.documents if one.target == target.name]
        for one in collateral.told(target, built.options[target.name], written):
            found.setdefault(one.sentence, []).append(target.name)
    lines = [f"{sentence[0].upper()}{sentence[1:]}: {', '.join(names)}" for sentence, names in sorted(found.items())]
    return ["\n".join(["Beside the ban", *(fill(line, width, "  ", "    ") for line in lines)])] if lines else []


def _accepted(built: Built, width: int) -> list[str]:
    """Say which findings the organization has accepted, until when, by whom and why."""
    lines = [f"{one.id}: {one.message}" for one in built.accepted]
    return ["\n".join(["Accepted findings", *(fill(line, width, "  ", "    ") for line in lines)])] if lines else []


def _kept(built: Built) -> str:
    """Say what reading back has shown of the files; what they come to on devices is the verifier's to say."""
    if not built.documents:
        return "Nothing that can be built blocks a banned app on these devices."
    declared = [record.path for record in built.documents if record.declared]
    kept = "Each was read back, and blocks exactly what its target claims to."
    if not declared:
        return kept
    shown = ", ".join(declared[:3]) + (f" and {len(declared) - 3} more" if len(declared) > 3 else "")
    return f"{kept} Declared, not modelled, for only the target's own manifest says what they do: {shown}."
