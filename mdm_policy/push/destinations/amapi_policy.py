"""Change an Android Management API policy as narrowly as it can be changed: pure functions on its JSON.

A policy is not ours: it holds Wi-Fi, kiosk and password settings of other people, and we set a few fields and one entry for
each banned app. So a change names just those fields; everything else of the policy keeps its place and its content, and
none of it is ever copied into a plan.
"""

from __future__ import annotations

import copy
import itertools
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from mdm_policy.documents.pointers import pointer, split
from mdm_policy.model import Frozen
from mdm_policy.push import normal

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTS = {"applications": "packageName", "personalApplications": "packageName", "policyEnforcementRules": "settingName"}
"""Lists whose entries are told apart by a name, so that an entry can be set without touching its neighbours."""
_OUTPUT = frozenset({"name", "version"})
"""Top-level fields that are the server's."""
_CLOSED = frozenset({None, "", "PLAY_STORE_MODE_UNSPECIFIED", "WHITELIST"})
"""AMAPI revision 20261104, Policy.playStoreMode: what is not set is WHITELIST."""
_MISSING = object()


class PolicyChange(Frozen, frozen=True):
    """Say what to set in a policy and what to take out of it.

    `values` is a part of a policy; `absent` are pointers whose parts in a list of apps are package names. An `exact`
    change brings back what was there; any other never opens what is closed.
    """

    values: dict[str, Any]
    absent: tuple[str, ...] = ()
    exact: bool = False

    def dump(self) -> bytes:
        """Return it as the text that a plan holds."""
        body: dict[str, Any] = {"set": self.values}
        if self.absent or self.exact:
            body |= {"absent": list(self.absent), "exact": self.exact}
        return json.dumps(body, ensure_ascii=False, indent=1).encode()


class Call(Frozen, frozen=True):
    """Hold one request that changes a policy; `path` comes after the policy's name."""

    method: str
    path: str
    body: bytes
    narrow: bool
    """Whether it leaves alone what others write at the same time."""


def load(body: bytes) -> PolicyChange:
    """Read the text of a plan; a body that is empty (an object that only has to go) sets nothing."""
    value = json.loads(body) if body else {"set": {}}
    return PolicyChange(value["set"], tuple(value.get("absent", ())), value.get("exact", False))


def merge(policy: dict[str, Any], change: PolicyChange) -> dict[str, Any]:
    """Return the policy as it will be."""
    made: dict[str, Any] = _put(policy, change.values, "", exact=change.exact)
    if change.absent:
        made = copy.deepcopy(made)
    for path in change.absent:
        _drop(made, split(path))
    return made


def changed(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, ...]:
    """Return the pointers at which two policies differ, in what the API tells apart."""
    return tuple(pointer(*path) for path, _, _ in _changes(old, new, ()))


def restoring(policy: dict[str, Any], change: PolicyChange) -> PolicyChange:
    """Return the change that takes the other one back: former values of what it sets, and nothing else of the policy."""
    values: dict[str, Any] = {}
    absent = []
    for path, was, _ in _changes(policy, merge(policy, change), ()):
        if was is _MISSING:
            absent.append(pointer(*path))
        else:
            _set(values, path, was)
    return PolicyChange(values, tuple(absent), exact=True)


def fingerprint(policy: dict[str, Any]) -> str:
    """Return the SHA-256 (hex) of all a person can change: not the version, the order of apps, or a default left out."""
    return normal.fingerprint(_bare({key: value for key, value in policy.items() if key not in _OUTPUT}))


def stays_closed(policy: dict[str, Any], change: PolicyChange) -> tuple[str, ...]:
    """Return the fields of a store that the change would open, and that stay as they are."""
    personal = policy.get("personalUsagePolicies") or {}
    wanted = change.values.get("personalUsagePolicies") or {}
    pairs = (
        ("playStoreMode", change.values.get("playStoreMode"), policy.get("playStoreMode")),
        ("personalPlayStoreMode", wanted.get("personalPlayStoreMode"), personal.get("personalPlayStoreMode")),
    )
    return tuple(key for key, new, old in pairs if new and not change.exact and _stays(key, new, old))


