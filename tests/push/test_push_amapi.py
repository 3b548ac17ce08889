"""Push to the Android Management API: narrow writes, other people's settings, secrets, and Google's refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from emulators.amapi import ENTERPRISE, Server, account, key
from emulators.faults import FAULTS

from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import DestinationSpec
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations import amapi_policy as policies
from mdm_policy.push.destinations.amapi import AmapiDestination
from mdm_policy.push.destinations.amapi_evidence import evidence_of
from mdm_policy.push.model import Assignment, Item, MadeDocument, Remote, Summary
from mdm_policy.push.protocol import Edge
from push.kits.amapi import COPE, WIFI

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICY = f"{ENTERPRISE}/policies/company"
WANTED = {
    "playStoreMode": "BLACKLIST",
    "applications": [{"packageName": name, "installType": "BLOCKED"} for name in ("com.tencent.mm", "com.example.ban")],
    "personalUsagePolicies": {
        "personalPlayStoreMode": "BLOCKLIST",
        "personalApplications": [{"packageName": "com.tencent.mm", "installType": "BLOCKED"}],
    },
    "advancedSecurityOverrides": {"untrustedAppsPolicy": "DISALLOW_INSTALL"},
}
FAULT = {fault.name: fault for fault in FAULTS}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        made.seed("company", COPE)
        yield made


def made(target: str = "amapi-cope", variant: str = "", **more: Any) -> MadeDocument:
    data = json.dumps(more.pop("value", WANTED)).encode()
    return MadeDocument(f"{target}{variant}.json", target, "policy", variant, "amapi-policy", data, **more)


def spec(server: Server, **settings: Any) -> DestinationSpec:
    more = {name: settings.pop(name) for name in ("targets", "assign") if name in settings}
    known = {
        "enterprise": ENTERPRISE,
        "policies": {"amapi-cope": "company"},
        "service_account": {"env": "KEY"},
        "url": server.url,
        "token_url": f"{server.url}/token",
    }
    return DestinationSpec("google", "amapi", {**known, **settings}, Origin("d.yaml", 1, 1), **more)


def connect(server: Server, secret: str = "", **settings: Any) -> tuple[AmapiDestination, list[float]]:
    waited: list[float] = []
    edge = Edge(lambda _: secret or json.dumps(account()), waited.append, timeout=2.0, attempts=3)
    return AmapiDestination(spec(server, **settings), "org.example", edge), waited


def item(server: Server, **more: Any) -> tuple[AmapiDestination, Item, Remote]:
    there, _ = connect(server)
    (one,) = there.items((made(**more),))
    remote = there.get(next(s for s in there.list() if s.key == one.key))
    assert remote is not None
    return there, one, remote


def sent(server: Server) -> list[tuple[str, str, str]]:
    return [
        (call.method, call.path.rpartition("/")[2], call.query.get("updateMask", ""))
        for call in server.calls
        if call.method != "GET" and call.path != "/token"
    ]


def test_items_and_what_is_said_of_them(server: Server) -> None:
    there, _ = connect(server, policies={"amapi-cope": "company", "amapi-cope@lab": "lab", "amapi-byod": "byod"})
    whole = (
        made(),
        made(variant="lab", groups=("lab",)),
        made(variant="x", groups=("x",)),
        made("amapi-fully-managed"),
    )
    items = there.items(whole)
    assert [(one.name, one.assignment) for one in items] == [(POLICY, None), (f"{ENTERPRISE}/policies/lab", None)]
    assert items[0].key != items[1].key
    assert [one.id for one in there.findings(whole)] == [
        "amapi-permissible-use",
        "amapi-policy-unused",
        "amapi-variant-without-policy",
    ]
    only, _ = connect(server, targets=("amapi-byod",))
    assert only.items(whole) == ()


@pytest.mark.parametrize(
    ("settings", "secret", "ids"),
    [
        pytest.param({"assign": "everyone"}, "", ["destination-assign"], id="an assignment"),
        pytest.param({"policies": {"a": "p", "b": "p"}}, "", ["amapi-policy-shared"], id="one policy for two targets"),
        pytest.param({}, "no json", ["push-key"], id="a key that is not JSON"),
        pytest.param({}, "[]", ["push-key"], id="a key that is not an object"),
        pytest.param({}, '{"client_email": "x"}', ["push-key"], id="half a key"),
        pytest.param({}, json.dumps({**account(), "private_key": "x"}), ["push-key"], id="no private key"),
        pytest.param({"url": "http://example.org"}, "", ["push-address"], id="an address in the clear"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    server: Server, settings: dict[str, Any], secret: str, ids: list[str]
) -> None:
    with pytest.raises(PolicyError) as bad:
        connect(server, secret, **settings)
    assert [one.id for one in bad.value.findings] == ids


def test_too_many_apps_are_refused(server: Server) -> None:
    many = [{"packageName": f"com.example.a{number}", "installType": "BLOCKED"} for number in range(3_001)]
    there, _ = connect(server)
    with pytest.raises(PolicyError, match="3001 applications"):
        there.items((made(value={"applications": many}),))
    there, one, remote = item(server, value={"applications": many[:2_999]})
    with pytest.raises(PolicyError, match="3003 applications"):
        there.notes(one, remote)
    with pytest.raises(Failure) as bad:
        there.update(one, remote)
    assert bad.value.fault == "refused"


def test_an_update_is_one_write_that_touches_nothing_else(server: Server) -> None:
    there, one, remote = item(server)
    assert there.differs(one, remote) == (
        "/applications/com.tencent.mm/installType",
        "/applications/com.example.ban",
        "/personalUsagePolicies/personalApplications/com.tencent.mm",
        "/personalUsagePolicies/personalPlayStoreMode",
        "/advancedSecurityOverrides/untrustedAppsPolicy",
    )
    there.update(one, remote)
    mask = "advancedSecurityOverrides,applications,personalUsagePolicies"
    assert sent(server) == [("PATCH", "company", mask)]
    assert server.maskless == []
    now = server.policies[POLICY]
    assert now["version"] == "2"
    packages = [entry["packageName"] for entry in now["applications"]]
    before = [entry["packageName"] for entry in COPE["applications"]]  # type: ignore[index]
    assert packages == [*before, "com.example.ban"]
    assert now["applications"][3] == {
        "packageName": "com.tencent.mm",
        "installType": "BLOCKED",
        "minimumVersionCode": 7,
    }
    assert now["applications"][1]["managedConfiguration"] == {"psk": "canary-vpn-psk", "empty": "", "off": False}
    assert now["openNetworkConfiguration"] == COPE["openNetworkConfiguration"]
    read = there.get(Summary("policy", POLICY, POLICY, one.key))
    assert read is not None
    assert there.differs(one, read) == ()
    assert json.loads(there.merged(one, remote)) == {**json.loads(read.body), "version": "1"}


def test_apps_alone_go_by_the_narrow_call_and_nothing_by_none(server: Server) -> None:
    there, one, remote = item(server, value={"applications": WANTED["applications"]})
    there.update(one, remote)
    assert sent(server) == [("POST", "company:modifyPolicyApplications", "")]
    read = there.get(Summary("policy", POLICY, POLICY, one.key))
    assert read is not None
    server.arm()
    there.update(one, read)
    assert sent(server) == []


def test_what_was_there_comes_back_and_no_secret_is_in_it(server: Server) -> None:
    there, one, remote = item(server)
    there.update(one, remote)
    restoring = there.restoring(one, remote)
    for text in (restoring, one.body):
        assert WIFI.encode() not in text
        assert b"canary" not in text
    back = Item(one.key, one.kind, one.name, restoring, "")
    now = there.get(Summary("policy", POLICY, POLICY, one.key))
    assert now is not None
    there.update(back, now)
    read = there.get(Summary("policy", POLICY, POLICY, one.key))
    assert read is not None
    assert read.fingerprint == remote.fingerprint
    assert there.differs(back, read) == ()
    assert there.notes(back, read) == ()


def test_apps_alone_are_taken_back_by_the_narrow_call(server: Server) -> None:
    value = {"applications": [{"packageName": "com.example.ban", "installType": "BLOCKED"}]}
    there, one, remote = item(server, value=value)
    there.update(one, remote)
    now = there.get(Summary("policy", POLICY, POLICY, one.key))
    assert now is not None
    server.arm()
    there.update(Item(one.key, one.kind, one.name, there.restoring(one, remote), ""), now)
    assert sent(server) == [("POST", "company:removePolicyApplications", "")]
    assert "com.example.ban" not in json.dumps(server.policies[POLICY])


def test_what_no_list_orders_stays_blocked_and_is_named(server: Server) -> None:
    there, one, remote = item(server)
    (found,) = there.notes(one, remote)
    assert found.id == "blocked-beyond-list"
    assert "com.foreign.banned" in found.message
    assert there.notes(one, None) == ()
    assert "com.foreign.banned" in there.merged(one, remote).decode()


@pytest.mark.parametrize(
    ("found", "wanted", "after"),
    [
        pytest.param({}, {"playStoreMode": "BLACKLIST"}, {}, id="a store that is closed by default stays closed"),
        pytest.param(
            {"playStoreMode": "WHITELIST"},
            {"playStoreMode": "BLACKLIST"},
            {"playStoreMode": "WHITELIST"},
            id="a closed store",
        ),
        pytest.param(
            {"personalUsagePolicies": {"personalPlayStoreMode": "ALLOWLIST"}},
            {"personalUsagePolicies": {"personalPlayStoreMode": "BLOCKLIST"}},
            {"personalUsagePolicies": {"personalPlayStoreMode": "ALLOWLIST"}},
            id="a closed personal store",
        ),
        pytest.param(
            {"applications": [{"packageName": "com.android.chrome", "installType": "BLOCKED"}]},
            {"applications": [{"packageName": "com.android.chrome", "installType": "AVAILABLE"}]},
            {"applications": [{"packageName": "com.android.chrome", "installType": "BLOCKED"}]},
            id="a browser that others block",
        ),
        pytest.param({"maximumTimeToLock": "5"}, {"maximumTimeToLock": 5}, {"maximumTimeToLock": "5"}, id="an int64"),
        pytest.param({}, {"funDisabled": False, "applications": []}, {}, id="defaults that the server leaves out"),
        pytest.param({"funDisabled": True}, {"funDisabled": False}, {"funDisabled": False}, id="a default that is set"),
        pytest.param({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}, id="a key beside ours"),
        pytest.param(
            {"frpAdminEmails": ["x"]}, {"frpAdminEmails": ["y"]}, {"frpAdminEmails": ["y"]}, id="a plain list"
        ),
        pytest.param(
            {"applications": [{"installType": "x"}, 7]},
            {"applications": [{"packageName": "a.b", "installType": "BLOCKED"}]},
            {"applications": [{"installType": "x"}, 7, {"packageName": "a.b", "installType": "BLOCKED"}]},
            id="entries that have no name",
        ),
    ],
)
def test_merging(found: dict[str, Any], wanted: dict[str, Any], after: dict[str, Any]) -> None:
    change = policies.PolicyChange(wanted)
    assert policies.merge(found, change) == after
    back = policies.restoring(found, change)
    assert policies.fingerprint(policies.merge(after, back)) == policies.fingerprint(found)
    assert policies.load(back.dump()) == back
    closed = policies.stays_closed(found, change)
    assert bool(closed) is (found == after and any("StoreMode" in text for text in (json.dumps(wanted),)))


def test_a_store_that_stays_closed_is_said(server: Server) -> None:
    server.seed("company", {"playStoreMode": "WHITELIST"})
    there, one, remote = item(server)
    assert [found.id for found in there.notes(one, remote)] == ["amapi-store-stays-closed"]


def test_taking_out_reaches_into_entries_and_past_what_is_not_there() -> None:
    policy = {
        "applications": [{"packageName": "a.b", "installType": "BLOCKED", "disabled": True}, 7],
        "x": 1,
        "a": {"b": 1},
    }
    absent = ("/applications/a.b/disabled", "/applications/c.d", "/x/y", "/a/b", "/gone")
    left = policies.merge(policy, policies.PolicyChange({}, absent))
    assert left == {"applications": [{"packageName": "a.b", "installType": "BLOCKED"}, 7], "x": 1, "a": {}}
    call = policies.call_for(policy, {**policy, "applications": left["applications"]})
    assert call is not None
    change = {"application": {"packageName": "a.b"}, "updateMask": "disabled"}
    assert (call.path, json.loads(call.body)) == (":modifyPolicyApplications", {"changes": [change]})


def test_there_is_no_patch_without_a_mask() -> None:
    for mask in ([], [""]):
        with pytest.raises(ValueError, match="whole policy"):
            policies.patch({}, mask)


def test_entries_that_come_and_go_at_once_are_one_patch() -> None:
    old = {"applications": [{"packageName": "a.b"}]}
    call = policies.call_for(old, {"applications": [{"packageName": "c.d", "installType": "BLOCKED"}]})
    assert call is not None
    assert (call.method, call.path) == ("PATCH", "?updateMask=applications")


def test_a_policy_is_created_once_and_deleted_while_no_device_has_it(server: Server) -> None:
    there, _ = connect(server, policies={"amapi-cope": "new"})
    (one,) = there.items((made(),))
    assert json.loads(there.merged(one, None)) == {"name": one.name, **WANTED}
    summary = there.create(one)
    assert sent(server)[0][2] == "advancedSecurityOverrides,applications,personalUsagePolicies,playStoreMode"
    with pytest.raises(Failure) as bad:
        there.create(one)
    assert bad.value.fault == "conflict"
    remote = there.get(summary)
    assert remote is not None
    assert there.differs(one, remote) == ()
    server.enroll("d1", policyName=summary.id)
    with pytest.raises(Failure, match="in use"):
        there.delete(remote)
    server.devices.clear()
    there.delete(remote)
    there.delete(remote)
    assert there.get(summary) is None


def test_the_listing_is_read_to_its_end_and_checked_by_name(server: Server) -> None:
    for number in range(45):
        server.seed(f"p{number:02}", {"funDisabled": True})
    there, _ = connect(server, policies={"amapi-cope": "p44", "amapi-byod": "missing"})
    found = list(there.list())
    assert len(found) == 46
    assert [one.id.rpartition("/")[2] for one in found if one.key] == ["p44"]
    server.arm(_0=FAULT["an empty object"])
    assert [one.id.rpartition("/")[2] for one in there.list()] == ["p44"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("a listing that leads back to itself", "refused"),
        ("404", "not-found"),
        ("null", "answer"),
        ("HTML page with 200", "answer"),
        ("403", "forbidden"),
    ],
)
def test_a_bad_answer_is_never_an_empty_list(server: Server, fault: str, expected: str) -> None:
    there, _ = connect(server)
    list(there.list())
    server.arm(_0=FAULT[fault])
    with pytest.raises(Failure) as bad:
        list(there.list())
    assert bad.value.fault == expected


def test_a_404_that_is_not_the_apis_is_no_absence(server: Server) -> None:
    there, _ = connect(server)
    list(there.list())
    server.arm(_0=FAULT["404"])
    with pytest.raises(Failure) as bad:
        there.get(Summary("policy", POLICY, POLICY, "k"))
    assert bad.value.fault == "not-found"


@pytest.mark.parametrize(
    "value",
    [
        {"name": "other"},
        {"name": POLICY, "applications": {}},
        {"name": POLICY, "applications": ["x"]},
        {"name": POLICY, "personalUsagePolicies": [1]},
        {"name": POLICY, "personalUsagePolicies": {"personalApplications": 1}},
        {"name": POLICY, "version": "x"},
    ],
)
def test_a_policy_of_another_shape_is_refused(server: Server, value: dict[str, Any]) -> None:
    there, _ = connect(server)
    server.policies[POLICY] = value
    with pytest.raises(Failure) as bad:
        there.get(Summary("policy", POLICY, POLICY, "k"))
    assert bad.value.fault == "answer"


@pytest.mark.parametrize(
    "page", [{"policies": {}}, {"policies": [1]}, {"policies": [{}]}, {"nextPageToken": 1}, {"nextPageToken": "same"}]
)
def test_a_page_of_another_shape_is_refused(
    server: Server, page: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from emulators.base import reply  # noqa: PLC0415 - only here

    there, _ = connect(server)
    monkeypatch.setattr(server, "_listing", lambda *_: reply(page))
    with pytest.raises(Failure) as bad:
        list(there.list())
    assert bad.value.fault == "answer"


def test_a_listing_without_end_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from mdm_policy.push import listings  # noqa: PLC0415 - only here

    for number in range(45):
        server.seed(f"p{number:02}", {"funDisabled": True})
    monkeypatch.setattr(listings, "_PAGES", 2)
    there, _ = connect(server)
    with pytest.raises(Failure, match="no end"):
        list(there.list())


def test_a_quota_error_is_waited_for_a_minute(server: Server) -> None:
    there, waited = connect(server)
    list(there.list())
    server.arm(_0=FAULT["429 without Retry-After"])
    list(there.list())
    assert len(waited) == 1
    assert 60 <= waited[0] < 65


def test_a_change_of_somebody_else_in_between_is_a_conflict(server: Server) -> None:
    there, one, remote = item(server)
    server.policies[POLICY] |= {"version": "5", "smsDisabled": True}
    with pytest.raises(Failure) as bad:
        there.update(one, remote)
    assert bad.value.fault == "conflict"
    assert "from version 1 to 6" in bad.value.said


def test_a_write_whose_end_is_unknown_is_looked_after(server: Server) -> None:
    there, one, remote = item(server)
    server.arm(_0=FAULT["504 before the work"], _2=FAULT["504 after the work"])
    there.update(one, remote)
    assert [call.method for call in server.calls] == ["PATCH", "GET", "PATCH", "GET"]
    assert there.differs(one, there.get(Summary("policy", POLICY, POLICY, one.key)) or remote) == ()
    again = there.get(Summary("policy", POLICY, POLICY, one.key))
    assert again is not None
    server.seed("company", COPE)
    server.arm(**{f"_{number}": FAULT["504 before the work"] for number in (0, 2, 4)})
    with pytest.raises(Failure) as bad:
        there.update(one, remote)
    assert bad.value.ambiguous


def test_not_modified_and_strange_answers_of_a_write(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    there, one, remote = item(server)
    there.update(one, remote)
    server.not_modified = True
    there.update(one, remote)
    there, one, remote = item(server, value={"applications": [{"packageName": "x.y", "installType": "BLOCKED"}]})
    from emulators.base import reply  # noqa: PLC0415 - only here

    for value in ({}, {"policy": {"name": "other"}}):
        monkeypatch.setattr(server, "_modify", lambda *_, value=value: reply(value))
        with pytest.raises(Failure) as bad:
            there.update(one, remote)
        assert bad.value.fault == "answer"


def test_a_token_that_ended_is_renewed_and_a_wrong_key_is_refused(server: Server, tmp_path: Path) -> None:
    del tmp_path
    there, _ = connect(server)
    list(there.list())
    server.expire()
    assert list(there.list())
    wrong, _ = connect(server, json.dumps({**account(), "client_email": "else@example.org"}))
    with pytest.raises(Failure) as bad:
        list(wrong.list())
    assert bad.value.fault == "unauthorized"
    assert account()["private_key"] not in bad.value.said


def test_nobody_is_assigned(server: Server) -> None:
    there, _ = connect(server)
    with pytest.raises(Failure, match="not decided here"):
        there.assign(Summary("policy", POLICY, POLICY), Assignment())


DEVICE = {
    "policyName": POLICY,
    "appliedPolicyName": POLICY,
    "appliedPolicyVersion": "7",
    "lastPolicySyncTime": "2026-11-25T10:00:00Z",
    "policyCompliant": True,
}
INSTALLED = {"settingName": "applications", "packageName": "com.tencent.mm", "nonComplianceReason": "APP_INSTALLED"}


@pytest.mark.parametrize(
    ("more", "state", "said"),
    [
        pytest.param({}, "applied", "version 7", id="applied"),
        pytest.param({"appliedPolicyVersion": "9"}, "applied", "version 7", id="a later version"),
        pytest.param({"appliedPolicyVersion": "6"}, "pending", "version 6", id="an older version"),
        pytest.param({"appliedPolicyName": "x"}, "pending", "still has x", id="another policy"),
        pytest.param({"appliedPolicyName": None}, "pending", "no policy", id="no policy"),
        pytest.param({"appliedPolicyVersion": None}, "unknown", "which version", id="no version"),
        pytest.param({"lastPolicySyncTime": None}, "unknown", "which version", id="never synchronized"),
        pytest.param(
            {"policyCompliant": False, "nonComplianceDetails": [INSTALLED]},
            "failed",
            "applications com.tencent.mm APP_INSTALLED",
            id="a blocked app is installed",
        ),
        pytest.param(
            {"nonComplianceDetails": [{**INSTALLED, "nonComplianceReason": "PENDING"}]},
            "pending",
            "PENDING",
            id="pending",
        ),
        pytest.param(
            {"policyCompliant": False, "nonComplianceDetails": [{"settingName": "passwordPolicies"}]},
            "applied",
            "version 7",
            id="what is not one of our business",
        ),
        pytest.param({"policyCompliant": False}, "unknown", "does not say why", id="not compliant, no reason"),
    ],
)
def test_evidence(more: dict[str, Any], state: str, said: str) -> None:
    remote = Remote("policy", POLICY, POLICY, "k", b"{}", "f", version="7")
    (found,) = evidence_of(remote, [{**DEVICE, **more, "name": "d1"}, {"policyName": "other"}])
    assert (found.state, found.count) == (state, 1)
    assert said in found.said


def test_evidence_of_a_fleet(server: Server) -> None:
    there, one, remote = item(server)
    cope = {"managementMode": "PROFILE_OWNER", "ownership": "COMPANY_OWNED"}
    for number in range(120):
        server.enroll(f"d{number:03}", **{**DEVICE, **(cope if number < 20 else {})})
    found = list(there.evidence([remote]))
    assert [(e.state, e.count) for e in found] == [("applied", 120), ("unknown", 20)]
    assert "nobody can see" in found[1].said
    assert list(there.evidence([])) == []
    server.devices.clear()
    assert [(e.state, e.count) for e in there.evidence([remote])] == [("unknown", 0)]
    assert key() is key()
    assert one.key


def test_two_policy_documents_for_one_policy_are_refused(server: Server) -> None:
    there, _ = connect(server, targets=("amapi-cope",))
    first, second = made(), made(variant="")
    second = msgspec.structs.replace(second, path="amapi-cope/other.json", document="other")
    with pytest.raises(PolicyError) as caught:
        there.items([first, second])
    (said,) = caught.value.findings
    assert (said.id, str(said.origin)) == ("amapi-policy-shared", "amapi-cope/other.json")
    assert len(there.items([first, msgspec.structs.replace(second, instead_of="policy")])) == 1
