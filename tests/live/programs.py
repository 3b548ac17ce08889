"""Install the programs of Debian's that `make live-check` needs, when that can be done, and say which are missing, and what builds others.

`.venv/bin/python tests/live/programs.py`. Which test needs which program stands at the test: `@pytest.mark.live("openssl")`.
A test whose program is missing is skipped and counted, never passed; the one of BIND fails, since nothing else shows that a
zone holds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PACKAGES = {
    "chromium-headless-shell": "chromium-headless-shell",
    "named": "bind9",
    "openssl": "openssl",
    "pdftotext": "poppler-utils",
    "plistutil": "libplist-utils",
    "shellcheck": "shellcheck",
    "xmllint": "libxml2-utils",
}
"""Each program, and the package of Debian 12 and later that brings it."""
BUILT = {
    "kmfddm": "go install github.com/jessepeterson/kmfddm/cmd/kmfddm@v0.8.3",
    "nanomdm": "go install github.com/micromdm/nanomdm/cmd/nanomdm@v0.9.0",
}
"""Each program that no package brings, and how to build it from its public source; `go` puts it into `~/go/bin`."""


def missing() -> list[str]:
    """Return the programs of Debian's that are not on the path."""
    return [name for name in PACKAGES if shutil.which(name) is None]


def install(names: list[str]) -> None:
    """Install programs as root with apt-get; when that fails, its own words say why, and the checks count what is skipped."""
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    wanted = [PACKAGES[name] for name in names]
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *wanted]):
        subprocess.run(["apt-get", "-qq", *command], env=env, stdout=subprocess.DEVNULL, check=False)


def main() -> None:
    """Install what is missing, and print what is missing still."""
    if missing() and os.geteuid() == 0 and shutil.which("apt-get"):
        install(missing())
    for name in missing():
        sys.stdout.write(
            f"live: {name} is missing (Debian: {PACKAGES[name]}); the checks that need it are skipped (that of BIND fails)\n"
        )
    for name, command in BUILT.items():
        if shutil.which(name) is None:
            sys.stdout.write(f"live: {name} is missing ({command}); the checks that need it are skipped\n")


if __name__ == "__main__":
    main()
