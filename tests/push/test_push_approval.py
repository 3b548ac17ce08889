"""Writes that a second administrator has to approve: what is asked for, what waits, and every way in which that can end."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from emulators.graph_approval import CODE, FORMS, STATUSES, WHY

from mdm_policy.push import approvals, planfile
from mdm_policy.push.answers import Reply
from mdm_policy.push.approvals import ApprovalDenied, ApprovalRefusal, ApprovalRequest
from mdm_policy.push.destinations.graph_approval import refusal_of
from mdm_policy.push.model import Action, ActionEffect, Assignment
from push import forging
from push.kits.graph_approval import decide
from push.stage import APPS, DAY, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli_kit import Ran

GUID = "aabb1234-5678-9012-abcd-ef0123456789"
IOS = "intune-ios-settings-catalog"


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Stage]:
    """Give a tenant with approval on, to which one object is pushed."""
    with stage("graph_approval", tmp_path) as made:
        made.kit.targets = (IOS,)
        made.order(APPS)
        made.plan()
        yield made


def apply(one: Stage, *more: object) -> Ran:
    """Run `apply` once: nobody approves anything by himself."""
    return one.run_once("apply", one.plan_file, "--yes", "--as-of", DAY, *more)


def entries(one: Stage, at: str) -> list[dict[str, Any]]:
    """Return the lines of a kind in the journal."""
    [path] = one.folder.glob("plan.json.*.journal")
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [line for line in lines if line.get("at") == at]


def writes(one: Stage) -> list[Any]:
    """Return the calls that could change an object."""
    return [call for call in one.emulator.calls if call.method != "GET" and "/token" not in call.path]


def settled(one: Stage) -> None:
    """Push everything, with everything approved, and forget the calls."""
    assert one.apply().code == 0, one.printed[-2:]
    one.emulator.desk.requests.clear()
    one.emulator.arm()


# --- the handshake -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", STATUSES)
def test_a_write_waits_whatever_the_status_says(status: int, form: str, one: Stage) -> None:
    one.emulator.desk.status, one.emulator.desk.form = status, form
    ran = apply(one, "--format", "json")
    assert (ran.code, one.bans()) == (12, frozenset()), ran.err
    [request] = one.emulator.desk.requests
    [told] = ran.json["destinations"][0]["waiting"]
    assert (told["code"], told["step"], told["op"]) == (request["code"], "create", "create")
    assert told["until"]
    assert ran.json["run_again"] == f"mdm-policy apply {one.plan_file}"
    assert [r["state"] for r in ran.json["destinations"][0]["results"]] == ["waiting"]
    assert [entry["code"] for entry in entries(one, "waiting")] == [request["code"]]
    receipt = json.loads(one.receipts()[-1].read_bytes())
    assert [w["code"] for w in receipt["receipts"][0]["waiting"]] == [request["code"]]
    assert receipt["receipts"][0]["done"] == []


def test_an_object_takes_two_rounds_and_the_same_request_each(one: Stage) -> None:
    for step, codes in (("create", (12, 12)), ("assign", (12, 0))):
        ran = apply(one)
        assert ran.code == codes[0]
        assert f"request {one.emulator.desk.requests[-1]['code']}" in " ".join(ran.out.split()), step
        assert one.bans() == frozenset()
        assert apply(one).code == 12, "nobody has approved it"
        assert decide(one.emulator, "approved") == 1
    assert apply(one).code == 0
    assert one.bans()
    sent = [(call.method, call.path, call.body, CODE in call.headers, WHY in call.headers) for call in writes(one)]
    assert [(had, why) for *_, had, why in sent] == [(False, True), (True, False), (False, True), (True, False)]
    assert [sent[0][:3], sent[2][:3]] == [sent[1][:3], sent[3][:3]]
    assert {request["status"] for request in one.emulator.desk.requests} == {"completed"}
    [receipt] = one.receipts()
    [told] = json.loads(receipt.read_bytes())["receipts"]
    assert (told["waiting"], [done["whole"] for done in told["done"]]) == ([], [True])
    assert apply(one).code == 0
    assert len(writes(one)) == 4


def test_a_half_made_object_holds_nothing(one: Stage) -> None:
    apply(one)
    decide(one.emulator, "approved")
    ran = apply(one, "--format", "json")
    assert (ran.code, ran.json["proof"]["proven"]) == (12, False)
    [done] = json.loads(one.receipts()[-1].read_bytes())["receipts"][0]["done"]
    assert (done["op"], done["whole"], bool(done["id"])) == ("create", False, True)
    drift = one.drift()
    assert drift.code == 11
    assert "approval-waiting" in drift.err


def test_every_write_says_why_and_no_reading_does(one: Stage) -> None:
    one.emulator.desk.covered = ()
    assert apply(one).code == 0
    for call in one.emulator.calls:
        assert (WHY in call.headers) == (call in writes(one))
    whys = [base64.b64decode(call.headers[WHY], validate=True).decode() for call in writes(one)]
    digest = json.loads(one.plan_file.read_bytes())["digest"]
    assert all(digest in why and "TIGHTENED" in why and len(why) <= 1024 for why in whys)
    assert all(len(call.headers[WHY]) <= 1024 for call in writes(one))


def test_a_reason_is_told_to_the_second_person(one: Stage) -> None:
    settled(one)
    one.order(APPS[:1])
    one.plan()
    ran = apply(one, "--allow-loosening", "MEMO-1 (example): it's over", "--format", "json")
    assert ran.code == 12
    [request] = one.emulator.desk.requests
    assert request["why"].startswith("MEMO-1 (example): it's over.")
    assert ran.json["run_again"].endswith("--allow-loosening 'MEMO-1 (example): it'\"'\"'s over'")


# --- how a request ends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["rejected", "cancelled"])
def test_a_no_is_asked_about_again_only_when_that_is_ordered(how: str, one: Stage) -> None:
    apply(one)
    decide(one.emulator, how, note="not on Fridays")
    for _ in range(2):
        ran = apply(one)
        assert ran.code == 1
        assert f"error[approval-{how}]" in ran.err
        assert "not on Fridays" in " ".join(ran.err.split())
        assert len(one.emulator.desk.requests) == 1
    again = apply(one, "--ask-again")
    assert (again.code, len(one.emulator.desk.requests)) == (12, 2)
    assert one.apply().code == 0


def test_what_waits_is_written_when_approval_was_switched_off(one: Stage) -> None:
    apply(one)
    one.emulator.desk.covered = ()
    assert apply(one).code == 12
    assert apply(one, "--ask-again").code == 0
    assert one.bans()


def test_an_expired_request_is_filed_anew(one: Stage) -> None:
    apply(one)
    decide(one.emulator, "approved")
    decide(one.emulator, "expired")
    ran = apply(one)
    assert ran.code == 12
    assert "warning[approval-expired]" in ran.err
    assert [request["status"] for request in one.emulator.desk.requests] == ["expired", "needsApproval"]
    assert one.apply().code == 0


def test_what_somebody_else_completed_is_gone_on_with(one: Stage) -> None:
    apply(one)
    decide(one.emulator, "completed")
    ran = apply(one)
    assert (ran.code, [e["step"] for e in entries(one, "waiting")]) == (12, ["create", "assign"])
    decide(one.emulator, "completed")
    assert apply(one).code == 0
    assert len(one.kit._ours(one.emulator)) == 1
    assert json.loads(one.receipts()[-1].read_bytes())["receipts"][0]["waiting"] == []


def test_what_was_completed_and_is_gone_is_asked_for_again(one: Stage) -> None:
    apply(one)
    decide(one.emulator, "completed")
    for id_, _, _ in one.kit._ours(one.emulator):
        del one.emulator.objects[id_]
    ran = apply(one)
    assert ran.code == 12
    assert "warning[approval-spent]" in ran.err
    assert one.apply().code == 0


def test_the_request_of_somebody_else_is_told_and_waited_for(one: Stage) -> None:
    settled(one)
    [(id_, _, _)] = one.kit._ours(one.emulator)
    one.order(APPS[:3])
    theirs = {"code": GUID, "status": "needsApproval", "about": id_, "why": "by hand", "filed": "2026-11-25T10:00:00Z"}
    one.emulator.desk.requests.append({**theirs, "call": ("", "", b"")})
    one.kit.approve = lambda _: False
    one.plan()
    for _ in range(2):
        ran = apply(one, "--allow-loosening", "a decision")
        assert ran.code == 12
        assert "warning[approval-other-request]" in ran.err
        assert entries_of_newest(one)[-1]["code"] == ""
    decide(one.emulator, "rejected")
    ran = apply(one, "--allow-loosening", "a decision")
    assert "warning[approval-waiting]" in ran.err
    decide(one.emulator, "approved")
    assert apply(one, "--allow-loosening", "a decision").code == 0


def entries_of_newest(one: Stage) -> list[dict[str, Any]]:
    """Return what waits by the journal that was written last."""
    path = max(one.folder.glob("plan.json.*.journal"), key=lambda path: path.stat().st_mtime_ns)
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [line for line in lines if line.get("at") == "waiting"]


@pytest.mark.parametrize("named_by", ["id", "requestId"])
def test_what_waits_is_found_again_when_the_journal_is_lost_each_time(named_by: str, one: Stage) -> None:
    one.emulator.desk.named_by = named_by
    for number, step in enumerate(("create", "assign"), 1):
        apply(one)
        for path in [*one.folder.glob("*.journal"), *one.folder.glob("*.receipt.json")]:
            path.unlink()
        ran = apply(one)
        assert ran.code == 12, step
        assert len(one.emulator.desk.requests) == number
        assert "warning[approval-waiting]" in ran.err
        decide(one.emulator, "approved")
        for path in [*one.folder.glob("*.journal"), *one.folder.glob("*.receipt.json")]:
            path.unlink()
        assert "warning[approval-given]" in apply(one).err
    assert apply(one).code == 0
    assert {request["status"] for request in one.emulator.desk.requests} == {"completed"}
    assert one.bans()


def test_the_same_write_of_another_plan_is_taken_up_and_another_is_not(one: Stage) -> None:
    apply(one)
    [request] = one.emulator.desk.requests
    before = one.plan_file.read_bytes()
    one.deployment.write_bytes(one.deployment.read_bytes() + b"# another plan\n")
    one.plan()
    assert one.plan_file.read_bytes() != before
    assert f"request {request['code']}" in " ".join(apply(one).err.split())
    one.order(APPS[:2])
    one.plan()
    ran = apply(one)
    assert (ran.code, len(one.emulator.desk.requests)) == (12, 1)
    assert "warning[approval-other-request]" in ran.err
    assert f"open, {request['code']}, which another plan of ours filed" in " ".join(ran.err.split())


@pytest.mark.parametrize("shows", [True, False])
def test_without_the_permission_the_tenant_decides(shows: bool, one: Stage) -> None:
    one.emulator.desk.readable, one.emulator.desk.shows_why = False, shows
    apply(one)
    ran = apply(one)
    assert ran.code == 12
    assert "may not read requests" in " ".join(ran.err.split())
    assert apply(one, "--ask-again").code == 12
    assert len(one.emulator.desk.requests) == 1
    decide(one.emulator, "approved")
    assert apply(one).code == 12
    decide(one.emulator, "approved")
    assert apply(one).code == 0
    assert one.bans()


def test_without_the_permission_a_no_is_a_refusal_with_a_way_on(one: Stage) -> None:
    one.emulator.desk.readable = False
    apply(one)
    decide(one.emulator, "rejected")
    ran = apply(one)
    assert ran.code == 12
    assert "error[approval-refused]" in ran.err
    assert "--ask-again" in " ".join(ran.err.split())
    assert apply(one, "--ask-again").code == 12
    decide(one.emulator, "approved")
    assert apply(one).code == 12
    assert len(one.kit._ours(one.emulator)) == 1


def test_a_request_for_another_write_is_never_carried_out(one: Stage) -> None:
    apply(one)
    decide(one.emulator, "approved")
    [path] = one.folder.glob("plan.json.*.journal")
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    next(line for line in lines if line.get("at") == "waiting")["request"] = "0" * 64
    path.write_bytes(forging.rechained(lines))
    ran = apply(one)
    assert "error[approval-changed]" in ran.err
    assert one.kit._ours(one.emulator) == []
    assert "error[approval-changed]" in apply(one, "--ask-again").err
    decide(one.emulator, "cancelled")
    assert apply(one, "--ask-again").code == 12
    assert len(one.emulator.desk.requests) == 2


def test_a_receipt_that_hides_or_changes_what_waits_is_refused(one: Stage) -> None:
    apply(one)
    [receipt] = one.receipts()
    value = json.loads(receipt.read_bytes())
    for waiting in ([], [{**value["receipts"][0]["waiting"][0], "code": GUID}]):
        forged = {**value, "receipts": [{**value["receipts"][0], "waiting": waiting}]}
        receipt.write_bytes(forging.resealed(forged, planfile.ReceiptFile))
        ran = one.run_once("rollback", receipt, "--yes")
        assert ran.code == 1
        assert "error[receipt-damaged]" in ran.err
    [path] = one.folder.glob("plan.json.*.journal")
    path.write_bytes(path.read_bytes().replace(value["receipts"][0]["waiting"][0]["code"].encode(), GUID.encode()))
    assert "error[journal-damaged]" in apply(one).err


def test_a_code_of_another_request_is_not_used(one: Stage) -> None:
    apply(one)
    [request] = one.emulator.desk.requests
    one.emulator.desk.requests.append({**request, "code": GUID, "why": "wipe all", "status": "approved"})
    [path] = one.folder.glob("plan.json.*.journal")
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    next(line for line in lines if line.get("at") == "waiting")["code"] = GUID
    path.write_bytes(forging.rechained(lines))
    ran = apply(one)
    assert "error[approval-changed]" in ran.err
    assert all(call.headers.get(CODE) != GUID for call in one.emulator.calls)


def test_what_is_replaced_stays_until_its_replacement_holds(one: Stage) -> None:
    settled(one)
    before = one.bans()
    one.kit.targets = ("intune-ios-device-restrictions",)
    one.order(APPS)
    assert one.plan("--prune").code == 10
    lost: list[int] = []

    def look() -> None:
        assigned = [made for _, _, made in one.kit._ours(one.emulator) if made["assignments"]]
        lost.extend([1] * (not assigned))

    def states(*more: object) -> dict[str, str]:
        ran = apply(one, "--format", "json", *more)
        assert ran.code in (0, 12)
        return {result["op"]: result["state"] for result in ran.json["destinations"][0]["results"]}

    one.emulator.watch = look
    assert states() == {"create": "waiting", "delete": "deferred"}
    decide(one.emulator, "rejected")
    refused = apply(one)
    assert (refused.code, one.bans()) == (1, before)
    assert "not tried, after a failure" in " ".join(refused.out.split())
    assert states("--ask-again") == {"create": "waiting", "delete": "deferred"}
    for after in ({"waiting", "deferred"}, {"done", "waiting"}, {"done"}):
        assert one.bans() == before
        decide(one.emulator, "approved")
        assert set(states().values()) == after
    [(_, _, left)] = one.kit._ours(one.emulator)
    assert left["collection"] == "deviceConfigurations"
    assert lost == []


def test_writes_that_do_not_depend_on_each_other_wait_at_once(tmp_path: Path) -> None:
    with stage("graph_approval", tmp_path) as one:
        one.plan()
        ran = one.run_once("apply", one.plan_file, "--yes", "--as-of", DAY, "--format", "json")
        assert [w["step"] for w in ran.json["destinations"][0]["waiting"]] == ["create", "create"]
        assert decide(one.emulator, "approved", only="windows10CustomConfiguration") == 1
        ran = one.run_once("apply", one.plan_file, "--yes", "--as-of", DAY, "--format", "json")
        assert sorted(w["step"] for w in ran.json["destinations"][0]["waiting"]) == ["assign", "create"]


# --- what else says it -------------------------------------------------------------------------------------------------


def test_a_plan_says_beforehand_what_will_wait(one: Stage) -> None:
    told = one.plan("--format", "json").json["findings"]
    [finding] = [f for f in told if f["id"].startswith("approval")]
    assert (finding["id"], finding["severity"]) == ("approval-needed", "warning")
    assert "Two people (configurationPolicy)" in finding["message"]
    assert "will wait" in finding["message"]
    assert "2 times" in finding["hint"]
    one.emulator.desk.readable = False
    told = one.plan("--format", "json").json["findings"]
    assert [f["id"] for f in told if f["id"].startswith("approval")] == ["approval-not-known"]
    one.emulator.desk.readable, one.emulator.desk.policies = True, []
    told = one.plan("--format", "json").json["findings"]
    assert [f["id"] for f in told if f["id"].startswith("approval")] == []


_POLICIES = {
    "templates may be covered": ("configurationPolicy", "notApplicable", "intune-windows-applocker", "may wait"),
    "the settings catalog is": ("configurationPolicy", "notApplicable", IOS, "will wait"),
    "what a platform narrows is not said": ("configurationPolicy", "windows10AndLater", IOS, "may wait"),
    "endpoint security may be": ("endpointSecurityPolicy", "notApplicable", IOS, "may wait"),
    "endpoint security is no template": ("endpointSecurityPolicy", "notApplicable", "intune-windows-applocker", ""),
    "apps are something else": ("app", "notApplicable", IOS, ""),
}


@pytest.mark.parametrize(("type_", "platform", "target", "said"), _POLICIES.values(), ids=_POLICIES)
def test_what_a_policy_covers(type_: str, platform: str, target: str, said: str, one: Stage) -> None:
    one.kit.targets = (target,)
    one.order(APPS)
    one.emulator.desk.policies = [{"displayName": "P", "policyType": type_, "policyPlatform": platform}]
    told = one.plan("--format", "json").json["findings"]
    found = [f["message"] for f in told if f["id"] == "approval-needed"]
    assert [said in message for message in found] == ([True] if said else [])


def test_drift_and_status_say_what_waits(one: Stage) -> None:
    apply(one)
    for status, id_ in (("needsApproval", "approval-waiting"), ("approved", "approval-given")):
        drift = one.run_once("drift", "--deployment", one.deployment, "--as-of", DAY, "--format", "json")
        assert drift.code == 11
        assert id_ in {f["id"] for f in drift.json["findings"]}, status
        for format_ in ("json", "markdown", "text"):
            told = one.run_once("status", "--deployment", one.deployment, "--format", format_)
            assert told.code == 0
            assert id_ in told.out + told.err
        decide(one.emulator, "approved")


def test_apply_and_rollback_print_markdown(one: Stage) -> None:
    told = apply(one, "--format", "markdown")
    [request] = one.emulator.desk.requests
    assert f"| create | {request['code']} |" in told.out
    assert "Received requests" in told.out
    assert f"`mdm-policy apply {one.plan_file}`" in told.out


def test_a_rollback_waits_too_and_names_what_is_still_open(one: Stage) -> None:
    foreign = one.kit.foreign(one.emulator)
    apply(one)
    decide(one.emulator, "approved")
    apply(one)
    [assigning] = [r for r in one.emulator.desk.requests if r["status"] == "needsApproval"]
    [receipt] = one.receipts()
    back = ("rollback", receipt, "--yes", "--allow-loosening", "a test")
    ran = one.run_once(*back)
    assert ran.code == 12
    assert "warning[approval-open]" in ran.err
    assert assigning["code"] in ran.err
    assert "warning[approval-other-request]" in ran.err
    decide(one.emulator, "cancelled")
    ran = one.run_once(*back, "--format", "json")
    assert ran.code == 12
    assert ran.json["run_again"] == f"mdm-policy rollback {receipt} --allow-loosening 'a test'"
    decide(one.emulator, "approved")
    assert one.run_once(*back).code == 0
    assert len(one.emulator.objects) == len(foreign)


# --- words ---------------------------------------------------------------------------------------------------------


_REFUSALS: dict[str, tuple[int, dict[str, str], str, type[Exception] | None, str]] = {
    "403 with both": (403, {CODE: GUID}, f"Approval Required. {CODE}: {GUID}", ApprovalRefusal, GUID),
    "412 with the header alone": (412, {CODE: GUID}, "Precondition Failed", ApprovalRefusal, GUID),
    "400 with the message alone": (400, {}, f"... header. {CODE}: {GUID}", ApprovalRefusal, GUID),
    "a message quoted in a message": (400, {}, f'{{"m": "{CODE}": "{GUID}"}}', ApprovalRefusal, GUID),
    "a server error with a code": (503, {CODE: GUID}, "", ApprovalRefusal, GUID),
    "somebody else's": (412, {}, "An active Approval Request already exists for this", ApprovalRefusal, ""),
    "no header was sent": (400, {}, f"Header '{WHY}' is required to request approval", ApprovalDenied, ""),
    "no permission": (403, {}, "Forbidden", None, ""),
    "somebody changed it": (412, {}, "Precondition Failed", None, ""),
    "a code that is none": (412, {CODE: "soon"}, "Precondition Failed", None, ""),
    "words about codes": (400, {}, f"see {CODE} in the documents", None, ""),
}


@pytest.mark.parametrize(("status", "headers", "said", "kind", "code"), _REFUSALS.values(), ids=_REFUSALS)
def test_what_a_refusal_means(
    status: int, headers: dict[str, str], said: str, kind: type[Exception] | None, code: str
) -> None:
    body = json.dumps({"error": {"code": "BadRequest", "message": said}}).encode()
    found = refusal_of(Reply(status, headers, body))
    assert type(found) is (kind or type(None))
    assert getattr(found, "code", "") == code


def test_a_justification_is_short_in_every_way_it_may_be_counted() -> None:
    effects = tuple(ActionEffect("TIGHTENED", f"微信 {n}", "ios", "", "") for n in range(500))
    action = Action("create", "configurationPolicy", "", "k", "名" * 500, effects=effects, assignment=Assignment(True))
    ending = approvals.tag("0" * 64, "8c7d3f0e-5b1a-5e7f-9d5a-0d6f6d2f0001", "assign", "a" * 64)
    for reason in ("", "理" * 3000):
        said = approvals.justified(action, "assign", reason, ending)
        assert said.endswith(ending)
        assert len(base64.b64encode(said.encode())) <= 1024
        assert ApprovalRequest((GUID,), "approved", said).key == "8c7d3f0e-5b1a-5e7f-9d5a-0d6f6d2f0001"


def test_when_a_request_runs_out() -> None:
    assert approvals.runs_out("2026-11-28T10:00:00.0000000Z") == "2026-12-01T10:00+00:00"
    assert approvals.runs_out("yesterday") == ""
