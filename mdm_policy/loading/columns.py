"""Know the headers of the tables that people have, and which cells of a row are an app's name and its identifiers.

Headers are compared without case, spaces and punctuation: `Bundle ID`, `bundle_id` and `bundleId` are one word. Where the
words come from: osquery specs/darwin/apps.table and specs/windows/programs.table; Fleet's software (name, source,
bundle_identifier); Santa's rules (identifier, rule_type, policy); Microsoft Learn, device restrictions for iOS and macOS (three
columns: address or bundle id, name, publisher); Jamf Pro's inventory by the names its API gives the fields. The words of
other exports are unverified, which is why a table needs no fixed set of columns, only a name and an identifier.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.identifiers import is_valid, quoted
from mdm_policy.vocabulary import FAMILIES, FAMILY_OF, KINDS_BY_FAMILY, Family, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdm_policy.errors import Origin
    from mdm_policy.loading.report import LoadReport

_NAMES = ("app", "appname", "applicationname", "applicationtitle", "displayname", "name", "softwarename", "title")
"""Words for an app's name, the best first."""
_KINDS: dict[str, tuple[Family | None, Kind]] = {
    "adamid": ("ios", "app_store_id"),
    "appbundleid": (None, "bundle_id"),
    "appstoreid": ("ios", "app_store_id"),
    "appxname": ("windows", "appx_name"),
    "bundleid": (None, "bundle_id"),
    "bundleidentifier": (None, "bundle_id"),
    "domain": ("web", "domain"),
    "executable": ("windows", "executable"),
    "identifyingnumber": ("windows", "product_code"),
    "itunesstoreid": ("ios", "app_store_id"),
    "packagefamilyname": ("windows", "package_family_name"),
    "packagename": ("android", "package_name"),
    "productcode": ("windows", "product_code"),
    "signingid": ("macos", "signing_id"),
    "trackid": ("ios", "app_store_id"),
    "wingetid": ("windows", "winget_id"),
}
"""Words for an identifier; a bundle id is of iOS or macOS, as another column or the kind of table says."""
_PLATFORMS = ("platform", "os", "operatingsystem", "source")
_FAMILY: dict[str, Family] = {
    **FAMILY_OF,
    **{family: family for family in FAMILIES},
    "iphone": "ios",
    "ipad": "ios",
    "iosapps": "ios",
    "ipadosapps": "ios",
    "mac": "macos",
    "osx": "macos",
    "macosx": "macos",
    "apps": "macos",
    "darwin": "macos",
    "programs": "windows",
    "androidapps": "android",
}
"""Words for a platform, those of Fleet's `source` among them."""
_MAC = frozenset(("bundleexecutable", "bundleshortversion", "macappstore", "path"))
"""Columns that only a table of a Mac's programs has: osquery's and Jamf Pro's."""
_RULES: dict[str, Kind] = {"SIGNINGID": "signing_id", "TEAMID": "team_id", "CDHASH": "cdhash"}
_STORE = re.compile(r"https://(?:apps|itunes)\.apple\.com/[^\s?]*?/?id([0-9]+)(?:[?/].*)?", re.ASCII)
_PLAY = re.compile(r"https://play\.google\.com/store/apps/details\?(?:[^\s]*&)?id=([A-Za-z0-9._]+)(?:&.*)?", re.ASCII)


class FoundColumns(msgspec.Struct, frozen=True):
    """Hold one identifier of a row, before it is checked."""

    name: str
    family: Family
    kind: Kind
    value: str


class Layout(msgspec.Struct, frozen=True):
    """Say what the columns of a table are: `form` names the kind of table, `at` the place of each known word."""

    form: str
    at: dict[str, int]
    width: int

    @property
    def used(self) -> tuple[int, ...]:
        """Return the places that are read."""
        return tuple(self.at.values())

    def read(self, row: Sequence[str], origin: Origin, report: LoadReport) -> Iterator[FoundColumns]:
        """Return the identifiers of a row."""
        cells = {word: row[place] for word, place in self.at.items()}
        return _READERS[self.form](cells, origin, report)


def folded(text: str) -> str:
    """Return a header's word without case, spaces and punctuation."""
    return "".join(char for char in text.casefold() if char.isalnum())


def layout(header: Sequence[str]) -> Layout | None:
    """Say what kind of table a first row heads; None if it is no known header."""
    words: dict[str, int] = {}
    for place, cell in enumerate(header):
        words.setdefault(folded(cell), place)
    form, wanted = _form(words)
    if not form:
        return _headless(header)
    name = next((word for word in _NAMES if word in words), "")
    at = {word: words[word] for word in wanted}
    if name:
        at["name"] = words[name]
    return Layout(form, at, len(header))


def _form(words: Mapping[str, int]) -> tuple[str, tuple[str, ...]]:
    named = any(word in words for word in _NAMES)
    if {"app", "platform", "kind", "identifier"} <= words.keys():
        return "audit", ("platform", "kind", "identifier")
    if {"identifier", "ruletype"} <= words.keys():
        return "santa", tuple(word for word in ("identifier", "ruletype", "policy", "custommsg") if word in words)
    address = next((word for word in ("appstoreurl", "appurl", "storeurl", "url") if word in words), "")
    if named and address:
        return "address", (address,)
    kinds = [word for word in words if word in _KINDS]
    if not named or not kinds:
        return "", ()
    platform = [word for word in _PLATFORMS if word in words][:1]
    if not platform and any(_KINDS[word][0] is None for word in kinds):
        if "trackid" in words:
            return "ios", tuple(kinds)
        if words.keys() & _MAC or "bundleidentifier" in words:
            return "macos", tuple(kinds)
        return "", ()
    return "columns", (*kinds, *platform)


