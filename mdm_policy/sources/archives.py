"""Read the files in a ZIP archive, as consoles hand out their exports, within limits and without writing any to disk."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from typing import TYPE_CHECKING

from mdm_policy import filenames
from mdm_policy.errors import Finding, Origin, PolicyError, error, note

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
"""How an archive begins, and one that holds nothing (PKWARE APPNOTE 4.3)."""
_MOST_ENTRIES = 10_000
_MOST_BYTES = 8
"""How many times as much as the largest document all files of an archive may hold together."""
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    ValueError,
    LookupError,
    struct.error,
    EOFError,
    OSError,
)
"""What the library raises for archives that are none."""
_ENCRYPTED = 1
_OFFICE = "[Content_Types].xml"
"""The file by which an Office Open XML document is known (ECMA-376 part 2)."""


def is_archive(data: bytes) -> bool:
    """Tell whether bytes are a ZIP archive."""
    return data.startswith(_MARKS)


def files_in(name: str, data: bytes, max_size: int) -> Iterator[tuple[str, bytes] | Finding]:
    """Yield each file of an archive under the archive's name and its own, in order of names, and what cannot be read.

    No name leads out of the archive: one that tries is refused. Archives inside are not opened.

    Raises:
        PolicyError: `archive-unreadable`, `archive-too-large`.

    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        # Older Pythons' own `is_dir` breaks on an empty name.
        entries = [one for one in archive.infolist() if not one.filename.endswith("/")]
    except _DAMAGED as bad:
        said = f"the ZIP archive is damaged: {bad}"
        raise PolicyError([error("archive-unreadable", said, Origin(name), "export it again, or unpack it")]) from None
    if any(one.filename == _OFFICE for one in entries):
        said = "it is a workbook or another document of an office program, not a policy"
        raise PolicyError([error("archive-unreadable", said, Origin(name), "give the file the console exported")])
    size = sum(one.file_size for one in entries)
    if len(entries) > _MOST_ENTRIES or size > _MOST_BYTES * max_size:
        said = f"the archive holds {len(entries):,} files with {size:,} bytes; at most {_MOST_ENTRIES:,} with {_MOST_BYTES * max_size:,} are read"
        hint = "unpack it, and give the folder, or a part of it"
        raise PolicyError([error("archive-too-large", said, Origin(name), hint)])
    seen: set[str] = set()
    for entry in sorted(entries, key=lambda one: one.filename):
        inner = unicodedata.normalize("NFC", entry.filename.replace("\\", "/"))
        if any(part.startswith(".") and part not in (".", "..") for part in inner.split("/")) or inner.startswith(
            "__MACOSX/"
        ):
            continue
        wrong = filenames.problem(inner) or (
            "another file bears the same name" if filenames.same(inner) in seen else ""
        )
        seen.add(filenames.same(inner))
        if wrong:
            said = f"the file {inner[:80]!r} in the archive is not read: {wrong}"
            yield error("archive-unreadable", said, Origin(name), "make the archive again")
        else:
            yield _file(archive, entry, f"{name}/{inner}", max_size)


def _file(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, max_size: int) -> tuple[str, bytes] | Finding:
    """Read one file, and no more of it than it takes to see that it is too large."""
    if entry.flag_bits & _ENCRYPTED:
        said = "it is encrypted in its archive, and is not read"
        return error("archive-unreadable", said, Origin(name), "unpack it with its password, and give the folder")
    if entry.compress_type not in _METHODS:
        said = "it is packed in a way that is not read"
        return error("archive-unreadable", said, Origin(name), "unpack the archive, and give the folder")
    try:
        with archive.open(entry) as file:
            data = file.read(max_size + 1)
    except _DAMAGED as bad:
        return error("archive-unreadable", f"the archive is damaged there: {bad}", Origin(name), "export it again")
    if is_archive(data):
        return note(
            "file-skipped", "it is an archive inside an archive", Origin(name), "unpack it, and give it by itself"
        )
    return name, data
