"""Measure one policy to many vendors against aerleon, which does for network filters what we do for devices.

10,000 terms to three targets each; aerleon lives in an environment of its own, `.venv/peer`, made here when it is not
there, so that its pins never meet ours.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench_build import build_once
from figures import Figure, duration, pairs
from resolved import resolution, unlimited

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_PEER = _ROOT / ".venv" / "peer"
_PYTHON = _PEER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
_TERMS = 10_000
_TARGETS = ("apple-ios-restrictions", "intune-ios-settings-catalog", "jamf-mobile-profile")


def figures(runs: int) -> Iterator[Figure]:
    """Measure the time for each term and target, ours and aerleon's."""
    install()
    made = resolution(_TERMS)
    chosen = [target for target in unlimited()[0] if target.name in _TARGETS]
    assert len(chosen) == len(_TARGETS)
    found = pairs(lambda: build_once(made, chosen), _aerleon, max(3, runs // 3))
    each = _TERMS * len(_TARGETS)
    ours, theirs = (sorted(column)[len(found) // 2] / each for column in zip(*found, strict=True))
    name = f"times faster than aerleon, {_TERMS:,} terms"
    ratios = [peer / mine for mine, peer in found]
    yield Figure(name, _microseconds(ours), _microseconds(theirs), ratios, 50.0, at_least=True)


def _aerleon() -> float:
    command = [str(_PYTHON), str(_ROOT / "benchmarks" / "peer_aerleon.py"), str(_TERMS)]
    return float(
        subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    )


def _microseconds(value: float) -> str:
    return f"{value * 1e6:.1f} us" if value < 1e-3 else duration(value)


def peer_python() -> Path:
    """Return the peers' own Python."""
    return _PYTHON


def install() -> None:
    """Make the peers' environment, once."""
    if not _PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", _PEER], check=True)
    # Our own pip does it: the one a new environment brings may be too old to know dependency groups.
    pip = [sys.executable, "-m", "pip", "--python", str(_PYTHON), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--group", f"{_ROOT / 'pyproject.toml'}:bench"], check=True)
