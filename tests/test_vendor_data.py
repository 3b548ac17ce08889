"""Hold the tables of vendors' names to their form: where they come from, and what they may say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from mdm_policy import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = {path.stem: json.loads(path.read_bytes()) for path in sorted(resources.data("vendor").glob("*.json"))}
APPLE_TYPES = {"string", "integer", "real", "boolean", "date", "data", "dictionary", "array", "any"}
APPLE_WORDS = {"type", "required", "values", "min", "max", "keys", "items"}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_names_its_source_its_licence_and_what_was_read(name: str) -> None:
    assert TABLES[name]["source"]
    for one in TABLES[name]["source"]:
        assert set(one) == {"from", "licence", "sha256"}
        assert re.fullmatch("[0-9a-f]{64}", one["sha256"])


def apple_keys(keys: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for said in keys.values():
        yield said
        yield from apple_keys(said.get("keys", {}))
        if "items" in said:
            yield from apple_keys({"": said["items"]})


def test_apples_tables_hold_names_and_types_alone() -> None:
    profiles, declarations = TABLES["apple-profiles"], TABLES["apple-declarations"]
    every = [profiles["profile"], profiles["every_payload"], declarations["declaration"]]
    every += [*profiles["payloads"].values(), *declarations["declarations"].values()]
    found = [said for keys in every for said in apple_keys(keys)]
    assert len(found) > 2000
    assert {said["type"] for said in found} <= APPLE_TYPES
    assert {word for said in found for word in said} <= APPLE_WORDS


def test_every_message_of_a_policy_is_described() -> None:
    messages = TABLES["amapi-policy"]["messages"]
    named = set(re.findall(r'"message": "(\w+)"', json.dumps(messages)))
    assert named <= set(messages)
    assert "BLOCKED" in messages["ApplicationPolicy"]["installType"]["words"]


def test_every_graph_type_leads_to_one_of_three_roots() -> None:
    types = TABLES["graph-types"]["types"]
    for name in types:
        root = name
        while types[root]["base"] in types:
            root = types[root]["base"]
        assert root in ("deviceConfiguration", "deviceCompliancePolicy", "mobileApp")
