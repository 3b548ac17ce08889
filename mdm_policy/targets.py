"""Find targets: a target is a folder with `target.yaml` and its templates, nothing more.

Packaged and user targets are read by the same code. A manifest claims what its documents block and under which
conditions; the claim is the yardstick that read-back holds the rendered bytes against, so it is never worked out from
the template.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mdm_policy import loading, regular, resources
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.identifiers import quoted
from mdm_policy.listing import is_inside, walk
from mdm_policy.loading.report import LoadReport
from mdm_policy.model import Frozen
from mdm_policy.target_model import Claim, Copy, DocumentSpec, Embed, Manifest, Option, Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = [
    "MANIFEST",
    "Claim",
    "Copy",
    "DocumentSpec",
    "Embed",
    "Manifest",
    "Option",
    "Service",
    "Target",
    "discover",
]

MANIFEST = "target.yaml"
_MOST_MANIFEST = 4 * 1024 * 1024
_MAX_FILE = 4 * 1024 * 1024
"""The largest packaged file, a manifest, has less than 16 KiB; each file of a target is read whole to be hashed."""


class Target(Frozen, frozen=True):
    """Pair a manifest with its folder; `root` is the templates folder it was found in, `shared` the packaged one.

    `places` says where some of its values stand in target.yaml, by pointer; see `loading.PlacedManifest`.
    """

    manifest: Manifest
    folder: Path
    root: Path
    packaged: bool
    shared: Path
    places: dict[str, Origin] = {}

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
        PolicyError: `target-unreadable`, `target-file`, `target-manifest`, `target-duplicate`, and whatever is wrong
            with a manifest as with any YAML of ours; all at once.

    """
    found: list[Finding] = []
    targets: dict[str, Target] = {}
    for root in (packaged, *users):
        for path in _manifests(root, packaged, found):
            target = _read(path, root, packaged, found)
            if target is not None:
                _admit(target, targets, found)
    for target in targets.values():
        _check_embeds(target, targets, found)
    if found:
        raise PolicyError(found)
    return dict(sorted(targets.items()))


def _manifests(root: Path, packaged: Path, found: list[Finding]) -> Sequence[Path]:
    """Return the manifests below a folder of targets; the packaged one may hold links of an installer's."""
    if root == packaged:
        return sorted(root.glob(f"**/{MANIFEST}"))
    met = list(walk(root))
    troubles = [one for one in met if one.trouble not in ("", "loop")]
    outside = "it is a link that leads out of the templates folder"
    for one in troubles:
        why = outside if one.trouble == "outside" else one.why
        found.append(error("target-file", why, Origin(str(one.path))))
    return [one.path for one in met if not one.trouble and one.path.name == MANIFEST]


def _admit(target: Target, targets: dict[str, Target], found: list[Finding]) -> None:
    other = targets.get(target.name)
    if other is not None and target.manifest.replaces != target.name:
        message = f"target {target.name!r} is also defined in {other.folder}"
        hint = f"rename one, or write `replaces: {target.name}` to replace it on purpose"
        found.append(error("target-duplicate", message, target.places["/target"], hint))
        return
    targets[target.name] = target


def _read(path: Path, root: Path, shared: Path, found: list[Finding]) -> Target | None:
    strange = [] if root == shared else list(_strange_files(path.parent, root))
    if strange:
        found.extend(error("target-file", problem, Origin(name)) for name, problem in strange)
        return None
    try:
        source = loading.Source(str(path), regular.read_file(path, _MOST_MANIFEST))
    except OSError as bad:
        found.append(error("target-unreadable", bad.strerror or str(bad), Origin(str(path))))
        return None
    loaded = loading.load_target(source)
    found.extend(loaded.findings)
    if loaded.value is None:
        return None
    target = Target(loaded.value.manifest, path.parent, root, root == shared, shared, loaded.value.places)
    problems = list(_missing_files(target))
    found.extend(problems)
    return None if problems else target


