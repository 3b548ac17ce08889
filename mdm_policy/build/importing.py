"""Write each target's IMPORT.md: where its files go, whom to assign, what they do for good, and what they will not do."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from mdm_policy import render, templating
from mdm_policy.build import collateral
from mdm_policy.build.words import counted, singular, table_name
from mdm_policy.selection import can_carry, is_for_networks, serves
from mdm_policy.verify.counts import many
from mdm_policy.verify.table import AppTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.build import Written
    from mdm_policy.build.handing import Handed
    from mdm_policy.model import BannedApp, DeviceClass
    from mdm_policy.resolve import Entry
    from mdm_policy.targets import Claim, Target
    from mdm_policy.vocabulary import ClaimedVerdict, Side

    Layouts = Sequence[tuple[frozenset[tuple[str, str]], Sequence[BannedApp]]]
    """Banned apps by the (family, kind) of their identifiers."""

_HAPPENS = {
    "hidden": "{} hidden and cannot be launched. An installed copy stays on the device with its data; nothing is deleted",
    "removed": "cannot be installed, and an installed copy is uninstalled with its data. That is not undone when the ban ends",
    "blocked": "cannot be launched. An installed copy stays on the device",
    "not-installable": "cannot be installed. A copy that is there already keeps running",
}
_AUDIT = "for a trial: it stops nothing, and logs what the file beside it stops"
_MOST_APPS = 500
"""How many rows of apps the page has; the tables beside it have all."""
_PUSHED = {"intune": "graph", "jamf": "jamf", "amapi": "amapi"}
"""The kind of destination that takes the documents of an MDM."""
_SIDES = {"work": "in the work profile", "personal": "on the personal side", "device": "on the device"}
_NAMES = frozenset(
    {
        "alternatives",
        "apps",
        "apps_more",
        "as_of",
        "besides",
        "cannot",
        "classes",
        "collateral",
        "device_effects",
        "documents",
        "has_patch",
        "lists",
        "needs",
        "not_blocked",
        "of_network",
        "options",
        "organization",
        "pushed",
        "removes",
        "signable",
        "source",
        "summary",
        "tables",
        "title",
        "variants",
    }
)


_DECLARED = """
## Declared, not modelled

What these files do is declared by this target's own manifest. No reader of mdm-policy knows their kind, so it proves
only that what is ordered stands where the manifest says it counts: {files}. Try them on a device before you trust them.
"""
"""Not a template's to leave out: it says what the proof is worth."""
_MANAGED = ("winget_id", "product_code")
_NOTICED = (
    "Nothing, as long as a script only says what it would remove. Once it removes, an app is gone with its program files; "
    "what it left in a user's folders may stay"
)
_HANDED = """
## Handed over, not proven

No reader of mdm-policy reads {files}. Nothing proves what they do, no verdict counts them, and they meet no duty: `verify` says
what blocks these apps with and without them alike. Read them, and try them on a device before you trust them.
"""


def layouts(apps: Sequence[BannedApp]) -> Layouts:
    """Sort the banned apps by the kinds of their identifiers, which is all that this page asks of most of them."""
    return [
        (frozenset(layout.kinds), [apps[place] for place in layout.places]) for layout in AppTable(tuple(apps)).layouts
    ]


def import_text(
    target: Target,
    jobs: Sequence[render.Job],
    written: Sequence[Written],
    banned: Layouts,
    chosen: Sequence[Target] = (),
    handed: Sequence[Handed] = (),
) -> bytes:
    """Render the target's IMPORT.md from its own template.

    `banned` are the banned apps, sorted by their kinds; `chosen` are all targets of the build, which may serve a class in
    this one's place.

    Raises:
        PolicyError: the template's defect.

    """
    context = _context(target, jobs, written, banned, chosen)
    context["documents"] += [_handed(one, context["variants"]) for one in handed]
    context["device_effects"] += [_NOTICED] if handed else []
    template = target.manifest.import_template
    foreign = not target.packaged
    page = templating.Page("markdown", target.search, _NAMES, target.folder, template, context, foreign=foreign)
    unread = [f"`{one.path.partition('/')[2]}`" for one in handed]
    declared = [f"`{record.path.partition('/')[2]}`" for record in written if record.declared]
    more = _DECLARED.format(files=", ".join(declared)) if declared else ""
    more += _HANDED.format(files=", ".join(unread)) if unread else ""
    return f"{jobs[0].printer(page)}{more}".encode()


