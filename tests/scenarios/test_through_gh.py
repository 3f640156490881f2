"""Plans, questions and answers on GitHub: by the real gh, against a GitHub on this machine."""

from __future__ import annotations

import io
import subprocess

import pytest
from support import loopback

from run_milestone.adapters.forge.github import GitHubForge
from run_milestone.adapters.forge.github.gh import Gh
from run_milestone.adapters.forge.github.repo_url import Address
from run_milestone.adapters.process import Processes
from run_milestone.model import Finding, Kind, Milestone, Phase, Severity
from run_milestone.plan import load
from run_milestone.policy import gating
from run_milestone.render.console import Console
from run_milestone.runner.decide import take_approvals
from run_milestone.runner.gate_comments import GateComments
from run_milestone.store import State

pytestmark = pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))

MILESTONE = Milestone("m4.1", "Users", "milestone/m4.1", (Phase(1, "Basics", ()),), forge="github")
DONE = (Finding(Kind.PHASE, Severity.INFO, "03", "PR #310 of issue #03"),)


@pytest.fixture
def github(tmp_path, monkeypatch):
    github = loopback.GitHub(tmp_path / "github")
    subprocess.run(["git", "init", "--quiet", "--bare", str(github.hosted.bare)], check=True)
    for name, value in github.environment(tmp_path / "operator").items():
        monkeypatch.setenv(name, value)
    yield github
    github.close()


@pytest.mark.parametrize("runner", ["ada", "github-actions[bot]"])
def test_a_phase_is_answered_on_the_milestone_issue(github, tmp_path, runner):
    github.hosted.viewer = runner
    github.hosted.people[runner] = "WRITE"
    state, out = State(tmp_path / "state"), io.StringIO()
    gh = Gh(Address("github.com", "acme", "widgets"), Processes(), tmp_path / "gh", Console(out).say)

    def begins():
        return GateComments(MILESTONE, state, GitHubForge(gh, "main"), Console(out))

    def settles(comments):
        made, refused = take_approvals(MILESTONE, state, {}, comments.collect())
        comments.reply(refused)
        comments.close()
        return [f"{decision.gate} {decision.verb} by {decision.who}: {decision.why}" for decision in made]

    gate = state.gates.open(gating.ask("phase-1", DONE, "", (), MILESTONE))[0]
    begins().post([gate])
    begins().post([gate])
    (issue,) = github.hosted.things.values()
    assert (issue.title, issue.milestone) == ("Milestone m4.1: Users", "Users")
    assert out.getvalue() == "→ Also asked in a comment on #1\n"
    assert [comment["author"] for comment in issue.comments] == [runner]

    github.hosted.say(1, "mallory", "/continue")
    github.hosted.say(1, "mallory", "/abort")
    assert settles(begins()) == []
    assert "`/continue` by mallory was not taken: only people who may write" in issue.comments[-1]["body"]
    assert len(issue.comments) == 4, "one reply, however many they write"

    github.hosted.say(1, "grace", "/continue read all of them")
    assert settles(begins()) == ["phase-1 continue by grace: read all of them"]
    assert "✓ Answered: **continue** by grace — read all of them" in issue.comments[0]["body"]
    assert settles(begins()) == []
    assert len(issue.comments) == 5


PLAN = """\
id: m5
title: Profiles
forge: github
phases:
  - issues:
      - number: 1
        title: Keep profiles
        priority: P0
        criteria: [It is kept]
      - {number: 2, title: Show profiles, depends_on: [1], criteria: ["@mallory is not told"]}
"""


