"""Hold the words of the house: what is banned and by whom, on which devices, and what a document does about it.

Every type is a frozen struct of plain values, so that it can be compared, sorted and written out; nothing here
reads a file or knows a vendor's key. Dates are ISO `YYYY-MM-DD` strings: they compare as text, and carry no time zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, overload

import msgspec

from mdm_policy.errors import Finding, Origin  # noqa: TC001 - msgspec reads the fields' types at run time

Family = Literal["ios", "android", "macos", "windows", "web"]
Platform = Literal["ios", "ipados", "tvos", "visionos", "watchos", "macos", "android", "chromeos", "windows"]
Kind = Literal[
    "bundle_id",
    "app_store_id",
    "package_name",
    "team_id",
    "signing_id",
    "cdhash",
    "process_name",
    "appx_name",
    "package_family_name",
    "publisher",
    "executable",
    "winget_id",
    "product_code",
    "domain",
    "url",
]
Confidence = Literal["verified", "single-source", "unsourced", "unverified", "stated"]
Duty = Literal["no-install", "no-launch", "remove", "no-traffic"]
Strength = Literal["strong", "partial", "weak"]
Verdict = Literal[
    "blocked",
    "hidden",
    "not-installable",
    "removed",
    "reported-only",
    "allowed",
    "unenforceable",
    "unknown",
    "excepted",
    "not-applicable",
]

FAMILIES: tuple[Family, ...] = ("ios", "macos", "android", "windows", "web")
PLATFORMS: tuple[Platform, ...] = (
    "ios",
    "ipados",
    "tvos",
    "visionos",
    "watchos",
    "macos",
    "android",
    "chromeos",
    "windows",
)
FAMILY_OF: dict[str, Family] = {
    "ios": "ios",
    "ipados": "ios",
    "tvos": "ios",
    "visionos": "ios",
    "watchos": "ios",
    "macos": "macos",
    "android": "android",
    "chromeos": "android",
    "windows": "windows",
}
"""The family whose identifiers a device platform takes: every mobile Apple platform takes `ios:` identifiers."""


class Frozen(msgspec.Struct, frozen=True, gc=False):
    """Be the base of all model types: immutable, compact, free of reference cycles."""


class Identifier(Frozen, frozen=True, gc=False):
    """Name an app to one platform family: the exact text a device compares.

    `confidence` is `stated` for an identifier the list itself gives and the catalogue does not know.
    `derived_from` names the identifier a `signing_id` or `appx_name` was worked out from, else is empty.
    """

    family: Family
    kind: Kind
    value: str
    origin: Origin
    confidence: Confidence = "stated"
    sources: tuple[str, ...] = ()
    derived_from: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes two identifiers the same thing to a device: (family, kind, value)."""
        return (self.family, self.kind, self.value)


class Revocation(Frozen, frozen=True, gc=False):
    """Record that an authority ended on a day, by an act."""

    on: str
    by: str


class Authority(Frozen, frozen=True, gc=False):
    """Cite the legal or organizational source of a list; `duties` is what it orders for devices, possibly nothing."""

    citation: str
    origin: Origin
    issued: str | None = None
    effective: str | None = None
    revoked: Revocation | None = None
    duties: tuple[Duty, ...] = ("no-install", "no-launch")


class Override(Frozen, frozen=True, gc=False):
    """Allow one identifier a guard would refuse, for a written reason."""

    id: str
    reason: str
    origin: Origin


class Ban(Frozen, frozen=True, gc=False):
    """Name one banned thing as the list writes it: exactly one of `app`, `feature`, `vendor` or `name` is set.

    `app` and `vendor` are catalogue keys; `feature` needs `implemented_by` (a catalogue key); `name` goes with inline
    `identifiers`. `not_on` lists platforms on which the list itself says the app does not exist.
    """

    origin: Origin
    app: str | None = None
    feature: str | None = None
    implemented_by: str | None = None
    vendor: str | None = None
    name: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    not_on: tuple[str, ...] = ()
    allow_dangerous: tuple[Override, ...] = ()


class Waiver(Frozen, frozen=True, gc=False):
    """Record an approved exception; it holds through its `until` day for the named groups only."""

    app: str
    category: str
    approved_by: str
    document: str
    groups: tuple[str, ...]
    until: str
    origin: Origin


