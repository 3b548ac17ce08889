"""Spoil rendered documents one identifier or one word at a time: read-back must see it, and name what is wrong."""

from __future__ import annotations

import base64
import copy
import functools
import re
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import CHOICES, TARGETS, built, one_of_each, resolved
from lxml import etree

from mdm_policy import documents, kinds, render
from mdm_policy.build import collateral, readback
from mdm_policy.resolve import ordered
from mdm_policy.verify import piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdm_policy.errors import Finding
    from mdm_policy.targets import DocumentSpec

    Change = Callable[[Any, str], list[Any]]


_POLICY = "{urn:schemas-microsoft-com:sipolicy}"


@functools.cache
def _job(choice: str) -> render.Job:
    resolution = resolved(*one_of_each())
    name, options = CHOICES[choice]
    target = TARGETS[name]
    variant = resolution.variants[0]
    ids = ordered(resolution, variant, render.kinds([target], TARGETS))
    return render.Job(target, resolution, variant, ids, target.options(options), TARGETS, "our-list")


@functools.cache
def _files(choice: str) -> dict[str, dict[str, bytes]]:
    """Return a target's documents, by the document's name in the manifest, then by path."""
    name, options = CHOICES[choice]
    made, files = built(resolved(*one_of_each()), [name], TARGETS, {name: options})
    grouped: dict[str, dict[str, bytes]] = {}
    for record in made.documents:
        grouped.setdefault(record.document, {})[record.path] = files[record.path]
    return grouped


def _carrying() -> Iterator[tuple[str, str]]:
    for choice, (name, _) in CHOICES.items():
        for spec in TARGETS[name].manifest.documents:
            if spec.carries:
                yield choice, spec.name


def _spec(choice: str, document: str) -> DocumentSpec:
    spec = _job(choice).target.document(document)
    assert spec is not None
    return spec


def _compare(choice: str, document: str, files: dict[str, bytes]) -> list[Finding]:
    job, spec = _job(choice), _spec(choice, document)
    claimed = render.claimed(job, spec)
    opened = [kinds.open_document(path, data, spec.format) for path, data in files.items()]
    read_back = readback.declared_places(spec, [claim for claim, _ in claimed])
    readings = [reading for one in opened for reading in piece(one, read_back=read_back).readings]
    stated = {one.what for one in collateral.stated(job.target, job.options, document)}
    return readback.compare(job.target.name, spec, readings, claimed, render.tolerated(job, spec), stated)[1]


def _entries(name: str, document: str) -> list[tuple[str, str]]:
    """Return (kind, value) of every identifier that a document must block and that stands in it as it is."""
    claimed = render.claimed(_job(name), _spec(name, document))
    return sorted({(c.kind, entry.value) for c, entries in claimed if not c.joined_with for entry in entries})


def _changed(name: str, document: str, value: str, change: Change) -> dict[str, bytes]:
    """Change every entry of one identifier, wherever and however deep it is packed in the documents."""
    spec = _spec(name, document)
    made: dict[str, bytes] = {}
    for path, data in _files(name)[document].items():
        parsed = documents.parse(path, data, spec.format, white_space="keep")
        if spec.for_each:
            found = [parsed] if parsed.findtext("general/process_name") != value else change(parsed, value)
            made |= {f"{path}{i or ''}": documents.dump(one, "xml") for i, one in enumerate(found)}
        else:
            rewrite = _rewrite_lines if spec.format in documents.LINES else _rewrite
            made[path] = documents.dump(rewrite(parsed, value, change), spec.format)
    assert made != _files(name)[document], f"{value!r} is not found in {document}"
    return made


def _rewrite_lines(lines: Any, wanted: str, change: Change) -> Any:
    """Change every line that names an identifier: a record of a zone, a value, a row, an entry."""
    named = re.compile(rf"(?<![A-Za-z0-9.-])((?:\*\.)?){re.escape(wanted)}(?![A-Za-z0-9.-])")
    made = []
    for line in lines:
        if named.search(line):
            changed = [named.sub(rf"\g<1>{new}", line) for new in change(wanted, wanted)]
            made += [re.sub(r'^"([0-9]+)"', rf'"\g<1>{"00" * place}"', one) for place, one in enumerate(changed)]
        else:
            made.append(line)
    return made


