"""Compare what a manifest claims with what was found: files, and the inputs that are at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mdm_policy import filenames
from mdm_policy.build.record import MANIFEST
from mdm_policy.errors import Finding, Origin, error, warning
from mdm_policy.model import Frozen
from mdm_policy.provenance.severity import weighed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdm_policy.build.record import Input
    from mdm_policy.provenance.folder import FoundFiles
    from mdm_policy.provenance.record import RecordedBuild

_SHOWN = 20
"""How many foreign files are named one by one; the rest are counted."""


class FileState(Frozen, frozen=True):
    """Say how one recorded file stands.

    `sha256` is the recorded digest, `found` that of the file as it is. `signed` means that the file is a CMS SignedData
    whose content has the recorded digest; whether its signature is good is another question.
    """

    path: str
    sha256: str
    found: str
    state: Literal["same", "signed", "changed", "missing", "link"]


class Checked(Frozen, frozen=True):
    """Hold the outcome for all files: recorded ones in the manifest's order, foreign ones by name."""

    files: tuple[FileState, ...]
    foreign: tuple[str, ...]
    findings: tuple[Finding, ...]


def check_files(record: RecordedBuild, found: Mapping[str, FoundFiles]) -> Checked:
    """Hold every file of a build against its manifest.

    Finds `build-path`, `build-manifest-edited`, `build-manifest-unknown-key`, `build-file-missing`,
    `build-file-changed`, `build-file-link`, `build-file-foreign`.
    """
    place = Origin(record.name)
    findings = list(_tricks(record, place))
    states = tuple(_state(file.path, file.sha256, found.get(file.path)) for file in record.build.files)
    findings += [finding for state in states for finding in _told(state)]
    known = {state.path for state in states}
    foreign = tuple(sorted(path for path in found if path not in known))
    findings += _foreign(foreign)
    return Checked(states, foreign, tuple(findings))


def _tricks(record: RecordedBuild, place: Origin) -> Iterable[Finding]:
    """Find what no build of this program writes into a manifest."""
    seen = {filenames.same(MANIFEST): MANIFEST}
    for file in record.build.files:
        trouble = filenames.problem(file.path)
        if trouble:
            yield error("build-path", f"the manifest names {file.path!r}: {trouble}", place, "no build wrote this")
        key = filenames.same(file.path)
        if key in seen:
            said = f"the manifest names {file.path!r} and {seen[key]!r}, one place on some systems"
            yield error("build-path", said, place, "no build wrote this")
        seen[key] = file.path
    if not record.canonical:
        yield error(
            "build-manifest-edited", "the manifest is not written as a build writes it", place, "build it again"
        )
    if record.unknown:
        said = f"this version of the program does not know these keys of the manifest: {', '.join(record.unknown)}"
        yield warning("build-manifest-unknown-key", said, place, "verify with the version that built it")
    files = {(file.path, file.sha256) for file in record.build.files}
    for document in record.build.documents:
        if (document.path, document.sha256) not in files:
            said = f"the manifest's `documents` and `files` disagree about {document.path!r}"
            yield error("build-manifest-edited", said, place, "build it again")


def _state(path: str, sha256: str, found: FoundFiles | None) -> FileState:
    if found is None:
        return FileState(path, sha256, "", "missing")
    if found.kind != "file":
        return FileState(path, sha256, "", "link")
    if found.sha256 == sha256:
        return FileState(path, sha256, found.sha256, "same")
    return FileState(path, sha256, found.sha256, "signed" if found.content_sha256 == sha256 else "changed")


def _told(state: FileState) -> Iterable[Finding]:
    place = Origin(state.path)
    if state.state == "missing":
        yield error("build-file-missing", "the file was built, and is not there", place, "build it again")
    elif state.state == "link":
        yield error("build-file-link", "a link or a device is in the place of a built file", place, "build it again")
    elif state.state == "changed":
        said = f"its SHA-256 is {state.found}, built was {state.sha256}"
        yield error("build-file-changed", said, place, "find out who changed it, and build it again")


def _foreign(names: Sequence[str]) -> Iterable[Finding]:
    for name in names[:_SHOWN]:
        yield error("build-file-foreign", "the build did not write this file", Origin(name), "move it away")
    if len(names) > _SHOWN:
        yield error("build-file-foreign", f"{len(names) - _SHOWN} more files that the build did not write")


def check_inputs(record: RecordedBuild, given: Iterable[Input], *, asked: bool) -> list[Finding]:
    """Compare the inputs at hand with the recorded ones.

    Finds `build-input-differs`: an error when somebody gave the inputs, a warning when they only come with the program.
    """
    recorded = {(one.role, one.name): one.sha256 for one in record.build.inputs}
    here = {(one.role, one.name): one.sha256 for one in given}
    findings = []
    for role, name in sorted(recorded.keys() | here.keys()):
        was, is_ = recorded.get((role, name)), here.get((role, name))
        if was == is_:
            continue
        if is_ is None:
            said = f"the {role} {name} was an input of the build, and is not one of those given"
        elif was is None:
            said = f"the {role} {name} was no input of the build"
        else:
            said = f"the {role} {name} has the SHA-256 {is_}, the build was made from {was}"
        hint = "give the inputs that the build was made from"
        findings.append(weighed("build-input-differs", said, Origin(name), hint, grave=asked))
    return findings
