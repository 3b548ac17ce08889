"""Both readers agree on a sample of each family; `compare.py` runs as many cases as anybody wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.common import run
from oracle.compare import families, family_named

if TYPE_CHECKING:
    from oracle.common import Settled

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


def _listed() -> dict[str, Settled]:
    loaded = [family_named(name) for name in families()]
    return {one.name: one for family in loaded for one in (*family.faults, *family.settled)}


@pytest.mark.parametrize("listed", _listed().values(), ids=lambda one: one.name)
def test_what_is_listed_still_differs(listed: Settled) -> None:
    name, seed, number = listed.case
    tally = run(family_named(name), seed, [number])
    stale = (
        f"{listed.name} is mended, or its case is drawn otherwise now: take it out, or name another case that shows it"
    )
    assert listed.name in tally.faults | tally.settled, stale
