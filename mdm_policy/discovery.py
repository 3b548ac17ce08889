"""Say how a person finds out the identifiers of an app, on each platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOW: dict[str, str] = {
    "ios": "ios: https://itunes.apple.com/lookup?id= with the number in the store address (bundleId)",
    "macos": "macos: `codesign -dv NAME.app` (Identifier, TeamIdentifier)",
    "android": "android: `id=` in the store address, or `adb shell pm list packages`",
    "windows": "windows: `Get-AppxPackage *NAME*` (PackageFamilyName), "
    "`Get-AppLockerFileInformation FILE.exe` (publisher, product, original file name)",
}


def how_to_find(families: Iterable[str] = tuple(_HOW)) -> str:
    """Return in one text where an identifier stands on each of some platform families, in the order given."""
    return "where to look: " + "; ".join(_HOW[family] for family in families if family in _HOW)
