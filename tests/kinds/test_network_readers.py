"""Hold what is read of zones and lists, on the lines of the user's file, and when it counts for a class."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY
from kind_documents import device

from mdm_policy import catalogue
from mdm_policy.decide import states
from mdm_policy.decide.web import Addresses
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.documents import place
from mdm_policy.errors import PolicyError
from mdm_policy.kinds import kind_named, open_document, read
from mdm_policy.sources.files import read_policies

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.documents import Document

HEAD = "$TTL 300\n@ IN SOA localhost. hostmaster.localhost. ( 1 3600\n 600 604800 300 ) ; end\n  IN NS localhost.\n"
BOTH = "tool.example CNAME .\n*.tool.example CNAME .\n"
LAPTOPS = device("windows", ">=10")


def word(document: Document, domain: str = "tool.example") -> str:
    return Addresses([read(document)], LAPTOPS, states(LAPTOPS, "windows", False), DAY).verdict([domain]).word


def directions(old: str, new: str) -> set[str]:
    sides = [Side(name, (open_document("z", text.encode()),)) for name, text in (("old", old), ("new", new))]
    found = compare_policies(sides[0], sides[1], Question(DAY), catalogue.load())
    return {str(one.direction) for one in found.changes} - {"COSMETIC", "EQUIVALENT"}


ZONES: list[Any] = [
    pytest.param(HEAD + BOTH, "network", id="both"),
    pytest.param(HEAD + BOTH.replace("CNAME .", "60 IN CNAME *."), "network", id="no-data"),
    pytest.param(HEAD + BOTH.replace("CNAME .", "IN 60 CNAME rpz-drop."), "network", id="dropped"),
    pytest.param(HEAD + BOTH.replace("CNAME .", "A 0.0.0.0"), "network", id="no-address"),
    pytest.param(HEAD + BOTH.replace("tool", "TOOL"), "network", id="case"),
    pytest.param(HEAD + BOTH.replace("tool.example", "example"), "network", id="above"),
    pytest.param(HEAD + "* CNAME .\n", "network", id="everything"),
    pytest.param("$ORIGIN banned.rpz.\n" + HEAD + BOTH.replace("tool.example", "tool.example.banned.rpz."), "network", id="absolute"),
    pytest.param(HEAD + "$ORIGIN example\ntool CNAME .\n*.tool CNAME .\n", "network", id="origin-within"),
    pytest.param(HEAD.replace("@ IN SOA", "banned.rpz. IN SOA") + "tool.example.banned.rpz. CNAME .\n*.tool.example CNAME .\n", "network", id="origin-of-soa"),
    pytest.param(HEAD + BOTH.partition("\n")[0], "unknown", id="name-alone"),
    pytest.param(HEAD + BOTH.partition("\n")[2], "unknown", id="below-alone"),
    pytest.param(HEAD + BOTH.replace("CNAME .", "CNAME walled.example."), "unknown", id="walled-garden"),
    pytest.param(HEAD + BOTH.replace("CNAME .", "CNAME rpz-tcp-only."), "none", id="tcp-only"),
    pytest.param(HEAD + BOTH + "tool.example CNAME rpz-passthru.\n", "none", id="refused-whole"),
    pytest.param(HEAD + BOTH + "other.example A 0.0.0.0\nother.example CNAME .\n", "none", id="refused-for-another-name"),
    pytest.param(HEAD + BOTH + "tool.example 60 IN CNAME .\n", "network", id="the-same-again"),
    pytest.param(HEAD + BOTH.replace("tool.example CNAME .", "tool.example CNAME rpz-passthru.", 1), "none", id="exempted"),
    pytest.param(HEAD + BOTH + "cdn.tool.example CNAME rpz-passthru.\n", "none", id="a-part-exempted"),
    pytest.param(HEAD + BOTH + "tool.example. CNAME rpz-passthru.\n", "network", id="outside-of-the-zone"),
    pytest.param(HEAD + BOTH + "32.1.0.0.10.rpz-client-ip CNAME rpz-passthru.\n", "unknown", id="some-who-ask-exempted"),
    pytest.param(HEAD + BOTH + "24.0.2.0.192.rpz-ip CNAME .\n", "network", id="addresses-refused-beside"),
    pytest.param(HEAD + "@ CNAME .\n", "none", id="the-zone-itself"),
    pytest.param(HEAD + BOTH + "$INCLUDE more.zone\n", "unknown", id="goes-on"),
    pytest.param("$TTL 300\n" + BOTH, "none", id="no-start"),
    pytest.param(HEAD + "other.example CNAME .\n*.other.example CNAME .\n", "none", id="another"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ZONES)
def test_what_a_zone_closes(text: str, expected: str) -> None:
    document = open_document("z", text.encode())
    assert document.kind == "response-policy-zone"
    assert word(document) == expected


def test_a_zone_closes_what_stands_below_and_nothing_beside() -> None:
    document = open_document("z", (HEAD + BOTH).encode())
    names = ("tool.example", "www.tool.example", "nottool.example", "example")
    assert [word(document, name) for name in names] == ["network", "network", "none", "none"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(HEAD + BOTH.partition("\n")[0], "zone-name-in-part", id="in-part"),
        pytest.param(HEAD + BOTH.replace("CNAME .", "CNAME a.example."), "zone-answer-replaced", id="replaced"),
        pytest.param(HEAD + BOTH + "$GENERATE 1-9 a$ CNAME .", "zone-goes-on", id="goes-on"),
        pytest.param(HEAD + BOTH + "a.rpz-nsdname CNAME rpz-passthru.", "zone-exempts-by-address", id="by-server"),
        pytest.param(HEAD + BOTH + "a_!.example CNAME .", "zone-name", id="name"),
        pytest.param("$TTL 300\n" + BOTH, "zone-without-start", id="no-start"),
        pytest.param("# list\ntool.example\n*.tool.example\n", "", id="no list at all"),
    ],
)
def test_what_is_said(text: str, expected: str) -> None:
    if not expected:
        with pytest.raises(Exception, match="neither a property list"):
            open_document("z", text.encode())
        return
    assert expected in {one.id for one in read(open_document("z", text.encode())).findings}


def test_a_finding_stands_on_the_users_line() -> None:
    document = open_document("z", (HEAD + BOTH + "; note\n\nalone.example CNAME .\n").encode())
    (found,) = [one for one in read(document).findings if one.id == "zone-name-in-part"]
    assert found.origin is not None
    assert found.origin.line == 9
    assert place(document, next(iter(read(document).effects)).pointer).line == 5


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(HEAD, {"LOOSENED"}, id="gone"),
        pytest.param(HEAD + BOTH.partition("\n")[0], {"NARROWED"}, id="wildcard-gone"),
        pytest.param(HEAD + BOTH + "www.tool.example CNAME rpz-passthru.\n", {"INEFFECTIVE"}, id="exempted"),
        pytest.param(HEAD + "; new\n" + BOTH, set(), id="comment"),
        pytest.param(HEAD.replace("1 3600", "2 3600") + BOTH, set(), id="serial"),
        pytest.param(HEAD + BOTH + "b.example CNAME .\n*.b.example CNAME .\n", {"TIGHTENED"}, id="one-more"),
    ],
)
def test_a_change_of_a_zone_has_its_direction(new: str, expected: set[str]) -> None:
    found = directions(HEAD + BOTH, new)
    assert found == expected or (expected == {"NARROWED"} and found & {"NARROWED", "LOOSENED", "INEFFECTIVE"})


@pytest.mark.parametrize(
    "text",
    ["(", "a ( b\n", "$TTL\n", "$ORIGIN a.\nSOA", HEAD + ")", HEAD + '"', HEAD + "\\", HEAD + "@ @ @"],
)
def test_a_damaged_zone_ends_in_findings(text: str) -> None:
    with contextlib.suppress(PolicyError):
        assert not [
            effect for effect in read(open_document("z", text.encode())).effects if effect.rule.sense == "block"
        ]


def test_a_plain_list_is_known_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("# sites\n\ntool.example  # the site\nOther.example\n", "utf-8")
    (tmp_path / "readme.txt").write_text("These are the sites.\ntool.example\n", "utf-8")
    (document,) = read_policies([tmp_path], max_size=2**20).documents
    assert document.kind == "domain-list"
    assert [effect.value for effect in read(document).effects] == ["tool.example", "other.example"]
    assert place(document, "/domains/1").line == 4
    assert word(document, "www.tool.example") == "network"


def test_a_list_with_a_later_fault_says_so() -> None:
    text = "".join(f"n{number}.example\n" for number in range(1_000)) + "http://tool.example/\n"
    found = read(open_document("l", text.encode())).findings
    assert [one.id for one in found] == ["domain-list-entry"]


def test_both_are_of_networks() -> None:
    assert kind_named("response-policy-zone").is_of_network
    assert kind_named("domain-list").is_of_network
