"""Parse and write JSON strictly and fast.

`json.loads` keeps the last of two equal keys and reads NaN; `msgspec` reads three times as fast but also keeps the
last. So msgspec reads, and one walk over the result proves that nothing was lost: the text has no colon that the value
does not account for. Only when that proof fails does the slow scanner read the text again and say what is wrong, and where.
"""

from __future__ import annotations

import json
import math
from functools import partial
from itertools import chain
from typing import Any

import msgspec

from mdm_policy.documents.jsonscan import SURROGATE, check
from mdm_policy.documents.texts import (
    INT_MAX,
    INT_MIN,
    MAX_DEPTH,
    MAX_SIZE,
    TextReport,
    TextSource,
    Twice,
    WhiteSpace,
    check_values,
    decode,
    is_stray,
    refuse,
)

_SCANNED_WITH_SYNTAX_ERROR = 1 << 20
_CONTAINERS: frozenset[type] = frozenset({dict, list, tuple})
_WRITABLE = _CONTAINERS | {str, int, bool, float, type(None)}


def parse_json(
    name: str,
    data: bytes,
    white_space: WhiteSpace = "error",
    max_size: int = MAX_SIZE,
    twice: list[Twice] | None = None,
) -> Any:
    """Parse a JSON document; keys that stand twice go into `twice`, or are refused without it.

    Raises:
        PolicyError: with every finding the parser could reach.

    """
    return parse_json_text(decode(name, data, max_size), white_space, max_size, twice)


