"""Mark the findings that an organization has accepted: they are printed with who accepted them, and count no more.

Only a warning can be accepted. An error is a defect, a gap is accepted under `accepted_gaps`, and a note counts nowhere.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.errors import Finding, warning

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from mdm_policy.model import AcceptedFinding

    TargetOf = Callable[[str], str]
    """Return the target that a document, by its name, was made by; empty where nobody knows."""


def accept(
    found: Iterable[Finding],
    wanted: Collection[AcceptedFinding],
    as_of: str,
    target_of: TargetOf,
    *,
    judged: Collection[str],
    documents: bool = False,
) -> tuple[Finding, ...]:
    """Return the findings, those accepted as notes, and warnings of acceptances that have ended or match nothing.

    `judged` are the targets whose documents there are: of another nobody can say that its finding is gone. `documents` tells
    whether documents are judged that were not built here.
    """
    made: list[Finding] = []
    used: set[int] = set()
    for finding in found:
        match = next((one for one in wanted if _matches(one, finding, target_of)), None)
        if match is None:
            made.append(finding)
            continue
        used.update(id(one) for one in wanted if _matches(one, finding, target_of))
        live = next((one for one in wanted if as_of <= one.until and _matches(one, finding, target_of)), None)
        made.append(_accepted(finding, live) if live is not None else finding)
    made += [
        warning(
            "accepted-finding-expired",
            f"the acceptance of {one.id!r} of {one.of!r} ended on {one.until}: the finding counts again",
            one.origin,
            "mend what the finding says, or have it approved anew",
        )
        for one in wanted
        if id(one) in used and as_of > one.until
    ]
    made += [
        warning(
            "accepted-finding-unused",
            f"nothing of {one.of!r} has the finding {one.id!r}, as a warning, that is accepted for it",
            one.origin,
            "remove the acceptance, or correct its id, target or document",
        )
        for one in wanted
        if id(one) not in used and (one.target in judged if one.target else documents)
    ]
    return tuple(made)


def of_build(path: str) -> str:
    """Return the target of a document by its path in a build: the folder that it stands in."""
    return path.partition("/")[0]


def _matches(one: AcceptedFinding, finding: Finding, target_of: TargetOf) -> bool:
    if finding.id != one.id or finding.severity != "warning" or finding.origin is None:
        return False
    name = finding.origin.file
    return target_of(name) == one.target if one.target else fnmatchcase(name, one.document)


def _accepted(finding: Finding, by: AcceptedFinding) -> Finding:
    said = f"{finding.message} (accepted until {by.until} by {by.approved_by}: {by.reason})"
    return msgspec.structs.replace(finding, severity="note", message=said, hint="")
