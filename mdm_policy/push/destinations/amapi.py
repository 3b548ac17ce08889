"""Push to the Android Management API: set what a ban needs in the policies that a deployment names, and nothing else.

A policy bears no mark of ours: the object is the policy that the deployment names for a target, and most of what it holds
belongs to other people. It is read, changed as narrowly as the API allows, and read again. There is no If-Match in this
API, so a version that counted on by more than our own write is taken for a conflict.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mdm_policy.errors import Finding, Origin, PolicyError, error, note, warning
from mdm_policy.kinds.android.limits import MOST_APPLICATIONS
from mdm_policy.push import logins
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations import amapi_policy as policies
from mdm_policy.push.destinations.amapi_evidence import evidence_of
from mdm_policy.push.listings import google_pages, policy_name
from mdm_policy.push.model import Item, Remote, Summary
from mdm_policy.push.protocol import is_chosen, marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.answers import Reply
    from mdm_policy.push.destinations.amapi_policy import Call
    from mdm_policy.push.model import Assignment, DeviceEvidence, MadeDocument
    from mdm_policy.push.protocol import Edge

_TURNS = 3
"""How often a write whose end is unknown is tried, after a look at what became of it."""
_KIND = "policy"
Page = list[dict[str, Any]]
"""One page of a listing: the class has a method of the name `list`."""
_USE = (
    "Google lets only EMM vendors and the like call the Android Management API with projects of their own "
    "(developers.google.com/android/management/permissible-usage); an agency mostly reaches it through its EMM"
)


class AmapiDestination:
    """Talk to one enterprise."""

    type = "amapi"
    concurrency = logins.CONNECTIONS["amapi"]
    finds_by_marker = False
    takes = "the Android Management API policies that its `policies` names"

    def __init__(self, spec: DestinationSpec, owner: str, edge: Edge) -> None:
        """Prepare the clients from the deployment's settings.

        Raises:
            PolicyError: `push-address`, `push-ca`, `push-key`, `destination-assign`, or a credential that cannot be read.

        """
        self.name = spec.name
        self._spec = spec
        self._edge = edge
        self._place = spec.origin
        self._named = _named_policies(spec, owner)
        self.where = logins.where(spec)
        self._client = logins.client_of(spec, edge)

    @property
    def sent(self) -> int:
        """Count the requests that changed something, or may have."""
        return self._client.sent

    def items(self, made: Sequence[MadeDocument]) -> tuple[Item, ...]:
        """Return an item for each policy document whose target and variant the deployment names a policy for.

        Raises:
            PolicyError: `amapi-too-many-apps`, `amapi-policy-shared`.

        """
        items: list[Item] = []
        problems = []
        for one in made:
            found = self._named.get(_slot(one))
            if found is None or not self._takes(one):
                continue
            key, name = found
            if any(item.key == key for item in items):
                said = f"{_slot(one)} makes more than one policy document: each would undo the other"
                hint = "make a target of its own for each, or say with `instead_of` that one is another way to send it"
                problems.append(error("amapi-policy-shared", said, Origin(one.path), hint))
            value = json.loads(one.data)
            if len(value.get("applications", ())) > MOST_APPLICATIONS:
                problems.append(_too_many(len(value["applications"]), name, self._place))
            items.append(Item(key, _KIND, name, policies.PolicyChange(value).dump(), one.path))
        if problems:
            raise PolicyError(problems)
        return tuple(items)

    def findings(self, made: Sequence[MadeDocument]) -> tuple[Finding, ...]:
        """Say who may use the API, and which documents and policies have no partner."""
        ours = [one for one in made if self._takes(one)]
        slots = {_slot(one) for one in ours}
        found = [note("amapi-permissible-use", _USE, self._place, "see docs/push/amapi.md")]
        for slot in sorted(self._named.keys() - slots):
            said = f"`policies` names {slot}, and the build makes no policy document for it"
            found.append(warning("amapi-policy-unused", said, self._place, "name a target that is built, or remove it"))
        for one in ours:
            if one.variant and _slot(one) not in self._named:
                said = f"the exceptions of {', '.join(one.groups)} are not pushed: no policy is named for {_slot(one)}"
                hint = f"add `{_slot(one)}: POLICY` to `policies`; until then these groups get the whole ban"
                found.append(warning("amapi-variant-without-policy", said, self._place, hint))
        return tuple(found)

    def notes(self, item: Item, remote: Remote | None) -> tuple[Finding, ...]:
        """Say what a plan leaves as it is in a policy that exists.

        Raises:
            PolicyError: `amapi-too-many-apps`, counting the entries of other people.

        """
        if remote is None:
            return ()
        change, old = policies.load(item.body), json.loads(remote.body)
        count = len(policies.merge(old, change).get("applications") or ())
        if count > MOST_APPLICATIONS:
            raise PolicyError([_too_many(count, item.name, self._place)])
        place = Origin(self.name)
        found = []
        for key in policies.stays_closed(old, change):
            said = f"{item.name} keeps {key} as it is: a store that lets in only listed apps is not opened"
            found.append(note("amapi-store-stays-closed", said, place, "open it in the EMM, if that is wanted"))
        beyond = sorted(policies.blocked(old) - policies.blocked(change.values))
        if beyond and not change.exact:
            said = f"{item.name} blocks {len(beyond)} more apps that no list orders: {', '.join(beyond[:10])}"
            found.append(note("blocked-beyond-list", said, place, "they stay blocked; free them in the EMM"))
        return tuple(found)

    def merged(self, item: Item, remote: Remote | None) -> bytes:
        """Return the whole policy as it will be."""
        change = policies.load(item.body)
        if remote is None:
            return _dump({"name": item.name, **change.values})
        return _dump(policies.merge(json.loads(remote.body), change))

    def differs(self, item: Item, remote: Remote) -> tuple[str, ...]:
        """Name the fields and the apps that have to change."""
        old = json.loads(remote.body)
        return policies.changed(old, policies.merge(old, policies.load(item.body)))

    def restoring(self, item: Item, remote: Remote) -> bytes:
        """Return the former values of what the item sets; a policy holds secrets of others, none of which is in it."""
        return policies.restoring(json.loads(remote.body), policies.load(item.body)).dump()

    def list(self) -> Iterable[Summary]:
        """Return the policies of the enterprise; the key of those that the deployment names is their item's.

        A policy that the listing leaves out is asked for by its name before it counts as absent: a listing without
        policies is an empty object, which many broken answers are too.
        """
        keys = {name: key for key, name in self._named.values()}
        found = {one.id: one for one in self._listed(keys)}
        for name, key in keys.items():
            if name not in found:
                missing = Summary(_KIND, name, name, key)
                if self.get(missing) is not None:
                    found[name] = missing
        return list(found.values())

    def _listed(self, keys: Mapping[str, str]) -> Iterator[Summary]:
        for page in self._pages("policies", 20):
            for one in page:
                name = policy_name(one)
                yield Summary(_KIND, name, name, keys.get(name, ""))

    def get(self, summary: Summary) -> Remote | None:
        """Return one policy, or None when Google says that there is none of this name."""
        value = self._read(summary.id)
        if value is None:
            return None
        return Remote(
            _KIND,
            summary.id,
            summary.id,
            summary.key,
            _dump(value),
            policies.fingerprint(value),
            version=_version(value),
        )

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            value = self._client.call("GET", _path(name)).object()
        except Failure as bad:
            # A proxy that does not know the way says 404 too; the API says NOT_FOUND.
            if bad.status == 404 and bad.detail == "NOT_FOUND":
                return None
            raise
        if value.get("name") != name:
            raise Failure("answer", f"what came back is not the policy {name}", ambiguous=True)
        _check_shape(value)
        return value

    def create(self, item: Item) -> Summary:
        """Create a policy: a PATCH with a mask of all that is sent, if there is still no policy of this name."""
        if self._read(item.name) is not None:
            raise Failure("conflict", f"the policy {item.name} exists by now")
        values = policies.load(item.body).values
        self._send(item.name, policies.patch(values, sorted(values)))
        return Summary(_KIND, item.name, item.name, item.key)

    def update(self, item: Item, remote: Remote) -> None:
        """Set what differs in one narrow request; when its end is unknown, look before it is sent again."""
        change, old = policies.load(item.body), json.loads(remote.body)
        new = policies.merge(old, change)
        call = policies.call_for(old, new)
        if call is None:
            return
        if len(new.get("applications") or ()) > MOST_APPLICATIONS:
            raise Failure("refused", f"{item.name} would hold more than {MOST_APPLICATIONS} applications")
        for turn in range(_TURNS):
            try:
                self._check_version(self._send(remote.id, call), remote, call)
            except Failure as bad:
                if not bad.ambiguous or turn == _TURNS - 1:
                    raise
                self._edge.sleep(0.5 * 2**turn)
            else:
                return
            now = self._read(remote.id)
            if now is None or policies.fingerprint(now) != remote.fingerprint:
                # Carried out, or changed by somebody else: reading back tells.
                return

    def _send(self, name: str, call: Call) -> dict[str, Any] | None:
        """Send a change; return the policy as it is answered, or None when nothing had to change (304)."""
        reply = self._client.call(call.method, _path(name) + call.path, body=call.body, ok=(200, 304), repeat=False)
        if reply.status == 304:
            return None
        value = _answered(reply, call)
        if value.get("name") != name:
            raise Failure("answer", f"{reply.call}: what came back is not the policy", ambiguous=True)
        return value

    def _check_version(self, value: dict[str, Any] | None, remote: Remote, call: Call) -> None:
        if value is None or call.narrow:
            return
        version = int(_version(value))
        if version > int(remote.version) + 1:
            said = f"{remote.name} went from version {remote.version} to {version} in one write of ours"
            raise Failure("conflict", f"{said}: somebody else changed it at the same time, and may have lost a change")

    def assign(self, summary: Summary, assignment: Assignment) -> None:
        """Refuse: a device's policy is chosen by its enrollment token or by the EMM."""
        del assignment
        raise Failure("refused", f"{summary.name}: which devices have a policy is not decided here")

    def delete(self, remote: Remote) -> None:
        """Delete a policy that this program made, to take a creation back; Google refuses while devices have it."""
        self._client.call("DELETE", _path(remote.id), ok=(200, 404))

    def evidence(self, remotes: Sequence[Remote]) -> Iterable[DeviceEvidence]:
        """Return what each policy's devices report: the version they have, and apps that should not be there."""
        if not remotes:
            return
        devices = [one for page in self._pages("devices", 100) for one in page]
        for remote in remotes:
            yield from evidence_of(remote, devices)

    def _pages(self, kind: str, size: int) -> Iterator[Page]:
        enterprise = self._spec.settings["enterprise"]
        return google_pages(lambda path: self._client.call("GET", path), enterprise, kind, size)

    def _takes(self, made: MadeDocument) -> bool:
        return made.kind == "amapi-policy" and is_chosen(self._spec, made)


