"""Judge what is really at a destination: read every object there, and prove what they block, as `verify` would.

Nothing is built, no mark of ours is asked for, and nothing is written but the snapshot, where one is asked for.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import msgspec

from mdm_policy.errors import Finding, Origin, PolicyError, error, warning
from mdm_policy.extras import install_hint
from mdm_policy.model import DestinationSpec, Frozen
from mdm_policy.push.protocol import Edge
from mdm_policy.push.proxies import of_environment
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs
from mdm_policy.sources.files import Policies, read_policies
from mdm_policy.sources.trees import MemoryTree
from mdm_policy.tenant.files import files
from mdm_policy.workflows.prove import ProveRequest, ProveResult, prove_by, read_devices
from mdm_policy.workflows.push import secret
from mdm_policy.workflows.requests import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mdm_policy.model import Deployment
    from mdm_policy.tenant.model import Snapshot
    from mdm_policy.vocabulary import Strength
    from mdm_policy.workflows.push import Services

READABLE = frozenset({"graph", "jamf", "amapi", "kmfddm"})
"""The kinds of destination whose objects can be read back."""
_LOOPBACK = re.compile(r"(?:localhost|127\.[0-9.]+|\[::1\])(?::[0-9]+)?\Z")
_SECRETS = {
    "graph": {"client_id": "MDM_POLICY_SECRET_CLIENT_ID", "client_secret": "MDM_POLICY_SECRET_CLIENT_SECRET"},
    "jamf": {"client_id": "MDM_POLICY_SECRET_CLIENT_ID", "client_secret": "MDM_POLICY_SECRET_CLIENT_SECRET"},
    "amapi": {"service_account": "MDM_POLICY_SECRET_SERVICE_ACCOUNT"},
    "kmfddm": {"api_key": "MDM_POLICY_SECRET_API_KEY"},
}
"""The environment variables with the credentials of a destination that is named by its address."""


class AssessRequest(Frozen, frozen=True):
    """Say what to assess: names of the deployment's destinations, addresses of destinations, or paths of policies.

    Without any, all destinations of the deployment. `save` is a new folder for the snapshots.
    """

    places: tuple[str, ...]
    as_of: str
    lists: tuple[str, ...] = ()
    deployment: Path | None = None
    devices: Path | None = None
    min_strength: Strength = "partial"
    require_scope: bool = False
    save: Path | None = None
    insecure: bool = False


class AssessResult(Frozen, frozen=True):
    """Hold the proof by all that was read, and the snapshots it rests on."""

    proof: ProveResult
    snapshots: tuple[Snapshot, ...]

    def exit_code(self) -> int:
        """Return what `verify` of the same documents returns."""
        return self.proof.exit_code()


def assess(request: AssessRequest, services: Services) -> AssessResult:
    """Read everything readable at some places, and judge it.

    Raises:
        RequestError: nothing says what is banned, or where to look.
        PolicyError: lists, deployment or classes cannot be read; a destination of which nothing can be asked.

    """
    if not request.lists and request.deployment is None:
        raise RequestError("name what is banned: --list LIST, or --deployment FILE")
    if request.deployment is not None and request.devices is not None:
        raise RequestError("--deployment has device classes already; give one of --deployment and --devices")
    read = inputs.gather(request.deployment, request.lists)
    resolution = resolve(read.lists, read.deployment, read.catalogue, request.as_of, enforce=False)
    if request.devices is not None:
        resolution = msgspec.structs.replace(resolution, devices=read_devices(request.devices))
    seen = look(request.places, read.deployment, request.deployment, services, insecure=request.insecure)
    if request.save is not None:
        save(request.save, seen.snapshots)
    asked = ProveRequest(
        seen.paths,
        request.as_of,
        devices=request.devices,
        min_strength=request.min_strength,
        require_scope=request.require_scope,
    )
    proof = prove_by(asked, seen.policies, resolution, read)
    found = msgspec.structs.replace(proof.verification, findings=(*seen.findings, *proof.verification.findings))
    return AssessResult(msgspec.structs.replace(proof, verification=found), seen.snapshots)


class AtPlaces(Frozen, frozen=True):
    """Hold what is there at some places: what was read, from which destinations and paths, and what cannot be asked."""

    policies: Policies
    specs: tuple[DestinationSpec, ...]
    paths: tuple[Path, ...]
    snapshots: tuple[Snapshot, ...]
    findings: tuple[Finding, ...]


def look(
    places: Sequence[str], deployment: Deployment | None, file: Path | None, services: Services, *, insecure: bool
) -> AtPlaces:
    """Read all that is at some places: names of a deployment's destinations, addresses, paths.

    `file` is the deployment's own, from whose folder its credentials are.

    Raises:
        RequestError: no place.
        PolicyError: a place of which nothing can be asked.

    """
    known = deployment.destinations if deployment is not None else ()
    base = file.parent if file is not None else Path()
    specs, paths, told = _places(places, known, base, services.environment)
    edge = Edge(
        lambda where: secret(where, base, services.environment),
        services.sleep,
        str(base),
        services.timeout,
        insecure=insecure,
        proxies=of_environment(services.environment),
    )
    snapshots = tuple(taken(spec, edge, services.now, services.progress) for spec in specs)
    policies = joined([*([read_policies(paths)] if paths else []), *map(policies_of, snapshots)])
    return AtPlaces(policies, tuple(specs), tuple(paths), snapshots, tuple(told))


def folder_of(spec: DestinationSpec, base: Path) -> Path:
    """Return the folder that a destination in git is; a relative one starts from the deployment's own."""
    return Path(base, spec.settings["path"])


