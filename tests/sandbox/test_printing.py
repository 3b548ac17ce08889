"""Print a user's templates in another process: the same text, the same findings, and an end to whatever has none."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from build_kit import copy_target, identifier, ids_of, inline, one_of_each, resolved

from mdm_policy import resources, templating
from mdm_policy.build import build
from mdm_policy.errors import PolicyError
from mdm_policy.sandbox import Limits, SubprocessRunner, child, limits, parent, wire
from mdm_policy.targets import discover

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = frozenset({"value", "late", "record"})
_HOSTILE = "<&>\"'\t\n]]> \u6f22\u5b57 \U0001f642 {{ x }} \\ \u2028"
_SHORT = Limits(cpu=1, wall=60.0)


def _page(folder: Path, text: str, *, foreign: bool = True, name: str = "main.j2", **context: Any) -> templating.Page:
    (folder / name).write_text(text, encoding="utf-8")
    return templating.Page("json", (folder,), _NAMES, folder, name, context, {"record": None}, foreign=foreign)


@pytest.mark.parametrize(
    "value", [1, 2**70, -1, 1.5, True, None, "", _HOSTILE, "\ud800", [], ["a", ["b"]], {"z": 1, "a": [2]}]
)
def test_a_page_is_the_same_in_either_process(value: Any, tmp_path: Path) -> None:
    page = _page(tmp_path, "{{ value | list | length if value is string else 0 }}{{ record }}{% if value == late %}=={% endif %}",
                 value=value, late=templating.Lazy(lambda: value))  # fmt: skip
    with SubprocessRunner() as printer:
        assert printer(page) == templating.render_template(page)


def test_one_process_serves_many_pages_and_is_told_a_context_once(tmp_path: Path) -> None:
    page = _page(tmp_path, "{{ value }}{{ record }}", value=["x"])
    with SubprocessRunner() as printer:
        texts = [printer(msgspec.structs.replace(page, more={"record": number})) for number in range(3)]
        process = printer._process
        assert printer(_page(tmp_path, "{{ value }}{{ record }}", value="y")) == '"y"null'
        assert printer._process is process
    assert texts == ['["x"]0', '["x"]1', '["x"]2']
    assert process is not None
    assert process.returncode == 0
    assert printer._process is None


def test_a_packaged_template_needs_no_process(tmp_path: Path) -> None:
    with SubprocessRunner() as printer:
        assert printer(_page(tmp_path, "{{ value }}", foreign=False, value=1)) == "1"
        assert printer._process is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n{{ unknown }}", id="an unknown name"),
        pytest.param("{% if %}", id="bad syntax"),
        pytest.param("{{ ''.__class__ }}", id="Python's insides"),
        pytest.param("\n{{ 1 / 0 }}", id="a mistake"),
        pytest.param("{% include 'absent.j2' %}", id="a missing include"),
        pytest.param("{{ value.x }}\n{% autoescape false %}{% endautoescape %}", id="an autoescape block"),
    ],
)
def test_a_failure_is_told_in_the_same_words(text: str, tmp_path: Path) -> None:
    page = _page(tmp_path, text, value={})
    with pytest.raises(PolicyError) as here:
        templating.render_template(page)
    with SubprocessRunner() as printer:
        with pytest.raises(PolicyError) as there:
            printer(page)
        assert there.value.findings == here.value.findings
        assert printer(_page(tmp_path, "{{ value }}", name="next.j2", value=1)) == "1"


def _limit(printer: SubprocessRunner, page: templating.Page) -> str:
    with pytest.raises(PolicyError) as failed:
        printer(page)
    assert ids_of(failed.value) == ["template-limit"]
    [found] = failed.value.findings
    assert found.origin is not None
    assert found.origin.file.endswith("main.j2")
    return found.message


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces both limits")
def test_processor_time_ends(tmp_path: Path) -> None:
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    with SubprocessRunner(_SHORT) as printer:
        assert _limit(printer, _page(tmp_path, loop)) == "the template used more than 1 seconds of processor time"
        assert printer(_page(tmp_path, "{{ value }}", name="next.j2", value=1)) == "1"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces both limits")
def test_memory_ends_and_the_next_page_is_printed(tmp_path: Path) -> None:
    with SubprocessRunner(_SHORT) as printer:
        assert (
            _limit(printer, _page(tmp_path, "{{ 'a' * 10**10 }}")) == "the template needs more memory than it may have"
        )
        assert printer(_page(tmp_path, "{{ value }}", name="next.j2", value=1)) == "1"


def test_wall_time_ends(tmp_path: Path) -> None:
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    with SubprocessRunner(Limits(wall=0.5)) as printer:
        assert _limit(printer, _page(tmp_path, loop)) == "the template took longer than 0.5 seconds"


def test_a_process_that_cannot_be_started_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "absent"))
    with SubprocessRunner() as printer, pytest.raises(PolicyError) as failed:
        printer(_page(tmp_path, "{{ value }}", value=1))
    assert ids_of(failed.value) == ["template-limit"]
    assert "cannot be started: No such file" in failed.value.findings[0].message


_LIARS = [
    pytest.param("import sys; sys.stdin.buffer.read(1)", "ended (code 0)", id="ends at once"),
    pytest.param("import sys; sys.stdout.write('hello')", "ended", id="says half a frame"),
    pytest.param("import sys; sys.stdout.buffer.write(b'\\xff' * 64)", "ended", id="says too long a frame"),
    pytest.param("import struct, sys; sys.stdout.buffer.write(struct.pack('>QQ', 2, 0) + b'[]')", "ended", id="says another shape"),
    pytest.param("import struct, sys; sys.stdout.buffer.write(struct.pack('>QQ', 2, 1) + b'{}\\xff')", "ended", id="says no text"),
    pytest.param("import struct, sys; sys.stdout.buffer.write(struct.pack('>QQ', 9, 0) + b'{}')", "ended", id="says less than it promises"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "told"), _LIARS)
def test_a_process_that_was_taken_over_gets_nothing_but_an_end(
    program: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "_CODE", program)
    with SubprocessRunner() as printer:
        assert told in _limit(printer, _page(tmp_path, "{{ value }}", value="x" * 100_000))


def test_a_process_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "import struct, sys, time; sys.stdout.buffer.write(struct.pack('>QQ', 2, 0) + b'{}'); sys.stdout.flush(); time.sleep(600)"
    monkeypatch.setattr(parent, "_CODE", endless)
    with SubprocessRunner() as printer:
        assert printer(_page(tmp_path, "{{ value }}", value=1)) == ""
        process = printer._process
    assert process is not None
    assert process.returncode not in (None, 0)


def test_without_pipes_nothing_is_asked(tmp_path: Path) -> None:
    with SubprocessRunner() as printer:
        process = subprocess.Popen([sys.executable, "-c", ""])
        printer._process = process
        assert "ended" in _limit(printer, _page(tmp_path, "{{ value }}", value=1))


def _served(*frames: tuple[bytes, bytes]) -> list[tuple[dict[str, Any], str]]:
    asked, told = io.BytesIO(), io.BytesIO()
    for frame in frames:
        wire.send(asked, *frame)
    asked.seek(0)
    child.serve(asked, told, Limits())
    told.seek(0)
    answers = []
    while (answer := wire.receive(told, wire.MAX_HEAD, wire.MAX_BODY)) is not None:
        answers.append((json.loads(answer[0]), answer[1].decode()))
    return answers


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "system", None)


@pytest.mark.usefixtures("unlimited")
def test_the_child_answers_each_request_and_keeps_the_context(tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text("{{ value }}{{ record }}", encoding="utf-8")
    (tmp_path / "b.j2").write_text("{{ 1 / 0 }}", encoding="utf-8")
    base = {"format": "json", "folders": [str(tmp_path)], "names": ["value", "record"], "folder": str(tmp_path)}
    first = json.dumps(base | {"template": "a.j2", "more": {"record": 1}}).encode()
    again = json.dumps(base | {"template": "a.j2", "more": {"record": 2}}).encode()
    bad = json.dumps(base | {"template": "b.j2", "more": {"record": 3}}).encode()
    answers = _served((first, b'{"value": "x"}'), (again, b""), (bad, b""))
    assert [text for _, text in answers] == ['"x"1', '"x"2', ""]
    assert [[one["id"] for one in answer["findings"]] for answer, _ in answers] == [[], [], ["template-failed"]]


@pytest.mark.usefixtures("unlimited")
def test_the_child_reads_and_writes_its_own_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    told = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=told))
    child.main(Limits())
    assert told.getvalue() == b""


class _System:
    """Stand in for the module `resource`."""

    RLIM_INFINITY = -1
    RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_CPU = "as", "fsize", "core", "cpu"

    def __init__(self, most: int, *, refuses: bool = False) -> None:
        self.most = most
        self.refuses = refuses
        self.was_set: dict[str, tuple[int, int]] = {}

    def getrlimit(self, _kind: str) -> tuple[int, int]:
        return self.most, self.most

    def setrlimit(self, kind: str, pair: tuple[int, int]) -> None:
        if self.refuses:
            raise ValueError("current limit exceeds maximum limit")
        self.was_set[kind] = pair


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        pytest.param(-1, {"as": (9, 9), "fsize": (0, 0), "core": (0, 0)}, id="no limit before"),
        pytest.param(5, {"as": (5, 5), "fsize": (0, 0), "core": (0, 0)}, id="a lower limit before"),
    ],
)
def test_limits_are_set_and_never_raised(most: int, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    system = _System(most)
    monkeypatch.setattr(limits, "system", system)
    limits.confine(Limits(memory=9))
    assert system.was_set == expected


def test_time_is_given_from_now_on(monkeypatch: pytest.MonkeyPatch) -> None:
    system = _System(-1)
    monkeypatch.setattr(limits, "system", system)
    monkeypatch.setattr("time.process_time", lambda: 41.2)
    limits.allow_time(Limits(cpu=8))
    assert system.was_set == {"cpu": (50, -1)}


def test_a_system_that_refuses_a_limit_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "system", _System(-1, refuses=True))
    limits.confine(Limits())
    limits.allow_time(Limits())


def test_windows_has_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "system", None)
    limits.confine(Limits())
    limits.allow_time(Limits())
    assert limits.ended_by_time(-24) is False


def test_the_environment_is_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, str]] = []
    real = subprocess.Popen

    def start(*arguments: Any, **more: Any) -> Any:
        given.append(more["env"])
        return real(*arguments, **more)

    monkeypatch.setenv("CANARY_TOKEN", "s3cret")
    monkeypatch.setattr(subprocess, "Popen", start)
    with SubprocessRunner() as printer:
        printer(_page(tmp_path, "{{ value }}", value=1))
    [held] = given
    assert held.keys() <= {"SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}


def _files(printer: templating.TemplateRunner, folder: Path) -> dict[str, bytes]:
    targets = discover(resources.templates(), [folder])
    files: dict[str, bytes] = {}
    bans = [*one_of_each(3), inline("tools", *(identifier("macos", "process_name", f"tool {n}") for n in range(20)))]
    build(resolved(*bans), list(targets.values()), targets, {}, "our-list", files.__setitem__, printer=printer)
    return files


def test_replaced_targets_are_built_to_the_same_bytes_in_either_process(tmp_path: Path) -> None:
    for name in (
        "apple-ios-restrictions",
        "jamf-restricted-software",
        "amapi-cope",
        "intune-windows-applocker",
        "apple-ddm-apps",
    ):
        copy_target(name, tmp_path)
    with SubprocessRunner() as printer:
        there = _files(printer, tmp_path)
        assert printer._process is not None
    assert there == _files(templating.render_template, tmp_path)
    assert len(there) > 30
