"""Machines that share a milestone's state over one bare remote, each with a clone of its own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.person import Person

from run_milestone.adapters.git import Git
from run_milestone.adapters.process import Processes
from run_milestone.model import BranchMade, Decision, Gate, Issue, Kind, Milestone, Phase, Verb
from run_milestone.store import State
from run_milestone.sync.push_pull import StateSync

ISSUES = tuple(Issue(f"{number:02}", f"Part {number}", f"part-{number}", 1) for number in range(1, 9))
MILESTONE = Milestone("m1", "Parts", "milestone/m1", (Phase(1, "All", ISSUES),))


def git(folder, *words, stdin=None):
    done = subprocess.run(["git", *words], cwd=folder, input=stdin, capture_output=True, check=True)
    return done.stdout.decode().strip()


AGENT = """\
number=$(sed -n 's/.*issue \\([0-9]*\\) of milestone.*/\\1/p' | head -1)
echo "PART_$number = $number" > "part_$number.py"
"""
PLAN = """\
id: m1
title: Parts
agent: {kind: command, command: [sh, AGENT]}
commands:
  lint: ["true"]
  test: [sh, -c, "test ! -e part_02.py"]
  review: [sh, -c, "echo '[]'"]
limits: {coverage: 0}
phases:
  - issues:
      - {number: 1, title: Make part 1, criteria: [It is there]}
      - {number: 2, title: Make part 2, criteria: [It is there]}
      - {number: 3, title: Make part 3, criteria: [It is there]}
  - issues:
      - {number: 4, title: Make part 4, criteria: [It is there], depends_on: [1]}
"""


@dataclass
class Machine:
    """A clone, the state beside it, and what shares it."""

    folder: Path

    def __post_init__(self):
        self.state = State(self.folder / "state" / "m1")
        self.git = Git(Processes(), self.folder, None, name="m1", root=self.folder)
        self.sync = StateSync(MILESTONE, self.state, self.git)

    def pull(self):
        return self.sync.pull()

    def push(self):
        return self.sync.push()

    def decides(self, gate, source, verb=Verb.SKIP):
        decided = Decision(0, gate, verb, "ada", "2026-01-01T10:00:00+00:00", "because", source=source)
        return self.state.decisions.record(decided)

    def asks(self, gate, digest="d"):
        asked = Gate(gate, Kind.TESTS, 1, 2, (Verb.FIX, Verb.SKIP), (), digest, "")
        return self.state.gates.open(asked)[0]

    def marks(self, task, **evidence):
        self.state.markers.write(task, {}, evidence, 0.1)
        self.state.journal.add("done", task=task, took=0.1)

    def commits(self, number, text):
        """Make an issue's branch with one commit that is not pushed, and the records that speak of it."""
        branch, base = f"feat/m1-{number}-part-{int(number)}", git(self.folder, "rev-parse", "main")
        if self.git.head(branch) is None:
            self.git.set_branch(branch, base, None)
        tree = git(self.folder, "mktree", stdin=f"100644 blob {self.blob(text)}\tpart.py\n".encode())
        made = git(self.folder, "commit-tree", tree, "-p", self.git.head(branch), "-m", "Work")
        self.git.set_branch(branch, made, self.git.head(branch))
        self.state.markers.write(f"{number}:branch", {}, BranchMade(branch, base), 0.0)
        return branch, made

    def blob(self, text):
        return git(self.folder, "hash-object", "-w", "--stdin", stdin=text.encode())

    def everything(self):
        """Every record, except what each machine has for itself."""
        files = [path for path in self.state.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.state.folder)): path.read_bytes() for path in files}

    def decided(self):
        return [(one.id, one.gate, one.source) for one in self.state.decisions.all()]


@pytest.fixture(name="git")
def git_fixture():
    """Run git in a folder; returns what it prints."""
    return git


@pytest.fixture
def hub(tmp_path):
    """A bare remote with one commit on main."""
    place = tmp_path / "hub.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(place))
    seed = tmp_path / "seed"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(seed))
    git(seed, "commit", "--quiet", "--allow-empty", "--message=Start")
    git(seed, "push", "--quiet", str(place), "main")
    return place


@pytest.fixture
def machine(tmp_path, hub):
    """Make a machine with a fresh clone."""

    def make(name):
        git(tmp_path, "clone", "--quiet", str(hub), name)
        return Machine(tmp_path / name)

    return make


@pytest.fixture
def project(tmp_path):
    """Make a bare remote with a plan on main, and fresh clones of it."""
    (tmp_path / "agent.sh").write_text(AGENT)

    def make(name):
        home = tmp_path / name
        seed = Person(home / "seed")
        (seed.folder / "plans" / "m1").mkdir(parents=True)
        text = PLAN.replace("AGENT", str(tmp_path / "agent.sh"))
        (seed.folder / "plans" / "m1" / "plan.yaml").write_text(text)
        (seed.folder / ".gitignore").write_text("state/\n")
        seed.git("init", "--quiet", "--initial-branch=main", where=".")
        seed.git("add", ".", where=".")
        seed.git("commit", "--quiet", "--message=Start", where=".")
        seed.git("clone", "--quiet", "--bare", ".", str(home / "hub.git"), where=".")

        def clone(machine):
            (home / machine).mkdir()
            seed.git("clone", "--quiet", str(home / "hub.git"), str(home / machine / "parts"), where=".")
            return Person(home / machine / "parts")

        return clone

    return make
