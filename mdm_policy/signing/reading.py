"""Examine the signature of a signed file: whether the content is what was signed, and who signed it.

asn1crypto takes the file apart, cryptography checks; neither has a verifier of CMS of its own (cryptography 50.0.2 signs
and decrypts only). The bytes are hostile: whatever goes wrong means that the signature is not valid, never an exception.
A signature counts as valid only if this parser and the reader of `documents` see the same content, so that nothing else is
judged than what was signed.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING, Any

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from mdm_policy.documents.signed import behind, elements_in, signed_content
from mdm_policy.signing import certificates
from mdm_policy.signing.model import Signature

if TYPE_CHECKING:
    from collections.abc import Sequence

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,  # profiles that Jamf Pro's built-in authority signs are read all the same
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_MOST_CERTIFICATES = 100
_MOST_SIGNERS = 10
_MOST_ELEMENTS = 50_000
"""Elements of a signed file: a hundred certificates have 20,000, and content of 16 MiB in pieces of 1,000 bytes 17,000."""
_SET = b"\x31"


class _InvalidError(Exception):
    """Say why a signature is not valid."""


def examine(data: bytes, roots: Sequence[bytes], day: str) -> Signature:
    """Judge the signature of a signed file; `roots` are certificates to trust, in DER, asked for on a day."""
    content = signed_content(data) or b""
    trailing = behind(data)
    data = data[: len(data) - trailing]
    found = elements_in(data, _MOST_ELEMENTS)
    if not 0 < found <= _MOST_ELEMENTS:
        many = f"it holds more than {_MOST_ELEMENTS:,} elements, far more than any signature"
        return Signature(content, many if found > 0 else "its structure is damaged")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a library's remark on an odd certificate must not reach the user
        try:
            return _examine(data, content, trailing, [x509.load_der_x509_certificate(one) for one in roots], day)
        except _InvalidError as bad:
            return Signature(content, str(bad))
        except Exception:  # noqa: BLE001 - hostile bytes make both libraries fail in ways that nobody has listed
            return Signature(content, "its structure is damaged")


def _examine(data: bytes, content: bytes, trailing: int, roots: list[x509.Certificate], day: str) -> Signature:
    signed = _signed_data(data, content)
    carried, originals = _certificates(signed)
    signers = list(signed["signer_infos"])
    if not signers:
        raise _InvalidError("it carries no signature")
    if len(signers) > _MOST_SIGNERS:
        raise _InvalidError(f"it carries more than {_MOST_SIGNERS} signatures")
    # A device has to accept all of them; the first one gives the name.
    checked = [_check(info, content, carried, originals) for info in signers]
    leaf, digest = checked[0]
    for one, _ in checked:
        # Judged by what the file carries alone: a root of the same name in --ca may be another one.
        if certificates.altered(one, carried):
            raise _InvalidError("the signer's certificate is not what its issuer signed")
    chain = certificates.path(leaf, carried)
    why = certificates.distrust(leaf, carried, roots, day) if roots else ""
    return Signature(
        content,
        "",
        certificates.describe(leaf),
        tuple(certificates.describe(one) for one in chain),
        tuple(hashlib.sha256(one).hexdigest() for one in originals),
        digest,
        ("untrusted" if why else "trusted") if roots else "",
        why,
        tuple(certificates.describe(one) for one, _ in checked[1:]),
        trailing,
    )


def _signed_data(data: bytes, content: bytes) -> Any:
    info = cms.ContentInfo.load(data)
    if info["content_type"].native != "signed_data":
        raise _InvalidError("it is not signed data")
    signed = info["content"]
    inner = signed["encap_content_info"]
    if inner["content_type"].native != "data":
        raise _InvalidError("what is signed is not plain data")
    if bytes(inner["content"]) != content:
        raise _InvalidError("two readers see different contents in it")
    return signed


def _certificates(signed: Any) -> tuple[list[x509.Certificate], list[bytes]]:
    """Return the certificates a file carries, and the DER of each."""
    found = [one.chosen.dump() for one in signed["certificates"] if one.name == "certificate"]
    if len(found) > _MOST_CERTIFICATES:
        raise _InvalidError(f"it carries more than {_MOST_CERTIFICATES} certificates")
    return [x509.load_der_x509_certificate(one) for one in found], found


def _check(info: Any, content: bytes, carried: list[x509.Certificate], originals: list[bytes]) -> tuple[Any, str]:
    """Check one signature; return the signer's certificate and the name of the digest."""
    signer = _signer(info["sid"], carried, originals)
    digest = info["digest_algorithm"]["algorithm"].native
    if digest not in _HASHES:
        raise _InvalidError("its digest is none that is known")
    attributes = info["signed_attrs"]
    signed = content
    if attributes.native is not None:
        _check_attributes(attributes, content, _HASHES[digest]())
        # RFC 5652, 5.4: the signature is over the attributes as a SET OF, whatever tag stands in the file.
        signed = _SET + attributes.dump()[1:]
    try:
        _verify(signer.public_key(), info["signature"].native, signed, info["signature_algorithm"], digest)
    except InvalidSignature:
        raise _InvalidError("it was altered after it was signed, or signed with another key") from None
    return signer, digest


