"""Print values typed for their format, whatever Jinja feature they pass through, and refuse what would undo that."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from markupsafe import Markup

from mdm_policy import documents, templating
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.templating import environment, render
from mdm_policy.writers import NAMESPACE, TemplateFormat, code, fit, shape, split_team, stable_uuid

if TYPE_CHECKING:
    from pathlib import Path

_HOSTILE = "<&>\"'\t\n]]> </string> 漢字 🙂 {{ x }} \\"
NAMES = frozenset({"value", "values", "number", "flag", "when", "blob", "nothing", "table", "late"})
CONTEXT: dict[str, Any] = {
    "value": _HOSTILE,
    "values": ["b", _HOSTILE],
    "number": 7,
    "flag": True,
    "when": dt.datetime(2026, 11, 24, 12, 0, 0),  # noqa: DTZ001 - a plist date has no zone
    "blob": b"\x00\xff",
    "nothing": None,
    "table": {"z": 1, "a": [_HOSTILE]},
    "late": templating.Lazy(lambda: _HOSTILE),
}


def _render(folder: Path, format_: TemplateFormat, text: str, **others: str) -> str:
    for name, content in {"main": text, **others}.items():
        (folder / f"{name}.j2").write_text(content, encoding="utf-8")
    return render(environment(format_, [folder], NAMES), folder, "main.j2", CONTEXT)


def _plist(text: str) -> Any:
    return documents.parse("x", f'<plist version="1.0">{text}</plist>'.encode(), "plist", white_space="keep")


_THROUGH = [
    pytest.param("{{ value }}", {}, id="as it is"),
    pytest.param("{% set kept %}{{ value }}{% endset %}{{ kept }}", {}, id="a set block"),
    pytest.param("{% set kept = value %}{{ kept }}", {}, id="a set"),
    pytest.param("{% macro show(one) %}{{ one }}{% endmacro %}{{ show(value) }}", {}, id="a macro"),
    pytest.param("{% macro show() %}{{ caller() }}{% endmacro %}{% call show() %}{{ value }}{% endcall %}", {}, id="a call block"),
    pytest.param('{% extends "base.j2" %}{% block a %}{{ super() }}{% endblock %}', {"base": "{% block a %}{{ value }}{% endblock %}"}, id="super"),
    pytest.param('{% include "part.j2" %}', {"part": "{{ value }}"}, id="an include"),
    pytest.param('{% from "part.j2" import show %}{{ show(value) }}', {"part": "{% macro show(one) %}{{ one }}{% endmacro %}"}, id="an import"),
    pytest.param("{% for one in [value] %}{{ one }}{% endfor %}", {}, id="a loop"),
    pytest.param("{% if flag %}{{ value }}{% endif %}", {}, id="a condition"),
    pytest.param("{% with kept = value %}{{ kept }}{% endwith %}", {}, id="a with"),
    pytest.param("{{ [value] | join }}", {}, id="a join"),
    pytest.param("{{ values | last }}", {}, id="a filter"),
    pytest.param("{{ late }}", {}, id="a lazy value"),
    pytest.param('{% include "part.j2" %}', {"part": "{{ late }}"}, id="a lazy value in an include"),
    pytest.param("{% filter trim %}{{ value }}{% endfilter %}", {}, id="a filter block"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "others"), _THROUGH)
def test_a_value_is_typed_once_whatever_it_passes_through(text: str, others: dict[str, str], tmp_path: Path) -> None:
    assert json.loads(_render(tmp_path, "json", text, **others)) == _HOSTILE
    assert _plist(_render(tmp_path, "plist", text, **others)) == _HOSTILE
    # Spaces at the ends of an element's text are text as well.
    root = etree.fromstring(f"<x>{_render(tmp_path, 'xml', text, **others)}</x>".encode())
    assert root.text == _HOSTILE


_LITERALS = [
    pytest.param('{{ "a & b" }}', "a & b", id="text"),
    pytest.param("{{ 7 }}", 7, id="a number"),
    pytest.param("{{ true }}", True, id="a boolean"),
    pytest.param('{{ "a" ~ "<" }}', "a<", id="a folded constant"),
    pytest.param("{{ [1, 2] }}", [1, 2], id="a list"),
]


@pytest.mark.parametrize(("text", "expected"), _LITERALS)
def test_a_literal_is_typed_like_any_value(text: str, expected: Any, tmp_path: Path) -> None:
    assert json.loads(_render(tmp_path, "json", text)) == expected
    assert _plist(_render(tmp_path, "plist", text)) == expected


def test_a_plist_knows_dates_data_and_tables(tmp_path: Path) -> None:
    assert _plist(_render(tmp_path, "plist", "{{ table }}")) == CONTEXT["table"]
    assert _plist(_render(tmp_path, "plist", "{{ blob }}")) == b"\x00\xff"
    assert _plist(_render(tmp_path, "plist", "{{ when }}")) == CONTEXT["when"]


def test_json_knows_null_and_tables(tmp_path: Path) -> None:
    assert json.loads(_render(tmp_path, "json", "[{{ nothing }}, {{ table }}]")) == [None, CONTEXT["table"]]


def test_plain_text_stays_as_it_is_in_xml(tmp_path: Path) -> None:
    assert _render(tmp_path, "xml", '{{ "com.example.a" }}') == "com.example.a"


def test_json_in_text_is_text(tmp_path: Path) -> None:
    assert json.loads(json.loads(_render(tmp_path, "json", "{{ values | json_text }}"))) == CONTEXT["values"]


def test_xml_prints_text_numbers_and_booleans(tmp_path: Path) -> None:
    printed = _render(tmp_path, "xml", '<x a="{{ value }}" n="{{ number }}" t="{{ flag }}" f="{{ not flag }}"/>')
    made = etree.fromstring(printed.encode())
    assert [made.get(name) for name in "antf"] == [_HOSTILE, "7", "true", "false"]


_MARKDOWN = [
    pytest.param("{{ value }}", "\\<&\\>\"'\t\n\\]\\]\\> \\</string\\> 漢字 🙂 {{ x }} \\\\", id="hostile text"),
    pytest.param('{{ "com.a_b _c_ *d* #e |f| ~g~ [h](i)" }}', "com.a_b \\_c\\_ \\*d\\* \\#e \\|f\\| \\~g\\~ \\[h\\](i)", id="marks"),
    pytest.param("{{ number }}", "7", id="a number"),
    pytest.param('{{ "a" | code }} {{ "b`c``d" | code }}', "`a` ``` b`c``d ```", id="code"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), _MARKDOWN)
def test_markdown_is_escaped(text: str, expected: str, tmp_path: Path) -> None:
    assert _render(tmp_path, "markdown", text) == expected


_FAILING: list[Any] = [
    pytest.param("xml", "\n{{ values }}", "template-failed", "main.j2:2", "not list", id="a list in XML"),
    pytest.param("xml", "{{ nothing }}", "template-failed", "main.j2:1", "not NoneType", id="nothing in XML"),
    pytest.param("markdown", "{{ values }}", "template-failed", "main.j2:1", "not list", id="a list in Markdown"),
    pytest.param("plist", "\n{{ nothing }}", "value-not-representable", "main.j2:2", "NoneType", id="nothing in a plist"),
    pytest.param("json", "\n\n{{ valve }}", "template-name", "main.j2:3", "'valve' is not a name templates know", id="an unknown name"),
    pytest.param("json", "{% for one in values %}{{ oen }}{% endfor %}", "template-name", "main.j2:1", "'oen'", id="an unknown name in a loop"),
    pytest.param("json", "{{ table.missing }}", "template-name", "main.j2:1", "missing", id="a missing field"),
    pytest.param("json", "{{ table.missing | upper }}", "template-name", "main.j2:1", "missing", id="a missing field in a filter"),
    pytest.param("json", "\n{{ 1 / 0 }}", "template-failed", "main.j2:2", "division by zero", id="a mistake"),
    pytest.param("json", "{{ values | shape({'a': '$.b'}) }}", "template-failed", "main.j2:1", "", id="a shape that does not fit"),
    pytest.param("json", "{{ number | split_team }}", "template-failed", "main.j2:1", "", id="a filter's own failure"),
    pytest.param("json", "{% if %}", "template-syntax", "main.j2:1", "", id="bad syntax"),
    pytest.param("json", '\n{% include "bad.j2" %}', "template-syntax", "bad.j2:2", "", id="bad syntax in an include"),
    pytest.param("json", '{% include "absent.j2" %}', "template-missing", "main.j2", "'absent.j2' is not in", id="a missing include"),
    pytest.param("json", '{% include "../../etc/passwd" %}', "template-missing", "main.j2", "is not in", id="an include outside the folder"),
    pytest.param("json", "\n{% autoescape false %}{{ value }}{% endautoescape %}", "template-refused", "main.j2:2", "untyped text", id="an autoescape block"),
    pytest.param("json", '{% include "raw.j2" %}', "template-refused", "raw.j2:1", "untyped text", id="an autoescape block in an include"),
    pytest.param("json", "{{ ''.__class__.__mro__ }}", "template-failed", "main.j2:1", "unsafe", id="Python's insides"),
    pytest.param("json", "{{ values.append(1) }}", "template-failed", "main.j2:1", "", id="a change of the context"),
    pytest.param("json", "{{ table.update({'a': 1}) }}", "template-failed", "main.j2:1", "", id="a change of a table"),
]  # fmt: skip


@pytest.mark.parametrize(("format_", "text", "finding", "place", "message"), _FAILING)
def test_a_failing_template_is_told_at_its_own_line(
    format_: TemplateFormat, text: str, finding: str, place: str, message: str, tmp_path: Path
) -> None:
    others = {"bad": "\n{% endif %}", "raw": "{% autoescape true %}{% endautoescape %}"}
    with pytest.raises(PolicyError) as failed:
        _render(tmp_path, format_, text, **others)
    [found] = failed.value.findings
    assert found.id == finding
    assert str(found.origin) == f"{tmp_path}/{place}"
    assert message in found.message
    assert "\n" not in found.message


_REMOVED = [*templating._REMOVED_FILTERS]


@pytest.mark.parametrize("name", _REMOVED)
def test_filters_that_would_undo_the_typing_are_gone(name: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as failed:
        _render(tmp_path, "json", f"{{{{ value | {name} }}}}")
    assert [one.id for one in failed.value.findings] == ["template-syntax"]
    assert f"No filter named '{name}'" in str(failed.value)


@pytest.mark.parametrize("name", templating._REMOVED_GLOBALS)
def test_functions_with_a_will_of_their_own_are_gone(name: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as failed:
        _render(tmp_path, "json", f"{{{{ {name}() }}}}")
    assert [one.id for one in failed.value.findings] == ["template-name"]


def test_every_unknown_name_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as failed:
        _render(tmp_path, "json", "{{ b }}\n{% autoescape true %}{% endautoescape %}{{ a }}")
    assert [(one.id, one.origin and one.origin.line) for one in failed.value.findings] == [
        ("template-name", 1),
        ("template-name", 2),
        ("template-refused", 2),
    ]
    assert failed.value.findings[0].hint == f"known names: {', '.join(sorted(NAMES))}"


def test_code_that_is_shared_between_environments_is_still_checked(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(PolicyError) as failed:
            _render(tmp_path, "json", "{{ unknown }}")
        assert [one.id for one in failed.value.findings] == ["template-name"]
    assert [_render(tmp_path, "json", "{{ number }}") for _ in range(2)] == ["7", "7"]


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templating, "_MAX_RENDERED", 10)
    with pytest.raises(PolicyError) as failed:
        _render(tmp_path, "json", "{{ values }}")
    assert [one.id for one in failed.value.findings] == ["template-too-large"]
    assert failed.value.findings[0].origin == Origin(f"{tmp_path}/main.j2")


def test_folders_are_searched_in_order(tmp_path: Path) -> None:
    for name in ("own", "shared"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.j2").write_text(name, encoding="utf-8")
    (tmp_path / "shared" / "b.j2").write_text("b", encoding="utf-8")
    env = environment("json", [tmp_path / "own", tmp_path / "shared"], NAMES)
    assert [render(env, tmp_path, name, {}) for name in ("a.j2", "b.j2")] == ["own", "b"]


_SHAPES: list[Any] = [
    pytest.param(["a"], "$", ["a"], id="the value itself"),
    pytest.param(["a"], {"k": "$", "c": 1}, [{"k": "a", "c": 1}], id="in a table"),
    pytest.param(
        [{"v": "a", "n": "b"}], {"x": "$.v", "y": {"z": "$.n"}}, [{"x": "a", "y": {"z": "b"}}], id="its fields"
    ),
    pytest.param(["a"], ["$", ("$", 1)], [["a", ["a", 1]]], id="in lists"),
    pytest.param(["a"], {"k": ["$"], "c": ["d"]}, [{"k": ["a"], "c": ["d"]}], id="in a list in a table"),
    pytest.param(["a"], "constant", ["constant"], id="a constant"),
    pytest.param(["$", "$.x"], "$", ["$", "$.x"], id="values that look like patterns"),
    pytest.param([], {"k": "$"}, [], id="nothing"),
]


@pytest.mark.parametrize(("values", "pattern", "expected"), _SHAPES)
def test_shape(values: list[Any], pattern: Any, expected: list[Any]) -> None:
    assert shape(values, pattern) == expected


def test_signing_ids_are_split_at_the_first_colon() -> None:
    assert split_team(["TEAM123456:com.a", "platform:b:c"]) == [
        {"team": "TEAM123456", "id": "com.a"},
        {"team": "platform", "id": "b:c"},
    ]


_FITTED = [
    pytest.param("a" * 64, True, id="just fits"),
    pytest.param("a" * 65, False, id="one too many"),
    pytest.param("漢" * 21, True, id="63 octets"),
    pytest.param("漢" * 22, False, id="66 octets"),
    pytest.param("aaaaa" + "🙂" * 40, False, id="cut inside a character"),
]


@pytest.mark.parametrize(("text", "kept"), _FITTED)
def test_fit_keeps_within_the_octets_and_apart(text: str, kept: bool) -> None:
    fitted = fit(text, 64)
    assert (fitted == text) is kept
    assert len(fitted.encode()) <= 64
    assert fit(text + "x", 64) != fitted


@pytest.mark.parametrize("name", ["", "a", "gov.example.agency.mdm-policy.apple-ios-restrictions", "漢字 🙂"])
def test_a_stable_uuid_is_version_5_of_our_namespace(name: str) -> None:
    assert stable_uuid(name) == str(uuid.uuid5(NAMESPACE, name)).upper()


def test_the_namespace_never_changes() -> None:
    assert str(NAMESPACE) == "b7f2f6a4-9a53-5b1e-8f0c-2f6d3f1a7c55"
    assert stable_uuid("gov.example.agency.mdm-policy.apple-ios-restrictions") == "2F88C6A1-78A8-5EAE-A781-CE5B1C16611B"


def test_code_is_markup_and_no_one_escapes_it_again() -> None:
    assert isinstance(code("a"), Markup)
