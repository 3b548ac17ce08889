"""Get a store's page: one bounded GET that follows no redirect, sends no credential and trusts only valid certificates.

urllib3 comes with the extra `push`; this module is imported only when somebody asks a store.
"""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, NamedTuple

import urllib3

from mdm_policy.sources.store_pages import StoreError, StorePage

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SECONDS = 15.0
"""For each wait (connection, next bytes), and for the whole body."""
MOST_BYTES = 4 * 1024 * 1024
_PART = 65_536


class Tunnel(NamedTuple):
    """Name the proxy that leads to a store: its address, and the headers that it alone gets."""

    url: str
    headers: dict[str, str]


def directly(url: str) -> Tunnel | None:
    """Reach a store without any proxy."""
    del url
    return None


class StoreClient:
    """Fetch pages, each within `seconds` and `most` bytes, through the proxy that `tunnel` names for an address."""

    def __init__(
        self,
        seconds: float = MOST_SECONDS,
        most: int = MOST_BYTES,
        tunnel: Callable[[str], Tunnel | None] = directly,
    ) -> None:
        """Prepare the connections; none is opened yet."""
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._seconds = seconds
        self._most = most
        self._tunnel = tunnel
        self._context = context
        self._pools: dict[str, urllib3.PoolManager] = {}

    def __call__(self, url: str) -> StorePage:
        """Return the page at an address, whatever its status.

        Raises:
            StoreError: there is none, or it is too large or too slow.
            PolicyError: what names the proxy is of no use; see `tunnel`.

        """
        end = time.monotonic() + self._seconds
        pool = self._pool(self._tunnel(url))
        headers = {"User-Agent": "mdm-policy", "Accept-Encoding": "identity"}
        try:
            answer = pool.request("GET", url, headers=headers, redirect=False, preload_content=False)
            try:
                return StorePage(answer.status, self._read(answer, end))
            finally:
                answer.close()
        except (urllib3.exceptions.HTTPError, OSError) as bad:
            raise StoreError(self._why(bad)) from None

    def _pool(self, tunnel: Tunnel | None) -> urllib3.PoolManager:
        """Return the connections that go directly, or through a proxy."""
        name = tunnel.url if tunnel else ""
        if name not in self._pools:
            wait = urllib3.Timeout(connect=self._seconds, read=self._seconds)
            self._pools[name] = (
                urllib3.ProxyManager(
                    tunnel.url,
                    proxy_headers=tunnel.headers,
                    proxy_ssl_context=self._context,
                    ssl_context=self._context,
                    retries=False,
                    timeout=wait,
                )
                if tunnel
                else urllib3.PoolManager(ssl_context=self._context, retries=False, timeout=wait)
            )
        return self._pools[name]

    def _read(self, answer: urllib3.BaseHTTPResponse, end: float) -> bytes:
        """Read a body in parts, each as large as has come: a trickle cannot outlast the time."""
        body = bytearray()
        while part := answer.read1(_PART, decode_content=False):
            body += part
            if len(body) > self._most:
                raise StoreError(f"the answer is larger than {self._most} bytes")
            if time.monotonic() > end:
                raise StoreError(self._late)
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise StoreError("the answer is compressed, which was not asked for")
        return bytes(body)

    @property
    def _late(self) -> str:
        return f"no answer within {self._seconds:g} seconds"

    def _why(self, bad: Exception) -> str:
        cause: BaseException = bad
        if isinstance(bad, urllib3.exceptions.MaxRetryError) and bad.reason is not None:
            cause = bad.reason
        if isinstance(cause, urllib3.exceptions.SSLError | ssl.SSLError):
            return "the connection is not trusted: no valid certificate of the store"
        if isinstance(cause, urllib3.exceptions.ProxyError):
            return "no connection to the store by the proxy"
        if isinstance(cause, urllib3.exceptions.NewConnectionError):
            return "no connection to the store"
        if isinstance(cause, urllib3.exceptions.TimeoutError | TimeoutError):
            return self._late
        return "the answer was cut off or damaged"
