"""Hold the life of an object at Jamf Pro: names, creation, updates in place, rollbacks, scopes."""

from __future__ import annotations

import copy
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cli_kit
import msgspec
import pytest
import yaml
from build_kit import built, identifier, inline, resolved
from lxml import etree

from mdm_policy import documents, kinds
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations.jamf_scope import MAC, read_scope, write_scope
from mdm_policy.push.destinations.jamf_scope import MOBILE as MOBILE_SCOPE
from mdm_policy.push.destinations.jamf_scope import SOFTWARE as SOFTWARE_SCOPE
from mdm_policy.push.marks import find_mark, mark
from mdm_policy.push.model import Assignment, Item, MadeDocument, Summary
from push.jamf_setup import (
    APPS,
    OWNER,
    TARGETS,
    Liar,
    again,
    connect_as,
    destination,
    held,
    inner,
    item,
    kind,
    made,
    outer,
    put,
    read,
)
from push.kits.jamf import MACS, MOBILE, SOFTWARE, payload, profile
from push.stage import stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@pytest.fixture
def server() -> Iterator[Liar]:
    with Liar() as emulator:
        yield emulator


# --- items ---


def test_every_jamf_document_becomes_one_object_with_a_mark_in_its_name(server: Liar) -> None:
    documents_ = made()
    assert [one.document for one in documents_].count("upload") == 2  # other ways to send the same: no objects
    items = destination(server).items(documents_)
    assert sorted(one.kind for one in items) == ["macos-profile", "mobile-profile", "restricted-software"]
    for one in items:
        name = etree.fromstring(one.body).findtext("general/name") or ""
        assert name == f"{one.name} {mark(OWNER, one.key)}"
        assert find_mark(name) == (OWNER, one.key)
        assert uuid.UUID(one.key).version == 5
        assert b"<scope>" not in one.body


def test_keys_do_not_depend_oninner(server: Liar) -> None:
    there = destination(server)
    before = {one.kind: one.key for one in there.items(made("com.example.one"))}
    after = {one.kind: one.key for one in there.items(made("com.example.two", "com.example.three"))}
    assert before == after
    assert before != {one.kind: one.key for one in connect_as("org.other", server).items(made())}


def test_each_record_has_a_key_of_its_own(server: Liar) -> None:
    names = [identifier("macos", "process_name", name) for name in ("Wide", "wide", "Wide Helper")]
    result, files = built(resolved(inline("Wide", *names)), ["jamf-restricted-software"])
    documents_ = [
        MadeDocument(one.path, one.target, one.document, one.variant, one.kind, files[one.path])
        for one in result.documents
    ]
    assert len({one.key for one in destination(server).items(documents_)}) == 3


@pytest.mark.parametrize("owner", ["o", "o" * 64], ids=["short", "longest"])
def test_a_long_title_is_cut_and_the_mark_never(server: Liar, owner: str) -> None:
    title = "Bänned " * 60
    record = made(names=["jamf-restricted-software"])[0]
    data = record.data.replace(b"<name>Banned", f"<name>{title}Banned".encode())
    (one,) = connect_as(owner, server).items([msgspec.structs.replace(record, data=data)])
    name = etree.fromstring(one.body).findtext("general/name") or ""
    assert len(name.encode()) <= 200
    assert find_mark(name) == (owner, one.key)
    assert name.startswith("Bänned")


class Assigned(NamedTuple):
    assign: Any
    variant: str
    groups: tuple[str, ...]
    excluded: tuple[str, ...]
    expected: Assignment | None


ASSIGNED = {
    "everyone": Assigned("everyone", "", (), (), Assignment(everyone=True)),
    "everyone but": Assigned("everyone", "", (), ("lab", "field"), Assignment(True, (), ("Field Macs", "lab"))),
    "groups": Assigned(("field", "lab"), "", (), (), Assignment(False, ("Field Macs", "lab"))),
    "a variant": Assigned("everyone", "v", ("field",), ("lab",), Assignment(False, ("Field Macs",), ("lab",))),
    "unchanged": Assigned("unchanged", "", (), ("lab",), None),
    "a variant, unchanged": Assigned("unchanged", "v", ("lab",), (), None),
}


