"""Put lists, catalogue, deployment and date together: what is banned, why, for whom, on that day.

Pure: everything read was read by the caller, and the day is an argument. What comes out is both the input of rendering
and the yardstick of read-back, so nothing here looks at a target or a vendor's format.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from typing import TYPE_CHECKING

from mdm_policy import catalogue as catalogues
from mdm_policy import guards
from mdm_policy.errors import Finding, PolicyError, error, note, warning
from mdm_policy.identifiers import derive, slug
from mdm_policy.model import (
    FAMILIES,
    Adoption,
    Ban,
    BanList,
    BannedApp,
    CatalogueApp,
    CatalogueVendor,
    Deployment,
    Duty,
    Frozen,
    Identifier,
    ListStatus,
    Reason,
    Resolution,
    Variant,
    Waiver,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mdm_policy.catalogue import Catalogue

NO_ORGANIZATION = ("Organization", "local.mdm-policy")
"""What a build without a deployment puts into names and payload identifiers."""


class Entry(Frozen, frozen=True, gc=False):
    """Hold one identifier to be blocked, with what an admin's console shows beside it."""

    value: str
    app: str
    name: str
    vendor: str


OrderedIds = dict[tuple[str, str], tuple[Entry, ...]]
"""What is ordered, by (family, kind), sorted by value, each value once."""


def status(ban_list: BanList, adoption: Adoption | None, as_of: str) -> ListStatus:
    """Say whether a list is in force on a day.

    In force by itself when effective ≤ day < revoked; adopted when since ≤ day; else pending or revoked.
    A list whose authority orders nothing of devices (no duties) is never in force by itself.
    """
    authority = ban_list.authority
    begun = authority.effective or authority.issued
    if authority.revoked and authority.revoked.on <= as_of:
        own, sentence = "revoked", f"revoked on {authority.revoked.on} by {authority.revoked.by}"
    elif begun and as_of < begun:
        own, sentence = "pending", f"not in force before {begun}"
    elif not authority.duties:
        own, sentence = "lapsed", "its authority orders nothing about devices"
    else:
        own, sentence = "in-force", f"in force since {begun}" if begun else "in force"
    if own != "in-force" and adoption is not None:
        if adoption.since <= as_of:
            own, sentence = "adopted", f"{sentence}; adopted since {adoption.since} by {adoption.by}"
        else:
            sentence = f"{sentence}; its adoption by {adoption.by} begins on {adoption.since}"
    return ListStatus(ban_list.id, ban_list.title, authority.citation, own, sentence, authority.origin)


def resolve(
    lists: Sequence[BanList],
    deployment: Deployment | None,
    catalogue: Catalogue,
    as_of: str,
    *,
    adopt: Sequence[Adoption] = (),
    enforce: bool = True,
) -> Resolution:
    """Resolve what is banned on a day.

    With `enforce`, a list that is pending, lapsed or revoked and not adopted is refused; without, it is judged as written.

    Raises:
        PolicyError: with every error of the lists together; warnings travel in the result.

    """
    found: list[Finding] = []
    adoptions = {a.list: a for a in (*(deployment.adopt if deployment else ()), *adopt)}
    statuses = tuple(status(ban_list, adoptions.get(ban_list.id), as_of) for ban_list in lists)
    if enforce:
        found += [_refusal(s, as_of) for s in statuses if s.state not in ("in-force", "adopted")]
    gathered = _Gathering(catalogue, deployment.protected if deployment else ())
    for ban_list in lists:
        adoption = adoptions.get(ban_list.id)
        duties = ban_list.authority.duties or (adoption.duties if adoption else ("no-install", "no-launch"))
        gathered.add_list(ban_list, duties)
    apps = gathered.apps()
    found += gathered.found
    if not apps and not any(f.severity == "error" for f in found):
        place = lists[0].origin if lists else None
        found.append(error("empty-ban-list", "nothing is banned: there is no app to block", place))
    found += _coverage(apps)
    waivers = tuple(w for ban_list in lists for w in ban_list.exceptions)
    found += _waiver_findings(waivers, apps, as_of)
    found += _gap_findings(deployment, apps, as_of)
    if any(f.severity == "error" for f in found):
        raise PolicyError(found)
    return Resolution(
        deployment.organization_name if deployment else NO_ORGANIZATION[0],
        deployment.organization_id if deployment else NO_ORGANIZATION[1],
        as_of,
        apps,
        statuses,
        variants(waivers, as_of, {app.key for app in apps}),
        deployment.devices if deployment else (),
        deployment.accepted_gaps if deployment else (),
        tuple(dict.fromkeys(found)),
    )