def _named_policies(spec: DestinationSpec, owner: str) -> dict[str, tuple[str, str]]:
    """Return the key and the full name of each policy, by `TARGET` or `TARGET@VARIANT`.

    Raises:
        PolicyError: `destination-assign`, `amapi-policy-shared`.

    """
    problems = []
    if spec.assign != "unchanged":
        said = "which devices have an Android policy is decided by the enrollment token or the EMM, not by `assign`"
        problems.append(error("destination-assign", said, spec.origin, "leave `assign` out, or write `unchanged`"))
    found: dict[str, tuple[str, str]] = {}
    taken: dict[str, str] = {}
    for slot, policy in spec.settings["policies"].items():
        target, _, variant = slot.partition("@")
        name = f"{spec.settings['enterprise']}/policies/{policy}"
        if name in taken:
            said = f"{taken[name]} and {slot} both name the policy {policy!r}: each would undo the other"
            problems.append(error("amapi-policy-shared", said, spec.origin, "name a policy of its own for each"))
        taken[name] = slot
        found[slot] = (marker(owner, target, "policy", variant), name)
    if problems:
        raise PolicyError(problems)
    return found


def _slot(made: MadeDocument) -> str:
    return f"{made.target}@{made.variant}" if made.variant else made.target


def _answered(reply: Reply, call: Call) -> dict[str, Any]:
    """Return the policy of an answer: a PATCH answers with it, the narrow calls with an object around it."""
    value: Any = reply.object()
    value = value.get("policy") if call.narrow else value
    if not isinstance(value, dict):
        raise Failure("answer", f"{reply.call}: the answer holds no policy", ambiguous=True)
    return value


