"""Whatever fails, and whenever it is killed: the old output or the new one, and the next run ends as if nothing had been."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from thinning import POINTS_EVERY

HERE = Path(__file__).parent
_ROWS = (
    "build anew",
    "build over a former build",
    "build over a former build, by two renames",
    "sign a profile",
    "sign a build",
)
"""The rows of crash_points.py, which is not imported here: it changes the module `os` for good."""


def _driver(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / "crash_points.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(
    not hasattr(os, "fork"), reason="points are tried in copies of a process, which this system cannot make"
)
@pytest.mark.parametrize("row", _ROWS)
def test_old_or_new_and_the_next_run_converges(row: str) -> None:
    done = _driver(row, "--one-in", str(POINTS_EVERY))
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    print(
        f"trust: crash: {row}: {told['calls']} file-system calls, {told['points']} points tried "
        f"({told['killed']} kills, {told['failed']} errors told), {len(told['violations'])} outputs lost or mixed"
    )
    assert told["violations"] == []
    assert done.returncode == 0
    # A harness that no longer reaches the calls would find nothing wrong.
    least = 15 if row == "sign a profile" else 40
    assert told["calls"] >= least
    assert told["killed"] >= least // 2 // POINTS_EVERY
    assert told["failed"] >= least // 3 // POINTS_EVERY


@pytest.mark.skipif(not hasattr(os, "fork"), reason="as above")
def test_the_harness_finds_a_build_that_is_not_whole() -> None:
    done = _driver("--spoilt", "build over a former build")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert any("a mixture" in violation for violation in told["violations"])


def test_every_row_is_tried() -> None:
    listed = _driver("--list")
    assert listed.stdout.splitlines() == list(_ROWS)
