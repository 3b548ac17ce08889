"""Say how each app fares on each platform and device class, judged from what the built documents were read to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY, NOTHING_KNOWN, PLACE, POOLS, app, ban_list, built, deployment, identifier, inline, waiver

from mdm_policy.build.coverage import Acting, Watched, alike
from mdm_policy.catalogue import Catalogue
from mdm_policy.model import AcceptedGap, Ban, CatalogueApp, DeviceClass, OsBound, Resolution
from mdm_policy.reading import Effect, Fact, Reading, Rule, Scope
from mdm_policy.resolve import resolve

if TYPE_CHECKING:
    from mdm_policy.build.coverage import ClassCoverage, Row

_IOS = identifier("ios", "bundle_id", "com.example.a")
_CLASSES = {
    "phones": DeviceClass("phones", "ios", PLACE, (OsBound(">=", (17,)),), supervised=True, enrollment="automated"),
    "own": DeviceClass("own", "ios", PLACE, (OsBound(">=", (17,)),), supervised=False, enrollment="user"),
    "jamf": DeviceClass("jamf", "ios", PLACE, (OsBound(">=", (17,)),), supervised=True, enrollment="automated", managed_by="jamf"),
    "kiosks": DeviceClass("kiosks", "android", PLACE, (OsBound(">=", (12,)),), mode="fully-managed"),
}  # fmt: skip


def _resolve(*bans: Ban, exceptions: Any = (), catalogue: Catalogue = NOTHING_KNOWN, **more: Any) -> Resolution:
    return resolve([ban_list(*bans, exceptions=exceptions)], deployment(**more), catalogue, DAY)


def _rows(resolution: Resolution, *names: str) -> list[Row]:
    return list(built(resolution, names or None)[0].coverage.rows)


def _class(resolution: Resolution, *names: str) -> ClassCoverage:
    [only] = built(resolution, names or None)[0].coverage.classes
    return only


_CELLS: list[Any] = [
    pytest.param((_IOS,), ("apple-ios-restrictions",), "ios", "blocked", id="blocked"),
    pytest.param((identifier("macos", "process_name", "a"),), ("jamf-restricted-software",), "macos", "weak", id="by its name only"),
    pytest.param((identifier("windows", "executable", "a.exe"),), ("windows-applocker-exe",), "windows", "weak", id="by its file only"),
    pytest.param((_IOS, identifier("macos", "cdhash", POOLS["macos", "cdhash"][0])), ("apple-ios-restrictions",), "windows", "no identifier", id="no identifier"),
    pytest.param((_IOS, identifier("android", "package_name", "a.b")), ("apple-ios-restrictions",), "android", "NOT BLOCKED", id="nothing built blocks it"),
    pytest.param((_IOS, identifier("windows", "winget_id", "A.B")), ("apple-ios-restrictions",), "windows", "unknown", id="an identifier no device compares"),
]  # fmt: skip


@pytest.mark.parametrize(("identifiers", "names", "platform", "word"), _CELLS)
def test_a_cell(identifiers: Any, names: tuple[str, ...], platform: str, word: str) -> None:
    [row] = _rows(_resolve(inline("App", *identifiers)), *names)
    assert row.cells[platform] == word


def test_what_does_not_exist_somewhere_is_said_so() -> None:
    [row] = _rows(_resolve(inline("App", _IOS, not_on=("windows",))))
    assert row.cells["windows"] == "no such app"


def test_the_best_mdm_speaks_for_a_platform() -> None:
    bans = [inline("App", identifier("android", "package_name", "a.b"))]
    [row] = _rows(_resolve(*bans), "amapi-byod", "intune-android-corporate")
    assert row.cells["android"] == "blocked"


def test_rows_stand_in_the_order_of_their_names() -> None:
    names = ["b", "C", "a", "A"]
    bans = [inline(name, identifier("ios", "bundle_id", f"com.example.x{n}")) for n, name in enumerate(names)]
    assert [row.name for row in _rows(_resolve(*bans), "apple-ios-restrictions")] == ["A", "a", "b", "C"]


_QQ = CatalogueApp("qq", "QQ", "tencent", (identifier("ios", "bundle_id", "com.tencent.mqq"),))
_CATALOGUE = Catalogue("test", {"qq": _QQ}, {})
_FEATURE = Ban(PLACE, feature="QQ Wallet", implemented_by="qq")
_THROUGH: list[Any] = [
    pytest.param([app("qq")], [("QQ", "")], id="an app"),
    pytest.param([_FEATURE], [("QQ Wallet", "QQ")], id="a feature"),
    pytest.param([_FEATURE, app("qq"), _FEATURE], [("QQ", ""), ("QQ Wallet", "QQ")], id="both"),
]


@pytest.mark.parametrize(("bans", "expected"), _THROUGH)
def test_a_feature_has_a_row_of_its_own(bans: list[Ban], expected: list[tuple[str, str]]) -> None:
    rows = _rows(_resolve(*bans, catalogue=_CATALOGUE), "apple-ios-restrictions")
    assert [(row.name, row.through) for row in rows] == expected


def test_an_exception_has_a_row_for_its_groups() -> None:
    bans = [inline("a", _IOS), inline("b", identifier("ios", "bundle_id", "com.example.b"))]
    rows = _rows(_resolve(*bans, exceptions=[waiver("inline:b", "lab", "field")]), "apple-ios-restrictions")
    assert [(row.name, row.groups, row.cells["ios"], row.cells["macos"]) for row in rows] == [
        ("a", (), "blocked", "no identifier"),
        ("b", (), "blocked", "no identifier"),
        ("b", ("field", "lab"), "excepted", "no identifier"),
    ]


_JUDGED: list[Any] = [
    pytest.param("phones", ("apple-ios-restrictions",), 1, [], id="held back"),
    pytest.param("own", ("apple-ios-restrictions",), 0, ["unenforceable"], id="beyond any MDM"),
    pytest.param("jamf", ("intune-ios-settings-catalog",), 0, ["allowed"], id="another MDM's document"),
    pytest.param("jamf", ("jamf-mobile-profile",), 1, [], id="its own MDM's document"),
    pytest.param("jamf", ("apple-ios-restrictions",), 1, [], id="a document of any MDM"),
    pytest.param("kiosks", ("apple-ios-restrictions",), 0, ["unknown"], id="no identifier there"),
]


@pytest.mark.parametrize(("name", "targets", "held", "verdicts"), _JUDGED)
def test_a_device_class(name: str, targets: tuple[str, ...], held: int, verdicts: list[str]) -> None:
    judged = _class(_resolve(inline("App", _IOS), devices=(_CLASSES[name],)), *targets)
    assert (judged.held, [gap.verdict for gap in judged.gaps]) == (held, verdicts)


def test_what_does_not_exist_on_a_class_is_no_gap() -> None:
    judged = _class(_resolve(inline("App", _IOS, not_on=("android",)), devices=(_CLASSES["kiosks"],)))
    assert (judged.held, judged.not_applicable, judged.gaps) == (0, 1, ())


def test_a_weak_block_is_a_gap_and_called_weak() -> None:
    macs = DeviceClass(
        "macs", "macos", PLACE, (OsBound(">=", (14,)),), supervised=True, enrollment="automated", managed_by="jamf"
    )
    judged = _class(
        _resolve(inline("App", identifier("macos", "process_name", "a")), devices=(macs,)), "jamf-restricted-software"
    )
    assert [gap.verdict for gap in judged.gaps] == ["weak"]


def test_apps_with_the_same_gap_stand_together_whatever_they_are_called() -> None:
    bans = [inline(f"a{n}", identifier("windows", "winget_id", f"A{n}.B")) for n in range(3)] + [inline("b", _IOS)]
    laptops = DeviceClass("laptops", "windows", PLACE, (OsBound(">=", (10,)),))
    judged = _class(_resolve(*bans, devices=(laptops,)), "apple-ios-restrictions")
    assert [gap.apps for gap in judged.gaps] == [("inline:a0", "inline:a1", "inline:a2"), ("inline:b",)]
    assert judged.gaps[0].sentence == "no device rule can match it, which is only known to a package manager"


def _gap(app_key: str, device: str, until: str) -> AcceptedGap:
    return AcceptedGap(app_key, device, "no control", "CISO (example)", "MEMO-2 (example)", until, PLACE)


_ACCEPTED = [
    pytest.param("inline:a", "own", DAY, "MEMO-2 (example)", id="through its last day"),
    pytest.param("inline:a", "own", "2026-11-23", "", id="ended"),
    pytest.param("inline:a", "phones", DAY, "", id="for another class"),
    pytest.param("inline:b", "own", DAY, "", id="for another app"),
]


@pytest.mark.parametrize(("key", "device", "until", "accepted"), _ACCEPTED)
def test_an_accepted_gap_is_told_with_its_document(key: str, device: str, until: str, accepted: str) -> None:
    made = _resolve(inline("a", _IOS), devices=(_CLASSES["own"],), accepted_gaps=(_gap(key, device, until),))
    assert [gap.accepted for gap in _class(made, "apple-ios-restrictions").gaps] == [accepted]


def test_documents_are_addressed_to_the_classes_they_can_reach() -> None:
    made = _resolve(inline("a", _IOS, identifier("android", "package_name", "a.b")), devices=(_CLASSES["kiosks"],))
    judged = _class(made, "apple-ios-restrictions", "amapi-byod", "amapi-fully-managed")
    # The policy counts; the change of its apps alone is another way to send the same.
    assert judged.documents == ("amapi-fully-managed/our-list.policy.json",)


_ON: list[Any] = [
    pytest.param("", (), "", None, True, id="for anybody"),
    pytest.param("jamf", (), "jamf", None, True, id="of the same MDM"),
    pytest.param("jamf", (), "intune", None, False, id="of another MDM"),
    pytest.param("jamf", (), None, None, True, id="of some MDM"),
    pytest.param("", ("cope",), None, "cope", True, id="of the same mode"),
    pytest.param("", ("cope",), None, "byod", False, id="of another mode"),
    pytest.param("", ("cope",), None, None, True, id="of some mode"),
]


@pytest.mark.parametrize(("managed_by", "modes", "owner", "mode", "expected"), _ON)
def test_a_document_acts_on_the_devices_its_target_is_for(
    managed_by: str, modes: tuple[str, ...], owner: str | None, mode: str | None, expected: bool
) -> None:
    reading = Reading("a", "k", (), (), Scope(), ())
    cls = DeviceClass("c", "android", PLACE, managed_by=owner or None, mode=mode)
    assert Acting(managed_by, modes, reading).on(cls) is expected


def test_apps_with_the_same_kinds_of_identifiers_are_judged_once() -> None:
    bans = [inline(f"a{n}", identifier("ios", "bundle_id", f"com.example.a{n}")) for n in range(5)]
    bans += [inline("b", _IOS, identifier("web", "domain", "a.example")), inline("c", _IOS, not_on=("macos",))]
    groups = alike(_resolve(*bans).apps)
    assert [len(group) for group in groups] == [5, 1, 1]


def test_readings_are_cut_down_to_the_judged_apps() -> None:
    bans = [inline(f"a{n}", identifier("ios", "bundle_id", f"com.example.a{n}")) for n in range(3)]
    bans += [inline("b", identifier("windows", "executable", "Tool.exe"))]
    watched = Watched(alike(_resolve(*bans).apps))
    rule = Rule("r", "declared", "block", "blocked", "strong", Fact("f", "s"))
    effects = [Effect(rule, "ios", "bundle_id", f"com.example.a{n}", f"/{n}") for n in range(3)]
    effects += [Effect(rule, "windows", "executable", name, "/9") for name in ("TOOL.EXE", "other.exe")]
    cut = watched.part(Reading("a", "k", tuple(effects), (rule,), Scope(), ()))
    assert [effect.value for effect in cut.effects] == ["com.example.a0", "TOOL.EXE"]
