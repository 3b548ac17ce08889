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


def take(spec: DestinationSpec, edge: Edge, now: Callable[[], str]) -> Snapshot:
    """Read all that a destination has; what fails is not read, and no failure ends the rest.

    Raises:
        PolicyError: an address or a credential of which nothing can be asked.

    """
    asker = Asker(client_of(spec, edge), CONNECTIONS[spec.type], now)
    held, missing = _READERS[spec.type](asker, spec)
    objects = tuple(sorted(held, key=lambda one: one.path))
    return Snapshot(spec.name, spec.type, where(spec), objects, tuple(missing), asker.answers)
