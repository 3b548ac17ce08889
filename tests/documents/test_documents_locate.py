from __future__ import annotations

from typing import Any

import pytest
from documents_strategies import JSON_TEXT, JSON_VALUES, PLIST_VALUES
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from mdm_policy.documents import dump, elements, locate, locate_all, pointer, split

JSON = b"""{
  "a": [1, {"b/c": "x"}],
  "d~": {"": null, "\\u0065": "\xc3\xa4"}, "f": 2
}"""
PLIST = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
  <key>a</key> <array><string>x</string>
    <dict><key>b&amp;<!-- c -->/c</key><true/></dict></array>
  <key>\xc3\xa4</key><string>\xc3\xa4</string> <key>e</key><integer>1</integer>
</dict></plist>
"""
XML = b"""<?xml version="1.0"?> <r>
  <g><n>x</n></g>
  <p i="1"/><p/> <p><q/></p>
</r>"""


@pytest.mark.parametrize(
    ("data", "where", "place"),
    [
        pytest.param(JSON, "", (1, 1), id="json whole"),
        pytest.param(JSON, "/a", (2, 8), id="json array"),
        pytest.param(JSON, "/a/0", (2, 9), id="json number"),
        pytest.param(JSON, "/a/1/b~1c", (2, 20), id="json slash"),
        pytest.param(JSON, "/d~0/", (3, 14), id="json empty key"),
        pytest.param(JSON, "/d~0/e", (3, 30), id="json escaped key"),
        pytest.param(JSON, "/f", (3, 41), id="json after umlaut"),
        pytest.param(JSON, "/a/7", (0, 0), id="json nowhere"),
        pytest.param(b"\xef\xbb\xbf[1]", "/0", (1, 2), id="json with a mark"),
        pytest.param("[1]".encode("utf-16"), "/0", (1, 2), id="json utf-16"),
        pytest.param(b"[1] ]", "/1", (0, 0), id="json closing too often"),
        pytest.param(b", 1", "/1", (0, 0), id="json comma first"),
        pytest.param(b"\xff{", "/1", (0, 0), id="json broken"),
        pytest.param(PLIST, "", (3, 22), id="plist whole"),
        pytest.param(PLIST, "/a", (4, 16), id="plist array"),
        pytest.param(PLIST, "/a/0", (4, 23), id="plist string"),
        pytest.param(PLIST, "/a~key", (4, 3), id="plist key"),
        pytest.param(PLIST, "/a/1", (5, 5), id="plist dict"),
        pytest.param(PLIST, "/a/1/b&~1c", (5, 40), id="plist slash"),
        pytest.param(PLIST, "/\u00e4", (6, 15), id="plist umlaut"),
        pytest.param(PLIST, "/e", (6, 46), id="plist after umlaut"),
        pytest.param(PLIST, "/x", (0, 0), id="plist nowhere"),
        pytest.param(b"<plist><array><true/></plist>", "/0", (1, 15), id="plist broken after it"),
        pytest.param(b"<!DOCTYPE a [<!ENTITY b 'c'>]><plist><true/></plist>", "", (0, 0), id="plist with a dtd"),
        pytest.param(XML, "/r", (1, 23), id="xml root"),
        pytest.param(XML, "/r/g/n", (2, 6), id="xml leaf"),
        pytest.param(XML, "/r/0/g/0/n/0", (2, 6), id="xml indexes written out"),
        pytest.param(XML, "/r/p/0", (3, 3), id="xml first of several"),
        pytest.param(XML, "/r/p", (3, 3), id="xml first is meant"),
        pytest.param(XML, "/r/p/0/@i", (3, 3), id="xml attribute"),
        pytest.param(XML, "/r/p/2/q", (3, 21), id="xml below the third"),
        pytest.param(XML, "/r/p/3", (0, 0), id="xml nowhere"),
        pytest.param(XML, "", (1, 23), id="xml whole"),
    ],
)
def test_locates(data: bytes, where: str, place: tuple[int, int]) -> None:
    format_: Any = "json" if data not in (PLIST, XML) and b"plist" not in data else "xml" if data == XML else "plist"
    assert locate(data, format_, where) == place


def test_locates_many_at_once() -> None:
    assert locate_all(JSON, "json", ["/a", "/f", "/no"]) == {"/a": (2, 8), "/f": (3, 41)}


@given(st.lists(JSON_TEXT))
def test_pointers_come_apart_as_they_were(parts: list[str]) -> None:
    assert split(pointer(*parts)) == tuple(parts)


def walk(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [path, *(deep for key, item in value.items() for deep in walk(item, path + pointer(key)))]
    if isinstance(value, list):
        return [path, *(deep for index, item in enumerate(value) for deep in walk(item, path + pointer(index)))]
    return [path]


@given(JSON_VALUES)
@settings(max_examples=100, deadline=None)
def test_locates_everything_in_json(value: Any) -> None:
    paths = walk(value)
    places = locate_all(dump(value, "json"), "json", paths)
    assert set(places) == set(paths)
    assert len(set(places.values())) == len(set(paths))


@given(PLIST_VALUES)
@settings(max_examples=100, deadline=None)
def test_locates_everything_in_plists(value: Any) -> None:
    paths = walk(value)
    places = locate_all(dump(value, "plist"), "plist", paths)
    assert set(places) == set(paths)
    assert len(set(places.values())) == len(set(paths))


def test_names_every_element_as_locate_finds_it() -> None:
    root = etree.fromstring(XML)
    found: dict[str, Any] = dict(elements(root))
    assert list(found) == ["/r", "/r/g", "/r/g/n", "/r/p/0", "/r/p/1", "/r/p/2", "/r/p/2/q"]
    lines = {path: element.sourceline for path, element in found.items()}
    assert {path: locate(XML, "xml", path)[0] for path in found} == lines


@given(st.binary(max_size=60), st.sampled_from(["plist", "json", "xml"]), st.text(max_size=8))
@settings(max_examples=200, deadline=None)
def test_never_raises(data: bytes, format_: Any, where: str) -> None:
    line, column = locate(data, format_, where)
    assert line >= 0
    assert column >= 0


@pytest.mark.parametrize(
    ("text", "pointer", "place"),
    [
        pytest.param(b'{"a" 1, "b": [5, 6]}', "/a", (1, 6), id="no colon"),
        pytest.param(b'{"b": [5, 6] "c": 1}', "/b/1", (1, 11), id="no comma after a list"),
        pytest.param(b"[5 6, 7]", "/1", (1, 7), id="no comma in a list"),
        pytest.param(b'{"b": [5, 6', "/b/1", (1, 11), id="cut off"),
        pytest.param(b"", "/b", (0, 0), id="nothing"),
        pytest.param(b'{"a": 1, "b": {"c": ', "/b/c", (0, 0), id="cut off before the value"),
        pytest.param(
            b'{"a": [[1], {"x": 2}, 3], "b": [4]}', "/b/0", (1, 33), id="whole: what lies before is passed over"
        ),
        pytest.param(b'{"a": {}, "a~/b": [ ]}', "/a~0~1b", (1, 19), id="whole: an escaped key"),
        pytest.param(b'{"a": [1], "b": 2}', "/a/01", (0, 0), id="whole: no such index"),
        pytest.param(b'{"a": 7, "b": 2}', "/a/0", (0, 0), id="whole: a pointer into a number"),
    ],
)
def test_a_place_in_json_is_found_as_far_as_the_text_makes_sense(
    text: bytes, pointer: str, place: tuple[int, int]
) -> None:
    assert locate(text, "json", pointer) == place
