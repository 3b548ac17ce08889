"""Hold the verifier against the manifests: on every state, what it finds is what a target claims, no more, no less.

What a claim means on a state is worked out here from the manifest alone; `decide` knows nothing of manifests.
"""

from __future__ import annotations

import itertools
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
from build_kit import APART, DAY, TARGETS, built, choices

from mdm_policy import catalogue, kinds
from mdm_policy.decide import Index, decide, law_against, states
from mdm_policy.decide.builds import compared, plan
from mdm_policy.joined import parted
from mdm_policy.model import BannedApp
from mdm_policy.resolve import blockable, ordered, resolve
from mdm_policy.sources import inputs
from mdm_policy.vocabulary import FAMILY_OF, PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

    from mdm_policy.decide import Decision, DeviceState
    from mdm_policy.decide.builds import Key
    from mdm_policy.model import Resolution
    from mdm_policy.reading import Reading
    from mdm_policy.targets import Claim
    from mdm_policy.vocabulary import Kind, Platform

    Held = tuple[int, int] | None
    Builds = tuple[tuple[tuple[tuple[Claim, ...], ...], ...], ...]

AT_LEAST = 1_000_000
_VERDICTS = ("not-installable", "hidden", "blocked", "removed")
_STRENGTHS = ("weak", "partial", "strong")


class Set(NamedTuple):
    """Documents that are used together, what their manifest claims of them, and whether they are for a trial.

    `unlisted` says that they refuse whatever they do not list, as an option of APART orders.
    """

    label: str
    together: Index
    claims: tuple[Claim, ...]
    trial: bool = False
    unlisted: bool = False


def _lists() -> Iterator[tuple[str, Resolution]]:
    reader = inputs.Reader()
    for name in inputs.shipped():
        yield name, resolve(reader.lists([(name, None)], None), None, catalogue.load(), DAY, enforce=False)


def _sets(label: str, resolution: Resolution, target: str, options: dict[str, Any]) -> Iterator[Set]:
    """Build one target and yield its documents: those of one import together, each narrow body by itself."""
    made, files = built(resolution, [target], options=options)
    together: dict[str, list[Reading]] = {}
    claims: dict[str, dict[str, Claim]] = {}
    trials: set[str] = set()
    unlisted = bool({*APART[target]} & {*options.get(target, {})})
    for record in made.documents:
        spec = TARGETS[target].document(record.document)
        assert spec is not None
        place = record.document if spec.instead_of else ""
        if spec.audit:
            trials.add(place)
        reading = kinds.read(kinds.open_document(record.path, files[record.path]))
        together.setdefault(place, []).append(reading)
        claims.setdefault(place, {}).update({str(kept.claim): kept.claim for kept in record.kept})
    for place, readings in together.items():
        yield Set(
            f"{label}, {target} {place}",
            Index(readings),
            _beside(readings, claims[place].values()),
            place in trials,
            unlisted,
        )


_PERSONAL_CLOSED = "intune-android-personal-unknown-sources"


