from __future__ import annotations

from typing import Any

import pytest
from documents_strategies import XML_TEXT
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from mdm_policy.documents import MAX_DEPTH, dump, parse
from mdm_policy.errors import PolicyError


def findings(data: bytes, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as caught:
        parse("f", data, "xml", **options)
    return [(finding.id, str(finding.origin)) for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        pytest.param("<a/>", "<a/>", id="empty"),
        pytest.param("<a></a>", "<a/>", id="open and closed"),
        pytest.param("<a>\n</a>", "<a/>", id="white space alone"),
        pytest.param("<a c='1' b='2'/>", '<a b="2" c="1"/>', id="attributes sorted"),
        pytest.param("<a><c>2</c><b>1</b></a>", "<a>\n  <c>2</c>\n  <b>1</b>\n</a>", id="elements in their order"),
        pytest.param("<a>\n\n<b><c/>\n </b></a>", "<a>\n  <b>\n    <c/>\n  </b>\n</a>", id="indent"),
        pytest.param("<a>x<!-- c -->y<?p i?>z</a>", "<a>xyz</a>", id="comments and instructions dropped"),
        pytest.param("<a><![CDATA[<b>]]></a>", "<a>&lt;b&gt;</a>", id="cdata"),
        pytest.param("<a>&lt;b&gt;&#13;\n</a>", "<a>&lt;b&gt;&#13;\n</a>", id="payload with its line ends"),
        pytest.param(
            '<a b="x&#9;&#10;&#13;&quot;&amp;y"/>', '<a b="x&#9;&#10;&#13;&quot;&amp;y"/>', id="attribute escapes"
        ),
        pytest.param("<?xml version='1.0'?><!-- c --><a/>", "<a/>", id="declaration"),
    ],
)
def test_writes_canonically(text: str, canonical: str) -> None:
    data = dump(parse("f", text.encode(), "xml"), "xml")
    assert data.decode() == f'<?xml version="1.0" encoding="UTF-8"?>\n{canonical}\n'
    assert dump(parse("f", data, "xml"), "xml") == data


def test_compact_is_the_bare_element_on_one_line() -> None:
    root = parse("f", b"<a>\n<b>x</b> <c d='e'/>\n</a>", "xml")
    assert dump(root, "xml", compact=True) == b'<a><b>x</b><c d="e"/></a>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("<a>x<b/></a>", [("document-syntax", "f:1:5")], id="text before an element"),
        pytest.param("<a><b/>\nx</a>", [("document-syntax", "f:2:2")], id="text after an element"),
        pytest.param(
            "<a><b> x</b>\n<c d='y ' e='z'/></a>",
            [("stray-white-space", "f:1:4"), ("stray-white-space", "f:2:1")],
            id="stray",
        ),
        pytest.param("<a>", [("document-syntax", "f:1:4")], id="unclosed"),
        pytest.param("<a b='' b=''/>", [("document-syntax", "f:1:13")], id="attribute twice"),
        pytest.param("<a>&b;</a>", [("entity-forbidden", "f:1:7")], id="entity"),
        pytest.param("<a b='&b;'/>", [("entity-forbidden", "f:1:10")], id="entity in an attribute"),
        pytest.param("<a>&#1;</a>", [("control-character", "f:1:8")], id="reference to a control character"),
        pytest.param("<a>\x0b</a>", [("control-character", "f:1:4")], id="control character"),
        pytest.param("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", [("dtd-forbidden", "f:1:1")], id="doctype"),
        pytest.param("<a>" * 65 + "</a>" * 65, [("document-too-deep", "f:1")], id="65 levels"),
        pytest.param(
            "<a>" + "<b " + " ".join(f'c{n}=""' for n in range(1_001)) + "/></a>",
            [("document-too-many-values", "f:1")],
            id="1,001 attributes",
        ),
        pytest.param("<a>" * 3000, [("document-too-deep", "f:1:771")], id="3,000 levels"),
        pytest.param(
            "<a><\u0370\u2c00>x</\u0370\u2c00><\U00010400/><b> x</b></a>", None, id="names of the fifth edition"
        ),
    ],
)
def test_refuses_with_the_place_in_xml(text: str, expected: list[tuple[str, str]] | None) -> None:
    found = findings(text.encode())
    if expected is None:
        assert found
    else:
        assert found == expected


def test_accepts_the_greatest_depth() -> None:
    data = b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH
    assert dump(parse("f", data, "xml"), "xml").count(b"\n") == 2 * MAX_DEPTH


def test_keeps_white_space_of_others_in_xml() -> None:
    root = parse("f", b"<a><b> x </b></a>", "xml", white_space="keep")
    assert root[0].text == " x "


def test_lets_an_embedded_document_stand_between_line_feeds() -> None:
    assert parse("f", b"<a>\n&lt;b/&gt;\n</a>", "xml").text == "\n<b/>\n"


def test_reads_utf_16_whatever_the_declaration_says_of_it() -> None:
    data = '<?xml version="1.0" encoding="utf-16"?><a>\u00e4</a>'.encode("utf-16")
    assert parse("f", data, "xml").text == "\u00e4"


def test_limits_size_of_xml() -> None:
    assert findings(b"<a/>", max_size=3) == [("document-too-large", "f")]


def deep(levels: int) -> etree._Element:
    root = element = etree.Element("a")
    for _ in range(levels - 1):
        element = etree.SubElement(element, "a")
    return root


@pytest.mark.parametrize(
    ("root", "id_"),
    [
        pytest.param(
            etree.fromstring("<b:a xmlns:b='urn:b'/>"), "value-not-representable", id="namespace with a prefix"
        ),
        pytest.param(
            etree.fromstring("<a xmlns='urn:b'><c xmlns='urn:d'/></a>"), "value-not-representable", id="two namespaces"
        ),
        pytest.param(
            etree.fromstring("<a xmlns='urn:b'><c xmlns=''/></a>"), "value-not-representable", id="none below"
        ),
        pytest.param(etree.fromstring("<a xml:b='c'/>"), "value-not-representable", id="attribute with a namespace"),
        pytest.param(etree.fromstring("<a><!-- c --></a>"), "value-not-representable", id="comment"),
        pytest.param(etree.fromstring("<a>x<b/></a>"), "document-syntax", id="mixed content"),
        pytest.param(deep(MAX_DEPTH + 1), "document-too-deep", id="too deep"),
    ],
)
def test_refuses_to_write_xml(root: etree._Element, id_: str) -> None:
    with pytest.raises(PolicyError, match=id_):
        dump(root, "xml")


NAMES = st.sampled_from(["a", "b", "general", "x-y"])


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> etree._Element:
    root = etree.Element(draw(NAMES), draw(st.dictionaries(NAMES, XML_TEXT, max_size=2)))
    children = draw(st.lists(trees(depth - 1), max_size=3)) if depth else []
    root.extend(children)
    if not children:
        root.text = draw(XML_TEXT)
    return root


@given(trees())
@settings(max_examples=150, deadline=None)
def test_xml_survives_the_round_trip(root: etree._Element) -> None:
    for compact in (False, True):
        data = dump(root, "xml", compact=compact)
        again = parse("f", data, "xml", white_space="keep")
        assert dump(again, "xml", compact=compact) == data
        for old, new in zip(root.iter(), again.iter(), strict=True):
            assert (old.tag, sorted(old.attrib.items())) == (new.tag, sorted(new.attrib.items()))
            if (old.text or "").strip(" \t\r\n"):
                assert old.text == new.text
