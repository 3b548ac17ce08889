"""Name the documents that reach other devices than they did, and hold what no reader judges.

What nobody judges may block an app, so taking it from some devices is no better known than taking it out of a file.
"""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide.reach import listed
from mdm_policy.diff.model import Change
from mdm_policy.documents import places
from mdm_policy.kinds.accounting import leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdm_policy.diff.pairing import Pair
    from mdm_policy.diff.parts import Named
    from mdm_policy.documents import Document
    from mdm_policy.kinds.accounting import Leaf
    from mdm_policy.reading import Reading, Scope

_SETS_NOTHING = frozenset({"False", "0", "none", "notConfigured", "userDefined", "deviceDefault"})
"""What an object of Graph holds under a setting that nobody has set (npm @microsoft/microsoft-graph-types-beta
0.44.0-preview: the first words of its enumerations); an export holds all of them."""
_WORDS = {"nobody": "nobody", "everyone": "all devices", "not-stated": "not stated", "groups": "no group that is named"}
_Reached = dict["Leaf", set["Scope"]]


def reassigned(
    pairs: Iterable[Pair], old: Sequence[Named], new: Sequence[Named], accepted: Sequence[str]
) -> Iterator[Change]:
    """Yield a change for each document of which some part that nobody judges is for other devices than before.

    `accepted` are patterns of `name#pointer` of which somebody has said that they take them so.
    """
    mine, theirs = _readings(old), _readings(new)
    for one in pairs:
        before, after = mine.get(one.name, []), theirs.get(one.name, [])
        if one.old is None or one.new is None or _scopes(before) == _scopes(after):
            continue
        was, is_ = _reached(one.old, before), _reached(one.new, after)
        moved = sorted(leaf for leaf in was.keys() & is_.keys() if was[leaf] != is_[leaf])
        if not moved:
            continue
        units = list(dict.fromkeys(leaf.unit or "all of it" for leaf in moved))
        more = f" and {len(units) - 1} more" if len(units) > 1 else ""
        why = f"it is for other devices than before, and no reader judges {units[0]}{more} ({moved[0].kind})"
        taken = any(fnmatchcase(f"{one.name}#{leaf.unit}", pattern) for pattern in accepted for leaf in moved[:1])
        at, to = (places(document, [""])[""] for document in (one.old, one.new))
        was_for, is_for = (_words(side[moved[0]]) for side in (was, is_))
        yield Change(
            "UNJUDGED", "", one.name, "", (), "", was_for, is_for, why, at, to, pointer=moved[0].unit, accepted=taken
        )


def _readings(named: Iterable[Named]) -> Mapping[str, list[Reading]]:
    found: defaultdict[str, list[Reading]] = defaultdict(list)
    for one in named:
        found[one.name].append(one.reading)
    return found


def _scopes(readings: Iterable[Reading]) -> set[Scope]:
    return {_in_order(one.scope) for one in readings}


def _in_order(scope: Scope) -> Scope:
    """Write a scope in one way: the order of assignments means nothing."""
    groups, excluded = (tuple(sorted(names, key=str)) for names in (scope.groups, scope.excluded))
    return msgspec.structs.replace(scope, groups=groups, excluded=excluded)


def _reached(document: Document, readings: Sequence[Reading]) -> _Reached:
    """Return whom each value that no reader judges reaches; an object on a page has its own scope."""
    columns = [column for one in readings for column in one.columns]
    found: defaultdict[Leaf, set[Scope]] = defaultdict(set)
    for leaf, pointer in leaves(document, columns):
        if leaf.role == "unjudged" and leaf.value not in _SETS_NOTHING:
            mine = [one for one in readings if f"{pointer}/".startswith(f"{one.place}/")]
            for one in mine or readings:
                found[leaf].add(_in_order(one.scope))
    return found


def _words(scopes: Iterable[Scope]) -> str:
    return "; ".join(sorted(map(_said, scopes)))


def _said(scope: Scope) -> str:
    groups = listed(scope.groups) or _WORDS[scope.state]
    return f"{groups}, not {listed(scope.excluded)}" if scope.excluded else groups
