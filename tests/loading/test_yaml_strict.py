"""What YAML lets pass in silence is refused, with its place."""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mdm_policy
from mdm_policy.loading import MAX_BYTES, Source, load_ban_list, load_deployment, report, text
from mdm_policy.loading.reader import MAX_NODES, top_level_keys

if TYPE_CHECKING:
    from mdm_policy.errors import Finding

HEAD = "ban_list: a\nauthority: {citation: X}\n"


def findings(data: str | bytes, max_bytes: int = MAX_BYTES) -> list[Finding]:
    source = Source("x.yaml", data if isinstance(data, bytes) else data.encode())
    loaded = load_ban_list(source, max_bytes=max_bytes)
    assert (loaded.value is None) == any(one.severity == "error" for one in loaded.findings)
    return list(loaded.findings)


def places(data: str | bytes) -> list[str]:
    return [f"{one.origin} {one.id}" for one in findings(data)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(HEAD + "bans:\n- app: &x qq\n", ["x.yaml:4:8 yaml-anchor"], id="anchor on a scalar"),
        pytest.param(HEAD + "bans: &x\n- app: qq\n", ["x.yaml:3:7 yaml-anchor"], id="anchor on a list"),
        pytest.param(
            HEAD + "bans:\n- app: &x qq\n- app: *x\n",
            ["x.yaml:4:8 yaml-anchor", "x.yaml:5:8 yaml-alias"],
            id="alias",
        ),
        pytest.param(HEAD + "bans:\n- {app: qq, *y : b}\n", ["x.yaml:4:13 yaml-alias"], id="alias as a key"),
        pytest.param(HEAD + "bans:\n- app: !!str qq\n", ["x.yaml:4:8 yaml-tag"], id="tag"),
        pytest.param(HEAD + "bans: !!seq\n- app: qq\n", ["x.yaml:3:7 yaml-tag"], id="tag on a list"),
        pytest.param(
            HEAD + "bans:\n- app: ! qq\n",
            ["x.yaml:4:8 yaml-tag"],
            id="the tag without a name",
        ),
        pytest.param(
            HEAD + "bans:\n- app: !<tag:yaml.org,2002:python/object/apply:os.system> id\n",
            ["x.yaml:4:8 yaml-tag"],
            id="tag that runs code elsewhere",
        ),
        pytest.param(HEAD + "bans:\n- {app: qq, <<: {note: x}}\n", ["x.yaml:4:13 yaml-merge-key"], id="merge key"),
        pytest.param(HEAD + "bans:\n- {app: qq, ? [a] : b}\n", ["x.yaml:4:15 yaml-complex-key"], id="list as a key"),
        pytest.param(HEAD + "bans: [{app: qq}]\n---\nb: c\n", ["x.yaml:4:1 yaml-documents"], id="second document"),
        pytest.param("%YAML 1.1\n---\n" + HEAD + "bans: [{app: qq}]\n", ["x.yaml:1:1 yaml-directive"], id="directive"),
        pytest.param(
            "%TAG ! tag:a,1:\n---\n" + HEAD + "bans: [{app: qq}]\n", ["x.yaml:1:1 yaml-directive"], id="tag directive"
        ),
        pytest.param(HEAD + "bans:\n\t- app: qq\n", ["x.yaml:4:1 yaml-tab"], id="tab before an entry"),
        pytest.param(HEAD + "bans:\n- app: qq\n \tnote: x\n", ["x.yaml:5:2 yaml-tab"], id="tab after a space"),
        pytest.param(
            HEAD + "bans:\n- app: qq\n  note: |\n    a\n\tb\n", ["x.yaml:7:1 yaml-tab"], id="tab in a block text"
        ),
        pytest.param(HEAD + "bans: [{app: qq}\n", ["x.yaml:4:1 yaml-syntax"], id="open bracket"),
        pytest.param(HEAD + "bans:\n- app: 'qq\n", ["x.yaml:5:1 yaml-syntax"], id="open quote"),
        pytest.param(HEAD + "  bans: []\n", ["x.yaml:3:3 yaml-syntax"], id="indented too far"),
        pytest.param(HEAD + 'bans: [{app: "\\q"}]\n', ["x.yaml:3:15 yaml-syntax"], id="unknown escape"),
        pytest.param(HEAD + "bans: " + "[" * 40, ["x.yaml:3:38 yaml-too-deep"], id="too deep"),
        pytest.param("", ["x.yaml:1:1 empty-file"], id="empty"),
        pytest.param("\ufeff\n# nothing\n", ["x.yaml:1:1 empty-file"], id="comments only"),
        pytest.param("---\n...\n", ["x.yaml:1:1 empty-file"], id="empty document"),
        pytest.param("- a\n", ["x.yaml:1:1 wrong-type"], id="a list"),
        pytest.param("word\n", ["x.yaml:1:1 wrong-type"], id="a word"),
        pytest.param(b"\xff\xfeb\0", ["x.yaml:1:1 not-utf-8"], id="UTF-16, little end first"),
        pytest.param(b"\xfe\xff\0b", ["x.yaml:1:1 not-utf-8"], id="UTF-16, big end first"),
        pytest.param(b"note: a\nban_list: caf\xe9\n", ["x.yaml:2:14 not-utf-8"], id="Latin-1"),
        pytest.param(
            b"a: \xed\xa0\x80", ["x.yaml:1:4 not-utf-8"] + [f"x.yaml:1:{c} not-utf-8" for c in (5, 6)], id="surrogate"
        ),
        pytest.param("a: b\nc: \0\n", ["x.yaml:2:4 unwanted-character"], id="NUL"),
        pytest.param("a: \u00e9\rc: \x1b[2J\n", ["x.yaml:2:4 unwanted-character"], id="terminal escape"),
        pytest.param("# \u202egnp.exe\n", ["x.yaml:1:3 unwanted-character"], id="bidi steering in a comment"),
        pytest.param("a: b\u2028c\n", ["x.yaml:1:5 unwanted-character"], id="line separator"),
        pytest.param("a: b\u0085c\n", ["x.yaml:1:5 unwanted-character"], id="next line"),
        pytest.param("a: \ufeffb\n", ["x.yaml:1:4 unwanted-character"], id="byte-order mark inside"),
    ],
)
def test_refuses(data: str | bytes, expected: list[str]) -> None:
    found = findings(data)
    assert [f"{one.origin} {one.id}" for one in found] == expected
    assert all(
        one.severity == "error" and one.hint and one.message[0] in "`abcdefghijklmnopqrstuvwxyz" for one in found
    )


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(HEAD + "bans: [{app: qq}]\n", id="LF"),
        pytest.param((HEAD + "bans: [{app: qq}]\n").replace("\n", "\r\n"), id="CR LF"),
        pytest.param((HEAD + "bans: [{app: qq}]\n").replace("\n", "\r"), id="CR"),
        pytest.param("\ufeff" + HEAD + "bans: [{app: qq}]\n", id="byte-order mark"),
        pytest.param("---\n" + HEAD + "bans: [{app: qq}]\n...\n", id="document marks"),
        pytest.param(HEAD + "bans: [{app: qq}]\t# why\n", id="tab before a comment"),
        pytest.param(HEAD + "bans:\n- app:\tqq\n", id="tab after a colon"),
        pytest.param("# 禁止\n" + HEAD + "bans: [{app: qq, note: 'مرحبا 👩\u200d💻'}]\n", id="every script"),
    ],
)
def test_accepts(data: str) -> None:
    assert findings(data) == []


