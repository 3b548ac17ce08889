"""Say of each key of a document what it has to do with apps, so that nothing a reader passes over counts as harmless.

A key is a *name* (ids, titles, dates: they do nothing), *carried* (the reader gives its meaning in full wherever it
stands), *served* (the reader gives its meaning in full within an entry that an effect points at, and only there),
*harmless* (a table made from the vendor's own schema, or a fact with its source, says that it concerns no app), or none
of these: *unjudged*. What is unjudged is said aloud, and a change of it has no direction.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from mdm_policy import resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Role = Literal["name", "carried", "served", "harmless", "unjudged"]
QUIET: frozenset[str] = frozenset({"name", "carried"})
"""Roles whose values say nothing that an effect does not say as well."""


class Keys(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Give the role of each key of a dictionary, or of each child and attribute (`@Name`) of an element.

    Lists are passed through: what is said of a key holds for each of the dictionaries in the list under it. `rest` is
    the role of every other key. `choose` looks at a dictionary that says itself what it is, and gives the keys for it; `named` says what it is, for a reader.
    """

    roles: Mapping[str, Role | Keys] = {}
    rest: Role | Keys = "unjudged"
    choose: Callable[[Any], Role | Keys] | None = None
    named: Callable[[Any], str] | None = None
    empty: Mapping[str, frozenset[str]] = {}
    """The texts that say nothing under some children of an element, as `-1` does where an id stands."""

    @functools.cached_property
    def quiet(self) -> frozenset[str]:
        """Return the keys of which an entry that an effect points at may hold any without a word."""
        return frozenset(key for key, role in self.roles.items() if role in ("name", "carried", "served"))


def roles(role: Role, names: Iterable[str]) -> dict[str, Role | Keys]:
    """Give some keys one role."""
    return dict.fromkeys(names, role)


@functools.cache
def vendor_table(name: str) -> Any:
    """Return a table of a vendor's names and types, made by tools/vendor_tables.py; its `source` says from what."""
    return msgspec.json.decode((resources.data("vendor") / f"{name}.json").read_bytes())
