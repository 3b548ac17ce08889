"""Load ban lists, deployments, device classes, targets and tables: text in, typed values with their places out.

Everything that can be known from the text alone is said at once, each defect with file, line and column; whether the
catalogue knows an app is asked later. No input, however broken or hostile, raises anything: it gives findings.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from mdm_policy.errors import Origin
from mdm_policy.loading import language, target_language
from mdm_policy.loading.includes import Merger
from mdm_policy.loading.overlays import OVERLAY
from mdm_policy.loading.reader import read_nodes
from mdm_policy.loading.report import LoadReport
from mdm_policy.loading.sources import (
    FileKind,
    FindInclude,
    Loaded,
    Source,
    collector_paused,
    detect,
    finish,
    is_ours,
    judged,
)
from mdm_policy.loading.tables import as_list, read_bans
from mdm_policy.loading.target_manifests import PlacedManifest
from mdm_policy.loading.text import MAX_BYTES

if TYPE_CHECKING:
    from mdm_policy.loading.shapes import RecordShape
    from mdm_policy.model import Ban, BanList, Deployment, DeviceClass, Overlay
    from mdm_policy.target_model import TargetTest

__all__ = [
    "MAX_BYTES",
    "FindInclude",
    "Loaded",
    "PlacedManifest",
    "SchemaName",
    "Source",
    "collector_paused",
    "detect",
    "is_ours",
    "load_ban_list",
    "load_bans_csv",
    "load_deployment",
    "load_devices",
    "load_overlay",
    "load_table",
    "load_target",
    "load_target_test",
    "schema",
]

SchemaName = Literal["ban-list", "deployment", "devices", "overlay", "target", "target-test"]
_SHAPES: dict[SchemaName, RecordShape] = {
    "ban-list": language.BAN_LIST,
    "deployment": language.DEPLOYMENT,
    "devices": language.DEVICES,
    "overlay": OVERLAY,
    "target": target_language.TARGET,
    "target-test": target_language.TARGET_TEST,
}
_TITLES: dict[SchemaName, str] = {
    "ban-list": "mdm-policy ban list",
    "deployment": "mdm-policy deployment",
    "devices": "mdm-policy device classes",
    "overlay": "mdm-policy overlay of the catalogue",
    "target": "mdm-policy target",
    "target-test": "mdm-policy test of a target",
}


def load_ban_list(source: Source, find: FindInclude | None = None, *, max_bytes: int = MAX_BYTES) -> Loaded[BanList]:
    """Load a ban list and all it includes; `find` fetches included files, and without it none is found."""
    with collector_paused():
        merger = Merger(find, max_bytes)
        loaded = finish(merger.merge(source), merger.findings)
    return judged(source, loaded, "a ban list", ("deployment", "devices", "target", "target-test", "overlay", "csv"))


def load_deployment(source: Source, *, max_bytes: int = MAX_BYTES) -> Loaded[Deployment]:
    """Load a deployment."""
    with collector_paused():
        value, report = _bind(source, language.DEPLOYMENT, max_bytes)
        if value is not None:
            value = msgspec.structs.replace(value, digest=hashlib.sha256(source.data).hexdigest())
        loaded = finish(value, report.findings)
    return judged(source, loaded, "a deployment", ("ban-list", "target", "target-test", "overlay", "csv"))


def load_devices(source: Source, *, max_bytes: int = MAX_BYTES) -> Loaded[tuple[DeviceClass, ...]]:
    """Load device classes from a file of their own, or from a whole deployment, all of which is then checked."""
    if detect(source) != "deployment":
        with collector_paused():
            value, report = _bind(source, language.DEVICES, max_bytes)
            others: tuple[FileKind, ...] = ("ban-list", "target", "target-test", "overlay", "csv")
            return judged(source, finish(value, report.findings), "a file of device classes", others)
    whole = load_deployment(source, max_bytes=max_bytes)
    if whole.value is not None and not whole.value.devices:
        report = LoadReport(source.name)
        report.add(whole.findings)
        report.error(
            "missing-key", "the deployment lacks `devices`", Origin(source.name, 1, 1), "declare device classes"
        )
        return finish(None, report.findings)
    return Loaded(None if whole.value is None else whole.value.devices, whole.findings)


def load_overlay(source: Source, *, max_bytes: int = MAX_BYTES) -> Loaded[Overlay]:
    """Load an overlay of the catalogue; whether the catalogue has its keys already is asked when the two are joined."""
    with collector_paused():
        value, report = _bind(source, OVERLAY, max_bytes)
        loaded: Loaded[Overlay] = finish(value, report.findings)
    return judged(source, loaded, "an overlay of the catalogue", ("ban-list", "deployment", "devices", "target", "csv"))


def load_target(source: Source, *, max_bytes: int = MAX_BYTES) -> Loaded[PlacedManifest]:
    """Load a target's manifest; a warning is an error here, for whoever reads it can mend it."""
    with collector_paused():
        value, report = _bind(source, target_language.TARGET, max_bytes)
        findings = [msgspec.structs.replace(one, severity="error") for one in report.findings]
        loaded: Loaded[PlacedManifest] = finish(value, findings)
    return judged(source, loaded, "a target's manifest", ("ban-list", "deployment", "devices", "csv"))


def load_target_test(source: Source, *, max_bytes: int = MAX_BYTES) -> Loaded[TargetTest]:
    """Load what a target's test expects."""
    with collector_paused():
        value, report = _bind(source, target_language.TARGET_TEST, max_bytes)
        return finish(value, report.findings)


def _bind(source: Source, shape: RecordShape, max_bytes: int) -> tuple[Any, LoadReport]:
    """Read a file and bind it to a shape; None with findings in the report when it is not even YAML."""
    report = LoadReport(source.name)
    root = read_nodes(source.data, report, max_bytes)
    return None if root is None else shape.bind(report, root, "the file"), report


def load_bans_csv(source: Source, *, max_bytes: int = MAX_BYTES) -> Loaded[tuple[Ban, ...]]:
    """Load bans from a table; each distinct app is one ban with the identifiers of all its rows."""
    with collector_paused():
        report = LoadReport(source.name)
        return finish(read_bans(source.data, report, max_bytes), report.findings)


def load_table(source: Source, *, max_bytes: int = MAX_BYTES) -> Loaded[BanList]:
    """Load a table as a list of its own: its name is the file's, and it is in force by the word of whoever names it."""
    loaded = load_bans_csv(source, max_bytes=max_bytes)
    made = None if loaded.value is None else as_list(source.name, loaded.value, source.data)
    return Loaded(made, loaded.findings)


def schema(name: SchemaName) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) by which editors complete and check a file."""
    shape = _SHAPES[name]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": _TITLES[name],
        "description": f"The keys of {shape.noun}.",
        **shape.schema(),
    }
