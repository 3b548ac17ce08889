"""Talk HTTP as an unattended pipeline must: bounded, patient, honest about what may have happened, and silent on secrets.

One client per destination. It repeats what is safe to repeat, waits as the server asks, renews a token once, follows no
redirect (a token must not travel to another host), and turns every way in which a call can end into an answer or a
`Failure`. A failure says whether the other side may have carried out the request all the same.
"""

from __future__ import annotations

import random
import ssl
import threading
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import urllib3

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.push.addresses import is_loopback
from mdm_policy.push.answers import UNSEEN, Failure, Reply, code_of, message_of, shown, told_code, wait_of
from mdm_policy.push.proxies import Proxies, proxy_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mdm_policy.push.answers import Fault
    from mdm_policy.push.redaction import Secrets

MAX_ANSWER = 64 * 1024 * 1024
MAX_RECEIVED = 1024 * 1024 * 1024
"""Bytes of all answers of one server in a run: a listing may have many pages, and yet an end."""
_MAX_WAIT = 120.0
"""Seconds: a server that asks for more is not waited for, the run ends and can be resumed."""
_FIRST_WAIT = 0.5
_NO_TUNNEL = "Tunnel connection failed"
"""What the standard library says when a proxy refuses CONNECT (http.client, `_tunnel`)."""
_BY_STATUS: dict[int, Fault] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    408: "timeout",
    409: "conflict",
    410: "not-found",
    412: "conflict",
    423: "conflict",
    429: "throttled",
}


class Settings(msgspec.Struct, frozen=True):
    """Say how a client behaves: addresses, patience (seconds, attempts), and how many calls run at once.

    `patience` is the least wait after a throttling answer that names none; `ca` is the path of a file with the
    authorities to trust in place of the system's.
    """

    base: str
    timeout: float = 30.0
    attempts: int = 5
    concurrency: int = 4
    patience: float = _FIRST_WAIT
    ca: str = ""
    insecure: bool = False
    headers: dict[str, str] = {}
    whole: float = 300.0
    """Seconds for one try of a call from its first byte to its last: a server that sends a byte now and then is not waited for."""
    quiet: bool = False
    """Whether only codes of errors are told: what a token's endpoint says may hold what it was sent."""
    cookies: bool = False
    """Whether cookies of the server are kept: load balancers pin a client to a node by them."""
    proxies: Proxies = Proxies()


