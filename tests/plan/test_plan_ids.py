"""Ids and branch names have one spelling each."""

import pytest

from run_milestone.core.errors import UsageError
from run_milestone.policy.naming import branch_of, normalise, slug_of


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *(("m4.1", "m4.1"), ("M4.1", "m4.1"), ("4.1", "m4.1"), ("4.10", "m4.10"), ("m3", "m3"), ("3", "m3")),
        *(("M0", "m0"), ("users", "users"), ("Spring-Release", "spring-release")),
        *(("q3_2026.1", "q3_2026.1"), ("mm4", "mm4")),
    ],
)
def test_what_people_type_is_understood(typed, meant):
    assert normalise(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "m4.",
        "m.1",
        "m4.1.2",
        "m04",
        "m4.01",
        "spring.lock",
        "a--b",
        "-spring",
        "m1-2",
        "x" * 41,
        "grün",
        "-4",
        "m4.1\n",
        " m4",
        "../m4",
        "m4/1",
        "٤",
        "m99999",
    ],
)
def test_anything_else_is_refused_with_what_to_do(typed):
    with pytest.raises(UsageError, match=r"is not a milestone id. Write it like m4.1, m3 or spring-release.$"):
        normalise(typed)


def test_branches_say_milestone_number_and_subject(plan, with_issues):
    milestone = plan(
        with_issues(
            "{number: 1, github: 295, title: Add user profile endpoint, slug: user-profile}",
            "{number: 3, title: Fix the cache!, type: fix}",
        )
    )
    assert [branch_of(milestone, issue) for issue in milestone.issues] == [
        "feat/m4.1-295-user-profile",
        "fix/m4.1-03-fix-the-cache",
    ]


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Add `user` (v2)", "add-user-v2"), ("Zürich, café", "zurich-cafe"), ("用户", "issue"), ("x" * 99, "x" * 40)],
)
def test_slugs_come_from_titles(title, slug):
    assert slug_of(title) == slug
