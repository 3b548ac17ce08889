"""Hold the words of a comparison: what changed for an app on a platform, in which direction, for whom, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from mdm_policy.documents import Document  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.errors import Finding, Origin  # noqa: TC001 - see above
from mdm_policy.model import Frozen, ListStatus
from mdm_policy.reading import Scope  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.verify.pieces import Piece  # noqa: TC001 - see above

if TYPE_CHECKING:
    from collections.abc import Iterable

Direction = Literal["LOOSENED", "INEFFECTIVE", "NARROWED", "UNJUDGED", "TIGHTENED", "EQUIVALENT", "COSMETIC"]
DIRECTIONS: tuple[Direction, ...] = (
    *("LOOSENED", "INEFFECTIVE", "NARROWED"),
    "UNJUDGED",
    *("TIGHTENED", "EQUIVALENT", "COSMETIC"),
)
"""Every direction, worst first: the order of a report."""
WEAKENING: frozenset[Direction] = frozenset({"LOOSENED", "INEFFECTIVE", "NARROWED"})
HARMLESS: frozenset[Direction] = frozenset({"EQUIVALENT", "COSMETIC"})
MEANING: dict[Direction, str] = {
    "LOOSENED": "the ban is gone, or without effect",
    "INEFFECTIVE": "the entry is still there, and blocks nothing",
    "NARROWED": "blocked on fewer devices, for a shorter time, or more weakly",
    "UNJUDGED": "no reader judges it, so nobody can say in which direction it changed",
    "TIGHTENED": "blocked where it was not, or more strongly",
    "EQUIVALENT": "another mechanism or place, the same effect",
    "COSMETIC": "order, names, white space, encoding: no effect on any device",
}


class Side(msgspec.Struct, frozen=True):
    """Hold one side of a comparison: its name for a reader, and its documents.

    `root` is what the documents' names begin with on this side alone: a folder, so that files in two folders pair up.
    `scopes` says whom a document reaches where another file says so, and `apart` which documents are for some groups
    in place of the others (a build's variants), both by document name. `pieces` are the documents as the verifier takes
    them: with them, what the lists ban is judged on each side as a whole too.
    """

    label: str
    documents: tuple[Document, ...]
    root: str = ""
    scopes: dict[str, Scope] = {}
    apart: dict[str, str] = {}
    pieces: tuple[Piece, ...] = ()


class Change(Frozen, frozen=True):
    """Say what changed for one app on one platform; `app` and `platform` are empty where a change concerns a file.

    `who` names the devices, `old` and `new` the places that decide on either side, `banned_by` the authorities of the
    given lists, each with whether it is in force. A change that stands for many identifiers that no list and no
    catalogue knows, all alike, has no `app`, names all of them, and counts them.

    Of a change that is UNJUDGED, `name` is the document, `pointer` the place in it with `*` for the index in a list, and
    `accepted` tells whether the person who asked takes it without knowing its direction.
    """

    direction: Direction
    app: str
    name: str
    platform: str
    identifiers: tuple[str, ...]
    who: str
    before: str
    after: str
    why: str
    old: Origin | None = None
    new: Origin | None = None
    banned_by: tuple[str, ...] = ()
    count: int = 1
    pointer: str = ""
    accepted: bool = False


class Other(Frozen, frozen=True, gc=False):
    """Name a key that changed and that concerns no app, by the vendor's own description of it."""

    kind: str
    pointer: str
    before: str
    after: str


class Comparison(Frozen, frozen=True):
    """Hold every change, worst first, and what else was seen."""

    changes: tuple[Change, ...]
    others: tuple[Other, ...] = ()
    statuses: tuple[ListStatus, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def counts(self) -> dict[Direction, int]:
        """Count the changes by direction, worst first, those that do not occur too."""
        counts: dict[Direction, int] = dict.fromkeys(DIRECTIONS, 0)
        for change in self.changes:
            counts[change.direction] += change.count
        return counts

    @property
    def weakens(self) -> bool:
        """Tell whether any change weakens a ban."""
        return any(change.direction in WEAKENING for change in self.changes)

    @property
    def unjudged(self) -> tuple[Change, ...]:
        """Return the changes of which nobody can say the direction, and which nobody has accepted."""
        return tuple(change for change in self.changes if change.direction == "UNJUDGED" and not change.accepted)

    @property
    def exit_code(self) -> int:
        """Return 11 when a ban is weakened or nobody can tell, 10 when anything else differs, else 0."""
        if self.weakens or self.unjudged:
            return 11
        differs = any(change.direction not in HARMLESS for change in self.changes)
        return 10 if differs or self.others else 0


def standing(status: ListStatus) -> str:
    """Say by which authority a list bans, and whether it is in force."""
    word = status.state.replace("-", " ")
    said = status.sentence if status.sentence.startswith(word) else f"{word}, {status.sentence}"
    return f"{status.list} ({status.citation}): {said}"


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Sort changes worst first, then by app, platform and identifiers."""
    places = {direction: place for place, direction in enumerate(DIRECTIONS)}
    return tuple(
        sorted(changes, key=lambda c: (places[c.direction], c.name.casefold(), c.platform, c.identifiers, c.why))
    )
