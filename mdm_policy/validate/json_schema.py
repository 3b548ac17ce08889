"""Run JSON Schema (draft 2020-12) over plist and JSON values, and say in plain words what does not match.

The engine is `jsonschema-rs` (docs/adr/0005-schema-engine.md). It would fetch a `$ref` it does not know over the
network, so every reference out of the file is refused before it is followed.
"""

from __future__ import annotations

import base64
import difflib
import functools
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

import jsonschema_rs

from mdm_policy.documents.pointers import pointer
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.validate.violation import Violation, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_COMPILED = 32
_LONGEST = 200
_KINDS = {"object": "an object", "array": "a list", "string": "text", "integer": "an integer", "number": "a number"}


class Schema:
    """Pair a schema's text, which knows the words for a person, with the engine compiled from it."""

    __slots__ = ("engine", "text")

    def __init__(self, text: Any, engine: jsonschema_rs.Draft202012Validator) -> None:
        """Keep both."""
        self.text = text
        self.engine = engine


class _Integer:
    """Tell an integer from a real: JSON Schema takes 1.0 for the integer 1, a plist and its readers do not."""

    def __init__(self, _parent: Any, _value: Any, _path: Any) -> None:
        """Take what the engine passes; there is nothing to configure."""

    def validate(self, instance: Any) -> None:
        """Refuse a real number."""
        if isinstance(instance, float):
            raise ValueError("expected an integer, found a real number")  # noqa: TRY004 - the engine listens for it


class _JsonText:
    """Check the JSON inside a string: AMAPI takes Chrome's lists as text, and drops one it cannot read without a word."""

    def __init__(self, _parent: Any, value: Any, _path: Any) -> None:
        """Compile the schema of the inner value."""
        self.inner = jsonschema_rs.Draft202012Validator(value, retriever=_refuse)

    def validate(self, instance: Any) -> None:
        """Refuse text that is not JSON of the wanted shape; anything but text is another keyword's matter."""
        if not isinstance(instance, str):
            return
        try:
            self.inner.validate(json.loads(instance))
        except ValueError as problem:
            raise ValueError(f"the JSON inside the text: {_first_line(problem)}") from problem


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"it refers to {uri}, and a schema must stand in one file")


_KEYWORDS: dict[str, type[Any]] = {"x-integer": _Integer, "x-json": _JsonText}


@functools.lru_cache(maxsize=_COMPILED)
def compiled(data: bytes, file: str) -> Schema:
    """Compile a schema's bytes; `file` is for the error alone.

    Raises:
        PolicyError: `schema-invalid`, when it is no JSON Schema or refers to another file.

    """
    try:
        text = json.loads(data)
        engine = jsonschema_rs.Draft202012Validator(text, retriever=_refuse, keywords=_KEYWORDS)
    except (ValueError, RecursionError) as problem:
        message = _first_line(problem)
        hint = "write JSON Schema draft 2020-12, all in one file"
        raise PolicyError([error("schema-invalid", message, Origin(file), hint)]) from problem
    return Schema(text, engine)


def _first_line(problem: Exception) -> str:
    return str(problem).split("\n", 1)[0][:_LONGEST] or type(problem).__name__


def violations(schema: Schema, value: Any) -> Iterator[Violation]:
    """Yield every place of a value that the schema does not allow."""
    try:
        problems = schema.engine.iter_errors(value)
    except ValueError:
        # Only a plist can hold them, only a user's own template does, and only then is the copy worth its time.
        value = _plain(value)
        try:
            problems = schema.engine.iter_errors(value)
        except ValueError as why:
            yield Violation("", f"cannot be checked: {why}")
            return
    for problem in problems:
        yield from _violations(schema.text, value, problem)


def _plain(value: Any) -> Any:
    """Write data as base64 and dates as ISO text, the forms JSON Schema can speak of."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    return value


def _violations(text: Any, value: Any, problem: jsonschema_rs.ValidationError) -> Iterator[Violation]:
    """Put one of the engine's errors into words; an object's unknown keys become one violation each."""
    kind: Any = problem.kind
    place = pointer(*problem.instance_path)
    schema = _at(text, problem.schema_path[:-1])
    if kind.name in {"additionalProperties", "unevaluatedProperties"}:
        known = sorted(schema.get("properties", {}))
        for key in kind.unexpected:
            yield Violation(place + pointer(key), "the key is not known here", _nearest(key, known))
        return
    described = schema.get("description", "") if kind.name in _DESCRIBED else ""
    found = _at(value, problem.instance_path)
    if described:
        yield Violation(place, f"expected {described}, found {shown(found)}")
    elif kind.name in _WORDS:
        yield Violation(place, _WORDS[kind.name](kind, found))
    else:
        yield Violation(place, problem.message[:_LONGEST])


def _at(value: Any, path: list[str | int]) -> Any:
    for step in path:  # the engine gives a key of digits as a number
        value = value[int(step)] if isinstance(value, list) else value[str(step)]
    return value


def _nearest(key: str, known: list[str]) -> str:
    """Name the key that was probably meant, else all that are known."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(key.casefold(), folded, n=1, cutoff=0.7)
    if near:
        return f"did you mean {folded[near[0]]}?"
    return f"known here: {', '.join(known)}" if known else ""


def _type(kind: Any, found: Any) -> str:
    wanted = " or ".join(_KINDS.get(name, name) for name in kind.types)
    return f"expected {wanted}, found {shown(found)}"


def _duplicate(_kind: Any, found: list[Any]) -> str:
    seen: set[str] = set()
    for item in found:
        key = json.dumps(item, sort_keys=True)
        if key in seen:
            return f"the list holds {shown(item)} twice"
        seen.add(key)
    return "the list holds an entry twice"


def _options(kind: Any, found: Any) -> str:
    return f"expected {' or '.join(shown(option) for option in kind.options)}, found {shown(found)}"


_DESCRIBED = frozenset({"const", "enum", "type", "pattern", "minLength", "maxLength"})
_WORDS: dict[str, Callable[[Any, Any], str]] = {
    "const": lambda kind, found: f"expected {shown(kind.expected_value)}, found {shown(found)}",
    "enum": _options,
    "falseSchema": lambda _kind, found: f"nothing is allowed here, found {shown(found)}",
    "maxItems": lambda kind, found: f"entries allowed here: at most {kind.limit}, found {len(found)}",
    "maxLength": lambda kind, found: f"characters allowed here: at most {kind.limit}, found {len(found)}",
    "minItems": lambda kind, found: f"entries needed here: at least {kind.limit}, found {len(found)}",
    "minLength": lambda kind, found: f"characters needed here: at least {kind.limit}, found {len(found)}",
    "minProperties": lambda kind, found: f"keys needed here: at least {kind.limit}, found {len(found)}",
    "pattern": lambda kind, found: f"expected text matching {kind.pattern}, found {shown(found)}",
    "required": lambda kind, _found: f"the key {kind.property} is missing",
    "type": _type,
    "uniqueItems": _duplicate,
}