def parse_json_text(
    source: TextSource, white_space: WhiteSpace = "error", max_size: int = MAX_SIZE, twice: list[Twice] | None = None
) -> Any:
    """Parse a JSON text already decoded."""
    check_values(source, "json", max_size)
    strict = white_space == "error"
    try:
        value = msgspec.json.decode(source.text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _parse_slowly(source, twice, strict=strict)
    escaped = "\\u003a" in source.text or "\\u003A" in source.text
    if not escaped:
        if _is_whole(_colons(value, strict=strict), source.text):
            return value
        _refuse_what_is_found(source, twice, strict=strict)
    return _parse_slowly(source, twice, strict=strict)


def _is_whole(colons: int, text: str) -> bool:
    """Prove that no key was lost to a duplicate; False only means *not proven*.

    A text without escaped colons has one colon for each key, besides those inside strings. So when the colons of the
    text are as many as the keys and the colons in the strings of the value, nothing was lost. An escaped colon could
    make up for a lost one, and proves nothing.
    """
    return colons == text.count(":")


def _refuse_what_is_found(source: TextSource, twice: list[Twice] | None, *, strict: bool) -> None:
    """Say what is wrong with a text that is JSON; if the scanner finds nothing, the slow parser has the last word."""
    report = TextReport(source.name)
    check(source, report, strict=strict, unique=twice is None)
    report.stop_if_any()


def _colons(value: Any, *, strict: bool) -> int:
    """Count the colons a value accounts for, level by level; -1 when it holds anything that must be reported."""
    colons = depth = 0
    level: list[Any] = [value]
    while level:
        kinds = set(map(type, level))
        if depth == MAX_DEPTH and kinds & _CONTAINERS:
            return -1
        strings = _only(level, kinds, str)
        dicts = _only(level, kinds, dict)
        keys = list(chain.from_iterable(dicts))
        if strict and (_any_stray(strings) or _any_stray(list(set(keys)))):
            return -1
        if not all(INT_MIN <= number <= INT_MAX for number in _only(level, kinds, int)):
            return -1
        if not all(map(math.isfinite, _only(level, kinds, float))):
            return -1
        colons += len(keys) + "".join(strings).count(":") + "".join(keys).count(":")
        level = _below(dicts, _only(level, kinds, list))
        depth += 1
    return colons


def _any_stray(strings: list[str]) -> bool:
    """Tell whether any string has white space around it."""
    return list(map(str.strip, strings)) != strings and any(map(is_stray, strings))


def _only(level: list[Any], kinds: set[type], kind: type) -> list[Any]:
    """Return the items of one type; most levels of a document hold a single one."""
    if kind not in kinds:
        return []
    return level if len(kinds) == 1 else [item for item in level if type(item) is kind]


def _below(dicts: list[Any], *lists: list[Any]) -> list[Any]:
    """Return everything one level deeper."""
    return [*chain.from_iterable(map(dict.values, dicts)), *chain.from_iterable(chain.from_iterable(lists))]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dictionary of pairs whose keys differ."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _last(twice: list[Twice], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dictionary of pairs, of which the last of one key counts, and keep what it took the place of."""
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            twice.append(Twice(result, key, result[key]))
        result[key] = value
    return result


def _parse_slowly(source: TextSource, twice: list[Twice] | None, *, strict: bool) -> Any:
    """Read a text the proof failed for: return its value if nothing is wrong with it, else say what is.

    A syntax error in a very large text is reported alone: scanning for others would take longer than mending it.
    """
    report = TextReport(source.name)
    constants: list[str] = []
    problem: Exception | None = None
    value: Any = None
    try:
        value = json.loads(
            source.text,
            object_pairs_hook=_unique if twice is None else partial(_last, twice),
            parse_constant=constants.append,
        )
        if _colons(value, strict=strict) >= 0 and not constants and not SURROGATE.search(source.text):
            return value
    except (ValueError, RecursionError) as caught:
        problem = caught
    syntax = problem if isinstance(problem, json.JSONDecodeError) else None
    if syntax is None or len(source.text) <= _SCANNED_WITH_SYNTAX_ERROR:
        check(source, report, strict=strict, unique=twice is None)
    if syntax is not None:
        control = syntax.msg.startswith("Invalid control character")
        report.add(
            "control-character" if control else "document-syntax",
            f"the document is not valid JSON: {syntax.msg[:1].lower()}{syntax.msg[1:]}",
            (syntax.lineno, syntax.colno),
        )
    elif problem is not None and not report.findings:
        report.add("document-syntax", "the document is not valid JSON")
    report.stop_if_any()
    return value


def dump_json(value: Any, *, compact: bool = False) -> bytes:
    r"""Write a value as JSON: keys sorted, two spaces of indent, UTF-8 as it is, a line feed at the end.

    `compact` leaves out all white space, also the line feed: the form for a string inside another document.

    Raises:
        PolicyError: `control-character` (unpaired surrogates), `number-not-finite`, `number-out-of-range`,
            `document-too-deep` or `value-not-representable`.

    """
    _check_writable(value)
    try:
        data = msgspec.json.encode(value, order="sorted")
    except UnicodeEncodeError:
        raise refuse("control-character", "a string holds an unpaired surrogate", (), "remove the character") from None
    return data if compact else msgspec.json.format(data, indent=2) + b"\n"


def _check_writable(value: Any) -> None:
    """Refuse what msgspec would write in its own way: NaN as null, bytes as base64, dates as text."""
    depth = 0
    level: list[Any] = [value]
    while level:
        kinds = set(map(type, level))
        if depth == MAX_DEPTH and kinds & _CONTAINERS:
            raise refuse("document-too-deep", f"the value nests deeper than {MAX_DEPTH} levels", ())
        for kind in sorted(kinds - _WRITABLE, key=str):
            raise refuse("value-not-representable", f"JSON cannot hold a value of type {kind.__name__}", ())
        for number in _only(level, kinds, float):
            if not math.isfinite(number):
                raise refuse("number-not-finite", f"the number {number} is not finite", ())
        if not all(INT_MIN <= number <= INT_MAX for number in _only(level, kinds, int)):
            raise refuse("number-out-of-range", "an integer has more than 64 bits", ())
        dicts = _only(level, kinds, dict)
        if not set(map(type, chain.from_iterable(dicts))) <= {str}:
            raise refuse("value-not-representable", "a key is not a string", ())
        level = _below(dicts, _only(level, kinds, list), _only(level, kinds, tuple))
        depth += 1
