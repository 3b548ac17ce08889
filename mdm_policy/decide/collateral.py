"""Find what documents do beside the ban: what else stops, opens, or goes for good, from what the readers have found.

Most of it follows from the rules themselves, whatever the vendor: who uninstalls a banned app takes its data, who blocks by a file's
name stops its namesakes. What only a vendor's key says, its reader has put down (`Reading.collateral`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.joined import parted
from mdm_policy.reading import EVERYBODY, Collateral

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.reading import Column, Reading, Rule, RuleSet
    from mdm_policy.vocabulary import CollateralThing

_NAMES = ("executable", "process_name", "product_name", "original_file_name")
_FILES = ("exe", "msi", "appx")
"""The collections of which it is known what becomes of what no rule allows."""


def beside(reading: Reading) -> tuple[Collateral, ...]:
    """Return all that one document does beside the ban, each once, with the place of the first of its sort."""
    every = (
        *reading.collateral,
        *(made for one in reading.rule_sets for made in _of_set(one, reading.rule_sets)),
        *(made for one in reading.columns for made in _of_column(one)),
        *(made for one in reading.rules for made in _of_rule(one, reading)),
    )
    found: dict[tuple[str, str, str, tuple[str, ...]], Collateral] = {}
    for one in every:
        found.setdefault((one.effect, one.what, one.when, one.modes), one)
    return tuple(sorted(found.values(), key=lambda one: (one.effect, one.what, one.when)))


def beside_together(readings: Sequence[Reading]) -> Iterator[tuple[Reading, Collateral]]:
    """Yield the same of documents that act together: what one makes good in another is left out."""
    sets = [one for reading in readings for one in reading.rule_sets if _in_force(one)]
    for reading in readings:
        others = msgspec.structs.replace(reading, rule_sets=())
        own = beside(others)
        found = {(one.what, one.when) for one in own}
        yield from ((reading, one) for one in own)
        for one in reading.rule_sets:
            for made in _of_set(one, sets):
                if (made.what, made.when) not in found:
                    found.add((made.what, made.when))
                    yield reading, made


def opened_lists(readings: Iterable[Reading]) -> Iterator[tuple[Reading, RuleSet, str]]:
    """Yield each rule set that lets everybody run everything beside the allow list of another policy, and the path of that.

    Rules of several policies add up; of the nodes of an MDM it is not known whether they do.
    """
    sets = [(reading, one) for reading in readings for one in reading.rule_sets if _in_force(one) and not one.node]
    for sort in _FILES:
        mine = [(reading, one, _lets_all(one)) for reading, one in sets if one.collection == sort]
        lists = (reading.path for reading, one, opens in mine if not opens and any(rule.allows for rule in one.rules))
        closed = next(lists, "")
        yield from ((reading, one, closed) for reading, one, opens in mine if closed and opens)


def _lets_all(found: RuleSet) -> bool:
    """Tell whether a set allows everything to everybody but for what it denies; one that only denies is no allow list."""
    return any(
        one.users in EVERYBODY
        and (
            one.condition.path == "*" or one.condition.publisher == one.condition.product == one.condition.binary == "*"
        )
        for one in found.rules
        if one.allows
    )


def _in_force(found: RuleSet) -> bool:
    return bool(found.rules) and found.mode != "audit" and found.rule.sense != "none"


def _of_set(found: RuleSet, beside_it: Iterable[RuleSet]) -> Iterator[Collateral]:
    """Say what AppLocker's rules do to others than the banned apps.

    With enforced rules for programs and none for packaged apps, all packaged apps stop (using-event-viewer-with-applocker.md,
    event 8027, 2024-09). Rules of several policies add up, so one that lets everybody run everything opens another's allow list
    (security-considerations-for-applocker.md). What no rule allows is refused (working-with-applocker-rules.md, 2023-12).
    """
    if not _in_force(found) or found.collection not in _FILES:
        return
    every = [one for one in beside_it if one.rules and one.rule.sense != "none"]
    mine = [one for one in every if one.collection == found.collection]
    if found.collection == "exe" and not any(one.collection == "appx" for one in every):
        yield Collateral("stops", "packaged-apps", "alone", found.pointer)
    if _lets_all(found):
        yield Collateral("opens", "allow-list", "merged", found.pointer)
    elif not any(rule.allows for one in (found, *mine) for rule in one.rules):
        what: CollateralThing = "packaged-apps" if found.collection == "appx" else "unlisted-programs"
        yield Collateral("stops", what, "alone", found.pointer)


def _of_column(column: Column) -> Iterator[Collateral]:
    rule = column.rule
    if rule.sense not in ("block", "remove") or not column.values:
        return
    place = column.pointers[0]
    if rule.verdict == "removed":
        yield Collateral("removes", "apps", "always", place)
    if column.family == "web":
        yield Collateral("stops", "shared-sites", "always", place)
    if _by_name(column):
        yield Collateral("stops", "namesakes", "always", place)


def _by_name(column: Column) -> bool:
    """Tell whether a rule knows a program by a name alone, which another may bear."""
    if column.kind == "appx_name":
        return not any(one.kind == "publisher" for one in column.rule.conditions)
    return column.kind in _NAMES and any(len(parted(column.kind, value)) == 1 for value in column.values)


def _of_rule(rule: Rule, reading: Reading) -> Iterator[Collateral]:
    """Say what an allow list stops: what it does not name. A vendor's own default does so without the document too."""
    if rule.sense != "allow-only" or rule.verdict == "allowed":
        return
    place = reading.settings.get(rule.id, "")
    if rule.origins == ("sideloaded",):
        if rule.verdict == "not-installable":
            yield Collateral("stops", "sideloading", "always", place)
    elif rule.cause != "default":
        what: CollateralThing = "unlisted-programs" if "macos" in rule.introduced else "unlisted-apps"
        yield Collateral("stops", what, "always", place)
