"""Say what has to be blocked for an app to be blocked: its builds on a platform, and what matches each of them.

An app's builds are alternatives to a user, so each one must be dealt with; the weakest counts. Within a build, any one
identifier that matches it is enough; the strongest counts. Where several kinds describe the same build:

- iOS, iPadOS, tvOS, visionOS, watchOS: each bundle_id is a build. An app_store_id stands for the bundle id only if the
  app has exactly one of each. Where no bundle id is known, each app_store_id is a build that only a list by pages of the
  store can name (Intune's hidden apps): what bundle ids say of it is unknown.
- Android, ChromeOS: each package_name is a build.
- macOS: each signing_id (`TEAM:bundle`) is a build, matched by itself, its bare bundle id, or its team id; each
  bundle_id that no team qualifies is one; if there are neither, each team_id is. The process names together match every
  build, if all of them are matched. A code hash names one version, so it never stands for a build.
- Windows: each packaged app (appx_name, or the name part of a package family name) is a build, matched by its name, by its
  family names or, if all of them are matched, by the publishers written as certificates (`CN=`). The desktop program is
  one build, if the app has publishers (`O=`), executables, or whatever else tells that a program exists (a product name, a
  winget id); it is matched if all its publishers are, or all its executables, original file names, product names, or signers
  (each common name with each certificate that issues to it), or all of these in every combination that a rule may ask for
  at once. Where it has no signer of its own, its vendor's sign it. That an executable bears its name on disk as its original
  file name too is likely, and not known.

Helpers and installers make no build: a helper left alone is no gap, and a blocked installer blocks no program. Where
nothing else is known of an app, that is unknown.
"""

from __future__ import annotations

from itertools import chain, product
from typing import TYPE_CHECKING

from mdm_policy.joined import FOLDED, joined
from mdm_policy.model import Frozen
from mdm_policy.publishers import unquoted
from mdm_policy.reading import Cause  # noqa: TC001 - msgspec reads the fields' types at run time
from mdm_policy.vocabulary import FAMILY_OF

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mdm_policy.model import BannedApp, Identifier
    from mdm_policy.vocabulary import Family, Kind, Platform

Key = tuple[str, str, str]
PARTS = frozenset(("helper", "installer"))
"""Roles of what is a part of an app, or brings it: neither is the app."""


class Build(Frozen, frozen=True, gc=False):
    """Name a build, and the sets of keys that match it: one set is enough, each of its keys is needed.

    Of what `guesses` match nobody knows whether it is the build: a rule on them decides nothing.
    """

    name: str
    matches: tuple[tuple[Key, ...], ...]
    guesses: tuple[tuple[Key, ...], ...] = ()

    @property
    def every(self) -> tuple[tuple[Key, ...], ...]:
        """Return the sets of keys that match the build or may match it, those of `guesses` last."""
        return (*self.matches, *self.guesses)

    @property
    def keys(self) -> frozenset[Key]:
        """Return every key that has to do with the build."""
        return frozenset(key for match in self.every for key in match)


class AppBuilds(Frozen, frozen=True, gc=False):
    """Hold the builds of an app on a family, or say in `verdict` and `sentence` why there is nothing to judge."""

    builds: tuple[Build, ...]
    verdict: str = ""
    sentence: str = ""
    cause: Cause = ""


def plans(app: BannedApp) -> dict[Family, tuple[Build, ...]]:
    """Return the builds of an app on each family of which it has an identifier: `plan` for all of them in one pass."""
    families: dict[Family, dict[str, list[str]]] = {}
    for identifier in app.identifiers:
        family = identifier.family
        if family != "web" and identifier.role not in PARTS:
            families.setdefault(family, {}).setdefault(identifier.kind, []).append(identifier.value)
    return {family: tuple(_builds(app, family, values)) for family, values in families.items()}


def _builds(app: BannedApp, family: Family, values: dict[str, list[str]]) -> Iterable[Build]:
    """Return the builds of a family; of a vendor's signers only programs of Windows know anything."""
    return _windows(values, app.signers) if family == "windows" else _BUILDERS[family](values)


