"""Run every law of tests/trust, every attack of tests/attacks and the short fuzz, and print only what they count: `make trust`.

Exit code 0 when nothing was lost, mixed, leaked or raised untyped; else 1, with the tests' own account of it on stderr.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from thinning import told  # noqa: E402 - a script's neighbour, not a package


def _laws() -> bool:
    """Run the tests and print the lines they counted in; whatever else they printed is shown when one failed."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(HERE),
        str(HERE.parent / "attacks"),
        "-q",
        "-n",
        "2",
        "--dist",
        "worksteal",
        "-rP",
        "--color=no",
        "--tb=short",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("trust:")]
    print("\n".join(sorted(dict.fromkeys(lines))), flush=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
    print(
        f"trust: laws: {done.stdout.strip().splitlines()[-1].strip('= ') if done.stdout.strip() else 'none ran'}",
        flush=True,
    )
    return done.returncode == 0 and bool(lines)


def _fuzz(runs: int) -> bool:
    command = [sys.executable, str(HERE.parent / "fuzz" / "fuzzing.py"), "--runs", str(runs)]
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Run both, whatever the first one came to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fuzz-runs", type=int, default=20_000, help="Executions per parser; 0 leaves the fuzz out.")
    arguments = parser.parse_args()
    print("\n".join(told() or ["trust: nothing is thinned"]), flush=True)
    held = [_laws(), *([_fuzz(arguments.fuzz_runs)] if arguments.fuzz_runs else [])]
    print(f"trust: {'nothing lost, no untyped error' if all(held) else 'BROKEN'}")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