def _headless(row: Sequence[str]) -> Layout | None:
    """Recognise Intune's three columns, which have no header: an address or a bundle id, the name, the publisher."""
    if len(row) != 3 or not (_address(row[0]) or ("." in row[0] and is_valid("macos", "bundle_id", row[0]))):
        return None
    return Layout("bare", {"address": 0, "name": 1}, 3)


def _address(text: str) -> tuple[Family, Kind, str] | None:
    if found := _STORE.fullmatch(text):
        return ("ios", "app_store_id", found.group(1))
    if found := _PLAY.fullmatch(text):
        return ("android", "package_name", found.group(1))
    return None


def _audit(cells: dict[str, str], origin: Origin, report: LoadReport) -> Iterator[FoundColumns]:
    family = _family(cells["platform"], origin, report)
    if family is None:
        return
    for known in KINDS_BY_FAMILY[family]:
        if known == cells["kind"]:
            yield FoundColumns(cells["name"], family, known, cells["identifier"])
            return
    said = f"{quoted(cells['kind'])} is not a kind of identifier of `{family}`"
    report.error("unknown-word", said, origin, report.guess(cells["kind"], KINDS_BY_FAMILY[family]))


def _family(text: str, origin: Origin, report: LoadReport) -> Family | None:
    family = _FAMILY.get(folded(text))
    if family is None:
        hint = report.guess(text, (*FAMILY_OF, "web"))
        report.error("unknown-word", f"{quoted(text)} is not a platform", origin, hint)
    return family


def _columns(cells: dict[str, str], origin: Origin, report: LoadReport) -> Iterator[FoundColumns]:
    """Read a table that says the platform, or whose columns do."""
    word = next((word for word in _PLATFORMS if word in cells), "")
    yield from _each(cells, _family(cells[word], origin, report) if word else None, origin, report)


def _ios(cells: dict[str, str], origin: Origin, report: LoadReport) -> Iterator[FoundColumns]:
    yield from _each(cells, "ios", origin, report)


def _macos(cells: dict[str, str], origin: Origin, report: LoadReport) -> Iterator[FoundColumns]:
    yield from _each(cells, "macos", origin, report)


def _each(cells: dict[str, str], platform: Family | None, origin: Origin, report: LoadReport) -> Iterator[FoundColumns]:
    name = cells["name"]
    given = [(word, value) for word, value in cells.items() if word in _KINDS and value]
    for word, value in given:
        own, kind = _KINDS[word]
        family = own or platform
        if family is not None and kind in KINDS_BY_FAMILY[family]:
            yield FoundColumns(name.removesuffix(".app") if kind == "bundle_id" else name, family, kind, value)
        elif family is not None:
            said = f"a {kind} is not an identifier of `{family}`"
            report.error("unknown-word", said, origin, "correct the platform, or leave the cell empty")
    if not given:
        said = f"{quoted(name)} has no identifier in any column, so nothing of it is banned"
        report.error("identifier-empty", said, origin, "give an identifier, or remove the row")


def _santa(cells: dict[str, str], origin: Origin, report: LoadReport) -> Iterator[FoundColumns]:
    value, rule, policy = cells["identifier"], cells["ruletype"].upper(), cells.get("policy", "BLOCKLIST").upper()
    kind = _RULES.get(rule)
    if "BLOCKLIST" not in policy:
        said = f"the rule for {quoted(value)} has the policy {quoted(policy)}: it bans nothing, and is left out"
        report.warning("csv-row-left-out", said, origin, "remove the row, or give it the policy BLOCKLIST")
    elif kind is None:
        said = (
            f"a rule of the type {quoted(rule)} names one file or one certificate, which no list holds: it is left out"
        )
        report.warning("csv-row-left-out", said, origin, "give the app's SIGNINGID, TEAMID or CDHASH")
    else:
        yield FoundColumns(cells.get("name") or cells.get("custommsg") or value, "macos", kind, value)


def _addresses(cells: dict[str, str], origin: Origin, report: LoadReport) -> Iterator[FoundColumns]:
    text = next(value for word, value in cells.items() if word != "name")
    found = _address(text)
    if found is not None:
        yield FoundColumns(cells["name"], *found)
    elif is_valid("macos", "bundle_id", text):
        yield FoundColumns(cells["name"], "macos", "bundle_id", text)
    else:
        said = f"{quoted(text)} is neither the address of an app in a store nor a bundle id"
        hint = "write it as the store shows it: https://apps.apple.com/app/id414478124"
        report.error("csv-address", said, origin, hint)


_READERS = {
    "audit": _audit,
    "santa": _santa,
    "address": _addresses,
    "bare": _addresses,
    "columns": _columns,
    "ios": _ios,
    "macos": _macos,
}
