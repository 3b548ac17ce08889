"""Let nobody's template out: no file, no environment, no network, none of Python's insides, no end of time or memory.

Each row is a way that Jinja or its sandbox was once left, or could be. A way counts as closed when the template is
refused, or when what it prints holds nothing of what it reached for.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from build_kit import (
    DAY,
    NOTHING_KNOWN,
    ban_list,
    built,
    copy_target,
    deployment,
    edit,
    identifier,
    inline,
    waiver,
)
from cli_kit import run

from mdm_policy import filenames, templating
from mdm_policy.build.writing import Staging
from mdm_policy.errors import PolicyError
from mdm_policy.identifiers import is_valid, slug
from mdm_policy.resolve import resolve
from mdm_policy.sandbox import Limits, SubprocessRunner

_SECRET = "canary-7f3a91"  # noqa: S105 - what a template must not find
_NAMES = frozenset({"value", "values", "table", "late", "record"})
_CONTEXT = {"value": "text", "values": ["a", "b"], "table": {"k": 1}, "late": templating.Lazy(lambda: "late")}
_INSIDES = re.compile(
    r"<(?:class|function|module|bound|built-in|code|frame|slot|method|jinja2|Template|Context|Macro)|object at 0x|mdm_policy\.|\bos\.environ"
)

_ATTRIBUTES = [
    "{{ ''.__class__ }}", "{{ ''['__class__'] }}", "{{ ''|attr('__class__') }}", "{{ ''|attr('__cla' ~ 'ss__') }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ [].__class__.__base__.__subclasses__() }}", "{{ ().__class__.__bases__ }}",
    "{{ values|map(attribute='__class__')|list }}", "{{ values|groupby('__class__')|list }}", "{{ values|sort(attribute='__class__') }}",
    "{{ values|selectattr('__class__')|list }}", "{{ values|rejectattr('__len__')|list }}", "{{ values|sum(attribute='__len__') }}", "{{ values|unique(attribute='__class__')|list }}",
    "{{ values|min(attribute='__class__') }}", "{{ values|max(attribute='__doc__') }}", "{{ values|map('attr', '__class__')|list }}", "{{ values|batch(1).gi_frame }}", "{{ (values|map('upper')).gi_frame.f_globals }}",
    "{{ (values|select).gi_code }}", "{{ range.__class__ }}", "{{ range.__self__ }}", "{{ dict.__subclasses__() }}", "{{ dict.mro() }}", "{{ dict().__init__ }}",
    "{{ value.upper.__self__ }}", "{{ value.upper.__func__.__globals__ }}", "{{ table.items.__self__ }}", "{{ 1 .real.__class__ }}", "{{ true.__class__ }}",
    "{{ none.__class__ }}", "{{ value.encode('utf-8').__class__ }}", "{{ late.make }}", "{{ late.__class__ }}",
]  # fmt: skip
_FORMATS = [
    "{{ '{0.__class__}'.format(value) }}", "{{ '{0.__class__.__init__.__globals__}'.format(range) }}", "{{ '{x.__class__}'.format(x=value) }}",
    "{{ '{x.__class__}'.format_map({'x': value}) }}", "{% set f = '{0.__class__}'.format %}{{ f(value) }}", "{% set f = '{0.__class__}'|attr('format') %}{{ f(value) }}",
    "{{ ['{0.__class__}']|map('format', value)|list }}", "{{ '%(x)s'|format(x=value.__class__) }}", "{{ '{0.__class__}'['format'](value) }}",
    "{{ values|map(attribute='format')|list }}", "{{ ('{0.__class__}'|upper|lower).format(value) }}", "{% set f %}{0.__class__}{% endset %}{{ f.format(value) }}", "{% set f %}{x.__class__}{% endset %}{{ f.format_map({'x': value}) }}",
    "{{ '{0[__class__]}'.format(value) }}", "{{ ['x']|map(attribute='format.__self__.__class__')|list }}",
]  # fmt: skip
_GLOBALS = [
    "{{ cycler.__init__.__globals__.os.environ }}", "{{ joiner.__init__.__globals__ }}", "{{ namespace.__init__.__globals__ }}", "{{ lipsum.__globals__ }}",
    "{{ self.__init__.__globals__ }}", "{{ self._TemplateReference__context }}", "{{ self.__dict__ }}", "{% block a %}{{ self.a.__globals__ }}{% endblock %}", "{% block a %}{{ self.a._context }}{% endblock %}",
    "{% block b %}{{ self.b.super.__func__ }}{% endblock %}", "{{ self._environment }}", "{{ environment }}", "{{ context }}", "{{ request }}", "{{ config }}", "{{ get_flashed_messages.__globals__ }}", "{{ url_for.__globals__ }}",
    "{{ __import__('os').environ }}", "{{ open('/etc/passwd').read() }}", "{{ eval('1') }}", "{{ globals() }}", "{{ import_module('os') }}", "{{ debug() }}", "{% debug %}", "{% do values.append(1) %}",
]  # fmt: skip
_CALLS = [
    "{% macro m() %}{% endmacro %}{{ m.__globals__ }}", "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}", "{% macro m() %}{% endmacro %}{{ m._environment }}", "{% macro m() %}{% endmacro %}{{ m.__init__.__globals__ }}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}", "{% macro m() %}{{ varargs.__class__ }}{{ kwargs.__class__ }}{% endmacro %}{{ m(1, x=2) }}",
    "{% for x in values %}{{ loop.__class__ }}{% endfor %}", "{% for x in values %}{{ loop._iterator }}{% endfor %}", "{% for x in values %}{{ loop.cycle.__func__.__globals__ }}{% endfor %}", "{% for x in values recursive %}{{ loop.__call__.__globals__ }}{% endfor %}",
    "{% import 'part.j2' as p %}{{ p.__dict__ }}", "{% import 'part.j2' as p %}{{ p._body_stream }}", "{% import 'part.j2' as p %}{{ p.__class__.__init__.__globals__ }}", "{% import 'part.j2' as p %}{{ p.m.__globals__ }}",
    "{% from 'part.j2' import __class__ %}{{ __class__ }}", "{% from 'part.j2' import _private %}",
]  # fmt: skip
_UNTYPED = [
    "{{ value|safe }}", "{{ value|tojson }}", "{{ value|xmlattr }}", "{{ table|xmlattr }}", "{{ value|default(1) }}", "{{ value|random }}", "{{ value|pprint }}", "{{ value|urlize }}", "{{ value|forceescape }}", "{% autoescape false %}{{ value }}{% endautoescape %}",
    "{{ values.append('c') }}", "{{ table.update(x=1) }}", "{{ table.pop('k') }}", "{{ values.sort() }}", "{{ table.setdefault('z', 1) }}", "{{ values.clear() }}",
]  # fmt: skip
_NAMES_OF_FILES = [
    "../secret.txt", "..", "./../secret.txt", "sub/../../secret.txt", "/etc/passwd", "//etc/passwd", "....//secret.txt", "..\\secret.txt", "link.j2", "linked/secret.txt",
    "file:///etc/passwd", "http://127.0.0.1/x", "secret.txt\0.j2", "/proc/self/environ", "C:\\secret.txt", "~/secret.txt", "pipe.j2", "null.j2", "~", "",
]  # fmt: skip
_LOADING = [
    "{{% include {0!r} %}}",
    "{{% import {0!r} as p %}}{{{{ p }}}}",
    "{{% extends {0!r} %}}",
    "{{% from {0!r} import m %}}",
    "{{% include [{0!r}, 'absent'] %}}",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a template folder with a secret beside it, and links that lead to it."""
    (tmp_path / "secret.txt").write_text(_SECRET, encoding="utf-8")
    made = tmp_path / "mine"
    (made / "sub").mkdir(parents=True)
    (made / "part.j2").write_text("{% macro m() %}{% endmacro %}", encoding="utf-8")
    (made / "link.j2").symlink_to(tmp_path / "secret.txt")
    (made / "linked").symlink_to(tmp_path)
    (made / "null.j2").symlink_to("/dev/zero")
    os.mkfifo(made / "pipe.j2")
    return made


