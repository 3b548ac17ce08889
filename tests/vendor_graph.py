"""Check a Graph body against Microsoft's own typings: every key known, every enum value allowed, every type right.

The typings are TypeScript. Only what their generator writes is understood (interfaces with optional properties,
unions of string literals, `NullableOption`, arrays); anything else is an error, so that nothing is passed unread.
"""

from __future__ import annotations

import functools
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPINGS = Path(sys.prefix) / "vendor" / "graph" / "microsoft-graph.d.ts"
MARK = TYPINGS.with_name(".complete")
# The typings do not say which enums are flags; Microsoft's reference shows these two with commas.
FLAGS = {"DeviceManagementConfigurationPlatforms", "DeviceManagementConfigurationTechnologies"}
_PREFIX = "#microsoft.graph."
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_INTERFACE = re.compile(r"^export interface (\w+)(?: extends (\w+))? \{(?:\}|(.*?)^\})", re.MULTILINE | re.DOTALL)
_ALIAS = re.compile(r"^export type (\w+) =(.*?);", re.MULTILINE | re.DOTALL)
_PROPERTY = re.compile(r"\s*(\w+)\??:\s*(.*?)\s*", re.DOTALL)
_LITERAL = re.compile(r'"([^"]*)"')


class MissingError(AssertionError):
    """Say that the typings are not there; the check must fail then, never pass."""


class Interface(NamedTuple):
    """Hold one interface: the one it extends, and the TypeScript type of each of its own properties."""

    base: str | None
    properties: dict[str, str]


class Typings(NamedTuple):
    """Hold what the file declares at its top level: interfaces, and unions of string literals."""

    interfaces: dict[str, Interface]
    enums: dict[str, frozenset[str]]


@functools.cache
def typings() -> Typings:
    """Parse the typings once."""
    if not MARK.is_file():
        raise MissingError(f"{TYPINGS.name} is not there: run tests/vendor/fetch.py")
    return parse(TYPINGS.read_text(encoding="utf-8"))


def parse(text: str) -> Typings:
    """Read interfaces and enums out of TypeScript text."""
    bare = _COMMENT.sub("", text)
    interfaces = {}
    for name, base, body in _INTERFACE.findall(bare):
        properties = {}
        for statement in filter(str.strip, body.split(";")):
            found = _PROPERTY.fullmatch(statement)
            if found is None:
                raise ValueError(f"{name}: not a property: {statement.strip()!r}")
            properties[found[1]] = " ".join(found[2].split())
        interfaces[name] = Interface(base or None, properties)
    enums = {name: frozenset(_LITERAL.findall(union)) for name, union in _ALIAS.findall(bare) if '"' in union}
    return Typings(interfaces, enums)


def check(interface: str, value: Any) -> list[str]:
    """Return what an interface does not allow in a value, as `pointer: problem`."""
    return [f"{pointer or '/'}: {problem}" for pointer, problem in _check(interface, value, "")]


def check_typed(value: Any) -> list[str]:
    """Check a resource that names its own type."""
    name = _named(value)
    return check(name, value) if name in typings().interfaces else [f"/@odata.type: {name} is not a type of Graph"]


def _named(value: dict[str, Any], expected: str = "") -> str:
    """Return the interface that an object's `@odata.type` names, else the expected one."""
    type_ = value.get("@odata.type", "")
    name = type_.removeprefix(_PREFIX)
    return name[:1].upper() + name[1:] if name else expected


def _lineage(name: str | None) -> Iterator[str]:
    """Yield an interface's name and those of all it extends."""
    while name is not None:
        yield name
        name = typings().interfaces[name].base


def _check(type_: str, value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if type_.startswith("NullableOption<"):
        if value is not None:
            yield from _check(type_.removeprefix("NullableOption<").removesuffix(">"), value, pointer)
    elif type_.endswith("[]"):
        yield from _list(type_.removesuffix("[]"), value, pointer)
    elif type_ in typings().enums:
        yield from _enum(type_, value, pointer)
    elif type_ in typings().interfaces:
        yield from _object(type_, value, pointer)
    elif type_ not in {"string", "boolean", "number"}:
        yield pointer, f"this check does not understand the type {type_}"
    elif not _is(type_, value):
        yield pointer, f"must be {type_}"


def _is(type_: str, value: Any) -> bool:
    if type_ == "string":
        return isinstance(value, str)
    return isinstance(value, bool) if type_ == "boolean" else isinstance(value, int | float) and value is not True


def _list(type_: str, value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        yield pointer, "must be a list"
        return
    for index, item in enumerate(value):
        yield from _check(type_, item, f"{pointer}/{index}")


def _enum(type_: str, value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    words = value.split(",") if isinstance(value, str) and type_ in FLAGS else [value]
    for word in words:
        if word not in typings().enums[type_]:
            yield pointer, f"{word} is not one of {', '.join(sorted(typings().enums[type_]))}"


def _object(expected: str, value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield pointer, f"must be {expected}"
        return
    name = _named(value, expected)
    if name not in typings().interfaces or expected not in _lineage(name):
        yield f"{pointer}/@odata.type", f"{name} is not a kind of {expected}"
        return
    properties = {key: type_ for step in _lineage(name) for key, type_ in typings().interfaces[step].properties.items()}
    for key, item in value.items():
        place = f"{pointer}/{key}"
        if key in properties:
            yield from _check(properties[key], item, place)
        elif key not in {"@odata.type", "@odata.context"}:
            yield place, f"{name} has no such property"
