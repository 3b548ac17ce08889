"""Make the tables of vendors' names again from what the registries' packages carry, and hold them against ours."""

from __future__ import annotations

import json
import sys
from importlib import resources as packages
from pathlib import Path

import pytest

from mdm_policy import resources
from mdm_policy.kinds.android.words import DEPRECATED

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import vendor_tables

DISCOVERY = "discovery_cache/documents/androidmanagement.v1.json"
TYPINGS = Path(sys.prefix) / "vendor" / "graph" / "microsoft-graph.d.ts"


def made(name: str, folder: Path) -> bytes:
    arguments = {
        "amapi-policy.json": ["amapi", "--discovery", str(packages.files("googleapiclient").joinpath(DISCOVERY))],
        "graph-types.json": ["graph", "--types", str(TYPINGS)],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["vendor_tables.py", *arguments[name], "-o", str(folder)])
        vendor_tables.main()
    return (folder / name).read_bytes()


@pytest.mark.parametrize("name", ["amapi-policy.json", "graph-types.json"])
def test_a_table_is_what_the_vendors_schema_yields(name: str, tmp_path: Path) -> None:
    assert made(name, tmp_path) == (resources.data("vendor") / name).read_bytes()


def test_what_a_deprecated_field_still_does_is_what_google_says_of_it() -> None:
    document = json.loads(packages.files("googleapiclient").joinpath(DISCOVERY).read_text(encoding="utf-8"))
    for (name, key), does in DEPRECATED.items():
        field = document["schemas"][name]["properties"][key]
        assert field["deprecated"], (name, key)
        idle = field["description"].startswith(("This field has no effect", "This setting is not supported"))
        assert idle is (does == "has no effect"), (name, key)
