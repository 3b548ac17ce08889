"""Hold what one document does, as an independent reader finds it: rules, what they act on, and whom they reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, overload

import msgspec

from mdm_policy.errors import Finding  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.model import Frozen
from mdm_policy.vocabulary import (  # noqa: TC001 - msgspec reads the fields' types at run time
    CollateralCase,
    CollateralEffect,
    CollateralThing,
    Family,
    Kind,
    Strength,
    Verdict,
)


class Fact(Frozen, frozen=True, gc=False):
    """Carry a vendor fact with its source (URL or document and version)."""

    text: str
    source: str


Mechanism = Literal[
    "amapi-applications",
    "amapi-install-apps",
    "amapi-personal",
    "amapi-untrusted-apps",
    "app-control",
    "apple-app-lock",
    "apple-app-settings",
    "apple-managed-app",
    "apple-path-lists",
    "apple-profile",
    "apple-restrictions",
    "apple-web-filter",
    "applocker-appx",
    "applocker-exe",
    "applocker-msi",
    "chrome-url-lists",
    "chromeos-app-install",
    "chromeos-arc",
    "declared",
    "defender-indicators",
    "domain-blocking",
    "edge-url-lists",
    "intune-app-assignment",
    "intune-compliance",
    "intune-custom-setting",
    "intune-device-administrator",
    "intune-device-restrictions",
    "intune-required-app",
    "intune-settings-catalog",
    "jamf-restricted-software",
    "managed-browser",
    "dns-policy-zone",
    "santa",
]
"""What on the device, or at the MDM, carries a rule out; `declared` where a user's manifest says so, no reader of ours."""

Cause = Literal[
    "",
    # Whom a document reaches.
    "not-stated",
    "groups",
    "exclusion",
    "filter",
    "no-user",
    "nobody",
    "other-mdm",
    "not-activated",
    "replaced",
    # What a document says.
    "refused",
    "undocumented",
    "unread",
    "elsewhere",
    "default",
    "condition",
    "side-door",
    "no-effect",
    # What several rules say, and for how long.
    "conflict",
    "expires",
    "deprecated",
    # What is known of an app, or of a device.
    "unnamed",
    "no-identifier",
    "no-comparable-identifier",
    "only-parts",
    "does-not-exist",
    "impossible-class",
    "excepted",
    "personal-side",
    "no-deny-list",
    "too-old",
    "unsupervised",
    "user-enrollment",
]
"""Why a ban does not hold, or nobody can tell whether it does.

`refused`: the server or the device takes nothing of the document; `undocumented`: no source says what a device does;
`unread`: encrypted or masked; `elsewhere`: another document, which is not here, decides; `default`: so it does of what
the vendor's own default leaves to it; `condition`: the rule holds under a condition of which nobody can tell whether it
spares the app; `side-door`: the document itself lets apps in past its lists; `conflict`: documents block and allow it.
"""

ConditionKind = Literal[
    "binary",
    "code-hash",
    "exceptions",
    "expression",
    "folder",
    "identified-by",
    "installed-copies",
    "managed-apps",
    "packaged-apps",
    "product",
    "publisher",
    "signing-state",
    "usb-debugging",
    "user-processes",
    "users",
    "versions",
]
"""What narrows a rule.

It acts on one `binary`, `product` or `publisher` alone, on `packaged-apps` and no others, on what stands in a `folder`, on some `versions`, a `code-hash`, a
`signing-state`, for some `users`, on `user-processes` and no services, where an `expression` holds, on what is `identified-by` a kind
of identifier that it asks for; it leaves out its `exceptions`,
`installed-copies`, `managed-apps`, or what comes by `usb-debugging`.
"""


class Condition(Frozen, frozen=True, gc=False, order=True):
    """Narrow a rule by one parameter; `value` as the document writes it, empty where the kind says all.

    With fewer conditions a rule is wider. Paths, patterns and expressions are equal only where their text is; of two others
    nobody can tell which is the wider.
    """

    kind: ConditionKind
    value: str = ""


