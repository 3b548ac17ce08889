"""A secret goes where something outside the deployment says, and is told in no spelling."""

from __future__ import annotations

import base64
import html
import json
import os
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
import yaml
from cli_kit import run
from emulators.base import Answer, Emulator, Request

from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import DestinationSpec
from mdm_policy.push import addresses, grants
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations import git_commits
from mdm_policy.push.grants import Grants
from mdm_policy.push.http import Client, Settings
from mdm_policy.push.oauth import Tokens
from mdm_policy.push.redaction import Secrets
from push.kits.git import Folder, git
from push.stage import DAY, OWNER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRETS = (
    "Zq8~vT2+Pw/7x=K9",
    'pass"word\\with\tall &<sorts>',
    "plain-but-long-enough",
    "schlüssel-ÿ-\U0001f511-ok",
    "-----BEGIN KEY-----\nMIIBVwIBADANBgkq+h/kiG9w\n0BAQEFAASCAT8wggE7\n-----END KEY-----",
)
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent": lambda one: quote(one, safe=""),
    "percent, small letters": lambda one: "".join(f"%{octet:02x}" for octet in one.encode()),
    "percent twice": lambda one: quote(quote(one, safe=""), safe=""),
    "plus": quote_plus,
    "HTML": html.escape,
    "HTML by number": lambda one: "".join(f"&#{ord(char)};" for char in one),
    "HTML by hex": lambda one: "".join(f"&#x{ord(char):X};" for char in one),
    "HTML twice": lambda one: html.escape(html.escape(one)),
    "JSON": lambda one: json.dumps(one)[1:-1],
    "JSON, not ASCII": lambda one: json.dumps(one, ensure_ascii=False)[1:-1],
    "JSON, all escaped": lambda one: "".join(f"\\u{unit:04x}" for unit in _units(one)),
    "JSON in JSON": lambda one: json.dumps(json.dumps(one)[1:-1])[1:-1],
    "base64": lambda one: base64.b64encode(one.encode()).decode(),
    "base64 for addresses": lambda one: base64.urlsafe_b64encode(one.encode()).decode(),
    "base64 of a pair": lambda one: base64.b64encode(f"user:{one}".encode()).decode(),
    "base64 of more": lambda one: base64.b64encode(f"u:{one}&more=1".encode()).decode(),
}
SHAPES = ("JSON message", "JSON code", "a page", "no JSON")
_CUTS = (0, 1, 150, 284, 290, 299, 16_370)
"""How far from the beginning of a text a secret stands: texts are cut at 300 characters, pages at 16,384."""


def _units(text: str) -> list[int]:
    data = text.encode("utf-16-be")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def traces(secret: str, said: str) -> list[str]:
    """Return pieces of a secret, in any spelling, that stand in a text."""
    pieces = []
    for name, spell in SPELLINGS.items():
        # The edges of base64 are those of its neighbours as much.
        text = spell(secret)[4:-4] if name.startswith("base64") else spell(secret)
        pieces += [text[at : at + 12] for at in range(max(1, len(text) - 11))]
    known = {"-----BEGIN KE", "KEY-----", "-----END KEY"}
    return [one for one in pieces if len(one) >= 8 and one in said and not any(one in k or k in one for k in known)]


class Speaking(Emulator):
    """Answer every call with what a test wants said."""

    status, body = 400, b""

    def snapshot(self) -> Any:
        """Hold nothing."""
        return None

    def handle(self, request: Request) -> Answer:
        """Say it."""
        del request
        return Answer(self.status, self.body, (("Content-Type", "text/html"),))


def said_of(server: Speaking, secret: str, *, quiet: bool = False) -> str:
    known = Secrets()
    known.add(secret)
    client = Client(Settings(server.url, 2.0, 1, quiet=quiet), lambda _: None, known)
    with pytest.raises(Failure) as failed:
        client.call("POST", "/x", body=b"").object()
    return failed.value.finding("there", "trying").message + failed.value.detail


