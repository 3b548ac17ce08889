"""Put what several documents do into one place that answers quickly: who acts together, and what matches an app.

Documents combine as their vendor combines them. A device has exactly one AMAPI policy, so each policy is a set of its
own and the worst set counts; changes to a policy (a patch, a modify body) are judged together, and only when no whole
policy is among the documents. All other documents of a device act together, but for those that bear one identifier, of
which a device keeps one (see `rivals.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.decide.builds import compared, plan
from mdm_policy.decide.conflicts import questioned
from mdm_policy.decide.gathering import FoundRules, Gathered
from mdm_policy.decide.precedence import letting_in_a_part, most_special, ordered
from mdm_policy.decide.reach import Reach, activated, may_reach, reach
from mdm_policy.decide.rivals import kept
from mdm_policy.decide.spared import together
from mdm_policy.decide.switches import beside_switches
from mdm_policy.decide.voided import as_it_would_be, is_void, would_refuse_all
from mdm_policy.kinds import kind_named
from mdm_policy.model import Frozen
from mdm_policy.reading import Fact, written
from mdm_policy.vocabulary import FAMILY_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mdm_policy.decide.builds import AppBuilds, Key
    from mdm_policy.decide.precedence import Document
    from mdm_policy.decide.states import DeviceState
    from mdm_policy.model import BannedApp, DeviceClass
    from mdm_policy.reading import Effect, Reading, Rule
    from mdm_policy.vocabulary import Platform

_NO_FACT = Fact("", "")
_MANY = 32
"""From as many rules on one identifier on, those that differ in words alone are asked as one."""


class Hit(Frozen, frozen=True, gc=False):
    """Say that a rule of a document acts on an identifier, and how sure it is that the document reaches the device."""

    rule: Rule
    effect: Effect | None
    path: str
    reach: Reach
    setting: str = ""
    """The pointer of the setting from which a rule without entries comes."""

    @property
    def pointer(self) -> str:
        """Return the place that decides."""
        return self.effect.pointer if self.effect is not None else self.setting


class AllowList(Frozen, frozen=True, gc=False):
    """Hold an allow list: every identifier that is not a member is refused.

    `allows` are the kinds of identifiers by which it, or rules beside it where the most special rule decides, let programs in.
    """

    hit: Hit
    members: frozenset[Key]
    allows: frozenset[str] = frozenset()


class Prepared(Frozen, frozen=True, gc=False):
    """Hold an app's builds with the hits on each of their keys, worked out once for all states."""

    app: BannedApp
    plan: AppBuilds
    hits: tuple[tuple[tuple[tuple[Hit, ...], ...], ...], ...]
    """Per build, per match and then per guess, per key."""
    keys: tuple[frozenset[Key], ...]
    """Per build, those that match it."""
    decided: tuple[frozenset[Document], ...]
    """Per build, the documents in which one rule decides, so that their lists do not."""
    doubted: tuple[frozenset[Document], ...]
    """Per build, the documents whose lists let in one program of its team, or of its bare id, which may be this one."""
    found: tuple[tuple[FoundRules, ...], ...] = ()
    """Per build, what rules for files make of it; nothing where there are none."""