def _rewrite(value: Any, wanted: str, change: Change) -> Any:
    if isinstance(value, list):
        made = []
        for one in value:
            made += change(one, wanted) if _names(one, wanted) else [_rewrite(one, wanted, change)]
        return made
    if isinstance(value, dict):
        return {key: _rewrite(inner, wanted, change) for key, inner in value.items()}
    if isinstance(value, str):
        return _rewrite_text(value, wanted, change)
    return _rewrite_xml(value, wanted, change) if isinstance(value, etree._Element) else value


def _names(one: Any, wanted: str) -> bool:
    if isinstance(one, dict):
        leaves = [v for v in one.values() if isinstance(v, str)]
        inner = [v for v in one.values() if isinstance(v, dict)]
        pair = f"{one.get('TeamID', '')}:{one.get('SigningID', '')}".strip(":")
        single = len([key for key in ("TeamID", "SigningID") if key in one]) < 2
        return pair == wanted or (single and wanted in leaves) or any(_names(v, wanted) for v in inner)
    return bool(one == wanted)


def _rewrite_text(value: str, wanted: str, change: Change) -> str:
    if value.startswith("["):
        return msgspec.json.encode(_rewrite(msgspec.json.decode(value), wanted, change)).decode()
    if value.startswith(("<RuleCollection", "<SiPolicy")):
        root = documents.parse("rules", value.encode(), "xml", white_space="keep")
        return documents.dump(_rewrite_xml(root, wanted, change), "xml").decode().partition("?>")[2].strip()
    if value.startswith("PD94bWwg"):  # <?xml, in base64
        return base64.b64encode(_rewrite_plist(base64.b64decode(value), wanted, change)).decode()
    return value


def _rewrite_plist(data: bytes, wanted: str, change: Change) -> bytes:
    return documents.dump(_rewrite(documents.parse("inner", data, "plist"), wanted, change), "plist", compact=True)


def _rewrite_xml(root: Any, wanted: str, change: Change) -> Any:
    for rule in [element for element in root if element.tag in ("FilePublisherRule", "FilePathRule")]:
        texts = {text for element in rule.iter() for text in element.attrib.values()}
        if wanted in texts or f"*\\{wanted}" in texts:
            at = root.index(rule)
            root[at : at + 1] = change(rule, wanted)
    if root.tag == f"{_POLICY}SiPolicy":
        _rewrite_policy(root, wanted, change)
    payloads = root.find("general/payloads")
    if payloads is not None:
        payloads.text = _rewrite_plist(payloads.text.encode(), wanted, change).decode()
    return root


def _rewrite_policy(root: Any, wanted: str, change: Change) -> None:
    """Change the denials of an App Control policy, and what refers to them."""
    rules, references = root.find(f"{_POLICY}FileRules"), root.findall(f".//{_POLICY}FileRulesRef")[-1]
    for rule in [one for one in rules.iter(f"{_POLICY}Deny") if _value(one) in (wanted, f"*\\{wanted}")]:
        made = change(rule, wanted)
        at = rules.index(rule)
        rules[at : at + 1] = made
        for reference in [one for one in references if one.get("RuleID") == rule.get("ID")]:
            references.remove(reference)
        for one in made:
            etree.SubElement(references, f"{_POLICY}FileRuleRef", RuleID=one.get("ID"))


def _value(rule: Any) -> str:
    return str(next(rule.get(key) for key in ("FilePath", "FileName", "ProductName") if key in rule.attrib))


def _drop(_one: Any, _value: str) -> list[Any]:
    return []


def _add(new: str, one: Any, value: str) -> list[Any]:
    return [one, _replace(one, value, new)]


