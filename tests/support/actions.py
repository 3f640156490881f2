"""A forge with Actions on this machine: a bare remote, the local forge beside it, act as its runner, gh to start it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from importlib.metadata import version
from pathlib import Path

BIN = Path(sys.executable).parent
INSTALL = re.compile(r"(?m)^          python3 -I -m venv .*\n.*pip\" install .*\n.*GITHUB_PATH.*\n")
INSTALLED = f'          echo "{BIN}" >> "$GITHUB_PATH"\n'
"""What the jobs of the tests run in, instead of what the lock names."""
LOCK = f"run-milestone=={version('run-milestone')} --hash=sha256:{'0' * 64}\n"
ARTIFACTS = {
    "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a": """\
name: Upload
description: Keep the files of a job beside the forge
inputs: {name: {}, path: {}, retention-days: {}, if-no-files-found: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        if [ -d "${{ inputs.path }}" ]; then
          mkdir -p "$ARTIFACTS/${{ inputs.name }}" && cp -r "${{ inputs.path }}/." "$ARTIFACTS/${{ inputs.name }}"
        fi
""",
    "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c": """\
name: Download
description: Bring the files of earlier jobs
inputs: {name: {}, pattern: {}, merge-multiple: {}, path: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        mkdir -p "${{ inputs.path }}"
        for folder in $ARTIFACTS/${{ inputs.name || inputs.pattern }}; do
          if [ -d "$folder" ]; then cp -r "$folder/." "${{ inputs.path }}"; fi
        done
""",
}
"""GitHub's actions for files that jobs hand on, as far as the workflow uses them."""


@dataclass
class Ran:
    """One run of the workflow: whether it is red, and what was said."""

    red: bool
    out: str

    @property
    def done(self):
        """The names of the jobs that succeeded: `Issue 03`."""
        succeeded = re.findall(r"^\[[^\]]*/([^\]/]+?)\s*\] 🏁  Job succeeded", self.out, re.MULTILINE)
        return [re.sub(r"-\d+$", "", name) for name in succeeded]

    @property
    def issues(self):
        """The issues that had a job which succeeded."""
        return sorted(name.removeprefix("Issue ") for name in self.done if name.startswith("Issue "))

    @property
    def notices(self):
        return re.findall(r"::notice title=run-milestone::(.*)", self.out)


class Starts(BaseHTTPRequestHandler):
    """As much of GitHub as `gh workflow run` talks to; it notes what is started, and answers nothing else."""

    def do_GET(self):
        asked = self.path == "/repos/acme/shop/actions/workflows/run-milestone.yml"
        path = ".github/workflows/run-milestone.yml"
        self._answer({"id": 7, "name": "run-milestone", "path": path, "state": "active"} if asked else None)

    def do_POST(self):
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/repos/acme/shop/actions/workflows/7/dispatches":
            self.server.started.append(payload)
            self._answer({})
        else:
            repository = {"name": "shop", "owner": {"login": "acme"}, "defaultBranchRef": {"name": "main"}}
            wanted = self.path == "/graphql" and "RepositoryInfo" in payload["query"]
            self._answer({"data": {"repository": repository}} if wanted else None)

    def _answer(self, value):
        text = json.dumps(value or {"message": f"the stand-in for GitHub knows no {self.path}"}).encode()
        self.send_response(501 if value is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def address_string(self):
        return "gh"

    def log_message(self, *words):
        pass


class Actions:
    """A repository with the workflow in it, on a forge that runs it."""

    def __init__(self, folder, person, files, *form):
        self.folder, self.ada, self.runs = folder, person(folder / "shop"), 0
        self.remote = folder / "shop.git"
        for name, text in files.items():
            path = self.ada.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        self._git("remote", "add", "origin", str(self.remote))
        self.ada.types("init", *[Path(name).parts[1] for name in files if name.endswith("/plan.yaml")])
        lock = self.ada.folder / ".github/run-milestone.lock.txt"
        lock.parent.mkdir(exist_ok=True)
        lock.write_text(LOCK)
        result = self.ada.types("ci", "github", *form)
        assert result.code == 0, result.err
        for path in (self.ada.folder / ".github/workflows").iterdir():
            path.write_text(INSTALL.sub(INSTALLED, path.read_text()))
        self.actions = [f"{name}={self._action(name, text)}" for name, text in ARTIFACTS.items()]
        self._git("add", ".")
        self._git("commit", "--quiet", "--message=Open the shop")
        self._git("push", "--quiet", "origin", "main")

    def _action(self, name, text):
        folder = self.folder / re.split("[/@]", name)[1]
        folder.mkdir()
        (folder / "action.yml").write_text(text)
        return folder

    def _git(self, *words):
        return self.ada.git(*words, where=".")

    def begins(self, event="workflow_dispatch", payload=None, **env):
        """Start the workflow as GitHub would, on a fresh machine, and do not wait for its end."""
        self.runs += 1
        path = self.folder / f"event-{self.runs}.json"
        path.write_text(json.dumps(payload or {"inputs": {"milestone": "m1"}}))
        environment = {"GITHUB_RUN_ID": str(self.runs), "GITHUB_REPOSITORY": "acme/shop", **env}
        environment["ARTIFACTS"] = str(self.folder / f"artifacts-{self.runs}")
        cache = self.folder / f"machine-{self.runs}"
        words = [str(BIN / "act"), event, "--workflows", ".github/workflows/run-milestone.yml"]
        words += ["--eventpath", str(path), "--platform", "ubuntu-latest=-self-hosted"]
        words += ["--no-cache-server", "--concurrent-jobs", "4"]
        words += ["--var", f"RUN_MILESTONE_REMOTE={self.remote}", "--action-cache-path", str(cache)]
        words += ["--secret", "GITHUB_TOKEN=made-up"]
        words += [word for action in self.actions for word in ("--local-repository", action)]
        words += [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"  # gh lies there, and one job sets nothing up
        return subprocess.Popen(words, cwd=self.ada.folder, env={**os.environ, "PATH": path}, **pipes)

    def ends(self, act):
        with act:
            out, _ = act.communicate(timeout=900)
        return Ran(act.returncode != 0, out)

    def runs_it(self, event="workflow_dispatch", payload=None, **env):
        return self.ends(self.begins(event, payload, **env))

    def jobs_alive(self):
        """The pids of run-milestone in jobs of this forge."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_job(pid)]

    def _is_job(self, pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            inside = Path(os.readlink(f"/proc/{pid}/cwd")).is_relative_to(self.folder)
        except OSError:
            return False
        return inside and any(word.endswith(b"/run-milestone") for word in words) and b"ci" in words

    def pulls(self):
        folder = self.remote.with_suffix(".forge") / "pulls"
        return [json.loads(path.read_text()) for path in sorted(folder.iterdir())] if folder.exists() else []

    def refs(self):
        return self.ada.git("for-each-ref", "--format=%(refname) %(objectname)", where=self.remote).splitlines()


# ---- a small milestone -----------------------------------------------------------------------------------------

PLAN = """\
id: m1
title: Three pages and an index
agent: {kind: command, command: [sh, agent.sh]}
sandbox: {kind: none}  # agents are held by files outside their trees
commands:
  lint: ["true"]
  test: [sh, test.sh, "{junit}"]
phases:
  - title: Pages
    issues:
      - {number: 1, title: The first page, criteria: [It is there]}
      - {number: 2, title: The second page, criteria: [It is there]}
      - {number: 3, title: The third page, criteria: [It is there], paths: {allow: [other/**]}}
  - title: Index
    issues:
      - {number: 4, title: The index, criteria: [It is there]}
"""
AGENT = """\
number=$(sed -n 's/.*issue \\([0-9]*\\) of milestone.*/\\1/p' | head -n 1)
while [ -e "HOLD/$number" ]; do touch "HOLD/$number.begun"; sleep 0.02; done
if [ -e HOLD/slow ]; then sleep 20; fi
mkdir -p pages && echo "<p>page $number</p>" > "pages/$number.html"
"""
REPORT = '<testsuite name="pages"><testcase classname="pages" name="there"/></testsuite>'


def files(hold):
    agent = AGENT.replace("HOLD", str(hold))
    return {"plans/m1/plan.yaml": PLAN, "agent.sh": agent, "test.sh": f"echo '{REPORT}' > \"$1\"\n"}


MEMBER = {"author_association": "MEMBER"}
WAITS = ["m1 waits for decisions: 03 (approve | skip | abort)"]
"""How the first run ends where nothing goes wrong."""
TWO = ["feat/m1-01-the-first-page", "feat/m1-02-the-second-page"]


def decides(forge, gate, verb, why=""):
    """Somebody answers at their own machine."""
    result = forge.ada.types("decide", "m1", gate, verb, "--reason", why, "--state-ref")
    assert result.code == 0, result.err


def until(happens, *acts):
    """Wait until something happens while these runs go on."""
    while not happens():
        assert all(act.poll() is None for act in acts), acts[0].stdout.read()
        time.sleep(0.02)


def held(forge, number):
    """Let the agent of this issue hang; returns what lets it go, and what tells that it hangs."""
    hold = forge.folder / "hold" / number
    hold.touch()
    return hold.unlink, hold.with_suffix(".begun").exists


def kill(forge):
    """Kill run-milestone in whatever jobs are under way, as a machine that runs out of memory does."""
    for pid in forge.jobs_alive():
        with suppress(ProcessLookupError):  # ended meanwhile
            os.kill(pid, signal.SIGKILL)


def heads(forge):
    return sorted(pull["head"] for pull in forge.pulls())
