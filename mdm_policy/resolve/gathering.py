"""Collect the bans of all lists into apps, merging those that are the same app."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mdm_policy import catalogue as catalogues
from mdm_policy import guards
from mdm_policy.derived import derive
from mdm_policy.errors import Finding, error, note, warning
from mdm_policy.identifiers import slug
from mdm_policy.model import Ban, BanList, BannedApp, CatalogueApp, CatalogueVendor, Identifier, NamedBy, Reason
from mdm_policy.resolve.ordering import blockable
from mdm_policy.vocabulary import FAMILIES, Duty

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from mdm_policy.catalogue import Catalogue


class Gathering:
    """Collect bans of all lists into apps, merging those that are the same app."""

    def __init__(self, catalogue: Catalogue, protected: Iterable[Identifier], as_of: str) -> None:
        """Start with nothing gathered; `protected` are the tenant's own apps, which nothing may block.

        `as_of` is the day for which it is said where an app exists: such a statement grows stale.
        """
        self._as_of = as_of
        self.found: list[Finding] = []
        self._catalogue = catalogue
        self._protected = {catalogues.folded_key(*identifier.key) for identifier in protected}
        self._identifiers: dict[str, dict[tuple[str, str, str], Identifier]] = {}
        self._facts: dict[str, tuple[str, str, CatalogueApp | None, NamedBy]] = {}
        self._reasons: dict[str, list[Reason]] = defaultdict(list)
        self._duties: dict[str, dict[Duty, None]] = defaultdict(dict)
        self._not_on: dict[str, set[str]] = defaultdict(set)
        self._platforms: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def add_list(self, ban_list: BanList, duties: Sequence[Duty]) -> None:
        """Add every ban of a list."""
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
            reason = Reason(reason.list, reason.citation, reason.origin, feature=ban.feature)
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
        reason = Reason(reason.list, reason.citation, reason.origin, banned_vendor=key)
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
        key = f"vendor:{vendor.key}"
        self._put(key, name, vendor.key, None, vendor.identifiers, reason, duties, named_by="vendor")

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
            self._put(key, name, "", None, inherited, reason, duties, named_by="list")
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
        *,
        named_by: NamedBy = "catalogue",
    ) -> None:
        self._facts.setdefault(key, (name, vendor, app, named_by))
        mine = self._identifiers.setdefault(key, {})
        for identifier in identifiers:
            mine.setdefault(identifier.key, identifier)
        self._reasons[key].append(reason)
        self._duties[key].update(dict.fromkeys(duties))

    def apps(self) -> tuple[BannedApp, ...]:
        """Return the apps in the order of their keys, identifiers sorted and derived ones added."""
        made = []
        for key in sorted(self._facts):
            name, vendor, app, named_by = self._facts[key]
            kept = [i for i in self._identifiers[key].values() if i.confidence != "unverified"]
            for dropped in (i for i in self._identifiers[key].values() if i.confidence == "unverified"):
                message = f"{name}: {dropped.value!r} ({dropped.kind}) is unverified in the catalogue and not rendered"
                self.found.append(note("unverified-identifier", message, self._reasons[key][0].origin))
            if app is None and any(i.role != "main" for i in kept):
                kept = _as_named(kept)
            kept += derive(kept)
            kept.sort(key=lambda i: i.key)
            maker = self._catalogue.vendors.get(vendor) if app else None
            made.append(
                BannedApp(
                    key,
                    name,
                    vendor,
                    tuple(kept),
                    tuple(self._reasons[key]),
                    tuple(self._duties[key]),
                    self._same(_platforms(named_by, app, kept, self._not_on[key], self._as_of)),
                    app.preinstalled if app else (),
                    tuple([i for i in maker.signers if i.confidence != "unverified"]) if maker else (),
                    bool(app and app.web_app),
                    named_by,
                )
            )
            self._over_block(made[-1])
        return tuple(made)

    def _same(self, platforms: dict[str, str]) -> dict[str, str]:
        """Return one dictionary for all apps that exist on the same platforms."""
        return self._platforms.setdefault(tuple(platforms.items()), platforms)

    def _over_block(self, app: BannedApp) -> None:
        if any(reason.banned_vendor for reason in app.reasons):
            return
        for identifier in blockable(app):
            if identifier.kind in ("team_id", "publisher", "publisher_cn"):
                message = (
                    f"{app.name}: {identifier.value!r} names a vendor: all its software is blocked, not this app alone"
                )
                self.found.append(warning("over-block", message, app.reasons[0].origin))


def _as_named(identifiers: list[Identifier]) -> list[Identifier]:
    """Return what a list names itself, as the thing it bans: where it names nothing but a helper, that is the app."""
    whole = {one.family for one in identifiers if one.role not in ("helper", "installer")}
    return [one if one.family in whole or one.role == "main" else replace(one, role="main") for one in identifiers]


def _platforms(
    named_by: NamedBy, app: CatalogueApp | None, identifiers: Iterable[Identifier], not_on: Collection[str], as_of: str
) -> dict[str, str]:
    states: dict[str, str] = {family: said.on(as_of) for family, said in app.platforms.items()} if app else {}
    if named_by == "vendor":
        # It stands for the vendor's own identifiers alone: where there is none, its apps stand for themselves.
        states = dict.fromkeys(FAMILIES, "none")
    for identifier in identifiers:
        if identifier.family != "web":
            states[identifier.family] = "exists"
    for family in not_on:
        states[family] = "none"
    return {family: states.get(family, "unknown") for family in FAMILIES if family != "web"}
