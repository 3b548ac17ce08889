"""Fleet merges the Android profiles of a host by their top-level fields, and of two that set one the last counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from kind_documents import app
from msgspec.structs import replace

from mdm_policy.decide import DeviceState, Index, decide, holds
from mdm_policy.kinds import read
from mdm_policy.sources.files import read_policies

if TYPE_CHECKING:
    from pathlib import Path

OPEN = {"advancedSecurityOverrides": {"untrustedAppsPolicy": "ALLOW_INSTALL_DEVICE_WIDE"}}
CLOSED = {"advancedSecurityOverrides": {"untrustedAppsPolicy": "DISALLOW_INSTALL"}}


def personal(*names: str) -> dict[str, Any]:
    apps = [{"packageName": f"org.example.{name}", "installType": "BLOCKED"} for name in names]
    return {"personalUsagePolicies": {"personalApplications": apps}}


def repository(folder: Path, *profiles: Any, labels: tuple[str, ...] = ()) -> Path:
    lines = ["name: Phones", "settings: {}", "controls:", "  android_settings:", "    configuration_profiles:"]
    (folder / "lib").mkdir(parents=True)
    for number, profile in enumerate(profiles):
        (folder / "lib" / f"{number}.json").write_text(json.dumps(profile), encoding="utf-8")
        lines.append(f"      - path: ../lib/{number}.json")
        if number < len(labels) and labels[number]:
            lines.append(f"        labels_include_any: [{labels[number]}]")
    (folder / "fleets").mkdir()
    text = "\n".join([*lines, "policies:", "reports:", "agent_options:", ""])
    (folder / "fleets" / "phones.yml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("profiles", "open_ones"),
    [
        pytest.param([personal("red", "blue")], set(), id="one"),
        pytest.param([personal("red", "blue"), CLOSED], set(), id="split"),
        pytest.param([personal("red", "blue"), OPEN], {"red", "blue"}, id="the-other-opens"),
        pytest.param([OPEN, personal("red", "blue")], {"red", "blue"}, id="in-whatever-order"),
        pytest.param([personal("red", "blue"), personal("red")], {"blue"}, id="twice-and-half"),
        pytest.param([personal("red", "blue"), personal("red", "blue")], set(), id="twice-and-alike"),
        pytest.param([personal("red"), personal("blue")], {"red", "blue"}, id="lists-do-not-add-up"),
        pytest.param([personal("red", "blue"), {"debuggingFeaturesAllowed": True}], {"red", "blue"}, id="debugging"),
        pytest.param([personal("red", "blue"), {"cameraDisabled": True}], set(), id="another-matter"),
    ],
)
def test_what_reaches_a_host_is_one_policy(profiles: list[Any], open_ones: set[str], tmp_path: Path) -> None:
    found = read_policies([repository(tmp_path / "repo", *profiles)])
    index = Index([read(one) for one in found.documents])
    personal_side = DeviceState("android", (14,), False, "", "cope", "personal", "store", False)
    every = [
        replace(personal_side, origin=one, installed=two) for one in ("store", "sideloaded") for two in (False, True)
    ]
    for name in ("red", "blue"):
        banned = app(("android", "package_name", f"org.example.{name}"))
        held = all(holds(decide(index, one, banned, "2026-11-28"), installed=one.installed) for one in every)
        assert held is (name not in open_ones)


def test_a_field_that_two_profiles_set_is_said_and_each_is_judged(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", personal("red", "blue"), personal("red"), CLOSED)
    found = read_policies([repo])
    assert [one.id for one in found.findings] == ["fleet-field-twice"]
    assert len(found.documents) == 2
    assert all("last: ../lib/" in one.name for one in found.documents)
    assert all("fleets/phones.yml" in one.name for one in found.documents)


def test_hosts_without_the_label_have_the_others_alone(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", personal("red", "blue"), OPEN, labels=("", "lab"))
    found = read_policies([repo])
    reached = {scope.groups: name for name, scope in found.scopes.items()}
    assert set(reached) == {(), ("lab",)}
    opened = {one.name: "ALLOW_INSTALL_DEVICE_WIDE" in str(one.value) for one in found.documents}
    assert opened[reached["lab",]]
    assert not opened[reached[()]]


def test_too_many_orders_prove_nothing(tmp_path: Path) -> None:
    fields = [
        {f"{key}Disabled": value for key in ("fun", "sms", "networkReset", "outgoingCalls", "setWallpaper")}
        for value in (True, False)
    ]
    repo = repository(tmp_path / "repo", *({**one, **personal("red")} for one in fields))
    [document] = read_policies([repo]).documents
    assert "too many" in document.name
    assert document.value["personalUsagePolicies"] == {}
