"""No secret that is in the environment or in a file beside the inputs ends in anything the program writes.

A row is a command line; the deployment names the canaries as the product lets it: by variable and by file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cli_kit import ROOT, a_list, write

if TYPE_CHECKING:
    from pathlib import Path

CANARIES = {
    "MDM_CLIENT_SECRET": "canary-1-Zq8vT2",
    "MDM_PASSPHRASE": "canary-2-Pw7xK9",
    "MDM_API_KEY": "canary-3-Lm4nB6",
    "HTTPS_PROXY": "http://user:canary-4-Rt5yH3@localhost:9",
}
_IN_FILE = "canary-5-Gd1cJ0"
_DEPLOYMENT = """\
organization: {name: Example Agency, identifier: gov.example.agency}
lists: [ours.yaml]
devices:
- {name: field, platform: ios, os: ">=17", supervised: true, enrollment: automated}
destinations:
  graph:
    graph: {tenant: t.example, client_id: c, client_secret: {env: MDM_CLIENT_SECRET}, graph_url: "http://127.0.0.1:9"}
    targets: [apple-ios-restrictions]
  jamf:
    jamf: {url: "http://127.0.0.1:9", client_id: c, client_secret: {file: secret.txt}}
    targets: [jamf-restricted-software]
"""
COMMANDS = [
    pytest.param(("check", "{in}/deployment.yaml", "{in}/ours.yaml"), id="check"),
    pytest.param(("check", "{in}/key.pem"), id="check, of a key"),
    pytest.param(("check", "--format", "json", "{in}/broken.yaml"), id="check, of a broken deployment"),
    pytest.param(("build", "--deployment", "{in}/deployment.yaml", "-o", "{in}/out"), id="build"),
    pytest.param(("build", "{in}/key.pem", "-o", "{in}/out"), id="build, of a key"),
    pytest.param(("build", "--deployment", "{in}/deployment.yaml", "-o", "{in}"), id="build, over foreign files"),
    pytest.param(("verify", "{in}", "--list", "us-omb-m-23-13"), id="verify, of the folder with the secrets"),
    pytest.param(("verify", "{in}/key.pem", "--list", "us-omb-m-23-13", "--format", "json"), id="verify, of a key"),
    pytest.param(("diff", "{in}/key.pem", "{in}/deployment.yaml"), id="diff, with a key"),
    pytest.param(("explain", "wechat", "--deployment", "{in}/deployment.yaml"), id="explain"),
]
"""Every command that meets a secret. To add one: a row here."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Lay out what an agency has in one folder, secrets and all."""
    write(tmp_path, "ours.yaml", a_list())
    write(tmp_path, "deployment.yaml", _DEPLOYMENT)
    write(tmp_path, "broken.yaml", _DEPLOYMENT.replace("{env: MDM_CLIENT_SECRET}", "{env: MDM_CLIENT_SECRET"))
    for name in ("secret.txt", "key.pem"):
        head = "-----BEGIN PRIVATE KEY-----\n" if name == "key.pem" else ""
        write(tmp_path, name, f"{head}{_IN_FILE}\n").chmod(0o600)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_no_canary_is_ever_written(command: tuple[str, ...], site: Path) -> None:
    arguments = [part.replace("{in}", str(site)) for part in command]
    before = {path for path in site.rglob("*") if path.is_file()}
    done = subprocess.run(
        [sys.executable, "-m", "mdm_policy", *arguments],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **CANARIES},
    )
    fresh = [path.read_bytes() for path in site.rglob("*") if path.is_file() and path not in before]
    written = [done.stdout, done.stderr, *fresh]
    assert written[0] + written[1], "a command that says nothing was not tried"
    for canary in (*CANARIES.values(), _IN_FILE):
        core = canary.partition("canary-")[2][:8].encode()
        assert not any(core in one for one in written), f"{canary} was written"
    print(f"trust: secrets: {command[0]}: {len(CANARIES) + 1} canaries, {len(written)} streams and files, 0 leaks")
