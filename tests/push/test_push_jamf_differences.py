"""Hold what is a difference at Jamf Pro, what is only its rewriting, and what is named without being touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from emulators.base import Answer
from lxml import etree

from mdm_policy.push.destinations import jamf_payloads
from mdm_policy.push.model import Remote
from push.jamf_setup import APPS, Liar, again, apps_of, destination, held, inner, outer, put
from push.kits.jamf import MOBILE, SOFTWARE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulators.jamf import JamfEmulator


@pytest.fixture
def server() -> Iterator[Liar]:
    with Liar() as emulator:
        yield emulator


# --- what is a difference, and what is not ---


def _general(server: JamfEmulator) -> Any:
    return held(server, MOBILE)["general"]


NORMAL: dict[str, Callable[[JamfEmulator], Any]] = {
    "profile UUID and identifier": lambda s: outer(s).update(PayloadUUID="X", PayloadIdentifier="X"),
    "inner UUID and identifier": lambda s: inner(s).update(PayloadUUID="Y", PayloadIdentifier="Y"),
    "display names": lambda s: (outer(s).update(PayloadDisplayName="a"), inner(s).update(PayloadDisplayName="b")),
    "organization": lambda s: (
        outer(s).update(PayloadOrganization="J"),
        inner(s).update(PayloadOrganization="J"),
    ),
    "description": lambda s: (outer(s).update(PayloadDescription="J"), inner(s).update(PayloadDescription="J")),
    "injected defaults": lambda s: inner(s).update(PayloadEnabled=True, AllowUserOverrides=True),
    "no injected defaults": lambda s: [inner(s).pop(key, None) for key in ("PayloadEnabled", "AllowUserOverrides")],
    "removal disallowed": lambda s: outer(s).update(PayloadRemovalDisallowed=True),
    "injected removal password": lambda s: outer(s)["PayloadContent"].append(
        {"PayloadType": "com.apple.profileRemovalPassword", "RemovalPassword": "hunter2", "PayloadUUID": "Z"}
    ),
    "order of ids": lambda s: inner(s)["blockedAppBundleIDs"].reverse(),
    "order of keys": lambda s: held(s, MOBILE).update(payload=dict(reversed(outer(s).items()))),
    "an empty key": lambda s: inner(s).update(Nothing="", Nowhere=[], Never={}),
    "white space in strings": lambda s: inner(s).update(
        blockedAppBundleIDs=[f" {one}\n" for one in inner(s)["blockedAppBundleIDs"]]
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
        lambda s: inner(s)["blockedAppBundleIDs"].remove("com.example.two"),
        ("com.apple.applicationaccess.blockedAppBundleIDs lacks com.example.two",),
    ),
    "an added app": Changed(
        lambda s: inner(s)["blockedAppBundleIDs"].append("com.example.more"),
        ("com.apple.applicationaccess.blockedAppBundleIDs has com.example.more too many",),
    ),
    "every app replaced": Changed(
        lambda s: inner(s).update(blockedAppBundleIDs=["a.b", "a.c", "a.d", "a.e", "a.f"]),
        (
            (
                "com.apple.applicationaccess.blockedAppBundleIDs lacks com.example.one, com.example.three, com.example.two "
                "and has a.b, a.c, a.d and 2 more too many"
            ),
        ),
    ),
    "the list dropped": Changed(
        lambda s: inner(s).pop("blockedAppBundleIDs"),
        ("com.apple.applicationaccess.blockedAppBundleIDs is missing",),
    ),
    "a phantom array": Changed(
        lambda s: inner(s)["blockedAppBundleIDs"].append([]),
        ("com.apple.applicationaccess.blockedAppBundleIDs is otherwise",),
    ),
    "the payload dropped": Changed(
        lambda s: outer(s)["PayloadContent"].clear(), ("com.apple.applicationaccess is missing",)
    ),
    "another type of payload": Changed(
        lambda s: inner(s).update(PayloadType="com.apple.wifi.managed"),
        ("com.apple.applicationaccess is missing",),
        ("/general/payloads/com.apple.wifi.managed",),
    ),
    "another version": Changed(
        lambda s: inner(s).update(PayloadVersion=2), (f"{_IN[18:]}.PayloadVersion is otherwise",)
    ),
    "an allow list beside ours": Changed(
        lambda s: inner(s).update(allowListedAppBundleIDs=["a.b"]), (), (f"{_IN}/allowListedAppBundleIDs",)
    ),
    "a switch that is off": Changed(lambda s: inner(s).update(allowCamera=False), (), (f"{_IN}/allowCamera",)),
    "a payload that is off": Changed(lambda s: inner(s).update(PayloadEnabled=False), (), (f"{_IN}/PayloadEnabled",)),
    "a profile that is off": Changed(
        lambda s: outer(s).update(PayloadEnabled=False), (), ("/general/payloads/PayloadEnabled",)
    ),
    "an end": Changed(
        lambda s: outer(s).update(DurationUntilRemoval=9), (), ("/general/payloads/DurationUntilRemoval",)
    ),
    "a second payload of the type": Changed(
        lambda s: outer(s)["PayloadContent"].append(
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
    "self service": (
        "</scope>",
        "</scope><self_service><security><x>1</x><y/></security><size>1</size></self_service>",
        (),
    ),
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


# --- laws of payloads ---


def test_merging_twice_is_merging_once() -> None:
    stored = {
        "PayloadUUID": "U",
        "PayloadIdentifier": "U",
        "Theirs": 1,
        "PayloadContent": [
            {"PayloadType": "a", "PayloadUUID": "1", "x": 1},
            "damaged",
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


def _managed(domain: str, settings: dict[str, Any], **more: Any) -> dict[str, Any]:
    forced = {"Forced": [{"mcx_preference_settings": settings}]}
    return {"PayloadType": "com.apple.ManagedClient.preferences", "PayloadContent": {domain: forced, **more}}


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    return {"PayloadType": "com.northpolesec.santa", **settings}


_SANTA = "com.northpolesec.santa"
_NEW: dict[str, Any] = {"StaticRules": [{"identifier": "A" * 10}]}
_OLD: dict[str, Any] = {"StaticRules": [{"identifier": "B" * 10}]}
_OTHERS: dict[str, Any] = {"org.example": {"Often": [{"mcx_preference_settings": {"k": 1}}]}}


@pytest.mark.parametrize(
    ("stored", "wanted", "sent"),
    [
        pytest.param(_plain(_OLD), _managed(_SANTA, _NEW), [_managed(_SANTA, _NEW)], id="the flat form goes"),
        pytest.param(_managed(_SANTA, _OLD), _plain(_NEW), [_plain(_NEW)], id="the managed form goes"),
        pytest.param(
            _plain({**_OLD, "ClientMode": 2}),
            _managed(_SANTA, _NEW),
            [_managed(_SANTA, _NEW), _plain({"ClientMode": 2})],
            id="what others set in the flat form stays",
        ),
        pytest.param(
            _managed(_SANTA, {**_OLD, "ClientMode": 2}, **_OTHERS),
            _managed(_SANTA, _NEW),
            [_managed(_SANTA, {"ClientMode": 2, **_NEW}, **_OTHERS)],
            id="what others set beside ours stays",
        ),
        pytest.param(
            _managed(_SANTA, _OLD, **_OTHERS),
            _plain(_NEW),
            [_plain(_NEW), {"PayloadType": "com.apple.ManagedClient.preferences", "PayloadContent": _OTHERS}],
            id="another domain stays",
        ),
    ],
)
def test_santas_rules_stand_in_one_form_after_an_update(
    stored: dict[str, Any], wanted: dict[str, Any], sent: list[dict[str, Any]]
) -> None:
    whole = jamf_payloads.merged({"PayloadContent": [wanted]}, {"PayloadContent": [stored]}, "")
    assert whole["PayloadContent"] == sent
    assert list(jamf_payloads.reasons({"PayloadContent": [wanted]}, whole)) == []


def test_what_others_set_in_managed_preferences_is_named() -> None:
    found = {"PayloadContent": [_managed(_SANTA, {**_NEW, "ClientMode": 2}, **_OTHERS)]}
    assert list(jamf_payloads.unexpected(found, jamf_payloads.KNOWN_KEYS)) == [
        "/com.apple.ManagedClient.preferences/com.northpolesec.santa/Forced/ClientMode",
        "/com.apple.ManagedClient.preferences/org.example",
    ]
