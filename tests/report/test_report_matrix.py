"""The matrix of a verification: a word in every cell at every width, every word explained, and a row for each thing banned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import DAY, NOTHING_KNOWN, app, ban_list, deployment, identifier, inline, waiver
from hypothesis import given
from hypothesis import strategies as st
from kind_documents import blocking, device

from mdm_policy import catalogue
from mdm_policy.catalogue import Catalogue
from mdm_policy.model import AcceptedGap, Ban, CatalogueApp
from mdm_policy.report import text
from mdm_policy.report import verification as report
from mdm_policy.resolve import resolve
from mdm_policy.verify import Rules, Verification, piece, rows, verify

if TYPE_CHECKING:
    from mdm_policy.model import DeviceClass

WIDTHS = [60, 75, 76, 80, 100]
PHONES = device("ios", ">=17", "phones", supervised=True, enrollment="automated")
OWN = device("ios", ">=17", "own phones", supervised=False, enrollment="user")
LAB = msgspec.structs.replace(PHONES, name="lab phones", groups=("lab",))
KIOSKS = device("android", ">=12", "kiosks", mode="fully-managed")


def judged(
    *bans: Ban, classes: tuple[DeviceClass, ...] = (PHONES, OWN), known: Catalogue = NOTHING_KNOWN, **more: Any
) -> Verification:
    exceptions = more.pop("exceptions", ())
    made = resolve([ban_list(*bans, exceptions=exceptions)], deployment(devices=classes, **more), known, DAY)
    return verify(made, [piece(blocking("com.example.a"))], known, Rules(DAY))


def ios(name: str, value: str = "com.example.a") -> Ban:
    return inline(name, identifier("ios", "bundle_id", value))


def test_a_row_is_a_name_and_a_word_for_each_class() -> None:
    found = judged(ios("WeChat"), ios("TikTok", "com.example.b"), classes=(PHONES, OWN))
    assert report.matrix(found, 80).splitlines() == [
        "                                                phones          own phones",
        "TikTok                                          ALLOWED         UNENFORCEABLE",
        "WeChat                                          hidden          UNENFORCEABLE",
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_too_wide_and_no_meaning_rests_on_a_glyph(width: int) -> None:
    """A screen reader says what it is given: words."""
    found = judged(ios("漢字" * 40), ios("x" * 200, "com.example.b"), classes=(PHONES, OWN, LAB, KIOSKS))
    wide = [line for line in report.matrix(found, width).splitlines() if text.columns(line) > width]
    assert wide == []
    words = report.matrix(judged(ios("WeChat"), classes=(PHONES, OWN, LAB, KIOSKS)), width)
    assert re.fullmatch(r"[A-Za-z0-9 ,:;\n-]+", words)


@given(st.text(st.sampled_from("ab 漢é\u0301\x1b\u202e-"), min_size=1, max_size=80), st.sampled_from([60, 76, 80, 100]))
def test_a_table_keeps_its_columns_whatever_the_name(name: str, width: int) -> None:
    lines = report.matrix(judged(ios(f"n{name}")), width).splitlines()
    assert text.columns(lines[1].partition(" hidden ")[0]) == text.columns(lines[0].partition("phones")[0]) - 1
    assert max(map(text.columns, lines)) <= width
    assert not {"\x1b", "\u202e"} & set("".join(lines))


@pytest.mark.parametrize("word", report._WORDS)
def test_every_word_fits_its_cell(word: str) -> None:
    assert len(word) < report._CELL


def test_every_word_in_use_is_explained_and_no_other() -> None:
    known = catalogue.load()
    bans = [app("wechat"), app("vmate"), inline("X", identifier("windows", "winget_id", "A.B"))]
    found = judged(*bans, classes=(PHONES, OWN, KIOSKS), known=known)
    words = {word for row in rows(found) for word in row.words}
    printed = report.text(found)
    assert {word for word in report._WORDS if f"\n  {word}: " in printed} == words


_QQ = CatalogueApp("qq", "QQ", "tencent", (identifier("ios", "bundle_id", "com.example.a"),))
_FEATURE = Ban(inline("x").origin, feature="QQ Wallet", implemented_by="qq")
_THROUGH: list[Any] = [
    pytest.param([app("qq")], [("QQ", "")], id="an app"),
    pytest.param([_FEATURE], [("QQ Wallet", "QQ")], id="a feature"),
    pytest.param([_FEATURE, app("qq"), _FEATURE], [("QQ", ""), ("QQ Wallet", "QQ")], id="both"),
]


@pytest.mark.parametrize(("bans", "expected"), _THROUGH)
def test_a_feature_has_a_row_of_its_own(bans: list[Ban], expected: list[tuple[str, str]]) -> None:
    found = judged(*bans, known=Catalogue("test", {"qq": _QQ}, {}))
    assert [(row.name, row.through) for row in rows(found)] == expected
    assert {row.words for row in rows(found)} == {("hidden", "UNENFORCEABLE")}
    assert found.counts.pairs == len(found.apps) * len(found.classes)


def test_rows_stand_in_the_order_of_their_names() -> None:
    bans = [ios(name, f"com.example.x{n}") for n, name in enumerate(["b", "C", "a", "A"])]
    assert [row.name for row in rows(judged(*bans))] == ["A", "a", "b", "C"]


def test_an_exception_is_listed_with_who_approved_it() -> None:
    bans = [ios("a"), ios("b", "com.example.b")]
    found = judged(*bans, classes=(PHONES, LAB), exceptions=[waiver("inline:b", "lab", "field")])
    assert [row.words for row in rows(found)] == [("hidden", "hidden"), ("ALLOWED", "excepted")]
    assert (
        "Exceptions\n  field, lab: b (MEMO-1 (example), approved by CISO (example), until 2027-06-30)"
        in report.text(found)
    )
    assert "#### Exceptions" in report.for_pull_request(found)


def test_an_accepted_gap_is_shown_with_its_document_and_never_called_blocked() -> None:
    gap = AcceptedGap("inline:a", "own phones", "no control", "CISO", "MEMO-18", "2027-01-01", OWN.origin)
    found = judged(ios("a"), accepted_gaps=(gap,))
    assert [row.words for row in rows(found)] == [("hidden", "accepted")]
    assert (found.counts.blocked, found.counts.accepted, found.outcome) == (1, 1, "PROVEN")
    assert "accepted until 2027-01-01 by CISO: MEMO-18 (no control)" in report.text(found)


@pytest.mark.parametrize(
    ("count", "end"),
    [pytest.param(12, "App 11", id="twelve"), pytest.param(13, "App 11 and 1 more", id="thirteen")],
)
def test_a_gap_names_twelve_apps(count: int, end: str) -> None:
    bans = [ios(f"App {number:02}", f"com.example.n{number}") for number in range(count)]
    printed = " ".join(report.text(judged(*bans, classes=(PHONES,))).split())
    assert f"{end} for example: ios 27" in printed
