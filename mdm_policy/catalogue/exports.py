"""Save what a catalogue makes lists block, so that two versions can be compared: identifiers and existence, no sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from mdm_policy.catalogue import Catalogue
    from mdm_policy.model import CatalogueApp, CatalogueVendor

MARK = b'"mdm_policy_catalogue"'
"""What stands at the beginning of every export."""


class ExportedOwner(Frozen, frozen=True, forbid_unknown_fields=True):
    """Hold one app or vendor: its identifiers as (family, kind, value), sorted; of an app its vendor and where it exists."""

    name: str
    identifiers: tuple[tuple[str, str, str], ...] = ()
    vendor: str = ""
    platforms: dict[str, str] = {}


class Export(Frozen, frozen=True, forbid_unknown_fields=True):
    """Hold a whole catalogue, by keys."""

    mdm_policy_catalogue: str
    apps: dict[str, ExportedOwner]
    vendors: dict[str, ExportedOwner]


def export(catalogue: Catalogue) -> bytes:
    """Return a catalogue as JSON, the same bytes for the same catalogue; what no build uses is left out."""
    made = Export(
        catalogue.version,
        {key: _owner(catalogue.apps[key]) for key in sorted(catalogue.apps)},
        {key: _owner(catalogue.vendors[key]) for key in sorted(catalogue.vendors)},
    )
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"


def _owner(owner: CatalogueApp | CatalogueVendor) -> ExportedOwner:
    keys = sorted({one.key for one in owner.identifiers if one.confidence != "unverified"})
    vendor, states = getattr(owner, "vendor", ""), getattr(owner, "platforms", {})
    return ExportedOwner(owner.name, tuple(keys), vendor, {family: states[family].state for family in sorted(states)})


def is_export(data: bytes) -> bool:
    """Tell whether a file is an export."""
    return MARK in data[:100]


def read_export(name: str, data: bytes) -> Export:
    """Return the export in a file.

    Raises:
        PolicyError: `catalogue-export`, when it is damaged.

    """
    try:
        return msgspec.json.decode(data, type=Export)
    except msgspec.MsgspecError as fault:
        said = f"the saved catalogue cannot be read: {fault}"
        raise PolicyError([error("catalogue-export", said, Origin(name), "export it again")]) from None
