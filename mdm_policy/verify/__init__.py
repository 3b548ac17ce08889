"""Prove, app by app and class by class, whether documents block what is ordered: pure, no I/O, no clock.

Nothing here knows how documents are made: it reads what they do (`effects`), combines it on every state a device can be
in (`decide`), and says what escapes, on which line, and what to change.
"""

from __future__ import annotations

from mdm_policy.verify.counts import Absence, Counts, sentence
from mdm_policy.verify.equivalence import Difference, equivalent
from mdm_policy.verify.evidence import Deciding, EvidenceRecord, evidence, with_cells
from mdm_policy.verify.judging import Allowances, Rules, allowances
from mdm_policy.verify.matrix import MatrixRow, rows
from mdm_policy.verify.model import Alike, Cell, ClassVerdict, DocumentUse, GapReport, Line, Verification
from mdm_policy.verify.pieces import BuildPart, Piece, Places, acting, piece, placed
from mdm_policy.verify.proving import line as line_of
from mdm_policy.verify.proving import verify
from mdm_policy.verify.verdicts import verdicts_of

__all__ = [
    "Absence",
    "Alike",
    "Allowances",
    "BuildPart",
    "Cell",
    "ClassVerdict",
    "Counts",
    "Deciding",
    "Difference",
    "DocumentUse",
    "EvidenceRecord",
    "GapReport",
    "Line",
    "MatrixRow",
    "Piece",
    "Places",
    "Rules",
    "Verification",
    "acting",
    "allowances",
    "equivalent",
    "evidence",
    "line_of",
    "piece",
    "placed",
    "rows",
    "sentence",
    "verdicts_of",
    "verify",
    "with_cells",
]
