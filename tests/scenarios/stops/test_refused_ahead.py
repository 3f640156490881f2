"""What GitHub will refuse is asked before any work, and what a person should know of it is told."""

import pytest
from support import loopback
from support.on_github import push_to

from run_milestone.model import Kind, Verb
from run_milestone.policy.stops import AUTONOMOUS

pytestmark = pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))
PLAN = """\
forge: github
repository: {remote: 'git@github.com:acme/widgets.git'}
commands: {lint: ["true"], test: ["true"]}
limits: {coverage: 0}
"""
SIGNED = [{"type": "required_signatures"}]


@pytest.fixture
def person(make_milestone, github):
    """A person whose repository is on that GitHub."""
    person = make_milestone({"01-1": {"a.js": "const a = 1\n"}}, plan=PLAN)
    push_to(github, person)
    return person


@pytest.mark.stop(Kind.PREFLIGHT)
@pytest.mark.stop(Kind.PREFLIGHT, Verb.RETRY)
@pytest.mark.stop(Kind.PREFLIGHT, Verb.ABORT)
def test_what_will_be_refused_is_asked_first(person, github):
    github.hosted.rules = {"feat/m1-01-issue-01": SIGNED}
    asked = person.types("m1")
    assert asked.code == 3
    assert "🛑 The work will be refused" in asked.out
    assert "feat/m1-01-issue-01 takes signed commits only, and commits here are unsigned" in asked.out
    assert "retry | approve | abort" in asked.out
    assert asked.issues() == []
    assert "Baseline tests" not in asked.out, "it is known before the tests run"
    assert person.answers("bootstrap.abort").code == 1
    assert "🛑 The work will be refused" in person.types("m1").out
    github.hosted.rules = {}
    assert "✓ Phase 1 complete — 1 PR ready" in person.answers("bootstrap.retry").out


@pytest.mark.stop(Kind.PREFLIGHT, Verb.APPROVE)
def test_approve_goes_on_for_who_may_bypass(person, github):
    github.hosted.protections = {"milestone/*": {"viewerCanPush": False, "requiredApprovingReviewCount": 1}}
    asked = person.types("m1")
    assert "A rule of the forge keeps this login from pushing milestone/m1" in asked.out
    approved = person.answers("bootstrap.approve")
    assert "· milestone/m1 needs 1 approving review on each pull request" in approved.out
    assert "✓ Phase 1 complete — 1 PR ready" in approved.out


@pytest.mark.stop(Kind.PREFLIGHT, AUTONOMOUS)
def test_an_autonomous_run_aborts_before_work(person, github):
    github.hosted.archived = True
    result = person.types("m1", "--autonomous")
    assert result.code == 1
    assert result.issues() == []
    assert "Gate bootstrap ended the run (the work will be refused" in result.out


def test_a_look_that_fails_holds_nothing_up(person, github):
    github.fails("rules/branches", "forbidden", times=99)
    github.hosted.default = "develop"
    result = person.types("m1")
    assert "· Not looked at: the rules of the branches. `gh api " in result.out
    assert "· The milestone goes to main, and the default branch is develop" in result.out
    assert "✓ Phase 1 complete — 1 PR ready" in result.out


def test_a_plan_is_checked_online(person, github):
    plan = person.folder / "plans/m1/plan.yaml"
    fine = person.types("plan", "check", "m1", "--online")
    assert (fine.code, fine.lines[-1]) == (0, "✓ Nothing on the remote or the forge is in the way")
    plan.write_text(plan.read_text().replace("title: Issue 01\n", f"title: Issue 01\n        labels: [{'x' * 60}]\n"))
    github.hosted.viewer = "grace"  # an admin sees the patterns of branches that do not exist yet
    github.hosted.protections = {"milestone/*": {"requiresSignatures": True}}
    for command in (("plan", "check", "m1", "--online"), ("doctor", "m1")):
        result = person.types(*command)
        assert result.code == 1
        assert "milestone/m1 takes signed commits only" in result.out
        assert "' of #01 has 60 characters, and the forge takes 50" in result.out
    assert github.hosted.branch("milestone/m1") is None, "looking changes nothing"
