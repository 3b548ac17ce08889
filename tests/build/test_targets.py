"""Read manifests: packaged and a user's by the same code, every mistake told at its place, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from build_kit import EVERY_TARGET, TARGETS, copy_target, ids_of

from mdm_policy import resources
from mdm_policy.errors import PolicyError
from mdm_policy.targets import Target, discover

if TYPE_CHECKING:
    from pathlib import Path

_CLAIM = {
    "family": "android",
    "kind": "package_name",
    "verdict": "removed",
    "strength": "strong",
    "platforms": {"android": "0"},
    "source": "Acme 1",
}
_DOCUMENT = {
    "name": "change",
    "format": "json",
    "template": "change.json.j2",
    "output": "{slug}.json",
    "schema": "amapi-modify-applications",
    "carries": ["ban"],
}


class _Plain(yaml.SafeDumper):
    """Write values out each time, without anchors, which the reader refuses."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value where it stands."""
        del data
        return True


def _manifest(**changes: Any) -> dict[str, Any]:
    made = {
        "target": "acme-kiosk",
        "title": "Acme",
        "vendor": "acme",
        "source": "Acme 1",
        "summary": "What Acme takes.",
        "blocks": [_CLAIM],
        "documents": [_DOCUMENT],
    }
    return {key: value for key, value in (made | changes).items() if value is not None}


def _claim(**changes: Any) -> list[dict[str, Any]]:
    return [_CLAIM | changes]


def _document(**changes: Any) -> list[dict[str, Any]]:
    return [{key: value for key, value in (_DOCUMENT | changes).items() if value is not None}]


def _write(folder: Path, manifest: dict[str, Any] | str) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    text = manifest if isinstance(manifest, str) else yaml.dump(manifest, Dumper=_Plain, allow_unicode=True)
    (folder / "target.yaml").write_text(text, encoding="utf-8")
    (folder / "change.json.j2").write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture
def user(tmp_path: Path) -> Path:
    (tmp_path / "user").mkdir()
    (tmp_path / "packaged").mkdir()
    return tmp_path / "user"


def _discover(user: Path) -> dict[str, Target]:
    return discover(user.parent / "packaged", [user])


def test_a_users_target_stands_beside_the_packaged_ones(user: Path) -> None:
    folder = _write(user / "deep" / "down", _manifest())
    made = discover(resources.templates(), [user])
    assert list(made) == sorted([*EVERY_TARGET, "acme-kiosk"])
    mine = made["acme-kiosk"]
    assert (mine.folder, mine.root, mine.packaged) == (folder, user, False)
    assert all(target.packaged for name, target in made.items() if name != "acme-kiosk")


def test_a_target_may_replace_a_packaged_one_on_purpose(user: Path) -> None:
    folder = copy_target("macos-santa", user)
    assert discover(resources.templates(), [user])["macos-santa"].folder == folder


