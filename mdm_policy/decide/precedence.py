"""Let one rule decide where a mechanism obeys the most special of several, as Santa does, and not the best or the worst.

Santa asks its rules from the most special kind of identifier to the most general, and its mode last; the first rule that
there is decides (northpolesec/santa@5f31541e docs, "Rule layering").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.decide.contests import contest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mdm_policy.decide.builds import Key
    from mdm_policy.decide.contests import Contest
    from mdm_policy.decide.index import AllowList, Hit
    from mdm_policy.decide.reach import Reach
    from mdm_policy.reading import Rule

PACKAGED = ("appx_name", "package_family_name")
"""The kinds that name packaged apps."""
Hits = tuple[tuple[tuple["Hit", ...], ...], ...]
"""Per match of a build, per key of it: the rules on it."""
Document = tuple[str, "Reach"]
"""A document as the rules of one know it: they were read at one path, and reach the device alike."""
ORDERS: dict[Contest, tuple[str, ...]] = {"santa": ("signing_id", "team_id", "bundle_id")}
"""The kinds of identifiers in contests where the most special rule decides, the most special first.

Hashes name no build, so what is said of them stands in the conditions of the rules after them.
"""


def ordered(rule: Rule) -> bool:
    """Tell whether a rule competes where the most special one decides."""
    return contest(rule) in ORDERS


def most_special(matches: Hits, keys: Collection[Key]) -> tuple[Hits, frozenset[Document]]:
    """Return the hits on a build without those that a more special one of their document outranks.

    Beside them stand the documents in which some rule decides about the build, so that their lists do not.
    """
    among = [hit for match in matches for hits in match for hit in hits if ordered(hit.rule)]
    if not among:
        return matches, frozenset()
    signed = any(key[1] == "signing_id" for key in keys)
    first: dict[Document, int] = {}
    for hit in among:
        if hit.reach.alive and not _vague(hit):
            first[_document(hit)] = min(_rank(hit), first.get(_document(hit), _rank(hit)))

    def counts(hit: Hit) -> bool:
        if not ordered(hit.rule):
            return True
        return not signed if _vague(hit) else _rank(hit) <= first.get(_document(hit), _rank(hit))

    return tuple(tuple(tuple(filter(counts, hits)) for hits in match) for match in matches), frozenset(first)


def letting_in_a_part(matches: Hits, keys: Collection[Key]) -> frozenset[Document]:
    """Return the documents that let in one program of a build's team, or of its bare id, where nobody knows more of the build."""
    if any(key[1] == "signing_id" for key in keys):
        return frozenset()
    every = (hit for match in matches for hits in match for hit in hits)
    return frozenset(_document(hit) for hit in every if hit.reach.alive and _vague(hit) and not ordered(hit.rule))


def without(lists: Iterable[AllowList], decided: Collection[Document]) -> list[AllowList]:
    """Return lists without those of documents in which a rule decides."""
    return [one for one in lists if not ordered(one.hit.rule) or _document(one.hit) not in decided]


def may_let_in(one: AllowList, keys: Collection[Key]) -> bool:
    """Tell whether a document may let a build in that its list refuses, by an identifier that nobody knows of the build.

    A team may be that of a build of which no team is known, and of one that only a process name tells anything may be; a hash
    may be that of any build. Rules of App Control that name programs by what is not known of one may be about it; a packaged app may be
    none of those that they are about.
    """
    if contest(one.hit.rule) == "app-control":
        kinds = {key[1] for key in keys}
        asked = {each.value for each in one.hit.rule.conditions if each.kind == "identified-by"}
        return not asked <= kinds or not kinds.isdisjoint(PACKAGED)
    if not one.allows:
        return False
    kinds = {key[1] for key in keys}
    if "cdhash" in one.allows and not ordered(one.hit.rule):
        return True
    return ("team_id" in one.allows and "team_id" not in kinds) or kinds <= {"process_name"}


def _document(hit: Hit) -> Document:
    return hit.path, hit.reach


def _vague(hit: Hit) -> bool:
    """Tell whether a rule lets in a part of what an identifier names, so that it says nothing of a build known better."""
    return hit.rule.sense == "allow" and hit.rule.verdict == "unknown"


def _rank(hit: Hit) -> int:
    order = ORDERS[contest(hit.rule)]
    kind = hit.effect.kind if hit.effect is not None else ""
    return order.index(kind) if kind in order else len(order)
