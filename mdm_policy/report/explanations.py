"""Take from the page of findings what each of them means and what to do about it."""

from __future__ import annotations

import re

_SECTION = re.compile(r"^## ([a-z0-9-]+)\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)


def explanations(page: str) -> dict[str, str]:
    """Return the text of each finding's section, by its id; lines that are wrapped are joined, and `Do:` begins a new one."""
    return {id_: _joined(body) for id_, body in _SECTION.findall(page.replace("\r\n", "\n"))}


def _joined(body: str) -> str:
    return re.sub(r"\n(?!Do:|Source:)", " ", body.strip())
