"""Find what several documents do not do together: lists of one setting, and documents that replace one another."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from mdm_policy import collateral
from mdm_policy.decide import Reach, apart, beside_together, conflicting, opened_lists, rivals
from mdm_policy.decide.rivals import alone
from mdm_policy.errors import Finding, warning
from mdm_policy.reading import Mechanism, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.reading import Column, Reading, Scope
    from mdm_policy.verify.judging import ClassJudge
    from mdm_policy.verify.pieces import Piece

_UNKNOWN = "whether the two add up is not documented"
_HINT = "put all apps into one list, in one document"
_ONE_VALUE = "give the setting one value, in one policy, or assign the policies to different devices"
_APART = "verify the one that is sent, or give each an identifier of its own"
_Set = tuple[Mechanism, Setting]
"""A setting, and what carries it out."""
_MOST = 20
"""How many documents are named that set one list."""


def several(pieces: Iterable[Piece]) -> Iterator[tuple[Finding, str, str]]:
    """Yield each later document that sets a list another one sets differently for the same devices.

    Apple: "don't attempt to manage the same restriction in different payloads" (apple/device-management@97a11a8
    com.apple.applicationaccess.yaml). Intune shows a conflict, and of two custom profiles Apple picks one
    (MicrosoftDocs/memdocs device-profile-troubleshoot.md).
    """
    first: dict[tuple[_Set, str], tuple[Reading, list[Column]]] = {}
    counts: Counter[tuple[_Set, str]] = Counter()
    for one in pieces:
        if not one.leads or one.groups:
            continue
        for reading in one.readings:
            for set_, columns in _lists(reading).items():
                setting = (set_, reading.mdm)
                other, held = first.setdefault(setting, (reading, columns))
                if other is reading or not _meet(other.scope, reading.scope) or _same(held, columns):
                    continue
                counts[setting] += 1
                if counts[setting] <= _MOST:
                    said = f"{other.path} sets {set_[1].name} too, to another list; {_UNKNOWN}"
                    yield warning("list-in-several-documents", said, None, _HINT), reading.path, columns[0].pointers[0]
    for setting, count in counts.items():
        if count > _MOST:
            path = first[setting][0].path
            name = setting[0][1].name
            said = f"{count - _MOST:,} more documents set {name}, to another list than {path}; {_UNKNOWN}"
            yield warning("list-in-several-documents", said, None, _HINT), path, ""


def conflicts(pieces: Iterable[Piece]) -> Iterator[tuple[Finding, str, str]]:
    """Yield each later document that sets a setting to another value than the first one, for the same devices.

    A setting that has several names is told of under the first of them that is in conflict.
    """
    readings = [reading for one in pieces if one.leads and not one.groups for reading in one.readings]
    told: set[str] = set()
    for name, members in conflicting([(one, Reach()) for one in readings], None).items():
        values = [dict(one.sets)[name] for one in members]
        for one, value in list(zip(members, values, strict=True))[1:_MOST]:
            if value == values[0] or not all((value, values[0])) or one.path in told:
                continue
            told.add(one.path)
            said = f"{members[0].path} sets {name} too, to another value: Intune shows a conflict, and which value counts is not documented"
            yield warning("setting-conflict", said, None, _ONE_VALUE), one.path, _place(one, name)


def _place(reading: Reading, name: str) -> str:
    """Return where a document sets a setting."""
    columns = (one for one in reading.columns if one.rule.setting is not None and name in one.rule.setting.names)
    return next((one.pointers[0] for one in columns if len(one.pointers)), "")


def replaced(pieces: Iterable[Piece]) -> Iterator[tuple[Finding, str, str]]:
    """Yield each later document of which devices keep one, where the documents do different things."""
    readings = [reading for one in pieces if one.leads and not one.groups for reading in one.readings]
    for members in islice(rivals(readings), _MOST):
        first, *rest = apart([one for one in members if one.scope.groups == members[0].scope.groups])
        for others in rest[:_MOST]:
            both = [one for one in first[0].identities if one in others[0].identities]
            what = f"are both {both[0]}" if both else f"both set {_shared(first[0], others[0])}"
            end = "a device keeps one of them" if both else "which of them counts is not documented"
            said = f"{first[0].path} and this {what}, and do different things: {end}"
            yield warning("identifier-in-several-documents", said, None, _APART), others[0].path, ""


def side_effects(pieces: Iterable[Piece], courts: Iterable[ClassJudge]) -> Iterator[tuple[Finding, str, str]]:
    """Yield what documents do beside the ban, once all are there, and the allow lists that one opens for another."""
    acting = [
        (piece, reading)
        for piece in pieces
        if piece.leads
        for reading in piece.readings
        if reading.scope.state != "nobody"
    ]
    declared = _modes(courts)
    modes = {id(reading): set(piece.modes) or declared.get(piece.name, set()) for piece, reading in acting}
    for reading, one in beside_together([reading for _, reading in acting]):
        mine = modes[id(reading)]
        told = not one.said and (not one.modes or (bool(mine) and mine <= set(one.modes)))
        finding = collateral.on_finding(one.what, one.when, None) if told else None
        if finding is not None:
            yield finding, reading.path, one.pointer
    for reading, found, closed in opened_lists([reading for _, reading in acting]):
        yield collateral.on_opening(closed, None), reading.path, found.pointer


def _modes(courts: Iterable[ClassJudge]) -> dict[str, set[str]]:
    """Return the Android modes of the declared classes on which each document acts."""
    found: dict[str, set[str]] = {}
    for court in courts:
        for name in court.documents if court.cls.platform == "android" else ():
            found.setdefault(name, set()).add(court.cls.mode or "")
    return found


def _shared(one: Reading, other: Reading) -> str:
    """Return what both documents set that belongs in one."""
    theirs = alone(other)
    return ", ".join(setting.name for by, setting in alone(one) if (by, setting) in theirs)


def _lists(reading: Reading) -> dict[_Set, list[Column]]:
    """Return the deny lists of settings of which nobody says that several add up."""
    lists: dict[_Set, list[Column]] = {}
    for column in reading.columns:
        rule = column.rule
        undocumented = rule.setting is not None and rule.setting.several == "undocumented"
        if rule.setting is not None and undocumented and rule.sense == "block" and column.values:
            lists.setdefault((rule.mechanism, rule.setting), []).append(column)
    return lists


def _same(one: Sequence[Column], other: Sequence[Column]) -> bool:
    """Tell whether two settings hold the same identifiers, in whatever order."""
    if [column.values for column in one] == [column.values for column in other]:
        return True
    values = [{value for column in columns for value in column.values} for columns in (one, other)]
    return values[0] == values[1]


def _meet(one: Scope, other: Scope) -> bool:
    """Tell whether two documents may reach the same device."""
    if "nobody" in (one.state, other.state):
        return False
    return not (one.state == other.state == "groups" and not set(one.groups) & set(other.groups))
