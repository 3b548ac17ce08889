"""Parse binary property lists within bounds.

`plistlib` reads each object once but trusts the offset table: a 16 MiB file whose million objects all point at one
array of a million references keeps it busy for days. Here every reference followed and every byte decoded is paid from
a budget as large as the file, which no file whose objects stand side by side can exceed. The format is described in
opensource.apple.com/source/CF/CF-744.18/CFBinaryPList.c.
"""

from __future__ import annotations

import datetime as dt
import math
import struct
from typing import Any

from mdm_policy.documents.texts import (
    BYTES_PER_VALUE,
    MAX_DEPTH,
    MAX_SIZE,
    TextReport,
    Twice,
    WhiteSpace,
    check_size,
    describe,
    forbidden_in,
    is_stray,
    refuse_values,
    shown,
)

_EPOCH = dt.datetime(2001, 1, 1)  # noqa: DTZ001 - a plist date has no zone; plistlib reads it naive
_SIMPLE: dict[int, Any] = {0x08: False, 0x09: True, 0x0F: b""}
_TRAILER = struct.Struct(">6xBBQQQ")


def is_binary(data: bytes) -> bool:
    """Tell whether bytes begin as a binary property list does."""
    return data.startswith(b"bplist")


def parse_binary(
    name: str,
    data: bytes,
    white_space: WhiteSpace = "error",
    max_size: int = MAX_SIZE,
    twice: list[Twice] | None = None,
) -> Any:
    """Parse a binary property list; its findings have no line. Keys that stand twice go into `twice`, or are refused.

    Raises:
        PolicyError: with every finding the parser could reach.

    """
    check_size(name, data, max_size)
    report = TextReport(name)
    most = max_size // BYTES_PER_VALUE["plist"]
    try:
        value = _BinaryReader(data, report, most, twice, strict=white_space == "error").read()
    except (_DamagedPlistError, struct.error, IndexError, ValueError, OverflowError) as problem:
        why = str(problem) if isinstance(problem, _DamagedPlistError) else "it ends early or points outside itself"
        report.fail("document-syntax", f"the binary plist is damaged: {why}", hint="export it again, as XML")
    report.stop_if_any()
    return value


class _DamagedPlistError(Exception):
    """Say what is wrong with the file."""


