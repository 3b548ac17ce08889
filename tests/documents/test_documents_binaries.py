from __future__ import annotations

import plistlib
import struct
from typing import Any

import pytest
from documents_strategies import PLIST_VALUES
from hypothesis import given, settings

from mdm_policy.documents import MAX_DEPTH, locate, parse
from mdm_policy.errors import PolicyError
from mdm_policy.kinds import open_document


def binary(*objects: bytes, top: int = 0, offset_size: int = 2, ref_size: int = 1) -> bytes:
    """Lay out objects one after the other, as `plistlib` does."""
    offsets, position = [], 8
    for item in objects:
        offsets.append(position)
        position += len(item)
    table = b"".join(offset.to_bytes(offset_size, "big") for offset in offsets)
    trailer = struct.pack(">6xBBQQQ", offset_size, ref_size, len(objects), top, position)
    return b"bplist00" + b"".join(objects) + table + trailer


def ids(data: bytes, **options: Any) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parse("f", data, "plist", **options)
    return [finding.id for finding in caught.value.findings]


@given(PLIST_VALUES)
@settings(max_examples=200, deadline=None)
def test_agrees_with_plistlib_on_binaries(value: Any) -> None:
    data = plistlib.dumps(value, fmt=plistlib.FMT_BINARY)
    try:
        mine = parse("f", data, "plist", white_space="keep")
    except PolicyError as problem:
        assert "overlap" in str(problem)  # noqa: PT017 - plistlib shares equal empty containers, which may exhaust the budget
    else:
        assert mine == plistlib.loads(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(binary(b"\x09"), True, id="true"),
        pytest.param(binary(b"\x0f"), b"", id="fill byte read as plistlib does"),
        pytest.param(binary(b"\x22\x3f\x80\x00\x00"), 1.0, id="short real"),
        pytest.param(binary(b"\x14" + b"\0" * 8 + b"\xff" * 8), (1 << 64) - 1, id="largest integer"),
        pytest.param(binary(b"\xa1\x01", b"\x10\x07"), [7], id="array"),
        pytest.param(binary(b"\xa1\0\0\x01", b"\x10\x07", offset_size=3, ref_size=3), [7], id="odd sizes"),
        pytest.param(binary(b"\xd1\x01\x02", b"\x51a", b"\x61\x00b"), {"a": "b"}, id="dict"),
        pytest.param(binary(b"\x6f\x10\x01\x00c"), "c", id="length of its own"),
    ],
)
def test_reads_binary_objects(data: bytes, expected: object) -> None:
    assert parse("f", data, "plist") == expected


@pytest.mark.parametrize(
    ("data", "id_"),
    [
        pytest.param(b"bplist00", "document-syntax", id="header alone"),
        pytest.param(b"bplist15" + b"\0" * 60, "document-syntax", id="other version"),
        pytest.param(binary(b"\x00"), "document-syntax", id="null"),
        pytest.param(binary(b"\x80\x01"), "document-syntax", id="uid"),
        pytest.param(binary(b"\x15" + b"\0" * 32), "document-syntax", id="integer of 32 bytes"),
        pytest.param(binary(b"\x14" + b"\x01" + b"\0" * 15), "number-out-of-range", id="integer of 128 bits"),
        pytest.param(binary(b"\x23\x7f\xf0" + b"\0" * 6), "number-not-finite", id="infinity"),
        pytest.param(binary(b"\x33\x7f\xef" + b"\xff" * 6), "document-syntax", id="date beyond the calendar"),
        pytest.param(binary(b"\x51\xff"), "document-syntax", id="no ascii"),
        pytest.param(binary(b"\x51\x01"), "control-character", id="control character"),
        pytest.param(binary(b"\x52a "), "stray-white-space", id="stray white space"),
        pytest.param(binary(b"\x5f\x11\xff\xff"), "document-syntax", id="longer than the file"),
        pytest.param(binary(b"\xaf\x13" + b"\xff" * 8), "document-syntax", id="table longer than the file"),
        pytest.param(binary(b"\xa1\x09"), "document-syntax", id="no such object"),
        pytest.param(binary(b"\xd1\x01\x01", b"\x10\x01"), "document-syntax", id="key is a number"),
        pytest.param(binary(b"\xd2\x01\x01\x02\x02", b"\x51a", b"\x09"), "duplicate-key", id="key twice"),
        pytest.param(binary(b"\xa1\x00"), "document-syntax", id="array in itself"),
        pytest.param(binary(b"\x09", offset_size=9), "document-syntax", id="offsets of nine bytes"),
        pytest.param(binary(b"\x09", top=5), "document-syntax", id="top beyond the table"),
        pytest.param(
            binary(*[bytes([0xA2, n, n]) for n in range(1, 40)], b"\x09"), "document-syntax", id="doubling bomb"
        ),
    ],
)
def test_refuses_damaged_binaries(data: bytes, id_: str) -> None:
    assert ids(data) == [id_]


def test_limits_size_of_binaries() -> None:
    assert ids(binary(b"\x09"), max_size=10) == ["document-too-large"]


def test_depth_limit_is_the_same_as_in_xml() -> None:
    value: list[Any] = []
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert parse("f", plistlib.dumps(value, fmt=plistlib.FMT_BINARY), "plist") == value
    assert ids(plistlib.dumps([value], fmt=plistlib.FMT_BINARY)) == ["document-too-deep"]


def test_binary_profile_opens_without_places() -> None:
    data = plistlib.dumps({"PayloadType": "Configuration"}, fmt=plistlib.FMT_BINARY)
    assert open_document("f", data).kind == "apple-profile"
    assert locate(data, "plist", "/PayloadType") == (0, 0)
