"""Ask validate() the way a build does: what it says, where, how much, and what it refuses to work with."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from schema_examples import PATHS, example, from_bytes, spoiled, with_value

from mdm_policy.documents import Document
from mdm_policy.errors import PolicyError
from mdm_policy.validate import LIMIT, validate

if TYPE_CHECKING:
    from pathlib import Path

DATED = (
    b'<plist version="1.0"><dict><key>Data</key><data>AAE=</data><key>Day</key><date>2027-01-01T00:00:00Z</date>'
    b"<key>Other</key><array><data></data><integer>1</integer></array></dict></plist>"
)
OPEN = (
    '{"type": "object", "properties": {"a": {"type": "string", "format": "date-time"}}, "additionalProperties": false}'
)


def of_json(value: Any) -> Document:
    return with_value("amapi-policy", value)


def test_a_finding_says_what_was_expected_where_and_by_whom() -> None:
    (finding,) = validate(spoiled("amapi-policy", "/playStoreMode", "BLOCKLIST"), "amapi-policy")
    assert (finding.id, finding.severity) == ("schema-violation", "error")
    assert finding.message == '/playStoreMode: expected "BLACKLIST" or "WHITELIST", found "BLOCKLIST"'
    assert finding.hint == "it is checked against the packaged schema amapi-policy"
    assert finding.origin is not None
    assert finding.origin.file == "amapi-policy.json"
    lines = spoiled("amapi-policy", "/playStoreMode", "BLOCKLIST").data.decode().splitlines()
    assert "BLOCKLIST" in lines[finding.origin.line - 1]


def test_a_misspelt_key_is_told_its_right_name() -> None:
    (finding,) = validate(spoiled("amapi-policy", "/playstoremode", "BLACKLIST"), "amapi-policy")
    assert finding.message == "/playstoremode: the key is not known here"
    assert finding.hint.startswith("did you mean playStoreMode?; ")


def test_a_key_like_no_other_is_told_those_that_are_known() -> None:
    (finding,) = validate(spoiled("apple-ddm-apps", "/Payload/Allowed/zzz", 1), "apple-ddm-apps")
    assert finding.hint.startswith("known here: DeniedApps; ")


def test_an_xml_finding_names_line_and_place() -> None:
    data = PATHS["applocker-exe"].read_bytes().replace(b'Action="Deny"', b'Action="Block"')
    first, second = validate(from_bytes("applocker-exe", data), "applocker-exe")
    assert first.message == (
        '/RuleCollection/FilePublisherRule: the attribute Action must be "Allow" or "Deny", found "Block"'
    )
    assert first.origin is not None
    assert first.origin.line == 7
    assert second.message.startswith("/RuleCollection/FilePathRule/1: ")


def test_an_element_out_of_place_is_told_the_order() -> None:
    data = PATHS["jamf-mobile-profile"].read_bytes().replace(b"level>", b"lvl>")
    (finding,) = validate(from_bytes("jamf-mobile-profile", data), "jamf-mobile-profile")
    assert finding.message == "/configuration_profile/general/lvl: the element lvl is not expected here"
    assert finding.hint.startswith("general takes, in this order: name, description, level, site, category, ")


def test_no_more_than_the_limit_is_printed_and_the_rest_is_counted() -> None:
    value = [{"packageName": f"x{number}", "installType": "BLOCKED"} for number in range(LIMIT + 7)]
    found = validate(spoiled("amapi-policy", "/applications", value), "amapi-policy")
    assert len(found) == LIMIT + 1
    assert {finding.id for finding in found[:LIMIT]} == {"schema-violation"}
    assert (found[-1].id, found[-1].severity) == ("schema-violations-omitted", "note")
    assert found[-1].message == f"7 more places do not match the schema; the first {LIMIT} are shown"


def test_a_long_value_is_cut() -> None:
    (finding,) = validate(spoiled("amapi-policy", "/playStoreMode", "x" * 500), "amapi-policy")
    assert len(finding.message) < 120


class TestSchemaAtFault:
    """Say clearly when the schema, not the document, is what is wrong."""

    def refused(self, document: Document, schema: str | Path) -> tuple[str, str]:
        with pytest.raises(PolicyError) as caught:
            validate(document, schema)
        (finding,) = caught.value.findings
        return finding.id, finding.message

    def test_an_unknown_name(self) -> None:
        id_, message = self.refused(example("amapi-policy"), "amapi-polcy")
        assert (id_, message) == ("schema-missing", "no packaged schema is named 'amapi-polcy'")

    def test_a_name_that_leaves_the_folder(self) -> None:
        assert self.refused(example("amapi-policy"), "../vendor/amapi-policy")[0] == "schema-missing"

    def test_a_packaged_schema_of_another_format(self) -> None:
        assert self.refused(example("amapi-policy"), "applocker-exe")[0] == "schema-wrong-format"

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        assert self.refused(example("amapi-policy"), tmp_path / "mine.json")[0] == "schema-missing"

    def test_a_file_of_another_format(self, tmp_path: Path) -> None:
        assert self.refused(example("amapi-policy"), tmp_path / "mine.rng")[0] == "schema-wrong-format"
        assert self.refused(example("applocker-exe"), tmp_path / "mine.json")[0] == "schema-wrong-format"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            pytest.param("{", "Expecting property name", id="not-json"),
            pytest.param('{"type": "objekt"}', "objekt", id="no-such-type"),
            pytest.param('{"type": "string", "pattern": "("}', "regex", id="bad-pattern"),
            pytest.param('{"$ref": "https://example.org/a.json"}', "a schema must stand in one file", id="network"),
            pytest.param('{"$ref": "file:///a.json"}', "a schema must stand in one file", id="another-file"),
            pytest.param("[" * 100_000, "", id="too-deep"),
        ],
    )
    def test_a_json_schema_that_is_none(self, tmp_path: Path, text: str, said: str) -> None:
        path = tmp_path / "mine.json"
        path.write_text(text)
        id_, message = self.refused(example("amapi-policy"), path)
        assert id_ == "schema-invalid"
        assert said in message

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            pytest.param("<grammar", "", id="not-xml"),
            pytest.param("<schema/>", "", id="another-language"),
            pytest.param(
                '<grammar xmlns="http://relaxng.org/ns/structure/1.0"><include href="http://example.org/a.rng"/></grammar>',
                "a schema must stand in one file",
                id="include",
            ),
            pytest.param(
                '<element name="a" xmlns="http://relaxng.org/ns/structure/1.0"><externalRef href="b.rng"/></element>',
                "a schema must stand in one file",
                id="external-reference",
            ),
        ],
    )
    def test_a_relax_ng_grammar_that_is_none(self, tmp_path: Path, text: str, said: str) -> None:
        path = tmp_path / "mine.rng"
        path.write_text(text)
        id_, message = self.refused(example("applocker-exe"), path)
        assert id_ == "schema-invalid"
        assert said in message


class TestUsersOwnSchema:
    """Let a template bring a schema of its own."""

    def messages(self, document: Document, path: Path) -> list[str]:
        return [finding.message for finding in validate(document, path)]

    def test_a_valid_document(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.json"
        path.write_text(OPEN)
        assert self.messages(of_json({"a": "x"}), path) == []

    def test_the_hint_names_the_users_file(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.json"
        path.write_text(OPEN)
        (finding,) = validate(of_json({"a": 1}), path)
        assert finding.hint == f"it is checked against {path}"

    def test_a_file_changed_between_two_calls_is_read_again(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.json"
        path.write_text(OPEN)
        assert self.messages(of_json({"a": "x"}), path) == []
        path.write_text('{"type": "array"}')
        assert self.messages(of_json({"a": "x"}), path) == ["the document: expected a list, found an object with 1 key"]

    def test_data_and_dates_of_a_plist_are_texts_to_a_schema(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.json"
        path.write_text('{"properties": {"Data": {"const": "AAE="}, "Day": {"const": "2027-01-01T00:00:00Z"}}}')
        value = plistlib.loads(DATED)
        document = Document(name="a.plist", kind="unknown", format="plist", value=value, data=DATED)
        assert self.messages(document, path) == []

    def test_what_cannot_be_checked_is_no_pass(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.json"
        path.write_text('{"properties": {"a": {"pattern": "^x$"}}}')
        document = Document(name="a.json", kind="unknown", format="json", value={"a": "\ud800"}, data=b"{}")
        (message,) = self.messages(document, path)
        assert message.startswith("the document: cannot be checked: ")

    @pytest.mark.parametrize(
        ("schema", "value", "message"),
        [
            pytest.param('{"type": "array"}', {}, "expected a list, found an object with 0 keys", id="type"),
            pytest.param('{"type": ["string", "null"]}', [1], "expected null or text, found a list of 1", id="types"),
            pytest.param('{"enum": [1, "a"]}', 2, 'expected 1 or "a", found 2', id="enum"),
            pytest.param('{"const": null}', True, "expected null, found true", id="const"),
            pytest.param('{"pattern": "^a$"}', "b", 'expected text matching ^a$, found "b"', id="pattern"),
            pytest.param('{"minItems": 2}', [1], "entries needed here: at least 2, found 1", id="min-items"),
            pytest.param('{"maxItems": 1}', [1, 2], "entries allowed here: at most 1, found 2", id="max-items"),
            pytest.param('{"minLength": 2}', "a", "characters needed here: at least 2, found 1", id="min-length"),
            pytest.param('{"maxLength": 1}', "ab", "characters allowed here: at most 1, found 2", id="max-length"),
            pytest.param('{"minProperties": 1}', {}, "keys needed here: at least 1, found 0", id="min-properties"),
            pytest.param(
                '{"uniqueItems": true}',
                [{"a": 1}, 2, {"a": 1}],
                "the list holds an object with 1 key twice",
                id="unique",
            ),
            pytest.param('{"uniqueItems": true}', [1, 1.0], "the list holds an entry twice", id="unique-numbers"),
            pytest.param("false", 1, "nothing is allowed here, found 1", id="false"),
            pytest.param('{"x-integer": true}', 1.0, "expected an integer, found a real number", id="integer"),
            pytest.param('{"x-json": {"const": 1}}', "2", "the JSON inside the text: 1 was expected", id="json"),
            pytest.param('{"x-json": {"const": 1}}', "", "the JSON inside the text: Expecting value", id="no-json"),
            pytest.param(
                '{"type": "integer", "description": "a port"}', "x", 'expected a port, found "x"', id="described"
            ),
            pytest.param('{"maximum": 3}', 4, "4 is greater than the maximum of 3", id="another-keyword"),
            pytest.param('{"unevaluatedProperties": false}', {"a/b": 1}, "the key is not known here", id="unevaluated"),
        ],
    )
    def test_each_keyword_has_words(self, tmp_path: Path, schema: str, value: Any, message: str) -> None:
        path = tmp_path / "mine.json"
        path.write_text(schema)
        (found,) = self.messages(of_json(value), path)
        assert found.partition(": ")[2].startswith(message)

    def test_text_inside_text_may_be_something_else(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.json"
        path.write_text('{"x-json": {"const": 1}}')
        assert self.messages(of_json(5), path) == []

    def test_a_grammar_of_the_users(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.rng"
        path.write_text(
            '<element name="a" xmlns="http://relaxng.org/ns/structure/1.0"'
            ' datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes"><optional><attribute name="b"/></optional>'
            '<element name="c"><data type="string"><param name="maxLength">2</param></data></element>'
            '<oneOrMore><element name="d"><data type="integer"/></element></oneOrMore></element>'
        )

        def found(text: str) -> list[str]:
            data = text.encode()
            document = Document(name="a.xml", kind="unknown", format="xml", value=etree.fromstring(data), data=data)
            return self.messages(document, path)

        assert found("<a><c>12</c><d>1</d></a>") == []
        assert found('<a b="1"><c/><d>1</d><d>2</d></a>') == []
        assert found("<a><c>123</c><d>1</d></a>") == ['/a/c: must be at most 2 characters long, found "123"']
        assert found('<a z="1"><c/><d>1</d></a>') == ["/a: the attribute z is not known here"]
        assert found("<b/>") == ["/b: expecting element a, got b"]
        assert found("<a><c/></a>") == ["/a: the element a ends too early"]
        assert found("<a><c/><d>x</d></a>") == ['/a/d: the content is not as the schema wants it, found "x"']

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            pytest.param('<n:a xmlns:n="urn:n"><n:b>1</n:b>\n<n:b>x</n:b></n:a>', "/a/b/1", id="prefix"),
            pytest.param('<a xmlns="urn:n"><b>1</b>\n<b>x</b></a>', "/a/b/1", id="default"),
            pytest.param(
                '<a xmlns="urn:n"><b>1</b>\n<m:b xmlns:m="urn:n">x</m:b></a>', "the document", id="prefix-further-down"
            ),
        ],
    )
    def test_a_grammar_with_a_namespace(self, tmp_path: Path, text: str, place: str) -> None:
        path = tmp_path / "mine.rng"
        path.write_text(
            '<element name="a" ns="urn:n" xmlns="http://relaxng.org/ns/structure/1.0"'
            ' datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">'
            '<oneOrMore><element name="b" ns="urn:n"><data type="integer"/></element></oneOrMore></element>'
        )
        data = text.encode()
        document = Document(name="a.xml", kind="unknown", format="xml", value=etree.fromstring(data), data=data)
        (finding,) = validate(document, path)
        assert finding.message.startswith(f"{place}: ")
        assert finding.origin is not None
        assert finding.origin.line == 2
