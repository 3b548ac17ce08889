"""A server that never ends, or sends more than a program can hold, is given up in time and with a word."""

from __future__ import annotations

import socket
import threading
import time

from attacks_kit import Attacks

from mdm_policy.push.answers import MOST_VALUES, Failure, Reply
from mdm_policy.push.http import Client, Settings
from mdm_policy.push.redaction import Secrets

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_DRIPS = {
    "nothing": (b"", b""),
    "a status line": (b"", b"H"),
    "a half status line": (b"HTTP/1.1 200", b" "),
    "header names": (_HEAD, b"a"),
    "header values": (_HEAD + b"X: ", b"a"),
    "folded headers": (_HEAD + b"X: a", b"\r\n b"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body with a length": (_HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "a body without a length": (_HEAD + b"\r\n", b" "),
    "chunks": (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a chunk's size": (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "chunk extensions": (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a"),
    "trailers": (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"a"),
}


class _Drip:
    """Answer one connection after the other with a beginning, and then with one piece after the other."""

    def __init__(self, begins: bytes, piece: bytes) -> None:
        self._stop = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._parts = begins, piece
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                held, _ = self._socket.accept()
            except OSError:
                return
            with held:
                self._speak(held)

    def _speak(self, held: socket.socket) -> None:
        begins, piece = self._parts
        try:
            held.recv(65_536)
            held.sendall(begins)
            while not self._stop.wait(0.05):
                held.sendall(piece)
        except OSError:
            return

    def close(self) -> None:
        self._stop.set()
        self._socket.close()


def test_a_server_that_drips_is_not_waited_for() -> None:
    outcomes = []
    for name, (begins, piece) in _DRIPS.items():
        for method in ("GET", "POST"):
            server = _Drip(begins, piece)
            client = Client(Settings(server.address, timeout=0.3, whole=0.4, attempts=1), lambda _: None, Secrets())
            began = time.monotonic()
            try:
                client.call(method, "/x", body=b"{}" if method == "POST" else None)
                bad = "it was taken for an answer"
            except Failure as failed:
                bad = "" if failed.fault in ("timeout", "answer") and failed.ambiguous else str(failed.said)
            late = time.monotonic() - began
            server.close()
            outcomes.append((f"{name}, {method}", bad or ("" if late < 10 else f"took {late:.1f} seconds")))
    Attacks("answers that never end").tell(outcomes)


def test_values_of_an_answer_are_counted_before_they_are_made() -> None:
    outcomes = []
    for piece in (b"[],", b"{},", b"0,", b"[[", b'{"":', b",", b"[", b"{", b" ,", b"null,"):
        for more in (1, 2):
            body = b"[" + piece * (MOST_VALUES * more + 1)
            try:
                Reply(200, {}, body, "GET /x").json()
                bad = "it was read"
            except Failure as failed:
                bad = "" if "values" in failed.said else failed.said
            outcomes.append((f"{piece!r} x {more}", bad))
    Attacks("answers of too many values").tell(outcomes)
