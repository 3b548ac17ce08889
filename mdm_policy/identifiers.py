"""Say what each kind of identifier looks like, and explain what is wrong with one.

A device compares identifiers byte by byte, so one invisible or look-alike character makes a ban that bans nothing. The
grammars are ASCII wherever the vendor's are; only file names and publishers, which vendors write in any script, take
more. What an identifier *means* (known, dangerous, a near miss) is asked of the catalogue, not here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, Origin, error
from mdm_policy.vocabulary import KINDS_BY_FAMILY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mdm_policy.vocabulary import Family, Kind

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_FILE = r"[^\x00-\x1f\x7f/\\:*?\"<>|]"
# A comma may stand bare inside a value: the next attribute, not the comma, ends it.
_DN_PART = r"[A-Za-z][A-Za-z0-9.]*=(?![ ,])(?:\"(?:[^\"*\x00-\x1f\x7f]|\"\")+\"|[^\"*=\x00-\x1f\x7f]+(?<![ ,]))"
_TEXT = r"[^*\x00-\x1f\x7f]"
_WINGET = r"[^\x00-\x20\x7f./\\:*?\"<>|]{1,32}"


class _Rule:
    """Hold one kind's grammar, its longest form, how to describe it, and whether it is free text (any script, spaces)."""

    __slots__ = ("_pattern", "free", "hint", "longest", "match", "spaces")

    def __init__(self, pattern: str, longest: int, hint: str, *, free: bool = False, spaces: bool = False) -> None:
        self._pattern = pattern
        self.match: Callable[[str], object] = self._first_match
        self.longest = longest
        self.hint = hint
        self.free = free
        self.spaces = spaces or free

    def _first_match(self, value: str) -> object:
        """Compile the grammar when the first identifier of the kind comes: most commands meet few kinds."""
        self.match = re.compile(self._pattern, re.ASCII).fullmatch
        return self.match(value)


