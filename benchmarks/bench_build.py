"""Measure a build from a resolved list to files on disk and the verifier's word on them, against writing the same data with the standard library.

The floor is `plistlib.dumps` for property lists and `json.dumps(indent=2)` for all else, of the data of the same
documents: no template, no check, no reading back, no file. An XML document (AppLocker rules, Jamf objects) has no writer
of plain data in the standard library, so its elements stand as dictionaries and are written as JSON. A document
inside another one is a string to the floor.
"""

from __future__ import annotations

import json
import math
import plistlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures import Figure, pairs, ratio, seconds
from resolved import resolution, unlimited

from mdm_policy import catalogue, documents
from mdm_policy.build import build
from mdm_policy.build.writing import Staging
from mdm_policy.errors import PolicyError
from mdm_policy.verify import Rules, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from figures import Pairs
    from lxml import etree

    from mdm_policy.documents import Format
    from mdm_policy.model import Resolution
    from mdm_policy.targets import Target

_CATALOGUE = catalogue.load()
_FORMATS: dict[str, Format] = {".mobileconfig": "plist", ".json": "json", ".xml": "xml"}
_ROOM = 64 * 1024 * 1024
_SMALL, _LARGE = 10_000, 100_000
_MEBIBYTE = 1024


def figures(runs: int) -> Iterator[Figure]:
    """Measure time at both sizes, growth between them, and the memory of the larger."""
    chosen, _ = unlimited()
    small = resolution(_SMALL)
    yield ratio(f"build {_SMALL:,} apps, {len(chosen)} targets", _measure(small, chosen, runs), 3.0)
    large = resolution(_LARGE)
    fitting = [target for target in chosen if _takes(large, target)]
    found = _measure(large, fitting, max(3, runs // 2))
    yield ratio(f"build {_LARGE:,} apps, {len(fitting)} targets", found, 3.0)
    before = _measure(small, fitting, runs)
    ours, floor = (_exponent(before, found, column) for column in (0, 1))
    yield Figure("growth exponent above the floor's", f"{ours:.2f}", f"{floor:.2f}", [ours - floor], 0.05, "")
    del small, large
    peaks = [_peak([target.name for target in fitting]) for _ in range(3)]
    yield Figure(f"peak memory, {_LARGE:,} apps", f"{statistics.median(peaks):.0f} MiB", "", peaks, 400.0, "MiB")


def _takes(large: Resolution, target: Target) -> bool:
    """Tell whether a target takes the large list; one that does not must say so in a finding, which is printed."""
    try:
        build_once(large, [target])
    except PolicyError as refused:
        print(f"  {target.name} refuses {_LARGE:,} apps: {refused.findings[0].id}, {refused.findings[0].message}")
        return False
    return True


def _measure(made: Resolution, chosen: Sequence[Target], runs: int) -> Pairs:
    writers = [_writer(path, data) for path, data in _rendered(made, chosen)]

    def floor() -> float:
        return seconds(lambda: [write() for write in writers])

    return pairs(lambda: build_once(made, chosen), floor, runs)


def build_once(made: Resolution, chosen: Sequence[Target]) -> float:
    """Build into a new folder and return the seconds it took, without removing it."""
    _, targets = unlimited()
    folder = Path(tempfile.mkdtemp())

    def work() -> object:
        with Staging(folder / "out") as staging:
            built = build(made, chosen, targets, {}, "benchmark", staging.write)
            staging.commit()
        return verify(made, built.pieces, _CATALOGUE, Rules(made.as_of))

    try:
        return seconds(work)
    finally:
        shutil.rmtree(folder)


def _rendered(made: Resolution, chosen: Sequence[Target]) -> list[tuple[str, bytes]]:
    _, targets = unlimited()
    files: dict[str, bytes] = {}
    build(made, chosen, targets, {}, "benchmark", files.__setitem__)
    return [(path, data) for path, data in files.items() if Path(path).suffix in _FORMATS]


def _writer(path: str, data: bytes) -> Callable[[], bytes]:
    format_ = _FORMATS[Path(path).suffix]
    value = documents.parse(path, data, format_, white_space="keep", max_size=_ROOM)
    if format_ == "plist":
        return lambda: plistlib.dumps(value)
    plain = _plain(value) if format_ == "xml" else value
    return lambda: json.dumps(plain, indent=2).encode()


def _plain(element: etree._Element) -> Any:
    """Return an element as plain data: attributes by name, the elements of each name in a list, a bare text as text."""
    made: dict[str, Any] = {str(name): str(value) for name, value in element.attrib.items()}
    if not made and not len(element):
        return element.text or ""
    for child in element:
        made.setdefault(str(child.tag), []).append(_plain(child))
    return made


def _exponent(small: Pairs, large: Pairs, column: int) -> float:
    """Return by which power of the number of apps the time grows."""
    growth = statistics.median(pair[column] for pair in large) / statistics.median(pair[column] for pair in small)
    return math.log(growth) / math.log(_LARGE / _SMALL)


def _peak(names: Sequence[str]) -> float:
    """Return the peak memory, in MiB, of a process that makes the resolved list and builds it."""
    command = [sys.executable, __file__, *names]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _child(names: Sequence[str]) -> None:
    chosen, _ = unlimited()
    build_once(resolution(_LARGE), [target for target in chosen if target.name in names])
    print(_high_water())


def _high_water() -> float:
    """Return this process's peak memory in MiB.

    Linux's ru_maxrss starts at what the process that started this one had, so its own VmHWM is read there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / _MEBIBYTE
    unit = _MEBIBYTE**2 if sys.platform == "darwin" else _MEBIBYTE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    _child(sys.argv[1:])