def _print(
    folder: Path, text: str, number: int, printer: templating.TemplateRunner = templating.render_template
) -> tuple[str, str]:
    """Print a template, and return what it printed and how it was refused."""
    name = f"t{number}.j2"
    (folder / name).write_text(text, encoding="utf-8")
    page = templating.Page("json", (folder,), _NAMES, folder, name, _CONTEXT, {"record": None}, foreign=True)
    try:
        return printer(page), ""
    except PolicyError as refused:
        places = [found.origin for found in refused.findings]
        return "", str(refused) + " (nowhere)" * (None in places)


def _reaches(printed: str, told: str) -> bool:
    """Tell whether a template got hold of anything; naming a type in its refusal is no hold on it."""
    return _SECRET in printed + told or _INSIDES.search(printed) is not None


def test_no_way_out_of_the_sandbox_is_open(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_TOKEN", _SECRET)
    monkeypatch.setattr(socket, "socket", lambda *_a, **_k: pytest.fail("a template opened a socket"))
    ways = [*_ATTRIBUTES, *_FORMATS, *_GLOBALS, *_CALLS, *_UNTYPED]
    outcomes = [(way, *_print(folder, way, number)) for number, way in enumerate(ways)]
    escaped = [(way, printed) for way, printed, told in outcomes if _reaches(printed, told)]
    silent = [(way, printed) for way, printed, told in outcomes if not told]
    print(f"trust: templates: {len(ways)} escapes tried, {len(ways) - len(silent)} refused, {len(escaped)} succeeded")
    assert escaped == []
    assert _CONTEXT["values"] == ["a", "b"]
    assert _CONTEXT["table"] == {"k": 1}
    assert not [way for way, _, told in outcomes if "(nowhere)" in told]
    assert silent == []


def test_no_file_outside_the_folder_is_read(folder: Path) -> None:
    ways = [way.format(name) for way in _LOADING for name in _NAMES_OF_FILES]
    outcomes = [(way, *_print(folder, way, number)) for number, way in enumerate(ways)]
    escaped = [(way, printed) for way, printed, told in outcomes if printed or _SECRET in told or "root:" in told]
    print(f"trust: templates: {len(ways)} ways to load a file from elsewhere tried, {len(escaped)} succeeded")
    assert escaped == []


_ENDLESS = [
    pytest.param("{{ 'a' * 10**10 }}", id="repetition"),
    pytest.param("{{ 'a' * (3 * 10**9) }}", id="repetition that nearly fits"),
    pytest.param("{% set x = 'a' * 10**8 %}{{ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x }}", id="joining"),
    pytest.param("{{ (range(99999) | list) * 99999 }}", id="a long list"),
    pytest.param("{{ range(10**12) }}", id="a giant range"),
    pytest.param("{{ range(99999) | product }}", id="an unknown filter"),
    pytest.param("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", id="nested loops"),
    pytest.param("{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxxxx{% endfor %}{% endfor %}", id="nested loops that print"),
    pytest.param("{% set x %}{% for a in range(99999) %}{% for b in range(99999) %}{{ 'x' * 1000 }}{% endfor %}{% endfor %}{% endset %}", id="nested loops into a name"),
    pytest.param("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", id="a macro that calls itself"),
    pytest.param("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", id="a macro that calls itself twice"),
    pytest.param("{% include 'main.j2' %}", id="a template that includes itself"),
    pytest.param("{% extends 'main.j2' %}", id="a template that extends itself"),
    pytest.param("{% import 'main.j2' as m %}", id="a template that imports itself"),
    pytest.param("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", id="a loop that calls itself"),
    pytest.param("{% set n = namespace(x=1) %}{% for a in range(9) %}{% set n.x = n.x * 10 %}{% endfor %}", id="a namespace"),
    pytest.param("{{ ((((9**9)**9)**9)**9)**9 }}", id="a power"),
    pytest.param("{{ 7 ** (10**9) }}", id="a great power"),
    pytest.param("{{ '%0999999999d' | format(1) }}", id="a wide number"),
    pytest.param("{{ '{:>9999999999}'.format(1) }}", id="a wide text"),
    pytest.param("{{ 'x' | center(10**10) }}", id="a wide line"),
    pytest.param("{{ 'x' | indent(10**10, true) }}", id="a deep indent"),
    pytest.param("{{ ('x' * 10**7) | wordwrap(1) | length }}{{ 'y' * 10**10 }}", id="a wrapped text"),
    pytest.param("{{ values | batch(10**10, 'x') | list }}", id="a filled batch"),
    pytest.param("{{ values | slice(10**10) | list }}", id="many slices"),
    pytest.param("{{ " + "(" * 100_000 + " }}", id="deep brackets"),
    pytest.param("{{ " + "[" * 5_000 + "]" * 5_000 + " }}", id="deep lists"),
    pytest.param("{{ " + "-" * 100_000 + "1 }}", id="deep signs"),
    pytest.param("{{ " + "not " * 50_000 + "1 }}", id="deep negations"),
    pytest.param("{% if 1 %}" * 3_000 + "{% endif %}" * 3_000, id="deep conditions"),
    pytest.param("{% for x in [1] %}" * 300 + "{% endfor %}" * 300, id="deep loops"),
    pytest.param("{{ " + " + ".join(["1"] * 300_000) + " }}", id="a long sum"),
    pytest.param("{{ x }}" * 400_000, id="a template of megabytes"),
    pytest.param("x" * 100_000_000, id="a template of a hundred megabytes"),
]  # fmt: skip
_SECONDS = 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces all limits")
@pytest.mark.parametrize("text", _ENDLESS)
def test_whatever_has_no_end_is_ended(text: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    (tmp_path / "main.j2").write_text(text, encoding="utf-8")
    page = templating.Page("json", (tmp_path,), _NAMES, tmp_path, "main.j2", _CONTEXT, {"record": None}, foreign=True)
    began = time.monotonic()
    with SubprocessRunner(Limits(cpu=_SECONDS, wall=60)) as printer, pytest.raises(PolicyError) as refused:
        printer(page)
    taken = time.monotonic() - began
    assert {found.id for found in refused.value.findings} <= {
        "template-limit", "template-failed", "template-syntax", "template-name", "template-too-large",
    }  # fmt: skip
    assert taken < 60
    name, by = request.node.callspec.id, refused.value.findings[0].id
    print(f"trust: templates: without end: {name}: ended after {taken:.1f} s ({by})")


def _child_memory(status: str) -> int:
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_process_is_bounded_and_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_TOKEN", _SECRET)
    (tmp_path / "main.j2").write_text("{{ value }}", encoding="utf-8")
    page = templating.Page("json", (tmp_path,), _NAMES, tmp_path, "main.j2", _CONTEXT, {"record": None}, foreign=True)
    with SubprocessRunner() as printer:
        printer(page)
        assert printer._process is not None
        own = Path(f"/proc/{printer._process.pid}")
        environment = (own / "environ").read_bytes()
        allowed = (own / "limits").read_text()
        peak = _child_memory((own / "status").read_text())
    print(f"trust: templates: the process apart holds {peak // 2**20} MiB after a small template")
    assert _SECRET.encode() not in environment
    assert re.search(r"Max address space +1073741824 +1073741824", allowed)
    assert re.search(r"Max file size +0 +0", allowed)
    assert re.search(r"Max processes +0 +0", allowed)


_TITLE = "<key>PayloadOrganization</key>"
_HOSTILE_EDITS: list[Any] = [
    pytest.param("{% include '../../secret.txt' %}", id="includes a secret"),
    pytest.param("{% include 'link.j2' %}", id="includes a link to a secret"),
    pytest.param("{{ ''.__class__ }}", id="walks into Python"),
    pytest.param("{{ 'a' * 10**10 }}", id="takes all memory"),
    pytest.param("{% if ids.ios.bundle_id %}</dict>{% endif %}", id="breaks the document"),
    pytest.param("<key>RemovalDate</key><date>2030-01-01T00:00:00Z</date>", id="ends the ban"),
]


@pytest.mark.parametrize("text", _HOSTILE_EDITS)
def test_a_hostile_target_leaves_nothing_behind(text: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(_SECRET, encoding="utf-8")
    folder = copy_target("apple-ios-restrictions", tmp_path / "mine")
    edit(folder / "profile.mobileconfig.j2", _TITLE, text + _TITLE)
    if "link.j2" in text:
        (folder / "link.j2").symlink_to(tmp_path / "secret.txt")
    outcome = run("build", "us-omb-m-23-13", "--as-of", DAY, "--target", "apple-ios-restrictions", "--templates", tmp_path / "mine", "-o", tmp_path / "out",
    )  # fmt: skip
    assert outcome.code in (1, 11)
    assert _SECRET not in outcome.out + outcome.err
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "out").exists()


_HOSTILE_NAMES = [
    "../../etc/passwd", "..", ".", "/etc/passwd", "\\\\server\\share", "C:\\x", "con", "CON", "nul.xml", "com1", "a:b", "a*b?", "x" * 200, "\u6f22\u5b57", "Tool", "tool",
    "tool.", "tool ", "$(reboot)", "--help", "~", "-", "e\u0301", "\u00e9", "manifest.json", "IMPORT.md", "import.MD", "a/../b", "%2e%2e%2f",
]  # fmt: skip


def test_no_name_in_a_list_decides_where_a_file_goes(tmp_path: Path) -> None:
    values = [name for name in _HOSTILE_NAMES if is_valid("macos", "process_name", name)]
    bans = [inline("App", *(identifier("macos", "process_name", value) for value in values))]
    spared = [
        inline(f"Spared {n}", identifier("macos", "process_name", f"spared {n}")) for n in range(len(_HOSTILE_NAMES))
    ]
    waivers = [waiver(f"inline:{slug(f'Spared {n}')}", name) for n, name in enumerate(_HOSTILE_NAMES)]
    resolution = resolve([ban_list(*bans, *spared, exceptions=waivers)], deployment(), NOTHING_KNOWN, DAY)
    _, files = built(resolution, ["jamf-restricted-software"])
    with Staging(tmp_path / "out") as staging:
        for path, data in files.items():
            staging.write(path, data)
    unsafe = [path for path in files if filenames.problem(path)]
    print(
        f"trust: names: {len(values)} hostile identifiers and {len(_HOSTILE_NAMES)} hostile groups made "
        f"{len(files)} files, {len(unsafe)} unsafe, {len(files) - len(set(map(filenames.same, files)))} in one place"
    )
    assert unsafe == []
    assert len(files) > len(values) * 10
    assert len(set(map(filenames.same, files))) == len(files)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_no_process_is_left_when_a_build_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def start(*arguments: Any, **more: Any) -> Any:
        started.append(real(*arguments, **more))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    copy_target("apple-ios-restrictions", tmp_path / "mine")
    outcome = run("build", "us-omb-m-23-13", "--as-of", DAY, "--templates", tmp_path / "mine", "-o", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert [process.returncode for process in started] == [0]
