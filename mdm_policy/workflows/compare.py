"""Compare two sides, whatever they are, by effect and direction: what `diff` asks for, and what it gets."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import catalogue as catalogues
from mdm_policy import loading
from mdm_policy.catalogue.exports import Export, is_export, read_export
from mdm_policy.diff import EFFORT, Comparison, Question, Side, compare_lists, compare_policies, ordered
from mdm_policy.diff.catalogues import compare_catalogues
from mdm_policy.documents import MAX_SIZE
from mdm_policy.errors import Finding, Origin, PolicyError
from mdm_policy.model import Frozen
from mdm_policy.report.stamp import JudgedInput, documents
from mdm_policy.report.stamp import given as stamp_of
from mdm_policy.resolve import resolve
from mdm_policy.sources import git_revisions, inputs, signatures
from mdm_policy.sources.sides import GivenSide, Sources, as_documents, as_lists, check_comparable, given, read_side
from mdm_policy.verify import allowances
from mdm_policy.workflows import stamping
from mdm_policy.workflows.pieces import pieces_of
from mdm_policy.workflows.prove import read_devices
from mdm_policy.workflows.requests import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.model import DeviceClass
    from mdm_policy.report.stamp import Stamp

    Renaming = Callable[[str], str]


_ROOTS = (PurePosixPath("/mdm-policy-git/old"), PurePosixPath("/mdm-policy-git/new"))
"""What the names of the files of two revisions begin with while they are compared; nothing is ever there."""


class CompareRequest(Frozen, frozen=True):
    """Ask for a comparison: OLD and NEW, or with `revisions` (`REV` or `REV..REV`) paths in a git repository.

    `lists`, of shipped ids or paths, and `deployment` say by which authority an app is banned; `devices` is a file of the
    device classes to judge alone. `max_size` is the most bytes read of one document. `roots` are files with the
    certificates that signers' chains have to lead to. `accept_unjudged` are patterns of `path#pointer`: changes that nobody
    can judge there are taken as they are.
    """

    sides: tuple[str, ...]
    as_of: str
    revisions: str | None = None
    lists: tuple[str, ...] = ()
    deployment: Path | None = None
    devices: Path | None = None
    max_size: int = MAX_SIZE
    roots: tuple[Path, ...] = ()
    accept_unjudged: tuple[str, ...] = ()


class CompareResult(Frozen, frozen=True):
    """Hold a comparison, what its two sides are called, and what was said while they were read."""

    comparison: Comparison
    old_label: str
    new_label: str
    findings: tuple[Finding, ...]
    stamp: Stamp

    def exit_code(self, *, allow_tightening: bool = False) -> int:
        """Return 11 when a ban is weakened or nobody can tell, 10 when anything else differs (0 when allowed), else 0."""
        code = self.comparison.exit_code
        return 0 if code == 10 and allow_tightening else code


def compare(request: CompareRequest, stdin: inputs.StandardInput = inputs.no_standard_input) -> CompareResult:
    """Read both sides, and say what changed between them in effect, and in which direction.

    Raises:
        RequestError: there are not two sides, or neither holds anything to compare.
        PolicyError: something cannot be read; `diff-sides`; `git-failed`; `diff-too-many-cases`.

    """
    if request.revisions is not None:
        return _revisions(request.revisions, request.sides or (".",), request, stdin)
    if len(request.sides) != 2:
        raise RequestError("name OLD and NEW, or give --git REV and PATHs")
    return compare_given(given(request.sides[0]), given(request.sides[1]), request, stdin=stdin)


def _revisions(revs: str, paths: Sequence[str], request: CompareRequest, stdin: inputs.StandardInput) -> CompareResult:
    """Compare two revisions of paths, whose files stay in memory."""
    found = git_revisions.revisions(revs)
    labels = (found.old_label, found.new_label)
    taken = [
        git_revisions.take_out(commit, paths, root, request.max_size)
        for commit, root in zip((found.old, found.new), _ROOTS, strict=True)
    ]
    if not any(one.paths or one.findings for one in taken):
        raise RequestError(f"neither {labels[0]} nor {labels[1]} has {', '.join(paths)}")
    sides = [
        GivenSide(label, one.paths, str(root), one.tree, one.findings)
        for label, one, root in zip(labels, taken, _ROOTS, strict=True)
    ]

    def renamed(text: str) -> str:
        for root, label in zip(_ROOTS, labels, strict=True):
            text = text.replace(f"{root}/", "" if label == "working tree" else f"{label}:").replace(str(root), label)
        return text

    return compare_given(sides[0], sides[1], request, renamed, stdin)


@loading.collector_paused()
def compare_given(
    old: GivenSide,
    new: GivenSide,
    request: CompareRequest,
    renamed: Renaming = str,
    stdin: inputs.StandardInput = inputs.no_standard_input,
) -> CompareResult:
    """Compare two sides that are known by other names than their files have: `renamed` writes them in any text.

    Raises:
        RequestError: neither side holds anything to compare.
        PolicyError: as `compare`; its findings bear the names a person knows.

    """
    try:
        return _compared(old, new, request, renamed, stdin)
    except RequestError:
        raise
    except PolicyError as bad:
        raise PolicyError([_named(finding, renamed) for finding in bad.findings]) from None


def _compared(
    old: GivenSide, new: GivenSide, request: CompareRequest, renamed: Renaming, stdin: inputs.StandardInput
) -> CompareResult:
    saved = [_saved(side) for side in (old, new)]
    if saved[0] is not None and saved[1] is not None:
        return _catalogues((old, saved[0]), (new, saved[1]), request, renamed, stdin)
    trusted = signatures.read_roots(request.roots)
    question, classes, known, asked = _question(request, stdin)
    read = [read_side(side, request.max_size, request.as_of, trusted, stdin) for side in (old, new)]
    found = [finding for side in read for finding in side.findings]
    if any(finding.severity == "error" for finding in found):
        raise PolicyError(found)
    check_comparable(read[0], read[1])
    if not any(side.lists or side.policies.documents for side in read):
        raise RequestError(f"neither {old.label} nor {new.label} holds a ban list or a policy")
    effort = EFFORT * max(request.max_size, MAX_SIZE) // MAX_SIZE
    question = msgspec.structs.replace(
        question, classes=classes, effort=effort, accept_unjudged=request.accept_unjudged
    )
    comparison = _renaming(_both(read[0], read[1], question, known), renamed)
    told = (*(_named(finding, renamed) for finding in found), *comparison.findings)
    judged = [
        *stamping.files(asked, request.devices, request.roots),
        *(one for word, side in zip(("old", "new"), read, strict=True) for one in _inputs(word, side)),
    ]
    stamp = stamping.stamped(known.version, request.as_of, judged)
    stamp = stamp.renamed(renamed(one.name) for one in stamp.inputs)
    return CompareResult(comparison, renamed(old.label), renamed(new.label), told, stamp)


def _inputs(word: str, side: Sources) -> tuple[JudgedInput, ...]:
    """Return what one side of a comparison was read from."""
    listed = [JudgedInput(f"{word} {role}", name, digest) for role, name, digest in side.files]
    return (*listed, *documents(f"{word} policy", side.policies.documents))


def _saved(side: GivenSide) -> Export | None:
    """Return the saved catalogue that a side is, if it is one."""
    if len(side.paths) != 1 or side.paths[0].suffix.lower() != ".json" or side.tree.type_of(side.paths[0]) != "file":
        return None
    source = inputs.read_source(side.paths[0], tree=side.tree)
    return read_export(source.name, source.data) if is_export(source.data) else None


def _catalogues(
    old: tuple[GivenSide, Export],
    new: tuple[GivenSide, Export],
    request: CompareRequest,
    renamed: Renaming,
    stdin: inputs.StandardInput,
) -> CompareResult:
    """Compare two saved catalogues, for what the lists ban, where there are any."""
    banned: set[str] | None = None
    asked: inputs.Inputs | None = None
    if request.lists or request.deployment is not None:
        question, _, _, asked = _question(request, stdin)
        named = [app for app in question.apps if app.named_by != "list"]
        banned = {app.key for app in named}
        banned |= {f"vendor:{reason.banned_vendor}" for app in named for reason in app.reasons if reason.banned_vendor}
    labels = (old[0].label, new[0].label)
    comparison = compare_catalogues((labels[0], old[1]), (labels[1], new[1]), banned)
    judged = [
        *stamping.files(asked, None, ()),
        *(
            stamp_of(f"{word} catalogue", str(path), inputs.read_source(path, tree=side.tree).data)
            for word, (side, _) in zip(("old", "new"), (old, new), strict=True)
            for path in side.paths
        ),
    ]
    stamp = stamping.stamped(catalogues.load().version, request.as_of, judged)
    stamp = stamp.renamed(renamed(one.name) for one in stamp.inputs)
    return CompareResult(_renaming(comparison, renamed), renamed(labels[0]), renamed(labels[1]), (), stamp)


def _both(old: Sources, new: Sources, question: Question, known: Catalogue) -> Comparison:
    """Compare the lists of both sides, and their policies."""
    made: list[Comparison] = []
    if old.lists or new.lists:
        made.append(compare_lists(as_lists(old, question.as_of), as_lists(new, question.as_of)))
    if old.policies.documents or new.policies.documents:
        builds = bool(old.policies.builds and new.policies.builds)
        sides = tuple(_side(one, question, by_target=builds) for one in (old, new))
        made.append(compare_policies(sides[0], sides[1], question, known))
    return Comparison(
        ordered(change for one in made for change in one.changes),
        tuple(other for one in made for other in one.others),
        tuple(dict.fromkeys(status for one in made for status in one.statuses)),
        tuple(finding for one in made for finding in one.findings),
    )


def _side(read: Sources, question: Question, *, by_target: bool) -> Side:
    """Return a side's policies; with lists, also as the verifier takes them."""
    side = as_documents(read, by_target=by_target)
    return msgspec.structs.replace(side, pieces=pieces_of(read.policies)) if question.apps else side


