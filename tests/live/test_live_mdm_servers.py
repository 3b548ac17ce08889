"""Hold the emulators of NanoMDM and KMFDDM against the servers themselves, and the laws of push on real servers and fake devices."""

from __future__ import annotations

import json
import plistlib
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import pytest
from emulators import kmfddm, nanomdm
from mdm_calls import RUN, VERSIONS, bare, command, emulated, recording, shown
from mdm_servers import KMFDDM_KEY, NANOMDM_KEY, STORE, Device, Servers, api, servers
from push import test_law_push as laws
from push.kits import kmfddm as kmfddm_kit
from push.kits import nanomdm as nanomdm_kit
from push.stage import APPS, DAY, Stage, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.live("nanomdm", "kmfddm")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with servers(tmp_path_factory.mktemp("servers")) as running:
        print(f"\nlive: NanoMDM {running.versions['nanomdm']}, KMFDDM {running.versions['kmfddm']}")
        yield running


def test_the_emulator_of_kmfddm_answers_as_the_server_does(there: Servers, pytestconfig: pytest.Config) -> None:
    real = shown("kmfddm", partial(_asked, there, "kmfddm"))
    _record("kmfddm", "kv", there, real, pytestconfig)
    with kmfddm.Server() as server:
        _alike(real, shown("kmfddm", emulated(server, "kmfddm", kmfddm.KEY)))


