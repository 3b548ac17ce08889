"""Say which identifiers a block is made of, and which are ordered for a variant: the yardstick of read-back."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import msgspec

from mdm_policy.joined import joined
from mdm_policy.model import BannedApp, Frozen, Identifier, Resolution, Variant
from mdm_policy.publishers import fits, unquoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mdm_policy.vocabulary import Kind


class Entry(Frozen, frozen=True, gc=False):
    """Hold one identifier to be blocked, with what an admin's console shows beside it.

    `parts` are the identifiers that a joined one is made of, by kind, as they are written; of the name of a package, the
    publisher whose hash stands in its family name, or `*`. `service`: the program runs as a Windows service too.
    """

    value: str
    app: str
    name: str
    vendor: str
    parts: dict[str, str] = {}
    service: bool = False


Asked = tuple[str, ...]
"""A family and a kind, and the kinds of the same app or of its signer that are joined with it, if there are any."""
OrderedIds = dict[Asked, tuple[Entry, ...]]
"""What is ordered, by what is asked for, sorted by value, each value once."""

_NAMES = ("product_name", "original_file_name")
_SIGNERS = ("publisher", "publisher_cn", "certificate")
_PARTS = ("helper", "installer")
_PACKAGE = ("windows", "appx_name")


def blockable(app: BannedApp) -> tuple[Identifier, ...]:
    """Return the identifiers a block is made of.

    Where the app's team qualifies its bundle id, the qualified signing id stands for both: the bare team would block
    all the vendor's software, and the bare bundle id could be claimed by anyone. So on Windows a publisher qualifies the
    app's product and files, where these are known. A package family name is used through its name part.
    """
    # Families and kinds alone decide, and roles where there is a signer: `ordered` asks once for all apps that have the same.
    # With a team and a bundle id at hand, `derive` or the list itself has made a signing id of every pair of them.
    qualifying: set[tuple[str, str]] = set()
    if {"team_id", "bundle_id"} <= {i.kind for i in app.identifiers if i.family == "macos"}:
        qualifying |= {("macos", "team_id"), ("macos", "bundle_id")}
    if _is_qualified(app):
        qualifying |= {("windows", "publisher"), ("windows", "publisher_cn")}
    if not qualifying:
        return app.identifiers
    return tuple([i for i in app.identifiers if (i.family, i.kind) not in qualifying])


def _is_qualified(app: BannedApp) -> bool:
    """Tell whether an app is known by a product or a file of its signer, so that the signer alone is not what is banned."""
    return not app.is_vendor and any(
        i.family == "windows" and i.kind in _NAMES and i.role not in _PARTS for i in app.identifiers
    )


def closes(app: BannedApp, address: Identifier) -> bool:
    """Tell whether an address of an app is to be closed: some authority orders it, and no other service shares it.

    A shared address that a list names itself is asked for, and counts as the app's own.
    """
    return "no-traffic" in app.duties and not address.shared


def ordered(resolution: Resolution, variant: Variant, kinds: Collection[Asked] | None = None) -> OrderedIds:
    """Return what is ordered to be blocked for a variant: every blockable identifier of every app it does not except.

    `kinds` are the families and kinds somebody asks for, and with which other kinds joined; without it, all that stand by
    themselves are returned.
    """
    made: dict[tuple[str, str], dict[str, Entry]] = {}
    plans: dict[object, list[tuple[int, dict[str, Entry]]]] = {}
    sites = kinds is None or any(asked[0] == "web" for asked in kinds)
    excepted = set(variant.excepted)
    apps = [app for app in resolution.apps if app.key not in excepted]
    for app in apps:
        identifiers = app.identifiers
        names = tuple([i.kind for i in identifiers])
        closed = sites and "no-traffic" in app.duties
        shared = tuple([i.shared for i in identifiers]) if closed else None
        shape = (tuple([i.family for i in identifiers]), names, _signed(app, names), shared)
        plan = plans.get(shape)
        if plan is None:
            plan = plans[shape] = list(_plan(app, kinds, made))
        for place, group in plan:
            identifier = identifiers[place]
            value = identifier.value
            if value not in group:
                group[value] = Entry(value, app.key, app.name, app.vendor, {}, identifier.runs_as_service)
    found: OrderedIds = {key: tuple([group[value] for value in sorted(group)]) for key, group in sorted(made.items())}
    if _PACKAGE in found:
        found[_PACKAGE] = tuple(_proven(found[_PACKAGE], apps))
    for asked in sorted(kinds or ()):
        if len(asked) > 2:
            found[asked] = _joined(apps, asked)
    return found


def _signed(app: BannedApp, names: Sequence[str]) -> object:
    """Return what an app's signers are worth beside what else is known of it, where it has any of its own."""
    return _is_qualified(app) if "publisher" in names or "publisher_cn" in names else None