def _question(
    request: CompareRequest, stdin: inputs.StandardInput
) -> tuple[Question, tuple[DeviceClass, ...], Catalogue, inputs.Inputs | None]:
    """Read the lists and the device classes that the comparison is asked with."""
    classes = read_devices(request.devices, stdin) if request.devices is not None else ()
    if not request.lists and request.deployment is None:
        return Question(request.as_of), classes, catalogues.load(), None
    read = inputs.gather(request.deployment, request.lists, stdin=stdin)
    resolution = resolve(read.lists, read.deployment, read.catalogue, request.as_of, enforce=False)
    question = Question(request.as_of, resolution.apps, resolution.statuses, leave=allowances(resolution))
    return question, classes or resolution.devices, read.catalogue, read


def _renaming(comparison: Comparison, renamed: Renaming) -> Comparison:
    """Write every file as the person knows it, wherever its name stands."""
    replace = msgspec.structs.replace
    return replace(
        comparison,
        changes=tuple(
            replace(
                one,
                name=renamed(one.name),
                why=renamed(one.why),
                who=renamed(one.who),
                old=_place(one.old, renamed),
                new=_place(one.new, renamed),
            )
            for one in comparison.changes
        ),
        findings=tuple(_named(finding, renamed) for finding in comparison.findings),
    )


def _place(origin: Origin | None, renamed: Renaming) -> Origin | None:
    return None if origin is None else Origin(renamed(origin.file), origin.line, origin.column)


def _named(finding: Finding, renamed: Renaming) -> Finding:
    return msgspec.structs.replace(finding, message=renamed(finding.message), origin=_place(finding.origin, renamed))
