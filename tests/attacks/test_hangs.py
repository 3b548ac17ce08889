"""No file and no folder makes the program wait, run for long, or fill the memory."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attacks_kit import GOOD, Attacks, compared, faults, timed, verified
from cli_kit import AS_OF, a_deployment

from mdm_policy import listing, regular
from mdm_policy.sources.files import read_policies

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 20.0
"""Far more than any of these takes, far less than for ever, also on a busy machine."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _to_fifo(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to(path.with_name("pipe"))


def _socket(path: Path) -> None:
    held = socket.socket(socket.AF_UNIX)
    where = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        held.bind(path.name)
    finally:
        os.chdir(where)
        held.close()


STRANGE: dict[str, Callable[[Path], object]] = {
    "a pipe": _fifo,
    "a link to a pipe": _to_fifo,
    "a device without end": lambda path: path.symlink_to("/dev/zero"),
    "a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a device that is empty": lambda path: path.symlink_to("/dev/null"),
    "a socket": _socket,
    "a link to itself": lambda path: path.symlink_to(path),
    "standard input": lambda path: path.symlink_to("/dev/stdin"),
}
WAYS = (
    "verify",
    "verify folder",
    "verify --for",
    "diff old",
    "diff new",
    "diff folder",
    "check",
    "list",
    "devices",
    "deployment",
)


def _arguments(way: str, path: Path) -> tuple[object, ...]:
    order = ("--list", "us-eo-13971", *AS_OF)
    return {
        "verify": ("verify", path, *order),
        "verify folder": ("verify", path.parent, *order),
        "verify --for": (
            "verify",
            "--for",
            f"phones={path}",
            "--deployment",
            "examples/federal/deployment.yaml",
            *AS_OF,
        ),
        "diff old": ("diff", path, path.with_name("good.mobileconfig"), *AS_OF),
        "diff new": ("diff", path.with_name("good.mobileconfig"), path, *AS_OF),
        "diff folder": ("diff", path.parent, path.parent, *AS_OF),
        "check": ("check", path, *AS_OF),
        "list": ("verify", path.with_name("good.mobileconfig"), "--list", path, *AS_OF),
        "devices": ("verify", path.with_name("good.mobileconfig"), *order, "--devices", path),
        "deployment": ("verify", path.with_name("good.mobileconfig"), "--deployment", path, *AS_OF),
    }[way]


def test_what_is_no_regular_file_is_a_finding(tmp_path: Path) -> None:
    outcomes = []
    for number, (name, make) in enumerate(STRANGE.items()):
        for way in WAYS:
            folder = tmp_path / f"{number}-{way}"
            folder.mkdir()
            (folder / "good.mobileconfig").write_bytes(GOOD)
            path = folder / ("strange.yaml" if way in ("check", "list", "devices", "deployment") else "strange.json")
            make(path)
            done, late = timed(_SECONDS, *_arguments(way, path))
            said = "" if done.code in (1, 2) else f"exit code {done.code}: {done.err[:80]}"
            outcomes.append((f"{name}, {way}", late or (faults(done) if done.code != 2 else "") or said))
    Attacks("pipes, devices, sockets, verify, diff and check").tell(outcomes)


def test_what_other_files_name_is_no_pipe_either(tmp_path: Path) -> None:
    outcomes = []
    for number, (name, make) in enumerate(STRANGE.items()):
        for place in ("include", "list", "overlay"):
            folder = tmp_path / f"{number}-{place}"
            folder.mkdir()
            make(folder / "strange.yaml")
            text = a_deployment("strange.yaml" if place == "list" else "us-eo-13971")
            if place == "overlay":
                text += "overlays: [strange.yaml]\n"
            if place == "include":
                text = "ban_list: x\nauthority: {citation: y, issued: 2026-01-01}\ninclude: [strange.yaml]\n"
            (folder / "d.yaml").write_text(text, encoding="utf-8")
            done, late = timed(_SECONDS, "check", folder / "d.yaml", *AS_OF)
            outcomes.append(
                (f"{name}, {place}", late or faults(done) or ("" if done.code == 1 else f"exit code {done.code}"))
            )
    Attacks("pipes, devices, sockets that other files name, check").tell(outcomes)


