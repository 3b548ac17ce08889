"""Warnings that an organization accepts: printed with who accepted them, not counted by --strict, for as long as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cli_kit import AS_OF, DAY, a_deployment, a_list, ids, run, write

if TYPE_CHECKING:
    from pathlib import Path

PHONES = "devices:\n  - {name: phones, platform: android, os: '>=13', mode: fully-managed}\n"
TARGET = "targets: [amapi-fully-managed]\n"
OURS = "- {name: Ours, android: {package_name: org.example.app}, not_on: [ios, macos, windows]}"


def accepted(until: str = DAY, of: str = "target: amapi-fully-managed", id_: str = "store-opened") -> str:
    return f"accepted_findings:\n  - {{id: {id_}, {of}, reason: our store is open, approved_by: 'CISO (example)', until: {until}}}\n"


def _deployment(tmp_path: Path, more: str) -> Path:
    write(tmp_path, "ours.yaml", a_list(bans=OURS))
    return write(tmp_path, "deployment.yaml", a_deployment("ours.yaml", more=PHONES + TARGET + more))


ROWS = [
    pytest.param("", 11, ["store-opened"], id="nothing accepted"),
    pytest.param(accepted(), 0, ["store-opened"], id="accepted through its last day"),
    pytest.param(accepted("2026-11-23"), 11, ["store-opened", "accepted-finding-expired"], id="ended the day before"),
    pytest.param(
        accepted(of="target: amapi-cope"), 11, ["store-opened"], id="accepted for a target that is not built here"
    ),
    pytest.param(
        accepted(of="target: amapi-fuly-managed"),
        11,
        ["store-opened", "accepted-finding-unused"],
        id="accepted for no target at all",
    ),
    pytest.param(
        accepted()
        + "  - {id: scope-removed, target: amapi-fully-managed, reason: r, approved_by: a, until: 2027-01-01}\n",
        11,
        ["store-opened", "accepted-finding-unused"],
        id="accepted, and never there",
    ),
]


@pytest.mark.parametrize(("more", "code", "told"), ROWS)
def test_what_strict_counts_in_a_build(more: str, code: int, told: list[str], tmp_path: Path) -> None:
    deployment = _deployment(tmp_path, more)
    done = run("build", "--deployment", deployment, *AS_OF, "--strict", "-o", tmp_path / "out")
    assert done.code == code, done.err
    named = [one["id"] for one in json.loads((tmp_path / "out" / "manifest.json").read_bytes())["findings"]]
    kept = [one for one in named if one.startswith(("store-", "accepted-"))]
    assert sorted(kept) == sorted(told)
    assert run("build", "--deployment", deployment, *AS_OF, "-o", tmp_path / "plain").code == 0


def test_an_accepted_finding_is_printed_and_recorded_with_its_approval(tmp_path: Path) -> None:
    done = run("build", "--deployment", _deployment(tmp_path, accepted()), *AS_OF, "-o", tmp_path / "out")
    said = f"(accepted until {DAY} by CISO (example): our store is open)"
    assert "Accepted findings" in done.out
    assert said in " ".join(done.out.split())
    record = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    [finding] = [one for one in record["findings"] if one["id"] == "store-opened"]
    assert finding["severity"] == "note"
    assert finding["message"].endswith(said)
    assert run("verify-build", tmp_path / "out").code == 0


MACS = "devices:\n  - {name: Macs, platform: macos, os: '>=27', supervised: true, enrollment: automated}\n"
BINARIES = (
    '{"Type": "com.apple.configuration.app.settings", "Identifier": "a", "ServerToken": "1", "Payload": {"Allowed": '
    '{"DeniedBinaries": [{"TeamID": "ABCDE12345", "SigningID": "org.example.app"}]}}}'
)
ON_MACS = "- {name: Ours, macos: {bundle_id: org.example.app, team_id: ABCDE12345}}"


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        pytest.param("", 11, ["app-settings-binaries"], id="nothing accepted"),
        pytest.param(
            accepted(of="document: '*exports/*.json'", id_="app-settings-binaries"), 0, [], id="accepted by a pattern"
        ),
        pytest.param(
            accepted(of="document: '*other/*.json'", id_="app-settings-binaries"),
            11,
            ["app-settings-binaries", "accepted-finding-unused"],
            id="a pattern that fits nothing",
        ),
        pytest.param(
            accepted("2026-11-23", "document: '*exports/*'", "app-settings-binaries"),
            11,
            ["app-settings-binaries", "accepted-finding-expired"],
            id="ended",
        ),
    ],
)
def test_what_strict_counts_in_a_proof(more: str, code: int, told: list[str], tmp_path: Path) -> None:
    write(tmp_path, "ours.yaml", a_list(bans=ON_MACS))
    deployment = write(tmp_path, "deployment.yaml", a_deployment("ours.yaml", more=MACS + more))
    (tmp_path / "exports").mkdir()
    export = write(tmp_path / "exports", "mac.json", BINARIES)
    asked = ("verify", export, "--deployment", deployment, *AS_OF, "--format", "json")
    found = run(*asked).json["findings"]
    warned = [one["id"] for one in found if one["severity"] == "warning"]
    assert sorted(warned) == sorted(told)
    assert run(*asked, "--strict").code == code


def test_a_gap_is_no_finding_to_accept(tmp_path: Path) -> None:
    write(tmp_path, "ours.yaml", a_list(bans=ON_MACS))
    more = MACS + accepted(of="document: '*'", id_="no-effect")
    deployment = write(tmp_path, "deployment.yaml", a_deployment("ours.yaml", more=more))
    export = write(
        tmp_path, "empty.json", '{"Type": "com.apple.configuration.app.settings", "Payload": {"Allowed": {}}}'
    )
    assert run("verify", export, "--deployment", deployment, *AS_OF).code == 11


@pytest.mark.parametrize(
    ("old", "new", "id_"),
    [
        pytest.param("reason: our store is open, ", "", "missing-key", id="without a reason"),
        pytest.param("until: 2026-11-24", "until: soon", "date", id="a day that is none"),
        pytest.param("target: amapi-fully-managed, ", "", "missing-key", id="of nothing"),
        pytest.param("approved_by:", "aproved_by:", "unknown-key", id="a misspelt key"),
    ],
)
def test_an_acceptance_is_read_strictly(old: str, new: str, id_: str, tmp_path: Path) -> None:
    text = accepted()
    assert old in text
    done = run("check", _deployment(tmp_path, text.replace(old, new)))
    assert done.code == 1
    assert any(id_ in one for one in ids(done.out + done.err)), (done.out, done.err)