_T, _W = "target-manifest", "unknown-word"
_WRONG: list[Any] = [
    pytest.param(_manifest(target="Acme"), "target-name", "`Acme` is not a valid value of `target`", id="an upper-case name"),
    pytest.param(_manifest(target="-acme"), "target-name", "`-acme` is not", id="a name with a loose hyphen"),
    pytest.param(_manifest(target="../acme"), "target-name", "`../acme` is not", id="a name that is a path"),
    pytest.param(_manifest(target="äcme"), "target-name", "`äcme` is not", id="a name outside ASCII"),
    pytest.param(_manifest(target="aux"), "target-name", "`aux` is not", id="a name that is a device"),
    pytest.param(_manifest(title=None), "missing-key", "a target lacks `title`", id="a missing key"),
    pytest.param(_manifest(colour="red"), "unknown-key", "`colour` is not a key of a target", id="an unknown key"),
    pytest.param(_manifest(title=7), "unquoted-text", "take `7` for a number", id="a wrong type"),
    pytest.param(_manifest(blocks=_claim(kind="name")), _W, "`name` is not a valid value of `kind`", id="an unknown kind"),
    pytest.param(_manifest(blocks=_claim(kind="bundle_id")), _W, "`bundle_id` is not a kind of identifier of `android`", id="a kind of another family"),
    pytest.param(_manifest(blocks=_claim(platforms={"andriod": "0"})), _W, "`andriod` is not a valid value of `platforms`", id="an unknown platform"),
    pytest.param(_manifest(blocks=_claim(platforms={"ios": "0"})), _W, "`ios` takes no identifiers of the family `android`", id="a platform of another family"),
    pytest.param(_manifest(blocks=_claim(platforms={})), "empty-value", "`platforms` has no value", id="no platform"),
    pytest.param(_manifest(blocks=_claim(supervised=True)), "device-key-foreign", "`supervised` says nothing about android", id="a supervised Android device"),
    pytest.param(_manifest(blocks=_claim(enrollments=["user"])), "device-key-foreign", "`enrollments` says nothing about android", id="an Apple enrollment on Android"),
    pytest.param(
        _manifest(blocks=_claim(family="ios", kind="bundle_id", platforms={"ios": "0"}, modes=["byod"])),
        "device-key-foreign",
        "`modes` says nothing about ios",
        id="an Android mode on iOS",
    ),
    pytest.param(
        _manifest(collateral=[{"effect": "opens", "what": "packaged-apps"}]),
        _W,
        "`packaged-apps` is nothing that a document opens",
        id="a thing that the effect cannot hit",
    ),
    pytest.param(
        _manifest(collateral=[{"effect": "removes", "what": "apps", "documents": ["chang"]}]),
        "target-manifest",
        "the collateral is of the document `chang`, which `documents` does not define",
        id="collateral of a document that is none",
    ),
    pytest.param(
        _manifest(collateral=[{"effect": "removes", "what": "apps", "option": "loud"}]),
        "target-manifest",
        "the collateral depends on the option `loud`, which `options` does not define",
        id="collateral with an unknown option",
    ),
    pytest.param(_manifest(modes=["byob"]), _W, "`byob` is not a valid value", id="an unknown mode"),
    pytest.param(_manifest(modes=["byod", "byod"]), "duplicate-entry", "`byod` is given already in `modes`", id="a mode twice"),
    pytest.param(_manifest(managed_by="Intune"), "mdm-near-miss", "`Intune` is not an MDM whose documents this program knows", id="almost an MDM"),
    pytest.param(_manifest(blocks=_claim(verdict="reported-only")), _W, "`reported-only` is not a valid value of `verdict`", id="a verdict that is not a block"),
    pytest.param(_manifest(blocks=_claim(sides=["left"])), _W, "`left` is not a valid value", id="an unknown side"),
    pytest.param(_manifest(blocks=_claim(name="other")), _T, "carries the claim `ban`, which `blocks` does not define", id="an undefined claim"),
    pytest.param(_manifest(blocks=_claim(name="other")), _T, "no document carries the claim `other`", id="a claim nobody carries"),
    pytest.param(_manifest(blocks=_claim(option="web")), _T, "depends on the option `web`, which `options` does not define", id="an undefined option"),
    pytest.param(_manifest(blocks=_claim(unless="web")), _T, "depends on the option `web`, which `options` does not define", id="an undefined opposite option"),
    pytest.param(_manifest(options={"x": {"help": "X.", "default": "c", "choices": ["a", "b"]}}), _T, "the default of the option `x` is not one of its `choices`", id="a default that is not a choice"),
    pytest.param(_manifest(options={"x": {"help": "X.", "default": [1]}}), "wrong-type", "`default` must be", id="a list for a default"),
    pytest.param(_manifest(blocks=_claim(capacity=0, capacity_source="A")), "wrong-type", "`capacity` must be a whole number of 1 or more", id="a capacity of nothing"),
    pytest.param(_manifest(blocks=_claim(capacity="350", capacity_source="A")), "wrong-type", "`capacity` must be a whole number of 1 or more", id="a capacity in quotes"),
    pytest.param(_manifest(blocks=_claim(capacity=350)), "key-needs-key", "`capacity` needs `capacity_source` beside it", id="a capacity nobody states"),
    pytest.param(_manifest(blocks=_claim(platforms={"android": "11+"})), "os-version", "`11+` is not a valid value of `android`", id="a version that is none"),
    pytest.param(_manifest(blocks=_claim(platforms={"android": "11²"})), "os-version", "`11²` is not", id="a version with a footnote"),
    pytest.param(_manifest(blocks=_claim(platforms={"android": ""})), "empty-value", "`android` has no value", id="an empty version"),
    pytest.param(_manifest(blocks=_claim(platforms={"android": 11})), "unquoted-text", "take `11` for a number", id="a version without quotes"),
    pytest.param(_manifest(documents=_document(output="../{slug}.json")), _T, "it leaves its folder", id="an output above the folder"),
    pytest.param(_manifest(documents=_document(output="/etc/{slug}")), _T, "it leaves its folder", id="an absolute output"),
    pytest.param(_manifest(documents=_document(output="\\{slug}")), _T, "some systems take in no name", id="an output from the drive's root"),
    pytest.param(_manifest(documents=_document(output="a/../../{slug}")), _T, "it leaves its folder", id="an output above the folder, within"),
    pytest.param(_manifest(documents=_document(output="C:{slug}")), _T, "some systems take in no name", id="an output on a drive"),
    pytest.param(_manifest(documents=_document(output="nul.{slug}")), _T, "is a device on Windows", id="an output that is a device"),
    pytest.param(_manifest(documents=_document(output="{slug}.")), _T, "which Windows drops", id="an output with a last dot"),
    pytest.param(_manifest(documents=_document(output="{slug:>9999999999}")), _T, "no other braces", id="an output with a width"),
    pytest.param(_manifest(documents=_document(output="{slug!r}")), _T, "no other braces", id="an output with a conversion"),
    pytest.param(_manifest(documents=_document(schema="../../secret.json")), _T, "does not stand beside the template", id="a schema above the folder"),
    pytest.param(_manifest(documents=_document(schema="/etc/secret.json")), _T, "does not stand beside the template", id="a schema from the root"),
    pytest.param(_manifest(documents=_document(schema="mine.json")), "schema-missing", "the schema `mine.json` is missing", id="a missing schema"),
    pytest.param(_manifest(documents=_document(schema="amapi-polcy")), "schema-missing", "there is no packaged schema `amapi-polcy`", id="an unknown schema"),
    pytest.param(_manifest(documents=_document(output="{name}.json")), _T, "may hold {slug} and no other braces", id="an output with an unknown field"),
    pytest.param(_manifest(documents=_document(output="{record}.json")), _T, "may hold {slug} and no other braces", id="an output with a record, and no records"),
    pytest.param(_manifest(documents=_document(output="{slug")), _T, "may hold {slug} and no other braces", id="an output with half a field"),
    pytest.param(_manifest(documents=_document(output="{0}")), _T, "may hold {slug} and no other braces", id="an output with a place"),
    pytest.param(_manifest(documents=_document(output="{slug.x}")), _T, "may hold {slug} and no other braces", id="an output with an attribute"),
    pytest.param(_manifest(documents=_document(output="Import.md")), _T, "two files would be written to `import.md`", id="an output over IMPORT.md"),
    pytest.param(
        _manifest(documents=[*_document(), *_document(name="again", output="{SLUG}.json".lower())]),
        _T,
        "two files would be written to `{slug}.json`",
        id="two documents in one place",
    ),
    pytest.param(
        _manifest(documents=[*_document(), *_document(output="{slug}.other.json")]),
        _T,
        "the document `change` is defined twice",
        id="two documents of one name",
    ),
    pytest.param(_manifest(documents=_document(instead_of="chnge")), _T, "`instead_of` names `chnge`, which is not another document", id="instead of nothing"),
    pytest.param(_manifest(documents=_document(instead_of="change")), _T, "`instead_of` names `change`, which is not another document", id="instead of itself"),
    pytest.param(_manifest(documents=_document(read_back={"bann": "/a/*"})), _T, "`read_back` says where `bann` stands, which the document does not carry", id="a place of no claim"),
    pytest.param(_manifest(documents=_document(sign=True)), _T, "cannot be signed: only Apple profiles are", id="signed JSON"),
    pytest.param(_manifest(documents=_document(for_each="android")), _W, "`android` is not a valid value of `for_each`", id="a family for records"),
    pytest.param(_manifest(documents=_document(for_each="macos.process_name")), _T, "`for_each` is `macos.process_name`, and the document carries android.package_name", id="records of another kind"),
    pytest.param(
        _manifest(
            blocks=[_CLAIM, {**_CLAIM, "name": "other", "family": "ios", "kind": "bundle_id", "platforms": {"ios": "0"}}],
            documents=_document(for_each="ios.bundle_id", carries=["ban", "other"]),
        ),
        _T,
        "carries android.package_name and ios.bundle_id",
        id="records of one kind of two",
    ),
    pytest.param(_manifest(documents=_document(template=None)), "missing-key", "a document lacks any of `template`, `copy_of`", id="neither template nor copy"),
    pytest.param(_manifest(documents=_document(copy_of={"target": "a", "document": "b"})), "exclusive-keys", "`template`, `copy_of` exclude each other", id="both template and copy"),
    pytest.param(_manifest(documents=_document(template="absent.j2")), _T, "the template `absent.j2` is missing", id="a missing template"),
    pytest.param(_manifest(documents=_document(template="a" * 300)), _T, "is missing", id="a template of an impossible name"),
    pytest.param(
        _manifest(documents=_document(embed=[{"name": "x", "target": "absent", "document": "rules"}])),
        _T,
        "uses document 'rules' of target 'absent', which does not exist",
        id="an unknown embedded target",
    ),
    pytest.param(
        _manifest(documents=_document(embed=[{"name": "x", "target": "acme-kiosk", "document": "absent"}])),
        _T,
        "uses document 'absent' of target 'acme-kiosk', which does not exist",
        id="an unknown embedded document",
    ),
    pytest.param(
        _manifest(documents=_document(embed=[{"name": "x", "target": "acme-kiosk", "document": "change"}])),
        _T,
        "which is itself made of others",
        id="a document embedded in itself",
    ),
    pytest.param(_manifest(documents=_document(template=None, copy_of={"target": "acme-kiosk", "document": "change"})), _T, "which is itself made of others", id="a copy of itself"),
    pytest.param("target: [unclosed", "yaml-syntax", "expected ',' or ']'", id="broken YAML"),
    pytest.param("a: b: c", "yaml-syntax", "mapping values are not allowed", id="YAML that is none"),
    pytest.param("title: \x01", "unwanted-character", "U+0001", id="a control character"),
    pytest.param("", "empty-file", "the file holds nothing", id="an empty file"),
    pytest.param("- a", "wrong-type", "must be a mapping: a target", id="a list"),
    pytest.param("!!python/object/apply:os.system [true]", "yaml-tag", "is a tag", id="a Python object"),
    pytest.param("target: a\ntarget: b\n", "duplicate-key", "`target` is given twice; first on line 1", id="a key twice"),
    pytest.param("ban_list: a\nbans: []\n", "file-kind", "is a ban list, not a target's manifest", id="a ban list"),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "finding", "message"), _WRONG)
