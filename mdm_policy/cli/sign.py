"""The `sign` command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from mdm_policy.cli import options, output, signers
from mdm_policy.documents import dump
from mdm_policy.report.text import fill
from mdm_policy.workflows.sign import SignRequest, SignResult, sign


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
    _tell(format_, result)
    output.findings(result.findings)


def _tell(format_: str, result: SignResult) -> None:
    party = result.sealer.party
    if format_ == "json":
        files = [
            {"file": str(one.source), "output": str(one.place), "content_sha256": one.sha256, "bytes": len(one.data)}
            for one in result.signed
        ]
        output.data(dump({"signer": msgspec.to_builtins(result.sealer.told), "files": files}, "json").decode())
        return
    many, above = len(result.signed), len(party.others)
    said = f"Signed {many} profile{'s' * (many != 1)} with {party.signer.subject}, {party.signer.key}"
    beside = f", and {above} certificate{'s' * (above != 1)} above it" if above else ""
    lines = [fill(f"{said}{beside}. Each signature was read back.", output.width())]
    output.result("\n".join([*lines, *(f"  {one.place}" for one in result.signed)]))
