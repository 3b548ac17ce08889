"""Find in receipts which bans were left to objects of others: they name what `drift` watches, and prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, Origin, PolicyError, warning
from mdm_policy.push.planfile import load_receipt
from mdm_policy.sources import inputs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mdm_policy.push.model import LeftToOthers
    from mdm_policy.push.planfile import ReceiptFile

_PATTERN = "*.receipt.json"


def recorded(given: Sequence[Path], beside: Path) -> tuple[dict[tuple[str, str], LeftToOthers], tuple[Finding, ...]]:
    """Return what the newest receipts say is left to others, by destination and key; those `beside` where none are given.

    A receipt that lies there and cannot be read is told of, and left out: without it a ban that is lost is found all the same.

    Raises:
        PolicyError: a receipt that was given cannot be read.

    """
    told: list[Finding] = []
    files: list[tuple[str, str, ReceiptFile]] = []
    for path in given or sorted(beside.glob(_PATTERN)):
        try:
            file = load_receipt(str(path), inputs.read_source(path).data)
        except PolicyError as bad:
            if given:
                raise
            said = f"the receipt cannot be read: {bad.findings[0].message}"
            told.append(
                warning("receipt-unread", said, Origin(str(path)), "remove it, or name the right ones with --receipt")
            )
        else:
            files.append((file.time, path.name, file))
    newest: dict[str, tuple[LeftToOthers, ...]] = {}
    for _, _, file in sorted(files, key=lambda one: one[:2]):
        newest |= {one.destination: one.left_to_others for one in file.receipts if one.left_to_others}
    return {(name, one.key): one for name, held in newest.items() for one in held}, tuple(told)