def test_a_wrong_manifest_is_told_at_its_place(
    manifest: dict[str, Any] | str, finding: str, message: str, user: Path
) -> None:
    folder = _write(user / "mine", manifest)
    with pytest.raises(PolicyError) as failed:
        _discover(user)
    told = [one for one in failed.value.findings if one.id == finding and message in one.message]
    assert len(told) == 1, failed.value.findings
    file = str(folder / "target.yaml")
    assert all(one.severity == "error" for one in failed.value.findings)
    assert all(one.origin and one.origin.file == file and one.origin.line > 0 for one in failed.value.findings)


_RIGHT = """\
target: acme-kiosk
title: Acme
vendor: acme
source: Acme 1
summary: What Acme takes.
options:
  web: {help: "Deny domains.", default: false}
blocks:
  - family: android
    kind: package_name
    verdict: removed
    strength: strong
    platforms: {android: "0"}
    source: Acme 1
documents:
  - name: change
    format: json
    template: change.json.j2
    output: "{slug}.json"
    schema: amapi-modify-applications
    carries: [ban]
"""
_PLACED: list[Any] = [
    pytest.param("kind: package_name", "kind: bundle_id", "10:11 unknown-word", "write one of `package_name`", id="a kind of another family"),
    pytest.param("kind: package_name", "kind: packagename", "10:11 unknown-word", "did you mean `package_name`?", id="a misspelt kind"),
    pytest.param("family: android", "family: andriod", "9:13 unknown-word", "did you mean `android`?", id="a misspelt family"),
    pytest.param("{android:", "{andriod:", "13:17 unknown-word", "did you mean `android`?", id="a misspelt platform"),
    pytest.param("verdict: removed", "verdict: remove", "11:14 unknown-word", "did you mean `removed`?", id="a misspelt verdict"),
    pytest.param("strength:", "strenght:", "12:5 unknown-key", "did you mean `strength`?", id="a misspelt key"),
    pytest.param("strength: strong", "modes: [byodd]", "12:13 unknown-word", "did you mean `byod`?", id="a misspelt mode"),
    pytest.param("source: Acme 1\ndoc", "option: wbe\n    source: Acme 1\ndoc", "14:13 target-manifest", "did you mean `web`?", id="a misspelt option"),
    pytest.param("[ban]", "[bna]", "21:15 target-manifest", "did you mean `ban`?", id="a misspelt claim"),
    pytest.param("change.json.j2", "chnge.json.j2", "18:15 target-manifest", "name a file in the folder of target.yaml", id="a misspelt template"),
    pytest.param("amapi-modify-applications", "amapi-modify-aplications", "20:13 schema-missing", "did you mean `amapi-modify-applications`?", id="a misspelt schema"),
    pytest.param(
        "carries: [ban]",
        "carries: [ban]\n    embed:\n      - {name: a, target: acme-kiosk, document: chnge}",
        "23:9 target-manifest",
        "did you mean `change`?",
        id="a misspelt document",
    ),
    pytest.param("kind: package_name", "kind: package_name\n    kind: package_name", "11:5 duplicate-key", "remove one", id="a key twice"),
    pytest.param('"0"', "0", "13:26 unquoted-text", 'write "0", in quotes', id="a version without quotes"),
    pytest.param("title: Acme", "title:", "2:1 empty-value", "write a text, or remove the key", id="a title without text"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "place", "hint"), _PLACED)
