"""Push to Microsoft Intune through Microsoft Graph: settings catalog policies and device configurations.

What v1.0 has is written through v1.0; settings catalog policies and company-owned Android exist in beta only. Everything is
read in beta: v1.0 leaves out properties that a person can set in the console, the filters of assignments and the
references of masked values (msgraph-metadata@f54f11b6, v1.0-Prod.csdl).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mdm_policy.errors import Finding, Origin, PolicyError, error, warning
from mdm_policy.push import listings, logins
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations import graph_bodies as bodies
from mdm_policy.push.destinations.graph_approval import GraphApproval
from mdm_policy.push.destinations.graph_bodies import CATALOG, KINDS
from mdm_policy.push.destinations.graph_evidence import told
from mdm_policy.push.marks import find_mark, mark
from mdm_policy.push.model import Assignment, DeviceEvidence, Item, Remote, Summary
from mdm_policy.push.normal import fingerprint
from mdm_policy.push.protocol import is_chosen, marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.answers import Reply
    from mdm_policy.push.model import MadeDocument
    from mdm_policy.push.protocol import Edge

_CONFIGURATION = "intune-device-configuration"
_APPS = (
    (
        "the uninstall assignments of managed Google Play apps are not pushed: the apps belong to the tenant, "
        "and Intune replaces all assignments of an app at once"
    ),
    "assign them by hand as IMPORT.md says; until then the work side of company-owned Android is not blocked",
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", re.ASCII)


class GraphDestination:
    """Talk to one tenant."""

    type = "graph"
    concurrency = logins.CONNECTIONS["graph"]
    finds_by_marker = True
    takes = "Intune's settings catalog policies and these device configurations: " + ", ".join(
        sorted(KINDS.keys() - {CATALOG})
    )

    def __init__(self, spec: DestinationSpec, owner: str, edge: Edge) -> None:
        """Prepare the clients from the deployment's settings.

        Raises:
            PolicyError: `push-address`, `push-ca`, `push-key`, or a credential that cannot be read.

        """
        self.name = spec.name
        self.where = logins.where(spec)
        self._spec = spec
        self._owner = owner
        self._client = logins.client_of(spec, edge)
        self.approval = GraphApproval(self._client)

    @property
    def sent(self) -> int:
        """Count the requests that changed something, or may have."""
        return self._client.sent

    def items(self, made: Sequence[MadeDocument]) -> tuple[Item, ...]:
        """Return an object for each document that belongs to Intune.

        Raises:
            PolicyError: `destination-group-unknown`, one for each group without an id.

        """
        unknown: dict[str, None] = {}
        found = [self._item(one, kind, unknown) for one in made if (kind := self._kind(one))]
        if unknown:
            hint = "add it under `groups` with the object id that Entra shows for it"
            raise PolicyError(
                [
                    error(
                        "destination-group-unknown", f"group {name!r} has no id at {self.name}", self._spec.origin, hint
                    )
                    for name in unknown
                ]
            )
        return tuple(found)

    def findings(self, made: Sequence[MadeDocument]) -> tuple[Finding, ...]:
        """Say which documents do not go there, though the ban needs them; pure."""
        found = []
        for one in made:
            told = _why_not(one) if is_chosen(self._spec, one) else None
            if told is not None:
                said, hint = told
                found.append(warning("target-not-pushed", f"{one.target}: {said}", Origin(one.path), hint))
        return tuple(found)

    def _kind(self, made: MadeDocument) -> str:
        """Return the kind of object that a document becomes, or nothing when it does not go there."""
        return _kind_of(made) if is_chosen(self._spec, made) else ""

    def _item(self, made: MadeDocument, kind: str, unknown: dict[str, None]) -> Item:
        key = marker(self._owner, made.target, made.document, made.variant)
        value = json.loads(made.data)
        described = f"{value.get('description', '')} {mark(self._owner, key)}".strip()
        body = bodies.sent(kind, value, described)
        name = str(body.get("name" if kind == CATALOG else "displayName"))
        return Item(key, kind, name, bodies.text_under(body), made.path, self._assignment(made, unknown))

    def _assignment(self, made: MadeDocument, unknown: dict[str, None]) -> Assignment | None:
        wanted = self._spec.assign
        if wanted == "unchanged":
            return None
        names = made.groups if made.variant else () if wanted == "everyone" else wanted
        everyone = wanted == "everyone" and not made.variant
        return Assignment(everyone, self._ids(names, unknown), self._ids(made.excluded, unknown))

    def _ids(self, names: Sequence[str], unknown: dict[str, None]) -> tuple[str, ...]:
        lacking = [name for name in names if name not in self._spec.groups]
        unknown.update(dict.fromkeys(lacking))
        return tuple(sorted({self._spec.groups[name] for name in names if name not in lacking}))

    def merged(self, item: Item, remote: Remote | None) -> bytes:
        """Return the object as it will be, with the assignments it will have."""
        found = _value(remote.body) if remote is not None else None
        made = bodies.merged(item.kind, _value(item.body), found)
        wanted = item.assignment
        if wanted is None and found is None:
            wanted = Assignment()
        if wanted is not None:
            made["assignments"] = bodies.targets(item.kind, wanted)
        return bodies.text_under(made)

    def differs(self, item: Item, remote: Remote) -> tuple[str, ...]:
        """Say which keys have to change."""
        return bodies.differs(item.kind, _value(item.body), _value(remote.body))

    def restoring(self, item: Item, remote: Remote) -> bytes:
        """Return the body that brings back what an update of the item changes; all of it where the item is empty."""
        body = _value(item.body) if item.body else None
        return bodies.text_under(bodies.restoring(remote.kind, body, _value(remote.body)))

    def list(self) -> Iterator[Summary]:
        """Return all settings catalog policies and device configurations of the tenant, as beta lists them."""
        for value in self._pages(f"beta/{bodies.MANAGEMENT}/configurationPolicies"):
            yield _summary(CATALOG, value, "name")
        for value in self._pages(f"beta/{bodies.MANAGEMENT}/deviceConfigurations"):
            yield _summary(bodies.kind_of(value), value, "displayName")

    def get(self, summary: Summary) -> Remote | None:
        """Return one object whole: settings and assignments are read apart, masked values plain where Graph gives them."""
        path = bodies.path_of(summary.kind, summary.id, "beta")
        try:
            value = _of(summary, self._client.call("GET", path))
            if summary.kind == CATALOG:
                value["settings"] = [*self._pages(f"{path}/settings?$top=1000")]
            listings.unmask(self._ask, path, value, bodies.is_our_node)
            value["assignments"] = [*self._pages(f"{path}/assignments")]
        except Failure as bad:
            if bad.fault == "not-found":
                return None
            raise
        return _remote(summary, value)

    def create(self, item: Item) -> Summary:
        """Create an object that is assigned to nobody yet."""
        body = _value(item.body)
        _check_readable(body, item)
        path = f"{bodies.api_for(item.kind, body)}/{bodies.MANAGEMENT}/{KINDS[item.kind].collection}"
        reply = self.approval.send("POST", path, bodies.text_under(body), ok=(200, 201))
        made = reply.object().get("id")
        if not isinstance(made, str) or not _ID.fullmatch(made):
            said = f"{reply.call}: the answer does not say which object was made"
            raise Failure("answer", said, status=reply.status, ambiguous=True, call=reply.call)
        return Summary(item.kind, made, item.name, item.key, self._owner)

    def update(self, item: Item, remote: Remote) -> None:
        """Write our part of an object: a policy by PUT, whole, since PATCH refuses settings; else by PATCH."""
        body = bodies.written(item.kind, _value(item.body), _value(remote.body))
        _check_readable(body, item)
        method = "PUT" if item.kind == CATALOG else "PATCH"
        # Every value is absolute, so that the same request may be carried out twice.
        path = bodies.path_of(remote.kind, remote.id, bodies.api_for(item.kind, body))
        reply = self.approval.send(method, path, bodies.text_under(body), repeat=True)
        _check_answer(reply)

    def assign(self, summary: Summary, assignment: Assignment) -> None:
        """Replace all assignments of an object; a filter can be told in beta only."""
        api = "beta" if any("|" in name for name in (*assignment.groups, *assignment.excluded)) else ""
        body = {"assignments": bodies.targets(summary.kind, assignment)}
        path = f"{bodies.path_of(summary.kind, summary.id, api)}/assign"
        reply = self.approval.send("POST", path, bodies.text_under(body), repeat=True)
        _check_answer(reply)

    def delete(self, remote: Remote) -> None:
        """Delete an object of ours."""
        self.approval.send("DELETE", bodies.path_of(remote.kind, remote.id), ok=(200, 204, 404))

    def evidence(self, remotes: Sequence[Remote]) -> Iterator[DeviceEvidence]:
        """Return how many devices report each object as applied, in Intune's own count."""
        return told(self._client, remotes)

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        return listings.graph_pages(self._ask, path)

    def _ask(self, path: str) -> Reply:
        return self._client.call("GET", path)


