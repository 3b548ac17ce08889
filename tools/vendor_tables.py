"""Make the tables of vendors' keys, types and words in `mdm_policy/data/vendor/` from the vendors' published schemas.

Only names and types are taken, no sentence of a vendor's. Each table records where it came from, under which licence,
and the SHA-256 of what was read, so that anybody with the same files can make the same bytes again:

    python tools/vendor_tables.py apple --profiles DIR --declarations DIR -o mdm_policy/data/vendor
    python tools/vendor_tables.py amapi --discovery FILE -o mdm_policy/data/vendor
    python tools/vendor_tables.py graph --types FILE -o mdm_policy/data/vendor
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

APPLE_PROFILES = "github:apple/device-management@b6202ca mdm/profiles (iOS 18.1, macOS 15.1)"
APPLE_DECLARATIONS = (
    "github:apple/device-management@1548d42 declarative/declarations (2026 Seed 1, OS 27), "
    "as carried by github:zentralopensource/zentral@6345198e zentral/contrib/mdm/schema_data"
)
APPLE_LICENCE = "MIT, Copyright 2022-2026 Apple Inc."
AMAPI = "PyPI google-api-python-client 2.202.0 googleapiclient/discovery_cache/documents/androidmanagement.v1.json"
AMAPI_LICENCE = "Apache-2.0, Copyright Google LLC"
GRAPH = "npm @microsoft/microsoft-graph-types-beta 0.44.0-preview microsoft-graph.d.ts"
GRAPH_LICENCE = "MIT, Copyright Microsoft Corporation"

_SCALARS = {
    "<string>": "string",
    "<integer>": "integer",
    "<real>": "real",
    "<boolean>": "boolean",
    "<date>": "date",
    "<data>": "data",
    "<any>": "any",
    "<dictionary>": "dictionary",
    "<array>": "array",
}
_ANY_KEY = re.compile(r"^(ANY|.*\bany\b.*|.*\bANY\b.*|\(.*\)|<.*>|\{.*\})$")
_ROOTS = ("DeviceConfiguration", "DeviceCompliancePolicy", "MobileApp")
_WITH_PROPERTIES = (
    "AndroidDeviceOwnerGeneralDeviceConfiguration",
    "AndroidGeneralDeviceConfiguration",
    "AndroidWorkProfileGeneralDeviceConfiguration",
    "AospDeviceOwnerDeviceConfiguration",
    "DeviceCompliancePolicy",
    "DeviceConfiguration",
    "IosCompliancePolicy",
    "IosGeneralDeviceConfiguration",
    "MacOSCompliancePolicy",
    "MacOSGeneralDeviceConfiguration",
    "Windows10CompliancePolicy",
    "Windows10GeneralConfiguration",
    "AndroidCompliancePolicy",
    "AndroidDeviceOwnerCompliancePolicy",
    "AndroidWorkProfileCompliancePolicy",
    "IosCustomConfiguration",
    "MacOSCustomConfiguration",
    "Windows10CustomConfiguration",
    "AndroidCustomConfiguration",
    "AndroidWorkProfileCustomConfiguration",
    "Windows10EndpointProtectionConfiguration",
    "MacOSEndpointProtectionConfiguration",
    "MacOSExtensionsConfiguration",
)
"""The Graph types with a setting that may act on apps: of these each property is accounted for, of others the type."""


def main() -> None:
    """Make the tables that are asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parts = parser.add_subparsers(dest="vendor", required=True)
    apple = parts.add_parser("apple")
    apple.add_argument("--profiles", type=Path, required=True, help="mdm/profiles of apple/device-management")
    apple.add_argument("--declarations", type=Path, required=True, help="declarative/declarations of the same")
    amapi = parts.add_parser("amapi")
    amapi.add_argument("--discovery", type=Path, required=True, help="androidmanagement.v1.json")
    graph = parts.add_parser("graph")
    graph.add_argument("--types", type=Path, required=True, help="microsoft-graph.d.ts of the beta types")
    for one in (apple, amapi, graph):
        one.add_argument("-o", "--output", type=Path, required=True, help="the folder of the tables")
    asked = parser.parse_args()
    if asked.vendor == "apple":
        _write(asked.output / "apple-profiles.json", apple_profiles(asked.profiles))
        _write(asked.output / "apple-declarations.json", apple_declarations(asked.declarations))
    elif asked.vendor == "amapi":
        _write(asked.output / "amapi-policy.json", amapi_policy(asked.discovery))
    else:
        _write(asked.output / "graph-types.json", graph_types(asked.types))


