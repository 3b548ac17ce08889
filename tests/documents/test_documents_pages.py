"""Open lists of documents: pages of Graph, arrays of exports, the policies of an enterprise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mdm_policy import kinds
from mdm_policy.documents import place
from mdm_policy.kinds import open_document

_ONE = {
    "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
    "appsVisibilityListType": "appsNotInListCompliant",
    "appsVisibilityList": [{"appId": "a.b"}],
}
_STORED = {
    "name": "enterprises/LC1/policies/p",
    "applications": [{"packageName": "a.b", "installType": "BLOCKED"}],
    "playStoreMode": "BLACKLIST",
}


@pytest.mark.parametrize(
    ("value", "kind", "inner", "at"),
    [
        pytest.param([_ONE, "x", _ONE], "graph-page", ["/0", "/2"], "/2/appsVisibilityList/0/appId", id="an array"),
        pytest.param({"value": [_ONE]}, "graph-page", ["/value/0"], "/value/0/appsVisibilityList/0/appId", id="a page"),
        pytest.param(
            {"policies": [_STORED, {"name": "enterprises/LC1/policies/q"}]},
            "amapi-page",
            ["/policies/0", "/policies/1"],
            "/policies/0/applications/0",
            id="policies.list",
        ),
        pytest.param(["x"], "unknown", [], "", id="an array of texts"),
        pytest.param(
            {"policies": [{"name": "query", "query": "SELECT 1"}]}, "unknown", [], "", id="policies of another product"
        ),
        pytest.param({"policies": [1]}, "unknown", [], "", id="policies that are none"),
    ],
)
def test_each_object_of_a_list_is_a_document(value: Any, kind: str, inner: list[str], at: str) -> None:
    document = open_document("d.json", json.dumps(value, indent=1).encode())
    assert document.kind == kind
    assert [pointer for pointer, _ in document.inner] == inner
    readings = kinds.read_each(document)
    assert len(readings) == max(len(inner), 1)
    assert [e.pointer for r in readings for e in r.effects if e.pointer == at] == ([at] if at else [])
    assert place(document, at).line > (1 if at else 0)


def test_a_stored_policy_is_known_by_its_name_alone() -> None:
    document = open_document("d.json", b'{"name": "enterprises/LC1/policies/default", "version": "1"}')
    assert document.kind == "amapi-policy"
