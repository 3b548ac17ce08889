"""Read bans from CSV: what auditors keep, and what App Store lookups export."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.errors import Origin
from mdm_policy.identifiers import is_valid, name_problems, problems, quoted
from mdm_policy.loading.bans import warn_of_repeats
from mdm_policy.loading.text import decode
from mdm_policy.model import Ban, Identifier
from mdm_policy.vocabulary import FAMILIES, FAMILY_OF, KINDS_BY_FAMILY, Family, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.loading.report import Report

_AUDIT = ("app", "platform", "kind", "identifier")
_STORE = ("bundleid", "trackid", "name")
_HEADERS: tuple[tuple[str, ...], ...] = (_AUDIT, (*_AUDIT, "authority"), (*_AUDIT, "authority", "source"), _STORE)
_HEADER_HINT = "the first line is `app,platform,kind,identifier[,authority,source]` or `BundleId,TrackId,Name`"
_FAMILY: dict[str, Family] = {**FAMILY_OF, **{family: family for family in FAMILIES}}
_ROUNDED = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE | re.ASCII)
_FORMULA = ("=", "+", "-", "@", "\t")


class _Cell(msgspec.Struct, frozen=True):
    """Hold one identifier of a row, before it is checked."""

    name: str
    family: Family
    kind: Kind
    value: str


class _App(msgspec.Struct, frozen=True):
    """Gather the identifiers of one app from all its rows; name and place are those of its first."""

    name: str
    origin: Origin
    identifiers: list[Identifier]


def is_csv(name: str, text: str) -> bool:
    """Tell whether a text is a table of bans: by its header, or, if that is wrong, by the ending of the file's name."""
    first = text.lstrip("\r\n").partition("\n")[0]
    return _header(first.rstrip("\r").split(",")) in _HEADERS or name.lower().endswith(".csv")


def read_bans(data: bytes, report: Report, max_bytes: int) -> tuple[Ban, ...]:
    """Return one ban for each distinct app of a table, in the order of their first rows."""
    text = decode(data, report, max_bytes)
    if text is None:
        return ()
    rows = _rows(text, report)
    line, header = next(rows, (0, ()))
    if not line:
        if not report.findings:
            report.error("empty-file", "the file holds nothing", Origin(report.file, 1, 1), _HEADER_HINT)
        return ()
    columns = _header(header)
    if columns not in _HEADERS:
        _refuse_header(header, Origin(report.file, line), report)
        return ()
    apps: dict[str, _App] = {}
    for line, row in rows:
        _add(apps, columns, row, Origin(report.file, line), report)
    if not apps and not report.findings:
        said = "the table bans nothing"
        report.error("empty-ban-list", said, Origin(report.file, 1, 1), "write a row for each identifier")
    found = tuple(Ban(app.origin, name=app.name, identifiers=tuple(app.identifiers)) for app in apps.values())
    warn_of_repeats(report, found)
    return found


def _rows(text: str, report: Report) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the rows that are not blank, each with the line it starts on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            if any(row):
                yield line, tuple(row)
            line = reader.line_num + 1
    except csv.Error as fault:
        hint = "put a cell that holds a comma or a quote into quotes, and double the quotes inside it"
        report.error("csv-syntax", f"the row cannot be read: {fault}", Origin(report.file, line), hint)


def _header(cells: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell.strip().strip('"').lower() for cell in cells)


def _refuse_header(header: tuple[str, ...], origin: Origin, report: Report) -> None:
    hint = _HEADER_HINT
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        hint = f"separate the cells with commas (in a spreadsheet: `CSV UTF-8, comma delimited`); {hint}"
    report.error("csv-header", f"{quoted(','.join(header))} is not a known header", origin, hint)


def _add(apps: dict[str, _App], columns: tuple[str, ...], row: tuple[str, ...], origin: Origin, report: Report) -> None:
    if len(row) != len(columns):
        said = f"the row has {len(row)} cells, the header {len(columns)}"
        report.error("csv-columns", said, origin, "put a cell that holds a comma into quotes")
        return
    for column, cell in zip(columns, row, strict=True):
        if cell.startswith(_FORMULA):
            said = f"the {column} {quoted(cell)} is a formula to a spreadsheet"
            report.error("csv-formula", said, origin, "write the plain value")
            return
    cells = _store_cells(row) if columns == _STORE else _audit_cells(row, origin, report)
    for one in cells:
        found = name_problems(one.name, origin)
        report.add(found)
        if not found:
            _keep(apps, one, origin, report)


def _store_cells(row: tuple[str, ...]) -> Iterator[_Cell]:
    bundle_id, track_id, name = row
    if bundle_id or not track_id:
        yield _Cell(name, "ios", "bundle_id", bundle_id)
    if track_id:
        yield _Cell(name, "ios", "app_store_id", track_id)


def _audit_cells(row: tuple[str, ...], origin: Origin, report: Report) -> Iterator[_Cell]:
    name, platform, kind, value = row[:4]
    family = _FAMILY.get(platform)
    if family is None:
        said = f"{quoted(platform)} is not a platform"
        report.error("unknown-word", said, origin, report.guess(platform, _FAMILY))
        return
    for known in KINDS_BY_FAMILY[family]:
        if known == kind:
            yield _Cell(name, family, known, value)
            return
    said = f"{quoted(kind)} is not a kind of identifier of `{family}`"
    report.error("unknown-word", said, origin, report.guess(kind, KINDS_BY_FAMILY[family]))


def _keep(apps: dict[str, _App], cell: _Cell, origin: Origin, report: Report) -> None:
    if not is_valid(cell.family, cell.kind, cell.value):
        if _ROUNDED.fullmatch(cell.value):
            said = f"a spreadsheet has rounded the {cell.kind} to {quoted(cell.value)}"
            report.error("csv-number-rounded", said, origin, "format the column as text, and enter the number again")
        else:
            report.add(problems(cell.family, cell.kind, cell.value, origin))
        return
    one = Identifier(cell.family, cell.kind, cell.value, origin)
    apps.setdefault(cell.name.casefold(), _App(cell.name, origin, [])).identifiers.append(one)
