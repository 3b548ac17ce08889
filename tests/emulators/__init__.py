"""Stand in for the MDMs' servers, over real sockets: each keeps state, answers as the vendor does, and fails on command."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "tests.emulators":
    # `python -m tests.emulators.NAME` finds the modules under the names that the tests know them by.
    sys.path.insert(0, str(Path(__file__).parents[1]))
