"""Sign Apple profiles, one, a folder's or a build's: everything is signed first, and written only when all of it is."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import regular, signing
from mdm_policy.build.record import MANIFEST, BuildRecord, encode, unknown_keys
from mdm_policy.build.replacing import replace
from mdm_policy.build.writing import Staging
from mdm_policy.errors import Finding, Origin, PolicyError, error, note
from mdm_policy.kinds import open_document
from mdm_policy.kinds.apple.documents import PROFILE
from mdm_policy.listing import below
from mdm_policy.model import Frozen
from mdm_policy.sources import inputs, signatures
from mdm_policy.sources.builds import read_manifest
from mdm_policy.workflows.signers import SignerChoice, sealer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mdm_policy.documents import Document
    from mdm_policy.workflows.sealing import Sealer


_MOST_COPIED = 1024 * 1024 * 1024
"""Bytes of a build's file that is written anew beside the signed ones; a build writes none of a tenth of that."""


class SignRequest(msgspec.Struct, frozen=True):
    """Ask for signatures: of a profile, of a folder's, or of a build's, in place or into `output`.

    `roots` are files with the certificates the devices trust.
    """

    path: Path
    signer: SignerChoice
    as_of: str
    output: Path | None = None
    roots: tuple[Path, ...] = ()


class SignedFile(msgspec.Struct, frozen=True):
    """Hold one file that was signed: where it was read, where it goes, the SHA-256 (hex) of its content, its bytes."""

    source: Path
    place: Path
    sha256: str
    data: bytes


class _Build(msgspec.Struct, frozen=True):
    """Hold a build to be written: what of it is signed now, by paths in it, all its files' names, and its manifest."""

    source: Path
    place: Path
    signed: dict[str, SignedFile]
    files: frozenset[str]
    manifest: bytes


class SignResult(Frozen, frozen=True):
    """Hold who signed, every file that was signed, and what there is to say."""

    sealer: Sealer
    signed: tuple[SignedFile, ...]
    findings: tuple[Finding, ...]


def sign(request: SignRequest) -> SignResult:
    """Sign profiles and write them; each signature is read back before anything is written.

    Raises:
        RequestError: nobody is named who signs.
        PolicyError: `nothing-to-sign`, `not-a-profile`, `build-altered`, or what is wrong with keys and files.

    """
    path = request.path
    signer = sealer(request.signer, request.as_of, signatures.read_roots(request.roots))
    work = _Work(signer)
    try:
        work.take(path, request.output or path, fresh=request.output is not None)
    except OSError as bad:  # a path that cannot even be asked for: a name too long, a locked folder
        said = f"cannot read it: {bad.strerror or bad}"
        raise PolicyError([error("file-unreadable", said, Origin(bad.filename or str(path)))]) from None
    if not work.signed:
        hint = "name a .mobileconfig, or a folder that holds some"
        raise PolicyError(
            [*work.findings, error("nothing-to-sign", "there is no Apple profile to sign", Origin(str(path)), hint)]
        )
    work.write()
    return SignResult(signer, tuple(work.signed), (*signer.findings, *work.findings))


