"""Read AppLocker rules: one bare RuleCollection, or a whole AppLockerPolicy as Group Policy takes it.

What becomes of an app is for `decide`: it takes the rules of all documents together. Here each rule is taken down with all
its parameters, and what it names is told as an effect, so that a comparison knows of which apps to speak.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from lxml import etree

from mdm_policy.documents import pointer
from mdm_policy.joined import joined
from mdm_policy.kinds.collector import Why, narrowed
from mdm_policy.kinds.windows import applocker_rules as rules
from mdm_policy.kinds.windows.applocker_conditions import condition_of, exceptions_of, matches_nothing, misread
from mdm_policy.kinds.windows.applocker_schema import MOST, SOURCE, faults
from mdm_policy.reading import EVERYBODY, Condition, FileRule, RuleSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import ConditionKind, FileCondition, Reading, Rule
    from mdm_policy.vocabulary import Kind

_RULE_NAMES = ("FilePublisherRule", "FilePathRule", "FileHashRule")
_DEFAULT_PATHS = ({"*"}, {"%PROGRAMFILES%\\*", "%WINDIR%\\*"})
_SORTS: dict[str, tuple[str, Rule]] = {
    "Exe": ("exe", rules.UNLISTED),
    "Msi": ("msi", rules.INSTALLER_UNLISTED),
    "Appx": ("appx", rules.APPX_UNLISTED),
}
_TYPES = (*_SORTS, "Dll", "Script", "ManagedInstaller")
_MODES: dict[str, Literal["enabled", "audit", "not-configured"]] = {
    "Enabled": "enabled",
    "AuditOnly": "audit",
    "NotConfigured": "not-configured",
}
_NODE = "./vendor/msft/applocker/applicationlaunchrestrictions/*/{}/policy"
"""The node for which a bare RuleCollection is made, by an MDM (applocker-csp.md): Group Policy takes whole policies alone."""
_CSP_MODE = "whether rules under NotConfigured are enforced where the MDM sends them is not documented"


def read_applocker(c: Collector) -> Reading:
    """Read every rule collection of the document."""
    root = c.document.value
    if not isinstance(root, etree._Element):  # noqa: SLF001  # lxml has no public name for its element class
        c.mapping(root, "")
        return c.reading()
    top = pointer(_local(root))
    bare = _local(root) == "RuleCollection"
    collections = iter([(top, root)]) if bare else _children(root, top)
    held = [(place, element) for place, element in collections if _local(element) == "RuleCollection"]
    _refused(c, root, top)
    installs = any(element.get("Type") == "ManagedInstaller" for _, element in held)
    before = c.uncertain_because
    for place, element in held:
        collection = _Collection(c, element, place, bare=bare)
        for at, rule in _children(element, place):
            collection.read_rule(rule, _local(rule), at)
        collection.close(beside_installers=installs)
        c.uncertain_because = before
    return c.reading()


def _refused(c: Collector, root: etree._Element, top: str) -> None:
    """Say what breaks Windows' schema; with one fault nothing of the policy is in force."""
    found = [(fault, _place(fault.element, root, top)) for fault in islice(faults(root), MOST)]
    for fault, at in found:
        c.say("error", "applocker-schema", f"{fault.message}: Windows refuses the policy", at, fault.hint)
    for fault, at in found[:1]:
        c.reject_all(f"Windows refuses the policy: {fault.message}", at, fault.hint, SOURCE)


def _place(element: etree._Element, root: etree._Element, top: str) -> str:
    """Return the pointer of an element."""
    if element is root:
        return top
    parent = element.getparent()
    base = top if parent is None else _place(parent, root, top)
    found = _children(root if parent is None else parent, base)
    return next((place for place, child in found if child is element), base)


