"""Spoil every document that closes sites, one weakening edit at a time: `diff` must see each, and `verify` prove the site no more."""

from __future__ import annotations

import contextlib
import functools
import sys
from typing import TYPE_CHECKING

import policy_mutants
import pytest
from build_kit import ALL_OPTIONS, DAY, TARGETS, built, identifier, inline, resolved
from kind_documents import device

from mdm_policy import catalogue
from mdm_policy.decide import states
from mdm_policy.decide.web import Addresses
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.errors import PolicyError
from mdm_policy.kinds import open_document, read_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.documents import Document
    from mdm_policy.model import DeviceClass

WEAKENING = frozenset({"LOOSENED", "INEFFECTIVE", "NARROWED", "UNJUDGED"})
CLASSES: dict[str, DeviceClass] = {
    "apple-web-filter": device("ios", ">=17", supervised=True),
    "macos-browsers": device("macos", ">=14"),
    "windows-browsers": device("windows", ">=10"),
    "intune-windows-browsers": device("windows", ">=10"),
    "intune-android-chrome": device("android", ">=12", mode="fully-managed"),
    "defender-indicators": device("windows", ">=10.0.18362"),
    "dns-response-policy-zone": device("windows", ">=10"),
    "domain-list": device("windows", ">=10"),
}
"""Each target that closes sites and nothing else, with devices that it reaches."""
SITES = ("first.example", "second.example", "third.example")
_CLOSED = ("browser", "network", "unknown")
"""Indicators are unknown here: whether network protection blocks stands in another document."""


@functools.cache
def _files() -> dict[str, bytes]:
    bans = [inline(name, identifier("web", "domain", name)) for name in SITES]
    files = built(resolved(*bans), list(CLASSES), TARGETS, ALL_OPTIONS)[1]
    return {path: data for path, data in files.items() if not path.endswith(".md")}


def _paths() -> list[str]:
    return sorted(_files())


def _word(document: Document, target: str, domain: str) -> str:
    cls = CLASSES[target]
    every = states(cls, cls.platform, False)
    return Addresses(read_each(document), cls, every, DAY).verdict([domain]).word


def _weakened(path: str) -> Iterator[tuple[policy_mutants.Mutant, Document]]:
    golden = open_document(path, _files()[path])
    for mutant in policy_mutants.weakening(golden):
        with contextlib.suppress(PolicyError):  # a file that cannot be read ends either command with 1
            new = open_document(path, mutant.data)
            if new.value == golden.value or (path.endswith(".reg") and "another case" in mutant.label):
                continue  # a number has no other case, and the registry does not mind that of a key
            yield mutant, new


def test_every_target_for_sites_alone_is_here() -> None:
    alone = {name for name, target in TARGETS.items() if {claim.family for claim in target.manifest.blocks} == {"web"}}
    assert alone == CLASSES.keys()


@pytest.mark.parametrize("path", _paths())
def test_every_weakening_is_seen(path: str) -> None:
    target = path.partition("/")[0]
    old = open_document(path, _files()[path])
    assert all(_word(old, target, site) in _CLOSED for site in SITES)
    count, missed = 0, []
    for mutant, new in _weakened(path):
        count += 1
        sides = (Side("old", (old,)), Side("new", (new,)))
        changes = compare_policies(*sides, Question(DAY), catalogue.load()).changes
        if not any(change.direction in WEAKENING for change in changes):
            missed.append(f"diff: {mutant.label}")
        asked = [value for family, value in mutant.values if family == "web"] or SITES
        before = _word(old, target, asked[0])
        if not mutant.day and all(_word(new, target, site) == before != "unknown" for site in asked):
            missed.append(f"verify: {mutant.label}")
    sys.stdout.write(f"{path}: {count} weakening edits, {len(missed)} missed\n")
    assert missed == []
    assert count >= 15
