"""Fuzz every parser, each in a process of its own, and print how often it ran and what broke: `make fuzz`.

The engine is atheris, which is guided by coverage; where it cannot be installed, Hypothesis draws the changes blindly,
and the first line says so. What breaks a parser is kept below FOLDER/crashes, to become a row of a test.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
_MOST_MIB = 300


class Outcome(NamedTuple):
    """Hold what one parser's process printed; `broken` says how it died, when it did."""

    parser: str
    executions: int
    slowest: float
    grown: float
    crashes: dict[str, str]
    broken: str = ""

    @property
    def good(self) -> bool:
        return not self.crashes and not self.broken and self.grown <= _MOST_MIB and self.executions > 0

    def line(self) -> str:
        held = f"slowest {self.slowest:.2f} s, memory grew {self.grown:.0f} MiB"
        return f"trust: fuzz: {self.parser}: {self.executions} executions, {len(self.crashes)} crashes, {held}"


def _worker(names: list[str], arguments: argparse.Namespace, engine: str, folder: Path) -> list[Outcome]:
    """Run a process that feeds some parsers, and read what it prints of each."""
    command = [sys.executable, str(HERE / "one.py"), str(arguments.runs), str(arguments.seconds), str(arguments.seed)]
    errors = folder / f"{names[0]}.log"
    outcomes = []
    with (
        errors.open("w", encoding="utf-8") as log,
        subprocess.Popen([*command, engine, str(folder), *names], stdout=subprocess.PIPE, stderr=log, text=True) as run,
    ):
        assert run.stdout is not None
        for line in run.stdout:
            if not line.startswith('{"parser": '):
                continue
            told = json.loads(line)
            died = f"code {told['died']}, see {errors}" if "died" in told else ""
            counted = (told.get("executions", 0), told.get("slowest", 0.0), told.get("grown_mib", 0.0))
            outcomes.append(Outcome(told["parser"], *counted, told.get("crashes", {}), died))
            _print(outcomes[-1])
    silent = set(names) - {one.parser for one in outcomes}
    return outcomes + [Outcome(name, 0, 0, 0, {}, f"nothing was printed, see {errors}") for name in sorted(silent)]


def _engine(wanted: str) -> str:
    there = importlib.util.find_spec("atheris") is not None
    if wanted == "auto" and not there:
        print("fuzz: ATHERIS IS NOT INSTALLED HERE: changes are drawn blindly, not guided by coverage")
        return "hypothesis"
    return "atheris" if wanted == "auto" else wanted


def main() -> int:
    """Fuzz, print, and return 1 when anything broke."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parsers", nargs="*", help="Only these; default: all.")
    parser.add_argument(
        "--runs", type=int, default=0, help="Executions per parser (a part of that for whole commands)."
    )
    parser.add_argument("--seconds", type=int, default=0, help="Seconds per parser.")
    parser.add_argument("--seed", type=int, default=1, help="The same seed tries the same inputs, if --runs ends it.")
    parser.add_argument("--jobs", type=int, default=2, help="Processes at a time.")
    parser.add_argument("--engine", choices=["auto", "atheris", "hypothesis"], default="auto")
    parser.add_argument("--folder", type=Path, help="Where crashes and the grown corpus go; default: a new folder.")
    arguments = parser.parse_args()
    if not arguments.runs and not arguments.seconds:
        parser.error("give --runs or --seconds")
    from parsers import PARSERS  # noqa: PLC0415 - the program is loaded only when it is clear what to do

    strange = sorted(set(arguments.parsers) - PARSERS.keys())
    if strange:
        parser.error(f"no parser {', '.join(strange)}; parsers: {', '.join(PARSERS)}")
    engine = _engine(arguments.engine)
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="mdm-policy-fuzz-"))
    chosen = arguments.parsers or list(PARSERS)
    folder.mkdir(parents=True, exist_ok=True)
    shares = [chosen[at :: arguments.jobs] for at in range(arguments.jobs) if chosen[at :: arguments.jobs]]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        waiting = [pool.submit(_worker, share, arguments, engine, folder) for share in shares]
        outcomes = [outcome for one in waiting for outcome in one.result()]
    total, crashes = sum(one.executions for one in outcomes), sum(len(one.crashes) for one in outcomes)
    print(f"trust: fuzz: {total} executions over {len(outcomes)} parsers ({engine}), {crashes} crashes")
    return 0 if all(one.good for one in outcomes) else 1


def _print(outcome: Outcome) -> None:
    print(outcome.line(), flush=True)
    for place, path in outcome.crashes.items():
        print(f"    {place}: {path}")
    if outcome.broken:
        print(f"    the process died: {outcome.broken}")


if __name__ == "__main__":
    sys.exit(main())
