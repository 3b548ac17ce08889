"""Choose the programs on which two sides of rules for files are compared where a rule names no identifier.

A rule for a folder, a pattern, a hash or some versions acts on programs that no list names. Each rule that only one side has
is asked with a program that it means, and with one that it leaves out: what becomes of these on either side is the change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.decide.filerules import book
from mdm_policy.decide.gathering import Witness, signatures
from mdm_policy.decide.programs import ELSEWHERE, Program
from mdm_policy.diff.units import ANYTHING, Unit
from mdm_policy.errors import Origin
from mdm_policy.model import Identifier
from mdm_policy.reading import EVERYBODY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.model import BannedApp
    from mdm_policy.reading import FileCondition, FileRule, RuleSet
    from mdm_policy.vocabulary import Kind

_KINDS: dict[str, Kind] = {"exe": "executable", "msi": "executable", "appx": "appx_name"}
_LATEST = "65535.65535.65535.65535"
_NOBODYS: tuple[tuple[str, Program], ...] = (
    (
        "exe",
        Program(publisher=f"O={ANYTHING}", product=ANYTHING, original=ANYTHING, disk=ANYTHING, path=ELSEWHERE),
    ),
    ("appx", Program(packaged=True, package=ANYTHING, publisher=f"CN={ANYTHING}")),
)
"""The program and the package that nobody names, and that stand nowhere that a rule names."""
_MOST = 1_000
"""How many programs are asked one by one; beyond that, one stands for all that fare alike."""


def witnesses(old: Sequence[RuleSet], new: Sequence[RuleSet], named: Iterable[int]) -> tuple[Unit, ...]:
    """Return a unit for each sort of program that a rule of one side alone means or leaves out.

    `named` are rules, by their places in memory, whose identifier is compared by itself.
    """
    known = frozenset(named)
    made: dict[tuple[str, Program], str] = dict.fromkeys(_NOBODYS, "")
    for sort in ("exe", "appx", "msi"):
        sides = [[one for one in side if one.collection == sort] for side in (old, new)]
        for rule in _changed(*sides):
            for program, words in _programs(sort, rule, own=id(rule.rule) not in known):
                made.setdefault((sort, program), words)
    units = [_unit(sort, program, words) for (sort, program), words in made.items()]
    if len(units) <= _MOST:
        return tuple(units)
    alike: dict[object, Unit] = {}
    for unit in units:
        alike.setdefault(signatures((old, new), unit.app), unit)
    return tuple(alike.values())


def _changed(old: Iterable[RuleSet], new: Iterable[RuleSet]) -> Iterator[FileRule]:
    """Yield the rules that only one side has, be it in another mode; each meaning once."""
    mine, theirs = ({_said(one, rule): rule for one in side for rule in one.rules} for side in (old, new))
    yield from (rule for key, rule in mine.items() if key not in theirs)
    yield from (rule for key, rule in theirs.items() if key not in mine)


def _said(found: RuleSet, rule: FileRule) -> object:
    """Return what a rule says; whether it is enforced matters to what it denies."""
    return rule.meaning if rule.allows else (book(found).shape, rule.meaning)


def _programs(sort: str, rule: FileRule, *, own: bool) -> Iterator[tuple[Program, str]]:
    """Yield programs that a rule means, and some that its exceptions mean."""
    users = "" if rule.users in EVERYBODY else rule.users
    if own and not _is_all(rule.condition):
        yield from _bearing(sort, rule.condition, users)
    for one in rule.exceptions if own else ():
        yield from _bearing(sort, one, users)


def _is_all(one: FileCondition) -> bool:
    """Tell whether a condition means everything: the program that nobody names stands for it."""
    return one.path == "*" or (one.publisher == one.product == one.binary == "*" and not one.bounded)


_OF_PUBLISHER = "programs of {}"
_MATCHING = "programs that match {}"
"""What programs that no list names are called; a comparison tells them by it."""


def _bearing(sort: str, one: FileCondition, users: str) -> Iterator[tuple[Program, str]]:
    words = (_OF_PUBLISHER if one.kind == "publisher" else _MATCHING).format(one)
    packaged = sort == "appx"
    stranger = f"{'CN' if packaged else 'O'}={ANYTHING}"
    if one.kind == "path":
        yield Program(packaged=packaged, publisher=stranger, path=one.path, users=users), words
        return
    if one.kind == "hash":
        yield Program(packaged=packaged, publisher=stranger, hashes=one.hashes, users=users), words
        return
    publisher = stranger if one.publisher == "*" else one.publisher
    product = ANYTHING if one.product == "*" else one.product
    binary = ANYTHING if one.binary == "*" else one.binary.replace("*", "").replace("?", "x")
    for version in _ends(one):
        if packaged:
            yield Program(packaged=True, package=product, publisher=publisher, version=version, users=users), words
        else:
            yield Program(publisher=publisher, product=product, original=binary, version=version, users=users), words


def _ends(one: FileCondition) -> tuple[str, ...]:
    """Return the versions at which a condition begins and ends."""
    low = "0.0.0.0" if one.low == "*" else one.low  # noqa: S104  # a version, not an address
    return low, (_LATEST if one.high == "*" else one.high)


def _unit(sort: str, program: Program, words: str) -> Unit:
    name, shown = words or "every app that is not named", words or ANYTHING
    identifier = Identifier("windows", _KINDS[sort], shown, Origin(""))
    app: BannedApp = Witness("", name, "", (identifier,), (), (), programs=(program,), sort=sort)
    return Unit("", name, "windows", (shown,), app, ((("windows", _KINDS[sort], shown),),))
