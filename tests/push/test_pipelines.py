"""The examples of pipelines: each script is run as the runner would run it, against the Graph emulator.

What a machine without GitHub or GitLab cannot do stands in for them: `pip` installs nothing (the program is there), `gh` notes
what it is given, and GitLab's API is a small server.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
import yaml
from emulators.graph import SECRET

from push.kits.graph import Kit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulators.graph import GraphServer

HOME = Path(__file__).parents[2] / "examples" / "pipelines"
GITHUB = HOME / "github-actions.yml"
GITLAB = HOME / "gitlab-ci.yml"
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
"""How GitHub runs a step whose shell is bash; GitLab's runner sets the same two options."""
TOKEN = "canary-note-token"  # noqa: S105 - a canary, it opens nothing


@pytest.fixture
def server() -> Iterator[GraphServer]:
    with Kit().emulator() as running:
        yield running


class Runner:
    """Hold a checkout, stand-ins for the programs of the runner, and what the runner gives to scripts."""

    def __init__(self, folder: Path, server: GraphServer) -> None:
        self.checkout = folder / "checkout"
        self.checkout.mkdir()
        self.tools = folder / "bin"
        self.tools.mkdir()
        self.said = ""
        deployment = yaml.safe_load((HOME / "deployment.yaml").read_text())
        settings = deployment["destinations"]["intune"]["graph"]
        settings |= {"login_url": server.url, "graph_url": server.url}
        (self.checkout / "deployment.yaml").write_text(yaml.safe_dump(deployment))
        self.summary, self.output, self.comments = (folder / name for name in ("summary", "output", "comments"))
        for path in (self.summary, self.output, self.comments):
            path.touch()
        self._tool("mdm-policy", f'exec {shlex.quote(sys.executable)} -m mdm_policy "$@"')
        pip = '*"-m pip install"*) echo "$@" >> "$INSTALLED" ;;'
        self._tool("python", f'case "$*" in\n{pip}\n*) exec {shlex.quote(sys.executable)} "$@" ;;\nesac')
        self._tool(
            "gh", 'echo "gh $*" >> "$COMMENTS"\nwhile [ "$1" != --body-file ]; do shift; done\ncat "$2" >> "$COMMENTS"'
        )
        self.env = {
            "PATH": f"{self.tools}:/usr/bin:/bin",
            "HOME": str(folder),
            "COMMENTS": str(self.comments),
            "INSTALLED": str(folder / "installed"),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.output),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

    def _tool(self, name: str, script: str) -> None:
        path = self.tools / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def script(self, text: str, **env: str) -> int:
        """Run a script and return its exit code."""
        ran = subprocess.run(
            [*BASH, text],
            cwd=self.checkout,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.said = ran.stdout + ran.stderr
        assert SECRET not in self.said
        return ran.returncode

    def outputs(self) -> dict[str, str]:
        """Return the last outputs of a step."""
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())


@pytest.fixture
def runner(tmp_path: Path, server: GraphServer) -> Runner:
    return Runner(tmp_path, server)


def github() -> Any:
    return yaml.load(GITHUB.read_text(), yaml.BaseLoader)  # noqa: S506 - the base loader makes texts only


def job(runner: Runner, name: str, **known: str) -> int:
    """Run the steps of a job of GitHub's; `known` are the values of the expressions in `env`."""
    values = {"secrets.MDM_POLICY_SECRET_INTUNE": SECRET, "github.token": "t", "inputs.reason": "", **known}
    for step in github()["jobs"][name]["steps"]:
        if "run" in step:
            env = {key: _filled(value, values) for key, value in step.get("env", {}).items()}
            code = runner.script(step["run"], **env)
            if code:
                return code
    return 0


def _filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ *([^ }]+) *\}\}", lambda found: values[found[1]], text)


def test_github_from_the_pull_request_to_the_nightly_job(runner: Runner, server: GraphServer) -> None:
    number = {"github.event.pull_request.number": "7"}
    assert job(runner, "check") == 0, runner.said
    assert job(runner, "comment", **number) == 0, runner.said
    comment = runner.comments.read_text()
    assert comment.startswith("gh pr comment 7 --edit-last --create-if-none --body-file comment.md\n")
    assert "TIGHTENED" in comment
    assert len(server.objects) == 4, "a pull request wrote"
    assert job(runner, "plan") == 0, runner.said
    assert runner.outputs() == {"changes": "yes"}
    assert "TIGHTENED" in runner.summary.read_text()
    assert job(runner, "apply") == 0, runner.said
    assert len(server.objects) == 6
    assert list(runner.checkout.glob("plan.json.*.receipt.json"))
    assert job(runner, "plan") == 0
    assert runner.outputs() == {"changes": "no"}
    assert job(runner, "drift") == 0, runner.said
    rename(server)
    assert job(runner, "drift") == 0
    assert "::warning::somebody changed a policy" in runner.said
    Kit().meddle(server)
    assert job(runner, "drift") == 11
    assert "DRIFT" in runner.summary.read_text()
    assert job(runner, "comment", **{**number, "secrets.MDM_POLICY_SECRET_INTUNE": "wrong"}) == 1


def rename(server: GraphServer) -> None:
    """Rename our policies in the console: a difference that weakens nothing."""
    for _, _, one in Kit()._ours(server):
        key = "name" if "name" in one["data"] else "displayName"
        one["data"][key] = "Renamed"


def fewer(runner: Runner) -> None:
    """Take a list out of the deployment, so that the next plan weakens bans."""
    path = runner.checkout / "deployment.yaml"
    path.write_text(path.read_text().replace("- us-kaspersky\n", ""))


