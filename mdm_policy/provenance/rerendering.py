"""Compare a build with itself rendered again: every document, and the manifest but for who wrote and who signed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from mdm_policy.build.record import SignerRecord
from mdm_policy.errors import Finding, Origin, warning
from mdm_policy.model import Frozen
from mdm_policy.provenance.severity import weighed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdm_policy.build.record import BuildRecord
    from mdm_policy.provenance.record import RecordedBuild


class Rerendering(Frozen, frozen=True):
    """Say whether a build was rendered again, with which outcome, and why it was not.

    `differs` are the paths that came out otherwise, or on one side only; the manifest is one of them.
    """

    state: Literal["agrees", "differs", "not-done"]
    because: str = ""
    differs: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def compare(record: RecordedBuild, again: Mapping[str, str], build: BuildRecord, *, asked: bool) -> Rerendering:
    """Compare the recorded digests with those of the files rendered again (by path), and the record with that of `build`.

    Finds `build-differs`, and the warnings `build-other-program` and `build-other-target`. When another version explains
    the difference and nobody `asked` for the proof, the difference is a warning too.
    """
    recorded = {file.path: file.sha256 for file in record.build.files}
    others = list(_others(record, build))
    why = "; another version of the program or its targets rendered it now" if others else ""
    grave = asked or not others
    findings = []
    differs = [path for path in sorted(recorded.keys() | again.keys()) if recorded.get(path) != again.get(path)]
    for path in differs:
        if path not in again:
            said = "it is not built from the recorded inputs"
        elif path not in recorded:
            said = "it is built from the recorded inputs, and is not part of the build"
        else:
            said = "the recorded inputs give other bytes"
        hint = "build it again, and compare with `diff`"
        findings.append(weighed("build-differs", f"{said}{why}", Origin(path), hint, grave=grave))
    keys = [*_differing(record.build, build), *record.unknown]
    if keys and not differs:
        said = f"the recorded inputs give another manifest: {', '.join(keys)}{why}"
        findings.append(weighed("build-differs", said, Origin(record.name), "build it again", grave=grave))
        differs.append(record.name)
    state: Literal["agrees", "differs"] = "differs" if differs else "agrees"
    return Rerendering(state, "", tuple(differs), (*findings, *others))


def _others(record: RecordedBuild, build: BuildRecord) -> Iterable[Finding]:
    if record.build.program != build.program:
        said = f"the build was made by {record.build.program}, this is {build.program}"
        yield warning("build-other-program", said, Origin(record.name), "verify with the version that built it")
    now = {target.name: target.digest for target in build.targets}
    for target in record.build.targets:
        if target.name in now and now[target.name] != target.digest:
            said = f"the files of target {target.name} are not those the build was rendered with"
            yield warning(
                "build-other-target",
                said,
                Origin(record.name),
                "give the templates as they were at build time, with --templates",
            )


def _differing(recorded: BuildRecord, again: BuildRecord) -> list[str]:
    ours, theirs = _bare(recorded), _bare(again)
    return [key for key in sorted(ours.__struct_fields__) if getattr(ours, key) != getattr(theirs, key)]


def _bare(build: BuildRecord) -> BuildRecord:
    """Leave out of a record what another program, or a signature, changes without changing what is built."""
    replace = msgspec.structs.replace
    return replace(
        build,
        program="",
        signing=SignerRecord(),
        targets=tuple(replace(one, digest="") for one in build.targets),
        documents=tuple(replace(one, signing="no") for one in build.documents),
    )
