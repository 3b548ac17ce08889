"""Measure how long a large ban list takes to load, places and all checks included, against PyYAML's fastest loader."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from corpus import ban_list_yaml  # noqa: E402 - the path is set above

from mdm_policy.loading import Source, load_ban_list  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    """Time one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Print the median ratio of paired runs, and the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apps", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    source = Source("benchmark.yaml", ban_list_yaml(asked.apps))
    loaded = load_ban_list(source)
    assert loaded.value is not None, loaded.findings[:5]
    assert len(loaded.value.bans) == asked.apps
    del loaded
    pairs = [
        (
            seconds(lambda: load_ban_list(source)),
            seconds(lambda: yaml.load(source.data, Loader=yaml.CSafeLoader)),
        )
        for _ in range(asked.runs)
    ]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{asked.apps} apps, {len(source.data):,} bytes, {asked.runs} paired runs")
    print(f"load_ban_list {ours * 1000:.0f} ms, yaml.load with CSafeLoader {theirs * 1000:.0f} ms (medians)")
    print(f"ratio {ratio:.3f} (median of pairs)")


if __name__ == "__main__":
    main()
