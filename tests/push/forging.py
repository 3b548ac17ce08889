"""Change every field of a plan, a receipt or a journal, as somebody would who had the file last and knows how it is made.

Each change makes the digests anew, since those need no key. After it, `apply` or `rollback` has to refuse, with nothing
changed, or to do exactly what the file without the change does.
"""

from __future__ import annotations

import copy
import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import msgspec
from emulators.faults import FAULTS

from mdm_policy.push import journal, planfile
from mdm_policy.workflows import restoring, rollback
from push.stage import APPS, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cli_kit import Ran

WHY = "a decision (example)"
_FORBIDDEN = next(fault for fault in FAULTS if fault.name == "403")


class Change(NamedTuple):
    """Name one change: where, and the whole value with it."""

    where: str
    value: Any


def changes(value: Any, where: str = "", whole: Any = None, path: tuple[Any, ...] = ()) -> Iterator[Change]:
    """Yield every change of one field below a JSON value."""
    whole = value if whole is None else whole
    if isinstance(value, dict):
        for key in value:
            yield from changes(value[key], f"{where}/{key}", whole, (*path, key))
            yield Change(f"{where}/{key} left out", _with(whole, path, {k: v for k, v in value.items() if k != key}))
    elif isinstance(value, list):
        for place in range(len(value)):
            yield from changes(value[place], f"{where}/{place}", whole, (*path, place))
            yield Change(f"{where}/{place} dropped", _with(whole, path, value[:place] + value[place + 1 :]))
            yield Change(f"{where}/{place} twice", _with(whole, path, [*value, value[place]]))
        if len(value) > 1:
            yield Change(f"{where} turned round", _with(whole, path, value[::-1]))
        if not value:
            yield Change(f"{where} filled", _with(whole, path, ["x"]))
    else:
        for other in _others(value):
            yield Change(f"{where} = {str(other)[:40]}", _with(whole, path, other))


