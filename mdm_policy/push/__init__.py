"""Bring what was built into an MDM: a plan of what would change, applied safely, read back and proven.

The plan is pure; the clients, one file for each kind of destination under `destinations`, are the only part that talks to
a network or a folder, all behind the protocol in `protocol`.
"""

from __future__ import annotations
