"""Turn a file's bytes into text, or say which of its bytes no list should hold."""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import TYPE_CHECKING

from mdm_policy.errors import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.loading.report import LoadReport

MAX_BYTES = 5_000_000

_PLAIN_ASCII = bytes((9, 10, 13, *range(32, 127)))
# C0 and C1 controls, what YAML 1.1 alone takes for line ends (NEL, LS, PS), bidi steering (it makes a file read
# differently from what it says), byte-order marks inside the file, noncharacters, and the bytes that are not UTF-8.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_MOST_SHOWN = 20


def decode(data: bytes, report: LoadReport, max_bytes: int) -> str | None:
    """Return the text without its byte-order mark, or None with a finding for each unwanted character."""
    if len(data) > max_bytes:
        said = f"the file has {len(data):,} bytes; {max_bytes:,} is the limit"
        report.error("file-too-large", said, Origin(report.file), "split it, and put the parts together with `include`")
        return None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.error("not-utf-8", "the file is UTF-16", Origin(report.file, 1, 1), "save it as UTF-8")
        return None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.translate(None, _PLAIN_ASCII):
        return data.decode("ascii")
    text = data.decode("utf-8", "surrogateescape")
    clean = True
    for count, found in enumerate(_UNWANTED.finditer(text)):
        clean = False
        if count == _MOST_SHOWN:
            break
        _refuse(found, text, report)
    return text if clean else None


def lenient(data: bytes) -> str:
    """Return the text with a `?` for whatever `decode` refuses, to tell what a broken file was meant to be."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16" if wide else "utf-8", "replace").removeprefix("\ufeff")
    return _UNWANTED.sub("?", text)


def place(text: str, index: int) -> tuple[int, int]:
    """Return line and column, from 1, of a character; lines end as YAML's do: with LF, CR LF or CR."""
    before = text[:index]
    lines = before.count("\n") + before.count("\r") - before.count("\r\n")
    return lines + 1, index - max(before.rfind("\n"), before.rfind("\r"))


def tabs(text: str) -> Iterator[int]:
    """Find the tabs that indent: the index of the first in each such line, for no more lines than a person looks at."""
    for found in itertools.islice(re.finditer(r"^ *\t", text, re.MULTILINE), _MOST_SHOWN):
        yield found.end() - 1


def _refuse(found: re.Match[str], text: str, report: LoadReport) -> None:
    code = ord(found.group())
    origin = Origin(report.file, *place(text, found.start()))
    if 0xDC80 <= code <= 0xDCFF:
        report.error("not-utf-8", f"the byte {code - 0xDC00:#04x} is not UTF-8", origin, "save the file as UTF-8")
        return
    name = unicodedata.name(chr(code), "control character")
    hint = "save the file as UTF-8" if code == 0 else "remove it"
    report.error("unwanted-character", f"the file contains U+{code:04X} {name}", origin, hint)