def _refusal(state: ListStatus, as_of: str) -> Finding:
    said = state.sentence if state.state == "pending" else f"not in force: {state.sentence}"
    hint = (
        f"to enforce it by your own decision, write it under `adopt:` in the deployment or pass --adopt {state.list}"
        if state.state != "pending"
        else f"build with --as-of on or after that day, or adopt it: --adopt {state.list}"
    )
    return error(f"list-{state.state}", f"on {as_of}, {state.list} ({state.citation}) is {said}", state.origin, hint)


class _Gathering:
    """Collect bans of all lists into apps, merging those that are the same app."""

    def __init__(self, catalogue: Catalogue, protected: Iterable[Identifier]) -> None:
        self.found: list[Finding] = []
        self._catalogue = catalogue
        self._protected = {catalogues.folded_key(*identifier.key) for identifier in protected}
        self._identifiers: dict[str, dict[tuple[str, str, str], Identifier]] = {}
        self._facts: dict[str, tuple[str, str, CatalogueApp | None]] = {}
        self._reasons: dict[str, list[Reason]] = defaultdict(list)
        self._duties: dict[str, dict[Duty, None]] = defaultdict(dict)
        self._not_on: dict[str, set[str]] = defaultdict(set)

    def add_list(self, ban_list: BanList, duties: Sequence[Duty]) -> None:
        for ban in ban_list.bans:
            reason = Reason(ban_list.id, ban_list.authority.citation, ban.origin)
            if ban.name is not None:
                self._add_inline(ban, reason, duties)
            elif ban.vendor is not None:
                self._add_vendor(ban, reason, duties)
            else:
                self._add_known(ban, reason, duties)

    def _add_known(self, ban: Ban, reason: Reason, duties: Sequence[Duty]) -> None:
        key = ban.app or ban.implemented_by or ""
        app = self._catalogue.apps.get(key)
        if app is None:
            nearest = self._catalogue.suggest(key, "apps")
            hint = (
                f"did you mean {nearest!r}?" if nearest else "see `mdm-policy lookup`, or give `name:` and identifiers"
            )
            self.found.append(error("unknown-app", f"the catalogue has no app {key!r}", ban.origin, hint))
            return
        if ban.feature is not None:
            reason = Reason(reason.list, reason.citation, reason.origin, f"feature {ban.feature}")
            message = (
                f"{ban.feature!r} is a feature of {app.name}: no setting blocks it alone, the whole app is blocked"
            )
            self.found.append(warning("feature-over-block", message, ban.origin))
        self._guard(ban, app.name, app.identifiers)
        self._put(key, app.name, app.vendor, app, app.identifiers, reason, duties)
        self._not_on[key].update(ban.not_on)

    def _add_vendor(self, ban: Ban, reason: Reason, duties: Sequence[Duty]) -> None:
        key = ban.vendor or ""
        vendor = self._catalogue.vendors.get(key)
        if vendor is None:
            nearest = self._catalogue.suggest(key, "vendors")
            hint = f"did you mean {nearest!r}?" if nearest else "see `mdm-policy lookup`"
            self.found.append(error("unknown-vendor", f"the catalogue has no vendor {key!r}", ban.origin, hint))
            return
        reason = Reason(reason.list, reason.citation, reason.origin, f"vendor {key}")
        all_of_it = [*vendor.identifiers, *(i for app in self._catalogue.apps_of(key) for i in app.identifiers)]
        self._guard(ban, vendor.name, all_of_it)
        for app in self._catalogue.apps_of(key):
            # Where an app has no identifier of its own, its vendor's (a team, a publisher) blocks it all the same.
            own = {identifier.family for identifier in app.identifiers}
            lent = (identifier for identifier in vendor.identifiers if identifier.family not in own)
            self._put(app.key, app.name, app.vendor, app, (*app.identifiers, *lent), reason, duties)
        if vendor.identifiers:
            self._put_vendor(vendor, reason, duties)
        elif not self._catalogue.apps_of(key):
            message = f"the catalogue knows no app and no identifier of {vendor.name}: nothing of it is blocked"
            self.found.append(
                warning("vendor-empty", message, ban.origin, "name its apps, with identifiers, in the list")
            )

    def _put_vendor(self, vendor: CatalogueVendor, reason: Reason, duties: Sequence[Duty]) -> None:
        name = f"{vendor.name} (all software)"
        self._put(f"vendor:{vendor.key}", name, vendor.key, None, vendor.identifiers, reason, duties)

    def _add_inline(self, ban: Ban, reason: Reason, duties: Sequence[Duty]) -> None:
        name = ban.name or ""
        known: dict[str, CatalogueApp] = {}
        inherited = []
        for identifier in ban.identifiers:
            inherited.append(catalogues.inherit(identifier, self._catalogue))
            owner = self._catalogue.find(*identifier.key)
            if isinstance(owner, CatalogueApp):
                known[owner.key] = owner
        self._guard(ban, name, ban.identifiers)
        if len(known) == 1:
            # The list's own text and the catalogue speak of one app: exceptions and reports must see one app too.
            key, app = next(iter(known.items()))
            self._put(key, app.name, app.vendor, app, (*app.identifiers, *inherited), reason, duties)
        else:
            key = f"inline:{slug(name)}"
            if len(known) > 1:
                message = f"{name!r} holds identifiers of several apps: {', '.join(sorted(known))}"
                self.found.append(warning("identifiers-of-several-apps", message, ban.origin, "ban each app by itself"))
            self._put(key, name, "", None, inherited, reason, duties)
        self._not_on[key].update(ban.not_on)

    def _guard(self, ban: Ban, name: str, identifiers: Sequence[Identifier]) -> None:
        self.found += guards.guard(name, "", identifiers, ban.allow_dangerous, self._catalogue, self._protected)

    def _put(
        self,
        key: str,
        name: str,
        vendor: str,
        app: CatalogueApp | None,
        identifiers: Iterable[Identifier],
        reason: Reason,
        duties: Sequence[Duty],
    ) -> None:
        self._facts.setdefault(key, (name, vendor, app))
        mine = self._identifiers.setdefault(key, {})
        for identifier in identifiers:
            mine.setdefault(identifier.key, identifier)
        self._reasons[key].append(reason)
        self._duties[key].update(dict.fromkeys(duties))

    def apps(self) -> tuple[BannedApp, ...]:
        made = []
        for key in sorted(self._facts):
            name, vendor, app = self._facts[key]
            kept = [i for i in self._identifiers[key].values() if i.confidence != "unverified"]
            for dropped in (i for i in self._identifiers[key].values() if i.confidence == "unverified"):
                message = f"{name}: {dropped.value!r} ({dropped.kind}) is unverified in the catalogue and not rendered"
                self.found.append(note("unverified-identifier", message, self._reasons[key][0].origin))
            kept += derive(kept)
            kept.sort(key=lambda i: i.key)
            made.append(
                BannedApp(
                    key,
                    name,
                    vendor,
                    tuple(kept),
                    tuple(self._reasons[key]),
                    tuple(self._duties[key]),
                    _platforms(key, app, kept, self._not_on[key]),
                    app.preinstalled if app else (),
                )
            )
            self._over_block(made[-1])
        return tuple(made)

    def _over_block(self, app: BannedApp) -> None:
        if any(reason.through.startswith("vendor ") for reason in app.reasons):
            return
        for identifier in blockable(app):
            if identifier.kind in ("team_id", "publisher"):
                message = (
                    f"{app.name}: {identifier.value!r} names a vendor: all its software is blocked, not this app alone"
                )
                self.found.append(warning("over-block", message, app.reasons[0].origin))


