"""Destinations take documents by what they are: a user's own target is pushed, and what nothing is taken from is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from build_kit import ALL_OPTIONS, TARGETS, built, copy_target, edit, one_of_each, resolved

from mdm_policy import kinds, resources
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.model import DestinationSpec
from mdm_policy.push import protocol
from mdm_policy.push.destinations.git import GitDestination as Folder
from mdm_policy.push.destinations.graph import GraphDestination as Graph
from mdm_policy.push.model import MadeDocument
from mdm_policy.push.protocol import Edge, remarks, untaken
from mdm_policy.targets import discover
from push.stage import stage

if TYPE_CHECKING:
    from push.stage import Stage

TYPES = ("amapi", "git", "graph", "jamf", "kmfddm", "nanomdm")
FOREIGN = {
    "amapi": "apple-ios-restrictions",
    "graph": "apple-ios-restrictions",
    "jamf": "apple-ios-restrictions",
    "kmfddm": "apple-ios-restrictions",
    "nanomdm": "apple-ddm-apps",
}
"""For each destination, a target that makes documents of kinds it does not take."""


def _own(name: str, user: Path) -> str:
    """Copy a packaged target into a user's folder, as a target of another name."""
    own = f"our-{name.replace('-', '')}"
    folder = copy_target(name, user, replaces=False)
    edit(folder / "target.yaml", f"target: {name}\n", f"target: {own}\n")
    folder.rename(user / own)
    return own


def _rewritten(one: Stage, names: dict[str, str], **more: Any) -> None:
    """Let the deployment build and push other targets than the packaged ones it names."""
    value = yaml.safe_load(one.deployment.read_text("utf-8"))
    value["targets"] = [names.get(name, name) for name in value["targets"]]
    there = value["destinations"]["there"]
    if "amapi" in there:
        policies = there["amapi"]["policies"]
        there["amapi"]["policies"] = {names.get(slot, slot): policy for slot, policy in policies.items()}
    there |= {"targets": [*value["targets"]]} | more
    one.deployment.write_text(yaml.safe_dump(value), "utf-8")


@pytest.mark.parametrize("kind", TYPES)
def test_a_users_target_is_pushed_as_the_packaged_one_is(kind: str, tmp_path: Path) -> None:
    with stage(kind, tmp_path / "packaged") as one:
        assert one.plan().code == 10
        assert one.apply().code in (0, 11)
        expected = one.bans()
    assert expected
    user = tmp_path / "user"
    with stage(kind, tmp_path / "own") as one:
        _rewritten(one, {name: _own(name, user) for name in one.kit.targets})
        planned = one.plan("--templates", user)
        assert planned.code == 10, planned.err
        assert "target-not-pushed" not in planned.err.replace("managed Google Play", "")
        assert one.apply().code in (0, 11)
        assert one.bans() == expected


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_named_target_that_nothing_is_taken_of_is_told(kind: str, tmp_path: Path) -> None:
    with stage(kind, tmp_path) as one:
        _rewritten(one, {}, targets=[*one.kit.targets, FOREIGN[kind]])
        planned = one.plan()
    said = " ".join(planned.err.split())
    assert planned.code == 10
    assert "warning[target-not-pushed]" in said
    assert f"`targets` of there names {FOREIGN[kind]}, and nothing of it is pushed: it makes apple-" in said


def test_a_named_target_that_makes_nothing_is_told(tmp_path: Path) -> None:
    with stage("nanomdm", tmp_path) as one:
        one.order(("com-example-none",))
        list_ = one.folder / "order.yaml"
        text = {
            "ban_list": "order",
            "authority": {"citation": "Order 1 (example)", "effective": "2026-01-01"},
            "bans": [{"name": "Chat", "ios": {"bundle_id": ["com.example.chat"]}}],
        }
        list_.write_text(yaml.safe_dump(text), "utf-8")
        _rewritten(one, {}, targets=["apple-ios-restrictions", "macos-santa"])
        planned = one.plan()
    said = " ".join(planned.err.split())
    assert "names macos-santa, and nothing of it is pushed: the build makes nothing for it" in said
    assert "names apple-ios-restrictions" not in said


def _made(names: list[str], user: Path | None = None) -> list[MadeDocument]:
    """Return the documents of targets on their way, as `plan` hands them to a destination."""
    known = discover(resources.templates(), [user]) if user is not None else TARGETS
    result, files = built(resolved(*one_of_each()), names, known, ALL_OPTIONS)
    manifests = {target.name: target.manifest for target in result.targets}
    return [
        MadeDocument(
            one.path,
            one.target,
            one.document,
            one.variant,
            one.kind,
            files[one.path],
            instead_of=next(s.instead_of for s in manifests[one.target].documents if s.name == one.document),
            families=tuple(sorted({kept.claim.family for kept in one.kept})),
        )
        for one in result.documents
    ]


