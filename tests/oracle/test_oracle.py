"""Both readers agree on a sample of each family; `compare.py` runs as many cases as anybody wants."""

from __future__ import annotations

import pytest

from oracle.common import run
from oracle.compare import families, family_named

CASES = 200


@pytest.mark.parametrize("name", families())
def test_both_readers_agree(name: str) -> None:
    tally = run(family_named(name), 2026, range(CASES))
    apart = [
        f"case {one.number}, {one.app}: {one.said}, expected {sorted(one.expected)}: {one.because}"
        for one in tally.disagreements
    ]
    assert apart == []
    assert max(tally.verdicts.values()) <= sum(tally.verdicts.values()) * 2 / 3, tally.verdicts
