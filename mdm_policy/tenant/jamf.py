"""Read a Jamf Pro server by the Classic API: restricted software, and both kinds of configuration profile.

Privileges, all of them read-only: Read Restricted Software, Read Mobile Device Configuration Profiles, Read macOS Configuration
Profiles (Jamf Pro Classic API 11.26.0).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mdm_policy.push.answers import Failure
from mdm_policy.push.listings import jamf_entries, jamf_xml
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
            ids = jamf_entries(asker.get(path, accept=_XML), root, entry)
        except Failure as bad:
            missing.append(Missing(what, f"GET {path}", why(bad)))
            continue
        found = asker.each(partial(_one, asker, path, kind, resource, what), ids)
        held += [one for one in found if isinstance(one, FoundObject)]
        missing += [one for one in found if isinstance(one, Missing)]
    return held, missing


def _one(
    asker: Asker, path: str, kind: str, resource: str, what: Collection, listed: tuple[str, str]
) -> FoundObject | Missing | None:
    id_, name = listed
    here = f"{path}/id/{id_}"
    file = f"{resource}/{file_name(name, id_)}.xml"
    try:
        reply = asker.get(here, accept=_XML)
        found = jamf_xml(reply)
    except Failure as bad:
        return None if bad.fault == "not-found" else Missing(what, f"GET {here}", why(bad), file)
    if (found.findtext("general/id") or "").strip() != id_:
        return Missing(what, f"GET {here}", "the answer is another object than the one that was asked for", file)
    return FoundObject(file, reply.body, f"{kind}/{id_}")
