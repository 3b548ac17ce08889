"""Make a build from what was read: for `build`, which writes it, and for `verify-build` and push, which do not."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import __version__, loading, resources, templating
from mdm_policy.build import Built, build, check_options, guide
from mdm_policy.build.manifest import record_of
from mdm_policy.build.record import MANIFEST, BuildCommand, Input, encode
from mdm_policy.build.writing import Staging
from mdm_policy.errors import Origin, PolicyError, error, note
from mdm_policy.model import Adoption, Resolution
from mdm_policy.resolve import resolve
from mdm_policy.selection import others, select
from mdm_policy.sources import inputs
from mdm_policy.targets import Target, discover
from mdm_policy.validate import SchemaChecker, validate
from mdm_policy.verify import Rules, Verification, verify
from mdm_policy.vocabulary import DEFAULT_DUTIES
from mdm_policy.workflows.accepting import accept, of_build
from mdm_policy.workflows.requests import RequestError
from mdm_policy.workflows.sealing import Sealing
from mdm_policy.workflows.signers import SignerChoice, sealer, with_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from mdm_policy.errors import Finding
    from mdm_policy.model import Deployment

PROGRAM = f"mdm-policy {__version__}"


class Order(msgspec.Struct, frozen=True):
    """Hold what a build is asked for: what was read, the day, lists adopted by option, targets by name, template folders."""

    read: inputs.Inputs
    as_of: str
    adopt: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()


class MadeBuild(msgspec.Struct, frozen=True):
    """Hold what was built, what the verifier says of it, the bytes of its manifest, and who signed."""

    resolution: Resolution
    built: Built
    found: Verification
    manifest: bytes
    sealing: Sealing | None = None
    others: tuple[str, ...] = ()
    """The targets that could serve the declared classes, and were not chosen."""
    named: bool = False
    """Whether the deployment itself names what is built."""


class BuildRequest(msgspec.Struct, frozen=True):
    """Ask for a build: of which lists, for which day and targets, into which folder, and signed by whom, if at all.

    `lists` are ids of shipped lists or paths; without any, the deployment's are built. `adopt` names lists that are
    enforced though they are not in force. `targets` are names, `templates` folders with a user's own. The folder must be
    absent, empty, or a former build.
    """

    output: Path
    as_of: str
    lists: tuple[str, ...] = ()
    deployment: Path | None = None
    adopt: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    templates: tuple[Path, ...] = ()
    signer: SignerChoice | None = None


class BuildResult(msgspec.Struct, frozen=True):
    """Hold a build that has been written, and everything there is to say of it."""

    made: MadeBuild
    findings: tuple[Finding, ...]

    def exit_code(self, *, strict: bool = False) -> int:
        """Return 0; 11 when no document was written though something is left to block.

        With `strict` also 11 when there is a warning or a gap that nobody has accepted.
        """
        warned = any(finding.severity == "warning" for finding in self.findings)
        empty = not self.made.built.documents
        return 11 if (strict and warned) or ((strict or empty) and not self.made.found.passes) else 0


@loading.collector_paused()
def build_into(request: BuildRequest, stdin: inputs.StandardInput = inputs.no_standard_input) -> BuildResult:
    """Build into a folder, whole or not at all.

    Raises:
        RequestError: nothing says what to build, or who signs.
        NotProvenError: a document does not block exactly what is ordered; nothing is written.
        PolicyError: of any other step; `nothing-to-sign`; `output-unwritable`.

    """
    if not request.lists and request.deployment is None:
        raise RequestError("name a LIST, or give --deployment FILE")
    request = _with_deployment(request)
    read = inputs.gather(request.deployment, request.lists, stdin=stdin)
    read.check_pin()

    def sealing_for(chosen: Sequence[Target]) -> Sealing | None:
        return _sealing(request.signer, read, request, chosen) if request.signer is not None else None

    order = Order(read, request.as_of, request.adopt, request.targets, request.templates)
    with _staging(request.output) as staging:
        made = make(order, staging.write, sealing_for)
        if made.sealing is not None and not any(record.signing == "signed" for record in made.built.documents):
            said = "--sign was given, and no document of this build is one to sign"
            raise PolicyError([error("nothing-to-sign", said, None, "see docs/signing.md for those that are")])
        staging.write(MANIFEST, made.manifest)
        staging.commit()
    told = (*_on_signing(made.sealing, read.deployment, made.built), *_on_others(made, request))
    return BuildResult(made, (*made.resolution.findings, *made.built.findings, *told))


def _with_deployment(request: BuildRequest) -> BuildRequest:
    """Take a deployment that is given among the lists for what it is: whoever names it means to build it."""
    if request.deployment is not None:
        return request
    named = next((name for name in request.lists if inputs.is_deployment(name)), None)
    if named is None:
        return request
    rest = tuple(name for name in request.lists if name != named)
    return msgspec.structs.replace(request, lists=rest, deployment=Path(named))


def make(
    order: Order,
    sink: Callable[[str, bytes], None],
    sealing_for: Callable[[Sequence[Target]], Sealing | None] = lambda _chosen: None,
) -> MadeBuild:
    """Build everything but the manifest into a sink, and return it with the manifest.

    `sealing_for` says, for the targets chosen, how their documents are signed.

    Raises:
        PolicyError: of any step.

    """
    read = order.read
    adoptions = [_adoption(name, order.as_of) for name in order.adopt]
    _check_adopted(order.adopt, [item.id for item in read.lists])
    known = read.catalogue
    resolution = resolve(read.lists, read.deployment, known, order.as_of, adopt=adoptions)
    findings = tuple(dict.fromkeys((*read.findings, *resolution.findings)))
    resolution = msgspec.structs.replace(resolution, findings=findings)
    targets = discover(resources.templates(), order.folders)
    chosen, options = _choice(read, targets, order.names, resolution)
    stem = read.lists[0].id if len(read.lists) == 1 else "banned-apps"
    sealing = sealing_for(chosen)
    seal = sealing.seal if sealing is not None else None
    with printer_for(targets) as printer:
        checker = checker_of(printer)
        built = build(resolution, chosen, targets, options, stem, sink, seal, printer=printer, checker=checker)
    built = _with_accepted(built, read, targets, chosen, order.as_of)
    if not built.documents:
        built = msgspec.structs.replace(built, findings=(*built.findings, _nothing_built(chosen)))
    protected = read.deployment.protected if read.deployment else ()
    found = verify(resolution, built.pieces, known, Rules(order.as_of), protected)
    left = others(targets, chosen, resolution.devices)
    built = msgspec.structs.replace(built, texts=(*built.texts, *_guide(resolution, built, found, left, sink)))
    files = [Input(*file) for file in read.files]
    lists = tuple(read.names.get(item.origin.file, item.origin.file) for item in read.lists)
    command = BuildCommand(lists, tuple(sorted(set(order.adopt))), tuple(target.name for target in chosen))
    told = sealing.told if sealing is not None else None
    record = record_of(resolution, built, found, files, read.names, PROGRAM, command, told)
    named = read.deployment is None or read.deployment.targets is not None
    return MadeBuild(resolution, built, found, encode(record), sealing, left, named)


def _guide(
    resolution: Resolution, built: Built, found: Verification, left: Sequence[str], sink: Callable[[str, bytes], None]
) -> Iterator[tuple[str, str]]:
    """Write the pages and tables beside the targets, and yield their paths with their SHA-256 (hex)."""
    for path, data in guide.write(resolution, built, found, left):
        sink(path, data)
        yield path, hashlib.sha256(data).hexdigest()


def _nothing_built(chosen: Sequence[Target]) -> Finding:
    said = "no chosen target can block anything on these lists" if chosen else "no target serves the declared devices"
    return note(
        "nothing-built", f"{said}, so no document was written", None, "START-HERE.md says what that leaves open"
    )


def _with_accepted(
    built: Built, read: inputs.Inputs, targets: Collection[str], chosen: Sequence[Target], day: str
) -> Built:
    """Mark the findings that the deployment accepts; of a target that does not exist nothing can be accepted."""
    wanted = read.deployment.accepted_findings if read.deployment else ()
    judged = {target.name for target in chosen} | {one.target for one in wanted if one.target not in targets}
    told = accept(built.findings, wanted, day, of_build, judged=judged)
    before = set(built.findings)
    taken = tuple(one for one in told if one.severity == "note" and one not in before)
    return msgspec.structs.replace(built, findings=told, accepted=taken)


def printer_for(targets: dict[str, Target]) -> AbstractContextManager[templating.TemplateRunner]:
    """Return what prints templates: in this process as long as every target is packaged."""
    if all(target.packaged for target in targets.values()):
        return contextlib.nullcontext(templating.render_template)
    from mdm_policy.sandbox import SubprocessRunner  # noqa: PLC0415 - starting processes is for those who have templates of their own

    return SubprocessRunner()


def checker_of(printer: templating.TemplateRunner) -> SchemaChecker:
    """Return what holds documents against schemas: where templates run apart, a user's schemas do too."""
    checker: SchemaChecker = getattr(printer, "check", validate)
    return checker


