"""Ask the other process for a page, and stop it when it takes too long."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from mdm_policy import templating
from mdm_policy.errors import Origin, PolicyError, error
from mdm_policy.sandbox import wire
from mdm_policy.sandbox.child import Answer
from mdm_policy.sandbox.limits import Limits, ended_by_time
from mdm_policy.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from mdm_policy.documents import Document
    from mdm_policy.errors import Finding

_CODE = (
    "import json, sys; given = json.loads(sys.argv[1]); sys.path[:] = given['path']; "
    "from mdm_policy.sandbox import Limits; from mdm_policy.sandbox.child import main; main(Limits(*given['limits']))"
)
_KEPT_ENVIRONMENT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What Python itself may need to start; the rest may hold secrets, and no template has any use for it."""


class SubprocessRunner:
    """Print packaged templates here and foreign ones in a process of their own, started when the first one comes.

    One process serves a whole build: starting one costs as much as hundreds of templates. After a template that broke a
    limit, nothing more is printed.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        """Keep the limits; no process is started yet."""
        self._limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._known: Mapping[str, Any] | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process, if there is one."""
        self._end()

    def __call__(self, page: templating.Page) -> str:
        """Print a page.

        Raises:
            PolicyError: as `templating.render`; `template-limit` also when the process had to be stopped.

        """
        return self._ask(page) if page.foreign else templating.render_template(page)

    def check(self, document: Document, schema: str | Path) -> list[Finding]:
        """Hold a document against its schema: one of a user's own in the other process, within the same limits.

        Raises:
            PolicyError: as `validate.validate`; `template-limit` also when the process had to be stopped.

        """
        if not isinstance(schema, Path):
            return validate(document, schema)
        request = {"schema": str(schema), "format": document.format, "name": document.name}
        answer, _ = self._within("schema", schema, lambda process: self._talk(process, request, document.data))
        if answer.raised:
            raise PolicyError(answer.findings)
        return list(answer.findings)

    def _ask(self, page: templating.Page) -> str:
        place = Path(page.folder, page.template)
        answer, body = self._within("template", place, lambda process: self._exchange(process, page))
        if answer.findings:
            raise PolicyError(answer.findings)
        return body

    def _within(
        self, what: str, place: Path, work: Callable[[subprocess.Popen[bytes]], tuple[Answer, str]]
    ) -> tuple[Answer, str]:
        """Let the other process do some work, and stop it when it takes too long."""
        process = self._process or self._start()
        late = threading.Event()
        watch = threading.Timer(self._limits.wall, _stop, (process, late))
        watch.start()
        try:
            return work(process)
        except (OSError, wire.BrokenFrameError, msgspec.MsgspecError, UnicodeDecodeError):
            raise self._broken(process, what, place, late) from None
        finally:
            watch.cancel()

    def _exchange(self, process: subprocess.Popen[bytes], page: templating.Page) -> tuple[Answer, str]:
        request = {
            "format": page.format,
            "folders": list(map(str, page.folders)),
            "names": sorted(page.names),
            "folder": str(page.folder),
            "template": page.template,
            "more": page.more,
        }
        context = b"" if page.context is self._known else _written(page.context)
        self._known = page.context
        return self._talk(process, request, context)

    def _talk(self, process: subprocess.Popen[bytes], request: dict[str, Any], body: bytes) -> tuple[Answer, str]:
        asked, told = process.stdin, process.stdout
        if asked is None or told is None:
            raise wire.BrokenFrameError
        wire.send(asked, json.dumps(request).encode(), body)
        frame = wire.receive(told, wire.MAX_HEAD, wire.MAX_BODY)
        if frame is None:
            raise wire.BrokenFrameError
        return msgspec.json.decode(frame[0], type=Answer), frame[1].decode("utf-8", "surrogatepass")

    def _start(self) -> subprocess.Popen[bytes]:
        given = {"path": [path for path in sys.path if path], "limits": msgspec.structs.astuple(self._limits)}
        kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
                [sys.executable, "-I", "-X", "utf8", "-c", _CODE, json.dumps(given)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=kept,
            )
        except OSError as bad:
            said = f"the process for templates of your own cannot be started: {bad.strerror or bad}"
            raise PolicyError([error("template-limit", said)]) from None
        return self._process

    def _broken(self, process: subprocess.Popen[bytes], what: str, place: Path, late: threading.Event) -> PolicyError:
        self._end()
        if late.is_set():
            told = f"the {what} took longer than {self._limits.wall:g} seconds"
        elif ended_by_time(process.returncode):
            told = f"the {what} used more than {self._limits.cpu} seconds of processor time"
        else:
            doing = "renders the template" if what == "template" else "holds documents against the schema"
            told = f"the process that {doing} ended (code {process.returncode})"
        hint = "templates and schemas hold structure; look for a loop or a pattern without end"
        return PolicyError([error("template-limit", told, Origin(str(place)), hint)])

    def _end(self) -> None:
        """End the process: a sound one ends by itself when nothing more is asked."""
        process, self._process = self._process, None
        self._known = None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stop(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _written(context: Mapping[str, Any]) -> bytes:
    """Write a context as JSON, with its lazy values made: the other process cannot make them."""
    made = {key: value.make() if isinstance(value, templating.Lazy) else value for key, value in context.items()}
    return json.dumps(made).encode()