def _proven(entries: Iterable[Entry], apps: Iterable[BannedApp]) -> Iterator[Entry]:
    """Give each package the publisher whose hash its family name holds; `*` where none is known, or more than one."""
    found: dict[str, set[str]] = {}
    for app in apps:
        own = [i for i in app.identifiers if i.family == "windows"]
        subjects = [i.value for i in (*own, *app.signers) if i.kind == "publisher" and i.value.startswith("CN=")]
        families = [i.value for i in own if i.kind == "package_family_name"]
        named = {family.rpartition("_")[0] for family in families}
        for family in families:
            fitting = [one for one in subjects if fits(one, family)]
            found.setdefault(family.rpartition("_")[0], set()).update(fitting or ("*",))
        for one in own:
            if one.kind == "appx_name" and one.value not in named:
                found.setdefault(one.value, set()).add("*")
    for entry in entries:
        known = found.get(entry.value, set())
        publisher = next(iter(known)) if len(known) == 1 else "*"
        yield msgspec.structs.replace(entry, parts={"publisher": publisher})


def _joined(apps: Iterable[BannedApp], asked: Asked) -> tuple[Entry, ...]:
    """Return what a rule may ask for at once, each combination as one identifier."""
    made: dict[str, Entry] = {}
    for app in apps:
        service = any(one.runs_as_service for one in app.identifiers)
        for parts in _combinations(app, asked):
            _, value = joined(parts)
            if value not in made:
                made[value] = Entry(
                    value, app.key, app.name, app.vendor, {str(kind): one for kind, one in parts.items()}, service
                )
    return tuple([made[value] for value in sorted(made)])


def _combinations(app: BannedApp, asked: Asked) -> Iterator[dict[Kind, str]]:
    """Yield what an app is known by, of each kind one: a signer that it has none of is its vendor's.

    A signer by itself is banned where it is the vendor that is, or where nothing else is known of what it signs.
    """
    family, first, *_ = asked
    own = [i for i in app.identifiers if i.family == family]
    if first in _SIGNERS and _is_qualified(app):
        return
    columns: list[list[tuple[Kind, str]]] = []
    for kind in asked[1:]:
        mine = [i for i in own if i.kind == kind]
        if not mine and kind != first and kind in _SIGNERS:
            mine = [i for i in app.signers if i.kind == kind]
        # The subject of a packaged app's certificate begins with CN=, and stands in no rule for programs.
        subjects = [unquoted(i.value) if kind == "publisher" else i.value for i in mine]
        columns.append(
            [(i.kind, value) for i, value in zip(mine, subjects, strict=True) if not value.startswith("CN=")]
        )
    for chosen in product(*columns):
        yield dict(chosen)


def _plan(
    app: BannedApp, kinds: Collection[Asked] | None, made: dict[tuple[str, str], dict[str, Entry]]
) -> Iterator[tuple[int, dict[str, Entry]]]:
    """Return which places of an app's identifiers go into which group, for every app with the same kinds."""
    kept = {id(one) for one in blockable(app) if one.family != "web" or closes(app, one)}
    for place, identifier in enumerate(app.identifiers):
        key = (identifier.family, identifier.kind)
        if id(identifier) in kept and (kinds is None or key in kinds):
            yield place, made.setdefault(key, {})
