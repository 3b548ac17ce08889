"""Hold the one model of `manifest.json`: what a build wrote, from what, and what each file does.

The writer fills it, every reader decodes it, so that none of them has a shape of its own. docs/formats.md describes it.

Version 1 may gain keys, and each of them then has a default: a reader passes over keys it does not know, and takes the
default of a key that an older program did not write. A change of meaning makes it version 2, which is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from mdm_policy import documents
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.vocabulary import Family, Kind, Strength, Verdict  # noqa: TC001 - msgspec reads the fields' types at run time

if TYPE_CHECKING:
    from collections.abc import Iterator


MANIFEST = "manifest.json"
FORMAT, VERSION = "mdm-policy-build", 1
MAX_MANIFEST = 256 * 1024 * 1024
"""The largest manifest read (bytes); 100,000 apps make one of about a third of that."""
_HINT = "name the folder that `mdm-policy build` wrote"
_NEWER = "read it with the version of mdm-policy that built it, or a later one"


Signing = Literal["no", "possible", "signed"]
"""Whether a document is one to sign, and is signed."""


class Input(Frozen, frozen=True):
    """Name one file the build was made from: its role, its name as recorded, and the SHA-256 (hex) of its bytes."""

    role: str
    name: str
    sha256: str


class BuildCommand(Frozen, frozen=True):
    """Say what the build was asked for that its inputs do not say, so that it can be rendered again.

    `lists` are the recorded names of the lists, in order; `adopt` the lists adopted by option; `targets` the names of
    those chosen, built or not.
    """

    lists: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


class OrganizationRecord(Frozen, frozen=True):
    """Name the organization the build is for."""

    name: str = ""
    identifier: str = ""


class ListRecord(Frozen, frozen=True):
    """Name one enforced list: its authority's citation, its state on the day of the build, and why it is in that state."""

    id: str
    title: str = ""
    citation: str = ""
    state: str = ""
    because: str = ""


class ExceptionRecord(Frozen, frozen=True):
    """Record one approved exception in force; `origin` is where a list has it (`name:line:column`)."""

    app: str
    category: str = ""
    approved_by: str = ""
    document: str = ""
    groups: tuple[str, ...] = ()
    until: str = ""
    origin: str = ""


class VariantRecord(Frozen, frozen=True):
    """Name the base (empty) or a variant, the `groups` it is for, and the keys of the apps they may have."""

    name: str
    groups: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    exceptions: tuple[ExceptionRecord, ...] = ()


class ReasonRecord(Frozen, frozen=True):
    """Say who bans an app: the list, its citation, the place in it, and the vendor or feature it is banned through."""

    list: str
    citation: str = ""
    at: str = ""
    through: str = ""


class IdentifierRecord(Frozen, frozen=True):
    """Name an app to one platform family, with how well that is attested."""

    family: Family
    kind: Kind
    value: str
    confidence: str = ""
    derived_from: str = ""


class AppRecord(Frozen, frozen=True):
    """Record one banned app, who bans it, and what names it; `platforms` says where it exists."""

    key: str
    name: str = ""
    duties: tuple[str, ...] = ()
    banned_by: tuple[ReasonRecord, ...] = ()
    identifiers: tuple[IdentifierRecord, ...] = ()
    platforms: dict[str, str] = {}


class CoverageRecord(Frozen, frozen=True):
    """Hold one row of the matrix: an app, or a feature of the app `through`, and a word for each class of devices."""

    app: str
    name: str = ""
    through: str = ""
    classes: dict[str, str] = {}


class GapRecord(Frozen, frozen=True):
    """Name apps that escape on a device class, the plainest state that shows it, and the document that accepts it."""

    apps: tuple[str, ...]
    verdict: str = ""
    state: str = ""
    because: str = ""
    accepted_by: str = ""


class ClassRecord(Frozen, frozen=True):
    """Say how a device class fares, in numbers of apps, by the rows of the sentence, and which documents address it."""

    name: str
    platform: str = ""
    held_back: int = 0
    not_applicable: int = 0
    documents: tuple[str, ...] = ()
    gaps: tuple[GapRecord, ...] = ()
    counts: dict[str, int] = {}


class CollateralRecord(Frozen, frozen=True):
    """Say what files of a target (`files`, paths in the build) stop, open or remove beside the ban, and when."""

    effect: str
    what: str
    when: str = "always"
    files: tuple[str, ...] = ()


class TargetRecord(Frozen, frozen=True):
    """Name one target that was rendered; `digest` is the SHA-256 (hex) over its files, `options` are those used."""

    name: str
    title: str = ""
    source: str = ""
    managed_by: str = ""
    modes: tuple[str, ...] = ()
    alternative_group: str = ""
    options: dict[str, bool | int | str] = {}
    needs: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    digest: str = ""
    collateral: tuple[CollateralRecord, ...] = ()


class BlockRecord(Frozen, frozen=True):
    """Say what a document's own bytes were read back to do to one kind of identifier, by which rule, on which devices."""

    family: Family
    kind: Kind
    verdict: Verdict
    strength: Strength
    claim: str = ""
    count: int = 0
    rule: str = ""
    platforms: dict[str, str] = {}
    supervised: bool | None = None
    enrollments: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    source: str = ""


