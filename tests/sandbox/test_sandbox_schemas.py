"""A user's schema is held against documents in the process apart, within its limits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from attacks_kit import Attacks
from build_kit import ids_of
from kind_documents import as_json, xml

from mdm_policy.errors import PolicyError
from mdm_policy.loading import Source, load_target
from mdm_policy.sandbox import Limits, SubprocessRunner
from mdm_policy.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LIMITS = Limits(cpu=1, wall=5.0)


@pytest.fixture(scope="module")
def runner() -> Iterator[SubprocessRunner]:
    with SubprocessRunner(_LIMITS) as made:
        yield made


def _schema(folder: Path, value: Any, name: str = "s.json") -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def test_a_schema_says_apart_what_it_says_here(tmp_path: Path, runner: SubprocessRunner) -> None:
    path = _schema(tmp_path, {"properties": {"a": {"type": "string"}}, "additionalProperties": False})
    document = as_json({"a": 1, "b": 2})
    assert runner.check(document, path) == validate(document, path) != []
    assert runner.check(as_json({"a": "x"}), path) == validate(as_json({"a": "x"}), path)


def _nested(depth: int, key: str) -> Any:
    value: Any = True
    for _ in range(depth):
        value = {key: [value]}
    return value


_PATTERN = {"properties": {"a": {"pattern": "^(a+)+$"}}}
_SCHEMAS: dict[str, Any] = {
    "not JSON": "{",
    "another file": {"$ref": "file:///etc/passwd"},
    "another machine": {"$ref": "http://127.0.0.1:1/x"},
    "a reference to itself": {"$ref": "#"},
    "references in a circle": {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    "a pattern without end": _PATTERN,
    "a pattern of many choices": {"properties": {"a": {"pattern": "^(a|aa|aaa|aaaa)*$"}}},
    "a pattern with a reference back": {"properties": {"a": {"pattern": "^(a*)*\\\\1$"}}},
    "a great repetition": {"properties": {"a": {"pattern": "(((a{1000}){1000}){1000}){1000}"}}},
    "a pattern that is none": {"properties": {"a": {"pattern": "("}}},
    "nested all-of": _nested(400, "allOf"),
    "nested any-of": _nested(400, "anyOf"),
    "nested one-of": _nested(300, "oneOf"),
    "brackets": "[" * 200_000,
    "a number without end": '{"maximum": ' + "9" * 100_000 + "}",
    "many properties": {"properties": {str(number): {"type": "string"} for number in range(60_000)}},
    "an enum without end": {"enum": list(range(300_000))},
    "doubling": {
        "$defs": {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(30)} | {"30": True},
        "$ref": "#/$defs/0",
    },
    "a wrong type": {"type": 5},
    "an unknown dialect": {"$schema": "http://example.invalid/x"},
    "a grammar for XML": "<grammar xmlns='http://relaxng.org/ns/structure/1.0'/>",
}


def test_no_schema_hangs_fills_or_ends_the_program(tmp_path: Path) -> None:
    outcomes = []
    document = as_json({"a": "a" * 60 + "!"})
    for name, value in _SCHEMAS.items():
        path = _schema(tmp_path, value)
        with SubprocessRunner(_LIMITS) as runner:
            try:
                runner.check(document, path)
                bad = ""
            except PolicyError as failed:
                known = {"schema-invalid", "schema-missing", "template-limit", "schema-wrong-format"}
                bad = "" if set(ids_of(failed)) <= known else str(failed)
        outcomes.append((name, bad))
    Attacks("schemas of users' targets").tell(outcomes)


def test_xml_goes_there_too(tmp_path: Path, runner: SubprocessRunner) -> None:
    grammar = "<element name='a' xmlns='http://relaxng.org/ns/structure/1.0'><empty/></element>"
    path = _schema(tmp_path, grammar, "s.rng")
    assert [finding.severity for finding in runner.check(xml("<a/>"), path)] == [
        one.severity for one in validate(xml("<a/>"), path)
    ]
    assert any(finding.severity == "error" for finding in runner.check(xml("<b/>"), path))


def test_the_number_of_claims_is_bounded() -> None:
    text = "target: a-b\nblocks:\n" + "- {family: ios, kind: bundle_id}\n" * 201
    found = load_target(Source("target.yaml", text.encode())).findings
    assert any("at most 200" in one.message for one in found)
