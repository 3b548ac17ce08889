"""Deliver through NanoMDM: the queue's answers, the record of what was delivered, and the answers of devices.

`MDM_POLICY_NANOMDM_URL`, `MDM_POLICY_NANOMDM_KEY` and `MDM_POLICY_NANOMDM_ENROLLMENT` point the first test at a real server:
it installs a profile that restricts nothing on that enrollment, and removes it.
"""

from __future__ import annotations

import json
import os
import plistlib
from typing import TYPE_CHECKING, Any

import pytest
from emulators.faults import FAULTS
from emulators.nanomdm import KEY, Server

from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import DestinationSpec
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations.nanomdm import NanoMdmDestination
from mdm_policy.push.model import Assignment, Item, MadeDocument, Remote, Summary
from mdm_policy.push.protocol import Edge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OWNER = "org.example"
FAULT = {fault.name: fault for fault in FAULTS}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server("E1", "E2", "E3") as made:
        yield made


def profile(*apps: str, identifier: str = "org.example.mdm-policy.test") -> bytes:
    content = [{"PayloadType": "com.apple.applicationaccess", "blockedAppBundleIDs": list(apps)}] if apps else []
    return plistlib.dumps({"PayloadType": "Configuration", "PayloadIdentifier": identifier, "PayloadContent": content})


def made(
    data: bytes | None = None, target: str = "apple-ios-restrictions", variant: str = "", **more: Any
) -> MadeDocument:
    return MadeDocument(
        f"{target}{variant}", target, "profile", variant, "apple-profile", data or profile("com.a", "com.b"), **more
    )


def connect(url: str, folder: Path, secret: str = KEY, **more: Any) -> NanoMdmDestination:
    settings = {"url": url, "api_key": {"env": "K"}, "enrollments": ["E1", "E2"], **more.pop("settings", {})}
    spec = DestinationSpec("nano", "nanomdm", settings, Origin("d.yaml", 1, 1), **more)
    return NanoMdmDestination(spec, OWNER, Edge(lambda _: secret, lambda _: None, str(folder), timeout=2.0, attempts=2))


def read(there: NanoMdmDestination, item: Item) -> Remote:
    (summary,) = [one for one in there.list() if one.key == item.key]
    remote = there.get(summary)
    assert remote is not None
    return remote


def test_a_profile_is_delivered_and_removed(server: Server, tmp_path: Path) -> None:
    url = os.environ.get("MDM_POLICY_NANOMDM_URL", server.url)
    enrollment = os.environ.get("MDM_POLICY_NANOMDM_ENROLLMENT", "E1")
    secret = os.environ.get("MDM_POLICY_NANOMDM_KEY", KEY)
    there = connect(url, tmp_path, secret, settings={"enrollments": [enrollment]})
    assert there.list() == []
    (item,) = there.items((made(profile()),))
    assert item.assignment == Assignment(groups=(enrollment,))
    summary = there.create(item)
    remote = there.get(summary)
    assert remote is not None
    assert there.differs(item, remote) == ()
    assert (remote.assignment, remote.id) == (item.assignment, "org.example.mdm-policy.test")
    assert there.merged(item, remote) == there.restoring(item, remote) == item.body
    there.delete(remote)
    assert there.list() == []
    assert there.get(summary) is None


def test_an_update_goes_to_those_who_have_it_and_an_assignment_to_the_rest(server: Server, tmp_path: Path) -> None:
    there = connect(server.url, tmp_path)
    (item,) = there.items((made(),))
    summary = there.create(item)
    (new,) = there.items((made(profile("com.c")),))
    remote = read(there, item)
    assert there.differs(new, remote) == ("the profile that was delivered last",)
    there.update(new, remote)
    assert b"com.c" in server.profiles["E2"]["org.example.mdm-policy.test"]
    there.assign(summary, Assignment(groups=("E2", "E3")))
    assert [bool(profiles) for profiles in server.profiles.values()] == [False, True, True]
    assert read(there, item).assignment == Assignment(groups=("E2", "E3"))
    with pytest.raises(Failure, match="does not know"):
        there.assign(Summary("profile", "x", "x", "x"), Assignment())


