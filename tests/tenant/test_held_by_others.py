"""Hold that what others hold already is not made a second time, that its loss is drift, and that no ban is fewer for it."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from push.kits.graph import catalog
from push.stage import DAY, Stage, stage

from mdm_policy.push.planfile import dump, load_plan, plan_file
from tenant import theirs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

READ = ("graph", "jamf", "amapi", "kmfddm")
MACS = {"name": "Macs", "platform": "macos", "os": ">=27", "supervised": True, "enrollment": "automated"}
ALL = "#microsoft.graph.allDevicesAssignmentTarget"
GROUP = "0f0f0f0f-1111-4222-8333-444444444444"


def plain(text: str) -> str:
    """Return what was printed as one line."""
    return " ".join(text.split())


def others_hold_all(one: Stage) -> None:
    """Let everything that is ordered be there, made by somebody else."""
    if one.kit.name == "kmfddm":
        one.kit.devices = [*one.kit.devices, MACS]
        one.order(("wechat", "qq", "wps-office", "tiktok"))
    assert one.plan().code == 10
    assert one.apply().code == 0, one.printed[-2:]
    for path in one.folder.glob("plan*"):
        path.unlink()
    theirs.disown(one)


@pytest.fixture(params=READ)
def one(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with stage(request.param, tmp_path) as made:
        others_hold_all(made)
        yield made


def test_what_others_hold_is_not_made_and_is_watched(one: Stage) -> None:
    before = one.emulator.snapshot()
    planned = one.plan("--format", "json")
    assert planned.code == 0, planned.out
    [where] = planned.json["destinations"]
    assert {action["op"] for action in where["actions"]} <= {"noop"}
    assert where["left_to_others"]
    assert one.apply().code == 0, one.printed[-2:]
    [receipt] = one.receipts()
    assert json.loads(receipt.read_text())["receipts"][0]["left_to_others"] == where["left_to_others"]
    assert one.emulator.snapshot() == before
    quiet = one.drift()
    assert quiet.code == 0, quiet.out + quiet.err
    assert "(not ours)" in plain(quiet.out)
    for what, change in theirs.CHANGES.items():
        theirs.restore(one, before)
        change(one)
        drift = one.drift()
        assert drift.code == 11, what
        assert "holder-lost" in drift.err, what
        paths = [holder["path"] for held in where["left_to_others"] for holder in held["holders"]]
        assert any(path in "".join(drift.err.split()) for path in paths), drift.err
        assert one.plan().code == 10, what
    theirs.restore(one, before)
    theirs.rename(one)
    drift = one.drift()
    assert drift.code == 10, drift.out + drift.err
    assert "holder-changed" in drift.err
    receipt.unlink()
    assert one.drift().code == 0, "nobody remembers how it was, and it blocks no less"
    theirs.restore(one, before)
    theirs.lift(one)
    assert one.drift().code == 11, "no receipt is needed to miss a ban"


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Stage]:
    """Set a stage of Intune on which somebody else holds the ban on phones."""
    with stage("graph", tmp_path) as made:
        made.kit.targets = ("intune-ios-settings-catalog",)
        made.order(("wechat", "qq"))
        others_hold_all(made)
        yield made


def policy(one: Stage) -> dict[str, Any]:
    """Return the policy of somebody else that holds the ban."""
    [(held, _)] = theirs.lists(one)
    found: dict[str, Any] = held
    return found


def edited(one: Stage, change: Callable[[dict[str, Any]], None]) -> None:
    text = json.loads(json.dumps(_read(one)))
    change(text)
    one.deployment.write_text(json.dumps(text))


def _read(one: Stage) -> Any:
    return yaml.safe_load(one.deployment.read_text())


def filtered(one: Stage) -> None:
    policy(one)["assignments"][0]["target"] |= {
        "deviceAndAppManagementAssignmentFilterId": GROUP,
        "deviceAndAppManagementAssignmentFilterType": "include",
    }


def excluding(one: Stage) -> None:
    kind = "#microsoft.graph.exclusionGroupAssignmentTarget"
    policy(one)["assignments"].append({"target": {"@odata.type": kind, "groupId": GROUP}})


def for_a_group(one: Stage) -> None:
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": GROUP}
    policy(one)["assignments"] = [{"target": target}]


def for_users(one: Stage) -> None:
    target = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}
    policy(one)["assignments"] = [{"target": target}]


def undone(one: Stage) -> None:
    """Give the setting another value, so that Intune shows a conflict."""
    one.emulator.seed(
        "configurationPolicies", catalog("x", "by hand", "com.example.one"), [{"target": {"@odata.type": ALL}}]
    )


def one_more_ordered(one: Stage) -> None:
    one.order(("wechat", "qq", "tiktok"))


def refused(one: Stage) -> None:
    edited(one, lambda text: text["destinations"]["there"].update(rely_on_others=False))


def no_classes(one: Stage) -> None:
    edited(one, lambda text: text.pop("devices"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(theirs.lift, "already-held", id="an app less"),
        pytest.param(one_more_ordered, "already-held", id="one app more is ordered"),
        pytest.param(filtered, "", id="under a filter"),
        pytest.param(excluding, "", id="a group is left out"),
        pytest.param(for_a_group, "", id="for a group alone"),
        pytest.param(for_users, "", id="for users, whom not every device has"),
        pytest.param(theirs.unassign, "", id="for nobody"),
        pytest.param(undone, "", id="another object undoes it"),
        pytest.param(refused, "already-held", id="nobody else is relied on"),
        pytest.param(no_classes, "", id="nobody says on which devices"),
    ],
)
def test_ours_is_made_unless_all_is_held_for_all(tenant: Stage, change: Callable[[Stage], None], says: str) -> None:
    assert tenant.plan().code == 0, "without the change nothing is made"
    change(tenant)
    planned = tenant.plan("--format", "json")
    [where] = planned.json["destinations"]
    assert [action["op"] for action in where["actions"]] == ["create"], planned.out
    assert where["left_to_others"] == []
    found = {one["id"] for one in planned.json["findings"]}
    assert "held-by-other" not in found
    assert ("already-held" in found) == bool(says)


def test_what_cannot_be_read_holds_nothing(tenant: Stage) -> None:
    assert tenant.plan().code == 0
    [id_] = [key for key, held in tenant.emulator.objects.items() if held is policy(tenant)]
    handle = tenant.emulator.handle

    def forbidden(request: Any) -> Any:
        if request.method == "GET" and request.path.endswith(f"{id_}/assignments"):
            return tenant.emulator._error(403, "Forbidden", "no")
        return handle(request)

    tenant.emulator.handle = forbidden
    assert tenant.plan().code == 10


def test_a_group_that_both_name_is_enough(tenant: Stage) -> None:
    for_a_group(tenant)
    edited(tenant, lambda text: text["destinations"]["there"].update(assign=["field"], groups={"field": GROUP}))
    assert tenant.plan().code == 0, tenant.printed[-2:]
    edited(tenant, lambda text: text["destinations"]["there"].update(assign=["field"], groups={"field": GROUP[::-1]}))
    assert tenant.plan().code == 10


def test_ours_that_is_there_stays(tenant: Stage) -> None:
    refused(tenant)
    assert tenant.plan().code == 10
    assert tenant.apply().code == 0, tenant.printed[-2:]
    edited(tenant, lambda text: text["destinations"]["there"].pop("rely_on_others"))
    assert tenant.plan("--prune").code == 0
    planned = tenant.plan("--assess", "--format", "json")
    assert [action["op"] for action in planned.json["destinations"][0]["actions"]] == ["noop"]
    assert "already-held" in {one["id"] for one in planned.json["findings"]}


@pytest.mark.parametrize("change", [theirs.lift, theirs.rename, theirs.delete], ids=["less", "renamed", "gone"])
def test_a_plan_is_refused_when_what_it_rests_on_has_moved(tenant: Stage, change: Callable[[Stage], None]) -> None:
    tenant.plan()
    change(tenant)
    refused_ = tenant.apply()
    assert refused_.code == 1
    assert "remote-moved" in refused_.err
    assert "configurationPolicies/" in refused_.err


def test_a_plan_is_refused_when_somebody_holds_it_by_now(tenant: Stage) -> None:
    held = copy.deepcopy(tenant.emulator.objects)
    theirs.delete(tenant)
    assert tenant.plan().code == 10
    tenant.emulator.objects = held
    refused_ = tenant.apply()
    assert refused_.code == 1
    assert "holds by now" in " ".join(refused_.err.split())


def test_a_plan_that_claims_that_others_hold_it_is_not_believed(tenant: Stage) -> None:
    tenant.plan()
    made = load_plan("x", tenant.plan_file.read_bytes())
    theirs.delete(tenant)
    forged = plan_file(made.plans, made.deployment, made.program)
    tenant.plan_file.write_bytes(dump(forged))
    refused_ = tenant.apply()
    assert (refused_.code, "remote-moved" in refused_.err) == (1, True)


def test_a_receipt_that_cannot_be_read_hides_nothing(tenant: Stage) -> None:
    tenant.plan()
    tenant.apply()
    [receipt] = tenant.receipts()
    receipt.write_text("{}")
    told = tenant.drift()
    assert (told.code, "receipt-unread" in told.err) == (0, True)
    named = tenant.run("drift", "--deployment", tenant.deployment, "--as-of", DAY, "--receipt", receipt)
    assert (named.code, "receipt-damaged" in named.err) == (1, True)


def test_the_words_say_who_holds_it(tenant: Stage) -> None:
    for format_ in ("text", "markdown"):
        said = plain(tenant.plan("--format", format_).out)
        assert "not made" in said
        assert "(not ours)" in said
        assert "1 left to others" in said
    drift = tenant.run("drift", "--deployment", tenant.deployment, "--as-of", DAY, "--format", "markdown")
    assert "(not ours)" in plain(drift.out)
