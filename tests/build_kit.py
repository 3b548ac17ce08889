"""Make ban lists, targets and whole builds for tests: from plain values, without files and without the catalogue."""

from __future__ import annotations

import functools
import itertools
import random
import shutil
import uuid
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mdm_policy import documents, kinds, resources
from mdm_policy.build import Built, build
from mdm_policy.catalogue import Catalogue
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.identifiers import is_valid, name_problems
from mdm_policy.model import Authority, Ban, BanList, Deployment, GrantedException, Identifier, Resolution
from mdm_policy.resolve import ordered, resolve
from mdm_policy.targets import Target, discover
from mdm_policy.validate import validate
from mdm_policy.verify import Rules, Verification, verify
from mdm_policy.vocabulary import DEFAULT_DUTIES, KINDS_BY_FAMILY, Duty, Family, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


DAY = "2026-11-24"
PLACE = Origin("our-list.yaml", 1, 1)
NOTHING_KNOWN = Catalogue("test", {}, {})
EVERY_TARGET = discover(resources.templates())
TARGETS = {name: target for name, target in EVERY_TARGET.items() if target.manifest.documents}
"""Those that write documents; the others hand over scripts alone, of which nothing is claimed."""
_REFUSES_UNLISTED = ("packaged-apps", "unlisted-apps", "unlisted-programs")


def _apart(target: Target) -> tuple[str, ...]:
    """Return the options under which a target refuses all that it does not list, by what its manifest states."""
    options = target.manifest.options
    found = {one.option for one in target.manifest.collateral if one.option and one.what in _REFUSES_UNLISTED}
    return tuple(key for key, option in options.items() if key in found and option.default is False)


APART = {name: _apart(target) for name, target in TARGETS.items()}
"""Options off by default that make another policy of a document, an allow list: each is tried by itself."""
ALL_OPTIONS = {
    name: {
        key: True
        for key, option in target.manifest.options.items()
        if option.default is False and key not in APART[name]
    }
    for name, target in TARGETS.items()
}
"""Every option that is off by default, switched on, but for those of APART."""
CHOICES: dict[str, tuple[str, dict[str, bool]]] = {
    **{name: (name, ALL_OPTIONS[name]) for name in TARGETS},
    **{f"{name}, {key}": (name, {key: True}) for name, keys in APART.items() for key in keys},
}
"""What laws build, by a label: each target with ALL_OPTIONS, and with each option of APART."""


def choices(name: str) -> tuple[dict[str, dict[str, bool]], ...]:
    """Return what to build a target with, one after the other, so that each of its options is on once."""
    return tuple({name: options} for target, options in CHOICES.values() if target == name) or ({},)


def identifier(family: Family, kind: Kind, value: str, line: int = 5) -> Identifier:
    return Identifier(family, kind, value, Origin("our-list.yaml", line, 9))


def _duties(bans: Sequence[Ban]) -> tuple[Duty, ...]:
    """Return what a list orders here: no traffic too where it names addresses, which nothing else closes."""
    sites = any(one.family == "web" for ban in bans for one in ban.identifiers)
    return (*DEFAULT_DUTIES, "no-traffic") if sites else DEFAULT_DUTIES


def inline(name: str, *identifiers: Identifier, **more: Any) -> Ban:
    return Ban(Origin("our-list.yaml", 5, 5), name=name, identifiers=identifiers, **more)


def app(key: str, **more: Any) -> Ban:
    return Ban(Origin("our-list.yaml", 5, 5), app=key, **more)


def ban_list(
    *bans: Ban, name: str = "our-list", exceptions: Sequence[GrantedException] = (), **authority: Any
) -> BanList:
    cited = Authority(
        f"Order {name}",
        Origin(f"{name}.yaml", 2, 12),
        **{"effective": "2026-01-01", "duties": _duties(bans), **authority},
    )
    return BanList(name, f"List {name}", cited, bans, tuple(exceptions), Origin(f"{name}.yaml", 1, 1), "0" * 64)


def waiver(
    app_key: str, *groups: str, until: str = "2027-06-30", document: str = "MEMO-1 (example)"
) -> GrantedException:
    return GrantedException(app_key, "security-research", "CISO (example)", document, groups, until, PLACE)


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


