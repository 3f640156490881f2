"""A real git repository with a base commit; `change` makes the branch's commit and reads it as the runner does."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from run_milestone.adapters.git.objects import DIFF_CONFIG, DIFF_OPTIONS, RENAMES
from run_milestone.adapters.process import Processes, Result
from run_milestone.checks.change import Change
from run_milestone.checks.diff import changed_files
from run_milestone.model import Issue, Milestone, Phase

ISSUE = Issue("03", "Add input sanitization", "sanitization", phase=1)
MILESTONE = Milestone("m4.1", "User Management", "milestone/m4.1", (Phase(1, "Basics", (ISSUE,)),), scope=("users",))
_ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

_CONFIG = tuple(word for key, value in DIFF_CONFIG for word in ("-c", f"{key}={value}"))


class World:
    """One repository, one branch on top of its base."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main", "--template=", ".")

    def git(self, *argv: str) -> bytes:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        return subprocess.run(
            ("git", *who, *_CONFIG, *argv), cwd=self.root, env=_ENVIRONMENT, check=True, capture_output=True
        ).stdout

    def write(self, files: dict[str, str | bytes | None]) -> None:
        for name, content in files.items():
            path = self.root / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: dict[str, str | bytes | None]) -> str:
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=work")
        return self.git("rev-parse", "HEAD").decode().strip()

    def diff(self, base: str, head: str, *options: str) -> str:
        return self.git("diff", *DIFF_OPTIONS, *(options or RENAMES), "--unified=0", f"{base}...{head}").decode(
            "utf-8", "replace"
        )

    def read(self, commit: str, path: str) -> bytes | None:
        try:
            return self.git("cat-file", "blob", f"{commit}:{path}")
        except subprocess.CalledProcessError:
            return None

    def size(self, commit: str, path: str) -> int:
        return len(self.read(commit, path) or b"")

    def listing(self, commit: str, folder: str) -> tuple[str, ...]:
        return tuple(self.git("ls-tree", "-rz", "--name-only", commit, f"{folder}/").decode().split("\0")[:-1])

    @property
    def repository(self) -> Path:
        return self.root

    @property
    def tree(self) -> Path:
        return self.root

    def run(self, command, stdin, timeout=None, pass_env=(), grants=None):
        return Processes().untrusted(command, cwd=self.root, stdin=stdin, timeout=timeout or 60)

    open_to = None
    service: ClassVar[dict] = {}
    """Variables that name the services which tell advisories and licences. Without any there is no network."""

    def on_scratch(self, program, folder, timeout):
        command = (sys.executable, "-I", "-", str(folder / "task.json"))
        return Processes().untrusted(command, cwd=self.root, stdin=program, timeout=timeout)

    def as_operator(self, command, folder):
        if not self.service:
            return Result(command, None, "", "no network", 0.0)
        return Processes().trusted(command, cwd=folder, env=self.service, timeout=60)

    def change(self, before: dict, after: dict, *, issue: Issue = ISSUE, **milestone) -> Change:
        """Commit `before`, then `after` on top (None deletes), and return what the second does."""
        base, head = self.commit(before), self.commit(after)
        return Change(
            milestone=replace(MILESTONE, **milestone),
            issue=issue,
            base=base,
            head=head,
            files=changed_files(self.diff(base, head)),
            commits=self,
            tools=self,
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def issue() -> Issue:
    return ISSUE
