"""Hear of NanoMDM's devices: the events that its webhook posts, and their answers to the command Restrictions.

The API tells nothing of enrollments, and a device that enrolls has its queue emptied (micromdm/nanomdm, service/nanomdm/service.go,
`Authenticate`: "clear the command queue"). What the webhook posted, and what devices answered, is all that can be known.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from mdm_policy import regular
from mdm_policy.documents import MAX_SIZE
from mdm_policy.documents.plists import parse_plist
from mdm_policy.errors import PolicyError
from mdm_policy.push.answers import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mdm_policy.push.destinations.nanomdm_record import Delivered

KEYS = ("blockedAppBundleIDs", "blacklistedAppBundleIDs")
"""Under which of the two an answer lists the apps is not documented."""
_MOST_EVENTS = 256 * 1024 * 1024
_ENROLLED, _LEFT = "mdm.Authenticate", "mdm.CheckOut"
Verdict = Literal["applied", "failed", "unknown"]


class _Ids(msgspec.Struct, frozen=True):
    id: str = ""


class _CheckIn(msgspec.Struct, frozen=True):
    ids: _Ids = _Ids()
    udid: str = ""
    enrollment_id: str = ""


class _Event(msgspec.Struct, frozen=True):
    """One event as the webhook posts it (micromdm/nanomdm 0.9.0, service/webhook/event.json)."""

    topic: str
    created_at: str = ""
    event_id: str = ""
    checkin_event: _CheckIn | None = None


class Devices:
    """Know what devices have said since something was delivered to them."""

    def __init__(self, base: Path, events: str, answers: Mapping[str, str]) -> None:
        """Know the file of events, and that of each enrollment's answer; nothing is read before it is asked for."""
        self._base = base
        self._events = events
        self._answers = answers

    @cached_property
    def _check_ins(self) -> dict[str, tuple[str, str]]:
        """Return, by enrollment, whether it enrolled or left last, and by which event.

        The file is read once: what is delivered counts as delivered before everything that comes later.
        """
        if not self._events:
            return {}
        path = self._base / self._events
        try:
            data = regular.read_file(path, _MOST_EVENTS)
        except OSError as bad:
            raise Failure("answer", f"cannot read {path}: {bad.strerror or bad}") from None
        if len(data) > _MOST_EVENTS:
            raise Failure("answer", f"{path} is larger than {_MOST_EVENTS // (1024 * 1024)} MiB")
        whole, _, _ = data.rpartition(b"\n")  # what has no end of line is being written still
        found: dict[str, tuple[str, str]] = {}
        decoder = msgspec.json.Decoder(_Event)
        for number, line in enumerate(whole.splitlines(), 1):
            if not line.strip():
                continue
            try:
                event = decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                said = f"{path}:{number} is no event of NanoMDM's webhook: each line holds one, as JSON"
                raise Failure("answer", said) from None
            if event.topic in (_ENROLLED, _LEFT) and event.checkin_event is not None:
                who = event.checkin_event
                name = who.ids.id or who.udid or who.enrollment_id
                found[name] = (event.topic, f"{event.created_at} {event.event_id}".strip())
        return found

    def _last(self, enrollment: str) -> tuple[str, str]:
        """Return the last event of an enrollment; that of a device is also its users' (`UDID:USER`)."""
        known = self._check_ins
        return known.get(enrollment) or known.get(enrollment.partition(":")[0]) or ("", "")

    def heard(self, enrollments: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return what is known of enrollments before a delivery: the events by which they enrolled, and their answers' hashes."""
        names = tuple(enrollments)
        enrolled = {one: by for one in names if (by := self._last(one)[1])}
        answered = {one: found for one in names if one in self._answers and (found := self._hash(one))}
        return enrolled, answered

    def has_left(self, enrollment: str) -> bool:
        """Tell whether an enrollment has checked out, and not enrolled since."""
        return self._last(enrollment)[0] == _LEFT

    def lost(self, one: Delivered, wanted: frozenset[str]) -> dict[str, str]:
        """Return the enrollments that do not have any more what was delivered, and how that is known."""
        found = {}
        for device in one.enrollments:
            topic, by = self._last(device)
            if topic == _ENROLLED and by != one.enrolled.get(device, ""):
                found[device] = "it has enrolled since, which empties its queue and its profiles"
            elif wanted and device in self._answers and self._hash(device) != one.answered.get(device, ""):
                state, said = self._judged(device, wanted)
                if state == "failed":
                    found[device] = said
        return found

    def judge(self, device: str, one: Delivered, wanted: frozenset[str]) -> tuple[Verdict, str] | None:
        """Compare a device's answer with the apps a profile blocks; None where there is no answer.

        An answer that was there before the delivery proves nothing of it.
        """
        if not wanted or device not in self._answers:
            return None
        if self._hash(device) == one.answered.get(device):
            return "unknown", f"{self._answers[device]} is from before the delivery: ask the device again"
        return self._judged(device, wanted)

    def _hash(self, device: str) -> str:
        """Return the hash of a device's answer, empty where there is none to be read."""
        try:
            return hashlib.sha256(regular.read_file(self._base / self._answers[device], MAX_SIZE)).hexdigest()
        except OSError:
            return ""

    def _judged(self, device: str, wanted: frozenset[str]) -> tuple[Verdict, str]:
        path = self._answers[device]
        try:
            value = parse_plist(path, regular.read_file(self._base / path, MAX_SIZE))
            found = value["GlobalRestrictions"]["union"]
            there = {one for key in KEYS for one in found.get(key, {}).get("values", ())}
        except (OSError, PolicyError, KeyError, TypeError, AttributeError):
            return "unknown", f"{path} is not an answer to the command Restrictions with a union"
        if value.get("Status") != "Acknowledged" or value.get("UDID", device) != device:
            return "unknown", f"{path} is not an acknowledged answer of this enrollment"
        lacking = sorted(wanted - there)
        if lacking:
            return "failed", f"the device does not block {', '.join(lacking[:10])}"
        return "applied", f"the device blocks all {len(wanted)} apps"
