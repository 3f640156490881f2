"""The review says what a careful colleague would say before work begins."""

from pathlib import Path

import pytest

from run_milestone.model import Kind, Severity
from run_milestone.plan import load
from run_milestone.plan.review import review

ROOT = Path(__file__).parents[2]


@pytest.fixture
def said(plan, with_issues):
    """Return the review of a plan whose issue #05 has these fields besides its number and title."""

    def said(fields):
        others = (f"{{number: {n}, title: T{n}, criteria: [it is there]}}" for n in range(1, 5))
        return review(plan(with_issues(*others, f"{{number: 5, title: T, {fields}}}")))

    return said


def test_the_founding_example_has_its_two_warnings():
    findings = review(load(ROOT / "plans" / "m4.1"))
    assert [finding.message for finding in findings] == [
        "Issue #05 has 6 acceptance criteria",
        "Missing integration test spec in #08",
    ]
    assert {(finding.kind, finding.severity) for finding in findings} == {(Kind.PLAN_WARNING, Severity.WARNING)}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("criteria: [a1, a2, a3, a4, a5, a6]", "Issue #05 has 6 acceptance criteria"),
        ("criteria: [a1], external: true", "Missing integration test spec in #05"),
        ("criteria: [a1], depends_on: [1, 2, 3, 4]", "Issue #05 depends on 4 issues"),
        ("criteria: [a1, It answers quickly]", "Issue #05, criterion 2: “quickly” cannot be measured"),
        ("criteria: [Errors are handled as needed]", "Issue #05, criterion 1: “as needed” cannot be measured"),
        ("criteria: [A User-Friendly page]", "Issue #05, criterion 1: “user-friendly” cannot be measured"),
    ],
)
def test_what_is_worth_a_warning(said, fields, message):
    (finding,) = said(fields)
    assert (finding.kind, finding.severity, finding.message) == (Kind.PLAN_WARNING, Severity.WARNING, message)


@pytest.mark.parametrize(
    "fields",
    [
        "criteria: [a1, a2, a3, a4, a5]",
        "criteria: [a1], external: true, tests: {integration: true}",
        "criteria: [a1], depends_on: [1, 2, 3]",
        "criteria: [It is fast (under 200 ms)]",
        "criteria: [{text: It is fast, test: 'tests/test_speed.py::test_it'}]",
        "criteria: [Breakfast is served]",
    ],
)
def test_what_is_fine(said, fields):
    assert said(fields) == ()


def test_an_issue_nobody_could_tell_done_is_critical(said, folder):
    (finding,) = said("criteria: []")
    assert (finding.kind, finding.severity) == (Kind.SPEC_MISSING, Severity.CRITICAL)
    assert (finding.message, finding.path) == ("Issue #05 has no acceptance criteria", "plan.yaml")


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_a_spec_that_says_nothing_is_critical(said, folder, text):
    if text is not None:
        (folder / "profile.md").write_text(text)
    (finding,) = said("criteria: [a1], spec: profile.md")
    assert (finding.kind, finding.severity) == (Kind.SPEC_MISSING, Severity.CRITICAL)
    assert (finding.message, finding.path) == ("Issue #05 has no text in its spec profile.md", "profile.md")