@pytest.mark.parametrize("row", ASSIGNED.values(), ids=ASSIGNED)
def test_whom_an_item_is_for(server: Liar, row: Assigned) -> None:
    there = destination(server, assign=row.assign, groups={"field": "Field Macs"})
    one = made(names=["jamf-macos-profile"])[0]
    given = msgspec.structs.replace(one, variant=row.variant, groups=row.groups, excluded=row.excluded)
    assert there.items([given])[0].assignment == row.expected


AMBIGUOUS = {
    "an id for both": (TARGETS, ("field",), "everyone", {"field": "12"}, True),
    "an id that assigns": (TARGETS, (), ("field",), {"field": "12"}, True),
    "a name for both": (TARGETS, ("field",), "everyone", {"field": "Field"}, False),
    "an id for Macs alone": (TARGETS[::2], ("field",), ("field",), {"field": "12"}, False),
    "an id that nobody uses": (TARGETS, ("lab",), "everyone", {"field": "12"}, False),
    "unchanged": (TARGETS, ("field",), "unchanged", {"field": "12"}, False),
}


@pytest.mark.parametrize(("names", "excluded", "assign", "groups", "refused"), AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_an_id_never_means_two_groups(
    server: Liar, names: Sequence[str], excluded: tuple[str, ...], assign: Any, groups: dict[str, str], refused: bool
) -> None:
    there = destination(server, assign=assign, groups=groups)
    documents_ = made(names=names, excluded=excluded)
    if not refused:
        assert there.items(documents_)
        return
    with pytest.raises(PolicyError) as caught:
        there.items(documents_)
    assert [(one.id, one.origin) for one in caught.value.findings] == [
        ("destination-group-ambiguous", Origin("deployment.yaml", 9, 3))
    ]


TARGETED: dict[str, tuple[tuple[str, ...] | None, set[str]]] = {
    "none named": (None, {SOFTWARE, MOBILE, MACS}),
    "one of ours": (("jamf-mobile-profile",), {MOBILE}),
    "a user's own": (("our-own", "jamf-mobile-profile"), {SOFTWARE, MOBILE, MACS}),
}


@pytest.mark.parametrize(("targets", "listed"), TARGETED.values(), ids=TARGETED)
def test_only_what_may_go_there_is_listed(server: Liar, targets: tuple[str, ...] | None, listed: set[str]) -> None:
    there = destination(server, targets=targets)
    assert list(there.list()) == []
    assert {one.path.rpartition("/")[2] for one in server.calls if one.method == "GET"} == listed
    taken = {one.path.partition("/")[0] for one in there.items(made())}
    assert taken == set(TARGETS) if targets is None else taken <= set(targets)


# --- the life of an object ---


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "doubled", ["", "whole", "strings"], ids=["plain", "payload escaped twice", "strings escaped twice"]
)
def test_the_life_of_an_object(server: Liar, target: str, doubled: str) -> None:
    server.doubled = doubled
    there = destination(server)
    wanted, found = put(there, target)
    assert there.differs(wanted, found) == ()
    assert (found.name, found.key, found.extra) == (wanted.name, wanted.key, ())
    assert found.assignment == Assignment()
    (summary,) = there.list()
    assert summary == Summary(wanted.kind, found.id, wanted.name, wanted.key, OWNER)
    there.assign(summary, Assignment(everyone=True))
    assigned = again(there, found)
    assert assigned.assignment == Assignment(everyone=True)
    assert assigned.fingerprint == found.fingerprint
    there.delete(found)
    assert there.get(summary) is None
    there.delete(found)
    assert list(there.list()) == []


