"""A phase is passed for the very changes, labels and risks that it listed; what moved since is asked again."""

import shutil

import pytest
from support.person import Person
from support.projects import copy_of_kept

PLAN = """\
commands:
  lint: ["true"]
  test: ["true"]
limits: {coverage: 0}
"""
WORK = {"01-1": {"one.js": "const one = 1;\n"}, "02-1": {"two.js": "const two = 2;\n"}}
ONE, TWO = "feat/m1-01-issue-01", "feat/m1-02-issue-02"
REMOTE = ".git/run-milestone/remote.git"


@pytest.fixture(scope="module")
def passed_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("passed") / "home"


@pytest.fixture
def passed(passed_folder, make_milestone, tmp_path):
    """A person whose milestone of two issues is complete: its phase was passed."""

    def make():
        person = make_milestone(WORK, plan=PLAN)
        assert person.types("m1").code == 3
        assert person.answers("phase-1.continue").code == 0

    return Person(copy_of_kept(passed_folder, tmp_path, make) / "widgets")


def commits(person, branch, name, text, *words, push=True):
    """Commit to a branch in a worktree, and push; `words` go to `git commit`."""
    place = person.folder.parent / "hers"
    person.git("worktree", "add", "--quiet", "--detach", str(place), branch, where=".")
    (place / name).write_text(text)
    person.git("add", ".", where=place)
    person.git("commit", "--quiet", "--message=By hand", *words, where=place)
    if push:
        person.git("push", "--quiet", "--force", str(person.folder / REMOTE), f"HEAD:{branch}", where=place)
    person.git("worktree", "remove", str(place), where=".")


def commit(person):
    commits(person, TWO, "two.js", "const two = 22;\n")


def force_push(person):
    commits(person, TWO, "two.js", "const other = 2;\n", "--amend")


def add_label(person):
    person.changes_pull(2, labels=["security"])


def skip(person):
    person.touches("02.skip", milestone="m1")


MOVES = {
    "commit": (commit, "\n#02: 1 commit by Ada since it was approved\n"),
    "force-push": (force_push, "#02: "),
    "label": (add_label, "new: PR #2 of issue #02 [security]"),
    "skip": (skip, "new: issue #02 skipped"),
}


def merged(person):
    return [pull["number"] for pull in person.pulls() if pull["state"] == "merged"]


def test_what_moved_never_lands_unasked(passed, tmp_path):
    wrong = []
    for name, (move, asked) in MOVES.items():
        person = Person(shutil.copytree(passed.folder.parent, tmp_path / name, symlinks=True) / "widgets")
        move(person)
        landing = person.types("land", "m1")
        run = person.types("m1")
        again = person.types("land", "m1")
        if merged(person) or landing.code == 0 or run.code != 3 or again.code == 0 or asked not in run.out:
            wrong.append((name, landing.out, run.out, again.out))
    assert wrong == []
    print(f"figure: what moved after a phase was passed landed unasked: {len(wrong)} of {len(MOVES)}")


def test_a_clean_merge_of_the_base_asks_nothing(passed):
    commits(passed, "milestone/m1", "other.js", "const other = 3;\n")
    passed.git("fetch", "--quiet", str(passed.folder / REMOTE), "milestone/m1:milestone/m1", where=".")
    place = passed.folder.parent / "hers"
    passed.git("worktree", "add", "--quiet", "--detach", str(place), TWO, where=".")
    passed.git("merge", "--quiet", "--no-edit", "milestone/m1", where=place)
    passed.git("push", "--quiet", str(passed.folder / REMOTE), f"HEAD:{TWO}", where=place)
    run = passed.types("m1")
    assert run.code == 0, run.out
    assert "✓ Tests" in run.out, "the merged commit is tested"
    assert "Phase 1 complete" not in run.out
    assert passed.types("land", "m1").code == 0


def test_a_retargeted_pull_request_lands_where_approved(passed):
    passed.git("push", "--quiet", str(passed.folder / REMOTE), "main:elsewhere", where=".")
    passed.changes_pull(2, base="elsewhere")
    assert passed.types("land", "m1").code == 0
    assert passed.git("log", "-1", "--format=%s", "elsewhere", where=REMOTE) == "Start"
    assert passed.git("show", "milestone/m1:two.js", where=REMOTE) == "const two = 2;"


def test_an_answer_is_for_the_list_shown(passed):
    commit(passed)
    assert passed.types("m1").code == 3
    passed.touches("phase-1.continue", milestone="m1")
    landing = passed.types("land", "m1")
    assert landing.code == 0, landing.out
    assert passed.git("show", "milestone/m1:two.js", where=REMOTE) == "const two = 22;"
    decision = passed.reads("decisions/0002-phase-1-continue.json")
    assert {item["rule"] for item in decision["findings"] if item["change"]} == {"01", "02"}
    assert len(decision["commits"]) == 2
