r"""Hold an App Control policy against what its converter asks for: what it refuses makes no policy at all.

The rules are those of cipolicy.xsd (NuGet Microsoft.Security.CodeIntegrity, as of 2026-08), which also lies on every device in
%windir%\schemas\CodeIntegrity. That an id or a scenario may not stand twice is what converters say
(HotCakeX/Harden-Windows-Security@f639cca).
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml import etree

SOURCE = "cipolicy.xsd of Microsoft.Security.CodeIntegrity (2026-08)"
NAMESPACE = "urn:schemas-microsoft-com:sipolicy"
_GUID = re.compile(r"\{[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}\}")
_VERSION = re.compile(r"[0-9]*.[0-9]*.[0-9]*.[0-9]*")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
_REQUIRED = ("VersionEx", "PlatformID", "Rules")
_TOP = frozenset(
    {
        *(*_REQUIRED, "PolicyTypeID", "PolicyID", "BasePolicyID", "EKUs", "FileRules", "ArtifactRules", "Signers"),
        *("SigningScenarios", "UpdatePolicySigners", "CiSigners", "HvciOptions", "Settings", "Macros"),
        *("SupplementalPolicySigners", "AppSettings"),
    }
)
_GUIDS = ("PolicyTypeID", "PlatformID", "PolicyID", "BasePolicyID")
_POLICY_TYPES = ("Base Policy", "Supplemental Policy", "AppID Tagging Policy")
_OPTIONS = frozenset(
    {
        *("Enabled:UMCI", "Enabled:Boot Menu Protection", "Enabled:Intelligent Security Graph Authorization"),
        *("Enabled:Invalidate EAs on Reboot", "Required:WHQL", "Enabled:Developer Mode Dynamic Code Trust"),
        *("Enabled:Allow Supplemental Policies", "Disabled:Runtime FilePath Rule Protection"),
        *("Enabled:Revoked Expired As Unsigned", "Enabled:Audit Mode", "Disabled:Flight Signing"),
        *("Enabled:Inherit Default Policy", "Enabled:Unsigned System Integrity Policy"),
        *("Enabled:Dynamic Code Security", "Required:EV Signers", "Enabled:Boot Audit On Failure"),
        *("Enabled:Advanced Boot Options Menu", "Disabled:Script Enforcement"),
        *("Required:Enforce Store Applications", "Enabled:Secure Setting Policy", "Enabled:Managed Installer"),
        *("Enabled:Update Policy No Reboot", "Enabled:Conditional Windows Lockdown Policy"),
        "Disabled:Default Windows Certificate Remapping",
    }
)
_NAMED = "[A-Z][_A-Z0-9]*"
_IDS = {
    "Allow": ("ID", re.compile(f"ID_(?:ALLOW|FILE)_{_NAMED}")),
    "Deny": ("ID", re.compile(f"ID_(?:DENY|FILE)_{_NAMED}")),
    "FileAttrib": ("ID", re.compile(f"ID_(?:FILEATTRIB|FILE)_{_NAMED}")),
    "FileRule": ("ID", re.compile(f"ID_(?:FILEATTRIB|FILE|ALLOW|DENY)_{_NAMED}")),
    "Signer": ("ID", re.compile(f"ID_SIGNER_{_NAMED}")),
    "SigningScenario": ("ID", re.compile(f"ID_SIGNINGSCENARIO_{_NAMED}")),
    "EKU": ("ID", re.compile(f"ID_EKU_{_NAMED}")),
}
"""Where each element has its id, and the form of it."""
_RULE_ID = re.compile(f"ID_(?:ALLOW|DENY|FILE)_{_NAMED}")
_REFERENCES = {
    "DeniedSigner": ("SignerId", _IDS["Signer"][1]),
    "AllowedSigner": ("SignerId", _IDS["Signer"][1]),
    "UpdatePolicySigner": ("SignerId", _IDS["Signer"][1]),
    "SupplementalPolicySigner": ("SignerId", _IDS["Signer"][1]),
    "CiSigner": ("SignerId", _IDS["Signer"][1]),
    "FileAttribRef": ("RuleID", _IDS["FileAttrib"][1]),
    "ExceptAllowRule": ("AllowRuleID", _IDS["Allow"][1]),
    "ExceptDenyRule": ("DenyRuleID", _IDS["Deny"][1]),
    "CertEKU": ("ID", _IDS["EKU"][1]),
}
_FILE = frozenset(
    {
        *("ID", "FriendlyName", "FileName", "InternalName", "FileDescription", "ProductName", "PackageFamilyName"),
        *("PackageVersion", "MinimumFileVersion", "MaximumFileVersion", "Hash", "AppIDs", "FilePath"),
    }
)
_ATTRIBUTES = {
    "Allow": _FILE | {"RequireHotpatchID", "MinimumHotpatchSequence", "MaximumHotpatchSequence"},
    "Deny": _FILE,
    "FileAttrib": _FILE,
    "FileRule": _FILE | {"Type"},
    "Signer": frozenset({"ID", "Name", "SignTimeAfter"}),
    "SigningScenario": frozenset({"ID", "Value", "FriendlyName", "InheritedScenarios", "MinimumHashAlgorithm"}),
    "DeniedSigner": frozenset({"SignerId"}),
    "AllowedSigner": frozenset({"SignerId"}),
    "FileRuleRef": frozenset({"RuleID"}),
    "FileAttribRef": frozenset({"RuleID"}),
    "CertRoot": frozenset({"Type", "Value"}),
    "CertPublisher": frozenset({"Value"}),
}
_CHILDREN = {
    "Rules": {"Rule"},
    "Rule": {"Option"},
    "FileRules": {"Allow", "Deny", "FileAttrib", "FileRule"},
    "Signers": {"Signer"},
    "SigningScenarios": {"SigningScenario"},
    "SigningScenario": {"ProductSigners", "ArtifactSigners", "TestSigners", "TestSigningSigners", "AppIDTags"},
    "ProductSigners": {"AllowedSigners", "DeniedSigners", "FileRulesRef"},
    "AllowedSigners": {"AllowedSigner"},
    "DeniedSigners": {"DeniedSigner"},
    "AllowedSigner": {"ExceptDenyRule"},
    "DeniedSigner": {"ExceptAllowRule"},
    "FileRulesRef": {"FileRuleRef"},
    "Allow": set[str](),
    "Deny": set[str](),
    "FileAttrib": set[str](),
}
_SIGNER = ("CertRoot", "CertEKU", "CertIssuer", "CertPublisher", "CertOemID", "FileAttribRef", "ArtifactRuleRef")
_ONCE = ("CertRoot", "CertIssuer", "CertPublisher", "CertOemID")
_VERSIONS = ("PackageVersion", "MinimumFileVersion", "MaximumFileVersion")


def local(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return _bare(str(element.tag))


@lru_cache(maxsize=1024)
def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the first child of a name."""
    return next((one for one in element if local(one) == name), None)