class Expiry(Frozen, frozen=True, gc=False):
    """Say when a rule lifts itself: on a day (ISO 8601), so many seconds `after` it is installed, or the earlier of both.

    `unreadable` names what the document writes in a way nobody can read: a `date`, or a `time` after which.
    """

    day: str = ""
    after: float | None = None
    unreadable: Literal["", "date", "time"] = ""

    @property
    def fixed(self) -> str:
        """Return the day on which the rule ends for certain and not before; empty where nobody can tell the day."""
        return "" if self.after is not None or self.unreadable else self.day

    def lasts_as_long_as(self, other: Expiry) -> bool:
        """Tell whether a rule lasts as long as another after its installation; what can't be read does not."""
        if self.after is None or other.after is None or self.unreadable or other.unreadable:
            return False
        return self.after >= other.after and (self.day or "~") >= (other.day or "~")

    def __str__(self) -> str:
        """Write it as it is said after `lifts itself`."""
        if self.unreadable == "time":
            return "after a time that cannot be read"
        date = "on a date that cannot be read" if self.unreadable else f"on {self.day}" if self.day else ""
        if self.after is None:
            return date
        after = f"after {self.after:.15g} s"
        return f"{after}, or {date}" if date else after


class Setting(Frozen, frozen=True, gc=False):
    """Name a setting of which a device has one value, as the vendor writes it.

    `several` says what becomes of several documents that set it: all of it belongs in `one-document`, and nobody knows which
    counts; what they say `conflicts` unless it is equal, so that nobody knows what a device has; or it is `undocumented`. `also` are the names that the
    setting has in other documents of the same MDM. A rule that `shares` a setting gives it no value, and counts only where
    others do not conflict over it.
    """

    name: str
    several: Literal["one-document", "conflicts", "shares", "undocumented"]
    also: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name of it."""
        return (self.name, *self.also)


class Rule(Frozen, frozen=True):
    """Say what one place of a document does to the identifiers it holds, and under which conditions.

    Shared by all effects of that place. `id` names the rule to a reader, and nothing is read out of it. `sense` is
    `block` (a deny list), `allow-only` (an allow list: what is not on it fares as `verdict` says: all else is denied, or
    let in where the rule says that a door stands open), `report` (only reported), `remove`
    (uninstalls), `allow` (explicitly permitted or installed) or `none` (the place has no effect: `why` says so in
    words, `cause` in a word). `introduced` and `removed` give OS versions per device platform; a platform that is not a
    key of `introduced` is not governed. `supervised`: True when only supervised devices obey. `enrollments` / `modes`:
    those that obey, empty for any; `sides`: for Android, `device`, `work`, `personal`. `origins`: app origins governed;
    empty for all. `verdict` is what the app becomes where the rule holds. `conditions` narrow it, sorted, each once;
    `escapes` says in words what they and the mechanism let through.
    """

    id: str
    mechanism: Mechanism
    sense: Literal["block", "allow-only", "report", "remove", "allow", "none"]
    verdict: Verdict
    strength: Strength
    fact: Fact
    introduced: dict[str, tuple[int, ...]] = {}
    removed: dict[str, tuple[int, ...]] = {}
    deprecated: dict[str, tuple[int, ...]] = {}
    supervised: bool | None = None
    enrollments: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    setting: Setting | None = None
    escapes: str = ""
    why: str = ""
    cause: Cause = ""
    remedy: str = ""
    """What to change so that the ban holds, where the rule itself stands in its way."""
    expires: Expiry | None = None
    """When the rule lifts itself, if ever."""
    scope: Scope | None = None
    """Whom it reaches, where its document says so of this rule by itself."""

    @property
    def modelled(self) -> bool:
        """Tell whether it rests on a vendor's fact that a reader knows; False for the word of a target's own manifest."""
        return self.mechanism != "declared"


def written(rule: Rule) -> bytes:
    """Return what equal rules share, and no others: rules hold mappings, which can't be keys."""
    return msgspec.msgpack.encode(rule, order="deterministic")


class Effect(Frozen, frozen=True):
    """Say that a rule acts on one identifier; `pointer` is the JSON-pointer path (`/a/0/b`) within the document."""

    rule: Rule
    family: Family
    kind: Kind
    value: str
    pointer: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return (family, kind, value)."""
        return (self.family, self.kind, self.value)


EVERYBODY = frozenset({"S-1-1-0", "S-1-5-11", "S-1-5-4", "S-1-5-32-545"})
"""Who signs in to Windows is all of these: Everyone, Authenticated Users, Interactive, and Users, which holds the two by default."""


class FileCondition(Frozen, frozen=True, gc=False, order=True):
    """Say which files a rule for files means: by signature and version resource, by path, or by the hashes of some builds.

    The texts stand as the document writes them, `*` for any; `hashes` are hexadecimal, in lower case.
    """

    kind: Literal["publisher", "path", "hash"]
    publisher: str = ""
    product: str = ""
    binary: str = ""
    low: str = "*"
    high: str = "*"
    path: str = ""
    hashes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write it for a reader."""
        if self.kind == "path":
            return self.path
        if self.kind == "hash":
            return f"the file with the hash {self.hashes[0][:16] if self.hashes else '?'}..."
        parts = [f"the publisher {self.publisher}" if self.publisher != "*" else "any publisher"]
        parts += [f"the product {self.product}"] if self.product != "*" else []
        parts += [f"the file {self.binary}"] if self.binary != "*" else []
        parts += [f"versions {self.low} to {self.high}"] if self.bounded else []
        return ", ".join(parts)

    @property
    def bounded(self) -> bool:
        """Tell whether it leaves versions out."""
        return self.low not in ("*", "0.0.0.0") or self.high != "*"  # noqa: S104  # a version, not an address


