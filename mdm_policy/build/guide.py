"""Write what leads through a build: START-HERE.md, from device class to console, file and people; the lists to paste."""

from __future__ import annotations

import csv
import io
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from mdm_policy import resources, templating
from mdm_policy.build.words import counted, table_name
from mdm_policy.resolve import ordered
from mdm_policy.selection import can_act, is_for_networks, serves
from mdm_policy.verify import sentence
from mdm_policy.verify.counts import many
from mdm_policy.vocabulary import FAMILIES, FAMILY_OF

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.build import Built, Written
    from mdm_policy.model import BannedApp, DeviceClass, Resolution
    from mdm_policy.resolve import OrderedIds
    from mdm_policy.targets import Target
    from mdm_policy.verify import ClassVerdict, GapReport, Verification

START, ANY = "START-HERE.md", "ANY-EMM.md"
_CONSOLES = {
    "intune": "Microsoft Intune",
    "jamf": "Jamf Pro",
    "amapi": "Android Management API",
    "fleet": "Fleet",
    "kmfddm": "KMFDDM",
    "nanomdm": "NanoMDM",
}
_FAMILY_NAMES = {
    "ios": "iPhone, iPad, Apple TV, Vision Pro",
    "macos": "Mac",
    "android": "Android and ChromeOS",
    "windows": "Windows",
    "web": "Web addresses",
}
_ROWS = {
    "unenforceable": "{} cannot be enforced by anyone",
    "no_identifier": "no identifier known for {}",
    "not_judged": "{} not judged",
    "open": "{} open",
}
_MOST_FILES, _MOST_NAMES, _MOST_PASTED = 3, 20, 1_000
_START_NAMES = frozenset(
    {
        "accepted",
        "any_emm",
        "as_of",
        "besides",
        "folders",
        "gaps",
        "handed",
        "lists",
        "organization",
        "others",
        "rows",
        "sentence",
        "unmet",
        "unused",
        "written",
    }
)
_ANY_NAMES = frozenset({"as_of", "families", "groups", "lists", "organization"})


def write(
    resolution: Resolution, built: Built, found: Verification, others: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes) of the pages and tables that stand beside the targets; `others` are targets that were not made."""
    base = next(one for one in resolution.variants if not one.name)
    ids = ordered(resolution, base)
    yield START, _page("start-here.md.j2", _START_NAMES, _start(resolution, built, found, others))
    wanted = _families(resolution, built)
    families = [family for family in FAMILIES if family in wanted and any(one == family for one, _ in ids)]
    yield ANY, _page("any-emm.md.j2", _ANY_NAMES, _any(resolution, ids, families))
    for family in families:
        yield table_name(family), _table(resolution, ids, family)


def _families(resolution: Resolution, built: Built) -> set[str]:
    """Return the families of the declared classes and of what was built, and the web's; all where no class is declared."""
    if not resolution.devices:
        return set(FAMILIES)
    declared = {FAMILY_OF[cls.platform] for cls in resolution.devices}
    return {"web", *declared, *(claim.family for target in built.targets for claim in target.manifest.blocks)}


def console(target: Target | None, cls: DeviceClass | None) -> str:
    """Say in which console a target's files go in for a class."""
    if target is not None and target.manifest.console:
        return target.manifest.console
    owner = (target.manifest.managed_by if target else "") or (cls.managed_by if cls else "") or "other"
    if cls is not None and cls.managed_by == "other":
        owner = "other"
    return _CONSOLES.get(owner, "your MDM" if owner == "other" else owner)


def _page(template: str, names: frozenset[str], context: dict[str, Any]) -> bytes:
    root = resources.templates()
    folder = root / "_shared"
    page = templating.Page("markdown", (folder, root), names, folder, template, context)
    return templating.render_template(page).encode()


def _common(resolution: Resolution) -> dict[str, Any]:
    statuses = ({"id": s.list, "state": s.state, "citation": s.citation} for s in resolution.statuses)
    return {
        "as_of": resolution.as_of,
        "lists": sorted(statuses, key=itemgetter("id")),
        "organization": {"name": resolution.organization_name},
    }


