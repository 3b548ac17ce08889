"""Measure what the worst inputs cost the commands that read them: time and peak memory of each whole process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import bad_inputs
from figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

Costs = tuple[float, float]
_ROOT = Path(__file__).parents[1]
_MOST_SECONDS = 3.0
_MOST_MB = 300.0
_WORST = 3
_TRIES = 3
"""How often an input that is over a bound is measured; the least counts, since whatever else the machine does only adds."""
_AS_OF = ("--as-of", "2026-11-24")
_GOOD = b'{"playStoreMode":"BLACKLIST","applications":[{"packageName":"com.tencent.mm","installType":"BLOCKED"}]}'


def figures(runs: int) -> Iterator[Figure]:
    """Measure each input once, and give the worst of all; how many runs are asked for counts for nothing here."""
    del runs
    if not hasattr(os, "wait4"):
        return
    found = dict(measured())
    for command in ("verify", "diff", "check"):
        costs = {name: each[command] for name, each in found.items() if command in each}
        for what, unit, most in ((0, "s", _MOST_SECONDS), (1, "MB", _MOST_MB)):
            for name in _worst(costs, what):
                value = costs[name][what]
                yield Figure(f"{command}: {name}", f"{value:.3g} {unit}", "", [value], most, unit)


def _worst(costs: dict[str, Costs], what: int) -> list[str]:
    return sorted(costs, key=lambda name: costs[name][what], reverse=True)[:_WORST]


def measured(only: str = "") -> Iterator[tuple[str, dict[str, Costs]]]:
    """Yield what each input whose name holds a text costs each command, in seconds of the processor and megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        good = Path(folder, "good.json")
        good.write_bytes(_GOOD)
        for name in [name for name in bad_inputs.names() if only in name]:
            subprocess.run([sys.executable, bad_inputs.__file__, folder, name], check=True)
            path = Path(folder, name)
            costs = {
                "verify": _least("verify", path, "--list", "us-eo-13971", *_AS_OF),
                "diff": _least("diff", good, path, *_AS_OF),
            }
            if path.suffix in (".yaml", ".csv"):
                costs["check"] = _least("check", path)
            yield name, costs
            path.unlink()


def _least(*arguments: object) -> Costs:
    """Measure once, and again while it is over a bound."""
    seconds, peak = _cost(*arguments)
    for _ in range(_TRIES - 1):
        if seconds <= _MOST_SECONDS and peak <= _MOST_MB:
            break
        again = _cost(*arguments)
        seconds, peak = min(seconds, again[0]), min(peak, again[1])
    return seconds, peak


def _cost(*arguments: object) -> Costs:
    """Run the program, whatever it says, and return its seconds and the megabytes of its peak; a crash is no answer.

    Seconds of the processor, not of the clock: other programs may be running.
    """
    command = [sys.executable, "-m", "mdm_policy", *map(str, arguments)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    assert process.returncode in (0, 1, 10, 11), (arguments, process.returncode, text[-2000:])
    assert b"Traceback" not in text, (arguments, text[-2000:])
    peak = used.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
    return used.ru_utime + used.ru_stime, peak
