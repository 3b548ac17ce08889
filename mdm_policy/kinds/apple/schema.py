"""Hold values against Apple's own tables of keys (data/vendor/apple-*.json): types, required keys, words and ranges."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from mdm_policy.documents import pointer as joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_TYPES: dict[str, tuple[frozenset[type], str]] = {
    "string": (frozenset({str}), "text"),
    "integer": (frozenset({int}), "a whole number"),
    "real": (frozenset({int, float}), "a number"),
    "boolean": (frozenset({bool}), "true or false"),
    "date": (frozenset({dt.datetime, dt.date}), "a date"),
    "data": (frozenset({bytes}), "data"),
    "dictionary": (frozenset({dict}), "a dictionary"),
    "array": (frozenset({list}), "a list"),
}
_JSON_TEXT = frozenset({"date", "data"})
"""Types that JSON has no form of its own for, and that stand in it as text."""
_CONTAINERS: dict[type, str] = {list: "a list", dict: "a dictionary", bytes: "data"}
_NUMBERS = frozenset({bool, int, float})
_VALUE = "value-outside-schema"
_SHOWN = 3
"""How many faults of one list are told."""


class KeyFault(NamedTuple):
    """Say what is wrong at a place; `certain` where a device is known to refuse the document for it.

    `id` is that of its finding.
    """

    pointer: str
    message: str
    certain: bool = True
    id: str = "wrong-type"


def faults(
    value: Mapping[str, Any], keys: Mapping[str, Any], pointer: str = "", *, closed: bool = False
) -> Iterator[KeyFault]:
    """Yield all that Apple's table of keys does not take of a dictionary.

    `closed`: a key that the table lacks is a fault too, and every fault is a certain one, as in declarations. In profiles
    devices pass over keys they do not know, and a word may be newer than the table.
    """
    for name, said in keys.items():
        if said.get("required") and name != "*" and name not in value:
            yield KeyFault(pointer, f"{name} is missing, and Apple requires it", id="required-key-missing")
    rest = keys.get("*")
    for key, item in value.items():
        said = keys.get(key, rest)
        if said is not None:
            yield from _of_value(item, said, pointer + joined(key), closed=closed)
        elif closed:
            known = ", ".join(sorted(keys))
            yield KeyFault(pointer, f"{str(key)[:80]!r} is not a key of this declaration; the keys are {known}")


def _of_value(value: Any, said: Mapping[str, Any], pointer: str, *, closed: bool) -> Iterator[KeyFault]:
    kind = said["type"]
    if kind == "any" or value is None:
        return
    allowed, wanted = _TYPES[kind]
    if type(value) not in allowed and not (closed and kind in _JSON_TEXT and type(value) is str):
        mixed = not closed and type(value) in _NUMBERS and not allowed.isdisjoint(_NUMBERS)
        yield KeyFault(pointer, f"expected {wanted}, found {shown(value)}", not mixed)
    elif kind == "dictionary":
        if "keys" in said:
            yield from faults(value, said["keys"], pointer, closed=closed)
    elif kind == "array":
        if "items" in said and not _plain(value, said["items"]):
            yield from _of_items(value, said["items"], pointer, closed=closed)
    elif "values" in said and value not in said["values"]:
        words = ", ".join(map(str, said["values"][:12]))
        yield KeyFault(pointer, f"{shown(value)} is not one of the values that Apple knows: {words}", closed, _VALUE)
    elif value < said.get("min", value) or value > said.get("max", value):
        least, most = said.get("min", "-"), said.get("max", "-")
        yield KeyFault(pointer, f"{value} is not within {least} and {most}, as Apple's schema demands", id=_VALUE)


def _of_items(items: Sequence[Any], said: Mapping[str, Any], pointer: str, *, closed: bool) -> Iterator[KeyFault]:
    """Yield the first faults of a list, and one that says so where there are more."""
    told = 0
    for place, item in enumerate(items):
        for fault in _of_value(item, said, f"{pointer}/{place}", closed=closed):
            told += 1
            if told > _SHOWN:
                return
            yield fault


def _plain(items: Sequence[Any], said: Mapping[str, Any]) -> bool:
    """Tell whether nothing is wrong with a list, as with nearly every one: 100,000 entries are looked at as columns."""
    kind = said["type"]
    if kind == "any" or not items:
        return True
    if not set(map(type, items)) <= _TYPES[kind][0]:
        return False
    if kind != "dictionary":
        return not said.keys() & {"values", "min", "max", "items"}
    keys = said.get("keys", {})
    found = set().union(*items)
    asked = (name for name, one in keys.items() if name in found or one.get("required"))
    return found <= keys.keys() and all(_plain_column(items, name, keys[name]) for name in asked)


def _plain_column(items: Sequence[Any], name: str, said: Mapping[str, Any]) -> bool:
    if said["type"] in ("dictionary", "array") or said.keys() & {"min", "max"}:
        return not any(name in item for item in items) and not said.get("required")
    column = [item[name] for item in items if name in item]
    if said.get("required") and len(column) < len(items):
        return False
    known = _TYPES.get(said["type"])
    right = known is None or set(map(type, column)) <= known[0]
    return right and ("values" not in said or set(column) <= set(said["values"]))


def shown(value: Any) -> str:
    """Write a value as it is told: its type, and the value where it is short."""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) in (int, float):
        return f"the number {value}"
    if isinstance(value, str):
        short = value if len(value) <= 40 else f"{value[:37]}..."
        return f"the text {short!r}"
    if isinstance(value, dt.date):
        return "a date"
    return _CONTAINERS.get(type(value), type(value).__name__)
