"""Subjects of Windows signers: two spellings of one, and the hash that package family names end in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_policy import publishers
from mdm_policy.decide.builds import compared

ZOOM = "O=ZOOM VIDEO COMMUNICATIONS, INC., L=SAN JOSE, S=CALIFORNIA, C=US"
ZOOM_QUOTED = 'O="ZOOM VIDEO COMMUNICATIONS, INC.", L=SAN JOSE, S=CALIFORNIA, C=US'


@pytest.mark.parametrize(
    ("subject", "other"),
    [
        pytest.param(ZOOM, ZOOM_QUOTED, id="bare"),
        pytest.param(ZOOM_QUOTED, ZOOM, id="quoted"),
        pytest.param('CN="Tencent, Inc.",O=深圳市腾讯', "CN=Tencent, Inc.,O=深圳市腾讯", id="no-space-between"),
        pytest.param("O=A, INC, L=B, CITY, C=US", 'O="A, INC", L="B, CITY", C=US', id="two-commas"),
        pytest.param("O=ACME, C=US", "", id="nothing-to-quote"),
        pytest.param('O="ACME", C=US', "", id="quoted-for-nothing"),
        pytest.param("*", "", id="any"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_comma_in_a_name_is_written_in_two_ways(subject: str, other: str) -> None:
    assert publishers.other_spelling(subject) == other
    if other:
        assert publishers.unquoted(subject) == publishers.unquoted(other)
        key = ("windows", "publisher", subject)
        assert compared(key) == compared(("windows", "publisher", other))


def test_quotes_within_quotes_are_kept_as_one() -> None:
    assert publishers.unquoted('O="A ""B"", INC.", C=US') == 'O=A "B", INC., C=US'


@given(st.text('O=,". ABC') | st.text())
def test_any_text_may_come(text: str) -> None:
    assert publishers.unquoted(publishers.unquoted(text)) is not None
    assert publishers.other_spelling(text) != text or text == ""
    assert len(publishers.publisher_id(text)) == 13


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        pytest.param(
            "CN=Microsoft Corporation, O=Microsoft Corporation, L=Redmond, S=Washington, C=US",
            "8wekyb3d8bbwe",
            id="store",
        ),
        pytest.param(
            "CN=Microsoft Windows, O=Microsoft Corporation, L=Redmond, S=Washington, C=US",
            "cw5n1h2txyewy",
            id="windows",
        ),
        pytest.param("Contoso Corporation", "tvqt2t7vp707e", id="published-example"),
        pytest.param("CN=536BC709-8EE1-4478-AF22-F0F0F26FF64A", "t4vj0pshhgkwm", id="telegram-desktop"),
    ],
)
def test_the_hash_is_that_of_the_vendor(subject: str, expected: str) -> None:
    assert publishers.publisher_id(subject) == expected
    assert publishers.fits(subject, f"Name_{expected}")
    assert not publishers.fits(subject.lower(), f"Name_{expected}")
