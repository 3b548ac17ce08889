"""What Jamf's objects say beside the ban: a site, a level, what a record keeps, and whom a scope leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kind_documents import blocking, xml

from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.kinds import read

if TYPE_CHECKING:
    from mdm_policy.documents import Document

PAYLOADS = blocking("com.a.b").data.decode().replace("&", "&amp;").replace("<", "&lt;")
NO_SITE = "<site><id>-1</id><name>None</name></site>"


def profile(general: str = NO_SITE, excluded: str = "") -> Document:
    scope = f"<scope><all_mobile_devices>true</all_mobile_devices><exclusions>{excluded}</exclusions></scope>"
    body = f"<general><id>3</id><name>n</name>{general}<payloads>{PAYLOADS}</payloads></general>{scope}"
    return xml(f"<configuration_profile>{body}</configuration_profile>", "p.xml")


def record(general: str, excluded: str = "") -> Document:
    scope = f"<scope><all_computers>true</all_computers><exclusions>{excluded}</exclusions></scope>"
    body = f"<general><id>7</id><name>n</name><process_name>Chat</process_name>{general}</general>{scope}"
    return xml(f"<restricted_software>{body}</restricted_software>", "r.xml")


def left_out(part: str, one: str, *names: str) -> str:
    return f"<{part}>{''.join(f'<{one}><name>{name}</name></{one}>' for name in names)}</{part}>"


EXACT = "<match_exact_process_name>true</match_exact_process_name>"
DELETES = "<delete_executable>true</delete_executable>"
KILLS = "<kill_process>true</kill_process>"


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        pytest.param(profile(), "hidden", id="no site"),
        pytest.param(profile(""), "hidden", id="no word of a site"),
        pytest.param(profile("<site><id>3</id><name>Springfield</name></site>"), "unknown", id="a site"),
        pytest.param(profile("<level>User Level</level>"), "unknown", id="users"),
        pytest.param(profile("<level>Device Level</level>"), "hidden", id="devices"),
        pytest.param(record(EXACT + DELETES), "removed", id="deleted"),
        pytest.param(record(DELETES), "reported-only", id="a deletion that Jamf drops"),
        pytest.param(record(DELETES + KILLS), "blocked", id="a deletion that Jamf drops, and a kill"),
        pytest.param(record(EXACT + KILLS + "<site><id>3</id></site>"), "unknown", id="a record of a site"),
    ],
)
def test_what_an_object_does(document: Document, verdict: str) -> None:
    assert {rule.verdict for rule in read(document).rules} == {verdict}


DEVICES, BUILDINGS, GROUPS = (
    ("mobile_devices", "mobile_device"),
    ("buildings", "building"),
    ("user_groups", "user_group"),
)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        pytest.param(
            profile(excluded=left_out(*DEVICES, "a")), profile(excluded=left_out(*DEVICES, "b")), 11, id="another"
        ),
        pytest.param(
            profile(excluded=left_out(*DEVICES, "a")), profile(excluded=left_out(*DEVICES, "a", "b")), 11, id="more"
        ),
        pytest.param(
            profile(excluded=left_out(*BUILDINGS, "a")), profile(excluded=left_out(*BUILDINGS, "b")), 11, id="building"
        ),
        pytest.param(
            profile(excluded=left_out(*DEVICES, "a")),
            profile(excluded=left_out(*DEVICES, "a") + left_out(*GROUPS, "g")),
            11,
            id="a group of users beside a device",
        ),
        pytest.param(
            record(EXACT + KILLS, left_out("computers", "computer", "a")),
            record(EXACT + KILLS, left_out("computers", "computer", "a", "b")),
            11,
            id="one more Mac",
        ),
        pytest.param(
            profile(excluded=left_out(*DEVICES, "a", "b")), profile(excluded=left_out(*DEVICES, "a")), 10, id="one less"
        ),
        pytest.param(
            profile(excluded=left_out(*DEVICES, "a", "b")), profile(excluded=left_out(*DEVICES, "b", "a")), 0, id="same"
        ),
    ],
)
def test_exclusions_are_compared_as_sets(old: Document, new: Document, code: int) -> None:
    found = compare_policies(Side("old", (old,)), Side("new", (new,)), Question("2026-11-28"), None)
    assert found.exit_code == code
