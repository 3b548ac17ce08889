"""The `sign` command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mdm_policy.cli import options, output, signers
from mdm_policy.report import signing as report
from mdm_policy.workflows.sign import SignRequest, sign


@options.command("sign")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE|DIR")
@signers.options
@options.roots("Root certificates the devices trust: warn unless the chain leads to one. Repeatable.")
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path), help="Write here, in place of over what was read."
)
@options.as_of("judge certificates for")
@options.format_("text", "json")
def command(path: Path, roots: tuple[Path, ...], target: Path | None, as_of: str, format_: str, **given: Any) -> None:
    """Sign Apple profiles (CMS, attached, DER), in place unless -o says where.

    FILE is a profile; of a DIR, every profile in it is signed, and of a build in it those that are worth signing. A signed
    profile is signed anew. Each signature is read back before anything is written. A passphrase is asked for, or read from
    the environment or a descriptor.
    """
    result = sign(SignRequest(path, signers.chosen(**given), as_of, target, roots))
    signer, files = result.sealer, tuple((one.source, one.place, one.sha256, len(one.data)) for one in result.signed)
    if format_ == "json":
        output.data(report.data(signer.told, files))
    else:
        output.result(report.text(signer.party, files, output.width()))
    output.findings(result.findings)
