"""Make resolved lists and name the targets that take any number of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus import word

from mdm_policy import resources
from mdm_policy.derived import derive
from mdm_policy.errors import Origin
from mdm_policy.model import BannedApp, Identifier, ListStatus, Reason, Resolution, Variant
from mdm_policy.targets import Target, discover

if TYPE_CHECKING:
    from mdm_policy.vocabulary import Family, Kind

AS_OF = "2026-11-24"
_PLATFORMS = {"ios": "exists", "android": "exists", "macos": "exists", "windows": "exists"}


def resolution(apps: int) -> Resolution:
    """Return what resolving a list of that many inline apps gives: the apps of `corpus`, with a Windows package each."""
    place = Origin("benchmark.yaml")
    status = ListStatus(
        "benchmark", "Applications made up for measuring", "Benchmark order 1", "in-force", "in force", place
    )
    return Resolution(
        organization_name="Organization",
        organization_id="local.mdm-policy",
        as_of=AS_OF,
        apps=tuple(map(_app, range(apps))),
        statuses=(status,),
        variants=(Variant("", (), ()),),
        devices=(),
        accepted_gaps=(),
        findings=(),
    )


def _app(number: int) -> BannedApp:
    text = word(number)
    place = Origin("benchmark.yaml", 5 + 10 * number, 5)
    given: tuple[tuple[Family, Kind, str], ...] = (
        ("ios", "bundle_id", f"com.{text}.ios"),
        ("ios", "app_store_id", str(1_000_000_000 + 7919 * number)),
        ("android", "package_name", f"com.{text}.app"),
        ("macos", "bundle_id", f"com.{text}.mac"),
        ("macos", "team_id", f"T{text.upper()}{number % 100_000:05d}"),
        ("windows", "package_family_name", f"{text}.App_8wekyb3d8bbwe"),
        ("windows", "executable", f"{text}.exe"),
        ("web", "domain", f"{text}.test"),
    )
    stated = [Identifier(family, kind, value, place) for family, kind, value in given]
    identifiers = tuple(sorted([*stated, *derive(stated)], key=lambda one: one.key))
    reason = Reason("benchmark", "Benchmark order 1", place)
    return BannedApp(
        f"inline:app-{text}", f"App {text}", "", identifiers, (reason,), ("no-install", "no-launch"), _PLATFORMS
    )


def unlimited() -> tuple[tuple[Target, ...], dict[str, Target]]:
    """Return the targets that any number of apps can be built for, and all targets by name.

    Left out are those with a vendor's or a stated limit, and those that make one document for each record.
    """
    targets = discover(resources.templates())
    chosen = tuple(target for target in targets.values() if not _limited(target))
    return chosen, targets


def _limited(target: Target) -> bool:
    manifest = target.manifest
    capped = any(claim.capacity is not None and not claim.option for claim in manifest.blocks)
    return capped or any(spec.for_each for spec in manifest.documents)
