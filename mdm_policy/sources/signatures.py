"""Say of each signed document that was read who signed it, and let one with a bad signature count for nothing.

A device refuses a profile whose signature does not fit its content, so such a profile blocks nothing, however well it
reads. Who the signer is changes nothing about what an installed profile does: that is said, and left to the reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy import signing
from mdm_policy.errors import Finding, Origin, finding_order, note
from mdm_policy.reading import Scope
from mdm_policy.sources import inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from mdm_policy.documents import Document
    from mdm_policy.sources.files import Policies

_UNCHECKED = "signature-not-checked"
TOLD = ("signed-by", "signature-not-checked", "signer-expired", "signer-expires-soon", "signer-weak")
"""Notes that belong to a result, however many there are."""
_REFUSED = Scope("nobody", why="has a signature that is not valid, so no device installs it")


def read_roots(paths: Iterable[Path]) -> tuple[bytes, ...]:
    """Read the certificates one trusts, in DER.

    Raises:
        PolicyError: `certificate-unreadable`, `file-unreadable`, `signing-extra-missing`.

    """
    return tuple(one for path in paths for one in signing.read_certificates(inputs.read_source(path)))


def judged(policies: Policies, day: str, roots: Sequence[bytes] = ()) -> Policies:
    """Examine every signature among the documents; `roots` are certificates to trust, in DER.

    A file whose signature is not valid reaches nobody. One that is packed in another document is taken out of it. Without
    the `[sign]` extra nothing is examined, and a note says so.
    """
    if not any(True for document in policies.documents for _ in _signed(document)):
        return policies
    found = [finding for finding in policies.findings if finding.id != _UNCHECKED]
    if not signing.available():
        for document in policies.documents:
            found += [_unexamined(one) for one in _signed(document)]
        return msgspec.structs.replace(policies, findings=_in_order(found))
    scopes = dict(policies.scopes)
    documents = []
    for document in policies.documents:
        if document.envelope and _examined(document, day, roots, found):
            scopes[document.name] = _REFUSED
        documents.append(_without_refused(document, day, roots, found))
    return msgspec.structs.replace(policies, documents=tuple(documents), scopes=scopes, findings=_in_order(found))


def _signed(document: Document) -> Iterator[Document]:
    if document.envelope:
        yield document
    for _, inner in document.inner:
        yield from _signed(inner)


def _unexamined(document: Document) -> Finding:
    said = "the file is signed; the signature is not examined, for the program lacks what that needs"
    return note(_UNCHECKED, said, Origin(document.name), signing.INSTALL)


def _examined(document: Document, day: str, roots: Sequence[bytes], found: list[Finding]) -> bool:
    """Add what there is to say of a signature; return whether devices refuse the document."""
    signature = signing.examine(document.envelope, roots, day)
    found += signing.on_signature(signature, day, Origin(document.name))
    return not signature.valid


def _without_refused(document: Document, day: str, roots: Sequence[bytes], found: list[Finding]) -> Document:
    """Return a document without the documents in it whose signatures are not valid."""
    if not any(True for _, inner in document.inner for _ in _signed(inner)):
        return document
    kept = []
    for pointer, inner in document.inner:
        if inner.envelope and _examined(inner, day, roots, found):
            continue
        kept.append((pointer, _without_refused(inner, day, roots, found)))
    return msgspec.structs.replace(document, inner=tuple(kept))


def _in_order(found: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(dict.fromkeys(found), key=finding_order))
