"""Define the core types: what is banned and by whom, and on which devices.

Every type is a frozen struct of plain values, so that it can be compared, sorted and written out; nothing here
reads a file or knows a vendor's key. Dates are ISO `YYYY-MM-DD` strings: they compare as text, and carry no time zone.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mdm_policy.errors import Finding, Origin  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.vocabulary import DEFAULT_DUTIES, Confidence, Duty, Family, Kind, Platform, Removal, Role


class Frozen(msgspec.Struct, frozen=True, gc=False):
    """Be the base of all model types: immutable, compact, free of reference cycles."""


class Identifier(Frozen, frozen=True, gc=False):
    """Name an app to one platform family: the exact text a device compares.

    `confidence` is `stated` for an identifier the list itself gives and the catalogue does not know.
    `derived_from` names the identifier a `signing_id` or `appx_name` was worked out from, else is empty.
    `runs_as_service`: the program runs as a Windows service, where rules for users' programs do not reach it.
    `shared`: the domain serves others than the app, so blocking it breaks more.
    """

    family: Family
    kind: Kind
    value: str
    origin: Origin
    confidence: Confidence = "stated"
    sources: tuple[str, ...] = ()
    derived_from: str = ""
    role: Role = "main"
    runs_as_service: bool = False
    shared: bool = False

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
    duties: tuple[Duty, ...] = DEFAULT_DUTIES


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


class GrantedException(Frozen, frozen=True, gc=False):
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
    exceptions: tuple[GrantedException, ...]
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

    `origins` are the places an app may have come from: store, sideloaded, preinstalled, web. `user_affinity` says whether
    each device belongs to a user whom the MDM knows: what is assigned to all users reaches no other device.
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
    user_affinity: bool | None = None


class AcceptedGap(Frozen, frozen=True, gc=False):
    """Record a gap the organization knows and accepts through its `until` day; it is printed, never called blocked."""

    app: str
    device: str
    reason: str
    approved_by: str
    document: str
    until: str
    origin: Origin


class AcceptedFinding(Frozen, frozen=True, gc=False):
    """Record a finding that the organization knows and accepts through its `until` day: printed, not counted by --strict.

    It is one of the documents of a `target`, or of `document`, a pattern of names.
    """

    id: str
    reason: str
    approved_by: str
    until: str
    origin: Origin
    target: str = ""
    document: str = ""

    @property
    def of(self) -> str:
        """Name what the finding is of."""
        return self.target or self.document


class DestinationSpec(Frozen, frozen=True):
    """Hold what a deployment says of one place that documents are pushed to.

    `type` is the kind of destination, `settings` what it needs to know, as written; credentials in it are references
    (`{"env": NAME}` or `{"file": PATH}`), never secrets. `targets` is None for every target that can go there.
    `assign` is `everyone`, `unchanged` or names of groups; `groups` maps such names to the destination's own ids.
    `rely_on_others`: an object of ours is not made while one of somebody else's holds all that it would block.
    """

    name: str
    type: str
    settings: dict[str, Any]
    origin: Origin
    targets: tuple[str, ...] | None = None
    assign: Literal["everyone", "unchanged"] | tuple[str, ...] = "unchanged"
    groups: dict[str, str] = {}
    owner: str = ""
    rely_on_others: bool = True


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

    `lists` are shipped ids or paths, with the place each is written; `targets` is None where the device classes decide;
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
    accepted_findings: tuple[AcceptedFinding, ...] = ()
    targets: tuple[tuple[str, Origin], ...] | Literal["all"] | None = None
    options: dict[str, dict[str, Any]] = {}
    protected: tuple[Identifier, ...] = ()
    destinations: tuple[DestinationSpec, ...] = ()
    signing: SigningPlan | None = None
    overlays: tuple[tuple[str, Origin], ...] = ()
    catalogue: tuple[str, Origin] | None = None
    """The version of the catalogue that the organization builds with, and where it says so."""
    removal: Removal = "offer"


class Preinstall(Frozen, frozen=True, gc=False):
    """Say that a maker ships an app with the device, and who says so."""

    maker: str
    source: str


class Presence(Frozen, frozen=True, gc=False):
    """Say whether an app exists on a platform, and who says so.

    `none` is a positive statement, so it names its source and the last day (`until`) on which it may be relied on: after
    that, and where nobody found anything, the state is `unknown`.
    """

    state: Literal["exists", "none", "unknown"]
    source: str = ""
    until: str = ""

    def on(self, day: str) -> Literal["exists", "none", "unknown"]:
        """Return the state as it may be relied on that day."""
        return "unknown" if self.state == "none" and self.until < day else self.state


class CatalogueApp(Frozen, frozen=True, gc=False):
    """Hold what the catalogue knows of one app.

    `platforms` says of each family whether the app exists there. `web_app` is the source of the statement that it exists
    as a web app too, which no rule for packages reaches. `ipad_on_mac` says whether Macs with Apple silicon offer its
    iPad build.
    """

    key: str
    name: str
    vendor: str
    identifiers: tuple[Identifier, ...]
    platforms: dict[str, Presence] = {}
    preinstalled: tuple[Preinstall, ...] = ()
    aliases: tuple[str, ...] = ()
    note: str = ""
    web_app: str = ""
    ipad_on_mac: Presence | None = None


class CatalogueVendor(Frozen, frozen=True, gc=False):
    """Hold what the catalogue knows of one vendor: its apps are those whose `vendor` is this key.

    Its teams and signers are those that anybody has seen; unless `complete`, others may sign its programs too.
    """

    key: str
    name: str
    identifiers: tuple[Identifier, ...] = ()
    note: str = ""
    complete: bool = False

    @property
    def signers(self) -> tuple[Identifier, ...]:
        """Return what tells the vendor's programs on Windows: its publishers, their common names, who certified them."""
        return tuple([one for one in self.identifiers if one.kind in ("publisher", "publisher_cn", "certificate")])