def _kind_of(made: MadeDocument) -> str:
    """Return the kind of object that a document is, by what it holds; nothing for what Intune has no such object for."""
    if made.kind == "intune-settings-catalog":
        return CATALOG
    named = bodies.kind_of(_value(made.data)) if made.kind == _CONFIGURATION else ""
    return named if named in KINDS else ""


def _why_not(made: MadeDocument) -> tuple[str, str] | None:
    """Say why a document that is Intune's is not pushed, and what to do; None for any other."""
    if made.kind == _CONFIGURATION and not _kind_of(made):
        named = bodies.kind_of(_value(made.data)) or "an object without `@odata.type`"
        return f"{named} is not pushed: only {GraphDestination.takes}", "import it by hand as IMPORT.md says"
    return _APPS if made.kind in ("graph-page", "intune-mobile-app") and _apps(_value(made.data)) else None


def _apps(value: dict[str, Any]) -> bool:
    """Tell whether an object is an app, or a page of objects holds one."""
    return any(bodies.kind_of(one).endswith("App") for one in (value, *bodies.mappings(value.get("value"))))


def _value(body: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(body)
    return value


def _summary(kind: str, value: dict[str, Any], name: str) -> Summary:
    id_ = value.get("id")
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        raise Failure("answer", f"the listing holds a {kind or 'thing'} without an id")
    owner, key = find_mark(str(value.get("description"))) if kind in KINDS else ("", "")
    return Summary(kind, id_, str(value.get(name)), key, owner)


def _of(summary: Summary, reply: Reply) -> dict[str, Any]:
    """Return the object that was asked for, and no other that a cache or a proxy gives."""
    value = reply.object()
    if value.get("id") != summary.id:
        said = f"{reply.call}: the answer is another object than the one that was asked for"
        raise Failure("answer", said, status=reply.status, call=reply.call)
    return value


def _remote(summary: Summary, value: dict[str, Any]) -> Remote:
    version = value.get("lastModifiedDateTime" if summary.kind == CATALOG else "version")
    return Remote(
        summary.kind,
        summary.id,
        str(value.get("name" if summary.kind == CATALOG else "displayName")),
        find_mark(str(value.get("description")))[1],
        bodies.text_under(value),
        fingerprint(bodies.normal(value)),
        bodies.assignment_of(value["assignments"]),
        "" if version is None else str(version),
        extra=bodies.extras(summary.kind, value),
    )


def _check_readable(body: Mapping[str, Any], item: Item) -> None:
    """Refuse to write a masked value back: it would replace what is there by asterisks."""
    nodes = bodies.unreadable(body)
    if nodes:
        said = f"{item.name!r} holds custom settings whose values Graph does not show ({', '.join(nodes[:3])})"
        raise Failure("conflict", f"{said}; to write it would lose them: move them to a configuration of their own")


def _check_answer(reply: Reply) -> None:
    """Take no page of a proxy for the answer to a write."""
    if reply.body:
        reply.object()


DESTINATION = GraphDestination
"""What `protocol.connect` makes for a deployment that names this kind."""
