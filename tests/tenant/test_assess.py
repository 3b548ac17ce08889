"""Hold what `assess` reads of each destination, that it only reads, and that a saved snapshot gives the same verdict."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from push.stage import DAY, Stage, kit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READ = ("graph", "jamf", "amapi", "kmfddm")


@pytest.fixture(params=READ)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    kit_ = kit(request.param)
    with kit_.emulator() as emulator:
        yield Stage(kit_, emulator, tmp_path)


def assess(stage: Stage, *more: object) -> Any:
    return stage.run("assess", "--deployment", stage.deployment, "--as-of", DAY, *more)


def bare(text: str, *places: str) -> dict[str, Any]:
    """Return a report as JSON without what says where the documents are."""
    for place in places:
        text = text.replace(place, "")
    value: dict[str, Any] = json.loads(text)
    value.pop("read", None)
    return value


def test_a_saved_snapshot_gives_the_live_verdict(stage: Stage) -> None:
    stage.plan()
    stage.apply()
    saved = stage.folder / "saved"
    live = assess(stage, "--save", saved, "--format", "json")
    offline = stage.run("verify", saved, "--deployment", stage.deployment, "--as-of", DAY, "--format", "json")
    assert live.code == offline.code, live.err + offline.err
    assert bare(live.out, f"{saved}/") == bare(offline.out, f"{saved}/")


def test_nothing_but_reading_is_sent(stage: Stage) -> None:
    stage.plan()
    stage.apply()
    before = stage.emulator.snapshot()
    stage.emulator.arm()
    assess(stage)
    methods = {(call.method, "token" in call.path) for call in stage.emulator.calls}
    assert methods <= {("GET", False), ("POST", True)}
    assert stage.emulator.snapshot() == before
