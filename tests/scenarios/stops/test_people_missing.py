"""A plan requires approving reviews: an issue waits for them, and they count for the change that they saw."""

import pytest
from test_people_review import REVIEW, head, reviews

from run_milestone.model import Kind, Verb
from run_milestone.policy.stops import AUTONOMOUS

WORK = {"01-1": {"new.js": "const size = 1;\n"}}
PLAN = """\
teams: {"@acme/dba": [grace, linus]}
people: {required: 2, from: ["@acme/dba", ada], wait: forever}
"""


def approval(author, commit):
    return {**REVIEW, "author": author, "state": "approved", "commit": commit}


@pytest.fixture(scope="module")
def missing(make_product, run_m1, tmp_path_factory):
    """The run that waits for two approvals."""
    ada = make_product(tmp_path_factory.mktemp("missing") / "home", [{"number": 1}], work=WORK, plan=PLAN)
    assert "01: branch … people-gate: " in ada.types("m1", "--dry-run").out
    return run_m1(ada)


@pytest.mark.stop(Kind.PEOPLE_MISSING)
def test_a_run_waits_for_approving_reviews(missing):
    gate = missing.gate("01")
    assert (gate["kind"], gate["verbs"]) == ("people-missing", ["skip", "abort"])
    assert "1. 0 of 2 approving reviews, waits for @acme/dba, ada" in missing.result.out
    assert missing.result.code == 3
    assert "0 of 2 approving reviews, waits for @acme/dba, ada" in missing.person.types("gates", "m1").out
    assert "· Approving reviews are missing: 0 of 2" in missing.person.types("status", "m1").out
    assert "#01: PR #1 has 0 of 2 approving reviews" in missing.person.types("land", "m1", "--dry-run").out


def test_approvals_of_the_named_add_up(missing, answer_in_copy, run_m1):
    outcome = answer_in_copy(missing)
    commit = head(outcome)
    for given, shown in (
        ([approval("grace", commit), approval("mallory", commit)], "1 of 2 approving reviews (by grace)"),
        ([approval("grace", commit), {**approval("ADA", commit), "writer": False}], "1 of 2 approving reviews"),
        ([approval("grace", "0" * 40), approval("Ada", commit)], "1 of 2 approving reviews (by Ada)"),
        ([approval("grace", commit), approval("grace", commit)], "1 of 2 approving reviews (by grace)"),
    ):
        reviews(outcome.home, *given)
        assert shown in run_m1(outcome.person).result.out, given
        assert outcome.gate("01")["kind"] == "people-missing"
    reviews(outcome.home, approval("Grace", commit), approval("ada", commit))
    passed = run_m1(outcome.person)
    assert "✓ No changes asked for (approved by Grace, ada)" in passed.result.out
    assert passed.gate("01") is None
    assert passed.gate("phase-1") is not None


def test_an_approval_is_outdated_by_another_commit(missing, answer_in_copy, run_m1):
    outcome = answer_in_copy(missing)
    ada, before = outcome.person, head(outcome)
    reviews(outcome.home, approval("grace", before), approval("ada", before))
    assert run_m1(ada).gate("phase-1") is not None
    place = outcome.home / "more"
    ada.git("worktree", "add", "--quiet", str(place), outcome.pull("01")["head"], where=".")
    (place / "new.js").write_text("const size = 2;\n")
    ada.git("commit", "--quiet", "--all", "--message=Grow", where=place)
    moved = run_m1(ada)
    assert moved.gate("01")["kind"] == "people-missing"
    assert "grace approved, but not the change as it is now" in moved.gate("01")["findings"][0]["detail"]


def test_a_makers_own_review_does_not_count(make_product, run_m1, tmp_path):
    plan = PLAN + 'approvers: {"*": {not: [author]}}\n'
    ada = make_product(tmp_path / "home", [{"number": 1}], work=WORK, plan=plan)
    ada.git("config", "user.email", "12345+Ada@users.noreply.github.com", where=".")
    outcome = run_m1(ada)
    commit = head(outcome)
    reviews(outcome.home, approval("ada", commit), approval("grace", commit))
    waiting = run_m1(ada)
    assert "1 of 2 approving reviews (by grace), waits for @acme/dba" in waiting.result.out
    assert waiting.gate("01")["findings"][0]["detail"] == "ada approved, but made the change"
    assert "#01: PR #1 has 1 of 2 approving reviews" in ada.types("land", "m1", "--dry-run").out
    reviews(outcome.home, approval("linus", commit), approval("grace", commit))
    assert run_m1(ada).gate("phase-1") is not None


def test_landing_needs_the_approvals_still(missing, answer_in_copy, run_m1):
    outcome = answer_in_copy(missing)
    ada, commit = outcome.person, head(outcome)
    both = approval("grace", commit), approval("linus", commit)
    reviews(outcome.home, *both)
    run_m1(ada)
    ada.touches("phase-1.continue", milestone="m1")
    assert run_m1(ada).result.code == 0
    reviews(outcome.home, both[0], {**both[1], "state": "dismissed"})
    refused = ada.types("land", "m1")
    assert (refused.code, outcome.pull("01")["state"]) == (3, "open")
    assert "1 of 2 approving reviews (by grace), waits for @acme/dba, ada" in refused.out
    reviews(outcome.home, *both)
    assert ada.types("land", "m1").code == 0
    assert ada.git("merge-base", "--is-ancestor", commit, "milestone/m1", where=outcome.home / "remote.git") == ""


@pytest.mark.stop(Kind.PEOPLE_MISSING, Verb.SKIP)
def test_a_skip_waits_for_nobody(missing, answer_in_copy):
    outcome = answer_in_copy(missing, "01.skip")
    assert outcome.story("01")["status"] == "skipped"
    assert outcome.pull("01")["draft"]


@pytest.mark.stop(Kind.PEOPLE_MISSING, Verb.ABORT)
def test_an_abort_keeps_the_question(missing, answer_in_copy, run_m1):
    outcome = answer_in_copy(missing, "01.abort")
    assert outcome.result.code == 1
    assert run_m1(outcome.person).gate("01")["kind"] == "people-missing"


@pytest.mark.stop(Kind.PEOPLE_MISSING, AUTONOMOUS)
def test_alone_it_waits_for_people(missing, answer_in_copy, run_m1):
    outcome = run_m1(answer_in_copy(missing).person, "--autonomous")
    assert outcome.decided("01") == []
    assert outcome.result.code == 3


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ('people: {required: 3, from: [ada, "@ADA", grace]}\n', "is 3 people, but `from` stands for 2 of them"),
        ('people: {required: 1, from: ["@acme/api"]}\n', "is @acme/api, which `teams` does not have"),
        ("people: {required: one}\n", "expected a number from 0 to 20"),
        ("people: {required: 1, wait: 2h}\n", "expected one of forever"),
    ],
)
def test_a_requirement_nobody_can_meet_is_refused(make_product, tmp_path, plan, message):
    ada = make_product(tmp_path / "home", [{"number": 1}], work={}, plan=plan)
    result = ada.types("plan", "check", "m1")
    assert result.code == 2
    assert "plans/m1/plan.yaml:6:" in result.err + result.out
    assert message in result.err + result.out
