"""Read the first sheet of an Excel workbook as rows of text, by an optional reader."""

from __future__ import annotations

import importlib
import io
from typing import TYPE_CHECKING, Any

from mdm_policy.errors import Origin
from mdm_policy.extras import install_hint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.loading.report import LoadReport

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAVE = "save the sheet as CSV UTF-8"
_MOST_UNPACKED = 20
"""A workbook may unpack to as many times what a list may have: text compresses well, and a bomb by far better."""


def is_workbook(data: bytes) -> bool:
    """Tell whether a file is an Excel workbook: a ZIP archive with `xl/workbook.xml` (ECMA-376), or the old format."""
    return data.startswith(_OLE) or (data.startswith(_ZIP) and b"xl/workbook." in data)


def sheet(data: bytes, report: LoadReport, max_bytes: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the rows of the first sheet that are not blank, each with its number; what is wrong is one finding."""
    place = Origin(report.file, 1)
    try:
        calamine: Any = importlib.import_module("python_calamine")
    except ImportError:
        hint = f"{_SAVE}; or, to read workbooks, {install_hint('excel')}"
        report.error(
            "workbook", "this is an Excel workbook, which the program reads with an optional part", place, hint
        )
        return
    if len(data) > max_bytes or _unpacked(data) > _MOST_UNPACKED * max_bytes:
        report.error("file-too-large", "the workbook is too large to be a list", place, f"split it, or {_SAVE}")
        return
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False) if book.sheet_names else []
    except Exception as fault:  # noqa: BLE001 - the reader raises whatever its parsers do, panics of theirs too
        report.error("workbook", f"the workbook cannot be read: {' '.join(str(fault).split())[:200]}", place, _SAVE)
        return
    for number, row in enumerate(rows, 1):
        cells = tuple(_text(cell) for cell in row)
        if any(cells):
            yield number, cells


def _unpacked(data: bytes) -> int:
    if not data.startswith(_ZIP):
        return len(data)
    import zipfile  # noqa: PLC0415 - a workbook alone needs it

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return sum(one.file_size for one in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return 0


def _text(cell: object) -> str:
    """Write a cell as a person reads it; Excel keeps every number as a fraction."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