def test_a_wrong_manifest_is_told_at_its_line_and_column_with_a_suggestion(
    old: str, new: str, place: str, hint: str, user: Path
) -> None:
    assert _RIGHT.count(old) >= 1
    _write(user / "mine", _RIGHT)
    assert list(_discover(user)) == ["acme-kiosk"]
    _write(user / "mine", _RIGHT.replace(old, new, 1))
    with pytest.raises(PolicyError) as failed:
        _discover(user)
    told = {f"{one.origin.line}:{one.origin.column} {one.id}": one.hint for one in failed.value.findings if one.origin}
    assert place in told
    assert hint in told[place]


def test_everything_that_is_wrong_with_a_manifest_is_told_at_once(user: Path) -> None:
    wrong = _manifest(
        colour="red",
        modes=["byob"],
        blocks=_claim(kind="bundle_id", platforms={"andriod": "x"}, option="web"),
        documents=_document(output="../x", template="absent.j2", carries=["bna"]),
    )
    _write(user / "mine", wrong)
    with pytest.raises(PolicyError) as failed:
        _discover(user)
    assert sorted(ids_of(failed.value)) == [
        "os-version",
        *["target-manifest"] * 4,
        "unknown-key",
        *["unknown-word"] * 3,
    ]


def test_yaml_mistakes_are_told_with_their_line(user: Path) -> None:
    _write(user / "mine", "target: a\ntitle: b: c\n")
    with pytest.raises(PolicyError) as failed:
        _discover(user)
    [found] = failed.value.findings
    assert found.origin is not None
    assert (found.origin.line, found.origin.column) == (2, 9)