def test_exceptions_and_who_is_left(server: Server, tmp_path: Path) -> None:
    there = connect(server.url, tmp_path, groups={"lab": "E2, E3,"})
    base, variant = there.items((made(excluded=("lab",)), made(variant="lab", groups=("lab",))))
    assert base.assignment == Assignment(groups=("E1",))
    assert variant.assignment == Assignment(groups=("E2", "E3"))
    assert (variant.name, variant.key == base.key) == ("apple-ios-restrictions (lab)", False)
    with pytest.raises(PolicyError) as bad:
        connect(server.url, tmp_path).items((made(excluded=("lab",)),))
    assert [one.id for one in bad.value.findings] == ["destination-group-unknown"]
    with pytest.raises(PolicyError) as bad:
        connect(server.url, tmp_path, assign=("lab",))
    assert [one.id for one in bad.value.findings] == ["destination-assign"]
    assert connect(server.url, tmp_path, targets=("x",)).items((made(),)) == ()


def test_what_is_said_of_a_queue(server: Server, tmp_path: Path) -> None:
    there = connect(server.url, tmp_path)
    assert there.findings(()) == ()
    assert [one.id for one in there.findings((made(),))] == ["nanomdm-record"]
    both = (made(), made(target="macos-santa"))
    assert [one.id for one in there.findings(both)] == ["nanomdm-record", "nanomdm-mixed-targets"]


def test_a_device_that_cannot_be_woken_has_the_command_and_a_broken_queue_has_not(
    server: Server, tmp_path: Path
) -> None:
    there = connect(server.url, tmp_path)
    (item,) = there.items((made(),))
    server.store, server.unpushable, server.broken = "file", {"E1"}, {"E2"}
    server.arm()
    # All requests failed in a way, so the server answers 500 although one of them is in the queue.
    summary = there.create(item)
    assert len(server.commands) == 1, "no queue has it twice"
    assert read(there, item).assignment == Assignment(groups=("E1",))
    (told,) = there.evidence([read(there, item)])
    assert (told.device, "could not be woken" in told.said) == ("E1", True)
    server.unpushable = set()
    with pytest.raises(Failure, match="queued for E2"):
        there.assign(summary, Assignment(groups=("E1", "E2")))
    remote = read(there, item)
    server.broken = {"E1"}
    writes: tuple[Callable[[], None], ...] = (lambda: there.update(item, remote), lambda: there.delete(remote))
    for write in writes:
        with pytest.raises(Failure):
            write()
    assert read(there, item).assignment == Assignment(groups=("E1",))


def test_some_of_several_that_fail_are_named(server: Server, tmp_path: Path) -> None:
    there = connect(server.url, tmp_path)
    (item,) = there.items((made(),))
    there.create(item)
    server.store, server.broken = "file", {"E2"}
    remote = read(there, item)
    writes: tuple[Callable[[], None], ...] = (lambda: there.update(item, remote), lambda: there.delete(remote))
    for write in writes:
        with pytest.raises(Failure, match="queued for E2") as bad:
            write()
        assert bad.value.fault == "refused"


@pytest.mark.parametrize(
    "fault", ["500 after the work", "truncated JSON", "an empty object", "connection closed after the work"]
)
def test_a_lost_answer_is_asked_for_again_under_its_own_id(server: Server, tmp_path: Path, fault: str) -> None:
    there = connect(server.url, tmp_path)
    (item,) = there.items((made(),))
    server.arm(_0=FAULT[fault])
    there.create(item)
    assert len(server.commands) == 1
    assert read(there, item).assignment == Assignment(groups=("E1", "E2"))


def test_a_server_that_has_moved_keeps_its_record(server: Server, tmp_path: Path) -> None:
    there = connect(server.url, tmp_path)
    (item,) = there.items((made(),))
    there.create(item)
    record = tmp_path / "nano.delivered.json"
    record.write_text(record.read_text("utf-8").replace(server.url, "https://old.example.gov"), "utf-8")
    with pytest.raises(Failure, match="moved_from: https://old"):
        connect(server.url, tmp_path).list()
    moved = connect(server.url, tmp_path, settings={"moved_from": "https://old.example.gov"})
    assert len(list(moved.list())) == 1


def test_a_wrong_key_is_refused_and_not_shown(server: Server, tmp_path: Path) -> None:
    there = connect(server.url, tmp_path, "wrong-canary")
    (item,) = there.items((made(),))
    with pytest.raises(Failure) as bad:
        there.create(item)
    assert bad.value.fault == "unauthorized"
    assert "wrong-canary" not in bad.value.said


