"""What `learn` proposes from the outputs of tools, and that it is an overlay which `check` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli_kit import run

if TYPE_CHECKING:
    from pathlib import Path

CODESIGN = """\
Executable=/Applications/Example.app/Contents/MacOS/Example
Identifier=org.example.radio
Format=app bundle with Mach-O universal (x86_64 arm64)
TeamIdentifier=ABCDE12345
"""
APPX = """\

Name              : Example.Radio
Publisher         : CN=Example
PackageFullName   : Example.Radio_1.0.0.0_x64__8wekyb3d8bbwe
PackageFamilyName : Example.Radio_8wekyb3d8bbwe

"""
APPLOCKER = """\
Path      : %PROGRAMFILES%\\EXAMPLE\\RADIO.EXE
Publisher : O=EXAMPLE INC., L=CITY, S=STATE, C=US\\EXAMPLE RADIO\\RADIO.EXE,1.2.3.4
Hash      : SHA256 0x00
"""
OSQUERY = (
    '[{"name": "Example.app", "bundle_identifier": "org.example.radio"}, {"name": "other", "bundle_identifier": ""}]'
)
WINGET = """\
PackageIdentifier: Example.Radio
PackageName: Example Radio
Installers:
- Architecture: x64
  ProductCode: '{90160000-008C-0000-0000-0000000FF1CE}'
"""
ROWS = [
    pytest.param(CODESIGN, ["org.example.radio", "ABCDE12345"], "codesign -dv", id="codesign"),
    pytest.param(CODESIGN.replace("ABCDE12345", "not set"), ["org.example.radio"], "codesign -dv", id="no-team"),
    pytest.param(APPX, ["Example.Radio_8wekyb3d8bbwe"], "Get-AppxPackage", id="appx"),
    pytest.param(
        APPLOCKER,
        ["O=EXAMPLE INC., L=CITY, S=STATE, C=US", "EXAMPLE RADIO", "RADIO.EXE"],
        "Get-AppLockerFileInformation",
        id="applocker",
    ),
    pytest.param(OSQUERY, ["org.example.radio"], "osquery", id="osquery"),
    pytest.param(WINGET, ["Example.Radio", "{90160000-008C-0000-0000-0000000FF1CE}"], "winget", id="winget"),
]


@pytest.mark.parametrize(("text", "values", "tool"), ROWS)
def test_what_a_tool_prints_becomes_an_overlay_to_review(
    tmp_path: Path, text: str, values: list[str], tool: str
) -> None:
    path = tmp_path / "out.txt"
    path.write_text(text, encoding="utf-8")
    done = run("learn", path, "--as-of", "2026-11-28")
    assert done.code == 0, done.err
    for value in values:
        assert f'"{value}"' in done.out
    assert tool in done.out
    assert "2026-11-28" in done.out
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(done.out, encoding="utf-8")
    assert run("check", overlay, "--strict").code == 0


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        pytest.param("hello\n", "learn-unknown", id="of-no-tool"),
        pytest.param("[{", "learn-unreadable", id="damaged"),
        pytest.param("[1]", "learn-unreadable", id="rows-that-are-none"),
        pytest.param("TeamIdentifier=not set\n", "learn-nothing", id="unsigned"),
    ],
)
def test_what_teaches_nothing_is_said(tmp_path: Path, text: str, finding: str) -> None:
    path = tmp_path / "out.txt"
    path.write_text(text, encoding="utf-8")
    done = run("learn", path)
    assert (done.code, finding in done.err) == (1, True)


def test_an_identifier_that_is_none_is_left_out_aloud(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text(CODESIGN.replace("ABCDE12345", "no team at all"), encoding="utf-8")
    done = run("learn", path)
    assert (done.code, "learn-left-out" in done.err) == (0, True)