def test_every_target_is_told_at_once(user: Path) -> None:
    _write(user / "one", _manifest(target="One"))
    _write(user / "two", _manifest(colour="red"))
    (user / "three").mkdir()
    (user / "three" / "target.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(PolicyError) as failed:
        _discover(user)
    assert sorted(ids_of(failed.value)) == ["not-utf-8", "target-name", "unknown-key"]


def test_two_targets_of_one_name_are_refused(user: Path) -> None:
    _write(user / "one", _manifest())
    second = _write(user / "two", _manifest())
    with pytest.raises(PolicyError) as failed:
        _discover(user)
    [found] = failed.value.findings
    assert found.id == "target-duplicate"
    assert str(user / "one") in found.message
    assert found.origin is not None
    assert found.origin.file == str(second / "target.yaml")
    assert "replaces: acme-kiosk" in found.hint


def test_records_without_a_claim_may_be_of_any_claimed_kind(user: Path) -> None:
    notes = _document(name="note", output="{record}.txt", for_each="android.package_name", carries=[])
    _write(user / "mine", _manifest(documents=[*_document(), *notes]))
    assert list(_discover(user)) == ["acme-kiosk"]


def test_options_are_the_chosen_ones_or_their_defaults() -> None:
    target = TARGETS["apple-ios-restrictions"]
    assert target.options({}) == {"deny_urls": False, "legacy_key": False}
    assert target.options({"deny_urls": True, "strange": 1}) == {"deny_urls": True, "legacy_key": False}


def test_claims_come_and_go_with_their_options() -> None:
    target = TARGETS["jamf-restricted-software"]
    [spec] = target.manifest.documents
    assert [claim.name for claim in target.claims(spec, {"delete_executable": False})] == ["ban"]
    assert [claim.name for claim in target.claims(spec, {"delete_executable": True})] == ["delete"]
    assert target.document("record") is spec
    assert target.document("absent") is None
