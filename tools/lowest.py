"""Print the oldest versions that pyproject.toml admits at run time, one requirement a line: for `make lowest` and `make audit`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def lowest(text: str) -> list[str]:
    """Return `name==version` for each lower bound of the dependencies and extras."""
    project = tomllib.loads(text)["project"]
    extras = {one for extra in project["optional-dependencies"].values() for one in extra}
    return [one.replace(">=", "==") for one in (*project["dependencies"], *sorted(extras))]


if __name__ == "__main__":
    sys.stdout.write("\n".join((*lowest(Path("pyproject.toml").read_text(encoding="utf-8")), "")))
