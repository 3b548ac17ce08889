"""Compare the subjects by which Windows knows a signer, and work out what follows from one.

AppLocker writes the subject of a program's certificate as `O=..., L=..., S=..., C=...`. A comma inside a name stands bare in
Microsoft's own files (`O=ZOOM VIDEO COMMUNICATIONS, INC., L=SAN JOSE, ...` in microsoft/AaronLocker TrustedSigners.ps1) and
in quotation marks in others' rules, so both spellings are one signer.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ATTRIBUTE = r"[A-Za-z][A-Za-z0-9.]*"
_QUOTED = re.compile(rf'(?:^|(?<=,)|(?<=, ))({_ATTRIBUTE})="((?:[^"]|"")*)"(?=,|$)')
_BARE = re.compile(rf'(?:^|(?<=,)|(?<=, ))({_ATTRIBUTE})=([^"=]*,[^"=]*?)(?=, ?{_ATTRIBUTE}=|$)')
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"


def unquoted(subject: str) -> str:
    """Return a subject without the quotation marks around its values: the spelling by which subjects are compared."""
    if '"' not in subject:
        return subject
    return _QUOTED.sub(lambda found: f"{found[1]}={found[2].replace(chr(34) * 2, chr(34))}", subject)


def quoted(subject: str) -> str:
    """Return a subject with quotation marks around each value that holds a comma: the other spelling of one signer."""
    return _BARE.sub(r'\1="\2"', subject) if "," in subject else subject


def other_spelling(subject: str) -> str:
    """Return the spelling of a subject that a rule needs beside the given one; empty where there is only one."""
    bare = unquoted(subject)
    marked = quoted(bare)
    return next((other for other in (bare, marked) if marked != bare and other != subject), "")


def spellings(subject: str) -> list[str]:
    """Return all the ways in which rules write a subject, the one without quotation marks first."""
    bare = unquoted(subject)
    return [bare, *filter(None, (other_spelling(bare),))]


@lru_cache(maxsize=1024)
def publisher_id(subject: str) -> str:
    """Return the 13 characters by which a package family name stands for its publisher.

    SHA-256 over the subject in UTF-16LE, exactly as in the package's manifest; the first 64 bits and one 0 bit, five by five
    in Crockford's base 32. Sources: docs.rs package-family-name; devblogs.microsoft.com/insidemsix "Package Identity" for the
    name. `CN=Microsoft Windows, O=Microsoft Corporation, L=Redmond, S=Washington, C=US` gives `cw5n1h2txyewy`.
    """
    from hashlib import sha256  # noqa: PLC0415 - 10 ms that most commands never need

    bits = int.from_bytes(sha256(subject.encode("utf-16-le", "surrogatepass")).digest()[:8]) << 1
    return "".join(_BASE32[bits >> shift & 31] for shift in range(60, -1, -5))


def fits(subject: str, family_name: str) -> bool:
    """Tell whether a package family name is one of a publisher's: its hash is that of the subject."""
    return family_name.rpartition("_")[2] == publisher_id(subject)
