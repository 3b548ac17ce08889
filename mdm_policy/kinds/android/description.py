"""Hold a message against Google's own description of it: fields, types and words, at any depth.

Of a request with one field that the API does not know, or one value of another type or word, it stores nothing
(fleetdm/fleet issues 35211, 40092, 53296). The description is data/vendor/amapi-policy.json, made from the discovery
document. A hundred thousand apps are looked at field by field, not app by app.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mdm_policy.kinds.keys import vendor_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Sort = Literal["field", "spelling", "word", "type", "form"]
"""What is wrong: a field the API does not know, or one written in another way; a word; a type; or a way to write a value
of which no page says whether the API takes it."""
_INT32 = 1 << 31
_INT64 = re.compile(r"-?[0-9]{1,19}", re.ASCII).fullmatch
_DURATION = re.compile(r"-?[0-9]+(?:\.[0-9]{1,9})?s", re.ASCII).fullmatch
_SHOWN = 60


class FieldFault(NamedTuple):
    """Say what is wrong with a value: where it stands, under which field of which message, and what is expected."""

    sort: Sort
    pointer: str
    message: str
    field: str
    value: Any
    wanted: str

    def __str__(self) -> str:
        """Write it for a reader."""
        if self.sort == "field":
            return f"{self.field!r} is not a field of {self.message}"
        if self.sort == "spelling":
            return f"{self.field!r} is written unlike the field {self.wanted!r}"
        if self.sort == "word":
            return f"{_short(self.value)} is not a valid value of {self.field}"
        return f"{self.field}: expected {self.wanted}, found {_named(self.value)}"


def messages() -> dict[str, dict[str, Any]]:
    """Return the fields of each message, by name, each with its type and words."""
    found: dict[str, dict[str, Any]] = vendor_table("amapi-policy")["messages"]
    return found


def fold(key: str) -> str:
    """Return a field's name without regard to case and underscores, as proto3 JSON may write it too."""
    return key.replace("_", "").casefold()


@functools.cache
def _folded(name: str) -> Mapping[str, str]:
    return {fold(field): field for field in messages()[name]}


def faults(name: str, value: Any, at: str) -> Iterator[FieldFault]:
    """Yield all that is wrong with a message that stands at a pointer, in no order that counts."""
    yield from _messages(name, name, [value], lambda _place: at)


def _messages(name: str, field: str, values: Sequence[Any], where: Callable[[int], str]) -> Iterator[FieldFault]:
    """Go through messages of one name: each field is a column."""
    if set(map(type, values)) != {dict}:
        for place, value in enumerate(values):
            if type(value) is not dict:
                yield FieldFault("type", where(place), name, field, value, "an object")
        places = [place for place, value in enumerate(values) if type(value) is dict]
        values, where = [values[place] for place in places], _chosen(places, where)
    known = messages()[name]
    keys = set().union(*values) if values else set[str]()
    if not keys <= known.keys():
        yield from _unknown(name, values, where)
    for key in sorted(keys & known.keys()):
        column = [value.get(key) for value in values]
        below = _under(key, where)
        if None in column:  # null is as good as nothing
            places = [place for place, value in enumerate(column) if value is not None]
            column, below = [column[place] for place in places], _chosen(places, below)
        if column:
            yield from _column(name, key, known[key], column, below)


def _unknown(name: str, values: Sequence[Mapping[str, Any]], where: Callable[[int], str]) -> Iterator[FieldFault]:
    known, folded = messages()[name], _folded(name)
    for place, value in enumerate(values):
        for key in value:
            if key not in known:
                meant = folded.get(fold(key)) if len(key) <= _SHOWN else None
                sort: Sort = "spelling" if meant else "field"
                yield FieldFault(sort, f"{where(place)}/{_escaped(key)}", name, key, value[key], meant or "")


def _column(
    name: str, key: str, field: Mapping[str, Any], column: Sequence[Any], where: Callable[[int], str]
) -> Iterator[FieldFault]:
    if "items" in field:
        lists = [value if type(value) is list else [] for value in column]
        for place, value in enumerate(column):
            if type(value) is not list:
                yield FieldFault("type", where(place), name, key, value, "a list")
        column, where = list(chain.from_iterable(lists)), _flat(lists, where)
        field = field["items"]
    if not column:
        return
    if "message" in field:
        yield from _messages(field["message"], key, column, where)
        return
    words = field.get("words")
    types = set(map(type, column))
    if words is not None and types == {str} and set(column) <= set(words):
        return
    if words is None and types == {_PLAIN.get(field["type"])} and "format" not in field and "values" not in field:
        return
    for place, value in enumerate(column):
        sort, wanted = _scalar(value, field)
        if sort is not None:
            yield FieldFault(sort, where(place), name, key, value, wanted)


_PLAIN = {"string": str, "boolean": bool, "object": dict}


def _scalar(value: Any, field: Mapping[str, Any]) -> tuple[Sort | None, str]:
    """Return what is wrong with a single value, and what is expected instead."""
    if "words" in field:
        if type(value) is str:
            return (None if value in field["words"] else "word"), "one of its words"
        return ("form" if type(value) is int else "type"), "one of its words"
    match field["type"]:
        case "boolean":
            return (None if type(value) is bool else "type"), "true or false"
        case "object":
            texts = "values" not in field or (type(value) is dict and set(map(type, value.values())) <= {str})
            return (None if type(value) is dict and texts else "type"), "an object"
        case "integer":
            return _integer(value), "a whole number"
        case _:
            return _text(value, field.get("format", ""))


def _integer(value: Any) -> Sort | None:
    if type(value) is int:
        return None if -_INT32 <= value < _INT32 else "type"
    whole = (type(value) is str and _INT64(value)) or (type(value) is float and value.is_integer())
    return "form" if whole else "type"


def _text(value: Any, form: str) -> tuple[Sort | None, str]:
    if form == "int64":
        fine = (type(value) is int and -(1 << 63) <= value < 1 << 63) or (type(value) is str and _INT64(value))
        return (None if fine else "type"), "a whole number as a text"
    if form == "google-duration":
        return (None if type(value) is str and _DURATION(value) else "type"), "a duration such as 60s"
    return (None if type(value) is str else "type"), "a text"


def _under(key: str, where: Callable[[int], str]) -> Callable[[int], str]:
    return lambda place: f"{where(place)}/{key}"


def _chosen(places: Sequence[int], where: Callable[[int], str]) -> Callable[[int], str]:
    return lambda place: where(places[place])


def _flat(lists: Sequence[Sequence[Any]], where: Callable[[int], str]) -> Callable[[int], str]:
    starts = list(accumulate(map(len, lists), initial=0))

    def at(place: int) -> str:
        owner = bisect_right(starts, place, hi=len(lists)) - 1
        return f"{where(owner)}/{place - starts[owner]}"

    return at


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def _named(value: Any) -> str:
    if isinstance(value, bool):
        return repr(value).lower()
    if isinstance(value, str):
        return f"the text {_short(value)}"
    if isinstance(value, int | float):
        return f"the number {value:.15g}" if abs(value) < 1e15 else "a number"
    return "null" if value is None else "an object" if isinstance(value, dict) else "a list"


def _short(value: Any) -> str:
    return repr(value if len(value) <= _SHOWN else f"{value[: _SHOWN - 3]}...") if isinstance(value, str) else ""
