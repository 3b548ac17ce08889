"""The `learn` command."""

from __future__ import annotations

from pathlib import Path

import click

from mdm_policy.cli import edge, options, output
from mdm_policy.errors import Finding, PolicyError
from mdm_policy.loading.text import lenient
from mdm_policy.sources import inputs
from mdm_policy.sources.learning import Learned, learn, proposal


@options.command("learn")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@options.as_of("write beside what was learned")
def command(files: tuple[Path, ...], as_of: str) -> None:
    """Propose apps from what tools print of programs, as an overlay to review; no list is changed.

    FILE holds the output of `codesign -dv`, of Get-AppxPackage or Get-AppLockerFileInformation (both as Format-List), rows of osquery
    as JSON, or a winget manifest; - reads standard input.
    """
    found: list[tuple[str, Learned]] = []
    told: list[Finding] = []
    for path in files:
        source = inputs.read_source(path, edge.standard_input)
        learned, findings = learn(source.name, lenient(source.data))
        found += [(source.name, one) for one in learned]
        told += findings
    if any(finding.severity == "error" for finding in told):
        raise PolicyError(told)
    output.findings(tuple(told))
    output.data(proposal(found, as_of))
