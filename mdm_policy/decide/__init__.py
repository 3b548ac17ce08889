"""Combine what documents do on a device state, and prove whether a ban holds there: pure, no I/O, no clock."""

from __future__ import annotations

from mdm_policy.decide.collateral import beside, beside_together, opened_lists
from mdm_policy.decide.conflicts import conflicting, contending
from mdm_policy.decide.deciding import Decision, Note, decide, decide_each, holds, rank
from mdm_policy.decide.index import Index, in_force
from mdm_policy.decide.judging import Gap, Judgement, judge, preinstalled, why_gap
from mdm_policy.decide.law import law_against
from mdm_policy.decide.reach import Reach, activated, both, reach
from mdm_policy.decide.rivals import apart, rivals
from mdm_policy.decide.states import DeviceState, states, strongest_class

__all__ = [
    "Decision",
    "DeviceState",
    "Gap",
    "Index",
    "Judgement",
    "Note",
    "Reach",
    "activated",
    "apart",
    "beside",
    "beside_together",
    "both",
    "conflicting",
    "contending",
    "decide",
    "decide_each",
    "holds",
    "in_force",
    "judge",
    "law_against",
    "opened_lists",
    "preinstalled",
    "rank",
    "reach",
    "rivals",
    "states",
    "strongest_class",
    "why_gap",
]
