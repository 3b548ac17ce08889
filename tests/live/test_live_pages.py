"""A browser shows the page of `diff --format html`: every word of it, and without asking any server for anything."""

from __future__ import annotations

import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from cli_kit import AS_OF, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.live("chromium-headless-shell", "pdftotext")
HOSTILE = '<img src=http://{proxy}/img onerror="document.title=1"><script src=http://{proxy}/js></script>'


class Proxy:
    """Stand between the browser and every network: note what is asked for, answer nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                proxy.asked.append(self.requestline)
                self.send_error(404)

            do_CONNECT = do_POST = do_GET  # noqa: N815 - names that http.server asks for

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def shown(page: Path, proxy: Proxy) -> str:
    """Let the browser print a page, every request of its going to the proxy, and return the text on paper."""
    printed = page.with_suffix(".pdf")
    quiet = ("background-networking", "component-update", "sync", "default-apps", "extensions", "domain-reliability")
    command = [
        *("chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic"),
        *(f"--disable-{one}" for one in quiet),
        *(f"--proxy-server=http://{proxy.address}", "--proxy-bypass-list=<-loopback>"),
        *(f"--user-data-dir={page.parent / 'browser'}", f"--print-to-pdf={printed}", page.as_uri()),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    done = subprocess.run(["pdftotext", "-layout", str(printed), "-"], check=True, capture_output=True, timeout=60)
    return " ".join(done.stdout.decode().split())


def lists(folder: Path, name: str) -> tuple[Path, Path]:
    """Write two versions of a ban list: an app is added, one is dropped, and one has the given name."""
    head = "ban_list: our-list\ntitle: Ours\nauthority: {citation: Order 1, effective: 2026-01-01}\nbans:\n"
    row = "  - {{name: '{0}', android: {{package_name: {1}}}}}\n"
    old, new = folder / "old.yaml", folder / "new.yaml"
    old.write_text(head + row.format("Dropped App", "com.example.dropped") + row.format("Kept App", "com.example.kept"))
    new.write_text(head + row.format("Kept App", "com.example.kept") + row.format(name, "com.example.added"))
    return old, new


def compared(old: Path, new: Path) -> str:
    done = run("diff", old, new, "--format", "html", *AS_OF)
    assert done.code == 11, done.err
    return done.out


def test_the_page_asks_for_nothing_and_shows_every_change(tmp_path: Path, proxy: Proxy) -> None:
    page = tmp_path / "page.html"
    page.write_text(compared(*lists(tmp_path, "Added App")))
    text = shown(page, proxy)
    for word in ("LOOSENED", "TIGHTENED", "Dropped App", "Added App"):
        assert word in text, text
    assert proxy.asked == []


def test_what_others_wrote_is_shown_and_never_obeyed(tmp_path: Path, proxy: Proxy) -> None:
    page = tmp_path / "page.html"
    page.write_text(compared(*lists(tmp_path, HOSTILE.format(proxy=proxy.address))))
    text = shown(page, proxy)
    assert "<script" in text, text
    assert proxy.asked == []


def test_the_proxy_would_have_seen_a_request(tmp_path: Path, proxy: Proxy) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<title>t</title><img src='http://{proxy.address}/img'><p>words</p>")
    assert "words" in shown(page, proxy)
    assert any("/img" in one for one in proxy.asked)
