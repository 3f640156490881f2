"""What moves after a phase was approved, by a person or by the runner, before or after the last phase: asked again."""

import json
import shutil

import pytest
from support.person import Person

PLAN = """\
commands:
  lint: ["true"]
  test: ["true"]
limits: {coverage: 0}
sensitive: {auth: ["auth/**"]}
scope: [auth]
"""
WORK = {
    "01-1": {"one.js": "const one = 1;\n"},
    "02-1": {"two.js": "const two = 2;\n"},
    "02-2": {"two.js": "const two = 22;\n", "auth/two.js": "const key = 2;\n"},
    "03-1": {"three.js": "const three = 3;\n"},
}
TWO = "feat/m1-02-issue-02"
REMOTE = ".git/run-milestone/remote.git"
WHEN = ("before", "after")
"""Whether the last phase was approved as well."""


def runs(person, *words):
    return person.types("m1", *words)


def commits(person, name, text, *words):
    """Commit to the branch of issue 02 in a worktree, and push."""
    place = person.folder.parent / "hers"
    person.git("worktree", "add", "--quiet", "--detach", str(place), TWO, where=".")
    (place / name).write_text(text)
    person.git("add", ".", where=place)
    person.git("commit", "--quiet", "--message=By hand", *words, where=place)
    person.git("push", "--quiet", "--force", str(person.folder / REMOTE), f"HEAD:{TWO}", where=place)
    person.git("worktree", "remove", str(place), where=".")


def commit(person):
    commits(person, "two.js", "const two = 23;\n")


def force_push(person):
    commits(person, "two.js", "const other = 2;\n", "--amend")


def label(person):
    person.changes_pull(2, labels=["security"])


def retarget(person):
    person.git("push", "--quiet", str(person.folder / REMOTE), "main:elsewhere", where=".")
    person.changes_pull(2, base="elsewhere")


def skip(person):
    person.touches("02.skip", milestone="m1")


def unskip(person):
    person.touches("02.unskip", milestone="m1")


def fixed_by_runner(person):
    """A colleague asks for changes, and the agent makes them: another commit, and another label."""
    person.changes_pull(2, reviews=[{"author": "grace", "state": "changes_requested", "body": "No"}])
    runs(person)
    person.touches("02.fix", milestone="m1")
    runs(person)
    person.changes_pull(2, reviews=[{"author": "grace", "state": "dismissed", "body": "No"}])


def made_again_by_runner(person):
    """The issue is reset, so that the runner replaces its branch."""
    assert person.types("reset", "m1", "02", "--yes").code == 0
    runs(person)


MOVES = {
    "commit": commit,
    "force-push": force_push,
    "label": label,
    "retarget": retarget,
    "skip": skip,
    "unskip": unskip,
    "commit and label by the runner": fixed_by_runner,
    "another branch by the runner": made_again_by_runner,
}


@pytest.fixture
def starts(make_milestone, tmp_path):
    """A milestone of two phases whose first is approved, also with issue 02 skipped; and the last as well."""
    ada = make_milestone(WORK, plan=PLAN)
    plan = ada.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text().replace("      - number: 03", "  - issues:\n      - number: 03"))
    assert "Phase 1 complete" in runs(ada).out
    starts = {}
    for skipped in (False, True):
        person = Person(shutil.copytree(tmp_path, tmp_path.with_name(f"start-{skipped}"), symlinks=True) / "widgets")
        if skipped:
            person.touches("02.skip", milestone="m1")
            runs(person)
        assert person.answers("phase-1.continue").code == 3
        starts["before", skipped] = person
        copy = tmp_path.with_name(f"end-{skipped}")
        done = Person(shutil.copytree(person.folder.parent, copy, symlinks=True) / "widgets")
        assert done.answers("phase-2.continue").code == 0
        starts["after", skipped] = done
    return starts


def asked_again(person, when):
    """Whether what moved is asked about, and nothing lands before that is answered."""
    steps = [person.types("land", "m1"), runs(person)]
    gates = {path.stem for path in (person.folder / "state/m1/gates").glob("*.json")}
    if when == "before":
        person.touches("phase-2.continue", milestone="m1")
        steps.append(runs(person))
    steps.append(person.types("land", "m1"))
    landed = [pull["number"] for pull in person.pulls() if pull["state"] == "merged"]
    return bool({"phase-1", "02"} & gates) and not landed, [step.out for step in steps]


def lands_where_approved(person, when):
    """Whether a pull request that was sent elsewhere lands where it was approved."""
    if when == "before":
        person.answers("phase-2.continue")
    landing = person.types("land", "m1")
    elsewhere = person.git("log", "-1", "--format=%s", "elsewhere", where=REMOTE)
    return elsewhere == "Start" and landing.code == 0, [landing.out]


def tried(starts, tmp_path, cases):
    """Move something after the approval in each case; returns what went wrong."""
    wrong = {}
    for name, when in cases:
        start = starts[when, name == "unskip"].folder.parent
        place = tmp_path.with_name(f"{name.replace(' ', '-')}-{when}")
        person = Person(shutil.copytree(start, place, symlinks=True) / "widgets")
        MOVES[name](person)
        good, shown = (lands_where_approved if name == "retarget" else asked_again)(person, when)
        if not good:
            print(name, when, *shown, sep="\n")
            wrong[name, when] = shown
        shutil.rmtree(place)
    return wrong


@pytest.mark.torture
def test_what_moves_after_an_approval_is_asked(starts, tmp_path):
    cases = [(name, when) for name in MOVES for when in WHEN]
    wrong = tried(starts, tmp_path, cases)
    print(f"figure: what moved after an approval landed unasked: {len(wrong)} / {len(cases)}")
    assert wrong == {}, json.dumps([*wrong.values()], indent=1)
