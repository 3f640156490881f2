"""A forge with Actions on this machine: a bare remote, the local forge beside it, act as its runner, gh to start it."""

import json
import os
import re
import shutil
import socketserver
import subprocess
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
SETUP = f"""\
name: Set up
description: What the tests run in
runs:
  using: composite
  steps:
    - {{shell: bash, run: 'echo "{BIN}" >> "$GITHUB_PATH"'}}
"""


@dataclass
class Ran:
    """One run of the workflow: whether it is red, and what was said."""

    red: bool
    out: str

    @property
    def done(self):
        """The names of the jobs that succeeded: `Issue 03`."""
        found = re.findall(r"^\[[^\]]*/([^\]/]+?)\s*\] 🏁  Job succeeded", self.out, re.MULTILINE)
        return [re.sub(r"-\d+$", "", name) for name in found]

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
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/repos/acme/shop/actions/workflows/7/dispatches":
            self.server.started.append(said)
            self._answer({})
        else:
            repository = {"name": "shop", "owner": {"login": "acme"}, "defaultBranchRef": {"name": "main"}}
            wanted = self.path == "/graphql" and "RepositoryInfo" in said["query"]
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
        told = self.ada.types("ci", "github", *form)
        assert told.code == 0, told.err
        (self.ada.folder / ".github/actions/run-milestone/action.yml").write_text(SETUP)
        self._git("add", ".")
        self._git("commit", "--quiet", "--message=Open the shop")
        self._git("push", "--quiet", "origin", "main")

    def _git(self, *words):
        return self.ada.git(*words, where=".")

    def begins(self, event="workflow_dispatch", said=None, **env):
        """Start the workflow as GitHub would, on a fresh machine, and do not wait for its end."""
        self.runs += 1
        path = self.folder / f"event-{self.runs}.json"
        path.write_text(json.dumps(said or {"inputs": {"milestone": "m1"}}))
        environment = {"GITHUB_RUN_ID": str(self.runs), "GITHUB_REPOSITORY": "acme/shop", **env}
        cache = self.folder / f"machine-{self.runs}"
        words = [str(BIN / "act"), event, "--workflows", ".github/workflows/run-milestone.yml"]
        words += ["--eventpath", str(path), "--platform", "ubuntu-latest=-self-hosted", "--no-cache-server"]
        words += ["--var", f"RUN_MILESTONE_REMOTE={self.remote}", "--action-cache-path", str(cache)]
        words += ["--secret", "GITHUB_TOKEN=made-up"]
        words += [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(words, cwd=self.ada.folder, **pipes)

    def ends(self, act):
        with act:
            out, _ = act.communicate(timeout=300)
        return Ran(act.returncode != 0, out)

    def runs_it(self, event="workflow_dispatch", said=None, **env):
        return self.ends(self.begins(event, said, **env))

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


@pytest.fixture(scope="session")
def actions(somebody):
    """Make a forge that runs the workflow; skipped by name where the runner is missing."""
    if not (BIN / "act").exists():
        pytest.skip("act is not installed: pip install 'run-milestone[test]'")
    return lambda folder, files, *form: Actions(folder, somebody, files, *form)


@pytest.fixture(scope="session")
def gh(tmp_path_factory):
    """What the job that starts the next wave needs of GitHub: gh itself, and somebody who notes what it starts."""
    if not (BIN / "gh").exists():
        pytest.skip("gh is not installed: pip install 'run-milestone[test]'")
    folder = Path(shutil.copytree(tmp_path_factory.mktemp("gh"), f"/tmp/gh-{os.getpid()}"))  # a socket's path is short
    with socketserver.ThreadingUnixStreamServer(str(folder / "s"), Starts) as server:
        server.started = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        environment = {**os.environ, "GH_CONFIG_DIR": str(folder)}
        subprocess.run(
            [BIN / "gh", "config", "set", "http_unix_socket", str(folder / "s")], env=environment, check=True
        )
        yield folder, server.started
        server.shutdown()
        thread.join()
    shutil.rmtree(folder)