def _fan(folder: Path) -> None:
    """Each of thirty folders holds two links to the next one: a thousand million ways lead to the last."""
    for number in range(31):
        (folder / f"d{number}").mkdir()
    for number in range(30):
        for name in ("a", "b"):
            (folder / f"d{number}" / name).symlink_to(f"../d{number + 1}")
    (folder / "d30" / "p.mobileconfig").write_bytes(GOOD)


def _deep(folder: Path) -> None:
    where = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=where)
        inner = os.open("d", os.O_RDONLY, dir_fd=where)
        os.close(where)
        where = inner
    os.close(where)


def _wide(folder: Path) -> None:
    for number in range(2_001):
        (folder / f"{number}.txt").write_bytes(b"")


def _up(folder: Path) -> None:
    for number in range(100):
        (folder / f"up{number}").symlink_to("..")


def _crossed(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
    for number in range(50):
        (folder / "a" / f"l{number}").symlink_to("../b")
        (folder / "b" / f"l{number}").symlink_to("../a")


SHAPES: dict[str, Callable[[Path], object]] = {
    "links that fan out": _fan,
    "1,500 folders deep": _deep,
    "more files than are listed": _wide,
    "links up": _up,
    "links across": _crossed,
}


def test_no_shape_of_folders_takes_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_ENTRIES", 2_000)
    outcomes = []
    for number, (name, make) in enumerate(SHAPES.items()):
        folder = tmp_path / f"s{number}"
        folder.mkdir()
        make(folder)
        (folder / "p.mobileconfig").write_bytes(GOOD)
        for command in ("verify", "diff", "templates", "sign", "verify-build"):
            arguments = {
                "verify": ("verify", folder, "--list", "us-eo-13971", *AS_OF),
                "diff": ("diff", folder, folder, *AS_OF),
                "templates": ("targets", "--templates", folder),
                "sign": ("verify", folder, "--list", "us-eo-13971", "--templates", folder, *AS_OF),
                "verify-build": ("verify-build", folder),
            }[command]
            done, late = timed(_SECONDS, *arguments)
            bad = faults(done) if done.code != 2 else ""
            whole = name in ("links that fan out", "links across", "links up") or done.code in (1, 2)
            outcomes.append((f"{name}, {command}", late or bad or ("" if whole else f"exit code {done.code}")))
        subprocess.run(["rm", "-rf", folder], check=True)  # pytest's own way to remove folders is recursive
    Attacks("shapes of folders, verify, diff, templates, builds").tell(outcomes)


def test_what_is_not_listed_does_not_count_as_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_ENTRIES", 10)
    for number in range(11):
        (tmp_path / f"{number}.txt").write_bytes(b"")
    (tmp_path / "p.mobileconfig").write_bytes(GOOD)
    for done in (verified(tmp_path), compared(tmp_path, tmp_path)):
        assert done.code == 1
        assert "folder-too-large" in done.err


def test_a_link_out_of_a_folder_is_said_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"token": "c4n4ry"', encoding="utf-8")
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "p.mobileconfig").write_bytes(GOOD)
    (folder / "s.json").symlink_to(tmp_path / "secret.json")
    (folder / "more").symlink_to(tmp_path)
    for done, sides in ((verified(folder), 1), (compared(folder, folder), 2)):
        assert (done.code, done.err.count("error[link-outside]")) == (1, 2 * sides)
        assert "c4n4ry" not in done.err + done.out
    (folder / "s.json").unlink()
    (folder / "more").unlink()
    (folder / "same").symlink_to("p.mobileconfig")
    assert verified(folder).code == 11  # nothing blocks Windows


def test_the_memory_of_all_documents_is_bounded(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.json").write_text(f'{{"{number}": "{"x" * 900}"}}', encoding="utf-8")
    read = read_policies([tmp_path], max_size=1000)
    assert {finding.id for finding in read.findings if finding.severity == "error"} == {"folder-too-large"}
    assert len(read.documents) == 17


def test_a_regular_file_is_read_whole_and_no_further(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert regular.read_file(path, 5) == b"12345"
    assert regular.read_file(path, 3) == b"1234"
    assert [regular.type_of(one) for one in (path, tmp_path, tmp_path / "b", Path("/dev/null"))] == [
        "file",
        "folder",
        "",
        "other",
    ]
