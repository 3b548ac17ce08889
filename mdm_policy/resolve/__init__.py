"""Put lists, catalogue, deployment and date together: what is banned, why, for whom, on that day.

Pure: everything read was read by the caller, and the day is an argument. What comes out is both the input of rendering
and the yardstick of read-back, so nothing here looks at a target or a vendor's format.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from mdm_policy.discovery import how_to_find
from mdm_policy.errors import Finding, PolicyError, error, note, warning
from mdm_policy.model import Adoption, BanList, BannedApp, Deployment, ListStatus, Resolution
from mdm_policy.resolve.exceptions import gap_findings, ineffective, keyed, variants, waiver_findings
from mdm_policy.resolve.gathering import Gathering, unknown_names
from mdm_policy.resolve.ordering import Asked, Entry, OrderedIds, blockable, closes, ordered
from mdm_policy.vocabulary import DEFAULT_DUTIES, FAMILIES, Duty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdm_policy.catalogue import Catalogue

__all__ = [
    "NO_ORGANIZATION",
    "Asked",
    "Entry",
    "OrderedIds",
    "blockable",
    "closes",
    "keyed",
    "ordered",
    "resolve",
    "status",
    "unknown_names",
    "variants",
]

"""What a list orders of devices when neither its authority nor an adoption says."""

NO_ORGANIZATION = ("Organization", "local.mdm-policy")
"""What a build without a deployment puts into names and payload identifiers."""


def status(ban_list: BanList, adoption: Adoption | None, as_of: str) -> ListStatus:
    """Say whether a list is in force on a day.

    In force by itself when effective ≤ day < revoked; adopted when since ≤ day; else pending or revoked.
    A list whose authority orders nothing of devices (no duties) is never in force by itself.
    """
    authority = ban_list.authority
    begun = authority.effective or authority.issued
    if authority.revoked and authority.revoked.on <= as_of:
        own, sentence = "revoked", f"revoked on {authority.revoked.on} by {authority.revoked.by}"
    elif begun and as_of < begun:
        own, sentence = "pending", f"not in force before {begun}"
    elif not authority.duties:
        own, sentence = "lapsed", "its authority orders nothing about devices"
    else:
        own, sentence = "in-force", f"in force since {begun}" if begun else "in force"
    if own != "in-force" and adoption is not None:
        if adoption.since <= as_of:
            own, sentence = "adopted", f"{sentence}; adopted since {adoption.since} by {adoption.by}"
        else:
            sentence = f"{sentence}; its adoption by {adoption.by} begins on {adoption.since}"
    return ListStatus(ban_list.id, ban_list.title, authority.citation, own, sentence, authority.origin)


def resolve(
    lists: Sequence[BanList],
    deployment: Deployment | None,
    catalogue: Catalogue,
    as_of: str,
    *,
    adopt: Sequence[Adoption] = (),
    enforce: bool = True,
) -> Resolution:
    """Resolve what is banned on a day.

    With `enforce`, a list that is pending, lapsed or revoked and not adopted is refused; without, it is judged as written.

    Raises:
        PolicyError: with every error of the lists together; warnings travel in the result.

    """
    found: list[Finding] = []
    adoptions = {a.list: a for a in (*(deployment.adopt if deployment else ()), *adopt)}
    statuses = tuple(status(ban_list, adoptions.get(ban_list.id), as_of) for ban_list in lists)
    if enforce:
        found += [_refusal(s, as_of) for s in statuses if s.state not in ("in-force", "adopted")]
    gathered = Gathering(catalogue, deployment.protected if deployment else (), as_of)
    for ban_list, state in zip(lists, statuses, strict=True):
        gathered.add_list(ban_list, _duties(ban_list, adoptions.get(ban_list.id), state))
    apps = gathered.apps()
    found += gathered.found
    if not apps and not any(f.severity == "error" for f in found):
        place = lists[0].origin if lists else None
        found.append(error("empty-ban-list", "nothing is banned: there is no app to block", place))
    found += _coverage(apps)
    found += _left_out(apps)
    waivers = keyed((w for ban_list in lists for w in ban_list.exceptions), apps)
    gaps = keyed(deployment.accepted_gaps if deployment else (), apps)
    found += waiver_findings(waivers, apps, as_of)
    found += gap_findings(gaps, apps, as_of)
    if any(f.severity == "error" for f in found):
        raise PolicyError(found)
    made = variants(waivers, as_of, {app.key for app in apps})
    found += ineffective(made, apps)
    return Resolution(
        deployment.organization_name if deployment else NO_ORGANIZATION[0],
        deployment.organization_id if deployment else NO_ORGANIZATION[1],
        as_of,
        apps,
        statuses,
        made,
        deployment.devices if deployment else (),
        gaps,
        tuple(dict.fromkeys(found)),
        deployment.removal if deployment else "offer",
    )


def _duties(ban_list: BanList, adoption: Adoption | None, state: ListStatus) -> tuple[Duty, ...]:
    """Return the duties in force: an adopted list has those of the adoption, any other its authority's own."""
    if state.state == "adopted" and adoption is not None:
        return adoption.duties
    return ban_list.authority.duties or (adoption.duties if adoption else DEFAULT_DUTIES)