def _signer(sid: Any, carried: list[x509.Certificate], originals: list[bytes]) -> x509.Certificate:
    for certificate, original in zip(carried, originals, strict=True):
        parsed = cms.Certificate.load(original)
        if sid.name == "issuer_and_serial_number":
            named = sid.chosen
            issuer, serial = parsed["tbs_certificate"]["issuer"].dump(), parsed["tbs_certificate"]["serial_number"]
            fits = named["issuer"].dump() == issuer and named["serial_number"].native == serial.native
        else:
            fits = parsed.key_identifier == sid.native
        if fits and parsed["signature_value"].contents[:1] != b"\x00":
            # Bits said to be unused: both libraries overlook them, and the certificate is another file all the same.
            raise _InvalidError("the signer's certificate is not what its issuer signed")
        if fits:
            return certificate
    raise _InvalidError("it does not carry the signer's certificate")


def _check_attributes(attributes: Any, content: bytes, hash_: hashes.HashAlgorithm) -> None:
    """Check what the signed attributes say of the content: its type and its digest, each once (RFC 5652, 11)."""
    said: dict[str, list[Any]] = {}
    for attribute in attributes:
        said.setdefault(attribute["type"].native, []).extend(attribute["values"].native)
    if said.get("content_type") != ["data"]:
        raise _InvalidError("its signed attributes are about another type of content")
    hasher = hashes.Hash(hash_)
    hasher.update(content)
    if said.get("message_digest") != [hasher.finalize()]:
        raise _InvalidError("the content was altered after it was signed")


def _verify(key: Any, signature: bytes, signed: bytes, algorithm: Any, digest: str) -> None:
    """Check a signature by its algorithm; a hash that the algorithm does not name is the digest's."""
    kind, name = algorithm.signature_algo, digest
    if kind == "rsassa_pss":
        parameters = algorithm["parameters"]
        name = parameters["hash_algorithm"]["algorithm"].native
    elif algorithm["algorithm"].native not in ("rsassa_pkcs1v15", "ecdsa"):
        name = algorithm.hash_algo
    if name != digest:
        raise _InvalidError("its digest and its signature name different hashes")
    hash_ = _HASHES[name]()
    if kind == "rsassa_pss" and isinstance(key, rsa.RSAPublicKey):
        salt = parameters["salt_length"].native
        key.verify(signature, signed, padding.PSS(padding.MGF1(hash_), salt), hash_)
    elif kind == "rsassa_pkcs1v15" and isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), hash_)
    elif kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(hash_))
    else:
        raise _InvalidError("its algorithm is none that is known")
