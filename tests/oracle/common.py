"""What the families of the second reader share: cases, expectations, the product's answer, and the smallest case that still fails.

The second reader states what vendors say and nothing else; it shares no code with `mdm_policy` but the public door
(`mdm_policy.verify_policies`), through which it asks for the product's answer.
"""

from __future__ import annotations

import copy
import json
import random
import re
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mdm_policy import PolicyError, verify_policies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

AS_OF = "2026-11-28"

HELD = "held"
GAP = "gap-known"
UNKNOWN = "unknown"

OPEN = frozenset({GAP})
"""The app is known to run."""
BLOCKED = frozenset({HELD})
"""The app is stopped in every state, by at least a partial block."""
DOUBT = frozenset({UNKNOWN})
"""No source says what a device does."""
NOT_HELD = frozenset({GAP, UNKNOWN})
"""The ban does not hold; the facts leave open whether that is known or in doubt."""
NOT_OPEN = frozenset({HELD, UNKNOWN})
"""The ban holds, or a source leaves a doubt: the only false answer is that the app is known to run."""
ANY = frozenset({HELD, GAP, UNKNOWN})


@dataclass(frozen=True, slots=True)
class Document:
    """One file: where it lies, and its content as plain Python values, which the family writes out."""

    path: str
    tree: Any


@dataclass(frozen=True, slots=True)
class Scenario:
    """One question: these documents, this class of devices, these banned apps (inline entries of a ban list)."""

    documents: tuple[Document, ...]
    device: dict[str, Any]
    apps: tuple[dict[str, Any], ...]
    min_strength: Literal["strong", "partial", "weak"] = "partial"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The product said of one app what the second reader does not."""

    family: str
    seed: int
    number: int
    app: str
    expected: frozenset[str]
    said: str
    because: str
    scenario: Scenario


@dataclass(frozen=True, slots=True)
class Settled:
    """A difference that is understood, with the vendor's sentence that decides it.

    Among a family's `settled` the product is right, and the second reader leaves the sentence out; among its `faults` the
    product is wrong, and the entry goes when it is mended. `case` is a family, a seed and the number of a case that shows it: when that
    case shows it no longer, the entry is stale.
    """

    name: str
    sentence: str
    source: str
    covers: Callable[[Disagreement], bool]
    case: tuple[str, int, int]


@dataclass(slots=True)
class Tally:
    """What a run found."""

    cases: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    agreed: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    settled: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)


class Family(Protocol):
    """One vendor's documents: how they are drawn, what they do, and how they are written."""

    name: str
    settled: tuple[Settled, ...]
    faults: tuple[Settled, ...]

    def generate(self, rng: random.Random) -> Scenario:
        """Draw a case."""

    def expect(self, scenario: Scenario) -> dict[str, frozenset[str]]:
        """Say for each app, by name, which answers the vendor's pages allow."""

    def encode(self, document: Document) -> bytes:
        """Write a document as its file."""


def worst(answers: Iterable[frozenset[str]]) -> frozenset[str]:
    """Combine what each state of the devices may be said to be: the worst state counts, and which gap is worse is open."""
    sets = list(answers)
    found = {word for one in sets for word in one if word != HELD}
    if all(HELD in one for one in sets):
        found.add(HELD)
    return frozenset(found)


def either(answers: Iterable[frozenset[str]]) -> frozenset[str]:
    """Combine the worlds of which one is real and nobody knows which: where they differ that is no proof."""
    sets = list(dict.fromkeys(answers))
    return sets[0] if len(sets) == 1 else worst(sets) | ({UNKNOWN} if any(HELD not in one for one in sets) else set())


def scenario_seed(seed: int, number: int) -> random.Random:
    """Return the draw of one case: the same on every machine."""
    return random.Random(f"{seed}/{number}")  # noqa: S311 - cases are drawn, not secrets


def bucket(verdict: str, *, held: bool, gap: bool) -> str:
    """Put the product's verdict into the three words that are compared."""
    if held and not gap:
        return HELD
    return UNKNOWN if verdict == "unknown" else GAP


def write(scenario: Scenario, family: Family, folder: Path) -> None:
    """Write the case as files below `folder`: `policy/`, `list.yaml` and `devices.yaml`."""
    for document in scenario.documents:
        path = folder / "policy" / document.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(family.encode(document))
    ban_list = {
        "ban_list": "oracle",
        "title": "Cases",
        "authority": {"citation": "None", "issued": "2021-01-05", "effective": "2021-02-19"},
        "bans": list(scenario.apps),
    }
    (folder / "list.yaml").write_text(json.dumps(ban_list), encoding="utf-8")
    (folder / "devices.yaml").write_text(json.dumps({"devices": [scenario.device]}), encoding="utf-8")


