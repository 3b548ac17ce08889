"""Name the kinds of identifiers as admins' consoles do, with their numbers."""

from __future__ import annotations

__all__ = ["counted", "singular", "table_name"]

_WORDS = {
    "bundle_id": ("bundle id", "bundle ids"),
    "app_store_id": ("App Store number", "App Store numbers"),
    "package_name": ("package", "packages"),
    "signing_id": ("signing id", "signing ids"),
    "team_id": ("team id (all of a vendor's software)", "team ids (all of a vendor's software)"),
    "cdhash": ("code hash", "code hashes"),
    "process_name": ("process name", "process names"),
    "appx_name": ("packaged app", "packaged apps"),
    "package_family_name": ("package family name", "package family names"),
    "publisher": ("publisher (all of a vendor's software)", "publishers (all of a vendor's software)"),
    "publisher_cn": ("publisher's common name", "publishers' common names"),
    "certificate": ("certificate", "certificates"),
    "product_name": ("product name", "product names"),
    "original_file_name": ("original file name", "original file names"),
    "executable": ("program by file name", "programs by file name"),
    "winget_id": ("winget id", "winget ids"),
    "product_code": ("product code", "product codes"),
    "domain": ("domain", "domains"),
    "url": ("address", "addresses"),
}


def counted(number: int, kind: str) -> str:
    """Write a number with a kind of identifier, in the singular or the plural."""
    one, several = _WORDS.get(kind, (kind, kind))
    return f"{number:,} {one if number == 1 else several}"


def singular(kind: str) -> str:
    """Name a kind of identifier."""
    return _WORDS.get(kind, (kind, kind))[0].partition(" (")[0]


def table_name(family: str) -> str:
    """Return the name of the table with all banned identifiers of a family, beside the targets' folders."""
    return f"banned-{family}.csv"
