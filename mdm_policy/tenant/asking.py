"""Ask a server, and only ask: GET is the one method there is here; each answer is put on record.

The token is a POST of the client's own (`push.oauth`). No vendor's read that is a POST is needed: the table of those is empty.
"""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from mdm_policy.tenant.model import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mdm_policy.push.answers import Failure, Reply
    from mdm_policy.push.http import Client

READ_ONLY_POSTS: frozenset[str] = frozenset()
"""The paths that are read by a POST; everything else that is no GET is beyond this half of the program."""
_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Asker:
    """Send GETs to one server, as many at once as it takes."""

    def __init__(
        self, client: Client, at_once: int, now: Callable[[], str], counting: Callable[[int], None] | None = None
    ) -> None:
        """Know whom to ask; nothing is asked yet. `now` gives the time for the record.

        `counting` is told how many objects have been read, one after the other.
        """
        self._client = client
        self._at_once = at_once
        self._now = now
        self._lock = threading.Lock()
        self._answers: list[Asked] = []
        self._counting = counting
        self._done = 0

    def get(self, path: str, *, accept: str = "application/json", ok: tuple[int, ...] = (200,)) -> Reply:
        """Return the answer to a GET.

        Raises:
            Failure: there is none, or it is not one of the statuses in `ok`.

        """
        reply = self._client.call("GET", path, accept=accept, ok=ok)
        found = Asked(f"GET {path}", self._now(), hashlib.sha256(reply.body).hexdigest())
        with self._lock:
            self._answers.append(found)
        return reply

    def object(self, path: str) -> dict[str, Any]:
        """Return a JSON object.

        Raises:
            Failure: as `get`, or the answer is none.

        """
        return self.get(path).object()

    def each(self, do: Callable[[_In], _Out], among: Iterable[_In]) -> list[_Out]:
        """Do something for each of some things, several at once, and return the results in their order."""
        with ThreadPoolExecutor(self._at_once) as pool:
            return [self._counted(one) for one in pool.map(do, among)]

    def _counted(self, one: _Out) -> _Out:
        self._done += 1
        if self._counting is not None:
            self._counting(self._done)
        return one

    @property
    def answers(self) -> tuple[Asked, ...]:
        """Return what was asked, in order of the queries, whichever answer came first."""
        return tuple(sorted(self._answers, key=lambda one: (one.query, one.time)))


def why(bad: Failure) -> str:
    """Say in words why something could not be read."""
    return f"{bad.said} ({bad.status})" if bad.status else bad.said
