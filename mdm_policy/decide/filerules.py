"""Say what rules for files make of a program: one that any rule denies is refused, and one that no rule allows is refused too.

The order is Microsoft's (MicrosoftDocs/windows-itpro-docs, applocker/working-with-applocker-rules.md, 2023-12): explicit deny,
explicit allow, implicit deny; a collection without rules refuses nothing. Several sets are put together in `gathering`.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mdm_policy.decide.programs import MAYBE, YES, fitting, meant
from mdm_policy.publishers import publisher_id, unquoted
from mdm_policy.vocabulary import STRENGTH_RANK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.decide.programs import Program
    from mdm_policy.reading import FileRule, Rule, RuleSet
    from mdm_policy.vocabulary import Strength

_Key = tuple[str, str, str]


class SeenFile(NamedTuple):
    """Say what one set makes of a program.

    The strongest rule that denies it, a rule that may deny it, one that allows it, one that may; and where none does, how
    sure it is that a changed copy stays refused.
    """

    denies: FileRule | None
    may_deny: FileRule | None
    allows: FileRule | None
    may_allow: FileRule | None
    unlisted: Strength


class _Side:
    """Find those rules of one action that may be about a program."""

    def __init__(self, rules: Iterable[FileRule]) -> None:
        self.by_name: defaultdict[_Key, list[FileRule]] = defaultdict(list)
        self.by_publisher: defaultdict[str, list[FileRule]] = defaultdict(list)
        self.by_label: defaultdict[str, list[FileRule]] = defaultdict(list)
        """By the product or file name that they ask for beside a publisher."""
        self.by_file: defaultdict[str, list[FileRule]] = defaultdict(list)
        self.patterns: list[FileRule] = []
        self.hashes: list[FileRule] = []
        for rule in rules:
            one = rule.condition
            if one.kind == "publisher":
                publisher = _fold(one.publisher)
                binary = "?" if "*" in one.binary or "?" in one.binary else one.binary.casefold()
                self.by_name[publisher, one.product.casefold(), "*" if one.binary == "*" else binary].append(rule)
                self.by_publisher[publisher].append(rule)
                for label in {one.product.casefold(), one.binary.casefold()} - {"*"} if publisher != "*" else ():
                    self.by_label[label].append(rule)
            elif one.kind == "hash":
                self.hashes.append(rule)
            else:
                file = _file_name(one.path)
                (self.by_file[file] if file else self.patterns).append(rule)

    @cached_property
    def by_id(self) -> dict[str, list[str]]:
        """Return the publishers by the id that stands in a package family name."""
        found: dict[str, list[str]] = {}
        for publisher, rules in self.by_publisher.items():
            for name in {rule.condition.publisher for rule in rules}:
                for form in {name, unquoted(name)}:
                    found.setdefault(publisher_id(form), []).append(publisher)
        return found

    def named(self, program: Program) -> Iterator[FileRule]:
        """Yield the rules that fit what is known of a program, and few others."""
        for publisher in self._publishers(program):
            name = program.package if program.packaged else program.product
            for product in ("*", name.casefold()) if name is not None else ("*",):
                for binary in ("*", "?", program.original.casefold()) if program.original is not None else ("*", "?"):
                    yield from self.by_name.get((publisher, product, binary), ())
        if program.disk is not None:
            yield from self.by_file.get(program.disk.casefold(), ())
        yield from self.patterns
        if program.path is not None:
            yield from chain.from_iterable(self.by_file.values())
        if program.hashes:
            yield from self.hashes

    def _publishers(self, program: Program) -> set[str]:
        found = {"*"}
        if program.publisher is not None:
            found.add(_fold(program.publisher))
        for one in program.families:
            found.update(self.by_id.get(one.rpartition("_")[2], ()))
        return found

    def every(self) -> Iterator[FileRule]:
        """Yield all rules."""
        lists = (*self.by_publisher.values(), *self.by_file.values())
        return chain(chain.from_iterable(lists), self.patterns, self.hashes)

    def related(self, program: Program) -> Iterator[FileRule]:
        """Yield the rules that ask for a known name of a program, and for a publisher besides, where that is not known."""
        if program.publisher is None and not program.families:
            labels = (program.package, program.product, program.original)
            for label in {one.casefold() for one in labels if one is not None}:
                yield from self.by_label.get(label, ())

    def open(self, program: Program) -> Iterator[FileRule]:
        """Yield the rules of which nobody can tell, since they ask for what is not known of a program."""
        if program.publisher is None and not program.families:
            yield from chain.from_iterable(self.by_publisher.values())
        elif program.product is None or program.original is None:
            yield from chain.from_iterable(self.by_publisher.get(one, ()) for one in self._publishers(program))
        if program.disk is None and program.path is None and not program.packaged:
            yield from chain.from_iterable(self.by_file.values())


class Book:
    """Hold the rules of one set, sorted so that a program finds its own among 100,000."""

    def __init__(self, found: RuleSet) -> None:
        """Sort the rules."""
        self.empty = not found.rules
        self._deny = _Side(rule for rule in found.rules if not rule.allows)
        self._allow = _Side(rule for rule in found.rules if rule.allows)
        self.shape = (found.mode, found.services, found.rule.sense, found.rule.verdict)
        self.meaning = (self.shape, frozenset(rule.meaning for rule in found.rules))

    @cached_property
    def plain(self) -> bool:
        """Tell whether each rule names what it means, or means all: then nobody else is meant."""
        every = (*self._deny.every(), *self._allow.every())
        return not any(one.exceptions or not (_is_all(one) or (not one.allows and _names(one))) for one in every)

    def see(self, program: Program) -> SeenFile:
        """Say what the set makes of a program."""
        denies = self._denies(program)
        allows = next((one for one in self._allow.named(program) if meant(one, program) == YES), None)
        may_deny = may_allow = None
        if denies is None:
            may_deny = _first_open(self._deny, program, hashes=())
        if allows is None:
            may_allow = _first_open(self._allow, program, hashes=self._allow.hashes)
        return SeenFile(denies, may_deny, allows, may_allow, self._unlisted(program))

    def denying(self, program: Program) -> Iterator[FileRule]:
        """Yield the Deny rules that mean a program, or may do so, by what is known of it."""
        found = chain(self._deny.named(program), self._deny.related(program))
        return (one for one in found if meant(one, program))

    def _denies(self, program: Program) -> FileRule | None:
        best: FileRule | None = None
        for one in self._deny.named(program):
            better = best is None or STRENGTH_RANK[one.rule.strength] > STRENGTH_RANK[best.rule.strength]
            if better and meant(one, program) == YES:
                best = one
        return best

    def _unlisted(self, program: Program) -> Strength:
        """Say how firmly a program stays refused that no rule allows: its name changes more easily than its signer."""
        if program.packaged:
            return "strong"
        if self._allows_paths:
            return "weak"
        mine = {"*"} if program.publisher is None else {"*", _fold(program.publisher)}
        levels: list[Strength] = ["partial" for one in mine if one in self._allow.by_publisher]
        excepting = chain(self._allow.patterns, *(self._excepting.get(one, ()) for one in mine))
        levels += [_left_out(one, program) for one in excepting]
        return min(levels, key=STRENGTH_RANK.__getitem__, default="strong")

    @cached_property
    def _allows_paths(self) -> bool:
        """Tell whether a rule allows what stands in a place, where a copy of anything may be put."""
        return bool(self._allow.by_file) or any(one.condition.path != "*" for one in self._allow.patterns)

    @cached_property
    def _excepting(self) -> dict[str, list[FileRule]]:
        """Return the rules that allow a publisher's programs but for some, by publisher."""
        found = {name: [one for one in rules if one.exceptions] for name, rules in self._allow.by_publisher.items()}
        return {name: rules for name, rules in found.items() if rules}


