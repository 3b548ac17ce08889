"""Hold `diff` and `verify` to thousands of policies with one edit each: every weakening is seen, no rewriting is.

The documents are those of the example, and of what the default targets leave out. Each edit follows from the document
alone (see policy_mutants); what the program makes of it is asked afterwards.
"""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import policy_mutants
import pytest
from build_kit import ALL_OPTIONS, DAY, TARGETS, built

from mdm_policy import catalogue
from mdm_policy.cli import inputs
from mdm_policy.diff import WEAKENING, Change, Comparison, Question, Side, compare_policies
from mdm_policy.documents import Document, open_document
from mdm_policy.errors import PolicyError
from mdm_policy.resolve import resolve
from mdm_policy.verify import Rules, piece, verify

if TYPE_CHECKING:
    from mdm_policy.model import BannedApp, Resolution

_EXAMPLE = Path(__file__).parents[2] / "examples/federal/deployment.yaml"
_EACH_VERIFIED = 4
"""Every how manieth weakening of a single entry is given to `verify` too."""
_LEAST = {
    "amapi-cope/banned.modify-applications.json": 700,
    "amapi-cope/banned.patch-personal.json": 700,
    "amapi-cope/banned.policy.json": 2000,
    "amapi-fully-managed/banned.policy.json": 1400,
    "apple-ddm-apps/banned.configuration.json": 200,
    "apple-ddm-binaries/banned.configuration.json": 150,
    "apple-ios-restrictions/banned.mobileconfig": 900,
    "intune-android-corporate/banned.device-restrictions.json": 700,
    "intune-android-corporate/banned.uninstall-assignments.json": 450,
    "intune-ios-custom/banned.json": 200,
    "intune-ios-device-restrictions/banned.json": 200,
    "intune-ios-settings-catalog/banned.json": 250,
    "intune-windows-applocker/banned.json": 120,
    "jamf-macos-profile/banned.xml": 140,
    "jamf-mobile-profile/banned.xml": 200,
    "jamf-restricted-software/wechat-b583907a.xml": 5,
    "macos-santa/banned.mobileconfig": 140,
    "windows-applocker-appx/banned.xml": 50,
    "windows-applocker-exe/banned.xml": 80,
}
"""The documents that are spoilt, and how many weakening edits there are of each at the least."""


@functools.cache
def _resolution() -> Resolution:
    read = inputs.gather(_EXAMPLE, ())
    return resolve(read.lists, read.deployment, catalogue.load(), DAY)


@functools.cache
def _files() -> dict[str, bytes]:
    return built(_resolution(), None, TARGETS, ALL_OPTIONS, "banned")[1]


@functools.cache
def _document(path: str) -> Document:
    return open_document(path, _files()[path])


@functools.cache
def _apps() -> dict[tuple[str, str], BannedApp]:
    """Return, for each identifier, its app as if it had no other: what happens to the one shows."""
    made: dict[tuple[str, str], BannedApp] = {}
    for app in _resolution().apps:
        for one in app.identifiers:
            only = dict.fromkeys(app.platforms, "none") | {one.family: "exists"}
            lone = msgspec.structs.replace(app, identifiers=(one,), platforms=only)
            made.setdefault((one.family, one.value), lone)
    return made


def _compared(old: Document, new: Document) -> Comparison:
    return compare_policies(Side("old", (old,)), Side("new", (new,)), Question(DAY), catalogue.load())


def _weaker(path: str, mutant: policy_mutants.Mutant) -> tuple[Change, ...] | None:
    """Return what `diff` finds weaker on the platform of what was edited; None when the file cannot be read any more."""
    try:
        new = open_document(path, mutant.data)
    except PolicyError:
        return None
    families = {family for family, _ in mutant.values}
    changes = _compared(_document(path), new).changes
    return tuple(c for c in changes if c.direction in WEAKENING and (not families or c.platform in families))


def _verified(path: str, mutant: policy_mutants.Mutant) -> bool:
    """Tell whether `verify` finds a gap for the app whose one identifier was edited."""
    app = _apps()[mutant.values[0]]
    alone = msgspec.structs.replace(
        _resolution(), apps=(app,), devices=(), accepted_gaps=(), variants=_resolution().variants[:1]
    )
    found = verify(alone, (piece(open_document(path, mutant.data)),), catalogue.load(), Rules(DAY, "weak"))
    return bool(found.gaps or found.failures)


def test_the_mutants_are_many() -> None:
    assert sum(_LEAST.values()) >= 5_000


@pytest.mark.parametrize("path", _LEAST)
def test_every_weakening_is_seen(path: str, record_property: Any) -> None:
    missed: list[str] = []
    unproven: list[str] = []
    count = verified = 0
    directions: dict[str, int] = {}
    for mutant in policy_mutants.weakening(_document(path)):
        count += 1
        changes = _weaker(path, mutant)
        if changes is None:
            continue
        if not changes:
            missed.append(mutant.label)
            continue
        directions[changes[0].direction] = directions.get(changes[0].direction, 0) + 1
        judged = mutant.values and mutant.values[0][0] != "web" and changes[0].direction != "NARROWED"
        if judged and count % _EACH_VERIFIED == 0:
            verified += 1
            if not _verified(path, mutant):
                unproven.append(mutant.label)
    sys.stdout.write(f"{path}: {count} weakening edits, {directions}; {verified} verified\n")
    record_property("mutants", count)
    assert missed == []
    assert unproven == []
    assert count >= _LEAST[path]


