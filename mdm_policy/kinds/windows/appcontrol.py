"""Read App Control for Business policies (SiPolicy): which programs their deny rules stop.

A Deny beats every Allow, also one of another policy; of several base policies a program must pass all. So what a base
policy denies stays denied whatever stands beside it, and an allow list only ever adds to that.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from mdm_policy.documents import elements
from mdm_policy.joined import joined
from mdm_policy.kinds.collector import Entries, Why, fact, narrowed
from mdm_policy.kinds.windows.sipolicy import SOURCE, child, faults, local, options, policy_text
from mdm_policy.reading import Condition, DeviceSlot, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.documents import Document
    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import Reading
    from mdm_policy.vocabulary import Kind

_RULES = "MicrosoftDocs/windows-itpro-docs@1c3b2da select-types-of-rules-to-create.md (2023-11)"
_DENY = "MicrosoftDocs/windows-itpro-docs@923fce7 create-appcontrol-deny-policy.md"
_PACKAGES = "MicrosoftDocs/windows-itpro-docs@1c3b2da manage-packaged-apps-with-appcontrol.md (2023-03)"
_MULTIPLE = "MicrosoftDocs/windows-itpro-docs@b3aebaf deploy-multiple-appcontrol-policies.md (2024-04)"
_SINCE: dict[str, tuple[int, ...]] = {"windows": (10, 0, 18362)}
"""Windows 10 1903, which brought policies of the multiple format and rules on paths (the same page)."""
_SINGLE: dict[str, tuple[int, ...]] = {"windows": (10,)}
_EDITED = "copies whose version resource is edited or left out"

FILE_NAME = Rule(
    "app-control-file-name",
    "app-control",
    "block",
    "blocked",
    "weak",
    fact("a Deny with FileName stops programs by the original file name in their version resource", _RULES),
    introduced=_SINCE,
    escapes=_EDITED,
)
PRODUCT = Rule(
    "app-control-product-name",
    "app-control",
    "block",
    "blocked",
    "weak",
    fact("a Deny with ProductName stops programs by the product name in their version resource", _RULES),
    introduced=_SINCE,
    escapes=_EDITED,
)
PATH = Rule(
    "app-control-path",
    "app-control",
    "block",
    "blocked",
    "weak",
    fact("a Deny with FilePath stops programs by where they stand", _RULES),
    introduced=_SINCE,
    escapes="copies that are renamed",
)
PACKAGE = Rule(
    "app-control-package-family-name",
    "app-control",
    "block",
    "blocked",
    "strong",
    fact("a Deny with PackageFamilyName stops a packaged app", _PACKAGES),
    introduced=_SINCE,
)
SIGNER = Rule(
    "app-control-signer",
    "app-control",
    "block",
    "blocked",
    "partial",
    fact("a denied signer stops all that a name signed with certificates of one issuer", _RULES),
    introduced=_SINCE,
    escapes="copies that are unsigned, or signed with another name or a certificate of another issuer",
)
SIGNED_FILE = Rule(
    "app-control-signed-file",
    "app-control",
    "block",
    "blocked",
    "partial",
    fact("a denied signer with a FileAttribRef stops the files of that name or product that it signed", _RULES),
    introduced=_SINCE,
    escapes="copies that are unsigned, or signed with another name or a certificate of another issuer",
)
NAME_ALONE = Rule(
    "app-control-signer-name",
    "app-control",
    "block",
    "unknown",
    "weak",
    fact("a denied signer is a name together with the certificate that issues to it", _RULES),
    introduced=_SINCE,
    why="the rule stops the name with one issuer's certificates; whether the app is signed with them is not known",
    cause="condition",
)
EVERYTHING = Rule(
    "app-control-denies-all",
    "app-control",
    "allow-only",
    "unknown",
    "weak",
    fact("a Deny with FileName * is described nowhere", _RULES),
    introduced=_SINCE,
    why='a Deny with FileName="*" may stop every program, and no page of the vendor says so',
    cause="undocumented",
)
IMPLICIT = Rule(
    "app-control-implicit-deny",
    "app-control",
    "allow-only",
    "unknown",
    "weak",
    fact("what no rule of a base policy allows is denied", _DENY),
    introduced=_SINCE,
    why="the policy refuses what its own rules do not allow, and whether one of them allows the app is not known",
    cause="condition",
)
UNLISTED = Rule(
    "app-control-unlisted",
    "app-control",
    "allow-only",
    "blocked",
    "strong",
    fact(
        "a program that no rule of a base policy denies, allows or trusts is denied",
        "MicrosoftDocs/windows-itpro-docs@839e36c app-control-for-business/operations/known-issues.md (2024-09), order of evaluation; "
        + _DENY,
    ),
    introduced=_SINCE,
)
PACKAGES = Rule(
    "app-control-packages-unlisted",
    "app-control",
    "allow-only",
    "unknown",
    "weak",
    fact("with one rule on a PackageFamilyName, packaged apps are judged by such rules alone", _PACKAGES),
    introduced=_SINCE,
    conditions=(Condition("packaged-apps"),),
    why="the policy judges packaged apps by its PackageFamilyName rules alone, and whether another policy allows the app is not known",
    cause="condition",
)
RULES = (FILE_NAME, PRODUCT, PATH, PACKAGE, SIGNER, SIGNED_FILE, NAME_ALONE, EVERYTHING, IMPLICIT, UNLISTED, PACKAGES)

_USER_MODE = "12"
"""The signing scenario of programs; 131 is that of drivers."""
_AUDIT = "Enabled:Audit Mode"
_STORE = "Required:Enforce Store Applications"
_SCRIPTS = "Disabled:Script Enforcement"
_SUPPLEMENTAL = "Supplemental Policy"
_TAGGING = "AppID Tagging Policy"
_HIGHEST = (65535,) * 4
_LOWEST = (0,) * 4
_UNKNOWN_PARTS = ("InternalName", "FileDescription", "AppIDs", "PackageVersion")
"""Attributes that narrow a rule by what no identifier of a list tells."""
_WIDENING = frozenset(
    {
        "Enabled:Managed Installer",
        "Enabled:Intelligent Security Graph Authorization",
        "Enabled:Allow Supplemental Policies",
        _SCRIPTS,
        "Enabled:Developer Mode Dynamic Code Trust",
    }
)
"""Options by which an allow list lets more pass."""
_TRUSTING = _WIDENING - {_SCRIPTS}
"""Those by which programs pass that no rule of the policy names."""
_MOST_ALLOWED = 1_000
"""How many entries of an allow list are told one by one as exceptions from it."""


def is_app_control(root: Any) -> bool:
    """Recognise a policy by its root, in whatever namespace: in a wrong one its reader says so."""
    return local(root) == "SiPolicy"


def is_supplement(root: Any) -> bool:
    """Recognise a policy that adds to another: it says so, or bears the id of another policy as that of its base."""
    if not is_app_control(root):
        return False
    own, base = policy_text(root, "PolicyID"), policy_text(root, "BasePolicyID")
    return root.get("PolicyType") == _SUPPLEMENTAL or (base != "" and own.lower() != base.lower())


def policy_of(document: Document) -> tuple[DeviceSlot, ...]:
    """Name the policy's own node: a device holds one policy of each PolicyID (applicationcontrol-csp.md)."""
    root = document.value
    named = policy_text(root, "PolicyID") if isinstance(root, etree._Element) else ""  # noqa: SLF001  # no public name
    return (
        (DeviceSlot("node", f"./vendor/msft/applicationcontrol/policies/{named.strip('{}').lower()}"),) if named else ()
    )