@pytest.mark.parametrize(("target", "resource"), [("jamf-mobile-profile", MOBILE), ("jamf-macos-profile", MACS)])
def test_a_jamf_profile_updated_in_place_keeps_its_stored_uuid(server: Liar, target: str, resource: str) -> None:
    there = destination(server)
    _, found = put(there, target, "com.example.one")
    there.assign(Summary(found.kind, found.id, "", ""), Assignment(everyone=True))
    stored = copy.deepcopy(held(server, resource)["payload"])
    wanted = item(there, target, *APPS)
    if resource == MACS:
        wanted = Item(wanted.key, wanted.kind, wanted.name, wanted.body.replace(b"is banned", b"is forbidden"), "")
    assert there.differs(wanted, again(there, found))
    there.update(wanted, again(there, found))
    after = held(server, resource)["payload"]
    assert server.ghosts == []
    assert server.redeployed == [(resource, int(found.id), "All")]
    for key in ("PayloadUUID", "PayloadIdentifier"):
        assert after[key] == stored[key]
        assert after["PayloadContent"][0][key] == stored["PayloadContent"][0][key]
    assert after["PayloadUUID"].encode() not in wanted.body  # it is Jamf's, not ours
    fresh = again(there, found)
    assert there.differs(wanted, fresh) == ()
    assert fresh.fingerprint != found.fingerprint
    assert fresh.assignment == Assignment(everyone=True)


def test_the_emulator_makes_a_ghost_of_a_profile_with_another_uuid(server: Liar) -> None:
    there = destination(server)
    wanted, found = put(there, "jamf-mobile-profile")
    body = etree.fromstring(wanted.body)
    there._write("PUT", kind("mobile-profile"), found.id, body)
    assert len(server.ghosts) == 1


@pytest.mark.parametrize("target", TARGETS[1:])
def test_a_new_profile_is_sent_on_one_line_and_to_newly_assigned(server: Liar, target: str) -> None:
    there = destination(server)
    put(there, target)
    body = etree.fromstring(next(one.body for one in server.calls if one.method == "POST" and "JSS" in one.path))
    text = body.findtext("general/payloads") or ""
    assert "\n" not in text
    assert not re.search(r">\s+<", text)
    assert body.findtext("general/redeploy_on_update") == "Newly Assigned"


def test_white_space_between_arrays_becomes_empty_arrays_and_ours_has_none(server: Liar) -> None:
    nested = "<array><array><string>a</string></array>\n <array><string>b</string></array></array>"
    number = server.seed(MOBILE, profile("configuration_profile", "Pretty", payload("com.example.x", "Lists", nested)))
    stored = server.objects[MOBILE][number]["payload"]["PayloadContent"][0]["Lists"]
    assert stored == [["a"], [], ["b"]]
    value = {
        "PayloadType": "Configuration",
        "PayloadContent": [{"PayloadType": "com.example.x", "Lists": [["a"], ["b"]], "Note": "two\nlines"}],
    }
    record = made(names=["jamf-mobile-profile"])[0]
    root = etree.fromstring(record.data)
    root.find("general/payloads").text = documents.dump(value, "plist").decode()  # type: ignore[union-attr]
    there = destination(server)
    (wanted,) = there.items([msgspec.structs.replace(record, data=documents.dump(root, "xml"))])
    found = read(there, there.create(wanted))
    assert server.objects[MOBILE][int(found.id)]["payload"]["PayloadContent"][0]["Lists"] == [["a"], ["b"]]
    assert there.differs(wanted, found) == ()
    assert found.extra == ()  # what a user's own target sets is ours


# --- updates and rollbacks ---


