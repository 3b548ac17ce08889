"""Hold that no single edit of a policy for Windows weakens a ban without `diff` saying so: `diff` is no milder than `verify`."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from app_control_documents import ALL_VERSIONS, ISSUER, catalog, deny, one_denied, opened, policy, signer
from build_kit import DAY
from kind_documents import app, as_json, device, readings
from lxml import etree

from mdm_policy import catalogue
from mdm_policy.decide import judge, states
from mdm_policy.decide.web import Addresses
from mdm_policy.diff import Question, Side, compare_policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.documents import Document

LAPTOPS = device("windows", ">=10.0.18362")
CATALOGUE = catalogue.load()
_ATTRIB = '<FileAttrib ID="ID_FILEATTRIB_F_1" ProductName="Example Tool"/>'
_SIGNERS = signer() + signer(
    '<CertPublisher Value="Other, Inc."/><FileAttribRef RuleID="ID_FILEATTRIB_F_1"/>', number=2
)
POLICY = policy(
    deny(f'FileName="tool.exe" {ALL_VERSIONS}'),
    deny('FilePath="*\\path.exe"', 2),
    signers=_SIGNERS,
    denied=one_denied() + one_denied(2),
    attributes=_ATTRIB,
)
APPS: list[Any] = [
    app(("windows", "original_file_name", "tool.exe")),
    app(("windows", "executable", "path.exe")),
    app(("windows", "publisher_cn", "Example, Inc."), ("windows", "certificate", ISSUER.lower())),
    app(
        ("windows", "publisher_cn", "Other, Inc."),
        ("windows", "certificate", ISSUER.lower()),
        ("windows", "product_name", "Example Tool"),
    ),
]


def _held(document: Document) -> list[bool]:
    found = readings(document)
    return [judge(found, LAPTOPS, one, DAY, "weak").proven for one in APPS]


def _exit(old: Document, new: Document) -> int:
    return compare_policies(Side("old", (old,)), Side("new", (new,)), Question(DAY), CATALOGUE).exit_code


def _xml_edits(text: str) -> Iterator[tuple[str, str]]:
    """Yield a policy without each of its elements, and with each of its attributes and texts gone or changed."""
    root = etree.fromstring(text.encode())
    for place, element in enumerate(root.iter()):
        name = etree.QName(element).localname
        for label, edit in (("without", _remove), ("twice", _repeat)):
            if element is not root:
                yield f"{label} {name}", _edited(root, place, edit)
        for key in element.attrib:
            yield f"{name} without {key!s}", _edited(root, place, lambda one, key=key: one.attrib.pop(key))
            yield f"{name} with another {key!s}", _edited(root, place, lambda one, key=key: _longer(one, key))
        if element.text and element.text.strip():
            yield f"another text of {name}", _edited(root, place, lambda one: setattr(one, "text", f"{one.text}1"))
    audit = "<Rule><Option>Enabled:Audit Mode</Option></Rule></Rules>"
    yield "audit", text.replace("</Rules>", audit)
    yield "supplement", text.replace("Base Policy", "Supplemental Policy")


def _edited(root: Any, place: int, edit: Any) -> str:
    made = copy.deepcopy(root)
    edit(list(made.iter())[place])
    return str(etree.tostring(made, encoding="unicode"))


def _remove(element: Any) -> None:
    element.getparent().remove(element)


def _repeat(element: Any) -> None:
    element.addnext(copy.deepcopy(element))


def _longer(element: Any, key: str) -> None:
    element.set(key, f"{element.get(key)}1")


@pytest.mark.parametrize("wrapped", [False, True], ids=["file", "intune"])
def test_no_edit_of_an_app_control_policy_is_milder_to_diff(wrapped: bool) -> None:
    def document(text: str) -> Document:
        return as_json(catalog(text), "policy.json") if wrapped else opened(text)

    old = document(POLICY)
    assert all(_held(old))
    weakening, missed = 0, []
    for label, text in _xml_edits(POLICY):
        new = document(text)
        if not all(_held(new)):
            weakening += 1
            if _exit(old, new) != 11:
                missed.append(label)
    assert missed == []
    assert weakening > 60


EDGE = "device_vendor_msft_policy_config_microsoft_edge~policy~microsoft_edge_urlblocklist"
_LISTED = {"settingDefinitionId": f"{EDGE}_urlblocklistdesc", "simpleSettingCollectionValue": [{"value": "a.example"}]}
_SETTING = {"settingDefinitionId": EDGE, "choiceSettingValue": {"value": f"{EDGE}_1", "children": [_LISTED]}}
_EDGE: Any = {
    "@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy",
    "platforms": "windows10",
    "technologies": "mdm",
    "settings": [{"settingInstance": _SETTING}],
    "assignments": [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}],
}
_REGISTRY: Any = {
    "Windows Registry Editor Version 5.00": {
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Google\Chrome\URLBlocklist": {"1": "a.example", "2": "b.example"}
    }
}


def _json_edits(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """Yield what is left of plain data without each of its parts, and with each of its texts changed."""
    for key, held in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield f"without {(*path, key)}", (*path, key), None
        if isinstance(held, dict | list):
            yield from _json_edits(held, (*path, key))
        elif isinstance(held, str):
            yield f"another {(*path, key)}", (*path, key), f"{held}x"


def _changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    made = json.loads(json.dumps(value))
    owner = made
    for key in path[:-1]:
        owner = owner[key]
    if new is None:
        del owner[path[-1]]
    else:
        owner[path[-1]] = new
    return made


def _closed(document: Document) -> bool:
    found = Addresses(readings(document), LAPTOPS, states(LAPTOPS, "windows", False), DAY)
    return found.verdict(["a.example"]).word == "browser"


@pytest.mark.parametrize("value", [_EDGE, _REGISTRY], ids=["catalog", "registry"])
def test_no_edit_of_an_address_list_is_milder_to_diff(value: Any) -> None:
    old = as_json(value, "list.json")
    assert _closed(old)
    edits: Any = list(_json_edits(value))
    weakening = [(label, as_json(_changed(value, path, new), "list.json")) for label, path, new in edits]
    weakening = [(label, new) for label, new in weakening if not _closed(new)]
    assert [label for label, new in weakening if _exit(old, new) != 11] == []
    assert len(weakening) >= 4