class DocumentRecord(Frozen, frozen=True):
    """Record one document that MDMs take.

    `path` is relative to the build. `sha256` (hex) and `bytes` are those of the content, which a signed file has inside.
    `instead_of` names the document of the same target that this one is another way to send; `read_back` holds, by claim,
    where the identifiers stand in a document that no reader knows. `addresses` are names of device classes. `proof` says
    what reading back rests on: a reader's own knowledge (`modelled`), or the target's manifest alone (`declared`).
    `audit`: it only logs what the document of `instead_of` blocks.
    """

    path: str
    target: str
    document: str
    sha256: str = ""
    bytes: int = 0
    variant: str = ""
    kind: str = ""
    schema: str = ""
    instead_of: str = ""
    read_back: dict[str, str] = {}
    signing: Signing = "no"
    blocks: tuple[BlockRecord, ...] = ()
    addresses: tuple[str, ...] = ()
    proof: Literal["modelled", "declared"] = "modelled"
    audit: bool = False


class FileRecord(Frozen, frozen=True):
    """Name one file of a build with the SHA-256 (hex) of what was built; a signed file has that content inside."""

    path: str
    sha256: str = ""


class HandedRecord(Frozen, frozen=True):
    """Name one file that no reader reads: it is handed over, and proves nothing and meets no duty."""

    path: str
    target: str = ""
    sha256: str = ""
    variant: str = ""
    says: str = ""


class SignerRecord(Frozen, frozen=True, omit_defaults=True):
    """Name the certificate that a build was signed with; all of it is empty for a build that is not signed."""

    subject: str = ""
    issuer: str = ""
    certificate_sha256: str = ""
    not_after: str = ""


class FindingRecord(Frozen, frozen=True):
    """Record what the build had to say."""

    id: str
    severity: str = ""
    message: str = ""
    at: str = ""
    hint: str = ""


class BuildRecord(Frozen, frozen=True, kw_only=True):
    """Hold everything that `manifest.json` says of a build; `as_of` is the day it is for.

    `outcome`, `sentence`, `counts`, `coverage` and `device_classes` are what the verifier says of the documents;
    `classes_declared` tells whether the classes are the deployment's, or the strongest of each platform.
    """

    format: str = FORMAT
    version: int = VERSION
    program: str = ""
    as_of: str = ""
    command: BuildCommand = BuildCommand()
    organization: OrganizationRecord = OrganizationRecord()
    inputs: tuple[Input, ...] = ()
    lists: tuple[ListRecord, ...] = ()
    variants: tuple[VariantRecord, ...] = ()
    apps: tuple[AppRecord, ...] = ()
    outcome: str = ""
    sentence: str = ""
    counts: dict[str, int] = {}
    coverage: tuple[CoverageRecord, ...] = ()
    classes_declared: bool = True
    device_classes: tuple[ClassRecord, ...] = ()
    targets: tuple[TargetRecord, ...] = ()
    signing: SignerRecord = SignerRecord()
    documents: tuple[DocumentRecord, ...] = ()
    handed_over: tuple[HandedRecord, ...] = ()
    files: tuple[FileRecord, ...] = ()
    findings: tuple[FindingRecord, ...] = ()


class _Claim(msgspec.Struct):
    """Read which format a file says it is of, whatever else is wrong with it."""

    format: str


class _Heading(_Claim):
    """Read which format and version a manifest is of, before anything else in it is judged."""

    version: int = VERSION


def encode(record: BuildRecord) -> bytes:
    """Write a record as canonical JSON: the same record, the same bytes."""
    return documents.dump(msgspec.to_builtins(record), "json")


def claims_format(data: bytes) -> bool:
    """Tell whether bytes say that they are the manifest of a build, of whatever version."""
    try:
        return msgspec.json.decode(data, type=_Claim).format == FORMAT
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


def decode(name: str, data: bytes) -> BuildRecord:
    """Read a manifest's bytes; `name` is for the errors.

    A key that stands twice counts once, and a key that is not known is passed over: `unknown_keys` names those.

    Raises:
        PolicyError: `build-manifest`, when it is no build's manifest of a version this program knows.

    """
    if len(data) > MAX_MANIFEST:
        raise _refused(name, f"it has more than {MAX_MANIFEST} bytes")
    try:
        heading = msgspec.json.decode(data, type=_Heading)
        if (heading.format, heading.version) != (FORMAT, VERSION):
            said = f"it is {heading.format!r} of version {heading.version}, not {FORMAT!r} of version {VERSION}"
            newer = heading.format == FORMAT and heading.version > VERSION
            raise _refused(name, said, _NEWER if newer else _HINT)
        return msgspec.json.decode(data, type=BuildRecord)
    except (msgspec.MsgspecError, ValueError, RecursionError) as bad:
        raise _refused(name, " ".join(str(bad).split())) from None


def _refused(name: str, why: str, hint: str = _HINT) -> PolicyError:
    said = f"it is not the manifest of a build: {why}"
    return PolicyError([error("build-manifest", said, Origin(name), hint)])


def unknown_keys(record: BuildRecord, data: bytes) -> tuple[str, ...]:
    """Return the keys in a manifest's bytes that its record does not hold, as paths: `documents/colour`."""
    return () if encode(record) == data else tuple(dict.fromkeys(_beyond(record, msgspec.json.decode(data), "")))


def _beyond(known: Any, value: Any, where: str) -> Iterator[str]:
    """Yield the keys of a value that the struct decoded from it has no field for."""
    if isinstance(known, msgspec.Struct):
        for key, inner in value.items():
            if key in known.__struct_fields__:
                yield from _beyond(getattr(known, key), inner, f"{where}{key}/")
            else:
                yield f"{where}{key}"
    elif isinstance(known, tuple):
        for one, inner in zip(known, value, strict=True):
            yield from _beyond(one, inner, where)
