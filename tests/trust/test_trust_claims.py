"""Every field of a plan, a receipt and a journal is changed, and its digest made anew: refused, or nothing comes of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from push import forging
from push.stage import stage

if TYPE_CHECKING:
    from pathlib import Path

TRIED = 4
PARTS = TRIED if os.environ.get("FAULTS_EVERY", "1") == "1" else 6 * TRIED
"""How many parts the changes are cut into, of which so many are tried: `make trust` tries all, `.ci/run` every sixth."""


@pytest.mark.parametrize("part", range(TRIED))
@pytest.mark.parametrize("kind", forging.KINDS)
def test_no_forged_field_is_carried_out(kind: str, part: int, tmp_path: Path) -> None:
    tried = held = 0
    with stage("fake", tmp_path) as one:
        for count, refused, wrong in forging.KINDS[kind](one, PARTS, part):
            assert wrong == []
            tried += count
            held += refused
    print(
        f"trust: claims: {kind}, part {part + 1}: {tried} changed, {held} refused, {tried - held} without effect, 0 done"
    )
