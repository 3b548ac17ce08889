"""Sign profiles, and judge the signatures of signed ones (CMS SignedData, RFC 5652).

What the rest of the program lives by is the content of a signed file; a signature says who vouches for it. Everything
that needs the `[sign]` extra is imported here, when it is needed, so that a program without the extra still reads
signed files, and says that it did not examine their signatures.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from mdm_policy.errors import PolicyError, error
from mdm_policy.extras import install_hint
from mdm_policy.signing.model import Certificate, Party, Signature
from mdm_policy.signing.remarks import on_party, on_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdm_policy.loading import Source
    from mdm_policy.signing import keys

    Signer = Callable[[bytes], bytes]
    """Take content, give a CMS SignedData in DER that carries it."""

__all__ = [
    "Certificate",
    "Party",
    "Signature",
    "available",
    "describe",
    "examine",
    "on_party",
    "on_signature",
    "read_certificates",
    "read_identity",
    "seal",
    "signer_of",
]

INSTALL = install_hint("sign")
_EXTRA = ("asn1crypto", "cryptography")


def available() -> bool:
    """Tell whether the `[sign]` extra is installed."""
    return all(find_spec(name) is not None for name in _EXTRA)


def require() -> None:
    """Refuse to go on without the extra.

    Raises:
        PolicyError: `signing-extra-missing`.

    """
    if not available():
        said = f"signing and examining signatures need the packages {' and '.join(_EXTRA)}"
        raise PolicyError([error("signing-extra-missing", said, None, INSTALL)])


def read_certificates(source: Source) -> tuple[bytes, ...]:
    """Return the certificates of a PEM or DER file, each in DER.

    Raises:
        PolicyError: `certificate-unreadable`.

    """
    require()
    from mdm_policy.signing import certificates  # noqa: PLC0415 - needs the extra

    return certificates.read_certificate_file(source)


def examine(data: bytes, roots: Sequence[bytes] = (), day: str = "") -> Signature:
    """Judge the signature of a signed file; with certificates to trust (DER), on a day, also whether they vouch for it."""
    require()
    from mdm_policy.signing import reading  # noqa: PLC0415 - needs the extra

    return reading.examine(data, roots, day)


def read_identity(
    key: Source | None, cert: Source | None, chain: Sequence[Source], passphrase: Callable[[], bytes]
) -> keys.Identity:
    """Read what is signed with; the passphrase is asked for only when a key is encrypted.

    Raises:
        PolicyError: `key-unreadable`, `key-passphrase`, `key-kind`, `key-mismatch`, `certificate-unreadable`,
            `certificate-missing`.

    """
    require()
    from mdm_policy.signing import keys  # noqa: PLC0415 - needs the extra

    return keys.read_key_file(key, cert, chain, passphrase)


def signer_of(identity: keys.Identity) -> Signer:
    """Return what signs with a key that is at hand."""
    require()
    from mdm_policy.signing import cms  # noqa: PLC0415 - needs the extra

    return cms.signer(identity)


def describe(identity: keys.Identity, roots: Sequence[bytes] = (), day: str = "") -> Party:
    """Say who signs; with certificates to trust (DER), on a day, also whether they vouch for the signer."""
    require()
    from mdm_policy.signing import keys  # noqa: PLC0415 - needs the extra

    return keys.describe(identity, roots, day)


def seal(name: str, content: bytes, signer: Signer, party: Party, *, exactly: bool = True) -> bytes:
    """Sign content, read the signature back, and return the signed file only if it is what was wanted.

    `exactly` also refuses certificates that were not asked for.

    Raises:
        PolicyError: `signature-refused`, or what the signer raises.

    """
    require()
    from mdm_policy.signing import cms  # noqa: PLC0415 - needs the extra

    return cms.seal(name, content, signer, party, exactly=exactly)
