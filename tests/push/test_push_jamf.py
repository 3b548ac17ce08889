"""Hold the Jamf Pro destination against its emulator: objects, names, scopes, rewriting, failures, evidence."""

from __future__ import annotations

import copy
import re
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from build_kit import app, built, identifier, inline, resolved
from emulators.base import Answer
from emulators.jamf import CLIENT, SECRET, JamfEmulator
from lxml import etree
from push.kits.jamf import MACS, MOBILE, SOFTWARE, payload, profile, software

from mdm_policy import documents, effects
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import DestinationSpec, Identifier
from mdm_policy.push.destinations import jamf_payloads
from mdm_policy.push.destinations.jamf import Destination
from mdm_policy.push.destinations.jamf_scope import MAC, MOBILE as MOBILE_SCOPE, SOFTWARE as SOFTWARE_SCOPE, read_scope
from mdm_policy.push.destinations.jamf_scope import write_scope
from mdm_policy.push.http import Failure
from mdm_policy.push.marks import find_mark, mark
from mdm_policy.push.model import Assignment, Evidence, Item, Made, Remote, Summary
from mdm_policy.push.protocol import Edge, connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

OWNER = "gov.example.agency"
TARGETS = ("jamf-restricted-software", "jamf-mobile-profile", "jamf-macos-profile")
APPS = ("com.example.one", "com.example.two", "com.example.three")


class Liar(JamfEmulator):
    """Answer some calls with what a test has put there."""

    def __init__(self, **known: Any) -> None:
        super().__init__(**known)
        self.lies: dict[str, Answer] = {}

    def handle(self, request: Any) -> Answer:
        lie = self.lies.get(f"{request.method} {request.path}")
        return super().handle(request) if lie is None else lie


@pytest.fixture
def server() -> Iterator[Liar]:
    with Liar() as emulator:
        yield emulator


def destination(server: JamfEmulator, secret: str = SECRET, **more: Any) -> Any:
    settings = {"url": server.url, "client_id": CLIENT, "client_secret": {"env": "JAMF"}}
    spec = DestinationSpec("there", "jamf", settings, Origin("deployment.yaml", 9, 3), **{"assign": "everyone", **more})
    return connect(spec, OWNER, Edge(lambda _: secret, lambda _: None, timeout=2.0, attempts=2))


def identifiers(*bundles: str) -> list[Identifier]:
    return [
        *(identifier("ios", "bundle_id", one) for one in bundles),
        identifier("macos", "process_name", "Wide"),
        identifier("macos", "signing_id", "ABCDE12345:com.example.wide"),
    ]


def made(*bundles: str, names: Sequence[str] = TARGETS, **more: Any) -> tuple[Made, ...]:
    """Build these targets for one app, as documents on their way."""
    result, files = built(resolved(inline("Wide & Co", *identifiers(*(bundles or APPS)))), names)
    return tuple(
        Made(one.path, one.target, one.document, one.variant, one.kind, files[one.path], **more)
        for one in result.documents
    )


def item(there: Any, target: str, *bundles: str) -> Item:
    return next(one for one in there.items(made(*bundles, names=[target])))


def put(there: Any, target: str, *bundles: str) -> tuple[Item, Remote]:
    """Create an object, and read it."""
    wanted = item(there, target, *bundles)
    return wanted, read(there, there.create(wanted))


def read(there: Any, summary: Summary) -> Remote:
    found = there.get(summary)
    assert found is not None
    return found  # type: ignore[no-any-return]


def again(there: Any, remote: Remote) -> Remote:
    return read(there, Summary(remote.kind, remote.id, remote.name, remote.key, OWNER))


def held(server: JamfEmulator, resource: str) -> Any:
    """Return the one object of a kind as it is stored."""
    (found,) = server.objects[resource].values()
    return found


def apps_of(remote: Remote) -> set[str]:
    reading = effects.read(documents.open_document("read.xml", remote.body))
    return {effect.value for effect in reading.effects}


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


def test_keys_do_not_depend_on_content(server: Liar) -> None:
    there = destination(server)
    before = {one.kind: one.key for one in there.items(made("com.example.one"))}
    after = {one.kind: one.key for one in there.items(made("com.example.two", "com.example.three"))}
    assert before == after
    assert before != {one.kind: one.key for one in connect_as("org.other", server).items(made())}


def connect_as(owner: str, server: JamfEmulator) -> Any:
    settings = {"url": server.url, "client_id": CLIENT, "client_secret": {"env": "JAMF"}}
    spec = DestinationSpec("there", "jamf", settings, Origin("deployment.yaml", 9, 3))
    return connect(spec, owner, Edge(lambda _: SECRET, lambda _: None))