def _platforms(
    key: str, app: CatalogueApp | None, identifiers: Iterable[Identifier], not_on: Collection[str]
) -> dict[str, str]:
    states = dict(app.platforms) if app else {}
    if key.startswith("vendor:"):
        # It stands for the vendor's own identifiers alone: where there is none, its apps stand for themselves.
        states = dict.fromkeys(FAMILIES, "none")
    for identifier in identifiers:
        if identifier.family != "web":
            states[identifier.family] = "exists"
    for family in not_on:
        states[family] = "none"
    return {family: states.get(family, "unknown") for family in FAMILIES if family != "web"}


def blockable(app: BannedApp) -> tuple[Identifier, ...]:
    """Return the identifiers a block is made of.

    Where the app's team qualifies its bundle id, the qualified signing id stands for both: the bare team would block
    all the vendor's software, and the bare bundle id could be claimed by anyone. A package family name is used through
    its name part.
    """
    # With a team and a bundle id at hand, `derive` or the list itself has made a signing id of every pair of them.
    if not {"team_id", "bundle_id"} <= {i.kind for i in app.identifiers if i.family == "macos"}:
        return app.identifiers
    return tuple([i for i in app.identifiers if i.family != "macos" or i.kind not in ("team_id", "bundle_id")])


def ordered(resolution: Resolution, variant: Variant, kinds: Collection[tuple[str, str]] | None = None) -> OrderedIds:
    """Return what is ordered to be blocked for a variant: every blockable identifier of every app it does not except.

    `kinds` are the families and kinds somebody asks for; without it, all are returned.
    """
    made: dict[tuple[str, str], dict[str, Entry]] = {}
    excepted = set(variant.excepted)
    for app in resolution.apps:
        if app.key in excepted:
            continue
        for identifier in blockable(app):
            kind, value = (identifier.family, identifier.kind), identifier.value
            group = made.get(kind)
            if group is None:
                if kinds is not None and kind not in kinds:
                    continue
                group = made[kind] = {}
            if value not in group:
                group[value] = Entry(value, app.key, app.name, app.vendor)
    return {key: tuple([group[value] for value in sorted(group)]) for key, group in sorted(made.items())}


