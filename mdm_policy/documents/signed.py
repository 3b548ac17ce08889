"""Take the content out of a CMS-signed file (RFC 5652), without judging the signature.

A signed profile is a SignedData whose content is the profile itself. To say what the profile does, its bytes are
enough; whether they may be trusted is another question, answered elsewhere. Signers write DER or, like Apple's own
tools, BER with indefinite lengths and the content in pieces, so both are read.
"""

from __future__ import annotations

import binascii
import re

_ARMOUR = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*-----BEGIN (?P<label>CMS|PKCS7|PKCS #7 SIGNED DATA)-----(?P<text>[A-Za-z0-9+/=\s]*)"
    rb"-----END (?P=label)-----\s*"
)
"""The text form of a signed file (RFC 7468 sections 8 and 9: the labels CMS and PKCS7; openssl takes the third as well)."""
_SEQUENCE = 0x30
_OBJECT = 0x06
_OCTETS = 0x04
_PIECES = 0x24
_EXPLICIT = 0xA0
_CONSTRUCTED = 0x20
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_MAX_PIECES_DEPTH = 4
_MAX_DEPTH = 32
_MAX_ELEMENTS = 500_000
"""Elements read of one file. Signers write pieces of 1,000 bytes and more, so the largest file read has 17,000 of them;
where no length is given, each is passed over once for every layer around it, which are six."""
_Element = tuple[int, int, int, int]
"""Tag, start and end of the content, and the offset behind the element."""


class _DamagedError(Exception):
    """Say that bytes are no CMS content."""


def looks_signed(data: bytes) -> bool:
    """Tell whether bytes begin as a CMS SignedData does: a sequence whose first member is that object identifier."""
    return data[:1] == b"0" and _SIGNED_DATA in data[:32]


def unarmoured(data: bytes) -> bytes | None:
    """Return the binary form of a signed file that is written as text between BEGIN and END lines; None when it is none."""
    found = _ARMOUR.fullmatch(data)
    if found is None:
        return None
    try:
        return binascii.a2b_base64(b"".join(found["text"].split()), strict_mode=True)
    except ValueError:
        return None


def signed_content(data: bytes) -> bytes | None:
    """Return the content a CMS SignedData carries; None when it is damaged or carries none (a detached signature)."""
    try:
        return _DerReader(data).content()
    except (_DamagedError, IndexError):
        return None


def elements_in(data: bytes, most: int) -> int:
    """Count the elements of a file in BER, at every depth, up to one more than `most`; -1 when it is damaged.

    A library makes objects of each, so they are counted before it sees the first. Strings are not looked into.
    """
    reader = _DerReader(data)
    waiting = [(0, len(data))]
    count = 0
    try:
        while waiting and count <= most:
            position, end = waiting.pop()
            while position < end and count <= most:
                tag, start, stop, position = reader.read(position, end)
                count += 1
                if tag & _CONSTRUCTED:
                    waiting.append((start, stop))
    except (_DamagedError, IndexError):
        return most + 1 if reader.left < 0 else -1
    return count


def behind(data: bytes) -> int:
    """Return how many bytes follow the signed content's outermost element; 0 also when it is damaged."""
    try:
        return len(data) - _DerReader(data).read(0, len(data))[3]
    except (_DamagedError, IndexError):
        return 0


class _DerReader:
    """Walk over BER elements, no more of them than any signer writes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = _MAX_ELEMENTS

    def content(self) -> bytes:
        """Return the content of a SignedData."""
        content_info = self.enter(0, len(self.data), _SEQUENCE)
        _, explicit = self.two(*content_info, _OBJECT, _EXPLICIT)
        signed_data = self.enter(explicit[0], explicit[1], _SEQUENCE)
        encapsulated = self.members(*signed_data, most=3)[2]
        _, content = self.two(encapsulated[1], encapsulated[2], _OBJECT, _EXPLICIT)
        tag, start, end, _ = self.read(content[0], content[1])
        return self.octets(tag, start, end, 0)

    def read(self, position: int, limit: int, depth: int = 0) -> _Element:
        """Read one element."""
        self.left -= 1
        if depth > _MAX_DEPTH or self.left < 0:
            raise _DamagedError
        data = self.data
        tag, first = data[position], data[position + 1]
        start = position + 2
        if first == 0x80:
            end = start
            while data[end : end + 2] != b"\x00\x00":
                end = self.read(end, limit, depth + 1)[3]
            return tag, start, end, end + 2
        length = first
        if first > 0x80:
            width = first & 0x7F
            length = int.from_bytes(data[start : start + width], "big")
            start += width
        if start + length > limit:
            raise _DamagedError
        return tag, start, start + length, start + length

    def enter(self, position: int, limit: int, tag: int) -> tuple[int, int]:
        """Return the content of the element at a position, which must have a tag."""
        found, start, end, _ = self.read(position, limit)
        if found != tag:
            raise _DamagedError
        return start, end

    def members(self, position: int, limit: int, *, most: int) -> list[_Element]:
        """Return the first elements of a sequence."""
        members: list[_Element] = []
        while position < limit and len(members) < most:
            members.append(self.read(position, limit))
            position = members[-1][3]
        return members

    def two(self, position: int, limit: int, first: int, second: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the contents of a sequence's first two elements, which must have these tags."""
        members = self.members(position, limit, most=2)
        if [member[0] for member in members] != [first, second]:
            raise _DamagedError
        return members[0][1:3], members[1][1:3]

    def octets(self, tag: int, start: int, end: int, depth: int) -> bytes:
        """Return an octet string, put together from its pieces."""
        if tag == _OCTETS:
            return self.data[start:end]
        if tag != _PIECES or depth > _MAX_PIECES_DEPTH:
            raise _DamagedError
        pieces: list[bytes] = []
        while start < end:
            piece = self.read(start, end)
            pieces.append(self.octets(*piece[:3], depth + 1))
            start = piece[3]
        return b"".join(pieces)
