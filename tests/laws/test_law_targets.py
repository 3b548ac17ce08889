"""Hold every target to the first law: what a document does, as an independent reader finds it, is what was ordered.

The targets are the packaged ones, a user's own, and a user's that replaces a packaged one; lists are made up.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from build_kit import ALL_OPTIONS, NAMES, TARGETS, bans_for, ban_list, built, copy_target, edit, identifier, inline, resolved
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mdm_policy import documents, effects, resources
from mdm_policy.model import Identifier, Resolution
from mdm_policy.resolve import ordered, resolve
from mdm_policy.targets import Target, discover
from mdm_policy.validate import validate

if TYPE_CHECKING:
    from pathlib import Path

    from mdm_policy.model import Ban, Family, Kind

LAW = settings(
    max_examples=18,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
USERS_OWN, REPLACED = "acme-kiosk", "apple-ios-restrictions, replaced"
_ACME = """\
target: acme-kiosk
title: Acme kiosk console
vendor: acme
managed_by: amapi
modes: [dedicated]
summary: The change Acme's console sends on.
source: "Acme handbook 7"
blocks:
  - family: android
    kind: package_name
    verdict: removed
    strength: partial
    platforms: {android: "0"}
    sides: [device, work]
    origins: [store, preinstalled]
    source: "Acme handbook 7, page 3"
documents:
  - name: change
    format: json
    template: change.json.j2
    output: "{slug}.acme.json"
    schema: amapi-modify-applications
    carries: [ban]
"""
_ACME_TEMPLATE = """\
{
  "changes": [
{% for package in ids.android.package_name %}
    {"application": {"packageName": {{ package }}, "installType": "BLOCKED"}, "updateMask": "installType"}
    {% if not loop.last %},{% endif %}

{% endfor %}
  ]
}
"""


class World(NamedTuple):
    targets: dict[str, Target]
    name: str

    @property
    def target(self) -> Target:
        return self.targets[self.name]

    @property
    def pairs(self) -> list[tuple[Family, Kind]]:
        return [(claim.family, claim.kind) for claim in self.target.manifest.blocks if not claim.option]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    own, replacing = tmp_path_factory.mktemp("own"), tmp_path_factory.mktemp("replacing")
    _write_users_own(own)
    folder = copy_target("apple-ios-restrictions", replacing)
    edit(folder / "profile.mobileconfig.j2", "<string>Restrictions</string>", '{{ "Refused by " ~ organization.name }}')
    packaged = resources.templates()
    made = {name: World(TARGETS, name) for name in TARGETS}
    made[USERS_OWN] = World(discover(packaged, [own]), "acme-kiosk")
    made[REPLACED] = World(discover(packaged, [replacing]), "apple-ios-restrictions")
    return made


def _write_users_own(folder: Path) -> None:
    (folder / "acme").mkdir()
    (folder / "acme" / "target.yaml").write_text(_ACME, encoding="utf-8")
    (folder / "acme" / "change.json.j2").write_text(_ACME_TEMPLATE, encoding="utf-8")
    (folder / "acme" / "import.md.j2").write_text("# {{ title }}\n", encoding="utf-8")


every_target = pytest.mark.parametrize("label", [*TARGETS, USERS_OWN, REPLACED])


def _blocked(data: bytes, path: str) -> set[tuple[str, str, str]]:
    reading = effects.read(documents.open_document(path, data))
    return {effect.key for effect in reading.effects if effect.rule.sense in ("block", "remove")}


def _ordered(resolution: Resolution, variant: int, target: Target, document: str, options: dict[str, Any]) -> Any:
    """Work out what a document must block, from resolve and the manifest alone."""
    spec = target.document(document)
    assert spec is not None
    claims = [
        claim
        for claim in target.manifest.blocks
        if claim.name in spec.carries
        and (not claim.option or options[claim.option])
        and not (claim.unless and options[claim.unless])
    ]
    ids = ordered(resolution, resolution.variants[variant])
    return {(c.family, c.kind, entry.value) for c in claims for entry in ids.get((c.family, c.kind), ())}


def _hold(world: World, resolution: Resolution, options: dict[str, dict[str, Any]]) -> dict[str, bytes]:
    made, files = built(resolution, [world.name], world.targets, options)
    assert made.documents
    chosen = world.target.options(options.get(world.name, {}))
    read: dict[str, set[tuple[str, str, str]]] = {}
    for record in made.documents:
        document = documents.open_document(record.path, files[record.path])
        assert not [f for f in validate(document, record.schema) if f.severity == "error"]
        assert documents.dump(document.value, document.format, compact=_compact(world, record.document)) == document.data
        read.setdefault(record.document, set()).update(_blocked(files[record.path], record.path))
    for name, blocked in read.items():
        assert blocked == _ordered(resolution, 0, world.target, name, chosen)
    return files


def _compact(world: World, document: str) -> bool:
    spec = world.target.document(document)
    return spec is not None and spec.compact


@every_target
def test_documents_block_exactly_what_is_ordered(label: str, worlds: dict[str, World]) -> None:
    world = worlds[label]

    @LAW
    @given(bans=bans_for(world.pairs), organization=NAMES, on=st.booleans())
    def hold(bans: list[Ban], organization: str, on: bool) -> None:
        _hold(world, resolved(*bans, organization=organization), ALL_OPTIONS if on else {})

    hold()
