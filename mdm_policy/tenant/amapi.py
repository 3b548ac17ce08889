"""Read an enterprise of the Android Management API: every policy, of which a device has exactly one.

The API has one scope, https://www.googleapis.com/auth/androidmanagement, for reading and writing alike (discovery document,
revision 20261104); what keeps this half from writing is that it sends GET alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mdm_policy.push.answers import Failure
from mdm_policy.push.listings import google_pages, policy_name
from mdm_policy.reading import Scope
from mdm_policy.tenant.asking import why
from mdm_policy.tenant.model import FoundObject, Missing, file_name

if TYPE_CHECKING:
    from mdm_policy.model import DestinationSpec
    from mdm_policy.tenant.asking import Asker


def everything(asker: Asker, spec: DestinationSpec) -> tuple[list[FoundObject], list[Missing]]:
    """Return every policy of the enterprise; a listing that breaks off leaves the rest as not read.

    A policy that no device has reaches nobody, where others have devices; whom it will reach tomorrow no listing tells.
    """
    enterprise = spec.settings["enterprise"]
    held: list[FoundObject] = []
    try:
        used = {one.get("policyName") for page in google_pages(asker.get, enterprise, "devices", 100) for one in page}
        for policy in (one for page in google_pages(asker.get, enterprise, "policies", 100) for one in page):
            name = policy_name(policy)
            text = json.dumps(policy, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            scope = Scope("nobody", why="is the policy of no device") if used and name not in used else None
            data = text.encode("utf-8", "surrogatepass")
            held.append(FoundObject(f"policies/{file_name(name)}.json", data, name, scope, name in used))
    except Failure as bad:
        return held, [Missing("amapi-policies", f"GET {bad.call or enterprise}", why(bad))]
    left_out = sorted({str(one) for one in used if one} - {one.id for one in held})
    said = "devices have it, and the listing leaves it out"
    return held, [
        Missing("amapi-policies", f"GET v1/{one}", said, f"policies/{file_name(one)}.json") for one in left_out
    ]
