"""Turn the scope of a Jamf object into an assignment and back, losing nothing of it.

A group stands in an assignment by its name, or by its id where the deployment gives an id or the name is all digits.
Whatever else a scope can hold is written `part:value` (`buildings:3`, `users:jdoe`); a limitation cuts as an exclusion
does, and stands among them as `limitations/part:value`. So a scope that a person narrowed is seen to differ from what is
declared, and can be brought back as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from mdm_policy.push.model import Assignment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_LIMITATIONS = "limitations/"
_EVERY_USER = "all_jss_users"
_BY_NAME = frozenset({"users", "user_groups"})
"""Directory users and groups, which Jamf knows by name only
(deploymenttheory/terraform-provider-jamfpro@11d5c3ee, constructor of restricted software)."""
_CHILDREN = {
    "computers": "computer",
    "computer_groups": "computer_group",
    "mobile_devices": "mobile_device",
    "mobile_device_groups": "mobile_device_group",
    "buildings": "building",
    "departments": "department",
    "users": "user",
    "user_groups": "user_group",
    "jss_users": "user",
    "jss_user_groups": "user_group",
    "network_segments": "network_segment",
    "ibeacons": "ibeacon",
}


class Family(NamedTuple):
    """Say what the scope of one kind of object is made of (Jamf Pro Classic API 11.26.0).

    `everyone` is the switch for all devices, `groups` the part that names groups of them; `targets`, `limitations` and
    `excluded` are all parts, in the API's order. Every one is written, since an empty part is what clears it.
    """

    everyone: str
    groups: str
    targets: tuple[str, ...]
    limitations: tuple[str, ...]
    excluded: tuple[str, ...]
    switches: tuple[str, ...] = ()


_PLACES = ("buildings", "departments")
_PEOPLE = ("jss_users", "jss_user_groups")
_NARROW = ("users", "user_groups", "network_segments", "ibeacons")
_MACS = ("computers", "computer_groups")
_MOBILES = ("mobile_devices", "mobile_device_groups")
SOFTWARE = Family("all_computers", "computer_groups", (*_MACS, *_PLACES), (), (*_MACS, *_PLACES, "users"))
MAC = Family(
    "all_computers",
    "computer_groups",
    (*_MACS, *_PLACES, *_PEOPLE),
    _NARROW,
    (*_MACS, *_PLACES, *_PEOPLE, *_NARROW),
    (_EVERY_USER,),
)
MOBILE = Family(
    "all_mobile_devices",
    "mobile_device_groups",
    (*_MOBILES, *_PLACES, *_PEOPLE),
    _NARROW,
    (*_MOBILES, *_PLACES, *_PEOPLE, *_NARROW),
    (_EVERY_USER,),
)
NOBODY = Assignment()


def read_scope(family: Family, scope: etree._Element | None, ids: Collection[str]) -> Assignment:
    """Return whom a scope is for; `ids` are the ids of groups that the deployment names by id."""
    if scope is None:
        return NOBODY
    groups: list[str] = []
    excluded: list[str] = []
    for part in scope:
        tag = str(part.tag)
        if tag == "exclusions":
            excluded += [token for child in part for token in _tokens(family, child, ids)]
        elif tag == "limitations":
            excluded += [_LIMITATIONS + token for child in part for token in _tokens(family, child, ids)]
        elif tag != family.everyone:
            groups += _tokens(family, part, ids)
    everyone = (scope.findtext(family.everyone) or "").strip() == "true"
    return Assignment(everyone, _sorted(groups), _sorted(excluded))


def write_scope(family: Family, assignment: Assignment) -> etree._Element:
    """Return the whole scope: a PUT replaces it (github.com/Jamf-Concepts/jamf-cli/pull/379), and what is empty is cleared."""
    scope = etree.Element("scope")
    _leaf(scope, family.everyone, "true" if assignment.everyone else "false")
    for switch in family.switches:
        _leaf(scope, switch, "true" if switch in assignment.groups else "false")
    _parts(family, scope, family.targets, (one for one in assignment.groups if one not in family.switches))
    if family.limitations:
        limits = (one.removeprefix(_LIMITATIONS) for one in assignment.excluded if one.startswith(_LIMITATIONS))
        _parts(family, etree.SubElement(scope, "limitations"), family.limitations, limits)
    excluded = (one for one in assignment.excluded if not one.startswith(_LIMITATIONS))
    _parts(family, etree.SubElement(scope, "exclusions"), family.excluded, excluded)
    return scope


def rename_groups(family: Family, scope: etree._Element, names: Mapping[str, str]) -> None:
    """Give groups the names that the deployment has for them, by which device classes know them; `names` are by token."""
    for part in scope.iter(family.groups):
        for one in part.iter(_CHILDREN[family.groups]):
            name = names.get(_text(one, "id")) or names.get(_text(one, "name"))
            if name:
                for old in one.findall("name"):
                    one.remove(old)
                _leaf(one, "name", name)


def _tokens(family: Family, part: etree._Element, ids: Collection[str]) -> Iterator[str]:
    tag = str(part.tag)
    if not len(part):
        if (part.text or "").strip() == "true":
            yield tag
        return
    for one in part:
        if one.tag == "size":
            continue
        number, name = _text(one, "id"), _text(one, "name")
        if tag == family.groups:
            by_id = number and (number in ids or not name or name.isdecimal() or _part_of(name))
            yield number if by_id else name
        elif number in ("", "0", "-1") or tag in _BY_NAME:
            yield f"{tag}:{name or number}"
        else:
            yield f"{tag}:{number}"


def _parts(family: Family, parent: etree._Element, tags: tuple[str, ...], tokens: Iterator[str]) -> None:
    made = {tag: etree.SubElement(parent, tag) for tag in tags}
    for token in tokens:
        tag = _part_of(token) or family.groups
        value = token.removeprefix(f"{tag}:")
        part = made.get(tag)
        if part is None:
            part = made[tag] = etree.SubElement(parent, tag)
        one = etree.SubElement(part, _CHILDREN.get(tag, tag.removesuffix("s")))
        _leaf(one, "id" if value.isdecimal() and tag not in _BY_NAME else "name", value)


def _part_of(token: str) -> str:
    """Return the part of a scope that a token names, or nothing for a group's name."""
    tag, colon, _ = token.partition(":")
    return tag if colon and tag in _CHILDREN else ""


def _leaf(parent: etree._Element, tag: str, text: str) -> None:
    etree.SubElement(parent, tag).text = text


def _text(element: etree._Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _sorted(tokens: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(tokens)))
