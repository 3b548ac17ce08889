"""Shape identifiers: a mapping of kinds for each platform family, and plain lists of domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from yaml.events import ScalarEvent

from mdm_policy.errors import Origin
from mdm_policy.identifiers import is_valid, problems, quoted
from mdm_policy.loading.leaves import scalar_text, wrong_type
from mdm_policy.loading.reader import Mapping, Node, Sequence
from mdm_policy.loading.shapes import is_key, repeated
from mdm_policy.loading.words import converted
from mdm_policy.model import Identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdm_policy.loading.report import LoadReport
    from mdm_policy.vocabulary import Family, Kind


class Identifiers(msgspec.Struct, frozen=True):
    """Shape the identifiers of one family: a mapping of kinds, each with one identifier or a list of them."""

    family: Family
    kinds: dict[Kind, str]

    def bind(self, report: LoadReport, node: Node, key: str) -> list[Identifier] | None:
        """Return the identifiers that have the shape of their kind."""
        if node.__class__ is not Mapping:
            wrong_type(report, node, key, "a mapping of kinds of identifiers")
            return None
        found: list[Identifier] = []
        seen: set[str] = set()
        pairs = iter(node)
        for name_node, value in zip(pairs, pairs, strict=True):
            name = name_node.value if name_node.__class__ is ScalarEvent else None
            if name not in self.kinds:
                self._unknown(report, name_node)
            elif name in seen:
                repeated(report, node, name_node)
            else:
                seen.add(name)
                bind_identifiers(report, value, self.family, name, found)
        if not node:
            report.error("empty-value", f"`{key}` has no value", report.at(node), "write a kind of identifier in it")
        return found

    def _unknown(self, report: LoadReport, node: Node) -> None:
        if is_key(report, node):
            said = f"{quoted(node.value)} is not a kind of identifier of `{self.family}`"
            report.error("unknown-key", said, report.at(node), report.guess(node.value, self.kinds))

    def schema(self) -> dict[str, Any]:
        """Describe the kinds."""
        known = {kind: {"description": doc, **_one_or_many(kind)} for kind, doc in self.kinds.items()}
        return {"type": "object", "properties": known, "additionalProperties": False, "minProperties": 1}


class Domains(msgspec.Struct, frozen=True):
    """Shape internet domains, which belong to no platform."""

    def bind(self, report: LoadReport, node: Node, key: str) -> list[Identifier]:
        """Return the domains as identifiers."""
        del key  # the same shape stands under one key only
        found: list[Identifier] = []
        bind_identifiers(report, node, "web", "domain", found)
        return found

    def schema(self) -> dict[str, Any]:
        """Describe the domains."""
        return _one_or_many("domain")


def bind_identifiers(report: LoadReport, node: Node, family: Family, kind: Kind, found: list[Identifier]) -> None:
    """Add the identifiers of one kind to those found: the inner loop of loading, 100,000 times in a large list."""
    if node.__class__ is ScalarEvent:
        children: Iterable[Node] = (node,)
    elif node.__class__ is not Sequence:
        wrong_type(report, node, kind, "an identifier or a list of them")
        return
    else:
        children = node
    if not children:
        report.error("empty-list", f"`{kind}` is an empty list", report.at(node), "write what it should hold")
    for child in children:
        if child.__class__ is not ScalarEvent:
            wrong_type(report, child, kind, "an identifier")
            continue
        text = child.value
        mark: Any = child.start_mark
        origin = Origin(report.file, mark.line + 1, mark.column + 1)
        if is_valid(family, kind, text):
            # A store id of digits is the same number to every reader, so only it may stand without quotes.
            if child.style or kind == "app_store_id" or converted(text) is None:
                found.append(Identifier(family, kind, text, origin))
                continue
            scalar_text(report, child, kind)
        else:
            _explain(report, child, family, kind, origin)


def _explain(report: LoadReport, node: Node, family: Family, kind: Kind, origin: Origin) -> None:
    """Say all that is wrong with an identifier at once: what YAML makes of it, and what its kind does not allow."""
    scalar_text(report, node, kind, "an identifier")
    if node.value or node.style:
        report.add(problems(family, kind, node.value, origin))


def _one_or_many(kind: str) -> dict[str, Any]:
    one: dict[str, Any] = {"type": "string", "minLength": 1}
    if kind == "app_store_id":
        one = {"type": ["string", "integer"]}
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