def _adoption(name: str, day: str) -> Adoption:
    place = Origin("--adopt")
    return Adoption(name, "the --adopt option", day, DEFAULT_DUTIES, place)


def _check_adopted(adopted: Sequence[str], lists: Sequence[str]) -> None:
    strange = [name for name in adopted if name not in lists]
    if strange:
        hint = f"lists of this build: {', '.join(lists)}"
        raise PolicyError(
            [error("adopt-unknown", f"--adopt {name}: not a list of this build", None, hint) for name in strange]
        )


def _choice(
    read: inputs.Inputs, targets: dict[str, Target], names: Sequence[str], resolution: Resolution
) -> tuple[tuple[Target, ...], dict[str, dict[str, object]]]:
    deployment = read.deployment
    options = deployment.options if deployment else {}
    found = check_options(targets, options, deployment.origin if deployment else None)
    if found:
        raise PolicyError(found)
    duties = {duty for app in resolution.apps for duty in app.duties}
    asked = deployment.targets if deployment else "all"
    return select(targets, names, asked, resolution.devices, duties), options


def _on_others(made: MadeBuild, request: BuildRequest) -> tuple[Finding, ...]:
    """Say which other targets could serve the declared classes, where nobody has named those to build."""
    if request.targets or not made.others or made.named:
        return ()
    said = f"made is what the declared device classes need; these could serve them too: {', '.join(made.others)}"
    return (note("targets-not-built", said, None, "name them under `targets`, or with --target"),)


