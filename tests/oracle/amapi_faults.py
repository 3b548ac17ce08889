"""Where the product is known to read Android Management API policies wrongly; an entry goes when the fault is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.common import HELD, Settled

if TYPE_CHECKING:
    from oracle.common import Disagreement


def _personal_allow_list(found: Disagreement) -> bool:
    modes = [one.tree for one in found.scenario.documents if "'personalPlayStoreMode': 'ALLOWLIST'" in str(one.tree)]
    return found.said == HELD and found.scenario.device["mode"] == "cope" and bool(modes)


AMAPI_FAULTS = (
    Settled(
        "personal-allow-list-removes",
        "ALLOWLIST: Only apps explicitly specified in personalApplications with installType set to AVAILABLE are allowed to be "
        "installed in the personal profile. (Of a copy that is there it says nothing; BLOCKED in personalApplications uninstalls.)",
        "discovery document androidmanagement v1 revision 20261104, PersonalUsagePolicies.personalPlayStoreMode",
        _personal_allow_list,
        ("amapi", 1, 70),
    ),
)
