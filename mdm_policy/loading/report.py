"""Collect what is wrong with one file, with the place of each defect, and go on reading."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from mdm_policy.errors import Finding, Origin, error, warning
from mdm_policy.identifiers import quoted

if TYPE_CHECKING:
    from collections.abc import Collection

MOST_FINDINGS = 10_000
_MOST_GUESSES = 200
_LONGEST_GUESS = 60


class LoadReport:
    """Gather the findings of one file; a hostile file can neither fill the memory nor buy time with bad spelling."""

    __slots__ = ("_guesses", "file", "findings")

    def __init__(self, file: str) -> None:
        """Start empty, for the file of that name."""
        self.file = file
        self.findings: list[Finding] = []
        self._guesses = _MOST_GUESSES

    def at(self, node: Any) -> Origin:
        """Return the place of a node; parsers count from 0, people from 1."""
        mark = node.start_mark
        return Origin(self.file, mark.line + 1, mark.column + 1)

    def add(self, findings: tuple[Finding, ...]) -> None:
        """Keep findings made elsewhere."""
        room = MOST_FINDINGS - len(self.findings)
        if room > 0:
            self.findings.extend(findings[:room])
            if len(findings) >= room:
                hint = "correct these first: some of them may have one cause"
                self.findings.append(error("too-many-findings", "the rest is not listed", Origin(self.file), hint))

    def error(self, id_: str, message: str, origin: Origin, hint: str = "") -> None:
        """Record an error."""
        self.add((error(id_, message, origin, hint),))

    def warning(self, id_: str, message: str, origin: Origin, hint: str = "") -> None:
        """Record a warning."""
        self.add((warning(id_, message, origin, hint),))

    def guess(self, word: str, known: Collection[str]) -> str:
        """Turn a misspelt word into a hint: the known word it resembles, or all of them."""
        if len(self.findings) > MOST_FINDINGS:
            return ""
        bare = _bare(word)
        for one in known:
            if _bare(one) == bare:
                return f"did you mean `{one}`?"
        close: list[str] = []
        if self._guesses > 0 and len(word) <= _LONGEST_GUESS:
            self._guesses -= 1
            close = difflib.get_close_matches(word.lower(), known, 1)
        return f"did you mean `{close[0]}`?" if close else f"write one of {listed(known)}"


def listed(words: Collection[str]) -> str:
    """Write words as a list for a sentence."""
    return ", ".join(map(quoted, words))


def shown(key: str) -> str:
    """Name a value in a sentence: a key in back quotes, any other phrase as it is."""
    return key if " " in key else f"`{key}`"


def _bare(word: str) -> str:
    """Strip what different naming habits add: `bundleId`, `Bundle-ID` and `bundle_id` are the same word."""
    return word[:_LONGEST_GUESS].lower().replace("_", "").replace("-", "").replace(" ", "")
