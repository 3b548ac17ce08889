"""Hold that a document which is read once for both sides says what it says when it is read for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from mdm_policy.diff.model import Side
from mdm_policy.diff.pairing import pair
from mdm_policy.diff.readings import read_sides
from mdm_policy.kinds import KINDS, open_document, read_each

_GOLDEN = Path(__file__).parents[1] / "golden"
_PART_READ = b"""{"@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy", "name": "p", "platforms": "iOS",
"technologies": "mdm", "settings": [{"settingInstance": {"settingDefinitionId":
"com.apple.applicationaccess_com.apple.applicationaccess", "groupSettingCollectionValue": [{"children": [{
"settingDefinitionId": "com.apple.applicationaccess_allowlistedappbundleids", "simpleSettingCollectionValue": [
{"value": "org.example.a"}, {"value": 7}]}]}]}}]}"""
TEXTS = {
    **{name: kind.sample for name, kind in KINDS.items()},
    **{str(path.relative_to(_GOLDEN)): path.read_bytes() for path in sorted(_GOLDEN.rglob("*.mobileconfig"))[:10]},
    "an allow list that is read in part": _PART_READ,
    "a value of a wrong type": KINDS["apple-profile"].sample.replace(b"<array>", b"<array><true/>", 1),
}


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in TEXTS.items()])
def test_what_is_read_once_is_read_for_both_sides(data: bytes) -> None:
    old, new = open_document("before/a.txt", data), open_document("after/a.txt", data)
    sides = Side("before", (old,), "before"), Side("after", (new,), "after")
    left, right = read_sides(*sides, pair(*sides))
    assert [one.reading for one in left] == list(read_each(old))
    assert [one.reading for one in right] == list(read_each(new))


def test_what_differs_in_a_byte_is_read_anew() -> None:
    data = KINDS["apple-profile"].sample
    old, new = (
        open_document("before/a.txt", data),
        open_document("after/a.txt", data.replace(b"string>com.", b"string>org.")),
    )
    sides = Side("before", (old,), "before"), Side("after", (new,), "after")
    left, right = read_sides(*sides, pair(*sides))
    assert left[0].reading.effects != right[0].reading.effects
    assert [one.reading for one in right] == list(read_each(new))
