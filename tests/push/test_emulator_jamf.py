"""Hold the Jamf emulator to what the vendor does: it refuses what Jamf refuses, and gives nothing back as it was sent."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

import pytest
import urllib3
from emulators.jamf import CLIENT, SECRET, JamfEmulator
from lxml import etree

from push.kits.jamf import MACS, MOBILE, SOFTWARE, payload, profile, software

if TYPE_CHECKING:
    from collections.abc import Iterator

_XML = {"Content-Type": "application/xml"}


class Caller:
    """Call the emulator as anybody would."""

    def __init__(self, server: JamfEmulator) -> None:
        self.server = server
        self.pool = urllib3.PoolManager()
        self.token = ""

    def call(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
        given = {**_XML, "Authorization": f"Bearer {self.token}"}
        given.update({name.replace("_", "-"): value for name, value in headers.items()})
        answer = self.pool.request(method, self.server.url + path, body=body.encode(), headers=given)
        return answer.status, answer.data.decode()

    def log_in(self, **more: str) -> int:
        form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, **more}
        answer = self.pool.request("POST", f"{self.server.url}/api/v1/oauth/token", fields=form, encode_multipart=False)
        self.token = str(answer.json().get("access_token", ""))
        return answer.status

    def object(self, resource: str, number: int) -> etree._Element:
        status, text = self.call("GET", f"/JSSResource/{resource}/id/{number}")
        assert status == 200
        return etree.fromstring(text.encode())


@pytest.fixture
def caller() -> Iterator[Caller]:
    with JamfEmulator() as server:
        made = Caller(server)
        assert made.log_in() == 200
        yield made


class Refused(NamedTuple):
    method: str
    path: str
    body: str
    status: int
    said: str
    kind: str = "application/xml"


_NEW = f"/JSSResource/{SOFTWARE}/id/0"
_GROUP = "<scope><computer_groups><computer_group><{0}>{1}</{0}></computer_group></computer_groups></scope>"
REFUSED = {
    "no such resource": Refused("GET", "/JSSResource/policies", "", 404, "has not found"),
    "no such object": Refused("GET", f"/JSSResource/{SOFTWARE}/id/77", "", 404, "has not found"),
    "an update of none": Refused("PUT", f"/JSSResource/{SOFTWARE}/id/77", software("a", "b"), 404, "has not found"),
    "a deletion of none": Refused("DELETE", f"/JSSResource/{SOFTWARE}/id/77", "", 404, "has not found"),
    "a post to an id": Refused("POST", f"/JSSResource/{SOFTWARE}/id/1", software("a", "b"), 400, "id 0"),
    "a post to the list": Refused("POST", f"/JSSResource/{SOFTWARE}", software("a", "b"), 405, "not allowed"),
    "a patch": Refused("PATCH", f"/JSSResource/{SOFTWARE}/id/1", software("a", "b"), 405, "not allowed"),
    "JSON": Refused("POST", _NEW, "{}", 415, "content type", "application/json"),
    "no XML": Refused("POST", _NEW, "{}", 400, "XML"),
    "another root": Refused("POST", _NEW, profile("configuration_profile", "a"), 400, "configuration_profile"),
    "a misspelt element": Refused(
        "POST", _NEW, software("a", "b").replace("kill_process", "kill_proces"), 400, "kill_proces"
    ),
    "an element twice": Refused("POST", _NEW, software("a", "b</process_name><process_name>c"), 400, "process_name"),
    "an element in the site": Refused(
        "POST", _NEW, software("a", "b").replace("</general>", "<site><x/></site></general>"), 400, "site"
    ),
    "a word for a truth": Refused(
        "POST", _NEW, software("a", "b").replace("true</kill", "yes</kill"), 409, "kill_process"
    ),
    "an unknown section": Refused("POST", _NEW, software("a", "b", "<future/>"), 400, "future"),
    "a limitation of software": Refused(
        "POST", _NEW, software("a", "b", "<scope><limitations><users/></limitations></scope>"), 400, "limitations"
    ),
    "an unknown exclusion": Refused(
        "POST", _NEW, software("a", "b", "<scope><exclusions><classes/></exclusions></scope>"), 409, "exclusions"
    ),
    "a word for everyone": Refused(
        "POST", _NEW, software("a", "b", "<scope><all_computers>yes</all_computers></scope>"), 409, "all_computers"
    ),
    "a group that is not there": Refused(
        "POST", _NEW, software("a", "b", _GROUP.format("name", "No")), 409, "in scope"
    ),
    "a group's id that is not there": Refused(
        "POST", _NEW, software("a", "b", _GROUP.format("id", "9")), 409, "in scope"
    ),
    "a member of another kind": Refused(
        "POST", _NEW, software("a", "b", "<scope><computers><mobile_device/></computers></scope>"), 400, "computers"
    ),
    "no name": Refused("POST", _NEW, software("", "b"), 409, "name"),
    "no process": Refused("POST", _NEW, software("a", ""), 409, "process_name"),
    "a name that is taken": Refused("POST", _NEW, software("Taken", "b"), 409, "Duplicate name"),
    "a payload that is none": Refused(
        "POST",
        f"/JSSResource/{MOBILE}/id/0",
        "<configuration_profile><general><name>a</name><payloads>x</payloads></general></configuration_profile>",
        409,
        "Unable to update the database",
    ),
    "a payload without content": Refused(
        "POST",
        f"/JSSResource/{MACS}/id/0",
        "<os_x_configuration_profile><general><name>a</name><payloads>&lt;plist&gt;&lt;dict/&gt;&lt;/plist&gt;</payloads>"
        "</general></os_x_configuration_profile>",
        409,
        "Unable to update the database",
    ),
}


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED)
def test_it_refuses_what_jamf_refuses_with_tomcats_page(caller: Caller, row: Refused) -> None:
    caller.server.seed(SOFTWARE, software("Taken", "x"))
    before = caller.server.snapshot()
    status, text = caller.call(row.method, row.path, row.body, Content_Type=row.kind)
    assert status == row.status, text
    assert f"{row.said}" in text
    assert "<p>Error: " in text
    assert caller.server.snapshot() == before


def test_a_wrong_or_expired_token_gets_a_page(caller: Caller) -> None:
    caller.server.expire()
    status, text = caller.call("GET", f"/JSSResource/{SOFTWARE}")
    assert (status, "Unauthorized" in text, text.startswith("<html>")) == (401, True, True)


def test_a_wrong_secret_gets_no_token(caller: Caller) -> None:
    assert caller.log_in(client_secret="wrong") == 401  # noqa: S106 - a canary
    assert caller.token == ""
    assert caller.call("GET", "/api/v1/oauth/token")[0] == 405


def test_the_list_of_software_has_the_root_of_the_object(caller: Caller) -> None:
    caller.server.seed(SOFTWARE, software("a", "b"))
    root = etree.fromstring(caller.call("GET", f"/JSSResource/{SOFTWARE}")[1].encode())
    assert root.tag == caller.object(SOFTWARE, 1).tag == "restricted_software"
    assert (root.findtext("size"), root.findtext("restricted_software_title/name")) == ("1", "a")


def test_a_profile_comes_back_as_jamfs_own(caller: Caller) -> None:
    inner = payload("com.example.x", "Note", "<string> padded &amp; long </string>")
    number = caller.server.seed(MACS, profile("os_x_configuration_profile", "Mine", inner))
    caller.server.doubled = ""
    root = caller.object(MACS, number)
    text = root.findtext("general/payloads") or ""
    uuid = root.findtext("general/uuid") or ""
    assert text.count(uuid) == 2  # the profile's identifier is its UUID
    assert '<plist version="1">' in text
    assert "<string>padded &amp; long</string>" in text
    assert "<key>PayloadEnabled</key>" in text
    assert root.findtext("general/level") == "System"
    assert root.findtext("general/redeploy_on_update") == "Newly Assigned"
    assert len(root.findall("self_service/notification")) == 2
    caller.server.doubled = "strings"
    assert "padded &amp;amp; long" in (caller.object(MACS, number).findtext("general/payloads") or "")
    caller.server.doubled = "whole"
    assert (caller.object(MACS, number).findtext("general/payloads") or "").startswith("&lt;?xml")


def test_a_signature_is_taken_off(caller: Caller) -> None:
    plist = (
        b'0\x82<?xml version="1.0"?><plist version="1.0"><dict><key>PayloadContent</key><array/></dict></plist>\x00\x01'
    )
    body = base64.b64encode(plist).decode()
    status, _ = caller.call(
        "POST",
        f"/JSSResource/{MOBILE}/id/0",
        f"<configuration_profile><general><name>a</name><payloads>{body}</payloads></general></configuration_profile>",
    )
    assert status == 201
    assert caller.server.objects[MOBILE][1]["payload"]["PayloadContent"] == []


def test_a_put_merges_at_the_top_and_replaces_the_scope_whole(caller: Caller) -> None:
    number = caller.server.seed(SOFTWARE, software("a", "b", _GROUP.format("id", "12")))
    where = f"/JSSResource/{SOFTWARE}/id/{number}"
    assert caller.call("PUT", where, "<restricted_software><scope></scope></restricted_software>")[0] == 201
    root = caller.object(SOFTWARE, number)
    assert root.findtext("scope/computer_groups/computer_group/name") == "Field Macs"
    assert root.findtext("general/kill_process") == "true"
    scope = "<scope><all_computers>true</all_computers></scope>"
    assert caller.call("PUT", where, f"<restricted_software>{scope}</restricted_software>")[0] == 201
    root = caller.object(SOFTWARE, number)
    assert root.findtext("scope/all_computers") == "true"
    assert root.find("scope/computer_groups/computer_group") is None
    assert root.findtext("general/name") == "a"


def test_a_new_name_alone_reaches_the_profile(caller: Caller) -> None:
    number = caller.server.seed(MACS, profile("os_x_configuration_profile", "Old"))
    body = "<os_x_configuration_profile><general><name>New</name></general></os_x_configuration_profile>"
    assert caller.call("PUT", f"/JSSResource/{MACS}/id/{number}", body)[0] == 201
    assert caller.server.objects[MACS][number]["payload"]["PayloadDisplayName"] == "New"
    assert caller.server.ghosts == []


def test_nodes_lag_behind_each_other_without_the_cookie() -> None:
    with JamfEmulator(nodes=2) as server:
        caller = Caller(server)
        caller.log_in()
        caller.call("POST", _NEW, software("a", "b"))
        seen = {caller.call("GET", f"/JSSResource/{SOFTWARE}")[1].count("<id>") for _ in range(4)}
        assert seen == {0, 1}
        cookie = "APBALANCEID=aws.usw2-std-1"
        caller.call("POST", _NEW, software("c", "d"), Cookie=cookie)
        assert {caller.call("GET", f"/JSSResource/{SOFTWARE}", Cookie=cookie)[1].count("<id>") for _ in range(4)} == {2}


def test_foreign_objects_are_shown_as_they_are_stored(caller: Caller) -> None:
    number = caller.server.seed(SOFTWARE, software("a", "b"))
    before = caller.server.foreign()
    caller.call("DELETE", f"/JSSResource/{SOFTWARE}/id/{number}")
    assert caller.server.foreign() != before
