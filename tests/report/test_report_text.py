"""Findings as text: their form, their width, and what never reaches a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_policy.errors import Finding, Origin, error, note, warning
from mdm_policy.report import text

WIDE = st.text(st.sampled_from("ab -漢字é\u0301🙂\u200d\u202e\x1b\t\u3000"), max_size=60)


def shown(
    *found: Finding, line: str | None = None, width: int = 80, colour: bool = False, most_alike: int | None = None
) -> str:
    return text.findings(found, lambda *_: line, width=width, colour=colour, most_alike=most_alike)


def caret(printed: str) -> tuple[str, int]:
    """Return the source line as shown and the terminal column, from 0, of the caret, both after the gutter."""
    source, mark = (line.partition(" |")[2] for line in printed.splitlines()[2:4])
    return source, mark.index("^")


def test_nothing_to_say() -> None:
    assert shown() == ""


def test_the_form() -> None:
    found = error(
        "unknown-app", "the catalogue has no app 'wetchat'", Origin("ours.yaml", 12, 10), "did you mean 'wechat'?"
    )
    assert shown(found, line="  - app: wetchat").splitlines() == [
        "error[unknown-app]: the catalogue has no app 'wetchat'",
        "  --> ours.yaml:12:10",
        " 12 |   - app: wetchat",
        "    |          ^",
        "   = hint: did you mean 'wechat'?",
        "1 error",
    ]


@pytest.mark.parametrize(
    ("origin", "lines"),
    [
        pytest.param(None, [], id="no-place"),
        pytest.param(Origin(""), [], id="no-file"),
        pytest.param(Origin("a.yaml"), ["  --> a.yaml"], id="a-file"),
        pytest.param(Origin("a.yaml", 3), ["  --> a.yaml:3", " 3 | text"], id="a-line"),
        pytest.param(Origin("a.yaml", 3, 2), ["  --> a.yaml:3:2", " 3 | text", "   |  ^"], id="a-column"),
    ],
)
def test_what_is_known_of_the_place(origin: Origin | None, lines: list[str]) -> None:
    assert shown(error("x", "y", origin), line="text").splitlines() == ["error[x]: y", *lines, "1 error"]


def test_a_place_whose_source_is_not_to_be_had() -> None:
    assert shown(error("x", "y", Origin("-", 3, 2))).splitlines() == ["error[x]: y", "  --> -:3:2", "1 error"]


@pytest.mark.parametrize(
    ("found", "count"),
    [
        pytest.param([error("x", "y")], "1 error", id="one"),
        pytest.param([error("x", "y"), error("z", "y")], "2 errors", id="two"),
        pytest.param([note("x", "y"), warning("z", "y"), error("z", "y")], "1 error, 1 warning, 1 note", id="each"),
        pytest.param([note("x", "y"), note("z", "y")], "2 notes", id="notes"),
    ],
)
def test_the_count(found: list[Finding], count: str) -> None:
    assert shown(*found).splitlines()[-1] == count


@pytest.mark.parametrize(
    ("line", "column", "before"),
    [
        pytest.param("abc: def", 6, 5, id="latin"),
        pytest.param("漢字: def", 5, 6, id="wide"),
        pytest.param("\ta: b", 5, 4, id="tab"),
        pytest.param("e\u0301e\u0301: x", 7, 4, id="combining"),
        pytest.param("🙂: x", 4, 4, id="emoji"),
        pytest.param("\x1b[31m: x", 8, 7, id="escape"),
        pytest.param("a\u202eb: x", 6, 5, id="bidi"),
        pytest.param("short", 50, 5, id="behind-the-end"),
        pytest.param("", 1, 0, id="empty-line"),
    ],
)
def test_the_caret_stands_under_the_place(line: str, column: int, before: int) -> None:
    source, mark = caret(shown(error("x", "y", Origin("a", 1, column)), line=line))
    assert mark == before + 1
    assert not {"\t", "\x1b", "\u202e"} & set(source)


@pytest.mark.parametrize("char", ["b", "漢"])
def test_a_place_far_to_the_right_is_scrolled_to(char: str) -> None:
    line = char * 300 + "X" + char * 300
    printed = shown(error("x", "y", Origin("a", 1, 301)), line=line)
    source, mark = caret(printed)
    assert source.startswith(" ...")
    assert max(map(text.columns, printed.splitlines())) <= 80
    assert text.columns(source[: source.index("X")]) == mark


def test_a_line_of_megabytes_is_not_walked_through() -> None:
    source, mark = caret(
        shown(error("x", "y", Origin("a", 1, 5_000_001)), line="a" * 5_000_000 + "X" + "b" * 5_000_000)
    )
    assert source[mark] == "X"


def test_a_long_line_is_cut_where_the_place_is_near_its_start() -> None:
    source, mark = caret(shown(error("x", "y", Origin("a", 1, 3)), line="aaX" + "b" * 200))
    assert source == " aaX" + "b" * 72
    assert mark == 3


@given(WIDE, st.integers(1, 80), st.integers(60, 100))
def test_no_source_line_is_wider_than_asked_and_none_is_raw(line: str, column: int, width: int) -> None:
    printed = shown(error("x", "y", Origin("a", 1, column)), line=line * 3, width=width)
    assert max(map(text.columns, printed.splitlines())) <= width
    assert all(part.isprintable() or "\u200d" in part for part in printed.splitlines())


@given(WIDE, WIDE, WIDE)
def test_no_part_of_a_finding_reaches_the_terminal_raw(message: str, file: str, hint: str) -> None:
    printed = shown(error("x", message, Origin(file), hint))
    assert all(char.isprintable() or char in "\u200d\n" for char in printed)


@given(WIDE, st.integers(10, 80))
def test_filled_lines_are_as_wide_as_asked_or_one_word(content: str, width: int) -> None:
    for line in text.fill(content, width).split("\n"):
        assert text.columns(line) <= width or len(line.split()) == 1


def test_words_are_never_broken() -> None:
    name = "com.example." + "x" * 90
    printed = shown(error("a-b", f"the bundle_id {name} of the play-store is not a good", hint=f"write {name}-y"))
    assert f"the bundle_id\n    {name}\n    of the play-store" in printed
    assert f"\n           {name}-y\n" in printed


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param("", [""], id="nothing"),
        pytest.param("abc", ["abc"], id="short"),
        pytest.param("abc def", ["abc", "def"], id="a-space"),
        pytest.param("abcdefgh", ["abcde", "fgh"], id="a-long-word"),
        pytest.param("漢字漢字", ["漢字", "漢字"], id="wide"),
        pytest.param("a 漢字漢", ["a", "漢字", "漢"], id="wide-after-a-space"),
    ],
)
def test_cells(content: str, lines: list[str]) -> None:
    assert text.cells(content, 5) == lines


def test_pad_counts_columns() -> None:
    assert text.pad("漢", 4) == "漢  "
    assert text.pad("abcdef", 4) == "abcdef"


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        pytest.param("plain", "plain", id="plain"),
        pytest.param("a\u202eb\u2066c", "a�b�c", id="bidi"),
        pytest.param("\x1b[31m\x07\x9b", "�[31m��", id="controls"),
        pytest.param("a\tb\u3000c\xa0d\u2028e", "a b c d e", id="spaces"),
        pytest.param("👩\u200d👧 ک\u200cک", "👩\u200d👧 ک\u200cک", id="joiners"),
        pytest.param("a\udcffb", "a�b", id="not-utf-8"),
        pytest.param("\ufeffa\u200bb", "�a�b", id="invisible"),
    ],
)
def test_plain(raw: str, safe: str) -> None:
    assert text.plain(raw) == safe


@given(st.text(max_size=40))
def test_plain_keeps_the_length_and_is_done_once(raw: str) -> None:
    safe = text.plain(raw)
    assert len(safe) == len(raw)
    assert text.plain(safe) == safe
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in safe)


def test_colour_marks_the_head_alone() -> None:
    heads = {"error": "31", "warning": "33", "note": "36"}
    for make, code in zip((error, warning, note), heads.values(), strict=True):
        found = make("some-id", "some message", Origin("a", 1))
        printed = shown(found, line="b", colour=True)
        head = f"{found.severity}[some-id]"
        assert printed.startswith(f"\x1b[1;{code}m{head}\x1b[0m: some message\n")
        assert printed.count("\x1b") == 2


def test_brief_sums_up_notes_and_repeats_and_never_an_error() -> None:
    found = [
        *(error("bad", f"{number}") for number in range(5)),
        *(warning("odd-one", f"{number}") for number in range(5)),
        *(note("by-the-way", f"{number}") for number in range(5)),
    ]
    lines = shown(*found, most_alike=3).splitlines()
    assert [line.partition("[")[0] for line in lines] == [
        *["error"] * 5,
        *["warning"] * 3,
        "not shown, all in manifest.json: 5 by-the-way, 2 odd-one",
        "5 errors, 5 warnings, 5 notes",
    ]


def test_brief_without_anything_to_sum_up() -> None:
    assert shown(warning("odd", "y"), most_alike=3) == "warning[odd]: y\n1 warning"
