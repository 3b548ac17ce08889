"""Say how a person finds out the identifiers of an app, on each platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOW: dict[str, str] = {
    "ios": "ios: the number in the App Store address is the app_store_id, and "
    "https://itunes.apple.com/lookup?id=NUMBER names its bundleId",
    "macos": "macos: `codesign -dv /Applications/NAME.app` prints Identifier (bundle_id) and TeamIdentifier (team_id)",
    "android": "android: `id=` in the Google Play address is the package_name; so does `adb shell pm list packages` print it",
    "windows": "windows: `Get-AppxPackage *NAME*` prints PackageFamilyName; `Get-AppLockerFileInformation -Path FILE.exe` "
    "prints publisher, product_name and original_file_name",
}


def how_to_find(families: Iterable[str] = tuple(_HOW)) -> str:
    """Return in one text how to find an identifier on each of some platform families, in the order given."""
    return "; ".join(_HOW[family] for family in families if family in _HOW)
