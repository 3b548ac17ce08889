"""State the language of an overlay: the organization's own apps beside the catalogue's, and make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.loading.bans import IDENTIFIER_KEYS
from mdm_policy.loading.language import IDENTIFIERS
from mdm_policy.loading.leaves import Choice, Day, Flag, Grammar, Text
from mdm_policy.loading.shapes import Field, Many, RecordShape, TableShape
from mdm_policy.model import CatalogueApp, CatalogueVendor, Identifier, Overlay, Presence

if TYPE_CHECKING:
    from mdm_policy.loading.report import LoadReport
    from mdm_policy.loading.shapes import Group

_NAME = Text(name=True)
_KEY = Text(
    grammar=Grammar(
        "overlay-key",
        r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?",
        "write lower-case letters, digits and hyphens, such as `our-chat`: lists name the app by it",
    )
)
_ABSENCE = RecordShape(
    "a statement that an app does not exist",
    {
        "platform": Field("The platform on which it does not exist.", Choice(("ios", "macos", "android", "windows")), required=True),
        "source": Field("Who says so: a document or an address.", Text(), required=True),
        "until": Field("The last day on which this may be relied on.", Day(), required=True),
    },
)  # fmt: skip


def _identifiers(group: Group) -> tuple[Identifier, ...]:
    sources = tuple(cell.value for cell in group.many("sources"))
    found = (one for key in IDENTIFIER_KEYS for one in group.many(key))
    return tuple(sorted((msgspec.structs.replace(one, sources=sources) for one in found), key=lambda one: one.key))


def _make_app(_report: LoadReport, group: Group) -> tuple[Group, CatalogueApp]:
    absences: dict[str, Presence] = {
        one.text("platform"): Presence("none", one.text("source"), one.text("until")) for one in group.many("absent")
    }
    identifiers = _identifiers(group)
    present: dict[str, Presence] = {str(one.family): Presence("exists") for one in identifiers if one.family != "web"}
    app = CatalogueApp(
        "", group.text("name"), group.text("vendor"), identifiers, {**absences, **present}, (), group.texts("aliases"),
        group.text("note"), "the overlay" if group.get("web_app") else "",
    )  # fmt: skip
    return group, app


def _make_vendor(_report: LoadReport, group: Group) -> tuple[Group, CatalogueVendor]:
    return group, CatalogueVendor("", group.text("name"), _identifiers(group), group.text("note"))


def _make(report: LoadReport, group: Group) -> Overlay:
    apps = {cell.value: app for cell, (_, app) in group.many("apps")}
    vendors = {cell.value: vendor for cell, (_, vendor) in group.many("vendors")}
    places = {cell.value: cell.origin for cell, _ in group.many("apps")}
    places |= {f"vendor:{cell.value}": cell.origin for cell, _ in group.many("vendors")}
    for cell, (own, app) in group.many("apps"):
        if not app.identifiers:
            said = f"{app.name or cell.value} has no identifier, so no device can be told"
            report.warning("no-identifier", said, own.origin, "add its identifiers")
    return Overlay(
        tuple(msgspec.structs.replace(app, key=key) for key, app in apps.items()),
        tuple(msgspec.structs.replace(vendor, key=key) for key, vendor in vendors.items()),
        places,
        group.origin,
    )


_SOURCES = Field("Where the identifiers were read.", Many(Text(), single=True))
_APP = RecordShape(
    "an app of an overlay",
    {
        "name": Field("The app's name, which every output shows.", _NAME, required=True),
        "vendor": Field("The key of its vendor, in the catalogue or in the overlay.", _KEY),
        "aliases": Field("Other names by which it can be looked up.", Many(_NAME)),
        **IDENTIFIERS,
        "absent": Field("Where it does not exist, each with its source and last day.", Many(_ABSENCE)),
        "web_app": Field("Whether it is a web app too, which no rule for packages reaches.", Flag()),
        "sources": _SOURCES,
        "note": Field("Free text for people.", Text(lines=True)),
    },
    _make_app,
)
_VENDOR = RecordShape(
    "a vendor of an overlay",
    {
        "name": Field("The vendor's name.", _NAME, required=True),
        **IDENTIFIERS,
        "sources": _SOURCES,
        "note": Field("Free text for people.", Text(lines=True)),
    },
    _make_vendor,
)
OVERLAY = RecordShape(
    "an overlay of the catalogue",
    {
        "catalogue_overlay": Field("The overlay's name.", _NAME, required=True),
        "apps": Field("The organization's own apps, by a key of its choice.", TableShape(_KEY, _APP)),
        "vendors": Field("Vendors that the catalogue does not have.", TableShape(_KEY, _VENDOR)),
        "note": Field("Free text for people; nothing reads it.", Text(lines=True)),
    },
    _make,
)