class Overlay(Frozen, frozen=True):
    """Hold an organization's own apps and vendors, with the place of each by its key (`vendor:` before a vendor's)."""

    apps: tuple[CatalogueApp, ...]
    vendors: tuple[CatalogueVendor, ...]
    places: dict[str, Origin]
    origin: Origin


class Reason(Frozen, frozen=True, gc=False):
    """Say why an app is banned: which list, under which citation, at which place, and through what."""

    list: str
    citation: str
    origin: Origin
    feature: str = ""
    """The feature that the list bans, when it does not name the app that has it."""
    banned_vendor: str = ""
    """The key of the vendor that the list bans, when it does not name the app itself."""

    @property
    def through(self) -> str:
        """Say through what the app is banned, as reports write it: `feature QQ Wallet`, `vendor kaspersky`, or nothing."""
        if self.feature:
            return f"feature {self.feature}"
        return f"vendor {self.banned_vendor}" if self.banned_vendor else ""


NamedBy = Literal["catalogue", "list", "vendor"]


class BannedApp(Frozen, frozen=True):
    """Hold one banned app after lists, catalogue, deployment and date are put together.

    `key` is stable and unique within a resolution; `identifiers` are sorted and hold derived ones too;
    `platforms` says per family `exists`, `none` or `unknown`, and `none` of single platforms that a list excludes. `signers` are the vendor's publishers, common names and
    certificates: not banned by themselves, they narrow a rule for the app's files. `web_app`: it is a web app too.
    `named_by` says who gives it its name: the catalogue, a list with identifiers of its own, or a banned vendor, whose
    own identifiers it then stands for.
    """

    key: str
    name: str
    vendor: str
    identifiers: tuple[Identifier, ...]
    reasons: tuple[Reason, ...]
    duties: tuple[Duty, ...]
    platforms: dict[str, str] = {}
    preinstalled: tuple[Preinstall, ...] = ()
    signers: tuple[Identifier, ...] = ()
    web_app: bool = False
    named_by: NamedBy = "catalogue"
    known_as: str = ""
    """The key of the one app of the catalogue that bears its identifiers, if there is one."""

    @property
    def is_vendor(self) -> bool:
        """Tell whether it stands for all software of a vendor, by the vendor's own identifiers, and for no app."""
        return self.named_by == "vendor"


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
    waivers: tuple[GrantedException, ...] = ()


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
    removal: Removal = "offer"
