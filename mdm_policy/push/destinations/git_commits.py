"""Commit our files with git's own program: those paths and nothing else, and never push.

What keeps a commit from being made is found before the first file is written; what is committed in the end is compared
with what was written, since hooks may change files on the way.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from mdm_policy.push.answers import LocalFailure, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from mdm_policy.push.answers import Local

_PATIENCE = 300
"""Seconds: hooks of the repository may run tests."""
_WORDS = {"?": "add", "A": "add", "D": "remove"}
_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}


class Repository(NamedTuple):
    """Name a folder that git keeps, and the variables with secrets that programs which git starts do not inherit."""

    root: Path
    withheld: Collection[str] = ()

    def check(self) -> None:
        """Refuse a folder that git does not keep.

        Raises:
            LocalFailure: `git-folder-missing`, `git-not-kept`.

        """
        if not self.root.is_dir():
            said = f"{self.root.name} is not a folder, so nothing can be committed there"
            raise LocalFailure("refused", said, "folder-missing", "clone the repository there first")
        self.run("rev-parse", "--is-inside-work-tree", what="not-kept", hint="clone the repository there first")

    def ready(self) -> None:
        """Refuse a repository in which no commit could be made now: before anything is written.

        Raises:
            LocalFailure: `git-locked`, `git-under-way`, `git-no-identity`, `git-cannot-sign`.

        """
        folder = self.root / self.run("rev-parse", "--git-dir").decode().strip()
        if (folder / "index.lock").exists():
            said = "another program has locked the repository (index.lock)"
            raise LocalFailure("refused", said, "locked", "wait until it has ended; remove the lock if it was cut off")
        for name, step in _UNDER_WAY.items():
            if (folder / name).exists():
                said = f"{step} is under way in the repository"
                raise LocalFailure("refused", said, "under-way", "end it, or abort it")
        hint = "set user.name and user.email in the repository"
        self.run("var", "GIT_COMMITTER_IDENT", what="no-identity", hint=hint)
        if self.run("config", "--type=bool", "--get", "commit.gpgSign", must=False).strip() == b"true":
            tree = self.run("rev-parse", "--verify", "--quiet", "HEAD^{tree}", must=False).decode().strip()
            if tree:
                hint = "give the pipeline the signing key, or set commit.gpgSign to false"
                self.run("commit-tree", "-S", "-m", "Try to sign", tree, what="cannot-sign", hint=hint)

    def head(self, path: str) -> bytes | None:
        """Return a file as the last commit has it, or None."""
        known = self.run("cat-file", "-e", f"HEAD:./{path}", must=False, told=True)
        return self.run("show", f"HEAD:./{path}") if known == b"there" else None

    def commit(self, index: str, written: Mapping[str, bytes | None], former: Callable[[bytes], Sequence[str]]) -> None:
        """Make one commit of our files that differ from the last one, if any; what else is changed or staged stays so.

        `written` holds our files as they are, None for one that is gone. `former` reads an older index: a file that it
        names and the present one does not has been removed.

        Raises:
            LocalFailure: `git-ignored`, `git-commit-refused` with what git or a hook said, `git-changed-by-hook`.

        """
        paths = list(written)
        listed = self.run("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", index, *paths)
        ignored = _names(listed)
        if ignored:
            said = f"git ignores {', '.join(ignored[:3])}: it would never reach the MDM; mend .gitignore"
            raise LocalFailure("refused", said, "ignored", "take the path out of .gitignore, and run it again")
        old = former(self.run("show", f"HEAD:./{index}", must=False))
        wanted = list(dict.fromkeys((index, *paths, *old)))
        status = self.run("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *wanted)
        changed = _changed(status)
        if not changed:
            return
        # Names in `status` count from the top of the repository.
        prefix = self.run("rev-parse", "--show-prefix").decode().rstrip("\n")
        names = {name.removeprefix(prefix): word for name, word in changed.items()}
        ours = [f"{word} {name}" for name, word in sorted(names.items()) if name != index]
        title = f"Update {len(ours)} device {'policy' if len(ours) == 1 else 'policies'} by mdm-policy"
        self.run("add", "--all", "--", *names)
        text = ("--message", title, "--message", "\n".join(ours) or index)
        hint = "do what git or the hook says, and run it again: what is written and not committed is not forgotten"
        self.run("commit", "--quiet", "--only", *text, "--", *names, what="commit-refused", hint=hint)
        self._check_hooks({name: data for name, data in written.items() if name in names and data is not None})

    def _check_hooks(self, written: Mapping[str, bytes]) -> None:
        for name, data in written.items():
            if lines(self.head(name) or b"") != lines(data):
                said = f"{name} was committed otherwise than it was written: a hook or a filter changed it"
                hint = "leave our files out of formatters; the next plan writes the file anew"
                raise LocalFailure("refused", said, "changed-by-hook", hint, ambiguous=True)

    def run(
        self,
        *arguments: str,
        must: bool = True,
        told: bool = False,
        what: Local = "refused",
        hint: str = "do what git says, and run it again",
    ) -> bytes:
        """Run git in the folder; where it must succeed, its own words tell why it did not.

        With `told` the answer is whether it succeeded: `there`, or nothing.
        """
        # A hook of another repository may have started us: its GIT_DIR is not this folder's.
        # Hooks, filters and signing programs are the repository's: they get none of our secrets.
        clean = {key: value for key, value in os.environ.items() if key not in _NOT_OURS and key not in self.withheld}
        clean = {key: value for key, value in clean.items() if not key.startswith(("GIT_DIR", "MDM_POLICY_"))}
        command = ["git", "--literal-pathspecs", "-C", str(self.root), *arguments]
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
            said = f"git {arguments[0]} cannot be run: {bad}"
            raise LocalFailure("refused", said, "missing", "install git, and run it again") from None
        if told:
            return b"" if ran.returncode else b"there"
        if ran.returncode and must:
            said = shown(ran.stderr or ran.stdout) or f"exit code {ran.returncode}"
            raise LocalFailure("refused", f"git {arguments[0]}: {said}", what, hint)
        return ran.stdout if not ran.returncode else b""


def lines(data: bytes) -> bytes:
    """Return a file's content as git compares it: it may turn line ends around."""
    return data.replace(b"\r\n", b"\n")


def _changed(status: bytes) -> dict[str, str]:
    found = {}
    for line in filter(None, status.decode(errors="surrogateescape").split("\0")):
        word = next((_WORDS[letter] for letter in line[:2] if letter in _WORDS), "change")
        found[line[3:]] = word
    return found


def _names(listed: bytes) -> list[str]:
    return [name for name in listed.decode(errors="replace").split("\0") if name]


_NOT_OURS = frozenset({"GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"})
