"""Hold plans, receipts and journals to be claims: a change of any field is refused, or changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mdm_policy.push import planfile
from push import forging
from push.stage import APPS, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SAMPLE = {"plans": 23, "receipts": 11, "journals": 13}
"""Every so-many-th change is tried here, all of them by `make trust`."""


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Stage]:
    with stage("fake", tmp_path) as made:
        yield made


@pytest.mark.parametrize("kind", forging.KINDS)
def test_a_forged_file_is_refused_or_changes_nothing(kind: str, one: Stage) -> None:
    tried = 0
    for count, refused, wrong in forging.KINDS[kind](one, _SAMPLE[kind], 3):
        assert wrong == []
        assert refused or count < 5
        tried += count
    assert tried >= 20


def _edited(one: Stage, **changed: Any) -> None:
    value = json.loads(one.plan_file.read_bytes())
    value["plans"][0]["actions"][0].update(changed)
    one.plan_file.write_bytes(forging.resealed(value, planfile.PlanFile))


_EDITS: dict[str, tuple[dict[str, Any], str]] = {
    "another body, for everyone": ({"body": '{"allowCamera": false}'}, "plan-outdated"),
    "not held": ({"held": True}, "plan-differs"),
    "another direction": ({"direction": "EQUIVALENT"}, "plan-differs"),
    "a deletion": ({"op": "delete", "body": "", "digest": ""}, "plan-outdated"),
    "another assignment": ({"assignment": {"everyone": False, "groups": ["x"], "excluded": []}}, "plan-outdated"),
    "other effects": ({"effects": []}, "plan-differs"),
    "another object seen": ({"based_on": "0" * 64}, "remote-moved"),
}


@pytest.mark.parametrize(("changed", "id_"), _EDITS.values(), ids=_EDITS)
def test_an_edited_plan_with_a_fitting_digest_is_refused(changed: dict[str, Any], id_: str, one: Stage) -> None:
    one.plan()
    _edited(one, **changed)
    ran = one.apply()
    assert (ran.code, one.bans()) == (1, frozenset())
    assert f"error[{id_}]" in ran.err


def test_a_deployment_elsewhere_is_not_followed(one: Stage) -> None:
    one.plan()
    value = json.loads(one.plan_file.read_bytes())
    for where in (str(one.deployment), "C:/deployment.yaml", "\\\\host\\share\\deployment.yaml"):
        one.plan_file.write_bytes(forging.resealed({**value, "deployment": where}, planfile.PlanFile))
        ran = one.apply()
        assert ran.code == 1
        assert "plan-damaged" in ran.err
        assert one.apply("--deployment", one.deployment, "--help").code == 0


def test_a_seal_is_asked_for_where_there_is_a_key(one: Stage) -> None:
    key = one.folder / "seal.key"
    key.write_text("0123456789abcdef" * 4)
    key.chmod(0o600)
    one.plan()
    assert "seal-wrong" in one.apply("--seal-key", key).err
    one.plan("--seal-key", key)
    sealed = one.plan_file.read_bytes()
    _edited(one, held=False)
    assert "seal-wrong" in one.apply("--seal-key", key).err
    one.plan_file.write_bytes(sealed)
    assert one.apply("--seal-key", key).code == 0, one.printed[-1]
    [receipt] = one.receipts()
    [journal] = one.folder.glob("*.journal")
    journal.unlink()
    refused = one.run("rollback", receipt, "--yes", "--allow-loosening", "a test")
    assert "journal-missing" in refused.err
    undone = one.run("rollback", receipt, "--yes", "--allow-loosening", "a test", "--seal-key", key)
    assert undone.code == 0, undone.err
    key.write_text("short")
    assert "seal-key-short" in one.apply("--seal-key", key).err


def _forged_receipt(one: Stage, before: Any) -> Path:
    """Forge a receipt and its journal together, as somebody would who has the whole folder."""
    one.order(APPS[:2])
    one.plan()
    assert one.apply().code == 0
    one.order(APPS)
    one.plan()
    assert one.apply().code == 0
    path = one.receipts()[-1]
    value = json.loads(path.read_bytes())
    done = value["receipts"][0]["done"][0]
    done["before"] = before(json.loads(done["before"]))
    path.write_bytes(forging.resealed(value, planfile.ReceiptFile))
    for book in one.folder.glob(f"*{value['plan'][:12]}.there.journal"):
        entries = [json.loads(line) for line in book.read_bytes().splitlines()]
        for entry in entries:
            if entry.get("at") == "begin" and entry["key"] == done["key"]:
                entry["did"]["before"] = done["before"]
        book.write_bytes(forging.rechained(entries))
    return path


def _settings(value: dict[str, Any]) -> list[Any]:
    group = value["settings"][0]["settingInstance"]["groupSettingCollectionValue"][0]
    found: list[Any] = group["children"]
    return found


def _camera(value: dict[str, Any]) -> str:
    camera = {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance",
        "settingDefinitionId": "com.apple.applicationaccess_allowcamera",
        "choiceSettingValue": {"value": "com.apple.applicationaccess_allowcamera_false", "children": []},
    }
    _settings(value).append(camera)
    return json.dumps(value)


def _settings_app(value: dict[str, Any]) -> str:
    entries = _settings(value)[0]["simpleSettingCollectionValue"]
    entries.append({**entries[0], "value": "com.apple.Preferences"})
    return json.dumps(value)


def _nothing_known(value: dict[str, Any]) -> str:
    return json.dumps({**value, "allowCamera": False})


_FORGED = {
    "camera off": (_camera, "rollback-foreign-content"),
    "Settings hidden": (_settings_app, "dangerous"),
    "a key nobody sets": (_nothing_known, "rollback-foreign-content"),
    "no policy at all": (lambda _: '"x"', "rollback-foreign-content"),
}


@pytest.mark.parametrize(("before", "said"), _FORGED.values(), ids=_FORGED)
def test_what_no_document_of_ours_sets_is_not_brought_back(before: Any, said: str, one: Stage) -> None:
    path = _forged_receipt(one, before)
    now = one.emulator.snapshot()
    ran = one.run("rollback", path, "--yes", "--allow-loosening", "a test")
    assert ran.code == 1, ran.err
    assert said in ran.err
    assert one.emulator.snapshot() == now


def test_a_receipt_of_a_target_that_does_not_exist_is_refused(one: Stage) -> None:
    path = _forged_receipt(one, json.dumps)
    value = json.loads(path.read_bytes())
    for entry in value["receipts"][0]["done"]:
        entry["use"]["slot"] = "no-such-target|policy"
    path.write_bytes(forging.resealed(value, planfile.ReceiptFile))
    assert one.run("rollback", path, "--yes").code == 1
