"""Overlays of the catalogue, its pinned version, and exports of it, through the commands that use them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cli_kit import run

from mdm_policy import catalogue
from mdm_policy.catalogue.exports import export

if TYPE_CHECKING:
    from pathlib import Path

OVERLAY = """\
catalogue_overlay: our apps
vendors:
  acme: {name: Acme, windows: {publisher: "O=ACME, C=US"}}
apps:
  our-chat:
    name: Our Chat
    vendor: acme
    aliases: [OC]
    ios: {bundle_id: org.example.chat}
    absent: [{platform: android, source: MEMO-1, until: 2090-01-01}]
    web_app: true
    sources: MEMO-1
"""
LIST = """\
ban_list: ours
authority: {citation: MEMO-2, issued: 2026-01-01}
bans:
  - app: our-chat
"""
DEPLOYMENT = """\
organization: {name: Example Agency, identifier: gov.example.agency}
lists: [ours.yaml]
overlays: [overlay.yaml]
targets: [apple-ios-restrictions]
devices: [{name: phones, platform: ios, os: ">=17, <27", supervised: true, enrollment: automated}]
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name, text in (("overlay.yaml", OVERLAY), ("ours.yaml", LIST), ("d.yaml", DEPLOYMENT)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_an_app_of_an_overlay_is_banned_like_any_other(here: Path) -> None:
    assert run("check", here / "d.yaml", "--strict").code == 11  # no Mac, no PC: said, as of any app
    assert run("check", here / "overlay.yaml", "--strict").code == 0
    built = run("build", "--deployment", here / "d.yaml", "-o", here / "out")
    assert built.code == 0, built.err
    assert "Our Chat" in built.out
    assert "org.example.chat" in next((here / "out").rglob("*.mobileconfig")).read_text("utf-8")
    manifest = json.loads((here / "out" / "manifest.json").read_text("utf-8"))
    assert [one["name"] for one in manifest["inputs"] if one["role"] == "overlay"] == ["overlay.yaml"]
    proven = run("verify", here / "out", "--deployment", here / "d.yaml")
    assert proven.code == 0, proven.out
    assert run("verify-build", here / "out", "--deployment", here / "d.yaml").code == 0
    assert run("explain", "our-chat", "--deployment", here / "d.yaml").code == 0


def test_lookup_shows_an_overlay_where_it_is_given(here: Path) -> None:
    assert run("lookup", "our-chat").code == 1
    found = run("lookup", "OC", "--deployment", here / "d.yaml", "--all")
    assert found.code == 0
    assert "org.example.chat" in found.out
    assert "MEMO-1" in found.out


_WRONG = [
    pytest.param("overlay.yaml", "our-chat:", "wechat:", "overlay-key-taken", 1, id="a key that is taken"),
    pytest.param("overlay.yaml", "vendor: acme", "vendor: nobody", "unknown-vendor", 1, id="a vendor nobody knows"),
    pytest.param("overlay.yaml", "org.example.chat", "com.tencent.xin", "overlay-identifier-known", 11, id="a known identifier"),
    pytest.param("overlay.yaml", "org.example.chat", "chat", "identifier-shape", 1, id="an identifier that is none"),
    pytest.param("overlay.yaml", "until: 2090-01-01", "until: never", "date-format", 1, id="a day that is none"),
    pytest.param("overlay.yaml", "our-chat:", "Our Chat:", "overlay-key", 1, id="a key with spaces"),
    pytest.param("overlay.yaml", "    name: Our Chat\n", "", "missing-key", 1, id="no name"),
    pytest.param("d.yaml", "[overlay.yaml]", "[missing.yaml]", "overlay-missing", 1, id="no such file"),
    pytest.param("d.yaml", "[overlay.yaml]", "[ours.yaml]", "file-kind", 1, id="another kind of file"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "finding", "code"), _WRONG)
def test_what_is_wrong_with_an_overlay_is_found(
    here: Path, name: str, old: str, new: str, finding: str, code: int
) -> None:
    path = here / name
    path.write_text(path.read_text("utf-8").replace(old, new), encoding="utf-8")
    done = run("check", here / "d.yaml", "--strict", "--format", "json")
    assert (done.code, finding in {one["id"] for one in json.loads(done.out)["findings"]}) == (code, True), done.out


@pytest.mark.parametrize("day", [catalogue.load().version, "2020-01-01"])
def test_a_pinned_version_is_kept(here: Path, day: str) -> None:
    same = day != "2020-01-01"
    path = here / "d.yaml"
    path.write_text(path.read_text("utf-8") + f"catalogue: {day}\n", encoding="utf-8")
    checked = run("check", path)
    assert (checked.code, "catalogue-version" in checked.err) == (0, not same)
    built = run("build", "--deployment", path, "-o", here / "out")
    assert (built.code, "catalogue-version" in built.err) == ((0, False) if same else (1, True))
    assert (here / "out").exists() is same
    planned = run("plan", "--deployment", path)
    assert ("catalogue-version" in planned.err) is False  # nothing to push to: said before


def _saved(here: Path, name: str, **changed: object) -> Path:
    whole = json.loads(export(catalogue.load()))
    for key, owner in changed.items():
        if owner is None:
            del whole["apps"][key]
        else:
            whole["apps"][key] = owner
    path = here / name
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def test_an_export_is_the_same_bytes_and_holds_the_overlays(here: Path) -> None:
    one, two = (run("catalogue", "export").out for _ in range(2))
    assert one == two
    assert "our-chat" not in one
    assert run("catalogue", "export", "--deployment", here / "d.yaml", "-o", here / "c.json").code == 0
    assert json.loads((here / "c.json").read_text("utf-8"))["apps"]["our-chat"]["identifiers"] == [
        ["ios", "bundle_id", "org.example.chat"]
    ]


def test_two_exports_say_which_bans_widen_and_narrow(here: Path) -> None:
    wider = {"name": "Temu", "identifiers": [["ios", "bundle_id", "a.b"]], "vendor": "pdd", "platforms": {}}
    old, new = _saved(here, "old.json", temu=wider), _saved(here, "new.json")
    assert run("diff", old, old).code == 0
    found = run("diff", old, new)
    assert found.code == 11
    assert "a.b" in found.out
    rows = json.loads(run("diff", old, new, "--format", "json").out)["changes"]
    assert {
        (one["direction"], one["app"], one["platform"]) for one in rows if one["platform"] in ("ios", "android")
    } == {
        ("LOOSENED", "temu", "ios"),
        ("TIGHTENED", "temu", "ios"),
        ("TIGHTENED", "temu", "android"),
    }
    assert run("diff", old, new, "--list", "us-kaspersky").code == 0
    ours = here / "temu.yaml"
    ours.write_text(LIST.replace("our-chat", "temu"), encoding="utf-8")
    assert run("diff", old, new, "--list", ours).code == 11


def test_an_app_that_is_gone_frees_what_bans_it(here: Path) -> None:
    old, new = _saved(here, "old.json"), _saved(here, "new.json", temu=None)
    assert run("diff", old, new).code == 11
    assert run("diff", new, old).code == 10
    (here / "bad.json").write_text('{"mdm_policy_catalogue": 1}', encoding="utf-8")
    bad = run("diff", here / "bad.json", new)
    assert (bad.code, "catalogue-export" in bad.err) == (1, True)
