"""Weigh what keeps a build from being proven: an error for who asked for the proof, else a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, error, warning

if TYPE_CHECKING:
    from mdm_policy.errors import Origin


def weighed(id_: str, message: str, origin: Origin, hint: str, *, grave: bool) -> Finding:
    """Make a finding that stops who asked, and only warns who did not."""
    return error(id_, message, origin, hint) if grave else warning(id_, message, origin, hint)
