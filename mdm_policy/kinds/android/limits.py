"""Hold the limits that the sentences of the discovery document state, which the description of a message cannot say.

What a sentence says is rejected is refused with the whole policy. Where it only says that something cannot be, what the
API does with it is not documented, so nothing proves that the policy was stored. Source of all of them: androidmanagement
v1 discovery document, revision 20261104.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MOST_APPLICATIONS = 3000
"""`applications` can have at most 3,000 elements."""
_MOST_MINIMUM_VERSIONS = 20
_MOST_COMPLIANCE_RULES = 100
_LONGEST_TEXT = 65_535
_SHA256 = 32
_FEWEST_DAYS_OFF = 3
_PRIORITIES = range(10_001)
_BRIGHTNESS = range(256)
_PLAY_FIELDS = ("minimumVersionCode", "accessibleTrackIds", "autoUpdateMode", "installConstraint", "installPriority")

_Found = tuple[str, Any]
"""A pointer and what stands there."""


class Limit(NamedTuple):
    """Say which limit a value breaks, and where; `rejected` says that the API rejects the policy, by its own word."""

    place: str
    text: str
    rejected: bool


def policy_limits(policy: Mapping[str, Any], base: str) -> Iterator[Limit]:
    """Yield the limits that a whole policy breaks."""
    yield from application_limits(_list(policy.get("applications")), lambda place: f"{base}/applications/{place}")
    for at, personal in _each(policy, base, "personalUsagePolicies", "personalApplications"):
        yield from _unnamed(_list(personal), f"{at}/{{}}".format)
    for path, wrong, text in _REJECTED:
        yield from (Limit(at, text, True) for at, value in _each(policy, base, *path) if wrong(value))
    cross = next(_each(policy, base, "crossProfilePolicies", "crossProfileAppFunctions"), None)
    if policy.get("appFunctions") == "APP_FUNCTIONS_DISALLOWED" and cross and cross[1] == _CROSS_PROFILE:
        yield Limit(cross[0], "crossProfileAppFunctions allows what appFunctions disallows", True)
    for path, what in _UNIQUE:
        values = [value for _, value in _each(policy, base, *path) if isinstance(value, str)]
        if len(set(values)) < len(values):
            yield Limit(f"{base}/{path[0]}", f"{what} stands twice", True)
    compliance = policy.get("complianceRules")
    if isinstance(compliance, list) and len(compliance) > _MOST_COMPLIANCE_RULES:
        said = f"complianceRules holds {len(compliance)} rules; the most is {_MOST_COMPLIANCE_RULES}"
        yield Limit(f"{base}/complianceRules", said, False)


def application_limits(entries: Sequence[Any], where: Callable[[int], str]) -> Iterator[Limit]:
    """Yield the limits that entries of apps break, each by itself and all of them together; `where` writes a pointer."""
    named = [place for place, entry in enumerate(entries) if isinstance(entry, dict)]
    yield from _unnamed(entries, where)
    kiosks = [place for place in named if entries[place].get("installType") == "KIOSK"]
    if len(kiosks) > 1:
        yield Limit(f"{where(kiosks[1])}/installType", "installType KIOSK can be set for one app of a policy", False)
    odd = [place for place in named if not _LIMITED.isdisjoint(entries[place])]
    odd += [place for place in named if entries[place].get("installType") == "CUSTOM"]
    versions = [place for place in odd if entries[place].get("minimumVersionCode")]
    if len(set(versions)) > _MOST_MINIMUM_VERSIONS:
        said = f"{len(set(versions))} apps have a minimumVersionCode; the most is {_MOST_MINIMUM_VERSIONS}"
        yield Limit(f"{where(versions[_MOST_MINIMUM_VERSIONS])}/minimumVersionCode", said, False)
    extended = [place for place in odd if entries[place].get("extensionConfig") is not None]
    if len(set(extended)) > 1:
        yield Limit(
            f"{where(extended[1])}/extensionConfig", "extensionConfig can be set for one app of a policy", False
        )
    for place in dict.fromkeys(odd):
        yield from _application(entries[place], where(place), kiosk=bool(kiosks))


_LIMITED = frozenset(
    {"customAppConfig", "extensionConfig", "installConstraint", "installPriority", "managedConfiguration"}
    | {"minimumVersionCode", "roles", "signingKeyCerts"}
)
"""The fields of an app that have limits, beside its installType."""


def _unnamed(entries: Sequence[Any], where: Callable[[int], str]) -> Iterator[Limit]:
    """Yield the first entry without a package name, which the API needs to tell which app is meant."""
    for place, entry in enumerate(entries):
        if isinstance(entry, dict) and not entry.get("packageName"):
            yield Limit(f"{where(place)}/packageName", "an entry has no packageName", False)
            return


def _application(entry: Mapping[str, Any], at: str, *, kiosk: bool) -> Iterator[Limit]:
    custom = entry.get("installType") == "CUSTOM"
    if custom and not entry.get("signingKeyCerts"):
        yield Limit(f"{at}/signingKeyCerts", "an app with installType CUSTOM needs signingKeyCerts", True)
    if custom:
        for key in _PLAY_FIELDS:
            if entry.get(key):
                yield Limit(f"{at}/{key}", f"{key} cannot be set for an app with installType CUSTOM", False)
    elif entry.get("customAppConfig") is not None:
        yield Limit(f"{at}/customAppConfig", "customAppConfig needs installType CUSTOM", False)
    kinds = [role.get("roleType") for role in _list(entry.get("roles")) if isinstance(role, dict)]
    if "KIOSK" in kinds and (kiosk or entry.get("installType") not in ("REQUIRED_FOR_SETUP", "CUSTOM")):
        said = "the role KIOSK needs installType REQUIRED_FOR_SETUP or CUSTOM, and no app with installType KIOSK"
        yield Limit(f"{at}/roles", said, False)
    for place, cert in enumerate(_list(entry.get("signingKeyCerts"))):
        if isinstance(cert, dict) and not _is_sha256(cert.get("signingKeyCertFingerprintSha256")):
            yield Limit(f"{at}/signingKeyCerts/{place}", "a fingerprint is not 32 bytes in base64", False)
    yield from _installing(entry, at)


def _installing(entry: Mapping[str, Any], at: str) -> Iterator[Limit]:
    if _out_of(entry.get("installPriority"), _PRIORITIES):
        yield Limit(f"{at}/installPriority", "installPriority is not between 0 and 10,000", True)
    if len(_list(entry.get("installConstraint"))) > 1:
        yield Limit(f"{at}/installConstraint", "an app has more than one installConstraint", True)
    configuration = entry.get("managedConfiguration")
    for key, value in configuration.items() if isinstance(configuration, dict) else ():
        if isinstance(value, str) and len(value) > _LONGEST_TEXT:
            said = f"a text of managedConfiguration is longer than {_LONGEST_TEXT:,} characters"
            yield Limit(f"{at}/managedConfiguration/{key}", said, False)


def _is_sha256(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(base64.b64decode(value, altchars=b"-_", validate=True)) == _SHA256
    except (binascii.Error, ValueError):
        return False


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _out_of(value: Any, allowed: range) -> bool:
    return type(value) is int and value not in allowed


def _each(value: Any, at: str, *path: str) -> Iterator[_Found]:
    """Yield what stands at the end of a path; `*` is every entry of a list."""
    if not path:
        yield at, value
    elif path[0] == "*":
        for place, item in enumerate(_list(value)):
            yield from _each(item, f"{at}/{place}", *path[1:])
    elif isinstance(value, dict) and value.get(path[0]) is not None:
        yield from _each(value[path[0]], f"{at}/{path[0]}", *path[1:])


def _locked_together(one: Any) -> bool:
    scoped = isinstance(one, dict) and one.get("unifiedLockSettings") not in (None, "UNIFIED_LOCK_SETTINGS_UNSPECIFIED")
    return scoped and one.get("passwordScope") != "SCOPE_PROFILE"


def _lacks(*keys: str) -> Callable[[Any], bool]:
    return lambda one: isinstance(one, dict) and not all(one.get(key) for key in keys)


_CROSS_PROFILE = "CROSS_PROFILE_APP_FUNCTIONS_ALLOWED"
_REJECTED: tuple[tuple[tuple[str, ...], Callable[[Any], bool], str], ...] = (
    (
        ("personalUsagePolicies", "maxDaysWithWorkOff"),
        lambda days: type(days) is int and days != 0 and days < _FEWEST_DAYS_OFF,
        "maxDaysWithWorkOff is neither 0 nor at least 3",
    ),
    (
        ("displaySettings", "screenBrightnessSettings", "screenBrightness"),
        lambda value: _out_of(value, _BRIGHTNESS),
        "screenBrightness is not between 0 and 255",
    ),
    (
        ("passwordPolicies", "*"),
        _locked_together,
        "unifiedLockSettings needs passwordScope SCOPE_PROFILE",
    ),
    (
        ("deviceConnectivityManagement", "apnPolicy", "apnSettings", "*"),
        _lacks("apn", "apnTypes", "displayName"),
        "an APN setting lacks apn, apnTypes or displayName",
    ),
)
_UNIQUE: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("deviceConnectivityManagement", "wifiRoamingPolicy", "wifiRoamingSettings", "*", "wifiSsid"),
        "a Wi-Fi network of wifiRoamingSettings",
    ),
)


def repeated(owner: Mapping[str, Any], key: str) -> list[str]:
    """Return the packages that stand twice in a list: no page of the vendor says which of the entries counts."""
    entries = _list(owner.get(key))
    names = Counter([entry.get("packageName") for entry in entries if _has_name(entry)])
    return [name for name, count in names.items() if count > 1]


def _has_name(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("packageName"), str)
