"""Push to Jamf Pro: restricted software and both kinds of configuration profile, by the Classic API.

Jamf Pro's newer API has neither (11.30.1), so bodies are XML. An object carries its mark in its name, which is all that a
list shows, and which Jamf keeps unique: a request that is delivered twice makes no twin (docs/adr/0024).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from lxml import etree

from mdm_policy import documents
from mdm_policy.errors import PolicyError, error
from mdm_policy.push import logins
from mdm_policy.push.answers import Failure
from mdm_policy.push.destinations import jamf_evidence, jamf_objects, jamf_payloads
from mdm_policy.push.destinations.jamf_objects import BY_DOCUMENT, KINDS, JamfObjectKind, Opened
from mdm_policy.push.destinations.jamf_scope import NOBODY, read_scope, rename_groups, write_scope
from mdm_policy.push.listings import jamf_entries, jamf_xml, not_jamf
from mdm_policy.push.marks import find_mark, mark
from mdm_policy.push.model import Assignment, Item, Remote, Summary
from mdm_policy.push.protocol import is_chosen, marker
from mdm_policy.writers import fit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdm_policy.model import DestinationSpec
    from mdm_policy.push.answers import Reply
    from mdm_policy.push.model import DeviceEvidence, MadeDocument
    from mdm_policy.push.protocol import Edge

_XML = "application/xml"
_MAX_NAME = 200
"""Bytes of a name, mark included. Jamf's own limit is not documented; 255 is believed, unverified."""


