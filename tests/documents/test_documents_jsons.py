from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from documents_strategies import JSON_TEXT, JSON_VALUES
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm_policy.documents import MAX_DEPTH, dump, parse
from mdm_policy.errors import PolicyError


def findings(data: bytes, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as caught:
        parse("f", data, "json", **options)
    return [(finding.id, str(finding.origin)) for finding in caught.value.findings]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"a":[1,-2.5,true,null,"x"]}', id="all kinds"),
        pytest.param("18446744073709551615", id="largest integer"),
        pytest.param("-9223372036854775808", id="smallest integer"),
        pytest.param('{"a":"b:c","d:e":{"f":"g"}}', id="colons in strings"),
        pytest.param('{"a" :"\\u003a","b": "\\":"}', id="escaped colons"),
        pytest.param('["\\ud83d\\ude00"]', id="surrogate pair"),
        pytest.param('["\\ud83d\\ude00\\u003a"]', id="surrogate pair and escaped colon"),
        pytest.param('"<a/>\\n"', id="embedded document"),
    ],
)
def test_reads_what_json_reads(text: str) -> None:
    assert parse("f", text.encode(), "json") == json.loads(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"a":1,\n "a":2}', [("duplicate-key", "f:2:2")], id="twice"),
        pytest.param('{"a":1,"\\u0061":2}', [("duplicate-key", "f:1:8")], id="twice, once escaped"),
        pytest.param('{"b":":","b":1}', [("duplicate-key", "f:1:10")], id="twice, lost colon"),
        pytest.param('{"b":"","c":"\\u003a","b":1}', [("duplicate-key", "f:1:22")], id="twice, escaped colon"),
        pytest.param(
            '[{"a":{"c":1},"a":2},\n{"b":1,"b":2}]',
            [("duplicate-key", "f:1:15"), ("duplicate-key", "f:2:8")],
            id="both",
        ),
        pytest.param(
            "[NaN, -Infinity]", [("number-not-finite", "f:1:2"), ("number-not-finite", "f:1:7")], id="constants"
        ),
        pytest.param("[\n1e999]", [("number-not-finite", "f:2:1")], id="overflow"),
        pytest.param("18446744073709551616", [("number-out-of-range", "f:1:1")], id="large integer"),
        pytest.param("[" + "9" * 5000 + "]", [("number-out-of-range", "f:1:2")], id="huge integer"),
        pytest.param('["a "]', [("stray-white-space", "f:1:2")], id="stray"),
        pytest.param('{"a\\n":1}', [("stray-white-space", "f:1:2")], id="stray in a key"),
        pytest.param('["\\ud800"]', [("control-character", "f:1:2")], id="lone surrogate"),
        pytest.param('["a\nb"]', [("control-character", "f:1:4")], id="raw control character"),
        pytest.param('{"a":1,"a":2', [("duplicate-key", "f:1:8"), ("document-syntax", "f:1:13")], id="twice and cut"),
        pytest.param("[1,]", [("document-syntax", "f:1:4")], id="trailing comma"),
        pytest.param("]", [("document-syntax", "f:1:1")], id="closing alone"),
        pytest.param(",", [("document-syntax", "f:1:1")], id="comma alone"),
        pytest.param("[1] x", [("document-syntax", "f:1:5")], id="trailing text"),
        pytest.param('["\\x"]', [("document-syntax", "f:1:3")], id="unknown escape"),
        pytest.param('["abc', [("document-syntax", "f:1:2")], id="unclosed string"),
        pytest.param("\ufeff[1]", [("document-syntax", "f:1:1")], id="second mark"),
        pytest.param("[NaNnull]", [("document-syntax", "f:1:5")], id="constant run into a word"),
        pytest.param("[" + "9" * 5000 + "x]", [("document-syntax", "f")], id="huge integer run into a word"),
        pytest.param("[1.x]", [("document-syntax", "f:1:3")], id="no number"),
    ],
)
def test_refuses_with_the_place_in_json(text: str, expected: list[tuple[str, str]]) -> None:
    data = text.encode()
    assert findings(b"\xef\xbb\xbf" + data if text.startswith("\ufeff") else data) == expected


def test_keeps_white_space_of_others_in_json() -> None:
    assert parse("f", b'{" a":"b "}', "json", white_space="keep") == {" a": "b "}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_reads_json_in_every_encoding_with_a_mark(codec: str) -> None:
    assert parse("f", '"\u00e4"'.encode(codec), "json") == "\u00e4"


def test_limits_size_depth_and_findings() -> None:
    assert findings(b"[1]", max_size=2) == [("document-too-large", "f")]
    assert parse("f", b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, "json")
    assert findings(b"[" * 65 + b"]" * 65) == [("document-too-deep", "f:1:65")]
    assert findings(b"[" * 100_000) == [("document-too-deep", "f:1:65")]
    assert len(findings(b"[" + b'"a ",' * 300 + b"1]")) == 100


def test_reports_a_syntax_error_alone_in_a_very_large_text() -> None:
    text = b'["a ",' + b"1" * 19 + b"," + (b'"' + b"x" * 98 + b'",') * 11_000 + b"]"
    assert [id_ for id_, _ in findings(text)] == ["document-syntax"]


@given(JSON_VALUES)
@settings(max_examples=300, deadline=None)
def test_json_survives_the_round_trip(value: Any) -> None:
    for compact in (False, True):
        data = dump(value, "json", compact=compact)
        assert parse("f", data, "json", white_space="keep") == value == json.loads(data)
        assert dump(parse("f", data, "json", white_space="keep"), "json", compact=compact) == data


@given(st.lists(st.tuples(JSON_TEXT, JSON_TEXT), max_size=6))
@settings(max_examples=300, deadline=None)
def test_no_duplicate_escapes(pairs: list[tuple[str, str]]) -> None:
    text = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs) + "}"
    if len(dict(pairs)) == len(pairs):
        assert parse("f", text.encode(), "json", white_space="keep") == dict(pairs)
    else:
        assert {id_ for id_, _ in findings(text.encode(), white_space="keep")} == {"duplicate-key"}


def test_writes_sorted_and_indented() -> None:
    assert dump({"b": [], "a": {"d": {}, "c": ("\u00e4",)}}, "json") == (
        '{\n  "a": {\n    "c": [\n      "\u00e4"\n    ],\n    "d": {}\n  },\n  "b": []\n}\n'.encode()
    )
    assert dump({"b": 1, "a": []}, "json", compact=True) == b'{"a":[],"b":1}'


@pytest.mark.parametrize(
    ("value", "id_"),
    [
        pytest.param(["\ud800"], "control-character", id="surrogate"),
        pytest.param([float("nan")], "number-not-finite", id="nan"),
        pytest.param([1, -(1 << 63) - 1], "number-out-of-range", id="large integer"),
        pytest.param({"a": b"x"}, "value-not-representable", id="bytes"),
        pytest.param([dt.date(2026, 1, 1)], "value-not-representable", id="date"),
        pytest.param({"a": 1, 2: 3}, "value-not-representable", id="key is not a string"),
    ],
)
def test_refuses_to_write_json(value: object, id_: str) -> None:
    with pytest.raises(PolicyError, match=id_):
        dump(value, "json")


def test_refuses_to_write_json_too_deep() -> None:
    value: list[Any] = []
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    dump(value, "json")
    with pytest.raises(PolicyError, match="document-too-deep"):
        dump([value], "json")
