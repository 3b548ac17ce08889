"""Set a client up against the Jamf emulator, with documents of a small build on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from build_kit import built, identifier, inline, resolved
from emulators.jamf import CLIENT, SECRET, JamfEmulator

from mdm_policy import kinds
from mdm_policy.errors import Origin
from mdm_policy.model import DestinationSpec, Identifier
from mdm_policy.push.destinations.jamf_objects import KINDS
from mdm_policy.push.model import Item, MadeDocument, Remote, Summary
from mdm_policy.push.protocol import Edge, connect
from push.kits.jamf import MOBILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulators.base import Answer


OWNER = "gov.example.agency"
TARGETS = ("jamf-restricted-software", "jamf-mobile-profile", "jamf-macos-profile")
APPS = ("com.example.one", "com.example.two", "com.example.three")


class Liar(JamfEmulator):
    """Answer some calls with what a test has put there."""

    def __init__(self, **known: Any) -> None:
        super().__init__(**known)
        self.lies: dict[str, Answer] = {}

    def handle(self, request: Any) -> Answer:
        lie = self.lies.get(f"{request.method} {request.path}")
        return super().handle(request) if lie is None else lie


def destination(server: JamfEmulator, secret: str = SECRET, **more: Any) -> Any:
    settings = {"url": server.url, "client_id": CLIENT, "client_secret": {"env": "JAMF"}}
    spec = DestinationSpec("there", "jamf", settings, Origin("deployment.yaml", 9, 3), **{"assign": "everyone", **more})
    return connect(spec, OWNER, Edge(lambda _: secret, lambda _: None, timeout=2.0, attempts=2))


def identifiers(*bundles: str) -> list[Identifier]:
    return [
        *(identifier("ios", "bundle_id", one) for one in bundles),
        identifier("macos", "process_name", "Wide"),
        identifier("macos", "signing_id", "ABCDE12345:com.example.wide"),
    ]


def made(*bundles: str, names: Sequence[str] = TARGETS, **more: Any) -> tuple[MadeDocument, ...]:
    """Build these targets for one app, as documents on their way."""
    result, files = built(
        resolved(inline("Wide & Co", *identifiers(*(bundles or APPS))), organization="Agency <A> & B"), names
    )
    return tuple(
        MadeDocument(one.path, one.target, one.document, one.variant, one.kind, files[one.path], **more)
        for one in result.documents
    )


def item(there: Any, target: str, *bundles: str) -> Item:
    (found,) = there.items(made(*bundles, names=[target]))
    return found  # type: ignore[no-any-return]


def put(there: Any, target: str, *bundles: str) -> tuple[Item, Remote]:
    """Create an object, and read it."""
    wanted = item(there, target, *bundles)
    return wanted, read(there, there.create(wanted))


def read(there: Any, summary: Summary) -> Remote:
    found = there.get(summary)
    assert found is not None
    return found  # type: ignore[no-any-return]


def again(there: Any, remote: Remote) -> Remote:
    return read(there, Summary(remote.kind, remote.id, remote.name, remote.key, OWNER))


def held(server: JamfEmulator, resource: str) -> Any:
    """Return the one object of a kind as it is stored."""
    (found,) = server.objects[resource].values()
    return found


def apps_of(remote: Remote) -> set[str]:
    reading = kinds.read(kinds.open_document("read.xml", remote.body))
    return {effect.value for effect in reading.effects}


def connect_as(owner: str, server: JamfEmulator) -> Any:
    settings = {"url": server.url, "client_id": CLIENT, "client_secret": {"env": "JAMF"}}
    spec = DestinationSpec("there", "jamf", settings, Origin("deployment.yaml", 9, 3))
    return connect(spec, owner, Edge(lambda _: SECRET, lambda _: None))


def kind(name: str) -> Any:
    return KINDS[name]


def outer(server: JamfEmulator) -> Any:
    """Return the stored mobile profile."""
    return held(server, MOBILE)["payload"]


def inner(server: JamfEmulator) -> Any:
    """Return the first payload of the stored mobile profile."""
    return outer(server)["PayloadContent"][0]
