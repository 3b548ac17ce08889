"""Name everything that can go wrong with one call, as rows of one table; a test orders a row for a call by its number."""

from __future__ import annotations

import gzip
import json
import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from emulators.base import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulators.base import Emulator, Request, _Handler

_HTML = b"<html><head><title>Error</title></head><body><h1>Bad Gateway</h1><p>Error: it broke</p></body></html>"


_BOMB = gzip.compress(b"0" * 70_000_000, 1)
"""Made beforehand, so that it is its size that is met, and not a time-out."""


class Fault(NamedTuple):
    """Hold a fault; `done` tells whether the server carries out the request all the same, `stalls` whether it waits."""

    name: str
    strike: Callable[[Any, Any, Any], None]
    done: bool = False
    stalls: bool = False


def _status(status: int, *headers: tuple[str, str], body: bytes | None = None, kind: str = "application/json") -> Any:
    said = body if body is not None else json.dumps({"error": {"code": "Fault", "message": f"fault {status}"}}).encode()

    def strike(handler: _Handler, owner: Emulator, request: Request) -> None:
        del owner, request
        handler.send(Answer(status, said, headers, kind))

    return strike


def _cut_before(handler: _Handler, owner: Emulator, request: Request) -> None:
    del owner, request
    _close(handler)


def _close(handler: _Handler) -> None:
    handler.close_connection = True
    try:
        handler.connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _cut_after(handler: _Handler, owner: Emulator, request: Request) -> None:
    owner.carry_out(request)
    _close(handler)


def _raw(make: Callable[[Answer], bytes], *, done: bool = True) -> Any:
    """Write bytes of our own making to the socket, then close it."""

    def strike(handler: _Handler, owner: Emulator, request: Request) -> None:
        answer = owner.carry_out(request) if done else Answer()
        try:
            handler.wfile.write(make(answer))
            handler.wfile.flush()
        except OSError:
            pass
        _close(handler)

    return strike


def _head(answer: Answer, *lines: str, status: int | None = None) -> bytes:
    code = answer.status if status is None else status
    return "\r\n".join((f"HTTP/1.1 {code} X", *lines, "", "")).encode()


def _changed(change: Callable[[Answer], Answer]) -> Any:
    """Carry out the request, and answer with something else."""

    def strike(handler: _Handler, owner: Emulator, request: Request) -> None:
        handler.send(change(owner.carry_out(request)))

    return strike


def _stall(*, done: bool) -> Any:
    def strike(handler: _Handler, owner: Emulator, request: Request) -> None:
        if done:
            owner.carry_out(request)
        owner.released.wait(15)
        _close(handler)

    return strike


def _trickle(handler: _Handler, owner: Emulator, request: Request) -> None:
    answer = owner.carry_out(request)
    handler.wfile.write(_head(answer, f"Content-Length: {len(answer.body) + 10}") + answer.body[:4])
    handler.wfile.flush()
    owner.released.wait(15)
    _close(handler)


def _twice(handler: _Handler, owner: Emulator, request: Request) -> None:
    """Let a proxy deliver the request two times; the client sees the first answer."""
    answer = owner.carry_out(request)
    owner.carry_out(request)
    handler.send(answer)


def _stale(handler: _Handler, owner: Emulator, request: Request) -> None:
    answer = owner.carry_out(request)
    if request.method != "GET":
        owner.stale = 2
    handler.send(answer)


def _paged(change: Callable[[Any, Request, Emulator], Any]) -> Any:
    """Change a page of a listing, whatever the API calls its parts; other answers stay as they are."""

    def strike(handler: _Handler, owner: Emulator, request: Request) -> None:
        answer = owner.carry_out(request)
        try:
            value = json.loads(answer.body)
        except ValueError:
            handler.send(answer)
            return
        handler.send(answer._replace(body=json.dumps(change(value, request, owner)).encode()))

    return strike


def _loop(value: Any, request: Request, owner: Emulator) -> Any:
    if isinstance(value, dict) and isinstance(value.get("value"), list):
        return {**value, "@odata.nextLink": f"{owner.url}{request.path}?loop=1"}
    if isinstance(value, dict) and "policies" in value:
        return {**value, "nextPageToken": "same"}
    return value


def _without(value: Any, request: Request, owner: Emulator) -> Any:
    del request, owner
    return {key: one for key, one in value.items() if key != "value"} if isinstance(value, dict) else value


def _elsewhere(value: Any, request: Request, owner: Emulator) -> Any:
    del owner
    if isinstance(value, dict) and isinstance(value.get("value"), list):
        return {**value, "@odata.nextLink": f"https://attacker.invalid{request.path}"}
    return value


