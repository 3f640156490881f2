"""What every test runs in: a sealed home, and a project that is driven as a person would."""

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import venv
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
LONGEST = (
    *("test_founding_example.py", "test_by_touch.py", "torture/", "test_founding_example_on_github.py"),
    *("ci/test_actions", "test_fail_to_pass.py", "stops/", "test_landing", "test_people_in_a_stack.py"),
)
"""Files that take longest; the second of two that play the founding example finds it played."""


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that no worker is left alone with one at the end."""
    items.sort(
        key=lambda item: next((place for place, name in enumerate(LONGEST) if name in item.nodeid), len(LONGEST))
    )


@pytest.fixture(scope="session", autouse=True)
def sealed_home(tmp_path_factory):
    """No configuration, key or name of whoever runs the tests reaches them."""
    # a shell ignores ^C for what it starts in the background, and every child would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.com\n[init]\ndefaultBranch = main\n")
    patch = pytest.MonkeyPatch()
    for name in list(os.environ):
        if name.startswith(("GIT_", "GH_", "GITHUB_", "SSH_", "XDG_")):
            patch.delenv(name)
    patch.setenv("HOME", str(home))
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    yield home
    patch.undo()


UNUSUAL = re.compile(r"_?hypothesis|anyio-")
"""What makes every pytest that can find it import more than most runs take: hypothesis, and the plugin of anyio."""


@pytest.fixture(scope="session", autouse=True)
def usual_environment(tmp_path_factory):
    """Let what is tested run in an environment as anybody's; it holds all that this one does but UNUSUAL."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    own = next(folder.glob("lib/python*/site-packages"))
    places = [Path(place) for place in sys.path if place.endswith(("site-packages", "dist-packages"))]
    for found in (path for place in places for path in place.iterdir() if not UNUSUAL.match(path.name)):
        _link(own / found.name, found)
    for program in Path(sys.executable).parent.iterdir():
        _link(folder / "bin" / program.name, program)
    patch = pytest.MonkeyPatch()
    patch.setattr(sys, "executable", str(folder / "bin" / "python"))
    yield folder
    patch.undo()


def _link(path, target):
    if not path.exists():
        path.symlink_to(target)


