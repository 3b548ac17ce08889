"""The `sign` command."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from mdm_policy import signing
from mdm_policy.build.replacing import replace
from mdm_policy.build.writing import MANIFEST, Staging
from mdm_policy.cli import options, output, signers
from mdm_policy.documents import Document, dump
from mdm_policy.errors import Finding, Origin, PolicyError, error, note
from mdm_policy.kinds import open_document
from mdm_policy.listing import below
from mdm_policy.report.text import fill
from mdm_policy.sources import inputs
from mdm_policy.sources.builds import read_build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.workflows.sealing import Sealer

_PROFILE = "apple-profile"


class _Signed(msgspec.Struct, frozen=True):
    """Hold one file that was signed: where it goes, and its bytes."""

    source: Path
    place: Path
    sha256: str
    data: bytes


class _Build(msgspec.Struct, frozen=True):
    """Hold a build to be written: what of it is signed now, by paths in it, all its files' names, and its manifest."""

    source: Path
    place: Path
    signed: dict[str, _Signed]
    files: frozenset[str]
    manifest: bytes


@click.command(name="sign")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE|DIR")
@signers.options
@click.option(
    "--ca",
    "roots",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Root certificates the devices trust: warn unless the chain leads to one. Repeatable.",
)
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path), help="Write here, in place of over what was read."
)
@click.option("--as-of", "as_of", type=options.DateParam(), help="The day to judge certificates for; today without it.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the result.",
)
def command(
    path: Path, roots: tuple[Path, ...], target: Path | None, as_of: str | None, format_: str, **given: Any
) -> None:
    """Sign Apple profiles (CMS, attached, DER), in place unless -o says where.

    FILE is a profile; of a DIR, every profile in it is signed, and of a build in it those that are worth signing. A signed
    profile is signed anew. Each signature is read back before anything is written. A passphrase is asked for, or read from
    the environment or a descriptor.
    """
    day = as_of or options.today()
    sealer = signers.sealer(signers.Given(**given), day, signers.read_roots(roots) if roots else ())
    work = _Work(sealer)
    try:
        work.take(path, target or path, fresh=target is not None)
    except OSError as bad:  # a path that cannot even be asked for: a name too long, a locked folder
        said = f"cannot read it: {bad.strerror or bad}"
        raise PolicyError([error("file-unreadable", said, Origin(bad.filename or str(path)))]) from None
    if not work.signed:
        hint = "name a .mobileconfig, or a folder that holds some"
        raise PolicyError(
            [*work.findings, error("nothing-to-sign", "there is no Apple profile to sign", Origin(str(path)), hint)]
        )
    work.write()
    _tell(format_, sealer, work)
    output.findings([*sealer.findings, *work.findings])


class _Work:
    """Sign everything first, and write only when all of it is signed."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self.findings: list[Finding] = []
        self.signed: list[_Signed] = []
        self._builds: list[_Build] = []

    def take(self, path: Path, place: Path, *, fresh: bool) -> None:
        """Sign a file or a folder, to be written to a place that is `fresh` when it is not where it was read."""
        if path.name == MANIFEST and read_build(path.parent) is not None:
            path, place = path.parent, place if fresh else path.parent
        if path.is_dir():
            self._folder(path, place)
            return
        if fresh and place.is_dir():
            place /= path.name
        document = _profile(path)
        if document is None:
            hint = "only Apple profiles are signed"
            raise PolicyError([error("not-a-profile", "the file is no Apple profile", Origin(str(path)), hint)])
        self._file(path, place, document)

    def _folder(self, folder: Path, place: Path) -> None:
        built = read_build(folder)
        if built is not None:
            self._build(folder, place, built.manifest)
            return
        for entry in _entries(folder):
            if entry.is_dir():
                self._folder(entry, place / entry.name)
            elif (document := _profile(entry, among=True)) is not None:
                self._file(entry, place / entry.name, document)

    def _file(self, path: Path, place: Path, document: Document) -> None:
        if place != path and place.exists() and _profile(place, among=True) is None:
            said, hint = "the output is there already, and is no Apple profile", "name another place with -o"
            raise PolicyError([error("output-foreign", said, Origin(str(place)), hint)])
        self.signed.append(self._sealed(path, place, document))

    def _sealed(self, path: Path, place: Path, document: Document) -> _Signed:
        content = document.data
        if document.envelope:
            content = self._former(path, document.envelope)
        return _Signed(path, place, hashlib.sha256(content).hexdigest(), self._sealer(str(path), content))

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

    def _build(self, folder: Path, place: Path, manifest: dict[str, Any]) -> None:
        """Sign those documents of a build that are worth signing, and write so into its manifest."""
        signed = {}
        for entry in manifest["documents"]:
            if entry.get("signing", "no") == "no":
                continue
            path = _within(folder, str(entry["path"]))
            document = _profile(path, among=True) if path is not None else None
            if path is None or document is None or hashlib.sha256(document.data).hexdigest() != entry.get("sha256"):
                said = f"the build's {entry['path']} is not what the build wrote"
                raise PolicyError([error("build-altered", said, Origin(str(folder)), "build it again")])
            signed[entry["path"]] = self._sealed(path, place / entry["path"], document)
            entry["signing"] = "signed"
        if signed:
            manifest["signing"] = self._sealer.told
            self.signed += signed.values()
            files = frozenset(str(file.get("path")) for file in manifest.get("files", ()))
            self._builds.append(_Build(folder, place, signed, files, dump(manifest, "json")))

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
            staging.write(name, build.signed[name].data if name in build.signed else path.read_bytes())
        staging.write(MANIFEST, build.manifest)
        staging.commit()


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
    source = inputs.read(path)
    try:
        document = open_document(str(path), source.data)
    except PolicyError:
        if among:
            return None
        raise
    return document if document.kind == _PROFILE else None


def _tell(format_: str, sealer: Sealer, work: _Work) -> None:
    party = sealer.party
    if format_ == "json":
        files = [
            {"file": str(one.source), "output": str(one.place), "content_sha256": one.sha256, "bytes": len(one.data)}
            for one in work.signed
        ]
        output.data(dump({"signer": sealer.told, "files": files}, "json").decode())
        return
    many, above = len(work.signed), len(party.others)
    said = f"Signed {many} profile{'s' * (many != 1)} with {party.signer.subject}, {party.signer.key}"
    beside = f", and {above} certificate{'s' * (above != 1)} above it" if above else ""
    lines = [fill(f"{said}{beside}. Each signature was read back.", output.width())]
    output.result("\n".join([*lines, *(f"  {one.place}" for one in work.signed)]))
