"""Compare two saved catalogues: which bans become wider or narrower when a list names the same apps by the other one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.diff.model import Change, Comparison, Direction, ordered
from mdm_policy.errors import Origin
from mdm_policy.vocabulary import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mdm_policy.catalogue.exports import Export, ExportedOwner

_NOBODY: tuple[str, ...] = ()


def compare_catalogues(
    old: tuple[str, Export], new: tuple[str, Export], banned: Collection[str] | None = None
) -> Comparison:
    """Compare two catalogues, each with the name of its file, app by app and platform by platform.

    `banned` are the keys of the apps, and of vendors with `vendor:` before them, that lists ban; without it, all count.
    """
    changes: list[Change] = []
    sides = ((_all(old[1]), old[0]), (_all(new[1]), new[0]))
    for key in sorted(sides[0][0].keys() | sides[1][0].keys()):
        before, after = sides[0][0].get(key), sides[1][0].get(key)
        vendors = {f"vendor:{one.vendor}" for one in (before, after) if one is not None}
        if banned is None or key in banned or vendors & set(banned):
            places = (Origin(old[0]) if before else None, Origin(new[0]) if after else None)
            changes += _owner(key, before, after, places)
    return Comparison(ordered(changes))


def _all(export: Export) -> Mapping[str, ExportedOwner]:
    return {**export.apps, **{f"vendor:{key}": one for key, one in export.vendors.items()}}


def _owner(
    key: str,
    before: ExportedOwner | None,
    after: ExportedOwner | None,
    places: tuple[Origin | None, Origin | None],
) -> Iterator[Change]:
    shown = after or before
    name = shown.name if shown is not None else key
    for family in FAMILIES:
        mine, theirs = _values(before, family), _values(after, family)
        gone = tuple(value for value in mine if value not in theirs)
        fresh = tuple(value for value in theirs if value not in mine)
        if gone:
            why = (
                "the catalogue no longer has the app" if after is None else "the catalogue no longer has the identifier"
            )
            yield _change("LOOSENED", key, name, family, gone, why, places)
        if fresh:
            why = "the app is new in the catalogue" if before is None else "the identifier is new in the catalogue"
            yield _change("TIGHTENED", key, name, family, fresh, why, places)
        if before is not None and after is not None and not gone and not fresh:
            yield from _existence(key, name, family, before, after, places)
    if not _told(before, after):
        known = after is not None
        why = (
            "the app is new in the catalogue, without an identifier" if known else "the catalogue no longer has the app"
        )
        if before is None or after is None:
            yield _change("TIGHTENED" if known else "LOOSENED", key, name, "", (), why, places)


def _told(before: ExportedOwner | None, after: ExportedOwner | None) -> bool:
    return bool((before and before.identifiers) or (after and after.identifiers))


def _existence(
    key: str,
    name: str,
    family: str,
    before: ExportedOwner,
    after: ExportedOwner,
    places: tuple[Origin | None, Origin | None],
) -> Iterator[Change]:
    was, now = (one.platforms.get(family, "unknown") for one in (before, after))
    if (was == "none") != (now == "none"):
        direction: Direction = "NARROWED" if now == "none" else "TIGHTENED"
        why = "the catalogue says now that it does not exist there" if now == "none" else "it may exist there after all"
        yield _change(direction, key, name, family, (), why, places)


def _values(owner: ExportedOwner | None, family: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for place, _, value in owner.identifiers if place == family)) if owner else _NOBODY


def _change(
    direction: Direction,
    key: str,
    name: str,
    platform: str,
    identifiers: tuple[str, ...],
    why: str,
    places: tuple[Origin | None, Origin | None],
) -> Change:
    verdicts = {"LOOSENED": ("banned", "not banned"), "TIGHTENED": ("not banned", "banned")}.get(direction, ("", ""))
    return Change(direction, key, name, platform, identifiers, "", *verdicts, why, *places)
