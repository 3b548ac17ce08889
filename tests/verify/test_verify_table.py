"""Hold groups of apps to the apps: whatever their identifiers share, each fares as the first of its group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import NOTHING_KNOWN
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_documents import as_json, device, plist, restrictions

from mdm_policy.decide import Index, judge
from mdm_policy.decide.builds import compared
from mdm_policy.errors import Origin
from mdm_policy.kinds import RULES
from mdm_policy.model import BannedApp, Identifier
from mdm_policy.reading import Effect, Reading, Scope
from mdm_policy.verify import Rules, piece, queries
from mdm_policy.verify.alike import alike
from mdm_policy.verify.judging import Allowances, ClassJudge
from mdm_policy.verify.pieces import Places
from mdm_policy.verify.table import NAMING, AppTable

if TYPE_CHECKING:
    from mdm_policy.verify import Piece
    from mdm_policy.vocabulary import Duty

_DAY = "2026-11-24"
_KINDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("ios", "bundle_id"): ("a", "b"),
    ("ios", "app_store_id"): ("1", "2"),
    ("android", "package_name"): ("a", "b"),
    ("macos", "bundle_id"): ("a", "b"),
    ("macos", "team_id"): ("T", "U"),
    ("macos", "signing_id"): ("T:a", "U:a", "T:b"),
    ("macos", "process_name"): ("A", "B.app"),
    ("windows", "appx_name"): ("p", "q"),
    ("windows", "package_family_name"): ("p_x", "q_x"),
    ("windows", "publisher"): ("CN=p", "O=p"),
    ("windows", "executable"): ("a.exe", "A.EXE", "b.exe"),
    ("windows", "winget_id"): ("w",),
}
_CLASSES = [device(name) for name in ("ios", "android", "macos", "windows")]
_ACTING: dict[tuple[str, str], Any] = {
    ("ios", "bundle_id"): "apple-blocked-app-bundle-ids",
    ("android", "package_name"): "intune-android-uninstall",
    ("macos", "team_id"): "santa-team-id",
    ("macos", "signing_id"): "santa-signing-id",
    ("macos", "bundle_id"): "apple-ddm-denied-binaries",
    ("macos", "process_name"): "jamf-restricted-software-kill",
    ("windows", "appx_name"): "applocker-publisher",
    ("windows", "publisher"): "applocker-publisher",
    ("windows", "executable"): "applocker-path",
}


def _rule(family: str, kind: str) -> Any:
    named = [rule for rule in RULES if rule.id == _ACTING.get((family, kind))]
    return (named or [rule for rule in RULES if rule.sense == "block" and family in rule.introduced] or [RULES[0]])[0]


def _keys() -> st.SearchStrategy[tuple[str, str, str]]:
    return st.sampled_from([(*kind, value) for kind, values in _KINDS.items() for value in values])


def _app(number: int, keys: frozenset[tuple[str, str, str]]) -> BannedApp:
    identifiers = tuple(Identifier(f, k, v, Origin("")) for f, k, v in sorted(keys))  # type: ignore[arg-type]
    return BannedApp(f"app{number}", f"App {number}", "", identifiers, (), ("no-install",), {"ios": "exists"})


def _piece(keys: set[tuple[str, str, str]]) -> Piece:
    effects = tuple(Effect(_rule(f, k), f, k, v, "/0") for f, k, v in sorted(keys))  # type: ignore[arg-type]
    rules = tuple({id(e.rule): e.rule for e in effects}.values())
    reading = Reading("f", "unknown", effects, rules, Scope("everyone"), ())
    return msgspec.structs.replace(piece(as_json({})), readings=(reading,))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.frozensets(_keys(), max_size=5), min_size=1, max_size=12), st.sets(_keys(), max_size=8))
def test_an_app_fares_as_the_first_of_its_group(
    identifiers: list[frozenset[tuple[str, str, str]]], blocked: set[tuple[str, str, str]]
) -> None:
    apps = [_app(number, keys) for number, keys in enumerate(identifiers)]
    document = _piece(blocked)
    index = Index(document.readings)
    groups = alike(AppTable(apps), [document], ())
    assert sorted(app.key for group in groups for app in group) == sorted(app.key for app in apps)
    assert [group[0].key for group in groups] == sorted((g[0].key for g in groups), key=lambda key: int(key[3:]))
    for group in groups:
        for cls in _CLASSES:
            fared = {_fared(index, cls, app) for app in group}
            assert len(fared) == 1, (cls.name, group)


def _fared(index: Index, cls: Any, app: BannedApp) -> object:
    judged = judge(index, cls, app, _DAY)
    return (
        judged.worst.verdict,
        judged.worst.strength,
        judged.worst_state,
        tuple((gap.state, gap.states, gap.decision.verdict, gap.decision.strength) for gap in judged.gaps),
    )


@pytest.mark.parametrize(
    ("duties", "groups"),
    [
        pytest.param(("no-install", "no-traffic"), 2, id="addresses tell apps apart where traffic is forbidden"),
        pytest.param(("no-install",), 1, id="and nowhere else"),
    ],
)
def test_apps_whose_addresses_are_not_closed_alike(duties: tuple[Duty, ...], groups: int) -> None:
    apps = [
        BannedApp(
            name,
            name,
            "",
            (
                Identifier("ios", "bundle_id", f"com.{name}", Origin("")),
                Identifier("web", "domain", f"{name}.test", Origin("")),
            ),
            (),
            duties,
        )
        for name in ("a", "b")
    ]
    filtering = {"PayloadType": "com.apple.webcontent-filter", "DenyListURLs": ["https://a.test"]}
    document = piece(plist(restrictions(blockedAppBundleIDs=["com.a", "com.b"]), filtering))
    made = alike(AppTable(apps), [document], ())
    assert len(made) == groups
    phones = device("ios", ">=17", "iPhones", supervised=True, enrollment="automated")
    court = ClassJudge([document], phones, Rules(_DAY), declared=True)
    unmet = [court.cell(group[0], Allowances()).duties for group in made]
    assert unmet == ([(), ("no-traffic",)] if groups == 2 else [()])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.frozensets(_keys(), max_size=3), st.integers(1, 9)), max_size=9))
def test_stretches_of_apps_hold_what_each_app_holds(
    stretches: list[tuple[frozenset[tuple[str, str, str]], int]],
) -> None:
    apps = [_app(number, keys) for keys, count in stretches for number in range(count)]
    table = AppTable(apps)
    assert sorted(place for layout in table.layouts for place in layout.places) == list(range(len(apps)))
    for layout in table.layouts:
        rows = zip(*(layout.column(nth) for nth in range(len(layout.kinds))), strict=True) if layout.kinds else ()
        assert layout.places == sorted(layout.places)
        assert [tuple(i.value for i in apps[place].identifiers) for place in layout.places if layout.kinds] == list(
            rows
        )
        assert {tuple((i.family, i.kind) for i in apps[place].identifiers) for place in layout.places} == {layout.kinds}
    assert len({layout.kinds for layout in table.layouts}) == len(table.layouts)
    for kind in _KINDS:
        plain = {i.value for app in apps for i in app.identifiers if (i.family, i.kind) == kind}
        assert table.values(kind) == ({value.lower() for value in plain} if kind[1] == "executable" else plain)


def test_apps_whose_platforms_differ_are_told_apart() -> None:
    stated: list[dict[str, str]] = [{"ios": "exists"}, {"ios": "exists"}, {"ios": "exists", "macos": "none"}]
    apps = [
        msgspec.structs.replace(_app(number, frozenset({("ios", "bundle_id", "a")})), platforms=platforms)
        for number, platforms in enumerate(stated)
    ]
    assert [len(group) for group in alike(AppTable(apps), [_piece(set())], ())] == [2, 1]


_SPELT = st.sampled_from(
    [
        (family, kind, value)
        for family, kind in (
            ("ios", "bundle_id"),
            ("macos", "bundle_id"),
            ("android", "package_name"),
            ("windows", "executable"),
            ("macos", "process_name"),
        )
        for value in ("com.a", "com.A", "com.b", "com.ss", "com.\u00df")
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.sets(_SPELT, min_size=1, max_size=4), st.sets(_SPELT, max_size=8))
def test_mistaken_identifiers_are_those_that_each_entry_shows(
    banned: set[tuple[str, str, str]], blocked: set[tuple[str, str, str]]
) -> None:
    document = _piece(blocked)
    document = msgspec.structs.replace(
        document, readings=tuple(msgspec.structs.replace(one, path=document.name) for one in document.readings)
    )
    table = AppTable([_app(0, frozenset(banned))])
    places = Places({document.name: document.document})
    told = queries.remarks(table, [document], (), NOTHING_KNOWN, (), places)
    owned = {compared(key) for key in banned}
    plain: dict[str, int] = {"rule-wrong-case": 0, "rule-wrong-platform": 0}
    for key in blocked:
        family, kind, value = compared(key)
        if (family, kind, value) in owned:
            continue
        if any((f, k, v.casefold()) == (family, kind, value.casefold()) for f, k, v in owned):
            plain["rule-wrong-case"] += 1
        elif kind in NAMING and any(k in NAMING and v == value and f != family for f, k, v in owned):
            plain["rule-wrong-platform"] += 1
    assert {id_: sum(one.id == id_ for one in told) for id_ in plain} == plain
