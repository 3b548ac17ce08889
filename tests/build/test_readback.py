"""Compare readings with claims: what is missing, what is too much, under other conditions, or read by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import PLACE, built, identifier, ids_of, inline, resolved

from mdm_policy import kinds, resources
from mdm_policy.build import readback
from mdm_policy.errors import NotProvenError, PolicyError, error, warning
from mdm_policy.reading import Effect, Fact, Reading, Rule, Scope
from mdm_policy.resolve import Entry
from mdm_policy.targets import Claim, DocumentSpec, discover
from mdm_policy.verify import piece

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.errors import Finding

_CLAIM = Claim(
    "ios", "bundle_id", "hidden", "strong", {"ios": "15"}, "Acme 1", supervised=True, enrollments=("device",)
)
_RULE = Rule(
    "acme", "declared", "block", "hidden", "strong", Fact("it hides", "Acme 1"), introduced={"ios": (15,)}, supervised=True, enrollments=("device",)
)  # fmt: skip
_SPEC = DocumentSpec("profile", "plist", "{slug}", "schema", template="a.j2", carries=("ban",))


def _entries(*values: str) -> tuple[Entry, ...]:
    return tuple(Entry(value, "app", "App", "") for value in values)


def _reading(
    *effects: tuple[Rule, str],
    rules: tuple[Rule, ...] = (),
    findings: tuple[Finding, ...] = (),
    kind: str = "apple-profile",
) -> Reading:
    made = tuple(Effect(rule, "ios", "bundle_id", value, "/0") for rule, value in effects)
    return Reading("t/a.mobileconfig", kind, made, (*rules, *(e.rule for e in made)), Scope(), findings)


def _compare(reading: Reading, *wanted: str, claim: Claim = _CLAIM) -> tuple[tuple[readback.Kept, ...], list[Finding]]:
    return readback.compare("t", _SPEC, [reading], [(claim, _entries(*wanted))])


def test_a_claim_is_kept() -> None:
    kept, found = _compare(_reading((_RULE, "a"), (_RULE, "b")), "a", "b")
    assert found == []
    assert kept == (readback.Kept(_CLAIM, "acme", 2),)


def test_documents_of_one_spec_keep_a_claim_together() -> None:
    readings = [_reading((msgspec.structs.replace(_RULE), value)) for value in ("a", "b")]
    kept, found = readback.compare("t", _SPEC, readings, [(_CLAIM, _entries("a", "b"))])
    assert (found, [one.count for one in kept]) == ([], [2])


def test_a_claim_about_nothing_is_not_recorded() -> None:
    assert _compare(_reading()) == ((), [])


def _other(**changes: Any) -> Rule:
    return msgspec.structs.replace(_RULE, id="other", **changes)


_CONDITIONS = [
    pytest.param({"verdict": "blocked"}, "verdict: claimed 'hidden', read 'blocked'", id="verdict"),
    pytest.param({"strength": "weak"}, "strength: claimed 'strong', read 'weak'", id="strength"),
    pytest.param({"introduced": {"ios": (15, 1)}}, "platforms", id="a later version"),
    pytest.param({"introduced": {"ios": (15,), "tvos": (15,)}}, "platforms", id="another platform"),
    pytest.param({"supervised": None}, "supervised: claimed True, read None", id="supervision"),
    pytest.param({"enrollments": ("automated", "device")}, "enrollments", id="enrollments"),
    pytest.param({"modes": ("cope",)}, "modes", id="modes"),
    pytest.param({"sides": ("work",)}, "sides", id="sides"),
    pytest.param({"origins": ("store",)}, "origins", id="origins"),
    pytest.param({"expires": "2030-01-01"}, "end: claimed '', read '2030-01-01'", id="an end"),
    pytest.param({"sense": "none", "why": "it is switched off"}, "it is switched off", id="without effect"),
    pytest.param({"sense": "report", "verdict": "reported-only"}, "read 'reported-only'", id="reported"),
    pytest.param({"sense": "allow-only"}, "it allows only what it lists", id="the opposite"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "told"), _CONDITIONS)
def test_other_conditions_than_claimed_are_told(changes: dict[str, Any], told: str) -> None:
    kept, found = _compare(_reading((_other(**changes), "a")), "a")
    assert kept == ()
    assert found[0].id == "read-back-conditions"
    assert told in found[0].message
    assert found[0].hint == "it hides"
    assert {one.id for one in found[1:]} == {"read-back-extra"}


def test_the_order_of_conditions_is_none() -> None:
    claim = msgspec.structs.replace(_CLAIM, enrollments=("device", "automated"))
    rule = _other(enrollments=("automated", "device"))
    assert _compare(_reading((rule, "a")), "a", claim=claim)[1] == []


def test_six_missing_are_five_names_and_a_count() -> None:
    wanted = [f"a{n}" for n in range(7)]
    found = _compare(_reading(), *wanted)[1]
    assert [one.id for one in found] == ["read-back-missing"] * 6
    assert [value for value in wanted if repr(value) in " ".join(one.message for one in found)] == wanted[:5]
    assert found[-1].message == "t: 2 more are not blocked"


def test_six_extra_are_five_names_and_a_count() -> None:
    found = _compare(_reading((_RULE, "w"), *((_RULE, f"a{n}") for n in range(7))), "w")[1]
    assert [one.id for one in found] == ["read-back-extra"] * 6
    assert found[-1].message == "t: 2 more are not ordered"


_SENSES = [
    pytest.param("block", "the document blocks bundle_id 'x'", id="blocked"),
    pytest.param("remove", "the document removes bundle_id 'x'", id="removed"),
    pytest.param("report", "the document only reports bundle_id 'x'", id="reported"),
    pytest.param("none", "the document holds, without effect, bundle_id 'x'", id="without effect"),
]


@pytest.mark.parametrize(("sense", "told"), _SENSES)
def test_what_nothing_orders_is_told(sense: Any, told: str) -> None:
    found = _compare(_reading((_RULE, "a"), (_other(sense=sense, strength="weak"), "x")), "a")[1]
    assert [one.id for one in found] == ["read-back-extra"]
    assert told in found[0].message


def test_another_kind_under_a_kept_rule_is_told() -> None:
    reading = _reading((_RULE, "a"))
    more = Effect(_RULE, "ios", "app_store_id", "123456", "/1")
    found = _compare(msgspec.structs.replace(reading, effects=(*reading.effects, more)), "a")[1]
    assert [(one.id, "app_store_id '123456'" in one.message) for one in found] == [("read-back-extra", True)]


def test_what_is_allowed_is_no_ban() -> None:
    allowing = _other(sense="allow", verdict="allowed")
    assert _compare(_reading((_RULE, "a"), (allowing, "browser")), "a")[1] == []


_ALLOW_ONLY: list[Any] = [
    pytest.param((), 1, id="of every origin"),
    pytest.param(("store", "web"), 1, id="of the store"),
    pytest.param(("sideloaded",), 0, id="closed sideloading"),
]


@pytest.mark.parametrize(("origins", "count"), _ALLOW_ONLY)
def test_an_allow_list_refuses_more_than_is_ordered(origins: tuple[str, ...], count: int) -> None:
    found = _compare(_reading((_RULE, "a"), rules=(_other(sense="allow-only", origins=origins),)), "a")[1]
    assert [(one.id, "refuses whatever it does not allow" in one.message) for one in found] == [
        ("read-back-extra", True)
    ] * count


def test_a_readers_errors_are_defects_and_its_warnings_are_not() -> None:
    said = (error("contradiction", "both", PLACE), warning("key-deprecated", "old", PLACE))
    assert [one.id for one in _compare(_reading((_RULE, "a"), findings=said), "a")[1]] == ["contradiction"]


def test_a_document_nobody_reads_proves_nothing() -> None:
    found = _compare(_reading(kind="unknown"), "a")[1]
    assert [one.id for one in found] == ["read-back-unread", "read-back-missing"]
    assert "read_back:" in found[0].hint
    assert _compare(_reading(kind="unknown"))[1] == []


_TARGET = """\
target: acme
title: Acme
vendor: acme
source: Acme 1
summary: What Acme takes.
blocks:
  - {family: android, kind: package_name, verdict: blocked, strength: partial, platforms: {android: "12.1"}, source: "Acme 1", sides: [work]}
