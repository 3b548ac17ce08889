"""Commit our files with git's own program: those paths and nothing else, and never push."""

from __future__ import annotations

import functools
import os
import subprocess
from typing import TYPE_CHECKING

from mdm_policy.push.answers import Failure, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

_PATIENCE = 300
"""Seconds: hooks of the repository may run tests."""
_WORDS = {"?": "add", "A": "add", "D": "remove"}


def check(root: Path, withheld: Collection[str] = ()) -> None:
    """Refuse a folder that git does not keep.

    Raises:
        Failure: `refused`.

    """
    if not root.is_dir():
        raise Failure("refused", f"{root.name} is not a folder, so nothing can be committed there")
    _git(root, "rev-parse", "--is-inside-work-tree", withheld=withheld)


def commit(
    root: Path,
    index: str,
    paths: Sequence[str],
    former: Callable[[bytes], Sequence[str]],
    withheld: Collection[str] = (),
) -> None:
    """Make one commit of our files that differ from the last one, if any; what else is changed or staged stays so.

    `former` reads an older index: a file that it names and the present one does not has been removed. `withheld` are
    variables that hold secrets: the repository's hooks do not inherit them.

    Raises:
        Failure: `refused`, with what git said.

    """
    run = functools.partial(_git, root, withheld=withheld)
    ignored = _names(run("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", index, *paths))
    if ignored:
        raise Failure("refused", f"git ignores {', '.join(ignored[:3])}: it would never reach the MDM; mend .gitignore")
    old = former(run("show", f"HEAD:./{index}", must=False))
    wanted = list(dict.fromkeys((index, *paths, *old)))
    changed = _changed(run("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *wanted))
    if not changed:
        return
    # Names in `status` count from the top of the repository.
    prefix = run("rev-parse", "--show-prefix").decode().rstrip("\n")
    names = {name.removeprefix(prefix): word for name, word in changed.items()}
    ours = [f"{word} {name}" for name, word in sorted(names.items()) if name != index]
    title = f"Update {len(ours)} device {'policy' if len(ours) == 1 else 'policies'} by mdm-policy"
    run("add", "--all", "--", *names)
    run("commit", "--quiet", "--only", "--message", title, "--message", "\n".join(ours) or index, "--", *names)


def _changed(status: bytes) -> dict[str, str]:
    found = {}
    for line in filter(None, status.decode(errors="surrogateescape").split("\0")):
        word = next((_WORDS[letter] for letter in line[:2] if letter in _WORDS), "change")
        found[line[3:]] = word
    return found


def _names(listed: bytes) -> list[str]:
    return [name for name in listed.decode(errors="replace").split("\0") if name]


def _git(root: Path, *arguments: str, must: bool = True, withheld: Collection[str] = ()) -> bytes:
    """Run git in the folder; where it must succeed, its own words tell why it did not."""
    # A hook of another repository may have started us: its GIT_DIR is not this folder's.
    # Its own hooks, filters and signing programs are the repository's: they get none of our secrets.
    clean = {key: value for key, value in os.environ.items() if key not in _NOT_OURS and key not in withheld}
    clean = {key: value for key, value in clean.items() if not key.startswith(("GIT_DIR", "MDM_POLICY_"))}
    command = ["git", "--literal-pathspecs", "-C", str(root), *arguments]
    try:
        ran = subprocess.run(  # noqa: S603 - a list of arguments, no shell
            command,
            env={**clean, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as bad:
        raise Failure("refused", f"git {arguments[0]} cannot be run: {bad}") from None
    if ran.returncode and must:
        said = shown(ran.stderr or ran.stdout) or f"exit code {ran.returncode}"
        raise Failure("refused", f"git {arguments[0]}: {said}")
    return ran.stdout if not ran.returncode else b""


_NOT_OURS = frozenset({"GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"})
