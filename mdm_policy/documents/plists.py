"""Parse XML property lists strictly, with the place of everything that is wrong.

`plistlib` keeps the last of two equal keys, accepts text between elements and nesting of any depth, and leaks eight
kinds of exception on damaged input. Here the same expat parser feeds a builder that knows the language's whole
grammar; what both accept, both read alike.
"""

from __future__ import annotations

import binascii
import datetime as dt
import math
import re
from typing import Any, NoReturn
from xml.parsers import expat

from mdm_policy.documents.binaries import is_binary, parse_binary
from mdm_policy.documents.plistfast import UNSURE, parse_fast
from mdm_policy.documents.prolog import without_prolog
from mdm_policy.documents.texts import (
    INT_MAX,
    INT_MIN,
    MAX_DEPTH,
    MAX_SIZE,
    TextReport,
    TextSource,
    Twice,
    WhiteSpace,
    check_characters,
    check_values,
    decode,
    is_stray,
    shown,
)

_LEAVES = frozenset({"string", "integer", "real", "true", "false", "date", "data", "key"})
_CONTAINERS = frozenset({"dict", "array", "plist"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}|0[xX][0-9a-fA-F]{1,40}")
_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")
_BASE64_SPACE = str.maketrans("", "", " \t\r\n")


def parse_plist(
    name: str,
    data: bytes,
    white_space: WhiteSpace = "error",
    max_size: int = MAX_SIZE,
    twice: list[Twice] | None = None,
) -> Any:
    """Parse a property list, XML or binary; keys that stand twice go into `twice`, or are refused without it.

    Raises:
        PolicyError: with every finding the parser could reach.

    """
    if is_binary(data):
        return parse_binary(name, data, white_space, max_size, twice)
    return parse_plist_text(decode(name, data, max_size), white_space, max_size, twice)


def parse_plist_text(
    source: TextSource, white_space: WhiteSpace = "error", max_size: int = MAX_SIZE, twice: list[Twice] | None = None
) -> Any:
    """Parse an XML property list already decoded."""
    check_values(source, "plist", max_size)
    report = TextReport(source.name)
    check_characters(source, report)
    value = parse_fast(source, white_space)
    if value is not UNSURE:
        return value
    return _Builder(report, white_space, twice).parse(without_prolog(source, report))


class _PlistFrame:
    """Hold a container being read; `keys` is set for a dict, and `key` is the key whose value comes next."""

    __slots__ = ("at", "key", "tag", "value")

    def __init__(self, tag: str, value: Any, at: int) -> None:
        self.tag = tag
        self.value = value
        self.at = at
        self.key: str | None = None


class _Builder:
    """Build Python values from expat's events, one method per event.

    Places are kept as offsets into the bytes, and become lines and columns only where one is told.
    """

    def __init__(self, report: TextReport, white_space: WhiteSpace, twice: list[Twice] | None = None) -> None:
        self.report = report
        self.twice = twice
        self.strict = white_space == "error"
        self.stack: list[_PlistFrame] = []
        self.leaf = ""
        self.leaf_at = 0
        self.chunks: list[str] = []
        self.data = b""
        self.known = (0, 1)
        """An offset, and its line: the next place is mostly behind it."""
        self.roots: list[Any] = []
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text

    def parse(self, text: str) -> Any:
        """Run the parser over the whole text and return the one value in it."""
        self.data = text.encode("utf-8")
        try:
            self.parser.Parse(self.data, True)
        except expat.ExpatError as problem:
            place = (problem.lineno, problem.offset + 1)
            if problem.code == expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]:
                self.report.fail(
                    "entity-forbidden", "the document uses an entity that is not XML's own", place, "write the text out"
                )
            if problem.code == expat.errors.codes[expat.errors.XML_ERROR_BAD_CHAR_REF]:
                self.report.fail(
                    "control-character", "the document refers to a character XML cannot hold", place, "remove it"
                )
            message = expat.ErrorString(problem.code)
            self.report.fail("document-syntax", f"the document is not well-formed XML: {message}", place)
        self.report.stop_if_any()
        return self.roots[0]

    def place(self, at: int) -> tuple[int, int]:
        """Return line and column of an offset; a carriage return ends a line too, as for expat."""
        known, line = self.known if self.known[0] <= at else (0, 1)
        ends = [self.data.count(end, known, at) for end in (b"\n", b"\r", b"\r\n")]
        self.known = at, line + ends[0] + ends[1] - ends[2]
        begins = max(self.data.rfind(b"\n", 0, at), self.data.rfind(b"\r", 0, at)) + 1
        return self.known[1], len(self.data[begins:at].decode("utf-8")) + 1

    def syntax(self, message: str, at: int | None = None) -> NoReturn:
        """Stop at a defect of structure: what follows it cannot be understood."""
        self.report.fail("document-syntax", message, self.place(self.parser.CurrentByteIndex if at is None else at))

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        if self.leaf:
            self.syntax(f"the element <{tag}> stands inside <{self.leaf}>")
        if not self.stack and tag == "dict" and not self.strict and not self.roots:
            self.stack.append(_PlistFrame("plist", self.roots, self.parser.CurrentByteIndex))
        elif not self.stack and tag != "plist":
            self.syntax(f"the root element is <{tag}>, not <plist>")
        if attributes and (tag != "plist" or set(attributes) != {"version"}):
            self.syntax(f"the element <{tag}> has attributes, which a plist does not know")
        if tag in _LEAVES:
            self.leaf, self.leaf_at = tag, self.parser.CurrentByteIndex
        elif tag in _CONTAINERS:
            self.open(tag, self.parser.CurrentByteIndex)
        else:
            self.syntax(f"the element <{tag}> is unknown in a plist")

    def open(self, tag: str, at: int) -> None:
        """Begin a container."""
        if tag == "plist":
            if self.stack:
                self.syntax("the element <plist> stands inside another")
            self.stack.append(_PlistFrame(tag, self.roots, at))
            return
        value: Any = {} if tag == "dict" else []
        self.put(value, at)
        self.stack.append(_PlistFrame(tag, value, at))
        if len(self.stack) > MAX_DEPTH + 1:
            message = f"the document nests deeper than {MAX_DEPTH} levels"
            self.report.fail("document-too-deep", message, self.place(at))

    def text(self, data: str) -> None:
        """Take character data: content of a leaf, else nothing but white space."""
        if self.leaf:
            self.chunks.append(data)
        elif data.strip(" \t\r\n"):
            self.syntax(f"the text {shown(data.strip())} stands between elements")

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        if self.leaf:
            text = "".join(self.chunks)
            self.chunks.clear()
            self.leaf = ""
            if tag == "key":
                self.take_key(text)
            else:
                self.put(self.convert(tag, text), self.leaf_at)
            return
        frame = self.stack.pop()
        if frame.key is not None:
            self.syntax(f"the key {shown(frame.key)} has no value")
        if tag == "plist" and not self.roots:
            self.syntax("the plist holds no value", frame.at)

    def take_key(self, key: str) -> None:
        """Keep the key of the value that follows."""
        frame = self.stack[-1]
        if frame.tag != "dict":
            self.syntax(f"the key {shown(key)} stands outside a dict", self.leaf_at)
        if frame.key is not None:
            self.syntax(f"the key {shown(frame.key)} has no value", self.leaf_at)
        if key in frame.value and self.twice is not None:
            self.twice.append(Twice(frame.value, key, frame.value[key]))
        elif key in frame.value:
            self.report.add(
                "duplicate-key",
                f"the key {shown(key)} appears twice in one dict",
                self.place(self.leaf_at),
                "keep one: which of them a device obeys is not defined",
            )
        self.check_stray("key", key)
        frame.key = key

    def put(self, value: Any, at: int) -> None:
        """Place a finished value, or a container just begun, in what surrounds it."""
        frame = self.stack[-1]
        if frame.tag == "dict":
            if frame.key is None:
                self.syntax("a value in a dict has no key", at)
            frame.value[frame.key] = value
            frame.key = None
            return
        if frame.tag == "plist" and frame.value:
            self.syntax("the plist holds more than one value", at)
        frame.value.append(value)

    def check_stray(self, tag: str, text: str) -> None:
        """Report white space around a string, unless the document is somebody else's."""
        if self.strict and is_stray(text):
            self.report.add(
                "stray-white-space",
                f"the <{tag}> {shown(text)} begins or ends in white space",
                self.place(self.leaf_at),
                "remove it: devices compare identifiers byte for byte",
            )

    def convert(self, tag: str, text: str) -> Any:
        """Return the value of a leaf; a value that cannot be had is reported, and read as None."""
        if tag == "string":
            self.check_stray(tag, text)
            return text
        if tag in ("true", "false"):
            if text:
                self.syntax(f"the element <{tag}> holds text", self.leaf_at)
            return tag == "true"
        try:
            return convert_leaf(tag, text)
        except (ValueError, OverflowError) as problem:
            finite = str(problem) != "not finite"
            self.report.add(
                "document-syntax" if finite else "number-not-finite",
                f"the <{tag}> {shown(text)} is not {_ARTICLE[tag] if finite else 'a finite number'}",
                self.place(self.leaf_at),
            )
            return None


