"""Take a snapshot of a destination."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.push.logins import CONNECTIONS, client_of, where
from mdm_policy.tenant import amapi, graph, jamf, kmfddm
from mdm_policy.tenant.asking import Asker
from mdm_policy.tenant.model import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.protocol import Edge
    from mdm_policy.tenant.model import FoundObject, Missing

_READERS: Mapping[str, Callable[[Asker, DestinationSpec], tuple[list[FoundObject], list[Missing]]]] = {
    "graph": graph.everything,
    "jamf": jamf.everything,
    "amapi": amapi.everything,
    "kmfddm": kmfddm.everything,
}
_STEP = 200
"""After how many objects a person who watches is told again."""


def take(
    spec: DestinationSpec, edge: Edge, now: Callable[[], str], progress: Callable[[str], None] | None = None
) -> Snapshot:
    """Read all that a destination has; what fails is not read, and no failure ends the rest.

    `progress` is told in a line how many objects have been read, now and then.

    Raises:
        PolicyError: an address or a credential of which nothing can be asked.

    """
    told = counting(spec.name, progress) if progress is not None else None
    asker = Asker(client_of(spec, edge), CONNECTIONS[spec.type], now, told)
    held, missing = _READERS[spec.type](asker, spec)
    objects = tuple(sorted(held, key=lambda one: one.path))
    return Snapshot(spec.name, spec.type, where(spec), objects, tuple(missing), asker.answers)


def counting(name: str, progress: Callable[[str], None]) -> Callable[[int], None]:
    """Return what is told each count of objects, and passes on every so many as a line."""
    return lambda count: progress(f"{name}: {count} objects read") if count % _STEP == 0 else None