def _start(resolution: Resolution, built: Built, found: Verification, others: Sequence[str]) -> dict[str, Any]:
    rows = list(_rows(built, found)) if found.declared else []
    besides = list(_besides(built, found)) if found.declared else []
    shown = {one["folder"] for one in rows} | {one["target"] for one in besides}
    return {
        **_common(resolution),
        "rows": [{"number": number, **row} for number, row in enumerate(rows, 1)],
        "gaps": [_gap(report) for report in found.gaps],
        "accepted": [
            {**_gap(report), "document": report.accepted.document, "until": report.accepted.until}
            for report in found.accepted
            if report.accepted is not None
        ],
        "unmet": list(_unmet(found)),
        "besides": besides,
        "unused": [target.name for target in built.targets if rows and target.name not in shown],
        "handed": [
            {"target": one.target, "file": one.path.partition("/")[2], "says": one.says} for one in built.handed
        ],
        "folders": [{"target": target.name, "title": target.manifest.title} for target in built.targets],
        "others": list(others),
        "sentence": sentence(found),
        "written": bool(built.documents),
        "any_emm": ANY,
    }


def _rows(built: Built, found: Verification) -> Iterator[dict[str, Any]]:
    """Yield a row for each class and target made for it, and one for a class that none is made for."""
    for verdict in found.classes:
        made = _made_for(verdict, built)
        for target in made:
            yield _row(target, verdict, built, found, first=target is made[0])
        if not made:
            yield _row(None, verdict, built, found, first=True)
    for target in built.targets:
        if is_for_networks(target):
            yield _place(target, built) | {
                "cls": "every network",
                "devices": "",
                "console": target.manifest.console or target.manifest.title,
                "assign": "what these devices resolve or go through",
                "open": "what does not go through it",
            }


def _made_for(verdict: ClassVerdict, built: Built) -> list[Target]:
    """Return the targets that serve a class, what blocks apps before what blocks addresses.

    Where none serves it, return those that the deployment names and that act on it.
    """
    found = [target for target in built.targets if serves(target, verdict.cls)] or _acting(verdict, built)
    return sorted(found, key=lambda target: all(claim.family == "web" for claim in target.manifest.blocks))


def _acting(verdict: ClassVerdict, built: Built) -> list[Target]:
    owners = {one.target for one in built.documents if one.path in verdict.documents}
    return [target for target in built.targets if target.name in owners and can_act(target, verdict.cls)]


def _besides(built: Built, found: Verification) -> Iterator[dict[str, Any]]:
    """Name the targets that the verdict counts on classes whose console is not known to take them."""
    for target in built.targets:
        classes = [
            verdict.cls.name
            for verdict in found.classes
            if target in _acting(verdict, built) and target not in _made_for(verdict, built)
        ]
        if classes:
            yield {"target": target.name, "classes": classes}


def _row(
    target: Target | None, verdict: ClassVerdict, built: Built, found: Verification, *, first: bool
) -> dict[str, Any]:
    cls = verdict.cls
    return _place(target, built) | {
        "cls": cls.name,
        "devices": cls.platform + (f", {cls.mode}" if cls.mode else ""),
        "console": console(target, cls),
        "assign": _assign(cls) + (_spared(found) if target else ""),
        "open": (_open(verdict, found) if first else "as above") + _uncounted(target, verdict, built),
    }


def _assign(cls: DeviceClass) -> str:
    if not cls.groups:
        return f"the devices of “{cls.name}”"
    return f"{'group' if len(cls.groups) == 1 else 'groups'} {', '.join(cls.groups)}"


def _spared(found: Verification) -> str:
    """Name the groups that an exception frees: they get other files, or none."""
    groups = sorted({group for one in found.variants for group in one.groups})
    return f"; not {', '.join(groups)}, which get files of their own" if groups else ""