def test_github_weakens_a_ban_only_by_hand_and_with_a_reason(runner: Runner, server: GraphServer) -> None:
    assert job(runner, "plan") == job(runner, "apply") == 0, runner.said
    whole = Kit().bans(server)
    fewer(runner)
    assert job(runner, "plan") == 0, runner.said
    assert runner.outputs() == {"changes": "yes"}
    assert job(runner, "apply") == 12
    assert Kit().bans(server) == whole
    assert job(runner, "apply", **{"inputs.reason": "MEMO-1; $(touch hacked)"}) == 0, runner.said
    assert Kit().bans(server) < whole
    receipts = [path.read_text() for path in runner.checkout.glob("plan.json.*.receipt.json")]
    assert any("MEMO-1; $(touch hacked)" in text for text in receipts)
    assert not (runner.checkout / "hacked").exists()


@pytest.mark.parametrize("where", ["github", "gitlab"])
def test_a_strict_pipeline_fails_while_a_gap_is_left(where: str, runner: Runner) -> None:
    runner.env["STRICT"] = "yes"
    start = job if where == "github" else gitlab
    assert start(runner, "plan") == 0, runner.said
    assert start(runner, "apply") == 11, runner.said


def test_the_pipelines_pin_each_action_to_a_commit_and_say_which_files_to_keep() -> None:
    for line in GITHUB.read_text().splitlines():
        if "uses:" in line:
            assert re.search(r"@[0-9a-f]{40} # v\d", line), line
    for path in (GITHUB, GITLAB):
        text = path.read_text()
        assert "apply plan.json --deployment deployment.yaml --yes" in text
        assert "plan.json.* too (journal and receipt)" in text
        assert "mdm-policy assess intune --deployment deployment.yaml" in text


def test_github_scripts_hold_no_expression_and_jobs_no_more_rights_than_they_need() -> None:
    flow = github()
    assert flow["permissions"] == {"contents": "read"}
    assert flow["jobs"]["apply"]["environment"] == "production"
    writers = {name for name, one in flow["jobs"].items() if "write" in str(one.get("permissions"))}
    assert writers == {"comment"}
    for name, one in flow["jobs"].items():
        for step in one["steps"]:
            assert "${{" not in step.get("run", ""), name
            assert {"uses", "run"} & step.keys()
    assert "pull_request_target" not in flow["on"]


class Notes:
    """Stand for GitLab's API: take notes."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, str]] = []
        notes = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                notes.taken.append((self.path, self.headers["PRIVATE-TOKEN"], parse_qs(body)["body"][0]))
                self.send_response(201)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Notes:  # noqa: PYI034 - it is final
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def gitlab(runner: Runner, name: str, **env: str) -> int:
    """Run the script of a job of GitLab's, with what comes before it, in one shell as the runner does."""
    flow = yaml.safe_load(GITLAB.read_text())
    lines = [*flow["default"]["before_script"], *flow[name]["script"]]
    return runner.script("\n".join(lines), MDM_POLICY_SECRET_INTUNE=SECRET, **env)


def test_gitlab_from_the_merge_request_to_the_schedule(runner: Runner, server: GraphServer) -> None:
    assert gitlab(runner, "check") == 0, runner.said
    with Notes() as notes:
        url = f"http://127.0.0.1:{notes.server.server_address[1]}/api/v4"
        env = {"CI_API_V4_URL": url, "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "8", "MDM_POLICY_NOTE_TOKEN": TOKEN}
        assert gitlab(runner, "note", **env) == 0, runner.said
        assert TOKEN not in runner.said
    ((path, token, body),) = notes.taken
    assert (path, token) == ("/api/v4/projects/3/merge_requests/8/notes", TOKEN)
    assert "TIGHTENED" in body
    assert len(server.objects) == 4, "a merge request wrote"
    assert gitlab(runner, "plan") == 0, runner.said
    assert gitlab(runner, "apply") == 0, runner.said
    assert gitlab(runner, "drift") == 0, runner.said
    whole = Kit().bans(server)
    fewer(runner)
    assert gitlab(runner, "plan") == 0, runner.said
    assert gitlab(runner, "apply") == 12
    assert gitlab(runner, "apply", REASON="MEMO 2 (example)") == 0, runner.said
    assert Kit().bans(server) < whole
    rename(server)
    flow = yaml.safe_load(GITLAB.read_text())
    assert gitlab(runner, "drift") in flow["drift"]["allow_failure"]["exit_codes"] == [10]
    Kit().meddle(server)
    assert gitlab(runner, "drift") == 11


def test_the_scripts_install_by_hash_and_nothing_by_name(runner: Runner) -> None:
    wanted = "-m pip install --quiet --require-hashes -r mdm-policy.lock"
    for name in github()["jobs"]:
        job(runner, name, **{"github.event.pull_request.number": "7"})
    gitlab(runner, "check")
    installed = Path(runner.env["INSTALLED"]).read_text().splitlines()
    assert installed == [wanted] * (len(github()["jobs"]) + 1)
    assert all("mdm-policy.lock" in path.read_text().partition("\nname:")[0] for path in (GITHUB, GITLAB))


def test_gitlab_waits_for_a_person_before_it_applies() -> None:
    flow = yaml.safe_load(GITLAB.read_text())
    assert [rule["when"] for rule in flow["apply"]["rules"]] == ["manual"]
    assert flow["apply"]["environment"] == {"name": "production"}
    assert not any("curl" in str(one) for one in flow.values()), "a token in argv can be seen"


def test_the_example_is_a_good_deployment() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mdm_policy", "check", str(HOME / "deployment.yaml"), "--format", "json"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)
