"""Read bans from tables: what auditors, spreadsheets, inventories and other tools keep, as CSV or as a workbook."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.errors import Origin
from mdm_policy.identifiers import is_valid, name_problems, problems, quoted, slug
from mdm_policy.loading.bans import warn_of_repeats
from mdm_policy.loading.columns import FoundColumns, Layout, layout
from mdm_policy.loading.text import decode
from mdm_policy.loading.workbooks import is_workbook, sheet
from mdm_policy.model import Authority, Ban, BanList, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.loading.report import LoadReport

_HEADER_HINT = (
    "the first line is `app,platform,kind,identifier[,authority,source]`; or columns for a name and an identifier, such as "
    "`BundleId,TrackId,Name` or `Name,Platform,Bundle ID`"
)
_SEPARATORS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)
_ROUNDED = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE | re.ASCII)
_FORMULA = ("=", "+", "-", "@", "\t")


class _App(msgspec.Struct, frozen=True):
    """Gather the identifiers of one app from all its rows; name and place are those of its first."""

    name: str
    origin: Origin
    identifiers: list[Identifier]


def is_csv(name: str, text: str) -> bool:
    """Tell whether a text is a table of bans: by its header, or, if that is wrong, by the ending of the file's name."""
    if name.lower().endswith((".csv", ".tsv")):
        return True
    separator, skipped = _separator(text)
    first = text.lstrip("\r\n").split("\n", skipped + 1)[skipped:][:1]
    found = layout([cell.strip().strip('"') for cell in first[0].rstrip("\r").split(separator)]) if first else None
    return found is not None and found.form != "bare"


def read_bans(data: bytes, report: LoadReport, max_bytes: int) -> tuple[Ban, ...]:
    """Return one ban for each distinct app of a table, in the order of their first rows."""
    rows = _workbook(data, report, max_bytes) if is_workbook(data) else _table(data, report, max_bytes)
    line, header = next(rows, (0, ()))
    if not line:
        if not report.findings:
            report.error("empty-file", "the file holds nothing", Origin(report.file, 1, 1), _HEADER_HINT)
        return ()
    columns = layout(tuple(cell.strip() for cell in header))
    if columns is None:
        _refuse_header(header, Origin(report.file, line), report)
        return ()
    apps: dict[str, _App] = {}
    if columns.form == "bare":
        _add(apps, columns, header, Origin(report.file, line), report)
    for line, row in rows:
        _add(apps, columns, row, Origin(report.file, line), report)
    if not apps and not any(one.severity == "error" for one in report.findings):
        said = "the table bans nothing"
        report.error("empty-ban-list", said, Origin(report.file, 1, 1), "write a row for each identifier")
    found = tuple(Ban(app.origin, name=app.name, identifiers=tuple(app.identifiers)) for app in apps.values())
    warn_of_repeats(report, found)
    return found


def as_list(name: str, bans: tuple[Ban, ...], data: bytes) -> BanList:
    """Make a list of a table: it bears the file's name, and the organization that names it is its authority."""
    place, stem = Origin(name, 1), PurePath(name).stem
    known = slug(stem.lower().replace("_", "-").replace(" ", "-")) or "table"
    authority = Authority(f"the table {PurePath(name).name}", place)
    return BanList(known, stem, authority, bans, (), place, hashlib.sha256(data).hexdigest())


def _workbook(data: bytes, report: LoadReport, max_bytes: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    yield from sheet(data, report, max_bytes)


def _table(data: bytes, report: LoadReport, max_bytes: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    text = decode(data, report, max_bytes)
    if text is not None:
        yield from _rows(text, report)


def _separator(text: str) -> tuple[str, int]:
    """Return what separates the cells, and how many lines stand before the header: Excel writes `sep=;` into the first."""
    first = text.lstrip("\r\n").partition("\n")[0]
    told = _SEP_LINE.fullmatch(first.rstrip("\r"))
    if told is not None:
        return told.group(1), 1
    known = [one for one in _SEPARATORS if layout([cell.strip().strip('"') for cell in first.rstrip("\r").split(one)])]
    return (known or [max(_SEPARATORS, key=first.count)])[0], 0


def _rows(text: str, report: LoadReport) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the rows that are not blank, each with the line it starts on."""
    separator, skipped = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    line = 1
    try:
        for row in reader:
            if any(row) and skipped:
                skipped -= 1
            elif any(row):
                yield line, tuple(row)
            line = reader.line_num + 1
    except csv.Error as fault:
        hint = "put a cell that holds a comma or a quote into quotes, and double the quotes inside it"
        report.error("csv-syntax", f"the row cannot be read: {fault}", Origin(report.file, line), hint)


def _refuse_header(header: tuple[str, ...], origin: Origin, report: LoadReport) -> None:
    shown = ",".join(header)
    report.error("csv-header", f"{quoted(shown)} is not a known header", origin, _HEADER_HINT)


def _add(apps: dict[str, _App], columns: Layout, row: tuple[str, ...], origin: Origin, report: LoadReport) -> None:
    while len(row) > columns.width and not row[-1]:
        row = row[:-1]
    if len(row) != columns.width:
        said = f"the row has {len(row)} cells, the header {columns.width}"
        report.error("csv-columns", said, origin, "put a cell that holds a comma into quotes")
        return
    for word, place in columns.at.items():
        if row[place].startswith(_FORMULA):
            said = f"the {word} {quoted(row[place])} is a formula to a spreadsheet"
            report.error("csv-formula", said, origin, "write the plain value")
            return
    for one in columns.read(row, origin, report):
        found = name_problems(one.name, origin)
        report.add(found)
        if not found:
            _keep(apps, one, origin, report)


def _keep(apps: dict[str, _App], cell: FoundColumns, origin: Origin, report: LoadReport) -> None:
    if not is_valid(cell.family, cell.kind, cell.value):
        if _ROUNDED.fullmatch(cell.value):
            said = f"a spreadsheet has rounded the {cell.kind} to {quoted(cell.value)}"
            report.error("csv-number-rounded", said, origin, "format the column as text, and enter the number again")
        else:
            report.add(problems(cell.family, cell.kind, cell.value, origin))
        return
    one = Identifier(cell.family, cell.kind, cell.value, origin)
    apps.setdefault(cell.name.casefold(), _App(cell.name, origin, [])).identifiers.append(one)
