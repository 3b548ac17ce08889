"""Stand in for an agency's proxy: take CONNECT on loopback, lead it to one server whatever name is asked for, note all."""

from __future__ import annotations

import base64
import contextlib
import re
import selectors
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


class Proxy:
    """Hold what came in: `asked` the heads of requests, `passed` every byte that went through to the server."""

    def __init__(
        self, upstream: int, credential: str = "", tls: ssl.SSLContext | None = None, status: int = 200
    ) -> None:
        """Lead to a port of this machine; with a credential (`user:password`), only for those who give it."""
        self._upstream, self._credential, self._tls, self._status = upstream, credential, tls, status
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.asked: list[str] = []
        self.passed = bytearray()

    @property
    def targets(self) -> list[str]:
        """Return the hosts and ports that were asked for."""
        return [head.split()[1] for head in self.asked]

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_one, args=(taken,), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve_one(self, taken: socket.socket) -> None:
        with contextlib.suppress(OSError):
            client = self._tls.wrap_socket(taken, server_side=True) if self._tls is not None else taken
            with client:
                head = b""
                while b"\r\n\r\n" not in head:
                    part = client.recv(4096)
                    if not part:
                        return
                    head += part
                self.asked.append(head.decode("latin-1"))
                status = self._answer(head.decode("latin-1"))
                client.sendall(f"HTTP/1.1 {status} said\r\nContent-Length: 0\r\n\r\n".encode())
                if status == 200:
                    with socket.create_connection(("127.0.0.1", self._upstream)) as server:
                        self._pass(client, server)

    def _answer(self, head: str) -> int:
        proof = base64.b64encode(self._credential.encode()).decode()
        if not head.startswith("CONNECT "):
            return 405
        if self._credential and not re.search(rf"(?im)^proxy-authorization: basic {re.escape(proof)}\r?$", head):
            return 407
        return self._status

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        with selectors.DefaultSelector() as ready:
            for one, other in ((client, server), (server, client)):
                ready.register(one, selectors.EVENT_READ, other)
            while True:
                for key, _ in ready.select():
                    source: socket.socket = key.fileobj  # type: ignore[assignment]
                    data = source.recv(65_536)
                    if not data:
                        return
                    if source is client:
                        self.passed += data
                    key.data.sendall(data)


@contextlib.contextmanager
def proxy(upstream: int, credential: str = "", tls: ssl.SSLContext | None = None, status: int = 200) -> Iterator[Proxy]:
    """Run a proxy in a thread."""
    made = Proxy(upstream, credential, tls, status)
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join(5)
