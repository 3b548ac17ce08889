"""Say where an XML property list is legal XML, and yet none that the parser of devices reads.

CoreFoundation reads property lists with a parser of its own (CFPropertyList.c), not with an XML parser: within a string or
a key it takes text, CDATA sections and references; within an integer, real, date or data plain text alone; within true and
false nothing; between elements comments and processing instructions. What it does not take makes the whole file
unreadable, so that nothing in it has an effect.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.parsers import expat

_MARKS = (b"<!--", b"<![CDATA[", b"&", b"\x00")
"""What a text without faults need not have; a zero byte says that it is UTF-16, of which no mark is searched for."""
_INSTRUCTION = b"<?"
_BEHIND_DECLARATION = 4
"""An instruction that begins before this byte, behind a mark of UTF-8 perhaps, stands within no element."""
_TEXTS = frozenset({"string", "key"})
_PLAIN = frozenset({"integer", "real", "date", "data", "true", "false"})


class Unreadable(NamedTuple):
    """Say why devices cannot read a property list, and where: line and column, from 1."""

    why: str
    place: tuple[int, int]


def unreadable(data: bytes) -> Unreadable | None:
    """Return the first thing in an XML property list that the parser of devices does not take, or None.

    What is not well-formed XML is left to the strict parser; a text without marks that could be wrong is passed at once.
    """
    if data.find(_INSTRUCTION, _BEHIND_DECLARATION) < 0 and not any(mark in data for mark in _MARKS):
        return None
    scan = _Scan(data)
    try:
        scan.parser.Parse(data, True)
    except expat.ExpatError:
        return None
    return scan.found


class _Scan:
    """Follow the elements of a property list, and keep the first thing that devices do not take."""

    def __init__(self, data: bytes) -> None:
        self.found: Unreadable | None = None
        self._data = data
        self._leaf = ""
        self._at = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CommentHandler = self._comment
        self.parser.ProcessingInstructionHandler = self._instruction
        self.parser.StartCdataSectionHandler = self._cdata

    def _tell(self, what: str) -> None:
        if self.found is None:
            place = (self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)
            self.found = Unreadable(f"{what}, and devices cannot read a property list with it", place)

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._leaf = tag if tag in _TEXTS or tag in _PLAIN else ""
        self._at = self.parser.CurrentByteIndex

    def _end(self, _tag: str) -> None:
        if self._leaf in _PLAIN and b"&" in self._data[self._at : self.parser.CurrentByteIndex]:
            self._tell(f"a reference stands within <{self._leaf}>")
        self._leaf = ""

    def _comment(self, _text: str) -> None:
        if self._leaf:
            self._tell(f"a comment stands within <{self._leaf}>")

    def _instruction(self, _target: str, _text: str) -> None:
        if self._leaf:
            self._tell(f"a processing instruction stands within <{self._leaf}>")

    def _cdata(self) -> None:
        if self._leaf not in _TEXTS:
            self._tell(
                f"a CDATA section stands within <{self._leaf}>" if self._leaf else "a CDATA section stands alone"
            )
