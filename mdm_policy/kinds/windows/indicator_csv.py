"""Turn an export of Defender's indicators, a CSV file, into the JSON that the API would answer, each row on its line.

The columns are those of the portal's import and export (MicrosoftDocs/defender-docs indicator-manage.md, 2024-10-28).
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

from mdm_policy.documents.texts import TextReport, check_values, decode

if TYPE_CHECKING:
    from collections.abc import Iterator


_NAMES = {
    name.casefold(): name
    for name in (
        *("indicatorType", "indicatorValue", "action", "title", "description", "expirationTime", "severity"),
        *("recommendedActions", "category", "mitreTechniques", "generateAlert", "application"),
    )
} | {"rbacgroups": "rbacGroupNames", "rbacgroupnames": "rbacGroupNames"}
"""The keys of the API by the titles of the columns, without regard to case."""
_GROUPS = "rbacGroupNames"
_BETWEEN = (",", ";", "\t")
"""What stands between two cells: the portal writes a comma, a spreadsheet what its locale or its form of text asks for."""
_SEPARATOR = re.compile(r"sep=(.)\r?$", re.IGNORECASE)
"""The line in front of the table by which a spreadsheet is told what stands between two cells."""
_MARKS = ("indicatortype", "indicatorvalue", "action")
_HEAD = 4096


def claims(data: bytes) -> bool:
    """Tell whether bytes are such an export: the first line names its columns."""
    head = data[:_HEAD].replace(b"\0", b"").lower()
    first, _, second = head.lstrip(b"\xef\xbb\xbf\xff\xfe").partition(b"\n")
    said = _SEPARATOR.match(first.decode("latin-1"))
    titles = second.partition(b"\n")[0] if said else first
    split = any(one.encode() in titles for one in (said[1] if said else _BETWEEN))
    return first[:1] not in (b"{", b"[") and split and all(mark.encode() in titles for mark in _MARKS)


def as_json(name: str, data: bytes, max_size: int) -> bytes:
    """Return the JSON of an export.

    Raises:
        PolicyError: `document-syntax`, or what keeps the bytes from being text.

    """
    source = decode(name, data, max_size)
    check_values(source, "json", max_size)
    report = TextReport(name)
    parts = ['{"Indicators":[']
    line, written = 1, 1
    try:
        for start, row in _rows(source.text):
            line = start
            parts.append("\n" * (line - written) + ("" if len(parts) == 1 else ",") + json.dumps(row))
            written = max(written, line)
    except csv.Error as bad:
        report.fail("document-syntax", f"not a valid table: {bad}", (line, 1), "export it again")
    report.stop_if_any()
    return "".join([*parts, "]}\n"]).encode("utf-8", "surrogatepass")


def _rows(text: str) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield each row with the line that it begins on; empty cells say nothing."""
    text = text.removeprefix("\ufeff")
    first, _, rest = text.partition("\n")
    said = _SEPARATOR.match(first)
    titles = rest.partition("\n")[0] if said else first
    between = said[1] if said else max(_BETWEEN, key=titles.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    if said:
        next(reader, [])
    header = [_NAMES.get(cell.strip().casefold(), cell.strip()) for cell in next(reader, [])]
    start = reader.line_num + 1
    for cells in reader:
        made: dict[str, object] = {
            key: _groups(cell) if key == _GROUPS else cell.strip()
            for key, cell in zip(header, cells, strict=False)
            if cell.strip()
        }
        if made:
            yield start, made
        start = reader.line_num + 1


def _groups(cell: str) -> list[str]:
    """Return the device groups of a cell; the page does not say what stands between two of them."""
    return [one.strip() for one in cell.replace(";", ",").split(",") if one.strip()]