def test_the_line_after_carriage_returns_is_the_editors() -> None:
    crlf = (HEAD + "bans:\n- ap: qq\n").replace("\n", "\r\n")
    assert places(crlf) == ["x.yaml:4:3 missing-key", "x.yaml:4:3 unknown-key"]


def test_a_byte_order_mark_moves_no_column() -> None:
    assert places("\ufeffban_lst: a\n")[-1] == "x.yaml:1:1 unknown-key"


def test_columns_count_characters() -> None:
    assert places(HEAD + "bans: [{app: qq, note: 禁止, x: y}]\n") == ["x.yaml:3:28 unknown-key"]


def test_all_findings_come_at_once_also_before_a_syntax_error() -> None:
    data = HEAD + "bans:\n- {app: NO}\n- {ap: x, app: z}\n- {app: 'z\n"
    assert places(data) == ["x.yaml:4:9 unquoted-text", "x.yaml:5:4 unknown-key", "x.yaml:7:1 yaml-syntax"]


def test_many_unwanted_characters_are_cut_short() -> None:
    assert len(findings("\x01" * 1000)) == 20


def test_many_tabs_are_cut_short() -> None:
    assert len(findings("\t\n" * 100_000)) == 20


def test_a_syntax_error_beside_a_tab_is_still_told() -> None:
    assert places(HEAD + "note: [\n\tx]\nbans: [\n") == ["x.yaml:4:1 yaml-tab", "x.yaml:6:1 yaml-syntax"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("os: >=17", "quotes", id="a comparison"),
        pytest.param("{name: a, os: >=17}", "quotes", id="a comparison in braces"),
        pytest.param("groups: [*]", "quotes", id="a star"),
        pytest.param("name: @a", "quotes", id="an at sign"),
        pytest.param("name: 'a", "indentation", id="an open quote"),
    ],
)
def test_a_syntax_error_hints_at_its_usual_cause(line: str, expected: str) -> None:
    (found,) = load_deployment(Source("x.yaml", f"devices:\n- {line}\n".encode())).findings
    assert found.id == "yaml-syntax"
    assert expected in found.hint


