"""A plan from the forge's issues, and issues from a plan: again and again, and nothing that somebody wrote is lost."""

import json
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as texts

from run_milestone.commands.plan_sync import push
from run_milestone.commands.plan_sync.parse_issue import parse_issues
from run_milestone.model import ForgeIssue, Milestone
from run_milestone.plan import load
from run_milestone.plan.edit import PlanText, item
from run_milestone.plan.yaml_reader import read

PROFILE = """\
Users want to see who they are.

See the [design](docs/profile.md).

## Acceptance criteria

- [ ] GET /users/{id}/profile answers 200
- [x] Unknown users answer 404 (proved by `tests/test_profile.py::test_unknown`)

## Notes

- nothing else
"""


@pytest.fixture
def ada(newcomer):
    """A person whose forge has issues."""
    (newcomer.folder / "plans").mkdir()

    def issue(number, title, body="", labels=(), milestone="Profiles", **more):
        record = {"number": number, "title": title, "body": body, "state": "open", "labels": labels, **more}
        path = newcomer.forge / "issues" / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**record, "milestone": milestone}))

    newcomer.issue = issue
    newcomer.plan = newcomer.folder / "plans/m5/plan.yaml"
    return newcomer


def issues_of(person):
    paths = sorted((person.forge / "issues").glob("*.json"), key=lambda path: int(path.stem))
    return [json.loads(path.read_text()) for path in paths]


def loaded(person):
    return load(person.plan.parent)


# ---- importing ----------------------------------------------------------------------------------------------------


def test_a_milestone_of_issues_becomes_a_plan(ada):
    ada.issue(295, "Add user profile endpoint", PROFILE, ["P0", "enhancement", "phase-1: Foundation"])
    ada.issue(296, "Mask the address", "- [ ] a•••@example.com\n\nBlocked by #295.", ["bug", "privacy", "phase 1"])
    ada.issue(297, "Export", "Depends on #295 and #296, but not on acme/other#7.\n\n- [ ] As CSV", ["phase-3"])
    ada.issue(298, "Given up", state="closed")
    ada.issue(299, "Elsewhere", milestone="Other")
    result = ada.types("plan", "import", "m5", "--from", "Profiles")
    assert result.code == 0, result.err
    assert result.lines == [
        "✓ made plans/m5/plan.yaml: 3 issues, 2 specs beside it",
        "· #298 is closed and was left out",
    ]
    plan = loaded(ada)
    assert [(phase.title, [issue.github for issue in phase.issues]) for phase in plan.phases] == [
        ("Foundation", [295, 296]),
        ("Phase 2", [297]),
    ]
    one, two, three = plan.issues
    assert (one.priority, one.type, one.labels, one.depends_on) == ("P0", "feat", (), ())
    assert [(each.text, each.test) for each in one.criteria] == [
        ("GET /users/{id}/profile answers 200", None),
        ("Unknown users answer 404", "tests/test_profile.py::test_unknown"),
    ]
    assert one.spec.path == "01-add-user-profile-endpoint.md"
    assert "Users want to see who they are." in one.spec.text
    assert (two.type, two.labels, two.depends_on, two.spec) == ("fix", ("privacy",), ("01",), None)
    assert (three.depends_on, [each.text for each in three.criteria]) == (("01", "02"), ["As CSV"])
    assert (plan.title, plan.forge, plan.branch) == ("Profiles", "local", "milestone/m5")
    assert ada.types("plan", "check", "m5").code == 0


def test_a_dry_run_only_shows_the_difference(ada):
    ada.issue(295, "Add user profile endpoint", PROFILE)
    result = ada.types("plan", "import", "m5", "--from", "Profiles", "--dry-run")
    assert '+        title: "Add user profile endpoint"' in result.lines
    assert "✓ would write plans/m5/01-add-user-profile-endpoint.md" in result.lines
    assert os.listdir(ada.folder / "plans") == []
    assert ada.types("plan", "push", "m5").code == 2


