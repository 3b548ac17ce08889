"""Hold what is read from the files that carry browsers' lists, and Defender's table, on the lines of the user's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build_kit import DAY
from kind_documents import device, readings

from mdm_policy import catalogue
from mdm_policy.decide import states
from mdm_policy.decide.web import Addresses
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.documents import place
from mdm_policy.kinds import read
from mdm_policy.sources.files import read_policies
from mdm_policy.sources.sides import given, read_side

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.documents import Document

LAPTOPS = device("windows", ">=10")
HEAD = "Windows Registry Editor Version 5.00\r\n\r\n"
EDGE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Edge"
CHROME = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Google\Chrome"
BLOCKING = f'[{EDGE}\\URLBlocklist]\r\n"1"="tool.example"\r\n'
TABLE = "IndicatorType,IndicatorValue,ExpirationTime,Action,Title,RbacGroups\r\n"
TABLE_ROW = 'DomainName,tool.example,,Block,"a\nb",\r\n'


def opened(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Document:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    found = read_policies([path], max_size=2**20)
    (document,) = found.documents
    return document


def word(document: Document, domain: str = "tool.example") -> str:
    return Addresses(readings(document), LAPTOPS, states(LAPTOPS, "windows", False), DAY).verdict([domain]).word


def directions(old: Document, new: Document) -> set[str]:
    found = compare_policies(Side("old", (old,)), Side("new", (new,)), Question(DAY), catalogue.load())
    return {str(one.direction) for one in found.changes} - {"COSMETIC", "EQUIVALENT"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(HEAD + BLOCKING, "browser", id="edge"),
        pytest.param(HEAD + BLOCKING.replace(EDGE, CHROME), "browser", id="chrome"),
        pytest.param(HEAD + BLOCKING.replace("SOFTWARE", "Software"), "browser", id="case"),
        pytest.param(HEAD + "; note\r\n" + BLOCKING.replace("tool.example", "*"), "browser", id="everything"),
        pytest.param(HEAD + BLOCKING.replace('"1"', '"one"'), "none", id="no-number"),
        pytest.param(HEAD + BLOCKING + '"1"=-\r\n', "none", id="value-removed"),
        pytest.param(HEAD + BLOCKING + f"[-{EDGE}\\URLBlocklist]\r\n", "none", id="key-removed"),
        pytest.param(HEAD + BLOCKING.replace("LOCAL_MACHINE", "CURRENT_USER"), "unknown", id="of-a-user"),
        pytest.param(HEAD + BLOCKING.replace("Policies", "Other"), "none", id="no-policy"),
        pytest.param(HEAD + BLOCKING + f'[{EDGE}\\URLAllowlist]\r\n"1"="tool.example"\r\n', "none", id="allowed-too"),
        pytest.param(HEAD + BLOCKING.replace('="tool.example"', "=dword:00000001"), "none", id="no-text"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_registration_file_closes_what_its_lists_name(
    tmp_path: Path, text: str, expected: str, encoding: str
) -> None:
    document = opened(tmp_path, "edge.reg", text, encoding)
    assert document.kind == "windows-registry-file"
    assert word(document) == expected


def test_a_value_stands_on_its_own_line(tmp_path: Path) -> None:
    text = f'{HEAD}[{EDGE}]\r\n"A"=hex(7):61,00,\\\r\n  00,00\r\n\r\n{BLOCKING}'
    document = opened(tmp_path, "edge.reg", text)
    (effect,) = read(document).effects
    assert place(document, effect.pointer).line == 8


def test_what_is_no_registration_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "edge.reg"
    path.write_text(f"{HEAD}[{EDGE}]\nnonsense\n", encoding="utf-8")
    found = read_policies([path], max_size=2**20)
    assert [(one.id, one.origin.line if one.origin else 0) for one in found.findings] == [("document-syntax", 4)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param(f'[{EDGE}]\r\n"HomepageLocation"="a"\r\n', set(), id="home-page"),
        pytest.param(f'[{EDGE}]\r\n"ProxyPacUrl"="a"\r\n', {"UNJUDGED"}, id="proxy"),
        pytest.param('[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\r\n"A"="a"\r\n', {"UNJUDGED"}, id="another-key"),
        pytest.param(f'[{CHROME}\\URLBlocklist]\r\n"1"="a.example"\r\n', {"TIGHTENED"}, id="another-list"),
        pytest.param(f'[{EDGE}\\URLAllowlist]\r\n"1"="tool.example"\r\n', {"INEFFECTIVE"}, id="opens-it"),
    ],
)
def test_what_is_added_to_a_registration_file(tmp_path: Path, key: str, expected: set[str]) -> None:
    old = opened(tmp_path, "edge.reg", HEAD + BLOCKING)
    assert directions(old, opened(tmp_path, "edge.reg", HEAD + BLOCKING + key)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param('{"URLBlocklist":["a.example"]}', '{"URLBlocklist":[]}', {"LOOSENED"}, id="gone"),
        pytest.param(
            '{"URLBlocklist":["a.example"]}',
            '{"URLBlocklist":["a.example"],"URLAllowlist":["a.example"]}',
            {"INEFFECTIVE"},
            id="opened",
        ),
        pytest.param(
            '{"URLBlocklist":["a.example"],"HomepageLocation":"a"}',
            '{"URLBlocklist":["a.example"],"HomepageLocation":"b"}',
            set(),
            id="home-page",
        ),
    ],
)
def test_a_policy_file_is_compared_and_proves_nothing(tmp_path: Path, old: str, new: str, expected: set[str]) -> None:
    before, after = (opened(tmp_path, "policy.json", text) for text in (old, new))
    assert before.kind == "browser-policy-file"
    assert word(before, "a.example") == "unknown"
    assert directions(before, after) == expected


def test_the_table_of_the_portal_is_read_like_the_answer_of_the_api(tmp_path: Path) -> None:
    document = opened(tmp_path, "indicators.csv", f'{TABLE}{TABLE_ROW}DomainName,b.example,,Allowed,t,"lab, x"\r\n')
    assert document.kind == "defender-indicator-list"
    found = [(one.rule.id, one.value, place(document, one.pointer).line) for one in read(document).effects]
    assert found == [("defender-network-block", "tool.example", 2), ("defender-network-allow", "b.example", 4)]
    assert [one.value for one in read(document).effects[1].rule.conditions] == ["lab", "x"]


@pytest.mark.parametrize(
    ("between", "encoding", "said"),
    [
        pytest.param(";", "utf-8", "", id="semicolons"),
        pytest.param("\t", "utf-8", "", id="tabs"),
        pytest.param(";", "utf-8-sig", "", id="semicolons-with-a-mark"),
        pytest.param("\t", "utf-16", "", id="tabs-in-utf-16"),
        pytest.param(";", "utf-8", "sep=;\r\n", id="said-in-front"),
        pytest.param("|", "utf-8-sig", "SEP=|\r\n", id="said-in-front-of-something-rare"),
    ],
)
def test_the_table_is_read_as_a_spreadsheet_saves_it(tmp_path: Path, between: str, encoding: str, said: str) -> None:
    text = said + (TABLE + TABLE_ROW).replace(",", between)
    document = opened(tmp_path, "indicators.csv", text, encoding)
    assert [(one.rule.id, one.value) for one in read(document).effects] == [("defender-network-block", "tool.example")]
    assert place(document, read(document).effects[0].pointer).line == (3 if said else 2)
    assert document.handed_over == (tmp_path / "indicators.csv").read_bytes()


def test_a_folder_gives_the_tables_that_are_documents(tmp_path: Path) -> None:
    (tmp_path / "indicators.csv").write_text(TABLE + TABLE_ROW, encoding="utf-8")
    (tmp_path / "people.csv").write_text("name,age\nA,1\n", encoding="utf-8")
    found = read_policies([tmp_path], max_size=2**20)
    assert [one.kind for one in found.documents] == ["defender-indicator-list"]
    assert not found.findings


def test_the_table_of_indicators_is_no_table_of_bans(tmp_path: Path) -> None:
    path = tmp_path / "indicators.csv"
    path.write_text(TABLE + TABLE_ROW, encoding="utf-8")
    side = read_side(given(str(path)), 2**20, DAY)
    assert [one.kind for one in side.policies.documents] == ["defender-indicator-list"]
    assert not side.lists


def test_a_broken_table_is_said(tmp_path: Path) -> None:
    path = tmp_path / "indicators.csv"
    path.write_text(f'{TABLE}DomainName,"a,,Block\n', encoding="utf-8")
    assert [one.id for one in read_policies([path], max_size=2**20).findings] == ["document-syntax"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("a.example", "https://a.example", {"INEFFECTIVE"}, id="one-scheme-alone"),
        pytest.param("http://a.example", "https://a.example", {"LOOSENED", "TIGHTENED"}, id="another-scheme"),
        pytest.param("https://a.example", "a.example", {"TIGHTENED"}, id="every-scheme"),
    ],
)
def test_a_scheme_narrows_an_entry(tmp_path: Path, old: str, new: str, expected: set[str]) -> None:
    files = [f'{HEAD}[{EDGE}\\URLBlocklist]\r\n"1"="{one}"\r\n' for one in (old, new)]
    before, after = (opened(tmp_path, f"{place}.reg", text) for place, text in enumerate(files))
    assert directions(before, after) == expected
