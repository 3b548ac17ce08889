"""Results for programs: their shapes only ever grow, and docs/formats.md has every key."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from cli_kit import AS_OF, ROOT, a_deployment, a_list, run, write

from mdm_policy.errors import Origin, error, note
from mdm_policy.report import machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMATS = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
FREE = {"unclaimed", "platforms", "platform_sources", "options", "read_back", "classes", "counts"}
"""Keys whose own keys are names: of platforms, of options, of classes, or rows that the page lists once."""


def test_a_finding_without_a_place() -> None:
    assert machine.finding(error("some-id", "some message")) == {
        "id": "some-id",
        "severity": "error",
        "message": "some message",
        "hint": "",
        "file": "",
        "line": 0,
        "column": 0,
    }


def test_a_finding_with_a_place() -> None:
    made = machine.finding(note("x", "y", Origin("a.yaml", 3, 4), "z"))
    assert (made["file"], made["line"], made["column"], made["hint"]) == ("a.yaml", 3, 4, "z")


def test_json_is_sorted_indented_and_ends_with_one_newline() -> None:
    assert machine.dump({"b": [1], "a": "é"}) == '{\n  "a": "é",\n  "b": [\n    1\n  ]\n}\n'


def keys(value: Any) -> Iterator[str]:
    """Yield every key at any depth, but not those that are names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from (keys(list(inner.values())) if key in FREE and isinstance(inner, dict) else keys(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def printed(folder: Path) -> dict[str, Any]:
    waiver = "exceptions:\n  - {app: wechat, category: other, approved_by: CISO, document: M, groups: [lab], until: 2027-01-01}\n"
    ours = write(folder, "ours.yaml", a_list(more=waiver, bans="- app: wechat\n  - app: wps-office"))
    devices = "devices:\n  - {name: Macs, platform: macos}\n  - {name: own, platform: ios, enrollment: user}\n"
    deployment = write(folder, "d.yaml", a_deployment("ours.yaml", more=devices))
    as_json = ("--format", "json")
    return {
        "check": run("check", write(folder, "x.yaml", ""), *as_json).json,
        "explain": run("explain", "wechat", "--list", ours, *AS_OF, *as_json).json,
        "lists": run("lists", *as_json).json,
        "lookup": run("lookup", "kaspersky", *as_json).json + run("lookup", "wps", *as_json).json,
        "targets": run("targets", *as_json).json,
        "manifest.json": run("build", "--deployment", deployment, *AS_OF, *as_json, "-o", folder / "out").json,
    }


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return printed(tmp_path_factory.mktemp("shapes"))


SECTIONS = ["check", "explain", "lists", "lookup", "targets", "manifest.json"]


def section(name: str) -> str:
    found = re.search(rf"^## `?[^\n]*{re.escape(name)}[^\n]*\n(.*?)(?=^## |\Z)", FORMATS, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    return found[1]


@pytest.mark.parametrize("name", SECTIONS)
def test_the_page_on_formats_has_every_key(name: str, shapes: dict[str, Any]) -> None:
    told = section(name)
    missing = sorted({key for key in keys(shapes[name]) if f"`{key}`" not in told})
    assert missing == []


@pytest.mark.parametrize("name", SECTIONS)
def test_the_page_on_formats_has_no_key_that_is_not_there(name: str, shapes: dict[str, Any]) -> None:
    """The first cell of each row of a table is a key."""
    rows = re.findall(r"^\| `([a-z_]+)`", section(name), re.MULTILINE)
    assert rows
    assert [key for key in rows if key not in set(keys(shapes[name]))] == []


def test_everything_printed_is_utf_8_json(shapes: dict[str, Any]) -> None:
    for value in shapes.values():
        assert json.loads(json.dumps(value)) == value
