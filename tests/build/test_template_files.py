"""Take a user's target from its own folder alone: links, sizes and names are judged before anything is read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import copy_target, ids_of

from mdm_policy import resources, targets, templating
from mdm_policy.errors import PolicyError
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Copy a packaged target into a user's folder; a secret stands beside that folder."""
    (tmp_path / "secret.txt").write_text("canary", encoding="utf-8")
    copy_target("apple-ios-restrictions", tmp_path / "mine")
    return tmp_path / "mine"


def _target(mine: Path) -> Path:
    return mine / "apple-ios-restrictions"


def _link_out(mine: Path) -> None:
    (_target(mine) / "part.j2").symlink_to(mine.parent / "secret.txt")


def _link_to_nowhere(mine: Path) -> None:
    (_target(mine) / "part.j2").symlink_to("../../nowhere")


def _manifest_out(mine: Path) -> None:
    path = _target(mine) / "target.yaml"
    path.rename(mine.parent / "target.yaml")
    path.symlink_to(mine.parent / "target.yaml")


def _shared_out(mine: Path) -> None:
    (mine / "_shared").rename(mine.parent / "shared")
    (mine / "_shared").symlink_to(mine.parent / "shared")


def _large(mine: Path) -> None:
    (_target(mine) / "movie.bin").write_bytes(b"x" * 101)


_STRANGE = [
    pytest.param(_link_out, "leads out of the templates folder", id="a link out"),
    pytest.param(_link_to_nowhere, "leads out of the templates folder", id="a link to nowhere outside"),
    pytest.param(_manifest_out, "leads out of the templates folder", id="a manifest that is a link out"),
    pytest.param(_shared_out, "leads out of the templates folder", id="shared templates that are a link out"),
    pytest.param(_large, "has more than 100 bytes", id="a large file"),
]


@pytest.mark.parametrize(("spoil", "told"), _STRANGE)
def test_a_file_that_does_not_belong_to_a_target_is_refused(
    spoil: Callable[[Path], None], told: str, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if spoil is _large:
        monkeypatch.setattr(targets, "_MAX_FILE", 100)
    spoil(mine)
    with pytest.raises(PolicyError) as failed:
        discover(resources.templates(), [mine])
    assert set(ids_of(failed.value)) == {"target-file"}
    assert told in str(failed.value)
    assert "canary" not in str(failed.value)


def test_a_link_within_the_folder_is_a_file_of_it(mine: Path) -> None:
    (_target(mine) / "again.j2").symlink_to("profile.mobileconfig.j2")
    assert "apple-ios-restrictions" in discover(resources.templates(), [mine])


def _print(folder: Path, name: str, *folders: Path) -> str:
    env = templating.environment("json", [folder, *folders], frozenset())
    return templating.render(env, folder, name, {})


def test_the_loader_itself_follows_no_link_out(mine: Path) -> None:
    # The folder was judged when the target was found; a link may have come since.
    _link_out(mine)
    with pytest.raises(PolicyError) as failed:
        _print(_target(mine), "part.j2")
    assert ids_of(failed.value) == ["template-outside"]
    assert "canary" not in str(failed.value)


def test_a_link_into_another_of_its_folders_is_followed(mine: Path) -> None:
    (mine / "_shared" / "one.j2").write_text("1", encoding="utf-8")
    (_target(mine) / "part.j2").symlink_to("../_shared/one.j2")
    assert _print(_target(mine), "part.j2", mine) == "1"


def test_packaged_templates_may_be_links_into_an_installers_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").write_text("1", encoding="utf-8")
    packaged = tmp_path / "templates"
    packaged.mkdir()
    (packaged / "part.j2").symlink_to(tmp_path / "store")
    monkeypatch.setattr(resources, "templates", lambda: packaged)
    assert _print(packaged, "part.j2") == "1"


_FILES: list[Any] = [
    pytest.param(b"a" * (1024 * 1024), "", id="just fits"),
    pytest.param(b"a" * (1024 * 1024 + 1), "template-too-large", id="too large"),
    pytest.param(b"\xff", "template-failed", id="not UTF-8"),
    pytest.param(b"a\r\nb\rc", "", id="other line ends"),
]


@pytest.mark.parametrize(("data", "finding"), _FILES)
def test_a_templates_file_has_a_size_and_an_encoding(data: bytes, finding: str, tmp_path: Path) -> None:
    (tmp_path / "main.j2").write_bytes(data)
    if not finding:
        assert _print(tmp_path, "main.j2") == data.decode().replace("\r\n", "\n").replace("\r", "\n")
        return
    with pytest.raises(PolicyError) as failed:
        _print(tmp_path, "main.j2")
    assert ids_of(failed.value) == [finding]


def test_a_pipe_is_no_template(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "main.j2")
    with pytest.raises(PolicyError) as failed:
        _print(tmp_path, "main.j2")
    assert ids_of(failed.value) == ["template-missing"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("{{ 'a' * 10**18 }}", "needs more memory than it may have", id="memory"),
        pytest.param("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "calls itself without end", id="calls"),
        pytest.param("{% include 'main.j2' %}", "calls itself without end", id="includes"),
    ],
)
def test_a_limit_of_this_process_is_told_as_one(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "main.j2").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as failed:
        _print(tmp_path, "main.j2")
    assert ids_of(failed.value) == ["template-limit"]
    assert told in failed.value.findings[0].message
