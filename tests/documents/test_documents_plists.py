from __future__ import annotations

import datetime as dt
import plistlib
from typing import Any

import pytest
from documents_strategies import PLIST_VALUES
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm_policy.documents import MAX_DEPTH, dump, parse
from mdm_policy.documents.plistfast import UNSURE, parse_fast
from mdm_policy.documents.plists import _Builder
from mdm_policy.documents.prolog import without_prolog
from mdm_policy.documents.texts import TextReport, TextSource, decode
from mdm_policy.errors import PolicyError

DOCTYPE = '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">'


def plist(body: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{DOCTYPE}\n<plist version="1.0">{body}</plist>\n'.encode()


def slowly(data: bytes) -> Any:
    source = decode("f", data)
    report = TextReport("f")
    return _Builder(report, "keep").parse(without_prolog(source, report))


def findings(data: bytes, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as caught:
        parse("f", data, "plist", **options)
    return [(finding.id, str(finding.origin)) for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param("<dict/>", {}, id="empty dict"),
        pytest.param("<dict><key>a</key><string>b</string></dict>", {"a": "b"}, id="dict"),
        pytest.param("<dict><key></key><true/></dict>", {"": True}, id="empty key"),
        pytest.param("<array><string>a</string><array/><string/></array>", ["a", [], ""], id="mixed array"),
        pytest.param("<array>\n<string>a</string>\n<string>b</string>\n</array>", ["a", "b"], id="even strings"),
        pytest.param("<array>\n<string>a</string> <string>b</string></array>", ["a", "b"], id="uneven strings"),
        pytest.param("<array><string>a</string><integer>1</integer></array>", ["a", 1], id="strings then number"),
        pytest.param("<array><string>&amp;&lt;&gt;&quot;&apos;&#13;x</string></array>", ["&<>\"'\rx"], id="entities"),
        pytest.param("<string>&#x41;</string>", "A", id="character reference"),
        pytest.param("<string>a<!-- b -->c</string>", "ac", id="comment in a string"),
        pytest.param("<string><![CDATA[<a>&]]></string>", "<a>&", id="cdata"),
        pytest.param("<?php ?><string>a</string>", "a", id="processing instruction"),
        pytest.param("<integer>-9223372036854775808</integer>", -(1 << 63), id="smallest integer"),
        pytest.param("<integer>0xfF</integer>", 255, id="hexadecimal"),
        pytest.param("<integer>+7</integer>", 7, id="plus sign"),
        pytest.param("<real>-1.5e3</real>", -1500.0, id="real"),
        pytest.param("<real>1</real>", 1.0, id="real without fraction"),
        pytest.param("<date>2026-01-02T03:04:05Z</date>", dt.datetime(2026, 1, 2, 3, 4, 5), id="date"),  # noqa: DTZ001 - plist dates are naive
        pytest.param("<data>\n\tAQ ID\n</data>", b"\1\2\3", id="data"),
        pytest.param("<data></data>", b"", id="no data"),
        pytest.param("<true></true>", True, id="open and closed true"),
    ],
)
def test_reads_what_plistlib_reads(body: str, value: object) -> None:
    assert parse("f", plist(body), "plist") == value == plistlib.loads(plist(body))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            "<dict>\n<key>a</key><true/><key>a</key><false/></dict>", [("duplicate-key", "f:4:20")], id="twice"
        ),
        pytest.param("<string>a</string><string>b</string>", [("document-syntax", "f:3:40")], id="two roots"),
        pytest.param("", [("document-syntax", "f:3:1")], id="no root"),
        pytest.param("text", [("document-syntax", "f:3:26")], id="text for a root"),
        pytest.param("<dict>x</dict>", [("document-syntax", "f:3:29")], id="text in a dict"),
        pytest.param("<dict><true/></dict>", [("document-syntax", "f:3:28")], id="value without key"),
        pytest.param("<dict><key>a</key></dict>", [("document-syntax", "f:3:40")], id="key without value"),
        pytest.param("<dict><key>a</key><key>b</key></dict>", [("document-syntax", "f:3:40")], id="two keys"),
        pytest.param("<array><key>a</key></array>", [("document-syntax", "f:3:29")], id="key in an array"),
        pytest.param(
            "<array><key>a</key><true/></array>", [("document-syntax", "f:3:29")], id="key in array with value"
        ),
        pytest.param("<set/>", [("document-syntax", "f:3:22")], id="unknown element"),
        pytest.param("<string>a<b/></string>", [("document-syntax", "f:3:31")], id="element in a string"),
        pytest.param("<plist/>", [("document-syntax", "f:3:22")], id="plist in plist"),
        pytest.param('<dict a="b"/>', [("document-syntax", "f:3:22")], id="attribute"),
        pytest.param("<true>x</true>", [("document-syntax", "f:3:22")], id="text in true"),
        pytest.param("<integer>1.5</integer>", [("document-syntax", "f:3:22")], id="no integer"),
        pytest.param("<integer>18446744073709551616</integer>", [("document-syntax", "f:3:22")], id="long integer"),
        pytest.param("<real>one</real>", [("document-syntax", "f:3:22")], id="no number"),
        pytest.param("<real>nan</real>", [("number-not-finite", "f:3:22")], id="nan"),
        pytest.param("<real>1e999</real>", [("number-not-finite", "f:3:22")], id="overflow"),
        pytest.param("<date>2026-13-02T03:04:05Z</date>", [("document-syntax", "f:3:22")], id="month 13"),
        pytest.param("<date>2026</date>", [("document-syntax", "f:3:22")], id="no date"),
        pytest.param("<data>A</data>", [("document-syntax", "f:3:22")], id="no base64"),
        pytest.param("<data>\u00e4</data>", [("document-syntax", "f:3:22")], id="no ascii"),
        pytest.param("<string>&x;</string>", [("entity-forbidden", "f:3:30")], id="entity"),
        pytest.param("<string>&#1;</string>", [("control-character", "f:3:30")], id="reference to a control"),
        pytest.param(
            "<string>\x01\ufffe</string>", [("control-character", "f:3:30"), ("control-character", "f:3:31")], id="raw"
        ),
        pytest.param("<string>", [("document-syntax", "f:3:32")], id="unclosed"),
        pytest.param("<string>]]></string>", [("document-syntax", "f:3:32")], id="end of cdata"),
        pytest.param(
            "<array><string> a</string>\n<string>b\u00a0</string></array>",
            [("stray-white-space", "f:3:29"), ("stray-white-space", "f:4:1")],
            id="stray white space",
        ),
        pytest.param("<dict><key>a </key><true/></dict>", [("stray-white-space", "f:3:28")], id="stray in a key"),
        pytest.param("<string>&#13;a</string>", [("stray-white-space", "f:3:22")], id="stray reference"),
    ],
)
def test_refuses_with_the_place(body: str, expected: list[tuple[str, str]]) -> None:
    assert findings(plist(body)) == expected


