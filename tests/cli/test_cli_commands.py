"""The commands as a whole: their table, their help, their exit codes, and what the edge makes of every failure."""

from __future__ import annotations

import importlib
import io
import re
import sys
from pathlib import Path

import click
import pytest
from cli_kit import ROOT, run

from mdm_policy import __version__, catalogue
from mdm_policy import cli as edge
from mdm_policy.cli import output, uncaught

MODULES = sorted(Path(edge.__file__).parent.glob("*.py"))


COMMANDS = [
    pytest.param(n, importlib.import_module(f"mdm_policy.cli.{n.replace('-', '_')}").command, id=n)
    for n in edge.COMMANDS
]


def test_every_command_is_a_module_and_every_module_a_command() -> None:
    holding = {
        path.stem.replace("_", "-")
        for path in MODULES
        if re.search(r'^@(?:options\.command|click\.group)\("', path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert set(edge.COMMANDS) == holding == set(edge._HELP)
    assert list(edge.COMMANDS) == sorted(edge.COMMANDS)


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_a_command_has_the_name_of_its_module(name: str, command: click.Command) -> None:
    assert command.name == name


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_the_table_says_what_the_command_says(name: str, command: click.Command) -> None:
    """The table is a copy, so that help imports no command: the first words have to agree."""
    first = (command.help or "").split()[0]
    assert edge._HELP[name].split()[0] == first


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_option_has_help(name: str, command: click.Command) -> None:
    del name
    options = [param for param in command.params if isinstance(param, click.Option)]
    for option in options:
        assert option.help, option.name
        assert option.help[0].isupper(), option.name
        assert option.help.endswith("."), option.name


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_argument_is_in_the_help_text(name: str, command: click.Command) -> None:
    told = run(name, "--help")
    for argument in (param for param in command.params if isinstance(param, click.Argument)):
        metavar = (argument.metavar or argument.human_readable_name).strip("[].")
        choices = getattr(argument.type, "choices", ())
        assert metavar.upper() in told.out or all(choice in told.out for choice in choices)


@pytest.mark.parametrize("name", edge.COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_goes_to_stdout(name: str, flag: str) -> None:
    done = run(name, flag)
    assert done.code == 0
    assert done.out.startswith(f"Usage: mdm-policy {name} ")
    assert not done.err


@pytest.mark.parametrize("name", ["", *edge.COMMANDS])
def test_help_keeps_to_80_columns(name: str) -> None:
    done = run(*[name] * bool(name), "--help")
    assert [line for line in done.out.splitlines() if len(line) > 80] == []


def test_the_help_lists_every_command_with_its_line() -> None:
    done = run("--help")
    assert done.code == 0
    for name in edge.COMMANDS:
        assert f"  {name} " in done.out
    assert "Exit codes: 0 done" in done.out


def test_the_readme_names_every_command() -> None:
    told = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in edge.COMMANDS if f"mdm-policy {name}" not in told and f"`{name}`" not in told]
    assert not told or missing == []


def test_the_version() -> None:
    assert run("--version") == (0, f"mdm-policy {__version__}\n", "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param(["nothing"], "No such command 'nothing'", id="unknown-command"),
        pytest.param(["--nothing"], "--nothing", id="unknown-option"),
        pytest.param(["build"], "Missing option '-o' / '--output'", id="no-output"),
        pytest.param(["build", "-o", "x"], "name a LIST, or give --deployment FILE", id="no-list"),
        pytest.param(["build", "x", "-o", "x", "--as-of", "2026-13-01"], "is not a date like", id="month-13"),
        pytest.param(["build", "x", "-o", "x", "--as-of", "tomorrow"], "is not a date like", id="a-word"),
        pytest.param(["build", "x", "-o", "x", "--format", "xml"], "is not one of 'text', 'json'", id="format"),
        pytest.param(["build", "x", "-o", "x", "--templates", "nope"], "does not exist", id="no-templates"),
        pytest.param(["check"], "Missing argument 'FILE...'", id="no-file"),
        pytest.param(["check", "x", "--as-of", "2026-02-30"], "is not a date like", id="february-30"),
        pytest.param(["explain"], "Missing argument 'APP'", id="no-app"),
        pytest.param(["explain", "x", "--as-of", ""], "is not a date like", id="empty-date"),
        pytest.param(["lists", "--as-of", "never"], "is not a date like", id="lists-date"),
        pytest.param(["lists", "extra"], "unexpected extra argument", id="extra"),
        pytest.param(["lookup"], "give either QUERY or --stats", id="no-query"),
        pytest.param(["schema"], "Missing argument", id="no-schema"),
        pytest.param(["schema", "x"], "is not one of 'ban-list', 'deployment', 'devices'", id="unknown-schema"),
        pytest.param(["targets", "--templates", __file__], "is a file", id="templates-a-file"),
    ],
)
def test_wrong_usage_is_2_on_stderr(args: list[str], said: str) -> None:
    done = run(*args)
    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert not done.out


def test_a_hostile_argument_does_not_reach_the_terminal() -> None:
    done = run("build", "x", "-o", "x", "--templates", "\x1b]0;owned\x07\u202egnp.exe")
    assert done.code == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(done.err)
    assert "gnp.exe" in done.err


def test_an_interrupt_is_said_and_is_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("mdm_policy.cli.edge.today", interrupted)
    done = run("lists")
    assert (done.code, done.out) == (1, "")
    assert done.err.strip() == "interrupted"


def test_an_interrupt_outside_of_click_is_said_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(edge.cli, "main", interrupted)
    assert run("lists") == (1, "", "interrupted\n")


def test_an_unforeseen_failure_is_one_line_and_never_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> object:
        raise RuntimeError("the \x1b[31mwheel\u202e came off\nand rolled away")

    monkeypatch.setattr(catalogue, "load", broken)
    done = run("lookup", "wechat")
    assert (done.code, done.out) == (1, "")
    first, hint = done.err.splitlines()
    assert first.startswith("error[internal-error]: RuntimeError: the �[31mwheel� came off and rolled away (test_cli_")
    assert hint.startswith("   = hint: this is a defect of mdm-policy; please report")
    assert "Traceback" not in done.err


def test_a_failure_without_a_traceback_has_no_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert uncaught.explain(ValueError("odd")) == 1
    assert capsys.readouterr().err.startswith("error[internal-error]: ValueError: odd\n")


@pytest.mark.parametrize(
    ("terminal", "no_color", "coloured"),
    [
        pytest.param(True, None, True, id="terminal"),
        pytest.param(False, None, False, id="pipe"),
        pytest.param(True, "1", False, id="terminal-no-color"),
        pytest.param(True, "", True, id="terminal-no-color-empty"),
        pytest.param(False, "1", False, id="pipe-no-color"),
    ],
)
def test_colour(terminal: bool, no_color: str | None, coloured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    assert output.colour(terminal) is coloured


@pytest.mark.parametrize(
    ("asked", "given"), [("20", 60), ("60", 60), ("80", 80), ("100", 100), ("300", 100), ("x", 80)]
)
def test_the_width_is_the_terminals_within_reason(asked: str, given: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", asked)
    assert output.width() == given


def test_the_edge_takes_a_stdout_that_is_no_text_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """An embedding program may give any object that has `write`."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "argv", ["mdm-policy", "lists"])
    with pytest.raises(SystemExit) as done:
        edge.main()
    assert done.value.code == 0


def test_shell_completion_offers_the_commands() -> None:
    env = {"_MDM_POLICY_COMPLETE": "bash_complete", "COMP_WORDS": "mdm-policy l", "COMP_CWORD": "1"}
    done = run(env=env)
    assert [line.partition(",")[2] for line in done.out.splitlines()] == ["learn", "lists", "lookup"]


@pytest.mark.parametrize("name", ["", ".", "nothing.yaml", "x" * 5000, "a\0b"])
def test_a_source_line_that_is_not_to_be_had(name: str) -> None:
    assert output._Sources()(name, 1) is None


def test_source_lines_are_read_once_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffa: b\r\nc: \xff".encode() + b"\xff")
    sources = output._Sources()
    assert sources(str(path), 1) == "a: b"
    path.unlink()
    assert sources(str(path), 2) == "c: \xff�"
    assert sources(str(path), 3) is None


def test_a_source_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    with path.open("wb") as file:
        file.truncate(output._MAX_SNIPPET_FILE + 1)
    assert output._Sources()(str(path), 1) is None


def test_a_source_file_of_too_many_lines_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: b\nc: d\n", encoding="utf-8")
    assert output._Sources()(str(path), 2) == "c: d"
    monkeypatch.setattr(output, "_MAX_SNIPPET_LINES", 1)
    assert output._Sources()(str(path), 2) is None


def test_an_option_means_the_same_wherever_it_stands() -> None:
    """One spelling, one shape: type and range, how often it may be given, and what the command gets under which name."""
    told: dict[str, dict[str, set[str]]] = {}
    for name in edge.COMMANDS:
        command = importlib.import_module(f"mdm_policy.cli.{name.replace('-', '_')}").command
        for one in command.params:
            if isinstance(one, click.Option):
                shape = f"{one.name} {one.type.to_info_dict()} multiple={one.multiple} flag={one.is_flag} metavar={one.metavar}"
                told.setdefault(one.opts[-1], {}).setdefault(shape, set()).add(name)
    assert told["--templates"]
    assert {flag: shapes for flag, shapes in told.items() if len(shapes) > 1}.keys() == {
        "--format",  # each command's own formats, text and json among them
        "--output",  # a folder for build, a file for plan, either for sign
    }