def _strange_files(folder: Path, root: Path) -> Iterable[tuple[str, str]]:
    """Yield each file of a user's target that is not theirs to give, or that nobody should read whole, and why."""
    real = root.resolve()
    shared = root / "_shared"
    below = [one for place in (folder, shared) if place.is_dir() for one in walk(place, hidden=True)]
    troubles = {one.path: one.why for one in below if one.trouble in ("too-deep", "too-many", "unlistable")}
    for path in sorted({*(one.path for one in below), shared}):
        if path.is_symlink() and not is_inside(os.path.realpath(path), str(real)):
            yield str(path), "it is a link that leads out of the templates folder"
        elif path in troubles:
            yield str(path), troubles[path]
        elif regular.type_of(path) == "other":
            yield str(path), "it is a pipe, a device or a socket, not a file"
        elif path.is_file() and path.stat().st_size > _MAX_FILE:
            yield str(path), f"it has more than {_MAX_FILE} bytes"


def _missing_files(target: Target) -> Iterable[Finding]:
    """Yield a finding for each template and schema that is not where the manifest says."""
    for index, each in enumerate(target.manifest.handed_over):
        if not _is_file(target.folder / each.template):
            place = target.places[f"/handed_over/{index}/template"]
            hint = "name a file in the folder of target.yaml"
            yield error("target-manifest", f"the template {quoted(each.template)} is missing", place, hint)
    for index, spec in enumerate(target.manifest.documents):
        if spec.template and not _is_file(target.folder / spec.template):
            place = target.places[f"/documents/{index}/template"]
            hint = "name a file in the folder of target.yaml"
            yield error("target-manifest", f"the template {quoted(spec.template)} is missing", place, hint)
        place = target.places[f"/documents/{index}/schema"]
        if spec.schema.endswith((".json", ".rng")):
            if not _is_file(target.folder / spec.schema):
                yield error("schema-missing", f"the schema {quoted(spec.schema)} is missing", place)
        elif not any(resources.data(f"schemas/vendor/{spec.schema}{end}").is_file() for end in (".json", ".rng")):
            yield _unknown_schema(spec.schema, place)


def _is_file(path: Path) -> bool:
    """Tell whether a file is there; a name that the system cannot even look for is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _unknown_schema(name: str, place: Origin) -> Finding:
    from mdm_policy.validate import schema_names  # noqa: PLC0415 - it brings all of validating, for the names alone

    hint = LoadReport(place.file).guess(name, schema_names())
    return error("schema-missing", f"there is no packaged schema {quoted(name)}", place, hint)


def _check_embeds(target: Target, targets: dict[str, Target], found: list[Finding]) -> None:
    for index, spec in enumerate(target.manifest.documents):
        wanted: list[tuple[Copy | Embed, str]] = [(each, f"embed/{at}") for at, each in enumerate(spec.embed)]
        if spec.copy_of:
            wanted.append((spec.copy_of, "copy_of"))
        for each, key in wanted:
            problem, hint = _embed_problem(each, targets)
            if problem:
                place = target.places[f"/documents/{index}/{key}"]
                message = f"uses document {each.document!r} of target {each.target!r}, which {problem}"
                found.append(error("target-manifest", message, place, hint))


def _embed_problem(wanted: Copy | Embed, targets: dict[str, Target]) -> tuple[str, str]:
    """Say why a document cannot be made of another one, and what to do; nothing when it can."""
    other = targets.get(wanted.target)
    if other is None:
        return "does not exist", LoadReport("").guess(wanted.target, targets)
    inner = other.document(wanted.document)
    if inner is None:
        return "does not exist", LoadReport("").guess(wanted.document, [spec.name for spec in other.manifest.documents])
    if inner.embed or inner.copy_of or inner.for_each:
        # One level is all that is needed, and it keeps a circle of documents impossible.
        return "is itself made of others", "use the document that it is made of"
    return "", ""
