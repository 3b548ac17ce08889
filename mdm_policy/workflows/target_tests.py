"""Test targets by their own tests: build the list in a target's `tests/`, and compare what is blocked with what is expected.

A build holds its documents against what its list orders, by the target's own claims. A test is written by hand, so it
also sees a claim, an option or an identifier kind that was dropped on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy import loading
from mdm_policy.build import build, check_options
from mdm_policy.errors import Finding, NotProvenError, Origin, PolicyError, error
from mdm_policy.identifiers import quoted
from mdm_policy.loading.report import LoadReport
from mdm_policy.model import Frozen
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs
from mdm_policy.workflows.build import checker_of, printer_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mdm_policy.build import Built
    from mdm_policy.target_model import TargetTest
    from mdm_policy.targets import Target

    Key = tuple[str, str, str]

FOLDER, LIST, EXPECTED = "tests", "list.yaml", "expected.yaml"


class TargetTestsResult(Frozen, frozen=True):
    """Hold the names of the targets that have tests and of those that have none, what failed, and what could not be run."""

    tested: tuple[str, ...]
    untested: tuple[str, ...]
    failed: tuple[Finding, ...]
    broken: tuple[Finding, ...]


def run_target_tests(chosen: Iterable[Target], targets: dict[str, Target]) -> TargetTestsResult:
    """Run the tests of targets, each target by itself.

    What fails are `target-test-failed` findings, each at its line of expected.yaml, and documents that a build would not
    let out; what is broken are files that cannot be read and templates that cannot be printed.
    """
    tested: list[str] = []
    untested: list[str] = []
    failed: list[Finding] = []
    broken: list[Finding] = []
    for target in chosen:
        folder = target.folder / FOLDER
        if not folder.is_dir():
            untested.append(target.name)
            continue
        tested.append(target.name)
        try:
            failed += _run(target, targets, folder)
        except NotProvenError as bad:
            failed += bad.findings
        except PolicyError as bad:
            broken += bad.findings
    return TargetTestsResult(tuple(tested), tuple(untested), tuple(failed), tuple(broken))


def _run(target: Target, targets: dict[str, Target], folder: Path) -> list[Finding]:
    test = _expected(folder / EXPECTED)
    read = inputs.gather(None, [str(folder / LIST)])
    options = {target.name: test.options}
    problems = [*check_options(targets, options, test.origin), *_unknown_documents(target, test)]
    if problems:
        raise PolicyError(problems)
    resolution = resolve(read.lists, None, read.catalogue, test.as_of)
    with printer_for(targets) as printer:
        built = build(
            resolution,
            [target],
            targets,
            options,
            "test",
            lambda _path, _data: None,
            printer=printer,
            checker=checker_of(printer),
        )
    blocked = _blocked(built)
    return [one for spec in target.manifest.documents for one in _differences(target, test, spec.name, blocked)]


def _expected(path: Path) -> TargetTest:
    loaded = loading.load_target_test(inputs.read_source(path))
    if loaded.value is None:
        raise PolicyError(loaded.findings)
    return loaded.value


def _unknown_documents(target: Target, test: TargetTest) -> Iterable[Finding]:
    names = [spec.name for spec in target.manifest.documents]
    for name, place in test.places.items():
        if name not in names:
            message = f"the target {target.name!r} has no document {quoted(name)}"
            yield error("target-test-failed", message, place, LoadReport(place.file).guess(name, names))


def _blocked(built: Built) -> dict[str, set[Key]]:
    """Return what the documents for everyone block, by name, as they were read back; exceptions have documents of their own."""
    documents = {one.path: one.document for one in built.documents if not one.variant}
    blocked: dict[str, set[Key]] = {}
    for one in built.pieces:
        for reading in one.readings if one.name in documents else ():
            effects = (effect for effect in reading.effects if effect.rule.sense in ("block", "remove"))
            blocked.setdefault(documents[one.name], set()).update(effect.key for effect in effects)
    return blocked


def _differences(target: Target, test: TargetTest, name: str, blocked: dict[str, set[Key]]) -> Iterable[Finding]:
    got = blocked.get(name, set())
    expected = {one.key: one.origin for one in test.documents.get(name, ())}
    for (_, kind, value), place in expected.items():
        if (_, kind, value) not in got:
            message = f"{target.name}: the document {quoted(name)} does not block {kind} {quoted(value)}"
            hint = f"ban it in {LIST}, correct the template, or remove it here"
            yield error("target-test-failed", message, place, hint)
    at: Origin = test.places.get(name, test.origin)
    for _, kind, value in sorted(got - expected.keys()):
        message = f"{target.name}: the document {quoted(name)} blocks {kind} {quoted(value)}, which is not expected"
        yield error("target-test-failed", message, at, "correct the template, or add it here")
