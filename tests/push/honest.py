"""Let every call of `apply` fail, and hold what it says against what is there: it never denies what it wrote.

Exit code 1 means that the server is as it was. With any other code the receipt (or the journal, where the receipt is
still open) names every object that is not as it was, and how each was left.
"""

from __future__ import annotations

import functools
import json
import os
import re
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "trust"))

import crash_points
from emulators.faults import FAULTS

from mdm_policy.push.grants import Grants
from mdm_policy.push.journal import read_journal
from mdm_policy.push.observing import observe
from mdm_policy.push.planfile import done_of, load_receipt
from mdm_policy.workflows import push
from push.matrix import prepare
from push.stage import DAY, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulators.faults import Fault

    from mdm_policy.push.model import Done, Remote

WHY = ("--allow-loosening", "a decision (example)")
_ID = re.compile(r"[^/]*[0-9][^/]*")
"""A part of a path that names one object."""


class Told(NamedTuple):
    """Hold how one run ended."""

    code: int
    wrong: str


def remotes(one: Stage) -> dict[str, Remote]:
    """Read what is there, as the destination itself does."""
    with_env = {**os.environ, **one.kit.env}
    services = push.Services(with_env, lambda _: None, lambda: "2026-11-25T12:00:00+00:00", 0.25, Grants(paths=("/",)))
    read = push.read_for_push(push.PushRequest(one.deployment, DAY), services)
    [(spec, destination)] = push.connected(read)
    return observe(destination, read.owner(spec)).by_key()


def done(one: Stage) -> dict[str, Done]:
    """Return what receipts, or journals where a receipt is open, say was done, by key."""
    found: dict[str, Done] = {}
    for path in one.receipts():
        file = load_receipt(str(path), path.read_bytes())
        for receipt in file.receipts:
            entries = read_journal(path.with_name(path.name.replace("receipt.json", "there.journal")), file.plan)
            assert file.state == "open" or receipt.done == done_of(entries)
            found |= {entry.key: entry for entry in done_of(entries)}
    return found


def judge(one: Stage, code: int, before: dict[str, Remote], snapshot: Any, said: str) -> str:
    """Say what is wrong with how a run ended, or nothing."""
    if "internal-error" in said or "Traceback" in said:
        return f"broke: {said[:300]}"
    found = one.found
    one.emulator.arm()
    if code == 1:
        # Where a second person approves, `apply` is run again, and speaks for its own run alone.
        return "" if one.emulator.snapshot() in (snapshot, found) else "it said that nothing was changed"
    now, told = remotes(one), done(one)
    changed = {key for key in before.keys() | now.keys() if _print(before.get(key)) != _print(now.get(key))}
    if changed - told.keys():
        return f"with {code}, the receipt lacks {len(changed - told.keys())} of {len(changed)} objects"
    left = {key for key, entry in told.items() if entry.whole and entry.after and key in now}
    wrong = [key for key in left if told[key].after != now[key].fingerprint]
    return f"with {code}, the receipt says of {len(wrong)} objects that they are otherwise" if wrong else ""


def _print(remote: Remote | None) -> Any:
    return None if remote is None else (remote.fingerprint, remote.assignment)


def ready(one: Stage, scenario: str) -> tuple[dict[str, Remote], Any]:
    """Bring a stage to where `apply` is next, and note what is there."""
    prepare(one, scenario)
    for path in [*one.folder.glob("*.receipt.json"), *one.folder.glob("*.journal")]:
        path.unlink()
    before = remotes(one)
    one.plan()
    one.emulator.arm()
    return before, one.emulator.snapshot()


