"""A program that signs: openssl for one that works, small scripts for every way in which one fails."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import pytest
from signing_kit import CANARY, PROFILE, files, identity, line, openssl, signed

from mdm_policy import signing
from mdm_policy.errors import PolicyError
from mdm_policy.signing import command

if TYPE_CHECKING:
    from pathlib import Path

EC = line("p-256", 3)
OTHER = line("p-384", 3)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def said(caught: pytest.ExceptionInfo[PolicyError]) -> tuple[str, str]:
    [finding] = caught.value.findings
    return finding.id, finding.message


@pytest.mark.live("openssl")
def test_openssl_signs_for_us(tmp_path: Path) -> None:
    held = files(tmp_path, EC)
    words = ["openssl", "cms", "-sign", "-binary", "-nodetach", "-outform", "DER"]
    words += ["-signer", str(held["cert"]), "-inkey", str(held["key"]), "-certfile", str(held["chain"])]
    who = identity(EC)
    made = signing.seal("p", PROFILE, command.signer(words, 30), signing.describe(who), exactly=False)
    found = signing.examine(made, (EC[-1].der,), "2026-11-24")
    assert (found.content, found.trust, len(found.certificates)) == (PROFILE, "trusted", 2)


@pytest.mark.parametrize(
    ("words", "timeout", "why"),
    [
        pytest.param(["no-such-program-anywhere", CANARY], 9, "there is no such program", id="no such program"),
        pytest.param(python(f"raise SystemExit(3)  # {CANARY}"), 9, "it ended with exit code 3", id="an exit code"),
        pytest.param(python(f"import time; time.sleep(60)  # {CANARY}"), 0.3, "it had not finished after 0.3", id="it stalls"),
        pytest.param(python("pass"), 9, "it wrote nothing", id="it writes nothing"),
        pytest.param(python("print('x' * 3_000_000)"), 9, "it writes far more than a signature", id="it writes too much"),
        pytest.param([sys.executable, "\0"], 9, "it cannot be started: its arguments", id="a word that cannot be one"),
    ],
)  # fmt: skip
def test_says_how_the_program_failed(words: list[str], timeout: float, why: str) -> None:
    with pytest.raises(PolicyError) as caught:
        command.signer(words, timeout)(PROFILE)
    id_, message = said(caught)
    assert id_ == "signer-command-failed"
    assert message.startswith(f"the signing program failed: {why}")
    assert CANARY not in str(caught.value.findings)


def test_a_program_that_never_stops_writing_is_stopped() -> None:
    words = python("import sys\nwhile True: sys.stdout.buffer.write(b'x' * 65536)")
    with pytest.raises(PolicyError, match="it writes far more than a signature"):
        command.signer(words, 60)(b"x")


def test_a_program_that_cannot_be_run_is_said_so(tmp_path: Path) -> None:
    broken = tmp_path / "signer"
    broken.write_bytes(b"\x7fELF, and nothing else")
    broken.chmod(0o700)
    with pytest.raises(PolicyError, match="it cannot be started: "):
        command.signer([str(broken)], 9)(PROFILE)


def test_a_child_that_lives_on_does_not_stall_us() -> None:
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(5)']); raise SystemExit(4)"
    with pytest.raises(PolicyError, match="exit code 4"):
        command.signer(python(code), 60)(PROFILE)


def _cat(path: Path, data: bytes) -> list[str]:
    path.write_bytes(data)
    return python(f"import sys; sys.stdout.buffer.write(open({str(path)!r}, 'rb').read())")


def detached(folder: Path) -> bytes:
    held = files(folder, EC)
    done = openssl(
        *("cms", "-sign", "-binary", "-outform", "DER", "-signer", held["cert"], "-inkey", held["key"]), stdin=PROFILE
    )
    return done.stdout


@pytest.mark.parametrize(
    ("made", "exactly", "why"),
    [
        pytest.param(b"garbage", False, "it is not CMS signed data with the content inside", id="garbage"),
        pytest.param(PROFILE, False, "it is not CMS signed data with the content inside", id="the profile as it is"),
        pytest.param(signed(EC, PROFILE + b" "), False, "the content inside is not the file's", id="other content"),
        pytest.param(signed(OTHER), False, "CN=Example Signer signed, not CN=Example Signer", id="another signer"),
        pytest.param(
            signed(EC).replace(EC[0].cert.signature, b"\0" * len(EC[0].cert.signature)),
            False,
            "it is not valid, because ",
            id="an altered certificate",
        ),
        pytest.param(signed((EC[0], EC[2])), False, "it lacks 1 of 2 certificates, such as ", id="without its chain"),
        pytest.param(
            signed(EC, root=True), True, "it carries 3 certificates where 2 were asked for", id="one too many"
        ),
    ],
)
def test_refuses_what_is_not_what_was_asked_for(made: bytes, exactly: bool, why: str, tmp_path: Path) -> None:
    signer = command.signer(_cat(tmp_path / "made", made), 30)
    with pytest.raises(PolicyError) as caught:
        signing.seal("p", PROFILE, signer, signing.describe(identity(EC)), exactly=exactly)
    id_, message = said(caught)
    assert id_ == "signature-refused"
    assert message.startswith(f"the signature that was made is refused: {why}")
    assert message.endswith("; nothing is written")


@pytest.mark.live("openssl")
def test_refuses_a_detached_signature(tmp_path: Path) -> None:
    signer = command.signer(_cat(tmp_path / "made", detached(tmp_path)), 30)
    with pytest.raises(PolicyError, match="not CMS signed data with the content inside"):
        signing.seal("p", PROFILE, signer, signing.describe(identity(EC)), exactly=False)


def test_a_root_more_is_no_matter_when_a_program_signs(tmp_path: Path) -> None:
    signer = command.signer(_cat(tmp_path / "made", signed(EC, root=True)), 30)
    assert signing.seal("p", PROFILE, signer, signing.describe(identity(EC)), exactly=False)


@pytest.mark.live("openssl")
def test_line_ends_that_a_program_rewrites_are_found(tmp_path: Path) -> None:
    held = files(tmp_path, EC)
    words = shlex.split("openssl cms -sign -nodetach -outform DER")  # without -binary
    words += ["-signer", str(held["cert"]), "-inkey", str(held["key"])]
    who = signing.describe(identity(EC))
    with pytest.raises(PolicyError, match="the content inside is not the file's"):
        signing.seal("p", PROFILE, command.signer(words, 30), who, exactly=False)
