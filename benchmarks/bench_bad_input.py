"""Measure what the worst inputs cost the commands that read them: time and peak memory of each whole process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bad_inputs import bad_inputs
from figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_MOST_SECONDS = 3.0
_MOST_MB = 300.0
_WORST = 3
_AS_OF = ("--as-of", "2026-11-24")
_GOOD = b'{"playStoreMode":"BLACKLIST","applications":[{"packageName":"com.tencent.mm","installType":"BLOCKED"}]}'


def figures(runs: int) -> Iterator[Figure]:
    """Measure each input once, and give the worst of all; how many runs are asked for counts for nothing here."""
    del runs
    if not hasattr(os, "wait4"):
        return
    for command, found in measured().items():
        for what, unit, most in ((0, "s", _MOST_SECONDS), (1, "MB", _MOST_MB)):
            worst = sorted(found, key=lambda one, what=what: one[1][what], reverse=True)[:_WORST]
            for name, costs in worst:
                value = costs[what]
                yield Figure(f"{command}: {name}", f"{value:.3g} {unit}", "", [value], most, unit)


def measured(only: str = "") -> dict[str, list[tuple[str, tuple[float, float]]]]:
    """Return per command the seconds and megabytes of each input whose name holds a text."""
    found: dict[str, list[tuple[str, tuple[float, float]]]] = {"verify": [], "diff": [], "check": []}
    with tempfile.TemporaryDirectory() as folder:
        good = Path(folder, "good.json")
        good.write_bytes(_GOOD)
        for name, data in bad_inputs():
            if only not in name:
                continue
            path = Path(folder, name)
            path.write_bytes(data)
            found["verify"].append((name, _cost("verify", path, "--list", "us-eo-13971", *_AS_OF)))
            found["diff"].append((name, _cost("diff", good, path, *_AS_OF)))
            if path.suffix in (".yaml", ".csv"):
                found["check"].append((name, _cost("check", path)))
            path.unlink()
    return found


def _cost(*arguments: object) -> tuple[float, float]:
    """Run the program, whatever it says, and return its seconds and the megabytes of its peak; a crash is no answer."""
    command = [sys.executable, "-m", "mdm_policy", *map(str, arguments)]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        taken = time.perf_counter() - start
        said.seek(0)
        text = said.read()
    assert process.returncode in (0, 1, 10, 11), (arguments, process.returncode, text[-2000:])
    assert b"Traceback" not in text, (arguments, text[-2000:])
    return taken, used.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
