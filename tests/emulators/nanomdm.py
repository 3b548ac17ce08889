"""Stand in for NanoMDM's queue, and for devices that carry out at once what is put into it, unless they are `offline`.

Source: micromdm/nanomdm 0.9.0, http/api, api/ and storage/: what an answer says depends on the `store`. tests/live/
test_live_mdm_servers.py holds it against a real server. Run it by hand: `python -m tests.emulators.nanomdm`.
"""

from __future__ import annotations

import base64
import copy
import json
import plistlib
import re
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from emulators.base import Answer, Emulator, Request, reply, run_by_hand

if TYPE_CHECKING:
    from pathlib import Path

KEY = "canary-nanomdm-key"
_PATH = re.compile(r"/v1/(enqueue|push)/([^/]+)\Z")
Store = Literal["kv", "sql", "file"]


class Server(Emulator):
    """Keep the enrollments, their profiles by identifier, their queues, and every command that was accepted."""

    def __init__(self, *enrollments: str, store: Store = "kv", **known: Any) -> None:
        """Know some enrollments."""
        super().__init__(**known)
        self.store = store
        self.profiles: dict[str, dict[str, bytes]] = {one: {} for one in enrollments}
        self.queues: dict[str, list[tuple[str, dict[str, Any]]]] = {one: [] for one in enrollments}
        self.commands: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        """What the webhook was sent: who enrolled, and who left."""
        self.unpushable: set[str] = set()
        """Enrollments whose wake-up call fails; their queue takes commands all the same."""
        self.broken: set[str] = set()
        """Enrollments whose queue takes nothing."""
        self.offline: set[str] = set()
        """Enrollments that fetch nothing before `fetch`."""
        self.certified = True
        """Whether the server has a certificate for Apple's push service."""
        for one in enrollments:
            self._post("mdm.Authenticate", one)

    def snapshot(self) -> Any:
        """Copy all state."""
        return copy.deepcopy((self.profiles, self.queues, self.commands))

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
        if found is None:
            return Answer(404, b"404 page not found\n", (), "text/plain; charset=utf-8")
        ids = unquote(found[2]).split(",")
        if found[1] == "push" or not request.body:
            return self._answer({}, ids, {}, pushes=True)
        return self._enqueue(ids, request)

    def _enqueue(self, ids: list[str], request: Request) -> Answer:
        try:
            value = plistlib.loads(request.body)
            command, id_ = value["Command"], value["CommandUUID"]
            kind = command["RequestType"]
        except (ValueError, KeyError, TypeError, plistlib.InvalidFileException):
            return reply({"command_error": "decoding command: invalid command"}, 500)
        answer: dict[str, Any] = {"command_uuid": id_, "request_type": kind}
        refusal = self._refusal(id_, ids)
        if refusal:
            return reply({**answer, "command_error": refusal}, 500)
        self.commands[id_] = kind
        failed = {}
        for one in ids:
            if one in self.broken:
                # The default store names the command in the place of the enrollment.
                failed[one if self.store == "file" else id_] = {"command_error": f"enqueue for {id_}: bad key"}
            elif one in self.queues:
                self.queues[one].append((id_, command))
                if one not in self.offline:
                    self.fetch(one)
        return self._answer(answer, ids, failed, pushes="nopush" not in request.query)

    def _refusal(self, id_: str, ids: list[str]) -> str:
        """Return why a store takes a command for nobody, or nothing."""
        if self.store == "file":
            return ""
        if id_ in self.commands:
            sql = f"Error 1062 (23000): Duplicate entry '{id_}' for key 'commands.PRIMARY'"
            return sql if self.store == "sql" else f"command already exists: {id_}"
        if self.store == "sql" and not set(ids) <= self.queues.keys() - self.broken:
            return "Error 1452 (23000): Cannot add or update a child row: a foreign key constraint fails"
        return ""

    def _answer(self, answer: dict[str, Any], ids: list[str], failed: dict[str, Any], *, pushes: bool) -> Answer:
        """Say what became of each enrollment; where everything is well and nobody is woken, nothing is said."""
        status: dict[str, dict[str, Any]] = {one: dict(said) for one, said in failed.items()}
        known = [one for one in ids if one in self.queues]
        for one in ids if pushes else ():
            if one not in known:
                status.setdefault(one, {})["push_error"] = "push data missing for id"
            elif one in self.unpushable:
                status.setdefault(one, {})["push_error"] = "Unregistered: the device token is not active"
            elif self.certified:
                status.setdefault(one, {})["push_result"] = f"push-{one}"
        if status:
            answer["status"] = status
        if not pushes:
            answer["no_push"] = True
        elif known and not self.certified:
            answer["push_error"] = "retrieving push cert for topic: key not found"
        bad = sum("push_error" in said or "command_error" in said for said in status.values())
        whole = "push_error" in answer or bad >= len(ids)
        return reply(answer, 500 if whole else 207 if bad else 200)

    def fetch(self, enrollment: str) -> list[str]:
        """Let a device carry out what is in its queue, and return the kinds of the commands."""
        queue, self.queues[enrollment] = self.queues[enrollment], []
        for _, command in queue:
            self._carry(enrollment, command["RequestType"], command)
        return [command["RequestType"] for _, command in queue]

    def enrol(self, enrollment: str) -> None:
        """Let a device enroll again: its queue is emptied, and it has no profile."""
        self.queues[enrollment] = []
        self.profiles[enrollment] = {}
        self._post("mdm.Authenticate", enrollment)

    def leave(self, enrollment: str) -> None:
        """Let a device check out: it keeps no profile."""
        self.profiles[enrollment] = {}
        self._post("mdm.CheckOut", enrollment)

    def _post(self, topic: str, enrollment: str) -> None:
        number = len(self.events) + 1
        who = {"ids": {"id": enrollment, "type": "Device"}, "udid": enrollment, "raw_payload": "PA=="}
        self.events.append({"topic": topic, "created_at": f"t{number}", "event_id": str(number), "checkin_event": who})

    def write_events(self, path: Path) -> None:
        """Write what the webhook was sent, as a receiver of it might."""
        path.write_text("".join(f"{json.dumps(one)}\n" for one in self.events), "utf-8")

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
