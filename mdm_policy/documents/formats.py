"""Parse and write each format through one pair of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy.documents.jsons import dump_json, parse_json, parse_json_text
from mdm_policy.documents.lines import LineFormat, dump_crlf, dump_text, parse_lines
from mdm_policy.documents.locate import Format
from mdm_policy.documents.plistdump import dump_plist
from mdm_policy.documents.plists import parse_plist, parse_plist_text
from mdm_policy.documents.texts import MAX_SIZE, TextSource, Twice, WhiteSpace
from mdm_policy.documents.xmls import dump_xml, parse_xml, parse_xml_text

if TYPE_CHECKING:
    from collections.abc import Callable

Written = Format | LineFormat
"""What we write: lines too, which whoever reads them back turns into one of the formats that are read."""
_PARSE = {"plist": parse_plist, "json": parse_json, "text": parse_lines, "crlf": parse_lines}
_PARSE_TEXT = {"plist": parse_plist_text, "json": parse_json_text}
_DUMP: dict[str, Callable[..., bytes]] = {
    "plist": dump_plist,
    "json": dump_json,
    "xml": dump_xml,
    "text": dump_text,
    "crlf": dump_crlf,
}


def parse(
    name: str,
    data: bytes,
    format: Written,  # noqa: A002 - the word of the field
    *,
    white_space: WhiteSpace = "error",
    max_size: int = MAX_SIZE,
    twice: list[Twice] | None = None,
) -> Any:
    """Parse a document strictly: plain data for plist and JSON, lxml's root element for XML, a list of texts for lines.

    White space around strings is an error in what we write, and kept in what others wrote: a reader must see the
    identifier a device sees. So is a key that stands twice in one dictionary, which goes into `twice` where that is given.

    Raises:
        PolicyError: with every finding that can be given, each with file, line and column.

    """
    if format == "xml":
        return parse_xml(name, data, white_space, max_size)
    return _PARSE[format](name, data, white_space, max_size, twice)


def parse_text(source: TextSource, format: Format, twice: list[Twice] | None = None) -> Any:  # noqa: A002 - as above
    """Parse a document taken out of another one as text; white space is kept.

    Raises:
        PolicyError: as `parse`.

    """
    if format == "xml":
        return parse_xml_text(source, "keep")
    return _PARSE_TEXT[format](source, "keep", MAX_SIZE, twice)


def dump(value: Any, format: Written, *, compact: bool = False) -> bytes:  # noqa: A002 - as above
    """Write a value in its canonical form: the same bytes for the same value, on every machine.

    Keys and attributes are sorted, the indent is fixed, a line feed ends it, the encoding is UTF-8. `compact` is one
    line without structural white space and without the line feed: the form for a string inside another document.

    Raises:
        PolicyError: for a value the format cannot hold.

    """
    return _DUMP[format](value, compact=compact)
