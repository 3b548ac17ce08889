"""Write a ban list and a deployment to start from, out of what a tenant or an export blocks already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mdm_policy.adopt import Left, propose, written_deployment, written_list
from mdm_policy.adopt.writing import DEPLOYMENT, LIST
from mdm_policy.errors import Finding, Origin, PolicyError, error, note, warning
from mdm_policy.kinds import UNKNOWN
from mdm_policy.model import Frozen
from mdm_policy.sources import inputs, signatures
from mdm_policy.verify import Places
from mdm_policy.workflows.assess import look
from mdm_policy.workflows.pieces import pieces_of
from mdm_policy.workflows.scaffold import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdm_policy.model import DestinationSpec
    from mdm_policy.verify import Piece
    from mdm_policy.workflows.push import Services

_PATHS = ("ca", "certificate", "path")
"""Settings of a destination that name a file relative to the deployment."""
_MOST_LEFT = 20


class AdoptRequest(Frozen, frozen=True):
    """Say where to look (as `assess` names places), and the folder to write into; a deployment names destinations."""

    folder: Path
    places: tuple[str, ...]
    as_of: str
    deployment: Path | None = None
    insecure: bool = False


class AdoptResult(Frozen, frozen=True):
    """Hold the names of the files, how much is proposed, and what is not or could not be read."""

    files: tuple[str, ...]
    entries: int
    classes: int
    left: tuple[Left, ...]
    findings: tuple[Finding, ...]

    def exit_code(self) -> int:
        """Return 1 when something could not be read, so that more may be blocked than is proposed."""
        return int(any(one.severity == "error" for one in self.findings))


def adopt(request: AdoptRequest, services: Services) -> AdoptResult:
    """Read what is at some places, and write what of it can be proposed; existing files are never replaced.

    Raises:
        RequestError: no place.
        PolicyError: `nothing-to-adopt`; `file-exists`, `file-unwritable`; a place of which nothing can be asked.

    """
    read = inputs.gather(request.deployment, ())
    seen = look(request.places, read.deployment, request.deployment, services, insecure=request.insecure)
    policies = signatures.judged(seen.policies, request.as_of, ())
    pieces = pieces_of(policies)
    proposal = propose(pieces, read.catalogue, request.as_of)
    told = (*seen.findings, *policies.findings, *_not_read(pieces))
    if not proposal.entries:
        said = "nothing of what was read blocks an app by name"
        hint = "the reasons stand above" if proposal.left else "name exports or destinations that hold deny lists"
        raise PolicyError([*told, *_left(proposal.left), error("nothing-to-adopt", said, None, hint)])
    given = read.deployment.destinations if read.deployment is not None else ()
    specs = [spec for spec in seen.specs if spec in given]
    text = {
        DEPLOYMENT: written_deployment(proposal.devices, [(one, _settings(one, request)) for one in specs]),
        LIST: written_list(proposal, Places({one.name: one.document for one in pieces})),
    }
    write(request.folder, text)
    findings = (*told, *_left(proposal.left))
    return AdoptResult(tuple(text), len(proposal.entries), len(proposal.devices), proposal.left, findings)


def _left(left: Sequence[Left]) -> Iterator[Finding]:
    for one in left[:_MOST_LEFT]:
        place = Origin(one.place.document) if one.place is not None else None
        yield note("not-proposed", f"{one.what} is not proposed: {one.why}", place)
    if len(left) > _MOST_LEFT:
        yield note("not-proposed", f"{len(left) - _MOST_LEFT} more are not proposed; the list names them at its end")


def _not_read(pieces: Sequence[Piece]) -> Iterator[Finding]:
    """Yield what a snapshot says was not read, and the documents that no reader knows."""
    for one in pieces:
        for reading in one.readings:
            yield from (found for found in reading.findings if found.id == "not-read")
        if one.document.kind == UNKNOWN:
            said = "no reader knows what this is: what it blocks is not proposed"
            yield warning("unknown-document", said, Origin(one.name), "see docs/documents.md for what is read")


def _settings(spec: DestinationSpec, request: AdoptRequest) -> Mapping[str, Any]:
    """Return a destination's settings, its files named from the folder that is written."""
    base = request.deployment.parent if request.deployment is not None else Path()

    def moved(name: str) -> str:
        return Path(os.path.relpath(base / name, request.folder)).as_posix()

    found: dict[str, Any] = {}
    for key, value in spec.settings.items():
        if isinstance(value, dict) and isinstance(value.get("file"), str):
            found[key] = {**value, "file": moved(value["file"])}
        else:
            found[key] = moved(value) if key in _PATHS and isinstance(value, str) else value
    return found
