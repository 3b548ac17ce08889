"""Name the misspelt key of a document that is most likely why an app is not blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.verify.pieces import acting
from mdm_policy.vocabulary import APPLE_PLATFORMS, PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.model import DeviceClass
    from mdm_policy.verify.pieces import Piece

_NEAR = "unknown-key"
_OF_A_VENDOR = {"apple-": APPLE_PLATFORMS, "amapi-": frozenset({"android"})}
"""Whose devices take a document of a kind, by what its name begins with."""


def misspelt(pieces: Iterable[Piece], cls: DeviceClass) -> str:
    """Return in a sentence which key of a document for a class looks like one that would block, or nothing."""
    for one in acting(pieces, cls):
        if not _may_be_for(one, cls):
            continue
        for reading in one.readings:
            for found in reading.findings:
                if found.id == _NEAR and found.origin is not None:
                    return f"likely reason: {found.origin}: {found.message}; {found.hint}"
    return ""


def _may_be_for(one: Piece, cls: DeviceClass) -> bool:
    """Tell whether a document is about a class's platform, or about none, as one is whose only list has a wrong key."""
    kind = one.document.kind
    of_others = any(kind.startswith(begin) and cls.platform not in taken for begin, taken in _OF_A_VENDOR.items())
    return not of_others and (one.addresses(cls.platform) or not any(map(one.addresses, PLATFORMS)))
