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
def alone(make_product, run_m1, tmp_path_factory):
    cases = [case for case in (*LABELS, *GATES) if case.kind not in ENDING]
    ada = led_into(make_product, tmp_path_factory.mktemp("alone") / "home", cases, agent=STUBBORN)
    return run_m1(ada, "--autonomous")


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=LABELS))
def test_autonomous_a_small_risk_is_a_label(alone, case):
    assert STOPS[case.kind].label in alone.pull(case.number)["labels"]
    assert alone.decided(case.number) == []


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=SKIPPED))
def test_autonomous_a_large_risk_is_retried_then_skipped(alone, case):
    assert alone.decided(case.number) == [(verb, "autonomous") for verb in STOPS[case.kind].autonomous]
    assert alone.story(case.number)["status"] == "skipped"
    assert f"     #{case.number}: {STOPS[case.kind].title.lower()}" in alone.result.out
    assert f"Look at skipped issue #{case.number}" in alone.result.out


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=[case for case in GATES if case.kind is Kind.CONFLICT]))
def test_autonomous_an_agent_may_resolve_a_conflict(alone, case):
    assert alone.decided(case.number) == [("fix", "autonomous")]
    assert alone.story(case.number)["status"] == "done"


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=[case for case in GATES if case.kind is Kind.HUMAN]))
def test_autonomous_a_persons_issue_waits(alone, case):
    assert alone.result.code == 3
    assert alone.gate(case.number)["kind"] == case.kind
    assert f"Gate {case.number} waits (Waiting for a person's commits" in alone.result.out


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=[case for case in GATES if case.kind in ENDING]))
def test_autonomous_a_secret_or_the_target_aborts(make_product, run_m1, tmp_path_factory, case):
    ada = led_into(make_product, tmp_path_factory.mktemp("ends") / "home", [case], agent=STUBBORN)
    outcome = run_m1(ada, "--autonomous")
    assert outcome.result.code == 1
    assert outcome.decided(case.number) == [("abort", "autonomous")]
    assert f"Gate {case.number} ended the run ({STOPS[case.kind].title.lower()}" in outcome.result.out
    assert outcome.pull(case.number) is None
