"""Write files to start from into a folder, and never over what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy import loading, resources
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.identifiers import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PLACEHOLDER = b"new-target-name"
_TARGET_FILES = (
    "target.yaml",
    "apps.json.j2",
    "apps.schema.json",
    "import.md.j2",
    "tests/list.yaml",
    "tests/expected.yaml",
)
_DEPLOYMENT_FILES = ("deployment.yaml", "our-list.yaml")


def new_deployment(folder: Path) -> tuple[str, ...]:
    """Write a commented deployment and ban list; return their names.

    Raises:
        PolicyError: `file-exists`, `file-unwritable`.

    """
    write(folder, {name: (resources.data("init") / name).read_bytes() for name in _DEPLOYMENT_FILES})
    return _DEPLOYMENT_FILES


def new_target(folder: Path) -> str:
    """Write a whole target, with its tests, that builds at once; it is named after the folder. Return its name.

    Raises:
        PolicyError: `target-name`, `file-exists`, `file-unwritable`.

    """
    name = folder.resolve().name
    shipped = resources.data("new-target")
    manifest = (shipped / "target.yaml").read_bytes().replace(_PLACEHOLDER, name.encode("utf-8", "replace"))
    if loading.load_target(loading.Source("target.yaml", manifest)).value is None:
        hint = "name the folder in lower-case letters and digits with hyphens between them, such as `acme-kiosk`"
        message = f"{quoted(name)} is not a valid name of a target, and a target is named after its folder"
        raise PolicyError([error("target-name", message, Origin(str(folder)), hint)])
    write(folder, {each: (shipped / each).read_bytes() for each in _TARGET_FILES} | {"target.yaml": manifest})
    return name


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, all or, where one of them is there, none.

    Raises:
        PolicyError: `file-exists`, `file-unwritable`.

    """
    taken = [
        error("file-exists", "the file is there already", Origin(str(folder / name)), "choose another folder")
        for name in files
        if (folder / name).exists()
    ]
    if taken:
        raise PolicyError(taken)
    try:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(data)
    except OSError as bad:
        message = f"cannot write it: {bad.strerror or bad}"
        raise PolicyError([error("file-unwritable", message, Origin(str(folder)), "choose another folder")]) from None
