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
    server.unpushable, server.broken = {"E1"}, {"E2"}
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
    server.broken = {"E2"}
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
    if data is not None:
        (tmp_path / "e1.plist").write_bytes(data)
    there = connect(server.url, tmp_path, settings={"answers": {"E1": "e1.plist"}})
    (item,) = there.items((made(),))
    there.create(item)
    found = {one.device: one.state for one in there.evidence([read(there, item)])}
    assert found == {"E1": state, "E2": "unknown"}
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

    assert call("PUT", "/v1/enqueue/E1", b"x") == 400
    command = plistlib.dumps({"Command": {"RequestType": "ProfileList"}, "CommandUUID": "1"})
    assert [call("PUT", "/v1/enqueue/E1", command) for _ in range(2)] == [200, 500]
    other = plistlib.dumps({"Command": {"RequestType": "ProfileList"}, "CommandUUID": "2"})
    assert call("PUT", "/v1/enqueue/E1,unknown", other) == 207
    assert (call("GET", "/v1/push/E1"), call("GET", "/version"), call("GET", "/v1/x")) == (200, 200, 404)
    assert server.handle_stale(Request("GET", "/version", {}, {}, b""), None).status == 200