@pytest.mark.parametrize(
    "path",
    sorted({*_LEAST, "intune-android-corporate/banned.approve-apps.json", "apple-ddm-apps/banned.activation.json"}),
)
def test_no_rewriting_is_an_alarm(path: str, record_property: Any) -> None:
    alarms = []
    count = 0
    for mutant in policy_mutants.cosmetic(_document(path)):
        count += 1
        found = _compared(_document(path), open_document(path, mutant.data))
        if found.exit_code or any(change.direction != "COSMETIC" for change in found.changes):
            alarms.append((mutant.label, found.changes[:2], found.others[:2]))
    sys.stdout.write(f"{path}: {count} rewritings\n")
    record_property("rewritings", count)
    assert alarms == []
    assert count >= 4


_EVERYONE = policy_mutants.ALL_DEVICES
_SCOPES = [
    pytest.param([_EVERYONE], [], "INEFFECTIVE", id="nobody"),
    pytest.param([_EVERYONE], None, "NARROWED", id="not stated any more"),
    pytest.param([_EVERYONE], [policy_mutants.GROUP], "NARROWED", id="a group"),
    pytest.param([_EVERYONE], [_EVERYONE, policy_mutants.EXCLUDED], "NARROWED", id="an exclusion"),
    pytest.param([_EVERYONE], [policy_mutants.FILTERED], "NARROWED", id="a filter"),
    pytest.param([_EVERYONE], [policy_mutants.EXCLUDED], "INEFFECTIVE", id="an exclusion alone"),
    pytest.param([policy_mutants.GROUP], [], "INEFFECTIVE", id="the group is gone"),
    pytest.param(None, [], "INEFFECTIVE", id="not stated, then nobody"),
]
_GRAPH = [path for path in _LEAST if path.startswith("intune-") and "uninstall" not in path]


@pytest.mark.parametrize(("old", "new", "direction"), _SCOPES)
@pytest.mark.parametrize("path", _GRAPH)
def test_a_narrower_assignment_is_seen(path: str, old: Any, new: Any, direction: str) -> None:
    before, after = (_assigned(path, one) for one in (old, new))
    found = _compared(before, after)
    weaker = {change.name for change in found.changes if change.direction in WEAKENING}
    assert {change.direction for change in found.changes if change.name in weaker} == {direction}
    assert weaker
    back = _compared(after, before)
    assert not back.weakens
    assert back.exit_code == 10


def _assigned(path: str, assignments: Any) -> Document:
    value = dict(_document(path).value)
    value.pop("assignments", None)
    if assignments is not None:
        value["assignments"] = assignments
    return open_document(path, json.dumps(value).encode())


_JAMF = {
    "everyone": "<scope><all_computers>true</all_computers><all_mobile_devices>true</all_mobile_devices></scope>",
    "nobody": "<scope><all_computers>false</all_computers><all_mobile_devices>false</all_mobile_devices></scope>",
    "groups": "<scope><computer_groups><computer_group><name>g</name></computer_group></computer_groups>"
    "<mobile_device_groups><mobile_device_group><name>g</name></mobile_device_group></mobile_device_groups></scope>",
    "excluding": "<scope><all_computers>true</all_computers><all_mobile_devices>true</all_mobile_devices><exclusions>"
    "<computer_groups><computer_group><name>g</name></computer_group></computer_groups><mobile_device_groups>"
    "<mobile_device_group><name>g</name></mobile_device_group></mobile_device_groups></exclusions></scope>",
}


@pytest.mark.parametrize(
    ("scope", "direction"), [("nobody", "INEFFECTIVE"), ("groups", "NARROWED"), ("excluding", "NARROWED")]
)
@pytest.mark.parametrize("path", [path for path in _LEAST if path.startswith("jamf-")])
def test_a_narrower_scope_is_seen(path: str, scope: str, direction: str) -> None:
    found = _compared(_scoped(path, "everyone"), _scoped(path, scope))
    assert {change.direction for change in found.changes} == {direction}
    assert _compared(_scoped(path, scope), _scoped(path, "everyone")).exit_code == 10


def _scoped(path: str, scope: str) -> Document:
    text = _files()[path].decode()
    head, _, rest = text.partition("<scope>")
    tail = rest.partition("</scope>")[2]
    head = head.replace("<general>", "<general><id>7</id>", 1)
    return open_document(path, f"{head}{_JAMF[scope]}{tail}".encode())


_ACTIVATION = [
    pytest.param(None, "NARROWED", id="the activation is gone"),
    pytest.param({"StandardConfigurations": ["another"]}, "INEFFECTIVE", id="it names another configuration"),
    pytest.param({"StandardConfigurations": []}, "INEFFECTIVE", id="it names none"),
    pytest.param({"Predicate": "(@status(device.model.family) == 'iPad')"}, "NARROWED", id="under a predicate"),
]


@pytest.mark.parametrize(("change", "direction"), _ACTIVATION)
@pytest.mark.parametrize("target", ["apple-ddm-apps", "apple-ddm-binaries"])
def test_a_lost_activation_is_seen(target: str, change: dict[str, Any] | None, direction: str) -> None:
    configuration, activation = (_document(f"{target}/banned.{name}.json") for name in ("configuration", "activation"))
    after = [configuration]
    if change is not None:
        value = {**activation.value, "Payload": {**activation.value["Payload"], **change}}
        after.append(open_document(activation.name, json.dumps(value).encode()))
    sides = (Side("old", (configuration, activation)), Side("new", tuple(after)))
    found = compare_policies(*sides, Question(DAY), catalogue.load())
    assert {one.direction for one in found.changes} == {direction}
