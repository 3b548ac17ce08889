"""Make bans, exceptions and authorities out of what a list says, and check what only several values together can show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.discovery import how_to_find
from mdm_policy.identifiers import quoted
from mdm_policy.model import Authority, Ban, GrantedException, Identifier, Override, Revocation
from mdm_policy.vocabulary import DEFAULT_DUTIES, Duty

if TYPE_CHECKING:
    from mdm_policy.errors import Origin
    from mdm_policy.loading.leaves import TableCell
    from mdm_policy.loading.report import LoadReport
    from mdm_policy.loading.shapes import Group

IDENTIFIER_KEYS = ("ios", "macos", "android", "windows", "domains")

_EVERYONE = frozenset(("all", "everyone", "everybody", "*", "any", "alldevices", "allusers", "fleet", "organization"))
# One maker's programs share these; the rest name one app, so two bans that hold one are a slip of the pen.
_SHARED_KINDS = frozenset(
    (
        "team_id",
        "publisher",
        "publisher_cn",
        "certificate",
        "product_name",
        "domain",
        "url",
        "executable",
        "process_name",
    )
)


class Draft(msgspec.Struct, frozen=True):
    """Hold one list as its own file says it, before the lists it includes are merged into it."""

    id: str
    title: str
    authority: Authority
    bans: tuple[Ban, ...]
    exceptions: tuple[GrantedException, ...]
    includes: tuple[TableCell, ...]
    origin: Origin


def make_override(_report: LoadReport, group: Group) -> Override:
    """Make the permission to use one identifier that a guard would refuse."""
    return Override(group.text("id"), group.text("reason"), group.origin)


def make_ban(report: LoadReport, group: Group) -> Ban:
    """Make one ban."""
    cells = group.cells
    identifiers: list[Identifier] = []
    for key in IDENTIFIER_KEYS:
        if cells.get(key):
            identifiers += cells[key]
    if "name" in cells and cells.keys().isdisjoint(IDENTIFIER_KEYS):
        said = f"{quoted(group.text('name'))} is banned without any identifier, so no device can be told"
        hint = f"add identifiers, or write `app:` with a key that `mdm-policy lookup` finds; {how_to_find()}"
        report.warning("no-identifier", said, group.at("name"), hint)
    ban = Ban(
        group.origin,
        group.get("app"),
        group.get("feature"),
        group.get("implemented_by"),
        group.get("vendor"),
        group.get("name"),
        tuple(identifiers),
        group.texts("not_on") if "not_on" in cells else (),
        tuple(group.many("allow_dangerous")),
    )
    if ban.not_on or ban.allow_dangerous:
        _check_statements(report, group, ban)
    return ban


def _check_statements(report: LoadReport, group: Group, ban: Ban) -> None:
    for cell in group.many("not_on"):
        if cell.value in group.cells:
            said = f"the ban says the app does not exist on {cell.value}, and gives identifiers for it"
            report.error(
                "not-on-contradicted", said, cell.origin, f"remove {cell.value} from `not_on`, or the identifiers"
            )
    values = {identifier.value for identifier in ban.identifiers}
    for override in ban.allow_dangerous:
        if ban.name is not None and override.id and override.id not in values:
            said = f"{quoted(override.id)} is allowed as dangerous, but is not an identifier of this ban"
            report.warning("override-unused", said, override.origin, "remove the entry, or correct its `id`")


def make_waiver(report: LoadReport, group: Group) -> GrantedException:
    """Make one exception; it can never hold for everyone."""
    for cell in group.many("groups"):
        if cell.value.lower().replace("-", "").replace("_", "").replace(" ", "") in _EVERYONE:
            said = f"{quoted(cell.value)} excepts everyone: that would end the ban"
            report.error("exception-fleet-wide", said, cell.origin, "name the groups that the approver named")
    return GrantedException(
        group.text("app"),
        group.text("category"),
        group.text("approved_by"),
        group.text("document"),
        group.texts("groups"),
        group.text("until"),
        group.origin,
    )


def make_authority(report: LoadReport, group: Group) -> Authority:
    """Make the authority of a list; its days have to follow each other."""
    issued, effective, revoked = group.get("issued"), group.get("effective"), group.get("revoked")
    ended = Revocation(revoked.text("on"), revoked.text("by")) if revoked is not None else None
    if issued and effective and effective < issued:
        said = f"the authority is effective on {effective}, before it was issued on {issued}"
        report.error("date-order", said, group.at("effective"), "correct one of the two days")
    began = effective or issued
    if ended is not None and ended.on and began and ended.on < began:
        said = f"the authority was revoked on {ended.on}, before it began on {began}"
        hint = "correct one of the days; leave `effective` out of an order that never took effect"
        report.error("date-order", said, revoked.at("on"), hint)
    duties: tuple[Duty, ...] = DEFAULT_DUTIES
    if "duties" in group.cells:
        duties = tuple(cell.value for cell in group.many("duties"))
    return Authority(group.text("citation"), group.origin, issued, effective, ended, duties)


def make_draft(report: LoadReport, group: Group) -> Draft:
    """Make the list of one file."""
    bans = tuple(ban for ban in group.many("bans") if ban is not None)
    warn_of_repeats(report, bans)
    list_id = group.text("ban_list")
    return Draft(
        list_id,
        group.text("title") or list_id,
        group.get("authority") or Authority("", group.origin),
        bans,
        tuple(group.many("exceptions")),
        tuple(group.many("include")),
        group.origin,
    )


def warn_of_repeats(report: LoadReport, bans: tuple[Ban, ...]) -> None:
    """Warn of a ban, or an identifier of one app, that stands in a file twice."""
    subjects: dict[tuple[str | None, ...], Origin] = {}
    places: dict[tuple[str, str, str], Origin] = {}
    for ban in bans:
        origin = ban.origin
        name = ban.name and ban.name.casefold()
        subject = (ban.app, ban.feature, ban.implemented_by, ban.vendor, name)
        first = subjects.setdefault(subject, origin)
        if first is not origin and any(subject):
            shown = quoted(ban.app or ban.feature or ban.vendor or ban.name or "")
            said = f"{shown} is banned already, on line {first.line}"
            report.warning("duplicate-ban", said, origin, "remove one, or put its identifiers into the other")
        for one in ban.identifiers:
            place = one.origin
            first = places.setdefault((one.family, one.kind, one.value), place)
            if first is not place and (one.kind not in _SHARED_KINDS or origin <= first <= place):
                said = f"the {one.kind} {quoted(one.value)} is in the list already, on line {first.line}"
                report.warning("duplicate-identifier", said, place, "remove one of them")