def _exchange(new: str, one: Any, value: str) -> list[Any]:
    return [_replace(one, value, new)]


def _replace(one: Any, old: str, new: str) -> Any:
    """Return a copy of an entry that holds another identifier."""
    if isinstance(one, etree._Element):
        made = copy.deepcopy(one)
        if "Id" in made.attrib:  # Windows takes no rule with the Id of another
            made.set("Id", str(uuid.uuid5(uuid.UUID(made.get("Id")), new)))
        if "ID" in made.attrib:
            made.set("ID", f"{made.get('ID')}X")
        for element in made.iter():
            if element.text == old:
                element.text = new
            for key, text in element.attrib.items():
                if text in (old, f"*\\{old}"):
                    element.set(key, text.replace(old, new))
        return made
    if isinstance(one, dict) and {"TeamID", "SigningID"} <= one.keys():
        team, _, rest = new.partition(":")
        return {"TeamID": team, "SigningID": rest}
    if isinstance(one, dict):
        return {key: _replace(value, old, new) for key, value in one.items()}
    return new if one == old else one


def _stranger(kind: str, value: str) -> str:
    """Return another identifier of the same kind."""
    if kind in ("team_id", "signing_id"):
        return ("Z" if value[0] != "Z" else "Y") + value[1:]
    return f"x{value[:49]}" if kind in ("appx_name", "domain", "executable", "process_name") else f"{value}x"


documents_with_a_ban = pytest.mark.parametrize(
    ("name", "document"), [pytest.param(*one, id="/".join(one)) for one in _carrying()]
)


@documents_with_a_ban
def test_the_documents_themselves_are_faultless(name: str, document: str) -> None:
    assert _compare(name, document, _files(name)[document]) == []


@documents_with_a_ban
def test_a_missing_identifier_is_named(name: str, document: str) -> None:
    for _, value in _entries(name, document):
        found = _compare(name, document, _changed(name, document, value, _drop))
        assert [(f.id, repr(value) in f.message) for f in found] == [("read-back-missing", True)] * len(found)
        assert found


@documents_with_a_ban
def test_an_added_identifier_is_named(name: str, document: str) -> None:
    for kind, value in _entries(name, document):
        other = _stranger(kind, value)
        found = _compare(name, document, _changed(name, document, value, functools.partial(_add, other)))
        assert [(f.id, repr(other) in f.message) for f in found] == [("read-back-extra", True)] * len(found)
        assert found


@documents_with_a_ban
def test_another_case_is_another_identifier(name: str, document: str) -> None:
    for kind, value in _entries(name, document):
        other = value.swapcase()
        if kind == "domain" or other == value or (kind == "team_id" and name != "apple-ddm-binaries"):
            continue  # the name system does not mind the case of letters, nor does Santa that of a team
        files = _changed(name, document, value, functools.partial(_exchange, other))
        found = _compare(name, document, files)
        assert any(repr(value) in f.message for f in found), [f.message for f in found]


def _word(target: str, document: str, old: str, new: str, says: str, label: str) -> Any:
    return pytest.param(target, document, old, new, says, id=f"{target}: {label}")


