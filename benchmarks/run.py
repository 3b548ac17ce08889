"""Print the benchmarks: each is a ratio against a floor that was measured in the same run, with its aim beside it."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import bench_assess  # noqa: E402 - the path is set above
import bench_bad_input  # noqa: E402
import bench_build  # noqa: E402
import bench_loading  # noqa: E402
import bench_peer  # noqa: E402
import bench_prove  # noqa: E402
import bench_push  # noqa: E402
import bench_start  # noqa: E402
from figures import HEADING  # noqa: E402

BENCHMARKS = {
    "start": bench_start.figures,
    "loading": bench_loading.figures,
    "build": bench_build.figures,
    "prove": bench_prove.figures,
    "push": bench_push.figures,
    "assess": bench_assess.figures,
    "bad-input": bench_bad_input.figures,
    "peer": bench_peer.figures,
}


def main() -> None:
    """Run the benchmarks asked for, and count the aims missed; a missed aim is no failure of the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHMARKS), help="run this one alone")
    parser.add_argument("--runs", type=int, default=7, help="paired runs of each figure (default 7)")
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} processors")
    print(HEADING)
    missed = 0
    for name, figures in BENCHMARKS.items():
        if asked.only in (None, name):
            for figure in figures(asked.runs):
                print(figure, flush=True)
                missed += not figure.met
    print(f"{missed} aims missed" if missed else "every aim met")


if __name__ == "__main__":
    main()