def _beside(readings: Iterable[Reading], claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Return claims as they are where the same documents close the personal profile to apps from outside the store.

    A claim says what its document does whatever lies beside it: of Intune's list for the personal side, that it holds
    what comes by the store. Where nothing else comes in, it holds copies from elsewhere too.
    """
    if not any(rule.id == _PERSONAL_CLOSED for reading in readings for rule in reading.rules):
        return tuple(claims)
    personal = (("personal",), ("store",))
    return tuple(
        msgspec.structs.replace(one, origins=("store", "sideloaded"))
        if (tuple(one.sides), tuple(one.origins)) == personal
        else one
        for one in claims
    )


def _claimed(claims: Iterable[Claim], state: DeviceState) -> Held:
    """Work out what claims make of one identifier: the strongest counts, then what does most to the app."""
    return max(
        (
            (_STRENGTHS.index(claim.strength), _VERDICTS.index(_on(claim, state)))
            for claim in claims
            if _acts(claim, state) and (claim.verdict != "not-installable" or not state.installed)
        ),
        default=None,
    )


def _expected(builds: Builds, state: DeviceState) -> Held:
    """Work out what claims make of an app: the weakest build counts, in each the best way to match all of it."""
    found = []
    for matches in builds:
        each = [[_claimed(claims, state) for claims in keys] for keys in matches]
        whole = [min(key for key in keys if key is not None) for keys in each if keys and None not in keys]
        if not whole:
            return None
        found.append(max(whole))
    return min(found)


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


def _agrees(decision: Decision, state: DeviceState, expected: Held) -> bool:
    """Compare a decision with the claims; outside them nothing may hold but a closed door for sideloaded apps."""
    against = law_against(state)
    if against is not None and against.always:
        return decision.verdict == "unenforceable"
    shut = decision.verdict == "not-installable" and state.origin == "sideloaded"
    if expected is not None:
        if shut and decision.strength is not None and _STRENGTHS.index(decision.strength) >= expected[0]:
            return True  # a door that is closed for every app holds at least as strongly as the claim
        return (decision.verdict, decision.strength) == (_VERDICTS[expected[1]], _STRENGTHS[expected[0]])
    beside = (
        decision.rule is not None and decision.rule.id == "applocker-appx-without-rules"
    )  # its collateral, no claim
    return shut or beside or decision.verdict in ("allowed", "unenforceable", "unknown")


def _apps(resolution: Resolution) -> list[BannedApp]:
    """Return the apps of a list, and each of their identifiers as an app of its own."""
    identifiers = {i.key: i for app in resolution.apps for i in blockable(app)}
    alone = [BannedApp("it", i.value, "", (i,), (), (), {i.family: "exists"}) for i in identifiers.values()]
    return [*resolution.apps, *alone]


def _builds(one: Set, app: BannedApp, platform: Platform, ordered_keys: set[Key]) -> Builds:
    """Return, for each build, match and key of an app, the claims that the documents keep for that key.

    What is claimed of identifiers that are joined is kept for those that have all of its parts.
    """
    return tuple(
        tuple(
            tuple(
                tuple(
                    c
                    for c in one.claims
                    if (key in ordered_keys or c.joined_with)
                    and (c.family, c.kind) == key[:2]
                    and {c.kind, *c.joined_with} == parted(cast("Kind", key[1]), key[2]).keys()
                )
                for key in match
            )
            for match in build.matches
        )
        for build in plan(app, platform).builds
    )


def _check(one: Set, app: BannedApp, platform: Platform, ordered_keys: set[Key]) -> int:
    builds = _builds(one, app, platform, ordered_keys)
    if not builds:
        return 0
    every = states(None, platform, True, versions=one.together.versions(platform))
    for state in every:
        decision = decide(one.together, state, app, DAY)
        expected = _expected(builds, state)
        if expected is not None and platform == "windows" and any(i.runs_as_service for i in app.identifiers):
            assert decision.verdict in ("unknown", "blocked")  # without the services extension, nobody can tell
            continue
        if app.web_app and expected is not None:  # in a browser it runs on
            expected = (min(expected[0], _STRENGTHS.index("partial")), expected[1])
        if platform == "windows" and decision.verdict == "blocked" and app.signers:
            # A rule for the vendor's signature holds a program that the ban knows by its file name alone, or not at all.
            least = expected[0] if expected is not None else 0
            expected = (max(least, _STRENGTHS.index(decision.strength or "weak")), _VERDICTS.index("blocked"))
        if one.trial and decision.verdict == "reported-only":  # what is for a trial logs, and claims nothing
            assert expected is None
            continue
        if one.unlisted and decision.verdict in _VERDICTS:
            # What refuses all that is not listed holds more than is claimed, and what is claimed no less.
            assert expected is None or _STRENGTHS.index(decision.strength or "weak") >= expected[0]
            continue
        assert _agrees(decision, state, expected), (one.label, str(state), app.name, decision)
    return len(every)


def test_every_verdict_is_what_the_manifest_claims(capsys: pytest.CaptureFixture[str]) -> None:
    started, count = time.perf_counter(), 0
    for label, resolution in _lists():
        apps = _apps(resolution)
        entries = ordered(resolution, resolution.variants[0])
        keys = {compared((family, kind, one.value)) for (family, kind, *_), found in entries.items() for one in found}
        for target, options in ((name, one) for name in TARGETS for one in ({}, *choices(name)) if one != {name: {}}):
            families = {claim.family for claim in TARGETS[target].manifest.blocks}
            for one in _sets(label, resolution, target, options):
                for app, platform in itertools.product(apps, PLATFORMS):
                    if FAMILY_OF[platform] in families:
                        count += _check(one, app, platform, keys)
    seconds = time.perf_counter() - started
    with capsys.disabled():
        sys.stdout.write(f"\n{count:,} decisions agree with what the manifests claim, in {seconds:.1f} s\n")
    assert count >= AT_LEAST
