"""Be the plainest destination there can be, so that the engine's laws can be held apart from any vendor's ways.

Its server keeps objects with a body (a settings-catalog policy), a key, an owner and an assignment; it rewrites nothing.
"""

from __future__ import annotations

import copy
import json
import uuid
from typing import TYPE_CHECKING, Any

from emulators.base import Answer, Emulator, Request, reply

from mdm_policy.push.answers import Failure
from mdm_policy.push.http import Client, Settings
from mdm_policy.push.model import Assignment, Item, Remote, Summary
from mdm_policy.push.normal import differences, fingerprint
from mdm_policy.push.protocol import marker
from mdm_policy.push.redaction import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.model import DeviceEvidence, MadeDocument
    from mdm_policy.push.protocol import Edge

SECRET = "canary-fake-secret"  # noqa: S105 - a canary
TARGETS = ("intune-ios-settings-catalog", "intune-windows-applocker")


class FakeServer(Emulator):
    """Keep objects by id."""

    def __init__(self, **known: Any) -> None:
        """Start with objects of other people."""
        super().__init__(**known)
        self.objects: dict[str, dict[str, Any]] = {
            "f1": {"name": "Banned apps", "key": "", "owner": "", "body": {"foreign": 1}, "assignment": None},
            "f2": {"name": "Other", "key": "k", "owner": "org.other", "body": {"foreign": 2}, "assignment": None},
        }
        self.made = 0

    def snapshot(self) -> Any:
        """Copy the objects."""
        return copy.deepcopy(self.objects)

    def handle_stale(self, request: Request, state: Any) -> Answer:
        """Answer from older objects."""
        now, self.objects = self.objects, state
        try:
            return self.handle(request)
        finally:
            self.objects = now

    def handle(self, request: Request) -> Answer:
        """Answer the plainest REST there is."""
        if request.headers.get("authorization") != f"Bearer {SECRET}":
            return reply({"error": {"code": "401", "message": "who are you?"}}, 401)
        _, _, id_, *rest = (*request.path.split("/"), "")
        if request.method == "GET" and not id_:
            shown = [{"id": one, **{k: v[k] for k in ("name", "key", "owner")}} for one, v in self.objects.items()]
            return reply({"value": shown})
        if request.method == "POST" and not id_:
            self.made += 1
            new = str(uuid.UUID(int=self.made))
            self.objects[new] = {**request.json(), "assignment": None}
            return reply({"id": new}, 201)
        found = self.objects.get(id_)
        if found is None:
            return reply({"error": {"code": "404", "message": "no such object"}}, 404)
        if request.method == "GET":
            return reply({"id": id_, **found})
        if request.method == "DELETE":
            del self.objects[id_]
            return Answer(204)
        if rest[0] == "assign":
            found["assignment"] = request.json()
            return Answer(204)
        found["body"] = request.json()
        return Answer(204)


class Destination:
    """Speak to the fake server."""

    type = "fake"
    concurrency = 4
    finds_by_marker = True
    takes = "what its test makes"

    def __init__(self, spec: DestinationSpec, owner: str, edge: Edge) -> None:
        """Prepare the client."""
        self.name = spec.name
        self.where = spec.settings["path"]
        self._spec, self._owner = spec, owner
        secrets = Secrets()
        secret = secrets.add(edge.secret({"env": "FAKE_SECRET"}))
        settings = Settings(self.where, edge.timeout, edge.attempts, self.concurrency)
        self._client = Client(settings, edge.sleep, secrets, lambda _: {"Authorization": f"Bearer {secret}"})

    def items(self, made: Sequence[MadeDocument]) -> tuple[Item, ...]:
        """Take the settings catalog and AppLocker."""
        return tuple(
            Item(
                marker(self._owner, one.target, one.document, one.variant),
                "policy",
                f"{one.target} {one.variant}".strip(),
                json.dumps(json.loads(one.data), sort_keys=True).encode(),
                one.path,
                self._assignment(one),
            )
            for one in made
            if one.target in TARGETS and not one.instead_of
        )

    def _assignment(self, one: MadeDocument) -> Assignment | None:
        if self._spec.assign == "unchanged":
            return None
        if one.variant:
            return Assignment(groups=one.groups)
        if self._spec.assign == "everyone":
            return Assignment(everyone=True, excluded=one.excluded)
        return Assignment(groups=tuple(self._spec.assign), excluded=one.excluded)

    def merged(self, item: Item, remote: Remote | None) -> bytes:
        """Put the assignment into the body as Graph has it."""
        kept = item.assignment if item.assignment is not None else remote.assignment if remote else None
        return _dressed(json.loads(item.body), kept)

    def differs(self, item: Item, remote: Remote) -> tuple[str, ...]:
        """Compare the bodies."""
        found = json.loads(remote.body)
        return differences(json.loads(item.body), found)

    def restoring(self, item: Item, remote: Remote) -> bytes:
        """Return what is there."""
        del item
        found = json.loads(remote.body)
        found.pop("assignments", None)
        return json.dumps(found, sort_keys=True).encode()

    def list(self) -> Iterable[Summary]:
        """List all objects."""
        found = self._client.call("GET", "/objects").object().get("value")
        if not isinstance(found, list):
            raise Failure("answer", "the listing holds no list", ambiguous=True)
        return [Summary("policy", one["id"], one["name"], one["key"], one["owner"]) for one in found]

    def get(self, summary: Summary) -> Remote | None:
        """Read one object."""
        try:
            found = self._client.call("GET", f"/objects/{summary.id}").object()
            body, given = found["body"], found["assignment"]
        except Failure as bad:
            if bad.fault == "not-found":
                return None
            raise
        except (KeyError, TypeError):
            raise Failure("answer", "the object lacks its parts", ambiguous=True) from None
        kept = Assignment(given["everyone"], tuple(given["groups"]), tuple(given["excluded"])) if given else None
        return Remote(
            "policy",
            summary.id,
            found["name"],
            found["key"],
            _dressed(body, kept),
            fingerprint(body),
            kept or Assignment(),
        )

    def create(self, item: Item) -> Summary:
        """Make an object."""
        body = {"name": item.name, "key": item.key, "owner": self._owner, "body": json.loads(item.body)}
        answer = self._client.call("POST", "/objects", body=json.dumps(body).encode(), ok=(201,)).object()
        if not isinstance(answer.get("id"), str):
            raise Failure("answer", "no id came back", ambiguous=True)
        return Summary("policy", answer["id"], item.name, item.key, self._owner)

    def update(self, item: Item, remote: Remote) -> None:
        """Replace the body."""
        self._client.call("PATCH", f"/objects/{remote.id}", body=item.body, ok=(204,), repeat=True)

    def assign(self, summary: Summary, assignment: Assignment) -> None:
        """Replace the assignment."""
        body = {
            "everyone": assignment.everyone,
            "groups": list(assignment.groups),
            "excluded": list(assignment.excluded),
        }
        path = f"/objects/{summary.id}/assign"
        self._client.call("POST", path, body=json.dumps(body).encode(), ok=(204,), repeat=True)

    def delete(self, remote: Remote) -> None:
        """Delete an object."""
        self._client.call("DELETE", f"/objects/{remote.id}", ok=(204, 404))

    def evidence(self, remotes: Sequence[Remote]) -> Iterable[DeviceEvidence]:
        """Know nothing."""
        del remotes
        return ()


