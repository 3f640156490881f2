"""What a run that asks nobody does at each stop: it accepts no risk, tries again while it may, then leaves it out.

The agent is stubborn: it does at every attempt what it did at the first.
"""

import pytest
from support.stop_cases import GATES, LABELS, led_into, proves

from run_milestone.model import Kind
from run_milestone.policy.stops import AUTONOMOUS, STOPS

STUBBORN = ("sh", "agent.sh", "stubborn")
ENDING = {Kind.SECRET, Kind.TARGET}
"""At these it ends the run, so each has one of its own."""
SKIPPED = [case for case in GATES if case.kind not in {*ENDING, Kind.CONFLICT, Kind.HUMAN}]


@pytest.fixture(scope="module")
def autonomous(make_product, run_m1, tmp_path_factory):
    cases = [case for case in (*LABELS, *GATES) if case.kind not in ENDING]
    ada = led_into(make_product, tmp_path_factory.mktemp("autonomous") / "home", cases, agent=STUBBORN)
    return run_m1(ada, "--autonomous")


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=LABELS))
def test_autonomous_a_small_risk_is_a_label(autonomous, case):
    assert STOPS[case.kind].label in autonomous.pull(case.number)["labels"]
    assert autonomous.decided(case.number) == []


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=SKIPPED))
def test_autonomous_a_large_risk_is_retried_then_skipped(autonomous, case):
    assert autonomous.decided(case.number) == [(verb, "autonomous") for verb in STOPS[case.kind].autonomous]
    assert autonomous.story(case.number)["status"] == "skipped"
    assert f"     #{case.number}: {STOPS[case.kind].title.lower()}" in autonomous.result.out
    assert f"Look at skipped issue #{case.number}" in autonomous.result.out


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=[case for case in GATES if case.kind is Kind.CONFLICT]))
def test_autonomous_an_agent_may_resolve_a_conflict(autonomous, case):
    assert autonomous.decided(case.number) == [("fix", "autonomous")]
    assert autonomous.story(case.number)["status"] == "done"


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=[case for case in GATES if case.kind is Kind.HUMAN]))
def test_autonomous_a_persons_issue_waits(autonomous, case):
    assert autonomous.result.code == 3
    assert autonomous.gate(case.number)["kind"] == case.kind
    assert f"Gate {case.number} waits (Waiting for a person's commits" in autonomous.result.out


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=[case for case in GATES if case.kind in ENDING]))
def test_autonomous_a_secret_or_the_target_aborts(make_product, run_m1, tmp_path_factory, case):
    ada = led_into(make_product, tmp_path_factory.mktemp("ends") / "home", [case], agent=STUBBORN)
    outcome = run_m1(ada, "--autonomous")
    assert outcome.result.code == 1
    assert outcome.decided(case.number) == [("abort", "autonomous")]
    assert f"Gate {case.number} ended the run ({STOPS[case.kind].title.lower()}" in outcome.result.out
    assert outcome.pull(case.number) is None
