"""Hold `diff` and `verify` to thousands of policies with one edit each: every weakening is seen, no rewriting is.

The documents are those of the example, and of what the default targets leave out. Each edit follows from the document
alone (see policy_mutants); what the program makes of it is asked afterwards.
"""

from __future__ import annotations

import functools
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import policy_mutants
import pytest
from build_kit import ALL_OPTIONS, APART, DAY, TARGETS, built
from proof_bench import BENCHES, Prover

from mdm_policy import catalogue
from mdm_policy.diff import WEAKENING, Comparison, Question, Side, compare_policies
from mdm_policy.errors import PolicyError
from mdm_policy.kinds import open_document
from mdm_policy.model import OsBound
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs
from mdm_policy.verify import piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdm_policy.documents import Document
    from mdm_policy.model import BannedApp, Resolution

_EXAMPLE = Path(__file__).parents[2] / "examples/federal/deployment.yaml"
_LEAST = {
    "amapi-cope/banned.modify-applications.json": 410,
    "amapi-cope/banned.patch-personal.json": 470,
    "amapi-cope/banned.policy.json": 1060,
    "amapi-fully-managed/banned.policy.json": 605,
    "apple-ddm-apps/banned.configuration.json": 130,
    "apple-ddm-binaries/banned.configuration.json": 105,
    "apple-ios-restrictions/banned.mobileconfig": 550,
    "intune-android-corporate/banned.device-restrictions.json": 375,
    "intune-android-corporate/banned.uninstall-assignments.json": 390,
    "intune-ios-custom/banned.json": 130,
    "intune-ios-device-restrictions/banned.json": 130,
    "intune-ios-settings-catalog/banned.json": 160,
    "intune-windows-applocker/banned.json": 165,
    "jamf-macos-profile/banned.xml": 125,
    "jamf-mobile-profile/banned.xml": 125,
    "jamf-restricted-software/wechat-b583907a.xml": 5,
    "macos-santa/banned.mobileconfig": 130,
    "windows-applocker-appx/banned.xml": 30,
    "windows-applocker-exe/banned.xml": 115,
}
"""The documents that are spoilt, and how many weakening edits there are of each at the least."""


@functools.cache
def _resolution() -> Resolution:
    """Resolve the example as if its lists closed the sites of every app, so that there are more addresses to spoil."""
    read = inputs.gather(_EXAMPLE, ())
    made = resolve(read.lists, read.deployment, catalogue.load(), DAY)
    return msgspec.structs.replace(made, apps=tuple(map(_without_traffic, made.apps)))


def _without_traffic(app: BannedApp) -> BannedApp:
    own = tuple(msgspec.structs.replace(one, shared=False) for one in app.identifiers)
    return msgspec.structs.replace(app, identifiers=own, duties=tuple(dict.fromkeys((*app.duties, "no-traffic"))))


@functools.cache
def _files() -> dict[str, bytes]:
    return built(_resolution(), None, TARGETS, ALL_OPTIONS, "banned")[1]


@functools.cache
def _document(path: str) -> Document:
    return open_document(path, _files()[path])


def _compared(old: Document, new: Document) -> Comparison:
    return compare_policies(Side("old", (old,)), Side("new", (new,)), Question(DAY), catalogue.load())


@functools.cache
def _prover(path: str) -> Prover:
    return Prover(path, _files(), DAY)


class _Count:
    """Count what is asked and what is missed."""

    def __init__(self) -> None:
        self.edits = self.unread = 0
        self.directions: Counter[str] = Counter()
        self.missed: list[str] = []

    def judge(self, path: str, mutant: policy_mutants.Mutant) -> None:
        """Ask both about a mutant; a file that cannot be read any more ends either with exit code 1."""
        self.edits += 1
        try:
            new = open_document(path, mutant.data)
        except PolicyError:
            self.unread += 1
            return
        if not _prover(path).unproven(new, mutant.values, day=mutant.day):
            self.missed.append(f"verify: {mutant.label}")
        families = {family for family, _ in mutant.values}
        weaker = [
            change.direction
            for change in _compared(_document(path), new).changes
            if change.direction in WEAKENING and (not families or change.platform in families)
        ]
        self.directions.update(weaker[:1])
        if not weaker:
            self.missed.append(f"diff: {mutant.label}")
        elif not mutant.directions.issuperset(weaker):
            wrong = sorted(set(weaker) - mutant.directions)
            self.missed.append(f"diff says {wrong}, not {sorted(mutant.directions)}: {mutant.label}")


