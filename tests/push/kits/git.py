"""A folder in git as the laws of push see it."""

from __future__ import annotations

import json
import plistlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

OWNER = "gov.example.agency"
INDEX = ".mdm-policy.json"
IOS = "apple-ios-restrictions"
_PAYLOAD = {"PayloadIdentifier": "x.wifi", "PayloadUUID": "0F0F0F0F-1111-4222-8333-444444444444", "PayloadVersion": 1}
_WIFI = plistlib.dumps(
    {
        **_PAYLOAD,
        "PayloadType": "Configuration",
        "PayloadContent": [{**_PAYLOAD, "PayloadType": "com.apple.wifi.managed", "SSID_STR": "Office"}],
    }
)
_FOREIGN = {
    "README.md": "# Policies\n",
    "other/order.json": '{"Type": "com.apple.configuration.passcode.settings", "Identifier": "x", "Payload": {}}\n',
    f"{IOS}/by-hand.mobileconfig": _WIFI.decode(),
}
_OTHER = {"path": "other/order.json", "key": "8c7d3f0e-5b1a-5e7f-9d5a-0d6f6d2f0001", "owner": "org.other", "sha256": ""}


def git(root: Path, *arguments: str) -> str:
    """Run git in a folder."""
    return subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True).stdout


class Folder:
    """Stand where an emulator stands: a repository with other people's files, some of another owner."""

    def __init__(self) -> None:
        """Make the repository."""
        self.calls: list[Any] = []
        self.root = Path(tempfile.mkdtemp(prefix="mdm-policy-git-"))
        for name, text in _FOREIGN.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.root / INDEX).write_text(json.dumps({"format": "mdm-policy-folder-1", "files": [_OTHER]}))
        git(self.root, "init", "--quiet")
        git(self.root, "config", "user.name", "Example Pipeline")
        git(self.root, "config", "user.email", "pipeline@agency.example")
        git(self.root, "config", "commit.gpgsign", "false")
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--message", "Start")

    def __enter__(self) -> Self:
        """Be there."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Go away."""
        shutil.rmtree(self.root, ignore_errors=True)

    def arm(self) -> None:
        """Order nothing: no call goes over a socket."""

    def files(self) -> dict[str, bytes]:
        """Return every file but git's own."""
        found = (path for path in sorted(self.root.rglob("*")) if path.is_file() or path.is_symlink())
        names = {path.relative_to(self.root).as_posix(): path for path in found}
        return {name: path.read_bytes() for name, path in names.items() if not name.startswith(".git/")}

    def entries(self) -> list[dict[str, str]]:
        """Return what the index names."""
        entries: list[dict[str, str]] = json.loads((self.root / INDEX).read_text())["files"]
        return entries

    def snapshot(self) -> Any:
        """Copy the files, and note the commit."""
        return self.files(), git(self.root, "rev-parse", "HEAD"), git(self.root, "status", "--porcelain")

    def ours(self) -> dict[str, bytes]:
        """Return our files."""
        files = self.files()
        return {
            one["path"]: files[one["path"]] for one in self.entries() if one["owner"] == OWNER and one["path"] in files
        }


class Kit:
    """Be a folder in git as the laws see it."""

    name = "git"
    env: dict[str, str] = {}
    targets = (IOS, "macos-santa", "amapi-fully-managed")

    def emulator(self) -> Folder:
        """Return a fresh repository."""
        self._folder = Folder()
        return self._folder

    def deployment(self, url: str, folder: Path) -> dict[str, Any]:
        """Return the settings."""
        del url, folder
        return {"git": {"path": str(self._folder.root), "commit": True}}

    def bans(self, emulator: Folder) -> frozenset[tuple[str, str]]:
        """Return what our files block."""
        found: set[tuple[str, str]] = set()
        for name, data in emulator.ours().items():
            if name.endswith(".mobileconfig"):
                payload = plistlib.loads(data)["PayloadContent"][0]
                found |= {("ios", one) for one in payload.get("blockedAppBundleIDs", ())}
                rules = [one for one in payload.get("StaticRules", ()) if one["policy"] != "ALLOWLIST"]
                found |= {("macos", one["identifier"]) for one in rules}
            else:
                apps = json.loads(data)["applications"]
                found |= {("android", one["packageName"]) for one in apps if one["installType"] == "BLOCKED"}
        return frozenset(found)

    def twins(self, emulator: Folder) -> list[str]:
        """Return the keys that stand on more than one file."""
        keys = [one["key"] for one in emulator.entries() if one["owner"] == OWNER]
        return [key for key in keys if keys.count(key) > 1]

    def foreign(self, emulator: Folder) -> Any:
        """Return the files that are not ours, and the others' entries of the index."""
        ours = {*emulator.ours(), INDEX}
        others = [one for one in emulator.entries() if one["owner"] != OWNER]
        return {name: data for name, data in emulator.files().items() if name not in ours}, others

    def meddle(self, emulator: Folder) -> None:
        """Take one app out of the iOS profile, as a person in an editor would."""
        for name, data in emulator.ours().items():
            if name.startswith(IOS):
                profile = plistlib.loads(data)
                del profile["PayloadContent"][0]["blockedAppBundleIDs"][-1:]
                (emulator.root / name).write_bytes(plistlib.dumps(profile))

    def harmless(self, emulator: Folder) -> None:
        """Let git turn the line ends around."""
        for name, data in emulator.ours().items():
            (emulator.root / name).write_bytes(data.replace(b"\n", b"\r\n"))
