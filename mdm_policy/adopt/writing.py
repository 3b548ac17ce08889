"""Write a proposal as a ban list and a deployment: the same proposal gives the same bytes, and every text is quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdm_policy.adopt.model import BlockingPlace, Left, Proposal, ProposedBan
    from mdm_policy.model import DestinationSpec, DeviceClass
    from mdm_policy.reading import Scope
    from mdm_policy.verify import Places

LIST = "our-list.yaml"
DEPLOYMENT = "deployment.yaml"
_SHOWN = 10
"""How many places are named of one entry, and how many groups of one place."""
_LIST_HEAD = """\
# Proposed by `mdm-policy init --from` from what is blocked already. Review each entry, and name the authority; above each stands
# where it came from. An entry bans the whole app where it names one of the catalogue, else what it names alone.
ban_list: our-list
title: Apps that are blocked already
authority:
  citation: "Name the order or policy that bans these"
  duties: [no-install, no-launch]
bans:
"""
_DEPLOYMENT_HEAD = """\
# Proposed by `mdm-policy init --from`. No document says all of a class: correct the systems, supervision, enrollment and mode.
organization: {name: Our Organization, identifier: org.example}
lists:
  - our-list.yaml
devices:
"""


def written_list(proposal: Proposal, places: Places) -> bytes:
    """Write the ban list, each entry under a comment that says where it came from and where it does not hold wholly."""
    every = [place for entry in proposal.entries for place in entry.places[:_SHOWN]]
    every += [one.place for one in proposal.left if one.place is not None]
    places.want((place.document, place.pointer) for place in every)
    lines = [line for entry in proposal.entries for line in _entry(entry, places)]
    if proposal.left:
        lines.append("# Not proposed:")
        lines += [f"# - {_left(one, places)}" for one in proposal.left]
    return (_LIST_HEAD + "\n".join(lines) + "\n").encode()


def written_deployment(
    devices: Iterable[DeviceClass], destinations: Sequence[tuple[DestinationSpec, Mapping[str, Any]]]
) -> bytes:
    """Write the deployment; destinations are those of another deployment, with their settings as they are from here."""
    lines = [f"  - {_flow(_class(one))}" for one in devices]
    if destinations:
        lines.append("destinations:")
        lines += [f"  {_text(spec.name)}: {_flow(_destination(spec, settings))}" for spec, settings in destinations]
    return (_DEPLOYMENT_HEAD + "\n".join(lines) + "\n").encode()


def _entry(entry: ProposedBan, places: Places) -> Iterable[str]:
    for place in entry.places[:_SHOWN]:
        yield f"  # from {_place(place, places)}"
    if len(entry.places) > _SHOWN:
        yield f"  # and {len(entry.places) - _SHOWN} places more"
    for said in entry.open:
        yield f"  # does not hold on {_plain(said)}"
    ban = entry.ban
    if ban.app is not None:
        yield f"  - app: {ban.app}"
        return
    yield f"  - name: {_text(ban.name or '')}"
    for family in dict.fromkeys(one.family for one in ban.identifiers if one.family != "web"):
        mine = [one for one in ban.identifiers if one.family == family]
        kinds = {
            kind: [one.value for one in mine if one.kind == kind] for kind in dict.fromkeys(one.kind for one in mine)
        }
        yield f"    {family}: {_flow(kinds)}"
    domains = [one.value for one in ban.identifiers if one.family == "web"]
    if domains:
        yield f"    domains: {_flow(domains)}"


def _place(place: BlockingPlace, places: Places) -> str:
    origin = places(place.document, place.pointer)
    line = f" line {origin.line}" if origin is not None and origin.line else ""
    said = f"{place.document}{line}, {place.pointer or '/'}: {place.rule.mechanism}, {place.rule.verdict}"
    return _plain(f"{said}, {place.rule.strength}; {_reach(place.scope)}")


def _reach(scope: Scope) -> str:
    words = {"everyone": "for everyone", "nobody": "for nobody", "not-stated": "for whom is not stated"}
    said = words.get(scope.state) or f"for the groups {_names(scope.groups)}"
    said += f", except {_names(scope.excluded)}" if scope.excluded else ""
    return f"{said}, under a filter" if scope.filtered else said


def _names(groups: Sequence[object]) -> str:
    more = f" and {len(groups) - _SHOWN} more" if len(groups) > _SHOWN else ""
    return ", ".join(map(str, groups[:_SHOWN])) + more


def _left(one: Left, places: Places) -> str:
    at = ""
    if one.place is not None:
        origin = places(one.place.document, one.place.pointer)
        at = f" ({one.place.document}{f' line {origin.line}' if origin is not None and origin.line else ''})"
    return _plain(f"{one.what}{at}: {one.why}")


def _class(one: DeviceClass) -> dict[str, Any]:
    bounds = ", ".join(f"{bound.op}{'.'.join(map(str, bound.version))}" for bound in one.os)
    said: dict[str, Any] = {"name": one.name, "platform": one.platform, "os": bounds or None}
    said |= {"supervised": one.supervised, "enrollment": one.enrollment, "mode": one.mode}
    said |= {"user_affinity": one.user_affinity, "managed_by": one.managed_by, "groups": list(one.groups) or None}
    return {key: value for key, value in said.items() if value is not None}


def _destination(spec: DestinationSpec, settings: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {spec.type: dict(settings)}
    said |= {
        "assign": None if spec.assign == "unchanged" else spec.assign,
        "targets": spec.targets,
        "groups": spec.groups or None,
        "owner": spec.owner or None,
        "rely_on_others": None if spec.rely_on_others else False,
    }
    return {key: value for key, value in said.items() if value is not None}


def _plain(text: str) -> str:
    """Return a text on one line, without what steers a terminal or ends a comment."""
    return "".join(c if c.isprintable() else " " for c in text)


def _flow(value: object) -> str:
    """Write a value as YAML in one line; JSON is YAML."""
    return msgspec.json.encode(value).decode()


def _text(text: str) -> str:
    return _flow(text)
