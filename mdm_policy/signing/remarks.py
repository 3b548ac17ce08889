"""Say what there is to say of a signer and of a signature: who it is, until when, and what a device makes of it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, note, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.errors import Origin, Severity
    from mdm_policy.signing.model import Certificate, Party, Signature

_SOON = 30
"""Days before a certificate's end from which it is worth a word."""


def on_party(party: Party, day: str, place: Origin) -> Iterator[Finding]:
    """Say what is wrong with who is about to sign: each a warning, since devices show it and still install."""
    yield from _on_signer(party.signer, day, place, signing=True)
    top = party.path[-1]
    stray = [one for one in party.others if one not in party.path]
    if stray:
        said = f"{len(stray)} of the certificates given lead nowhere from the signer: {_subjects(stray)}"
        yield warning("signer-chain-stray", said, place, "leave them out, or give the ones between too")
    if party.trust == "untrusted":
        yield _untrusted(party.distrust, place)
    elif not party.trust and len(party.path) == 1 and not top.self_issued:
        said = f"the chain is not complete: {top.issuer}, which issued {top.subject}, is not among the certificates"
        hint = "give it with --chain, or say with --ca which root the devices trust"
        yield warning("signer-chain-incomplete", said, place, hint)


def _subjects(found: Sequence[Certificate]) -> str:
    return ", ".join(one.subject for one in found[:3]) + (" and more" if len(found) > 3 else "")


def _untrusted(why: str, place: Origin) -> Finding:
    said = f"the signer's chain does not lead to a certificate of --ca: {why}; a device shows Unverified"
    return warning("signer-untrusted", said, place, "sign with a certificate the devices trust, or correct --ca")


def _on_signer(signer: Certificate, day: str, place: Origin, *, signing: bool) -> Iterator[Finding]:
    """Say what is wrong with a signer's certificate on a day: grave before signing, worth a note in a signed file."""
    grave: Severity = "warning" if signing else "note"
    name = signer.subject
    if signer.not_after < day:
        # dns.notjakob.com (practitioner's page, 2026-11): an installed profile stays, and shows as Unverified.
        said = f"the certificate of {name} expired on {signer.not_after}: an installed profile stays, and shows as Unverified"
        yield Finding("signer-expired", grave, said, place, "sign again with a new certificate")
    elif day < signer.not_before:
        said = f"the certificate of {name} is valid only from {signer.not_before}: until then a device shows Unverified"
        yield warning("signer-not-yet-valid", said, place, "wait, or sign with another certificate")
    elif signer.not_after <= _later(day):
        said = f"the certificate of {name} expires on {signer.not_after}; profiles then show as Unverified"
        yield Finding("signer-expires-soon", grave, said, place, "get a new certificate, and sign again")
    if not signer.signs:
        said = f"the certificate of {name} is not for signatures: its key usage leaves out digitalSignature"
        yield warning("signer-usage", said, place, "use a certificate issued for signing")
    if signer.weak:
        said = f"nobody should rely on the certificate of {name} any more: {signer.weak}"
        yield Finding("signer-weak", grave, said, place, "use RSA of 2048 bits or more, or EC, issued with SHA-256")


def _later(day: str) -> str:
    return (dt.date.fromisoformat(day) + dt.timedelta(days=_SOON)).isoformat()


def on_signature(found: Signature, day: str, place: Origin) -> Iterator[Finding]:
    """Say what was found out about the signature of a file that was read."""
    if not found.valid or found.signer is None:
        said = f"the signature is not valid: {found.fault}; no device installs the file, so it blocks nothing"
        yield warning("signature-invalid", said, place, "sign it again, or get it anew from where it came")
        return
    yield note("signed-by", _who(found), place)
    for other in found.others:
        said = f"the content is signed by another one as well: {other.subject}, valid {other.not_before} to {other.not_after}"
        yield warning("signature-second", said, place, "ask whoever sent it; one signature is what an MDM makes")
    if found.trailing:
        said = f"{found.trailing:,} bytes follow the signed content, and no signature covers them"
        yield warning("signature-trailing-bytes", said, place, "get it anew from where it came")
    if found.trust == "untrusted":
        yield _untrusted(found.distrust, place)
    if found.digest == "sha1":
        yield note("signature-digest-weak", "the signature rests on SHA-1", place, "sign again with SHA-256")
    yield from _on_signer(found.signer, day, place, signing=False)


def _who(found: Signature) -> str:
    signer, top = found.signer, found.chain[-1]
    assert signer is not None  # noqa: S101 - a valid signature has a signer
    many = len(found.certificates)
    said = f"signed by {signer.subject}, {signer.key}, {found.digest}, valid {signer.not_before} to {signer.not_after}"
    carried = f"it carries {many} certificate{'s' * (many != 1)}"
    if found.trust == "trusted":
        return f"{said}; {carried}, and the chain leads to --ca"
    if top.self_issued:
        return f"{said}; {carried}, up to {top.subject}" + ("" if found.trust else ", not held against a --ca")
    return f"{said}; {carried}, the topmost issued by {top.issuer}" + (
        "" if found.trust else ", not held against a --ca"
    )
