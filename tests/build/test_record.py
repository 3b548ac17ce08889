"""One model of manifest.json: what is encoded is decoded the same, and what is not a manifest is refused in words."""

from __future__ import annotations

import json
import re
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from build_kit import ALL_OPTIONS, DAY, TARGETS, built, judged, one_of_each, resolved, waiver
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm_policy.build.manifest import record_of
from mdm_policy.build.record import (
    FORMAT,
    VERSION,
    BuildCommand,
    BuildRecord,
    DocumentRecord,
    Input,
    SignerRecord,
    claims_format,
    decode,
    encode,
    unknown_keys,
)
from mdm_policy.errors import PolicyError
from mdm_policy.sources.builds import read_build

ROOT = Path(__file__).resolve().parent.parent.parent
GOLDEN = (ROOT / "tests" / "golden" / "federal" / "manifest.json").read_bytes()


def strategy(kind: Any) -> st.SearchStrategy[Any]:
    """Draw values of a field's type, whatever the model comes to hold."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, types.UnionType):
        return st.one_of(*map(strategy, args))
    if origin is tuple:
        return st.lists(strategy(args[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(strategy(args[0]), strategy(args[1]), max_size=2)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = {name: strategy(of) for name, of in get_type_hints(kind).items()}
        if kind is BuildRecord:
            fields |= {"format": st.just(FORMAT), "version": st.just(VERSION)}
        return st.builds(kind, **fields)
    return {
        str: st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
        int: st.integers(-(2**53), 2**53),
        bool: st.booleans(),
        type(None): st.none(),
    }[kind]


@given(strategy(BuildRecord))
@settings(max_examples=60)
def test_what_is_encoded_is_decoded_the_same(record: BuildRecord) -> None:
    data = encode(record)
    assert decode("m", data) == record
    assert encode(decode("m", data)) == data
    assert unknown_keys(record, data) == ()


def test_the_golden_manifest_is_what_its_record_encodes() -> None:
    assert encode(decode("m", GOLDEN)) == GOLDEN


@pytest.mark.parametrize("name", TARGETS)
def test_a_build_of_each_target_is_recorded_whole(name: str) -> None:
    bans = one_of_each()
    resolution = resolved(*bans, exceptions=[waiver(f"inline:{bans[0].name}".lower(), "lab")])
    made, _ = built(resolution, [name], TARGETS, ALL_OPTIONS)
    command = BuildCommand(("ours.yaml",), ("ours",), (name,))
    signer = SignerRecord("CN=a", "CN=b", "0" * 64, DAY)
    record = record_of(
        resolution, made, judged(resolution, made), [Input("list", "ours.yaml", "1" * 64)], {}, "p 1", command, signer
    )
    assert decode("m", encode(record)) == record
    assert {one.path for one in record.documents} == {one.path for one in made.documents}


def _edited(**changes: Any) -> bytes:
    return json.dumps(json.loads(GOLDEN) | changes).encode()


_REFUSED = {
    "no JSON": (b"{", "truncated", "name the folder"),
    "no object": (b"[]", "Expected `object`", "name the folder"),
    "no UTF-8": (b'{"format": "mdm-policy-build", "program": "\xff"}', "", "name the folder"),
    "another format": (_edited(format="npm"), "it is 'npm' of version 1", "name the folder"),
    "no format": (b'{"version": 1}', "missing required field `format`", "name the folder"),
    "a later version": (_edited(version=2), "version 2, not 'mdm-policy-build' of version 1", "that built it"),
    "a version of no sense": (_edited(version=0), "of version 0", "name the folder"),
    "a version in words": (_edited(version="1"), "$.version", "name the folder"),
    "a wrong type": (_edited(files="all"), "$.files", "name the folder"),
    "a file without a path": (_edited(files=[{}]), "$.files[0]", "name the folder"),
    "a null": (_edited(command=None), "$.command", "name the folder"),
    "too deep": (b'{"format": "mdm-policy-build", "x": ' + b"[" * 100_000, "", "name the folder"),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_what_is_no_manifest_is_refused(name: str) -> None:
    data, said, hint = _REFUSED[name]
    with pytest.raises(PolicyError) as failed:
        decode("out/manifest.json", data)
    (finding,) = failed.value.findings
    assert (finding.id, finding.severity, str(finding.origin)) == ("build-manifest", "error", "out/manifest.json")
    assert finding.message.startswith("it is not the manifest of a build: ")
    assert said in finding.message
    assert hint in finding.hint


_VERDICTS: dict[str, dict[str, object]] = {
    "an unknown kind": {"kind": "sigil"},
    "an unknown family": {"family": "amiga"},
    "an unknown verdict": {"verdict": "frowned-on"},
    "an unknown strength": {"strength": "mighty"},
    "a version that is a number": {"platforms": {"ios": 15}},
}


@pytest.mark.parametrize("name", _VERDICTS)
def test_a_block_in_words_that_are_not_known_is_refused(name: str) -> None:
    known = {"family": "ios", "kind": "bundle_id", "verdict": "hidden", "strength": "strong"}
    block = {**known, **_VERDICTS[name]}
    document = {"path": "a", "target": "t", "document": "d", "blocks": [block]}
    with pytest.raises(PolicyError, match=r"\$\.documents\[0\]\.blocks\[0\]\."):
        decode("m", _edited(documents=[document]))


def test_what_an_older_program_did_not_write_has_its_default() -> None:
    record = decode(
        "m", b'{"format": "mdm-policy-build", "documents": [{"path": "a", "target": "t", "document": "d"}]}'
    )
    assert record == BuildRecord(documents=(DocumentRecord("a", "t", "d"),))


def test_a_key_of_a_newer_program_is_passed_over_and_named() -> None:
    value = json.loads(GOLDEN)
    value["colour"] = "red"
    for one in value["documents"]:
        one["mood"] = {"now": 1}
    value["documents"][0]["blocks"][0]["tone"] = 1
    data = json.dumps(value).encode()
    record = decode("m", data)
    assert record == decode("m", GOLDEN)
    assert sorted(unknown_keys(record, data)) == ["colour", "documents/blocks/tone", "documents/mood"]


_CLAIMS = [(GOLDEN, True), (_edited(version="x"), True), (_edited(format="npm"), False), (b"{", False), (b"1", False)]


@pytest.mark.parametrize(("data", "claims"), _CLAIMS)
def test_a_file_says_itself_whether_it_is_a_builds(data: bytes, claims: bool) -> None:
    assert claims_format(data) is claims


def test_a_folder_with_a_damaged_manifest_is_no_folder_without_one(tmp_path: Path) -> None:
    assert read_build(tmp_path) is None
    (tmp_path / "manifest.json").write_bytes(b'{"format": "npm"}')
    assert read_build(tmp_path) is None
    (tmp_path / "manifest.json").write_bytes(_edited(files="all"))
    with pytest.raises(PolicyError, match="not the manifest of a build"):
        read_build(tmp_path)


def _keys(kind: Any) -> set[str]:
    """Return the names of all fields of a type, and of all types in it."""
    found: set[str] = set()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for name, of in get_type_hints(kind).items():
            found |= {name} | _keys(of)
    for one in get_args(kind):
        found |= _keys(one)
    return found


def test_the_page_on_formats_has_every_field_of_the_model() -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    section = page.partition("## `manifest.json`\n")[2].partition("\n## ")[0]
    assert sorted(name for name in _keys(BuildRecord) if f"`{name}`" not in section) == []
    rows = re.findall(r"^\| (`[a-z_`, ]+) \|", section, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert told == set(BuildRecord.__struct_fields__)
