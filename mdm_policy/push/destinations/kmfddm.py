"""Push Apple's declarations to KMFDDM, the open-source declarative management server.

Source for every path, method and answer: jessepeterson/kmfddm, docs/openapi.yaml and docs/operations-guide.md, and
http/api for what they leave open. The server keeps declarations by identifier, groups them into sets, and enrollments
take what is in their sets; so the mark of ours is the identifier, and membership in sets is whom a declaration is for.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode

from mdm_policy.errors import Finding, PolicyError, error, note, warning
from mdm_policy.push import listings, logins
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations.kmfddm_notices import MOST, SILENT, Notices
from mdm_policy.push.model import Assignment, DeviceEvidence, Item, Remote, Summary
from mdm_policy.push.normal import differences, extras, fingerprint
from mdm_policy.push.protocol import is_chosen, marker
from mdm_policy.reading import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.answers import Reply
    from mdm_policy.push.model import MadeDocument
    from mdm_policy.push.protocol import Edge

_KIND = "declaration"
_KINDS = ("apple-declaration-configuration", "apple-declaration-activation")
_MARK = re.compile(
    r"([A-Za-z0-9._-]{1,22})\.mdmp\.([0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})", re.ASCII
)
_TAG = 22
"""Octets of an owner that fit: an identifier has 64 at most (Apple, DeclarationBase), a key 36, and `.mdmp.` 6."""
_SOURCE = "KMFDDM docs/openapi.yaml declaration-status; Apple, StatusManagementDeclarations (active, valid)"
_AT_ONCE = 50
"""Enrollments asked for in one call: their ids stand in its path."""
_Reported = list[Any]
"""What one enrollment has reported: the class has a method of the name `list`."""


class KmfddmDestination:
    """Talk to one server."""

    type = "kmfddm"
    concurrency = logins.CONNECTIONS["kmfddm"]
    finds_by_marker = True
    takes = "Apple declarations"

    def __init__(self, spec: DestinationSpec, owner: str, edge: Edge) -> None:
        """Prepare the client from the deployment's settings.

        Raises:
            PolicyError: `push-address`, `push-ca`, or a credential that cannot be read.

        """
        self.name = spec.name
        self.where = logins.where(spec)
        self._spec = spec
        self._owner = owner
        self._client = logins.client_of(spec, edge)
        said = spec.settings
        sets = sorted({said["set"], *spec.groups.values()})
        kept = self._identifier(marker(owner, "notices"))
        self._notices = Notices(self._client, kept, sets, said.get("enrollments") or ())

    @property
    def sent(self) -> int:
        """Count the requests that changed something, or may have."""
        return self._client.sent

    @property
    def unheard(self) -> bool:
        """Tell whether an earlier run was cut off before the enrollments were notified, as the last listing showed."""
        return bool(self._notices.left)

    def items(self, made: Sequence[MadeDocument]) -> tuple[Item, ...]:
        """Return an item for each declaration, under an identifier that says whose it is.

        An activation names its configurations by identifier, so those names are changed with them.

        Raises:
            PolicyError: `destination-group-unknown`, one for each group without a set.

        """
        ours = [one for one in made if self._takes(one)]
        values = {one.path: json.loads(one.data) for one in ours}
        keys = {one.path: marker(self._owner, one.target, one.document, one.variant) for one in ours}
        names = {values[path]["Identifier"]: self._identifier(key) for path, key in keys.items()}
        unknown: dict[str, None] = {}
        items = []
        for one in ours:
            value = values[one.path]
            body = {
                "Type": value["Type"],
                "Identifier": names[value["Identifier"]],
                "Payload": _renamed(value.get("Payload", {}), value["Type"], names),
            }
            shown = f"{one.target} ({one.variant})" if one.variant else one.target
            if one.kind == "apple-declaration-activation":
                # The longer name comes later: a configuration is made before the activation that needs it.
                shown += " activation"
            items.append(Item(keys[one.path], _KIND, shown, _text(body), one.path, self._assignment(one, unknown)))
        if unknown:
            hint = "add the name of its set to `groups` of the destination"
            said = [f"the group {group!r} has no set at {self.name}" for group in unknown]
            raise PolicyError([error("destination-group-unknown", one, self._spec.origin, hint) for one in said])
        return tuple(items)

    def findings(self, made: Sequence[MadeDocument]) -> tuple[Finding, ...]:
        """Say how many a notification reaches, and that a set takes nobody out, where exceptions count on it."""
        ours = [one for one in made if self._takes(one)]
        found = []
        if ours and not self._spec.settings.get("enrollments"):
            said = f"KMFDDM (0.8.3) notifies {MOST} enrollments of a set at most, and no `enrollments` are named: any beyond these do not hear of a change"
            hint = "name every enrollment under `enrollments`: they are notified in thirties, and `status` tells what they report"
            found.append(note("kmfddm-notifies-thirty", said, self._spec.origin, hint))
        return (*found, *self._apart(ours))

    def _apart(self, made: Sequence[MadeDocument]) -> tuple[Finding, ...]:
        apart = sorted({group for one in made for group in one.groups})
        if not apart or self._spec.assign == "unchanged":
            return ()
        said = f"KMFDDM takes no group out of a set: an enrollment of {', '.join(apart)} that is in both gets the whole ban"
        hint = "keep these enrollments in their own set alone"
        return (note("kmfddm-no-exclusion", said, self._spec.origin, hint),)

    def _assignment(self, made: MadeDocument, unknown: dict[str, None]) -> Assignment | None:
        if self._spec.assign == "unchanged":
            return None
        if not made.variant and self._spec.assign == "everyone":
            return Assignment(groups=(self._spec.settings["set"],))
        groups = made.groups if made.variant else tuple(self._spec.assign)
        unknown |= dict.fromkeys(group for group in groups if group not in self._spec.groups)
        return Assignment(groups=tuple(self._spec.groups.get(group, group) for group in groups))

    def merged(self, item: Item, remote: Remote | None) -> bytes:
        """Return the declaration as it will be: it is replaced whole."""
        del remote
        return item.body

    def differs(self, item: Item, remote: Remote) -> tuple[str, ...]:
        """Name the keys that have to change; a declaration is replaced whole, so keys beyond ours count too."""
        wanted, found = json.loads(item.body), json.loads(remote.body)
        untold = ("its enrollments were not notified of the last change",) if self._notices.left else ()
        return (*differences(wanted, found), *extras(wanted, found, ("ServerToken",)), *untold)

    def notes(self, item: Item, remote: Remote | None) -> tuple[Finding, ...]:
        """Say that an earlier run was cut off before it could have the enrollments notified."""
        del item, remote
        if not self._notices.left:
            return ()
        named = ", ".join(sorted(self._notices.left))
        said = f"the enrollments of {named} were not notified of the last change: the run that made it was cut off"
        hint = "apply the plan: it notifies them, and changes nothing else"
        return (warning("kmfddm-not-notified", said, self._spec.origin, hint),)

    def restoring(self, item: Item, remote: Remote) -> bytes:
        """Return the declaration as it is, without the server's token."""
        del item
        return remote.body

    def list(self) -> Iterable[Summary]:
        """Return every declaration; identifiers are all a listing shows, and ours say whose they are."""
        found = listings.kmfddm_declarations(self._ask, self._spec.settings["set"])
        self._notices.look(found)
        return [self._summary(one) for one in found if one != self._notices.identifier]

    def get(self, summary: Summary) -> Remote | None:
        """Return one declaration and the sets it is in, or None when the server does not have it."""
        reply = self._client.call("GET", f"/v1/declarations/{_part(summary.id)}", ok=(200, 404))
        value = reply.object()
        if reply.status == 404:
            _check_gone(reply)
            return None
        if value.get("Identifier") != summary.id or not isinstance(value.get("Payload"), dict):
            raise Failure("answer", f"{reply.call}: what came back is not the declaration", ambiguous=True)
        token = value.pop("ServerToken", "")
        sets = listings.kmfddm_sets(self._ask, summary.id)
        body = {key: value[key] for key in sorted(value)}
        return Remote(
            _KIND,
            summary.id,
            # Deletions go by name, and an activation has to go before the configuration it names.
            f"{str(value.get('Type')).removeprefix('com.apple.')} {summary.id}",
            summary.key,
            _text(body),
            fingerprint(body),
            Assignment(groups=tuple(sorted(sets))),
            token if isinstance(token, str) else "",
            None if sets else Scope("nobody"),
        )

    def create(self, item: Item) -> Summary:
        """Store a declaration; it reaches nobody before it is in a set."""
        self._store(item)
        return self._summary(self._identifier(item.key), item.name)

    def update(self, item: Item, remote: Remote) -> None:
        """Store a declaration in the place of the one there; the enrollments are notified at the end."""
        self._notices.owe(remote.assignment.groups if remote.assignment is not None else ())
        self._store(item, f"?{SILENT}")

    def _store(self, item: Item, query: str = "") -> None:
        # 204: it is new or has changed, 304: it is there already (http/api/declarations.go; the API's description has
        # the two the other way around).
        self._client.call("PUT", f"/v1/declarations{query}", body=item.body, ok=(204, 304))

    def assign(self, summary: Summary, assignment: Assignment) -> None:
        """Put a declaration into the sets it is for, then take it out of all others."""
        now, then = set(listings.kmfddm_sets(self._ask, summary.id)), set(assignment.groups)
        self._notices.owe(now ^ then)
        for name in sorted(then - now):
            self._member("PUT", name, summary.id)
        for name in sorted(now - then):
            self._member("DELETE", name, summary.id)

    def _member(self, method: Literal["PUT", "DELETE"], name: str, identifier: str) -> None:
        query = urlencode({"declaration": identifier})
        self._client.call(method, f"/v1/set-declarations/{_part(name)}?{query}&{SILENT}", ok=(204, 304))

    def delete(self, remote: Remote) -> None:
        """Take a declaration out of every set, then delete it: the server refuses one that a set still names."""
        sets = listings.kmfddm_sets(self._ask, remote.id)
        self._notices.owe(sets)
        for name in sets:
            self._member("DELETE", name, remote.id)
        self._client.call("DELETE", f"/v1/declarations/{_part(remote.id)}", ok=(204, 304))

    def finish(self) -> None:
        """Have the enrollments notified of what was written, by this run or one before it that was cut off."""
        self._notices.pay()

    def evidence(self, remotes: Sequence[Remote]) -> Iterable[DeviceEvidence]:
        """Return what the named enrollments report of each declaration; of all others nobody can ask."""
        wanted = self._spec.settings.get("enrollments") or []
        found: dict[str, _Reported] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            found |= self._statuses(wanted[start : start + _AT_ONCE])
        for remote in remotes:
            if not wanted:
                said = "no `enrollments` are named, and the server lists none"
                yield DeviceEvidence(_KIND, remote.id, remote.name, "unknown", 0, said, _SOURCE)
            for device in wanted:
                state, said = _judge(remote, found.get(device, []))
                yield DeviceEvidence(_KIND, remote.id, remote.name, state, 1, said, _SOURCE, device)

    def _statuses(self, devices: Sequence[str]) -> dict[str, _Reported]:
        path = f"/v1/declaration-status/{','.join(_part(one) for one in devices)}"
        reply = self._client.call("GET", path, ok=(200, 204))
        value = reply.object() if reply.status == 200 and reply.body.strip() != b"null" else {}
        return {one: value[one] for one in devices if isinstance(value.get(one), list)}

    def _ask(self, path: str) -> Reply:
        return self._client.call("GET", path, ok=(200, 204))

    def _summary(self, identifier: str, name: str = "") -> Summary:
        owner, key = self._owner_of(identifier)
        return Summary(_KIND, identifier, name or identifier, key, owner)

    def _identifier(self, key: str) -> str:
        return f"{_tag(self._owner)}.mdmp.{key}"

    def _owner_of(self, identifier: str) -> tuple[str, str]:
        found = _MARK.fullmatch(identifier)
        if found is None:
            return "", ""
        return (self._owner if found[1] == _tag(self._owner) else found[1]), found[2]

    def _takes(self, made: MadeDocument) -> bool:
        return made.kind in _KINDS and is_chosen(self._spec, made)