def plan(app: BannedApp, platform: Platform) -> AppBuilds:
    """Return what has to be blocked on a platform."""
    family = FAMILY_OF[platform]
    if platform != family and app.platforms.get(platform) == "none":
        return AppBuilds((), "not-applicable", f"{app.name} does not exist on {platform}", "does-not-exist")
    values: dict[str, list[str]] = {}
    parts: set[str] = set()
    for identifier in app.identifiers:
        if identifier.family != family:
            continue
        if identifier.role in PARTS:
            parts.add(identifier.role)
        else:
            values.setdefault(identifier.kind, []).append(identifier.value)
    builds = tuple(_builds(app, family, values))
    if builds:
        return AppBuilds(builds)
    if values:
        kinds = ", ".join(sorted(values))
        return AppBuilds(
            (),
            "unknown",
            f"of {app.name} only {kinds} is known here, which no device compares",
            "no-comparable-identifier",
        )
    if parts:
        said = f"of {app.name} only the {' and the '.join(sorted(parts))} is known here, not the app"
        return AppBuilds((), "unknown", said, "only-parts")
    if app.platforms.get(family) == "none":
        return AppBuilds((), "not-applicable", f"{app.name} does not exist on {platform}", "does-not-exist")
    return AppBuilds((), "unknown", f"no identifier of {app.name} is known for {platform}", "no-identifier")


def keys(app: BannedApp) -> frozenset[Key]:
    """Return every key, as devices compare it, that could match some build of an app on some platform."""
    platforms: tuple[Platform, ...] = ("ios", "macos", "android", "windows")
    return frozenset[Key]().union(*(build.keys for platform in platforms for build in plan(app, platform).builds))


def compared(key: Key) -> Key:
    """Return a key as devices compare it."""
    fold = FOLDED.get(key[1])
    return key if fold is None else (key[0], key[1], fold(key[2]))


def folded(kind: str, values: Sequence[str]) -> Sequence[str]:
    """Return the identifiers of a kind as devices compare them: `compared`, for many of them."""
    fold = FOLDED.get(kind)
    return values if fold is None else list(map(fold, values))


def by_store_alone(known: Collection[Key]) -> bool:
    """Tell whether all that is known of a build is its number in a store, which few documents name."""
    return {kind for _, kind, _ in known} == {"app_store_id"}


def _ios(values: dict[str, list[str]]) -> Iterable[Build]:
    bundles, stores = values.get("bundle_id", []), values.get("app_store_id", [])
    single = len(bundles) == 1 and len(stores) == 1
    for bundle in bundles:
        matches: list[tuple[Key, ...]] = [(("ios", "bundle_id", bundle),)]
        if single:
            matches.append((("ios", "app_store_id", stores[0]),))
        yield Build(bundle, tuple(matches))
    if not bundles:
        for store in stores:
            yield Build(store, ((("ios", "app_store_id", store),),))


def _android(values: dict[str, list[str]]) -> Iterable[Build]:
    for package in values.get("package_name", []):
        yield Build(package, ((("android", "package_name", package),),))


def _macos(values: dict[str, list[str]]) -> Iterable[Build]:
    names = values.get("process_name", [])
    by_name = [tuple(("macos", "process_name", name) for name in _forms(names, suffix)) for suffix in (False, True)]
    common = tuple(dict.fromkeys(match for match in by_name if match))
    signed = values.get("signing_id", [])
    qualified = {value.partition(":")[2] for value in signed}
    for value in signed:
        team, _, bundle = value.partition(":")
        own: tuple[tuple[Key, ...], ...] = (
            (("macos", "signing_id", value),),
            (("macos", "bundle_id", bundle),),
            (("macos", "team_id", team),),
        )
        yield Build(value, own + common)
    bare = [value for value in values.get("bundle_id", []) if value not in qualified]
    for value in bare:
        yield Build(value, ((("macos", "bundle_id", value),), *common))
    if signed or bare:
        return
    teams = values.get("team_id", [])
    for team in teams:
        yield Build(team, ((("macos", "team_id", team),), *common))
    if not teams and common:
        yield Build(names[0], common)