def blocked(policy: dict[str, Any]) -> frozenset[str]:
    """Return the packages that a policy, or a part of one, marks BLOCKED on either side."""
    personal = policy.get("personalUsagePolicies") or {}
    entries = [*(policy.get("applications") or ()), *(personal.get("personalApplications") or ())]
    return frozenset(
        one["packageName"] for one in entries if one.get("installType") == "BLOCKED" and "packageName" in one
    )


def call_for(old: dict[str, Any], new: dict[str, Any]) -> Call | None:
    """Return the narrowest request that turns one policy into the other, or None when nothing has to change.

    Entries of `applications` alone go by modifyPolicyApplications or removePolicyApplications; whatever else is one
    PATCH, so that no interruption leaves half of a change.
    """
    changes = list(_changes(old, new, ()))
    fields = sorted({str(path[0]) for path, _, _ in changes})
    if not fields:
        return None
    if fields == ["applications"]:
        gone = [str(path[1]) for path, _, now in changes if len(path) == 2 and now is _MISSING]
        set_ = _modifications(new, changes)
        if gone and not set_:
            return Call("POST", ":removePolicyApplications", _dump({"packageNames": gone}), narrow=True)
        if not gone and all(one["updateMask"] for one in set_):
            return Call("POST", ":modifyPolicyApplications", _dump({"changes": set_}), narrow=True)
    return patch(new, fields)


def patch(policy: dict[str, Any], mask: list[str]) -> Call:
    """Return the PATCH of these top-level fields; a field that the policy lacks is cleared.

    The mask names top-level fields only: whether AMAPI takes a path into a field is not documented. There is no other
    place that makes a PATCH, and this one makes none without a mask, which would reset every field of the policy.

    Raises:
        ValueError: an empty mask, which is a defect of the caller.

    """
    if not all(mask) or not mask:
        raise ValueError("a PATCH without updateMask resets the whole policy")
    body = {key: policy[key] for key in mask if key in policy}
    return Call("PATCH", "?" + urlencode({"updateMask": ",".join(mask)}), _dump(body), narrow=False)


def _modifications(new: dict[str, Any], changes: list[tuple[tuple[str, ...], Any, Any]]) -> list[dict[str, Any]]:
    """Return a change for each app that is set; a managed configuration is sent whole, as a mask cannot go into it."""
    fields: dict[str, list[str]] = {}
    entries = dict(_named(new.get("applications") or [], "packageName"))
    for path, _, now in changes:
        if len(path) == 2 and now is not _MISSING:
            fields[path[1]] = [key for key in now if key != "packageName"]
        elif len(path) > 2 and path[2] not in fields.setdefault(path[1], []):
            fields[path[1]].append(path[2])
    made = []
    for name, keys in fields.items():
        entry = entries[name]
        application = {"packageName": name, **{key: entry[key] for key in keys if key in entry}}
        made.append({"application": application, "updateMask": ",".join(keys)})
    return made


def _put(found: Any, wanted: Any, key: str, *, exact: bool) -> Any:
    """Return what is found, with what is wanted in it."""
    if isinstance(wanted, dict):
        made = dict(found) if isinstance(found, dict) else {}
        for name, value in wanted.items():
            if name not in made and (_is_default(value) or (not exact and _stays(name, value, None))):
                continue
            made[name] = _put(made.get(name), value, name, exact=exact)
        return made
    if isinstance(wanted, list) and key in LISTS:
        return _put_entries(found if isinstance(found, list) else [], wanted, LISTS[key], exact=exact)
    stays = found is not None and (_same(wanted, found) or (not exact and _stays(key, wanted, found)))
    return found if stays else wanted


def _put_entries(found: list[Any], wanted: list[Any], name: str, *, exact: bool) -> list[Any]:
    """Return the entries found, each where it was, those that are wanted changed, and new ones at the end."""
    rest = {entry[name]: entry for entry in wanted}
    made = []
    for entry in found:
        one = entry.get(name) if isinstance(entry, dict) else None
        made.append(_put(entry, rest[one], "", exact=exact) if one in rest else entry)
    there = {entry.get(name) for entry in found if isinstance(entry, dict)}
    return [*made, *(entry for key, entry in rest.items() if key not in there)]


