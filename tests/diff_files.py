"""Write lists and profiles to files, for the tests of the diff command."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

from kind_documents import REQUIRED

if TYPE_CHECKING:
    from pathlib import Path

LIST = """\
ban_list: ours
title: Ours
authority: {citation: Order 1, effective: 2026-01-01}
bans:
  - app: wechat
"""


def profile(path: Path, *bundles: str, **top: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    payload = {"PayloadType": "com.apple.applicationaccess", "blockedAppBundleIDs": list(bundles), **REQUIRED}
    path.write_bytes(plistlib.dumps({"PayloadType": "Configuration", "PayloadContent": [payload], **REQUIRED, **top}))
    return path


def text(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path
