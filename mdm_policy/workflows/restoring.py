"""Read what a rollback would bring back, with the readers and the guards, before any of it is sent.

A receipt is a claim, as a plan is: whoever had it last could have put any body into it. So what is brought back may hold
only what an own document of the same target sets, or what is there now; what effects it has are judged as any plan's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mdm_policy import resources
from mdm_policy.build import build, check_options
from mdm_policy.errors import Finding, Origin, PolicyError, error
from mdm_policy.guards import guard
from mdm_policy.kinds import open_document, read_each
from mdm_policy.kinds.accounting import leaves
from mdm_policy.model import Identifier
from mdm_policy.push.planning import MAX_DOCUMENT
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs
from mdm_policy.targets import discover
from mdm_policy.workflows import push
from mdm_policy.workflows.build import checker_of, printer_for
from mdm_policy.workflows.target_tests import FOLDER, LIST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from mdm_policy.model import Resolution
    from mdm_policy.push.model import Done, MadeDocument, Remote
    from mdm_policy.push.planning import Seen
    from mdm_policy.push.protocol import Destination
    from mdm_policy.targets import Target

_MOST = 5


class _Content(NamedTuple):
    """Hold what bodies set: values that no effect holds, what kinds of rules they have, and what they block."""

    values: frozenset[tuple[str, str, str]]
    senses: frozenset[tuple[str, str]]
    blocked: dict[tuple[str, str, str], Identifier]

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """Return where the values stand."""
        return frozenset((kind, where) for kind, where, _ in self.values)


def own_documents(
    read: push.Read, done: Iterable[Done], folders: Sequence[Path]
) -> tuple[tuple[MadeDocument, ...], ...]:
    """Build the documents of the targets that a receipt names, a build by itself for the deployment's lists and each target's own test.

    Raises:
        PolicyError: `rollback-unknown-target`, or as `build`.

    """
    targets = discover(resources.templates(), folders)
    slots = {one.use.slot.partition("|")[0] for one in done if one.before}
    strange = sorted(slots - targets.keys() - {""})
    if strange:
        hint = "give the folder of your own targets with --templates"
        said = [f"the receipt names the target {name[:100]!r}, which does not exist here" for name in strange]
        raise PolicyError([error("rollback-unknown-target", one, None, hint) for one in said])
    # Of an object that no document stood for any more nobody knows which target once made it.
    named = sorted(targets if "" in slots else slots)
    options = read.deployment.options
    problems = check_options(targets, options, read.deployment.origin)
    if problems:
        raise PolicyError(problems)
    found: list[tuple[MadeDocument, ...]] = []
    for name in named:
        target = targets[name]
        for resolution in (read.resolution, *_sample(target, read)):
            taken: dict[str, bytes] = {}
            with printer_for(targets) as printer:
                built = build(
                    resolution,
                    [target],
                    targets,
                    options,
                    "banned-apps",
                    taken.__setitem__,
                    printer=printer,
                    checker=checker_of(printer),
                )
            made, _ = push.documents_of(built, taken, resolution)
            found.append(tuple(made.values()))
    return tuple(found)


def _sample(target: Target, read: push.Read) -> Iterator[Resolution]:
    """Resolve the list of a target's own test: the deployment's may hold nothing any more that the target blocks."""
    path = target.folder / FOLDER / LIST
    if path.is_file():
        lists = inputs.gather(None, [str(path)]).lists
        yield resolve(lists, None, read.gathered.catalogue, read.resolution.as_of, enforce=False)


def check_restored(
    done: Iterable[Done], destination: Destination, seen: Seen, own: Sequence[Sequence[MadeDocument]], read: push.Read
) -> None:
    """Refuse to bring back what an own document never sets.

    Raises:
        PolicyError: `rollback-foreign-content`, or what a guard says of an identifier.

    """
    there = seen.by_key()
    bodies = [destination.merged(item, None) for made in own for item in destination.items(made)]
    ours = _content(destination.name, bodies)
    found: list[Finding] = []
    for one in done:
        if one.before:
            found += _restored(one, destination, there.get(one.key), ours, read)
    if found:
        raise PolicyError(found)


def _restored(
    done: Done, destination: Destination, remote: Remote | None, ours: _Content, read: push.Read
) -> Iterator[Finding]:
    name = f"{destination.name}:{done.kind}/{done.name}"
    try:
        merged = destination.merged(done.undone, remote)
    except (ValueError, KeyError, TypeError, AttributeError):
        merged = b""
    now = _content(name, [remote.body] if remote is not None else [])
    then = _content(name, [merged])
    strange = set(then.values - ours.values - now.values)
    # Taken out may be only what stands where an own document has something.
    strange |= {one for one in now.values - then.values if one[:2] not in ours.places}
    for mechanism, sense in sorted(then.senses - ours.senses - now.senses):
        strange.add((mechanism, "", sense))
    if strange or not merged:
        shown = ", ".join(f"{where or kind} ({value[:60]})" for kind, where, value in sorted(strange)[:_MOST])
        said = f"{done.kind} {done.name!r} would come back with what no document of its target sets: {shown or 'it has no body'}"
        hint = "the receipt was edited, or is of another version of the program: bring it back in the console"
        yield error("rollback-foreign-content", said, Origin(destination.name), hint)
    added = [one for key, one in sorted(then.blocked.items()) if key not in now.blocked]
    told = guard("", "", added, (), read.gathered.catalogue, {one.key for one in read.deployment.protected})
    yield from (
        msgspec.structs.replace(one, origin=Origin(destination.name)) for one in told if one.severity == "error"
    )


_INJECTED = frozenset(
    {("PayloadEnabled", "True"), ("PayloadRemovalDisallowed", "True"), ("AllowUserOverrides", "True")}
)
"""What Jamf writes into each payload by itself, and what it says there (recorded answers of Jamf Pro 11)."""


def _content(name: str, bodies: Iterable[bytes]) -> _Content:
    values: set[tuple[str, str, str]] = set()
    senses: set[tuple[str, str]] = set()
    blocked: dict[tuple[str, str, str], Identifier] = {}
    for body in bodies:
        if not body:
            continue
        try:
            document = open_document(name, body, max_size=MAX_DOCUMENT)
        except PolicyError:
            values.add(("", "", "it cannot be read"))
            continue
        for reading in read_each(document):
            values |= {
                (leaf.kind, leaf.where, leaf.value)
                for leaf, _ in leaves(document, reading.columns)
                if (leaf.where.rpartition("/")[2], leaf.value) not in _INJECTED
            }
            senses |= {(rule.mechanism, rule.sense) for rule in reading.rules}
            acting = (one for one in reading.effects if one.rule.sense in ("block", "remove"))
            blocked |= {one.key: Identifier(one.family, one.kind, one.value, Origin(name)) for one in acting}
    return _Content(frozenset(values), frozenset(senses), blocked)
