"""Measure in pairs, ours and the floor in turn, and print what came of it."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mdm_policy.loading import collector_paused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Pairs = list[tuple[float, float]]


@dataclass(frozen=True)
class Figure:
    """Hold one figure: a text for ours and for the floor, the values of all runs, and what they should be at most."""

    name: str
    ours: str
    floor: str
    values: Sequence[float]
    aim: float
    unit: str = "x"
    at_least: bool = False

    @property
    def value(self) -> float:
        """Return the median."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool:
        """Tell whether the aim is met."""
        return self.value >= self.aim if self.at_least else self.value <= self.aim

    def __str__(self) -> str:
        """Write one line."""
        spread = f"({min(self.values):.3g}-{max(self.values):.3g})" if len(self.values) > 1 else ""
        aim = f"{'>=' if self.at_least else '<='} {self.aim:g}"
        shown = f"{self.value:.3g} {self.unit} {spread}".strip()
        return (
            f"{self.name:<48} {self.ours:>10} {self.floor:>10}  {shown:<26} {aim:<8} {'met' if self.met else 'MISSED'}"
        )


HEADING = f"{'figure':<48} {'ours':>10} {'floor':>10}  {'median (min-max)':<26} {'aim':<8}"


def seconds(work: Callable[[], object]) -> float:
    """Time one run, with the garbage of the runs before it out of the way, and the collector at rest as commands let it.

    Seconds of the processor, not of the clock: other programs may be running.
    """
    gc.collect()
    with collector_paused():
        start = time.process_time()
        result = work()
        taken = time.process_time() - start
    del result
    return taken


def pairs(ours: Callable[[], float], floor: Callable[[], float], runs: int) -> Pairs:
    """Run both in turn after one warm-up of each; every second pair begins with the floor."""
    ours()
    floor()
    found = []
    for run in range(runs):
        if run % 2:
            second = floor()
            found.append((ours(), second))
        else:
            found.append((ours(), floor()))
    return found


def ratio(name: str, found: Pairs, aim: float) -> Figure:
    """Make a figure of the ratio of each pair."""
    ours, floor = (statistics.median(column) for column in zip(*found, strict=True))
    return Figure(name, duration(ours), duration(floor), [one / other for one, other in found], aim)


def duration(value: float) -> str:
    """Write a time as a person reads it."""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"
