"""Hold what a verification found: a verdict for each app on each class, gaps with their counterexamples, remarks."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - as below

from mdm_policy.decide import Decision, DeviceState, Gap, Note  # noqa: TC001 - as below
from mdm_policy.errors import Finding, Origin  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.model import AcceptedGap, BannedApp, DeviceClass, Frozen, ListStatus, Variant
from mdm_policy.verify import counts as counting
from mdm_policy.verify.counts import Absence, Counts, Outcome, Row  # noqa: TC001 - as above
from mdm_policy.vocabulary import FAMILY_OF, Family


class Line(Frozen, frozen=True, gc=False):
    """Point at what decided: the document, the place in it, the pointer, and the vendor fact with its source.

    Where no document decided but the nature of the platform, there is a fact and no document.
    """

    document: str
    origin: Origin | None
    pointer: str
    fact: str
    source: str


class IdentifierVerdict(Frozen, frozen=True, gc=False):
    """Say what becomes of an app under one of its identifiers, and who knows that identifier: empty where the list does."""

    identifier: str
    verdict: str
    held: bool
    known_from: str = ""

    def __str__(self) -> str:
        """Write it for a reader."""
        return (
            f"{self.identifier} ({self.known_from}) {self.verdict}"
            if self.known_from
            else f"{self.identifier} {self.verdict}"
        )


class Cell(Frozen, frozen=True):
    """Judge one app on one class.

    `word` is the verdict in a word: `gap` tells whether it fails, `accepted` is the document of the organization that
    takes the failure on itself. `decision` is the worst of all states, `state` the plainest of those that show it.
    `duties` are those nothing fulfils. `row` is where the pair is counted; `declared` tells whether only the word of a
    target's own manifest holds it.
    """

    word: str
    held: bool
    decision: Decision
    state: DeviceState | None
    gaps: tuple[Gap, ...] = ()
    accepted: AcceptedGap | None = None
    duties: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    states: int = 0
    row: Row = "open"
    declared: bool = False
    identifiers: tuple[IdentifierVerdict, ...] = ()
    """Of a gap, what becomes of the app under each of its identifiers in the plainest state that fails."""

    @property
    def partly(self) -> bool:
        """Tell whether a gap is one of some identifiers alone: under others the app is held."""
        return any(one.held for one in self.identifiers)

    @property
    def gap(self) -> bool:
        """Tell whether the ban fails here, and nobody has accepted it."""
        return not self.held and self.accepted is None

    @property
    def label(self) -> str:
        """Return what a cell of the matrix shows: gaps in capitals."""
        if self.accepted is not None:
            return "accepted"
        if not self.held:
            return "PARTLY ALLOWED" if self.partly and self.word == "allowed" else self.word.upper()
        if self.declared:
            return "declared"
        return "no such app" if self.row == "does-not-exist" else self.word


class Alike(Frozen, frozen=True):
    """Pair the apps that fare alike on a class with the verdict of the first of them."""

    apps: tuple[BannedApp, ...]
    cell: Cell


class ClassVerdict(Frozen, frozen=True):
    """Judge every app on one class; `documents` are those that act on it.

    `decide` gives an app's own decision in a state: what a group shares is the verdict, not the line it rests on.
    """

    cls: DeviceClass
    groups: tuple[Alike, ...]
    documents: tuple[str, ...]
    decide: Callable[[BannedApp, DeviceState], Decision]

    @property
    def family(self) -> Family:
        """Return whose identifiers these devices take."""
        return FAMILY_OF[self.cls.platform]

    @property
    def proven(self) -> bool:
        """Tell whether no app escapes without leave."""
        return not any(group.cell.gap for group in self.groups)


class GapReport(Frozen, frozen=True):
    """Report one gap: the apps that share it, the plainest state in which the first fails, the line, what to do."""

    apps: tuple[BannedApp, ...]
    cls: DeviceClass
    verdict: str
    state: str
    states: int
    sentence: str
    escapes: str
    line: Line | None
    hint: str
    accepted: AcceptedGap | None = None
    identifiers: tuple[IdentifierVerdict, ...] = ()
    """What becomes of the first app under each of its identifiers: where it has several, or the list does not give it."""


class DocumentUse(Frozen, frozen=True, gc=False):
    """Say what a document turned out to be, and what became of it; `sha256` (hex) is that of the content that was read."""

    name: str
    kind: str
    effects: int
    classes: tuple[str, ...]
    scope: str
    note: str = ""
    sha256: str = ""


class Verification(Frozen, frozen=True):
    """Hold everything a verification found.

    `failures` are findings that alone keep the ban from being proven: a named document that blocks nothing, a way that
    blocks less than the document it stands for. `findings` are remarks; they change nothing unless asked to.
    `declared` tells whether the classes are the deployment's own; `declared_documents` counts documents of which only
    their target's manifest says what they do. `variants` are the sets of exceptions in force.
    """

    as_of: str
    statuses: tuple[ListStatus, ...]
    apps: tuple[BannedApp, ...]
    declared: bool
    classes: tuple[ClassVerdict, ...]
    weaker: tuple[str, ...]
    gaps: tuple[GapReport, ...]
    accepted: tuple[GapReport, ...]
    failures: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    documents: tuple[DocumentUse, ...]
    decisions: int
    counts: Counts
    absent: dict[tuple[str, str], Absence] = {}
    """Who says that an app (by key) does not exist on a platform."""
    declared_documents: int = 0
    unjudged: int = 0
    """How many parts of documents no reader judges."""
    unknown_documents: int = 0
    """How many documents are of no kind that a reader knows."""
    variants: tuple[Variant, ...] = ()

    def counted(self, verdict: ClassVerdict) -> Counts:
        """Count the apps on one class."""
        return counting.count([verdict], self.absent)

    @property
    def outcome(self) -> Outcome:
        """Return PROVEN, NOTHING TO BLOCK or NOT PROVEN."""
        return counting.outcome(self)

    @property
    def proven(self) -> bool:
        """Tell whether the ban holds on every class: something is blocked, and nothing stands open or in doubt."""
        return self.outcome == "PROVEN"

    @property
    def passes(self) -> bool:
        """Tell whether nothing stands open or in doubt, be it that there is nothing to block."""
        return self.outcome != "NOT PROVEN"
