"""Take from a snapshot's index whom its documents reach, where they do not say so themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mdm_policy.kinds.snapshot import INDEX
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdm_policy.documents import Document

_UNREADABLE = Scope("groups", why="reaches somebody whom the index of its snapshot does not name readably")


def scopes(documents: Iterable[Document]) -> Iterator[tuple[str, Scope]]:
    """Yield the name of each document that an index names, and whom it reaches; what cannot be read reaches nobody for certain."""
    for document in documents:
        if document.kind == INDEX.name:
            said = document.value.get("scopes")
            for path, scope in said.items() if isinstance(said, dict) else ():
                yield str(Path(document.name).parent / path), _scope(scope)


def _scope(value: Any) -> Scope:
    if not isinstance(value, dict):
        return _UNREADABLE
    state, groups, why = value.get("state"), value.get("groups", []), value.get("why", "")
    named = isinstance(groups, list) and all(isinstance(one, str) for one in groups)
    if state not in ("everyone", "groups", "nobody", "not-stated") or not named or not isinstance(why, str):
        return _UNREADABLE
    return Scope(state, tuple(groups), why=why)
