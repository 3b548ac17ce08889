"""Calls of `apply`, over the network and on the disk, fail once each: exit code, receipt and server agree."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from push import honest
from push.matrix import SCENARIOS, http_kits
from thinning import FAULTS_EVERY

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="copies of a process are made by fork")


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", http_kits())
def test_no_fault_of_the_network_makes_it_deny_a_write(name: str, scenario: str, tmp_path: Path) -> None:
    told = list(honest.over_the_network(name, scenario, tmp_path, FAULTS_EVERY, min(3, FAULTS_EVERY - 1)))
    assert [(where, one.wrong) for where, one in told if one.wrong] == []
    print(f"trust: apply: {name} {scenario}: {len(told)} faults of the network, {_codes(told)}, 0 disagree")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_fault_of_the_disk_makes_it_deny_a_write(scenario: str, tmp_path: Path) -> None:
    told = list(honest.on_the_disk("fake", scenario, tmp_path, FAULTS_EVERY))
    assert [(where, one.wrong) for where, one in told if one.wrong] == []
    print(f"trust: apply: fake {scenario}: {len(told)} faults of the disk, {_codes(told)}, 0 disagree")


def _codes(told: list[tuple[str, honest.Told]]) -> str:
    counts = Counter(one.code for _, one in told)
    return ", ".join(f"{count} ended with {code}" for code, count in sorted(counts.items()))
