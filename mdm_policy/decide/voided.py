"""Say what would become of an app by an entry that has no effect: the true cause of a gap is what voids the entry.

A document that its vendor refuses whole, or a list that nobody reads, still names the app. Who then reads that nothing
names it looks in the wrong place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.kinds import RULES
from mdm_policy.reading import Fact

if TYPE_CHECKING:
    from mdm_policy.reading import Reading, Rule

_BASES: dict[str, Rule] = {rule.id: rule for rule in RULES}
_HOLDING = ("block", "remove", "allow-only")


def is_void(rule: Rule) -> bool:
    """Tell whether something took a rule its effect: by itself it would hold an app back."""
    base = _BASES.get(rule.id)
    return rule.sense == "none" and rule.verdict != "unknown" and base is not None and base.sense in _HOLDING


def would_refuse_all(rule: Rule) -> bool:
    """Tell whether a rule without effect is an allow list by itself: what it does not name it would refuse."""
    return is_void(rule) and _BASES[rule.id].sense == "allow-only"


def as_it_would_be(rule: Rule, reading: Reading) -> tuple[Rule, str]:
    """Return a rule with the verdict that it would have, and the place of what voids it, where the reader names one.

    Its fact is what the vendor refuses and where it says so, its remedy what to do about it.
    """
    verdict = _BASES[rule.id].verdict
    fault = reading.refusals.get(rule.why)
    if fault is None:
        return msgspec.structs.replace(rule, verdict=verdict), ""
    fact = Fact(rule.why, fault.source or rule.fact.source)
    return msgspec.structs.replace(rule, verdict=verdict, fact=fact, remedy=fault.hint), fault.pointer
