"""Find targets and read their manifests: a target is a folder with `target.yaml` and its templates, nothing more.

Packaged and user targets are read by the same code. A manifest claims what its documents block and under which
conditions; the claim is the yardstick that read-back holds the rendered bytes against, so it is never worked out from
the template.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import yaml

from mdm_policy import filenames
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.model import Family, Frozen, Kind, Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MANIFEST = "target.yaml"
_MAX_FILE = 4 * 1024 * 1024
"""The largest packaged file, a manifest, has less than 16 KiB; each file of a target is read whole to be hashed."""
_MOST_DIGITS = 9
"""Digits in one part of a version; Python refuses to read thousands of them."""
_NO_MANIFEST = (
    msgspec.ValidationError,
    RecursionError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
)
"""What PyYAML raises besides its own error for a scalar that is not what its tag says, such as `!!timestamp x`."""


class Claim(Frozen, frozen=True, forbid_unknown_fields=True):
    """Claim that documents block one kind of identifier, under conditions a reader must find in them as well.

    `platforms` maps a device platform to the OS version from which the block acts (text, `"15"`). `option` names the
    target's option that must be on, `unless` one that must be off. `capacity` is the most entries the vendor (or the sheet) allows, `capacity_source`
    who says so.
    """

    family: Family
    kind: Kind
    verdict: Literal["blocked", "hidden", "removed", "not-installable"]
    strength: Strength
    platforms: dict[str, str]
    source: str
    name: str = "ban"
    supervised: bool | None = None
    enrollments: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    sides: tuple[Literal["device", "work", "personal"], ...] = ()
    origins: tuple[str, ...] = ()
    option: str = ""
    unless: str = ""
    capacity: int | None = None
    capacity_source: str = ""


class Option(Frozen, frozen=True, forbid_unknown_fields=True):
    """Describe one option a deployment may set for the target."""

    help: str
    default: bool | int | str
    choices: tuple[str, ...] = ()


class Copy(Frozen, frozen=True, forbid_unknown_fields=True):
    """Name another target's document that is written out here unchanged."""

    target: str
    document: str


class Embed(Frozen, frozen=True, forbid_unknown_fields=True):
    """Insert another target's canonical document into a template: as text, one line of text, or base64."""

    name: str
    target: str
    document: str
    as_: Literal["text", "compact", "base64"] = msgspec.field(name="as", default="text")


class DocumentSpec(Frozen, frozen=True, forbid_unknown_fields=True):
    """Describe one document of a target, or one document per record with `for_each`.

    `carries` names the claims this document must keep; `records` gives the template `entries` beside `ids`; `output` may use `{slug}` and, with `for_each`, `{record}`.
    `instead_of` names the document this one is another way to send: a device obeys one of the two.
    `read_back` is for document kinds no reader knows: where a user's document holds the blocked identifiers.
    `sign` says that it is an Apple profile which those who take it may take signed.
    """

    name: str
    format: Literal["plist", "json", "xml"]
    output: str
    schema: str
    template: str = ""
    copy_of: Copy | None = None
    carries: tuple[str, ...] = ()
    for_each: str = ""
    embed: tuple[Embed, ...] = ()
    compact: bool = False
    records: bool = False
    instead_of: str = ""
    read_back: dict[str, str] = {}
    sign: bool = False


class Manifest(Frozen, frozen=True, forbid_unknown_fields=True):
    """Hold one target's manifest; `needs` and `cannot` are sentences an admin reads.

    `managed_by` and `modes` say which devices the target is for: those of that MDM, enrolled in those Android modes.
    """

    target: str
    title: str
    vendor: str
    source: str
    summary: str
    blocks: tuple[Claim, ...]
    documents: tuple[DocumentSpec, ...]
    needs: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    managed_by: str = ""
    modes: tuple[str, ...] = ()
    alternative_group: str = ""
    default: bool = True
    options: dict[str, Option] = {}
    replaces: str = ""
    import_template: str = "import.md.j2"


