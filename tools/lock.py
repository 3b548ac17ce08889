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
    """Write the lock of the wheel named first, or print that of `--group NAME` with what the program itself needs; a failure of pip's ends the program."""
    if arguments[0] == "--group":
        wanted = ["--group", arguments[1], "pip>=25.1", "--editable", "."]
        sys.stdout.write(group(_report(["--only-binary", ":all:", *wanted])))
        return
    wheel, *chosen = arguments
    path = Path(wheel)
    report = _report(["--only-binary", ":all:", *chosen, f"{path}[{','.join(EXTRAS)}]"])
    text = lock(path.name, report, chosen)
    path.with_name("mdm-policy.lock").write_text(text, encoding="utf-8")


def _report(wanted: list[str]) -> dict[str, Any]:
    """Let pip resolve without installing, and return what it would take."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--dry-run"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run([*pip, "--ignore-installed", "--report", str(report), *wanted], check=False)  # noqa: S603
        if done.returncode:
            sys.exit(done.returncode)
        found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return found


def group(report: dict[str, Any]) -> str:
    """Turn pip's report (version 1) into a requirements file with hashes."""
    return "\n".join(["# Made with `make dev-lock`; taken by `make LOCKED=1 ...`.", *_pinned(report), ""])


def _pinned(report: dict[str, Any]) -> list[str]:
    made = []
    for one in report["install"]:
        if not one["is_direct"]:
            digest = one["download_info"]["archive_info"]["hashes"]["sha256"]
            name = one["metadata"]["name"].lower().replace("_", "-")
            made.append(f"{name}=={one['metadata']['version']} --hash=sha256:{digest}")
    return sorted(made)


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
    ours = [
        f"./{wheel}[{','.join(EXTRAS)}] --hash=sha256:{one['download_info']['archive_info']['hashes']['sha256']}"
        for one in report["install"]
        if one["is_direct"]
    ]
    return "\n".join([*lines, *ours, *_pinned(report), ""])


if __name__ == "__main__":
    main(sys.argv[1:])