class JamfDestination:
    """Keep the objects of one organization on one Jamf Pro server."""

    type = "jamf"
    concurrency = logins.CONNECTIONS["jamf"]
    finds_by_marker = True
    takes = "Jamf Pro's restricted software and configuration profiles"

    def __init__(self, spec: DestinationSpec, owner: str, edge: Edge) -> None:
        """Prepare the client; nothing is sent yet.

        Raises:
            PolicyError: a credential that is not there, or an address that is none.

        """
        settings = spec.settings
        self.name = spec.name
        self.where = settings["url"]
        self._spec = spec
        self._owner = owner
        self._known = {name: set(keys) for name, keys in jamf_payloads.KNOWN_KEYS.items()}
        self._ids = frozenset(one for one in spec.groups.values() if one.isdecimal())
        self._names = {token: name for name, token in sorted(spec.groups.items(), reverse=True)}
        self._client = logins.client_of(spec, edge)

    @property
    def sent(self) -> int:
        """Count the requests that changed something, or may have."""
        return self._client.sent

    def items(self, made: Sequence[MadeDocument]) -> tuple[Item, ...]:
        """Return one object for each Jamf document of the build.

        Raises:
            PolicyError: `destination-group-ambiguous`.

        """
        chosen = [one for one in made if one.kind in BY_DOCUMENT and is_chosen(self._spec, one)]
        self._check_groups(chosen)
        return tuple(self._item(one) for one in chosen)

    def merged(self, item: Item, remote: Remote | None) -> bytes:
        """Return the object as it will be; one that is new and assigned to nobody has an id, so that readers say so."""
        wanted = _body(item)
        if remote is None:
            scope = write_scope(wanted.kind.family, item.assignment or NOBODY)
            root = jamf_objects.request(wanted, None, scope)
            etree.SubElement(root[0], "id").text = "0"
        else:
            root = jamf_objects.after(wanted, _body(remote))
            if item.assignment is not None:
                for old in root.findall("scope"):
                    root.remove(old)
                root.append(write_scope(wanted.kind.family, item.assignment))
        return self._for_readers(wanted.kind, root)

    def differs(self, item: Item, remote: Remote) -> tuple[str, ...]:
        """Say in words what has to change."""
        return tuple(jamf_objects.reasons(_body(item), _body(remote)))

    def restoring(self, item: Item, remote: Remote) -> bytes:
        """Return a body with what is there now, without scope, ids, and the payloads of others."""
        tags = {str(one.tag) for one in _body(item).general} if item.body else set()
        return jamf_objects.restored(_body(remote), tags)

    def list(self) -> Iterator[Summary]:
        """Return every object of the kinds that may go here."""
        named = self._spec.targets
        for kind in KINDS.values():
            if named is None or any(self._may_make(target, kind) for target in named):
                yield from self._listed(kind)

    def get(self, summary: Summary) -> Remote | None:
        """Return one object whole, or None when it is gone."""
        kind = KINDS[summary.kind]
        try:
            reply = self._client.call("GET", f"JSSResource/{kind.path}/id/{summary.id}", accept=_XML)
        except Failure as bad:
            if bad.fault == "not-found":
                return None
            raise
        opened = _opened(kind, reply)
        if opened.text("id") != summary.id:
            raise not_jamf(reply, f"the answer is not the object {summary.id}")
        name = opened.text("name")
        scope = opened.root.find("scope")
        return Remote(
            kind.name,
            summary.id,
            _unmarked(name),
            find_mark(name)[1],
            self._for_readers(kind, opened.root),
            jamf_objects.fingerprint(opened),
            read_scope(kind.family, scope, self._ids),
            extra=tuple(jamf_objects.unexpected(opened, self._known)),
        )

    def create(self, item: Item) -> Summary:
        """Create an object that reaches nobody yet; a name that is taken means an earlier request arrived after all."""
        wanted = _body(item)
        root = jamf_objects.request(wanted, None, write_scope(wanted.kind.family, NOBODY))
        try:
            reply = self._write("POST", wanted.kind, "0", root)
        except Failure as bad:
            if bad.fault == "conflict" and "duplicate" in bad.said.casefold():
                raise Failure(
                    "conflict", bad.said, status=bad.status, ambiguous=True, call=bad.call, detail=bad.detail
                ) from None
            raise
        number = _written(wanted.kind, reply)
        if not number:
            raise not_jamf(reply, "the answer does not say which object was made")
        return Summary(wanted.kind.name, number, item.name, item.key, self._owner)

    def update(self, item: Item, remote: Remote) -> None:
        """Make an object what the item says; its scope stays, and so does what others have put into its profile."""
        wanted = _body(item)
        root = jamf_objects.request(wanted, _body(remote), None)
        _written(wanted.kind, self._write("PUT", wanted.kind, remote.id, root))

    def assign(self, summary: Summary, assignment: Assignment) -> None:
        """Replace the scope, and nothing else."""
        kind = KINDS[summary.kind]
        root = etree.Element(kind.root)
        root.append(write_scope(kind.family, assignment))
        _written(kind, self._write("PUT", kind, summary.id, root))

    def delete(self, remote: Remote) -> None:
        """Delete an object; one that is gone already is no failure."""
        kind = KINDS[remote.kind]
        try:
            reply = self._client.call("DELETE", f"JSSResource/{kind.path}/id/{remote.id}", accept=_XML)
        except Failure as bad:
            if bad.fault != "not-found":
                raise
        else:
            _written(kind, reply)

    def evidence(self, remotes: Sequence[Remote]) -> Iterator[DeviceEvidence]:
        """Return what inventories tell of the profiles; of restricted software no API tells anything."""
        return jamf_evidence.evidence(self._client, remotes)

    def _item(self, made: MadeDocument) -> Item:
        opened = jamf_objects.open_object(BY_DOCUMENT[made.kind], made.path, made.data)
        if opened is None:
            raise AssertionError(made.kind)  # the build recognised it by the same rule
        for name, keys in jamf_payloads.keys(opened.payload or {}).items():
            self._known.setdefault(name, set()).update(keys)
        record = (opened.text("process_name"),) if not opened.profile else ()
        key = marker(self._owner, made.target, made.document, made.variant, *record)
        title, sign = opened.text("name"), mark(self._owner, key)
        assignment = None
        if self._spec.assign != "unchanged":
            groups = made.groups if made.variant else self._spec.assign
            everyone = groups == "everyone"
            assignment = Assignment(everyone, () if everyone else self._tokens(groups), self._tokens(made.excluded))
        return Item(
            key,
            opened.kind.name,
            title,
            jamf_objects.without_scope(opened, f"{fit(title, _MAX_NAME - len(sign) - 1)} {sign}"),
            made.path,
            assignment,
        )

    def _tokens(self, groups: Sequence[str]) -> tuple[str, ...]:
        return tuple(sorted({self._spec.groups.get(name, name) for name in groups}))

    def _check_groups(self, made: Sequence[MadeDocument]) -> None:
        """Refuse an id that would mean a group of Macs in one object and of mobile devices in another."""
        if len({BY_DOCUMENT[one.kind].family.groups for one in made}) < 2 or self._spec.assign == "unchanged":
            return
        used = {name for one in made for name in (*one.groups, *one.excluded)}
        if self._spec.assign != "everyone":
            used.update(self._spec.assign)
        found = [
            error(
                "destination-group-ambiguous",
                f"group {name!r} is given by the id {self._spec.groups[name]}, which means one group of Macs and another "
                "of mobile devices",
                self._spec.origin,
                "name the group in place of its id, or make two destinations with `targets`",
            )
            for name in sorted(used & self._spec.groups.keys())
            if self._spec.groups[name] in self._ids
        ]
        if found:
            raise PolicyError(found)

    def _may_make(self, target: str, kind: JamfObjectKind) -> bool:
        """Tell whether a target's documents are of a kind; a user's own target may make any."""
        return target not in BY_DOCUMENT or target == kind.document

    def _listed(self, kind: JamfObjectKind) -> tuple[Summary, ...]:
        reply = self._client.call("GET", f"JSSResource/{kind.path}", accept=_XML)
        made = []
        for number, name in jamf_entries(reply, kind.listing, kind.entry):
            owner, key = find_mark(name)
            made.append(Summary(kind.name, number, _unmarked(name), key, owner))
        return tuple(made)

    def _write(self, method: str, kind: JamfObjectKind, number: str, root: etree._Element) -> Reply:
        body = documents.dump(root, "xml")
        path = f"JSSResource/{kind.path}/id/{number}"
        return self._client.call(method, path, body=body, content_type=_XML, accept=_XML, ok=(200, 201))

    def _for_readers(self, kind: JamfObjectKind, root: etree._Element) -> bytes:
        """Return an object as readers take it: groups by the deployment's names, without what a GET cannot tell."""
        root = copy.deepcopy(root)
        for scope in root.findall("scope"):
            rename_groups(kind.family, scope, self._names)
        for one in root.findall("general/redeploy_on_update"):
            general: Any = one.getparent()
            general.remove(one)
        return documents.dump(root, "xml")