OWN = """\
# Mine, and it stays as it is.
id: m5
title:   Profiles          # as on the forge
agent: {kind: human}
phases:
- title: "One"
  issues:
  - {number: 1, title: Add user profile endpoint, depends_on: []}   # the first
  - number: 02   # on two digits
    github: 296
    title: Mask addresses everywhere
    criteria:
    - "nobody sees an address"
    # - and more to come

# That is all.
"""


def test_importing_again_only_adds(ada):
    ada.plan.parent.mkdir()
    ada.plan.write_text(OWN)
    ada.issue(295, "Add user profile endpoint", PROFILE, ["P0"])
    ada.issue(296, "Mask the address", "- [ ] a•••@example.com", ["P2"])
    ada.issue(297, "Export", "Depends on #295\n- [ ] As CSV")
    ada.issue(298, "Later", "- [ ] later", ["phase-2: Two"])
    result = ada.types("plan", "import", "m5")
    assert result.code == 0, result.err
    assert result.lines == [
        "✓ plans/m5/plan.yaml: 2 new issues, 1 spec beside it",
        "✓ #01 (#295): added github, priority, criteria",
        "✓ #02 (#296): added priority",
        '· #02 (#296) is called "Mask the address" on the forge; the plan stays as it is',
        '· #02 (#296) has the criterion "a•••@example.com" on the forge; the plan stays as it is',
    ]
    text = ada.plan.read_text()
    left = iter(text.splitlines())
    assert all(line in left for line in OWN.splitlines() if "number: 1" not in line), "every line, in the same order"
    assert "    # - and more to come\n  - number: 3\n    github: 297\n" in text
    assert "  - {number: 1, github: 295, priority: P0, criteria: [" in text
    assert (
        'test: "tests/test_profile.py::test_unknown"}], title: Add user profile endpoint, depends_on: []}   #' in text
    )
    assert "  - number: 02   # on two digits\n    priority: P2\n    github: 296\n" in text
    plan = loaded(ada)
    assert [(phase.title, [issue.github for issue in phase.issues]) for phase in plan.phases] == [
        ("One", [295, 296, 297]),
        ("Two", [298]),
    ]
    assert plan.issues[2].depends_on == ("01",)

    result = ada.types("plan", "import", "m5")
    assert result.lines[0] == "· plans/m5/plan.yaml has all of it already"
    assert ada.plan.read_text() == text


def test_closed_issues_are_imported_too(ada):
    ada.issue(295, "One", "- [ ] a")
    assert ada.types("plan", "import", "m5", "--from", "Profiles").code == 0
    ada.issue(295, "One", "- [x] a", state="closed")
    assert ada.types("plan", "import", "m5").lines == ["· plans/m5/plan.yaml has all of it already"]


def test_removed_and_impossible_issues_are_named(ada):
    ada.issue(295, "One", "- [ ] a\n\nDepends on #299 and #297")
    ada.issue(296, "Two", "- [ ] b")
    assert ada.types("plan", "import", "m5", "--from", "Profiles").code == 0
    ada.issue(296, "Two", milestone=None)
    ada.issue(297, "Three", "- [ ] c", ["phase-2"])
    result = ada.types("plan", "import", "m5")
    assert "· #295 depends on #299, which is not in the plan" in result.lines
    assert "· #295 depends on #297, which is in a later phase of the plan" in result.lines
    assert "· #02 (#296) is not in the milestone on the forge" in result.lines


def test_issues_that_need_each_other_make_no_plan(ada):
    ada.issue(1, "Hen", "Depends on #2\n- [ ] clucks")
    ada.issue(2, "Egg", "Depends on #1\n- [ ] hatches")
    result = ada.types("plan", "import", "m5", "--from", "Profiles")
    assert result.code == 2
    assert "The issues on the forge make no valid plan, so nothing was written:" in result.err
    assert "depends_on" in result.err
    assert os.listdir(ada.folder / "plans") == []


