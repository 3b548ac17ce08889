"""Say where and why an app is banned, and how each target blocks it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - msgspec reads the fields' types at run time
from typing import TYPE_CHECKING

from mdm_policy import resources
from mdm_policy.errors import PolicyError, error
from mdm_policy.model import Frozen
from mdm_policy.report import reference
from mdm_policy.resolve import blockable, resolve
from mdm_policy.sources import inputs
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from mdm_policy.model import BannedApp, Resolution


class ExplainRequest(Frozen, frozen=True):
    """Ask about an app by its catalogue key, name or identifier; without lists, the deployment's or all shipped ones count."""

    app: str
    as_of: str
    lists: tuple[str, ...] = ()
    deployment: Path | None = None
    templates: tuple[Path, ...] = ()


class ExplainResult(Frozen, frozen=True):
    """Hold each banned app that was meant, with how each target blocks it, and the lists as they stand on the day."""

    apps: tuple[tuple[BannedApp, tuple[reference.Way, ...]], ...]
    resolution: Resolution


def explain(request: ExplainRequest, stdin: inputs.StandardInput = inputs.no_standard_input) -> ExplainResult:
    """Find what a person means by an app.

    Raises:
        PolicyError: `not-banned`, or what is wrong with lists and templates.

    """
    read = inputs.gather(
        request.deployment,
        request.lists or (() if request.deployment else tuple(inputs.shipped())),
        stdin=stdin,
    )
    app, known = request.app, read.catalogue
    resolution = resolve(read.lists, read.deployment, known, request.as_of, enforce=False)
    wanted = app.casefold()
    exact = {hit.app.key for hit in known.lookup(app) if hit.exact and hit.app is not None}
    found = [
        banned
        for banned in resolution.apps
        if banned.key in exact
        or banned.known_as in exact
        or wanted in (banned.key.casefold(), banned.name.casefold())
        or any(i.value.casefold() == wanted for i in banned.identifiers)
        or any(r.feature and r.feature.casefold() == wanted for r in banned.reasons)
    ]
    if not found:
        names = ", ".join(s.list for s in resolution.statuses)
        raise PolicyError([error("not-banned", f"{app!r} is not banned by {names}", hint="see `mdm-policy lookup`")])
    targets = discover(resources.templates(), request.templates)
    return ExplainResult(
        tuple((banned, reference.ways(blockable(banned), targets.values(), banned.signers)) for banned in found),
        resolution,
    )
