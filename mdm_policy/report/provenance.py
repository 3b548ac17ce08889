"""Say what the verification of a build found, for people and for programs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mdm_policy.provenance.statement import declared, outcome
from mdm_policy.report import machine
from mdm_policy.report.text import fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.errors import Finding
    from mdm_policy.provenance import Checked, RecordedBuild, Rerendering


def text(record: RecordedBuild, checked: Checked, again: Rerendering, findings: Sequence[Finding], width: int) -> str:
    """Write the outcome in a few sentences; which of the two proofs was made is said in the first."""
    states = Counter(file.state for file in checked.files)
    wrong = len(checked.files) - states["same"] - states["signed"]
    bad = any(finding.severity == "error" for finding in checked.findings)
    hashes = "Hashes differ" if bad else "Hashes agree"
    if again.state == "agrees":
        rendered = "rendered again from its inputs to the same bytes"
    elif again.state == "differs":
        rendered = again.because or "rendered again from its inputs to other bytes"
    else:
        rendered = f"not rendered again: {again.because}"
    counted = f"{len(checked.files)} files, of {record.build.as_of}, by {record.build.program}"
    parts = [fill(f"{hashes}; {rendered}.", width), fill(f"The build: {counted}.", width)]
    if wrong or checked.foreign:
        parts.append(fill(f"Changed, missing or links: {wrong}. Foreign: {len(checked.foreign)}.", width))
    if states["signed"]:
        said = (
            f"Signed: {states['signed']}. Their content is what was built; whose signatures they are, and whether they "
            "are good, is not checked here."
        )
        parts.append(fill(said, width))
    own = declared(record)
    if own:
        said = f"Declared, not modelled, for only the target's own manifest says what they do: {', '.join(own)}."
        parts.append(fill(said, width))
    if again.state == "not-done" and not bad:
        said = "Hashes alone show accidents. Whoever can change a file can change the manifest with it."
        parts.append(fill(said, width))
    parts.append(f"Result: {outcome(findings)}")
    return "\n".join(parts)


def data(record: RecordedBuild, checked: Checked, again: Rerendering, findings: Sequence[Finding], program: str) -> str:
    """Write the outcome as JSON (docs/formats.md)."""
    return machine.dump(
        {
            "format": "mdm-policy-build-verification",
            "version": 1,
            "program": program,
            "build": {"program": record.build.program, "as_of": record.build.as_of, "manifest_sha256": record.sha256},
            "result": outcome(findings),
            "files": [
                {"path": one.path, "sha256": one.sha256, "found": one.found, "state": one.state}
                for one in checked.files
            ],
            "foreign": list(checked.foreign),
            "declared": list(declared(record)),
            "rendered_again": {"state": again.state, "because": again.because, "differs": list(again.differs)},
            "findings": [machine.finding(finding) for finding in findings],
        }
    )
