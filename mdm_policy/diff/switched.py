"""Name what documents no longer turn on, or turn off now, that the rules of others need in order to act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.diff.model import Change
from mdm_policy.documents import places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mdm_policy.diff.model import Direction
    from mdm_policy.diff.parts import Named
    from mdm_policy.documents import Document
    from mdm_policy.errors import Origin
    from mdm_policy.reading import Scope, Switch

_WHAT = {"defender-indicators": "Defender's network protection, without which its indicators close nothing,"}
_Held = tuple["Named", "Switch"]


def switched(
    old: Iterable[Named], new: Iterable[Named], documents: tuple[Iterable[Document], Iterable[Document]]
) -> Iterator[Change]:
    """Yield a change for each mechanism that is turned on for other devices than it was."""
    opened = tuple({one.name: one for one in side} for side in documents)
    was, is_ = _held(old), _held(new)
    for mechanism in sorted(was.keys() | is_.keys()):
        before, after = was.get(mechanism, []), is_.get(mechanism, [])
        if _reached(before) == _reached(after):
            continue
        direction, said = _direction(_reached(before), _reached(after))
        name = (after or before)[0][0].name
        at, to = (_place(side, found) for side, found in zip(opened, (before, after), strict=True))
        why = f"{_WHAT[mechanism]} {said}"
        yield Change(direction, "", name, "", (), "", _words(before), _words(after), why, at, to)


def _words(held: Iterable[_Held]) -> str:
    return " and ".join(sorted({"on" if switch.on else "off" for _, switch in held}))


def _held(named: Iterable[Named]) -> dict[str, list[_Held]]:
    found: dict[str, list[_Held]] = {}
    for one in named:
        for switch in one.reading.switches:
            found.setdefault(switch.mechanism, []).append((one, switch))
    return found


def _reached(held: Iterable[_Held]) -> frozenset[tuple[bool, Scope]]:
    return frozenset((switch.on, one.reading.scope) for one, switch in held)


def _direction(before: frozenset[tuple[bool, Scope]], after: frozenset[tuple[bool, Scope]]) -> tuple[Direction, str]:
    lost, added = before - after, after - before
    if not any(on for on, _ in lost) and all(on for on, _ in added):
        return "TIGHTENED", "is turned on where it was not"
    if any(on for on, _ in lost) and not any(on for on, _ in after):
        return "LOOSENED", "is not turned on any more"
    return "NARROWED", "is turned on for other devices, or turned off for some"


def _place(opened: Mapping[str, Document], held: Iterable[_Held]) -> Origin | None:
    for one, switch in held:
        document = opened.get(one.reading.path)
        if document is not None:
            return places(document, [switch.pointer])[switch.pointer]
    return None
