"""What goes wrong on any machine is a finding: full disks, closed streams, names that are no text, damaged and odd files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from attacks_kit import GOOD, Attacks, faults
from cli_kit import AS_OF, ROOT, run

from mdm_policy import build as building
from mdm_policy.documents import MAX_SIZE
from mdm_policy.report import machine, sarif

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such names and files")

_NAMES = (b"p\xff.mobileconfig", b"\xfe.json", b"a\xc3.zip", b"\x80\x81.yaml", b"p\xed\xb0\x80.xml")
_FORMATS = {
    "verify": ("text", "json", "jsonl", "markdown", "html", "sarif", "junit"),
    "diff": ("text", "json", "markdown", "html", "sarif", "junit"),
    "check": ("text", "json"),
}


def test_names_that_are_no_text_are_printed_in_every_format(tmp_path: Path) -> None:
    outcomes = []
    good = tmp_path / "good.mobileconfig"
    good.write_bytes(GOOD)
    for place, name in enumerate(_NAMES):
        folder = tmp_path / str(place)
        folder.mkdir()
        path = os.fsencode(folder) + b"/" + name
        Path(os.fsdecode(path)).write_bytes(GOOD if place % 2 else b"{")
        shown = os.fsdecode(path)
        for command, formats in _FORMATS.items():
            for form in formats:
                arguments = {
                    "verify": ("verify", shown, "--list", "us-eo-13971"),
                    "diff": ("diff", good, shown),
                    "check": ("check", shown),
                }[command]
                done = run(*arguments, *AS_OF, "--format", form)
                if done.code == 2 and "is not one of" in done.err:
                    continue
                bad = faults(done)
                if not bad and form == "json" and done.out:
                    json.loads(done.out)
                outcomes.append((f"{name!r} {command} {form}", bad))
    Attacks("names that are no text, verify, diff and check").tell(outcomes)


def test_a_byte_that_is_no_text_is_written_as_one() -> None:
    assert json.loads(machine.dump({"file": "a\udcff"})) == {"file": "a\\udcff"}
    assert sarif.uri("a\udcff.json") == "a%FF.json"
    assert sarif.uri("/a\udcff.json") == "file:///a%FF.json"


_PRINTING = (
    *(
        ("lists",),
        ("lists", "--format", "json"),
        ("schema", "ban-list"),
        ("explain", "wechat"),
        ("targets",),
        ("lookup", "wechat"),
    ),
    *(
        ("--version",),
        ("--help",),
        ("verify", "GOOD", "--list", "us-eo-13971"),
        ("diff", "GOOD", "GOOD"),
        ("catalogue", "export"),
    ),
)


def test_streams_that_take_or_give_nothing_are_findings(tmp_path: Path) -> None:
    (tmp_path / "good.mobileconfig").write_bytes(GOOD)
    outcomes = []
    for words in _PRINTING:
        arguments = [str(tmp_path / "good.mobileconfig") if word == "GOOD" else word for word in words]
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "mdm_policy", *arguments],
                stdout=full,
                stderr=subprocess.PIPE,
                cwd=ROOT,
                check=False,
            )
        told = done.stderr.decode()
        good = done.returncode == 1 and "error[system-refused]" in told
        outcomes.append((f"{' '.join(words)} > /dev/full", "" if good else f"{done.returncode}: {told[-80:]}"))
    for words in (("check", "-"), ("verify", "-", "--list", "us-eo-13971"), ("diff", "-", "/dev/null"), ("learn", "-")):
        for close in ("<&-", "< /dev/null", "< /"):
            command = f'exec "$0" -m mdm_policy {" ".join(words)} {close}'
            done = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, cwd=ROOT, check=False)
            told = done.stderr.decode()
            bad = "internal-error" in told or "Traceback" in told or done.returncode not in (0, 1, 2)
            outcomes.append((f"{' '.join(words)} {close}", f"{done.returncode}: {told[-80:]}" if bad else ""))
    Attacks("full and closed streams").tell(outcomes)


def test_a_file_over_the_size_that_readers_take_is_told() -> None:
    assert building._over_size("a", MAX_SIZE) == ()
    [found] = building._over_size("a", MAX_SIZE + 1)
    assert (found.id, found.severity) == ("file-over-read-size", "warning")
