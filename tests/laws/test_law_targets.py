"""Hold every target to the first law: what a document does, as an independent reader finds it, is what was ordered.

The targets are the packaged ones, a user's own, and a user's that replaces a packaged one; lists are made up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec
import pytest
from build_kit import (
    ALL_OPTIONS,
    DAY,
    LONGEST_BUNDLE_ID,
    NAMES,
    NOTHING_KNOWN,
    POOLS,
    TARGETS,
    assert_law,
    ban_list,
    bans_for,
    blocked,
    built,
    choices,
    copy_target,
    deployment,
    edit,
    identifier,
    ids_of,
    inline,
    may_block,
    must_block,
    resolved,
    waiver,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mdm_policy import resources
from mdm_policy.errors import PolicyError
from mdm_policy.resolve import resolve
from mdm_policy.targets import Target, discover

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from pathlib import Path

    from mdm_policy.model import Ban
    from mdm_policy.vocabulary import Family, Kind

_T = TypeVar("_T")

LAW = settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
SHORT_LAW = settings(LAW, max_examples=4)
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

    def pairs(self, *, on: bool = False) -> list[tuple[Family, Kind]]:
        claims = [claim for claim in self.target.manifest.blocks if on or not claim.option]
        return [(claim.family, kind) for claim in claims for kind in (claim.kind, *claim.joined_with)]


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


@pytest.mark.parametrize("on", [pytest.param(False, id="as it is"), pytest.param(True, id="every option on")])
@every_target
def test_documents_block_exactly_what_is_ordered(label: str, on: bool, worlds: dict[str, World]) -> None:
    world = worlds[label]

    @LAW
    @given(bans=bans_for(world.pairs(on=on)), organization=NAMES)
    def hold(bans: list[Ban], organization: str) -> None:
        for options in choices(world.name) if on else ({},):
            assert_law(world.name, world.targets, resolved(*bans, organization=organization), options)

    hold()


@every_target
def test_the_order_of_lists_bans_and_identifiers_changes_no_byte(label: str, worlds: dict[str, World]) -> None:
    world = worlds[label]

    @SHORT_LAW
    @given(
        bans=bans_for(world.pairs(on=True)), more=bans_for(world.pairs(on=True)), dice=st.randoms(use_true_random=False)
    )
    def hold(bans: list[Ban], more: list[Ban], dice: random.Random) -> None:
        lists = [ban_list(*bans, name="b-list"), ban_list(*more, name="a-list")]
        files = built(resolve(lists, None, NOTHING_KNOWN, DAY), [world.name], world.targets, ALL_OPTIONS)[1]
        shuffled = [
            msgspec.structs.replace(one, bans=_shuffled(one.bans, dice)) for one in lists[:: dice.choice((1, -1))]
        ]
        again = built(resolve(shuffled, None, NOTHING_KNOWN, DAY), [world.name], world.targets, ALL_OPTIONS)[1]
        assert again == files

    hold()


def _shuffled(bans: tuple[Ban, ...], dice: random.Random) -> tuple[Ban, ...]:
    made = [msgspec.structs.replace(ban, identifiers=tuple(_mixed(ban.identifiers, dice))) for ban in bans]
    return tuple(_mixed(made, dice))


def _mixed(items: Sequence[_T], dice: random.Random) -> list[_T]:
    return dice.sample(items, len(items))


@every_target
def test_exceptions_shorten_the_variant_and_never_the_base(label: str, worlds: dict[str, World]) -> None:
    world = worlds[label]
    family, kind = world.pairs()[0]
    one, two, three = POOLS[family, kind][:3]
    bans = [
        inline("Kept", identifier(family, kind, one)),
        inline("spared", identifier(family, kind, two), identifier(family, kind, three)),
    ]
    exceptions = [waiver("inline:spared", "lab", "field")]
    resolution = resolve([ban_list(*bans, exceptions=exceptions)], deployment(), NOTHING_KNOWN, DAY)
    made, files = built(resolution, [world.name], world.targets)
    read: dict[tuple[str, str], set[tuple[str, str, str]]] = {}
    for record in made.documents:
        read.setdefault((record.document, record.variant), set()).update(blocked(record.path, files[record.path]))
    for (document, variant), found in read.items():
        place = 1 if variant else 0
        wanted = must_block(resolution, place, world.target, document, world.target.options({}))
        assert wanted <= found
        assert found - wanted <= may_block(resolution, place, world.target, document)
    assert {record.variant for record in made.documents} == {"", "field-lab"}
    assert all(("--field-lab" in record.path) == bool(record.variant) for record in made.documents)


@pytest.mark.parametrize(
    "name", [name for name, target in TARGETS.items() if any(c.capacity for c in target.manifest.blocks)]
)
def test_one_more_than_the_vendor_takes_is_refused(name: str) -> None:
    limited = (c for c in TARGETS[name].manifest.blocks if c.capacity and not c.joined_with)
    claim = min(limited, key=lambda claim: claim.capacity or 0)
    assert claim.capacity is not None
    bans = [
        inline(f"App {n}", identifier(claim.family, claim.kind, _numbered(claim.kind, n)))
        for n in range(claim.capacity + 1)
    ]
    if claim.family == "web":
        bans.append(
            inline("App", *(identifier(c.family, c.kind, _numbered(c.kind, 1)) for c in TARGETS[name].manifest.blocks))
        )
    with pytest.raises(PolicyError) as failed:
        built(resolved(*bans), [name], options=ALL_OPTIONS)
    assert set(ids_of(failed.value)) == {"over-capacity"}
    assert f"{claim.capacity + 1} are ordered" in str(failed.value)


def _numbered(kind: str, number: int) -> str:
    shapes = {
        "process_name": "app-{}",
        "domain": "d{}.example",
        "team_id": "T{:09}",
        "signing_id": "ABCDE12345:com.example.a{}",
    }
    return shapes.get(kind, "com.example.a{}").format(number)


def test_lists_of_the_exact_capacity_are_built() -> None:
    bans = [inline(f"App {n}", identifier("macos", "process_name", f"app-{n}")) for n in range(1000)]
    assert len(built(resolved(*bans), ["jamf-restricted-software"])[0].documents) == 1000


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(PolicyError) as failed:
        resolved()
    assert ids_of(failed.value) == ["empty-ban-list"]


_LONG_ORGANIZATION = "gov." + ".".join(["department-of-redundancy"] * 8)


def test_declarations_keep_within_64_octets_and_name_each_other() -> None:
    bans = [
        inline(
            "Long",
            identifier("ios", "bundle_id", LONGEST_BUNDLE_ID),
            identifier("macos", "bundle_id", LONGEST_BUNDLE_ID),
        )
    ]
    for organization in ("gov.example.agency", _LONG_ORGANIZATION):
        made = msgspec.structs.replace(resolved(*bans), organization_id=organization)
        _, files = built(made, ["apple-ddm-apps", "apple-ddm-binaries"])
        for name in ("apple-ddm-apps", "apple-ddm-binaries"):
            configuration = msgspec.json.decode(files[f"{name}/our-list.configuration.json"])
            activation = msgspec.json.decode(files[f"{name}/our-list.activation.json"])
            assert len(configuration["Identifier"].encode()) <= 64
            assert len(activation["Identifier"].encode()) <= 64
            assert activation["Identifier"] != configuration["Identifier"]
            assert activation["Payload"]["StandardConfigurations"] == [configuration["Identifier"]]


def test_longest_identifiers_reach_every_target_unshortened() -> None:
    longest = [identifier(family, kind, max(pool, key=len)) for (family, kind), pool in POOLS.items()]
    longest += [
        identifier("ios", "bundle_id", LONGEST_BUNDLE_ID),
        identifier("android", "package_name", "a" + ".b" * 111),
    ]
    for name in TARGETS:
        assert_law(name, TARGETS, resolved(*(inline(f"App {n}", one) for n, one in enumerate(longest))), ALL_OPTIONS)


_PINNED = {
    "apple-ios-restrictions": [
        "2F88C6A1-78A8-5EAE-A781-CE5B1C16611B",
        "9FB9EF87-BF19-5250-8ABA-7D5566556C1B",
        "A1FE4BEF-B5AF-53E7-8B41-017B19A70307",
    ],
    "intune-windows-applocker": [
        "2c6b77aa-28f8-52ce-9d3e-a0cf51b20642",
        "90A3A567-6446-5ED4-BF3B-D95B787023D6",
        "a7c37bc2-7ad3-5555-90e8-e8fa9ca3a023",
        "edd010ab-3c27-5840-91a7-f2d5ab898ea0",
    ],
    "jamf-macos-profile": ["20497095-145B-595D-AC89-790BBCC98E89", "9C281B50-05FE-5C03-8BC7-84D63D1F80B3"],
    "jamf-mobile-profile": ["2F88C6A1-78A8-5EAE-A781-CE5B1C16611B", "A1FE4BEF-B5AF-53E7-8B41-017B19A70307"],
    "macos-santa": ["20497095-145B-595D-AC89-790BBCC98E89", "9C281B50-05FE-5C03-8BC7-84D63D1F80B3"],
    "windows-applocker-appx": ["edd010ab-3c27-5840-91a7-f2d5ab898ea0"],
    "windows-applocker-exe": ["2c6b77aa-28f8-52ce-9d3e-a0cf51b20642", "a7c37bc2-7ad3-5555-90e8-e8fa9ca3a023"],
}


def test_payload_uuids_never_change() -> None:
    """A changed UUID makes a device install a second profile beside the first, so these are pinned for ever."""
    bans = [
        inline("App", identifier("ios", "bundle_id", "com.example.a"), identifier("web", "domain", "a.example")),
        inline("Tool", identifier("macos", "signing_id", "ABCDE12345:com.example.tool")),
        inline("Firm", identifier("windows", "publisher", "O=EXAMPLE, C=CN")),
        inline("Game", identifier("windows", "appx_name", "Example.Game")),
    ]
    _, files = built(resolved(*bans), options=ALL_OPTIONS)
    for name, wanted in _PINNED.items():
        texts = [data for path, data in files.items() if path.startswith(f"{name}/") and not path.endswith(".md")]
        assert sorted(set(re.findall(_UUID, b"".join(texts).decode()))) == wanted


_UUID = r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-5[0-9A-Fa-f]{3}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
