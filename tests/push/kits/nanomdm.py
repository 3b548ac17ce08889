"""NanoMDM as the laws of push see it."""

from __future__ import annotations

import json
import plistlib
from typing import TYPE_CHECKING, Any

from emulators.nanomdm import KEY, Server

if TYPE_CHECKING:
    from pathlib import Path

_FOREIGN = "com.example.wifi"


class Kit:
    """Be NanoMDM as the laws see it."""

    name = "nanomdm"
    unread = True
    """Nothing there can be read back."""
    env = {"MDM_POLICY_SECRET_NANOMDM": KEY}
    targets = ("apple-ios-restrictions", "macos-santa")
    devices = [{"name": "phones", "platform": "ios", "os": ">=17, <27", "supervised": True, "enrollment": "automated"}]

    def __init__(self) -> None:
        """Know no record yet."""
        self._record: Path | None = None

    def emulator(self) -> Server:
        """Return a server with two enrollments that have a profile of somebody else."""
        server = Server("E1", "E2")
        wifi = plistlib.dumps({"PayloadIdentifier": _FOREIGN, "PayloadContent": []})
        for profiles in server.profiles.values():
            profiles[_FOREIGN] = wifi
        return server

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        """Return the settings; the key is in the environment."""
        self._record = folder / "there.delivered.json"
        return {"nanomdm": {"url": url, "api_key": {"env": "MDM_POLICY_SECRET_NANOMDM"}, "enrollments": ["E1", "E2"]}}

    def bans(self, emulator: Server) -> frozenset[tuple[str, str]]:
        """Return what the devices' profiles block, for each enrollment."""
        found = set()
        for enrollment, profiles in emulator.profiles.items():
            for one in profiles.values():
                for payload in plistlib.loads(one)["PayloadContent"]:
                    apps = payload.get("blockedAppBundleIDs", ())
                    rules = [rule["identifier"] for rule in payload.get("StaticRules", ())]
                    found |= {(enrollment, app) for app in (*apps, *rules)}
        return frozenset(found)

    def twins(self, emulator: Server) -> list[str]:
        """Return nothing: a profile replaces the one of the same identifier."""
        del emulator
        return []

    def foreign(self, emulator: Server) -> Any:
        """Return the profiles that are not ours."""
        return {one: profiles[_FOREIGN] for one, profiles in emulator.profiles.items()}

    def meddle(self, emulator: Server) -> None:
        """Let another run of this program, from an older list, deliver one app less: all else stays unseen."""
        assert self._record is not None
        record = json.loads(self._record.read_text("utf-8"))
        found = [value for value in record["delivered"].values() if "blockedAppBundleIDs" in value["profile"]]
        if not found:
            return
        one = found[0]
        lines = one["profile"].splitlines(keepends=True)
        start = next(number for number, line in enumerate(lines) if "blockedAppBundleIDs" in line)
        if "<string>" in lines[start + 2]:
            del lines[start + 2]
        one["profile"] = "".join(lines)
        self._record.write_text(json.dumps(record), "utf-8")
        for enrollment in one["enrollments"]:
            emulator.profiles[enrollment][one["identifier"]] = one["profile"].encode()

    def harmless(self, emulator: Server) -> None:
        """Let a person reformat the record."""
        del emulator
        assert self._record is not None
        if not self._record.exists():
            return
        self._record.write_text(json.dumps(json.loads(self._record.read_text("utf-8")), indent=4), "utf-8")
