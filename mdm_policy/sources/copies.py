"""Find the files in a backup that only repeat what another file holds: they reach no device by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mdm_policy.errors import Finding, Origin, note, warning
from mdm_policy.kinds.intune.documents import DEVICE_CONFIGURATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mdm_policy.documents import Document

_DECODED = "mobileconfig"
"""The folder beside the custom configurations into which IntuneCD decodes their payloads (IntuneCD 2.6.0
backup/Intune/DeviceConfigurations.py), under the name in `payloadFileName`."""


def decoded_copies(documents: Mapping[str, Document]) -> Iterator[tuple[str, Finding]]:
    """Yield the names of profiles that are the decoded payload of an Intune object, with what to say of each.

    Whom the profile reaches, only that object says; its copy would seem to be for everyone.
    """
    for name, document in documents.items():
        file = document.value.get("payloadFileName") if isinstance(document.value, dict) else None
        if document.kind != DEVICE_CONFIGURATION.name or not isinstance(file, str) or not file:
            continue
        copy = str(Path(name).parent / _DECODED / file)
        held = dict(document.inner).get("/payload")
        if copy not in documents or copy == name:
            continue
        if held is not None and held.value == documents[copy].value:
            yield copy, note("decoded-copy", f"it is the payload of {name}, which counts", Origin(copy))
        else:
            said = f"it is not the payload that {name} holds; that one counts"
            yield copy, warning("decoded-copy", said, Origin(copy), "back the tenant up again")
