"""Read manifests: packaged and a user's by the same code, every mistake told at its place, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from build_kit import PLACE, TARGETS, copy_target, ids_of

from mdm_policy import resources
from mdm_policy.errors import PolicyError
from mdm_policy.targets import Target, discover, select

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
    text = manifest if isinstance(manifest, str) else yaml.safe_dump(manifest)
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
    assert list(made) == sorted([*TARGETS, "acme-kiosk"])
    mine = made["acme-kiosk"]
    assert (mine.folder, mine.root, mine.packaged) == (folder, user, False)
    assert all(target.packaged for name, target in made.items() if name != "acme-kiosk")


def test_a_target_may_replace_a_packaged_one_on_purpose(user: Path) -> None:
    folder = copy_target("macos-santa", user)
    assert discover(resources.templates(), [user])["macos-santa"].folder == folder


_WRONG: list[Any] = [
    pytest.param(_manifest(target="Acme"), "the name 'Acme' is not kebab-case", id="an upper-case name"),
    pytest.param(_manifest(target="-acme"), "is not kebab-case", id="a name with a loose hyphen"),
    pytest.param(_manifest(target="../acme"), "is not kebab-case", id="a name that is a path"),
    pytest.param(_manifest(target="äcme"), "is not kebab-case", id="a name outside ASCII"),
    pytest.param(_manifest(title=None), "missing required field `title`", id="a missing key"),
    pytest.param(_manifest(colour="red"), "unknown field `colour`", id="an unknown key"),
    pytest.param(_manifest(title=7), "Expected `str`, got `int`", id="a wrong type"),
    pytest.param(_manifest(blocks=_claim(kind="name")), "Invalid enum value 'name'", id="an unknown kind"),
    pytest.param(_manifest(blocks=_claim(verdict="reported-only")), "Invalid enum value 'reported-only'", id="a verdict that is no block"),
    pytest.param(_manifest(blocks=_claim(sides=["left"])), "Invalid enum value 'left'", id="an unknown side"),
    pytest.param(_manifest(blocks=_claim(name="other")), "carries 'ban', which `blocks` does not define", id="an undefined claim"),
    pytest.param(_manifest(blocks=_claim(name="other")), "no document carries the claim 'other'", id="a claim nobody carries"),
    pytest.param(_manifest(blocks=_claim(option="web")), "depends on the option 'web', which is not defined", id="an undefined option"),
    pytest.param(_manifest(blocks=_claim(unless="web")), "depends on the option 'web', which is not defined", id="an undefined opposite option"),
    pytest.param(_manifest(blocks=_claim(platforms={"android": "11+"})), "is not dotted numbers", id="a version that is none"),
    pytest.param(_manifest(blocks=_claim(platforms={"android": "11²"})), "is not dotted numbers", id="a version with a footnote"),
    pytest.param(_manifest(blocks=_claim(platforms={"android": ""})), "is not dotted numbers", id="an empty version"),
    pytest.param(_manifest(documents=_document(output="../{slug}.json")), "it leaves its folder", id="an output above the folder"),
    pytest.param(_manifest(documents=_document(output="/etc/{slug}")), "it leaves its folder", id="an absolute output"),
    pytest.param(_manifest(documents=_document(output="\\{slug}")), "some systems take in no name", id="an output from the drive's root"),
    pytest.param(_manifest(documents=_document(output="a/../../{slug}")), "it leaves its folder", id="an output above the folder, within"),
    pytest.param(_manifest(documents=_document(output="C:{slug}")), "some systems take in no name", id="an output on a drive"),
    pytest.param(_manifest(documents=_document(output="nul.{slug}")), "is a device on Windows", id="an output that is a device"),
    pytest.param(_manifest(documents=_document(output="{slug}.")), "which Windows drops", id="an output with a last dot"),
    pytest.param(_manifest(documents=_document(output="{slug:>9999999999}")), "no other braces", id="an output with a width"),
    pytest.param(_manifest(documents=_document(output="{slug!r}")), "no other braces", id="an output with a conversion"),
    pytest.param(_manifest(documents=_document(schema="../../secret.json")), "does not stand beside the template", id="a schema above the folder"),
    pytest.param(_manifest(documents=_document(schema="/etc/secret.json")), "does not stand beside the template", id="a schema from the root"),
    pytest.param(_manifest(target="aux"), "is a device on Windows", id="a name that is a device"),
    pytest.param(_manifest(documents=_document(output="{name}.json")), "may hold {slug} and no other braces", id="an output with an unknown field"),
    pytest.param(_manifest(documents=_document(output="{record}.json")), "may hold {slug} and no other braces", id="an output with a record, and no records"),
    pytest.param(_manifest(documents=_document(output="{slug")), "may hold {slug} and no other braces", id="an output with half a field"),
    pytest.param(_manifest(documents=_document(output="{0}")), "may hold {slug} and no other braces", id="an output with a place"),
    pytest.param(_manifest(documents=_document(output="{slug.x}")), "may hold {slug} and no other braces", id="an output with an attribute"),
    pytest.param(_manifest(documents=_document(output="Import.md")), "two files would be written to 'import.md'", id="an output over IMPORT.md"),
    pytest.param(
        _manifest(documents=[*_document(), *_document(name="again", output="{SLUG}.json".lower())]),
        "two files would be written to '{slug}.json'",
        id="two documents in one place",
    ),
    pytest.param(_manifest(documents=_document(for_each="android")), "`for_each` is 'android', and the document carries android.package_name", id="a family for records"),
    pytest.param(_manifest(documents=_document(for_each="macos.process_name")), "`for_each` is 'macos.process_name'", id="records of another kind"),
    pytest.param(
        _manifest(
            blocks=[_CLAIM, {**_CLAIM, "name": "other", "family": "ios", "kind": "bundle_id"}],
            documents=_document(for_each="ios.bundle_id", carries=["ban", "other"]),
        ),
        "carries android.package_name and ios.bundle_id",
        id="records of one kind of two",
    ),
    pytest.param(_manifest(documents=_document(template=None)), "needs either `template` or `copy_of`", id="neither template nor copy"),
    pytest.param(_manifest(documents=_document(copy_of={"target": "a", "document": "b"})), "needs either `template` or `copy_of`", id="both template and copy"),
    pytest.param(_manifest(documents=_document(template="absent.j2")), "the template 'absent.j2' is missing", id="a missing template"),
    pytest.param(
        _manifest(documents=_document(embed=[{"name": "x", "target": "absent", "document": "y"}])),
        "uses document 'y' of target 'absent', which does not exist",
        id="an unknown embedded target",
    ),
    pytest.param(
        _manifest(documents=_document(embed=[{"name": "x", "target": "acme-kiosk", "document": "absent"}])),
        "uses document 'absent' of target 'acme-kiosk', which does not exist",
        id="an unknown embedded document",
    ),
    pytest.param(
        _manifest(documents=_document(embed=[{"name": "x", "target": "acme-kiosk", "document": "change"}])),
        "which is itself made of others",
        id="a document embedded in itself",
    ),
    pytest.param(_manifest(documents=_document(template=None, copy_of={"target": "acme-kiosk", "document": "change"})), "which is itself made of others", id="a copy of itself"),
    pytest.param("target: [unclosed", "expected ',' or ']'", id="broken YAML"),
    pytest.param("a: b: c", "mapping values are not allowed", id="YAML that is none"),
    pytest.param("title: \x01", "not valid YAML", id="a control character"),
    pytest.param("", "Expected `object`, got `null`", id="an empty file"),
    pytest.param("- a", "Expected `object`, got `array`", id="a list"),
    pytest.param("!!python/object/apply:os.system [true]", "could not determine a constructor", id="a Python object"),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "message"), _WRONG)
def test_a_wrong_manifest_is_told_at_its_place(manifest: dict[str, Any] | str, message: str, user: Path) -> None:
    folder = _write(user / "mine", manifest)
    with pytest.raises(PolicyError) as failed:
        _discover(user)
    assert set(ids_of(failed.value)) == {"target-manifest"}
    assert message in " ".join(found.message for found in failed.value.findings)
    assert all(found.origin and found.origin.file == str(folder / "target.yaml") for found in failed.value.findings)


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
    assert sorted(ids_of(failed.value)) == ["target-manifest", "target-manifest", "target-unreadable"]


def test_a_folder_named_like_a_manifest_is_unreadable(user: Path) -> None:
    (user / "target.yaml").mkdir()
    with pytest.raises(PolicyError) as failed:
        _discover(user)
    assert ids_of(failed.value) == ["target-unreadable"]


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


_DEFAULT = tuple(name for name, target in TARGETS.items() if target.manifest.default)
_SELECTED: list[Any] = [
    pytest.param([], None, _DEFAULT, id="every default one"),
    pytest.param([], [("macos-santa", PLACE)], ("macos-santa",), id="the deployment's"),
    pytest.param(["amapi-byod"], [("macos-santa", PLACE)], ("amapi-byod",), id="those asked for go first"),
    pytest.param(
        ["macos-santa", "amapi-byod", "macos-santa"], None, ("amapi-byod", "macos-santa"), id="each once, in order"
    ),
    pytest.param(["intune-ios-custom"], None, ("intune-ios-custom",), id="one that is not a default"),
    pytest.param([], [], (), id="none at all"),
]


@pytest.mark.parametrize(("asked", "deployed", "expected"), _SELECTED)
def test_select(asked: list[str], deployed: Any, expected: tuple[str, ...]) -> None:
    assert tuple(target.name for target in select(TARGETS, asked, deployed)) == expected


def test_unknown_targets_are_told_together_with_their_places() -> None:
    with pytest.raises(PolicyError) as failed:
        select(TARGETS, [], [("a", PLACE), ("macos-santa", PLACE), ("b", PLACE)])
    assert [(found.id, found.origin) for found in failed.value.findings] == [("unknown-target", PLACE)] * 2
    assert "macos-santa" in failed.value.findings[0].hint
    with pytest.raises(PolicyError) as failed:
        select(TARGETS, ["a"], None)
    assert [found.origin for found in failed.value.findings] == [None]