_RULES: dict[Kind, _Rule] = {
    # developer.apple.com/help/glossary/bundle-id: letters, digits, hyphen and period, nothing else.
    "bundle_id": _Rule(
        r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
        255,
        "write the bundle id as the store has it, such as `com.tencent.xin`: letters, digits, `-`, at least one `.`",
    ),
    "app_store_id": _Rule(r"[1-9][0-9]{5,11}", 12, "write only the digits of the store address, such as `414478124`"),
    "team_id": _Rule(
        r"(?!(.)\1{9})[A-Z0-9]{10}", 10, "write the ten upper-case letters and digits that `codesign -dv` prints"
    ),
    # northpolesec/santa docs, rule type SIGNINGID: a signing id carries its team, or `platform` for Apple's own.
    "signing_id": _Rule(
        r"(?:[A-Z0-9]{10}|platform):[A-Za-z0-9-][A-Za-z0-9._-]*",
        266,
        "write `TEAMID:bundle.id`, or `platform:bundle.id` for Apple's own",
    ),
    "cdhash": _Rule(r"[0-9a-f]{40}", 40, "write the 40 lower-case hexadecimal digits that `codesign -dvvv` prints"),
    "process_name": _Rule(
        rf"(?! ){_FILE}+(?<! )", 255, "write the name of the program's file, without its folder", free=True
    ),
    # AOSP validateName, without the empty segments it lets pass; 223 is its limit for a file name.
    "package_name": _Rule(
        r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+",
        223,
        "write the package name as the store has it, such as `com.tencent.mm`: each part starts with a letter",
    ),
    # The publisher's hash is 13 characters of Crockford's base 32.
    "package_family_name": _Rule(
        r"[A-Za-z0-9.-]{3,50}_[0-9a-hjkmnp-tv-z]{13}",
        64,
        "write `Name_publisherhash` as `Get-AppxPackage` prints it; the hash has 13 characters",
    ),
    "appx_name": _Rule(
        r"[A-Za-z0-9.-]{3,50}", 50, "write the Name that `Get-AppxPackage` prints, without the publisher's hash"
    ),
    "publisher": _Rule(
        rf"{_DN_PART}(?:, ?{_DN_PART})*",
        1024,
        "write the whole distinguished name that `Get-AppLockerFileInformation` prints, such as `O=NAME, L=CITY, C=CN`",
        free=True,
    ),
    # RFC 5280, ub-common-name: 64 characters.
    "publisher_cn": _Rule(
        r"(?! )[^*=\x00-\x1f\x7f]+(?<! )",
        64,
        "write the name alone that the signer's certificate has as CN, such as `Example Software, Inc.`",
        free=True,
    ),
    # cipolicy.xsd, CertRoot Type="TBS": the hash is that of the certificate's own signature, SHA-1 to SHA-512.
    "certificate": _Rule(
        r"(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})",
        128,
        "write the TBS hash of the certificate that issued the signer's, in hexadecimal digits alone",
    ),
    "product_name": _Rule(
        rf"(?! ){_TEXT}+(?<! )",
        255,
        "write the ProductName of the program's version resource, as `Get-AppLockerFileInformation` prints it",
        free=True,
    ),
    "original_file_name": _Rule(
        rf"(?! ){_FILE}+(?<! )",
        255,
        "write the OriginalFilename of the program's version resource, which may differ from the name on disk",
        free=True,
    ),
    "executable": _Rule(
        rf"(?! ){_FILE}+\.[Ee][Xx][Ee]", 255, "write a file name that ends in `.exe`, without its folder", free=True
    ),
    # winget's manifest schema 1.10.0, `PackageIdentifier`, cut to ASCII.
    "winget_id": _Rule(
        rf"{_WINGET}(?:\.{_WINGET}){{1,7}}", 128, "write `Publisher.Package` as `winget list` prints it"
    ),
    # winget's ProductCode is the name of the key under Uninstall: any text without a backslash, 255 characters at most
    # (learn.microsoft.com, registry element size limits). Packagers write {GUID}, {GUID}_is1, a bare GUID, the app's name.
    "product_code": _Rule(
        r"(?! )[^\\*\x00-\x1f\x7f]+(?<! )",
        255,
        "write the `{GUID}` of the MSI package in braces, or the name of its key under `Uninstall`",
        free=True,
    ),
    "domain": _Rule(
        rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}",
        253,
        "write a bare domain such as `qq.com`: no scheme, no path, no port, no `.` at the end",
    ),
    "url": _Rule(
        r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?(?:[/?#][!#-)+-;=?-\[\]_a-z~]*)?",
        2048,
        "write a whole address that starts with `https://` or `http://`",
    ),
}

_TABLE: dict[tuple[str, str], _Rule] = {
    (family, kind): _RULES[kind] for family, kinds in KINDS_BY_FAMILY.items() for kind in kinds
}
# Apple allows no underscore, and registers none for iOS; programs for the Mac are signed with one all the same.
_TABLE["macos", "bundle_id"] = _Rule(
    r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+",
    255,
    "write the bundle id as the program's Info.plist has it, such as `com.tencent.xinWeChat`",
)

_PLACEHOLDER = (
    r"REPLACE|<[^<>]*>|\$\{|\{\{|\A(?i:replace|change)[-_ .]?(?i:me|this)\b"
    r"|\A(?i:bundle_?id|package_?name|team_?id)[0-9]*\Z|\A(?i:todo|tbd|fixme|n/a|none|null|unknown|-+|\?+|\.+)\Z"
    r"|\A(.)\1{5,}\Z"
)
# Printable to Python, yet drawn as nothing: Unicode's Default_Ignorable_Code_Point, and the blank Braille cell.
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
_LOOK_LATIN = ("CYRILLIC ", "GREEK ", "ARMENIAN ", "CHEROKEE ", "COPTIC ")
_ONE_CASE = ("team_id", "cdhash", "domain")
_WIDE_KINDS = (
    *("process_name", "appx_name", "winget_id", "product_code"),
    *("product_name", "original_file_name", "publisher_cn"),
)
_QUESTIONS = ("url", "product_code", "product_name", "publisher_cn")
"""Kinds in which a question mark is a character like any other."""
_CONTROLS = {"\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN"}
_SHOWN = 80
_LONGEST_NAME = 300
_SAFE = r"[a-z0-9](?:[a-z0-9.-]{0,78}[a-z0-9])?"
_HASHED = r"(?:.*-)?[0-9a-f]{8}"
_DEVICE = r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?"
_Fault = tuple[str, str, str]


def is_valid(family: Family, kind: Kind, value: str) -> bool:
    """Tell whether a value has its kind's exact shape.

    It runs once for each of up to 100,000 identifiers, so it says only yes or no: `problems` gives the reasons.
    """
    rule = _TABLE.get((family, kind))
    if rule is None or len(value) > rule.longest or rule.match(value) is None or "REPLACE" in value:
        return False
    if value.isascii():
        return True
    return rule.free and value.isprintable() and _BLANK.isdisjoint(value) and not any(_free_text_faults(value))


def problems(family: Family, kind: Kind, value: str, origin: Origin) -> tuple[Finding, ...]:
    """Explain why a value is not an identifier of its kind; nothing, exactly when `is_valid` says yes."""
    if is_valid(family, kind, value):
        return ()
    rule = _TABLE.get((family, kind))
    if rule is None:
        return (_kind_unknown(family, kind, origin),)
    bare = value.strip()
    if not bare:
        return (error("identifier-empty", f"the {kind} is empty", origin, rule.hint),)
    if re.search(_PLACEHOLDER, bare):
        said = f"{quoted(bare)} is a placeholder, not a {kind}"
        return (error("identifier-placeholder", said, origin, rule.hint),)
    faults = [*_common_faults(kind, value, rule), *(_free_text_faults(bare) if rule.free else _ascii_faults(bare))]
    faults = faults or [_shape_fault(family, kind, value, rule)]
    return tuple(error(id_, f"the {kind} {quoted(value)} {said}", origin, hint) for id_, said, hint in faults)


def quoted(text: str) -> str:
    """Show a hostile or long text in a message: what draws nothing or steers the terminal is written as its escape."""
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    if shown.isascii() and shown.isprintable():
        return f"`{shown}`"
    return "`" + "".join(c if c.isprintable() and c not in _BLANK else f"<U+{ord(c):04X}>" for c in shown) + "`"


def character(char: str) -> str:
    """Name one character so that a person can find it: `U+200B ZERO WIDTH SPACE`."""
    if char in _CONTROLS:
        return f"U+{ord(char):04X} {_CONTROLS[char]}"
    kinds = {"Cc": "control character", "Cs": "unpaired surrogate", "Co": "private-use character"}
    unnamed = kinds.get(unicodedata.category(char), "unassigned character")
    return f"U+{ord(char):04X} {unicodedata.name(char, unnamed)}"


def characters(found: Iterable[str]) -> str:
    """Name the first three different characters of a text, and say how many more there are."""
    different = list(dict.fromkeys(found))
    more = f" and {len(different) - 3} more" if len(different) > 3 else ""
    return ", ".join(map(character, different[:3])) + more


def invisible(text: str) -> list[str]:
    """List the characters that draw nothing or steer what is drawn (controls, bidi, zero-width), white space apart."""
    return [c for c in text if (not c.isprintable() and not c.isspace()) or c in _BLANK]


def _kind_unknown(family: Family, kind: Kind, origin: Origin) -> Finding:
    kinds = KINDS_BY_FAMILY.get(family)
    said = f"{quoted(kind)} is not a kind of identifier of {quoted(family)}"
    hint = f"its kinds are {', '.join(kinds)}" if kinds else f"the families are {', '.join(KINDS_BY_FAMILY)}"
    return error("identifier-kind-unknown", said, origin, hint)


def _common_faults(kind: Kind, value: str, rule: _Rule) -> Iterator[_Fault]:
    bare = value.strip()
    edges = value[: len(value) - len(value.lstrip())] + value[len(value.rstrip()) :]
    if edges:
        yield "identifier-white-space", f"begins or ends with {characters(edges)}", "remove the white space around it"
    inner = [c for c in bare if c.isspace() and not (c == " " and rule.spaces)]
    if inner:
        yield "identifier-white-space", f"contains {characters(inner)}", rule.hint
    hidden = invisible(bare)
    if hidden:
        yield "identifier-invisible-character", f"contains {characters(hidden)}", "type it anew instead of pasting it"
    if "*" in bare or ("?" in bare and kind not in _QUESTIONS):
        yield (
            "identifier-wildcard",
            "contains a wildcard, which devices take literally or refuse",
            _no_wildcard(kind, bare),
        )
    if len(bare) > rule.longest:
        yield "identifier-too-long", f"has {len(bare)} characters; {rule.longest} is the limit", rule.hint


def _no_wildcard(kind: Kind, bare: str) -> str:
    if kind == "domain" and bare.startswith("*."):
        return f"write {quoted(bare[2:])}: a domain covers its subdomains"
    if bare == "*APPLE*":
        return "remove it: it names all of Apple's own software"
    return "write each identifier in full"


def _ascii_faults(bare: str) -> Iterator[_Fault]:
    """Yield the visible characters that no identifier of an ASCII kind can hold, and the ASCII ones they look like."""
    foreign = [c for c in bare if not c.isascii() and c.isprintable() and c not in _BLANK]
    if foreign:
        plain = unicodedata.normalize("NFKC", bare)
        hint = f"write {quoted(plain)}" if plain.isascii() else "type it anew in plain Latin letters"
        yield "identifier-not-ascii", f"contains {characters(foreign)}", hint


def _free_text_faults(bare: str) -> Iterator[_Fault]:
    """Yield what makes a name in any script compare unequal to the one it looks like."""
    if not unicodedata.is_normalized("NFC", bare):
        yield "identifier-not-normalized", "is not in Unicode's composed form (NFC)", "type it anew on a keyboard"
    for word in re.findall(r"[^\W\d_]+", bare):
        alien = [c for c in word if unicodedata.name(c, "").startswith(_LOOK_LATIN)]
        if alien and any(c.isascii() for c in word):
            said = f"mixes Latin letters with {characters(alien)} in one word"
            yield "identifier-confusable-character", said, "type it anew with one keyboard layout"
    wide = [c for c in bare if not c.isascii() and unicodedata.normalize("NFKC", c).isascii() and c.isalnum()]
    if wide:
        plain = unicodedata.normalize("NFKC", bare)
        yield "identifier-confusable-character", f"contains {characters(wide)}", f"write {quoted(plain)}"


def _shape_fault(family: Family, kind: Kind, value: str, rule: _Rule) -> _Fault:
    """Say that a clean text has the wrong shape; better still, which case or which kind it would be right in."""
    for folded in (value.lower(), value.upper()):
        if kind in _ONE_CASE and is_valid(family, kind, folded):
            return "identifier-case", "has letters in the wrong case", f"write {quoted(folded)}"
    for other in KINDS_BY_FAMILY[family]:
        if is_valid(family, other, value) and other not in _WIDE_KINDS:
            return "identifier-shape", f"is not a valid {kind}", f"it has the shape of {other}; {rule.hint}"
    return "identifier-shape", f"is not a valid {kind}", rule.hint


def name_problems(text: str, origin: Origin) -> tuple[Finding, ...]:
    """Explain why a text cannot be a display name: it goes into every format, onto consoles and into file names.

    Any script and emoji pass. Controls, bidi steering, unpaired surrogates, private use and noncharacters do not: XML
    and plists cannot carry some, and the rest make one name look like another. Joiners pass only where writing needs
    them (RFC 5892, CONTEXTJ): between emoji, after a virama, between Arabic letters; variation selectors after a symbol.
    """
    if not text.strip():
        return (error("name-empty", "the name is empty", origin, "write the name people know it by"),)
    found: list[Finding] = []
    if text != text.strip():
        said = f"the name {quoted(text)} begins or ends with white space"
        found.append(error("name-white-space", said, origin, "remove the white space around it"))
    bad = [c for place, c in enumerate(text) if not _may_stand(text, place)]
    if bad:
        said = f"the name {quoted(text)} contains {characters(bad)}"
        found.append(error("name-character", said, origin, "type it anew instead of pasting it"))
    if not unicodedata.is_normalized("NFC", text):
        said = f"the name {quoted(text)} is not in Unicode's composed form (NFC)"
        found.append(error("name-not-normalized", said, origin, "type it anew on a keyboard"))
    if len(text) > _LONGEST_NAME:
        said = f"the name {quoted(text)} has {len(text)} characters; {_LONGEST_NAME} is the limit"
        found.append(error("name-too-long", said, origin, "shorten it"))
    return tuple(found)


def _may_stand(text: str, place: int) -> bool:
    char = text[place]
    if char.isascii():
        return " " <= char <= "~"
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if char in "\u200c\u200d":
        return _joins(char, before, after)
    if char in "\ufe0e\ufe0f":
        return before != "" and unicodedata.category(before)[0] in "SPN"
    if char in _BLANK:
        return False
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and not _is_noncharacter(ord(char))


def _joins(char: str, before: str, after: str) -> bool:
    """Tell whether a joiner (U+200D) or non-joiner (U+200C) stands where a script or an emoji needs it."""
    if not before:
        return False
    if unicodedata.combining(before) == 9:
        return True
    if char == "\u200c":
        return unicodedata.bidirectional(before) == "AL" == unicodedata.bidirectional(after or " ")
    emoji = unicodedata.category(before) in ("So", "Sk") or before == "\ufe0f"
    return emoji and unicodedata.category(after or " ") == "So"


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def slug(text: str) -> str:
    """Turn a name into a file name that is safe on every system, and different for every name.

    A text that is already safe stays as it is. Any other gets the first eight hexadecimal digits of its SHA-256, and so
    does a safe text that ends like one of those: what is hashed and what is not can then never meet.
    """
    if re.fullmatch(_SAFE, text) and not re.fullmatch(_HASHED, text) and not re.fullmatch(_DEVICE, text):
        return text
    from hashlib import sha256  # noqa: PLC0415 - 10 ms that most commands never need

    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    kept = re.sub(r"[^a-z0-9]+", "-", plain)[:71].strip("-")
    return f"{kept}-{digest}" if kept else f"name-{digest}"
