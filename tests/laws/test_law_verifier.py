"""Hold the verifier against the manifests: on every state, what it finds is what a target claims, no more, no less.

What a claim means on a state is worked out here from the manifest alone; `decide` knows nothing of manifests.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from build_kit import DAY, TARGETS, built

from mdm_policy import catalogue, documents, effects
from mdm_policy.cli import inputs
from mdm_policy.decide import DeviceState, Index, decide, law_against, states
from mdm_policy.model import FAMILY_OF, PLATFORMS, BannedApp, Reading, Resolution
from mdm_policy.resolve import blockable, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from mdm_policy.model import Identifier
    from mdm_policy.targets import Claim

AT_LEAST, AT_MOST_SECONDS = 1_000_000, 60
_VERDICTS = ("not-installable", "hidden", "blocked", "removed")
_STRENGTHS = ("weak", "partial", "strong")


class Set(NamedTuple):
    """Documents that are used together, and what their manifest claims of them."""

    label: str
    index: Index
    claims: tuple[Claim, ...]


def _lists() -> Iterator[tuple[str, Resolution]]:
    reader = inputs.Reader()
    for name in inputs.shipped():
        yield name, resolve(reader.lists([(name, None)], None), None, catalogue.load(), DAY, enforce=False)


def _sets(label: str, resolution: Resolution, target: str) -> Iterator[Set]:
    """Build one target and yield its documents: those of one import together, each narrow body by itself."""
    made, files = built(resolution, [target])
    together: dict[str, list[Reading]] = {}
    claims: dict[str, dict[str, Claim]] = {}
    for record in made.documents:
        spec = TARGETS[target].document(record.document)
        assert spec is not None
        place = record.document if spec.instead_of else ""
        reading = effects.read(documents.open_document(record.path, files[record.path]))
        together.setdefault(place, []).append(reading)
        claims.setdefault(place, {}).update({str(kept.claim): kept.claim for kept in record.kept})
    for place, readings in together.items():
        yield Set(f"{label}, {target} {place}", Index(readings), tuple(claims[place].values()))


def _claimed(claims: list[Claim], state: DeviceState) -> tuple[str, str]:
    """Work out verdict and strength from the claims: the strongest counts, then what does most to the app."""
    found = [
        (_STRENGTHS.index(claim.strength), _VERDICTS.index(_on(claim, state)))
        for claim in claims
        if _acts(claim, state) and (claim.verdict != "not-installable" or not state.installed)
    ]
    if not found:
        return ("", "")
    strength, verdict = max(found)
    return (_VERDICTS[verdict], _STRENGTHS[strength])


def _on(claim: Claim, state: DeviceState) -> str:
    return "hidden" if claim.verdict == "removed" and state.origin == "preinstalled" else claim.verdict


def _acts(claim: Claim, state: DeviceState) -> bool:
    since = claim.platforms.get(state.platform)
    return (
        since is not None
        and tuple(map(int, since.split("."))) <= state.os
        and (not claim.supervised or state.supervised)
        and (not claim.enrollments or state.enrollment in claim.enrollments)
        and (not claim.modes or state.mode in claim.modes)
        and (not claim.sides or state.side in claim.sides)
        and (not claim.origins or state.origin in claim.origins)
    )


def _agree(one: Set, state: DeviceState, app: BannedApp, claims: list[Claim]) -> bool:
    """Compare a decision with the claims; outside them nothing may hold but a closed door for sideloaded apps."""
    decision = decide(one.index, state, app, DAY)
    against = law_against(state)
    if against is not None and against.always:
        return decision.verdict == "unenforceable"
    verdict, strength = _claimed(claims, state)
    if verdict:
        return (decision.verdict, decision.strength) == (verdict, strength)
    closed = decision.verdict == "not-installable" and state.origin == "sideloaded"
    return closed or decision.verdict in ("allowed", "unenforceable", "unknown")


def _alone(identifier: Identifier) -> BannedApp:
    return BannedApp("it", identifier.value, "", (identifier,), (), (), {identifier.family: "exists"})


def test_every_verdict_is_what_the_manifest_claims(capsys: pytest.CaptureFixture[str]) -> None:
    started, count = time.perf_counter(), 0
    for label, resolution in _lists():
        identifiers = {i.key: i for app in resolution.apps for i in blockable(app)}
        for target in TARGETS:
            for one in _sets(label, resolution, target):
                for key, identifier in identifiers.items():
                    claims = [claim for claim in one.claims if (claim.family, claim.kind) == key[:2]]
                    if not claims:
                        continue
                    app = _alone(identifier)
                    for platform in (p for p in PLATFORMS if FAMILY_OF[p] == identifier.family):
                        every = states(None, platform, True, versions=one.index.versions(platform))
                        for state in every:
                            assert _agree(one, state, app, claims), (one.label, str(state), identifier.value)
                        count += len(every)
    seconds = time.perf_counter() - started
    with capsys.disabled():
        print(f"\n{count:,} decisions on every state agree with the manifests, in {seconds:.1f} s")
    assert count >= AT_LEAST
    assert seconds < AT_MOST_SECONDS
