"""Read an enterprise of the Android Management API: every policy, of which a device has exactly one.

The API has one scope, https://www.googleapis.com/auth/androidmanagement, for reading and writing alike (discovery document,
revision 20261104); what keeps this half from writing is that it sends GET alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from mdm_policy.push.answers import Failure
from mdm_policy.tenant.asking import why
from mdm_policy.tenant.model import FoundObject, Missing, file_name

if TYPE_CHECKING:
    from mdm_policy.model import DestinationSpec
    from mdm_policy.tenant.asking import Asker

_PAGES = 10_000


def everything(asker: Asker, spec: DestinationSpec) -> tuple[list[FoundObject], list[Missing]]:
    """Return every policy of the enterprise; a listing that breaks off leaves the rest as not read."""
    base = f"v1/{quote(spec.settings['enterprise'], safe='/')}/policies"
    held: list[FoundObject] = []
    try:
        for one in _pages(asker, base):
            text = json.dumps(one, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            held.append(FoundObject(f"policies/{file_name(one['name'])}.json", text.encode("utf-8", "surrogatepass")))
    except Failure as bad:
        return held, [Missing("amapi-policies", f"GET {base}", why(bad))]
    return held, []


def _pages(asker: Asker, base: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token = ""
    seen: set[str] = set()
    for _ in range(_PAGES):
        query = {"pageSize": "100", **({"pageToken": token} if token else {})}
        value = asker.object(f"{base}?{urlencode(query)}")
        page, token = value.get("policies", []), value.get("nextPageToken", "")
        if not isinstance(page, list) or not all(
            isinstance(one, dict) and isinstance(one.get("name"), str) for one in page
        ):
            raise Failure("answer", f"GET {base}: the answer is not a listing of policies", call=base)
        if not isinstance(token, str) or token in seen:
            raise Failure("answer", f"GET {base}: the listing leads back to itself", call=base)
        found += page
        if not token:
            return found
        seen.add(token)
    raise Failure("answer", f"GET {base}: the listing has no end", call=base)