def variants(waivers: Sequence[Waiver], as_of: str, banned: Collection[str]) -> tuple[Variant, ...]:
    """Return the base and one variant for each distinct set of live exceptions, in a stable order.

    An exception holds through its `until` day. The base always carries the whole ban.
    """
    by_group: dict[str, list[Waiver]] = defaultdict(list)
    for waiver in waivers:
        if as_of <= waiver.until and waiver.app in banned:
            for group in waiver.groups:
                by_group[group].append(waiver)
    by_set: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for group in sorted(by_group):
        by_set[tuple(sorted({waiver.app for waiver in by_group[group]}))].append(group)
    made = [Variant("", (), ())]
    for excepted, groups in sorted(by_set.items(), key=lambda item: item[1]):
        live = tuple(dict.fromkeys(w for group in groups for w in by_group[group]))
        name = slug("-".join(groups))
        if any(other.name == name for other in made):
            # The group `a-b` and the groups `a` and `b`: a joint that no safe name holds sets them apart.
            name = slug("+".join((*groups, "")))
        made.append(Variant(name, tuple(groups), excepted, live))
    return tuple(made)


_MOST_COVERAGE_FINDINGS = 1_000
"""More findings on missing identifiers than this are summed up: nobody reads them, and each costs memory."""


def _coverage(apps: Iterable[BannedApp]) -> list[Finding]:
    found = list(itertools.islice(_each_coverage(apps), _MOST_COVERAGE_FINDINGS + 1))
    if len(found) <= _MOST_COVERAGE_FINDINGS:
        return found
    total = sum(1 for _ in _each_coverage(apps))
    rest = f"{total - _MOST_COVERAGE_FINDINGS} more apps lack identifiers on some platform"
    return [*found[:_MOST_COVERAGE_FINDINGS], warning("no-identifier", rest, hint="see the manifest for each app")]


def _each_coverage(apps: Iterable[BannedApp]) -> Iterator[Finding]:
    for app in apps:
        if app.key.startswith("vendor:"):
            continue
        have = {identifier.family for identifier in app.identifiers}
        missing = [f for f in FAMILIES if f != "web" and f not in have and app.platforms.get(f) != "none"]
        if not have and app.key.startswith("inline:"):
            continue  # loading has said so, at the place where the identifiers are missing
        if not have:
            message = f"{app.name}: no identifier is known on any platform: nothing can block it"
            yield warning("no-identifier", message, app.reasons[0].origin, "find its identifiers and give them inline")
        elif missing:
            message = f"{app.name}: no identifier is known for {', '.join(missing)}: it is not blocked there"
            how = "" if app.key.startswith("inline:") else " in an entry with `name:`, beside one that is known"
            hint = f"give the identifier{how}; or say `not_on:` where the app does not exist"
            yield warning("no-identifier", message, app.reasons[0].origin, hint)


def _waiver_findings(waivers: Iterable[Waiver], apps: Sequence[BannedApp], as_of: str) -> Iterable[Finding]:
    keys = {app.key for app in apps}
    for waiver in waivers:
        if waiver.app not in keys:
            message = f"the exception names {waiver.app!r}, which no list bans"
            yield warning("exception-unused", message, waiver.origin, "name the banned app by its catalogue key")
        elif waiver.until < as_of:
            message = f"the exception for {waiver.app!r} ended on {waiver.until}: the ban applies to {', '.join(waiver.groups)} again"
            yield warning("exception-expired", message, waiver.origin, "renew it with a new document, or remove it")
        elif _days(as_of, waiver.until) <= _SOON:
            yield note("exception-ends-soon", f"the exception for {waiver.app!r} ends on {waiver.until}", waiver.origin)


_SOON = 30


def _days(start: str, end: str) -> int:
    return (dt.date.fromisoformat(end) - dt.date.fromisoformat(start)).days


def _gap_findings(deployment: Deployment | None, apps: Sequence[BannedApp], as_of: str) -> Iterable[Finding]:
    keys = {app.key for app in apps}
    for gap in deployment.accepted_gaps if deployment else ():
        if gap.app not in keys:
            yield warning("accepted-gap-unused", f"the accepted gap names {gap.app!r}, which no list bans", gap.origin)
        elif gap.until < as_of:
            message = f"the accepted gap for {gap.app!r} on {gap.device!r} ended on {gap.until}: it is a gap again"
            yield warning("accepted-gap-expired", message, gap.origin)
