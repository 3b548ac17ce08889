"""Propose a ban list and device classes from what documents block already: pure, no I/O, no clock.

What is proposed has been proven first: an identifier that some document names on a deny list, and that no class of devices is
kept from by it (another document allows it, nobody is reached), is not proposed, and the reason is said.
"""

from __future__ import annotations

from mdm_policy.adopt.model import Left, Proposal
from mdm_policy.adopt.proposing import propose
from mdm_policy.adopt.writing import written_deployment, written_list

__all__ = ["Left", "Proposal", "propose", "written_deployment", "written_list"]