def test_each_record_has_a_key_of_its_own(server: Liar) -> None:
    names = [identifier("macos", "process_name", name) for name in ("Wide", "wide", "Wide Helper")]
    result, files = built(resolved(inline("Wide", *names)), ["jamf-restricted-software"])
    documents_ = [
        Made(one.path, one.target, one.document, one.variant, one.kind, files[one.path]) for one in result.documents
    ]
    assert len({one.key for one in destination(server).items(documents_)}) == 3


@pytest.mark.parametrize("owner", ["o", "o" * 64], ids=["short", "longest"])
def test_a_long_title_is_cut_and_the_mark_never(server: Liar, owner: str) -> None:
    title = "Bänned " * 60
    record = made(names=["jamf-restricted-software"])[0]
    data = record.data.replace(b"<name>Banned", f"<name>{title}Banned".encode())
    (one,) = connect_as(owner, server).items([Made(*(*_fields(record)[:5], data))])
    name = etree.fromstring(one.body).findtext("general/name") or ""
    assert len(name.encode()) <= 200
    assert find_mark(name) == (owner, one.key)
    assert name.startswith("Bänned")


def _fields(one: Made) -> tuple[Any, ...]:
    return one.path, one.target, one.document, one.variant, one.kind, one.data


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
    given = Made(*_fields(one)[:3], row.variant, one.kind, one.data, row.groups, row.excluded)
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
    there._write("PUT", _kind("mobile-profile"), found.id, body)
    assert len(server.ghosts) == 1


def _kind(name: str) -> Any:
    from mdm_policy.push.destinations.jamf_objects import KINDS

    return KINDS[name]


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
    (wanted,) = there.items([Made(*_fields(record)[:5], documents.dump(root, "xml"))])
    found = read(there, there.create(wanted))
    assert server.objects[MOBILE][int(found.id)]["payload"]["PayloadContent"][0]["Lists"] == [["a"], ["b"]]
    assert there.differs(wanted, found) == ()
    assert found.extra == ()  # what a user's own target sets is ours


# --- what is a difference, and what is not ---


def _content(server: JamfEmulator) -> Any:
    return held(server, MOBILE)["payload"]["PayloadContent"][0]


def _payload(server: JamfEmulator) -> Any:
    return held(server, MOBILE)["payload"]


def _general(server: JamfEmulator) -> Any:
    return held(server, MOBILE)["general"]


NORMAL: dict[str, Callable[[JamfEmulator], Any]] = {
    "profile UUID and identifier": lambda s: _payload(s).update(PayloadUUID="X", PayloadIdentifier="X"),
    "inner UUID and identifier": lambda s: _content(s).update(PayloadUUID="Y", PayloadIdentifier="Y"),
    "display names": lambda s: (_payload(s).update(PayloadDisplayName="a"), _content(s).update(PayloadDisplayName="b")),
    "organization": lambda s: (
        _payload(s).update(PayloadOrganization="J"),
        _content(s).update(PayloadOrganization="J"),
    ),
    "description": lambda s: (_payload(s).update(PayloadDescription="J"), _content(s).update(PayloadDescription="J")),
    "injected defaults": lambda s: _content(s).update(PayloadEnabled=True, AllowUserOverrides=True),
    "no injected defaults": lambda s: [_content(s).pop(key, None) for key in ("PayloadEnabled", "AllowUserOverrides")],
    "removal disallowed": lambda s: _payload(s).update(PayloadRemovalDisallowed=True),
    "injected removal password": lambda s: _payload(s)["PayloadContent"].append(
        {"PayloadType": "com.apple.profileRemovalPassword", "RemovalPassword": "hunter2", "PayloadUUID": "Z"}
    ),
    "order of ids": lambda s: _content(s)["blockedAppBundleIDs"].reverse(),
    "order of keys": lambda s: held(s, MOBILE).update(payload=dict(reversed(_payload(s).items()))),
    "an empty key": lambda s: _content(s).update(Nothing="", Nowhere=[], Never={}),
    "white space in strings": lambda s: _content(s).update(
        blockedAppBundleIDs=[f" {one}\n" for one in _content(s)["blockedAppBundleIDs"]]
    ),
    "white space in text": lambda s: _general(s).update(description=_general(s)["description"] + "\n"),
    "level as the terraform provider writes it": lambda s: _general(s).update(level="Device Level"),
    "another name of no category": lambda s: _general(s).update(category="-1"),
    "entities": lambda s: setattr(s, "doubled", "strings"),
}


