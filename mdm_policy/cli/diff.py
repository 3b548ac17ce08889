"""The `diff` command."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from mdm_policy import __version__, catalogue, loading
from mdm_policy.cli import options, output, signers
from mdm_policy.diff import EFFORT, Comparison, Question, compare_lists, compare_policies, ordered
from mdm_policy.documents import MAX_SIZE
from mdm_policy.errors import Finding, Origin, PolicyError
from mdm_policy.report import changes
from mdm_policy.report.sarif import sarif
from mdm_policy.resolve import resolve
from mdm_policy.sources import git_revisions, inputs, signatures
from mdm_policy.sources.sides import Given, Sources, as_documents, as_lists, check_comparable, given, read_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdm_policy.model import DeviceClass

_MIB = 1024 * 1024
_MODE = re.compile(r"[0-7]{6}|\.")
_HEX = re.compile(r"[0-9a-f]{4,64}|\.")
_FROM_GIT = (7, 9)
"""How many arguments git gives an external diff: path, old file, hex and mode, new file, hex and mode; for a rename
also the new path and what git says about it (git-scm.com/docs/git, GIT_EXTERNAL_DIFF)."""
_CALLED_BY_GIT = "GIT_DIFF_PATH_COUNTER"
"""What git sets for its diff program; for an unmerged file it gives the path alone."""


class _Asked(msgspec.Struct, frozen=True):
    """Hold the options."""

    lists: tuple[str, ...]
    deployment: Path | None
    devices: Path | None
    day: str
    everything: bool
    format: str
    max_size: int
    roots: tuple[bytes, ...]


@click.command(name="diff", context_settings={"ignore_unknown_options": False})
@click.argument("sides", nargs=-1, metavar="OLD NEW", type=click.Path(allow_dash=True))
@click.option(
    "--git", "revs", metavar="REV[..REV]", help="Compare git revisions (or REV and the working tree) of PATHs."
)
@click.option(
    "--list", "lists", multiple=True, metavar="LIST", help="Say by which of these lists an app is banned. Repeatable."
)
@click.option("--deployment", type=click.Path(path_type=Path), help="A deployment: its lists and its device classes.")
@click.option("--devices", type=click.Path(path_type=Path), help="A file of device classes: judge these alone.")
@click.option("--as-of", "as_of", type=options.DateParam(), help="The day to judge dates for; today without it.")
@click.option(
    "--ca",
    "roots",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Root certificates that signers' chains have to lead to. Repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="List EQUIVALENT and COSMETIC changes too.")
@click.option("--allow-tightening", is_flag=True, help="Exit 0 in place of 10, when nothing weakens a ban.")
@click.option(
    "--max-size", type=click.IntRange(1, 4096), metavar="MIB", help="Read documents up to this size; 16 without it."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "markdown", "html", "sarif"]),
    default="text",
    show_default=True,
    help="How to print the changes.",
)
def command(
    sides: tuple[str, ...],
    revs: str | None,
    lists: tuple[str, ...],
    deployment: Path | None,
    devices: Path | None,
    as_of: str | None,
    roots: tuple[Path, ...],
    everything: bool,
    allow_tightening: bool,
    max_size: int | None,
    format_: str,
) -> None:
    """Say what changed between OLD and NEW in effect, and in which direction.

    OLD and NEW are ban lists, builds, exports or policies of any readable kind. With --git, name PATHs instead. Git can
    call it as an external diff. Exit codes: 0 no difference in effect, 10 differences, none weakens a ban, 11 a ban is
    weaker, 1 unreadable.
    """
    size = max_size * _MIB if max_size else MAX_SIZE
    day, trusted = as_of or options.today(), signers.read_roots(roots)
    asked = _Asked(lists, deployment, devices, day, everything, format_, size, trusted)
    if revs is None and len(sides) == 1 and _CALLED_BY_GIT in os.environ:
        output.result(f"mdm-policy diff {sides[0]}: unmerged")
        return
    if revs is None and _is_from_git(sides):
        _external(sides, asked)
        return
    if revs is not None:
        comparison = _revisions(revs, sides or (".",), asked)
    elif len(sides) == 2:
        comparison = _compare(given(sides[0]), given(sides[1]), asked)
    else:
        raise click.UsageError("name OLD and NEW, or give --git REV and PATHs")
    code = comparison.exit_code
    raise click.exceptions.Exit(0 if code == 10 and allow_tightening else code)


def _is_from_git(sides: Sequence[str]) -> bool:
    if len(sides) not in _FROM_GIT:
        return False
    hexes, modes = (sides[2], sides[5]), (sides[3], sides[6])
    return all(map(_HEX.fullmatch, hexes)) and all(map(_MODE.fullmatch, modes))


def _external(sides: Sequence[str], asked: _Asked) -> None:
    """Answer git: what cannot be read is said and passed over, since git stops at an exit code that is not 0."""
    path, old, new = sides[0], sides[1], sides[4]
    renamed = sides[7] if len(sides) > _FROM_GIT[0] else path
    names = {file: name for file, name in ((old, f"a/{path}"), (new, f"b/{renamed}")) if given(file).paths}
    before, after = (Given(names.get(file, file), given(file).paths, str(Path(file).parent)) for file in (old, new))
    output.result(f"mdm-policy diff a/{path} b/{renamed}")
    try:
        _compare(before, after, asked, lambda text: _renamed(text, names))
    except PolicyError as bad:
        output.findings([_named(finding, lambda text: _renamed(text, names)) for finding in bad.findings])


def _renamed(text: str, names: dict[str, str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        if name != names[name].partition("/")[2]:  # the working tree's own file has its name already
            text = text.replace(name, names[name])
    return text


def _revisions(revs: str, paths: Sequence[str], asked: _Asked) -> Comparison:
    """Compare two revisions of paths, in a folder of their own that is gone afterwards."""
    found = git_revisions.revisions(revs)
    with tempfile.TemporaryDirectory(prefix="mdm-policy-") as made:
        folder = Path(made).resolve()
        roots = (folder / "old", folder / "new")
        taken = [
            git_revisions.take_out(commit, paths, root)
            for commit, root in zip((found.old, found.new), roots, strict=True)
        ]
        labels = (found.old_label, found.new_label)
        if not any(taken):
            raise click.UsageError(f"neither {labels[0]} nor {labels[1]} has {', '.join(paths)}")
        sides = [Given(label, files, str(root)) for label, files, root in zip(labels, taken, roots, strict=True)]

        def named(text: str) -> str:
            for root, label in zip(roots, labels, strict=True):
                text = text.replace(f"{root}/", "" if label == "working tree" else f"{label}:")
            return text

        try:
            return _compare(sides[0], sides[1], asked, named)
        except PolicyError as bad:
            raise PolicyError([_named(finding, named) for finding in bad.findings]) from None


def _compare(old: Given, new: Given, asked: _Asked, named: Callable[[str], str] = str) -> Comparison:
    """Read both sides, compare, and print."""
    question, classes = _question(asked)
    read = [read_side(side, asked.max_size, asked.day, asked.roots) for side in (old, new)]
    found = [finding for side in read for finding in side.findings]
    if any(finding.severity == "error" for finding in found):
        raise PolicyError(found)
    check_comparable(read[0], read[1])
    if not any(side.lists or side.policies.documents for side in read):
        raise click.UsageError(f"neither {old.label} nor {new.label} holds a ban list or a policy")
    effort = EFFORT * max(asked.max_size, MAX_SIZE) // MAX_SIZE
    question = msgspec.structs.replace(question, classes=classes, effort=effort)
    comparison = _renaming(_both(read[0], read[1], question), named)
    report = changes.Report(comparison, named(old.label), named(new.label), asked.day, asked.everything)
    _print(report, asked.format)
    output.findings(
        [*(_named(finding, named) for finding in found), *comparison.findings],
        brief="--format json",
        always=signatures.TOLD,
    )
    return comparison


def _both(old: Sources, new: Sources, question: Question) -> Comparison:
    """Compare the lists of both sides, and their policies."""
    made: list[Comparison] = []
    if old.lists or new.lists:
        made.append(compare_lists(as_lists(old, question.as_of), as_lists(new, question.as_of)))
    if old.policies.documents or new.policies.documents:
        builds = bool(old.policies.builds and new.policies.builds)
        sides = (as_documents(old, by_target=builds), as_documents(new, by_target=builds))
        made.append(compare_policies(*sides, question, catalogue.load()))
    return Comparison(
        ordered(change for one in made for change in one.changes),
        tuple(other for one in made for other in one.others),
        tuple(dict.fromkeys(status for one in made for status in one.statuses)),
        tuple(finding for one in made for finding in one.findings),
    )


def _question(asked: _Asked) -> tuple[Question, tuple[DeviceClass, ...]]:
    """Read the lists and the device classes that the comparison is asked with."""
    classes: tuple[DeviceClass, ...] = ()
    if asked.devices is not None:
        loaded = loading.load_devices(inputs.read(asked.devices))
        if loaded.value is None:
            raise PolicyError(loaded.findings)
        classes = loaded.value
    if not asked.lists and asked.deployment is None:
        return Question(asked.day), classes
    read = inputs.gather(asked.deployment, asked.lists)
    resolution = resolve(read.lists, read.deployment, catalogue.load(), asked.day, enforce=False)
    return Question(asked.day, resolution.apps, resolution.statuses), classes or resolution.devices


def _print(report: changes.Report, format_: str) -> None:
    if format_ == "json":
        output.data(changes.as_json(report))
    elif format_ == "sarif":
        output.data(sarif(changes.as_findings(report), __version__))
    elif format_ == "markdown":
        output.result(changes.as_markdown(report))
    elif format_ == "html":
        output.result(changes.as_html(report))
    else:
        output.result(changes.text(report, output.width()))


def _renaming(comparison: Comparison, named: Callable[[str], str]) -> Comparison:
    """Write every file as the person knows it, wherever its name stands."""
    replace = msgspec.structs.replace
    return replace(
        comparison,
        changes=tuple(
            replace(
                one,
                name=named(one.name),
                why=named(one.why),
                who=named(one.who),
                old=_place(one.old, named),
                new=_place(one.new, named),
            )
            for one in comparison.changes
        ),
        findings=tuple(_named(finding, named) for finding in comparison.findings),
    )


def _place(origin: Origin | None, named: Callable[[str], str]) -> Origin | None:
    return None if origin is None else Origin(named(origin.file), origin.line, origin.column)


def _named(finding: Finding, named: Callable[[str], str]) -> Finding:
    return msgspec.structs.replace(finding, message=named(finding.message), origin=_place(finding.origin, named))
