"""Hold diff to verify over every small edit of rules for Windows: what proves nothing any more is told.

The documents are AppLocker rules of each shape, App Control policies by name and by signer, and Jamf's records. Each edit
takes one element or attribute away, or writes a word there that its schema may not take: it follows from the document alone.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from app_control_documents import deny, one_denied, signer
from app_control_documents import policy as app_control
from build_kit import DAY
from kind_documents import DEFAULT_APPX, app, device, path_rule, publisher_rule, rules_xml, xml
from lxml import etree

from mdm_policy import catalogue
from mdm_policy.diff import Question, Side, compare_policies
from mdm_policy.model import Resolution
from mdm_policy.verify import Rules, piece, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.documents import Document
    from mdm_policy.model import BannedApp, DeviceClass
    from mdm_policy.verify import Verification

LAPTOPS, MACS = device("windows", ">=10.0.22000", "laptops"), device("macos", ">=14", "macs")
TOOL = app(
    ("windows", "publisher", "O=EXAMPLE"),
    ("windows", "publisher_cn", "Example, Inc."),
    ("windows", "certificate", "AB" * 32),
    ("windows", "original_file_name", "TOOL.EXE"),
)
PACKAGE = app(("windows", "appx_name", "Example.Tool"), ("windows", "publisher", "CN=E"))
PROCESS = app(("macos", "process_name", "Tool"))
ALL = path_rule("*", action="Allow")
EXCEPTION = "<Exceptions><FilePathCondition Path='%WINDIR%\\x.exe'/></Exceptions>"
RECORD = (
    "<restricted_software><general><name>n</name><process_name>Tool</process_name>"
    "<match_exact_process_name>true</match_exact_process_name><kill_process>true</kill_process></general>"
    "<scope><all_computers>true</all_computers></scope></restricted_software>"
)
ROWS = [
    pytest.param(rules_xml(ALL, publisher_rule("O=EXAMPLE")), LAPTOPS, TOOL, 40, id="AppLocker by publisher"),
    pytest.param(
        rules_xml(path_rule("*", action="Allow").replace("</Conditions>", f"</Conditions>{EXCEPTION}"), publisher_rule("O=EXAMPLE")),
        LAPTOPS, TOOL, 45, id="AppLocker with an exception beside",
    ),
    pytest.param(
        f'<AppLockerPolicy Version="1">{rules_xml(ALL, publisher_rule("O=EXAMPLE"))}</AppLockerPolicy>',
        LAPTOPS, TOOL, 40, id="a whole policy of AppLocker",
    ),
    pytest.param(
        rules_xml(DEFAULT_APPX, publisher_rule("CN=E", "Example.Tool"), kind="Appx"), LAPTOPS, PACKAGE, 45, id="AppLocker's packages"
    ),
    pytest.param(app_control(deny('FileName="TOOL.EXE"')), LAPTOPS, TOOL, 40, id="App Control by name"),
    pytest.param(app_control(signers=signer(), denied=one_denied()), LAPTOPS, TOOL, 40, id="App Control by signer"),
    pytest.param(RECORD, MACS, PROCESS, 8, id="Jamf's restricted software"),
]  # fmt: skip


def _mutants(root: Any) -> Iterator[tuple[str, Any]]:
    """Yield the tree with one edit each: an element gone, an attribute gone or strange, a text strange."""
    tree = root.getroottree()
    for place in [tree.getpath(one) for one in root.iter() if isinstance(one.tag, str)]:
        for label, edit in (("gone", _remove), ("twice", _double), ("text", _retext)):
            made = deepcopy(tree)
            (element,) = made.xpath(place)
            if edit(element):
                yield f"{place} {label}", made.getroot()
        (element,) = tree.xpath(place)
        for name in element.attrib:
            for word in (None, "", "strange"):
                made = deepcopy(tree)
                (copied,) = made.xpath(place)
                if word is None:
                    del copied.attrib[name]
                else:
                    copied.set(name, word)
                yield f"{place}/@{name} {word!r}", made.getroot()


def _remove(element: Any) -> bool:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
    return parent is not None


def _double(element: Any) -> bool:
    parent = element.getparent()
    if parent is not None:
        parent.append(deepcopy(element))
    return parent is not None


def _retext(element: Any) -> bool:
    if len(element):
        return False
    element.text = "strange"
    return True


def _proof(document: Document, cls: DeviceClass, one: BannedApp) -> Verification:
    ordered = Resolution("Example Agency", "gov.example.agency", DAY, (one,), (), (), (cls,), (), ())
    return verify(ordered, [piece(document)], catalogue.load(), Rules(DAY, min_strength="weak"))


@pytest.mark.parametrize(("text", "cls", "banned", "least"), ROWS)
def test_what_an_edit_leaves_unproven_is_told(text: str, cls: DeviceClass, banned: BannedApp, least: int) -> None:
    old = xml(text, "x.xml")
    assert _proof(old, cls, banned).passes
    judged = 0
    for label, root in _mutants(old.value):
        new = xml(etree.tostring(root, encoding="unicode"), "x.xml")
        found = _proof(new, cls, banned)
        if found.passes:
            continue
        judged += 1
        question = Question(DAY, (banned,), (), (cls,))
        sides = [Side(name, (one,), pieces=(piece(one),)) for name, one in (("old", old), ("new", new))]
        assert compare_policies(sides[0], sides[1], question, None).exit_code == 11, label
    assert judged >= least