_ARTICLE = {
    "integer": "an integer of at most 64 bits",
    "real": "a number",
    "date": "a date written YYYY-MM-DDTHH:MM:SSZ",
    "data": "base64",
}


def convert_leaf(tag: str, text: str) -> int | float | bytes | dt.datetime:
    """Convert the text of an integer, real, date or data element.

    Raises:
        ValueError: when it is not one; the message is `not finite` for NaN and the infinities.

    """
    if tag == "integer":
        if not _INTEGER.fullmatch(text):
            raise ValueError("not an integer")
        number = int(text, 16) if text[:2] in ("0x", "0X") else int(text)
        if not INT_MIN <= number <= INT_MAX:
            raise ValueError("out of range")
        return number
    if tag == "real":
        if not _REAL.fullmatch(text):
            raise ValueError("not finite" if _NOT_FINITE.fullmatch(text) else "not a number")
        real = float(text)
        if not math.isfinite(real):
            raise ValueError("not finite")
        return real
    if tag == "date":
        match = _DATE.fullmatch(text)
        if not match:
            raise ValueError("not a date")
        year, month, day, hour, minute, second = map(int, match.groups())
        return dt.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a plist date has no zone; plistlib reads it naive
    return binascii.a2b_base64(text.translate(_BASE64_SPACE).encode("ascii"), strict_mode=True)
