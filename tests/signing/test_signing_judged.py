"""What `verify` and `diff` make of signed files: who signed, how far to trust that, and that an altered one blocks nothing."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from cli_kit import AS_OF, a_list, ids, run, write
from signing_kit import PROFILE, Made, line, signed

if TYPE_CHECKING:
    from pathlib import Path

EC = line("p-256", 3)
PHONES = 'devices: [{name: phones, platform: ios, os: ">=17", supervised: true, enrollment: automated, managed_by: intune}]\n'
ALTERED = signed(EC).replace(b"gov.example.ban", b"gov.example.bad")
"""A signed profile whose list of apps is whole, though not what the signer signed."""


def intune(payload: bytes) -> bytes:
    """Pack a profile as Intune does."""
    return json.dumps(
        {
            "@odata.type": "#microsoft.graph.iosCustomConfiguration",
            "id": "2f0a6f0e-0000-0000-0000-000000000001",
            "displayName": "ban",
            "payloadName": "ban",
            "payloadFileName": "ban.mobileconfig",
            "payload": base64.b64encode(payload).decode(),
        }
    ).encode()


def lay(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.fixture
def asked(tmp_path: Path) -> tuple[object, ...]:
    ours = write(tmp_path, "ours.yaml", a_list(bans="- {name: WeChat, ios: {bundle_id: com.tencent.xin}}"))
    return ("--list", ours, "--devices", write(tmp_path, "devices.yaml", PHONES), *AS_OF)


@pytest.mark.parametrize(
    ("name", "data", "code", "told"),
    [
        pytest.param("p.mobileconfig", PROFILE, 0, [], id="not signed"),
        pytest.param("p.mobileconfig", signed(EC), 0, ["signed-by"], id="signed"),
        pytest.param("p.mobileconfig", signed(line("p-256", 1)), 0, ["signed-by"], id="signed by its own root"),
        pytest.param("p.mobileconfig", ALTERED, 11, ["signature-invalid"], id="altered"),
        pytest.param("i.json", intune(PROFILE), 0, [], id="packed, not signed"),
        pytest.param("i.json", intune(signed(EC)), 0, ["signed-by"], id="packed and signed"),
        pytest.param("i.json", intune(ALTERED), 11, ["signature-invalid"], id="packed and altered"),
        pytest.param(
            "l.json",
            b'{"value": [' + intune(PROFILE) + b", " + intune(ALTERED) + b"]}",
            0,
            ["signature-invalid"],
            id="the altered one beside a good one",
        ),
    ],
)
def test_verify_judges_signatures(
    name: str, data: bytes, code: int, told: list[str], asked: tuple[object, ...], tmp_path: Path
) -> None:
    done = run("verify", lay(tmp_path, name, data), *asked, "--format", "json")
    assert done.code == code, done.out
    found = done.json["findings"]
    assert [one["id"] for one in found if one["id"].startswith("sign")] == told


def test_an_altered_file_is_a_gap_that_says_why(asked: tuple[object, ...], tmp_path: Path) -> None:
    done = run("verify", lay(tmp_path, "p.mobileconfig", ALTERED), *asked)
    said = " ".join(done.out.split())
    assert done.code == 11
    assert "has a signature that is not valid, so no device installs it" in said
    assert ids(done.err) == ["warning[signature-invalid]"]


def test_another_file_that_blocks_makes_up_for_an_altered_one(asked: tuple[object, ...], tmp_path: Path) -> None:
    good, bad = lay(tmp_path, "good.mobileconfig", PROFILE), lay(tmp_path, "bad.mobileconfig", ALTERED)
    assert run("verify", good, bad, *asked).code == 0
    assert run("verify", good, bad, *asked, "--strict").code == 11


@pytest.mark.parametrize(
    ("root", "as_of", "told", "strict"),
    [
        pytest.param(EC[-1], "2026-11-24", ["signed-by"], 0, id="trusted"),
        pytest.param(line("p-384", 3)[-1], "2026-11-24", ["signer-untrusted", "signed-by"], 11, id="not trusted"),
        pytest.param(EC[-1], "2040-01-01", ["signed-by", "signer-expired"], 0, id="expired"),
    ],
)
def test_who_signed_is_no_gap(
    root: Made, as_of: str, told: list[str], strict: int, asked: tuple[object, ...], tmp_path: Path
) -> None:
    ca, file = lay(tmp_path, "ca.pem", root.pem), lay(tmp_path, "p.mobileconfig", signed(EC))
    args = ("verify", file, *asked[:4], "--as-of", as_of, "--ca", ca)
    done = run(*args, "--format", "json")
    assert done.code == 0
    assert [one["id"] for one in done.json["findings"] if one["id"].startswith("sign")] == told
    assert run(*args, "--strict").code == strict


def test_a_ca_that_is_no_certificate_is_an_error(asked: tuple[object, ...], tmp_path: Path) -> None:
    ca, file = lay(tmp_path, "ca.pem", b"none"), lay(tmp_path, "p.mobileconfig", signed(EC))
    for done in (run("verify", file, *asked, "--ca", ca), run("diff", file, file, "--ca", ca)):
        assert (done.code, ids(done.err)) == (1, ["error[certificate-unreadable]"])


@pytest.mark.parametrize(
    ("old", "new", "code", "direction", "told"),
    [
        pytest.param(PROFILE, signed(EC), 0, "", ["note[signed-by]"], id="signed since"),
        pytest.param(signed(EC), PROFILE, 0, "", ["note[signed-by]"], id="no longer signed"),
        pytest.param(signed(EC), signed(line("rsa-2048", 2)), 0, "", ["note[signed-by]"] * 2, id="by somebody else"),
        pytest.param(signed(EC), ALTERED, 11, "INEFFECTIVE", ["note[signed-by]", "warning[signature-invalid]"], id="altered"),
        pytest.param(ALTERED, signed(EC), 10, "TIGHTENED", ["warning[signature-invalid]", "note[signed-by]"], id="mended"),
        pytest.param(ALTERED, ALTERED, 0, "", ["warning[signature-invalid]"] * 2, id="altered before and after"),
    ],
)  # fmt: skip
def test_diff_judges_signatures(
    old: bytes, new: bytes, code: int, direction: str, told: list[str], tmp_path: Path
) -> None:
    files = (lay(tmp_path, "old.mobileconfig", old), lay(tmp_path, "new.mobileconfig", new))
    done = run("diff", *files, *AS_OF)
    assert done.code == code, done.out
    assert direction in done.out
    assert ids(done.err) == told


def test_diff_holds_chains_against_a_ca(tmp_path: Path) -> None:
    file, ca = lay(tmp_path, "p.mobileconfig", signed(EC)), lay(tmp_path, "ca.pem", line("p-384", 2)[-1].pem)
    done = run("diff", file, file, "--ca", ca, *AS_OF)
    assert (done.code, set(ids(done.err))) == (0, {"note[signed-by]", "warning[signer-untrusted]"})


def test_diff_takes_an_altered_packed_profile_for_none(tmp_path: Path) -> None:
    old, new = lay(tmp_path, "old.json", intune(signed(EC))), lay(tmp_path, "new.json", intune(ALTERED))
    done = run("diff", old, new, *AS_OF)
    assert (done.code, "LOOSENED" in done.out) == (11, True)
