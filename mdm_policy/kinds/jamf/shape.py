"""Hold Jamf's objects against the Classic API's own description: what must be there, what stands once, and yes or no.

The description (Jamf Pro Classic API 11.26.0) names the required elements and the types. What a server does with another word
than `true` or `false`, or with an element that stands twice, no page says; a required element that is missing it refuses. An
object that bears an id has been stored, so what it lacks was taken out of the file, and the server has it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from mdm_policy.kinds.collector import Collector

SOURCE = "Jamf Pro Classic API 11.26.0, the required elements and types of its description"
_WORDS = frozenset({"", "true", "false"})
_REQUIRED: dict[str, tuple[str, ...]] = {
    "restricted_software": ("name", "process_name"),
    "configuration_profile": ("name",),
    "os_x_configuration_profile": ("name",),
}
_SWITCHES = (
    *("general/match_exact_process_name", "general/kill_process", "general/delete_executable"),
    *("scope/all_computers", "scope/all_mobile_devices", "scope/all_jss_users"),
)


class ShapeFault(NamedTuple):
    """Say what an object has that the description has not, where, and whether the server is known to refuse it."""

    pointer: str
    message: str
    hint: str
    certain: bool


def hold_object(c: Collector, root: etree._Element) -> None:
    """Take back what was read of an object that the server refuses, and question it where nobody can tell."""
    found = list(_faults(root))
    for one in found:
        said = "the server refuses the object" if one.certain else "what the server makes of it is not documented"
        c.say("error", "jamf-shape", f"{one.message}; {said}", one.pointer, one.hint)
    certain = next((one for one in found if one.certain), None)
    if certain is not None:
        c.reject_all(f"Jamf refuses the object: {certain.message}", certain.pointer, certain.hint, SOURCE)
    elif found:
        c.mark_uncertain(f"nobody can tell what Jamf makes of it: {found[0].message}")


def _faults(root: etree._Element) -> Iterator[ShapeFault]:
    base = f"/{root.tag}"
    general = root.find("general")
    if general is None:
        return
    stored = bool((root.findtext("general/id") or "").strip())
    for name in _REQUIRED[str(root.tag)]:
        if not stored and not (general.findtext(name) or "").strip():
            hint = f"write the element {name}"
            yield ShapeFault(f"{base}/general", f"{name} is missing or empty, and Jamf requires it", hint, certain=True)
    for owner, place in ((root, base), (general, f"{base}/general")):
        for name, count in Counter(str(child.tag) for child in owner).items():
            if count > 1 and len({_whole(child) for child in owner if child.tag == name}) > 1:
                message = f"the element {name} stands {count} times, with different content"
                yield ShapeFault(place, message, "keep one", certain=False)
    for path in _SWITCHES:
        text = (root.findtext(path) or "").strip()
        if text not in _WORDS:
            message = f"{path.rpartition('/')[2]} is {text[:40]!r}, and it is true or false"
            yield ShapeFault(f"{base}/{path}", message, "write true or false, in small letters", certain=False)


def _whole(element: etree._Element) -> tuple[object, ...]:
    """Return what tells elements of one name apart."""
    return ((element.text or "").strip(), *(_whole(child) for child in element))