@pytest.mark.parametrize("rewrite", NORMAL.values(), ids=NORMAL)
def test_what_jamf_rewrites_is_no_difference(server: Liar, rewrite: Callable[[JamfEmulator], Any]) -> None:
    there = destination(server)
    wanted, before = put(there, "jamf-mobile-profile")
    rewrite(server)
    after = again(there, before)
    assert there.differs(wanted, after) == ()
    assert after.fingerprint == before.fingerprint
    assert after.extra == ()
    assert apps_of(after) >= set(APPS) or "white space" in str(rewrite) or apps_of(after)


class Changed(NamedTuple):
    change: Callable[[JamfEmulator], Any]
    reasons: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    printed: bool = True


_IN = "/general/payloads/com.apple.applicationaccess"
CHANGED = {
    "a dropped app": Changed(
        lambda s: _content(s)["blockedAppBundleIDs"].remove("com.example.two"),
        ("com.apple.applicationaccess.blockedAppBundleIDs lacks com.example.two",),
    ),
    "an added app": Changed(
        lambda s: _content(s)["blockedAppBundleIDs"].append("com.example.more"),
        ("com.apple.applicationaccess.blockedAppBundleIDs has com.example.more too many",),
    ),
    "every app replaced": Changed(
        lambda s: _content(s).update(blockedAppBundleIDs=["a.b", "a.c", "a.d", "a.e", "a.f"]),
        (
            "com.apple.applicationaccess.blockedAppBundleIDs lacks com.example.one, com.example.three, com.example.two "
            "and has a.b, a.c, a.d and 2 more too many",
        ),
    ),
    "the list dropped": Changed(
        lambda s: _content(s).pop("blockedAppBundleIDs"),
        ("com.apple.applicationaccess.blockedAppBundleIDs is missing",),
    ),
    "a phantom array": Changed(
        lambda s: _content(s)["blockedAppBundleIDs"].append([]),
        ("com.apple.applicationaccess.blockedAppBundleIDs is otherwise",),
    ),
    "the payload dropped": Changed(
        lambda s: _payload(s)["PayloadContent"].clear(), ("com.apple.applicationaccess is missing",)
    ),
    "another type of payload": Changed(
        lambda s: _content(s).update(PayloadType="com.apple.wifi.managed"),
        ("com.apple.applicationaccess is missing",),
        ("/general/payloads/com.apple.wifi.managed",),
    ),
    "another version": Changed(
        lambda s: _content(s).update(PayloadVersion=2), (f"{_IN[18:]}.PayloadVersion is otherwise",)
    ),
    "an allow list beside ours": Changed(
        lambda s: _content(s).update(allowListedAppBundleIDs=["a.b"]), (), (f"{_IN}/allowListedAppBundleIDs",)
    ),
    "a switch that is off": Changed(lambda s: _content(s).update(allowCamera=False), (), (f"{_IN}/allowCamera",)),
    "a payload that is off": Changed(
        lambda s: _content(s).update(PayloadEnabled=False), (), (f"{_IN}/PayloadEnabled",)
    ),
    "a profile that is off": Changed(
        lambda s: _payload(s).update(PayloadEnabled=False), (), ("/general/payloads/PayloadEnabled",)
    ),
    "an end": Changed(
        lambda s: _payload(s).update(DurationUntilRemoval=9), (), ("/general/payloads/DurationUntilRemoval",)
    ),
    "a second payload of the type": Changed(
        lambda s: _payload(s)["PayloadContent"].append(
            {"PayloadType": "com.apple.applicationaccess", "allowCamera": True, "PayloadUUID": "2"}
        ),
        (),
        (f"{_IN}#2/allowCamera",),
    ),
    "the name": Changed(lambda s: _general(s).update(name="x" + _general(s)["name"]), ("name is",)),
    "the description": Changed(lambda s: _general(s).update(description="Mine"), ("description is 'Mine', not",)),
    "the description dropped": Changed(lambda s: _general(s).update(description=""), ("description is missing",)),
    "a long description": Changed(lambda s: _general(s).update(description="M" * 300), ("description is otherwise",)),
    "self service": Changed(
        lambda s: _general(s).update(deployment_method="Make Available in Self Service"),
        ("deployment_method is 'Make Available in Self Service', not 'Install Automatically'",),
    ),
    "the user's level": Changed(lambda s: _general(s).update(level="User"), ("level is 'user', not 'device'",)),
    "a site": Changed(lambda s: _general(s).update(site=4), ("site is '4', not '-1'",)),
    "removable": Changed(lambda s: _general(s).update(user_removable="true"), ()),
}