def _others(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield value + "x"
        if value:
            yield ""
        if value in ("create", "update", "delete", "noop"):
            yield from {"create", "update", "delete", "noop"} - {value}
        if value in ("TIGHTENED", "LOOSENED", ""):
            yield from {"TIGHTENED", "LOOSENED", "NARROWED"} - {value}
        if value.startswith("{"):
            yield value.replace("BLOCKED", "AVAILABLE").replace("com.", "org.")
            yield json.dumps({**json.loads(value), "allowCamera": False})
    elif isinstance(value, int):
        yield value + 1
    elif value is None:
        yield {"everyone": True, "groups": [], "excluded": []}


def _with(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(whole)
    if not path:
        return value
    here = made
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    return made


def resealed(value: Any, type_: Any) -> bytes:
    """Return the bytes of a file whose digest fits, as far as it can be read at all."""
    for plan in value.get("plans", ()) if isinstance(value, dict) else ():
        for action in plan.get("actions", ()) if isinstance(plan, dict) else ():
            body = action.get("body") if isinstance(action, dict) else None
            if isinstance(body, str) and body and action.get("digest"):
                action["digest"] = hashlib.sha256(body.encode()).hexdigest()
    try:
        return planfile.dump(planfile._digested(msgspec.convert(value, type_)))
    except (msgspec.ValidationError, TypeError):
        return json.dumps(value).encode()


def rechained(entries: list[dict[str, Any]]) -> bytes:
    """Return a journal whose hashes fit."""
    chain, lines = "", []
    for one in entries:
        bare = {key: value for key, value in one.items() if key != "chain"}
        chain = journal._hash(chain, bare, b"")
        lines.append(journal._line({**bare, "chain": chain}) + b"\n")
    return b"".join(lines)


class Site:
    """Hold a stage in one state, come back to it, and tell what a command left."""

    def __init__(self, one: Stage) -> None:
        """Note the files and the server as they are."""
        self.one = one
        self._files = {path: path.read_bytes() for path in one.folder.rglob("*") if path.is_file()}
        self._objects = one.emulator.snapshot()
        self.before = self.state()

    def state(self) -> Any:
        """Return the server's objects, ids aside: an object made anew has another."""
        return sorted(json.dumps(one, sort_keys=True) for one in self.one.emulator.objects.values())

    def back(self) -> None:
        """Come back to the state."""
        for path in self.one.folder.rglob("*"):
            if path.is_file() and path not in self._files:
                path.unlink()
        for path, data in self._files.items():
            if not path.is_file() or path.read_bytes() != data:
                path.write_bytes(data)
        self.one.emulator.objects = copy.deepcopy(self._objects)
        self.one.emulator.arm()
        self.one.printed.clear()

    def tried(self, path: Path, data: bytes, run: Callable[[], Ran], right: Any) -> str:
        """Run with a changed file; return what is wrong, or nothing."""
        self.back()
        path.write_bytes(data)
        ran = run()
        now = self.state()
        if "internal-error" in ran.err or "Traceback" in ran.err:
            return f"broke: {ran.err[:300]}"
        if ran.code == 1:
            return "" if now == self.before else "ended with 1, and changed something"
        return "" if now in (right, self.before) else f"ended with {ran.code}, and did something else"


def forge(
    site: Site, path: Path, forged: Iterator[tuple[str, bytes]], run: Callable[[], Ran]
) -> tuple[int, int, list[str]]:
    """Try changes; return how many there were, how many were refused, and which went wrong."""
    site.back()
    assert run().code in (0, 11, 12), site.one.printed
    right = site.state()
    count, refused, wrong = 0, 0, []
    for name, data in forged:
        count += 1
        found = site.tried(path, data, run, right)
        refused += site.state() == site.before
        if found:
            wrong.append(f"{path.name}: {name}: {found}")
    site.back()
    return count, refused, wrong


def plans(one: Stage, step: int, first: int) -> Iterator[tuple[int, int, list[str]]]:
    """Forge plans: one that creates, and one that updates, loosens and deletes."""
    one.plan()
    yield _forged_plan(one, step, first)
    one.apply()
    one.order(APPS[:2])
    text = json.loads(json.dumps(one.deployment.read_text()))
    one.deployment.write_text(text.replace("- intune-windows-applocker\n", ""), "utf-8")
    one.plan("--prune")
    yield _forged_plan(one, step, first)


def _forged_plan(one: Stage, step: int, first: int) -> tuple[int, int, list[str]]:
    site = Site(one)
    value = json.loads(one.plan_file.read_bytes())
    every = list(changes(value))[first::step]
    forged = ((change.where, resealed(change.value, planfile.PlanFile)) for change in every)
    return forge(site, one.plan_file, forged, lambda: one.apply("--allow-loosening", WHY))


def receipts(one: Stage, step: int, first: int) -> Iterator[tuple[int, int, list[str]]]:
    """Forge the receipt of a run that created, and of one that updated and deleted."""
    kept: dict[str, Any] = {}
    build = restoring.own_documents

    def once(read: Any, done: Any, folders: Any) -> Any:
        told = tuple(done)
        key = repr(sorted({part.use.slot for part in told if part.before}))
        if key not in kept:
            kept[key] = build(read, told, folders)
        return kept[key]

    with mock.patch.object(rollback, "own_documents", once):
        for order in (APPS, APPS[:2]):
            one.order(order)
            one.plan()
            one.apply("--allow-loosening", WHY)
            path = one.receipts()[-1]
            value = json.loads(path.read_bytes())
            every = list(changes(value))[first::step]
            forged = ((change.where, resealed(change.value, planfile.ReceiptFile)) for change in every)
            run = _rollback(one, path)
            yield forge(Site(one), path, forged, run)


def _rollback(one: Stage, path: Path) -> Callable[[], Ran]:
    return lambda: one.run("rollback", path, "--yes", "--allow-loosening", WHY)


def journals(one: Stage, step: int, first: int) -> Iterator[tuple[int, int, list[str]]]:
    """Forge the journal of a run that was cut off in the middle, without and with its hashes made anew."""
    one.plan()
    one.emulator.arm(_8=_FORBIDDEN)
    assert one.apply().code == 12, one.printed
    one.emulator.arm()
    [path] = one.folder.glob("*.journal")
    entries = [json.loads(line) for line in path.read_bytes().splitlines()]
    every = list(changes(entries))[first::step]
    plain = ((f"{one.where}, as it is", _lines(one.value)) for one in every)
    yield forge(Site(one), path, plain, one.apply)
    chained = ((one.where, rechained(one.value)) for one in every if all(isinstance(e, dict) for e in one.value))
    yield forge(Site(one), path, chained, one.apply)


def _lines(entries: list[Any]) -> bytes:
    return b"".join(json.dumps(one, sort_keys=True, separators=(",", ":")).encode() + b"\n" for one in entries)


KINDS = {"plans": plans, "receipts": receipts, "journals": journals}
