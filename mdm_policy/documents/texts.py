"""Turn the bytes of a document into text, and keep count of what is wrong with it and where.

Consoles write their exports in every encoding Windows knows: IntuneManagement's files are UTF-16 with a byte order
mark, the portal's are UTF-8 with one (github.com/SkipToTheEndpoint/OpenIntuneBaseline). A mark is honoured; without
one the bytes must be UTF-8. Nothing is guessed: a wrong guess would turn an identifier into another one.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple, NoReturn

import msgspec

from mdm_policy.documents.pointers import pointer
from mdm_policy.errors import Finding, Origin, PolicyError, error

WhiteSpace = Literal["error", "keep"]
Path = tuple[str | int, ...]

MAX_SIZE = 16 * 1024 * 1024
"""The largest document read, in bytes: a hundred times the largest policy any console accepts."""
MAX_DEPTH = 64
"""The deepest nesting read; the deepest vendor format (settings catalog) nests about 20 levels."""
BYTES_PER_VALUE = {"json": 32, "xml": 32, "plist": 24, "yaml": 64}
"""How many bytes of the largest document read there are for each value in one: a small value costs a parser a hundred
times its own bytes, so 16 MiB of empty objects would take 850 MB. Policies of real apps have 40 bytes and more a value; in
a property list, where a value has two marks, these are 350,000 bundle ids."""
VALUE_MARKS = {"json": ",[{", "xml": "<=", "plist": "<", "yaml": "\n,[{"}
"""The characters of which there is at least one for each value, or for every second in YAML: counting is not parsing."""
MAX_FINDINGS = 100
"""How many findings one document may yield: the hundred-and-first helps nobody."""

INT_MIN = -(1 << 63)
INT_MAX = (1 << 64) - 1

_CONTROLS = tuple(bytes([byte]) for byte in range(32) if byte not in b"\t\n\r")
_NON_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


class TextSource(msgspec.Struct, frozen=True, gc=False):
    """Hold a document's text under the name the user knows it by.

    `encoding` is `utf-8` or `utf-16`, or empty for text taken out of another document, whose own encoding
    declaration speaks of bytes that no longer exist.
    """

    name: str
    text: str
    encoding: str = ""


class Twice(NamedTuple):
    """Hold a key that a dictionary has twice, and the value that a later one took the place of."""

    owner: dict[str, Any]
    key: str
    first: Any


class TextReport:
    """Collect the findings of one document, up to `MAX_FINDINGS`, so that a user sees them together."""

    def __init__(self, name: str) -> None:
        """Start with no findings for the document called `name`."""
        self.name = name
        self.findings: list[Finding] = []

    def add(self, id_: str, message: str, place: tuple[int, int] = (0, 0), hint: str = "") -> None:
        """Record one defect at (line, column); the last of `MAX_FINDINGS` ends the reading."""
        self.findings.append(error(id_, message, Origin(self.name, *place), hint))
        if len(self.findings) >= MAX_FINDINGS:
            raise PolicyError(self.findings)

    def fail(self, id_: str, message: str, place: tuple[int, int] = (0, 0), hint: str = "") -> NoReturn:
        """Record one defect and stop: nothing after it can be read."""
        self.add(id_, message, place, hint)
        raise PolicyError(self.findings)

    def stop_if_any(self) -> None:
        """Raise what was collected, if anything was."""
        if self.findings:
            raise PolicyError(self.findings)


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column, both from 1, of an offset into a text."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


class TextPlaces:
    """Turn offsets into lines and columns, counting each line once for as long as they grow."""

    def __init__(self, text: str) -> None:
        """Start at the first line."""
        self._text = text
        self._known = (0, 1)

    def of(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1."""
        known, line = self._known if self._known[0] <= offset else (0, 1)
        self._known = offset, line + self._text.count("\n", known, offset)
        return self._known[1], offset - self._text.rfind("\n", 0, offset)


def check_size(name: str, data: bytes, max_size: int) -> None:
    """Refuse a document that holds nothing, or more than `max_size` bytes."""
    report = TextReport(name)
    if not data:
        report.fail("document-empty", "the document is empty", hint="export it again; an empty file blocks nothing")
    if len(data) > max_size:
        report.fail(
            "document-too-large",
            f"the document has {len(data):,} bytes; at most {max_size:,} are read",
            hint="split it, or check that this is a policy at all",
        )


