"""Tell KMFDDM's enrollments of changes once, after the last of them, and never forget to.

Writes go out with `nonotify`, so that a run of many writes wakes each device once. So that a run that is cut off leaves no device
waiting, the server itself keeps what is owed: before the first silent write to a set, a declaration of ours that is in no set, and
so reaches nobody, names that set. It goes when the notification is sent; while it is there, every plan says so.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from mdm_policy.push.answers import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.push.http import Client

SILENT = "nonotify=1"
"""KMFDDM docs/openapi.yaml, `noNotify`; it and `/v1/notify` are in every release since 0.4.0, and in none before."""
_TYPE = "com.apple.management.organization-info"
_NAME = "mdm-policy: the enrollments of these sets are yet to be notified of a change"
MOST = 30
"""Enrollments that one notification reaches: what KMFDDM 0.8.3 sends NanoMDM for all beyond them has no command in it."""
_UNKNOWN_PATH = b"404 page not found"


class Notices:
    """Hold which sets are owed a notification, here and on the server."""

    def __init__(self, client: Client, identifier: str, sets: Sequence[str], enrollments: Sequence[str]) -> None:
        """Know where to keep what is owed; `sets` are owed one when what is kept cannot be read any more."""
        self._client = client
        self.identifier = identifier
        self._sets = tuple(sets)
        self._enrollments = tuple(enrollments)
        self._owed: frozenset[str] = frozenset()
        self.left: frozenset[str] = frozenset()
        """The sets that an earlier run, which was cut off, has left without a notification."""

    def look(self, listed: Iterable[str]) -> None:
        """Read what an earlier run has left, where the listing shows that it has."""
        if self._owed:
            return
        self.left = frozenset()
        if self.identifier not in listed:
            return
        reply = self._client.call("GET", f"/v1/declarations/{quote(self.identifier, safe='')}", ok=(200, 404))
        payload = reply.object().get("Payload") if reply.status == 200 else {}
        named = payload.get("Sets") if isinstance(payload, dict) else None
        good = isinstance(named, list) and all(isinstance(one, str) and one for one in named)
        self.left = frozenset(named if good and named else self._sets)

    def owe(self, sets: Iterable[str]) -> None:
        """Note on the server that sets are owed a notification, and then let writes to them be silent."""
        wanted = self._owed | self.left | frozenset(sets)
        if wanted != self._owed | self.left:
            value = {"Type": _TYPE, "Identifier": self.identifier, "Payload": {"Name": _NAME, "Sets": sorted(wanted)}}
            body = json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
            self._client.call("PUT", "/v1/declarations", body=body, ok=(204, 304))
        self._owed, self.left = wanted, frozenset()

    def pay(self) -> None:
        """Send every notification that is owed, then forget it.

        Each set is named in a call of its own: of an enrollment that is in two of them KMFDDM 0.8.3 would put one command into its
        queue twice, and the default store of NanoMDM 0.9.0 then loses the command that comes after it.

        Raises:
            Failure: the notification was not sent, and is owed still.

        """
        owed = self._owed | self.left
        if not owed:
            return
        for name in sorted(owed):
            self._notify([("set", name)])
        if len(self._enrollments) > MOST:
            for start in range(0, len(self._enrollments), MOST):
                self._notify([("id", one) for one in self._enrollments[start : start + MOST]])
        self._client.call("DELETE", f"/v1/declarations/{quote(self.identifier, safe='')}", ok=(204, 304))
        self._owed = self.left = frozenset()

    def _notify(self, whom: Sequence[tuple[str, str]]) -> None:
        """Have a notification sent; a server that has no such call does not know `nonotify` either, and told each write by itself."""
        reply = self._client.call("POST", f"/v1/notify?{urlencode(whom)}", ok=(204, 404), repeat=True)
        if reply.status == 404 and reply.body.strip() != _UNKNOWN_PATH:
            said = f"{reply.call}: what answers is not KMFDDM"
            raise Failure("not-found", said, status=404, call=reply.call)
