"""Read AppLocker rules: one bare RuleCollection, or a whole AppLockerPolicy as Group Policy takes it."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from mdm_policy.documents import pointer
from mdm_policy.kinds.collector import Why, fact, narrowed
from mdm_policy.kinds.windows.applocker_schema import MOST, faults
from mdm_policy.reading import Condition, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.kinds.collector import Collector
    from mdm_policy.reading import ConditionKind, Reading
    from mdm_policy.vocabulary import Kind, Strength

_CSP = "MicrosoftDocs/windows-itpro-docs applocker-csp.md and its XSD (2026-08)"
_WINDOWS: dict[str, tuple[int, ...]] = {"windows": (10,)}
_EVERYONE = "S-1-1-0"
_RULE_NAMES = ("FilePublisherRule", "FilePathRule", "FileHashRule")
_CONDITIONS = ("FilePublisherCondition", "FilePathCondition", "FileHashCondition")

PUBLISHER = Rule(
    "applocker-exe-publisher",
    "applocker-exe",
    "block",
    "blocked",
    "partial",
    fact("a Deny publisher rule for executables stops all that a publisher signed", _CSP),
    introduced=_WINDOWS,
    escapes="copies that are unsigned or signed by another publisher",
)
BINARY_NAME = Rule(
    "applocker-exe-binary-name",
    "applocker-exe",
    "block",
    "blocked",
    "weak",
    fact("a Deny publisher rule may name one binary of a publisher", _CSP),
    introduced=_WINDOWS,
    escapes="other binaries, and copies that are unsigned or signed by another publisher",
)
PATH = Rule(
    "applocker-exe-path",
    "applocker-exe",
    "block",
    "blocked",
    "weak",
    fact("a Deny path rule stops a file name or folder", _CSP),
    introduced=_WINDOWS,
    escapes="copies that are renamed or stand in another folder",
)
INSTALLER = Rule(
    "applocker-msi-publisher",
    "applocker-msi",
    "block",
    "not-installable",
    "partial",
    fact("a Deny publisher rule for MSI stops a publisher's installers, not its programs", _CSP),
    introduced=_WINDOWS,
    escapes="other kinds of installer",
)
APPX_NAME = Rule(
    "applocker-appx-name",
    "applocker-appx",
    "block",
    "blocked",
    "strong",
    fact("a Deny rule for packaged apps stops a package by its name", _CSP),
    introduced=_WINDOWS,
)
APPX_PUBLISHER = Rule(
    "applocker-appx-publisher",
    "applocker-appx",
    "block",
    "blocked",
    "strong",
    fact("a Deny rule for packaged apps stops all packages of a publisher", _CSP),
    introduced=_WINDOWS,
)
RULES = (PUBLISHER, BINARY_NAME, PATH, INSTALLER, APPX_NAME, APPX_PUBLISHER)

_NAMES = frozenset({"PublisherName", "ProductName", "BinaryName", "Path"})
_DEFAULT_PATHS = ({"*"}, {"%PROGRAMFILES%\\*", "%WINDIR%\\*"})


def read_applocker(c: Collector) -> Reading:
    """Read every rule collection of the document."""
    root = c.document.value
    if not isinstance(root, etree._Element):  # noqa: SLF001  # lxml has no public name for its element class
        c.mapping(root, "")
        return c.reading()
    top = pointer(_local(root))
    collections = iter([(top, root)]) if _local(root) == "RuleCollection" else _children(root, top)
    held = [(place, element) for place, element in collections if _local(element) == "RuleCollection"]
    modes: dict[str, set[str]] = {}
    for _, element in held:
        modes.setdefault(element.get("Type", ""), set()).add(element.get("EnforcementMode", ""))
    _refused(c, root, top)
    before = c.doubt
    for place, element in held:
        if len(modes[element.get("Type", "")]) > 1:
            said = "another collection of the type has another EnforcementMode, and which counts is not documented"
            c.doubt = Why("undocumented", said)
            c.say("error", "applocker-two-modes", c.doubt.text, place, "keep one collection of each type")
        collection = _Collection(c, element, place)
        for at, rule in _children(element, place):
            collection.read_rule(rule, _local(rule), at)
        collection.close()
        c.doubt = before
    return c.reading()


def _refused(c: Collector, root: etree._Element, top: str) -> None:
    """Say what breaks Windows' schema; with one fault nothing of the policy is in force."""
    first = ""
    for fault in islice(faults(root), MOST):
        first = first or fault.message
        c.say(
            "error",
            "applocker-schema",
            f"{fault.message}: Windows refuses the policy",
            _place(fault.element, root, top),
            fault.hint,
        )
    if first:
        why = f"Windows refuses the policy: {first}"
        c.refuse(why)


