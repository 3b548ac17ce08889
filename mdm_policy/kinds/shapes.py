"""Say which entries have a form that no app can have: they match nothing, and who wrote them believes that they do.

Each form is the widest that the vendor states, not the one that a ban list is held to: what a device might match is no fault.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdm_policy.vocabulary import Family, Kind


class Form(NamedTuple):
    """Hold the form of a kind of identifier: tests for one value and for a whole list, its name, the rule, and the way out."""

    one: Callable[[str], object]
    every: Callable[[str], object]
    name: str
    rule: str
    hint: str


def _form(pattern: str, name: str, rule: str, hint: str) -> Form:
    one = re.compile(pattern, re.ASCII).fullmatch
    return Form(one, re.compile(rf"(?:{pattern})(?:\n(?:{pattern}))*+", re.ASCII).fullmatch, name, rule, hint)


_BUNDLE = _form(
    r"[A-Za-z0-9._-]+",
    "the bundle id of any app",
    "letters, digits, hyphens and periods (Apple, CFBundleIdentifier; programs for the Mac bear underscores too)",
    "write the bundle id as the store has it, such as com.tencent.xin",
)
_FORMS: dict[tuple[Family, Kind], Form] = {
    # AOSP validateName, without the empty segments it lets pass; the framework's own name has no dot.
    ("android", "package_name"): _form(
        r"(?:[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+|android)",
        "the package name of any app",
        "parts that begin with a letter, with periods between them (AOSP, validateName)",
        "write the name as the store has it, such as com.tencent.mm, without a prefix",
    ),
    ("ios", "bundle_id"): _BUNDLE,
    ("macos", "bundle_id"): _BUNDLE,
    ("macos", "team_id"): _form(
        r"(?:[A-Z0-9]{10}|\*APPLE\*)",
        "the team id of any developer",
        "ten capital letters and digits (Apple, Locate your Team ID)",
        "write what `codesign -dv` prints as TeamIdentifier",
    ),
    ("macos", "cdhash"): _form(
        r"[0-9A-Fa-f]{40}(?:[0-9A-Fa-f]{24})?",
        "the code hash of any program",
        "40 hexadecimal digits, or the 64 of a file's SHA-256 (Apple, app.settings declaration; Santa, CDHASH and BINARY)",
        "write what `codesign -dvvv` prints as CDHash",
    ),
    # AppxManifest schema, Identity/Name: 3 to 50 letters, digits, periods and hyphens. AppLocker takes * and ? within.
    ("windows", "appx_name"): _form(
        r"[A-Za-z0-9.*?-]{1,50}",
        "the name of any package",
        "3 to 50 letters, digits, periods and hyphens (Microsoft, appxmanifest Identity)",
        "write the Name that Get-AppxPackage prints, without the publisher's hash",
    ),
    ("windows", "package_family_name"): _form(
        r"[A-Za-z0-9.-]{3,50}_[0-9a-hjkmnp-tv-zA-HJKMNP-TV-Z]{13}",
        "the family name of any package",
        "the name, an underscore and 13 letters and digits of the publisher's hash (Microsoft, package identity)",
        "write the PackageFamilyName that Get-AppxPackage prints",
    ),
    ("windows", "original_file_name"): _form(
        r"[^\n\\/:\"<>|]+",
        "the name of any file",
        "a name without its folder (Microsoft, version resource OriginalFilename)",
        "write the name alone",
    ),
    ("windows", "executable"): _form(
        r"[^\n\\/:\"<>|]+",
        "the name of any file",
        "a name without its folder (Win32, naming files)",
        "write the name alone",
    ),
}


def impossible(family: Family, kind: Kind, values: Sequence[str]) -> list[int]:
    """Return the places of the entries that no app can match."""
    form = _FORMS.get((family, kind))
    if form is None or form.every("\n".join(values)):
        return []
    return [place for place, value in enumerate(values) if not form.one(value)]


def form_of(family: Family, kind: Kind) -> Form:
    """Return the form of a kind of which some entries are impossible."""
    return _FORMS[family, kind]