def read_app_control(c: Collector) -> Reading:
    """Read a policy; one that the converter refuses denies nothing."""
    root = c.document.value
    if not isinstance(root, etree._Element):  # noqa: SLF001  # lxml has no public name for its element class
        c.mapping(root, "")
        return c.reading()
    places = {element: place for place, element in elements(root)}
    found = list(faults(root, places))
    policy = _Policy(c, root, places)
    policy.read()
    if found:
        hint = "make the policy again with the App Control Wizard or ConvertFrom-CIPolicy, which names such faults"
        for place, said in found:
            c.say("error", "app-control-refused", said, place, hint)
        at, said = found[0]
        c.reject_all(f"no policy can be made of the document: {said}", at, hint, SOURCE)
    return c.reading()


class _Policy:
    """Read one policy: its options and type decide what its rules do, its references which of them act."""

    def __init__(self, c: Collector, root: etree._Element, places: dict[etree._Element, str]) -> None:
        self.c = c
        self.root = root
        self.places = places
        self.options = options(root)
        self.supplement = is_supplement(root)
        self.named: dict[str, etree._Element] = {
            one.get("ID", ""): one for one in places if local(one) in ("Allow", "Deny", "FileAttrib", "Signer")
        }
        self.introduced = _SINCE if child(root, "PolicyID") is not None else _SINGLE
        self._changes = self._mode()
        self._found: dict[tuple[int, Kind], tuple[Rule, Kind, list[str], list[str]]] = {}
        self._undefined = ""
        """What puts the policy in doubt: a reference to something that is defined nowhere."""

    def read(self) -> None:
        """Read the scenario of user mode, in which programs run."""
        self._question()
        scenarios: dict[str, etree._Element] = {}
        for one in self.places:
            if local(one) == "SigningScenario":
                scenarios.setdefault(one.get("Value", ""), one)
        programs = scenarios.get(_USER_MODE)
        if programs is None:
            said = "the policy has no signing scenario 12, which is that of programs: it governs drivers alone"
            self.c.say("warning", "app-control-no-programs", said, self.places[self.root])
        else:
            self._scenario(programs)
        self._unreferenced()
        for rule, kind, values, pointers in self._found.values():
            self.c.add_all(rule, "windows", kind, Entries(tuple(pointers), values))
        if self._undefined and self.acts:
            self.c.mark_uncertain(self._undefined)

    def _mode(self) -> dict[str, Any]:
        """Return what the options and the type of the policy make of every rule of it."""
        top = self.places[self.root]
        changes: dict[str, Any] = {} if self.introduced is _SINCE else {"introduced": self.introduced}
        if self.root.get("PolicyType") == _TAGGING:
            why = "a policy that tags processes stops none"
            self.c.say("error", "app-control-tags-only", why, top, 'use PolicyType="Base Policy"')
            return changes | {"sense": "none", "verdict": "allowed", "why": why, "cause": "no-effect"}
        if "Enabled:UMCI" not in self.options:
            why = "without the option Enabled:UMCI the policy governs drivers alone"
            self.c.say("error", "app-control-drivers-only", why, top, "add the option Enabled:UMCI")
            return changes | {"sense": "none", "verdict": "allowed", "why": why, "cause": "no-effect"}
        if _AUDIT in self.options:
            why = "in audit mode the policy only writes events"
            self.c.say("error", "app-control-audit", why, top, "remove the option Enabled:Audit Mode")
            return changes | {"sense": "report", "verdict": "reported-only", "why": why}
        return changes

    @property
    def acts(self) -> bool:
        """Tell whether the policy refuses anything at all."""
        return "sense" not in self._changes

    def _question(self) -> None:
        """Put in doubt what nobody can tell of the whole policy."""
        said = ""
        if self.supplement:
            said = "the policy supplements another, and whether a Deny counts there is not documented"
        elif any(local(one) == "FileRule" for one in self.places):
            said = "the policy holds FileRule elements, and what they change is not documented"
        if said and self.acts:
            self.c.uncertain_because = Why("undocumented", said)
            self.c.say("warning", "app-control-undocumented", said, self.places[self.root], "put it into a base policy")

    def _scenario(self, scenario: etree._Element) -> None:
        signers = child(scenario, "ProductSigners")
        allowed: list[str] = []
        everything = deny_packages = False
        packages: list[tuple[str, str]] = []
        named: list[tuple[str, tuple[Kind, str] | None]] = []
        for group in signers if signers is not None else ():
            for reference in group:
                element = self._referenced(reference)
                if element is None:
                    continue
                name = local(reference)
                if name == "DeniedSigner" and local(element) == "Signer":
                    self._signer(element, reference)
                elif name == "FileRuleRef" and local(element) == "Deny":
                    self._deny(element)
                    deny_packages = deny_packages or "PackageFamilyName" in element.attrib
                else:
                    everything = everything or _is_everything(element)
                    if local(element) == "Allow" and element.get("PackageFamilyName"):
                        packages.append((self.places[element], element.get("PackageFamilyName", "")))
                    allowed.append(_written(element, reference))
                    named.append((self.places[element], _told_by(element)))
        if self.acts and not any(name == "*" for _, name in packages):
            self._packages(scenario, packages, acting=deny_packages or bool(packages))
        if everything and self.acts:
            self.c.beside("opens", "allow-list", "merged", self.places[scenario])
        if everything and _SCRIPTS not in self.options and "Enabled:UMCI" in self.options:
            self.c.beside("stops", "script-hosts", "always", self.places[self.root])
        if not everything and not self.supplement:
            self._implicit(scenario, allowed)
            if not _allows_more(scenario):
                self._unlisted(named)

    def _packages(self, scenario: etree._Element, allowed: list[tuple[str, str]], *, acting: bool) -> None:
        """Say that the policy refuses each packaged app that it does not allow by its family name.

        So it does once such a rule stands in it; of one that no scenario of programs refers to no page says otherwise.
        """
        if not any("PackageFamilyName" in one.attrib for one in self.named.values()):
            return
        if acting:
            said = (
                "with a PackageFamilyName rule the policy judges packaged apps by such rules alone, and none allows '*': "
                "all others are refused, also those of Windows"
            )
            hint = 'add <Allow PackageFamilyName="*"/> (Windows 11), or deny the package with AppLocker'
            self.c.say("warning", "app-control-packages-refused", said, self.places[scenario], hint)
            self.c.beside("stops", "packaged-apps", "always", self.places[scenario], said=True)
        rule = self.c.rule(PACKAGES, **self._changes)
        self.c.add_all(rule, "windows", "package_family_name", Entries.of(allowed))

    def _implicit(self, scenario: etree._Element, allowed: list[str]) -> None:
        """Say that the policy is an allow list: an Allow with FileName="*" is missing."""
        told = sorted({*allowed, *(f"option={one}" for one in self.options & _WIDENING)})
        kept = [Condition("exceptions", one) for one in told[:_MOST_ALLOWED]]
        if len(told) > _MOST_ALLOWED:
            kept += [Condition("exceptions", f"{len(told) - _MOST_ALLOWED}:{_hash(told[_MOST_ALLOWED:])}")]
        if self.acts:
            self.c.rule(IMPLICIT, **self._changes, conditions=narrowed(*kept))
            said = 'no Allow with FileName="*" counts for programs, so the policy refuses all that no rule of it allows'
            hint = 'add <Allow FileName="*"/> and refer to it in both scenarios, if only a ban is meant'
            self.c.say("warning", "app-control-allow-list", said, self.places[scenario], hint)

    def _unlisted(self, named: list[tuple[str, tuple[Kind, str] | None]]) -> None:
        """Say that what no rule allows is denied, where each of them tells by a name or signer what it may be about.

        An Allow by the version resource lets a copy in whose resource is edited to it.
        """
        if not self.acts or self.options & _TRUSTING or len(named) > _MOST_ALLOWED:
            return
        told: dict[Kind, list[tuple[str, str]]] = {}
        for place, one in named:
            if one is None:
                return
            if one[0] != "package_family_name":
                told.setdefault(one[0], []).append((place, one[1]))
        by_name = any(kind in ("product_name", "original_file_name") for kind in told)
        changes = self._changes | {"conditions": narrowed(*(Condition("identified-by", kind) for kind in told))}
        rule = self.c.rule(UNLISTED, **changes | ({"strength": "weak", "escapes": _EDITED} if by_name else {}))
        for kind, entries in told.items():
            self.c.add_all(rule, "windows", kind, Entries.of(entries))

    def _referenced(self, reference: etree._Element) -> etree._Element | None:
        """Return what a reference names; one that names nothing puts the policy in doubt."""
        named = reference.get("SignerId") or reference.get("RuleID") or ""
        if not named:
            return None
        found = self.named.get(named)
        if found is None and not named.startswith("ID_FILE_"):
            said = f"{named[:80]!r} is defined nowhere in the policy, and whether such a policy can be made is not documented"
            self.c.say(
                "error", "app-control-undefined", said, self.places[reference], "define it, or remove the reference"
            )
            self._undefined = self._undefined or said
        return found

    def _unreferenced(self) -> None:
        """Say which denials are defined and act nowhere."""
        used = {one.get("RuleID") or one.get("SignerId") for one in self.places if local(one) in _REFERENCES}
        for one in self.places:
            if local(one) == "Deny" and one.get("ID") not in used:
                said = f"no signing scenario refers to {one.get('ID', '')[:80]!r}, so it denies nothing"
                hint = "refer to it in the signing scenario 12 with a FileRuleRef"
                self.c.say("error", "app-control-unreferenced", said, self.places[one], hint)

    def _deny(self, element: etree._Element) -> None:
        place = self.places[element]
        conditions = [*_conditions(element), *self._versions(element, place)]
        if "FilePath" in element.attrib:
            self._path(element, place, conditions)
        elif "PackageFamilyName" in element.attrib:
            self._package(element, place, conditions)
        elif "Hash" in element.attrib:
            message = "a hash rule stops one build of a file, which no list of identifiers can hold"
            self.c.say("note", "no-identifier-kind", message, place)
        else:
            self._names(element, {}, place, conditions)

    def _names(self, element: etree._Element, signer: dict[Kind, str], place: str, conditions: list[Condition]) -> None:
        """Add what a rule denies by the version resource, and by its signer where it has one."""
        parts = dict(signer)
        if element.get("ProductName"):
            parts["product_name"] = element.get("ProductName", "")
        file = element.get("FileName", "")
        if file and file != "*":
            parts["original_file_name"] = file
        if not parts and file == "*" and not conditions:
            if self.acts:
                self.c.rule(EVERYTHING, **self._changes)
            self.c.say("warning", "app-control-denies-all", EVERYTHING.why, place, "name one program")
            return
        if parts.keys() == signer.keys() and (not signer or not file):
            message = "the rule tells a program by what no list of identifiers can hold"
            self.c.say("note", "no-identifier-kind", message, place)
            return
        if any(mark in value for value in parts.values() for mark in ("*", "?", "$(")):
            conditions = [*conditions, Condition("expression", " ".join(parts.values()))]
        base = SIGNED_FILE if signer else PRODUCT if "original_file_name" not in parts else FILE_NAME
        self._add(base, *joined(parts), place, conditions)

    def _path(self, element: etree._Element, place: str, conditions: list[Condition]) -> None:
        path = element.get("FilePath", "").replace("/", "\\")
        folder, _, file = path.rpartition("\\")
        if folder in ("", "*"):
            file = file.removeprefix("*")
        else:
            conditions = [*conditions, Condition("folder", folder)]
        if "*" in file or "?" in file or "$(" in path or not file.lower().endswith(".exe"):
            message = f"the rule stops what stands under {path[:80]!r}, which tells no program of a list"
            self.c.say("note", "no-identifier-kind", message, place)
            return
        self._add(PATH, "executable", file, place, conditions)

    def _package(self, element: etree._Element, place: str, conditions: list[Condition]) -> None:
        named = element.get("PackageFamilyName", "")
        if "*" in named or "?" in named:
            message = (
                f"{named[:80]!r} holds a wildcard, which Windows 11 alone knows, and which tells no package of a list"
            )
            self.c.say("note", "no-identifier-kind", message, place)
            return
        if _STORE not in self.options:
            said = f"policies apply to the Store's apps with the option {_STORE} alone, and this one does not set it"
            self.c.say("error", "app-control-store-apps", said, place, f"add the option {_STORE}")
            conditions = [*conditions, Condition("expression", f"without={_STORE}")]
        self._add(PACKAGE, "package_family_name", named, place, conditions)

    def _signer(self, element: etree._Element, reference: etree._Element) -> None:
        place = self.places[reference]
        conditions = [
            Condition("exceptions", f"{local(one)}:{one.get('AllowRuleID', '')}")
            for one in reference
            if local(one) == "ExceptAllowRule"
        ]
        if element.get("SignTimeAfter"):
            conditions.append(Condition("expression", f"SignTimeAfter:{element.get('SignTimeAfter')}"))
        root, name = child(element, "CertRoot"), child(element, "CertPublisher")
        conditions += [
            Condition("expression", f"{local(one)}:{one.get('ID') or one.get('Value') or one.get('RuleID') or ''}")
            for one in element
            if local(one) in ("CertEKU", "CertIssuer", "CertOemID", "ArtifactRuleRef")
        ]
        if root is None or root.get("Type") != "TBS":
            message = "the signer is told by a root that Windows knows by number, which no list of identifiers can hold"
            self.c.say("note", "no-identifier-kind", message, place)
            return
        signer: dict[Kind, str] = {"certificate": root.get("Value", "").lower()}
        if name is not None:
            signer["publisher_cn"] = name.get("Value", "")
        attributes = [one for one in element if local(one) == "FileAttribRef"]
        for one in attributes:
            named = self._referenced(one)
            if named is not None:
                more = [*conditions, *_conditions(named), *self._versions(named, self.places[named])]
                self._names(named, signer, place, more)
        if not attributes:
            self._add(SIGNER, *joined(signer), place, conditions)
        if name is not None and not attributes:
            self._add(NAME_ALONE, "publisher_cn", name.get("Value", ""), place, conditions)

    def _versions(self, element: etree._Element, place: str) -> list[Condition]:
        """Return what the version bounds of a denial leave out.

        With both it denies what lies between them; with the lower alone that version and those below, with the upper alone
        that version and those above: for a denial the words are turned round.
        """
        low, high = element.get("MinimumFileVersion"), element.get("MaximumFileVersion")
        every = (low is None or _version(low) == (_LOWEST if high is not None else _HIGHEST)) and (
            high is None or _version(high) == (_HIGHEST if low is not None else _LOWEST)
        )
        if every:
            return []
        if low is None or high is None:
            said = (
                f"a denial with {'MaximumFileVersion' if low is None else 'MinimumFileVersion'} alone stops that version and "
                f"{'higher' if low is None else 'lower'} ones"
            )
            hint = "write MinimumFileVersion 0.0.0.0 and MaximumFileVersion 65535.65535.65535.65535, or neither"
            self.c.say("warning", "app-control-version-bound", said, place, hint)
        return [Condition("versions", f"{low or ''}..{high or ''}")]

    def _add(self, base: Rule, kind: Kind, value: str, place: str, conditions: list[Condition]) -> None:
        changes = dict(self._changes)
        if conditions:
            changes["conditions"] = narrowed(*conditions)
            if self.acts:
                told = ", ".join(f"{one.kind} {one.value}".strip() for one in narrowed(*conditions))[:200]
                why = f"the rule holds under a condition of which nobody can tell whether it spares the app: {told}"
                changes |= {"verdict": "unknown", "why": why, "cause": "condition"}
        rule = self.c.rule(base, **changes)
        found = self._found.setdefault((id(rule), kind), (rule, kind, [], []))
        found[2].append(value)
        found[3].append(place)


