"""The public interface, as functions: what the commands do, with results a program can use.

`mdm_policy` offers these names; docs/api.md says what is stable. Nothing here prints, asks, exits, or reads the clock,
standard input or the environment: the day and the secrets are arguments.
"""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mdm_policy.api.results import (
    AppVerdict,
    BuildReport,
    BuiltDocument,
    DiffReport,
    OrderedBy,
    PlannedAction,
    PlannedDestination,
    PlannedEffect,
    PlanReport,
    ReportedChange,
    ReportedGap,
    ReportedPlace,
    VerifyReport,
    typed,
)
from mdm_policy.errors import Finding, NotProvenError, Origin, PolicyError
from mdm_policy.model import BanList, Deployment
from mdm_policy.workflows.requests import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mdm_policy.vocabulary import Strength

    AnyPath = str | Path
    Day = str | dt.date

__all__ = [
    "AppVerdict",
    "BanList",
    "BuildReport",
    "BuiltDocument",
    "Deployment",
    "DiffReport",
    "Finding",
    "NotProvenError",
    "OrderedBy",
    "Origin",
    "PlanReport",
    "PlannedAction",
    "PlannedDestination",
    "PlannedEffect",
    "PolicyError",
    "ReportedChange",
    "ReportedGap",
    "ReportedPlace",
    "RequestError",
    "VerifyReport",
    "build_policies",
    "diff_policies",
    "load_deployment",
    "load_list",
    "plan_push",
    "verify_policies",
]


def load_list(name: AnyPath) -> BanList:
    """Load a ban list, with what it includes: the id of a shipped list, or a path.

    Raises:
        PolicyError: every defect of it, with file, line and column.

    """
    from mdm_policy.sources import inputs  # noqa: PLC0415 - who loads a list needs little of the program

    [found] = inputs.gather(None, [str(name)]).lists
    return found


def load_deployment(path: AnyPath) -> Deployment:
    """Load a deployment, and check the lists it names.

    Raises:
        PolicyError: every defect of them, with file, line and column.

    """
    from mdm_policy.sources import inputs  # noqa: PLC0415 - as above

    found = inputs.gather(Path(path), ()).deployment
    if found is None:  # gather raises where there are errors
        raise AssertionError(path)
    return found


def build_policies(
    output: AnyPath,
    *,
    as_of: Day,
    lists: Iterable[AnyPath] = (),
    deployment: AnyPath | None = None,
    adopt: Iterable[str] = (),
    targets: Iterable[str] = (),
    templates: Iterable[AnyPath] = (),
    strict: bool = False,
) -> BuildReport:
    """Render, validate and read back the files every MDM takes, and write them into a folder, whole or not at all.

    `lists` are ids of shipped lists or paths; without any, the deployment's are built. The folder must be absent, empty, or
    a former build. `templates` are folders with targets of your own. With `strict`, a warning, or a gap that nobody has
    accepted, makes the exit code 11; it is 11 as well when there was nothing to write though something is left to block.

    Raises:
        NotProvenError: a document does not block exactly what is ordered.
        RequestError: neither a list nor a deployment is named.
        PolicyError: anything else that keeps a build from being made.

    """
    from mdm_policy.workflows.build import BuildRequest, build_into  # noqa: PLC0415 - it brings all of rendering

    request = BuildRequest(
        Path(output),
        _day(as_of),
        _names(lists),
        _path(deployment),
        tuple(adopt),
        tuple(targets),
        _paths(templates),
    )
    result = build_into(request)
    data, code = result.made.manifest, result.exit_code(strict=strict)
    return typed(data, BuildReport, manifest=data, findings=result.findings, exit_code=code)


