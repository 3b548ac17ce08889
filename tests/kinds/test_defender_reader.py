"""Hold what Defender's indicators do to sites, for whom and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY
from kind_documents import as_json, device, readings, says

from mdm_policy import catalogue
from mdm_policy.decide import states
from mdm_policy.decide.web import Addresses
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.kinds import read
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from mdm_policy.documents import Document

LAPTOPS = device("windows", ">=10.0.16299", groups=("lab",))


def row(value: str = "tool.example", action: str = "Block", kind: str = "DomainName", **more: Any) -> dict[str, Any]:
    return {"indicatorValue": value, "indicatorType": kind, "action": action, "rbacGroupNames": [], **more}


def indicators(*rows: Any, key: str = "value", **more: Any) -> Document:
    return as_json({key: list(rows), **more}, "indicators.json")


FILE = row("ab" * 32, kind="FileSha256")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(indicators(row()), ("defender-network-block", "blocked", "tool.example"), id="block"),
        pytest.param(
            indicators(row(action="AlertAndBlock")),
            ("defender-network-block", "blocked", "tool.example"),
            id="old-word",
        ),
        pytest.param(
            indicators(row(action="Allowed")), ("defender-network-allow", "allowed", "tool.example"), id="allow"
        ),
        pytest.param(
            indicators(row(action="Warn")), ("defender-network-warn", "reported-only", "tool.example"), id="warn"
        ),
        pytest.param(
            indicators(row(action="Audit")), ("defender-network-audit", "reported-only", "tool.example"), id="audit"
        ),
        pytest.param(
            indicators(row("https://tool.example/a", kind="Url")),
            ("defender-network-block", "blocked", "https://tool.example/a"),
            id="url",
        ),
        pytest.param(
            indicators(row(), key="Indicators"), ("defender-network-block", "blocked", "tool.example"), id="import"
        ),
        pytest.param(as_json(row()), ("defender-network-block", "blocked", "tool.example"), id="by-itself"),
        pytest.param(as_json([row()]), ("defender-network-block", "blocked", "tool.example"), id="array"),
        pytest.param(
            indicators(row(), row("b.example", rbacGroupNames=["lab"])),
            ("defender-network-block", "blocked", "tool.example"),
            id="beside-one-for-a-group",
        ),
        pytest.param(
            indicators(row(), **{"@odata.nextLink": "https://x"}),
            ("defender-network-block", "unknown", "tool.example"),
            id="a-page-of-several",
        ),
    ],
)
def test_what_an_indicator_does(document: Document, expected: tuple[str, str, str]) -> None:
    assert document.kind == "defender-indicator-list"
    first = read(document).effects[0]
    assert (first.rule.id, first.rule.verdict, first.value) == expected


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param(indicators(row(), FILE), "no-identifier-kind", id="file"),
        pytest.param(indicators(row(), row("c" * 40, kind="CertificateThumbprint")), "no-identifier-kind", id="signer"),
        pytest.param(indicators(row(kind="Host")), "indicator-type", id="type"),
        pytest.param(indicators(row(action="BlockAndRemediate")), "indicator-action", id="no-action-for-sites"),
        pytest.param(indicators(row("*.tool.example")), "url-entry-wildcard", id="wildcard"),
        pytest.param(indicators(row(expirationTime="soon")), "indicator-expiry", id="time"),
        pytest.param(indicators(row(), 7), "wrong-type", id="number"),
        pytest.param(indicators(row(), **{"@odata.nextLink": "https://x"}), "page-incomplete", id="page"),
        pytest.param(indicators(row(rbacGroupNames="lab")), "wrong-type", id="groups-as-a-text"),
    ],
)
def test_what_is_said(document: Document, said: str) -> None:
    assert said in says(document)


def test_a_plain_list_cries_no_wolf() -> None:
    assert says(indicators(row(), row("b.example", expirationTime="2030-01-31T00:00:00.0Z"))) == []


@pytest.mark.parametrize(
    ("groups", "scope"),
    [
        pytest.param([[], []], Scope("everyone"), id="all-devices"),
        pytest.param([["lab"], ["lab"]], Scope("groups", ("lab",)), id="one-group"),
        pytest.param([["lab"], []], Scope("everyone"), id="mixed"),
    ],
)
def test_whom_indicators_reach(groups: list[list[str]], scope: Scope) -> None:
    rows = [row(f"{n}a.example", rbacGroupNames=names) for n, names in enumerate(groups)]
    assert read(indicators(*rows)).scope == scope


def test_an_indicator_for_a_group_beside_others_is_unknown() -> None:
    found = read(indicators(row(rbacGroupNames=["lab"]), row("b.example"))).effects
    assert [(one.rule.verdict, [c.value for c in one.rule.conditions]) for one in found] == [
        ("unknown", ["lab"]),
        ("blocked", []),
    ]


def test_an_indicator_ends_on_its_day() -> None:
    ended, lasting = (indicators(row(expirationTime=f"{year}-01-31T00:00:00Z")) for year in (2020, 2030))
    assert directions(lasting, ended) == {"INEFFECTIVE"}
    assert directions(ended, lasting) == {"TIGHTENED"}


def test_indicators_alone_prove_no_silence() -> None:
    found = readings(indicators(row()))
    made = Addresses(found, LAPTOPS, states(LAPTOPS, "windows", False), DAY)
    assert made.verdict(["tool.example"]).word == "unknown"
    assert made.verdict(["b.example"]).word == "none"


def directions(old: Document, new: Document) -> set[str]:
    sides = [Side(side, (one,)) for side, one in (("old", old), ("new", new))]
    found = compare_policies(sides[0], sides[1], Question(DAY), catalogue.load())
    return {str(one.direction) for one in found.changes} - {"COSMETIC", "EQUIVALENT"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(indicators(row()), indicators(row(action="Audit")), {"INEFFECTIVE"}, id="audits"),
        pytest.param(indicators(row()), indicators(row(action="Warn")), {"LOOSENED"}, id="warns"),
        pytest.param(indicators(row()), indicators(row("b.example")), {"LOOSENED", "TIGHTENED"}, id="another-site"),
        pytest.param(indicators(row()), indicators(row(), row(action="Allowed")), {"INEFFECTIVE"}, id="allowed-beside"),
        pytest.param(indicators(row()), indicators(row(), row(action="Warn")), {"INEFFECTIVE"}, id="warned-beside"),
        pytest.param(
            indicators(row()),
            indicators(row(), row("https://tool.example/a", "Allowed", "Url")),
            {"INEFFECTIVE"},
            id="a-path-allowed",
        ),
        pytest.param(indicators(row()), indicators(row(rbacGroupNames=["lab"])), {"NARROWED"}, id="for-a-group"),
        pytest.param(indicators(row(), FILE), indicators(row()), {"UNJUDGED"}, id="file-gone"),
        pytest.param(indicators(row(title="a")), indicators(row(title="b")), set(), id="title"),
        pytest.param(indicators(row()), indicators(row(tags="x")), {"UNJUDGED"}, id="unknown-key"),
    ],
)
def test_a_change_has_its_direction(old: Document, new: Document, expected: set[str]) -> None:
    assert directions(old, new) == expected