def tried(shape: str, spelling: str) -> int:
    """Let a server say every secret in one spelling, cut at every place; return how often that was."""
    count = 0
    with Speaking() as server:
        for secret in SECRETS:
            spelt = SPELLINGS[spelling](secret)
            for cut in _CUTS:
                text = f"{'x' * cut} {spelt} end"
                server.status = 200 if shape == "no JSON" else 400
                error = {"code": text if shape == "JSON code" else "c", "message": text}
                server.body = json.dumps({"error": error}).encode()
                if shape in ("a page", "no JSON"):
                    server.body = f"<html><body>{text}</body></html>".encode()
                assert traces(secret, said_of(server, secret)) == [], (secret, cut)
                count += 1
    return count


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_secret_is_told_however_it_is_cut(shape: str, spelling: str) -> None:
    assert tried(shape, spelling) == len(SECRETS) * len(_CUTS)


def test_of_a_token_endpoint_only_codes_are_told() -> None:
    secret = SECRETS[0]
    told = {
        json.dumps({"error": "invalid_client", "error_description": f"AADSTS7000215: it is {secret}. Trace"}): (
            "invalid_client, AADSTS7000215"
        ),
        json.dumps({"error": secret}): "it gave no error code",
        json.dumps({"error": "some_word_of_theirs"}): "it gave no error code",
        "<html><body>Password wrong for admin</body></html>": "it gave no error code",
    }
    with Speaking() as server:
        for body, words in told.items():
            server.body = body.encode()
            message = said_of(server, secret, quiet=True)
            assert message == f"trying: POST /x: {words} (400)"
        server.status, server.body = 200, b"<html><body>Log in, please</body></html>"
        assert "Log in" not in said_of(server, secret, quiet=True)


def test_every_token_is_asked_for_quietly() -> None:
    with Speaking() as server:
        server.body = json.dumps({"error": "invalid_client", "error_description": "canary"}).encode()
        known = Secrets()
        tokens = Tokens(Client(Settings(server.url, 2.0, 1, quiet=True), lambda _: None, known), "/t", dict, known)
        with pytest.raises(Failure) as failed:
            tokens.authorize(False)
    assert (failed.value.fault, "canary" in failed.value.said) == ("unauthorized", False)


def spec(kind: str = "jamf", name: str = "mdm", **settings: Any) -> DestinationSpec:
    return DestinationSpec(name, kind, settings, Origin("deployment.yaml", 7, 3))


_URL = "https://agency.jamfcloud.com"
_USES = {
    "named for it": ({"env": "MDM_POLICY_SECRET_JAMF"}, Grants(), ""),
    "another variable": ({"env": "AWS_SECRET_ACCESS_KEY"}, Grants(), "secret-not-granted"),
    "granted": ({"env": "JAMF"}, Grants({"JAMF": frozenset({"agency.jamfcloud.com"})}), ""),
    "granted for another host": ({"env": "JAMF"}, Grants({"JAMF": frozenset({"evil.example"})}), "secret-not-granted"),
    "named for it, and bound to another host": (
        {"env": "MDM_POLICY_SECRET_JAMF"},
        Grants({"MDM_POLICY_SECRET_JAMF": frozenset({"other.example"})}),
        "secret-not-granted",
    ),
    "a file beside the deployment": ({"file": "secrets/jamf"}, Grants(), ""),
    "a file elsewhere": ({"file": "/etc/shadow"}, Grants(), "secret-not-granted"),
    "a file above": ({"file": "../other/key"}, Grants(), "secret-not-granted"),
    "a link to a file elsewhere": ({"file": "link"}, Grants(), "secret-not-granted"),
    "a granted file": ({"file": "/etc/jamf"}, Grants({"/etc/jamf": frozenset({"agency.jamfcloud.com"})}), ""),
    "a granted folder": ({"file": "/etc/mdm/jamf"}, Grants(paths=("/etc/mdm",)), ""),
}