def test_an_update_keeps_what_others_put_into_the_profile(server: Liar) -> None:
    there = destination(server)
    _, found = put(there, "jamf-mobile-profile", "com.example.one")
    inner(server).update(allowCamera=False, blacklistedAppBundleIDs=["a.b"])
    outer(server).update(TargetDeviceType=1)
    outer(server)["PayloadContent"] += [
        {"PayloadType": "com.apple.wifi.managed", "Password": "hunter2", "PayloadUUID": "W"},
        {"PayloadType": "com.apple.profileRemovalPassword", "RemovalPassword": "hunter3", "PayloadUUID": "Z"},
    ]
    remote = again(there, found)
    wanted = item(there, "jamf-mobile-profile", *APPS)
    there.update(wanted, remote)
    sent = next(one.body for one in reversed(server.calls) if one.method == "PUT").decode()
    assert "hunter2" in sent
    assert "hunter3" not in sent  # Jamf injects it again by itself
    after = inner(server)
    assert after["allowCamera"] is False
    assert "blacklistedAppBundleIDs" not in after  # a key of ours that the build no longer has
    assert set(after["blockedAppBundleIDs"]) == set(APPS)
    assert outer(server)["TargetDeviceType"] == 1
    assert there.differs(wanted, again(there, found)) == ()


def test_a_plan_keeps_no_password_of_others(server: Liar) -> None:
    there = destination(server)
    wanted, found = put(there, "jamf-mobile-profile", "com.example.one")
    outer(server)["PayloadContent"].append(
        {"PayloadType": "com.apple.wifi.managed", "Password": "hunter2", "PayloadUUID": "W"}
    )
    before = there.restoring(wanted, again(there, found))
    assert b"hunter2" not in before
    assert b"com.example.one" in before
    assert mark(OWNER, wanted.key).encode() in before


@pytest.mark.parametrize("target", TARGETS)
def test_a_rollback_brings_back_what_was_there(server: Liar, target: str) -> None:
    there = destination(server)
    wanted, found = put(there, target, "com.example.one")
    resource = kind(wanted.kind).path
    state = held(server, resource)
    state["general"].update(description="By hand") if target != TARGETS[0] else state["general"].update(
        kill_process="false"
    )
    remote = again(there, found)
    before = Item(wanted.key, wanted.kind, wanted.name, there.restoring(wanted, remote), "")
    there.update(wanted, remote)
    assert there.differs(wanted, again(there, found)) == ()
    assert there.differs(before, again(there, found))
    there.update(before, again(there, found))
    assert there.differs(before, again(there, found)) == ()
    assert again(there, found).fingerprint == remote.fingerprint
    there.delete(found)
    made_again = read(there, there.create(before))
    assert made_again.fingerprint == remote.fingerprint
    assert made_again.key == wanted.key


def test_an_orphan_can_be_brought_back(server: Liar) -> None:
    there = destination(server)
    _, found = put(there, "jamf-mobile-profile")
    empty = Item(found.key, found.kind, found.name, b"", "")
    body = there.restoring(empty, found)
    there.delete(found)
    after = read(there, there.create(Item(found.key, found.kind, found.name, body, "")))
    assert after.fingerprint == found.fingerprint


# --- what readers see ---


def _scope(body: bytes) -> str:
    return kinds.read(kinds.open_document("merged.xml", body)).scope.state


def test_a_new_object_without_an_assignment_reaches_nobody_and_is_read_so(server: Liar) -> None:
    for one in destination(server, assign="unchanged").items(made()):
        assert _scope(destination(server).merged(one, None)) == "nobody"
    for one in destination(server).items(made()):
        assert _scope(destination(server).merged(one, None)) == "everyone"


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_merged_is_what_comes_to_be(server: Liar, target: str) -> None:
    there = destination(server)
    _, found = put(there, target, "com.example.one")
    there.assign(Summary(found.kind, found.id, "", ""), Assignment(everyone=True, excluded=("computers:4",)[:0]))
    wanted = item(there, target, *APPS)
    remote = again(there, found)
    merged = there.merged(Item(wanted.key, wanted.kind, wanted.name, wanted.body, ""), remote)
    there.update(wanted, remote)
    after = again(there, found)
    one, other = (kinds.read(kinds.open_document("x.xml", body)) for body in (merged, after.body))
    assert {effect.key for effect in one.effects} == {effect.key for effect in other.effects}
    assert one.scope == other.scope
    assert not [one.id for one in other.findings if one.id == "redeploy-newly-assigned"]