def _drawn(mutants: Iterable[policy_mutants.Mutant]) -> Iterator[policy_mutants.Mutant]:
    """Draw half of the edits of single identifiers, and every edit of more than one.

    Each identifier meets every other kind of edit, and its neighbour the rest, so that each kind is tried on half of the
    identifiers, and each identifier by half of the kinds. `make mutants` tries all.
    """
    places: dict[object, int] = {}
    kinds_: dict[str, int] = {}
    for mutant in mutants:
        if len(mutant.values) == 1:
            kind = mutant.label.removesuffix(mutant.values[0][1])
            if (places.setdefault(mutant.values, len(places)) + kinds_.setdefault(kind, len(kinds_))) % 2:
                continue
        yield mutant


def test_the_mutants_are_many() -> None:
    assert sum(_LEAST.values()) >= 5_000


def test_every_golden_that_bans_has_a_bench() -> None:
    assert BENCHES.keys() == _LEAST.keys()


@pytest.mark.parametrize("path", _LEAST)
def test_verify_proves_the_document_as_it_was_built(path: str) -> None:
    prover = _prover(path)
    assert not prover.unproven(prover.golden)
    assert not [pair for pair in prover.pairs if prover.unproven(prover.golden, [pair])]


@pytest.mark.parametrize("path", _LEAST)
def test_every_weakening_is_seen(path: str, record_property: Any, pytestconfig: pytest.Config) -> None:
    count = _Count()
    mutants = policy_mutants.weakening(_document(path))
    for mutant in mutants if pytestconfig.getoption("--all-mutants") else _drawn(mutants):
        count.judge(path, mutant)
    told = f"{count.edits} weakening edits, each given to verify and to diff: {dict(count.directions)}"
    sys.stdout.write(f"{path}: {told}; {count.unread} unreadable; {len(count.missed)} missed\n")
    record_property("mutants", count.edits)
    assert count.missed == []
    assert count.edits >= _LEAST[path]


@pytest.mark.parametrize(
    "path",
    sorted({*_LEAST, "intune-android-corporate/banned.approve-apps.json", "apple-ddm-apps/banned.activation.json"}),
)
def test_no_rewriting_is_an_alarm(path: str, record_property: Any) -> None:
    alarms = []
    count = 0
    for mutant in policy_mutants.cosmetic(_document(path)):
        count += 1
        new = open_document(path, mutant.data)
        found = _compared(_document(path), new)
        if found.exit_code or any(change.direction != "COSMETIC" for change in found.changes):
            alarms.append((mutant.label, found.changes[:2], found.others[:2]))
        if path in BENCHES and _prover(path).unproven(new):
            alarms.append((f"verify: {mutant.label}", (), ()))
    sys.stdout.write(f"{path}: {count} rewritings\n")
    record_property("rewritings", count)
    assert alarms == []
    assert count >= 4


_MADE_WEAK = [
    pytest.param(("apple-", "intune-ios", "jamf-mobile"), {"supervised": False}, id="unsupervised"),
    pytest.param(("apple-", "intune-ios", "jamf-mobile"), {"supervised": False, "enrollment": "user"}, id="user"),
    pytest.param(("amapi-", "intune-android"), {"mode": "byod"}, id="personally owned"),
    pytest.param(("amapi-fully-managed",), {"mode": "cope"}, id="a personal side"),
    pytest.param(
        ("intune-android-corporate/banned.uninstall",),
        {"mode": "cope", "origins": ("sideloaded",)},
        id="a personal side that nothing speaks of",
    ),
    pytest.param(("intune-android",), {"origins": ("preinstalled",)}, id="preinstalled"),
    pytest.param(("apple-ddm",), {"os": (OsBound("<", (27,)),)}, id="before OS 27"),
    pytest.param(("intune-",), {"managed_by": "jamf"}, id="managed by another"),
    pytest.param(("jamf-",), {"managed_by": "intune"}, id="managed by another, Jamf"),
]


@pytest.mark.parametrize(("paths", "changes"), _MADE_WEAK)
def test_a_device_beyond_control_is_a_gap(paths: tuple[str, ...], changes: dict[str, Any]) -> None:
    """Supervision, mode and system stand in no document: the same policy, on a lesser device, proves nothing."""
    for path in (path for path in BENCHES if path.startswith(paths)):
        for cls in BENCHES[path].classes:
            lesser = msgspec.structs.replace(cls, **changes)
            assert _prover(path).unproven(_document(path), classes=(lesser,)), (path, lesser)


