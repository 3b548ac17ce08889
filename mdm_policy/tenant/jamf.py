"""Read a Jamf Pro server by the Classic API: restricted software, and both kinds of configuration profile.

Privileges, all of them read-only: Read Restricted Software, Read Mobile Device Configuration Profiles, Read macOS Configuration
Profiles (Jamf Pro Classic API 11.26.0).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lxml import etree

from mdm_policy.push.answers import Failure
from mdm_policy.tenant.asking import why
from mdm_policy.tenant.model import FoundObject, Missing, file_name

if TYPE_CHECKING:
    from mdm_policy.model import DestinationSpec
    from mdm_policy.tenant.asking import Asker
    from mdm_policy.tenant.model import Collection

_XML = "application/xml"
_COLLECTIONS: tuple[tuple[str, str, str, str, Collection], ...] = (
    ("restricted-software", "restrictedsoftware", "restricted_software", "restricted_software_title", "jamf-software"),
    (
        "mobile-profile",
        "mobiledeviceconfigurationprofiles",
        "configuration_profiles",
        "configuration_profile",
        "jamf-mobile-profiles",
    ),
    (
        "macos-profile",
        "osxconfigurationprofiles",
        "os_x_configuration_profiles",
        "os_x_configuration_profile",
        "jamf-macos-profiles",
    ),
)


def everything(asker: Asker, spec: DestinationSpec) -> tuple[list[FoundObject], list[Missing]]:
    """Return every object of the kinds that can act on apps, and what could not be read."""
    del spec  # groups bear their names in a scope
    held: list[FoundObject] = []
    missing: list[Missing] = []
    for kind, resource, root, entry, what in _COLLECTIONS:
        path = f"JSSResource/{resource}"
        try:
            ids = _listed(asker, path, root, entry)
        except Failure as bad:
            missing.append(Missing(what, f"GET {path}", why(bad)))
            continue
        found = asker.each(partial(_one, asker, path, kind, resource, what), ids)
        held += [one for one in found if isinstance(one, FoundObject)]
        missing += [one for one in found if isinstance(one, Missing)]
    return held, missing


def _listed(asker: Asker, path: str, root: str, entry: str) -> list[tuple[str, str]]:
    reply = asker.get(path, accept=_XML)
    found = _parsed(reply.body, path)
    sizes = [one.text or "" for one in found.iterfind("size")]
    ids = [((one.findtext("id") or "").strip(), (one.findtext("name") or "").strip()) for one in found.iterfind(entry)]
    if found.tag != root or not all(id_.isascii() and id_.isdigit() for id_, _ in ids):
        raise Failure("answer", f"GET {path}: the answer is not a listing", call=path)
    if any(size.strip() != str(len(ids)) for size in sizes[:1]):
        raise Failure(
            "answer", f"GET {path}: the listing says it has {sizes[0]} entries, and has {len(ids)}", call=path
        )
    return ids


def _one(
    asker: Asker, path: str, kind: str, resource: str, what: Collection, listed: tuple[str, str]
) -> FoundObject | Missing | None:
    id_, name = listed
    here = f"{path}/id/{id_}"
    file = f"{resource}/{file_name(name, id_)}.xml"
    try:
        body = asker.get(here, accept=_XML).body
        found = _parsed(body, here)
    except Failure as bad:
        return None if bad.fault == "not-found" else Missing(what, f"GET {here}", why(bad), file)
    if (found.findtext("general/id") or "").strip() != id_:
        return Missing(what, f"GET {here}", "the answer is another object than the one that was asked for", file)
    return FoundObject(file, body, f"{kind}/{id_}")


def _parsed(body: bytes, call: str) -> etree._Element:
    try:
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError:
        raise Failure("answer", f"GET {call}: the answer is not XML", call=call) from None
