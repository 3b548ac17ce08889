"""Say which identifiers a block is made of, and which are ordered for a variant: the yardstick of read-back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy.model import BannedApp, Frozen, Identifier, Resolution, Variant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


class Entry(Frozen, frozen=True, gc=False):
    """Hold one identifier to be blocked, with what an admin's console shows beside it."""

    value: str
    app: str
    name: str
    vendor: str


OrderedIds = dict[tuple[str, str], tuple[Entry, ...]]
"""What is ordered, by (family, kind), sorted by value, each value once."""


def blockable(app: BannedApp) -> tuple[Identifier, ...]:
    """Return the identifiers a block is made of.

    Where the app's team qualifies its bundle id, the qualified signing id stands for both: the bare team would block
    all the vendor's software, and the bare bundle id could be claimed by anyone. A package family name is used through
    its name part.
    """
    # Families and kinds alone decide: `ordered` asks once for all apps that have the same ones.
    # With a team and a bundle id at hand, `derive` or the list itself has made a signing id of every pair of them.
    if not {"team_id", "bundle_id"} <= {i.kind for i in app.identifiers if i.family == "macos"}:
        return app.identifiers
    return tuple([i for i in app.identifiers if i.family != "macos" or i.kind not in ("team_id", "bundle_id")])


def ordered(resolution: Resolution, variant: Variant, kinds: Collection[tuple[str, str]] | None = None) -> OrderedIds:
    """Return what is ordered to be blocked for a variant: every blockable identifier of every app it does not except.

    `kinds` are the families and kinds somebody asks for; without it, all are returned.
    """
    made: dict[tuple[str, str], dict[str, Entry]] = {}
    plans: dict[object, list[tuple[int, dict[str, Entry]]]] = {}
    excepted = set(variant.excepted)
    for app in resolution.apps:
        if app.key in excepted:
            continue
        identifiers = app.identifiers
        shape = (tuple([i.family for i in identifiers]), tuple([i.kind for i in identifiers]))
        plan = plans.get(shape)
        if plan is None:
            plan = plans[shape] = list(_plan(app, kinds, made))
        for place, group in plan:
            value = identifiers[place].value
            if value not in group:
                group[value] = Entry(value, app.key, app.name, app.vendor)
    return {key: tuple([group[value] for value in sorted(group)]) for key, group in sorted(made.items())}


def _plan(
    app: BannedApp, kinds: Collection[tuple[str, str]] | None, made: dict[tuple[str, str], dict[str, Entry]]
) -> Iterator[tuple[int, dict[str, Entry]]]:
    """Return which places of an app's identifiers go into which group, for every app with the same kinds."""
    kept = set(map(id, blockable(app)))
    for place, identifier in enumerate(app.identifiers):
        key = (identifier.family, identifier.kind)
        if id(identifier) in kept and (kinds is None or key in kinds):
            yield place, made.setdefault(key, {})
