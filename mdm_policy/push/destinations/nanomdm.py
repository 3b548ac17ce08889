"""Deliver profiles through NanoMDM, a queue of commands that tells nothing of what devices have.

Source: micromdm/nanomdm, docs/openapi.yaml and docs/operations-guide.md (`PUT /v1/enqueue/{ids}`). The server keeps no list of
profiles and sends devices' answers to a webhook, so what "is there" is a record beside the deployment: which bytes were
put into the queue for which enrollments, less those of which a device or an event says that they are gone (ADR 0065). A plan compares with
that, and says so; docs/adr/0026 explains it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.documents.plists import parse_plist
from mdm_policy.errors import Finding, PolicyError, error, note, warning
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations.nanomdm_devices import KEYS, Devices
from mdm_policy.push.destinations.nanomdm_queue import Queue
from mdm_policy.push.destinations.nanomdm_record import Delivered, Record
from mdm_policy.push.http import Client, Settings
from mdm_policy.push.model import Assignment, DeviceEvidence, Item, Remote, Summary
from mdm_policy.push.protocol import is_chosen, marker
from mdm_policy.push.proxies import of_destination
from mdm_policy.push.redaction import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.model import MadeDocument
    from mdm_policy.push.protocol import Edge

USER = "nanomdm"
"""NanoMDM operations guide, `-api`: HTTP Basic authentication, this name and the API key."""
_KIND = "profile"
_ENROLLMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,254}", re.ASCII)
"""Ids are UDIDs, Apple's enrollment ids, or `DEVICE:USER` (operations guide, "Enrollment IDs"). A comma would name two; a slash
makes every later delivery fail in the default store of 0.9.0, until the server is started again."""
_SOURCE = "Apple, Restrictions command: GlobalRestrictions.union is the list in force"
_QUEUE = "micromdm/nanomdm docs/openapi.yaml: the queue tells nothing of what devices did"
_EVENTS = "micromdm/nanomdm service/nanomdm/service.go: Authenticate empties the queue"


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
        path = Path(edge.base) / said.get("record", f"{spec.name}.delivered.json")
        self._record = Record(path, self.where, owner, said.get("moved_from", ""))
        self._devices = Devices(Path(edge.base), said.get("events", ""), said.get("answers") or {})
        known = Secrets()
        password = known.add(edge.secret(said["api_key"]))
        proof = known.add(base64.b64encode(f"{USER}:{password}".encode()).decode())
        ca = os.path.join(edge.base, said["ca"]) if said.get("ca") else ""  # noqa: PTH118 - both are text from a file
        through = of_destination(spec, edge.secret, edge.proxies)
        settings = Settings(
            said["url"], edge.timeout, edge.attempts, self.concurrency, ca=ca, insecure=edge.insecure, proxies=through
        )
        self._client = Client(settings, edge.sleep, known, lambda _: {"Authorization": f"Basic {proof}"})
        self._queue = Queue(self._client, edge.sleep)
        self._heard: tuple[dict[str, str], dict[str, str]] = ({}, {})
        """What was known of enrollments before the last delivery: their events, and their answers."""

    @property
    def sent(self) -> int:
        """Count the requests that changed something, or may have."""
        return self._client.sent

    def items(self, made: Sequence[MadeDocument]) -> tuple[Item, ...]:
        """Return an item for each profile, with the enrollments that get it.

        Raises:
            PolicyError: `destination-group-unknown`, one for each group of an exception without enrollments;
                `nanomdm-enrollment` for an id that cannot be one.

        """
        ours = [one for one in made if self._takes(one)]
        groups = {group: None for one in ours for group in (*one.groups, *one.excluded)}
        unknown = [group for group in groups if group not in self._spec.groups]
        if unknown:
            hint = "add its enrollment ids to `groups` of the destination, joined by commas"
            said = [f"the group {group!r} has no enrollments at {self.name}" for group in unknown]
            raise PolicyError([error("destination-group-unknown", one, self._spec.origin, hint) for one in said])
        self._check_enrollments()
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
        said = f"NanoMDM does not tell what devices have: the plan compares with {self._record.path.name}, what was delivered"
        hint = "keep the file beside the deployment; see docs/push/nanomdm.md"
        if not self._spec.settings.get("events"):
            said += "; a device that has enrolled again since, which empties its queue, is not noticed"
            hint = "name the file of the webhook's events under `events`, and keep the record beside the deployment"
        found = [note("nanomdm-record", said, self._spec.origin, hint)]
        if len(targets) > 1:
            said = f"every enrollment gets the profiles of {' and '.join(targets)}, of whatever platform it is"
            hint = "make a destination for each platform, and name its `targets`"
            found.append(warning("nanomdm-mixed-targets", said, self._spec.origin, hint))
        return tuple(found)

    def notes(self, item: Item, remote: Remote | None) -> tuple[Finding, ...]:
        """Say which devices do not have any more what was delivered, so that it is delivered again, and which have left."""
        del remote
        wanted = item.assignment.groups if item.assignment is not None else ()
        one = self._record.read().get(item.key)
        lost = self._lost(one) if one is not None else {}
        found = []
        for device in wanted:
            if device in lost:
                said = f"{device} was sent {item.name}, and does not have it: {lost[device]}"
                hint = "apply the plan: it delivers the profile again"
                found.append(warning("nanomdm-lost", said, self._spec.origin, hint))
            elif self._devices.has_left(device):
                said = f"{device} has left the management, so nothing is blocked there"
                hint = "take it out of `enrollments`, or enroll the device again"
                found.append(warning("nanomdm-left", said, self._spec.origin, hint))
        return tuple(found)

    def _lost(self, one: Delivered) -> dict[str, str]:
        return self._devices.lost(one, _blocked(one.profile.encode()))

    def _check_enrollments(self) -> None:
        groups = (self._members(group) for group in self._spec.groups)
        every = dict.fromkeys([*self._spec.settings["enrollments"], *(one for group in groups for one in group)])
        bad = [one for one in every if not _ENROLLMENT.fullmatch(one)]
        if bad:
            hint = "write the id as NanoMDM shows it: letters, digits, `-`, `.`, `_`, and `:` before a user's id"
            said = [f"{one!r} cannot be the id of an enrollment" for one in bad]
            raise PolicyError([error("nanomdm-enrollment", one, self._spec.origin, hint) for one in said])

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
        record = self._record.read()
        return [Summary(_KIND, one.identifier, one.name, key, self._owner) for key, one in record.items()]

    def get(self, summary: Summary) -> Remote | None:
        """Return what was delivered last, and who has it as far as is known; whether it was installed, the server does not know."""
        one = self._record.read().get(summary.key)
        if one is None:
            return None
        body = one.profile.encode()
        lost = self._lost(one)
        who = Assignment(groups=tuple(device for device in one.enrollments if device not in lost))
        return Remote(
            _KIND, one.identifier, one.name, summary.key, body, hashlib.sha256(body).hexdigest(), assignment=who
        )

    def create(self, item: Item) -> Summary:
        """Put the profile into the queue of everybody it is for, and note who got it."""
        assert item.assignment is not None  # noqa: S101 - items() sets it
        identifier = _identifier(item.body)
        done = self._install(item.body, item.assignment.groups)
        self._keep(item.key, Delivered(item.name, identifier, item.body.decode(), done), done)
        self._ask(item.body, done)
        return Summary(_KIND, identifier, item.name, item.key, self._owner)

    def update(self, item: Item, remote: Remote) -> None:
        """Put the new profile into the queue of everybody who has the old one."""
        had = remote.assignment.groups if remote.assignment is not None else ()
        done = self._install(item.body, had)
        if set(done) != set(had):
            raise Failure("refused", f"the profile could not be queued for {self._queue.lacking(set(had) - set(done))}")
        self._keep(item.key, Delivered(item.name, _identifier(item.body), item.body.decode(), done), done)
        self._ask(item.body, done)

    def assign(self, summary: Summary, assignment: Assignment) -> None:
        """Deliver to those who lack the profile, then take it from those it is not for any more."""
        one = self._record.read().get(summary.key)
        if one is None:
            raise Failure("not-found", f"the record does not know the profile {summary.name!r}")
        new = tuple(sorted(set(assignment.groups) - (set(one.enrollments) - self._lost(one).keys())))
        got = self._install(one.profile.encode(), new)
        had = {*one.enrollments, *got}
        one = self._keep(summary.key, msgspec.structs.replace(one, enrollments=tuple(sorted(had))), got)
        left = had - set(self._remove(one.identifier, tuple(sorted(had - set(assignment.groups)))))
        self._keep(summary.key, msgspec.structs.replace(one, enrollments=tuple(sorted(left))))
        self._ask(one.profile.encode(), got)
        lacking = set(new) - set(got)
        if lacking:
            raise Failure("refused", f"the profile could not be queued for {self._queue.lacking(lacking)}")

    def delete(self, remote: Remote) -> None:
        """Queue the profile's removal for everybody who got it."""
        one = self._record.read().get(remote.key)
        had = one.enrollments if one is not None else ()
        left = set(had) - set(self._remove(remote.id, had))
        if left:
            raise Failure("refused", f"the removal could not be queued for {self._queue.lacking(left)}")
        self._record.keep(remote.key, None)

    def evidence(self, remotes: Sequence[Remote]) -> Iterable[DeviceEvidence]:
        """Return what events and answers that the deployment names prove; all else stays unknown."""
        record = self._record.read()
        for remote in remotes:
            one = record.get(remote.key)
            if one is None:
                continue
            wanted = _blocked(remote.body)
            lost = self._lost(one)
            for device in one.enrollments:
                judged = self._devices.judge(device, one, wanted)
                if self._devices.has_left(device):
                    said = "the device has left the management"
                    yield DeviceEvidence(_KIND, remote.id, remote.name, "failed", 1, said, _EVENTS, device)
                elif device in lost:
                    yield DeviceEvidence(_KIND, remote.id, remote.name, "failed", 1, lost[device], _EVENTS, device)
                elif judged is None:
                    said = "the profile is in the queue; what the device did with it, the server does not tell"
                    if device in one.asleep:
                        said = "the profile is in the queue, and the device could not be woken: it gets it when it checks in next"
                    yield DeviceEvidence(_KIND, remote.id, remote.name, "unknown", 1, said, _QUEUE, device)
                else:
                    yield DeviceEvidence(_KIND, remote.id, remote.name, judged[0], 1, judged[1], _SOURCE, device)

    def _install(self, profile: bytes, enrollments: Sequence[str]) -> tuple[str, ...]:
        # What is known before is asked for before: an event that comes while the command goes out may empty its queue.
        self._heard = self._devices.heard(enrollments)
        return self._queue.put({"RequestType": "InstallProfile", "Payload": profile}, enrollments)

    def _ask(self, profile: bytes, enrollments: Sequence[str]) -> None:
        """Ask devices for the list in force, where the deployment wants that; their answers go to the webhook."""
        if self._spec.settings.get("ask") and _blocked(profile):
            self._queue.put({"RequestType": "Restrictions", "ProfileRestrictions": True}, enrollments)

    def _remove(self, identifier: str, enrollments: Sequence[str]) -> tuple[str, ...]:
        return self._queue.put({"RequestType": "RemoveProfile", "Identifier": identifier}, enrollments)

    def _keep(self, key: str, one: Delivered, got: Sequence[str] = ()) -> Delivered:
        """Write an entry of the record, with what was known of those who got the profile just now."""
        kept = set(one.enrollments)
        enrolled, answered = ({name: by for name, by in told.items() if name in got} for told in self._heard)
        new = msgspec.structs.replace(
            one,
            asleep=tuple(sorted((kept & set(one.asleep) - set(got)) | (self._queue.asleep & kept))),
            enrolled={name: by for name, by in sorted({**one.enrolled, **enrolled}.items()) if name in kept},
            answered={name: by for name, by in sorted({**one.answered, **answered}.items()) if name in kept},
        )
        self._record.keep(key, new)
        return new


def _identifier(profile: bytes) -> str:
    value = parse_plist("profile", profile)
    return str(value["PayloadIdentifier"])


def _blocked(profile: bytes) -> frozenset[str]:
    """Return the apps that a Restrictions payload of the profile blocks."""
    value = parse_plist("profile", profile)
    payloads = [one for one in value["PayloadContent"] if one.get("PayloadType") == "com.apple.applicationaccess"]
    return frozenset(app for one in payloads for key in KEYS for app in one.get(key, ()))


DESTINATION = NanoMdmDestination
"""What `protocol.connect` makes for a deployment that names this kind."""
