"""Write what was signed, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.report import machine
from mdm_policy.report.text import fill

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mdm_policy.build.record import SignerRecord
    from mdm_policy.signing import Party

    Signed = tuple[Path, Path, str, int]
    """What was read, what was written, the SHA-256 (hex) of the content inside, and the size of what was written."""


def data(signer: SignerRecord, files: Sequence[Signed]) -> str:
    """Write it as JSON (docs/formats.md)."""
    made = [
        {"file": str(source), "output": str(place), "content_sha256": digest, "bytes": size}
        for source, place, digest, size in files
    ]
    return machine.dump({"signer": msgspec.to_builtins(signer), "files": made})


def text(party: Party, files: Sequence[Signed], width: int) -> str:
    """Write it for people."""
    many, above = len(files), len(party.others)
    said = f"Signed {many} profile{'s' * (many != 1)} with {party.signer.subject}, {party.signer.key}"
    beside = f", and {above} certificate{'s' * (above != 1)} above it" if above else ""
    return "\n".join([fill(f"{said}{beside}. Each signature was read back.", width), *(f"  {one[1]}" for one in files)])