def _refusal(state: ListStatus, as_of: str) -> Finding:
    said = state.sentence if state.state == "pending" else f"not in force: {state.sentence}"
    hint = (
        f"to enforce it by your own decision, write it under `adopt:` in the deployment or pass --adopt {state.list}"
        if state.state != "pending"
        else f"build with --as-of on or after that day, or adopt it: --adopt {state.list}"
    )
    return error(f"list-{state.state}", f"on {as_of}, {state.list} ({state.citation}) is {said}", state.origin, hint)


def _left_out(apps: Iterable[BannedApp]) -> Iterator[Finding]:
    """Tell of each app whose traffic is forbidden which of its addresses stay open because other services share them."""
    for app in apps:
        shared = [one.value for one in app.identifiers if one.family == "web" and one.shared]
        if shared and "no-traffic" in app.duties:
            message = f"{app.name}: {', '.join(shared)} serve others as well, and are left out of what closes sites"
            hint = "to close them too, name them under `domains:` in the app's entry of a list"
            yield note("shared-domain", message, app.reasons[0].origin, hint)


_MOST_COVERAGE_FINDINGS = 1_000
"""More findings on missing identifiers than this are summed up: nobody reads them, and each costs memory."""


def _coverage(apps: Iterable[BannedApp]) -> list[Finding]:
    found = list(itertools.islice(_each_coverage(apps), _MOST_COVERAGE_FINDINGS + 1))
    if len(found) <= _MOST_COVERAGE_FINDINGS:
        return found
    total = sum(1 for _ in _each_coverage(apps))
    rest = f"{total - _MOST_COVERAGE_FINDINGS} more apps lack identifiers on some platform"
    return [*found[:_MOST_COVERAGE_FINDINGS], warning("no-identifier", rest, hint="see the manifest for each app")]


def _each_coverage(apps: Iterable[BannedApp]) -> Iterator[Finding]:
    for app in apps:
        if app.is_vendor:
            continue
        have = {identifier.family for identifier in app.identifiers}
        missing = [f for f in FAMILIES if f != "web" and f not in have and app.platforms.get(f) != "none"]
        if not have and app.named_by == "list":
            continue  # loading has said so, at the place where the identifiers are missing
        if not have:
            message = f"{app.name}: no identifier is known on any platform: nothing can block it"
            hint = f"find its identifiers and give them in its entry; {how_to_find()}"
            yield warning("no-identifier", message, app.reasons[0].origin, hint)
        elif missing:
            message = f"{app.name}: no identifier is known for {', '.join(missing)}: it is not blocked there"
            hint = f"give the identifier in the entry of the app; or say `not_on:` where the app does not exist; {how_to_find(missing)}"
            yield warning("no-identifier", message, app.reasons[0].origin, hint)
