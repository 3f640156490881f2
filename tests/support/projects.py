"""Fixtures: people in repositories and projects, from an empty folder to the founding example played to its end."""

import fcntl
import json
import os
import shutil
from dataclasses import asdict

import pytest

from support.person import CommandResult, Person


@pytest.fixture
def person(tmp_path):
    """A person in an empty folder."""
    return Person(tmp_path)


@pytest.fixture(scope="session")
def repository_folder(tmp_path_factory):
    """A small repository that is no project yet, made once and copied for each test."""
    return person_in_repository(tmp_path_factory.mktemp("repository") / "widgets").folder


@pytest.fixture(scope="session")
def project_folder(tmp_path_factory):
    """The same as a project, with the first plan that `init` makes."""
    ada = person_in_repository(tmp_path_factory.mktemp("project") / "widgets")
    assert ada.types("init").code == 0
    return ada.folder


@pytest.fixture
def newcomer(repository_folder, tmp_path):
    """A person in a small repository that is no project yet, with one passing test."""
    return Person(shutil.copytree(repository_folder, tmp_path / "widgets", symlinks=True))


@pytest.fixture
def ada(project_folder, tmp_path):
    """A person whose small repository is a project, with the first plan that `init` makes."""
    return Person(shutil.copytree(project_folder, tmp_path / "widgets", symlinks=True))


def person_in_repository(folder):
    """Make a small repository with one passing test; returns a person in it."""
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


def person_with_plan(folder, text):
    """Make a small project with this plan; returns a person in it."""
    ada = person_in_repository(folder)
    assert ada.types("init").code == 0
    ada.plans(text)
    return ada


def copy_of_kept(kept, home, make):
    """Return a copy of what `make` leaves in `home`; it is made once, and `kept` holds it for the next tests."""
    if not kept.exists():
        make()
        shutil.copytree(home, kept, symlinks=True)
    return shutil.copytree(kept, home / "copy", symlinks=True)


AGENT = '''\
"""An agent that writes what the test prepared for this issue and attempt."""
import json, pathlib, re, sys

number, attempt = re.search(r"issue (\\d+) of milestone .*, attempt (\\d+)", sys.stdin.read()).groups()
for name, text in json.loads(pathlib.Path(sys.argv[1]).read_text())[f"{number}-{attempt}"].items():
    path = pathlib.Path(name)
    if text is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
print("did as prepared")
'''


@pytest.fixture
def make_milestone(newcomer, tmp_path):
    """Give the person a milestone, and an agent that does what `work` says; returns the person."""

    def make(work, issue="", plan=""):
        (tmp_path / "agent.py").write_text(AGENT)
        (tmp_path / "work.json").write_text(json.dumps(work))
        command = json.dumps(["{python}", str(tmp_path / "agent.py"), str(tmp_path / "work.json")])
        folder = newcomer.folder / "plans" / "m1"
        folder.mkdir(parents=True)
        text = f"id: m1\ntitle: First\nagent: {{kind: command, command: {command}}}\n{plan}phases:\n  - issues:\n"
        for number in sorted({key.split("-")[0] for key in work}):
            text += f"      - number: {number}\n        title: Issue {number}\n"
            text += "" if "criteria:" in issue else "        criteria: [It is there]\n"
            text += "".join(f"        {line}\n" for line in issue.splitlines())
        (folder / "plan.yaml").write_text(text)
        return newcomer

    return make


@pytest.fixture
def copy_project(tmp_path_factory):
    """Copy a person's folder and what lies beside it; returns a person in the copy."""

    def copy(person, name):
        home = tmp_path_factory.mktemp(name) / "home"
        shutil.copytree(person.folder.parent, home, symlinks=True)
        return Person(home / person.folder.name)

    return copy


@pytest.fixture(scope="session")
def founding_example(tmp_path_factory):
    """The demo, played once for all workers: the person who played it, and the result of the command."""
    place = tmp_path_factory.getbasetemp()
    place = place.parent if "PYTEST_XDIST_WORKER" in os.environ else place
    ada, record = Person(place / "founding-example"), place / "founding-example.json"
    with (place / "founding-example.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not record.exists():
            ada.folder.mkdir(exist_ok=True)
            result = ada.types("demo", "--dir", ".")
            assert result.code == 0, result.out + result.err
            record.write_text(json.dumps(asdict(result)))
    return ada, CommandResult(**json.loads(record.read_text()))