documents:
  - name: apps
    format: FORMAT
    template: apps.j2
    output: "{slug}.FORMAT"
    schema: any.SUFFIX
    carries: [ban]
    read_back: {ban: "PATTERN"}
"""
_ANY_XML = (
    '<element name="acme" xmlns="http://relaxng.org/ns/structure/1.0"><zeroOrMore><choice><element name="app"><text/>'
    '</element><element name="note"><text/></element></choice></zeroOrMore></element>'
)  # fmt: skip
_EACH = "{% for one in ids.android.package_name %}<app>{{ one }}</app>{% endfor %}"
_JSON = '{"apps": {{ ids.android.package_name | shape({"id": "$"}) }}, "n": 1}'
_LIST = '{"apps": [[{{ ids.android.package_name }}]]}'
_DECLARED: list[Any] = [
    pytest.param("json", "/apps/*/id", _JSON, None, id="objects in a list"),
    pytest.param("json", "/*/*/id", _JSON, None, id="any key"),
    pytest.param("json", "/apps/*/*/*", _LIST, None, id="texts in lists of lists"),
    pytest.param("xml", "/acme/app", f"<acme>{_EACH}</acme>", None, id="elements"),
    pytest.param("xml", "/*/app", f"<acme><note>x</note>{_EACH}</acme>", None, id="elements below any other"),
    pytest.param("json", "/apps/*/name", _JSON, "read-back-missing", id="a key that is not there"),
    pytest.param("json", "/apps/id", _JSON, "read-back-missing", id="a list without a star"),
    pytest.param("json", "/n/*", _JSON, "read-back-missing", id="below a number"),
    pytest.param("json", "/n", _JSON, "read-back-missing", id="a number"),
    pytest.param("json", "/apps/*/id", _JSON.replace("package_name |", "package_name[1:] |"), "read-back-missing", id="an app dropped"),
    pytest.param("json", "/apps/*/id", _JSON.replace("package_name |", 'package_name + ["x.y"] |').replace("{{ ids", "{{ (ids").replace(" | shape", ") | shape").replace('["x.y"] )', '["x.y"])'), "read-back-extra", id="an app added"),
    pytest.param("xml", "/acme/note", f"<acme>{_EACH}</acme>", "read-back-missing", id="another element"),
]  # fmt: skip


@pytest.mark.parametrize("count", [pytest.param(1, id="one app"), pytest.param(3, id="three apps")])
@pytest.mark.parametrize(("format_", "pattern", "template", "finding"), _DECLARED)
def test_a_users_own_kind_of_document_is_read_where_its_manifest_says(
    format_: str, pattern: str, template: str, finding: str | None, count: int, tmp_path: Path
) -> None:
    suffix = {"json": "json", "xml": "rng"}[format_]
    text = _TARGET.replace("FORMAT", format_).replace("SUFFIX", suffix).replace("PATTERN", pattern)
    for name, content in {
        "target.yaml": text,
        "apps.j2": template,
        "import.md.j2": "x",
        "any.json": "{}",
        "any.rng": _ANY_XML,
    }.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    targets = discover(resources.templates(), [tmp_path])
    bans = [inline("App", *(identifier("android", "package_name", f"com.example.a{n}") for n in range(count)))]
    if finding is None:
        made, _ = built(resolved(*bans), ["acme"], targets)
        [record] = made.documents
        assert [(kept.rule, kept.count) for kept in record.kept] == [("declared-ban", count)]
        return
    with pytest.raises(NotProvenError) as failed:
        built(resolved(*bans), ["acme"], targets)
    assert set(ids_of(failed.value)) == {finding}
    assert failed.value.exit_code == 11


def test_a_declared_reading_says_that_it_is_not_modelled() -> None:
    document = kinds.open_document("a.json", b'{"apps": ["a.b"]}')
    spec = msgspec.structs.replace(_SPEC, read_back={"ban": "/apps/*", "other": "/apps/*"})
    [reading] = piece(document, read_back=readback.declared_places(spec, [_CLAIM])).readings
    assert (reading.modelled, [effect.value for effect in reading.effects]) == (False, ["a.b"])
    assert [rule.modelled for rule in reading.rules] == [False]
    assert readback.compare("t", spec, [reading], [(_CLAIM, _entries("a.b"))])[1] == []


def test_a_reader_goes_before_what_a_manifest_declares() -> None:
    document = kinds.open_document(
        "a.json",
        b'{"changes": [{"application": {"packageName": "a.b", "installType": "BLOCKED"}, "updateMask": "installType"}]}',
    )
    spec = msgspec.structs.replace(_SPEC, read_back={"ban": "/x"})
    [reading] = piece(document, read_back=readback.declared_places(spec, [_CLAIM])).readings
    assert reading.modelled
    assert [effect.value for effect in reading.effects] == ["a.b"]


def test_a_schema_of_the_users_own_must_be_there(tmp_path: Path) -> None:
    text = _TARGET.replace("FORMAT", "json").replace("SUFFIX", "json").replace("PATTERN", "/a/*")
    for name, content in {"target.yaml": text, "apps.j2": "{}", "import.md.j2": "x"}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(PolicyError) as failed:
        discover(resources.templates(), [tmp_path])
    assert ids_of(failed.value) == ["schema-missing"]