def taken(
    spec: DestinationSpec, edge: Edge, now: Callable[[], str], progress: Callable[[str], None] | None = None
) -> Snapshot:
    """Take a snapshot of one destination; `progress` is told in a line how far it is.

    Raises:
        PolicyError: `extra-missing`; an address or a credential of which nothing can be asked.

    """
    try:
        from mdm_policy.tenant.taking import take  # noqa: PLC0415 - paths need no library that talks
    except ModuleNotFoundError as bad:
        if bad.name and bad.name.startswith("mdm_policy"):
            raise
        said = f"destination {spec.name!r} needs the library {bad.name!r}, which is not installed"
        raise PolicyError([error("extra-missing", said, spec.origin, install_hint("push"))]) from None
    return take(spec, edge, now, progress)


def policies_of(snapshot: Snapshot) -> Policies:
    """Read a snapshot's documents as `verify` reads them from a folder, each under the destination's name."""
    return read_policies([Path(snapshot.name)], tree=MemoryTree(PurePosixPath(snapshot.name), files(snapshot)))


def save(folder: Path, snapshots: Sequence[Snapshot]) -> None:
    """Write snapshots into a new folder, whole or not at all.

    Raises:
        PolicyError: `output-exists`, or it cannot be written.

    """
    if folder.exists():
        said = f"{folder} exists; a snapshot goes into a folder of its own"
        raise PolicyError([error("output-exists", said, Origin(str(folder)), "name a folder that does not exist")])
    made = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        made.mkdir(mode=0o700, parents=True)
        for snapshot in snapshots:
            for path, data in files(snapshot).items():
                file = made / snapshot.name / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        made.rename(folder)
    except OSError as bad:
        said = f"cannot write the snapshot: {bad.strerror or bad}"
        raise PolicyError([error("output-unwritable", said, Origin(str(folder)), "name another folder")]) from None


def _places(
    places: Sequence[str], known: Sequence[DestinationSpec], base: Path, environment: Mapping[str, str]
) -> tuple[list[DestinationSpec], list[Path], list[Finding]]:
    """Sort what was named into destinations and paths; all destinations of the deployment where nothing was.

    A destination that is a folder is a path, from the deployment's own folder `base`.
    """
    named = {spec.name: spec for spec in known}
    specs: list[DestinationSpec] = []
    paths: list[Path] = []
    told: list[Finding] = []
    for place in places or tuple(named):
        if place in named:
            specs.append(named[place])
        elif "://" in place:
            specs.append(_spec(place, environment))
        else:
            paths.append(Path(place))
    paths += [folder_of(spec, base) for spec in specs if spec.type == "git"]
    specs = [spec for spec in specs if spec.type != "git"]
    unread = [spec for spec in specs if spec.type not in READABLE]
    for spec in unread:
        said = f"{spec.name} is {spec.type}, whose objects cannot be read back: what is there is not read"
        told.append(
            warning("destination-unreadable", said, spec.origin, "give `verify` the files, or the devices' own answers")
        )
    specs = [spec for spec in specs if spec.type in READABLE]
    if not specs and not paths:
        raise PolicyError(told) if told else RequestError("name a destination of the deployment, an address or a path")
    return specs, paths, told


def _spec(address: str, environment: Mapping[str, str]) -> DestinationSpec:
    """Read the address of a destination: `graph://TENANT`, `jamf://HOST`, `amapi://enterprises/ID`, `kmfddm://HOST`."""
    parts = urlsplit(address)
    origin = Origin(address)
    if parts.scheme not in READABLE or not parts.netloc or parts.username is not None:
        hint = "write graph://TENANT, jamf://HOST, amapi://enterprises/ID or kmfddm://HOST"
        raise PolicyError(
            [error("destination-address", f"{address!r} is not the address of a destination", origin, hint)]
        )
    secrets = _SECRETS[parts.scheme]
    settings: dict[str, object] = {
        key: {"env": name} if key != "client_id" else environment.get(name, "") for key, name in secrets.items()
    }
    settings |= dict(parse_qsl(parts.query))
    if parts.scheme == "graph":
        settings["tenant"] = parts.netloc
    elif parts.scheme == "amapi":
        settings["enterprise"] = f"{parts.netloc}{parts.path}"
    else:
        secure = "http" if _LOOPBACK.match(parts.netloc) else "https"
        settings["url"] = f"{secure}://{parts.netloc}{parts.path}"
    return DestinationSpec(parts.scheme, parts.scheme, settings, origin)


def joined(every: Sequence[Policies]) -> Policies:
    """Put what was read at several places together."""
    return Policies(
        tuple(one for each in every for one in each.documents),
        tuple(dict.fromkeys(one for each in every for one in each.findings)),
        tuple(one for each in every for one in each.builds),
        frozenset(name for each in every for name in each.named),
        {name: paths for each in every for name, paths in each.sources.items()},
        {name: scope for each in every for name, scope in each.scopes.items()},
    )