def _place(element: etree._Element, root: etree._Element, top: str) -> str:
    """Return the pointer of an element."""
    if element is root:
        return top
    parent = element.getparent()
    base = top if parent is None else _place(parent, root, top)
    return next(
        (place for place, child in _children(root if parent is None else parent, base) if child is element), base
    )


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


class _Limits:
    """Gather what narrows one rule: every condition, and in words the first of those that let copies of an app escape."""

    def __init__(self) -> None:
        self._conditions: list[Condition] = []
        self._strength: Strength | None = None
        self._escapes = ""

    def tell(self, kind: ConditionKind, value: str) -> None:
        """Add a condition that the rule's own words already speak of."""
        if value not in ("", "*"):
            self._conditions.append(Condition(kind, value))

    def narrow(self, kind: ConditionKind, value: str, escapes: str, *, strength: Strength = "weak") -> None:
        """Add a condition, and what escapes by it; where several do, the first is told and says how strong the rule is."""
        self._conditions.append(Condition(kind, value))
        if not self._escapes:
            self._escapes, self._strength = escapes, strength

    def changes(self) -> dict[str, Any]:
        """Return the fields of a rule that is narrowed so."""
        made: dict[str, Any] = {"conditions": narrowed(*self._conditions)} if self._conditions else {}
        return made | {"strength": self._strength, "escapes": self._escapes} if self._escapes else made


class _Collection:
    """Read the rules of one collection: its mode decides what they do, its allow rules what else still runs."""

    def __init__(self, c: Collector, element: etree._Element, pointer: str) -> None:
        self.c = c
        self.pointer = pointer
        self.type = element.get("Type", "")
        self.mode = element.get("EnforcementMode", "")
        self.allowed: set[str] = set()
        self.rules = 0
        data = c.document.data
        self.plain = data.isascii() and b"&#" not in data

    def close(self) -> None:
        if not self.rules:
            return
        if self.mode != "Enabled":
            message = f"EnforcementMode is {self.mode!r}: the rules stop nothing"
            self.c.say("error", "applocker-not-enforced", message, self.pointer, 'write EnforcementMode="Enabled"')
        elif not any(paths <= self.allowed for paths in _DEFAULT_PATHS):
            message = f"the {self.type} rules allow nothing by default, so all that no rule allows is refused"
            hint = "add the default Allow rules"
            self.c.say("warning", "applocker-default-rules-missing", message, self.pointer, hint)

    def read_rule(self, element: etree._Element, name: str, pointer: str) -> None:
        if name not in _RULE_NAMES:
            return
        self.rules += 1
        action = element.get("Action")
        conditions = _condition(element) if len(element) else None
        everyone = element.get("UserOrGroupSid") == _EVERYONE
        if action == "Allow":
            self._spelling(element, conditions, pointer)
            if everyone and conditions is not None:
                path = conditions.get("Path", "")
                any_publisher = conditions.get("PublisherName") == "*" and conditions.get("ProductName") == "*"
                self.allowed.add("*" if any_publisher else path.upper())
            if _has(element, "Exceptions"):
                message = "an exception of an Allow rule does not deny: another rule may allow what it leaves out"
                self.c.say("warning", "applocker-exceptions-only", message, pointer, "write a Deny rule")
            return
        if action != "Deny" or conditions is None:
            return  # the schema has said so
        self._spelling(element, conditions, pointer)
        if name == "FileHashRule":
            message = "a hash rule stops one build of a file, which no list of identifiers can hold"
            self.c.say("note", "no-identifier-kind", message, pointer)
            return
        limits = _Limits()
        before = self.c.doubt
        if not everyone:
            who = element.get("UserOrGroupSid") or "nobody"
            limits.narrow("users", who, f"other users: the rule is for {who}")
            self.c.doubt = Why("condition", f"the rule stops {who} alone, and others launch the app")
            message = "the rule holds for some users only"
            self.c.say("warning", "applocker-some-users", message, pointer, f'write UserOrGroupSid="{_EVERYONE}"')
        if exceptions := _exceptions(element):
            limits.narrow("exceptions", exceptions, "what the exceptions of the rule leave out")
        if name == "FilePathRule":
            self._path(conditions, pointer, limits)
        else:
            self._publisher(element, conditions, pointer, limits)
        self.c.doubt = before

    def _spelling(self, element: etree._Element, condition: etree._Element | None, pointer: str) -> None:
        """Say which names cannot match: text decoded wrongly, and a program's publisher not in capitals."""
        broken = None
        if not self.plain:
            texts = [text for child in element.iter() for key, text in child.attrib.items() if key in _NAMES]
            broken = next((text for text in texts if _mojibake(str(text))), None)
        if broken is not None:
            message = f"{str(broken)[:80]!r} was decoded with the wrong encoding, so it matches nothing"
            self.c.say("error", "mojibake", message, pointer, "export the rule again, as UTF-8")
        publisher = "" if condition is None else condition.get("PublisherName", "")
        if self.type in ("Exe", "Msi") and publisher != publisher.upper():
            message = "AppLocker writes the publisher of a program in capitals; another spelling may match nothing"
            self.c.say("warning", "applocker-publisher-case", message, pointer, f"write {publisher.upper()[:80]!r}")

    def _path(self, condition: etree._Element, pointer: str, limits: _Limits) -> None:
        folder, _, file = condition.get("Path", "").replace("/", "\\").rpartition("\\")
        if self.type == "Exe" and file.lower().endswith(".exe") and "*" not in file:
            if folder not in ("", "*"):
                limits.narrow("folder", folder, f"copies that are renamed or stand outside of {folder}")
            self._add(PATH, "executable", file, pointer, limits)

    def _publisher(self, element: etree._Element, condition: etree._Element, pointer: str, limits: _Limits) -> None:
        publisher = condition.get("PublisherName", "")
        product = condition.get("ProductName", "")
        binary = condition.get("BinaryName", "")
        _versions(element, limits)
        if self.type == "Appx":
            if binary not in ("", "*"):
                limits.narrow("binary", binary, f"programs of the package that are not called {binary}")
            if product not in ("", "*"):
                if publisher != "*":
                    other = f"a package of that name by another publisher than {publisher}"
                    limits.narrow("publisher", publisher, other, strength="partial")
                self._add(APPX_NAME, "appx_name", product, pointer, limits)
            elif publisher not in ("", "*"):
                self._add(APPX_PUBLISHER, "publisher", publisher, pointer, limits)
        elif self.type == "Exe" and binary not in ("", "*"):
            limits.tell("product", product)
            if publisher != "*":
                limits.tell("publisher", publisher)
                who = f"the rule stops a file of that name by {publisher or 'nobody'} alone"
                self.c.doubt = Why("condition", f"{who}; whether the app is theirs is not known here")
            self._add(BINARY_NAME, "executable", binary, pointer, limits)
        elif self.type in ("Exe", "Msi") and publisher not in ("", "*"):
            if product == "*":
                self._add(PUBLISHER if self.type == "Exe" else INSTALLER, "publisher", publisher, pointer, limits)
                return
            message = f"the rule stops only the product {product!r} of its publisher"
            self.c.say("note", "no-identifier-kind", message, pointer)

    def _add(self, base: Rule, kind: Kind, value: str, pointer: str, limits: _Limits) -> None:
        changes = limits.changes()
        if self.mode == "AuditOnly":
            changes |= {"sense": "report", "verdict": "reported-only", "why": "EnforcementMode AuditOnly only logs"}
        elif self.mode != "Enabled":
            why = "the collection is not enforced"
            changes |= {"sense": "none", "verdict": "allowed", "why": why, "cause": "no-effect"}
        self.c.add(self.c.rule(base, **changes), "windows", kind, value, pointer)