def _fleet(root: Path, **more: Any) -> Folder:
    spec = DestinationSpec("fleet", "git", {"path": root.name, "layout": "fleet"}, Origin("d.yaml", 9, 3), **more)
    return Folder(spec, "gov.example.agency", Edge(lambda _: "", lambda _: None, base=str(root.parent)))


FLEET = {
    "apple-ios-restrictions": ["lib/ios/configuration-profiles"],
    "macos-santa": ["lib/macos/configuration-profiles"],
    "apple-ddm-apps": ["lib/ios/declaration-profiles"],
    "apple-ddm-binaries": ["lib/macos/declaration-profiles"],
    "jamf-mobile-profile": [],
    "windows-applocker-exe": [],
    "amapi-cope": [],
}


@pytest.mark.parametrize("name", FLEET)
def test_fleet_files_a_users_document_by_its_kind_and_platform(name: str, tmp_path: Path) -> None:
    own = _own(name, tmp_path / "user")
    for target, documents in ((name, _made([name])), (own, _made([own], tmp_path / "user"))):
        there = _fleet(tmp_path, targets=(target,))
        items = there.items(documents)
        assert [item.name.rpartition("/")[0] for item in items] == FLEET[name]
        told = remarks(there, documents)
        left = [f for f in (*told, *untaken(there, there._spec, documents, items, told)) if f.id == "target-not-pushed"]
        assert len(left) == (0 if FLEET[name] else 1)


def test_two_documents_of_one_place_at_fleet_are_refused(tmp_path: Path) -> None:
    own = _own("apple-ios-restrictions", tmp_path / "user")
    documents = _made(["apple-ios-restrictions", own], tmp_path / "user")
    found = _refused(_fleet(tmp_path), documents)
    assert found == ["fleet-same-file"]
    assert len(_fleet(tmp_path, targets=(own,)).items(documents)) == 1


def _refused(there: Folder, documents: list[MadeDocument]) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        there.items(documents)
    return [finding.id for finding in caught.value.findings]


OBJECTS: dict[str, tuple[str, bytes, str]] = {
    "a type that is pushed": ("intune-device-configuration", b'{"@odata.type": "#microsoft.graph.macOSCustomConfiguration"}', ""),
    "a type that is not": (
        "intune-device-configuration",
        b'{"@odata.type": "#microsoft.graph.macOSGeneralDeviceConfiguration"}',
        "macOSGeneralDeviceConfiguration is not pushed",
    ),
    "no type": ("intune-device-configuration", b'{"omaSettings": []}', "without `@odata.type`"),
    "an app": ("intune-mobile-app", b'{"@odata.type": "#microsoft.graph.androidManagedStoreApp"}', "managed Google Play"),
    "a page of apps": ("graph-page", b'{"value": [{"@odata.type": "#microsoft.graph.androidManagedStoreApp"}]}', "Google Play"),
    "a policy of Google's": ("amapi-policy", b"{}", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", OBJECTS)
def test_what_intune_does_not_get_of_a_users_target_is_told(name: str) -> None:
    kind, data, said = OBJECTS[name]
    settings = {"tenant": "t", "client_id": "c", "client_secret": {"env": "S"}, "graph_url": "http://127.0.0.1:1"}
    spec = DestinationSpec("there", "graph", settings, Origin("d.yaml", 1, 1), targets=("ours",))
    there = Graph(spec, "gov.example.agency", Edge(lambda _: "secret", lambda _: None))
    document = MadeDocument("ours/x.json", "ours", "d", "", kind, data)
    told = remarks(there, [document])
    assert [said in finding.message for finding in told] == ([True] if said else [])
    items = there.items([document])
    assert len(items) == ("that is pushed" in name)
    everything = (*told, *untaken(there, spec, [document], items, told))
    assert [finding.id for finding in everything] == ([] if items else ["target-not-pushed"])


def test_no_destination_knows_a_packaged_target_by_name() -> None:
    """Only where a kind of document has the same name may a text of the sources be one."""
    names = {name for name in TARGETS if name not in kinds.known_kinds()}
    texts = {path.name: path.read_text("utf-8") for path in Path(protocol.__file__).parent.rglob("*.py")}
    assert [(file, name) for file, text in texts.items() for name in sorted(names) if f'"{name}"' in text] == []