_PROFILE = "apple-ios-restrictions"
_RESTRICTIONS = "intune-android-corporate"
_SPOILT = [
    _word(_PROFILE, "profile", "blockedAppBundleIDs", "allowListedAppBundleIDs", "refuses", "an allow list"),
    _word(_PROFILE, "profile", "blockedAppBundleIDs", "blockedAppBundleIds", "not as claimed", "a misspelt key"),
    _word(
        _PROFILE,
        "profile",
        "<key>PayloadVersion</key>",
        "<key>RemovalDate</key><date>2030-01-01T00:00:00Z</date><key>PayloadVersion</key>",
        "end: claimed '', read 'on 2030-01-01'",
        "a removal date",
    ),
    _word(
        _PROFILE,
        "profile",
        "<key>PayloadVersion</key>",
        "<key>DurationUntilRemoval</key><integer>60</integer><key>PayloadVersion</key>",
        "end: claimed '', read 'after 60 s'",
        "a removal after a minute",
    ),
    _word(
        _PROFILE,
        "profile",
        "<key>PayloadType</key>",
        "<key>PayloadEnabled</key><false/><key>PayloadType</key>",
        "switched off",
        "a disabled payload",
    ),
    _word(
        _PROFILE,
        "profile",
        "<string>com.apple.applicationaccess</string>",
        "<string>com.apple.applicationaccess.new</string>",
        "is ordered",
        "the payload of another platform",
    ),
    _word(
        _PROFILE,
        "profile",
        "<key>PayloadVersion</key>",
        "<key>TargetDeviceType</key><integer>5</integer><key>PayloadVersion</key>",
        "do not know the key",
        "sent to Macs only",
    ),
    _word(_PROFILE, "profile", "<string>BuiltIn</string>", "<string>Plugin</string>", "built-in", "another web filter"),
    _word("apple-ddm-apps", "configuration", "DeniedApps", "AllowedApps", "refuses", "an allow list"),
    _word("apple-ddm-apps", "configuration", "app.settings", "app.setting", "is ordered", "another type"),
    _word(
        "apple-ddm-binaries", "configuration", "DeniedBinaries", "AllowedBinaries", "devices refuse", "an allow list"
    ),
    _word("macos-santa", "profile", "BLOCKLIST", "ALLOWLIST", "not as claimed", "an allow list"),
    _word("macos-santa", "profile", "BLOCKLIST", "CEL", "has no cel_expr", "an expression"),
    _word("macos-santa", "profile", "SIGNINGID", "TEAMID", "wrong shape", "the wrong rule type"),
    _word(
        "macos-santa", "profile", "com.northpolesec.santa", "com.example.santa", "is ordered", "another payload type"
    ),
    _word(
        "intune-ios-settings-catalog",
        "policy",
        "_blockedappbundleids",
        "_allowlistedappbundleids",
        "refuses",
        "an allow list",
    ),
    _word(
        "intune-ios-settings-catalog",
        "policy",
        "_blockedappbundleids",
        "_blockedapps",
        "is not a definition",
        "an unknown setting",
    ),
    _word(
        "intune-ios-device-restrictions",
        "configuration",
        "appsNotInListCompliant",
        "appsInListCompliant",
        "refuses",
        "an allow list",
    ),
    _word(
        "intune-ios-device-restrictions",
        "configuration",
        "appsVisibilityList",
        "compliantAppsList",
        "is ordered",
        "a reporting list",
    ),
    _word(
        "intune-ios-device-restrictions", "configuration", "appsNotInListCompliant", "none", "ordered", "no list type"
    ),
    _word(_RESTRICTIONS, "device-restrictions", '"blockedApps"', '"allowedApps"', "refuses", "an allow list"),
    _word(_RESTRICTIONS, "device-restrictions", '"blockedApps"', '"notConfigured"', "has no effect", "no list type"),
    _word(_RESTRICTIONS, "managed-apps", '"uninstall"', '"available"', "not as claimed", "an offer"),
    _word(_RESTRICTIONS, "managed-apps", '"uninstall"', '"required"', "not as claimed", "an installation"),
    _word(
        "intune-windows-applocker",
        "configuration",
        'EnforcementMode=\\"Enabled\\"',
        'EnforcementMode=\\"AuditOnly\\"',
        "only logs",
        "audit only",
    ),
    _word(
        "intune-windows-applocker",
        "configuration",
        "./Vendor/MSFT/AppLocker",
        "./Vendor/MSFT/AppLock",
        "not an AppLocker node",
        "another address",
    ),
    _word("windows-applocker-exe", "rules", '"Enabled"', '"AuditOnly"', "only logs", "audit only"),
    _word("windows-applocker-exe", "rules", '"Enabled"', '"NotConfigured"', "not documented", "not configured"),
    _word("windows-applocker-exe", "rules", 'Action="Deny"', 'Action="Allow"', "is ordered", "allowed instead"),
    _word("windows-applocker-appx", "rules", 'Type="Appx"', 'Type="Exe"', "ordered", "the wrong collection"),
    _word("windows-applocker-appx", "rules", "S-1-1-0", "S-1-5-32-544", "claimed", "administrators only"),
    _word("windows-app-control", "policy", "Enabled:UMCI", "Enabled:Audit Mode", "drivers alone", "drivers alone"),
    _word(
        "windows-app-control", "policy", ' ID="ID_DENY_PATH', ' ID="ID_DENY_O', "defined nowhere", "nobody refers to it"
    ),
    _word("windows-app-control", "policy", 'Value="12"', 'Value="131"', "is ordered", "for drivers"),
    _word("windows-app-control", "policy", 'FileName="*"', 'FileName="a.exe"', "refuses", "an allow list"),
    _word("intune-app-control", "policy", "endpointSecurityApplicationControl", "none", "claimed", "another template"),
    _word("amapi-fully-managed", "policy", '"BLOCKED"', '"AVAILABLE"', "not as claimed", "available"),
    _word("amapi-fully-managed", "policy", '"BLOCKED"', '"blocked"', "is ordered", "the wrong case"),
    _word("amapi-fully-managed", "policy", '"BLACKLIST"', '"WHITELIST"', "refuses", "an allow list"),
    _word(
        "amapi-fully-managed",
        "policy",
        '"BLACKLIST"',
        '"BLOCKLIST"',
        "is not a valid value of playStoreMode",
        "the other mode's word",
    ),
    _word(
        "amapi-fully-managed",
        "policy",
        '"DISALLOW_INSTALL"',
        '"ALLOW_INSTALL_DEVICE_WIDE"',
        "claimed",
        "open to sideloading",
    ),
    _word("amapi-cope", "policy", '"BLOCKLIST"', '"ALLOWLIST"', "refuses", "a personal allow list"),
    _word("amapi-cope", "patch-personal", "personalApplications", "applications", "is ordered", "another key"),
    _word("amapi-cope", "modify", '"BLOCKED"', '"FORCE_INSTALLED"', "not as claimed", "an installation"),
    _word(
        "jamf-mobile-profile", "object", "blockedAppBundleIDs", "allowListedAppBundleIDs", "refuses", "an allow list"
    ),
    _word(
        "jamf-restricted-software",
        "record",
        "delete_executable>true",
        "delete_executable>false",
        "not as claimed",
        "kept",
    ),
    _word("jamf-macos-profile", "object", "BLOCKLIST", "ALLOWLIST", "not as claimed", "an allow list"),
]