def over_the_network(
    name: str, scenario: str, folder: Path, step: int = 1, first: int = 0
) -> Iterator[tuple[str, Told]]:
    """Strike the calls of `struck_calls` with every fault, or do every so-many-th of these runs.

    A run is a copy of this process, server and all, so that what comes before `apply` is done once for all of them.
    """
    with stage(name, folder) as one:
        before, snapshot = ready(one, scenario)
        kept = _files(folder)
        one.emulator.rest()
        calls = _parted(one, lambda: _calls(one))
        runs = [(fault, call) for fault in FAULTS for call in struck_calls(name, calls)]
        for fault, call in runs[first::step]:
            _put_back(folder, kept)
            run = functools.partial(_struck, one, fault, call, before, snapshot)
            yield f"{fault.name} at call {call}", Told(*_parted(one, run))


def struck_calls(name: str, calls: list[list[str]]) -> list[int]:
    """Return the numbers of the calls that are struck.

    At the plainest destination, whose engine is everybody's, these are all; at the others one of each kind, a method and
    a path without its ids: the one in the middle of its like, where some is written and some is not.
    """
    if name == "fake":
        return list(range(len(calls)))
    alike: dict[tuple[str, str], list[int]] = {}
    for number, (method, path) in enumerate(calls):
        alike.setdefault((method, _ID.sub("*", path)), []).append(number)
    return sorted(numbers[len(numbers) // 2] for numbers in alike.values())


def _calls(one: Stage) -> list[list[str]]:
    one.apply(*WHY)
    return [[call.method, call.path] for call in one.emulator.calls]


def _struck(one: Stage, fault: Fault, call: int, before: dict[str, Remote], snapshot: Any) -> Told:
    one.emulator.arm(**{f"_{call}": fault})
    ran = one.apply(*WHY)
    return Told(ran.code, judge(one, ran.code, before, snapshot, ran.err))


def _parted(one: Stage, run: Callable[[], Any]) -> Any:
    """Return what a run comes to in a copy of this process, in which the resting server serves."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            one.emulator.serve_again()
            os.write(theirs, json.dumps(run()).encode())
        except BaseException:  # noqa: BLE001 - the copy must end here, whatever happens
            os.write(theirs, json.dumps([99, f"broke: {traceback.format_exc()[-2000:]}"]).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as told:  # noqa: PTH123 - a handle has no path
        said = told.read()
    os.waitpid(child, 0)
    return json.loads(said)


def on_the_disk(name: str, scenario: str, folder: Path, step: int = 1, first: int = 0) -> Iterator[tuple[str, Told]]:
    """Let every call on a file of the run fail, in a copy of this process, or every so-many-th."""
    with stage(name, folder) as one:
        before, snapshot = ready(one, scenario)
        kept = _files(folder)
        calls: list[str] = json.loads(_copy(one, crash_points.Fault())[1])
        for at in range(1 + first, len(calls) + 1, step):
            _back(one, kept, snapshot)
            error = crash_points._ERRORS[at % len(crash_points._ERRORS)]
            code, _, said = _copy(one, crash_points.Fault(at, error))
            yield f"{calls[at - 1]} {at}", Told(code, judge(one, code, before, snapshot, said))


def _back(one: Stage, kept: dict[Path, bytes], snapshot: Any) -> None:
    _put_back(one.folder, kept)
    one.emulator.arm()
    one.emulator.objects = json.loads(json.dumps(snapshot))


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _put_back(folder: Path, kept: dict[Path, bytes]) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()
    for path, data in kept.items():
        path.write_bytes(data)


def _copy(one: Stage, fault: crash_points.Fault) -> tuple[int, str, str]:
    """Run `apply` in a copy of this process with one failing call; return its exit code, its calls, and what it said."""
    with tempfile.TemporaryDirectory() as beside:
        told = Path(beside, "told")
        child = os.fork()
        if child == 0:
            code = 99
            try:
                shim = crash_points.Shim(one.folder, fault)
                shim.install()
                ran = one.apply(*WHY)
                code = ran.code
                handle = os.open(told, os.O_WRONLY | os.O_CREAT, 0o600)
                os.write(handle, json.dumps([json.dumps(shim.calls), ran.err]).encode())
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        calls, said = json.loads(told.read_bytes()) if told.exists() else ("[]", "Traceback: it ended before it told")
        return code, calls, said