def verify_policies(
    paths: Iterable[AnyPath],
    *,
    as_of: Day,
    lists: Iterable[AnyPath] = (),
    deployment: AnyPath | None = None,
    devices: AnyPath | None = None,
    assigned: Mapping[str, Iterable[AnyPath]] | None = None,
    min_strength: Strength = "partial",
    require_scope: bool = False,
    require_duty: bool = False,
    templates: Iterable[AnyPath] = (),
    trust_manifest: bool = False,
    strict: bool = False,
) -> VerifyReport:
    """Prove, app by app and class by class, whether policies block what a list bans.

    A path is a file or folder as people have it: a profile, a console's export, a backup, a build. `devices` is a file of
    device classes, in place of a deployment's. `assigned` maps a class to the paths that act on it, and on no other.
    With `strict`, a warning makes the exit code 11. What a document that no reader knows does is the word of its target's
    manifest, which counts with the target's `templates` or with `trust_manifest`, and is called declared.

    Raises:
        RequestError: nothing to read, or nothing that says what is banned, is named.
        PolicyError: lists or classes cannot be read, or there is no document at all. A file among others that cannot be
            read is a finding, and the exit code 1.

    """
    from mdm_policy.report import verification  # noqa: PLC0415 - who builds does not verify
    from mdm_policy.workflows.prove import ProveRequest, prove  # noqa: PLC0415 - as above

    request = ProveRequest(
        _paths(paths),
        _day(as_of),
        _names(lists),
        _path(deployment),
        _path(devices),
        tuple((name, str(path)) for name, some in (assigned or {}).items() for path in some),
        min_strength,
        require_scope,
        require_duty,
        templates=_paths(templates),
        trust_manifest=trust_manifest,
    )
    result = prove(request)
    found = result.verification
    data = verification.data(found, result.places, result.unread)
    findings = (*result.unread, *found.findings)
    code = result.exit_code(strict=strict)
    return typed(data, VerifyReport, exit_code=code, failures=found.failures, findings=findings)


def diff_policies(
    old: AnyPath,
    new: AnyPath,
    *,
    as_of: Day,
    lists: Iterable[AnyPath] = (),
    deployment: AnyPath | None = None,
    devices: AnyPath | None = None,
) -> DiffReport:
    """Say what changed between two ban lists, builds, exports or policies, in effect and in direction.

    `lists` and `deployment` say by which authority an app is banned; `devices` is a file of the classes to judge alone.

    Raises:
        RequestError: neither side holds a ban list or a policy.
        PolicyError: a side cannot be read, or the two have no common measure.

    """
    from mdm_policy.report import changes  # noqa: PLC0415 - who builds does not compare
    from mdm_policy.workflows.compare import CompareRequest, compare  # noqa: PLC0415 - as above

    day = _day(as_of)
    request = CompareRequest((str(old), str(new)), day, None, _names(lists), _path(deployment), _path(devices))
    result = compare(request)
    report = changes.ChangesReport(result.comparison, result.old_label, result.new_label, day, True)
    return typed(changes.as_json(report), DiffReport, findings=result.findings)


def plan_push(
    deployment: AnyPath,
    *,
    as_of: Day,
    environment: Mapping[str, str],
    destinations: Iterable[str] = (),
    templates: Iterable[AnyPath] = (),
    prune: bool = False,
    output: AnyPath | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> PlanReport:
    """Say what would change at the destinations, and in which direction; nothing is written there.

    `environment` holds the credentials that the deployment names (`{env: NAME}`). A plan saved in `output` is one for
    `mdm-policy apply`. `prune` plans the deletion of objects that no document stands for any more.

    Raises:
        PolicyError: something cannot be read or built.

    """
    from mdm_policy.report import pushing  # noqa: PLC0415 - few programs push
    from mdm_policy.workflows.plan import PlanRequest, plan  # noqa: PLC0415 - as above
    from mdm_policy.workflows.push import PushRequest, Services  # noqa: PLC0415 - as above

    asked = PushRequest(Path(deployment), _day(as_of), tuple(destinations), _paths(templates))
    result = plan(PlanRequest(asked, prune, _path(output)), Services(environment, sleep, lambda: ""))
    data = pushing.plan_json(result.plans, result.findings, result.exit_code())
    return typed(data, PlanReport, findings=result.findings)


def _day(day: Day) -> str:
    """Return a day as text.

    Raises:
        RequestError: the text is no date.

    """
    try:
        return dt.date.fromisoformat(str(day)).isoformat()
    except ValueError:
        raise RequestError(f"{day!r} is not a date like 2026-11-24") from None


def _names(names: Iterable[AnyPath]) -> tuple[str, ...]:
    return tuple(map(str, names))


def _path(path: AnyPath | None) -> Path | None:
    return None if path is None else Path(path)


def _paths(paths: Iterable[AnyPath]) -> tuple[Path, ...]:
    return tuple(map(Path, paths))
