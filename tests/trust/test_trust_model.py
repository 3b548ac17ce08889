"""Each claim of the threat model names what holds it, and that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
_TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
_ROWS = [line for line in _TEXT.splitlines() if line.startswith("| ") and not line.startswith("| they try")]


@pytest.mark.parametrize("row", _ROWS)
def test_a_claim_names_a_test_or_says_that_there_is_none(row: str) -> None:
    held_by = row.rstrip("|").rpartition("|")[2].strip()
    assert "`tests/" in held_by or "`make " in held_by or held_by == "no test"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[\w./-]+)`", _TEXT))))
def test_what_is_named_is_there(name: str) -> None:
    assert (ROOT / name).exists()


def test_the_claims_are_counted() -> None:
    assert len(_ROWS) > 20
    print(
        f"trust: threat model: {len(_ROWS)} attempts listed, {sum('no test' in row for row in _ROWS)} held by no test"
    )
