"""Read what is signed with: a private key, its certificate, and the certificates that lead to a root.

No passphrase and no part of a key is ever put into a message; a library's own words are not repeated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.signing import certificates
from mdm_policy.signing.model import Party

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdm_policy.loading import Source

    Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_PEM_KEY = re.compile(rb"-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----.*?-----END \1PRIVATE KEY-----", re.DOTALL)
_PEM_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_PFX = re.compile(rb"\x30(?:[\x00-\x7f]|\x80|\x81.|\x82..|\x83...|\x84....)\x02\x01\x03", re.DOTALL)
"""How PKCS#12 begins: a sequence whose first member is the version 3 (RFC 7292, 4)."""
_SHORTEST_RSA, _LONGEST_RSA = 2048, 8192
_CURVES = (ec.SECP256R1, ec.SECP384R1)
_KINDS = "RSA of 2048 to 8192 bits, or EC on P-256 or P-384"


class Identity(Frozen, frozen=True):
    """Hold a signer: its certificate, the certificates above it, and its key unless something else holds that."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: Key | None = None


class _Held(Frozen, frozen=True):
    """Hold what a key file held: a key, and the certificates beside it."""

    key: Key
    certificates: tuple[x509.Certificate, ...] = ()


def read_key_file(
    key: Source | None, cert: Source | None, chain: Sequence[Source], passphrase: Callable[[], bytes]
) -> Identity:
    """Read key, certificate and chain; a file with several certificates gives the signer's and the chain.

    Without a key (something else signs) the first certificate of `cert` is the signer's.

    Raises:
        PolicyError: see `mdm_policy.signing.read_identity`.

    """
    held = _read_key(key, passphrase) if key is not None else None
    given = certificates.parse(cert) if cert is not None else held.certificates if held is not None else ()
    if not given:
        hint = "give it with --cert FILE"
        place = Origin(key.name) if key is not None else None
        raise PolicyError([error("certificate-missing", "there is no certificate beside the key", place, hint)])
    signer = given[0]
    if held is not None:
        mine = [one for one in given if _public(one.public_key()) == _public(held.key.public_key())]
        if not mine:
            raise _mismatch(key, cert, given[0])
        signer = mine[0]
    beside = held.certificates if held is not None else ()
    above = (*given, *beside, *(one for source in chain for one in certificates.parse(source)))
    return Identity(
        signer, tuple(one for one in dict.fromkeys(above) if one != signer), held.key if held is not None else None
    )


def describe(identity: Identity, roots: Sequence[bytes], day: str) -> Party:
    """Say who signs, and whether certificates to trust (DER) vouch for the signer on a day."""
    signer, above = identity.certificate, identity.chain
    trusted = [x509.load_der_x509_certificate(one) for one in roots]
    why = certificates.distrust(signer, above, trusted, day) if trusted else ""
    return Party(
        certificates.describe(signer),
        tuple(certificates.describe(one) for one in above),
        tuple(certificates.describe(one) for one in certificates.path(signer, above)),
        ("untrusted" if why else "trusted") if trusted else "",
        why,
    )


def _public(key: object) -> bytes:
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b""


def _mismatch(key: Source | None, cert: Source | None, first: x509.Certificate) -> PolicyError:
    subject = certificates.describe(first).subject
    place = Origin(cert.name if cert is not None else key.name if key is not None else "")
    said = f"the key does not belong to the certificate of {subject}"
    return PolicyError([error("key-mismatch", said, place, "give the certificate that was issued for this key")])


def _read_key(source: Source, passphrase: Callable[[], bytes]) -> _Held:
    try:
        held = _parse_key(source, passphrase)
    except UnsupportedAlgorithm:
        said = "the key is encrypted in a way that is not known, or of a kind that is not known"
        hint = "write it anew: openssl pkcs8 -topk8, or openssl pkcs12 -export, of OpenSSL 3"
        raise PolicyError([error("key-unreadable", said, Origin(source.name), hint)]) from None
    return held


def _parse_key(source: Source, passphrase: Callable[[], bytes]) -> _Held:
    data = source.data
    pem = _PEM_KEY.search(data)
    if pem is None and _PFX.match(data):
        return _parse_pfx(source, passphrase)
    block = pem[0] if pem is not None else data
    load = load_pem_private_key if pem is not None else load_der_private_key
    word: bytes | None = None
    try:
        try:
            key = load(block, None)
        except TypeError:  # so the libraries say that it is encrypted
            word = _asked(source, passphrase)
            key = load(block, word)
    except (ValueError, TypeError):
        raise _unreadable(source, encrypted=word is not None) from None
    beside = certificates.parse(source) if pem is not None and _PEM_CERTIFICATE in data else ()
    return _Held(_of_kind(source, key), beside)


def _parse_pfx(source: Source, passphrase: Callable[[], bytes]) -> _Held:
    held = None
    for word in (None, b"", passphrase):
        try:
            held = pkcs12.load_pkcs12(source.data, _asked(source, word) if callable(word) else word)
            break
        except ValueError:
            continue
    if held is None:
        raise _unreadable(source, encrypted=True)
    if held.key is None:
        said = "there is no private key in it"
        raise PolicyError([error("key-unreadable", said, Origin(source.name), "export it again with the key")])
    own = (held.cert.certificate,) if held.cert is not None else ()
    return _Held(_of_kind(source, held.key), (*own, *(one.certificate for one in held.additional_certs)))


def _asked(source: Source, passphrase: Callable[[], bytes]) -> bytes:
    word = passphrase()
    if not word:
        said = "the key is encrypted, and there is no passphrase"
        hint = "use --passphrase-env NAME or --passphrase-fd NUMBER; at a terminal it is asked for"
        raise PolicyError([error("key-passphrase", said, Origin(source.name), hint)]) from None
    return word


def _unreadable(source: Source, *, encrypted: bool) -> PolicyError:
    place = Origin(source.name)
    if encrypted:
        said = "the passphrase is wrong, or the key is damaged"
        return PolicyError([error("key-passphrase", said, place, "check the passphrase")])
    hint = "give a private key in PEM, DER (PKCS#8) or PKCS#12"
    return PolicyError([error("key-unreadable", "there is no private key in it", place, hint)])


def _of_kind(source: Source, key: object) -> Key:
    """Return a key that signs profiles; others are not what devices are known to take."""
    if isinstance(key, rsa.RSAPrivateKey) and _SHORTEST_RSA <= key.key_size <= _LONGEST_RSA:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, _CURVES):
        return key
    raise PolicyError([error("key-kind", f"the key is not {_KINDS}", Origin(source.name), "use such a key")])