def _forms(names: list[str], suffix: bool) -> tuple[str, ...]:
    """Return the process names, or their other form: Jamf's administrators write `WeChat` or `WeChat.app`."""
    if not suffix:
        return tuple(names)
    return tuple(name.removesuffix(".app") if name.endswith(".app") else f"{name}.app" for name in names)


def _windows(values: dict[str, list[str]], vendors: Sequence[Identifier]) -> Iterable[Build]:
    publishers = dict.fromkeys(map(unquoted, values.get("publisher", [])))
    certificates = tuple(("windows", "publisher", name) for name in publishers if name.startswith("CN="))
    packages: dict[str, list[str]] = {name: [] for name in values.get("appx_name", [])}
    for value in values.get("package_family_name", []):
        packages.setdefault(value.rpartition("_")[0], []).append(value)
    for name, families in packages.items():
        matches: list[tuple[Key, ...]] = [(("windows", "appx_name", name),)]
        matches += [tuple(("windows", "package_family_name", value) for value in families)] if families else []
        yield Build(name, (*matches, *((certificates,) if certificates else ())))
    if not packages and certificates:
        yield Build(certificates[0][2], (certificates,))
    signers = [name for name in publishers if not name.startswith("CN=")]
    name = next(chain(signers, map(str.lower, values.get("executable", ()))), "")
    name = name or next((value for kind in _TELLING for value in values.get(kind, ())), "")
    if name:
        lent = {kind: [one.value for one in vendors if one.kind == kind] for kind in ("publisher_cn", "certificate")}
        desktop = tuple(_programs(lent | values, signers))
        names = tuple(
            dict.fromkeys(compared(("windows", "original_file_name", one)) for one in values.get("executable", ()))
        )
        yield Build(name, tuple(match for match in desktop if match), (names,) if names else ())


_TELLING = ("product_name", "original_file_name", "publisher_cn", "winget_id", "product_code")
"""Kinds that tell of a program on Windows. A certificate alone tells of nobody's program."""
_MOST_JOINED = 1_000
"""How many combinations of what an app is known by are asked for; no app of a catalogue has as many."""


def _programs(values: dict[str, list[str]], publishers: list[str]) -> Iterator[tuple[Key, ...]]:
    """Yield the sets of keys that match a program: publishers, executables, and what a rule may ask for at once."""
    yield tuple(("windows", "publisher", name) for name in publishers)
    yield tuple(compared(("windows", "executable", name)) for name in values.get("executable", ()))
    names, issuers = values.get("publisher_cn", []), values.get("certificate", [])
    if names:
        yield tuple(("windows", "publisher_cn", name) for name in names)
        yield tuple(compared(("windows", "certificate", issuer)) for issuer in issuers)
    signers: list[list[dict[Kind, str]]] = [
        [{}],
        [{"publisher": name} for name in publishers],
        [{"publisher_cn": name, "certificate": issuer} for name, issuer in product(names, issuers)],
    ]
    products: list[list[dict[Kind, str]]] = [
        [{}],
        [{"product_name": value} for value in values.get("product_name", ())],
    ]
    files: list[list[dict[Kind, str]]] = [
        [{}],
        [{"original_file_name": value} for value in values.get("original_file_name", ())],
    ]
    for one, two, three in product(signers, products, files):
        if len(one) * len(two) * len(three) > _MOST_JOINED:
            continue
        every = [{**signer, **named, **file} for signer, named, file in product(one, two, three)]
        if every and every[0] and every[0].keys() != {"publisher"}:
            yield tuple(dict.fromkeys(compared(("windows", *joined(parts))) for parts in every))


_BUILDERS = {"ios": _ios, "android": _android, "macos": _macos}
