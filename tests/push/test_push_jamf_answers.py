"""Hold what becomes of wrong answers, lists that are not whole, lagging nodes, and the record of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
from emulators.base import Answer
from emulators.jamf import CLIENT, SECRET, JamfEmulator

from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import DestinationSpec
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations.jamf import JamfDestination
from mdm_policy.push.model import Assignment, DeviceEvidence, Item, Remote, Summary
from mdm_policy.push.protocol import Edge, connect
from push.jamf_setup import APPS, Liar, again, destination, item, made, put
from push.kits.jamf import SOFTWARE, profile, software

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def server() -> Iterator[Liar]:
    with Liar() as emulator:
        yield emulator


# --- lists and answers that are wrong ---

_LIST = f"GET /JSSResource/{SOFTWARE}"
_ENTRY = "<restricted_software_title><id>1</id><name>a</name></restricted_software_title>"
_HTML = b"<html><body><h1>Sign in</h1></body></html>"
BAD_LISTS = {
    "a login page": _HTML,
    "nothing": b"",
    "null": b"null",
    "JSON": b'{"restricted_software": []}',
    "cut off": b"<restricted_software><size>1</size><restr",
    "not UTF-8": b"<restricted_software><size>0</size>\xff</restricted_software>",
    "no size": b"<restricted_software/>",
    "no list": b"<restricted_software/>",
    "shorter than it says": b"<restricted_software><size>2</size>" + _ENTRY.encode() + b"</restricted_software>",
    "longer than it says": b"<restricted_software><size>0</size>" + _ENTRY.encode() + b"</restricted_software>",
    "an object twice": b"<restricted_software><size>2</size>" + 2 * _ENTRY.encode() + b"</restricted_software>",
    "an entry without an id": b"<restricted_software><size>1</size><restricted_software_title><name>a</name>"
    b"</restricted_software_title></restricted_software>",
    "an object of the same root": software("a", "b").encode(),
    "another list": b"<configuration_profiles><size>0</size></configuration_profiles>",
    "an entity bomb": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><restricted_software><size>0</size>&a;</restricted_software>',
}


@pytest.mark.parametrize("body", BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_list_that_is_not_whole_is_never_taken_for_a_short_one(server: Liar, body: bytes) -> None:
    server.lies[_LIST] = Answer(200, body, (), "text/xml")
    with pytest.raises(Failure) as caught:
        list(destination(server).list())
    assert caught.value.fault == "answer"


def test_an_explicitly_empty_list_is_one(server: Liar) -> None:
    server.lies[_LIST] = Answer(200, b"<restricted_software><size>0</size></restricted_software>", (), "text/xml")
    assert list(destination(server).list()) == []


def test_names_with_slashes_and_marks_of_others_are_listed(server: Liar) -> None:
    other = "[mdm-policy:org.other:8c7d3f0e-5b1a-5e7f-9d5a-0d6f6d2f0001]"
    server.seed(SOFTWARE, software("Games / music", "Steam"))
    server.seed(SOFTWARE, software(f"Chess {other}", "Chess"))
    server.seed(SOFTWARE, software("[mdm-policy:gov.example.agency:8C7D3F0E] x", "Go"))
    found = {one.name: (one.owner, one.key) for one in destination(server).list()}
    assert found == {
        "Games / music": ("", ""),
        "Chess": ("org.other", "8c7d3f0e-5b1a-5e7f-9d5a-0d6f6d2f0001"),
        "[mdm-policy:gov.example.agency:8C7D3F0E] x": ("", ""),
    }


BAD_OBJECTS = {
    "a login page": _HTML,
    "nothing": b"",
    "the list": b"<restricted_software><size>0</size></restricted_software>",
    "another kind": profile("configuration_profile", "a").encode(),
    "another object": b"<restricted_software><general><id>99</id><name>a</name></general></restricted_software>",
    "an object without an id": software("a", "b").encode(),
    "cut off": b"<restricted_software><general><id>1</id>",
}


@pytest.mark.parametrize("body", BAD_OBJECTS.values(), ids=BAD_OBJECTS)
def test_an_answer_that_is_not_the_object_is_a_failure(server: Liar, body: bytes) -> None:
    there = destination(server)
    _, found = put(there, "jamf-restricted-software")
    server.lies[f"GET /JSSResource/{SOFTWARE}/id/{found.id}"] = Answer(200, body, (), "text/xml")
    with pytest.raises(Failure) as caught:
        again(there, found)
    assert caught.value.fault == "answer"


def test_a_get_that_fails_otherwise_than_by_absence_fails(server: Liar) -> None:
    there = destination(server)
    server.lies[f"GET /JSSResource/{SOFTWARE}/id/7"] = Answer(403, b"<html><p>Error: no</p></html>", (), "text/html")
    with pytest.raises(Failure) as caught:
        there.get(Summary("restricted-software", "7", ""))
    assert caught.value.fault == "forbidden"


BAD_WRITES = {
    "a login page": (_HTML, False),
    "nothing": (b"", True),
    "another root": (b"<configuration_profile><id>1</id></configuration_profile>", False),
    "no id": (b"<restricted_software/>", False),
    "no number": (b"<restricted_software><id>x</id></restricted_software>", False),
    "null": (b"null", False),
}


@pytest.mark.parametrize(("body", "enough"), BAD_WRITES.values(), ids=BAD_WRITES)
def test_a_write_that_is_not_confirmed_may_have_been_done(server: Liar, body: bytes, enough: bool) -> None:
    there = destination(server)
    wanted, found = put(there, "jamf-restricted-software")
    where = f"/JSSResource/{SOFTWARE}/id/{found.id}"
    answer = Answer(200, body, (), "text/xml")
    server.lies = {f"{method} {where}": answer for method in ("PUT", "DELETE")}
    server.lies[f"POST /JSSResource/{SOFTWARE}/id/0"] = answer
    writes: tuple[Callable[[], None], ...] = (
        lambda: there.update(wanted, found),
        lambda: there.assign(Summary(found.kind, found.id, ""), Assignment()),
        lambda: there.delete(found),
    )
    for write in writes:
        if enough:
            write()
            continue
        with pytest.raises(Failure) as caught:
            write()
        assert (caught.value.fault, caught.value.ambiguous) == ("answer", True)
    with pytest.raises(Failure) as caught:
        there.create(wanted)
    assert (caught.value.fault, caught.value.ambiguous) == ("answer", True)


def test_a_name_that_is_taken_means_that_the_object_may_be_there(server: Liar) -> None:
    there = destination(server)
    wanted, _ = put(there, "jamf-restricted-software")
    with pytest.raises(Failure) as caught:
        there.create(wanted)
    assert (caught.value.fault, caught.value.ambiguous, caught.value.status) == ("conflict", True, 409)
    assert len(server.objects[SOFTWARE]) == 1


def test_another_conflict_is_none_of_ours(server: Liar) -> None:
    there = destination(server)
    wanted = item(there, "jamf-restricted-software")
    page = b"<html><body><p>Conflict</p><p>Error: Unable to update the database</p></body></html>"
    server.lies[f"POST /JSSResource/{SOFTWARE}/id/0"] = Answer(409, page, (), "text/html")
    with pytest.raises(Failure) as caught:
        there.create(wanted)
    assert (caught.value.fault, caught.value.ambiguous) == ("conflict", False)
    assert "Error: Unable to update the database" in caught.value.said
    assert "<" not in caught.value.said


def test_a_delete_that_is_refused_fails(server: Liar) -> None:
    there = destination(server)
    _, found = put(there, "jamf-restricted-software")
    server.lies[f"DELETE /JSSResource/{SOFTWARE}/id/{found.id}"] = Answer(403)
    with pytest.raises(Failure) as caught:
        there.delete(found)
    assert caught.value.fault == "forbidden"


@pytest.mark.parametrize("body", [b"", b"<x/>", b"\xff"], ids=["empty", "another", "no text"])
def test_a_body_that_is_no_object_is_a_failure(server: Liar, body: bytes) -> None:
    there = destination(server)
    wanted, found = put(there, "jamf-restricted-software")
    broken = Item(wanted.key, wanted.kind, wanted.name, body, "")
    with pytest.raises(Failure):
        there.differs(broken, found)
    with pytest.raises(Failure):
        there.update(wanted, Remote(found.kind, found.id, found.name, found.key, body, ""))


def test_a_document_that_is_not_what_it_is_called_is_a_defect_of_ours(server: Liar) -> None:
    record = made(names=["jamf-restricted-software"])[0]
    with pytest.raises(AssertionError):
        destination(server).items([msgspec.structs.replace(record, kind="jamf-mobile-profile")])


# --- who calls, and through which node ---


def test_a_wrong_secret_is_said_without_it(server: Liar) -> None:
    with pytest.raises(Failure) as caught:
        list(destination(server, secret="wrong-canary").list())  # noqa: S106 - a canary
    assert caught.value.fault == "unauthorized"
    assert "wrong-canary" not in caught.value.said


def test_authorities_are_looked_for_beside_the_deployment() -> None:
    settings = {"url": "https://jamf.invalid", "client_id": CLIENT, "client_secret": {"env": "JAMF"}, "ca": "ours.pem"}
    spec = DestinationSpec("there", "jamf", settings, Origin("deployment.yaml", 9, 3))
    with pytest.raises(PolicyError) as caught:
        connect(spec, "o", Edge(lambda _: SECRET, lambda _: None, base="/nowhere/at/all"))
    assert [(one.id, one.origin) for one in caught.value.findings] == [("push-ca", Origin("/nowhere/at/all/ours.pem"))]


def test_a_token_that_runs_out_is_renewed(server: Liar) -> None:
    there = destination(server)
    _, found = put(there, "jamf-mobile-profile")
    server.expire()
    again(there, found)
    assert [one.path for one in server.calls].count("/api/v1/oauth/token") == 2


def test_a_client_stays_on_one_node() -> None:
    with JamfEmulator(nodes=3) as server:
        there = destination(server)
        _, found = put(there, "jamf-mobile-profile", "com.example.one")
        for bundles in (APPS, APPS[:1], APPS[:2]):
            wanted = item(there, "jamf-mobile-profile", *bundles)
            there.update(wanted, again(there, found))
            assert there.differs(wanted, again(there, found)) == ()
        fresh = destination(server)
        list(fresh.list())
        cookies = {one.headers.get("cookie") for one in server.calls if "JSS" in one.path}
        assert len(cookies) > 1


def test_a_client_without_the_cookie_reads_what_is_old() -> None:
    with JamfEmulator(nodes=2) as server:
        there = destination(server)
        there._client._remember = lambda _: None
        wanted = item(there, "jamf-restricted-software")
        made_now = [there.create(wanted)]
        seen = [len(list(there.list())) for _ in range(2)] + [len(list(there.list())) for _ in range(2)]
        assert made_now[0].id == "1"
        assert set(seen) == {0, 1}


def test_at_most_five_calls_run_at_once() -> None:
    assert JamfDestination.concurrency == 5


# --- evidence ---


def _command(number: int, device: str, state: str, when: str, **more: Any) -> dict[str, Any]:
    return {
        "uuid": f"u{number}",
        "commandType": "INSTALL_PROFILE",
        "commandState": state,
        "dateSent": when,
        "profileId": 1,
        "client": {"managementId": device, "clientType": "MOBILE_DEVICE"},
        **more,
    }


class Told(NamedTuple):
    commands: list[dict[str, Any]]
    expected: list[tuple[str, int, str]]


_ERROR = {"commandError": {"errorEnglishDescription": "The profile\x1b is \u202e invalid"}}
TOLD = {
    "nothing": Told([], [("unknown", 0, "")]),
    "confirmed": Told(
        [_command(n, f"d{n}", state, "2026-11-01") for n, state in enumerate(("ACKNOWLEDGED", "Completed"))],
        [("applied", 2, "")],
    ),
    "not answered": Told([_command(1, "d1", "PENDING", "2026-11-01")], [("pending", 1, "")]),
    "not now": Told([_command(1, "d1", "NOT_NOW", "2026-11-01")], [("pending", 1, "")]),
    "refused": Told([_command(1, "d1", "ERROR", "2026-11-01", **_ERROR)], [("failed", 1, "d1")]),
    "refused without a reason": Told([_command(1, "d1", "Error", "2026-11-01")], [("failed", 1, "d1")]),
    "the last one counts": Told(
        [_command(1, "d1", "PENDING", "2026-11-02"), _command(2, "d1", "ACKNOWLEDGED", "2026-11-01")],
        [("pending", 1, "")],
    ),
    "of one moment the worse": Told(
        [_command(1, "d1", "PENDING", "2026-11-01"), _command(2, "d1", "ACKNOWLEDGED", "2026-11-01")],
        [("pending", 1, "")],
    ),
    "all at once": Told(
        [
            _command(1, "d1", "ACKNOWLEDGED", "2026-11-01"),
            _command(2, "d2", "PENDING", "2026-11-01"),
            _command(3, "d3", "ERROR", "2026-11-01"),
        ],
        [("applied", 1, ""), ("pending", 1, ""), ("failed", 1, "d3")],
    ),
    "a Mac's profile of the same number": Told(
        [_command(1, "d1", "ACKNOWLEDGED", "2026-11-01", client={"managementId": "d1", "clientType": "COMPUTER"})],
        [("unknown", 0, "")],
    ),
    "no client": Told([_command(1, "d1", "ACKNOWLEDGED", "2026-11-01", client=None)], [("unknown", 0, "")]),
    "many pages": Told(
        [_command(n, f"d{n}", "ACKNOWLEDGED", "2026-11-01") for n in range(450)], [("applied", 450, "")]
    ),
}


def evidence(there: Any, remote: Remote) -> list[DeviceEvidence]:
    return list(there.evidence([remote]))


@pytest.mark.parametrize("row", TOLD.values(), ids=TOLD)
def test_what_the_record_of_commands_proves(server: Liar, row: Told) -> None:
    there = destination(server)
    _, found = put(there, "jamf-mobile-profile")
    server.commands = row.commands
    told = evidence(there, found)
    assert [(one.state, one.count, one.device) for one in told] == row.expected
    assert all(one.source and one.said and "\x1b" not in one.said and "\u202e" not in one.said for one in told)


def test_restricted_software_is_unknown(server: Liar) -> None:
    there = destination(server)
    _, found = put(there, "jamf-restricted-software")
    assert [one.state for one in evidence(there, found)] == ["unknown"]


def test_a_record_that_may_not_be_read_proves_nothing(server: Liar) -> None:
    server.may_read_commands = False
    there = destination(server)
    _, found = put(there, "jamf-macos-profile")
    (told,) = evidence(there, found)
    assert told.state == "unknown"
    assert "403" not in told.state
    assert "Forbidden" in told.said


BAD_PAGES = {
    "no page": b"{}",
    "no results": b'{"totalCount": 0, "results": null}',
    "no total": b'{"totalCount": "1", "results": []}',
    "no objects": b'{"totalCount": 1, "results": ["x"]}',
    "a page that never comes": b'{"totalCount": 9, "results": []}',
    "the same page for ever": b'{"totalCount": 900, "results": [{"uuid": "a"}]}',
    "one command twice": b'{"totalCount": 2, "results": [{"uuid": "a"}, {"uuid": "a"}]}',
    "a login page": _HTML,
}


@pytest.mark.parametrize("body", BAD_PAGES.values(), ids=BAD_PAGES)
def test_a_record_that_is_not_whole_is_a_failure(server: Liar, body: bytes) -> None:
    there = destination(server)
    _, found = put(there, "jamf-mobile-profile")
    server.lies["GET /api/v2/mdm/commands"] = Answer(200, body)
    with pytest.raises(Failure) as caught:
        evidence(there, found)
    assert caught.value.fault == "answer"


def test_a_record_that_fails_is_a_failure(server: Liar) -> None:
    there = destination(server)
    _, found = put(there, "jamf-mobile-profile")
    server.lies["GET /api/v2/mdm/commands"] = Answer(400)
    with pytest.raises(Failure) as caught:
        evidence(there, found)
    assert caught.value.fault == "refused"


def test_a_record_without_end_is_given_up(server: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdm_policy.push.destinations.jamf_evidence._MAX_PAGES", 1)
    there = destination(server)
    _, found = put(there, "jamf-mobile-profile")
    server.commands = [_command(n, f"d{n}", "ACKNOWLEDGED", "2026-11-01") for n in range(201)]
    with pytest.raises(Failure) as caught:
        evidence(there, found)
    assert caught.value.fault == "answer"
