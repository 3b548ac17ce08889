"""Test that every report says what was judged, by SHA-256, and for which day, by which program and catalogue."""

from __future__ import annotations

import hashlib
import html
import re
from typing import TYPE_CHECKING

import pytest
from cli_kit import AS_OF, DAY, run
from diff_files import LIST, profile, text

from mdm_policy import __version__, catalogue

if TYPE_CHECKING:
    from pathlib import Path

DEVICES = "devices:\n  - {name: phones, platform: ios, os: '>=15', supervised: true, enrollment: automated}\n"
VERIFY = ("json", "sarif", "junit", "markdown")
DIFF = ("json", "sarif", "markdown", "html")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return {
        "policy": profile(tmp_path / "now.mobileconfig", "com.tencent.xin"),
        "before": profile(tmp_path / "before.mobileconfig", "com.tencent.xin", "a.b"),
        "list": text(tmp_path / "list.yaml", LIST),
        "devices": text(tmp_path / "devices.yaml", DEVICES),
    }


def _says(out: str, *wanted: str) -> None:
    # A build server's XML and a page escape what stands in them; a pull request puts a space of no width between figures.
    shown = re.sub(r"&#8203;|\\(?=[-.])", "", html.unescape(out))
    for one in (f"mdm-policy {__version__}", catalogue.load().version, DAY, *wanted):
        assert one in shown, one


@pytest.mark.parametrize("format_", VERIFY)
def test_a_proof_names_its_inputs(files: dict[str, Path], format_: str) -> None:
    asked = ("--list", files["list"], "--devices", files["devices"], *AS_OF)
    done = run("verify", files["policy"], *asked, "--format", format_)
    _says(done.out, *(_digest(files[one]) for one in ("policy", "list", "devices")))


@pytest.mark.parametrize("format_", DIFF)
def test_a_comparison_names_its_inputs(files: dict[str, Path], format_: str) -> None:
    asked = ("--list", files["list"], "--devices", files["devices"], *AS_OF)
    done = run("diff", files["before"], files["policy"], *asked, "--format", format_)
    _says(done.out, *(_digest(one) for one in files.values()))


@pytest.mark.parametrize("format_", DIFF)
def test_a_comparison_of_lists_names_them(files: dict[str, Path], tmp_path: Path, format_: str) -> None:
    other = text(tmp_path / "other.yaml", LIST.replace("\n", "\n# another\n", 1))
    done = run("diff", files["list"], other, *AS_OF, "--format", format_)
    _says(done.out, _digest(files["list"]), _digest(other))


@pytest.mark.parametrize("format_", DIFF)
def test_a_comparison_of_saved_catalogues_names_them(tmp_path: Path, format_: str) -> None:
    saved = text(tmp_path / "saved.json", run("catalogue", "export").out)
    done = run("diff", saved, saved, *AS_OF, "--format", format_)
    _says(done.out, _digest(saved))


def test_people_read_by_what_and_for_which_day(files: dict[str, Path]) -> None:
    for done in (
        run("verify", files["policy"], "--list", files["list"], *AS_OF),
        run("diff", files["before"], files["policy"], *AS_OF),
    ):
        _says(" ".join(done.out.split()), "2 inputs")
