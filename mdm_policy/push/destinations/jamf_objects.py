"""Know the shapes of Jamf's Classic objects: their kinds, what is compared of them, and what an update sends."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from lxml import etree

from mdm_policy import documents, kinds
from mdm_policy.push import normal
from mdm_policy.push.destinations import jamf_payloads
from mdm_policy.push.destinations.jamf_payloads import plain_value, told
from mdm_policy.push.destinations.jamf_scope import MAC, MOBILE, SOFTWARE, Family

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


class JamfObjectKind(NamedTuple):
    """Describe one kind of object: our word for it, its resource, the element names of object, list and entry, its scope.

    `general` are the elements of the general part that shipped targets set (Jamf Pro Classic API 11.26.0).
    """

    name: str
    path: str
    document: str
    root: str
    listing: str
    entry: str
    family: Family
    general: tuple[str, ...]


_SOFTWARE = (
    "name",
    "process_name",
    "match_exact_process_name",
    "send_notification",
    "kill_process",
    "delete_executable",
    "display_message",
    "site",
)
_PROFILE = ("name", "description", "level", "site", "category", "user_removable", "payloads")
_ALL = (
    JamfObjectKind(
        "restricted-software",
        "restrictedsoftware",
        "jamf-restricted-software",
        "restricted_software",
        "restricted_software",
        "restricted_software_title",
        SOFTWARE,
        _SOFTWARE,
    ),
    JamfObjectKind(
        "mobile-profile",
        "mobiledeviceconfigurationprofiles",
        "jamf-mobile-profile",
        "configuration_profile",
        "configuration_profiles",
        "configuration_profile",
        MOBILE,
        (*_PROFILE, "deployment_method"),
    ),
    JamfObjectKind(
        "macos-profile",
        "osxconfigurationprofiles",
        "jamf-macos-profile",
        "os_x_configuration_profile",
        "os_x_configuration_profiles",
        "os_x_configuration_profile",
        MAC,
        (*_PROFILE, "distribution_method"),
    ),
)
KINDS = {kind.name: kind for kind in _ALL}
BY_DOCUMENT = {kind.document: kind for kind in _ALL}

_VOLATILE = frozenset(
    {
        "id",
        "uuid",
        "payloads",
        # A word to the one request: a GET says `Newly Assigned` whatever was sent
        # (github.com/deploymenttheory/terraform-provider-jamfpro/pull/185).
        "redeploy_on_update",
        "redeploy_days_before_certificate_expires",
        "redeploy_Days_before_certificate_expires",
        "redeploy_Dayss_before_certificate_expires",
    }
)
_LEVELS = {
    "system": "device",
    "device": "device",
    "device level": "device",
    "computer": "device",
    "computer level": "device",
    "user": "user",
    "user level": "user",
}
"""What is written (System, computer) and what is read back (Device Level, System) mean the same; which of them a server
of 11.30 answers is unverified, so both are taken."""
_SECTIONS = frozenset({"general", "scope", "self_service"})
_OFF = frozenset({"false", "0", "-1", "None"})


class Opened(NamedTuple):
    """Hold an object that was read: its element, and the value of the profile in it.

    `payload` is None for an object without one, or whose profile cannot be read.
    """

    kind: JamfObjectKind
    root: etree._Element
    payload: dict[str, Any] | None

    @property
    def general(self) -> etree._Element:
        """Return the part that says everything but the scope; an object is not recognised without it."""
        return _part(self.root, "general")

    def text(self, tag: str) -> str:
        """Return the text of an element of the general part, white space aside."""
        return (self.general.findtext(tag) or "").strip()

    @property
    def profile(self) -> bool:
        """Tell whether objects of this kind hold a profile."""
        return "payloads" in self.kind.general


def open_object(kind: JamfObjectKind, name: str, data: bytes) -> Opened | None:
    """Read an object, or return None when the document is none of its kind (Jamf's list of titles has the same root).

    Raises:
        PolicyError: the document cannot be read at all.

    """
    document = kinds.open_document(name, data, "xml")
    if document.kind != kind.document:
        return None
    payload = next((inner.value for _, inner in document.inner if isinstance(inner.value, dict)), None)
    return Opened(kind, document.value, payload)


def without_scope(opened: Opened, name: str) -> bytes:
    """Return the body of an item: the object under the name that carries its mark, without id and scope."""
    root = etree.Element(opened.kind.root)
    general = etree.SubElement(root, "general")
    general.extend(copy.deepcopy(one) for one in opened.general if one.tag not in ("id", "uuid"))
    _set(general, "name", name)
    return documents.dump(root, "xml")


def restored(opened: Opened, tags: Collection[str]) -> bytes:
    """Return the body of an item that brings an object back as it is; `tags` are elements that targets set besides ours.

    Payloads of a kind that no target of ours makes are left out: they may hold passwords, an update does not touch them,
    and the plan must not show them.
    """
    root = etree.Element(opened.kind.root)
    general = etree.SubElement(root, "general")
    for one in opened.general:
        if (one.tag in opened.kind.general or one.tag in tags) and one.tag not in _VOLATILE:
            general.append(copy.deepcopy(one))
    if opened.payload is not None:
        _set(general, "payloads", jamf_payloads.one_line(jamf_payloads.restorable(opened.payload)))
    return documents.dump(root, "xml")


def request(wanted: Opened, stored: Opened | None, scope: etree._Element | None) -> etree._Element:
    """Return what is sent to create an object, or to update the one that is stored.

    An update carries the PayloadUUID and PayloadIdentifier that Jamf has stored, or devices would get a second profile
    (jamf-cli issue 129, terraform-provider-jamfpro issue 539), and asks for the new profile on every device. Without a
    scope the stored one stays: a PUT merges at the top level
    (github.com/jamf/terraform-provider-jamfplatform/pull/281, Jamf Pro 11.29.1).
    """
    root = etree.Element(wanted.kind.root)
    general = copy.deepcopy(wanted.general)
    root.append(general)
    if wanted.profile:
        _set(general, "redeploy_on_update", "Newly Assigned" if stored is None else "All")
    if wanted.payload is not None:
        payload = wanted.payload
        if stored is not None:
            payload = jamf_payloads.merged(payload, stored.payload, stored.text("uuid"))
        _set(general, "payloads", jamf_payloads.one_line(payload))
    if scope is not None:
        root.append(scope)
    return root


def after(wanted: Opened, stored: Opened) -> etree._Element:
    """Return the stored object as it will be after an update, its scope and all that is not ours unchanged."""
    root = copy.deepcopy(stored.root)
    general = _part(root, "general")
    for child in tuple(_part(request(wanted, stored, None), "general")):
        for old in general.findall(str(child.tag)):
            general.remove(old)
        general.append(child)
    return root


def reasons(wanted: Opened, found: Opened) -> Iterator[str]:
    """Yield in words what has to change in an object, what Jamf rewrites aside."""
    here = _general(found)
    for tag, value in sorted(_general(wanted).items()):
        if here.get(tag) != value:
            yield f"{tag} {told(value, here.get(tag))}"
    if wanted.payload is None:
        return
    if found.payload is None:
        yield "payloads cannot be read as a profile"
    else:
        yield from jamf_payloads.reasons(wanted.payload, found.payload)


def unexpected(found: Opened, known: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Yield the pointers of what is set in an object, that we never set and that Jamf does not inject.

    Self Service settings are left out: they mean nothing to a profile that installs by itself, and one that does not
    differs by its method.
    """
    for section in found.root:
        if section.tag not in _SECTIONS and _element(section):
            yield documents.pointer(str(section.tag))
    for tag, value in sorted(_general(found).items()):
        if tag not in found.kind.general and value not in _OFF:
            yield documents.pointer("general", tag)
    if found.payload is not None:
        here = documents.pointer("general", "payloads")
        yield from (here + pointer for pointer in jamf_payloads.unexpected(found.payload, known))


def fingerprint(found: Opened) -> str:
    """Return a hash of all that a person can change in an object but its scope; what Jamf rewrites has no part in it."""
    whole: dict[str, Any] = {str(one.tag): _element(one) for one in found.root if one.tag not in ("general", "scope")}
    whole = {key: value for key, value in whole.items() if value}
    payloads = found.text("payloads") if found.payload is None else jamf_payloads.comparable(found.payload)
    return normal.fingerprint({**whole, "general": _general(found), "payloads": payloads})


def _general(opened: Opened) -> dict[str, Any]:
    """Return what the general part says, as it is compared; an empty element is as good as none."""
    made: dict[str, Any] = {}
    for one in opened.general:
        tag = str(one.tag)
        if tag in _VOLATILE:
            continue
        # Of a site or a category the id counts: the name is Jamf's own word, and differs from version to version.
        value = (one.findtext("id") or "").strip() if tag in ("site", "category") else _element(one)
        if tag == "level" and isinstance(value, str):
            value = _LEVELS.get(value.casefold(), value)
        if value:
            made[tag] = value
    return made


def _element(element: etree._Element) -> Any:
    """Return an element as plain data: text without white space around it, or its children by name, sorted."""
    if not len(element):
        return plain_value(element.text or "")
    made: dict[str, Any] = {}
    for child in element:
        if child.tag != "size" and (value := _element(child)):
            made.setdefault(str(child.tag), []).append(value)
    return jamf_payloads.ordered(made)


def _part(root: etree._Element, tag: str) -> etree._Element:
    found = root.find(tag)
    return etree.SubElement(root, tag) if found is None else found


def _set(general: etree._Element, tag: str, text: str) -> None:
    _part(general, tag).text = text
