"""The summary of a build: a word in every cell at every width, and every word explained."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from build_kit import app, ban_list, built, deployment, identifier, inline, resolved, waiver
from hypothesis import given
from hypothesis import strategies as st

from mdm_policy import catalogue
from mdm_policy.build.coverage import COLUMNS, ClassCoverage, Coverage, Gap, Row
from mdm_policy.errors import Origin
from mdm_policy.model import Identifier, ListStatus
from mdm_policy.report import summary, text
from mdm_policy.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTHS = [60, 75, 76, 80, 100]
WORDS = tuple(summary._CELLS)
CELLS = {"ios": "blocked", "macos": "no identifier", "android": "NOT BLOCKED", "windows": "unenforceable"}


def row(name: str, through: str = "", groups: Sequence[str] = (), cells: dict[str, str] | None = None) -> Row:
    return Row(name.lower(), name, through, cells or CELLS, tuple(groups))


def coverage(*rows: Row) -> Coverage:
    return Coverage(rows, ())


def status(state: str, sentence: str = "because of this", name: str = "ours") -> ListStatus:
    return ListStatus(name, "Title", "Memo 7", state, sentence, Origin("ours.yaml", 1, 1))


# --- the matrix --------------------------------------------------------------------------------------------------------


def test_a_row_is_a_name_and_a_word_a_platform() -> None:
    assert summary.matrix(coverage(row("WeChat")), COLUMNS, 80).splitlines() == [
        "                        iPhone, iPad  Mac           Android       Windows",
        "WeChat                  blocked       no identifier NOT BLOCKED   unenforceable",
    ]


def test_where_there_is_no_room_for_a_table_each_platform_is_named() -> None:
    assert summary.matrix(coverage(row("WeChat")), COLUMNS, 60).splitlines() == [
        "WeChat",
        "    iPhone, iPad: blocked; Mac: no identifier; Android: NOT",
        "    BLOCKED; Windows: unenforceable",
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_of_the_matrix_is_too_wide(width: int) -> None:
    rows = [
        row("WeChat Pay", "WeChat"),
        row("WeChat", groups=["lab", "a group with a very long name"]),
        row("漢字" * 40),
        row("x" * 200),
        row("Kaspersky VPN Secure Connection for every device there is"),
    ]
    printed = summary.matrix(coverage(*rows), COLUMNS, width)
    wide = [line for line in printed.splitlines() if text.columns(line) > width]
    assert wide == [] if width > 75 else all(len(line.split()) == 1 for line in wide)


@pytest.mark.parametrize("width", [60, 80])
def test_no_cell_is_empty_and_no_meaning_rests_on_a_glyph(width: int) -> None:
    """A screen reader says what it is given: words."""
    rows = [row(f"App {n}", cells=dict.fromkeys((key for key, _ in COLUMNS), word)) for n, word in enumerate(WORDS)]
    printed = summary.matrix(coverage(*rows), COLUMNS, width)
    for word in WORDS:
        assert " ".join(printed.split()).count(word) >= len(COLUMNS)
    assert re.fullmatch(r"[A-Za-z0-9 ,:;\n]+", printed)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_fits_its_cell(word: str) -> None:
    assert len(word) < summary._CELL


@pytest.mark.parametrize("width", [60, 80])
def test_more_rows_than_anyone_reads_are_summed_up(width: int) -> None:
    rows = [row(f"App {number:03}") for number in range(250)]
    lines = summary.matrix(coverage(*rows), COLUMNS, width).splitlines()
    printed = " ".join(" ".join(lines).split())
    assert "App 199" in printed
    assert "App 200" not in printed
    assert "... and 50 more; manifest.json has them all" in lines
    sums = printed[printed.index("in all: ") :]
    assert sums.startswith("in all: NOT BLOCKED")
    assert sums.count("250") == len(COLUMNS)
    assert sums.count("in all: ") == len(set(CELLS.values()))


def test_200_rows_are_all_shown() -> None:
    printed = summary.matrix(coverage(*(row(f"App {number:03}") for number in range(200))), COLUMNS)
    assert "App 199" in printed
    assert "more" not in printed


@given(st.text(st.sampled_from("ab 漢é\u0301\x1b\u202e-"), min_size=1, max_size=80), st.sampled_from([76, 80, 100]))
def test_a_table_keeps_its_columns_whatever_the_name(name: str, width: int) -> None:
    lines = summary.matrix(coverage(row(f"n{name}")), COLUMNS, width).splitlines()
    head = width - 4 * summary._CELL
    assert text.columns(lines[1].partition(" blocked  ")[0]) == head - 1
    assert max(map(text.columns, lines)) <= width
    assert not {"\x1b", "\u202e"} & set("".join(lines))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_legend_explains_the_words_in_use_and_only_those(width: int) -> None:
    printed = summary.legend(coverage(row("WeChat")), width)
    assert [line.partition(":")[0].strip() for line in printed.splitlines() if re.match(r"  \S", line)] == [
        word for word in WORDS if word in CELLS.values()
    ]
    assert max(map(len, printed.splitlines())) <= width


def test_the_legend_knows_every_word_a_build_can_say() -> None:
    everything = resolve(
        [
            ban_list(
                app("wechat"),
                app("tiktok"),
                app("vmate"),
                app("wps-office"),
                inline("X", identifier("web", "domain", "a.org")),
            )
        ],
        None,
        catalogue.load(),
        "2026-11-24",
    )
    made, _ = built(everything)
    words = {word for each in made.coverage.rows for word in each.cells.values()}
    assert words <= set(WORDS)
    assert all(f"  {word}: " in summary.legend(made.coverage) for word in words)


def test_an_exception_has_a_row_of_its_own() -> None:
    one = inline("Ours", identifier("ios", "bundle_id", "org.example.app"))
    made, _ = built(
        resolved(one, exceptions=[waiver(resolved(one).apps[0].key, "lab", "desk")]), ["apple-ios-restrictions"]
    )
    lines = summary.matrix(made.coverage, COLUMNS, 80).splitlines()
    assert lines[1].split()[:2] == ["Ours", "blocked"]
    assert lines[2].startswith("Ours, for desk, lab     excepted ")
    assert "  excepted: an approved exception" in summary.legend(made.coverage)


# --- device classes ----------------------------------------------------------------------------------------------------


def gap(*apps: str, verdict: str = "allowed", accepted: str = "") -> Gap:
    return Gap(apps, verdict, "ios 26, supervised", "nothing stops it", accepted)


def device(*gaps: Gap, held: int = 2, absent: int = 0) -> ClassCoverage:
    return ClassCoverage("field phones", "ios", held, absent, gaps, ())


NAMES = {f"a{number}": f"App {number:02}" for number in range(40)}


def test_a_class_without_a_gap() -> None:
    assert summary.classes([device()], NAMES) == "  field phones (ios): 2 of 2 apps held back"


def test_a_class_that_some_apps_are_not_made_for() -> None:
    assert summary.classes([device(absent=3)], NAMES).endswith("2 of 2 apps held back; 3 not made for it")


def test_a_gap_says_which_apps_where_and_why() -> None:
    assert summary.classes([device(gap("a2", "a1"))], NAMES).splitlines() == [
        "  field phones (ios): 2 of 4 apps held back",
        "    GAP, allowed: App 01, App 02",
        "      ios 26, supervised: nothing stops it",
        "  allowed: no built file holds it back",
    ]


def test_an_accepted_gap_is_shown_with_its_document_and_never_called_blocked() -> None:
    printed = summary.classes([device(gap("a1", accepted="MEMO-18"))], NAMES)
    assert "2 of 3 apps held back" in printed
    assert "    accepted gap (MEMO-18), allowed: App 01\n" in printed


@pytest.mark.parametrize(
    ("count", "end"),
    [pytest.param(12, "App 11", id="twelve"), pytest.param(13, "App 11 and 1 more", id="thirteen")],
)
def test_a_gap_names_twelve_apps(count: int, end: str) -> None:
    printed = summary.classes([device(gap(*(f"a{number}" for number in reversed(range(count)))))], NAMES)
    assert f"{end} ios 26, supervised" in " ".join(printed.split())


@pytest.mark.parametrize("verdict", summary._GAPS)
def test_every_verdict_of_a_gap_is_explained_once(verdict: str) -> None:
    found = [device(gap("a1", verdict=verdict)), device(gap("a2", verdict=verdict))]
    assert summary.classes(found, NAMES).count(f"\n  {verdict}: ") == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_of_the_classes_is_too_wide(width: int) -> None:
    found = [device(gap(*NAMES, verdict=verdict), gap("a1", accepted="MEMO " * 30)) for verdict in summary._GAPS]
    assert max(map(len, summary.classes(found, NAMES, width).splitlines())) <= width


# --- lists and identifiers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "printed"),
    [
        pytest.param("in-force", "  ours, in-force: Memo 7", id="in-force"),
        pytest.param("adopted", "  ours, adopted: Memo 7\n      because of this", id="adopted"),
    ],
)
def test_a_list_in_force_needs_no_reason(state: str, printed: str) -> None:
    assert summary.lists([status(state)]) == printed


def test_lists_stand_below_each_other_and_keep_to_the_width() -> None:
    found = [
        status("adopted", "a reason " * 20, "a-list-with-a-name-of-nearly-eighty-characters-as-the-language-allows")
    ] * 2
    lines = summary.lists(found, 60).splitlines()
    assert sum(not line.startswith("   ") for line in lines) == 2
    assert [line for line in lines if len(line) > 60 and len(line.split()) > 1] == []


def test_confidence_counts_what_the_list_or_the_catalogue_gives_and_nothing_derived() -> None:
    place = Origin("c.json")
    ids = [
        Identifier("macos", "bundle_id", "org.example.app", place, "verified"),
        Identifier("macos", "team_id", "ABCDE12345", place, "single-source"),
        identifier("ios", "bundle_id", "org.example.app"),
    ]
    assert summary.confidence(resolved(inline("X", *ids))) == (
        "Identifiers: 1 named by two sources, 1 named by one, 1 stated by the list alone."
    )


def test_confidence_without_an_identifier() -> None:
    assert summary.confidence(resolved(inline("X"))) == "Identifiers: none."


def test_the_summary_of_a_deployment_with_nothing_to_say_of_devices() -> None:
    assert deployment().devices == ()
    assert summary.classes([], {}) == ""