class FileRule(Frozen, frozen=True, gc=False):
    """Hold a rule that allows or denies files to some users, but for its exceptions; `rule` is what a verdict shows."""

    rule: Rule
    allows: bool
    users: str
    condition: FileCondition
    exceptions: tuple[FileCondition, ...] = ()
    pointer: str = ""

    @property
    def meaning(self) -> tuple[object, ...]:
        """Return what equal rules share, whatever they are called and wherever they stand."""
        return self.allows, self.users, self.condition, frozenset(self.exceptions)


class RuleSet(Frozen, frozen=True, gc=True, weakref=True):
    """Hold all rules for one sort of files: one that any rule denies is refused, and one that none allows is refused too.

    `rule` is the refusal of what no rule allows. `collection` is the sort of files: `exe`, `msi`, `appx`, or another in the
    vendor's word, of which nobody here says what becomes. `node` names the setting of an MDM that delivers the set, and is empty for a
    policy of the device or its domain, whose sets add up. `services`: whether processes of services obey too. `packages` is the
    refusal of all packaged apps, where rules for programs are in force and none for these is there.
    """

    rule: Rule
    collection: str
    mode: Literal["enabled", "audit", "not-configured"]
    rules: tuple[FileRule, ...]
    node: str = ""
    services: bool = False
    pointer: str = ""
    packages: Rule | None = None


class Run(Frozen, frozen=True, gc=False):
    """Hold the pointers of a list's entries without writing them out: `base`, a place, and `tail`."""

    base: str
    places: Sequence[int]
    tail: str = ""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.places)

    def __getitem__(self, place: int) -> str:
        """Write one out."""
        return f"{self.base}/{self.places[place]}{self.tail}"

    def __iter__(self) -> Iterator[str]:
        """Write all of them out, one after the other."""
        return (f"{self.base}/{place}{self.tail}" for place in self.places)

    def under(self, prefix: str) -> Run:
        """Return the pointers as seen from an outer document."""
        return Run(prefix + self.base, self.places, self.tail)

    def only(self, places: Sequence[int]) -> Run:
        """Return some of them."""
        return Run(self.base, [self.places[place] for place in places], self.tail)


class Column(Frozen, frozen=True, gc=False):
    """Hold the effects of one rule on identifiers of one kind, in order: 100,000 of them are two lists, no objects."""

    rule: Rule
    family: Family
    kind: Kind
    values: Sequence[str]
    pointers: Run | tuple[str, ...]

    def effect(self, place: int) -> Effect:
        """Return one effect."""
        return Effect(self.rule, self.family, self.kind, self.values[place], self.pointers[place])

    def __iter__(self) -> Iterator[Effect]:
        """Return all effects, one after the other."""
        rule, family, kind = self.rule, self.family, self.kind
        for value, pointer in zip(self.values, self.pointers, strict=True):
            yield Effect(rule, family, kind, value, pointer)

    def only(self, places: Sequence[int]) -> Column:
        """Return the column with the effects at some places alone."""
        values = [self.values[place] for place in places]
        kept = self.pointers
        pointers = kept.only(places) if isinstance(kept, Run) else tuple([kept[place] for place in places])
        return Column(self.rule, self.family, self.kind, values, pointers)


