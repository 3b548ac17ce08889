"""Hold a build against its manifest, and render it again, from inputs that are found by what the manifest says and hold against it.

The manifest may be anybody's: a name in it is only followed when it stays below the deployment's folder, or when the
deployment itself names that list.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import filenames, regular, resources
from mdm_policy.build.record import MANIFEST, MAX_MANIFEST, Input, decode
from mdm_policy.errors import Finding, Origin, PolicyError, error, finding_order
from mdm_policy.provenance import (
    Checked,
    RecordedBuild,
    Rerendering,
    check_files,
    check_inputs,
    compare,
    look,
    read_record,
)
from mdm_policy.provenance.severity import weighed
from mdm_policy.sources import inputs
from mdm_policy.targets import discover
from mdm_policy.workflows import attest
from mdm_policy.workflows.build import Order, make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mdm_policy.workflows.attest import Attestation

_SHIPPED = "mdm-policy/"
"""Before the id of a shipped list in recorded names."""


class RebuildRequest(msgspec.Struct, frozen=True):
    """Ask whether a build is what its manifest says: with its inputs, also whether they give these bytes.

    `lists` are those that were named when the build was made, `templates` folders with a user's own targets.
    """

    folder: Path
    lists: tuple[str, ...] = ()
    deployment: Path | None = None
    templates: tuple[Path, ...] = ()
    attestation: Attestation | None = None


class RebuildResult(msgspec.Struct, frozen=True):
    """Hold the manifest, what came of hashing the files, what came of rendering again, and the findings of both."""

    record: RecordedBuild
    checked: Checked
    again: Rerendering
    findings: tuple[Finding, ...]

    def exit_code(self, *, strict: bool = False) -> int:
        """Return 11 for an error (with `strict` also for a warning), else 0."""
        grave = ("error", "warning") if strict else ("error",)
        return 11 if any(finding.severity in grave for finding in self.findings) else 0


def rebuild(request: RebuildRequest) -> RebuildResult:
    """Hash every file of a build, render it again where that is possible, and write a statement where one is wanted.

    Raises:
        RequestError: the statement would lie in the build.
        PolicyError: `build-manifest`, `file-exists`, or what keeps an input from being read.

    """
    if request.attestation is not None:
        attest.check(request.attestation.path, request.folder)
    record = _record(request.folder)
    checked = check_files(record, look(request.folder, MANIFEST))
    given = GivenInputs(request.deployment, request.lists, request.templates)
    try:
        again = render_again(record, given)
    except PolicyError as failed:
        # What is wrong with the files is not lost because an input cannot be read.
        raise PolicyError([*checked.findings, *failed.findings]) from None
    findings = tuple(sorted((*checked.findings, *again.findings), key=finding_order))
    if request.attestation is not None:
        attest.attest(request.attestation, record, checked, again, findings)
    return RebuildResult(record, checked, again, findings)


class GivenInputs(msgspec.Struct, frozen=True):
    """Hold the inputs somebody gave."""

    deployment: Path | None
    lists: tuple[str, ...]
    folders: tuple[Path, ...]

    @property
    def asked(self) -> bool:
        """Tell whether somebody gave inputs, and so asked for the proof: then it may not be left out quietly."""
        return self.deployment is not None or bool(self.lists)


def render_again(record: RecordedBuild, given: GivenInputs) -> Rerendering:
    """Render a build again and compare, or say why not.

    Raises:
        PolicyError: for a given input that cannot be read.

    """
    if not given.asked and any(one.role != "shipped list" for one in record.build.inputs):
        return _not_done(record, "inputs not given", [], asked=False)
    found = [*_unknown_targets(record, given)]
    references = given.lists or tuple(_references(record, given))
    if found or (not references and given.deployment is None):
        why = "templates not given" if found else "no input is recorded"
        return _not_done(record, why, found, asked=given.asked)
    read = _gather(record, given, references)
    differing = check_inputs(record, (Input(*file) for file in read.files), asked=given.asked)
    if differing:
        return _not_done(record, "the inputs are not those of the build", differing, asked=given.asked)
    return _rendered(record, given, read)


def _rendered(record: RecordedBuild, given: GivenInputs, read: inputs.Inputs) -> Rerendering:
    again: dict[str, str] = {}

    def sink(path: str, data: bytes) -> None:
        again[path] = hashlib.sha256(data).hexdigest()

    command = record.build.command
    try:
        made = make(Order(read, record.build.as_of, command.adopt, command.targets, given.folders), sink)
    except PolicyError as failed:
        return Rerendering("differs", "it cannot be built from its inputs any more", (), failed.findings)
    return compare(record, again, decode(MANIFEST, made.manifest), asked=given.asked)


def _not_done(record: RecordedBuild, why: str, found: list[Finding], *, asked: bool) -> Rerendering:
    hint = "give --deployment, the LISTs and --templates as they were at build time"
    said = f"the build was not rendered again: {why}"
    told = weighed("build-not-rendered", said, Origin(record.name), hint, grave=asked)
    return Rerendering("not-done", why, (), (*found, told))


def _unknown_targets(record: RecordedBuild, given: GivenInputs) -> Iterator[Finding]:
    known = discover(resources.templates(), given.folders)
    for name in dict.fromkeys((*record.build.command.targets, *(target.name for target in record.build.targets))):
        if name not in known:
            said = f"the build has the target {name!r}, which is not known here"
            hint = "give its folder with --templates"
            yield weighed("build-other-target", said, Origin(record.name), hint, grave=given.asked)


def _references(record: RecordedBuild, given: GivenInputs) -> Iterator[str]:
    """Yield how to find each recorded list again; one that the deployment itself must name is left to it."""
    for name in record.build.command.lists:
        shipped = name.removeprefix(_SHIPPED).removesuffix(".yaml")
        if name.startswith(_SHIPPED) and shipped in inputs.shipped():
            yield shipped
        elif given.deployment is not None and not filenames.problem(name):
            yield name


def _gather(record: RecordedBuild, given: GivenInputs, references: tuple[str, ...]) -> inputs.Inputs:
    if given.lists or given.deployment is None:
        return inputs.gather(given.deployment, references)
    own = inputs.gather(given.deployment, ())
    if tuple(own.names.get(item.origin.file, "") for item in own.lists) == record.build.command.lists:
        return own
    return inputs.gather(given.deployment, references, folder=given.deployment.parent)


def _record(folder: Path) -> RecordedBuild:
    path = folder / MANIFEST
    hint = "name the folder that `mdm-policy build` wrote"
    if path.is_symlink() or not path.is_file():
        raise PolicyError([error("build-manifest", "there is no manifest of a build", Origin(str(path)), hint)])
    try:
        data = regular.read_file(path, MAX_MANIFEST)
    except OSError as bad:
        said = f"cannot read it: {bad.strerror or bad}"
        raise PolicyError([error("file-unreadable", said, Origin(str(path)))]) from None
    return read_record(str(path), data)