class Target(Frozen, frozen=True):
    """Pair a manifest with its folder; `root` is the templates folder it was found in, `shared` the packaged one."""

    manifest: Manifest
    folder: Path
    root: Path
    packaged: bool
    shared: Path

    @property
    def search(self) -> tuple[Path, ...]:
        """Return where templates are looked for: the target's folder, its root, the packaged root."""
        return tuple(dict.fromkeys((self.folder, self.root, self.shared)))

    @property
    def name(self) -> str:
        """Return the target's permanent name."""
        return self.manifest.target

    def document(self, name: str) -> DocumentSpec | None:
        """Return the document of a name, or None."""
        return next((d for d in self.manifest.documents if d.name == name), None)

    def claims(self, spec: DocumentSpec, options: dict[str, Any]) -> tuple[Claim, ...]:
        """Return the claims a document must keep, given the options in force."""
        return tuple(
            c
            for c in self.manifest.blocks
            if c.name in spec.carries
            and (not c.option or options.get(c.option))
            and not (c.unless and options.get(c.unless))
        )

    def options(self, chosen: dict[str, Any]) -> dict[str, Any]:
        """Return every option with the deployment's choice or its default."""
        return {name: chosen.get(name, option.default) for name, option in sorted(self.manifest.options.items())}


def discover(packaged: Path, users: Sequence[Path] = ()) -> dict[str, Target]:
    """Read every target below the packaged folder and the user's folders, by name in sorted order.

    Raises:
        PolicyError: `target-unreadable`, `target-manifest`, `target-duplicate`, `target-claim`; all at once.

    """
    found: list[Finding] = []
    targets: dict[str, Target] = {}
    for root in (packaged, *users):
        for path in sorted(root.glob(f"**/{MANIFEST}")):
            target = _read(path, root, packaged, found)
            if target is not None:
                _admit(target, targets, found)
    for target in targets.values():
        _check_embeds(target, targets, found)
    if found:
        raise PolicyError(found)
    return dict(sorted(targets.items()))


def _admit(target: Target, targets: dict[str, Target], found: list[Finding]) -> None:
    other = targets.get(target.name)
    if other is not None and target.manifest.replaces != target.name:
        message = f"target {target.name!r} is also defined in {other.folder}"
        hint = f"rename one, or write `replaces: {target.name}` to replace it on purpose"
        found.append(error("target-duplicate", message, Origin(str(target.folder / MANIFEST)), hint))
        return
    targets[target.name] = target


def _read(path: Path, root: Path, shared: Path, found: list[Finding]) -> Target | None:
    place = Origin(str(path))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    strange = [] if root == shared else list(_strange_files(path.parent, root))
    if strange:
        found.extend(error("target-file", problem, Origin(name)) for name, problem in strange)
        return None
    try:
        text = path.read_text(encoding="utf-8")
        manifest = msgspec.convert(yaml.load(text, Loader=loader), Manifest)  # noqa: S506 - a safe loader
    except (OSError, UnicodeDecodeError) as bad:
        found.append(error("target-unreadable", str(bad), place))
        return None
    except yaml.YAMLError as bad:
        mark = getattr(bad, "problem_mark", None)
        at = Origin(str(path), mark.line + 1, mark.column + 1) if mark else place
        found.append(error("target-manifest", getattr(bad, "problem", None) or "not valid YAML", at))
        return None
    except _NO_MANIFEST as bad:
        found.append(error("target-manifest", str(bad), place, "see docs/targets.md for the manifest's keys"))
        return None
    target = Target(manifest, path.parent, root, root == shared, shared)
    try:
        problems = list(_problems(target))
    except (OSError, ValueError) as bad:  # the name of a template that the system cannot even look for
        problems = [f"a file it names cannot be looked for: {getattr(bad, 'strerror', None) or bad}"]
    found.extend(error("target-manifest", problem, place) for problem in problems)
    return None if problems else target


def _strange_files(folder: Path, root: Path) -> Iterable[tuple[str, str]]:
    """Yield each file of a user's target that is not theirs to give, or that nobody should read whole, and why."""
    real = root.resolve()
    shared = root / "_shared"
    for path in sorted({*folder.rglob("*"), *shared.rglob("*"), shared}):
        if path.is_symlink() and not path.resolve().is_relative_to(real):
            yield str(path), "it is a link that leads out of the templates folder"
        elif path.is_file() and path.stat().st_size > _MAX_FILE:
            yield str(path), f"it has more than {_MAX_FILE} bytes"


