"""Test that Jamf's objects are held against the Classic API's own description before anything in them counts."""

from __future__ import annotations

from html import escape

import pytest
from kind_documents import blocking, does, says, xml

from mdm_policy.kinds import read

NAME, PROCESS = "<name>n</name>", "<process_name>WeChat</process_name>"
KILL = "<match_exact_process_name>true</match_exact_process_name><kill_process>true</kill_process>"
ALL = "<scope><all_computers>true</all_computers></scope>"


def _software(general: str, scope: str = ALL) -> str:
    return f"<restricted_software><general>{general}</general>{scope}</restricted_software>"


def _profile(general: str, scope: str = "<scope><all_mobile_devices>true</all_mobile_devices></scope>") -> str:
    payloads = f"<payloads>{escape(blocking('com.a.b').data.decode(), quote=False)}</payloads>"
    return f"<configuration_profile><general>{general}{payloads}</general>{scope}</configuration_profile>"


ROWS = [
    pytest.param(_software(NAME + PROCESS + KILL), "block", id="as the description has it"),
    pytest.param(_software(PROCESS + KILL), "none", id="a body without a name"),
    pytest.param(_software("<id>3</id>" + PROCESS + KILL), "block", id="a stored one without a name"),
    pytest.param(_software(NAME + PROCESS + KILL.replace("true</kill", "yes</kill")), "unknown", id="a word for yes"),
    pytest.param(_software(NAME + PROCESS + KILL.replace("true</kill", " true </kill")), "block", id="white space"),
    pytest.param(
        _software(NAME + PROCESS + KILL, "<scope><all_computers>True</all_computers></scope>"), "unknown", id="a scope"
    ),
    pytest.param(
        _software(NAME + PROCESS + KILL + "<kill_process>false</kill_process>"),
        "unknown",
        id="a switch that stands twice",
    ),
    pytest.param(
        _software(NAME + PROCESS + KILL + "<kill_process>true</kill_process>"), "block", id="twice with one value"
    ),
    pytest.param(_software(NAME + PROCESS + KILL, ALL + "<scope/>"), "unknown", id="two scopes"),
    pytest.param(_profile(NAME), "block", id="a profile"),
    pytest.param(_profile(""), "none", id="a profile without a name"),
    pytest.param(_profile("<id>1</id>"), "block", id="a stored profile without a name"),
    pytest.param(_profile(NAME, "<scope><all_mobile_devices>1</all_mobile_devices></scope>"), "unknown", id="a number"),
]


@pytest.mark.parametrize(("text", "wanted"), ROWS)
def test_an_object_is_held_against_its_description(text: str, wanted: str) -> None:
    document = xml(text, "j.xml")
    rule = read(document).effects[0].rule
    assert ("unknown" if rule.verdict == "unknown" else rule.sense) == wanted
    assert ("jamf-shape" in says(document)) is (wanted != "block")
    assert does(document)