def judged(resolution: Resolution, made: Built, known: Catalogue = NOTHING_KNOWN) -> Verification:
    """Let the verifier say what a build comes to, as the build does."""
    return verify(resolution, made.pieces, known, Rules(resolution.as_of))


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


_ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LOWER, _UPPER, _HEX = _ALNUM[:26] + "0123456789", _ALNUM[26:], "0123456789abcdef"
_HOSTILE = "&<>\"'\\`{}%$()#;漢字かなéß🙂- aZ09."
_POOL = 60
"""Values of each kind that lists draw from: made once, so that an example costs a few small numbers."""


def _pools() -> dict[tuple[Family, Kind], list[str]]:
    dice = random.Random("identifiers")  # noqa: S311 - made-up identifiers, the same in each run

    def text(alphabet: str, least: int, most: int) -> str:
        return "".join(dice.choices(alphabet, k=dice.randint(least, most)))

    def dotted(first: str, alphabet: str, longest: int, most: int) -> str:
        return ".".join(text(first, 1, 1) + text(alphabet, 0, longest) for _ in range(dice.randint(2, most)))

    hostile = functools.partial(text, _HOSTILE, 1, 24)
    makers: dict[Kind, Callable[[], str]] = {
        "bundle_id": lambda: dotted(_ALNUM + "-", _ALNUM + "-", 40, 6),
        "app_store_id": lambda: text("123456789", 6, 12),
        "package_name": lambda: dotted(_ALNUM[:52], _ALNUM + "_", 36, 6),
        "team_id": lambda: text(_UPPER, 10, 10),
        "signing_id": lambda: f"{text(_UPPER, 10, 10)}:{dotted(_ALNUM, _ALNUM + '-_', 20, 4)}",
        "cdhash": lambda: text(_HEX, 40, 40),
        "process_name": hostile,
        "appx_name": lambda: text(_ALNUM + ".-", 3, 50),
        "package_family_name": lambda: (
            f"{text(_ALNUM + '.-', 3, 50)}_{text('0123456789abcdefghjkmnpqrstvwxyz', 13, 13)}"
        ),
        "publisher": lambda: f"O={hostile()}, L={hostile()}, C=CN",
        "publisher_cn": hostile,
        "certificate": lambda: text("0123456789ABCDEF", 64, 64),
        "product_name": hostile,
        "original_file_name": hostile,
        "executable": lambda: f"{hostile()}.exe",
        "winget_id": lambda: f"{text(_ALNUM, 1, 20)}.{text(_ALNUM, 1, 20)}",
        "product_code": lambda: "{" + str(uuid.UUID(int=dice.getrandbits(128))).upper() + "}",
        "domain": lambda: f"{dotted(_LOWER[:26], _LOWER, 20, 4)}.example",
        "url": lambda: f"https://{text(_LOWER, 1, 20)}.example/{text(_LOWER + '/-_.', 0, 20)}",
    }
    pools: dict[tuple[Family, Kind], list[str]] = {}
    for family, known in KINDS_BY_FAMILY.items():
        for kind in known:
            values = (makers[kind]() for _ in itertools.count())
            valid = (value for value in values if is_valid(family, kind, value))
            pools[family, kind] = list(itertools.islice(valid, _POOL))
    return pools


POOLS = _pools()
PAIRS = tuple(POOLS)
LONGEST_BUNDLE_ID = "a" * 63 + ("." + "b" * 63) * 3


def _identifiers(family: Family, kind: Kind) -> st.SearchStrategy[Identifier]:
    return st.sampled_from([identifier(family, kind, value) for value in POOLS[family, kind]])


IDENTIFIERS: st.SearchStrategy[Identifier] = st.sampled_from(
    [identifier(family, kind, value) for (family, kind), pool in POOLS.items() for value in pool]
)
"""Any identifier that loading lets through, of any family and kind."""

_NAMES = [
    "WeChat",
    "Tom & Jerry <\"'>",
    "漢字アプリ",
    "👩\u200d👩\u200d👧 Family 🇪🇺",
    "x" * 300,
    "漢" * 300,
    "&amp; ]]> <!-- {{ 7 * 7 }} {% raw %}",
    "$(reboot) `id` | \\ # *bold* [link](http://x) _",
    "--variant",
    "../../etc/passwd",
    "CON",
    "null",
    "0",
]
NAMES: st.SearchStrategy[str] = st.sampled_from([name for name in _NAMES if not name_problems(name, PLACE)])


