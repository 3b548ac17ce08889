"""Sign what a build makes, for the targets that are to be signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy import signing
from mdm_policy.build.record import SignerRecord
from mdm_policy.errors import Finding  # noqa: TC001 - msgspec reads the fields' types at run time

if TYPE_CHECKING:
    from collections.abc import Collection


class Sealer(msgspec.Struct, frozen=True):
    """Sign content for whoever was named; `party` is who that is, `findings` what there is to say of them."""

    party: signing.Party
    signer: signing.Signer
    exactly: bool
    findings: tuple[Finding, ...]

    def __call__(self, name: str, content: bytes) -> bytes:
        """Return the signed file, which has been read back."""
        return signing.seal(name, content, self.signer, self.party, exactly=self.exactly)

    @property
    def told(self) -> SignerRecord:
        """Return the signer as a manifest records it."""
        signer = self.party.signer
        return SignerRecord(signer.subject, signer.issuer, signer.sha256, signer.not_after)


class Sealing:
    """Sign the documents of the targets that are to be signed."""

    def __init__(self, sealer: Sealer, targets: Collection[str] | None) -> None:
        """Keep who signs, and for which targets; None for all."""
        self._sealer = sealer
        self._targets = targets
        self.told = sealer.told
        self.findings = sealer.findings

    def seal(self, target: str, path: str, data: bytes) -> bytes | None:
        """Return the signed document, or None for one that is left as it is."""
        return self._sealer(path, data) if self._targets is None or target in self._targets else None