def _asked(there: Servers, name: str, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    status, answer = api(there, name, method, path, body)
    return status, answer.decode() if isinstance(answer, bytes) else answer


def _alike(real: list[dict[str, Any]], alike: list[dict[str, Any]]) -> None:
    """Require the same answers of a real server and of its emulator."""
    for one, other in zip(real, alike, strict=True):
        assert bare(other) == bare(one)
    print(f"live: {len(real)} calls answered alike")


def _record(name: str, store: str, there: Servers, real: list[dict[str, Any]], config: pytest.Config) -> None:
    """Hold what a server answers against what its release was recorded to answer, or record that."""
    if config.getoption("--golden-update"):
        recording(name, store).write_text(json.dumps(real, indent=1) + "\n", "utf-8")
    if there.versions[name] == VERSIONS[name]:
        _alike(real, json.loads(recording(name, store).read_text("utf-8")))


def test_the_emulator_of_nanomdm_answers_as_the_server_does(there: Servers, pytestconfig: pytest.Config) -> None:
    devices = [Device(there, name) for name in ("N1", "N2")]
    with nanomdm.Server("N1", "N2", store=STORE) as server:
        server.certified = False
        server.offline = {"N1", "N2"}
        call, asked = emulated(server, "nanomdm", nanomdm.KEY), partial(_asked, there, "nanomdm")
        real = shown("nanomdm", asked)
        _record("nanomdm", STORE, there, real, pytestconfig)
        _alike(real, shown("nanomdm", call))
        assert [one.fetch() for one in devices] == [server.fetch(one.udid) for one in devices]
        for number, (queues, acts) in enumerate(((True, "enrol"), (False, "enrol"), (True, "leave"))):
            body = command(100 + number)
            if queues:
                assert bare(call("PUT", "/v1/enqueue/N1", body)[1]) == bare(asked("PUT", "/v1/enqueue/N1", body)[1])
            getattr(devices[0], acts)()
            getattr(server, acts)("N1")
            assert devices[0].fetch() == server.fetch("N1")
    posted = [json.loads(line) for line in there.events.read_text("utf-8").splitlines()]
    ours = [(one["topic"], one["checkin_event"]["ids"]["id"]) for one in posted if "checkin_event" in one]
    seen = [one for one in ours if one[1] == "N1" and one[0] != "mdm.TokenUpdate"]
    assert seen == [(one["topic"], "N1") for one in server.events if one["checkin_event"]["ids"]["id"] == "N1"]


class RealKmfddm:
    """Show a real server as the emulator shows itself: what is there is read from its API."""

    def __init__(self, there: Servers) -> None:
        self._there = there
        self.url = there.kmfddm
        self.device = Device(there, "E1")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""
        for name, members in self.sets.items():
            for one in members:
                self._call("DELETE", f"/v1/set-declarations/{name}?declaration={one}")
        for one in self.declarations:
            self._call("DELETE", f"/v1/declarations/{one}")
        self._call("DELETE", "/v1/enrollment-sets-all/sets/E1")

    def _call(self, method: str, path: str, body: bytes = b"") -> Any:
        status, value = api(self._there, "kmfddm", method, path, body)
        assert status in (200, 204, 304), (method, path, status, value)
        return value

    @property
    def declarations(self) -> dict[str, dict[str, Any]]:
        return {
            one: self._call("GET", f"/v1/declarations/{one}") for one in self._call("GET", "/v1/declarations") or ()
        }

    @property
    def sets(self) -> dict[str, list[str]]:
        names = self._call("GET", "/v1/sets") or ()
        return {name: sorted(self._call("GET", f"/v1/set-declarations/{name}") or ()) for name in names}

    @property
    def enrollments(self) -> dict[str, list[str]]:
        return {"E1": self._call("GET", "/v1/enrollment-sets/E1") or []}

    def seed(self, value: dict[str, Any], *sets: str) -> None:
        self._call("PUT", "/v1/declarations", json.dumps(value).encode())
        for name in sets:
            self._call("PUT", f"/v1/set-declarations/{name}?declaration={value['Identifier']}")

    def join(self, name: str) -> None:
        self._call("PUT", f"/v1/enrollment-sets/E1?set={name}")

    def touch(self, identifier: str) -> None:
        self._call("POST", f"/v1/declarations/{identifier}/touch")

    def arm(self) -> None:
        """Order no fault."""

    def snapshot(self) -> Any:
        return self.declarations, self.sets


class KmfddmKit(kmfddm_kit.Kit):
    """Be a real KMFDDM, with the declarations of others that the emulator has."""

    env = {"MDM_POLICY_SECRET_KMFDDM": KMFDDM_KEY}

    def __init__(self, there: Servers) -> None:
        super().__init__()
        self._there = there

    def emulator(self) -> Any:
        real = RealKmfddm(self._there)
        with super().emulator() as like:
            for identifier, value in like.declarations.items():
                real.seed(value, *(name for name, members in like.sets.items() if identifier in members))
        real.join(kmfddm_kit.SET)
        real.device.fetch()
        return real

    def harmless(self, emulator: Any) -> None:
        value = self._apps(emulator)
        if value is not None:
            emulator.touch(value["Identifier"])


class RealNanoMdm:
    """Show a real server and its devices as the emulator shows itself; devices fetch what is in their queues whenever looked at."""

    def __init__(self, there: Servers, folder: Path) -> None:
        self._there = there
        self.url = there.nanomdm
        self.devices = {one: Device(there, one) for one in ("E1", "E2")}
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind: the next test enrolls its devices anew."""

    @property
    def profiles(self) -> dict[str, dict[str, bytes]]:
        for one in self.devices.values():
            one.fetch()
        return {name: one.profiles for name, one in self.devices.items()}

    def arm(self) -> None:
        """Order no fault."""

    def snapshot(self) -> Any:
        return {name: dict(profiles) for name, profiles in self.profiles.items()}


class NanoMdmKit(nanomdm_kit.Kit):
    """Be a real NanoMDM with two devices that have a profile of somebody else."""

    env = {"MDM_POLICY_SECRET_NANOMDM": NANOMDM_KEY}

    def __init__(self, there: Servers) -> None:
        super().__init__()
        self._there = there

    def emulator(self) -> Any:
        real = RealNanoMdm(self._there, self._there.events.parent)
        with super().emulator() as like:
            for name, profiles in like.profiles.items():
                real.devices[name].profiles |= profiles
        return real

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        value = super().deployment(url, folder)
        value["nanomdm"] |= {"events": str(self._there.events), "ask": True}
        return value


LAWS = [
    laws.test_a_plan_settles,
    laws.test_a_second_apply_writes_nothing,
    laws.test_what_only_the_vendor_rewrites_is_no_drift,
    laws.test_a_ban_dropped_in_the_console_is_drift,
    laws.test_a_plan_is_refused_when_the_remote_has_moved,
    laws.test_a_loosening_waits_for_a_reason,
    laws.test_a_rollback_that_loosens_needs_a_reason,
    laws.test_evidence_is_reported,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: str(law.__name__).removeprefix("test_"))
@pytest.mark.parametrize("kit", [KmfddmKit, NanoMdmKit], ids=["kmfddm", "nanomdm"])
def test_the_laws_of_push_hold_on_a_real_server(there: Servers, kit: Any, law: Any, tmp_path: Path) -> None:
    with stage(kit(there), tmp_path) as one:
        law(one)


def test_a_run_of_many_writes_wakes_a_device_once_and_a_cut_off_run_is_made_good(
    there: Servers, tmp_path: Path
) -> None:
    with stage(KmfddmKit(there), tmp_path) as one:
        device: Device = one.emulator.device
        one.plan()
        assert one.apply().code == 0, one.printed[-2:]
        assert device.fetch() == ["DeclarativeManagement"]
        items = device.declarations()
        assert len(items["Activations"]) == 2, "what a device asks for is what was pushed"
        assessed = one.run("assess", "--deployment", one.deployment, "--as-of", DAY, "there")
        assert (assessed.code, "PROVEN" in assessed.out) == (0, True), (assessed.out, assessed.err)
        one.order(APPS[:2])
        one.plan()
        assert one.apply("--allow-loosening", "a test").code == 0
        assert device.fetch() == ["DeclarativeManagement"]
        # As if a run had been killed after its last write: what it owes stands on the server alone.
        kept = next(iter(emulated_notice(one)))
        one.emulator.seed(kept)
        planned = one.plan()
        assert (planned.code, "kmfddm-not-notified" in planned.err) == (10, True)
        assert one.apply().code == 0, one.printed[-2:]
        assert device.fetch() == ["DeclarativeManagement"]
        assert one.plan().code == 0


def _states(one: Stage) -> set[str]:
    told = one.run("status", "--deployment", one.deployment, "--format", "json")
    return {each["state"] for place in told.json["destinations"] for each in place["evidence"]}


def test_what_a_device_reports_is_evidence_also_after_it_has_enrolled_again(there: Servers, tmp_path: Path) -> None:
    """The second is a limit of KMFDDM's, which no event tells that a device has enrolled; docs/push/kmfddm.md says so."""
    with stage(KmfddmKit(there), tmp_path) as one:
        device: Device = one.emulator.device
        one.plan()
        assert one.apply().code == 0, one.printed[-2:]
        assert "applied" not in _states(one)
        device.report()
        assert _states(one) == {"applied"}
        one.order(APPS[:2])
        one.plan()
        assert one.apply("--allow-loosening", "a test").code == 0
        assert _states(one) == {"applied", "pending"}
        device.enrol()
        assert device.fetch() == []
        assert _states(one) == {"applied", "pending"}


def emulated_notice(one: Stage) -> Iterator[dict[str, Any]]:
    """Yield what the destination keeps on a server while a notification is owed."""
    with stage("kmfddm", one.folder / "emulated") as other:
        before = set(other.emulator.declarations)
        seen: dict[str, dict[str, Any]] = {}
        other.emulator.watch = lambda: seen.update(other.emulator.declarations)
        other.plan()
        other.apply()
        yield from (value for name, value in seen.items() if name not in {*before, *other.emulator.declarations})


def test_the_server_sends_thirty_enrollments_a_command_and_one_in_two_sets_two_of_one(there: Servers) -> None:
    """Two defects of KMFDDM 0.8.3 that the destination goes around, and the emulator has too."""
    devices = [Device(there, f"D{number}") for number in range(35)]
    for one in devices:
        api(there, "kmfddm", "PUT", f"/v1/enrollment-sets/{one.udid}?set=many&nonotify=1")
    api(there, "kmfddm", "POST", "/v1/notify?set=many")
    assert sum(bool(one.fetch()) for one in devices) == 30
    with kmfddm.Server() as server:
        server.enrollments = {one.udid: ["many"] for one in devices}
        call = emulated(server, "kmfddm", kmfddm.KEY)
        call("POST", "/v1/notify?set=many", b"")
        assert len(server.notified) == 30
        server.enrollments = {"D99": ["one", "two"]}
        call("POST", "/v1/notify?set=one&set=two", b"")
        assert server.doubled == {"D99"}
    both = Device(there, "D99")
    for name in ("one", "two"):
        api(there, "kmfddm", "PUT", f"/v1/enrollment-sets/D99?set={name}&nonotify=1")
    for name in ("one", "two"):
        api(there, "kmfddm", "POST", f"/v1/notify?set={name}")
    assert len(both.fetch()) == 2
    api(there, "kmfddm", "POST", "/v1/notify?set=one&set=two")
    command = {"Command": {"RequestType": "ProfileList"}, "CommandUUID": str(uuid.uuid4())}
    api(there, "nanomdm", "PUT", "/v1/enqueue/D99", plistlib.dumps(command))
    # The command that came after is lost; a SQL store refuses the notification.
    assert both.fetch() == (["ProfileList"] if STORE == "sql" else ["DeclarativeManagement"] * 2)


def test_a_device_that_enrolls_again_is_delivered_to_again(there: Servers, tmp_path: Path) -> None:
    with stage(NanoMdmKit(there), tmp_path) as one:
        device: Device = one.emulator.devices["E2"]
        one.plan()
        assert one.apply().code == 0, one.printed[-2:]
        whole = one.bans()
        assert "InstallProfile" not in device.fetch()
        device.enrol()
        assert device.fetch() == [], "its queue is empty"
        assert one.bans() < whole
        drift = one.drift()
        assert (drift.code, "nanomdm-lost" in drift.err) == (11, True), drift.err
        assert one.plan().code == 10
        assert one.apply().code == 0, one.printed[-2:]
        assert one.bans() == whole
        assert one.drift().code == 0
        # A command that waits is lost with the queue.
        one.order(APPS[:2])
        one.plan()
        assert one.apply("--allow-loosening", "a test").code == 0
        device.enrol()
        one.plan()
        assert one.apply().code == 0
        first, second = ({app for who, app in one.bans() if who == name} for name in ("E1", "E2"))
        assert first == second != set()
        device.leave()
        assert "nanomdm-left" in one.plan().err


@pytest.mark.skipif(STORE != "kv", reason="it is the default store that breaks")
def test_an_id_with_a_slash_breaks_the_servers_default_store(tmp_path: Path) -> None:
    """Why the destination refuses such ids; a server of its own, since it takes no command any more after that."""
    with servers(tmp_path) as alone:
        Device(alone, "E1")
        status, answer = api(alone, "nanomdm", "PUT", "/v1/enqueue/a%2Fb", command(1))
        assert (status, "bad key" in str(answer["status"][f"{RUN}-1"])) == (500, True)
        status, answer = api(alone, "nanomdm", "PUT", "/v1/enqueue/E1", command(2))
        assert "bad key" in str(answer["status"][f"{RUN}-2"]), answer