@dataclass
class Told:
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
        return self._runs([sys.executable, "-m", "run_milestone", *words], stdin, env)

    def answers_at_a_terminal(self, *words, types):
        """Run `run-milestone` on a terminal of its own; returns its exit code and what the terminal showed."""
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "run_milestone", *words]
        child = subprocess.Popen(command, cwd=self.folder, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        os.write(ours, types.encode())
        shown = b""
        with contextlib.suppress(OSError):  # its end is told as an error
            while piece := os.read(ours, 1 << 16):
                shown += piece
        os.close(ours)
        return child.wait(timeout=60), shown.decode().replace("\r\n", "\n")

    def doit(self, *words):
        """Run plain `doit`."""
        return self._runs([sys.executable, "-m", "doit", *words], None, None)

    def _runs(self, command, stdin, env):
        environment = {**os.environ, **(env or {})}
        how = {"cwd": self.folder, "input": stdin, "env": environment, "timeout": 300}
        done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
        return Told(done.returncode, done.stdout, done.stderr)

    def plans(self, text, milestone="m1"):
        """Write a milestone's plan."""
        (self.folder / "plans" / milestone / "plan.yaml").write_text(text)

    def touches(self, *names, milestone="m4.1"):
        for name in names:
            path = self.folder / "state" / milestone / "approvals" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def answers(self, *names):
        """Touch approval files of m1, and run it again."""
        self.touches(*names, milestone="m1")
        return self.types("m1")

    def reads(self, name):
        """What a record of m1 says: `gates/01.json`."""
        return json.loads((self.folder / "state/m1" / name).read_text())

    @property
    def forge(self):
        """Where the local forge of a repository without a remote keeps its records."""
        return self.folder / ".git/run-milestone/remote.forge"

    def pulls(self):
        """The pull requests on that forge, oldest first."""
        found = (json.loads(path.read_text()) for path in (self.forge / "pulls").glob("*.json"))
        return sorted(found, key=lambda pull: pull["number"])

    def changes_pull(self, number, **what):
        """Change a pull request on that forge, as somebody would there."""
        self.changes(self.forge / f"pulls/{number}.json", **what)

    def changes(self, place, **what):
        """Change facts of a record, as somebody with an editor would."""
        path = self.folder / place
        path.write_text(json.dumps({**json.loads(path.read_text()), **what}))

    def git(self, *words, where="product"):
        done = subprocess.run(["git", *words], cwd=self.folder / where, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def copy(self, folder):
        """Somebody with a copy of everything, to try something on."""
        shutil.copytree(self.folder, folder, symlinks=True)
        twin = Person(folder)
        twin.git("remote", "set-url", "origin", str(folder / "remote" / "product.git"))
        return twin


@pytest.fixture
def person(tmp_path):
    return Person(tmp_path)


@pytest.fixture(scope="session")
def somebody():
    """Make a person at work in a folder of the test's own choice."""
    return Person


@pytest.fixture(scope="session")
def founding_example(tmp_path_factory, somebody):
    """The demo, played once for everybody who only looks at it: who played it, and what it printed."""
    place = tmp_path_factory.getbasetemp()
    place = place.parent if "PYTEST_XDIST_WORKER" in os.environ else place
    ada, said = somebody(place / "founding-example"), place / "founding-example.json"
    with (place / "founding-example.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not said.exists():
            ada.folder.mkdir(exist_ok=True)
            told = ada.types("demo", "--dir", ".")
            assert told.code == 0, told.out + told.err
            said.write_text(json.dumps(asdict(told)))
    return ada, Told(**json.loads(said.read_text()))


@pytest.fixture
def repository(tmp_path):
    """A person in a small repository of their own, with one passing test."""
    return small_repository(tmp_path / "widgets")


@pytest.fixture(scope="session")
def somebody_with_a_plan():
    """Make a person in a small repository in a folder of the test's own choice, with this plan in it."""

    def make(folder, text):
        ada = small_repository(folder)
        assert ada.types("init").code == 0
        ada.plans(text)
        return ada

    return make


@pytest.fixture
def ada(repository):
    """Somebody whose small repository is a project, with the first plan that `init` makes."""
    assert repository.types("init").code == 0
    return repository


def small_repository(folder):
    (folder / "tests").mkdir(parents=True)
    (folder / "widgets.py").write_text('"""Widgets."""\n\nSIZE = 3\n')
    test = "from widgets import SIZE\n\n\ndef test_size():\n    assert SIZE == 3\n"
    (folder / "tests" / "test_widgets.py").write_text(test)
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    ada = Person(folder)
    ada.git("init", "--quiet", "--initial-branch=main", where=".")
    ada.git("add", ".", where=".")
    ada.git("commit", "--quiet", "--message=Start", where=".")
    return ada


AGENT = '''\
"""An agent that writes what the test laid down for this issue and attempt."""
import json, pathlib, re, sys

number, attempt = re.search(r"issue (\\d+) of milestone .*, attempt (\\d+)", sys.stdin.read()).groups()
for name, text in json.loads(pathlib.Path(sys.argv[1]).read_text())[f"{number}-{attempt}"].items():
    path = pathlib.Path(name)
    if text is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
print("did as laid down")
'''


@pytest.fixture
def milestone(repository, tmp_path):
    """Give the person in the small repository a milestone, and an agent that does what `work` says."""

    def make(work, issue="", plan=""):
        (tmp_path / "agent.py").write_text(AGENT)
        (tmp_path / "work.json").write_text(json.dumps(work))
        command = json.dumps(["{python}", str(tmp_path / "agent.py"), str(tmp_path / "work.json")])
        folder = repository.folder / "plans" / "m1"
        folder.mkdir(parents=True)
        text = f"id: m1\ntitle: First\nagent: {{kind: command, command: {command}}}\n{plan}phases:\n  - issues:\n"
        for number in sorted({key.split("-")[0] for key in work}):
            text += f"      - number: {number}\n        title: Issue {number}\n"
            text += "" if "criteria:" in issue else "        criteria: [It is there]\n"
            text += "".join(f"        {line}\n" for line in issue.splitlines())
        (folder / "plan.yaml").write_text(text)
        return repository

    return make


@pytest.fixture
def in_a_copy(somebody, tmp_path_factory):
    """Let somebody go on from where a person stands, without what they do being seen there."""

    def go_on(person, name):
        home = tmp_path_factory.mktemp(name) / "home"
        shutil.copytree(person.folder.parent, home, symlinks=True)
        return somebody(home / person.folder.name)

    return go_on


def pytest_terminal_summary(terminalreporter):
    """Tell the figures that tests printed (`figure: …`), which pytest keeps to itself where they pass."""
    passed = terminalreporter.stats.get("passed", ())
    figures = [line for report in passed for line in report.capstdout.splitlines() if line.startswith("figure: ")]
    if figures:
        terminalreporter.section("figures")
        terminalreporter.write("".join(f"{line.removeprefix('figure: ')}\n" for line in sorted(figures)))
