"""Find the files the package ships: data beside the code, templates in the wheel or in the checkout."""

from __future__ import annotations

from pathlib import Path

from mdm_policy.errors import PolicyError, error

_PACKAGE = Path(__file__).resolve().parent


def data(name: str) -> Path:
    """Return the path of a packaged data file or folder, named relative to `mdm_policy/data`."""
    return _PACKAGE / "data" / name


def findings() -> Path:
    """Return the page that explains every finding: inside the package in a wheel, among the documents in a checkout."""
    packed = _PACKAGE / "docs" / "findings.md"
    return packed if packed.is_file() else _PACKAGE.parent / "docs" / "findings.md"


def templates() -> Path:
    """Return the folder of the packaged targets.

    A wheel carries it inside the package; a checkout (also an editable install) beside the package.

    Raises:
        PolicyError: `templates-missing`, when neither exists.

    """
    for folder in (_PACKAGE / "templates", _PACKAGE.parent / "templates"):
        if folder.is_dir():
            return folder
    raise PolicyError(
        [error("templates-missing", "the packaged targets are not installed", hint="reinstall mdm-policy")]
    )
