"""Pin a wheel and all that it brings along, each to its hash: `make wheel` writes dist/mdm-policy.lock beside it.

pip resolves without installing and says what it would take; that becomes a requirements file which `pip install
--require-hashes` accepts and no other file satisfies. One lock fits one Python on one kind of machine; further
arguments are handed to pip, and choose another than the one this runs on.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

EXTRAS = ("push", "sign")


def main(arguments: list[str]) -> None:
    """Write the lock of the wheel named first; a failure of pip's ends the program with pip's own words."""
    wheel, *chosen = arguments
    path = Path(wheel)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--dry-run"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        wanted = ["--ignore-installed", "--only-binary", ":all:", "--report", str(report), *chosen]
        done = subprocess.run([*pip, *wanted, f"{path}[{','.join(EXTRAS)}]"], check=False)  # noqa: S603 - pip, on a wheel
        if done.returncode:
            sys.exit(done.returncode)
        text = lock(path.name, json.loads(report.read_text(encoding="utf-8")), chosen)
    path.with_name("mdm-policy.lock").write_text(text, encoding="utf-8")


def lock(wheel: str, report: dict[str, Any], chosen: list[str]) -> str:
    """Turn pip's report (version 1) into a requirements file with hashes; the wheel itself stands in it as a file.

    Raises:
        KeyError: something was not taken from an archive, so it has no hash.

    """
    environment = report["environment"]
    made = f"Python {environment['python_version']}, {environment['platform_system']} {environment['platform_machine']}"
    lines = [
        f"# Made with `make wheel` for {shlex.join(chosen) or made}. Lies beside the wheel; from that folder:",
        "#   python -m pip install --require-hashes -r mdm-policy.lock",
    ]
    ours, others = [], []
    for one in report["install"]:
        name, version = one["metadata"]["name"], one["metadata"]["version"]
        digest = one["download_info"]["archive_info"]["hashes"]["sha256"]
        if one["is_direct"]:
            ours.append(f"./{wheel}[{','.join(EXTRAS)}] --hash=sha256:{digest}")
        else:
            others.append(f"{name.lower().replace('_', '-')}=={version} --hash=sha256:{digest}")
    return "\n".join([*lines, *ours, *sorted(others), ""])


if __name__ == "__main__":
    main(sys.argv[1:])