def policy_text(element: etree._Element, name: str) -> str:
    """Return the text of the first child of a name; empty where there is none."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def options(root: etree._Element) -> frozenset[str]:
    """Return the options that a policy sets."""
    rules = child(root, "Rules")
    return frozenset(policy_text(rule, "Option") for rule in rules) if rules is not None else frozenset()


def faults(root: etree._Element, places: Mapping[etree._Element, str]) -> Iterator[tuple[str, str]]:
    """Yield what a converter refuses a policy for, each with the place."""
    top = places[root]
    if str(root.tag) != f"{{{NAMESPACE}}}SiPolicy":
        yield top, f"the document is not in the namespace {NAMESPACE}"
    if root.get("PolicyType", _POLICY_TYPES[0]) not in _POLICY_TYPES:
        yield top, f"PolicyType is not one of {', '.join(_POLICY_TYPES)}"
    yield from _top(root, places)
    ids: Counter[str] = Counter()
    values: Counter[str] = Counter()
    for element, place in places.items():
        name = local(element)
        if element.getparent() is not root or name not in _TOP:
            yield from ((place, said) for said in _element(element, name))
        if name in _IDS:
            ids[element.get("ID", "")] += 1
            if ids[element.get("ID", "")] == 2:
                yield place, f"the id {_shown(element.get('ID', ''))} stands twice"
        if name == "SigningScenario":
            values[element.get("Value", "")] += 1
            if values[element.get("Value", "")] == 2:
                yield place, f"the signing scenario {_shown(element.get('Value', ''))} stands twice"


def _top(root: etree._Element, places: Mapping[etree._Element, str]) -> Iterator[tuple[str, str]]:
    seen: Counter[str] = Counter()
    for element in root:
        name, place = local(element), places[element]
        seen[name] += 1
        if name not in _TOP:
            yield place, f"a policy has no element {_shown(name)}"
        elif seen[name] == 2:
            yield place, f"{name} stands twice"
        value = (element.text or "").strip()
        if name in _GUIDS and not _GUID.fullmatch(value):
            yield place, f"{name} is not a GUID in braces"
        if name == "VersionEx" and not _VERSION.fullmatch(value):
            yield place, "VersionEx is not a version of four numbers"
        if name in _CHILDREN:
            yield from ((place, said) for said in _strange(element, name))
    for name in _REQUIRED:
        if not seen[name]:
            yield places[root], f"{name} is missing, which a policy must have"


def _strange(element: etree._Element, name: str) -> Iterator[str]:
    """Yield the children that an element cannot have."""
    known = _CHILDREN.get(name)
    for other in sorted({local(one) for one in element} - known) if known is not None else ():
        yield f"{name} has no element {_shown(other)}"


def _element(element: etree._Element, name: str) -> Iterator[str]:
    yield from _strange(element, name)
    known = _ATTRIBUTES.get(name)
    for other in sorted({str(key) for key in element.attrib} - known) if known is not None else ():
        yield f"{name} has no attribute {_shown(other)}"
    where, form = _IDS.get(name) or _REFERENCES.get(name) or ("", None)
    if form is not None and not form.fullmatch(element.get(where, "")):
        yield f"{where} of {name} is {_shown(element.get(where, ''))}, which is not an id of one: they are upper case"
    if name == "Option" and (element.text or "").strip() not in _OPTIONS:
        yield f"{_shown((element.text or '').strip())} is not an option of a policy"
    for key in _VERSIONS:
        if key in element.attrib and not _VERSION.fullmatch(element.get(key, "")):
            yield f"{key} is not a version of four numbers"
    if not _HEX.fullmatch(element.get("Hash", "")):
        yield "Hash is not written in hexadecimal digits"
    special = _SPECIAL.get(name)
    if special is not None:
        yield from special(element)


def _signer(element: etree._Element) -> Iterator[str]:
    names = [local(one) for one in element]
    if "Name" not in element.attrib:
        yield "Signer has no Name, which it must have"
    if "CertRoot" not in names:
        yield "Signer has no CertRoot, which it must have"
    for name in sorted(set(names) - set(_SIGNER)):
        yield f"Signer has no element {_shown(name)}"
    known = [_SIGNER.index(name) for name in names if name in _SIGNER]
    if known != sorted(known):
        yield f"the elements of Signer stand in the order {', '.join(_SIGNER)}"
    for name in _ONCE:
        if names.count(name) > 1:
            yield f"{name} stands twice in a Signer"


def _cert_root(element: etree._Element) -> Iterator[str]:
    if element.get("Type") not in ("TBS", "Wellknown"):
        yield "Type of CertRoot is neither TBS nor Wellknown"
    if "Value" not in element.attrib or not _HEX.fullmatch(element.get("Value", "")):
        yield "Value of CertRoot is not written in hexadecimal digits"


def _cert_publisher(element: etree._Element) -> Iterator[str]:
    if "Value" not in element.attrib:
        yield f"{local(element)} has no Value, which it must have"


def _scenario(element: etree._Element) -> Iterator[str]:
    value = element.get("Value", "")
    if not (value.isascii() and value.isdigit() and int(value[:4]) < 256):
        yield "Value of SigningScenario is not a number from 0 to 255"
    names = [local(one) for one in element]
    if names[:1] != ["ProductSigners"]:
        yield "SigningScenario does not begin with ProductSigners, which it must have"
    for name in sorted(name for name, count in Counter(names).items() if count > 1):
        yield f"{name} stands twice in a SigningScenario"


def _product_signers(element: etree._Element) -> Iterator[str]:
    for name, count in Counter(local(one) for one in element).items():
        if count > 1:
            yield f"{name} stands twice in ProductSigners"
    for one in element:
        if not len(one):
            yield f"{local(one)} is empty, and must hold at least one reference"


def _rule_reference(element: etree._Element) -> Iterator[str]:
    named = element.get("RuleID")
    if named is not None and not _RULE_ID.fullmatch(named):
        yield f"RuleID is {_shown(named)}, which is not an id of an Allow or Deny: they are upper case"


_SPECIAL = {
    "FileRuleRef": _rule_reference,
    "Signer": _signer,
    "CertRoot": _cert_root,
    "CertPublisher": _cert_publisher,
    "CertIssuer": _cert_publisher,
    "CertOemID": _cert_publisher,
    "SigningScenario": _scenario,
    "ProductSigners": _product_signers,
}


def _shown(value: str) -> str:
    return repr(value if len(value) <= 80 else value[:77] + "...")