_REFERENCES = ("FileRuleRef", "FileAttribRef", "DeniedSigner", "AllowedSigner", "ExceptDenyRule")


def _conditions(element: etree._Element) -> list[Condition]:
    """Return what narrows a rule by attributes beside those that name a program."""
    return [
        Condition("expression", f"{key}={element.get(key)}") for key in _UNKNOWN_PARTS if element.get(key) is not None
    ]


@lru_cache(maxsize=1024)
def _version(written: str) -> tuple[int, ...]:
    parts = written.split(".")
    return tuple(int(part) if part.isascii() and part.isdigit() and len(part) < 6 else -1 for part in parts)


def _is_everything(element: etree._Element) -> bool:
    """Tell whether an Allow lets every program run."""
    narrowing = {str(key) for key in element.attrib} - {"ID", "FriendlyName", "FileName", "FilePath"}
    return local(element) == "Allow" and not narrowing and "*" in (element.get("FileName"), element.get("FilePath"))


def _allows_more(scenario: etree._Element) -> bool:
    """Tell whether a scenario may allow by more than its ProductSigners: by another one's, or by those of tests (cipolicy.xsd)."""
    beside = ("TestSigners", "TestSigningSigners", "ArtifactSigners")
    return "InheritedScenarios" in scenario.attrib or any(local(one) in beside for one in scenario)


