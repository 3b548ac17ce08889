"""Compare a build with itself rendered again: every document, and the manifest but for who wrote and who signed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from mdm_policy.errors import Finding, Origin, warning
from mdm_policy.model import Frozen
from mdm_policy.provenance.weighing import weighed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdm_policy.provenance.record import Record


class Rerendering(Frozen, frozen=True):
    """Say whether a build was rendered again, with which outcome, and why it was not.

    `differs` are the paths that came out otherwise, or on one side only; the manifest is one of them.
    """

    state: Literal["agrees", "differs", "not-done"]
    because: str = ""
    differs: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def compare(record: Record, again: Mapping[str, str], value: Mapping[str, Any], *, asked: bool) -> Rerendering:
    """Compare the recorded digests with those of the files rendered again (by path), and the two manifests.

    Finds `build-differs`, and the warnings `build-other-program` and `build-other-target`. When another version explains
    the difference and nobody `asked` for the proof, the difference is a warning too.
    """
    recorded = {file.path: file.sha256 for file in record.files}
    others = list(_others(record, value))
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
    keys = _differing(record.value, value)
    if keys and not differs:
        said = f"the recorded inputs give another manifest: {', '.join(keys)}{why}"
        findings.append(weighed("build-differs", said, Origin(record.name), "build it again", grave=grave))
        differs.append(record.name)
    state: Literal["agrees", "differs"] = "differs" if differs else "agrees"
    return Rerendering(state, "", tuple(differs), (*findings, *others))


def _others(record: Record, value: Mapping[str, Any]) -> Iterable[Finding]:
    if record.program != value["program"]:
        said = f"the build was made by {record.program}, this is {value['program']}"
        yield warning("build-other-program", said, Origin(record.name), "verify with the version that built it")
    now = {target["name"]: target["digest"] for target in value["targets"]}
    for target in record.targets:
        if target.name in now and now[target.name] != target.digest:
            said = f"the files of target {target.name} are not those the build was rendered with"
            yield warning(
                "build-other-target", said, Origin(record.name), "give the templates of then with --templates"
            )


def _differing(recorded: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    ours, theirs = _bare(recorded), _bare(again)
    return [key for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)]


def _bare(value: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a manifest what another program, or a signature, changes without changing what is built."""
    bare = {key: part for key, part in value.items() if key not in ("program", "signing")}
    for key, unsaid in (("targets", "digest"), ("documents", "signing")):
        bare[key] = [{name: one[name] for name in one if name != unsaid} for one in msgspec.to_builtins(value[key])]
    return bare
