"""Deliver profiles through NanoMDM, a queue of commands that tells nothing of what devices have.

Source: micromdm/nanomdm, docs/openapi.yaml and docs/operations-guide.md (`PUT /v1/enqueue/{ids}`). The server keeps no list of
profiles and sends devices' answers to a webhook, so what "is there" is a record beside the deployment: which bytes were
put into the queue for which enrollments. A plan compares with that record, and says so; docs/adr/0026 explains it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import msgspec

from mdm_policy import regular
from mdm_policy.documents import MAX_SIZE
from mdm_policy.documents.plistdump import dump_plist
from mdm_policy.documents.plists import parse_plist
from mdm_policy.errors import Finding, PolicyError, error, note, warning
from mdm_policy.model import Frozen
from mdm_policy.push.answers import Failure
from mdm_policy.push.http import Client, Settings
from mdm_policy.push.model import Assignment, DeviceEvidence, Item, Remote, Summary
from mdm_policy.push.protocol import is_chosen, marker
from mdm_policy.push.proxies import of_destination
from mdm_policy.push.redaction import Secrets

_MOST_RECORD = 256 * 1024 * 1024
"""Bytes of the record of deliveries, which grows with devices and profiles."""

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.answers import Reply
    from mdm_policy.push.model import MadeDocument
    from mdm_policy.push.protocol import Edge

USER = "nanomdm"
"""NanoMDM operations guide, `-api`: HTTP Basic authentication, this name and the API key."""
_KIND = "profile"
_TURNS = 3
_DUPLICATE = re.compile(r"duplicate|unique", re.IGNORECASE)
"""How the server's SQL stores say that they have a command of this id (MySQL 1062, PostgreSQL 23505)."""
_AT_ONCE = 100
"""Enrollments of one call: their ids stand in its path."""
_SOURCE = "Apple, Restrictions command: GlobalRestrictions.union is the list in force"
_QUEUE = "micromdm/nanomdm docs/openapi.yaml: the queue tells nothing of what devices did"
_KEYS = ("blockedAppBundleIDs", "blacklistedAppBundleIDs")
"""Under which of the two an answer lists the apps is not documented."""


class Delivered(Frozen, frozen=True):
    """Record what was put into the queue for one profile: its bytes, and for whom."""

    name: str
    identifier: str
    profile: str
    enrollments: tuple[str, ...]
    asleep: tuple[str, ...] = ()
    """Those of them that could not be woken: they fetch the command when they check in next."""


class DeliveryRecord(Frozen, frozen=True):
    """Hold everything that was delivered through one server, by key."""

    server: str
    owner: str
    delivered: dict[str, Delivered] = {}
    format: Literal[1] = 1