def _told_by(element: etree._Element) -> tuple[Kind, str] | None:
    """Return one identifier that all have which an Allow or an allowed signer lets in; nothing where it may be anything.

    Whatever else it asks for lets in less. A rule for packages lets in no program.
    """
    if local(element) == "Signer":
        root, name = child(element, "CertRoot"), child(element, "CertPublisher")
        if name is not None:
            return "publisher_cn", name.get("Value", "")
        told = root is not None and root.get("Type") == "TBS"
        return ("certificate", root.get("Value", "").lower()) if told and root is not None else None
    if "PackageFamilyName" in element.attrib:
        return "package_family_name", element.get("PackageFamilyName", "")
    names: tuple[tuple[Kind, str], ...] = (
        ("product_name", element.get("ProductName", "")),
        ("original_file_name", element.get("FileName", "")),
    )
    plain = (one for one in names if one[1] and not any(mark in one[1] for mark in ("*", "?", "$(")))
    return next(plain, None)


def _written(element: etree._Element, reference: etree._Element) -> str:
    """Return an Allow or an allowed signer as text that is equal for what allows the same."""
    parts = [
        f"{key}={value}" for key, value in sorted(_attributes(element)) if key not in ("ID", "FriendlyName", "Name")
    ]
    for one in element:
        parts += [f"{local(one)}.{key}={value}" for key, value in sorted(_attributes(one))]
    parts += [f"{local(one)}={value}" for one in reference for _, value in _attributes(one)]
    return " ".join((local(element), *parts))


def _attributes(element: etree._Element) -> Iterator[tuple[str, str]]:
    return ((str(key), str(value)) for key, value in element.attrib.items())


def _hash(told: list[str]) -> str:
    """Return a hash by which two long lists of texts can be told apart."""
    from hashlib import sha256  # noqa: PLC0415 - 10 ms that most documents never need

    return sha256("\0".join(told).encode("utf-8", "surrogatepass")).hexdigest()
