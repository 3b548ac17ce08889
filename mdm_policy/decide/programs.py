"""Tell whether a rule for files means a program of which some attributes are known: it does, it does not, or nobody can tell.

Microsoft's law (MicrosoftDocs/windows-itpro-docs, applocker/): in a publisher condition `*` alone is any, other text in publisher and
product stands for itself, and in the file name `*` and `?` are wildcards; the file name is the original one of the version
resource. In a path `*` stands for any text, folders included. A packaged app has a name and a publisher, of which the family
name holds the hash.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdm_policy.model import Frozen
from mdm_policy.publishers import fits, other_spelling, unquoted
from mdm_policy.reading import EVERYBODY

if TYPE_CHECKING:
    from mdm_policy.reading import FileCondition, FileRule

NO, MAYBE, YES = 0, 1, 2
ELSEWHERE = "\0:\\\0\\\0"
"""The path of a file that stands nowhere that any rule names."""


class Program(Frozen, frozen=True, gc=False):
    """Hold what is known of a program, or of a package; None for what is not known.

    `disk` is its file's name, `original` the one in its version resource, `families` are the package family names it may
    have, `path` a pattern of places, `versions` and `hashes` those of some builds, `users` a SID of those who start it
    where it is not everybody. `service`: it runs as one.
    """

    packaged: bool = False
    package: str | None = None
    families: tuple[str, ...] = ()
    publisher: str | None = None
    product: str | None = None
    original: str | None = None
    disk: str | None = None
    path: str | None = None
    version: str | None = None
    hashes: tuple[str, ...] = ()
    users: str = ""
    service: bool = False

    @property
    def known(self) -> bool:
        """Tell whether anything is known by which a rule could mean it."""
        told = (self.package, self.publisher, self.product, self.original, self.disk, self.path)
        return any(one is not None for one in told) or bool(self.hashes)


def meant(rule: FileRule, program: Program) -> int:
    """Tell whether a rule acts on a program: its condition fits, no exception does, and it is for those who start it."""
    level = fitting(rule.condition, program)
    for one in rule.exceptions if level else ():
        taken = fitting(one, program)
        if taken == YES:
            return NO
        level = min(level, YES - taken)
    if level == YES and rule.users not in EVERYBODY and rule.users != program.users:
        return MAYBE
    return level


def fitting(condition: FileCondition, program: Program) -> int:
    """Tell whether a condition fits a program."""
    if condition.kind == "path":
        return (
            MAYBE
            if program.packaged and condition.path != "*"
            else path_fits(condition.path, program.disk, program.path)
        )
    if condition.kind == "hash":
        if not program.hashes:
            return MAYBE
        return YES if set(program.hashes) <= set(condition.hashes) else NO
    level = _publisher(condition.publisher, program)
    if level:
        level = min(level, _text(condition.product, program.package if program.packaged else program.product))
    if level:
        level = min(level, _binary(condition.binary, program))
    return min(level, _versions(condition, program.version)) if level else NO


def _publisher(wanted: str, program: Program) -> int:
    if wanted == "*":
        return YES if program.packaged or program.publisher is not None else MAYBE
    stated = NO if program.publisher is None else _text(unquoted(wanted), unquoted(program.publisher))
    if program.families and stated != YES:
        forms = {wanted, unquoted(wanted), other_spelling(wanted) or wanted}
        return YES if all(any(fits(form, one) for form in forms) for one in program.families) else NO
    return MAYBE if program.publisher is None else stated


def _text(wanted: str, known: str | None) -> int:
    """Compare a literal: Windows writes these in capitals, so such a text fits in any case, and no other for certain."""
    if wanted == "*":
        return YES
    if known is None:
        return MAYBE
    if wanted == known:
        return YES
    if wanted.casefold() != known.casefold():
        return NO
    return YES if wanted == wanted.upper() else MAYBE


def _binary(wanted: str, program: Program) -> int:
    if wanted == "*":
        return YES
    if program.packaged or program.original is None:
        return MAYBE
    if "*" not in wanted and "?" not in wanted:
        return _text(wanted, program.original)
    if _matches(wanted.casefold(), program.original.casefold()):
        return YES
    return MAYBE if _matches(f"*{wanted.casefold()}*", program.original.casefold()) else NO


def _versions(condition: FileCondition, known: str | None) -> int:
    if not condition.bounded:
        return YES
    if known is None:
        return MAYBE
    version, low, high = map(_parts, (known, condition.low, condition.high))
    return YES if (not low or version >= low) and (not high or version <= high) else NO


def _parts(version: str) -> tuple[int, ...]:
    return () if version == "*" else tuple(int(part) for part in version.split(".") if part.isdecimal())


def path_fits(pattern: str, disk: str | None, path: str | None = None) -> int:
    """Tell whether a path condition fits a file of a name in an unknown folder, or all files of a pattern."""
    wanted = pattern.replace("/", "\\").casefold()
    if wanted == "*":
        return YES
    if path is not None:
        return _pattern_within(wanted, path.replace("/", "\\").casefold())
    if disk is None:
        return MAYBE
    name = disk.casefold()
    folder, slash, file = wanted.rpartition("\\")
    tail = wanted[wanted.rfind("*") + 1 :]
    if "\\" in tail:  # the file's whole name is written out
        return (YES if folder == "*" else MAYBE) if _matches(file, name) else NO
    if "*" not in wanted:
        return MAYBE if _matches(wanted, name) else NO
    if "?" not in tail and not name.endswith(tail):
        return NO
    anywhere = folder == "*" if slash else wanted.startswith("*")
    return YES if anywhere and _matches(file, name) else MAYBE


def _pattern_within(wanted: str, path: str) -> int:
    """Tell whether a pattern holds all that another holds."""
    if wanted == path:
        return YES
    if path == ELSEWHERE:
        return YES if _matches(wanted, path) else NO
    if "?" not in wanted and _matches(wanted, path):
        return YES
    tails = [one[one.rfind("*") + 1 :] for one in (wanted, path)]
    if "?" not in "".join(tails) and not tails[0].endswith(tails[1]) and not tails[1].endswith(tails[0]):
        return NO
    heads = [re.split(r"[*?]", one, maxsplit=1)[0] for one in (wanted, path)]
    roots = [one.partition("\\")[0] for one in heads]
    if roots[0] and roots[0] == roots[1] and not heads[0].startswith(heads[1]) and not heads[1].startswith(heads[0]):
        return NO
    return MAYBE


def _matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern holds a text; piece by piece, so that no pattern takes long."""
    first, *rest = pattern.split("*")
    if not rest:
        return len(first) == len(text) and _at(first, text, 0)
    last = rest.pop()
    end = len(text) - len(last)
    if len(first) > end or not _at(first, text, 0) or not _at(last, text, end):
        return False
    at = len(first)
    for piece in rest:
        at = _next(piece, text, at, end)
        if at < 0:
            return False
    return True


def _at(piece: str, text: str, at: int) -> bool:
    if "?" not in piece:
        return text.startswith(piece, at)
    return all(wanted in ("?", sign) for wanted, sign in zip(piece, text[at : at + len(piece)], strict=True))


def _next(piece: str, text: str, at: int, end: int) -> int:
    """Return where the first place of a piece ends, or -1."""
    if "?" not in piece:
        found = text.find(piece, at, end)
    else:
        found = next((place for place in range(at, end - len(piece) + 1) if _at(piece, text, place)), -1)
    return found + len(piece) if found >= 0 else -1
