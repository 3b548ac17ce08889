"""Name the rules for files of which nobody here says what becomes, where they are not as they were."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mdm_policy.decide.filerules import book
from mdm_policy.diff.model import Change
from mdm_policy.errors import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdm_policy.diff.parts import Named
    from mdm_policy.reading import RuleSet

_JUDGED = frozenset({"exe", "msi", "appx", "Script"})
"""Sorts of files that are judged; and scripts, which are no app's."""
_Held = tuple[str, "RuleSet"]


def unread_rules(old: Iterable[Named], new: Iterable[Named], accepted: Sequence[str]) -> Iterator[Change]:
    """Yield a change for each collection that one side has otherwise: libraries and managed installers may let apps run.

    `accepted` are patterns of `name#pointer` of which somebody has said that they take them so.
    """
    mine, theirs = _sets(old), _sets(new)
    for name, sort in sorted(mine.keys() | theirs.keys()):
        was, is_ = mine.get((name, sort)), theirs.get((name, sort))
        if was is not None and is_ is not None and book(was[1]).meaning == book(is_[1]).meaning:
            continue
        unit = next(one[1].pointer for one in (is_, was) if one is not None)
        before, after = (f"{len(one[1].rules)} rules" if one is not None else "" for one in (was, is_))
        at, to = (Origin(one[0]) if one is not None else None for one in (was, is_))
        taken = any(fnmatchcase(f"{name}#{unit}", pattern) for pattern in accepted)
        why = f"no reader judges AppLocker's rules of the type {sort}"
        yield Change("UNJUDGED", "", name, "", (), "", before, after, why, at, to, pointer=unit, accepted=taken)


def _sets(named: Iterable[Named]) -> Mapping[tuple[str, str], _Held]:
    return {
        (one.name, found.collection): (one.reading.path, found)
        for one in named
        for found in one.reading.rule_sets
        if found.rules and found.collection not in _JUDGED
    }