def _children(element: etree._Element, base: str) -> Iterator[tuple[str, etree._Element]]:
    """Yield the children with their pointers: siblings of one name are told apart by their index."""
    count, seen = Counter([str(child.tag) for child in element]), Counter[str]()
    alike = len(count) == 1 < count.total()
    for place, child in enumerate(element):
        name = str(child.tag)
        if alike:
            yield f"{base}/{name}/{place}", child
        else:
            yield (f"{base}/{name}/{seen[name]}" if count[name] > 1 else f"{base}/{name}"), child
            seen[name] += 1


class _Collection:
    """Read the rules of one collection: its mode decides what they do, its allow rules what else still runs."""

    def __init__(self, c: Collector, element: etree._Element, pointer: str, *, bare: bool) -> None:
        self.c = c
        self.pointer = pointer
        self.type = element.get("Type", "")
        self.word = element.get("EnforcementMode", "NotConfigured")
        self.mode = _MODES.get(self.word, "not-configured")
        words = _services(element)
        self.services = words == "Enabled"
        self.found: list[FileRule] = []
        self.allowed: set[str] = set()
        self.rules = 0
        self.bare = bare
        self.by_csp = bare and self.mode == "not-configured"
        if self.by_csp:
            c.uncertain_because = Why("undocumented", _CSP_MODE)
        elif words == "ServicesOnly":
            c.uncertain_because = Why(
                "undocumented", "whether a collection for services only holds users' programs is not documented"
            )
        data = c.document.data
        self.plain = data.isascii() and b"&#" not in data
        self.sort, base = _SORTS.get(self.type, (self.type, rules.OTHER_FILES))
        self.unlisted = c.rule(base, **({} if base is rules.OTHER_FILES else self._changes(base, ())))

    def close(self, *, beside_installers: bool) -> None:
        """Take the collection down as a whole, and say what is wrong with it."""
        taken, node = tuple(self.found), _NODE.format(self.sort) if self.bare else ""
        packages = self.c.rule(rules.PACKAGES_STOPPED) if self.sort == "exe" and taken else None
        self.c.rule_sets.append(
            RuleSet(self.unlisted, self.sort, self.mode, taken, node, self.services, self.pointer, packages)
        )
        if self.type and self.type not in _TYPES:
            said = f"{self.type[:80]!r} is not a type of AppLocker's, and what such a collection does is not documented"
            self.c.say(
                "error", "applocker-type-unknown", said, self.pointer, f"write {', '.join(_SORTS)}, Dll or Script"
            )
        elif self.rules and self.word in _MODES:  # of another word the schema has spoken
            self._say_mode(beside_installers=beside_installers)

    def _say_mode(self, *, beside_installers: bool) -> None:
        if self.mode == "audit":
            if beside_installers:
                said = "this is Microsoft's form for a managed installer: it stops nothing, and is not meant to"
                self.c.say("note", "applocker-managed-installer", said, self.pointer)
                return
            message = f"EnforcementMode is {self.word!r}: the rules are only logged, and stop nothing"
            self.c.say("error", "applocker-not-enforced", message, self.pointer, 'write EnforcementMode="Enabled"')
            return
        if self.by_csp:
            said = f"EnforcementMode is {self.word!r}: {_CSP_MODE}"
            self.c.say("warning", "applocker-mode-open", said, self.pointer, 'write EnforcementMode="Enabled"')
        elif self.mode == "not-configured":
            said = "rules under NotConfigured are enforced, unless another policy of the device sets AuditOnly"
            self.c.say("note", "applocker-mode-open", said, self.pointer, 'write EnforcementMode="Enabled"')
        if not any(paths <= self.allowed for paths in _DEFAULT_PATHS):
            message = f"the {self.type} rules allow nothing by default, so all that no rule allows is refused"
            hint = "add the default Allow rules"
            self.c.say("warning", "applocker-default-rules-missing", message, self.pointer, hint)

    def read_rule(self, element: etree._Element, name: str, pointer: str) -> None:
        """Take one rule down."""
        if name not in _RULE_NAMES:
            return
        self.rules += 1
        condition = condition_of(element)
        if condition is None:
            return  # the schema has said so
        action, users = element.get("Action"), element.get("UserOrGroupSid", "")
        exceptions = exceptions_of(element)
        self._spelling(element, condition, pointer)
        why, hint = matches_nothing(condition)
        if why:
            self.c.say("warning", "entry-matches-nothing", f"{why}: the rule matches nothing", pointer, hint)
        if action == "Allow":
            self._allow(condition, exceptions, users, pointer)
        elif action == "Deny":
            self._deny(condition, exceptions, users, pointer)

    def _allow(self, condition: FileCondition, exceptions: tuple[FileCondition, ...], users: str, pointer: str) -> None:
        if users in EVERYBODY:
            self.allowed.add("*" if _is_all(condition) else condition.path.upper())
        if exceptions and self.type in _SORTS:
            message = "what an Allow rule leaves out is refused only as long as no other rule allows it"
            self.c.say("note", "applocker-exceptions-only", message, pointer, "write a Deny rule to be sure")
        self.found.append(FileRule(self.unlisted, True, users, condition, exceptions, pointer))

    def _deny(self, condition: FileCondition, exceptions: tuple[FileCondition, ...], users: str, pointer: str) -> None:
        if users not in EVERYBODY:
            message = "the rule holds for some users only"
            self.c.say("warning", "applocker-some-users", message, pointer, 'write UserOrGroupSid="S-1-1-0"')
        if condition.kind == "hash":
            message = "a hash rule stops one build of a file, which no list of identifiers can hold"
            self.c.say("note", "no-identifier-kind", message, pointer)
        if self.type not in _SORTS:
            self.found.append(FileRule(self.unlisted, False, users, condition, exceptions, pointer))
            return
        base, named = _named(self.type, condition)
        conditions = _conditions(condition, exceptions, users, named[0] if named else "")
        before = self.c.uncertain_because
        if why := _spares(condition, exceptions, users, conditions):
            self.c.uncertain_because = self.c.uncertain_because or Why("condition", why)
        rule = self.c.rule(base, **self._changes(base, conditions))
        self.c.uncertain_because = before
        self.found.append(FileRule(rule, False, users, condition, exceptions, pointer))
        if named is not None:
            self.c.add(rule, "windows", *named, pointer)

    def _changes(self, base: Rule, conditions: tuple[Condition, ...]) -> dict[str, Any]:
        """Return the fields of a rule as this collection has it."""
        made: dict[str, Any] = {}
        if self.type == "Exe" and not self.services:
            conditions = (*conditions, Condition("user-processes"))
            made["escapes"] = f"{base.escapes}, and {rules.SERVICES}" if base.escapes else rules.SERVICES
        if conditions:
            made["conditions"] = narrowed(*conditions)
        if self.mode == "audit":
            made |= {"sense": "report", "verdict": "reported-only", "why": "EnforcementMode AuditOnly only logs"}
        return made

    def _spelling(self, element: etree._Element, condition: FileCondition, pointer: str) -> None:
        """Say which names cannot match: text decoded wrongly, and a program's publisher not in capitals."""
        broken = "" if self.plain else misread(element)
        if broken:
            message = f"{broken[:80]!r} was decoded with the wrong encoding, so it matches nothing"
            self.c.say("error", "mojibake", message, pointer, "export the rule again, as UTF-8")
        publisher = condition.publisher
        if self.type in ("Exe", "Msi") and publisher != publisher.upper():
            message = "AppLocker writes the publisher of a program in capitals; another spelling may match nothing"
            self.c.say("warning", "applocker-publisher-case", message, pointer, f"write {publisher.upper()[:80]!r}")