def apple_profiles(folder: Path) -> dict[str, Any]:
    """Return each payload type with its keys; a type that several files describe has the keys of all of them."""
    found: dict[str, dict[str, Any]] = {}
    shared: dict[str, Any] = {}
    top: dict[str, Any] = {}
    files = sorted(folder.glob("*.yaml"))
    for path in files:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        keys = _keys(told.get("payloadkeys") or ())
        if path.stem == "CommonPayloadKeys":
            shared = keys
        elif path.stem == "TopLevel":
            top = keys
        else:
            kind = told["payload"]["payloadtype"]
            found[kind] = _merged(found[kind], keys) if kind in found else keys
    return {
        "source": [{"from": APPLE_PROFILES, "sha256": _digest(files), "licence": APPLE_LICENCE}],
        "profile": top,
        "every_payload": shared,
        "payloads": found,
    }


def apple_declarations(folder: Path) -> dict[str, Any]:
    """Return each declaration type with the keys of its payload."""
    found = {}
    files = sorted(folder.rglob("*.yaml"))
    base: dict[str, Any] = {}
    for path in files:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        keys = _keys(told.get("payloadkeys") or ())
        kind = (told.get("payload") or {}).get("declarationtype")
        if kind:
            found[kind] = keys
        elif path.stem == "declarationbase":
            base = keys
    return {
        "source": [{"from": APPLE_DECLARATIONS, "sha256": _digest(files), "licence": APPLE_LICENCE}],
        "declaration": base,
        "declarations": found,
    }


def _keys(listed: Iterable[dict[str, Any]], above: tuple[int, ...] = ()) -> dict[str, Any]:
    """Return keys by name, each with its type, whether it must be there, and the values it may have.

    `above` are the descriptions this one stands in: one that holds itself is not followed again.
    """
    made: dict[str, Any] = {}
    for one in listed:
        name = str(one["key"])
        name = "*" if _ANY_KEY.match(name) else name
        said = _key(one, above)
        made[name] = _merged({name: made[name]}, {name: said})[name] if name in made else said
    return made


