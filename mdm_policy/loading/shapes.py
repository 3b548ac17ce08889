"""Shape what holds other values: records, lists, tables.

A record is the one table from which both the loader and the editor's JSON Schema come: its keys, what each holds, which
must be there, which exclude or need each other, and a sentence on each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from yaml.events import AliasEvent, ScalarEvent

from mdm_policy.identifiers import quoted
from mdm_policy.loading.leaves import Shape, TableCell, wrong_type
from mdm_policy.loading.reader import Mapping, Node, Sequence
from mdm_policy.loading.report import LoadReport, listed, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdm_policy.errors import Origin

_NODES = (ScalarEvent, Mapping, Sequence, AliasEvent)


class Group(msgspec.Struct, frozen=True):
    """Hold a record's values by key, and where the record stands; a value that was wrong is None."""

    cells: dict[str, Any]
    origin: Origin

    def get(self, key: str) -> Any:
        """Return the bare value of a key; None where it is missing or was wrong."""
        cell = self.cells.get(key)
        return cell.value if cell.__class__ is TableCell else cell

    def text(self, key: str) -> str:
        """Return the text of a key; empty where it is missing or was wrong."""
        return self.get(key) or ""

    def many(self, key: str) -> list[Any]:
        """Return the values of a list; none where it is missing or was wrong."""
        return self.cells.get(key) or []

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the bare texts of a list."""
        return tuple(cell.value for cell in self.many(key))

    def table(self, key: str) -> dict[str, Any]:
        """Return the bare pairs of a table of single values; none where it is missing or was wrong."""
        return {name.value: cell.value for name, cell in self.many(key)}

    def at(self, key: str) -> Origin:
        """Return where the value of a key stands, or else the record."""
        cell = self.cells.get(key)
        return cell.origin if isinstance(cell, TableCell | Group) else self.origin


class Field(msgspec.Struct, frozen=True):
    """Say what a key holds, in a sentence for people and a shape for programs."""

    doc: str
    shape: Shape
    required: bool = False


def _keep(_report: LoadReport, group: Group) -> Any:
    return group


class RecordShape(msgspec.Struct, frozen=True):
    """Shape a mapping with known keys; `make` turns its values into what the model holds.

    Exactly one of the keys `one_of` must be there; a key of `needs` wants all of its keys beside it, one of `needs_one` any.
    """

    noun: str
    fields: dict[str, Field]
    make: Callable[[LoadReport, Group], Any] = _keep
    one_of: tuple[str, ...] = ()
    needs: dict[str, tuple[str, ...]] = {}
    needs_one: dict[str, tuple[str, ...]] = {}

    def bind(self, report: LoadReport, node: Node, key: str) -> Any:
        """Return what `make` makes of the values."""
        if node.__class__ is not Mapping:
            bare = node.value if node.__class__ is ScalarEvent else ""
            hint = f"write `{self.one_of[0]}: {bare}`" if bare and self.one_of else ""
            wrong_type(report, node, key, f"a mapping: {self.noun}", hint)
            return None
        cells: dict[str, Any] = {}
        fields = self.fields
        pairs = iter(node)
        for name_node, value in zip(pairs, pairs, strict=True):
            name: str = name_node.value if name_node.__class__ is ScalarEvent else ""
            field = fields.get(name)
            if field is None:
                self._unknown(report, name_node)
            elif name in cells:
                repeated(report, node, name_node)
            else:
                cells[name] = field.shape.bind(report, value, name)
        group = Group(cells, report.at(node))
        self._check(report, group)
        return self.make(report, group)

    def _unknown(self, report: LoadReport, node: Node) -> None:
        if is_key(report, node):
            hint = report.guess(node.value, self.fields)
            report.error("unknown-key", f"{quoted(node.value)} is not a key of {self.noun}", report.at(node), hint)

    def _check(self, report: LoadReport, group: Group) -> None:
        cells = group.cells
        for key, field in self.fields.items():
            if field.required and key not in cells:
                said = f"{self.noun} lacks `{key}`"
                report.error("missing-key", said, group.origin, _about(key, field))
        if self.one_of:
            given = [key for key in self.one_of if key in cells]
            if not given:
                said = f"{self.noun} lacks any of {listed(self.one_of)}"
                report.error("missing-key", said, group.origin, "write exactly one of them")
            elif len(given) > 1:
                said = f"{listed(given)} exclude each other in {self.noun}"
                report.error("exclusive-keys", said, group.at(given[1]), "keep one; write a second entry for the other")
        for key in self.needs.keys() & cells.keys():
            for other in self.needs[key]:
                if other not in cells:
                    said = f"`{key}` needs `{other}` beside it"
                    report.error("key-needs-key", said, group.at(key), _about(other, self.fields[other]))
        for key in self.needs_one.keys() & cells.keys():
            others = self.needs_one[key]
            if cells.keys().isdisjoint(others):
                said = f"`{key}` needs {' or '.join(f'`{other}`' for other in others)} beside it"
                report.error("key-needs-key", said, group.at(key), _about(others[0], self.fields[others[0]]))

    def schema(self) -> dict[str, Any]:
        """Describe the record and all it holds."""
        known = {key: {"description": field.doc, **field.shape.schema()} for key, field in self.fields.items()}
        made: dict[str, Any] = {"type": "object", "properties": known, "additionalProperties": False}
        required = [key for key, field in self.fields.items() if field.required]
        if required:
            made["required"] = required
        if self.one_of:
            made["oneOf"] = [{"required": [key]} for key in self.one_of]
        if self.needs:
            made["dependentRequired"] = {key: list(others) for key, others in self.needs.items()}
        if self.needs_one:
            made["dependentSchemas"] = {
                key: {"anyOf": [{"required": [other]} for other in others]} for key, others in self.needs_one.items()
            }
        return made


class Many(msgspec.Struct, frozen=True):
    """Shape a list; where `single`, one bare value stands for a list of one; where `filled`, an empty list is an error."""

    item: Shape
    single: bool = False
    filled: bool = True

    def bind(self, report: LoadReport, node: Node, key: str) -> list[Any] | None:
        """Return the values that were right; the reader has bound some of them already."""
        if self.single and node.__class__ is ScalarEvent:
            node = _listed(node)
        if node.__class__ is not Sequence:
            wrong_type(report, node, key, "a list", "write `[a, b]`, or each entry on its line after `- `")
            return None
        if not node and self.filled:
            report.error("empty-list", f"{shown(key)} is an empty list", report.at(node), "write what it should hold")
        found: list[Any] = []
        seen: dict[str, Origin] = {}
        each = f"an entry of `{key}`"
        for child in node:
            value = self.item.bind(report, child, each) if child.__class__ in _NODES else child
            if value is None:
                continue
            if value.__class__ is TableCell and seen.setdefault(value.value, value.origin) is not value.origin:
                said = f"{quoted(value.value)} is given already in `{key}`, on line {seen[value.value].line}"
                report.warning("duplicate-entry", said, value.origin, "remove one of them")
                continue
            found.append(value)
        return found

    def schema(self) -> dict[str, Any]:
        """Describe the list."""
        made = {"type": "array", "items": self.item.schema(), **({"minItems": 1} if self.filled else {})}
        return {"anyOf": [self.item.schema(), made]} if self.single else made


class TableShape(msgspec.Struct, frozen=True):
    """Shape a mapping whose keys the user chooses; where `filled`, an empty one is an error."""

    key: Shape
    value: Shape
    filled: bool = False

    def bind(self, report: LoadReport, node: Node, key: str) -> list[tuple[TableCell, Any]] | None:
        """Return the pairs in which both halves were right."""
        if node.__class__ is not Mapping:
            wrong_type(report, node, key, "a mapping")
            return None
        if not node and self.filled:
            report.error("empty-value", f"{shown(key)} has no value", report.at(node), "write what it should hold")
        found: dict[str, tuple[TableCell, Any]] = {}
        pairs = iter(node)
        for name_node, value_node in zip(pairs, pairs, strict=True):
            if not is_key(report, name_node):
                continue
            name = self.key.bind(report, name_node, key)
            value = self.value.bind(report, value_node, name_node.value)
            if name is not None and name.value in found:
                repeated(report, node, name_node)
            elif name is not None and value is not None:
                found[name.value] = (name, value)
        return list(found.values())

    def schema(self) -> dict[str, Any]:
        """Describe the mapping."""
        made = {"type": "object", "propertyNames": self.key.schema(), "additionalProperties": self.value.schema()}
        return {**made, "minProperties": 1} if self.filled else made


class AllOr(msgspec.Struct, frozen=True):
    """Shape the word `all`, or a list."""

    many: Many

    def bind(self, report: LoadReport, node: Node, key: str) -> Any:
        """Return None for `all`, else the list."""
        if node.__class__ is not ScalarEvent or not node.value:
            return self.many.bind(report, node, key)
        if node.value != "all":
            said = f"{shown(key)} must be `all` or a list, but is {quoted(node.value)}"
            report.error("wrong-type", said, report.at(node), f"write `all`, or `[{node.value}]`")
        return None

    def schema(self) -> dict[str, Any]:
        """Describe the word or the list."""
        return {"anyOf": [{"const": "all"}, self.many.schema()]}


def _about(key: str, field: Field) -> str:
    return f"`{key}`: {field.doc[0].lower()}{field.doc[1:]}"


def is_key(report: LoadReport, node: Node) -> bool:
    """Tell whether a node can be a key at all, and report one that cannot."""
    if node.__class__ is AliasEvent:
        return False
    if node.__class__ is not ScalarEvent:
        report.error("yaml-complex-key", "a key is a mapping or a list", report.at(node), "write a word before the `:`")
        return False
    if node.value == "<<" and not node.style:
        said = "`<<` merges another mapping into this one"
        report.error("yaml-merge-key", said, report.at(node), "write the keys themselves")
        return False
    return True


def repeated(report: LoadReport, mapping: Mapping, node: Node) -> None:
    """Report a key that its mapping has already, with both places: YAML readers keep one and say nothing."""
    first = report.at(mapping.first(node.value))
    said = f"{quoted(node.value)} is given twice; first on line {first.line}, column {first.column}"
    report.error("duplicate-key", said, report.at(node), "remove one, or put both values into one list")


def _listed(node: Node) -> Sequence:
    one = Sequence((node,))
    one.start_mark = node.start_mark
    return one
