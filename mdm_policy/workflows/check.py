"""Check files in the program's own language: everything that can be found without building."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mdm_policy import catalogue, loading, resources
from mdm_policy.catalogue import overlays
from mdm_policy.errors import Finding, PolicyError, finding_order, note, warning
from mdm_policy.model import Frozen
from mdm_policy.report.reference import standing
from mdm_policy.resolve import resolve
from mdm_policy.selection import select
from mdm_policy.sources import inputs
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mdm_policy.model import BanList, Deployment


class CheckRequest(Frozen, frozen=True):
    """Ask what is wrong with lists, deployments, device classes and CSV lists; `templates` are a user's own targets.

    With `skip_foreign`, files that are not of this program's language are passed over, not found fault with.
    """

    files: tuple[Path, ...]
    as_of: str
    templates: tuple[Path, ...] = ()
    skip_foreign: bool = False


class CheckResult(Frozen, frozen=True):
    """Hold every finding of every file, each once, in the order of their places; `skipped` are foreign files."""

    findings: tuple[Finding, ...]
    skipped: tuple[Path, ...] = ()

    @property
    def failed(self) -> bool:
        """Tell whether there is any error."""
        return any(finding.severity == "error" for finding in self.findings)

    def exit_code(self, *, strict: bool = False) -> int:
        """Return 1 for an error, 11 with `strict` for a warning, else 0."""
        if self.failed:
            return 1
        return 11 if strict and any(finding.severity == "warning" for finding in self.findings) else 0


def check(request: CheckRequest, stdin: inputs.StandardInput = inputs.no_standard_input) -> CheckResult:
    """Check every file; a deployment together with the lists, targets and options it names."""
    found: list[Finding] = []
    skipped: list[Path] = []
    for path in request.files:
        try:
            source = inputs.read_source(path, stdin)
            if request.skip_foreign and not loading.is_ours(source):
                skipped.append(path)
            else:
                found += _checked(path, source, request, stdin)
        except PolicyError as bad:
            found += bad.findings
    return CheckResult(tuple(sorted(dict.fromkeys(found), key=finding_order)), tuple(skipped))


def _checked(
    path: Path, source: loading.Source, request: CheckRequest, stdin: inputs.StandardInput
) -> Iterable[Finding]:
    day, kind = request.as_of, loading.detect(source)
    if kind == "deployment":
        read = inputs.gather(path, (), source, stdin=stdin)
        return [
            *read.findings,
            *_resolved(read.lists, read.deployment, day, read.catalogue),
            *([msgspec.structs.replace(read.pin, severity="warning")] if read.pin is not None else []),
            *(_secrets(read.deployment) if read.deployment else ()),
            *(_targets(read.deployment, request.templates) if read.deployment else ()),
            *(_without_devices(read.deployment) if read.deployment else ()),
        ]
    if kind == "devices":
        return loading.load_devices(source).findings
    if kind == "overlay":
        overlay = loading.load_overlay(source)
        return [*overlay.findings, *(overlays.joined(catalogue.load(), [overlay.value])[1] if overlay.value else ())]
    if kind == "target":
        return loading.load_target(source).findings
    if kind == "target-test":
        return loading.load_target_test(source).findings
    reader = inputs.Reader(stdin=stdin)
    found = reader.load(source)
    if found is None:
        return [*reader.findings, *reader.unknown((), catalogue.load())]
    return [*reader.findings, *_resolved((found,), None, day, catalogue.load())]


def _without_devices(deployment: Deployment) -> Iterable[Finding]:
    """Warn of a deployment that declares no devices: whatever is built for it is judged for none of them."""
    if not deployment.devices:
        said = "the deployment declares no devices, so nothing can be judged for the organization's own"
        yield warning("no-devices", said, deployment.origin, "declare device classes under `devices`")


def _secrets(deployment: Deployment) -> Iterable[Finding]:
    """Say which secret a push would send to which host."""
    if not deployment.destinations:
        return ()
    from mdm_policy.push import grants  # noqa: PLC0415 - most deployments are checked without a push in sight

    return grants.told(deployment.destinations)


def _targets(deployment: Deployment, folders: Sequence[Path]) -> list[Finding]:
    """Find targets and options that a build would refuse."""
    targets = discover(resources.templates(), folders)
    found: list[Finding] = []
    if deployment.options:
        from mdm_policy.build import check_options  # noqa: PLC0415 - it brings all of rendering, for options alone

        found += check_options(targets, deployment.options, deployment.origin)
    try:
        select(targets, (), deployment.targets, deployment.devices)
    except PolicyError as bad:
        found += bad.findings
    return found


def _resolved(
    lists: tuple[BanList, ...], deployment: Deployment | None, day: str, known: catalogue.Catalogue
) -> list[Finding]:
    """Resolve what loaded, so that unknown apps, guards and dates are found too; a list out of force is a note here."""
    if not lists:
        return []
    try:
        resolution = resolve(lists, deployment, known, day, enforce=False)
    except PolicyError as bad:
        return list(bad.findings)
    stale = [s for s in resolution.statuses if s.state not in ("in-force", "adopted")]
    notes = [
        note(f"list-{s.state}", f"{s.list}: {standing(s)}", s.origin, "build refuses it unless it is adopted")
        for s in stale
    ]
    return [*resolution.findings, *notes]
