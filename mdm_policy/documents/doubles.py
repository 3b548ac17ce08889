"""Say which keys stand twice in one dictionary of somebody else's document: equal values cannot matter, others leave doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mdm_policy.documents.locate import locate_all
from mdm_policy.documents.pointers import pointer
from mdm_policy.documents.texts import shown
from mdm_policy.errors import Origin, note, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.documents.locate import Format
    from mdm_policy.documents.texts import Twice
    from mdm_policy.errors import Finding

_SHOWN = 20
"""How many such keys of a document are told one by one."""


class RepeatedKeys(NamedTuple):
    """Hold the pointers of keys that stand twice in one dictionary: those with different values, and all of them."""

    doubts: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()

    def below(self, pointer: str) -> RepeatedKeys:
        """Return those that stand below a pointer, as they are named from there."""
        if not self.repeated:
            return self
        kept = (
            tuple(one.removeprefix(pointer) for one in ones if one.startswith(f"{pointer}/"))
            for ones in (self.doubts, self.repeated)
        )
        return RepeatedKeys(*kept)


NO_KEYS = RepeatedKeys()


def doubtful(
    name: str, parsed: tuple[Format, Any, bytes], twice: Sequence[Twice]
) -> tuple[RepeatedKeys, tuple[Finding, ...]]:
    """Return the keys that stand twice, and a finding for each.

    The last value is the one that was read, as Apple's own parser keeps it (CoreFoundation, CFPropertyList.c); no page of
    a vendor promises it.
    """
    if not twice:
        return NO_KEYS, ()
    format_, value, data = parsed
    different: dict[str, bool] = {}
    for where, one in _places(value, twice):
        different[where] = different.get(where, False) or one.first != one.owner[one.key]
    shown_ones = list(different)[:_SHOWN]
    lines = locate_all(data, format_, set(shown_ones))
    found = [_finding(where, different[where], Origin(name, *lines.get(where, (0, 0)))) for where in shown_ones]
    doubts = tuple(where for where, unlike in different.items() if unlike)
    return RepeatedKeys(doubts, tuple(different)), tuple(found)


def _finding(where: str, unlike: bool, origin: Origin) -> Finding:
    key = shown(where.rpartition("/")[2].replace("~1", "/").replace("~0", "~"))
    if unlike:
        message = (
            f"the key {key} stands twice in one dictionary, with different values, and which one counts is not defined"
        )
        return warning("key-stands-twice", message, origin, "keep one")
    return note(
        "key-stands-twice", f"the key {key} stands twice in one dictionary, with equal values", origin, "keep one"
    )


def _places(value: Any, twice: Sequence[Twice]) -> Iterator[tuple[str, Twice]]:
    """Find where the dictionaries stand; keys of one that another key has taken the place of stand nowhere."""
    asked: dict[int, list[Twice]] = {}
    for one in twice:
        asked.setdefault(id(one.owner), []).append(one)
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        at, item = waiting.pop()
        if isinstance(item, dict):
            for one in asked.get(id(item), ()):
                yield at + pointer(one.key), one
            waiting += [(at + pointer(key), below) for key, below in item.items() if isinstance(below, dict | list)]
        elif isinstance(item, list):
            waiting += [(f"{at}/{place}", below) for place, below in enumerate(item) if isinstance(below, dict | list)]
