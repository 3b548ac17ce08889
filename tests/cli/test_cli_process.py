"""The program as a process: what it imports, its streams, its exit codes, and readers that go away."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_kit import AS_OF, ROOT, a_list, process, write

from mdm_policy import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAVY = {"yaml", "jinja2", "lxml", "msgspec", "jsonschema_rs"}
TESTING = {"hypothesis", "jsonschema", "pytest", "_pytest", "coverage"}


def imported(*args: object) -> set[str]:
    """Return the top-level modules that a command imports."""
    done = process(*args, python=("-X", "importtime"))
    assert done.code == 0, done.err
    rows = (line.rpartition("|")[2].strip() for line in done.err.splitlines() if line.startswith("import time:"))
    return {row.partition(".")[0] for row in rows}


def test_the_version_costs_click_alone() -> None:
    found = imported("--version")
    assert "click" in found
    assert not found & (HEAVY | TESTING)


def test_help_costs_click_alone() -> None:
    assert not imported("--help") & (HEAVY | TESTING)


@pytest.mark.parametrize(
    ("args", "without"),
    [
        pytest.param(["lookup", "wechat"], {"jinja2", "lxml", "yaml", "jsonschema_rs"}, id="lookup"),
        pytest.param(["lists"], {"jinja2", "lxml", "jsonschema_rs"}, id="lists"),
        pytest.param(["schema", "ban-list"], {"jinja2", "lxml", "jsonschema_rs"}, id="schema"),
        pytest.param(["targets"], {"jinja2", "lxml", "jsonschema_rs"}, id="targets"),
        pytest.param(["explain", "wechat"], {"jinja2", "lxml", "jsonschema_rs"}, id="explain"),
        pytest.param(["check", "examples/federal/deployment.yaml"], {"jinja2", "lxml", "jsonschema_rs"}, id="check"),
    ],
)
def test_a_command_imports_what_it_needs(args: Sequence[str], without: set[str]) -> None:
    assert not imported(*args) & (without | TESTING)


def test_a_build_imports_nothing_that_is_for_tests(tmp_path: Path) -> None:
    assert not imported("build", "us-kaspersky", "--target", "macos-santa", *AS_OF, "-o", tmp_path / "out") & TESTING


def test_the_installed_program_is_the_module(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("mdm-policy")
    done = subprocess.run([program, "--version"], capture_output=True, check=False, cwd=tmp_path, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"mdm-policy {__version__}\n", "")


# The exit code is what a pipeline sees: these ask the process for it, since click's runner would not notice a loss.


@pytest.mark.parametrize(
    ("args", "code", "out", "err"),
    [
        pytest.param(["--version"], 0, True, False, id="version"),
        pytest.param(["lists"], 0, True, False, id="result"),
        pytest.param(["lookup", "zzzzzz"], 1, False, True, id="nothing-found"),
        pytest.param(["lookup", "zzzzzz", "--format", "json"], 1, True, False, id="nothing-found-json"),
        pytest.param(["check", "nope.yaml"], 1, False, True, id="findings"),
        pytest.param(["check", "nope.yaml", "--format", "json"], 1, True, False, id="findings-json"),
        pytest.param(["check", "examples/federal/deployment.yaml", "--strict"], 11, True, True, id="strict"),
        pytest.param(["explain", "zzzzzz"], 1, False, True, id="policy-error"),
        pytest.param(["nothing"], 2, False, True, id="usage"),
        pytest.param(["lists", "--as-of", "never"], 2, False, True, id="usage-date"),
    ],
)
def test_the_exit_code_of_the_process(args: Sequence[str], code: int, out: bool, err: bool) -> None:
    done = process(*args)
    assert (done.code, bool(done.out), bool(done.err)) == (code, out, err)


def test_a_strict_build_with_a_gap_is_11(tmp_path: Path) -> None:
    done = process("build", "us-kaspersky", "--target", "macos-santa", *AS_OF, "--strict", "-o", tmp_path / "out")
    assert done.code == 11
    assert (tmp_path / "out/manifest.json").exists()


def test_standard_input_of_the_process() -> None:
    done = process("check", "-", stdin=a_list(bans="- app: wetchat").encode())
    assert done.code == 1
    assert "--> (standard input):4:5\n" in done.err


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    """`mdm-policy check ... | head -1`: far more than any pipe holds is still to come when the pipe closes."""
    path = write(tmp_path, "x.yaml", a_list(bans="- x\n  " * 15_000))
    command = [sys.executable, "-m", "mdm_policy", "check", str(path), "--format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline() == b"{\n"
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 1


_PATIENCE = 15


def test_an_interrupt_ends_with_a_word(tmp_path: Path) -> None:
    """The program itself tells when it begins to wait for input, in place of a guess at how long that takes."""
    fifo = tmp_path / "list.yaml"
    os.mkfifo(fifo)
    # Where tests run in the background of a script, children begin with SIGINT ignored: take that back.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from mdm_policy.cli import edge, main; edge.standard_input = lambda most: "
        "(print('ready', file=sys.stderr, flush=True), sys.stdin.buffer.read(most))[1]; main()"
    )
    command = ["sh", "-c", 'exec "$0" "$@" < "$FIFO"', sys.executable, "-c", code, "check", "-"]
    environment = {**os.environ, "FIFO": str(fifo)}
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environment) as running,
        fifo.open("wb"),
    ):
        assert running.stderr is not None
        assert running.stderr.readline() == b"ready\n"
        for _ in range(_PATIENCE):
            running.send_signal(signal.SIGINT)
            # A signal that comes just before Python waits for input is not noticed until the next one.
            with contextlib.suppress(subprocess.TimeoutExpired):
                out, err = running.communicate(timeout=2)
                break
        else:
            running.kill()
            pytest.fail("the program cannot be interrupted")
    assert (running.returncode, out, err.strip()) == (1, b"", b"interrupted")


@pytest.mark.parametrize(
    ("env", "coloured"),
    [pytest.param({}, True, id="terminal"), pytest.param({"NO_COLOR": "1"}, False, id="no-color")],
)
def test_colour_on_a_terminal(tmp_path: Path, env: dict[str, str], coloured: bool) -> None:
    path = write(tmp_path, "x.yaml", a_list(bans="- app: wetchat"))
    ours, theirs = pty.openpty()
    clean = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    command = [sys.executable, "-m", "mdm_policy", "check", str(path)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=theirs, check=False, cwd=ROOT, env={**clean, "TERM": "xterm", **env}
    )
    os.close(theirs)
    shown = drained(ours)
    assert done.returncode == 1
    assert (b"\x1b[1;31merror[unknown-app]\x1b[0m: the catalogue" in shown) is coloured
    assert (b"\x1b" in shown) is coloured


def drained(terminal: int) -> bytes:
    """Read what a terminal shows to the end, which Linux reports as an error and macOS as nothing more to read."""
    shown = bytearray()
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 65536):
            shown += part
    os.close(terminal)
    return bytes(shown)


def test_no_colour_in_a_pipe(tmp_path: Path) -> None:
    assert "\x1b" not in process("check", write(tmp_path, "x.yaml", a_list(bans="- app: wetchat"))).err


@pytest.mark.parametrize("width", [60, 80, 100])
def test_help_keeps_to_the_terminal(width: int) -> None:
    done = process("build", "--help", COLUMNS=str(width))
    assert max(map(len, done.out.splitlines())) <= width
    assert max(map(len, done.out.splitlines())) > width - 20


def test_a_stdout_with_an_old_code_page_is_no_failure(tmp_path: Path) -> None:
    path = write(tmp_path, "x.yaml", a_list(bans='- {name: "漢字", android: {package_name: org.example.app}}'))
    done = process("explain", "漢字", "--list", path, *AS_OF, PYTHONIOENCODING="cp1252")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(r"\u6f22\u5b57 (")


def test_json_is_utf_8_whatever_the_code_page(tmp_path: Path) -> None:
    path = write(tmp_path, "x.yaml", a_list(bans='- {name: "漢字", android: {package_name: org.example.app}}'))
    done = process("explain", "漢字", "--list", path, *AS_OF, "--format", "json", PYTHONIOENCODING="cp1252")
    assert done.json[0]["name"] == "漢字"
