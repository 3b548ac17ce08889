"""The fuzzing harness finds what is there to be found; the long runs are `make fuzz`, the short one `make trust`."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parent.parent / "fuzz"
sys.path.insert(0, str(FUZZ))

from mutate import changed  # noqa: E402 - a script's folder, not a package
from one import Fed  # noqa: E402
from parsers import CORPUS, PARSERS  # noqa: E402

_EACH = 60


def _breaks(data: bytes) -> None:
    if b"<" in data:
        raise KeyError(data)
    if b">" in data:
        raise ValueError(data)


def test_what_breaks_a_parser_is_kept_once_for_each_place(tmp_path: Path) -> None:
    fed = Fed("planted", _breaks, tmp_path, 10**9, 0)
    for data in (b"a", b"<", b"<<", b">", b"b"):
        fed(data)
    assert fed.executions == 5
    assert sorted(place.partition(" ")[0] for place in fed.crashes) == ["KeyError", "ValueError"]
    assert sorted(path.read_bytes() for path in (tmp_path / "crashes").iterdir()) == [b"<", b">"]


def test_every_parser_has_seeds_and_only_parsers_have() -> None:
    assert sorted(path.name for path in CORPUS.iterdir()) == sorted(PARSERS)


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_a_few_changes_of_each_seed(name: str) -> None:
    """Run without any engine, so that each change of the code meets a few hundred hostile inputs in any test run."""
    parser, dice, tried = PARSERS[name], random.Random(name), 0  # noqa: S311 - the same inputs in each run
    kept: set[bytes] = set()
    for path in sorted((CORPUS / name).iterdir()):
        for _ in range(round(_EACH * parser.share)):
            data = changed(path.read_bytes(), parser.shape, dice, 1 << 16)
            kept.add(data)
            parser.run(data)
            tried += 1
    assert len(kept) > tried / 2


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        pytest.param(("--engine", "hypothesis", "--runs", "50", "bans-csv"), "50 executions, 0 crashes", id="blindly"),
        pytest.param((), "give --runs or --seconds", id="without an end"),
        pytest.param(("--runs", "1", "nothing"), "no parser nothing", id="an unknown parser"),
    ],
)
def test_the_command(wanted: tuple[str, ...], said: str, tmp_path: Path) -> None:
    command = [sys.executable, str(FUZZ / "fuzzing.py"), "--folder", str(tmp_path), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said in done.stdout + done.stderr
