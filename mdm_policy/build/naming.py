"""Let no file of a build leave its folder, or take the place of another one, on any system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdm_policy import filenames
from mdm_policy.errors import Origin, PolicyError, error

if TYPE_CHECKING:
    from collections.abc import Callable

    Sink = Callable[[str, bytes], None]

_HINT = "correct `output` in the target's target.yaml"


def guarded(sink: Sink) -> Sink:
    """Return a sink that refuses a name before the given one sees it.

    Raises (the sink, when called):
        PolicyError: `output-name` for a path that is not safe everywhere, `output-duplicate` for one that is taken, or
            that needs a folder where a file stands.

    """
    files: dict[str, str] = {}
    folders: dict[str, str] = {}

    def write(path: str, data: bytes) -> None:
        trouble = filenames.problem(path)
        if trouble:
            raise PolicyError([error("output-name", f"{path!r} cannot be written: {trouble}", Origin(path), _HINT)])
        key = filenames.same(path)
        above = [key[:at] for at, character in enumerate(key) if character == "/"]
        taken = files.get(key) or folders.get(key) or next((files[one] for one in above if one in files), None)
        if taken is not None:
            said = f"two files would be written to {path}" + (
                f" and {taken}, one place on some systems" * (taken != path)
            )
            raise PolicyError([error("output-duplicate", said, Origin(path), _HINT)])
        files[key] = path
        folders.update(dict.fromkeys(above, path))
        sink(path, data)

    return write
