"""Write what a verification found as an in-toto Statement, so that others can demand it without knowing this program.

Statement v1 and the predicate test-result v0.1 (github.com/in-toto/attestation, spec/v1/statement.md and
spec/predicates/test-result.md). The bytes depend on what was verified alone: no time, no host, no path of this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdm_policy import documents
from mdm_policy.build.record import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.errors import Finding
    from mdm_policy.provenance.checking import Checked
    from mdm_policy.provenance.record import RecordedBuild
    from mdm_policy.provenance.rerendering import Rerendering

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"

_FILE_TESTS = (
    ("manifest-is-as-built", ("build-path", "build-manifest-edited")),
    ("files-have-their-recorded-digests", ("build-file-missing", "build-file-changed", "build-file-link")),
    ("no-foreign-files", ("build-file-foreign",)),
)
"""The tests on files, and the findings that fail each; like finding ids, the names are permanent."""
_INPUTS, _AGAIN, _READ_BACK, _DECLARED = (
    "inputs-have-their-recorded-digests",
    "rendered-again-to-the-same-bytes",
    "blocks-exactly-what-is-ordered",
    "blocks-what-is-ordered-as-declared-not-modelled",
)


_WORDS = ("passed", "warned", "failed")


def outcome(findings: Iterable[Finding]) -> str:
    """Return `passed`, `warned` or `failed`, as the worst finding says."""
    severities = {finding.severity for finding in findings}
    return "failed" if "error" in severities else "warned" if "warning" in severities else "passed"


def statement(
    record: RecordedBuild, checked: Checked, again: Rerendering, findings: Sequence[Finding], program: tuple[str, str]
) -> bytes:
    """Return the statement: one subject for each file that is there, as it is, and one for the manifest.

    `findings` are all of the verification, `program` is this program's name and version. A test that was not run stands
    in no list. A signed file's subject has the digest of the file, and that of its content as an annotation; that of a
    document of which only its target's manifest says what it does is annotated as declared.
    """
    tests = _tests(record, checked, again, findings)
    name, version = program
    value = {
        "_type": STATEMENT,
        "subject": list(_subjects(record, checked)),
        "predicateType": PREDICATE,
        "predicate": {
            "result": outcome(findings).upper(),
            "configuration": [
                {"name": name, "uri": f"pkg:pypi/{name}@{version}"},
                *({"name": one.name, "digest": {"sha256": one.sha256}} for one in record.build.inputs),
            ],
            **{f"{word}Tests": [test for test, found in tests.items() if found == word] for word in _WORDS},
        },
    }
    return documents.dump(value, "json")


def _subjects(record: RecordedBuild, checked: Checked) -> Iterator[dict[str, Any]]:
    own = set(declared(record))
    yield {"name": MANIFEST, "digest": {"sha256": record.sha256}}
    for file in checked.files:
        if not file.found:
            continue
        subject: dict[str, Any] = {"name": file.path, "digest": {"sha256": file.found}}
        annotations = {"signedContentSha256": file.sha256} if file.state == "signed" else {}
        annotations |= {"proof": "declared, not modelled"} if file.path in own else {}
        if annotations:
            subject["annotations"] = annotations
        yield subject


def declared(record: RecordedBuild) -> tuple[str, ...]:
    """Return the paths of documents that no reader knows: what they do is the word of their target's own manifest."""
    return tuple(one.path for one in record.build.documents if one.proof == "declared")


def _tests(record: RecordedBuild, checked: Checked, again: Rerendering, findings: Sequence[Finding]) -> dict[str, str]:
    """Return the tests that were run, each with its outcome."""
    ids = {finding.id for finding in checked.findings}
    results = {name: "failed" if ids.intersection(failing) else "passed" for name, failing in _FILE_TESTS}
    if any(finding.id == "build-input-differs" for finding in findings):
        results[_INPUTS] = outcome(f for f in findings if f.id == "build-input-differs")
    elif again.state != "not-done":
        results[_INPUTS] = "passed"
        results[_AGAIN] = outcome(again.findings)
        if again.state == "agrees":
            # Nothing is rendered to the end that is not found to block exactly what is ordered: by its reader, or at
            # the place that a user's own manifest names. The second is a lesser proof, and has a name of its own.
            results[_DECLARED if declared(record) else _READ_BACK] = "passed"
    return results