class Client:
    """Make calls to one server.

    `authorize` gives the headers that prove who calls; asked to renew, it fetches a new token first. It is called under
    a lock, so that many threads renew once.
    """

    def __init__(
        self,
        settings: Settings,
        sleep: Callable[[float], None],
        secrets: Secrets,
        authorize: Callable[[bool], Mapping[str, str]] | None = None,
    ) -> None:
        """Prepare the connections; none is opened yet.

        Raises:
            PolicyError: `push-address` for an address that is none, or that would send secrets in the clear; `push-proxy`
                for such a proxy.

        """
        check_address(settings.base)
        self._settings = settings
        self._sleep = sleep
        self._secrets = secrets
        self._authorize = authorize
        self._lock = threading.Lock()
        self._renewed = 0
        self._received = 0
        self._cookies: dict[str, str] = {}
        self.sent = 0
        """How many requests that change something were carried out, or may have been."""
        self._pool = _pool(settings, secrets)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        ok: tuple[int, ...] = (200,),
        repeat: bool | None = None,
        headers: Mapping[str, str] | None = None,
        meaning: Callable[[Reply], Failure | None] | None = None,
    ) -> Reply:
        """Make a call and return its answer, whose status is one of `ok`.

        `path` is added to the base, or is a whole address on the same host (the next page). A call is repeated after an
        ambiguous end only where `repeat`: without it, for GET, HEAD, PUT and DELETE. `meaning` tells what a vendor says by an
        answer that is not `ok`, whatever its status; what it names is final, and is not tried again.

        Raises:
            Failure: in every other case.

        """
        url = self._url(path)
        again = method in ("GET", "HEAD", "PUT", "DELETE") if repeat is None else repeat
        wanted = {"Accept": accept, "User-Agent": "mdm-policy", **self._settings.headers, **(headers or {})}
        if body is not None:
            wanted["Content-Type"] = content_type
        attempt, renewed = 0, False
        while True:
            attempt += 1
            try:
                reply = self._once(method, url, body, wanted, ok, meaning)
                self._count(method)
            except _TryError as trying:
                failure = trying.failure
                if failure.ambiguous:
                    self._count(method)
                if failure.fault == "unauthorized" and not renewed and self._authorize is not None:
                    renewed = True
                    self._renew(trying.generation)
                    continue
                safe = again or not failure.ambiguous
                if not (trying.worth and safe) or attempt >= self._settings.attempts:
                    raise failure from None
                wait = self._wait(trying, attempt)
                if wait > _MAX_WAIT:
                    raise failure from None
                self._sleep(wait)
            else:
                return reply

    def _count(self, method: str) -> None:
        if method not in ("GET", "HEAD"):
            with self._lock:
                self.sent += 1

    def _wait(self, trying: _TryError, attempt: int) -> float:
        if trying.wait is not None:
            return trying.wait
        least = self._settings.patience if trying.failure.fault == "throttled" else _FIRST_WAIT
        # Full jitter, so that many pipelines that were turned away together do not come back together.
        return least + random.uniform(0, _FIRST_WAIT * 2**attempt)  # noqa: S311 - spreads load, guards nothing

    def _url(self, path: str) -> str:
        base = self._settings.base.rstrip("/")
        if not path.startswith(("http://", "https://")):
            return f"{base}/{path.lstrip('/')}"
        if urlsplit(path)[:2] != urlsplit(base)[:2]:
            said = f"the server sends us on to another host: {shown(self._secrets.redact(path).encode())}"
            raise Failure("answer", said, ambiguous=False, call=self._secrets.redact(path))
        return path

    def _once(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: dict[str, str],
        ok: tuple[int, ...],
        meaning: Callable[[Reply], Failure | None] | None,
    ) -> Reply:
        call = f"{method} {urlsplit(url).path}"
        with self._lock:
            generation = self._renewed
            proof = dict(self._authorize(False)) if self._authorize is not None else {}
            if self._cookies:
                proof["Cookie"] = "; ".join(f"{name}={value}" for name, value in sorted(self._cookies.items()))
        try:
            answer, data = within(
                self._settings.whole, lambda: self._exchange(method, url, body, {**headers, **proof}, call)
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as bad:
            raise self._lost(bad, call) from None
        found = {name.lower(): value for name, value in answer.headers.items()}
        if self._settings.cookies:
            self._remember(answer.headers.getlist("Set-Cookie"))
        reply = Reply(answer.status, found, data, call, self._hide)
        if answer.status in ok:
            return reply
        named = meaning(reply) if meaning is not None else None
        raise self._bad(reply, generation) if named is None else _TryError(named, worth=False)

    def _hide(self, text: str) -> str:
        return "" if self._settings.quiet else self._secrets.redact(text)

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], call: str
    ) -> tuple[urllib3.BaseHTTPResponse, bytes]:
        """Send a request, and read its answer to the end."""
        answer = self._pool.request(method, url, body=body, headers=headers, redirect=False, preload_content=False)
        data = _read(answer, call)
        with self._lock:
            self._received += len(data)
            if self._received > MAX_RECEIVED:
                raise _TooLargeError(f"more than {MAX_RECEIVED // (1024 * 1024):,} MiB have come from this server")
        return answer, data

    def _remember(self, cookies: list[str]) -> None:
        with self._lock:
            for cookie in cookies:
                name, equals, value = cookie.partition(";")[0].strip().partition("=")
                if equals:
                    self._cookies[name] = value

    def _lost(self, bad: Exception, call: str) -> _TryError:
        """Tell what became of a call that got no answer."""
        cause: BaseException = bad
        if isinstance(bad, urllib3.exceptions.MaxRetryError) and bad.reason is not None:
            cause = bad.reason
        said = shown(self._secrets.redact(str(cause)).encode())
        if isinstance(cause, urllib3.exceptions.SSLError | ssl.SSLError):
            return _TryError(Failure("tls", f"{call}: the connection is not trusted: {said}", call=call), worth=False)
        if isinstance(cause, urllib3.exceptions.ProxyError) or _NO_TUNNEL in str(cause):
            # Nothing is sent to the server before the proxy has connected.
            return _TryError(
                Failure("unreachable", f"{call}: no connection by the proxy: {said}", call=call), worth=True
            )
        if isinstance(cause, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError):
            return _TryError(Failure("unreachable", f"{call}: no connection: {said}", call=call), worth=True)
        if isinstance(cause, urllib3.exceptions.TimeoutError | TimeoutError):
            return _TryError(Failure("timeout", f"{call}: no answer in time", ambiguous=True, call=call), worth=True)
        if isinstance(cause, _TooLargeError):
            return _TryError(Failure("answer", f"{call}: {said}", ambiguous=True, call=call), worth=False)
        failure = Failure("answer", f"{call}: the answer was cut off or damaged: {said}", ambiguous=True, call=call)
        return _TryError(failure, worth=True)

    def _bad(self, reply: Reply, generation: int) -> _TryError:
        """Tell what an answer that is not good means."""
        status = reply.status
        said = f"{reply.call}: {told_code(reply) if self._settings.quiet else message_of(reply)}"
        fault: Fault = _BY_STATUS.get(status, "unavailable" if status >= 500 else "refused")
        if 200 <= status < 400:
            fault = "answer"
        # A server that fails may have done the work first; one that refuses has not.
        ambiguous = status >= 500 or status == 408 or 200 <= status < 400
        failure = Failure(fault, said, status=status, ambiguous=ambiguous, call=reply.call, detail=code_of(reply))
        worth = fault in ("throttled", "unavailable", "timeout")
        return _TryError(failure, worth=worth, wait=wait_of(reply), generation=generation)

    def _renew(self, generation: int) -> None:
        """Fetch a new token, unless another thread has done so since this call went out."""
        with self._lock:
            if self._renewed == generation and self._authorize is not None:
                self._authorize(True)
                self._renewed += 1