@pytest.mark.parametrize(("name", "document", "old", "new", "says"), _SPOILT)
def test_one_wrong_word_is_seen(name: str, document: str, old: str, new: str, says: str) -> None:
    files = {path: data.replace(old.encode(), new.encode()) for path, data in _files(name)[document].items()}
    assert files != _files(name)[document]
    found = _compare(name, document, files)
    assert found
    assert says in " ".join(f"{f.message} {f.hint}" for f in found)


_ASSIGNED = [
    pytest.param([], id="nobody"),
    pytest.param(
        [
            {
                "intent": "uninstall",
                "target": {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget", "groupId": "1"},
            }
        ],
        id="an exclusion alone",
    ),
    pytest.param(
        [{"intent": "available", "target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}],
        id="an offer",
    ),
]


@pytest.mark.parametrize("assignments", _ASSIGNED)
def test_an_assignment_that_blocks_nothing_is_seen(assignments: list[Any]) -> None:
    [(path, data)] = _files(_RESTRICTIONS)["managed-apps"].items()
    page = msgspec.json.decode(data)
    page["value"][0]["assignments"] = assignments
    found = _compare(_RESTRICTIONS, "managed-apps", {path: msgspec.json.encode(page)})
    assert repr(page["value"][0]["packageId"]) in " ".join(f.message for f in found)
