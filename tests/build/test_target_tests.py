"""Run targets' own tests: those of packaged targets, of the documentation's example, and of a new target."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build_kit import TARGETS, edit
from cli_kit import Ran, run

from mdm_policy import resources
from mdm_policy.targets import discover
from mdm_policy.workflows.target_tests import run_target_tests

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "targets.md"
_BLOCK = re.compile(r"^`(acme-kiosk/[\w./-]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TESTED = [name for name, target in TARGETS.items() if (target.folder / "tests").exists()]


def test_some_packaged_targets_have_tests() -> None:
    assert len(_TESTED) >= 2


@pytest.mark.parametrize("name", _TESTED)
def test_a_packaged_target_passes_its_tests(name: str) -> None:
    result = run_target_tests([TARGETS[name]], TARGETS)
    assert (result.tested, result.untested, result.failed, result.broken) == ((name,), (), (), ())


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """Write the files of the documentation's example."""
    for name, text in _BLOCK.findall(_PAGE.read_text(encoding="utf-8")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "acme-kiosk"


def test_the_example_is_whole(example: Path) -> None:
    files = sorted(path.relative_to(example).as_posix() for path in example.rglob("*") if path.is_file())
    assert files == ["change.json.j2", "import.md.j2", "target.yaml", "tests/expected.yaml", "tests/list.yaml"]


def test_the_example_passes_its_tests_and_builds(example: Path) -> None:
    folder = ("--templates", example.parent)
    tested = run("targets", "acme-kiosk", *folder, "--test")
    assert (tested.code, tested.out) == (0, "Tests pass: acme-kiosk.\n"), tested.err
    out = example.parent / "build"
    options = ("--as-of", "2026-11-24", *folder, "--target", "acme-kiosk", "-o", out)
    done = run("build", "us-omb-m-23-13", *options)
    assert done.code == 0, done.err
    assert "Upload `us-omb-m-23-13.acme.json`." in (out / "acme-kiosk" / "IMPORT.md").read_text(encoding="utf-8")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Write a new target."""
    done = run("new-target", tmp_path / "mine")
    assert (done.code, done.err) == (0, "")
    assert "mdm-policy targets mine --templates" in done.out
    return tmp_path / "mine"


def _tested(folder: Path) -> Ran:
    return run("targets", "mine", "--templates", folder, "--test")


def test_a_new_target_checks_clean_passes_its_tests_and_builds(new: Path) -> None:
    assert run("check", new / "target.yaml", new / "tests" / "list.yaml", "--as-of", "2026-11-24").code == 0
    assert _tested(new) == (0, "Tests pass: mine.\n", "")
    options = ("--templates", new, "--target", "mine", "--as-of", "2026-11-24", "-o", new.parent / "build")
    done = run("build", "us-omb-m-23-13", *options)
    assert done.code == 0, done.err
    assert sorted(path.name for path in (new.parent / "build" / "mine").iterdir()) == [
        "IMPORT.md",
        "us-omb-m-23-13.apps.json",
    ]


def test_new_target_replaces_nothing(new: Path) -> None:
    (new / "target.yaml").unlink()
    (new / "apps.json.j2").write_text("mine", encoding="utf-8")
    done = run("new-target", new)
    assert (done.code, done.out, done.err.count("error[file-exists]")) == (1, "", 5)
    assert not (new / "target.yaml").exists()
    assert (new / "apps.json.j2").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["Mine", "a b", "a: b", "'", "aux", "ä"])
def test_a_folder_that_names_no_target_is_refused(name: str, tmp_path: Path) -> None:
    done = run("new-target", tmp_path / name)
    assert (done.code, done.out) == (1, "")
    assert "error[target-name]" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["on", "123", "a-1"])
def test_a_new_targets_name_is_a_text_whatever_it_looks_like(name: str, tmp_path: Path) -> None:
    assert run("new-target", tmp_path / name).code == 0
    assert name in discover(resources.templates(), [tmp_path])


def test_new_target_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("", encoding="utf-8")
    done = run("new-target", tmp_path / "mine")
    assert (done.code, "error[file-unwritable]" in done.err) == (1, True)


def _missing(new: Path) -> None:
    edit(new / "tests" / "list.yaml", "com.example.first", "com.example.other")


def _extra(new: Path) -> None:
    edit(new / "tests" / "expected.yaml", "com.example.first, ", "")


def _no_such_document(new: Path) -> None:
    edit(new / "tests" / "expected.yaml", "  apps:", "  app:")


def _claim_lost(new: Path) -> None:
    edit(new / "target.yaml", "kind: package_name", "kind: package_name\n    option: strict")
    edit(new / "target.yaml", "blocks:", "options: {strict: {help: Block., default: false}}\nblocks:")


def _template_drops(new: Path) -> None:
    edit(new / "apps.json.j2", "package_name |", "package_name[:1] |")


def _broken_expectation(new: Path) -> None:
    edit(new / "tests" / "expected.yaml", "as_of:", "asof:")


def _no_list(new: Path) -> None:
    (new / "tests" / "list.yaml").unlink()


def _unknown_option(new: Path) -> None:
    edit(new / "tests" / "expected.yaml", "documents:", "options: {strict: true}\ndocuments:")


@pytest.mark.parametrize(
    ("spoil", "code", "told"),
    [
        pytest.param(
            _missing, 11, "does not block package_name `com.example.first`", id="an identifier that is missing"
        ),
        pytest.param(_extra, 11, "blocks package_name `com.example.first`, which is not", id="one too many"),
        pytest.param(_claim_lost, 11, "does not block package_name", id="a claim that an option turned off"),
        pytest.param(_template_drops, 11, "error[read-back-missing]", id="a template that drops one"),
        pytest.param(_no_such_document, 1, "did you mean `apps`?", id="a document that does not exist"),
        pytest.param(_broken_expectation, 1, "did you mean `as_of`?", id="a misspelt key"),
        pytest.param(_no_list, 1, "error[file-unreadable]", id="no list"),
        pytest.param(_unknown_option, 1, "error[unknown-option]", id="an unknown option"),
    ],
)
def test_a_test_that_fails_is_told_at_its_line(spoil: Callable[[Path], None], code: int, told: str, new: Path) -> None:
    spoil(new)
    done = _tested(new)
    assert (done.code, done.out) == (code, "")
    assert told in " ".join(done.err.split())


def test_targets_without_tests_are_named() -> None:
    done = run("targets", "macos-santa", "--test")
    assert (done.code, done.out) == (0, "Tests pass: none were found.\n")
    assert "macos-santa" in done.err
