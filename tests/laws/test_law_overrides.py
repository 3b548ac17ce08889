"""Let a user change a packaged target: anything goes, except breaking the ban unnoticed. Then nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build_kit import DAY, copy_target, edit
from cli_kit import run

if TYPE_CHECKING:
    from pathlib import Path

_IDS = "\t\t\t{{ ids.ios.bundle_id }}\n{% if options.legacy_key"
_KEY = "<key>blockedAppBundleIDs</key>"
_TOP = "<string>Configuration</string>"
_APPLE, _AMAPI, _APPLOCKER, _JAMF = (
    "apple-ios-restrictions",
    "amapi-fully-managed",
    "windows-applocker-exe",
    "jamf-restricted-software",
)
_PROFILE, _MODIFY, _RULES, _RECORD = "profile.mobileconfig.j2", "modify.json.j2", "rules.xml.j2", "record.xml.j2"
_LIST = """\
ban_list: ours
title: Ours
authority: {citation: "Memo 1", effective: 2026-01-01}
bans:
  - name: Tom & Jerry
    ios: {bundle_id: [com.example.Tom, com.example.jerry]}
    android: {package_name: [com.example.tom, com.example.jerry]}
    windows: {publisher: ["O=TOM & JERRY, C=CN"], executable: [tom.exe]}
    macos: {process_name: [Tom, Jerry]}
"""

_BREAKING = [
    pytest.param(_APPLE, _PROFILE, _IDS, _IDS.replace("bundle_id", "bundle_id[1:]"), 11, "'com.example.Tom' is ordered", id="an app dropped"),
    pytest.param(_APPLE, _PROFILE, _IDS, _IDS.replace("bundle_id", "bundle_id[:0]"), 11, "is ordered", id="all apps dropped"),
    pytest.param(_APPLE, _PROFILE, _IDS, _IDS.replace("bundle_id", 'bundle_id | map("lower") | list'), 11, "'com.example.Tom' is ordered", id="the case changed"),
    pytest.param(_APPLE, _PROFILE, _IDS, _IDS.replace("bundle_id", 'bundle_id + ["com.example.more"]'), 11, "'com.example.more', which nothing orders", id="an app added"),
    pytest.param(_APPLE, _PROFILE, _KEY, "<key>blacklistedAppBundleIDs</key>", 11, "not as claimed", id="another key"),
    pytest.param(_APPLE, _PROFILE, _KEY, "<key>allowListedAppBundleIDs</key>", 11, "refuses whatever it does not allow", id="the opposite key"),
    pytest.param(_APPLE, _PROFILE, _TOP, f"{_TOP}<key>RemovalDate</key><date>2030-01-01T00:00:00Z</date>", 11, "2030-01-01", id="a removal date"),
    pytest.param(_APPLE, _PROFILE, _IDS, _IDS.replace("bundle_id", "bundle_id | join"), 11, "expected a list, found", id="text for a list"),
    pytest.param(_AMAPI, _MODIFY, '{% include "_shared/amapi/modify.json.j2" %}', '{"changes": []}', 11, "is ordered", id="no changes"),
    pytest.param(_APPLOCKER, _RULES, '"Enabled"', '"AuditOnly"', 11, "only logs", id="audit only"),
    pytest.param(_JAMF, _RECORD, "<kill_process>true", "<kill_process>false", 11, "kill_process is not true", id="only a notice"),
]  # fmt: skip


def _build(folder: Path, name: str) -> tuple[int, str]:
    (folder / "ours.yaml").write_text(_LIST, encoding="utf-8")
    before = sorted(folder.iterdir())
    outcome = run("build", folder / "ours.yaml", "--target", name, "--templates", folder / "mine", "--as-of", DAY, "-o", folder / "out",
    )  # fmt: skip
    if outcome.code:
        assert outcome.out == ""
        assert sorted(folder.iterdir()) == before
    return outcome.code, " ".join(outcome.err.split())


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


@pytest.mark.parametrize(("name", "template", "old", "new", "code", "says"), _BREAKING)
def test_a_replaced_template_cannot_break_the_ban_even_under_a_schema_of_its_own(
    name: str, template: str, old: str, new: str, code: int, says: str, mine: Path
) -> None:
    folder = copy_target(name, mine)
    edit(folder / template, old, new)
    _loosen(folder)
    found, said = _build(mine.parent, name)
    assert (found, says in said) == (code, True), said


def _loosen(folder: Path) -> None:
    """Give every document a schema that allows anything, so that reading back alone stands guard."""
    (folder / "any.json").write_text("{}", encoding="utf-8")
    (folder / "any.rng").write_text(_ANY_XML, encoding="utf-8")
    manifest = folder / "target.yaml"
    lines = manifest.read_text(encoding="utf-8").splitlines()
    suffix = ".rng" if "format: xml" in "".join(lines) else ".json"
    changed = [f"    schema: any{suffix}" if line.startswith("    schema:") else line for line in lines]
    manifest.write_text("\n".join(changed) + "\n", encoding="utf-8")


_ANY_XML = """\
<grammar xmlns="http://relaxng.org/ns/structure/1.0">
  <start><ref name="any"/></start>
  <define name="any">
    <element><anyName/>
      <zeroOrMore><choice><attribute><anyName/></attribute><text/><ref name="any"/></choice></zeroOrMore>
    </element>
  </define>
</grammar>
"""

_AGAINST_THE_SCHEMA = [
    pytest.param(_APPLE, _PROFILE, _KEY, "<key>blockedAppBundleIds</key>", id="a misspelt key"),
    pytest.param(_APPLE, _PROFILE, _TOP, f"{_TOP}<key>RemovalDate</key><date>2030-01-01T00:00:00Z</date>", id="a removal date"),
    pytest.param(_APPLOCKER, _RULES, '"Enabled"', '"AuditOnly"', id="audit only"),
    pytest.param(_JAMF, _RECORD, "<kill_process>true", "<kill_process>false", id="only a notice"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "template", "old", "new"), _AGAINST_THE_SCHEMA)
def test_the_packaged_schema_speaks_first(name: str, template: str, old: str, new: str, mine: Path) -> None:
    edit(copy_target(name, mine) / template, old, new)
    code, said = _build(mine.parent, name)
    assert (code, "schema-violation" in said) == (1, True)


def test_a_replaced_template_may_change_what_is_not_the_ban(mine: Path) -> None:
    edit(copy_target(_APPLE, mine) / _PROFILE, "<string>Restrictions</string>", "{{ organization.name }}")
    assert _build(mine.parent, _APPLE)[0] == 0
    written = (mine.parent / "out" / _APPLE / "ours.mobileconfig").read_text(encoding="utf-8")
    assert "<string>Restrictions</string>" not in written
    assert "com.example.jerry" in written


def test_a_former_build_survives_a_failed_one(mine: Path) -> None:
    assert _build(mine.parent, _APPLE)[0] == 0
    before = {path: path.read_bytes() for path in (mine.parent / "out").rglob("*") if path.is_file()}
    edit(copy_target(_APPLE, mine) / _PROFILE, _IDS, _IDS.replace("bundle_id", "bundle_id[1:]"))
    assert _build(mine.parent, _APPLE)[0] == 11
    assert {path: path.read_bytes() for path in (mine.parent / "out").rglob("*") if path.is_file()} == before


def test_a_target_of_the_same_name_must_say_that_it_replaces(mine: Path) -> None:
    copy_target(_APPLE, mine, replaces=False)
    code, said = _build(mine.parent, _APPLE)
    assert (code, "target-duplicate" in said) == (1, True)
