"""A person at a terminal in a project folder: runs commands, touches approval files, edits records."""

import contextlib
import json
import os
import pty
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from support.prestarted import prestarted

TIMEOUT = 300
"""Seconds that a command may take."""


@dataclass
class CommandResult:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self):
        return self.out.splitlines()

    def issues(self):
        """The issues that anything was done for."""
        return [line.split()[1].strip("#:") for line in self.lines if line.startswith("Issue #")]


@dataclass
class Person:
    """Somebody at a terminal in a project folder."""

    folder: Path

    def types(self, *words, stdin=None, env=None):
        """Run `run-milestone` with these words."""
        return self._runs_module("run_milestone", words, stdin, env)

    def answers_at_a_terminal(self, *words, types):
        """Run `run-milestone` on a terminal; returns its exit code and what the terminal showed."""
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "run_milestone", *words]
        child = subprocess.Popen(command, cwd=self.folder, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        os.write(ours, types.encode())
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal is an error
            while piece := os.read(ours, 1 << 16):
                shown += piece
        os.close(ours)
        return child.wait(timeout=60), shown.decode().replace("\r\n", "\n")

    def doit(self, *words):
        """Run plain `doit`."""
        return self._runs_module("doit", words, None, None)

    def _runs_module(self, module, words, stdin, env):
        """Run a module in a process that has imported it already, where that starts in the same way."""
        environment = {**os.environ, **(env or {})}
        process = prestarted(environment)
        if process is None:
            return self._runs([sys.executable, "-m", module, *words], stdin, env)
        return CommandResult(*process.run(module, words, self.folder, environment, stdin, TIMEOUT))

    def _runs(self, command, stdin, env):
        environment = {**os.environ, **(env or {})}
        how = {"cwd": self.folder, "input": stdin, "env": environment, "timeout": TIMEOUT}
        done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def plans(self, text, milestone="m1"):
        """Write a milestone's plan."""
        (self.folder / "plans" / milestone / "plan.yaml").write_text(text)

    def describes_the_first_issue(self, milestone="m1"):
        """Write a title and a criterion where `init` left words to replace."""
        path = self.folder / "plans" / milestone / "plan.yaml"
        text = path.read_text().replace("Describe issue 1 here", "Widgets have a size")
        self.plans(text.replace("Say what must be true when issue 1 is done", "Every widget says its size"), milestone)

    def touches(self, *names, milestone="m4.1"):
        """Touch approval files."""
        for name in names:
            path = self.folder / "state" / milestone / "approvals" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def answers(self, *names):
        """Touch approval files of m1, and run it again."""
        self.touches(*names, milestone="m1")
        return self.types("m1")

    def reads(self, name):
        """Return a record of m1: `gates/01.json`."""
        return json.loads((self.folder / "state/m1" / name).read_text())

    @property
    def forge(self):
        """Where the local forge of a repository without a remote keeps its records."""
        return self.folder / ".git/run-milestone/remote.forge"

    def pulls(self):
        """Return the pull requests on that forge, oldest first."""
        records = (json.loads(path.read_text()) for path in (self.forge / "pulls").glob("*.json"))
        return sorted(records, key=lambda pull: pull["number"])

    def changes_pull(self, number, **what):
        """Change a pull request on that forge."""
        self.changes(self.forge / f"pulls/{number}.json", **what)

    def changes(self, place, **what):
        """Change facts of a record with an editor."""
        path = self.folder / place
        path.write_text(json.dumps({**json.loads(path.read_text()), **what}))

    def git(self, *words, where="product"):
        """Run git in a folder of the project; returns what it prints."""
        done = subprocess.run(["git", *words], cwd=self.folder / where, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def copy(self, folder):
        """Return somebody with a copy of everything, the remote included."""
        shutil.copytree(self.folder, folder, symlinks=True)
        twin = Person(folder)
        twin.git("remote", "set-url", "origin", str(folder / "remote" / "product.git"))
        return twin
