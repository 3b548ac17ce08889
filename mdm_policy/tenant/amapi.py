"""Read an enterprise of the Android Management API: every policy, of which a device has exactly one.

The API has one scope, https://www.googleapis.com/auth/androidmanagement, for reading and writing alike (discovery document,
revision 20261104); what keeps this half from writing is that it sends GET alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from mdm_policy.push.answers import Failure
from mdm_policy.reading import Scope
from mdm_policy.tenant.asking import why
from mdm_policy.tenant.model import FoundObject, Missing, file_name

if TYPE_CHECKING:
    from mdm_policy.model import DestinationSpec
    from mdm_policy.tenant.asking import Asker

_PAGES = 10_000


def everything(asker: Asker, spec: DestinationSpec) -> tuple[list[FoundObject], list[Missing]]:
    """Return every policy of the enterprise; a listing that breaks off leaves the rest as not read.

    A policy that no device has reaches nobody, where others have devices; whom it will reach tomorrow no listing tells.
    """
    base = f"v1/{quote(spec.settings['enterprise'], safe='/')}"
    held: list[FoundObject] = []
    try:
        used = {one.get("policyName") for one in _pages(asker, base, "devices")}
        for one in _pages(asker, base, "policies"):
            text = json.dumps(one, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            file = f"policies/{file_name(one['name'])}.json"
            idle = bool(used) and one["name"] not in used
            scope = Scope("nobody", why="is the policy of no device") if idle else None
            held.append(FoundObject(file, text.encode("utf-8", "surrogatepass"), one["name"], scope))
    except Failure as bad:
        return held, [Missing("amapi-policies", f"GET {bad.call or base}", why(bad))]
    return held, []


def _pages(asker: Asker, base: str, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token = ""
    seen: set[str] = set()
    for _ in range(_PAGES):
        query = {"pageSize": "100", **({"pageToken": token} if token else {})}
        value = asker.object(f"{base}/{kind}?{urlencode(query)}")
        page, token = value.get(kind, []), value.get("nextPageToken", "")
        if not isinstance(page, list) or not all(
            isinstance(one, dict) and isinstance(one.get("name"), str) for one in page
        ):
            raise Failure("answer", f"GET {base}/{kind}: the answer is not a listing of {kind}", call=base)
        if not isinstance(token, str) or token in seen:
            raise Failure("answer", f"GET {base}/{kind}: the listing leads back to itself", call=base)
        found += page
        if not token:
            return found
        seen.add(token)
    raise Failure("answer", f"GET {base}/{kind}: the listing has no end", call=base)
