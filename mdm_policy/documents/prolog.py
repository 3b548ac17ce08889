"""Read what stands before the root element of an XML text, and take away what no parser should see.

The document type is where XML's attacks live (external entities, entity bombs), and no vendor of ours needs one except
Apple, whose DOCTYPE line says nothing. It is checked here, as text, and blanked out, so that the XML parsers never
meet a DTD and every entity but XML's own five is an error to them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.documents.texts import place_of

if TYPE_CHECKING:
    from mdm_policy.documents.texts import TextReport, TextSource

_DECLARATION = re.compile(
    r"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')"""
    r"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"(?P<a>[A-Za-z][\w.-]*)"|'(?P<b>[A-Za-z][\w.-]*)'))?"""
    r"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>""",
    re.ASCII,
)
_APPLE_DOCTYPE = re.compile(
    r"""<!DOCTYPE[ \t\r\n]+plist[ \t\r\n]+PUBLIC[ \t\r\n]+(["'])-//Apple(?: Computer)?//DTD PLIST 1\.0//EN\1"""
    r"""[ \t\r\n]+(["'])https?://www\.apple\.com/DTDs/PropertyList-1\.0\.dtd\2[ \t\r\n]*>""",
)
_MISCELLANY = re.compile(
    r"(?:[ \t\r\n]++|<!--[^-]*+(?:-(?!->)[^-]*+)*+-->|<\?[^?]*+(?:\?(?!>)[^?]*+)*+\?>)*+",
)
"""White space, comments and processing instructions, as many as follow one another."""
_LINE = re.compile(r"[^\n]+")
_SPELLINGS = {"utf-8": ("utf-8", "utf8", "us-ascii"), "utf-16": ("utf-16", "utf-16le", "utf-16be")}


class Prolog(msgspec.Struct, frozen=True, gc=False):
    """Say where the root element begins, and which encoding the declaration names."""

    root: int
    encoding: str = ""
    declaration: tuple[int, int] = (0, 0)
    doctype: tuple[int, int] | None = None


def read_prolog(text: str) -> Prolog:
    """Find the root element behind declaration, comments, processing instructions and DOCTYPE."""
    declaration = _DECLARATION.match(text)
    position = declaration.end() if declaration else 0
    doctype: tuple[int, int] | None = None
    position = _skip(text, position)
    if text.startswith("<!DOCTYPE", position):
        apple = _APPLE_DOCTYPE.match(text, position)
        doctype = apple.span() if apple else (position, -1)
        position = _skip(text, apple.end()) if apple else position
    encoding = (declaration["a"] or declaration["b"] or "").lower() if declaration else ""
    return Prolog(position, encoding, declaration.span() if declaration else (0, 0), doctype)


def without_prolog(source: TextSource, report: TextReport) -> str:
    """Return the text with declaration and Apple's DOCTYPE blanked out, every line where it was.

    Raises:
        PolicyError: `dtd-forbidden`, `entity-forbidden` or `document-encoding`.

    """
    prolog = read_prolog(source.text)
    text = source.text
    if prolog.encoding and source.encoding and prolog.encoding not in _SPELLINGS[source.encoding]:
        report.add(
            "document-encoding",
            f"the document says it is {prolog.encoding}, but it is {source.encoding}",
            (1, 1),
            "correct the XML declaration, or save the file in the encoding it names",
        )
    if prolog.doctype and prolog.doctype[1] < 0:
        start = prolog.doctype[0]
        place = place_of(text, start)
        report.add("dtd-forbidden", "the document type is not Apple's plist one", place, "remove the DOCTYPE")
        entity = text.find("<!ENTITY", start)
        if entity >= 0:
            place = place_of(text, entity)
            report.add("entity-forbidden", "the document declares an XML entity", place, "write out what it stands for")
    report.stop_if_any()
    for start, end in (prolog.declaration, prolog.doctype or (0, 0)):
        blank = _LINE.sub(lambda line: " " * len(line.group()), text[start:end])
        text = text[:start] + blank + text[end:]
    return text


def _skip(text: str, position: int) -> int:
    """Return the offset of what follows white space, comments and processing instructions."""
    found = _MISCELLANY.match(text, position)
    return found.end() if found else position