def test_the_record_is_whole_or_refused(server: Server, tmp_path: Path) -> None:
    there = connect(server.url, tmp_path, settings={"record": "here.json"})
    (item,) = there.items((made(),))
    there.create(item)
    path = tmp_path / "here.json"
    good = json.loads(path.read_text("utf-8"))
    assert path.stat().st_mode & 0o077 == 0
    assert good["format"] == 1
    for text in ("", "{}", "[]", json.dumps({**good, "format": 2}), json.dumps({**good, "owner": "x"})):
        path.write_text(text, "utf-8")
        with pytest.raises(Failure) as bad:
            there.list()
        assert bad.value.fault == "answer"
    path.unlink()
    path.mkdir()
    with pytest.raises(Failure, match="cannot read"):
        there.list()


def test_a_record_that_cannot_be_written_is_said(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = connect(server.url, tmp_path)
    (item,) = there.items((made(),))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mdm_policy.push.destinations.nanomdm.os.fsync", full)
    with pytest.raises(Failure, match="No space left"):
        there.create(item)
    assert list(tmp_path.iterdir()) == []
    lost = connect(server.url, tmp_path / "gone")
    with pytest.raises(Failure, match="cannot be written"):
        lost.create(item)


def test_devices_are_asked_where_that_is_wanted(server: Server, tmp_path: Path) -> None:
    there = connect(server.url, tmp_path, settings={"ask": True})
    (item,) = there.items((made(),))
    summary = there.create(item)
    there.update(item, read(there, item))
    there.assign(summary, Assignment(groups=("E1", "E2", "E3")))
    kinds = list(server.commands.values())
    assert kinds == ["InstallProfile", "Restrictions"] * 3
    (santa,) = there.items((made(profile(), target="macos-santa"),))
    there.create(santa)
    assert list(server.commands.values())[6:] == ["InstallProfile"]


def answer(**more: Any) -> bytes:
    union = {"blockedAppBundleIDs": {"values": ["com.a", "com.b", "com.else"]}}
    return plistlib.dumps({"Status": "Acknowledged", "UDID": "E1", "GlobalRestrictions": {"union": union}, **more})


@pytest.mark.parametrize(
    ("data", "state"),
    [
        pytest.param(answer(), "applied", id="the whole list is in force"),
        pytest.param(answer(GlobalRestrictions={"union": {}}), "failed", id="no list is"),
        pytest.param(
            answer(GlobalRestrictions={"union": {"blacklistedAppBundleIDs": {"values": ["com.a", "com.b"]}}}),
            "applied",
            id="under the older name",
        ),
        pytest.param(answer(GlobalRestrictions={}), "unknown", id="no union"),
        pytest.param(answer(GlobalRestrictions={"union": {"blockedAppBundleIDs": []}}), "unknown", id="another shape"),
        pytest.param(answer(Status="Error"), "unknown", id="an error"),
        pytest.param(answer(UDID="E9"), "unknown", id="of another device"),
        pytest.param(b"no plist", "unknown", id="no plist"),
        pytest.param(None, "unknown", id="no file"),
    ],
)
def test_evidence(server: Server, tmp_path: Path, data: bytes | None, state: str) -> None:
    there = connect(server.url, tmp_path, settings={"answers": {"E1": "e1.plist"}})
    (item,) = there.items((made(),))
    there.create(item)
    if data is not None:
        (tmp_path / "e1.plist").write_bytes(data)
    remote = read(there, item)
    found = {one.device: one.state for one in there.evidence([remote])}
    assert found == {"E1": state, "E2": "unknown"}
    # What does not show the ban after the delivery is delivered again, once; the same answer then proves nothing any more.
    assert remote.assignment == Assignment(groups=("E2",) if state == "failed" else ("E1", "E2"))
    assert [one.id for one in there.notes(item, remote)] == (["nanomdm-lost"] if state == "failed" else [])
    there.update(item, remote)
    there.assign(next(iter(there.list())), Assignment(groups=("E1", "E2")))
    assert {one.device: one.state for one in there.evidence([read(there, item)])} == {"E1": "unknown", "E2": "unknown"}
    assert [one.state for one in connect(server.url, tmp_path).evidence([read(there, item)])] == ["unknown"] * 2


def test_the_emulated_device_answers_what_its_profiles_block(server: Server, tmp_path: Path) -> None:
    there = connect(server.url, tmp_path, settings={"answers": {"E1": "e1.plist"}})
    (item,) = there.items((made(),))
    there.create(item)
    (tmp_path / "e1.plist").write_bytes(server.restrictions("E1"))
    assert {one.device: one.state for one in there.evidence([read(there, item)])}["E1"] == "applied"


def test_the_emulator_refuses_what_the_server_refuses(server: Server) -> None:
    from emulators.base import Request  # noqa: PLC0415 - only here

    proof = {"authorization": "Basic bmFub21kbTpjYW5hcnktbmFub21kbS1rZXk="}

    def call(method: str, path: str, body: bytes = b"") -> int:
        return server.handle(Request(method, path, {}, proof, body)).status

    assert call("PUT", "/v1/enqueue/E1", b"x") == 500
    command = plistlib.dumps({"Command": {"RequestType": "ProfileList"}, "CommandUUID": "1"})
    assert [call("PUT", "/v1/enqueue/E1", command) for _ in range(2)] == [200, 500]
    other = plistlib.dumps({"Command": {"RequestType": "ProfileList"}, "CommandUUID": "2"})
    assert call("PUT", "/v1/enqueue/E1,unknown", other) == 207
    server.store = "sql"
    assert call("PUT", "/v1/enqueue/E1,unknown", other.replace(b"2</string>", b"3</string>")) == 500
    assert (call("GET", "/v1/push/E1"), call("GET", "/version"), call("GET", "/v1/x")) == (200, 200, 404)
    assert server.handle_stale(Request("GET", "/version", {}, {}, b""), None).status == 200


def queued(server: Server) -> dict[str, list[str]]:
    """Return the kinds of the commands in each queue."""
    return {one: [command["RequestType"] for _, command in queue] for one, queue in server.queues.items()}


@pytest.mark.parametrize("store", ["kv", "sql", "file"])
def test_a_server_without_a_push_certificate_queues_and_wakes_nobody(
    server: Server, tmp_path: Path, store: Any
) -> None:
    server.store, server.certified = store, False
    server.offline = {"E1", "E2"}
    there = connect(server.url, tmp_path)
    (item,) = there.items((made(),))
    there.create(item)
    assert queued(server) == {"E1": ["InstallProfile"], "E2": ["InstallProfile"], "E3": []}
    remote = read(there, item)
    assert remote.assignment == Assignment(groups=("E1", "E2"))
    assert [("could not be woken" in one.said) for one in there.evidence([remote])] == [True, True]


def test_one_unknown_enrollment_keeps_the_ban_from_no_other(server: Server, tmp_path: Path) -> None:
    server.store = "sql"
    names = ["E1", "E2", "E3", "E9"]
    there = connect(server.url, tmp_path, settings={"enrollments": names})
    (item,) = there.items((made(),))
    summary = there.create(item)
    assert read(there, item).assignment == Assignment(groups=("E1", "E2", "E3"))
    assert [len(profiles) for profiles in server.profiles.values()] == [1, 1, 1]
    with pytest.raises(Failure, match=r"queued for E9 \(Error 1452"):
        there.assign(summary, Assignment(groups=tuple(names)))


def test_a_store_that_does_not_say_whose_queue_failed_proves_nothing(server: Server, tmp_path: Path) -> None:
    server.broken = {"E2"}
    there = connect(server.url, tmp_path)
    (item,) = there.items((made(),))
    with pytest.raises(Failure, match="does not say in whose queue") as bad:
        there.create(item)
    assert bad.value.fault == "refused"
    assert list(there.list()) == []


@pytest.mark.parametrize("name", ["a/b", "a,b", "", "-a", "é", "a b"])
def test_an_id_that_breaks_the_servers_store_is_refused(server: Server, tmp_path: Path, name: str) -> None:
    for more in ({"settings": {"enrollments": [name]}}, {"groups": {"lab": name}} if name and "," not in name else {}):
        if not more:
            continue
        there = connect(server.url, tmp_path, **more)
        with pytest.raises(PolicyError) as bad:
            there.items((made(),))
        assert {one.id for one in bad.value.findings} == {"nanomdm-enrollment"}
    assert server.commands == {}


def test_a_device_that_enrolled_again_is_delivered_to_again(server: Server, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    server.write_events(events)
    settings = {"events": "events.jsonl"}
    there = connect(server.url, tmp_path, settings=settings)
    (item,) = there.items((made(),))
    there.create(item)
    server.offline = {"E2"}
    server.enrol("E2")
    server.write_events(events)
    assert read(there, item).assignment == Assignment(groups=("E1", "E2")), "what comes later is of the next run"
    after = connect(server.url, tmp_path, settings=settings)
    remote = read(after, item)
    assert remote.assignment == Assignment(groups=("E1",))
    (found,) = after.notes(item, remote)
    assert (found.id, "E2 was sent apple-ios-restrictions" in found.message) == ("nanomdm-lost", True)
    assert {one.device: one.state for one in after.evidence([remote])} == {"E1": "unknown", "E2": "failed"}
    after.assign(next(iter(after.list())), Assignment(groups=("E1", "E2")))
    assert queued(server) == {"E1": [], "E2": ["InstallProfile"], "E3": []}
    assert server.fetch("E2") == ["InstallProfile"]
    last = connect(server.url, tmp_path, settings=settings)
    assert read(last, item).assignment == Assignment(groups=("E1", "E2"))
    assert last.notes(item, None) == ()


def test_a_record_from_before_the_events_were_kept_is_not_trusted(server: Server, tmp_path: Path) -> None:
    there = connect(server.url, tmp_path)
    (item,) = there.items((made(),))
    there.create(item)
    server.write_events(tmp_path / "events.jsonl")
    later = connect(server.url, tmp_path, settings={"events": "events.jsonl"})
    assert read(later, item).assignment == Assignment()


def test_a_device_that_has_left_is_told_and_not_delivered_to(server: Server, tmp_path: Path) -> None:
    settings = {"events": "events.jsonl"}
    server.write_events(tmp_path / "events.jsonl")
    there = connect(server.url, tmp_path, settings=settings)
    (item,) = there.items((made(),))
    there.create(item)
    server.leave("E1")
    server.write_events(tmp_path / "events.jsonl")
    after = connect(server.url, tmp_path, settings=settings)
    remote = read(after, item)
    assert remote.assignment == Assignment(groups=("E1", "E2"))
    assert [one.id for one in after.notes(item, remote)] == ["nanomdm-left"]
    assert {one.device: one.state for one in after.evidence([remote])} == {"E1": "failed", "E2": "unknown"}
    server.enrol("E1")
    server.write_events(tmp_path / "events.jsonl")
    assert read(connect(server.url, tmp_path, settings=settings), item).assignment == Assignment(groups=("E2",))


def test_an_event_of_a_device_is_one_of_its_users(server: Server, tmp_path: Path) -> None:
    settings = {"events": "events.jsonl", "enrollments": ["E1:U1"]}
    server.queues["E1:U1"], server.profiles["E1:U1"] = [], {}
    server.write_events(tmp_path / "events.jsonl")
    there = connect(server.url, tmp_path, settings=settings)
    (item,) = there.items((made(),))
    there.create(item)
    server.enrol("E1")
    server.write_events(tmp_path / "events.jsonl")
    assert read(connect(server.url, tmp_path, settings=settings), item).assignment == Assignment()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("{}\n", "events.jsonl:1 is no event", id="no event"),
        pytest.param(
            '\n{"topic": "mdm.Connect"}\n{"topic":\n', "events.jsonl:3 is no event", id="a line cut off in the middle"
        ),
        pytest.param('{"topic": "mdm.Connect"}\n{"topic":', "", id="a line that is being written"),
        pytest.param("", "", id="nothing yet"),
        pytest.param(None, "cannot read", id="no file"),
    ],
)
def test_events_are_read_or_refused(server: Server, tmp_path: Path, text: str | None, said: str) -> None:
    there = connect(server.url, tmp_path, settings={"events": "events.jsonl"})
    (item,) = there.items((made(),))
    if text is not None:
        (tmp_path / "events.jsonl").write_text(text, "utf-8")
    if not said:
        there.create(item)
        assert read(there, item).assignment == Assignment(groups=("E1", "E2"))
        return
    with pytest.raises(Failure, match=said):
        there.create(item)
    assert server.commands == {}, "nothing is delivered of which nobody would know that it is lost"
