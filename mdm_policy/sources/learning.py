"""Read what tools print of programs, and take the identifiers from it: for a person to review, never for a list unasked.

Which form a text has is told by its own words: `codesign -dv` (Identifier=, TeamIdentifier=), Get-AppxPackage (PackageFamilyName)
and Get-AppLockerFileInformation (Publisher with O=, BinaryName) as lists, osquery's rows as JSON, and winget manifests
(PackageIdentifier). What a form does not say (a platform, a team that is `not set`) is not guessed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.errors import Finding, Origin, error, warning
from mdm_policy.identifiers import is_valid, quoted
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdm_policy.vocabulary import Family, Kind

_FIELD = re.compile(r"^(\w[\w ]*?)\s*:\s(.*)$")
_LOCKER = re.compile(r"\{?(?P<subject>[A-Z]+=.*?)\\(?P<product>[^\\]*)\\(?P<binary>[^\\,]*)(?:,\s*[\d.]+)?\}?")


class Learned(Frozen, frozen=True):
    """Hold one program that a tool told of: its name, its identifiers by (family, kind), and which tool told them."""

    name: str
    identifiers: tuple[tuple[Family, Kind, str], ...]
    tool: str


class _DamagedOutputError(ValueError):
    """Say that a text only looks like a form."""


def learn(name: str, text: str) -> tuple[tuple[Learned, ...], tuple[Finding, ...]]:
    """Return the programs of one text, and what could not be taken from it."""
    place = Origin(name, 1)
    for tool, sign, read in _FORMS:
        if not re.search(sign, text, re.MULTILINE):
            continue
        try:
            found = list(read(text))
        except _DamagedOutputError as fault:
            return (), (error("learn-unreadable", f"it looks like {tool}, but {fault}", place, "save it again"),)
        kept, told = [], []
        for title, ids in found:
            good = tuple(dict.fromkeys(one for one in ids if is_valid(*one)))
            told += [
                warning("learn-left-out", f"{quoted(value)} is not a valid {kind} of {family}, and is left out", place)
                for family, kind, value in ids
                if (family, kind, value) not in good
            ]
            if good:
                kept.append(Learned(title or good[0][2], good, tool))
        if kept:
            return tuple(kept), tuple(dict.fromkeys(told))
        said = f"it is of {tool}, and names no program that a device could tell"
        return (), (*told, error("learn-nothing", said, place, "an unsigned program has nothing to learn"))
    hint = "save `codesign -dv`, Get-AppxPackage, Get-AppLockerFileInformation, osquery's JSON or a winget manifest"
    return (), (error("learn-unknown", "no known tool prints this", place, hint),)


_Read = tuple[str, list[tuple["Family", "Kind", str]]]


def _codesign(text: str) -> Iterator[_Read]:
    for block in re.split(r"(?m)^(?=Executable=)", text):
        fields = dict(line.partition("=")[::2] for line in block.splitlines() if "=" in line)
        ids: list[tuple[Family, Kind, str]] = []
        if "Identifier" in fields:
            ids.append(("macos", "bundle_id", fields["Identifier"]))
        if fields.get("TeamIdentifier", "not set") != "not set":
            ids.append(("macos", "team_id", fields["TeamIdentifier"]))
        found = re.search(r"/([^/]+)\.app/", fields.get("Executable", ""))
        if ids:
            yield found.group(1) if found else fields.get("Identifier", ""), ids


def _records(text: str) -> Iterator[dict[str, str]]:
    """Yield the objects of PowerShell's Format-List: a blank line between two; a long value goes on, indented."""
    for block in re.split(r"\r?\n[ \t]*\r?\n", text):
        fields: dict[str, str] = {}
        last = ""
        for line in block.splitlines():
            if found := _FIELD.match(line):
                last = found.group(1)
                fields[last] = found.group(2).strip()
            elif last and line.startswith(" "):
                fields[last] = f"{fields[last]} {line.strip()}"
        if fields:
            yield fields


