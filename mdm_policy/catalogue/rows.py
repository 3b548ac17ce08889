"""Say what stands in `catalogue.json`: one row for each app, vendor and identifier, as docs/catalogue.md describes it."""

from __future__ import annotations

import msgspec

from mdm_policy.errors import Origin
from mdm_policy.model import CatalogueApp, CatalogueVendor, Frozen, Identifier, Preinstall, Presence
from mdm_policy.vocabulary import Confidence, Family, Kind, Role  # noqa: TC001 - msgspec reads the fields' types at run time

_ORIGIN = Origin("catalogue.json")


class RowEvidence(Frozen, frozen=True, gc=False):
    """Say when the catalogue's identifier was last checked, and what a reader should know of it.

    `original_file_name` is what the version resource of an executable says: None where nobody looked, empty where it
    says nothing, so that no rule by that name can hold it. `publisher` is the subject in a package's manifest, whose hash
    the family name ends in.
    """

    checked: str
    note: str
    original_file_name: str | None = None
    publisher: str = ""


class IdentifierRow(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Hold one identifier, and how well it is known."""

    family: Family
    kind: Kind
    value: str
    confidence: Confidence = "unsourced"
    sources: tuple[str, ...] = ()
    checked: str | None = None
    note: str = ""
    role: Role = "main"
    runs_as_service: bool = False
    shared: bool = False
    original_file_name: str | None = None
    publisher: str = ""

    def model(self) -> Identifier:
        """Return the identifier itself."""
        return Identifier(
            self.family,
            self.kind,
            self.value,
            _ORIGIN,
            self.confidence,
            self.sources,
            "",
            self.role,
            self.runs_as_service,
            self.shared,
        )

    def evidence(self) -> RowEvidence:
        """Return what is known about the identifier besides."""
        return RowEvidence(self.checked or "", self.note, self.original_file_name, self.publisher)


class VendorRow(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Hold one vendor."""

    name: str
    note: str = ""
    complete: bool = False
    identifiers: tuple[IdentifierRow, ...] = ()

    def model(self, key: str) -> CatalogueVendor:
        """Return the vendor of that key."""
        identifiers = tuple([one.model() for one in self.identifiers])
        return CatalogueVendor(key, self.name, identifiers, self.note, self.complete)


class AppRow(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Hold one app."""

    name: str
    vendor: str
    aliases: tuple[str, ...] = ()
    note: str = ""
    platforms: dict[Family, Presence] = {}
    preinstalled: tuple[Preinstall, ...] = ()
    web_app: str = ""
    ipad_on_mac: Presence | None = None
    identifiers: tuple[IdentifierRow, ...] = ()

    def model(self, key: str) -> CatalogueApp:
        """Return the app of that key."""
        return CatalogueApp(
            key=key,
            name=self.name,
            vendor=self.vendor,
            identifiers=tuple([one.model() for one in self.identifiers]),
            platforms=dict(self.platforms.items()),
            preinstalled=self.preinstalled,
            aliases=self.aliases,
            note=self.note,
            web_app=self.web_app,
            ipad_on_mac=self.ipad_on_mac,
        )


class FileRow(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Hold the whole file."""

    version: str
    vendors: dict[str, VendorRow]
    apps: dict[str, AppRow]
