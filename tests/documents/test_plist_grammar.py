"""Tell what the parser of devices takes in a property list from what only an XML parser takes."""

from __future__ import annotations

import pytest
from kind_documents import blocking

from mdm_policy.documents.plist_grammar import unreadable
from mdm_policy.kinds import open_document, read

PLIST = '<plist version="1.0"><dict><key>{key}</key>{value}</dict></plist>'


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        pytest.param("a", "<string>b<!-- c --></string>", "a comment stands within <string>", id="comment in a string"),
        pytest.param("a<!-- c -->", "<string>b</string>", "a comment stands within <key>", id="comment in a key"),
        pytest.param("a", "<integer>1<!-- c --></integer>", "a comment stands within <integer>", id="in a number"),
        pytest.param("a", "<true><!-- c --></true>", "a comment stands within <true>", id="comment in true"),
        pytest.param("a", "<string>b<?c d?></string>", "a processing instruction stands", id="instruction in a string"),
        pytest.param("a", "<integer><![CDATA[1]]></integer>", "a CDATA section stands within <integer>", id="CDATA"),
        pytest.param("a", "<data><![CDATA[AA==]]></data>", "a CDATA section stands within <data>", id="CDATA in data"),
        pytest.param("a", "<integer>&#49;</integer>", "a reference stands within <integer>", id="a reference"),
        pytest.param("a", "<![CDATA[ ]]><true/>", "a CDATA section stands alone", id="CDATA between elements"),
        pytest.param("a", "<string>b &amp; c</string>", "", id="a reference in a string"),
        pytest.param("a", "<string><![CDATA[b]]></string>", "", id="CDATA in a string"),
        pytest.param("a", "<!-- c --><string>b</string><?c d?>", "", id="between elements"),
        pytest.param("a", "<integer>1</integer><!-- & -->", "", id="an ampersand in a comment"),
    ],
)
def test_what_devices_take(key: str, value: str, why: str) -> None:
    found = unreadable(PLIST.format(key=key, value=value).encode())
    assert (found.why if found else "").startswith(why)
    assert bool(found) is bool(why)


@pytest.mark.parametrize("mark", ["<!-- c -->", "<?c d?>"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0"?>'])
def test_a_mark_is_found_in_every_encoding_and_behind_any_declaration(mark: str, encoding: str, declared: str) -> None:
    plain = declared + PLIST.format(key="a", value="<string>b{}</string>")
    assert unreadable(plain.format("").encode(encoding)) is None
    assert unreadable(plain.format(mark).encode(encoding)) is not None


def test_a_profile_that_devices_cannot_read_blocks_nothing() -> None:
    document = blocking("org.example.own")
    spoiled = document.data.replace(b"org.example.own", b"org.example.own<!-- the app -->")
    sound = document.data.replace(b"<array>", b"<!-- the apps --><array>", 1)
    assert [rule.sense for rule in read(open_document("p.mobileconfig", sound)).rules] == ["block"]
    reading = read(open_document("p.mobileconfig", spoiled))
    assert {rule.cause for rule in reading.rules} == {"refused"}
    assert {effect.rule.sense for effect in reading.effects} == {"none"}
