"""Write what no reader reads: scripts, and requests that carry them. They are handed over, not proven, and meet no duty."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from mdm_policy import documents, render, templating
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.target_model import HandedOver


class Handed(Frozen, frozen=True):
    """Record one file that was handed over: where, for which target and variant, and what a person reads of it."""

    path: str
    sha256: str
    target: str
    name: str
    variant: str
    says: str


_NAMES = frozenset(
    {"entries", "identifier", "lists", "organization", "remove", "scripts", "title", "variant", "digest"}
)


def wanted(job: render.Job, spec: HandedOver) -> bool:
    """Tell whether a file is to be written: something it names is ordered, and what removes by itself was asked for."""
    if spec.enforced and job.resolution.removal != "enforce":
        return False
    return any(job.ids.get(tuple(use.split("."))) for use in spec.uses)


def can_hand_over(job: render.Job) -> bool:
    """Tell whether a target has any file to hand over."""
    return any(wanted(job, spec) for spec in job.target.manifest.handed_over)


def hand_over(job: render.Job) -> Iterator[tuple[Handed, bytes]]:
    """Yield what a target hands over for a variant, with its bytes.

    Raises:
        PolicyError: a template's defect; `script-not-ascii`.

    """
    for spec in job.target.manifest.handed_over:
        if wanted(job, spec):
            path = f"{job.target.name}/{spec.output.format(slug=render.stem(job))}"
            data = _data(job, spec, path, remove=spec.enforced)
            yield (
                Handed(path, hashlib.sha256(data).hexdigest(), job.target.name, spec.name, job.variant.name, spec.says),
                data,
            )


def _data(job: render.Job, spec: HandedOver, path: str, *, remove: bool) -> bytes:
    text = job.printer(
        templating.Page(
            spec.format,
            job.target.search,
            _NAMES,
            job.target.folder,
            spec.template,
            _context(job, spec, remove=remove),
            foreign=not job.target.packaged,
        )
    )
    data = text.encode("utf-8", "surrogatepass")
    if spec.format == "json":
        return documents.dump(documents.parse(path, data, "json"), "json")
    if not data.isascii():
        said = "a script of plain ASCII reads alike under every code page, and this one holds other letters"
        raise PolicyError(
            [error("script-not-ascii", said, Origin(path), "print values with {{ }}, which escapes them")]
        )
    return data


def _context(job: render.Job, spec: HandedOver, *, remove: bool) -> dict[str, Any]:
    entries: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for use in spec.uses:
        family, _, kind = use.partition(".")
        found = job.ids.get((family, kind), ())
        entries.setdefault(family, {})[kind] = [render.entry_data(entry) for entry in found]
    return {
        **{name: value for name, value in render.labels(job).items() if name in _NAMES},
        "entries": entries,
        "remove": remove,
        "scripts": _scripts(job, spec) if spec.format == "json" else {},
    }


def _scripts(job: render.Job, spec: HandedOver) -> dict[str, str]:
    """Return the target's scripts in base64, by name, as they are once they remove."""
    others = [one for one in job.target.manifest.handed_over if one.format != "json"]
    return {
        one.name: base64.b64encode(_data(job, one, one.output, remove=spec.enforced)).decode("ascii") for one in others
    }
