"""Pair the documents of two sides, so that a file that was only renamed is not taken for another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Collection

    from mdm_policy.diff.model import Side
    from mdm_policy.documents import Document


class Pair(Frozen, frozen=True):
    """Hold a document as each side has it, under the name both are known by; one side may have none."""

    name: str
    old: Document | None
    new: Document | None


def pair(old: Side, new: Side) -> tuple[Pair, ...]:
    """Pair documents: by name below the sides' own folders, then by content, then by kind, in order of names."""
    mine, theirs = _named(old), _named(new)
    made = [Pair(name, mine.pop(name), theirs.pop(name)) for name in sorted(mine.keys() & theirs.keys())]
    for alike in (_by_content, _by_kind):
        waiting: dict[object, list[str]] = {}
        for name in sorted(theirs):
            waiting.setdefault(alike(theirs[name]), []).append(name)
        for name in sorted(mine):
            found = waiting.get(alike(mine[name]))
            if found:
                made.append(Pair(name, mine.pop(name), theirs.pop(found.pop(0))))
    made += [Pair(name, document, None) for name, document in mine.items()]
    made += [Pair(name, None, document) for name, document in theirs.items()]
    return tuple(made)


def _named(side: Side) -> dict[str, Document]:
    """Return a side's documents by the name below its folder; two of one name are told apart by number."""
    made: dict[str, Document] = {}
    for document in side.documents:
        name = _unique(document.name.removeprefix(side.root).lstrip("/\\").replace("\\", "/"), made)
        made[name] = document
    return made


def _unique(name: str, taken: Collection[str]) -> str:
    number, made = 1, name
    while made in taken:
        number += 1
        made = f"{name} ({number})"
    return made


def _by_content(document: Document) -> object:
    return (document.kind, document.data)


def _by_kind(document: Document) -> object:
    return document.kind
