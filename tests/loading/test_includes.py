"""Included lists become part of the list, each once; circles, depth and the wrong files are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.loading import Loaded, Source, load_ban_list

if TYPE_CHECKING:
    from mdm_policy.model import BanList


def text(name: str, *lines: str) -> str:
    return "\n".join([f"ban_list: {name}", "authority: {citation: X}", *lines, ""])


def load(files: dict[str, str], start: str = "a.yaml") -> Loaded[BanList]:
    def find(reference: str, _origin: Origin, _name: str) -> Source | None:
        return Source(reference, files[reference].encode()) if reference in files else None

    return load_ban_list(Source(start, files[start].encode()), find)


def ids(loaded: Loaded[BanList]) -> list[str]:
    return [f"{one.origin} {one.id}" for one in loaded.findings]


def test_bans_and_exceptions_are_merged_with_their_own_places() -> None:
    exception = (
        "exceptions: [{app: qq, category: other, approved_by: B, document: D, groups: [lab], until: 2021-05-01}]"
    )
    loaded = load(
        {
            "a.yaml": text("a", "include: [b.yaml, c.csv]", "bans: [{app: alipay}]"),
            "b.yaml": text("b", "bans: [{app: qq}]", exception),
            "c.csv": "BundleId,TrackId,Name\ncom.a.b,,A\n",
        }
    )
    assert loaded.findings == ()
    assert loaded.value is not None
    assert [(one.app or one.name, str(one.origin)) for one in loaded.value.bans] == [
        ("alipay", "a.yaml:4:8"),
        ("qq", "b.yaml:3:8"),
        ("A", "c.csv:2"),
    ]
    assert [str(one.origin) for one in loaded.value.exceptions] == ["b.yaml:4:14"]
    assert (loaded.value.id, loaded.value.includes) == ("a", ("b.yaml", "c.csv"))


def test_the_finder_learns_who_asks_for_what_and_where() -> None:
    asked: list[tuple[str, str, str]] = []

    def find(reference: str, origin: Origin, name: str) -> Source:
        asked.append((reference, str(origin), name))
        return Source("dir/b.yaml", text("b", "bans: [{app: qq}]").encode())

    load_ban_list(Source("a.yaml", text("a", "include: ./b.yaml").encode()), find)
    assert asked == [("./b.yaml", "a.yaml:3:10", "a.yaml")]


def test_an_included_list_alone_is_enough() -> None:
    assert load({"a.yaml": text("a", "include: b.yaml"), "b.yaml": text("b", "bans: [{app: qq}]")}).value is not None


def test_what_two_lists_include_is_merged_once() -> None:
    loaded = load(
        {
            "a.yaml": text("a", "include: [b.yaml, c.yaml]"),
            "b.yaml": text("b", "include: [d.yaml]"),
            "c.yaml": text("c", "include: [d.yaml]"),
            "d.yaml": text("d", "bans: [{app: qq}]"),
        }
    )
    assert loaded.value is not None
    assert len(loaded.value.bans) == 1
    assert loaded.value.includes == ("b.yaml", "d.yaml", "c.yaml")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"a.yaml": text("a", "include: [b.yaml]")}, ["a.yaml:3:11 include-not-found"], id="not found"),
        pytest.param({"a.yaml": text("a", "include: [a.yaml]")}, ["a.yaml:3:11 include-cycle"], id="itself"),
        pytest.param(
            {"a.yaml": text("a", "include: [b.yaml]"), "b.yaml": text("b", "include: [a.yaml]")},
            ["b.yaml:3:11 include-cycle"],
            id="each other",
        ),
        pytest.param(
            {"a.yaml": text("a", "include: [b.yaml]"), "b.yaml": text("a", "include: [b.yaml]")},
            ["a.yaml:3:11 include-cycle"],
            id="itself under another name",
        ),
        pytest.param(
            {"a.yaml": text("a", "include: [b.yaml]"), "b.yaml": "devices: []\n"},
            ["a.yaml:3:11 include-kind"],
            id="device classes",
        ),
        pytest.param(
            {"a.yaml": text("a", "include: [b.yaml]"), "b.yaml": "lists: [a]\n"},
            ["a.yaml:3:11 include-kind"],
            id="deployment",
        ),
        pytest.param(
            {"a.yaml": text("a", "include: [b.yaml]"), "b.yaml": "x: [\n"}, ["b.yaml:2:1 yaml-syntax"], id="broken list"
        ),
        pytest.param(
            {"a.yaml": text("a", "include: [b.csv]"), "b.csv": "a,b\n"}, ["b.csv:1 csv-header"], id="broken table"
        ),
        pytest.param(
            {"a.yaml": text("a", "include: []", "bans: [{app: qq}]")}, ["a.yaml:3:10 empty-list"], id="nothing"
        ),
        pytest.param(
            {"a.yaml": text("a", "include: [b.yaml]"), "b.yaml": text("b")},
            ["a.yaml:1:1 empty-ban-list"],
            id="no ban at all",
        ),
    ],
)
def test_refuses(files: dict[str, str], expected: list[str]) -> None:
    loaded = load(files)
    assert loaded.value is None
    assert ids(loaded) == expected


@pytest.mark.parametrize(("deep", "expected"), [(8, []), (9, ["8.yaml:3:10 include-too-deep"])])
def test_lists_include_each_other_eight_deep(deep: int, expected: list[str]) -> None:
    files = {f"{n}.yaml": text(f"l{n}", f"include: {n + 1}.yaml", "bans: [{app: qq}]") for n in range(deep)}
    files[f"{deep}.yaml"] = text("last", "bans: [{app: qq}]")
    assert ids(load(files, "0.yaml")) == expected


def test_without_a_finder_nothing_is_found() -> None:
    loaded = load_ban_list(Source("a.yaml", text("a", "include: b.yaml").encode()))
    assert ids(loaded) == ["a.yaml:3:10 include-not-found"]


def test_what_the_finder_says_is_passed_on() -> None:
    def find(_reference: str, origin: Origin, _name: str) -> Source | None:
        raise PolicyError([error("file-unreadable", "the file cannot be read", origin)])

    loaded = load_ban_list(Source("a.yaml", text("a", "include: b.yaml").encode()), find)
    assert ids(loaded) == ["a.yaml:3:10 file-unreadable"]
