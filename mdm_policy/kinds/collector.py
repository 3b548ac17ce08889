"""Collect what one document does while its reader walks it, and keep the walk safe from whatever the document holds.

Every reader takes a Collector and returns its Reading. The Collector shares one Rule among all effects of a place,
turns wrong types into findings instead of exceptions, and carries what weakens the whole document: a removal date, a
platform it cannot reach, a reason why the server or the device refuses all of it.
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any

import msgspec

from mdm_policy.documents.pointers import pointer as pointer_to
from mdm_policy.documents.pointers import to_key
from mdm_policy.errors import Finding, Origin
from mdm_policy.kinds.shapes import form_of, impossible
from mdm_policy.model import Frozen
from mdm_policy.reading import (
    Cause,
    Collateral,
    Column,
    Condition,
    Effects,
    Fact,
    FileRule,
    Link,
    Reading,
    Refusal,
    Rule,
    RuleSet,
    Run,
    Scope,
    Switch,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from mdm_policy.documents import Document
    from mdm_policy.errors import Severity
    from mdm_policy.reading import Effect, Expiry
    from mdm_policy.vocabulary import CollateralCase, CollateralEffect, CollateralThing, Family, Kind

ANY: tuple[int, ...] = (0,)
"""The version from which a rule holds when no source names one."""
NOT_STATED = Scope()
_BLOCKS = ("block", "remove")
_SHOWN = 3
_MOST_ALIKE = 100
"""How many findings of one kind a document gets, each with its place; the rest are counted."""
_MOST_UNKNOWN = 500
"""How many unknown keys of one object are held against those that count."""
is_plain = re.compile(r"[A-Za-z0-9._:-]+", re.ASCII).fullmatch
"""Matches an identifier that holds nothing worth a word."""


SAID_OF_ENTRIES = ("identifier-wildcard", "identifier-space")
"""Findings that say already why an entry matches nothing."""


class Why(Frozen, frozen=True, gc=False):
    """Say why what is read has no effect, or why nobody can tell: the cause in a word, and in words for a reader."""

    cause: Cause
    text: str


class Entries(Frozen, frozen=True, gc=False):
    """Hold the entries of a list with their pointers, which few ask for."""

    pointers: Run | tuple[str, ...]
    values: Sequence[Any]

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, Any]]) -> Entries:
        """Take (pointer, value) pairs."""
        return cls(tuple([pointer for pointer, _ in pairs]), [value for _, value in pairs])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.values)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Return each pointer with its value."""
        return zip(self.pointers, self.values, strict=True)

    def each(self, key: str) -> Entries:
        """Return what each of these dictionaries has under a key, or None."""
        kept = self.pointers
        if isinstance(kept, Run):
            pointers: Run | tuple[str, ...] = Run(kept.base, kept.places, f"{kept.tail}/{key}")
        else:
            pointers = tuple([f"{pointer}/{key}" for pointer in kept])
        return Entries(pointers, [value.get(key) for value in self.values])

    def only(self, places: Sequence[int]) -> Entries:
        """Return the entries at some places alone."""
        kept = self.pointers
        pointers = kept.only(places) if isinstance(kept, Run) else tuple([kept[place] for place in places])
        return Entries(pointers, [self.values[place] for place in places])