def _local(element: etree._Element) -> str:
    tag = str(element.tag)
    return tag.rpartition("}")[2] if "}" in tag else tag


def _condition(element: etree._Element) -> etree._Element | None:
    for block in element:
        if _local(block) == "Conditions":
            for child in block:
                if _local(child) in _CONDITIONS:
                    return child
    return None


def _mojibake(text: str) -> bool:
    """Tell whether a text is UTF-8 that was read as Windows-1252, as in `MICROSOFTÂ®`."""
    if text.isascii():
        return False
    try:
        return text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return False


def _has(element: etree._Element, name: str) -> bool:
    return any(_local(child) == name and len(child) > 0 for child in element)


def _exceptions(element: etree._Element) -> str:
    """Return the exceptions of a rule as they are written, without white space between elements; empty for none."""
    return " ".join(
        f"{_local(one)} {sorted((str(key), str(value)) for key, value in one.attrib.items())}"
        for child in element
        if _local(child) == "Exceptions"
        for one in child.iter()
        if one is not child and isinstance(one.tag, str)
    )


def _versions(element: etree._Element, limits: _Limits) -> None:
    """Add what a version range leaves out; every version is `*` to `*`."""
    ranges = [child for child in element.iter() if _local(child) == "BinaryVersionRange"]
    if not ranges:
        limits.narrow("versions", "", "versions, since the rule gives no BinaryVersionRange")
        return
    low, high = ranges[0].get("LowSection", ""), ranges[0].get("HighSection", "")
    if low in ("*", "0.0.0.0") and high == "*":  # noqa: S104  # a version, not an address
        return
    limits.narrow("versions", f"{low}..{high}", f"versions outside {low or '?'} to {high or '?'}")