def _context(
    target: Target, jobs: Sequence[render.Job], written: Sequence[Written], banned: Layouts, chosen: Sequence[Target]
) -> dict[str, Any]:
    base = jobs[0]
    manifest = target.manifest
    claims = {c.name: (c, entries) for spec in manifest.documents for c, entries in render.claimed(base, spec)}
    groups = {job.variant.name: job.variant.groups for job in jobs}
    devices = base.resolution.devices
    of_network = is_for_networks(target)
    mine = [] if of_network else [cls for cls in devices if _is_for(target, cls, chosen)]
    listed = [(claim.family, claim.kind, entries) for claim, entries in claims.values()] + _unread(base)
    apps = _apps(listed)
    return {
        "alternatives": sorted(
            other.manifest.title
            for other in base.targets.values()
            if manifest.alternative_group
            and other.manifest.alternative_group == manifest.alternative_group
            and other.name != target.name
        ),
        "apps": apps[:_MOST_APPS],
        "apps_more": max(0, len(apps) - _MOST_APPS),
        "as_of": base.resolution.as_of,
        "besides": [cls.name for cls in devices if cls not in mine and not of_network and can_carry(target, cls)],
        "cannot": list(manifest.cannot),
        "classes": [_class(cls) for cls in mine],
        "collateral": _collateral(base, written),
        "device_effects": list(_effects(claims.values())),
        "documents": [_document(record, groups, target, written) for record in written],
        "has_patch": target.document("patch-personal") is not None,
        "lists": sorted(({"id": s.list, "state": s.state} for s in base.resolution.statuses), key=itemgetter("id")),
        "needs": list(manifest.needs),
        "of_network": of_network,
        "not_blocked": [*_not_blocked(target, banned), *_only_removable(target, banned)],
        "options": base.options,
        "organization": {"name": base.resolution.organization_name, "identifier": base.resolution.organization_id},
        "pushed": _PUSHED.get(manifest.managed_by, "") if written else "",
        "removes": any(claim.verdict == "removed" for claim, entries in claims.values() if entries),
        "signable": [record.path.partition("/")[2] for record in written if record.signing != "no"],
        "source": manifest.source,
        "summary": manifest.summary,
        "tables": sorted({table_name(family) for family, _, entries in listed if entries}),
        "title": manifest.title,
        "variants": [_variant(job, written) for job in jobs if job.variant.name],
    }


def _collateral(base: render.Job, written: Sequence[Written]) -> list[dict[str, Any]]:
    """Say what the files do beside the ban; where all of them do it, no file is named."""
    documents = [(record.document, record.path) for record in written]
    every = {path for _, path in documents}
    return [
        {
            "files": [] if set(one.files) == every else [path.partition("/")[2] for path in one.files],
            "sentence": f"{one.sentence[0].upper()}{one.sentence[1:]}.",
        }
        for one in collateral.told(base.target, base.options, documents)
    ]


def _is_for(target: Target, cls: DeviceClass, chosen: Sequence[Target]) -> bool:
    """Tell whether a class gets this target: because it is made for it, or because no other of the build is."""
    return serves(target, cls) or (can_carry(target, cls) and not any(serves(other, cls) for other in chosen))


def _class(cls: DeviceClass) -> dict[str, Any]:
    return {"name": cls.name, "groups": list(cls.groups)}


def _unread(base: render.Job) -> list[tuple[str, str, Sequence[Entry]]]:
    """Return family, kind and what is ordered of each kind that files hold which no reader reads."""
    uses = dict.fromkeys(use for one in base.target.manifest.handed_over for use in one.uses)
    pairs = [use.split(".") for use in uses]
    return [(family, kind, base.ids.get((family, kind), ())) for family, kind in pairs]


def _apps(listed: Iterable[tuple[str, str, Sequence[Entry]]]) -> list[dict[str, Any]]:
    """Return the apps with the identifiers that stand in the files, by name; an app with two kinds has two rows."""
    found: dict[tuple[str, str, str, str], dict[str, None]] = {}
    for _, kind, entries in listed:
        for entry in entries:
            key = (entry.name.casefold(), entry.name, entry.app, kind)
            several = kind in entry.parts  # a rule asks for all of them at once
            found.setdefault(key, {})[" + ".join(entry.parts.values()) if several else entry.value] = None
    return [
        {"name": name, "kind": kind, "kind_name": singular(kind), "ids": list(ids)}
        for (_, name, _, kind), ids in sorted(found.items())
    ]


def _file(record: Written) -> str:
    return record.path.partition("/")[2]


