"""Hold every document of the built example against the vendor's own description of it (`make vendor-check`).

The folder is `MDM_POLICY_BUILD`, or build/example. A document of a kind nobody here can check must be named below, with
the reason; there is no silent pass.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import vendor_amapi
import vendor_graph

from mdm_policy.kinds import open_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdm_policy.documents import Document

BUILD = Path(os.environ.get("MDM_POLICY_BUILD", "build/example"))
SUFFIXES = {".json", ".mobileconfig", ".xml"}
RECORDS = {"manifest.json"}
"""Files of the product's own, which no vendor describes."""

CHECKS: dict[str, Callable[[Any], list[str]]] = {
    "amapi-policy": lambda value: vendor_amapi.check("Policy", value),
    "amapi-modify-applications": lambda value: vendor_amapi.check("ModifyPolicyApplicationsRequest", value),
    "amapi-patch": vendor_amapi.check_patch,
    "intune-settings-catalog": lambda value: vendor_graph.check("DeviceManagementConfigurationPolicy", value),
    "intune-device-configuration": vendor_graph.check_typed,
    "intune-mobile-app": vendor_graph.check_typed,
}
ELSEWHERE = {
    "graph-page": "a page is checked item by item",
    "intune-approve-apps": "the typings describe resources, not the bodies of actions",
    "apple-profile": "Apple publishes no description that a package registry carries",
    "apple-declaration-configuration": "as for profiles",
    "apple-declaration-activation": "as for profiles",
    "applocker-rules": "Microsoft's schema stands in a page of documentation only",
    "app-control-policy": "Microsoft's schema comes in a NuGet package and on Windows; it was compared with once by hand",
    "defender-indicator-list": "the API of Defender for Endpoint is described in pages of documentation only",
    "android-managed-configuration": "its keys are those of Chrome, which a template of Google's describes, in no package registry",
    "jamf-restricted-software": "Jamf's description has a licence of its own",
    "jamf-mobile-profile": "as for restricted software",
    "jamf-macos-profile": "as for restricted software",
}


def documents() -> Iterator[tuple[str, Document]]:
    """Yield every document of the build, also those inside others."""
    for path in sorted(BUILD.rglob("*")):
        if path.suffix in SUFFIXES and path.name not in RECORDS:
            name = path.relative_to(BUILD).as_posix()
            yield from within(name, open_document(name, path.read_bytes()))


def within(name: str, document: Document) -> Iterator[tuple[str, Document]]:
    yield name, document
    for pointer, inner in document.inner:
        yield from within(f"{name}#{pointer}", inner)


FOUND = [pytest.param(document, id=name) for name, document in documents()]


def test_there_is_a_build_with_documents_of_both_vendors() -> None:
    kinds = {document.kind for _, document in documents()}
    assert kinds >= CHECKS.keys(), f"{BUILD} lacks {sorted(CHECKS.keys() - kinds)}: run `make example` first"


@pytest.mark.parametrize("document", FOUND)
def test_the_vendor_knows_every_word(document: Document) -> None:
    if document.kind in ELSEWHERE:
        return
    assert CHECKS[document.kind](document.value) == []
