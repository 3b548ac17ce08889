"""Hold what is said of signatures, in plain values: nothing here needs the `[sign]` extra."""

from __future__ import annotations

from typing import Literal

from mdm_policy.model import Frozen


class Certificate(Frozen, frozen=True):
    """Describe a certificate: names in RFC 4514 form, the SHA-256 (hex) of its DER, the days of its validity (UTC).

    `key` is such as `RSA 2048` or `EC secp256r1`; `weak` says why nobody should rely on it any more, or is empty;
    `signs` is False when its key usage leaves out digitalSignature.
    """

    subject: str
    issuer: str
    sha256: str
    not_before: str
    not_after: str
    key: str
    weak: str = ""
    signs: bool = True

    @property
    def self_issued(self) -> bool:
        """Tell whether the certificate names itself as its issuer, as a root does."""
        return self.subject == self.issuer


class Signature(Frozen, frozen=True):
    """Hold what was found out about the signature of a signed file.

    `fault` says why the signature is not valid, and is empty when it is. `chain` leads from the signer up through the
    certificates that the file carries; `certificates` are the SHA-256 (hex) of all of them. `trust` is empty when no
    certificate to trust was given; `distrust` says why the chain does not lead to one.
    """

    content: bytes
    fault: str = ""
    signer: Certificate | None = None
    chain: tuple[Certificate, ...] = ()
    certificates: tuple[str, ...] = ()
    digest: str = ""
    trust: Literal["", "trusted", "untrusted"] = ""
    distrust: str = ""
    others: tuple[Certificate, ...] = ()
    """Who else signed the content, in the order of the signatures."""
    trailing: int = 0
    """How many bytes follow the signed content, covered by no signature."""

    @property
    def valid(self) -> bool:
        """Tell whether the content is what the signer signed."""
        return not self.fault


class Party(Frozen, frozen=True):
    """Say who signs: the signer, the certificates the signed file has to carry beside its own, and the way up.

    `path` leads from the signer up through `others`. `trust` and `distrust` are as in a `Signature`.
    """

    signer: Certificate
    others: tuple[Certificate, ...] = ()
    path: tuple[Certificate, ...] = ()
    trust: Literal["", "trusted", "untrusted"] = ""
    distrust: str = ""
