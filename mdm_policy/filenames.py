"""Say which relative paths may be written on any system, and which two of them are one file on some system.

Names of files come from lists, from targets and, when a build is verified, from a manifest that anybody may have
written. One rule judges them all, on every system alike: a build made on Linux is opened on Windows and on a Mac.
"""

from __future__ import annotations

import re
import unicodedata

_MOST_BYTES = 255
"""The longest name of one file that ext4, APFS and NTFS all take."""
_MOST = 1024
"""The longest whole path; no build comes near it, and macOS takes no longer one (PATH_MAX)."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\\\ud800-\udfff]')
"""What Windows takes in no name (learn.microsoft.com, Naming Files, Paths, and Namespaces), and what no terminal shows."""
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE
)
"""The device names of the same page; with any extension they are still the device."""


def problem(path: str) -> str:
    """Say why a relative path with forward slashes is not safe to write below a folder; empty when it is."""
    if len(path) > _MOST:
        return "it is too long"
    return next(filter(None, map(_part_problem, path.split("/"))), "")


def _part_problem(part: str) -> str:
    if part in ("", ".", ".."):
        return "it leaves its folder, or does not name a file"
    found = _FORBIDDEN.search(part)
    if found is not None:
        return f"it holds {found[0]!r}, which some systems take in no name"
    if part != part.strip(" ") or part.endswith("."):
        return "a name in it begins or ends with a space, or ends with a dot, which Windows drops"
    if is_device(part):
        return f"{part!r} is a device on Windows, not a file"
    if len(part.encode()) > _MOST_BYTES:
        return "a name in it is too long"
    if not unicodedata.is_normalized("NFC", part):
        return "it is not in normal form (NFC), so a Mac may write another name"
    return ""


def is_device(part: str) -> bool:
    """Tell whether Windows takes a name, with any extension, for a device."""
    return _RESERVED.fullmatch(part.partition(".")[0].rstrip(" ")) is not None


def same(path: str) -> str:
    """Return what two paths have in common when a system that ignores case takes them for one file."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
