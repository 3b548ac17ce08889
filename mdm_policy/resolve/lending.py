"""Say what the catalogue lends a ban: facts about the identifiers it names, and never further identifiers or another name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mdm_policy.catalogue import folded_key
from mdm_policy.errors import warning
from mdm_policy.identifiers import quoted
from mdm_policy.model import Frozen, Identifier, Preinstall
from mdm_policy.vocabulary import FAMILIES, FAMILY_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.errors import Finding, Origin
    from mdm_policy.model import Ban, CatalogueApp, NamedBy


class Loan(Frozen, frozen=True):
    """Hold what the catalogue knows of a banned app beside its identifiers; `lender` is the key of the app it knows it as."""

    vendor: str = ""
    states: dict[str, str] = {}
    preinstalled: tuple[Preinstall, ...] = ()
    signers: tuple[Identifier, ...] = ()
    web_app: bool = False
    lender: str = ""


_NOTHING = Loan()


def lent(owners: Mapping[str, CatalogueApp], named_by: NamedBy, catalogue: Catalogue, day: str) -> Loan:
    """Return what is known of an app whose identifiers these apps of the catalogue bear, on a day.

    An app that a list names itself bears no maker's name, and exists where the list has an identifier: elsewhere only that
    it does not exist can be lent, and by one app alone.
    """
    if not owners:
        return _NOTHING
    known = list(owners.values())
    signers = {one.key: one for app in known for one in _signers(app, catalogue)}
    first = known[0]
    states: dict[str, str] = {}
    if len(known) == 1:
        states = {family: said.on(day) for family, said in first.platforms.items()}
    if named_by == "list":
        states = {family: state for family, state in states.items() if state == "none"}
    return Loan(
        first.vendor if named_by == "catalogue" else "",
        states,
        tuple(one for app in known for one in app.preinstalled),
        tuple(signers.values()),
        any(app.web_app for app in known),
        first.key if len(known) == 1 else "",
    )


def _signers(app: CatalogueApp, catalogue: Catalogue) -> tuple[Identifier, ...]:
    maker = catalogue.vendors.get(app.vendor)
    return tuple([one for one in maker.signers if one.confidence != "unverified"]) if maker else ()


def platforms(
    states: Mapping[str, str], identifiers: Iterable[Identifier], not_on: Mapping[str, Origin]
) -> tuple[dict[str, str], dict[str, Origin]]:
    """Say of each platform family whether an app exists there, and which statements of a list that it does not are wrong.

    An identifier on a family is an app there, whatever else is said. A platform that is no family of its own (tvOS) stands
    beside the families, where a list says that the app does not exist on it.
    """
    held = {one.family for one in identifiers if one.family != "web"}
    made: dict[str, str] = {
        family: "exists" if family in held else states.get(family, "unknown") for family in FAMILIES if family != "web"
    }
    contradicted = {}
    for place, origin in not_on.items():
        if made.get(place) == "exists":
            contradicted[place] = origin
        elif place in FAMILY_OF:
            made[place] = "none"
    return made, contradicted


def knows_more(ban: Ban, owners: Iterable[CatalogueApp]) -> Iterator[Finding]:
    """Count what the catalogue has of the apps whose identifiers a ban names, and the ban does not name."""
    named = {folded_key(*one.key) for one in ban.identifiers}
    for app in owners:
        more = Counter(
            one.family
            for one in app.identifiers
            if one.confidence != "unverified" and folded_key(*one.key) not in named
        )
        if more:
            counted = ", ".join(f"{more[family]} for {family}" for family in FAMILIES if more[family])
            said = f"{quoted(ban.name or '')} names an identifier of {app.name}, of which the catalogue knows more: {counted}"
            hint = f"to ban the whole app, write `app: {app.key}`; an entry with `name:` bans what it names alone"
            yield warning("catalogue-knows-more", said, ban.origin, hint)
