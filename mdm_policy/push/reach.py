"""Compare whom objects are for before and after: pure, and the same for every destination.

A destination knows devices by the names of its groups, or of enrollments. So the devices that a plan can tell apart are
those in no group it names, those in one, and those in one that another takes out. For each of them the objects that reach
it are compared as `diff` compares two sets of documents: what one object gives up and another takes over is no loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mdm_policy.diff import Side, compare_policies
from mdm_policy.diff.model import HARMLESS, WEAKENING
from mdm_policy.push.model import ActionEffect, Assignment
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.diff import Question
    from mdm_policy.documents import Document

_NOBODY = Assignment()
_EVERYONE = Assignment(everyone=True)
_SHOWN = 3
Device = frozenset[str]
"""Devices that fare alike: the groups they are in, of those that a plan names."""


class Reached(NamedTuple):
    """Hold an object before and after: its documents and whom they are for, None where it is not there."""

    old: Document | None
    new: Document | None
    before: Assignment | None
    after: Assignment | None

    def reaches(self, device: Device, *, old: bool) -> bool:
        """Tell whether the object reaches devices."""
        document, who = (self.old, self.before) if old else (self.new, self.after)
        if document is None or who is None:
            return False
        return (who.everyone or bool(device & set(who.groups))) and not device & set(who.excluded)


def placed(
    old: Document | None, new: Document | None, before: Assignment | None, after: Assignment | None, *, assigns: bool
) -> Reached:
    """Return an object with whom it is for; where a destination assigns nothing, whatever is there is for everyone."""
    missing = _NOBODY if assigns else _EVERYONE
    return Reached(old, new, before or missing, after or missing)


def narrows(before: Assignment | None, after: Assignment | None) -> bool:
    """Tell whether an assignment leaves out anybody whom another one reaches, by its own words."""
    old, new = before or _NOBODY, after or _NOBODY
    if not (old.everyone or old.groups):
        return False
    less = old.everyone and not new.everyone
    fewer = not new.everyone and bool(set(old.groups) - set(new.groups))
    return less or fewer or bool(set(new.excluded) - set(old.excluded))


def words(one: Assignment | None) -> str:
    """Say whom an object is for."""
    if one is None:
        return ""
    said = "everyone" if one.everyone else ", ".join(one.groups) or "nobody"
    return f"{said}, without {', '.join(one.excluded)}" if one.excluded else said


def changes(objects: Sequence[Reached], question: Question, catalogue: Catalogue | None) -> tuple[ActionEffect, ...]:
    """Return what changes for devices that other objects reach than before; worst first."""
    classes: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Device]] = {}
    for device in _devices(objects):
        before = tuple(at for at, one in enumerate(objects) if one.reaches(device, old=True))
        after = tuple(at for at, one in enumerate(objects) if one.reaches(device, old=False))
        if before != after:
            classes.setdefault((before, after), []).append(device)
    asked = msgspec.structs.replace(question, devices_move=False)
    found: dict[ActionEffect, None] = {}
    for (before, after), devices in classes.items():
        old = _side("now", (objects[at].old for at in before))
        new = _side("planned", (objects[at].new for at in after))
        for one in compare_policies(old, new, asked, catalogue).changes:
            # What nobody can judge is the same as it was: only whom it reaches has changed.
            if one.direction not in HARMLESS and one.direction != "UNJUDGED":
                # Gone for some is not gone: whether it is gone for all, the whole comparison says.
                direction = "NARROWED" if one.direction in WEAKENING else one.direction
                effect = ActionEffect(direction, one.name, one.platform, one.before, one.after, _who(devices), one.why)
                found.setdefault(effect)
    return tuple(found)


def _devices(objects: Iterable[Reached]) -> Iterator[Device]:
    """Yield the devices that assignments can tell apart."""
    groups: dict[str, None] = {}
    excluded: dict[str, None] = {}
    for one in objects:
        for who in (one.before, one.after):
            groups |= dict.fromkeys(who.groups if who else ())
            excluded |= dict.fromkeys(who.excluded if who else ())
    seen: set[Device] = set()
    alone = [frozenset[str](), *(frozenset({name}) for name in (*groups, *excluded))]
    both = [frozenset({name, out}) for name in groups for out in excluded]
    for device in (*alone, *both):
        if device not in seen:
            seen.add(device)
            yield device


def _side(label: str, documents: Iterable[Document | None]) -> Side:
    kept = tuple(one for one in documents if one is not None)
    return Side(label, kept, scopes={one.name: Scope("everyone") for one in kept})


def _who(devices: Sequence[Device]) -> str:
    named = [" and ".join(sorted(one)) if one else "those in no group" for one in devices]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return f"{', '.join(named[:_SHOWN])}{more}"
