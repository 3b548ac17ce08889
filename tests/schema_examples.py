"""Load one valid document per packaged schema, and spoil it."""

from __future__ import annotations

import copy
import json
import plistlib
from pathlib import Path
from typing import Any, Final, Literal

from lxml import etree

from mdm_policy.documents import Document

FOLDER = Path(__file__).parent / "validate" / "examples"
PATHS = {path.stem: path for path in sorted(FOLDER.iterdir())}
VALUE_SCHEMAS = [name for name, path in PATHS.items() if path.suffix != ".xml"]
XML_SCHEMAS = [name for name, path in PATHS.items() if path.suffix == ".xml"]
_FORMATS: dict[str, Literal["plist", "json", "xml"]] = {".mobileconfig": "plist", ".json": "json", ".xml": "xml"}


class Gone:
    """Stand for the removal of a key."""


GONE: Final = Gone()


def from_bytes(name: str, data: bytes) -> Document:
    """Make a document of an example's bytes."""
    format_ = _FORMATS[PATHS[name].suffix]
    if format_ == "xml":
        value: Any = etree.fromstring(data)
    else:
        value = plistlib.loads(data) if format_ == "plist" else json.loads(data)
    return Document(name=PATHS[name].name, kind="unknown", format=format_, value=value, data=data)


def example(name: str) -> Document:
    """Return the valid document of a schema."""
    return from_bytes(name, PATHS[name].read_bytes())


def with_value(name: str, value: Any) -> Document:
    """Return a plist or JSON document that holds `value`."""
    if PATHS[name].suffix == ".mobileconfig":
        return from_bytes(name, plistlib.dumps(value))
    return from_bytes(name, json.dumps(value, indent=2).encode())


def spoiled(name: str, pointer: str, value: Any) -> Document:
    """Return a schema's example with one place set, added or taken away."""
    root = copy.deepcopy(example(name).value)
    place = root
    *steps, last = pointer.split("/")[1:]
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is GONE:
        del place[last]
    elif isinstance(place, list):
        place[int(last) : int(last) + 1] = [value]
    else:
        place[last] = value
    return with_value(name, root)
