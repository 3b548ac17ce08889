"""Stand in for NanoMDM's queue, and for devices that carry out at once what is put into it.

Source: micromdm/nanomdm, docs/openapi.yaml (`PUT /v1/enqueue/{id*}`) and docs/operations-guide.md. A command whose id is in the
queue already is refused, as the server's SQL stores do. Run it by hand: `python -m tests.emulators.nanomdm`.
"""

from __future__ import annotations

import base64
import copy
import plistlib
import re
from typing import Any
from urllib.parse import unquote

from emulators.base import Answer, Emulator, Request, reply, run_by_hand

KEY = "canary-nanomdm-key"
_PATH = re.compile(r"/v1/(enqueue|push)/([^/]+)\Z")


class Server(Emulator):
    """Keep the enrollments, their profiles by identifier, and every command that was accepted."""

    def __init__(self, *enrollments: str, **known: Any) -> None:
        """Know some enrollments."""
        super().__init__(**known)
        self.profiles: dict[str, dict[str, bytes]] = {one: {} for one in enrollments}
        self.commands: dict[str, str] = {}
        self.unpushable: set[str] = set()
        """Enrollments whose wake-up call fails; their queue takes commands all the same."""
        self.broken: set[str] = set()
        """Enrollments whose queue takes nothing."""

    def snapshot(self) -> Any:
        """Copy all state."""
        return copy.deepcopy((self.profiles, self.commands))

    def handle_stale(self, request: Request, state: Any) -> Answer:
        """Answer as ever: nothing can be read here."""
        del state
        return self.handle(request)

    def handle(self, request: Request) -> Answer:
        """Answer as NanoMDM does."""
        if request.path == "/version":
            return reply({"version": "v0.0.0-emulated"})
        wanted = base64.b64encode(f"nanomdm:{KEY}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            realm = (("WWW-Authenticate", 'Basic realm="nanomdm"'),)
            return Answer(401, b"Unauthorized\n", realm, "text/plain; charset=utf-8")
        found = _PATH.match(request.path)
        if found is None or (request.method, found[1]) not in (("PUT", "enqueue"), ("GET", "push")):
            return Answer(404, b"404 page not found\n", (), "text/plain; charset=utf-8")
        return self._enqueue(unquote(found[2]).split(","), request) if found[1] == "enqueue" else reply({"status": {}})

    def _enqueue(self, ids: list[str], request: Request) -> Answer:
        try:
            value = plistlib.loads(request.body)
            command, id_ = value["Command"], value["CommandUUID"]
            kind = command["RequestType"]
        except (ValueError, KeyError, TypeError, plistlib.InvalidFileException):
            return Answer(400, b"Bad Request\n", (), "text/plain; charset=utf-8")
        answer: dict[str, Any] = {"command_uuid": id_, "request_type": kind, "status": {}}
        if id_ in self.commands:
            answer["command_error"] = "Duplicate entry for key 'commands.PRIMARY'"
            return reply(answer, 500)
        self.commands[id_] = kind
        failed = 0
        for one in ids:
            if one in self.broken or one not in self.profiles:
                answer["status"][one] = {"command_error": "no such enrollment"}
                failed += 1
                continue
            self._carry(one, kind, command)
            pushed = {"push_error": "no push info"} if one in self.unpushable else {"push_result": f"push-{id_}"}
            failed += one in self.unpushable
            answer["status"][one] = pushed
        return reply(answer, 200 if not failed else 500 if failed == len(ids) else 207)

    def _carry(self, enrollment: str, kind: str, command: dict[str, Any]) -> None:
        """Let the device do what it is told."""
        if kind == "InstallProfile":
            identifier = plistlib.loads(command["Payload"])["PayloadIdentifier"]
            self.profiles[enrollment][identifier] = command["Payload"]
        elif kind == "RemoveProfile":
            self.profiles[enrollment].pop(command["Identifier"], None)

    def restrictions(self, enrollment: str) -> bytes:
        """Return a device's answer to `Restrictions`: the union of what its profiles block."""
        apps = sorted(
            {
                app
                for one in self.profiles[enrollment].values()
                for payload in plistlib.loads(one)["PayloadContent"]
                for app in payload.get("blockedAppBundleIDs", ())
            }
        )
        union = {"blockedAppBundleIDs": {"values": apps}}
        return plistlib.dumps({"Status": "Acknowledged", "UDID": enrollment, "GlobalRestrictions": {"union": union}})


if __name__ == "__main__":
    run_by_hand(Server("E1", "E2"), f"NanoMDM with the API key {KEY!r} and the enrollments E1 and E2")
