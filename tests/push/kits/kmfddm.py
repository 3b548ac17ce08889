"""KMFDDM as the laws of push see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from emulators.kmfddm import KEY, Server

if TYPE_CHECKING:
    from pathlib import Path

_OURS = re.compile(r"gov\.example\.agency\.mdmp\.([0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f-]{21})\Z")
SET = "default"


class Kit:
    """Be KMFDDM as the laws see it."""

    name = "kmfddm"
    env = {"MDM_POLICY_SECRET_KMFDDM": KEY}
    targets = ("apple-ddm-apps", "apple-ddm-binaries")
    devices = [
        {"name": "phones", "platform": "ios", "os": ">=27", "supervised": True, "enrollment": "automated"},
        {"name": "tablets", "platform": "ipados", "os": ">=27", "supervised": True, "enrollment": "automated"},
    ]
    """Declarations that deny apps act from OS 27 on."""

    def emulator(self) -> Server:
        """Return a server with declarations of others: one of the same name, one of another owner, one that looks ours."""
        server = Server()
        denied = {"Allowed": {"DeniedApps": ["com.example.one"]}}
        kind = "com.apple.configuration.app.settings"
        for identifier in (
            "gov.example.agency.apple-ddm-apps",
            "org.other.mdmp.8c7d3f0e-5b1a-5e7f-9d5a-0d6f6d2f0001",
            "gov.example.agency.mdmp.8c7d3f0e-5b1a-4e7f-9d5a-0d6f6d2f0001",
        ):
            server.seed({"Type": kind, "Identifier": identifier, "Payload": denied}, SET)
        note = {"Type": "com.apple.management.organization-info", "Identifier": "info", "Payload": {"Name": "X"}}
        server.seed(note)
        server.enrollments["E1"] = [SET]
        return server

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        """Return the settings; the key is in the environment."""
        del folder
        settings = {"url": url, "api_key": {"env": "MDM_POLICY_SECRET_KMFDDM"}, "set": SET, "enrollments": ["E1"]}
        return {"kmfddm": settings, "assign": "everyone"}

    def bans(self, emulator: Server) -> frozenset[tuple[str, str]]:
        """Return what configurations of ours deny that are in the set together with an activation that names them."""
        members = [one for one in emulator.sets.get(SET, ()) if _OURS.match(one)]
        values = [emulator.declarations[one] for one in members]
        named = {one for value in values for one in value["Payload"].get("StandardConfigurations", ())}
        found: set[tuple[str, str]] = set()
        for value in values:
            if value["Identifier"] in named:
                allowed = value["Payload"]["Allowed"]
                found |= {("app", one) for one in allowed.get("DeniedApps", ())}
                found |= {("binary", str(sorted(one.items()))) for one in allowed.get("DeniedBinaries", ())}
        return frozenset(found)

    def twins(self, emulator: Server) -> list[str]:
        """Return the keys that stand on more than one declaration."""
        keys = [found[1] for one in emulator.declarations if (found := _OURS.match(one))]
        return [key for key in keys if keys.count(key) > 1]

    def foreign(self, emulator: Server) -> Any:
        """Return what is not ours: declarations, and their place in sets."""
        return (
            {one: value for one, value in emulator.declarations.items() if not _OURS.match(one)},
            {name: [one for one in members if not _OURS.match(one)] for name, members in emulator.sets.items()},
            {name: list(sets) for name, sets in emulator.enrollments.items()},
        )

    def unheard(self, emulator: Server) -> list[str]:
        """Return the devices that do not know of the last change, or whose queue is broken."""
        return sorted(emulator.unheard | emulator.doubled)

    def meddle(self, emulator: Server) -> None:
        """Let a person drop one app from our configuration."""
        value = self._apps(emulator)
        if value is None:
            return
        emulator.seed({**value, "Payload": {"Allowed": {"DeniedApps": value["Payload"]["Allowed"]["DeniedApps"][1:]}}})

    def harmless(self, emulator: Server) -> None:
        """Let the server count on a token, and answer its keys in another order."""
        value = self._apps(emulator)
        if value is None:
            return
        emulator.declarations[value["Identifier"]] = {
            "Payload": value["Payload"],
            "Type": value["Type"],
            "Identifier": value["Identifier"],
            "ServerToken": "touched",
        }

    def _apps(self, emulator: Server) -> dict[str, Any] | None:
        found = (
            value
            for one, value in emulator.declarations.items()
            if _OURS.match(one) and "DeniedApps" in value["Payload"].get("Allowed", {})
        )
        return next(found, None)