@pytest.mark.parametrize("row", CHANGED.values(), ids=CHANGED)
def test_what_a_person_changes_is_seen(server: Liar, row: Changed) -> None:
    there = destination(server)
    wanted, before = put(there, "jamf-mobile-profile")
    row.change(server)
    after = again(there, before)
    found = there.differs(wanted, after)
    assert len(found) == len(row.reasons)
    assert all(one.startswith(said) for one, said in zip(found, row.reasons, strict=True)), found
    assert after.extra == row.extra
    assert after.fingerprint != before.fingerprint


def test_a_payload_that_cannot_be_read_is_seen_and_mended(server: Liar) -> None:
    there = destination(server)
    wanted, before = put(there, "jamf-mobile-profile")
    lie = etree.fromstring(before.body)
    lie.find("general/payloads").text = "not a profile"  # type: ignore[union-attr]
    path = f"GET /JSSResource/{MOBILE}/id/{before.id}"
    server.lies[path] = Answer(200, etree.tostring(lie), (), "text/xml")
    after = again(there, before)
    assert there.differs(wanted, after) == ("payloads cannot be read as a profile",)
    assert after.fingerprint != before.fingerprint
    assert b"payloads" not in there.restoring(wanted, after)
    server.lies.clear()
    there.update(wanted, after)
    assert server.ghosts == []  # the object itself still said which UUID the profile has
    assert there.differs(wanted, again(there, before)) == ()
    lost = etree.fromstring(after.body)
    general = lost.find("general")
    assert general is not None
    general.remove(general.find("uuid"))  # type: ignore[arg-type]
    there.update(wanted, Remote(after.kind, after.id, after.name, after.key, etree.tostring(lost), ""))
    assert len(server.ghosts) == 1  # nobody could know


UNKNOWN_PARTS = {
    "an element of the general part": (
        "<general>",
        "<general><extra_setting>on</extra_setting>",
        ("/general/extra_setting",),
    ),
    "one that is off": ("<general>", "<general><extra_setting>false</extra_setting>", ()),
    "a section": ("</scope>", "</scope><future><thing>on</thing></future>", ("/future",)),
    "an empty section": ("</scope>", "</scope><future/>", ()),
    "self service": ("</scope>", "</scope><self_service><security><x>1</x></security></self_service>", ()),
}


@pytest.mark.parametrize(("old", "new", "extra"), UNKNOWN_PARTS.values(), ids=UNKNOWN_PARTS)
def test_what_an_object_has_beyond_ours_is_named(server: Liar, old: str, new: str, extra: tuple[str, ...]) -> None:
    there = destination(server)
    wanted, before = put(there, "jamf-restricted-software")
    server.lies[f"GET /JSSResource/{SOFTWARE}/id/{before.id}"] = Answer(
        200, before.body.decode().replace(old, new).encode(), (), "text/xml"
    )
    after = again(there, before)
    assert after.extra == extra
    assert there.differs(wanted, after) == ()
    assert (after.fingerprint != before.fingerprint) == (new != "</scope><future/>")
    assert b"extra_setting" not in there.restoring(wanted, after)


# --- updates and rollbacks ---


def test_an_update_keeps_what_others_put_into_the_profile(server: Liar) -> None:
    there = destination(server)
    _, found = put(there, "jamf-mobile-profile", "com.example.one")
    _content(server).update(allowCamera=False, blacklistedAppBundleIDs=["a.b"])
    _payload(server).update(TargetDeviceType=1)
    _payload(server)["PayloadContent"] += [
        {"PayloadType": "com.apple.wifi.managed", "Password": "hunter2", "PayloadUUID": "W"},
        {"PayloadType": "com.apple.profileRemovalPassword", "RemovalPassword": "hunter3", "PayloadUUID": "Z"},
        "damaged",
    ]
    remote = again(there, found)
    wanted = item(there, "jamf-mobile-profile", *APPS)
    there.update(wanted, remote)
    sent = next(one.body for one in reversed(server.calls) if one.method == "PUT").decode()
    assert "hunter2" in sent
    assert "hunter3" not in sent  # Jamf injects it again by itself
    after = _content(server)
    assert after["allowCamera"] is False
    assert "blacklistedAppBundleIDs" not in after  # a key of ours that the build no longer has
    assert set(after["blockedAppBundleIDs"]) == set(APPS)
    assert _payload(server)["TargetDeviceType"] == 1
    assert there.differs(wanted, again(there, found)) == ()