class NanoMdmDestination:
    """Talk to one server."""

    type = "nanomdm"
    concurrency = 1
    finds_by_marker = False
    reads_back = False
    takes = "Apple profiles"

    def __init__(self, spec: DestinationSpec, owner: str, edge: Edge) -> None:
        """Prepare the client from the deployment's settings.

        Raises:
            PolicyError: `push-address`, `push-ca`, `destination-assign`, or a credential that cannot be read.

        """
        said = spec.settings
        if spec.assign not in ("unchanged", "everyone"):
            told = "NanoMDM knows no groups: `enrollments` says who gets the profiles"
            hint = "leave `assign` out; give the enrollments of an exception's group in `groups`, joined by commas"
            raise PolicyError([error("destination-assign", told, spec.origin, hint)])
        self.name = spec.name
        self.where = said["url"]
        self._spec = spec
        self._owner = owner
        self._edge = edge
        self._path = Path(edge.base) / said.get("record", f"{spec.name}.delivered.json")
        known = Secrets()
        password = known.add(edge.secret(said["api_key"]))
        proof = known.add(base64.b64encode(f"{USER}:{password}".encode()).decode())
        ca = os.path.join(edge.base, said["ca"]) if said.get("ca") else ""  # noqa: PTH118 - both are text from a file
        through = of_destination(spec, edge.secret, edge.proxies)
        settings = Settings(
            said["url"], edge.timeout, edge.attempts, self.concurrency, ca=ca, insecure=edge.insecure, proxies=through
        )
        self._client = Client(settings, edge.sleep, known, lambda _: {"Authorization": f"Basic {proof}"})
        self._asleep: set[str] = set()
        """Enrollments that have a command in their queue and could not be woken in this run."""

    @property
    def sent(self) -> int:
        """Count the requests that changed something, or may have."""
        return self._client.sent

    def items(self, made: Sequence[MadeDocument]) -> tuple[Item, ...]:
        """Return an item for each profile, with the enrollments that get it.

        Raises:
            PolicyError: `destination-group-unknown`, one for each group of an exception without enrollments.

        """
        ours = [one for one in made if self._takes(one)]
        groups = {group: None for one in ours for group in (*one.groups, *one.excluded)}
        unknown = [group for group in groups if group not in self._spec.groups]
        if unknown:
            hint = "add its enrollment ids to `groups` of the destination, joined by commas"
            said = [f"the group {group!r} has no enrollments at {self.name}" for group in unknown]
            raise PolicyError([error("destination-group-unknown", one, self._spec.origin, hint) for one in said])
        items = []
        for one in ours:
            key = marker(self._owner, one.target, one.document, one.variant)
            shown = f"{one.target} ({one.variant})" if one.variant else one.target
            who = Assignment(groups=self._enrollments(one))
            items.append(Item(key, _KIND, shown, one.data, one.path, who))
        return tuple(items)

    def findings(self, made: Sequence[MadeDocument]) -> tuple[Finding, ...]:
        """Say what a plan for a queue compares with."""
        targets = sorted({one.target for one in made if self._takes(one)})
        if not targets:
            return ()
        said = f"NanoMDM does not tell what devices have: the plan compares with {self._path.name}, what was delivered"
        hint = "keep the file beside the deployment; see docs/push/nanomdm.md"
        found = [note("nanomdm-record", said, self._spec.origin, hint)]
        if len(targets) > 1:
            said = f"every enrollment gets the profiles of {' and '.join(targets)}, of whatever platform it is"
            hint = "make a destination for each platform, and name its `targets`"
            found.append(warning("nanomdm-mixed-targets", said, self._spec.origin, hint))
        return tuple(found)

    def _enrollments(self, made: MadeDocument) -> tuple[str, ...]:
        """Return who gets a document: an exception's groups, or all others."""
        apart = {id_ for group in (*made.groups, *made.excluded) for id_ in self._members(group)}
        if made.variant:
            return tuple(sorted(apart))
        return tuple(one for one in sorted(set(self._spec.settings["enrollments"])) if one not in apart)

    def _members(self, group: str) -> tuple[str, ...]:
        return tuple(one.strip() for one in self._spec.groups[group].split(",") if one.strip())

    def _takes(self, made: MadeDocument) -> bool:
        return made.kind == "apple-profile" and is_chosen(self._spec, made)

    def merged(self, item: Item, remote: Remote | None) -> bytes:
        """Return the profile: it replaces the one of the same identifier."""
        del remote
        return item.body

    def differs(self, item: Item, remote: Remote) -> tuple[str, ...]:
        """Tell whether other bytes were delivered last."""
        return () if item.body == remote.body else ("the profile that was delivered last",)

    def restoring(self, item: Item, remote: Remote) -> bytes:
        """Return the profile that was delivered last."""
        del item
        return remote.body

    def list(self) -> Iterable[Summary]:
        """Return what the record says was delivered through this server."""
        record = self._record()
        return [Summary(_KIND, one.identifier, one.name, key, self._owner) for key, one in record.delivered.items()]

    def get(self, summary: Summary) -> Remote | None:
        """Return what was delivered last, and to whom; whether it was installed, the server does not know."""
        one = self._record().delivered.get(summary.key)
        if one is None:
            return None
        body = one.profile.encode()
        who = Assignment(groups=one.enrollments)
        return Remote(
            _KIND, one.identifier, one.name, summary.key, body, hashlib.sha256(body).hexdigest(), assignment=who
        )

    def create(self, item: Item) -> Summary:
        """Put the profile into the queue of everybody it is for, and note who got it."""
        assert item.assignment is not None  # noqa: S101 - items() sets it
        identifier = _identifier(item.body)
        done = self._install(item.body, item.assignment.groups)
        self._keep(item.key, Delivered(item.name, identifier, item.body.decode(), done))
        self._ask(item.body, done)
        return Summary(_KIND, identifier, item.name, item.key, self._owner)

    def update(self, item: Item, remote: Remote) -> None:
        """Put the new profile into the queue of everybody who has the old one."""
        had = remote.assignment.groups if remote.assignment is not None else ()
        done = self._install(item.body, had)
        if set(done) != set(had):
            lost = ", ".join(sorted(set(had) - set(done)))
            raise Failure("refused", f"the profile could not be queued for {lost}")
        self._keep(item.key, Delivered(item.name, _identifier(item.body), item.body.decode(), done))
        self._ask(item.body, done)

    def assign(self, summary: Summary, assignment: Assignment) -> None:
        """Deliver to those who lack the profile, then take it from those it is not for any more."""
        one = self._record().delivered.get(summary.key)
        if one is None:
            raise Failure("not-found", f"the record does not know the profile {summary.name!r}")
        new = tuple(sorted(set(assignment.groups) - set(one.enrollments)))
        had = (*one.enrollments, *self._install(one.profile.encode(), new))
        lost = sorted(set(new) - set(had))
        self._keep(summary.key, msgspec.structs.replace(one, enrollments=tuple(sorted(had))))
        old = tuple(sorted(set(had) - set(assignment.groups)))
        left = set(had) - set(self._remove(one.identifier, old))
        self._keep(summary.key, msgspec.structs.replace(one, enrollments=tuple(sorted(left))))
        self._ask(one.profile.encode(), tuple(sorted(set(new) - set(lost))))
        if lost:
            raise Failure("refused", f"the profile could not be queued for {', '.join(lost)}")

    def delete(self, remote: Remote) -> None:
        """Queue the profile's removal for everybody who got it."""
        had = remote.assignment.groups if remote.assignment is not None else ()
        left = set(had) - set(self._remove(remote.id, had))
        if left:
            raise Failure("refused", f"the removal could not be queued for {', '.join(sorted(left))}")
        self._keep(remote.key, None)

    def evidence(self, remotes: Sequence[Remote]) -> Iterable[DeviceEvidence]:
        """Return what the answers to `Restrictions` that the deployment names prove; all else stays unknown."""
        answers: Mapping[str, str] = self._spec.settings.get("answers") or {}
        record = self._record().delivered
        for remote in remotes:
            wanted = _blocked(remote.body)
            asleep = record[remote.key].asleep if remote.key in record else ()
            for device in remote.assignment.groups if remote.assignment is not None else ():
                if not wanted or device not in answers:
                    said = "the profile is in the queue; what the device did with it, the server does not tell"
                    if device in asleep:
                        said = "the profile is in the queue, and the device could not be woken: it gets it when it checks in next"
                    yield DeviceEvidence(_KIND, remote.id, remote.name, "unknown", 1, said, _QUEUE, device)
                else:
                    state, said = self._answer(device, answers[device], wanted)
                    yield DeviceEvidence(_KIND, remote.id, remote.name, state, 1, said, _SOURCE, device)

    def _answer(
        self, device: str, path: str, wanted: frozenset[str]
    ) -> tuple[Literal["applied", "failed", "unknown"], str]:
        """Compare a device's answer with the apps a profile blocks."""
        try:
            value = parse_plist(path, regular.read_file(Path(self._edge.base) / path, MAX_SIZE))
            found = value["GlobalRestrictions"]["union"]
            there = {one for key in _KEYS for one in found.get(key, {}).get("values", ())}
        except (OSError, PolicyError, KeyError, TypeError, AttributeError):
            return "unknown", f"{path} is not an answer to the command Restrictions with a union"
        if value.get("Status") != "Acknowledged" or value.get("UDID", device) != device:
            return "unknown", f"{path} is not an acknowledged answer of this enrollment"
        lacking = sorted(wanted - there)
        if lacking:
            return "failed", f"the device does not block {', '.join(lacking[:10])}"
        return "applied", f"the device blocks all {len(wanted)} apps"

    def _install(self, profile: bytes, enrollments: Sequence[str]) -> tuple[str, ...]:
        return self._enqueue({"RequestType": "InstallProfile", "Payload": profile}, enrollments)

    def _ask(self, profile: bytes, enrollments: Sequence[str]) -> None:
        """Ask devices for the list in force, where the deployment wants that; their answers go to the webhook."""
        if self._spec.settings.get("ask") and _blocked(profile):
            self._enqueue({"RequestType": "Restrictions", "ProfileRestrictions": True}, enrollments)

    def _remove(self, identifier: str, enrollments: Sequence[str]) -> tuple[str, ...]:
        return self._enqueue({"RequestType": "RemoveProfile", "Identifier": identifier}, enrollments)

    def _enqueue(self, command: dict[str, Any], enrollments: Sequence[str]) -> tuple[str, ...]:
        """Put a command into the queue of enrollments; return those that have it now.

        The server answers 207, or 500 where no enrollment is without an error, and says of each enrollment what became of it
        (micromdm/nanomdm, http/api/api.go): one that could not be woken has the command all the same. Where an answer is
        lost, the same command is sent again under its own id, so that no queue has it twice; the server's SQL stores refuse
        an id that they have, which then says that the first was taken.
        """
        done: list[str] = []
        for start in range(0, len(enrollments), _AT_ONCE):
            some = enrollments[start : start + _AT_ONCE]
            path = f"/v1/enqueue/{','.join(quote(one, safe='') for one in some)}"
            body = dump_plist({"Command": command, "CommandUUID": str(uuid.uuid4())})
            for turn in range(_TURNS):
                try:
                    reply = self._client.call(
                        "PUT", path, body=body, content_type="application/xml", ok=(200, 207, 500), repeat=False
                    )
                    done += self._queued(reply, some, again=turn > 0)
                except Failure as bad:
                    if not bad.ambiguous or turn == _TURNS - 1:
                        raise
                    self._edge.sleep(0.5 * 2**turn)
                else:
                    break
        return tuple(sorted(done))

    def _queued(self, reply: Reply, enrollments: Sequence[str], *, again: bool) -> Sequence[str]:
        """Return the enrollments in whose queue the command is, and remember which of them were not woken."""
        value = reply.object()
        error_ = value.get("command_error")
        if again and isinstance(error_, str) and _DUPLICATE.search(error_):
            return enrollments
        status = value.get("status")
        if not isinstance(status, dict) or error_:
            said = f"{reply.call}: the answer says nothing of the enrollments"
            raise Failure("answer", said, status=reply.status, ambiguous=True)
        told = {one: each for one in enrollments if isinstance(each := status.get(one), dict)}
        queued = {one: each for one, each in told.items() if not each.get("command_error")}
        self._asleep |= {one for one, each in queued.items() if each.get("push_error")}
        return tuple(queued)

    def _record(self) -> DeliveryRecord:
        """Read the record; none at all means that nothing was delivered yet.

        Raises:
            Failure: `answer` when it cannot be read, or is of another server or owner.

        """
        try:
            data = regular.read_file(self._path, _MOST_RECORD)
        except FileNotFoundError:
            return DeliveryRecord(self.where, self._owner)
        except OSError as bad:
            raise Failure("answer", f"cannot read {self._path}: {bad.strerror or bad}") from None
        try:
            record = msgspec.json.decode(data, type=DeliveryRecord, strict=True)
        except msgspec.MsgspecError:
            raise Failure("answer", f"{self._path} is not a record of what was delivered") from None
        moved = self._spec.settings.get("moved_from")
        if record.owner == self._owner and moved and record.server == moved:
            return msgspec.structs.replace(record, server=self.where)
        if (record.server, record.owner) != (self.where, self._owner):
            said = f"{self._path} is the record of {record.server} for {record.owner}; if the server has only moved, say `moved_from: {record.server}`"
            raise Failure("answer", said)
        return record

    def _keep(self, key: str, one: Delivered | None) -> None:
        """Write the record whole or not at all."""
        record = self._record()
        delivered = {name: value for name, value in record.delivered.items() if name != key}
        if one is not None:
            asleep = tuple(sorted(self._asleep.intersection(one.enrollments)))
            delivered[key] = msgspec.structs.replace(one, asleep=asleep)
        text = json.dumps(msgspec.to_builtins(msgspec.structs.replace(record, delivered=delivered)), indent=1)
        made = ""
        try:
            handle, made = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(made).replace(self._path)
        except OSError as bad:
            if made:
                Path(made).unlink(missing_ok=True)
            said = f"the profile is in the queue, and {self._path} cannot be written: {bad.strerror or bad}"
            raise Failure("answer", said) from None


def _identifier(profile: bytes) -> str:
    value = parse_plist("profile", profile)
    return str(value["PayloadIdentifier"])


def _blocked(profile: bytes) -> frozenset[str]:
    """Return the apps that a Restrictions payload of the profile blocks."""
    value = parse_plist("profile", profile)
    payloads = [one for one in value["PayloadContent"] if one.get("PayloadType") == "com.apple.applicationaccess"]
    return frozenset(app for one in payloads for key in _KEYS for app in one.get(key, ()))


DESTINATION = NanoMdmDestination
"""What `protocol.connect` makes for a deployment that names this kind."""
