"""Write findings as SARIF 2.1.0, which code hosts show at the lines of a pull request.

Source: docs.oasis-open.org/sarif/sarif/v2.1.0. Places inside an embedded document have no line in the file that holds
it, so they are given as a logical location: the file, and the pointer within it.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mdm_policy.report import stamp as stamps
from mdm_policy.report.machine import dump
from mdm_policy.report.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdm_policy.errors import Finding, Origin
    from mdm_policy.report.stamp import Stamp

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_INNER = "#/"
"""What stands between a file's name and the pointer of a document embedded in it."""


def sarif(
    findings: Iterable[Finding],
    version: str,
    properties: Mapping[str, str | int] | None = None,
    stamp: Stamp | None = None,
    helps: Mapping[str, str] | None = None,
) -> str:
    """Write findings as one run of the program; the same findings give the same text.

    Each result carries a fingerprint of what it says and of the file, not of the line, so that a host follows it when
    lines move. `properties` are said of the run as a whole (section 3.8, a property bag); the inputs of
    `stamp` are its artifacts with their hashes (section 3.24). `helps` says by id what a finding means and what to do: the
    help of its rule (section 3.49.12), which code hosts show beside a result.
    """
    found = list(findings)
    ids = sorted({finding.id for finding in found})
    places = {id_: place for place, id_ in enumerate(ids)}
    driver = {
        "name": "mdm-policy",
        "semanticVersion": version,
        "version": version,
        "rules": [_rule(id_, (helps or {}).get(id_, "")) for id_ in ids],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, places[finding.id]) for finding in found],
    }
    said = {**(properties or {}), **(stamps.properties(stamp) if stamp is not None else {})}
    if said:
        run["properties"] = said
    if stamp is not None:
        run["artifacts"] = [
            {
                "location": {"uri": uri(one.name)},
                "hashes": {"sha-256": one.sha256},
                "properties": {"role": one.role},
            }
            for one in stamp.inputs
        ]
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(id_: str, said: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": id_, "shortDescription": {"text": id_.replace("-", " ")}}
    if said:
        # Markdown joins lines that follow each other; an empty line keeps them apart.
        rule["help"] = {"text": said, "markdown": said.replace("\n", "\n\n")}
    return rule


def _result(finding: Finding, place: int) -> dict[str, Any]:
    hint = f" ({finding.hint})" if finding.hint else ""
    file = finding.origin.file if finding.origin else ""
    content = f"{finding.id}\0{file}\0{finding.message}"
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": place,
        "level": finding.severity,
        "message": {"text": plain(finding.message + hint)},
        "partialFingerprints": {"mdmPolicyFinding/v1": hashlib.sha256(content.encode(errors="replace")).hexdigest()},
    }
    if finding.origin is not None and file:
        result["locations"] = [_location(finding.origin)]
    return result


def _location(origin: Origin) -> dict[str, Any]:
    file, inner, pointer = origin.file.partition(_INNER)
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(file)}}
    if inner:
        return {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": f"/{pointer}"}]}
    if origin.line:
        region = {"startLine": origin.line}
        if origin.column:
            region["startColumn"] = origin.column
        physical["region"] = region
    return {"physicalLocation": physical}


def uri(file: str) -> str:
    """Return a file's name as a URI reference: relative as it is, absolute as `file:`."""
    windows = PureWindowsPath(file)
    if windows.drive:
        return windows.as_uri() if windows.is_absolute() else quote(_bytes(windows.as_posix()))
    path = PurePosixPath(file)
    return path.as_uri() if path.is_absolute() else quote(_bytes(file.replace("\\", "/")))


def _bytes(file: str) -> bytes:
    """Return the bytes of a file's name, of which some may be no text."""
    try:
        return file.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return file.encode("utf-8", "backslashreplace")
