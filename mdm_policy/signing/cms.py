"""Make a signature with a key at hand, and accept a signature, whoever made it, only after reading it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.signing import reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdm_policy.signing.keys import Identity
    from mdm_policy.signing.model import Party, Signature

_OPTIONS = (PKCS7Options.Binary, PKCS7Options.NoCapabilities)
"""Without Binary, line ends would be rewritten inside the signature (measured, cryptography 50.0.2)."""
_NAMED = 16
"""How many digits of a digest tell certificates apart for a reader."""


def signer(identity: Identity) -> Callable[[bytes], bytes]:
    """Return what signs with the identity's key: attached, DER, SHA-256 (SHA-384 on P-384), with the chain."""
    key = identity.key
    if key is None:
        raise ValueError("an identity without a key cannot sign")
    large = isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1)
    hash_ = hashes.SHA384() if large else hashes.SHA256()

    def sign(content: bytes) -> bytes:
        builder = PKCS7SignatureBuilder().set_data(content).add_signer(identity.certificate, key, hash_)
        # Last of all: set_data and add_signer forget the certificates added before (measured, cryptography 50.0.2).
        for certificate in identity.chain:
            builder = builder.add_certificate(certificate)
        return builder.sign(Encoding.DER, list(_OPTIONS))

    return sign


def seal(name: str, content: bytes, sign: Callable[[bytes], bytes], party: Party, *, exactly: bool) -> bytes:
    """Sign content and read the result back: the same content, a valid signature, the right signer and certificates.

    Raises:
        PolicyError: `signature-refused`, or what the signer raises.

    """
    made = sign(content)
    found = reading.examine(made, (), "")
    wrong = _wrong(found, content, party, exactly=exactly)
    if wrong:
        said = f"the signature that was made is refused: {wrong}; nothing is written"
        raise PolicyError([error("signature-refused", said, Origin(name), "look at what signs")])
    return made


def _wrong(found: Signature, content: bytes, party: Party, *, exactly: bool) -> str:
    """Return what is wrong with a signature, or nothing."""
    if not found.content:
        return "it is not CMS signed data with the content inside"
    if found.content != content:
        return "the content inside is not the file's"
    if found.fault or found.signer is None:
        return f"it is not valid, because {found.fault}"
    if found.signer.sha256 != party.signer.sha256:
        return f"{found.signer.subject} signed, not {party.signer.subject}"
    carried = sorted(found.certificates)
    wanted = sorted((party.signer.sha256, *(one.sha256 for one in party.others)))
    missing = [one for one in wanted if one not in carried]
    if missing:
        return f"it lacks {len(missing)} of {len(wanted)} certificates, such as {missing[0][:_NAMED]}"
    if exactly and carried != wanted:
        return f"it carries {len(carried)} certificates where {len(wanted)} were asked for"
    return ""
