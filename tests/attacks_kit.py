"""Give the program what somebody hostile has made, count the attacks, and say how many succeeded."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

from cli_kit import AS_OF, DAY, Ran, ids, run
from kind_documents import blocking

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BANNED = "com.tencent.xin"
LIST = "us-eo-13971"
GOOD = blocking(BANNED).data
"""A profile that hides WeChat; an attack that makes it count where it must not has succeeded."""


class Attacks(NamedTuple):
    """Count what was tried by its kind."""

    kind: str

    def tell(self, outcomes: Iterable[tuple[str, str]]) -> None:
        """Print the count for `make trust`, and fail with the names of the attacks that came to something."""
        made = list(outcomes)
        succeeded = [(name, how) for name, how in made if how]
        print(f"trust: {self.kind}: {len(made)} attacks, {len(succeeded)} succeeded")
        assert succeeded == [], succeeded
        assert len(made) >= 20


def faults(done: Ran) -> str:
    """Say what of a run is no orderly end."""
    if "internal-error" in " ".join(ids(done.err)) or "Traceback" in done.err:
        return done.err.strip().splitlines()[-1]
    return "" if done.code in (0, 1, 10, 11) else f"exit code {done.code}"


def verified(*paths: object, allow: tuple[str, ...] = ()) -> Ran:
    """Verify some paths against a list with WeChat in it."""
    return run("verify", *paths, "--list", LIST, *AS_OF, *allow)


def compared(old: object, new: object) -> Ran:
    return run("diff", old, new, *AS_OF)


def timed(seconds: float, *arguments: object) -> tuple[Ran, str]:
    """Run a command, and say whether it took too long."""
    began = time.monotonic()
    done = run(*arguments)
    took = time.monotonic() - began
    return done, f"took {took:.1f} seconds" if took > seconds else ""


def seen(folder: Path) -> set[str]:
    """Return everything below a folder, links not followed."""
    return {
        os.path.relpath(os.path.join(where, name), folder)  # noqa: PTH118 - names may be any bytes
        for where, folders, files in os.walk(folder)
        for name in (*folders, *files)
    }


def git(folder: Path, *arguments: str, feed: bytes = b"") -> str:
    """Run git apart from the account's own configuration."""
    apart = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    names = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **apart, **names},
        input=feed,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def committed(folder: Path, entries: Iterable[tuple[bytes, str, str]]) -> str:
    """Make a commit of a tree whose entries are (name, mode, object), whatever the names: git itself would refuse them."""
    raw = b"".join(b"%s %s\0%s" % (mode.encode(), name, bytes.fromhex(id_)) for name, mode, id_ in entries)
    tree = git(folder, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", feed=raw)
    return git(folder, "commit-tree", tree, "-m", "x")


def blob(folder: Path, data: bytes) -> str:
    return git(folder, "hash-object", "-w", "--stdin", feed=data)


__all__ = [
    "AS_OF",
    "BANNED",
    "DAY",
    "GOOD",
    "LIST",
    "Attacks",
    "blob",
    "committed",
    "compared",
    "faults",
    "git",
    "seen",
    "timed",
    "verified",
]