class BanList(Frozen, frozen=True, gc=False):
    """Hold one ban list as written, with `include`d lists already merged into `bans` and `exceptions`.

    `digest` is the SHA-256 (hex) of the file's bytes, and `file` its name as the user gave it.
    """

    id: str
    title: str
    authority: Authority
    bans: tuple[Ban, ...]
    exceptions: tuple[Waiver, ...]
    origin: Origin
    digest: str
    includes: tuple[str, ...] = ()


class Adoption(Frozen, frozen=True, gc=False):
    """Record the organization's own decision to enforce a list that is not in force by itself."""

    list: str
    by: str
    since: str
    duties: tuple[Duty, ...]
    origin: Origin


class OsBound(Frozen, frozen=True, gc=False):
    """Compare an OS version: `op` is one of `<`, `<=`, `>`, `>=`, `==`; `version` a tuple of integers."""

    op: str
    version: tuple[int, ...]


class DeviceClass(Frozen, frozen=True, gc=False):
    """Describe a set of devices that behave alike; unset fields mean *any*.

    `origins` are the places an app may have come from: store, sideloaded, preinstalled, web.
    """

    name: str
    platform: Platform
    origin: Origin
    os: tuple[OsBound, ...] = ()
    supervised: bool | None = None
    enrollment: str | None = None
    mode: str | None = None
    managed_by: str | None = None
    groups: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


class AcceptedGap(Frozen, frozen=True, gc=False):
    """Record a gap the organization knows and accepts through its `until` day; it is printed, never called blocked."""

    app: str
    device: str
    reason: str
    approved_by: str
    document: str
    until: str
    origin: Origin


class DestinationSpec(Frozen, frozen=True):
    """Hold what a deployment says of one place that documents are pushed to.

    `type` is the kind of destination, `settings` what it needs to know, as written; credentials in it are references
    (`{"env": NAME}` or `{"file": PATH}`), never secrets. `targets` is None for every target that can go there.
    `assign` is `everyone`, `unchanged` or names of groups; `groups` maps such names to the destination's own ids.
    """

    name: str
    type: str
    settings: dict[str, Any]
    origin: Origin
    targets: tuple[str, ...] | None = None
    assign: Literal["everyone", "unchanged"] | tuple[str, ...] = "unchanged"
    groups: dict[str, str] = {}
    owner: str = ""


class SigningPlan(Frozen, frozen=True, gc=False):
    """Say how an organization signs its profiles: paths relative to the deployment, and for which targets; None for all.

    No passphrase and no command: a file that others may edit must not say what runs on the machine that signs.
    """

    origin: Origin
    key: str = ""
    cert: str = ""
    chain: tuple[str, ...] = ()
    targets: tuple[tuple[str, Origin], ...] | None = None


class Deployment(Frozen, frozen=True):
    """Hold an organization's choices: which lists apply, on which devices, built for which targets.

    `lists` are shipped ids or paths, with the place each is written; `targets` is None for all;
    `options` maps a target's name to its options (plain scalars).
    """

    organization_name: str
    organization_id: str
    lists: tuple[tuple[str, Origin], ...]
    origin: Origin
    digest: str
    adopt: tuple[Adoption, ...] = ()
    devices: tuple[DeviceClass, ...] = ()
    accepted_gaps: tuple[AcceptedGap, ...] = ()
    targets: tuple[tuple[str, Origin], ...] | None = None
    options: dict[str, dict[str, Any]] = {}
    protected: tuple[Identifier, ...] = ()
    destinations: tuple[DestinationSpec, ...] = ()
    signing: SigningPlan | None = None


class Preinstall(Frozen, frozen=True, gc=False):
    """Say that a maker ships an app with the device, and who says so."""

    maker: str
    source: str


class CatalogueApp(Frozen, frozen=True, gc=False):
    """Hold what the catalogue knows of one app.

    `platforms` maps a family to `exists`, `none` (it does not exist there) or `unknown`, with the source of that
    statement in `platform_sources`.
    """

    key: str
    name: str
    vendor: str
    identifiers: tuple[Identifier, ...]
    platforms: dict[str, str] = {}
    platform_sources: dict[str, str] = {}
    preinstalled: tuple[Preinstall, ...] = ()
    aliases: tuple[str, ...] = ()
    note: str = ""