class Effects(Sequence[Effect]):
    """Hold the effects of a document: a sequence to read one by one, and columns to work through at once."""

    __slots__ = ("columns",)

    def __init__(self, columns: Sequence[Column] = ()) -> None:
        """Take the columns, in order."""
        self.columns = tuple(columns)

    @classmethod
    def of(cls, effects: Sequence[Effect]) -> Effects:
        """Return effects in columns, if they are not yet: each stretch of one rule and kind is one."""
        if isinstance(effects, Effects):
            return effects
        columns: list[Column] = []
        start = 0
        for place in range(1, len(effects) + 1):
            first = effects[start]
            if place < len(effects):
                one = effects[place]
                if one.rule is first.rule and (one.family, one.kind) == (first.family, first.kind):
                    continue
            stretch = effects[start:place]
            values, pointers = [one.value for one in stretch], tuple([one.pointer for one in stretch])
            columns.append(Column(first.rule, first.family, first.kind, values, pointers))
            start = place
        return cls(columns)

    def __len__(self) -> int:
        """Return how many effects there are."""
        return sum(len(column.values) for column in self.columns)

    def __iter__(self) -> Iterator[Effect]:
        """Return all effects, in order."""
        for column in self.columns:
            yield from column

    @overload
    def __getitem__(self, place: int) -> Effect: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Effect, ...]: ...
    def __getitem__(self, place: int | slice) -> Effect | tuple[Effect, ...]:
        """Return one effect, or some."""
        return tuple(self)[place]

    def __eq__(self, other: object) -> bool:
        """Compare effect by effect, with any sequence of them."""
        return isinstance(other, Effects | tuple) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        """Return what equal effects share."""
        return hash(len(self))


AudienceKind = Literal[
    "all-of", "applicability-rule", "everyone", "filter", "limits", "member", "predicate", "unsure", "users"
]


class Audience(Frozen, frozen=True, gc=False):
    """Name devices that are not those of one group, and of which no declared class can therefore be.

    `all-of`: what is in each of `of`; `filter`: of those in `of`, what the filter `name` lets through (`mode` says
    include or exclude); `applicability-rule`: of those in `of`, what the rule `name` lets through (`mode` as of
    a filter); `limits`: the first of `of`, as far as it is in the others; `unsure`: those in `of`, if nothing takes it away again; `member`: single devices, users or
    places, `name` of the sort `mode`; `predicate`: where an expression holds; `everyone`: under the word of the vendor; `users`:
    every device that has a user, and none that has not.
    """

    kind: AudienceKind
    name: str = ""
    mode: str = ""
    of: tuple[str | Audience, ...] = ()

    def __str__(self) -> str:
        """Write it for a reader."""
        names = list(map(str, self.of))
        if self.kind == "filter":
            return f"{names[0]} under the filter {self.name or '?'} ({self.mode or '?'})"
        if self.kind == "limits":
            return f"{names[0]} within {', '.join(sorted(names[1:]))}"
        if self.kind == "member":
            return f"{self.mode}: {self.name}"
        words = {
            "all-of": " and ".join(names),
            "applicability-rule": self._under_rule(names),
            "predicate": f"the devices of the predicate {self.name}",
            "unsure": f"{''.join(names)}, if nothing takes it away again",
            "users": "all users",
        }
        return words.get(self.kind, self.name)

    def _under_rule(self, names: Sequence[str]) -> str:
        rule = f"the applicability rule {self.name} ({self.mode or '?'})" if self.name else "an applicability rule"
        return f"{''.join(names)} under {rule}"


Member = str | Audience
"""A group by its name, or devices that are named in any other way."""


class Scope(Frozen, frozen=True, gc=False):
    """State whom a document reaches: `everyone`, `groups`, `nobody` or `not-stated`; exclusions may cut it.

    `filtered`: something beside the names of the groups decides, so that only a class of just these groups is reached for
    certain. What decides stands in a `Audience`, for two filters reach different devices.
    `why` says why it reaches nobody, where that is not for want of an assignment.
    `turned_on`: whoever sends a declared configuration turns it on as well, whatever other activations name.
    """

    state: Literal["everyone", "groups", "nobody", "not-stated"] = "not-stated"
    groups: tuple[Member, ...] = ()
    excluded: tuple[Member, ...] = ()
    filtered: bool = False
    why: str = ""
    turned_on: bool = False


class DeviceSlot(Frozen, frozen=True, gc=False):
    """Name what a device keeps one of: the profile or declaration of an identifier, the value of a node or field.

    Without a name it is any of the kind: of a document that was not read, nobody knows which it takes.
    """

    kind: Literal["profile", "declaration", "node", "policy-field"]
    name: str
    platforms: tuple[str, ...] = ()
    """The platforms whose devices take it; empty for any."""

    def __str__(self) -> str:
        """Write it for a reader."""
        if self.kind == "policy-field":
            return f"the field {self.name} of an Android policy"
        return f"the {self.kind} {self.name}" if self.name else f"any {self.kind}"


