"""Hold the entries of a list to their pointers, however these are kept."""

from __future__ import annotations

import pytest

from mdm_policy.kinds.collector import Entries
from mdm_policy.reading import Run

VALUES = [{"value": "a"}, {}, {"value": "b"}]


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(Entries(Run("/list", range(3)), VALUES), id="a list and places"),
        pytest.param(Entries.of([(f"/list/{place}", value) for place, value in enumerate(VALUES)]), id="written out"),
    ],
)
def test_entries_keep_their_pointers(entries: Entries) -> None:
    assert (len(entries), list(entries)[1]) == (3, ("/list/1", {}))
    each = entries.each("value")
    assert list(each) == [("/list/0/value", "a"), ("/list/1/value", None), ("/list/2/value", "b")]
    assert list(each.only([2, 0])) == [("/list/2/value", "b"), ("/list/0/value", "a")]