def test_a_plan_keeps_no_password_of_others(server: Liar) -> None:
    there = destination(server)
    wanted, found = put(there, "jamf-mobile-profile", "com.example.one")
    _payload(server)["PayloadContent"].append(
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
    resource = _kind(wanted.kind).path
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
    return effects.read(documents.open_document("merged.xml", body)).scope.state


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
    one, other = (effects.read(documents.open_document("x.xml", body)) for body in (merged, after.body))
    assert {effect.key for effect in one.effects} == {effect.key for effect in other.effects}
    assert one.scope == other.scope
    assert not [one.id for one in other.findings if one.id == "redeploy-newly-assigned"]


def test_groups_bear_the_deployments_names_for_readers(server: Liar) -> None:
    there = destination(server, targets=("jamf-macos-profile",), assign=("field",), groups={"field": "12"})
    wanted, found = put(there, "jamf-macos-profile")
    assert wanted.assignment == Assignment(groups=("12",))
    there.assign(Summary(found.kind, found.id, "", ""), wanted.assignment)
    after = again(there, found)
    assert after.assignment == wanted.assignment
    for body in (after.body, there.merged(wanted, found), there.merged(wanted, None)):
        assert effects.read(documents.open_document("x.xml", body)).scope.groups == ("field",)


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
        f"<mobile_devices>{_NAMED.format('mobile_device', 3, 'iPad')}</mobile_devices>"
        f"<buildings>{_NAMED.format('building', 4, 'HQ')}</buildings>",
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
        "<all_computers>true</all_computers><exclusions><computer_groups>"
        f"{_NAMED.format('computer_group', 7, 'lab')}</computer_groups><users>{_NAMED.format('user', -1, '007')}</users>"
        "</exclusions>",
        Assignment(True, (), ("lab", "users:007")),
    ),
    "limitations": (
        MAC,
        "<all_computers>true</all_computers><limitations><network_segments>"
        f"{_NAMED.format('network_segment', 2, 'Office')}</network_segments><user_groups><user_group><name>Staff</name>"
        "</user_group></user_groups></limitations>",
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
    for write in (
        lambda: there.update(wanted, found),
        lambda: there.assign(Summary(found.kind, found.id, ""), Assignment()),
        lambda: there.delete(found),
    ):
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
        destination(server).items([Made(*_fields(record)[:4], "jamf-mobile-profile", record.data)])


# --- who calls, and through which node ---


def test_a_wrong_secret_is_said_without_it(server: Liar) -> None:
    with pytest.raises(Failure) as caught:
        list(destination(server, secret="wrong-canary").list())  # noqa: S106 - a canary
    assert caught.value.fault == "unauthorized"
    assert "wrong-canary" not in caught.value.said


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
        with pytest.raises(AssertionError):
            for _ in range(3):
                there.delete(read(there, there.create(wanted)))


def test_at_most_five_calls_run_at_once() -> None:
    assert Destination.concurrency == 5


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


def evidence(there: Any, remote: Remote) -> list[Evidence]:
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


# --- laws of payloads ---


def test_merging_twice_is_merging_once() -> None:
    stored = {
        "PayloadUUID": "U",
        "PayloadIdentifier": "U",
        "Theirs": 1,
        "PayloadContent": [
            {"PayloadType": "a", "PayloadUUID": "1", "x": 1},
            {"PayloadType": "b"},
            {"PayloadType": "a"},
        ],
    }
    wanted = {"PayloadType": "Configuration", "PayloadUUID": "V", "PayloadContent": [{"PayloadType": "a", "y": 2}]}
    once = jamf_payloads.merged(wanted, stored, "")
    assert jamf_payloads.merged(wanted, once, "") == once
    assert once["PayloadUUID"] == "U"
    assert once["PayloadContent"] == [
        {"PayloadType": "a", "PayloadUUID": "1", "x": 1, "y": 2},
        {"PayloadType": "b"},
        {"PayloadType": "a"},
    ]
    assert list(jamf_payloads.reasons(wanted, once)) == []


def test_a_list_of_apps_of_the_catalogue_goes_there_and_is_read_back(server: Liar) -> None:
    result, files = built(resolved(app("wechat"), app("qq")), ["jamf-mobile-profile"])
    documents_ = [Made(o.path, o.target, o.document, o.variant, o.kind, files[o.path]) for o in result.documents]
    there = destination(server)
    for wanted in there.items(documents_):
        found = read(there, there.create(wanted))
        assert apps_of(found) == apps_of(
            Remote("", "", "", "", next(o.data for o in documents_ if o.document == "object"), "")
        )
