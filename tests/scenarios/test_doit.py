"""What doit users expect: order of plan, list, info, forget and clean."""

import pytest

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
    ada.describes_the_first_issue()
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
