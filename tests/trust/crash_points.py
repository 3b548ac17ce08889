"""Let every file-system call of a command fail, or be its last before a kill, and look at what is left.

Run as a program: `crash_points.py [--every | --one-in N] ROW...` prints one JSON line for each row. The command runs in a copy of this
process (fork), so that a point costs no start-up; in the copy Python's own files are replaced by `_pyio`, the same in
Python, so that each open, read, write, flush and close goes through `os`, where the calls are counted. A call counts when
it concerns the sandbox: a path below it, or a handle or folder opened there. At point N the call raises an error, writes
less than it was given, or the process is ended at once (`os._exit`), before the call or after it.

A row is a command: what is there before, the arguments, and the paths that hold its output. After each point the outputs
must be the old ones or the new ones, byte for byte; the program must have said why, in a finding; and a second run without
any fault must end with exactly what one undisturbed run leaves, nothing beside it.
"""

from __future__ import annotations

import _pyio  # type: ignore[import-not-found]  # the standard library's own, without a stub
import argparse
import builtins
import contextlib
import ctypes
import errno
import fcntl
import functools
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import signing_kit

from mdm_policy.build import writing
from mdm_policy.cli import main as program
from mdm_policy.documents.signed import looks_signed, signed_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Snapshot = dict[str, bytes | None]
_KILLED = 137
_ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)
_CALLS = (
    "open", "read", "write", "close", "fsync", "rename", "replace", "mkdir", "rmdir", "unlink", "remove", "stat", "lstat",
    "fstat", "scandir", "listdir", "readlink", "chmod", "fchmod", "link", "symlink", "truncate", "ftruncate", "lseek",
)  # fmt: skip
_LOOKING = frozenset({"read", "stat", "lstat", "fstat", "scandir", "listdir", "readlink", "lseek"})
_LIST = """\
ban_list: ours
authority: {citation: "Memo 1", issued: 2026-01-05}
bans:
- app: wechat
"""


class Row(NamedTuple):
    """Describe a command: `setup` writes what is there before, `outputs` are what it replaces as a whole.

    `patch` changes the program in the copy that runs it. `between` allows an output to be absent after a kill, when the
    next run puts it back: where two folders cannot change places in one step.
    """

    setup: Callable[[Path], None]
    argv: Callable[[Path], Sequence[str]]
    outputs: tuple[str, ...]
    patch: Callable[[], None] = lambda: None
    between: bool = False
    view: Callable[[bytes], bytes] = lambda data: data
    """What of a file's bytes is the same in each run: a signature is another one each time, its content is not."""


def _build(folder: Path, target: str = "apple-ios-restrictions") -> list[str]:
    return ["build", str(folder / "ours.yaml"), "--as-of", "2026-11-24", "--target", target, "-o", str(folder / "out")]


def _list(folder: Path) -> None:
    (folder / "ours.yaml").write_text(_LIST, encoding="utf-8")


def _former(folder: Path) -> None:
    """Build something else first: another target, so that files come and go."""
    _list(folder)
    assert _ended(_build(folder, "jamf-restricted-software"), Shim(folder)) == 0


def _cannot_exchange() -> None:
    def unable(new: Path, old: Path) -> bool:
        del new, old
        return False

    writing._swapped = unable


def _profile(folder: Path) -> None:
    """Have a profile, and who signs it."""
    signer = signing_kit.line("p-256", 2)
    (folder / "ban.mobileconfig").write_bytes(signing_kit.PROFILE)
    (folder / "cert.pem").write_bytes(signer[0].pem)
    (folder / "chain.pem").write_bytes(signer[1].pem)
    (folder / "key.pem").write_bytes(signer[0].key_pem())
    (folder / "key.pem").chmod(0o600)


def _unsigned(folder: Path) -> None:
    """Have a build that is not signed yet."""
    _profile(folder)
    _list(folder)
    assert _ended(_build(folder), Shim(folder)) == 0


def _sign(folder: Path, what: str) -> list[str]:
    options = {"--key": "key.pem", "--cert": "cert.pem", "--chain": "chain.pem"}
    given = [part for option, name in options.items() for part in (option, str(folder / name))]
    return ["sign", str(folder / what), *given, "--as-of", "2026-11-24"]


def _inside(data: bytes) -> bytes:
    content = signed_content(data) if looks_signed(data) else None
    return data if content is None else b"signed: " + content


def _spoil() -> None:
    """Let a build put its files in place one by one, as a careless program would."""

    def one_by_one(self: writing.Staging) -> None:
        for path in self._files:
            place = self._output / path.relative_to(self._stage)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)

    writing.Staging.commit = one_by_one  # type: ignore[method-assign]


