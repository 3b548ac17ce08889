"""Removal scripts: what stands in them, that they only say what they would do, and that nothing counts them as proof."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from build_kit import DAY, EVERY_TARGET, NOTHING_KNOWN, POOLS, ban_list, built, deployment, identifier, inline, waiver

from mdm_policy import render
from mdm_policy.build import handing
from mdm_policy.build.record import MANIFEST
from mdm_policy.errors import PolicyError
from mdm_policy.resolve import ordered, resolve
from mdm_policy.sources.files import read_policies
from mdm_policy.targets import Target
from mdm_policy.writers import WRITERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdm_policy.model import Resolution
    from mdm_policy.vocabulary import Kind

SCRIPTS = [name for name, target in EVERY_TARGET.items() if target.manifest.handed_over]
ODD = 'a\'b \u2019$(x) `y` "z" 漢 \U0001f600'
_WINDOWS: tuple[Kind, ...] = ("package_family_name", "product_code", "winget_id")


def order(*, enforce: bool = False, name: str = ODD, excepted: bool = False) -> Resolution:
    pairs = [("windows", kind) for kind in _WINDOWS] + [("macos", "bundle_id")]
    bans = [inline(name, *(identifier(*pair, value) for pair in pairs for value in POOLS[pair][:2]))]  # type: ignore[arg-type, index]
    bans.append(inline("spared", identifier("windows", "product_code", "企业 'x'")))
    made = deployment(removal="enforce") if enforce else deployment()
    exceptions = [waiver("inline:spared", "lab")] if excepted else []
    return resolve([ban_list(*bans, exceptions=exceptions)], made, NOTHING_KNOWN, DAY)


def files(resolution: Resolution) -> dict[str, bytes]:
    return built(resolution, SCRIPTS, EVERY_TARGET)[1]


def scripts(suffix: str, *, enforce: bool = False) -> Iterator[tuple[str, str]]:
    for path, data in files(order(enforce=enforce)).items():
        if path.endswith(suffix):
            yield path, data.decode("ascii")
        elif path.endswith("remediation.json") and suffix == ".ps1":
            body = json.loads(data)
            for key in ("detectionScriptContent", "remediationScriptContent"):
                yield f"{path}/{key}", base64.b64decode(body[key]).decode("ascii")


def _faults(node: Any) -> Iterator[str]:
    if node.type == "ERROR" or node.is_missing:
        yield f"{node.start_point}: {node.text[:60]}"
    for child in node.children:
        yield from _faults(child)


def test_powershell_parses_without_an_error() -> None:
    grammar, parsing = pytest.importorskip("tree_sitter_powershell"), pytest.importorskip("tree_sitter")
    parser = parsing.Parser(parsing.Language(grammar.language()))
    found = dict(scripts(".ps1", enforce=True))
    assert len(found) == 6
    for path, text in found.items():
        assert not list(_faults(parser.parse(text.encode()).root_node)), path
    assert list(_faults(parser.parse(b"if ($x { 'y' }").root_node))


@pytest.mark.live("shellcheck")
def test_bash_is_clean_for_shellcheck(tmp_path: Path) -> None:
    program = shutil.which("shellcheck")
    assert program is not None
    for path, text in scripts(".sh", enforce=True):
        script = tmp_path / Path(path).name
        script.write_text(text, encoding="ascii")
        ran = subprocess.run([program, "--severity=style", str(script)], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout) == (0, ""), path


@pytest.mark.parametrize("enforce", [False, True])
def test_a_plain_script_only_says_what_it_would_do(enforce: bool) -> None:
    for suffix, said in ((".ps1", "$Remove = $"), (".sh", "REMOVE=")):
        for path, text in scripts(suffix, enforce=enforce):
            if said in text:
                whether = "true" if "json" in path or "enforced" in path else "false"
                assert text.count(f"{said}{whether}\n") == 1, path
                assert re.findall(rf"^{re.escape(said)}\w+", text, re.MULTILINE) == [f"{said}{whether}"]


def test_what_removes_by_itself_is_written_only_when_it_is_asked_for() -> None:
    offered, enforced = files(order()), files(order(enforce=True))
    more = {path.partition("/")[2] for path in enforced.keys() - offered.keys()}
    assert more == {"our-list.remediation.json", "our-list.uninstall-assignment.json", "our-list.remove-enforced.sh"}
    assert all(offered[path] == enforced[path] for path in offered if path.endswith((".ps1", ".sh")))


_NETWORK = re.compile(
    r"https?://|Invoke-(?:WebRequest|RestMethod|Expression)|\b(?:iwr|irm|iex|curl|wget|nc)\b|Net\.|Start-BitsTransfer|System\.Net",
    re.IGNORECASE,
)


@pytest.mark.parametrize("suffix", [".ps1", ".sh"])
def test_scripts_are_ascii_and_call_no_network(suffix: str) -> None:
    found = list(scripts(suffix, enforce=True))
    assert found
    for path, text in found:
        assert not _NETWORK.search(text), path
        assert "\r" not in text
        assert text.endswith("\n")


def test_every_path_is_quoted() -> None:
    bare = re.compile(r"""(?<!['"\w.\\/:-])(?:[A-Za-z]:\\|\\\\|/(?:bin|usr|Applications|Users|dev|System)\b|\w+::)""")
    for suffix in (".ps1", ".sh"):
        for path, text in scripts(suffix, enforce=True):
            code = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
            assert not [line for line in code if bare.search(line)], path


@pytest.mark.parametrize(
    ("format_", "value", "written"),
    [
        pytest.param("powershell", "it's", "'it''s'", id="apostrophe"),
        pytest.param("powershell", "x\u2019; y", "('' + 'x' + [char]0x2019 + '; y')", id="typographic"),
        pytest.param("powershell", "企$", "('' + [char]0x4F01 + '$')", id="other letters"),
        pytest.param("powershell", "\U0001f600", "('' + [char]0xD83D + [char]0xDE00)", id="beyond 16 bits"),
        pytest.param("powershell", "", "''", id="nothing"),
        pytest.param("powershell", True, "$true", id="flag"),
        pytest.param("bash", "it's $(x)", "'it'\\''s $(x)'", id="bash apostrophe"),
        pytest.param("bash", "é'", "$'\\xc3\\xa9\\x27'", id="bash other letters"),
        pytest.param("bash", False, "false", id="bash flag"),
    ],
)
def test_values_are_literals(format_: str, value: Any, written: str) -> None:
    assert WRITERS[format_](value) == written


@pytest.mark.parametrize("format_", ["powershell", "bash"])
def test_a_list_is_no_literal(format_: str) -> None:
    with pytest.raises(TypeError):
        WRITERS[format_](["a"])


def test_bash_reads_back_what_was_written(tmp_path: Path) -> None:
    script = tmp_path / "a.sh"
    script.write_text(f"printf %s {WRITERS['bash'](ODD)}", encoding="ascii")
    program = shutil.which("bash")
    if program is None:
        pytest.skip("there is no bash here")
    assert subprocess.run([program, str(script)], capture_output=True, check=True).stdout.decode() == ODD


def test_an_exception_leaves_its_app_alone() -> None:
    made = files(order(excepted=True))
    code = WRITERS["powershell"]("企业 'x'")
    assert code in made["windows-removal/our-list.remove.ps1"].decode()
    assert code not in made["windows-removal/our-list--lab.remove.ps1"].decode()


def test_no_verdict_counts_what_is_handed_over(tmp_path: Path) -> None:
    made, written = built(order(enforce=True), SCRIPTS, EVERY_TARGET)
    assert made.documents == ()
    assert made.pieces == ()
    for path, data in written.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    bodies = [one.path for one in made.handed if one.path.endswith(".json")]
    record = {"format": "mdm-policy-build", "version": 1, "handed_over": [{"path": path} for path in bodies]}
    (tmp_path / MANIFEST).write_text(json.dumps(record), encoding="utf-8")
    assert read_policies([tmp_path]).documents == ()
    assert len(read_policies([tmp_path / bodies[0]]).documents) == 1


def test_every_page_says_that_it_proves_nothing() -> None:
    made = files(order())
    for name in SCRIPTS:
        page = made[f"{name}/IMPORT.md"].decode()
        assert "Handed over, not proven" in page
        assert "meet no duty" in page


def test_the_page_names_what_can_only_be_removed() -> None:
    made = resolve(
        [ban_list(inline("Scanner", identifier("windows", "winget_id", "Maker.Scanner")))],
        deployment(), NOTHING_KNOWN, DAY,
    )  # fmt: skip
    page = built(made, SCRIPTS, EVERY_TARGET)[1]["windows-removal/IMPORT.md"].decode()
    assert "Keep Scanner from running" in page
    assert "nothing blocks it" in page


def test_a_script_with_other_letters_is_refused(tmp_path: Path) -> None:
    target = EVERY_TARGET["windows-removal"]
    (tmp_path / "detect.ps1.j2").write_text("# é\n", encoding="utf-8")
    own = Target(target.manifest, tmp_path, tmp_path, True, target.shared)
    made = order()
    ids = ordered(made, made.variants[0], render.kinds([own], EVERY_TARGET))
    job = render.Job(own, made, made.variants[0], ids, {}, EVERY_TARGET, "our-list")
    with pytest.raises(PolicyError) as failed:
        list(handing.hand_over(job))
    assert [one.id for one in failed.value.findings] == ["script-not-ascii"]