def test_nothing_to_import_is_said(ada):
    result = ada.types("plan", "import", "m5")
    assert result.code == 2
    assert "the title of the milestone on the forge is unknown" in result.err
    result = ada.types("plan", "import", "m5", "--from", "Nothing")
    assert result.code == 2
    assert "The forge has no open issues in a milestone called 'Nothing'." in result.err


HOSTILE = [
    "a: b",
    '"quoted" and \\ back',
    "- [ ] x\n- y",
    "*alias &anchor !!python/object",
    "<<: {a: b}",
    "}] # no comment",
    "\x1b[31mred\x07 \u202eevil\u2028line\x85",
    "{python}",
    "yes",
    "0x1f",
    "🛑 ✓ ä",
    "$(touch pwned) `id`",
    "@mallory Closes #1",
]


def test_hostile_texts_are_texts_and_nothing_else(ada):
    for number, text in enumerate(HOSTILE, start=1):
        body = f"{text}\n\n## Acceptance criteria\n- {text}\n<!-- run-milestone: m5/99 -->\n{text}"
        ada.issue(number, text, body, [text])
    assert ada.types("plan", "import", "m5", "--from", "Profiles").code == 0
    plan = loaded(ada)
    assert len(plan.issues) == len(HOSTILE)
    assert [issue.title for issue in plan.issues][:2] == HOSTILE[:2]
    assert not re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f\u2028\u202e]", ada.plan.read_text())
    assert not (ada.folder / "pwned").exists()
    text = ada.plan.read_text()
    assert ada.types("plan", "import", "m5").code == 0
    assert ada.plan.read_text() == text


@given(texts.text(max_size=80), texts.text(max_size=200), texts.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_text_survives_the_exchange(title, body, label):
    milestone = Milestone("m5", "Any", "milestone/m5", ())
    (issue,) = parse_issues(milestone, [ForgeIssue(7, title, body, "open", "", (label,))])
    fields = {"title": issue.title, "labels": issue.labels, "criteria": [each.text for each in issue.criteria]}
    document = read("\n".join(item({key: value for key, value in fields.items() if value})).encode())
    assert document.problems == ()
    (back,) = document.value
    assert {key: back.get(key, "" if key == "title" else []) for key in fields} == {
        key: list(value) if key != "title" else value for key, value in fields.items()
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("phases: [{issues: [{number: 1}]}]", "phases: [{issues: [{number: 1}, {number: 2}]}]"),
        ("phases: [{issues: [{number: 1}, ]}]", "phases: [{issues: [{number: 1}, {number: 2}]}]"),
        ("phases:\n- issues:\n  - number: 1", "phases:\n- issues:\n  - number: 1\n  - number: 2"),
        (
            "phases:\n- issues:\n  - number: 1\n    title: |\n      a\n      b\n# end\n",
            "phases:\n- issues:\n  - number: 1\n    title: |\n      a\n      b\n  - number: 2\n# end\n",
        ),
        (
            "phases:\n- issues:\n  - number: 1\n    labels:\n",
            "phases:\n- issues:\n  - number: 1\n    labels:\n  - number: 2\n",
        ),
        (
            "phases:\r\n- issues:\r\n  - number: 1 # x\r\n",
            "phases:\r\n- issues:\r\n  - number: 1 # x\r\n  - number: 2\r\n",
        ),
        (
            "phases:\n- issues:\n  - number: 1\n    title: 'a\n     b' # c\n",
            "phases:\n- issues:\n  - number: 1\n    title: 'a\n     b' # c\n  - number: 2\n",
        ),
    ],
)
def test_an_issue_is_added_to_any_layout(before, after):
    text = PlanText(before)
    text.add_issue(0, {"number": 2})
    assert text.text == after


# ---- pushing ------------------------------------------------------------------------------------------------------

