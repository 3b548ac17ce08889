"""Programs that share no code with ours read what is built: property lists, XML, and the scripts of the examples."""

from __future__ import annotations

import functools
import plistlib
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from build_kit import ALL_OPTIONS, DAY, built
from lxml import etree

from mdm_policy import catalogue
from mdm_policy.resolve import resolve
from mdm_policy.sources import inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PIPELINES = ROOT / "examples" / "pipelines"


@functools.cache
def files() -> dict[str, bytes]:
    """Build the example for every target, with every option."""
    read = inputs.gather(ROOT / "examples" / "federal" / "deployment.yaml", ())
    return built(resolve(read.lists, read.deployment, catalogue.load(), DAY), options=ALL_OPTIONS)[1]


def ran(*command: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([str(one) for one in command], input=stdin, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
    return done


@pytest.mark.live("plistutil")
def test_libplist_reads_every_profile_as_it_was_meant(tmp_path: Path) -> None:
    """libplist is what opens Apple's files on Linux; it goes from XML to binary, which plistlib then reads."""
    names = [name for name in files() if name.endswith(".mobileconfig")]
    assert len(names) >= 4
    for name in names:
        given, binary = tmp_path / "given", tmp_path / "binary"
        given.write_bytes(files()[name])
        ran("plistutil", "-f", "bin", "-i", given, "-o", binary)
        assert binary.read_bytes().startswith(b"bplist00"), name
        assert plistlib.loads(binary.read_bytes()) == plistlib.loads(files()[name]), name


@pytest.mark.live("xmllint")
def test_xmllint_finds_nothing_to_say_of_any_xml(tmp_path: Path) -> None:
    """Without network, entities or a DTD of our own; what it prints canonically is what lxml holds."""
    names = [name for name in files() if name.endswith((".xml", ".mobileconfig"))]
    assert len(names) >= 10
    for name in names:
        path = tmp_path / "x.xml"
        path.write_bytes(files()[name])
        done = ran("xmllint", "--nonet", "--noout", "--pedantic", path)
        assert done.stderr == b"", name
        canonical = ran("xmllint", "--nonet", "--c14n", path).stdout
        assert canonical == etree.tostring(etree.fromstring(files()[name]), method="c14n"), name


@pytest.mark.live("xmllint")
def test_xmllint_counts_the_rules_of_applocker(tmp_path: Path) -> None:
    counted = 0
    for name, data in files().items():
        if "applocker" in name and name.endswith(".xml"):
            path = tmp_path / "x.xml"
            path.write_bytes(data)
            found = ran("xmllint", "--nonet", "--xpath", "count(//*[@Action='Deny'])", path).stdout
            assert int(found) == data.count(b'Action="Deny"'), name
            counted += int(found) > 0  # what only lets packaged apps run denies nothing
    assert counted >= 2


def scripts() -> Iterator[Any]:
    """Yield every script that the pipelines hold, as the runner would give it to a shell."""
    flow = yaml.load((PIPELINES / "github-actions.yml").read_text(), yaml.BaseLoader)  # noqa: S506 - makes texts only
    for job, one in flow["jobs"].items():
        texts = [step["run"] for step in one["steps"] if "run" in step]
        yield pytest.param("\n".join(texts), id=f"github {job}")
    lab = yaml.safe_load((PIPELINES / "gitlab-ci.yml").read_text())
    for job, one in lab.items():
        if isinstance(one, dict) and "script" in one:
            yield pytest.param("\n".join([*lab["default"]["before_script"], *one["script"]]), id=f"gitlab {job}")
    yield pytest.param((ROOT / ".ci" / "run").read_text(), id=".ci/run")


@pytest.mark.live("shellcheck")
@pytest.mark.parametrize("script", list(scripts()))
def test_shellcheck_finds_nothing_in_a_script(script: str) -> None:
    ran("shellcheck", "--shell=bash", "--severity=style", "-", stdin=script.encode())