def _place(target: Target | None, built: Built) -> dict[str, Any]:
    if target is None:
        return {"folder": "", "files": [], "more": 0}
    mine = [one for one in built.documents if one.target == target.name]
    base = [_file(one) for one in mine if not one.variant]
    base += [one.path.partition("/")[2] for one in built.handed if one.target == target.name and not one.variant]
    return {
        "folder": target.name,
        "files": base[:_MOST_FILES],
        "more": max(0, len(base) - _MOST_FILES),
    }


def _file(written: Written) -> str:
    return written.path.partition("/")[2]


def _uncounted(target: Target | None, verdict: ClassVerdict, built: Built) -> str:
    """Say of files made for a class that the verdict does not count them, for they are documents of another MDM by name."""
    mine = [one.path for one in built.documents if target is not None and one.target == target.name]
    if not mine or set(mine) & set(verdict.documents):
        return ""
    return " (these files are not counted: nothing says that this MDM keeps them as they are)"


def _open(verdict: ClassVerdict, found: Verification) -> str:
    """Count what stays open on a class, by the rows of the sentence."""
    counts = found.counted(verdict).plain
    parts = [words.format(many(counts[key], "app")) for key, words in _ROWS.items() if counts[key]]
    return "; ".join(parts) or "nothing"


def _gap(report: GapReport) -> dict[str, Any]:
    return {
        "cls": report.cls.name,
        "names": _names(report.apps),
        "told": f"{report.sentence}." + (f" {report.hint[0].upper()}{report.hint[1:]}." if report.hint else ""),
    }


def _names(apps: Sequence[BannedApp]) -> str:
    names = sorted({app.name for app in apps}, key=lambda name: (name.casefold(), name))
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + rest


def _unmet(found: Verification) -> Iterator[dict[str, Any]]:
    """Say of how many apps on each class a duty is ordered that no file meets."""
    for verdict in found.classes:
        counts: dict[str, int] = {}
        for group in verdict.groups:
            for duty in group.cell.duties:
                counts[duty] = counts.get(duty, 0) + len(group.apps)
        for duty, count in sorted(counts.items()):
            yield {"cls": verdict.cls.name, "duty": duty, "apps": many(count, "app")}


def _any(resolution: Resolution, ids: OrderedIds, families: Sequence[str]) -> dict[str, Any]:
    return {
        **_common(resolution),
        "families": [_family(ids, family, resolution.devices) for family in families],
        "groups": [
            {"groups": ", ".join(one.groups), "apps": ", ".join(_excepted(resolution, one.excepted))}
            for one in resolution.variants
            if one.name
        ],
    }


def _excepted(resolution: Resolution, keys: Sequence[str]) -> list[str]:
    names = {app.key: app.name for app in resolution.apps}
    return [names[key] for key in keys]


def _family(ids: OrderedIds, family: str, devices: Sequence[DeviceClass]) -> dict[str, Any]:
    kinds = []
    for (one, kind), entries in ids.items():
        if one == family:
            lines = [entry.value for entry in entries]
            kinds.append(
                {
                    "count": counted(len(lines), kind),
                    "paste": "\n".join(lines[:_MOST_PASTED]),
                    "more": max(0, len(lines) - _MOST_PASTED),
                }
            )
    return {
        "name": _FAMILY_NAMES[family],
        "classes": [cls.name for cls in devices if FAMILY_OF[cls.platform] == family],
        "kinds": kinds,
        "table": table_name(family),
    }


def _table(resolution: Resolution, ids: OrderedIds, family: str) -> bytes:
    """Write a family's identifiers with their apps, and the groups that an exception frees."""
    freed = {key: " ".join(one.groups) for one in resolution.variants if one.name for key in one.excepted}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("app", "kind", "identifier", "excepted_groups"))
    for (one, kind), entries in ids.items():
        if one == family:
            writer.writerows((_plain(e.name), kind, e.value, freed.get(e.app, "")) for e in entries)
    return text.getvalue().encode("utf-8-sig")


def _plain(name: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{name}" if name[:1] in "=+-@" else name
