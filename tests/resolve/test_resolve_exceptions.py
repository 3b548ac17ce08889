"""Turn live exceptions into variants: one for each distinct set, and the base always carries the whole ban."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build_kit import NOTHING_KNOWN, ban_list, built, identifier, inline, waiver

from mdm_policy.resolve import exceptions, ordered, resolve, variants

if TYPE_CHECKING:
    from mdm_policy.model import GrantedException

DAY = "2026-06-01"
APPS = {"a", "b", "c"}

_SETS = [
    pytest.param([], {"": ((), ())}, id="none"),
    pytest.param([waiver("a", "lab")], {"": ((), ()), "lab": (("lab",), ("a",))}, id="one group"),
    pytest.param([waiver("a", "lab"), waiver("a", "field")], {"": ((), ()), "field-lab": (("field", "lab"), ("a",))}, id="two groups, the same set"),
    pytest.param([waiver("a", "lab", "field")], {"": ((), ()), "field-lab": (("field", "lab"), ("a",))}, id="two groups in one exception"),
    pytest.param([waiver("a", "lab"), waiver("b", "field")], {"": ((), ()), "field": (("field",), ("b",)), "lab": (("lab",), ("a",))}, id="two groups, different sets"),
    pytest.param([waiver("b", "lab"), waiver("a", "lab")], {"": ((), ()), "lab": (("lab",), ("a", "b"))}, id="one group, two apps"),
    pytest.param([waiver("a", "lab", document="1"), waiver("a", "lab", document="2")], {"": ((), ()), "lab": (("lab",), ("a",))}, id="the same exception twice"),
    pytest.param([waiver("a", "lab", until="2026-05-31")], {"": ((), ())}, id="ended"),
    pytest.param([waiver("a", "lab", until="2026-05-31"), waiver("b", "lab")], {"": ((), ()), "lab": (("lab",), ("b",))}, id="one of two ended"),
    pytest.param([waiver("nothing", "lab")], {"": ((), ())}, id="of an app that is not banned"),
]  # fmt: skip


@pytest.mark.parametrize(("waivers", "expected"), _SETS)
def test_variants(
    waivers: list[GrantedException], expected: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
) -> None:
    made = variants(waivers, DAY, APPS)
    assert {one.name: (one.groups, one.excepted) for one in made} == expected
    assert made[0].name == ""
    assert variants(waivers[::-1], DAY, APPS)[0] == made[0]


def test_groups_whose_names_join_alike_keep_their_own_variants() -> None:
    made = variants([waiver("a", "x-y"), waiver("b", "x"), waiver("b", "y")], DAY, APPS)
    assert [one.groups for one in made] == [(), ("x", "y"), ("x-y",)]
    assert made[1].name == "x-y"
    assert made[2].name.startswith("x-y-")


def test_a_variant_carries_its_exceptions_in_the_order_of_its_groups() -> None:
    one, two = waiver("a", "lab", document="1"), waiver("a", "field", document="2")
    assert variants([one, two], DAY, APPS)[1].waivers == (two, one)


def test_a_group_name_in_any_script_makes_a_safe_file_name() -> None:
    [_, made] = variants([waiver("a", "../Labör 実験")], DAY, APPS)
    assert made.name.replace("-", "").isalnum()
    assert made.name.isascii()
    assert made.groups == ("../Labör 実験",)


def test_what_a_variant_orders_lacks_only_the_excepted_app() -> None:
    shared = identifier("ios", "bundle_id", "com.example.shared")
    bans = [
        inline("a", identifier("ios", "bundle_id", "com.example.a"), shared),
        inline("b", identifier("ios", "bundle_id", "com.example.b"), shared),
    ]
    made = resolve([ban_list(*bans, exceptions=[waiver("inline:a", "lab")])], None, NOTHING_KNOWN, DAY)
    base, lab = (ordered(made, variant)["ios", "bundle_id"] for variant in made.variants)
    assert [one.value for one in base] == ["com.example.a", "com.example.b", "com.example.shared"]
    assert [(one.value, one.app) for one in lab] == [("com.example.b", "inline:b"), ("com.example.shared", "inline:b")]


def test_an_exception_for_no_banned_app_is_told() -> None:
    bans = [inline("a", identifier("ios", "bundle_id", "com.example.a"))]
    made = resolve([ban_list(*bans, exceptions=[waiver("b", "lab")])], None, NOTHING_KNOWN, DAY)
    assert [one.id for one in made.findings if one.id.startswith("exception")] == ["exception-unused"]
    assert len(made.variants) == 1


def test_a_variant_that_changes_nothing_for_a_target_is_not_built_there() -> None:
    bans = [
        inline("a", identifier("ios", "bundle_id", "com.example.a")),
        inline("b", identifier("android", "package_name", "com.example.b")),
    ]
    made = resolve([ban_list(*bans, exceptions=[waiver("inline:b", "lab")])], None, NOTHING_KNOWN, DAY)
    _, files = built(made, ["apple-ios-restrictions", "amapi-byod"])
    assert sorted(path for path in files if "apple" in path) == [
        "apple-ios-restrictions/IMPORT.md",
        "apple-ios-restrictions/our-list.mobileconfig",
    ]
    # The group's exception leaves nothing to block on Android, so no document is made, and the base is not for it.
    assert sorted(path for path in files if "amapi" in path and "--lab" in path) == []


def test_every_finding_about_leave_is_one_that_verify_tells() -> None:
    source = Path(exceptions.__file__).read_text(encoding="utf-8")
    named = Counter(re.findall(r'"((?:exception|accepted-gap)-[a-z-]+)"', source))
    assert dict(named) == dict.fromkeys(exceptions.ABOUT_LEAVE, 2)
