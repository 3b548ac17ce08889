"""Push to KMFDDM: identifiers, sets, the server's own answers, and what enrollments report.

`MDM_POLICY_KMFDDM_URL` and `MDM_POLICY_KMFDDM_KEY` point the tests that need nothing but the API at a real server: they
make declarations of the owner `mdm-policy.test` in the set `mdm-policy.test`, and delete them again.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from emulators.faults import FAULTS
from emulators.kmfddm import KEY, Server

from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import DestinationSpec
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations.kmfddm import KmfddmDestination
from mdm_policy.push.destinations.kmfddm_notices import Notices
from mdm_policy.push.model import Assignment, Item, MadeDocument, Remote, Summary
from mdm_policy.push.protocol import Edge
from mdm_policy.reading import Scope
from push.stage import stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER = "mdm-policy.test"
SET = "mdm-policy.test"
FAULT = {fault.name: fault for fault in FAULTS}
CONFIGURATION = {
    "Type": "com.apple.configuration.app.settings",
    "Identifier": "org.example.apps",
    "ServerToken": "ours",
    "Payload": {"Allowed": {"DeniedApps": ["com.example.one", "com.example.two"]}},
}
ACTIVATION = {
    "Type": "com.apple.activation.simple",
    "Identifier": "org.example.apps.activation",
    "ServerToken": "ours",
    "Payload": {"StandardConfigurations": ["org.example.apps", "org.example.else"]},
}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        yield made


def connect(url: str, secret: str = KEY, owner: str = OWNER, **more: Any) -> KmfddmDestination:
    settings = {"url": url, "api_key": {"env": "K"}, "set": SET, **more.pop("settings", {})}
    spec = DestinationSpec("ddm", "kmfddm", settings, Origin("d.yaml", 1, 1), **{"assign": "everyone", **more})
    return KmfddmDestination(spec, owner, Edge(lambda _: secret, lambda _: None, timeout=2.0, attempts=3))


def made(value: dict[str, Any] = CONFIGURATION, target: str = "apple-ddm-apps", **more: Any) -> MadeDocument:
    activation = "activation" in str(value["Type"])
    kind = "apple-declaration-activation" if activation else "apple-declaration-configuration"
    document = "activation" if activation else "configuration"
    variant = more.get("variant", "")
    return MadeDocument(
        f"{target}/{document}{variant}.json",
        target,
        document,
        variant,
        kind,
        json.dumps(value).encode(),
        more.get("groups", ()),
        more.get("excluded", ()),
    )


@pytest.fixture
def anywhere(server: Server) -> Iterator[KmfddmDestination]:
    """Give a destination at a real server where the environment names one, else at the emulator."""
    url = os.environ.get("MDM_POLICY_KMFDDM_URL")
    there = connect(url or server.url, os.environ.get("MDM_POLICY_KMFDDM_KEY", KEY))
    yield there
    for one in there.list():
        if one.owner == OWNER:
            remote = there.get(one)
            assert remote is not None
            there.delete(remote)


def test_a_declaration_is_made_put_into_its_set_changed_and_deleted(anywhere: KmfddmDestination) -> None:
    configuration, activation = anywhere.items((made(), made(ACTIVATION)))
    assert (configuration.name, activation.name) == ("apple-ddm-apps", "apple-ddm-apps activation")
    for item in (configuration, activation):
        summary = anywhere.create(item)
        assert len(summary.id.encode()) <= 64
        remote = anywhere.get(summary)
        assert remote is not None
        assert (remote.assignment, remote.scope) == (Assignment(), Scope("nobody"))
        assert item.assignment == Assignment(groups=(SET,))
        anywhere.assign(summary, item.assignment)
        anywhere.assign(summary, item.assignment)
        remote = anywhere.get(summary)
        assert remote is not None
        assert (remote.assignment, remote.scope) == (item.assignment, None)
        assert anywhere.differs(item, remote) == ()
        assert anywhere.create(item) == summary
    ours = [one for one in anywhere.list() if one.owner == OWNER]
    assert {one.key for one in ours} == {configuration.key, activation.key}
    named = json.loads(activation.body)["Payload"]["StandardConfigurations"]
    assert named == [json.loads(configuration.body)["Identifier"], "org.example.else"]
    (changed,) = anywhere.items((made({**CONFIGURATION, "Payload": {"Allowed": {"DeniedApps": ["com.example.one"]}}}),))
    before = anywhere.get(Summary("declaration", json.loads(changed.body)["Identifier"], "", changed.key, OWNER))
    assert before is not None
    assert anywhere.differs(changed, before) == ("/Payload/Allowed/DeniedApps",)
    assert anywhere.restoring(changed, before) == before.body
    anywhere.update(changed, before)
    after = anywhere.get(Summary("declaration", before.id, "", before.key, OWNER))
    assert after is not None
    assert anywhere.differs(changed, after) == ()
    assert after.fingerprint != before.fingerprint
    assert after.version != before.version
    anywhere.assign(Summary("declaration", after.id, "", after.key, OWNER), Assignment())
    anywhere.delete(after)
    anywhere.delete(after)
    assert anywhere.get(Summary("declaration", after.id, "", after.key, OWNER)) is None


def test_whose_a_declaration_is(server: Server) -> None:
    long = "gov.example.a-very-long-name.agency"
    there, other = connect(server.url, owner=long), connect(server.url, owner=f"{long}.x")
    (item,) = there.items((made(),))
    (theirs,) = other.items((made(),))
    assert item.key != theirs.key
    for one in (item, theirs):
        assert len(json.loads(one.body)["Identifier"]) == 64
    there.create(item)
    other.create(theirs)
    server.seed({**CONFIGURATION, "Identifier": "org.example.apps"})
    assert {one.owner == long: one.key for one in there.list() if one.key} == {True: item.key, False: theirs.key}
    assert len(list(there.list())) == 3


@pytest.mark.parametrize(
    ("assign", "groups", "variant", "expected"),
    [
        pytest.param("everyone", {}, "", Assignment(groups=(SET,)), id="everyone"),
        pytest.param("unchanged", {}, "", None, id="unchanged"),
        pytest.param("unchanged", {}, "lab", None, id="a variant reaches nobody by accident"),
        pytest.param(("field",), {"field": "f-set"}, "", Assignment(groups=("f-set",)), id="a group"),
        pytest.param("everyone", {"lab": "l-set"}, "lab", Assignment(groups=("l-set",)), id="a variant"),
        pytest.param("everyone", {}, "lab", "destination-group-unknown", id="a variant's group without a set"),
        pytest.param(("field",), {}, "", "destination-group-unknown", id="a group without a set"),
    ],
)
def test_assignments(server: Server, assign: Any, groups: dict[str, str], variant: str, expected: Any) -> None:
    there = connect(server.url, assign=assign, groups=groups)
    documents = (made(variant=variant, groups=("lab",) if variant else ()),)
    if isinstance(expected, str):
        with pytest.raises(PolicyError) as bad:
            there.items(documents)
        assert [one.id for one in bad.value.findings] == [expected]
        return
    (item,) = there.items(documents)
    assert item.assignment == expected
    assert [one.id for one in there.findings(documents)] == [
        "kmfddm-notifies-thirty",
        *(["kmfddm-no-exclusion"] if variant and assign == "everyone" else []),
    ]
    assert connect(server.url, settings={"enrollments": ["E1"]}).findings((made(),)) == ()
    assert connect(server.url, targets=("other",)).items(documents) == ()


def test_an_empty_server_answers_null_and_a_contradiction_is_refused(server: Server) -> None:
    there = connect(server.url)
    assert there.list() == []
    server.seed(CONFIGURATION, SET)
    assert len(list(there.list())) == 1
    server.arm(_0=FAULT["null"])
    with pytest.raises(Failure, match="lists no declaration"):
        there.list()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("404", "not-found"),
        ("an empty object", "answer"),
        ("HTML page with 200", "answer"),
        ("401 in mid-run", "unauthorized"),
    ],
)
def test_a_bad_answer_is_neither_an_empty_list_nor_an_absent_object(server: Server, fault: str, expected: str) -> None:
    server.seed(CONFIGURATION, SET)
    there = connect(server.url)
    summary = Summary("declaration", str(CONFIGURATION["Identifier"]), "", "k", OWNER)
    for call in (there.list, lambda: there.get(summary)):
        server.arm(_0=FAULT[fault], _1=FAULT[fault])
        with pytest.raises(Failure) as bad:
            call()
        assert bad.value.fault == expected


def test_a_wrong_key_is_refused_and_not_shown(server: Server) -> None:
    there = connect(server.url, "wrong-canary")
    with pytest.raises(Failure) as bad:
        there.list()
    assert bad.value.fault == "unauthorized"
    assert "wrong-canary" not in bad.value.said


def test_what_is_set_beyond_ours_counts(server: Server) -> None:
    there = connect(server.url)
    (item,) = there.items((made(),))
    body = json.loads(item.body)
    body["Payload"]["Allowed"]["AlwaysAllowManagedApps"] = True
    server.seed(body)
    remote = there.get(Summary("declaration", body["Identifier"], "", item.key, OWNER))
    assert remote is not None
    assert there.differs(item, remote) == ("/Payload/Allowed/AlwaysAllowManagedApps",)
    assert there.merged(item, remote) == item.body


@pytest.mark.parametrize(
    ("reported", "state"),
    [
        pytest.param({}, "applied", id="active, valid and current"),
        pytest.param({"valid": "invalid"}, "failed", id="not valid"),
        pytest.param({"active": False}, "failed", id="not active"),
        pytest.param({"of": "old"}, "pending", id="of an older version"),
        pytest.param({"valid": "unknown"}, "unknown", id="not known yet"),
        pytest.param(None, "unknown", id="not reported"),
    ],
)
def test_evidence(server: Server, reported: dict[str, Any] | None, state: str) -> None:
    there = connect(server.url, settings={"enrollments": ["E1"]})
    server.seed(CONFIGURATION, SET)
    identifier = str(CONFIGURATION["Identifier"])
    if reported is not None:
        server.report("E1", identifier, **reported)
    remote = there.get(Summary("declaration", identifier, "", "k", OWNER))
    assert remote is not None
    (found,) = there.evidence([remote])
    assert (found.state, found.device) == (state, "E1")


def test_evidence_needs_enrollments_and_goes_by_fifties(server: Server) -> None:
    remote = Remote("declaration", "i", "n", "k", b"{}", "f")
    assert [one.state for one in connect(server.url).evidence([remote])] == ["unknown"]
    names = [f"E{number}" for number in range(60)]
    server.report("E59", "i", of="?")
    found = list(connect(server.url, settings={"enrollments": names}).evidence([remote]))
    assert [one.state for one in found] == ["unknown"] * 59 + ["applied"]
    assert [call.path.count(",") for call in server.calls] == [49, 9]


def call(server: Server, method: str, path: str, body: bytes = b"") -> int:
    from emulators.base import Request  # noqa: PLC0415 - only here

    at, _, query = path.partition("?")
    pairs = dict(one.split("=") for one in query.split("&") if one)
    proof = {"authorization": "Basic a21mZGRtOmNhbmFyeS1rbWZkZG0ta2V5"}
    return server.handle(Request(method, at, pairs, proof, body)).status


def test_the_emulator_refuses_what_the_server_refuses(server: Server) -> None:
    for body in (b"{", b"[]", b'{"Identifier": "x"}', b'{"Identifier": "x", "Type": "t", "Payload": 1}'):
        assert call(server, "PUT", "/v1/declarations", body) == 400
    good = json.dumps(CONFIGURATION).encode()
    assert [call(server, "PUT", "/v1/declarations", good) for _ in range(2)] == [204, 304]
    assert call(server, "PUT", "/v1/declarations/x") == 405
    assert call(server, "GET", "/v1/nothing") == 404
    assert call(server, "GET", "/version") == 200
    assert call(server, "PUT", "/v1/set-declarations/s") == 500
    assert call(server, "DELETE", "/v1/set-declarations/s") == 500
    assert call(server, "PUT", "/v1/set-declarations/s?declaration=missing") == 500
    identifier = CONFIGURATION["Identifier"]
    assert call(server, "PUT", f"/v1/set-declarations/s?declaration={identifier}") == 204
    assert call(server, "DELETE", f"/v1/declarations/{identifier}") == 500
    for path, first, then in (
        ("enrollment-sets/E1?set=s", 204, 304),
        (f"set-declarations/t?declaration={identifier}", 204, 304),
    ):
        for method in ("PUT", "DELETE"):
            assert [call(server, method, f"/v1/{path}") for _ in range(2)] == [first, then]
    assert call(server, "PUT", "/v1/enrollment-sets/E1") == 500
    assert call(server, "DELETE", "/v1/enrollment-sets/E1") == 500
    call(server, "PUT", "/v1/enrollment-sets/E1?set=s")
    changed = json.dumps({**CONFIGURATION, "Payload": {}}).encode()
    call(server, "PUT", "/v1/declarations", changed)
    assert server.notified == ["E1"]
    call(server, "PUT", "/v1/declarations?nonotify=1", good)
    assert server.notified == ["E1"]
    assert call(server, "GET", "/v1/sets") == call(server, "GET", "/v1/enrollment-sets/E1") == 200


def test_an_item_of_another_kind_is_left_alone(server: Server) -> None:
    there = connect(server.url)
    profile = MadeDocument("p", "apple-ios-restrictions", "profile", "", "apple-profile", b"<plist/>")
    assert there.items((profile,)) == ()
    assert isinstance(there.items((made(),))[0], Item)


def told(server: Server) -> list[str]:
    """Return whom the server has told since the last look."""
    found = list(server.notified)
    server.notified.clear()
    return found


def carry(there: KmfddmDestination, *documents: MadeDocument) -> None:
    """Make the objects of documents and assign them, without the end of the run."""
    for item in there.items(documents):
        summary = there.create(item)
        assert item.assignment is not None
        there.assign(summary, item.assignment)


def test_many_writes_notify_once(server: Server) -> None:
    server.enrollments["E1"] = [SET]
    there = connect(server.url)
    carry(there, made(), made(ACTIVATION))
    assert (told(server), server.unheard) == ([], {"E1"})
    there.finish()
    assert (told(server), server.unheard) == (["E1"], set())
    assert len(server.declarations) == 2, "what was kept on the server is gone"
    there.finish()
    assert told(server) == []
    (item,) = there.items((made({**CONFIGURATION, "Payload": {}}),))
    (summary,) = [one for one in there.list() if one.key == item.key]
    remote = there.get(summary)
    assert remote is not None
    there.update(item, remote)
    there.assign(summary, Assignment())
    there.delete(remote)
    assert told(server) == []
    there.finish()
    assert told(server) == ["E1"]


def test_what_a_run_that_was_cut_off_owes_is_planned_for_and_paid(server: Server) -> None:
    server.enrollments["E1"] = [SET]
    carry(connect(server.url), made())
    after = connect(server.url)
    (item,) = after.items((made(),))
    assert [one.key for one in after.list()] == [item.key], "what is owed is no object of ours"
    remote = after.get(next(iter(after.list())))
    assert remote is not None
    assert after.differs(item, remote) == ("its enrollments were not notified of the last change",)
    (found,) = after.notes(item, remote)
    assert (found.id, SET in found.message, after.unheard) == ("kmfddm-not-notified", True, True)
    after.update(item, remote)
    assert (after.differs(item, remote), after.notes(item, remote)) == ((), ())
    assert (told(server), after.unheard) == ([], False)
    after.finish()
    assert (told(server), server.unheard) == (["E1"], set())
    again = connect(server.url)
    again.list()
    assert again.differs(item, remote) == ()


def test_a_notification_that_fails_is_owed_still(server: Server) -> None:
    server.enrollments["E1"] = [SET]
    there = connect(server.url)
    carry(there, made())
    for fault in ("403", "404"):
        server.arm(_0=FAULT[fault])
        with pytest.raises(Failure):
            there.finish()
        later = connect(server.url)
        later.list()
        assert later._notices.left == {SET}
    there.finish()
    assert server.unheard == set()


def test_what_is_owed_and_was_damaged_is_owed_to_every_set(server: Server) -> None:
    there = connect(server.url, groups={"lab": "l-set"})
    carry(there, made())
    kept = there._notices.identifier
    for payload in ({}, {"Sets": [1]}, {"Sets": "x"}):
        server.declarations[kept]["Payload"] = payload
        later = connect(server.url, groups={"lab": "l-set"})
        later.list()
        assert later._notices.left == {SET, "l-set"}
    later.finish()
    assert kept not in server.declarations


def test_a_server_before_0_4_tells_each_write_by_itself(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "_post_notify", None)
    there = connect(server.url)
    carry(there, made())
    there.finish()
    assert len(server.declarations) == 1


def test_an_enrollment_in_two_sets_gets_no_command_twice(server: Server) -> None:
    server.enrollments["E1"] = [SET, "l-set"]
    there = connect(server.url, groups={"lab": "l-set"}, assign=("lab",))
    carry(there, made())
    there.assign(there._summary(there._identifier(there.items((made(),))[0].key)), Assignment(groups=(SET, "l-set")))
    there.finish()
    assert (told(server), server.doubled) == (["E1", "E1"], set())


def test_named_enrollments_beyond_thirty_are_notified_too(server: Server) -> None:
    names = [f"E{number}" for number in range(70)]
    server.enrollments |= {one: [SET] for one in names}
    there = connect(server.url, settings={"enrollments": names})
    carry(there, made())
    there.finish()
    assert server.unheard == set()


def test_a_set_whose_name_another_declaration_lends_is_none(server: Server) -> None:
    server.seed({**CONFIGURATION, "Identifier": "org.example"})
    server.seed({**CONFIGURATION, "Identifier": "org.example.apps"}, SET, "a.b")
    there = connect(server.url)
    for identifier, sets in (("org.example", ()), ("org.example.apps", (SET, "a.b"))):
        remote = there.get(Summary("declaration", identifier, "", "k", OWNER))
        assert remote is not None
        assert remote.assignment == Assignment(groups=tuple(sorted(sets)))


def test_drift_is_a_weaker_ban_while_devices_have_not_heard_of_it(tmp_path: Path) -> None:
    with stage("kmfddm", tmp_path) as one:
        one.plan()
        with mock.patch.object(Notices, "pay", side_effect=Failure("unreachable", "the network is gone")):
            assert one.apply().code == 12
        drift = one.drift()
        assert (drift.code, "kmfddm-not-notified" in drift.err, "\n\nDRIFT: " in drift.out) == (11, True, True)
        assert one.plan().code == 10
        assert one.apply().code == 0
        assert (one.drift().code, one.plan().code, one.emulator.unheard) == (0, 0, set())