def test_a_duplicate_key_names_both_places() -> None:
    (found,) = findings(HEAD + "bans:\n- name: A\n  ios: {bundle_id: a.b}\n  ios: {bundle_id: c.d}\n")
    assert (found.id, str(found.origin)) == ("duplicate-key", "x.yaml:6:3")
    assert "line 5, column 3" in found.message


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("ban_list: b\n" + HEAD + "bans: [{app: qq}]\n", id="at the top"),
        pytest.param(HEAD + "bans: [{app: a}]\nbans: [{app: b}]\n", id="the bans"),
        pytest.param(HEAD + "bans: [{name: a, ios: {bundle_id: a.b, bundle_id: c.d}}]\n", id="a kind"),
    ],
)
def test_duplicate_keys_are_errors_everywhere(data: str) -> None:
    assert [one.id for one in findings(data)] == ["duplicate-key"]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        pytest.param("bundleId", "bundle_id", id="camel case"),
        pytest.param("Bundle-ID", "bundle_id", id="hyphen"),
        pytest.param("bundel_id", "bundle_id", id="letters swapped"),
        pytest.param("appstoreid", "app_store_id", id="run together"),
    ],
)
def test_a_misspelt_key_is_answered_with_the_right_one(key: str, meant: str) -> None:
    (found,) = findings(HEAD + f"bans: [{{name: a, ios: {{{key}: x, bundle_id: a.b}}}}]\n")
    assert (found.id, found.hint) == ("unknown-key", f"did you mean `{meant}`?")


def test_a_key_that_resembles_none_is_answered_with_all() -> None:
    (found,) = findings(HEAD + "bans: [{app: a}]\nzzzzzzz: 1\n")
    assert found.hint.startswith("write one of `ban_list`, ")


def test_guesses_run_out_before_time_does() -> None:
    found = findings(HEAD + "bans: [{app: a}]\n" + "".join(f"titel{n}: x\n" for n in range(300)))
    assert sum(one.hint == "did you mean `title`?" for one in found) == 200


def test_a_key_given_many_times_takes_no_more_time_than_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_FINDINGS", 100_000)
    data = HEAD + "bans: [{app: a}]\n" + "[x]: y\n" + "note: a\n" * 50_000
    assert len(findings(data)) == 50_000


def test_size_is_limited() -> None:
    data = (HEAD + "bans: [{app: qq}]\n").encode()
    assert findings(data, max_bytes=len(data)) == []
    (found,) = findings(data, max_bytes=len(data) - 1)
    assert (found.id, str(found.origin)) == ("file-too-large", "x.yaml")
    assert MAX_BYTES == 5_000_000


def test_values_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_NODES == 1_000_000
    monkeypatch.setattr("mdm_policy.loading.reader.MAX_NODES", 6)
    assert places("[a, a, a, a, a]") == ["x.yaml:1:14 yaml-too-many-nodes"]
    assert places("[a, a, a, a]") == ["x.yaml:1:1 wrong-type"]


def test_findings_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_FINDINGS", 3)
    assert sorted(one.id for one in findings("a: 1\nb: 1\nc: 1\nd: 1\n")) == ["too-many-findings"] + ["unknown-key"] * 3


def test_a_file_has_as_many_findings_as_a_person_may_work_through() -> None:
    assert len(findings("".join(f"k{number}: 1\n" for number in range(12_000)))) == 10_001


def test_depth_32_is_allowed_and_33_is_not() -> None:
    assert [one.id for one in findings("a: " + "[" * 31 + "]" * 31)][-1] != "yaml-too-deep"
    assert [one.id for one in findings("a: " + "[" * 32 + "]" * 32)] == ["yaml-too-deep"]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        findings("x: [")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        pytest.param(
            "a: {x: y}\n? [q]\n: r\nb: [c: d]\n*e : f\ng: *h\ni: j\n", ["a", "b", "g", "i"], id="only the outermost"
        ),
        pytest.param("a: b\n[", ["a"], id="up to the break"),
        pytest.param("- a: b\n", [], id="a list"),
        pytest.param("a", [], id="a word"),
        pytest.param("a: " + "[" * 50, ["a"], id="up to the depth allowed"),
    ],
)
def test_top_level_keys(data: str, keys: list[str]) -> None:
    assert list(top_level_keys(data)) == keys


def test_places_count_every_kind_of_line_end() -> None:
    assert [text.place("a\r\nb\rc\nd", index) for index in (0, 3, 5, 7)] == [(1, 1), (2, 1), (3, 1), (4, 1)]


_READERS = {
    "loading/reader.py": "every YAML of ours",
    "documents/yamls.py": "backups and repositories that other programs write",
}
"""The modules that parse YAML, and whose."""


def test_every_yaml_of_ours_has_one_reader() -> None:
    package = Path(mdm_policy.__file__).parent
    parsing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"^\s*import yaml\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert parsing == set(_READERS)
