"""Write what a result rests on: lists with their state, and identifiers by how well they are attested."""

from __future__ import annotations

import pytest
from build_kit import identifier, inline, resolved

from mdm_policy.errors import Origin
from mdm_policy.model import Identifier, ListStatus
from mdm_policy.report import summary


def status(state: str, sentence: str = "because of this", name: str = "ours") -> ListStatus:
    return ListStatus(name, "Title", "Memo 7", state, sentence, Origin("ours.yaml", 1, 1))


@pytest.mark.parametrize(
    ("state", "printed"),
    [
        pytest.param("in-force", "  ours, in-force: Memo 7", id="in-force"),
        pytest.param("adopted", "  ours, adopted: Memo 7\n      because of this", id="adopted"),
    ],
)
def test_a_list_in_force_needs_no_reason(state: str, printed: str) -> None:
    assert summary.lists([status(state)]) == printed


def test_lists_stand_below_each_other_and_keep_to_the_width() -> None:
    found = [
        status("adopted", "a reason " * 20, "a-list-with-a-name-of-nearly-eighty-characters-as-the-language-allows")
    ] * 2
    lines = summary.lists(found, 60).splitlines()
    assert sum(not line.startswith("   ") for line in lines) == 2
    assert [line for line in lines if len(line) > 60 and len(line.split()) > 1] == []


def test_confidence_counts_what_the_list_or_the_catalogue_gives_and_nothing_derived() -> None:
    place = Origin("c.json")
    ids = [
        Identifier("macos", "bundle_id", "org.example.app", place, "verified"),
        Identifier("macos", "team_id", "ABCDE12345", place, "single-source"),
        identifier("ios", "bundle_id", "org.example.app"),
    ]
    assert summary.confidence(resolved(inline("X", *ids))) == (
        "Identifiers: 1 named by two sources, 1 named by one, 1 stated by the list alone."
    )


def test_confidence_without_an_identifier() -> None:
    assert summary.confidence(resolved(inline("X"))) == "Identifiers: none."