def _problems(target: Target) -> Iterable[str]:
    manifest = target.manifest
    if re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", manifest.target) is None:
        yield f"the name {manifest.target!r} is not kebab-case"
    elif filenames.problem(manifest.target):
        yield f"the name {manifest.target!r} names a folder: {filenames.problem(manifest.target)}"
    names = {claim.name for claim in manifest.blocks}
    carried = {name for spec in manifest.documents for name in spec.carries}
    for name in sorted(carried - names):
        yield f"a document carries {name!r}, which `blocks` does not define"
    for name in sorted(names - carried):
        yield f"no document carries the claim {name!r}"
    outputs = ["import.md", *(filenames.same(spec.output) for spec in manifest.documents)]
    for output in sorted({output for output in outputs if outputs.count(output) > 1}):
        yield f"two files would be written to {output!r}"
    for spec in manifest.documents:
        yield from _output_problems(spec, manifest.blocks)
        yield from _source_problems(target, spec)
    for claim in manifest.blocks:
        for option in (claim.option, claim.unless):
            if option and option not in manifest.options:
                yield f"a claim depends on the option {option!r}, which is not defined"
        if any(
            not part.isdecimal() or len(part) > _MOST_DIGITS
            for version in claim.platforms.values()
            for part in version.split(".")
        ):
            yield "a claim's platform version is not dotted numbers"


def _source_problems(target: Target, spec: DocumentSpec) -> Iterable[str]:
    """Yield what is wrong with the files a document is made and checked with."""
    if bool(spec.template) == bool(spec.copy_of):
        yield f"document {spec.name!r} needs either `template` or `copy_of`"
    elif spec.template and not (target.folder / spec.template).is_file():
        yield f"the template {spec.template!r} is missing"
    if spec.schema.endswith((".json", ".rng")) and filenames.problem(spec.schema):
        yield f"the schema {spec.schema!r} does not stand beside the template: {filenames.problem(spec.schema)}"


def _output_problems(spec: DocumentSpec, blocks: Sequence[Claim]) -> Iterable[str]:
    """Yield why a document would not be written, or not where and as it should be."""
    if spec.sign and spec.format != "plist":
        yield f"document {spec.name!r} cannot be signed: only Apple profiles are"
    fields = ("slug", "record") if spec.for_each else ("slug",)
    shown = _plain_output(spec.output, fields)
    if shown is None:
        yield f"the output {spec.output!r} may hold {' and '.join(f'{{{field}}}' for field in fields)} and no other braces"
    elif filenames.problem(shown):
        yield f"the output {spec.output!r} cannot be written everywhere: {filenames.problem(shown)}"
    kinds = {f"{claim.family}.{claim.kind}" for claim in blocks if claim.name in spec.carries or not spec.carries}
    if spec.for_each and (spec.for_each not in kinds or (spec.carries and len(kinds) > 1)):
        # One document a value keeps a claim about that kind of value, and no other.
        yield f"`for_each` is {spec.for_each!r}, and the document carries {' and '.join(sorted(kinds))}"


def _plain_output(output: str, fields: Sequence[str]) -> str | None:
    """Return an output path with `x` for its fields, or None when they are not plain ones.

    `{slug.__class__}` and `{slug:>9999999999}` are fields too for `str.format`.
    """
    try:
        parts = list(string.Formatter().parse(output))
    except ValueError:
        return None
    if any(name is not None and (name not in fields or spec or conversion) for _, name, spec, conversion in parts):
        return None
    return "".join(text + ("x" if name is not None else "") for text, name, _, _ in parts)


def _check_embeds(target: Target, targets: dict[str, Target], found: list[Finding]) -> None:
    place = Origin(str(target.folder / MANIFEST))
    for spec in target.manifest.documents:
        for wanted in (*spec.embed, *((spec.copy_of,) if spec.copy_of else ())):
            other = targets.get(wanted.target)
            inner = other.document(wanted.document) if other else None
            if inner is None:
                message = f"uses document {wanted.document!r} of target {wanted.target!r}, which does not exist"
                found.append(error("target-manifest", message, place))
            elif inner.embed or inner.copy_of or inner.for_each:
                # One level is all that is needed, and it keeps a circle of documents impossible.
                message = (
                    f"uses document {wanted.document!r} of target {wanted.target!r}, which is itself made of others"
                )
                found.append(error("target-manifest", message, place))


def select(
    targets: dict[str, Target], asked: Sequence[str], deployment: Sequence[tuple[str, Origin]] | None
) -> tuple[Target, ...]:
    """Choose the targets to build: those asked for, else the deployment's, else every default one.

    Raises:
        PolicyError: `unknown-target`, for each name that is not a target.

    """
    wanted: Sequence[tuple[str, Origin | None]] = [(name, None) for name in asked] or deployment or ()
    if not wanted and deployment is None:
        return tuple(target for target in targets.values() if target.manifest.default)
    found = [
        error("unknown-target", f"there is no target {name!r}", place, f"targets: {', '.join(targets)}")
        for name, place in wanted
        if name not in targets
    ]
    if found:
        raise PolicyError(found)
    names = {name for name, _ in wanted}
    return tuple(target for name, target in targets.items() if name in names)
