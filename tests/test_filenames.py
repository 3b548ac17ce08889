"""Take only names that every system writes as they are, below their folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_policy import filenames

_SAFE = [
    "a", "a/b.json", "apple-ios-restrictions/our-list.mobileconfig", "a/IMPORT.md", ".hidden", "a b/c d", "漢字/é.json", "console.json",
    "com10.json", "nula", "a..b", "x" * 255, "-", "--help", "$(reboot)", "~",
]  # fmt: skip
_UNSAFE = [
    ("", "leaves its folder"), (".", "leaves its folder"), ("..", "leaves its folder"), ("../a", "leaves its folder"),
    ("a/../../b", "leaves its folder"), ("/etc/passwd", "leaves its folder"), ("a//b", "leaves its folder"), ("a/", "leaves its folder"),
    ("./a", "leaves its folder"), ("a\\b", "in no name"), ("C:a", "in no name"), ("a:stream", "in no name"), ("a\0b", "in no name"),
    ("a\nb", "in no name"), ("a\x7f", "in no name"), ("a\x9b31m", "in no name"), ("a*", "in no name"), ("a?", "in no name"), ("<a>", "in no name"), ("a|b", "in no name"),
    ('a"', "in no name"), ("\ud800", "in no name"), ("a.", "Windows drops"), ("a ", "Windows drops"), (" a", "Windows drops"),
    ("a./b", "Windows drops"), ("con", "a device"), ("a/NUL.json", "a device"), ("Aux.tar.gz", "a device"), ("com1", "a device"),
    ("LPT9.x", "a device"), ("com¹.txt", "a device"), ("CONIN$", "a device"), ("nul .txt", "a device"), ("x" * 256, "too long"),
    ("漢" * 86, "too long"), ("a/" * 600 + "a", "too long"), ("e\u0301", "normal form"),
]  # fmt: skip


@pytest.mark.parametrize("path", _SAFE)
def test_a_safe_name_is_taken(path: str) -> None:
    assert filenames.problem(path) == ""


@pytest.mark.parametrize(("path", "why"), _UNSAFE, ids=[ascii(path)[:30] for path, _ in _UNSAFE])
def test_an_unsafe_name_is_refused_with_its_reason(path: str, why: str) -> None:
    assert why in filenames.problem(path)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        pytest.param("A.json", "a.JSON", True, id="case"),
        pytest.param("stra\u00dfe", "STRASSE", True, id="a folded letter"),
        pytest.param("\u00e9", "e\u0301", True, id="a composed letter"),
        pytest.param("a.json", "b.json", False, id="others"),
    ],
)
def test_names_that_some_system_takes_for_one(one: str, other: str, alike: bool) -> None:
    assert (filenames.same(one) == filenames.same(other)) is alike


@given(st.text(max_size=40))
def test_no_text_makes_the_judges_fail_and_a_safe_path_stays_below(path: str) -> None:
    filenames.same(path)
    if not filenames.problem(path):
        assert not path.startswith("/")
        assert not {"", ".", ".."} & set(path.split("/"))
