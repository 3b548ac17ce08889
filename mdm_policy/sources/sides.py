"""Read one side of a comparison: ban lists, policies, or a folder that holds both, and name things as a person does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import catalogue, loading
from mdm_policy.diff import ListSide, Side
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.model import Resolution
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs, signatures
from mdm_policy.sources.files import Policies, is_table, read_policies
from mdm_policy.sources.trees import DISK, FileTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.model import BanList, Deployment
    from mdm_policy.sources.builds import RecordedDocument

_LISTS = frozenset({".yaml", ".yml"})
_TABLES = frozenset({".csv", ".tsv", ".xlsx", ".xls"})
_LANGUAGE = ("ban-list", "deployment", "devices")
_NULL = ("/dev/null", "nul")
"""How git names the side on which a file does not exist."""


class GivenSide(msgspec.Struct):
    """Hold what a side was given as: its name for a reader, the paths to read, and what names begin with.

    `tree` is where the paths are, `findings` what was not taken into it.
    """

    label: str
    paths: tuple[Path, ...]
    root: str = ""
    tree: FileTree = DISK
    findings: tuple[Finding, ...] = ()


class Sources(msgspec.Struct, frozen=True):
    """Hold one side as read: its lists, its policies, and the findings of both."""

    label: str
    lists: tuple[BanList, ...]
    deployment: Deployment | None
    policies: Policies
    root: str
    findings: tuple[Finding, ...]
    catalogue: Catalogue
    files: tuple[tuple[str, str, str], ...] = ()
    """The lists and the deployment: role, name, and SHA-256 in hex."""


def given(text: str) -> GivenSide:
    """Take OLD or NEW as it is written on the command line."""
    path = Path(text)
    if text.lower() in _NULL:
        return GivenSide(text, ())
    inside = DISK.type_of(path) == "folder" or path.suffix.lower() == ".zip"
    return GivenSide(text, (path,), str(path) if inside else str(path.parent) if path.parent.name else "")


def read_side(
    side: GivenSide,
    max_size: int,
    day: str,
    roots: Sequence[bytes] = (),
    stdin: inputs.StandardInput = inputs.no_standard_input,
) -> Sources:
    """Read one side: every path that is a ban list or a deployment as such, everything else as policies.

    Signatures are judged on a day, against certificates to trust (DER).
    """
    tree = side.tree
    reader = inputs.Reader(tree=tree)
    lists: list[BanList] = []
    deployment, known = None, catalogue.load()
    found = list(side.findings)
    files: list[tuple[str, str, str]] = []
    strange: set[str] = set()
    others: list[Path] = []
    for path in side.paths:
        kind = _kind(path, tree) or ("ban-list" if _is_table(path, tree) else "")
        if kind == "deployment":
            read = inputs.gather(path, (), tree=tree)
            deployment, known = read.deployment, read.catalogue
            lists += read.lists
            found += read.findings
            files += read.files
        elif kind == "ban-list":
            lists += reader.lists([(str(path), None)], None)
        else:
            others.append(path)
            mine = list(_language(path, tree)) if tree.type_of(path) == "folder" else []
            strange.update(str(one) for one, _ in mine)
            lists += reader.lists([(str(one), None) for one, kind in mine if kind == "ban-list"], None)
    policies = read_policies(others, max_size=max_size, stdin=stdin, tree=tree)
    documents = tuple(one for one in policies.documents if one.name not in strange)
    kept = tuple(one for one in policies.findings if one.origin is None or one.origin.file not in strange)
    policies = msgspec.structs.replace(policies, documents=documents, findings=kept)
    policies = signatures.judged(policies, day, roots)
    files += [(role, name, digest) for (role, name), digest in reader.files.items()]
    told = (*found, *reader.findings, *policies.findings)
    return Sources(side.label, tuple(lists), deployment, policies, side.root, told, known, tuple(files))


def _kind(path: Path, tree: FileTree) -> str:
    """Tell whether a path is written in the program's own language: a shipped list's id, a list, a deployment."""
    type_ = tree.type_of(path)
    if str(path) in inputs.shipped() and not type_:
        return "ban-list"
    if path.suffix.lower() not in _LISTS or type_ != "file":
        return ""
    kind = loading.detect(inputs.read_source(path, tree=tree))
    return kind if kind in _LANGUAGE else ""


def _is_table(path: Path, tree: FileTree) -> bool:
    """Tell whether a file that is given by name is a table of bans; a table of Defender's indicators is a policy."""
    if path.suffix.lower() not in _TABLES or tree.type_of(path) != "file":
        return False
    return not is_table(path, tree)


def _language(folder: Path, tree: FileTree) -> Iterator[tuple[Path, str]]:
    """Yield the files below a folder that are written in the program's own language."""
    for met in tree.walk(folder):
        if not met.trouble and (kind := _kind(met.path, tree)):
            yield met.path, kind


def as_documents(side: Sources, *, by_target: bool) -> Side:
    """Return a side's policies; a build's variants are for their groups alone.

    With `by_target`, as between two builds, each target stands for itself, and so does each other way to send one of its
    documents: nobody deploys all of a build to one device, so no target may make up for another's loss.
    """
    apart = {name: _apart(record, by_target=by_target) for name, record in side.policies.records.items()}
    return Side(side.label, side.policies.documents, side.root, dict(side.policies.scopes), apart)


def _apart(record: RecordedDocument, *, by_target: bool) -> str:
    said = []
    if by_target:
        said.append(f"from target {record.target}" + (f" sent as {record.document}" if record.instead_of else ""))
    if record.variant:
        said.append(f"for {', '.join(record.groups)}")
    return " ".join(said)


def as_lists(side: Sources, day: str) -> ListSide:
    """Return what a side's lists come to, judged as written; a side without lists orders nothing.

    Raises:
        PolicyError: when a list cannot be resolved.

    """
    if side.lists:
        resolution = resolve(side.lists, side.deployment, side.catalogue, day, enforce=False)
    else:
        resolution = Resolution("", "", day, (), (), (), (), (), ())
    return ListSide(side.label, side.lists, resolution)


def check_comparable(old: Sources, new: Sources) -> None:
    """Refuse to compare a list with policies.

    Raises:
        PolicyError: `diff-sides`, when one side is ban lists and the other policies.

    """
    pairs = ((old, new), (new, old))
    for one, other in pairs:
        if one.lists and not one.policies.documents and other.policies.documents and not other.lists:
            message = f"{one.label} is a ban list, and {other.label} holds policies: they have no common measure"
            hint = "to hold policies against a list, use `mdm-policy verify --list`"
            raise PolicyError([error("diff-sides", message, Origin(one.label), hint)])
