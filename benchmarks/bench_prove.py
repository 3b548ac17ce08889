"""Measure verify and diff of whole builds against the strict parse of the same bytes, decisions, and a peer.

The floor is the project's own strict parse; how that stands to `lxml` and `json` is measured beside it. Both verify and
diff open the files they judge, so the parse is a part of what is measured. deepdiff is given what a parser made of two
policies, and so are we; what it says has no lines and no directions.
"""

from __future__ import annotations

import json
import subprocess
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from bench_peer import install, peer_python
from figures import Figure, duration, pairs, ratio, seconds
from lxml import etree
from resolved import AS_OF, resolution, unlimited

from mdm_policy import catalogue, decide, documents, kinds
from mdm_policy.build import build
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.kinds import read
from mdm_policy.verify import Rules, piece, verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.documents import Document, Format
    from mdm_policy.model import Resolution

_FORMATS: dict[str, Format] = {".mobileconfig": "plist", ".json": "json", ".xml": "xml"}
_PEER_APPS = (2_000, 10_000)
_ONE_IN = 50
"""One app in so many is missing from the second of two builds, or written otherwise in the second of two policies."""
_DECISIONS = 1_000_000
_ROOM = 64 * 1024 * 1024


def figures(runs: int) -> Iterator[Figure]:
    """Measure at 10,000 and 100,000 apps, then decisions and the peer."""
    for apps, times in ((10_000, runs), (100_000, 3)):
        yield from _of_size(apps, times)
    taken = _decisions()
    yield Figure(f"{_DECISIONS:,} decisions", duration(taken), "", [taken], 10.0, "s")
    for apps in _PEER_APPS:
        yield _peer(apps, max(3, runs // 3))


def _of_size(apps: int, runs: int) -> Iterator[Figure]:
    made = resolution(apps)
    files = _files(made)
    once, twice = _of(_parse, files), _of(_parse, [*files, *files])
    yield ratio(f"strict parse / lxml, json, {apps:,} apps", pairs(once, _of(_plain, files), runs), 1.5)
    yield ratio(f"verify / strict parse, {apps:,} apps", pairs(lambda: _verify(made, files), once, runs), 2.0)
    yield ratio(f"diff / strict parse, {apps:,} apps", pairs(lambda: _diff(files, files), twice, runs), 2.0)
    fewer = _files(msgspec.structs.replace(made, apps=tuple(a for n, a in enumerate(made.apps) if n % _ONE_IN)))
    name = f"the same, 1 app in {_ONE_IN} missing, {apps:,} apps"
    yield ratio(name, pairs(lambda: _diff(files, fewer), twice, runs), 2.0)


def _files(made: Resolution) -> list[tuple[str, bytes]]:
    chosen, targets = unlimited()
    files: dict[str, bytes] = {}
    build(made, chosen, targets, {}, "benchmark", files.__setitem__)
    return [(path, data) for path, data in files.items() if Path(path).suffix in _FORMATS]


def _of(work: Any, files: Sequence[tuple[str, bytes]]) -> Any:
    return lambda: seconds(lambda: [work(path, data) for path, data in files])


def _parse(path: str, data: bytes) -> object:
    return documents.parse(path, data, _FORMATS[Path(path).suffix], white_space="keep", max_size=_ROOM)


def _plain(path: str, data: bytes) -> object:
    if _FORMATS[Path(path).suffix] == "json":
        return json.loads(data, object_pairs_hook=_no_duplicates)
    return etree.fromstring(data)


def _no_duplicates(found: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(found)
    assert len(made) == len(found)
    return made


def _open(files: Sequence[tuple[str, bytes]]) -> tuple[Document, ...]:
    return tuple(kinds.open_document(path, data, max_size=_ROOM) for path, data in files)


def _verify(made: Resolution, files: Sequence[tuple[str, bytes]]) -> float:
    return seconds(lambda: verify(made, [piece(one) for one in _open(files)], catalogue.load(), Rules(AS_OF)))


def _diff(old: Sequence[tuple[str, bytes]], new: Sequence[tuple[str, bytes]]) -> float:
    def work() -> object:
        return compare_policies(Side("old", _open(old)), Side("new", _open(new)), Question(AS_OF), catalogue.load())

    return seconds(work)


def _decisions() -> float:
    made = resolution(1_000)
    index = decide.Index([read(document) for document in _open(_files(made))])
    states = decide.states(None, "ios", False)
    asked = list(islice(cycle([(state, app) for app in made.apps for state in states]), _DECISIONS))
    return seconds(lambda: [decide.decide(index, state, app, AS_OF).verdict for state, app in asked])


def _peer(apps: int, runs: int) -> Figure:
    install()

    def document(every: int) -> Document:
        names = [f"com.{'App' if every and n % every == 0 else 'app'}{n}.x" for n in range(apps)]
        blocked = [{"packageName": name, "installType": "BLOCKED"} for name in names]
        value = {"applications": blocked, "playStoreMode": "BLACKLIST"}
        return kinds.open_document("policy.json", documents.dump(value, "json"))

    old, new = document(0), document(_ONE_IN)

    def ours() -> float:
        return seconds(
            lambda: compare_policies(Side("old", (old,)), Side("new", (new,)), Question(AS_OF), catalogue.load())
        )

    def theirs() -> float:
        script = Path(__file__).with_name("peer_deepdiff.py")
        command = [str(peer_python()), str(script), str(apps), str(_ONE_IN)]
        return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)

    found = pairs(ours, theirs, runs)
    mine, other = (sorted(column)[len(found) // 2] for column in zip(*found, strict=True))
    ratios = [peer / one for one, peer in found]
    name = f"times faster than deepdiff, {apps:,} apps"
    return Figure(name, duration(mine), duration(other), ratios, 300.0, at_least=True)
