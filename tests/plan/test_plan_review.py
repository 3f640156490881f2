"""The review says what a careful colleague would say before work begins."""

import random
from pathlib import Path

import pytest

from run_milestone.model import Criterion, Issue, Kind, Milestone, Paths, Phase, Severity
from run_milestone.plan import load
from run_milestone.plan.review import remarks, review, verdict

ROOT = Path(__file__).parents[2]


@pytest.fixture
def review_of(plan, with_issues):
    """Return the review of a plan whose issue #05 has these fields besides its number and title."""

    def make(fields):
        others = [f"{{number: {n}, title: T{n}, criteria: [it is there]}}" for n in range(1, 5)]
        others[2] = others[2].replace("it is there", "{text: it is there, test: 'tests/test_3.py::test_3'}")
        others[3] = others[3].replace("]}", "], paths: {allow: [src/a.py, 'tests/**']}}")
        title = "" if "title:" in fields else "title: T, "
        return review(plan(with_issues(*others, f"{{number: 5, {title}{fields}}}")))

    return make


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
        ("criteria: [It works.]", "Issue #05, criterion 1: “It works.” does not say how anybody could tell"),
        ("criteria: [Within TBD ms]", "Issue #05, criterion 1: it is not written yet"),
        ("criteria: [a1], title: T4", "Issues #04 and #05 have the same title"),
        ("criteria: [a1], priority: P0, depends_on: [3]", "Issue #05 is P0 and waits for #03, which is P1"),
        (
            "criteria: [{text: a1, test: 'tests/test_3.py::test_3'}], depends_on: [3]",
            "Issue #05, criterion 1: its test proves #03 already",
        ),
        (
            "criteria: [a1], paths: {allow: [src/a.py]}",
            "Issues #04 and #05 both change src/a.py, and neither waits for the other",
        ),
    ],
)
def test_what_is_worth_a_warning(review_of, fields, message):
    (finding,) = review_of(fields)
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
        "criteria: [The page works without JavaScript]",
        "criteria: [a1], paths: {allow: [src/a.py]}, depends_on: [4]",
        "criteria: [a1], paths: {allow: ['src/**']}",
        "criteria: [{text: a1, test: 'tests/test_5.py::test_5'}], paths: {allow: ['src/**', 'tests/**']}",
        "criteria: [{text: a1, test: 'tests/test_4.py::test_4'}], depends_on: [4], paths: {allow: ['src/**']}",
    ],
)
def test_what_is_fine(review_of, fields):
    assert review_of(fields) == ()


def test_an_issue_nobody_could_tell_done_is_critical(review_of, folder):
    (finding,) = review_of("criteria: []")
    assert (finding.kind, finding.severity) == (Kind.SPEC_MISSING, Severity.CRITICAL)
    assert (finding.message, finding.path) == ("Issue #05 has no acceptance criteria", "plan.yaml")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            "criteria: [{text: a1, test: 'tests/test_5.py::test_5'}], paths: {allow: ['src/**']}",
            "Issue #05, criterion 1: its test is in tests/test_5.py, which the issue may not change",
        ),
        (
            "criteria: [{text: a1, test: 'tests/test_5.py::test_5'}], paths: {forbid: ['tests/**']}",
            "Issue #05, criterion 1: its test is in tests/test_5.py, which the issue may not change",
        ),
        (
            "criteria: [a1], paths: {allow: [src/b.py, 'src/**'], forbid: ['src/**']}",
            "Issue #05 may change nothing: all it is allowed (src/b.py, src/**) is forbidden to it",
        ),
    ],
)
def test_what_cannot_succeed_as_planned_is_critical(review_of, fields, message):
    (finding,) = review_of(fields)
    assert (finding.kind, finding.severity, finding.message) == (Kind.PLAN_CRITICAL, Severity.CRITICAL, message)


@pytest.mark.parametrize(
    ("item", "kind"), [("Export as CSV files", Kind.PLAN_WARNING), ("**P0** Export as CSV files", Kind.PLAN_CRITICAL)]
)
def test_what_an_epic_asks_for_is_covered(plan, with_issues, item, kind):
    issues = with_issues("{number: 1, title: Widgets with a colour, criteria: [a1]}")
    (finding,) = review(plan(issues), f"- [ ] A colour for widgets\n- [x] Import\n- [ ] {item}\n")
    assert (finding.kind, finding.message) == (kind, f"No issue mentions what the epic asks for: {item}")


def test_what_is_worth_knowing_asks_for_nothing(plan, with_issues):
    issues = (
        "{number: 1, title: A, criteria: [a1], external: true, tests: {integration: true}}",
        "{number: 2, title: B, criteria: [a1], paths: {allow: ['alembic/versions/**']}}",
        "{number: 3, title: C, criteria: [a1], depends_on: [1]}",
    )
    milestone = plan(with_issues(*issues))
    reaches = "its path alembic/versions/** may reach migrations (alembic/versions)"
    assert [remark.message for remark in remarks(milestone)] == [
        "Issue #01 does not say what happens when the outside does not answer",
        f"Issue #02 will probably get the label needs-db-review: {reaches}",
        "Phase 1: #01 and #02 can run in parallel",
    ]
    assert verdict(review(milestone)) == "READY"


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_a_spec_that_says_nothing_is_critical(review_of, folder, text):
    if text is not None:
        (folder / "profile.md").write_text(text)
    (finding,) = review_of("criteria: [a1], spec: profile.md")
    assert (finding.kind, finding.severity) == (Kind.SPEC_MISSING, Severity.CRITICAL)
    assert (finding.message, finding.path) == ("Issue #05 has no text in its spec profile.md", "profile.md")


def clashes_one_by_one(milestone):
    """The files that issues of a phase share, found by comparing each with each."""

    def waits(issue, other):
        needs = {one.number: one.depends_on for one in milestone.issues}
        left, seen = list(issue.depends_on), set()
        while left:
            number = left.pop()
            seen.add(number)
            left += needs[number]
        return other.number in seen

    for phase in milestone.phases:
        for issue in phase.issues:
            for other in (one for one in phase.issues if one.number < issue.number):
                if not waits(issue, other) and not waits(other, issue):
                    for path in sorted(set(issue.paths.allow) & set(other.paths.allow) - {"src/**"}):
                        yield f"Issues #{other.number} and #{issue.number} both change {path}"


@pytest.mark.parametrize("seed", range(10))
def test_shared_files_are_those_of_each_pair(seed):
    chance = random.Random(seed)
    numbers = [f"{number:02}" for number in range(1, 13)]
    issues = tuple(
        Issue(
            number,
            f"T{number}",
            "s",
            1 + place // 6,
            depends_on=tuple(chance.sample(numbers[:place], min(place, chance.choice([0, 0, 1, 2])))),
            criteria=(Criterion("It is there", None),),
            paths=Paths(tuple(chance.sample(["a.py", "b.py", "c.py", "d.py", "src/**"], 2))),
        )
        for place, number in enumerate(numbers)
    )
    first, second = (tuple(chance.sample(issues[start : start + 6], 6)) for start in (0, 6))
    milestone = Milestone("m1", "M", "milestone/m1", (Phase(1, "One", first), Phase(2, "Two", second)))
    shared = [finding.message for finding in review(milestone) if finding.rule == "same-file"]
    assert [message.removesuffix(", and neither waits for the other") for message in shared] == list(
        clashes_one_by_one(milestone)
    )