@pytest.mark.parametrize("token", ["12", "Field Macs"], ids=["by id", "by name"])
def test_groups_bear_the_deployments_names_for_readers(server: Liar, token: str) -> None:
    there = destination(server, targets=("jamf-macos-profile",), assign=("field",), groups={"field": token})
    wanted, found = put(there, "jamf-macos-profile")
    assert wanted.assignment == Assignment(groups=(token,))
    server.groups["computer_groups"][13] = "Lab"
    there.assign(Summary(found.kind, found.id, "", ""), Assignment(groups=(token, "Lab")))
    after = again(there, found)
    assert after.assignment == Assignment(groups=(token, "Lab"))
    assert kinds.read(kinds.open_document("x.xml", after.body)).scope.groups == ("field", "Lab")
    for body in (there.merged(wanted, found), there.merged(wanted, None)):
        assert kinds.read(kinds.open_document("x.xml", body)).scope.groups == ("field",)


# --- scopes ---

_NAMED = "<{0}><id>{1}</id><name>{2}</name></{0}>"
SCOPES = {
    "nobody": (MAC, "<all_computers>false</all_computers><computers/>", Assignment()),
    "everyone": (MAC, "<all_computers>true</all_computers>", Assignment(everyone=True)),
    "every mobile device": (MOBILE_SCOPE, "<all_mobile_devices>true</all_mobile_devices>", Assignment(everyone=True)),
    "groups by name": (
        SOFTWARE_SCOPE,
        f"<computer_groups><size>1</size>{_NAMED.format('computer_group', 7, 'Sales / EMEA')}</computer_groups>",
        Assignment(groups=("Sales / EMEA",)),
    ),
    "a group by its id": (
        MAC,
        f"<computer_groups>{_NAMED.format('computer_group', 12, 'Field')}</computer_groups>",
        Assignment(groups=("12",)),
    ),
    "a group with a number for a name": (
        MAC,
        f"<computer_groups>{_NAMED.format('computer_group', 7, '2024')}</computer_groups>",
        Assignment(groups=("7",)),
    ),
    "a group with a part for a name": (
        MAC,
        f"<computer_groups>{_NAMED.format('computer_group', 7, 'users:bob')}</computer_groups>",
        Assignment(groups=("7",)),
    ),
    "a group without a name": (
        MAC,
        "<computer_groups><computer_group><id>7</id></computer_group></computer_groups>",
        Assignment(groups=("7",)),
    ),
    "devices and places": (
        MOBILE_SCOPE,
        (
            f"<mobile_devices>{_NAMED.format('mobile_device', 3, 'iPad')}</mobile_devices>"
            f"<buildings>{_NAMED.format('building', 4, 'HQ')}</buildings>"
        ),
        Assignment(groups=("buildings:4", "mobile_devices:3")),
    ),
    "every user": (MAC, "<all_jss_users>true</all_jss_users>", Assignment(groups=("all_jss_users",))),
    "users": (
        MAC,
        f"<jss_users>{_NAMED.format('user', 5, 'bob')}</jss_users>",
        Assignment(groups=("jss_users:5",)),
    ),
    "exclusions": (
        SOFTWARE_SCOPE,
        (
            "<all_computers>true</all_computers><exclusions><computer_groups>"
            f"{_NAMED.format('computer_group', 7, 'lab')}</computer_groups><users>{_NAMED.format('user', -1, '007')}</users>"
            "</exclusions>"
        ),
        Assignment(True, (), ("lab", "users:007")),
    ),
    "limitations": (
        MAC,
        (
            "<all_computers>true</all_computers><limitations><network_segments>"
            f"{_NAMED.format('network_segment', 2, 'Office')}</network_segments><user_groups><user_group><name>Staff</name>"
            "</user_group></user_groups></limitations>"
        ),
        Assignment(True, (), ("limitations/network_segments:2", "limitations/user_groups:Staff")),
    ),
    "a part that is new to us": (
        MAC,
        f"<classes>{_NAMED.format('class', 6, 'Art')}</classes>",
        Assignment(groups=("classes:6",)),
    ),
}


