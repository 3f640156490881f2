"""The stop of a tree that cannot be set up, and its answers: for one issue, and before any work."""

import pytest

from run_milestone.model import Kind, Verb
from run_milestone.policy.stops import AUTONOMOUS

WORK = {"01-1": {"a.js": "a = 1\n"}, "02-1": {"b.js": "b = 1\n"}}
SETUP = """\
sandbox: {kind: none}
tree:
  setup: [[sh, -c, 'test $ISSUE != 01 || test -e ../../ready || { echo "no such package" >&2; exit 1; }']]
  env: {ISSUE: "{issue}"}
"""
SHOWN = "ended with exit code 1: no such package"


@pytest.fixture(scope="module")
def not_set_up(make_product, run_m1, tmp_path_factory):
    """A milestone whose first issue's tree cannot be set up, after the run that stopped."""
    home = tmp_path_factory.mktemp("setup") / "home"
    return run_m1(make_product(home, [{"number": 1}, {"number": 2}], work=WORK, plan=SETUP))


@pytest.mark.stop(Kind.SETUP)
def test_an_issue_waits_for_its_setup(not_set_up):
    assert not_set_up.gate("01")["kind"] == Kind.SETUP
    assert SHOWN in not_set_up.result.out
    assert "retry | skip | abort" in not_set_up.result.out
    assert not_set_up.story("02")["status"] == "done", "its neighbour goes on"


@pytest.mark.stop(Kind.SETUP, Verb.RETRY)
def test_retry_sets_the_tree_up_again(not_set_up, answer_in_copy):
    done = answer_in_copy(not_set_up, "01.retry", before=lambda home: (home / "ready").touch())
    assert done.gate("01") is None
    assert done.pull("01")["state"] == "open"


@pytest.mark.stop(Kind.SETUP, Verb.SKIP)
def test_skip_leaves_the_issue_without_setup_out(not_set_up, answer_in_copy):
    assert answer_in_copy(not_set_up, "01.skip").story("01")["status"] == "skipped"


@pytest.mark.stop(Kind.SETUP, Verb.ABORT)
def test_abort_keeps_the_question_about_the_setup(not_set_up, answer_in_copy):
    aborted = answer_in_copy(not_set_up, "01.abort")
    assert aborted.result.code == 1
    assert answer_in_copy(aborted).gate("01")["kind"] == Kind.SETUP


@pytest.mark.stop(Kind.SETUP, AUTONOMOUS)
def test_autonomous_a_setup_is_retried_then_skipped(make_product, run_m1, tmp_path_factory):
    home = tmp_path_factory.mktemp("alone") / "home"
    outcome = run_m1(make_product(home, [{"number": 1}], work=WORK, plan=SETUP), "--autonomous")
    assert outcome.decided("01") == [("retry", "autonomous"), ("skip", "autonomous")]
