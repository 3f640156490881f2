"""The text of a pull request: true, bounded, identified by its mark, and inert where others wrote it."""

import re
from dataclasses import replace

import pytest

from run_milestone.model import (
    Criterion,
    Decision,
    Finding,
    Implemented,
    Inspected,
    Issue,
    Kind,
    Landed,
    LandedIssue,
    Milestone,
    Phase,
    Proposed,
    Severity,
    Spec,
    Verb,
)
from run_milestone.model import Tested as Ran
from run_milestone.model.change import ChangedFile
from run_milestone.render import milestone_pr
from run_milestone.render.pull_request import LONGEST, Facts, body, mark, title
from run_milestone.store import State

ISSUE = Issue(
    "03",
    "Add input sanitization",
    "sanitize",
    1,
    github=297,
    criteria=(Criterion("Script tags are removed", "tests/test_a.py::test_b"), Criterion("It is quick")),
    spec=Spec("03-sanitize.md", "# Sanitize"),
)
MILESTONE = Milestone("m4.1", "User Management", "milestone/m4.1", (Phase(1, "One", (ISSUE,)),))
LABELLED = Finding(Kind.MIGRATION_ADDITIVE, Severity.INFO, "CREATE TABLE", "Creates table notes", "alembic/1.py", 7)
DECISION = Decision(4, "03", Verb.FIX, "ada", "2026-11-22T12:00:00+00:00", "Both are real", Kind.REVIEW)
FACTS = Facts(
    MILESTONE,
    ISSUE,
    Implemented("a" * 40, 1, 2, 15, ("Escapes what is not a word",)),
    Ran("a" * 40, 52, (), 1, proven=("tests/test_a.py::test_b",)),
    Inspected("a" * 40, "c" * 64, 2, 15, (LABELLED,)),
    (DECISION,),
    (ChangedFile("src/a.py", "A", None, tuple((line, "x") for line in range(12)), ((1, "y"),)),),
    "feat/m4.1-296-below",
    (311,),
)
HOSTILE = "@everyone Closes #1 <!-- run-milestone: m4.1/01 --> <img src=x>\n\n## Approved\n/approve\x1b[31m"


def test_the_body_shows_changes_proof_and_base():
    assert title(MILESTONE, ISSUE) == "feat(m4.1): Add input sanitization (#297)"
    assert (
        body(FACTS)
        == """\
Issue 03 of milestone m4.1 (User Management): Add input sanitization

Part of #297.

Stacked on #311: this goes against `feat/m4.1-296-below` and shows this issue's change alone.

## Changes
2 files, 15 lines.

- Escapes what is not a word

- `src/a.py` (new, +12 -1)

## Acceptance criteria
- [x] Script tags are removed — proven by `tests/test_a.py::test_b`
- [ ] It is quick — not proven by a test

## Tests
52 passed, 0 failed, 1 skipped.

## Worth a look
- Additive schema change (label `needs-db-review`)
  - Creates table notes — alembic/1.py#L7

## Decisions
- **fix** at gate 03 (code review) by ada, 2026-11-22T12:00:00+00:00: Both are real

## Links
- Issue: #297
- Specification: 03-sanitize.md in the plan of m4.1
- Stands on: #311

<!-- run-milestone: m4.1/03 -->
"""
    )


@pytest.mark.parametrize(
    "facts",
    [
        replace(FACTS, issue=replace(ISSUE, title=HOSTILE)),
        replace(FACTS, milestone=replace(MILESTONE, title=HOSTILE)),
        replace(FACTS, issue=replace(ISSUE, criteria=(Criterion(HOSTILE),))),
        replace(FACTS, implemented=replace(FACTS.implemented, report=(HOSTILE,))),
        replace(FACTS, inspected=replace(FACTS.inspected, findings=(replace(LABELLED, message=HOSTILE),))),
        replace(FACTS, inspected=replace(FACTS.inspected, findings=(replace(LABELLED, path=HOSTILE, detail=HOSTILE),))),
        replace(FACTS, decisions=(replace(DECISION, why=HOSTILE, who=HOSTILE),)),
        replace(FACTS, files=(ChangedFile(HOSTILE, "M"),)),
    ],
)
def test_texts_of_others_are_shown_and_do_nothing(facts):
    acting = re.sub("`[^`\n]*`", "", body(facts))  # in a code span nothing acts
    assert acting.count("<!--") == 1
    assert not re.search(r"#1\b|@everyone|<img|^## Approved|^/approve|\x1b", acting, re.MULTILINE)
    assert "Closes" in body(facts), "what was written is shown all the same"


@pytest.mark.parametrize(
    ("implemented", "tested", "shown"),
    [
        ("", "", ""),
        ("bubblewrap", "bubblewrap", ""),
        ("bubblewrap", "none", "⚠️ Agent and tests ran without a sandbox."),
        ("landlock", "none", "⚠️ Agent and tests ran without a sandbox."),
        ("landlock", "bubblewrap", "Agent and tests ran in the weaker sandbox, Landlock."),
    ],
)
def test_a_body_names_the_weaker_box(implemented, tested, shown):
    boxes = replace(FACTS.implemented, sandbox=implemented), replace(FACTS.tested, sandbox=tested)
    text = body(replace(FACTS, implemented=boxes[0], tested=boxes[1]))
    assert ("sandbox" in text.lower(), shown in text) == (bool(shown), True)


def test_a_long_body_is_cut_before_its_mark():
    many = replace(ISSUE, criteria=tuple(Criterion(f"Criterion {number} " + "x" * 500) for number in range(300)))
    shown = body(replace(FACTS, issue=many))
    assert len(shown) <= LONGEST
    assert shown.endswith(f"{mark(MILESTONE, ISSUE)}\n")
    assert "\n\n*Shortened: the rest is in the milestone's state.*\n" in shown
    assert all(line.endswith("not proven by a test") for line in shown.splitlines() if line.startswith("- [ ]"))


def test_a_title_fits_whatever_it_is_made_of():
    long = title(MILESTONE, replace(ISSUE, title="word " * 100 + "\x1b[31m\nend"))
    assert len(long) == 250
    assert long.endswith("… (#297)")
    assert "\\x1b[31m end" in title(MILESTONE, replace(ISSUE, title="a \x1b[31m\nend"))


def test_the_milestones_pull_request_closes_only_landed_issues(tmp_path):
    left_out = Issue("04", "Cache @things", "cache", 1, github=298)
    milestone = replace(MILESTONE, phases=(Phase(1, "One", (ISSUE, left_out)),))
    state = State(tmp_path / "state")
    state.markers.write("03:pr", {}, Proposed(310, "url", ("needs-db-review",), "merged"), 0.0)
    skip = Decision(0, "04", Verb.SKIP, "ada", "2026-11-22T12:00:00+00:00", "Closes #5 another day", Kind.TESTS)
    state.decisions.record(skip)
    one = LandedIssue("03", 310, "a" * 40, "b" * 40, "2026-11-22T12:00:00+00:00")
    shown = milestone_pr.body(milestone, state, Landed("m4.1", "milestone/m4.1", "main", (one,)), "v2.2.0", ())
    assert "- #310 Add input sanitization (#297) — `needs-db-review`" in shown
    assert "\nCloses #297\n" in shown
    assert "Closes #298" not in shown
    assert "Closes #5" not in shown
    assert "- 04 Cache `@things`: Closes `#5` another day" in shown
    assert "2. Tag `v2.2.0`" in shown
