"""Compare both readers: python tests/oracle/compare.py --family santa --cases 10000 --seed 1 [--jobs 2] [--only NUMBER]."""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from oracle.common import merged, run, smallest

if TYPE_CHECKING:
    from oracle.common import Disagreement, Family, Tally


def families() -> list[str]:
    """Return the names of all families: each is a module `family_NAME.py` with the object `FAMILY`."""
    return sorted(path.stem.removeprefix("family_") for path in Path(__file__).parent.glob("family_*.py"))


def family_named(name: str) -> Family:
    """Load a family."""
    found: Family = importlib.import_module(f"oracle.family_{name}").FAMILY
    return found


def _part(job: tuple[str, int, int, int, int]) -> Tally:
    name, seed, first, last, step = job
    return run(family_named(name), seed, range(first, last, step))


def compare(name: str, seed: int, cases: int, jobs: int) -> Tally:
    """Judge so many cases of a family, in so many processes."""
    if jobs == 1:
        return _part((name, seed, 0, cases, 1))
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        return merged(pool.map(_part, [(name, seed, first, cases, jobs) for first in range(jobs)]))


def kinds_of(found: list[Disagreement]) -> list[list[Disagreement]]:
    """Put disagreements that look alike together, the largest group first."""
    groups: dict[tuple[str, ...], list[Disagreement]] = {}
    for one in sorted(found, key=lambda one: (one.number, one.app)):
        because = " ".join(word for word in one.because.split() if not any(mark in word for mark in ".:/0123456789"))
        groups.setdefault((one.said, *sorted(one.expected), because), []).append(one)
    return sorted(groups.values(), key=len, reverse=True)


def show(family: Family, group: list[Disagreement]) -> None:
    """Print one disagreement of a group, with the smallest case that still shows it."""
    first = smallest(family, group[0])
    expected = " or ".join(sorted(first.expected))
    print(
        f"\n{len(group)} x {first.said}, expected {expected}; case {first.number} of seed {first.seed}, app {first.app}"
    )
    print(f"  the product: {first.because}")
    print(f"  device: {first.scenario.device}  apps: {list(first.scenario.apps)}  {first.scenario.min_strength}")
    for document in first.scenario.documents:
        print(f"  {document.path}: {document.tree}")


def main() -> int:
    """Compare, print, and end with 1 when the readers differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", action="append", choices=families(), help="all without it; repeatable")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one case, to be shown whole")
    parser.add_argument("--show", type=int, default=20, help="how many kinds of disagreement are shown")
    asked = parser.parse_args()
    apart = 0
    for name in asked.family or families():
        family = family_named(name)
        if asked.only is not None:
            tally = run(family, asked.seed, [asked.only])
        else:
            tally = compare(name, asked.seed, asked.cases, asked.jobs)
        total = sum(tally.verdicts.values())
        shares = ", ".join(f"{word} {count / total:.0%}" for word, count in sorted(tally.verdicts.items()))
        settled = "".join(f"; settled: {word} {count}" for word, count in sorted(tally.settled.items()))
        settled += "".join(f"; known fault: {word} {count}" for word, count in sorted(tally.faults.items()))
        print(
            f"{name}: {tally.cases} cases, {total} verdicts ({shares}), {len(tally.disagreements)} disagreements{settled}"
        )
        for group in kinds_of(tally.disagreements)[: asked.show]:
            show(family, group)
        apart += len(tally.disagreements)
    return 1 if apart else 0


if __name__ == "__main__":
    sys.exit(main())
