"""Say what a document does: whom it blocks, allows or reports, under which conditions, resting on which vendor fact.

One reader per document kind, independent of the templates: it knows each vendor's keys from the vendor's own pages,
and shares none of them with rendering, so that reading a rendered document back proves something. Readers are pure and
never raise: what they do not understand becomes a finding and has no effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy.documents import places
from mdm_policy.kinds import page
from mdm_policy.kinds.android import policy as amapi
from mdm_policy.kinds.android import rules as amapi_rules
from mdm_policy.kinds.apple import declarations, santa
from mdm_policy.kinds.apple import profile as apple
from mdm_policy.kinds.apple import rules as apple_rules
from mdm_policy.kinds.collector import Collector
from mdm_policy.kinds.intune import android as intune_android
from mdm_policy.kinds.intune import policies as intune
from mdm_policy.kinds.intune import rules as intune_rules
from mdm_policy.kinds.jamf import objects as jamf
from mdm_policy.kinds.windows import applocker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mdm_policy.documents import Document
    from mdm_policy.reading import Reading, Rule

_READERS: dict[str, Callable[[Collector], Reading]] = {
    "amapi-modify-applications": amapi.read_modify,
    "amapi-page": page.read_page,
    "amapi-patch": amapi.read_patch,
    "amapi-policy": amapi.read_policy,
    "apple-declaration-activation": declarations.read_activation,
    "apple-declaration-configuration": declarations.read_configuration,
    "apple-profile": apple.read_profile,
    "applocker-rules": applocker.read_applocker,
    "graph-page": page.read_page,
    "intune-approve-apps": intune.read_approve_apps,
    "intune-device-configuration": intune.read_configuration,
    "intune-mobile-app": intune_android.read_mobile_app,
    "intune-settings-catalog": intune.read_settings_catalog,
    "jamf-macos-profile": jamf.read_macos_profile,
    "jamf-mobile-profile": jamf.read_mobile_profile,
    "jamf-restricted-software": jamf.read_restricted_software,
}
RULES: tuple[Rule, ...] = (
    *amapi_rules.RULES,
    *apple_rules.RULES,
    *applocker.RULES,
    *intune_rules.RULES,
    *jamf.RULES,
    *santa.RULES,
)
"""Every rule a reader starts from, with the vendor fact it rests on; a document may weaken its own copy."""


def known_kinds() -> tuple[str, ...]:
    """Return the document kinds that have a reader, sorted."""
    return tuple(sorted(_READERS))


def read(document: Document) -> Reading:
    """Return what a document does; a document of an unknown kind does nothing, and says so."""
    return _with_places(document, [_read(document)])[0]


def read_each(document: Document) -> tuple[Reading, ...]:
    """Return one reading for each object of a page, each with its own scope; any other document is one reading."""
    if document.kind not in ("graph-page", "amapi-page"):
        return (read(document),)
    return _with_places(document, page.read_each(document, _read))


def _read(document: Document) -> tuple[Reading, list[str]]:
    """Read a document and return the pointers of its findings beside it."""
    collector = Collector(document, _read)
    reader = _READERS.get(document.kind)
    if reader is not None:
        return reader(collector), collector.places
    message = "this is no document mdm-policy knows, so it blocks nothing"
    collector.say("error", "document-unknown", message, "", "see `mdm-policy targets` for what is read")
    return collector.reading(silent=True), collector.places


def _with_places(document: Document, read: Iterable[tuple[Reading, list[str]]]) -> tuple[Reading, ...]:
    """Give each finding its line; a text is searched once for all objects of a page, and only when there is a finding."""
    each = list(read)
    asked = dict.fromkeys(pointer for _, pointers in each for pointer in pointers)
    if not asked:
        return tuple(reading for reading, _ in each)
    found = places(document, asked)
    return tuple(
        msgspec.structs.replace(
            reading,
            findings=tuple(
                msgspec.structs.replace(finding, origin=found[pointer])
                for finding, pointer in zip(reading.findings, pointers, strict=True)
            ),
        )
        for reading, pointers in each
    )


def boundaries(platform: str) -> tuple[tuple[int, ...], ...]:
    """Return the OS versions of a platform at which some rule begins, is deprecated or ends, sorted."""
    found = {
        versions[platform]
        for rule in RULES
        for versions in (rule.introduced, rule.deprecated, rule.removed)
        if platform in versions
    }
    return tuple(sorted(found - {(0,)}))