def check_values(source: TextSource, format_: Literal["json", "xml", "plist", "yaml"], max_size: int) -> None:
    """Refuse a text that holds far more values than any policy, before a parser makes something of each.

    Raises:
        PolicyError: `document-too-many-values`.

    """
    most = max_size // BYTES_PER_VALUE[format_]
    text = source.text
    if len(text) > most and sum(map(text.count, VALUE_MARKS[format_])) > most:
        refuse_values(TextReport(source.name), most)


def refuse_values(report: TextReport, most: int) -> NoReturn:
    """Say that a document holds too many values."""
    message = f"the document holds more values than any policy; at most {most:,} are read"
    report.fail("document-too-many-values", message, hint="split it, or check that this is a policy at all")


def decode(name: str, data: bytes, max_size: int = MAX_SIZE) -> TextSource:
    """Decode a document's bytes by their byte order mark, UTF-8 without one.

    Raises:
        PolicyError: `document-empty`, `document-too-large` or `document-encoding`.

    """
    check_size(name, data, max_size)
    encoding, start = next(((code, len(mark)) for mark, code in _MARKS if data.startswith(mark)), ("utf-8", 0))
    report = TextReport(name)
    hint = "save it as UTF-8, or as UTF-16 with a byte order mark"
    if encoding == "utf-32" or (not start and b"\x00" in data[:4]):
        report.fail("document-encoding", "the document is neither UTF-8 nor UTF-16 with a byte order mark", hint=hint)
    try:
        text = data[start:].decode(encoding)
    except UnicodeDecodeError as problem:
        read = data[start : start + problem.start].decode(encoding, "replace")
        report.fail("document-encoding", f"the document is not valid {encoding}", place_of(read, len(read)), hint)
    if not text or text.isspace():
        report.fail("document-empty", "the document holds nothing but white space", hint="export it again")
    return TextSource(name, text, encoding[:6] if encoding.startswith("utf-16") else encoding)


def decode_leniently(data: bytes) -> str:
    """Decode for the sake of a position only: never fails, since whoever asks already has a document to report on."""
    encoding, start = next(((code, len(mark)) for mark, code in _MARKS if data.startswith(mark)), ("utf-8", 0))
    return data[start:].decode(encoding, "replace")


def check_characters(source: TextSource, report: TextReport) -> None:
    """Stop at characters that XML 1.0 cannot hold (section 2.2), and name each with its place."""
    if not has_forbidden(source.text.encode("utf-8", "surrogatepass")):
        return
    places = TextPlaces(source.text)
    for match in _FORBIDDEN.finditer(source.text):
        report.add(
            "control-character",
            f"the document holds {describe(match.group())}, which XML cannot hold",
            places.of(match.start()),
            "remove the character",
        )
    report.stop_if_any()


def has_forbidden(data: bytes) -> bool:
    """Tell whether UTF-8 bytes hold a character XML cannot hold, except surrogates, which strict UTF-8 never holds.

    Looking for single bytes one after the other is ten times faster than a regular expression over the whole.
    """
    if any(byte in data for byte in _CONTROLS):
        return True
    return b"\xef" in data and any(mark in data for mark in _NON_CHARACTERS)


def forbidden_in(text: str) -> str:
    """Return the first character of a text that XML cannot hold, or nothing."""
    match = _FORBIDDEN.search(text)
    return match.group() if match else ""


def needs_escape(text: str) -> bool:
    """Tell whether XML would read any character of a text as its own, or change it."""
    return "&" in text or "<" in text or ">" in text or "\r" in text


def escaped(text: str) -> str:
    """Escape a text so that an XML parser returns the same characters."""
    if not needs_escape(text):
        return text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def refuse(id_: str, message: str, path: Path, hint: str = "") -> PolicyError:
    """Return the error for a value that cannot be written; the place is a pointer, since there is no file yet."""
    where = pointer(*path) or "/"
    return PolicyError([error(id_, f"{message} (at {where})", hint=hint)])


def describe(character: str) -> str:
    """Name a character by its code point, since it cannot be shown."""
    return f"the character U+{ord(character):04X}"


def is_stray(text: str) -> bool:
    """Tell whether a text begins or ends in white space and is no embedded document.

    A device compares identifiers byte for byte, so `com.example ` blocks nothing. A document inside a string (a
    profile in Jamf's `payloads`, AppLocker rules in a Graph setting) may well end in a line feed.
    """
    bare = text.strip()
    return len(bare) != len(text) and not (bare.startswith("<") and bare.endswith(">"))


def shown(text: str) -> str:
    """Quote a text for a message, cut to a length a person reads."""
    return repr(text if len(text) <= 60 else text[:57] + "...")
