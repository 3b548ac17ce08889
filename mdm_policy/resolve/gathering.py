"""Collect the bans of all lists into apps, merging those that are the same app.

An entry with a key of the catalogue bans the whole app, and what it names beside. An entry with a name of its own bans
exactly what it names: the catalogue lends it what is known of these identifiers, and neither others nor another name.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mdm_policy import catalogue as catalogues
from mdm_policy import guards
from mdm_policy.derived import derive
from mdm_policy.errors import Finding, error, note, warning
from mdm_policy.identifiers import quoted, slug
from mdm_policy.model import Ban, BanList, BannedApp, CatalogueApp, CatalogueVendor, Identifier, NamedBy, Reason
from mdm_policy.resolve.lending import Loan, knows_more, lent, platforms
from mdm_policy.resolve.ordering import blockable
from mdm_policy.vocabulary import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.errors import Origin
    from mdm_policy.vocabulary import Duty


_VENDOR = "vendor:"


def unknown_names(bans: Iterable[Ban], catalogue: Catalogue) -> Iterator[Finding]:
    """Yield what is wrong with the names of apps and vendors, also where a list has other faults and is not resolved."""
    for ban in bans:
        if ban.name is None:
            yield from _unknown(ban, catalogue)


def _unknown(ban: Ban, catalogue: Catalogue) -> Iterator[Finding]:
    """Yield that an entry names nothing the catalogue knows, or several things."""
    if ban.vendor is not None:
        if ban.vendor not in catalogue.vendors:
            nearest = catalogue.suggest(ban.vendor, "vendors")
            hint = f"did you mean {nearest!r}?" if nearest else "see `mdm-policy lookup`"
            yield error("unknown-vendor", f"the catalogue has no vendor {ban.vendor!r}", ban.origin, hint)
        return
    text = ban.app or ban.implemented_by or ""
    found = catalogue.meant(text)
    if len(found) == 1 and isinstance(found[0], CatalogueApp):
        return
    if found:
        said = f"{quoted(text)} does not say which app: it is {_listed(found)}"
        yield error("ambiguous-app", said, ban.origin, "write the key of the one that is meant, or one entry for each")
    elif text:
        nearest = catalogue.suggest(text, "apps")
        hint = f"did you mean {nearest!r}?" if nearest else "see `mdm-policy lookup`, or give `name:` and identifiers"
        yield error("unknown-app", f"the catalogue has no app {text!r}", ban.origin, hint)


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
        self._facts: dict[str, tuple[str, NamedBy]] = {}
        self._owners: dict[str, dict[str, CatalogueApp]] = defaultdict(dict)
        self._reasons: dict[str, list[Reason]] = defaultdict(list)
        self._duties: dict[str, dict[Duty, None]] = defaultdict(dict)
        self._not_on: dict[str, dict[str, Origin]] = defaultdict(dict)
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
        app = self._meant(ban)
        if app is None:
            return
        if ban.feature is not None:
            reason = Reason(reason.list, reason.citation, reason.origin, feature=ban.feature)
            message = (
                f"{ban.feature!r} is a feature of {app.name}: no setting blocks it alone, the whole app is blocked"
            )
            self.found.append(warning("feature-over-block", message, ban.origin))
        further = [_asked_for(catalogues.inherit(one, self._catalogue)) for one in ban.identifiers]
        self._guard(ban, app.name, (*app.identifiers, *further))
        self._several(ban, app.name, {app.key: app, **self._known(further)})
        self._put(app.key, app.name, [app], (*app.identifiers, *further), reason, duties)
        self._say_not_on(app.key, ban)

    def _meant(self, ban: Ban) -> CatalogueApp | None:
        """Return the app of the catalogue that a ban names by its key, or by a name or an identifier that is its alone."""
        found = self._catalogue.meant(ban.app or ban.implemented_by or "")
        if len(found) == 1 and isinstance(found[0], CatalogueApp):
            return found[0]
        self.found += _unknown(ban, self._catalogue)
        return None

    def _known(self, identifiers: Iterable[Identifier]) -> dict[str, CatalogueApp]:
        """Return the apps of the catalogue that bear identifiers, by key."""
        owners = (self._catalogue.find(*identifier.key) for identifier in identifiers)
        return {owner.key: owner for owner in owners if isinstance(owner, CatalogueApp)}

    def _several(self, ban: Ban, name: str, known: dict[str, CatalogueApp]) -> None:
        if len(known) > 1:
            message = f"{name!r} holds identifiers of several apps: {', '.join(sorted(known))}"
            self.found.append(warning("identifiers-of-several-apps", message, ban.origin, "ban each app by itself"))

    def _say_not_on(self, key: str, ban: Ban) -> None:
        for place in ban.not_on:
            self._not_on[key].setdefault(place, ban.origin)

    def _add_vendor(self, ban: Ban, reason: Reason, duties: Sequence[Duty]) -> None:
        key = ban.vendor or ""
        vendor = self._catalogue.vendors.get(key)
        if vendor is None:
            self.found += _unknown(ban, self._catalogue)
            return
        reason = Reason(reason.list, reason.citation, reason.origin, banned_vendor=key)
        all_of_it = [*vendor.identifiers, *(i for app in self._catalogue.apps_of(key) for i in app.identifiers)]
        self._guard(ban, vendor.name, all_of_it)
        for app in self._catalogue.apps_of(key):
            # Where an app has no identifier of its own, its vendor's (a team, a publisher) blocks it all the same.
            own = {identifier.family for identifier in app.identifiers}
            signed = (identifier for identifier in vendor.identifiers if identifier.family not in own)
            self._put(app.key, app.name, [app], (*app.identifiers, *signed), reason, duties)
        if vendor.identifiers:
            self._put_vendor(vendor, reason, duties)
        elif not self._catalogue.apps_of(key):
            message = f"the catalogue knows no app and no identifier of {vendor.name}: nothing of it is blocked"
            self.found.append(
                warning("vendor-empty", message, ban.origin, "name its apps, with identifiers, in the list")
            )

    def _put_vendor(self, vendor: CatalogueVendor, reason: Reason, duties: Sequence[Duty]) -> None:
        name = f"{vendor.name} (all software)"
        self._put(f"{_VENDOR}{vendor.key}", name, (), vendor.identifiers, reason, duties, named_by="vendor")

    def _add_inline(self, ban: Ban, reason: Reason, duties: Sequence[Duty]) -> None:
        name, key = ban.name or "", f"inline:{slug(ban.name or '')}"
        own = [_asked_for(catalogues.inherit(one, self._catalogue)) for one in ban.identifiers]
        # A site is not the app that has it: of who names sites alone, nothing else is known.
        known = self._known(identifier for identifier in ban.identifiers if identifier.family != "web")
        self._guard(ban, name, ban.identifiers)
        self._several(ban, name, known)
        self.found += knows_more(ban, known.values())
        self._put(key, name, known.values(), own, reason, duties, named_by="list")
        self._say_not_on(key, ban)

    def _guard(self, ban: Ban, name: str, identifiers: Sequence[Identifier]) -> None:
        self.found += guards.guard(name, "", identifiers, ban.allow_dangerous, self._catalogue, self._protected)

    def _put(
        self,
        key: str,
        name: str,
        owners: Iterable[CatalogueApp],
        identifiers: Iterable[Identifier],
        reason: Reason,
        duties: Sequence[Duty],
        *,
        named_by: NamedBy = "catalogue",
    ) -> None:
        self._facts.setdefault(key, (name, named_by))
        self._owners[key].update((owner.key, owner) for owner in owners)
        mine = self._identifiers.setdefault(key, {})
        for identifier in identifiers:
            known = mine.setdefault(identifier.key, identifier)
            if known.shared and not identifier.shared:
                mine[identifier.key] = identifier
        self._reasons[key].append(reason)
        self._duties[key].update(dict.fromkeys(duties))

    def apps(self) -> tuple[BannedApp, ...]:
        """Return the apps in the order of their keys, identifiers sorted and derived ones added."""
        made = []
        for key in sorted(self._facts):
            name, named_by = self._facts[key]
            kept = [i for i in self._identifiers[key].values() if i.confidence != "unverified"]
            for dropped in (i for i in self._identifiers[key].values() if i.confidence == "unverified"):
                message = f"{name}: {dropped.value!r} ({dropped.kind}) is unverified in the catalogue and not rendered"
                self.found.append(note("unverified-identifier", message, self._reasons[key][0].origin))
            if named_by != "catalogue" and any(i.role != "main" for i in kept):
                kept = _as_named(kept)
            kept += derive(kept)
            kept.sort(key=lambda i: i.key)
            loan = self._loan(key)
            states, contradicted = platforms(loan.states, kept, self._not_on[key])
            self.found += (_contradicted(name, place, origin, kept) for place, origin in contradicted.items())
            made.append(
                BannedApp(
                    key,
                    name,
                    loan.vendor,
                    tuple(kept),
                    tuple(self._reasons[key]),
                    tuple(self._duties[key]),
                    self._same(states),
                    loan.preinstalled,
                    loan.signers,
                    loan.web_app,
                    named_by,
                    loan.lender,
                )
            )
            self._over_block(made[-1])
        return tuple(made)

    def _loan(self, key: str) -> Loan:
        """Return what the catalogue knows of an app beside its identifiers; of a vendor as a whole, that it is one."""
        if self._facts[key][1] == "vendor":
            # It stands for the vendor's own identifiers alone: where there is none, its apps stand for themselves.
            return Loan(vendor=key.removeprefix(_VENDOR), states=dict.fromkeys(FAMILIES, "none"))
        return lent(self._owners[key], self._facts[key][1], self._catalogue, self._as_of)

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


def _asked_for(identifier: Identifier) -> Identifier:
    """Return what a list names itself: an address that others share as well is meant all the same."""
    return replace(identifier, shared=False) if identifier.shared else identifier


def _as_named(identifiers: list[Identifier]) -> list[Identifier]:
    """Return what a list names itself, as the thing it bans: where it names nothing but a helper, that is the app."""
    whole = {one.family for one in identifiers if one.role not in ("helper", "installer")}
    return [one if one.family in whole or one.role == "main" else replace(one, role="main") for one in identifiers]


def _listed(found: Sequence[CatalogueApp | CatalogueVendor]) -> str:
    names = (one.key if isinstance(one, CatalogueApp) else f"the vendor {one.key}" for one in found)
    return " and ".join(names) if len(found) > 1 else ", ".join(f"{name}'s whole software" for name in names)


def _contradicted(name: str, place: str, origin: Origin, identifiers: Iterable[Identifier]) -> Finding:
    held = [one.value for one in identifiers if one.family == place]
    known = f"{quoted(held[0])} is its identifier there" if held else "the catalogue names a source that it does"
    message = f"{name} is said not to exist on {place}, but {known}: the ban holds there all the same"
    hint = f"remove {place} from `not_on`; to ban single identifiers, name them in an entry with `name:`"
    return warning("not-on-but-known", message, origin, hint)
