"""The bounds that are stated hold: elements of signed files, numbers and merges of YAML, one identifier without end."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING

import pytest
from attacks_kit import GOOD, Attacks, faults, timed
from cli_kit import AS_OF
from signing_kit import line, signed

from mdm_policy import signing
from mdm_policy.documents.signed import behind, elements_in
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.kinds import open_document, read
from mdm_policy.sources.files import read_policies
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 20.0
_OID = bytes.fromhex("06092a864886f70d010702")
_DATA = bytes.fromhex("06092a864886f70d010701")


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    width = (size.bit_length() + 7) // 8
    return bytes((tag, 0x80 | width)) + size.to_bytes(width, "big") + content


def _cms(certificates: bytes = b"", infos: bytes = b"", digests: bytes = b"", content: bytes = b"x") -> bytes:
    held = _der(0x30, _DATA + _der(0xA0, _der(0x04, content)))
    body = b"\x02\x01\x01" + _der(0x31, digests) + held + _der(0xA0, certificates) + _der(0x31, infos)
    return _der(0x30, _OID + _der(0xA0, _der(0x30, body)))


_PIECES = {
    "nulls": b"\x05\x00",
    "empty sequences": b"\x30\x00",
    "empty sets": b"\x31\x00",
    "empty strings": b"\x04\x00",
    "nested sequences": b"\x30\x04\x30\x02\x30\x00",
    "integers": b"\x02\x01\x00",
    "indefinite sequences": b"\x30\x80\x00\x00",
}
_PLACES = ("certificates", "infos", "digests")


def test_elements_are_counted_before_the_library_sees_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asn1crypto.cms.ContentInfo.load", lambda *_: pytest.fail("the library saw the file"))
    outcomes = []
    for name, piece in _PIECES.items():
        for place in _PLACES:
            data = _cms(**{place: piece * 400_000}, content=GOOD)
            path = tmp_path / f"{place} {name}.mobileconfig"
            path.write_bytes(data)
            found = signing.examine(data)
            done, late = timed(_SECONDS, "verify", path, "--list", "us-eo-13971", *AS_OF)
            told = "" if "elements" in found.fault or "damaged" in found.fault else f"it is called valid: {found.fault}"
            outcomes.append((f"{name}, {place}", late or faults(done) or told))
    Attacks("signed files of too many elements, verify").tell(outcomes)
    assert elements_in(_cms(), 100) == 12
    assert elements_in(b"\x30\x05", 10) == -1


def test_a_second_signer_and_bytes_behind_are_told() -> None:
    original = signed(line("p-256", 2))
    place = Origin("a")
    plain = signing.examine(original)
    assert plain.valid
    assert (plain.others, plain.trailing) == ((), 0)
    more = signing.examine(original + b"<plist/>")
    assert (more.valid, more.trailing, behind(original + b"x")) == (True, 8, 1)
    said = {finding.id for finding in signing.on_signature(more, "2026-11-24", place)}
    assert "signature-trailing-bytes" in said
    twice = signing.examine(_signed_twice(original))
    assert twice.valid, twice.fault
    assert len(twice.others) == 1
    assert "signature-second" in {finding.id for finding in signing.on_signature(twice, "2026-11-24", place)}


def _signed_twice(data: bytes) -> bytes:
    """Put the one signature of a file in twice; nothing in it says which of them counts."""
    from asn1crypto import cms  # noqa: PLC0415 - needs the extra

    info = cms.ContentInfo.load(data)
    infos = info["content"]["signer_infos"]
    whole = infos[0].dump()
    made = cms.SignerInfos.load(_der(0x31, whole + whole))
    info["content"]["signer_infos"] = made
    changed: bytes = info.dump(force=True)
    return changed


_YAML = (
    *(
        "a: 1:30",
        "a: 1:30:30.5",
        "a: -1:30",
        "a: 1_0:3_0",
        f"a: 1{':59' * 300_000}",
        f"a: 1{':0' * 600_000}.5",
        "a: 190:20:30",
    ),
    *(
        "<<: {a: b}",
        "a: {<<: {b: c}}",
        "a: [{<<: [{b: c}]}]",
        "a: &x {b: c}\nd: {<<: *x}",
        "a: &x [*x]",
        "<<: 1",
        "? <<\n: a",
    ),
    *(
        "a: !!python/object/apply:os.system [x]",
        "a: !!set {b}",
        "a: !!binary AA==",
        "a: !x y",
        "%YAML 1.1\n---\na: 1",
        "a: 1\n---\nb: 2",
    ),
    *(
        f"a: 0x{'f' * 500_000}",
        f"a: {'9' * 500_000}",
        f"a: 0b{'1' * 500_000}",
        f"a: 0{'7' * 500_000}",
        f"{'[' * 2000}",
        f"a: 1{'_' * 500_000}",
    ),
)


def test_yaml_of_others_is_read_in_bounds(tmp_path: Path) -> None:
    outcomes = []
    old = tmp_path / "old.yaml"
    old.write_text("a: 1\n", encoding="utf-8")
    for place, text in enumerate(_YAML):
        path = tmp_path / f"{place}.yaml"
        path.write_text(f"{text}\n", encoding="utf-8")
        for arguments in (("verify", path, "--list", "us-eo-13971"), ("diff", old, path)):
            done, late = timed(_SECONDS, *arguments, *AS_OF)
            outcomes.append((text[:40], late or faults(done)))
    Attacks("YAML of others, verify and diff").tell(outcomes)


def test_a_manifest_of_a_target_is_read_in_bounds(tmp_path: Path) -> None:
    outcomes = []
    for place, text in enumerate(_YAML):
        folder = tmp_path / str(place)
        folder.mkdir()
        (folder / "target.yaml").write_text(f"target: a-b\n{text}\n", encoding="utf-8")
        try:
            discover(folder)
            bad = "it was taken"
        except PolicyError:
            bad = ""
        outcomes.append((text[:40], bad))
    Attacks("YAML of a target's manifest").tell(outcomes)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("12:30", "12:30", id="a time"),
        pytest.param("1:30.5", "1:30.5", id="a fraction"),
        pytest.param("1_000", 1000, id="underscores"),
        pytest.param("0x1F", 31, id="hexadecimal"),
        pytest.param("2026-11-28", "2026-11-28", id="a date"),
    ],
)
def test_what_a_word_means(text: str, value: object, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"a: {text}\n", encoding="utf-8")
    [document] = read_policies([tmp_path / "a.yaml"]).documents
    assert document.value == {"a": value}


def test_one_identifier_without_end_is_judged_in_time(tmp_path: Path) -> None:
    """The largest file read holds one identifier 340,000 times; each class judges it once, not each time."""
    content = {
        "PayloadType": "com.apple.applicationaccess",
        "PayloadIdentifier": "x.y",
        "PayloadUUID": "1",
        "PayloadVersion": 1,
    }
    value = {"PayloadType": "Configuration", "PayloadIdentifier": "x", "PayloadUUID": "0", "PayloadVersion": 1}
    many = {**value, "PayloadContent": [{**content, "blockedAppBundleIDs": ["com.tencent.xin"] * 340_000}]}
    path = tmp_path / "p.mobileconfig"
    path.write_bytes(plistlib.dumps(many, fmt=plistlib.FMT_BINARY))
    assert len(read(open_document("p", path.read_bytes())).effects) == 340_000
    for arguments in (("verify", path, "--list", "us-eo-13971"), ("diff", path, path)):
        done, late = timed(_SECONDS, *arguments, *AS_OF)
        assert (late, faults(done)) == ("", "")
