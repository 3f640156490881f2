"""Killed while an agent works, again and again: each attempt counts, and the budget of attempts ends the loop."""

import json
import os
import shutil

import jsonschema
import pytest
from support.plans import QUICK

from run_milestone.core.schemas import read_schema

KILLER = """\
import json, os, pathlib, signal, sys
os.kill(json.loads(pathlib.Path(sys.argv[2]).read_text())["pid"], signal.SIGKILL)
signal.pause()
"""
GIT = """\
#!/bin/sh
{git} "$@" || exit
case " $* " in *" update-ref "*" refs/heads/feat/"*" 0000"*) ;;
*" update-ref "*" refs/heads/feat/"*) kill -9 $PPID ;; esac
"""
"""A git that kills its caller after it moved an issue's branch. Making a branch is let pass."""


@pytest.fixture
def ada(make_milestone):
    """Somebody with one issue for an agent, which may be attempted three times."""
    plan = f"sandbox: {{kind: none}}\n{QUICK}limits: {{all_attempts: 3}}\n"
    return make_milestone({"01-1": {"colour.py": 'COLOUR = "red"\n'}}, plan=plan)


def record(person, name):
    return json.loads((person.folder / "state/m1" / name).read_text())


def events(person, *names):
    lines = (person.folder / "state/m1/journal.jsonl").read_text().splitlines()
    return [entry["event"] for entry in map(json.loads, lines) if entry["event"] in names]


def test_the_attempts_budget_ends_repeated_kills(ada, tmp_path):
    agent, plan = tmp_path / "agent.py", ada.folder / "plans/m1/plan.yaml"
    works = agent.read_text()
    agent.write_text(KILLER)
    lock = str(ada.folder / "state/m1/lock")
    plan.write_text(plan.read_text().replace('work.json"]', f'work.json", {json.dumps(lock)}]'))
    assert [ada.types("m1").code for _ in range(3)] == [-9, -9, -9]

    result = ada.types("m1")
    assert result.code == 4, result.out + result.err
    assert "⚠️ An attempt at #01 ended with its run: it counts, what it took and cost is unknown" in result.out
    assert "1. The attempts of its agents are used up (attempts 3)" in result.out
    assert "Used: 3 of 3 attempts of agents" in result.out
    assert "and 3 attempts of unknown time of 24h step time" in result.out
    assert "Cost: unknown for 3 attempts" in result.out
    assert record(ada, "gates/budget.json")["kind"] == "budget"
    assert ada.types("m1").code == 4
    assert events(ada, "attempt began", "broken off") == ["attempt began", "broken off"] * 3, "each is told once"

    agent.write_text(works)
    assert ada.types("decide", "m1", "budget", "approve", "--reason", "attempts 5").code == 0
    result = ada.types("m1", "--metrics")
    assert result.code == 3, result.out
    assert "✓ PR #1 created" in result.out
    used = {"attempts": 4, "unknown_costs": 4, "unknown_times": 3, "known_cost": None}
    summary, metrics = record(ada, "summary.json"), record(ada, "metrics.json")
    assert {name: summary["used"][name] for name in used} == used
    assert (metrics["issues"]["01"]["unknown_costs"], metrics["issues"]["01"]["unknown_times"]) == (4, 3)
    assert metrics["limits"]["attempts"] == 5
    for name, facts in (("summary", summary), ("metrics", metrics)):
        jsonschema.validate(facts, json.loads(read_schema(name)))
    ada.touches("phase-1.continue", milestone="m1")
    result = ada.types("m1")
    assert "Attempts of agents: 4\n  ⚠️ 3 of them ended with their run: what that took and cost is unknown" in result.out
    assert ada.types("verify", "m1").code == 0


def test_an_attempt_kept_after_a_kill_counts_once(ada, tmp_path):
    """The commit is made and only its marker is missing; the one attempt there was is used up, and is enough."""
    plan = ada.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text().replace("all_attempts: 3", "all_attempts: 1"))
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(GIT.format(git=shutil.which("git")))
    shim.chmod(0o755)
    assert ada.types("m1", env={"PATH": f"{shim.parent}:{os.environ['PATH']}"}).code == -9
    assert "attempt-1" in ada.git("log", "-1", "--format=%B", "feat/m1-01-issue-01", where=".")

    result = ada.types("m1")
    assert result.code == 3, result.out + result.err
    assert "adopted from the branch" in result.out
    assert "✓ PR #1 created" in result.out
    assert events(ada, "attempt began") == ["attempt began"]
    assert record(ada, "summary.json")["used"]["attempts"] == 1
    assert record(ada, "summary.json")["per_issue"][0]["cost"] is None


def test_a_review_killed_with_its_run_counts(make_milestone, tmp_path):
    reviewer = tmp_path / "reviewer.py"
    reviewer.write_text(KILLER)
    command = ["{python}", str(reviewer), "", str(tmp_path / "widgets/state/m1/lock")]
    plan = f"reviewers: [{json.dumps({'name': 'claude', 'command': command, 'format': 'prompt'})}]\n"
    ada = make_milestone({"01-1": {"colour.py": 'COLOUR = "red"\n'}}, plan=f"sandbox: {{kind: none}}\n{QUICK}{plan}")
    assert ada.types("m1").code == -9
    answer = {"type": "result", "result": json.dumps({"findings": []}), "total_cost_usd": 0.25}
    reviewer.write_text(f"print({json.dumps(answer)!r})")

    result = ada.types("m1")
    assert result.code == 3, result.out + result.err
    assert "⚠️ A review of #01 ended with its run: it counts, what it cost is unknown" in result.out
    assert "Cost: unknown for 1 attempt and 1 review" in result.out
    assert record(ada, "summary.json")["used"]["known_cost"] == 0.25
    assert record(ada, "summary.json")["per_issue"][0]["cost"] is None
    assert events(ada, "review began", "broken off") == ["review began", "broken off", "review began"]