def _left_out(rule: FileRule, program: Program) -> Strength:
    """Say how firmly a program is left out of an Allow rule: as its exceptions name it, like a Deny rule would."""
    named = [one for one in rule.exceptions if fitting(one, program) == YES]
    return "partial" if any(one.kind == "publisher" for one in named) or not named else "weak"


def _first_open(side: _Side, program: Program, *, hashes: Sequence[FileRule]) -> FileRule | None:
    found = chain(side.named(program), side.open(program), hashes)
    return next((one for one in found if meant(one, program) == MAYBE), None)


def _is_all(rule: FileRule) -> bool:
    one = rule.condition
    return one.path == "*" or (one.publisher == one.product == one.binary == "*" and rule.allows)


def _names(rule: FileRule) -> bool:
    """Tell whether a rule is for one publisher, one package or one file name in any folder, and for nothing else."""
    one = rule.condition
    if one.kind == "path":
        return one.path.replace("/", "\\").rpartition("\\")[0] == "*" and bool(_file_name(one.path))
    return one.kind == "publisher" and one.binary == "*" and "*" in (one.publisher, one.product)


def _fold(publisher: str) -> str:
    return unquoted(publisher).casefold()


def _file_name(path: str) -> str:
    """Return the file name that a path writes out in full, or nothing."""
    file = path.replace("/", "\\").casefold().rpartition("\\")[2]
    return "" if "*" in file or "?" in file else file


_BOOKS: dict[int, tuple[weakref.ref[RuleSet], Book]] = {}


def book(found: RuleSet) -> Book:
    """Return the rules of a set, sorted once for as long as the set is there."""
    known = _BOOKS.get(id(found))
    if known is not None and known[0]() is found:
        return known[1]
    made = Book(found)
    place = id(found)
    _BOOKS[place] = weakref.ref(found, lambda _: _BOOKS.pop(place, None)), made
    return made


def unlisted(rule: Rule, strength: Strength) -> Rule:
    """Return the refusal of what no rule allows, as strong as it is for a program."""
    if STRENGTH_RANK[strength] >= STRENGTH_RANK[rule.strength]:
        return rule
    return msgspec.structs.replace(rule, strength=strength)