def _document(
    record: Written, groups: dict[str, tuple[str, ...]], target: Target, written: Sequence[Written]
) -> dict[str, Any]:
    spec = target.document(record.document)
    audit = spec is not None and spec.audit
    blocks = "; ".join(f"blocks {counted(count, kind)}" for kind, count in record.totals.items())
    return {
        "file": _file(record),
        "groups": list(groups[record.variant]),
        "instead_of": [
            _file(other)
            for other in written
            if spec is not None and (other.document, other.variant) == (spec.instead_of, record.variant) and not audit
        ],
        "says": _AUDIT if audit else blocks or "carries no ban itself; it belongs to the other files",
        "sha256": record.sha256,
    }


def _handed(one: Handed, variants: Sequence[dict[str, Any]]) -> dict[str, Any]:
    groups = [group for variant in variants if variant["name"] == one.variant for group in variant["groups"]]
    file = one.path.partition("/")[2]
    return {"file": file, "groups": groups, "instead_of": [], "says": one.says, "sha256": one.sha256}


def _variant(job: render.Job, written: Sequence[Written]) -> dict[str, Any]:
    names = {app.key: app.name for app in job.resolution.apps}
    return {
        "name": job.variant.name,
        "groups": list(job.variant.groups),
        "excepted": [names[key] for key in job.variant.excepted],
        "until": min(waiver.until for waiver in job.variant.waivers),
        "built": any(record.variant == job.variant.name for record in written),
        "empty": not render.can_block(job),
    }


def _effects(claims: Iterable[tuple[Claim, Sequence[Entry]]]) -> Iterator[str]:
    """Say what becomes of how many apps, on which side; an app is held as well as its best claim has it."""
    found: dict[tuple[ClaimedVerdict, tuple[Side, ...]], dict[str, bool]] = {}
    for claim, entries in claims:
        if claim.family == "web":
            if entries:
                opens = "does" if len(entries) == 1 else "do"
                yield f"{counted(len(entries), claim.kind)} {opens} not open any more, nor any name below. That touches no app."
            continue
        apps = found.setdefault((claim.verdict, claim.sides), {})
        for entry in entries:
            apps[entry.app] = apps.get(entry.app, True) and claim.strength == "weak"
    for (verdict, sides), apps in found.items():
        for weak in (False, True):
            count = sum(1 for one in apps.values() if one is weak)
            if count:
                yield _happens(verdict, sides, count, weak=weak)


def _happens(verdict: ClaimedVerdict, sides: Sequence[Side], count: int, *, weak: bool) -> str:
    where = " or ".join(_SIDES[side] for side in sides)
    place = f"{where[0].upper()}{where[1:]}: " if where else ""
    happens = _HAPPENS[verdict].format("is" if count == 1 else "are")
    more = " This is a weak block: a changed copy escapes." if weak else ""
    return f"{place}{many(count, 'app')} {happens}.{more}"


def _not_blocked(target: Target, banned: Layouts) -> Iterator[str]:
    """Name the apps this target has no identifier for, in one line a family, at most twenty names a line."""
    for family in sorted({claim.family for claim in target.manifest.blocks} - {"web"}):
        kinds = {claim.kind for claim in target.manifest.blocks if claim.family == family}
        absent: list[str] = []
        unknown: list[str] = []
        for known, apps in banned:
            if any(other == family and kind in kinds for other, kind in known):
                continue
            for app in apps:
                if not app.is_vendor:
                    (absent if app.platforms.get(family) == "none" else unknown).append(app.name)
        if unknown:
            yield f"Block {_names(unknown)}: no {' or '.join(singular(kind) for kind in sorted(kinds))} is known."
        if absent:
            yield f"Block {_names(absent)}: as far as is known, no such app exists there."


def _only_removable(target: Target, banned: Layouts) -> Iterator[str]:
    """Name the apps that a target's files remove, and that nothing blocks, for a package manager alone knows them."""
    uses = {tuple(use.split(".")) for one in target.manifest.handed_over for use in one.uses}
    found = [
        app.name
        for known, apps in banned
        for app in apps
        if any((family, kind) in uses and kind in _MANAGED for family, kind in known)
        and all(kind in _MANAGED for family, kind in known if family == "windows")
        and not any(reason.banned_vendor for reason in app.reasons)
    ]
    if found:
        yield f"Keep {_names(found)} from running: only what a package manager calls it is known, so nothing blocks it."


def _names(names: Sequence[str]) -> str:
    shown = sorted(names, key=lambda name: (name.casefold(), name))[:20]
    rest = f" and {len(names) - 20} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + rest
