"""Strike every call of a push with every fault, and kill the program around every call: nothing lost, no twins.

Run by the test suite on a part of the matrix, and whole by hand: `make push-matrix`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from emulators.faults import FAULTS

from push.stage import APPS, KITS, Stage, kit, stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from emulators.base import Request
    from emulators.faults import Fault

SCENARIOS = ("fresh", "update")
_TRIES = 8
_GOOD = (0, 10, 11, 12, 1)


class LostError(AssertionError):
    """Say what a run lost."""


class Cell(NamedTuple):
    """Name one run of the matrix."""

    destination: str
    scenario: str
    fault: Fault
    call: int


def prepare(one: Stage, scenario: str) -> None:
    """Bring a destination into the state a scenario starts from."""
    if scenario == "update":
        one.order(APPS[:2])
        one.plan()
        assert one.apply().code in (0, 11), one.printed[-2:]
        one.order(APPS)
    one.emulator.arm()


def converge(one: Stage) -> int:
    """Plan and apply until everything is in place; return how many runs of `apply` it took."""
    applied = 0
    for _ in range(_TRIES):
        planned = _ran(one, "plan")
        if planned == 1:
            continue
        applied += 1
        code = _ran(one, "apply")
        if code == 12:
            code = _ran(one, "apply")
            applied += 1
        if code in (0, 11) and _ran(one, "plan") == 0:
            return applied
    raise LostError(f"does not converge: {one.printed[-2:]}")


def _ran(one: Stage, name: str) -> int:
    ran = getattr(one, name)()
    if ran.code not in _GOOD or "internal-error" in ran.err or "Traceback" in ran.err:
        raise LostError(f"{name} ended with {ran.code}: {ran.err}")
    code: int = ran.code
    return code


class Watch:
    """Hold at every instant what must not get lost: every ban there was, and every foreign object."""

    def __init__(self, one: Stage) -> None:
        """Note what is there now, and look after each change from now on."""
        self._one = one
        self._before = one.bans()
        self._foreign = one.kit.foreign(one.emulator)
        self.lost: list[str] = []
        one.emulator.watch = self._look

    def _look(self) -> None:
        gone = self._before - self._one.bans()
        if gone:
            self.lost.append(f"bans were gone for a while: {sorted(map(str, gone))[:3]}")
        if self._one.kit.foreign(self._one.emulator) != self._foreign:
            self.lost.append("a foreign object was changed")

    def check(self, wanted: frozenset[object]) -> None:
        """Fail when anything was lost, or is not as it should be in the end."""
        one = self._one
        self._look()
        if self.lost:
            raise LostError("; ".join(dict.fromkeys(self.lost)))
        if one.bans() != wanted:
            raise LostError(f"ends with {len(one.bans())} bans, not {len(wanted)}")
        twins = one.kit.twins(one.emulator)
        if twins:
            raise LostError(f"twins: {twins}")
        unheard = one.kit.unheard(one.emulator) if hasattr(one.kit, "unheard") else []
        if unheard:
            raise LostError(f"devices were not notified of the last change: {unheard}")
        seen = one.secrets_seen()
        if seen:
            raise LostError("a secret was written down")


def undisturbed(name: str, scenario: str, folder: Path) -> tuple[int, frozenset[object]]:
    """Run without a fault; return how many calls that takes, and the bans in the end."""
    calls, bans = listed(name, scenario, folder)
    return len(calls), bans


def listed(name: str, scenario: str, folder: Path) -> tuple[list[Request], frozenset[object]]:
    """Run without a fault; return the calls of that, and the bans in the end."""
    with stage(name, folder) as one:
        prepare(one, scenario)
        watch = Watch(one)
        one.plan()
        one.apply()
        calls, bans = [*one.emulator.calls], one.bans()
        watch.check(bans)
        return calls, bans


def is_changing(call: Request) -> bool:
    """Tell whether a call writes, or reads what became of a write that somebody has to approve."""
    reads = "/token" in call.path or "/reports/" in call.path
    return (call.method != "GET" and not reads) or "operationApprovalRequests" in call.path


def strike(cell: Cell, wanted: frozenset[object], folder: Path) -> int:
    """Run with one fault at one call; return how many runs of `apply` it took to get there."""
    with stage(cell.destination, folder) as one:
        prepare(one, cell.scenario)
        watch = Watch(one)
        one.emulator.arm(**{f"_{cell.call}": cell.fault})
        runs = converge(one)
        watch.check(wanted)
        return runs


def cells(name: str, scenario: str, calls: int, step: int = 1, first: int = 0) -> Iterator[Cell]:
    """Return the runs of one destination and scenario; with a step, a part that differs from fault to fault."""
    for place, fault in enumerate(FAULTS):
        for call in range((first + place) % step, calls, step):
            yield Cell(name, scenario, fault, call)


def kill(name: str, scenario: str, call: int, when: str, wanted: frozenset[object], folder: Path) -> bool:
    """Kill the program around one call of `apply`, then run it again; return whether it was killed at all."""
    with stage(name, folder) as one:
        prepare(one, scenario)
        watch = Watch(one)
        assert one.plan().code in (10, 11)
        one.emulator.arm()
        ready, go = os.pipe()
        child = os.fork()
        if child == 0:
            os.read(ready, 1)
            try:
                one.apply()
            finally:
                os._exit(0)

        def killer(number: int, at: str) -> None:
            if (number, at) == (call, when):
                os.kill(child, signal.SIGKILL)

        one.emulator.killer = killer
        os.write(go, b"g")
        _, status = os.waitpid(child, 0)
        one.emulator.killer = None
        os.close(ready)
        os.close(go)
        _quiet(one)
        converge(one)
        watch.check(wanted)
        return os.WIFSIGNALED(status)


def _quiet(one: Stage) -> None:
    """Wait until the server is done with what the dead client sent."""
    with one.emulator.lock:
        return


def killed(name: str, scenario: str, calls: Iterable[int], wanted: frozenset[object], folder: Path) -> tuple[int, int]:
    """Kill before and after each of these calls; return how many points there were, and at how many it was killed."""
    points = hits = 0
    for call in calls:
        for when in ("before", "after"):
            points += 1
            hits += kill(name, scenario, call, when, wanted, folder / f"{call}{when}")
    return points, hits


def http_kits() -> tuple[str, ...]:
    """Return the destinations that talk to a server."""
    found = []
    for name in KITS:
        with kit(name).emulator() as emulator:
            if hasattr(emulator, "url"):
                found.append(name)
    return tuple(found)


def main() -> int:
    """Run the whole matrix, or a part of it, and print the counts."""
    asked = argparse.ArgumentParser(description=main.__doc__)
    asked.add_argument("names", nargs="*", default=http_kits(), help="which destinations; all without one")
    asked.add_argument("--scenario", action="append", choices=SCENARIOS, help="from which state; from each without one")
    asked.add_argument("--changing", action="store_true", help="only calls that change something")
    asked.add_argument("--every", type=int, default=1, metavar="N", help="only every so-many-th fault")
    given = asked.parse_args()
    bad = total = 0
    print(f"{len(FAULTS)} kinds of faults")
    for name in given.names:
        for scenario in given.scenario or SCENARIOS:
            with tempfile.TemporaryDirectory() as made:
                folder = Path(made)
                made_calls, wanted = listed(name, scenario, folder / "plain")
                chosen = [n for n, call in enumerate(made_calls) if is_changing(call) or not given.changing]
                struck = [cell for cell in cells(name, scenario, len(made_calls)) if cell.call in chosen][
                    :: given.every
                ]
                lost: list[str] = []
                for number, cell in enumerate(struck):
                    try:
                        strike(cell, wanted, folder / f"{number}")
                    except LostError as found:
                        lost.append(f"{cell.fault.name} at call {cell.call}: {found}")
                points, hits = killed(name, scenario, chosen, wanted, folder / "kill")
                print(
                    f"{name:14} {scenario:7} {len(chosen):3} calls, {len(struck):5} faults struck, {len(lost)} lost;"
                    f" {points} kill points, {hits} killed, 0 lost",
                    flush=True,
                )
                for line in lost[:20]:
                    print(f"    {line}", flush=True)
                bad += len(lost)
                total += len(struck) + points
    print(f"{total} runs, {bad} lost")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
