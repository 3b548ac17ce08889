"""Read X.509 certificates, follow them from signer to root, and hold a chain against the certificates one trusts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.signing.model import Certificate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.loading import Source

_PEM = b"-----BEGIN CERTIFICATE-----"
_MOST = 100
"""A file with more certificates than this is no chain of a signer's; nothing follows it through all of them."""
_SHORTEST_RSA = 2048
_LONGEST_NAME = 200
_BROKEN = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm)
"""What reading or checking a certificate raises that is damaged, or signed in a way that is not known."""


def read_certificate_file(source: Source) -> tuple[bytes, ...]:
    """Return the certificates of a PEM or DER file, each in DER.

    Raises:
        PolicyError: `certificate-unreadable`.

    """
    return tuple(one.public_bytes(Encoding.DER) for one in parse(source))


def parse(source: Source) -> tuple[x509.Certificate, ...]:
    """Read the certificates of a PEM or DER file.

    Raises:
        PolicyError: `certificate-unreadable`.

    """
    try:
        found = _parse(source.data)
    except _BROKEN:
        found = ()
    if not 0 < len(found) <= _MOST:
        said = "there is no certificate in it" if not found else f"it holds more than {_MOST} certificates"
        hint = "give a certificate in PEM (BEGIN CERTIFICATE) or DER"
        raise PolicyError([error("certificate-unreadable", said, Origin(source.name), hint)])
    return found


def _parse(data: bytes) -> tuple[x509.Certificate, ...]:
    if _PEM in data:
        return tuple(x509.load_pem_x509_certificates(data))
    return (x509.load_der_x509_certificate(data),)


def describe(certificate: x509.Certificate) -> Certificate:
    """Return what is said of a certificate; what cannot be read of it is said to be so."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        named, weak = f"RSA {key.key_size}", "" if key.key_size >= _SHORTEST_RSA else "its RSA key is short"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        named, weak = f"EC {key.curve.name}", ""
    else:
        named, weak = type(key).__name__.removeprefix("_"), ""
    hashed = certificate.signature_hash_algorithm
    if hashed is not None and hashed.name in ("md5", "sha1"):
        weak = f"it was issued with {hashed.name}"
    return Certificate(
        _name(certificate.subject),
        _name(certificate.issuer),
        certificate.fingerprint(hashes.SHA256()).hex(),
        certificate.not_valid_before_utc.date().isoformat(),
        certificate.not_valid_after_utc.date().isoformat(),
        named,
        weak,
        _may_sign(certificate),
    )


def _name(name: x509.Name) -> str:
    text = name.rfc4514_string() or "(no name)"
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}..."


def _may_sign(certificate: x509.Certificate) -> bool:
    """Tell whether the key usage, where there is one, admits signatures (RFC 5280, 4.2.1.3)."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    except x509.ExtensionNotFound:
        return True
    except _BROKEN:
        return False


def issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    """Tell whether a certificate bears another's signature.

    The library's own check (verify_directly_issued_by, cryptography 50.0.2) knows no SHA-1, with which old authorities
    have issued certificates that are still about.
    """
    key = by.public_key()
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    try:
        how, hash_ = certificate.signature_algorithm_parameters, certificate.signature_hash_algorithm
        if isinstance(key, rsa.RSAPublicKey) and hash_ is not None and isinstance(how, padding.PKCS1v15 | padding.PSS):
            key.verify(signature, signed, how, hash_)
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(how, ec.ECDSA):
            key.verify(signature, signed, how)
        else:
            return False
    except _BROKEN:
        return False
    return certificate.issuer == by.subject


def path(leaf: x509.Certificate, others: Iterable[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Follow a certificate up through others, as far as they go."""
    pool = list(dict.fromkeys(others))
    found = [leaf]
    while found[-1].subject != found[-1].issuer:
        above = next((one for one in pool if one not in found and issued(found[-1], one)), None)
        if above is None:
            break
        found.append(above)
    return tuple(found)


def altered(leaf: x509.Certificate, others: Iterable[x509.Certificate]) -> bool:
    """Tell whether a certificate's issuer is among others, and disowns it: then it is not what the issuer signed."""
    issuers = [one for one in (leaf, *others) if one.subject == leaf.issuer]
    return bool(issuers) and not any(issued(leaf, one) for one in issuers)


def distrust(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], day: str
) -> str:
    """Return why a chain does not lead to a certificate one trusts, or nothing when it does.

    Whether the signer's own certificate has expired is another question, so the chain is judged on the day nearest to
    the given one on which that certificate was valid. Names of hosts, and what a web server would need, do not matter.
    """
    if leaf in roots:
        return ""
    asked = dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")
    moment = min(max(asked, leaf.not_valid_before_utc), leaf.not_valid_after_utc)
    builder = verification.PolicyBuilder().store(verification.Store(list(roots))).time(moment)
    builder = builder.extension_policies(ca_policy=_authorities(), ee_policy=verification.ExtensionPolicy.permit_all())
    try:
        builder.build_client_verifier().verify(leaf, list(others))
    except (verification.VerificationError, *_BROKEN) as bad:
        top = path(leaf, (*others, *roots))[-1]
        if top not in roots and not any(one.subject == top.issuer for one in (*others, *roots) if one != top):
            return f"{_name(top.issuer)}, which issued {_name(top.subject)}, is not at hand"
        return str(bad).partition(" (encountered processing")[0].removeprefix("validation failed: ")
    return ""


def _authorities() -> verification.ExtensionPolicy:
    """Return what an issuing certificate has to say of itself (RFC 5280, 4.2.1.9 and 4.2.1.3).

    The defaults of the library are those of the public web, which private authorities need not follow: they want a key
    usage and key identifiers in each certificate.
    """
    agnostic = verification.Criticality.AGNOSTIC
    policy = verification.ExtensionPolicy.permit_all()
    policy = policy.require_present(x509.BasicConstraints, agnostic, None)
    return policy.may_be_present(x509.KeyUsage, agnostic, _may_issue)


def _may_issue(_policy: verification.Policy, _certificate: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("the key usage of an issuing certificate leaves out keyCertSign")