ROWS: dict[str, Row] = {
    "build anew": Row(_list, _build, ("out",)),
    "build over a former build": Row(_former, _build, ("out",)),
    "build over a former build, by two renames": Row(_former, _build, ("out",), _cannot_exchange, between=True),
    "sign a profile": Row(
        _profile, lambda folder: _sign(folder, "ban.mobileconfig"), ("ban.mobileconfig",), view=_inside
    ),
    "sign a build": Row(_unsigned, lambda folder: _sign(folder, "out"), ("out",), view=_inside),
}
"""Every command that writes. To add one: a row here, and nothing else."""


class Fault(NamedTuple):
    """Say what happens at one call; `error` 0 with `kill` unset means that nothing does."""

    at: int = 0
    error: int = 0
    kill: str = ""
    short: bool = False


class Shim:
    """Stand between the program and the system's calls, count those on the sandbox, and let one of them fail."""

    def __init__(self, root: Path, fault: Fault = Fault()) -> None:  # noqa: B008 - it is frozen
        self._root = str(root)
        self._fault = fault
        self._handles: set[int] = set()
        self.calls: list[str] = []

    def install(self) -> None:
        """Replace the calls, in this process for good."""
        for name in _CALLS:
            setattr(os, name, self._wrapped(name, getattr(os, name)))
        fcntl.flock = self._wrapped("flock", fcntl.flock)
        builtins.open = io.open = _pyio.open
        real = ctypes.CDLL
        shim = self

        class Library:
            def __init__(self, name: str | None) -> None:
                self._real = real(name)

            def __getattr__(self, name: str) -> Any:
                found = getattr(self._real, name)
                return shim._wrapped(name, found) if name.startswith("renameat") else found

        ctypes.CDLL = Library  # type: ignore[misc, assignment]

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def call(*arguments: Any, **more: Any) -> Any:
            if not self._concerns(arguments, more):
                return real(*arguments, **more)
            self.calls.append(name)
            if len(self.calls) == self._fault.at:
                return self._spoilt(name, real, arguments, more)
            return self._noted(name, arguments, real(*arguments, **more))

        return call

    def _noted(self, name: str, arguments: Sequence[Any], result: Any) -> Any:
        """Remember which handles belong to the sandbox."""
        if name == "open":
            self._handles.add(result)
        if name == "close":
            self._handles.discard(arguments[0])
        return result

    def _spoilt(self, name: str, real: Callable[..., Any], arguments: Sequence[Any], more: Mapping[str, Any]) -> Any:
        """Make the call that is to go wrong."""
        if self._fault.kill == "before":
            os._exit(_KILLED)
        if self._fault.error:
            if name.startswith("renameat"):
                return -1
            if name == "close":
                real(*arguments)  # Linux frees the handle even when it reports an error
            raise OSError(self._fault.error, os.strerror(self._fault.error))
        if self._fault.short and name == "write":
            arguments = (arguments[0], bytes(arguments[1])[: max(1, len(arguments[1]) // 2)])
        try:
            return self._noted(name, arguments, real(*arguments, **more))
        finally:
            if self._fault.kill == "after":
                os._exit(_KILLED)

    def _concerns(self, arguments: Sequence[Any], more: Mapping[str, Any]) -> bool:
        for one in (*arguments[:4], more.get("dir_fd"), more.get("path")):
            if isinstance(one, int) and not isinstance(one, bool):
                if one in self._handles:
                    return True
            elif isinstance(one, str | bytes | os.PathLike) and self._is_below(os.fsdecode(one)):
                return True
        return False

    def _is_below(self, path: str) -> bool:
        return os.path.abspath(path).startswith(self._root)  # noqa: PTH100 - Path would make the calls that are counted


def _ended(argv: Sequence[str], shim: Shim, said: Path | None = None, patch: Callable[[], None] = lambda: None) -> int:
    """Run the program in a copy of this process and return its exit code; its calls are written to `said`.calls."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 99
    try:
        quiet = os.open(said or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        sys.argv = ["mdm-policy", *argv]
        patch()
        shim.install()
        try:
            program()
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else 1
        sys.stdout.flush()
        if said is not None:
            handle = os.open(f"{said}.calls", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(handle, json.dumps(shim.calls).encode())
    finally:
        os._exit(code)


def _warm(row: Row, folder: Path) -> None:
    """Run the command once in this process, as it is: its copies then have all that it loads and compiles."""
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet), contextlib.suppress(SystemExit):
        sys.argv = ["mdm-policy", *row.argv(folder)]
        program()


def _tree(path: Path, view: Callable[[bytes], bytes]) -> Snapshot | None:
    """Return everything below a path, byte for byte as the row views it; None when it is absent."""
    if not path.exists():
        return None
    return {
        one.relative_to(path).as_posix(): view(one.read_bytes()) if one.is_file() else None
        for one in sorted((path, *path.rglob("*")))
    }


class Tried:
    """Count what was tried for one row, and keep every violation."""

    def __init__(self, name: str, row: Row, scratch: Path) -> None:
        self.name, self._row, self._scratch = name, row, scratch
        self._sandbox, self._said = scratch / "sandbox", scratch / "said"
        self.points = self.killed = self.failed = 0
        self.violations: list[str] = []
        self._reset_to: Path = scratch / "before"
        self._reset_to.mkdir()
        row.setup(self._reset_to)
        self._fresh()
        _warm(row, self._sandbox)
        self._fresh()
        self._old = [_tree(self._sandbox / name, self._row.view) for name in row.outputs]
        assert self._run(Fault()) == 0, self._said.read_text(encoding="utf-8")
        self.calls: list[str] = json.loads(Path(f"{self._said}.calls").read_bytes())
        self._new = [_tree(self._sandbox / name, self._row.view) for name in row.outputs]
        self._whole = _tree(self._sandbox, self._row.view)

    def _fresh(self) -> None:
        shutil.rmtree(self._sandbox, ignore_errors=True)
        shutil.copytree(self._reset_to, self._sandbox, symlinks=True)

    def _run(self, fault: Fault) -> int:
        return _ended(self._row.argv(self._sandbox), Shim(self._sandbox, fault), self._said, self._row.patch)

    def all(self, *, every: bool, spoilt: bool, one_in: int) -> None:
        """Try every call, or every so-many-th of what can befall them."""
        faults = [one for one in self._faults(every=every) if not spoilt or one[0] == "replace"]
        for call, fault in faults[::one_in]:
            self._try(call, fault)

    def _faults(self, *, every: bool) -> Iterator[tuple[str, Fault]]:
        """Yield for each call a kill before it, a kill after it, and an error: one of the four in turn, or all.

        A call that only looks changes nothing, so a kill around it leaves what a kill around its neighbours does; it is
        tried with `every` alone.
        """
        for at, call in enumerate(self.calls, 1):
            for kill in ("before", "after") if every or call not in _LOOKING else ():
                yield call, Fault(at, kill=kill)
            for error in _ERRORS if every else (_ERRORS[at % len(_ERRORS)],):
                yield call, Fault(at, error)
            if call == "write":
                yield call, Fault(at, short=True)

    def _try(self, call: str, fault: Fault) -> None:
        self.points += 1
        self._fresh()
        code = self._run(fault)
        said = self._said.read_text(encoding="utf-8", errors="replace")
        self.killed += code == _KILLED
        self.failed += code == 1
        problem = self._problem(fault, code, said)
        if not problem:
            again = self._run(Fault())
            if again != 0:
                problem = f"the next run ended with {again}: {self._said.read_text(encoding='utf-8')[:300]}"
            elif _tree(self._sandbox, self._row.view) != self._whole:
                problem = f"the next run left {sorted(path.name for path in self._sandbox.iterdir())}"
        if problem:
            self.violations.append(f"{self.name}: call {fault.at} ({call}), {_told(fault)}: {problem}")

    def _problem(self, fault: Fault, code: int, said: str) -> str:
        now = [_tree(self._sandbox / name, self._row.view) for name in self._row.outputs]
        states = [
            "new" if held == new else "old" if held == old else "absent" if held is None else "a mixture"
            for held, old, new in zip(now, self._old, self._new, strict=True)
        ]
        if "a mixture" in states or ("absent" in states and not (self._row.between and fault.kill)):
            return f"the output is {' and '.join(states)}"
        if fault.kill:
            return "" if code == _KILLED else f"it was to be killed, and ended with {code}"
        if code == 0:
            return "" if states == ["new"] * len(states) else "it said it had done its work"
        if code != 1 or "error[" not in said or "internal-error" in said or "Traceback" in said:
            return f"it ended with {code} and said {said[:300]!r}"
        return ""


def _told(fault: Fault) -> str:
    if fault.kill:
        return f"killed {fault.kill} it"
    return "short write" if fault.short else errno.errorcode[fault.error]


def main() -> int:
    """Try the rows named, or all, and print what came of each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rows", nargs="*", metavar="ROW")
    parser.add_argument("--every", action="store_true", help="Raise all four errors at each call, not one in turn.")
    parser.add_argument("--one-in", type=int, default=1, help="Try every so-many-th point only.")
    parser.add_argument("--spoilt", action="store_true", help="Try a build that is not whole, to see it found.")
    parser.add_argument("--list", action="store_true", help="Print the rows.")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(ROWS))
        return 0
    memory = Path("/dev/shm")  # noqa: S108 - a fresh folder of our own in it
    bad = False
    for name in arguments.rows or ROWS:
        scratch = Path(tempfile.mkdtemp(prefix="mdm-policy-crash-", dir=memory if memory.is_dir() else None))
        try:
            row = ROWS[name]._replace(patch=_spoil) if arguments.spoilt else ROWS[name]
            tried = Tried(name, row, scratch)
            tried.all(every=arguments.every, spoilt=arguments.spoilt, one_in=arguments.one_in)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        held = {"row": name, "calls": len(tried.calls), "points": tried.points, "killed": tried.killed}
        print(json.dumps({**held, "failed": tried.failed, "violations": tried.violations}), flush=True)
        bad = bad or bool(tried.violations)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
