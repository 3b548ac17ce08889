"""Prepare a push: read the deployment, build in memory, connect to the destinations, read what is there, and plan.

The five push commands share it. What lies outside the program, they are handed as `Services`.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Mapping  # noqa: TC003 - msgspec reads the fields' types at run time
from pathlib import Path  # noqa: TC003 - as above
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import resources
from mdm_policy.diff import Question
from mdm_policy.errors import Finding, Origin, PolicyError, error, warning
from mdm_policy.push import grants
from mdm_policy.push.answers import Failure
from mdm_policy.push.grants import Grants
from mdm_policy.push.model import MadeDocument, Plan, Use
from mdm_policy.push.observing import observe
from mdm_policy.push.planning import Seen, Wanted, make_plan
from mdm_policy.push.protocol import Destination, Edge, connect, remarks, untaken
from mdm_policy.push.proxies import of_environment
from mdm_policy.resolve import resolve
from mdm_policy.selection import select
from mdm_policy.sources import inputs
from mdm_policy.targets import discover
from mdm_policy.workflows import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.build import Built, Written
    from mdm_policy.model import Deployment, DestinationSpec, Resolution
    from mdm_policy.targets import Manifest

_MAX_SECRET = 1024 * 1024
_LEAST_KEY = 32


class Services(msgspec.Struct, frozen=True):
    """Hand a push what lies outside the program: environment variables, waiting, and the time for journals.

    `sleep` waits so many seconds, `now` gives the time as ISO text, `timeout` bounds the wait for each answer (seconds),
    `grants` say which secrets may go where, `progress` shows a person a line, where one is watching.
    """

    environment: Mapping[str, str]
    sleep: Callable[[float], None]
    now: Callable[[], str]
    timeout: float = 30.0
    grants: Grants = Grants()
    progress: Callable[[str], None] | None = None


class PushRequest(msgspec.Struct, frozen=True):
    """Say which deployment, on which day, to which of its destinations (all without a name), with which own targets.

    `insecure` trusts any certificate.
    """

    deployment: Path
    as_of: str
    destinations: tuple[str, ...] = ()
    templates: tuple[Path, ...] = ()
    insecure: bool = False


def seal_key(path: Path | None) -> bytes:
    """Return the key that seals plans and receipts, none without a path.

    Raises:
        PolicyError: `secret-missing`, `secret-exposed`, `seal-key-short`.

    """
    if path is None:
        return b""
    key = secret({"file": path.name}, path.parent, {}).encode()
    if len(key) < _LEAST_KEY:
        said = f"the key has {len(key)} characters; a seal needs {_LEAST_KEY}"
        raise PolicyError([error("seal-key-short", said, Origin(str(path)), "make one: openssl rand -hex 32")])
    return key


class Read(msgspec.Struct, frozen=True):
    """Hold what a push command read: the deployment as it is enforced on the day, and the chosen destinations."""

    deployment: Deployment
    gathered: inputs.Inputs
    resolution: Resolution
    specs: tuple[DestinationSpec, ...]
    edge: Edge
    findings: tuple[Finding, ...]

    def owner(self, spec: DestinationSpec) -> str:
        """Return whose marker objects at a destination bear."""
        return spec.owner or self.resolution.organization_id

    @property
    def files(self) -> tuple[tuple[str, str, str], ...]:
        """Return (role, name, SHA-256) of every file that was read."""
        return self.gathered.files

    @property
    def question(self) -> Question:
        """Return what plans compare by."""
        one = self.resolution
        return Question(one.as_of, one.apps, one.statuses, one.devices)


class Ready(msgspec.Struct, frozen=True):
    """Hold one destination, what should be there, what is there, and the plan between the two."""

    destination: Destination
    owner: str
    wanted: Wanted
    seen: Seen
    plan: Plan


def read_for_push(request: PushRequest, services: Services) -> Read:
    """Read a deployment, and choose destinations by name.

    Raises:
        PolicyError: what is wrong with the files; `unknown-destination`; `no-destination`.

    """
    deployment, names = request.deployment, request.destinations
    gathered = inputs.gather(deployment, ())
    found = gathered.deployment
    if found is None:
        raise PolicyError(gathered.findings)
    place = Origin(str(deployment))
    known = {spec.name: spec for spec in found.destinations}
    strange = [name for name in names if name not in known]
    if strange:
        hint = f"destinations: {', '.join(known) or 'none'}"
        raise PolicyError(
            [error("unknown-destination", f"there is no destination {name!r}", place, hint) for name in strange]
        )
    if not known:
        said = "the deployment names no destination to push to"
        raise PolicyError([error("no-destination", said, place, "add `destinations:`; docs/push.md shows how")])
    resolution = resolve(gathered.lists, found, gathered.catalogue, request.as_of)
    base = deployment.parent
    edge = Edge(
        lambda where: secret(where, base, services.environment),
        services.sleep,
        str(base),
        services.timeout,
        insecure=request.insecure,
        withheld=grants.variables(known.values()),
        proxies=of_environment(services.environment),
    )
    specs = tuple(spec for name, spec in known.items() if not names or name in names)
    grants.check(specs, base, services.grants)
    said = "certificates are not checked: whoever is on the way can read the credential and change the answers"
    open_ = (
        [warning("tls-not-verified", said, place, "name the server's authority with `ca`")] if request.insecure else []
    )
    findings = tuple(dict.fromkeys((*open_, *grants.told(specs), *gathered.findings, *resolution.findings)))
    return Read(found, gathered, resolution, specs, edge, findings)


def secret(where: Mapping[str, str], base: Path, environment: Mapping[str, str]) -> str:
    """Return a credential from the environment or from a file that its owner alone can read.

    Raises:
        PolicyError: `secret-missing`, `secret-exposed`; the secret itself is never in it.

    """
    if "env" in where:
        value = environment.get(where["env"], "")
        if not value:
            said = f"the environment variable {where['env']} holds no credential"
            raise PolicyError([error("secret-missing", said, None, "set it in the pipeline's secret store")])
        return value
    path = base / where["file"]
    place = Origin(str(path))
    try:
        if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            said = "other users can read the file with the credential"
            raise PolicyError([error("secret-exposed", said, place, f"chmod 600 {path}, and replace the credential")])
        with path.open("rb") as file:
            value = file.read(_MAX_SECRET).decode().strip()
    except (OSError, UnicodeDecodeError) as bad:
        said = f"cannot read the credential: {getattr(bad, 'strerror', '') or 'it is not text'}"
        raise PolicyError([error("secret-missing", said, place, "name the file that holds it")]) from None
    if not value:
        raise PolicyError([error("secret-missing", "the file holds no credential", place, "put it there")])
    return value


def made(read_: Read, folders: Sequence[Path]) -> tuple[dict[str, MadeDocument], dict[str, Use], tuple[Finding, ...]]:
    """Build in memory, every document proven, and return the documents, whom each is for, and the build's findings.

    Raises:
        PolicyError: as `build`.

    """
    taken: dict[str, bytes] = {}
    order = build.Order(read_.gathered, read_.resolution.as_of, (), _names(read_, folders), tuple(folders))
    built = build.make(order, taken.__setitem__).built
    documents, uses = documents_of(built, taken, read_.resolution)
    return documents, uses, built.findings


def documents_of(
    built: Built, taken: Mapping[str, bytes], resolution: Resolution
) -> tuple[dict[str, MadeDocument], dict[str, Use]]:
    """Return the documents of a build whose bytes were `taken`, and whom each is for, by path."""
    groups = {variant.name: variant.groups for variant in resolution.variants}
    beside: dict[tuple[str, str], tuple[str, ...]] = {}
    for one in built.documents:
        known = beside.get((one.target, one.document), ())
        beside[one.target, one.document] = tuple(dict.fromkeys((*known, *groups[one.variant])))
    documents = {}
    uses = {}
    manifests = {target.name: target.manifest for target in built.targets}
    for one in built.documents:
        excluded = () if one.variant else beside[one.target, one.document]
        manifest = manifests[one.target]
        documents[one.path] = MadeDocument(
            one.path,
            one.target,
            one.document,
            one.variant,
            one.kind,
            taken[one.path],
            groups[one.variant],
            excluded,
            next(spec.instead_of for spec in manifest.documents if spec.name == one.document),
            _families(one, manifest),
        )
        uses[one.path] = Use(f"{one.target}|{one.document}", manifest.managed_by, manifest.modes, groups[one.variant])
    return documents, uses


def _families(written: Written, manifest: Manifest) -> tuple[str, ...]:
    """Return the families a document was read back to block, or those of its target when it blocks nothing itself."""
    return tuple(sorted({kept.claim.family for kept in written.kept} or {claim.family for claim in manifest.blocks}))


def _names(read_: Read, folders: Sequence[Path]) -> tuple[str, ...]:
    """Return the targets that the chosen destinations take: those they name, and what the deployment builds."""
    named = dict.fromkeys(name for spec in read_.specs for name in spec.targets or ())
    if named and any(spec.targets is None for spec in read_.specs):
        targets = discover(resources.templates(), folders)
        duties = {duty for app in read_.resolution.apps for duty in app.duties}
        chosen = select(targets, (), read_.deployment.targets, read_.deployment.devices, duties)
        named |= dict.fromkeys(target.name for target in chosen)
    return tuple(named)


def connected(read_: Read) -> Iterator[tuple[DestinationSpec, Destination]]:
    """Make the client of each chosen destination."""
    for spec in read_.specs:
        yield spec, connect(spec, read_.owner(spec), read_.edge)


def look(destination: Destination, owner: str) -> Seen:
    """Read what is at a destination.

    Raises:
        PolicyError: with the failure as a finding.

    """
    try:
        return observe(destination, owner)
    except Failure as bad:
        raise PolicyError([bad.finding(destination.name, "reading what is there")]) from None


def plans(
    read_: Read,
    folders: Sequence[Path],
    *,
    prune: bool = False,
    clients: Sequence[tuple[DestinationSpec, Destination]] | None = None,
) -> tuple[list[Ready], tuple[Finding, ...]]:
    """Plan for every chosen destination, over the `clients` that are there already, else over new ones.

    Raises:
        PolicyError: what keeps a plan from being made, for all destinations that can be asked.

    """
    documents, uses, findings = made(read_, folders)
    every = tuple(documents.values())
    ready: list[Ready] = []
    problems: list[Finding] = []
    for spec, destination in connected(read_) if clients is None else clients:
        owner = read_.owner(spec)
        try:
            items = destination.items(every)
            used = {item.key: uses[item.path] for item in items}
            told = remarks(destination, every)
            told += untaken(destination, spec, every, items, told)
            wanted = Wanted(items, used, prune=prune, findings=told)
            seen = look(destination, owner)
            plan = make_plan(destination, wanted, seen, read_.question, read_.gathered.catalogue, read_.files)
        except PolicyError as bad:
            problems += bad.findings
            continue
        ready.append(Ready(destination, owner, wanted, seen, plan))
    if problems:
        raise PolicyError(problems)
    return ready, tuple(dict.fromkeys((*findings, *(f for one in ready for f in one.plan.findings))))
