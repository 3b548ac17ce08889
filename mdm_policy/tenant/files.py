"""Write a snapshot down as files that `verify` and `diff` read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.snapshot import FORMAT

if TYPE_CHECKING:
    from mdm_policy.reading import Scope
    from mdm_policy.tenant.model import Snapshot

INDEX = "snapshot.json"
"""The file of a snapshot that says what was asked, and what was not read."""


def files(snapshot: Snapshot) -> dict[str, bytes]:
    """Return the files of a snapshot by their paths: its objects, and the index beside them."""
    index: dict[str, Any] = {
        "format": FORMAT,
        "destination": snapshot.name,
        "type": snapshot.type,
        "where": snapshot.where,
        "scopes": {one.path: _scope(one.scope) for one in snapshot.objects if one.scope is not None},
        "notRead": [
            {
                "collection": one.collection,
                "query": one.query,
                "why": one.why,
                **({"path": one.path} if one.path else {}),
            }
            for one in snapshot.missing
        ],
        "answers": [{"query": one.query, "time": one.time, "sha256": one.sha256} for one in snapshot.answers],
    }
    text = json.dumps(index, ensure_ascii=False, indent=1) + "\n"
    return {INDEX: text.encode("utf-8", "surrogatepass"), **{one.path: one.data for one in snapshot.objects}}


def _scope(scope: Scope) -> dict[str, Any]:
    return {"state": scope.state, "groups": list(map(str, scope.groups)), "why": scope.why}
