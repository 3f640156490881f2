"""Findings go back to the agent some times before anybody is asked, as a flag or the plan says."""

import json

import pytest
from support.plans import command, issue, parts

AGENT = """
import pathlib, re, sys
attempt = re.search("attempt ([0-9]+)", sys.stdin.read()).group(1)
pathlib.Path("part.py").write_text(f"ATTEMPT = {attempt}\\n")
"""
SECOND_PASSES = "from part import ATTEMPT; raise SystemExit(ATTEMPT < 2)"


@pytest.fixture
def plan(ada):
    """Write a plan of one issue whose tests pass at the agent's second attempt."""

    def write(test=SECOND_PASSES, *, people_work=False, **settings):
        guarded = f"import pathlib\nif pathlib.Path('part.py').exists():\n    {test}"
        commands = {"lint": ["true"], "review": "none", "test": ["{python}", "-c", guarded]}
        agent = {"kind": "human"} if people_work else command(AGENT)
        ada.plans(parts([issue(1)], agent=agent, commands=commands, limits={"attempts": 4}, **settings))
        return ada

    return write


def decided(person):
    folder = person.folder / "state/m1/decisions"
    rows = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return [(row["gate"], row["verb"], row["who"]) for row in rows]


def test_an_agent_repairs_before_anybody_is_asked(plan):
    ada = plan()
    result = ada.types("m1", "--auto-fix", "2")
    assert "✓ Decision 1: fix at gate 01 by auto-fix" in result.out
    assert "✓ Phase 1 complete — 1 PR ready" in result.out
    assert decided(ada) == [("01", "fix", "auto-fix")]


def test_a_person_is_asked_afterwards(plan):
    ada = plan(test="raise SystemExit(1)")
    result = ada.types("m1", "--auto-fix", "2")
    assert (result.code, decided(ada)) == (3, [("01", "fix", "auto-fix")] * 2)
    assert "01: Tests failing — fix | retry | skip | abort" in result.out
    assert ada.types("m1", "--auto-fix", "2").code == 3
    assert len(decided(ada)) == 2, "the same stop gets no more"


@pytest.mark.parametrize(("settings", "fixes"), [({"tests": 1}, 1), ({"review": 1}, 0), ({}, 0)])
def test_the_plan_says_it_by_stop(plan, settings, fixes):
    ada = plan(auto_fix=settings)
    ada.types("m1")
    assert decided(ada) == [("01", "fix", "auto-fix")] * fixes


def test_a_persons_work_is_not_sent_back(plan):
    ada = plan(test="raise SystemExit(1)", people_work=True)
    ada.types("m1")
    tree = ada.folder.parent / "widgets.worktrees/m1-01-person"
    (tree / "part.py").write_text("ATTEMPT = 1\n")
    ada.git("add", ".", where=tree)
    ada.git("commit", "--quiet", "--message=Part", where=tree)
    assert "🛑 Tests failing" in ada.types("m1", "--auto-fix", "2").out
    assert decided(ada) == []


@pytest.mark.parametrize("number", ["-1", "many", "21"])
def test_a_wrong_number_is_refused(ada, number):
    result = ada.types("m1", f"--auto-fix={number}")
    assert (result.code, "give 0 to 20" in result.err) == (2, True)


def test_a_stop_without_fix_is_refused(plan):
    result = plan(auto_fix={"licence": 1}).types("plan", "check", "m1")
    assert result.code == 2
    assert "auto_fix" in result.err


def test_a_persons_commit_is_not_sent_back(plan):
    ada = plan(test="raise SystemExit(1)")
    ada.types("m1")
    mine = ada.folder.parent / "mine"
    ada.git("worktree", "add", "--quiet", str(mine), "feat/m1-01-make-part-1", where=".")
    (mine / "mine.py").write_text("MINE = 1\n")
    ada.git("add", ".", where=mine)
    ada.git("commit", "--quiet", "--message=Mine", where=mine)
    ada.git("worktree", "remove", str(mine), where=".")
    assert "🛑 Tests failing" in ada.types("m1", "--auto-fix", "2").out
    assert decided(ada) == []