@pytest.mark.skipif(sys.platform == "win32", reason="the paths are those of other systems")
@pytest.mark.parametrize(("where", "granted", "id_"), _USES.values(), ids=_USES)
def test_a_secret_goes_where_a_grant_says(where: dict[str, str], granted: Grants, id_: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/shadow")
    one = spec(url=_URL, client_id="c", client_secret=where)
    if not id_:
        grants.check([one], tmp_path, granted)
        return
    with pytest.raises(PolicyError) as refused:
        grants.check([one], tmp_path, granted)
    assert [finding.id for finding in refused.value.findings] == [id_]


_HOSTS = {
    "graph": (spec("graph", tenant="t"), ("login.microsoftonline.com", "graph.microsoft.com")),
    "graph, elsewhere": (
        spec("graph", tenant="t", login_url="https://evil.example", cloud="dod"),
        ("evil.example", "dod-graph.microsoft.us"),
    ),
    "amapi": (spec("amapi"), ("oauth2.googleapis.com", "androidmanagement.googleapis.com")),
    "kmfddm": (spec("kmfddm", url="https://ddm.example:9443/x"), ("ddm.example:9443",)),
    "git": (spec("git", path="x"), ()),
}


@pytest.mark.parametrize(("one", "hosts"), _HOSTS.values(), ids=_HOSTS)
def test_all_hosts_of_a_secret_are_known(one: DestinationSpec, hosts: tuple[str, ...]) -> None:
    assert addresses.hosts(one) == hosts


@pytest.mark.parametrize("key", ["path", "record", "certificate"])
def test_places_are_below_the_deployment_or_granted(key: str, tmp_path: Path) -> None:
    grants.check([spec("git", **{key: "policies"})], tmp_path, Grants())
    outside = tmp_path.parent / "elsewhere"
    with pytest.raises(PolicyError) as refused:
        grants.check([spec("git", **{key: str(outside)})], tmp_path, Grants())
    assert [one.id for one in refused.value.findings] == ["path-not-granted"]
    grants.check([spec("git", **{key: str(outside)})], tmp_path, Grants(paths=(str(tmp_path.parent),)))
    with pytest.raises(PolicyError):
        grants.check([spec("nanomdm", url=_URL, answers={"E1": "/etc/passwd"})], tmp_path, Grants())


def test_grants_of_the_account(tmp_path: Path) -> None:
    path = tmp_path / "grants"
    environment = {"MDM_POLICY_GRANTS": str(path)}
    assert grants.read_grants(environment, tmp_path) == Grants()
    path.write_text("# ours\nsecret JAMF Agency.jamfcloud.com\nsecret JAMF b.example\n\npath /srv/policies # git\n")
    path.chmod(0o644)
    found = grants.read_grants(environment, tmp_path)
    assert found == Grants({"JAMF": frozenset({"agency.jamfcloud.com", "b.example"})}, ("/srv/policies",))
    more = grants.joined(found, ["JAMF@c.example", "A@b@d.example"], ["/x"])
    assert more.secrets["JAMF"] == {"agency.jamfcloud.com", "b.example", "c.example"}
    assert more.secrets["A@b"] == {"d.example"}
    assert more.paths == ("/srv/policies", "/x")
    for bad in (["JAMF"], ["@x"], ["x@"], ["a b@c"]):
        with pytest.raises(PolicyError):
            grants.joined(found, bad, [])
    path.write_text("secret JAMF\n")
    with pytest.raises(PolicyError) as refused:
        grants.read_grants(environment, tmp_path)
    assert str(refused.value.findings[0].origin) == f"{path}:1"
    if sys.platform != "win32":
        path.chmod(0o666)
        with pytest.raises(PolicyError) as refused:
            grants.read_grants(environment, tmp_path)
        assert refused.value.findings[0].id == "grants-exposed"


def _site(folder: Path, secret: object) -> Path:
    (folder / "order.yaml").write_text(
        "ban_list: order\nauthority: {citation: 'Order (example)', effective: 2026-01-01}\nbans: [{app: wechat}]\n"
    )
    deployment = {
        "organization": {"name": "Example Agency", "identifier": OWNER},
        "lists": ["order.yaml"],
        "devices": [{"name": "Macs", "platform": "macos", "os": ">=14", "supervised": True}],
        "targets": ["jamf-restricted-software"],
        "destinations": {"jamf": {"jamf": {"url": "http://127.0.0.1:9", "client_id": "c", "client_secret": secret}}},
    }
    path = folder / "deployment.yaml"
    path.write_text(yaml.safe_dump(deployment))
    return path


def test_check_and_plan_say_where_a_secret_goes(tmp_path: Path) -> None:
    path = _site(tmp_path, {"env": "MDM_POLICY_SECRET_JAMF"})
    assert "the secret in the variable MDM_POLICY_SECRET_JAMF goes to 127.0.0.1:9" in _flat(run("check", path).err)
    path = _site(tmp_path, {"env": "JAMF"})
    env = {"JAMF": "canary-value", "MDM_POLICY_GRANTS": str(tmp_path / "none")}
    ran = run("plan", "--deployment", path, "--as-of", DAY, env=env)
    assert ran.code == 1
    assert "secret-not-granted" in ran.err
    assert "--secret JAMF@127.0.0.1:9" in _flat(ran.err)
    ran = run("plan", "--deployment", path, "--as-of", DAY, "--secret", "JAMF@127.0.0.1:9", env=env)
    assert "push-unreachable" in ran.err
    assert "canary-value" not in ran.err


_LITERALS = {
    "a text": "hunter2-canary",
    "a number": 8_812_345_678,
    "a list": ["hunter2-canary"],
    "another key": {"value": "hunter2-canary"},
    "the secret as the key": {"hunter2-canary": None},
    "no name of a variable": {"env": "hunter2-canary!"},
    "beside a place": {"env": "JAMF", "was": "hunter2-canary"},
    "a mapping as the name": {"env": {"x": "hunter2-canary"}},
}


@pytest.mark.parametrize("secret", _LITERALS.values(), ids=_LITERALS)
@pytest.mark.parametrize("command", ["check", "plan"])
def test_a_secret_that_stands_in_a_deployment_is_not_quoted(command: str, secret: object, tmp_path: Path) -> None:
    path = _site(tmp_path, secret)
    arguments = ("check", path) if command == "check" else ("plan", "--deployment", path, "--as-of", DAY)
    ran = run(*arguments)
    assert ran.code == 1
    assert "secret-in-deployment" in ran.err
    assert not [one for one in ("hunter2", "canary", "8812345678") if one in ran.err + ran.out]


@pytest.mark.skipif(sys.platform == "win32", reason="the hook is a shell script")
def test_hooks_of_git_inherit_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDM_POLICY_SECRET_X", "canary-one")
    monkeypatch.setenv("OTHER_SECRET", "canary-two")
    monkeypatch.setenv("HARMLESS", "kept")
    with Folder() as folder:
        hook = folder.root / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nenv > {folder.root}/../seen-{os.getpid()}\n")
        hook.chmod(0o755)
        (folder.root / "new.json").write_text("{}")
        repository = git_commits.Repository(folder.root, {"OTHER_SECRET"})
        repository.commit(".mdm-policy.json", {"new.json": b"{}"}, lambda _: ())
        assert git(folder.root, "log", "-1", "--format=%s").startswith("Update")
        seen = folder.root.parent / f"seen-{os.getpid()}"
        told = seen.read_text()
        seen.unlink()
    assert "HARMLESS=kept" in told
    assert "canary" not in told


def _flat(text: str) -> str:
    return " ".join(text.split())
