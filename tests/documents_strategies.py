"""Values and damage for the laws of the documents package."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from mdm_policy.documents.texts import forbidden_in

XML_TEXT = st.text(max_size=12).filter(lambda text: not forbidden_in(text))
JSON_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
INTEGERS = st.integers(-(1 << 63), (1 << 64) - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DATES = st.datetimes(dt.datetime(1000, 1, 1)).map(lambda moment: moment.replace(microsecond=0))  # noqa: DTZ001 - plist dates are naive
PLIST_LEAVES = XML_TEXT | INTEGERS | FLOATS | st.booleans() | st.binary(max_size=80) | DATES
JSON_LEAVES = JSON_TEXT | INTEGERS | FLOATS | st.booleans() | st.none()


def nested(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Build lists and dictionaries of leaves, also lists of strings alone."""
    return st.recursive(
        leaves | st.lists(keys, max_size=6),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


PLIST_VALUES = nested(PLIST_LEAVES, XML_TEXT)
JSON_VALUES = nested(JSON_LEAVES, JSON_TEXT)


@st.composite
def mutations(draw: st.DrawFn, originals: list[bytes], splices: list[bytes]) -> bytes:
    """Damage a valid document: cut, repeat, overwrite, or splice in what attackers and editors put there."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 20)))
        data[start:end] = draw(st.sampled_from(splices) | st.binary(max_size=4))
    return bytes(data)
