from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest
from kind_documents import blocking, does, loose, plist, says, xml

from mdm_policy.kinds import read
from mdm_policy.reading import Audience, Scope

if TYPE_CHECKING:
    from mdm_policy.documents import Document


def software(general: str, scope: str = "") -> Document:
    return xml(f"<restricted_software><general><name>n</name>{general}</general>{scope}</restricted_software>")


NAME = "<process_name>WeChat</process_name><match_exact_process_name>true</match_exact_process_name>"
KILL = NAME + "<kill_process>true</kill_process>"


@pytest.mark.parametrize(
    ("document", "effects", "findings"),
    [
        pytest.param(
            software(KILL), [("jamf-restricted-software-kill", "block", "process_name", "WeChat")], [], id="kill"
        ),
        pytest.param(
            software(KILL + "<delete_executable>true</delete_executable>"),
            [("jamf-restricted-software-delete", "remove", "process_name", "WeChat")],
            [],
            id="delete",
        ),
        pytest.param(
            software(NAME),
            [("jamf-restricted-software-notify", "report", "process_name", "WeChat")],
            ["report-only-list"],
            id="notify",
        ),
        pytest.param(
            software("<process_name>WeChat</process_name><kill_process>true</kill_process>"),
            [("jamf-restricted-software-kill", "block", "process_name", "WeChat")],
            ["process-name-inexact"],
            id="inexact",
        ),
        pytest.param(
            software("<kill_process>true</kill_process>"), [], ["no-effect", "process-name-missing"], id="nameless"
        ),
    ],
)
def test_restricted_software(document: Document, effects: list[tuple[str, str, str, str]], findings: list[str]) -> None:
    assert does(document) == effects
    assert says(document) == findings
    assert read(document).mdm == "jamf"


ID = "<id>7</id>"
EMPTY = "<scope><all_computers>false</all_computers><computers/><exclusions/></scope>"
GROUP = "<computer_groups><size>1</size><computer_group><id>1</id><name>field</name></computer_group></computer_groups>"


@pytest.mark.parametrize(
    ("general", "scope", "expected"),
    [
        pytest.param(KILL, EMPTY, Scope(), id="a-body-no-server-has-stored"),
        pytest.param(KILL + ID, EMPTY, Scope("nobody"), id="a-servers-answer"),
        pytest.param(KILL + ID, "", Scope(), id="no-scope-element"),
        pytest.param(KILL, "<scope><all_computers>true</all_computers></scope>", Scope("everyone"), id="everyone"),
        pytest.param(KILL, f"<scope>{GROUP}</scope>", Scope("groups", ("field",)), id="group"),
        pytest.param(
            KILL, f"<scope><exclusions>{GROUP}</exclusions></scope>", Scope(excluded=("field",)), id="exclusions-alone"
        ),
        pytest.param(
            KILL,
            "<scope><buildings><building><id>4</id></building></buildings></scope>",
            Scope("groups", (Audience("member", "4", "buildings"),)),
            id="building",
        ),
        pytest.param(
            KILL,
            f"<scope><all_computers>true</all_computers><exclusions>{GROUP}</exclusions></scope>",
            Scope("everyone", (), ("field",)),
            id="exclusion",
        ),
        pytest.param(
            KILL,
            "<scope><all_computers>true</all_computers><limitations><users><user><name>u</name></user></users></limitations></scope>",
            Scope(
                "groups",
                (Audience("limits", of=(Audience("everyone", "everyone"), Audience("member", "u", "users"))),),
                (),
                filtered=True,
            ),
            id="limitation",
        ),
        pytest.param(KILL, "<scope><all_jss_users>true</all_jss_users></scope>", Scope("groups"), id="all-users"),
    ],
)
def test_scope(general: str, scope: str, expected: Scope) -> None:
    document = software(general, scope)
    assert read(document).scope == expected
    assert ("jamf-scope-nobody" in says(document)) == (expected.state == "nobody")


def profile(inner: Document, root: str = "configuration_profile", general: str = "", scope: str = "") -> Document:
    text = escape(inner.data.decode())
    return xml(f"<{root}><general><name>n</name>{general}<payloads>{text}</payloads></general>{scope}</{root}>")


SANTA = plist(
    {
        "PayloadType": "com.northpolesec.santa",
        "StaticRules": [{"identifier": "5A4RE8SF68", "rule_type": "TEAMID", "policy": "BLOCKLIST"}],
    }
)
MAC = "os_x_configuration_profile"
SELF = "<deployment_method>Make Available in Self Service</deployment_method>"


@pytest.mark.parametrize(
    ("document", "senses", "findings"),
    [
        pytest.param(profile(blocking("com.a.b")), ["block"], ["key-deprecated"], id="mobile"),
        pytest.param(profile(SANTA, MAC), ["block"], [], id="mac"),
        pytest.param(
            profile(blocking("com.a.b"), MAC),
            ["none"],
            ["key-deprecated", "key-wrong-platform", "no-effect"],
            id="ios-key-on-a-mac",
        ),
        pytest.param(profile(SANTA), ["none"], ["key-wrong-platform", "no-effect"], id="mac-payload-on-mobile"),
        pytest.param(
            profile(blocking("com.a.b"), general=SELF),
            ["none"],
            ["key-deprecated", "no-effect", "self-service-only"],
            id="self-service",
        ),
        pytest.param(
            profile(SANTA, MAC, "<user_removable>true</user_removable>"),
            ["block"],
            ["user-removable"],
            id="user-removable",
        ),
        pytest.param(
            profile(SANTA, MAC, ID + "<redeploy_on_update>Newly Assigned</redeploy_on_update>"),
            ["block"],
            ["redeploy-newly-assigned"],
            id="update-for-new-devices-only",
        ),
        pytest.param(
            profile(SANTA, MAC, ID + "<uuid>U</uuid><redeploy_on_update>Newly Assigned</redeploy_on_update>"),
            ["block"],
            [],
            id="what-a-server-answers",
        ),
        pytest.param(profile(SANTA, MAC, ID, EMPTY), ["block"], ["jamf-scope-nobody"], id="nobody"),
        pytest.param(
            xml(f"<{MAC}><general><name>n</name></general></{MAC}>"),
            [],
            ["no-effect", "payload-unreadable"],
            id="no-payload",
        ),
    ],
)
def test_profiles(document: Document, senses: list[str], findings: list[str]) -> None:
    assert [one[1] for one in does(document)] == senses
    assert says(document) == findings


def test_pointer_goes_through_the_object() -> None:
    (effect,) = read(profile(blocking("com.a.b"))).effects
    assert effect.pointer == "/configuration_profile/general/payloads/PayloadContent/0/blockedAppBundleIDs/0"


@pytest.mark.parametrize("kind", ["jamf-restricted-software", "jamf-mobile-profile", "jamf-macos-profile"])
def test_what_is_no_xml(kind: str) -> None:
    assert says(loose(kind, [])) == ["no-effect", "wrong-type"]


def test_a_message_that_became_a_word_for_yes_or_no() -> None:
    assert says(software(KILL + "<display_message>False</display_message>")) == ["display-message-lost"]
    assert says(software(KILL + "<display_message>Not allowed here.</display_message>")) == []