def _key(one: dict[str, Any], above: tuple[int, ...]) -> dict[str, Any]:
    kind = _SCALARS.get(str(one.get("type")), "any")
    said: dict[str, Any] = {"type": kind}
    if one.get("presence") == "required":
        said["required"] = True
    if isinstance(one.get("rangelist"), list):
        said["values"] = one["rangelist"]
    if isinstance(one.get("range"), dict):
        said |= {name: one["range"][name] for name in ("min", "max") if isinstance(one["range"].get(name), int | float)}
    below = one.get("subkeys")
    if isinstance(below, list) and below and id(below) not in above:
        if kind == "array":
            said["items"] = _key(below[0], (*above, id(below)))
            said["items"].pop("required", None)  # says no more than that a list may not hold nothing
        elif kind == "dictionary":
            said["keys"] = _keys(below, (*above, id(below)))
    return said


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of two descriptions of one thing: what only one of them demands is not demanded."""
    made: dict[str, Any] = {}
    for name in {**one, **other}:
        left, right = one.get(name), other.get(name)
        if left is None or right is None:
            said = dict(left or right or {})
            said.pop("required", None)
        elif left["type"] != right["type"]:
            said = {"type": "any"}
        else:
            said = {**left, **right}
            if not (left.get("required") and right.get("required")):
                said.pop("required", None)
            if "keys" in left and "keys" in right:
                said["keys"] = _merged(left["keys"], right["keys"])
            for limit in ("values", "min", "max"):
                if left.get(limit) != right.get(limit):
                    said.pop(limit, None)
        made[name] = said
    return made


def amapi_policy(discovery: Path) -> dict[str, Any]:
    """Return every message that a Policy can hold, with its fields, their types and their words."""
    told = json.loads(discovery.read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = {}
    waiting = ["Policy", "ModifyPolicyApplicationsRequest", "RemovePolicyApplicationsRequest"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = {}
        for field, said in sorted(told["schemas"][name].get("properties", {}).items()):
            found[name][field] = _field(said, waiting)
    said = f"{AMAPI}, revision {told['revision']}"
    return {
        "source": [{"from": said, "sha256": _digest([discovery]), "licence": AMAPI_LICENCE}],
        "messages": dict(sorted(found.items())),
    }


def _field(said: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "$ref" in said:
        waiting.append(said["$ref"])
        made["message"] = said["$ref"]
    elif said["type"] == "array":
        made["items"] = _field(said["items"], waiting)
    elif said["type"] == "object":
        made["type"] = "object"
        if isinstance(said.get("additionalProperties"), dict) and said["additionalProperties"].get("type") != "any":
            made["values"] = _field(said["additionalProperties"], waiting)
    else:
        made["type"] = said["type"]
        if "format" in said:
            made["format"] = said["format"]
        if "enum" in said:
            made["words"] = said["enum"]
            dead = [word for word, gone in zip(said["enum"], said.get("enumDeprecated", ()), strict=False) if gone]
            if dead:
                made["deprecated_words"] = dead
            default = _default(said)
            if default:
                made["default"] = default
    for mark in ("deprecated", "readOnly"):
        if said.get(mark):
            made[mark] = True
    return made


def _default(said: dict[str, Any]) -> str:
    """Return the word that counts where a field is left out: what its unspecified word stands for, or the one so called."""
    told = dict(zip(said["enum"], said.get("enumDescriptions", ()), strict=False))
    for word, text in told.items():
        named = re.search(r"[Dd]efaults? to ([A-Z][A-Z0-9_]+)\b", text) if word.endswith("_UNSPECIFIED") else None
        if named and named[1] in told:
            return str(named[1])
    called = [word for word, text in told.items() if re.match(r"Default[. ]", text)]
    return called[0] if len(called) == 1 else ""


def graph_types(types: Path) -> dict[str, Any]:
    """Return the Graph types of configurations, compliance policies and apps, and the properties of those that matter."""
    found: dict[str, dict[str, Any]] = {}
    for name, (base, properties) in _interfaces(types.read_text(encoding="utf-8")).items():
        found[_lower(name)] = {"base": _lower(base) if base else ""}
        if name in _WITH_PROPERTIES:
            found[_lower(name)]["properties"] = dict(sorted(properties.items()))
    roots = {_lower(name) for name in _ROOTS}
    kept = {name: said for name, said in sorted(found.items()) if _root(name, found) in roots}
    return {
        "source": [{"from": GRAPH, "sha256": _digest([types]), "licence": GRAPH_LICENCE}],
        "types": kept,
    }


def _interfaces(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Return each interface of a TypeScript declaration with what it extends and its properties."""
    made = {}
    for name, base, body in re.findall(
        r"^export interface (\w+)(?: extends (\w+))? \{(?:\}|\n(.*?)^\})", text, re.MULTILINE | re.DOTALL
    ):
        properties = {}
        for key, kind in re.findall(r"^    (\w+)\??: (.+);$", body, re.MULTILINE):
            plain = re.sub(r"NullableOption<(.+)>", r"\1", kind).removeprefix("microsoftgraph.")
            properties[key] = plain if plain in ("boolean", "number", "string", "string[]") else _lower(plain)
        made[name] = (base, properties)
    return made


def _root(name: str, found: dict[str, dict[str, Any]]) -> str:
    seen = {""}
    while name in found and found[name]["base"] not in seen and found[name]["base"] != "entity":
        seen.add(name)
        name = found[name]["base"]
    return name


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _digest(paths: Iterable[Path]) -> str:
    """Return the SHA-256 of some files, one after the other."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _write(path: Path, table: dict[str, Any]) -> None:
    """Write a table with one line for each thing it names, so that a new edition shows as a diff of lines."""
    lines = []
    for name, value in table.items():
        if isinstance(value, dict):
            rows = [f"  {json.dumps(key)}: {json.dumps(said, sort_keys=True)}" for key, said in sorted(value.items())]
            lines.append(f"{json.dumps(name)}: {{\n" + ",\n".join(rows) + "\n}")
        else:
            lines.append(f"{json.dumps(name)}: {json.dumps(value, sort_keys=True)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
