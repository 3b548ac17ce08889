"""Put commands into the queues of NanoMDM's enrollments, and read what the server says became of each."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mdm_policy.documents.plistdump import dump_plist
from mdm_policy.push.answers import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mdm_policy.push.answers import Reply
    from mdm_policy.push.http import Client

_TURNS = 3
_AT_ONCE = 100
"""Enrollments of one call: their ids stand in its path."""
_MOST_SAID = 200
_DUPLICATE = re.compile(r"already exists|duplicate|unique", re.IGNORECASE)
"""How the server's stores say that they have a command of this id: its default one, MySQL (1062), PostgreSQL (23505)."""


class Queue:
    """Send commands, each under an id of its own."""

    def __init__(self, client: Client, sleep: Callable[[float], None]) -> None:
        """Know the server; nothing is sent yet."""
        self._client = client
        self._sleep = sleep
        self.asleep: set[str] = set()
        """Enrollments that have a command in their queue and could not be woken in this run."""
        self._refused: dict[str, str] = {}

    def put(self, command: dict[str, Any], enrollments: Sequence[str]) -> tuple[str, ...]:
        """Put a command into the queue of enrollments; return those that have it now."""
        done: list[str] = []
        for start in range(0, len(enrollments), _AT_ONCE):
            done += self._put(command, enrollments[start : start + _AT_ONCE])
        return tuple(sorted(done))

    def lacking(self, enrollments: Iterable[str]) -> str:
        """Name enrollments that have a command not, with the server's reason where it gave one."""
        reasons = {one: self._refused.get(one, "") for one in sorted(enrollments)}
        return ", ".join(f"{one} ({said})" if said else one for one, said in reasons.items())

    def _put(self, command: dict[str, Any], enrollments: Sequence[str]) -> Sequence[str]:
        """Send a command; where the server takes it for none because of one enrollment, find that one.

        Its SQL stores refuse the whole call when one enrollment is unknown to them, and queue nothing then.
        """
        try:
            return self._sent(command, enrollments)
        except _RefusedError as bad:
            if len(enrollments) == 1:
                self._refused[enrollments[0]] = bad.said
                return ()
        half = len(enrollments) // 2
        return (*self._put(command, enrollments[:half]), *self._put(command, enrollments[half:]))

    def _sent(self, command: dict[str, Any], enrollments: Sequence[str]) -> Sequence[str]:
        """Send a command, under the same id again where an answer is lost, so that no queue has it twice."""
        path = f"/v1/enqueue/{','.join(quote(one, safe=':') for one in enrollments)}"
        id_ = str(uuid.uuid4())
        body = dump_plist({"Command": command, "CommandUUID": id_})
        for turn in range(_TURNS - 1):
            try:
                return self._once(path, body, id_, enrollments, again=turn > 0)
            except Failure as bad:
                if not bad.ambiguous:
                    raise
                self._sleep(0.5 * 2**turn)
        return self._once(path, body, id_, enrollments, again=True)

    def _once(self, path: str, body: bytes, id_: str, enrollments: Sequence[str], *, again: bool) -> Sequence[str]:
        reply = self._client.call(
            "PUT", path, body=body, content_type="application/xml", ok=(200, 207, 500), repeat=False
        )
        return self._queued(reply, id_, enrollments, again=again)

    def _queued(self, reply: Reply, id_: str, enrollments: Sequence[str], *, again: bool) -> Sequence[str]:
        """Return the enrollments in whose queue the command is, and remember which of them were not woken.

        The status is 500 also where every queue has the command and nobody could be woken, so the words decide
        (micromdm/nanomdm 0.9.0, api/enqueue.go and api/push.go): `command_error` of the whole answer, nothing is queued; of an
        enrollment, its queue lacks the command; `push_error`, of the whole or of one, it is there and was not announced. An
        enrollment of which nothing is said has it.
        """
        value = reply.object()
        refusal = value.get("command_error")
        if isinstance(refusal, str) and refusal:
            if again and _DUPLICATE.search(refusal):
                return enrollments
            raise _RefusedError(reply.hide(refusal)[:_MOST_SAID])
        status = value.get("status", {})
        if value.get("command_uuid") != id_ or not isinstance(status, dict):
            said = f"{reply.call}: the answer says nothing of the enrollments"
            raise Failure("answer", said, status=reply.status, ambiguous=True)
        told = {one: each if isinstance(each := status.get(one), dict) else {} for one in enrollments}
        failed = [one for one, each in status.items() if isinstance(each, dict) and each.get("command_error")]
        if set(failed) - told.keys():
            # 0.9.0's default store names the command where it means the enrollment (storage/kv/queue.go).
            said = f"{reply.call}: the server does not say in whose queue the command could not be put"
            raise Failure("refused", said, status=reply.status)
        queued = {one: each for one, each in told.items() if one not in failed}
        unsaid = bool(value.get("push_error"))
        self.asleep |= {
            one for one, each in queued.items() if each.get("push_error") or (unsaid and not each.get("push_result"))
        }
        return tuple(queued)


class _RefusedError(Exception):
    """Say that the server took a command for nobody."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)