FAULTS: tuple[Fault, ...] = (
    Fault("429 with seconds", _status(429, ("Retry-After", "1"))),
    Fault("429 with a date", _status(429, ("Retry-After", "Wed, 25 Nov 2026 10:00:05 GMT"))),
    Fault("429 without Retry-After", _status(429)),
    Fault("429 with a day", _status(429, ("Retry-After", "86400"))),
    Fault("429 with nonsense", _status(429, ("Retry-After", "soon"))),
    Fault("429 with an HTML page", _status(429, body=_HTML, kind="text/html")),
    Fault("500", _status(500)),
    Fault("500 with an HTML page", _status(500, body=_HTML, kind="text/html")),
    Fault("500 after the work", _changed(lambda _: Answer(500, b"{}")), done=True),
    Fault("502", _status(502, body=_HTML, kind="text/html")),
    Fault("503 with Retry-After", _status(503, ("Retry-After", "2"))),
    Fault("503 without Retry-After", _status(503)),
    Fault("504 before the work", _status(504)),
    Fault("504 after the work", _changed(lambda _: Answer(504, _HTML, (), "text/html")), done=True),
    Fault("401 in mid-run", _status(401, ("WWW-Authenticate", "Bearer"))),
    Fault("403", _status(403)),
    Fault("404", _status(404)),
    Fault("408", _status(408)),
    Fault("409", _status(409)),
    Fault("410", _status(410)),
    Fault("412", _status(412)),
    Fault("400", _status(400)),
    Fault("413", _status(413)),
    Fault("415", _status(415)),
    Fault("422", _status(422)),
    Fault("423", _status(423)),
    Fault("connection closed before the work", _cut_before),
    Fault("connection closed after the work", _cut_after, done=True),
    Fault(
        "body cut in the middle",
        _raw(lambda a: _head(a, f"Content-Length: {len(a.body) + 50}") + a.body[: len(a.body) // 2]),
        done=True,
    ),
    Fault("truncated JSON", _changed(lambda a: a._replace(body=a.body[: len(a.body) // 2] or b"{")), done=True),
    Fault("HTML page with 200", _changed(lambda _: Answer(200, _HTML, (), "text/html")), done=True),
    Fault("HTML page with 201", _changed(lambda _: Answer(201, _HTML, (), "text/html")), done=True),
    Fault("empty body", _changed(lambda a: a._replace(body=b"")), done=True),
    Fault("null", _changed(lambda a: a._replace(body=b"null")), done=True),
    Fault("a list in place of an object", _changed(lambda a: a._replace(body=b"[]")), done=True),
    Fault("an empty object", _changed(lambda a: a._replace(body=b"{}")), done=True),
    Fault("not UTF-8", _changed(lambda a: a._replace(body=b'{"a": "\xff\xfe"}')), done=True),
    Fault("a key twice", _changed(lambda a: a._replace(body=b'{"value": [], "value": []}')), done=True),
    Fault("100,000 levels deep", _changed(lambda a: a._replace(body=b"[" * 100_000)), done=True),
    Fault("stall before the work", _stall(done=False), stalls=True),
    Fault("stall after the work", _stall(done=True), done=True, stalls=True),
    Fault("stall in the body", _trickle, done=True, stalls=True),
    Fault("duplicate delivery", _twice, done=True),
    Fault("stale read after write", _stale, done=True),
    Fault("a listing that leads back to itself", _paged(_loop), done=True),
    Fault("a listing that leads to another host", _paged(_elsewhere), done=True),
    Fault("a listing without its values", _paged(_without), done=True),
    Fault("redirect to another host", _status(302, ("Location", "https://attacker.invalid/"))),
    Fault("redirect to http", _status(307, ("Location", "http://127.0.0.1:9/"))),
    Fault("no HTTP at all", _raw(lambda _: b"SSH-2.0-OpenSSH_9.0\r\n", done=False)),
    Fault("a broken chunk", _raw(lambda a: _head(a, "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n"), done=True),
    Fault(
        "gzip that is none",
        _raw(lambda a: _head(a, "Content-Encoding: gzip", f"Content-Length: {len(a.body)}") + a.body),
        done=True,
    ),
    Fault(
        "a gzip bomb",
        _changed(lambda a: a._replace(body=_BOMB, headers=(("Content-Encoding", "gzip"),))),
        done=True,
    ),
    Fault(
        "a hundred thousand bytes of headers",
        _raw(lambda a: _head(a, f"X-Big: {'x' * 100_000}", "Content-Length: 0")),
        done=True,
    ),
)