def bans_for(pairs: Sequence[tuple[Family, Kind]], most: int = 5) -> st.SearchStrategy[list[Ban]]:
    """Make bans, at least one of which holds an identifier of one of these kinds."""
    wanted = st.one_of([_identifiers(*pair) for pair in sorted(set(pairs))])
    some = st.lists(IDENTIFIERS, min_size=1, max_size=4)
    first = st.builds(lambda name, one, more: inline(name, one, *more), NAMES, wanted, some)
    others = st.lists(st.builds(lambda name, more: inline(name, *more), NAMES, some), max_size=most - 1)
    return st.builds(lambda one, more: [one, *more], first, others)


def one_of_each(count: int = 2) -> list[Ban]:
    """Make a list that holds identifiers of every family and kind, each kind in a ban of its own."""
    bans = [
        inline(f"{family} {kind}", *(identifier(family, kind, value) for value in POOLS[family, kind][:count]))
        for family, kind in PAIRS
    ]
    team, bundle = POOLS["macos", "team_id"][-1], POOLS["macos", "bundle_id"][-1]
    qualified = (identifier("macos", "team_id", team), identifier("macos", "bundle_id", bundle))
    return [*bans, inline("team & bundle", *qualified)]


Key = tuple[str, str, str]


def blocked(path: str, data: bytes) -> set[Key]:
    """Return what a document blocks, as its reader finds it."""
    reading = kinds.read(kinds.open_document(path, data))
    return {effect.key for effect in reading.effects if effect.rule.sense in ("block", "remove")}


def must_block(
    resolution: Resolution, variant: int, target: Target, document: str, options: dict[str, Any]
) -> set[Key]:
    """Work out what a document must block, from resolve and the manifest alone."""
    spec = target.document(document)
    assert spec is not None
    if spec.audit:
        return set()
    claims = [
        claim
        for claim in target.manifest.blocks
        if claim.name in spec.carries
        and (not claim.option or options[claim.option])
        and not (claim.unless and options[claim.unless])
    ]
    ids = ordered(resolution, resolution.variants[variant], {claim.asked for claim in claims})
    return {
        (c.family, c.kind, entry.value)
        for c in claims
        for entry in ids.get(c.asked, ())
        if not any(text in entry.value for text in c.cannot_hold)
    }


def may_block(resolution: Resolution, variant: int, target: Target, document: str) -> set[Key]:
    """Work out what a document may block beside that, by its manifest."""
    spec = target.document(document)
    assert spec is not None
    ids = ordered(resolution, resolution.variants[variant])
    found = set()
    for kind, source in spec.unclaimed.items():
        family, own = kind.split(".")
        listed, of = source.split(".")
        found |= {(family, own, entry.value) for entry in ids.get((listed, of), ())}
    return found


def assert_law(
    name: str, targets: dict[str, Target], resolution: Resolution, options: dict[str, dict[str, Any]]
) -> dict[str, bytes]:
    """Build one target and hold every document to the law: valid, canonical, and blocking exactly what is ordered."""
    target = targets[name]
    made, files = built(resolution, [name], targets, options)
    chosen = target.options(options.get(name, {}))
    read: dict[str, set[Key]] = {spec.name: set() for spec in target.manifest.documents}
    for record in made.documents:
        spec = target.document(record.document)
        assert spec is not None
        document = kinds.open_document(record.path, files[record.path])
        assert not [f for f in validate(document, record.schema) if f.severity == "error"]
        if spec.format in documents.LINES:
            lines = documents.parse(record.path, files[record.path], spec.format)
            assert documents.dump(lines, spec.format) == files[record.path]
        else:
            assert documents.dump(document.value, document.format, compact=spec.compact) == document.data
        read[record.document] |= blocked(record.path, files[record.path])
    for document_name, found in read.items():
        wanted = must_block(resolution, 0, target, document_name, chosen)
        assert wanted <= found
        assert found - wanted <= may_block(resolution, 0, target, document_name)
    return files
