"""Feed parsers with bytes until a number of runs or of seconds is reached, and print what happened to each as JSON.

Run by `fuzzing.py`, in a process of its own: `one.py RUNS SECONDS SEED ENGINE FOLDER PARSER...`. With ENGINE `atheris` the
choice of bytes is guided by which lines of mdm_policy they reach; with `hypothesis` the changes are drawn by it, blindly.
What raises anything but PolicyError, or takes too long, is kept in FOLDER/crashes, one file for each place it is raised.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 1 << 16
"""Bytes of the longest input tried; what larger ones cost is measured by benchmarks/."""
SLOW = 3.0
"""Seconds of processor time that one input may take."""


class Fed:
    """Feed a parser, count, and keep each input that breaks it."""

    def __init__(self, name: str, run: Callable[[bytes], None], folder: Path, runs: int, seconds: int) -> None:
        self.name, self._run, self._folder = name, run, folder
        self._most = runs or sys.maxsize
        self._end = time.monotonic() + (seconds or 1 << 30)
        self.ending: Callable[[], None] = lambda: None
        self.executions = 0
        self.slowest = 0.0
        self.crashes: dict[str, str] = {}
        self.base = _peak()

    def __call__(self, data: bytes) -> None:
        self.executions += 1
        began = time.process_time()
        try:
            self._run(data)
        except Exception as broken:  # noqa: BLE001 - whatever it is, it is what is looked for
            self._keep(data, _place(broken))
        took = time.process_time() - began
        self.slowest = max(self.slowest, took)
        if took > SLOW:
            self._keep(data, "slow")
        if self.executions >= self._most or time.monotonic() > self._end:
            # libFuzzer ends a process without any farewell, so it is ended here, with the report.
            print(self.report(), flush=True)
            self.ending()
            os._exit(0)

    def _keep(self, data: bytes, place: str) -> None:
        if place in self.crashes:
            return
        path = self._folder / "crashes" / f"{self.name}-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.crashes[place] = str(path)

    def report(self) -> str:
        grown = _peak() - self.base
        held = {
            "parser": self.name,
            "executions": self.executions,
            "slowest": round(self.slowest, 3),
            "grown_mib": round(grown, 1),
        }
        return json.dumps({**held, "crashes": self.crashes})


def _peak() -> float:
    """Return the most memory the process ever held, in MiB; 0 where the system does not say."""
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return 0.0
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _place(broken: BaseException) -> str:
    """Return the exception's type and the innermost line of ours that raised it."""
    frames = traceback.extract_tb(broken.__traceback__)
    ours = [frame for frame in frames if "mdm_policy" in frame.filename] or list(frames)
    last = ours[-1]
    return f"{type(broken).__name__} at {Path(last.filename).name}:{last.lineno}"


def _words(seeds: list[bytes], path: Path) -> None:
    """Write the seeds' words as a dictionary, so that keys vendors use are tried in each other's places."""
    found = sorted({word for seed in seeds for word in re.findall(rb"[A-Za-z@#_][\w.@#-]{2,40}", seed)})
    lines = [f'"{word.decode()}"' for word in found[:400]]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def _atheris(fed: Fed, parser: Any, seeds: Path, seed: int, folder: Path) -> None:
    import atheris  # noqa: PLC0415 - only where it can be installed
    from mutate import changed  # noqa: PLC0415 - after the instrumentation was switched on

    def mutated(data: bytes, most: int, chance: int) -> bytes:
        dice = random.Random(chance)
        return bytes(atheris.Mutate(data, most)) if dice.random() < 0.4 else changed(data, parser.shape, dice, most)

    grown = folder / "corpus" / fed.name
    grown.mkdir(parents=True, exist_ok=True)
    words = folder / f"{fed.name}.dict"
    _words([path.read_bytes() for path in sorted(seeds.iterdir())], words)
    flags = [f"-seed={seed}", f"-max_len={LONGEST}", f"-dict={words}", "-timeout=60", "-rss_limit_mb=2048"]
    flags += ["-print_final_stats=0", "-verbosity=0", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], *flags, str(grown), str(seeds)], fed, custom_mutator=mutated)
    atheris.Fuzz()


def _hypothesis(fed: Fed, parser: Any, seeds: Path, seed: int) -> None:
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415 - the other engine does without
    from hypothesis import seed as seeded  # noqa: PLC0415
    from hypothesis import strategies as st  # noqa: PLC0415
    from mutate import changed  # noqa: PLC0415

    held = [path.read_bytes() for path in sorted(seeds.iterdir())]
    for original in held:
        fed(original)

    @seeded(seed)
    @settings(
        max_examples=1_000_000_000,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(held), st.integers(0, 2**62), st.integers(1, 3))
    def feed(data: bytes, chance: int, times: int) -> None:
        dice = random.Random(chance)
        for _ in range(times):
            data = changed(data, parser.shape, dice, LONGEST)
        fed(data)

    feed()  # until `fed` ends the process


def main() -> None:
    """Feed the parsers named on the command line, one after the other, each in a copy of this process."""
    runs, seconds, seed, engine, out, *names = sys.argv[1:]
    folder = Path(out)
    sys.path.insert(0, str(Path(__file__).parent))
    if engine == "atheris":
        import atheris  # noqa: PLC0415 - only where it can be installed

        with atheris.instrument_imports(include=["mdm_policy", "parsers"]):
            from parsers import CORPUS, PARSERS, clear  # noqa: PLC0415 - must come after
    else:
        from parsers import CORPUS, PARSERS, clear  # noqa: PLC0415 - as above
    for name in names:
        # Instrumenting takes seconds, so it is done once; a copy of the process pays nothing for it.
        child = os.fork()
        if child:
            died = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if died:
                print(json.dumps({"parser": name, "died": died}), flush=True)
            continue
        parser = PARSERS[name]
        for path in sorted((CORPUS / name).iterdir()):  # warm up: what is loaded once is no cost of an input
            parser.run(path.read_bytes())
        fed = Fed(name, parser.run, folder, round(int(runs) * parser.share), int(seconds))
        fed.ending = clear
        if engine == "atheris":
            _atheris(fed, parser, CORPUS / name, int(seed), folder)
        else:
            _hypothesis(fed, parser, CORPUS / name, int(seed))


if __name__ == "__main__":
    main()