class Together:
    """Hold the documents that act on a device at the same time."""

    def __init__(self, documents: Iterable[tuple[Reading, Reach]], alternative: Reading | None = None) -> None:
        """Index every effect by what it acts on; `alternative` is the one document of which a device has exactly one."""
        documents = tuple(documents)
        names = {one.mdm for one, reached in documents if one.mdm and reached.alive}
        self.alternative = alternative
        self.mdm = names.pop() if len(names) == 1 else ""
        """The one MDM that they are of, or nothing."""
        self._entries: dict[Key, list[Hit]] = {}
        self.allow_lists: list[AllowList] = []
        self.gathered = Gathered()
        self._void: dict[Key, Hit] = {}
        """The first entry on each identifier that something else in its document takes its effect."""
        self._void_lists: list[AllowList] = []
        self._prepared: dict[tuple[int, str], Prepared] = {}
        self._views: dict[tuple[DeviceState, str], View] = {}
        counted = together(documents)
        self.readings = tuple(reading for reading, _ in counted)
        for reading, reached in counted:
            self._take(reading, reached)

    def _take(self, reading: Reading, reached: Reach) -> None:
        members: dict[int, list[Key]] = {id(rule): [] for rule in reading.rules if rule.sense == "allow-only"}
        entries, path = self._entries, reading.path
        for one in reading.rule_sets:
            self.gathered.add(one, reading, reached)
        self._take_void(reading, reached)
        named = {id(one.rule) for found in reading.rule_sets for one in found.rules}
        for column in reading.columns:
            rule = column.rule
            if id(rule) in named:  # its set says what it does
                continue
            keys = (compared((column.family, column.kind, value)) for value in column.values)
            if rule.sense == "allow-only":
                members.setdefault(id(rule), []).extend(keys)
            elif rule.sense != "none" or rule.verdict == "unknown":
                for place, key in enumerate(keys):
                    hits = entries.setdefault(key, [])
                    # Of an identifier that one rule of a document names thousands of times, the first ones stand for all.
                    if len(hits) < _MANY or hits[-1].rule is not rule or hits[-1].reach is not reached:
                        hits.append(Hit(rule, column.effect(place), path, reached))
        for rule in reading.rules:
            if rule.sense == "allow-only":
                hit = Hit(rule, None, path, reached, reading.settings.get(rule.id, ""))
                mine = frozenset(members[id(rule)])
                allows = (
                    _allows(reading)
                    if ordered(rule)
                    else frozenset(kind for family, kind, _ in mine if family == "macos")
                )
                self.allow_lists.append(AllowList(hit, mine, allows))

    def _take_void(self, reading: Reading, reached: Reach) -> None:
        """Remember what would hold apps back, were it not for a fault of the document."""
        void = {id(rule): rule for rule in reading.rules if is_void(rule)}
        if not void or not reached.alive:
            return
        shown = {key: as_it_would_be(rule, reading) for key, rule in void.items()}
        lists: dict[int, set[Key]] = {key: set() for key, rule in void.items() if would_refuse_all(rule)}
        named = {id(one.rule) for found in reading.rule_sets for one in found.rules}
        for effect in reading.effects:
            place = id(effect.rule)
            if place not in void or place in named:
                continue
            key = compared(effect.key)
            if place in lists:
                lists[place].add(key)
                continue
            rule, at = shown[place]
            self._void.setdefault(key, Hit(rule, None if at else effect, reading.path, reached, at))
        sets = {id(one.rule) for one in reading.rule_sets}
        for place, members in lists.items():
            if place not in sets:
                rule, at = shown[place]
                hit = Hit(rule, None, reading.path, reached, at or reading.settings.get(rule.id, ""))
                self._void_lists.append(AllowList(hit, frozenset(members)))

    def void(self, prepared: Prepared, place: int, view: View) -> Hit | None:
        """Return the entry that would hold a build back, were it not for a fault of its document."""
        for match in prepared.plan.builds[place].every:
            hits = [self._void.get(key) for key in match]
            first = next((hit for hit in hits if hit is not None), None)
            if first is not None and view.in_force(first.rule):
                return first
        keys = prepared.keys[place]
        lists = (one.hit for one in self._void_lists if one.members.isdisjoint(keys))
        return next((hit for hit in lists if view.in_force(hit.rule)), None)

    def prepared(self, app: BannedApp, platform: Platform) -> Prepared:
        """Return an app's builds and hits; the app is kept, so its place in memory stays its own."""
        where = (id(app), platform if platform in app.platforms else FAMILY_OF[platform])
        found = self._prepared.get(where)
        if found is None:
            wanted = plan(app, platform)
            entries = self._entries
            keys = tuple(frozenset(key for match in build.matches for key in match) for build in wanted.builds)
            settled = [
                most_special(
                    tuple(tuple(_differing(entries.get(key, ())) for key in match) for match in build.every), mine
                )
                for build, mine in zip(wanted.builds, keys, strict=True)
            ]
            hits, decided = tuple(one for one, _ in settled), tuple(one for _, one in settled)
            doubted = tuple(map(letting_in_a_part, hits, keys))
            by_files = (
                tuple(self.gathered.outcomes(app, build) for build in wanted.builds)
                if self.gathered and platform == "windows"
                else ()
            )
            found = self._prepared[where] = Prepared(app, wanted, hits, keys, decided, doubted, by_files)
        return found

    def view(self, state: DeviceState, as_of: str) -> View:
        """Return which rules are in force in a state on a day, worked out once."""
        found = self._views.get((state, as_of))
        if found is None:
            found = self._views[state, as_of] = View(state, as_of, self.allow_lists)
        return found