def _unmarked(name: str) -> str:
    owner, key = find_mark(name)
    return name.replace(mark(owner, key), "").rstrip() if key else name


def _body(held: Item | Remote) -> Opened:
    """Read the body of an item or of what was fetched."""
    try:
        opened = jamf_objects.open_object(KINDS[held.kind], held.name, held.body)
    except PolicyError:
        opened = None
    if opened is None:
        raise Failure("answer", f"{held.name}: the body is not an object of {held.kind}")
    return opened


def _opened(kind: JamfObjectKind, reply: Reply) -> Opened:
    try:
        opened = jamf_objects.open_object(kind, reply.call, reply.body)
    except PolicyError:
        opened = None
    if opened is None:
        raise not_jamf(reply, f"the answer is not an object of Jamf's: {kind.root}")
    return opened


def _written(kind: JamfObjectKind, reply: Reply) -> str:
    """Return the id that an answer to a write names; some servers answer an update with nothing at all."""
    if not reply.body.strip():
        return ""
    root = jamf_xml(reply)
    number = (root.findtext("id") or "").strip()
    if root.tag != kind.root or not number.isdecimal():
        raise not_jamf(reply, "the answer does not confirm the write")
    return number


DESTINATION = JamfDestination
"""What `protocol.connect` makes for a deployment that names this kind."""