class _Work:
    """Sign everything first, and write only when all of it is signed."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self.findings: list[Finding] = []
        self.signed: list[SignedFile] = []
        self._builds: list[_Build] = []

    def take(self, path: Path, place: Path, *, fresh: bool) -> None:
        """Sign a file or a folder, to be written to a place that is `fresh` when it is not where it was read."""
        if path.name == MANIFEST and _recorded(path.parent) is not None:
            path, place = path.parent, place if fresh else path.parent
        if path.is_dir():
            self._folder(path, place)
            return
        if fresh and place.is_dir():
            place /= path.name
        document = _profile(path)
        if document is None:
            hint = "only Apple profiles are signed"
            raise PolicyError([error("not-a-profile", "the file is not an Apple profile", Origin(str(path)), hint)])
        self._file(path, place, document)

    def _folder(self, folder: Path, place: Path) -> None:
        build = _recorded(folder)
        if build is not None:
            self._build(folder, place, build)
            return
        for entry in _entries(folder):
            if entry.is_dir():
                self._folder(entry, place / entry.name)
            elif (document := _profile(entry, among=True)) is not None:
                self._file(entry, place / entry.name, document)

    def _file(self, path: Path, place: Path, document: Document) -> None:
        if place != path and place.exists() and _profile(place, among=True) is None:
            said, hint = "the output is there already, and is not an Apple profile", "name another place with -o"
            raise PolicyError([error("output-foreign", said, Origin(str(place)), hint)])
        self.signed.append(self._sealed(path, place, document))

    def _sealed(self, path: Path, place: Path, document: Document) -> SignedFile:
        content = document.data
        if document.envelope:
            content = self._former(path, document.envelope)
        return SignedFile(path, place, hashlib.sha256(content).hexdigest(), self._sealer(str(path), content))

    def _former(self, path: Path, envelope: bytes) -> bytes:
        """Return the content of a file that is signed already, unless its signature is not valid."""
        former = signing.examine(envelope)
        if not former.valid or former.signer is None:
            said = f"it is signed already, and that signature is not valid: {former.fault}"
            hint = "find out what happened to it; signing it would vouch for what somebody altered"
            raise PolicyError([error("signed-already-invalid", said, Origin(str(path)), hint)])
        said = f"it was signed by {former.signer.subject}, and is signed anew"
        self.findings.append(note("signed-anew", said, Origin(str(path))))
        return former.content

    def _build(self, folder: Path, place: Path, build: BuildRecord) -> None:
        """Sign those documents of a build that are worth signing, and write so into its manifest."""
        signed = {}
        for entry in build.documents:
            if entry.signing == "no":
                continue
            path = _within(folder, entry.path)
            document = _profile(path, among=True) if path is not None else None
            if path is None or document is None or hashlib.sha256(document.data).hexdigest() != entry.sha256:
                said = f"the build's {entry.path} is not what the build wrote"
                raise PolicyError([error("build-altered", said, Origin(str(folder)), "build it again")])
            signed[entry.path] = self._sealed(path, place / entry.path, document)
        if signed:
            change = msgspec.structs.replace
            listed = tuple(change(one, signing="signed") if one.path in signed else one for one in build.documents)
            manifest = encode(change(build, documents=listed, signing=self._sealer.told))
            self.signed += signed.values()
            self._builds.append(_Build(folder, place, signed, frozenset(one.path for one in build.files), manifest))

    def write(self) -> None:
        """Write what was signed: each file, and each build, whole or not at all."""
        in_builds = {one.place for build in self._builds for one in build.signed.values()}
        for one in self.signed:
            if one.place not in in_builds:
                replace(one.place, one.data)
        for build in self._builds:
            try:
                _rewrite(build)
            except OSError as bad:
                said = f"cannot write the build: {bad.strerror or bad}"
                raise PolicyError([error("output-unwritable", said, Origin(str(build.place)))]) from None


def _rewrite(build: _Build) -> None:
    """Write a build anew, with its other files as they are; names come from the folder, so none leads out of it."""
    with Staging(build.place) as staging:
        for path in sorted(below(build.source)):
            name = path.relative_to(build.source).as_posix()
            if name not in build.files or not path.is_file() or path.is_symlink():
                continue
            staging.write(
                name, build.signed[name].data if name in build.signed else regular.read_file(path, _MOST_COPIED)
            )
        staging.write(MANIFEST, build.manifest)
        staging.commit()


def _recorded(folder: Path) -> BuildRecord | None:
    """Return what a build's manifest records, or None for a folder that is no build.

    Raises:
        PolicyError: `build-manifest`; `build-manifest-unknown-key`, for what is written anew would lack that key.

    """
    read = read_manifest(folder)
    if read is None:
        return None
    build, data = read
    unknown = unknown_keys(build, data)
    if unknown:
        said = f"this version of the program does not know these keys of the manifest: {', '.join(unknown)}"
        hint = "sign with the version that built it"
        raise PolicyError([error("build-manifest-unknown-key", said, Origin(str(folder / MANIFEST)), hint)])
    return build


def _within(folder: Path, name: str) -> Path | None:
    """Return a file of a folder by the name a manifest gives it; None for one that is not plainly inside."""
    path = folder.joinpath(*name.split("/"))
    parts = [path, *(one for one in path.parents if one != folder and folder in one.parents)]
    inside = folder in path.parents and ".." not in path.relative_to(folder).parts
    return path if inside and path.is_file() and not any(one.is_symlink() for one in parts) else None


def _entries(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder, by name, but what is hidden and what is only a link."""
    try:
        found = sorted(folder.iterdir())
    except OSError as bad:
        said = f"cannot read it: {bad.strerror or bad}"
        raise PolicyError([error("file-unreadable", said, Origin(str(folder)))]) from None
    yield from (one for one in found if not one.name.startswith(".") and not one.is_symlink())


def _profile(path: Path, *, among: bool = False) -> Document | None:
    """Return the Apple profile in a file, or None; `among` others, a file that cannot be parsed is none.

    Raises:
        PolicyError: for a file that cannot be read, and, when it was named, for one that cannot be parsed.

    """
    source = inputs.read_source(path)
    try:
        document = open_document(str(path), source.data)
    except PolicyError:
        if among:
            return None
        raise
    return document if document.kind == PROFILE.name else None
