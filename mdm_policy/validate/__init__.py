"""Check a document against a closed schema, so that a misspelt key never reaches a device that would ignore it.

Vendors accept unknown keys silently, or refuse the whole document with one line of server text. The packaged schemas
hold no more than the product writes: a key that is not in them is an error here. A user's own template brings its own
schema (JSON Schema draft 2020-12, or RELAX NG for XML).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mdm_policy import regular, resources
from mdm_policy.documents import Document, locate_all
from mdm_policy.errors import Finding, Origin, PolicyError, error, note
from mdm_policy.validate import json_schema, relax_ng

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.validate.violation import Violation

SchemaChecker = Callable[[Document, str | Path], list[Finding]]
"""Hold a document against a schema, as `validate` does; where schemas are a user's own, in a process within limits."""

__all__ = ["SchemaChecker", "schema_names", "validate"]

LIMIT = 50
"""Findings for one document: whoever has more has one mistake many times."""

_MOST_SCHEMA = 4 * 1024 * 1024
"""Bytes of a user's schema; the largest packaged one has an eighth of that."""


def validate(document: Document, schema: str | Path) -> list[Finding]:
    """Return what in a document its schema does not allow, in the order found; nothing when all is well.

    `schema` is the name of a packaged schema, or the path of a user's own (`.rng` for XML, else JSON Schema).

    Raises:
        PolicyError: `schema-missing`, `schema-invalid` or `schema-wrong-format`, when the schema itself is at fault.

    """
    return _user(document, schema) if isinstance(schema, Path) else _packaged(document, schema)


@functools.cache
def schema_names() -> tuple[str, ...]:
    """Return the names of the packaged schemas, sorted."""
    return tuple(sorted(path.stem for path in resources.data("schemas/vendor").iterdir()))


def _packaged(document: Document, name: str) -> list[Finding]:
    suffix = ".rng" if document.format == "xml" else ".json"
    path = resources.data(f"schemas/vendor/{name}{suffix}")
    if name not in schema_names():
        hint = f"use one of {', '.join(schema_names())}, or give the path of your own"
        raise PolicyError([error("schema-missing", f"no packaged schema is named {name!r}", hint=hint)])
    if not path.is_file():
        raise PolicyError([_wrong_format(document, name)])
    return _check(document, _read(path), path.name, f"it is checked against the packaged schema {name}")


def _user(document: Document, path: Path) -> list[Finding]:
    if (path.suffix == ".rng") != (document.format == "xml"):
        raise PolicyError([_wrong_format(document, str(path))])
    try:
        data = regular.read_file(path, _MOST_SCHEMA)
    except OSError as problem:
        message = f"the schema cannot be read: {problem.strerror or problem}"
        raise PolicyError([error("schema-missing", message, Origin(str(path)))]) from problem
    return _check(document, data, str(path), f"it is checked against {path}")


@functools.cache
def _read(path: Path) -> bytes:
    return path.read_bytes()


def _wrong_format(document: Document, schema: str) -> Finding:
    hint = "XML documents take RELAX NG schemas (.rng), plist and JSON documents take JSON Schema (.json)"
    message = f"the schema {schema} is not for {document.format} documents"
    return error("schema-wrong-format", message, Origin(document.name), hint)


def _check(document: Document, data: bytes, file: str, context: str) -> list[Finding]:
    """Run the engine of the document's format and put each violation in its place."""
    violations: Iterator[Violation]
    if document.format == "xml":
        violations = relax_ng.violations(relax_ng.compiled(data, file), document.value)
    else:
        violations = json_schema.violations(json_schema.compiled(data, file), document.value)
    found = list(itertools.islice(violations, LIMIT))
    # Only now is the text searched: a valid document, the usual one, costs nothing more.
    pointers = {violation.pointer for violation in found if not violation.line}
    places = locate_all(document.data, document.format, pointers) if pointers else {}
    findings = [_finding(document, violation, context, places) for violation in found]
    more = sum(1 for _ in violations)
    if more:
        hint = "correct those above and check again"
        message = f"{more} more places do not match the schema; the first {LIMIT} are shown"
        findings.append(note("schema-violations-omitted", message, Origin(document.name), hint))
    return findings


def _finding(document: Document, violation: Violation, context: str, places: dict[str, tuple[int, int]]) -> Finding:
    """Say where in the file a violation stands; libxml2 knows the line itself."""
    line, column = (violation.line, 0) if violation.line else places.get(violation.pointer, (0, 0))
    message = f"{violation.pointer or 'the document'}: {violation.message}"
    hint = f"{violation.hint}; {context}" if violation.hint else context
    return error("schema-violation", message, Origin(document.name, line, column), hint)