class Collector:
    """Gather effects, rules and findings of one document; mutable, and gone when its Reading is made."""

    def __init__(self, document: Document, read: Callable[[Document], tuple[Reading, list[str]]]) -> None:
        """Start with nothing found; `read` reads an embedded document and says where its findings stand."""
        self.document = document
        self.read = read
        self._columns: list[Column] = []
        self._open: tuple[Rule, Family, Kind, list[str], list[str]] | None = None
        """The column that `add` fills: rule, family, kind, values, pointers."""
        self.rules: list[Rule] = []
        self.rule_sets: list[RuleSet] = []
        self.collateral: list[Collateral] = []
        self.links: list[Link] = []
        self.findings: list[Finding] = []
        self.places: list[str] = []
        """The pointer of each finding; lines are looked up once, when the outermost document is done."""
        self._made: dict[
            tuple[int, Expiry | None, Why | None, Why | None, frozenset[str] | None], tuple[Rule, Rule]
        ] = {}
        """What was made of each rule, by its place in memory; it is kept beside, so that the place stays its own."""
        self._said: dict[tuple[str, Severity], tuple[int, Finding]] = {}
        self._known: dict[bytes, Rule] = {}
        """The document's rules by what equal ones share."""
        self.expires: Expiry | None = None
        self.platforms: frozenset[str] | None = None
        self.rejected_because: Why | None = None
        """Why nothing that is read from here on has an effect."""
        self.mistyped = 0
        """How many values of a wrong type were met; an empty text is none."""
        self.concerns_apps = True
        """Whether the document holds anything of a sort that can act on apps."""
        self.restricts = False
        """Whether the document holds back programs beyond those it names."""
        self.uncertain_because: Why | None = None
        """Why nobody can tell whether devices obey what is read from here on."""
        self._lifted: set[int] = set()
        """The values, by their place in memory, that an embedded document has brought, and of which it has said all."""
        self.refusals: dict[str, Refusal] = {}
        """The place of each fault for which the vendor refuses what was read, by the words that its rules bear."""
        self.settings: dict[str, str] = {}
        """The pointer of the setting from which each rule without entries comes, by the rule's id."""
        self.switches: list[Switch] = []
        """What the document turns on or off for rules of others."""
        self.sets: dict[str, frozenset[object]] = {}
        """What the document sets a setting to that has one value on a device and no list in it, by the setting's name."""

    def rule(self, base: Rule, **changes: Any) -> Rule:
        """Return the document's own copy of a rule, the same object each time, with all that weakens it written in."""
        if changes:
            return self._rule(base, changes)
        where = (id(base), self.expires, self.rejected_because, self.uncertain_because, self.platforms)
        found = self._made.get(where)
        if found is None:
            found = self._made[where] = base, self._rule(base, changes)
        return found[1]

    def _rule(self, base: Rule, changes: dict[str, Any]) -> Rule:
        if self.expires is not None:
            changes["expires"] = self.expires
        if self.platforms is not None:
            reached = {key: value for key, value in base.introduced.items() if key in self.platforms}
            if not reached:
                changes |= {
                    "sense": "none",
                    "verdict": "allowed",
                    "why": "the devices it is sent to do not know the key",
                    "cause": "no-effect",
                }
            elif reached != base.introduced:
                changes["introduced"] = reached
        if self.uncertain_because and changes.get("sense", base.sense) != "none":
            changes |= {"verdict": "unknown", "why": self.uncertain_because.text, "cause": self.uncertain_because.cause}
        if self.rejected_because:
            changes |= {
                "sense": "none",
                "verdict": "allowed",
                "why": self.rejected_because.text,
                "cause": self.rejected_because.cause,
            }
        made = msgspec.structs.replace(base, **changes) if changes else base
        known = self._known.setdefault(written(made), made)
        if known is made:
            self.rules.append(made)
        return known

    def refuse(self, why: str, pointer: str = "", hint: str = "", source: str = "") -> None:
        """Give what is read from here on no effect: the vendor takes none of it, for a fault at a place."""
        self.rejected_because = Why("refused", why)
        self.refusals.setdefault(why, Refusal(pointer, hint, source))

    def reject_all(self, why: str, pointer: str = "", hint: str = "", source: str = "") -> None:
        """Take back all that was read: the server or the device takes nothing of a document with such a fault."""
        self.refuse(why, pointer, hint, source)
        self.collateral = []
        self._rebuild_rules()

    def mark_uncertain(self, why: str) -> None:
        """Make all that was read unknown: nobody can tell whether devices take a document with such a fault."""
        self.uncertain_because = Why("undocumented", why)
        self._rebuild_rules()

    def question_at(self, zones: Sequence[str], why: str) -> None:
        """Make unknown what was read from some places, and every rule that no entry says the place of.

        Where nothing was read from them, they decide about all of the document: whom it reaches, or how it is meant.
        """
        placed = {id(one.rule) for one in self.columns}
        touched = {id(one.rule) for one in self.columns if any(_touches(one.pointers, zone) for zone in zones)}
        placed = placed if touched else set()
        read, self.rules, self._known = self.rules, [], {}
        kept, doubt = self.uncertain_because, Why("undocumented", why)
        made: dict[int, Rule] = {}
        for rule in read:
            self.uncertain_because = kept if id(rule) in placed and id(rule) not in touched else doubt
            made[id(rule)] = self._rule(rule, {})
        self.uncertain_because = kept
        self._columns = [msgspec.structs.replace(one, rule=made[id(one.rule)]) for one in self._columns]

    def _rebuild_rules(self) -> None:
        read, self.rules, self._known = self.rules, [], {}
        made = {id(rule): self._rule(rule, {}) for rule in read}
        self._close()
        self._columns = [msgspec.structs.replace(one, rule=made[id(one.rule)]) for one in self._columns]
        self.rule_sets = [_under(one, made, "") for one in self.rule_sets]

    def add(self, rule: Rule, family: Family, kind: Kind, value: str, pointer: str) -> None:
        """Record one effect; those of one rule and kind that follow one another make a column."""
        last = self._open
        if last is None or last[0] is not rule or last[1] != family or last[2] != kind:
            self._close()
            last = self._open = (rule, family, kind, [], [])
        last[3].append(value)
        last[4].append(pointer)

    def add_all(self, rule: Rule, family: Family, kind: Kind, entries: Entries) -> None:
        """Record an effect for each entry."""
        self._close()
        if entries.values:
            self._columns.append(Column(rule, family, kind, entries.values, entries.pointers))

    def _close(self) -> None:
        if self._open is not None:
            rule, family, kind, values, pointers = self._open
            self._columns.append(Column(rule, family, kind, values, tuple(pointers)))
            self._open = None

    @property
    def columns(self) -> Sequence[Column]:
        """Return the effects so far."""
        self._close()
        return self._columns

    def say(self, severity: Severity, id_: str, message: str, pointer: str = "", hint: str = "") -> None:
        """Record a finding at a place of this document."""
        count, known = self._said.get((id_, severity), (0, None))
        if known is None or count < _MOST_ALIKE:
            known = Finding(id_, severity, message, Origin(self.document.name), hint)
            self.findings.append(known)
            self.places.append(pointer)
        self._said[id_, severity] = count + 1, known

    def beside(
        self,
        effect: CollateralEffect,
        what: CollateralThing,
        when: CollateralCase,
        pointer: str,
        *,
        modes: tuple[str, ...] = (),
        said: bool = False,
    ) -> None:
        """Put down what a key does beside the ban; what the server or the device refuses does nothing."""
        if not self.rejected_because:
            self.collateral.append(Collateral(effect, what, when, pointer, modes, said))

    def mapping(self, value: Any, pointer: str) -> dict[str, Any]:
        """Return a dictionary as it is; anything else is a finding, and empty."""
        if isinstance(value, dict):
            return value
        self._wrong(value, "a dictionary", pointer)
        return {}

    def optional(self, owner: Mapping[str, Any], key: str, pointer: str) -> dict[str, Any]:
        """Return the dictionary under a key; empty when the key is absent or null."""
        value = owner.get(key)
        return {} if value is None else self.mapping(value, f"{pointer}/{key}")

    def items(self, owner: Mapping[str, Any], key: str, pointer: str) -> list[Any]:
        """Return the list under a key; empty when the key is absent or null, a finding when it is no list."""
        value = owner.get(key)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self._wrong(value, "a list", f"{pointer}/{key}")
        return []

    def records(self, owner: Mapping[str, Any], key: str, pointer: str) -> Entries:
        """Return the dictionaries of the list under a key; what is none is a finding."""
        entries = self.entries(owner, key, pointer)
        if set(map(type, entries.values)) <= {dict}:
            return entries
        wrong = [place for place, value in enumerate(entries.values) if not isinstance(value, dict)]
        self._wrong(entries.values[wrong[0]], "a dictionary", entries.pointers[wrong[0]], len(wrong))
        return entries.only([place for place, value in enumerate(entries.values) if isinstance(value, dict)])

    def mappings(self, owner: Mapping[str, Any], key: str, pointer: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the same, each with its pointer."""
        return list(self.records(owner, key, pointer))

    def text(self, owner: Mapping[str, Any], key: str, pointer: str) -> str:
        """Return the text under a key; empty when the key is absent or null, a finding when it is no text."""
        value = owner.get(key, "")
        if type(value) is str:
            return value
        if value is None:
            return ""
        self._wrong(value, "text", f"{pointer}/{key}")
        return ""

    def flag(self, owner: Mapping[str, Any], key: str, pointer: str) -> bool | None:
        """Return the boolean under a key; None when the key is absent or null, a finding when it is none."""
        value = owner.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._wrong(value, "true or false", f"{pointer}/{key}")
        return None

    def identifier(self, owner: Mapping[str, Any], key: str, pointer: str) -> str:
        """Return the identifier under a key, or an empty text and a finding."""
        value = owner.get(key)
        if type(value) is str and is_plain(value):
            return value
        if type(value) is not str or not value:
            self._wrong(value, "an identifier", f"{pointer}/{key}")
            return ""
        kept = self.identifiers(Entries((f"{pointer}/{key}",), [value])).values
        return kept[0] if kept else ""

    def entries(self, owner: Mapping[str, Any], key: str, pointer: str) -> Entries:
        """Return what the list under a key holds."""
        values = self.items(owner, key, pointer)
        return Entries(Run(f"{pointer}/{key}", range(len(values))), values)

    def texts(self, owner: Mapping[str, Any], key: str, pointer: str) -> Entries:
        """Return the identifiers of the list under a key; what is no text is a finding."""
        return self.identifiers(self.entries(owner, key, pointer))

    def identifiers(self, entries: Entries) -> Entries:
        """Keep the texts a device could compare; a device compares byte by byte, so nothing is cleaned."""
        kept = self.only_texts(entries)
        joined = "".join(kept.values)
        if not joined.isascii() or not joined.isprintable() or " " in joined or "*" in joined or "$" in joined:
            self._suspect(list(kept))
        return kept

    def only_texts(self, entries: Entries) -> Entries:
        """Keep the texts that are not empty; all else is a finding."""
        values = entries.values
        if set(map(type, values)) <= {str} and all(values):
            return entries
        wrong = [place for place, value in enumerate(values) if type(value) is not str or not value]
        worst = next((place for place in wrong if type(values[place]) is not str), wrong[0])
        self._wrong(values[worst], "an identifier", entries.pointers[worst], len(wrong))
        return entries.only([place for place, value in enumerate(values) if type(value) is str and value])

    def _suspect(self, entries: list[tuple[str, str]]) -> None:
        wild = [entry for entry in entries if _is_wild(entry[1])]
        blank = [entry for entry in entries if _is_blank(entry[1])]
        if wild:
            said = "holds a wildcard or a variable; devices compare the text as it stands"
            self._about("identifier-wildcard", wild, said, "write each identifier out")
        if blank:
            said = "holds white space or an invisible character, so it names no app"
            self._about("identifier-space", blank, said, "remove it")

    def _about(self, id_: str, entries: list[tuple[str, str]], said: str, hint: str) -> None:
        more = f" (and {len(entries) - 1} more entries)" if len(entries) > 1 else ""
        self.say("error", id_, f"{_shown(entries[0][1])} {said}{more}", entries[0][0], hint)

    def _wrong(self, value: Any, wanted: str, pointer: str, count: int = 1) -> None:
        self.mistyped += value != ""
        more = f" (and {count - 1} more entries)" if count > 1 else ""
        found = f"{type(value).__name__} {_shown(value)}".rstrip()
        message = f"expected {wanted}, found {found}; ignored{more}"
        self.say("error", "wrong-type", message, pointer, f"write {wanted}")

    def near_misses(self, owner: Mapping[str, Any], known: Collection[str], pointer: str) -> None:
        """Warn about keys that look like a key that counts and are not it: the vendor ignores or refuses them."""
        for key in islice((key for key in owner if key not in known), _MOST_UNKNOWN):
            close = _closest(key, tuple(sorted(known)))
            if close:
                self.unknown_key(key, f"the key is {close!r}", pointer)

    def unknown_key(self, key: str, hint: str, owner: str) -> None:
        """Warn that a key of what a pointer leads to means nothing to the vendor."""
        at = to_key(owner + pointer_to(key))
        self.say("warning", "unknown-key", f"{_shown(key)} is not a key the vendor knows; it has no effect", at, hint)

    def deprecated(self, key: str, since: str, instead: str, pointer: str, severity: Severity = "warning") -> None:
        """Say that a key is deprecated; it keeps its effect until a source says it is gone."""
        self.say(severity, "key-deprecated", f"{key} is deprecated since {since}", pointer, f"use {instead}")

    def allow_list(self, rule: Rule, entries: int, pointer: str) -> None:
        """Say that a list allows instead of denying: the commonest inversion of a ban."""
        if rule.sense != "none":
            message = f"this is an allow list of {entries}: every app that is not on it is refused"
            self.say("warning", "allow-list-sense", message, pointer, "use the deny list if a ban was meant")

    def empty_allow_list(self, base: Rule, pointer: str) -> Rule:
        """Return the rule of an allow list that names nothing: no vendor says whether it refuses everything or nothing."""
        why = "an allow list that names nothing may refuse everything, or count as not set: no page of the vendor says which"
        self.say(
            "warning", "allow-list-empty", why, pointer, "use the deny list if a ban was meant, or remove the list"
        )
        return self.rule(base, verdict="unknown", why=why, cause="undocumented")

    def part_read(self, base: Rule) -> Rule:
        """Return the rule of an allow list that holds what cannot be read: that may be the app of which one asks."""
        why = "the allow list holds what cannot be read, so which apps it lets in is not known"
        return self.rule(base, verdict="unknown", why=why, cause="unread")

    def lift(self, pointer: str, document: Document) -> Reading:
        """Read an embedded document and take over its effects, under what weakens this one."""
        inner, places = self.read(document)
        rules = {id(rule): self.rule(rule) for rule in inner.rules}
        self._close()
        for one in inner.columns:
            kept = one.pointers
            under = kept.under(pointer) if isinstance(kept, Run) else tuple([pointer + place for place in kept])
            self._columns.append(Column(rules[id(one.rule)], one.family, one.kind, one.values, under))
            self._lifted.add(id(one.values))
        self.rule_sets += [_under(one, rules, pointer) for one in inner.rule_sets]
        self.links += [msgspec.structs.replace(one, pointer=pointer + one.pointer) for one in inner.links]
        if not self.rejected_because:
            self.collateral += [msgspec.structs.replace(one, pointer=pointer + one.pointer) for one in inner.collateral]
        dead = [rule for rule in inner.rules if rule.sense != "none" and rules[id(rule)].sense == "none"]
        if dead and not self.rejected_because:
            reached = ", ".join(sorted(self.platforms or ()))
            message = f"the document reaches {reached} alone, where this has no effect: {dead[0].fact.text}"
            self.say("error", "key-wrong-platform", message, pointer, "send it to the platform that knows the key")
        self.findings.extend(inner.findings)
        self.places.extend([pointer + place for place in places])
        given = {name for rule in inner.rules for name in _given(rule)}
        self.sets |= {name: value for name, value in inner.sets if name not in given or value == frozenset(("none",))}
        self.settings |= {id_: pointer + place for id_, place in inner.settings.items()}
        for why, fault in inner.refusals.items():
            self.refusals.setdefault(why, msgspec.structs.replace(fault, pointer=pointer + fault.pointer))
        return inner

    def reading(
        self,
        scope: Scope = NOT_STATED,
        mdm: str = "",
        *,
        declares: str = "",
        activates: tuple[str, ...] = (),
        silent: bool = False,
        name: str = "",
        place: str = "",
    ) -> Reading:
        """Close the collection; a document that does nothing says so unless it is `silent` by nature."""
        self._contradictions(scope)
        self._matching_nothing()
        for count, known in self._said.values():
            if count > _MOST_ALIKE:
                said = f"the same is wrong in {count - _MOST_ALIKE:,} more places"
                self.findings.append(msgspec.structs.replace(known, message=said))
                self.places.append("")
        acting = any(one.rule.sense != "none" for one in self.columns)
        acting = acting or any(rule.sense == "allow-only" for rule in self.rules)
        restricts = self.restricts and not self.rejected_because
        acting = acting or any(one.rules and one.rule.sense != "none" for one in self.rule_sets)
        if not acting and not silent and not restricts:
            self.say("note", "no-effect", "nothing in this document allows, blocks or reports an app")
        return Reading(
            self.document.name,
            self.document.kind,
            Effects(self.columns),
            tuple(self.rules),
            scope,
            tuple(self.findings),
            mdm,
            declares=declares,
            activates=activates,
            concerns_apps=self.concerns_apps,
            restricts=restricts,
            name=name,
            place=place,
            settings=self.settings,
            sets=self._set(),
            switches=() if self.rejected_because or self.uncertain_because else tuple(self.switches),
            rule_sets=tuple(self.rule_sets),
            collateral=tuple(self.collateral),
            links=tuple(self.links),
            refusals=self.refusals,
        )

    def _set(self) -> tuple[tuple[str, frozenset[object]], ...]:
        """Return what the document sets each setting to that conflicts with another value of it."""
        found: dict[str, set[object]] = {}
        for rule in self.rules:
            # What is read in part equals no other value for certain.
            said = f"{rule.sense} {self.document.name}" if rule.cause == "unread" else rule.sense
            for name in _given(rule):
                found.setdefault(name, set()).add(said)
        for one in self.columns:
            for name in _given(one.rule):
                found[name].update(zip(repeat(one.family), repeat(one.kind), one.values))
        return tuple(sorted({name: frozenset(value) for name, value in found.items()}.items() | self.sets.items()))

    def _matching_nothing(self) -> None:
        """Say which entries have a form that no app's identifier has, so that they match nothing on any device."""
        told = any(one.id in SAID_OF_ENTRIES for one in self.findings)
        found: dict[tuple[Family, Kind], list[tuple[str, str]]] = {}
        for one in self.columns:
            places = impossible(one.family, one.kind, one.values) if id(one.values) not in self._lifted else []
            odd = [(one.pointers[place], one.values[place]) for place in places]
            if odd:
                kept = [each for each in odd if not (told and (_is_wild(each[1]) or _is_blank(each[1])))]
                found.setdefault((one.family, one.kind), []).extend(kept)
        for key, odd in found.items():
            if odd:
                form = form_of(*key)
                more = f" (and {len(odd) - 1} more entries)" if len(odd) > 1 else ""
                message = (
                    f"{_shown(odd[0][1])} is not {form.name}: the entry matches nothing{more}; it has to be {form.rule}"
                )
                self.say("warning", "entry-matches-nothing", message, odd[0][0], form.hint)

    def _contradictions(self, scope: Scope) -> None:
        allowing = [r for r in self.rules if r.sense in ("allow", "allow-only")]
        blocking = [r for r in self.rules if r.sense in _BLOCKS]
        if not allowing or not blocking:
            return
        allowed: dict[tuple[str, str], dict[str, Effect]] = {}
        for one in self.columns:
            if one.rule.sense in ("allow", "allow-only"):
                allowed.setdefault((one.family, one.kind), {}).update(zip(one.values, one, strict=True))
        both: list[tuple[Effect, Effect]] = []
        for one in self.columns:
            known = allowed.get((one.family, one.kind), {})
            if one.rule.sense in _BLOCKS and known:
                found = ((place, known[value]) for place, value in enumerate(one.values) if value in known)
                both += [(one.effect(place), other) for place, other in found if _meet(one.rule, other.rule, scope)]
        for blocked, other in both[:_SHOWN]:
            message = f"{_shown(blocked.value)} is banned here and allowed, required or used at {other.pointer}"
            self.say("error", "contradiction", message, blocked.pointer, "remove one of the two")
        if len(both) > _SHOWN:
            self.say("error", "contradiction", f"{len(both) - _SHOWN} more identifiers are both banned and allowed")


def _given(rule: Rule) -> tuple[str, ...]:
    """Return the names of the setting to which a rule gives a value that conflicts with another; one without effect gives none."""
    setting = rule.setting
    idle = rule.sense == "none" and rule.verdict != "unknown"
    return setting.names if setting is not None and setting.several == "conflicts" and not idle else ()


def _is_wild(text: str) -> bool:
    return "*" in text or "$" in text


def _is_blank(text: str) -> bool:
    return text != text.strip() or not text.isprintable()


def _touches(pointers: Run | Sequence[str], zone: str) -> bool:
    """Tell whether some of an effect's entries stand at or under a place, or the place within one of them."""
    if isinstance(pointers, Run):
        base = f"{pointers.base}/"
        return base.startswith(f"{zone}/") or zone.startswith(base)
    return any(f"{one}/".startswith(f"{zone}/") or zone.startswith(f"{one}/") for one in pointers)


@lru_cache(maxsize=4096)
def _closest(key: str, known: tuple[str, ...]) -> str:
    """Return the key that one is likely to stand for, or nothing; the same keys are misspelt in many documents."""
    folded = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(key.casefold(), folded, n=1, cutoff=0.9)
    return folded[close[0]] if close else ""


def _under(one: RuleSet, made: Mapping[int, Rule], pointer: str) -> RuleSet:
    """Return a rule set as an outer document has it, with the rules that were made of its own."""
    rules = one.rules
    if pointer or any(made[id(each.rule)] is not each.rule for each in rules):
        rules = tuple(
            [
                FileRule(
                    made[id(each.rule)],
                    each.allows,
                    each.users,
                    each.condition,
                    each.exceptions,
                    pointer + each.pointer,
                )
                for each in rules
            ]
        )
    packages = None if one.packages is None else made[id(one.packages)]
    return msgspec.structs.replace(
        one, rule=made[id(one.rule)], rules=rules, pointer=pointer + one.pointer, packages=packages
    )


def _meet(one: Rule, other: Rule, scope: Scope) -> bool:
    """Tell whether two rules of a document act on one side of a device, and on devices of one group."""
    mine, theirs = (rule.scope or scope for rule in (one, other))
    groups = {*mine.groups, *theirs.groups}
    apart = set(mine.groups).isdisjoint(theirs.groups) and all(isinstance(one, str) for one in groups)
    if mine.state == theirs.state == "groups" and apart:
        return False
    return not one.sides or not other.sides or bool(set(one.sides) & set(other.sides))


def _shown(value: Any) -> str:
    """Show a value in a message, short and without control characters; a huge or deep one is not printed at all."""
    if isinstance(value, str):
        return repr(value if len(value) <= 80 else value[:77] + "...")
    short = isinstance(value, int) and abs(value) < 10**18
    return repr(value) if value is None or short or isinstance(value, float) else ""


def narrowed(*conditions: Condition) -> tuple[Condition, ...]:
    """Return conditions as a rule holds them: sorted, each once."""
    return tuple(sorted(set(conditions)))


def fact(text: str, source: str) -> Fact:
    """Make a vendor fact."""
    return Fact(text, source)


def same(version: tuple[int, ...], *platforms: str) -> dict[str, tuple[int, ...]]:
    """Map several platforms to one version."""
    return dict.fromkeys(platforms, version)