def _sealing(signer: SignerChoice, read: inputs.Inputs, request: BuildRequest, chosen: Sequence[Target]) -> Sealing:
    """Get ready to sign, as the request and the deployment say."""
    plan = read.deployment.signing if read.deployment else None
    if request.deployment is not None:
        signer = with_plan(signer, plan, request.deployment.parent)
    named = plan.targets if plan is not None else None
    for name, place in named or ():
        target = next((one for one in chosen if one.name == name), None)
        if target is not None and not any(spec.sign for spec in target.manifest.documents):
            said = f"the target {name!r} has no document to sign"
            raise PolicyError([error("target-not-signed", said, place, "see docs/signing.md for those that have")])
    return Sealing(sealer(signer, request.as_of), None if named is None else {name for name, _ in named})


def _on_signing(sealing: Sealing | None, deployment: Deployment | None, built: Built) -> tuple[Finding, ...]:
    if sealing is not None:
        return sealing.findings
    plan = deployment.signing if deployment else None
    if plan is None or not any(record.signing == "possible" for record in built.documents):
        return ()
    said = "the deployment says how profiles are signed, and this build did not sign them"
    return (note("build-not-signed", said, plan.origin, "build with --sign, or use `mdm-policy sign`"),)


def _staging(folder: Path) -> Staging:
    """Prepare the output; that it cannot even be asked for (a name too long, a locked folder) is no defect of ours."""
    try:
        return Staging(folder)
    except OSError as bad:
        said, hint = f"cannot write the build: {bad.strerror or bad}", "choose another folder with -o"
        raise PolicyError([error("output-unwritable", said, Origin(str(folder)), hint)]) from None