def ask(scenario: Scenario, family: Family) -> dict[str, tuple[str, str]]:
    """Return what the product says of each app: the word that is compared, and its sentence."""
    with tempfile.TemporaryDirectory(prefix="oracle-", dir=_memory()) as name:
        folder = Path(name)
        write(scenario, family, folder)
        try:
            report = verify_policies(
                [folder / "policy"],
                lists=[folder / "list.yaml"],
                devices=folder / "devices.yaml",
                as_of=AS_OF,
                min_strength=scenario.min_strength,
            )
        except PolicyError as bad:
            why = "; ".join(f"{one.id}: {one.message}" for one in bad.findings)
            # Nothing that is read, or a file that is named and not there, proves nothing: the program says so by its exit code.
            word = GAP if any(one.id in {"nothing-to-check", "file-unreadable"} for one in bad.findings) else "error"
            return {app["name"]: (word, why) for app in scenario.apps}
    names = [app["name"] for app in scenario.apps]
    answer = {}
    for one in report.verdicts:
        answer[_name(one.app, names)] = (
            bucket(one.verdict, held=one.held, gap=one.gap),
            f"{one.verdict}: {one.because}",
        )
    return answer


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of a random name is made in it


def _name(key: str, names: list[str]) -> str:
    found = re.fullmatch(r"inline:(.+?)(?:-[0-9a-f]{8})?", key)
    name = found[1] if found else key
    return next((one for one in names if one.lower() == name), name)


def judge(family: Family, seed: int, number: int, scenario: Scenario) -> tuple[dict[str, str], list[Disagreement]]:
    """Ask both readers, and return the right words (the product's, where the facts allow it) and where they differ."""
    expected = family.expect(scenario)
    said = ask(scenario, family)
    apart = [
        Disagreement(family.name, seed, number, app, allowed, *said.get(app, ("missing", "")), scenario)
        for app, allowed in expected.items()
        if said.get(app, ("missing", ""))[0] not in allowed
    ]
    wrong = {one.app for one in apart}
    return {app: min(allowed) if app in wrong else said[app][0] for app, allowed in expected.items()}, apart


def run(family: Family, seed: int, numbers: Iterable[int]) -> Tally:
    """Judge the cases of these numbers."""
    tally = Tally()
    for number in numbers:
        scenario = family.generate(scenario_seed(seed, number))
        words, apart = judge(family, seed, number, scenario)
        tally.cases += 1
        for word in words.values():
            tally.verdicts[word] = tally.verdicts.get(word, 0) + 1
        tally.agreed += len(words) - len(apart)
        for one in apart:
            _sort_out(family, one, tally)
    return tally


def _sort_out(family: Family, found: Disagreement, tally: Tally) -> None:
    for listed, counts in ((family.settled, tally.settled), (family.faults, tally.faults)):
        by = next((one.name for one in listed if one.covers(found)), None)
        if by is not None:
            counts[by] = counts.get(by, 0) + 1
            return
    tally.disagreements.append(found)


def merged(tallies: Iterable[Tally]) -> Tally:
    """Add up what several runs found."""
    total = Tally()
    for one in tallies:
        total.cases += one.cases
        total.agreed += one.agreed
        total.disagreements += one.disagreements
        for counts, more in ((total.verdicts, one.verdicts), (total.settled, one.settled), (total.faults, one.faults)):
            for word, count in more.items():
                counts[word] = counts.get(word, 0) + count
    return total


def smallest(family: Family, found: Disagreement) -> Disagreement:
    """Take away documents, keys and list members for as long as both readers still say the same two words."""
    now = replace(found, scenario=replace(found.scenario, apps=_only(found.scenario.apps, found.app)))
    now = _again(family, now, now.scenario) or found
    smaller = True
    while smaller:
        smaller = False
        for scenario in _smaller(now.scenario):
            kept = _again(family, now, scenario)
            if kept is not None:
                now, smaller = kept, True
                break
    return now


def _only(apps: tuple[dict[str, Any], ...], name: str) -> tuple[dict[str, Any], ...]:
    return tuple(one for one in apps if one["name"] == name)


def _again(family: Family, found: Disagreement, scenario: Scenario) -> Disagreement | None:
    try:
        _, apart = judge(family, found.seed, found.number, scenario)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, StopIteration):
        return None  # so much was taken away that no file can be written
    same = (one for one in apart if one.said == found.said and one.expected == found.expected and one.app == found.app)
    return next(same, None)


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    documents = scenario.documents
    if len(documents) > 1:
        for number in range(len(documents)):
            yield replace(scenario, documents=documents[:number] + documents[number + 1 :])
    for number, document in enumerate(documents):
        for path in _paths(document.tree):
            tree = _without(document.tree, path)
            if tree is None:
                continue
            changed = replace(document, tree=tree)
            yield replace(scenario, documents=(*documents[:number], changed, *documents[number + 1 :]))


def _paths(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members: Iterable[tuple[Any, Any]]
    if isinstance(tree, dict):
        members = tree.items()
    elif isinstance(tree, list):
        members = enumerate(tree)
    else:
        return
    for key, value in list(members):
        yield (*above, key)
        yield from _paths(value, (*above, key))


def _without(tree: Any, path: tuple[Any, ...]) -> Any | None:
    copied = copy.deepcopy(tree)
    place = copied
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return None if place == [] else copied  # an empty list is another question


def chosen(rng: random.Random, weights: Mapping[str, int]) -> str:
    """Draw one of the words, by weight."""
    return rng.choices(list(weights), list(weights.values()))[0]
