"""Refuse whatever is no policy: a finding that names the file, exit code 1, never a traceback; verify and diff alike."""

from __future__ import annotations

import json
import os
import plistlib
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_kit import AS_OF, run

from mdm_policy.sources.files import read_policies

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = plistlib.dumps(
    {
        "PayloadType": "Configuration",
        "PayloadContent": [{"PayloadType": "com.apple.applicationaccess", "blockedAppBundleIDs": ["com.tencent.xin"]}],
    }
)
BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><r>&b;</r>"""
)
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>"""

_BAD = [
    pytest.param("x.mobileconfig", GOOD[: len(GOOD) // 2], "document-syntax", id="truncated"),
    pytest.param("x.mobileconfig", bytes(range(256)) * 40, "document-encoding", id="binary garbage"),
    pytest.param("x.json", b"\x00\x01\x02garbage", "document-encoding", id="zero bytes"),
    pytest.param("x.json", b"", "document-empty", id="empty"),
    pytest.param("x.json", b" \n\t ", "document-empty", id="white space"),
    pytest.param("x.json", b"[" * 100_000, "document-too-deep", id="100,000 deep, unclosed"),
    pytest.param("x.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "document-too-deep", id="100,000 deep"),
    pytest.param(
        "x.plist",
        b"<plist>" + b"<array>" * 100_000 + b"</array>" * 100_000 + b"</plist>",
        "document-too-deep",
        id="100,000 deep plist",
    ),
    pytest.param("x.yaml", b"[" * 100_000, "document-too-deep", id="100,000 deep YAML"),
    pytest.param("x.yaml", b"a: " + b"[" * 3000 + b"]" * 3000, "document-too-deep", id="3,000 deep YAML"),
    pytest.param("x.xml", BOMB, "dtd-forbidden", id="an entity bomb"),
    pytest.param("x.xml", OUTSIDE, "dtd-forbidden", id="an external entity"),
    pytest.param(
        "x.plist",
        BOMB.replace(b"<r>", b"<plist>").replace(b"</r>", b"</plist>"),
        "-forbidden",
        id="an entity bomb in a plist",
    ),
    pytest.param("x.yaml", b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "yaml-alias", id="an alias bomb"),
    pytest.param("x.yaml", b"a: !!python/object/apply:os.system [id]\n", "yaml-tag", id="a YAML tag that runs"),
    pytest.param("x.yaml", b"a: !secret x\n", "yaml-tag", id="a YAML tag on a text"),
    pytest.param("x.yaml", b"? [a, b]\n: c\n", "document-syntax", id="a YAML key that is a list"),
    pytest.param("x.yaml", b"a: 1\n---\nb: 2\n", "document-syntax", id="two YAML documents"),
    pytest.param("x.yaml", b"a: 'open\n", "document-syntax", id="an open quote in YAML"),
    pytest.param("x.yaml", b"a: .nan\n", "number-not-finite", id="NaN in YAML"),
    pytest.param("x.yaml", b"a: !!int x\n", "document-syntax", id="a number in YAML that is none"),
    pytest.param("x.yaml", b"a: \xff\xff\n", "document-encoding", id="YAML in no encoding"),
    pytest.param("x.json", b'{"a":NaN}', "number-not-finite", id="NaN"),
    pytest.param("x.json", b'{"a":1e999}', "number-", id="a number too large"),
    pytest.param("x.json", '{"a":"é"}'.encode("latin-1"), "document-encoding", id="Latin-1"),
    pytest.param("x.json", '{"a":1}'.encode("utf-32"), "document-encoding", id="UTF-32"),
    pytest.param("x.json", '{"a":1}'.encode("utf-16-le"), "document-encoding", id="UTF-16 without a mark"),
    pytest.param("x.json", b"PK\x03\x04" + b"\x00" * 50, "archive-unreadable", id="an archive"),
    pytest.param("x.json", b"name,id\nx,y\n", "document-format-unknown", id="a spreadsheet"),
    pytest.param("x.der", bytes.fromhex("308204"), "document-", id="a broken signature"),
]


_FULL = 16 * 1024 * 1024
_MANY = [
    pytest.param("x.json", b"[" + b"{}," * (_FULL // 4) + b"{}]", id="small objects"),
    pytest.param("x.json", b"[" + b"{}," * 20_000 + b"{}]", id="documents in a page"),
    pytest.param("x.json", b"\xff\xfe" + ("[" + "1," * 600_000 + "1]").encode("utf-16-le"), id="UTF-16"),
    pytest.param("x.xml", b"<a>" + b"<b/>" * (_FULL // 5) + b"</a>", id="elements"),
    pytest.param("x.xml", b"<a " + b" ".join(b'b%d=""' % n for n in range(600_000)) + b"/>", id="attributes"),
    pytest.param("x.plist", b"<plist><array>" + b"<true/>" * 1_100_000 + b"</array></plist>", id="plist"),
    pytest.param(
        "x.plist", plistlib.dumps([1] * 1_100_000, fmt=plistlib.FMT_BINARY), id="references in a binary plist"
    ),
    pytest.param(
        "x.plist",
        b"bplist00\x08" + b"\x08" * 1_100_000 + struct.pack(">6xBBQQQ", 1, 1, 1_100_000, 0, 9),
        id="objects in a binary plist",
    ),
    pytest.param("x.yaml", b"a: 1\n" * 300_000, id="YAML"),
]
_EVERY = [*_BAD, *(pytest.param(*one.values, "document-too-many-values", id=f"too many: {one.id}") for one in _MANY)]


@pytest.mark.parametrize(("name", "data", "id_"), _EVERY)
def test_bad_input_is_named(name: str, data: bytes, id_: str, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.mobileconfig", tmp_path / name.replace("x.", "bad.")
    good.write_bytes(GOOD)
    bad.write_bytes(data)
    asked: dict[str, tuple[object, ...]] = {
        "verify": ("verify", bad, "--list", "us-eo-13971", *AS_OF),
        "diff, new": ("diff", good, bad, *AS_OF),
        "diff, old": ("diff", bad, good, *AS_OF),
        "diff of folders": ("diff", good, tmp_path, *AS_OF),
    }
    for what, arguments in asked.items():
        alone = run(*arguments)
        assert (what, alone.code) == (what, 1)
        assert id_ in alone.err
        assert str(bad) in alone.err
        assert "Traceback" not in alone.err + alone.out
    beside = run("verify", tmp_path, "--list", "us-eo-13971", *AS_OF)
    assert beside.code == 1
    assert beside.out.startswith("NOT PROVEN")
    assert str(bad) in beside.err


def test_all_bad_files_are_named_at_once(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.json").write_bytes(b"{")
    done = run("verify", tmp_path, "--list", "us-eo-13971", *AS_OF)
    assert [done.err.count(f"{number}.json") for number in range(3)] == [1, 1, 1]
    assert done.code == 1


@pytest.mark.parametrize("size", [17, 50], ids=["just over the limit", "50 MB"])
def test_a_file_over_the_limit_is_refused_before_it_is_parsed(size: int, tmp_path: Path) -> None:
    large, good = tmp_path / "large.json", tmp_path / "good.mobileconfig"
    good.write_bytes(GOOD)
    with large.open("wb") as file:
        file.write(b'{"a":"')
        file.seek(size * 1024 * 1024)
        file.write(b'"}')
    commands: tuple[tuple[object, ...], ...] = (("verify", large, "--list", "us-eo-13971"), ("diff", good, large))
    for arguments in commands:
        done = run(*arguments, *AS_OF)
        assert (done.code, "document-too-large" in done.err) == (1, True)
        allowed = run(*arguments, "--max-size", size + 1, *AS_OF)
        assert "document-too-large" not in allowed.err


def test_more_values_are_read_when_larger_files_are(tmp_path: Path) -> None:
    many = tmp_path / "many.json"
    many.write_bytes(b'{"playStoreMode":"BLACKLIST","applications":[' + b"1," * 600_000 + b"1]}")
    for size, refused in ((16, True), (32, False)):
        done = run("verify", many, "--list", "us-eo-13971", "--max-size", size, *AS_OF)
        assert ("document-too-many-values" in done.err) is refused


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["no-such-file"], id="missing"),
        pytest.param(["n" * 5000], id="a name too long"),
    ],
)
def test_a_file_that_is_not_there_is_named(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.mobileconfig").write_bytes(GOOD)
    for command in (["verify", *arguments, "--list", "us-eo-13971"], ["diff", "good.mobileconfig", *arguments]):
        done = run(*command, *AS_OF)
        assert done.code == 1
        assert "file-unreadable" in done.err


def test_an_empty_folder_holds_nothing_to_check(tmp_path: Path) -> None:
    done = run("verify", tmp_path, "--list", "us-eo-13971", *AS_OF)
    assert (done.code, "nothing-to-check" in done.err) == (1, True)


def test_folders_that_hold_themselves_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "good.mobileconfig").write_bytes(GOOD)
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "twice.mobileconfig").symlink_to(tmp_path / "a" / "good.mobileconfig")
    (tmp_path / "broken.json").symlink_to(tmp_path / "nowhere")
    policies = read_policies([tmp_path, tmp_path / "a" / "good.mobileconfig"])
    assert [document.name for document in policies.documents] == [str(tmp_path / "a" / "good.mobileconfig")]
    assert [finding.id for finding in policies.findings] == ["folder-loop", "file-unreadable"]
    assert policies.named == {str(tmp_path / "a" / "good.mobileconfig")}
    [sources] = policies.sources.values()
    assert sources == (str(tmp_path), str(tmp_path / "a" / "good.mobileconfig"))


def test_a_folder_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[[Path], object] = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return real(path)

    (tmp_path / "shut").mkdir()
    monkeypatch.setattr(os, "scandir", scandir)
    [finding] = read_policies([tmp_path]).findings
    assert (finding.id, str(finding.origin)) == ("file-unreadable", str(tmp_path / "shut"))


def test_what_cannot_be_asked_for_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd").write_bytes(GOOD)

    def is_dir(self: Path) -> bool:
        raise OSError(5, f"Input/output error on {self}")

    monkeypatch.setattr(Path, "is_dir", is_dir)
    assert [document.kind for document in read_policies([tmp_path / "odd"]).documents] == ["apple-profile"]


def test_what_is_broken_inside_a_file_stops_only_who_named_it(tmp_path: Path) -> None:
    value = {
        "@odata.type": "#microsoft.graph.iosCustomConfiguration",
        "payloadFileName": "x",
        "payload": "!not base64!",
    }
    (tmp_path / "outer.json").write_text(json.dumps(value), encoding="utf-8")
    (tmp_path / "good.mobileconfig").write_bytes(GOOD)
    assert [f.severity for f in read_policies([tmp_path / "outer.json"]).findings] == ["error"]
    assert [f.severity for f in read_policies([tmp_path]).findings] == ["warning"]
