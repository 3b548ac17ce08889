"""`lookup --online` reaches the stores as a push reaches its servers: by the proxy of the environment, and nothing is told it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cli_kit
import pytest
from emulators.base import Answer, Emulator, Request, reply
from emulators.proxy import Proxy, proxy
from push.certificates import certificate, server_side

from mdm_policy.cli import edge
from mdm_policy.sources.store_pages import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STORE = "itunes.apple.com"
_QUERY = ("lookup", "org.example.chat.of.nobody", "--online")


class Store(Emulator):
    """Be a store that lists nothing."""

    def snapshot(self) -> Any:
        """Hold nothing."""
        return None

    def handle(self, request: Request) -> Answer:
        """List nothing."""
        del request
        return reply({"resultCount": 0, "results": []})


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    pair = certificate(tmp_path, _STORE)
    monkeypatch.setenv("SSL_CERT_FILE", str(pair[0]))
    for name in ("https_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Store(tls=server_side(pair)) as store, proxy(int(store.url.rpartition(":")[2])) as running:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{running.port}")
        yield running


def test_a_store_is_asked_by_the_proxy_which_sees_its_name_alone(there: Proxy) -> None:
    page = edge.stores()(f"https://{_STORE}/lookup?bundleId=org.example.chat")
    assert page.status == 200
    assert there.targets == [f"{_STORE}:443"]
    assert b"org.example.chat" not in "".join(there.asked).encode() + bytes(there.passed)


def test_a_proxy_that_refuses_is_why_there_is_no_answer(there: Proxy) -> None:
    there.close()
    with pytest.raises(StoreError, match="no connection to the store by the proxy"):
        edge.stores()(f"https://{_STORE}/")


@pytest.mark.parametrize("exempt", [_STORE, "apple.com", "*"])
def test_a_store_that_is_exempt_is_asked_directly(exempt: str, there: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", exempt)
    monkeypatch.setattr("socket.getaddrinfo", _nowhere)
    with pytest.raises(StoreError, match=r"no connection to the store\Z"):
        edge.stores()(f"https://{_STORE}/")
    assert there.asked == []


def _nowhere(*_: object, **__: object) -> Any:
    raise OSError("no names here")


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("address", ["socks5://proxy.example:1080", "http://svc:canary-password@proxy.example:3128"])
def test_an_address_that_will_not_do_is_a_finding_and_never_shown(address: str) -> None:
    ran = cli_kit.run(*_QUERY, env={"HTTPS_PROXY": address})
    assert ran.code == 1
    assert "push-proxy" in ran.err
    assert "canary-password" not in ran.out + ran.err
