"""On which branch an issue stands: pure, from the plan and what the forge says of pull requests."""

import pytest

from run_milestone.model import Issue, Milestone, Phase, PullRequest, by_branch
from run_milestone.policy.stacking import base_of

NEEDS = {"01": (), "02": ("01",), "03": ("01",), "04": ("02", "03"), "05": ("01", "02", "04")}
ISSUES = tuple(
    Issue(number, f"Issue {number}", f"i{number}", 1, depends_on=dependencies) for number, dependencies in NEEDS.items()
)
MILESTONE = Milestone("m1", "First", "milestone/m1", (Phase(1, "One", ISSUES),))


def branch(number):
    return f"feat/m1-{number}-i{number}"


BRANCHES = {number: branch(number) for number in NEEDS}


def pull(number, state, base="milestone/m1"):
    return PullRequest(int(number), branch(number), base, "title", "body", state, "url")


def base(number, *pulls):
    stacked = base_of(MILESTONE, next(issue for issue in ISSUES if issue.number == number), by_branch(pulls), BRANCHES)
    return stacked.branch, stacked.issues


def test_without_dependencies_it_is_the_milestone_branch():
    assert base("01") == ("milestone/m1", ())


def test_one_open_dependency_is_the_base_until_merged():
    assert base("02") == (branch("01"), ("01",))
    assert base("02", pull("01", "open")) == (branch("01"), ("01",))
    assert base("02", pull("01", "closed")) == (branch("01"), ("01",))
    assert base("02", pull("01", "merged")) == ("milestone/m1", ())


def test_several_open_dependencies_are_joined():
    join = f"{branch('04')}-base"
    assert base("04") == (join, ("02", "03"))
    assert base("04", pull("01", "merged")) == (join, ("02", "03"))
    assert base("04", pull("02", "merged")) == (branch("03"), ("03",))
    assert base("04", pull("02", "merged"), pull("03", "merged")) == ("milestone/m1", ())


def test_a_dependency_held_by_another_is_not_joined():
    assert base("05") == (branch("04"), ("04",))


@pytest.mark.parametrize("into", [branch("01"), f"{branch('04')}-base"])
def test_a_merged_dependency_follows_its_target(into):
    """Somebody pressed merge on a pull request of the stack before what it stands on was merged."""
    owner = "01" if into == branch("01") else "04"
    assert base("02", pull("01", "open"), pull("02", "merged", into)) == (branch("01"), ("01",))
    other = base("05", pull("01", "merged"), pull("02", "merged", into), pull(owner, "open"))
    assert other == (branch("04"), ("04",))


def test_merged_into_each_other_is_no_endless_search():
    assert base("04", pull("02", "merged", branch("03")), pull("03", "merged", branch("02"))) == ("milestone/m1", ())