class CatalogueVendor(Frozen, frozen=True, gc=False):
    """Hold what the catalogue knows of one vendor: its apps are those whose `vendor` is this key."""

    key: str
    name: str
    identifiers: tuple[Identifier, ...] = ()
    note: str = ""


class Reason(Frozen, frozen=True, gc=False):
    """Say why an app is banned: which list, under which citation, at which place, and through what."""

    list: str
    citation: str
    origin: Origin
    through: str = ""
    """`feature QQ Wallet` or `vendor kaspersky` when the list does not name the app itself."""


class BannedApp(Frozen, frozen=True):
    """Hold one banned app after lists, catalogue, deployment and date are put together.

    `key` is stable and unique within a resolution; `identifiers` are sorted and hold derived ones too;
    `platforms` says per family `exists`, `none` or `unknown`; `wide` are identifiers that block more than the app.
    """

    key: str
    name: str
    vendor: str
    identifiers: tuple[Identifier, ...]
    reasons: tuple[Reason, ...]
    duties: tuple[Duty, ...]
    platforms: dict[str, str] = {}
    preinstalled: tuple[Preinstall, ...] = ()

    @property
    def is_vendor(self) -> bool:
        """Tell whether it stands for all software of a vendor, by the vendor's own identifiers, and for no app."""
        return self.key.startswith("vendor:")


class ListStatus(Frozen, frozen=True, gc=False):
    """State whether a list is in force on a day: `in-force`, `adopted`, `pending`, `lapsed` or `revoked`, and since when."""

    list: str
    title: str
    citation: str
    state: str
    sentence: str
    origin: Origin


class Variant(Frozen, frozen=True):
    """Name one document set: the base (no exceptions), or what a set of groups gets under its live exceptions."""

    name: str
    groups: tuple[str, ...]
    excepted: tuple[str, ...]
    waivers: tuple[Waiver, ...] = ()


class Resolution(Frozen, frozen=True):
    """Hold what is banned where on one day: the input of rendering, and the yardstick of read-back."""

    organization_name: str
    organization_id: str
    as_of: str
    apps: tuple[BannedApp, ...]
    statuses: tuple[ListStatus, ...]
    variants: tuple[Variant, ...]
    devices: tuple[DeviceClass, ...]
    accepted_gaps: tuple[AcceptedGap, ...]
    findings: tuple[Finding, ...]


class Fact(Frozen, frozen=True, gc=False):
    """Carry a vendor fact with its source (URL or document and version)."""

    text: str
    source: str


class Rule(Frozen, frozen=True):
    """Say what one place of a document does to the identifiers it holds, and under which conditions.

    Shared by all effects of that place. `sense` is `block` (a deny list), `allow-only` (an allow list: all else is
    denied), `report` (only reported), `remove` (uninstalls), `allow` (explicitly permitted or installed) or `none`
    (the place has no effect: `why` says so). `introduced` and `removed` give OS versions per device platform;
    a platform that is not a key of `introduced` is not governed. `supervised`: True when only supervised devices obey.
    `enrollments` / `modes`: those that obey, empty for any; `sides`: for Android, `device`, `work`, `personal`.
    `origins`: app origins governed; empty for all. `verdict` is what the app becomes where the rule holds.
    """

    id: str
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
    escapes: str = ""
    why: str = ""
    expires: str = ""
    """The day a removal date lifts the rule, or empty."""


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


class Scope(Frozen, frozen=True, gc=False):
    """State whom a document reaches: `everyone`, `groups`, `nobody` or `not-stated`; exclusions may cut it.

    `why` says why it reaches nobody, where that is not for want of an assignment.
    """

    state: Literal["everyone", "groups", "nobody", "not-stated"] = "not-stated"
    groups: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    filtered: bool = False
    why: str = ""


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
    """The Identifiers an activation turns on; a predicate makes its scope `filtered`."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the effects in columns."""
        return Effects.of(self.effects).columns
