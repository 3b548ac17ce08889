"""Serve HTTP on loopback, count calls, keep a log, and carry out the faults a test orders for certain calls.

An emulator of one API subclasses `Emulator` and answers `handle`. All state is changed under one lock, so that a test can
look at it between two calls; `watch` is called after every change, so that a law can be checked at every instant.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType

    from emulators.faults import Fault


class Request(NamedTuple):
    """Hold what came in; `query` has each parameter's last value."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    raw: str = ""
    """The query as it came, for parameters that stand in it several times."""

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class Answer(NamedTuple):
    """Hold what goes out."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"


def reply(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Answer with JSON."""
    return Answer(status, json.dumps(value).encode(), headers)


class Emulator:
    """Run one server in a thread; use it as a context manager.

    `faults` maps a call's number (0 is the first after `arm`) to what goes wrong with it, once. `killer` is called
    with (number, "before" | "after") around the handling of each call: a test that kills the client does it there.
    `read_only` paths of a vendor may answer stale state: `handle_stale` answers a GET as it was before the last write.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, latency: float = 0.0) -> None:
        """Bind a free port; serve from `__enter__` on."""
        self.calls: list[Request] = []
        self.lock = threading.RLock()
        self.faults: dict[int, Fault] = {}
        self.killer: Callable[[int, str], None] | None = None
        self.watch: Callable[[], None] | None = None
        self.latency = latency
        self.stale = 0
        """How many GETs are still answered with the state before the last write."""
        self.released = threading.Event()
        self._before: Any = None
        self._number = 0
        emulator = self

        class Handler(_Handler):
            owner = emulator

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.scheme = "https" if tls is not None else "http"

    def __enter__(self) -> Any:
        """Serve."""
        self.serve_again()
        return self

    def serve_again(self) -> None:
        """Serve, in a thread: at first, or after a rest."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def rest(self) -> None:
        """Let calls wait until somebody serves them: this process, or a copy of it, which has a state of its own."""
        self._server.shutdown()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving; calls that stall are let go."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"{self.scheme}://127.0.0.1:{self._server.server_address[1]}"

    def arm(self, **faults: Fault) -> None:
        """Forget the calls so far, and order faults: `arm(_3=fault)` for call 3."""
        with self.lock:
            self.calls.clear()
            self._number = 0
            self.faults = {int(name.lstrip("_")): fault for name, fault in faults.items()}

    def handle(self, request: Request) -> Answer:
        """Answer one call; to be written by each emulator."""
        raise NotImplementedError(request.path)

    def snapshot(self) -> Any:
        """Return a copy of the state, for stale reads and for comparing what must not change."""
        raise NotImplementedError

    def handle_stale(self, request: Request, state: Any) -> Answer:
        """Answer a GET from an older state."""
        raise NotImplementedError(request.path, state)

    def serve(self, request: Request) -> tuple[int, Fault | None]:
        """Count a call and return what is ordered for it."""
        with self.lock:
            number = self._number
            self._number += 1
            self.calls.append(request)
            return number, self.faults.pop(number, None)

    def carry_out(self, request: Request) -> Answer:
        """Answer a call as the API does, noting the state before each write."""
        with self.lock:
            if request.method == "GET":
                if self.stale and self._before is not None:
                    self.stale -= 1
                    return self.handle_stale(request, self._before)
                return self.handle(request)
            before = self.snapshot()
            answer = self.handle(request)
            if self.snapshot() != before:
                self._before = before
                if self.watch is not None:
                    self.watch()
            return answer


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that is gone; anything else is a defect of the emulator, and is told."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Emulator
    timeout = 20
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: the log is `calls`."""

    def _serve(self) -> None:
        owner = self.owner
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, query, headers, self.rfile.read(length), parts.query)
        number, fault = owner.serve(request)
        if owner.latency:
            time.sleep(
                owner.latency
            )  # the latency is the machine's on the other side, not a wait for something to happen
        if owner.killer is not None:
            owner.killer(number, "before")
        if fault is not None:
            fault.strike(self, owner, request)
        else:
            answer = owner.carry_out(request)
            if owner.killer is not None:
                owner.killer(number, "after")
            self.send(answer)

    def send(self, answer: Answer) -> None:
        """Send an answer whole; a client that is gone does not matter."""
        try:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server calls them so


def run_by_hand(emulator: Emulator, told: str) -> None:
    """Serve until interrupted, for a person who tries a client by hand."""
    with emulator:
        print(f"{told} at {emulator.url}; stop it with Ctrl-C", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return