def test_plan_and_issues_are_exchanged(github, newcomer):
    newcomer.git("remote", "add", "origin", "git@github.com:acme/widgets.git", where=".")
    plans = newcomer.folder / "plans"
    (plans / "m5").mkdir(parents=True)
    (plans / "m5/plan.yaml").write_text(PLAN)
    result = newcomer.types("plan", "push", "m5")
    made = ["✓ #01 is #1: Keep profiles", "✓ #02 is #2: Show profiles", "✓ #2 is blocked by #1"]
    assert result.lines == made, result.err
    assert [issue.github for issue in load(plans / "m5").issues] == [1, 2]
    keep, show = github.hosted.things.values()
    assert (keep.labels, keep.milestone) == (["P0"], "Profiles")
    assert "- [ ] `@mallory` is not told\n\nDepends on #1.\n" in show.body
    assert newcomer.types("plan", "push", "m5").lines == ["· Every issue of m5 has its number on the forge already"]

    body = "Milestone m5.\n\n<!-- run-milestone: m5 -->"
    whole = github.hosted.add(title="Milestone m5: Profiles", body=body, author="ada", milestone="Profiles")
    github.hosted.forbidden, keep.state = {"relations"}, "CLOSED"
    refused = newcomer.types("plan", "push", "m5")
    assert "⚠️ #2 is a part of #3, the milestone's issue: not recorded, " in refused.out
    github.hosted.forbidden = set()
    assert newcomer.types("plan", "push", "m5").lines == ["✓ #2 is a part of #3, the milestone's issue"]
    assert (show.blocked_by, whole.sub_issues) == ([1], [2])
    keep.state, show.blocked_by, whole.body = "OPEN", [], ""
    whole.milestone = None
    github.hosted.add(title="Export", body="Blocked by #2\n\n- [ ] As CSV", author="mallory", milestone="Profiles")
    result = newcomer.types("plan", "import", "m5")
    assert result.lines == ["✓ plans/m5/plan.yaml: 1 new issue"], result.err
    result = newcomer.types("plan", "import", "m6", "--from", "Profiles")
    assert result.lines == ["✓ made plans/m6/plan.yaml: 3 issues"], result.err
    plan = load(plans / "m6")
    assert (plan.forge, [issue.depends_on for issue in plan.issues]) == ("github", [(), ("01",), ("02",)])
    assert len(github.hosted.things) == 4


def test_native_relations_become_dependencies(github, newcomer):
    newcomer.git("remote", "add", "origin", "git@github.com:acme/widgets.git", where=".")
    (newcomer.folder / "plans").mkdir()
    github.hosted.milestones.append({"number": 1, "title": "Profiles", "description": None, "state": "open"})
    titles = ("Done before", "Keep", "Show", "Export", "All of it", "Elsewhere")
    for title in titles:
        body = "Depends on #3" if title == "Export" else ""
        where = None if title == "Elsewhere" else "Profiles"
        github.hosted.add(title=title, body=body, author="ada", milestone=where)
    things = github.hosted.things
    things[1].state, things[3].blocked_by, things[4].blocked_by = "CLOSED", [1, 2, 6], [2]
    things[5].sub_issues = [2, 4]
    result = newcomer.types("plan", "import", "m5", "--from", "Profiles")
    assert result.code == 0, result.err
    assert "· #3 depends on #6, which is not in the plan" in result.lines
    plan = load(newcomer.folder / "plans/m5")
    needs = {issue.title: issue.depends_on for issue in plan.issues}
    assert needs == {"Keep": (), "Show": ("01",), "Export": ("01", "02"), "All of it": ("01", "03")}


def test_a_pull_request_comment_answers_a_gate(github, make_milestone):
    code = '"""Widgets."""\n\nimport os\n\nSIZE = 3\n'
    work = {"01-1": {"widgets.py": code}, "01-2": {"widgets.py": code.replace("import os\n\nSIZE", "LENGTH = SIZE")}}
    ada = make_milestone(work, plan='forge: github\ncommands: {lint: ["true"], test: ["true"]}\n')
    ada.git("remote", "add", "origin", "git@github.com:acme/widgets.git", where=".")
    ada.git("push", "--quiet", "origin", "main", where=".")
    result = ada.types("m1")
    assert result.code == 3, result.out + result.err
    (pull,) = github.hosted.pulls()
    assert "🛑 **Code review: 1 issue** (attempt 1/2)" in pull.comments[0]["body"]
    github.hosted.say(pull.number, "grace", "/fix take it out")
    result = ada.types("m1")
    assert '✓ Decision 1: fix at gate 01 by grace: "take it out"' in result.out
    assert "✓ Phase 1 complete — 1 PR ready" in result.out, result.out
    assert "✓ Answered: **fix** by grace — take it out" in pull.comments[0]["body"]
    milestone_issue = next(thing for thing in github.hosted.things.values() if not thing.is_pull)
    assert "🛑 **Phase complete** — gate `phase-1` of m1" in milestone_issue.comments[0]["body"]
    github.hosted.say(milestone_issue.number, "grace", "/continue")
    result = ada.types("m1")
    assert result.code == 0, result.out
    assert "✓ Answered: **continue** by grace" in milestone_issue.comments[0]["body"]