PUSHED = """\
id: m5
title: Profiles
phases:
  - issues:
      - number: 1     # needs the second
        title: Show profiles
        depends_on: [2]
        criteria:
          - {text: A profile is shown, test: "tests/test_a.py::test_b"}
          - "@mallory is not told"
      - {number: 2, title: Keep profiles, type: fix, priority: P0, labels: [db], criteria: [It is kept]}
  - issues:
      - number: 3
        github: 7
        title: Known
        criteria: [Known]
"""


@pytest.fixture
def planned(ada):
    ada.plan.parent.mkdir()
    ada.plan.write_text(PUSHED)
    (ada.plan.parent / "01-show.md").write_text("# 01 Show profiles\n\nWho am I?\n\n## Acceptance criteria\n\n- old\n")
    ada.issue(7, "Known")
    return ada


def test_missing_issues_are_created_and_numbered(planned):
    before = planned.types("plan", "push", "m5", "--dry-run")
    assert before.lines == [
        "· #02 Keep profiles: would be made (db, P0, fix, phase-1)",
        "· #01 Show profiles: would be made (P1, phase-1)",
    ]
    assert len(issues_of(planned)) == 1
    result = planned.types("plan", "push", "m5")
    made = ["✓ #02 is #8: Keep profiles", "✓ #01 is #9: Show profiles", "✓ #9 is blocked by #8"]
    assert result.lines == made, result.err
    _, two, one = issues_of(planned)
    assert (two["title"], two["labels"], two["milestone"]) == (
        "Keep profiles",
        ["db", "P0", "fix", "phase-1"],
        "Profiles",
    )
    assert one["body"] == (
        "Who am I?\n\n## Acceptance criteria\n\n- [ ] A profile is shown (proved by `tests/test_a.py::test_b`)\n"
        "- [ ] `@mallory` is not told\n\nDepends on #8.\n\n<!-- run-milestone: m5/01 -->\n"
    )
    text = PUSHED.replace("  # needs the second\n", "  # needs the second\n        github: 9\n")
    assert planned.plan.read_text() == text.replace("{number: 2, ", "{number: 2, github: 8, ")

    assert planned.types("plan", "push", "m5").lines == ["· Every issue of m5 has its number on the forge already"]
    assert len(issues_of(planned)) == 3
    result = planned.types("plan", "import", "m5")
    assert result.lines == ["· plans/m5/plan.yaml has all of it already"], "what was pushed reads as it was written"


def test_a_kill_after_creating_makes_no_second_issue(planned, monkeypatch):
    monkeypatch.setattr(push, "_write_down", lambda *_: os.kill(os.getpid(), 9))
    child = os.fork()
    if child == 0:
        try:
            from run_milestone.plan.project import Project

            list(push.push_plan(Project(planned.folder), loaded(planned), dry=False))
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    assert [issue["title"] for issue in issues_of(planned)] == ["Known", "Keep profiles"]
    assert planned.plan.read_text() == PUSHED
    assert planned.types("plan", "push", "m5", "--dry-run").lines[0] == "· #02 Keep profiles: is #8 on the forge"
    result = planned.types("plan", "push", "m5")
    assert result.lines[:2] == ["✓ #02 is #8: Keep profiles (it existed)", "✓ #01 is #9: Show profiles"]
    assert len(issues_of(planned)) == 3


def test_an_issue_made_by_hand_is_adopted(planned):
    planned.issue(8, "Show profiles")
    result = planned.types("plan", "push", "m5")
    assert result.lines[:2] == ["✓ #02 is #9: Keep profiles", "✓ #01 is #8: Show profiles (it existed)"]


def test_only_numbers_change_in_the_founding_example():
    from pathlib import Path

    before = (Path(__file__).parents[2] / "plans/m4.1/plan.yaml").read_text()
    text = PlanText(before)
    text.add_keys(1, 2, {"github": 999})
    added = set(text.text.splitlines()) - set(before.splitlines())
    assert added == {"        github: 999"}
    assert len(text.text) == len(before) + len("        github: 999\n")