def test_keeps_white_space_of_others() -> None:
    assert parse("f", plist("<array><string> a </string></array>"), "plist", white_space="keep") == [" a "]


def test_lets_an_embedded_document_end_in_a_line_feed() -> None:
    assert parse("f", plist("<string>&lt;a/&gt;\n</string>"), "plist") == "<a/>\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", [("document-empty", "f")], id="nothing"),
        pytest.param(b" \n ", [("document-empty", "f")], id="white space"),
        pytest.param(b"\xef\xbb\xbf", [("document-empty", "f")], id="mark alone"),
        pytest.param(b"<plist>\n<string>\xff</string></plist>", [("document-encoding", "f:2:9")], id="not utf-8"),
        pytest.param("<plist/>".encode("utf-16-le"), [("document-encoding", "f")], id="utf-16 without mark"),
        pytest.param("<plist/>".encode("utf-32"), [("document-encoding", "f")], id="utf-32"),
        pytest.param(b"\xff\xfe<", [("document-encoding", "f:1:1")], id="half a character"),
        pytest.param(
            b'<?xml version="1.0" encoding="latin-1"?><plist/>', [("document-encoding", "f:1:1")], id="latin-1"
        ),
        pytest.param(b"<dict/>", [("document-syntax", "f:1:1")], id="root is not a plist"),
        pytest.param(b"\n<?xml version='1.0'?><plist/>", [("document-syntax", "f:2:1")], id="late declaration"),
        pytest.param(b"<!DOCTYPE plist><plist/>", [("dtd-forbidden", "f:1:1")], id="other doctype"),
        pytest.param(
            b'<!DOCTYPE plist [\n<!ENTITY a "b">]><plist/>',
            [("dtd-forbidden", "f:1:1"), ("entity-forbidden", "f:2:1")],
            id="entity declaration",
        ),
        pytest.param(b"<!-- <plist/>", [("document-syntax", "f:1:1")], id="endless comment"),
    ],
)
def test_refuses_what_is_no_plist_text(data: bytes, expected: list[tuple[str, str]]) -> None:
    assert findings(data) == expected


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_reads_every_encoding_with_a_mark(codec: str) -> None:
    assert parse("f", "<plist><string>\u00e4</string></plist>".encode(codec), "plist") == "\u00e4"


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("<plist>", id="no version"),
        pytest.param('<plist version="1">', id="jamf's version"),
        pytest.param(DOCTYPE.replace("Apple//", "Apple Computer//") + "<plist>", id="old doctype"),
        pytest.param("<?xml version='1.0' standalone='yes'?>\r\n<!-- c --><?p?>" + DOCTYPE + "<plist>", id="all of it"),
    ],
)
def test_accepts_the_heads_in_use(head: str) -> None:
    assert parse("f", f"{head}<true/></plist>".encode(), "plist") is True


