"""Stand in for KMFDDM: declarations, sets, enrollments, and what enrollments report, by its HTTP API.

Source: jessepeterson/kmfddm, docs/openapi.yaml, and http/api and storage/kv for what it leaves open: 204 is a change and
304 is none, an empty list is `null`, a declaration that a set names cannot be deleted, nor one that is missing be put
into a set. tests/live/test_live_mdm_servers.py holds it against a real server. Run it by hand: `python -m tests.emulators.kmfddm`.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote

from emulators.base import Answer, Emulator, Request, reply, run_by_hand

KEY = "canary-kmfddm-key"
_AT_ONCE = 30
_PATH = re.compile(r"/v1/([a-z-]+)(?:/([^/]+))?(?:/([a-z]+))?\Z")


class Server(Emulator):
    """Keep declarations by identifier, members by set, and sets by enrollment."""

    def __init__(self, **known: Any) -> None:
        """Start with nothing."""
        super().__init__(**known)
        self.declarations: dict[str, dict[str, Any]] = {}
        self.sets: dict[str, list[str]] = {}
        self.enrollments: dict[str, list[str]] = {}
        self.reports: dict[str, list[dict[str, Any]]] = {}
        self.notified: list[str] = []
        """The enrollments that were told of a change, in order."""
        self.unheard: set[str] = set()
        """The enrollments for which something changed after they were told last."""
        self.doubled: set[str] = set()
        """The enrollments in whose queue one command is twice: NanoMDM 0.9.0 may lose the one that comes after it."""

    def seed(self, value: dict[str, Any], *sets: str) -> None:
        """Store a declaration as somebody else has, and put it into sets."""
        self._store(value)
        for name in sets:
            self.sets.setdefault(name, []).append(value["Identifier"])

    def report(
        self, enrollment: str, identifier: str, *, active: bool = True, valid: str = "valid", **more: Any
    ) -> None:
        """Let an enrollment report on a declaration, by default `of` the one that is stored."""
        token = more.pop("of", self.declarations.get(identifier, {}).get("ServerToken", ""))
        status = {"identifier": identifier, "active": active, "valid": valid, "server-token": token, **more}
        self.reports.setdefault(enrollment, []).append(status)

    def snapshot(self) -> Any:
        """Copy all state."""
        return copy.deepcopy((self.declarations, self.sets, self.enrollments, self.reports))

    def handle_stale(self, request: Request, state: Any) -> Answer:
        """Answer from an older state."""
        now = self.declarations, self.sets, self.enrollments, self.reports
        self.declarations, self.sets, self.enrollments, self.reports = state
        try:
            return self.handle(request)
        finally:
            self.declarations, self.sets, self.enrollments, self.reports = now

    def handle(self, request: Request) -> Answer:
        """Answer as KMFDDM does."""
        if request.path == "/version":
            return reply({"version": "v0.0.0-emulated"})
        wanted = base64.b64encode(f"kmfddm:{KEY}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            realm = (("WWW-Authenticate", 'Basic realm="kmfddm"'),)
            return Answer(401, b"Unauthorized\n", realm, "text/plain; charset=utf-8")
        found = _PATH.match(request.path)
        doing = getattr(self, f"_{request.method.lower()}_{found[1].replace('-', '_')}", None) if found else None
        if found is None or doing is None:
            return Answer(404, b"404 page not found\n", (), "text/plain; charset=utf-8")
        answer: Answer = doing(unquote(found[2] or ""), request)
        return answer

    def _get_declarations(self, name: str, request: Request) -> Answer:
        del request
        if not name:
            return _listed(self.declarations)
        if name not in self.declarations:
            return _error(404, "declaration not found")
        return reply(self.declarations[name])

    def _put_declarations(self, name: str, request: Request) -> Answer:
        if name:
            return Answer(405, b"Method Not Allowed\n", (), "text/plain; charset=utf-8")
        try:
            value = json.loads(request.body)
        except ValueError as bad:
            return _error(400, f"parsing json: {bad}")
        if not isinstance(value, dict):
            return _error(400, "json: cannot unmarshal array into Go value of type ddm.Declaration")
        if not value.get("Identifier") or not value.get("Type") or not isinstance(value.get("Payload"), dict | list):
            return _error(400, "invalid declaration")
        changed = self._store(value)
        if changed:
            self._changed(request, [one for one, members in self.sets.items() if value["Identifier"] in members])
        return Answer(204 if changed else 304)

    def _delete_declarations(self, name: str, request: Request) -> Answer:
        del request
        sets = self._sets_of(name)
        if sets:
            return _error(500, f"txn rolled back: declaration is referenced by {len(sets)} sets")
        return Answer(204 if self.declarations.pop(name, None) is not None else 304)

    def _get_sets(self, name: str, request: Request) -> Answer:
        del name, request
        return _listed(self.sets)

    def _get_set_declarations(self, name: str, request: Request) -> Answer:
        del request
        return _listed(_after(f"{name}.", (f"{set_}.{one}" for set_, members in self.sets.items() for one in members)))

    def _put_set_declarations(self, name: str, request: Request) -> Answer:
        identifier = request.query.get("declaration", "")
        if not identifier:
            return _error(500, "empty declaration")
        if identifier not in self.declarations:
            return _error(500, "declaration not found")
        if identifier in self.sets.get(name, ()):
            return Answer(304)
        self.sets.setdefault(name, []).append(identifier)
        self._changed(request, [name])
        return Answer(204)

    def _delete_set_declarations(self, name: str, request: Request) -> Answer:
        identifier = request.query.get("declaration", "")
        if not identifier:
            return _error(500, "empty declaration")
        if identifier not in self.sets.get(name, ()):
            return Answer(304)
        self.sets[name].remove(identifier)
        if not self.sets[name]:
            del self.sets[name]
        self._changed(request, [name])
        return Answer(204)

    def _get_declaration_sets(self, name: str, request: Request) -> Answer:
        del request
        return _listed(self._sets_of(name))

    def _sets_of(self, name: str) -> list[str]:
        return _after(f"{name}.", (f"{one}.{set_}" for set_, members in self.sets.items() for one in members))

    def _post_notify(self, name: str, request: Request) -> Answer:
        """Tell enrollments at once, in the order and as often as they are found."""
        del name
        asked = parse_qs(request.raw)
        sets = [*asked.get("set", ())]
        for declaration in asked.get("declaration", ()):
            sets += [set_ for set_, members in self.sets.items() if declaration in members]
        self._tell([*asked.get("id", ()), *self._members(sets)])
        return Answer(204)

    def _get_enrollment_sets(self, name: str, request: Request) -> Answer:
        del request
        return _listed(self.enrollments.get(name, ()))

    def _put_enrollment_sets(self, name: str, request: Request) -> Answer:
        wanted = request.query.get("set", "")
        if not wanted:
            return _error(500, "empty set name")
        if wanted in self.enrollments.get(name, ()):
            return Answer(304)
        self.enrollments.setdefault(name, []).append(wanted)
        return Answer(204)

    def _delete_enrollment_sets(self, name: str, request: Request) -> Answer:
        wanted = request.query.get("set", "")
        if not wanted:
            return _error(500, "empty set name")
        if wanted not in self.enrollments.get(name, ()):
            return Answer(304)
        self.enrollments[name].remove(wanted)
        return Answer(204)

    def _get_declaration_status(self, name: str, request: Request) -> Answer:
        del request
        found = {}
        for enrollment in name.split(","):
            statuses = [
                {**one, "current": one["server-token"] == self._token(one["identifier"])}
                for one in self.reports.get(enrollment, ())
            ]
            if statuses:
                found[enrollment] = statuses
        return reply(found)

    def _token(self, identifier: str) -> str:
        token: str = self.declarations.get(identifier, {}).get("ServerToken", "?")
        return token

    def _store(self, value: dict[str, Any]) -> bool:
        """Store a declaration under a token of its content; tell whether it changed."""
        kept = {"Identifier": value["Identifier"], "Type": value["Type"], "Payload": value.get("Payload", {})}
        token = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]
        made = {"ServerToken": token, **kept}
        changed = self.declarations.get(value["Identifier"]) != made
        self.declarations[value["Identifier"]] = made
        return changed

    def _changed(self, request: Request, sets: list[str]) -> None:
        """Note that sets have changed, and tell their enrollments unless the request forbids it."""
        self.unheard |= set(self._members(sets))
        if request.query.get("nonotify", "").lower() in ("", "0", "false", "no", "off"):
            self._tell(self._members(sets))

    def _members(self, sets: list[str]) -> list[str]:
        """Return the enrollments of sets: one that is in two of them is there twice."""
        return [one for set_ in sets for one, theirs in self.enrollments.items() if set_ in theirs]

    def _tell(self, enrollments: list[str]) -> None:
        """Queue a command for enrollments; one of more than thirty of them is in no queue (notifier/foss, `Enqueue`)."""
        reached = enrollments[:_AT_ONCE]
        self.notified += reached
        self.unheard -= set(reached)
        self.doubled |= {one for one in reached if reached.count(one) > 1}


def _after(prefix: str, names: Any) -> list[str]:
    """Return what the store finds by a prefix of its keys, whose parts it joins with dots: also what has a dot in it."""
    return [one.removeprefix(prefix) for one in names if one.startswith(prefix)]


def _listed(names: Any) -> Answer:
    """Answer a list, which is `null` when nothing was put into it."""
    return reply(sorted(names) or None)


def _error(status: int, message: str) -> Answer:
    return reply({"error": message}, status)


if __name__ == "__main__":
    run_by_hand(Server(), f"KMFDDM with the API key {KEY!r}")
