"""Make ban lists, targets and whole builds for tests: from plain values, without files and without the catalogue."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, get_args

from hypothesis import strategies as st

from mdm_policy import resources
from mdm_policy.build import Built, build
from mdm_policy.catalogue import Catalogue
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.identifiers import KINDS_BY_FAMILY, is_valid, name_problems
from mdm_policy.model import (
    Authority,
    Ban,
    BanList,
    Deployment,
    Family,
    Identifier,
    Kind,
    Resolution,
    Waiver,
)
from mdm_policy.resolve import resolve
from mdm_policy.targets import Target, discover

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DAY = "2026-11-24"
PLACE = Origin("our-list.yaml", 1, 1)
NOTHING_KNOWN = Catalogue("test", {}, {})
TARGETS = discover(resources.templates())
FAMILIES: tuple[Family, ...] = get_args(Family)
ALL_OPTIONS = {
    name: {key: True for key, option in target.manifest.options.items() if option.default is False}
    for name, target in TARGETS.items()
}
"""Every option that is off by default, switched on."""


def identifier(family: Family, kind: Kind, value: str, line: int = 5) -> Identifier:
    return Identifier(family, kind, value, Origin("our-list.yaml", line, 9))


def inline(name: str, *identifiers: Identifier, **more: Any) -> Ban:
    return Ban(Origin("our-list.yaml", 5, 5), name=name, identifiers=identifiers, **more)


def app(key: str, **more: Any) -> Ban:
    return Ban(Origin("our-list.yaml", 5, 5), app=key, **more)


def ban_list(*bans: Ban, name: str = "our-list", exceptions: Sequence[Waiver] = (), **authority: Any) -> BanList:
    cited = Authority(f"Order {name}", Origin(f"{name}.yaml", 2, 12), **{"effective": "2026-01-01", **authority})
    return BanList(name, f"List {name}", cited, bans, tuple(exceptions), Origin(f"{name}.yaml", 1, 1), "0" * 64)


def waiver(app_key: str, *groups: str, until: str = "2027-06-30", document: str = "MEMO-1 (example)") -> Waiver:
    return Waiver(app_key, "security-research", "CISO (example)", document, groups, until, PLACE)


def deployment(**more: Any) -> Deployment:
    return Deployment("Example Agency", "gov.example.agency", (), Origin("deployment.yaml", 1, 1), "1" * 64, **more)


def resolved(*bans: Ban, organization: str = "Example Agency", **more: Any) -> Resolution:
    made = Deployment(organization, "gov.example.agency", (), Origin("deployment.yaml", 1, 1), "1" * 64)
    return resolve([ban_list(*bans, **more)], made, NOTHING_KNOWN, DAY)


def built(
    resolution: Resolution,
    names: Sequence[str] | None = None,
    targets: dict[str, Target] | None = None,
    options: dict[str, dict[str, Any]] | None = None,
    stem: str = "our-list",
) -> tuple[Built, dict[str, bytes]]:
    """Build into memory; every target when none is named."""
    known = TARGETS if targets is None else targets
    files: dict[str, bytes] = {}

    def sink(path: str, data: bytes) -> None:
        assert path not in files
        files[path] = data

    chosen = [target for name, target in known.items() if names is None or name in names]
    return build(resolution, chosen, known, options or {}, stem, sink), files


def ids_of(failure: PolicyError) -> list[str]:
    return [finding.id for finding in failure.findings]


def copy_target(name: str, user: Path, *, replaces: bool = True) -> Path:
    """Copy a packaged target, and what packaged targets share, into a user's folder; return the target's folder."""
    target = TARGETS[name]
    folder = user / name
    shutil.copytree(target.folder, folder)
    shutil.copytree(target.root / "_shared", user / "_shared", dirs_exist_ok=True)
    if replaces:
        manifest = folder / "target.yaml"
        manifest.write_text(manifest.read_text(encoding="utf-8") + f"replaces: {name}\n", encoding="utf-8")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} does not hold {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


_HOSTILE = "&<>\"'\\`{}%$漢字かなé🙂- aZ09."
_SCRIPTS = st.text(st.sampled_from(_HOSTILE), min_size=1, max_size=30)
_SHAPES: dict[str, st.SearchStrategy[str]] = {
    "bundle_id": st.from_regex(r"[A-Za-z0-9-]{1,12}(\.[A-Za-z0-9-]{1,40}){1,6}", fullmatch=True),
    "app_store_id": st.from_regex(r"[1-9][0-9]{5,11}", fullmatch=True),
    "package_name": st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}(\.[A-Za-z][A-Za-z0-9_]{0,30}){1,6}", fullmatch=True),
    "team_id": st.from_regex(r"[A-Z0-9]{10}", fullmatch=True),
    "signing_id": st.from_regex(r"([A-Z0-9]{10}|platform):[A-Za-z0-9-][A-Za-z0-9._-]{0,60}", fullmatch=True),
    "cdhash": st.from_regex(r"[0-9a-f]{40}", fullmatch=True),
    "process_name": _SCRIPTS,
    "appx_name": st.from_regex(r"[A-Za-z0-9.-]{3,50}", fullmatch=True),
    "package_family_name": st.from_regex(r"[A-Za-z0-9.-]{3,50}_[0-9a-hjkmnp-tv-z]{13}", fullmatch=True),
    "publisher": st.builds("O={}, L={}, C=CN".format, _SCRIPTS, _SCRIPTS),
    "executable": st.builds("{}.exe".format, _SCRIPTS),
    "winget_id": st.from_regex(r"[A-Za-z0-9]{1,20}\.[A-Za-z0-9]{1,20}", fullmatch=True),
    "product_code": st.from_regex(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", fullmatch=True),
    "domain": st.from_regex(r"([a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?\.){1,4}[a-z]{2,10}", fullmatch=True),
    "url": st.from_regex(r"https?://[a-z0-9]{1,20}\.[a-z]{2,6}(/[a-z0-9_~.-]{0,10}){0,3}", fullmatch=True),
}
PAIRS: tuple[tuple[Family, Kind], ...] = tuple(
    (family, kind) for family, kinds in KINDS_BY_FAMILY.items() for kind in kinds
)


def _identifiers(family: Family, kind: Kind) -> st.SearchStrategy[Identifier]:
    values = _SHAPES[kind].filter(lambda value: is_valid(family, kind, value))
    return values.map(lambda value: identifier(family, kind, value))


IDENTIFIERS: st.SearchStrategy[Identifier] = st.sampled_from(PAIRS).flatmap(lambda pair: _identifiers(*pair))
"""Any identifier that loading lets through, of any family and kind."""

NAMES: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(
        [
            "Tom & Jerry <\"'>",
            "漢字アプリ",
            "👩‍👩‍👧 Family 🇪🇺",
            "x" * 300,
            "&amp; ]]> <!-- {{ 7 * 7 }} {% raw %}",
            "$(reboot) `id` | \\ # *bold* [link](http://x)",
        ]
    ),
    st.text(st.sampled_from(_HOSTILE), min_size=1, max_size=60),
).filter(lambda name: not name_problems(name, PLACE))


def bans_for(pairs: Sequence[tuple[Family, Kind]], least: int = 1, most: int = 5) -> st.SearchStrategy[list[Ban]]:
    """Make bans, at least one of which holds an identifier of one of these kinds."""
    wanted = st.sampled_from(sorted(set(pairs))).flatmap(lambda pair: _identifiers(*pair))
    some = st.lists(IDENTIFIERS, min_size=least, max_size=4, unique_by=lambda one: one.key)
    first = st.builds(lambda name, one, more: inline(name, one, *more), NAMES, wanted, st.lists(IDENTIFIERS, max_size=3))
    others = st.lists(st.builds(lambda name, more: inline(name, *more), NAMES, some), max_size=most - 1)
    return st.builds(lambda one, more: [one, *more], first, others)
