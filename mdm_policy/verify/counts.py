"""Count each pair of app and device class in exactly one row, and say in one sentence what that comes to.

A pair takes the worst of its states; what an approved exception frees, and what the organization has accepted in
writing, is taken out before. Every output speaks through here, so that none says more than another.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec

from mdm_policy.decide import holds
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mdm_policy.decide import Gap
    from mdm_policy.verify.model import ClassVerdict, Verification

Row = Literal[
    "blocked",
    "excepted",
    "accepted",
    "does-not-exist",
    "unenforceable",
    "no-identifier",
    "not-judged",
    "open",
]
Outcome = Literal["PROVEN", "NOTHING TO BLOCK", "NOT PROVEN"]
_WORST: tuple[Row, ...] = ("unenforceable", "no-identifier", "not-judged", "open")
"""The rows that keep a ban from being proven, the worst last."""


_NAMELESS = ("no-identifier", "no-comparable-identifier", "only-parts")
"""Causes that lie in what is known of the app: no identifier, or only such as no setting matches."""


class Counts(Frozen, frozen=True, gc=False):
    """Count pairs of app and device class; every pair stands in one of these rows alone.

    `strong`, `partial`, `weak` and `declared` together are the blocked ones; `declared` are those that only a target's
    own manifest says are blocked. `absent_by_list` and `absent_by_catalogue` say who states that the app does not exist.
    """

    strong: int = 0
    partial: int = 0
    weak: int = 0
    declared: int = 0
    excepted: int = 0
    accepted: int = 0
    absent_by_list: int = 0
    absent_by_catalogue: int = 0
    unenforceable: int = 0
    no_identifier: int = 0
    not_judged: int = 0
    open: int = 0

    @property
    def pairs(self) -> int:
        """Return how many pairs there are."""
        return sum(msgspec.structs.astuple(self))

    @property
    def blocked(self) -> int:
        """Return how many are blocked, by whatever means."""
        return self.strong + self.partial + self.weak + self.declared

    @property
    def unproven(self) -> int:
        """Return how many keep the ban from being proven."""
        return self.unenforceable + self.no_identifier + self.not_judged + self.open

    @property
    def plain(self) -> dict[str, int]:
        """Return the rows by name, with their sums, as programs read them."""
        return {"pairs": self.pairs, "blocked": self.blocked, **msgspec.structs.asdict(self)}


def row_of(gaps: Iterable[Gap]) -> Row:
    """Return the worst row of the states in which a ban fails; without any, the ban holds."""
    rows = [_row(gap) for gap in gaps]
    return max(rows, key=_WORST.index, default="blocked")


def _row(gap: Gap) -> Row:
    decision = gap.decision
    if decision.verdict == "unenforceable":
        return "unenforceable"
    if decision.verdict == "unknown":
        return "no-identifier" if decision.cause in _NAMELESS else "not-judged"
    return "open"


def weak(gap: Gap) -> bool:
    """Tell whether a gap is a block that holds, but too weakly."""
    decision = gap.decision
    installed = gap.state is not None and gap.state.installed
    return decision.strength is not None and holds(decision, installed=installed)


class Absence(Frozen, frozen=True, gc=False):
    """Say who states that an app does not exist on a platform: the ban list, or the catalogue with its source."""

    by: Literal["list", "catalogue"]
    source: str


def count(verdicts: Iterable[ClassVerdict], absent: Mapping[tuple[str, str], Absence]) -> Counts:
    """Count the pairs; `absent` says of an app (by key) and a platform who states that it does not exist there."""
    found: Counter[str] = Counter()
    for verdict in verdicts:
        platform = verdict.cls.platform
        for group in verdict.groups:
            cell = group.cell
            if cell.row == "blocked":
                found["declared" if cell.declared else cell.decision.strength or "strong"] += len(group.apps)
            elif cell.row == "does-not-exist":
                found.update(f"absent_by_{absent[app.key, platform].by}" for app in group.apps)
            else:
                found[cell.row.replace("-", "_")] += len(group.apps)
    return Counts(**found)


def outcome(found: Verification) -> Outcome:
    """Return what a verification comes to, in the words of the sentence."""
    counts = found.counts
    if found.failures or not counts.pairs or counts.unproven:
        return "NOT PROVEN"
    return "PROVEN" if counts.blocked else "NOTHING TO BLOCK"


def sentence(found: Verification, unread: int = 0) -> str:
    """Say in one sentence whether the ban is proven, and in which row every pair stands; `unread` files are a failure."""
    counts = found.counts
    apps = many(len(found.apps), "banned app")
    if not found.classes:
        parts = [f"nothing was checked, for no document says anything about {apps}"]
    elif not counts.pairs:
        parts = ["nothing was checked, for no app is banned"]
    else:
        parts = [f"{apps} {_where(found)}", ", ".join(_rows(counts))]
    parts = [": ".join(parts)]
    if found.declared_documents and not counts.declared:
        parts.append(f"{many(found.declared_documents, 'document')} declared, not modelled")
    if found.unjudged:
        parts.append(f"{many(found.unjudged, 'part')} of documents that no reader judges")
    if found.unknown_documents:
        parts.append(f"{many(found.unknown_documents, 'document')} of no known kind")
    if found.failures:
        parts.append(f"{many(len(found.failures), 'document')} blocking nothing or less than claimed")
    if unread:
        parts.append(f"{many(unread, 'problem')} with files that could not be read")
    return f"{'NOT PROVEN' if unread else outcome(found)}: {'; '.join(parts)}."


def _rows(counts: Counts) -> Iterator[str]:
    graded = [
        f"{name} {number:,}"
        for name, number in (
            ("strong", counts.strong),
            ("partial", counts.partial),
            ("weak", counts.weak),
            ("declared, not modelled,", counts.declared),
        )
        if number
    ]
    yield f"blocked {counts.blocked:,}" + (f" ({', '.join(graded)})" if graded else "")
    absent = counts.absent_by_list + counts.absent_by_catalogue
    for name, number in (("excepted", counts.excepted), ("accepted", counts.accepted)):
        if number:
            yield f"{name} {number:,}"
    if absent:
        yield f"does not exist there {absent:,} ({_sayers(counts)})"
    for name, number in (
        ("cannot be enforced by anyone", counts.unenforceable),
        ("no identifier known", counts.no_identifier),
        ("not judged", counts.not_judged),
        ("open", counts.open),
    ):
        if number:
            yield f"{name} {number:,}"


def _sayers(counts: Counts) -> str:
    said = (("the list", counts.absent_by_list), ("the catalogue", counts.absent_by_catalogue))
    each = [(name, number) for name, number in said if number]
    if len(each) == 1:
        return f"{each[0][0]} says so"
    return ", ".join(f"{name} says so of {number:,}" for name, number in each)


def _where(found: Verification) -> str:
    if found.declared:
        return f"on {many(len(found.classes), 'device class')}"
    names = dict.fromkeys(f"{v.cls.platform} {v.cls.mode}" if v.cls.mode else v.cls.platform for v in found.classes)
    return f"on the strongest devices of each platform addressed ({', '.join(names)})"


def many(number: int, word: str) -> str:
    """Write a number with what is counted, in the singular or the plural."""
    plural = f"{word}es" if word.endswith("s") else f"{word}s"
    return f"{number:,} {word if number == 1 else plural}"
