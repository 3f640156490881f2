"""A milestone that the version before began goes on with this one, and nothing is done again."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

BEGUN = Path(__file__).parents[1] / "examples" / "begun"
PUSHED = ("feat/m1-01-part-one", "milestone/m1")


@pytest.fixture
def begun_milestone(person, tmp_path):
    """A project in which 01 is done, 02 waits and 03 has not begun, as version 0.1.0 recorded it."""
    person.folder = tmp_path / "begun"
    git(tmp_path, "init", "--quiet", "begun")
    export = (BEGUN / "repository.fast-export").read_bytes()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=person.folder, input=export, check=True)
    git(person.folder, "checkout", "--quiet", "main")
    (person.folder / ".git" / "info" / "exclude").write_text("state/\nplans/\n")
    remote = person.folder / ".git" / "run-milestone" / "remote.git"
    git(person.folder, "init", "--quiet", "--bare", str(remote))
    git(person.folder, "push", "--quiet", str(remote), *PUSHED)
    shutil.copytree(BEGUN / "forge", remote.with_suffix(".forge"))
    shutil.copytree(BEGUN / "plans", person.folder / "plans")
    shutil.copytree(BEGUN / "state", person.folder / "state")
    return person


def git(folder, *words):
    subprocess.run(["git", *words], cwd=folder, check=True)


def markers(folder, issue):
    return {path.name: path.read_text() for path in (folder / "state" / "m1" / "issues" / issue).iterdir()}


def finished_tasks(folder):
    lines = (folder / "state" / "m1" / "journal.jsonl").read_text().splitlines()
    return [entry["task"] for entry in map(json.loads, lines) if entry["event"] == "done"]


def test_its_open_question_stands_and_nothing_runs(begun_milestone):
    before, done = markers(begun_milestone.folder, "01"), finished_tasks(begun_milestone.folder)
    asked = json.loads((BEGUN / "state" / "m1" / "gates" / "02.json").read_text())
    again = begun_milestone.types("m1")
    assert again.code == 3
    assert "02: Tests failing" in again.out
    assert markers(begun_milestone.folder, "01") == before
    assert finished_tasks(begun_milestone.folder) == done
    asked_now = json.loads((begun_milestone.folder / "state" / "m1" / "gates" / "02.json").read_text())
    assert (asked_now["digest"], asked_now["attempt"]) == (asked["digest"], asked["attempt"])


def test_an_answer_carries_on_what_is_left(begun_milestone):
    before, done = markers(begun_milestone.folder, "01"), finished_tasks(begun_milestone.folder)
    finished = begun_milestone.answers("02.fix")
    assert "Phase 1 complete — 3 PRs ready" in finished.out
    assert markers(begun_milestone.folder, "01") == before
    later = finished_tasks(begun_milestone.folder)[len(done) :]
    assert not [task for task in later if task.startswith(("01", "bootstrap", "plan-review"))]
    assert begun_milestone.answers("phase-1.continue").code == 0


def test_its_records_hold_for_verify(begun_milestone):
    assert begun_milestone.types("verify", "m1").code == 0
