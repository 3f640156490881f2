"""What a run made for an issue or a milestone is taken away again, and what people made stays."""

import json

import pytest
from support.plans import command, issue, parts

AGENT = """
import pathlib, re, sys
number = re.search("Make part ([0-9]+)", sys.stdin.read()).group(1)
pathlib.Path(f"part_{number}.py").write_text(f"PART = {number}\\n")
"""


@pytest.fixture
def begun(ada):
    """A person whose milestone of three issues waits for its first barrier; the third is a person's."""
    commands = {"lint": ["true"], "review": "none", "test": ["true"]}
    by_hand = {**issue(3), "agent": {"kind": "human"}}
    ada.plans(parts([issue(1), issue(2, depends_on=[1]), by_hand], agent=command(AGENT), commands=commands))
    assert ada.types("m1").code == 3
    return ada


def branches(ada):
    return ada.git("branch", "--format=%(refname:short)", where=".").split()


def states(ada):
    return {pull["number"]: pull["state"] for pull in ada.pulls()}


def test_nothing_goes_without_a_yes(begun):
    before = branches(begun)
    result = begun.types("reset", "m1", "2")
    assert (result.code, branches(begun)) == (2, before)
    assert "#02 its records and tree, feat/m1-02-make-part-2, PR #2 (closed; the next run asks" in result.out
    assert "Say that you want it with `--yes`." in result.err


def test_an_issue_begins_anew(begun):
    commit = begun.git("rev-parse", "feat/m1-02-make-part-2", where=".")
    assert begun.types("reset", "m1", "02", "--yes").code == 0
    assert "feat/m1-02-make-part-2" not in branches(begun)
    assert states(begun) == {1: "open", 2: "closed"}
    assert begun.git("rev-parse", "refs/run-milestone/m1/reset/02", where=".") == commit
    result = begun.types("m1")
    assert "✓ Branch: feat/m1-02-make-part-2" in result.out
    assert "PR #2 was closed; `retry` opens it again" in result.out
    begun.answers("02.retry")
    assert states(begun) == {1: "open", 2: "open"}
    assert begun.types("verify", "m1").code == 0


def test_a_milestone_begins_anew(begun):
    tree = begun.folder.parent / "widgets.worktrees"
    begun.git("worktree", "remove", str(tree / "m1-03-person"), where=".")
    for name in ("m1-01-base", "m1-land"):  # a second look at failing tests, and landing, have trees as well
        (tree / name).mkdir()
    assert begun.types("reset", "m1", "--yes").code == 0
    assert branches(begun) == ["main", "milestone/m1"]
    assert [path.name for path in tree.iterdir()] == []
    assert states(begun) == {1: "closed", 2: "closed"}
    assert "Starting Milestone: m1" in begun.types("m1").out


def test_a_persons_commits_stay(begun):
    tree = begun.folder.parent / "widgets.worktrees/m1-03-person"
    (tree / "own.py").write_text("OWN = 1\n")
    begun.git("add", ".", where=tree)
    begun.git("commit", "--quiet", "--message=Own", where=tree)
    result = begun.types("reset", "m1", "--yes")
    assert "#03 people committed to feat/m1-03-make-part-3" in result.out
    assert (tree / "own.py").exists()
    assert (begun.folder / "state/m1/issues/03/branch.json").exists()


def test_an_issue_that_others_stand_on_stays(begun):
    result = begun.types("reset", "m1", "1", "--yes")
    assert "#01 #02 stands on it; name #02 too" in result.out
    assert "feat/m1-01-make-part-1" in branches(begun)
    assert begun.types("reset", "m1", "1", "2", "--yes").code == 0
    assert "feat/m1-01-make-part-1" not in branches(begun)


def test_what_a_persons_commit_stands_on_stays(begun):
    branch = "feat/m1-02-make-part-2"
    commit = begun.git("commit-tree", "-m", "Own", "-p", branch, f"{branch}^{{tree}}", where=".")
    begun.git("update-ref", f"refs/heads/{branch}", commit, where=".")
    lines = begun.types("reset", "m1", "--yes").out.splitlines()
    assert "  #01 #02 stands on it" in lines
    assert f"  #02 people committed to {branch}" in lines


def test_a_persons_folder_and_files_stay(begun):
    trees = begun.folder.parent / "widgets.worktrees"
    begun.git("config", "status.showUntrackedFiles", "no", where=".")
    for name in ("m1-03-person/untracked.py", "m1-03-person/.env", "m1-notes.md", "m1-experiment/own.py"):
        (trees / name).parent.mkdir(exist_ok=True)
        (trees / name).write_text("OWN = 1\n")
    result = begun.types("reset", "m1", "--yes")
    assert "#03 feat/m1-03-make-part-3 is checked out in" in result.out
    kept = ("m1-03-person/untracked.py", "m1-03-person/.env", "m1-notes.md", "m1-experiment/own.py")
    assert all((trees / name).exists() for name in kept)


def test_an_issue_outside_of_the_plan_is_named(begun):
    text = (begun.folder / "plans/m1/plan.yaml").read_text()
    begun.plans(parts([issue(1)], agent=command(AGENT), commands=json.loads(text)["commands"]))
    begun.types("m1")
    result = begun.types("reset", "m1", "--yes")
    assert (result.code, "The plan no longer has" in result.err) == (2, True)
    assert "feat/m1-02-make-part-2" in branches(begun)


def test_verify_knows_decisions_that_were_taken_away(begun):
    begun.answers("03.skip")
    tree = begun.folder.parent / "widgets.worktrees/m1-03-person"
    begun.git("worktree", "remove", str(tree), where=".")
    assert begun.types("reset", "m1", "3", "--yes").code == 0
    assert begun.types("m1").code == 3
    assert begun.types("verify", "m1").code == 0
    begun.answers("03.skip")
    names = [path.name for path in (begun.folder / "state/m1/decisions").iterdir()]
    assert names == ["0002-03-skip.json"]


def test_merged_work_stays(begun):
    assert begun.types("skip", "m1", "03").code == 0
    begun.types("m1")
    begun.answers("phase-1.continue")
    assert begun.types("land", "m1").code == 0
    result = begun.types("reset", "m1", "--yes")
    assert "#01 PR #1 is merged" in result.out
    assert "Of m1 nothing is taken away." in begun.types("reset", "m1", "01", "02").out
    assert (begun.folder / "state/m1/landing.json").exists()


@pytest.mark.parametrize(("words", "reason"), [(["m1", "9"], "has no issue 09"), (["m2"], "m2")])
def test_what_there_is_not_is_refused(begun, words, reason):
    result = begun.types("reset", *words, "--yes")
    assert (result.code, reason in result.err) == (2, True)
