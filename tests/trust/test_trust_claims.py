"""Every field of a plan, a receipt and a journal is changed, and its digest made anew: refused, or nothing comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from push import forging
from push.stage import stage
from thinning import FORGED_EVERY

if TYPE_CHECKING:
    from pathlib import Path

PARTS = 4
"""How many parts the changes that are tried are cut into, so that two cores have something to do."""


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", forging.KINDS)
def test_no_forged_field_is_carried_out(kind: str, part: int, tmp_path: Path) -> None:
    tried = held = 0
    with stage("fake", tmp_path) as one:
        for count, refused, wrong in forging.KINDS[kind](one, PARTS * FORGED_EVERY, part):
            assert wrong == []
            tried += count
            held += refused
    print(
        f"trust: claims: {kind}, part {part + 1}: {tried} changed, {held} refused, {tried - held} without effect, 0 done"
    )
