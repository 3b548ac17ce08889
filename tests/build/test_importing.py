"""Write IMPORT.md: where files go, whom they are for, and what they will not do; hostile names stay text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build_kit import (
    DAY,
    NOTHING_KNOWN,
    ban_list,
    built,
    copy_target,
    deployment,
    identifier,
    ids_of,
    inline,
    resolved,
    waiver,
)

from mdm_policy import resources
from mdm_policy.errors import PolicyError
from mdm_policy.resolve import resolve
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.model import Ban, GrantedException

_A = inline("A", identifier("ios", "bundle_id", "com.example.a"), identifier("macos", "process_name", "a"))
_B = inline("b", identifier("android", "package_name", "com.example.b"))
_C = inline("c", identifier("ios", "bundle_id", "com.example.c"))


def _text(name: str, *bans: Ban, exceptions: tuple[GrantedException, ...] = (), **more: Any) -> str:
    made = resolve([ban_list(*bans, exceptions=exceptions)], deployment(**more), NOTHING_KNOWN, DAY)
    return built(made, [name])[1][f"{name}/IMPORT.md"].decode()


def test_alternatives_are_named() -> None:
    text = _text("intune-ios-settings-catalog", _A)
    others = ("Intune custom configuration carrying the Apple profile", "Intune device restrictions template")
    assert all(other in text for other in others)
    assert "Assign exactly one of" in text
    assert "Assign exactly one of" not in _text("apple-ddm-apps", _A)


_ASSIGNED: list[Any] = [
    pytest.param((), "No exception is in force.", id="nobody is excepted"),
    pytest.param((waiver("inline:c", "lab"),), "- lab: files ending in `--lab` (without c; until 2027-06-30).", id="one group"),
    pytest.param((waiver("inline:b", "lab"),), "- lab: files ending in `--lab` are not needed here, because their exceptions change nothing in this target; they get the base files", id="an exception for another platform"),
    pytest.param((waiver("inline:c", "lab", until="2027-01-01"), waiver("inline:c", "lab")), "until 2027-01-01)", id="the earlier of two ends"),
]  # fmt: skip


@pytest.mark.parametrize(("exceptions", "told"), _ASSIGNED)
def test_whom_to_assign(exceptions: tuple[GrantedException, ...], told: str) -> None:
    assert told in _text("apple-ios-restrictions", _A, _B, _C, exceptions=exceptions)


def test_a_group_whose_exceptions_leave_nothing_gets_no_file_at_all() -> None:
    """Telling it to take the base files would block what was excepted."""
    text = _text("apple-ios-restrictions", _B, _C, exceptions=(waiver("inline:c", "lab"),))
    assert "- lab: none of these files. Without c (until 2027-06-30) there is nothing here to block." in text
    assert "they get the base files" not in text


_EFFECTS: list[Any] = [
    pytest.param("apple-ios-restrictions", "1 app is hidden and cannot be launched.", id="hidden"),
    pytest.param(
        "amapi-fully-managed", "1 app cannot be installed, and an installed copy is uninstalled", id="removed"
    ),
    pytest.param("jamf-restricted-software", "This is a weak block: a changed copy escapes.", id="weak"),
    pytest.param("amapi-cope", "- On the personal side: 1 app cannot be installed", id="a side"),
]


@pytest.mark.parametrize(("name", "told"), _EFFECTS)
def test_what_happens_on_the_device(name: str, told: str) -> None:
    text = _text(name, _A, _B)
    assert told in text
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(lines) == len(set(lines))


def test_apps_the_target_cannot_block_are_named() -> None:
    bans = [*(inline(f"App {n:02}", identifier("android", "package_name", f"com.example.a{n}")) for n in range(23)), _A]
    text = _text("apple-ios-restrictions", *bans)
    assert "App 00, App 01" in text
    assert "App 19 and 3 more" in text
    absent = _text(
        "apple-ios-restrictions", _A, inline("b", identifier("android", "package_name", "com.b.c"), not_on=("ios",))
    )
    assert "no such app exists there" in absent


def test_hostile_names_stay_text() -> None:
    name = "# [x](http://evil.example) <script> `code` *b* |"
    made = resolved(inline(name, identifier("android", "package_name", "com.example.x")), _A, organization=name)
    text = built(made, ["apple-ios-restrictions"])[1]["apple-ios-restrictions/IMPORT.md"].decode()
    assert "<script>" not in text
    assert "[x](http" not in text
    assert not [line for line in text.splitlines() if line.startswith("# [")]


def test_a_users_import_template_may_say_what_it_likes(tmp_path: Path) -> None:
    (copy_target("macos-santa", tmp_path) / "import.md.j2").write_text(
        "{{ title }} for {{ organization.name }}", encoding="utf-8"
    )
    targets = discover(resources.templates(), [tmp_path])
    bans = [inline("App", identifier("macos", "team_id", "ABCDE12345"))]
    _, files = built(resolved(*bans), ["macos-santa"], targets)
    assert files["macos-santa/IMPORT.md"] == b"Santa static rules for macOS for Example Agency"


def test_a_missing_import_template_is_told(tmp_path: Path) -> None:
    (copy_target("macos-santa", tmp_path) / "import.md.j2").unlink()
    targets = discover(resources.templates(), [tmp_path])
    with pytest.raises(PolicyError) as failed:
        built(resolved(inline("App", identifier("macos", "team_id", "ABCDE12345"))), ["macos-santa"], targets)
    assert ids_of(failed.value) == ["template-missing"]
