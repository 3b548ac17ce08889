"""Hold every target to the fifth law: what its manifest states beside the ban is what the readers find in its documents.

Stated and found come from different hands: the manifest's author, and readers that never see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build_kit import (
    ALL_OPTIONS,
    APART,
    DAY,
    NOTHING_KNOWN,
    POOLS,
    TARGETS,
    ban_list,
    built,
    choices,
    copy_target,
    deployment,
    edit,
    identifier,
    ids_of,
    inline,
    one_of_each,
    resolved,
    waiver,
)

from mdm_policy import kinds, resources
from mdm_policy.build import collateral
from mdm_policy.errors import PolicyError
from mdm_policy.resolve import resolve
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.build import Built
    from mdm_policy.model import Resolution

_OPTIONS = [
    *(pytest.param(name, {}, id=f"{name}, as it is") for name in TARGETS),
    *(
        pytest.param(name, {key: True}, id=f"{name}, {key}")
        for name in TARGETS
        for key in sorted({*ALL_OPTIONS[name], *APART[name]})
    ),
]
_SORT = tuple[str, str, str]


def _found(made: Built, files: dict[str, bytes], name: str, variant: str = "") -> dict[str, set[_SORT]]:
    """Read the bytes again, all documents of one variant together, and say by document what they do beside the ban."""
    documents = [
        (one.document, one.path, kinds.read_each(kinds.open_document(one.path, files[one.path])))
        for one in made.documents
        if one.variant == variant
    ]
    found: dict[str, set[_SORT]] = {document: set() for document, _, _ in documents}
    for one in collateral.found(TARGETS[name], documents):
        found[one.document].add(one.sort)
    return found


def _stated(name: str, options: dict[str, Any], document: str) -> set[_SORT]:
    target = TARGETS[name]
    return {(one.effect, one.what, one.when) for one in collateral.stated(target, target.options(options), document)}


@pytest.mark.parametrize(("name", "options"), _OPTIONS)
def test_what_is_stated_is_what_is_found(name: str, options: dict[str, Any]) -> None:
    made, files = built(resolved(*one_of_each()), [name], options={name: options})
    found = _found(made, files, name)
    assert found == {document: _stated(name, options, document) for document in found}
    assert "collateral-unstated" not in {one.id for one in made.findings}


@pytest.mark.parametrize("name", TARGETS)
def test_no_list_however_short_makes_a_document_do_what_is_not_stated(name: str) -> None:
    for family, kind in sorted({(claim.family, claim.kind) for claim in TARGETS[name].manifest.blocks}):
        for options in ({}, *(one[name] for one in choices(name))):
            ban = inline("Only", identifier(family, kind, POOLS[family, kind][0]))
            made, files = built(resolved(ban), [name], options={name: options})
            for document, sorts in _found(made, files, name).items():
                assert sorts <= _stated(name, options, document), (family, kind, options)


@pytest.mark.parametrize("name", TARGETS)
def test_variants_do_no_more_than_the_base(name: str) -> None:
    family, kind = next((claim.family, claim.kind) for claim in TARGETS[name].manifest.blocks if not claim.option)
    bans = [inline("Kept", identifier(family, kind, POOLS[family, kind][0]))]
    bans.append(inline("spared", identifier(family, kind, POOLS[family, kind][1])))
    made, files = built(_spared(bans), [name])
    assert _found(made, files, name, "field-lab") == _found(made, files, name)


def _spared(bans: list[Any]) -> Resolution:
    exceptions = [waiver("inline:spared", "lab", "field")]
    return resolve([ban_list(*bans, exceptions=exceptions)], deployment(), NOTHING_KNOWN, DAY)


_PROGRAM = identifier("windows", "executable", "tool.exe")
_PUBLISHER = identifier("windows", "publisher", "O=EXAMPLE, C=CN")
_PACKAGE = identifier("windows", "appx_name", "Example.Game")


@pytest.mark.parametrize(
    "identifiers",
    [
        pytest.param([_PROGRAM], id="a program"),
        pytest.param([_PUBLISHER], id="a publisher"),
        pytest.param([_PROGRAM, _PACKAGE], id="a program and a packaged app"),
        pytest.param([_PACKAGE], id="a packaged app"),
    ],
)
def test_rules_for_programs_never_come_without_rules_for_packaged_apps(identifiers: list[Any]) -> None:
    made, files = built(resolved(inline("App", *identifiers)), ["intune-windows-applocker"])
    found = _found(made, files, "intune-windows-applocker")
    assert "configuration" in found
    assert not [document for document, sorts in found.items() if ("stops", "packaged-apps", "alone") in sorts]


def test_a_bare_collection_for_programs_comes_with_one_for_packaged_apps() -> None:
    _, files = built(resolved(inline("App", _PROGRAM)), ["windows-applocker-exe"])
    assert b'Type="Appx"' in files["windows-applocker-exe/our-list.packaged-apps.xml"]
    assert "no packaged app runs" in files["windows-applocker-exe/IMPORT.md"].decode()


def _replaced(name: str, user: Path, file: str, old: str, new: str) -> dict[str, Any]:
    edit(copy_target(name, user) / file, old, new)
    return discover(resources.templates(), [user])


def test_a_template_that_does_more_than_its_manifest_states_is_told(tmp_path: Path) -> None:
    targets = _replaced("macos-santa", tmp_path, "target.yaml", "  - {effect: stops, what: local-rules}", "  []")
    made = built(resolved(*one_of_each()), ["macos-santa"], targets)[0]
    [finding] = [one for one in made.findings if one.id == "collateral-unstated"]
    assert finding.severity == "warning"
    assert "stops the rules that were set on the Mac itself" in finding.message
    assert "{effect: stops, what: local-rules, when: always}" in finding.hint


@pytest.mark.parametrize(
    ("name", "option", "stated"),
    [
        pytest.param(
            "amapi-fully-managed",
            "managed_store",
            "  - {effect: stops, what: unlisted-apps, documents: [policy], option: managed_store}\n",
            id="a store that becomes an allow list",
        ),
        pytest.param(
            "windows-applocker-exe",
            "deny_only",
            "  - {effect: stops, what: unlisted-programs, when: alone, documents: [rules], option: deny_only}\n",
            id="rules without one that allows",
        ),
    ],
)
def test_a_document_that_refuses_what_it_does_not_list_is_not_built_unless_that_is_stated(
    name: str, option: str, stated: str, tmp_path: Path
) -> None:
    targets = _replaced(name, tmp_path, "target.yaml", stated, "")
    with pytest.raises(PolicyError) as failed:
        built(resolved(*one_of_each()), [name], targets, {name: {option: True}})
    assert set(ids_of(failed.value)) == {"read-back-extra"}
