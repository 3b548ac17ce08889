"""Hold every registered document kind to what its object says of it."""

from __future__ import annotations

import ast
import base64
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mdm_policy.kinds import KINDS, UNKNOWN, open_document, read
from mdm_policy.kinds.kind import DocumentKind
from mdm_policy.kinds.registry import ORDER
from mdm_policy.reading import DeviceSlot
from mdm_policy.validate import schema_names

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
EACH = [pytest.param(kind, id=name) for name, kind in KINDS.items()]


def test_every_kind_stands_in_the_registry_once() -> None:
    named = [one.name for one in ORDER if isinstance(one, DocumentKind)]
    assert sorted(named) == sorted(set(named))
    assert UNKNOWN not in named
    assert len({kind.title for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize("kind", EACH)
def test_the_sample_is_of_its_kind_and_says_something(kind: DocumentKind) -> None:
    document = open_document("sample", kind.sample)
    assert document.kind == kind.name
    assert document.format in kind.formats
    assert not document.findings
    reading = read(document)
    assert not [one for one in reading.findings if one.severity == "error"]
    unknown = any(rule.verdict == "unknown" for rule in reading.rules)  # a form whose content nobody knows
    assert reading.effects or reading.activates or unknown or not kind.rules


@pytest.mark.parametrize("kind", EACH)
def test_no_sample_is_of_two_kinds_without_the_order_saying_so(kind: DocumentKind) -> None:
    document = open_document("sample", kind.sample)
    claims = [one for one in ORDER if document.format in one.formats and one.recognise(document.value)]
    assert claims[0] is kind


@pytest.mark.parametrize("kind", EACH)
def test_a_reader_gives_no_rule_that_its_kind_does_not_list(kind: DocumentKind) -> None:
    document = open_document("sample", kind.sample)
    listed = {rule.id for rule in kind.rules}
    for _, inner in document.inner:
        listed |= {rule.id for rule in KINDS[inner.kind].rules}
    assert {rule.id for rule in read(document).rules} <= listed


@pytest.mark.parametrize("kind", EACH)
def test_names_of_other_things_exist(kind: DocumentKind) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", kind.name)
    assert set(kind.schemas) <= set(schema_names())
    assert {kind.changes, kind.activated_by} - {""} <= KINDS.keys()


def test_every_schema_is_for_some_kind() -> None:
    assert {name for kind in KINDS.values() for name in kind.schemas} == set(schema_names())


@pytest.mark.parametrize("kind", EACH)
def test_the_page_on_documents_has_a_section_for_each_kind(kind: DocumentKind) -> None:
    text = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {kind.title}\n")[2].partition("\n## ")[0]
    assert f"`{kind.name}`" in section
    assert len(section) > 80


@pytest.mark.parametrize("kind", EACH)
def test_the_fuzzers_start_from_the_sample(kind: DocumentKind) -> None:
    seed = ROOT / "tests" / "fuzz" / "corpus" / f"kinds-{kind.formats[0]}" / kind.name
    assert seed.read_bytes() == kind.sample, "run tests/fuzz/seed.py"


@pytest.mark.parametrize(
    ("kind", "identities"),
    [
        ("apple-profile", (DeviceSlot("profile", "a.b"),)),
        ("apple-declaration-configuration", (DeviceSlot("declaration", "a.b"),)),
        ("amapi-patch", (DeviceSlot("policy-field", "personalUsagePolicies"),)),
        ("jamf-mobile-profile", ()),
        ("amapi-policy", ()),
    ],
)
def test_a_reading_says_what_a_device_keeps_one_of(kind: str, identities: tuple[DeviceSlot, ...]) -> None:
    assert read(open_document("sample", KINDS[kind].sample)).identities == identities


def test_a_custom_profile_is_delivered_under_its_own_identifier() -> None:
    payload = base64.b64encode(KINDS["apple-profile"].sample).decode()
    value = {"@odata.type": "#microsoft.graph.iosCustomConfiguration", "payload": payload}
    assert read(open_document("c.json", json.dumps(value).encode())).identities == (DeviceSlot("profile", "a.b"),)


def test_no_room_but_its_vendor_names_a_kind() -> None:
    package = ROOT / "mdm_policy"
    # A destination is made for certain kinds, and refuses others: it must name them. A mechanism may bear a kind's name.
    own = (package / "kinds", package / "push" / "destinations")
    mechanisms = (package / "reading.py", package / "decide" / "contests.py")
    named = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for path in sorted(package.rglob("*.py"))
        if path not in mechanisms and not any(room in path.parents for room in own)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in KINDS
    ]
    assert named == []


def test_formats_are_opened_without_a_word_of_any_vendor() -> None:
    words = ("amapi", "apple", "intune", "graph", "jamf", "applocker", "payload", "odata", "santa", "fleet")
    named = [
        f"{path.name}:{node.lineno}: {node.value}"
        for path in sorted((ROOT / "mdm_policy" / "documents").glob("*.py"))
        for node in _code(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node.value, str) and any(word in node.value.lower() for word in words)
        if "plist" not in node.value.lower()  # the format's own document type has Apple's name in it
    ]
    assert named == []


def _code(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the constants of a module but for its docstrings, which may say who writes such files."""
    texts = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    yield from (one for one in ast.walk(tree) if isinstance(one, ast.Constant) and id(one) not in texts)
