"""Prove what policies block: what `verify` asks for, and what it gets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import loading
from mdm_policy.documents import MAX_SIZE
from mdm_policy.errors import PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.report.stamp import documents
from mdm_policy.resolve import resolve
from mdm_policy.resolve.exceptions import ABOUT_LEAVE
from mdm_policy.sources import inputs, signatures
from mdm_policy.sources.files import read_policies
from mdm_policy.verify import Places, Rules, verify
from mdm_policy.workflows import stamping
from mdm_policy.workflows.accepting import accept
from mdm_policy.workflows.pieces import pieces_of
from mdm_policy.workflows.requests import RequestError
from mdm_policy.workflows.trust import not_trusted, trust_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.errors import Finding
    from mdm_policy.model import Deployment, DeviceClass, Resolution
    from mdm_policy.report.stamp import Stamp
    from mdm_policy.sources.files import Policies
    from mdm_policy.verify import Verification
    from mdm_policy.verify.pieces import Piece
    from mdm_policy.vocabulary import Strength


class ProveRequest(Frozen, frozen=True):
    """Ask for a proof: which policies, on which day, and against what.

    `lists` are ids of shipped lists or paths; without any, the deployment's count. `devices` is a file of device classes,
    in place of a deployment's. `assigned` are (class, path): what acts on that class and on no other. `max_size` is the
    most bytes read of one file. `roots` are files with the certificates that signers' chains have to lead to.
    `templates` are folders with a user's own targets, whose word counts for their documents that no reader knows;
    with `trust_manifest` that of a build's manifest does.
    """

    paths: tuple[Path, ...]
    as_of: str
    lists: tuple[str, ...] = ()
    deployment: Path | None = None
    devices: Path | None = None
    assigned: tuple[tuple[str, str], ...] = ()
    min_strength: Strength = "partial"
    require_scope: bool = False
    require_duty: bool = False
    max_size: int = MAX_SIZE
    roots: tuple[Path, ...] = ()
    templates: tuple[Path, ...] = ()
    trust_manifest: bool = False


class ProveResult(Frozen, frozen=True):
    """Hold a proof or its failure: the verification, where its lines stand, and what could not be read."""

    verification: Verification
    places: Places
    unread: tuple[Finding, ...]
    stamp: Stamp

    def exit_code(self, *, strict: bool = False) -> int:
        """Return 1 when something could not be read, 11 for a gap (and, with `strict`, for a warning), else 0."""
        if self.unread:
            return 1
        warned = strict and any(finding.severity != "note" for finding in self.verification.findings)
        return 11 if warned or not self.verification.passes else 0


@loading.collector_paused()
def prove(request: ProveRequest, stdin: inputs.StandardInput = inputs.no_standard_input) -> ProveResult:
    """Read policies as people have them, and judge app by app and class by class whether they block what is banned.

    Raises:
        RequestError: no policy, or nothing that says what is banned, was named.
        PolicyError: lists, deployment or classes cannot be read; `unknown-class`; `nothing-to-check`.

    """
    _check(request)
    resolution, read_in = _resolved(request, stdin)
    _check_classes(request.assigned, resolution.devices)
    every = dict.fromkeys([*request.paths, *(Path(path) for _, path in request.assigned)])
    policies = read_policies(every, max_size=request.max_size, stdin=stdin)
    return prove_by(request, policies, resolution, read_in)


def prove_by(request: ProveRequest, policies: Policies, resolution: Resolution, read_in: inputs.Inputs) -> ProveResult:
    """Judge policies that have been read, wherever they come from, by the lists that were.

    Raises:
        PolicyError: `nothing-to-check`.

    """
    policies = signatures.judged(policies, request.as_of, signatures.read_roots(request.roots))
    if not policies.documents:
        nothing = error("nothing-to-check", "there is no document in what was given", None, "name files with policies")
        raise PolicyError(policies.findings if policies.unreadable else [*policies.findings, nothing])
    pieces = pieces_of(policies, request.assigned, trust_in(request.templates, manifests=request.trust_manifest))
    return prove_pieces(request, policies, pieces, resolution, read_in)


def prove_pieces(
    request: ProveRequest,
    policies: Policies,
    pieces: Sequence[Piece],
    resolution: Resolution,
    read_in: inputs.Inputs,
) -> ProveResult:
    """Judge documents whose use is known, by the lists that were read; `policies` are what was read of them, and what was not."""
    known, protected = read_in.catalogue, read_in.deployment.protected if read_in.deployment else ()
    places = Places({one.name: one.document for one in pieces})
    rules = Rules(request.as_of, request.min_strength, request.require_scope, request.require_duty)
    found = verify(resolution, pieces, known, rules, protected, places)
    told = [f for f in resolution.findings if f.id in ABOUT_LEAVE]
    read = [f for f in policies.findings if f.severity != "error"]
    remarks = (*told, *read, *not_trusted(policies, pieces), *found.findings)
    if read_in.deployment is not None:
        remarks = _accepted(remarks, read_in.deployment, pieces, request.as_of)
    found = msgspec.structs.replace(found, findings=remarks)
    unread = tuple(f for f in policies.findings if f.severity == "error")
    judged = (*stamping.files(read_in, request.devices, request.roots), *documents("policy", policies.documents))
    return ProveResult(found, places, unread, stamping.stamped(known.version, request.as_of, judged))


def _accepted(
    found: Sequence[Finding], deployment: Deployment, pieces: Sequence[Piece], day: str
) -> tuple[Finding, ...]:
    """Mark the findings that the deployment accepts, of a build's documents by their target, of others by their name."""
    made_by = {one.name: one.slot.split("|")[-2] for one in pieces if one.slot}
    wanted = deployment.accepted_findings
    return accept(found, wanted, day, lambda name: made_by.get(name, ""), judged=set(made_by.values()), documents=True)


def _check(request: ProveRequest) -> None:
    if not request.paths and not request.assigned:
        raise RequestError("name a PATH: a file or a folder with policies")
    if not request.lists and request.deployment is None:
        raise RequestError("name what is banned: --list LIST, or --deployment FILE")
    if request.deployment is not None and request.devices is not None:
        raise RequestError("--deployment has device classes already; give one of --deployment and --devices")


def _resolved(request: ProveRequest, stdin: inputs.StandardInput) -> tuple[Resolution, inputs.Inputs]:
    read = inputs.gather(request.deployment, request.lists, stdin=stdin)
    resolution = resolve(read.lists, read.deployment, read.catalogue, request.as_of, enforce=False)
    if request.devices is not None:
        resolution = msgspec.structs.replace(resolution, devices=read_devices(request.devices, stdin))
    return resolution, read


def read_devices(path: Path, stdin: inputs.StandardInput = inputs.no_standard_input) -> tuple[DeviceClass, ...]:
    """Read a file of device classes.

    Raises:
        PolicyError: what is wrong with it.

    """
    loaded = loading.load_devices(inputs.read_source(path, stdin))
    if loaded.value is None:
        raise PolicyError(loaded.findings)
    return loaded.value


def _check_classes(assigned: Sequence[tuple[str, str]], devices: Sequence[DeviceClass]) -> None:
    names = [cls.name for cls in devices]
    strange = [name for name, _ in assigned if name not in names]
    if strange:
        hint = f"declared classes: {', '.join(names) or 'none'}"
        raise PolicyError(
            [
                error("unknown-class", f"--for names {name!r}, which is not a declared class", None, hint)
                for name in strange
            ]
        )