def _tag(owner: str) -> str:
    """Return an owner's name as far as an identifier has room for it; a long one ends in eight digits of its hash."""
    if len(owner) <= _TAG:
        return owner
    return f"{owner[: _TAG - 9]}-{hashlib.sha256(owner.encode()).hexdigest()[:8]}"


def _renamed(payload: dict[str, Any], kind: str, names: dict[str, str]) -> dict[str, Any]:
    if kind != "com.apple.activation.simple":
        return payload
    configurations = payload.get("StandardConfigurations", [])
    return {**payload, "StandardConfigurations": [names.get(one, one) for one in configurations]}


def _judge(remote: Remote, reported: _Reported) -> tuple[Literal["applied", "pending", "failed", "unknown"], str]:
    """Say how far one enrollment is with a declaration, by the last status report it sent."""
    status = next((one for one in reported if isinstance(one, dict) and one.get("identifier") == remote.id), None)
    if status is None:
        return "unknown", "the enrollment has not reported on it"
    said = f"active {status.get('active')}, valid {status.get('valid')!r}, current {status.get('current')}"
    if status.get("valid") == "invalid":
        return "failed", said
    if status.get("current") is not True:
        return "pending", said
    if status.get("active") is True and status.get("valid") == "valid":
        return "applied", said
    return ("failed" if status.get("active") is False else "unknown"), said


def _check_gone(reply: Reply) -> None:
    """Refuse a 404 that is not the server's own, which says why in `error`: a proxy's says nothing of the declaration."""
    if not isinstance(reply.object().get("error"), str):
        raise Failure("not-found", f"{reply.call}: what answers is not KMFDDM", status=404, call=reply.call)


def _part(name: str) -> str:
    return quote(name, safe="")


def _text(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode()


DESTINATION = KmfddmDestination
"""What `protocol.connect` makes for a deployment that names this kind."""
