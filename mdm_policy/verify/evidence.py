"""Say what a verification found as records of evidence: who orders, what names the app, and what holds it, down to the line.

One record stands for one app on one device class. Every output that proves something to somebody else prints these, so
that an auditor meets the same facts under the same names wherever he looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mdm_policy.errors import Origin  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.model import Frozen, Identifier, Reason
from mdm_policy.verify.proving import line as line_of
from mdm_policy.vocabulary import FAMILY_OF, Strength, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.decide import Decision
    from mdm_policy.model import BannedApp, DeviceClass
    from mdm_policy.verify.model import Cell, Verification
    from mdm_policy.verify.pieces import Places

Proof = Literal["modelled", "declared", ""]
"""Whose word a verdict rests on: a reader's and the vendor's, or that of the target's own manifest; empty without a rule."""


class Deciding(Frozen, frozen=True, gc=False):
    """Point at what decided: the document, with the SHA-256 (hex) of its content, the place in it, and the vendor's fact.

    `pointer` leads through all layers, and is empty where a whole list decides; `origin` is the line, where there is one.
    `rule` is the reader's rule that reads the place back, `fact` and `source` what the vendor says of it. `scope` is whom
    the document says it reaches. All of it is empty where no document decided.
    """

    document: str = ""
    sha256: str = ""
    pointer: str = ""
    origin: Origin | None = None
    rule: str = ""
    fact: str = ""
    source: str = ""
    scope: str = ""


class EvidenceRecord(Frozen, frozen=True):
    """Hold what is known of one app on one device class, for whoever has to be shown.

    `ordered_by` are the lists that ban it, each with citation, file and line. `identifier` is the one that decided: that
    of the build which fares worst; None where none was looked at. `verdict` is the verdict in `state`, the plainest
    state that shows it, `word` what the class as a whole comes to (also `weak`, `partial`, `excepted`, `unmet-duty`);
    `held` tells whether the ban holds in every state. `accepted_by` is the document of the organization that accepts a
    gap, or empty. `states` counts the device states that were judged, `escapes` says what a block that counts lets through,
    `unmet_duties` are what the list orders beyond it and nothing fulfils.
    """

    app: str
    name: str
    ordered_by: tuple[Reason, ...]
    identifier: Identifier | None
    device_class: str
    platform: str
    verdict: Verdict
    word: str
    strength: Strength | None
    proof: Proof
    held: bool
    accepted_by: str
    state: str
    states: int
    because: str
    escapes: str
    unmet_duties: tuple[str, ...]
    deciding: Deciding

    @property
    def gap(self) -> bool:
        """Tell whether the ban fails here, and nobody has accepted it."""
        return not self.held and not self.accepted_by


def evidence(found: Verification, places: Places) -> Iterator[EvidenceRecord]:
    """Yield a record for each app on each class, in the order of their keys and names."""
    yield from (record for _, record in with_cells(found, places))


def with_cells(found: Verification, places: Places) -> Iterator[tuple[Cell, EvidenceRecord]]:
    """Yield each record with the cell it is made from, for a report that says more of a judgement than a record holds."""
    rows = _judged(found)
    # All lines at once: asked one by one, each would read its document again.
    places.want((own.path, own.pointer) for *_, own in rows if own.rule is not None)
    uses = {use.name: use for use in found.documents}
    for app, cls, cell, own in rows:
        line = line_of(own, cell.state, places)
        use = uses.get(own.path) if own.rule is not None else None
        record = EvidenceRecord(
            app.key,
            app.name,
            app.reasons,
            _identifier(app, FAMILY_OF[cls.platform], own.build),
            cls.name,
            cls.platform,
            "excepted" if cell.word == "excepted" else own.verdict,
            cell.word,
            own.strength,
            _proof(own, cell),
            cell.held,
            cell.accepted.document if cell.accepted is not None else "",
            str(cell.state or ""),
            cell.states,
            own.sentence,
            own.escapes,
            cell.duties,
            Deciding(
                own.path if own.rule is not None else "",
                use.sha256 if use is not None else "",
                own.pointer,
                line.origin if line is not None else None,
                own.rule.id if own.rule is not None else "",
                line.fact if line is not None else "",
                line.source if line is not None else "",
                use.scope if use is not None else "",
            ),
        )
        yield cell, record


def _judged(found: Verification) -> list[tuple[BannedApp, DeviceClass, Cell, Decision]]:
    """Return each app on each class with its own decision, by app and class: a group shares the verdict, not the line."""
    made = []
    for verdict in found.classes:
        for group in verdict.groups:
            for app in group.apps:
                cell = group.cell
                own = cell.decision
                if app is not group.apps[0] and cell.state is not None:
                    own = verdict.decide(app, cell.state)
                made.append((app, verdict.cls, cell, own))
    return sorted(made, key=lambda one: (one[0].key, one[1].name))


def _identifier(app: BannedApp, family: str, build: str) -> Identifier | None:
    """Return the identifier of an app that a build goes by: its own, else the signed one that holds it."""
    ours = [one for one in app.identifiers if one.family == family]
    found = [one for one in ours if one.value == build] + [one for one in ours if one.value.partition(":")[2] == build]
    return found[0] if build and found else None


def _proof(own: Decision, cell: Cell) -> Proof:
    if own.rule is None:
        return ""
    return "modelled" if own.modelled and not cell.declared else "declared"
