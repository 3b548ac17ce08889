"""Check a document against Google's own API description: every key known, current and writable, every value allowed."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES: dict[str, Any] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
_READ_ONLY = re.compile(r"output[ -]only|this is a read-only field", re.IGNORECASE)


class MissingError(AssertionError):
    """Say that the description is not installed; the check must fail then, never pass."""


@functools.cache
def discovery() -> dict[str, Any]:
    """Return the description of androidmanagement v1 that google-api-python-client ships."""
    found = importlib.util.find_spec("googleapiclient")
    if found is None or found.origin is None:
        raise MissingError("google-api-python-client is not installed: run tests/vendor/fetch.py")
    path = Path(found.origin).parent / "discovery_cache" / "documents" / "androidmanagement.v1.json"
    description: dict[str, Any] = json.loads(path.read_bytes())
    return description


def check(message: str, value: Any) -> list[str]:
    """Return what Google's description of a message does not allow in a value, as `pointer: problem`."""
    return [f"{pointer or '/'}: {problem}" for pointer, problem in _check({"$ref": message}, value, "")]


def check_patch(envelope: Any) -> list[str]:
    """Check the envelope of a PATCH: its method, path and mask against the API's method, and its body."""
    method = discovery()["resources"]["enterprises"]["resources"]["policies"]["methods"]["patch"]
    problems = []
    if envelope["method"] != method["httpMethod"]:
        problems.append(f"/method: the API has {method['httpMethod']}")
    if envelope["path"].replace("{policy}", "{+name}", 1) != method["path"]:
        problems.append(f"/path: the API has {method['path']}")
    known = {name for name, parameter in method["parameters"].items() if parameter["location"] == "query"}
    problems += [f"/query/{name}: not a parameter of the method" for name in envelope["query"].keys() - known]
    message = method["request"]["$ref"]
    problems += [f"/query/updateMask: {problem}" for problem in _mask(message, envelope["query"]["updateMask"])]
    named = {path.split(".")[0] for path in envelope["query"]["updateMask"].split(",")}
    problems += [f"/body/{key}: outside of the mask" for key in envelope["body"].keys() - named]
    return problems + [f"/body{problem}" for problem in check(message, envelope["body"])]


def _mask(message: str, mask: str) -> Iterator[str]:
    """Follow each path of a field mask through the messages."""
    for path in mask.split(","):
        schema: dict[str, Any] = {"$ref": message}
        for name in path.split("."):
            properties = _resolved(schema).get("properties", {})
            if name not in properties:
                yield f"{path}: {name} is not a field of {_resolved(schema).get('id', 'a scalar')}"
                break
            schema = properties[name]


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    resolved: dict[str, Any] = discovery()["schemas"][schema["$ref"]]
    return resolved


def _check(schema: dict[str, Any], value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    schema = _resolved(schema)
    type_ = schema.get("type", "any")
    if type_ == "any":
        return
    if not isinstance(value, _TYPES[type_]) or (isinstance(value, bool) and type_ != "boolean"):
        yield pointer, f"must be {type_}"
    elif type_ == "object":
        yield from _object(schema, value, pointer)
    elif type_ == "array":
        for index, item in enumerate(value):
            yield from _check(schema["items"], item, f"{pointer}/{index}")
    elif "enum" in schema:
        yield from _enum(schema, value, pointer)
    elif schema.get("format") == "int64" and not re.fullmatch(r"-?[0-9]+", str(value)):
        yield pointer, "must be a 64-bit integer as text"


def _object(schema: dict[str, Any], value: dict[str, Any], pointer: str) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties", {})
    for key, item in value.items():
        place = f"{pointer}/{key}"
        field = properties.get(key, schema.get("additionalProperties"))
        if field is None:
            yield place, f"{schema.get('id')} has no such field"
            continue
        if field.get("deprecated"):
            yield place, "the field is deprecated"
        if field.get("readOnly") or _READ_ONLY.search(field.get("description", "")):
            yield place, "the field is read-only"
        yield from _check(field, item, place)
        if field.get("format") == "google-fieldmask":
            for problem in _mask(properties["application"]["$ref"], item):
                yield place, problem


def _enum(schema: dict[str, Any], value: str, pointer: str) -> Iterator[tuple[str, str]]:
    if value not in schema["enum"]:
        yield pointer, f"{value} is not one of {', '.join(schema['enum'])}"
        return
    index = schema["enum"].index(value)
    if schema.get("enumDeprecated", [False] * (index + 1))[index]:
        yield pointer, f"{value} is deprecated"
    if value.endswith("_UNSPECIFIED"):
        yield pointer, f"{value} says nothing"
