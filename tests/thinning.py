"""Say how much of each law is tried: all of it, or the part that `make trust FAULTS_EVERY=...` leaves for CI."""

from __future__ import annotations

import os

FAULTS_EVERY = int(os.environ.get("FAULTS_EVERY", "1"))
"""How many faults of `apply` one stands for."""
WHOLE = FAULTS_EVERY == 1
FORGED_EVERY = 1 if WHOLE else 12
"""How many forged fields one stands for."""
POINTS_EVERY = 1 if WHOLE else 7
"""How many crash points one stands for: prime, so that kills, errors and short writes each get their turn."""
_PARTS = (
    (FAULTS_EVERY, "faults of apply's network and disk"),
    (FORGED_EVERY, "forged fields of plans, receipts and journals"),
    (POINTS_EVERY, "crash points of build and sign"),
)


def told() -> list[str]:
    """Return a line for each law that is thinned; none when all is tried."""
    return [f"trust: THINNED: one in {every} {what}" for every, what in _PARTS if every > 1]
