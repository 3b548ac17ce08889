"""Whatever a result says, JUnit XML brings it back as it was, but for characters that XML cannot hold."""

from __future__ import annotations

import pytest
from lxml import etree

from mdm_policy.report.junit import Case, junit


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'a "quoted" word',
        "the app's",
        'both "of" the app\'s',
        "a < b & c > d",
        "line\nline\ttab",
        "\u00e9\u4e2d",
    ],
)
def test_texts_come_back(text: str) -> None:
    made = etree.fromstring(junit("verify", [Case(text, text, text, text)], {"said": text}).encode())
    for place in ("testcase/@classname", "testcase/@name", "property/@value", "failure/@message"):
        assert made.xpath(f"string(.//{place})") == text
    assert str(made.xpath("string(.//failure)")).strip() == text


def test_what_xml_cannot_hold_is_replaced() -> None:
    made = junit("verify", [Case("a", "b\r\x00", "c\x1b")], {})
    assert etree.fromstring(made.encode()).xpath("string(.//testcase/@name)") == "b\ufffd\ufffd"