class _BinaryReader:
    """Read objects by their number, containers anew for each reference, so that no two places share one."""

    def __init__(
        self, data: bytes, report: TextReport, most: int, twice: list[Twice] | None = None, *, strict: bool
    ) -> None:
        self.data = data
        self.twice = twice
        self.most = most
        self.left = most
        """How many references may still be followed."""
        self.report = report
        self.strict = strict
        self.budget = len(data)
        self.known: dict[int, Any] = {}
        self.ref_size = 0
        self.offsets: tuple[int, ...] = ()

    def read(self) -> Any:
        """Return the top object."""
        if self.data[:8] != b"bplist00" or len(self.data) < 40:
            raise _DamagedPlistError("it is not version 00")
        offset_size, self.ref_size, count, top, table = _TRAILER.unpack(self.data[-32:])
        if count > self.most:
            refuse_values(self.report, self.most)
        self.offsets = self.integers(table, count, offset_size)
        return self.object(top, 0)

    def spend(self, amount: int) -> None:
        """Pay for work; a file cannot buy more than its own size."""
        self.budget -= amount
        if self.budget < 0:
            raise _DamagedPlistError("its objects overlap")

    def follow(self, count: int) -> None:
        """Pay for references, of which there is also a largest number, since each makes a value."""
        self.spend(count)
        self.left -= count
        if self.left < 0:
            refuse_values(self.report, self.most)

    def slice(self, start: int, length: int) -> bytes:
        """Return bytes that must be there."""
        part = self.data[start : start + length]
        if len(part) != length:
            raise _DamagedPlistError("it ends early")
        return part

    def integers(self, start: int, count: int, size: int) -> tuple[int, ...]:
        """Return `count` big-endian integers of `size` bytes."""
        if not 1 <= size <= 8 or count * size > len(self.data):
            raise _DamagedPlistError("a table is larger than the file")
        part = self.slice(start, count * size)
        if code := {1: "B", 2: "H", 4: "L", 8: "Q"}.get(size):
            return struct.unpack(f">{count}{code}", part)
        return tuple(int.from_bytes(part[at : at + size], "big") for at in range(0, len(part), size))

    def object(self, number: int, depth: int) -> Any:
        """Return one object, reading it unless it is a scalar already known."""
        if number in self.known:
            return self.known[number]
        self.spend(1)
        offset = self.offsets[number]
        token = self.data[offset]
        if 0x50 <= token < 0x5F:  # most values are short texts, for which further calls would double the time
            length = token & 0x0F
            self.budget -= length
            content = self.data[offset + 1 : offset + 1 + length]
            if len(content) != length or self.budget < 0:
                raise _DamagedPlistError("it ends early" if self.budget >= 0 else "its objects overlap")
            self.known[number] = text = self.string(content.decode("ascii"))
            return text
        if token & 0xF0 in (0xA0, 0xD0):
            if depth >= MAX_DEPTH:
                self.report.fail("document-too-deep", f"the document nests deeper than {MAX_DEPTH} levels")
            read = self.array if token & 0xF0 == 0xA0 else self.dict
            return read(*self.sized(offset, token), depth + 1)
        value = _SIMPLE[token] if token in _SIMPLE else self.scalar(offset, token)
        self.known[number] = value
        return value

    def sized(self, offset: int, token: int) -> tuple[int, int]:
        """Return where an object's content starts, and how long it says it is."""
        if token & 0x0F != 0x0F:
            return offset + 1, token & 0x0F
        width = 1 << (self.slice(offset + 1, 1)[0] & 0x03)
        return offset + 2 + width, int.from_bytes(self.slice(offset + 2, width), "big")

    def array(self, start: int, count: int, depth: int) -> list[Any]:
        """Return an array."""
        self.follow(count)
        return [self.object(number, depth) for number in self.integers(start, count, self.ref_size)]

    def dict(self, start: int, count: int, depth: int) -> dict[str, Any]:
        """Return a dictionary, whose keys must be strings and differ."""
        self.follow(2 * count)
        numbers = self.integers(start, 2 * count, self.ref_size)
        result: dict[str, Any] = {}
        for key_number, value_number in zip(numbers[:count], numbers[count:], strict=True):
            key = self.object(key_number, depth)
            if not isinstance(key, str):
                raise _DamagedPlistError("a key is not a string")
            if key in result and self.twice is not None:
                self.twice.append(Twice(result, key, result[key]))
            elif key in result:
                self.report.add("duplicate-key", f"the key {shown(key)} appears twice in one dict", hint="keep one")
            result[key] = self.object(value_number, depth)
        return result

    def scalar(self, offset: int, token: int) -> Any:
        """Return a number, date, data or string."""
        kind = token & 0xF0
        if kind == 0x10:
            return self.integer(offset, 1 << (token & 0x0F))
        if token in (0x22, 0x23, 0x33):
            (number,) = struct.unpack(
                ">f" if token == 0x22 else ">d", self.slice(offset + 1, 4 if token == 0x22 else 8)
            )
            if not math.isfinite(number):
                self.report.add("number-not-finite", "the document holds a number that is not finite")
                return 0.0
            return number if token != 0x33 else _EPOCH + dt.timedelta(seconds=number)
        if kind not in (0x40, 0x50, 0x60):
            raise _DamagedPlistError(f"it holds an object of the unknown type 0x{token:02X}")
        start, length = self.sized(offset, token)
        if kind == 0x50:
            return self.ascii(start, length)
        if kind == 0x60:
            length *= 2
        self.spend(length)
        content = self.slice(start, length)
        return content if kind == 0x40 else self.string(content.decode("utf-16-be"))

    def ascii(self, start: int, length: int) -> str:
        """Return a string of plain characters."""
        self.spend(length)
        return self.string(self.slice(start, length).decode("ascii"))

    def integer(self, offset: int, width: int) -> int:
        """Return an integer: one, two and four bytes are unsigned, eight signed, sixteen hold the larger unsigned."""
        if width > 16:
            raise _DamagedPlistError("an integer is too long")
        number = int.from_bytes(self.slice(offset + 1, width), "big", signed=width >= 8)
        if not -(1 << 63) <= number < 1 << 64:
            self.report.add("number-out-of-range", f"the integer {number} has more than 64 bits")
        return number

    def string(self, text: str) -> str:
        """Check a string and return it; what is printable holds nothing that must be told but white space around it."""
        if text.isprintable() and text.strip() == text:
            return text
        if character := forbidden_in(text):
            self.report.add("control-character", f"the string {shown(text)} holds {describe(character)}")
        if self.strict and is_stray(text):
            self.report.add("stray-white-space", f"the string {shown(text)} begins or ends in white space")
        return text
