"""The founding example through `doit run m4.1` and `touch` alone: eight touches, the same summary."""

import json
import shutil
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2]


def waiting(result):
    """The gates that the end of a run lists."""
    after = result.out.split("Waiting for ")[1].splitlines()[1:]
    return [line.split(":")[0].strip() for line in after if line.startswith("  ")]


def test_eight_touches_carry_the_milestone_to_its_end(person):
    shutil.copytree(EXAMPLE / "plans", person.folder / "plans")
    shutil.copy(EXAMPLE / "dodo.py", person.folder)

    result = person.doit("run", "m4.1")
    assert waiting(result) == ["03"]
    assert "touch state/m4.1/approvals/03.fix" in result.out
    assert result.issues() == ["01", "02", "03", "04", "05"], "a waiting issue holds up no neighbour"
    facts = json.loads((person.folder / "state/m4.1/summary.json").read_text())
    assert facts["prs"] == {"created": 5, "clean": 4, "fixed": 0, "approved": 0}, "one of them waits"

    person.touches("03.fix")
    result = person.doit("run", "m4.1")
    assert result.issues() == ["03"]
    assert waiting(result) == ["phase-1"]

    person.touches("phase-1.continue")
    result = person.doit("run", "m4.1")
    assert waiting(result) == ["07", "08", "09"]

    person.touches("07.fix", "08.fix", "09.approve")
    result = person.doit("run", "m4.1")
    assert result.issues() == ["07", "08", "09"]
    assert waiting(result) == ["07"]
    assert "🛑 Tests failing (attempt 2/2)" in result.out

    person.touches("07.skip")
    assert waiting(person.doit("run", "m4.1")) == ["phase-2"]
    person.touches("phase-2.continue")
    assert waiting(person.doit("run", "m4.1")) == ["phase-3"]
    person.touches("phase-3.continue")
    result = person.doit("run", "m4.1")
    assert result.code == 0
    assert "✓ Milestone M4.1 Complete" in result.out

    facts = json.loads((person.folder / "state/m4.1/summary.json").read_text())
    assert facts["issues"] == {"total": 13, "completed": 12, "skipped": 1}
    assert facts["prs"] == {"created": 12, "clean": 9, "fixed": 2, "approved": 1}
    assert facts["labels"] == {"needs-db-review": 1, "needs-dep-review": 1}
    assert facts["commands"] == {"fix": 3, "continue": 3, "approve": 1, "skip": 1}
    assert sorted(story["pr"] for story in facts["per_issue"] if story["pr"]) == list(range(310, 322))
    assert list((person.folder / "state/m4.1/approvals").iterdir()) == []
    assert "nothing to do" in person.doit("run", "m4.1").out


PLAN = """\
id: m1
title: Two of a kind
agent: {kind: command, command: ["{python}", "-c", "open('made.txt', 'a').write('more')"]}
phases:
  - issues:
      - {number: 1, title: One, type: docs, criteria: [It is made]}
      - {number: 2, title: Two, type: docs, criteria: [It is made]}
      - {number: 3, title: Three, type: docs, criteria: [It is made]}
"""


@pytest.mark.parametrize("seed", ["1", "2"])
def test_without_jobs_issues_run_in_plan_order(ada, seed):
    ada.plans(PLAN)
    result = ada.types("m1", env={"PYTHONHASHSEED": seed})
    assert result.code == 3
    assert result.issues() == ["01", "02", "03"]
    created = [line for line in result.lines if line.endswith("created")]
    assert created == ["✓ PR #1 created", "✓ PR #2 created", "✓ PR #3 created"]


def test_doit_lists_and_forgets_as_its_users_expect(ada):
    listed = ada.doit("list", "--all").out
    for name in ("m1", "m1:bootstrap", "m1:plan-review", "m1:01", "m1:01:review-gate", "m1:phase-1", "m1:complete"):
        assert any(line.split()[0] == name for line in listed.splitlines()), name
    ada.doit("run", "m1:01:branch")
    marker = ada.folder / "state/m1/issues/01/branch.json"
    assert marker.exists()
    assert "m1:01:branch: done" in ada.types("why", "m1", "01:branch").out
    ada.doit("forget", "m1:01")
    assert not marker.exists()
    ada.doit("run", "m1:01:branch")
    assert marker.exists()
    ada.doit("clean", "m1:01:branch")
    assert not marker.exists()
    assert "m1:01:test" in ada.doit("info", "m1:01:test").out
    assert list(ada.folder.glob(".doit*")) == [], "doit's own database is never the memory"
