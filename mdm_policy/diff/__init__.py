"""Say what changed between two ban lists or two sets of policies, in effect and direction: pure, no I/O, no clock."""

from __future__ import annotations

from mdm_policy.diff.grid import EFFORT
from mdm_policy.diff.lists import ListSide, compare_lists
from mdm_policy.diff.model import (
    DIRECTIONS,
    HARMLESS,
    MEANING,
    WEAKENING,
    Change,
    Comparison,
    Direction,
    Other,
    Side,
    ordered,
)
from mdm_policy.diff.policies import Question, compare_policies

__all__ = [
    "DIRECTIONS",
    "EFFORT",
    "HARMLESS",
    "MEANING",
    "WEAKENING",
    "Change",
    "Comparison",
    "Direction",
    "ListSide",
    "Other",
    "Question",
    "Side",
    "compare_lists",
    "compare_policies",
    "ordered",
]
