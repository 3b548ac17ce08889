"""Put an organization's own apps beside those of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.errors import Finding, Origin, error, warning
from mdm_policy.identifiers import quoted
from mdm_policy.model import CatalogueApp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.catalogue import Catalogue
    from mdm_policy.model import CatalogueVendor, Overlay


def joined(catalogue: Catalogue, overlays: Iterable[Overlay]) -> tuple[Catalogue, tuple[Finding, ...]]:
    """Return a catalogue with the apps and vendors of overlays, and what is wrong between them.

    An overlay adds and never changes: a key that is taken, or a vendor nobody knows, is an error; an identifier that the
    catalogue has already is a warning, since it will have two bearers.
    """
    found: list[Finding] = []
    apps, vendors = dict(catalogue.apps), dict(catalogue.vendors)
    given = list(overlays)
    for overlay in given:
        for vendor in overlay.vendors:
            place = overlay.places[f"vendor:{vendor.key}"]
            found += _taken(f"vendor {vendor.key}", place, known=vendor.key in vendors)
            vendors.setdefault(vendor.key, vendor)
    for overlay in given:
        for app in overlay.apps:
            place = overlay.places[app.key]
            found += _taken(app.key, place, known=app.key in apps)
            if app.vendor and app.vendor not in vendors:
                hint = "add it under `vendors`, or see `mdm-policy lookup`"
                found.append(error("unknown-vendor", f"nobody knows a vendor {quoted(app.vendor)}", place, hint))
            found += _borne(catalogue, app)
            apps.setdefault(app.key, app)
    return (msgspec.structs.replace(catalogue, apps=apps, vendors=vendors) if given else catalogue), tuple(found)


def _taken(key: str, place: Origin, *, known: bool) -> Iterable[Finding]:
    if known:
        hint = "choose another key; to add identifiers to a known app, write them beside `app:` in a list"
        yield error("overlay-key-taken", f"the catalogue has {quoted(key)} already", place, hint)


def _borne(catalogue: Catalogue, app: CatalogueApp | CatalogueVendor) -> Iterable[Finding]:
    for one in app.identifiers:
        owner = catalogue.find(*one.key)
        if isinstance(owner, CatalogueApp):
            said = f"{quoted(one.value)} is an identifier of {owner.name} in the catalogue already"
            yield warning("overlay-identifier-known", said, one.origin, f"ban `app: {owner.key}`, or remove it here")