class View:
    """Say which rules are in force in one state on one day."""

    __slots__ = ("_known", "as_of", "lists", "state")

    def __init__(self, state: DeviceState, as_of: str, allow_lists: Iterable[AllowList]) -> None:
        """Start with the allow lists, which act on every app."""
        self.state = state
        self.as_of = as_of
        self._known: dict[int, bool] = {}
        self.lists = tuple(one for one in allow_lists if self.in_force(one.hit.rule))

    def in_force(self, rule: Rule) -> bool:
        """Tell whether a device in this state obeys a rule; rules live as long as the index, so `id` names them."""
        known = self._known.get(id(rule))
        if known is None:
            known = self._known[id(rule)] = in_force(rule, self.state, self.as_of)
        return known


def _open_to_all(app: BannedApp) -> bool:
    """Take a site for open where nobody has looked."""
    del app
    return False


class Index:
    """Hold readings, ready for many decisions; build it once for a class and ask it a million times."""

    def __init__(
        self,
        readings: Sequence[Reading],
        cls: DeviceClass | None = None,
        *,
        require_scope: bool = False,
        as_of: str = "",
    ) -> None:
        """Sort the readings into sets that act together, and find out which of them reach the class.

        A document that has lifted itself by `as_of` takes no part in what belongs in one document.
        """
        self.readings = tuple(readings)
        reached = [(one, self._reach(one, cls, require_scope=require_scope)) for one in self.readings]
        policies = [one for one in reached if kind_named(one[0].kind).is_alternative]
        policies = [one for one in policies if one[1].cause != "nobody"] or policies
        changes = [one for one in reached if kind_named(one[0].kind).changes]
        others = [one for one in reached if one[0].mdm != "amapi"]
        self._others = [
            (mdm, [Together(one) for one in kept(beside_switches(questioned(mine, cls), cls), cls, as_of)])
            for mdm, mine in _by_mdm(others)
        ]
        self._governed = {mdm: _governed(mine, mdm) for mdm, mine in _by_mdm(others)} if len(self._others) > 1 else {}
        sets = [Together([one], one[0]) for one in _distinct(policies)]
        if changes and not policies:
            sets += [Together(one) for one in kept(changes, cls, as_of)]
        # What any MDM may carry (the configuration of an app) makes no device one without a policy.
        if not sets or any("android" in rule.introduced for one, _ in others if one.mdm for rule in one.rules):
            sets += self._managed("android")
        self._android = tuple(sets)
        self._versions: dict[str, tuple[tuple[int, ...], ...]] = {}
        self.site_is_closed: Callable[[BannedApp], bool] = _open_to_all
        """Tells whether no browser opens the site of an app; whoever knows the devices' lists of addresses says so."""

    def _reach(self, one: Reading, cls: DeviceClass | None, *, require_scope: bool) -> Reach:
        """Return whether a document reaches a class; what only lets apps in, for groups none of which is the class's, does not.

        What blocks has to hold the whole class, and is in doubt there.
        """
        found = reach(one, cls, self.readings, require_scope=require_scope)
        lets = found.alive and found.cause == "groups" and all(rule.sense in ("allow", "none") for rule in one.rules)
        if lets and cls is not None and not may_reach(activated(one, self.readings), cls):
            return Reach(False, note=found.doubt, cause="groups")
        return found

    def sets(self, platform: Platform) -> tuple[Together, ...]:
        """Return the alternatives on a platform: a device applies exactly one of them, the worst counts."""
        return self._android if platform == "android" else self._managed(platform)

    def _managed(self, platform: Platform) -> tuple[Together, ...]:
        """Return the documents of each MDM that governs a platform: a device is in one of them."""
        mine = [sets for mdm, sets in self._others if platform in self._governed.get(mdm, (platform,))]
        return tuple(one for sets in mine or [self._others[0][1]] for one in sets)

    def versions(self, platform: Platform) -> tuple[tuple[int, ...], ...]:
        """Return the OS versions at which a rule of these documents begins, is deprecated or ends."""
        known = self._versions.get(platform)
        if known is None:
            found = {version for one in self.readings for rule in one.rules for version in _versions(rule, platform)}
            known = self._versions[platform] = tuple(sorted(found))
        return known


