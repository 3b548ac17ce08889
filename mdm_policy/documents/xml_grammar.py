"""Say where an XML document is well-formed for the parser here, and yet none that its consumer surely reads.

Windows reads XML 1.0 with XmlLite or .NET's XmlReader, Jamf with a parser of Java. They differ from libxml2 where it is
lenient: another version of XML than 1.0, spellings of an encoding that no list of names has, white space before the
declaration, letters in names that only the fifth edition of XML 1.0 admits. And a comment or an instruction *within* a value
splits it: .NET's XmlReader.ReadString ends at any markup (learn.microsoft.com, XmlReader.ReadString), so how much of the
value a consumer takes is not known.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from xml.parsers import expat

from mdm_policy.documents.texts import decode_leniently

_DECLARATION = re.compile(
    r"<\?xml\s+version\s*=\s*[\"']([^\"']*)[\"'](?:\s+encoding\s*=\s*[\"']([^\"']*)[\"'])?", re.ASCII
)
_LATE = re.compile(r"\s+<\?xml\s")
_NAMES = ("utf-8", "utf-16", "us-ascii")
"""The names of encodings here that IANA's list and Windows both have; `utf8`, for one, is unknown to .NET."""
_DECLARED = re.compile(rb"<\?xml\b[^>]*>")
_FOURTH = re.compile(
    r"[A-Za-z_:\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e]"
    r"[-.\w:\u00b7]*",
)
"""Names as the fourth edition has them, as far as any vocabulary of ours goes: Latin letters, digits, `-._:`."""


class Doubtful(NamedTuple):
    """Say why a consumer may not read a document, and where: line and column, from 1."""

    why: str
    place: tuple[int, int]


def unreadable_xml(data: bytes, found_in: Literal["file", "text"] = "file") -> Doubtful | None:
    """Return the first thing in an XML document for which its consumer may refuse it, or None.

    What is not well-formed for the strict parser is left to it. In a `text`, taken out of another document, an encoding
    speaks of bytes that no longer exist.
    """
    text = decode_leniently(data)
    said = _declaration(text, found_in)
    if said:
        return Doubtful(said, (1, 1))
    if text.isascii() and "<!--" not in text and text.find("<?", 1) < 0:  # at 0 stands the declaration
        return None
    scan = _XmlScan()
    try:
        scan.parser.Parse(_DECLARED.sub(b"", text.encode("utf-8", "surrogatepass"), count=1), True)
    except expat.ExpatError as strange:
        # What libxml2 has taken and another XML 1.0 parser does not; mostly a letter in a name.
        what = expat.ErrorString(strange.code) or "it is not well-formed"
        return scan.found or Doubtful(
            f"not every reader of XML 1.0 takes it ({what})", (strange.lineno, strange.offset + 1)
        )
    return scan.found


def _declaration(text: str, found_in: str) -> str:
    if _LATE.match(text):
        return "white space stands before the XML declaration, which must come first"
    found = _DECLARATION.match(text)
    if found is None:
        return ""
    if found[1] != "1.0":
        return f"it says it is XML {found[1][:10]}, and Windows and consoles read XML 1.0"
    encoding = (found[2] or "").lower()
    if found_in == "file" and encoding and encoding not in _NAMES:
        return f"{encoding[:20]!r} is no name of an encoding that Windows knows; write utf-8"
    if found_in == "file" and encoding == "us-ascii" and not text.isascii():
        return "it says it is us-ascii, and holds other characters, which a reader that believes it loses"
    return ""


class _XmlScan:
    """Follow the elements, and keep the first value that something splits."""

    def __init__(self) -> None:
        self.found: Doubtful | None = None
        self._open: list[list[bool]] = []
        """Per element: whether it has text, and whether a comment or instruction stands in it."""
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text_in
        self.parser.CommentHandler = lambda _text: self._split()
        self.parser.ProcessingInstructionHandler = lambda _target, _text: self._split()

    def _tell(self, why: str) -> None:
        if self.found is None:
            self.found = Doubtful(why, (self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        for name in (tag, *attributes):
            if not name.isascii() and not _FOURTH.fullmatch(name):
                self._tell(f"the name {name[:40]!r} has letters that not every reader of XML 1.0 takes")
        self._open.append([False, False])

    def _end(self, _tag: str) -> None:
        text, split = self._open.pop()
        if text and split:
            self._tell("a comment or an instruction stands within a value, and how much of it is read is not known")

    def _text_in(self, text: str) -> None:
        if self._open and text.strip(" \t\r\n"):
            self._open[-1][0] = True

    def _split(self) -> None:
        if self._open:
            self._open[-1][1] = True
