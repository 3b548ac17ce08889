"""The examples of pipelines: each script is run as the runner would run it, against the Graph emulator or a real repository.

What a machine without GitHub or GitLab cannot do stands in for them: `pip` installs nothing (the program is there), `gh` notes
what it is given, and GitLab's API is a small server.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
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

from push.kits.git import git
from push.kits.graph import Kit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulators.graph import GraphServer

HOME = Path(__file__).parents[2] / "examples" / "pipelines"
GITHUB = HOME / "github-actions.yml"
GITLAB = HOME / "gitlab-ci.yml"
FOLDER = HOME / "git-folder" / "github-actions.yml"
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
"""How GitHub runs a step whose shell is bash; GitLab's runner sets the same two options."""
TOKEN = "canary-note-token"  # noqa: S105 - a canary, it opens nothing


@pytest.fixture
def server() -> Iterator[GraphServer]:
    with Kit().emulator() as running:
        yield running


class Runner:
    """Hold a checkout, stand-ins for the programs of the runner, and what the runner gives to scripts."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.checkout = folder / "checkout"
        self.checkout.mkdir()
        self.tools = folder / "bin"
        self.tools.mkdir()
        self.said = ""
        deployment = yaml.safe_load(((HOME if url else FOLDER.parent) / "deployment.yaml").read_text())
        if url:
            deployment["destinations"]["intune"]["graph"] |= {"login_url": url, "graph_url": url}
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
    return Runner(tmp_path, server.url)


def github(path: Path = GITHUB) -> Any:
    return yaml.load(path.read_text(), yaml.BaseLoader)  # noqa: S506 - the base loader makes texts only


def job(runner: Runner, name: str, **known: str) -> int:
    """Run the steps of a job of GitHub's; `known` are the values of the expressions in `env`."""
    return job_of(GITHUB, runner, name, known)


def job_of(path: Path, runner: Runner, name: str, known: dict[str, str]) -> int:
    """Run the steps of a job of one of GitHub's workflows."""
    values = {"secrets.MDM_POLICY_SECRET_INTUNE": SECRET, "github.token": "t", "inputs.reason": "", **known}
    for step in github(path)["jobs"][name]["steps"]:
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
    for path in (GITHUB, FOLDER):
        for line in path.read_text().splitlines():
            assert "uses:" not in line or re.search(r"@[0-9a-f]{40} # v\d", line), line
    wholes = ("assess intune", "assess intune", "verify policies")
    for path, whole in zip((GITHUB, GITLAB, FOLDER), wholes, strict=True):
        text = path.read_text()
        assert "apply plan.json --deployment deployment.yaml --yes" in text
        assert "plan.json.* too (journal and receipt)" in text
        assert f"mdm-policy {whole} --deployment deployment.yaml" in text


@pytest.mark.parametrize("path", [GITHUB, FOLDER], ids=["Graph", "a folder in git"])
def test_github_scripts_hold_no_expression_and_jobs_no_more_rights_than_they_need(path: Path) -> None:
    flow = github(path)
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
    assert all("mdm-policy.lock" in path.read_text().partition("\nname:")[0] for path in (GITHUB, GITLAB, FOLDER))


def test_gitlab_waits_for_a_person_before_it_applies() -> None:
    flow = yaml.safe_load(GITLAB.read_text())
    assert [rule["when"] for rule in flow["apply"]["rules"]] == ["manual"]
    assert flow["apply"]["environment"] == {"name": "production"}
    assert not any("curl" in str(one) for one in flow.values()), "a token in argv can be seen"


@pytest.fixture
def repository(tmp_path: Path) -> Runner:
    """Give a runner with the repository of policies checked out, as the workflow's second checkout does."""
    runner = Runner(tmp_path)
    origin = tmp_path / "origin.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git(tmp_path, "clone", "--quiet", str(origin), "start")
    git(tmp_path / "start", "config", "user.name", "A")
    git(tmp_path / "start", "config", "user.email", "a@agency.example")
    (tmp_path / "start" / "README.md").write_text("# Policies\n")
    git(tmp_path / "start", "add", "--all")
    git(tmp_path / "start", "commit", "--quiet", "--message", "Start")
    git(tmp_path / "start", "push", "--quiet", "origin", "HEAD:main")
    return runner


def folder_job(runner: Runner, name: str, **known: str) -> int:
    """Run a job on a fresh checkout of the repository of policies."""
    policies = runner.checkout / "policies"
    shutil.rmtree(policies, ignore_errors=True)
    git(runner.checkout, "clone", "--quiet", str(runner.checkout.parent / "origin.git"), str(policies))
    return job_of(FOLDER, runner, name, {"secrets.POLICIES_WRITE": TOKEN, **known})


def pushed(runner: Runner) -> list[str]:
    """Return the subjects of the commits that an MDM pulls, newest first."""
    return git(runner.checkout.parent / "origin.git", "log", "--format=%s", "main").splitlines()


def edited(runner: Runner, change: Callable[[str], str]) -> None:
    """Let a person edit our profile in the repository of policies, by a commit of their own."""
    start = runner.checkout.parent / "start"
    git(start, "pull", "--quiet", "origin", "main")
    (profile,) = (start / "apple-ios-restrictions").glob("*.mobileconfig")
    profile.write_text(change(profile.read_text()))
    git(start, "commit", "--quiet", "--all", "--message", "By hand")
    git(start, "push", "--quiet", "origin", "HEAD:main")


def test_a_folder_in_git_from_the_pull_request_to_the_nightly_job(repository: Runner) -> None:
    assert folder_job(repository, "check") == 0, repository.said
    assert folder_job(repository, "comment", **{"github.event.pull_request.number": "7"}) == 0, repository.said
    assert "TIGHTENED" in repository.comments.read_text()
    assert folder_job(repository, "plan") == 0, repository.said
    assert repository.outputs() == {"changes": "yes"}
    assert pushed(repository) == ["Start"]
    assert folder_job(repository, "apply") == 0, repository.said
    assert len(pushed(repository)) == 2
    assert TOKEN not in repository.said
    assert folder_job(repository, "plan") == 0
    assert repository.outputs() == {"changes": "no"}
    assert folder_job(repository, "drift") == 0, repository.said
    edited(
        repository,
        lambda text: text.replace("<key>PayloadDisplayName</key>", "<!-- seen -->\n<key>PayloadDisplayName</key>", 1),
    )
    assert folder_job(repository, "drift") == 0, repository.said
    edited(repository, lambda text: re.sub(r"\s*<string>com\.kaspersky[^<]*</string>", "", text))
    assert folder_job(repository, "drift") == 11, repository.said
    assert "DRIFT" in repository.summary.read_text()


def test_a_folder_in_git_loses_a_ban_only_by_hand_and_with_a_reason(repository: Runner) -> None:
    assert folder_job(repository, "plan") == folder_job(repository, "apply") == 0, repository.said
    before = pushed(repository)
    fewer(repository)
    assert folder_job(repository, "plan") == 0, repository.said
    assert folder_job(repository, "apply") == 12
    assert pushed(repository) == before
    assert folder_job(repository, "apply", **{"inputs.reason": "MEMO-1; $(touch hacked)"}) == 0, repository.said
    assert len(pushed(repository)) == len(before) + 1
    assert not (repository.checkout / "hacked").exists()


@pytest.mark.parametrize("home", [HOME, FOLDER.parent], ids=["Graph", "a folder in git"])
def test_the_example_is_a_good_deployment(home: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mdm_policy", "check", str(home / "deployment.yaml"), "--format", "json"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)
