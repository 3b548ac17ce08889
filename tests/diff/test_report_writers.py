"""Write findings and changes for programs: nothing that others wrote becomes markup, and every place is found."""

from __future__ import annotations

import json

import pytest

from mdm_policy.errors import Finding, Origin, error, note
from mdm_policy.report import html, markdown
from mdm_policy.report.sarif import sarif, uri

PLACES = [
    pytest.param(
        Origin("a b/ü.json", 3, 7),
        {"artifactLocation": {"uri": "a%20b/%C3%BC.json"}, "region": {"startLine": 3, "startColumn": 7}},
        id="a line and a column",
    ),
    pytest.param(Origin("a.json", 3), {"artifactLocation": {"uri": "a.json"}, "region": {"startLine": 3}}, id="a line"),
    pytest.param(Origin("a.json"), {"artifactLocation": {"uri": "a.json"}}, id="a file"),
    pytest.param(
        Origin("a.json#/payload", 3, 7), {"artifactLocation": {"uri": "a.json"}}, id="within an embedded document"
    ),
]


@pytest.mark.parametrize(("origin", "place"), PLACES)
def test_a_finding_has_its_place(origin: Origin, place: object) -> None:
    made = json.loads(sarif([error("x-y", "message", origin)], "1.2.3"))
    [location] = made["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"] == place
    assert location.get("logicalLocations") == ([{"fullyQualifiedName": "/payload"}] if "#" in origin.file else None)


def test_findings_of_one_id_share_a_rule() -> None:
    found: list[Finding] = [error("b", "one", hint="do it"), note("a", "two\x1b[1m"), error("b", "three")]
    run = json.loads(sarif(found, "1.2.3"))["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["a", "b"]
    assert [(one["ruleIndex"], one["level"]) for one in run["results"]] == [(1, "error"), (0, "note"), (1, "error")]
    assert run["results"][0]["message"]["text"] == "one (do it)"
    assert "\x1b" not in run["results"][1]["message"]["text"]
    assert "locations" not in run["results"][0]
    assert len({one["partialFingerprints"]["mdmPolicyFinding/v1"] for one in run["results"]}) == 3
    assert sarif(found, "1.2.3") == sarif(found, "1.2.3")


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("/srv/a b.json", "file:///srv/a%20b.json"),
        ("C:\\policies\\a.json", "file:///C:/policies/a.json"),
        ("C:a.json", "C%3Aa.json"),
        ("policies\\a.json", "policies/a.json"),
        ("HEAD~1:policies/a.json", "HEAD~1%3Apolicies/a.json"),
    ],
)
def test_a_file_is_a_uri(file: str, wanted: str) -> None:
    assert uri(file) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<script>", "\\<script\\>"),
        ("*a* _b_ [c](d) @e #1 a|b", "\\*a\\* \\_b\\_ \\[c\\](d) \\@e \\#1 a\\|b"),
        ("see https://example.com", "see https\\://example.com"),
        ("- a", "\\- a"),
        ("1. a", "1&#8203;. a"),
        ("plain-text: it stays", "plain-text: it stays"),
        ("a\nb\x1b", "a b\ufffd"),
    ],
)
def test_markdown_shows_text_as_it_stands(text: str, wanted: str) -> None:
    assert markdown.escape(text) == wanted


@pytest.mark.parametrize(("text", "wanted"), [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("", "")])
def test_markdown_code(text: str, wanted: str) -> None:
    assert markdown.code(text) == wanted


def test_markdown_parts() -> None:
    assert markdown.heading("A", 3) == "### A"
    assert markdown.items(["a", "b"]) == "- a\n- b"
    assert markdown.table(("A", "B"), [("`a|b`", "c\\|d")]) == "| A | B |\n| --- | --- |\n| `a\\|b` | c\\|d |"
    assert markdown.details("<a & b>", "c") == "<details>\n<summary>&lt;a &amp; b></summary>\n\nc\n\n</details>"


def test_html_escapes_everything() -> None:
    hostile = "</script><img src=x onerror='1'>\u202e"
    for made in (html.escape(hostile), html.name(hostile), html.code(hostile), html.element("p", title=hostile)):
        assert "<img" not in made
        assert "'" not in made
        assert "\u202e" not in made
    assert html.name("") == html.code("") == ""
    assert html.element("p", "a", class_="b") == '<p class="b">a</p>'
    table = html.table("T", ("A", "B"), [("c", ("1", "2")), ("", ("3", "4"))])
    assert '<tr class="c"><th scope="row">1</th><td>2</td></tr>' in table
    assert '<tr><th scope="row">3</th><td>4</td></tr>' in table