@pytest.mark.parametrize(("family", "text", "expected"), SCOPES.values(), ids=SCOPES)
def test_a_scope_becomes_an_assignment_and_comes_back(family: Any, text: str, expected: Assignment) -> None:
    found = read_scope(family, etree.fromstring(f"<scope>{text}</scope>"), {"12"})
    assert found == expected
    if "classes" not in text:
        assert read_scope(family, write_scope(family, found), {"12"}) == expected


def test_what_a_kind_cannot_be_scoped_to_is_sent_for_jamf_to_refuse() -> None:
    scope = write_scope(SOFTWARE_SCOPE, Assignment(groups=("jss_users:5",)))
    assert scope.findtext("jss_users/user/id") == "5"


def test_no_scope_is_nobodys() -> None:
    assert read_scope(MAC, None, ()) == Assignment()


def test_a_scope_is_written_whole(server: Liar) -> None:
    there = destination(server)
    _, found = put(there, "jamf-macos-profile")
    state = held(server, MACS)["scope"]
    state["buildings"] = [{"id": "4", "name": "HQ"}]
    state["limitations"]["users"] = [{"id": "-1", "name": "bob"}]
    narrowed = again(there, found)
    assert narrowed.assignment == Assignment(False, ("buildings:4",), ("limitations/users:bob",))
    there.assign(Summary(found.kind, found.id, "", ""), Assignment(everyone=True))
    assert again(there, found).assignment == Assignment(everyone=True)
    assert narrowed.assignment is not None
    there.assign(Summary(found.kind, found.id, "", ""), narrowed.assignment)
    assert again(there, found).assignment == narrowed.assignment


def test_a_group_that_is_not_there_is_refused(server: Liar) -> None:
    there = destination(server)
    _, found = put(there, "jamf-macos-profile")
    with pytest.raises(Failure) as caught:
        there.assign(Summary(found.kind, found.id, "", ""), Assignment(groups=("No such group",)))
    assert (caught.value.fault, caught.value.ambiguous) == ("conflict", False)
    assert "computer_groups" in caught.value.said


# --- the page that describes it ---


def test_the_example_in_the_documentation_is_good(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "push" / "jamf.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "deployment.yaml"
    file.write_text(example, "utf-8")
    checked = cli_kit.run("check", file)
    assert checked.code == 0, checked.err
    assert "error" not in checked.err


# --- the whole program ---


def test_an_exception_gets_its_variant_and_the_base_leaves_its_group_out(tmp_path: Path) -> None:
    with stage("jamf", tmp_path) as one:
        order = yaml.safe_load((one.folder / "order.yaml").read_text("utf-8"))
        waiver = {"app": "wechat", "category": "security-research", "approved_by": "CISO (example)"}
        order["exceptions"] = [{**waiver, "document": "M-1 (example)", "groups": ["field"], "until": "2027-01-01"}]
        (one.folder / "order.yaml").write_text(yaml.safe_dump(order), "utf-8")
        deployment = yaml.safe_load(one.deployment.read_text("utf-8"))
        deployment["targets"] = ["jamf-mobile-profile"]
        deployment["destinations"]["there"]["groups"] = {"field": "Field"}
        one.deployment.write_text(yaml.safe_dump(deployment), "utf-8")
        assert one.plan().code == 10
        assert one.apply().code == 0, one.printed[-2:]
        assert one.plan().code == 0
        ours = [held["scope"] for _, _, held in one.kit._ours(one.emulator)]
        field = [{"id": "21", "name": "Field"}]
        told = sorted(
            (scope["all_mobile_devices"], scope["mobile_device_groups"], scope["exclusions"]["mobile_device_groups"])
            for scope in ours
        )
        assert told == [("false", field, []), ("true", [], field)]