def test_limits_size_and_depth() -> None:
    assert findings(plist("<true/>"), max_size=10) == [("document-too-large", "f")]
    deep = "<array>" * MAX_DEPTH + "</array>" * MAX_DEPTH
    parse("f", plist(deep), "plist")
    assert findings(plist(f"<array>{deep}</array>")) == [("document-too-deep", "f:3:470")]


def test_stops_counting_at_a_hundred() -> None:
    assert len(findings(plist("<array>" + "<string>a </string>" * 300 + "</array>"))) == 100
    assert len(findings(plist("\x01" * 300))) == 100


@given(PLIST_VALUES)
@settings(max_examples=200, deadline=None)
def test_survives_the_round_trip(value: Any) -> None:
    for compact in (False, True):
        data = dump(value, "plist", compact=compact)
        assert parse("f", data, "plist", white_space="keep") == value
        assert dump(parse("f", data, "plist", white_space="keep"), "plist", compact=compact) == data


@given(PLIST_VALUES)
@settings(max_examples=200, deadline=None)
def test_agrees_with_plistlib(value: Any) -> None:
    data = plistlib.dumps(value)
    expected = plistlib.loads(data)
    source = decode("f", data)
    assert slowly(data) == expected
    assert parse("f", data, "plist", white_space="keep") == expected
    fast = parse_fast(source, "keep")
    assert fast is UNSURE or fast == expected


BITS = [
    "<dict>", "</dict>", "<array>", "</array>", "<key>a</key>", "<key>b</key>", "<string>a</string>", "<string> b</string>",
    "<string>&amp;</string>", "<string>&#65;</string>", "<true/>", "<integer>1</integer>", "\n", "x", "<array/>", "</plist>",
]  # fmt: skip


@given(st.lists(st.sampled_from(BITS), max_size=10).map("".join), st.sampled_from(["error", "keep"]))
@settings(max_examples=600, deadline=None)
def test_fast_path_knows_less_never_else(body: str, white_space: Any) -> None:
    data = plist(body)
    fast = parse_fast(TextSource("f", data.decode()), white_space)
    if fast is not UNSURE:
        report = TextReport("f")
        assert _Builder(report, white_space).parse(without_prolog(TextSource("f", data.decode()), report)) == fast


def test_writes_apples_look() -> None:
    value = {"b": ["x"], "a": {"d": b"\0" * 60, "e": b"", "t": True, "f": 1.5}, "c": [{}, [], -1]}
    assert dump(value, "plist") == plistlib.dumps(value).replace(b"<data>\n\t\t</data>", b"<data></data>")


def test_writes_one_line_when_compact() -> None:
    data = dump({"a": ["x\ny", "<"], "b": b"\1", "c": "p\nq"}, "plist", compact=True)
    assert b"\n" not in data
    assert parse("f", data, "plist") == {"a": ["x\ny", "<"], "b": b"\1", "c": "p\nq"}


@pytest.mark.parametrize(
    ("value", "id_", "where"),
    [
        pytest.param({"a": ["b", "c\0"]}, "control-character", "(at /a/1)", id="control character"),
        pytest.param({"a\x1b": 1}, "control-character", "(at /a\x1b)", id="control character in a key"),
        pytest.param({"a": ("\ud800",)}, "control-character", "(at /a/0)", id="surrogate"),
        pytest.param("\ufffe", "control-character", "(at /)", id="no character"),
        pytest.param([1 << 64], "number-out-of-range", "(at /0)", id="large integer"),
        pytest.param([float("inf")], "number-not-finite", "(at /0)", id="infinity"),
        pytest.param({"a": None}, "value-not-representable", "(at /a)", id="none"),
        pytest.param({1: "a"}, "value-not-representable", "(at /)", id="key is not a string"),
    ],
)
def test_refuses_to_write(value: object, id_: str, where: str) -> None:
    with pytest.raises(PolicyError) as caught:
        dump(value, "plist")
    (finding,) = caught.value.findings
    assert finding.id == id_
    assert finding.message.endswith(where)


def test_refuses_to_write_too_deep() -> None:
    value: list[Any] = []
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    dump(value, "plist")
    with pytest.raises(PolicyError, match="document-too-deep"):
        dump([value], "plist")
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(PolicyError, match="document-too-deep"):
        dump(loop, "plist")


def test_writes_zoned_dates_in_utc() -> None:
    moment = dt.datetime(2026, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert b"<date>2026-01-01T00:00:00Z</date>" in dump(moment, "plist")