def _dressed(body: Any, kept: Assignment | None) -> bytes:
    made = dict(body)
    if kept is not None:
        kinds = ("groupAssignmentTarget", "exclusionGroupAssignmentTarget")
        targets = [{"@odata.type": f"#microsoft.graph.{kinds[0]}", "groupId": one} for one in kept.groups]
        targets += [{"@odata.type": f"#microsoft.graph.{kinds[1]}", "groupId": one} for one in kept.excluded]
        if kept.everyone:
            targets.append({"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"})
        made["assignments"] = [{"target": one} for one in targets]
    return json.dumps(made, sort_keys=True).encode()


class Kit:
    """Be the fake as the laws see it."""

    name = "fake"
    module = "push.kits.fake"
    """Put in the place of another kind's module while a law runs."""
    env = {"FAKE_SECRET": SECRET}
    targets = TARGETS

    def emulator(self) -> FakeServer:
        """Return a fresh server."""
        return FakeServer()

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        """Return its settings: no deployment file can name it, so it takes another kind's place."""
        del folder
        return {"git": {"path": url}, "assign": "everyone"}

    def bans(self, emulator: FakeServer) -> frozenset[tuple[str, str]]:
        """Return the bundle ids and AppLocker names that are in force: of objects that are assigned."""
        found = set()
        for one in emulator.objects.values():
            if one["assignment"] and (one["assignment"]["everyone"] or one["assignment"]["groups"]):
                text = json.dumps(one["body"])
                kind = "catalog" if "blockedappbundleids" in text else "applocker"
                found |= {(kind, word) for word in _words(one["body"])}
        return frozenset(found)

    def twins(self, emulator: FakeServer) -> list[str]:
        """Return the keys that stand on more than one object."""
        keys = [one["key"] for one in emulator.objects.values() if one["owner"] == "gov.example.agency"]
        return [key for key in keys if keys.count(key) > 1]

    def foreign(self, emulator: FakeServer) -> Any:
        """Return what is not ours."""
        return {id_: one for id_, one in emulator.objects.items() if one["owner"] != "gov.example.agency"}

    def meddle(self, emulator: FakeServer) -> None:
        """Drop one banned app from the settings catalog."""
        for one in emulator.objects.values():
            if "blockedappbundleids" in json.dumps(one["body"]):
                del _list(one["body"])[-1:]
                return

    def harmless(self, emulator: FakeServer) -> None:
        """Turn the list around."""
        for one in emulator.objects.values():
            if "blockedappbundleids" in json.dumps(one["body"]):
                _list(one["body"]).reverse()


def _list(body: Any) -> list[Any]:
    first = body["settings"][0]["settingInstance"]["groupSettingCollectionValue"][0]["children"][0]
    found: list[Any] = first["simpleSettingCollectionValue"]
    return found


def _words(body: Any) -> set[str]:
    if "settings" in body:
        return {one["value"] for one in _list(body)}
    return {
        piece for one in body["omaSettings"] for piece in str(one["value"]).split('"') if "\\" in piece or "O=" in piece
    }


DESTINATION = Destination