def _stays(key: str, wanted: Any, found: Any) -> bool:
    """Tell whether a field keeps its value since ours would open what is closed, or take an app's own install type."""
    if key == "playStoreMode":
        return bool(wanted == "BLACKLIST") and found in _CLOSED
    if key == "personalPlayStoreMode":
        return bool(found == "ALLOWLIST")
    if key == "installType":
        return bool(wanted != "BLOCKED") and found not in (None, "", "INSTALL_TYPE_UNSPECIFIED")
    return False


def _drop(here: dict[str, Any], path: tuple[str, ...]) -> None:
    """Take out of a policy, in place, what a pointer names."""
    step, *rest = path
    inner = here.get(step)
    if not rest:
        here.pop(step, None)
    elif isinstance(inner, dict):
        _drop(inner, tuple(rest))
    elif isinstance(inner, list) and step in LISTS:
        name = LISTS[step]
        if len(rest) == 1:
            here[step] = [one for one in inner if not (isinstance(one, dict) and one.get(name) == rest[0])]
            return
        for one in inner:
            if isinstance(one, dict) and one.get(name) == rest[0]:
                _drop(one, tuple(rest[1:]))


def _set(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put a value into a part of a policy, making the dictionaries and entries on the way."""
    here: Any = values
    for step, following in itertools.pairwise(path):
        if step in LISTS:
            entries = here.setdefault(step, [])
            entry = next((one for one in entries if one[LISTS[step]] == following), None)
            if entry is None:
                entry = {LISTS[step]: following}
                entries.append(entry)
            here = {following: entry}
        else:
            here = here.setdefault(step, {})
    if isinstance(here.get(path[-1]), dict) and isinstance(value, dict):
        here[path[-1]].update(value)
    else:
        here[path[-1]] = value


def _changes(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield where two policies differ, with what was and what is there.

    A dictionary or a named list that is missing counts as an empty one, so that taking a change back takes nothing else.
    """
    if isinstance(old, dict) or isinstance(new, dict):
        left, right = (one if isinstance(one, dict) else {} for one in (old, new))
        for key in [*left, *(key for key in right if key not in left)]:
            yield from _changes(left.get(key, _MISSING), right.get(key, _MISSING), (*path, key))
    elif path and path[-1] in LISTS:
        name = LISTS[path[-1]]
        left, right = (dict(_named(one, name)) if isinstance(one, list) else {} for one in (old, new))
        for key in [*left, *(key for key in right if key not in left)]:
            was, now = left.get(key, _MISSING), right.get(key, _MISSING)
            if was is _MISSING or now is _MISSING:
                yield (*path, key), was, now
            else:
                yield from _changes(was, now, (*path, key))
    elif not _same(new, old):
        yield path, old, new


def _named(entries: list[Any], name: str) -> Iterator[tuple[str, Any]]:
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get(name), str):
            yield entry[name], entry


def _same(wanted: Any, found: Any) -> bool:
    """Tell whether two values are the same to the API: a default may be left out, an int64 comes as a string."""
    if _is_default(wanted) and _is_default(found):
        return True
    if isinstance(wanted, int | str) and isinstance(found, int | str) and not isinstance(wanted, bool):
        return not isinstance(found, bool) and str(wanted) == str(found)
    return type(wanted) is type(found) and bool(wanted == found)


def _is_default(value: Any) -> bool:
    """Tell whether a value is one that proto3 JSON leaves out (protobuf.dev, ProtoJSON format: presence)."""
    if value is _MISSING or value is None or value is False:
        return True
    if isinstance(value, str):
        return value == "" or value.endswith("_UNSPECIFIED")
    return value in (0, [], {})


def _bare(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        inner = {name: _bare(one, name) for name, one in value.items()}
        return {name: one for name, one in inner.items() if not _is_default(one)}
    if isinstance(value, list):
        made = [_bare(one) for one in value]
        return sorted(made, key=_dump) if key in LISTS else made
    return value


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
