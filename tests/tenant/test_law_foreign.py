"""Hold that no command says more than `verify` says of everything readable, whatever others do in a tenant.

`make foreign` carries out every step of every destination; here each destination has a part of its objects.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from tenant import foreign, foreign_judge

if TYPE_CHECKING:
    from pathlib import Path

_PART = {"graph": (7, 2), "jamf": (4, 1), "amapi": (2, 0), "kmfddm": (4, 0), "git": (16, 1)}
"""Each so many objects, and the first of them."""


@pytest.mark.parametrize("name", _PART)
def test_no_live_verdict_differs_from_verify_of_the_snapshot(name: str, tmp_path: Path, record_property: Any) -> None:
    stride, start = _PART[name]
    count = foreign_judge.run(name, tmp_path, rounds=1, edits=1, every=12, stride=stride, start=start)
    sys.stdout.write(f"{name}: {count}\n")
    record_property("mutants", count.mutants)
    assert [one.said for one in count.wrong] == []
    assert count.mutants >= 15
    assert count.effective >= 5
    assert count.commands


def test_every_destination_that_can_be_read_back_is_tried() -> None:
    assert foreign.KITS.keys() == foreign.PLACES.keys() == foreign_judge.ROUNDS.keys() == _PART.keys()