def _appx(text: str) -> Iterator[_Read]:
    for fields in _records(text):
        if "PackageFamilyName" in fields:
            yield fields.get("Name", ""), [("windows", "package_family_name", fields["PackageFamilyName"])]


def _applocker(text: str) -> Iterator[_Read]:
    for fields in _records(text):
        found = _LOCKER.fullmatch(fields.get("Publisher", ""))
        if found is None:
            continue
        ids: list[tuple[Family, Kind, str]] = [("windows", "publisher", found["subject"])]
        ids += [("windows", "product_name", found["product"])] if found["product"].strip("* ") else []
        ids += [("windows", "original_file_name", found["binary"])] if found["binary"].strip("* ") else []
        yield found["product"], ids


def _osquery(text: str) -> Iterator[_Read]:
    try:
        rows: Any = json.loads(text)
    except ValueError:
        raise _DamagedOutputError("the JSON is damaged") from None
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict):
            raise _DamagedOutputError("a row is not an object")
        given = {key: value for key, value in row.items() if isinstance(value, str) and value}
        ids: list[tuple[Family, Kind, str]] = []
        if "bundle_identifier" in given:
            ids.append(("macos", "bundle_id", given["bundle_identifier"]))
        if "identifying_number" in given:
            ids.append(("windows", "product_code", given["identifying_number"]))
        if ids:
            yield given.get("name", "").removesuffix(".app"), ids


def _winget(text: str) -> Iterator[_Read]:
    fields = {
        found.group(1): found.group(2).strip().strip("'\"") for found in re.finditer(r"(?m)^[ -]*(\w+): (.*)$", text)
    }
    ids: list[tuple[Family, Kind, str]] = [("windows", "winget_id", fields["PackageIdentifier"])]
    kinds: dict[str, Kind] = {"PackageFamilyName": "package_family_name", "ProductCode": "product_code"}
    for key, kind in kinds.items():
        values = re.findall(rf"(?m)^[ -]*{key}: (.*)$", text)
        ids += [("windows", kind, value.strip().strip("'\"")) for value in values]
    yield fields.get("PackageName", ""), ids


_FORMS: tuple[tuple[str, str, Callable[[str], Iterator[_Read]]], ...] = (
    ("codesign -dv", r"^(?:Identifier|TeamIdentifier)=", _codesign),
    ("Get-AppxPackage", r"^PackageFamilyName\s+:", _appx),
    ("Get-AppLockerFileInformation", r"^Publisher\s+: .*\\", _applocker),
    ("osquery", r"\A\s*[\[{]", _osquery),
    ("a winget manifest", r"^PackageIdentifier: ", _winget),
)


def proposal(found: list[tuple[str, Learned]], day: str) -> str:
    """Write the programs as an overlay, each with the file it was learned from and the day: every text is quoted."""
    lines = [
        "# Proposed by `mdm-policy learn`: review each entry, then name this file under `overlays:` in a deployment."
    ]
    lines += ["catalogue_overlay: learned", "apps:"]
    keys: set[str] = set()
    for source, one in found:
        stem = re.sub(r"[^a-z0-9]+", "-", one.name.casefold())[:60].strip("-") or "app"
        key = next(name for name in _numbered(stem) if name not in keys)
        keys.add(key)
        lines += [f"  {_quoted(key)}:", f"    name: {_quoted(one.name)}"]
        for family in dict.fromkeys(family for family, _, _ in one.identifiers):
            kinds = dict.fromkeys(kind for place, kind, _ in one.identifiers if place == family)
            lines.append(f"    {family}:")
            for kind in kinds:
                values = [value for place, other, value in one.identifiers if (place, other) == (family, kind)]
                lines.append(f"      {kind}: [{', '.join(map(_quoted, values))}]")
        lines.append(f"    sources: [{_quoted(f'{one.tool}, {source}, {day}')}]")
    return "\n".join(lines)


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _quoted(text: str) -> str:
    """Write a text as YAML in double quotes; JSON's quoting is YAML's."""
    return msgspec.json.encode(text).decode()
