"""Tell a document's format from its first characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdm_policy.documents.binaries import is_binary
from mdm_policy.documents.prolog import read_prolog
from mdm_policy.documents.texts import TextReport, TextSource, decode

if TYPE_CHECKING:
    from mdm_policy.documents.locate import Format

_PLIST_ROOT = re.compile(r"<(?:plist|dict)[\s/>]")
"""The root of a property list, or of the fragment of one that some consoles take."""


def sniff(name: str, data: bytes) -> Format:
    """Return the format of a document's bytes.

    Raises:
        PolicyError: `document-format-unknown`, or what keeps the bytes from being text.

    """
    return "plist" if is_binary(data) else sniff_text(decode(name, data, len(data)))


def sniff_text(source: TextSource) -> Format:
    """Return the format of a text.

    Raises:
        PolicyError: `document-format-unknown`.

    """
    start = source.text.lstrip()
    if start.startswith(("{", "[")):
        return "json"
    if not start.startswith("<"):
        TextReport(source.name).fail(
            "document-format-unknown",
            "the document is neither a property list, nor JSON, nor XML",
            (1, 1),
            "give the file the console exported, not a spreadsheet or an archive",
        )
    prolog = read_prolog(source.text)
    doctype = prolog.doctype is not None and source.text.startswith("<!DOCTYPE plist", prolog.doctype[0])
    return "plist" if doctype or _PLIST_ROOT.match(source.text, prolog.root) else "xml"
