"""Write results as JSON for programs; the shapes are described in docs/formats.md and only ever grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.catalogue import folded_key
from mdm_policy.report.reference import exceptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.catalogue import Catalogue, LookupHit
    from mdm_policy.errors import Finding
    from mdm_policy.model import BannedApp, Identifier, ListStatus, Resolution
    from mdm_policy.report.reference import Way
    from mdm_policy.sources.store_pages import Answers
    from mdm_policy.targets import Target


def dump(value: Any) -> str:
    """Write plain data as JSON: two-space indent, keys sorted, one newline at the end."""
    try:
        data = msgspec.json.encode(value, order="sorted")
    except UnicodeEncodeError:
        data = msgspec.json.encode(_sayable(msgspec.to_builtins(value)), order="sorted")
    return msgspec.json.format(data, indent=2).decode() + "\n"


def _sayable(value: Any) -> Any:
    r"""Return plain data without what UTF-8 has no bytes for: a byte of a file's name that is no text becomes `\udcff`."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_sayable(key): _sayable(one) for key, one in value.items()}
    return [_sayable(one) for one in value] if isinstance(value, list | tuple) else value


def findings(found: Sequence[Finding]) -> str:
    """Write findings with their places."""
    return dump({"findings": [finding(f) for f in found]})


def finding(found: Finding) -> dict[str, Any]:
    """Return one finding as plain data; line and column are 0 when unknown."""
    origin = found.origin
    return {
        "id": found.id,
        "severity": found.severity,
        "message": found.message,
        "hint": found.hint,
        "file": origin.file if origin else "",
        "line": origin.line if origin else 0,
        "column": origin.column if origin else 0,
    }


def status(found: ListStatus) -> dict[str, Any]:
    """Return a list's status as plain data."""
    return {
        "id": found.list,
        "title": found.title,
        "citation": found.citation,
        "state": found.state,
        "because": found.sentence,
    }


def hits(found: Sequence[LookupHit], catalogue: Catalogue, answers: Answers) -> str:
    """Write the hits of a search, with everything the catalogue knows of each, and what stores answered."""
    return dump([_hit(hit, catalogue, answers) for hit in found])


def unknown(query: str, identifiers: Iterable[Identifier], answers: Answers) -> str:
    """Write what stores answered about a text that the catalogue does not know, as the one hit of a search."""
    asked = [
        {"family": one.family, "kind": one.kind, "value": one.value, "online": answers[folded_key(*one.key)]}
        for one in identifiers
    ]
    return dump([{"matched": "online", "text": query, "exact": True, "identifiers": asked}])


def _hit(hit: LookupHit, catalogue: Catalogue, answers: Answers) -> dict[str, Any]:
    owner = hit.app if hit.app is not None else hit.vendor
    made: dict[str, Any] = msgspec.to_builtins(owner)
    if hit.app is not None:
        said = made["platforms"]
        made["platforms"] = {family: one["state"] for family, one in said.items()}
        made["platform_sources"] = {family: one["source"] for family, one in said.items()}
        if made["ipad_on_mac"]:
            del made["ipad_on_mac"]["until"]
        made["platform_until"] = {family: one["until"] for family, one in said.items() if one["until"]}
    for identifier in made["identifiers"]:
        del identifier["origin"]
        key = folded_key(identifier["family"], identifier["kind"], identifier["value"])
        if key in catalogue.evidence:
            identifier.update(msgspec.to_builtins(catalogue.evidence[key]))
        if key in answers:
            identifier["online"] = msgspec.to_builtins(answers[key])
    return {"matched": hit.what, "text": hit.text, "exact": hit.exact, "app" if hit.app is not None else "vendor": made}


def target(found: Target) -> dict[str, Any]:
    """Return a target's manifest as plain data."""
    made: dict[str, Any] = msgspec.to_builtins(found.manifest)
    return made


def explanation(app: BannedApp, ways: Sequence[Way], resolution: Resolution) -> dict[str, Any]:
    """Return why an app is banned and how each target blocks it."""
    states = {s.list: status(s) for s in resolution.statuses}
    return {
        "key": app.key,
        "name": app.name,
        "banned_by": [
            {**states[r.list], "through": r.through, "file": r.origin.file, "line": r.origin.line} for r in app.reasons
        ],
        "exceptions": [
            {
                "groups": groups,
                "until": waiver.until,
                "category": waiver.category,
                "document": waiver.document,
                "approved_by": waiver.approved_by,
            }
            for groups, waiver in exceptions(app, resolution)
        ],
        "platforms": app.platforms,
        "targets": [
            {
                "target": way.target,
                "family": way.claim.family,
                "kind": way.claim.kind,
                "joined_with": list(way.claim.joined_with),
                "verdict": way.claim.verdict,
                "strength": way.claim.strength,
                "values": list(way.values),
            }
            for way in ways
        ],
    }