_SIDELOADED = [
    pytest.param(
        "intune-android-corporate/banned.device-restrictions.json",
        "personalProfileAppsAllowInstallFromUnknownSources",
        id="Intune's list for the personal side",
    ),
    pytest.param("amapi-cope/banned.policy.json", "advancedSecurityOverrides", id="AMAPI's list for the personal side"),
    pytest.param("amapi-fully-managed/banned.policy.json", "advancedSecurityOverrides", id="AMAPI's list"),
]
_OPEN: dict[str, Any] = {
    "personalProfileAppsAllowInstallFromUnknownSources": True,
    "advancedSecurityOverrides": {"untrustedAppsPolicy": "ALLOW_INSTALL_DEVICE_WIDE"},
}


@pytest.mark.parametrize(("path", "switch"), _SIDELOADED)
def test_a_list_holds_sideloaded_copies_only_while_unknown_sources_are_closed(path: str, switch: str) -> None:
    """What is listed goes whatever its origin; where apps still come in from elsewhere, that proves nothing."""
    classes = tuple(msgspec.structs.replace(cls, origins=("sideloaded",)) for cls in BENCHES[path].classes)
    document = _document(path)
    opened = open_document(path, json.dumps({**document.value, switch: _OPEN[switch]}).encode())
    assert not _prover(path).unproven(document, classes=classes)
    assert _prover(path).unproven(opened, classes=classes)
    assert _compared(document, opened).weakens


@pytest.mark.parametrize("name", [name for name in APART if "managed_store" in APART[name] and name != "amapi-byod"])
def test_a_managed_store_lets_in_what_it_names_and_nothing_else(name: str) -> None:
    """There a ban that is taken out of the list still holds, but for what was there from the start."""
    path = f"{name}/banned.policy.json"
    files = _files() | built(_resolution(), [name], TARGETS, {name: {"managed_store": True}}, "banned")[1]
    prover = Prover(path, files, DAY)
    managed = next(cls for cls in BENCHES[path].classes if cls.mode == "fully-managed")
    by_origin = {origin: (msgspec.structs.replace(managed, origins=(origin,)),) for origin in ("store", "preinstalled")}
    package = prover.golden.value["applications"][0]["packageName"]
    rest = prover.golden.value["applications"][1:]
    pair = [("android", package)]
    for applications, origin, unproven in (
        ([{"packageName": package, "installType": "BLOCKED"}, *rest], "preinstalled", False),
        (rest, "store", False),
        (rest, "preinstalled", True),
        ([{"packageName": package, "installType": "AVAILABLE"}, *rest], "store", True),
    ):
        new = open_document(path, json.dumps({**prover.golden.value, "applications": applications}).encode())
        assert prover.unproven(new, pair, classes=by_origin[origin]) is unproven, (applications[0], origin)
        assert _compared(prover.golden, new).weakens is ((origin == "store" and unproven) or applications is rest)


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
_UNSCOPED = ("intune-android-corporate/banned.device-restrictions.json",)
"""What is sent beside these in the bench states no scope, and no proof can ask for one."""
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
    if path in _UNSCOPED:
        return
    assert _prover(path).unproven(before, require_scope=True) is (old != [_EVERYONE])
    assert _prover(path).unproven(after, require_scope=True)
    assert _prover(path).unproven(after) is (new is not None)


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
    assert not _prover(path).unproven(_scoped(path, "everyone"), require_scope=True)
    assert _prover(path).unproven(_scoped(path, scope))


def _scoped(path: str, scope: str) -> Document:
    text = _files()[path].decode()
    assert "<scope>" not in text, "an update would replace whom an object is for"
    head, end, tail = text.partition("</general>")
    head = head.replace("<general>", "<general><id>7</id>", 1)
    return open_document(path, f"{head}{end}{_JAMF[scope]}{tail}".encode())


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
    prover = _prover(configuration.name)
    assert not prover.unproven(configuration, beside=(piece(activation),), require_scope=True)
    assert prover.unproven(configuration, beside=tuple(map(piece, after[1:])), require_scope=True)
    assert prover.unproven(configuration, beside=tuple(map(piece, after[1:]))) is (change is not None)
