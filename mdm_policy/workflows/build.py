"""Make a build from what was read: for `build`, which writes it, and for `verify-build`, which only compares."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import __version__, catalogue, resources, templating
from mdm_policy.build import Built, build, check_options
from mdm_policy.build.manifest import Command, Input, manifest
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Adoption, Resolution
from mdm_policy.resolve import resolve
from mdm_policy.targets import Target, discover, select

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mdm_policy.sources import inputs
    from mdm_policy.workflows.sealing import Sealing


PROGRAM = f"mdm-policy {__version__}"


class Order(msgspec.Struct, frozen=True):
    """Hold what a build is asked for: what was read, the day, lists adopted by option, targets by name, template folders."""

    read: inputs.Inputs
    as_of: str
    adopt: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()


class Made(msgspec.Struct, frozen=True):
    """Hold what was built, the bytes of its manifest, and who signed."""

    resolution: Resolution
    built: Built
    manifest: bytes
    sealing: Sealing | None = None


def make(
    order: Order,
    sink: Callable[[str, bytes], None],
    sealing_for: Callable[[Sequence[Target]], Sealing | None] = lambda _chosen: None,
) -> Made:
    """Build everything but the manifest into a sink, and return it with the manifest.

    `sealing_for` says, for the targets chosen, how their documents are signed.

    Raises:
        PolicyError: of any step; `nothing-built`.

    """
    read = order.read
    adoptions = [_adoption(name, order.as_of) for name in order.adopt]
    _check_adopted(order.adopt, [item.id for item in read.lists])
    resolution = resolve(read.lists, read.deployment, catalogue.load(), order.as_of, adopt=adoptions)
    findings = tuple(dict.fromkeys((*read.findings, *resolution.findings)))
    resolution = msgspec.structs.replace(resolution, findings=findings)
    targets = discover(resources.templates(), order.folders)
    chosen, options = _choice(read, targets, order.names)
    stem = read.lists[0].id if len(read.lists) == 1 else "banned-apps"
    sealing = sealing_for(chosen)
    seal = sealing.seal if sealing is not None else None
    with _printer(targets) as printer:
        built = build(resolution, chosen, targets, options, stem, sink, seal, printer=printer)
    if not built.documents:
        said = "no chosen target can block anything on these lists"
        raise PolicyError([error("nothing-built", said, None, "choose other targets"), *built.findings])
    files = [Input(*file) for file in read.files]
    lists = tuple(read.names.get(item.origin.file, item.origin.file) for item in read.lists)
    command = Command(lists, tuple(sorted(set(order.adopt))), tuple(target.name for target in chosen))
    told = sealing.told if sealing is not None else None
    data = manifest(resolution, built, files, read.names, PROGRAM, command, told)
    return Made(resolution, built, data, sealing)


def _printer(targets: dict[str, Target]) -> AbstractContextManager[templating.Printer]:
    """Return what prints templates: in this process as long as every target is packaged."""
    if all(target.packaged for target in targets.values()):
        return contextlib.nullcontext(templating.print_page)
    from mdm_policy.sandbox import Apart  # noqa: PLC0415 - starting processes is for those who have templates of their own

    return Apart()


def _adoption(name: str, day: str) -> Adoption:
    place = Origin("--adopt")
    return Adoption(name, "the --adopt option", day, ("no-install", "no-launch"), place)


def _check_adopted(adopted: Sequence[str], lists: Sequence[str]) -> None:
    strange = [name for name in adopted if name not in lists]
    if strange:
        hint = f"lists of this build: {', '.join(lists)}"
        raise PolicyError(
            [error("adopt-unknown", f"--adopt {name}: not a list of this build", None, hint) for name in strange]
        )


def _choice(
    read: inputs.Inputs, targets: dict[str, Target], names: Sequence[str]
) -> tuple[tuple[Target, ...], dict[str, dict[str, object]]]:
    deployment = read.deployment
    options = deployment.options if deployment else {}
    found = check_options(targets, options, deployment.origin if deployment else None)
    if found:
        raise PolicyError(found)
    return select(targets, names, deployment.targets if deployment else None), options
