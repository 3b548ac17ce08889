"""Hold what `assess` reads of each destination, that it only reads, and that a saved snapshot gives the same verdict."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from emulators import faults
from push.stage import DAY, Stage, kit

from mdm_policy.tenant import taking
from mdm_policy.tenant.asking import Asker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_INTUNE = (
    *("configurationPolicies", "deviceConfigurations", "deviceCompliancePolicies"),
    *("mobileApps", "mobileAppConfigurations"),
)
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


@pytest.fixture(params=READ)
def pushed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Set a stage with our objects in place."""
    kit_ = kit(request.param)
    with kit_.emulator() as emulator:
        made = Stage(kit_, emulator, tmp_path)
        made.plan()
        made.apply()
        yield made


def not_read(out: str) -> dict[str, str]:
    """Return what was not read, with the severity of its finding."""
    found = [one for one in json.loads(out)["findings"] if one["id"] == "not-read"]
    return {one["message"].partition(" was not read")[0]: one["severity"] for one in found}


def test_what_cannot_be_listed_counts_as_what_it_may_hold(pushed: Stage) -> None:
    """Each listing in turn is forbidden: what can lift a block leaves nothing proven that it may lift."""
    pushed.emulator.arm()
    whole = json.loads(assess(pushed, "--format", "json").out)
    asked = [(at, call) for at, call in enumerate(pushed.emulator.calls) if call.method == "GET"]
    listings = [(at, call.path) for at, call in asked if _is_listing(pushed.kit.name, call.path, call.query)]
    assert listings
    for at, path in listings:
        pushed.emulator.arm(**{f"_{at}": fault("403")})
        ran = assess(pushed, "--format", "json")
        said = not_read(ran.out)
        assert any(severity for name, severity in said.items() if name != "web-indicators"), path
        if "error" in said.values():
            assert ran.code != 0, path
        held = {(one["app"], one["class"]) for one in json.loads(ran.out)["verdicts"] if one["held"]}
        assert held <= {(one["app"], one["class"]) for one in whole["verdicts"] if one["held"]}, path


def _is_listing(name: str, path: str, query: dict[str, str]) -> bool:
    last = path.rstrip("/").rpartition("/")[2]
    if name == "graph":
        return last in _INTUNE and "$skiptoken" not in query
    if name == "jamf":
        return "/id/" not in path and "JSSResource" in path
    return last in ("policies", "declarations")


def fault(name: str) -> Any:
    return next(one for one in faults.FAULTS if one.name == name)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("graph://", id="no tenant"),
        pytest.param("intune://tenant", id="no scheme of ours"),
        pytest.param("jamf://user@host", id="a name in it"),
    ],
)
def test_an_address_that_is_none_is_refused(address: str, stage: Stage) -> None:
    ran = assess(stage, address)
    assert (ran.code, "destination-address" in ran.err) == (1, True)


def test_a_folder_that_exists_is_not_written_into(stage: Stage) -> None:
    ran = assess(stage, "--save", stage.folder)
    assert (ran.code, "output-exists" in ran.err) == (1, True)


def test_a_path_is_read_as_verify_reads_it(stage: Stage) -> None:
    saved = stage.folder / "saved"
    assess(stage, "--save", saved)
    again = stage.run("assess", saved, "--deployment", stage.deployment, "--as-of", DAY, "--format", "json")
    offline = stage.run("verify", saved, "--deployment", stage.deployment, "--as-of", DAY, "--format", "json")
    assert (again.code, bare(again.out)) == (offline.code, bare(offline.out))


@pytest.mark.parametrize(
    ("count", "told"),
    [(199, []), (200, ["here: 200 objects read"]), (401, ["here: 200 objects read", "here: 400 objects read"])],
)
def test_who_watches_is_told_how_far_it_is(count: int, told: list[str]) -> None:
    lines: list[str] = []
    counting = taking.counting("here", lines.append)
    nobody: Any = None
    asker = Asker(nobody, 2, lambda: "", counting)
    assert asker.each(lambda one: one, range(count)) == list(range(count))
    assert lines == told


@pytest.mark.parametrize(
    "name", ["empty body", "null", "an empty object", "a list in place of an object", "truncated JSON"]
)
def test_no_broken_listing_counts_as_an_empty_one(pushed: Stage, name: str) -> None:
    """A listing that is broken, or that says there is nothing while devices have something, proves nothing."""
    pushed.emulator.arm()
    whole = assess(pushed, "--format", "json")
    asked = [(at, call) for at, call in enumerate(pushed.emulator.calls) if call.method == "GET"]
    for at, path in [(at, one.path) for at, one in asked if _is_listing(pushed.kit.name, one.path, one.query)]:
        pushed.emulator.arm(**{f"_{at}": fault(name)})
        ran = assess(pushed, "--format", "json")
        missing = {one["collection"] for each in json.loads(ran.out)["read"] for one in each["notRead"]} - {
            "web-indicators"
        }
        assert missing or bare(ran.out)["verdicts"] == bare(whole.out)["verdicts"], path