def _check_shape(value: dict[str, Any]) -> None:
    """Refuse a policy whose parts that are looked into have another shape than the API's."""
    personal = value.get("personalUsagePolicies", {})
    lists = [value.get("applications", [])]
    lists.append(personal.get("personalApplications", []) if isinstance(personal, dict) else None)
    good = all(isinstance(one, list) and all(isinstance(entry, dict) for entry in one) for one in lists)
    if not good:
        raise Failure("answer", "the policy that came back has not the shape of one", ambiguous=True)
    _version(value)


def _version(value: dict[str, Any]) -> str:
    """Return the version, an int64 as text; one that was never counted is left out of the answer."""
    version = str(value.get("version", "0"))
    if not (version.isascii() and version.isdigit() and len(version) < 20):
        raise Failure("answer", "the policy's version is not a number", ambiguous=True)
    return version


def _path(name: str) -> str:
    return f"/v1/{quote(name, safe='/')}"


def _dump(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _too_many(count: int, name: str, place: Origin) -> Finding:
    said = f"{name} would hold {count} applications, and the API takes {MOST_APPLICATIONS}"
    return error(
        "amapi-too-many-apps", said, place, "split the fleet over several policies, or close the store instead"
    )


DESTINATION = AmapiDestination
"""What `protocol.connect` makes for a deployment that names this kind."""
