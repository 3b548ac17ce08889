"""Hold what a reader says of one document to what a person can read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kind_documents import as_json, blocking, restrictions
from kind_documents import plist as profile

from mdm_policy.kinds import read
from mdm_policy.kinds.android import policy as amapi


def test_what_is_wrong_in_very_many_places_is_counted() -> None:
    told = [one for one in read(blocking(*["*"] * 3, name="p")).findings if one.id == "identifier-wildcard"]
    assert len(told) == 1
    entries = [{"installType": "BLOCKED"} for _ in range(250)]
    reading = read(as_json({"playStoreMode": "BLACKLIST", "applications": entries}))
    kinds = {one.id for one in reading.findings}
    many = [[one for one in reading.findings if one.id == kind] for kind in sorted(kinds)]
    [wrong] = [found for found in many if len(found) > 100]
    assert len(wrong) == 101
    assert [one.message for one in wrong if "more places" in one.message] == ["the same is wrong in 150 more places"]
    assert {one.severity for one in wrong} == {"error"}


def test_only_so_many_unknown_keys_are_held_against_the_known_ones() -> None:
    few, many = ({f"a{number}": 1 for number in range(count)} for count in (400, 600))  # they stand before it
    misspelt = "blockedAppBundleIds"
    first, last = (
        read(profile(restrictions(**chosen))) for chosen in ({misspelt: ["a.b"], **few}, {misspelt: ["a.b"], **many})
    )
    assert "unknown-key" in {one.id for one in first.findings}
    assert "unknown-key" not in {one.id for one in last.findings}


_NAMES = st.sampled_from(["com.a", "com.b", "com.a ", "", "a*", 7, None, "com.c"])
_INSTALL = st.sampled_from(["BLOCKED", "BLOCKED", "BLOCKED", "AVAILABLE", None, ["BLOCKED"]])
_APPLICATION = st.builds(
    lambda name, kind, more: {"packageName": name, "installType": kind, **more},
    _NAMES,
    _INSTALL,
    st.sampled_from([{}, {}, {"disabled": True}]),
)


@given(
    st.lists(st.builds(lambda name: {"packageName": name, "installType": "BLOCKED"}, _NAMES) | _APPLICATION, max_size=4)
)
def test_a_list_of_blocked_packages_is_read_as_each_entry_by_itself(applications: list[dict[str, Any]]) -> None:
    document = as_json({"playStoreMode": "BLACKLIST", "applications": applications})
    at_once = read(document)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(amapi, "_all_blocked", lambda *_: False)
        each = read(document)
    assert list(at_once.effects) == list(each.effects)
    assert (at_once.rules, at_once.findings) == (each.rules, each.findings)
