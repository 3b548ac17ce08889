"""Microsoft Graph of a tenant in which a second administrator has to approve every write."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

from push.kits import graph

if TYPE_CHECKING:
    from emulators.graph import GraphServer


def decide(server: GraphServer, what: str, **more: str) -> int:
    """Let the second administrator do something with the open requests; return with how many.

    It goes over the network, since what asks for it may be a copy of the process.
    """
    body = json.dumps({"do": what, **more}).encode()
    call = urllib.request.Request(f"{server.url}/second-admin", body, method="POST")  # noqa: S310 - loopback
    with urllib.request.urlopen(call) as answer:  # noqa: S310 - as above
        count: int = json.loads(answer.read())["count"]
        return count


class Kit(graph.Kit):
    """Be such a tenant as the laws see it."""

    name = "graph_approval"

    def emulator(self) -> GraphServer:
        """Return the tenant with approval on, each request refused in another of the ways that are known."""
        server = super().emulator()
        server.desk.turn_on()
        return server

    def approve(self, server: GraphServer) -> bool:
        """Approve whatever waits; tell whether anything did."""
        return decide(server, "approved") > 0