def _local(element: etree._Element) -> str:
    tag = str(element.tag)
    return tag.rpartition("}")[2] if "}" in tag else tag


def _services(element: etree._Element) -> str:
    """Return how a collection holds for services, in the vendor's word."""
    extensions = (child for child in element if child.tag == "RuleCollectionExtensions")
    found = (one for child in extensions for one in child.iter() if one.tag == "Services")
    return next((one.get("EnforcementMode", "") for one in found), "")


def _is_all(condition: FileCondition) -> bool:
    return condition.path == "*" or (condition.publisher == condition.product == "*")


def _named(type_: str, condition: FileCondition) -> tuple[Rule, tuple[Kind, str] | None]:
    """Return what a Deny rule does, and the identifier that it names, if it names one at all."""
    if type_ == "Appx":
        if condition.kind == "publisher" and condition.product not in ("", "*"):
            return rules.APPX_NAME, ("appx_name", condition.product)
        return rules.APPX_PUBLISHER, _publisher(condition)
    if type_ == "Msi":
        if condition.kind == "publisher":
            return rules.INSTALLER, _publisher(condition) if condition.product == condition.binary == "*" else None
        return rules.INSTALLER_OTHER, None
    if condition.kind == "hash":
        return rules.HASH, None
    if condition.kind == "path":
        file = condition.path.replace("/", "\\").rpartition("\\")[2]
        plain = file.lower().endswith(".exe") and "*" not in file and "?" not in file
        return rules.PATH, ("executable", file) if plain else None
    if condition.product == condition.binary == "*":
        return rules.PUBLISHER, _publisher(condition)
    return (rules.PRODUCT if condition.binary == "*" else rules.BINARY_NAME), _program(condition)


