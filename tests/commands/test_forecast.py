"""`forecast` names the pairs of open branches that conflict, with the files, and changes nothing."""

import subprocess

import pytest
from support.plans import QUICK


def everything(person):
    """Every file of the project with its bytes, git's objects and refs among them."""
    files = [path for path in person.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(person.folder)): path.read_bytes() for path in files}


@pytest.fixture
def three_branches(make_milestone):
    """Issues 01 and 02 write the same file differently, 03 writes another."""
    work = {"01-1": {"a.js": "a = 1\n"}, "02-1": {"a.js": "a = 2\n"}, "03-1": {"b.js": "b = 1\n"}}
    person = make_milestone(work, plan=QUICK)
    assert "3 PRs ready" in person.types("m1").out
    return person


def test_a_conflicting_pair_is_named(three_branches):
    before = everything(three_branches)
    result = three_branches.types("forecast", "m1")
    assert result.code == 1, result.out + result.err
    pair = "⚠️ #01 (feat/m1-01-issue-01) and #02 (feat/m1-02-issue-02) conflict in a.js"
    assert result.lines[0] == pair
    assert "#03" not in result.out
    assert everything(three_branches) == before


def test_without_a_conflict_it_says_so(three_branches):
    subprocess.run(["git", "branch", "-qD", "feat/m1-02-issue-02"], cwd=three_branches.folder, check=True)
    result = three_branches.types("forecast", "m1")
    assert (result.code, result.out) == (0, "✓ No two of 2 open branches conflict.\n")


def test_stacked_branches_do_not_conflict(make_milestone):
    work = {"01-1": {"a.js": "a = 1\n"}, "02-1": {"a.js": "a = 2\n"}}
    person = make_milestone(work, plan=QUICK)
    plan = person.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text() + "        depends_on: [1]\n")
    person.types("m1")
    assert person.types("forecast", "m1").out == "✓ No two of 2 open branches conflict.\n"


def test_before_the_first_run_nothing_conflicts(make_milestone):
    result = make_milestone({"01-1": {}}, plan=QUICK).types("forecast", "m1")
    assert (result.code, result.out) == (0, "✓ m1 has no open branches: nothing can conflict.\n")


def test_an_unknown_milestone_is_one_sentence(newcomer):
    newcomer.types("init")
    result = newcomer.types("forecast", "m9")
    assert result.code == 2
    assert "m9" in result.err
    assert "Traceback" not in result.err
