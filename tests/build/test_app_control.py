"""App Control deny policies: what stands in them, what is claimed of it, and which of two files a device obeys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from build_kit import DAY, NOTHING_KNOWN, PLACE, TARGETS, ban_list, built, identifier, inline, judged, resolved, waiver
from lxml import etree

from mdm_policy.build import readback
from mdm_policy.catalogue import Catalogue
from mdm_policy.kinds import open_document, read
from mdm_policy.model import Ban, CatalogueApp, CatalogueVendor, Identifier, Resolution
from mdm_policy.resolve import Entry, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdm_policy.vocabulary import Kind

XML, INTUNE = "windows-app-control", "intune-app-control"
_NS = "{urn:schemas-microsoft-com:sipolicy}"
_ONE, _TWO = "4678C6E4A8787A8E6ED2BCE8792B122F6C08AFD8", "A" * 64


def windows(**values: Sequence[str]) -> tuple[Identifier, ...]:
    kinds: dict[str, Kind] = {
        "cn": "publisher_cn",
        "ca": "certificate",
        "product": "product_name",
        "file": "original_file_name",
        "exe": "executable",
    }
    return tuple(identifier("windows", kinds[key], value) for key, listed in values.items() for value in listed)


def policy(*bans: Ban, document: str = "our-list.xml") -> etree._Element:
    return etree.fromstring(built(resolved(*bans), [XML])[1][f"{XML}/{document}"])


def texts(root: etree._Element, tag: str, attribute: str) -> list[str]:
    return [one.get(attribute, "") for one in root.iter(_NS + tag) if attribute in one.attrib]


def test_everything_may_run_in_both_scenarios_but_what_is_denied() -> None:
    root = policy(inline("App", *windows(exe=["a.exe"])))
    scenarios = {one.get("Value"): texts(one, "FileRuleRef", "RuleID") for one in root.iter(f"{_NS}SigningScenario")}
    allowed = {one.get("ID"): dict(one.attrib) for one in root.iter(f"{_NS}Allow")}
    assert [scenarios["131"][0], scenarios["12"][0]] == list(allowed)
    assert all(one["FileName"] == "*" and len(one) == 2 for one in allowed.values())
    assert len(scenarios["131"]) == 1
    assert set(scenarios["12"][1:]) == set(texts(root, "Deny", "ID"))


def test_a_denial_has_no_bounds_on_versions_and_no_package() -> None:
    root = policy(inline("App", *windows(exe=["a.exe"], file=["b.exe"], product=["C"], cn=["D"], ca=[_ONE])))
    written = {str(key) for one in root.iter() for key in one.attrib}
    assert not written & {"MinimumFileVersion", "MaximumFileVersion", "PackageFamilyName", "Hash"}
    options = [one.text for one in root.iter(f"{_NS}Option")]
    assert {"Disabled:Script Enforcement", "Disabled:Runtime FilePath Rule Protection", "Enabled:UMCI"} <= set(options)
    assert "Enabled:Audit Mode" not in options


def test_the_audit_policy_differs_by_its_option_alone_and_has_the_same_id() -> None:
    bans = (inline("App", *windows(exe=["a.exe"])),)
    enforced, audit = policy(*bans), policy(*bans, document="our-list.audit.xml")
    options = [[one.text for one in root.iter(f"{_NS}Option")] for root in (enforced, audit)]
    assert set(options[1]) - set(options[0]) == {"Enabled:Audit Mode"}
    ids = [[root.findtext(f"{_NS}{tag}") for tag in ("PolicyID", "BasePolicyID")] for root in (enforced, audit)]
    assert ids[0] == ids[1]
    assert ids[0][0] == ids[0][1]


def test_the_file_for_audit_is_never_what_is_judged() -> None:
    resolution = resolved(inline("App", *windows(file=["a.exe"], cn=["A"], ca=[_ONE])))
    made, _ = built(resolution, [XML, INTUNE])
    records = {one.document: one for one in made.documents if one.target == XML}
    assert [bool(records[name].kept) for name in ("policy", "audit")] == [True, False]
    found = judged(resolution, made)
    assert found.counts.partial == 1
    assert not [one for one in found.findings if one.severity == "error"]


def test_a_variant_has_a_policy_id_of_its_own() -> None:
    bans = [inline("Kept", *windows(exe=["a.exe"])), inline("spared", *windows(exe=["b.exe"]))]
    resolution = resolve([ban_list(*bans, exceptions=[waiver("inline:spared", "lab")])], None, NOTHING_KNOWN, DAY)
    files = built(resolution, [XML])[1]
    names = ("our-list.xml", "our-list--lab.xml")
    assert len({etree.fromstring(files[f"{XML}/{name}"]).findtext(f"{_NS}PolicyID") for name in names}) == 2


def test_a_name_on_disk_is_denied_by_path_and_guessed_at_beside() -> None:
    root = policy(inline("App", *windows(exe=["a.exe"])))
    assert texts(root, "Deny", "FilePath") == ["*\\a.exe"]
    assert texts(root, "Deny", "FileName") == ["a.exe"]
    made, _ = built(resolved(inline("App", *windows(exe=["a.exe"]))), [XML])
    assert [(kept.claim.kind, kept.claim.strength) for one in made.documents for kept in one.kept] == [
        ("executable", "weak")
    ]


@pytest.mark.parametrize(
    ("values", "files", "all_of"),
    [
        pytest.param({"cn": ["A"], "ca": [_ONE], "product": ["P"]}, 1, 0, id="one product"),
        pytest.param({"cn": ["A", "B"], "ca": [_ONE, _TWO], "product": ["P"]}, 4, 0, id="each name, each issuer"),
        pytest.param({"cn": ["A"], "ca": [_ONE], "product": ["P"], "file": ["f.exe"]}, 1, 0, id="product and file"),
        pytest.param({"cn": ["A"], "ca": [_ONE, _TWO], "exe": ["f.exe"]}, 0, 2, id="nothing that names its files"),
        pytest.param({"cn": ["A"], "product": ["P"]}, 0, 0, id="no issuer is known"),
    ],
)
def test_a_signer_is_a_name_with_each_issuer(values: dict[str, Sequence[str]], files: int, all_of: int) -> None:
    signers = list(policy(inline("App", *windows(**values))).iter(f"{_NS}Signer"))
    narrowed = [one for one in signers if one.find(f"{_NS}FileAttribRef") is not None]
    assert (len(narrowed), len(signers) - len(narrowed)) == (files, all_of)
    assert len({(one[0].get("Value"), one[1].get("Value")) for one in signers}) == len(signers)


def test_a_signer_by_itself_in_the_ban_of_an_app_is_an_over_block() -> None:
    wide = resolved(inline("App", *windows(cn=["A"], ca=[_ONE], exe=["f.exe"])))
    narrow = resolved(inline("App", *windows(cn=["A"], ca=[_ONE], product=["P"])))
    assert ["over-block" in [one.id for one in made.findings] for made in (wide, narrow)] == [True, False]


def _maker(*own: Identifier) -> tuple[Catalogue, CatalogueApp]:
    signers = (
        Identifier("windows", "publisher_cn", "Maker", PLACE, "verified"),
        Identifier("windows", "certificate", _ONE, PLACE, "verified"),
    )
    app = CatalogueApp("app", "App", "maker", own)
    return Catalogue("test", {"app": app}, {"maker": CatalogueVendor("maker", "Maker", signers)}), app


def _banned(ban: Ban, known: Catalogue) -> Resolution:
    return resolve([ban_list(ban)], None, known, DAY)


def test_an_app_is_denied_by_its_makers_signature_on_its_product() -> None:
    product = Identifier("windows", "product_name", "P", PLACE, "verified")
    known, _ = _maker(product)
    resolution = _banned(Ban(PLACE, app="app"), known)
    made, files = built(resolution, [XML])
    root = etree.fromstring(files[f"{XML}/our-list.xml"])
    assert [len(list(root.iter(_NS + tag))) for tag in ("Signer", "FileAttribRef", "FileAttrib")] == [1, 1, 1]
    assert judged(resolution, made, known).counts.partial == 1


def test_the_ban_of_a_vendor_denies_all_it_signs_and_holds_what_only_a_package_manager_knows() -> None:
    known, _ = _maker(Identifier("windows", "winget_id", "Maker.App", PLACE, "verified"))
    resolution = _banned(Ban(PLACE, vendor="maker"), known)
    made, files = built(resolution, [XML])
    root = etree.fromstring(files[f"{XML}/our-list.xml"])
    assert [len(list(root.iter(_NS + tag))) for tag in ("Signer", "FileAttribRef")] == [1, 0]
    assert judged(resolution, made, known).counts.partial == 2


@pytest.mark.parametrize("value", [pytest.param("a$(b", id="macro"), pytest.param("what?", id="wildcard")])
def test_what_app_control_takes_for_something_else_is_left_out_and_said(value: str) -> None:
    made, files = built(resolved(inline("App", *windows(product=[value, "plain"]))), [XML])
    root = etree.fromstring(files[f"{XML}/our-list.xml"])
    assert texts(root, "Deny", "ProductName") == ["plain"]
    assert [one.id for one in made.findings].count("identifier-left-out") == 1


def test_intune_gets_the_same_policy_in_its_template() -> None:
    files = built(resolved(inline("App", *windows(exe=["a.exe"], product=["漢 & <b>"]))), [XML, INTUNE])[1]
    body = json.loads(files[f"{INTUNE}/our-list.json"])
    assert body["templateReference"]["templateFamily"] == "endpointSecurityApplicationControl"
    value = body["settings"][0]["settingInstance"]["choiceSettingValue"]["children"][0]["simpleSettingValue"]["value"]
    assert value.startswith("<SiPolicy ")
    inside = etree.fromstring(value)
    alone = etree.fromstring(files[f"{XML}/our-list.xml"])
    etree.indent(inside)
    etree.indent(alone)
    assert etree.tostring(inside) == etree.tostring(alone)


def test_a_trial_that_logs_less_than_is_blocked_fails() -> None:
    target = TARGETS[XML]
    spec = target.document("audit")
    assert spec is not None
    resolution = resolved(inline("App", *windows(file=["a.exe"])))
    data = built(resolution, [XML])[1][f"{XML}/our-list.audit.xml"]
    claim = next(one for one in target.manifest.blocks if one.name == "file")
    entries = [Entry("a.exe", "app", "App", ""), Entry("b.exe", "app", "App", "")]
    kept, found = readback.compare(XML, spec, [read(open_document("a.xml", data))], [(claim, entries)])
    assert (kept, [one.id for one in found]) == ((), ["read-back-missing"])
    assert readback.compare(XML, spec, [read(open_document("a.xml", data))], [(claim, entries[:1])]) == ((), [])