def _program(condition: FileCondition) -> tuple[Kind, str] | None:
    """Return all that a publisher rule asks for at once as one identifier; a file name with wildcards is none."""
    told: dict[Kind, str] = {
        "product_name": condition.product,
        "original_file_name": condition.binary,
        "publisher": condition.publisher,
    }
    if not all(told.values()) or (condition.binary != "*" and ("*" in condition.binary or "?" in condition.binary)):
        return None
    return joined({kind: value for kind, value in told.items() if value != "*"})


def _spares(
    condition: FileCondition, exceptions: tuple[FileCondition, ...], users: str, conditions: tuple[Condition, ...]
) -> str:
    """Say what may keep a rule from what it names; nothing where it holds that for certain."""
    if users not in EVERYBODY:
        return f"the rule stops {users} alone, and others launch the app"
    if exceptions:
        return f"the rule leaves out {exceptions[0]}, which may be the app"
    if condition.bounded:
        return f"the rule is for versions {condition.low} to {condition.high} alone"
    if any(one.kind == "folder" for one in conditions):
        return f"the rule is for {condition.path} alone, and whether the app stands there and nowhere else is not known"
    return ""


def _publisher(condition: FileCondition) -> tuple[Kind, str] | None:
    return ("publisher", condition.publisher) if condition.publisher not in ("", "*") else None


def _conditions(
    condition: FileCondition, exceptions: tuple[FileCondition, ...], users: str, kind: str
) -> tuple[Condition, ...]:
    """Return what narrows a rule beside the identifier that it names."""
    found = [Condition("exceptions", ", ".join(one.hashes) or str(one)) for one in exceptions]
    if users not in EVERYBODY:
        found.append(Condition("users", users))
    if condition.kind == "path":
        folder = condition.path.replace("/", "\\").rpartition("\\")[0] if kind else condition.path
        if folder not in ("", "*"):
            found.append(Condition("folder", folder))
    if condition.kind == "hash":
        found += [Condition("code-hash", one) for one in condition.hashes]
    if condition.kind != "publisher":
        return tuple(found)
    if not kind or kind == "appx_name":
        named: tuple[tuple[ConditionKind, str], ...]
        named = (("publisher", condition.publisher), ("product", condition.product), ("binary", condition.binary))
        found += [Condition(sort, value) for sort, value in named if value != "*" and not (kind and sort == "product")]
    if condition.bounded:
        found.append(Condition("versions", f"{condition.low}..{condition.high}"))
    return tuple(found)
