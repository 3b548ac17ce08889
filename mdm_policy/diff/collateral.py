"""Say what a change begins to stop, open or remove beside the ban."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy import collateral
from mdm_policy.decide import beside_together, opened_lists
from mdm_policy.errors import Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mdm_policy.diff.parts import Named
    from mdm_policy.errors import Finding
    from mdm_policy.model import DeviceClass


def added_collateral(old: Sequence[Named], new: Sequence[Named], classes: Iterable[DeviceClass]) -> Iterator[Finding]:
    """Yield what the documents of the new side do beside the ban, where the same document did not do it before.

    What holds in some Android modes alone is said where all declared classes are of these.
    """
    modes = {cls.mode for cls in classes if cls.platform == "android"}
    before = {sort for sort, _ in _every(old, modes)}
    told: set[tuple[str, ...]] = set()
    for sort, finding in _every(new, modes):
        if finding is not None and sort not in before and sort not in told:
            told.add(sort)
            yield finding


def _every(side: Sequence[Named], modes: Collection[str | None]) -> Iterator[tuple[tuple[str, ...], Finding | None]]:
    """Yield all that a side does beside the ban, by document and sort, with what is said where it is new."""
    acting = [one for one in side if one.reading.scope.state != "nobody"]
    names = {id(one.reading): one.name for one in acting}
    readings = [one.reading for one in acting]
    for reading, one in beside_together(readings):
        if one.modes and (not modes or not set(modes) <= set(one.modes)):
            continue
        finding = collateral.on_adding("after the change the document", one.what, one.when, Origin(reading.path))
        yield (names[id(reading)], one.effect, one.what, one.when, *one.modes), finding
    for reading, found, closed in opened_lists(readings):
        sort = (names[id(reading)], "opens", found.collection)
        yield sort, collateral.on_opening(closed, Origin(reading.path))
