"""Set a stage for the laws of push: a deployment for one destination, its emulator, and the program run on both."""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import cli_kit
import yaml

from mdm_policy.cli import edge
from mdm_policy.push import oauth, protocol
from mdm_policy.push.grants import Grants
from mdm_policy.workflows import push

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli_kit import Ran

DAY = "2026-11-25"
OWNER = "gov.example.agency"
_KITS = Path(__file__).parent / "kits"
KITS = tuple(sorted(path.stem for path in _KITS.glob("*.py") if path.stem != "__init__"))
APPS = ("wechat", "qq", "wps-office", "tiktok")
DEVICES = [
    {"name": "phones", "platform": "ios", "os": ">=17, <27", "supervised": True, "enrollment": "automated"},
    {"name": "androids", "platform": "android", "os": ">=13", "mode": "cope", "origins": ["store"]},
    {"name": "kiosks", "platform": "android", "os": ">=13", "mode": "fully-managed"},
    {"name": "Macs", "platform": "macos", "os": ">=14", "supervised": True, "enrollment": "automated"},
    {"name": "laptops", "platform": "windows", "os": ">=10"},
]
_made = push.made
_key_once = functools.cache(oauth.rsa_key)
"""A key is checked for being prime each time it is read: a third of a run's time, and no law is about it."""


_GRANTS = Grants(paths=("/",))
"""Some kits keep what they push to beside the stage's folder, and no law is about that."""
_memo: dict[str, Any] = {}


def _made_once(read: Any, folders: Any) -> Any:
    """Build once for each deployment: a law runs the program thousands of times on the same one."""
    key = repr((read.resolution.as_of, sorted(read.files), [(s.name, s.type, s.targets) for s in read.specs]))
    if key not in _memo:
        _memo[key] = _made(read, folders)
    return _memo[key]


def kit(name: str) -> Any:
    """Return a fresh kit."""
    return importlib.import_module(f"push.kits.{name}").Kit()


class Stage:
    """Hold a kit, its running emulator, and the folder with the deployment and the plan."""

    def __init__(self, kit_: Any, emulator: Any, folder: Path) -> None:
        """Write the deployment."""
        self.kit, self.emulator, self.folder = kit_, emulator, folder
        self.plan_file = folder / "plan.json"
        self.waited: list[float] = []
        self.printed: list[str] = []
        self.found: Any = None
        """What the last run of a command found on the server."""
        self.order(APPS)

    def order(self, apps: tuple[str, ...]) -> None:
        """Ban these apps."""
        text = {
            "ban_list": "order",
            "authority": {"citation": "Order 1 (example)", "effective": "2026-01-01"},
            "bans": [{"app": app} for app in apps],
        }
        (self.folder / "order.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(text, default=str))), "utf-8")
        where = self.emulator.url if hasattr(self.emulator, "url") else str(self.folder)
        deployment = {
            "organization": {"name": "Example Agency", "identifier": OWNER},
            "lists": ["order.yaml"],
            "devices": getattr(self.kit, "devices", DEVICES),
            "targets": list(self.kit.targets),
            "destinations": {"there": self.kit.deployment(where, self.folder)},
        }
        self.deployment = self.folder / "deployment.yaml"
        self.deployment.write_text(yaml.safe_dump(deployment), "utf-8")

    def run(self, *args: object) -> Ran:
        """Run a command, keeping what it printed; where a second person has to approve, let that happen and run it again."""
        ran = self.run_once(*args)
        approve = getattr(self.kit, "approve", None)
        while approve is not None and args[0] in ("apply", "rollback") and ran.code == 12 and approve(self.emulator):
            ran = self.run_once(*args)
        return ran

    def run_once(self, *args: object) -> Ran:
        """Run a command, keeping what it printed, and what was there before it."""
        self.found = self.emulator.snapshot() if hasattr(self.emulator, "snapshot") else None
        ran = cli_kit.run(*args, env={**self.kit.env, "NO_COLOR": "1"})
        self.printed += [ran.out, ran.err]
        return ran

    def plan(self, *more: object) -> Ran:
        """Plan, and save it."""
        return self.run("plan", "--deployment", self.deployment, "-o", self.plan_file, "--as-of", DAY, *more)

    def apply(self, *more: object) -> Ran:
        """Apply the saved plan."""
        return self.run("apply", self.plan_file, "--yes", "--as-of", DAY, *more)

    def drift(self) -> Ran:
        """Look for drift."""
        accepted = ["--accept-unread"] if getattr(self.kit, "unread", False) else []
        return self.run("drift", "--deployment", self.deployment, "--as-of", DAY, *accepted)

    def receipts(self) -> list[Path]:
        """Return the receipts written so far, oldest first."""
        return sorted(self.folder.glob("*.receipt.json"), key=lambda path: path.stat().st_mtime_ns)

    def bans(self) -> frozenset[Any]:
        """Return what is in force on the server now."""
        found: frozenset[Any] = self.kit.bans(self.emulator)
        return found

    def secrets_seen(self) -> list[str]:
        """Return the canaries that stand in anything that was printed or written."""
        texts = [*self.printed]
        texts += [path.read_text("utf-8", "replace") for path in self.folder.rglob("*.json")]
        texts += [path.read_text("utf-8", "replace") for path in self.folder.rglob("*.journal")]
        return [secret for secret in self.kit.env.values() if any(secret in text for text in texts)]


@contextlib.contextmanager
def stage(name: Any, folder: Path) -> Iterator[Stage]:
    """Set the stage for a destination, by name or by a kit; waiting takes no time, and a server that stalls is given up soon.

    Nor is the disk waited for: these laws kill the program, not the machine.
    """
    kit_ = kit(name) if isinstance(name, str) else name
    folder.mkdir(parents=True, exist_ok=True)
    waited: list[float] = []
    types = {**protocol.TYPES, "git": getattr(kit_, "module", protocol.TYPES["git"])}
    with (
        mock.patch.object(
            edge, "services", return_value=push.Services(os.environ, waited.append, edge.now, 0.25, _GRANTS)
        ),
        mock.patch.object(push, "made", _made_once),
        mock.patch.object(oauth, "rsa_key", _key_once),
        mock.patch.object(os, "fsync"),
        mock.patch.dict(protocol.TYPES, types),
        kit_.emulator() as emulator,
    ):
        made = Stage(kit_, emulator, folder)
        made.waited = waited
        yield made
