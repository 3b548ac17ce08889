"""What the program needs at run time is bounded below, and recorded above in the versions it was tested with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _recorded() -> dict[str, tuple[int, ...]]:
    lines = (ROOT / "tests" / "tested-versions.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {name: _version(version) for name, version in pairs}


def test_every_run_time_dependency_is_bounded_below_and_recorded_above() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    recorded = _recorded()
    for requirement in wanted:
        found = re.fullmatch(r"([a-z0-9-]+)>=([0-9.]+)", requirement)
        assert found, f"{requirement!r} is not a lower bound alone"
        assert recorded[found[1]] >= _version(found[2]), f"{found[1]} was tested below its bound"
    print(f"trust: dependencies: {len(wanted)} bounded below, {len(recorded)} recorded with the newest version tested")
