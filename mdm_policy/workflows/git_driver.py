"""Understand how git calls an external diff program (git-scm.com/docs/git, GIT_EXTERNAL_DIFF)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mdm_policy.model import Frozen
from mdm_policy.sources.sides import GivenSide, given
from mdm_policy.workflows.compare import CompareRequest, CompareResult, compare_given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MODE = re.compile(r"[0-7]{6}|\.")
_HEX = re.compile(r"[0-9a-f]{4,64}|\.")
_ARGUMENTS = (7, 9)
"""How many arguments git gives: path, old file, hex and mode, new file, hex and mode; for a rename also the new path and
what git says about it."""
_CALLED_BY_GIT = "GIT_DIFF_PATH_COUNTER"
"""What git sets for its diff program; for an unmerged file it gives the path alone."""


class GitCall(Frozen, frozen=True):
    """Hold what git wants compared: the title of it, both sides, and the name in the repository of each file."""

    title: str
    sides: tuple[GivenSide, GivenSide]
    names: dict[str, str]

    def renamed(self, text: str) -> str:
        """Write a text with the repository's names in place of those of git's temporary files."""
        for name in sorted(self.names, key=len, reverse=True):
            if name != self.names[name].partition("/")[2]:  # the working tree's own file has its name already
                text = text.replace(name, self.names[name])
        return text


def is_unmerged(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Tell whether git names a file that two branches still disagree about, and so gives no sides."""
    return len(arguments) == 1 and _CALLED_BY_GIT in environment


def git_call(arguments: Sequence[str]) -> GitCall | None:
    """Take the arguments for a call by git, or return None when they are not one."""
    if len(arguments) not in _ARGUMENTS:
        return None
    hexes, modes = (arguments[2], arguments[5]), (arguments[3], arguments[6])
    if not (all(map(_HEX.fullmatch, hexes)) and all(map(_MODE.fullmatch, modes))):
        return None
    path, old, new = arguments[0], arguments[1], arguments[4]
    now = arguments[7] if len(arguments) > _ARGUMENTS[0] else path
    names = {file: name for file, name in ((old, f"a/{path}"), (new, f"b/{now}")) if given(file).paths}
    before, after = (GivenSide(names.get(file, file), given(file).paths, str(Path(file).parent)) for file in (old, new))
    return GitCall(f"a/{path} b/{now}", (before, after), names)


def compare_for_git(call: GitCall, request: CompareRequest) -> CompareResult:
    """Compare what git wants compared.

    Raises:
        PolicyError: as `compare`.

    """
    return compare_given(*call.sides, request, call.renamed)