class Collateral(Frozen, frozen=True, gc=False):
    """Say what a document stops, opens or removes beside the ban, and when.

    `pointer` is the place that does it; `modes` are the Android modes in which it does, empty for any. `said` tells whether the
    document's reader has a finding of its own for it.
    """

    effect: CollateralEffect
    what: CollateralThing
    when: CollateralCase = "always"
    pointer: str = ""
    modes: tuple[str, ...] = ()
    said: bool = False


class Refusal(Frozen, frozen=True, gc=False):
    """Say where a document has what its vendor does not take, what to do about it, and where the vendor says so."""

    pointer: str
    hint: str = ""
    source: str = ""


class Switch(Frozen, frozen=True, gc=False):
    """Say that a document turns on, or off, what another one's rules of a mechanism need in order to act."""

    mechanism: Mechanism
    on: bool
    pointer: str = ""


class Link(Frozen, frozen=True, gc=False):
    """Name a site to which a document puts a link on devices: it opens or closes nothing, and is there to be opened."""

    address: str
    pointer: str
    by: str
    """What the link is, for a reader."""


class Reading(Frozen, frozen=True):
    """Hold what one document does, as an independent reader finds it.

    `rules` are all rules of the document, also those with no identifiers (an empty allow list denies everything);
    `mdm` names the MDM whose document it is (intune, jamf, amapi) or is empty when any MDM may carry it.
    `modelled` is False when a user's manifest, not a reader of ours, said where the blocks stand.
    """

    path: str
    kind: str
    effects: Sequence[Effect]
    rules: tuple[Rule, ...]
    scope: Scope
    findings: tuple[Finding, ...]
    mdm: str = ""
    modelled: bool = True
    declares: str = ""
    """The Identifier of the declarative configuration the document is, or empty."""
    activates: tuple[str, ...] = ()
    """The Identifiers an activation turns on; a predicate narrows its scope."""
    concerns_apps: bool = True
    """Whether it holds anything of a sort that can act on apps, by its vendor's own table of types."""
    restricts: bool = False
    """Whether it holds back programs beyond those it names, so that it is not without effect though it names none."""
    identities: tuple[DeviceSlot, ...] = ()
    """What it is or holds of which a device keeps one: the profile of an identifier, the value of a node."""
    name: str = ""
    """What a document calls itself of which a device has exactly one: the name of an Android policy."""
    place: str = ""
    """The pointer under which such a document lists apps: where one that it does not name would have to stand."""
    settings: dict[str, str] = {}
    """The pointer of the setting from which each rule without entries comes, by the rule's id."""
    sets: tuple[tuple[str, frozenset[object]], ...] = ()
    """What it sets the settings to that conflict where documents set them differently, by each name of the setting.

    An empty value says that nobody knows what the setting is set to: on a page of policies that is not here.
    """
    switches: tuple[Switch, ...] = ()
    """What it turns on or off that rules of other documents need."""
    rule_sets: tuple[RuleSet, ...] = ()
    """Rules for files that decide together: the effects of AppLocker name what they act on, and these say what they do."""
    collateral: tuple[Collateral, ...] = ()
    """What a vendor's key does beside the ban, and no rule shows."""
    links: tuple[Link, ...] = ()
    """The sites to which it puts links on devices."""
    refusals: dict[str, Refusal] = {}
    """Where the fault stands for which the vendor refuses what was read, by the `why` of the rules that it voids."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the effects in columns."""
        return Effects.of(self.effects).columns


def by_audience(reading: Reading) -> tuple[Reading, ...]:
    """Return a document as one reading for each audience: rules that say by themselves whom they reach stand apart."""
    apart: dict[Scope, None] = dict.fromkeys(rule.scope for rule in reading.rules if rule.scope is not None)
    if not apart:
        return (reading,)
    bare = {
        "findings": (),
        "identities": (),
        "sets": (),
        "switches": (),
        "rule_sets": (),
        "collateral": (),
        "links": (),
    }
    others = [msgspec.structs.replace(_of_audience(reading, one), scope=one, **bare) for one in apart]
    return (_of_audience(reading, None), *others)


def _of_audience(reading: Reading, scope: Scope | None) -> Reading:
    made = {id(rule): msgspec.structs.replace(rule, scope=None) for rule in reading.rules if rule.scope == scope}
    columns = [msgspec.structs.replace(one, rule=made[id(one.rule)]) for one in reading.columns if id(one.rule) in made]
    return msgspec.structs.replace(reading, rules=tuple(made.values()), effects=Effects(columns))
