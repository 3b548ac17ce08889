"""Say aloud what no reader judges, count it in the first sentence, and take no proof away by it."""

from __future__ import annotations

import json
import plistlib
from typing import TYPE_CHECKING, Any

import pytest
from cli_kit import run

if TYPE_CHECKING:
    from pathlib import Path

LIST = """\
ban_list: ours
title: Ours
authority: {citation: "MEMO-1 (example)", issued: 2026-01-01, effective: 2026-01-01}
bans:
  - {name: Own, ios: {bundle_id: [org.example.own]}, android: {package_name: [org.example.own]}}
"""
PHONES = 'devices:\n  - {name: phones, platform: ios, os: ">=17, <27", supervised: true, enrollment: automated}\n'
HANDSETS = 'devices:\n  - {name: handsets, platform: android, os: ">=12", mode: fully-managed}\n'


def payload(kind: str, number: int, **keys: Any) -> dict[str, Any]:
    return {
        "PayloadType": kind,
        "PayloadIdentifier": f"org.example.{number}",
        "PayloadUUID": f"8D5C0D1E-0000-4000-8000-00000000000{number}",
        "PayloadVersion": 1,
        **keys,
    }


def profile(*payloads: dict[str, Any]) -> bytes:
    ban = payload("com.apple.applicationaccess", 1, blockedAppBundleIDs=["org.example.own"])
    return plistlib.dumps({**payload("Configuration", 0), "PayloadContent": [ban, *payloads]})


def policy(**fields: Any) -> bytes:
    return json.dumps(
        {
            "playStoreMode": "BLACKLIST",
            "applications": [{"packageName": "org.example.own", "installType": "BLOCKED"}],
            "advancedSecurityOverrides": {"untrustedAppsPolicy": "DISALLOW_INSTALL"},
            **fields,
        }
    ).encode()


ROWS = [
    pytest.param(
        profile(payload("com.example.agent", 2, Server="https://example.org")), PHONES, 1, id="an agent's own"
    ),
    pytest.param(
        profile(payload("com.example.agent", 2), payload("com.example.other", 3, Key=[1, {"a": 2}])),
        PHONES,
        2,
        id="two",
    ),
    pytest.param(profile(payload("com.apple.wifi.managed", 2, SSID_STR="example")), PHONES, 0, id="Wi-Fi"),
    pytest.param(profile(), PHONES, 0, id="nothing beside"),
    pytest.param(policy(cameraDisabled=True, maximumTimeToLock="900000"), HANDSETS, 0, id="fields that concern no app"),
]


@pytest.mark.parametrize(("data", "devices", "parts"), ROWS)
def test_what_nobody_judges_is_counted_and_named_and_takes_no_proof_away(
    data: bytes, devices: str, parts: int, tmp_path: Path
) -> None:
    (tmp_path / "list.yaml").write_text(LIST, encoding="utf-8")
    (tmp_path / "devices.yaml").write_text(devices, encoding="utf-8")
    (tmp_path / "document").write_bytes(data)
    asked = ("verify", tmp_path / "document", "--list", tmp_path / "list.yaml", "--devices", tmp_path / "devices.yaml")
    done = run(*asked)
    assert done.code == 0, done.out
    assert done.out.startswith("PROVEN")
    first = " ".join(done.out.split("\n\n")[0].split())
    assert ("that no reader judges" in first) is bool(parts)
    told = json.loads(run(*asked, "--format", "json").out)
    assert told["unjudged_parts"] == parts
    assert any(one["id"] == "part-not-judged" for one in told["findings"]) is bool(parts)
