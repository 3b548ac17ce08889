"""Render a recorded build again, from inputs that are found by what the manifest says and hold against it.

The manifest may be anybody's: a name in it is only followed when it stays below the deployment's folder, or when the
deployment itself names that list.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from mdm_policy import filenames, resources
from mdm_policy.build.manifest import Input
from mdm_policy.errors import Finding, Origin, PolicyError
from mdm_policy.provenance import Record, Rerendering, check_inputs, compare
from mdm_policy.provenance.weighing import weighed
from mdm_policy.sources import inputs
from mdm_policy.targets import discover
from mdm_policy.workflows.build import Order, make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SHIPPED = "mdm-policy/"
"""Before the id of a shipped list in recorded names."""


class Given(msgspec.Struct, frozen=True):
    """Hold the inputs somebody gave."""

    deployment: Path | None
    lists: tuple[str, ...]
    folders: tuple[Path, ...]

    @property
    def asked(self) -> bool:
        """Tell whether somebody gave inputs, and so asked for the proof: then it may not be left out quietly."""
        return self.deployment is not None or bool(self.lists)


def render_again(record: Record, given: Given) -> Rerendering:
    """Render a build again and compare, or say why not.

    Raises:
        PolicyError: for a given input that cannot be read.

    """
    if not given.asked and any(one.role != "shipped list" for one in record.inputs):
        return _not_done(record, "inputs not given", [], asked=False)
    found = [*_unknown_targets(record, given)]
    references = given.lists or tuple(_references(record, given))
    if found or (not references and given.deployment is None):
        why = "templates not given" if found else "no input is recorded"
        return _not_done(record, why, found, asked=given.asked)
    read = _gather(record, given, references)
    differing = check_inputs(record, (Input(*file) for file in read.files), asked=given.asked)
    if differing:
        return _not_done(record, "the inputs are not those of the build", differing, asked=given.asked)
    return _rendered(record, given, read)


def _rendered(record: Record, given: Given, read: inputs.Inputs) -> Rerendering:
    again: dict[str, str] = {}

    def sink(path: str, data: bytes) -> None:
        again[path] = hashlib.sha256(data).hexdigest()

    command = record.command
    try:
        made = make(Order(read, record.as_of, command.adopt, command.targets, given.folders), sink)
    except PolicyError as failed:
        return Rerendering("differs", "it cannot be built from its inputs any more", (), failed.findings)
    return compare(record, again, msgspec.json.decode(made.manifest), asked=given.asked)


def _not_done(record: Record, why: str, found: list[Finding], *, asked: bool) -> Rerendering:
    hint = "give --deployment, the LISTs and --templates as they were when the build was made"
    said = f"the build was not rendered again: {why}"
    told = weighed("build-not-rendered", said, Origin(record.name), hint, grave=asked)
    return Rerendering("not-done", why, (), (*found, told))


def _unknown_targets(record: Record, given: Given) -> Iterator[Finding]:
    known = discover(resources.templates(), given.folders)
    for name in dict.fromkeys((*record.command.targets, *(target.name for target in record.targets))):
        if name not in known:
            said = f"the build has the target {name!r}, which is not known here"
            hint = "give its folder with --templates"
            yield weighed("build-other-target", said, Origin(record.name), hint, grave=given.asked)


def _references(record: Record, given: Given) -> Iterator[str]:
    """Yield how to find each recorded list again; one that the deployment itself must name is left to it."""
    for name in record.command.lists:
        shipped = name.removeprefix(_SHIPPED).removesuffix(".yaml")
        if name.startswith(_SHIPPED) and shipped in inputs.shipped():
            yield shipped
        elif given.deployment is not None and not filenames.problem(name):
            yield name


def _gather(record: Record, given: Given, references: tuple[str, ...]) -> inputs.Inputs:
    if given.lists or given.deployment is None:
        return inputs.gather(given.deployment, references)
    own = inputs.gather(given.deployment, ())
    if tuple(own.names.get(item.origin.file, "") for item in own.lists) == record.command.lists:
        return own
    return inputs.gather(given.deployment, references, folder=given.deployment.parent)
