"""Choose the targets of a build: those asked for, those a deployment names, or what its device classes need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.loading.leaves import has_versions
from mdm_policy.loading.report import LoadReport
from mdm_policy.vocabulary import DUTIES, MDMS, OTHER_MDM

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mdm_policy.model import DeviceClass
    from mdm_policy.target_model import Claim, Service
    from mdm_policy.targets import Target
    from mdm_policy.vocabulary import Duty

    Named = Sequence[tuple[str, Origin]] | Literal["all"] | None
    """What a deployment says under `targets`; None where it says nothing."""
    Fits = Callable[[Target, Service], bool]


def select(
    targets: Mapping[str, Target],
    asked: Sequence[str],
    deployment: Named = "all",
    devices: Sequence[DeviceClass] = (),
    duties: Collection[Duty] = (),
) -> tuple[Target, ...]:
    """Choose by the names asked for, else by the deployment's, else by the device classes, else every default target.

    A name that is no target's stands for every one whose name begins with it and a hyphen, but of those that do the same
    only for the defaults. `duties` are those that the lists order: some targets are made only for one of them.

    Raises:
        PolicyError: `unknown-target`, for each name that is not a target and begins none.

    """
    wanted: Sequence[tuple[str, Origin | None]]
    if asked:
        wanted = [(name, None) for name in asked]
    elif deployment == "all" or (deployment is None and not devices):
        return tuple(target for target in targets.values() if target.manifest.default)
    elif deployment is None:
        names = {name for cls in devices for name in serving(targets, cls, duties)} | set(network(targets, duties))
        return tuple(target for name, target in targets.items() if name in names)
    else:
        wanted = deployment
    return _named(targets, wanted)


def serving(targets: Mapping[str, Target], cls: DeviceClass, duties: Collection[Duty] = ()) -> tuple[str, ...]:
    """Return the names of the targets that a class needs: one default for each mechanism that reaches it."""
    return _defaults(targets, lambda target, service: _serves(target, service, cls, duties))


def network(targets: Mapping[str, Target], duties: Collection[Duty]) -> tuple[str, ...]:
    """Return the names of the targets for networks that are due: they belong to no class."""
    return _defaults(targets, lambda _, service: not service.platforms and _due(service, duties))


def is_for_networks(target: Target) -> bool:
    """Tell whether a target is for networks and so for no class of devices."""
    return any(not service.platforms for service in target.manifest.serves)


def serves(target: Target, cls: DeviceClass) -> bool:
    """Tell whether a target is made for a class, be it a default or not, whatever is ordered."""
    return any(_serves(target, service, cls, DUTIES) for service in target.manifest.serves)


def can_carry(target: Target, cls: DeviceClass) -> bool:
    """Tell whether a target's documents could act on a class, be its console known to take them or not."""
    owner, modes = target.manifest.managed_by, target.manifest.modes
    return (
        (not owner or not cls.managed_by or owner == cls.managed_by)
        and not (modes and cls.mode and cls.mode not in modes)
        and can_act(target, cls)
    )


def can_act(target: Target, cls: DeviceClass) -> bool:
    """Tell whether some claim of a target, with its options as they are, can hold on a class as it describes itself."""
    options = target.options({})
    return any(
        _acts(claim, cls)
        for claim in target.manifest.blocks
        if not (claim.option and not options[claim.option]) and not (claim.unless and options[claim.unless])
    )


def others(targets: Mapping[str, Target], chosen: Iterable[Target], devices: Iterable[DeviceClass]) -> tuple[str, ...]:
    """Return the names of the targets that could serve some class, whatever is ordered, and are not among the chosen."""
    taken = {target.name for target in chosen}
    classes = tuple(devices)
    return tuple(
        name for name, target in targets.items() if name not in taken and any(serves(target, cls) for cls in classes)
    )


def _defaults(targets: Mapping[str, Target], fits: Fits) -> tuple[str, ...]:
    """Return of the targets that fit, for each mechanism, the defaults, or where none is one, all."""
    found: dict[str, list[Target]] = {}
    for target in targets.values():
        for mechanism in dict.fromkeys(one.mechanism for one in target.manifest.serves if fits(target, one)):
            found.setdefault(mechanism, []).append(target)
    return tuple(target.name for same in found.values() for target in _preferred(same))


def _preferred(same: Sequence[Target]) -> Sequence[Target]:
    return [target for target in same if target.manifest.default] or same


def _serves(target: Target, service: Service, cls: DeviceClass, duties: Collection[Duty]) -> bool:
    return (
        cls.platform in service.platforms
        and bool(_words(cls) & set(service.managed_by))
        and has_versions([*service.os, *cls.os])
        and not (target.manifest.modes and cls.mode and cls.mode not in target.manifest.modes)
        and (not target.manifest.blocks or can_act(target, cls))
        and _due(service, duties)
    )


def _words(cls: DeviceClass) -> set[str]:
    """Return the words of a class's MDM; one that has no word here is some other."""
    own = {cls.managed_by} if cls.managed_by else set()
    return own if own & set(MDMS) else {*own, OTHER_MDM}


def _acts(claim: Claim, cls: DeviceClass) -> bool:
    """Tell whether a claim can hold on a class at all, by what the class says of itself."""
    return (
        cls.platform in claim.platforms
        and (claim.supervised is None or cls.supervised in (None, claim.supervised))
        and (not claim.enrollments or cls.enrollment is None or cls.enrollment in claim.enrollments)
        and (not claim.modes or cls.mode is None or cls.mode in claim.modes)
    )


def _due(service: Service, duties: Collection[Duty]) -> bool:
    return service.duty is None or service.duty in duties


def _named(targets: Mapping[str, Target], wanted: Iterable[tuple[str, Origin | None]]) -> tuple[Target, ...]:
    names: set[str] = set()
    found = []
    for name, place in wanted:
        begun = [name] if name in targets else [other for other in targets if other.startswith(f"{name}-")]
        if not begun:
            hint = f"targets: {', '.join(targets)}"
            guessed = LoadReport("").guess(name, targets)
            found.append(
                error(
                    "unknown-target",
                    f"there is no target {name!r}",
                    place,
                    guessed if guessed.startswith("did") else hint,
                )
            )
        names |= set(begun if len(begun) == 1 else (one.name for one in _preferred([targets[one] for one in begun])))
    if found:
        raise PolicyError(found)
    return tuple(target for name, target in targets.items() if name in names)