class _TryError(Exception):
    """Carry a failure to the one that decides whether to try again."""

    def __init__(self, failure: Failure, *, worth: bool, wait: float | None = None, generation: int = 0) -> None:
        self.failure = failure
        self.worth = worth
        self.wait = wait
        self.generation = generation
        super().__init__(failure.said)


class _TooLargeError(ValueError):
    """Say that an answer has no end."""


_Result = TypeVar("_Result")


def within(seconds: float, work: Callable[[], _Result]) -> _Result:
    """Do some work in a thread of its own, and return or raise what it did.

    Limits of a socket are for each piece that comes; a server that sends one byte in each of them is never late. The thread
    of work that is given up ends with the process.

    Raises:
        TimeoutError: the work is not done in time.

    """
    done: list[_Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as bad:  # noqa: BLE001 - whatever it is, it is raised again where it is waited for
            failed.append(bad)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError
    return done[0]


def check_address(base: str) -> None:
    """Refuse an address that is none, or that would send a secret in the clear to another machine.

    Raises:
        PolicyError: `push-address`.

    """
    try:
        parts = urlsplit(base)
        host, named = parts.hostname or "", parts.username
        _ = parts.port
    except ValueError:
        host, named = "", None
    if not host or parts.scheme not in ("http", "https") or named is not None or UNSEEN.search(base):
        said = f"{shown(base.encode())!r} is not an address of a server"
        raise PolicyError([error("push-address", said, None, "write https://host, without a name or password in it")])
    if parts.scheme == "http" and not is_loopback(host):
        said = f"{base} is not encrypted: the credential and the policies could be read and changed on the way"
        raise PolicyError([error("push-address", said, None, "write https://")])


def _read(answer: urllib3.BaseHTTPResponse, call: str) -> bytes:
    """Read an answer to its end, but not without end."""
    parts: list[bytes] = []
    left = MAX_ANSWER
    try:
        for part in answer.stream(65_536, decode_content=True):
            left -= len(part)
            _check_end(left, call)
            parts.append(part)
    except BaseException:
        answer.close()
        raise
    answer.release_conn()
    return b"".join(parts)


def _check_end(left: int, call: str) -> None:
    if left < 0:
        raise _TooLargeError(f"the answer to {call} is larger than {MAX_ANSWER // (1024 * 1024)} MiB")


def _pool(settings: Settings, secrets: Secrets) -> urllib3.PoolManager:
    """Prepare connections to the server, or to the proxy that tunnels to it."""
    # Reading the system's authorities takes a tenth of a second.
    context = _tls(settings) if settings.base.startswith("https:") else None
    proxy = proxy_for(settings.base, settings.proxies, secrets)
    known: dict[str, Any] = {
        "num_pools": 2,
        "maxsize": settings.concurrency,
        "block": True,
        "ssl_context": context,
        "retries": False,
        "timeout": urllib3.Timeout(connect=settings.timeout, read=settings.timeout),
    }
    if proxy is None:
        return urllib3.PoolManager(**known)
    return urllib3.ProxyManager(proxy.url, proxy_headers=proxy.headers, proxy_ssl_context=context, **known)


def _tls(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca:
        try:
            context = ssl.create_default_context(cafile=settings.ca)
        except (OSError, ssl.SSLError) as bad:
            said = f"cannot read the authorities in {settings.ca}: {getattr(bad, 'strerror', None) or bad}"
            raise PolicyError([error("push-ca", said, Origin(settings.ca), "name a PEM file")]) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.insecure:
        # The command has said so already, in a finding of its own.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