def _allows(reading: Reading) -> frozenset[str]:
    """Return the kinds of identifiers by which a document lets programs in."""
    return frozenset(one.kind for one in reading.columns if (one.rule.sense, one.rule.verdict) == ("allow", "allowed"))


def _differing(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return hits without those that an earlier one stands for: the first of equally good ones is what counts."""
    if len(hits) < _MANY:
        return tuple(hits)
    found: dict[object, Hit] = {}
    for hit in hits:
        rule = hit.rule
        mark = msgspec.structs.replace(rule, fact=_NO_FACT, escapes="", why="", cause="", conditions=(), deprecated={})
        found.setdefault((written(mark), hit.reach, hit.path), hit)
    return tuple(found.values())


def _distinct(policies: Sequence[tuple[Reading, Reach]]) -> Iterable[tuple[Reading, Reach]]:
    """Return policies without those that do the same as another: of a thousand, few name an app that is asked about."""
    if len(policies) < 2:
        return policies
    found: dict[object, tuple[Reading, Reach]] = {}
    for reading, reached in policies:
        acts = [(written(one.rule), one.family, one.kind, tuple(one.values)) for one in reading.columns]
        found.setdefault((reading.path, reached, tuple(map(written, reading.rules)), tuple(acts)), (reading, reached))
    return found.values()


def _by_mdm(documents: Sequence[tuple[Reading, Reach]]) -> list[tuple[str, list[tuple[Reading, Reach]]]]:
    """Put the documents of each MDM together, with all that any MDM may carry; an Apple device has one MDM, and so has any other.

    Apple's MDM protocol enrols a device with one server; an Android device has one device policy controller.
    """
    names = sorted({one.mdm for one, reached in documents if one.mdm and reached.alive})
    if len(names) < 2:
        return [("", list(documents))]
    return [(name, [one for one in documents if one[0].mdm in ("", name) or not one[1].alive]) for name in names]


def _governed(documents: Iterable[tuple[Reading, Reach]], mdm: str) -> frozenset[str]:
    """Return the platforms of which an MDM's own documents say anything."""
    mine = [one for one, reached in documents if one.mdm == mdm and reached.alive]
    return frozenset(platform for one in mine for rule in one.rules for platform in rule.introduced)


def _versions(rule: Rule, platform: str) -> tuple[tuple[int, ...], ...]:
    found = (versions.get(platform) for versions in (rule.introduced, rule.deprecated, rule.removed))
    return tuple(version for version in found if version is not None)


def in_force(rule: Rule, state: DeviceState, as_of: str) -> bool:
    """Tell whether a device in a state obeys a rule on a day, apart from whether the document reaches it."""
    introduced = rule.introduced.get(state.platform)
    if introduced is None or state.os < introduced:
        return False
    removed = rule.removed.get(state.platform)
    return not (
        (removed is not None and state.os >= removed)
        or (rule.supervised is True and not state.supervised)
        or (rule.enrollments and state.enrollment not in rule.enrollments)
        or (rule.modes and state.mode not in rule.modes)
        or (rule.sides and state.side not in rule.sides)
        or (rule.origins and state.origin not in rule.origins)
        or (rule.expires is not None and rule.expires.fixed and rule.expires.fixed <= as_of)
    )
